//! Tests of the classic flow: GetId once, GetOpenIdToken, AssumeRoleWithWebIdentity, and the lifetime of the
//! credentials.

use chrono::{TimeDelta, Utc};
use cogfed::sandbox::options::{ORDERS_ADMIN, ORDERS_READER};
use cogfed::sandbox::{Options, Switch};
use cogfed_test_support::{CREDENTIALS, Lab, PROFILE};

use super::stand_in::{ROLE, StandIn, expiration, parameters};

fn lines(more: &str) -> String {
    format!("flow = 'classic'\nrole_arn = '{ROLE}'\n{more}")
}

#[test]
fn classic_flow_names_a_twelve_hour_session_after_the_person() {
    let lab = Lab::new();
    let aws = StandIn::before(&lab, &lines("session_duration = 43200"));
    lab.login("alice").good();
    let before = Utc::now();
    let document = lab.run(CREDENTIALS).good().document();
    let left = expiration(&document) - before;
    assert!((left - TimeDelta::hours(12)).abs() < TimeDelta::minutes(5), "{left}");
    assert_eq!(document["AccountId"], "000000000000");
    let [vouched] = aws.vouched().try_into().unwrap();
    assert!(!vouched.head.to_lowercase().contains("authorization"), "{vouched:?}");
    let [assumed] = aws.assumed().try_into().unwrap();
    assert!(!assumed.head.to_lowercase().contains("authorization"), "{assumed:?}");
    let parameters = parameters(&assumed);
    for (name, value) in [
        ("Action", "AssumeRoleWithWebIdentity"),
        ("RoleArn", ROLE),
        ("RoleSessionName", "alice@corp.example"),
        ("DurationSeconds", "43200"),
    ] {
        assert_eq!(parameters[name], value, "{name}");
    }
    assert_eq!(lab.run(CREDENTIALS).good().document(), document, "they are kept");
    assert_eq!((aws.vouched().len(), aws.assumed().len()), (0, 0));
    assert_eq!(lab.sandbox.count("identity.get_credentials"), 0, "the enhanced flow is not used");
    let status = lab.run(&["status"]).good().stdout;
    assert!(status.contains("role          Orders in AWS account 000000000000, by the classic flow\n"), "{status}");
    let said = lab.run(&["logout"]).good().stderr;
    assert!(said.contains("stay valid for up to 12 hours"), "{said}");
    assert_eq!(lab.items("").len(), 0);
}

#[test]
fn classic_credentials_survive_a_failed_renewal() {
    let (lab, _) = Lab::with_manual_clock(Options::default());
    let aws = StandIn::before(&lab, &lines("session_duration = 43200"));
    lab.login_here("alice").good();
    let first = lab.run_here(CREDENTIALS, None).good().document();
    lab.advance(TimeDelta::minutes(11 * 60 + 43));
    aws.assumed();
    assert_eq!(lab.run_here(CREDENTIALS, None).good().document(), first, "17 minutes are left");
    // The new duration applies to the next credentials.
    lab.configure(&aws.section(&lab, PROFILE), &format!("store = 'file'\n{}", lines("session_duration = 1800")));
    assert_eq!(lab.run_here(CREDENTIALS, None).good().document(), first);
    assert_eq!(aws.assumed().len(), 0);

    lab.advance(TimeDelta::minutes(2));
    aws.refuse(Some((403, "AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity")));
    let ran = lab.run_here(CREDENTIALS, None).good();
    assert_eq!(ran.document(), first);
    assert!(ran.stderr.contains("the old ones are still valid: the role cannot be assumed"), "{}", ran.stderr);
    assert_eq!(aws.assumed().len(), 1);
    lab.run_here(CREDENTIALS, None).good();
    assert_eq!(aws.assumed().len(), 0, "the next try comes later");

    aws.refuse(None);
    lab.advance(TimeDelta::minutes(1));
    let second = lab.run_here(CREDENTIALS, None).good().document();
    assert_ne!(second, first);
    assert_eq!(parameters(&aws.assumed()[0])["DurationSeconds"], "1800");
    assert_eq!(lab.sandbox.count("identity.get_id"), 1, "the identity id is kept");
    // Short-lived credentials are used for half their life.
    lab.advance(TimeDelta::minutes(14));
    assert_eq!(lab.run_here(CREDENTIALS, None).good().document(), second);
    lab.advance(TimeDelta::minutes(2));
    assert_ne!(lab.run_here(CREDENTIALS, None).good().document(), second);
}

