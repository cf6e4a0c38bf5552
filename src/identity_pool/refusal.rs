//! What a refusal of the identity pool's, or of STS, amounts to.

use super::sdk::Service;
use crate::error::{Failure, shortened};
use crate::profile::Profile;
use crate::refusals;

/// The longest ARN of a role that is repeated, in characters: no ARN of a role is longer.
const LONGEST_ROLE: usize = 400;

/// The failure that an answer of `service` amounts to. What AWS said comes along, whole.
pub fn explain(service: Service, code: &str, message: &str, profile: &Profile) -> Failure {
    let row = match service {
        Service::IdentityPool => refusals::find(refusals::Service::IdentityPool, code, message),
        Service::Sts => refusals::find(refusals::Service::Sts, code, message),
    };
    let (pool, login) = (profile.identity_pool_id.as_str(), profile.login_command());
    let facts = [("pool", pool), ("profile", profile.name.as_str()), ("login", login.as_str())];
    let said = said(service, code, message, profile);
    Failure::new(row.kind, format!("{} ({said})", row.cause(&facts))).hint(row.hint(&facts))
}

/// What `service` said, in one line, and of which identity pool and role.
pub fn said(service: Service, code: &str, message: &str, profile: &Profile) -> String {
    let pool = (service == Service::IdentityPool).then(|| format!("identity pool {}", profile.identity_pool_id));
    let role = profile.role_arn.as_deref().map(|role| format!("role {}", shortened(role, LONGEST_ROLE)));
    let pieces: Vec<String> = [Some(refusals::said(code, message)), pool, role].into_iter().flatten().collect();
    pieces.join("; ")
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
