//! Tests of the command line: usage errors, help, closed outputs and colours.

use std::process::{Command, Stdio};

use cogfed::cli;
use cogfed_test_support::{Lab, Ran, skip, skip_anywhere};

#[test]
fn wrong_usage_exits_with_2_and_prints_no_output() {
    let lab = Lab::new();
    for words in [
        ["bogus"].as_slice(),
        &["lgoin"],
        &[],
        &["login", "--bogus"],
        &["login", "extra"],
        &["login", "--timeout", "0"],
        &["login", "--timeout", "soon"],
        &["call"],
        &["call", "GET"],
        &["call", "GET", "http://127.0.0.1:1/", "-d", "x", "-F", "y=z"],
        &["profile"],
        &["profile", "bogus"],
        &["sandbox", "--misbehave", "bogus"],
        &["status", "--profile"],
    ] {
        let ran = lab.run(words).failed_with(2);
        assert_eq!(ran.stdout, "", "{words:?}");
        assert!(!ran.stderr.is_empty() && !ran.stderr.contains("panicked"), "{words:?}: {}", ran.stderr);
    }
    assert!(lab.run(&["lgoin"]).stderr.contains("login"), "the nearest verb is named");
    assert!(lab.sandbox.requests().is_empty());
}

#[test]
fn usage_errors_name_the_fault_and_the_next_step() {
    let lab = Lab::new();
    for (words, error, hint) in [
        (&["logni"][..], "there is no verb 'logni'", "did you mean 'cogfed login'?"),
        (&["setup"], "there is no verb 'setup'", "run 'cogfed login': as long as there is no profile"),
        (&["configure"], "there is no verb 'configure'", "run 'cogfed login'"),
        (&["init"], "there is no verb 'init'", "run 'cogfed login'"),
        (&["whoami"], "there is no verb 'whoami'", "run 'cogfed status'"),
        (&["profile", "lst"], "there is no verb 'lst'", "did you mean 'cogfed profile list'?"),
        (&["xyzzy"], "there is no verb 'xyzzy'", "run 'cogfed --help'"),
        (&["login", "internal"], "unexpected argument 'internal'", "did you mean 'cogfed login --profile internal'?"),
        (&["profile", "show", "x"], "unexpected argument 'x'", "did you mean 'cogfed profile show --profile x'?"),
        (&["demo", "x"], "unexpected argument 'x'", "run 'cogfed demo --help'"),
        (&["login", "--timeuot", "3"], "there is no option '--timeuot'", "did you mean '--timeout'?"),
        (&["status", "--verbose"], "there is no option '--verbose'", "use --debug"),
        (&["login", "--user-pool-id=x"], "there is no option '--user-pool-id'", "set 'user_pool_id' in the profile"),
        (&["login", "--timeout", "soon"], "--timeout <SECONDS>: 'soon' is not valid: ", "run 'cogfed login --help'"),
        (&["login", "--timeout"], "--timeout <SECONDS> needs a value", "run 'cogfed login --help'"),
        (&["call", "GET"], "the URL is missing", "write 'cogfed call URL'"),
        (&["call", "u", "-d", "x", "-F", "y=z"], "--data cannot be used with --form", "a request has one body"),
        (&["status", "-p", "x", "-p", "y"], "--profile <NAME> can be given only once", "run 'cogfed status --help'"),
        (&["sandbox", "--misbehave", "token500"], "'token500' is not one of its values", "did you mean 'token-500'?"),
        (&["-p", "x"], "a verb is missing", "run 'cogfed help'"),
    ] {
        let ran = lab.run(words).failed_with(2);
        let lines: Vec<&str> = ran.stderr.lines().collect();
        let [said, next] = lines[..] else { panic!("{words:?}: {ran:?}") };
        assert!(said.starts_with("cogfed: error: ") && said.contains(error), "{words:?}: {said}");
        assert!(next.starts_with("cogfed: hint: ") && next.contains(hint), "{words:?}: {next}");
    }
    for words in [&["credential-process", "--porfile", "x"][..], &["-p", "x", "credential-process", "y"]] {
        let ran = lab.run(words).failed_with(2);
        assert_eq!(ran.stderr.lines().count(), 1, "tools show one line: {ran:?}");
    }
}

