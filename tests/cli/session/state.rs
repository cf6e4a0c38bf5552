//! Tests that all verbs report the state of a sign-in in the same words.

use chrono::TimeDelta;
use cogfed::sandbox::{Options, Rotation};
#[cfg(unix)]
use cogfed_test_support::Ran;
use cogfed_test_support::{CREDENTIALS, InProcess, Lab, rewrite};
use serde_json::{Value, json};

/// Checks that every verb fails with the same message in this state of the sign-in.
#[track_caller]
fn reported(lab: &Lab, state: &str, headline: &str, message: &str) {
    let call = ["call", "GET", &format!("{}/orders", lab.sandbox.api_url())];
    for words in [CREDENTIALS, &call, &["status"], &["roles"]] {
        let ran = lab.run_here(words, None).failed_with(3);
        assert!(ran.stderr.contains(&format!("cogfed: error: {message}")), "{words:?}: {}", ran.stderr);
    }
    let ran = lab.run_here(&["status", "--json"], None).failed_with(3);
    assert_eq!((&ran.document()["state"], &ran.document()["signed_in"]), (&json!(state), &Value::Bool(false)));
    let text = lab.run_here(&["status"], None).failed_with(3).stdout;
    assert!(text.starts_with(&format!("✗ {headline}")), "{text}");
}

#[test]
fn missing_sign_in_is_reported_alike_by_every_verb() {
    let (lab, _) = Lab::with_manual_clock(Options::default());
    reported(&lab, "not_signed_in", "nobody is signed in", "nobody is signed in to profile 'lab'");
}

#[test]
fn expired_sign_in_is_reported_alike_before_and_after_a_renewal() {
    let (lab, _) = Lab::with_manual_clock(Options::default());
    lab.login_here("alice").good();
    lab.advance(TimeDelta::days(31));
    let headline = "the sign-in of alice@corp.example via AzureAD has expired";
    let status = lab.run_here(&["status"], None).failed_with(3);
    assert!(status.stdout.starts_with(&format!("✗ {headline}")), "{}", status.stdout);
    assert!(status.stderr.contains("the sign-in of profile 'lab' expired at "), "{}", status.stderr);
    reported(&lab, "expired", headline, "the sign-in of profile 'lab' expired at ");
}

#[test]
fn revoked_sign_in_is_reported_alike_by_every_verb() {
    let (lab, _) = Lab::with_manual_clock(Options::default());
    lab.login_here("alice").good();
    lab.advance(TimeDelta::hours(2));
    lab.sandbox.revoke_all();
    let what = "has ended: it expired or was revoked at the user pool";
    let headline = format!("the sign-in of alice@corp.example via AzureAD {what}");
    reported(&lab, "revoked", &headline, &format!("the sign-in of profile 'lab' {what}"));
}

#[test]
fn lost_sign_in_is_reported_alike_by_every_verb() {
    let (lab, _) = Lab::with_manual_clock(Options { rotation: Rotation::On { grace: 0 }, ..Options::default() });
    lab.login_here("alice").good();
    lab.advance(TimeDelta::hours(2));
    let spent = lab.record("tokens");
    lab.run_here(CREDENTIALS, None).good();
    // The answer to that refresh was never saved, and its mark is still there.
    let path = lab.item("tokens");
    rewrite(&path, |record| {
        *record = spent;
        record["ended"] = json!({ "at": record["expires_at"], "interrupted_at": record["expires_at"] });
        record["refresh_token"] = Value::Null;
    });
    for path in lab.items("credentials") {
        std::fs::remove_file(path).expect("it is removed");
    }
    let headline = "the sign-in of alice@corp.example via AzureAD is lost";
    reported(&lab, "lost", headline, "the sign-in of profile 'lab' is lost: a renewal at ");
}

/// The profile sets a shorter `refresh_token_validity` than the user pool has.
#[test]
fn sign_in_that_renews_after_its_presumed_end_counts_as_signed_in() {
    let (lab, _) = Lab::with_manual_clock(Options::default());
    lab.configure_with("refresh_token_validity = 3600");
    lab.login_here("alice").good();
    lab.advance(TimeDelta::hours(2));
    lab.run_here(CREDENTIALS, None).good();
    let status = lab.run_here(&["status", "--json"], None).good().document();
    assert_eq!((&status["state"], &status["signed_in"]), (&json!("signed_in"), &Value::Bool(true)), "{status}");
}

