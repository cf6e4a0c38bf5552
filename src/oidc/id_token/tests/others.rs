//! Tests with tokens of issuers other than Cognito, and with tokens that are read without verification.

use super::*;
use crate::profile::PlainIssuer;

fn of_a_plain_issuer(token: &str) -> Result<IdTokenClaims, Invalid> {
    let issuer = Issuer::Plain(PlainIssuer { url: ISSUER.into(), discovery: String::new(), hosts: Vec::new() });
    let grant = Grant {
        token_endpoint: "https://login.example.com/token".into(),
        id_token: None,
        access_token: Some(Secret::new(ACCESS_TOKEN)),
        refresh_token: None,
        offset: Offset::default(),
    };
    let now = DateTime::from_timestamp(NOW, 0).unwrap();
    verify(&Secret::new(token), &key_set(&jwks()).unwrap(), &Expected::new(&issuer, CLIENT, &grant, None, now))
}

#[test]
fn plain_issuers_tokens_need_no_token_use() {
    for token_use in [Value::Null, json!("access"), json!(1)] {
        assert_eq!(of_a_plain_issuer(&with(json!({ "token_use": token_use }))).unwrap().subject, "0001");
    }
    for (name, value) in [("iss", json!(UPDATED)), ("aud", json!("other")), ("exp", json!(NOW - 60))] {
        let outcome = of_a_plain_issuer(&with(json!({ "token_use": null, name: value })));
        assert!(matches!(outcome, Err(Invalid::Token(_))), "{name}: {outcome:?}");
    }
}

#[test]
fn at_hash_counts_only_beside_an_access_token() {
    let at_hash = |access_token: Option<&str>, at_hash: Value| {
        let token = with(json!({ "at_hash": at_hash }));
        let access_token = access_token.map(Secret::new);
        let issuers = [ISSUER.to_owned()];
        let expected = Expected {
            issuers: &issuers,
            is_user_pool: false,
            client_id: CLIENT,
            nonce: None,
            access_token: access_token.as_ref(),
            now: DateTime::from_timestamp(NOW, 0).unwrap(),
            offset: Offset::default(),
        };
        verify(&Secret::new(token), &key_set(&jwks()).unwrap(), &expected).is_ok()
    };
    for (access_token, hash, is_accepted) in [
        (None, json!(super::at_hash("of another token")), true),
        (None, json!(1), true),
        (Some("of another token"), json!(super::at_hash("of another token")), true),
        (Some(ACCESS_TOKEN), json!(super::at_hash("of another token")), false),
        (Some(ACCESS_TOKEN), json!(1), false),
    ] {
        assert_eq!(at_hash(access_token, hash.clone()), is_accepted, "{access_token:?} {hash}");
    }
}

#[test]
fn person_is_named_by_the_most_familiar_claim() {
    for (changes, person) in [
        (
            json!({ "emails": ["kim@customers.example", "k@other.example"], "name": "Kim", "idp": "facebook.com" }),
            "kim@customers.example",
        ),
        (
            json!({ "upn": "kim@corp.example", "unique_name": "k@corp.example", "name": "Kim Example" }),
            "kim@corp.example",
        ),
        (json!({ "unique_name": "kim@corp.example", "name": "Kim Example" }), "kim@corp.example"),
        (json!({ "preferred_username": "kim@corp.example", "unique_name": "k" }), "kim@corp.example"),
        (json!({ "emails": [], "name": "Kim Example" }), "Kim Example"),
        (json!({ "emails": "kim@customers.example" }), "kim@customers.example"),
        (json!({ "email": "a@corp.example", "emails": ["b@corp.example"], "upn": "c@corp.example" }), "a@corp.example"),
        (json!({ "emails": [7, " ", null], "upn": {}, "name": "" }), "0001"),
    ] {
        let mut claims = claims();
        for name in ["email", "cognito:username", "identities"] {
            claims.as_object_mut().unwrap().remove(name);
        }
        claims.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        assert_eq!(of_a_plain_issuer(&signed(&header(), &claims)).unwrap().person, person, "{changes}");
    }
}

