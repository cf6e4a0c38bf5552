//! cogfed's own folders and the private files in them: locks, state files, and the file store.
//!
//! Folders have mode 0700 and files 0600 from the moment they exist. A link in the last component of a path is not
//! followed. A file is replaced as a whole or not at all. [`Replacement`] does the same for files of the person's own.

mod lock;
mod name;
mod privacy;
pub mod projects;
mod replacement;
mod state_file;
#[cfg(test)]
mod tests;
pub mod trusted;
mod unwritable;
pub mod user_folders;

use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

pub use self::lock::{Held, Lock, LockError, Wait};
pub use self::name::{account_of, file_name};
pub use self::replacement::{Replacement, abandon_all};
pub use self::state_file::StateFile;
pub use self::trusted::{Exposed, Writers};
use crate::error::{Failure, Kind, Within};

/// The prefix of a file's name while the file is still being written. No name from [`file_name`] begins with a dot.
const UNFINISHED: &str = ".new-";

/// The maximum number of attempts to replace a file. An attempt fails if another process removes the unfinished file.
const ATTEMPTS: usize = 3;

/// A private folder, which belongs to this user only. It is created by the first write; reading creates nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folder {
    /// The outermost private folder: every folder below it is private as well.
    base: PathBuf,
    /// The folders below `base`, outermost first.
    below: Vec<String>,
}

impl Folder {
    /// Returns the folder for cogfed's state of this user: `cogfed` in [`user_folders::state`].
    ///
    /// # Errors
    /// If the user has no home folder.
    pub fn own() -> Result<Self, Failure> {
        let Some(parent) = user_folders::state() else {
            let message = format!("this user has no home folder to keep state in: {}", user_folders::without_home());
            let hint = format!("set HOME, or {}", user_folders::state_in("a folder that can be written to"));
            return Err(Failure::new(Kind::Failed, message).hint(hint));
        };
        Ok(Self::at(parent.path.join("cogfed")))
    }

    /// Creates a handle for the folder at `path`.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self { base: path.into(), below: Vec::new() }
    }

    /// Returns a handle for the subfolder `name`. Any text is a name (see [`file_name`]).
    #[must_use]
    pub fn sub(&self, name: &str) -> Self {
        let mut below = self.below.clone();
        below.push(file_name(name));
        Self { base: self.base.clone(), below }
    }

    /// Returns the path of this folder, which may not exist.
    pub fn path(&self) -> PathBuf {
        let mut path = self.base.clone();
        path.extend(&self.below);
        path
    }

    /// Returns the path of this folder, after creating it if necessary. The folder belongs to this user only.
    ///
    /// # Errors
    /// If the folder cannot be created, is a symbolic link, or belongs to another user. Also if it is open to others
    /// and its mode cannot be changed. The failure names the path.
    pub fn ensured(&self) -> Result<PathBuf, Failure> {
        for path in self.levels() {
            if !privacy::folder(&path)? {
                unwritable::within(make(&path), || format!("cannot make the folder {}", path.display()))?;
                privacy::folder(&path)?;
            }
        }
        privacy::place(&self.base)?;
        Ok(self.path())
    }

    /// Checks this folder as [`Folder::ensured`] does and returns its path, but creates nothing. Returns `None` if
    /// there is no such folder.
    fn checked(&self) -> Result<Option<PathBuf>, Failure> {
        for path in self.levels() {
            if !privacy::folder(&path)? {
                return Ok(None);
            }
        }
        privacy::place(&self.base)?;
        Ok(Some(self.path()))
    }

    fn levels(&self) -> impl Iterator<Item = PathBuf> {
        let mut path = self.base.clone();
        std::iter::once(path.clone()).chain(self.below.iter().map(move |name| {
            path.push(name);
            path.clone()
        }))
    }

    /// Returns the contents of the file `name`, or `None` if there is no such file. Any text is a name (see
    /// [`file_name`]).
    ///
    /// # Errors
    /// If the file holds more than `limit` bytes, is open to other users, or cannot be read.
    pub fn read(&self, name: &str, limit: usize) -> Result<Option<Zeroizing<Vec<u8>>>, Failure> {
        let Some(folder) = self.checked()? else { return Ok(None) };
        let path = folder.join(file_name(name));
        let file = match privacy::options().read(true).open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(privacy::open_error(error, &path)),
        };
        privacy::file(&file, &path)?;
        // Allocated at full size: a vector that grows would leave copies behind.
        let length = file.metadata().map_or(0, |found| usize::try_from(found.len()).unwrap_or(limit)).min(limit);
        let mut bytes = Zeroizing::new(Vec::with_capacity(length + 1));
        let most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
        file.take(most).read_to_end(&mut bytes).within(|| format!("cannot read {}", path.display()))?;
        if bytes.len() > limit {
            let message = format!("{} is larger than {limit} bytes", path.display());
            return Err(Failure::new(Kind::Failed, message).hint("no file of cogfed's is; remove it"));
        }
        Ok(Some(bytes))
    }

    /// Returns the names of the files in this folder, still percent-encoded. A missing folder has none.
    ///
    /// # Errors
    /// If the folder is open to other users, or cannot be listed.
    pub fn file_names(&self) -> Result<Vec<String>, Failure> {
        let Some(folder) = self.checked()? else { return Ok(Vec::new()) };
        let unlisted = || format!("cannot list {}", folder.display());
        let entries = std::fs::read_dir(&folder).within(unlisted)?;
        let names = entries.map(|entry| entry.map(|entry| entry.file_name())).collect::<io::Result<Vec<_>>>();
        let names = names.within(unlisted)?.into_iter().filter_map(|name| name.into_string().ok());
        Ok(names.filter(|name| !name.starts_with(UNFINISHED)).collect())
    }

    /// Opens `count` handles to the file `name` for reading, which reserves as many file descriptors.
    ///
    /// # Errors
    /// If there is no such file, or it cannot be opened so many times.
    pub fn opened(&self, name: &str, count: usize) -> Result<Vec<std::fs::File>, Failure> {
        let path = self.path().join(file_name(name));
        let open = |_| privacy::options().read(true).open(&path);
        (0..count).map(open).collect::<Result<_, _>>().within(|| format!("cannot open {}", path.display()))
    }

    /// Replaces the contents of the file `name`. Readers see the old contents or the new. The new ones are on the disk
    /// when this returns.
    ///
    /// # Errors
    /// If the file cannot be written. The old contents remain, unless only the sync of the folder failed.
    pub fn replace(&self, name: &str, bytes: &[u8]) -> Result<(), Failure> {
        let folder = self.ensured()?;
        let path = folder.join(file_name(name));
        sweep(&folder)?;
        let replaced = repeated(|| replaced(&folder, &path, bytes));
        unwritable::within(replaced, || format!("cannot write {}", path.display()))
    }

    /// Removes the file `name`. A missing file is no error.
    ///
    /// # Errors
    /// If it cannot be removed.
    pub fn remove(&self, name: &str) -> Result<(), Failure> {
        let Some(folder) = self.checked()? else { return Ok(()) };
        sweep(&folder)?;
        let path = folder.join(file_name(name));
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                Err(unwritable::failure(&error, format!("cannot remove {}", path.display())))
            }
            _ => Ok(()),
        }
    }
}

