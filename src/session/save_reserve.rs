//! The reserve for the save after a refresh: set aside before the refresh token leaves this machine, because without a
//! grace period an answer that cannot be saved is a lost sign-in.
//!
//! It holds file descriptors and, if the store is files on the same disk, room for the record. Both are released right
//! before the save.

use std::fs::File;
use std::io::{self, Write};

use super::record::{TokensRecord, tokens_account};
use crate::error::Failure;
use crate::folder::Folder;
use crate::profile::Profile;
use crate::store::StoreKind;

/// The descriptors that are reserved, more than a save has open at once.
const DESCRIPTORS: usize = 6;
/// The growth of a record by a refresh, and of a file by the disk's blocks, in bytes.
const GROWTH: usize = 8 * 1024;

/// A reserve. Dropping it releases it.
pub struct Reserve {
    folder: Folder,
    account: String,
    descriptors: Vec<File>,
}

impl Reserve {
    /// Reserves what a save of these tokens needs.
    ///
    /// # Errors
    /// If the disk or this process has too little left.
    pub fn set_aside(own: &Folder, profile: &Profile, tokens: &TokensRecord) -> Result<Self, Failure> {
        let mut reserve = Self { folder: own.sub("room"), account: tokens_account(profile), descriptors: Vec::new() };
        let is_same_disk = profile.store == StoreKind::File;
        let room = if is_same_disk { length(tokens) + GROWTH } else { 0 };
        // What a killed process left goes first: there may be no room for two.
        reserve.folder.remove(&reserve.account)?;
        reserve.folder.replace(&reserve.account, &vec![b' '; room])?;
        reserve.descriptors = reserve.folder.opened(&reserve.account, DESCRIPTORS)?;
        Ok(reserve)
    }
}

impl Drop for Reserve {
    fn drop(&mut self) {
        self.descriptors.clear();
        // A file that stays is found by the next one.
        if let Err(error) = self.folder.remove(&self.account) {
            tracing::debug!(%error, "the room that was set aside stays taken");
        }
    }
}

/// Returns the length of the written record in bytes, without a copy of its secrets.
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
