//! Tests of the variants of `login`: flags, simultaneous logins, a configured browser, and an app client with a secret.

use std::io::{BufRead, BufReader};

#[cfg(unix)]
use std::path::Path;
use std::process::Child;
#[cfg(unix)]
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use cogfed::sandbox::{Issuer, Options, visitor};
#[cfg(unix)]
use cogfed_test_support::location;
use cogfed_test_support::{Lab, Ran, WaitingLogin};
use serde_json::Value;

#[test]
fn no_browser_flag_prints_the_url_and_opens_nothing() {
    let lab = Lab::new();
    let (browser, opened) = stub_browser(&lab);
    lab.configure_with(&format!("browser = '{}'", browser.display()));
    let waiting = lab.begin_login(&[]);
    assert!(waiting.url.starts_with(&format!("{}/oauth2/authorize?", lab.sandbox.domain_url())), "{}", waiting.url);
    let ran = lab.complete(waiting);
    assert!(
        ran.stderr.starts_with("cogfed: to sign in to profile 'lab', open this in a browser on this machine:\nhttp")
    );
    assert_eq!(ran.stdout, "");
    lab.assert_no_secret(&ran.stderr);
    assert!(!opened.exists(), "no browser was asked for");
}

#[test]
fn login_times_out_when_nobody_signs_in() {
    let lab = Lab::new();
    let waiting = lab.begin_login(&["--timeout", "1"]);
    let uri = waiting.redirect_uri();
    let ran = waiting.end().failed_with(3);
    let message = ran.one_error_and_hint();
    assert!(message.contains("nobody signed in within 1 s"), "{message}");
    assert!(ran.stderr.contains("redirect_mismatch") && ran.stderr.contains(uri.as_str()), "{}", ran.stderr);
}

#[test]
fn identity_provider_flag_overrides_the_profile() {
    let lab = Lab::new();
    let waiting = lab.begin_login(&["--identity-provider", "AzureB2C"]);
    assert!(waiting.url.contains("identity_provider=AzureB2C"), "{}", waiting.url);
    visitor::sign_in_as(&waiting.url, "erin").expect("a last page");
    let ran = waiting.end().good();
    assert!(ran.stderr.contains("signed in as erin@customers.example via AzureB2C"), "{}", ran.stderr);
    let status = lab.run(&["status"]).good();
    assert!(status.stdout.contains("erin@customers.example"), "whatever uses the profile finds it: {}", status.stdout);
    lab.run(&["credential-process"]).good();
    lab.run(&["logout"]).good();
    lab.run(&["status"]).failed_with(3);
}

#[test]
fn sign_in_via_another_provider_does_not_count() {
    let lab = Lab::new();
    lab.login("alice").good();
    let ran = lab.login_with(&["--identity-provider", "AzureB2C"], "erin").good();
    assert!(ran.stderr.contains("replaced the sign-in of alice@corp.example"), "{}", ran.stderr);
    assert!(ran.stderr.contains("signed in as erin@customers.example via AzureB2C"), "{}", ran.stderr);
    let again = lab.run(&["login", "--identity-provider", "AzureB2C"]).good();
    assert!(again.stderr.contains("already signed in as erin@customers.example"), "{}", again.stderr);
}

#[test]
fn login_opens_no_browser_when_already_signed_in() {
    let lab = Lab::new();
    lab.login("alice").good();
    let asked = lab.sandbox.count("authorize");
    let ran = lab.run(&["login"]).good();
    assert!(
        ran.stderr.contains("already signed in as alice@corp.example via AzureAD (profile 'lab')"),
        "{}",
        ran.stderr
    );
    assert!(ran.stderr.contains("hint: to sign in again, use --force"), "{}", ran.stderr);
    assert!(!ran.stderr.contains("waiting up to"), "{}", ran.stderr);
    assert_eq!(lab.sandbox.count("authorize"), asked);
}

#[test]
fn login_replaces_a_revoked_sign_in() {
    let (lab, _) = Lab::with_manual_clock(Options::default());
    lab.login_here("alice").good();
    lab.advance(TimeDelta::minutes(10));
    lab.sandbox.revoke_all();
    let ran = lab.login_here("alice").good();
    assert!(ran.stderr.contains("signed in as alice@corp.example"), "{}", ran.stderr);
    assert!(!ran.stderr.contains("already"), "{}", ran.stderr);
}

fn credentials(lab: &Lab) -> Value {
    lab.run(&["credential-process"]).good().document()
}

