//! Why the gateway refused a request, in words and with the next step.
//!
//! The answers are those of API Gateway's REST APIs
//! (<https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html>,
//! <https://repost.aws/knowledge-center/api-gateway-troubleshoot-403-forbidden>) and HTTP APIs, and of the signature check
//! that AWS's services share (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html>).
//! An API's owner can word its refusals freely, so the error type in the header counts too. All of it comes from outside:
//! it is escaped where it is printed.

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use http::header::DATE;
use http::{HeaderMap, StatusCode};
use serde::Deserialize;

use super::build::ApiRequest;
use super::region::region_of;
use crate::error::{Failure, Kind, shortened};

/// By how much a signature's time may differ from the gateway's, either way.
pub const CLOCK_TOLERANCE: TimeDelta = TimeDelta::minutes(5);

/// The longest piece of an answer that a message repeats, in characters.
const LONGEST_QUOTE: usize = 300;
/// The longest piece of a path that a message repeats, in characters.
const LONGEST_PATH: usize = 200;

/// Why a request was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// No such method and path, or the signature was lost on the way: the gateway says the same to both.
    MissingRoute,
    /// The signature's time is not the gateway's.
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
    /// What arrived in `Authorization` is no whole signature.
    IncompleteSignature,
    /// A firewall, an API key, a disabled endpoint: refused before or beside IAM.
    Forbidden,
    /// An HTTP API, which gives every refusal the same answer.
    HttpApi,
    /// The route wants a token, not a signature.
    OtherAuthorizer,
    /// Too many requests, or a used-up quota.
    Throttled,
    /// The request is too large.
    TooLarge,
}

/// A refusal by the gateway, explained. The texts may hold pieces of the answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Why.
    pub reason: Reason,
    /// What happened.
    pub message: String,
    /// The next step.
    pub hint: String,
    /// How far the gateway's clock is ahead of this machine's (negative: behind), where the answer tells.
    pub skew: Option<TimeDelta>,
}

impl Refusal {
    /// The time to sign with instead of `now`, if the time was the reason and the gateway's is known. Use it once: if that
    /// is refused too, the clock is not all that is wrong. The refused request did not reach the API.
    pub fn corrected_time(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        if self.reason == Reason::WrongClock { now.checked_add_signed(self.skew?) } else { None }
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Failure::new(Kind::Refused, refusal.message).hint(refusal.hint)
    }
}

/// What was asked for, and as whom.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// The request that was refused.
    pub request: &'a ApiRequest,
    /// The region it was signed for.
    pub region: &'a str,
    /// The profile in use.
    pub profile: &'a str,
}

/// The pieces of an answer that tell.
struct Seen<'a> {
    status: u16,
    error_type: &'a str,
    message: &'a str,
    http_api: bool,
    skew: Option<TimeDelta>,
}

/// The body of a refusal. AWS writes the key both ways.
#[derive(Deserialize)]
struct Body {
    #[serde(alias = "Message")]
    message: String,
}

/// How far the time in an answer's `Date` header is ahead of `now` (negative: behind). `None` if it is no date.
pub fn clock_skew(date_header: &str, now: DateTime<Utc>) -> Option<TimeDelta> {
    let server = DateTime::parse_from_rfc2822(date_header.trim()).ok()?;
    Some(server.to_utc().signed_duration_since(now))
}

/// Explains a refusal by the gateway. `body_prefix` is the start of the answer's body, `local_now` the time at which it came.
///
/// `None` if the status is below 400, or if the answer is the API's own.
pub fn explain(
    status: StatusCode,
    headers: &HeaderMap,
    body_prefix: &[u8],
    local_now: DateTime<Utc>,
    context: &Context,
) -> Option<Refusal> {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let body = serde_json::from_slice::<Body>(body_prefix).map(|body| body.message).unwrap_or_default();
    let skew = header(DATE.as_str()).and_then(|date| clock_skew(date, local_now)).or_else(|| skew_in(&body, local_now));
    let seen = Seen {
        status: status.as_u16(),
        error_type: header("x-amzn-errortype").unwrap_or_default().split(':').next().unwrap_or_default(),
        message: &body,
        // REST APIs send `x-amz-apigw-id` and `x-amzn-RequestId` instead.
        http_api: headers.contains_key("apigw-requestid"),
        skew,
    };
    let reason = reason(&seen)?;
    let (message, hint) = words(reason, &seen, context);
    Some(Refusal { reason, message, hint, skew })
}

