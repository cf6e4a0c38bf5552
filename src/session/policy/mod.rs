//! The rules about times: which credentials are handed out as they are, and which are renewed first. Pure functions.

use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};

use super::record::{CredentialsRecord, TokensRecord};

/// The renewal window: the remaining life at which credentials become due for renewal. It must exceed botocore's 15
/// minutes, below which botocore would run cogfed again for every request.
const WINDOW: TimeDelta = TimeDelta::minutes(16);
/// The maximum life of credentials that are renewed at half their life: twice the window.
const SHORT_LIFE: TimeDelta = TimeDelta::minutes(2 * WINDOW.num_minutes());
/// The minimum remaining life of credentials that are handed out after a failed renewal.
const LAST_RESORT: TimeDelta = TimeDelta::minutes(1);
/// The age below which an ID token is used without a refresh.
const YOUNG: TimeDelta = TimeDelta::minutes(5);
/// The minimum remaining life of an ID token that is sent.
const TOKEN_MARGIN: TimeDelta = TimeDelta::seconds(30);
/// The pause after a failed renewal, while there are valid credentials to hand out.
pub const RETRY_AFTER: TimeDelta = TimeDelta::seconds(30);

/// Returns the renewal window of credentials that live this long.
fn window(life: TimeDelta) -> TimeDelta {
    if life <= SHORT_LIFE { (life / 2).max(TimeDelta::zero()) } else { WINDOW }
}

/// Returns the time until these credentials are due for renewal: zero or less if they are due.
pub fn worth_handing_out_for(record: &CredentialsRecord, now: DateTime<Utc>) -> TimeDelta {
    record.left(now) - window(record.expires_at - record.issued_at)
}

/// Returns whether these credentials are handed out without a renewal.
///
/// Credentials that were issued five minutes or more in the future are not fresh: this machine's clock was moved, so
/// their remaining life is unknown.
pub fn is_fresh(record: &CredentialsRecord, now: DateTime<Utc>) -> bool {
    worth_handing_out_for(record, now) > TimeDelta::zero() && record.issued_at - now < YOUNG
}

/// Returns whether these credentials may be handed out if fresh ones cannot be had.
pub fn is_usable(record: &CredentialsRecord, now: DateTime<Utc>) -> bool {
    record.left(now) > LAST_RESORT
}

/// The freshness of stored credentials, for the log: the reason why they are renewed or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Freshness {
    /// There are no credentials.
    Missing,
    /// The credentials are handed out until this time.
    FreshUntil(DateTime<Utc>),
    /// The credentials expire at this time, which is too soon to hand them out.
    ExpiresAt(DateTime<Utc>),
    /// The credentials expired at this time.
    ExpiredAt(DateTime<Utc>),
    /// The credentials were issued at this time, which is in the future by this machine's clock.
    IssuedAt(DateTime<Utc>),
}

impl Freshness {
    /// Returns the freshness of `record` at `now`.
    pub fn of(record: Option<&CredentialsRecord>, now: DateTime<Utc>) -> Self {
        match record {
            None => Self::Missing,
            Some(record) if is_fresh(record, now) => Self::FreshUntil(now + worth_handing_out_for(record, now)),
            Some(record) if record.left(now) <= TimeDelta::zero() => Self::ExpiredAt(record.expires_at),
            Some(record) if worth_handing_out_for(record, now) > TimeDelta::zero() => Self::IssuedAt(record.issued_at),
            Some(record) => Self::ExpiresAt(record.expires_at),
        }
    }
}

impl fmt::Display for Freshness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (words, time) = match self {
            Self::Missing => return f.write_str("there are no credentials"),
            Self::FreshUntil(time) => ("fresh until", time),
            Self::ExpiresAt(time) => ("they expire soon, at", time),
            Self::ExpiredAt(time) => ("they expired at", time),
            Self::IssuedAt(time) => ("they were issued in the future, at", time),
        };
        write!(f, "{words} {}", time.format("%F %T UTC"))
    }
}

/// The step that a sign-in needs before its ID token is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Use the stored ID token.
    UseIdToken,
    /// Refresh the tokens first, because only a new ID token lacks a role that was taken away.
    Refresh,
    /// Sign in: no token is left to use.
    SignIn,
}

/// Returns whether the ID token may still be sent.
pub fn is_valid(tokens: &TokensRecord, now: DateTime<Utc>) -> bool {
    tokens.expires_at - now > TOKEN_MARGIN
}

/// Returns the next step for this sign-in.
pub fn step(tokens: &TokensRecord, now: DateTime<Utc>) -> Step {
    let is_valid = is_valid(tokens, now);
    let is_young = now - tokens.issued_at < YOUNG && tokens.issued_at - now < YOUNG;
    if tokens.ended.is_some() {
        // The sign-in is over, even if its ID token has not expired.
        return Step::SignIn;
    }
    match (&tokens.refresh_token, is_valid) {
        (_, true) if is_young => Step::UseIdToken,
        (Some(_), _) => Step::Refresh,
        (None, true) => Step::UseIdToken,
        (None, false) => Step::SignIn,
    }
}

#[cfg(test)]
mod tests;
