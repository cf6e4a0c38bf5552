//! The issuer's memory: pending sign-ins, browser sessions, codes and refresh tokens.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};

use crate::sessions::{AuthorizationRequest, Transaction};

/// The lifetime of an authorization code.
pub const TEN_MINUTES: TimeDelta = TimeDelta::minutes(10);
/// The lifetime of a browser session.
pub const COOKIE_LIFETIME: TimeDelta = TimeDelta::days(1);
/// The retention of codes and refresh tokens after they expire, so that they are still recognised.
const KNOWN_AFTERWARDS: TimeDelta = TimeDelta::days(30);

/// A browser that is signed in.
#[derive(Debug, Clone)]
pub struct Session {
    /// The person, by the directory's object id.
    pub object_id: String,
    pub expires: DateTime<Utc>,
}

/// The parts that all tokens of one sign-in share.
#[derive(Debug, Clone)]
pub struct SignIn {
    /// The person, by the directory's object id.
    pub object_id: String,
    pub nonce: Option<String>,
    pub scopes: Vec<String>,
}

/// An authorization code.
#[derive(Debug, Clone)]
pub struct Code {
    pub object_id: String,
    pub request: AuthorizationRequest,
    pub expires: DateTime<Utc>,
    pub redeemed: bool,
}

/// A refresh token. It keeps working after it has been exchanged for another.
#[derive(Debug, Clone)]
pub struct RefreshToken {
    pub sign_in: SignIn,
    pub issued: DateTime<Utc>,
    pub expires: DateTime<Utc>,
    pub revoked: bool,
}

/// The issuer's memory.
#[derive(Debug, Default)]
pub struct State {
    pub(super) transactions: HashMap<String, Transaction>,
    pub(super) sessions: HashMap<String, Session>,
    pub(super) codes: HashMap<String, Code>,
    pub(super) refresh_tokens: HashMap<String, RefreshToken>,
}

impl State {
    /// Removes entries that expired long ago, so that a sandbox can run for days.
    pub(super) fn tidy(&mut self, now: DateTime<Utc>) {
        self.transactions.retain(|_, transaction| now < transaction.expires);
        self.sessions.retain(|_, session| now < session.expires);
        self.codes.retain(|_, code| now < code.expires + KNOWN_AFTERWARDS);
        self.refresh_tokens.retain(|_, token| now < token.expires + KNOWN_AFTERWARDS);
    }

    /// Ends every sign-in and every browser session.
    pub fn end_all(&mut self) {
        self.refresh_tokens.values_mut().for_each(|token| token.revoked = true);
        self.sessions.clear();
    }
}
