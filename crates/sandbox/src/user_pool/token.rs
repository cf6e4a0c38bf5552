//! `POST /oauth2/token` (<https://docs.aws.amazon.com/cognito/latest/developerguide/token-endpoint.html>).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use http::header::{AUTHORIZATION, HeaderValue, LOCATION, RETRY_AFTER};
use http::{Request, Response, StatusCode};
use serde_json::{Value, json};

use crate::jwt;
use crate::misbehaviour::Misbehaviour;
use crate::options::Rotation;
use crate::parameters::Parameters;
use crate::random;
use crate::refusals::Place;
use crate::reply::{self, Outcome, Reply};
use crate::user_pool::form;
use crate::user_pool::sessions::{RefreshToken, SignIn};
use crate::user_pool::tokens::{self, Tokens};
use crate::world::World;

/// An error code of RFC 6749, 5.2.
type ErrorCode = &'static str;

/// Answers a POST to the token endpoint.
pub fn answer(world: &World, now: DateTime<Utc>, request: &Request<Bytes>) -> Reply {
    let form = form(request);
    let grant = form.as_ref().and_then(|form| form.get("grant_type")).unwrap_or_default();
    let endpoint = match grant {
        "authorization_code" => "token.code",
        "refresh_token" => "token.refresh",
        _ => "token.other",
    };
    if let Some(outcome) = misbehaving(world) {
        return Reply { endpoint, outcome };
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
        Ok(document) => Reply::answer(endpoint, reply::cognito_json(StatusCode::OK, &document)),
        Err(code) => refuse(code),
    }
}

/// What becomes of a request while the token endpoint misbehaves.
pub fn misbehaving(world: &World) -> Option<Outcome> {
    if let Some(refusal) = world.refusals.due_at(Place::Token) {
        return Some(Outcome::Answer(refusal.answer()));
    }
    let kinds = [
        Misbehaviour::Token500,
        Misbehaviour::Token429,
        Misbehaviour::TokenHtml,
        Misbehaviour::Token10Mib,
        Misbehaviour::TokenSilent,
        Misbehaviour::TokenClose,
        Misbehaviour::TokenRedirect,
    ];
    Some(match world.active.first_due(&kinds)? {
        Misbehaviour::Token429 => {
            let mut response = reply::cognito_json(StatusCode::TOO_MANY_REQUESTS, &json!({ "error": "Rate exceeded" }));
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
            Outcome::Answer(response)
        }
        Misbehaviour::TokenHtml => {
            let page = "<!DOCTYPE html><title>Wi-Fi</title><p>Please accept the terms of use.";
            Outcome::Answer(reply::body(StatusCode::OK, "text/html", page))
        }
        Misbehaviour::Token10Mib => {
            let mut document = String::from(r#"{"token_type":"Bearer","access_token":""#);
            document.extend(std::iter::repeat_n('a', 10 * 1024 * 1024));
            document.push_str("\"}");
            Outcome::Answer(reply::body(StatusCode::OK, "application/json;charset=UTF-8", document))
        }
        Misbehaviour::TokenSilent => Outcome::Silence,
        Misbehaviour::TokenClose => Outcome::Hangup,
        Misbehaviour::TokenRedirect => {
            let mut response = reply::as_cognito(reply::empty(StatusCode::TEMPORARY_REDIRECT));
            // A listener that logs, so that a test can see whether the secrets were carried there.
            let place = format!("http://{}/elsewhere", world.addresses.user_pool);
            if let Ok(place) = HeaderValue::from_str(&place) {
                response.headers_mut().insert(LOCATION, place);
            }
            Outcome::Answer(response)
        }
        _ => Outcome::Answer(server_error()),
    })
}

/// The answer of a server that has failed.
pub fn server_error() -> Response<Bytes> {
    reply::cognito_json(StatusCode::INTERNAL_SERVER_ERROR, &json!({ "error": "server_error" }))
}

/// The client's id and its secret, by Basic or by the form; a public client only names itself.
pub fn presented(request: &Request<Bytes>, form: &Parameters) -> Result<(String, String), ErrorCode> {
    let (id, secret) = match request.headers().get(AUTHORIZATION) {
        Some(header) => {
            let text = header.to_str().ok().and_then(|text| text.strip_prefix("Basic ")).ok_or("invalid_request")?;
            let text = STANDARD.decode(text).ok().and_then(|text| String::from_utf8(text).ok());
            let (id, secret) = text.as_deref().and_then(|text| text.split_once(':')).ok_or("invalid_client")?;
            return Ok((id.to_owned(), secret.to_owned()));
        }
        None => (form.get("client_id").ok_or("invalid_request")?, form.get("client_secret").unwrap_or_default()),
    };
    Ok((id.to_owned(), secret.to_owned()))
}

/// Client authentication.
pub fn authenticate(world: &World, request: &Request<Bytes>, form: &Parameters) -> Result<(), ErrorCode> {
    let (id, secret) = presented(request, form)?;
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
    // Whatever comes of it: a code is good for one try.
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
    let tokens = tokens::issue(world, now, &code.sign_in, false).ok_or("invalid_grant")?;
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
    let tokens = tokens::issue(world, now, &sign_in, true).ok_or("invalid_grant")?;
    // The new token keeps what was left of the old one's life.
    let refresh_token = rotates.then(|| remember_refresh_token(world, sign_in, expires));
    Ok(document(world, tokens, refresh_token))
}

fn remember_refresh_token(world: &World, sign_in: SignIn, expires: DateTime<Utc>) -> String {
    // As long as Cognito's, which are encrypted JWTs of about 1,800 characters that no client can read.
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
    let mut document = json!({
        "access_token": tokens.access,
        "expires_in": world.options.token_lifetime,
        "token_type": "Bearer",
    });
    if let Some(fields) = document.as_object_mut() {
        fields.extend(tokens.id.map(|token| ("id_token".to_owned(), json!(token))));
        fields.extend(refresh_token.map(|token| ("refresh_token".to_owned(), json!(token))));
    }
    document
}
