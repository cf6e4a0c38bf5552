//! The tokens of the identity pool itself: GetOpenIdToken issues them, and STS accepts them in the classic flow
//! (<https://docs.aws.amazon.com/cognito/latest/developerguide/authentication-flow.html>).

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use crate::error::Result;
use crate::jwt;
use crate::keys;
use crate::world::World;

/// The lifetime of an identity pool's token, in minutes.
const LIFETIME: i64 = 10;

/// Returns the signing key's id, which resembles the key ids of AWS.
fn key_id(world: &World) -> String {
    format!("{}-7", world.options.partition.region())
}

/// Returns a new token for an identity that has signed in. `amr` contains `authenticated` and the providers.
///
/// # Errors
/// Fails if the key cannot be made.
pub fn issued(world: &World, now: DateTime<Utc>, identity_id: &str, providers: &[String]) -> Result<String> {
    // An array, as in every published sample. Its type is not documented.
    let amr: Vec<&str> = ["authenticated"].into_iter().chain(providers.iter().map(String::as_str)).collect();
    let claims = json!({
        "sub": identity_id,
        "aud": world.names.identity_pool_id,
        "amr": amr,
        "iss": world.options.partition.identity_pool_issuer(),
        "exp": (now + TimeDelta::minutes(LIFETIME)).timestamp(),
        "iat": now.timestamp(),
    });
    Ok(world.giving_out(jwt::identity_pool_signed(&*keys::of_identity_pools()?, &key_id(world), &claims)))
}

/// Returns the claims of `token`, or `None` if no identity pool of this process signed it.
///
/// # Errors
/// Fails if the key cannot be made.
pub fn verified(world: &World, token: &str) -> Result<Option<Value>> {
    Ok(jwt::identity_pool_verified(&*keys::of_identity_pools()?, &key_id(world), token))
}

/// Returns the JWKS with the identity pool's public key, served at `/.well-known/jwks_uri`.
///
/// # Errors
/// Fails if the key cannot be made.
pub fn keys_document(world: &World) -> Result<Value> {
    Ok(json!({ "keys": [keys::of_identity_pools()?.document_as(&key_id(world), "RS512")] }))
}
