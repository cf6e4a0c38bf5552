//! Detection of the system's own files, of file systems without owners and modes, and of read-only mounts.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use super::super::projects;

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
/// The folders in which packages and administrators install certificates. As root, a clone's files are root's as
/// well, so that only these count as the system's.
const INSTALLED: [&str; 6] = ["/etc", "/usr", "/opt", "/var/lib", "/Library", "/System"];
/// The folders whose files belong to root although any user can decide the contents: the stores of Nix and Guix,
/// and removable disks.
const FILLED_BY_USERS: [&str; 5] = ["/nix/store", "/gnu/store", "/media", "/run/media", "/Volumes"];

/// Returns whether the administrator chose the contents of the file at `path`, which belongs to root. All links in
/// `path` must be resolved. For root every file is root's, so that only what was installed counts.
pub(super) fn is_systems_own(path: &Path) -> bool {
    let is_roots_word = !is_example(path) && !is_filled_by_users(path) && FileSystem::at(path) == FileSystem::Usual;
    is_roots_word && (rustix::process::geteuid().as_raw() != 0 || is_installed(path))
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

/// Returns whether the file at `path`, which belongs to root, was installed. A file counts as installed if it is in one
/// of the system's folders, and in no project around the current folder.
fn is_installed(path: &Path) -> bool {
    let is_projects = projects::Here::now().is_some_and(|here| here.project_of(path).is_some());
    INSTALLED.iter().any(|folder| path.starts_with(folder)) && !is_projects
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
    pub(super) fn at(path: &Path) -> Self {
        // The type is an integer whose width and sign depend on the platform; the magic numbers have 32 bits.
        #[allow(clippy::cast_sign_loss, clippy::cast_possible_truncation, reason = "only the lower 32 bits count")]
        match rustix::fs::statfs(path).map(|found| found.f_type as u32) {
            Ok(0x6573_5546) => Self::Fuse,
            Ok(magic) if Self::WITHOUT_MODES.contains(&magic) => Self::WithoutModes,
            _ => Self::Usual,
        }
    }

    #[cfg(not(target_os = "linux"))]
    pub(super) fn at(_: &Path) -> Self {
        Self::Usual
    }
}

/// Returns true if the file or folder at `path` is on a read-only mount and cannot be reached through a writable mount.
/// So are the files that Kubernetes makes of a ConfigMap, whose folder has the mode 0777. Processes that see other
/// mounts, such as those of the host, do not count.
pub(super) fn is_read_only(path: &Path, found: &Metadata) -> bool {
    #[allow(clippy::useless_conversion, reason = "the type of a device number differs between systems")]
    let Some(device) = rustix::fs::Dev::try_from(found.dev()).ok() else { return false };
    let device = format!("{}:{}", rustix::fs::major(device), rustix::fs::minor(device));
    std::fs::read_to_string("/proc/self/mountinfo").is_ok_and(|mounts| is_read_only_in(&mounts, path, &device))
}

/// Returns the same result as [`is_read_only`]. `mounts` holds the lines of `/proc/self/mountinfo` (proc(5)), and
/// `device` is the device number of the file or folder.
pub(super) fn is_read_only_in(mounts: &str, path: &Path, device: &str) -> bool {
    let mounts: Vec<Mount> = mounts.lines().filter_map(Mount::of).collect();
    // The last of several mounts at one place hides the others.
    let deepest = mounts.iter().filter(|mount| path.starts_with(&mount.point)).max_by_key(|mount| mount.point.len());
    let own = deepest.and_then(|deepest| mounts.iter().rfind(|mount| mount.point == deepest.point));
    let Some(own) = own.filter(|own| own.device == device && own.is_read_only) else { return false };
    let Ok(below) = path.strip_prefix(&own.point) else { return false };
    let within = Path::new(&own.root).join(below);
    mounts
        .iter()
        .filter(|other| other.device == device)
        .all(|other| other.is_read_only || !within.starts_with(&other.root))
}

/// A mount, parsed from a line of `/proc/self/mountinfo`.
struct Mount {
    device: String,
    /// The path, within the mounted file system, of the folder that appears at the mount point.
    root: String,
    /// The mount point: the path at which the file system is mounted.
    point: String,
    is_read_only: bool,
}

impl Mount {
    fn of(line: &str) -> Option<Self> {
        let (fields, system) = line.split_once(" - ")?;
        let fields: Vec<&str> = fields.split(' ').collect();
        let [_, _, device, root, point, options, ..] = fields[..] else { return None };
        let is_read_only = |options: &str| options.split(',').any(|option| option == "ro");
        let is_read_only = is_read_only(options) || system.split(' ').nth(2).is_some_and(is_read_only);
        Some(Self { device: device.to_owned(), root: plain(root), point: plain(point), is_read_only })
    }
}

/// Decodes the octal escapes for spaces, tabs, newlines and backslashes in a path from `/proc/self/mountinfo`.
fn plain(path: &str) -> String {
    let codes = [("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")];
    codes.iter().fold(path.to_owned(), |path, (code, plain)| path.replace(code, plain))
}
