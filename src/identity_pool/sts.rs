//! A client for the Security Token Service (<https://docs.aws.amazon.com/STS/latest/APIReference/welcome.html>). It
//! calls `GetCallerIdentity`, and makes the last call of the classic flow.

use std::time::SystemTime;

use aws_credential_types::Credentials as Signing;
use aws_sdk_sts::Client;
use aws_sdk_sts::config::{Builder, SharedCredentialsProvider};
use aws_sdk_sts::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_async::time::StaticTimeSource;
use chrono::{DateTime, TimeDelta, Utc};

use super::PoolConfig;
use super::sdk::sdk_config;
use crate::aws::Credentials;
use crate::error::Failure;
use crate::http::{Http, ObeyRetryAfter};
use crate::secret::Secret;

/// A client of STS in the region of an identity pool.
pub struct Sts<'a> {
    config: PoolConfig<'a>,
    http: &'a Http,
}

/// The identity that owns a set of credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallerIdentity {
    /// The twelve digits of the AWS account.
    pub account: String,
    /// The ARN of the session, as in `arn:aws:sts::123456789012:assumed-role/Orders/alice@corp.example`.
    pub arn: String,
}

/// The parameters of `AssumeRoleWithWebIdentity`.
#[derive(Debug)]
pub struct Assumption<'a> {
    /// The ARN of the role.
    pub role_arn: &'a str,
    /// The name of the role session, from [`super::session_name()`].
    pub session_name: &'a str,
    /// The identity pool's OpenID token.
    pub token: &'a Secret,
    /// The requested lifetime of the credentials.
    pub duration: TimeDelta,
}

impl<'a> Sts<'a> {
    /// Creates a client that uses `http`.
    pub fn new(config: PoolConfig<'a>, http: &'a Http) -> Self {
        Self { config, http }
    }

    /// Returns the identity that owns `credentials`. The call needs no permission, and no policy can deny it
    /// (<https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html>). `time` is the current time
    /// by the server's clock, for the signature.
    ///
    /// # Errors
    /// [`crate::error::Kind::Refused`] with the meaning of AWS's answer, or [`crate::error::Kind::Network`].
    pub async fn caller_identity(
        &self,
        credentials: &Credentials,
        time: DateTime<Utc>,
    ) -> Result<CallerIdentity, Failure> {
        let token = credentials.session_token.expose().to_owned();
        let (id, key) = (credentials.access_key_id.as_str(), credentials.secret_access_key.expose());
        let signing = Signing::new(id, key, Some(token), None, "cogfed");
        let config = self
            .config()
            .credentials_provider(SharedCredentialsProvider::new(signing))
            .time_source(StaticTimeSource::new(SystemTime::from(time)));
        let answer = Client::from_conf(config.build()).get_caller_identity().send().await;
        let secrets = [&credentials.secret_access_key, &credentials.session_token];
        let answer = answer.map_err(|error| self.failure(&error, secrets))?;
        let identity = answer.account.zip(answer.arn).map(|(account, arn)| CallerIdentity { account, arn });
        identity.ok_or_else(|| self.config.sts().odd_answer("half an identity"))
    }

    /// Exchanges the identity pool's OpenID token for credentials of a role. The request is not signed: the token is
    /// the proof (<https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html>).
    ///
    /// # Errors
    /// Like [`Sts::caller_identity`].
    pub async fn assume_role_with_web_identity(&self, wanted: &Assumption<'_>) -> Result<Credentials, Failure> {
        let request = Client::from_conf(self.config().allow_no_auth().build())
            .assume_role_with_web_identity()
            .role_arn(wanted.role_arn)
            .role_session_name(wanted.session_name)
            .web_identity_token(wanted.token.expose())
            .set_duration_seconds(i32::try_from(wanted.duration.num_seconds()).ok());
        let answer = request.send().await.map_err(|error| self.failure(&error, [wanted.token]))?;
        let credentials = answer.credentials.and_then(|given| {
            Some(Credentials {
                access_key_id: Some(given.access_key_id).filter(|id| !id.is_empty())?,
                secret_access_key: Secret::new(given.secret_access_key),
                session_token: Secret::new(given.session_token),
                expires: DateTime::from_timestamp(given.expiration.secs(), 0)?,
            })
        });
        credentials.ok_or_else(|| self.config.sts().odd_answer("incomplete credentials"))
    }

    fn config(&self) -> Builder {
        let shared = sdk_config(self.config.region(), self.config.sts_endpoint, self.http);
        Builder::from(&shared).retry_classifier(ObeyRetryAfter(self.http.clone()))
    }

    /// Converts an SDK error to a failure, with `secrets` redacted. STS names the cause itself, so no likely cause is
    /// sought.
    fn failure<'s, E: ProvideErrorMetadata>(
        &self,
        error: &SdkError<E>,
        secrets: impl IntoIterator<Item = &'s Secret>,
    ) -> Failure {
        self.config.sts().with_secrets(secrets).failure(error, self.http, |_, _| None)
    }
}
