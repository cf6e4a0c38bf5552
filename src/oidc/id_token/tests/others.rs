//! Tokens of plain issuers, and tokens that are read without verification.

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
    verify(&Secret::new(token), &jwks(), &Expected::new(&issuer, CLIENT, &grant, None, now))
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