fn role(lab: &Lab) -> String {
    let url = format!("{}/echo/who", lab.sandbox.api_url());
    let echo = lab.run(&["call", "GET", &url]).good().document();
    echo["requestContext"]["identity"]["userArn"].as_str().expect("an ARN").to_owned()
}

#[test]
fn forced_login_deletes_the_old_credentials() {
    let lab = Lab::new();
    lab.login("alice").good();
    let old = credentials(&lab);
    assert_eq!(credentials(&lab), old);
    let ran = lab.login_with(&["--force"], "alice").good();
    assert!(!ran.stderr.contains("replaced the sign-in"), "the same person: {}", ran.stderr);
    assert_ne!(credentials(&lab), old);
}

#[test]
fn failed_forced_login_keeps_the_old_sign_in() {
    let lab = Lab::new();
    lab.login("alice").good();
    let old = credentials(&lab);
    lab.begin_login(&["--force", "--timeout", "1"]).end().failed_with(3);
    lab.run(&["status"]).good();
    assert_eq!(credentials(&lab), old);
}

#[test]
fn sign_in_of_a_second_person_replaces_the_first() {
    let lab = Lab::new();
    lab.login("alice").good();
    let old = credentials(&lab);
    assert!(role(&lab).contains("/OrdersAdmin/"));
    let ran = lab.login_with(&["--force"], "bob").good();
    assert!(ran.stderr.contains("replaced the sign-in of alice@corp.example"), "{}", ran.stderr);
    assert!(ran.stderr.contains("signed in as bob@corp.example"), "{}", ran.stderr);
    assert_ne!(credentials(&lab)["AccessKeyId"], old["AccessKeyId"]);
    assert!(role(&lab).contains("/OrdersReader/"), "{}", role(&lab));
}

/// Starts another `login`. Returns the process, its standard error, and the first line of that output.
fn second_login(lab: &Lab, flags: &[&str]) -> (Child, BufReader<std::process::ChildStderr>, String) {
    let mut child = lab.command(&[&["login"], flags].concat()).spawn().expect("it runs");
    let mut stderr = BufReader::new(child.stderr.take().expect("a pipe"));
    let mut line = String::new();
    stderr.read_line(&mut line).expect("a line");
    (child, stderr, line)
}

#[test]
fn two_logins_at_once_share_one_sign_in() {
    let lab = Lab::new();
    let (browser, opened) = stub_browser(&lab);
    lab.configure_with(&format!("browser = '{}'", browser.display()));
    let first = lab.begin_login(&[]);
    let (child, mut stderr, line) = second_login(&lab, &[]);
    assert_eq!(line, "cogfed: another cogfed is signing in to this profile; waiting for it\n");
    lab.complete(first);
    let mut rest = String::new();
    std::io::Read::read_to_string(&mut stderr, &mut rest).expect("UTF-8");
    let ran = Ran::from(child.wait_with_output().expect("it ends")).good();
    assert!(rest.contains("already signed in as alice@corp.example"), "{rest}{ran:?}");
    assert!(!opened.exists(), "the second opened a browser");
    assert_eq!(lab.sandbox.count("token.code"), 1);
}

#[test]
fn login_waiting_too_long_for_another_exits_busy() {
    let lab = Lab::new();
    let first = lab.begin_login(&[]);
    let (child, mut stderr, _) = second_login(&lab, &["--timeout", "1"]);
    let mut rest = String::new();
    std::io::Read::read_to_string(&mut stderr, &mut rest).expect("UTF-8");
    let ran = Ran { stderr: rest, ..child.wait_with_output().expect("it ends").into() }.failed_with(7);
    let message = ran.one_error_and_hint();
    let said = format!("process {} waits in a browser for the sign-in of profile 'lab'", first.pid());
    assert!(message.starts_with(&said) && !message.contains('/'), "the lock's file is no help: {message}");
    lab.complete(first);
}

/// Creates a program that writes its arguments to a file, one per line. Returns the paths of the program and of the
/// file.
fn stub_browser(lab: &Lab) -> (std::path::PathBuf, std::path::PathBuf) {
    let (program, notes) = (lab.home().join("browser"), lab.home().join("opened"));
    let script = format!(
        "#!/bin/sh\nprintf 'on stdout'; printf 'on stderr' >&2\nfor word; do printf '%s\\n' \"$word\"; done > '{0}.new'\nmv '{0}.new' '{0}'\n",
        notes.display()
    );
    std::fs::write(&program, script).expect("a script");
    #[cfg(unix)]
    std::fs::set_permissions(&program, std::os::unix::fs::PermissionsExt::from_mode(0o755)).expect("a mode");
    (program, notes)
}

