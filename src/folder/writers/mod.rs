//! The check of who can change a file that decides whom cogfed trusts, by the owners and modes along the file's path.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

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
pub enum Exposed {
    /// Other users may write to this file or folder.
    Writable(PathBuf),
    /// Another user, whose user id is the second value, owns this file, folder or link.
    Foreign(PathBuf, u32),
}

impl Exposed {
    /// Returns the next step for the person who named the file.
    pub fn hint(&self) -> String {
        match self {
            Self::Writable(path) => format!("chmod go-w {}", path.display()),
            Self::Foreign(..) => "use a copy of your own, in a folder of your own".to_owned(),
        }
    }
}

impl fmt::Display for Exposed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Writable(path) => write!(f, "others may write to {}", path.display()),
            Self::Foreign(path, uid) => write!(f, "{} belongs to user {uid}", path.display()),
        }
    }
}

/// Returns the users who can change the file at the absolute path `path`. Links are followed; whoever can change one
/// counts as well, except for [`Writers::Root`], which is about the file itself: only its content matters then.
///
/// # Errors
/// The error of reading the path. Within it, [`Exposed`] if a user can change the file who is neither this one nor root.
#[cfg(unix)]
pub fn writers(path: &Path) -> io::Result<Result<Writers, Exposed>> {
    unix::writers(path)
}

/// Returns [`Writers::User`]. Only Unix has modes to check, and no file counts as the administrator's elsewhere.
///
/// # Errors
/// None.
#[cfg(not(unix))]
pub fn writers(_: &Path) -> io::Result<Result<Writers, Exposed>> {
    Ok(Ok(Writers::User))
}

#[cfg(unix)]
mod unix {
    use std::ffi::OsString;
    use std::fs::Metadata;
    use std::os::unix::fs::MetadataExt;
    use std::path::Component;

    use super::{Exposed, Path, PathBuf, Writers, io};

    const STICKY: u32 = 0o1000;
    const GROUP_WRITABLE: u32 = 0o020;
    const WORLD_WRITABLE: u32 = 0o002;
    /// The maximum number of symbolic links on the path to a file; Linux has the same limit.
    const MOST_LINKS: usize = 40;
    /// The lowest id of a group that ordinary users may be members of. Distributions reserve the groups below, such as
    /// `staff`, for administrators.
    const FIRST_SHARED_GROUP: u32 = 100;
    /// Words in the name of a file or folder that mark it as part of tests or documentation.
    const EXAMPLES: [&str; 16] = [
        "test",
        "tests",
        "testing",
        "testdata",
        "testcert",
        "testcerts",
        "example",
        "examples",
        "sample",
        "samples",
        "fixture",
        "fixtures",
        "certdata",
        "dummyserver",
        "snakeoil",
        "doc",
    ];
    /// The id of the group of administrators on macOS.
    const MACOS_ADMIN: u32 = 80;
    /// The folders in which packages and administrators install certificates. As root, a clone's files are root's as
    /// well, so that only these count as the system's.
    const INSTALLED: [&str; 6] = ["/etc", "/usr", "/opt", "/var/lib", "/Library", "/System"];
    /// The folders whose files belong to root although any user can decide the contents: the stores of Nix and Guix,
    /// and removable disks.
    const FILLED_BY_USERS: [&str; 5] = ["/nix/store", "/gnu/store", "/media", "/run/media", "/Volumes"];

    pub(super) fn writers(path: &Path) -> io::Result<Result<Writers, Exposed>> {
        let mut walk = Walk { at: PathBuf::from("/"), left: Vec::new(), links: 0, is_unknown: false };
        walk.push(path);
        if let Err(exposed) = walk.check(&std::fs::symlink_metadata("/")?) {
            return Ok(Err(exposed));
        }
        while let Some(name) = walk.left.pop() {
            if name == ".." {
                walk.at.pop();
            } else if let Err(exposed) = walk.step(&name)? {
                return Ok(Err(exposed));
            }
        }
        if walk.is_unknown || FileSystem::at(&walk.at) != FileSystem::Usual {
            return Ok(Ok(Writers::Unknown));
        }
        Ok(Ok(if is_roots(&walk.at)? { Writers::Root } else { Writers::User }))
    }

