//! The user pool: its domain with the hosted UI and the OAuth endpoints, and its issuer with discovery and JWKS.

mod authorize;
mod claims;
mod sessions;
mod sign_out;
mod token;
mod web_acl;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use http::{Method, Request, Response, StatusCode};
use serde_json::json;

use crate::misbehaviour::Misbehaviour;
use crate::pages;
use crate::people::Directory;
use crate::reply::{self, Reply};
use crate::web::{cookies, query};
use crate::world::World;

pub use sessions::State;

/// The name of the hosted UI's session cookie.
const COOKIE_NAME: &str = "cognito";

/// Returns the ids of hosted UI sessions in the request's cookies.
fn session_ids(request: &Request<Bytes>) -> impl Iterator<Item = &str> {
    cookies(request, COOKIE_NAME)
}

/// Returns the response to a request whose method the path does not support.
fn not_allowed() -> Response<Bytes> {
    reply::as_cognito(reply::empty(StatusCode::METHOD_NOT_ALLOWED))
}

/// Answers a request to the user pool's domain.
pub fn domain(world: &World, now: DateTime<Utc>, request: &Request<Bytes>) -> Reply {
    if web_acl::refuses(world, request) {
        return Reply::answer("web_acl", reply::forbidden_page());
    }
    let get = request.method() == Method::GET;
    let post = request.method() == Method::POST;
    // HEAD works for pages, too; hyper leaves the body out.
    let read = get || request.method() == Method::HEAD;
    let allowed = |allowed: bool, answer: &dyn Fn() -> Response<Bytes>| if allowed { answer() } else { not_allowed() };
    let (endpoint, response) = match request.uri().path() {
        "/oauth2/token" if post => return token::answer(world, now, request),
        "/oauth2/revoke" if post => return sign_out::revoke(world, now, request),
        "/oauth2/token" => ("token.other", not_allowed()),
        "/oauth2/revoke" => ("revoke", not_allowed()),
        "/oauth2/authorize" => ("authorize", allowed(get, &|| authorize::authorize(world, now, request))),
        "/login" if post => ("idp_response", authorize::idp_response(world, now, request)),
        "/login" => ("login", allowed(read, &|| authorize::login(world, request))),
        "/sandbox/AzureAD" => {
            ("directory", allowed(read, &|| authorize::directory(world, now, Directory::AzureAd, request)))
        }
        "/sandbox/AzureB2C" => {
            ("directory", allowed(read, &|| authorize::directory(world, now, Directory::AzureB2c, request)))
        }
        "/sandbox/COGNITO" => {
            ("directory", allowed(read, &|| authorize::directory(world, now, Directory::UserPool, request)))
        }
        "/saml2/idpresponse" | "/oauth2/idpresponse" => {
            ("idp_response", allowed(post, &|| authorize::idp_response(world, now, request)))
        }
        "/oauth2/userInfo" => ("user_info", allowed(get || post, &|| sign_out::user_info(world, now, request))),
        "/logout" => ("logout", allowed(get, &|| sign_out::logout(world, request))),
        "/sandbox/signed-out" => ("signed_out", allowed(read, &pages::signed_out)),
        "/error" => ("error", allowed(read, &|| pages::error(query(request).get("error").unwrap_or("unknown")))),
        "/favicon.ico" => ("favicon", reply::empty(StatusCode::NO_CONTENT)),
        _ => ("unknown", pages::not_found()),
    };
    Reply::answer(endpoint, response)
}

/// Answers a request to the user pool's issuer.
pub fn issuer(world: &World, request: &Request<Bytes>) -> Reply {
    let pool = &world.names.user_pool_id;
    let known = match request.uri().path().strip_prefix('/').and_then(|path| path.strip_prefix(pool.as_str())) {
        Some("/.well-known/openid-configuration") => Some(("discovery", Misbehaviour::Discovery500)),
        Some("/.well-known/jwks.json") => Some(("jwks", Misbehaviour::Jwks500)),
        _ => None,
    };
    let Some((endpoint, fault)) = known else {
        let message = json!({ "message": "User pool does not exist." });
        return Reply::answer("unknown", reply::json(StatusCode::NOT_FOUND, &message));
    };
    if request.method() != Method::GET && request.method() != Method::HEAD {
        return Reply::answer(endpoint, reply::empty(StatusCode::METHOD_NOT_ALLOWED));
    }
    if world.active.due(fault) {
        let message = json!({ "message": "Internal server error" });
        return Reply::answer(endpoint, reply::json(StatusCode::INTERNAL_SERVER_ERROR, &message));
    }
    let document = if endpoint == "jwks" { world.keys.document() } else { discovery(world) };
    Reply::answer(endpoint, reply::json(StatusCode::OK, &document))
}

/// Returns the discovery document, which has Cognito's fields and so lacks `code_challenge_methods_supported`. The
/// issuer in it is the one that tokens name, and the other addresses are the sandbox's real ones.
fn discovery(world: &World) -> serde_json::Value {
    let domain = format!("http://{}", world.addresses.domain);
    let pool = format!("http://{}/{}", world.addresses.user_pool, world.names.user_pool_id);
    json!({
        "authorization_endpoint": format!("{domain}/oauth2/authorize"),
        "end_session_endpoint": format!("{domain}/logout"),
        "id_token_signing_alg_values_supported": ["RS256"],
        "issuer": world.issuer(),
        "jwks_uri": format!("{pool}/.well-known/jwks.json"),
        "response_types_supported": ["code", "token"],
        "revocation_endpoint": format!("{domain}/oauth2/revoke"),
        "scopes_supported": ["openid", "email", "phone", "profile"],
        "subject_types_supported": ["public"],
        "token_endpoint": format!("{domain}/oauth2/token"),
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "userinfo_endpoint": format!("{domain}/oauth2/userInfo"),
    })
}
