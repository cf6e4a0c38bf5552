//! The ten minutes after an uncompleted browser sign-in. During this time, no unattended process opens another browser.
//! Otherwise a night of SDK calls would leave a hundred tabs.
//!
//! The attempt is noted before the browser opens, so that it counts even if the caller kills cogfed for taking too
//! long.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::Session;
use super::last_failure::KeptFailure;
use super::record::tokens_account;
use crate::error::{Failure, Kind};
use crate::folder::{Folder, StateFile};
use crate::profile::Profile;

/// The time during which no unattended process opens a browser, counted from the start of a browser sign-in that was
/// not completed.
const HOLD_BACK: TimeDelta = TimeDelta::minutes(10);
/// The maximum size of the stored note, in bytes.
const LARGEST: usize = 16 * 1024;

/// A stored note about the last uncompleted browser sign-in. It holds no secret.
#[derive(Serialize, Deserialize)]
struct Note {
    /// The time of the failure or, if the sign-in has not failed yet, the time at which the browser was opened.
    at: DateTime<Utc>,
    failure: Option<KeptFailure>,
}

fn file(own: &Folder, profile: &Profile) -> StateFile<Note> {
    StateFile::new(own.sub("sign-ins"), tokens_account(profile), LARGEST)
}

/// Returns the time of the last uncompleted browser sign-in, or `None` if no such sign-in is recorded.
pub fn last_at(own: &Folder, profile: &Profile) -> Option<DateTime<Utc>> {
    file(own, profile).read().map(|note| note.at)
}

/// Removes the stored note about an uncompleted sign-in.
pub fn clear(own: &Folder, profile: &Profile) {
    file(own, profile).remove_or_log("an unanswered sign-in stays remembered");
}

impl Session {
    /// Stores a note that a browser is about to be opened.
    ///
    /// # Errors
    /// If the note cannot be saved. An unattended caller must not open a browser then.
    pub fn note_browser(&self) -> Result<(), Failure> {
        self.note(None)
    }

    /// Stores a note that the sign-in in the browser failed.
    pub fn note_failure(&self, error: &Failure) {
        if let Err(error) = self.note(Some(KeptFailure::of(error))) {
            tracing::debug!(%error, "the end of a sign-in could not be noted");
        }
    }

    fn note(&self, failure: Option<KeptFailure>) -> Result<(), Failure> {
        file(self.folder(), self.profile()).write(&Note { at: self.clock().now(), failure })
    }

    /// Returns a failure if a browser sign-in failed within the last ten minutes, and `None` otherwise. The caller is
    /// an unattended process that has waited since `began`. An attempt in the future does not count, because the clock
    /// was set back since.
    pub fn held_back(&self, began: DateTime<Utc>) -> Option<Failure> {
        let Note { at, failure } = file(self.folder(), self.profile()).read()?;
        let now = self.clock().now();
        if at > now || now - at >= HOLD_BACK {
            return None;
        }
        match failure {
            // The attempt that this caller waited for: it fails in the same way.
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
