//! The AWS credentials that the sandbox has issued. Its API and its STS recognise callers by these keys.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use ring::digest::{SHA256, digest};

use crate::partition::{ACCOUNT_ID, Partition};
use crate::random;

/// A set of AWS credentials and the identity that owns them. All keys are temporary except the administrator's. None of
/// them is a real secret.
#[derive(Debug, Clone)]
pub struct IssuedKey {
    /// The access key id: `ASIA…`, or `AKIA…` for an IAM user, followed by `SANDBOX`.
    pub access_key_id: String,
    /// The secret access key.
    pub secret_access_key: String,
    /// The session token, which must accompany the key; empty for an IAM user.
    pub session_token: String,
    /// The time at which the keys expire.
    pub expires: DateTime<Utc>,
    /// The ARN of the IAM role, `arn:aws:iam::ACCOUNT:role/NAME`, or of the IAM user.
    pub role_arn: String,
    /// The role session's name; `CognitoIdentityCredentials` for the enhanced flow.
    pub session_name: String,
    /// The id of the identity pool.
    pub identity_pool_id: String,
    /// The identity id in the identity pool.
    pub identity_id: String,
    /// The value of API Gateway's `cognitoAuthenticationProvider`: `PROVIDER,PROVIDER:CognitoSignIn:SUB` for a user
    /// pool, or `PROVIDER,arn:…:oidc-provider/PROVIDER:OIDC:SUB` for a plain issuer.
    pub authentication_provider: String,
    /// The username in the user pool.
    pub username: String,
}

impl IssuedKey {
    /// Returns the long-term keys of an IAM user who administers the sandbox's account.
    pub(crate) fn of_an_administrator(partition: Partition, identity_pool_id: &str) -> Self {
        Self {
            access_key_id: format!("AKIASANDBOX{}", random::upper_alphanumeric(9)),
            secret_access_key: format!("sandbox/{}", random::alphanumeric(32)),
            session_token: String::new(),
            expires: DateTime::<Utc>::MAX_UTC,
            role_arn: format!("arn:{}:iam::{ACCOUNT_ID}:user/SandboxAdministrator", partition.arn()),
            session_name: String::new(),
            identity_pool_id: identity_pool_id.into(),
            identity_id: String::new(),
            authentication_provider: String::new(),
            username: "SandboxAdministrator".into(),
        }
    }

    /// Returns the caller's ARN: `arn:aws:sts::ACCOUNT:assumed-role/NAME/SESSION`, or the ARN of an IAM user.
    pub fn caller_arn(&self) -> String {
        if self.is_user() {
            return self.role_arn.clone();
        }
        let (partition, role) = (self.part(1), self.role_arn.rsplit('/').next().unwrap_or_default());
        format!("arn:{partition}:sts::{}:assumed-role/{role}/{}", self.account_id(), self.session_name)
    }

    /// Returns true if the keys belong to an IAM user, and false if they belong to a role session.
    pub fn is_user(&self) -> bool {
        self.part(5).starts_with("user/")
    }

    /// Returns the colon-separated part of the role's ARN at the index `number`. Part 0 is `arn`.
    fn part(&self, number: usize) -> &str {
        self.role_arn.split(':').nth(number).unwrap_or_default()
    }

    /// Returns the caller's unique id: `AROA…:SESSION` for a role session, `AIDA…` for an IAM user. The sandbox's roles
    /// have no ids of their own, so the id is derived from the ARN.
    pub fn user_id(&self) -> String {
        let hash = digest(&SHA256, self.role_arn.as_bytes());
        let digits: String = hash.as_ref().iter().take(5).map(|byte| format!("{byte:02X}")).collect();
        match self.is_user() {
            true => format!("AIDASANDBOX{digits}"),
            false => format!("AROASANDBOX{digits}:{}", self.session_name),
        }
    }

    /// Returns the id of the account, twelve digits.
    pub fn account_id(&self) -> &str {
        self.part(4)
    }
}

/// The issued AWS credentials, by access key id.
#[derive(Debug, Default)]
pub struct IssuedKeys(Mutex<HashMap<String, IssuedKey>>);

impl IssuedKeys {
    /// Adds a set of credentials.
    pub fn insert(&self, key: IssuedKey) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(key.access_key_id.clone(), key);
    }

    /// Removes the credentials that expired more than a week before `now`. Until then the API answers that they have
    /// expired.
    pub(crate) fn tidy(&self, now: DateTime<Utc>) {
        let week_ago = now - TimeDelta::weeks(1);
        self.0.lock().unwrap_or_else(PoisonError::into_inner).retain(|_, key| week_ago < key.expires);
    }

    /// Returns the credentials with this access key id.
    pub fn find(&self, access_key_id: &str) -> Option<IssuedKey> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(access_key_id).cloned()
    }
}
