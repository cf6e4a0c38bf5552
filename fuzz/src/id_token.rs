//! An ID token and its keys, verified by cogfed and by another library.
//!
//! The input has up to four lines: the token's header, its claims, the JWKS (`-` for the right one), and changes to the
//! signed token (`N:HEX` puts a byte at N). The target signs the token, so that the checks behind the signature are
//! reached.

use std::sync::LazyLock;

use base64::engine::general_purpose::{GeneralPurpose, NO_PAD, URL_SAFE_NO_PAD};
use base64::{Engine, alphabet};
use cogfed::clock::Offset;
use cogfed::oidc::{Expected, Invalid, key_set, verify};
use cogfed::secret::Secret;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair, RsaPublicKeyComponents};
use serde_json::{Value, json};

use crate::given::{CLIENT, ISSUER, now};

/// A key that signs only this target's tokens.
static KEY: LazyLock<RsaKeyPair> =
    LazyLock::new(|| RsaKeyPair::from_pkcs8(include_bytes!("../test-key.pk8")).expect("a key"));

/// The key set that the user pool would publish.
static JWKS: LazyLock<Value> = LazyLock::new(|| {
    let RsaPublicKeyComponents { n, e }: RsaPublicKeyComponents<Vec<u8>> = KEY.public().into();
    json!({ "keys": [{ "kty": "RSA", "alg": "RS256", "use": "sig", "kid": "pool", "n": base64url(n), "e": base64url(e) }] })
});

const NONCE: &str = "the nonce";

/// Checks that another library accepts every token that cogfed accepts, with the same key, issuer, audience and times.
pub fn run(data: &[u8]) {
    let mut lines = data.splitn(4, |byte| *byte == b'\n');
    let (Some(header), Some(claims)) = (lines.next(), lines.next()) else { return };
    let jwks = match lines.next() {
        None | Some(b"-" | b"") => JWKS.clone(),
        Some(text) => match serde_json::from_slice(text) {
            Ok(jwks) => jwks,
            Err(_) => return,
        },
    };
    let Ok(keys) = key_set(&jwks) else { return };
    let token = changed(signed(header, claims), lines.next().unwrap_or_default());
    let (issuers, nonce, access_token) = ([ISSUER.to_owned()], Secret::new(NONCE), Secret::new("an access token"));
    let expected = Expected {
        issuers: &issuers,
        is_user_pool: true,
        client_id: CLIENT,
        nonce: Some(&nonce),
        access_token: Some(&access_token),
        now: now(),
        offset: Offset::default(),
    };
    let verdict = verify(&Secret::new(token.as_str()), &keys, &expected);
    let accepted = match verdict {
        Ok(accepted) => accepted,
        Err(Invalid::UnknownKey) => return,
        Err(Invalid::Token(text)) => return assert!(text.chars().count() <= 500, "{text}"),
    };
    let claims = second_opinion(&token, &jwks);
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    assert_eq!(text("iss"), Some(ISSUER));
    assert_eq!(text("iss"), Some(accepted.issuer.as_str()));
    assert_eq!(text("sub"), Some(accepted.subject.as_str()));
    assert_eq!(text("token_use"), Some("id"));
    assert_eq!(text("nonce"), Some(NONCE));
    assert!(!accepted.subject.is_empty());
    let party = claims.get("azp").filter(|party| !party.is_null());
    assert!(party.is_none_or(|party| party == CLIENT), "issued to another app client");
    let others = claims["aud"].as_array().is_some_and(|all| all.iter().any(|audience| audience != CLIENT));
    assert!(!others || party.is_some(), "for other app clients, too");
    let seconds = |name: &str| claims.get(name).and_then(Value::as_f64).expect("a number");
    assert!(seconds("exp") > (now().timestamp() - 61) as f64, "expired");
    assert!((seconds("exp") - accepted.expires_at.timestamp() as f64).abs() <= 1.0);
    let nbf = claims.get("nbf").filter(|nbf| !nbf.is_null());
    assert!(nbf.is_none() || seconds("nbf") <= (now().timestamp() + 61) as f64, "not valid yet");
    assert!(seconds("iat") <= (now().timestamp() + 601) as f64, "issued in the future");
}

