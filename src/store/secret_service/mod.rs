//! A store in the Secret Service (<https://specifications.freedesktop.org/secret-service/latest/>), which GNOME
//! Keyring, KWallet and others offer on the session bus.

mod bus;

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use secret_service::blocking::{Item, SecretService};
use secret_service::{EncryptionType, Error};
use zbus::blocking::connection::Builder;
use zbus::conn::AuthMechanism;
use zeroize::Zeroizing;

use self::bus::BusError;
use super::{Backend, Listing, StoreError};
use crate::secret::Secret;

/// The `service` attribute of all items; their `username` attribute is the item name.
const SERVICE: &str = "cogfed";

const NAME: &str = "the Secret Service keyring";

/// The content type of all items.
const CONTENT: &str = "application/octet-stream";

/// The Secret Service's error for an item that is locked and that no prompt can unlock
/// (<https://specifications.freedesktop.org/secret-service/latest/errors.html>).
const IS_LOCKED: &str = "org.freedesktop.Secret.Error.IsLocked";

/// D-Bus's errors for a bus name that no running program owns, and for which no program can be started
/// (<https://dbus.freedesktop.org/doc/api/html/group__DBusProtocol.html>).
const NOBODY: [&str; 2] = ["org.freedesktop.DBus.Error.ServiceUnknown", "org.freedesktop.DBus.Error.NameHasNoOwner"];

/// The hint for a failure that the Secret Service does not explain.
const AGAIN: &str =
    "run the command again; if it fails again, restart the keyring, or see what is wrong in its own manager";

