//! The user pool's state in memory: pending sign-ins, browser sessions, codes and refresh tokens.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};

use crate::people::Directory;
use crate::sessions::Transaction;

/// The lifetime of the hosted UI's session cookie.
pub const COOKIE_LIFETIME: TimeDelta = TimeDelta::hours(1);

/// The hosted UI session of a browser in which a person is signed in.
#[derive(Debug, Clone)]
pub struct Session {
    pub sub: String,
    pub directory: Directory,
    pub signed_in: DateTime<Utc>,
    pub expires: DateTime<Utc>,
}

/// The data that all tokens of one sign-in share.
#[derive(Debug, Clone)]
pub struct SignIn {
    pub sub: String,
    pub signed_in: DateTime<Utc>,
    pub nonce: Option<String>,
    pub scopes: Vec<String>,
    pub resource: Option<String>,
    /// The value of the claim `origin_jti`, which identifies the sign-in.
    pub origin: String,
    /// The value of the claim `event_id`.
    pub event: String,
}

/// An authorization code that has not been used yet.
#[derive(Debug, Clone)]
pub struct Code {
    pub sign_in: SignIn,
    pub redirect_uri: String,
    pub challenge: Option<String>,
    pub expires: DateTime<Utc>,
}

/// A refresh token that the user pool has issued.
#[derive(Debug, Clone)]
pub struct RefreshToken {
    pub sign_in: SignIn,
    pub expires: DateTime<Utc>,
    /// The time when the refresh token was first exchanged for a new one; `None` if it was never exchanged.
    pub rotated: Option<DateTime<Utc>>,
}

/// The user pool's state in memory.
#[derive(Debug, Default)]
pub struct State {
    pub(super) transactions: HashMap<String, Transaction>,
    pub(super) sessions: HashMap<String, Session>,
    pub(super) codes: HashMap<String, Code>,
    pub(super) refresh_tokens: HashMap<String, RefreshToken>,
    /// The `origin_jti` of each revoked sign-in, with the time when the last token of that sign-in expires.
    ended: HashMap<String, DateTime<Utc>>,
}

impl State {
    /// Removes expired entries, so that memory use stays small when a sandbox runs for days.
    pub(super) fn tidy(&mut self, now: DateTime<Utc>) {
        self.transactions.retain(|_, transaction| now < transaction.expires);
        self.sessions.retain(|_, session| now < session.expires);
        self.codes.retain(|_, code| now < code.expires);
        self.refresh_tokens.retain(|_, token| now < token.expires);
        self.ended.retain(|_, until| now < *until);
    }

    /// Revokes the refresh tokens of the sign-in whose `origin_jti` is `origin`. Its other tokens expire by `until`.
    pub(super) fn end(&mut self, origin: &str, until: DateTime<Utc>) {
        self.refresh_tokens.retain(|_, token| token.sign_in.origin != origin);
        self.ended.insert(origin.to_owned(), until);
    }

    /// Returns whether the sign-in whose `origin_jti` is `origin` was revoked.
    pub fn is_ended(&self, origin: &str) -> bool {
        self.ended.contains_key(origin)
    }

    /// Revokes every sign-in that has a refresh token, and ends every browser session. The other tokens of these
    /// sign-ins expire by `until`.
    pub fn end_all(&mut self, until: DateTime<Utc>) {
        self.ended.extend(self.refresh_tokens.drain().map(|(_, token)| (token.sign_in.origin, until)));
        self.sessions.clear();
    }
}
