//! What AWS says when it refuses: the identity pool and STS (a code and a message), API Gateway (a raw HTTP answer).

use cogfed::error::{Failure, Kind};
use cogfed::identity_pool::{Service, refusal};
use cogfed::request::{ApiRequest, Context, Reason, RequestInput, explain};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

use crate::given::{assert_presentable, now, profile};

/// Whatever is said, the explanation is in bounds, and only a wrong clock makes a request be signed again.
pub fn run(data: &[u8]) {
    match data.strip_prefix(b"HTTP/1.1 ") {
        Some(_) => gateway(data),
        None => identity_pool(&String::from_utf8_lossy(data)),
    }
}

fn identity_pool(text: &str) {
    let (code, message) = text.split_once('\n').unwrap_or((text, ""));
    for service in [Service::IdentityPool, Service::Sts] {
        let failure = refusal::explain(service, code, message, &profile(""));
        assert!(matches!(failure.kind, Kind::Refused | Kind::Network), "{failure:?}");
        assert!(failure.hint.is_some());
        assert_presentable(&failure);
    }
}

fn gateway(data: &[u8]) {
    let mut headers = [httparse::EMPTY_HEADER; 64];
    let mut answer = httparse::Response::new(&mut headers);
    let Ok(httparse::Status::Complete(end)) = answer.parse(data) else { return };
    let Some(status) = answer.code.and_then(|code| StatusCode::from_u16(code).ok()) else { return };
    let mut map = HeaderMap::new();
    for header in answer.headers.iter() {
        let (name, value) = (HeaderName::from_bytes(header.name.as_bytes()), HeaderValue::from_bytes(header.value));
        if let (Ok(name), Ok(value)) = (name, value) {
            map.append(name, value);
        }
    }
    let url = "https://abc123.execute-api.eu-west-1.amazonaws.com/prod/orders?code=canary".to_owned();
    let input = RequestInput { method: "GET".into(), url, ..RequestInput::default() };
    let (request, _) = ApiRequest::build(input).expect("a request");
    let context = Context { request: &request, region: "eu-west-1", profile: "internal" };
    let Some(refusal) = explain(status, &map, &data[end..], now(), &context) else { return };
    assert!(status.as_u16() >= 400);
    if let Some(time) = refusal.corrected_time(now()) {
        assert_eq!(refusal.reason, Reason::WrongClock);
        assert_eq!(Some(time - now()), refusal.skew);
    }
    assert!(!refusal.hint.is_empty());
    assert_presentable(&Failure::from(refusal));
}
