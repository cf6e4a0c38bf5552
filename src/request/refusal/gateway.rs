//! The reasons of API Gateway's refusals.

use super::Reason;
use super::found::is_off;
use super::seen::Seen;

/// Finds the reason for a refusal of API Gateway's. AWS's long phrases count first, since no API has them by chance; then
/// the error type; then short phrases.
pub(super) fn reason(seen: &Seen) -> Option<Reason> {
    // Only the gateway's own form counts: an API may pass on the errors of a service behind it.
    let message = if seen.is_plain_json { seen.message.as_str() } else { "" };
    let error_type = seen.error_type.as_str();
    match seen.status {
        401 if error_type == "UnauthorizedException" || message == "Unauthorized" => Some(Reason::OtherAuthorizer),
        413 if !error_type.is_empty() || seen.http_api || message.starts_with("Request Too Long") => {
            Some(Reason::TooLarge)
        }
        429 if !error_type.is_empty() || ["Too Many Requests", "Limit Exceeded"].contains(&message) => {
            Some(Reason::Throttled)
        }
        400 if error_type.is_empty() => None,
        400 | 403 => by_phrase(message).or_else(|| by_type(seen)).or_else(|| by_short_phrase(seen, message)),
        _ => None,
    }
}

/// Returns the reason for a phrase that the signature check of all services writes, or API Gateway.
pub(super) fn by_phrase(message: &str) -> Option<Reason> {
    let says = |phrase: &str| message.contains(phrase);
    if message.starts_with("Signature expired:") || message.starts_with("Signature not yet current:") {
        Some(Reason::WrongClock)
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
    match seen.error_type.as_str() {
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

fn by_short_phrase(seen: &Seen, message: &str) -> Option<Reason> {
    match message {
        "Missing Authentication Token" => Some(Reason::MissingRoute),
        // An HTTP API does not say that the time is wrong, so the measured offset decides.
        "Forbidden" if seen.http_api && is_off(seen.offset) => Some(Reason::WrongClock),
        "Forbidden" if seen.http_api => Some(Reason::HttpApi),
        "Forbidden" if seen.status == 403 => Some(Reason::Forbidden),
        _ => None,
    }
}
