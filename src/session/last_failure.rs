//! The last failed renewal of a profile's credentials: remembered, so that callers do not each wait for the same
//! failure. Not one per sign-in: a role that one profile is refused is no failure of the others.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::Ask;
use super::policy::RETRY_AFTER;
use super::record::credentials_account;
use crate::error::{Failure, Kind, shortened};
use crate::folder::Folder;
use crate::http::retry::LONGEST_WAIT;

const LARGEST: usize = 16 * 1024;
/// The longest text of a kept failure that is told again, in characters; none of ours is that long.
const LONGEST: usize = 1000;

/// A failure as it is kept. Messages hold no secret (see [`Failure`]).
#[derive(Serialize, Deserialize)]
pub struct KeptFailure {
    exit_code: u8,
    message: String,
    hint: Option<String>,
}

impl KeptFailure {
    /// What is kept of `error`.
    pub fn of(error: &Failure) -> Self {
        Self { exit_code: error.kind.exit_code(), message: error.message.clone(), hint: error.hint.clone() }
    }

    /// The failure again.
    pub fn failure(self) -> Failure {
        let kind = Kind::of_exit_code(self.exit_code);
        let hint = self.hint.map(|hint| shortened(&hint, LONGEST));
        Failure { hint, ..Failure::new(kind, shortened(&self.message, LONGEST)) }
    }
}

/// The last failure of a renewal, and when it was.
#[derive(Serialize, Deserialize)]
pub struct LastFailure {
    /// When it failed.
    pub at: DateTime<Utc>,
    #[serde(flatten)]
    failure: KeptFailure,
    /// When the server that failed may be asked again, if it said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    not_before: Option<DateTime<Utc>>,
}

impl LastFailure {
    /// Whether it is too soon for another try.
    pub fn is_recent(&self, now: DateTime<Utc>) -> bool {
        let ago = now - self.at;
        (ago < RETRY_AFTER && ago > -RETRY_AFTER) || self.is_held_back(now)
    }

    /// Whether the server has asked to be left alone until later than now. A time further off than any that is obeyed
    /// was written by another clock, and says nothing.
    pub fn is_held_back(&self, now: DateTime<Utc>) -> bool {
        let longest = TimeDelta::from_std(LONGEST_WAIT).unwrap_or(RETRY_AFTER);
        self.not_before.is_some_and(|until| now < until && until - now <= longest)
    }

    /// The failure again.
    pub fn failure(self) -> Failure {
        let until = self
            .not_before
            .map(|until| format!(" (the server is not asked again before {}, as it wished)", until.format("%T UTC")));
        let mut failure = self.failure.failure();
        failure.message += &until.unwrap_or_default();
        failure
    }
}

fn folder(own: &Folder) -> Folder {
    own.sub("failures")
}

/// The last failure of this profile's credentials, unless it was renewed since.
pub fn read(own: &Folder, ask: &Ask) -> Option<LastFailure> {
    serde_json::from_slice(&folder(own).read(&credentials_account(ask), LARGEST).ok()??).ok()
}

/// Remembers a failure.
pub fn remember(own: &Folder, ask: &Ask, error: &Failure, now: DateTime<Utc>) {
    let failure = LastFailure {
        at: now,
        failure: KeptFailure::of(error),
        not_before: error.retry_after.and_then(|wait| Some(now + TimeDelta::from_std(wait.min(LONGEST_WAIT)).ok()?)),
    };
    let kept = serde_json::to_vec(&failure).map_err(anyhow::Error::from);
    if let Err(error) = kept.and_then(|bytes| folder(own).replace(&credentials_account(ask), &bytes)) {
        tracing::debug!(%error, "the failure could not be remembered");
    }
}

/// Forgets it: the renewal went well, or somebody signed in.
pub fn clear(own: &Folder, ask: &Ask) {
    if let Err(error) = folder(own).remove(&credentials_account(ask)) {
        tracing::debug!(%error, "an old failure stays remembered");
    }
}
