//! An OpenID Connect issuer like Entra ID that the identity pool trusts directly, without a user pool
//! (<https://learn.microsoft.com/entra/identity-platform/v2-protocols-oidc>). Like Entra ID it has no revocation
//! endpoint. Its address answers only if [`crate::Options::plain_issuer`] is set.

mod authorize;
mod claims;
mod discovery;
mod refusal;
mod sessions;
mod token;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use http::header::{CACHE_CONTROL, HeaderName, HeaderValue, PRAGMA};
use http::{Method, Request, Response, StatusCode};

use crate::pages;
use crate::random;
use crate::reply::{self, Reply};
use crate::world::World;
use refusal::Refusal;

pub use sessions::State;

/// The name of the cookie for the browser session of a signed-in person.
const COOKIE_NAME: &str = "ESTSAUTHPERSISTENT";

/// Replaces Cognito's headers in a response with the headers that Entra ID sends.
fn as_entra(mut response: Response<Bytes>) -> Response<Bytes> {
    let headers = response.headers_mut();
    headers.remove("x-amz-cognito-request-id");
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store, no-cache"));
    headers.insert(PRAGMA, HeaderValue::from_static("no-cache"));
    reply::with_header(response, HeaderName::from_static("x-ms-request-id"), &random::uuid())
}

/// Answers a request to the plain issuer.
pub fn answer(world: &World, now: DateTime<Utc>, request: &Request<Bytes>) -> Reply {
    if !world.options.plain_issuer {
        return Reply::answer("unknown", reply::empty(StatusCode::NOT_FOUND));
    }
    let Reply { endpoint, outcome } = dispatch(world, now, request);
    Reply { endpoint, outcome: outcome.map(as_entra) }
}

fn dispatch(world: &World, now: DateTime<Utc>, request: &Request<Bytes>) -> Reply {
    let get = request.method() == Method::GET;
    let post = request.method() == Method::POST;
    let path = request.uri().path().trim_start_matches('/');
    let (tenant, rest) = path.split_once('/').unwrap_or((path, ""));
    if tenant != world.names.tenant {
        return Reply::answer("unknown", Refusal::UnknownTenant(tenant.to_owned()).json(world, now));
    }
    let (endpoint, response) = match (rest, get, post) {
        ("v2.0/.well-known/openid-configuration", true, _) => ("discovery", discovery::document(world)),
        ("discovery/v2.0/keys", true, _) => ("jwks", discovery::keys(world)),
        ("oauth2/v2.0/authorize", true, _) => ("authorize", authorize::authorize(world, now, request)),
        ("login", _, true) => ("idp_response", authorize::login(world, now, request)),
        ("oauth2/v2.0/token", _, true) => return token::answer(world, now, request),
        ("oauth2/v2.0/logout", true, _) => ("logout", authorize::logout(world, request)),
        (
            "v2.0/.well-known/openid-configuration"
            | "discovery/v2.0/keys"
            | "oauth2/v2.0/authorize"
            | "login"
            | "oauth2/v2.0/token"
            | "oauth2/v2.0/logout",
            ..,
        ) => ("other", reply::empty(StatusCode::METHOD_NOT_ALLOWED)),
        _ => ("unknown", pages::not_found()),
    };
    Reply::answer(endpoint, response)
}
