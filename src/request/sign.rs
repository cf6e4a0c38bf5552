//! Signature Version 4 of the exact request that is sent.

use std::fmt;
use std::time::SystemTime;

use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SigningSettings, UriPathNormalizationMode,
};
use aws_sigv4::sign::v4;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use http::header::{
    ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CONTENT_LENGTH, HOST, HeaderMap, HeaderName, HeaderValue, RANGE,
    USER_AGENT, VIA,
};
use http::{Request, Uri};
use tracing::subscriber::NoSubscriber;
use url::{Position, Url};

use super::build::ApiRequest;
use super::signature_form::{BodyHash, SignatureForm, with_path};
use crate::aws::{Credentials, NamedScope, named_scope};
use crate::error::{Failure, Kind, Within, quoted};

/// API Gateway's name in the credential scope.
pub const EXECUTE_API: &str = "execute-api";

/// The service and the region that a signature is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    /// The service's name in the credential scope, such as `execute-api`.
    pub service: String,
    /// The region, such as `eu-west-1`.
    pub region: String,
    /// The host to sign for and to send in the `Host` header, if it differs from the host of the URL.
    pub host: Option<String>,
}

impl Scope {
    /// Returns the scope of a service in a region, for the URL's own host.
    pub fn new(service: impl Into<String>, region: impl Into<String>) -> Self {
        Self { service: service.into(), region: region.into(), host: None }
    }

    /// Returns the scope of API Gateway in a region.
    pub fn execute_api(region: impl Into<String>) -> Self {
        Self::new(EXECUTE_API, region)
    }

    /// Returns the host that the signature of `request` is for.
    pub fn signed_host<'a>(&'a self, request: &'a ApiRequest) -> &'a str {
        self.host.as_deref().unwrap_or(request.host())
    }
}

/// Headers that AWS's own clients do not sign. Proxies, and CloudFront in front of an edge-optimised API, may rewrite
/// them and so break a signature.
const UNSIGNED: [HeaderName; 12] = [
    ACCEPT,
    ACCEPT_ENCODING,
    CONTENT_LENGTH,
    RANGE,
    USER_AGENT,
    VIA,
    HeaderName::from_static("baggage"),
    HeaderName::from_static("forwarded"),
    HeaderName::from_static("traceparent"),
    HeaderName::from_static("tracestate"),
    HeaderName::from_static("x-amzn-trace-id"),
    HeaderName::from_static("x-forwarded-for"),
];

/// Returns the `Host` header for `given`, the host to sign for: a name or an address, with the port unless the port is
/// 443.
///
/// # Errors
/// [`Kind::Usage`] if it is no host.
pub fn sign_host(given: &str) -> Result<String, Failure> {
    let url = Url::parse(&format!("https://{given}/")).ok();
    let url = url.filter(|url| url.path() == "/" && url.query().is_none() && url.fragment().is_none());
    let url =
        url.filter(|url| url.username().is_empty() && url.password().is_none() && !given.contains(['/', '\\', '@']));
    match url {
        Some(url) => Ok(url[Position::BeforeHost..Position::AfterPort].to_owned()),
        None => Err(Failure::new(Kind::Usage, format!("'{}' is no host to sign for", quoted(given)))
            .hint("give the host alone, as in --sign-host abc123.execute-api.eu-west-1.amazonaws.com")),
    }
}

/// Returns whether a request to a private API goes through a VPC endpoint but lacks the header that names the API
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-private-api-test-invoke-url.html>).
pub fn lacks_api_id(request: &ApiRequest, scope: &Scope) -> bool {
    let named = named_scope(scope.signed_host(request));
    let is_endpoint = matches!(named, NamedScope::Service { service: EXECUTE_API, is_endpoint: true, .. });
    is_endpoint && !request.headers.contains_key("x-apigw-api-id")
}

/// A complete request with its signature. Its `Debug` shows only method and host.
#[derive(Clone)]
pub struct SignedRequest(pub(super) Request<Bytes>);

impl SignedRequest {
    /// Returns the request exactly as it is sent. Its headers hold the session token and a valid signature.
    pub fn as_http(&self) -> &Request<Bytes> {
        &self.0
    }
}

impl fmt::Debug for SignedRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SignedRequest({} {})", self.0.method(), self.0.uri().authority().map_or("", |a| a.as_str()))
    }
}

/// Signs `request` for the service and the region in `scope`, with the time `now`. The same request can be signed again
/// with another time.
///
/// # Errors
/// If the credentials contain characters that no header can hold. AWS issues no such credentials.
pub fn sign(
    request: &ApiRequest,
    credentials: &Credentials,
    scope: &Scope,
    now: DateTime<Utc>,
) -> Result<SignedRequest, Failure> {
    signed(request, credentials, scope, now).within(|| format!("cannot sign the request to '{}'", request.host()))
}

