//! Sign-ins that are under way, at the user pool and at the plain issuer.

use chrono::{DateTime, TimeDelta, Utc};

use crate::people::Directory;

/// How long a sign-in may stay at a directory's page, and how long a code lives.
pub const FIVE_MINUTES: TimeDelta = TimeDelta::minutes(5);

/// An authorization request that passed its checks.
#[derive(Debug, Clone)]
pub struct AuthorizationRequest {
    pub redirect_uri: String,
    pub state: Option<String>,
    pub nonce: Option<String>,
    pub challenge: Option<String>,
    pub scopes: Vec<String>,
    /// The audience of the access token (RFC 8707).
    pub resource: Option<String>,
    pub login_hint: Option<String>,
}

/// A person on the way through a directory.
#[derive(Debug, Clone)]
pub struct Transaction {
    pub request: AuthorizationRequest,
    pub directory: Directory,
    pub expires: DateTime<Utc>,
}
