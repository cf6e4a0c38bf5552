//! Tests of the identity pool: identities, roles chosen by rules or by token claims, and every error.

use std::sync::Arc;

use chrono::TimeDelta;
use cogfed_sandbox::options::{
    AUTHENTICATED, AmbiguousRole, MatchType, ORDERS_ADMIN, ORDERS_READER, RoleMapping, Rule,
};
use cogfed_sandbox::{Clock, Issuer, ManualClock, Options, Sandbox};
use serde_json::json;

use crate::support::client::{Answer, Lab, claims, get, send};

fn mapped(rules: Vec<Rule>, ambiguous: AmbiguousRole) -> Lab {
    Lab::with(Options { role_mapping: RoleMapping::Rules(rules, ambiguous), ..Options::default() })
}

fn refused(answer: &Answer, code: &str, message: &str) {
    assert_eq!(answer.status, 400, "{answer:?}");
    assert_eq!(answer.text("__type"), code, "{answer:?}");
    assert_eq!(answer.header("x-amzn-errortype"), Some(code));
    assert!(answer.text("message").contains(message), "{answer:?}");
}

#[test]
fn credentials_have_the_aws_form_and_last_an_hour() {
    let clock = ManualClock::at("2026-11-22T12:00:00Z".parse().unwrap());
    let lab = Lab::with(Options { clock: Arc::new(clock.clone()), ..Options::default() });
    let token = lab.tokens("alice").text("id_token");
    let identity = lab.get_id(&token);
    assert_eq!(identity.header("content-type"), Some("application/x-amz-json-1.1"));
    let id = identity.text("IdentityId");
    assert_eq!(lab.get_id(&token).text("IdentityId"), id, "one identity per person");
    assert_ne!(lab.get_id(&lab.tokens("bob").text("id_token")).text("IdentityId"), id);
    let answer = lab.get_credentials(&id, &token).json();
    let credentials = &answer["Credentials"];
    assert_eq!(answer["IdentityId"], id);
    assert!(credentials["AccessKeyId"].as_str().unwrap().starts_with("ASIASANDBOX"));
    assert_eq!(credentials["AccessKeyId"].as_str().unwrap().len(), 20);
    assert_eq!(credentials["SecretKey"].as_str().unwrap().len(), 40);
    assert!(credentials["SecretKey"].as_str().unwrap().contains("sandbox"));
    assert_eq!(credentials["Expiration"].as_f64().unwrap() as i64, clock.now().timestamp() + 3600);
    let key = lab.0.issued_keys().find(credentials["AccessKeyId"].as_str().unwrap()).unwrap();
    assert_eq!(key.caller_arn(), "arn:aws:sts::000000000000:assumed-role/OrdersAdmin/CognitoIdentityCredentials");
    assert_eq!(key.username, "AzureAD_alice@corp.example");
    assert_eq!((key.identity_id.as_str(), key.identity_pool_id.as_str()), (id.as_str(), lab.0.identity_pool_id()));
    let (provider, sub) = (lab.provider(), claims(&token)["sub"].as_str().unwrap().to_owned());
    assert_eq!(key.authentication_provider, format!("{provider},{provider}:CognitoSignIn:{sub}"));
    for name in ["SecretKey", "SessionToken"] {
        assert!(lab.0.secrets_issued().contains(&credentials[name].as_str().unwrap().to_owned()));
    }
}

#[test]
fn default_rules_give_each_person_the_right_role() {
    let lab = Lab::new();
    assert_eq!(lab.role("alice").unwrap(), ORDERS_ADMIN);
    assert_eq!(lab.role("bob").unwrap(), ORDERS_READER);
    assert_eq!(lab.role("carol").unwrap(), ORDERS_READER);
    assert_eq!(lab.role("dave").unwrap(), AUTHENTICATED);
    assert!(lab.0.set_roles("alice", &["Orders.Read"]));
    assert_eq!(lab.role("alice").unwrap(), ORDERS_READER);
}

