//! The renewal window and the other rules over times: which credentials are handed out as they are, and which are
//! renewed first. Pure functions.

use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};

use super::record::{CredentialsRecord, TokensRecord};

/// The renewal window: credentials with more than this left are handed out. botocore renews below 15 minutes, and would
/// otherwise run cogfed again for every request.
const WINDOW: TimeDelta = TimeDelta::minutes(16);
/// Credentials that were issued for no longer than this are handed out until half their life is left: the window above
/// would leave them none.
const SHORT_LIFE: TimeDelta = TimeDelta::minutes(32);
/// The life that credentials need to be handed out after a failed renewal.
const LAST_RESORT: TimeDelta = TimeDelta::minutes(1);
/// The age below which an ID token is used without a refresh.
const YOUNG: TimeDelta = TimeDelta::minutes(5);
/// The life that a token needs to be sent anywhere.
const TOKEN_MARGIN: TimeDelta = TimeDelta::seconds(30);
/// The pause after a failed renewal, as long as there are credentials to hand out.
pub const RETRY_AFTER: TimeDelta = TimeDelta::seconds(30);

/// Returns how long before their expiry credentials of this life are renewed.
fn window(life: TimeDelta) -> TimeDelta {
    if life <= SHORT_LIFE { (life / 2).max(TimeDelta::zero()) } else { WINDOW }
}

/// Returns for how long these credentials will be handed out without a renewal: zero or less if they will not.
pub fn worth_handing_out_for(record: &CredentialsRecord, now: DateTime<Utc>) -> TimeDelta {
    record.left(now) - window(record.expires_at - record.issued_at)
}

/// Returns whether these credentials are handed out without a renewal.
///
/// A record from the future, by this machine's clock, does not count as fresh: the clock was moved, so its remaining
/// life is not known.
pub fn is_fresh(record: &CredentialsRecord, now: DateTime<Utc>) -> bool {
    worth_handing_out_for(record, now) > TimeDelta::zero() && record.issued_at - now < YOUNG
}

/// Returns whether these credentials may be handed out if there are no better ones.
pub fn is_usable(record: &CredentialsRecord, now: DateTime<Utc>) -> bool {
    record.left(now) > LAST_RESORT
}

/// The state of stored credentials at one time, for the log: it says why they are renewed or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Freshness {
    /// There are no credentials.
    Missing,
    /// They are handed out until then.
    FreshUntil(DateTime<Utc>),
    /// They expire then, which is too soon.
    ExpiresAt(DateTime<Utc>),
    /// They expired then.
    ExpiredAt(DateTime<Utc>),
    /// They were issued then, in the future by this machine's clock.
    IssuedAt(DateTime<Utc>),
}

impl Freshness {
    /// Returns the state of `record`, if there is one.
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
    /// Use the ID token that is there.
    UseIdToken,
    /// Refresh first, so that a role that was taken away is gone.
    Refresh,
    /// There is nothing left to use.
    SignIn,
}

/// Returns whether the ID token may still be sent.
pub fn is_valid(tokens: &TokensRecord, now: DateTime<Utc>) -> bool {
    tokens.expires_at - now > TOKEN_MARGIN
}

/// Returns the step for this sign-in.
pub fn step(tokens: &TokensRecord, now: DateTime<Utc>) -> Step {
    let is_valid = is_valid(tokens, now);
    let is_young = now - tokens.issued_at < YOUNG && tokens.issued_at - now < YOUNG;
    if tokens.ended.is_some() {
        // The user pool has said so: what is left of the ID token's life is not a way around it.
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
