//! The destination of an answer: standard output, a file that is replaced as a whole, or a device.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::cli::OutputFlags;
use crate::error::{Failure, Kind};
use crate::folder::Replacement;

/// The destination of an answer's body, or of its head.
pub enum Destination {
    /// Standard output.
    Standard,
    /// A file that is replaced when the answer is complete.
    File(PathBuf, Box<Replacement>),
    /// A file in folders that are created when the answer arrives.
    Later(PathBuf),
    /// A device or a pipe, which is opened when the answer arrives.
    Direct(PathBuf),
}

/// An open [`Destination`] besides standard output.
pub enum Opened {
    /// A file that is replaced when the answer is complete.
    File(PathBuf, Box<Replacement>),
    /// A device or a pipe.
    Direct(PathBuf, File),
}

/// The name of the file of `-O`: the end of the URL's path, percent-encoded as it is sent.
///
/// # Errors
/// [`Kind::Usage`] if the path ends without a name, or in one that has another meaning to the system or to programs.
pub fn remote_name(path: &str) -> Result<&str, Failure> {
    let name = path.rsplit('/').next().unwrap_or_default();
    let refused = |why: String| Failure::new(Kind::Usage, why).hint("name the file: -o FILE");
    match name {
        "" => Err(refused("-O takes the file's name from the URL, and its path ends without one".into())),
        _ if name.starts_with(['.', '-']) => {
            Err(refused(format!("-O writes no file whose name begins with '.' or '-', such as '{name}'")))
        }
        _ if name.contains(['\\', ':']) || is_device_name(name) => {
            Err(refused(format!("-O writes no file with the name '{name}', which has another meaning on some systems")))
        }
        _ => Ok(name),
    }
}

/// Returns whether Windows takes a file of this name for a device
/// (<https://learn.microsoft.com/en-us/windows/win32/fileio/naming-a-file>).
fn is_device_name(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default().to_ascii_uppercase();
    let numbered = |prefix: &str| {
        stem.strip_prefix(prefix).is_some_and(|number| number.len() == 1 && number.bytes().all(|b| b.is_ascii_digit()))
    };
    ["CON", "PRN", "AUX", "NUL"].contains(&stem.as_str()) || numbered("COM") || numbered("LPT")
}

impl Destination {
    /// Returns the destination of the body that the flags name, for a request to `path`. Checks that it can be written,
    /// and neither creates nor changes it: an answer that cannot be written would be lost.
    ///
    /// # Errors
    /// [`Kind::Usage`] if it cannot be written.
    pub fn of_body(flags: &OutputFlags, path: &str) -> Result<Self, Failure> {
        let name = match &flags.output {
            None if flags.remote_name => PathBuf::from(remote_name(path)?),
            None if flags.output_dir.is_some() || flags.create_dirs => {
                let message = "--output-dir and --create-dirs are about a file, and none is named";
                return Err(Failure::new(Kind::Usage, message).hint("add -o FILE, or -O"));
            }
            None => return Ok(Self::Standard),
            Some(name) => name.clone(),
        };
        match &flags.output_dir {
            Some(folder) if !is_standard(&name) => Self::of(&folder.join(name), flags.create_dirs),
            _ => Self::of(&name, flags.create_dirs),
        }
    }

    /// Returns the destination of the head that `--dump-header` names, checked like that of the body.
    ///
    /// # Errors
    /// [`Kind::Usage`] if it cannot be written, or is the file of the body.
    pub fn of_head(flags: &OutputFlags, body: &Self) -> Result<Option<Self>, Failure> {
        let Some(path) = &flags.dump_header else { return Ok(None) };
        let head = Self::of(path, false)?;
        match (&head, body) {
            (Self::File(_, head), Self::File(_, body)) if head.is_of_same_file(body) => {
                let message = format!("the head and the body would go to the same file, {}", path.display());
                Err(Failure::new(Kind::Usage, message).hint("for both in one file, use -i instead of -D"))
            }
            _ => Ok(Some(head)),
        }
    }

    fn of(path: &Path, creates_folders: bool) -> Result<Self, Failure> {
        if is_standard(path) {
            return Ok(Self::Standard);
        }
        let failed = |error: io::Error| cannot_write(path, &error, Kind::Usage);
        match fs::metadata(path) {
            _ if is_null_device(path) => Ok(Self::Direct(path.to_owned())),
            Ok(found) if !found.is_file() && !found.is_dir() || is_descriptor(path) => {
                may_be_written(path).map_err(failed)?;
                Ok(Self::Direct(path.to_owned()))
            }
            _ => match Replacement::of(path) {
                Ok(replacement) => Ok(Self::File(path.to_owned(), Box::new(replacement))),
                Err(error) if error.kind() == io::ErrorKind::NotFound && creates_folders => {
                    let existing = path.ancestors().skip(1).find(|folder| folder.exists());
                    let existing = existing.filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
                    if !existing.is_dir() {
                        return Err(failed(io::ErrorKind::NotADirectory.into()));
                    }
                    may_be_written(existing).map_err(failed)?;
                    Ok(Self::Later(path.to_owned()))
                }
                Err(error) => Err(failed(error)),
            },
        }
    }

