//! Tests of people whose attributes change, who are in too many groups, or who can sign in at both directories.

use cogfed_sandbox::options::{AUTHENTICATED, ORDERS_ADMIN, ORDERS_READER};
use cogfed_sandbox::people::Directory;
use cogfed_sandbox::{Options, Switch};
use serde_json::{Value, json};

use crate::support::client::{Answer, Lab, claims, get, parameter, send};

fn sticky() -> Lab {
    let mut options = Options::default();
    Switch::StickyAttributes.apply(&mut options);
    Lab::with(options)
}

fn control(lab: &Lab, target: &str) -> Answer {
    let answer = send("POST", &format!("{}{target}", lab.0.control_url()), &[], "");
    assert_eq!(answer.status, 200, "{answer:?}");
    answer
}

fn claim(answer: &Answer, name: &str) -> Option<Value> {
    claims(&answer.text("id_token")).get(name).cloned()
}

#[test]
fn attribute_change_shows_in_the_next_tokens() {
    let lab = Lab::new();
    let refresh_token = lab.tokens("alice").text("refresh_token");
    lab.0.set_roles("alice", &["Orders.Read"]);
    assert_eq!(claim(&lab.refresh(&refresh_token), "custom:roles"), Some(json!("Orders.Read")));
    lab.0.set_roles("alice", &[]);
    assert_eq!(claim(&lab.refresh(&refresh_token), "custom:roles"), None);
    lab.0.set_roles("alice", &[""]);
    assert_eq!(claim(&lab.refresh(&refresh_token), "custom:roles"), None);
}

#[test]
fn sticky_change_waits_for_the_next_browser_sign_in() {
    let lab = sticky();
    let url = lab.authorization_url(&[]);
    let (location, cookie) = lab.redirect_of(&url, "alice");
    let tokens = lab.exchange(&parameter(&location, "code").unwrap(), &[]);
    let refresh_token = tokens.text("refresh_token");
    lab.0.set_roles("alice", &["Orders.Read"]);
    lab.0.change_person("alice", |person| person.full_name = "Alice Married".into());
    let admin = Some(json!("Orders.Admin"));
    let refreshed = lab.refresh(&refresh_token);
    assert_eq!(
        (claim(&refreshed, "custom:roles"), claim(&refreshed, "name")),
        (admin.clone(), Some("Alice Admin".into()))
    );
    // With a session at the hosted UI the directory is not asked.
    let silent = send("GET", &url, &[("Cookie", &cookie)], "").location(&url);
    assert_eq!(claim(&lab.exchange(&parameter(&silent, "code").unwrap(), &[]), "custom:roles"), admin);
    let page = get(get(&url).location(&url).as_str());
    assert!(page.body.contains("Alice Married"), "the directory's own page shows it");
    let again = lab.tokens("alice");
    assert_eq!(claim(&again, "custom:roles"), Some(json!("Orders.Read")));
    assert_eq!(claim(&again, "name"), Some(json!("Alice Married")));
    assert_eq!(claim(&again, "sub"), claim(&tokens, "sub"));
    assert_eq!(claim(&lab.refresh(&refresh_token), "custom:roles"), Some(json!("Orders.Read")));
}

#[test]
fn sticky_role_stays_until_a_blank_value() {
    let lab = sticky();
    assert_eq!(lab.role("alice").unwrap(), ORDERS_ADMIN);
    control(&lab, "/people?name=alice");
    let alice = lab.0.people().into_iter().find(|person| person.name == "alice").unwrap();
    assert!(alice.roles.is_empty(), "the directory has no role");
    assert_eq!(lab.role("alice").unwrap(), ORDERS_ADMIN, "the user pool keeps the old role");
    control(&lab, "/people?name=alice&role=");
    let answer = lab.tokens("alice");
    assert_eq!(claim(&answer, "custom:roles"), None);
    assert_eq!(lab.role("alice").unwrap(), AUTHENTICATED);
    control(&lab, "/people?name=alice&role=Orders.Read&role=");
    assert_eq!(lab.role("alice").unwrap(), ORDERS_READER);
}

#[test]
fn attributes_are_not_sticky_before_the_first_sign_in() {
    let lab = sticky();
    lab.0.set_roles("bob", &[]);
    assert_eq!(lab.role("bob").unwrap(), AUTHENTICATED);
}

#[test]
fn changes_in_the_user_pool_are_never_sticky() {
    let lab = sticky();
    let refresh_token = lab.tokens("bob").text("refresh_token");
    lab.0.change_person("bob", |person| {
        person.iam_roles = vec![ORDERS_ADMIN.into()];
        person.groups = vec!["night shift".into()];
    });
    let answer = lab.refresh(&refresh_token);
    assert_eq!(claim(&answer, "cognito:roles"), Some(json!([ORDERS_ADMIN])));
    assert_eq!(claim(&answer, "cognito:groups").unwrap()[1], "night shift");
}

