//! The control endpoint: an HTTP interface to the methods of [`crate::Sandbox`], for scripts.

use bytes::Bytes;
use chrono::TimeDelta;
use http::{Method, Request, StatusCode};
use serde_json::{Value, json};

use crate::misbehaviour::Misbehaviour;
use crate::pool_roles::PoolRoles;
use crate::refusals::Refusal;
use crate::reply::{self, Reply};
use crate::web::Parameters;
use crate::world::World;

/// The maximum absolute value of a numeric parameter: one year, in seconds.
const MOST_SECONDS: i64 = 365 * 24 * 3600;

/// Answers a request to the control endpoint.
pub fn answer(world: &World, request: &Request<Bytes>) -> Reply {
    let response = |status, document: &Value| Reply::answer("control", reply::json(status, document));
    // With these checks a page in a browser can neither read the answers nor change anything: it cannot choose the
    // host's name, and it always sends its origin.
    let host = request.headers().get(http::header::HOST).and_then(|host| host.to_str().ok());
    let port = world.addresses.control.port();
    let known = [format!("127.0.0.1:{port}"), format!("localhost:{port}")];
    if !known.iter().any(|known| Some(known.as_str()) == host) || request.headers().contains_key("origin") {
        return response(StatusCode::FORBIDDEN, &json!({ "error": "not for browsers" }));
    }
    let parameters = Parameters::parse(request.uri().query().unwrap_or_default().as_bytes());
    let read = request.method() == Method::GET;
    let answer = match (request.uri().path(), read) {
        ("/requests", true) => Ok(json!({ "counts": world.log.counts(), "requests": world.log.requests() })),
        ("/mapping", true) => Ok(world.pool_roles().document(&world.names.identity_pool_id, &world.mapped_provider())),
        ("/secrets", true) => Ok(json!({ "secrets": world.secrets_issued() })),
        ("/people", true) => Ok(json!({ "people": world.people() })),
        ("/mapping", false) if request.method() == Method::POST => mapping(world, request.body()),
        (_, false) if request.method() == Method::POST => change(world, request.uri().path(), &parameters),
        _ => Err((StatusCode::NOT_FOUND, "no such control".to_owned())),
    };
    match answer {
        Ok(document) => response(StatusCode::OK, &document),
        Err((status, message)) => response(status, &json!({ "error": message })),
    }
}

/// Replaces the identity pool's roles with the roles in `json`, the output of `aws cognito-identity
/// get-identity-pool-roles`.
fn mapping(world: &World, json: &[u8]) -> Result<Value, (StatusCode, String)> {
    let provider = world.mapped_provider();
    let roles = PoolRoles::parse(json, &provider).map_err(|error| (StatusCode::BAD_REQUEST, format!("{error:#}")))?;
    world.change_pool_roles(|current| *current = roles);
    Ok(world.pool_roles().document(&world.names.identity_pool_id, &provider))
}

fn change(world: &World, path: &str, parameters: &Parameters) -> Result<Value, (StatusCode, String)> {
    let bad = |message: String| (StatusCode::BAD_REQUEST, message);
    // A year in either direction is enough for any test, and cannot overflow a date.
    let number = |name: &str| -> Result<Option<i64>, (StatusCode, String)> {
        let Some(text) = parameters.get(name) else { return Ok(None) };
        let number = text.parse().ok().filter(|number: &i64| (-MOST_SECONDS..=MOST_SECONDS).contains(number));
        number.map(Some).ok_or_else(|| bad(format!("'{name}' has to be a whole number, at most {MOST_SECONDS}")))
    };
    match path {
        "/misbehave" => {
            let name = parameters.get("name").ok_or_else(|| bad("'name' is missing".into()))?;
            let misbehaviour: Misbehaviour = name.parse().map_err(|error| bad(format!("{error}")))?;
            let times = number("times")?.map(|times| u32::try_from(times).unwrap_or_default());
            world.active.set(misbehaviour, times);
            Ok(json!({ "misbehaviour": misbehaviour.name(), "times": times }))
        }
        "/refuse" => {
            let name = parameters.get("name").ok_or_else(|| bad("'name' is missing".into()))?;
            let refusal: Refusal = name.parse().map_err(|error| bad(format!("{error}")))?;
            let times = number("times")?.map(|times| u32::try_from(times).unwrap_or_default());
            world.refusals.set(refusal, times);
            Ok(json!({ "refusal": refusal.name, "times": times }))
        }
        "/clear" => {
            world.active.clear();
            world.refusals.clear();
            Ok(json!({}))
        }
        "/clear-log" => {
            world.log.clear();
            Ok(json!({}))
        }
        "/clock" => {
            let advance = number("advance")?.ok_or_else(|| bad("'advance' is missing: seconds".into()))?;
            world.advance(TimeDelta::seconds(advance));
            Ok(json!({ "now": world.now() }))
        }
        "/lifetimes" => {
            let seconds = number("credentials")?.ok_or_else(|| bad("'credentials' is missing: seconds".into()))?;
            world.set_credentials_lifetime(seconds);
            Ok(json!({ "credentials": seconds }))
        }
        "/people" => {
            let name = parameters.get("name").ok_or_else(|| bad("'name' is missing".into()))?;
            let sent: Vec<&str> = parameters.all("role").collect();
            // `role=` alone is a blank value, which differs from no value.
            let is_blank = !sent.is_empty() && sent.iter().all(|role| role.is_empty());
            let roles = if is_blank { vec![""] } else { sent.into_iter().filter(|role| !role.is_empty()).collect() };
            let roles: Vec<String> = roles.into_iter().map(ToOwned::to_owned).collect();
            if world.change_user(name, |person| person.roles.clone_from(&roles)) {
                Ok(json!({ "name": name, "roles": roles }))
            } else {
                Err((StatusCode::NOT_FOUND, format!("nobody is named '{name}'")))
            }
        }
        "/revoke-all" => {
            world.revoke_all();
            Ok(json!({}))
        }
        _ => Err((StatusCode::NOT_FOUND, "no such control".into())),
    }
}
