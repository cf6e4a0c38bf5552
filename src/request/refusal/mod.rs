//! Explanations of the refusals of a gateway or a service, with the next step.
//!
//! API Gateway's answers are those of its REST APIs
//! (<https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html>,
//! <https://repost.aws/knowledge-center/api-gateway-troubleshoot-403-forbidden>) and HTTP APIs, and of the signature
//! check that AWS's services share
//! (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html>). An API's owner can reword
//! refusals, so the error type in the header counts too. Answers are not trusted: they are escaped where they are
//! printed.

mod denied;
mod found;
mod gateway;
mod seen;
mod services;

use chrono::{DateTime, TimeDelta, Utc};
use http::{HeaderMap, StatusCode};

use self::found::Found;
use self::seen::Seen;
use super::build::ApiRequest;
use super::sign::Scope;
use crate::error::{Failure, Kind, shortened};
use crate::refusals::Row;
use crate::secret::Redactor;

/// The maximum length of a quoted piece of an answer, in characters.
const LONGEST_QUOTE: usize = 300;
/// The maximum length of a quoted path, in characters.
const LONGEST_PATH: usize = 200;

/// The reason why the gateway or the service refused a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// The API has no such method and path, or the signature was lost on the way. The gateway gives both the same
    /// answer.
    MissingRoute,
    /// The signature's time differs from the gateway's.
    WrongClock,
    /// The role may not invoke this route.
    NotAllowed,
    /// The credentials have expired.
    ExpiredToken,
    /// AWS does not know the key or its session token.
    UnknownKey,
    /// The signature is for another region, service or day.
    WrongScope,
    /// The signature does not match what arrived.
    WrongSignature,
    /// The `Authorization` header does not hold a complete signature.
    IncompleteSignature,
    /// The refusal did not come from IAM: a firewall, a missing API key or a disabled endpoint caused it.
    Forbidden,
    /// The API is an HTTP API, which gives the same answer for every refusal.
    HttpApi,
    /// The route wants a token, not a signature.
    OtherAuthorizer,
    /// There were too many requests, or the quota is used up.
    Throttled,
    /// The request is too large.
    TooLarge,
    /// No signature arrived.
    NoSignature,
    /// The host is that of a VPC endpoint, and no header names the API.
    MissingApiId,
    /// The service demands the body's hash in a header.
    MissingBodyHash,
    /// The body is not the signed one.
    OtherBody,
    /// A policy or an access control that only this service has refuses the role.
    Policy,
    /// The model cannot be called in this way.
    Model,
    /// A CDN, a load balancer or a firewall in front of the service answered in its place.
    InFront,
    /// The integration behind the gateway failed or did not answer in time.
    Behind,
}

/// A refusal by the gateway, explained. The texts may hold pieces of the answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The reason.
    pub reason: Reason,
    /// The cause.
    pub message: String,
    /// The next step.
    pub hint: String,
    /// The gateway's time minus this machine's, if the answer has a time.
    pub offset: Option<TimeDelta>,
}

impl Refusal {
    /// Returns the gateway's time, if it is known and a wrong signature time caused the refusal. Sign the request again
    /// with that time, but only once: a second refusal has another reason. The refused request did not reach the API.
    pub fn corrected_time(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        if self.reason == Reason::WrongClock { now.checked_add_signed(self.offset?) } else { None }
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Failure::new(Kind::Refused, refusal.message).hint(refusal.hint)
    }
}

/// The refused request, and the profile that it was signed for.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// The request that was refused.
    pub request: &'a ApiRequest,
    /// The service and region that the request was signed for.
    pub scope: &'a Scope,
    /// The profile in use.
    pub profile: &'a str,
    /// The redactor for the answer's text, because AWS repeats the session token if a signature does not match.
    pub redactor: &'a Redactor,
}

/// Explains a refusal by the gateway. `body_prefix` is the start of the answer's body, and `local_now` the time at
/// which it arrived.
///
/// Returns `None` if the answer comes from the API itself, or reports no error. The only status below 400 that is
/// explained is S3's redirect to a bucket's region.
pub fn explain(
    status: StatusCode,
    headers: &HeaderMap,
    body_prefix: &[u8],
    local_now: DateTime<Utc>,
    context: &Context,
) -> Option<Refusal> {
    let seen = Seen::of(status, headers, body_prefix, local_now, context.redactor);
    let Found { reason, row, facts } = found::find(&seen, context)?;
    let (message, hint) = words(row, &facts, &seen, context);
    Some(Refusal { reason, message, hint, offset: seen.offset })
}

/// Returns the message and the hint that explain a refusal.
fn words(row: &Row, more: &[(&'static str, String)], seen: &Seen, context: &Context) -> (String, String) {
    let Context { request, scope, profile, .. } = context;
    let (path, said) = (shortened_path(request), quoted(&seen.message));
    let mut facts = vec![
        ("host", request.host()),
        ("method", request.method().as_str()),
        ("path", path.as_str()),
        ("region", scope.region.as_str()),
        ("service", scope.service.as_str()),
        ("profile", *profile),
        ("said", said.as_str()),
    ];
    facts.extend(more.iter().map(|(name, fact)| (*name, fact.as_str())));
    (row.cause(&facts), row.hint(&facts))
}

fn shortened_path(request: &ApiRequest) -> String {
    shortened(request.path(), LONGEST_PATH)
}

/// Returns a piece of the answer in quotes, shortened.
fn quoted(text: &str) -> String {
    format!("'{}'", shortened(text, LONGEST_QUOTE))
}