    /// A walk along a path, which resolves one link at a time.
    struct Walk {
        /// The path so far, with all links resolved.
        at: PathBuf,
        /// The path components that are still to be walked, in reverse order.
        left: Vec<OsString>,
        links: usize,
        /// True if the walk passed a file system whose owners and modes cannot be relied on.
        is_unknown: bool,
    }

    impl Walk {
        fn push(&mut self, path: &Path) {
            let names = path.components().filter_map(|component| match component {
                Component::Normal(name) => Some(name.to_owned()),
                Component::ParentDir => Some("..".into()),
                _ => None,
            });
            let names: Vec<_> = names.collect();
            self.left.extend(names.into_iter().rev());
        }

        fn step(&mut self, name: &OsString) -> io::Result<Result<(), Exposed>> {
            let folder = self.at.clone();
            self.at.push(name);
            let found = std::fs::symlink_metadata(&self.at)?;
            let checked = self.check(&found);
            if !found.is_symlink() {
                return Ok(checked);
            }
            self.links += 1;
            if self.links > MOST_LINKS {
                return Err(io::Error::other("too many symbolic links"));
            }
            let target = std::fs::read_link(&self.at)?;
            self.at = if target.is_absolute() { PathBuf::from("/") } else { folder };
            self.push(&target);
            Ok(checked)
        }

        /// Checks that no other user can change the file, folder or link at the current path.
        fn check(&mut self, found: &Metadata) -> Result<(), Exposed> {
            let me = rustix::process::geteuid().as_raw();
            match Found::of(found).changed_by(me, || FileSystem::at(&self.at)) {
                Others::Nobody => Ok(()),
                Others::Unknown => {
                    self.is_unknown = true;
                    Ok(())
                }
                Others::Owner => Err(Exposed::Foreign(self.at.clone(), found.uid())),
                Others::Everybody => Err(Exposed::Writable(self.at.clone())),
            }
        }
    }

