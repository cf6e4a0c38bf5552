//! The reason of a refusal, and the row that explains it.

use chrono::TimeDelta;

use super::denied::denied;
use super::seen::{Page, Seen};
use super::{Context, Reason};
use crate::aws::{NamedScope, ids, named_scope};
use crate::clock::{SIGNATURE_TOLERANCE, in_words};
use crate::refusals::{Row, api_gateway, behind_iam};
use crate::request::sign::{EXECUTE_API, lacks_api_id};

/// A reason, its row, and the row's facts besides those of the request.
pub(super) struct Found {
    pub(super) reason: Reason,
    pub(super) row: &'static Row,
    pub(super) facts: Vec<(&'static str, String)>,
}

impl Found {
    fn of(reason: Reason, row: &'static Row) -> Self {
        Self { reason, row, facts: Vec::new() }
    }

    fn with(mut self, name: &'static str, fact: &str) -> Self {
        self.facts.push((name, fact.to_owned()));
        self
    }
}

/// Finds the reason for a refusal in the answer. What stands in front of the service counts first, then what all
/// services say of a signature, then the service's own words.
pub(super) fn find(seen: &Seen, context: &Context) -> Option<Found> {
    if seen.status < 400 {
        return (seen.status == 301).then(|| elsewhere(seen, context)).flatten();
    }
    if let Some(page) = seen.page {
        return front(page, seen.status);
    }
    if let Some(found) = scope(seen, context) {
        return Some(found);
    }
    if seen.status == 403 && lacks_api_id(context.request, context.scope) {
        return Some(Found::of(Reason::MissingApiId, &behind_iam::NO_API_ID));
    }
    match context.scope.service.as_str() {
        EXECUTE_API if seen.status >= 500 => gateway_fault(seen, context),
        EXECUTE_API if seen.status == 403 && is_plain(seen, "Invalid API Key identifier specified") => {
            Some(Found::of(Reason::Forbidden, &behind_iam::INVALID_API_KEY))
        }
        EXECUTE_API => super::gateway::reason(seen).map(|reason| of_reason(reason, seen, context)),
        service => super::services::find(service, seen, context),
    }
}

/// Returns the row of a reason that all services have.
pub(super) fn of_reason(reason: Reason, seen: &Seen, context: &Context) -> Found {
    let is_gateway = context.scope.service == EXECUTE_API;
    let host = context.scope.signed_host(context.request);
    let row = match reason {
        Reason::MissingRoute if named_scope(host) != NamedScope::Own => &api_gateway::MISSING_ROUTE,
        Reason::MissingRoute => &api_gateway::MISSING_ROUTE_ON_CUSTOM_DOMAIN,
        Reason::WrongClock => return clock(seen.offset, is_gateway),
        Reason::NotAllowed => return not_allowed(seen, context, is_gateway),
        Reason::ExpiredToken => &api_gateway::EXPIRED_TOKEN,
        Reason::UnknownKey => &api_gateway::UNKNOWN_KEY,
        Reason::WrongScope => &api_gateway::WRONG_SCOPE,
        Reason::WrongSignature => return wrong_signature(context, is_gateway),
        Reason::IncompleteSignature => &api_gateway::INCOMPLETE_SIGNATURE,
        Reason::Forbidden => &api_gateway::FORBIDDEN,
        Reason::HttpApi => &api_gateway::HTTP_API,
        Reason::OtherAuthorizer => &api_gateway::OTHER_AUTHORIZER,
        Reason::Throttled if is_gateway => &api_gateway::THROTTLED,
        Reason::Throttled => &behind_iam::THROTTLED,
        Reason::TooLarge => &api_gateway::TOO_LARGE,
        Reason::NoSignature => &behind_iam::NO_SIGNATURE,
        Reason::MissingApiId => &behind_iam::NO_API_ID,
        Reason::MissingBodyHash => &behind_iam::NO_BODY_HASH,
        Reason::OtherBody => &behind_iam::OTHER_BODY,
        Reason::Policy | Reason::Model | Reason::InFront | Reason::Behind => &behind_iam::NOT_ALLOWED,
    };
    Found::of(reason, row)
}

/// Returns what is wrong with a signature's service, region, day or body hash.
fn scope(seen: &Seen, context: &Context) -> Option<Found> {
    let service = after(&seen.message, "Credential should be scoped to correct service: '")
        .or_else(|| after(&seen.message, "This endpoint belongs to \""));
    if let Some(service) = service {
        let is_name = !service.is_empty() && service.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
        return Some(match is_name {
            true => Found::of(Reason::WrongScope, &behind_iam::WRONG_SERVICE).with("wanted", service),
            false => Found::of(Reason::WrongScope, &behind_iam::WRONG_SERVICE_UNNAMED),
        });
    }
    if seen.says("Date in Credential scope does not match") {
        return Some(Found::of(Reason::WrongScope, &behind_iam::WRONG_DAY));
    }
    if seen.says("Credential should be scoped to") {
        return Some(Found::of(Reason::WrongScope, &api_gateway::WRONG_SCOPE));
    }
    if seen.says("issing required header for this request: x-amz-content-sha256") {
        return Some(Found::of(Reason::MissingBodyHash, &behind_iam::NO_BODY_HASH));
    }
    (seen.code == "AuthorizationHeaderMalformed").then(|| elsewhere(seen, context)).flatten()
}

/// Returns whether the answer is API Gateway's `{"message": …}` with this message.
fn is_plain(seen: &Seen, message: &str) -> bool {
    seen.is_plain_json && seen.message == message
}

/// Returns the explanation for a bucket in another region, if the answer names that region or the bucket's host.
fn elsewhere(seen: &Seen, context: &Context) -> Option<Found> {
    let is_s3 = context.scope.service.starts_with("s3");
    if let Some(endpoint) = seen.endpoint.as_deref().filter(|endpoint| is_s3 && *endpoint != context.request.host())
        && let NamedScope::Service { service: "s3", region: Some(region), .. } = named_scope(endpoint)
    {
        let found = Found::of(Reason::WrongScope, &behind_iam::BUCKET_AT_ENDPOINT);
        return Some(found.with("wanted", &region).with("endpoint", endpoint));
    }
    let region = seen.region.as_deref().filter(|region| ids::region(region).is_ok())?;
    let is_news = is_s3 && region != context.scope.region;
    is_news.then(|| Found::of(Reason::WrongScope, &behind_iam::BUCKET_ELSEWHERE).with("wanted", region))
}

/// Returns the text between `start` and the next quotation mark.
fn after<'t>(text: &'t str, start: &str) -> Option<&'t str> {
    let (_, rest) = text.split_once(start)?;
    rest.split(['\'', '"']).next()
}

