//! Requests as raw HTTP with an absolute URL, signed by `call` and verified by the sandbox as they arrive.

use bytes::Bytes;
use chrono::TimeDelta;
use cogfed::request::{ApiRequest, RequestInput, Scope, dry_run, sign};
use cogfed::sandbox::issued::IssuedKey;
use cogfed::sandbox::sigv4::{Expected, Refused, verify};
use http::header::HOST;
use http::{HeaderValue, Request};

use crate::given::{credentials, now};

const REGION: &str = "eu-west-1";

/// Checks that a signed request arrives unchanged and is accepted, and that changing any part of it makes it refused.
pub fn run(data: &[u8]) {
    let Some(input) = read(data) else { return };
    let Ok((request, _)) = ApiRequest::build(input) else { return };
    let Ok(signed) = sign(&request, &credentials(), &Scope::execute_api(REGION), now()) else {
        panic!("built, but not signed")
    };
    let text = dry_run(&signed);
    assert!(!text.contains("wJalrXUtnFEMI") && !text.contains("TOKEN/EXAMPLE"), "{text}");
    let arrived = on_the_wire(signed.as_http());
    assert_eq!(verdict(&arrived).map(|key| key.access_key_id), Ok(credentials().access_key_id), "{arrived:?}");
    for changed in changes(&arrived) {
        assert!(verdict(&changed).is_err(), "accepted, though changed: {changed:?}");
    }
}

/// Reads a request head with an absolute URL, and a body.
fn read(data: &[u8]) -> Option<RequestInput> {
    let end = data.windows(4).position(|four| four == b"\r\n\r\n").map_or(data.len(), |at| at + 4);
    let (head, body) = data.split_at(end);
    let mut lines = std::str::from_utf8(head).ok()?.split("\r\n");
    let (method, url) = lines.next()?.split_once(' ')?;
    let headers = lines.filter(|line| !line.is_empty()).filter_map(|line| line.split_once(':'));
    Some(RequestInput {
        method: method.to_owned(),
        url: url.to_owned(),
        headers: headers.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
        body: (!body.is_empty()).then(|| body.to_vec()),
        json: body.first() == Some(&b'{'),
        ..RequestInput::default()
    })
}

/// Returns the request as a server reads it: serialised, parsed by another library, and with only path and query as its
/// URL.
fn on_the_wire(request: &Request<Bytes>) -> Request<Bytes> {
    let target = request.uri().path_and_query().expect("a path").as_str();
    let mut head = format!("{} {target} HTTP/1.1\r\n", request.method()).into_bytes();
    for (name, value) in request.headers() {
        head.extend_from_slice(format!("{name}: ").as_bytes());
        head.extend_from_slice(value.as_bytes());
        head.extend_from_slice(b"\r\n");
    }
    head.extend_from_slice(b"\r\n");
    let mut headers = vec![httparse::EMPTY_HEADER; request.headers().len()];
    let mut parsed = httparse::Request::new(&mut headers);
    assert!(parsed.parse(&head).expect("a request that can be read").is_complete());
    assert_eq!(parsed.path, Some(target));
    let mut arrived = Request::builder().method(parsed.method.expect("a method")).uri(target);
    for header in parsed.headers.iter() {
        arrived = arrived.header(header.name, header.value);
    }
    let arrived = arrived.body(request.body().clone()).expect("a request");
    assert_eq!(arrived.headers().len(), request.headers().len(), "no header came apart, none went away");
    arrived
}

fn verdict(request: &Request<Bytes>) -> Result<IssuedKey, Refused> {
    let credentials = credentials();
    let key = IssuedKey {
        access_key_id: credentials.access_key_id,
        secret_access_key: credentials.secret_access_key.expose().to_owned(),
        session_token: credentials.session_token.expose().to_owned(),
        expires: credentials.expires,
        role_arn: "arn:aws:iam::123456781234:role/Orders".into(),
        session_name: "CognitoIdentityCredentials".into(),
        identity_pool_id: String::new(),
        identity_id: String::new(),
        authentication_provider: String::new(),
        username: String::new(),
    };
    let expected = Expected { service: "execute-api", regions: &[REGION], now: now(), window: TimeDelta::minutes(5) };
    verify(request, &expected, |id| (id == key.access_key_id).then(|| key.clone()))
}

/// Returns copies of a request, each with one change: to the method, the path, the query, the host, a signed header or
/// the body.
fn changes(request: &Request<Bytes>) -> Vec<Request<Bytes>> {
    let with = |change: &dyn Fn(&mut Request<Bytes>)| {
        let mut other = request.clone();
        change(&mut other);
        other
    };
    let target = request.uri().path_and_query().expect("a path").as_str().to_owned();
    let mark = if target.contains('?') { '&' } else { '?' };
    let mut changed = vec![
        with(&|other| *other.method_mut() = http::Method::from_bytes(b"OTHER").expect("a method")),
        with(&|other| *other.uri_mut() = format!("{target}{mark}added=1").parse().expect("a target")),
        with(&|other| *other.uri_mut() = format!("/other{target}").parse().expect("a target")),
        with(&|other| drop(other.headers_mut().insert(HOST, HeaderValue::from_static("evil.example")))),
        with(&|other| {
            let mut body = other.body().to_vec();
            match body.len() {
                0 => body.push(b'x'),
                length => body[length / 2] ^= 1,
            }
            *other.body_mut() = body.into();
        }),
        with(&|other| drop(other.headers_mut().remove("x-amz-security-token"))),
    ];
    let authorization = request.headers()["authorization"].to_str().expect("text");
    let flipped = match authorization.strip_suffix('0') {
        Some(start) => format!("{start}1"),
        None => format!("{}0", &authorization[..authorization.len() - 1]),
    };
    changed.push(with(&|other| {
        let value = HeaderValue::from_str(&flipped).expect("text");
        drop(other.headers_mut().insert("authorization", value));
    }));
    changed
}
