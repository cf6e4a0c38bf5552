//! Refusals by the identity pool
//! (<https://docs.aws.amazon.com/cognitoidentity/latest/APIReference/API_GetCredentialsForIdentity.html#API_GetCredentialsForIdentity_Errors>).
//!
//! AWS documents the codes; the messages are from users' reports.

use super::{Refuser, Row};
use crate::error::Kind;

const API: &str = "https://docs.aws.amazon.com/cognitoidentity/latest/APIReference/API_GetCredentialsForIdentity.html";
const FLOWS: &str = "https://docs.aws.amazon.com/cognito/latest/developerguide/authentication-flow.html";
const ROLES: &str = "https://docs.aws.amazon.com/cognito/latest/developerguide/role-based-access-control.html";
const PROVIDER_THREAD: &str = "https://github.com/amazon-archives/amazon-cognito-identity-js/issues/7";
const DENIED_THREAD: &str = "https://github.com/aws-amplify/amplify-js/issues/8644";

const ROW: Row = Row::new(Refuser::IdentityPool, API);
const NOT_AUTHORIZED: Row = Row { codes: &["NotAuthorizedException"], ..ROW };

/// The rows for the identity pool's error codes and messages.
pub const ROWS: &[Row] = &[
    Row {
        says: &["Token is not from a supported provider"],
        cause: "the identity pool does not know this {issuer} and app client",
        hint: "compare user_pool_id (or issuer), client_id and identity_pool_id of the profile with the identity pool's \
               providers",
        source: PROVIDER_THREAD,
        ..NOT_AUTHORIZED
    },
    Row {
        says: &["Token expired"],
        cause: "the ID token has expired by AWS's clock",
        hint: "compare this machine's clock with the real time, then sign in again",
        source: "https://github.com/amazon-archives/amazon-cognito-identity-js/issues/40",
        ..NOT_AUTHORIZED
    },
    Row {
        says: &["Issuer doesn't match"],
        cause: "the ID token is from another issuer than the identity pool expects",
        hint: "compare user_pool_id (and 'issuer', if it is set) with the identity pool's providers",
        source: PROVIDER_THREAD,
        ..NOT_AUTHORIZED
    },
    Row {
        says: &["Couldn't verify signed token"],
        cause: "the identity pool cannot verify the ID token's signature",
        hint: "sign in again; if that does not help, tell the administrator of the {issuer}: its signing keys are in question",
        source: "https://github.com/amazon-archives/amazon-cognito-identity-js/issues/68",
        ..NOT_AUTHORIZED
    },
    Row {
        says: &["Missing a required claim", "Not a valid OpenId Connect"],
        cause: "the identity pool accepts only ID tokens and got something else",
        hint: "sign in again",
        source: PROVIDER_THREAD,
        ..NOT_AUTHORIZED
    },
    Row {
        says: &["Logins don't match"],
        cause: "the identity belongs to another sign-in",
        hint: "sign in again with --force",
        source: "https://github.com/amazon-archives/amazon-cognito-identity-js/issues/91",
        ..NOT_AUTHORIZED
    },
    Row {
        says: &["Unauthenticated access is not supported"],
        cause: "the identity pool treated the request as one without a sign-in",
        hint: "compare the profile with the identity pool's providers",
        source: DENIED_THREAD,
        ..NOT_AUTHORIZED
    },
    Row {
        says: &["ambiguous role mapping"],
        cause: "the identity pool's role mapping finds no role for you, or cannot choose, and then denies access",
        hint: "ask the administrator of the identity pool which role is meant for you",
        source: DENIED_THREAD,
        ..NOT_AUTHORIZED
    },
    // The refusal of a CustomRoleArn is undocumented. Its message probably names the role.
    Row {
        says: &["Access to Role"],
        cause: "the identity pool does not give you the requested role",
        hint: "request one of your own roles (role_arn, --role), or none: then the identity pool chooses",
        source: ROLES,
        ..NOT_AUTHORIZED
    },
    Row {
        cause: "the identity pool gives you no role",
        hint: "your role in the directory may not be mapped to an IAM role, or the sign-in was revoked: sign in again, then ask \
               the administrator",
        ..NOT_AUTHORIZED
    },
    Row {
        codes: &["InvalidIdentityPoolConfigurationException"],
        cause: "the trust policy of the role chosen for you does not let this identity pool assume it, or the pool has no default role",
        hint: "ask the administrator to check the role's trust policy: sts:AssumeRoleWithWebIdentity, aud ({pool}), amr \
               (authenticated), and sts:TagSession if the identity pool passes principal tags; then the default role",
        ..ROW
    },
    Row {
        codes: &["InvalidParameterException"],
        says: &["not supported with RoleMappings"],
        cause: "the classic flow does not work with this identity pool, because it chooses roles by a mapping",
        hint: "set flow = \"enhanced\" in the profile: then the mapping chooses the role, or allows the one in role_arn",
        source: FLOWS,
        ..ROW
    },
    Row {
        codes: &["InvalidParameterException"],
        says: &["flow is not enabled"],
        cause: "the classic flow is not enabled for this identity pool",
        hint: "set flow = \"enhanced\" in the profile, or ask the administrator of the identity pool to enable the basic \
               (classic) flow",
        source: FLOWS,
        ..ROW
    },
    Row {
        codes: &["InvalidParameterException"],
        cause: "the identity pool did not understand the request",
        hint: "check identity_pool_id and role_arn in the profile",
        ..ROW
    },
    Row {
        codes: &["ResourceNotFoundException"],
        cause: "there is no such identity pool or identity",
        hint: "check identity_pool_id in the profile, or sign in again with --force",
        ..ROW
    },
    Row {
        codes: &["ResourceConflictException"],
        cause: "this sign-in is linked to another identity already",
        hint: "sign in again with --force",
        ..ROW
    },
    Row {
        codes: &["LimitExceededException"],
        cause: "the identity pool has reached a limit",
        hint: "ask the administrator of the identity pool",
        source: "https://docs.aws.amazon.com/cognitoidentity/latest/APIReference/API_GetId.html",
        ..ROW
    },
    Row {
        codes: &["TooManyRequestsException"],
        kind: Kind::Network,
        cause: "AWS is throttling requests",
        hint: "try again in a minute",
        ..ROW
    },
    Row {
        codes: &["InternalErrorException"],
        kind: Kind::Network,
        cause: "AWS had an internal error",
        hint: "try again in a minute",
        ..ROW
    },
    Row {
        codes: &["ExternalServiceException"],
        kind: Kind::Network,
        cause: "a service that AWS depends on did not answer",
        hint: "try again in a minute",
        ..ROW
    },
];

/// The row for any other code.
pub const UNKNOWN: Row = Row {
    cause: "the identity pool refused",
    hint: "look the code up in AWS's documentation of GetCredentialsForIdentity",
    ..ROW
};
