//! The time rules for renewal. They determine which stored credentials and tokens are used as they are, and which are
//! renewed first. Pure functions.

use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};

use super::record::{CredentialsRecord, TokensRecord};

/// The renewal window: the remaining life at which credentials become due for renewal. It must exceed botocore's 15
/// minutes, below which botocore would run cogfed again for every request.
const WINDOW: TimeDelta = TimeDelta::minutes(16);
/// The threshold for short-lived credentials. Credentials with at most this total life are renewed when half of their
/// life remains.
const SHORT_LIFE: TimeDelta = TimeDelta::minutes(2 * WINDOW.num_minutes());
/// The minimum remaining life of credentials that are still returned if renewal fails.
const LAST_RESORT: TimeDelta = TimeDelta::minutes(1);
/// The age below which an ID token is used without a refresh. It is also the clock error that is tolerated.
const YOUNG: TimeDelta = TimeDelta::minutes(5);
/// The minimum remaining life of an ID token that is sent to AWS.
const TOKEN_MARGIN: TimeDelta = TimeDelta::seconds(30);
/// The pause between renewal attempts while the old credentials are still valid.
pub const RETRY_AFTER: TimeDelta = TimeDelta::seconds(30);

/// Returns the remaining life at which credentials become due for renewal. `life` is their total life.
fn window(life: TimeDelta) -> TimeDelta {
    if life <= SHORT_LIFE { (life / 2).max(TimeDelta::zero()) } else { WINDOW }
}

/// Returns the time until these credentials are due for renewal. It is zero or negative if they are due now.
pub fn worth_handing_out_for(record: &CredentialsRecord, now: DateTime<Utc>) -> TimeDelta {
    record.left(now) - window(record.expires_at - record.issued_at)
}

/// Returns whether these credentials are not due for renewal yet.
///
/// Credentials that were issued five minutes or more in the future are not fresh: this machine's clock was moved, so
/// their remaining life is unknown.
pub fn is_fresh(record: &CredentialsRecord, now: DateTime<Utc>) -> bool {
    worth_handing_out_for(record, now) > TimeDelta::zero() && record.issued_at - now < YOUNG
}

/// Returns whether these credentials may still be used if renewal fails.
pub fn is_usable(record: &CredentialsRecord, now: DateTime<Utc>) -> bool {
    record.left(now) > LAST_RESORT
}

/// The freshness of stored credentials. The log shows it to explain why the credentials are renewed or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Freshness {
    /// There are no stored credentials.
    Missing,
    /// The credentials are not due for renewal until this time.
    FreshUntil(DateTime<Utc>),
    /// The credentials are still valid but due for renewal, because they expire soon. The value is the expiry time.
    ExpiresAt(DateTime<Utc>),
    /// The credentials expired at this time.
    ExpiredAt(DateTime<Utc>),
    /// The credentials were issued at this time, which is still in the future on this machine's clock.
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

/// The next step to get a usable ID token from a stored sign-in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Use the stored ID token as it is.
    UseIdToken,
    /// Refresh the tokens first, because the roles in an older ID token may have been withdrawn.
    Refresh,
    /// Sign in again, because no stored token is usable.
    SignIn,
}

/// Returns whether the ID token is still valid long enough to be sent.
pub fn is_valid(tokens: &TokensRecord, now: DateTime<Utc>) -> bool {
    tokens.expires_at - now > TOKEN_MARGIN
}

/// Returns the next step to get a usable ID token from this sign-in.
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
