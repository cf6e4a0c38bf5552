//! Tests of `roles --explain` for a sign-in, with the role mapping from AWS or from a file.

use std::path::{Path, PathBuf};

use cogfed::sandbox::Options;
use cogfed::sandbox::options::{AmbiguousRole, MatchType, ORDERS_ADMIN, ORDERS_READER, RoleMapping, Rule};
use cogfed_test_support::{Lab, Ran};
use serde_json::json;

/// Runs `roles --explain` with an administrator's AWS key in the environment.
fn by_the_service(lab: &Lab, key: (&str, &str), token: Option<&str>, more: &[&str]) -> Ran {
    let mut command = lab.command(&[&["roles", "--explain"], more].concat());
    command.env("AWS_ACCESS_KEY_ID", key.0).env("AWS_SECRET_ACCESS_KEY", key.1);
    command.envs(token.map(|token| ("AWS_SESSION_TOKEN", token))).output().unwrap().into()
}

#[test]
fn explain_asks_the_service_with_an_administrators_key() {
    let lab = Lab::new();
    lab.login("bob").good();
    let ran = by_the_service(&lab, lab.sandbox.administrator(), None, &["--json"]).good();
    let document = ran.document();
    assert_eq!((&document["role_arn"], &document["provider_chosen_by"]), (&json!(ORDERS_READER), &json!("token")));
    assert_eq!(document["identity_pool_id"], json!(lab.sandbox.identity_pool_id()));
    assert_eq!(document["certain"], json!(true));
    lab.run(&["credential-process"]).good();
    let given = lab.run(&["roles", "--json"]).good().document();
    assert!(given["given"]["arn"].as_str().unwrap().contains("/OrdersReader/"), "it is what was given: {given}");
}

#[test]
fn explained_role_is_the_role_that_is_given() {
    let lab = Lab::new();
    let rule = Rule::new("custom:roles", MatchType::Equals, "Orders.Admin", ORDERS_ADMIN);
    for (person, mapping) in [
        ("alice", None),
        ("grace", None),
        ("dave", None),
        ("dave", Some(RoleMapping::Rules(vec![rule], AmbiguousRole::Deny))),
        ("bob", Some(RoleMapping::Token(AmbiguousRole::AuthenticatedRole))),
        ("bob", Some(RoleMapping::Token(AmbiguousRole::Deny))),
        ("carol", Some(RoleMapping::None)),
    ] {
        mapping.into_iter().for_each(|mapping| lab.sandbox.set_role_mapping(mapping));
        let login = lab.login_with(&["--force"], person);
        assert!(login.stderr.contains("signed in as"), "{}", login.stderr);
        std::fs::write(lab.work().join("pool.json"), lab.sandbox.pool_roles_json()).unwrap();
        let explained = lab.run(&["roles", "--explain", "--json", "--mapping", "pool.json"]);
        let outcome = explained.document();
        let credentials = lab.run(&["credential-process"]);
        assert_eq!(explained.status, credentials.status, "{person}: {explained:?} {credentials:?}");
        if let Some(arn) = outcome["role_arn"].as_str() {
            let role = arn.rsplit('/').next().unwrap();
            let given = lab.run(&["roles", "--json"]).good().document();
            assert!(given["given"]["arn"].as_str().unwrap().contains(&format!(":assumed-role/{role}/")), "{given}");
        }
    }
}

#[test]
fn explain_takes_the_role_from_flag_or_profile() {
    let lab = Lab::new();
    lab.login("grace").good();
    std::fs::write(lab.work().join("pool.json"), lab.sandbox.pool_roles_json()).unwrap();
    let explain =
        |more: &[&str]| lab.run(&[&["roles", "--explain", "--json", "--mapping", "pool.json"], more].concat());
    assert_eq!(explain(&[]).good().document()["role_arn"], json!(ORDERS_ADMIN));
    assert_eq!(explain(&["--role", ORDERS_READER]).good().document()["role_arn"], json!(ORDERS_READER));
    let other = "arn:aws:iam::000000000000:role/Other";
    let refused = explain(&["--role", other]).failed_with(6).document();
    assert_eq!(refused["doubts"][0]["questions"], json!(["custom_role_by_rules"]));
    lab.configure_with(&format!("role_arn = '{ORDERS_READER}'"));
    assert_eq!(explain(&[]).good().document()["custom_role"], json!(ORDERS_READER));
}

