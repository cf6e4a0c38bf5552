//! Redirects: the target that an answer names, and the request that follows the redirect.
//!
//! A redirect is followed without anything that is the API's or the person's alone. The target often is a presigned URL
//! of S3, which needs no signature and refuses a second one.

use bytes::Bytes;
use http::header::{
    ACCEPT, ACCEPT_ENCODING, ACCEPT_LANGUAGE, AUTHORIZATION, CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_LENGTH,
    CONTENT_TYPE, HOST, IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE, IF_UNMODIFIED_SINCE, LOCATION, RANGE,
    USER_AGENT,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, Uri};
use url::{Position, Url};

use super::build::ApiRequest;
use super::dry_run::MASK;
use super::send::{Answer, Lost, Stage, Watch, send_request};
use crate::error::{Failure, Kind};
use crate::http::ApiClient;
use crate::network::is_loopback;

/// The headers that may be sent to another origin, because they only describe the wanted answer. All others may be
/// secret.
const HARMLESS: [HeaderName; 10] = [
    ACCEPT,
    ACCEPT_ENCODING,
    ACCEPT_LANGUAGE,
    IF_MATCH,
    IF_MODIFIED_SINCE,
    IF_NONE_MATCH,
    IF_RANGE,
    IF_UNMODIFIED_SINCE,
    RANGE,
    USER_AGENT,
];
/// The headers that a redirect drops even at the API's own origin, because they belong to the signed request or its body.
/// It drops secret headers, too.
const OWN: [HeaderName; 6] = [AUTHORIZATION, CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_LENGTH, CONTENT_TYPE, HOST];

/// A redirect, as read from an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redirect {
    status: StatusCode,
    /// The target URL without user and password, or the reason why there is no target.
    to: Result<Url, &'static str>,
    is_same_origin: bool,
}

impl Redirect {
    /// Returns the redirect in `answer` if the status is from 300 to 399, except 304 (Not Modified), and `None`
    /// otherwise.
    pub fn of(answer: &Answer) -> Option<Self> {
        Self::read(answer.status(), answer.headers(), answer.url())
    }

    fn read(status: StatusCode, headers: &HeaderMap, url: &str) -> Option<Self> {
        if !status.is_redirection() || status == StatusCode::NOT_MODIFIED {
            return None;
        }
        let here = Url::parse(url).ok()?;
        let to = match headers.get(LOCATION) {
            None => Err("without saying where to (no Location header)"),
            Some(value) => target(value, &here).ok_or("to something that is no URL"),
        };
        let is_same_origin = to.as_ref().is_ok_and(|to| to.origin() == here.origin());
        Some(Self { status, to, is_same_origin })
    }

    /// Describes the redirect for a person. The query of the target is masked, because it may hold a signature.
    pub fn described(&self) -> String {
        let status = self.status.as_u16();
        match &self.to {
            Err(fault) => format!("the API redirects (status {status}) {fault}"),
            Ok(to) => format!("the API redirects (status {status}) to {}", shown(to)),
        }
    }

    /// Returns the next step for a person who has not asked to follow redirects.
    pub fn hint(&self) -> &'static str {
        match &self.to {
            Err(_) => "tell the owner of the API",
            Ok(_) if self.is_same_origin => "if it is the API's own route, call that URL instead; -L follows unsigned",
            Ok(_) => "add -L to follow it, without the signature",
        }
    }

    /// Returns the next step for a person who asked to follow redirects, if this one was not followed.
    pub fn hint_if_not_followed(&self) -> &'static str {
        match (&self.to, self.status.as_u16()) {
            (Err(_), _) => "tell the owner of the API",
            (Ok(_), 307 | 308) => "a request is followed only as GET or HEAD; call the target itself to send the body",
            (Ok(_), _) => "only 301, 302, 303, 307 and 308 are followed; call the target itself",
        }
    }
}

/// Returns the URL in a `Location` header of an answer from `here`, without user, password and fragment.
fn target(value: &HeaderValue, here: &Url) -> Option<Url> {
    let mut to = here.join(&String::from_utf8_lossy(value.as_bytes())).ok()?;
    // Ignored: both fail only for URLs without a host.
    let _ = to.set_username("").and_then(|()| to.set_password(None));
    to.set_fragment(None);
    Some(to)
}

/// Returns the value of a `Location` header in an answer from `url`, as text for a person. User, password and fragment
/// are left out, and the query is masked, because they may be secrets.
pub fn masked_location(value: &HeaderValue, url: &str) -> String {
    let text = String::from_utf8_lossy(value.as_bytes());
    if !text.contains(['?', '#', '@']) {
        return text.into_owned();
    }
    let to = Url::parse(url).ok().and_then(|here| target(value, &here));
    to.map_or_else(|| MASK.to_owned(), |to| shown(&to))
}

/// Returns the URL with its query masked.
fn shown(url: &Url) -> String {
    let mut shown = url.clone();
    shown.set_query(url.query().map(|_| MASK));
    shown.to_string()
}

