//! The result of handling a request, and functions that build HTTP responses.

use bytes::Bytes;
use http::header::{
    ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue, LOCATION, PRAGMA,
    STRICT_TRANSPORT_SECURITY, X_FRAME_OPTIONS,
};
use http::{Response, StatusCode};
use serde_json::Value;

use crate::random;

/// The sandbox's reaction to a request: a response, silence, or a closed connection.
#[derive(Debug)]
pub enum Outcome {
    /// The sandbox sends this response.
    Answer(Response<Bytes>),
    /// The sandbox sends no response, and leaves the connection open until the client closes it.
    Silence,
    /// The sandbox closes the connection without a response.
    Hangup,
}

impl Outcome {
    /// Applies `change` to the response, if the outcome has one.
    pub fn map(self, change: impl FnOnce(Response<Bytes>) -> Response<Bytes>) -> Self {
        match self {
            Outcome::Answer(response) => Outcome::Answer(change(response)),
            other => other,
        }
    }
}

/// The result of a handler: the endpoint's name for the log, and the outcome.
#[derive(Debug)]
pub struct Reply {
    /// The endpoint's name in the request log, such as `token.refresh` or `identity.get_id`.
    pub endpoint: &'static str,
    /// The sandbox's reaction to the request.
    pub outcome: Outcome,
}

impl Reply {
    /// Returns a reply of `endpoint` that sends `response`.
    pub fn answer(endpoint: &'static str, response: Response<Bytes>) -> Self {
        Self { endpoint, outcome: Outcome::Answer(response) }
    }
}

/// Appends a header to the response, unless `value` is not a valid header value.
pub fn with_header(mut response: Response<Bytes>, name: HeaderName, value: &str) -> Response<Bytes> {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().append(name, value);
    }
    response
}

/// Returns a response that has a status but no body.
pub fn empty(status: StatusCode) -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = status;
    response
}

/// Returns a response with a body of the given content type.
pub fn body(status: StatusCode, content_type: &'static str, text: impl Into<Bytes>) -> Response<Bytes> {
    let mut response = Response::new(text.into());
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

/// Adds the headers that the user pool's domain sends with every response.
pub fn as_cognito(mut response: Response<Bytes>) -> Response<Bytes> {
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache, no-store, max-age=0, must-revalidate"));
    headers.insert(PRAGMA, HeaderValue::from_static("no-cache"));
    headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    headers.insert(STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000 ; includeSubDomains"));
    headers.insert("x-content-type-options", HeaderValue::from_static("nosniff"));
    with_header(response, HeaderName::from_static("x-amz-cognito-request-id"), &random::uuid())
}

/// Returns a JSON response with the headers of the user pool's OAuth endpoints.
pub fn cognito_json(status: StatusCode, document: &Value) -> Response<Bytes> {
    let mut response = body(status, "application/json;charset=UTF-8", document.to_string());
    response.headers_mut().insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    as_cognito(response)
}

/// Returns the 403 page that a web ACL sends when it blocks a request. The response has none of the user pool's
/// headers.
pub fn forbidden_page() -> Response<Bytes> {
    let page = "<html>\r\n<head><title>403 Forbidden</title></head>\r\n<body>\r\n<center><h1>403 Forbidden</h1>\
                </center>\r\n</body>\r\n</html>\r\n";
    body(StatusCode::FORBIDDEN, "text/html", page)
}

/// Returns the error response of an OAuth endpoint (RFC 6749, 5.2).
pub fn oauth_error(status: StatusCode, code: &str) -> Response<Bytes> {
    cognito_json(status, &serde_json::json!({ "error": code }))
}

/// Returns a plain JSON response, as the control endpoint and the discovery endpoints send it.
pub fn json(status: StatusCode, document: &Value) -> Response<Bytes> {
    body(status, "application/json", document.to_string())
}

/// Returns a redirect with status 302.
pub fn redirect(location: &str) -> Response<Bytes> {
    as_cognito(with_header(empty(StatusCode::FOUND), LOCATION, location))
}

/// Adds a `Set-Cookie` header to the response.
pub fn set_cookie(response: Response<Bytes>, cookie: &str) -> Response<Bytes> {
    with_header(response, http::header::SET_COOKIE, cookie)
}

/// Returns a successful response of the identity pool, in AWS's JSON protocol 1.1.
pub fn aws_json(document: &Value) -> Response<Bytes> {
    let response = body(StatusCode::OK, "application/x-amz-json-1.1", document.to_string());
    with_header(response, HeaderName::from_static("x-amzn-requestid"), &random::uuid())
}

/// Returns an error response of the identity pool. The error code is in the body and in the header that SDKs read
/// first.
pub fn aws_error(status: StatusCode, code: &'static str, message: &str) -> Response<Bytes> {
    let document = serde_json::json!({ "__type": code, "message": message });
    let mut response = body(status, "application/x-amz-json-1.1", document.to_string());
    response.headers_mut().insert("x-amzn-errortype", HeaderValue::from_static(code));
    with_header(response, HeaderName::from_static("x-amzn-requestid"), &random::uuid())
}
