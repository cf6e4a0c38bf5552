//! What is on record about a sign-in that does not go well: for a report, and without a secret in it.

use chrono::{DateTime, Utc};

use super::record::{TokensRecord, tokens_account};
use super::{KeptOffset, Session, browser_backoff, last_failure, refresh_mark};
use crate::error::Failure;
use crate::folder::{Held, Lock, LockError};

/// What is remembered beside the store.
#[derive(Debug)]
pub struct Diagnosis {
    /// When a refresh of the stored tokens began that never came to an end.
    pub interrupted_at: Option<DateTime<Utc>>,
    /// When the last renewal failed, unless one went well since, and how.
    pub last_failure: Option<(DateTime<Utc>, Failure)>,
    /// When a browser was opened that nobody came back from.
    pub unanswered_at: Option<DateTime<Utc>>,
    /// Who holds the sign-in's lock just now, if anybody.
    pub holder: Option<Held>,
    /// How far the servers' clock was from this machine's, if it was noticeable.
    pub clock: Option<KeptOffset>,
}

impl Session {
    /// What is on record about this profile. Makes nothing, and waits for nobody.
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
