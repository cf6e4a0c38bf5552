//! Revocation, sign-out and user information: `/oauth2/revoke`, `/logout` and `/oauth2/userInfo`.

use bytes::Bytes;
use chrono::{DateTime, Utc};
use http::header::{AUTHORIZATION, HeaderValue, WWW_AUTHENTICATE};
use http::{Request, Response, StatusCode};
use serde_json::{Value, json};

use crate::echo;
use crate::jwt;
use crate::misbehaviour::Misbehaviour;
use crate::pages;
use crate::reply::{self, Reply};
use crate::token_endpoint;
use crate::user_pool::{COOKIE_NAME, claims, session_ids, token};
use crate::web::{form, query};
use crate::world::World;

/// Answers `POST /oauth2/revoke` (RFC 7009;
/// <https://docs.aws.amazon.com/cognito/latest/developerguide/revocation-endpoint.html>).
pub fn revoke(world: &World, now: DateTime<Utc>, request: &Request<Bytes>) -> Reply {
    let answer = |response| Reply::answer("revoke", response);
    if world.active.due(Misbehaviour::Revoke500) {
        return answer(token_endpoint::server_error());
    }
    if let Some(reply) = echo::by_oauth(world, request, "revoke") {
        return reply;
    }
    let refuse = |status, code| answer(reply::oauth_error(status, code));
    let Some(form) = form(request) else {
        return refuse(StatusCode::BAD_REQUEST, "invalid_request");
    };
    let Some(text) = form.get("token") else {
        return refuse(StatusCode::BAD_REQUEST, "invalid_request");
    };
    match token::authenticate(world, request, &form) {
        Err("invalid_client") => return refuse(StatusCode::UNAUTHORIZED, "invalid_client"),
        Err(code) => return refuse(StatusCode::BAD_REQUEST, code),
        Ok(()) => {}
    }
    if jwt::verified(&world.keys, text).is_some() {
        return refuse(StatusCode::BAD_REQUEST, "unsupported_token_type");
    }
    let mut memory = world.user_pool();
    memory.tidy(now);
    // With rotation all tokens of one sign-in have the same origin, and end together.
    if let Some(origin) = memory.refresh_tokens.get(text).map(|token| token.sign_in.origin.clone()) {
        memory.end(&origin, world.tokens_end(now));
    }
    answer(reply::as_cognito(reply::empty(StatusCode::OK)))
}

/// Answers `/oauth2/userInfo` (<https://docs.aws.amazon.com/cognito/latest/developerguide/userinfo-endpoint.html>).
pub fn user_info(world: &World, now: DateTime<Utc>, request: &Request<Bytes>) -> Response<Bytes> {
    let header = request.headers().get(AUTHORIZATION).and_then(|header| header.to_str().ok());
    let Some(token) = header.and_then(|header| header.strip_prefix("Bearer ")) else {
        return user_info_error(
            StatusCode::BAD_REQUEST,
            r#"error="invalid_request", error_description="Bad OAuth2 request at UserInfo Endpoint""#,
        );
    };
    let invalid = || {
        user_info_error(
            StatusCode::UNAUTHORIZED,
            r#"error="invalid_token", error_description="Access token is expired, disabled, or deleted, or the user has globally signed out.""#,
        )
    };
    let Some(claims) = jwt::verified(&world.keys, token) else { return invalid() };
    let text = |name: &str| claims.get(name).and_then(Value::as_str).unwrap_or_default();
    let expired = claims.get("exp").and_then(Value::as_i64).is_none_or(|expires| expires <= now.timestamp());
    let asked = |scope: &str| text("scope").split(' ').any(|asked| asked == scope);
    let ended = world.user_pool().is_ended(text("origin_jti"));
    if text("token_use") != "access" || text("iss") != world.issuer() || expired || !asked("openid") || ended {
        return invalid();
    }
    let Some(user) = world.user(text("sub")) else { return invalid() };
    // `email_verified` is a text here, and a boolean in the ID token.
    let mut document = claims::attributes(world, &user, &json!("false"), asked);
    document.insert("sub".into(), json!(user.sub));
    document.insert("username".into(), json!(user.person.username()));
    reply::cognito_json(StatusCode::OK, &Value::Object(document))
}

fn user_info_error(status: StatusCode, challenge: &'static str) -> Response<Bytes> {
    let mut response = reply::as_cognito(reply::empty(status));
    response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
    response
}

/// Answers `GET /logout` (<https://docs.aws.amazon.com/cognito/latest/developerguide/logout-endpoint.html>): ends the
/// browser's session and redirects to the registered logout URI or to the sign-in page.
pub fn logout(world: &World, request: &Request<Bytes>) -> Response<Bytes> {
    let parameters = query(request);
    if parameters.get("client_id") != Some(world.names.client_id.as_str()) {
        return pages::error("invalid_request");
    }
    let location = match (parameters.get("logout_uri"), parameters.get("redirect_uri")) {
        (Some(uri), _) if uri == world.logout_uri() => uri.to_owned(),
        (None, Some(uri)) if world.redirect_uris().iter().any(|registered| registered == uri) => {
            format!("/login?{}", parameters.encoded())
        }
        (None, None) => return pages::error("invalid_request"),
        _ => return pages::to_error("redirect_mismatch", &parameters),
    };
    let mut memory = world.user_pool();
    for id in session_ids(request) {
        memory.sessions.remove(id);
    }
    drop(memory);
    let cookie = format!("{COOKIE_NAME}=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax");
    reply::set_cookie(reply::redirect(&location), &cookie)
}