#[test]
fn status_is_in_colour_on_terminals_that_have_it() {
    let (lab, clock) = Lab::with_manual_clock(Options::default());
    lab.login_here("alice").good();
    let shown = |variables: &[(&str, &str)], is_terminal: bool| {
        let mut run = InProcess::at(clock.clone());
        run.is_terminal = is_terminal;
        run.variables = variables.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        lab.run_prepared(run, &["status"]).good().stdout
    };
    assert!(shown(&[("TERM", "xterm")], true).starts_with("\u{1b}[32m✓\u{1b}[0m signed in as "));
    for (variables, is_terminal) in [
        (&[("TERM", "xterm")][..], false),
        (&[("TERM", "dumb")], true),
        (&[("TERM", "xterm"), ("NO_COLOR", "1")], true),
    ] {
        let text = shown(variables, is_terminal);
        assert!(text.starts_with("✓ signed in as ") && !text.contains('\u{1b}'), "{variables:?}: {text}");
    }
}

#[test]
fn role_of_renewed_credentials_is_shown_with_its_date() {
    let (lab, _) = Lab::with_manual_clock(Options::default());
    lab.login_here("alice").good();
    lab.advance(TimeDelta::minutes(50));
    lab.run_here(CREDENTIALS, None).good();
    let text = lab.run_here(&["status"], None).good().stdout;
    assert!(text.contains("role          OrdersAdmin in AWS account 000000000000 (as of 2"), "{text}");
}

#[test]
fn credential_process_warns_only_on_a_terminal() {
    let (lab, clock) = Lab::with_manual_clock(Options::default());
    lab.login_here("alice").good();
    for is_terminal in [true, false] {
        let mut run = InProcess::at(clock.clone());
        run.is_terminal = is_terminal;
        let ran = lab.run_prepared(run, CREDENTIALS).good();
        assert!(ran.document()["SecretAccessKey"].is_string(), "the output stays as it is");
        assert_eq!(ran.stderr.contains("warning: this shows secret AWS credentials"), is_terminal, "{}", ran.stderr);
    }
}

/// The API accepts the connection but never answers.
#[test]
#[cfg(unix)]
fn ctrl_c_in_a_call_says_interrupted_and_exits_with_130() {
    let lab = Lab::new();
    lab.login("alice").good();
    let api = std::net::TcpListener::bind((std::net::Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let url = format!("http://{}/orders", api.local_addr().expect("an address"));
    let child = lab.command(&["call", "GET", &url, "--region", "eu-west-1"]).spawn().expect("cogfed runs");
    let _connection = api.accept().expect("the call");
    let sent = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill runs");
    assert!(sent.success());
    let ran = Ran::from(child.wait_with_output().expect("it ends")).failed_with(130);
    assert!(ran.stderr.ends_with("cogfed: error: interrupted\n"), "{}", ran.stderr);
}

#[test]
fn debug_log_names_file_profile_store_and_operation_with_times() {
    let lab = Lab::new();
    let logged = |words: &[&str]| {
        let ran = lab.run(&[&["--debug"], words].concat());
        let lines: Vec<String> = ran.stderr.lines().filter(|line| line.contains("DEBUG")).map(str::to_owned).collect();
        lab.assert_no_secret(&lines.concat());
        lines
    };
    let has = |lines: &[String], parts: &[&str]| {
        let found = lines.iter().any(|line| parts.iter().all(|part| line.contains(part)));
        assert!(found, "{parts:?} are not in one line of: {lines:#?}");
    };
    let waiting = lab.begin_login(&["--debug", "--timeout", "1"]);
    let ran = waiting.end().failed_with(3);
    let lines: Vec<String> = ran.stderr.lines().map(str::to_owned).collect();
    let config = lab.config().display().to_string();
    has(&lines, &["configuration", &config, "profile=\"lab\"", "store=file", "ms="]);
    has(&lines, &["store", "operation=\"write and read\"", "probe/", "ms="]);
    has(&lines, &["request", "GET", "/oauth2/authorize"]);
    has(&lines, &["answer", "status=302", "ms="]);
    has(&lines, &["the callback port is bound"]);
    lab.login("alice").good();
    has(&logged(&["status"]), &["store=\"the file store\"", "operation=\"read\"", "tokens/", "ms="]);
    let call = logged(&["call", "GET", &format!("{}/orders", lab.sandbox.api_url())]);
    has(&call, &["configuration", &config]);
    has(&call, &["request", "GET", "/orders"]);
    has(&call, &["answer", "status=200", "ms="]);
}
