//! Homes, state folders and configurations that cannot be used, as those of service accounts and containers: each failure
//! names its cause and the next step.

use std::path::Path;
use std::process::Command;

use chrono::TimeDelta;
use cogfed_test_support::{CREDENTIALS, Home, Lab, Ran, program, skip_anywhere};

/// The advice for a state folder that cannot be written to.
const ELSEWHERE: &str = "set XDG_STATE_HOME to a folder that can be written to";

/// Returns the command of a lab or home with these words, run by the given program and its arguments.
fn under(plain: &Command, runner: &[&str], words: &[&str]) -> Command {
    let mut command = Command::new(runner[0]);
    command.args(&runner[1..]).arg(plain.get_program()).args(words).env_clear();
    command.envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.env("PATH", std::env::var_os("PATH").unwrap_or_default()).stdin(std::process::Stdio::null());
    command
}

/// Runs a command of the lab in a mount namespace of its own, after a shell script that gets `folder` as `$1`. Returns
/// `None` if this machine does not let the test mount anything.
fn mounted(lab: &Lab, script: &str, folder: &Path, words: &[&str]) -> Option<Ran> {
    let script = format!("{{ {script}; }} || exit 99; shift; exec \"$@\"");
    let folder = folder.to_str().expect("UTF-8");
    let runner = ["unshare", "--mount", "sh", "-c", &script, "sh", folder];
    let output = under(&lab.command(&[]), &runner, words).output();
    match output.map(Ran::from) {
        Ok(ran) if ran.status != 99 && !ran.stderr.contains("unshare: ") => Some(ran),
        _ => {
            skip_anywhere("a mount namespace needs unshare, root, and a kernel that lets us");
            None
        }
    }
}

const READ_ONLY: &str = "mount --bind \"$1\" \"$1\" && mount -o remount,bind,ro \"$1\"";

#[test]
fn read_only_home_serves_stored_credentials_until_they_expire() {
    let lab = Lab::new().signed_in();
    let fresh = lab.run(CREDENTIALS).good().document();
    let run = |words: &[&str]| mounted(&lab, READ_ONLY, lab.home(), words);
    let Some(ran) = run(CREDENTIALS) else { return };
    let ran = ran.good();
    assert_eq!((ran.stderr.as_str(), ran.document()), ("", fresh.clone()), "fresh ones");

    // Ten minutes are left: a renewal is due, and not possible.
    lab.age(TimeDelta::minutes(50));
    let due = run(CREDENTIALS).expect("as above").good();
    assert_eq!(due.document()["AccessKeyId"], fresh["AccessKeyId"]);
    let said = format!("Read-only file system (os error 30); {ELSEWHERE}");
    assert!(due.stderr.contains("the old ones are still valid") && due.stderr.contains(&said), "{due:?}");
    let echo = format!("{}/echo", lab.sandbox.api_url());
    run(&["call", "GET", &echo]).expect("as above").good();

    lab.age(TimeDelta::hours(1));
    let over = run(CREDENTIALS).expect("as above").failed_with(1);
    assert!(over.stdout.is_empty() && over.stderr.lines().count() == 1 && over.stderr.contains(&said), "{over:?}");
    let login = run(&["login", "--no-browser", "--force"]).expect("as above").failed_with(1);
    assert!(login.one_error_and_hint().contains("Read-only file system"), "{login:?}");
    assert!(login.stderr.ends_with(&format!("cogfed: hint: {ELSEWHERE}\n")), "{login:?}");
    assert_eq!(lab.sandbox.count("token.refresh"), 0, "no token is spent that could not be replaced");
}

#[test]
fn full_disk_has_a_next_step() {
    const FULL: &str = "mount -t tmpfs -o size=32k,mode=0755 none \"$1\" && \
                        { dd if=/dev/zero of=\"$1/fill\" bs=1k count=64 2>/dev/null || true; }";
    let lab = Lab::new();
    let state = lab.home().join(".local");
    std::fs::create_dir_all(&state).unwrap();
    let Some(ran) = mounted(&lab, FULL, &state, &["login", "--no-browser"]) else { return };
    let ran = ran.failed_with(4);
    assert!(ran.one_error_and_hint().contains("No space left on device"), "{ran:?}");
    assert!(ran.stderr.contains("hint: free disk space, or set XDG_STATE_HOME to a folder on another disk"), "{ran:?}");
    assert!(lab.sandbox.requests().iter().all(|request| !request.endpoint.starts_with("token")), "before any sign-in");
}