fn make(path: &Path) -> io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Runs `replace`, and tries again if another process removed the unfinished file. Another process may sweep it while
/// it is not locked: right after its creation, and right before it gets its name.
fn repeated(mut replace: impl FnMut() -> io::Result<()>) -> io::Result<()> {
    for _ in 1..ATTEMPTS {
        match replace() {
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            result => return result,
        }
    }
    replace()
}

fn replaced(folder: &Path, path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut unfinished = tempfile::Builder::new().prefix(UNFINISHED).tempfile_in(folder)?;
    // The lock tells sweeping processes that the writer is alive. On a file system without locks, nothing is swept.
    let _ = unfinished.as_file().try_lock();
    unfinished.write_all(bytes)?;
    unfinished.as_file().sync_all()?;
    // On Windows a locked file cannot be read under its new name.
    let _ = unfinished.as_file().unlock();
    unfinished.persist(path).map_err(|failed| failed.error)?;
    // The new name is on the disk once its folder is synced. Windows cannot open a folder.
    #[cfg(unix)]
    written_through(std::fs::File::open(folder)?.sync_all())?;
    Ok(())
}

/// Treats a failed sync as success if the file system cannot sync folders. Other errors stay errors.
#[cfg(unix)]
fn written_through(synced: io::Result<()>) -> io::Result<()> {
    match synced {
        Err(error) if matches!(error.kind(), ErrorKind::InvalidInput | ErrorKind::Unsupported) => Ok(()),
        synced => synced,
    }
}

/// Removes the unfinished files that killed processes left behind, because they may hold secrets.
fn sweep(folder: &Path) -> Result<(), Failure> {
    let entries = std::fs::read_dir(folder).within(|| format!("cannot list {}", folder.display()))?;
    for entry in entries.flatten() {
        if entry.file_name().as_encoded_bytes().starts_with(UNFINISHED.as_bytes())
            && let Ok(file) = privacy::options().read(true).open(entry.path())
            && file.try_lock().is_ok()
        {
            let _ = std::fs::remove_file(entry.path());
        }
    }
    Ok(())
}
