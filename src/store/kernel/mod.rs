//! A store in the Linux kernel's keyring, whose items are in memory, never on disk, and can expire (keyrings(7),
//! user-keyring(7)).
//!
//! It has to work the same from a desktop session, ssh, cron and a systemd unit. These share the user keyring but do
//! not *possess* it. A key is therefore created in the process keyring, where its creator may set its permissions and
//! lifetime. Then it is linked into the user keyring, where every session finds it and may view, read and search it.

mod neighbours;

use std::collections::BTreeSet;
use std::time::Duration;

use linux_keyutils::{Key, KeyError, KeyPermissionsBuilder, KeyRing, KeyRingIdentifier, Permission};
use zeroize::Zeroizing;

pub(super) use neighbours::has_neighbours;

use super::{Backend, Listing, StoreError};
use crate::secret::Secret;

const NAME: &str = "the Linux kernel's keyring";

/// The maximum payload of a key of type "user", in bytes (keyrings(7)).
const LIMIT: usize = 32_767;

/// The initial size of the buffer for reading a key, in bytes. Credentials need about 1,600.
const USUAL: usize = 4096;

/// The file that lists all keys that this process may see.
const KEYS: &str = "/proc/keys";

/// The file that lists the key quotas and their use for each user (proc_keys(5)).
const QUOTAS: &str = "/proc/key-users";

/// The maximum number of attempts to remove a key that another process keeps adding again.
const ATTEMPTS: usize = 8;

/// A store that keeps each item as a key of type "user" in the user keyring.
#[derive(Debug, Clone, Copy)]
pub struct KernelKeyring {
    /// The prefix of each key's description. Copies of the OS keyring and the kernel store have different prefixes,
    /// because they may hold sign-ins of different people under one account.
    prefix: &'static str,
}

impl KernelKeyring {
    /// Creates the store for short-lived copies of items from the OS keyring.
    pub fn cache() -> Self {
        Self { prefix: "cogfed:cache:" }
    }

    /// Creates the store for profiles with `store = "kernel"`.
    pub fn store() -> Self {
        Self { prefix: "cogfed:store:" }
    }

    /// Stores an item like [`Backend::set`], but lets it expire after `lifetime`, rounded to whole seconds. Less than
    /// one second removes the item.
    ///
    /// # Errors
    /// If the kernel refuses, or its quota is used up (keyctl(2): 20,000 bytes and 200 keys a user).
    pub fn set_for(&self, account: &str, value: &Secret, lifetime: Duration) -> Result<(), StoreError> {
        match lifetime.as_secs() {
            0 => self.delete(account),
            seconds => self.put(account, value, Some(usize::try_from(seconds).unwrap_or(usize::MAX))),
        }
    }

    fn put(&self, account: &str, value: &Secret, seconds: Option<usize>) -> Result<(), StoreError> {
        let description = self.description(account);
        let bytes = value.expose().as_bytes();
        let put = match add(&description, bytes, seconds) {
            // There is no room for the new text beside the old one, but there may be in its place.
            Err(KeyError::QuotaExceeded) => update(&description, bytes, seconds),
            put => put,
        };
        put.map_err(|error| match error {
            KeyError::QuotaExceeded => over_quota(Some(bytes.len())),
            other => failed(other),
        })
    }

    fn description(&self, account: &str) -> String {
        format!("{}{account}", self.prefix)
    }
}

fn user_keyring() -> Result<KeyRing, KeyError> {
    KeyRing::from_special_id(KeyRingIdentifier::User, false)
}

fn found(description: &str) -> Result<Option<Key>, KeyError> {
    present(user_keyring()?.search(description))
}

