//! The decision on how to treat one request to the loopback listener. It is pure, so that tests can try every odd
//! request.
//!
//! The order of the checks is the defence (RFC 8252, section 8; RFC 9700, section 4). A sender without the state of
//! this sign-in can neither end it nor supply a code.

use http::{Method, StatusCode};
use subtle::ConstantTimeEq;
use url::form_urlencoded;

use crate::error::{abridged, shortened};
use crate::loopback::{self, Request};
use crate::secret::Secret;

/// The maximum length of an authorization code, in bytes. Cognito's have 36; those of Azure AD B2C are encrypted
/// claims. It has to fit into the request head that `loopback::server` accepts.
const LONGEST_CODE: usize = 128 * 1024;
/// The maximum length of an error code, in characters; longer codes are cut.
const LONGEST_ERROR: usize = 200;
/// The maximum length of an error description, in characters; longer descriptions are cut.
const LONGEST_DESCRIPTION: usize = 1000;
/// The path of the page that the browser shows after the sign-in. It has no query, so that no code stays in the address
/// bar or the history.
pub const DONE: &str = "/done";
/// The error codes of RFC 6749, section 4.1.2.1. From a sender without the state, only these are shown.
const ERRORS: [&str; 7] = [
    "invalid_request",
    "unauthorized_client",
    "access_denied",
    "unsupported_response_type",
    "invalid_scope",
    "server_error",
    "temporarily_unavailable",
];
/// The Fetch Metadata headers, with their values, that a browser sends when it navigates to a page
/// (<https://www.w3.org/TR/fetch-metadata/>). Images, frames and scripts of other pages have other values. Older
/// browsers send none.
const NAVIGATION: [(&str, &str); 2] = [("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document")];

/// The reason for refusing a request that comes from an image, frame or script of another page.
const BY_PAGE: &str = "only pages that a person opens are served here, no parts of other pages";
/// The reason for refusing a request that comes through a service worker. The refusal removes the worker.
const BY_WORKER: &str = "a service worker that another program left at this port passed this request on, and has been \
                         removed; reload this page";

/// The properties of the callback that the listener waits for.
#[derive(Debug, Clone)]
pub struct Awaited {
    /// The port of the listener.
    pub port: u16,
    /// The path of the redirect URI.
    pub path: String,
    /// The path of the short local address, which redirects to the authorization endpoint.
    pub start: String,
    /// The `state` value of this sign-in.
    pub state: Secret,
    /// The issuers that an `iss` parameter may name (RFC 9207).
    pub issuers: Vec<String>,
    /// True if the issuer promises `iss` in all its answers (RFC 9207, section 2.4). An answer without it is then
    /// refused.
    pub needs_issuer: bool,
}

