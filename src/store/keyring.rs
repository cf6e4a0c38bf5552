//! The keyring of the operating system: Secret Service, Keychain, Credential Manager.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use keyring_core::{CredentialStore, Entry, Error};
use zeroize::{Zeroize, Zeroizing};

use super::{Backend, Listing, StoreError};
#[cfg(not(any(target_os = "macos", windows)))]
use crate::error::shortened;
use crate::secret::Secret;

/// The service of all items; the account is the user name.
const SERVICE: &str = "cogfed";

#[cfg(target_os = "macos")]
const NAME: &str = "the Keychain";
#[cfg(windows)]
const NAME: &str = "the Credential Manager";
#[cfg(not(any(target_os = "macos", windows)))]
const NAME: &str = "the Secret Service keyring";

/// The largest item in bytes: `CRED_MAX_CREDENTIAL_BLOB_SIZE`
/// (<https://learn.microsoft.com/windows/win32/api/wincred/ns-wincred-credentialw>).
#[cfg(windows)]
const LIMIT: Option<usize> = Some(2560);
#[cfg(not(windows))]
const LIMIT: Option<usize> = None;

/// The Secret Service's error for a locked item without a prompt
/// (<https://specifications.freedesktop.org/secret-service/latest/errors.html>).
const IS_LOCKED: &str = "org.freedesktop.Secret.Error.IsLocked";

/// The next step after a failure that the service does not explain.
const AGAIN: &str =
    "run the command again; if it fails again, restart the keyring, or see what is wrong in its own manager";

/// The OS keyring, connected by the first call. Its calls may prompt, and may never return: see
/// [`Bounded`](super::Bounded).
#[derive(Default)]
pub struct Keyring(Mutex<Option<Arc<CredentialStore>>>);

impl Keyring {
    /// Returns the keyring of this user, not yet connected.
    pub fn new() -> Self {
        Self::default()
    }

    /// Runs `call` with the connection, and connects first if necessary.
    fn connected<T>(&self, call: impl FnOnce(&Arc<CredentialStore>) -> T) -> Result<T, StoreError> {
        let mut connected = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let store = match &*connected {
            Some(store) => store,
            None => connected.insert(connect().map_err(|error| no_service(&error))?),
        };
        Ok(call(store))
    }

    fn entry(&self, account: &str) -> Result<Entry, StoreError> {
        #[cfg(not(any(target_os = "macos", windows)))]
        let modifiers = HashMap::from([("label", label(account))]);
        // The default, Enterprise, would copy the items to other machines of a domain.
        #[cfg(windows)]
        let modifiers = HashMap::from([("persistence", "Local".to_owned())]);
        #[cfg(target_os = "macos")]
        let modifiers: HashMap<&str, String> = HashMap::new();
        let modifiers = modifiers.iter().map(|(key, value)| (*key, value.as_str())).collect();
        self.connected(|store| store.build(SERVICE, account, Some(&modifiers)))?.map_err(|error| failed(error, account))
    }

    /// Runs `call`, and repeats it on a new connection if the service fails. A keyring that was restarted or locked has
    /// forgotten this process's session. A read also fails if another process replaces the item at that moment.
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

#[cfg(not(any(target_os = "macos", windows)))]
fn connect() -> keyring_core::Result<Arc<CredentialStore>> {
    Ok(zbus_secret_service_keyring_store::Store::new()?)
}

/// Returns the label for keyring managers: "cogfed tokens of AzureAD at eu-west-1_AbC123xyz".
#[cfg(not(any(target_os = "macos", windows)))]
fn label(account: &str) -> String {
    match account.split('/').collect::<Vec<_>>().as_slice() {
        [kind, pool, _, who] | [kind, pool, _, who, _, _] => format!("cogfed {kind} of {who} at {pool}"),
        _ => format!("cogfed {account}"),
    }
}

fn no_service(error: &Error) -> StoreError {
    #[cfg(not(any(target_os = "macos", windows)))]
    let detail = bus_fault(std::env::var(BUS).ok().as_deref(), said(error));
    #[cfg(any(target_os = "macos", windows))]
    let detail = said(error);
    StoreError::NoService { store: NAME, detail }
}

/// The variable that holds the address of the session bus.
#[cfg(not(any(target_os = "macos", windows)))]
const BUS: &str = "DBUS_SESSION_BUS_ADDRESS";

/// Explains why the bus at this address cannot be reached. The address itself often shows it
/// (<https://dbus.freedesktop.org/doc/dbus-specification.html#addresses>). The library accepts only one.
#[cfg(not(any(target_os = "macos", windows)))]
fn bus_fault(address: Option<&str>, said: String) -> String {
    let Some(address) = address else { return format!("{said}; {BUS} is not set") };
    let is_whole = address.split_once(':').is_some_and(|(transport, pairs)| {
        let is_word =
            |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b));
        is_word(transport) && pairs.split(',').all(|pair| pair.split_once('=').is_some_and(|(key, _)| is_word(key)))
    });
    match address {
        "" => format!("{BUS} is empty: unset it, or let it name the session's bus"),
        _ if address.contains(';') => format!("{BUS} lists several addresses: let it name the one that is yours"),
        _ if !is_whole => format!("{BUS} is no bus address: '{}'", shortened(address, 80)),
        _ => format!("{said}; {BUS} names {}", shortened(address, 80)),
    }
}

