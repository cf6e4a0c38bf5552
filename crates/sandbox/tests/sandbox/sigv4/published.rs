//! Tests with signatures from AWS's test suite, and with three signatures from botocore.

use bytes::Bytes;
use chrono::{NaiveDateTime, TimeDelta};
use cogfed_sandbox::issued::IssuedKey;
use cogfed_sandbox::sigv4::{Expected, Refused, Wire, verify, verify_wire};
use http::Request;
use serde::Deserialize;

use crate::support::signing::{execute_api, key, now};

/// The names of the test cases that HTTP cannot carry, because a header value contains line breaks or a path contains
/// raw spaces. The verifier gets them in parts.
const NOT_HTTP: [&str; 3] = ["get-header-value-multiline", "get-space-normalized", "get-space-unnormalized"];
/// The test case whose signer adds the session token after signing. The test omits it, since the verifier requires that
/// the session token is signed.
const TOKEN_ADDED_LATER: &str = "post-sts-header-after";

#[derive(Deserialize)]
struct Case {
    name: String,
    method: String,
    target: String,
    headers: Vec<(String, String)>,
    body: String,
    timestamp: String,
    region: String,
    service: String,
    credentials: CaseCredentials,
    normalize: bool,
    expected: CaseExpected,
}

#[derive(Deserialize)]
struct CaseCredentials {
    access_key_id: String,
    secret_access_key: String,
    token: Option<String>,
}

#[derive(Deserialize)]
struct CaseExpected {
    authorization: String,
    signature: String,
    canonical_request: String,
    string_to_sign: String,
    added_headers: Vec<(String, String)>,
}

impl Case {
    fn all() -> Vec<Case> {
        let text = include_str!("../../../../../tests/data/sigv4_suite.jsonl");
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// Returns the path that the signer sends.
    fn path(&self) -> &str {
        self.target.split('?').next().unwrap()
    }

    /// Returns whether the case signs doubled slashes or dot segments, as only S3 wants it.
    fn is_signed_as_for_s3(&self) -> bool {
        !self.normalize && (self.path().contains("//") || self.path().contains("/."))
    }

    fn query(&self) -> &str {
        self.target.split_once('?').map_or("", |(_, query)| query)
    }

    fn headers<'a>(&'a self, authorization: &'a str) -> Vec<(&'a str, &'a str)> {
        let headers = self.headers.iter().chain(&self.expected.added_headers);
        let headers = headers.map(|(name, value)| (name.as_str(), value.as_str()));
        let headers = headers.filter(|(name, _)| self.name != TOKEN_ADDED_LATER || *name != "X-Amz-Security-Token");
        headers.chain([("Authorization", authorization)]).collect()
    }

    fn key(&self) -> IssuedKey {
        let token = self.credentials.token.clone().filter(|_| self.name != TOKEN_ADDED_LATER);
        IssuedKey {
            access_key_id: self.credentials.access_key_id.clone(),
            secret_access_key: self.credentials.secret_access_key.clone(),
            session_token: token.unwrap_or_default(),
            ..key("Suite")
        }
    }

    fn check_wire(&self, authorization: &str) -> Result<IssuedKey, Refused> {
        let headers = self.headers(authorization);
        let wire = Wire {
            method: &self.method,
            path: self.path(),
            query: self.query(),
            headers: headers.iter().map(|(name, value)| (*name, value.as_bytes())).collect(),
            body: self.body.as_bytes(),
        };
        self.expect(|expected, key| verify_wire(&wire, expected, |_| Some(key.clone())))
    }

