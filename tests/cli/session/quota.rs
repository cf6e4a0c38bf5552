//! The kernel's keyring, used up by other programs of the same user id, such as rootless containers.

use std::path::Path;
use std::process::{Command, Stdio};

use cogfed_test_support::{Home, Lab, Ran, program, skip, skip_anywhere};

/// A user id without an account. Each test has its own, because the kernel counts keys per user.
#[derive(Clone, Copy)]
struct User(u32);

impl User {
    /// Runs a shell script as this user. `$0` is the program.
    fn run(self, folder: &Path, config: &Path, script: &str) -> Option<Ran> {
        let copy = folder.join("cogfed-copy");
        if !copy.exists() {
            std::fs::copy(program(), &copy).expect("a copy that others may run");
        }
        let mut command = Command::new("setpriv");
        let id = self.0.to_string();
        command.args(["--reuid", &id, "--regid", &id, "--clear-groups", "sh", "-c", script]).arg(&copy).env_clear();
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("COGFED_CONFIG", config);
        command.env("HOME", folder.join("own")).current_dir("/").stdin(Stdio::null());
        match command.output().map(Ran::from) {
            Ok(ran) if !ran.stderr.contains("setpriv: ") => Some(ran),
            _ => {
                skip_anywhere("to be another user, this test needs setpriv and to be root");
                None
            }
        }
    }
}

/// Makes a folder that `user` can read, with a home of its own and a copy of the lab's configuration with these lines.
/// Returns the folder and the configuration.
fn place(lab: &Lab, user: User, lines: &str) -> Option<(Home, std::path::PathBuf)> {
    use std::os::unix::fs::{PermissionsExt, chown};
    lab.configure_with(lines);
    let home = Home::new();
    let folder = home.path().parent().expect("the home's folder").to_owned();
    let config = folder.join("kernel.toml");
    std::fs::copy(lab.config(), &config).expect("a copy");
    std::fs::create_dir(folder.join("own")).expect("a folder");
    let open = |path: &Path| std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755));
    if [&folder, &config].iter().any(|path| open(path).is_err())
        || chown(folder.join("own"), Some(user.0), None).is_err()
    {
        skip_anywhere("only root can give a folder away");
        return None;
    }
    Some((home, config))
}

/// Fills the quota with keys of the given size, and then runs the program; removes the keys in the end. Prints the
/// program's messages.
fn full(count: u32, size: usize, words: &str) -> String {
    format!(
        "keyctl add user probe x @u >/dev/null || exit 98
         fill=$(printf '%{size}s' x)
         for i in $(seq {count}); do keyctl add user other$i \"$fill\" @u >/dev/null 2>&1; done
         \"$0\" {words}
         status=$?
         keyctl clear @u
         exit $status"
    )
}

fn ran(user: User, count: u32, size: usize) -> Option<Ran> {
    if Command::new("keyctl").arg("--version").output().is_err() {
        skip("there is no keyctl here");
        return None;
    }
    let lab = Lab::new();
    let (home, config) = place(&lab, user, "store = 'kernel'\nshared_keyring = true")?;
    let folder = home.path().parent().expect("as above");
    let ran = user.run(folder, &config, &full(count, size, "login --no-browser --timeout 1"))?;
    if ran.status == 98 {
        skip_anywhere("the kernel keeps no keys here");
        return None;
    }
    let requests = lab.sandbox.requests();
    assert!(requests.iter().all(|request| !request.endpoint.starts_with("token")), "before any sign-in: {requests:?}");
    Some(ran)
}

#[test]
fn used_up_number_of_kernel_keys_is_named_with_the_limit() {
    let Some(ran) = ran(User(23_456), 220, 1) else { return };
    let error = ran.failed_with(4);
    let said = error.one_error_and_hint();
    assert!(said.contains("is full: 200 of 200 keys of this user are in use (see /proc/key-users)"), "{error:?}");
    assert!(error.stderr.contains("sysctl kernel.keys.maxkeys=2000"), "{error:?}");
    assert!(error.stderr.contains("set store = \"file\" in the profile"), "{error:?}");
    assert!(!error.stderr.contains("logout") && !error.stderr.contains("sign out"), "nobody is signed in: {error:?}");
}

#[test]
fn used_up_bytes_of_kernel_keys_are_named_with_the_limit() {
    let Some(ran) = ran(User(23_457), 40, 1000) else { return };
    let error = ran.failed_with(4);
    let said = error.one_error_and_hint();
    assert!(said.contains(" of 20000 bytes of this user are in use (see /proc/key-users)"), "{error:?}");
    assert!(error.stderr.contains("sysctl kernel.keys.maxbytes=200000"), "{error:?}");
    assert!(!error.stderr.contains("logout"), "{error:?}");
}

/// The user keyring does not exist yet, and the quota of kernel keys is too full to create the user keyring.
#[test]
fn missing_user_keyring_at_the_limit_is_no_broken_store() {
    // The user keyring outlasts the test, so each run needs another user.
    let user = User(40_000 + std::process::id() % 20_000);
    if Command::new("keyctl").arg("--version").output().is_err() {
        return skip("there is no keyctl here");
    }
    let lab = Lab::new();
    let Some((home, config)) = place(&lab, user, "store = 'kernel'\nshared_keyring = true") else { return };
    // The keys are in the session's keyring, and end with it.
    let script = "exec keyctl session - sh -c '
         keyctl add user probe x @s >/dev/null || exit 98
         for i in $(seq 220); do keyctl add user other$i x @s >/dev/null 2>&1; done
         exec \"$0\" credential-process' \"$0\"";
    let Some(ran) = user.run(home.path().parent().expect("as above"), &config, script) else { return };
    if ran.status == 98 {
        return skip_anywhere("the kernel keeps no keys here");
    }
    let ran = ran.failed_with(4);
    assert!(ran.stderr.contains("200 of 200 keys of this user are in use (see /proc/key-users); set store"), "{ran:?}");
}

#[test]
fn full_kernel_keyring_does_not_stop_the_file_store() {
    let user = User(23_458);
    let lab = Lab::new();
    let Some((home, config)) = place(&lab, user, "store = 'file'") else { return };
    let folder = home.path().parent().expect("as above");
    let Some(ran) = user.run(folder, &config, &full(220, 1, "credential-process")) else { return };
    if ran.status == 98 {
        return skip_anywhere("the kernel keeps no keys here");
    }
    assert!(ran.failed_with(3).stderr.contains("nobody is signed in"));
}
