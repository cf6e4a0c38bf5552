//! The simulated identity pool, which uses AWS JSON protocol 1.1
//! (<https://docs.aws.amazon.com/cognitoidentity/latest/APIReference/Welcome.html>).

use std::collections::HashMap;

use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use http::{Method, Request, StatusCode};
use serde_json::{Value, json};

use crate::issued::IssuedKey;
use crate::jwt;
use crate::misbehaviour::Misbehaviour;
use crate::options::RoleMapping;
use crate::partition::ACCOUNT_ID;
use crate::refusals::Place;
use crate::reply::{self, Outcome, Reply};
use crate::roles::{self, NoRole};
use crate::sigv4::{self, Expected, Refused};
use crate::world::World;
use crate::{echo, iam, open_id_token, random};

/// The maximum length of a token in `Logins`, in bytes.
const LONGEST_TOKEN: usize = 50_000;
/// The maximum accepted clock skew of a signer, in minutes.
const WINDOW_MINUTES: i64 = 5;
/// The maximum number of entries in `Logins`.
const MOST_LOGINS: usize = 10;

/// An identity in the identity pool.
#[derive(Debug, Clone)]
struct Identity {
    /// The `sub` of the user who owns the identity.
    owner: String,
    /// The username in the last successful login; empty before the first one.
    username: String,
    /// True if the identity pool has issued credentials or a token to this identity.
    served: bool,
}

/// The identities of the pool, by id.
#[derive(Debug, Default)]
pub struct Identities(HashMap<String, Identity>);

impl Identities {
    /// Returns the identity id of the user with this `sub`. The first call for a user creates the identity.
    fn of(&mut self, region: &str, sub: &str) -> String {
        if let Some((id, _)) = self.0.iter().find(|(_, identity)| identity.owner == sub) {
            return id.clone();
        }
        let id = format!("{region}:{}", random::uuid());
        self.0.insert(id.clone(), Identity { owner: sub.to_owned(), username: String::new(), served: false });
        id
    }

    /// Returns the username of an identity, or an empty string if none is known.
    pub fn username(&self, identity_id: &str) -> String {
        self.0.get(identity_id).map(|identity| identity.username.clone()).unwrap_or_default()
    }
}

