//! Tests of the users who can change a file, by the owners and modes along its path.

use std::os::unix::fs::{PermissionsExt, chown, symlink};

use super::unix::{FileSystem, Found, Others, is_filled_by_users};
use super::*;

fn mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

/// Creates a temporary folder that holds a folder with a file, and returns the temporary folder and both paths.
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
    if chown(&folder, None, Some(54_321)).is_ok() {
        mode(&folder, 0o775);
        assert_eq!(writers(&file).unwrap(), Err(Exposed::Writable(folder.clone())), "a group's");
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
            assert_eq!(found.changed_by(me, || system), expected, "{found:?} {system:?}");
        }
    }
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

#[test]
fn stores_that_any_user_fills_say_nothing_for_root() {
    for path in ["/nix/store/abc-source/evil.pem", "/gnu/store/abc/ca.pem", "/run/media/ada/stick/ca.pem"] {
        assert!(is_filled_by_users(Path::new(path)), "{path}");
    }
    for path in ["/etc/ssl/certs/ca.pem", "/nix/storehouse/ca.pem", "/usr/local/share/ca.pem"] {
        assert!(!is_filled_by_users(Path::new(path)), "{path}");
    }
}
