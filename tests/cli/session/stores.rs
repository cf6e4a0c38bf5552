//! Tests that neither the environment nor a project's files change the store of a sign-in.

use std::path::{Path, PathBuf};
use std::process::Command;

use cogfed_test_support::{CREDENTIALS, Lab, PROFILE, Ran, WaitingLogin, sandbox_section};

/// Rewrites the lab's configuration without the key `store`.
fn without_a_store(lab: &Lab) {
    let text = sandbox_section(&lab.sandbox, PROFILE, "").replace("store = 'file'\n", "");
    std::fs::write(lab.config(), text).unwrap();
}

/// Signs in as Alice with these environment variables.
fn signed_in(lab: &Lab, variables: &[(&str, &str)]) -> Ran {
    let mut command = lab.command(&["login", "--no-browser"]);
    command.envs(variables.iter().copied());
    lab.complete(WaitingLogin::of(command.spawn().unwrap()))
}

fn ran(lab: &Lab, words: &[&str], variables: &[(&str, &str)]) -> Ran {
    lab.command(words).envs(variables.iter().copied()).output().unwrap().into()
}

/// Creates a cloned repository in the lab's home, and returns its path.
fn clone(lab: &Lab) -> PathBuf {
    let clone = lab.home().join("clone");
    std::fs::create_dir_all(clone.join(".git")).unwrap();
    std::fs::create_dir_all(clone.join("src/deep")).unwrap();
    clone
}

/// Returns the files below a folder, except for locks, which are empty.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let others = entries.filter(|path| path.file_name().is_none_or(|name| name != "locks"));
    others.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// Runs a cogfed command in a project whose `.envrc` sets these variables.
fn in_project(lab: &Lab, folder: &Path, words: &[&str], variables: &[(&str, &Path)]) -> Ran {
    let mut command: Command = lab.command(words);
    command.current_dir(folder).envs(variables.iter().copied()).output().unwrap().into()
}

#[test]
fn profiles_store_cannot_be_changed_by_the_environment() {
    let lab = Lab::new();
    for other in ["keyring", "kernel", "nonsense", ""] {
        let ran = signed_in(&lab, &[("COGFED_STORE", other)]);
        assert!(ran.stderr.contains("the sign-in is kept in files below "), "{}", ran.stderr);
        assert_eq!(lab.items("tokens").len(), 1, "{other}");
        self::ran(&lab, &["status"], &[("COGFED_STORE", other)]).good();
        lab.run(&["logout"]).good();
    }
}

#[test]
fn file_store_in_a_project_is_refused() {
    let lab = Lab::new();
    let clone = clone(&lab);
    let cache = clone.join(".cache");
    let linked = lab.home().join("linked");
    #[cfg(unix)]
    std::os::unix::fs::symlink(&clone, &linked).unwrap();
    let outside = lab.home().join("outside");
    for folder in [clone.clone(), clone.join("src/deep")] {
        let variants: [&[(&str, &Path)]; 3] =
            [&[("XDG_STATE_HOME", &cache)], &[("HOME", &clone)], &[("XDG_STATE_HOME", &linked)]];
        for variables in variants {
            for words in [&["login", "--no-browser", "--timeout", "1"] as &[&str], CREDENTIALS, &["status"]] {
                let ran = in_project(&lab, &folder, words, variables).failed_with(4);
                assert!(
                    ran.stderr.contains("refusing to use the file store") && ran.stderr.contains("is in the project"),
                    "{ran:?}"
                );
            }
        }
        let ran = in_project(&lab, &folder, &["status"], &[("XDG_STATE_HOME", &outside)]).failed_with(3);
        assert!(ran.stderr.contains("nobody is signed in"), "elsewhere it may be: {ran:?}");
    }
    assert_eq!(files(&clone), Vec::<PathBuf>::new(), "nothing was written");
}