/// Returns the explanation of a page that something in front of the API wrote.
fn front(page: Page, status: u16) -> Option<Found> {
    let row = match (page, status) {
        (Page::CloudFront, 500..) => &behind_iam::CLOUDFRONT_FAILED,
        (Page::CloudFront, _) => &behind_iam::CLOUDFRONT_REFUSED,
        (Page::LoadBalancer, 502..=504) => &behind_iam::BALANCER_FAILED,
        (Page::LoadBalancer, 403) => &behind_iam::BALANCER_REFUSED,
        _ => return None,
    };
    Some(Found::of(Reason::InFront, row))
}

/// Returns the explanation of API Gateway's own 5xx. An API's own answer has other words, or none of the gateway's
/// headers. Some of the gateway's answers lack those headers, and at its own hosts the words suffice for a guess.
fn gateway_fault(seen: &Seen, context: &Context) -> Option<Found> {
    let is_gateways_host =
        || matches!(named_scope(context.request.host()), NamedScope::Service { service: EXECUTE_API, .. });
    let message = if seen.is_plain_json { seen.message.as_str() } else { "" };
    let row = match (seen.status, message) {
        (504, "Endpoint request timed out") => &behind_iam::INTEGRATION_SLOW,
        (502, "Internal server error") | (503, "Service Unavailable") if !seen.is_gateways && is_gateways_host() => {
            &behind_iam::INTEGRATION_PERHAPS_FAILED
        }
        _ if !seen.is_gateways => return None,
        (500 | 504, "Network error communicating with endpoint") => &behind_iam::INTEGRATION_FAILED,
        (503, "Service Unavailable") => &behind_iam::HTTP_API_UNAVAILABLE,
        (502, "Internal server error") => &behind_iam::INTEGRATION_FAILED,
        (500, "Internal Server Error") if seen.http_api => &behind_iam::INTEGRATION_FAILED,
        (500, "Internal server error" | "") if !seen.error_type.is_empty() => &behind_iam::GATEWAY_FAILED,
        _ => return None,
    };
    Some(Found::of(Reason::Behind, row))
}

