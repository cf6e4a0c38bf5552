//! The error responses that the gateway itself sends, without running a Lambda function.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use http::{HeaderName, HeaderValue, StatusCode};
use ring::digest::{SHA256, digest};
use serde_json::json;

use crate::api_gateway::Answer;
use crate::sigv4::Refused;

/// The reason why the gateway rejects a request before a Lambda function runs.
#[derive(Debug)]
pub(super) enum Refusal {
    /// The API has no route for this path and method. The answer is the same as for a missing signature.
    NoSuchRoute,
    /// The request body is larger than the gateway's limit.
    TooLarge,
    /// The gateway itself has an internal failure.
    Failed,
    /// The signature check refuses the request.
    Signature(Refused),
    /// The role's policy does not allow the call.
    Policy {
        /// The ARN of the caller.
        caller: String,
        /// The ARN of the API method, in which all but the last four digits of the account id are masked.
        resource: String,
        /// True if a statement denies the call; false if no statement allows it.
        denied: bool,
    },
}

impl Refusal {
    pub(super) fn answer(&self) -> Answer {
        let (status, error_type, body) = match self {
            Refusal::NoSuchRoute => (
                StatusCode::FORBIDDEN,
                error_type(&Refused::Unsigned),
                json!({"message": Refused::Unsigned.to_string()}),
            ),
            Refusal::TooLarge => (
                StatusCode::PAYLOAD_TOO_LARGE,
                "RequestEntityTooLargeException",
                json!({"message": "Request Too Long"}),
            ),
            Refusal::Failed => (
                StatusCode::INTERNAL_SERVER_ERROR,
                "InternalServerErrorException",
                json!({"message": "Internal server error"}),
            ),
            Refusal::Signature(refused) => {
                (StatusCode::FORBIDDEN, error_type(refused), json!({"message": message(refused)}))
            }
            Refusal::Policy { caller, resource, denied } => {
                let end = if *denied { " with an explicit deny" } else { "" };
                let message = format!(
                    "User: {caller} is not authorized to perform: {} on resource: {resource}{end}",
                    crate::api_gateway::INVOKE
                );
                // API Gateway writes a capital M.
                (StatusCode::FORBIDDEN, "AccessDeniedException", json!({"Message": message}))
            }
        };
        let mut answer = Answer::json(status, &body);
        answer.headers.insert(HeaderName::from_static("x-amzn-errortype"), HeaderValue::from_static(error_type));
        answer
    }
}

/// Returns the value of the header `x-amzn-ErrorType` for a refused signature.
fn error_type(refused: &Refused) -> &'static str {
    match refused {
        Refused::Unsigned => "MissingAuthenticationTokenException",
        Refused::Incomplete(_) => "IncompleteSignatureException",
        // Other services answer UnrecognizedClientException; AWS's knowledge centre shows this one for API Gateway.
        Refused::UnknownKey => "AccessDeniedException",
        Refused::Expired => "ExpiredTokenException",
        Refused::Invalid(_) | Refused::Mismatch { .. } => "InvalidSignatureException",
    }
}

/// Returns the error message for a refused signature. API Gateway appends the text that should have been signed
/// (<https://github.com/okigan/awscurl/issues/61>).
fn message(refused: &Refused) -> String {
    match refused {
        Refused::Mismatch { canonical_request, string_to_sign } => format!(
            "{refused}\n\nThe Canonical String for this request should have been\n'{canonical_request}'\n\nThe \
             String-to-Sign should have been\n'{string_to_sign}'\n"
        ),
        _ => refused.to_string(),
    }
}

/// Masks all but the last four characters of an account id with asterisks.
pub(super) fn masked(account_id: &str) -> String {
    let hidden = account_id.chars().count().saturating_sub(4);
    account_id.chars().enumerate().map(|(place, digit)| if place < hidden { '*' } else { digit }).collect()
}

/// Returns an extended request id, as API Gateway sends it in the header `x-amz-apigw-id`: eleven bytes in base64.
pub(super) fn gateway_id(request_id: &str) -> String {
    let hash = digest(&SHA256, request_id.as_bytes());
    BASE64_STANDARD.encode(hash.as_ref().iter().copied().take(11).collect::<Vec<u8>>())
}