/// The decision on how to treat a request.
#[derive(Debug, PartialEq, Eq)]
pub enum Judgement {
    /// An authorization code, sent with the right `state`.
    Code(Secret),
    /// The identity provider's error answer, sent with the right `state`.
    Denied(Denial),
    /// An answer with the right `state` that cannot be used, with the status and the reason. The wait goes on.
    Unusable(StatusCode, String),
    /// An error answer without this sign-in's `state`, with the error code from the answer if RFC 6749 defines that
    /// code. It ends nothing, but a person may want to know of it.
    Unvouched(Option<&'static str>),
    /// The browser's request for the short local address, which redirects to the authorization endpoint.
    Start,
    /// The browser's request for the page that it shows after the sign-in.
    Done,
    /// A request that is not part of the sign-in. The listener answers it with this status and keeps waiting.
    Refuse(StatusCode, &'static str),
}

/// The parameters `error` and `error_description` of an error answer (RFC 6749, section 4.1.2.1). Text from outside:
/// escape it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Denial {
    /// The error code, such as `access_denied`.
    pub error: String,
    /// The server's description of the error.
    pub description: Option<String>,
}

/// Decides how to treat a request to the listener.
pub fn judge(request: &Request, awaited: &Awaited) -> Judgement {
    use Judgement::Refuse;
    if request.method != Method::GET {
        return judge_other_method(request, awaited);
    }
    if !loopback::is_addressed_to(request, awaited.port) {
        return Refuse(StatusCode::MISDIRECTED_REQUEST, "this host is not served here");
    }
    // Browsers ask for this as an image.
    if request.path == "/favicon.ico" {
        return Refuse(StatusCode::NO_CONTENT, "");
    }
    let (is_start, is_by_worker) = (is_equal(&request.path, &awaited.start), is_by_worker(request));
    let is_served = is_navigation(request) || is_start && is_by_worker;
    if !is_served {
        return Refuse(StatusCode::FORBIDDEN, if is_by_worker { BY_WORKER } else { BY_PAGE });
    }
    match request.path.as_str() {
        DONE => Judgement::Done,
        _ if is_start => Judgement::Start,
        path if path == awaited.path => Parameters::read(&request.query).judged(awaited),
        path if Parameters::read(&request.query).is_answer(awaited) => Judgement::Unusable(
            StatusCode::NOT_FOUND,
            format!("at the path '{}' instead of '{}'", shortened(path, LONGEST_ERROR), awaited.path),
        ),
        _ => Refuse(StatusCode::NOT_FOUND, "nothing is served at this path"),
    }
}

/// Decides how to treat a request whose method is not GET. An issuer that was set to `response_mode=form_post` sends
/// the right answer as a form.
fn judge_other_method(request: &Request, awaited: &Awaited) -> Judgement {
    let is_answer = |form: &str| Parameters::read(form).is_answer(awaited);
    if request.method == Method::POST
        && loopback::is_addressed_to(request, awaited.port)
        && is_navigation(request)
        && (is_answer(&request.form) || is_answer(&request.query))
    {
        let reason = "by POST instead of GET, as with response_mode=form_post, which cogfed does not ask for";
        return Judgement::Unusable(StatusCode::METHOD_NOT_ALLOWED, reason.to_owned());
    }
    Judgement::Refuse(StatusCode::METHOD_NOT_ALLOWED, "only GET is answered here")
}

/// Returns whether the headers say that the browser navigates to a page. Otherwise, the browser loads a part of another
/// page.
fn is_navigation(request: &Request) -> bool {
    NAVIGATION.iter().all(|(name, value)| request.headers.get_all(*name).iter().all(|given| given == value))
}

/// Returns whether the request is for a page and was forwarded by a service worker of this port. A page of another
/// origin cannot make such a request. Chromium names no destination then.
fn is_by_worker(request: &Request) -> bool {
    let [(mode, navigate), (destination, _)] = NAVIGATION;
    let is_all = |name: &str, value: &str| request.headers.get_all(name).iter().all(|given| given == value);
    request.headers.contains_key(mode) && is_all(mode, navigate) && is_all(destination, "empty")
}

fn is_equal(given: &str, awaited: &str) -> bool {
    given.as_bytes().ct_eq(awaited.as_bytes()).into()
}

fn is_code(code: &str) -> bool {
    (1..=LONGEST_CODE).contains(&code.len()) && code.bytes().all(|byte| byte.is_ascii_graphic())
}

/// The callback parameters that cogfed knows. Others are ignored, since servers may add some (RFC 6749, section 4.1.2).
#[derive(Default)]
pub(super) struct Parameters {
    state: Option<String>,
    code: Option<String>,
    error: Option<String>,
    description: Option<String>,
    issuer: Option<String>,
    /// True if a known parameter occurs twice, which RFC 6749, section 3.1, forbids. The first one is kept.
    is_repeated: bool,
}

impl Parameters {
    /// Parses a query string or the body of a form.
    pub(super) fn read(query: &str) -> Self {
        let mut parameters = Self::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let slot = match name.as_ref() {
                "state" => &mut parameters.state,
                "code" => &mut parameters.code,
                "error" => &mut parameters.error,
                "error_description" => &mut parameters.description,
                "iss" => &mut parameters.issuer,
                _ => continue,
            };
            match slot {
                None => *slot = Some(value.into_owned()),
                Some(_) => parameters.is_repeated = true,
            }
        }
        parameters
    }

    /// Returns whether the parameters contain the `state` of this sign-in.
    pub(super) fn knows_state(&self, awaited: &Awaited) -> bool {
        self.state.as_deref().is_some_and(|state| is_equal(state, awaited.state.expose()))
    }

    /// Returns whether the parameters contain a code but no `state`.
    pub(super) fn is_bare_code(&self) -> bool {
        self.code.is_some() && self.state.is_none()
    }

    /// Returns whether the parameters contain a `state`, which may belong to this sign-in or to another sign-in.
    pub(super) fn has_state(&self) -> bool {
        self.state.is_some()
    }

    /// Returns the `error` parameter, if there is one.
    pub(super) fn error(&self) -> Option<&str> {
        self.error.as_deref()
    }

    /// Returns whether the parameters are an answer to this sign-in, regardless of the path.
    pub(super) fn is_answer(&self, awaited: &Awaited) -> bool {
        self.knows_state(awaited) && (self.code.is_some() || self.error.is_some())
    }

    /// Decides how to treat a callback with these parameters.
    pub(super) fn judged(self, awaited: &Awaited) -> Judgement {
        let unusable = |reason: &str| Judgement::Unusable(StatusCode::BAD_REQUEST, reason.to_owned());
        if !self.knows_state(awaited) {
            return match self.error {
                Some(error) => Judgement::Unvouched(ERRORS.into_iter().find(|known| *known == error)),
                None => Judgement::Refuse(StatusCode::BAD_REQUEST, NOT_OURS),
            };
        }
        if self.is_repeated {
            return unusable("with a parameter that is there twice");
        }
        match self.issuer {
            Some(issuer) if !awaited.issuers.contains(&issuer) => return unusable("from another issuer"),
            None if awaited.needs_issuer => return unusable("without the name of its issuer"),
            _ => {}
        }
        if let Some(error) = self.error {
            return Judgement::Denied(Denial {
                error: shortened(&error, LONGEST_ERROR),
                description: self.description.map(|text| abridged(&text, LONGEST_DESCRIPTION)),
            });
        }
        match self.code {
            Some(code) if is_code(&code) => Judgement::Code(Secret::new(code)),
            Some(code) if code.len() > LONGEST_CODE => unusable("with an authorization code of more than 128 KiB"),
            _ => unusable("without an authorization code"),
        }
    }
}

/// The reason for refusing a request without this sign-in's `state`.
pub const NOT_OURS: &str = "this does not belong to the sign-in that cogfed waits for";

#[cfg(test)]
mod tests;
