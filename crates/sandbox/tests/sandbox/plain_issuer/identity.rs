//! Tests of a sandbox with a plain issuer: its identity pool, and its profile for cogfed.

use cogfed_sandbox::options::{AUTHENTICATED, ContainsOnArrays, ORDERS_ADMIN, ORDERS_READER, RoleMapping};
use cogfed_sandbox::{Misbehaviour, Options, Switch};
use serde_json::{Value, json};

use crate::plain_issuer::Issuer;
use crate::support::client::{Lab, claims, get};

#[test]
fn identity_pool_accepts_only_the_plain_issuers_tokens() {
    let issuer = Issuer::new();
    for (person, role) in
        [("alice", ORDERS_ADMIN), ("bob", ORDERS_READER), ("carol", ORDERS_READER), ("dave", AUTHENTICATED)]
    {
        assert_eq!(issuer.role(person).unwrap(), role, "{person}");
    }
    let pool = |logins: Value| {
        let input = json!({ "IdentityPoolId": issuer.lab.0.identity_pool_id(), "Logins": logins });
        issuer.lab.identity("GetId", &input)
    };
    let answer = issuer.tokens("alice");
    let (id, access) = (answer.text("id_token"), answer.text("access_token"));
    let key = issuer.lab.0.issuer().replace("http://", "");
    assert!(key.starts_with("127.0.0.1:") && key.ends_with("/v2.0"), "{key}");
    assert_eq!(pool(json!({ &key: id })).status, 200);
    for (key, token, message) in [
        (format!("http://{key}"), id.as_str(), "Token is not from a supported provider of this identity pool."),
        (format!("{key}/"), &id, "Token is not from a supported provider of this identity pool."),
        (key.clone(), &access, "Invalid login token. Issuer doesn't match providerName"),
    ] {
        assert_eq!(pool(json!({ key: token })).text("message"), message);
    }
    issuer.lab.0.misbehave(Misbehaviour::IssuerTrailingSlash, Some(1));
    let slashed = issuer.tokens("alice").text("id_token");
    assert_eq!(
        pool(json!({ &key: slashed })).text("message"),
        "Invalid login token. Issuer doesn't match providerName"
    );
    issuer.lab.0.misbehave(Misbehaviour::WrongAudience, Some(1));
    let other = issuer.tokens("alice").text("id_token");
    let unsupported = "Token is not from a supported provider of this identity pool.";
    assert_eq!(pool(json!({ &key: other })).text("message"), unsupported);
    // The user pool still exists, but the identity pool does not know it.
    let cognito = issuer.lab.tokens("alice").text("id_token");
    let cognito_key = claims(&cognito)["iss"].as_str().unwrap().replace("https://", "");
    assert_eq!(pool(json!({ cognito_key: cognito })).text("message"), unsupported);
}

#[test]
fn caller_is_named_after_the_plain_issuer() {
    let issuer = Issuer::new();
    let token = issuer.tokens("alice").text("id_token");
    let identity_id = issuer.lab.get_id(&token).text("IdentityId");
    let credentials = issuer.lab.get_credentials(&identity_id, &token).json();
    let key = credentials["Credentials"]["AccessKeyId"].as_str().unwrap();
    let key = issuer.lab.0.issued_keys().find(key).unwrap();
    assert_eq!(key.username, "alice@corp.example");
    let (provider, sub) = (issuer.lab.provider().replace("http://", ""), claims(&token)["sub"].clone());
    let expected =
        format!("{provider},arn:aws:iam::000000000000:oidc-provider/{provider}:OIDC:{}", sub.as_str().unwrap());
    assert_eq!(key.authentication_provider, expected);
}

#[test]
fn switch_makes_the_rules_use_the_claim_roles() {
    let mut options = Options::default();
    Switch::PlainIssuer.apply(&mut options);
    let RoleMapping::Rules(rules, _) = &options.role_mapping else { panic!("rules") };
    assert!(rules.iter().all(|rule| rule.claim == "roles"), "{rules:?}");
    let element = Issuer::with(Options { contains_on_arrays: ContainsOnArrays::Element, ..Options::default() });
    assert_eq!(element.role("carol").unwrap(), ORDERS_READER);
    // The rules for a user pool name a claim that these tokens do not have.
    let lab = Lab::with(Options { plain_issuer: true, ..Options::default() });
    let discovery = get(&format!("{}/.well-known/openid-configuration", lab.0.issuer())).json();
    assert_eq!(Issuer { lab, discovery }.role("alice").unwrap(), AUTHENTICATED);
}

#[test]
fn profile_names_the_issuer_and_no_user_pool() {
    let issuer = Issuer::new();
    let text = issuer.lab.0.profile_toml("plain");
    let profile = text.parse::<toml_edit::Document<String>>().unwrap();
    let profile = &profile["profile"]["plain"];
    assert_eq!(profile["issuer"].as_str(), Some(issuer.lab.0.issuer().as_str()));
    assert_eq!(profile["client_id"].as_str(), Some(issuer.lab.0.client_id()));
    assert_eq!(profile["identity_pool_id"].as_str(), Some(issuer.lab.0.identity_pool_id()));
    assert_eq!(profile["region"].as_str(), Some("eu-west-1"));
    assert_eq!(profile["endpoints"]["identity_pool"].as_str(), Some(issuer.lab.0.identity_pool_url().as_str()));
    assert_eq!(profile["endpoints"]["sts"].as_str(), Some(issuer.lab.0.sts_url().as_str()));
    for line in text.lines() {
        let key = line.split(' ').next().unwrap();
        let foreign = ["user_pool_id", "domain", "identity_provider", "logout_uri", "user_pool", "refresh_grace"];
        assert!(!foreign.contains(&key), "{line}");
    }
}

#[test]
fn plain_issuer_works_in_china() {
    let mut options = Options::default();
    Switch::China.apply(&mut options);
    let issuer = Issuer::with(options);
    let role = issuer.role("alice").unwrap();
    assert!(role.starts_with("arn:aws-cn:iam::") && role.ends_with("/OrdersAdmin"), "{role}");
    let profile = issuer.lab.0.profile_toml("china");
    assert!(profile.contains("region = \"cn-north-1\"") && profile.contains("identity_pool_id = \"cn-north-1:"));
    assert!(!profile.contains("user_pool"), "{profile}");
}

#[test]
fn classic_flow_accepts_the_plain_issuers_tokens() {
    let mut options = Options::default();
    Switch::ClassicFlow.apply(&mut options);
    let issuer = Issuer::with(options);
    let token = issuer.tokens("alice").text("id_token");
    let identity_id = issuer.lab.get_id(&token).text("IdentityId");
    let logins = json!({ issuer.lab.provider(): token });
    let answer = issuer.lab.identity("GetOpenIdToken", &json!({ "IdentityId": identity_id, "Logins": logins }));
    let amr = claims(&answer.text("Token"))["amr"].clone();
    assert_eq!((&amr[0], &amr[1]), (&json!("authenticated"), &json!(issuer.lab.provider())));
    assert!(amr[2].as_str().unwrap().contains(":oidc-provider/"), "{amr}");
}
