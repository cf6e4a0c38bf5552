//! Tests with malformed answers of the token endpoint, the key set URL, the identity pool and an API.

use chrono::TimeDelta;
use serde_json::Value;

use super::desk::{Answer, Desk, TOKENS_ACCOUNT, assert_document_or_nothing, assert_mannered};
use super::mutations::{Random, malformed};

const TOKEN: &str = "/oauth2/token";
const JWKS: &str = "/.well-known/jwks.json";
const GET_ID: &str = "AWSCognitoIdentityService.GetId";
const GET_CREDENTIALS: &str = "AWSCognitoIdentityService.GetCredentialsForIdentity";
/// An ID token with the header `{"kid":"pool","alg":"RS256"}`, the claims `{}` and an invalid signature.
const ID_TOKEN: &str = "eyJraWQiOiJwb29sIiwiYWxnIjoiUlMyNTYifQ.e30.AAAA";

fn key_set() -> String {
    let modulus = "u".repeat(341) + "w";
    format!(
        r#"{{"keys": [{{"kty": "RSA", "alg": "RS256", "use": "sig", "kid": "other", "n": "{modulus}", "e": "AQAB"}},
                     {{"kty": "RSA", "alg": "RS256", "use": "sig", "kid": "pool", "n": "{modulus}", "e": "AQAB"}}]}}"#
    )
}

fn refreshed() -> String {
    format!(
        r#"{{"id_token": "{ID_TOKEN}", "access_token": "an-access-token", "refresh_token": "a-new-one", "expires_in": 3600, "token_type": "Bearer"}}"#
    )
}

/// Returns the stored refresh token.
fn refresh_token(desk: &Desk) -> Option<String> {
    let record: Value = serde_json::from_slice(&desk.kept("store", TOKENS_ACCOUNT)?).expect("a record");
    record["refresh_token"].as_str().map(str::to_owned)
}

#[test]
fn malformed_token_endpoint_answers_lose_no_refresh_token() {
    let desk = Desk::new();
    desk.server.answer(JWKS, Answer::json(200, key_set()));
    let mut random = Random(4);
    let valid = [
        (200, refreshed()),
        (400, r#"{"error": "invalid_grant", "error_description": "Refresh Token has been revoked"}"#.to_owned()),
        (400, r#"{"error": "invalid_client", "error_message": "no such client"}"#.to_owned()),
        (200, refreshed()),
    ];
    for number in 0..400 {
        let (status, text) = &valid[number % valid.len()];
        let body = malformed(text.as_bytes(), &mut random);
        desk.forget();
        desk.sign_in(TimeDelta::hours(2));
        desk.server.answer(TOKEN, Answer::json(*status, body.as_slice()));
        let ran = desk.run(&["credential-process"]);
        let given = String::from_utf8_lossy(&body);
        assert_mannered(&ran, &given);
        assert!([3, 4, 5, 6].contains(&ran.status) && ran.stdout.is_empty(), "{ran:?}\n{given}");
        let said: Option<Value> = serde_json::from_slice(&body).ok();
        let field = |name: &str| said.as_ref().and_then(|said| said.get(name)?.as_str().map(str::to_owned));
        match refresh_token(&desk) {
            Some(token) if token == "the-refresh-token" => {}
            Some(token) => assert_eq!(Some(token), field("refresh_token"), "{given}"),
            None => assert_eq!(field("error").as_deref(), Some("invalid_grant"), "the refresh token is gone: {given}"),
        }
    }
}

#[test]
fn malformed_key_sets_are_refused() {
    let desk = Desk::new();
    desk.server.answer(TOKEN, Answer::json(200, refreshed()));
    let mut random = Random(5);
    for _ in 0..200 {
        let body = malformed(key_set().as_bytes(), &mut random);
        desk.forget();
        desk.sign_in(TimeDelta::hours(2));
        desk.server.answer(JWKS, Answer::json(200, body.as_slice()));
        let ran = desk.run(&["credential-process"]);
        assert_mannered(&ran, &String::from_utf8_lossy(&body));
        assert!([5, 6].contains(&ran.status) && ran.stdout.is_empty(), "{ran:?}");
        assert_eq!(refresh_token(&desk).as_deref(), Some("a-new-one"), "a rotated refresh token is saved first");
    }
}

#[test]
fn malformed_identity_pool_answers_are_handled() {
    let desk = Desk::new();
    let mut random = Random(6);
    let identity = r#"{"IdentityId": "eu-west-1:00000000-1111-2222-3333-444444444444"}"#;
    let credentials = r#"{"IdentityId": "eu-west-1:00000000-1111-2222-3333-444444444444", "Credentials": {"AccessKeyId": "ASIANOTAREALKEY00000", "SecretKey": "key", "SessionToken": "token", "Expiration": 1800003600.0}}"#;
    let refusal = r#"{"__type": "NotAuthorizedException", "message": "Access denied"}"#;
    for number in 0..200 {
        let (operation, status, valid) =
            [(GET_ID, 200, identity), (GET_CREDENTIALS, 200, credentials), (GET_CREDENTIALS, 400, refusal)][number % 3];
        desk.server.answer(GET_ID, Answer::json(200, identity));
        desk.server.answer(GET_CREDENTIALS, Answer::json(200, credentials));
        let body = malformed(valid.as_bytes(), &mut random);
        let mut answer = Answer::json(status, body.as_slice());
        answer.headers = vec![("content-type".into(), "application/x-amz-json-1.1".into())];
        desk.server.answer(operation, answer);
        desk.forget();
        desk.sign_in(TimeDelta::minutes(1));
        let ran = desk.run(&["credential-process"]);
        assert_mannered(&ran, &String::from_utf8_lossy(&body));
        assert_document_or_nothing(&ran);
        assert_eq!(refresh_token(&desk).as_deref(), Some("the-refresh-token"), "{ran:?}");
    }
}

#[test]
fn malformed_api_answers_are_shown_escaped() {
    let mut desk = Desk::new();
    desk.is_terminal = true;
    let mut random = Random(7);
    let valid = r#"{"message": "User: arn:aws:sts::123456789012:assumed-role/Reader/x is not authorized to perform: execute-api:Invoke on resource: arn:aws:execute-api:eu-west-1:********9012:abc123/prod/GET/orders"}"#;
    desk.put(
        "store",
        super::desk::CREDENTIALS_ACCOUNT,
        desk.credentials(TimeDelta::minutes(50)).to_string().as_bytes(),
    );
    let url = format!("{}/api", desk.server.url());
    for number in 0..100 {
        let body = malformed(valid.as_bytes(), &mut random);
        desk.server.answer("/api", Answer::json([200, 403, 400, 401][number % 4], body.as_slice()));
        // Colours are control sequences of cogfed's own.
        let pretty = ["--pretty=format", "--pretty=none"][number / 4 % 2];
        let ran = desk.run(&["call", "GET", &url, pretty]);
        let plain = ran.stdout.replace(['\n', '\t'], "");
        assert!(super::desk::is_plain(&plain) && ran.status == 0, "{ran:?}");
        assert!(super::desk::is_plain(&ran.stderr.replace('\n', "")), "{ran:?}");
        assert!(ran.stderr.lines().all(|line| line.chars().count() <= 1000), "{ran:?}");
    }
}
