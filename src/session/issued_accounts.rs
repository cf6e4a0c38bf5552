//! Which credentials were made from a sign-in, noted beside the store as well: where the sign-in's item is lost, its own
//! list is lost with it, and the next person must still not be handed what is left of this one's.

use std::collections::BTreeSet;

use super::Ask;
use super::record::{credentials_account, tokens_account};
use crate::folder::Folder;

const LARGEST: usize = 256 * 1024;

fn folder(own: &Folder) -> Folder {
    own.sub("made")
}

/// The accounts of the credentials that were made from the profile's sign-in, as far as they are noted.
pub fn accounts(own: &Folder, ask: &Ask) -> BTreeSet<String> {
    let bytes = folder(own).read(&tokens_account(&ask.profile), LARGEST).ok().flatten();
    bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default()
}

/// Notes that credentials of the profile are about to be stored.
pub fn note(own: &Folder, ask: &Ask) {
    let mut accounts = accounts(own, ask);
    if !accounts.insert(credentials_account(ask)) {
        return;
    }
    let kept = serde_json::to_vec(&accounts).map_err(anyhow::Error::from);
    if let Err(error) = kept.and_then(|bytes| folder(own).replace(&tokens_account(&ask.profile), &bytes)) {
        tracing::debug!(%error, "it could not be noted which credentials there are");
    }
}

/// Forgets them: they are deleted.
pub fn clear(own: &Folder, ask: &Ask) {
    if let Err(error) = folder(own).remove(&tokens_account(&ask.profile)) {
        tracing::debug!(%error, "a note of deleted credentials stays behind");
    }
}
