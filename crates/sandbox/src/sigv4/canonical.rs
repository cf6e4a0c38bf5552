//! The canonical request of AWS Signature Version 4
//! (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>).

use std::fmt::Write;

use bytes::Bytes;
use http::Request;
use ring::digest::{SHA256, digest};

/// The parts of a request that a signature covers, in the form in which they were sent, neither normalised nor decoded.
///
/// [`Wire::of`] takes them from a request. A test can also fill them in by hand for requests that an HTTP library
/// refuses: AWS's published vectors have raw spaces in paths and line breaks in header values.
#[derive(Debug, Clone)]
pub struct Wire<'a> {
    /// The method, in the letter case in which it was sent.
    pub method: &'a str,
    /// The path, still percent-encoded.
    pub path: &'a str,
    /// The query without its `?`, still percent-encoded; empty if there is none.
    pub query: &'a str,
    /// The headers in the order of the request.
    pub headers: Vec<(&'a str, &'a [u8])>,
    /// The whole request body.
    pub body: &'a [u8],
}

impl<'a> Wire<'a> {
    /// Returns the parts of `request` that a signature covers. They exclude a fragment, which `http::Uri` drops and
    /// which RFC 9112, section 3.2, forbids in a request line.
    pub fn of(request: &'a Request<Bytes>) -> Self {
        Self {
            method: request.method().as_str(),
            path: request.uri().path(),
            query: request.uri().query().unwrap_or_default(),
            headers: request.headers().iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect(),
            body: request.body(),
        }
    }

    /// Returns whether the request has the header `name`.
    pub(super) fn has_header(&self, name: &str) -> bool {
        self.headers.iter().any(|(sent, _)| sent.eq_ignore_ascii_case(name))
    }

    /// Returns the canonical value of the header `name`: whitespace is folded, and repeated values are joined by
    /// commas. `None` if it was not sent.
    pub(super) fn header(&self, name: &str) -> Option<Vec<u8>> {
        let values = self.headers.iter().filter(|(sent, _)| sent.eq_ignore_ascii_case(name));
        let folded: Vec<Vec<u8>> = values.map(|(_, value)| fold(value)).collect();
        if folded.is_empty() { None } else { Some(folded.join(&b',')) }
    }

    /// Returns the value that [`Wire::header`] returns, converted to text. A byte that is not UTF-8 becomes U+FFFD,
    /// which no relevant header may contain.
    pub(super) fn header_text(&self, name: &str) -> Option<String> {
        self.header(name).map(|value| String::from_utf8_lossy(&value).into_owned())
    }

    /// Returns the name-value pairs of the query, percent-decoded. A `+` is a plus sign here, not a space.
    pub(super) fn query_pairs(&self) -> impl Iterator<Item = (Vec<u8>, Vec<u8>)> {
        self.query.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode(name), decode(value))
        })
    }

    /// Returns the canonical request, which covers the headers in `signed_headers`. `signed_headers` is used as it was
    /// sent. If it is not sorted and in lower case, the result differs from a correct signer's.
    pub(super) fn canonical_request(&self, signed_headers: &str, presigned: bool, form: &Form<'_>) -> Vec<u8> {
        let mut names: Vec<&str> = signed_headers.split(';').collect();
        names.sort_unstable();
        let mut text = Vec::new();
        let uri = if form.is_key { key_uri(self.path) } else { canonical_uri(self.path) };
        for line in [self.method, &uri, &self.canonical_query(presigned)] {
            text.extend_from_slice(line.as_bytes());
            text.push(b'\n');
        }
        for name in names {
            text.extend_from_slice(name.as_bytes());
            text.push(b':');
            text.extend_from_slice(&self.header(name).unwrap_or_default());
            text.push(b'\n');
        }
        text.push(b'\n');
        text.extend_from_slice(signed_headers.as_bytes());
        text.push(b'\n');
        text.extend_from_slice(form.body_hash.as_bytes());
        text
    }

    /// Returns the canonical query: sorted by name and value, strictly percent-encoded, and without the signature
    /// parameter.
    fn canonical_query(&self, presigned: bool) -> String {
        let mut pairs: Vec<(String, String)> = self
            .query_pairs()
            .filter(|(name, _)| !presigned || name != b"X-Amz-Signature")
            .map(|(name, value)| (encode(&name, false), encode(&value, false)))
            .collect();
        pairs.sort_unstable();
        pairs.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
    }
}

/// Returns the canonical URI for every service except S3. It is the path as sent, without doubled slashes and dot
/// segments, and percent-encoded a second time. API Gateway's own error messages show the encoding:
/// `/x/@connections/y=` becomes `/x/%40connections/y%3D` (<https://github.com/okigan/awscurl/issues/61>). AWS's test
/// suite and its SDKs show the rest: "the server side strips the redundant slashes"
/// (<https://github.com/aws/aws-sdk-js-v3/pull/3408>).
fn canonical_uri(path: &str) -> String {
    let mut segments: Vec<&str> = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => {
                segments.pop();
            }
            segment => segments.push(segment),
        }
    }
    let end = if path.ends_with('/') && !segments.is_empty() { "/" } else { "" };
    encode(format!("/{}{end}", segments.join("/")).as_bytes(), true)
}

