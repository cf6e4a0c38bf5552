//! The shared parts of the clients of AWS's services: their set-up, and the explanation of their failures.

use std::time::Duration;

use aws_sdk_cognitoidentity::config::retry::RetryConfig;
use aws_sdk_cognitoidentity::config::timeout::TimeoutConfig;
use aws_sdk_cognitoidentity::config::{BehaviorVersion, Region, SharedHttpClient};
use aws_sdk_cognitoidentity::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_types::SdkConfig;

use super::PoolConfig;
use super::likely::Likely;
use crate::error::{Failure, Kind, shortened};
use crate::http::{Http, HttpError};
use crate::profile::login_command;
use crate::refusals;

/// The number of attempts for one call, if AWS throttles it or fails.
const ATTEMPTS: u32 = 3;
/// The pause before the second attempt; later ones double, with jitter.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
/// The time limit of one call, with its repetitions.
const DEADLINE: Duration = Duration::from_secs(15);
/// The longest ARN of a role that a message quotes, in characters. No role has a longer one.
const LONGEST_ROLE: usize = 400;

/// Returns the configuration that all clients share. Each client adds its credentials, and the retry classifier
/// [`crate::http::ObeyRetryAfter`], for which this type has no field.
pub fn sdk_config(region: &str, endpoint: &str, http: &Http) -> SdkConfig {
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(region.to_owned()))
        .endpoint_url(endpoint)
        .http_client(SharedHttpClient::new(http.clone()))
        .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS).with_initial_backoff(FIRST_PAUSE))
        .timeout_config(TimeoutConfig::builder().operation_timeout(DEADLINE).build())
        .build()
}

/// The service that a call went to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// The identity pools' service.
    IdentityPool,
    /// The Security Token Service.
    Sts,
}

impl Asked {
    /// Returns the name of the service in messages.
    fn name(self) -> &'static str {
        match self {
            Asked::IdentityPool => "the identity pool",
            Asked::Sts => "AWS STS",
        }
    }

    /// Returns the endpoint of the service.
    fn endpoint<'a>(self, config: &PoolConfig<'a>) -> &'a str {
        match self {
            Asked::IdentityPool => config.endpoint,
            Asked::Sts => config.sts_endpoint,
        }
    }

    /// Returns the profile's key for the endpoint.
    fn endpoint_key(self) -> &'static str {
        match self {
            Asked::IdentityPool => "endpoints.identity_pool",
            Asked::Sts => "endpoints.sts",
        }
    }

    /// Returns the failure of a call. If AWS refused it, `likely` may find a cause from the refusal's code and message.
    pub fn failure<E: ProvideErrorMetadata>(
        self,
        error: &SdkError<E>,
        config: &PoolConfig<'_>,
        http: &Http,
        likely: impl FnOnce(&str, &str) -> Option<Likely>,
    ) -> Failure {
        match error {
            SdkError::ServiceError(context) => {
                let message = context.err().message().unwrap_or_default();
                match context.err().code() {
                    Some(code) => explain(self, code, message, config, likely(code, message)),
                    None => self.senseless(context.raw(), config),
                }
                .after(http.sdk_retry_after(context.raw()))
            }
            // Neither JSON nor XML: mostly the page of a proxy.
            SdkError::ResponseError(context) => {
                self.senseless(context.raw(), config).after(http.sdk_retry_after(context.raw()))
            }
            SdkError::TimeoutError(_) => self.unreachable("no answer in time", config),
            SdkError::DispatchFailure(failure) => {
                let cause = failure.as_connector_error().and_then(std::error::Error::source);
                match cause.and_then(|cause| cause.downcast_ref::<HttpError>()) {
                    Some(error) => error.clone().into(),
                    None => self.unreachable("no answer", config),
                }
            }
            _ => self.unreachable("an answer that makes no sense", config),
        }
    }

    fn senseless(self, answer: &HttpResponse, config: &PoolConfig<'_>) -> Failure {
        let status = answer.status().as_u16();
        self.unreachable(&format!("an answer that makes no sense (status {status})"), config)
    }

    fn unreachable(self, what: &str, config: &PoolConfig<'_>) -> Failure {
        let (name, endpoint) = (self.name(), self.endpoint(config));
        let owner = if self == Asked::IdentityPool { format!("{name}'s") } else { name.to_owned() };
        Failure::new(Kind::Network, format!("{what}: {owner} endpoint {endpoint}"))
            .hint("check the network, and HTTPS_PROXY if you need a proxy")
    }

    /// Returns the failure of a successful answer that lacks something.
    pub fn odd_answer(self, what: &str, config: &PoolConfig<'_>) -> Failure {
        let name = match self {
            Asked::IdentityPool => format!("{} {}", self.name(), config.id),
            Asked::Sts => format!("{} at {}", self.name(), self.endpoint(config)),
        };
        Failure::new(Kind::Network, format!("{name} answered with {what}"))
            .hint(format!("check '{}' in the profile", self.endpoint_key()))
    }
}

