//! The last sign-in that nobody came back from: for a while after it no browser is opened that no person asked for, so
//! that a night of SDK calls does not leave a hundred tabs.
//!
//! It is written before the browser opens, so that a caller who kills us for taking too long counts as well.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::Session;
use super::last_failure::KeptFailure;
use super::record::tokens_account;
use crate::error::{Failure, Kind};
use crate::folder::Folder;
use crate::profile::Profile;

/// For so long no browser is opened unasked.
const HOLD_BACK: TimeDelta = TimeDelta::minutes(10);
const LARGEST: usize = 16 * 1024;

/// The note as it is kept. It holds no secret.
#[derive(Serialize, Deserialize)]
struct Note {
    /// When the browser was opened, or when that came to an end, if it did.
    at: DateTime<Utc>,
    failure: Option<KeptFailure>,
}

fn folder(own: &Folder) -> Folder {
    own.sub("sign-ins")
}

fn last(own: &Folder, profile: &Profile) -> Option<Note> {
    serde_json::from_slice(&folder(own).read(&tokens_account(profile), LARGEST).ok()??).ok()
}

/// When a browser was opened that nobody has come back from.
pub fn last_at(own: &Folder, profile: &Profile) -> Option<DateTime<Utc>> {
    last(own, profile).map(|note| note.at)
}

/// Forgets it: somebody signed in, or out.
pub fn clear(own: &Folder, profile: &Profile) {
    if let Err(error) = folder(own).remove(&tokens_account(profile)) {
        tracing::debug!(%error, "an unanswered sign-in stays remembered");
    }
}

impl Session {
    /// Notes that a browser is about to be opened.
    ///
    /// # Errors
    /// If that cannot be kept: then nobody may open one unasked.
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
        let note = Note { at: self.clock().now(), failure };
        let note = serde_json::to_vec(&note).expect("a struct of times and texts serializes");
        Ok(folder(self.folder()).replace(&tokens_account(self.profile()), &note)?)
    }

    /// Why no browser is to be opened for a caller that no person is, and that has waited since `began`: the last
    /// sign-in came to nothing, and was less than ten minutes ago. One from the future, by a clock that was put back
    /// since, holds nobody back.
    pub fn held_back(&self, began: DateTime<Utc>) -> Option<Failure> {
        let Note { at, failure } = last(self.folder(), self.profile())?;
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