#[test]
fn match_types_decide_the_role_over_http() {
    for (match_type, value, alice, dave) in [
        (MatchType::Equals, "Orders.Admin", true, false),
        (MatchType::Contains, "Admin", true, false),
        (MatchType::StartsWith, "Orders", true, false),
        // dave has no such claim, so the rule is not evaluated for him.
        (MatchType::NotEqual, "Other", true, false),
        (MatchType::NotEqual, "Orders.Admin", false, false),
    ] {
        let lab = mapped(vec![Rule::new("custom:roles", match_type, value, ORDERS_ADMIN)], AmbiguousRole::Deny);
        assert_eq!(lab.role("alice").is_ok(), alice, "{match_type:?} {value}");
        assert_eq!(lab.role("dave").is_ok(), dave, "{match_type:?} {value}");
    }
}

#[test]
fn token_mapping_gives_the_preferred_role() {
    let mapping = RoleMapping::Token(AmbiguousRole::Deny);
    let lab = Lab::with(Options { role_mapping: mapping, ..Options::default() });
    assert!(lab.role("alice").unwrap_err().contains("denied"));
    lab.0.change_person("alice", |person| {
        person.iam_roles = vec![ORDERS_READER.into(), ORDERS_ADMIN.into()];
        person.preferred_iam_role = Some(ORDERS_READER.into());
    });
    assert_eq!(lab.role("alice").unwrap(), ORDERS_READER);
    let token = lab.tokens("alice").text("id_token");
    let id = lab.get_id(&token).text("IdentityId");
    let ask = |role: &str| {
        let logins = json!({ lab.provider(): token });
        let input = json!({ "IdentityId": id, "Logins": logins, "CustomRoleArn": role });
        lab.identity("GetCredentialsForIdentity", &input)
    };
    let key = ask(ORDERS_ADMIN).json()["Credentials"]["AccessKeyId"].as_str().unwrap().to_owned();
    assert_eq!(lab.0.issued_keys().find(&key).unwrap().role_arn, ORDERS_ADMIN);
    refused(&ask("arn:aws:iam::000000000000:role/Other"), "NotAuthorizedException", "is forbidden");
}

#[test]
fn without_mapping_everyone_gets_the_default_role() {
    let lab = Lab::with(Options { role_mapping: RoleMapping::None, ..Options::default() });
    assert_eq!(lab.role("alice").unwrap(), AUTHENTICATED);
}

#[test]
fn login_tokens_are_verified() {
    let clock = ManualClock::at("2026-11-22T12:00:00Z".parse().unwrap());
    let lab = Lab::with(Options { clock: Arc::new(clock.clone()), ..Options::default() });
    let tokens = lab.tokens("alice");
    let (id, access) = (tokens.text("id_token"), tokens.text("access_token"));
    let no = "NotAuthorizedException";
    refused(&lab.get_id(&access), no, "Invalid login token. Missing a required claim: aud");
    refused(&lab.get_id("nonsense"), no, "Not a valid OpenId Connect identity token");
    let (message, _) = id.rsplit_once('.').unwrap();
    refused(&lab.get_id(&format!("{message}.AAAA")), no, "Couldn't verify signed token.");
    let with = |logins: serde_json::Value| {
        lab.identity("GetId", &json!({ "IdentityPoolId": lab.0.identity_pool_id(), "Logins": logins }))
    };
    let unsupported = "Token is not from a supported provider of this identity pool.";
    refused(&with(json!({ "cognito-idp.eu-west-1.amazonaws.com/eu-west-1_other": id })), no, unsupported);
    refused(&with(json!({})), no, "Unauthenticated access is not supported");
    refused(&with(json!(null)), no, "Unauthenticated access is not supported");
    // Both sandboxes have the process's keys, but different pools.
    let other = Lab::with(Options { clock: Arc::new(clock.clone()), ..Options::default() });
    refused(&lab.get_id(&other.tokens("alice").text("id_token")), no, "Issuer doesn't match providerName");
    for misbehaviour in [cogfed_sandbox::Misbehaviour::WrongAudience, cogfed_sandbox::Misbehaviour::WrongTokenUse] {
        lab.0.misbehave(misbehaviour, Some(1));
        refused(&lab.get_id(&lab.tokens("alice").text("id_token")), no, unsupported);
    }
    clock.advance(TimeDelta::hours(1));
    let now = clock.now().timestamp();
    refused(&lab.get_id(&id), no, &format!("Invalid login token. Token expired: {now} >= {now}"));
}