/// Runs the program as a user id without an account, from `/`. Returns `None` if this test cannot become that user.
fn without_account(home: &Home, variables: &[(&str, &str)], words: &[&str]) -> Option<Ran> {
    let copy = home.config().with_file_name("cogfed-copy");
    if !copy.exists() {
        std::fs::copy(program(), &copy).expect("a copy that others may run");
        readable(copy.parent().expect("a folder"));
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid", "12345", "--regid", "12345", "--clear-groups"]).arg(&copy).args(words).env_clear();
    command.envs(variables.iter().copied()).current_dir("/").stdin(std::process::Stdio::null());
    match command.output().map(Ran::from) {
        Ok(ran) if !ran.stderr.contains("setpriv: ") => Some(ran),
        _ => {
            skip_anywhere("to be another user, this test needs setpriv and to be root");
            None
        }
    }
}

fn readable(path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).expect("its own");
}

#[test]
fn unusable_home_is_named_with_the_next_step() {
    let lab = Lab::new();
    let home = Home::new();
    let config = home.config();
    std::fs::copy(lab.config(), &config).unwrap();
    readable(&config);
    let config = config.to_str().unwrap();
    let private = tempfile::tempdir().unwrap();
    let private = private.path().to_str().unwrap();
    for (variable, cause, step) in [
        (Some("/nonexistent"), "/nonexistent/.local/state/cogfed", ELSEWHERE),
        (Some("/"), "/.local/state/cogfed: Permission denied", ELSEWHERE),
        (Some("/dev/null"), "/dev/null/.local/state/cogfed: Not a directory", ELSEWHERE),
        (Some(private), "/.local/state/cogfed: Permission denied", ELSEWHERE),
        (Some("relative"), "HOME is 'relative', which is not an absolute path; set HOME", ELSEWHERE),
        (Some(""), "HOME is not set, and the account database names none; set HOME", ELSEWHERE),
        (None, "HOME is not set, and the account database names none; set HOME", ELSEWHERE),
    ] {
        let named: Vec<(&str, &str)> = variable.map(|path| ("HOME", path)).into_iter().collect();
        let with_file = [&named[..], &[("COGFED_CONFIG", config)]].concat();
        let Some(ran) = without_account(&home, &with_file, CREDENTIALS) else { return };
        assert!([1, 4].contains(&ran.status) && ran.stdout.is_empty(), "{variable:?}: {ran:?}");
        assert!(ran.stderr.contains(cause) && ran.stderr.contains(step), "{variable:?}: {ran:?}");
        assert_eq!(ran.stderr.lines().count(), 1, "{ran:?}");

        let ran = without_account(&home, &named, CREDENTIALS).expect("as above").failed_with(2);
        assert_eq!(ran.stderr.lines().count(), 1, "{ran:?}");
        assert!(ran.stderr.contains("COGFED_CONFIG"), "the file may be elsewhere: {ran:?}");
        if variable.is_some_and(|path| path.starts_with('/')) {
            assert!(ran.stderr.contains("set HOME to a folder of your own"), "{ran:?}");
        }
    }
}

#[test]
fn home_that_is_not_utf_8_works() {
    use std::os::unix::ffi::OsStrExt;
    let lab = Lab::new();
    let path = lab.home().join(std::ffi::OsStr::from_bytes(b"caf\xe9"));
    std::fs::create_dir(&path).unwrap();
    let mut command = lab.command(&["login", "--no-browser"]);
    command.env("HOME", &path);
    lab.complete(cogfed_test_support::WaitingLogin::of(command.spawn().unwrap())).good();
    let ran = Ran::from(lab.command(CREDENTIALS).env("HOME", &path).output().unwrap());
    ran.good().document();
    assert!(path.join(".local/state/cogfed/store").is_dir());
}

