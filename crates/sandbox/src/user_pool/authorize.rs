//! The authorization endpoint with its sign-in pages, up to the redirect with a code
//! (<https://docs.aws.amazon.com/cognito/latest/developerguide/authorization-endpoint.html>).

use bytes::Bytes;
use chrono::{DateTime, Utc};
use http::{Request, Response};
use url::Url;
use url::form_urlencoded::byte_serialize;

use crate::misbehaviour::Misbehaviour;
use crate::pages;
use crate::people::Directory;
use crate::random;
use crate::refusals::Place;
use crate::reply;
use crate::sessions::{AuthorizationRequest, FIVE_MINUTES, Transaction};
use crate::user_pool::sessions::{COOKIE_LIFETIME, Code, Session, SignIn};
use crate::user_pool::{COOKIE_NAME, session_ids};
use crate::web::{Parameters, form, query};
use crate::world::World;

/// The scopes that exist in every user pool, including scopes that the app client may not request.
const KNOWN_SCOPES: [&str; 5] = ["openid", "email", "phone", "profile", "aws.cognito.signin.user.admin"];

/// The reason why an authorization request is refused.
enum Refusal {
    /// The client id or the redirect URI is wrong, so the browser is redirected to the hosted UI's error page.
    Page { error: &'static str, sent: Parameters },
    /// The client id is wrong, and the browser gets the error page without a redirect.
    PageHere { error: &'static str },
    /// The browser is redirected to the client, with the error in the redirect URI.
    Redirect { redirect_uri: String, state: Option<String>, error: &'static str, description: Option<&'static str> },
}

impl Refusal {
    fn response(self, world: &World) -> Response<Bytes> {
        match self {
            Refusal::Page { error, sent } => pages::to_error(error, &sent),
            Refusal::PageHere { error } => pages::error(error),
            Refusal::Redirect { redirect_uri, state, error, description } => {
                let state = state.filter(|_| world.options.state_on_errors);
                error_redirect(&redirect_uri, state.as_deref(), error, description)
            }
        }
    }
}

fn encoded(text: &str) -> String {
    byte_serialize(text.as_bytes()).collect()
}

/// Returns a redirect that reports an error to the app client. The description comes first, as at Cognito.
fn error_redirect(uri: &str, state: Option<&str>, error: &str, description: Option<&str>) -> Response<Bytes> {
    let description = description.map(|text| format!("error_description={}&", encoded(text))).unwrap_or_default();
    let state = state.map(|state| format!("&state={}", encoded(state))).unwrap_or_default();
    reply::redirect(&format!("{uri}?{description}error={error}{state}"))
}

/// Validates the parameters of an authorization request. The client and the redirect URI are checked first, since
/// errors are redirected only to a registered URI.
fn checked(world: &World, parameters: &Parameters) -> Result<AuthorizationRequest, Refusal> {
    let is_known = parameters.get("client_id") == Some(world.names.client_id.as_str());
    if !is_known || world.active.due(Misbehaviour::UnknownClient) {
        return Err(match world.options.unknown_client_page {
            true => Refusal::PageHere { error: "unauthorized_client" },
            false => Refusal::Page { error: "invalid_request", sent: parameters.clone() },
        });
    }
    let redirect_uri = parameters.get("redirect_uri").unwrap_or_default().to_owned();
    if !world.redirect_uris().contains(&redirect_uri) || world.active.due(Misbehaviour::UnregisteredCallback) {
        return Err(Refusal::Page { error: "redirect_mismatch", sent: parameters.clone() });
    }
    let state = parameters.get("state").map(ToOwned::to_owned);
    let refusal = |error, description| {
        Err(Refusal::Redirect { redirect_uri: redirect_uri.clone(), state: state.clone(), error, description })
    };
    if parameters.repeated() {
        return refusal("invalid_request", Some("a parameter is repeated"));
    }
    match parameters.get("response_type") {
        Some("code") => {}
        Some("token") => return refusal("unauthorized_client", None),
        _ => return refusal("invalid_request", Some("invalid response_type")),
    }
    let challenge = parameters.get("code_challenge");
    match (challenge, parameters.get("code_challenge_method")) {
        (None, None) => {}
        (Some(challenge), Some("S256")) if is_challenge(challenge) => {}
        _ => return refusal("invalid_request", Some("invalid code_challenge or code_challenge_method")),
    }
    let Some(scopes) = scopes(world, parameters.get("scope").unwrap_or_default()) else {
        return refusal("invalid_scope", None);
    };
    let resource = parameters.get("resource");
    if !resource.is_none_or(is_resource) {
        return refusal("invalid_request", Some("invalid resource"));
    }
    Ok(AuthorizationRequest {
        redirect_uri: redirect_uri.clone(),
        state: state.clone(),
        nonce: parameters.get("nonce").map(ToOwned::to_owned),
        challenge: challenge.map(ToOwned::to_owned),
        scopes,
        resource: resource.map(ToOwned::to_owned),
        login_hint: parameters.get("login_hint").map(ToOwned::to_owned),
    })
}

/// Returns whether `text` can be the audience of an access token: `https://`, `http://localhost` or a custom scheme.
fn is_resource(text: &str) -> bool {
    text.contains("://")
        && Url::parse(text).is_ok_and(|url| url.scheme() != "http" || url.host_str() == Some("localhost"))
}

/// Returns whether `text` looks like an S256 challenge: 43 characters of base64url.
fn is_challenge(text: &str) -> bool {
    text.len() == 43 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

/// Returns the granted scopes: the requested scopes that the app client has or, if the request names no scope, all
/// scopes of the app client. Returns `None` for a scope that the user pool does not know, or that requires a missing
/// `openid`.
fn scopes(world: &World, asked: &str) -> Option<Vec<String>> {
    let own = &world.options.scopes;
    let asked: Vec<&str> = asked.split(' ').filter(|scope| !scope.is_empty()).collect();
    if asked.is_empty() {
        return Some(own.clone());
    }
    let known = |scope: &&str| KNOWN_SCOPES.contains(scope) || own.iter().any(|own| own == scope);
    let needs_openid = asked.iter().any(|scope| ["email", "phone", "profile"].contains(scope));
    if !asked.iter().all(known) || (needs_openid && !asked.contains(&"openid")) {
        return None;
    }
    Some(own.iter().filter(|own| asked.contains(&own.as_str())).cloned().collect())
}

/// Returns the directory that the request selects by `identity_provider` or `idp_identifier`, or `None` if it has
/// neither parameter. Fails for an unknown directory.
fn asked_directory(parameters: &Parameters) -> Result<Option<Directory>, ()> {
    match (parameters.get("identity_provider"), parameters.get("idp_identifier")) {
        (Some(name), _) => Directory::named(name).map(Some).ok_or(()),
        (None, Some(identifier)) => Directory::identified(identifier).map(Some).ok_or(()),
        (None, None) => Ok(None),
    }
}

/// Returns the browser's session at the hosted UI, unless it has expired.
fn session(world: &World, now: DateTime<Utc>, request: &Request<Bytes>) -> Option<Session> {
    let state = world.user_pool();
    session_ids(request).filter_map(|id| state.sessions.get(id)).find(|session| now < session.expires).cloned()
}

/// Answers `GET /oauth2/authorize`.
pub fn authorize(world: &World, now: DateTime<Utc>, request: &Request<Bytes>) -> Response<Bytes> {
    let parameters = query(request);
    let asked = match checked(world, &parameters) {
        Ok(asked) => asked,
        Err(refusal) => return refusal.response(world),
    };
    let refusal = |error, description| {
        let (redirect_uri, state) = (asked.redirect_uri.clone(), asked.state.clone());
        Refusal::Redirect { redirect_uri, state, error, description }.response(world)
    };
    let Ok(directory) = asked_directory(&parameters) else {
        return refusal("invalid_request", Some("Login option is not available"));
    };
    let prompts: Vec<&str> = parameters.get("prompt").unwrap_or_default().split(' ').collect();
    if prompts.contains(&"none") && prompts.len() > 1 {
        return refusal("invalid_request", Some("invalid prompt"));
    }
    let session = session(world, now, request).filter(|session| directory.is_none_or(|it| it == session.directory));
    if let Some(session) = session.filter(|_| !prompts.contains(&"login") && !prompts.contains(&"select_account")) {
        return signed_in(world, now, &asked, &session, true);
    }
    if prompts.contains(&"none") {
        return refusal("login_required", None);
    }
    match directory {
        Some(directory) => to_directory(world, now, asked, directory),
        None => reply::redirect(&format!("/login?{}", parameters.encoded())),
    }
}

/// Answers `GET /login` with the page for choosing an identity provider. The links on this page lead back to the
/// authorization endpoint.
pub fn login(world: &World, request: &Request<Bytes>) -> Response<Bytes> {
    let parameters = query(request);
    match checked(world, &parameters) {
        Ok(_) if world.active.due(Misbehaviour::NoLoginPages) => pages::no_login_pages(),
        Ok(_) => pages::chooser(&parameters),
        Err(refusal) => refusal.response(world),
    }
}

fn to_directory(
    world: &World,
    now: DateTime<Utc>,
    request: AuthorizationRequest,
    directory: Directory,
) -> Response<Bytes> {
    let id = random::base64url(24);
    let location = format!("/sandbox/{}?transaction={id}", directory.name());
    let mut state = world.user_pool();
    state.tidy(now);
    state.transactions.insert(id, Transaction { request, directory, expires: now + FIVE_MINUTES });
    reply::redirect(&location)
}

/// Answers a request for a directory's sign-in page.
pub fn directory(world: &World, now: DateTime<Utc>, directory: Directory, request: &Request<Bytes>) -> Response<Bytes> {
    let parameters = query(request);
    let id = parameters.get("transaction").unwrap_or_default();
    let transaction = world.user_pool().transactions.get(id).cloned();
    match transaction {
        Some(transaction) if now < transaction.expires && transaction.directory == directory => {
            let action = match directory {
                Directory::AzureAd => "/saml2/idpresponse",
                Directory::AzureB2c => "/oauth2/idpresponse",
                Directory::UserPool => "/login",
            };
            pages::sign_in(directory, action, id, &world.users(), &transaction.request)
        }
        _ => pages::error("the sign-in took too long"),
    }
}

/// Answers the form of a directory's sign-in page: `POST /saml2/idpresponse`, `POST /oauth2/idpresponse` and, for
/// native users, `POST /login`.
pub fn idp_response(world: &World, now: DateTime<Utc>, request: &Request<Bytes>) -> Response<Bytes> {
    let parameters = form(request).unwrap_or_default();
    let transaction = world.user_pool().transactions.remove(parameters.get("transaction").unwrap_or_default());
    let Some(Transaction { request, directory, .. }) = transaction.filter(|transaction| now < transaction.expires)
    else {
        return pages::error("the sign-in took too long");
    };
    if parameters.get("cancel").is_some() {
        let state = request.state.clone().filter(|_| world.options.state_on_errors);
        return error_redirect(
            &request.redirect_uri,
            state.as_deref(),
            "access_denied",
            Some(match directory {
                Directory::AzureAd => "AADSTS65004: User declined to consent to access the app.",
                Directory::AzureB2c => "AADB2C90091: The user has cancelled entering self-asserted information.",
                Directory::UserPool => "the user cancelled",
            }),
        );
    }
    let user = world.user_named(parameters.get("person").unwrap_or_default());
    let Some(user) = user.filter(|user| user.person.is_in(directory)) else {
        return pages::error("the directory does not know this person");
    };
    world.arrive(&user.person.name);
    let session = Session { sub: user.sub, directory, signed_in: now, expires: now + COOKIE_LIFETIME };
    let id = random::base64url(32);
    let answer = signed_in(world, now, &request, &session, false);
    world.user_pool().sessions.insert(id.clone(), session);
    let age = COOKIE_LIFETIME.num_seconds();
    reply::set_cookie(answer, &format!("{COOKIE_NAME}={id}; Path=/; Max-Age={age}; HttpOnly; SameSite=Lax"))
}

/// Returns a redirect to the client with an authorization code for the person in `session`.
fn signed_in(
    world: &World,
    now: DateTime<Utc>,
    request: &AuthorizationRequest,
    session: &Session,
    silently: bool,
) -> Response<Bytes> {
    let uri = &request.redirect_uri;
    if world.active.due(Misbehaviour::ErrorWithoutState) {
        return error_redirect(uri, None, "server_error", Some("the sandbox was asked to misbehave"));
    }
    if world.active.due(Misbehaviour::AccessDenied) {
        return error_redirect(uri, request.state.as_deref(), "access_denied", Some("denied by the sandbox"));
    }
    if let Some(refusal) = world.refusals.due_at(Place::Authorize) {
        let text = refusal.text();
        return error_redirect(
            uri,
            request.state.as_deref(),
            refusal.code,
            Some(&text).filter(|text| !text.is_empty()).map(String::as_str),
        );
    }
    let code = world.new_code(random::uuid);
    let sign_in = SignIn {
        sub: session.sub.clone(),
        signed_in: session.signed_in,
        // For an external provider Cognito invents a missing nonce, and puts it into the ID token.
        nonce: Some(request.nonce.clone().unwrap_or_else(|| random::base64url(43))),
        scopes: request.scopes.clone(),
        resource: request.resource.clone(),
        origin: random::uuid(),
        event: random::uuid(),
    };
    let (redirect_uri, challenge) = (uri.clone(), request.challenge.clone());
    let mut memory = world.user_pool();
    memory.tidy(now);
    memory.codes.insert(code.clone(), Code { sign_in, redirect_uri, challenge, expires: now + FIVE_MINUTES });
    drop(memory);
    let state = if world.active.due(Misbehaviour::WrongState) {
        Some(random::base64url(32))
    } else {
        // Cognito encodes the state once more if the browser had a session, so only unreserved characters survive
        // (https://github.com/aws-amplify/amplify-js/issues/5218).
        request.state.as_deref().map(|state| if silently { encoded(state) } else { state.to_owned() })
    };
    if world.active.due(Misbehaviour::FormPost) {
        let pairs = [("code", code)].into_iter().chain(state.map(|state| ("state", state)));
        return pages::form_post(uri, &pairs.collect::<Vec<_>>());
    }
    let again = if world.active.due(Misbehaviour::RepeatedCode) { format!("code={code}&") } else { String::new() };
    let state = state.map(|state| format!("&state={}", encoded(&state))).unwrap_or_default();
    reply::redirect(&format!("{uri}?{again}code={code}{state}"))
}