/// Returns the claims if a key that the header names verifies the token with RS256, and panics otherwise.
fn second_opinion(token: &str, jwks: &Value) -> serde_json::Map<String, Value> {
    let (message, signature) = token.rsplit_once('.').expect("a signature");
    let (header, claims) = message.split_once('.').expect("claims");
    let object = |part: &str| -> serde_json::Map<String, Value> {
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).expect("base64url")).expect("an object")
    };
    let header = object(header);
    assert_eq!(header.get("alg").and_then(Value::as_str), Some("RS256"));
    assert!(!header.contains_key("crit"));
    let typ = header.get("typ").map(|typ| typ.as_str().expect("a text").to_ascii_lowercase());
    assert!(typ.is_none_or(|typ| typ == "jwt" || typ == "application/jwt"), "another kind of token");
    // The only key of a set may be without an id.
    let named = jwks["keys"]
        .as_array()
        .expect("a list")
        .iter()
        .filter(|key| key.get("kid") == header.get("kid") || key.get("kid").is_none_or(|id| !id.is_string()));
    // The other library requires numbers without leading zeros (RFC 7518, section 6.3.1.1), and without padding or
    // trailing bits in the base64url. cogfed accepts all of these, and the other alphabet.
    let lenient = NO_PAD
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(base64::engine::DecodePaddingMode::Indifferent);
    let number = |key: &Value, name: &str| {
        let text = key.get(name)?.as_str()?.replace('+', "-").replace('/', "_");
        let bytes = GeneralPurpose::new(&alphabet::URL_SAFE, lenient).decode(text).ok()?;
        Some(base64url(bytes.iter().copied().skip_while(|byte| *byte == 0).collect::<Vec<u8>>()))
    };
    let keys: Vec<DecodingKey> =
        named.filter_map(|key| DecodingKey::from_rsa_components(&number(key, "n")?, &number(key, "e")?).ok()).collect();
    let verifies = |key: &DecodingKey| {
        jsonwebtoken::crypto::verify(signature, message.as_bytes(), key, Algorithm::RS256).unwrap_or(false)
    };
    let key = keys.iter().find(|key| verifies(key)).expect("a key of that name verifies the signature");
    let mut validation = Validation::new(Algorithm::RS256);
    validation.set_issuer(&[ISSUER]);
    validation.set_audience(&[CLIENT]);
    // The other library takes any member of a list, and knows no `azp`: both are checked above.
    // The library's clock cannot be set, so the caller compares the times.
    validation.validate_exp = false;
    // The library also rejects optional header members of an odd type, which do not matter here.
    if jsonwebtoken::decode_header(token).is_ok() {
        jsonwebtoken::decode::<Value>(token, key, &validation).expect("the other library accepts it, too");
    }
    object(claims)
}

fn base64url(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn signed(header: &[u8], claims: &[u8]) -> String {
    let message = format!("{}.{}", base64url(header), base64url(claims));
    let mut signature = vec![0; KEY.public().modulus_len()];
    KEY.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message.as_bytes(), &mut signature).expect("a signature");
    format!("{message}.{}", base64url(signature))
}

/// Returns the token with the changes applied: `N:HEX` pairs, separated by spaces.
fn changed(token: String, changes: &[u8]) -> String {
    let mut bytes = token.into_bytes();
    for change in String::from_utf8_lossy(changes).split_whitespace() {
        let Some((at, byte)) = change.split_once(':') else { continue };
        if let (Ok(at), Ok(byte)) = (at.parse::<usize>(), u8::from_str_radix(byte, 16))
            && let length @ 1.. = bytes.len()
        {
            bytes[at % length] = byte;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
