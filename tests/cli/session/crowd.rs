//! Tests with many simultaneous processes: one process sends requests, and all processes get the result.

use std::time::{Duration, Instant};

use chrono::TimeDelta;
use cogfed::sandbox::options::{ORDERS_ADMIN, Options, Rotation};
use cogfed_test_support::{CREDENTIALS, Door, Doors, Lab, PROFILE, ended, one_document, together};

const CROWD: usize = 64;

#[test]
fn sixty_four_expired_processes_refresh_once() {
    for rotation in [Rotation::Off, Rotation::On { grace: 60 }, Rotation::On { grace: 0 }] {
        let lab = Lab::with(Options { rotation, ..Options::default() }).expired();
        one_document(&together(&lab, CROWD, CREDENTIALS));
        assert_eq!(lab.sandbox.count("token.refresh"), 1, "{rotation:?}");
        assert_eq!(lab.sandbox.count("identity.get_credentials"), 1, "{rotation:?}");
        assert_eq!(lab.sandbox.count("identity.get_id"), 0, "{rotation:?}");
    }
}

#[test]
fn two_profiles_of_one_sign_in_refresh_once() {
    let admin = format!("role_arn = '{ORDERS_ADMIN}'");
    let lab = Lab::with(Options { rotation: Rotation::On { grace: 0 }, ..Options::default() })
        .with_profiles(&[(PROFILE, ""), ("admin", &admin)])
        .expired();
    let words: [&[&str]; 2] = [CREDENTIALS, &["credential-process", "--profile", "admin"]];
    let children = (0..CROWD).map(|at| lab.command(words[at % 2]).spawn().unwrap()).collect();
    let ran = ended(children);
    let (even, odd): (Vec<_>, Vec<_>) = ran.into_iter().enumerate().partition(|(at, _)| at % 2 == 0);
    let of = |half: Vec<(usize, _)>| one_document(&half.into_iter().map(|(_, ran)| ran).collect::<Vec<_>>());
    assert_ne!(of(even), of(odd));
    assert_eq!(lab.sandbox.count("token.refresh"), 1);
    assert_eq!(lab.sandbox.count("identity.get_credentials"), 2);
    assert_eq!(lab.items("tokens").len(), 1);
    assert_eq!(lab.items("credentials").len(), 2);
    // Signing out of one profile signs out of the other, too.
    lab.run(&["logout"]).good();
    assert_eq!(lab.items("").len(), 0);
    lab.run(words[1]).failed_with(3);
}

#[test]
fn role_refused_to_one_profile_does_not_affect_another() {
    let (lab, clock) = Lab::with_manual_clock(Options::default());
    let refused = "role_arn = 'arn:aws:iam::000000000000:role/NotYours'";
    let lab = lab.with_profiles(&[(PROFILE, ""), ("refused", refused)]);
    lab.login_here("alice").good();
    let old = lab.run_here(CREDENTIALS, None).good().document();
    clock.advance(TimeDelta::minutes(50));
    lab.run_here(&["credential-process", "--profile", "refused"], None).failed_with(6);
    assert_ne!(lab.run_here(CREDENTIALS, None).good().document(), old);
}

#[test]
fn offline_processes_print_old_credentials_and_retry_later() {
    let lab = Lab::new();
    let doors = Doors::before(&lab);
    lab.login("alice").good();
    let key = |document: serde_json::Value| document["AccessKeyId"].as_str().unwrap().to_owned();
    let old = key(lab.run(CREDENTIALS).good().document());
    assert!(doors.came() > 0, "the doors are in use");
    for state in [Door::Shut, Door::Silent] {
        doors.set(state);
        doors.came();
        lab.age(if state == Door::Shut { TimeDelta::minutes(50) } else { TimeDelta::seconds(31) });
        assert_eq!(key(one_document(&together(&lab, CROWD, CREDENTIALS))), old);
        assert_eq!(doors.came(), 1, "one of them tried");
        assert_eq!(key(lab.run(CREDENTIALS).good().document()), old);
        lab.age(TimeDelta::seconds(20));
        assert_eq!(key(lab.run(CREDENTIALS).good().document()), old);
        assert_eq!(doors.came(), 0, "it is too soon for another try");
    }
    lab.age(TimeDelta::seconds(11));
    doors.set(Door::Open);
    assert_ne!(key(lab.run(CREDENTIALS).good().document()), old);
    assert!(doors.came() > 0);
}

#[test]
fn processes_share_one_failure_when_credentials_are_nearly_expired() {
    let lab = Lab::new();
    let doors = Doors::before(&lab);
    lab.login("alice").good();
    lab.run(CREDENTIALS).good();
    lab.age(TimeDelta::seconds(59 * 60 + 10));
    for state in [Door::Shut, Door::Silent] {
        doors.set(state);
        doors.came();
        let began = Instant::now();
        for ran in together(&lab, CROWD, CREDENTIALS) {
            assert_eq!((ran.status, ran.stdout.as_str()), (5, ""), "{}", ran.stderr);
            assert!(ran.stderr.starts_with("cogfed: error: "), "{}", ran.stderr);
        }
        // A deadline for a hanging process. Silence takes ten seconds.
        assert!(began.elapsed() < Duration::from_secs(60), "{:?}", began.elapsed());
        assert!(state == Door::Shut || doors.came() < 8, "those who waited do not try again");
    }
}
