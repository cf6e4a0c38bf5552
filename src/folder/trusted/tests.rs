//! Tests of the users who can change a file, by the owners and modes along its path.

use std::fs::Permissions;
use std::os::unix::fs::{PermissionsExt, chown, lchown, symlink};

use super::owners::{Found, Others};
use super::system::{FileSystem, is_example, is_filled_by_users, is_read_only_in};
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

fn writers(path: &Path) -> Result<Writers, Exposed> {
    open(path).unwrap().writers
}

fn exposed(path: &Path) -> (String, String) {
    let exposed = writers(path).unwrap_err();
    (exposed.of_it(), exposed.hint())
}

#[test]
fn folders_that_others_can_write_to_are_refused() {
    let (temp, folder, file) = lab();
    let above = temp.path().canonicalize().unwrap();
    for (mode, is_fine) in
        [(0o700, true), (0o755, true), (0o1777, true), (0o777, false), (0o757, false), (0o702, false)]
    {
        for path in [&folder, &above] {
            change(path, mode);
            let command = format!("chmod go-w {}", path.display());
            let said = (format!("others may write to the folder {}", path.display()), command);
            match is_fine {
                true => assert_eq!(writers(&file), Ok(Writers::User), "{mode:o} {}", path.display()),
                false => assert_eq!(exposed(&file), said, "{mode:o}"),
            }
            change(path, 0o700);
        }
    }
    change(&folder, 0o777);
    change(&file, 0o666);
    let (_, hint) = exposed(&file);
    assert_eq!(hint, format!("chmod go-w {} {}", folder.display(), file.display()), "one command for all");
}

#[test]
fn file_that_a_shared_group_can_change_is_refused() {
    let (_temp, folder, file) = lab();
    if chown(&folder, None, Some(54_321)).is_err() || chown(&file, None, Some(54_321)).is_err() {
        return println!("skipped: this user is in no such group");
    }
    for (path, odd, usual) in [(&folder, 0o775, 0o755), (&file, 0o664, 0o644)] {
        change(path, odd);
        assert_eq!(writers(&file).unwrap_err().to_string(), format!("others may write to {}", path.display()));
        change(path, usual);
        assert_eq!(writers(&file), Ok(Writers::User));
    }
}

#[test]
fn folders_around_every_link_to_the_file_are_checked() {
    let (temp, folder, file) = lab();
    let other = temp.path().canonicalize().unwrap().join("other");
    std::fs::create_dir(&other).unwrap();
    symlink("../folder/../folder/file", other.join("link")).unwrap();
    symlink(&other, folder.join("here")).unwrap();
    let path = folder.join("here/./link");
    assert_eq!(open(&path).unwrap().places, [folder.join("here"), other.join("link"), file]);
    change(&other, 0o777);
    assert_eq!(exposed(&path).0, format!("others may write to the folder {}", other.display()));
}

#[test]
fn links_and_folders_of_another_user_are_refused() {
    let (temp, folder, file) = lab();
    let link = temp.path().canonicalize().unwrap().join("link");
    symlink(&file, &link).unwrap();
    let (me, other) = (Some(rustix::process::geteuid().as_raw()), Some(54_321));
    if lchown(&link, other, None).is_err() {
        return println!("skipped in part: only root can give a file to another user");
    }
    assert_eq!(exposed(&link).0, format!("the link {} belongs to another user", link.display()));
    assert_eq!(writers(&link).unwrap_err().to_string(), format!("{} belongs to user 54321", link.display()));
    lchown(&link, me, None).unwrap();
    assert_eq!(writers(&link), Ok(Writers::User));
    for path in [&folder, &file] {
        chown(path, other, None).unwrap();
        assert!(exposed(&link).0.ends_with("belongs to another user"));
        chown(path, me, None).unwrap();
    }
    assert_eq!(writers(&link), Ok(Writers::User));
}

#[test]
fn missing_irregular_and_looping_files_are_not_opened() {
    let (_temp, folder, file) = lab();
    let failed = |path: &Path| match open(path) {
        Err(Unopened::Failed(error)) => error.kind(),
        other => panic!("{other:?}"),
    };
    assert_eq!(failed(&folder.join("none")), io::ErrorKind::NotFound);
    assert_eq!(failed(&folder.join("none/below")), io::ErrorKind::NotFound);
    assert_eq!(failed(&file.join("below")), io::ErrorKind::NotADirectory, "nothing is below a file");
    symlink("loop", folder.join("loop")).unwrap();
    assert!(matches!(open(&folder.join("loop")), Err(Unopened::Failed(_))));
    symlink("gone", folder.join("dangling")).unwrap();
    assert_eq!(failed(&folder.join("dangling")), io::ErrorKind::NotFound);
    assert!(matches!(open(&folder), Err(Unopened::Irregular)));
}

#[cfg(target_os = "linux")]
#[test]
fn file_that_its_path_does_not_name_is_refused() {
    use std::os::fd::AsRawFd;
    let (_temp, folder, file) = lab();
    let opened = File::open(&file).unwrap();
    let magic = PathBuf::from(format!("/proc/self/fd/{}", opened.as_raw_fd()));
    assert_eq!(open(&magic).unwrap().places.last(), Some(&file));
    std::fs::rename(&file, folder.join("moved")).unwrap();
    std::fs::remove_file(folder.join("moved")).unwrap();
    std::fs::write(folder.join("moved (deleted)"), "").unwrap();
    assert!(matches!(open(&magic), Err(Unopened::Displaced)));
}

