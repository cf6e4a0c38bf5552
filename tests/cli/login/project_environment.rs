//! Variables that a project's `.envrc` sets: they lead no opener into the project, and name no program that runs without a
//! person.

use std::path::{Path, PathBuf};

use chrono::TimeDelta;
#[cfg(not(target_os = "macos"))]
use cogfed::sandbox::visitor;
#[cfg(target_os = "linux")]
use cogfed_test_support::skip;
use cogfed_test_support::{CREDENTIALS, Lab, Pages, Ran, WaitingLogin};

/// Writes an executable script.
fn script(path: &Path, text: &str) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, format!("#!/bin/sh\n{text}\n")).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

/// A cloned repository with a program `evil` in each folder. It creates the file `planted`.
struct Clone {
    tree: PathBuf,
    planted: PathBuf,
}

impl Clone {
    fn new(lab: &Lab) -> Self {
        let clone = Self { tree: lab.home().join("clone"), planted: lab.home().join("planted") };
        for folder in [".git", "share", "sub/deep", ".local/share", ".config"] {
            script(&clone.tree.join(folder).join("evil"), &format!("touch '{}'", clone.planted.display()));
        }
        script(&clone.tree.join("evil"), &format!("touch '{}'", clone.planted.display()));
        clone
    }

    fn path(&self, name: &str) -> String {
        self.tree.join(name).display().to_string()
    }
}

/// An opener that, as those of desktops do, runs what it finds in the folders that variables name. It writes its
/// environment and the URL to files.
fn opener(lab: &Lab) -> (PathBuf, PathBuf) {
    let (tools, notes) = (lab.home().join("tools"), lab.home().join("notes"));
    let text = format!(
        "IFS=:\nfor folder in $XDG_DATA_HOME $XDG_DATA_DIRS $XDG_CONFIG_HOME $XDG_CONFIG_DIRS $KDEHOME $KDEDIRS \
         \"$HOME/.local/share\" \"$HOME/.config\" \"$HOME\"; do\n[ -x \"$folder/evil\" ] && \"$folder/evil\"\ndone\n\
         env >'{0}.env'\nprintf '%s\\n' \"$1\" >>'{0}'",
        notes.display()
    );
    script(&tools.join("xdg-open"), &text);
    (tools, notes)
}

/// Signs in within the folder `current`, with the desktop's opener and these variables. Returns the opener's environment.
#[cfg(not(target_os = "macos"))]
fn environment_of_the_opener(lab: &Lab, current: &Path, variables: &[(&str, &str)]) -> String {
    let (tools, notes) = opener(lab);
    let mut command = lab.command(&["login", "--force"]);
    command.env("PATH", format!("{}:/usr/bin:/bin", tools.display())).env("DISPLAY", ":0");
    command.env("XDG_STATE_HOME", lab.home().join(".local/state")).envs(variables.iter().copied());
    let pages = Pages::noted_in(&notes);
    let waiting = WaitingLogin::of(command.current_dir(current).spawn().unwrap());
    assert_eq!(pages.wait_for(1).len(), 1, "the desktop's own opens it");
    lab.complete(waiting);
    std::fs::remove_file(&notes).unwrap();
    std::fs::read_to_string(notes.with_extension("env")).unwrap()
}

#[test]
#[cfg(not(target_os = "macos"))]
fn variables_lead_no_opener_into_the_project() {
    let lab = Lab::new();
    let clone = Clone::new(&lab);
    let linked = lab.home().join("linked");
    std::os::unix::fs::symlink(&clone.tree, &linked).unwrap();
    let (tree, share, linked) = (clone.path(""), clone.path("share"), format!("{}/share", linked.display()));
    let around = format!("{share}:/usr/share:{tree}");
    for current in ["", "sub/deep"] {
        for value in [&tree, &share, &linked, &around, "share", "./share", "../../share", &clone.path("sub/../share")] {
            let names = ["XDG_DATA_HOME", "XDG_DATA_DIRS", "XDG_CONFIG_HOME", "XDG_CONFIG_DIRS", "KDEHOME", "KDEDIRS"];
            let variables: Vec<(&str, &str)> = names.into_iter().map(|name| (name, value)).collect();
            let environment = environment_of_the_opener(&lab, &clone.tree.join(current), &variables);
            assert!(!clone.planted.exists(), "{value} in {current}: a planted program ran");
            for line in environment.lines().filter(|line| names.iter().any(|name| line.starts_with(name))) {
                assert!(value == around && line.ends_with("=/usr/share"), "{line}");
            }
        }
        environment_of_the_opener(&lab, &clone.tree.join(current), &[("HOME", &tree)]);
        assert!(!clone.planted.exists(), "HOME={tree} in {current}: a planted program ran");
    }
}

