//! The identity pool's client: an ID token in, temporary AWS credentials out, by the enhanced flow or by the classic one,
//! which AWS also calls the basic flow
//! (<https://docs.aws.amazon.com/cognito/latest/developerguide/authentication-flow.html>).

pub mod administration;
pub mod likely;
pub mod refusal;
mod sdk;
mod session_name;
pub mod sts;

use aws_sdk_cognitoidentity::Client;
use aws_sdk_cognitoidentity::error::{ProvideErrorMetadata, SdkError};
use chrono::{DateTime, TimeDelta};
use serde_json::{Map, Value};

use self::likely::Wanted;
pub use self::sdk::Service;
use self::sdk::configured;
pub use self::session_name::session_name;
use self::sts::{Assumption, Sts};
use crate::aws::Credentials;
use crate::error::Failure;
use crate::http::Http;
use crate::profile::{Flow, Profile};
use crate::secret::Secret;

/// The proof of who somebody is: the user pool's ID token.
#[derive(Debug)]
pub struct Login<'a> {
    /// The name of the provider in the identity pool.
    provider: &'a str,
    id_token: &'a Secret,
    /// What the token says, for the likeliest cause of a refusal alone.
    claims: Map<String, Value>,
}

impl<'a> Login<'a> {
    /// The login that `id_token` is good for: `issuer` is its issuer, or the name that the identity pool has for it.
    /// `claims` are those of the token; without them a refusal is explained by AWS's words alone.
    pub fn new(issuer: &'a str, id_token: &'a Secret, claims: Map<String, Value>) -> Self {
        Self { provider: provider_name(issuer), id_token, claims }
    }
}

/// The name of an issuer in identity pools: its address without the scheme.
fn provider_name(issuer: &str) -> &str {
    issuer.strip_prefix("https://").or_else(|| issuer.strip_prefix("http://")).unwrap_or(issuer)
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
        let (region, endpoint) = (profile.identity_pool_region(), &profile.endpoints.identity_pool);
        let config = configured!(aws_sdk_cognitoidentity, region, endpoint, http).allow_no_auth().build();
        Self { profile, client: Client::from_conf(config), http: http.clone() }
    }

    /// The identity id of whoever `login` names. It stays the same: keep it, the quota for asking is small.
    ///
    /// # Errors
    /// [`crate::error::Kind::Refused`] with the meaning of AWS's answer, or [`crate::error::Kind::Network`].
    pub async fn identity_id(&self, login: &Login<'_>) -> Result<String, PoolError> {
        let request = self
            .client
            .get_id()
            .identity_pool_id(&self.profile.identity_pool_id)
            .logins(login.provider, login.id_token.expose());
        let answer = request.send().await.map_err(|error| self.failure(&error, login, Wanted::Identity))?;
        answer.identity_id.ok_or_else(|| self.odd_answer("no identity id"))
    }

    /// Credentials for an identity, of the profile's role if it names one, by the profile's flow. In the classic one
    /// their session is called after `person`. Also returns the identity id that AWS answered with, which replaces the one
    /// that was sent.
    ///
    /// # Errors
    /// As [`IdentityPool::identity_id`].
    pub async fn credentials(
        &self,
        identity_id: &str,
        login: &Login<'_>,
        person: &str,
    ) -> Result<(Credentials, String), PoolError> {
        match self.profile.flow {
            Flow::Enhanced => self.by_enhanced_flow(identity_id, login).await,
            Flow::Classic { duration } => self.by_classic_flow(identity_id, login, person, duration).await,
        }
    }

    /// The identity pool chooses the role, if none is asked for, and assumes it.
    async fn by_enhanced_flow(&self, identity_id: &str, login: &Login<'_>) -> Result<(Credentials, String), PoolError> {
        let request = self
            .client
            .get_credentials_for_identity()
            .identity_id(identity_id)
            .set_custom_role_arn(self.profile.role_arn.clone())
            .logins(login.provider, login.id_token.expose());
        let wanted = Wanted::Credentials(self.profile.role_arn.as_deref());
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

    /// The identity pool vouches for the person, and STS takes its word. The token goes nowhere but to the STS that the
    /// sign-in belongs to: see [`crate::session::record::TokensRecord::read`].
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
            role_arn: self.profile.role_arn.as_deref().unwrap_or_default(),
            session_name: &session_name(person),
            token: &token,
            duration,
        };
        let sts = Sts::new(self.profile, &self.http);
        let credentials = sts.assume_role_with_web_identity(&wanted).await.map_err(PoolError::Failed)?;
        Ok((credentials, identity_id))
    }

    /// What a call amounts to that was refused, or got no answer, with this login.
    fn failure<E: ProvideErrorMetadata>(
        &self,
        error: &SdkError<E>,
        login: &Login<'_>,
        wanted: Wanted<'_>,
    ) -> PoolError {
        let failure = Service::IdentityPool.failure(error, self.profile, &self.http);
        let (code, message) = (error.code().unwrap_or_default(), error.message().unwrap_or_default());
        let failure = match likely::cause((code, message), &login.claims, wanted, self.http.server_now()) {
            Some(likely) => likely.of(failure, &refusal::said(Service::IdentityPool, code, message, self.profile)),
            None => failure,
        };
        match error.code() {
            Some("ResourceNotFoundException") => PoolError::UnknownIdentity(failure),
            _ => PoolError::Failed(failure),
        }
    }

    fn odd_answer(&self, what: &str) -> PoolError {
        PoolError::Failed(Service::IdentityPool.odd_answer(what, self.profile))
    }
}
