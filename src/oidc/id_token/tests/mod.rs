//! Tests that tokens with a single fault are refused, and that unusual but valid tokens are accepted.

mod others;

use ring::hmac;
use ring::signature::{RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RSA_PSS_SHA256, RsaEncoding};
use rsa::RsaPublicKey;
use rsa::pkcs8::{EncodePublicKey, LineEnding};
use rsa::traits::PublicKeyParts;
use serde_json::json;

use super::super::keys::key_set;
use super::super::testing::{
    ACCESS_TOKEN, CLIENT, ISSUER, KEYS, NOW, at_hash, base64url, claims, header, jwks, message, rsa_signature, signed,
};
use super::*;

const UPDATED: &str = "https://issuer-cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbC123xyz";

fn hmac_signature(secret: &[u8], message: &str) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), message.as_bytes()).as_ref().to_vec()
}

/// Returns a valid token with these claims changed; `null` removes a claim.
fn with(changes: Value) -> String {
    let mut claims = claims();
    for (name, value) in changes.as_object().unwrap() {
        match value {
            Value::Null => claims.as_object_mut().unwrap().remove(name),
            value => claims.as_object_mut().unwrap().insert(name.clone(), value.clone()),
        };
    }
    signed(&header(), &claims)
}

fn verified(token: &str, nonce: Option<&str>) -> Result<IdTokenClaims, Invalid> {
    verified_at(token, nonce, 0, 0)
}

/// Verifies a token like [`verified`], but when this machine's clock shows `later` seconds after [`NOW`]. The server's
/// clock differs from this machine's by `offset` seconds.
fn verified_at(token: &str, nonce: Option<&str>, later: i64, offset: i64) -> Result<IdTokenClaims, Invalid> {
    let (nonce, access_token) = (nonce.map(Secret::new), Secret::new(ACCESS_TOKEN));
    let issuers = [ISSUER.to_owned(), UPDATED.to_owned()];
    let now = DateTime::from_timestamp(NOW + later, 0).unwrap();
    let offset = Offset::measured(TimeDelta::seconds(offset));
    let (client_id, nonce, access_token) = (CLIENT, nonce.as_ref(), Some(&access_token));
    let expected = Expected { issuers: &issuers, is_user_pool: true, client_id, nonce, access_token, now, offset };
    verify(&Secret::new(token), &key_set(&jwks()).unwrap(), &expected)
}

/// Asserts that each token is refused with a message that contains the given reason.
#[track_caller]
fn refused(tokens: Vec<(String, &str)>) {
    for (token, why) in tokens {
        match verified(&token, Some("the nonce")) {
            Err(Invalid::Token(text)) => assert!(text.contains(why), "'{why}' is not in: {text}"),
            Err(Invalid::UnknownKey) => assert_eq!(why, "unknown key", "{token}"),
            Ok(_) => panic!("accepted, which should be refused because of '{why}': {token}"),
        }
    }
}

#[test]
fn valid_id_token_is_accepted() {
    let claims = verified(&signed(&header(), &claims()), Some("the nonce")).unwrap();
    assert_eq!((claims.subject.as_str(), claims.person.as_str()), ("0001", "alice@corp.example"));
    assert_eq!((claims.issuer.as_str(), claims.provider.as_deref()), (ISSUER, Some("AzureAD")));
    assert_eq!((claims.issued_at.timestamp(), claims.expires_at.timestamp()), (NOW - 10, NOW + 3600));
    let second = json!({ "kid": "second", "alg": "RS256" });
    let message = message(&second, &self::claims());
    let signature = base64url(rsa_signature(&KEYS[1], &RSA_PKCS1_SHA256, &message));
    assert!(verified(&format!("{message}.{signature}"), Some("the nonce")).is_ok());
}