/// An error response of the identity pool: HTTP status, error code and message.
struct Fault(StatusCode, &'static str, String);

fn fault(code: &'static str, message: impl Into<String>) -> Fault {
    Fault(StatusCode::BAD_REQUEST, code, message.into())
}

fn internal_error() -> Fault {
    let message = "An internal error occurred".to_owned();
    Fault(StatusCode::INTERNAL_SERVER_ERROR, "InternalErrorException", message)
}

/// Returns the error for a login that gets no role, or that gets a role which does not trust the identity pool.
fn no_good_role() -> Fault {
    let message = "Invalid identity pool configuration. Check assigned IAM roles for this pool.";
    fault("InvalidIdentityPoolConfigurationException", message)
}

fn not_authorized(message: impl Into<String>) -> Fault {
    fault("NotAuthorizedException", message)
}

/// Answers a request to the identity pool.
pub fn answer(world: &World, now: DateTime<Utc>, request: &Request<Bytes>) -> Reply {
    let target = request.headers().get("x-amz-target").and_then(|target| target.to_str().ok()).unwrap_or_default();
    let operation = target.strip_prefix("AWSCognitoIdentityService.").unwrap_or_default();
    let endpoint = match operation {
        "GetId" => "identity.get_id",
        "GetCredentialsForIdentity" => "identity.get_credentials",
        "GetOpenIdToken" => "identity.get_open_id_token",
        "GetIdentityPoolRoles" => "identity.get_identity_pool_roles",
        _ => "identity.other",
    };
    let refuse =
        |Fault(status, code, message): Fault| Reply::answer(endpoint, reply::aws_error(status, code, &message));
    if request.method() == Method::GET && request.uri().path() == "/.well-known/jwks_uri" {
        let failed = || reply::empty(StatusCode::INTERNAL_SERVER_ERROR);
        let document = open_id_token::keys_document(world).map(|document| reply::json(StatusCode::OK, &document));
        return Reply::answer("identity.jwks", document.unwrap_or_else(|_| failed()));
    }
    if request.method() != Method::POST || request.uri().path() != "/" || endpoint == "identity.other" {
        return refuse(fault("UnknownOperationException", ""));
    }
    let place = match operation {
        "GetId" => Some(Place::GetId),
        "GetCredentialsForIdentity" => Some(Place::GetCredentials),
        "GetOpenIdToken" => Some(Place::GetOpenIdToken),
        _ => None,
    };
    if let Some(refusal) = place.and_then(|place| world.refusals.due_at(place)) {
        return Reply::answer(endpoint, refusal.answer());
    }
    if let Some(reply) = echo::by_identity_pool(world, request, endpoint) {
        return reply;
    }
    let mut kinds = vec![Misbehaviour::IdentitySilent, Misbehaviour::IdentityThrottled, Misbehaviour::Identity500];
    if operation != "GetIdentityPoolRoles" {
        // This is the only operation without a login token to refuse.
        kinds.push(Misbehaviour::IdentityNotAuthorized);
    }
    match world.active.first_due(&kinds) {
        Some(Misbehaviour::IdentitySilent) => return Reply { endpoint, outcome: Outcome::Silence },
        Some(Misbehaviour::IdentityThrottled) => {
            return refuse(fault("TooManyRequestsException", "Rate exceeded"));
        }
        Some(Misbehaviour::IdentityNotAuthorized) => {
            return refuse(not_authorized("Invalid login token. Couldn't verify signed token."));
        }
        Some(_) => return refuse(internal_error()),
        None => {}
    }
    let Ok(input) = serde_json::from_slice::<Value>(request.body()) else {
        return refuse(fault("SerializationException", ""));
    };
    let answer = match operation {
        "GetId" => get_id(world, now, &input),
        "GetCredentialsForIdentity" => get_credentials(world, now, &input),
        "GetIdentityPoolRoles" => get_roles(world, now, request, &input),
        _ => get_open_id_token(world, now, &input),
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
    Ok(json!({ "IdentityId": world.identities().of(world.options.partition.region(), sub) }))
}

/// Verifies the login token in a request, and returns the identity id, the user's `sub`, and the token's claims.
fn identity<'a>(world: &World, now: DateTime<Utc>, input: &'a Value) -> Result<(&'a str, String, Value), Fault> {
    let identity_id = required(input, "IdentityId", "identityId")?;
    let not_found = || fault("ResourceNotFoundException", format!("Identity '{identity_id}' not found."));
    let identity = world.identities().0.get(identity_id).cloned().ok_or_else(not_found)?;
    if identity.served && world.active.due(Misbehaviour::IdentityForgotten) {
        world.identities().0.remove(identity_id);
        return Err(not_found());
    }
    let claims = login(world, now, input)?;
    if claims.get("sub").and_then(Value::as_str) != Some(identity.owner.as_str()) {
        let message = "Logins don't match. Please include at least one valid login for this identity or identity pool.";
        return Err(not_authorized(message));
    }
    Ok((identity_id, identity.owner, claims))
}

/// Records that an identity received credentials or a token, and stores its username.
fn served(world: &World, identity_id: &str, username: &str) {
    if let Some(identity) = world.identities().0.get_mut(identity_id) {
        identity.served = true;
        identity.username = username.to_owned();
    }
}

/// Returns the username from the claim `preferred_username` (plain issuer) or `cognito:username` (user pool).
fn username<'a>(world: &World, claims: &'a Value) -> &'a str {
    let claim = if world.options.plain_issuer { "preferred_username" } else { "cognito:username" };
    claims.get(claim).and_then(Value::as_str).unwrap_or_default()
}

fn get_credentials(world: &World, now: DateTime<Utc>, input: &Value) -> Result<Value, Fault> {
    let (identity_id, owner, claims) = identity(world, now, input)?;
    if world.active.due(Misbehaviour::IdentityNoRole) {
        return Err(no_good_role());
    }
    let custom = input.get("CustomRoleArn").and_then(Value::as_str);
    let role = roles::role(&world.pool_roles(), world.options.contains_on_arrays, &claims, custom);
    let role_arn = role.map_err(|no_role| match no_role {
        // The first message is not documented; the second was reported
        // (https://github.com/aws-amplify/amplify-js/issues/8644).
        NoRole::Denied => not_authorized(match custom {
            Some(role) => format!("Access to Role '{role}' is forbidden."),
            None => "The ambiguous role mapping rules denied this request.".to_owned(),
        }),
        NoRole::Unconfigured => no_good_role(),
    })?;
    // An unknown role comes from another account's mapping, and is assumed to be good.
    if iam::find(world.options.partition, &role_arn).is_some_and(|role| !role.trusts_the_pool) {
        return Err(no_good_role());
    }
    let lifetime = if world.active.due(Misbehaviour::CredentialsShort) { 600 } else { world.credentials_lifetime() };
    let key = IssuedKey {
        access_key_id: format!("ASIASANDBOX{}", random::upper_alphanumeric(9)),
        secret_access_key: world.giving_out(format!("sandbox/{}", random::alphanumeric(32))),
        session_token: world.giving_out(format!("sandbox//{}==", random::alphanumeric(1100))),
        expires: now + TimeDelta::seconds(lifetime),
        role_arn,
        session_name: "CognitoIdentityCredentials".into(),
        identity_pool_id: world.names.identity_pool_id.clone(),
        identity_id: identity_id.into(),
        authentication_provider: providers(world, &owner).join(","),
        username: username(world, &claims).into(),
    };
    let document = json!({
        "IdentityId": identity_id,
        "Credentials": {
            "AccessKeyId": key.access_key_id,
            "SecretKey": key.secret_access_key,
            "SessionToken": key.session_token,
            // AWS's JSON protocol writes a timestamp as seconds with a fraction.
            "Expiration": json!(key.expires.timestamp() as f64),
        },
    });
    world.issued.tidy(now);
    world.issued.insert(key);
    served(world, identity_id, username(world, &claims));
    Ok(document)
}

