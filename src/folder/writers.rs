//! The users who can change a file that says whom to trust: by its owner and mode, and by those of every folder and link
//! on the way to it.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// The users who can change a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Writers {
    /// Only the administrator.
    Root,
    /// This user as well.
    User,
    /// Unknown: the file system keeps no owners and modes, as on a Windows disk below `/mnt/c`.
    Unknown,
}

/// The reason why a file says nothing about whom to trust: other users can change it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Exposed {
    /// Others may write to this file or folder.
    Writable(PathBuf),
    /// This file, folder or link belongs to another user.
    Foreign(PathBuf, u32),
}

impl Exposed {
    /// Returns the next step.
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

/// Returns the users who can change the file at `path`, an absolute path. Links are followed; whoever can change one
/// counts as well, except for [`Writers::Root`], which is about the file itself: only its content matters then.
///
/// # Errors
/// The error of reading the path. Within it, [`Exposed`] if a user can change the file who is neither this one nor root.
#[cfg(unix)]
pub fn writers(path: &Path) -> io::Result<Result<Writers, Exposed>> {
    unix::writers(path)
}

/// As on Unix, where modes say it. Elsewhere nothing is checked, so that no file counts as the administrator's.
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
    /// The most links on the way to a file, as in Linux.
    const MOST_LINKS: usize = 40;
    /// The first group id that may be shared by people. Distributions reserve the groups below, such as `staff`, for
    /// administrators.
    const FIRST_SHARED_GROUP: u32 = 100;
    /// Words in the names of files and folders of tests and documentation.
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
    /// The folders in which packages and administrators install certificates. As root, a clone's files are root's as
    /// well, so that only these count as the system's.
    const INSTALLED: [&str; 8] =
        ["/etc", "/usr", "/opt", "/var/lib", "/nix/store", "/gnu/store", "/Library", "/System"];

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
        if walk.is_unknown || is_without_modes(&walk.at) {
            return Ok(Ok(Writers::Unknown));
        }
        Ok(Ok(if is_roots(&walk.at)? { Writers::Root } else { Writers::User }))
    }

    /// A walk along a path, which resolves one link at a time.
    struct Walk {
        /// The place so far, without links.
        at: PathBuf,
        /// The names that are left, the last one first.
        left: Vec<OsString>,
        links: usize,
        /// True if a file system without modes was passed.
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

        /// Checks what is at the current place.
        fn check(&mut self, found: &Metadata) -> Result<(), Exposed> {
            let me = rustix::process::geteuid().as_raw();
            if ![0, me].contains(&found.uid()) && !is_unmapped(found.uid()) {
                return Err(Exposed::Foreign(self.at.clone(), found.uid()));
            }
            // A link has no mode of its own. In a folder with the sticky bit, nobody can replace what is another's.
            if found.is_symlink() || (found.is_dir() && found.mode() & STICKY != 0) {
                return Ok(());
            }
            let by_group = found.mode() & GROUP_WRITABLE != 0 && !is_own_group(found.gid(), me);
            if found.mode() & WORLD_WRITABLE == 0 && !by_group {
                return Ok(());
            }
            if is_without_modes(&self.at) {
                self.is_unknown = true;
                return Ok(());
            }
            Err(Exposed::Writable(self.at.clone()))
        }
    }

    /// Returns whether a group is this user's private one, which has the user's number by convention, or one of
    /// administrators.
    fn is_own_group(gid: u32, me: u32) -> bool {
        gid == me || gid < FIRST_SHARED_GROUP && cfg!(target_os = "linux") || gid == 0
    }

    /// Returns whether only root can change the file at `path`, which is without links.
    fn is_roots(path: &Path) -> io::Result<bool> {
        for place in path.ancestors() {
            let found = std::fs::symlink_metadata(place)?;
            let is_sticky = found.is_dir() && found.mode() & STICKY != 0;
            let is_writable = match is_sticky {
                // A shared folder such as /tmp never counts. A group of its own fills /nix/store.
                true => found.mode() & WORLD_WRITABLE != 0,
                false => found.mode() & (GROUP_WRITABLE | WORLD_WRITABLE) != 0,
            };
            if found.uid() != 0 || is_writable {
                return Ok(false);
            }
        }
        Ok(!is_example(path) && (rustix::process::geteuid().as_raw() != 0 || is_installed(path)))
    }

    /// Returns whether a package has the file for its tests or documentation. The key of such a certificate is public.
    pub(super) fn is_example(path: &Path) -> bool {
        let path = path.to_string_lossy().to_ascii_lowercase();
        path.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| EXAMPLES.contains(&word))
    }

    /// Returns whether a file of root's was installed: it is where the system's files are, and not in the current folder
    /// or its work tree.
    fn is_installed(path: &Path) -> bool {
        let here = std::env::current_dir().ok();
        let here = here
            .as_deref()
            .and_then(|here| here.ancestors().filter(|at| at.join(".git").exists()).last().or(Some(here)));
        let is_below = here.is_some_and(|here| here != Path::new("/") && path.starts_with(here));
        INSTALLED.iter().any(|folder| path.starts_with(folder)) && !is_below
    }

    /// Returns whether a user id stands for all that this user namespace does not know, the system's root included.
    fn is_unmapped(uid: u32) -> bool {
        let number = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
        cfg!(target_os = "linux")
            && number("/proc/sys/kernel/overflowuid").trim().parse() == Ok(uid)
            && number("/proc/self/uid_map").split_whitespace().nth(2).is_some_and(|count| count != "4294967295")
    }

    /// Returns whether the file system at `path` keeps no owners and modes, or may invent them.
    #[cfg(target_os = "linux")]
    fn is_without_modes(path: &Path) -> bool {
        /// The magic numbers of statfs(2): 9p and drvfs (Windows disks in WSL), vfat, exfat, ntfs, ntfs3, FUSE, cifs,
        /// smb, smb2, vboxsf, hgfs.
        const MAGIC: [u32; 12] = [
            0x0102_1997,
            0x5346_4846,
            0x0000_4d44,
            0x2011_bab0,
            0x5346_544e,
            0x7366_746e,
            0x6573_5546,
            0xff53_4d42,
            0x0000_517b,
            0xfe53_4d42,
            0x786f_4256,
            0xbacb_acbc,
        ];
        // The type is an integer whose width and sign depend on the platform; the magic numbers have 32 bits.
        #[allow(clippy::cast_sign_loss, clippy::cast_possible_truncation, reason = "only the lower 32 bits count")]
        rustix::fs::statfs(path).is_ok_and(|found| MAGIC.contains(&(found.f_type as u32)))
    }

    #[cfg(not(target_os = "linux"))]
    fn is_without_modes(_: &Path) -> bool {
        false
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, chown, symlink};

    use super::*;

    fn mode(path: &Path, mode: u32) {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    }

    /// Returns a folder of this user's with a file in a folder in it.
    fn nest() -> (tempfile::TempDir, PathBuf, PathBuf) {
        let temp = tempfile::tempdir().unwrap();
        let folder = temp.path().canonicalize().unwrap().join("folder");
        let file = folder.join("file");
        std::fs::create_dir(&folder).unwrap();
        std::fs::write(&file, "").unwrap();
        mode(&folder, 0o755);
        mode(&file, 0o644);
        (temp, folder, file)
    }

    #[test]
    fn file_that_others_can_change_is_exposed() {
        let (_temp, folder, file) = nest();
        assert_eq!(writers(&file).unwrap(), Ok(Writers::User));
        for (place, odd, usual) in [(&file, 0o646, 0o644), (&folder, 0o757, 0o755)] {
            mode(place, odd);
            assert_eq!(writers(&file).unwrap(), Err(Exposed::Writable(place.clone())), "{odd:o}");
            mode(place, usual);
        }
        mode(&folder, 0o1777);
        assert_eq!(writers(&file).unwrap(), Ok(Writers::User), "nobody can replace another's file there");
    }

    #[test]
    fn folder_around_a_link_counts_as_well() {
        let (temp, folder, file) = nest();
        let link = temp.path().canonicalize().unwrap().join("link");
        symlink("folder/file", &link).unwrap();
        assert_eq!(writers(&link).unwrap(), Ok(Writers::User));
        mode(&folder, 0o777);
        assert_eq!(writers(&link).unwrap(), Err(Exposed::Writable(folder.clone())));
        mode(&folder, 0o755);
        let inner = folder.join("inner");
        symlink(&file, &inner).unwrap();
        symlink("inner", folder.join("loop")).unwrap();
        std::fs::remove_file(&inner).unwrap();
        symlink("loop", &inner).unwrap();
        assert!(writers(&inner).is_err(), "a loop of links");
        assert!(writers(&folder.join("missing")).is_err());
    }

    #[test]
    fn file_or_link_of_a_third_user_is_exposed() {
        let (temp, folder, file) = nest();
        let other = rustix::process::geteuid().as_raw() + 1;
        if chown(&file, Some(other), None).is_err() {
            println!("skipped: this user can give nothing away");
            return;
        }
        assert_eq!(writers(&file).unwrap(), Err(Exposed::Foreign(file.clone(), other)));
        chown(&file, Some(other - 1), None).unwrap();
        let link = temp.path().canonicalize().unwrap().join("link");
        symlink(&file, &link).unwrap();
        std::os::unix::fs::lchown(&link, Some(other), None).unwrap();
        assert_eq!(writers(&link).unwrap(), Err(Exposed::Foreign(link.clone(), other)));
        chown(&folder, Some(other), None).unwrap();
        assert_eq!(writers(&file).unwrap(), Err(Exposed::Foreign(folder, other)));
    }

    #[test]
    fn only_installed_files_are_roots() {
        assert_eq!(writers(Path::new("/etc/passwd")).unwrap(), Ok(Writers::Root));
        assert_eq!(writers(Path::new("/usr/../etc/./passwd")).unwrap(), Ok(Writers::Root));
        let (temp, ..) = nest();
        let link = temp.path().canonicalize().unwrap().join("link");
        symlink("/etc/passwd", &link).unwrap();
        assert_eq!(writers(&link).unwrap(), Ok(Writers::Root), "the file itself counts");
        assert_eq!(writers(&temp.path().join("folder/file")).unwrap(), Ok(Writers::User));
        for (path, is_example) in [
            ("/usr/share/doc/x/examples/ca.pem", true),
            ("/usr/lib/python3/test/certdata/pycacert.pem", true),
            ("/usr/lib/x/tests/ca.pem", true),
            ("/usr/lib/x/test_data/ca.pem", true),
            ("/opt/latest/contest.pem", false),
            ("/usr/local/share/ca-certificates/corp.crt", false),
        ] {
            assert_eq!(unix::is_example(Path::new(path)), is_example, "{path}");
        }
    }
}
