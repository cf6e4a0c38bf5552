//! The keyring of the operating system: Secret Service, Keychain, Credential Manager.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use keyring_core::{CredentialStore, Entry, Error};
use zeroize::{Zeroize, Zeroizing};

use super::{Backend, StoreError};
use crate::secret::Secret;

/// The service under which all items are kept; the account is the user name.
const SERVICE: &str = "cogfed";

#[cfg(target_os = "macos")]
const NAME: &str = "the Keychain";
#[cfg(windows)]
const NAME: &str = "the Credential Manager";
#[cfg(not(any(target_os = "macos", windows)))]
const NAME: &str = "the Secret Service keyring";

/// `CRED_MAX_CREDENTIAL_BLOB_SIZE`, in bytes
/// (<https://learn.microsoft.com/windows/win32/api/wincred/ns-wincred-credentialw>).
#[cfg(windows)]
const LIMIT: Option<usize> = Some(2560);
#[cfg(not(windows))]
const LIMIT: Option<usize> = None;

/// The OS keyring, connected with the first call. Its calls may prompt, and may never return: see
/// [`Bounded`](super::Bounded).
#[derive(Default)]
pub struct Keyring(Mutex<Option<Arc<CredentialStore>>>);

impl Keyring {
    /// The keyring of this user, not yet connected.
    pub fn new() -> Self {
        Self::default()
    }

    fn entry(&self, account: &str) -> Result<Entry, StoreError> {
        let mut connected = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let store = match &*connected {
            Some(store) => store,
            None => connected.insert(connect().map_err(|error| no_service(&error))?),
        };
        #[cfg(not(any(target_os = "macos", windows)))]
        let modifiers = HashMap::from([("label", label(account))]);
        // The default, Enterprise, would carry the items to other machines of a domain.
        #[cfg(windows)]
        let modifiers = HashMap::from([("persistence", "Local".to_owned())]);
        #[cfg(target_os = "macos")]
        let modifiers: HashMap<&str, String> = HashMap::new();
        let modifiers = modifiers.iter().map(|(key, value)| (*key, value.as_str())).collect();
        store.build(SERVICE, account, Some(&modifiers)).map_err(|error| failed(error, account))
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

#[cfg(not(any(target_os = "macos", windows)))]
fn connect() -> keyring_core::Result<Arc<CredentialStore>> {
    Ok(zbus_secret_service_keyring_store::Store::new()?)
}

/// What a person reads in a keyring manager: "cogfed tokens of AzureAD at eu-west-1_AbC123xyz".
#[cfg(not(any(target_os = "macos", windows)))]
fn label(account: &str) -> String {
    match account.split('/').collect::<Vec<_>>().as_slice() {
        [kind, pool, _, who] | [kind, pool, _, who, _, _] => format!("cogfed {kind} of {who} at {pool}"),
        _ => format!("cogfed {account}"),
    }
}

fn no_service(error: &Error) -> StoreError {
    StoreError::NoService { store: NAME, detail: said(error) }
}

/// What the system said, without keyring-core's own words around it.
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
        other => StoreError::Other { store: NAME, detail: said(&other), hint: None },
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

/// The first of several items with the same attributes: an import, or a second collection, can make such.
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
        let entry = self.entry(account)?;
        let read = || match entry.get_secret() {
            Err(Error::Ambiguous(entries)) => first(entries).and_then(|entry| entry.get_secret()),
            found => found,
        };
        let found = match read() {
            // A read is a search and then a look: an item that another process replaces or deletes in between fails
            // the look, and the next search knows.
            Err(Error::PlatformFailure(_)) => read(),
            found => found,
        };
        match found {
            Ok(bytes) => text(bytes, account).map(Some),
            Err(Error::NoEntry) => Ok(None),
            Err(error) => Err(failed(error, account)),
        }
    }

    fn set(&self, account: &str, value: &Secret) -> Result<(), StoreError> {
        let bytes = value.expose().as_bytes();
        let kept = match self.entry(account)?.set_secret(bytes) {
            // Written first, so that no moment is without a text; then it is the only one again.
            Err(Error::Ambiguous(entries)) => {
                let mut entries = entries.into_iter();
                entries
                    .next()
                    .ok_or(Error::NoEntry)
                    .and_then(|entry| entry.set_secret(bytes))
                    .and_then(|()| removed(entries))
            }
            kept => kept,
        };
        kept.map_err(|error| failed(error, account))
    }

    fn delete(&self, account: &str) -> Result<(), StoreError> {
        let gone = match self.entry(account)?.delete_credential() {
            Err(Error::Ambiguous(entries)) => removed(entries.into_iter()),
            Err(Error::NoEntry) => Ok(()),
            gone => gone,
        };
        gone.map_err(|error| failed(error, account))
    }
}

fn removed(mut entries: impl Iterator<Item = Entry>) -> keyring_core::Result<()> {
    entries.try_for_each(|entry| match entry.delete_credential() {
        Err(Error::NoEntry) => Ok(()),
        gone => gone,
    })
}

#[cfg(all(test, not(any(target_os = "macos", windows))))]
mod tests {
    use super::*;

    #[test]
    fn labels_are_for_people() {
        assert_eq!(label("tokens/eu-west-1_AbC/3n4b5/AzureAD"), "cogfed tokens of AzureAD at eu-west-1_AbC");
        let credentials = "credentials/eu-west-1_AbC/3n4b5/AzureAD/eu-west-1:1cf6/default";
        assert_eq!(label(credentials), "cogfed credentials of AzureAD at eu-west-1_AbC");
        assert_eq!(label("client-secret/a"), "cogfed client-secret/a");
    }

    #[test]
    fn errors_are_told_apart_by_their_variant() {
        let inner = || Box::<dyn std::error::Error + Send + Sync>::from("text");
        assert!(matches!(failed(Error::NoStorageAccess(inner()), "a"), StoreError::Locked { .. }));
        assert!(matches!(failed(Error::PlatformFailure(inner()), "a"), StoreError::Other { .. }));
        assert!(matches!(failed(Error::BadEncoding(vec![1]), "a"), StoreError::Damaged { .. }));
        assert!(matches!(text(vec![0xff], "a"), Err(StoreError::Damaged { .. })));
    }
}
