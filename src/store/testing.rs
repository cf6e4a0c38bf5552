//! Helpers for unit tests: a function that reports a skipped test, and a store that does not use the OS keyring.

use std::io::Write;
use std::time::Duration;

use super::{Backend, KernelKeyring, Patience, Store, StoreKind};
use crate::folder::Folder;
use crate::secret::Secret;

/// Prints that the calling test is skipped, for example because the kernel refuses its keyring. Writes to standard
/// error itself, because the test harness captures `println!`.
pub fn skip(why: &str) {
    // The harness names a test's thread after the test.
    let test = std::thread::current().name().unwrap_or("a test").to_owned();
    let line = format!("skipped: {test}: {why}\n");
    let _ = std::io::stderr().write_all(line.as_bytes());
}

/// Returns a store that uses only the copies in the kernel's keyring, because its time limit for the OS keyring is
/// zero. Prints a line and returns `None` if the kernel keeps no copies.
pub fn copies(account: &str) -> Option<Store> {
    let (cache, probe) = (KernelKeyring::cache(), format!("{account}/probe"));
    let put = cache.set_for(&probe, &Secret::new("{}"), Duration::from_secs(60));
    if put.and_then(|()| cache.delete(&probe)).is_err() {
        skip("the kernel keeps no copy here");
        return None;
    }
    Some(Store::new(StoreKind::Keyring, &Folder::at("/nonexistent"), Patience::new(Duration::ZERO), None))
}
