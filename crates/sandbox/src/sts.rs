//! The Security Token Service: what its operations share, and GetCallerIdentity, for `aws sts get-caller-identity`
//! (<https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html>).

use std::borrow::Cow;

use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use http::{HeaderName, Method, Request, Response, StatusCode};
use url::form_urlencoded;

use crate::issued::{IssuedKey, IssuedKeys};
use crate::partition::Partition;
use crate::reply::{self, Reply};
use crate::sigv4::{self, Expected, Refused};
use crate::world::World;
use crate::{random, web_identity};

/// The version of the API, the only one that there is.
pub(super) const VERSION: &str = "2011-06-15";
/// How far a caller's clock may be off, in minutes.
const WINDOW_MINUTES: i64 = 15;

/// An error as the query protocol has it: status, code, message.
pub(super) struct Fault(pub StatusCode, pub &'static str, pub String);

/// Answers a request at STS.
pub(super) fn reply(world: &World, now: DateTime<Utc>, request: &Request<Bytes>) -> Reply {
    let version = parameter(request, "Version");
    match parameter(request, "Action").filter(|_| version.as_deref() == Some(VERSION)).as_deref() {
        Some("AssumeRoleWithWebIdentity") => {
            Reply::answer("sts.assume_role_with_web_identity", web_identity::answer(world, now, request))
        }
        action => {
            let endpoint = if action == Some("GetCallerIdentity") { "sts.caller_identity" } else { "sts.other" };
            Reply::answer(endpoint, answer(now, &world.issued, world.options.partition.region(), request))
        }
    }
}

/// Answers one request to STS in the query protocol: a form in the body, or the query. Signatures scoped to `region` are
/// taken, and those scoped to the global endpoint's us-east-1 where the partition has one.
pub fn answer(now: DateTime<Utc>, keys: &IssuedKeys, region: &str, request: &Request<Bytes>) -> Response<Bytes> {
    respond(|request_id| call(now, keys, region, request).map(|key| identity_document(&key, request_id)))
}

/// The answer of an operation, which makes its document with the request's id in it.
pub(super) fn respond(operation: impl FnOnce(&str) -> Result<String, Fault>) -> Response<Bytes> {
    let request_id = random::uuid();
    let (status, body) = match operation(&request_id) {
        Ok(document) => (StatusCode::OK, document),
        Err(Fault(status, code, message)) => (status, error_document(code, &message, &request_id)),
    };
    let response = reply::body(status, "text/xml", body);
    reply::with_header(response, HeaderName::from_static("x-amzn-requestid"), &request_id)
}

fn call(now: DateTime<Utc>, keys: &IssuedKeys, region: &str, request: &Request<Bytes>) -> Result<IssuedKey, Fault> {
    let bad_request = |code, message| Err(Fault(StatusCode::BAD_REQUEST, code, message));
    let Some(action) = parameter(request, "Action") else {
        return bad_request("MissingAction", "The request must contain the parameter Action.".into());
    };
    let version = parameter(request, "Version").unwrap_or(Cow::Borrowed("NO_VERSION_SPECIFIED"));
    if action != "GetCallerIdentity" || version != VERSION {
        return bad_request("InvalidAction", format!("Could not find operation {action} for version {version}"));
    }
    let regions = Partition::of(region).sts_regions(region);
    let expected = Expected { service: "sts", regions: &regions, now, window: TimeDelta::minutes(WINDOW_MINUTES) };
    sigv4::verify(request, &expected, |id| keys.find(id)).map_err(|refused| {
        let code = match refused {
            Refused::Unsigned => {
                let message = "Request is missing Authentication Token";
                return Fault(StatusCode::FORBIDDEN, "MissingAuthenticationToken", message.into());
            }
            Refused::Incomplete(message) => return Fault(StatusCode::BAD_REQUEST, "IncompleteSignature", message),
            Refused::UnknownKey => "InvalidClientTokenId",
            Refused::Expired => "ExpiredToken",
            Refused::Invalid(_) | Refused::Mismatch { .. } => "SignatureDoesNotMatch",
        };
        Fault(StatusCode::FORBIDDEN, code, refused.to_string())
    })
}

/// A parameter of the query protocol: from the form in the body of a POST, else from the query.
pub(super) fn parameter<'r>(request: &'r Request<Bytes>, name: &str) -> Option<Cow<'r, str>> {
    let form: &[u8] = if request.method() == Method::POST { request.body() } else { &[] };
    let query = request.uri().query().unwrap_or_default().as_bytes();
    let mut pairs = form_urlencoded::parse(form).chain(form_urlencoded::parse(query));
    pairs.find(|(key, _)| key == name).map(|(_, value)| value)
}

fn identity_document(key: &IssuedKey, request_id: &str) -> String {
    let (arn, user_id, account) = (key.caller_arn(), key.user_id(), key.account_id());
    let (arn, user_id, account) = (escape(&arn), escape(&user_id), escape(account));
    format!(
        "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/{VERSION}/\">\n  \
         <GetCallerIdentityResult>\n    <Arn>{arn}</Arn>\n    <UserId>{user_id}</UserId>\n    \
         <Account>{account}</Account>\n  </GetCallerIdentityResult>\n  <ResponseMetadata>\n    \
         <RequestId>{request_id}</RequestId>\n  </ResponseMetadata>\n</GetCallerIdentityResponse>\n"
    )
}

fn error_document(code: &str, message: &str, request_id: &str) -> String {
    let message = escape(message);
    format!(
        "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/{VERSION}/\">\n  <Error>\n    <Type>Sender</Type>\n    \
         <Code>{code}</Code>\n    <Message>{message}</Message>\n  </Error>\n  <RequestId>{request_id}</RequestId>\n\
         </ErrorResponse>\n"
    )
}

/// Escapes for XML 1.0 text, and leaves out the control characters that it cannot hold at all.
pub(super) fn escape(text: &str) -> String {
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
