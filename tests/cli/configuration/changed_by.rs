//! Tests of the check for users who can change the configuration: private and shared groups, and read-only mounts.

#![cfg(target_os = "linux")]

use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::path::Path;
use std::process::Command;

use cogfed_test_support::{Ran, program, skip_anywhere};

const PROFILE: &str = "[profile.internal]
user_pool_id = 'eu-west-1_AbC123xyz'
client_id = '3n4b5urk1ft4fl3mg5e62d9ado'
domain = 'corp.auth.eu-west-1.amazoncognito.com'
identity_pool_id = 'eu-west-1:1cf667a2-49a6-454b-9e45-23199EXAMPLE'
";

fn mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

/// Runs `cogfed profile show` in a new mount namespace, by means of a shell script. Its arguments are the temporary
/// folder, the program and the configuration. Returns `None` if no mount namespace can be made.
fn within(flags: &[&str], script: &str, folder: &Path, config: &Path) -> Option<Ran> {
    let copy = folder.join("cogfed");
    if !copy.exists() {
        std::fs::copy(program(), &copy).unwrap();
    }
    let mut command = Command::new("unshare");
    command.args(flags).args(["sh", "-ec", script, "sh"]).arg(folder).arg(copy).arg(config);
    command.env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").env("HOME", folder).current_dir("/");
    match command.output().map(Ran::from) {
        Ok(ran) if !["unshare:", "mount:", "setpriv:"].iter().any(|fault| ran.stderr.contains(fault)) => Some(ran),
        _ => {
            skip_anywhere("this test needs unshare, setpriv, and a kernel that lets us mount");
            None
        }
    }
}

#[test]
fn umask_002_with_a_private_group_is_fine() {
    const SCRIPT: &str = "mount --bind \"$1/passwd\" /etc/passwd; mount --bind \"$1/group\" /etc/group
        exec setpriv --reuid 54321 --regid 54321 --clear-groups \"$2\" --config \"$3\" profile show";
    let temp = tempfile::tempdir().unwrap();
    let folder = temp.path().join("folder");
    std::fs::create_dir(&folder).unwrap();
    let config = folder.join("config.toml");
    std::fs::write(&config, PROFILE).unwrap();
    if chown(&config, Some(54_321), Some(54_321)).is_err() || chown(&folder, Some(54_321), Some(54_321)).is_err() {
        return skip_anywhere("only root can give a file away");
    }
    mode(temp.path(), 0o755);
    mode(&config, 0o664);
    mode(&folder, 0o775);
    let entries = |file: &str, entry: &str| {
        let own = std::fs::read_to_string(Path::new("/etc").join(file)).unwrap();
        std::fs::write(temp.path().join(file), format!("{own}{entry}\n")).unwrap();
    };
    entries("passwd", "ada:x:54321:54321::/:/bin/sh");
    for (group, is_private) in
        [("ada:x:54321:", true), ("ada:x:54321:ada", true), ("ada:x:54321:bob", false), ("team:x:54321:", false)]
    {
        entries("group", group);
        let Some(ran) = within(&["--mount"], SCRIPT, temp.path(), &config) else { return };
        match is_private {
            true => assert!(ran.good().stdout.starts_with("profile internal\n"), "{group}"),
            false => {
                let ran = ran.failed_with(2);
                assert!(ran.stderr.contains("others may write to the folder "), "{group}: {ran:?}");
            }
        }
    }
}

/// Kubernetes mounts a ConfigMap read-only. The folder and the links of the ConfigMap have the mode 0777.
#[test]
fn configuration_on_a_read_only_mount_counts_whatever_its_folders_mode() {
    let temp = tempfile::tempdir().unwrap();
    let map = temp.path().join("map");
    let data = map.join("..2026_11_27");
    std::fs::create_dir_all(&data).unwrap();
    std::fs::write(data.join("config.toml"), PROFILE).unwrap();
    symlink("..2026_11_27", map.join("..data")).unwrap();
    symlink("..data/config.toml", map.join("config.toml")).unwrap();
    mode(&map, 0o777);
    let mounted = temp.path().join("mounted");
    std::fs::create_dir(&mounted).unwrap();
    let config = mounted.join("config.toml");
    let copied =
        "mount -t tmpfs -o mode=777 none \"$1/mounted\"; cp -a \"$1/map/.\" \"$1/mounted\"; chmod 777 \"$1/mounted\";";
    let run = "exec \"$2\" --config \"$3\" profile show";
    let read_only = "mount -o remount,bind,ro \"$1/mounted\";";
    let bound = "mount --bind \"$1/map\" \"$1/mounted\";";
    for (script, is_fine) in [
        (format!("{copied} {run}"), false),
        (format!("{copied} {read_only} {run}"), true),
        // Others can still write to it by another path.
        (format!("{bound} {read_only} {run}"), false),
    ] {
        let Some(ran) = within(&["--mount", "--map-root-user"], &script, temp.path(), &config) else { return };
        match is_fine {
            true => assert!(ran.good().stdout.starts_with("profile internal\n"), "{script}"),
            false => {
                let ran = ran.failed_with(2);
                assert!(ran.stderr.contains("others may write to the folder "), "{script}: {ran:?}");
            }
        }
    }
}