/// The reason: by AWS's own long phrases, which nobody words so by chance, then by the error type, then by short phrases.
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
        "InvalidSignatureException" if is_off(seen.skew) => Some(Reason::WrongClock),
        "InvalidSignatureException" => Some(Reason::WrongSignature),
        "AccessDeniedException" => Some(Reason::NotAllowed),
        "ForbiddenException" => Some(Reason::Forbidden),
        _ => None,
    }
}

fn by_short_phrase(seen: &Seen) -> Option<Reason> {
    match seen.message {
        "Missing Authentication Token" => Some(Reason::MissingRoute),
        // An HTTP API does not say that the time is wrong, so the measured one has to.
        "Forbidden" if seen.http_api && is_off(seen.skew) => Some(Reason::WrongClock),
        "Forbidden" if seen.http_api => Some(Reason::HttpApi),
        "Forbidden" if seen.status == 403 => Some(Reason::Forbidden),
        _ => None,
    }
}

/// Whether the clocks differ by more than a signature survives.
fn is_off(skew: Option<TimeDelta>) -> bool {
    skew.is_some_and(|skew| skew.abs() > CLOCK_TOLERANCE)
}

/// The gateway's time in `… (20201027T130007Z - 5 min.)`, against `now`.
fn skew_in(message: &str, now: DateTime<Utc>) -> Option<TimeDelta> {
    let time = message.rsplit_once('(')?.1.split(' ').next()?;
    let server = NaiveDateTime::parse_from_str(time, "%Y%m%dT%H%M%SZ").ok()?;
    Some(server.and_utc().signed_duration_since(now))
}

/// Message and hint.
fn words(reason: Reason, seen: &Seen, context: &Context) -> (String, String) {
    let Context { request, region, profile } = context;
    let (host, method, path) = (request.host(), request.method(), shortened(request.path(), LONGEST_PATH));
    let (message, hint) = match reason {
        Reason::MissingRoute => (
            format!("the API at '{host}' has no {method} {path}"),
            missing_route_hint(host),
        ),
        Reason::WrongClock => return clock_words(seen),
        Reason::NotAllowed => return not_allowed_words(seen.message, context),
        Reason::ExpiredToken => (
            format!("the credentials of profile '{profile}' have expired"),
            format!("run 'cogfed login --profile {profile}' if the next call fails too; check this machine's clock"),
        ),
        Reason::UnknownKey => (
            format!("AWS does not know the credentials of profile '{profile}'"),
            format!(
                "they are for another partition, were revoked, or do not come from AWS: run 'cogfed login --force --profile {profile}'"
            ),
        ),
        Reason::WrongScope => (
            format!("the request to '{host}' was signed for region '{region}', which is not the API's: {}", quoted(seen.message)),
            "give the API's region by --region, or as 'region' in the profile".to_string(),
        ),
        Reason::WrongSignature => (
            format!("the signature does not match what arrived at '{host}'"),
            "a proxy or CDN in between may rewrite path, query or headers: call the API's own execute-api host; \
             if it is called directly, please report the URL's form"
                .to_string(),
        ),
        Reason::IncompleteSignature => (
            format!("the signature did not arrive whole at '{host}': {}", quoted(seen.message)),
            "a proxy in between may rewrite the Authorization header: call the API's own execute-api host".to_string(),
        ),
        Reason::Forbidden => (
            format!("'{host}' refuses {method} {path} before it looks at the role"),
            "a firewall rule (WAF), a missing x-api-key, a default endpoint that is switched off, or a client certificate that \
             is wanted: ask the API's owner"
                .to_string(),
        ),
        Reason::HttpApi => (
            format!("the HTTP API at '{host}' refuses {method} {path} and does not say why"),
            format!(
                "check that the role of profile '{profile}' is allowed execute-api:Invoke there, and that '{region}' is the API's \
                 region"
            ),
        ),
        Reason::OtherAuthorizer => (
            format!("{method} {path} at '{host}' has an authorizer of another kind than IAM"),
            "it wants a token in Authorization, not a signature: ask the API's owner which".to_string(),
        ),
        Reason::Throttled => (
            format!("'{host}' takes no more requests for now"),
            "wait and repeat; if it stays so, a quota of the API's usage plan is used up".to_string(),
        ),
        Reason::TooLarge => (
            format!("the request to '{host}' is too large for it"),
            "API Gateway takes 10 MB of body at most, a WAF in front of it less".to_string(),
        ),
    };
    (message, hint)
}

