//! Refusals by the Security Token Service when cogfed calls AssumeRoleWithWebIdentity, the last step of the classic
//! flow
//! (<https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html#API_AssumeRoleWithWebIdentity_Errors>),
//! or GetCallerIdentity.

use super::{Refuser, Row};
use crate::error::Kind;

const API: &str = "https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html";
const COMMON: &str = "https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html";

const ROW: Row = Row::new(Refuser::Sts, API);

/// The rows for known codes and messages.
pub const ROWS: &[Row] = &[
    Row {
        codes: &["AccessDenied"],
        says: &["sts:AssumeRoleWithWebIdentity"],
        cause: "the role cannot be assumed by this sign-in: there is no such role, or its trust policy does not let this identity \
                pool assume it",
        hint: "check the role's ARN (role_arn, --role), then ask the administrator to compare the trust policy's conditions \
               (aud, amr) with the identity pool",
        source: "https://docs.aws.amazon.com/cognito/latest/developerguide/iam-roles.html",
        ..ROW
    },
    Row {
        codes: &["ValidationError"],
        says: &["MaxSessionDuration"],
        cause: "the role's sessions may not last that long",
        hint: "set session_duration to no more than the role's maximum session duration, or ask the administrator to raise that",
        source: "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_update-role-settings.html",
        ..ROW
    },
    Row {
        codes: &["ValidationError"],
        says: &["roleSessionName"],
        cause: "AWS STS does not accept the session name that cogfed derives from yours",
        hint: "report this message as a bug of cogfed",
        ..ROW
    },
    Row {
        codes: &["ValidationError"],
        cause: "AWS STS does not understand the request",
        hint: "check role_arn and session_duration in the profile",
        ..ROW
    },
    Row {
        codes: &["ExpiredTokenException"],
        cause: "the identity pool's token, which is valid for ten minutes, has expired according to STS",
        hint: "try again",
        ..ROW
    },
    Row {
        codes: &["InvalidIdentityToken"],
        cause: "AWS STS does not accept the identity pool's token",
        hint: "check that identity_pool_id and role_arn are in the same partition, and 'endpoints.sts' if it is set",
        ..ROW
    },
    Row {
        codes: &["IDPRejectedClaim"],
        cause: "the identity pool's token was rejected: the sign-in may have been revoked",
        hint: "sign in again with --force",
        ..ROW
    },
    Row {
        codes: &["MalformedPolicyDocument"],
        cause: "AWS STS cannot read a session policy in the request, though cogfed sends none",
        hint: "look for a proxy that changes requests: check HTTPS_PROXY and 'endpoints.sts'",
        ..ROW
    },
    Row {
        codes: &["PackedPolicyTooLarge"],
        cause: "the session tags that the identity pool makes of the claims are too large",
        hint: "ask the administrator to map fewer attributes for access control",
        ..ROW
    },
    Row {
        codes: &["RegionDisabledException"],
        cause: "AWS STS is not enabled in this region for the account",
        hint: "ask the administrator to enable it, or set 'endpoints.sts' to another region's",
        ..ROW
    },
    Row {
        codes: &["IDPCommunicationError"],
        kind: Kind::Network,
        cause: "AWS STS could not reach the identity pools' service",
        hint: "try again in a minute",
        ..ROW
    },
    Row {
        codes: &["Throttling"],
        kind: Kind::Network,
        cause: "AWS STS gets too many requests",
        hint: "try again in a minute",
        source: COMMON,
        ..ROW
    },
    Row {
        codes: &["InternalFailure", "ServiceUnavailable"],
        kind: Kind::Network,
        cause: "AWS STS has a fault of its own",
        hint: "try again in a minute",
        source: COMMON,
        ..ROW
    },
    Row {
        codes: &["ExpiredToken"],
        cause: "the credentials have expired according to AWS",
        hint: "try again, which renews them",
        source: COMMON,
        ..ROW
    },
    Row {
        codes: &["InvalidClientTokenId"],
        cause: "AWS STS does not know the credentials",
        hint: "check 'endpoints.sts', if it is set; else sign in again with --force",
        source: COMMON,
        ..ROW
    },
    Row {
        codes: &["SignatureDoesNotMatch"],
        cause: "AWS STS does not accept the signature",
        hint: "compare this machine's clock with the real time",
        source: COMMON,
        ..ROW
    },
];

/// The row for any other code.
pub const UNKNOWN: Row = Row {
    cause: "AWS STS refused",
    hint: "look the code up in AWS's documentation of AssumeRoleWithWebIdentity",
    ..ROW
};
