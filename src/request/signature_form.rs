//! The parts of a signature that differ between services: the canonical path, and the header with the body's hash.

use std::fmt::Write as _;

use http::Uri;

/// The services to which S3's rules for paths apply.
const S3: &[&str] = &["s3", "s3-object-lambda", "s3-outposts", "s3express"];

/// The form of signature that a service requires.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct SignatureForm {
    /// True if the path is the key of an S3 object, which is neither normalised nor encoded a second time.
    pub(super) is_key: bool,
    /// The use of the body's hash in the signature and in the header `x-amz-content-sha256`.
    pub(super) hash: BodyHash,
}

/// The treatment of the body's hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BodyHash {
    /// The hash is signed, but not sent.
    Signed,
    /// The hash is signed, and sent in `x-amz-content-sha256`.
    Sent,
    /// The text `UNSIGNED-PAYLOAD` is signed and sent in place of the hash.
    Unsigned,
}

impl SignatureForm {
    /// Returns the signature form for the service with the signing name `service`.
    ///
    /// Sources: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html> for S3,
    /// <https://docs.aws.amazon.com/opensearch-service/latest/developerguide/serverless-clients.html> for OpenSearch
    /// Serverless, <https://docs.aws.amazon.com/vpc-lattice/latest/ug/sigv4-authenticated-requests.html> for VPC
    /// Lattice, which verifies no body.
    pub(super) fn of(service: &str) -> Self {
        let is_key = S3.contains(&service);
        let hash = match service {
            "vpc-lattice-svcs" => BodyHash::Unsigned,
            "aoss" => BodyHash::Sent,
            _ if is_key => BodyHash::Sent,
            _ => BodyHash::Signed,
        };
        Self { is_key, hash }
    }

    /// Returns the path of a request in the encoding in which the path is sent. S3 signs its own encoding of a key, so
    /// the key is sent in that encoding: every byte but RFC 3986's unreserved ones and the slash is percent-encoded.
    pub(super) fn sent_path(self, path: &str) -> String {
        if self.is_key { encoded_key(path) } else { path.to_owned() }
    }

    /// Returns the path to sign for `path`, which is the path as sent. It is normalised as by AWS's own clients, except
    /// for a key.
    pub(super) fn signed_path(self, path: &str) -> String {
        if self.is_key { path.to_owned() } else { normalised(path) }
    }
}

/// Returns `uri` with `path` in place of its own path.
pub(super) fn with_path(uri: &Uri, path: &str) -> String {
    let authority = uri.authority().map_or("", |authority| authority.as_str());
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    format!("{}://{authority}{path}{query}", uri.scheme_str().unwrap_or("https"))
}

/// Returns the path of an S3 object's key in S3's own encoding. Existing escapes stay, in upper case, unless they stand
/// for an unreserved character.
fn encoded_key(path: &str) -> String {
    let mut encoded = String::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let (byte, is_escape, after) = match escape(rest) {
            Some((byte, after)) => (byte, true, after),
            None => (first, false, after),
        };
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) || (byte == b'/' && !is_escape) {
            encoded.push(char::from(byte));
        } else {
            write!(encoded, "%{byte:02X}").expect("a String takes all that is written to it");
        }
        rest = after;
    }
    encoded
}

/// Decodes the percent-escape at the start of `text`; returns its byte and the rest of `text`, or `None` without a
/// valid escape.
fn escape(text: &[u8]) -> Option<(u8, &[u8])> {
    let (escape, after) = text.split_at_checked(3)?;
    let digits = std::str::from_utf8(escape.strip_prefix(b"%")?).ok()?;
    let is_hex = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    Some((u8::from_str_radix(digits, 16).ok().filter(|_| is_hex)?, after))
}

/// Returns a path without empty and dot segments. A slash at the end stays. This is botocore's reading of RFC 3986,
/// section 5.2.4; other clients keep the slash of a dot segment at the end, too.
fn normalised(path: &str) -> String {
    let mut segments: Vec<&str> = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => drop(segments.pop()),
            _ => segments.push(segment),
        }
    }
    let end = if path.ends_with('/') && !segments.is_empty() { "/" } else { "" };
    format!("/{}{end}", segments.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_normalised_only_for_the_signature() {
        let form = SignatureForm::of("execute-api");
        for (sent, signed) in [
            ("/", "/"),
            ("/prod//a/", "/prod/a/"),
            ("/prod/proxy/https://example.com/a//b", "/prod/proxy/https:/example.com/a/b"),
            ("/a/./b/../c", "/a/c"),
            ("/a/..", "/"),
            ("/../..//", "/"),
            ("/a/.", "/a"),
            ("/a%2e/b", "/a%2e/b"),
        ] {
            assert_eq!(form.sent_path(sent), sent);
            assert_eq!(form.signed_path(sent), signed, "{sent}");
        }
    }

    #[test]
    fn keys_of_s3_are_sent_in_the_encoding_that_is_signed() {
        let form = SignatureForm::of("s3");
        for (given, sent) in [
            ("/", "/"),
            ("/bucket//a/./b", "/bucket//a/./b"),
            ("/a@b:c=d!e'f(g)h*i+j,k;l$m&n", "/a%40b%3Ac%3Dd%21e%27f%28g%29h%2Ai%2Bj%2Ck%3Bl%24m%26n"),
            ("/a%2fb%c3%bc%7E%41%20", "/a%2Fb%C3%BC~A%20"),
            ("/100%", "/100%25"),
            ("/%zz%4", "/%25zz%254"),
        ] {
            assert_eq!(form.sent_path(given), sent, "{given}");
            assert_eq!(form.sent_path(sent), sent, "{sent} stays");
            assert_eq!(form.signed_path(sent), sent);
        }
    }

    #[test]
    fn only_some_services_get_the_hash_of_the_body() {
        for (service, hash) in [
            ("execute-api", BodyHash::Signed),
            ("lambda", BodyHash::Signed),
            ("es", BodyHash::Signed),
            ("s3tables", BodyHash::Signed),
            ("s3", BodyHash::Sent),
            ("s3express", BodyHash::Sent),
            ("aoss", BodyHash::Sent),
            ("vpc-lattice-svcs", BodyHash::Unsigned),
        ] {
            assert_eq!(SignatureForm::of(service).hash, hash, "{service}");
        }
    }
}
