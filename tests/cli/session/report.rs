//! Tests of `status --report`: it is complete in every state of the sign-in, and contains no secrets.

use chrono::TimeDelta;
use cogfed::folder::Lock;
use cogfed::sandbox::Misbehaviour;
use cogfed_test_support::{CREDENTIALS, Lab, Ran, rewrite};

const REPORT: &[&str] = &["status", "--report"];

/// Returns the value in the row `name` of a report.
#[track_caller]
fn row<'r>(report: &'r str, name: &str) -> &'r str {
    let line = report.lines().find(|line| line.split("  ").next().is_some_and(|found| found.trim_end() == name));
    line.unwrap_or_else(|| panic!("no '{name}' in:\n{report}"))[name.len()..].trim_start()
}

#[test]
fn report_shows_the_state_and_shortens_the_person() {
    let lab = Lab::new();
    let before = lab.run(REPORT).good().stdout;
    assert_eq!(row(&before, "sign-in"), "none");
    assert!(!lab.folder().path().exists(), "a report makes nothing");
    lab.login("alice").good();
    lab.run(CREDENTIALS).good();
    lab.age(TimeDelta::hours(2));
    lab.sandbox.misbehave(Misbehaviour::Token500, None);
    lab.run(CREDENTIALS).failed_with(5);
    let lock = Lock::try_acquire(&lab.folder(), "browser/else").unwrap();
    let report = lab.run(REPORT).good();
    drop(lock);
    assert_eq!(report.stderr, "");
    let report = report.stdout;
    assert_eq!(row(&report, "version"), env!("CARGO_PKG_VERSION"));
    assert!(row(&report, "user_pool_id").contains("config.toml:"), "{report}");
    assert_eq!(row(&report, "person"), "a…@corp.example");
    assert_eq!(row(&report, "refresh token"), "there");
    let failed = row(&report, "last failed renewal");
    assert!(failed.contains("exit code 5: ") && failed.contains("500"), "{failed}");
    assert_eq!((row(&report, "lock"), row(&report, "unanswered sign-in")), ("free", "none"));
    assert!(!report.contains("alice"), "{report}");
}

#[test]
fn report_shortens_people_in_the_last_failure() {
    let lab = Lab::new().expired();
    lab.sandbox.misbehave(Misbehaviour::Token500, None);
    lab.run(CREDENTIALS).failed_with(5);
    let failures = std::fs::read_dir(lab.folder().path().join("failures")).unwrap();
    for failure in failures {
        rewrite(&failure.unwrap().path(), |kept| {
            kept["message"] = "AADSTS50105: the user 'alice.smith@corp.example' is blocked".into();
        });
    }
    let report = lab.run(REPORT).good().stdout;
    assert!(row(&report, "last failed renewal").ends_with("the user 'a…@corp.example' is blocked"), "{report}");
    assert!(!report.contains("alice"), "{report}");
}

#[test]
fn report_names_the_lock_holder() {
    let lab = Lab::new();
    lab.login("alice").good();
    let account = lab.items("tokens").pop().unwrap();
    let account = percent_encoding::percent_decode_str(account.file_name().unwrap().to_str().unwrap());
    let lock = Lock::try_acquire(&lab.folder(), &account.decode_utf8().unwrap()).unwrap();
    assert!(lock.is_some());
    let report = lab.run(REPORT).good().stdout;
    assert_eq!(row(&report, "lock"), format!("held by process {}", std::process::id()));
}

#[test]
fn report_mentions_an_unanswered_sign_in() {
    let lab = Lab::new();
    lab.begin_login(&["--timeout", "1"]).end().failed_with(3);
    let report = lab.run(REPORT).good().stdout;
    assert!(row(&report, "unanswered sign-in").starts_with("20"), "{report}");
}

#[test]
fn report_works_whatever_is_wrong() {
    let lab = Lab::new();
    let variables = [
        ("HTTPS_PROXY", "http://alice:c4nary-in-the-proxy@proxy.example:8080"),
        ("COGFED_CLIENT_SECRET", "c4nary-of-the-client"),
        ("AWS_ACCESS_KEY_ID", "c4nary-of-aws"),
        ("COGFED_LOGIN_HINT", "alice@corp.example\u{1b}]0;x\u{7}"),
    ];
    let ran: Ran = lab.command(REPORT).envs(variables).output().unwrap().into();
    let shown = ran.good().stdout;
    assert!(row(&shown, "profile").starts_with("error: COGFED_LOGIN_HINT: "), "{shown}");
    assert_eq!(row(&shown, "HTTPS_PROXY"), "http://…@proxy.example:8080");
    assert_eq!(row(&shown, "COGFED_CLIENT_SECRET"), "set");
    assert_eq!(row(&shown, "AWS_ACCESS_KEY_ID"), "set");
    assert!(!shown.contains("c4nary") && !shown.contains('\u{1b}') && !shown.contains("alice"), "{shown}");

    lab.login("alice").good();
    std::fs::write(lab.items("tokens").pop().unwrap(), "no record").unwrap();
    let damaged = lab.run(REPORT).good().stdout;
    assert!(row(&damaged, "sign-in").starts_with("error: the stored item 'tokens/"), "{damaged}");

    lab.configure_with("store = 'keyring'\nclient_secrets = 'c4nary'");
    let unknown_key = lab.run(REPORT).good().stdout;
    assert!(row(&unknown_key, "profile").starts_with("error: "), "{unknown_key}");

    std::fs::remove_file(lab.config()).unwrap();
    let none = lab.run(REPORT).good().stdout;
    assert!(row(&none, "profile").starts_with("error: no profile: "), "{none}");
    assert!(none.contains("[environment]"), "{none}");
}

#[test]
fn json_and_report_flags_exclude_each_other() {
    Lab::new().run(&["status", "--report", "--json"]).failed_with(2);
}