/// Answers GetOpenIdToken. The classic flow requires a pool that allows this flow and has no role mapping
/// (<https://docs.aws.amazon.com/cognito/latest/developerguide/authentication-flow.html>).
fn get_open_id_token(world: &World, now: DateTime<Utc>, input: &Value) -> Result<Value, Fault> {
    if world.pool_roles().mapping != RoleMapping::None {
        let message = "Basic (classic) flow is not supported with RoleMappings, please use enhanced flow.";
        return Err(fault("InvalidParameterException", message));
    }
    if !world.options.classic_flow {
        let message = "Basic (classic) flow is not enabled, please use enhanced flow.";
        return Err(fault("InvalidParameterException", message));
    }
    let (identity_id, owner, claims) = identity(world, now, input)?;
    let token = open_id_token::issued(world, now, identity_id, &providers(world, &owner));
    let token = token.map_err(|_| internal_error())?;
    served(world, identity_id, username(world, &claims));
    Ok(json!({ "IdentityId": identity_id, "Token": token }))
}

/// Answers GetIdentityPoolRoles, which requires the administrator's signature. Credentials of a pool's identities may
/// never call it (<https://docs.aws.amazon.com/cognito/latest/developerguide/iam-roles.html>). The HTTP statuses are
/// those of other JSON services at AWS.
fn get_roles(world: &World, now: DateTime<Utc>, request: &Request<Bytes>, input: &Value) -> Result<Value, Fault> {
    let region = world.options.partition.region();
    let window = TimeDelta::minutes(WINDOW_MINUTES);
    let expected = Expected { service: "cognito-identity", regions: &[region], now, window };
    let key = sigv4::verify(request, &expected, |id| world.issued.find(id)).map_err(|refused| {
        let code = match refused {
            Refused::Unsigned => "MissingAuthenticationTokenException",
            Refused::Incomplete(_) => "IncompleteSignatureException",
            Refused::UnknownKey => "UnrecognizedClientException",
            Refused::Expired => "ExpiredTokenException",
            Refused::Invalid(_) | Refused::Mismatch { .. } => "InvalidSignatureException",
        };
        fault(code, refused.to_string())
    })?;
    let pool = required(input, "IdentityPoolId", "identityPoolId")?;
    if key.access_key_id != world.administrator.access_key_id {
        let (partition, caller) = (world.options.partition.arn(), key.caller_arn());
        let resource = format!("arn:{partition}:cognito-identity:{region}:{}:identitypool/{pool}", key.account_id());
        let action = "cognito-identity:GetIdentityPoolRoles";
        let message = format!(
            "User: {caller} is not authorized to perform: {action} on resource: {resource} because no identity-based \
             policy allows the {action} action"
        );
        return Err(fault("AccessDeniedException", message));
    }
    if pool != world.names.identity_pool_id {
        return Err(fault("ResourceNotFoundException", format!("IdentityPool '{pool}' not found.")));
    }
    Ok(world.pool_roles().document(pool, &world.mapped_provider()))
}

/// Returns the two strings that identify a user's login in API Gateway and in the identity pool's tokens. The first
/// names the provider, and the second also contains the user's `sub`.
fn providers(world: &World, sub: &str) -> [String; 2] {
    let provider = provider(world);
    let user = match world.options.plain_issuer {
        false => format!("{provider}:CognitoSignIn:{sub}"),
        true => {
            let partition = world.options.partition.arn();
            format!("arn:{partition}:iam::{ACCOUNT_ID}:oidc-provider/{provider}:OIDC:{sub}")
        }
    };
    [provider, user]
}

/// Returns the map key for the issuer in `Logins`: the issuer URL without its scheme.
fn provider(world: &World) -> String {
    world.login_issuer().trim_start_matches("https://").trim_start_matches("http://").to_owned()
}

/// Verifies the login token and returns its claims.
fn login(world: &World, now: DateTime<Utc>, input: &Value) -> Result<Value, Fault> {
    let unauthenticated = || not_authorized("Unauthenticated access is not supported for this identity pool.");
    let logins = input.get("Logins").and_then(Value::as_object).ok_or_else(unauthenticated)?;
    if logins.len() > MOST_LOGINS {
        return Err(fault("InvalidParameterException", "Logins has more than 10 entries."));
    }
    let (issuer, provider) = (world.login_issuer(), provider(world));
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
    // A user pool's access token has the same issuer, and may have the same audience. A plain issuer's tokens differ.
    let is_id_token = world.options.plain_issuer || text("token_use") == Some("id");
    if audience != world.names.client_id || !is_id_token {
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