/// Returns the system's message, without keyring-core's words around it.
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
        other => {
            let detail = said(&other);
            match detail.contains(IS_LOCKED) {
                true => StoreError::Locked { store: NAME, detail },
                false => StoreError::Other { store: NAME, detail, hint: Some(AGAIN.into()) },
            }
        }
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

/// Returns the first of several items with the same attributes, which an import or a second collection can create.
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

/// Returns the search for all items of [`SERVICE`], as narrow as the system allows.
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

#[cfg(all(test, not(any(target_os = "macos", windows))))]
mod tests {
    use super::*;

    #[test]
    fn keyring_labels_name_kind_provider_and_pool() {
        assert_eq!(label("tokens/eu-west-1_AbC/3n4b5/AzureAD"), "cogfed tokens of AzureAD at eu-west-1_AbC");
        let credentials = "credentials/eu-west-1_AbC/3n4b5/AzureAD/eu-west-1:1cf6/default";
        assert_eq!(label(credentials), "cogfed credentials of AzureAD at eu-west-1_AbC");
        assert_eq!(label("client-secret/a"), "cogfed client-secret/a");
    }

    /// Every release has to use these names: another name is another item.
    #[test]
    fn keyring_items_are_named_as_in_the_fixtures() {
        let names: serde_json::Value =
            serde_json::from_str(include_str!("../../tests/data/released/0.1.0/names.json")).unwrap();
        for kind in ["tokens", "credentials"] {
            let item = &names["keyring"][kind];
            assert_eq!(item["service"], SERVICE);
            assert_eq!(item["label"], label(item["username"].as_str().unwrap()));
        }
    }

    #[test]
    fn useless_bus_address_is_named_with_its_fault() {
        let said = || "nobody there".to_owned();
        assert_eq!(bus_fault(None, said()), "nobody there; DBUS_SESSION_BUS_ADDRESS is not set");
        for (address, fault) in [
            ("", "is empty: unset it"),
            ("unix:path=/a;unix:path=/b", "lists several addresses"),
            ("unix", "is no bus address: 'unix'"),
            ("unix:", "is no bus address"),
            (":path=/a", "is no bus address"),
            ("un ix:path=/a", "is no bus address"),
            ("unix:path", "is no bus address"),
            ("unix:=/a", "is no bus address"),
            ("unix:path=/a,guid", "is no bus address"),
        ] {
            let told = bus_fault(Some(address), said());
            assert!(told.starts_with(BUS) && told.contains(fault) && !told.contains("nobody"), "{address}: {told}");
        }
        for whole in ["unix:path=/run/user/1/bus,guid=00ff", "nonce-tcp:host=::1,port=1", "a_b:c=d=e"] {
            assert_eq!(bus_fault(Some(whole), said()), format!("nobody there; {BUS} names {whole}"));
        }
        assert!(bus_fault(Some(&"x".repeat(500)), said()).len() < 200);
    }

    #[test]
    fn keyring_failure_has_the_systems_words_and_the_next_step() {
        let inner = |text: &str| Box::<dyn std::error::Error + Send + Sync>::from(text);
        let fault = no_service(&Error::PlatformFailure(inner("no bus")));
        assert!(matches!(&fault, StoreError::NoService { detail, .. } if detail.contains("no bus")), "{fault}");
        assert_eq!(said(&Error::NoStorageAccess(inner("dismissed"))), "dismissed");
        assert!(!said(&Error::NoEntry).is_empty());
        let locked = Error::PlatformFailure(inner("org.freedesktop.Secret.Error.IsLocked: it is"));
        assert!(matches!(failed(locked, "a"), StoreError::Locked { .. }), "by the protocol's name");
        let StoreError::Other { detail, hint, .. } = failed(Error::PlatformFailure(inner("odd")), "a") else {
            panic!()
        };
        assert_eq!((detail.as_str(), hint.as_deref()), ("odd", Some(AGAIN)));
        assert!(
            matches!(failed(Error::BadDataFormat(vec![1], inner("x")), "b"), StoreError::Damaged { account, .. } if account == "b")
        );
        assert_eq!(text(b"{}".to_vec(), "a").unwrap().expose(), "{}");
        assert!(matches!(first(Vec::new()), Err(Error::NoEntry)));
        assert!(removed(std::iter::empty()).is_ok());
        let keyring = Keyring::new();
        assert_eq!((keyring.describe(), keyring.item_limit()), ("the Secret Service keyring", None));
    }

    #[test]
    fn keyring_errors_are_distinguished_by_variant() {
        let inner = || Box::<dyn std::error::Error + Send + Sync>::from("text");
        assert!(matches!(failed(Error::NoStorageAccess(inner()), "a"), StoreError::Locked { .. }));
        assert!(matches!(failed(Error::PlatformFailure(inner()), "a"), StoreError::Other { .. }));
        assert!(matches!(failed(Error::BadEncoding(vec![1]), "a"), StoreError::Damaged { .. }));
        assert!(matches!(text(vec![0xff], "a"), Err(StoreError::Damaged { .. })));
    }
}
