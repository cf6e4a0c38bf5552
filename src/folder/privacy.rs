//! Privacy checks of folders and files: cogfed refuses any that do not belong to this user alone.

use std::fs::{File, OpenOptions};
use std::io::ErrorKind;
use std::path::Path;

use super::{unwritable, user_folders};
use crate::error::{Failure, Kind, Within};

fn refused(path: &Path, fault: &str) -> Failure {
    Failure::new(Kind::Failed, format!("refusing to use {}: {fault}", path.display()))
}

/// Returns options that open a file without blocking on a FIFO, and that refuse a symbolic link as the last component
/// of the path.
pub(super) fn options() -> OpenOptions {
    #[cfg_attr(not(unix), allow(unused_mut, reason = "only Unix has something to set"))]
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;

        use rustix::fs::OFlags;
        options.mode(0o600).custom_flags((OFlags::NOFOLLOW | OFlags::NONBLOCK).bits() as i32);
    }
    options
}

/// Checks that the folder belongs to this user only, and tightens a more permissive mode to 0700. Returns false if
/// there is no folder.
pub(super) fn folder(path: &Path) -> Result<bool, Failure> {
    match std::fs::symlink_metadata(path) {
        Ok(found) if found.is_symlink() => {
            return Err(refused(path, "it is a symbolic link").hint("put a folder of your own in its place"));
        }
        Ok(found) if !found.is_dir() => {
            return Err(
                refused(path, "it is not a folder").hint(user_folders::state_in("a folder that can be written to"))
            );
        }
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(unwritable::failure(&error, format!("cannot look at {}", path.display()))),
    }
    #[cfg(unix)]
    unix::folder(path)?;
    Ok(true)
}

/// Refuses an open file that is not a regular file, has more than one hard link, or belongs to another user. Narrows a
/// wider mode to 0600.
pub(super) fn file(file: &File, path: &Path) -> Result<(), Failure> {
    let found = file.metadata().within(|| format!("cannot look at {}", path.display()))?;
    if !found.is_file() {
        return Err(refused(path, "it is not a plain file"));
    }
    #[cfg(unix)]
    unix::file(file, &found, path)?;
    Ok(())
}

/// Returns the failure for a file that cannot be opened, and names a symbolic link at `path` as the cause if there is
/// one. The system only reports too many levels.
pub(super) fn open_error(error: std::io::Error, path: &Path) -> Failure {
    if std::fs::symlink_metadata(path).is_ok_and(|found| found.is_symlink()) {
        return refused(path, "it is a symbolic link").hint("remove it");
    }
    unwritable::failure(&error, format!("cannot open {}", path.display()))
}

/// Refuses a folder that any user can replace, because a parent is world-writable and has no sticky bit.
pub(super) fn place(path: &Path) -> Result<(), Failure> {
    #[cfg(unix)]
    unix::place(path)?;
    #[cfg(not(unix))]
    let _ = path;
    Ok(())
}