#[test]
fn algorithms_other_than_rs256_are_refused() {
    let header_of = |alg: Value| json!({ "kid": "pool", "alg": alg });
    let by = |alg: &str, signature: &dyn Fn(&str) -> Vec<u8>| {
        let message = message(&header_of(alg.into()), &claims());
        let signature = base64url(signature(&message));
        format!("{message}.{signature}")
    };
    let rsa_by = |encoding: &'static dyn RsaEncoding| move |message: &str| rsa_signature(&KEYS[0], encoding, message);
    let pem = RsaPublicKey::from(&KEYS[0]).to_public_key_pem(LineEnding::LF).unwrap();
    let modulus = KEYS[0].n().to_bytes_be();
    let none = |_: &str| Vec::new();
    let mut tokens = vec![
        (by("none", &none), "'none', not by RS256"),
        (by("none", &rsa_by(&RSA_PKCS1_SHA256)), "'none', not by RS256"),
        (by("None", &none), "'None', not by RS256"),
        (by("NONE", &none), "'NONE', not by RS256"),
        (by("RS256", &none), "its signature is wrong"),
        (by("HS256", &|message| hmac_signature(pem.as_bytes(), message)), "'HS256', not by RS256"),
        (by("HS256", &|message| hmac_signature(&modulus, message)), "'HS256', not by RS256"),
        (by("RS256", &|message| hmac_signature(pem.as_bytes(), message)), "its signature is wrong"),
        (by("RS384", &rsa_by(&RSA_PKCS1_SHA384)), "'RS384', not by RS256"),
        (by("RS512", &rsa_by(&RSA_PKCS1_SHA512)), "'RS512', not by RS256"),
        (by("PS256", &rsa_by(&RSA_PSS_SHA256)), "'PS256', not by RS256"),
        (by("ES256", &rsa_by(&RSA_PKCS1_SHA256)), "'ES256', not by RS256"),
        (by("RS256", &rsa_by(&RSA_PKCS1_SHA512)), "its signature is wrong"),
        (by("RS256", &rsa_by(&RSA_PSS_SHA256)), "its signature is wrong"),
        (by("rs256", &rsa_by(&RSA_PKCS1_SHA256)), "'rs256', not by RS256"),
        (by("", &rsa_by(&RSA_PKCS1_SHA256)), "not by RS256"),
    ];
    for odd in [json!(null), json!(["RS256"]), json!(256), json!({ "alg": "RS256" })] {
        tokens.push((signed(&header_of(odd), &claims()), "it names no algorithm"));
    }
    tokens.push((signed(&json!({ "kid": "pool" }), &claims()), "it names no algorithm"));
    refused(tokens);
}

#[test]
fn keys_inside_a_token_are_not_used() {
    let by_other = |header: Value| {
        let message = message(&header, &claims());
        let signature = base64url(rsa_signature(&KEYS[1], &RSA_PKCS1_SHA256, &message));
        format!("{message}.{signature}")
    };
    let own = json!({ "kty": "RSA", "kid": "pool", "n": base64url(KEYS[1].n().to_bytes_be()), "e": "AQAB" });
    let shared = message(&json!({ "kid": "shared", "alg": "RS256" }), &claims());
    let shared = format!("{shared}.{}", base64url(hmac_signature(b"a shared secret of some length!!", &shared)));
    refused(vec![
        (by_other(header()), "its signature is wrong"),
        (by_other(json!({ "kid": "pool", "alg": "RS256", "jwk": own })), "its signature is wrong"),
        (by_other(json!({ "kid": "own", "alg": "RS256", "jwk": own })), "unknown key"),
        (by_other(json!({ "kid": "own", "alg": "RS256", "jku": "https://attacker.example/jwks" })), "unknown key"),
        (by_other(json!({ "kid": "../../pool", "alg": "RS256" })), "unknown key"),
        (by_other(json!({ "kid": "", "alg": "RS256" })), "unknown key"),
        (shared, "unknown key"),
        (by_other(json!({ "alg": "RS256" })), "it names no key"),
        (by_other(json!({ "kid": 1, "alg": "RS256" })), "it names no key"),
        (by_other(json!({ "kid": ["pool"], "alg": "RS256" })), "it names no key"),
        (signed(&json!({ "kid": "pool", "alg": "RS256", "crit": ["exp"] }), &claims()), "extensions"),
        (signed(&json!({ "kid": "pool", "alg": "RS256", "crit": ["b64"], "b64": false }), &claims()), "extensions"),
    ]);
}

