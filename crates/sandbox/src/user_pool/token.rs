//! The token endpoint: `POST /oauth2/token`
//! (<https://docs.aws.amazon.com/cognito/latest/developerguide/token-endpoint.html>).

use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use http::{Request, StatusCode};
use serde_json::{Value, json};

use crate::echo;
use crate::id_token::Tokens;
use crate::jwt;
use crate::misbehaviour::Misbehaviour;
use crate::options::Rotation;
use crate::random;
use crate::reply::{self, Outcome, Reply};
use crate::token_endpoint::{self, ErrorCode};
use crate::user_pool::claims;
use crate::user_pool::sessions::{RefreshToken, SignIn};
use crate::web::{Parameters, form};
use crate::world::World;

/// Answers a POST request to the token endpoint.
pub fn answer(world: &World, now: DateTime<Utc>, request: &Request<Bytes>) -> Reply {
    let form = form(request);
    let grant = form.as_ref().and_then(|form| form.get("grant_type")).unwrap_or_default();
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
    let refuse = |code| Reply::answer(endpoint, reply::oauth_error(StatusCode::BAD_REQUEST, code));
    let Some(form) = form.as_ref().filter(|form| !form.repeated()) else {
        return refuse("invalid_request");
    };
    if let Err(code) = authenticate(world, request, form) {
        return refuse(code);
    }
    let answer = match grant {
        "authorization_code" => by_code(world, now, form),
        "refresh_token" => by_refresh_token(world, now, form),
        "" => Err("invalid_request"),
        "client_credentials" => Err("unauthorized_client"),
        _ => Err("unsupported_grant_type"),
    };
    match answer {
        Ok(_) if grant == "refresh_token" && world.active.due(Misbehaviour::RefreshDropAnswer) => {
            Reply { endpoint, outcome: Outcome::Hangup }
        }
        Ok(document) => {
            let answer = reply::cognito_json(StatusCode::OK, &token_endpoint::odd_members(world, document));
            Reply::answer(endpoint, token_endpoint::odd_content_type(world, answer))
        }
        Err(code) => refuse(code),
    }
}

/// Authenticates the client by the id and the secret in the request.
pub fn authenticate(world: &World, request: &Request<Bytes>, form: &Parameters) -> Result<(), ErrorCode> {
    let (id, secret) = token_endpoint::presented(request, form)?;
    let secrets = &world.options.client_secrets;
    let right = if secrets.is_empty() { secret.is_empty() } else { secrets.contains(&secret) };
    if id == world.names.client_id && right { Ok(()) } else { Err("invalid_client") }
}

fn by_code(world: &World, now: DateTime<Utc>, form: &Parameters) -> Result<Value, ErrorCode> {
    let code = form.get("code").ok_or("invalid_request")?;
    let redirect_uri = form.get("redirect_uri").ok_or("invalid_request")?;
    if let Some(verifier) = form.get("code_verifier") {
        world.giving_out(verifier.to_owned());
    }
    // A code is good for one attempt, whatever the outcome.
    let mut memory = world.user_pool();
    memory.tidy(now);
    let code = memory.codes.remove(code).ok_or("invalid_grant")?;
    drop(memory);
    let proven = match (&code.challenge, form.get("code_verifier")) {
        (Some(challenge), Some(verifier)) => jwt::is_challenge_of(challenge, verifier),
        (Some(_), None) => false,
        (None, Some(_)) => !world.options.refuse_needless_verifier,
        (None, None) => true,
    };
    if !proven || redirect_uri != code.redirect_uri {
        return Err("invalid_grant");
    }
    let tokens = claims::issue(world, now, &code.sign_in, false).ok_or("invalid_grant")?;
    let expires = now + TimeDelta::seconds(world.options.refresh_token_lifetime);
    let refresh_token = remember_refresh_token(world, code.sign_in, expires);
    Ok(document(world, tokens, Some(refresh_token)))
}

fn by_refresh_token(world: &World, now: DateTime<Utc>, form: &Parameters) -> Result<Value, ErrorCode> {
    let text = form.get("refresh_token").ok_or("invalid_request")?;
    if world.active.due(Misbehaviour::RefreshInvalidGrant) {
        return Err("invalid_grant");
    }
    let mut memory = world.user_pool();
    memory.tidy(now);
    let token = memory.refresh_tokens.get_mut(text).ok_or("invalid_grant")?;
    let rotates = if let Rotation::On { grace } = world.options.rotation {
        match token.rotated {
            Some(first) if now - first >= TimeDelta::seconds(grace.into()) => {
                let origin = token.sign_in.origin.clone();
                if world.options.reuse_ends_the_sign_in {
                    memory.end(&origin, world.tokens_end(now));
                }
                return Err("invalid_grant");
            }
            Some(_) => {}
            None => token.rotated = Some(now),
        }
        true
    } else {
        false
    };
    let (sign_in, expires) = (token.sign_in.clone(), token.expires);
    drop(memory);
    let tokens = claims::issue(world, now, &sign_in, true).ok_or("invalid_grant")?;
    // The new token keeps the rest of the old one's lifetime.
    let refresh_token = rotates.then(|| remember_refresh_token(world, sign_in, expires));
    Ok(document(world, tokens, refresh_token))
}

fn remember_refresh_token(world: &World, sign_in: SignIn, expires: DateTime<Utc>) -> String {
    // Refresh tokens are opaque, and as long as Cognito's encrypted JWTs: about 1,800 characters.
    let text = format!(
        "eyJjdHkiOiJKV1QiLCJlbmMiOiJBMjU2R0NNIiwiYWxnIjoiUlNBLU9BRVAifQ.{}.{}.{}.{}",
        random::base64url(256),
        random::base64url(12),
        random::base64url(980),
        random::base64url(16),
    );
    let token = RefreshToken { sign_in, expires, rotated: None };
    world.user_pool().refresh_tokens.insert(text.clone(), token);
    world.giving_out(text)
}

fn document(world: &World, tokens: Tokens, refresh_token: Option<String>) -> Value {
    let mut document = json!({ "expires_in": world.options.token_lifetime, "token_type": "Bearer" });
    if let Some(fields) = document.as_object_mut() {
        fields.extend(tokens.access.map(|token| ("access_token".to_owned(), json!(token))));
        fields.extend(tokens.id.map(|token| ("id_token".to_owned(), json!(token))));
        fields.extend(refresh_token.map(|token| ("refresh_token".to_owned(), json!(token))));
    }
    document
}
