//! The claims in the plain issuer's tokens
//! (<https://learn.microsoft.com/entra/identity-platform/id-token-claims-reference>).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use ring::digest::{SHA256, digest};
use serde_json::{Map, Value, json};

use crate::id_token::{self, Tokens};
use crate::jwt;
use crate::misbehaviour::Misbehaviour;
use crate::people::User;
use crate::plain_issuer::sessions::SignIn;
use crate::random;
use crate::world::World;

/// The number of seconds by which Entra ID backdates tokens, so that clients with slow clocks accept them.
const DATED_BACK: i64 = 300;
/// The maximum number of groups that Entra ID puts into a JWT.
const MOST_GROUPS: usize = 200;
/// The application id of Microsoft Graph, which is the audience of access tokens unless the client requests another
/// API.
const GRAPH: &str = "00000003-0000-0000-c000-000000000000";

/// Returns new tokens for a sign-in, or `None` if the person who signed in no longer exists. `refreshed` is true if a
/// refresh token was exchanged for them. The tokens show the directory's current attributes.
pub fn issue(world: &World, now: DateTime<Utc>, sign_in: &SignIn, refreshed: bool) -> Option<Tokens> {
    let mut user = world.user(&sign_in.object_id)?;
    // B2C's access token is for the client's own API, whose scope is the client's id.
    let wanted = !world.options.b2c_issuer || asked(sign_in, &world.names.client_id);
    let access = (wanted && !world.active.due(Misbehaviour::NoAccessToken)).then(|| {
        let claims = access_claims(world, now, sign_in, &user);
        world.giving_out(jwt::signed_with_type(&world.keys.access, &claims))
    });
    if !asked(sign_in, "openid") || id_token::without_id_token(world, refreshed) {
        return Some(Tokens { access, id: None });
    }
    if world.active.due(Misbehaviour::AccessTokenAsIdToken) {
        return Some(Tokens { id: access.clone(), access });
    }
    if refreshed && world.active.due(Misbehaviour::OtherSubOnRefresh) {
        user = world.users().into_iter().find(|other| other.sub != user.sub)?;
    }
    let mut claims = match world.options.b2c_issuer {
        false => id_claims(world, now, sign_in, &user),
        true => b2c_id_claims(world, now, sign_in, &user),
    };
    if refreshed && !world.options.nonce_on_refresh {
        claims.remove("nonce");
    }
    user.in_directory.change_claims(&mut claims);
    id_token::spoil(world, now, &mut claims);
    let id = world.giving_out(id_token::signature(world, &Value::Object(claims), jwt::signed_with_type));
    Some(Tokens { access, id: Some(id) })
}

fn asked(sign_in: &SignIn, scope: &str) -> bool {
    sign_in.scopes.iter().any(|asked| asked == scope)
}

/// Returns the person's pairwise subject identifier, which differs between applications (OpenID Connect Core, 8.1).
fn pairwise(world: &World, user: &User) -> String {
    URL_SAFE_NO_PAD.encode(digest(&SHA256, format!("{} {}", world.names.client_id, user.sub).as_bytes()))
}

fn access_claims(world: &World, now: DateTime<Utc>, sign_in: &SignIn, user: &User) -> Value {
    json!({
        "aud": GRAPH,
        "iss": format!("https://sts.windows.net/{}/", world.names.tenant),
        "iat": now.timestamp() - DATED_BACK,
        "nbf": now.timestamp() - DATED_BACK,
        "exp": now.timestamp() + world.options.token_lifetime,
        "appid": world.names.client_id,
        "oid": user.sub,
        "scp": sign_in.scopes.join(" "),
        "sub": random::base64url(32),
        "tid": world.names.tenant,
        "uti": random::base64url(16),
        "ver": "1.0",
    })
}

/// Returns the claims of a B2C user flow's token
/// (<https://learn.microsoft.com/azure/active-directory-b2c/tokens-overview>). Roles are in an extension attribute.
fn b2c_id_claims(world: &World, now: DateTime<Utc>, sign_in: &SignIn, user: &User) -> Map<String, Value> {
    let person = &user.in_directory;
    let mut claims = Map::new();
    let mut claim = |name: &str, value: Value| claims.insert(name.to_owned(), value);
    claim("ver", json!("1.0"));
    claim("iss", json!(world.plain_issuer_name()));
    claim("sub", json!(person.directory_id));
    claim("aud", json!(world.names.client_id));
    claim("exp", json!(now.timestamp() + world.options.token_lifetime));
    claim("nbf", json!(now.timestamp()));
    claim("iat", json!(now.timestamp()));
    claim("auth_time", json!(now.timestamp()));
    if let Some(nonce) = &sign_in.nonce {
        claim("nonce", json!(nonce));
    }
    claim("oid", json!(person.directory_id));
    claim("name", json!(person.full_name));
    claim("emails", json!([person.email]));
    claim("tfp", json!("B2C_1_susi"));
    if !person.roles.is_empty() {
        claim("extension_roles", json!(person.roles.join(" ")));
    }
    claims
}

/// Returns the claims of Entra ID's version 2.0 ID token. It has none of the claims that a user pool adds, and `roles`
/// and `groups` are arrays.
fn id_claims(world: &World, now: DateTime<Utc>, sign_in: &SignIn, user: &User) -> Map<String, Value> {
    let person = &user.in_directory;
    let mut claims = Map::new();
    let mut claim = |name: &str, value: Value| claims.insert(name.to_owned(), value);
    claim("aud", json!(world.names.client_id));
    claim("iss", json!(world.plain_issuer_name()));
    claim("iat", json!(now.timestamp() - DATED_BACK));
    claim("nbf", json!(now.timestamp() - DATED_BACK));
    claim("exp", json!(now.timestamp() + world.options.token_lifetime));
    claim("aio", json!(random::base64url(60)));
    if let Some(nonce) = &sign_in.nonce {
        claim("nonce", json!(nonce));
    }
    claim("rh", json!(format!("1.{}.", random::base64url(48))));
    claim("sub", json!(pairwise(world, user)));
    claim("tid", json!(world.names.tenant));
    claim("uti", json!(random::base64url(16)));
    claim("ver", json!("2.0"));
    if asked(sign_in, "email") {
        claim("email", json!(person.email));
    }
    if asked(sign_in, "profile") {
        claim("name", json!(person.full_name));
        claim("oid", json!(user.sub));
        claim("preferred_username", json!(person.email));
    }
    let roles: Vec<&String> = person.roles.iter().filter(|role| !role.is_empty()).collect();
    if !roles.is_empty() {
        claim("roles", json!(roles));
    }
    match person.directory_groups.len() {
        0 => {}
        1..=MOST_GROUPS => {
            claim("groups", json!(person.directory_groups));
        }
        // Distributed claims (OpenID Connect Core, 5.6.2): another server has the groups.
        _ => {
            claim("_claim_names", json!({ "groups": "src1" }));
            claim("_claim_sources", json!({ "src1": { "endpoint": world.groups_link(user) } }));
        }
    }
    claims
}