/// An event while redirects are followed, for messages. The secrets in its texts are masked.
pub enum Hop<'a> {
    /// A request is about to be sent.
    Request {
        /// The URL of the request.
        to: String,
        /// The head of the request as HTTP/1.1 text.
        head: String,
    },
    /// An answer has arrived.
    Answer(&'a Answer),
}

/// The clients and the limits for following the redirects of one request.
pub struct Redirects<'a> {
    /// The client for the API's own origin.
    pub own: &'a ApiClient,
    /// The client for other origins. It presents no certificate.
    pub others: &'a ApiClient,
    /// The maximum number of redirects to follow.
    pub most: u32,
    /// The limits of the exchange.
    pub watch: &'a Watch,
}

impl Redirects<'_> {
    /// Follows `answer` (the answer to `request`) through all redirects, with unsigned requests, and returns the last
    /// answer. `on_hop` is called for each request and each answer. A redirect that is not followed is returned as it is.
    ///
    /// # Errors
    /// [`Kind::Network`] if there is no answer, if there are too many redirects or they form a loop, or if one leads
    /// from https to http.
    pub async fn follow(
        &self,
        request: &ApiRequest,
        mut answer: Answer,
        mut on_hop: impl FnMut(Hop<'_>),
    ) -> Result<Answer, Lost> {
        let mut step = Step::first(request);
        let (mut count, mut seen) = (0, Vec::new());
        let fail = |what: String, hint: &str| Lost {
            failure: Failure::new(Kind::Network, what).hint(hint),
            stage: Stage::Final,
        };
        while let Some(redirect) = Redirect::of(&answer) {
            let Some(next) = step.next(&redirect) else { break };
            let shown = next.to.as_str();
            if !next.may_be_followed() {
                let what = format!("{}, which is not encrypted: not followed", redirect.described());
                return Err(fail(what, "ask the owner of the API to redirect to https"));
            }
            if count >= self.most {
                let what =
                    format!("more than {} redirects: the last one leads to {}", self.most, self::shown(&next.to));
                return Err(fail(what, "raise --max-redirs, or call the final URL"));
            }
            let visit = (next.method.clone(), shown.to_owned());
            if seen.contains(&visit) {
                let what = format!("the redirects form a loop: {} again", self::shown(&next.to));
                return Err(fail(what, "the resource may need a signature of its own: call its URL instead"));
            }
            seen.push(visit);
            on_hop(Hop::Request { to: self::shown(&next.to), head: next.masked_head() });
            let client = if next.is_own { self.own } else { self.others };
            let sent = send_request(client, &next.request()?, self.watch).await;
            answer = sent.map_err(|lost| lost.behind(request.method()))?;
            on_hop(Hop::Answer(&answer));
            count += 1;
            step = next;
        }
        answer.redirects = count;
        Ok(answer)
    }
}

/// One request in a chain of redirects.
struct Step {
    method: Method,
    headers: HeaderMap,
    to: Url,
    /// True as long as no redirect has left the API's origin.
    is_own: bool,
}

impl Step {
    fn first(request: &ApiRequest) -> Self {
        let to = Url::parse(&request.uri.to_string()).expect("a built request has a URL");
        Self { method: request.method.clone(), headers: request.headers.clone(), to, is_own: true }
    }

    /// Returns the request that follows `redirect`, or `None` if `redirect` is not followed (RFC 9110, section 15.4).
    ///
    /// It is followed with the status 301, 302, 303, 307 or 308, if it has a target and no body has to be sent again.
    fn next(&self, redirect: &Redirect) -> Option<Self> {
        let is_safe = [Method::GET, Method::HEAD].contains(&self.method);
        let method = match redirect.status.as_u16() {
            301..=303 if !is_safe => Method::GET,
            301..=303 => self.method.clone(),
            307 | 308 if is_safe => self.method.clone(),
            _ => return None,
        };
        let to = redirect.to.as_ref().ok()?.clone();
        let is_own = self.is_own && to.origin() == self.to.origin();
        let is_passed_on = |name: &HeaderName, value: &HeaderValue| match is_own {
            true => !OWN.contains(name) && !value.is_sensitive() && !name.as_str().starts_with("x-amz-"),
            false => HARMLESS.contains(name),
        };
        let mut headers = HeaderMap::new();
        for (name, value) in self.headers.iter().filter(|(name, value)| is_passed_on(name, value)) {
            headers.append(name, value.clone());
        }
        Some(Self { method, headers, to, is_own })
    }

    /// Returns whether this step may be followed: it goes over https, or over http to this machine.
    fn may_be_followed(&self) -> bool {
        match self.to.scheme() {
            "https" => true,
            "http" => is_loopback(&self.to),
            _ => false,
        }
    }