#[test]
#[cfg(not(target_os = "macos"))]
fn opener_gets_no_variable_that_runs_code() {
    let lab = Lab::new();
    let clone = Clone::new(&lab);
    let (evil, library) = (clone.path("evil"), clone.path("evil.so"));
    let (options, bus) = (format!("-javaagent:{library}"), format!("unixexec:path={evil}"));
    let remote = "unixexec:path=/bin/sh,argv1=-c,argv2=true";
    let variables = [
        ("LD_AUDIT", library.as_str()),
        ("GTK_MODULES", &library),
        ("MAILCAPS", &evil),
        ("ANY_OPTIONS", &options),
        ("JAVA_TOOL_OPTIONS", "-javaagent:x"),
        ("PERL5OPT", "-Mx"),
        ("BASH_ENV", "/dev/null"),
        ("BASH_FUNC_xdg-mime%%", "() { true; }"),
        ("SHELLOPTS", "xtrace"),
        ("PS4", "$(true)"),
        ("CHROMIUM_FLAGS", "--renderer-cmd-prefix=true"),
        ("SSLKEYLOGFILE", "/dev/null"),
        ("DBUS_SYSTEM_BUS_ADDRESS", remote),
        ("DBUS_STARTER_ADDRESS", &bus),
        ("XDG_CURRENT_DESKTOP", "ubuntu:GNOME"),
        ("TZ", "Europe/Berlin"),
        ("XDG_DATA_DIRS", "/usr/local/share:/usr/share"),
    ];
    let environment = environment_of_the_opener(&lab, &clone.tree, &variables);
    let (kept, gone) = (&variables[14..], &variables[..14]);
    for (name, value) in kept {
        assert!(environment.contains(&format!("{name}={value}\n")), "{name}: {environment}");
    }
    for (name, _) in gone {
        assert!(!environment.lines().any(|line| line.starts_with(name)), "{name}: {environment}");
    }
}

/// A variable cannot make a home of the current folder: that is the one in the account database.
#[test]
fn home_that_names_the_current_folder_is_a_project() {
    let lab = Lab::new();
    let plain = lab.home().join("plain");
    let (tools, notes) = opener(&lab);
    let planted = lab.home().join("planted");
    script(&plain.join("bin/xdg-open"), &format!("touch '{}'", planted.display()));
    let state = lab.home().join(".local/state");
    let run = |words: &[&str], variables: &[(&str, &Path)]| {
        let mut command = lab.command(words);
        let path = format!("{}/bin:{}:/usr/bin:/bin", plain.display(), tools.display());
        command.env("HOME", &plain).env("PATH", path).env("DISPLAY", ":0").current_dir(&plain);
        command.envs(variables.iter().copied());
        command
    };
    if cfg!(not(target_os = "macos")) {
        let waiting = WaitingLogin::of(run(&["login"], &[("XDG_STATE_HOME", &state)]).spawn().unwrap());
        Pages::noted_in(&notes).wait_for(1);
        lab.complete(waiting);
        assert!(!planted.exists(), "the folder's own opener ran");
    }
    for words in [&["login", "--no-browser", "--timeout", "1"] as &[&str], CREDENTIALS, &["status"]] {
        let ran = Ran::from(run(words, &[]).output().unwrap()).failed_with(4);
        assert!(ran.stderr.contains("refusing to use the file store"), "{ran:?}");
    }
    assert!(!plain.join(".local/state/cogfed/store").exists(), "nothing was stored");
}

/// Revokes the sign-in and lets two hours pass, so that the next tool needs a new sign-in.
fn ended(lab: &Lab) {
    lab.sandbox.revoke_all();
    lab.age(TimeDelta::hours(2));
}

