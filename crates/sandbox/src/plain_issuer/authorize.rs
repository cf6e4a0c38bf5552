//! The authorization endpoint and its sign-in page, up to the redirect with a code
//! (<https://learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow>).

use bytes::Bytes;
use chrono::{DateTime, Utc};
use http::header::LOCATION;
use http::{Request, Response};
use url::{Url, form_urlencoded};

use crate::misbehaviour::Misbehaviour;
use crate::pages;
use crate::plain_issuer::COOKIE_NAME;
use crate::plain_issuer::refusal::Refusal;
use crate::plain_issuer::sessions::{COOKIE_LIFETIME, Code, Session, TEN_MINUTES};
use crate::random;
use crate::refusals::Place;
use crate::reply;
use crate::sessions::{AuthorizationRequest, FIVE_MINUTES, Transaction};
use crate::web::{Parameters, cookies, form, query};
use crate::world::World;

/// The scopes of OpenID Connect itself, which belong to no API.
const SCOPES: [&str; 4] = ["openid", "profile", "email", "offline_access"];

/// The reason why an authorization request is refused. The variant says who shows it: the issuer or the client.
enum Refused {
    /// The client id or the redirect URI is wrong, so the issuer shows an error page and does not redirect.
    Here(Refusal),
    /// The browser is redirected to the client, with the error in the redirect URI.
    There { redirect_uri: String, state: Option<String>, refusal: Refusal },
}

/// Returns whether the application has registered this redirect URI. The port of `localhost` is ignored
/// (<https://learn.microsoft.com/entra/identity-platform/reply-url#localhost-exceptions>).
fn is_registered(world: &World, redirect_uri: &str) -> bool {
    let any_port = |uri: &str| -> Option<String> {
        let mut url =
            Url::parse(uri).ok().filter(|url| url.scheme() == "http" && url.host_str() == Some("localhost"))?;
        url.set_port(None).ok()?;
        Some(url.into())
    };
    let asked = any_port(redirect_uri);
    world.redirect_uris().iter().any(|known| known == redirect_uri || (asked.is_some() && any_port(known) == asked))
}

/// Validates the parameters of an authorization request. The client and the redirect URI are checked first, since
/// errors are redirected only to a registered URI.
fn checked(world: &World, parameters: &Parameters) -> Result<AuthorizationRequest, Refused> {
    let client_id = parameters.get("client_id").ok_or(Refused::Here(Refusal::Missing("client_id")))?;
    if client_id != world.names.client_id || world.active.due(Misbehaviour::UnknownClient) {
        let (client_id, tenant) = (client_id.to_owned(), world.names.tenant.clone());
        return Err(Refused::Here(Refusal::UnknownClient { client_id, tenant }));
    }
    let redirect_uri = parameters.get("redirect_uri").unwrap_or_default().to_owned();
    if !is_registered(world, &redirect_uri) || world.active.due(Misbehaviour::UnregisteredCallback) {
        let client_id = client_id.to_owned();
        return Err(Refused::Here(Refusal::RedirectMismatch { redirect_uri, client_id }));
    }
    let state = parameters.get("state").map(ToOwned::to_owned);
    let refused = |refusal| Err(Refused::There { redirect_uri: redirect_uri.clone(), state: state.clone(), refusal });
    if parameters.repeated() {
        return refused(Refusal::Repeated);
    }
    match parameters.get("response_type") {
        Some("code") => {}
        Some(_) => return refused(Refusal::ResponseType),
        None => return refused(Refusal::Missing("response_type")),
    }
    let challenge = parameters.get("code_challenge");
    match (challenge, parameters.get("code_challenge_method")) {
        (None, None) => {}
        (Some(challenge), Some("S256")) if challenge.len() == 43 => {}
        (Some(_), Some("S256")) => return refused(Refusal::ChallengeSize),
        (None, Some(_)) => return refused(Refusal::Missing("code_challenge")),
        (Some(_), _) => return refused(Refusal::ChallengeMethod),
    }
    let Some(scopes) = parameters.get("scope") else { return refused(Refusal::Missing("scope")) };
    let scopes: Vec<String> = scopes.split_ascii_whitespace().map(ToOwned::to_owned).collect();
    let is_known = |scope: &&String| {
        SCOPES.contains(&scope.as_str()) || (world.options.b2c_issuer && **scope == world.names.client_id)
    };
    if let Some(unknown) = scopes.iter().find(|scope| !is_known(scope)) {
        return refused(Refusal::Scope(unknown.clone()));
    }
    Ok(AuthorizationRequest {
        redirect_uri: redirect_uri.clone(),
        state: state.clone(),
        nonce: parameters.get("nonce").map(ToOwned::to_owned),
        challenge: challenge.map(ToOwned::to_owned),
        scopes,
        resource: None,
        login_hint: parameters.get("login_hint").map(ToOwned::to_owned),
    })
}

