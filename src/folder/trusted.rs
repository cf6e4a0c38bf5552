//! Files that decide whom cogfed trusts and where it sends secrets, such as the configuration. Nobody but this user and
//! root may be able to change such a file, or to put another one in its place.

use std::ffi::OsString;
use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, ErrorKind};
use std::path::{Component, Path, PathBuf};

use crate::error::{Failure, Kind};

/// The maximum number of symbolic links on the path to a file; Linux has the same limit (path_resolution(7)).
const MOST_LINKS: usize = 40;

/// A plain file that only this user and root can change.
#[derive(Debug)]
pub struct Trusted {
    /// The open file.
    pub file: File,
    /// The canonical paths of the links on the way to the file, then the canonical path of the file.
    pub places: Vec<PathBuf>,
    /// The reason why cogfed cannot tell who can change the file; `None` if the file system keeps modes.
    pub doubt: Option<String>,
}

/// Opens the file at `path`, or returns `None` if there is no such file. On Unix the file, the links to it and all
/// folders around them must belong to this user or root, and others must not be able to write to them. A folder with
/// the sticky bit, such as `/tmp`, is fine: others cannot replace what is in it. If the file system keeps no modes, as
/// that of a Windows disk, [`Trusted::doubt`] says so instead.
///
/// # Errors
/// [`Kind::Usage`], with the path at fault and the command that repairs it.
pub fn open(path: &Path) -> Result<Option<Trusted>, Failure> {
    let failed = |what: String| Failure::new(Kind::Usage, format!("cannot read {}: {what}", path.display()));
    let Way { steps, end } = match Way::to(path) {
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Ok(None),
        way => way.map_err(|error| failed(error.to_string()))?,
    };
    let mut options = OpenOptions::new();
    options.read(true);
    // Opening a fifo must not wait for its writer.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, rustix::fs::OFlags::NONBLOCK.bits() as i32);
    let file = match options.open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        opened => opened.map_err(|error| failed(error.to_string()))?,
    };
    let found = file.metadata().map_err(|error| failed(error.to_string()))?;
    if !found.is_file() {
        return Err(failed("it is not a plain file".into()));
    }
    #[cfg(unix)]
    let doubt = unix::check(path, &steps, &found)?;
    #[cfg(not(unix))]
    let (doubt, _) = (None, found);
    let links = steps.into_iter().filter(|step| step.found.is_symlink()).map(|step| step.path);
    Ok(Some(Trusted { file, places: links.chain([end]).collect(), doubt }))
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

#[cfg(unix)]
mod unix {
    use std::os::unix::fs::MetadataExt;

    use super::super::user_folders;
    use super::{Failure, Kind, Metadata, Path, PathBuf, Step};

    const WRITABLE_BY_OTHERS: u32 = 0o022;
    const STICKY: u32 = 0o1000;

    /// The types of file systems that keep no modes, as on Windows disks in WSL, USB sticks and network shares.
    const MODELESS: &[&str] =
        &["9p", "cifs", "drvfs", "exfat", "fuseblk", "msdos", "ntfs", "ntfs3", "smb3", "vboxsf", "vfat", "wslfs"];

    /// Checks the owners and modes of all `steps` to a file, and checks that the last step is the opened file. Returns
    /// the reason for doubt if its file system keeps no modes.
    pub(super) fn check(path: &Path, steps: &[Step], opened: &Metadata) -> Result<Option<String>, Failure> {
        let failed = |what: String| Failure::new(Kind::Usage, format!("cannot read {}: {what}", path.display()));
        // A link in /proc may lead to a file that its text does not name, and a step may change meanwhile.
        let is_same = |step: &Step| (step.found.dev(), step.found.ino()) == (opened.dev(), opened.ino());
        let Some(last) = steps.last().filter(|step| is_same(step)) else {
            return Err(failed("the place of the file cannot be determined".into())
                .hint("name the file itself, not a link to it"));
        };
        for step in steps {
            if !is_trusted(step.found.uid()) && !is_systems(step) {
                let what = match (step.found.is_symlink(), step.path == last.path) {
                    (true, _) => format!("the link {} belongs to another user", step.path.display()),
                    (_, true) => "it belongs to another user".into(),
                    _ => format!("the folder {} belongs to another user", step.path.display()),
                };
                let hint = "use a file of your own; in a container, copy the file or mount it owned by root";
                return Err(failed(what).hint(hint));
            }
        }
        let writable: Vec<&Step> = steps.iter().filter(|step| is_writable_by_others(&step.found)).collect();
        let Some(first) = writable.first() else { return Ok(None) };
        if let Some(kind) = modeless(&first.found) {
            return Ok(Some(format!("cannot check who may write to {}: {kind} keeps no file modes", path.display())));
        }
        let what = match first.path == last.path {
            true => "others may write to it".into(),
            false => format!("others may write to the folder {}", first.path.display()),
        };
        let paths: Vec<String> = writable.iter().map(|step| step.path.display().to_string()).collect();
        Err(failed(what).hint(format!("chmod go-w {}", paths.join(" "))))
    }

