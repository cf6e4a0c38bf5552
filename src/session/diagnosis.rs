//! Data about a sign-in that does not work, without secrets, for a support report.

use chrono::{DateTime, Utc};

use super::record::{TokensRecord, tokens_account};
use super::{KeptOffset, Session, browser_backoff, last_failure, refresh_mark};
use crate::error::Failure;
use crate::folder::{Held, Lock, LockError};

/// The parts of a sign-in's state that are stored outside the secret store.
#[derive(Debug)]
pub struct Diagnosis {
    /// The start time of a token refresh that was interrupted; `None` if no refresh was interrupted.
    pub interrupted_at: Option<DateTime<Utc>>,
    /// The time and the error of the last renewal; `None` if the last renewal did not fail.
    pub last_failure: Option<(DateTime<Utc>, Failure)>,
    /// The time of the last uncompleted browser sign-in.
    pub unanswered_at: Option<DateTime<Utc>>,
    /// The process that holds the sign-in's lock now.
    pub holder: Option<Held>,
    /// The stored offset of this machine's clock, if the offset is one minute or more.
    pub clock: Option<KeptOffset>,
}

impl Session {
    /// Collects the state of this profile's sign-in. Waits for no lock, and creates nothing if cogfed's own folder does
    /// not exist.
    pub fn diagnosis(&self, tokens: Option<&TokensRecord>) -> Diagnosis {
        Diagnosis {
            interrupted_at: tokens
                .and_then(|tokens| refresh_mark::interrupted_at(self.folder(), self.profile(), tokens)),
            last_failure: last_failure::read(self.folder(), &self.ask).map(|last| (last.at, last.failure())),
            unanswered_at: browser_backoff::last_at(self.folder(), self.profile()),
            clock: self.kept_offset(),
            holder: self.folder().path().exists().then(|| self.holder()).flatten(),
        }
    }

    fn holder(&self) -> Option<Held> {
        match Lock::acquire(self.folder(), &tokens_account(self.profile()), std::time::Duration::ZERO) {
            Err(LockError::Held(held)) => Some(held),
            Ok(_) | Err(LockError::Failed(_)) => None,
        }
    }
}
