//! The users who can change a file, determined from the owners and modes along the path to the file.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

use nix::unistd::{Gid, Group, Uid, User};

use super::system::{FileSystem, is_read_only, is_systems_own};
use super::{Change, Exposed, Kind, Step, Unopened, Way, Writers};

const STICKY: u32 = 0o1000;
const GROUP_WRITABLE: u32 = 0o020;
const WORLD_WRITABLE: u32 = 0o002;
/// The lowest id of a group that ordinary users may be members of. Distributions reserve the groups below, such as
/// `staff`, for administrators.
const FIRST_SHARED_GROUP: u32 = 100;
/// The id of the group of administrators on macOS.
const MACOS_ADMIN: u32 = 80;

impl Way {
    /// Returns the users who can change the file that this `Way` leads to, or the reason why cogfed must not use the
    /// file. `opened` is the metadata of the open file.
    ///
    /// # Errors
    /// [`Unopened::Displaced`] if the way leads to another file than the one that was opened: a link in /proc may lead to a
    /// file that its text does not name, and a step may change meanwhile.
    pub(super) fn writers(&mut self, opened: Metadata) -> Result<Result<Writers, Exposed>, Unopened> {
        let id = |found: &Metadata| (found.dev(), found.ino());
        match self.steps.last_mut().filter(|last| id(&last.found) == id(&opened)) {
            Some(last) => last.found = opened,
            None => return Err(Unopened::Displaced),
        }
        Ok(self.exposed().map_or_else(|| Ok(self.trusted_writers()), Err))
    }

    fn exposed(&self) -> Option<Exposed> {
        let of = |step: &Step, change| Exposed { path: step.path.clone(), kind: kind(&step.found), change };
        if let Some(step) = self.steps.iter().find(|step| others(step) == Others::Owner) {
            return Some(of(step, Change::Own(step.found.uid())));
        }
        let writable: Vec<&Step> = self.steps.iter().filter(|step| others(step) == Others::Everybody).collect();
        let paths: Vec<PathBuf> = writable.iter().map(|step| step.path.clone()).collect();
        Some(of(writable.first()?, Change::Write(paths)))
    }

    /// Returns the users who can change the file. Called only after `exposed` returned `None`.
    fn trusted_writers(&self) -> Writers {
        if self.steps.iter().any(|step| others(step) == Others::Unknown) {
            return Writers::Unknown;
        }
        let mut around = self.steps.iter().filter(|step| self.end.starts_with(&step.path));
        match around.all(|step| is_roots(&step.found)) && is_systems_own(&self.end) {
            true => Writers::Root,
            false => Writers::User,
        }
    }
}

fn kind(found: &Metadata) -> Kind {
    match (found.is_symlink(), found.is_dir()) {
        (true, _) => Kind::Link,
        (_, true) => Kind::Folder,
        _ => Kind::File,
    }
}

fn others(step: &Step) -> Others {
    let me = rustix::process::geteuid().as_raw();
    let others = Found::of(&step.found).changed_by(me, |gid| is_own_group(gid, me), || FileSystem::at(&step.path));
    match others {
        // What nobody can write to through this mount, its mode does not open.
        Others::Everybody if is_read_only(&step.path, &step.found) => Others::Nobody,
        others => others,
    }
}

/// Returns whether only root can change a file or replace the files in a folder, given the metadata `found`. Every
/// group counts as other users, even root's own group.
fn is_roots(found: &Metadata) -> bool {
    let is_writable = match found.is_dir() && found.mode() & STICKY != 0 {
        // A shared folder such as /tmp never counts.
        true => found.mode() & WORLD_WRITABLE != 0,
        false => found.mode() & (GROUP_WRITABLE | WORLD_WRITABLE) != 0,
    };
    found.uid() == 0 && !is_writable
}

/// The users, apart from this user and root, who can change a file, folder or link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Others {
    Nobody,
    /// The owner, who is neither this user nor root.
    Owner,
    /// All users, or all members of a group.
    Everybody,
    /// The users are unknown, because the file system or the user namespace does not show the true owner and mode.
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

    /// Returns the users, apart from `me` and root, who can change the file, folder or link. `is_own_group` tells the groups
    /// without other members.
    pub(super) fn changed_by(
        self,
        me: u32,
        is_own_group: impl Fn(u32) -> bool,
        system: impl Fn() -> FileSystem,
    ) -> Others {
        let is_mapped = [0, me].contains(&self.uid) || !is_unmapped(self.uid);
        if ![0, me].contains(&self.uid) && is_mapped {
            return if system() == FileSystem::WithoutModes { Others::Unknown } else { Others::Owner };
        }
        // A link has no mode of its own. In a folder with the sticky bit, nobody can replace what is another's.
        if self.is_link || (self.is_folder && self.mode & STICKY != 0) {
            return Others::Nobody;
        }
        let by_group = self.mode & GROUP_WRITABLE != 0 && !is_own_group(self.gid);
        match self.mode & WORLD_WRITABLE != 0 || by_group {
            true if system() == FileSystem::Usual => Others::Everybody,
            true => Others::Unknown,
            // Root appears so in a sandbox that maps this user alone. As a folder's owner it is nobody else there.
            false if !is_mapped && !self.is_folder => Others::Unknown,
            false => Others::Nobody,
        }
    }
}

/// Returns whether a group has no ordinary members except the user with the id `me`. Such a group is a group of
/// administrators or the user's private group. A private group has the user's name, as distributions with the umask 002 make it
/// for each user. A group without an entry, as in a container, counts by its id.
fn is_own_group(gid: u32, me: u32) -> bool {
    let is_administrators = match cfg!(target_os = "macos") {
        true => gid == MACOS_ADMIN,
        false => cfg!(target_os = "linux") && gid < FIRST_SHARED_GROUP,
    };
    let is_private = || {
        let Some(group) = Group::from_gid(Gid::from_raw(gid)).ok().flatten() else { return gid == me };
        let user = User::from_uid(Uid::from_raw(me)).ok().flatten().map(|user| user.name);
        user.is_some_and(|user| group.name == user && group.mem.iter().all(|member| *member == user))
    };
    gid == 0 || is_administrators || is_private()
}

/// Returns whether a user id is the placeholder for all users that this user namespace does not map, such as the
/// system's root.
fn is_unmapped(uid: u32) -> bool {
    let number = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    cfg!(target_os = "linux")
        && number("/proc/sys/kernel/overflowuid").trim().parse() == Ok(uid)
        && number("/proc/self/uid_map").split_whitespace().nth(2).is_some_and(|count| count != "4294967295")
}
