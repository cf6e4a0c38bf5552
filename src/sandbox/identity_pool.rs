//! The identity pool, in AWS's JSON protocol 1.1
//! (<https://docs.aws.amazon.com/cognitoidentity/latest/APIReference/Welcome.html>).

use std::collections::HashMap;

use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use http::{Method, Request, StatusCode};
use serde_json::{Value, json};

use crate::sandbox::issued::IssuedKey;
use crate::sandbox::jwt;
use crate::sandbox::misbehaviour::Misbehaviour;
use crate::sandbox::options::{REGION, RoleMapping};
use crate::sandbox::random;
use crate::sandbox::refusals::Place;
use crate::sandbox::reply::{self, Outcome, Reply};
use crate::sandbox::roles;
use crate::sandbox::world::World;

/// The longest token in `Logins`.
const LONGEST_TOKEN: usize = 50_000;
/// The most entries in `Logins`.
const MOST_LOGINS: usize = 10;

/// One identity of the pool.
#[derive(Debug, Clone)]
struct Identity {
    /// The user's `sub`.
    owner: String,
    /// Whether it has had credentials.
    served: bool,
}

/// The identities of the pool, by id.
#[derive(Debug, Default)]
pub struct Identities(HashMap<String, Identity>);

impl Identities {
    /// The identity of a user, made at the first time.
    fn of(&mut self, sub: &str) -> String {
        if let Some((id, _)) = self.0.iter().find(|(_, identity)| identity.owner == sub) {
            return id.clone();
        }
        let id = format!("{REGION}:{}", random::uuid());
        self.0.insert(id.clone(), Identity { owner: sub.to_owned(), served: false });
        id
    }
}

/// An error of the service: its code and its message.
struct Fault(StatusCode, &'static str, String);

fn fault(code: &'static str, message: impl Into<String>) -> Fault {
    Fault(StatusCode::BAD_REQUEST, code, message.into())
}

fn not_authorized(message: impl Into<String>) -> Fault {
    fault("NotAuthorizedException", message)
}

/// Answers a request at the identity pool.
pub fn answer(world: &World, now: DateTime<Utc>, request: &Request<Bytes>) -> Reply {
    let target = request.headers().get("x-amz-target").and_then(|target| target.to_str().ok()).unwrap_or_default();
    let operation = target.strip_prefix("AWSCognitoIdentityService.").unwrap_or_default();
    let endpoint = match operation {
        "GetId" => "identity.get_id",
        "GetCredentialsForIdentity" => "identity.get_credentials",
        "GetOpenIdToken" => "identity.get_open_id_token",
        _ => "identity.other",
    };
    let refuse =
        |Fault(status, code, message): Fault| Reply::answer(endpoint, reply::aws_error(status, code, &message));
    if request.method() != Method::POST || request.uri().path() != "/" || endpoint == "identity.other" {
        return refuse(fault("UnknownOperationException", ""));
    }
    let place = match operation {
        "GetId" => Place::GetId,
        "GetCredentialsForIdentity" => Place::GetCredentials,
        _ => Place::GetOpenIdToken,
    };
    if let Some(refusal) = world.refusals.due_at(place) {
        return Reply::answer(endpoint, refusal.answer());
    }
    let kinds = [
        Misbehaviour::IdentitySilent,
        Misbehaviour::IdentityThrottled,
        Misbehaviour::IdentityNotAuthorized,
        Misbehaviour::Identity500,
    ];
    match world.active.first_due(&kinds) {
        Some(Misbehaviour::IdentitySilent) => return Reply { endpoint, outcome: Outcome::Silence },
        Some(Misbehaviour::IdentityThrottled) => {
            return refuse(fault("TooManyRequestsException", "Rate exceeded"));
        }
        Some(Misbehaviour::IdentityNotAuthorized) => {
            return refuse(not_authorized("Invalid login token. Couldn't verify signed token."));
        }
        Some(_) => {
            let message = "An internal error occurred".to_owned();
            return refuse(Fault(StatusCode::INTERNAL_SERVER_ERROR, "InternalErrorException", message));
        }
        None => {}
    }
    let Ok(input) = serde_json::from_slice::<Value>(request.body()) else {
        return refuse(fault("SerializationException", ""));
    };
    let answer = match operation {
        "GetId" => get_id(world, now, &input),
        "GetCredentialsForIdentity" => get_credentials(world, now, &input),
        _ => Err(basic_flow_refusal(world)),
    };
    match answer {
        Ok(document) => Reply::answer(endpoint, reply::aws_json(&document)),
        Err(fault) => refuse(fault),
    }
}

fn required<'a>(input: &'a Value, name: &str, member: &str) -> Result<&'a str, Fault> {
    let is_id = |text: &&str| {
        let shape = text.split_once(':');
        text.len() <= 55
            && shape.is_some_and(|(region, id)| {
                !region.is_empty() && id.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
            })
    };
    let value = input.get(name).and_then(Value::as_str);
    value.filter(is_id).ok_or_else(|| {
        let shown = value.map_or("null".to_owned(), |value| format!("'{value}'"));
        let constraint = match value {
            None => "Member must not be null",
            Some(_) => r"Member must satisfy regular expression pattern: [\w-]+:[0-9a-f-]+",
        };
        let message = format!(
            "1 validation error detected: Value {shown} at '{member}' failed to satisfy constraint: {constraint}"
        );
        fault("InvalidParameterException", message)
    })
}