/// Waits until another process has written `file`, and returns the file's lines.
#[cfg(unix)]
fn eventually(file: &Path) -> Vec<String> {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !file.exists() {
        assert!(Instant::now() < deadline, "{} never came", file.display());
        std::thread::sleep(Duration::from_millis(5));
    }
    std::fs::read_to_string(file).expect("UTF-8").lines().map(str::to_owned).collect()
}

#[test]
#[cfg(unix)]
fn profile_browser_gets_the_url_as_one_argument() {
    let lab = Lab::new();
    let (browser, notes) = stub_browser(&lab);
    let hint = "a b\"$(touch pwned)`touch pwned`;touch pwned|&x=%s %2520 -flag";
    let browser = format!("browser = '{} --new-window %s --profile ${{HOME}}'", browser.display());
    lab.configure_with(&format!("{browser}\nlogin_hint = '{hint}'"));
    let waiting = WaitingLogin::of(lab.command(&["login"]).spawn().expect("it runs"));
    let words = eventually(&notes);
    assert_eq!(words, ["--new-window", &waiting.short, "--profile", "${HOME}"]);
    let url: url::Url = location(&words[1]).expect("a redirect").parse().expect("a URL");
    assert_eq!(url.query_pairs().find(|(name, _)| name == "login_hint").expect("a hint").1, hint);
    visitor::sign_in_as(&waiting.url, "alice").expect("a last page");
    let ran = waiting.end().good();
    assert!(ran.stderr.starts_with("cogfed: opening your browser to sign in"), "{}", ran.stderr);
    assert!(!ran.stderr.contains("on std") && ran.stdout.is_empty(), "{ran:?}");
    assert!(!lab.home().join("pwned").exists());
}

#[test]
#[cfg(unix)]
fn browser_gets_no_secret_in_arguments_or_environment() {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use ring::digest;

    let secret = "app-client-s3cret/+&=";
    let lab = Lab::with(Options { client_secrets: vec![secret.into()], ..Options::default() });
    let (browser, notes) = (lab.home().join("nosy-browser"), lab.home().join("noted"));
    let script = "#!/bin/sh\n{ printf '%s\\n' \"$@\"; env; } >HOME/noting && mv HOME/noting HOME/noted\n";
    std::fs::write(&browser, script.replace("HOME", &lab.home().display().to_string())).expect("it is written");
    std::fs::set_permissions(&browser, std::os::unix::fs::PermissionsExt::from_mode(0o700))
        .expect("it is made executable");
    lab.configure_with(&format!("browser = '{}'", browser.display()));
    let login = lab.command(&["login"]).env("COGFED_CLIENT_SECRET", secret).spawn().expect("it runs");
    let waiting = WaitingLogin::of(login);
    let noted = eventually(&notes);
    assert_eq!(noted[0], waiting.short);
    assert!(noted.iter().any(|line| line.starts_with("HOME=")), "the environment is noted: {noted:?}");
    assert!(!noted.iter().any(|line| line.contains(secret)), "{noted:?}");
    for name in ["state", "nonce", "code_challenge"] {
        let value = waiting.parameter(name);
        assert!(!noted.iter().any(|line| line.contains(&value)), "the {name} is in {noted:?}");
    }
    let url: url::Url = waiting.url.parse().expect("a URL");
    let challenge = |verifier: &str| URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, verifier.as_bytes()));
    let challenges: Vec<String> = url.query_pairs().map(|(_, value)| challenge(&value)).collect();
    let (_, known) = url.query_pairs().find(|(name, _)| name == "code_challenge").expect("a challenge");
    assert!(!challenges.iter().any(|challenge| *challenge == known), "the verifier is in {url}");
    visitor::sign_in_as(&waiting.url, "alice").expect("a last page");
    waiting.end().good();
}

#[test]
#[cfg(unix)]
fn browser_command_without_placeholder_gets_the_url_last() {
    let lab = Lab::new();
    let (browser, notes) = stub_browser(&lab);
    lab.configure_with(&format!("browser = '{} --private'", browser.display()));
    let waiting = WaitingLogin::of(lab.command(&["login"]).spawn().expect("it runs"));
    assert_eq!(eventually(&notes), ["--private", &waiting.short]);
    lab.complete(waiting);
}