#[test]
fn too_many_groups_arrive_as_a_link() {
    let lab = Lab::new();
    let frank = claims(&lab.tokens("frank").text("id_token"));
    let link = frank["custom:groups_link"].as_str().unwrap();
    assert!(link.starts_with("https://graph.windows.net/") && link.ends_with("/getMemberObjects"), "{link}");
    assert!(frank.get("custom:groups").is_none());
    assert_eq!(lab.role("frank").unwrap(), ORDERS_READER, "his roles still arrive");
    let few = |groups: &[&str]| {
        lab.0.change_person("frank", |person| {
            person.directory_groups = groups.iter().map(ToString::to_string).collect();
        });
        claims(&lab.tokens("frank").text("id_token"))
    };
    let two = few(&["11111111-0000-4000-8000-000000000000", "22222222-0000-4000-8000-000000000000"]);
    let both = "[11111111-0000-4000-8000-000000000000, 22222222-0000-4000-8000-000000000000]";
    assert_eq!((&two["custom:groups"], two.get("custom:groups_link")), (&json!(both), None));
    let none = few(&[]);
    assert!(none.get("custom:groups").is_none() && none.get("custom:groups_link").is_none());
    let alice = claims(&lab.tokens("alice").text("id_token"));
    assert!(alice.get("custom:groups").is_none() && alice.get("custom:groups_link").is_none());
    let email = lab.exchange(&lab.code_of(&[("scope", "openid email")], "frank"), &[]);
    assert_eq!(claim(&email, "custom:groups_link"), None, "an attribute like any other");
}

#[test]
fn person_in_both_directories_is_two_users() {
    let lab = Lab::new();
    let employee = claims(&lab.tokens("heidi").text("id_token"));
    let customer = lab.exchange(&lab.code_of(&[("identity_provider", "AzureB2C")], "heidi-b2c"), &[]);
    let customer_token = customer.text("id_token");
    let customer = claims(&customer_token);
    assert_eq!((&employee["email"], &customer["email"]), (&json!("heidi@corp.example"), &json!("heidi@corp.example")));
    assert_ne!(employee["sub"], customer["sub"]);
    assert_eq!(employee["cognito:username"], "AzureAD_heidi@corp.example");
    assert!(customer["cognito:username"].as_str().unwrap().starts_with("AzureB2C_"), "{customer}");
    assert_eq!(customer["identities"][0]["providerType"], "OIDC");
    assert_eq!(lab.role("heidi").unwrap(), ORDERS_READER);
    let identity_id = lab.get_id(&customer_token).text("IdentityId");
    let credentials = lab.get_credentials(&identity_id, &customer_token).json();
    let key = credentials["Credentials"]["AccessKeyId"].as_str().unwrap().to_owned();
    assert_eq!(lab.0.issued_keys().find(&key).unwrap().role_arn, AUTHENTICATED);
    assert_ne!(lab.get_id(&lab.tokens("heidi").text("id_token")).text("IdentityId"), identity_id);
    let in_directory = |directory| lab.0.people().into_iter().filter(move |person| person.directory == directory);
    assert!(in_directory(Directory::AzureAd).all(|person| person.name != "heidi-b2c"));
}

#[test]
fn native_user_has_no_identities_and_no_provider_group() {
    let lab = Lab::new();
    let token = lab.exchange(&lab.code_of(&[("identity_provider", "COGNITO")], "ivan"), &[]).text("id_token");
    let ivan = claims(&token);
    assert_eq!((&ivan["cognito:username"], &ivan["email"]), (&json!("ivan"), &json!("ivan@native.example")));
    assert_eq!((ivan.get("identities"), ivan.get("cognito:groups")), (None, None));
    let identity_id = lab.get_id(&token).text("IdentityId");
    assert_eq!(lab.get_credentials(&identity_id, &token).status, 200);
    let url = lab.authorization_url(&[("identity_provider", "")]);
    assert!(get(get(&url).location(&url).as_str()).body.contains("idp-COGNITO"), "the chooser offers it");
}

#[test]
fn linked_user_signs_in_at_both_directories_as_one_user() {
    let lab = Lab::new();
    let token = |provider: &str| {
        let code = lab.code_of(&[("identity_provider", provider)], "judy");
        claims(&lab.exchange(&code, &[]).text("id_token"))
    };
    let (employee, customer) = (token("AzureAD"), token("AzureB2C"));
    assert_eq!(employee["sub"], customer["sub"]);
    assert!(employee["cognito:username"].as_str().unwrap().starts_with("AzureB2C_"), "{employee}");
    let entries = employee["identities"].as_array().unwrap();
    let shown: Vec<_> = entries.iter().map(|entry| (&entry["providerName"], &entry["primary"])).collect();
    assert_eq!(shown, [(&json!("AzureAD"), &json!("false")), (&json!("AzureB2C"), &json!("true"))]);
    assert_eq!(entries[0]["userId"], "judy@corp.example");
}

#[test]
fn claims_of_a_person_can_be_replaced_and_removed() {
    let lab = Lab::new();
    lab.0.change_person("alice", |person| {
        person.claims.insert("custom:groups".into(), json!("Admins"));
        person.claims.insert("at_hash".into(), Value::Null);
        person.without_claims.push("identities".into());
    });
    let alice = claims(&lab.tokens("alice").text("id_token"));
    assert_eq!((&alice["custom:groups"], alice.get("at_hash")), (&json!("Admins"), Some(&Value::Null)));
    assert_eq!(alice.get("identities"), None);
    assert_eq!(alice["email"], "alice@corp.example");
}