#[test]
fn malformed_tokens_are_refused() {
    let good = signed(&header(), &claims());
    let [head, payload, signature] = good.split('.').collect::<Vec<_>>().try_into().unwrap();
    let [_, other_payload, other_signature] =
        [1, 2, 3].map(|part| with(json!({ "sub": "0002" })).split('.').nth(part - 1).unwrap().to_owned());
    let mut flipped = URL_SAFE_NO_PAD.decode(signature).unwrap();
    flipped[100] ^= 1;
    let short = &URL_SAFE_NO_PAD.decode(signature).unwrap()[..255];
    let signed_text = |header: &str, payload: &str| {
        let message = format!("{}.{}", base64url(header), base64url(payload));
        let signature = base64url(rsa_signature(&KEYS[0], &RSA_PKCS1_SHA256, &message));
        format!("{message}.{signature}")
    };
    let fine = header().to_string();
    refused(vec![
        (String::new(), "not a signed JWT"),
        ("token".into(), "not a signed JWT"),
        (format!("{head}.{payload}"), "not a signed JWT"),
        ("..".into(), "not a JSON object"),
        (format!("{head}.{payload}."), "its signature is wrong"),
        (format!("{head}.{payload}.{signature}="), "not base64url"),
        (format!("{head}.{payload}.{signature}\n"), "not base64url"),
        (format!(" {good}"), "its header is not base64url"),
        (format!("{head}.{payload}.+/{}", signature.split_at(2).1), "not base64url"),
        (format!("{head}.{payload}.{}", base64url(&flipped)), "its signature is wrong"),
        (format!("{head}.{payload}.{}", base64url(short)), "its signature is wrong"),
        (format!("{head}.{payload}.{}", base64url(vec![0; 256])), "its signature is wrong"),
        (format!("{head}.{payload}.{}", base64url(vec![0; 4096])), "its signature is wrong"),
        (format!("{head}.{payload}.{other_signature}"), "its signature is wrong"),
        (format!("{head}.{other_payload}.{signature}"), "its signature is wrong"),
        (format!("{head}.{payload}.{signature}.{signature}"), "its signature is wrong"),
        (format!("{head}..{payload}.{signature}"), "its signature is wrong"),
        (format!("{}{good}", "A".repeat(50_000)), "longer than 50000"),
        ("A".repeat(50_001), "longer than 50000"),
        ("A".repeat(50_000), "not a signed JWT"),
        (signed_text("[]", "{}"), "its header is not a JSON object"),
        (signed_text("\"RS256\"", "{}"), "its header is not a JSON object"),
        (signed_text("{", "{}"), "its header is not a JSON object"),
        (signed_text(&fine, "[]"), "its payload is not a JSON object"),
        (signed_text(&fine, "null"), "its payload is not a JSON object"),
        (signed_text(&fine, "{} {}"), "its payload is not a JSON object"),
        (signed_text(&fine, "\u{feff}{}"), "its payload is not a JSON object"),
    ]);
}

