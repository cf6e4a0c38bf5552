//! The query protocol of STS: requests have parameters in a form or a query, and responses are XML
//! (<https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html>).

use std::borrow::Cow;

use bytes::Bytes;
use http::{HeaderName, Method, Request, Response, StatusCode};
use url::form_urlencoded;

use crate::random;
use crate::reply;

/// The only version of the STS API.
pub const VERSION: &str = "2011-06-15";
/// An error of the query protocol: HTTP status, error code and message.
pub struct Fault(pub StatusCode, pub &'static str, pub String);

/// Returns an error with the HTTP status 400 (Bad Request).
pub fn bad_request(code: &'static str, message: impl Into<String>) -> Fault {
    Fault(StatusCode::BAD_REQUEST, code, message.into())
}

/// Runs `operation` with a new request id, and converts its result to an HTTP response.
pub fn respond(operation: impl FnOnce(&str) -> Result<String, Fault>) -> Response<Bytes> {
    let request_id = random::uuid();
    let (status, body) = match operation(&request_id) {
        Ok(document) => (StatusCode::OK, document),
        Err(Fault(status, code, message)) => (status, error_document(code, &message, &request_id)),
    };
    let response = reply::body(status, "text/xml", body);
    reply::with_header(response, HeaderName::from_static("x-amzn-requestid"), &request_id)
}

/// Returns an error response with a new request id.
pub fn refusal(status: StatusCode, code: &'static str, message: String) -> Response<Bytes> {
    respond(|_| Err(Fault(status, code, message)))
}

/// Returns the parameter `name` from a POST request's form or, if it is missing there, from the query. Returns `None`
/// if both lack it.
pub fn parameter<'r>(request: &'r Request<Bytes>, name: &str) -> Option<Cow<'r, str>> {
    let form: &[u8] = if request.method() == Method::POST { request.body() } else { &[] };
    let query = request.uri().query().unwrap_or_default().as_bytes();
    let mut pairs = form_urlencoded::parse(form).chain(form_urlencoded::parse(query));
    pairs.find(|(key, _)| key == name).map(|(_, value)| value)
}

fn error_document(code: &str, message: &str, request_id: &str) -> String {
    let message = escape(message);
    format!(
        "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/{VERSION}/\">\n  <Error>\n    <Type>Sender</Type>\n    \
         <Code>{code}</Code>\n    <Message>{message}</Message>\n  </Error>\n  <RequestId>{request_id}</RequestId>\n\
         </ErrorResponse>\n"
    )
}

/// Escapes `text` for XML 1.0, and drops the control characters that XML does not allow.
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '\u{fffe}' | '\u{ffff}' => {}
            other if other.is_ascii_control() && !matches!(other, '\t' | '\n' | '\r') => {}
            other => escaped.push(other),
        }
    }
    escaped
}
