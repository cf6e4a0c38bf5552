//! What a refusal of the identity pool's, or of STS, amounts to.

use super::sdk::Service;
use crate::error::{Failure, shortened};
use crate::profile::Profile;
use crate::refusals;

/// The longest ARN of a role that is repeated, in characters: no ARN of a role is longer.
const LONGEST_ROLE: usize = 400;

/// The failure that an answer of `service` amounts to. What AWS said comes along, whole.
pub fn explain(service: Service, code: &str, message: &str, profile: &Profile) -> Failure {
    let pool = profile.identity_pool_id.as_str();
    let role = profile.role_arn.as_deref().map(|role| format!("role {}", shortened(role, LONGEST_ROLE)));
    let (service, about) = match service {
        Service::IdentityPool => (refusals::Service::IdentityPool, Some(format!("identity pool {pool}"))),
        Service::Sts => (refusals::Service::Sts, None),
    };
    let about: Vec<String> = about.into_iter().chain(role).collect();
    let login = profile.login_command();
    let facts = [("pool", pool), ("profile", profile.name.as_str()), ("login", login.as_str())];
    refusals::explain(service, code, message, &about.join("; "), &facts)
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
