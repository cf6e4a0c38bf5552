//! A client for Cognito identity pools, which exchanges an ID token for temporary AWS credentials. It uses the enhanced
//! flow, or the classic flow, which AWS also calls the basic flow
//! (<https://docs.aws.amazon.com/cognito/latest/developerguide/authentication-flow.html>).

pub mod administration;
pub mod likely;
mod sdk;
mod session_name;
pub mod sts;

use aws_sdk_cognitoidentity::Client;
use aws_sdk_cognitoidentity::config::Builder;
use aws_sdk_cognitoidentity::error::{ProvideErrorMetadata, SdkError};
use chrono::{DateTime, TimeDelta};
use serde_json::{Map, Value};

use self::likely::Wanted;
pub use self::sdk::Called;
pub use self::session_name::session_name;
use self::sts::{Assumption, Sts};
use crate::aws::Credentials;
use crate::error::Failure;
use crate::http::{Http, ObeyRetryAfter};
use crate::profile::{Flow, Profile};
use crate::secret::Secret;

/// The settings that the clients of the identity pool and of STS share, including names for use in messages.
#[derive(Debug, Clone, Copy)]
pub struct PoolConfig<'a> {
    /// The identity pool's id. Its prefix is the region of both services.
    pub id: &'a str,
    /// The endpoint of the identity pools' service.
    pub endpoint: &'a str,
    /// The endpoint of STS.
    pub sts_endpoint: &'a str,
    /// The ARN of the requested role; `None` lets the identity pool choose.
    pub role_arn: Option<&'a str>,
    /// The name of the profile, for messages.
    pub profile: &'a str,
    /// The kind of issuer, for messages: see [`crate::profile::Issuer::described`].
    pub issuer: &'static str,
}

impl<'a> PoolConfig<'a> {
    /// Returns the settings of `profile`.
    pub fn of(profile: &'a Profile) -> Self {
        Self {
            id: &profile.identity_pool_id,
            endpoint: &profile.endpoints.identity_pool,
            sts_endpoint: &profile.endpoints.sts,
            role_arn: profile.role_arn.as_deref(),
            profile: &profile.name,
            issuer: profile.issuer.described(),
        }
    }

    fn region(&self) -> &'a str {
        self.id.split(':').next().unwrap_or_default()
    }

    /// Returns the configuration of a client of the identity pools' service.
    fn sdk_config(&self, http: &Http) -> Builder {
        let shared = sdk::sdk_config(self.region(), self.endpoint, http);
        Builder::from(&shared).retry_classifier(ObeyRetryAfter(http.clone()))
    }
}

/// An entry of the parameter `Logins` in requests to the identity pool: the identity provider, and the ID token that
/// identifies the person.
#[derive(Debug)]
pub struct Login<'a> {
    /// The name under which the identity pool knows the identity provider.
    provider: &'a str,
    id_token: &'a Secret,
    /// The claims of the token, used only to find the likely cause of a refusal.
    claims: Map<String, Value>,
}

impl<'a> Login<'a> {
    /// Creates the login that presents `id_token` to an identity pool. `issuer` is its issuer, or the identity pool's
    /// name for the issuer. `claims` are those of the token; without them, a refusal has no likely cause.
    pub fn new(issuer: &'a str, id_token: &'a Secret, claims: Map<String, Value>) -> Self {
        Self { provider: provider_name(issuer), id_token, claims }
    }
}

/// Returns the name under which identity pools know an issuer: its URL without the scheme.
fn provider_name(issuer: &str) -> &str {
    issuer.strip_prefix("https://").or_else(|| issuer.strip_prefix("http://")).unwrap_or(issuer)
}

/// The reason why a call to the identity pool failed.
#[derive(Debug)]
pub enum PoolError {
    /// The identity pool does not know the identity id, so a new identity id must be requested.
    UnknownIdentity(Failure),
    /// Any other failure.
    Failed(Failure),
}

impl From<PoolError> for Failure {
    fn from(error: PoolError) -> Self {
        match error {
            PoolError::UnknownIdentity(failure) | PoolError::Failed(failure) => failure,
        }
    }
}

/// A client of one identity pool.
pub struct IdentityPool<'a> {
    config: PoolConfig<'a>,
    client: Client,
    http: Http,
}

