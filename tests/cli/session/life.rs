//! Tests of the requests that a session sends at each stage of its life, with a clock that the test advances.

use chrono::TimeDelta;
use cogfed::sandbox::Options;
use cogfed_test_support::{CREDENTIALS, Door, Doors, Lab};

#[test]
fn session_lives_from_sign_in_through_renewals_to_sign_out() {
    let (lab, _) = Lab::with_manual_clock(Options::default());
    lab.run_here(CREDENTIALS, None).failed_with(3);
    lab.login_here("alice").good();
    let first = lab.run_here(CREDENTIALS, None).good().document();
    assert_eq!(lab.sandbox.count("identity.get_id"), 1);
    assert_eq!(lab.sandbox.count("identity.get_credentials"), 1);
    assert_eq!(lab.sandbox.count("token.refresh"), 0, "the ID token is young");

    lab.advance(TimeDelta::minutes(43));
    assert_eq!(lab.run_here(CREDENTIALS, None).good().document(), first, "more than 16 minutes are left");
    assert_eq!(lab.sandbox.count("identity.get_credentials"), 1);

    lab.advance(TimeDelta::minutes(2));
    let second = lab.run_here(CREDENTIALS, None).good().document();
    assert_ne!(second, first);
    assert_eq!(lab.sandbox.count("token.refresh"), 1);
    assert_eq!(lab.sandbox.count("identity.get_credentials"), 2);
    assert_eq!(lab.sandbox.count("identity.get_id"), 1, "the identity id is kept");

    lab.run_here(&["logout"], None).good();
    assert_eq!(lab.sandbox.count("revoke"), 1);
    lab.run_here(CREDENTIALS, None).failed_with(3);
}

#[test]
fn debug_log_states_each_decision_and_its_reason_once() {
    let lab = Lab::new();
    let doors = Doors::before(&lab);
    lab.only_sign_in("alice");
    let decision = || {
        let ran = lab.run(&["--debug", "credential-process"]);
        let lines: Vec<_> = ran.stderr.lines().filter(|line| line.contains("credentials=credentials/")).collect();
        let [line] = lines.as_slice() else { panic!("one line: {}", ran.stderr) };
        (*line).to_owned()
    };
    assert!(decision().contains("renewing: there are no credentials"));
    assert!(decision().contains("handed out from the store: fresh until 2"));
    lab.age(TimeDelta::minutes(50));
    doors.set(Door::Shut);
    assert!(decision().contains("renewing: they expire soon, at 2"));
    assert!(decision().contains("held back, because the last renewal failed just now: they expire soon, at 2"));
    lab.age(TimeDelta::minutes(20));
    doors.set(Door::Open);
    assert!(decision().contains("renewing: they expired at 2"));
}
