//! Refusals: a code and a message of any service, or a raw HTTP answer of API Gateway.

use std::sync::LazyLock;

use cogfed::error::{Failure, Kind};
use cogfed::identity_pool::PoolConfig;
use cogfed::refusals;
use cogfed::request::{ApiRequest, Context, Reason, RequestInput, Scope, explain};
use cogfed::secret::Redactor;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

use crate::given::{assert_presentable, now, profile};

/// All services that can refuse.
const EVERYONE: &[refusals::Refuser] = &[
    refusals::Refuser::Authorization,
    refusals::Refuser::TokenEndpoint,
    refusals::Refuser::EntraId,
    refusals::Refuser::AzureB2c,
    refusals::Refuser::IdentityPool,
    refusals::Refuser::Sts,
    refusals::Refuser::ApiGateway,
    refusals::Refuser::BehindIam,
];

/// A value for each placeholder of a row.
const FACTS: refusals::Facts<'static> = &[
    ("action", "execute-api:Invoke"),
    ("host", "abc123.execute-api.eu-west-1.amazonaws.com"),
    ("issuer", "https://login.example.com/tenant/v2.0"),
    ("login", "cogfed login --profile internal"),
    ("method", "GET"),
    ("name", "abc123.execute-api.eu-west-1.amazonaws.com"),
    ("offset", "7 min"),
    ("path", "/prod/orders"),
    ("port", "9443"),
    ("pool", "eu-west-1:1cf667a2-49a6-454b-9e45-231990000000"),
    ("profile", "internal"),
    ("region", "eu-west-1"),
    ("resource", "arn:aws:execute-api:eu-west-1:123456789012:abc123/prod/GET/orders"),
    ("role", "arn:aws:iam::123456789012:role/Orders"),
    ("service", "execute-api"),
    ("said", "what was said"),
    ("wanted", "lambda"),
];

/// Checks that each explanation is bounded, and that only a wrong clock leads to signing again.
pub fn run(data: &[u8]) {
    match data.strip_prefix(b"HTTP/1.1 ") {
        Some(_) => gateway(data),
        None => said(&String::from_utf8_lossy(data)),
    }
}

fn said(text: &str) {
    let (code, message) = text.split_once('\n').unwrap_or((text, ""));
    for refuser in EVERYONE {
        row(*refuser, code, message);
    }
    let said = refusals::said(code, message);
    // A code of 100 characters, a message of 400, and ids of 200.
    assert!(said.chars().count() <= 710 && !said.contains(['\r', '\n']) || code.contains(['\r', '\n']), "{said}");
    let profile = profile("");
    let config = PoolConfig::of(&profile);
    for called in [config.identity_pool(), config.sts()] {
        let failure = called.explain(code, message, None);
        assert!(matches!(failure.kind, Kind::Refused | Kind::Network), "{failure:?}");
        assert!(failure.hint.is_some());
        assert_presentable(&failure);
    }
}

/// Checks that the same row is found each time for a refusal, and that the row's placeholders are filled in.
fn row(refuser: refusals::Refuser, code: &str, message: &str) {
    let row = refusals::find(refuser, code, message);
    assert_eq!(row, refusals::find(refuser, code, message));
    let is_directorys = matches!(row.refuser, refusals::Refuser::EntraId | refusals::Refuser::AzureB2c)
        && matches!(refuser, refusals::Refuser::Authorization | refusals::Refuser::TokenEndpoint);
    assert!(row.refuser == refuser || is_directorys, "{refuser:?} said it: {row:?}");
    let is_own = matches!(refuser, refusals::Refuser::ApiGateway | refusals::Refuser::BehindIam);
    assert!(row.codes.is_empty() || is_directorys || is_own || row.codes.contains(&code));
    for text in [row.cause(FACTS), row.hint(FACTS)] {
        assert!(!text.is_empty() && text.chars().count() <= 600, "{text}");
        assert!(!text.contains(['{', '}']), "{text}");
    }
    assert!(matches!(row.kind.exit_code(), 1..=7 | 22));
    assert!(rows().contains(&row), "it is in the table");
}

fn rows() -> &'static [&'static refusals::Row] {
    static ROWS: LazyLock<Vec<&refusals::Row>> = LazyLock::new(|| refusals::rows().collect());
    &ROWS
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
    // The service is not part of an answer, so the data's length chooses one.
    let (service, host) = [
        ("execute-api", "abc123.execute-api.eu-west-1.amazonaws.com"),
        ("execute-api", "vpce-0a1b.execute-api.eu-west-1.vpce.amazonaws.com"),
        ("s3", "orders.s3.eu-west-1.amazonaws.com"),
        ("lambda", "abc.lambda-url.eu-west-1.on.aws"),
        ("bedrock", "bedrock-runtime.eu-west-1.amazonaws.com:9443"),
        ("es", "search-orders.eu-west-1.es.amazonaws.com"),
    ][data.len() % 6];
    let url = format!("https://{host}/prod/orders?code=canary");
    let input = RequestInput { method: "GET".into(), url, ..RequestInput::default() };
    let (request, _) = ApiRequest::build(input).expect("a request");
    let context = Context {
        request: &request,
        scope: &Scope::new(service, "eu-west-1"),
        profile: "internal",
        redactor: &Redactor::default(),
    };
    let Some(refusal) = explain(status, &map, &data[end..], now(), &context) else { return };
    assert!(status.as_u16() >= 400 || (status.as_u16() == 301 && service == "s3"));
    if let Some(time) = refusal.corrected_time(now()) {
        assert_eq!(refusal.reason, Reason::WrongClock);
        assert_eq!(Some(time - now()), refusal.offset);
    }
    assert!(!refusal.hint.is_empty());
    assert_presentable(&Failure::from(refusal));
}
