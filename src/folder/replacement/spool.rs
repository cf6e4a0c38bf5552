//! The file that holds a replacement's new content until it is complete.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::{NamedTempFile, UNFINISHED};

/// The unfinished files that have a name.
static NAMED: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// A file that holds new content until it is complete.
pub enum Spool {
    /// A file without a name in the target's folder, which can be given one.
    #[cfg(target_os = "linux")]
    Unnamed(File),
    /// A file with a temporary name in the target's folder.
    Named(Named),
    /// A file without a name in the folder of temporary files.
    Elsewhere(File),
}

/// A file with a temporary name, which is removed when this is dropped.
pub struct Named(Option<NamedTempFile>);

impl Spool {
    /// Creates a file in `folder`. The umask decides who may read it if it `is_for_all`, and else only its owner may.
    pub fn beside(folder: &Path, is_for_all: bool) -> io::Result<Self> {
        #[cfg(target_os = "linux")]
        if let Some(file) = unnamed(folder, is_for_all) {
            return Ok(Self::Unnamed(file));
        }
        Self::named_beside(folder, is_for_all)
    }

    /// Creates a file like [`Spool::beside`], on a system without files that have no name.
    pub fn named_beside(folder: &Path, is_for_all: bool) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, mode(is_for_all));
        #[cfg(not(unix))]
        let _ = is_for_all;
        let made = tempfile::Builder::new().prefix(UNFINISHED).make_in(folder, |path| options.open(path))?;
        Ok(Self::Named(Named::new(made)))
    }

    /// Creates a file in the folder of temporary files.
    pub fn elsewhere() -> io::Result<Self> {
        tempfile::tempfile().map(Self::Elsewhere)
    }

    /// Returns the file.
    pub fn file(&mut self) -> &mut File {
        match self {
            #[cfg(target_os = "linux")]
            Self::Unnamed(file) => file,
            Self::Named(named) => {
                named.0.as_mut().expect("taken only by the renaming, which is the last step").as_file_mut()
            }
            Self::Elsewhere(file) => file,
        }
    }

    /// Gives the file the name `path`, in the place of any file of this name.
    ///
    /// # Errors
    /// If that is not possible. The content is still in the file.
    pub fn rename(&mut self, path: &Path) -> io::Result<()> {
        match self {
            #[cfg(target_os = "linux")]
            Self::Unnamed(file) => named(file, super::folder_of(path))?.rename(path),
            Self::Named(named) => named.rename(path),
            Self::Elsewhere(_) => Err(io::ErrorKind::CrossesDevices.into()),
        }
    }
}

impl Named {
    fn new(file: NamedTempFile) -> Self {
        known().push(file.path().to_path_buf());
        Self(Some(file))
    }

    fn rename(&mut self, path: &Path) -> io::Result<()> {
        let Some(file) = self.0.take() else { return Err(io::ErrorKind::NotFound.into()) };
        let own = file.path().to_path_buf();
        match file.persist(path) {
            Ok(_) => {
                known().retain(|other| *other != own);
                Ok(())
            }
            Err(failed) => {
                self.0 = Some(failed.file);
                Err(failed.error)
            }
        }
    }
}

impl Drop for Named {
    fn drop(&mut self) {
        if let Some(file) = self.0.take() {
            let own = file.path().to_path_buf();
            drop(file);
            known().retain(|other| *other != own);
        }
    }
}

fn known() -> std::sync::MutexGuard<'static, Vec<PathBuf>> {
    NAMED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Removes all unfinished files of this process, because it is about to end while they are written.
pub fn abandon_all() {
    known().drain(..).for_each(|path| drop(fs::remove_file(path)));
}

#[cfg(unix)]
fn mode(is_for_all: bool) -> u32 {
    if is_for_all { 0o666 } else { 0o600 }
}

/// Creates a file without a name in `folder`. Returns `None` if the file system has no such files, or if the file could
/// not be given a name later.
#[cfg(target_os = "linux")]
fn unnamed(folder: &Path, is_for_all: bool) -> Option<File> {
    use rustix::fs::OFlags;
    use std::os::unix::fs::OpenOptionsExt;
    let flags = i32::try_from(OFlags::TMPFILE.bits()).ok()?;
    let mut options = OpenOptions::new();
    options.read(true).write(true).custom_flags(flags).mode(mode(is_for_all));
    let file = options.open(folder).ok()?;
    fs::symlink_metadata(name_in_proc(&file)).is_ok().then_some(file)
}

/// Gives a file without a name a temporary name in `folder`.
#[cfg(target_os = "linux")]
fn named(file: &File, folder: &Path) -> io::Result<Named> {
    use rustix::fs::{AtFlags, CWD, linkat};
    let link = |path: &Path| {
        linkat(CWD, name_in_proc(file), CWD, path, AtFlags::SYMLINK_FOLLOW)?;
        file.try_clone()
    };
    Ok(Named::new(tempfile::Builder::new().prefix(UNFINISHED).make_in(folder, link)?))
}

/// Returns the name under which the kernel shows an open file of this process, for linkat(2).
#[cfg(target_os = "linux")]
fn name_in_proc(file: &File) -> PathBuf {
    use std::os::fd::AsRawFd;
    format!("/proc/self/fd/{}", file.as_raw_fd()).into()
}
