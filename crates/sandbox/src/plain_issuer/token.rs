//! The token endpoint: `POST …/oauth2/v2.0/token`
//! (<https://learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow>).

use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use http::{Request, StatusCode};
use serde_json::{Value, json};

use crate::echo;
use crate::jwt;
use crate::misbehaviour::Misbehaviour;
use crate::plain_issuer::claims;
use crate::plain_issuer::refusal::Refusal;
use crate::plain_issuer::sessions::{RefreshToken, SignIn};
use crate::random;
use crate::reply::{self, Outcome, Reply};
use crate::token_endpoint;
use crate::web::{Parameters, form};
use crate::world::World;

/// Answers a POST request to the token endpoint.
pub fn answer(world: &World, now: DateTime<Utc>, request: &Request<Bytes>) -> Reply {
    let form = form(request).unwrap_or_default();
    let grant = form.get("grant_type").unwrap_or_default();
    let endpoint = match grant {
        "authorization_code" => "token.code",
        "refresh_token" => "token.refresh",
        _ => "token.other",
    };
    if let Some(outcome) = token_endpoint::misbehaving(world) {
        return Reply { endpoint, outcome };
    }
    if let Some(reply) = echo::by_oauth(world, request, endpoint) {
        return reply;
    }
    let answer = checked(world, request, &form).and_then(|()| match grant {
        "authorization_code" => by_code(world, now, &form),
        "refresh_token" => by_refresh_token(world, now, &form),
        other => Err(Refusal::GrantType(other.to_owned())),
    });
    match answer {
        Ok(_) if grant == "refresh_token" && world.active.due(Misbehaviour::RefreshDropAnswer) => {
            Reply { endpoint, outcome: Outcome::Hangup }
        }
        Ok(document) => {
            let body = token_endpoint::odd_members(world, document).to_string();
            let answer = reply::body(StatusCode::OK, "application/json; charset=utf-8", body);
            Reply::answer(endpoint, token_endpoint::odd_content_type(world, answer))
        }
        Err(refusal) => Reply::answer(endpoint, refusal.json(world, now)),
    }
}

/// Validates the form parameters and authenticates the client, as every grant type requires.
fn checked(world: &World, request: &Request<Bytes>, form: &Parameters) -> Result<(), Refusal> {
    if form.repeated() {
        return Err(Refusal::Repeated);
    }
    form.get("grant_type").ok_or(Refusal::Missing("grant_type"))?;
    let (client_id, secret) = token_endpoint::presented(request, form).map_err(|_| Refusal::Missing("client_id"))?;
    if client_id != world.names.client_id {
        return Err(Refusal::UnknownClient { client_id, tenant: world.names.tenant.clone() });
    }
    let secrets = &world.options.client_secrets;
    match (secrets.is_empty(), secret.is_empty()) {
        (true, true) => Ok(()),
        (true, false) => Err(Refusal::SecretNeedless),
        (false, true) => Err(Refusal::SecretMissing),
        (false, false) if secrets.contains(&secret) => Ok(()),
        (false, false) => Err(Refusal::SecretWrong),
    }
}

fn by_code(world: &World, now: DateTime<Utc>, form: &Parameters) -> Result<Value, Refusal> {
    let text = form.get("code").ok_or(Refusal::Missing("code"))?;
    let redirect_uri = form.get("redirect_uri").ok_or(Refusal::Missing("redirect_uri"))?;
    if let Some(verifier) = form.get("code_verifier") {
        world.giving_out(verifier.to_owned());
    }
    let mut memory = world.plain_issuer();
    memory.tidy(now);
    let code = memory.codes.get_mut(text).ok_or(Refusal::Malformed)?;
    // A code is good for one attempt, whatever the outcome.
    if std::mem::replace(&mut code.redeemed, true) {
        return Err(Refusal::CodeRedeemed);
    }
    let code = code.clone();
    drop(memory);
    if now >= code.expires {
        return Err(Refusal::CodeExpired);
    }
    let first = &code.request.redirect_uri;
    if redirect_uri != first {
        let (redirect_uri, first) = (redirect_uri.to_owned(), first.clone());
        return Err(Refusal::OtherRedirectUri { redirect_uri, first });
    }
    let proven = match (&code.request.challenge, form.get("code_verifier")) {
        (Some(challenge), Some(verifier)) => jwt::is_challenge_of(challenge, verifier),
        (None, None) => true,
        (Some(_), None) | (None, Some(_)) => false,
    };
    if !proven {
        return Err(Refusal::VerifierMismatch);
    }
    let sign_in = SignIn { object_id: code.object_id, nonce: code.request.nonce, scopes: code.request.scopes };
    document(world, now, &sign_in, false)
}