#[test]
fn discovery_tokens_and_identity_pool_name_one_issuer() {
    let (original, updated) = ("https://cognito-idp.", "https://issuer-cognito-idp.");
    for (issuer, host, other) in [(Issuer::Original, original, updated), (Issuer::Updated, updated, original)] {
        let lab = Lab::with(Options { issuer, ..Options::default() });
        let pool = format!("{}/{}", lab.0.user_pool_url(), lab.0.user_pool_id());
        let name = lab.0.issuer();
        assert!(name.starts_with(host), "{name}");
        assert_eq!(get(&format!("{pool}/.well-known/openid-configuration")).text("issuer"), name);
        let token = lab.tokens("alice").text("id_token");
        assert_eq!(claims(&token)["iss"], name);
        assert_eq!(lab.get_id(&token).status, 200);
        let logins = json!({ name.replace(host, other).replace("https://", ""): token });
        let input = json!({ "IdentityPoolId": lab.0.identity_pool_id(), "Logins": logins });
        let message = "Token is not from a supported provider of this identity pool.";
        refused(&lab.identity("GetId", &input), "NotAuthorizedException", message);
    }
}

#[test]
fn identity_accepts_only_its_own_persons_login() {
    let lab = Lab::new();
    let (alice, bob) = (lab.tokens("alice").text("id_token"), lab.tokens("bob").text("id_token"));
    let id = lab.get_id(&alice).text("IdentityId");
    refused(&lab.get_credentials(&id, &bob), "NotAuthorizedException", "Logins don't match.");
    let unknown = "eu-west-1:00000000-0000-0000-0000-000000000000";
    refused(&lab.get_credentials(unknown, &alice), "ResourceNotFoundException", "not found");
    refused(&lab.get_credentials("nonsense", &alice), "InvalidParameterException", "identityId");
    let logins = json!({ lab.provider(): alice });
    let pool = json!({ "IdentityPoolId": unknown, "Logins": logins });
    refused(&lab.identity("GetId", &pool), "ResourceNotFoundException", "IdentityPool");
    refused(&lab.identity("GetId", &json!({})), "InvalidParameterException", "must not be null");
}

#[test]
fn classic_flow_is_refused_with_a_mapping() {
    let lab = Lab::new();
    let message = "Basic (classic) flow is not supported with RoleMappings, please use enhanced flow.";
    refused(&lab.identity("GetOpenIdToken", &json!({})), "InvalidParameterException", message);
}

#[test]
fn malformed_identity_pool_requests_are_refused() {
    let lab = Lab::new();
    refused(&lab.identity("Nonsense", &json!({})), "UnknownOperationException", "");
    let headers = [("X-Amz-Target", "AWSCognitoIdentityService.GetId")];
    let answer = send("POST", &lab.0.identity_pool_url(), &headers, "{");
    refused(&answer, "SerializationException", "");
    assert_eq!(send("GET", &lab.0.identity_pool_url(), &headers, "").status, 400);
}

#[test]
fn revoked_sign_in_gets_credentials_without_server_side_check() {
    for (server_side_token_check, status) in [(false, 200), (true, 400)] {
        let lab = Lab::with(Options { server_side_token_check, ..Options::default() });
        let token = lab.tokens("alice").text("id_token");
        let id = lab.get_id(&token).text("IdentityId");
        lab.0.revoke_all();
        assert_eq!(lab.get_credentials(&id, &token).status, status);
    }
}

#[test]
fn started_sandbox_answers_at_its_api_and_sts() {
    let sandbox = Sandbox::start(Options::default()).unwrap();
    let answer = crate::support::client::get(&format!("{}/orders", sandbox.api_url()));
    assert_eq!(answer.status, 403);
    assert_eq!(answer.text("message"), "Missing Authentication Token");
    assert_eq!(sandbox.count("api.refused"), 1);
    let answer =
        crate::support::client::get(&format!("{}/?Action=GetCallerIdentity&Version=2011-06-15", sandbox.sts_url()));
    assert_eq!(answer.status, 403, "{answer:?}");
    assert_eq!(sandbox.count("sts.caller_identity"), 1);
}