#[test]
#[cfg(unix)]
fn full_address_is_shown_only_if_nobody_opens_the_short_one() {
    let lab = Lab::new();
    let (browser, _notes) = stub_browser(&lab);
    lab.configure_with(&format!("browser = '{}'", browser.display()));
    let begin = || lab.command(&["login", "--force"]).env("DISPLAY", ":0").spawn().expect("it runs");
    // This browser opens nothing, so the wait of 10 s passes.
    let mut child = begin();
    let mut stderr = BufReader::new(child.stderr.take().expect("a pipe"));
    let mut said = String::new();
    while !said.contains("/oauth2/authorize?") {
        assert_ne!(stderr.read_line(&mut said).expect("a line"), 0, "{said}");
    }
    let lines: Vec<&str> = said.lines().collect();
    assert!(lines[1].starts_with("http://localhost:") && lines[2].contains("waiting up to"), "{said}");
    assert_eq!(lines[3], "cogfed: no browser has opened that address yet; if none can, open the full one:");
    assert_eq!(lines.len(), 5, "{said}");
    child.kill().expect("it can be killed");
    child.wait().expect("it ends");
    // Here the test reads the short address, as a browser would.
    let waiting = WaitingLogin::of(begin());
    let ran = lab.complete(waiting);
    assert!(!ran.stderr.contains("/oauth2/authorize"), "{}", ran.stderr);
}

#[test]
fn browser_that_does_not_start_is_only_a_warning() {
    let lab = Lab::new();
    lab.configure_with("browser = '/nowhere/at/all %s'");
    let waiting = WaitingLogin::of(lab.command(&["login"]).spawn().expect("it runs"));
    let ran = lab.complete(waiting);
    let first = "cogfed: no browser here: the profile's 'browser' names '/nowhere/at/all', which does not exist; ";
    assert!(ran.stderr.starts_with(first), "known before it is opened: {}", ran.stderr);
}

#[test]
#[cfg(unix)]
fn failure_of_the_named_browser_is_reported() {
    let lab = Lab::new();
    let begin = |browser: &str| {
        WaitingLogin::of(lab.command(&["login", "--force"]).env("BROWSER", browser).spawn().expect("it runs"))
    };
    let mut waiting = begin("/bin/false");
    let line = waiting.next_line();
    assert!(line.contains("no browser could be opened ('/bin/false' failed with exit status 1)"), "{line}");
    lab.complete(waiting);
    let ran = lab.complete(begin("nosuch %s"));
    let first = "cogfed: no browser here: $BROWSER names 'nosuch', which is in no folder of PATH; ";
    assert!(ran.stderr.starts_with(first), "known before it is opened: {}", ran.stderr);
}

#[test]
fn client_secret_is_kept_for_renewals() {
    let lab = Lab::with(Options { client_secrets: vec!["app-client-s3cret/+&=".into()], ..Options::default() });
    let login = |secret: Option<&str>| {
        let mut command = lab.command(&["login", "--no-browser"]);
        if let Some(secret) = secret {
            command.env("COGFED_CLIENT_SECRET", secret);
        }
        let waiting = WaitingLogin::of(command.spawn().expect("it runs"));
        visitor::sign_in_as(&waiting.url, "alice").expect("a last page");
        waiting.end()
    };
    for wrong in [None, Some("another")] {
        let ran = login(wrong).failed_with(6);
        assert!(ran.one_error_and_hint().contains("invalid_client"), "{ran:?}");
        assert!(ran.stderr.contains("COGFED_CLIENT_SECRET"), "{ran:?}");
    }
    let ran = login(Some("app-client-s3cret/+&=")).good();
    assert!(!ran.stderr.contains("app-client-s3cret"), "{}", ran.stderr);
    // Ten minutes later the ID token is too old to be used without a refresh.
    lab.forget_credentials();
    let path = lab.item("tokens");
    let mut record: Value = serde_json::from_slice(&std::fs::read(&path).expect("a file")).expect("a record");
    let issued: DateTime<Utc> = record["issued_at"].as_str().and_then(|time| time.parse().ok()).expect("a time");
    record["issued_at"] = (issued - TimeDelta::minutes(10)).to_rfc3339().into();
    std::fs::write(&path, record.to_string()).expect("it is written");
    credentials(&lab);
    assert_eq!(lab.sandbox.count("token.refresh"), 1, "refreshed without the variable");
    let ran = lab.run(&["logout"]).good();
    assert_eq!(lab.sandbox.count("revoke"), 1, "{}", ran.stderr);
    assert!(!std::fs::read_to_string(lab.config()).expect("a file").contains("s3cret"));
}

#[test]
fn both_issuer_hosts_of_a_user_pool_are_accepted() {
    for issuer in [Issuer::Original, Issuer::Updated] {
        let lab = Lab::with(Options { issuer, ..Options::default() });
        assert!(!std::fs::read_to_string(lab.config()).unwrap().contains("issuer"), "the profile names none");
        lab.login("alice").good();
        lab.run(&["credential-process"]).good();
    }
}
