//! The last sign-in that nobody came back from: for a while after it no unattended caller opens a browser, so that a
//! night of SDK calls does not leave a hundred tabs.
//!
//! It is written before the browser opens, so that a caller who kills cogfed for taking too long counts as well.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::Session;
use super::last_failure::KeptFailure;
use super::record::tokens_account;
use crate::error::{Failure, Kind};
use crate::folder::{Folder, StateFile};
use crate::profile::Profile;

/// The time in which no unattended caller opens a browser.
const HOLD_BACK: TimeDelta = TimeDelta::minutes(10);
/// The largest note that is read, in bytes.
const LARGEST: usize = 16 * 1024;

/// The note as it is kept. It holds no secret.
#[derive(Serialize, Deserialize)]
struct Note {
    /// The time at which the browser was opened, or at which the sign-in ended, if it did.
    at: DateTime<Utc>,
    failure: Option<KeptFailure>,
}

fn file(own: &Folder, profile: &Profile) -> StateFile<Note> {
    StateFile::new(own.sub("sign-ins"), tokens_account(profile), LARGEST)
}

/// Returns the time at which a browser was opened that nobody has come back from.
pub fn last_at(own: &Folder, profile: &Profile) -> Option<DateTime<Utc>> {
    file(own, profile).read().map(|note| note.at)
}

/// Forgets it: somebody signed in, or out.
pub fn clear(own: &Folder, profile: &Profile) {
    file(own, profile).remove_or_log("an unanswered sign-in stays remembered");
}

impl Session {
    /// Notes that a browser is about to be opened.
    ///
    /// # Errors
    /// If that cannot be kept: then no unattended caller may open one.
    pub fn note_browser(&self) -> Result<(), Failure> {
        self.note(None)
    }

    /// Notes that the sign-in in the browser failed.
    pub fn note_failure(&self, error: &Failure) {
        if let Err(error) = self.note(Some(KeptFailure::of(error))) {
            tracing::debug!(%error, "the end of a sign-in could not be noted");
        }
    }

    fn note(&self, failure: Option<KeptFailure>) -> Result<(), Failure> {
        file(self.folder(), self.profile()).write(&Note { at: self.clock().now(), failure })
    }

    /// Returns why no browser may be opened for an unattended caller that has waited since `began`: the last attempt
    /// failed less than ten minutes ago. One from the future, by a clock that was put back since, holds nobody back.
    pub fn held_back(&self, began: DateTime<Utc>) -> Option<Failure> {
        let Note { at, failure } = file(self.folder(), self.profile()).read()?;
        let now = self.clock().now();
        if at > now || now - at >= HOLD_BACK {
            return None;
        }
        match failure {
            // What we waited for: its end is ours.
            Some(kept) if at > began => Some(kept.failure()),
            kept => {
                let failure = kept.map(KeptFailure::failure).filter(|failure| failure.kind != Kind::SignInRequired);
                let why = failure.map(|failure| format!(" ({})", failure.message));
                let message = format!(
                    "a sign-in to profile '{}' was tried at {} and came to nothing{}: no browser is opened again unasked before {}",
                    self.profile().name,
                    at.format("%F %T UTC"),
                    why.unwrap_or_default(),
                    (at + HOLD_BACK).format("%T UTC"),
                );
                let hint = format!("run '{}'", self.profile().login_command());
                Some(Failure::new(Kind::SignInRequired, message).hint(hint))
            }
        }
    }
}