    fn is_trusted(owner: u32) -> bool {
        [0, rustix::process::geteuid().as_raw()].contains(&owner)
    }

    /// Returns whether users other than the owner can change a file, or replace the files in a folder. A link has no
    /// mode of its own.
    fn is_writable_by_others(found: &Metadata) -> bool {
        let is_sticky = found.is_dir() && found.mode() & STICKY != 0;
        !found.is_symlink() && found.mode() & WRITABLE_BY_OTHERS != 0 && !is_sticky
    }

    /// Returns whether a step is a folder above the user's home, and the folder's owner is unknown in this user
    /// namespace. That is how root appears in a sandbox that maps this user alone.
    fn is_systems(step: &Step) -> bool {
        let home = user_folders::home().and_then(|home| home.path.canonicalize().ok());
        let is_above = |home: PathBuf| home != step.path && home.starts_with(&step.path);
        step.found.is_dir() && home.is_some_and(is_above) && is_unmapped(step.found.uid())
    }

    fn is_unmapped(uid: u32) -> bool {
        // Each line of user_namespaces(7): the first id inside, the first outside, and their number.
        let Ok(map) = std::fs::read_to_string("/proc/self/uid_map") else { return false };
        let ranges = map.lines().filter_map(|line| {
            let mut numbers = line.split_whitespace().map(str::parse::<u64>);
            Some((numbers.next()?.ok()?, numbers.nth(1)?.ok()?))
        });
        !ranges.into_iter().any(|(first, count)| (first..first + count).contains(&u64::from(uid)))
    }

    /// Returns the type of the file system of a file or folder if that file system keeps no modes, and `None`
    /// otherwise.
    fn modeless(found: &Metadata) -> Option<String> {
        let mounts = std::fs::read_to_string("/proc/self/mountinfo").ok()?;
        #[allow(clippy::useless_conversion, reason = "the type of a device number differs between systems")]
        let device = rustix::fs::Dev::try_from(found.dev()).ok()?;
        let kind = mounted(&mounts, rustix::fs::major(device), rustix::fs::minor(device))?;
        MODELESS.contains(&kind).then(|| kind.to_owned())
    }

