//! The judgement of one request to the loopback listener. It is pure, so that tests can try every odd request.
//!
//! The order of the checks is the defence (RFC 8252, section 8; RFC 9700, section 4). A sender without the state of
//! this sign-in can neither end it nor supply a code.

use http::request::Parts;
use http::{Method, StatusCode};
use subtle::ConstantTimeEq;
use url::form_urlencoded;

use crate::error::shortened;
use crate::loopback;
use crate::secret::Secret;

/// The longest code, in bytes; Cognito's have 36. It has to fit into the request head that `loopback::server` accepts.
const LONGEST_CODE: usize = 4096;
/// The longest error text that is kept, in characters: any web page may send one, and a person has to read it.
const LONGEST_ERROR: usize = 400;
/// The path of the last page. It has no query, so that no code stays in the address bar or the history.
pub const DONE: &str = "/done";

/// The callback that the listener waits for.
#[derive(Debug, Clone)]
pub struct Awaited {
    /// The port of the listener.
    pub port: u16,
    /// The path of the redirect URI.
    pub path: String,
    /// The state of this sign-in.
    pub state: Secret,
    /// The issuers that an `iss` parameter may name (RFC 9207).
    pub issuers: Vec<String>,
    /// True if the issuer promises `iss` in all its answers (RFC 9207, section 2.4). An answer without it is then
    /// refused.
    pub needs_issuer: bool,
}

/// The judgement of a request.
#[derive(Debug, PartialEq, Eq)]
pub enum Judgement {
    /// The authorization code, with the right state.
    Code(Secret),
    /// The identity provider's refusal, with the right state.
    Denied(Denial),
    /// An error without the right state. It ends nothing, but a person may want to know of it.
    Unvouched(Denial),
    /// The browser's request for the last page.
    Done,
    /// A request that is not part of the sign-in: answered with this status, and the wait goes on.
    Refuse(StatusCode, &'static str),
}

/// `error` and `error_description` of an error answer (RFC 6749, section 4.1.2.1). Text from outside: escape it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Denial {
    /// The code, such as `access_denied`.
    pub error: String,
    /// The server's explanation.
    pub description: Option<String>,
}

/// Judges one request.
pub fn judge(request: &Parts, awaited: &Awaited) -> Judgement {
    use Judgement::Refuse;
    if request.method != Method::GET {
        return Refuse(StatusCode::METHOD_NOT_ALLOWED, "only GET is answered here");
    }
    if !loopback::is_addressed_to(request, awaited.port) {
        return Refuse(StatusCode::MISDIRECTED_REQUEST, "this host is not served here");
    }
    match request.uri.path() {
        "/favicon.ico" => return Refuse(StatusCode::NO_CONTENT, ""),
        DONE => return Judgement::Done,
        path if path != awaited.path => return Refuse(StatusCode::NOT_FOUND, "nothing is served at this path"),
        _ => {}
    }
    let Some(parameters) = Parameters::read(request.uri.query().unwrap_or_default()) else {
        return Refuse(StatusCode::BAD_REQUEST, "a parameter is there twice");
    };
    let knows_state = parameters.state.is_some_and(|state| is_equal(&state, &awaited.state));
    let denial = parameters.error.map(|error| Denial {
        error: shortened(&error, LONGEST_ERROR),
        description: parameters.description.map(|text| shortened(&text, LONGEST_ERROR)),
    });
    if !knows_state {
        return match denial {
            Some(denial) => Judgement::Unvouched(denial),
            None => Refuse(StatusCode::BAD_REQUEST, "this does not belong to the sign-in that cogfed waits for"),
        };
    }
    match parameters.issuer {
        Some(issuer) if !awaited.issuers.contains(&issuer) => {
            return Refuse(StatusCode::BAD_REQUEST, "this answer is from another issuer");
        }
        None if awaited.needs_issuer => {
            return Refuse(StatusCode::BAD_REQUEST, "this answer does not name its issuer");
        }
        _ => {}
    }
    if let Some(denial) = denial {
        return Judgement::Denied(denial);
    }
    match parameters.code {
        Some(code) if is_code(&code) => Judgement::Code(Secret::new(code)),
        _ => Refuse(StatusCode::BAD_REQUEST, "there is no authorization code in this"),
    }
}

fn is_equal(given: &str, awaited: &Secret) -> bool {
    given.as_bytes().ct_eq(awaited.expose().as_bytes()).into()
}

fn is_code(code: &str) -> bool {
    (1..=LONGEST_CODE).contains(&code.len()) && code.bytes().all(|byte| byte.is_ascii_graphic())
}

/// The parameters that cogfed knows. Others are ignored, since servers may add some (RFC 6749, section 4.1.2).
#[derive(Default)]
struct Parameters {
    state: Option<String>,
    code: Option<String>,
    error: Option<String>,
    description: Option<String>,
    issuer: Option<String>,
}

impl Parameters {
    /// Reads a query; `None` if it repeats one of these parameters, which RFC 6749, section 3.1, forbids.
    fn read(query: &str) -> Option<Self> {
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
            if slot.replace(value.into_owned()).is_some() {
                return None;
            }
        }
        Some(parameters)
    }
}

#[cfg(test)]
mod tests {
    use http::header::HOST;

    use super::*;

