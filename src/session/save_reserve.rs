//! A reserve of resources for saving refreshed tokens, made before the refresh token is sent. Without a grace period,
//! an answer that cannot be saved is a lost sign-in.
//!
//! The reserve holds file descriptors and, with the store "file", disk space for the record. Both are released right
//! before the save.

use std::fs::File;
use std::io::{self, Write};

use super::record::{TokensRecord, tokens_account};
use crate::error::Failure;
use crate::folder::Folder;
use crate::profile::Profile;
use crate::store::StoreKind;

/// The number of reserved file descriptors, which is more than a save opens at once.
const DESCRIPTORS: usize = 6;
/// The extra disk space, in bytes, for a record that grows during a refresh, and for rounding up to disk blocks.
const GROWTH: usize = 8 * 1024;

/// A reserve of file descriptors and disk space. Dropping it releases it.
pub struct Reserve {
    folder: Folder,
    account: String,
    descriptors: Vec<File>,
}

impl Reserve {
    /// Reserves the resources for saving these tokens.
    ///
    /// # Errors
    /// If the disk or this process has too little left.
    pub fn set_aside(
        own: &Folder,
        profile: &Profile,
        kind: &StoreKind,
        tokens: &TokensRecord,
    ) -> Result<Self, Failure> {
        let mut reserve = Self { folder: own.sub("room"), account: tokens_account(profile), descriptors: Vec::new() };
        let is_same_disk = *kind == StoreKind::File;
        let room = if is_same_disk { length(tokens) + GROWTH } else { 0 };
        // A killed process's reserve goes first: there may be no room for two.
        reserve.folder.remove(&reserve.account)?;
        reserve.folder.replace(&reserve.account, &vec![b' '; room])?;
        reserve.descriptors = reserve.folder.opened(&reserve.account, DESCRIPTORS)?;
        Ok(reserve)
    }
}

impl Drop for Reserve {
    fn drop(&mut self) {
        self.descriptors.clear();
        // A file that cannot be removed now is removed by the next reserve.
        if let Err(error) = self.folder.remove(&self.account) {
            tracing::debug!(%error, "the room that was set aside stays taken");
        }
    }
}

/// Returns the length of the record as JSON, in bytes, without creating a copy of the record's secrets.
fn length(tokens: &TokensRecord) -> usize {
    struct Counted(usize);
    impl Write for Counted {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 += bytes.len();
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut counted = Counted(0);
    serde_json::to_writer(&mut counted, tokens).expect("a struct of texts, times and maps keyed by text serializes");
    counted.0
}