#[test]
fn environment_names_no_program_that_runs_on_demand() {
    let lab = Lab::new();
    let clone = Clone::new(&lab);
    let command = format!("sh {}", clone.path("evil"));
    let on_demand = |variable: &str| -> Ran {
        let mut tool = lab.command(CREDENTIALS);
        tool.env("COGFED_SIGN_IN_ON_DEMAND", "true").env("COGFED_ACCOUNT", "x").env(variable, &command);
        tool.current_dir(&clone.tree).output().unwrap().into()
    };
    let refused = |variable: &str, named: &str| {
        let ran = on_demand(variable).failed_with(3);
        let said = format!("{named} was not used at a login yet");
        assert!(ran.stderr.contains(&said) && ran.stderr.contains("cogfed login --profile lab"), "{ran:?}");
        assert!(!clone.planted.exists(), "{variable}: it ran");
    };
    refused("BROWSER", "$BROWSER");
    refused("COGFED_BROWSER", "the browser command in COGFED_BROWSER");
    // A login without a terminal shows nobody the command, so it confirms none.
    let notes = lab.home().join("notes");
    script(&lab.home().join("opener"), &format!("printf '%s\\n' \"$1\" >>'{}'", notes.display()));
    for variable in ["BROWSER", "COGFED_BROWSER"] {
        let mut login = lab.command(&["login", "--force"]);
        let waiting = WaitingLogin::of(login.env(variable, lab.home().join("opener")).spawn().unwrap());
        Pages::noted_in(&notes).wait_for(1);
        lab.complete(waiting);
        std::fs::remove_file(&notes).unwrap();
        ended(&lab);
        let mut tool = lab.command(CREDENTIALS);
        tool.env("COGFED_SIGN_IN_ON_DEMAND", "true").env(variable, lab.home().join("opener"));
        let ran = Ran::from(tool.output().unwrap()).failed_with(3);
        assert!(ran.stderr.contains("was not used at a login yet") && !notes.exists(), "{ran:?}");
    }
}

/// Some openers obey `$BROWSER` themselves.
#[test]
#[cfg(not(target_os = "macos"))]
fn desktops_browser_opens_on_demand_without_the_variable() {
    let lab = Lab::new();
    let clone = Clone::new(&lab);
    let (tools, notes) = (lab.home().join("tools"), lab.home().join("notes"));
    script(&tools.join("xdg-open"), &format!("$BROWSER\nprintf '%s\\n' \"$1\" >>'{}'", notes.display()));
    let mut tool = lab.command(CREDENTIALS);
    tool.env("PATH", format!("{}:/usr/bin:/bin", tools.display())).env("DISPLAY", ":0").current_dir(&clone.tree);
    tool.env("COGFED_SIGN_IN_ON_DEMAND", "true").env("BROWSER", format!("touch {}", clone.planted.display()));
    let tool = tool.spawn().unwrap();
    visitor::sign_in_as(&Pages::noted_in(&notes).wait_for(1)[0], "alice").unwrap();
    Ran::from(tool.wait_with_output().unwrap()).good();
    assert!(!clone.planted.exists(), "it ran");
}

/// Runs a forced login at a terminal of its own with this variable, and returns what the person sees.
#[cfg(target_os = "linux")]
fn login_at_a_terminal(lab: &Lab, variable: &str, value: &Path, notes: &Path) -> Option<String> {
    let inner = lab.command(&[]);
    let line = format!("{} login --force", inner.get_program().display());
    let mut outer = std::process::Command::new("script");
    outer.args(["-qefc", &line, "/dev/null"]).env_clear();
    outer.envs(inner.get_envs().filter_map(|(name, value)| Some((name, value?))));
    outer.env("SHELL", "/bin/sh").env(variable, value).current_dir(lab.work());
    outer.stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::piped());
    let Ok(child) = outer.spawn() else {
        skip("script, of util-linux, makes a terminal");
        return None;
    };
    visitor::sign_in_as(&Pages::noted_in(notes).wait_for(1)[0], "alice").unwrap();
    std::fs::remove_file(notes).unwrap();
    let ran = Ran::from(child.wait_with_output().unwrap()).good();
    Some(ran.stdout)
}

#[test]
#[cfg(target_os = "linux")]
fn command_of_a_variable_runs_on_demand_once_a_person_saw_it() {
    let lab = Lab::new();
    let (browser, notes) = (lab.home().join("opener"), lab.home().join("notes"));
    script(&browser, &format!("printf '%s\\n' \"$1\" >>'{}'", notes.display()));
    for variable in ["BROWSER", "COGFED_BROWSER"] {
        let Some(said) = login_at_a_terminal(&lab, variable, &browser, &notes) else { return };
        let shown = format!(
            "{variable} names the command that opens your browser, now and on demand:\r\n{}\r\n",
            browser.display()
        );
        assert!(said.contains(&shown), "{said}");
        ended(&lab);
        let mut tool = lab.command(CREDENTIALS);
        let tool = tool.env("COGFED_SIGN_IN_ON_DEMAND", "true").env(variable, &browser).spawn().unwrap();
        visitor::sign_in_as(&Pages::noted_in(&notes).wait_for(1)[0], "alice").unwrap();
        Ran::from(tool.wait_with_output().unwrap()).good();
        std::fs::remove_file(&notes).unwrap();
    }
}
