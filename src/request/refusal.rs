//! Explanations of the gateway's refusals, with the next step.
//!
//! The answers are those of API Gateway's REST APIs
//! (<https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html>,
//! <https://repost.aws/knowledge-center/api-gateway-troubleshoot-403-forbidden>) and HTTP APIs, and of the signature
//! check that AWS's services share
//! (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html>). An API's owner can reword
//! refusals, so the error type in the header counts too. Answers are not trusted: they are escaped where they are
//! printed.

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use http::header::DATE;
use http::{HeaderMap, StatusCode};
use serde::Deserialize;

use super::build::ApiRequest;
use super::sign::Scope;
use crate::aws::{NamedScope, named_scope};
use crate::clock::{SIGNATURE_TOLERANCE, http_date, in_words};
use crate::error::{Failure, Kind, shortened};
use crate::refusals::{Row, api_gateway};
use crate::secret::Redactor;

/// The maximum length of a quoted piece of an answer, in characters.
const LONGEST_QUOTE: usize = 300;
/// The maximum length of a quoted path, in characters.
const LONGEST_PATH: usize = 200;

/// The reason why the gateway refused a request.
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

/// The parts of an answer that reveal the reason.
struct Seen<'a> {
    status: u16,
    error_type: &'a str,
    message: &'a str,
    http_api: bool,
    offset: Option<TimeDelta>,
}

/// The body of a refusal. AWS writes both `message` and `Message`.
#[derive(Deserialize)]
struct Body {
    #[serde(alias = "Message")]
    message: String,
}

/// Explains a refusal by the gateway. `body_prefix` is the start of the answer's body, and `local_now` the time at
/// which it arrived.
///
/// Returns `None` if the status is below 400, or if the answer comes from the API itself.
pub fn explain(
    status: StatusCode,
    headers: &HeaderMap,
    body_prefix: &[u8],
    local_now: DateTime<Utc>,
    context: &Context,
) -> Option<Refusal> {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let body = serde_json::from_slice::<Body>(body_prefix).map(|body| body.message).unwrap_or_default();
    let offset = header(DATE.as_str()).and_then(http_date).or_else(|| time_in(&body)).map(|server| server - local_now);
    let body = context.redactor.redact(&body);
    let seen = Seen {
        status: status.as_u16(),
        error_type: header("x-amzn-errortype").unwrap_or_default().split(':').next().unwrap_or_default(),
        message: &body,
        // REST APIs send `x-amz-apigw-id` and `x-amzn-RequestId` instead.
        http_api: headers.contains_key("apigw-requestid"),
        offset,
    };
    let reason = reason(&seen)?;
    let (message, hint) = words(reason, &seen, context);
    Some(Refusal { reason, message, hint, offset })
}

/// Finds the reason for a refusal in the answer. AWS's long phrases count first, since no API has them by chance; then
/// the error type; then short phrases.
fn reason(seen: &Seen) -> Option<Reason> {
    match seen.status {
        401 if seen.error_type == "UnauthorizedException" || seen.message == "Unauthorized" => {
            Some(Reason::OtherAuthorizer)
        }
        413 if !seen.error_type.is_empty() || seen.http_api || seen.message.starts_with("Request Too Long") => {
            Some(Reason::TooLarge)
        }
        429 if !seen.error_type.is_empty() || ["Too Many Requests", "Limit Exceeded"].contains(&seen.message) => {
            Some(Reason::Throttled)
        }
        400 if seen.error_type.is_empty() => None,
        400 | 403 => by_phrase(seen.message).or_else(|| by_type(seen)).or_else(|| by_short_phrase(seen)),
        _ => None,
    }
}

fn by_phrase(message: &str) -> Option<Reason> {
    let says = |phrase: &str| message.contains(phrase);
    if message.starts_with("Signature expired:") || message.starts_with("Signature not yet current:") {
        Some(Reason::WrongClock)
    } else if says("Credential should be scoped to") || says("Date in Credential scope does not match") {
        Some(Reason::WrongScope)
    } else if says("request signature we calculated does not match") {
        Some(Reason::WrongSignature)
    } else if says("security token included in the request is expired") {
        Some(Reason::ExpiredToken)
    } else if says("security token included in the request is invalid") {
        Some(Reason::UnknownKey)
    } else if says(" is not authorized to perform: ") {
        Some(Reason::NotAllowed)
    } else if says("User is not authorized to access this resource") {
        Some(Reason::OtherAuthorizer)
    } else if says("in Authorization header") || says("Authorization header requires ") {
        Some(Reason::IncompleteSignature)
    } else {
        None
    }
}

fn by_type(seen: &Seen) -> Option<Reason> {
    match seen.error_type {
        "MissingAuthenticationTokenException" => Some(Reason::MissingRoute),
        "ExpiredTokenException" => Some(Reason::ExpiredToken),
        "UnrecognizedClientException" => Some(Reason::UnknownKey),
        "IncompleteSignatureException" => Some(Reason::IncompleteSignature),
        "InvalidSignatureException" if is_off(seen.offset) => Some(Reason::WrongClock),
        "InvalidSignatureException" => Some(Reason::WrongSignature),
        "AccessDeniedException" => Some(Reason::NotAllowed),
        "ForbiddenException" => Some(Reason::Forbidden),
        _ => None,
    }
}

