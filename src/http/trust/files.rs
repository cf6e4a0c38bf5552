//! Certificate files, and folders of certificate files.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::folder::trusted::{self, Opened, Unopened};

/// The maximum size of a bundle, in bytes. A Linux system's own bundle has about 230 KiB.
pub(super) const LARGEST: u64 = 8 * 1024 * 1024;

/// Opens a plain file, and finds the users who can change the file.
///
/// # Errors
/// The fault, to follow the file's name and "which".
pub(super) fn open(path: &Path) -> Result<Opened, String> {
    trusted::open(path).map_err(|unopened| match unopened {
        Unopened::Failed(error) => unreadable(error),
        Unopened::Irregular => "is not a plain file".to_owned(),
        Unopened::Displaced => "cannot be read: its place cannot be determined".to_owned(),
    })
}

/// Returns the contents of an open file, or an error if the file is larger than [`LARGEST`] bytes.
///
/// # Errors
/// The fault, to follow the file's name and "which".
pub(super) fn bytes_of(file: File) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let count = file.take(LARGEST + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    match u64::try_from(count) {
        Ok(count) if count <= LARGEST => Ok(bytes),
        _ => Err(format!("is larger than {LARGEST} bytes")),
    }
}

/// Returns the fault of a file or folder that cannot be read.
fn unreadable(error: io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "does not exist".to_owned(),
        _ => format!("cannot be read: {error}"),
    }
}

/// Returns the plain files in a folder, in the order of their names.
///
/// # Errors
/// If the folder cannot be listed.
pub(super) fn of_folder(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)?.flatten().map(|entry| entry.path()).collect();
    files.retain(|path| path.is_file());
    files.sort_unstable();
    Ok(files)
}

/// Removes duplicate files from `paths`, because OpenSSL's folders hold several links to the same file.
pub(super) fn once(paths: impl IntoIterator<Item = PathBuf>) -> Vec<PathBuf> {
    let mut seen = HashSet::new();
    let is_new = |path: &PathBuf| seen.insert(identity(path));
    let mut paths: Vec<PathBuf> = paths.into_iter().collect();
    paths.retain(is_new);
    paths
}

#[cfg(unix)]
fn identity(path: &Path) -> Result<(u64, u64), PathBuf> {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata(path).map(|found| (found.dev(), found.ino())).map_err(|_| path.to_owned())
}

#[cfg(not(unix))]
fn identity(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}
