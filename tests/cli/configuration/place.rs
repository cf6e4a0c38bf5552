//! Tests that no environment variable can make cogfed read its configuration from the project in the current folder.

#![cfg(unix)]

use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use cogfed_test_support::{Home, Lab, Ran, skip};

/// An untrusted profile that would redirect a sign-in to a relay server.
const RELAY: &str = "[profile.internal]
user_pool_id = 'eu-west-1_AbC123xyz'
client_id = '3n4b5urk1ft4fl3mg5e62d9ado'
domain = 'corp.auth.eu-west-1.amazoncognito.com'
identity_pool_id = 'eu-west-1:1cf667a2-49a6-454b-9e45-23199EXAMPLE'
";

/// A home folder without a configuration of its own, and a cloned repository in that folder that contains a
/// configuration.
struct Clone {
    home: Home,
    /// The repository's work tree.
    tree: PathBuf,
    /// The configuration file in the work tree.
    file: PathBuf,
}

impl Clone {
    fn new(marker: &str) -> Self {
        let home = Home::new();
        let tree = home.path().join("code/clone");
        std::fs::create_dir_all(tree.join(marker)).unwrap();
        std::fs::create_dir_all(tree.join("sub/below")).unwrap();
        std::fs::create_dir_all(tree.join(".config/cogfed")).unwrap();
        let file = tree.join(".config/cogfed/config.toml");
        std::fs::write(&file, RELAY).unwrap();
        Self { home, tree, file }
    }

    /// Runs `profile show` in `folder`, with only these environment variables.
    fn run(&self, folder: &Path, variables: &[(&str, &Path)]) -> Ran {
        let mut command = self.home.command(&["profile", "show"]);
        command.env_remove("COGFED_CONFIG").envs(variables.iter().copied()).current_dir(folder);
        command.output().expect("it runs").into()
    }

    #[track_caller]
    fn refused(&self, folder: &Path, variable: (&str, &Path)) {
        let ran = self.run(folder, &[variable]).failed_with(2);
        let error = ran.one_error_and_hint();
        assert!(error.starts_with(&format!("{} leads to ", variable.0)), "{error}");
        assert!(error.contains("which is in the project ") && ran.stdout.is_empty(), "{ran:?}");
    }
}

#[test]
fn environment_cannot_choose_a_file_of_the_project() {
    for marker in [".git", ".hg", ".jj", ".svn"] {
        let clone = Clone::new(marker);
        let config = clone.tree.join(".config");
        for folder in [&clone.tree, &clone.tree.join("sub/below")] {
            for variable in [("COGFED_CONFIG", &clone.file), ("XDG_CONFIG_HOME", &config), ("HOME", &clone.tree)] {
                clone.refused(folder, (variable.0, variable.1));
            }
        }
    }
}

#[test]
fn current_folder_is_a_project_even_without_a_repository() {
    let clone = Clone::new("no-repository");
    clone.refused(&clone.tree, ("COGFED_CONFIG", &clone.file));
    clone.refused(clone.home.path(), ("COGFED_CONFIG", &clone.file));
    clone.run(&clone.tree.join("sub"), &[("COGFED_CONFIG", &clone.file)]).good();
}

#[test]
fn outermost_work_tree_around_the_current_folder_counts() {
    let clone = Clone::new(".git");
    let module = clone.tree.join("sub/module");
    std::fs::create_dir_all(&module).unwrap();
    // A submodule or a linked work tree has a file in the place of the folder.
    std::fs::write(module.join(".git"), "gitdir: ../../.git/modules/module").unwrap();
    clone.refused(&module, ("COGFED_CONFIG", &clone.file));
    std::fs::rename(clone.tree.join(".git"), clone.tree.join("git")).unwrap();
    clone.run(&module, &[("COGFED_CONFIG", &clone.file)]).good();
    std::fs::write(clone.home.path().join(".git"), "gitdir: elsewhere").unwrap();
    clone.refused(&module, ("COGFED_CONFIG", &clone.file));
}

#[test]
fn links_and_dots_do_not_hide_the_project() {
    let clone = Clone::new(".git");
    let (tree, home) = (&clone.tree, clone.home.path());
    let sub = tree.join("sub");
    let outside = clone.home.file("outside.toml", RELAY);
    symlink(&clone.file, home.join("to-file")).unwrap();
    symlink(tree, home.join("to-tree")).unwrap();
    symlink(&outside, tree.join("to-outside")).unwrap();
    symlink(home, tree.join("to-home")).unwrap();
    for path in [
        home.join("to-file"),
        home.join("to-tree/.config/cogfed/config.toml"),
        // The repository says where its links lead.
        tree.join("to-outside"),
        tree.join("to-home/outside.toml"),
        home.join("code/../code/clone/sub/../.config/cogfed/config.toml"),
        PathBuf::from("/proc/self/cwd/../.config/cogfed/config.toml"),
    ] {
        clone.refused(&sub, ("COGFED_CONFIG", &path));
        clone.refused(&home.join("to-tree/sub"), ("COGFED_CONFIG", &path));
    }
    clone.run(&sub, &[("COGFED_CONFIG", &tree.join("../../outside.toml"))]).good();
    clone.run(&sub, &[("COGFED_CONFIG", &outside)]).good();
}