/// The store in the Secret Service, to which the first call connects. Its calls may prompt, and may never return: see
/// [`Bounded`](super::Bounded).
#[derive(Default)]
pub struct Keyring(Mutex<Option<SecretService<'static>>>);

impl Keyring {
    /// Creates the store without connecting to the Secret Service yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Runs `call`, and runs it again with a new connection if the service fails. A keyring that was restarted or
    /// locked has forgotten this process's session. A read also fails if another process replaces the item at that
    /// moment.
    fn call<T>(&self, call: impl Fn(&SecretService<'_>) -> Result<T, Error>) -> Result<T, StoreError> {
        let mut connected = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let service = match &mut *connected {
            Some(service) => service,
            none => none.insert(connect()?),
        };
        match call(service) {
            Err(error) if !matches!(error, Error::Locked | Error::NoResult | Error::Prompt) => {
                *connected = None;
                call(connected.insert(connect()?)).map_err(failed)
            }
            outcome => outcome.map_err(failed),
        }
    }
}

/// Connects to the Secret Service. Its items travel encrypted, so that no other program on the bus can read them.
fn connect() -> Result<SecretService<'static>, StoreError> {
    let stream = bus::connect().map_err(|error| match error {
        BusError::Refused(fault) => StoreError::Refused {
            store: NAME,
            detail: fault,
            hint: "unset DBUS_SESSION_BUS_ADDRESS, or let it name the session bus of this user".into(),
        },
        BusError::Unreachable(detail) => StoreError::NoService { store: NAME, detail },
    })?;
    // Any other mechanism of authentication is for other kinds of connections.
    let connection = Builder::async_io_unix_stream(stream).auth_mechanism(AuthMechanism::External).build();
    let connection = connection.map_err(|error| StoreError::NoService {
        store: NAME,
        detail: format!("the session bus: {}", plain(&error)),
    })?;
    #[cfg(not(target_os = "linux"))]
    owned(&connection)?;
    SecretService::connect_with_existing(EncryptionType::Dh, connection).map_err(failed)
}

/// Checks that a connected bus belongs to this user, on systems where this check is impossible before the connection.
#[cfg(not(target_os = "linux"))]
fn owned(connection: &zbus::blocking::Connection) -> Result<(), StoreError> {
    let peer = zbus::block_on(connection.peer_creds()).ok().and_then(|peer| peer.unix_user_id());
    if peer == Some(rustix::process::geteuid().as_raw()) {
        return Ok(());
    }
    let hint = "unset DBUS_SESSION_BUS_ADDRESS, or let it name the session bus of this user".into();
    Err(StoreError::Refused { store: NAME, detail: "the session bus is not this user's".into(), hint })
}

/// Returns the label that keyring managers show for an item, such as "cogfed tokens of AzureAD at eu-west-1_AbC123xyz".
fn label(account: &str) -> String {
    match account.split('/').collect::<Vec<_>>().as_slice() {
        [kind, pool, _, who] | [kind, pool, _, who, _, _] => format!("cogfed {kind} of {who} at {pool}"),
        _ => format!("cogfed {account}"),
    }
}

fn attributes(account: &str) -> HashMap<&str, &str> {
    HashMap::from([("service", SERVICE), ("username", account)])
}

/// Returns all items with these attributes, and unlocks them if necessary. Several may have the same: an import or a
/// second collection can create them.
fn unlocked<'a>(service: &'a SecretService<'a>, attributes: HashMap<&str, &str>) -> Result<Vec<Item<'a>>, Error> {
    let mut found = service.search_items(attributes)?;
    if !found.locked.is_empty() {
        service.unlock_all(&found.locked.iter().collect::<Vec<_>>())?;
        found.unlocked.append(&mut found.locked);
    }
    Ok(found.unlocked)
}

fn kept(service: &SecretService<'_>, account: &str, bytes: &[u8]) -> Result<(), Error> {
    let mut items = unlocked(service, attributes(account))?.into_iter();
    if let Some(first) = items.next() {
        // The first is written before the others are removed, so that there is a text at every moment.
        first.set_secret(bytes, CONTENT)?;
        return items.try_for_each(|other| other.delete());
    }
    let collection = service.get_default_collection()?;
    if collection.is_locked()? {
        collection.unlock()?;
    }
    collection.create_item(&label(account), attributes(account), bytes, true, CONTENT).map(drop)
}

fn failed(error: Error) -> StoreError {
    match &error {
        Error::Locked => StoreError::Locked { store: NAME, detail: "nobody unlocked it".into() },
        // A keyring without a program that could ask dismisses its own prompt.
        Error::Prompt => StoreError::Locked { store: NAME, detail: "its prompt was dismissed".into() },
        Error::NoResult => StoreError::NoDefault { store: NAME },
        Error::Zbus(zbus::Error::MethodError(name, _, _)) if name.as_str() == IS_LOCKED => {
            StoreError::Locked { store: NAME, detail: "nobody unlocked it".into() }
        }
        Error::Zbus(zbus::Error::MethodError(name, _, _)) if NOBODY.contains(&name.as_str()) => {
            StoreError::NoService { store: NAME, detail: "no keyring program runs on the session bus".into() }
        }
        Error::Unavailable => {
            StoreError::NoService { store: NAME, detail: "no keyring program runs on the session bus".into() }
        }
        Error::Zbus(inner) => other(plain(inner)),
        Error::PromptDisconnected => other("it went away during its prompt".into()),
        _ => other(error.to_string()),
    }
}

fn other(detail: String) -> StoreError {
    StoreError::Other { store: NAME, detail, hint: Some(AGAIN.into()) }
}

/// Returns the message of the service or of the system itself, without the names of Rust libraries.
fn plain(error: &zbus::Error) -> String {
    match error {
        zbus::Error::MethodError(name, Some(text), _) => format!("{text} ({name})"),
        zbus::Error::MethodError(name, None, _) => name.to_string(),
        zbus::Error::InputOutput(error) => error.to_string(),
        zbus::Error::Handshake(text) | zbus::Error::Failure(text) => text.clone(),
        other => other.to_string(),
    }
}

fn text(bytes: Vec<u8>, account: &str) -> Result<Secret, StoreError> {
    String::from_utf8(bytes).map(Secret::new).map_err(|error| {
        drop(Zeroizing::new(error.into_bytes()));
        StoreError::Damaged { store: NAME, account: account.into(), detail: "it is not text".into() }
    })
}

impl Backend for Keyring {
    fn describe(&self) -> &'static str {
        NAME
    }

    fn item_limit(&self) -> Option<usize> {
        None
    }

    fn get(&self, account: &str) -> Result<Option<Secret>, StoreError> {
        let found = self.call(|service| {
            let items = unlocked(service, attributes(account))?;
            items.first().map(Item::get_secret).transpose()
        })?;
        found.map(|bytes| text(bytes, account)).transpose()
    }

    fn set(&self, account: &str, value: &Secret) -> Result<(), StoreError> {
        self.call(|service| kept(service, account, value.expose().as_bytes()))
    }

    fn delete(&self, account: &str) -> Result<(), StoreError> {
        self.call(|service| unlocked(service, attributes(account))?.iter().try_for_each(Item::delete))
    }

    /// Returns whether the item exists, without unlocking anything.
    fn contains(&self, account: &str) -> Result<bool, StoreError> {
        self.call(|service| {
            let found = service.search_items(attributes(account))?;
            Ok(!found.unlocked.is_empty() || !found.locked.is_empty())
        })
    }

    fn list(&self) -> Result<Listing, StoreError> {
        self.call(|service| {
            let mut listing = Listing::default();
            for item in unlocked(service, HashMap::from([("service", SERVICE)]))? {
                // An item without them was locked or deleted just now.
                match item.get_attributes().ok().and_then(|mut attributes| attributes.remove("username")) {
                    Some(account) => _ = listing.accounts.insert(account),
                    None => listing.unnamed += 1,
                }
            }
            Ok(listing)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keyring_labels_name_kind_provider_and_pool() {
        assert_eq!(label("tokens/eu-west-1_AbC/3n4b5/AzureAD"), "cogfed tokens of AzureAD at eu-west-1_AbC");
        let credentials = "credentials/eu-west-1_AbC/3n4b5/AzureAD/eu-west-1:1cf6/default";
        assert_eq!(label(credentials), "cogfed credentials of AzureAD at eu-west-1_AbC");
        assert_eq!(label("client-secret/a"), "cogfed client-secret/a");
    }

    /// Item names must be the same in all releases, because an item is not found under another name.
    #[test]
    fn keyring_items_are_named_as_in_the_fixtures() {
        let names: serde_json::Value =
            serde_json::from_str(include_str!("../../../tests/data/released/0.1.0/names.json")).unwrap();
        for kind in ["tokens", "credentials"] {
            let item = &names["keyring"][kind];
            assert_eq!(item["service"], SERVICE);
            let account = item["username"].as_str().unwrap();
            assert_eq!(item["label"], label(account));
            assert_eq!(attributes(account), HashMap::from([("service", SERVICE), ("username", account)]));
        }
    }

    #[test]
    fn keyring_failures_are_told_apart_in_plain_words() {
        let said = |error: Error| failed(error).to_string();
        assert!(matches!(failed(Error::Locked), StoreError::Locked { .. }));
        assert_eq!(said(Error::Prompt), "the Secret Service keyring is locked, and its prompt was dismissed");
        assert!(matches!(failed(Error::NoResult), StoreError::NoDefault { .. }));
        assert!(matches!(failed(Error::Unavailable), StoreError::NoService { .. }));
        let odd = failed(Error::Zbus(zbus::Error::Failure("odd".into())));
        assert_eq!(odd, StoreError::Other { store: NAME, detail: "odd".into(), hint: Some(AGAIN.into()) });
        for error in [Error::Prompt, Error::PromptDisconnected, Error::NoResult, Error::Unavailable] {
            let told = said(error);
            assert!(!["SS error", "zbus", "dbus"].iter().any(|word| told.contains(word)), "{told}");
        }
        assert_eq!(text(b"{}".to_vec(), "a").unwrap().expose(), "{}");
        assert!(matches!(text(vec![0xff], "a"), Err(StoreError::Damaged { .. })));
    }
}