fn missing_route_hint(host: &str) -> String {
    if region_of(host).is_some() {
        "check method and path: on this host the path begins with the stage, as in /prod/orders".to_string()
    } else {
        "check method and path; on a custom domain the path has no stage, and a proxy in between that drops the \
         Authorization header looks the same"
            .to_string()
    }
}

fn clock_words(seen: &Seen) -> (String, String) {
    match seen.skew {
        Some(skew) if skew.abs() >= TimeDelta::minutes(1) => {
            let direction = if skew > TimeDelta::zero() { "behind" } else { "ahead of" };
            (
                format!("this machine's clock is {} {direction} the gateway's", duration(skew.abs())),
                "set the clock (on Linux: timedatectl set-ntp true); signatures are good for 5 minutes".to_string(),
            )
        }
        Some(_) => (
            format!(
                "the gateway takes the signature's time for wrong, though the clocks agree: {}",
                quoted(seen.message)
            ),
            "the request was more than 5 minutes on its way: repeat it, with a smaller body if there is one"
                .to_string(),
        ),
        None => (
            format!("the gateway takes the signature's time for wrong: {}", quoted(seen.message)),
            "set this machine's clock; signatures are good for 5 minutes".to_string(),
        ),
    }
}

/// `User: ARN is not authorized to perform: execute-api:Invoke on resource: ARN[ with an explicit deny][…]`.
fn not_allowed_words(message: &str, context: &Context) -> (String, String) {
    let Context { request, profile, .. } = context;
    let pieces = || {
        let (user, rest) = message.strip_prefix("User: ")?.split_once(" is not authorized to perform: ")?;
        let (action, rest) = rest.split_once(" on resource: ")?;
        Some((user, action, rest.split(' ').next()?))
    };
    let denied = message.contains("with an explicit deny");
    let (what, action) = match pieces() {
        Some(("anonymous", action, resource)) => {
            let message = format!("the API's resource policy refuses {}", quoted(resource));
            return (message, format!("it has to allow {} to your role: ask the API's owner", quoted(action)));
        }
        Some((user, action, resource)) => {
            // arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION
            let role = user.split_once(":assumed-role/").and_then(|(_, rest)| rest.split('/').next()).unwrap_or(user);
            (format!("the role {} may not invoke {}", quoted(role), quoted(resource)), action)
        }
        None => {
            let path = shortened(request.path(), LONGEST_PATH);
            let route = format!("{} {path} at '{}'", request.method(), request.host());
            (format!("the role of profile '{profile}' may not invoke {route}"), "execute-api:Invoke")
        }
    };
    if denied {
        let hint = "the deny is in the role's policies, the API's resource policy or the organization's, and no allow outweighs it";
        return (format!("{what}: a policy denies it explicitly"), hint.to_string());
    }
    let hint = format!(
        "no policy allows it {}: ask for that, or name another role of yours by --role, or as 'role_arn' in profile '{profile}'",
        quoted(action)
    );
    (what, hint)
}

/// A piece of the answer, in quotes and not too long.
fn quoted(text: &str) -> String {
    format!("'{}'", shortened(text, LONGEST_QUOTE))
}

/// A length of time in its two largest units.
fn duration(length: TimeDelta) -> String {
    let units = [
        ("day", length.num_days()),
        ("hour", length.num_hours() % 24),
        ("minute", length.num_minutes() % 60),
        ("second", length.num_seconds() % 60),
    ];
    let shown = units.iter().skip_while(|(_, count)| *count == 0).take(2).filter(|(_, count)| *count > 0);
    let shown: Vec<String> =
        shown.map(|(unit, count)| format!("{count} {unit}{}", if *count == 1 { "" } else { "s" })).collect();
    shown.join(" ")
}