    /// The users, apart from this user and root, who can change a file, folder or link.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub(super) enum Others {
        Nobody,
        /// The owner, who is neither this user nor root.
        Owner,
        /// All users, or all members of a group.
        Everybody,
        /// The users are unknown, because the file system keeps no reliable owners and modes.
        Unknown,
    }

    /// The owner and mode of a file, folder or link.
    #[derive(Debug, Clone, Copy)]
    pub(super) struct Found {
        pub uid: u32,
        pub gid: u32,
        pub mode: u32,
        pub is_folder: bool,
        pub is_link: bool,
    }

    impl Found {
        fn of(found: &Metadata) -> Self {
            let (uid, gid, mode) = (found.uid(), found.gid(), found.mode());
            Self { uid, gid, mode, is_folder: found.is_dir(), is_link: found.is_symlink() }
        }

        /// Returns the users, apart from `me` and root, who can change the file, folder or link.
        pub(super) fn changed_by(self, me: u32, system: impl Fn() -> FileSystem) -> Others {
            if ![0, me].contains(&self.uid) && !is_unmapped(self.uid) {
                return if system() == FileSystem::WithoutModes { Others::Unknown } else { Others::Owner };
            }
            // A link has no mode of its own. In a folder with the sticky bit, nobody can replace what is another's.
            if self.is_link || (self.is_folder && self.mode & STICKY != 0) {
                return Others::Nobody;
            }
            let by_group = self.mode & GROUP_WRITABLE != 0 && !is_own_group(self.gid, me);
            match self.mode & WORLD_WRITABLE != 0 || by_group {
                true if system() == FileSystem::Usual => Others::Everybody,
                true => Others::Unknown,
                false => Others::Nobody,
            }
        }
    }

    /// Returns whether a group consists of administrators or of this user alone; by convention, a user's private group
    /// has the user's id.
    fn is_own_group(gid: u32, me: u32) -> bool {
        let is_administrators = match cfg!(target_os = "macos") {
            true => gid == MACOS_ADMIN,
            false => cfg!(target_os = "linux") && gid < FIRST_SHARED_GROUP,
        };
        gid == me || gid == 0 || is_administrators
    }

    /// Returns whether only root can change the file at `path`, a path in which all links are already resolved.
    fn is_roots(path: &Path) -> io::Result<bool> {
        for place in path.ancestors() {
            let found = std::fs::symlink_metadata(place)?;
            let is_sticky = found.is_dir() && found.mode() & STICKY != 0;
            let is_writable = match is_sticky {
                // A shared folder such as /tmp never counts.
                true => found.mode() & WORLD_WRITABLE != 0,
                false => found.mode() & (GROUP_WRITABLE | WORLD_WRITABLE) != 0,
            };
            if found.uid() != 0 || is_writable {
                return Ok(false);
            }
        }
        let is_roots_word = !is_example(path) && !is_filled_by_users(path);
        Ok(is_roots_word && (rustix::process::geteuid().as_raw() != 0 || is_installed(path)))
    }

    /// Returns whether the file at `path` looks like part of a package's tests or documentation. The key of such a
    /// certificate is public.
    pub(super) fn is_example(path: &Path) -> bool {
        let path = path.to_string_lossy().to_ascii_lowercase();
        path.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| EXAMPLES.contains(&word))
    }

    /// Returns whether any user may have placed the file at `path`, although the file belongs to root.
    pub(super) fn is_filled_by_users(path: &Path) -> bool {
        FILLED_BY_USERS.iter().any(|folder| path.starts_with(folder))
    }

    /// Returns whether root's file at `path` was installed, because it is in a system folder and outside the current
    /// folder or work tree.
    fn is_installed(path: &Path) -> bool {
        let here = std::env::current_dir().ok();
        let here = here
            .as_deref()
            .and_then(|here| here.ancestors().filter(|at| at.join(".git").exists()).last().or(Some(here)));
        let is_below = here.is_some_and(|here| here != Path::new("/") && path.starts_with(here));
        INSTALLED.iter().any(|folder| path.starts_with(folder)) && !is_below
    }

    /// Returns whether a user id is the placeholder for all users that this user namespace does not map, such as the
    /// system's root.
    fn is_unmapped(uid: u32) -> bool {
        let number = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
        cfg!(target_os = "linux")
            && number("/proc/sys/kernel/overflowuid").trim().parse() == Ok(uid)
            && number("/proc/self/uid_map").split_whitespace().nth(2).is_some_and(|count| count != "4294967295")
    }

    /// The kind of a file system, according to the owners and modes that it reports.
    #[cfg_attr(not(target_os = "linux"), allow(dead_code, reason = "only Linux tells them apart"))]
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub(super) enum FileSystem {
        /// The file system keeps owners and modes.
        Usual,
        /// The file system shows the same owner and mode for every file, like the file system of a Windows disk.
        WithoutModes,
        /// The file system is a FUSE program, which any user may run and which can report any owners and modes.
        Fuse,
    }

    impl FileSystem {
        /// The statfs(2) magic numbers of file systems without modes: 9p and drvfs (Windows disks in WSL), vfat, exfat,
        /// ntfs, ntfs3, cifs, smb, smb2, vboxsf, hgfs.
        #[cfg(target_os = "linux")]
        const WITHOUT_MODES: [u32; 11] = [
            0x0102_1997,
            0x5346_4846,
            0x0000_4d44,
            0x2011_bab0,
            0x5346_544e,
            0x7366_746e,
            0xff53_4d42,
            0x0000_517b,
            0xfe53_4d42,
            0x786f_4256,
            0xbacb_acbc,
        ];

        /// Returns the kind of the file system at `path`.
        #[cfg(target_os = "linux")]
        fn at(path: &Path) -> Self {
            // The type is an integer whose width and sign depend on the platform; the magic numbers have 32 bits.
            #[allow(clippy::cast_sign_loss, clippy::cast_possible_truncation, reason = "only the lower 32 bits count")]
            match rustix::fs::statfs(path).map(|found| found.f_type as u32) {
                Ok(0x6573_5546) => Self::Fuse,
                Ok(magic) if Self::WITHOUT_MODES.contains(&magic) => Self::WithoutModes,
                _ => Self::Usual,
            }
        }

        #[cfg(not(target_os = "linux"))]
        fn at(_: &Path) -> Self {
            Self::Usual
        }
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests;
