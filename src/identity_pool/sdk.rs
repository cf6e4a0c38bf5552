//! What the clients of AWS's services have in common: how they are set up, and what their failures amount to.

use std::time::Duration;

use aws_sdk_cognitoidentity::config::retry::RetryConfig;
use aws_sdk_cognitoidentity::config::timeout::TimeoutConfig;
use aws_sdk_cognitoidentity::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;

use super::refusal;
use crate::error::{Failure, Kind};
use crate::http::{Http, HttpError};
use crate::profile::Profile;

/// How often a call is made in all, where AWS says that it was too many or that it failed itself.
const ATTEMPTS: u32 = 3;
/// The first pause between them; later ones double, with jitter.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
/// How long one call may take, its repetitions included.
const DEADLINE: Duration = Duration::from_secs(15);

/// The configuration of a client of `$sdk`, still to be built. A macro, because each SDK crate has types of its own.
macro_rules! configured {
    ($sdk:ident, $region:expr, $endpoint:expr, $http:expr) => {
        $sdk::Config::builder()
            .behavior_version($sdk::config::BehaviorVersion::latest())
            .region($sdk::config::Region::new(str::to_owned($region)))
            .endpoint_url($endpoint)
            .http_client($sdk::config::SharedHttpClient::new(Clone::clone($http)))
            .retry_config($crate::identity_pool::sdk::repeats())
            .timeout_config($crate::identity_pool::sdk::deadlines())
            .retry_classifier($crate::http::ObeyRetryAfter(Clone::clone($http)))
    };
}
pub(super) use configured;

/// How calls are repeated.
pub fn repeats() -> RetryConfig {
    RetryConfig::standard().with_max_attempts(ATTEMPTS).with_initial_backoff(FIRST_PAUSE)
}

/// How long they may take.
pub fn deadlines() -> TimeoutConfig {
    TimeoutConfig::builder().operation_timeout(DEADLINE).build()
}

/// One of AWS's services.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    /// The identity pools'.
    IdentityPool,
    /// The Security Token Service.
    Sts,
}

impl Service {
    /// As messages name whoever answers.
    pub fn name(self) -> &'static str {
        match self {
            Service::IdentityPool => "the identity pool",
            Service::Sts => "AWS STS",
        }
    }

    /// Where `profile` has it.
    pub fn endpoint(self, profile: &Profile) -> &str {
        match self {
            Service::IdentityPool => &profile.endpoints.identity_pool,
            Service::Sts => &profile.endpoints.sts,
        }
    }

    /// The key of a profile that names another endpoint.
    pub fn endpoint_key(self) -> &'static str {
        match self {
            Service::IdentityPool => "endpoints.identity_pool",
            Service::Sts => "endpoints.sts",
        }
    }

    /// What a call that got no credentials amounts to.
    pub fn failure<E: ProvideErrorMetadata>(self, error: &SdkError<E>, profile: &Profile, http: &Http) -> Failure {
        match error {
            SdkError::ServiceError(context) => {
                let (code, message) = (context.err().code(), context.err().message());
                match code {
                    Some(code) => refusal::explain(self, code, message.unwrap_or_default(), profile),
                    None => self.senseless(context.raw(), profile),
                }
                .after(http.sdk_retry_after(context.raw()))
            }
            // Not even JSON or XML: the page of somebody on the way, mostly.
            SdkError::ResponseError(context) => {
                self.senseless(context.raw(), profile).after(http.sdk_retry_after(context.raw()))
            }
            SdkError::TimeoutError(_) => self.unreachable("no answer in time", profile),
            SdkError::DispatchFailure(failure) => {
                let cause = failure.as_connector_error().and_then(std::error::Error::source);
                match cause.and_then(|cause| cause.downcast_ref::<HttpError>()) {
                    Some(error) => error.clone().into(),
                    None => self.unreachable("no answer", profile),
                }
            }
            _ => self.unreachable("an answer that makes no sense", profile),
        }
    }

    fn senseless(self, answer: &HttpResponse, profile: &Profile) -> Failure {
        let status = answer.status().as_u16();
        self.unreachable(&format!("an answer that makes no sense (status {status})"), profile)
    }

    fn unreachable(self, what: &str, profile: &Profile) -> Failure {
        let (name, endpoint) = (self.name(), self.endpoint(profile));
        let owner = if self == Service::IdentityPool { format!("{name}'s") } else { name.to_owned() };
        Failure::new(Kind::Network, format!("{what}: {owner} endpoint {endpoint}"))
            .hint("check the network, and HTTPS_PROXY if you need a proxy")
    }

    /// The failure of a good answer in which something is missing.
    pub fn odd_answer(self, what: &str, profile: &Profile) -> Failure {
        let name = match self {
            Service::IdentityPool => format!("{} {}", self.name(), profile.identity_pool_id),
            Service::Sts => format!("{} at {}", self.name(), self.endpoint(profile)),
        };
        Failure::new(Kind::Network, format!("{name} answered with {what}"))
            .hint(format!("check '{}' in the profile", self.endpoint_key()))
    }
}