    fn expect<T>(&self, check: impl Fn(&Expected<'_>, &IssuedKey) -> T) -> T {
        let now = NaiveDateTime::parse_from_str(&self.timestamp, "%Y-%m-%dT%H:%M:%SZ").unwrap().and_utc();
        let regions = [self.region.as_str()];
        let expected = Expected { service: &self.service, regions: &regions, now, window: TimeDelta::minutes(5) };
        check(&expected, &self.key())
    }

    /// Returns the test case as an HTTP request, or `None` if HTTP cannot carry it.
    fn request(&self) -> Option<Request<Bytes>> {
        let query = if self.query().is_empty() { String::new() } else { format!("?{}", self.query()) };
        let mut request = Request::builder().method(self.method.as_str()).uri(format!("{}{query}", self.path()));
        for (name, value) in self.headers(&self.expected.authorization) {
            request = request.header(name, value);
        }
        request.body(Bytes::copy_from_slice(self.body.as_bytes())).ok()
    }
}

#[test]
fn signatures_of_the_aws_test_suite_are_verified() {
    let cases = Case::all();
    assert_eq!(cases.len(), 38);
    for case in &cases {
        let verdict = case.check_wire(&case.expected.authorization);
        assert_eq!(verdict.is_ok(), !case.is_signed_as_for_s3(), "{}: {verdict:?}", case.name);
    }
    assert_eq!(cases.iter().filter(|case| case.is_signed_as_for_s3()).count(), 6);
}

#[test]
fn http_requests_of_the_aws_test_suite_are_verified() {
    let mut not_http = Vec::new();
    for case in Case::all() {
        let Some(request) = case.request() else {
            not_http.push(case.name);
            continue;
        };
        let verdict = case.expect(|expected, key| verify(&request, expected, |_| Some(key.clone())));
        assert_eq!(verdict.is_ok(), !case.is_signed_as_for_s3(), "{}: {verdict:?}", case.name);
    }
    assert_eq!(not_http, NOT_HTTP);
}

#[test]
fn mismatch_shows_the_canonical_request_of_the_aws_test_suite() {
    for case in Case::all().into_iter().filter(|case| !case.is_signed_as_for_s3()) {
        let wrong = case.expected.authorization.replace(&case.expected.signature, &"0".repeat(64));
        let Err(Refused::Mismatch { canonical_request, string_to_sign }) = case.check_wire(&wrong) else {
            panic!("{}: a signature of zeros was not refused as one", case.name);
        };
        assert_eq!(canonical_request, case.expected.canonical_request, "{}", case.name);
        assert_eq!(string_to_sign, case.expected.string_to_sign, "{}", case.name);
    }
}

#[test]
fn session_token_added_after_signing_is_refused() {
    let case = Case::all().into_iter().find(|case| case.name == TOKEN_ADDED_LATER).unwrap();
    let mut request = case.request().unwrap();
    let token = case.credentials.token.as_deref().unwrap();
    request.headers_mut().insert("x-amz-security-token", token.parse().unwrap());
    let key = IssuedKey { session_token: token.into(), ..case.key() };
    let verdict = case.expect(|expected, _| verify(&request, expected, |_| Some(key.clone())));
    let message = "'x-amz-security-token' must be a 'SignedHeader' in the AWS Authorization.";
    assert_eq!(verdict.unwrap_err(), Refused::Invalid(message.into()));
}

/// Botocore 1.43.11 (`SigV4Auth`, `SigV4QueryAuth`) computed the signatures in this test.
#[test]
fn botocore_signatures_are_verified() {
    let key = IssuedKey { access_key_id: "AKIDEXAMPLE".into(), ..key("Botocore") };
    let check = |request: &Request<Bytes>| verify(request, &execute_api(now()), |_| Some(key.clone())).map(|_| ());
    let signed = |request: http::request::Builder, headers: &str, signature: &str| {
        let credential = "Credential=AKIDEXAMPLE/20261122/eu-west-1/execute-api/aws4_request";
        request
            .header("host", "abc123.execute-api.eu-west-1.amazonaws.com")
            .header("x-amz-date", "20261122T120000Z")
            .header("x-amz-security-token", "TOKEN/EXAMPLE==")
            .header(
                "authorization",
                format!("AWS4-HMAC-SHA256 {credential}, SignedHeaders={headers}, Signature={signature}"),
            )
    };
    let get = signed(
        Request::get("/prod/a%20b/@x/%E2%82%AC?b=2&a=x%20y&a=%2F"),
        "host;x-amz-date;x-amz-security-token",
        "67d5eb49e4711d8aac00f86099370bde10b68c922a73911618fdc22a7b474293",
    );
    assert_eq!(check(&get.body(Bytes::new()).unwrap()), Ok(()));
    let post = signed(
        Request::post("/prod/orders").header("content-type", "application/json"),
        "content-type;host;x-amz-date;x-amz-security-token",
        "8aea45da4566d7c99c5413a74f1b50afcd128da3934aca7bda36aadfc805cbb6",
    );
    assert_eq!(check(&post.body(Bytes::from_static(b"{\"id\":1}")).unwrap()), Ok(()));
    let presigned = Request::get(
        "/prod?X-Amz-Algorithm=AWS4-HMAC-SHA256\
         &X-Amz-Credential=AKIDEXAMPLE%2F20261122%2Feu-west-1%2Fexecute-api%2Faws4_request&X-Amz-Date=20261122T120000Z\
         &X-Amz-Expires=300&X-Amz-SignedHeaders=host&X-Amz-Security-Token=TOKEN%2FEXAMPLE%3D%3D\
         &X-Amz-Signature=43da4df8c51963ce43ecd81a34eefe04c0f5672c9588081be1d9c18d32b95e52",
    );
    let presigned = presigned.header("host", "ws123.execute-api.eu-west-1.amazonaws.com").body(Bytes::new()).unwrap();
    assert_eq!(check(&presigned), Ok(()));
}
