//! The identity pool's client: an ID token in, temporary AWS credentials out, by the enhanced flow
//! (<https://docs.aws.amazon.com/cognito/latest/developerguide/authentication-flow.html>).

pub mod administration;
pub mod asserted;
pub mod mapping;
pub mod refusal;

use std::time::Duration;

use aws_sdk_cognitoidentity::Client;
use aws_sdk_cognitoidentity::config::retry::RetryConfig;
use aws_sdk_cognitoidentity::config::timeout::TimeoutConfig;
use aws_sdk_cognitoidentity::config::{BehaviorVersion, Builder, Region, SharedHttpClient};
use aws_sdk_cognitoidentity::error::{ProvideErrorMetadata, SdkError};
use chrono::DateTime;

use crate::credentials::Credentials;
use crate::error::{Failure, Kind};
use crate::http::{Http, HttpError, ObeyRetryAfter};
use crate::profile::Profile;
use crate::secret::Secret;

/// How often a call is made in all, where AWS says that it was too many or that it failed itself.
const ATTEMPTS: u32 = 3;
/// The first pause between them; later ones double, with jitter.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
/// How long one call may take, its repetitions included.
const DEADLINE: Duration = Duration::from_secs(15);

/// The proof of who somebody is: the user pool's ID token.
#[derive(Debug)]
pub struct Login<'a> {
    /// The issuer of the token, without the scheme: the name of the provider in the identity pool.
    provider: &'a str,
    id_token: &'a Secret,
}

impl<'a> Login<'a> {
    /// The login that `id_token`, issued by `issuer`, is good for.
    pub fn new(issuer: &'a str, id_token: &'a Secret) -> Self {
        let provider = issuer.strip_prefix("https://").or_else(|| issuer.strip_prefix("http://")).unwrap_or(issuer);
        Self { provider, id_token }
    }
}

/// Why the identity pool gave nothing.
#[derive(Debug)]
pub enum PoolError {
    /// The identity id is not known (any more): ask for it anew.
    UnknownIdentity(Failure),
    /// Anything else.
    Failed(Failure),
}

impl From<PoolError> for Failure {
    fn from(error: PoolError) -> Self {
        match error {
            PoolError::UnknownIdentity(failure) | PoolError::Failed(failure) => failure,
        }
    }
}

/// One profile's identity pool.
pub struct IdentityPool<'a> {
    profile: &'a Profile,
    client: Client,
    http: Http,
}

impl<'a> IdentityPool<'a> {
    /// The identity pool of `profile`, asked by way of `http`. Its calls are not signed: the token is the proof.
    pub fn new(profile: &'a Profile, http: &Http) -> Self {
        Self::with(profile, http, |config| config.allow_no_auth())
    }

    /// The same with its proof of who asks: none, or a signature.
    fn with(profile: &'a Profile, http: &Http, proof: impl FnOnce(Builder) -> Builder) -> Self {
        let config = aws_sdk_cognitoidentity::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(profile.identity_pool_region().to_owned()))
            .endpoint_url(&profile.endpoints.identity_pool)
            .http_client(SharedHttpClient::new(http.clone()))
            .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS).with_initial_backoff(FIRST_PAUSE))
            .timeout_config(TimeoutConfig::builder().operation_timeout(DEADLINE).build())
            .retry_classifier(ObeyRetryAfter(http.clone()));
        Self { profile, client: Client::from_conf(proof(config).build()), http: http.clone() }
    }

    /// The identity id of whoever `login` names. It stays the same: keep it, the quota for asking is small.
    ///
    /// # Errors
    /// [`Kind::Refused`] with the meaning of AWS's answer, or [`Kind::Network`].
    pub async fn identity_id(&self, login: &Login<'_>) -> Result<String, PoolError> {
        let request = self
            .client
            .get_id()
            .identity_pool_id(&self.profile.identity_pool_id)
            .logins(login.provider, login.id_token.expose());
        let answer = request.send().await.map_err(|error| self.failure(&error))?;
        answer.identity_id.ok_or_else(|| self.odd_answer("no identity id"))
    }

    /// Credentials for an identity, of the profile's role if it names one. Also returns the identity id that AWS
    /// answered with, which replaces the one that was sent.
    ///
    /// # Errors
    /// As [`IdentityPool::identity_id`].
    pub async fn credentials(&self, identity_id: &str, login: &Login<'_>) -> Result<(Credentials, String), PoolError> {
        let request = self
            .client
            .get_credentials_for_identity()
            .identity_id(identity_id)
            .set_custom_role_arn(self.profile.role_arn.clone())
            .logins(login.provider, login.id_token.expose());
        let answer = request.send().await.map_err(|error| self.failure(&error))?;
        let identity_id = answer.identity_id.unwrap_or_else(|| identity_id.to_owned());
        let credentials = answer.credentials.and_then(|given| {
            Some(Credentials {
                access_key_id: given.access_key_id?,
                secret_access_key: Secret::new(given.secret_key?),
                session_token: Secret::new(given.session_token?),
                expires: DateTime::from_timestamp(given.expiration?.secs(), 0)?,
            })
        });
        Ok((credentials.ok_or_else(|| self.odd_answer("incomplete credentials"))?, identity_id))
    }

    fn failure<E: ProvideErrorMetadata>(&self, error: &SdkError<E>) -> PoolError {
        let host = &self.profile.endpoints.identity_pool;
        let unreachable = |what: String| {
            Failure::new(Kind::Network, format!("{what}: the identity pool's endpoint {host}"))
                .hint("check the network, and HTTPS_PROXY if you need a proxy")
        };
        PoolError::Failed(match error {
            SdkError::ServiceError(context) => {
                let (code, message) = (context.err().code(), context.err().message());
                let explained = |code: &str| refusal::explain(code, message.unwrap_or_default(), self.profile);
                match (code, context.raw().status().as_u16()) {
                    (Some(code @ "ResourceNotFoundException"), _) => {
                        return PoolError::UnknownIdentity(explained(code));
                    }
                    (Some(code), _) => explained(code),
                    (None, status) => unreachable(format!("an answer that makes no sense (status {status})")),
                }
                .after(self.http.sdk_retry_after(context.raw()))
            }
            SdkError::TimeoutError(_) => unreachable("no answer in time".into()),
            SdkError::DispatchFailure(failure) => {
                let cause = failure.as_connector_error().and_then(std::error::Error::source);
                match cause.and_then(|cause| cause.downcast_ref::<HttpError>()) {
                    Some(error) => error.clone().into(),
                    None => unreachable("no answer".into()),
                }
            }
            _ => unreachable("an answer that makes no sense".into()),
        })
    }

    fn odd_answer(&self, what: &str) -> PoolError {
        let message = format!("the identity pool {} answered with {what}", self.profile.identity_pool_id);
        PoolError::Failed(Failure::new(Kind::Network, message).hint("check 'endpoints.identity_pool' in the profile"))
    }
}
