//! A request to the loopback listener, from its raw head.

use cogfed::loopback::Request;
use cogfed::oidc::{Awaited, Denial, Ending, Judgement, judge, page};
use cogfed::secret::Secret;

use crate::given::{ISSUER, form};

const STATE: &str = "the-right-state";
const START: &str = "/short";
const ERRORS: [&str; 7] = [
    "invalid_request",
    "unauthorized_client",
    "access_denied",
    "unsupported_response_type",
    "invalid_scope",
    "server_error",
    "temporarily_unavailable",
];

/// Checks that only a request with this sign-in's state is accepted.
pub fn run(data: &[u8]) {
    // What follows the head is the form of a POST.
    let end = data.windows(4).position(|bytes| bytes == b"\r\n\r\n").map_or(data.len(), |at| at + 4);
    let (head, rest) = data.split_at(end);
    let Ok(mut request) = Request::parse(head) else { return };
    request.form = String::from_utf8_lossy(rest).into_owned();
    let awaited = |needs_issuer: bool| Awaited {
        port: 8400,
        path: "/callback".into(),
        start: START.into(),
        state: Secret::new(STATE),
        issuers: vec![ISSUER.to_owned()],
        needs_issuer,
    };
    let query = form(&request.query);
    let given = |name: &str| -> Vec<&str> {
        query.iter().filter(|(key, _)| key == name).map(|(_, value)| value.as_str()).collect()
    };
    let judgement = judge(&request, &awaited(false));
    // If the issuer promises to name itself in all answers, an answer that does not name it is refused.
    let strict = judge(&request, &awaited(true));
    match given("iss") == [ISSUER] {
        true => assert_eq!(strict, judgement),
        false => assert!(!matches!(strict, Judgement::Code(_) | Judgement::Denied(_)), "{strict:?}"),
    }
    if !matches!(judgement, Judgement::Refuse(..) | Judgement::Start) {
        assert_is_navigation(&request);
    }
    match judgement {
        Judgement::Code(code) => {
            assert_is_ours(&request);
            assert_eq!(given("state"), [STATE]);
            assert_eq!(given("code"), [code.expose()]);
            assert!(given("error").is_empty());
            assert!(given("iss").iter().all(|issuer| *issuer == ISSUER));
            assert!(code.expose().len() <= 128 * 1024 && code.expose().bytes().all(|byte| byte.is_ascii_graphic()));
        }
        Judgement::Denied(denial) => {
            assert_is_ours(&request);
            assert_eq!(given("state"), [STATE]);
            assert_is_said(&denial, &given("error"), &given("error_description"));
        }
        Judgement::Unusable(status, reason) => {
            let posted = form(&request.form);
            let states = query.iter().chain(&posted).filter(|(key, _)| key == "state");
            assert!(states.into_iter().any(|(_, value)| value == STATE), "a stranger's text is shown");
            assert!(status.is_client_error() && reason.chars().count() < 400, "{reason}");
        }
        Judgement::Unvouched(error) => {
            assert_is_ours(&request);
            assert_ne!(given("state"), [STATE]);
            assert!(error.is_none_or(|error| ERRORS.contains(&error) && given("error")[0] == error), "{error:?}");
        }
        Judgement::Start => {
            assert_eq!((request.method.as_str(), request.path.as_str()), ("GET", START));
            let mut modes = request.headers.get_all("sec-fetch-mode").iter();
            assert!(modes.all(|mode| mode.as_bytes() == b"navigate"));
        }
        Judgement::Done => assert_eq!(request.path, "/done"),
        Judgement::Refuse(status, _) => assert!(status.is_client_error() || status == 204, "{status}"),
    }
}

/// Checks that the browser does not say that it makes the request for a part of another page.
fn assert_is_navigation(request: &Request) {
    for (name, value) in [("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document")] {
        assert!(request.headers.get_all(name).iter().all(|given| given.as_bytes() == value.as_bytes()), "{name}");
    }
}

fn assert_is_ours(request: &Request) {
    let ours = ["localhost:8400", "127.0.0.1:8400", "[::1]:8400"];
    assert_eq!(request.method, "GET");
    assert_eq!(request.path, "/callback");
    let hosts: Vec<&[u8]> = request.headers.get_all("host").iter().map(|host| host.as_bytes()).collect();
    assert!(ours.iter().any(|name| hosts == [name.as_bytes()]), "{hosts:?}");
    assert!(request.authority.as_deref().is_none_or(|authority| ours.contains(&authority)));
}

/// Checks that the denial quotes the request, shortened, and that no part of the quotation becomes markup.
fn assert_is_said(denial: &Denial, errors: &[&str], descriptions: &[&str]) {
    let begins = |text: &str, given: &[&str]| {
        let beginning = text.split('…').next().unwrap_or_default();
        assert!(given.iter().any(|given| given.starts_with(beginning)), "{text:?} of {given:?}");
    };
    assert!(denial.error.chars().count() <= 201);
    begins(&denial.error, errors);
    if let Some(text) = &denial.description {
        assert!(text.chars().count() <= 2000);
        begins(text, descriptions);
    }
    let reason = denial.description.clone().unwrap_or_else(|| denial.error.clone());
    let tags = |reason: &str| page(&Ending::Denied { reason: reason.to_owned(), next: None }).matches('<').count();
    assert_eq!(tags(&reason), tags("no"));
}