    fn awaited() -> Awaited {
        Awaited {
            port: 8400,
            path: "/callback".into(),
            state: Secret::new("right"),
            issuers: vec!["https://issuer.example/pool".into()],
            needs_issuer: false,
        }
    }

    fn judged(request: http::request::Builder) -> Judgement {
        judge(&request.body(()).unwrap().into_parts().0, &awaited())
    }

    fn get(target: &str) -> Judgement {
        judged(http::Request::get(target).header(HOST, "localhost:8400"))
    }

    fn status(judgement: Judgement) -> u16 {
        match judgement {
            Judgement::Refuse(status, _) => status.as_u16(),
            other => panic!("not refused: {other:?}"),
        }
    }

    #[test]
    fn answer_with_the_right_state_is_accepted() {
        assert_eq!(get("/callback?code=abc&state=right"), Judgement::Code(Secret::new("abc")));
        assert_eq!(get("/callback?state=right&code=abc&session_state=x"), Judgement::Code(Secret::new("abc")));
        let vouched = get("/callback?code=abc&state=right&iss=https%3A%2F%2Fissuer.example%2Fpool");
        assert_eq!(vouched, Judgement::Code(Secret::new("abc")));
        for host in ["127.0.0.1:8400", "[::1]:8400"] {
            let request = http::Request::get("/callback?code=abc&state=right").header(HOST, host);
            assert_eq!(judged(request), Judgement::Code(Secret::new("abc")), "{host}");
        }
    }

    #[test]
    fn answer_without_the_state_has_no_effect() {
        for query in ["code=abc", "code=abc&state=", "code=abc&state=Right", "code=abc&state=right%20", "", "state=x"] {
            assert_eq!(status(get(&format!("/callback?{query}"))), 400, "{query}");
        }
        let denial = Denial { error: "access_denied".into(), description: Some("No".into()) };
        let query = "error_description=No&error=access_denied";
        assert_eq!(get(&format!("/callback?{query}")), Judgement::Unvouched(denial.clone()));
        assert_eq!(get(&format!("/callback?{query}&state=wrong")), Judgement::Unvouched(denial.clone()));
        assert_eq!(get(&format!("/callback?{query}&state=right")), Judgement::Denied(denial));
        assert_eq!(
            get("/callback?error=x&code=abc&state=right"),
            Judgement::Denied(Denial { error: "x".into(), description: None }),
            "an error beside a code is an error"
        );
    }

    #[test]
    fn repeated_empty_or_foreign_parameters_are_refused() {
        for query in [
            "code=abc&state=right&state=right",
            "code=abc&code=def&state=right",
            "error=a&error=b&state=right",
            "state=right",
            "state=right&code=",
            "state=right&code=a%0ab",
            "state=right&code=a%20b",
            "code=abc&state=right&iss=https%3A%2F%2Fother.example",
        ] {
            assert_eq!(status(get(&format!("/callback?{query}"))), 400, "{query}");
        }
        let long = format!("/callback?state=right&code={}", "a".repeat(LONGEST_CODE + 1));
        assert_eq!(status(get(&long)), 400);
    }

    #[test]
    fn issuer_that_promises_iss_must_be_named_in_answers() {
        let awaited = Awaited { needs_issuer: true, ..awaited() };
        let judged = |query: &str| {
            let request = http::Request::get(format!("/callback?state=right&{query}")).header(HOST, "localhost:8400");
            judge(&request.body(()).unwrap().into_parts().0, &awaited)
        };
        let iss = "iss=https%3A%2F%2Fissuer.example%2Fpool";
        assert_eq!(judged(&format!("code=abc&{iss}")), Judgement::Code(Secret::new("abc")));
        assert!(matches!(judged(&format!("error=access_denied&{iss}")), Judgement::Denied(_)));
        for query in ["code=abc", "error=access_denied", "code=abc&iss=", "code=abc&iss=https%3A%2F%2Fother.example"] {
            assert_eq!(status(judged(query)), 400, "{query}");
        }
    }

    #[test]
    fn callback_with_another_method_path_or_host_is_refused() {
        let target = "/callback?code=abc&state=right";
        for method in ["POST", "HEAD", "PUT", "OPTIONS", "DELETE", "TRACE", "get"] {
            let request = http::Request::builder().method(method).uri(target).header(HOST, "localhost:8400");
            assert_eq!(status(judged(request)), 405, "{method}");
        }
        for path in ["/", "/Callback", "/callback/", "//callback", "/callback/x", "/call", "/.well-known"] {
            assert_eq!(status(get(&format!("{path}?code=abc&state=right"))), 404, "{path}");
        }
        assert_eq!(status(get("/favicon.ico")), 204);
        assert_eq!(get("/done"), Judgement::Done);
        for host in ["localhost", "localhost:8401", "attacker.example:8400", ""] {
            assert_eq!(status(judged(http::Request::get(target).header(HOST, host))), 421, "{host}");
        }
        assert_eq!(status(judged(http::Request::get(target))), 421, "no host");
        let twice = http::Request::get(target).header(HOST, "localhost:8400").header(HOST, "localhost:8400");
        assert_eq!(status(judged(twice)), 421, "two hosts");
        let absolute = http::Request::get(format!("http://attacker.example{target}")).header(HOST, "localhost:8400");
        assert_eq!(status(judged(absolute)), 421, "absolute form");
    }
}
