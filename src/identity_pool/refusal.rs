//! What the error codes of the identity pool and of STS mean to a person
//! (<https://docs.aws.amazon.com/cognitoidentity/latest/APIReference/API_GetCredentialsForIdentity.html#API_GetCredentialsForIdentity_Errors>,
//! <https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html#API_AssumeRoleWithWebIdentity_Errors>).

use super::sdk::Service;
use crate::error::{Failure, Kind, shortened};
use crate::profile::Profile;

/// The longest message of AWS's that is repeated, in characters.
const LONGEST: usize = 400;
/// The longest code of AWS's that is repeated, in characters.
const LONGEST_CODE: usize = 100;

/// One answer that is known: whose it is, its code, a piece of its message (empty: any), what it means, and what to do.
struct Known {
    service: Service,
    code: &'static str,
    says: &'static str,
    kind: Kind,
    meaning: &'static str,
    hint: &'static str,
}

const fn refused(code: &'static str, says: &'static str, meaning: &'static str, hint: &'static str) -> Known {
    Known { service: Service::IdentityPool, code, says, kind: Kind::Refused, meaning, hint }
}

const fn busy(code: &'static str, meaning: &'static str) -> Known {
    let hint = "try again in a minute";
    Known { service: Service::IdentityPool, code, says: "", kind: Kind::Network, meaning, hint }
}

/// The same as an answer of STS.
const fn by_sts(known: Known) -> Known {
    Known { service: Service::Sts, ..known }
}

/// The first that fits counts; an empty piece of message fits all.
const KNOWN: &[Known] = &[
    refused(
        "NotAuthorizedException",
        "Token is not from a supported provider",
        "the identity pool does not know this user pool and app client",
        "compare user_pool_id, client_id and identity_pool_id of the profile with the identity pool's providers",
    ),
    refused(
        "NotAuthorizedException",
        "Token expired",
        "the ID token has expired by AWS's clock",
        "compare this machine's clock with the real time, then sign in again",
    ),
    refused(
        "NotAuthorizedException",
        "Issuer doesn't match",
        "the ID token is from another issuer than the identity pool expects",
        "compare user_pool_id (and 'issuer', if it is set) with the identity pool's providers",
    ),
    refused(
        "NotAuthorizedException",
        "Couldn't verify signed token",
        "the identity pool cannot verify the ID token's signature",
        "sign in again; if it stays so, the user pool's keys are at fault",
    ),
    refused(
        "NotAuthorizedException",
        "Missing a required claim",
        "the identity pool wants an ID token and was given something else",
        "sign in again",
    ),
    refused(
        "NotAuthorizedException",
        "Logins don't match",
        "the identity belongs to another sign-in",
        "sign in again with --force",
    ),
    refused(
        "NotAuthorizedException",
        "Unauthenticated access is not supported",
        "the identity pool took the request for one without a sign-in",
        "compare the profile with the identity pool's providers",
    ),
    refused(
        "NotAuthorizedException",
        "",
        "the identity pool gives you no role",
        "your role in the directory may not be mapped to an IAM role, or the sign-in was revoked: sign in again, then ask the administrator",
    ),
    refused(
        "InvalidIdentityPoolConfigurationException",
        "",
        "the identity pool cannot hand out its IAM role: there is none for you, or the role's trust policy does not let this identity pool assume it",
        "ask the administrator to check the role and its trust policy (aud and amr conditions)",
    ),
    refused(
        "InvalidParameterException",
        "Basic (classic) flow is not supported with RoleMappings",
        "the classic flow is closed to this identity pool, because it chooses roles by a mapping",
        "set flow = \"enhanced\" in the profile: then the mapping chooses the role, or role_arn among those that it allows",
    ),
    refused(
        "InvalidParameterException",
        "Basic (classic) flow is not enabled",
        "the classic flow is not enabled for this identity pool",
        "set flow = \"enhanced\" in the profile, or ask the administrator to enable the basic (classic) flow",
    ),
    refused(
        "InvalidParameterException",
        "",
        "the identity pool could not make sense of the request",
        "check identity_pool_id and role_arn in the profile",
    ),
    refused(
        "ResourceNotFoundException",
        "",
        "there is no such identity pool or identity",
        "check identity_pool_id in the profile, or sign in again with --force",
    ),
    refused(
        "ResourceConflictException",
        "",
        "this sign-in is linked to another identity already",
        "sign in again with --force",
    ),
    refused("LimitExceededException", "", "the identity pool has reached a limit", "ask the administrator"),
    busy("TooManyRequestsException", "AWS is asked too often just now"),
    busy("InternalErrorException", "AWS had an error of its own"),
    busy("ExternalServiceException", "a service that AWS asked did not answer"),
    by_sts(refused(
        "AccessDenied",
        "sts:AssumeRoleWithWebIdentity",
        "the role cannot be assumed by this sign-in: there is no such role, or its trust policy does not let this identity pool assume it",
        "check the role's ARN (role_arn, --role), then ask the administrator to compare the trust policy's conditions (aud, amr) with the identity pool",
    )),
    by_sts(refused(
        "ValidationError",
        "MaxSessionDuration",
        "the role's sessions may not last that long",
        "set session_duration to no more than the role's maximum session duration, or ask the administrator to raise that",
    )),
    by_sts(refused(
        "ValidationError",
        "",
        "AWS STS could not make sense of the request",
        "check role_arn and session_duration in the profile",
    )),
    by_sts(refused(
        "ExpiredTokenException",
        "",
        "the identity pool's token, which is good for ten minutes, has expired by STS's clock",
        "try again",
    )),
    by_sts(refused(
        "InvalidIdentityToken",
        "",
        "AWS STS does not take the identity pool's token",
        "check that identity_pool_id and role_arn are of the same partition, and 'endpoints.sts' if it is set",
    )),
    by_sts(refused(
        "IDPRejectedClaim",
        "",
        "the identity pool's token was rejected: the sign-in may have been revoked",
        "sign in again with --force",
    )),
    by_sts(refused(
        "PackedPolicyTooLarge",
        "",
        "the session tags that the identity pool makes of the claims are too large",
        "ask the administrator to map fewer attributes for access control",
    )),
    by_sts(refused(
        "RegionDisabledException",
        "",
        "AWS STS is not enabled in this region for the account",
        "ask the administrator to enable it, or set 'endpoints.sts' to another region's",
    )),
    by_sts(busy("IDPCommunicationError", "AWS STS could not reach the identity pools' service")),
    by_sts(busy("Throttling", "AWS STS is asked too often just now")),
    by_sts(busy("InternalFailure", "AWS STS had an error of its own")),
    by_sts(busy("ServiceUnavailable", "AWS STS is not there just now")),
    by_sts(refused(
        "ExpiredToken",
        "",
        "the credentials have expired by AWS's clock",
        "let them be renewed: try again",
    )),
    by_sts(refused(
        "InvalidClientTokenId",
        "",
        "AWS STS does not know the credentials",
        "check 'endpoints.sts', if it is set; else sign in again with --force",
    )),
    by_sts(refused(
        "SignatureDoesNotMatch",
        "",
        "AWS STS does not take the signature",
        "compare this machine's clock with the real time",
    )),
];

