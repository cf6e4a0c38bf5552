//! What the identity pool's error codes mean to a person
//! (<https://docs.aws.amazon.com/cognitoidentity/latest/APIReference/API_GetCredentialsForIdentity.html#API_GetCredentialsForIdentity_Errors>).

use crate::error::{Failure, Kind, shortened};
use crate::profile::Profile;

/// The longest message of AWS's that is repeated, in characters.
const LONGEST: usize = 400;
/// The longest code of AWS's that is repeated, in characters.
const LONGEST_CODE: usize = 100;

/// One answer that is known: its code, a piece of its message (empty: any), what it means, and what to do.
struct Known {
    code: &'static str,
    says: &'static str,
    kind: Kind,
    meaning: &'static str,
    hint: &'static str,
}

const fn refused(code: &'static str, says: &'static str, meaning: &'static str, hint: &'static str) -> Known {
    Known { code, says, kind: Kind::Refused, meaning, hint }
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
    Known {
        code: "TooManyRequestsException",
        says: "",
        kind: Kind::Network,
        meaning: "AWS is asked too often just now",
        hint: "try again in a minute",
    },
    Known {
        code: "InternalErrorException",
        says: "",
        kind: Kind::Network,
        meaning: "AWS had an error of its own",
        hint: "try again in a minute",
    },
    Known {
        code: "ExternalServiceException",
        says: "",
        kind: Kind::Network,
        meaning: "a service that AWS asked did not answer",
        hint: "try again in a minute",
    },
];

/// The failure that an answer of the identity pool amounts to. What AWS said comes along, whole.
pub fn explain(code: &str, message: &str, profile: &Profile) -> Failure {
    let (pool, message) = (&profile.identity_pool_id, shortened(message, LONGEST));
    let said = match (shortened(code, LONGEST_CODE), message.is_empty()) {
        (code, true) => code,
        (code, false) => format!("{code}: {message}"),
    };
    match KNOWN.iter().find(|known| known.code == code && message.contains(known.says)) {
        Some(known) => {
            Failure::new(known.kind, format!("{} ({said}; identity pool {pool})", known.meaning)).hint(known.hint)
        }
        None => Failure::new(Kind::Refused, format!("the identity pool {pool} refused: {said}"))
            .hint("look the code up in AWS's documentation of GetCredentialsForIdentity"),
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
            let failure = explain(code, message, &profile);
            assert!(failure.message.contains(meaning), "{failure}");
            assert!(failure.message.contains(message) && failure.message.contains(code), "{failure}");
            assert_eq!(failure.kind, kind);
            assert!(failure.hint.is_some());
        }
        let failure = explain(&"C".repeat(5000), &"m".repeat(5000), &profile);
        assert!(failure.message.chars().count() < 700, "{failure}");
    }
}
