//! The discovery document (OpenID Connect Discovery 1.0, section 4) and the JWKS, with simulated faults.

use bytes::Bytes;
use http::header::LOCATION;
use http::{Response, StatusCode};
use serde_json::{Value, json};

use crate::misbehaviour::Misbehaviour;
use crate::reply;
use crate::world::World;

/// Returns the fields of Entra ID's discovery document, which lacks `revocation_endpoint` and
/// `code_challenge_methods_supported`.
fn fields(world: &World) -> Value {
    let tenant = format!("{}/{}", world.plain_issuer_base(), world.names.tenant);
    json!({
        "token_endpoint": format!("{tenant}/oauth2/v2.0/token"),
        "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt", "client_secret_basic"],
        "jwks_uri": format!("{tenant}/discovery/v2.0/keys"),
        "response_modes_supported": ["query", "fragment", "form_post"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "response_types_supported": ["code", "id_token", "code id_token", "id_token token"],
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
        "issuer": world.plain_issuer_name(),
        "request_uri_parameter_supported": false,
        // Entra ID's userinfo endpoint is at the host of another product, too.
        "userinfo_endpoint": "https://graph.microsoft.com/oidc/userinfo",
        "authorization_endpoint": format!("{tenant}/oauth2/v2.0/authorize"),
        "device_authorization_endpoint": format!("{tenant}/oauth2/v2.0/devicecode"),
        "http_logout_supported": true,
        "frontchannel_logout_supported": true,
        "end_session_endpoint": format!("{tenant}/oauth2/v2.0/logout"),
        "claims_supported": [
            "sub", "iss", "cloud_instance_name", "cloud_instance_host_name", "cloud_graph_host_name", "msgraph_host",
            "aud", "exp", "iat", "auth_time", "acr", "nonce", "preferred_username", "name", "tid", "ver", "at_hash",
            "c_hash", "email",
        ],
        "tenant_region_scope": "EU",
        "cloud_instance_name": "microsoftonline.com",
        "cloud_graph_host_name": "graph.windows.net",
        "msgraph_host": "graph.microsoft.com",
    })
}

/// Answers `GET …/v2.0/.well-known/openid-configuration`.
pub fn document(world: &World) -> Response<Bytes> {
    let kinds = [
        Misbehaviour::Discovery500,
        Misbehaviour::DiscoveryOtherIssuer,
        Misbehaviour::DiscoveryOtherHost,
        Misbehaviour::DiscoveryHttp,
        Misbehaviour::Discovery10Mib,
        Misbehaviour::DiscoveryHtml,
        Misbehaviour::DiscoveryRedirect,
    ];
    let mut document = fields(world);
    let mut field = |name: &str, value: String| {
        document.as_object_mut().map(|fields| fields.insert(name.to_owned(), value.into()));
    };
    match world.active.first_due(&kinds) {
        Some(Misbehaviour::Discovery500) => return server_error(),
        Some(Misbehaviour::DiscoveryOtherIssuer) => {
            let other = format!("{}/00000000-0000-4000-8000-000000000000/v2.0", world.plain_issuer_base());
            field("issuer", other);
        }
        // Another name of this listener, which answers and logs a client that follows.
        Some(Misbehaviour::DiscoveryOtherHost) => {
            let (port, tenant) = (world.addresses.issuer.port(), &world.names.tenant);
            field("token_endpoint", format!("http://localhost:{port}/{tenant}/oauth2/v2.0/token"));
        }
        Some(Misbehaviour::DiscoveryHttp) => {
            field("token_endpoint", format!("http://login.example/{}/oauth2/v2.0/token", world.names.tenant));
        }
        Some(Misbehaviour::Discovery10Mib) => field("padding", "a".repeat(10 * 1024 * 1024)),
        Some(Misbehaviour::DiscoveryHtml) => {
            let page = "<!DOCTYPE html><title>Wi-Fi</title><p>Please accept the terms of use.";
            return reply::body(StatusCode::OK, "text/html", page);
        }
        // This listener logs requests, so that a test can see whether the redirect was followed.
        Some(Misbehaviour::DiscoveryRedirect) => {
            let place = format!("http://{}/elsewhere", world.addresses.user_pool);
            return reply::with_header(reply::empty(StatusCode::FOUND), LOCATION, &place);
        }
        _ => {}
    }
    reply::json(StatusCode::OK, &document)
}

/// Answers `GET …/discovery/v2.0/keys`.
pub fn keys(world: &World) -> Response<Bytes> {
    match world.active.due(Misbehaviour::Jwks500) {
        true => server_error(),
        false => reply::json(StatusCode::OK, &world.keys.document()),
    }
}

fn server_error() -> Response<Bytes> {
    reply::json(StatusCode::INTERNAL_SERVER_ERROR, &json!({ "error": "server_error" }))
}
