//! Types for pending sign-ins, shared by the user pool and the plain issuer.

use chrono::{DateTime, TimeDelta, Utc};

use crate::people::Directory;

/// The time limit for a directory's sign-in page, and the lifetime of the user pool's authorization codes.
pub const FIVE_MINUTES: TimeDelta = TimeDelta::minutes(5);

/// A validated authorization request.
#[derive(Debug, Clone)]
pub struct AuthorizationRequest {
    pub redirect_uri: String,
    pub state: Option<String>,
    pub nonce: Option<String>,
    pub challenge: Option<String>,
    pub scopes: Vec<String>,
    /// The requested audience of the access token (RFC 8707).
    pub resource: Option<String>,
    pub login_hint: Option<String>,
}

/// A pending sign-in, for which a directory's sign-in page is open in the browser.
#[derive(Debug, Clone)]
pub struct Transaction {
    pub request: AuthorizationRequest,
    pub directory: Directory,
    pub expires: DateTime<Utc>,
}
