//! Tests of AssumeRole, with which a tool uses the credentials of one role to assume a second role.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use cogfed_sandbox::issued::IssuedKey;
use cogfed_sandbox::options::{ORDERS_ADMIN, ORDERS_AUDIT, ORDERS_DEPLOY, ORDERS_READER};
use cogfed_sandbox::{Clock, ManualClock, Options};
use url::form_urlencoded::Serializer;

use crate::support::client::{Answer, Lab};
use crate::support::signed::{administrator, api, caller, element, send_signed, signing_key};

const REGION: &str = "eu-west-1";

fn lab() -> (Lab, ManualClock) {
    let clock = ManualClock::at("2026-11-22T12:00:00Z".parse().unwrap());
    (Lab::with(Options { clock: Arc::new(clock.clone()), ..Options::default() }), clock)
}

/// Returns AWS credentials that the identity pool gives to `person`.
fn role_of(lab: &Lab, person: &str) -> IssuedKey {
    let token = lab.tokens(person).text("id_token");
    let identity_id = lab.get_id(&token).text("IdentityId");
    let logins = serde_json::json!({ "IdentityId": identity_id, "Logins": { lab.provider(): token } });
    let answer = lab.identity("GetCredentialsForIdentity", &logins);
    let id = answer.json()["Credentials"]["AccessKeyId"].as_str().unwrap().to_owned();
    lab.0.issued_keys().find(&id).unwrap()
}

/// Calls AssumeRole with default parameters. Each pair in `changes` replaces or adds a parameter. An empty value omits
/// a parameter.
fn assume(lab: &Lab, key: &IssuedKey, changes: &[(&str, &str)]) -> Answer {
    let mut pairs = vec![
        ("Action", "AssumeRole"),
        ("Version", "2011-06-15"),
        ("RoleArn", ORDERS_DEPLOY),
        ("RoleSessionName", "pipeline-7"),
    ];
    for change in changes {
        pairs.retain(|(name, _)| *name != change.0);
        pairs.push(*change);
    }
    pairs.retain(|(_, value)| !value.is_empty());
    let body = Serializer::new(String::new()).extend_pairs(pairs).finish();
    let form = [("content-type", "application/x-www-form-urlencoded")];
    send_signed(lab, (key, "sts", REGION), ("POST", &format!("{}/", lab.0.sts_url())), &form, &body)
}

#[track_caller]
fn refused(answer: &Answer, status: u16, code: &str, message: &str) {
    assert_eq!(answer.status, status, "{answer:?}");
    assert_eq!((element(&answer.body, "Code"), element(&answer.body, "Message")), (code, message));
}

/// Returns the AWS credentials from a successful AssumeRole response.
fn key(answer: &Answer) -> IssuedKey {
    assert_eq!(answer.status, 200, "{answer:?}");
    let part = |name| element(&answer.body, name);
    signing_key(part("AccessKeyId"), part("SecretAccessKey"), part("SessionToken"))
}

fn denied(caller: &str, role: &str) -> String {
    format!(
        "User: arn:aws:sts::000000000000:assumed-role/{caller} is not authorized to perform: sts:AssumeRole on resource: {role}"
    )
}

#[test]
fn trusted_role_session_assumes_a_second_role() {
    let (lab, clock) = lab();
    let answer = assume(&lab, &role_of(&lab, "alice"), &[]);
    let deploy = key(&answer);
    let arn = "arn:aws:sts::000000000000:assumed-role/OrdersDeploy/pipeline-7";
    assert_eq!((element(&answer.body, "Arn"), caller(&lab, &deploy, REGION).as_str()), (arn, arn));
    assert!(element(&answer.body, "AssumedRoleId").ends_with(":pipeline-7"));
    let expires: DateTime<Utc> = element(&answer.body, "Expiration").parse().unwrap();
    assert_eq!(expires - clock.now(), TimeDelta::hours(1), "the default duration");
    assert_eq!(lab.0.count("sts.assume_role"), 1);

    let echo = api(&lab, &deploy, REGION, "/echo/x");
    assert_eq!(echo.status, 200, "{echo:?}");
    let identity = echo.json()["requestContext"]["identity"].clone();
    assert_eq!((&identity["userArn"], &identity["cognitoIdentityId"]), (&arn.into(), &serde_json::Value::Null));
    clock.advance(TimeDelta::hours(1));
    assert_eq!(api(&lab, &deploy, REGION, "/echo/x").status, 403, "they expire");
}

