//! The STS operation AssumeRoleWithWebIdentity, the second half of the classic flow
//! (<https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html>).
//!
//! It accepts the tokens of this sandbox's identity pool, and ignores session policies. AWS does not document the order
//! of its checks. The order here is: parameters, the token's form, issuer, signature and expiry, the role and its trust
//! policy, the role's maximum session duration.

use bytes::Bytes;
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use http::{Request, Response, StatusCode};
use serde_json::Value;

use crate::issued::IssuedKey;
use crate::misbehaviour::Misbehaviour;
use crate::sts::constraints::{Constraints, SESSION_NAMES, check_role_arn};
use crate::sts::protocol::{Fault, VERSION, bad_request, escape, parameter, respond};
use crate::world::World;
use crate::{iam, jwt, open_id_token, random};

/// The validated parameters of an AssumeRoleWithWebIdentity request.
struct Input {
    role_arn: String,
    session_name: String,
    token: String,
    /// The requested lifetime of the credentials, in seconds.
    duration: i64,
}

/// Answers an AssumeRoleWithWebIdentity request, which needs no signature.
pub fn answer(world: &World, now: DateTime<Utc>, request: &Request<Bytes>) -> Response<Bytes> {
    respond(|request_id| {
        let input = Input::read(request)?;
        let claims = verified(world, now, &input.token)?;
        let key = assumed(world, now, &input, &claims)?;
        let document = document(world, &key, request_id);
        world.issued.tidy(now);
        world.issued.insert(key);
        Ok(document)
    })
}

impl Input {
    fn read(request: &Request<Bytes>) -> Result<Self, Fault> {
        let [role_arn, session_name, token] = ["RoleArn", "RoleSessionName", "WebIdentityToken"]
            .map(|name| parameter(request, name).map(|value| value.into_owned()));
        let duration = parameter(request, "DurationSeconds");
        let mut constraints = Constraints::default();
        constraints.text("roleArn", role_arn.as_deref(), 20, 2048, None);
        constraints.text("roleSessionName", session_name.as_deref(), 2, 64, Some(SESSION_NAMES));
        constraints.secret("webIdentityToken", token.as_deref(), 4, 20_000);
        let duration = constraints.duration(duration.as_deref());
        constraints.verdict()?;
        let (Some(role_arn), Some(session_name), Some(token)) = (role_arn, session_name, token) else {
            return Err(bad_request("ValidationError", "a parameter is missing"));
        };
        check_role_arn(&role_arn)?;
        Ok(Self { role_arn, session_name, token, duration })
    }
}

/// Verifies that this identity pool issued `token` and that the token has not expired, and returns its claims.
fn verified(world: &World, now: DateTime<Utc>, token: &str) -> Result<Value, Fault> {
    let invalid = |message: &str| bad_request("InvalidIdentityToken", message);
    let not_a_token = "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)";
    let claims = jwt::unverified(token).ok_or_else(|| invalid(not_a_token))?;
    let issuer = claims.get("iss").and_then(Value::as_str).ok_or_else(|| invalid(not_a_token))?;
    if issuer != world.options.partition.identity_pool_issuer() {
        return Err(invalid(&format!("No OpenIDConnect provider found in your account for {issuer}")));
    }
    let failed = |_| Fault(StatusCode::INTERNAL_SERVER_ERROR, "InternalFailure", "An internal error occurred".into());
    // AWS's words for a key that the issuer does not have, two spaces included. Those for a wrong signature are not
    // documented.
    let claims = open_id_token::verified(world, token).map_err(failed)?.ok_or_else(|| {
        invalid(
            "Couldn't retrieve verification key from your identity provider,  please reference \
             AssumeRoleWithWebIdentity documentation for requirements",
        )
    })?;
    let (now, expires) = (now.timestamp(), claims.get("exp").and_then(Value::as_i64).unwrap_or_default());
    if expires <= now {
        // The message of AWS lacks the last space, too.
        let message =
            format!("Token expired: current date/time {now} must be before the expiration date/time{expires}");
        return Err(bad_request("ExpiredTokenException", message));
    }
    Ok(claims)
}

/// Returns credentials for the requested role if its trust policy accepts the token. The token's `aud` must be the
/// identity pool's id, and its `amr` must contain `authenticated`.
fn assumed(world: &World, now: DateTime<Utc>, input: &Input, claims: &Value) -> Result<IssuedKey, Fault> {
    let text = |name: &str| claims.get(name).and_then(Value::as_str).unwrap_or_default();
    let amr: Vec<&str> =
        claims.get("amr").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
    let trusted = text("aud") == world.names.identity_pool_id && amr.contains(&"authenticated");
    let role = iam::find(world.options.partition, &input.role_arn).filter(|role| role.trusts_the_pool && trusted);
    let role = role.ok_or_else(|| {
        let message = "Not authorized to perform sts:AssumeRoleWithWebIdentity";
        Fault(StatusCode::FORBIDDEN, "AccessDenied", message.into())
    })?;
    if role.longest_session < input.duration {
        let message = "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.";
        return Err(bad_request("ValidationError", message));
    }
    let lifetime = if world.active.due(Misbehaviour::CredentialsShort) { 600 } else { input.duration };
    Ok(IssuedKey {
        access_key_id: format!("ASIASANDBOX{}", random::upper_alphanumeric(9)),
        secret_access_key: world.giving_out(format!("sandbox/{}", random::alphanumeric(32))),
        session_token: world.giving_out(format!("sandbox//{}==", random::alphanumeric(1100))),
        expires: now + TimeDelta::seconds(lifetime),
        role_arn: input.role_arn.clone(),
        session_name: input.session_name.clone(),
        identity_pool_id: text("aud").into(),
        identity_id: text("sub").into(),
        authentication_provider: amr.into_iter().skip(1).collect::<Vec<_>>().join(","),
        username: world.identities().username(text("sub")),
    })
}

