//! Tests of the identity pool's roles: changes at run time, import and export as JSON, and a sign-in with three roles.

use cogfed_sandbox::options::{
    AUTHENTICATED, AmbiguousRole, MatchType, ORDERS_ADMIN, ORDERS_READER, REPORTS_READER, RoleMapping, Rule,
};
use cogfed_sandbox::{Options, Switch};
use serde_json::{Value, json};

use crate::support::client::{Answer, Lab, claims, send};
use crate::support::signed::api;

const NO_GOOD: &str = "Invalid identity pool configuration. Check assigned IAM roles for this pool.";
const DENIED: &str = "The ambiguous role mapping rules denied this request.";

fn rule(match_type: MatchType, value: &str, role_arn: &str) -> RoleMapping {
    let rule = Rule::new("custom:roles", match_type, value, role_arn);
    RoleMapping::Rules(vec![rule], AmbiguousRole::Deny)
}

/// Requests credentials for the role `role_arn` as `person`, and returns the response.
fn asking(lab: &Lab, person: &str, role_arn: &str) -> Answer {
    let token = lab.tokens(person).text("id_token");
    let identity_id = lab.get_id(&token).text("IdentityId");
    let logins = json!({ lab.provider(): token });
    let input = json!({ "IdentityId": identity_id, "Logins": logins, "CustomRoleArn": role_arn });
    lab.identity("GetCredentialsForIdentity", &input)
}

fn switched(switches: &[Switch]) -> Lab {
    let mut options = Options::default();
    switches.iter().for_each(|switch| switch.apply(&mut options));
    Lab::with(options)
}

#[test]
fn mapping_and_default_role_can_change_while_running() {
    let lab = Lab::new();
    assert_eq!(lab.role("alice").unwrap(), ORDERS_ADMIN);
    lab.0.set_role_mapping(rule(MatchType::Equals, "Orders.Admin", ORDERS_READER));
    assert_eq!(lab.role("alice").unwrap(), ORDERS_READER);
    assert_eq!(lab.role("dave").unwrap_err(), DENIED);
    lab.0.set_role_mapping(RoleMapping::None);
    assert_eq!(lab.role("alice").unwrap(), AUTHENTICATED);
    lab.0.set_authenticated_role(Some(REPORTS_READER));
    assert_eq!(lab.role("dave").unwrap(), REPORTS_READER);
    lab.0.set_authenticated_role(None);
    assert_eq!(lab.role("alice").unwrap_err(), NO_GOOD);
    lab.0.set_role_mapping(rule(MatchType::Equals, "Orders.Admin", ORDERS_ADMIN));
    assert_eq!(lab.role("alice").unwrap(), ORDERS_ADMIN, "a rule needs no default role");
    assert_eq!(lab.role("dave").unwrap_err(), DENIED, "a denial does not need one either");
}

#[test]
fn untrusting_role_is_a_wrong_configuration() {
    let lab = Lab::new();
    lab.0.set_role_mapping(rule(MatchType::Contains, "Orders", &lab.0.role_arn("ForeignTrust")));
    let token = lab.tokens("alice").text("id_token");
    let answer = lab.get_credentials(&lab.get_id(&token).text("IdentityId"), &token);
    assert_eq!((answer.status, answer.text("message").as_str()), (400, NO_GOOD));
    assert_eq!(answer.text("__type"), "InvalidIdentityPoolConfigurationException");
}

#[test]
fn unknown_role_has_no_access_to_the_api() {
    let lab = Lab::new();
    lab.0.set_role_mapping(rule(MatchType::Contains, "Orders", "arn:aws:iam::123456789012:role/path/Unknown"));
    let token = lab.tokens("alice").text("id_token");
    let answer = lab.get_credentials(&lab.get_id(&token).text("IdentityId"), &token).json();
    let key = lab.0.issued_keys().find(answer["Credentials"]["AccessKeyId"].as_str().unwrap()).unwrap();
    assert_eq!(key.caller_arn(), "arn:aws:sts::123456789012:assumed-role/Unknown/CognitoIdentityCredentials");
    for path in ["/orders", "/echo/x"] {
        let answer = api(&lab, &key, "eu-west-1", path);
        assert_eq!(answer.status, 403, "{answer:?}");
        assert!(answer.body.contains("is not authorized to perform: execute-api:Invoke"), "{answer:?}");
    }
}

#[test]
fn deny_ambiguous_works_with_rules_and_groups_in_either_order() {
    use Switch::{DenyAmbiguous, TokenRoles};
    for switches in [&[DenyAmbiguous][..], &[DenyAmbiguous, TokenRoles], &[TokenRoles, DenyAmbiguous]] {
        let lab = switched(switches);
        assert_eq!(lab.role("dave").unwrap_err(), DENIED, "{switches:?}");
        assert_eq!(lab.role("bob").unwrap(), ORDERS_READER, "{switches:?}");
    }
    assert_eq!(switched(&[Switch::NoRoleMapping, DenyAmbiguous]).role("dave").unwrap(), AUTHENTICATED);
}

