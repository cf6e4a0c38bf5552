//! Tests of `cogfed roles` for a sign-in: asserted roles, possible roles and the role of the credentials.

use chrono::TimeDelta;
use cogfed::sandbox::Options;
use cogfed::sandbox::options::{
    AUTHENTICATED, AmbiguousRole, ORDERS_ADMIN, ORDERS_READER, REPORTS_READER, RoleMapping,
};
use cogfed_test_support::{Lab, PROFILE};
use serde_json::{Value, json};

fn roles(lab: &Lab) -> Value {
    lab.run(&["roles", "--json"]).good().document()
}

/// Returns the entry for the role with the ARN `arn`, or for the default role if `arn` is `None`.
fn entry<'d>(document: &'d Value, arn: Option<&str>) -> &'d Value {
    let entries = document["can_lead_to"].as_array().unwrap();
    entries.iter().find(|entry| entry["role_arn"] == json!(arn)).unwrap_or_else(|| panic!("{arn:?} in {document}"))
}

#[test]
fn roles_are_shown_before_and_after_the_first_credentials() {
    let lab = Lab::new();
    let nobody = lab.run(&["roles"]).failed_with(3);
    assert!(nobody.stderr.contains("nobody is signed in"), "{}", nobody.stderr);
    lab.only_sign_in("alice");
    let asked = lab.sandbox.requests().len();
    let before = roles(&lab);
    assert_eq!(lab.sandbox.requests().len(), asked, "nothing is asked, nothing renewed");
    assert_eq!(before["asserted"]["roles"]["custom:roles"], json!(["Orders.Admin"]));
    assert_eq!((&before["person"], &before["identity_provider"]), (&json!("alice@corp.example"), &json!("AzureAD")));
    assert_eq!(before["given"], Value::Null);
    assert!(before["not_known"].as_str().unwrap().contains("no credentials are stored"), "{before}");
    lab.run(&["credential-process"]).good();
    let after = roles(&lab);
    assert_eq!(after["not_known"], Value::Null, "{after}");
    assert!(after["given"]["arn"].as_str().unwrap().contains(":assumed-role/OrdersAdmin/"), "{after}");
    assert_eq!(after["given"]["account"], json!("000000000000"));
    assert_eq!(entry(&after, None)["credentials"]["valid"], json!(true));
    let text = lab.run(&["roles"]).good().stdout;
    for line in ["roles         Orders.Admin  (custom:roles)", "signed in as  alice@corp.example", "cognito:roles none"]
    {
        assert!(text.contains(line), "{line} is not in:\n{text}");
    }
    assert!(text.contains("given         arn:aws:sts::000000000000:assumed-role/OrdersAdmin/"), "{text}");
}

#[test]
fn asserted_roles_are_shown_decoded() {
    let lab = Lab::new();
    for (sent, shown) in [
        (&["api:read"][..], json!(["api:read"])),
        (&["Orders.Read", "team:a b"], json!(["Orders.Read", "team:a b"])),
        (&["a,b", "c"], json!(["a,b", "c"])),
    ] {
        lab.sandbox.set_roles("bob", sent);
        lab.login_with(&["--force"], "bob").good();
        assert_eq!(roles(&lab)["asserted"]["roles"]["custom:roles"], shown, "{sent:?}");
    }
    lab.sandbox.set_roles("bob", &[]);
    lab.login_with(&["--force"], "bob").good();
    assert_eq!(roles(&lab)["asserted"]["roles"], json!({}));
    assert!(lab.run(&["roles"]).good().stdout.contains("roles         none in the token"));
}

#[test]
fn roles_are_listed_with_their_sources() {
    let options = Options { role_mapping: RoleMapping::Token(AmbiguousRole::Deny), ..Options::default() };
    let lab = Lab::with(options);
    lab.sandbox.change_person("carol", |person| {
        person.iam_roles = vec![ORDERS_ADMIN.into(), ORDERS_READER.into()];
        person.preferred_iam_role = Some(ORDERS_READER.into());
    });
    let lab = lab.with_profiles(&[
        (PROFILE, &format!("role_arn = '{ORDERS_READER}'")),
        ("reports", &format!("role_arn = '{REPORTS_READER}'")),
    ]);
    let words = |more: &[&'static str]| [&["roles", "--profile", PROFILE], more].concat();
    lab.login_with(&["--profile", PROFILE], "carol").good();
    lab.forget_credentials();
    lab.run(&["credential-process", "--profile", PROFILE, "--role", ORDERS_ADMIN]).good();
    let mapping = lab.work().join("pool.json");
    std::fs::write(&mapping, lab.sandbox.pool_roles_json()).unwrap();
    let document = lab.run(&words(&["--json", "--mapping", "pool.json"])).good().document();
    assert_eq!(entry(&document, Some(ORDERS_ADMIN))["named_by"], json!(["cognito:roles", "the store"]));
    assert_eq!(entry(&document, Some(ORDERS_ADMIN))["credentials"]["valid"], json!(true));
    let reader = ["cognito:roles", "cognito:preferred_role", "profile lab"];
    assert_eq!(entry(&document, Some(ORDERS_READER))["named_by"], json!(reader));
    assert_eq!(entry(&document, Some(REPORTS_READER))["named_by"], json!(["profile reports"]));
    assert_eq!(entry(&document, Some(AUTHENTICATED))["named_by"], json!(["the role mapping"]));
    assert_eq!(document["given"], Value::Null, "the profile's own role has no credentials yet: {document}");
    let other = lab.run(&words(&["--json", "--role", ORDERS_ADMIN])).good().document();
    assert!(other["given"]["arn"].as_str().unwrap().contains("/OrdersAdmin/"), "{other}");
    let named_by = json!(["cognito:roles", "--role", "the store"]);
    assert_eq!(entry(&other, Some(ORDERS_ADMIN))["named_by"], named_by, "no profile says so");
}

#[test]
fn roles_works_when_sts_does_not_answer() {
    let (lab, clock) = Lab::with_manual_clock(Options::default());
    lab.login_here("alice").good();
    lab.run_here(&["credential-process"], None).good();
    let sts = lab.sandbox.sts_url();
    let config = std::fs::read_to_string(lab.config()).unwrap();
    std::fs::write(lab.config(), config.replace(&sts, "http://127.0.0.1:9")).unwrap();
    let document = lab.run_here(&["roles", "--json"], None).good().document();
    assert!(document["not_known"].as_str().unwrap().contains("127.0.0.1"), "{document}");
    clock.advance(TimeDelta::hours(2));
    let stale = lab.run_here(&["roles", "--json"], None).good().document();
    assert!(stale["not_known"].as_str().unwrap().contains("no credentials are stored"), "{stale}");
    assert_eq!(entry(&stale, None)["credentials"]["valid"], json!(false));
    assert!(lab.run_here(&["roles"], None).good().stdout.contains("credentials expired"));
}

#[test]
fn terminal_sequences_in_names_are_escaped() {
    let lab = Lab::new();
    lab.sandbox.change_person("dave", |person| {
        person.email = "da\u{1b}[2Jve@corp.example".into();
        person.groups = vec!["g\u{202e}".into(), "\r".into()];
    });
    lab.login("dave").good();
    let text = lab.run(&["roles"]).good().stdout;
    assert!(!text.chars().any(|c| (c.is_control() && c != '\n') || c == '\u{202e}'), "{text:?}");
}
