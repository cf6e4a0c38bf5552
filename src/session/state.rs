//! The state of a sign-in, which all commands report in the same words.

use chrono::{DateTime, Utc};

use super::Session;
use super::record::{Ended, TokensRecord};
use crate::error::{Failure, Kind};
use crate::profile::Profile;

/// The state of a profile's sign-in as far as this machine knows. The issuer may have ended the sign-in meanwhile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignInState {
    /// Nobody is signed in.
    NotSignedIn,
    /// A person is signed in.
    SignedIn,
    /// The sign-in has reached the end of its lifetime.
    Expired {
        /// The time at which the sign-in expired.
        at: DateTime<Utc>,
        /// True if the sign-in had no refresh token.
        without_refresh_token: bool,
    },
    /// The issuer rejected the refresh token before its lifetime ended.
    Revoked {
        /// The time at which cogfed noticed the rejection.
        noticed_at: DateTime<Utc>,
    },
    /// A renewal was interrupted before its answer was saved. The new tokens are lost, and the old refresh token is
    /// invalid.
    Lost {
        /// The time at which the interrupted renewal started.
        interrupted_at: DateTime<Utc>,
    },
    /// A sign-out has begun but is not complete.
    SigningOut {
        /// The time at which the sign-out began.
        since: DateTime<Utc>,
    },
}

impl SignInState {
    /// Returns the state of the sign-in in `tokens` at `now`.
    pub fn of(tokens: Option<&TokensRecord>, profile: &Profile, now: DateTime<Utc>) -> Self {
        let Some(tokens) = tokens else { return SignInState::NotSignedIn };
        // The refresh token may be gone by now. Its end counts from the sign-in. A renewal after that end shows that the
        // profile's refresh_token_validity is too short.
        let end = profile.refresh_token_validity.map(|life| tokens.signed_in_at + life);
        let is_past = |end: &DateTime<Utc>| *end <= now;
        match &tokens.ended {
            Some(Ended { at, by_sign_out: true, .. }) => SignInState::SigningOut { since: *at },
            Some(Ended { interrupted_at: Some(interrupted_at), .. }) => {
                SignInState::Lost { interrupted_at: *interrupted_at }
            }
            Some(Ended { at, .. }) => match end.filter(|end| end <= at && tokens.issued_at < *end) {
                Some(end) => SignInState::Expired { at: end, without_refresh_token: false },
                None => SignInState::Revoked { noticed_at: *at },
            },
            None if tokens.refresh_token.is_none() => match is_past(&tokens.expires_at) {
                true => SignInState::Expired { at: tokens.expires_at, without_refresh_token: true },
                false => SignInState::SignedIn,
            },
            None => match end.filter(is_past).filter(|end| tokens.issued_at < *end) {
                Some(end) => SignInState::Expired { at: end, without_refresh_token: false },
                None => SignInState::SignedIn,
            },
        }
    }

    /// Returns the name of the state for JSON output.
    pub fn name(self) -> &'static str {
        match self {
            SignInState::NotSignedIn => "not_signed_in",
            SignInState::SignedIn => "signed_in",
            SignInState::Expired { .. } => "expired",
            SignInState::Revoked { .. } => "revoked",
            SignInState::Lost { .. } => "lost",
            SignInState::SigningOut { .. } => "signing_out",
        }
    }
}

impl Session {
    /// Returns the current state of the profile's sign-in, whose record is `tokens`.
    pub fn state(&self, tokens: Option<&TokensRecord>) -> SignInState {
        SignInState::of(tokens, self.profile(), self.clock().now())
    }

    /// Returns the failure for a sign-in that does not work. The failure includes the command to sign in.
    pub fn not_signed_in(&self, state: SignInState) -> Failure {
        let (name, described) = (&self.profile().name, self.profile().issuer.described());
        let login = self.profile().login_command();
        let hint = match state {
            SignInState::SigningOut { .. } => {
                format!("run '{login}'; to finish the sign-out: cogfed logout --profile {name}")
            }
            _ => format!("run '{login}'"),
        };
        let message = match state {
            SignInState::NotSignedIn | SignInState::SignedIn => format!("nobody is signed in to profile '{name}'"),
            SignInState::Expired { at, without_refresh_token: true } => format!(
                "the sign-in of profile '{name}' expired at {}: the {described} gave no refresh token to renew it with",
                stamp(at)
            ),
            SignInState::Expired { at, without_refresh_token: false } => format!(
                "the sign-in of profile '{name}' expired at {}: its refresh token is only valid until then",
                stamp(at)
            ),
            SignInState::Revoked { .. } => {
                format!("the sign-in of profile '{name}' has ended: it expired or was revoked at the {described}")
            }
            SignInState::Lost { interrupted_at } => format!(
                "the sign-in of profile '{name}' is lost: a renewal at {} was cut off before its answer was saved, and the \
                 {described} no longer takes the refresh token from before",
                stamp(interrupted_at)
            ),
            SignInState::SigningOut { since } => format!("a sign-out of profile '{name}' began at {}", stamp(since)),
        };
        Failure::new(Kind::SignInRequired, message).hint(hint)
    }

    /// Returns the failure for a profile to which nobody is signed in. The failure includes the command to sign in.
    pub fn nobody_signed_in(&self) -> Failure {
        self.not_signed_in(SignInState::NotSignedIn)
    }
}

fn stamp(time: DateTime<Utc>) -> impl std::fmt::Display {
    time.format("%F %T UTC")
}
