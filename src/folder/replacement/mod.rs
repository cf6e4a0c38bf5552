//! The replacement of a person's file by a whole new one.
//!
//! The new content is written to a file without a name in the target's folder, which takes the target's name when the
//! content is complete. So readers see the old content or the new, and a run that is killed leaves nothing behind. If
//! the system has no files without a name, the new file has a temporary name, which [`abandon_all`] removes.
//!
//! A file that cannot be replaced by another one is overwritten in place when the content is complete: in a folder that
//! only others can write to, with several names (hard links), of another owner, or with an access control list (POSIX
//! ACL, on Linux), which a new file would not have. A run that is killed meanwhile leaves a part of the new content.

mod spool;

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Seek, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use self::spool::Spool;
pub use self::spool::abandon_all;

/// The maximum number of symbolic links on the way to a file, as in Linux (path_resolution(7)).
const MOST_LINKS: usize = 40;
/// The prefix of the name of an unfinished file.
const UNFINISHED: &str = ".cogfed-";

/// The new content of a file. Dropping it leaves the file as it was.
pub struct Replacement {
    /// The path of the file itself, behind all symbolic links.
    path: PathBuf,
    /// The file as it was, open for writing, if there was one.
    old: Option<File>,
    spool: Spool,
}

impl Replacement {
    /// Begins the replacement of the file at `path`. Symbolic links are followed. Checks that the file can be written,
    /// and neither creates nor changes it.
    ///
    /// # Errors
    /// If the file cannot be written, is a folder, or is in a folder that does not exist.
    pub fn of(path: &Path) -> io::Result<Self> {
        let path = behind_links(path)?;
        let old = match OpenOptions::new().write(true).open(&path) {
            Ok(old) => Some(old),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        if path.file_name().is_none() || path.as_os_str().as_encoded_bytes().ends_with(b"/") {
            return Err(ErrorKind::IsADirectory.into());
        }
        let folder = folder_of(&path);
        let spool = match Spool::beside(folder, old.is_none()) {
            Ok(spool) => spool,
            Err(error) if old.is_none() => return Err(error),
            // The folder cannot be written, but the file can.
            Err(_) => Spool::elsewhere()?,
        };
        Ok(Self { path, old, spool })
    }

    /// Returns whether both replace the same file, by whatever path.
    pub fn is_of_same_file(&self, other: &Self) -> bool {
        let place = |path: &Path| match (fs::canonicalize(path), fs::canonicalize(folder_of(path)), path.file_name()) {
            (Ok(existing), ..) => existing,
            (Err(_), Ok(folder), Some(name)) => folder.join(name),
            _ => path.to_path_buf(),
        };
        place(&self.path) == place(&other.path)
    }

    /// Gives the file its new content, which is on the disk when this returns.
    ///
    /// # Errors
    /// If the content cannot be written. The file is as it was, unless its disk failed while it was overwritten in
    /// place.
    pub fn keep(mut self) -> io::Result<()> {
        self.spool.file().flush()?;
        self.spool.file().sync_all()?;
        let can_take_its_place = match &self.old {
            Some(old) => same_owner_and_mode(old, self.spool.file()),
            None => true,
        };
        if !can_take_its_place {
            return self.overwrite();
        }
        // Windows gives no file the name of an open one. It is opened again if it is overwritten.
        if cfg!(windows) {
            self.old = None;
        }
        match self.spool.rename(&self.path) {
            Ok(()) => {
                // The content is safe. The new name may be lost with the machine's power on a few file systems.
                #[cfg(unix)]
                let _ = File::open(folder_of(&self.path)).and_then(|folder| folder.sync_all());
                Ok(())
            }
            // Others' files in a folder like /tmp, and files that are mount points, cannot be renamed over.
            Err(_) => self.overwrite(),
        }
    }

    /// Copies the new content into the file.
    fn overwrite(&mut self) -> io::Result<()> {
        let mut target = match self.old.take() {
            Some(old) => old,
            None => OpenOptions::new().write(true).create(true).truncate(false).open(&self.path)?,
        };
        let spool = self.spool.file();
        let length = spool.stream_position()?;
        reserve(&target, length)?;
        spool.rewind()?;
        io::copy(&mut spool.take(length), &mut target)?;
        target.set_len(length)?;
        target.sync_all()
    }
}

impl Write for Replacement {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.spool.file().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.spool.file().flush()
    }
}

/// Returns the path of the file itself, behind all symbolic links. The last link may lead to a file that does not exist
/// yet.
fn behind_links(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_path_buf();
    for _ in 0..=MOST_LINKS {
        match fs::symlink_metadata(&path) {
            Ok(found) if found.is_symlink() => path = folder_of(&path).join(fs::read_link(&path)?),
            Ok(_) => return Ok(path),
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(path),
            Err(error) => return Err(error),
        }
    }
    Err(io::Error::other("too many symbolic links"))
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// Gives `new` the owner and the mode of `old`, without the bits that run a program as its owner. Returns false if that
/// is not possible, if `old` has further names that would keep the old content, or if it has an access control list.
#[cfg(unix)]
fn same_owner_and_mode(old: &File, new: &File) -> bool {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};
    let (Ok(was), Ok(is)) = (old.metadata(), new.metadata()) else { return false };
    if was.nlink() > 1 || has_acl(old) {
        return false;
    }
    let has_owner =
        (was.uid(), was.gid()) == (is.uid(), is.gid()) || fchown(new, Some(was.uid()), Some(was.gid())).is_ok();
    has_owner && new.set_permissions(fs::Permissions::from_mode(was.mode() & 0o777)).is_ok()
}

/// Returns whether a file has a POSIX access control list beyond its mode (acl(5)). Its mask stands in the mode's place
/// for the group, so a new file with the same mode could be open to more people.
#[cfg(target_os = "linux")]
fn has_acl(file: &File) -> bool {
    rustix::fs::fgetxattr_query(file, "system.posix_acl_access").is_ok()
}

#[cfg(all(unix, not(target_os = "linux")))]
fn has_acl(_: &File) -> bool {
    false
}

#[cfg(not(unix))]
fn same_owner_and_mode(_: &File, _: &File) -> bool {
    true
}

/// Reserves room for `length` bytes where the system can do it, so that a full disk leaves the old content.
#[cfg(target_os = "linux")]
fn reserve(file: &File, length: u64) -> io::Result<()> {
    use rustix::fs::{FallocateFlags, fallocate};
    match length {
        0 => Ok(()),
        _ => match fallocate(file, FallocateFlags::KEEP_SIZE, 0, length) {
            Err(error) if error == rustix::io::Errno::NOSPC => Err(error.into()),
            // The file system cannot reserve room.
            _ => Ok(()),
        },
    }
}

#[cfg(not(target_os = "linux"))]
fn reserve(_: &File, _: u64) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests;