fn signed(
    request: &ApiRequest,
    credentials: &Credentials,
    scope: &Scope,
    now: DateTime<Utc>,
) -> Result<SignedRequest, Failure> {
    let token = credentials.session_token.expose();
    let identity = aws_credential_types::Credentials::new(
        credentials.access_key_id.as_str(),
        credentials.secret_access_key.expose(),
        (!token.is_empty()).then(|| token.to_string()),
        None,
        "cogfed",
    )
    .into();
    let form = SignatureForm::of(&scope.service);
    let uri = with_path(&request.uri, &form.sent_path(request.uri.path()));
    let uri: Uri = uri.parse().map_err(|error| failed(&error))?;
    let mut headers = request.headers.clone();
    if let Some(host) = &scope.host {
        headers.insert(HOST, HeaderValue::from_str(host).map_err(|error| failed(&error))?);
    }
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region(&scope.region)
        .name(&scope.service)
        .time(SystemTime::from(now))
        .settings(settings(form))
        .build()
        .map_err(|error| failed(&error).within("incomplete parameters"))?
        .into();
    let body = match form.hash {
        BodyHash::Unsigned => SignableBody::UnsignedPayload,
        BodyHash::Signed | BodyHash::Sent => SignableBody::Precomputed(request.body_hash().to_owned()),
    };
    let signed_uri = with_path(&uri, &form.signed_path(uri.path()));
    let signable = SignableRequest::new(request.method.as_str(), signed_uri, to_sign(&headers)?.into_iter(), body);
    let signable = signable.map_err(|error| failed(&error))?;
    // The signer logs the canonical request, which holds the query and the person's own keys. Its events are discarded.
    let output =
        tracing::subscriber::with_default(NoSubscriber::default(), || aws_sigv4::http_request::sign(signable, &params))
            .map_err(|error| failed(&error))?;
    let (instructions, _) = output.into_parts();
    add_signature(&mut headers, instructions.headers())?;

    let mut signed = Request::new(request.body.clone());
    *signed.method_mut() = request.method.clone();
    *signed.uri_mut() = uri;
    *signed.headers_mut() = headers;
    Ok(SignedRequest(signed))
}

/// Returns the headers that the signature covers, with the bytes of their values, which the signer reads as UTF-8.
fn to_sign(headers: &HeaderMap) -> Result<Vec<(&str, &str)>, Failure> {
    let covered = headers.iter().filter(|(name, _)| !UNSIGNED.contains(name));
    let as_text = covered.map(|(name, value)| Ok((name.as_str(), std::str::from_utf8(value.as_bytes())?)));
    let as_text: Result<Vec<_>, std::str::Utf8Error> = as_text.collect();
    as_text.map_err(|error| failed(&error).within("a header's value is not UTF-8"))
}

/// Adds the headers that the signer returned. The signature and the session token are marked as secret.
fn add_signature<'a>(headers: &mut HeaderMap, added: impl Iterator<Item = (&'a str, &'a str)>) -> Result<(), Failure> {
    for (name, value) in added {
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|error| failed(&error))?;
        let mut value = HeaderValue::from_str(value)
            .map_err(|error| failed(&error).within("the credentials hold characters that no header can carry"))?;
        value.set_sensitive(name == AUTHORIZATION || name == "x-amz-security-token");
        headers.insert(name, value);
    }
    Ok(())
}

/// Returns the signer's settings for a signature of this form. The path is given to the signer as it is signed, so the
/// signer changes nothing of it but the encoding. The session token is always signed.
fn settings(form: SignatureForm) -> SigningSettings {
    let mut settings = SigningSettings::default();
    settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
    if form.is_key {
        settings.percent_encoding_mode = PercentEncodingMode::Single;
    }
    if form.hash != BodyHash::Signed {
        settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
    }
    settings
}