#[test]
fn explain_does_not_cover_the_classic_flow() {
    let lab = Lab::new();
    lab.configure_with(&format!("flow = 'classic'\nrole_arn = '{ORDERS_ADMIN}'"));
    lab.only_sign_in("alice");
    std::fs::write(lab.work().join("pool.json"), lab.sandbox.pool_roles_json()).unwrap();
    let ran = lab.run(&["roles", "--explain", "--json", "--mapping", "pool.json"]).good();
    assert_eq!(ran.document()["findings"][0]["code"], json!("classic_flow"));
    let roles = lab.run(&["roles", "--json"]).good().document();
    assert_eq!(roles["can_lead_to"][0]["role_arn"], json!(ORDERS_ADMIN), "nothing is given without asking: {roles}");
}

#[test]
fn explain_names_a_mapping_of_another_pool() {
    let lab = Lab::new();
    lab.login("alice").good();
    let other = "eu-west-1:1cf667a2-49a6-454b-9e45-23199EXAMPLE";
    let mapping = lab.sandbox.pool_roles_json().replace(lab.sandbox.identity_pool_id(), other);
    std::fs::write(lab.work().join("pool.json"), mapping).unwrap();
    let document = lab.run(&["roles", "--explain", "--json", "--mapping", "pool.json"]).good().document();
    assert_eq!(document["findings"][0]["code"], json!("other_identity_pool"));
}

#[test]
fn failing_service_is_distinguished_from_a_refusing_one() {
    let lab = Lab::new();
    lab.login("alice").good();
    let config = std::fs::read_to_string(lab.config()).unwrap();
    std::fs::write(lab.config(), config.replace(&lab.sandbox.identity_pool_url(), "http://127.0.0.1:9")).unwrap();
    std::fs::write(lab.work().join("claims.json"), json!({ "custom:roles": "x" }).to_string()).unwrap();
    let ran = by_the_service(&lab, ("AKIAEXAMPLE", "canary"), None, &["--claims", "claims.json"]).failed_with(5);
    assert!(!ran.stderr.contains("canary"), "{}", ran.stderr);
}

#[test]
fn explain_without_a_key_prints_the_command_to_run() {
    let lab = Lab::new();
    lab.login("alice").good();
    let ran = lab.run(&["roles", "--explain"]).failed_with(2);
    let pool = lab.sandbox.identity_pool_id();
    let command = format!("aws cognito-identity get-identity-pool-roles --identity-pool-id {pool}");
    assert!(ran.stderr.contains(&command), "{}", ran.stderr);
    let half = lab.command(&["roles", "--explain"]).env("AWS_ACCESS_KEY_ID", "AKIA").output().unwrap();
    Ran::from(half).failed_with(2);
}

#[test]
fn explain_refuses_credentials_of_an_identity_pool() {
    let lab = Lab::new();
    lab.login("alice").good();
    let document = lab.run(&["credential-process"]).good().document();
    let text = |name: &str| document[name].as_str().unwrap().to_owned();
    let key = (&*text("AccessKeyId"), &*text("SecretAccessKey"));
    let ran = by_the_service(&lab, key, Some(&text("SessionToken")), &[]).failed_with(6);
    assert!(ran.stderr.contains("may not read the role mapping"), "{}", ran.stderr);
    assert!(ran.stderr.contains("those that an identity pool issues never have it"), "{}", ran.stderr);
    let wrong = by_the_service(&lab, (lab.sandbox.administrator().0, "canary-wrong-key"), None, &[]).failed_with(6);
    assert!(!wrong.stderr.contains("canary"), "{}", wrong.stderr);
}

