//! Code that all AWS service clients share: the SDK configuration, and the messages for failures.

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
use crate::refusals::{self, Refuser};
use crate::secret::{Redactor, Secret};

/// The maximum number of attempts per call, if AWS throttles the call or has an error of its own.
const ATTEMPTS: u32 = 3;
/// The pause before the second attempt; each later pause is twice as long, with jitter.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
/// The time limit for one call, including retries.
const DEADLINE: Duration = Duration::from_secs(15);
/// The maximum length of a role's ARN in a message, in characters. No role has a longer one.
const LONGEST_ROLE: usize = 400;

/// Returns the SDK configuration that all AWS service clients share. Each client adds its credentials, and the retry
/// classifier [`crate::http::ObeyRetryAfter`], for which this type has no field.
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

/// The words that messages use for the AWS service that was called.
pub struct Called<'a> {
    config: PoolConfig<'a>,
    refuser: Refuser,
    /// The owner of the endpoint, in the possessive form for messages, such as "the identity pool's".
    owner: &'static str,
    /// The name of the service that answers, for messages, such as "the identity pool eu-west-1:…".
    party: String,
    endpoint: &'a str,
    /// The profile's configuration key for the endpoint.
    endpoint_key: &'static str,
    /// The redactor that removes the call's secrets from AWS's messages.
    redactor: Redactor,
}

impl<'a> PoolConfig<'a> {
    /// Returns the words that messages use for the identity pools' service.
    pub fn identity_pool(&self) -> Called<'a> {
        Called {
            config: *self,
            refuser: Refuser::IdentityPool,
            owner: "the identity pool's",
            party: format!("the identity pool {}", self.id),
            endpoint: self.endpoint,
            endpoint_key: "endpoints.identity_pool",
            redactor: Redactor::default(),
        }
    }

    /// Returns the words that messages use for the Security Token Service.
    pub fn sts(&self) -> Called<'a> {
        Called {
            config: *self,
            refuser: Refuser::Sts,
            owner: "AWS STS",
            party: format!("AWS STS at {}", self.sts_endpoint),
            endpoint: self.sts_endpoint,
            endpoint_key: "endpoints.sts",
            redactor: Redactor::default(),
        }
    }
}