#[test]
fn what_is_read_is_what_was_checked() {
    use std::io::Read;
    let (_temp, folder, file) = lab();
    std::fs::write(&file, "checked").unwrap();
    let mut opened = open(&file).unwrap();
    std::fs::write(folder.join("other"), "put in its place").unwrap();
    std::fs::rename(folder.join("other"), &file).unwrap();
    let mut text = String::new();
    opened.file.read_to_string(&mut text).unwrap();
    assert_eq!(text, "checked");
}

#[test]
fn owner_and_mode_count_only_where_the_file_system_keeps_them() {
    let of = |uid, mode| Found { uid, gid: 54_321, mode, is_folder: false, is_link: false };
    let me = 1000;
    for (found, usual, without, fuse) in [
        (of(1000, 0o644), Others::Nobody, Others::Nobody, Others::Nobody),
        (of(0, 0o644), Others::Nobody, Others::Nobody, Others::Nobody),
        (of(1000, 0o777), Others::Everybody, Others::Unknown, Others::Unknown),
        (of(1000, 0o664), Others::Everybody, Others::Unknown, Others::Unknown),
        (of(4321, 0o644), Others::Owner, Others::Unknown, Others::Owner),
        (of(4321, 0o777), Others::Owner, Others::Unknown, Others::Owner),
        (Found { gid: 1000, ..of(1000, 0o664) }, Others::Nobody, Others::Nobody, Others::Nobody),
        (Found { is_folder: true, ..of(0, 0o1777) }, Others::Nobody, Others::Nobody, Others::Nobody),
        (Found { is_link: true, ..of(1000, 0o777) }, Others::Nobody, Others::Nobody, Others::Nobody),
    ] {
        for (system, expected) in
            [(FileSystem::Usual, usual), (FileSystem::WithoutModes, without), (FileSystem::Fuse, fuse)]
        {
            assert_eq!(found.changed_by(me, |gid| gid == me, || system), expected, "{found:?} {system:?}");
        }
    }
}

#[test]
fn only_installed_files_are_roots() {
    assert_eq!(writers(Path::new("/etc/passwd")), Ok(Writers::Root));
    assert_eq!(writers(Path::new("/usr/../etc/./passwd")), Ok(Writers::Root));
    let (temp, _, file) = lab();
    let link = temp.path().canonicalize().unwrap().join("link");
    symlink("/etc/passwd", &link).unwrap();
    assert_eq!(writers(&link), Ok(Writers::Root), "the file itself counts");
    assert_eq!(writers(&file), Ok(Writers::User));
    for (path, expected) in [
        ("/usr/share/doc/x/examples/ca.pem", true),
        ("/usr/lib/python3/test/certdata/pycacert.pem", true),
        ("/usr/lib/x/tests/ca.pem", true),
        ("/usr/lib/x/test_data/ca.pem", true),
        ("/opt/latest/contest.pem", false),
        ("/usr/local/share/ca-certificates/corp.crt", false),
    ] {
        assert_eq!(is_example(Path::new(path)), expected, "{path}");
    }
}

#[test]
fn stores_that_any_user_fills_say_nothing_for_root() {
    for path in ["/nix/store/abc-source/evil.pem", "/gnu/store/abc/ca.pem", "/run/media/ada/stick/ca.pem"] {
        assert!(is_filled_by_users(Path::new(path)), "{path}");
    }
    for path in ["/etc/ssl/certs/ca.pem", "/nix/storehouse/ca.pem", "/usr/local/share/ca.pem"] {
        assert!(!is_filled_by_users(Path::new(path)), "{path}");
    }
}

#[test]
fn read_only_mount_counts_if_no_writable_one_leads_there() {
    // In a pod: a ConfigMap and a file of the node's disk, a volume that is mounted twice, and one on a file system of its own.
    let mounts = "\
1 0 0:50 / / rw,relatime - overlay overlay rw,lowerdir=/x
2 1 259:1 /pods/u/volumes/config /etc/config ro,relatime - ext4 /dev/nvme0n1p1 rw
3 1 259:1 /pods/u/etc-hosts /etc/hosts rw,relatime - ext4 /dev/nvme0n1p1 rw
4 1 259:1 /pods/u/volumes/data /data rw,relatime - ext4 /dev/nvme0n1p1 rw
5 1 259:1 /pods/u/volumes/data/part /part ro,relatime - ext4 /dev/nvme0n1p1 rw
6 1 8:1 / /media/a\\040disk rw,relatime - iso9660 /dev/sr0 ro
7 1 0:60 / /hidden ro - tmpfs tmpfs rw
8 1 0:61 / /hidden rw - tmpfs tmpfs rw
";
    for (path, device, expected) in [
        ("/etc/config/config.toml", "259:1", true),
        ("/etc/config", "259:1", true),
        ("/etc/hosts", "259:1", false),
        ("/part/file", "259:1", false),
        ("/media/a disk/file", "8:1", true),
        ("/hidden/file", "0:61", false),
        ("/hidden/file", "0:60", false),
        ("/etc/passwd", "0:50", false),
        ("/etc/config/other", "0:70", false),
    ] {
        assert_eq!(is_read_only_in(mounts, Path::new(path), device), expected, "{path}");
    }
}
