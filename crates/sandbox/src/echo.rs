//! The simulated fault whose error message repeats the whole request, as debugging proxies do.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{Request, StatusCode};
use serde_json::json;

use crate::misbehaviour::Misbehaviour;
use crate::reply::{self, Reply};
use crate::sts;
use crate::world::World;

/// Returns the request's headers and body (raw, decoded and in base64) as one string, or `None` if
/// [`Misbehaviour::Echo`] is not active.
fn due(world: &World, request: &Request<Bytes>) -> Option<String> {
    world.active.due(Misbehaviour::Echo).then(|| {
        let body = String::from_utf8_lossy(request.body());
        let pairs = url::form_urlencoded::parse(request.body()).map(|(name, value)| format!("{name}: {value}"));
        let headers = request.headers().iter();
        let headers = headers.map(|(name, value)| format!("{name}: {}", String::from_utf8_lossy(value.as_bytes())));
        format!(
            "cannot use: {} | {body} | {} | {}",
            pairs.collect::<Vec<_>>().join(" "),
            STANDARD.encode(request.body()),
            headers.collect::<Vec<_>>().join(" ")
        )
    })
}

/// Returns an OAuth error whose description repeats the request, if [`Misbehaviour::Echo`] is active.
pub fn by_oauth(world: &World, request: &Request<Bytes>, endpoint: &'static str) -> Option<Reply> {
    let document = json!({ "error": "invalid_request", "error_description": due(world, request)? });
    Some(Reply::answer(endpoint, reply::cognito_json(StatusCode::BAD_REQUEST, &document)))
}

/// Returns an identity pool error whose message repeats the request, if [`Misbehaviour::Echo`] is active.
pub fn by_identity_pool(world: &World, request: &Request<Bytes>, endpoint: &'static str) -> Option<Reply> {
    let answer = reply::aws_error(StatusCode::BAD_REQUEST, "InvalidParameterException", &due(world, request)?);
    Some(Reply::answer(endpoint, answer))
}

/// Returns an STS error whose message repeats the request, if [`Misbehaviour::Echo`] is active.
pub fn by_sts(world: &World, request: &Request<Bytes>, endpoint: &'static str) -> Option<Reply> {
    let message = due(world, request)?;
    Some(Reply::answer(endpoint, sts::refusal(StatusCode::BAD_REQUEST, "ValidationError", message)))
}
