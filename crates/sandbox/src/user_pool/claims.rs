//! The claims in the user pool's tokens
//! (<https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-the-id-token.html>).

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

use crate::id_token::{self, Tokens};
use crate::jwt;
use crate::misbehaviour::Misbehaviour;
use crate::people::{Directory, Person, User};
use crate::random;
use crate::user_pool::sessions::SignIn;
use crate::world::World;

/// Returns new tokens for a sign-in, or `None` if the person who signed in no longer exists. `refreshed` is true if a
/// refresh token was exchanged for them.
pub fn issue(world: &World, now: DateTime<Utc>, sign_in: &SignIn, refreshed: bool) -> Option<Tokens> {
    let mut user = world.user(&sign_in.sub)?;
    let access = jwt::signed(&world.keys.access, &access_claims(world, now, sign_in, &user));
    let access = (!world.active.due(Misbehaviour::NoAccessToken)).then(|| world.giving_out(access));
    if !sign_in.scopes.iter().any(|scope| scope == "openid") || id_token::without_id_token(world, refreshed) {
        return Some(Tokens { access, id: None });
    }
    if world.active.due(Misbehaviour::AccessTokenAsIdToken) {
        return Some(Tokens { id: access.clone(), access });
    }
    if refreshed && world.active.due(Misbehaviour::OtherSubOnRefresh) {
        user = world.users().into_iter().find(|other| other.sub != user.sub)?;
    }
    let mut claims = id_claims(world, now, sign_in, &user, access.as_deref());
    if refreshed && !world.options.nonce_on_refresh {
        claims.remove("nonce");
    }
    user.person.change_claims(&mut claims);
    id_token::spoil(world, now, &mut claims);
    let id = world.giving_out(id_token::signature(world, &Value::Object(claims), jwt::signed));
    Some(Tokens { access, id: Some(id) })
}

fn groups(world: &World, person: &Person) -> Vec<String> {
    let provider = (person.directory != Directory::UserPool).then(|| person.directory.name());
    let mut groups: Vec<String> =
        provider.map(|name| format!("{}_{name}", world.names.user_pool_id)).into_iter().collect();
    groups.extend(person.groups.iter().cloned());
    groups
}

fn access_claims(world: &World, now: DateTime<Utc>, sign_in: &SignIn, user: &User) -> Value {
    let mut claims = json!({
        "sub": user.sub,
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
    if let Some(claims) = claims.as_object_mut() {
        claims.extend(sign_in.resource.as_ref().map(|resource| ("aud".into(), json!(resource))));
        let groups = groups(world, &user.person);
        claims.extend((!groups.is_empty()).then(|| ("cognito:groups".into(), json!(groups))));
    }
    claims
}

fn id_claims(
    world: &World,
    now: DateTime<Utc>,
    sign_in: &SignIn,
    user: &User,
    access_token: Option<&str>,
) -> Map<String, Value> {
    let person = &user.person;
    let mut claims = Map::new();
    let mut claim = |name: &str, value: Value| claims.insert(name.to_owned(), value);
    if let Some(access_token) = access_token {
        claim("at_hash", json!(jwt::at_hash(access_token)));
    }
    claim("sub", json!(user.sub));
    let groups = groups(world, person);
    if !groups.is_empty() {
        claim("cognito:groups", json!(groups));
    }
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
    if let Some(identities) = person.identities(user.created) {
        claim("identities", identities);
    }
    if !person.iam_roles.is_empty() {
        claim("cognito:roles", json!(person.iam_roles));
    }
    if let Some(role) = &person.preferred_iam_role {
        claim("cognito:preferred_role", json!(role));
    }
    claims.extend(attributes(world, user, &json!(false), |scope| sign_in.scopes.iter().any(|asked| asked == scope)));
    claims
}

/// Returns the attributes of the user that the granted scopes allow, as the ID token and userInfo contain them. The
/// scope `openid` by itself allows all attributes; `email` and the other scopes limit them.
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
