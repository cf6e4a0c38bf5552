//! Tests with 2 to 64 simultaneous processes of all verbs: they open one browser, refresh once, and never mix up
//! credentials.

use std::process::Child;

use chrono::TimeDelta;
use cogfed::sandbox::options::{ORDERS_ADMIN, Options, Rotation};
use cogfed::sandbox::visitor;
use cogfed_test_support::{CREDENTIALS, Lab, PROFILE, Ran, ended};

use crate::scale;
use crate::state::{MODES, assert_told, owner, readable};

const CROWD: usize = 64;
const ASKED: &[&str] = &["credential-process", "--sign-in"];

/// Returns a lab with one signed-in profile. If `is_shared`, the lab has two profiles with the same sign-in and
/// different roles.
fn crowd_lab(rotation: Rotation, is_shared: bool) -> Lab {
    let admin = format!("role_arn = '{ORDERS_ADMIN}'");
    let profiles = [(PROFILE, ""), ("admin", admin.as_str())];
    let profiles = if is_shared { &profiles[..] } else { &profiles[..1] };
    let lab = Lab::with(Options { rotation, ..Options::default() }).with_profiles(profiles);
    lab.login("alice").good();
    lab
}

/// Runs 64 processes whose credentials have expired, and returns all deviations from the expected result.
fn round(lab: &Lab, is_shared: bool) -> Vec<String> {
    lab.age(TimeDelta::minutes(61));
    lab.sandbox.clear_log();
    let words: [&[&str]; 2] = [CREDENTIALS, &["credential-process", "--profile", "admin"]];
    let of = |at: usize| if is_shared { at % 2 } else { 0 };
    let ran = ended((0..CROWD).map(|at| lab.command(words[of(at)]).spawn().unwrap()).collect());
    let mut deviations = Vec::new();
    let mut documents = [const { std::collections::BTreeSet::new() }; 2];
    for (at, ran) in ran.iter().enumerate() {
        if ran.status != 0 {
            deviations.push(format!("status {}: {}", ran.status, ran.stderr.trim()));
        } else {
            documents[of(at)].insert(ran.stdout.clone());
        }
    }
    let kinds = if is_shared { 2 } else { 1 };
    if documents.iter().any(|documents| documents.len() > 1) {
        deviations.push(format!("{:?} different documents", documents.map(|documents| documents.len())));
    }
    for (endpoint, expected) in [("token.refresh", 1), ("identity.get_credentials", kinds)] {
        let count = lab.sandbox.count(endpoint);
        if count != expected {
            deviations.push(format!("{count} of {endpoint}"));
        }
    }
    deviations
}

#[test]
fn sixty_four_processes_refresh_once_in_every_mode() {
    let modes = MODES.iter().map(|mode| (*mode, false)).chain([(Rotation::On { grace: 0 }, true)]);
    let mut all = 0;
    for (rotation, is_shared) in modes {
        let lab = crowd_lab(rotation, is_shared);
        let mut deviations = Vec::new();
        for number in 1..=scale::rounds() {
            deviations
                .extend(round(&lab, is_shared).into_iter().map(|deviation| format!("round {number}: {deviation}")));
        }
        let who = if is_shared { "two profiles on one sign-in" } else { "one profile" };
        println!(
            "{rotation:?}, {who}: {} rounds of {CROWD} processes, one refresh each, {} deviations",
            scale::rounds(),
            deviations.len()
        );
        deviations.iter().for_each(|deviation| println!("  {deviation}"));
        all += deviations.len();
    }
    assert_eq!(all, 0);
}

fn spawned(lab: &Lab, verbs: &[Vec<&str>], count: usize) -> Vec<Child> {
    (0..count).map(|at| lab.command(&verbs[at % verbs.len()]).spawn().unwrap()).collect()
}

