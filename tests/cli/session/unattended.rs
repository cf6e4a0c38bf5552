//! Tests of `credential-process` as tools run it. A wrong command line causes a one-line error, and cogfed recognises
//! how a tool splits a line of ~/.aws/config.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{Seek, Write};

use cogfed_test_support::{Home, Lab, PROFILE, Ran};

/// Runs the program with these words.
fn ran(home: &Home, words: &[&OsStr]) -> Ran {
    home.command(&[]).args(words).output().expect("cogfed runs").into()
}

/// Returns the only line that the program prints, after its prefix.
#[track_caller]
fn one_line(ran: &Ran) -> &str {
    assert_eq!((ran.status, ran.stdout.as_str()), (2, ""), "{ran:?}");
    let line = ran.stderr.strip_prefix("cogfed: error: ").and_then(|rest| rest.strip_suffix('\n'));
    line.filter(|line| !line.contains('\n')).unwrap_or_else(|| panic!("not one line: {ran:?}"))
}

fn words(line: &str) -> Vec<&str> {
    line.split(' ').collect()
}

#[test]
fn wrong_helper_command_line_is_reported_in_one_line() {
    let home = Home::new();
    for (line, said) in [
        ("credential-process --profil x", "there is no option '--profil'; did you mean '--profile'?"),
        ("credential-process --bogus", "there is no option '--bogus'; run 'cogfed credential-process --help'"),
        ("credential-process --bogus=a", "there is no option '--bogus'; run"),
        ("credential-process -z", "there is no option '-z'; run"),
        ("credential-process --profile", "--profile <NAME> needs a value; run"),
        ("credential-process --role", "--role <ARN> needs a value; run"),
        ("credential-process --config", "--config <FILE> needs a value; run"),
        ("credential-process --config=", "--config <FILE> needs a value; run"),
        ("credential-process --sign-in=yes", "unexpected value 'yes' for '--sign-in'"),
        ("credential-process --help=yes", "unexpected value 'yes' for '--help'"),
        ("credential-process --version=yes", "unexpected value 'yes' for '--version'"),
        ("credential-process -p x -p y", "--profile <NAME> can be given only once; run"),
        ("credential-process x", "unexpected argument 'x'; did you mean 'cogfed credential-process --profile x'?"),
        ("credential-process -- x", "unexpected argument 'x'; did you mean"),
        ("credential-process help", "unexpected argument 'help'; did you mean"),
        ("-p x credential-process --bogus", "there is no option '--bogus'; run"),
        ("--role credential-process", "there is no option '--role'; write '--role' after the verb"),
        ("--sign-in credential-process", "there is no option '--sign-in'; write '--sign-in' after the verb"),
        ("--profil x credential-process", "there is no option '--profil'; run 'cogfed --help'"),
        ("credential process", "there is no verb 'credential'; run 'cogfed credential-process'"),
        ("credential_process", "there is no verb 'credential_process'; did you mean 'cogfed credential-process'?"),
        ("credentials-process -p x", "there is no verb 'credentials-process'; did you mean"),
        ("help credential-process x", "there is no verb 'x'; run"),
        ("credential-process -p no-such", "no profile 'no-such': "),
    ] {
        let words: Vec<&OsStr> = words(line).into_iter().map(OsStr::new).collect();
        let ran = ran(&home, &words);
        assert!(one_line(&ran).starts_with(said), "{line}: {ran:?}");
    }
}

#[test]
fn line_breaks_in_helper_arguments_stay_in_one_line() {
    let home = Home::new();
    for words in [&["credential-process", "a\nb"][..], &["credential-process", "--a\nb"], &["credential-process\nx"]] {
        let words: Vec<&OsStr> = words.iter().map(OsStr::new).collect();
        one_line(&ran(&home, &words));
    }
}

#[test]
#[cfg(unix)]
fn argument_that_is_not_utf_8_is_named() {
    use std::os::unix::ffi::OsStrExt;
    let home = Home::new();
    let name = OsStr::from_bytes(b"caf\xe9");
    for words in [[OsStr::new("credential-process"), "-p".as_ref(), name], [OsStr::new("-p"), name, "login".as_ref()]] {
        let said = ran(&home, &words).failed_with(2).stderr;
        assert!(said.starts_with("cogfed: error: the argument 'caf\u{fffd}' is not UTF-8"), "{said}");
    }
}