#[test]
fn person_is_found_by_address_user_name_and_provider() {
    let primary = |name: &str, primary: Value| json!({ "userId": "x", "providerName": name, "primary": primary });
    let linked = json!([primary("AzureAD", json!("false")), primary("AzureB2C", json!("true"))]);
    let to_native = json!([primary("AzureAD", json!("false")), primary("Google", json!(false))]);
    for (claims, by, not_by) in [
        (json!({ "identities": linked }), &["AzureAD", "AzureB2C"][..], &["COGNITO", "azuread", "Google", ""][..]),
        (json!({ "identities": linked.to_string() }), &["AzureAD", "AzureB2C"], &["COGNITO"]),
        (json!({ "identities": to_native }), &["AzureAD", "Google", "COGNITO"], &["AzureB2C"]),
        (json!({}), &["COGNITO"], &["AzureAD"]),
        (json!({ "identities": [] }), &["COGNITO"], &["AzureAD"]),
        (json!({ "identities": null }), &["COGNITO"], &["AzureAD"]),
        (json!({ "identities": [primary("AzureAD", json!(true))] }), &["AzureAD"], &["COGNITO"]),
    ] {
        let identity = Identity::of(claims.as_object().unwrap());
        assert!(by.iter().all(|provider| identity.is_by(provider)), "{claims}: {identity:?}");
        assert!(!not_by.iter().any(|provider| identity.is_by(provider)), "{claims}: {identity:?}");
    }
    let upn = json!({
        "email": "robin.goodfellow@corp.example", "cognito:username": "azuread_rgoodfel@corp.example",
        "identities": [{ "providerName": "AzureAD" }],
    });
    let b2c = json!({ "emails": ["kim@customers.example", "k@other.example"], "name": "Admin@corp.example" });
    for (claims, address, is_person) in [
        (&upn, "rgoodfel@corp.example", Some(true)),
        (&upn, "Robin.Goodfellow@CORP.example", Some(true)),
        (&upn, "azuread_rgoodfel@corp.example", Some(true)),
        (&upn, "goodfel@corp.example", Some(false)),
        (&upn, "robin@corp.example", Some(false)),
        (&b2c, "k@other.example", Some(true)),
        (&b2c, "admin@corp.example", Some(false)),
        (&json!({ "cognito:username": "5e1f" }), "robin@corp.example", None),
        (&json!({}), "robin@corp.example", None),
        (&json!({ "preferred_username": "józef@corp.example" }), "JÓZEF@corp.example", Some(true)),
    ] {
        let identity = Identity::of(claims.as_object().unwrap());
        assert_eq!(identity.is_person(address), is_person, "{claims} {address}");
    }
}

#[test]
fn unverified_claims_need_the_form_of_a_token() {
    let of = |payload: &str| format!("x.{}.y", base64url(payload));
    let read = |token: &str| unverified_claims(&Secret::new(token));
    assert_eq!(read(&of("{\"sub\":\"0001\"}")).unwrap()["sub"], "0001");
    for (token, why) in [
        (String::new(), "it is not a signed JWT"),
        (base64url("{}"), "it is not a signed JWT"),
        (format!("x.{}", base64url("{}")), "it is not a signed JWT"),
        (format!("{}.z", of("{}")), "it is not a signed JWT"),
        ("x.?.y".to_owned(), "its payload is not base64url"),
        (of("[]"), "its payload is not a JSON object in which each name is there once"),
        (of("{\"a\":1,\"a\":1}"), "its payload is not a JSON object in which each name is there once"),
    ] {
        assert_eq!(read(&token), Err(Invalid::Token(why.to_owned())), "{token}");
    }
    let longest = format!("{}{}", of("{}"), "y".repeat(50_000 - of("{}").len()));
    assert_eq!(read(&longest), Ok(Map::new()));
    assert!(matches!(read(&format!("{longest}y")), Err(Invalid::Token(why)) if why.starts_with("it is longer than")));
}