fn by_short_phrase(seen: &Seen) -> Option<Reason> {
    match seen.message {
        "Missing Authentication Token" => Some(Reason::MissingRoute),
        // An HTTP API does not say that the time is wrong, so the measured offset decides.
        "Forbidden" if seen.http_api && is_off(seen.offset) => Some(Reason::WrongClock),
        "Forbidden" if seen.http_api => Some(Reason::HttpApi),
        "Forbidden" if seen.status == 403 => Some(Reason::Forbidden),
        _ => None,
    }
}

/// Returns whether the clocks differ by more than AWS tolerates.
fn is_off(offset: Option<TimeDelta>) -> bool {
    offset.is_some_and(|offset| offset.abs() > SIGNATURE_TOLERANCE)
}

/// Reads the gateway's time from `… (20201027T130007Z - 5 min.)`.
fn time_in(message: &str) -> Option<DateTime<Utc>> {
    let time = message.rsplit_once('(')?.1.split(' ').next()?;
    Some(NaiveDateTime::parse_from_str(time, "%Y%m%dT%H%M%SZ").ok()?.and_utc())
}

/// Returns the row for a reason, with its facts other than those of the request.
fn row(reason: Reason, seen: &Seen, context: &Context) -> (&'static Row, [(&'static str, String); 4]) {
    let mut facts = ["role", "resource", "action", "offset"].map(|name| (name, String::new()));
    let row = match reason {
        Reason::MissingRoute if named_scope(context.request.host()) != NamedScope::Own => &api_gateway::MISSING_ROUTE,
        Reason::MissingRoute => &api_gateway::MISSING_ROUTE_ON_CUSTOM_DOMAIN,
        Reason::WrongClock => match seen.offset {
            Some(offset) if offset.abs() >= TimeDelta::minutes(1) => {
                let direction = if offset > TimeDelta::zero() { "behind" } else { "ahead of" };
                facts[3].1 = format!("{} {direction}", in_words(offset.abs()));
                &api_gateway::WRONG_CLOCK
            }
            Some(_) => &api_gateway::OLD_SIGNATURE,
            None => &api_gateway::WRONG_CLOCK_UNMEASURED,
        },
        Reason::NotAllowed => {
            let Denied { role, resource, action, is_anonymous } = denied(seen.message, context);
            [facts[0].1, facts[1].1, facts[2].1] = [role, resource, action];
            match seen.message.contains("with an explicit deny") {
                _ if is_anonymous => &api_gateway::REFUSED_BY_RESOURCE_POLICY,
                true => &api_gateway::DENIED,
                false => &api_gateway::NOT_ALLOWED,
            }
        }
        Reason::ExpiredToken => &api_gateway::EXPIRED_TOKEN,
        Reason::UnknownKey => &api_gateway::UNKNOWN_KEY,
        Reason::WrongScope => &api_gateway::WRONG_SCOPE,
        Reason::WrongSignature => &api_gateway::WRONG_SIGNATURE,
        Reason::IncompleteSignature => &api_gateway::INCOMPLETE_SIGNATURE,
        Reason::Forbidden => &api_gateway::FORBIDDEN,
        Reason::HttpApi => &api_gateway::HTTP_API,
        Reason::OtherAuthorizer => &api_gateway::OTHER_AUTHORIZER,
        Reason::Throttled => &api_gateway::THROTTLED,
        Reason::TooLarge => &api_gateway::TOO_LARGE,
    };
    (row, facts)
}

/// Returns the message and the hint that explain a refusal.
fn words(reason: Reason, seen: &Seen, context: &Context) -> (String, String) {
    let Context { request, scope, profile, .. } = context;
    let (row, more) = row(reason, seen, context);
    let (path, said) = (shortened(request.path(), LONGEST_PATH), quoted(seen.message));
    let mut facts = vec![
        ("host", request.host()),
        ("method", request.method().as_str()),
        ("path", path.as_str()),
        ("region", scope.region.as_str()),
        ("profile", *profile),
        ("said", said.as_str()),
    ];
    facts.extend(more.iter().map(|(name, fact)| (*name, fact.as_str())));
    (row.cause(&facts), row.hint(&facts))
}

/// A denied action, and the role that it is denied to.
struct Denied {
    role: String,
    resource: String,
    action: String,
    is_anonymous: bool,
}

/// Reads `User: ARN is not authorized to perform: execute-api:Invoke on resource: ARN[ with an explicit deny][…]`.
fn denied(message: &str, context: &Context) -> Denied {
    let Context { request, profile, .. } = context;
    let pieces = || {
        let (user, rest) = message.strip_prefix("User: ")?.split_once(" is not authorized to perform: ")?;
        let (action, rest) = rest.split_once(" on resource: ")?;
        Some((user, action, rest.split(' ').next()?))
    };
    match pieces() {
        Some((user, action, resource)) => {
            // arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION
            let role = user.split_once(":assumed-role/").and_then(|(_, rest)| rest.split('/').next()).unwrap_or(user);
            Denied {
                role: quoted(role),
                resource: quoted(resource),
                action: quoted(action),
                is_anonymous: user == "anonymous",
            }
        }
        None => Denied {
            role: format!("of profile '{profile}'"),
            resource: format!(
                "{} {} at '{}'",
                request.method(),
                shortened(request.path(), LONGEST_PATH),
                request.host()
            ),
            action: quoted("execute-api:Invoke"),
            is_anonymous: false,
        },
    }
}

/// Returns a piece of the answer in quotes, shortened.
fn quoted(text: &str) -> String {
    format!("'{}'", shortened(text, LONGEST_QUOTE))
}