#[test]
fn configuration_of_another_user_can_be_copied_or_owned_by_root() {
    let lab = Lab::new().signed_in();
    if std::os::unix::fs::chown(lab.config(), Some(1000), None).is_err() || is_user(1000) {
        return skip_anywhere("only root can give a file away");
    }
    for words in [CREDENTIALS, &["status"]] {
        let ran = lab.run(words).failed_with(2);
        assert!(ran.stderr.contains("it belongs to another user"), "{ran:?}");
        assert!(ran.stderr.contains("in a container, copy the file or mount it owned by root"), "{ran:?}");
    }
    // What the message says helps.
    std::os::unix::fs::chown(lab.config(), Some(0), None).unwrap();
    lab.run(CREDENTIALS).good();
}

fn is_user(id: u32) -> bool {
    use std::os::unix::fs::MetadataExt;
    let own = tempfile::NamedTempFile::new().and_then(|file| file.as_file().metadata());
    own.is_ok_and(|own| own.uid() == id)
}

#[test]
fn state_folder_of_another_user_cannot_be_shared() {
    let lab = Lab::new().signed_in();
    if std::os::unix::fs::chown(lab.folder().path(), Some(1000), None).is_err() || is_user(1000) {
        return skip_anywhere("only root can give a folder away");
    }
    for words in [CREDENTIALS, &["login", "--no-browser"], &["logout"]] {
        let ran = lab.run(words);
        assert!([1, 4].contains(&ran.status), "{ran:?}");
        assert!(ran.stderr.contains("it belongs to user 1000, and this is user 0"), "{ran:?}");
        let step = "set XDG_STATE_HOME to a folder of your own: users cannot share one, not even those of a container";
        assert!(ran.stderr.contains(step), "{ran:?}");
    }
}

#[test]
fn missing_configuration_names_the_variable_or_flag() {
    let home = Home::new();
    let path = home.path().join("no/such.toml");
    let path = path.to_str().unwrap();
    for words in [CREDENTIALS, &["status"], &["login"], &["profile", "show"]] {
        let named = Ran::from(home.command(words).env("COGFED_CONFIG", path).output().unwrap()).failed_with(2);
        assert!(named.stderr.contains(&format!("there is no {path}, which COGFED_CONFIG names")), "{named:?}");
        let flag = home.run(&[&["--config", path], words].concat()).failed_with(2);
        assert!(flag.stderr.contains(&format!("there is no {path}, which --config names")), "{flag:?}");
        for ran in [named, flag] {
            let is_one_line = ran.stderr.lines().count() == 1;
            assert_eq!(is_one_line, words == CREDENTIALS, "{ran:?}");
            assert!(ran.stderr.contains("mkdir -p "), "the next step is there in one line, too: {ran:?}");
        }
    }
}

#[test]
fn unusable_configuration_file_has_a_next_step() {
    let home = Home::new();
    let folder = home.path().join("folder");
    std::fs::create_dir(&folder).unwrap();
    for (path, fault) in [
        (folder.to_str().unwrap(), "it is not a plain file; name a file that you can read in COGFED_CONFIG"),
        (home.file("empty.toml", "").to_str().unwrap(), "empty.toml has no profiles; add one, with your own ids"),
        (home.file("bytes.toml", b"\xff").to_str().unwrap(), "name a file that you can read in COGFED_CONFIG"),
    ] {
        let ran = Ran::from(home.command(CREDENTIALS).env("COGFED_CONFIG", path).output().unwrap()).failed_with(2);
        assert!(ran.stderr.contains(fault) && ran.stderr.lines().count() == 1, "{path}: {ran:?}");
    }
}

#[test]
fn unreadable_configuration_has_a_next_step() {
    use std::os::unix::fs::PermissionsExt;
    let home = Home::new();
    home.configure("");
    std::fs::set_permissions(home.config(), std::fs::Permissions::from_mode(0o600)).unwrap();
    let path = home.config();
    let variables = [("HOME", "/nonexistent"), ("COGFED_CONFIG", path.to_str().unwrap())];
    let Some(ran) = without_account(&home, &variables, CREDENTIALS) else { return };
    let said = "Permission denied (os error 13); name a file that you can read in COGFED_CONFIG\n";
    assert!(ran.failed_with(2).stderr.ends_with(said));
}