fn document(world: &World, key: &IssuedKey, request_id: &str) -> String {
    let [arn, role_id] = [key.caller_arn(), key.user_id()].map(|text| escape(&text));
    let [subject, audience] = [&key.identity_id, &key.identity_pool_id].map(|text| escape(text));
    let provider = world.options.partition.web_identity_provider();
    let IssuedKey { access_key_id, secret_access_key, session_token, .. } = key;
    let expiration = key.expires.to_rfc3339_opts(SecondsFormat::Secs, true);
    format!(
        "<AssumeRoleWithWebIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/{}/\">\n  \
         <AssumeRoleWithWebIdentityResult>\n    <Audience>{audience}</Audience>\n    <AssumedRoleUser>\n      \
         <AssumedRoleId>{role_id}</AssumedRoleId>\n      <Arn>{arn}</Arn>\n    </AssumedRoleUser>\n    \
         <Provider>{provider}</Provider>\n    <Credentials>\n      <AccessKeyId>{access_key_id}</AccessKeyId>\n      \
         <SecretAccessKey>{secret_access_key}</SecretAccessKey>\n      <SessionToken>{session_token}</SessionToken>\n      \
         <Expiration>{expiration}</Expiration>\n    </Credentials>\n    \
         <SubjectFromWebIdentityToken>{subject}</SubjectFromWebIdentityToken>\n  </AssumeRoleWithWebIdentityResult>\n  \
         <ResponseMetadata>\n    <RequestId>{request_id}</RequestId>\n  </ResponseMetadata>\n\
         </AssumeRoleWithWebIdentityResponse>\n",
        VERSION
    )
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use serde_json::json;

    use super::*;
    use crate::keys;
    use crate::options::{ORDERS_ADMIN, Options};
    use crate::world::Addresses;

    fn world() -> World {
        let address = SocketAddr::from(([127, 0, 0, 1], 1));
        let addresses = Addresses::all_at(address);
        World::new(Options::default(), addresses).unwrap()
    }

    fn ask(world: &World, changed: &str, value: Value) -> (u16, String) {
        let now = world.now();
        let mut claims = json!({
            "sub": "eu-west-1:1", "aud": world.names.identity_pool_id, "amr": ["authenticated", "p", "p:u"],
            "iss": world.options.partition.identity_pool_issuer(), "exp": now.timestamp() + 1,
        });
        claims[changed] = value;
        let token = jwt::identity_pool_signed(&keys::of_identity_pools().unwrap(), "eu-west-1-7", &claims);
        let form = format!(
            "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn={ORDERS_ADMIN}&RoleSessionName=me\
             &WebIdentityToken={token}"
        );
        let response = answer(world, now, &Request::builder().method("POST").body(Bytes::from(form)).unwrap());
        (response.status().as_u16(), String::from_utf8(response.body().to_vec()).unwrap())
    }

    #[test]
    fn well_signed_token_with_wrong_claims_is_refused() {
        let world = world();
        for (claim, value, status, code) in [
            ("x", json!(1), 200, "<Provider>cognito-identity.amazonaws.com</Provider>"),
            ("amr", json!(["x", "authenticated"]), 200, "<Audience>eu-west-1:"),
            ("aud", json!("eu-west-1:00000000-0000-0000-0000-000000000000"), 403, "<Code>AccessDenied</Code>"),
            ("aud", json!([world.names.identity_pool_id]), 403, "<Code>AccessDenied</Code>"),
            ("amr", json!(["unauthenticated"]), 403, "<Code>AccessDenied</Code>"),
            ("amr", json!("authenticated"), 403, "<Code>AccessDenied</Code>"),
            ("amr", json!(null), 403, "<Code>AccessDenied</Code>"),
            ("exp", json!(null), 400, "<Code>ExpiredTokenException</Code>"),
            ("exp", json!(world.now().timestamp() - 1), 400, "<Code>ExpiredTokenException</Code>"),
            ("iss", json!("https://cognito-identity.amazonaws.com/"), 400, "<Code>InvalidIdentityToken</Code>"),
            ("iss", json!(1), 400, "<Code>InvalidIdentityToken</Code>"),
        ] {
            let (given, text) = ask(&world, claim, value.clone());
            assert!(given == status && text.contains(code), "{claim} {value}: {given} {text}");
        }
    }
}
