//! The last failed renewal of a profile's credentials: remembered, so that callers do not each wait for the same
//! failure. Not one per sign-in: a role that one profile is refused is no failure of the others.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::policy::RETRY_AFTER;
use crate::error::{Failure, Kind, hint_of, kind_of, shortened};
use crate::folder::Folder;
use crate::profile::Profile;
use crate::store::record::credentials_account;

const LARGEST: usize = 16 * 1024;
/// The longest text of a kept failure that is told again, in characters; none of ours is that long.
const LONGEST: usize = 1000;

/// A failure as it is kept. Messages hold no secret (see [`Failure`]).
#[derive(Serialize, Deserialize)]
pub struct LastFailure {
    /// When it failed.
    pub at: DateTime<Utc>,
    exit_code: u8,
    message: String,
    hint: Option<String>,
}

impl LastFailure {
    /// Whether it is too soon for another try.
    pub fn is_recent(&self, now: DateTime<Utc>) -> bool {
        let ago = now - self.at;
        ago < RETRY_AFTER && ago > -RETRY_AFTER
    }

    /// The failure again.
    pub fn failure(self) -> Failure {
        let kinds = [Kind::Usage, Kind::SignInRequired, Kind::Store, Kind::Network, Kind::Refused, Kind::Busy];
        let kind = kinds.into_iter().find(|kind| kind.exit_code() == self.exit_code).unwrap_or(Kind::Failed);
        Failure {
            kind,
            message: shortened(&self.message, LONGEST),
            hint: self.hint.map(|hint| shortened(&hint, LONGEST)),
        }
    }
}

fn folder(own: &Folder) -> Folder {
    own.sub("failures")
}

/// The last failure of this profile's credentials, unless it was renewed since.
pub fn last(own: &Folder, profile: &Profile) -> Option<LastFailure> {
    serde_json::from_slice(&folder(own).read(&credentials_account(profile), LARGEST).ok()??).ok()
}

/// Remembers a failure.
pub fn remember(own: &Folder, profile: &Profile, error: &anyhow::Error, now: DateTime<Utc>) {
    let failure = LastFailure {
        at: now,
        exit_code: kind_of(error).exit_code(),
        message: format!("{error:#}"),
        hint: hint_of(error).map(str::to_owned),
    };
    let kept = serde_json::to_vec(&failure).map_err(anyhow::Error::from);
    if let Err(error) = kept.and_then(|bytes| folder(own).replace(&credentials_account(profile), &bytes)) {
        tracing::debug!(%error, "the failure could not be remembered");
    }
}

/// Forgets it: the renewal went well, or somebody signed in.
pub fn clear(own: &Folder, profile: &Profile) {
    if let Err(error) = folder(own).remove(&credentials_account(profile)) {
        tracing::debug!(%error, "an old failure stays remembered");
    }
}
