//! What stands in the user pool's tokens, and the ways to get it wrong on request
//! (<https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-the-id-token.html>).

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

use crate::jwt;
use crate::keys::SigningKey;
use crate::misbehaviour::Misbehaviour;
use crate::options::Issuer;
use crate::people::Person;
use crate::random;
use crate::user_pool::sessions::SignIn;
use crate::world::{User, World};

/// ID and access token of one answer.
pub struct Tokens {
    pub access: String,
    /// Only with the scope `openid`.
    pub id: Option<String>,
}

/// Fresh tokens for a sign-in; nothing if its person is gone. `refreshed` is whether a refresh token asked for them.
pub fn issue(world: &World, now: DateTime<Utc>, sign_in: &SignIn, refreshed: bool) -> Option<Tokens> {
    let mut user = world.user(&sign_in.sub)?;
    let access = world.giving_out(jwt::signed(&world.keys.access, &access_claims(world, now, sign_in, &user)));
    if !sign_in.scopes.iter().any(|scope| scope == "openid") || without_id_token(world, refreshed) {
        return Some(Tokens { access, id: None });
    }
    if world.active.due(Misbehaviour::AccessTokenAsIdToken) {
        return Some(Tokens { id: Some(access.clone()), access });
    }
    if refreshed && world.active.due(Misbehaviour::OtherSubOnRefresh) {
        user = world.users().into_iter().find(|other| other.sub != user.sub)?;
    }
    let mut claims = id_claims(world, now, sign_in, &user, &access);
    if refreshed && !world.options.nonce_on_refresh {
        claims.remove("nonce");
    }
    spoil(world, now, &mut claims);
    let id = world.giving_out(signature(world, &Value::Object(claims), jwt::signed));
    Some(Tokens { access, id: Some(id) })
}

/// Whether the answer is to hold no ID token although one was asked for.
pub fn without_id_token(world: &World, refreshed: bool) -> bool {
    world.active.due(Misbehaviour::NoIdToken) || (refreshed && world.active.due(Misbehaviour::RefreshNoIdToken))
}

fn groups(world: &World, person: &Person) -> Vec<String> {
    let mut groups = vec![format!("{}_{}", world.names.user_pool_id, person.directory.name())];
    groups.extend(person.groups.iter().cloned());
    groups
}

fn access_claims(world: &World, now: DateTime<Utc>, sign_in: &SignIn, user: &User) -> Value {
    let mut claims = json!({
        "sub": user.sub,
        "cognito:groups": groups(world, &user.person),
        "iss": world.issuer(),
        "version": 2,
        "client_id": world.names.client_id,
        "origin_jti": sign_in.origin,
        "event_id": sign_in.event,
        "token_use": "access",
        "scope": sign_in.scopes.join(" "),
        "auth_time": sign_in.signed_in.timestamp(),
        "exp": now.timestamp() + world.options.token_lifetime,
        "iat": now.timestamp(),
        "jti": random::uuid(),
        "username": user.person.username(),
    });
    if let (Some(resource), Some(claims)) = (&sign_in.resource, claims.as_object_mut()) {
        claims.insert("aud".into(), json!(resource));
    }
    claims
}

fn id_claims(
    world: &World,
    now: DateTime<Utc>,
    sign_in: &SignIn,
    user: &User,
    access_token: &str,
) -> Map<String, Value> {
    let person = &user.person;
    let mut claims = Map::new();
    let mut claim = |name: &str, value: Value| claims.insert(name.to_owned(), value);
    claim("at_hash", json!(jwt::at_hash(access_token)));
    claim("sub", json!(user.sub));
    claim("cognito:groups", json!(groups(world, person)));
    claim("iss", json!(world.issuer()));
    claim("cognito:username", json!(person.username()));
    claim("nonce", json!(sign_in.nonce));
    claim("origin_jti", json!(sign_in.origin));
    claim("aud", json!(world.names.client_id));
    claim("event_id", json!(sign_in.event));
    claim("token_use", json!("id"));
    claim("auth_time", json!(sign_in.signed_in.timestamp()));
    claim("exp", json!(now.timestamp() + world.options.token_lifetime));
    claim("iat", json!(now.timestamp()));
    claim("jti", json!(random::uuid()));
    claim(
        "identities",
        json!([{
            "dateCreated": user.created.timestamp_millis().to_string(),
            "userId": person.directory_id,
            "providerName": person.directory.name(),
            "providerType": person.directory.protocol(),
            "issuer": person.directory.issuer(),
            "primary": "true",
        }]),
    );
    if !person.iam_roles.is_empty() {
        claim("cognito:roles", json!(person.iam_roles));
    }
    if let Some(role) = &person.preferred_iam_role {
        claim("cognito:preferred_role", json!(role));
    }
    claims.extend(attributes(world, user, &json!(false), |scope| sign_in.scopes.iter().any(|asked| asked == scope)));
    claims
}

/// The attributes that the scopes of a sign-in let out, in the ID token and at userInfo: `openid` alone gives all,
/// `email` and the others limit them.
pub fn attributes(
    world: &World,
    user: &User,
    email_verified: &Value,
    asked: impl Fn(&str) -> bool,
) -> Map<String, Value> {
    let person = &user.person;
    let all = asked("profile") || !(asked("email") || asked("phone"));
    let mut attributes = Map::new();
    let mut attribute = |name: &str, value: Value| attributes.insert(name.to_owned(), value);
    if all || asked("email") {
        attribute("email", json!(person.email));
        attribute("email_verified", email_verified.clone());
    }
    if all {
        attribute("name", json!(person.full_name));
        if let Some(roles) = person.custom_roles() {
            attribute("custom:roles", json!(roles));
        }
        if let Some((name, groups)) = person.custom_groups(|| world.groups_link(user)) {
            attribute(name, json!(groups));
        }
    }
    attributes
}

/// Applies the misbehaviours that are about claims.
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

/// Signs an ID token, by `well` or as it was asked to.
pub fn signature(world: &World, claims: &Value, well: impl Fn(&SigningKey, &Value) -> String) -> String {
    let key = &world.keys.id;
    let kinds = [Misbehaviour::AlgNone, Misbehaviour::AlgHs256, Misbehaviour::UnknownKid, Misbehaviour::BadSignature];
    match world.active.first_due(&kinds) {
        Some(Misbehaviour::AlgNone) => jwt::unsigned(key, claims),
        Some(Misbehaviour::AlgHs256) => jwt::confused(key, claims),
        Some(Misbehaviour::UnknownKid) => jwt::signed_as(key, &random::key_id(), claims),
        // Signed by the access token's key under the ID token's name.
        Some(Misbehaviour::BadSignature) => jwt::signed_as(&world.keys.access, &key.id, claims),
        _ => well(key, claims),
    }
}
