//! Simulated faults in ID tokens, shared by the user pool and the plain issuer.

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

use crate::jwt;
use crate::keys::SigningKey;
use crate::misbehaviour::Misbehaviour;
use crate::partition::Issuer;
use crate::random;
use crate::world::World;

/// The ID token and the access token in one response.
pub struct Tokens {
    /// The access token. B2C gives none if the client asked for no API.
    pub access: Option<String>,
    /// The ID token, which is issued only if the scope `openid` was granted.
    pub id: Option<String>,
}

/// Returns whether an active misbehaviour removes the ID token from the response.
pub fn without_id_token(world: &World, refreshed: bool) -> bool {
    world.active.due(Misbehaviour::NoIdToken) || (refreshed && world.active.due(Misbehaviour::RefreshNoIdToken))
}

/// Changes `claims` as the active misbehaviours require.
pub fn spoil(world: &World, now: DateTime<Utc>, claims: &mut Map<String, Value>) {
    let due = |misbehaviour| world.active.due(misbehaviour);
    let mut claim = |name: &str, value: Value| claims.insert(name.to_owned(), value);
    if due(Misbehaviour::WrongNonce) {
        claim("nonce", json!(random::base64url(32)));
    }
    if due(Misbehaviour::WrongAudience) {
        claim("aud", json!(random::lower_alphanumeric(26)));
    }
    if due(Misbehaviour::WrongIssuer) {
        let partition = world.options.partition;
        let other = format!("{}_{}", partition.region(), random::alphanumeric(9));
        claim("iss", json!(partition.user_pool_issuer(Issuer::Original, &other)));
    }
    if due(Misbehaviour::WrongTokenUse) {
        claim("token_use", json!("access"));
    }
    if due(Misbehaviour::ExpiredIdToken) {
        claim("iat", json!(now.timestamp() - 7200));
        claim("exp", json!(now.timestamp() - 3600));
    }
    if due(Misbehaviour::BadAtHash) {
        claim("at_hash", json!(jwt::at_hash("another access token")));
    }
    if due(Misbehaviour::OddOptionalClaimTypes) {
        claim("email", json!(42));
        claim("email_verified", json!("yes"));
        claim("name", json!(["Alice", "Admin"]));
        claim("updated_at", json!("yesterday"));
        claim("auth_time", json!("an hour ago"));
        claim("cognito:groups", json!("one"));
        claim("cognito:roles", json!("arn:aws:iam::000000000000:role/A,arn:aws:iam::000000000000:role/B"));
        claim("identities", json!("[]"));
        claim("custom:roles", json!(["a", "b"]));
        claim("acr", json!(1));
        claim("amr", json!("pwd"));
        claim("address", json!("somewhere"));
    }
    if due(Misbehaviour::NoNonce) {
        claims.remove("nonce");
    }
    if due(Misbehaviour::IssuerTrailingSlash) {
        let issuer = claims.get("iss").and_then(Value::as_str).unwrap_or_default();
        let issuer = json!(format!("{issuer}/"));
        claims.insert("iss".to_owned(), issuer);
    }
}

/// Signs `claims` and returns the ID token. The function `well` signs correctly; some active misbehaviours replace its
/// signature with a faulty one.
pub fn signature(world: &World, claims: &Value, well: impl Fn(&SigningKey, &Value) -> String) -> String {
    let key = &world.keys.id;
    let kinds = [Misbehaviour::AlgNone, Misbehaviour::AlgHs256, Misbehaviour::UnknownKid, Misbehaviour::BadSignature];
    match world.active.first_due(&kinds) {
        Some(Misbehaviour::AlgNone) => jwt::unsigned(key, claims),
        Some(Misbehaviour::AlgHs256) => jwt::confused(key, claims),
        Some(Misbehaviour::UnknownKid) => jwt::signed_as(key, &random::key_id(), claims),
        // The access token's key signs under the ID token key's name.
        Some(Misbehaviour::BadSignature) => jwt::signed_as(&world.keys.access, &key.id, claims),
        _ => well(key, claims),
    }
}