#[test]
fn one_sign_in_can_use_three_roles() {
    let three = [ORDERS_ADMIN, ORDERS_READER, REPORTS_READER];
    for lab in [Lab::new(), switched(&[Switch::TokenRoles])] {
        assert_eq!(lab.role("grace").unwrap(), ORDERS_ADMIN);
        for role in three {
            let answer = asking(&lab, "grace", role).json();
            let key = lab.0.issued_keys().find(answer["Credentials"]["AccessKeyId"].as_str().unwrap()).unwrap();
            assert_eq!(key.role_arn, role);
        }
        for (person, role) in [("grace", AUTHENTICATED), ("bob", ORDERS_ADMIN), ("bob", REPORTS_READER)] {
            let refused = asking(&lab, person, role);
            let forbidden = format!("Access to Role '{role}' is forbidden.");
            assert_eq!((refused.status, refused.text("message")), (400, forbidden), "{person}");
        }
    }
    let token = claims(&switched(&[Switch::TokenRoles]).tokens("grace").text("id_token"));
    assert_eq!(token["cognito:roles"], json!(three));
    assert_eq!(token["cognito:preferred_role"], ORDERS_ADMIN);
}

#[test]
fn controls_read_and_write_the_roles() {
    let lab = Lab::new();
    let url = format!("{}/mapping", lab.0.control_url());
    let text = lab.0.pool_roles_json();
    assert!(text.starts_with("{\n    \"IdentityPoolId\": \"eu-west-1:"), "as the AWS CLI indents: {text}");
    let document: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(send("GET", &url, &[], "").json(), document);
    assert_eq!(document["Roles"], json!({ "authenticated": AUTHENTICATED }));
    let provider = format!("{}:{}", lab.provider(), lab.0.client_id());
    let mapping = &document["RoleMappings"][&provider];
    assert_eq!((&mapping["Type"], &mapping["AmbiguousRoleResolution"]), (&json!("Rules"), &json!("AuthenticatedRole")));
    assert_eq!(
        mapping["RulesConfiguration"]["Rules"][0],
        json!({ "Claim": "custom:roles", "MatchType": "Contains", "Value": "Orders.Admin", "RoleARN": ORDERS_ADMIN })
    );
    // Writing the same document back changes nothing, and neither does one that is refused.
    assert_eq!(send("POST", &url, &[], &text).json(), document);
    for wrong in ["", "{", "[]", &text.replace("Contains", "Has"), &text.replace("\"Rules\",", "\"Rule\",")] {
        let answer = send("POST", &url, &[], wrong);
        assert_eq!(answer.status, 400, "{wrong}");
        assert!(!answer.text("error").is_empty());
    }
    assert_eq!(lab.0.pool_roles_json(), text);
    let changed = text.replace("Orders.Admin", "Nobody").replace(&provider, "cognito-idp.other:client");
    assert_eq!(send("POST", &url, &[], &changed).status, 200);
    assert_eq!(lab.role("alice").unwrap(), AUTHENTICATED);
    assert!(lab.0.pool_roles_json().contains(&provider), "its own provider again");
    assert_eq!(
        send("POST", &url, &[], "{}").json(),
        json!({ "IdentityPoolId": lab.0.identity_pool_id(), "Roles": {} })
    );
    assert_eq!(lab.role("alice").unwrap_err(), NO_GOOD);
}

#[test]
fn another_pools_roles_document_is_accepted() {
    let lab = Lab::new();
    let text = r#"{"IdentityPoolId":"us-east-1:1cf667a2-49a6-454b-9e45-23199EXAMPLE",
        "Roles":{"authenticated":"arn:aws:iam::123456789012:role/Auth","unauthenticated":"arn:aws:iam::123456789012:role/No"},
        "RoleMappings":{"cognito-idp.us-east-1.amazonaws.com/us-east-1_x:y":
            {"Type":"Token","AmbiguousRoleResolution":"AuthenticatedRole"}}}"#;
    lab.0.set_pool_roles_json(text.as_bytes()).unwrap();
    assert_eq!(lab.role("alice").unwrap(), "arn:aws:iam::123456789012:role/Auth");
    let shown: Value = serde_json::from_str(&lab.0.pool_roles_json()).unwrap();
    assert_eq!(shown["Roles"]["unauthenticated"], "arn:aws:iam::123456789012:role/No");
    assert_eq!(shown["IdentityPoolId"], lab.0.identity_pool_id());
}
