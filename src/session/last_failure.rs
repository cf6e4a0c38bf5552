//! The last failed renewal of a role's credentials. It is stored so that other processes need not wait for the same
//! failure.
//!
//! It is kept per role and not per sign-in: one refused role does not affect the others.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::Ask;
use super::policy::RETRY_AFTER;
use super::record::credentials_account;
use crate::error::{Failure, Kind, abridged};
use crate::folder::{Folder, StateFile};
use crate::http::retry::LONGEST_WAIT;
use crate::secret::Redactor;

/// The maximum size of the file for a stored failure, in bytes.
const LARGEST: usize = 16 * 1024;
/// The maximum length of a stored failure's message or hint, in characters, apart from the ids that a help desk asks for.
const LONGEST: usize = 1000;

/// The stored form of a failure. Its messages hold no secret (see [`Failure`]).
#[derive(Serialize, Deserialize)]
pub struct KeptFailure {
    exit_code: u8,
    message: String,
    hint: Option<String>,
}

impl KeptFailure {
    /// Converts `error` to its stored form.
    pub fn of(error: &Failure) -> Self {
        // The secrets of the exchange are removed where it failed. This removes tokens that nobody knew of.
        let kept = |text: &str| abridged(&Redactor::default().redact(text), LONGEST);
        Self { exit_code: error.kind.exit_code(), message: kept(&error.message), hint: error.hint.as_deref().map(kept) }
    }

    /// Converts the stored form back to a failure.
    pub fn failure(self) -> Failure {
        let kind = Kind::of_exit_code(self.exit_code);
        let hint = self.hint.map(|hint| abridged(&hint, LONGEST));
        Failure { hint, ..Failure::new(kind, abridged(&self.message, LONGEST)) }
    }
}

/// The last failed renewal of a role's credentials.
#[derive(Serialize, Deserialize)]
pub struct LastFailure {
    /// The time at which the renewal failed.
    pub at: DateTime<Utc>,
    #[serde(flatten)]
    failure: KeptFailure,
    /// The time before which the server must not be asked again; `None` if the server named no such time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    not_before: Option<DateTime<Utc>>,
}

impl LastFailure {
    /// Returns whether the failure is so recent that the renewal should not be tried again yet.
    pub fn is_recent(&self, now: DateTime<Utc>) -> bool {
        let ago = now - self.at;
        (ago < RETRY_AFTER && ago > -RETRY_AFTER) || self.is_held_back(now)
    }

    /// Returns whether the server's requested pause is not over yet. A remaining pause longer than `LONGEST_WAIT` does
    /// not count: it was written by another clock.
    pub fn is_held_back(&self, now: DateTime<Utc>) -> bool {
        let longest = TimeDelta::from_std(LONGEST_WAIT).unwrap_or(RETRY_AFTER);
        self.not_before.is_some_and(|until| now < until && until - now <= longest)
    }

    /// Returns the stored failure. If the server requested a pause, the message contains the end of the pause.
    pub fn failure(self) -> Failure {
        let until = self
            .not_before
            .map(|until| format!(" (the server is not asked again before {}, as it wished)", until.format("%T UTC")));
        let mut failure = self.failure.failure();
        failure.message += &until.unwrap_or_default();
        failure
    }
}

fn file(own: &Folder, ask: &Ask) -> StateFile<LastFailure> {
    StateFile::new(own.sub("failures"), credentials_account(ask), LARGEST)
}

/// Returns the stored failure of the last renewal of these credentials, or `None` if no failure is stored.
pub fn read(own: &Folder, ask: &Ask) -> Option<LastFailure> {
    file(own, ask).read()
}

/// Stores the failure of a renewal of these credentials.
pub fn remember(own: &Folder, ask: &Ask, error: &Failure, now: DateTime<Utc>) {
    let failure = LastFailure {
        at: now,
        failure: KeptFailure::of(error),
        not_before: error.retry_after.and_then(|wait| Some(now + TimeDelta::from_std(wait.min(LONGEST_WAIT)).ok()?)),
    };
    file(own, ask).write_or_log(&failure, "the failure could not be remembered");
}

/// Removes the stored failure.
pub fn clear(own: &Folder, ask: &Ask) {
    file(own, ask).remove_or_log("an old failure stays remembered");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kept_failure_holds_nothing_like_a_token() {
        let token = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIwMDAxIn0.c2ln";
        let failure = Failure::new(Kind::Refused, format!("refused {token}")).hint(format!("not {token}"));
        let kept = serde_json::to_string(&KeptFailure::of(&failure)).unwrap();
        assert_eq!(kept, r#"{"exit_code":6,"message":"refused [secret]","hint":"not [secret]"}"#);
    }

    #[test]
    fn long_failure_is_cut_but_keeps_its_ids() {
        let id = "Trace ID: 0d8c3e1a-1111-2222-3333-444455556666";
        let failure = Failure::new(Kind::Refused, format!("{}{id}", "word ".repeat(400)));
        let kept = KeptFailure::of(&failure);
        assert!(kept.message.ends_with(id) && kept.message.len() < 1100, "{}", kept.message);
        assert!(kept.failure().message.ends_with(id), "cut again when it is read");
    }
}
