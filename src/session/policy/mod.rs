//! When credentials are handed out as they are, and when they are renewed first: pure rules over times.

use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};

use super::record::{CredentialsRecord, TokensRecord};

/// With more than this left, credentials are handed out. botocore renews below 15 minutes, and would otherwise run us
/// again for every request.
const WINDOW: TimeDelta = TimeDelta::minutes(16);
/// Credentials that were issued for no longer than this are handed out until half their life is left: the window above
/// would leave them none.
const SHORT_LIFE: TimeDelta = TimeDelta::minutes(32);
/// If a renewal fails, credentials with more than this left are handed out all the same.
const LAST_RESORT: TimeDelta = TimeDelta::minutes(1);
/// An ID token that was issued less than this ago is not refreshed before it is used.
const YOUNG: TimeDelta = TimeDelta::minutes(5);
/// A token that expires sooner than this is not sent anywhere.
const TOKEN_MARGIN: TimeDelta = TimeDelta::seconds(30);
/// After a failed renewal the next one comes no sooner than this, as long as there are credentials to hand out.
pub const RETRY_AFTER: TimeDelta = TimeDelta::seconds(30);

/// How long before they expire credentials of that life are renewed.
fn window(life: TimeDelta) -> TimeDelta {
    if life <= SHORT_LIFE { (life / 2).max(TimeDelta::zero()) } else { WINDOW }
}

/// For how long these credentials will be handed out without a renewal; zero or less if they will not.
pub fn worth_handing_out_for(record: &CredentialsRecord, now: DateTime<Utc>) -> TimeDelta {
    record.left(now) - window(record.expires_at - record.issued_at)
}

/// Whether these credentials are handed out without a renewal.
///
/// A record from the future, by this machine's clock, is not trusted to be fresh: the clock was moved, and how long it
/// is still good cannot be told.
pub fn is_fresh(record: &CredentialsRecord, now: DateTime<Utc>) -> bool {
    worth_handing_out_for(record, now) > TimeDelta::zero() && record.issued_at - now < YOUNG
}

/// Whether these credentials may be handed out if there are no better ones.
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

/// What to do with a sign-in before its ID token is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Use the ID token that is there.
    UseIdToken,
    /// Refresh first, so that a role that was taken away is gone.
    Refresh,
    /// There is nothing left to use.
    SignIn,
}

/// Whether the ID token may still be sent.
pub fn is_valid(tokens: &TokensRecord, now: DateTime<Utc>) -> bool {
    tokens.expires_at - now > TOKEN_MARGIN
}

/// The step for this sign-in.
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