#[test]
fn wrong_helper_command_line_leaves_the_tools_input_unread() {
    let home = Home::new();
    let mut input = File::options().read(true).write(true).create_new(true).open(home.path().join("input")).unwrap();
    input.write_all(b"the tool's own\n").unwrap();
    for line in ["credential-process --bogus", "credential-process x", "credential-process -p no-such"] {
        input.rewind().unwrap();
        let mut command = home.command(&words(line));
        one_line(&command.stdin(input.try_clone().unwrap()).output().unwrap().into());
        // Both handles share one position.
        assert_eq!(input.stream_position().unwrap(), 0, "{line}");
    }
}

#[test]
fn comment_behind_the_helper_command_is_recognised() {
    let home = Home::new();
    for line in [
        "credential-process # the sandbox",
        "credential-process -p internal # the sandbox",
        "credential-process -p internal ; the sandbox",
        "credential-process -p internal #sandbox",
        "credential-process -p internal ;sandbox",
        "credential-process -p internal# the sandbox",
        "credential-process --sign-in; the sandbox",
        "-p internal credential-process # --profile other",
        "credential-process --role # the sandbox",
        "credential-process # see credential-process --help",
    ] {
        let words: Vec<&OsStr> = words(line).into_iter().map(OsStr::new).collect();
        let ran = ran(&home, &words);
        let said = one_line(&ran);
        assert!(said.ends_with("; a comment in ~/.aws/config has to be on a line of its own"), "{line}: {said}");
    }
    let ran = home.run(&["status", "#"]).failed_with(2);
    assert!(!ran.stderr.contains("comment"), "only ~/.aws/config has them: {ran:?}");
}

#[test]
fn words_quoted_together_are_shown_apart() {
    let home = Home::new();
    for (words, apart) in [
        (&["credential-process --profile x"][..], "cogfed credential-process --profile x"),
        (&["credential-process  -p x "], "cogfed credential-process -p x"),
        (&["credential-process", "--profile x"], "cogfed credential-process --profile x"),
        (
            &["credential-process", "-p", "x", "--role arn:aws:iam::1:role/R"],
            "cogfed credential-process -p x --role arn",
        ),
        (&["-p x credential-process"], "cogfed -p x credential-process"),
        (&["--debug credential-process"], "cogfed --debug credential-process"),
    ] {
        let words: Vec<&OsStr> = words.iter().map(OsStr::new).collect();
        let ran = ran(&home, &words);
        let (said, shown) = one_line(&ran).split_once("; put no quotes around them all: ").expect("both");
        assert!(said.ends_with("' is one argument: several words were quoted together"), "{ran:?}");
        assert!(shown.starts_with(apart), "{ran:?}");
    }
    let error = home.run(&["call GET https://a.example/x?a=1&b=2"]).failed_with(2);
    assert!(error.one_error_and_hint().contains("several words were quoted together"), "{error:?}");
    assert!(error.stderr.contains("cogfed call GET 'https://a.example/x?a=1&b=2'"), "{error:?}");
    for words in [&["credential-process", "-p x"][..], &["-p x", "credential-process"]] {
        let words: Vec<&OsStr> = words.iter().map(OsStr::new).collect();
        let ran = ran(&home, &words);
        assert!(one_line(&ran).ends_with("put no quotes around the flag and the name together: -p NAME"), "{ran:?}");
    }
}

#[test]
fn profile_before_the_verb_works_for_every_verb_with_profiles() {
    let lab = Lab::new().signed_in();
    let echo = format!("{}/echo", lab.sandbox.api_url());
    let verbs: [&[&str]; 7] = [
        &["credential-process"],
        &["status"],
        &["roles"],
        &["profile", "show"],
        &["call", "GET", &echo],
        &["login", "--no-browser"],
        &["logout"],
    ];
    for words in verbs {
        for flag in [&["-p", PROFILE][..], &["--profile", PROFILE], &["--debug", "-p", PROFILE]] {
            let good = [flag, words].concat();
            if words != ["logout"] {
                lab.run(&good).good();
            }
        }
        let wrong = [&["-p", "nobody"], words].concat();
        let ran = lab.run(&wrong).failed_with(2);
        assert!(ran.stderr.contains("no profile 'nobody'"), "{ran:?}");
    }
    lab.run(&["-p", PROFILE, "logout"]).good();
}