#[test]
fn classic_credentials_last_an_hour_by_default() {
    let lab = Lab::new();
    let aws = StandIn::before(&lab, &lines(""));
    lab.login("alice").good();
    lab.run(CREDENTIALS).good();
    assert_eq!(parameters(&aws.assumed()[0])["DurationSeconds"], "3600");
}

#[test]
fn classic_flow_asks_for_a_forgotten_identity_again() {
    let lab = Lab::new();
    let aws = StandIn::before(&lab, &lines(""));
    lab.login("alice").good();
    lab.run(CREDENTIALS).good();
    aws.forget_an_identity();
    lab.run(&["credential-process", "--role", "arn:aws:iam::000000000000:role/Other"]).good();
    assert_eq!((lab.sandbox.count("identity.get_id"), aws.vouched().len(), aws.assumed().len()), (2, 3, 2));
}

/// Here the sandbox's own STS verifies the token.
#[test]
fn classic_flow_works_end_to_end_against_the_sandbox() {
    let mut options = Options::default();
    Switch::ClassicFlow.apply(&mut options);
    let lab = Lab::with(options);
    lab.configure_with(&format!("flow = 'classic'\nrole_arn = '{ORDERS_ADMIN}'\nsession_duration = 43200"));
    lab.login("alice").good();
    let ran = lab.run(&[CREDENTIALS, &["--debug"]].concat()).good();
    let document = ran.document();
    let secrets = lab.sandbox.secrets_issued();
    assert!(secrets.len() > 3 && !secrets.iter().any(|secret| ran.stderr.contains(secret)), "{}", ran.stderr);
    assert!(expiration(&document) - Utc::now() > TimeDelta::minutes(11 * 60 + 55), "{document}");
    let arn = "arn:aws:sts::000000000000:assumed-role/OrdersAdmin/alice@corp.example";
    assert_eq!(super::sts::caller(&lab, &document).arn, arn);
    let url = format!("{}/orders", lab.sandbox.api_url());
    let post = ["call", "POST", &url, "--json", "-d", "{}", "--fail"];
    lab.run(&post).good();
    let reader = ["--role", ORDERS_READER];
    lab.run(&[&post[..], &reader].concat()).failed_with(22);
    let document = lab.run(&[CREDENTIALS, &reader].concat()).good().document();
    assert!(super::sts::caller(&lab, &document).arn.ends_with("/OrdersReader/alice@corp.example"));
    for (endpoint, count) in
        [("identity.get_id", 1), ("identity.get_open_id_token", 2), ("identity.get_credentials", 0)]
    {
        assert_eq!(lab.sandbox.count(endpoint), count, "{endpoint}");
    }
    lab.run(&["logout"]).good();
    assert_eq!(lab.items("").len(), 0);
}

/// Two profiles share a sign-in and a role, but use different flows.
#[test]
fn enhanced_and_classic_profiles_of_one_role_keep_separate_credentials() {
    let lab = Lab::new();
    let aws = StandIn::before(&lab, "");
    let role = ORDERS_ADMIN;
    let whole = |name: &str, lines: &str| {
        let section = aws.section(&lab, name);
        let (head, keys) = section.split_once('\n').unwrap();
        format!("{head}\nstore = 'file'\nrole_arn = '{role}'\n{lines}\n{keys}\n")
    };
    let text = whole("enhanced", "") + &whole("classic", "flow = 'classic'");
    std::fs::write(lab.config(), text).unwrap();
    lab.login_with(&["--profile", "enhanced"], "alice").good();
    let ask = |name: &'static str| lab.run(&["credential-process", "-p", name]).good().document();
    let key = |document: &serde_json::Value| document["AccessKeyId"].as_str().unwrap().to_owned();
    let asked: Vec<_> = std::thread::scope(|scope| {
        let names = ["enhanced", "classic"].into_iter().cycle().take(8);
        let threads: Vec<_> = names.map(|name| scope.spawn(move || (name, ask(name)))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    for (name, document) in &asked {
        assert_eq!(key(document).starts_with("ASIACLASSIC"), *name == "classic", "{name}");
        assert_eq!(document, &ask(name), "{name}");
    }
    assert_eq!((aws.assumed().len(), lab.sandbox.count("identity.get_credentials")), (1, 1));
    assert_eq!(lab.items("credentials").len(), 2);
    let status = lab.run(&["status", "-p", "enhanced"]).good().stdout;
    assert!(
        status.contains("also          OrdersAdmin in AWS account 000000000000, by the classic flow, until "),
        "{status}"
    );
    lab.run(&["logout", "-p", "enhanced"]).good();
    assert_eq!(lab.items("").len(), 0);
}