#[test]
fn tokens_with_repeated_names_are_refused() {
    let (header, claims) = (header().to_string(), claims().to_string());
    let twice = |text: &str, more: &str| format!("{}, {more}}}", text.trim_end_matches('}'));
    let signed_text = |header: &str, payload: &str| {
        let message = format!("{}.{}", base64url(header), base64url(payload));
        format!("{message}.{}", base64url(rsa_signature(&KEYS[0], &RSA_PKCS1_SHA256, &message)))
    };
    assert!(verified(&signed_text(&header, &claims), Some("the nonce")).is_ok());
    let aud = format!(r#""aud": "{CLIENT}""#);
    let nested = r#"{"address": {"country": "a", "country": "b"},"#;
    let listed = r#"{"identities": [{"providerName": "AzureAD", "providerName": "AzureB2C"}],"#;
    refused(vec![
        (signed_text(&header, &claims.replacen('{', nested, 1)), "in which each name is there once"),
        (signed_text(&header, &claims.replacen('{', listed, 1)), "in which each name is there once"),
        (signed_text(&twice(&header, r#""jwk": {"n": "a", "n": "b"}"#), &claims), "its header is not a JSON object"),
        (signed_text(&twice(&header, r#""alg": "RS256""#), &claims), "its header is not a JSON object in which"),
        (signed_text(&header, &claims.replacen('{', &format!("{{{aud},"), 1)), "its payload is not a JSON object"),
        (signed_text(&header, &claims.replacen('{', r#"{"sub": "0002","#, 1)), "in which each name is there once"),
    ]);
}

#[test]
fn only_the_types_of_an_id_token_are_accepted() {
    let typed = |typ: Value| signed(&json!({ "kid": "pool", "alg": "RS256", "typ": typ }), &claims());
    for typ in ["JWT", "jwt", "application/jwt", "Application/JWT"] {
        assert!(verified(&typed(json!(typ)), Some("the nonce")).is_ok(), "{typ}");
    }
    let others =
        ["at+jwt", "application/at+jwt", "AT+JWT", "logout+jwt", "secevent+jwt", "dpop+jwt", "", "JWT ", "JOSE"];
    refused(others.map(|typ| (typed(json!(typ)), "it is not an ID token, its typ is")).to_vec());
    let odd = [json!(null), json!(["JWT"]), json!(1), json!({})];
    refused(odd.map(|typ| (typed(typ), "its 'typ' is not a text")).to_vec());
}

#[test]
fn optional_claims_that_are_null_count_as_missing() {
    let null = json!(null);
    let mut claims = claims();
    for name in ["at_hash", "nbf", "azp", "email", "emails", "upn", "cognito:username", "identities", "auth_time"] {
        claims[name] = null.clone();
    }
    let found = verified(&signed(&header(), &claims), Some("the nonce")).unwrap();
    assert_eq!((found.person.as_str(), found.provider), ("0001", None));
    for name in ["iss", "aud", "exp", "iat", "sub", "nonce", "token_use"] {
        let mut claims = self::claims();
        claims[name] = null.clone();
        assert!(verified(&signed(&header(), &claims), Some("the nonce")).is_err(), "{name}");
    }
    for name in ["alg", "kid", "crit", "typ"] {
        let mut header = header();
        header[name] = null.clone();
        assert!(verified(&signed(&header, &self::claims()), Some("the nonce")).is_err(), "{name}");
    }
}

#[test]
fn long_token_claims_are_cut_in_messages() {
    let long = "x".repeat(20_000);
    let header = json!({ "kid": "pool", "alg": long });
    for token in [with(json!({ "iss": long })), with(json!({ "token_use": long })), signed(&header, &claims())] {
        match verified(&token, None) {
            Err(Invalid::Token(text)) => assert!(text.chars().count() < 400, "{} characters", text.len()),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn long_names_of_people_and_providers_are_stored_cut() {
    let long = "x".repeat(5_000);
    let claims = verified(&with(json!({ "email": long, "identities": [{ "providerName": long }] })), None).unwrap();
    assert_eq!((claims.person.chars().count(), claims.provider.unwrap().chars().count()), (257, 257));
}

#[test]
fn tokens_with_wrong_claims_are_refused() {
    let other_pool = ISSUER.replace("AbC123xyz", "Other");
    refused(vec![
        (with(json!({ "iss": null })), "no 'iss'"),
        (with(json!({ "iss": 1 })), "no 'iss'"),
        (with(json!({ "iss": [ISSUER] })), "no 'iss'"),
        (with(json!({ "iss": other_pool })), "from the issuer"),
        (with(json!({ "iss": format!("{ISSUER}/") })), "from the issuer"),
        (with(json!({ "iss": ISSUER.replace("https", "http") })), "from the issuer"),
        (with(json!({ "iss": ISSUER.to_uppercase() })), "from the issuer"),
        (with(json!({ "aud": null })), "another app client"),
        (with(json!({ "aud": null, "client_id": CLIENT })), "another app client"),
        (with(json!({ "aud": "other" })), "another app client"),
        (with(json!({ "aud": CLIENT.trim_start_matches('3') })), "another app client"),
        (with(json!({ "aud": [] })), "another app client"),
        (with(json!({ "aud": [CLIENT, "other"] })), "several app clients"),
        (with(json!({ "aud": [CLIENT, "other"], "azp": "other" })), "another app client, which its 'azp' names"),
        (with(json!({ "aud": [CLIENT, 5], "azp": CLIENT })), "another app client"),
        (with(json!({ "aud": ["other"], "azp": CLIENT })), "another app client"),
        (with(json!({ "azp": "other" })), "another app client, which its 'azp' names"),
        (with(json!({ "azp": "" })), "another app client, which its 'azp' names"),
        (with(json!({ "azp": [CLIENT] })), "another app client, which its 'azp' names"),
        (with(json!({ "azp": 5 })), "another app client, which its 'azp' names"),
        (with(json!({ "iat": NOW + 601 })), "issued in the future"),
        (with(json!({ "iat": NOW + 86_400, "exp": NOW + 90_000 })), "issued in the future"),
        (with(json!({ "iat": NOW + 315_360_000, "exp": NOW + 315_363_600 })), "issued in the future"),
        (with(json!({ "aud": [[CLIENT]] })), "another app client"),
        (with(json!({ "aud": { CLIENT: true } })), "another app client"),
        (with(json!({ "token_use": null })), "no 'token_use'"),
        (with(json!({ "token_use": ["id"] })), "no 'token_use'"),
        (with(json!({ "token_use": "access" })), "its token_use is 'access'"),
        (with(json!({ "token_use": "ID" })), "its token_use is 'ID'"),
        (with(json!({ "iat": null })), "'iat' is not a time"),
        (with(json!({ "iat": "now" })), "'iat' is not a time"),
        (with(json!({ "exp": null })), "'exp' is not a time"),
        (with(json!({ "exp": (NOW + 3600).to_string() })), "'exp' is not a time"),
        (with(json!({ "exp": true })), "'exp' is not a time"),
        (with(json!({ "exp": 1e300 })), "'exp' is not a time"),
        (with(json!({ "exp": u64::MAX })), "'exp' is not a time"),
        (with(json!({ "exp": NOW - 60 })), "it expired at"),
        (with(json!({ "exp": 0 })), "it expired at"),
        (with(json!({ "exp": -1 })), "it expired at"),
        (with(json!({ "nbf": NOW + 61 })), "not valid yet"),
        (with(json!({ "nbf": "soon" })), "'nbf' is not a time"),
        (with(json!({ "nonce": null })), "its nonce"),
        (with(json!({ "nonce": "" })), "its nonce"),
        (with(json!({ "nonce": "the nonce " })), "its nonce"),
        (with(json!({ "nonce": "The Nonce" })), "its nonce"),
        (with(json!({ "nonce": ["the nonce"] })), "its nonce"),
        (with(json!({ "at_hash": at_hash("another") })), "the access token that came along"),
        (with(json!({ "at_hash": "" })), "the access token that came along"),
        (with(json!({ "at_hash": 1 })), "the access token that came along"),
        (with(json!({ "at_hash": at_hash(ACCESS_TOKEN).split_at(8).0 })), "the access token that came along"),
        (with(json!({ "sub": null })), "no 'sub'"),
        (with(json!({ "sub": 1 })), "no 'sub'"),
        (with(json!({ "sub": "" })), "'sub' is empty"),
    ]);
}

#[test]
fn tokens_with_odd_but_harmless_claims_are_accepted() {
    for changes in [
        json!({ "iss": UPDATED }),
        json!({ "aud": [CLIENT] }),
        json!({ "iat": (NOW as f64) - 0.5, "exp": (NOW as f64) + 3600.75 }),
        json!({ "exp": NOW - 59 }),
        json!({ "exp": DateTime::<Utc>::MAX_UTC.timestamp() }),
        json!({ "nbf": NOW + 60 }),
        json!({ "nbf": DateTime::<Utc>::MIN_UTC.timestamp() }),
        json!({ "at_hash": null }),
        json!({ "iat": NOW + 600 }),
        json!({ "aud": [CLIENT, CLIENT] }),
        json!({ "aud": [CLIENT, "a project"], "azp": CLIENT }),
        json!({ "aud": ["a project", CLIENT], "azp": CLIENT }),
        json!({ "azp": CLIENT }),
        json!({ "email_verified": "yes", "phone_number_verified": 1, "updated_at": "yesterday", "locale": 7 }),
        json!({ "cognito:groups": "one", "cognito:roles": { "a": 1 }, "custom:roles": ["x"], "address": "a street" }),
        json!({ "auth_time": "1", "acr": [], "amr": "mfa" }),
    ] {
        let claims = verified(&with(changes.clone()), Some("the nonce")).unwrap_or_else(|error| {
            panic!("{changes}: {error:?}");
        });
        assert_eq!(claims.person, "alice@corp.example");
    }
    assert!(verified(&with(json!({ "nonce": "of the first sign-in" })), None).is_ok(), "a refresh promises none");
    assert!(verified(&with(json!({ "nonce": null })), None).is_ok());
}

#[test]
fn odd_person_or_provider_claims_never_fail_a_token() {
    for (changes, person) in [
        (json!({ "email": 1 }), "AzureAD_alice"),
        (json!({ "email": "" }), "AzureAD_alice"),
        (json!({ "email": null, "cognito:username": null }), "0001"),
        (json!({ "email": [], "cognito:username": "" }), "0001"),
        (json!({ "email": [" ", 1], "cognito:username": "" }), "0001"),
        (json!({ "email": ["kim@corp.example"] }), "kim@corp.example"),
    ] {
        assert_eq!(verified(&with(changes), None).unwrap().person, person);
    }
    let text = "[{\"providerName\":\"AzureB2C\"}]";
    for (identities, provider) in [
        (json!(text), Some("AzureB2C")),
        (json!("["), None),
        (json!([]), None),
        (json!({}), None),
        (json!([1]), None),
        (json!([{ "providerName": 1 }]), None),
        (json!([{ "providerName": "AzureAD" }, { "providerName": "AzureB2C" }]), Some("AzureAD, AzureB2C")),
    ] {
        let claims = verified(&with(json!({ "identities": identities })), None).unwrap();
        assert_eq!(claims.provider.as_deref(), provider, "{identities}");
    }
}

#[test]
fn just_issued_tokens_are_judged_by_the_servers_clock() {
    // Issued 10 s before NOW, valid for an hour.
    for (later, offset, is_accepted) in [
        (0, 0, true),
        (3659, 0, true),
        (3660, 0, false),
        // This machine's clock is hours off, and the server has just issued the token.
        (7200, -7200, true),
        (-7200, 7200, true),
        (86_400, -86_400, true),
        (7200 + 590, -7200, true),
        (7200 + 591, -7200, false),
        // Not just issued: the server's clock cannot make it valid again, but can make it expired.
        (7200, -4000, false),
        (100, 3559, true),
        (100, 3560, false),
        (100, 7200, false),
    ] {
        let outcome = verified_at(&with(json!({})), Some("the nonce"), later, offset);
        assert_eq!(outcome.is_ok(), is_accepted, "{later} {offset}: {outcome:?}");
    }
    let not_yet = with(json!({ "nbf": NOW }));
    for (later, offset, is_accepted) in [(-61, 0, false), (-60, 0, true), (-7200, 7200, true), (-7200, 7000, false)] {
        let outcome = verified_at(&not_yet, Some("the nonce"), later, offset);
        assert_eq!(outcome.is_ok(), is_accepted, "{later} {offset}: {outcome:?}");
    }
    for (offset, doubt) in
        [(0, "by this machine's clock"), (-4000, "this machine's clock is 1 h 6 min ahead of the user pool's")]
    {
        match verified_at(&with(json!({})), Some("the nonce"), 7200, offset) {
            Err(Invalid::Token(text)) => assert!(text.ends_with(doubt), "{text}"),
            other => panic!("{other:?}"),
        }
    }
}