/// Returns `Ok(None)` instead of an error if the key is missing, expired or revoked.
fn present<T>(result: Result<T, KeyError>) -> Result<Option<T>, KeyError> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(KeyError::KeyDoesNotExist | KeyError::KeyExpired | KeyError::KeyRevoked | KeyError::KeyRejected) => {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

fn add(description: &str, bytes: &[u8], seconds: Option<usize>) -> Result<(), KeyError> {
    let user = user_keyring()?;
    let process = KeyRing::from_special_id(KeyRingIdentifier::Process, true)?;
    let key = process.add_key(description, bytes)?;
    let linked = settle(key, seconds).and_then(|()| user.link_key(key));
    // If this worked, the user keyring holds the key. If not, the key must not exist.
    let _ = process.unlink_key(key);
    linked
}

/// Replaces the payload of an existing key, even if the key has expired but still counts towards the quota. Only its
/// possessor may do so, so this process possesses the user keyring for a moment. `KEYCTL_UPDATE` takes at most a page,
/// but add_key(2) also updates a key that exists.
fn update(description: &str, bytes: &[u8], seconds: Option<usize>) -> Result<(), KeyError> {
    let process = KeyRing::from_special_id(KeyRingIdentifier::Process, true)?;
    process.link_keyring_id(KeyRingIdentifier::User)?;
    let updated = user_keyring().and_then(|user| user.add_key(description, bytes)).and_then(|key| settle(key, seconds));
    let _ = process.unlink_keyring_id(KeyRingIdentifier::User);
    updated
}

/// Sets the permissions and the lifetime of a key. Without `seconds`, the key lives until the machine shuts down.
fn settle(key: Key, seconds: Option<usize>) -> Result<(), KeyError> {
    let permissions = KeyPermissionsBuilder::builder()
        .posessor(Permission::ALL)
        .user(Permission::VIEW | Permission::READ | Permission::SEARCH)
        .build();
    key.set_perms(permissions)?;
    // 0 removes an expiry.
    key.set_timeout(seconds.unwrap_or(0))
}

/// Returns the payload of a key. The buffer is small at first: one of the largest size would have to be wiped as a
/// whole, which costs more than the read.
fn payload(key: Key) -> Result<Vec<u8>, KeyError> {
    let mut buffer = Zeroizing::new(vec![0; USUAL]);
    loop {
        let length = key.read(&mut *buffer)?;
        if length <= buffer.len() {
            buffer.truncate(length);
            return Ok(std::mem::take(&mut *buffer));
        }
        buffer = Zeroizing::new(vec![0; length]);
    }
}

/// Invalidates a key, so that all keyrings lose it at once. Any session of the user may do so.
fn remove(key: Key) -> Result<(), KeyError> {
    match key.invalidate() {
        Err(KeyError::PermissionDenied | KeyError::AccessDenied | KeyError::OperationNotSupported) => {
            user_keyring()?.unlink_key(key)
        }
        gone => present(gone).map(|_| ()),
    }
}

/// Returns whether the kernel's keyring is a good choice on a machine without an OS keyring: it works, is private to
/// this user, and outlasts the session.
pub(super) fn is_recommended() -> bool {
    // Windows ends its subsystem for Linux minutes after the last terminal was closed.
    let is_wsl = std::fs::read_to_string("/proc/sys/kernel/osrelease").is_ok_and(|name| name.contains("icrosoft"));
    !is_wsl && !neighbours::has_neighbours() && user_keyring().is_ok()
}

/// Checks that neither another container nor the host can read this user's kernel keyring.
pub(super) fn private() -> Result<(), StoreError> {
    match neighbours::has_neighbours() {
        false => Ok(()),
        true => Err(StoreError::Refused {
            store: NAME,
            detail: "this container shares it with the machine and with every other container of the same user id".into(),
            hint: "set store = \"file\" in the profile; only if all of them may have your sign-in, set store = \"kernel\" \
                   and shared_keyring = true"
                .into(),
        }),
    }
}

/// Returns the error for a key that exceeds one of the kernel's quotas. `needed` is the length of the item in bytes, if
/// there is one.
fn over_quota(needed: Option<usize>) -> StoreError {
    let own = rustix::process::geteuid();
    let table = std::fs::read_to_string(QUOTAS).unwrap_or_default();
    match exceeded(&table, own.as_raw()) {
        Some(exceeded) => {
            // Keys that were just removed may still be counted beyond the limit.
            let count = exceeded.used.min(exceeded.most);
            let used = format!("{count} of {} {} of this user are in use", exceeded.most, exceeded.unit);
            let setting = setting(&exceeded, own.is_root(), |name| {
                std::fs::read_to_string(format!("/proc/sys/kernel/keys/{name}")).ok()?.trim().parse().ok()
            });
            StoreError::OverQuota { store: NAME, needed, used, setting }
        }
        None => {
            let used = "all keys or bytes that the kernel allows this user are in use".to_owned();
            StoreError::OverQuota { store: NAME, needed, used, setting: "kernel.keys.maxkeys" }
        }
    }
}

/// A quota of keys or bytes that is used up.
#[derive(Debug, PartialEq, Eq)]
struct Exceeded {
    used: u64,
    most: u64,
    unit: &'static str,
}

/// Returns the exceeded quota from a table like [`QUOTAS`]: `UID: USAGE KEYS/INSTANTIATED COUNTED/MOST BYTES/MOST`
/// (proc_keys(5)).
fn exceeded(table: &str, uid: u32) -> Option<Exceeded> {
    let line = table.lines().find_map(|line| line.trim_start().strip_prefix(&format!("{uid}:")))?;
    let mut words = line.split_whitespace().skip(2);
    let mut next = |unit| {
        let (used, most) = words.next()?.split_once('/')?;
        Some(Exceeded { used: used.parse().ok()?, most: most.parse().ok()?, unit })
    };
    let (keys, bytes) = (next("keys")?, next("bytes")?);
    // A key is refused for its number only if there are as many already.
    Some(if keys.used >= keys.most { keys } else { bytes })
}

/// The maximum number of bytes that the user keyring takes from the quota, for its description and one link.
const KEYRING: u64 = 64;

/// Returns whether this user's quota of kernel keys is too full to create the user keyring.
fn has_no_room_for_a_keyring() -> bool {
    let table = std::fs::read_to_string(QUOTAS).unwrap_or_default();
    let exceeded = exceeded(&table, rustix::process::geteuid().as_raw());
    exceeded.is_some_and(|quota| quota.used + if quota.unit == "keys" { 0 } else { KEYRING } >= quota.most)
}

/// Returns the name of the sysctl(8) setting of a quota. Only the root of the whole machine has quotas of its own, so the
/// root of a container is recognised by the limit. `limit` reads a setting.
fn setting(exceeded: &Exceeded, is_root: bool, limit: impl Fn(&str) -> Option<u64>) -> &'static str {
    let is_machines_root = |name| is_root && limit(name).is_none_or(|limit| limit == exceeded.most);
    match exceeded.unit {
        "keys" if is_machines_root("root_maxkeys") => "kernel.keys.root_maxkeys",
        "keys" => "kernel.keys.maxkeys",
        _ if is_machines_root("root_maxbytes") => "kernel.keys.root_maxbytes",
        _ => "kernel.keys.maxbytes",
    }
}

