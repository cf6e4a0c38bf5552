//! A request to the loopback listener, from its raw head.

use cogfed::oidc::{Awaited, Denial, Ending, Judgement, judge, page};
use cogfed::secret::Secret;
use http::Request;

use crate::given::{ISSUER, form};

const STATE: &str = "the-right-state";

/// Checks that only a request with this sign-in's state is accepted.
pub fn run(data: &[u8]) {
    let Some(request) = read(data) else { return };
    let awaited = |needs_issuer: bool| Awaited {
        port: 8400,
        path: "/callback".into(),
        state: Secret::new(STATE),
        issuers: vec![ISSUER.to_owned()],
        needs_issuer,
    };
    let query = form(request.uri.query().unwrap_or_default());
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
    match judgement {
        Judgement::Code(code) => {
            assert_is_ours(&request);
            assert_eq!(given("state"), [STATE]);
            assert_eq!(given("code"), [code.expose()]);
            assert!(given("error").is_empty());
            assert!(given("iss").iter().all(|issuer| *issuer == ISSUER));
            assert!(code.expose().len() <= 4096 && code.expose().bytes().all(|byte| byte.is_ascii_graphic()));
        }
        Judgement::Denied(denial) => {
            assert_is_ours(&request);
            assert_eq!(given("state"), [STATE]);
            assert_is_said(&denial, &given("error"), &given("error_description"));
        }
        Judgement::Unvouched(denial) => {
            assert_is_ours(&request);
            assert_ne!(given("state"), [STATE]);
            assert_is_said(&denial, &given("error"), &given("error_description"));
        }
        Judgement::Done => assert_eq!(request.uri.path(), "/done"),
        Judgement::Refuse(status, _) => assert!(status.is_client_error() || status == 204, "{status}"),
    }
}

/// Reads a request line and headers, as hyper does.
fn read(data: &[u8]) -> Option<http::request::Parts> {
    let mut headers = [httparse::EMPTY_HEADER; 100];
    let mut head = httparse::Request::new(&mut headers);
    head.parse(data).ok()?;
    let mut request = Request::builder().method(head.method?).uri(head.path?);
    for header in head.headers.iter() {
        request = request.header(header.name, header.value);
    }
    Some(request.body(()).ok()?.into_parts().0)
}

fn assert_is_ours(request: &http::request::Parts) {
    let ours = ["localhost:8400", "127.0.0.1:8400", "[::1]:8400"];
    assert_eq!(request.method, "GET");
    assert_eq!(request.uri.path(), "/callback");
    let hosts: Vec<&[u8]> = request.headers.get_all("host").iter().map(|host| host.as_bytes()).collect();
    assert!(ours.iter().any(|name| hosts == [name.as_bytes()]), "{hosts:?}");
    assert!(request.uri.authority().is_none_or(|authority| ours.contains(&authority.as_str())));
}

/// Checks that the denial quotes the request, shortened, and that no part of the quotation becomes markup.
fn assert_is_said(denial: &Denial, errors: &[&str], descriptions: &[&str]) {
    let said = |text: &str, given: &[&str]| {
        assert!(text.chars().count() <= 401);
        assert!(given.iter().any(|given| given.starts_with(text.trim_end_matches('…'))), "{text:?} of {given:?}");
    };
    said(&denial.error, errors);
    denial.description.iter().for_each(|text| said(text, descriptions));
    let reason = denial.description.clone().unwrap_or_else(|| denial.error.clone());
    let tags = |reason: &str| page(&Ending::Denied { reason: reason.to_owned() }).matches('<').count();
    assert_eq!(tags(&reason), tags("no"));
}