    /// Returns the head of the request as HTTP/1.1 text. The query is masked, and so are secret headers.
    fn masked_head(&self) -> String {
        let query = if self.to.query().is_some() { format!("?{MASK}") } else { String::new() };
        let host = &self.to[Position::BeforeHost..Position::AfterPort];
        let mut head = format!("{} {}{query} HTTP/1.1\nhost: {host}\n", self.method, self.to.path());
        for (name, value) in &self.headers {
            let value = String::from_utf8_lossy(value.as_bytes());
            let shown = if self.headers.get(name).is_some_and(HeaderValue::is_sensitive) { MASK } else { &*value };
            head += &format!("{name}: {shown}\n");
        }
        head
    }

    fn request(&self) -> Result<Request<Bytes>, Lost> {
        let cannot = |error: http::uri::InvalidUri| Lost {
            failure: Failure::new(Kind::Network, format!("the API redirects to a URL that cannot be sent: {error}")),
            stage: Stage::Final,
        };
        let mut request = Request::new(Bytes::new());
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = self.to.as_str().parse::<Uri>().map_err(cannot)?;
        *request.headers_mut() = self.headers.clone();
        Ok(request)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::RequestInput;

    fn redirect(status: u16, to: Option<&str>) -> Option<Redirect> {
        let mut headers = HeaderMap::new();
        to.map(|to| headers.insert(LOCATION, to.parse().unwrap()));
        Redirect::read(StatusCode::from_u16(status).unwrap(), &headers, "https://api.example.com/prod/a?x=1")
    }

    fn first(method: &str) -> Step {
        let headers = [
            "Accept: text/csv",
            "X-Tag: 1",
            "Cookie: canary",
            "X-Api-Key: canary",
            "X-Auth-Token: canary",
            "X-Amz-Meta: canary",
        ];
        let input = RequestInput {
            method: method.into(),
            url: "https://api.example.com/prod/a?x=1".into(),
            headers: headers
                .map(|header| header.split_once(": ").map(|(name, value)| (name.into(), value.into())).unwrap())
                .to_vec(),
            ..RequestInput::default()
        };
        Step::first(&ApiRequest::build(input).unwrap().0)
    }

    #[test]
    fn redirect_is_described_without_query_and_password() {
        for (to, expected) in [
            (
                "https://u:canary@b.s3.amazonaws.com/k?X-Amz-Signature=canary#canary",
                "https://b.s3.amazonaws.com/k?****",
            ),
            ("/prod/a/", "https://api.example.com/prod/a/"),
            ("b", "https://api.example.com/prod/b"),
            ("//other.example/x", "https://other.example/x"),
        ] {
            let described = redirect(302, Some(to)).unwrap().described();
            assert_eq!(described, format!("the API redirects (status 302) to {expected}"));
        }
        assert!(redirect(302, None).unwrap().described().ends_with("(no Location header)"));
        assert!(redirect(302, Some("https://[")).unwrap().described().ends_with("no URL"));
        for status in [200, 304, 404] {
            assert_eq!(redirect(status, Some("/")), None, "{status}");
        }
    }

    #[test]
    fn redirect_changes_the_method_as_the_standard_says() {
        for (method, status, expected) in [
            ("GET", 301, Some("GET")),
            ("HEAD", 302, Some("HEAD")),
            ("HEAD", 307, Some("HEAD")),
            ("POST", 301, Some("GET")),
            ("POST", 302, Some("GET")),
            ("PUT", 303, Some("GET")),
            ("DELETE", 303, Some("GET")),
            ("GET", 308, Some("GET")),
            ("POST", 307, None),
            ("PATCH", 308, None),
            ("DELETE", 307, None),
            ("GET", 300, None),
            ("GET", 305, None),
        ] {
            let next = first(method).next(&redirect(status, Some("/b")).unwrap());
            assert_eq!(next.as_ref().map(|next| next.method.as_str()), expected, "{method} {status}");
        }
    }

    #[test]
    fn redirect_carries_no_secret_header() {
        let names = |to: &str| -> Vec<String> {
            let next = first("GET").next(&redirect(302, Some(to)).unwrap()).unwrap();
            let mut names: Vec<_> = next.headers.keys().map(|name| name.as_str().to_owned()).collect();
            names.sort();
            names
        };
        assert_eq!(names("/b"), ["accept", "user-agent", "x-tag"]);
        for other in ["https://other.example/", "https://api.example.com:444/", "http://api.example.com/"] {
            assert_eq!(names(other), ["accept", "user-agent"], "{other}");
        }
        // The API's origin does not become its own again after a detour.
        let away = first("GET").next(&redirect(302, Some("https://other.example/")).unwrap()).unwrap();
        assert!(!away.next(&redirect(302, Some("/b")).unwrap()).unwrap().is_own);
    }

    #[test]
    fn redirect_never_leaves_encryption() {
        for (to, expected) in [
            ("https://other.example/", true),
            ("http://other.example/", false),
            ("http://127.0.0.1:1/", true),
            ("http://localhost/", true),
            ("http://localhost.example/", false),
            ("ftp://127.0.0.1/", false),
            ("file:///etc/passwd", false),
        ] {
            let next = first("GET").next(&redirect(302, Some(to)).unwrap()).unwrap();
            assert_eq!(next.may_be_followed(), expected, "{to}");
        }
    }
}
