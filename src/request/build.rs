//! The construction of an API request from a person's input: method, URL, headers and body.

use std::fmt::Write as _;
use std::sync::OnceLock;

use bytes::Bytes;
use http::header::{
    ACCEPT, ACCEPT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HOST, HeaderMap, HeaderName, HeaderValue, USER_AGENT,
};
use http::{Method, Uri};
use ring::digest::{SHA256, digest};

use super::headers::{given_headers, left_out, shown};
use super::sign::EXECUTE_API;
use super::target::{Note, Target};
use crate::error::{Failure, Kind};

/// The maximum size of a body, in bytes: API Gateway's limit of 10 MB
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html>).
pub const MAX_BODY: usize = 10 * 1024 * 1024;
/// The maximum size of a body for any service, in bytes. The whole body is held in memory, because its hash is signed
/// before the first byte is sent.
pub(super) const LARGEST_BODY: usize = 64 * 1024 * 1024;

/// The `User-Agent`, unless another one is given.
pub(super) const OWN_USER_AGENT: &str = concat!("cogfed/", env!("CARGO_PKG_VERSION"));
/// The `Accept-Encoding` of `--compressed`: the encodings that the HTTP client decodes.
pub(super) const COMPRESSED: &str = "gzip, deflate, br";

/// The maximum length of a method, in bytes. The longest registered one has 17
/// (<https://www.iana.org/assignments/http-methods/http-methods.xhtml>).
const LONGEST_METHOD: usize = 32;
/// The input for a request.
#[derive(Clone, Default)]
pub struct RequestInput {
    /// The HTTP method, in upper or lower case.
    pub method: String,
    /// The URL as typed.
    pub url: String,
    /// Name and value of each header, in the given order; see [`parse_header`](super::parse_header).
    pub headers: Vec<(String, String)>,
    /// The names of headers that cogfed must not add itself.
    pub left_out: Vec<String>,
    /// The body, if any. No `Content-Type` is added for it: API Gateway reads a body without one as JSON
    /// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/request-response-data-mappings.html>). It would
    /// refuse or misread curl's default, `application/x-www-form-urlencoded`.
    pub body: Option<Vec<u8>>,
    /// True if the request sends and accepts `application/json`, unless a header says otherwise.
    pub json: bool,
    /// True to ask for a compressed answer, unless a header says otherwise.
    pub compressed: bool,
}

/// A complete request, checked and normalised, but not signed yet.
#[derive(Clone)]
pub struct ApiRequest {
    pub(super) method: Method,
    pub(super) uri: Uri,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    /// The SHA-256 hash of the body, computed when a signature first needs it.
    pub(super) hash: OnceLock<String>,
}

impl ApiRequest {
    /// Builds the request exactly as it is signed and sent, with notes about changes to its URL.
    ///
    /// # Errors
    /// [`Kind::Usage`] if the method, the URL, a header or the body's size is wrong.
    pub fn build(input: RequestInput) -> Result<(Self, Vec<Note>), Failure> {
        let method = method(&input.method)?;
        let (target, mut notes) = Target::parse(&input.url)?;
        let uri = target.url.as_str().parse::<Uri>().map_err(|error| {
            let message = format!("the URL of '{}' cannot be sent: {error}", target.authority);
            let is_long = target.url.as_str().len() > usize::from(u16::MAX) - 1;
            Failure::new(Kind::Usage, message).hint(match is_long {
                true => "shorten it: API Gateway takes 10,240 bytes of request line and headers",
                false => "percent-encode its unusual characters",
            })
        })?;
        let body = input.body.unwrap_or_default();
        if body.len() > LARGEST_BODY {
            return Err(too_large(body.len(), "cogfed signs", LARGEST_BODY));
        }
        let mut headers = given_headers(&input.headers)?;
        let left_out = left_out(&input.left_out, &mut notes)?;
        // All headers that the HTTP client would add itself are set here, so that --dry-run shows the request as sent.
        let mut add = |name: HeaderName, value: &'static str| {
            if !left_out.contains(&name) {
                headers.entry(name).or_insert(HeaderValue::from_static(value));
            }
        };
        if input.json {
            add(ACCEPT, "application/json");
            add(CONTENT_TYPE, "application/json");
        }
        if input.compressed {
            add(ACCEPT_ENCODING, COMPRESSED);
        }
        add(USER_AGENT, OWN_USER_AGENT);
        headers.entry(ACCEPT).or_insert(HeaderValue::from_static("*/*"));
        let host = HeaderValue::from_str(&target.authority).expect("the host of a parsed URL is ASCII without spaces");
        headers.insert(HOST, host);
        if !body.is_empty() || [Method::POST, Method::PUT, Method::PATCH].contains(&method) {
            headers.insert(CONTENT_LENGTH, body.len().into());
        }
        Ok((Self { method, uri, headers, body: body.into(), hash: OnceLock::new() }, notes))
    }

    /// Checks the body's size against the limit of `service`, a name as in a signature's scope.
    ///
    /// # Errors
    /// [`Kind::Usage`] if API Gateway would refuse a body of this size. No other limit is checked.
    pub fn check_body_size(&self, service: &str) -> Result<(), Failure> {
        match service == EXECUTE_API && self.body.len() > MAX_BODY {
            true => Err(too_large(self.body.len(), "API Gateway takes", MAX_BODY)),
            false => Ok(()),
        }
    }

    /// Returns the size of the body that is uploaded, in bytes.
    pub fn uploaded_size(&self) -> usize {
        self.body.len()
    }

    /// Returns the HTTP method, in upper case.
    pub fn method(&self) -> &Method {
        &self.method
    }

    /// Returns the host as in the `Host` header, with its port unless that is the scheme's default.
    pub fn host(&self) -> &str {
        self.uri.authority().map_or("", |authority| authority.as_str())
    }

    /// Returns the URL as sent.
    pub fn url(&self) -> String {
        self.uri.to_string()
    }

    /// Returns the path as sent, without the query.
    pub fn path(&self) -> &str {
        self.uri.path()
    }

    /// Returns the SHA-256 hash of the body in lower-case hex. It is computed once, for all signatures of the request.
    pub(super) fn body_hash(&self) -> &str {
        self.hash.get_or_init(|| {
            let hash = digest(&SHA256, &self.body);
            hash.as_ref().iter().fold(String::with_capacity(64), |mut text, byte| {
                write!(text, "{byte:02x}").expect("a String takes all that is written to it");
                text
            })
        })
    }
}

