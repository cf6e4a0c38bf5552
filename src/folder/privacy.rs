//! Whether a folder or a file is ours alone; whatever is not, is refused.

use std::fs::{File, OpenOptions};
use std::io::ErrorKind;
use std::path::Path;

use anyhow::{Context, Result};

use crate::error::{Failure, Kind};

fn refused(path: &Path, fault: &str) -> Failure {
    Failure::new(Kind::Failed, format!("refusing to use {}: {fault}", path.display()))
}

/// Opens flags that follow no link in the last component, and never wait (a fifo would).
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

/// Whether the folder exists and is this user's alone; a mode that is too wide is narrowed to 0700 first.
pub(super) fn folder(path: &Path) -> Result<bool> {
    match std::fs::symlink_metadata(path) {
        Ok(found) if found.is_symlink() => {
            return Err(refused(path, "it is a symbolic link").hint("put a folder of your own in its place").into());
        }
        Ok(found) if !found.is_dir() => return Err(refused(path, "it is not a folder").into()),
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error).with_context(|| format!("cannot look at {}", path.display())),
    }
    #[cfg(unix)]
    unix::folder(path)?;
    Ok(true)
}

/// Refuses an open file that is not a plain one, has a second name, or belongs to somebody else; a mode that is too
/// wide is narrowed to 0600.
pub(super) fn file(file: &File, path: &Path) -> Result<()> {
    let found = file.metadata().with_context(|| format!("cannot look at {}", path.display()))?;
    if !found.is_file() {
        return Err(refused(path, "it is not a plain file").into());
    }
    #[cfg(unix)]
    unix::file(file, &found, path)?;
    Ok(())
}

/// Says "a symbolic link" where the system only says "too many levels".
pub(super) fn open_error(error: std::io::Error, path: &Path) -> anyhow::Error {
    if std::fs::symlink_metadata(path).is_ok_and(|found| found.is_symlink()) {
        return refused(path, "it is a symbolic link").hint("remove it").into();
    }
    anyhow::Error::new(error).context(format!("cannot open {}", path.display()))
}

/// Refuses a folder that stands where any user can exchange it: below a world-writable folder without the sticky bit.
pub(super) fn place(path: &Path) -> Result<()> {
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

    use super::{Context, File, OpenOptions, Path, Result, refused};

    const OTHERS: u32 = 0o077;
    const WORLD_WRITABLE: u32 = 0o002;
    const STICKY: u32 = 0o1000;

    fn owner(found: &Metadata, path: &Path) -> Result<()> {
        let me = rustix::process::geteuid().as_raw();
        if found.uid() == me {
            return Ok(());
        }
        let fault = format!("it belongs to user {}, and this is user {me}", found.uid());
        Err(refused(path, &fault).hint("run cogfed as that user, or set XDG_STATE_HOME to a folder of your own").into())
    }

    fn narrowed(handle: &File, found: &Metadata, mode: u32, path: &Path) -> Result<()> {
        if found.mode() & OTHERS == 0 {
            return Ok(());
        }
        // Some file systems (FAT, some mounts of Windows disks) accept the call and change nothing: look again.
        let narrow = handle.set_permissions(Permissions::from_mode(mode)).and_then(|()| handle.metadata());
        if narrow.is_ok_and(|now| now.mode() & OTHERS == 0) {
            return Ok(());
        }
        let fault =
            format!("other users have access to it (mode {:04o}), and that cannot be changed", found.mode() & 0o7777);
        Err(refused(path, &fault).hint("set XDG_STATE_HOME to a folder on a file system that keeps permissions").into())
    }

    pub(super) fn folder(path: &Path) -> Result<()> {
        // By handle, so that what is checked is what is changed.
        let flags = (OFlags::NOFOLLOW | OFlags::DIRECTORY).bits() as i32;
        let handle = OpenOptions::new()
            .read(true)
            .custom_flags(flags)
            .open(path)
            .with_context(|| format!("cannot open the folder {}", path.display()))?;
        let found = handle.metadata().with_context(|| format!("cannot look at {}", path.display()))?;
        owner(&found, path)?;
        narrowed(&handle, &found, 0o700, path)
    }

    pub(super) fn file(file: &File, found: &Metadata, path: &Path) -> Result<()> {
        owner(found, path)?;
        if found.nlink() > 1 {
            return Err(refused(path, "the file has a second name (a hard link)").hint("remove it").into());
        }
        narrowed(file, found, 0o600, path)
    }

    pub(super) fn place(path: &Path) -> Result<()> {
        let Some(parent) = path.parent() else { return Ok(()) };
        let parent = parent.canonicalize().with_context(|| format!("cannot look at {}", parent.display()))?;
        for above in parent.ancestors() {
            let mode = std::fs::metadata(above).with_context(|| format!("cannot look at {}", above.display()))?.mode();
            if mode & WORLD_WRITABLE != 0 && mode & STICKY == 0 {
                let fault = format!("every user can rename what is in {}", above.display());
                return Err(refused(path, &fault).hint(format!("chmod o-w {}", above.display())).into());
            }
        }
        Ok(())
    }
}