/// An administrator's key is the most powerful secret that cogfed ever receives. It signs one request, to the profile's
/// identity pool, and is dropped.
#[test]
fn administrators_key_goes_only_to_the_identity_pool() {
    let lab = Lab::new();
    lab.login("alice").good();
    lab.run(&["credential-process"]).good();
    let (id, secret) = lab.sandbox.administrator();
    let token = "canary-of-a-session-token";
    // The variables that the SDK's credential chain would read.
    let elsewhere = [("AWS_ENDPOINT_URL", "http://127.0.0.1:9"), ("AWS_PROFILE", "other"), ("AWS_REGION", "us-east-1")];
    let asked = |words: &[&str], key: &str, token: Option<&str>| -> Ran {
        let mut command = lab.command(&[&["--debug"], words].concat());
        command.env("AWS_ACCESS_KEY_ID", id).env("AWS_SECRET_ACCESS_KEY", key).envs(elsewhere);
        command.envs(token.map(|token| ("AWS_SESSION_TOKEN", token))).output().unwrap().into()
    };
    let orders = format!("{}/orders", lab.sandbox.api_url());
    lab.sandbox.clear_log();
    let explain: &[&str] = &["roles", "--explain"];
    let explained = [
        asked(explain, secret, None).good(),
        asked(explain, "canary-of-a-wrong-key", Some(token)).failed_with(6),
        asked(explain, secret, Some(token)),
    ];
    let requests = lab.sandbox.requests();
    assert!(requests.iter().all(|request| request.endpoint == "identity.get_identity_pool_roles"), "{requests:?}");
    assert_eq!(requests.len(), explained.len());
    let others: &[&[&str]] = &[
        &["roles"],
        &["status", "--report"],
        &["credential-process"],
        &["call", "GET", &orders],
        &["call", "-v", "--dry-run", "GET", &orders],
    ];
    let others: Vec<Ran> = others.iter().map(|words| asked(words, secret, Some(token)).good()).collect();
    for ran in explained.iter().chain(&others) {
        let said = format!("{}{}", ran.stdout, ran.stderr);
        assert!(!said.contains(secret) && !said.contains("canary"), "{said}");
    }
    for ran in &others {
        assert!(
            !ran.stdout.contains(id) && !ran.stderr.contains(id),
            "it is nobody's but the administrator's: {ran:?}"
        );
    }
    assert!(explained[0].stderr.lines().count() > 1, "{}", explained[0].stderr);
    for file in files(lab.home()) {
        let bytes = std::fs::read(&file).unwrap();
        for kept in [id, secret, "canary"] {
            assert!(!bytes.windows(kept.len()).any(|piece| piece == kept.as_bytes()), "{}", file.display());
        }
    }
}

fn files(below: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(below).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

#[test]
fn explain_warns_about_user_writable_claims() {
    let scopes: Vec<String> = ["openid", "aws.cognito.signin.user.admin"].map(String::from).to_vec();
    let lab = Lab::with(Options { scopes, ..Options::default() });
    lab.configure_with("scopes = ['openid', 'aws.cognito.signin.user.admin']");
    lab.login("alice").good();
    std::fs::write(lab.work().join("pool.json"), lab.sandbox.pool_roles_json()).unwrap();
    let words = ["roles", "--explain", "--json", "--mapping", "pool.json"];
    let document = lab.run(&words).good().document();
    assert_eq!(document["findings"][0]["code"], json!("claim_writable_by_owner"), "{document}");
    lab.run(&[&words[..], &["--strict"]].concat()).failed_with(1);
    let claims = json!({ "custom:roles": "Orders.Admin", "scope": "openid aws.cognito.signin.user.admin" });
    std::fs::write(lab.work().join("claims.json"), claims.to_string()).unwrap();
    let document = lab.run(&[&words[..], &["--claims", "claims.json"]].concat()).good().document();
    assert_eq!(document["findings"][0]["code"], json!("claim_writable_by_owner"), "{document}");
}

#[test]
fn explain_names_scopes_that_hide_the_roles() {
    let lab = Lab::new();
    lab.configure_with("scopes = ['openid', 'email']");
    lab.login("alice").good();
    std::fs::write(lab.work().join("pool.json"), lab.sandbox.pool_roles_json()).unwrap();
    let document = lab.run(&["roles", "--explain", "--json", "--mapping", "pool.json"]).good().document();
    assert!(document["rules"][0]["why"].as_str().unwrap().contains("the token has no custom:roles"), "{document}");
    assert_eq!(document["findings"][0]["code"], json!("claim_hidden_by_scopes"));
}