fn failed(error: KeyError) -> StoreError {
    const HINT: &str = "containers often forbid it: set store = \"file\" in the profile (files of mode 0600, as the AWS \
                        CLI keeps its own)";
    match error {
        KeyError::QuotaExceeded => over_quota(None),
        // Making the user keyring takes a key, and the kernel only says that there is no such keyring.
        KeyError::KeyDoesNotExist if has_no_room_for_a_keyring() => over_quota(None),
        other => {
            let detail = match other {
                KeyError::PermissionDenied | KeyError::AccessDenied => "not permitted".into(),
                KeyError::Unknown(number) => std::io::Error::from_raw_os_error(number).to_string(),
                other => other.to_string(),
            };
            StoreError::Other { store: NAME, detail, hint: Some(HINT.into()) }
        }
    }
}

impl Backend for KernelKeyring {
    fn describe(&self) -> &'static str {
        NAME
    }

    fn item_limit(&self) -> Option<usize> {
        Some(LIMIT)
    }

    fn get(&self, account: &str) -> Result<Option<Secret>, StoreError> {
        let Some(key) = found(&self.description(account)).map_err(failed)? else { return Ok(None) };
        let Some(bytes) = present(payload(key)).map_err(failed)? else { return Ok(None) };
        let text = String::from_utf8(bytes).map_err(|error| {
            drop(Zeroizing::new(error.into_bytes()));
            StoreError::Damaged { store: NAME, account: account.into(), detail: "it is not text".into() }
        })?;
        Ok(Some(Secret::new(text)))
    }

    fn set(&self, account: &str, value: &Secret) -> Result<(), StoreError> {
        self.put(account, value, None)
    }

    fn delete(&self, account: &str) -> Result<(), StoreError> {
        let description = self.description(account);
        for _ in 0..ATTEMPTS {
            let Some(key) = found(&description).map_err(failed)? else { return Ok(()) };
            remove(key).map_err(failed)?;
        }
        let detail = format!("{account} is put back again and again");
        Err(StoreError::Other { store: NAME, detail, hint: None })
    }

    fn list(&self) -> Result<Listing, StoreError> {
        let keys = std::fs::read(KEYS).map_err(|error| StoreError::Other {
            store: NAME,
            detail: format!("cannot read {KEYS}: {error}"),
            hint: None,
        })?;
        let mut accounts = BTreeSet::new();
        for description in String::from_utf8_lossy(&keys).lines().filter_map(described) {
            // The list also has keys of other keyrings, and expired ones.
            if let Some(account) = description.strip_prefix(self.prefix)
                && found(description).map_err(failed)?.is_some()
            {
                accounts.insert(account.to_owned());
            }
        }
        Ok(Listing { accounts, unnamed: 0 })
    }
}

/// Returns the description of a key of type "user", or `None` for another key. `line` is from [`KEYS`]: `ID FLAGS USAGE
/// TIMEOUT PERMISSIONS UID GID TYPE DESCRIPTION: LENGTH` (proc(5)). The library can list a keyring, too, but panics at
/// descriptions of more than 512 bytes.
fn described(line: &str) -> Option<&str> {
    let mut rest = line.trim_start();
    for _ in 0..7 {
        rest = rest.split_once(' ')?.1.trim_start();
    }
    let description = rest.strip_prefix("user ")?.trim_start();
    let (description, length) = description.rsplit_once(": ")?;
    length.bytes().all(|byte| byte.is_ascii_digit()).then_some(description)
}

#[cfg(test)]
mod tests;