/// Returns the failure of a refusal: with the `likely` cause if there is one, else with the table's. The message holds
/// AWS's own words.
pub fn explain(asked: Asked, code: &str, message: &str, config: &PoolConfig<'_>, likely: Option<Likely>) -> Failure {
    let refuser = match asked {
        Asked::IdentityPool => refusals::Refuser::IdentityPool,
        Asked::Sts => refusals::Refuser::Sts,
    };
    let row = refusals::find(refuser, code, message);
    let said = said(asked, code, message, config);
    if let Some(likely) = likely {
        return Failure::new(row.kind, format!("{}, most likely ({said})", likely.cause)).hint(likely.hint);
    }
    let login = login_command(config.profile);
    let facts = [("pool", config.id), ("profile", config.profile), ("login", &login), ("issuer", config.issuer)];
    Failure::new(row.kind, format!("{} ({said})", row.cause(&facts))).hint(row.hint(&facts))
}

/// Returns AWS's words in one line, with the identity pool and the requested role.
fn said(asked: Asked, code: &str, message: &str, config: &PoolConfig<'_>) -> String {
    let pool = (asked == Asked::IdentityPool).then(|| format!("identity pool {}", config.id));
    let role = config.role_arn.map(|role| format!("role {}", shortened(role, LONGEST_ROLE)));
    let pieces: Vec<String> = [Some(refusals::said(code, message)), pool, role].into_iter().flatten().collect();
    pieces.join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONFIG: PoolConfig<'_> = PoolConfig {
        id: "eu-west-1:1cf667a2-49a6-454b-9e45-231990000000",
        endpoint: "https://cognito-identity.eu-west-1.amazonaws.com",
        sts_endpoint: "https://sts.eu-west-1.amazonaws.com",
        role_arn: None,
        profile: "internal",
        issuer: "user pool",
    };

    #[test]
    fn explanations_keep_aws_own_words() {
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
            let failure = explain(Asked::IdentityPool, code, message, &CONFIG, None);
            assert!(failure.message.contains(meaning), "{failure}");
            assert!(failure.message.contains(message) && failure.message.contains(code), "{failure}");
            assert_eq!(failure.kind, kind);
            assert!(failure.hint.is_some());
        }
        let failure = explain(Asked::IdentityPool, &"C".repeat(5000), &"m".repeat(5000), &CONFIG, None);
        assert!(failure.message.chars().count() < 700, "{failure}");
    }

    #[test]
    fn likely_cause_is_marked_as_likely() {
        let likely = Likely { cause: "the directory asserts no role for you".into(), hint: "ask".into() };
        let failure = explain(Asked::IdentityPool, "NotAuthorizedException", "No", &CONFIG, Some(likely));
        let said = format!("NotAuthorizedException: No; identity pool {}", CONFIG.id);
        assert_eq!(failure.message, format!("the directory asserts no role for you, most likely ({said})"));
        assert_eq!((failure.kind, failure.hint.as_deref()), (Kind::Refused, Some("ask")));
    }
}