/// Answers `GET …/oauth2/v2.0/authorize`.
pub fn authorize(world: &World, now: DateTime<Utc>, request: &Request<Bytes>) -> Response<Bytes> {
    let parameters = query(request);
    let asked = match checked(world, &parameters) {
        Ok(asked) => asked,
        Err(Refused::Here(refusal)) => return refusal.page(world),
        Err(Refused::There { redirect_uri, state, refusal }) => {
            let state = state.filter(|_| world.options.state_on_errors);
            return refusal.redirect(world, &redirect_uri, state.as_deref(), now);
        }
    };
    let prompts: Vec<&str> = parameters.get("prompt").unwrap_or_default().split(' ').collect();
    let must_ask = prompts.contains(&"login") || prompts.contains(&"select_account");
    let mut memory = world.plain_issuer();
    memory.tidy(now);
    let session = cookies(request, COOKIE_NAME).find_map(|id| memory.sessions.get(id)).cloned();
    if let Some(session) = session.filter(|_| !must_ask) {
        drop(memory);
        return signed_in(world, now, asked, session.object_id);
    }
    if prompts.contains(&"none") {
        let state = asked.state.filter(|_| world.options.state_on_errors);
        return Refusal::NobodySignedIn.redirect(world, &asked.redirect_uri, state.as_deref(), now);
    }
    let id = random::base64url(24);
    let action = format!("/{}/login", world.names.tenant);
    let directory = world.plain_directory();
    let page = pages::sign_in(directory, &action, &id, &world.users(), &asked);
    let transaction = Transaction { request: asked, directory, expires: now + FIVE_MINUTES };
    memory.transactions.insert(id, transaction);
    page
}

/// Answers `POST …/login`, the form of the sign-in page.
pub fn login(world: &World, now: DateTime<Utc>, request: &Request<Bytes>) -> Response<Bytes> {
    let parameters = form(request).unwrap_or_default();
    let transaction = world.plain_issuer().transactions.remove(parameters.get("transaction").unwrap_or_default());
    let Some(Transaction { request, .. }) = transaction.filter(|transaction| now < transaction.expires) else {
        return pages::error("the sign-in took too long");
    };
    if parameters.get("cancel").is_some() {
        let state = request.state.filter(|_| world.options.state_on_errors);
        return Refusal::Declined.redirect(world, &request.redirect_uri, state.as_deref(), now);
    }
    let user = world.user_named(parameters.get("person").unwrap_or_default());
    let Some(user) = user.filter(|user| user.person.is_in(world.plain_directory())) else {
        return pages::error("the directory does not know this person");
    };
    let answer = signed_in(world, now, request, user.sub.clone());
    let id = random::base64url(32);
    world.plain_issuer().sessions.insert(id.clone(), Session { object_id: user.sub, expires: now + COOKIE_LIFETIME });
    let age = COOKIE_LIFETIME.num_seconds();
    reply::set_cookie(answer, &format!("{COOKIE_NAME}={id}; Path=/; Max-Age={age}; HttpOnly; SameSite=Lax"))
}

/// Returns a redirect to the client with an authorization code for the person `object_id`, who has signed in.
fn signed_in(world: &World, now: DateTime<Utc>, request: AuthorizationRequest, object_id: String) -> Response<Bytes> {
    let (uri, state) = (request.redirect_uri.clone(), request.state.clone());
    if world.active.due(Misbehaviour::ErrorWithoutState) {
        return Refusal::Malformed.redirect(world, &uri, None, now);
    }
    if world.active.due(Misbehaviour::AccessDenied) {
        return Refusal::Declined.redirect(world, &uri, state.as_deref(), now);
    }
    if let Some(refusal) = world.refusals.due_at(Place::Authorize) {
        let text = refusal.text();
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("error", refusal.code).append_pair("error_description", &text);
        query.extend_pairs(state.map(|state| ("state", state)));
        return reply::redirect(&format!("{uri}?{}", query.finish()));
    }
    // Codes are opaque, and as long as those of Entra ID, or of a simple user flow of B2C.
    let text = world.new_code(|| match world.options.b2c_issuer {
        true => format!("eyJraWQiOi.{}", random::base64url(1500)),
        false => format!("1.{}", random::base64url(750)),
    });
    let code = Code { object_id, request, expires: now + TEN_MINUTES, redeemed: false };
    world.plain_issuer().codes.insert(text.clone(), code);
    let state = if world.active.due(Misbehaviour::WrongState) { Some(random::base64url(32)) } else { state };
    let mut pairs = vec![("code", text.clone())];
    pairs.extend(world.active.due(Misbehaviour::RepeatedCode).then_some(("code", text)));
    pairs.extend(state.map(|state| ("state", state)));
    pairs.push(("session_state", random::uuid()));
    if world.active.due(Misbehaviour::FormPost) {
        return pages::form_post(&uri, &pairs);
    }
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(&pairs).finish();
    reply::redirect(&format!("{uri}?{query}"))
}

/// Answers `GET …/oauth2/v2.0/logout` (OpenID Connect RP-Initiated Logout 1.0). Ends the browser's session, and
/// redirects to a registered URI or shows a page.
pub fn logout(world: &World, request: &Request<Bytes>) -> Response<Bytes> {
    let mut memory = world.plain_issuer();
    for id in cookies(request, COOKIE_NAME) {
        memory.sessions.remove(id);
    }
    drop(memory);
    let parameters = query(request);
    let place = parameters.get("post_logout_redirect_uri");
    let response = match place.filter(|uri| *uri == world.logout_uri() || is_registered(world, uri)) {
        Some(uri) => reply::with_header(reply::empty(http::StatusCode::FOUND), LOCATION, uri),
        None => pages::signed_out(),
    };
    reply::set_cookie(response, &format!("{COOKIE_NAME}=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax"))
}
