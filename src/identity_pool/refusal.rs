//! What a refusal of the identity pool's amounts to.

use crate::error::Failure;
use crate::profile::Profile;
use crate::refusals::{self, Service};

/// The failure that an answer of the identity pool amounts to. What AWS said comes along, whole.
pub fn explain(code: &str, message: &str, profile: &Profile) -> Failure {
    let (pool, login) = (profile.identity_pool_id.as_str(), profile.login_command());
    let facts = [("pool", pool), ("profile", profile.name.as_str()), ("login", login.as_str())];
    refusals::explain(Service::IdentityPool, code, message, &format!("identity pool {pool}"), &facts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Kind;
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
