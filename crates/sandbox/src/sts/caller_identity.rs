//! The STS operation GetCallerIdentity, for `aws sts get-caller-identity`
//! (<https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html>).

use std::borrow::Cow;

use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use http::{Request, Response, StatusCode};

use crate::issued::{IssuedKey, IssuedKeys};
use crate::partition::Partition;
use crate::sigv4::{self, Expected, Refused};
use crate::sts::protocol::{Fault, VERSION, escape, parameter, respond};

/// The maximum accepted clock skew of a caller, in minutes.
const WINDOW_MINUTES: i64 = 15;

/// Answers a GetCallerIdentity request, whose parameters are in a form body or in the query. Signatures may name
/// `region` or, if the partition has a global endpoint, us-east-1.
pub fn answer(now: DateTime<Utc>, keys: &IssuedKeys, region: &str, request: &Request<Bytes>) -> Response<Bytes> {
    respond(|request_id| call(now, keys, region, request).map(|key| identity_document(&key, request_id)))
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
    caller(now, keys, region, request)
}

/// Verifies the signature of a request to STS, and returns the credentials that signed the request. The signature must
/// be for `region` or for the region of the global STS endpoint.
pub fn caller(
    now: DateTime<Utc>,
    keys: &IssuedKeys,
    region: &str,
    request: &Request<Bytes>,
) -> Result<IssuedKey, Fault> {
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
