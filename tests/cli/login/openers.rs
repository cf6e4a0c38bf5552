//! Tests of the programs that open the browser. No such program comes from the current project or finds secrets in its
//! environment.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
#[cfg(not(target_os = "macos"))]
use std::path::PathBuf;

use chrono::TimeDelta;
use cogfed::sandbox::visitor;
use cogfed_test_support::{CREDENTIALS, Lab, Pages, Ran, WaitingLogin};

/// Writes a shell script that runs the command `first`, and then appends the script's first argument to the file
/// `notes`.
fn script(path: &Path, first: &str, notes: &Path) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let text = format!("#!/bin/sh\n{first}\nprintf '%s\\n' \"$1\" >>'{}'\n", notes.display());
    std::fs::write(path, text).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

/// Creates a cloned repository with programs that have the names of browser openers.
#[cfg(not(target_os = "macos"))]
fn clone_with_openers(lab: &Lab) -> (PathBuf, PathBuf) {
    let (clone, planted) = (lab.home().join("clone"), lab.home().join("planted"));
    std::fs::create_dir_all(clone.join(".git")).unwrap();
    for folder in ["", "bin", "deep/er"] {
        for program in
            ["xdg-open", "xdg-settings", "xdg-mime", "gio", "kde-open", "x-www-browser", "firefox", "wslview"]
        {
            script(&clone.join(folder).join(program), "", &planted);
        }
    }
    (clone, planted)
}

#[test]
#[cfg(not(target_os = "macos"))]
fn planted_openers_of_a_project_never_run() {
    let lab = Lab::new();
    let (clone, planted) = clone_with_openers(&lab);
    let tools = lab.home().join("tools");
    let notes = lab.home().join("notes");
    // As the real one does, it looks for other programs by their names.
    script(&tools.join("xdg-open"), "xdg-settings get; xdg-mime query; ./gio 2>/dev/null", &notes);
    let (tools, bin) = (tools.display().to_string(), clone.join("bin").display().to_string());
    for path in [
        format!(":{tools}:/usr/bin:/bin"),
        format!(".:{tools}:/usr/bin:/bin"),
        format!("bin:../clone/bin:{tools}:/usr/bin:/bin"),
        format!("{bin}:{tools}:/usr/bin:/bin"),
        format!("{tools}:/usr/bin:/bin:"),
    ] {
        for folder in [clone.clone(), clone.join("deep/er")] {
            let mut command = lab.command(&["login", "--force"]);
            command.env("PATH", &path).env("DISPLAY", ":0").current_dir(folder);
            let pages = Pages::noted_in(&notes);
            let waiting = WaitingLogin::of(command.spawn().unwrap());
            assert_eq!(pages.wait_for(1).len(), 1, "the desktop's own opens it");
            lab.complete(waiting);
            assert!(!planted.exists(), "{path}: a planted program ran");
            std::fs::remove_file(&notes).unwrap();
        }
    }
    for browser in ["firefox %s", "./firefox %s", "bin/firefox", &format!("{bin}/firefox %s")] {
        let mut command = lab.command(&["login", "--force"]);
        command.env("PATH", format!(":{bin}:/usr/bin:/bin")).env("BROWSER", browser).current_dir(&clone);
        let ran = lab.complete(WaitingLogin::of(command.spawn().unwrap()));
        assert!(ran.stderr.starts_with("cogfed: no browser here: $BROWSER names '"), "{browser}: {}", ran.stderr);
        assert!(!planted.exists(), "{browser}: a planted program ran");
    }
}

#[test]
fn browser_gets_no_secret_of_the_environment() {
    let lab = Lab::new();
    let (browser, notes) = (lab.home().join("opener"), lab.home().join("notes"));
    script(&browser, &format!("env >'{}'", notes.with_extension("env").display()), &notes);
    let secrets = [
        ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", "s3cret-1"),
        ("AWS_SESSION_TOKEN", "s3cret-2"),
        ("HTTPS_PROXY", "http://alice:s3cret-3@127.0.0.1:9"),
        ("all_proxy", "socks5://alice:s3cret-4@127.0.0.1:9"),
        ("GITHUB_TOKEN", "s3cret-5"),
        ("DATABASE_URL", "postgres://app:s3cret-6@db/orders"),
        ("NO_PROXY", "*"),
    ];
    let mut command = lab.command(&["login"]);
    command.env("BROWSER", browser).env("PLAIN", "is-kept").envs(secrets);
    let pages = Pages::noted_in(&notes);
    let waiting = WaitingLogin::of(command.spawn().unwrap());
    pages.wait_for(1);
    let environment = std::fs::read_to_string(notes.with_extension("env")).unwrap();
    assert!(!environment.contains("s3cret"), "{environment}");
    for kept in ["PLAIN=is-kept", "HTTPS_PROXY=http://127.0.0.1:9", "all_proxy=socks5://127.0.0.1:9", "HOME="] {
        assert!(environment.contains(kept), "{kept}: {environment}");
    }
    lab.complete(waiting);
}

/// Revokes the sign-in and advances the clock by two hours, so that the next tool needs a new sign-in.
fn ended(lab: &Lab) {
    lab.sandbox.revoke_all();
    lab.age(TimeDelta::hours(2));
}

#[test]
fn profiles_browser_runs_on_demand_only_after_a_login_with_it() {
    let lab = Lab::new();
    let (browser, notes) = (lab.home().join("opener"), lab.home().join("notes"));
    script(&browser, "", &notes);
    let configure = |flags: &str| {
        lab.configure_with(&format!("sign_in_on_demand = true\nbrowser = '{}{flags}'", browser.display()));
    };
    let refused = |words: &[&str]| {
        let ran: Ran = lab.run(words).failed_with(3);
        assert!(ran.stderr.contains("the 'browser' command of profile 'lab' was not used at a login yet"), "{ran:?}");
        assert!(!notes.exists(), "it ran");
    };
    configure("");
    refused(CREDENTIALS);
    // A sign-in that did not use it does not confirm it.
    lab.login("alice").good();
    ended(&lab);
    refused(CREDENTIALS);
    refused(&["credential-process", "--sign-in"]);
    let pages = Pages::noted_in(&notes);
    let waiting = WaitingLogin::of(lab.command(&["login", "--force"]).spawn().unwrap());
    pages.wait_for(1);
    lab.complete(waiting);
    std::fs::remove_file(&notes).unwrap();
    ended(&lab);
    let tool = lab.command(CREDENTIALS).spawn().unwrap();
    visitor::sign_in_as(&pages.wait_for(1)[0], "alice").unwrap();
    Ran::from(tool.wait_with_output().unwrap()).good();
    std::fs::remove_file(&notes).unwrap();
    configure(" --another");
    ended(&lab);
    refused(CREDENTIALS);
}