/// Nobody is signed in. One process opens a browser, and all other processes that may open one wait for that browser.
#[test]
fn mixture_that_has_to_sign_in_opens_one_browser() {
    for (rotation, count) in MODES.into_iter().zip([2, 9, CROWD]) {
        let lab = Lab::with(Options { rotation, ..Options::default() });
        let opened = lab.note_pages("");
        let url = format!("{}/orders", lab.sandbox.api_url());
        let verbs = [vec!["login"], ASKED.to_vec(), vec!["call", "GET", &url, "--fail"]];
        let children = spawned(&lab, &verbs, count);
        visitor::sign_in_as(&opened.wait_for(1)[0], "alice").unwrap();
        let ran = ended(children);
        let mut keys = std::collections::BTreeSet::new();
        for (at, ran) in ran.iter().enumerate() {
            // `call` opens no browser. It succeeds, or reports that nobody is signed in.
            let is_call = at % verbs.len() == 2;
            assert!(ran.status == 0 || is_call && ran.status == 3, "{rotation:?}, {count}: {ran:?}");
            if at % verbs.len() == 1 {
                keys.insert(ran.stdout.clone());
            }
        }
        // Each `login` makes credentials, and the others hand out those that are stored.
        assert!(keys.len() as u64 <= logins(count, verbs.len()), "{} sets of keys", keys.len());
        assert_eq!(opened.opened().len(), 1, "{rotation:?}, {count}");
        assert_eq!(lab.sandbox.count("token.code"), 1);
        // The ID token is young. Only a `login` that starts after the sign-in asks the user pool about it.
        assert!(lab.sandbox.count("token.refresh") <= logins(count, verbs.len()));
        println!("{rotation:?}: {count} processes, one browser, one code");
    }
}

/// Each `login` refreshes the tokens and gets credentials, unless another process has done both since that `login`
/// started.
#[test]
fn mixture_with_expired_credentials_refreshes_once() {
    for (rotation, count) in MODES.into_iter().zip([3, 16, CROWD]) {
        let lab = Lab::with(Options { rotation, ..Options::default() });
        let opened = lab.note_pages("");
        lab.login("alice").good();
        let url = format!("{}/orders", lab.sandbox.api_url());
        let verbs = [ASKED.to_vec(), vec!["call", "GET", &url, "--fail"], vec!["login"]];
        for verbs in [&verbs[..2], &verbs[..]] {
            lab.age(TimeDelta::hours(2));
            lab.sandbox.clear_log();
            for ran in ended(spawned(&lab, verbs, count)) {
                assert_eq!(ran.status, 0, "{rotation:?}, {count}: {ran:?}");
            }
            let expected = 1..=1 + logins(count, verbs.len());
            let counts = ["token.refresh", "identity.get_credentials"].map(|endpoint| lab.sandbox.count(endpoint));
            assert!(counts.iter().all(|count| expected.contains(count)), "{rotation:?}, {count}: {counts:?}");
            assert_eq!(opened.opened().len(), 0);
            println!("{rotation:?}: {count} processes of {} verbs, {} refresh(es), no browser", verbs.len(), counts[0]);
        }
    }
}

/// Returns the maximum number of `login` processes among `count` processes: a third of them (rounded up) for three
/// verbs, and 0 for two verbs.
fn logins(count: usize, verbs: usize) -> u64 {
    if verbs == 3 { u64::try_from(count.div_ceil(3)).unwrap() } else { 0 }
}

/// Sign-outs and sign-ins of another person run simultaneously. Each process ends as documented. The last credentials
/// belong to the stored sign-in's person, and every valid refresh token is stored.
#[test]
fn mixture_with_sign_outs_never_exchanges_keys() {
    for (rotation, count) in MODES.into_iter().zip([4, 16, CROWD]) {
        let lab = Lab::with(Options { rotation, ..Options::default() }).expired();
        let url = format!("{}/orders", lab.sandbox.api_url());
        let verbs = [CREDENTIALS.to_vec(), vec!["call", "GET", &url], vec!["status"], vec!["logout"]];
        let waiting = lab.begin_login(&["--force"]);
        let children = spawned(&lab, &verbs, count);
        let _ = visitor::sign_in_as(&waiting.url, "bob");
        let signed_in = waiting.end();
        assert_told(&signed_in, "login");
        let ran: Vec<Ran> = ended(children);
        for ran in &ran {
            assert_told(ran, &format!("{rotation:?}, {count}"));
            assert!(matches!(ran.status, 0 | 3), "{ran:?}");
        }
        let served = ran.iter().step_by(verbs.len()).filter(|ran| ran.status == 0).count();
        let tokens = readable(&lab).unwrap();
        let last = lab.run(CREDENTIALS);
        match &tokens {
            Some(tokens) => {
                let person = crate::state::name(tokens["person"].as_str().unwrap());
                assert_eq!(owner(&lab, &last.good()), person);
            }
            None => {
                last.failed_with(3);
                assert_eq!(lab.items("").len(), 0);
            }
        }
        println!(
            "{rotation:?}: {count} processes and a sign-in, {served} served, {} signed in at the end",
            tokens.iter().count()
        );
    }
}