#[test]
fn environment_cannot_bring_a_file_store_into_a_project() {
    let lab = Lab::new();
    without_a_store(&lab);
    let clone = clone(&lab);
    let (file, cache) = (Path::new("file"), clone.join(".cache"));
    let variables: [(&str, &Path); 2] = [("COGFED_STORE", file), ("XDG_STATE_HOME", &cache)];
    let ran = in_project(&lab, &clone, &["login", "--no-browser", "--timeout", "1"], &variables).failed_with(4);
    assert!(ran.stderr.contains("refusing to use the file store"), "{ran:?}");
    assert_eq!(files(&clone), Vec::<PathBuf>::new());
}

#[test]
fn existing_sign_in_stays_in_its_store() {
    let lab = Lab::new();
    without_a_store(&lab);
    signed_in(&lab, &[("COGFED_STORE", "file")]).good();
    lab.run(CREDENTIALS).good();
    for other in ["keyring", "kernel"] {
        let variables = [("COGFED_STORE", other)];
        ran(&lab, CREDENTIALS, &variables).good();
        let again = ran(&lab, &["login", "--no-browser"], &variables).good();
        assert!(again.stderr.contains("signed in"), "{again:?}");
        let status = ran(&lab, &["status", "--json"], &variables).good().document();
        assert_eq!((&status["store"], status["other_store"].is_null()), (&"file".into(), true), "{status}");
    }
    assert_eq!(lab.items("tokens").len(), 1);
    lab.run(&["logout"]).good();
    assert_eq!(lab.items("").len(), 0);
}

#[test]
#[cfg(target_os = "linux")]
fn status_names_a_sign_in_in_another_store() {
    let lab = Lab::new();
    signed_in(&lab, &[]).good();
    lab.configure_with("store = 'kernel'\nshared_keyring = true");
    let ran = lab.run(&["status"]);
    if ran.status == 4 {
        return cogfed_test_support::skip_anywhere("the kernel's keyring is refused here");
    }
    assert!(ran.failed_with(3).stdout.contains("to use it, set store = \"file\""));
    assert_eq!(lab.run(&["status", "--json"]).failed_with(3).document()["other_store"], "file");
}

/// The simulated container sees neither the host's processes nor its mounts, but has the same user id.
#[test]
#[cfg(target_os = "linux")]
fn kernel_keyring_shared_by_a_container_is_refused() {
    const OUTER: [&str; 6] = ["--fork", "--pid", "--mount-proc", "--ipc", "--uts", "--cgroup"];
    let lab = Lab::new();
    lab.configure_with("store = 'kernel'");
    let contained = |extra: &[&str], words: &[&str]| -> Ran {
        let plain = lab.command(words);
        let mut command = Command::new("unshare");
        command.args(OUTER).args(extra).arg(plain.get_program()).args(words).env_clear();
        command.envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?)))).output().unwrap().into()
    };
    let can = Command::new("unshare").args(OUTER).arg("true").output().is_ok_and(|output| output.status.success());
    if !can || lab.run(&["status"]).status != 3 {
        return cogfed_test_support::skip_anywhere("this test needs to be root, unshare, and a kernel that keeps keys");
    }
    signed_in(&lab, &[]).good();
    for words in [CREDENTIALS, &["status"], &["login", "--no-browser", "--timeout", "1"]] {
        let ran = contained(&[], words).failed_with(4);
        assert!(
            ran.stderr.contains("this container shares it") && ran.stderr.contains("shared_keyring = true"),
            "{ran:?}"
        );
    }
    let own = contained(&["--user", "--map-root-user"], &["status"]).failed_with(3);
    assert!(own.stderr.contains("nobody is signed in"), "a user namespace has a keyring of its own: {own:?}");
    without_a_store(&lab);
    let chosen = ran(&lab, &["status"], &[("COGFED_STORE", "kernel")]);
    chosen.good();
    let mut command = Command::new("unshare");
    let plain = lab.command(&["status"]);
    command.args(OUTER).arg(plain.get_program()).arg("status").env_clear();
    command.envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?)))).env("COGFED_STORE", "kernel");
    let by_variable: Ran = command.output().unwrap().into();
    assert!(by_variable.failed_with(4).stderr.contains("this container shares it"), "a variable is not enough");
    lab.configure_with("store = 'kernel'\nshared_keyring = true");
    contained(&[], CREDENTIALS).good();
    lab.run(&["logout"]).good();
}
