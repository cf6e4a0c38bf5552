//! Safe opening of the files that decide whom cogfed trusts and where cogfed sends secrets: the configuration and
//! certificate bundles. Nobody but this user and root may be able to change such a file, or to put another one in its
//! place.
//!
//! A file is opened once: what is read is what was checked. The owners and modes along its path tell who can change it.

#[cfg(unix)]
mod owners;
#[cfg(unix)]
mod system;
#[cfg(test)]
#[cfg(unix)]
mod tests;

use std::ffi::OsString;
use std::fmt;
use std::fs::{File, Metadata, OpenOptions};
use std::io;
use std::path::{Component, Path, PathBuf};

/// The maximum number of symbolic links on the path to a file; Linux has the same limit (path_resolution(7)).
const MOST_LINKS: usize = 40;

/// An open plain file, and the users who can change it.
#[derive(Debug)]
pub struct Opened {
    /// The open file.
    pub file: File,
    /// The canonical paths of the links on the way to the file, then the canonical path of the file.
    pub places: Vec<PathBuf>,
    /// The users who can change the file, or the reason why cogfed must not use the file.
    pub writers: Result<Writers, Exposed>,
}

/// The users who can change a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Writers {
    /// Only the administrator can change the file.
    Root,
    /// Only this user and the administrator can change the file.
    User,
    /// The users are unknown, because the file system keeps no owners and modes, as on a Windows disk below `/mnt/c`.
    Unknown,
}

/// The reason why other users can change a file that decides whom cogfed trusts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exposed {
    /// The path of the file, folder or link that other users can change.
    path: PathBuf,
    kind: Kind,
    change: Change,
}

#[cfg_attr(not(unix), allow(dead_code, reason = "only Unix has modes to check"))]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    File,
    Folder,
    Link,
}

#[cfg_attr(not(unix), allow(dead_code, reason = "only Unix has modes to check"))]
#[derive(Debug, Clone, PartialEq, Eq)]
enum Change {
    /// The files and folders that other users may write to.
    Write(Vec<PathBuf>),
    /// The id of the other user who owns the file, folder or link.
    Own(u32),
}

impl Exposed {
    /// Returns the next step for the person who named the file.
    pub fn hint(&self) -> String {
        match &self.change {
            Change::Write(paths) => {
                let paths: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
                format!("chmod go-w {}", paths.join(" "))
            }
            Change::Own(_) => {
                "use a file of your own; in a container, copy the file or mount it owned by root".to_owned()
            }
        }
    }

    /// Returns the reason as a clause to put after the path of the file, such as "others may write to it".
    pub fn of_it(&self) -> String {
        let path = self.path.display();
        let what = match self.kind {
            Kind::File => "it".to_owned(),
            Kind::Folder => format!("the folder {path}"),
            Kind::Link => format!("the link {path}"),
        };
        match self.change {
            Change::Write(_) => format!("others may write to {what}"),
            Change::Own(_) => format!("{what} belongs to another user"),
        }
    }
}

impl fmt::Display for Exposed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.change {
            Change::Write(_) => write!(f, "others may write to {}", self.path.display()),
            Change::Own(uid) => write!(f, "{} belongs to user {uid}", self.path.display()),
        }
    }
}

/// The reason why a file was not opened.
#[derive(Debug)]
pub enum Unopened {
    /// The error that the operating system returned.
    Failed(io::Error),
    /// The path leads to a folder, a device, a pipe or a socket instead of a plain file.
    Irregular,
    /// The path resolves to a different file than the opened file, so the users who can change the opened file are
    /// unknown.
    Displaced,
}

impl From<io::Error> for Unopened {
    fn from(error: io::Error) -> Self {
        Self::Failed(error)
    }
}

/// Opens the file at `path`, which must be absolute, and finds the users who can change the file. On Unix the file, the
/// links to it and all folders around them must belong to this user or root, and others must not be able to write to
/// them, else [`Opened::writers`] says so. A folder with the sticky bit, such as `/tmp`, is fine: others cannot replace
/// what is in it. So is what only this user's private group may write to, and what is on a read-only mount.
/// [`Writers::Root`] is about the file itself and the folders around it: only its content matters then.
///
/// # Errors
/// [`Unopened`].
pub fn open(path: &Path) -> Result<Opened, Unopened> {
    let mut options = OpenOptions::new();
    options.read(true);
    // Opening a fifo must not wait for its writer.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, rustix::fs::OFlags::NONBLOCK.bits() as i32);
    let file = options.open(path)?;
    let found = file.metadata()?;
    if !found.is_file() {
        return Err(Unopened::Irregular);
    }
    let mut way = Way::to(path)?;
    let writers = way.writers(found)?;
    let links = way.steps.into_iter().filter(|step| step.found.is_symlink()).map(|step| step.path);
    Ok(Opened { file, places: links.chain([way.end]).collect(), writers })
}

/// A folder or link on the path to a file, or the file itself.
struct Step {
    /// The canonical path of this folder, link or file.
    path: PathBuf,
    /// The metadata of the folder, link or file itself, not of a link's target.
    found: Metadata,
}

/// The steps by which the system resolves the path of a file.
struct Way {
    steps: Vec<Step>,
    /// The canonical path of the file itself.
    end: PathBuf,
}

impl Way {
    /// Resolves an absolute path, name by name and link by link.
    fn to(path: &Path) -> io::Result<Self> {
        let (mut steps, mut links) = (Vec::new(), 0);
        let mut end = PathBuf::new();
        let mut left = parts(path);
        while let Some(part) = left.pop() {
            match Path::new(&part).components().next() {
                Some(Component::ParentDir) => {
                    end.pop();
                    continue;
                }
                Some(Component::CurDir) | None => continue,
                Some(Component::Prefix(_)) => {
                    end.push(part);
                    continue;
                }
                Some(Component::RootDir | Component::Normal(_)) => {}
            }
            let next = end.join(part);
            let found = std::fs::symlink_metadata(&next)?;
            if found.is_symlink() {
                links += 1;
                if links > MOST_LINKS {
                    return Err(io::Error::other("too many links"));
                }
                left.extend(parts(&std::fs::read_link(&next)?));
            } else {
                end.clone_from(&next);
            }
            steps.push(Step { path: next, found });
        }
        Ok(Self { steps, end })
    }
}

/// Returns the components of a path in reverse order.
fn parts(path: &Path) -> Vec<OsString> {
    path.components().rev().map(|part| part.as_os_str().to_owned()).collect()
}

#[cfg(not(unix))]
impl Way {
    /// Returns [`Writers::User`]. Only Unix has modes to check, and no file counts as the administrator's elsewhere.
    fn writers(&mut self, opened: Metadata) -> Result<Result<Writers, Exposed>, Unopened> {
        if let Some(last) = self.steps.last_mut() {
            last.found = opened;
        }
        Ok(Ok(Writers::User))
    }
}
