//! The diagnosis of a sign-in that does not work, for a report without secrets.

use chrono::{DateTime, Utc};

use super::record::{TokensRecord, tokens_account};
use super::{KeptOffset, Session, browser_backoff, last_failure, refresh_mark};
use crate::error::Failure;
use crate::folder::{Held, Lock, LockError};

/// The part of a sign-in's state that is kept outside the store.
#[derive(Debug)]
pub struct Diagnosis {
    /// The start time of an unfinished refresh of the stored tokens.
    pub interrupted_at: Option<DateTime<Utc>>,
    /// The time and the failure of the last renewal, if it failed.
    pub last_failure: Option<(DateTime<Utc>, Failure)>,
    /// The time of the last browser sign-in that was not completed.
    pub unanswered_at: Option<DateTime<Utc>>,
    /// The current holder of the sign-in's lock.
    pub holder: Option<Held>,
    /// The kept offset of this machine's clock, if it is a minute or more.
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