#[test]
fn role_whose_trust_policy_does_not_name_the_caller_is_denied() {
    let (lab, _) = lab();
    let (alice, bob) = (role_of(&lab, "alice"), role_of(&lab, "bob"));
    let missing = "arn:aws:iam::000000000000:role/NoSuchRole";
    let reader = "OrdersReader/CognitoIdentityCredentials";
    let admin = "OrdersAdmin/CognitoIdentityCredentials";
    for (key, who, role) in [
        (&bob, reader, ORDERS_DEPLOY),
        (&alice, admin, missing),
        (&alice, admin, ORDERS_ADMIN),
        (&alice, admin, ORDERS_READER),
        (&alice, admin, "arn:aws:iam::111111111111:role/OrdersDeploy"),
    ] {
        refused(&assume(&lab, key, &[("RoleArn", role)]), 403, "AccessDenied", &denied(who, role));
    }
    let deploy = key(&assume(&lab, &alice, &[]));
    refused(&assume(&lab, &deploy, &[]), 403, "AccessDenied", &denied("OrdersDeploy/pipeline-7", ORDERS_DEPLOY));
}

#[test]
fn role_with_an_external_id_demands_it() {
    let (lab, _) = lab();
    let bob = role_of(&lab, "bob");
    let audit = |id: &str| assume(&lab, &bob, &[("RoleArn", ORDERS_AUDIT), ("ExternalId", id)]);
    for wrong in ["", "orders-audit-2", "Orders-Audit"] {
        let message = denied("OrdersReader/CognitoIdentityCredentials", ORDERS_AUDIT);
        refused(&audit(wrong), 403, "AccessDenied", &message);
    }
    let arn = "arn:aws:sts::000000000000:assumed-role/OrdersAudit/pipeline-7";
    assert_eq!(caller(&lab, &key(&audit("orders-audit")), REGION), arn);
    let alice = role_of(&lab, "alice");
    assert_eq!(assume(&lab, &alice, &[("ExternalId", "ignored")]).status, 200, "where none is demanded");
}

#[test]
fn chained_role_lasts_an_hour_at_most() {
    let (lab, _) = lab();
    let alice = role_of(&lab, "alice");
    let chained = "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining";
    refused(&assume(&lab, &alice, &[("DurationSeconds", "3601")]), 400, "ValidationError", chained);
    assert_eq!(assume(&lab, &alice, &[("DurationSeconds", "900")]).status, 200);
    // An IAM user does not chain: the role's own limit counts.
    let user = administrator(&lab);
    assert_eq!(assume(&lab, &user, &[("DurationSeconds", "7200")]).status, 200);
    let most = "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.";
    refused(&assume(&lab, &user, &[("DurationSeconds", "7201")]), 400, "ValidationError", most);
}

#[test]
fn parameters_that_violate_constraints_are_listed_in_one_error() {
    let (lab, _) = lab();
    let alice = role_of(&lab, "alice");
    let at = |member, shown: &str, broken| format!("Value{shown} at '{member}' failed to satisfy constraint: {broken}");
    let names = r"Member must satisfy regular expression pattern: [\w+=,.@-]*";
    for (changes, message) in [
        (
            &[("RoleSessionName", "a b")][..],
            format!("1 validation error detected: {}", at("roleSessionName", " 'a b'", names)),
        ),
        (
            &[("RoleSessionName", ""), ("RoleArn", "short")],
            format!(
                "2 validation errors detected: {}; {}",
                at("roleArn", " 'short'", "Member must have length greater than or equal to 20"),
                at("roleSessionName", " null", "Member must not be null")
            ),
        ),
        (
            &[("ExternalId", "x")],
            format!(
                "1 validation error detected: {}",
                at("externalId", " 'x'", "Member must have length greater than or equal to 2")
            ),
        ),
        (
            &[("DurationSeconds", "899")],
            format!(
                "1 validation error detected: {}",
                at("durationSeconds", " '899'", "Member must have value greater than or equal to 900")
            ),
        ),
        (&[("RoleArn", "OrdersDeploy-is-not-an-arn")], "Request ARN is invalid".to_owned()),
    ] {
        refused(&assume(&lab, &alice, changes), 400, "ValidationError", &message);
    }
}

#[test]
fn unsigned_assume_role_is_refused() {
    let (lab, _) = lab();
    let unknown = signing_key("ASIAUNKNOWN", "secret", "token");
    let invalid = "The security token included in the request is invalid.";
    refused(&assume(&lab, &unknown, &[]), 403, "InvalidClientTokenId", invalid);
    let form = [("Action", "AssumeRole"), ("Version", "2011-06-15")];
    let answer = crate::support::client::post_form(&format!("{}/", lab.0.sts_url()), &form);
    refused(&answer, 403, "MissingAuthenticationToken", "Request is missing Authentication Token");
}