/// Answers a refresh request. It may ask for fewer scopes than were granted at the sign-in (RFC 6749, 6).
fn by_refresh_token(world: &World, now: DateTime<Utc>, form: &Parameters) -> Result<Value, Refusal> {
    let text = form.get("refresh_token").ok_or(Refusal::Missing("refresh_token"))?;
    let mut memory = world.plain_issuer();
    memory.tidy(now);
    let token = memory.refresh_tokens.get(text).cloned().ok_or(Refusal::Malformed)?;
    drop(memory);
    if token.revoked || world.active.due(Misbehaviour::RefreshInvalidGrant) {
        return Err(Refusal::Revoked);
    }
    if now >= token.expires {
        let days = world.options.refresh_token_lifetime / (24 * 3600);
        return Err(Refusal::RefreshTokenExpired { issued: token.issued, days });
    }
    let mut sign_in = token.sign_in;
    if let Some(asked) = form.get("scope") {
        let asked: Vec<&str> = asked.split_ascii_whitespace().collect();
        if let Some(more) = asked.iter().find(|scope| !sign_in.scopes.iter().any(|granted| granted == *scope)) {
            return Err(Refusal::Scope((*more).to_owned()));
        }
        sign_in.scopes.retain(|granted| asked.contains(&granted.as_str()));
    }
    document(world, now, &sign_in, true)
}

/// Returns the token response for a sign-in or a refresh. A refresh token comes only with `offline_access`. Each
/// refresh token is new and has a full lifetime. B2C describes the ID token in place of a missing access token.
fn document(world: &World, now: DateTime<Utc>, sign_in: &SignIn, refreshed: bool) -> Result<Value, Refusal> {
    let tokens = claims::issue(world, now, sign_in, refreshed).ok_or(Refusal::Revoked)?;
    let is_offline = |scope: &String| scope == "offline_access";
    let shown: Vec<&str> = sign_in.scopes.iter().filter(|scope| !is_offline(scope)).map(String::as_str).collect();
    let lifetime = world.options.token_lifetime;
    let mut document = match world.options.b2c_issuer {
        false => json!({ "token_type": "Bearer", "scope": shown.join(" "), "ext_expires_in": lifetime }),
        true => json!({
            "token_type": "Bearer",
            "scope": sign_in.scopes.join(" "),
            "not_before": now.timestamp(),
            "id_token_expires_in": lifetime,
            "profile_info": random::base64url(90),
            "refresh_token_expires_in": world.options.refresh_token_lifetime,
        }),
    };
    let refresh_token =
        sign_in.scopes.iter().any(is_offline).then(|| remember_refresh_token(world, now, sign_in.clone()));
    if let Some(fields) = document.as_object_mut() {
        if let Some(access) = tokens.access {
            fields.insert("access_token".into(), json!(access));
            fields.insert("expires_in".into(), json!(lifetime));
        }
        fields.extend(refresh_token.map(|token| ("refresh_token".to_owned(), json!(token))));
        fields.extend(tokens.id.map(|token| ("id_token".to_owned(), json!(token))));
    }
    Ok(document)
}

fn remember_refresh_token(world: &World, now: DateTime<Utc>, sign_in: SignIn) -> String {
    // Refresh tokens are opaque, and as long as those of Entra ID.
    let text = format!("1.{}", random::base64url(900));
    let expires = now + TimeDelta::seconds(world.options.refresh_token_lifetime);
    let token = RefreshToken { sign_in, issued: now, expires, revoked: false };
    world.plain_issuer().refresh_tokens.insert(text.clone(), token);
    world.giving_out(text)
}