/// Returns the row for a signature whose time is wrong.
fn clock(offset: Option<TimeDelta>, is_gateway: bool) -> Found {
    let (wrong, old, unmeasured) = match is_gateway {
        true => (&api_gateway::WRONG_CLOCK, &api_gateway::OLD_SIGNATURE, &api_gateway::WRONG_CLOCK_UNMEASURED),
        false => (&behind_iam::WRONG_CLOCK, &behind_iam::OLD_SIGNATURE, &behind_iam::WRONG_CLOCK_UNMEASURED),
    };
    match offset {
        Some(offset) if offset.abs() >= TimeDelta::minutes(1) => {
            let direction = if offset > TimeDelta::zero() { "behind" } else { "ahead of" };
            let offset = format!("{} {direction}", in_words(offset.abs()));
            Found::of(Reason::WrongClock, wrong).with("offset", &offset)
        }
        Some(_) => Found::of(Reason::WrongClock, old),
        None => Found::of(Reason::WrongClock, unmeasured),
    }
}

/// Returns whether the clocks differ by more than AWS tolerates.
pub(super) fn is_off(offset: Option<TimeDelta>) -> bool {
    offset.is_some_and(|offset| offset.abs() > SIGNATURE_TOLERANCE)
}

/// Returns the row for a call that a policy does not allow.
fn not_allowed(seen: &Seen, context: &Context, is_gateway: bool) -> Found {
    let denied = denied(&seen.message, context);
    let is_explicit = seen.says("with an explicit deny");
    let row = match (is_gateway, denied.is_anonymous, is_explicit) {
        (true, true, _) => &api_gateway::REFUSED_BY_RESOURCE_POLICY,
        (true, false, true) => &api_gateway::DENIED,
        (true, false, false) => &api_gateway::NOT_ALLOWED,
        (false, true, _) => return Found::of(Reason::NoSignature, &behind_iam::NO_SIGNATURE),
        (false, false, true) => &behind_iam::DENIED,
        (false, false, false) => &behind_iam::NOT_ALLOWED,
    };
    Found::of(Reason::NotAllowed, row)
        .with("role", &denied.role)
        .with("resource", &denied.resource)
        .with("action", &denied.action)
}

/// Returns the row for a signature that does not match. AWS leaves the port of a tunnel out of the host that it
/// verifies.
fn wrong_signature(context: &Context, is_gateway: bool) -> Found {
    let host = context.request.host();
    let port = host.rsplit_once(':').filter(|_| context.scope.host.is_none() && named_scope(host) != NamedScope::Own);
    match port {
        Some((name, port)) => Found::of(Reason::WrongSignature, &behind_iam::WRONG_SIGNATURE_BEHIND_A_TUNNEL)
            .with("name", name)
            .with("port", port),
        None if is_gateway => Found::of(Reason::WrongSignature, &api_gateway::WRONG_SIGNATURE),
        None => Found::of(Reason::WrongSignature, &behind_iam::WRONG_SIGNATURE),
    }
}
