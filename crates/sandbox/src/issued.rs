//! The temporary keys that the sandbox has given out, so that its API and its STS know whom they see.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use ring::digest::{SHA256, digest};

use crate::partition::{ACCOUNT_ID, Partition};
use crate::random;

/// One set of keys, temporary ones but for the administrator's, and whose they are. None of it is a real secret: the sandbox made it up.
#[derive(Debug, Clone)]
pub struct IssuedKey {
    /// `ASIA…`, or `AKIA…` of an IAM user; marked as the sandbox's by its text.
    pub access_key_id: String,
    /// The key that signs.
    pub secret_access_key: String,
    /// The session token that has to come along; empty for an IAM user.
    pub session_token: String,
    /// From then on the API answers "expired".
    pub expires: DateTime<Utc>,
    /// The ARN of the IAM role, `arn:aws:iam::ACCOUNT:role/NAME`, or of the IAM user.
    pub role_arn: String,
    /// The role session's name; `CognitoIdentityCredentials` for the enhanced flow.
    pub session_name: String,
    /// The identity pool.
    pub identity_pool_id: String,
    /// The identity in the identity pool.
    pub identity_id: String,
    /// Where the login came from, as API Gateway's `cognitoAuthenticationProvider` has it:
    /// `PROVIDER,PROVIDER:CognitoSignIn:SUB`; of a plain issuer `PROVIDER,arn:…:oidc-provider/PROVIDER:OIDC:SUB`.
    pub authentication_provider: String,
    /// Who signed in, as the user pool names them.
    pub username: String,
}

impl IssuedKey {
    /// The long-term keys of an IAM user who administers the sandbox's account. They end when the sandbox does.
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

    /// `arn:aws:sts::ACCOUNT:assumed-role/NAME/SESSION`, as AWS names the caller; an IAM user by its own ARN.
    pub fn caller_arn(&self) -> String {
        if self.is_user() {
            return self.role_arn.clone();
        }
        let (partition, role) = (self.part(1), self.role_arn.rsplit('/').next().unwrap_or_default());
        format!("arn:{partition}:sts::{}:assumed-role/{role}/{}", self.account_id(), self.session_name)
    }

    fn is_user(&self) -> bool {
        self.part(5).starts_with("user/")
    }

    /// One of the parts of the ARN, the first of which is `arn`.
    fn part(&self, number: usize) -> &str {
        self.role_arn.split(':').nth(number).unwrap_or_default()
    }

    /// The unique id of the assumed role and its session, `AROA…:SESSION`, or of the user, `AIDA…`. The sandbox's roles have no unique id of their
    /// own: this one follows from the ARN, and says where it comes from.
    pub fn user_id(&self) -> String {
        let hash = digest(&SHA256, self.role_arn.as_bytes());
        let digits: String = hash.as_ref().iter().take(5).map(|byte| format!("{byte:02X}")).collect();
        match self.is_user() {
            true => format!("AIDASANDBOX{digits}"),
            false => format!("AROASANDBOX{digits}:{}", self.session_name),
        }
    }

    /// The twelve digits of the role's account.
    pub fn account_id(&self) -> &str {
        self.part(4)
    }
}

/// The keys that were given out, by access key id.
#[derive(Debug, Default)]
pub struct IssuedKeys(Mutex<HashMap<String, IssuedKey>>);

impl IssuedKeys {
    /// Remembers a key.
    pub fn insert(&self, key: IssuedKey) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(key.access_key_id.clone(), key);
    }

    /// Forgets the keys that had expired a week before `now`: until then the answer to them is that they are expired.
    pub(crate) fn tidy(&self, now: DateTime<Utc>) {
        let week_ago = now - TimeDelta::weeks(1);
        self.0.lock().unwrap_or_else(PoisonError::into_inner).retain(|_, key| week_ago < key.expires);
    }

    /// The key of that id, if the sandbox gave it out.
    pub fn find(&self, access_key_id: &str) -> Option<IssuedKey> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(access_key_id).cloned()
    }
}