/// The inputs of the canonical request that depend on the AWS service.
pub(super) struct Form<'a> {
    /// True if the path is an S3 object key, which is percent-encoded only once and not normalised.
    pub(super) is_key: bool,
    /// The SHA-256 hash of the body in hexadecimal, or `UNSIGNED-PAYLOAD` if the signature does not cover the body.
    pub(super) body_hash: &'a str,
}

/// Returns the canonical URI of an S3 request: the path, percent-encoded once and not normalised.
fn key_uri(path: &str) -> String {
    let segments = path.split('/').map(|segment| encode(&decode(segment), false));
    let path = segments.collect::<Vec<_>>().join("/");
    if path.is_empty() { "/".to_owned() } else { path }
}

/// Percent-encodes all bytes except RFC 3986's unreserved characters and, if `keep_slash` is set, the slash.
fn encode(bytes: &[u8], keep_slash: bool) -> String {
    let mut text = String::with_capacity(bytes.len());
    for &byte in bytes {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) || (keep_slash && byte == b'/') {
            text.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(text, "%{byte:02X}");
        }
    }
    text
}

/// Percent-decodes `text`. A `%` without two hex digits stands for itself.
fn decode(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let pair =
            after.split_at_checked(2).filter(|(digits, _)| first == b'%' && digits.iter().all(u8::is_ascii_hexdigit));
        let decoded =
            pair.and_then(|(digits, after)| Some((u8::from_str_radix(str::from_utf8(digits).ok()?, 16).ok()?, after)));
        let (byte, after) = decoded.unwrap_or((first, after));
        bytes.push(byte);
        rest = after;
    }
    bytes
}

/// Trims a header value, and replaces each run of whitespace with one space, even in quotes.
fn fold(value: &[u8]) -> Vec<u8> {
    let words = value.split(|byte| byte.is_ascii_whitespace() || *byte == 0x0b).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(&b' ')
}

/// Returns the SHA-256 hash of `data` in lower-case hex.
pub(super) fn hex_sha256(data: &[u8]) -> String {
    hex(digest(&SHA256, data).as_ref())
}

/// Returns `bytes` in lower-case hex.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn canonical_path_is_normalised_and_encoded_once_more() {
        assert_eq!(canonical_uri(""), "/");
        assert_eq!(canonical_uri("/x/@connections/y="), "/x/%40connections/y%3D");
        assert_eq!(canonical_uri("/a%20b/%2f/\u{20ac}+:"), "/a%2520b/%252f/%E2%82%AC%2B%3A");
        assert_eq!(canonical_uri("//a/../b/./"), "/b/");
        assert_eq!(canonical_uri("/p/https://h//a"), "/p/https%3A/h/a");
        assert_eq!(canonical_uri("/.."), "/");
    }

    #[test]
    fn canonical_path_of_a_key_is_encoded_once() {
        assert_eq!(key_uri(""), "/");
        assert_eq!(key_uri("/b//a/../@x/%e2%82%ac+%2f%7E"), "/b//a/../%40x/%E2%82%AC%2B%2F~");
    }

    #[test]
    fn canonical_query_is_decoded_strictly_encoded_and_sorted() {
        let query = |query| Wire { method: "GET", path: "/", query, headers: vec![], body: b"" }.canonical_query(true);
        assert_eq!(query(""), "");
        assert_eq!(query("b=2&a=x%20y&a=%2f"), "a=%2F&a=x%20y&b=2");
        assert_eq!(query("flag&empty=&&eq=a=b"), "empty=&eq=a%3Db&flag=");
        assert_eq!(query("plus=1+2&bad=%zz%4"), "bad=%25zz%254&plus=1%2B2");
        assert_eq!(query("k=@:'()*!,;$/~"), "k=%40%3A%27%28%29%2A%21%2C%3B%24%2F~");
        // Sorted by encoded name: a raw `=` would sort after `-` and let the longer name slip in front of the
        // shorter.
        assert_eq!(query("a-b=1&a=2&%E1%88%B4=3"), "%E1%88%B4=3&a=2&a-b=1");
        assert_eq!(query("X-Amz-Signature=0&X-Amz-Date=1"), "X-Amz-Date=1");
    }

    #[test]
    fn canonical_header_values_are_folded_and_joined() {
        let headers: Vec<(&str, &[u8])> =
            vec![("X-Two", b"  a \t b  "), ("x-one", b"\"q   q\""), ("x-two", b"c"), ("x-odd", b"\xff")];
        let wire = Wire { method: "GET", path: "/", query: "", headers, body: b"" };
        assert_eq!(wire.header("x-two").unwrap(), b"a b,c");
        assert_eq!(wire.header("x-one").unwrap(), b"\"q q\"");
        assert_eq!(wire.header("x-odd").unwrap(), b"\xff");
        assert_eq!(wire.header("x-none"), None);
    }

    #[test]
    fn canonical_headers_are_sorted_but_their_list_stays_as_sent() {
        let headers: Vec<(&str, &[u8])> = vec![("host", b"h"), ("a", b"1"), ("not-signed", b"2")];
        let wire = Wire { method: "GET", path: "/", query: "", headers, body: b"" };
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        let form = Form { is_key: false, body_hash: empty };
        let text = String::from_utf8(wire.canonical_request("host;a", false, &form)).unwrap();
        assert_eq!(text, format!("GET\n/\n\na:1\nhost:h\n\nhost;a\n{empty}"));
    }
}
