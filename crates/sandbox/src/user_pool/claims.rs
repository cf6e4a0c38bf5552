//! The claims of the user pool's tokens
//! (<https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-the-id-token.html>).

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

use crate::id_token::{self, Tokens};
use crate::jwt;
use crate::misbehaviour::Misbehaviour;
use crate::people::{Person, User};
use crate::random;
use crate::user_pool::sessions::SignIn;
use crate::world::World;

/// Returns new tokens for a sign-in, unless its person is gone. `refreshed` is true if a refresh token was exchanged
/// for them.
pub fn issue(world: &World, now: DateTime<Utc>, sign_in: &SignIn, refreshed: bool) -> Option<Tokens> {
    let mut user = world.user(&sign_in.sub)?;
    let access = world.giving_out(jwt::signed(&world.keys.access, &access_claims(world, now, sign_in, &user)));
    if !sign_in.scopes.iter().any(|scope| scope == "openid") || id_token::without_id_token(world, refreshed) {
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
    id_token::spoil(world, now, &mut claims);
    let id = world.giving_out(id_token::signature(world, &Value::Object(claims), jwt::signed));
    Some(Tokens { access, id: Some(id) })
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

/// Returns the attributes that the scopes of a sign-in allow, for the ID token and userInfo. The scope `openid` by
/// itself allows all attributes; `email` and the other scopes limit them.
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
