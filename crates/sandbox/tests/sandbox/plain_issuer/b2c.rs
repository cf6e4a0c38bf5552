//! Tests of a plain issuer that simulates Azure AD B2C.

use cogfed_sandbox::options::{AUTHENTICATED, ORDERS_READER};
use cogfed_sandbox::{Misbehaviour, Options, Switch};
use serde_json::json;

use crate::plain_issuer::Issuer;
use crate::support::client::{REDIRECT_URI, claims, get, parameter};

const SCOPE: (&str, &str) = ("scope", "openid offline_access");

fn b2c() -> Issuer {
    Issuer::switched(Switch::B2cIssuer, Options::default())
}

#[test]
fn b2c_gives_no_access_token_for_openid_alone() {
    let issuer = b2c();
    let tokens = issuer.tokens_of(&[SCOPE], "erin");
    let refreshed = issuer.refresh(&tokens.text("refresh_token"), &[]);
    for answer in [&tokens, &refreshed] {
        let document = answer.json();
        for member in ["access_token", "expires_in"] {
            assert!(document.get(member).is_none(), "{member}: {document}");
        }
        for member in ["id_token", "refresh_token", "not_before", "id_token_expires_in", "profile_info"] {
            assert!(document.get(member).is_some(), "{member}: {document}");
        }
    }
    let own = format!("openid offline_access {}", issuer.lab.0.client_id());
    let document = issuer.tokens_of(&[("scope", &own)], "erin").json();
    assert!(document["access_token"].is_string() && document["expires_in"].is_number(), "{document}");
}

#[test]
fn b2c_token_names_the_customer_by_emails() {
    let issuer = b2c();
    let token = claims(&issuer.tokens_of(&[SCOPE], "erin").text("id_token"));
    assert_eq!(token["emails"], json!(["erin@customers.example"]));
    assert_eq!((token.get("preferred_username"), token.get("email")), (None, None));
    assert_eq!(token["tfp"], "B2C_1_susi");
    let page = get(&issuer.authorization_url(&[SCOPE])).body;
    assert!(page.contains("person-erin") && !page.contains("person-alice"), "customers alone");
    assert!(issuer.lab.0.people().iter().all(|person| person.name != "alice"));
}

#[test]
fn b2c_roles_come_from_an_extension_attribute() {
    let issuer = b2c();
    let role = |person: &str| {
        let token = issuer.tokens_of(&[SCOPE], person).text("id_token");
        let identity_id = issuer.lab.get_id(&token).text("IdentityId");
        let answer = issuer.lab.get_credentials(&identity_id, &token);
        let key = answer.json()["Credentials"]["AccessKeyId"].as_str().unwrap().to_owned();
        issuer.lab.0.issued_keys().find(&key).unwrap().role_arn
    };
    assert_eq!(role("erin"), AUTHENTICATED);
    issuer.lab.0.set_roles("erin", &["Orders.Read"]);
    assert_eq!(role("erin"), ORDERS_READER);
}

#[test]
fn b2c_refusals_have_its_own_codes() {
    let issuer = b2c();
    let cases = [
        (issuer.exchange(&issuer.code_of(&[SCOPE], "erin"), &[("client_secret", "x")]), "AADB2C90084"),
        (issuer.refresh("1.unknown", &[]), "AADB2C90085"),
        (issuer.exchange("", &[]), "AADB2C90083"),
    ];
    for (answer, code) in cases {
        let text = answer.text("error_description");
        assert!(text.starts_with(code) && text.contains("\r\nCorrelation ID: "), "{text}");
        assert_eq!(answer.json().get("error_codes"), None, "Entra ID alone has numbers");
    }
    let secret = Issuer::switched(
        Switch::B2cIssuer,
        Options { client_secrets: vec!["the-secret".into()], ..Options::default() },
    );
    let answer = secret.exchange(&secret.code_of(&[SCOPE], "erin"), &[]);
    assert!(answer.text("error_description").starts_with("AADB2C90079"), "{answer:?}");
    let cancelled = issuer.choose(&issuer.authorization_url(&[SCOPE]), ("cancel", "1")).0.location(REDIRECT_URI);
    assert!(parameter(&cancelled, "error_description").unwrap().starts_with("AADB2C90091"), "{cancelled}");
}

#[test]
fn faults_of_the_browser_occur_at_a_plain_issuer() {
    let issuer = Issuer::new();
    let ask = |misbehaviour| {
        issuer.lab.0.misbehave(misbehaviour, Some(1));
        get(&issuer.authorization_url(&[]))
    };
    for (misbehaviour, code) in
        [(Misbehaviour::UnregisteredCallback, "AADSTS50011"), (Misbehaviour::UnknownClient, "AADSTS700016")]
    {
        let page = ask(misbehaviour);
        assert!(page.status == 400 && page.body.contains(code), "{page:?}");
    }
    issuer.lab.0.misbehave(Misbehaviour::FormPost, Some(1));
    let (page, _) = issuer.choose(&issuer.authorization_url(&[]), ("person", "alice"));
    assert!(page.status == 200 && page.body.contains("id=\"form-post\""), "{page:?}");
    issuer.lab.0.misbehave(Misbehaviour::LongCode, Some(1));
    assert_eq!(issuer.code_of(&[], "alice").len(), 20_000);
}
