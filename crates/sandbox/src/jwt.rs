//! JSON Web Tokens: signatures, simulated forgeries, and verification for the identity pool.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::{digest, hmac};
use serde_json::{Value, json};

use crate::keys::{Keys, SigningKey};

fn part(document: &Value) -> String {
    URL_SAFE_NO_PAD.encode(document.to_string())
}

/// Returns a JWT with these claims, signed with RS256. The header has only `kid` and `alg`, as in Cognito's tokens.
pub fn signed(key: &SigningKey, claims: &Value) -> String {
    signed_as(key, &key.id, claims)
}

/// Returns a JWT with these claims and with the `kid` `key_id` in its header, signed with RS256.
pub fn signed_as(key: &SigningKey, key_id: &str, claims: &Value) -> String {
    signed_under(key, &json!({ "kid": key_id, "alg": "RS256" }), claims)
}

/// Returns a JWT with these claims and with a `typ` in its header, signed with RS256. The header also has the type, as
/// in Entra ID's tokens.
pub fn signed_with_type(key: &SigningKey, claims: &Value) -> String {
    signed_under(key, &json!({ "typ": "JWT", "alg": "RS256", "kid": key.id }), claims)
}

fn signed_under(key: &SigningKey, header: &Value, claims: &Value) -> String {
    let message = format!("{}.{}", part(header), part(claims));
    let signature = URL_SAFE_NO_PAD.encode(key.sign(message.as_bytes()));
    format!("{message}.{signature}")
}

/// Returns an unsigned token, which no client may accept. Its `alg` is `none` (RFC 7519, 6).
pub fn unsigned(key: &SigningKey, claims: &Value) -> String {
    format!("{}.{}.", part(&json!({ "kid": key.id, "alg": "none" })), part(claims))
}

/// Signs a token with HS256, using the public key in PEM format as the secret. No client may accept this token.
pub fn confused(key: &SigningKey, claims: &Value) -> String {
    let message = format!("{}.{}", part(&json!({ "kid": key.id, "alg": "HS256" })), part(claims));
    let secret = hmac::Key::new(hmac::HMAC_SHA256, key.public_pem.as_bytes());
    let signature = URL_SAFE_NO_PAD.encode(hmac::sign(&secret, message.as_bytes()));
    format!("{message}.{signature}")
}

/// Returns the claims of `token`, or `None` if no key in `keys` verifies its RS256 signature.
pub fn verified(keys: &Keys, token: &str) -> Option<Value> {
    let (message, signature) = token.rsplit_once('.')?;
    let (header, claims) = message.split_once('.')?;
    let header: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(header).ok()?).ok()?;
    if header.get("alg")? != "RS256" {
        return None;
    }
    let key = keys.find(header.get("kid")?.as_str()?)?;
    if !key.verifies(message.as_bytes(), &URL_SAFE_NO_PAD.decode(signature).ok()?) {
        return None;
    }
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).ok()?).ok()
}

/// Returns a JWT of the identity pool with these claims, signed with RS512. The header has a `typ`, too.
pub fn identity_pool_signed(key: &SigningKey, key_id: &str, claims: &Value) -> String {
    let message = format!("{}.{}", part(&json!({ "kid": key_id, "typ": "JWS", "alg": "RS512" })), part(claims));
    let signature = URL_SAFE_NO_PAD.encode(key.sign_sha512(message.as_bytes()));
    format!("{message}.{signature}")
}

/// Returns the claims of `token`, or `None` unless [`identity_pool_signed`] made it with this key and key id.
pub fn identity_pool_verified(key: &SigningKey, key_id: &str, token: &str) -> Option<Value> {
    let (message, signature) = token.rsplit_once('.')?;
    let (header, _) = message.split_once('.')?;
    let header: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(header).ok()?).ok()?;
    if header.get("alg")? != "RS512" || header.get("kid")? != key_id {
        return None;
    }
    let verifies = key.verifies_sha512(message.as_bytes(), &URL_SAFE_NO_PAD.decode(signature).ok()?);
    verifies.then(|| unverified(token)).flatten()
}

/// Returns the claims of a token without verifying it.
pub fn unverified(token: &str) -> Option<Value> {
    let [_, claims, _] = *token.split('.').collect::<Vec<_>>() else { return None };
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).ok()?).ok()
}

/// Returns the value of the claim `at_hash`: the left half of the access token's SHA-256 hash (OpenID Connect Core,
/// 3.1.3.6).
pub fn at_hash(access_token: &str) -> String {
    let digest = digest::digest(&digest::SHA256, access_token.as_bytes());
    URL_SAFE_NO_PAD.encode(digest.as_ref().get(..16).unwrap_or_default())
}

/// Returns whether `challenge` is the S256 challenge of `verifier` (RFC 7636, 4.6).
pub fn is_challenge_of(challenge: &str, verifier: &str) -> bool {
    URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, verifier.as_bytes())) == challenge
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_tokens_signed_by_a_known_key_verify() {
        let keys = Keys::of_this_process().unwrap();
        let claims = json!({ "sub": "x" });
        let good = signed(&keys.id, &claims);
        assert_eq!(verified(&keys, &good), Some(claims.clone()));
        assert_eq!(verified(&keys, &signed(&keys.access, &claims)), Some(claims.clone()));
        assert_eq!(verified(&keys, &signed_as(&keys.id, "other", &claims)), None);
        assert_eq!(verified(&keys, &signed_as(&keys.id, &keys.access.id, &claims)), None);
        assert_eq!(verified(&keys, &unsigned(&keys.id, &claims)), None);
        assert_eq!(verified(&keys, &confused(&keys.id, &claims)), None);
        let (message, _) = good.rsplit_once('.').unwrap();
        assert_eq!(verified(&keys, &format!("{message}.AAAA")), None);
    }

    #[test]
    fn challenge_matches_rfc_7636_appendix_b() {
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        assert!(is_challenge_of("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", verifier));
        assert!(!is_challenge_of(verifier, verifier));
    }

    #[test]
    fn at_hash_matches_the_openid_connect_example() {
        // OpenID Connect Core, appendix A.3, shows this access token with this hash.
        assert_eq!(at_hash("jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y"), "77QmUPtjPfzWtF2AnpK9RQ");
    }
}
