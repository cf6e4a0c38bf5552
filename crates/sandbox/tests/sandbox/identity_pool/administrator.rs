//! Tests of GetIdentityPoolRoles, which only the account's administrator may call.

use chrono::TimeDelta;
use cogfed_sandbox::issued::IssuedKey;
use cogfed_sandbox::options::RoleMapping;
use cogfed_sandbox::{Misbehaviour, Options, Switch};
use serde_json::{Value, json};

use crate::support::client::{Answer, Lab};
use crate::support::signed::{administrator, api, caller, identity_signed, signing_key};

const REGION: &str = "eu-west-1";

fn ask_for(lab: &Lab, key: &IssuedKey, pool: &str) -> Answer {
    identity_signed(lab, key, REGION, "GetIdentityPoolRoles", &json!({ "IdentityPoolId": pool }))
}

fn ask(lab: &Lab, key: &IssuedKey) -> Answer {
    ask_for(lab, key, lab.0.identity_pool_id())
}

fn refused(answer: &Answer, code: &str, message: &str) {
    assert_eq!((answer.status, answer.text("__type").as_str()), (400, code), "{answer:?}");
    assert_eq!(answer.text("message"), message);
    assert_eq!(answer.header("x-amzn-errortype"), Some(code));
}

/// Returns the AWS credentials that the identity pool issued to a person.
fn key_of(lab: &Lab, person: &str) -> IssuedKey {
    let token = lab.tokens(person).text("id_token");
    let answer = lab.get_credentials(&lab.get_id(&token).text("IdentityId"), &token).json();
    lab.0.issued_keys().find(answer["Credentials"]["AccessKeyId"].as_str().unwrap()).unwrap()
}

#[test]
fn administrator_reads_the_current_roles() {
    let lab = Lab::new();
    let key = administrator(&lab);
    let answer = ask(&lab, &key);
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.header("content-type"), Some("application/x-amz-json-1.1"));
    assert_eq!(answer.json(), serde_json::from_str::<Value>(&lab.0.pool_roles_json()).unwrap());
    lab.0.set_role_mapping(RoleMapping::None);
    assert!(ask(&lab, &key).json().get("RoleMappings").is_none());
    assert_eq!(lab.0.count("identity.get_identity_pool_roles"), 2);
    lab.0.advance_clock(TimeDelta::days(300));
    assert_eq!(ask(&lab, &key).status, 200, "a long-term key");
    assert_eq!(caller(&lab, &key, REGION), "arn:aws:iam::000000000000:user/SandboxAdministrator");
    assert!(lab.0.secrets_issued().contains(&key.secret_access_key));
}

#[test]
fn only_the_administrator_reads_the_roles() {
    let lab = Lab::new();
    let pool = lab.0.identity_pool_id();
    let input = json!({ "IdentityPoolId": pool });
    let unsigned = lab.identity("GetIdentityPoolRoles", &input);
    refused(&unsigned, "MissingAuthenticationTokenException", "Missing Authentication Token");
    let invalid = "The security token included in the request is invalid.";
    refused(&ask(&lab, &signing_key("AKIAUNKNOWN", "x", "")), "UnrecognizedClientException", invalid);
    refused(&ask(&lab, &administrator(&Lab::new())), "UnrecognizedClientException", invalid);
    let alice = key_of(&lab, "alice");
    let caller = "arn:aws:sts::000000000000:assumed-role/OrdersAdmin/CognitoIdentityCredentials";
    let (action, service) =
        ("cognito-identity:GetIdentityPoolRoles", "arn:aws:cognito-identity:eu-west-1:000000000000");
    refused(
        &ask(&lab, &alice),
        "AccessDeniedException",
        &format!(
            "User: {caller} is not authorized to perform: {action} on resource: {service}:identitypool/{pool} because no \
             identity-based policy allows the {action} action"
        ),
    );
    let stolen = signing_key(lab.0.administrator().0, &alice.secret_access_key, "");
    let answer = ask(&lab, &stolen);
    assert_eq!((answer.status, answer.text("__type").as_str()), (400, "InvalidSignatureException"));
    let key = administrator(&lab);
    let elsewhere = identity_signed(&lab, &key, "us-east-1", "GetIdentityPoolRoles", &input);
    refused(&elsewhere, "InvalidSignatureException", "Credential should be scoped to a valid Region, not 'us-east-1'.");
    lab.0.advance_clock(TimeDelta::hours(2));
    let expired = "The security token included in the request is expired";
    refused(&ask(&lab, &alice), "ExpiredTokenException", expired);
}

#[test]
fn reading_the_roles_of_another_pool_is_refused() {
    let lab = Lab::new();
    let key = administrator(&lab);
    let other = "eu-west-1:00000000-0000-0000-0000-000000000000";
    refused(&ask_for(&lab, &key, other), "ResourceNotFoundException", &format!("IdentityPool '{other}' not found."));
    assert_eq!(ask_for(&lab, &key, "nonsense").text("__type"), "InvalidParameterException");
}

#[test]
fn administrator_has_no_access_to_the_api() {
    let lab = Lab::new();
    let answer = api(&lab, &administrator(&lab), REGION, "/orders");
    assert_eq!(answer.status, 403);
    assert!(answer.body.contains("User: arn:aws:iam::000000000000:user/SandboxAdministrator"), "{answer:?}");
}

#[test]
fn misbehaviours_affect_reading_roles_except_for_login_tokens() {
    let lab = Lab::new();
    let key = administrator(&lab);
    lab.0.misbehave(Misbehaviour::IdentityNotAuthorized, Some(1));
    assert_eq!(ask(&lab, &key).status, 200);
    let token = lab.tokens("alice").text("id_token");
    assert_eq!(lab.get_id(&token).status, 400, "it is still due");
    assert_eq!(lab.get_id(&token).status, 200);
    lab.0.misbehave(Misbehaviour::IdentityThrottled, Some(1));
    refused(&ask(&lab, &key), "TooManyRequestsException", "Rate exceeded");
}

#[test]
fn govcloud_roles_have_govcloud_arns() {
    let mut options = Options::default();
    Switch::GovCloud.apply(&mut options);
    let lab = Lab::with(options);
    let input = json!({ "IdentityPoolId": lab.0.identity_pool_id() });
    let ask = |key: &IssuedKey| identity_signed(&lab, key, "us-gov-west-1", "GetIdentityPoolRoles", &input);
    assert!(ask(&administrator(&lab)).body.contains("arn:aws-us-gov:iam::000000000000:role/OrdersAdmin"));
    let message = ask(&key_of(&lab, "alice")).text("message");
    assert!(message.starts_with("User: arn:aws-us-gov:sts::000000000000:assumed-role/OrdersAdmin/"), "{message}");
    assert!(message.contains("arn:aws-us-gov:cognito-identity:us-gov-west-1:000000000000:identitypool/us-gov-west-1:"));
}