fn get_id(world: &World, now: DateTime<Utc>, input: &Value) -> Result<Value, Fault> {
    let pool = required(input, "IdentityPoolId", "identityPoolId")?;
    if pool != world.names.identity_pool_id {
        return Err(fault("ResourceNotFoundException", format!("IdentityPool '{pool}' not found.")));
    }
    let claims = login(world, now, input)?;
    let sub = claims.get("sub").and_then(Value::as_str).unwrap_or_default();
    Ok(json!({ "IdentityId": world.identities().of(sub) }))
}

fn get_credentials(world: &World, now: DateTime<Utc>, input: &Value) -> Result<Value, Fault> {
    let identity_id = required(input, "IdentityId", "identityId")?;
    let not_found = || fault("ResourceNotFoundException", format!("Identity '{identity_id}' not found."));
    let identity = world.identities().0.get(identity_id).cloned().ok_or_else(not_found)?;
    if identity.served && world.active.due(Misbehaviour::IdentityForgotten) {
        world.identities().0.remove(identity_id);
        return Err(not_found());
    }
    let claims = login(world, now, input)?;
    let text = |name: &str| claims.get(name).and_then(Value::as_str).unwrap_or_default();
    if text("sub") != identity.owner {
        let message = "Logins don't match. Please include at least one valid login for this identity or identity pool.";
        return Err(not_authorized(message));
    }
    if world.active.due(Misbehaviour::IdentityNoRole) {
        let message = "Invalid identity pool configuration. Check assigned IAM roles for this pool.";
        return Err(fault("InvalidIdentityPoolConfigurationException", message));
    }
    let custom = input.get("CustomRoleArn").and_then(Value::as_str);
    let (mapping, contains) = (&world.options.role_mapping, world.options.contains_on_arrays);
    let role_arn = roles::role(mapping, contains, &claims, custom)
        .ok_or_else(|| not_authorized("Access to Role is denied: no role is mapped to this login."))?;
    let lifetime = if world.active.due(Misbehaviour::CredentialsShort) { 600 } else { world.credentials_lifetime() };
    let provider = provider(world);
    let key = IssuedKey {
        access_key_id: format!("ASIASANDBOX{}", random::upper_alphanumeric(9)),
        secret_access_key: world.giving_out(format!("sandbox/{}", random::alphanumeric(32))),
        session_token: world.giving_out(format!("sandbox//{}==", random::alphanumeric(1100))),
        expires: now + TimeDelta::seconds(lifetime),
        role_arn,
        session_name: "CognitoIdentityCredentials".into(),
        identity_pool_id: world.names.identity_pool_id.clone(),
        identity_id: identity_id.into(),
        authentication_provider: format!("{provider},{provider}:CognitoSignIn:{}", identity.owner),
        username: text("cognito:username").into(),
    };
    let document = json!({
        "IdentityId": identity_id,
        "Credentials": {
            "AccessKeyId": key.access_key_id,
            "SecretKey": key.secret_access_key,
            "SessionToken": key.session_token,
            // Seconds as a number with a fraction, as AWS's JSON protocol writes a timestamp.
            "Expiration": json!(key.expires.timestamp() as f64),
        },
    });
    world.issued.tidy(now);
    world.issued.insert(key);
    if let Some(identity) = world.identities().0.get_mut(identity_id) {
        identity.served = true;
    }
    Ok(document)
}