    /// Returns the path of the file, or `None` for standard output.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::Standard => None,
            Self::File(path, _) | Self::Later(path) | Self::Direct(path) => Some(path),
        }
    }

    /// Opens the destination, because the answer is there and is wanted. Returns `None` for standard output.
    ///
    /// # Errors
    /// [`Kind::Failed`] if it cannot be written.
    pub fn open(self) -> Result<Option<Opened>, Failure> {
        let failed = |path: &Path, error: io::Error| cannot_write(path, &error, Kind::Failed);
        match self {
            Self::Standard => Ok(None),
            Self::File(path, replacement) => Ok(Some(Opened::File(path, replacement))),
            Self::Later(path) => {
                let made = folders_made(&path).and_then(|()| Replacement::of(&path));
                let replacement = made.map_err(|error| failed(&path, error))?;
                Ok(Some(Opened::File(path, Box::new(replacement))))
            }
            Self::Direct(path) => {
                // A descriptor's file is not emptied, because what others wrote to it is in it.
                let file = OpenOptions::new().write(true).append(is_descriptor(&path)).open(&path);
                let file = file.map_err(|error| failed(&path, error))?;
                Ok(Some(Opened::Direct(path, file)))
            }
        }
    }
}

impl Opened {
    /// Completes the file.
    ///
    /// # Errors
    /// [`Kind::Failed`] if it cannot be written.
    pub fn keep(self) -> Result<(), Failure> {
        match self {
            Self::File(path, replacement) => {
                replacement.keep().map_err(|error| cannot_write(&path, &error, Kind::Failed))
            }
            Self::Direct(..) => Ok(()),
        }
    }

    /// Creates the failure for an error while this was written.
    pub fn failed(&self, error: &io::Error) -> Failure {
        match self {
            Self::File(path, _) => cannot_write(path, error, Kind::Failed).hint("the file is as it was"),
            Self::Direct(path, _) => cannot_write(path, error, Kind::Failed),
        }
    }
}

impl Write for Opened {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::File(_, file) => file.write(bytes),
            Self::Direct(_, file) => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::File(_, file) => file.flush(),
            Self::Direct(_, file) => file.flush(),
        }
    }
}

fn cannot_write(path: &Path, error: &io::Error, kind: Kind) -> Failure {
    let failure = Failure::new(kind, format!("cannot write {}: {error}", path.display()));
    match error.kind() {
        io::ErrorKind::NotFound => failure.hint("its folder does not exist: create it, or add --create-dirs"),
        _ => failure,
    }
}

/// Returns whether `path` names standard output.
pub fn is_standard(path: &Path) -> bool {
    ["-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"].iter().any(|name| path == Path::new(name))
}

/// Returns whether `path` names an open file of this process.
fn is_descriptor(path: &Path) -> bool {
    cfg!(unix) && (path.starts_with("/dev/fd") || path.starts_with("/proc/self/fd") || path == Path::new("/dev/stderr"))
}

/// Returns whether `path` is Windows' device that discards everything.
fn is_null_device(path: &Path) -> bool {
    cfg!(windows) && path.as_os_str().eq_ignore_ascii_case("NUL")
}

/// Checks that this user may write to a device, a pipe or a folder, without opening it.
fn may_be_written(path: &Path) -> io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt;
        if fs::metadata(path)?.file_type().is_socket() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is a socket"));
        }
        rustix::fs::access(path, rustix::fs::Access::WRITE_OK)?;
    }
    #[cfg(not(unix))]
    fs::metadata(path)?;
    Ok(())
}

/// Creates the folders of `path`, as closed as curl's.
fn folders_made(path: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o750);
    path.parent().map_or(Ok(()), |folder| builder.create(folder))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remote_name_is_the_end_of_the_path() {
        assert_eq!(remote_name("/prod/orders/report%20a.csv"), Ok("report%20a.csv"));
        assert_eq!(remote_name("/a/..%2fetc%2fpasswd").unwrap_err().kind, Kind::Usage);
        for wrong in ["", "/", "/prod/", "/prod/..", "/.bashrc", "/-rf", "/a\\b", "/c:x", "/nul", "/COM1.txt"] {
            let failure = remote_name(wrong).unwrap_err();
            assert!(failure.message.starts_with("-O ") && failure.hint.is_some(), "{wrong}: {failure}");
        }
        assert_eq!(remote_name("/a/common"), Ok("common"));
    }
}