#[test]
fn profile_may_be_named_before_the_verb() {
    let lab = Lab::new().signed_in();
    let role = |words: &[&str]| lab.run(words).good().stdout;
    assert_eq!(role(&["--profile", "lab", "status", "--json"]), role(&["status", "--json", "--profile", "lab"]));
    let ran = lab.run(&["-p", "nobody", "status"]).failed_with(2);
    assert!(ran.stderr.contains("nobody"), "{}", ran.stderr);
}

#[test]
fn unknown_variables_are_named_once_to_people() {
    let lab = Lab::new().signed_in();
    let with = |words: &[&str]| Ran::from(lab.command(words).env("COGFED_STROE", "file").output().expect("it runs"));
    let warning = "cogfed: warning: the environment variable COGFED_STROE has no meaning to cogfed; \
                   did you mean COGFED_STORE?";
    assert_eq!(with(&["status"]).stderr.matches(warning).count(), 1);
    assert_eq!(with(&["credential-process"]).good().stderr, "", "no tool shows it");
    assert!(with(&["credential-process", "--debug"]).good().stderr.contains(warning));
}

#[test]
fn empty_variables_count_as_unset() {
    let lab = Lab::new().signed_in();
    let mut command = lab.command(&["status", "--json"]);
    for name in ["COGFED_PROFILE", "COGFED_STORE", "COGFED_ROLE_ARN", "COGFED_REFRESH_GRACE", "COGFED_DOMAIN"] {
        command.env(name, "");
    }
    let ran = Ran::from(command.output().expect("it runs")).good();
    assert_eq!((ran.stdout, ran.stderr.as_str()), (lab.run(&["status", "--json"]).good().stdout, ""));
    // Without COGFED_CONFIG there is another configuration, in which nobody is signed in.
    let ran = Ran::from(lab.command(&["status"]).env("COGFED_CONFIG", "").output().expect("it runs"));
    assert!(!ran.stderr.contains("COGFED_CONFIG names"), "{}", ran.stderr);
}

/// Adds all verbs to `all`, including the subcommands of verbs.
fn verbs(command: &clap::Command, path: &[String], all: &mut Vec<Vec<String>>) {
    for verb in command.get_subcommands() {
        let path = [path, &[verb.get_name().to_owned()]].concat();
        all.push(path.clone());
        verbs(verb, &path, all);
    }
}

#[test]
fn help_of_every_verb_needs_no_configuration() {
    let lab = Lab::new();
    let mut all = vec![Vec::new()];
    verbs(&cli::command(), &[], &mut all);
    assert!(all.len() >= 11, "{all:?}");
    for path in all {
        for flag in ["--help", "-h"] {
            let words: Vec<&str> = path.iter().map(String::as_str).chain([flag]).collect();
            let output = lab.command(&words).env_clear().output().expect("it runs");
            let ran = Ran::from(output).good();
            assert!(ran.stdout.contains("Usage: cogfed"), "{words:?}: {}", ran.stdout);
            assert_eq!(ran.stderr, "", "{words:?}");
        }
    }
    let ran = lab.run(&["--version"]).good();
    assert_eq!(ran.stdout, concat!("cogfed ", env!("CARGO_PKG_VERSION"), "\n"));
}

/// Runs cogfed with a standard output that nobody reads, as in `cogfed … | true`.
fn unread(lab: &Lab, words: &[&str]) -> Ran {
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    lab.command(words).stdout(Stdio::from(writer)).output().expect("it runs").into()
}

#[test]
fn closed_output_causes_no_panic() {
    let lab = Lab::new();
    lab.login("alice").good();
    let api = lab.sandbox.api_url();
    let (echo, large) = (format!("{api}/echo/x"), format!("{api}/large?bytes=1000000"));
    for words in [
        ["--help"].as_slice(),
        &["help"],
        &["login", "--help"],
        &["--version"],
        &["status"],
        &["status", "--json"],
        &["profile", "list"],
        &["profile", "show"],
        &["credential-process"],
        &["call", "GET", &echo],
        &["call", "GET", &echo, "-i"],
        &["call", "GET", &large],
        &["call", "GET", &echo, "--dry-run"],
    ] {
        let ran = unread(&lab, words);
        assert!(!ran.stderr.contains("panicked") && (0..=1).contains(&ran.status), "{words:?}: {ran:?}");
    }
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    let status = lab.command(&["bogus"]).stderr(Stdio::from(writer)).status().expect("it runs");
    assert_eq!(status.code(), Some(2), "with a closed standard error");
    // The sign-in is still complete.
    lab.run(&["credential-process"]).good();
}