fn failed(error: &dyn std::error::Error) -> Failure {
    Failure::caused_by(Kind::Failed, error)
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDateTime;
    use serde_json::Value;

    use super::*;
    use crate::request::RequestInput;
    use crate::secret::Secret;

    fn credentials(token: &str) -> Credentials {
        Credentials {
            access_key_id: "AKIDEXAMPLE".into(),
            secret_access_key: Secret::new("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
            session_token: Secret::new(token),
            expires: DateTime::UNIX_EPOCH,
        }
    }

    fn authorization(signed: &SignedRequest) -> &str {
        signed.0.headers()[AUTHORIZATION].to_str().unwrap()
    }

    /// Returns whether cogfed can send the request of a published test vector.
    fn can_be_sent(vector: &Value) -> bool {
        let path = vector["target"].as_str().unwrap().split('?').next().unwrap();
        let headers = vector["headers"].as_array().unwrap();
        // The request line is visible ASCII, each header is one line, the token is signed, and the length is not.
        path.bytes().all(|byte| byte.is_ascii_graphic())
            && headers.iter().all(|pair| !pair[1].as_str().unwrap().contains('\n') && pair[0] != "Content-Length")
            && vector["omit_session_token"] == false
            // Dot segments and doubled slashes are never sent.
            && (vector["normalize"] == true || !(path.contains("/.") || path.contains("//")))
    }

    /// The vectors are those of AWS's own test suite,
    /// <https://github.com/awslabs/aws-c-auth/tree/main/tests/aws-signing-test-suite/v4>.
    #[test]
    fn published_test_vectors_get_their_published_signatures() {
        let suite =
            std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/sigv4_suite.jsonl")).unwrap();
        let vectors: Vec<Value> = suite.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(vectors.len(), 38);
        let expressible: Vec<&Value> = vectors.iter().filter(|vector| can_be_sent(vector)).collect();
        assert_eq!(expressible.len(), 25);
        for vector in expressible {
            let text = |value: &Value| value.as_str().unwrap().to_string();
            let headers = vector["headers"].as_array().unwrap().iter().filter(|pair| pair[0] != "Host");
            let input = RequestInput {
                method: text(&vector["method"]),
                url: format!("https://example.amazonaws.com{}", text(&vector["target"])),
                headers: headers.map(|pair| (text(&pair[0]), text(&pair[1]))).collect(),
                body: Some(text(&vector["body"]).into_bytes()),
                ..RequestInput::default()
            };
            let (request, _) = ApiRequest::build(input).unwrap();
            let credentials = credentials(vector["credentials"]["token"].as_str().unwrap_or_default());
            let time =
                NaiveDateTime::parse_from_str(vector["timestamp"].as_str().unwrap(), "%Y-%m-%dT%H:%M:%SZ").unwrap();
            let scope = Scope::new(text(&vector["service"]), text(&vector["region"]));
            let signed = sign(&request, &credentials, &scope, time.and_utc()).unwrap();
            assert_eq!(authorization(&signed), vector["expected"]["authorization"], "{}", vector["name"]);
        }
    }

    fn execute_api(input: RequestInput) -> SignedRequest {
        let (request, _) = ApiRequest::build(input).unwrap();
        let now = DateTime::parse_from_rfc3339("2026-11-22T12:00:00Z").unwrap().to_utc();
        sign(&request, &credentials("TOKEN/EXAMPLE=="), &Scope::execute_api("eu-west-1"), now).unwrap()
    }

    /// The expected signatures were computed with botocore 1.43.11.
    #[test]
    fn signatures_equal_those_of_botocore() {
        let signed = execute_api(RequestInput {
            method: "GET".into(),
            url: "https://abc123.execute-api.eu-west-1.amazonaws.com/prod/a%20b/@x/%E2%82%AC?b=2&a=x%20y&a=%2F".into(),
            ..RequestInput::default()
        });
        assert_eq!(
            authorization(&signed),
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261122/eu-west-1/execute-api/aws4_request, \
             SignedHeaders=host;x-amz-date;x-amz-security-token, \
             Signature=67d5eb49e4711d8aac00f86099370bde10b68c922a73911618fdc22a7b474293"
        );
        let signed = execute_api(RequestInput {
            method: "POST".into(),
            url: "https://abc123.execute-api.eu-west-1.amazonaws.com/prod/orders".into(),
            body: Some(br#"{"id":1}"#.to_vec()),
            json: true,
            ..RequestInput::default()
        });
        assert_eq!(
            authorization(&signed),
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261122/eu-west-1/execute-api/aws4_request, \
             SignedHeaders=content-type;host;x-amz-date;x-amz-security-token, \
             Signature=8aea45da4566d7c99c5413a74f1b50afcd128da3934aca7bda36aadfc805cbb6"
        );
    }

    #[test]
    fn headers_that_proxies_rewrite_are_sent_but_not_signed() {
        let headers = ["User-Agent", "Accept", "Accept-Encoding", "X-Amzn-Trace-Id", "Range", "X-Custom"];
        let signed = execute_api(RequestInput {
            method: "GET".into(),
            url: "https://api.example.com/".into(),
            headers: headers.map(|name| (name.to_string(), "1".to_string())).to_vec(),
            ..RequestInput::default()
        });
        assert!(headers.iter().all(|name| signed.0.headers()[*name] == "1"));
        let scope = authorization(&signed);
        assert!(scope.contains("SignedHeaders=host;x-amz-date;x-amz-security-token;x-custom,"), "{scope}");
    }

    #[test]
    fn debug_of_a_signed_request_shows_no_secret() {
        let signed = execute_api(RequestInput {
            method: "GET".into(),
            url: "https://api.example.com/?code=canary".into(),
            ..RequestInput::default()
        });
        assert_eq!(format!("{signed:?}"), "SignedRequest(GET api.example.com)");
        let headers = format!("{:?}", signed.0.headers());
        assert!(!headers.contains("TOKEN") && !headers.contains("Signature="), "{headers}");
    }

    #[test]
    fn signing_with_credentials_that_no_header_holds_fails() {
        let input = RequestInput { method: "GET".into(), url: "https://h/".into(), ..RequestInput::default() };
        let (request, _) = ApiRequest::build(input).unwrap();
        let scope = Scope::execute_api("eu-west-1");
        let error = sign(&request, &credentials("line\nbreak"), &scope, DateTime::UNIX_EPOCH).unwrap_err();
        assert!(error.to_string().contains("'h'") && !format!("{error}").contains("break"), "{error}");
    }
}
