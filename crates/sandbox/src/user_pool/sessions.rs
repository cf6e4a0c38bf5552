//! What the user pool remembers: sign-ins that are under way, browsers that are signed in, codes and refresh tokens.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};

use crate::people::Directory;
use crate::sessions::Transaction;

/// How long the hosted UI's cookie lives.
pub const COOKIE_LIFETIME: TimeDelta = TimeDelta::hours(1);

/// A browser that is signed in at the hosted UI.
#[derive(Debug, Clone)]
pub struct Session {
    pub sub: String,
    pub directory: Directory,
    pub signed_in: DateTime<Utc>,
    pub expires: DateTime<Utc>,
}

/// What all tokens of one sign-in have in common.
#[derive(Debug, Clone)]
pub struct SignIn {
    pub sub: String,
    pub signed_in: DateTime<Utc>,
    pub nonce: Option<String>,
    pub scopes: Vec<String>,
    pub resource: Option<String>,
    /// The claim `origin_jti`.
    pub origin: String,
    /// The claim `event_id`.
    pub event: String,
}

/// An authorization code that was given out and not used yet.
#[derive(Debug, Clone)]
pub struct Code {
    pub sign_in: SignIn,
    pub redirect_uri: String,
    pub challenge: Option<String>,
    pub expires: DateTime<Utc>,
}

/// A refresh token.
#[derive(Debug, Clone)]
pub struct RefreshToken {
    pub sign_in: SignIn,
    pub expires: DateTime<Utc>,
    /// When it was first exchanged for a new one.
    pub rotated: Option<DateTime<Utc>>,
}

/// The user pool's memory.
#[derive(Debug, Default)]
pub struct State {
    pub(super) transactions: HashMap<String, Transaction>,
    pub(super) sessions: HashMap<String, Session>,
    pub(super) codes: HashMap<String, Code>,
    pub(super) refresh_tokens: HashMap<String, RefreshToken>,
    /// The origins of the sign-ins that were revoked, and until when one of their tokens may be met.
    ended: HashMap<String, DateTime<Utc>>,
}

impl State {
    /// Forgets what has expired, so that it does not pile up in a sandbox that runs for days.
    pub(super) fn tidy(&mut self, now: DateTime<Utc>) {
        self.transactions.retain(|_, transaction| now < transaction.expires);
        self.sessions.retain(|_, session| now < session.expires);
        self.codes.retain(|_, code| now < code.expires);
        self.refresh_tokens.retain(|_, token| now < token.expires);
        self.ended.retain(|_, until| now < *until);
    }

    /// Ends the sign-in of that origin: its refresh tokens serve no more. `until` is when its other tokens have expired.
    pub(super) fn end(&mut self, origin: &str, until: DateTime<Utc>) {
        self.refresh_tokens.retain(|_, token| token.sign_in.origin != origin);
        self.ended.insert(origin.to_owned(), until);
    }

    /// Whether the sign-in of that origin was ended.
    pub fn is_ended(&self, origin: &str) -> bool {
        self.ended.contains_key(origin)
    }

    /// Ends every sign-in that has a refresh token, and every browser's session. `until` is when their other tokens have
    /// expired.
    pub fn end_all(&mut self, until: DateTime<Utc>) {
        self.ended.extend(self.refresh_tokens.drain().map(|(_, token)| (token.sign_in.origin, until)));
        self.sessions.clear();
    }
}