/// Creates the failure for a body that is larger than a limit.
fn too_large(size: usize, whose: &str, limit: usize) -> Failure {
    Failure::new(Kind::Usage, format!("the body has {size} bytes, and {whose} {limit} at most"))
        .hint("upload it to S3 by a presigned URL of the API's")
}

/// Returns the method in upper case, because API Gateway has only upper-case methods. Signers disagree on lower case.
fn method(given: &str) -> Result<Method, Failure> {
    match Method::from_bytes(given.to_ascii_uppercase().as_bytes()) {
        Ok(Method::CONNECT) => Err(Failure::new(Kind::Usage, "CONNECT is for proxies, not for an API")),
        Ok(method) if given.len() <= LONGEST_METHOD => Ok(method),
        _ => {
            let message = format!("'{}' is no HTTP method", shown(given));
            Err(Failure::new(Kind::Usage, message).hint("a method is one word, such as GET: cogfed call GET URL"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::headers::MOST_HEADERS;
    use super::*;

    fn input(headers: &[(&str, &str)]) -> RequestInput {
        RequestInput {
            method: "get".into(),
            url: "https://abc123.execute-api.eu-west-1.amazonaws.com/prod".into(),
            headers: headers.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect(),
            ..RequestInput::default()
        }
    }

    fn value<'a>(request: &'a ApiRequest, name: &str) -> Option<&'a str> {
        request.headers.get(name).map(|value| value.to_str().unwrap())
    }

    #[test]
    fn methods_are_sent_in_upper_case() {
        assert_eq!(ApiRequest::build(input(&[])).unwrap().0.method(), Method::GET);
        for wrong in ["", &"G".repeat(33), "G T", "GET\r\nX: y", "https://example.com", "connect", "GÉT"] {
            let error = ApiRequest::build(RequestInput { method: wrong.into(), ..input(&[]) }).err().unwrap();
            assert_eq!(error.kind, Kind::Usage, "{wrong:?}");
        }
    }

    #[test]
    fn reserved_headers_are_refused_with_a_hint() {
        for name in [
            "Host",
            "AUTHORIZATION",
            "Date",
            "X-Amz-Date",
            "x-amz-security-token",
            "X-Amz-Content-Sha256",
            "Content-Length",
            "Transfer-Encoding",
            "Connection",
            "Keep-Alive",
            "TE",
            "Trailer",
            "Upgrade",
            "Expect",
            "Proxy-Authorization",
            "Proxy-Connection",
        ] {
            let error = ApiRequest::build(input(&[(name, "value-canary")])).err().unwrap();
            assert!(error.to_string().contains(&name.to_lowercase()), "{error}");
            assert!(!format!("{error}").contains("value-canary"), "{error}");
            assert!(error.hint.is_some(), "{name}");
        }
    }

    #[test]
    fn nothing_breaks_out_of_a_header() {
        for (name, value) in [
            ("X-A", "1\r\nX-B: 2"),
            ("X-A", "1\n2"),
            ("X-A", "1\0"),
            ("X-A", "\u{1b}[2J"),
            ("X A", "1"),
            ("X-A\r\nX-B", "1"),
            ("", "1"),
            ("X:A", "1"),
            ("Ä", "1"),
        ] {
            let error = ApiRequest::build(input(&[(name, value)])).err().unwrap();
            assert_eq!(error.kind, Kind::Usage, "{name:?}: {value:?}");
        }
    }

    #[test]
    fn too_many_headers_are_refused() {
        let headers = vec![("a", "b"); MOST_HEADERS + 1];
        let error = ApiRequest::build(input(&headers)).err().unwrap();
        assert_eq!((error.kind, error.to_string()), (Kind::Usage, "more than 2000 headers are given".into()));
        assert!(ApiRequest::build(input(headers.split_last().unwrap().1)).is_ok());
    }

    #[test]
    fn headers_keep_their_order_and_are_trimmed() {
        let given = [("X-Tag", " b "), ("x-tag", "a"), ("X-Empty", ""), ("X-Tabs", "a\tb")];
        let (request, _) = ApiRequest::build(input(&given)).unwrap();
        assert_eq!(request.headers.get_all("x-tag").iter().collect::<Vec<_>>(), ["b", "a"]);
        assert_eq!(value(&request, "x-empty"), Some(""));
        assert_eq!(value(&request, "x-tabs"), Some("a b"));
        assert_eq!(value(&request, "host"), Some("abc123.execute-api.eu-west-1.amazonaws.com"));
        assert_eq!((value(&request, "content-type"), value(&request, "content-length")), (None, None));
    }

    #[test]
    fn json_flag_sets_headers_that_are_not_given() {
        let json =
            |headers: &[(&str, &str)]| ApiRequest::build(RequestInput { json: true, ..input(headers) }).unwrap().0;
        let plain = json(&[]);
        assert_eq!(value(&plain, "content-type"), Some("application/json"));
        assert_eq!(value(&plain, "accept"), Some("application/json"));
        let other = json(&[("Content-Type", "application/merge-patch+json"), ("ACCEPT", "text/csv")]);
        assert_eq!(value(&other, "content-type"), Some("application/merge-patch+json"));
        assert_eq!(other.headers.get_all("accept").iter().collect::<Vec<_>>(), ["text/csv"]);
    }

    #[test]
    fn body_above_the_gateways_limit_is_refused() {
        let with = |size| ApiRequest::build(RequestInput { body: Some(vec![b'x'; size]), ..input(&[]) });
        assert_eq!(value(&with(MAX_BODY).unwrap().0, "content-length"), Some("10485760"));
        assert!(with(MAX_BODY).unwrap().0.check_body_size("execute-api").is_ok());
        let larger = with(MAX_BODY + 1).unwrap().0;
        let error = larger.check_body_size("execute-api").unwrap_err();
        assert!(error.to_string().contains("10485761 bytes, and API Gateway takes 10485760"), "{error}");
        assert!(larger.check_body_size("s3").is_ok());
        assert_eq!(larger.uploaded_size(), MAX_BODY + 1);
        let error = with(LARGEST_BODY + 1).err().unwrap();
        assert!(error.to_string().contains("67108865"), "{error}");
    }

    #[test]
    fn url_that_no_client_can_send_is_refused() {
        let url = format!("https://api.example.com/{}", "a".repeat(70_000));
        let error = ApiRequest::build(RequestInput { url, ..input(&[]) }).err().unwrap();
        assert!(error.to_string().starts_with("the URL of 'api.example.com' cannot be sent"), "{error}");
    }

    #[test]
    fn header_values_are_sent_as_utf8() {
        let (request, _) = ApiRequest::build(input(&[("X-Name", "J\u{fc}rgen")])).unwrap();
        assert_eq!(request.headers["x-name"].as_bytes(), "J\u{fc}rgen".as_bytes());
    }

    #[test]
    fn left_out_headers_are_not_added() {
        let without = |names: &[&str]| {
            let left_out = names.iter().map(ToString::to_string).collect();
            ApiRequest::build(RequestInput { json: true, compressed: true, left_out, ..input(&[]) })
        };
        let (request, notes) = without(&["Content-Type", "accept-encoding", "Expect", "User-Agent"]).unwrap();
        assert_eq!((value(&request, "content-type"), value(&request, "accept-encoding")), (None, None));
        assert_eq!(value(&request, "user-agent"), None);
        assert_eq!(notes, []);
        assert_eq!(value(&without(&[]).unwrap().0, "accept-encoding"), Some("gzip, deflate, br"));
        let (request, notes) = without(&["Accept"]).unwrap();
        assert_eq!((value(&request, "accept"), notes), (Some("*/*"), vec![Note::Stays("Accept: */*")]));
        for name in ["Host", "Authorization", "x-amz-date", "X A", ""] {
            assert_eq!(without(&[name]).err().unwrap().kind, Kind::Usage, "{name}");
        }
    }
}
