//! The reasons of the refusals of AWS's services besides API Gateway.

use super::found::{Found, is_off, of_reason};
use super::gateway::by_phrase;
use super::seen::Seen;
use super::{Context, Reason};
use crate::refusals::{Row, behind_iam};

/// Services in front of somebody's own API, whose errors could look like the service's.
const IN_FRONT_OF_APIS: &[&str] = &["lambda", "vpc-lattice-svcs"];

/// The code for a method and path that the service does not have.
const NO_OPERATION: &str = "UnknownOperationException";
/// Bedrock's words for a model that it does not have, or has no more.
const NO_MODEL: [&str; 3] =
    ["model identifier is invalid", "Could not resolve the foundation model", "reached the end of its life"];
/// Bedrock's words for a model that the account may not use.
const NO_ACCESS: [&str; 3] =
    ["access to the model", "use case details have not been submitted", "marked by provider as Legacy"];

/// Finds the reason for a refusal of the service with this signing name.
pub(super) fn find(service: &str, seen: &Seen, context: &Context) -> Option<Found> {
    let is_in_front = IN_FRONT_OF_APIS.contains(&service);
    // The service's own action tells its refusals from those that a function passes on.
    let is_own = !is_in_front || seen.says(&format!("perform: {service}:"));
    let shared = by_phrase(&seen.message)
        .filter(|reason| *reason != Reason::OtherAuthorizer && (*reason != Reason::NotAllowed || is_own));
    if let Some(reason) = shared {
        return Some(of_reason(reason, seen, context));
    }
    let code = match seen.error_type.as_str() {
        "" if is_in_front => "",
        "" => seen.code.as_str(),
        code => code,
    };
    if let Some(row) = own(service, code, seen) {
        return Some(row);
    }
    by_code(code, seen).map(|reason| of_reason(reason, seen, context))
}

/// Returns the explanation for what only one service says.
fn own(service: &str, code: &str, seen: &Seen) -> Option<Found> {
    let found = |reason, row: &'static Row| Some(Found { reason, row, facts: Vec::new() });
    let is_denial = ["AccessDenied", "AccessDeniedException", "UnauthorizedException"].contains(&code);
    match service {
        "lambda" if seen.status == 403 && (is_denial || seen.says("Function URL authorization issues")) => {
            found(Reason::Policy, &behind_iam::FUNCTION_URL)
        }
        "lambda" if seen.status == 502 && seen.message == "Internal Server Error" => {
            found(Reason::Behind, &behind_iam::FUNCTION_FAILED)
        }
        // The words of Lambda's own limit.
        "lambda" if seen.status == 429 && seen.is_plain_json && seen.says("Rate Exceeded") => {
            found(Reason::Throttled, &behind_iam::THROTTLED)
        }
        "appsync" if code == "WAFForbiddenException" => found(Reason::InFront, &behind_iam::FIREWALL),
        "appsync" if is_denial && matches!(seen.status, 401 | 403) => found(Reason::Policy, &behind_iam::APPSYNC),
        "es" if code == "security_exception" || (seen.status == 403 && seen.says("no permissions for [")) => {
            found(Reason::Policy, &behind_iam::FINE_GRAINED)
        }
        "aoss" if seen.status == 403 => found(Reason::Policy, &behind_iam::COLLECTION),
        "bedrock" | "bedrock-mantle" => {
            if seen.says("inference profile") && seen.says("on-demand throughput") {
                found(Reason::Model, &behind_iam::INFERENCE_PROFILE)
            } else if NO_MODEL.iter().any(|phrase| seen.says(phrase)) {
                found(Reason::Model, &behind_iam::NO_MODEL)
            } else if NO_ACCESS.iter().any(|phrase| seen.says(phrase)) {
                found(Reason::Model, &behind_iam::MODEL_ACCESS)
            } else if code == NO_OPERATION {
                found(Reason::MissingRoute, &behind_iam::NO_OPERATION)
            } else {
                None
            }
        }
        _ if code == NO_OPERATION => found(Reason::MissingRoute, &behind_iam::NO_OPERATION),
        _ if service.starts_with("s3") && code == "AccessDenied" => found(Reason::Policy, &behind_iam::BUCKET),
        _ => None,
    }
}

/// Returns the reason for a code that several services share.
fn by_code(code: &str, seen: &Seen) -> Option<Reason> {
    match code {
        "AccessDenied" | "AccessDeniedException" => Some(Reason::NotAllowed),
        "ExpiredToken" | "ExpiredTokenException" => Some(Reason::ExpiredToken),
        "InvalidAccessKeyId" | "InvalidClientTokenId" | "InvalidToken" | "UnrecognizedClientException" => {
            Some(Reason::UnknownKey)
        }
        "IncompleteSignature" | "IncompleteSignatureException" => Some(Reason::IncompleteSignature),
        "InvalidSignatureException" | "SignatureDoesNotMatch" if is_off(seen.offset) => Some(Reason::WrongClock),
        "InvalidSignatureException" | "SignatureDoesNotMatch" => Some(Reason::WrongSignature),
        "RequestExpired" | "RequestTimeTooSkewed" => Some(Reason::WrongClock),
        "MissingAuthenticationToken" | "MissingAuthenticationTokenException" | "MissingSecurityHeader" => {
            Some(Reason::NoSignature)
        }
        "XAmzContentSHA256Mismatch" => Some(Reason::OtherBody),
        "SlowDown"
        | "Throttling"
        | "ThrottlingException"
        | "ThrottledException"
        | "RequestLimitExceeded"
        | "TooManyRequestsException" => Some(Reason::Throttled),
        _ => None,
    }
}