/// The failure that an answer of `service` amounts to. What AWS said comes along, whole.
pub fn explain(service: Service, code: &str, message: &str, profile: &Profile) -> Failure {
    let message = shortened(message, LONGEST);
    let said = match (shortened(code, LONGEST_CODE), message.is_empty()) {
        (code, true) => code,
        (code, false) => format!("{code}: {message}"),
    };
    let role = profile.role_arn.as_ref().map_or(String::new(), |role| format!("; role {}", shortened(role, LONGEST)));
    let (asked_for, operation) = match service {
        Service::IdentityPool => {
            (format!("; identity pool {}{role}", profile.identity_pool_id), "GetCredentialsForIdentity")
        }
        Service::Sts if role.is_empty() => (role, "GetCallerIdentity"),
        Service::Sts => (role, "AssumeRoleWithWebIdentity"),
    };
    let fits = |known: &&Known| known.service == service && known.code == code && message.contains(known.says);
    match KNOWN.iter().find(fits) {
        Some(known) => Failure::new(known.kind, format!("{} ({said}{asked_for})", known.meaning)).hint(known.hint),
        None => Failure::new(Kind::Refused, format!("{} refused: {said}{asked_for}", service.name()))
            .hint(format!("look the code up in AWS's documentation of {operation}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::tests::profile;

    #[test]
    fn each_answer_has_its_meaning_and_keeps_aws_own_words() {
        let profile = profile("");
        for (code, message, meaning, kind) in [
            ("NotAuthorizedException", "Invalid login token. Token expired: 2 >= 1", "has expired", Kind::Refused),
            (
                "NotAuthorizedException",
                "Token is not from a supported provider of this identity pool.",
                "does not know",
                Kind::Refused,
            ),
            ("NotAuthorizedException", "Access denied", "gives you no role", Kind::Refused),
            ("InvalidIdentityPoolConfigurationException", "Check assigned IAM roles", "trust policy", Kind::Refused),
            ("TooManyRequestsException", "Rate exceeded", "too often", Kind::Network),
            ("BrandNewException", "What is this", "refused", Kind::Refused),
        ] {
            let failure = explain(Service::IdentityPool, code, message, &profile);
            assert!(failure.message.contains(meaning), "{failure}");
            assert!(failure.message.contains(message) && failure.message.contains(code), "{failure}");
            assert_eq!(failure.kind, kind);
            assert!(failure.hint.is_some());
        }
        let failure = explain(Service::IdentityPool, &"C".repeat(5000), &"m".repeat(5000), &profile);
        assert!(failure.message.chars().count() < 700, "{failure}");
    }
}
