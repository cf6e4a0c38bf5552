//! The mark of a refresh that is under way: it tells an interrupted rotation from a revoked sign-in.
//!
//! It is written before the refresh token leaves this machine, and names the generation of the tokens that it is about.
//! The save of new tokens changes the generation, so that it clears the mark in the same stroke; removing the file
//! afterwards only tidies up.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::record::{TokensRecord, tokens_account};
use crate::error::Failure;
use crate::folder::Folder;
use crate::profile::Profile;

const LARGEST: usize = 4096;

/// The mark as it is kept. It holds no secret.
#[derive(Serialize, Deserialize)]
struct Mark {
    generation: String,
    began_at: DateTime<Utc>,
}

fn folder(folder: &Folder) -> Folder {
    folder.sub("refreshes")
}

/// Sets the mark for a refresh of these tokens. Returns when an earlier one of the same tokens began, if it never came
/// to an end.
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
    let mark = serde_json::to_vec(&mark).expect("a struct of a text and a time serializes");
    folder(own).replace(&tokens_account(profile), &mark)?;
    Ok(earlier)
}

/// When a refresh of these very tokens began that never came to an end.
pub fn interrupted_at(own: &Folder, profile: &Profile, tokens: &TokensRecord) -> Option<DateTime<Utc>> {
    let bytes = folder(own).read(&tokens_account(profile), LARGEST).ok()??;
    let mark: Mark = serde_json::from_slice(&bytes).ok()?;
    (mark.generation == tokens.generation).then_some(mark.began_at)
}

/// Removes the mark, after the answer was saved or when it said that nothing was rotated.
pub fn clear(own: &Folder, profile: &Profile) {
    // A mark that stays names a generation that is no more, which counts as none.
    if let Err(error) = folder(own).remove(&tokens_account(profile)) {
        tracing::debug!(%error, "the mark of a finished refresh stays behind");
    }
}
