//! Pending sign-ins, at the user pool and at the plain issuer.

use chrono::{DateTime, TimeDelta, Utc};

use crate::people::Directory;

/// The time limit for a directory's sign-in page, and the lifetime of the user pool's codes.
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

/// A sign-in that waits at a directory's page.
#[derive(Debug, Clone)]
pub struct Transaction {
    pub request: AuthorizationRequest,
    pub directory: Directory,
    pub expires: DateTime<Utc>,
}