impl<'a> IdentityPool<'a> {
    /// Creates a client that uses `http`. Its calls are not signed: the ID token is the proof.
    pub fn new(config: PoolConfig<'a>, http: &Http) -> Self {
        let client = Client::from_conf(config.sdk_config(http).allow_no_auth().build());
        Self { config, client, http: http.clone() }
    }

    /// Returns the identity id of the person whose token `login` holds. An identity id does not change. Store it,
    /// because the quota of this call is small.
    ///
    /// # Errors
    /// [`crate::error::Kind::Refused`] with the meaning of AWS's answer, or [`crate::error::Kind::Network`].
    pub async fn identity_id(&self, login: &Login<'_>) -> Result<String, PoolError> {
        let request =
            self.client.get_id().identity_pool_id(self.config.id).logins(login.provider, login.id_token.expose());
        let answer = request.send().await.map_err(|error| self.failure(&error, login, Wanted::Identity))?;
        answer.identity_id.ok_or_else(|| self.odd_answer("no identity id"))
    }

    /// Returns AWS credentials for `identity_id`, together with the identity id to use from then on. They are for the
    /// configured role, if there is one. The classic flow names their session after `person`.
    ///
    /// # Errors
    /// Like [`IdentityPool::identity_id`].
    pub async fn credentials(
        &self,
        identity_id: &str,
        login: &Login<'_>,
        person: &str,
        flow: Flow,
    ) -> Result<(Credentials, String), PoolError> {
        match flow {
            Flow::Enhanced => self.by_enhanced_flow(identity_id, login).await,
            Flow::Classic { duration } => self.by_classic_flow(identity_id, login, person, duration).await,
        }
    }

    /// Gets credentials by the enhanced flow: the identity pool assumes the requested role or, if no role is requested,
    /// a role of its own choice.
    async fn by_enhanced_flow(&self, identity_id: &str, login: &Login<'_>) -> Result<(Credentials, String), PoolError> {
        let request = self
            .client
            .get_credentials_for_identity()
            .identity_id(identity_id)
            .set_custom_role_arn(self.config.role_arn.map(str::to_owned))
            .logins(login.provider, login.id_token.expose());
        let wanted = Wanted::Credentials(self.config.role_arn);
        let answer = request.send().await.map_err(|error| self.failure(&error, login, wanted))?;
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

    /// Gets credentials by the classic flow: the identity pool issues an OpenID token, which STS exchanges for the
    /// role's credentials. The caller has checked that the sign-in belongs to this STS endpoint, which receives the
    /// token.
    async fn by_classic_flow(
        &self,
        identity_id: &str,
        login: &Login<'_>,
        person: &str,
        duration: TimeDelta,
    ) -> Result<(Credentials, String), PoolError> {
        let request =
            self.client.get_open_id_token().identity_id(identity_id).logins(login.provider, login.id_token.expose());
        let answer = request.send().await.map_err(|error| self.failure(&error, login, Wanted::Identity))?;
        let token = Secret::new(answer.token.ok_or_else(|| self.odd_answer("no token"))?);
        let identity_id = answer.identity_id.unwrap_or_else(|| identity_id.to_owned());
        let wanted = Assumption {
            role_arn: self.config.role_arn.unwrap_or_default(),
            session_name: &session_name(person),
            token: &token,
            duration,
        };
        let sts = Sts::new(self.config, &self.http);
        let credentials = sts.assume_role_with_web_identity(&wanted).await.map_err(PoolError::Failed)?;
        Ok((credentials, identity_id))
    }

    /// Returns the failure of a call that used `login`. The failure includes its likely cause.
    fn failure<E: ProvideErrorMetadata>(
        &self,
        error: &SdkError<E>,
        login: &Login<'_>,
        wanted: Wanted<'_>,
    ) -> PoolError {
        let now = self.http.server_now(self.config.endpoint);
        let likely = |code: &str, message: &str| likely::cause((code, message), &login.claims, wanted, now);
        let failure = self.config.identity_pool().with_secrets([login.id_token]).failure(error, &self.http, likely);
        match error.code() {
            Some("ResourceNotFoundException") => PoolError::UnknownIdentity(failure),
            _ => PoolError::Failed(failure),
        }
    }

    fn odd_answer(&self, what: &str) -> PoolError {
        PoolError::Failed(self.config.identity_pool().odd_answer(what))
    }
}
