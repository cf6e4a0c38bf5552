//! Client authentication and simulated faults, shared by the token endpoints of the user pool and the plain issuer.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderName, HeaderValue, LOCATION, RETRY_AFTER};
use http::{Request, Response, StatusCode};
use serde_json::{Value, json};

use crate::misbehaviour::Misbehaviour;
use crate::refusals::Place;
use crate::reply::{self, Outcome};
use crate::web::Parameters;
use crate::world::World;

/// An OAuth error code (RFC 6749, 5.2).
pub type ErrorCode = &'static str;

/// Returns the faulty outcome of the refusal or misbehaviour that is active for the token endpoint, or `None` if none
/// is active.
pub fn misbehaving(world: &World) -> Option<Outcome> {
    if let Some(refusal) = world.refusals.due_at(Place::Token) {
        return Some(Outcome::Answer(refusal.answer()));
    }
    let kinds = [
        Misbehaviour::Token500,
        Misbehaviour::Token429,
        Misbehaviour::TokenHtml,
        Misbehaviour::TokenWebAcl,
        Misbehaviour::TokenChallenge,
        Misbehaviour::TokenPortal,
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
        Misbehaviour::TokenWebAcl => Outcome::Answer(reply::forbidden_page()),
        Misbehaviour::TokenChallenge => {
            let name = HeaderName::from_static("x-amzn-waf-action");
            let answer = reply::body(StatusCode::ACCEPTED, "text/html", "");
            Outcome::Answer(reply::with_header(answer, name, "challenge"))
        }
        Misbehaviour::TokenPortal => {
            let answer = reply::body(StatusCode::FOUND, "text/html", "");
            Outcome::Answer(reply::with_header(answer, LOCATION, "http://portal.example/login"))
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
            // This listener logs requests, so that a test can see whether the client sent its secrets there.
            let place = format!("http://{}/elsewhere", world.addresses.user_pool);
            if let Ok(place) = HeaderValue::from_str(&place) {
                response.headers_mut().insert(LOCATION, place);
            }
            Outcome::Answer(response)
        }
        _ => Outcome::Answer(server_error()),
    })
}

/// Gives members of the token response odd types and removes `token_type`, if [`Misbehaviour::OddTokenMembers`] is
/// active. Version 1 of Entra ID's endpoint and some gateways send such members.
pub fn odd_members(world: &World, mut document: Value) -> Value {
    if world.active.due(Misbehaviour::OddTokenMembers)
        && let Some(fields) = document.as_object_mut()
    {
        fields.remove("token_type");
        fields.insert("expires_in".into(), json!("3599"));
        fields.insert("scope".into(), json!(["openid"]));
        fields.insert("not_before".into(), json!("1700000000"));
        fields.insert("profile_info".into(), Value::Null);
    }
    document
}

/// Changes the response's `Content-Type`, if [`Misbehaviour::TokenContentType`] is active.
pub fn odd_content_type(world: &World, mut answer: Response<Bytes>) -> Response<Bytes> {
    if world.active.due(Misbehaviour::TokenContentType) {
        answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/x-amz-json-1.0"));
    }
    answer
}

/// Returns the OAuth error `server_error` with status 500.
pub fn server_error() -> Response<Bytes> {
    reply::cognito_json(StatusCode::INTERNAL_SERVER_ERROR, &json!({ "error": "server_error" }))
}

/// Returns the client id and the client secret, from Basic authentication or from the form. A public client's secret is
/// empty.
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