/// Returns the path of the program `name` in `PATH`, or `None` if the program is missing.
pub fn program(name: &str) -> Option<std::path::PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|program| program.is_file())
}

/// Runs cogfed with standard output and standard error on a new terminal, and returns what it printed. Returns `None`
/// if there is no `script`.
pub fn on_a_terminal(lab: &Lab, words: &[&str], variables: &[(&str, &str)]) -> Option<String> {
    if !cfg!(target_os = "linux") {
        skip_anywhere("script(1) is another program here");
        return None;
    }
    let Some(script) = program("script") else {
        skip("this test needs script(1) of util-linux");
        return None;
    };
    let quoted = words.iter().map(|word| format!(" '{word}'")).collect::<String>();
    let own = lab.command(&[]);
    let mut command = Command::new(script);
    command.args(["-qec", &format!("'{}'{quoted}", cogfed_test_support::program().display()), "/dev/null"]);
    command.env_clear().stdin(Stdio::null());
    command.envs(own.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.envs(variables.iter().copied()).current_dir(lab.work());
    let output = command.output().expect("script runs");
    Some(String::from_utf8(output.stdout).expect("UTF-8"))
}

#[test]
fn colour_is_only_for_terminals_that_want_it() {
    let lab = Lab::new();
    let piped = lab.run(&["status", "--profile", "x"]).failed_with(2).stderr;
    assert!(!piped.contains('\u{1b}'), "{piped:?}");
    let shown = |variables: &[(&str, &str)]| on_a_terminal(&lab, &["status", "--profile", "x"], variables);
    let Some(coloured) = shown(&[("TERM", "xterm")]) else { return };
    assert!(coloured.contains("\u{1b}[1;31merror:\u{1b}[0m"), "{coloured:?}");
    assert!(shown(&[("TERM", "xterm"), ("NO_COLOR", "")]).expect("as above").contains('\u{1b}'), "empty is unset");
    for plain in [("NO_COLOR", "1"), ("TERM", "dumb")] {
        let text = shown(&[("TERM", "xterm"), plain]).expect("as above");
        assert!(text.contains("cogfed: error: ") && !text.contains('\u{1b}'), "{plain:?}: {text:?}");
    }
}

#[test]
fn debug_log_contains_no_secrets() {
    let lab = Lab::new();
    let ran = lab.login_with(&["--debug"], "alice").good();
    assert!(ran.stderr.contains("/oauth2/token"), "{}", ran.stderr);
    lab.assert_no_secret(&ran.stderr);
    let ran = lab.run(&["credential-process", "--debug"]).good();
    lab.assert_no_secret(&ran.stderr);
    let ran = lab.run(&["logout", "--debug"]).good();
    lab.assert_no_secret(&ran.stderr);
}

#[test]
fn sandbox_overwrites_only_a_sandbox_configuration() {
    let lab = Lab::new();
    let file = lab.home().join("sandbox.toml");
    let path = file.display().to_string();
    let words = ["sandbox", "--json", "--until-stdin-closes", "--config", &path];
    lab.run(&words).good();
    let first = std::fs::read_to_string(&file).expect("a configuration");
    lab.run(&words).good();
    let second = std::fs::read_to_string(&file).expect("a configuration");
    assert_ne!(first, second, "the next one replaces it");
    std::fs::write(&file, "default_profile = 'mine'\n").expect("written");
    let ran = lab.run(&words).failed_with(2);
    assert!(ran.stderr.contains("is there already, and not a sandbox's configuration"), "{}", ran.stderr);
    assert_eq!(std::fs::read_to_string(&file).expect("mine"), "default_profile = 'mine'\n");
}
