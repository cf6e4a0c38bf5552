//! The Security Token Service's refusals of AssumeRoleWithWebIdentity, the last step of the classic flow
//! (<https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html#API_AssumeRoleWithWebIdentity_Errors>).

use super::{Row, Service};
use crate::error::Kind;

const API: &str = "https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html";
const TRUST: &str = "https://docs.aws.amazon.com/cognito/latest/developerguide/iam-roles.html";

const ROW: Row =
    Row { service: Service::Sts, codes: &[], says: &[], kind: Kind::Refused, cause: "", hint: "", source: API };

/// By code and message. The SDKs' models know some of the codes with `Exception` at their end.
pub const ROWS: &[Row] = &[
    Row {
        codes: &["ExpiredTokenException", "ExpiredToken"],
        cause: "the identity pool's token has expired by AWS's clock: it lives for ten minutes",
        hint: "compare this machine's clock with the real time, then try again",
        ..ROW
    },
    Row {
        codes: &["InvalidIdentityToken", "InvalidIdentityTokenException"],
        cause: "STS does not accept the identity pool's token",
        hint: "try again; if it stays so, check that identity_pool_id and the role are of one partition, and tell the administrator",
        ..ROW
    },
    Row {
        codes: &["IDPRejectedClaim", "IDPRejectedClaimException"],
        cause: "the identity pool does not stand by its token any more: it was revoked, or a claim in it is refused",
        hint: "sign in anew: {login} --force",
        ..ROW
    },
    Row {
        codes: &["IDPCommunicationError", "IDPCommunicationErrorException"],
        kind: Kind::Network,
        cause: "STS could not reach the issuer of the token",
        hint: "try again in a minute",
        ..ROW
    },
    Row {
        codes: &["RegionDisabledException"],
        cause: "STS is switched off in this region for the role's account",
        hint: "ask the administrator of the account to switch it on, or name another region's STS as endpoints.sts in profile \
               '{profile}'",
        ..ROW
    },
    Row {
        codes: &["MalformedPolicyDocument", "MalformedPolicyDocumentException"],
        cause: "STS cannot read the session policy that was sent along",
        hint: "cogfed sends none: look for a proxy that rewrites requests, and report it otherwise",
        ..ROW
    },
    Row {
        codes: &["PackedPolicyTooLarge", "PackedPolicyTooLargeException"],
        cause: "the claims that become session tags are too large together",
        hint: "ask the administrator of the identity pool to map fewer claims to principal tags",
        ..ROW
    },
    Row {
        codes: &["AccessDenied", "AccessDeniedException"],
        cause: "the role '{role}' may not be assumed by who signs in at this identity pool",
        hint: "check 'role_arn' in profile '{profile}'; else ask the administrator of the role to let its trust policy name the \
               identity pool (conditions aud and amr)",
        source: TRUST,
        ..ROW
    },
    Row {
        codes: &["ValidationError", "ValidationException"],
        says: &["DurationSeconds", "durationSeconds"],
        cause: "the role '{role}' does not give sessions of that length",
        hint: "lower 'session_duration' in profile '{profile}', or ask the administrator to raise the role's maximum session duration",
        source: "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_update-role-settings.html#id_roles_update-session-duration",
        ..ROW
    },
    Row {
        codes: &["ValidationError", "ValidationException"],
        says: &["roleSessionName"],
        cause: "STS does not take the session's name",
        hint: "it may have 2 to 64 letters, digits and any of _+=,.@- : check the setting it comes from in profile '{profile}'",
        ..ROW
    },
    Row {
        codes: &["ValidationError", "ValidationException"],
        cause: "STS could not make sense of the request",
        hint: "check 'role_arn' in profile '{profile}'",
        ..ROW
    },
    Row {
        codes: &["Throttling", "ThrottlingException", "ServiceUnavailable", "InternalFailure"],
        kind: Kind::Network,
        cause: "STS is asked too often just now, or has troubles of its own",
        hint: "try again in a minute",
        source: "https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html",
        ..ROW
    },
];

/// Any other code.
pub const UNKNOWN: Row = Row {
    cause: "STS gave no credentials of the role '{role}'",
    hint: "look the code up in AWS's documentation of AssumeRoleWithWebIdentity",
    ..ROW
};
