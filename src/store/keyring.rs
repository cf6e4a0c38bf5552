//! The store in the operating system's keyring on macOS (Keychain) and Windows (Credential Manager).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use keyring_core::{CredentialStore, Entry, Error};
use zeroize::{Zeroize, Zeroizing};

use super::{Backend, Listing, StoreError};
use crate::secret::Secret;

/// The service name of all keyring entries. The user name of an entry is the name of the item in the store.
const SERVICE: &str = "cogfed";

#[cfg(target_os = "macos")]
const NAME: &str = "the Keychain";
#[cfg(windows)]
const NAME: &str = "the Credential Manager";

/// The maximum size of an item, in bytes: `CRED_MAX_CREDENTIAL_BLOB_SIZE`
/// (<https://learn.microsoft.com/windows/win32/api/wincred/ns-wincred-credentialw>).
#[cfg(windows)]
const LIMIT: Option<usize> = Some(2560);
#[cfg(not(windows))]
const LIMIT: Option<usize> = None;

/// The hint for a failure that the keyring does not explain.
const AGAIN: &str =
    "run the command again; if it fails again, restart the keyring, or see what is wrong in its own manager";

/// The store in the OS keyring, to which the first call connects. Its calls may prompt, and may never return: see
/// [`Bounded`](super::Bounded).
#[derive(Default)]
pub struct Keyring(Mutex<Option<Arc<CredentialStore>>>);

impl Keyring {
    /// Creates the store without connecting to the keyring yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Runs `call` with the connection to the keyring, after connecting if necessary.
    fn connected<T>(&self, call: impl FnOnce(&Arc<CredentialStore>) -> T) -> Result<T, StoreError> {
        let mut connected = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let store = match &*connected {
            Some(store) => store,
            None => connected.insert(connect().map_err(|error| no_service(&error))?),
        };
        Ok(call(store))
    }

    fn entry(&self, account: &str) -> Result<Entry, StoreError> {
        // The default, Enterprise, would copy the items to other machines of a domain.
        #[cfg(windows)]
        let modifiers = HashMap::from([("persistence", "Local".to_owned())]);
        #[cfg(target_os = "macos")]
        let modifiers: HashMap<&str, String> = HashMap::new();
        let modifiers = modifiers.iter().map(|(key, value)| (*key, value.as_str())).collect();
        self.connected(|store| store.build(SERVICE, account, Some(&modifiers)))?.map_err(|error| failed(error, account))
    }

    /// Runs `call`, and runs it again with a new connection if the keyring service fails. A keyring that was restarted
    /// or locked has forgotten this process's session. A read also fails if another process replaces the item at that
    /// moment.
    fn call<T>(&self, account: &str, call: impl Fn(&Entry) -> keyring_core::Result<T>) -> Result<T, StoreError> {
        let outcome = match call(&self.entry(account)?) {
            Err(Error::PlatformFailure(_)) => {
                *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
                call(&self.entry(account)?)
            }
            outcome => outcome,
        };
        outcome.map_err(|error| failed(error, account))
    }
}

#[cfg(target_os = "macos")]
fn connect() -> keyring_core::Result<Arc<CredentialStore>> {
    Ok(apple_native_keyring_store::keychain::Store::new()?)
}

#[cfg(windows)]
fn connect() -> keyring_core::Result<Arc<CredentialStore>> {
    Ok(windows_native_keyring_store::Store::new()?)
}

fn no_service(error: &Error) -> StoreError {
    StoreError::NoService { store: NAME, detail: said(error) }
}

/// Returns the operating system's own message in `error`.
fn said(error: &Error) -> String {
    match error {
        Error::PlatformFailure(inner) | Error::NoStorageAccess(inner) => inner.to_string(),
        other => other.to_string(),
    }
}

fn failed(error: Error, account: &str) -> StoreError {
    match error {
        Error::NoStorageAccess(inner) => StoreError::Locked { store: NAME, detail: inner.to_string() },
        Error::BadEncoding(mut bytes) | Error::BadDataFormat(mut bytes, _) => {
            bytes.zeroize();
            not_text(account)
        }
        other => StoreError::Other { store: NAME, detail: said(&other), hint: Some(AGAIN.into()) },
    }
}

fn not_text(account: &str) -> StoreError {
    StoreError::Damaged { store: NAME, account: account.into(), detail: "it is not text".into() }
}

fn text(bytes: Vec<u8>, account: &str) -> Result<Secret, StoreError> {
    String::from_utf8(bytes).map(Secret::new).map_err(|error| {
        drop(Zeroizing::new(error.into_bytes()));
        not_text(account)
    })
}

/// Returns the first of the matching entries. An import or a second collection may have created several matching
/// entries.
fn first(entries: Vec<Entry>) -> keyring_core::Result<Entry> {
    entries.into_iter().next().ok_or(Error::NoEntry)
}

impl Backend for Keyring {
    fn describe(&self) -> &'static str {
        NAME
    }

    fn item_limit(&self) -> Option<usize> {
        LIMIT
    }

    fn get(&self, account: &str) -> Result<Option<Secret>, StoreError> {
        let found = self.call(account, |entry| {
            let found = match entry.get_secret() {
                Err(Error::Ambiguous(entries)) => first(entries).and_then(|entry| entry.get_secret()),
                found => found,
            };
            match found {
                Ok(bytes) => Ok(Some(bytes)),
                Err(Error::NoEntry) => Ok(None),
                Err(error) => Err(error),
            }
        })?;
        found.map(|bytes| text(bytes, account)).transpose()
    }

    fn set(&self, account: &str, value: &Secret) -> Result<(), StoreError> {
        let bytes = value.expose().as_bytes();
        self.call(account, |entry| match entry.set_secret(bytes) {
            // The first is written before the others are removed, so that there is a text at every moment.
            Err(Error::Ambiguous(entries)) => {
                let mut entries = entries.into_iter();
                let first = entries.next().ok_or(Error::NoEntry)?;
                first.set_secret(bytes)?;
                removed(entries)
            }
            kept => kept,
        })
    }

    fn delete(&self, account: &str) -> Result<(), StoreError> {
        self.call(account, |entry| match entry.delete_credential() {
            Err(Error::Ambiguous(entries)) => removed(entries.into_iter()),
            Err(Error::NoEntry) => Ok(()),
            gone => gone,
        })
    }

    fn list(&self) -> Result<Listing, StoreError> {
        let search = || self.connected(|store| store.search(&spec()));
        let found = match search()? {
            // Repeated on a new connection, for the reasons that `call` gives.
            Err(Error::PlatformFailure(_)) => {
                *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
                search()?
            }
            found => found,
        };
        let mut listing = Listing::default();
        for entry in found.map_err(|error| failed(error, SERVICE))? {
            match entry.get_specifiers() {
                Some((service, account)) if service == SERVICE => _ = listing.accounts.insert(account),
                // The search was for this service, so the item was locked or deleted just now.
                None if !cfg!(windows) => listing.unnamed += 1,
                _ => {}
            }
        }
        Ok(listing)
    }
}

/// Returns the narrowest search terms that still match all items of [`SERVICE`].
fn spec() -> HashMap<&'static str, &'static str> {
    // The Credential Manager can only search in names that combine service and account, so it returns all items.
    if cfg!(windows) { HashMap::new() } else { HashMap::from([("service", SERVICE)]) }
}

fn removed(mut entries: impl Iterator<Item = Entry>) -> keyring_core::Result<()> {
    entries.try_for_each(|entry| match entry.delete_credential() {
        Err(Error::NoEntry) => Ok(()),
        gone => gone,
    })
}