#[cfg(unix)]
mod unix {
    use std::fs::{Metadata, Permissions};
    use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};

    use rustix::fs::OFlags;

    use super::{Failure, File, OpenOptions, Path, Within, refused, user_folders};

    const OTHERS: u32 = 0o077;
    const WORLD_WRITABLE: u32 = 0o002;
    const STICKY: u32 = 0o1000;

    fn owner(found: &Metadata, path: &Path) -> Result<(), Failure> {
        let me = rustix::process::geteuid().as_raw();
        if found.uid() == me {
            return Ok(());
        }
        let fault = format!("it belongs to user {}, and this is user {me}", found.uid());
        Err(refused(path, &fault).hint(format!(
            "{}: users cannot share one, not even those of a container and its host",
            user_folders::state_in("a folder of your own")
        )))
    }

    fn narrowed(handle: &File, found: &Metadata, mode: u32, path: &Path) -> Result<(), Failure> {
        if found.mode() & OTHERS == 0 {
            return Ok(());
        }
        // Some file systems (FAT, some mounts of Windows disks) accept the call and change nothing, so the mode is read
        // again.
        let narrow = handle.set_permissions(Permissions::from_mode(mode)).and_then(|()| handle.metadata());
        if narrow.is_ok_and(|now| now.mode() & OTHERS == 0) {
            return Ok(());
        }
        let fault =
            format!("other users have access to it (mode {:04o}), and that cannot be changed", found.mode() & 0o7777);
        Err(refused(path, &fault).hint("set XDG_STATE_HOME to a folder on a file system that keeps permissions"))
    }

    pub(super) fn folder(path: &Path) -> Result<(), Failure> {
        // The mode is changed by handle, so that the folder that was checked is the one that changes.
        let flags = (OFlags::NOFOLLOW | OFlags::DIRECTORY).bits() as i32;
        let handle = OpenOptions::new()
            .read(true)
            .custom_flags(flags)
            .open(path)
            .within(|| format!("cannot open the folder {}", path.display()))?;
        let found = handle.metadata().within(|| format!("cannot look at {}", path.display()))?;
        owner(&found, path)?;
        narrowed(&handle, &found, 0o700, path)
    }

    pub(super) fn file(file: &File, found: &Metadata, path: &Path) -> Result<(), Failure> {
        owner(found, path)?;
        if found.nlink() > 1 {
            return Err(refused(path, "the file has a second name (a hard link)").hint("remove it"));
        }
        narrowed(file, found, 0o600, path)
    }

    pub(super) fn place(path: &Path) -> Result<(), Failure> {
        let Some(parent) = path.parent() else { return Ok(()) };
        let parent = parent.canonicalize().within(|| format!("cannot look at {}", parent.display()))?;
        for above in parent.ancestors() {
            let mode = std::fs::metadata(above).within(|| format!("cannot look at {}", above.display()))?.mode();
            if mode & WORLD_WRITABLE != 0 && mode & STICKY == 0 {
                let fault = format!("every user can rename what is in {}", above.display());
                return Err(refused(path, &fault).hint(format!("chmod o-w {}", above.display())));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};

    use super::*;

    fn message(result: Result<(), Failure>) -> String {
        result.unwrap_err().to_string()
    }

    /// Returns a folder and a file that belong to another user, created below `temp` if the test runs as root. Without
    /// root, finds some that belong to the system.
    fn of_another_user(temp: &Path) -> Option<[std::path::PathBuf; 2]> {
        let me = rustix::process::geteuid().as_raw();
        let given = [temp.join("folder"), temp.join("file")];
        std::fs::create_dir(&given[0]).unwrap();
        std::fs::write(&given[1], "").unwrap();
        if given.iter().all(|path| chown(path, Some(me + 1), None).is_ok()) {
            return Some(given);
        }
        let found = ["/".into(), "/etc/passwd".into()];
        found.iter().all(|path| std::fs::metadata(path).is_ok_and(|found| found.uid() != me)).then_some(found)
    }

    #[test]
    fn files_of_another_user_are_refused() {
        let temp = tempfile::tempdir().unwrap();
        let Some([other_folder, other_file]) = of_another_user(temp.path()) else {
            println!("skipped: nothing here belongs to another user, and nothing can be given away");
            return;
        };
        let said = message(folder(&other_folder).map(drop));
        assert!(
            said.starts_with(&format!("refusing to use {}: it belongs to user ", other_folder.display())),
            "{said}"
        );
        let said = message(file(&File::open(&other_file).unwrap(), &other_file));
        assert!(said.starts_with(&format!("refusing to use {}: it belongs to user ", other_file.display())), "{said}");
    }

    #[test]
    fn mode_without_rights_for_others_is_left_alone() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("file");
        std::fs::write(&path, "").unwrap();
        let mode = |path: &Path| std::fs::metadata(path).unwrap().mode() & 0o7777;
        let change = |path: &Path, mode| std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
        change(&path, 0o400);
        file(&File::open(&path).unwrap(), &path).unwrap();
        assert_eq!(mode(&path), 0o400);
        change(temp.path(), 0o500);
        assert!(folder(temp.path()).unwrap());
        assert_eq!(mode(temp.path()), 0o500);
        change(temp.path(), 0o700);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn open_mode_that_cannot_be_changed_is_refused() {
        // Files of this process, readable by all. No mode in proc(5) can be changed.
        let said = message(folder(Path::new("/proc/self/task")).map(drop));
        assert!(said.contains("other users have access to it (mode 0555), and that cannot be changed"), "{said}");
        let path = Path::new("/proc/self/stat");
        let said = message(file(&File::open(path).unwrap(), path));
        assert!(said.contains("other users have access to it (mode 0444), and that cannot be changed"), "{said}");
    }

    #[test]
    fn unreadable_folder_is_not_taken_for_a_missing_one() {
        let temp = tempfile::tempdir().unwrap();
        let plain = temp.path().join("plain");
        std::fs::write(&plain, "").unwrap();
        let said = message(folder(&plain.join("below")).map(drop));
        assert!(said.starts_with("cannot look at "), "{said}");
        assert!(!folder(&temp.path().join("missing")).unwrap());
    }

    #[test]
    fn folder_replaced_after_the_check_is_not_followed() {
        let temp = tempfile::tempdir().unwrap();
        let (real, link, plain) = (temp.path().join("real"), temp.path().join("link"), temp.path().join("plain"));
        std::fs::create_dir(&real).unwrap();
        std::fs::write(&plain, "").unwrap();
        symlink(&real, &link).unwrap();
        unix::folder(&real).unwrap();
        for other in [&link, &plain] {
            let said = message(unix::folder(other));
            assert!(said.starts_with("cannot open the folder "), "{said}");
        }
    }
}
