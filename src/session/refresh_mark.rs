//! A mark for a token refresh in progress. It shows later whether a refresh was interrupted or the sign-in was revoked.
//!
//! The mark names the generation of the tokens, and is written before the refresh token is sent. Saving new tokens
//! changes the generation, which invalidates the mark at once. Its file is removed afterwards.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::record::{TokensRecord, tokens_account};
use crate::error::Failure;
use crate::folder::{Folder, StateFile};
use crate::profile::Profile;

/// The maximum size of a mark's file, in bytes.
const LARGEST: usize = 4096;

/// The stored mark of a refresh in progress. It holds no secret.
#[derive(Serialize, Deserialize)]
struct Mark {
    generation: String,
    began_at: DateTime<Utc>,
}

fn file(own: &Folder, profile: &Profile) -> StateFile<Mark> {
    StateFile::new(own.sub("refreshes"), tokens_account(profile), LARGEST)
}

/// Stores a mark that a refresh of these tokens is in progress. Returns the start of an earlier refresh of the same
/// tokens that never finished.
///
/// # Errors
/// If the mark cannot be written.
pub fn set(
    own: &Folder,
    profile: &Profile,
    tokens: &TokensRecord,
    now: DateTime<Utc>,
) -> Result<Option<DateTime<Utc>>, Failure> {
    let earlier = interrupted_at(own, profile, tokens);
    // The first interruption is the one that started the grace period.
    let mark = Mark { generation: tokens.generation.clone(), began_at: earlier.unwrap_or(now) };
    file(own, profile).write(&mark)?;
    Ok(earlier)
}

/// Returns the start time of a refresh of these tokens that was interrupted, or `None` if no refresh was interrupted.
pub fn interrupted_at(own: &Folder, profile: &Profile, tokens: &TokensRecord) -> Option<DateTime<Utc>> {
    let mark = file(own, profile).read()?;
    (mark.generation == tokens.generation).then_some(mark.began_at)
}

/// Removes the mark, because the refresh is finished.
pub fn clear(own: &Folder, profile: &Profile) {
    // After a save, a mark that stays names an older generation and does not count.
    file(own, profile).remove_or_log("the mark of a finished refresh stays behind");
}