#[test]
fn file_that_the_person_names_may_be_in_the_project() {
    let clone = Clone::new(".git");
    for words in [
        &["--config", ".config/cogfed/config.toml", "profile", "show"],
        &["profile", "show", "--config", ".config/cogfed/config.toml"],
    ] {
        let ran: Ran = clone.home.command(words).current_dir(&clone.tree).output().expect("it runs").into();
        assert!(ran.good().stdout.starts_with("profile internal\n"));
    }
}

#[test]
fn sandbox_configuration_in_the_project_works() {
    let lab = Lab::new();
    let tree = lab.home().join("code/clone");
    std::fs::create_dir_all(tree.join(".git")).unwrap();
    std::fs::write(tree.join("sandbox.toml"), std::fs::read(lab.config()).unwrap()).unwrap();
    let run = || -> Ran {
        let mut command = lab.command(&["status"]);
        command.env("COGFED_CONFIG", tree.join("sandbox.toml")).current_dir(&tree).output().expect("it runs").into()
    };
    assert!(run().failed_with(3).stderr.contains("nobody is signed in"));
    let text = std::fs::read_to_string(lab.config()).unwrap();
    for (key, host) in [("sts", "http://127.0.0.1.nip.io"), ("domain", "https://relay.example")] {
        let changed: Vec<String> = text
            .lines()
            .map(|line| match line.starts_with(&format!("{key} = \"http")) {
                true => format!("{key} = '{}'", host.replace("http:", "https:")),
                false => line.to_owned(),
            })
            .collect();
        std::fs::write(tree.join("sandbox.toml"), changed.join("\n")).unwrap();
        assert!(run().failed_with(2).one_error_and_hint().contains("which is in the project"), "{key}");
    }
    std::fs::write(tree.join("sandbox.toml"), text + RELAY).unwrap();
    assert!(run().failed_with(2).one_error_and_hint().contains("which is in the project"), "a second profile");
}

/// Returns this user's home in the account database.
fn account_home() -> Option<PathBuf> {
    let output = std::process::Command::new("getent").args(["passwd", &nix_uid()]).output().ok()?;
    let line = String::from_utf8(output.stdout).ok()?;
    line.trim_end().split(':').nth(5).map(PathBuf::from)
}

fn nix_uid() -> String {
    rustix::process::geteuid().as_raw().to_string()
}

#[test]
fn dotfiles_repository_as_the_home_works() {
    // The home in the account database belongs to whoever runs the tests, so another one is mounted over it.
    let Some(account) = account_home() else { return skip("there is no getent here") };
    let clone = Clone::new(".git");
    let link = clone.home.path().join("home");
    symlink(&clone.tree, &link).unwrap();
    let program = cogfed_test_support::program();
    let script = "mount --bind \"$1\" \"$2\" && cd \"$2\" && shift 2 && exec \"$@\"";
    let run = |home: &Path| -> Ran {
        let mut command = std::process::Command::new("unshare");
        command.args(["--mount", "--map-root-user", "sh", "-c", script, "sh"]).arg(&clone.tree).arg(&account);
        command.arg(&program).args(["profile", "show"]).env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
        command.env("HOME", home).output().expect("unshare runs").into()
    };
    let ran = run(&account);
    if ran.stderr.contains("unshare:") || ran.stderr.contains("mount:") {
        return skip("no mount namespace here");
    }
    assert!(ran.good().stdout.starts_with("profile internal\n"));
    run(&link).good();
    run(Path::new("")).good();
}

#[test]
fn relative_home_and_xdg_folders_count_as_unset() {
    let home = Home::new();
    let work = home.path().join("code");
    std::fs::create_dir_all(work.join("rel/cogfed")).unwrap();
    std::fs::create_dir_all(work.join("rel/.config/cogfed")).unwrap();
    std::fs::write(work.join("rel/cogfed/config.toml"), RELAY).unwrap();
    std::fs::write(work.join("rel/.config/cogfed/config.toml"), RELAY).unwrap();
    for variable in ["HOME", "XDG_CONFIG_HOME"] {
        for value in ["rel", "./rel", ""] {
            let mut command = home.command(&["profile", "list", "--json"]);
            command.env_remove("COGFED_CONFIG").env_remove("HOME").env(variable, value).current_dir(&work);
            let ran: Ran = command.output().expect("it runs").into();
            let file = ran.document()["file"].as_str().expect("a path").to_owned();
            assert!(
                Path::new(&file).is_absolute() && !Path::new(&file).starts_with(&work),
                "{variable}={value}: {file}"
            );
        }
    }
    // State goes to the home of the account database then, not below the current folder.
    let report = home.command(&["status", "--report"]).env("XDG_STATE_HOME", "rel").output().expect("it runs");
    assert!(!String::from_utf8_lossy(&report.stdout).contains("code/rel"));
}
