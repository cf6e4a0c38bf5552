//! The stored record of a set of credentials, and its copy in the kernel's keyring.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::{VERSION, credentials_account, destination, read, written};
use crate::aws::Credentials;
use crate::clock::Offset;
use crate::error::Failure;
use crate::profile::NamedBy;
use crate::secret::{self, Secret};
use crate::session::Ask;
use crate::store::{Cached, Store};

/// The stored record of credentials, with the sign-in, identity pool and role for which they were issued.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CredentialsRecord {
    version: u32,
    /// The id of the user pool, or the issuer's URL if there is no user pool.
    pub user_pool_id: String,
    /// The app client's id.
    pub client_id: String,
    /// The name under which the sign-in is stored. Records of version 1 have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub who: Option<String>,
    /// The configuration key that set the sign-in's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub named_by: Option<NamedBy>,
    /// The id of the identity pool that issued the credentials.
    pub identity_pool_id: String,
    /// The endpoint of the identity pool.
    pub identity_pool_endpoint: String,
    /// The STS endpoint that issued the credentials; `None` if the credentials are from the enhanced flow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sts_endpoint: Option<String>,
    /// The ARN of the requested role, if one was requested.
    pub role_arn: Option<String>,
    /// The `sub` claim of the person's ID token.
    pub subject: String,
    /// The time at which the credentials were issued, by this machine's clock.
    pub issued_at: DateTime<Utc>,
    /// The expiry time by the clock of this machine or the clock of AWS, whichever is earlier.
    pub expires_at: DateTime<Utc>,
    access_key_id: String,
    #[serde(serialize_with = "secret::exposed")]
    secret_access_key: Secret,
    #[serde(serialize_with = "secret::exposed")]
    session_token: Secret,
}

impl CredentialsRecord {
    /// Creates the record for `credentials`, which were issued for `ask` at the time `now` on this machine's clock.
    /// AWS's clock differs from it by `offset`.
    pub fn new(ask: &Ask, subject: &str, credentials: Credentials, now: DateTime<Utc>, offset: Offset) -> Self {
        let profile = &ask.profile;
        Self {
            version: VERSION,
            user_pool_id: profile.issuer.id().to_owned(),
            client_id: profile.client_id.clone(),
            who: Some(profile.who().to_owned()),
            named_by: Some(profile.sign_in_name.by),
            identity_pool_id: profile.identity_pool_id.clone(),
            identity_pool_endpoint: profile.endpoints.identity_pool.clone(),
            sts_endpoint: destination::sts_endpoint(ask).cloned(),
            role_arn: ask.role.arn.clone(),
            subject: subject.to_owned(),
            issued_at: now,
            expires_at: offset.expiry(credentials.expires),
            access_key_id: credentials.access_key_id,
            secret_access_key: credentials.secret_access_key,
            session_token: credentials.session_token,
        }
    }

    /// Returns the AWS credentials in the record.
    pub fn credentials(&self) -> Credentials {
        Credentials {
            access_key_id: self.access_key_id.clone(),
            secret_access_key: self.secret_access_key.clone(),
            session_token: self.session_token.clone(),
            expires: self.expires_at,
        }
    }

    /// Returns whether both records contain the same credentials.
    pub fn has_same_key(&self, other: &Self) -> bool {
        self.access_key_id == other.access_key_id
    }

    /// Returns the remaining life of the credentials; negative after their expiry.
    pub fn left(&self, now: DateTime<Utc>) -> TimeDelta {
        self.expires_at - now
    }

    /// Reads the record's copy from the kernel's keyring. A copy that is damaged or belongs to another profile counts
    /// as missing.
    pub fn cached(store: &Store, ask: &Ask) -> Cached<Self> {
        let account = credentials_account(ask);
        match store.cached(&account) {
            Cached::NotUsed => Cached::NotUsed,
            Cached::Missing => Cached::Missing,
            Cached::Copy(text) => match read::<Self>(Some(text), &account) {
                Ok(Some(record)) if record.fits(ask) => Cached::Copy(record),
                _ => Cached::Missing,
            },
        }
    }

    /// Reads the record from the store; returns `None` if there is none or it does not match `ask`.
    ///
    /// # Errors
    /// [`crate::error::Kind::Store`].
    pub fn read(store: &Store, ask: &Ask) -> Result<Option<Self>, Failure> {
        let account = credentials_account(ask);
        let record = read::<Self>(store.get(&account)?, &account)?;
        Ok(record.filter(|record| record.fits(ask)))
    }

    /// Writes the record to the store.
    ///
    /// # Errors
    /// [`crate::error::Kind::Store`].
    pub fn write(&self, store: &Store, ask: &Ask) -> Result<(), Failure> {
        Ok(store.set(&credentials_account(ask), &written(self))?)
    }

    /// Copies the record to the kernel's keyring, where it expires after `lifetime`.
    pub fn cache(&self, store: &Store, ask: &Ask, lifetime: TimeDelta) {
        if let Ok(lifetime) = lifetime.to_std() {
            store.set_cached(&credentials_account(ask), &written(self), lifetime);
        }
    }
}