/// The basic flow is closed to a pool with role mappings, and this pool has not opened it
/// (<https://docs.aws.amazon.com/cognito/latest/developerguide/authentication-flow.html>).
fn basic_flow_refusal(world: &World) -> Fault {
    let message = if world.options.role_mapping == RoleMapping::None {
        "Basic (classic) flow is not enabled, please use enhanced flow."
    } else {
        "Basic (classic) flow is not supported with RoleMappings, please use enhanced flow."
    };
    fault("InvalidParameterException", message)
}

/// The user pool as the key of `Logins`: its issuer without the scheme.
fn provider(world: &World) -> String {
    world.issuer().trim_start_matches("https://").to_owned()
}

/// The claims of the login token, once it is known to be good.
fn login(world: &World, now: DateTime<Utc>, input: &Value) -> Result<Value, Fault> {
    let unauthenticated = || not_authorized("Unauthenticated access is not supported for this identity pool.");
    let logins = input.get("Logins").and_then(Value::as_object).ok_or_else(unauthenticated)?;
    if logins.len() > MOST_LOGINS {
        return Err(fault("InvalidParameterException", "Logins has more than 10 entries."));
    }
    let (issuer, provider) = (world.issuer(), provider(world));
    let provider = provider.as_str();
    let unsupported = || not_authorized("Token is not from a supported provider of this identity pool.");
    let (_, token) = logins.iter().next().ok_or_else(unauthenticated)?;
    let token = logins.get(provider).unwrap_or(token).as_str().unwrap_or_default();
    if token.len() > LONGEST_TOKEN || token.split('.').count() != 3 {
        return Err(not_authorized("Invalid login token. Not a valid OpenId Connect identity token."));
    }
    if !logins.contains_key(provider) {
        return Err(unsupported());
    }
    let invalid = |what: &str| not_authorized(format!("Invalid login token. {what}"));
    let claims = jwt::verified(&world.keys, token).ok_or_else(|| invalid("Couldn't verify signed token."))?;
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    if text("iss") != Some(issuer.as_str()) {
        return Err(invalid("Issuer doesn't match providerName"));
    }
    let audience = text("aud").ok_or_else(|| invalid("Missing a required claim: aud"))?;
    if audience != world.names.client_id || text("token_use") != Some("id") {
        return Err(unsupported());
    }
    let expires = claims.get("exp").and_then(Value::as_i64).ok_or_else(|| invalid("Missing a required claim: exp"))?;
    if now.timestamp() >= expires {
        return Err(invalid(&format!("Token expired: {} >= {expires}", now.timestamp())));
    }
    let ended = world.user_pool().is_ended(text("origin_jti").unwrap_or_default());
    if world.options.server_side_token_check && ended {
        return Err(invalid("The sign-in has been revoked."));
    }
    Ok(claims)
}
