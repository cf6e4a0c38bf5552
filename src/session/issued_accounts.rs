//! The list of credentials that were obtained with a sign-in, kept outside the secret store.
//!
//! The sign-in's record has the same list, but a damaged record loses it. This list still lets the next sign-in delete
//! the old credentials, so that nobody is handed another person's.

use std::collections::BTreeSet;
use std::time::SystemTime;

use super::Ask;
use super::record::{credentials_account, tokens_account};
use crate::folder::{Folder, StateFile};

/// The maximum size of the list, in bytes.
const LARGEST: usize = 256 * 1024;

fn file(own: &Folder, ask: &Ask) -> StateFile<BTreeSet<String>> {
    StateFile::new(own.sub("made"), tokens_account(&ask.profile), LARGEST)
}

/// Returns the item names of the listed credentials of the profile's sign-in.
pub fn accounts(own: &Folder, ask: &Ask) -> BTreeSet<String> {
    file(own, ask).read().unwrap_or_default()
}

/// Adds the credentials for `ask` to the list, before they are stored.
pub fn note(own: &Folder, ask: &Ask) {
    let mut accounts = accounts(own, ask);
    if accounts.insert(credentials_account(ask)) {
        file(own, ask).write_or_log(&accounts, "the list of credentials beside the store is not complete");
    }
}

/// Removes the list, because its credentials were deleted.
pub fn clear(own: &Folder, ask: &Ask) {
    file(own, ask).remove_or_log("a list of deleted credentials stays behind");
}

/// The version of the list of one sign-in's credentials. It changes with every write, and a sign-out removes the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamp {
    written_at: SystemTime,
    file: u64,
}

/// Returns the version of the sign-in's list of credentials, or `None` if the list does not contain the credentials for
/// `ask`.
pub fn stamp(own: &Folder, ask: &Ask) -> Option<Stamp> {
    // The version is taken first: a list that is written in between is another version.
    let metadata = file(own, ask).metadata()?;
    #[cfg(unix)]
    let file = std::os::unix::fs::MetadataExt::ino(&metadata);
    #[cfg(not(unix))]
    let file = metadata.len();
    let written_at = metadata.modified().ok()?;
    accounts(own, ask).contains(&credentials_account(ask)).then_some(Stamp { written_at, file })
}