    /// Finds the type of the file system with the device number `major`:`minor` in the text of `/proc/self/mountinfo`
    /// (proc(5)).
    fn mounted(mounts: &str, major: u32, minor: u32) -> Option<&str> {
        let device = format!("{major}:{minor}");
        let mount = mounts.lines().find(|line| line.split(' ').nth(2) == Some(&device))?;
        mount.split_once(" - ")?.1.split(' ').next()
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn file_systems_without_modes_are_known_by_their_device() {
            let mounts = "\
22 1 254:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw
96 22 0:61 / /mnt/c rw,noatime - 9p C:\\134 rw,dirsync,aname=drvfs;path=C:\\;uid=1000;gid=1000
97 22 8:17 / /media/stick rw shared:5 master:1 - vfat /dev/sdb1 rw,fmask=0000
";
            for (device, kind) in [((254, 1), Some("ext4")), ((0, 61), Some("9p")), ((8, 17), Some("vfat"))] {
                assert_eq!(mounted(mounts, device.0, device.1), kind);
            }
            assert_eq!(mounted(mounts, 0, 6), None);
            assert!(MODELESS.contains(&"9p") && MODELESS.contains(&"vfat") && !MODELESS.contains(&"ext4"));
        }
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::fs::Permissions;
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    /// Creates the file `folder/file` in a temporary folder, and returns the temporary folder and both paths.
    fn lab() -> (tempfile::TempDir, PathBuf, PathBuf) {
        let temp = tempfile::tempdir().unwrap();
        let folder = temp.path().canonicalize().unwrap().join("folder");
        std::fs::create_dir(&folder).unwrap();
        std::fs::write(folder.join("file"), "").unwrap();
        let file = folder.join("file");
        (temp, folder, file)
    }

    fn change(path: &Path, mode: u32) {
        std::fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn folders_that_others_can_write_to_are_refused() {
        let (temp, folder, file) = lab();
        let above = temp.path().canonicalize().unwrap();
        for (mode, is_fine) in
            [(0o700, true), (0o755, true), (0o1777, true), (0o777, false), (0o770, false), (0o702, false)]
        {
            for path in [&folder, &above] {
                change(path, mode);
                match open(&file) {
                    Ok(opened) => assert!(is_fine && opened.is_some(), "{mode:o} {}", path.display()),
                    Err(failure) => {
                        let said = format!("others may write to the folder {}", path.display());
                        assert!(!is_fine && failure.message.ends_with(&said), "{mode:o}: {failure}");
                        assert_eq!(failure.hint, Some(format!("chmod go-w {}", path.display())));
                    }
                }
                change(path, 0o700);
            }
        }
        change(&folder, 0o775);
        change(&file, 0o664);
        let hint = open(&file).unwrap_err().hint.unwrap();
        assert_eq!(hint, format!("chmod go-w {} {}", folder.display(), file.display()), "one command for all");
    }

    #[test]
    fn folders_around_every_link_to_the_file_are_checked() {
        let (temp, folder, file) = lab();
        let other = temp.path().canonicalize().unwrap().join("other");
        std::fs::create_dir(&other).unwrap();
        symlink("../folder/../folder/file", other.join("link")).unwrap();
        symlink(&other, folder.join("here")).unwrap();
        let path = folder.join("here/./link");
        let places = open(&path).unwrap().unwrap().places;
        assert_eq!(places, [folder.join("here"), other.join("link"), file]);
        change(&other, 0o777);
        assert!(open(&path).unwrap_err().message.ends_with(&format!("the folder {}", other.display())));
    }

    #[test]
    fn links_and_folders_of_another_user_are_refused() {
        use std::os::unix::fs::{chown, lchown};
        let (temp, folder, file) = lab();
        let link = temp.path().canonicalize().unwrap().join("link");
        symlink(&file, &link).unwrap();
        let (me, other) = (Some(rustix::process::geteuid().as_raw()), Some(65_534));
        if lchown(&link, other, None).is_err() {
            return println!("skipped in part: only root can give a file to another user");
        }
        let said = open(&link).unwrap_err().message;
        assert!(said.ends_with(&format!("the link {} belongs to another user", link.display())), "{said}");
        lchown(&link, me, None).unwrap();
        assert!(open(&link).unwrap().is_some());
        for path in [&folder, &file] {
            chown(path, other, None).unwrap();
            assert!(open(&link).unwrap_err().message.ends_with("belongs to another user"));
            chown(path, me, None).unwrap();
        }
        assert!(open(&link).unwrap().is_some());
    }

    #[test]
    fn missing_file_is_none_and_a_loop_of_links_fails() {
        let (_temp, folder, file) = lab();
        assert!(open(&folder.join("none")).unwrap().is_none());
        assert!(open(&folder.join("none/below")).unwrap().is_none());
        assert!(open(&file.join("below")).unwrap().is_none(), "nothing is below a file");
        symlink("loop", folder.join("loop")).unwrap();
        assert!(open(&folder.join("loop")).unwrap_err().message.ends_with("too many links"));
        symlink("gone", folder.join("dangling")).unwrap();
        assert!(open(&folder.join("dangling")).unwrap().is_none());
        assert!(open(&folder).unwrap_err().message.ends_with("it is not a plain file"));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn file_that_its_path_does_not_name_is_refused() {
        use std::os::fd::AsRawFd;
        let (_temp, folder, file) = lab();
        let opened = File::open(&file).unwrap();
        let magic = PathBuf::from(format!("/proc/self/fd/{}", opened.as_raw_fd()));
        assert_eq!(open(&magic).unwrap().unwrap().places.last(), Some(&file));
        std::fs::rename(&file, folder.join("moved")).unwrap();
        std::fs::remove_file(folder.join("moved")).unwrap();
        std::fs::write(folder.join("moved (deleted)"), "").unwrap();
        assert!(open(&magic).unwrap_err().message.ends_with("the place of the file cannot be determined"));
    }
}