impl Called<'_> {
    /// Sets the secrets of the call, which are redacted from the message if the call fails.
    #[must_use]
    pub fn with_secrets<'s>(self, secrets: impl IntoIterator<Item = &'s Secret>) -> Self {
        Self { redactor: Redactor::of(secrets), ..self }
    }

    /// Returns the failure of a call. If AWS refused it, `likely` may find a cause from the refusal's code and message.
    pub fn failure<E: ProvideErrorMetadata>(
        &self,
        error: &SdkError<E>,
        http: &Http,
        likely: impl FnOnce(&str, &str) -> Option<Likely>,
    ) -> Failure {
        match error {
            SdkError::ServiceError(context) => {
                let message = context.err().message().unwrap_or_default();
                match context.err().code() {
                    Some(code) => self.explain(code, message, likely(code, message)),
                    None => self.senseless(context.raw()),
                }
                .after(http.sdk_retry_after(context.raw()))
            }
            // The answer is neither JSON nor XML. It is usually the page of a proxy.
            SdkError::ResponseError(context) => {
                self.senseless(context.raw()).after(http.sdk_retry_after(context.raw()))
            }
            SdkError::TimeoutError(_) => self.unreachable("no answer in time"),
            SdkError::DispatchFailure(failure) => {
                let cause = failure.as_connector_error().and_then(std::error::Error::source);
                match cause.and_then(|cause| cause.downcast_ref::<HttpError>()) {
                    Some(error) => error.clone().into(),
                    None => self.unreachable("no answer"),
                }
            }
            _ => self.unreachable("an answer that makes no sense"),
        }
    }

    fn senseless(&self, answer: &HttpResponse) -> Failure {
        let status = answer.status().as_u16();
        self.unreachable(&format!("an answer that makes no sense (status {status})"))
    }

    fn unreachable(&self, what: &str) -> Failure {
        Failure::new(Kind::Network, format!("{what}: {} endpoint {}", self.owner, self.endpoint))
            .hint("check the network, and HTTPS_PROXY if you need a proxy")
    }

    /// Returns the failure for an answer with a success status but without an expected value. `what` names the gap.
    pub fn odd_answer(&self, what: &str) -> Failure {
        Failure::new(Kind::Network, format!("{} answered with {what}", self.party))
            .hint(format!("check '{}' in the profile", self.endpoint_key))
    }

    /// Returns the failure for a call that AWS refused. The `likely` cause replaces the one in the table of refusals,
    /// if there is one. The message quotes AWS's own words, without secrets.
    pub fn explain(&self, code: &str, message: &str, likely: Option<Likely>) -> Failure {
        let config = self.config;
        let row = refusals::find(self.refuser, code, message);
        let said = self.said(code, message);
        if let Some(likely) = likely {
            return Failure::new(row.kind, format!("{}, most likely ({said})", likely.cause)).hint(likely.hint);
        }
        let login = login_command(config.profile);
        let facts = [("pool", config.id), ("profile", config.profile), ("login", &login), ("issuer", config.issuer)];
        Failure::new(row.kind, format!("{} ({said})", row.cause(&facts))).hint(row.hint(&facts))
    }

    /// Formats AWS's error message in one line, with the identity pool and the requested role.
    fn said(&self, code: &str, message: &str) -> String {
        let pool = (self.refuser == Refuser::IdentityPool).then(|| format!("identity pool {}", self.config.id));
        let role = self.config.role_arn.map(|role| format!("role {}", shortened(role, LONGEST_ROLE)));
        let said = refusals::said(&self.redactor.redact(code), &self.redactor.redact(message));
        let pieces: Vec<String> = [Some(said), pool, role].into_iter().flatten().collect();
        pieces.join("; ")
    }
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
    fn explained_refusals_quote_the_words_of_aws() {
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
            ("TooManyRequestsException", "Rate exceeded", "throttling", Kind::Network),
            ("BrandNewException", "What is this", "refused", Kind::Refused),
        ] {
            let failure = CONFIG.identity_pool().explain(code, message, None);
            assert!(failure.message.contains(meaning), "{failure}");
            assert!(failure.message.contains(message) && failure.message.contains(code), "{failure}");
            assert_eq!(failure.kind, kind);
            assert!(failure.hint.is_some());
        }
        let failure = CONFIG.identity_pool().explain(&"C".repeat(5000), &"m".repeat(5000), None);
        assert!(failure.message.chars().count() < 700, "{failure}");
    }

    #[test]
    fn words_of_aws_are_quoted_without_the_secrets_of_the_call() {
        let token = Secret::new("opaque-openid-token-0123456789");
        for message in
            ["got opaque-openid-token-0123456789", "got opaque%2Dopenid%2Dtoken%2D0123", "got eyJhbGciOiJSUzI1NiJ9.e"]
        {
            let called = CONFIG.sts().with_secrets([&token]);
            let likely = Likely { cause: "because".into(), hint: "ask".into() };
            for failure in [
                called.explain("InvalidIdentityToken", message, None),
                called.explain(message, "odd", None),
                called.explain("InvalidIdentityToken", message, Some(likely)),
            ] {
                assert!(failure.message.contains("got [secret]"), "{failure}");
            }
        }
    }

    #[test]
    fn likely_cause_is_marked_as_likely() {
        let likely = Likely { cause: "the directory asserts no role for you".into(), hint: "ask".into() };
        let failure = CONFIG.identity_pool().explain("NotAuthorizedException", "No", Some(likely));
        let said = format!("NotAuthorizedException: No; identity pool {}", CONFIG.id);
        assert_eq!(failure.message, format!("the directory asserts no role for you, most likely ({said})"));
        assert_eq!((failure.kind, failure.hint.as_deref()), (Kind::Refused, Some("ask")));
    }
}
