//! Which credentials were made from a sign-in, noted beside the store as well: where the sign-in's item is lost, its own
//! list is lost with it, and the next person must still not be handed what is left of this one's.

use std::collections::BTreeSet;

use crate::folder::Folder;
use crate::profile::Profile;
use crate::session::record::{credentials_account, tokens_account};

const LARGEST: usize = 256 * 1024;

fn folder(own: &Folder) -> Folder {
    own.sub("made")
}

/// The accounts of the credentials that were made from the profile's sign-in, as far as they are noted.
pub fn accounts(own: &Folder, profile: &Profile) -> BTreeSet<String> {
    let bytes = folder(own).read(&tokens_account(profile), LARGEST).ok().flatten();
    bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default()
}

/// Notes that credentials of the profile are about to be stored.
pub fn note(own: &Folder, profile: &Profile) {
    let mut accounts = accounts(own, profile);
    if !accounts.insert(credentials_account(profile)) {
        return;
    }
    let kept = serde_json::to_vec(&accounts).map_err(anyhow::Error::from);
    if let Err(error) = kept.and_then(|bytes| folder(own).replace(&tokens_account(profile), &bytes)) {
        tracing::debug!(%error, "it could not be noted which credentials there are");
    }
}

/// Forgets them: they are deleted.
pub fn clear(own: &Folder, profile: &Profile) {
    if let Err(error) = folder(own).remove(&tokens_account(profile)) {
        tracing::debug!(%error, "a note of deleted credentials stays behind");
    }
}
