//! The plain issuer's state in memory: pending sign-ins, browser sessions, codes and refresh tokens.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};

use crate::sessions::{AuthorizationRequest, Transaction};

/// The lifetime of an authorization code.
pub const TEN_MINUTES: TimeDelta = TimeDelta::minutes(10);
/// The lifetime of a browser session.
pub const COOKIE_LIFETIME: TimeDelta = TimeDelta::days(1);
/// The time for which expired codes and refresh tokens are kept. During this time, their error is "expired", and
/// afterwards "unknown".
const KNOWN_AFTERWARDS: TimeDelta = TimeDelta::days(30);

/// The session of a browser in which a person is signed in.
#[derive(Debug, Clone)]
pub struct Session {
    /// The person's object id in the directory.
    pub object_id: String,
    pub expires: DateTime<Utc>,
}

/// The data that all tokens of one sign-in share.
#[derive(Debug, Clone)]
pub struct SignIn {
    /// The person's object id in the directory.
    pub object_id: String,
    pub nonce: Option<String>,
    pub scopes: Vec<String>,
}

/// An authorization code that the plain issuer has issued.
#[derive(Debug, Clone)]
pub struct Code {
    pub object_id: String,
    pub request: AuthorizationRequest,
    pub expires: DateTime<Utc>,
    pub redeemed: bool,
}

/// A refresh token that the plain issuer has issued. It keeps working after it has been exchanged for another.
#[derive(Debug, Clone)]
pub struct RefreshToken {
    pub sign_in: SignIn,
    pub issued: DateTime<Utc>,
    pub expires: DateTime<Utc>,
    pub revoked: bool,
}

/// The plain issuer's state in memory.
#[derive(Debug, Default)]
pub struct State {
    pub(super) transactions: HashMap<String, Transaction>,
    pub(super) sessions: HashMap<String, Session>,
    pub(super) codes: HashMap<String, Code>,
    pub(super) refresh_tokens: HashMap<String, RefreshToken>,
}

impl State {
    /// Removes entries that expired long ago, so that memory use stays small when a sandbox runs for days.
    pub(super) fn tidy(&mut self, now: DateTime<Utc>) {
        self.transactions.retain(|_, transaction| now < transaction.expires);
        self.sessions.retain(|_, session| now < session.expires);
        self.codes.retain(|_, code| now < code.expires + KNOWN_AFTERWARDS);
        self.refresh_tokens.retain(|_, token| now < token.expires + KNOWN_AFTERWARDS);
    }

    /// Revokes every sign-in and ends every browser session.
    pub fn end_all(&mut self) {
        self.refresh_tokens.values_mut().for_each(|token| token.revoked = true);
        self.sessions.clear();
    }
}
