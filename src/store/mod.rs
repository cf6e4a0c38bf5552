//! Storage of named secrets in the OS keyring, or in a store that the person chose instead.
//!
//! The store does not interpret the texts. It decides where they are kept, and limits the time of every call. A reader
//! sees the old text or the new one, never a mixture.

mod fault;
mod file;
mod guarded;
#[cfg(target_os = "linux")]
mod kernel;
#[cfg(any(target_os = "macos", windows))]
mod keyring;
mod memory;
mod parts;
mod patience;
#[cfg(not(any(target_os = "macos", windows)))]
mod secret_service;
mod sign_in;

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ring::rand::{SecureRandom, SystemRandom};

pub use self::fault::StoreError;
pub use self::file::FileStore;
use self::guarded::Guarded;
#[cfg(target_os = "linux")]
pub use self::kernel::KernelKeyring;
#[cfg(any(target_os = "macos", windows))]
pub use self::keyring::Keyring;
pub use self::memory::MemoryStore;
pub use self::parts::InParts;
pub use self::patience::{Bounded, OnWait, Patience};
#[cfg(not(any(target_os = "macos", windows)))]
pub use self::secret_service::Keyring;
pub use self::sign_in::Choice;
use self::sign_in::Stores;
use crate::error::{Failure, Kind};
use crate::folder::Folder;
use crate::secret::Secret;

/// The size of the item that [`Store::probe`] writes, in bytes. A sign-in's record has about the same size.
const PROBE: usize = 6 * 1024;

/// The maximum time to wait for a store that is not the profile's own.
const BESIDES: Duration = Duration::from_secs(2);

/// A storage backend for secrets. Each secret is a text under a name, and is written and read as a whole.
pub trait Backend: Send + Sync {
    /// Returns the store's name for messages, such as "the Secret Service keyring".
    fn describe(&self) -> &'static str;

    /// Returns the maximum length of an item's text, in bytes, or `None` if the length is not limited.
    fn item_limit(&self) -> Option<usize>;

    /// Returns the text of the item `account`, or `None` if there is no such item.
    ///
    /// # Errors
    /// If the text cannot be read.
    fn get(&self, account: &str) -> Result<Option<Secret>, StoreError>;

    /// Stores `value` as the item `account`, in place of its old text.
    ///
    /// # Errors
    /// If it could not be saved.
    fn set(&self, account: &str, value: &Secret) -> Result<(), StoreError>;

    /// Removes the item `account`. A missing text is no error.
    ///
    /// # Errors
    /// If the text may still be there.
    fn delete(&self, account: &str) -> Result<(), StoreError>;

    /// Returns whether the item `account` exists, without unlocking anything if the store can tell.
    ///
    /// # Errors
    /// If that cannot be found out.
    fn contains(&self, account: &str) -> Result<bool, StoreError> {
        Ok(self.get(account)?.is_some())
    }

    /// Returns the names of all items in the store.
    ///
    /// # Errors
    /// If they cannot be listed.
    fn list(&self) -> Result<Listing, StoreError>;
}

/// The items in a store, by their names (accounts).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listing {
    /// The names of the items, in alphabetical order. After an interrupted write or removal, an account is listed
    /// although it may have no text.
    pub accounts: BTreeSet<String>,
    /// The number of items whose name is unknown. The file store shortens names of more than 200 bytes, and the keyring
    /// may have locked an item again.
    pub unnamed: usize,
}

/// The kind of a secret store, set by `store` in the profile or by `COGFED_STORE`.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum StoreKind {
    /// `keyring`: the operating system's keyring.
    #[default]
    Keyring,
    /// `kernel`: the Linux kernel's keyring, which is in memory and lost at reboot.
    #[cfg(target_os = "linux")]
    Kernel,
    /// `file`: files with mode 0600 in cogfed's own folder.
    File,
    /// Memory of this process, for tests. It cannot be chosen by name.
    Memory(MemoryStore),
}

impl StoreKind {
    /// The kinds of store that have a name in the configuration on this operating system.
    const NAMED: &[Self] = &[
        Self::Keyring,
        #[cfg(target_os = "linux")]
        Self::Kernel,
        Self::File,
    ];
}

impl FromStr for StoreKind {
    type Err = Failure;

    fn from_str(name: &str) -> Result<Self, Failure> {
        match name {
            "keyring" => Ok(StoreKind::Keyring),
            "file" => Ok(StoreKind::File),
            #[cfg(target_os = "linux")]
            "kernel" => Ok(StoreKind::Kernel),
            #[cfg(not(target_os = "linux"))]
            "kernel" => Err(Failure::new(Kind::Usage, "store = \"kernel\" exists on Linux only")
                .hint("the stores here are \"keyring\" and \"file\"")),
            _ => Err(Failure::new(Kind::Usage, format!("there is no store '{name}'"))
                .hint("the stores are \"keyring\", \"kernel\" (Linux) and \"file\"")),
        }
    }
}

impl fmt::Display for StoreKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            StoreKind::Keyring => "keyring",
            #[cfg(target_os = "linux")]
            StoreKind::Kernel => "kernel",
            StoreKind::File => "file",
            StoreKind::Memory(_) => "memory",
        })
    }
}

/// The result of looking for an item's copy in the Linux kernel's keyring.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cached<T> {
    /// The value of the copy.
    Copy(T),
    /// There is no copy yet, or it has expired. One can be made.
    Missing,
    /// No copies are kept, because the kernel refuses them or the store is not the OS keyring.
    NotUsed,
}

/// The secret store that the rest of cogfed uses, from any thread.
///
/// Nothing is opened, connected or started before the first call that needs it. With the OS keyring on Linux, the
/// kernel's keyring holds copies of items that are read often. Reading one ([`Store::cached`]) needs no service and no
/// thread.
pub struct Store {
    backend: Stores,
    #[cfg(target_os = "linux")]
    cache: Option<KernelKeyring>,
}

impl Store {
    /// Creates a store of the given kind. `folder` is cogfed's own ([`Folder::own`]); the file store uses the folder
    /// `store/` in it. `patience` limits the time of all calls to a keyring together. `on_wait` is called once, when
    /// one of them has taken a second.
    pub fn new(kind: StoreKind, folder: &Folder, patience: Patience, on_wait: Option<OnWait>) -> Self {
        let backend = opened(&kind, false, folder, &patience, on_wait);
        Self::over(Stores::only(kind, backend))
    }

    /// Creates a store like [`Store::new`], but for the sign-in in the item `account`. If the profile does not name the
    /// store, an existing sign-in stays in the store that holds it.
    pub fn of_sign_in(
        account: &str,
        choice: &Choice,
        folder: &Folder,
        patience: &Patience,
        on_wait: Option<&OnWait>,
    ) -> Self {
        let others = match choice.kind {
            StoreKind::Memory(_) => Vec::new(),
            _ => StoreKind::NAMED.iter().filter(|kind| **kind != choice.kind).cloned().collect(),
        };
        // The environment may not accept that others read the secrets.
        let is_sharing_accepted = choice.is_pinned && choice.is_sharing_accepted;
        let open = |kind: StoreKind, patience: &Patience| {
            let backend = opened(&kind, is_sharing_accepted, folder, patience, on_wait.cloned());
            (kind, backend)
        };
        // The others are not worth waiting for if they can only be mentioned.
        let others_patience = if choice.is_pinned { Patience::new(BESIDES) } else { patience.clone() };
        let others = others.into_iter().map(|kind| open(kind, &others_patience)).collect();
        Self::over(Stores::of(account, choice.is_pinned, open(choice.kind.clone(), patience), others))
    }

    fn over(backend: Stores) -> Self {
        #[cfg(target_os = "linux")]
        let cache = (*backend.kind() == StoreKind::Keyring).then(KernelKeyring::cache);
        Self {
            backend,
            #[cfg(target_os = "linux")]
            cache,
        }
    }

    /// Returns the kind of store that is used. If the profile does not name it, the kind is known after the first call.
    pub fn kind(&self) -> &StoreKind {
        self.backend.kind()
    }

    /// Returns the kind of another store that also holds this sign-in, if there is one. This happens if the configured
    /// store has changed. A store that cannot be asked counts as empty.
    pub fn elsewhere(&self) -> Option<&StoreKind> {
        self.backend.elsewhere()
    }

    /// Returns the kernel keyring for copies of items, or `None` if copies are not used or if other containers could
    /// access them.
    #[cfg(target_os = "linux")]
    fn cache(&self) -> Option<&KernelKeyring> {
        self.cache.as_ref().filter(|_| *self.kind() == StoreKind::Keyring && !kernel::has_neighbours())
    }

    /// Returns the store's name for messages, such as "the Secret Service keyring".
    pub fn describe(&self) -> &'static str {
        self.backend.describe()
    }

    /// Returns the text of `account`, or `None` if there is none.
    ///
    /// # Errors
    /// If the text cannot be read.
    pub fn get(&self, account: &str) -> Result<Option<Secret>, StoreError> {
        self.logged("read", account, || self.backend.get(account))
    }

    /// Runs a call to the store, and logs the operation with its duration.
    fn logged<T>(
        &self,
        operation: &str,
        item: &str,
        call: impl FnOnce() -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let began = Instant::now();
        let outcome = call();
        let error = outcome.as_ref().err().map(tracing::field::display);
        tracing::debug!(store = self.describe(), operation, item, ms = began.elapsed().as_millis(), error, "store");
        outcome
    }

    /// Replaces the text of `account` with `value`. Removes the copy of the old text first.
    ///
    /// # Errors
    /// If it could not be saved.
    pub fn set(&self, account: &str, value: &Secret) -> Result<(), StoreError> {
        self.forget_cached(account);
        self.logged("write", account, || self.backend.set(account, value))
    }

    /// Removes the copy of the item `account`, and then the item itself. A missing text is no error.
    ///
    /// # Errors
    /// If the text may still be there.
    pub fn delete(&self, account: &str) -> Result<(), StoreError> {
        self.forget_cached(account);
        self.logged("delete", account, || self.backend.delete(account))
    }

    /// Returns the names of all items in the store, except for copies in the kernel's keyring.
    ///
    /// # Errors
    /// If they cannot be listed.
    pub fn list(&self) -> Result<Listing, StoreError> {
        self.logged("list", "", || self.backend.list())
    }

    /// Checks that the store can save a sign-in, by writing, reading and deleting an item of about the same size. So a
    /// store that could not keep a sign-in is found before anyone signs in: one that is full, locked, read-only or not
    /// there.
    ///
    /// # Errors
    /// As [`Store::set`], [`Store::get`] and [`Store::delete`], or if the store returns another text.
    pub fn probe(&self) -> Result<(), StoreError> {
        // Processes that probe at the same time must not delete each other's item.
        let mut name = [0; 8];
        let store = self.describe();
        let failed = |_| StoreError::Other { store, detail: "this machine gives no random numbers".into(), hint: None };
        SystemRandom::new().fill(&mut name).map_err(failed)?;
        let account = format!("probe/{:016x}", u64::from_ne_bytes(name));
        let text = Secret::new("0".repeat(PROBE));
        let kept = self.logged("write and read", &account, || {
            self.backend.set(&account, &text).and_then(|()| self.backend.get(&account))
        });
        let deleted = self.backend.delete(&account);
        match kept? {
            Some(kept) if kept == text => deleted,
            _ => Err(StoreError::Other {
                store,
                detail: "it did not return the text that was just saved".into(),
                hint: Some("see what is wrong in the store's own manager, or choose another store".into()),
            }),
        }
    }

    /// Returns the copy of the item `account` from the Linux kernel's keyring.
    pub fn cached(&self, account: &str) -> Cached<Secret> {
        #[cfg(target_os = "linux")]
        {
            let began = Instant::now();
            let cached = match self.cache().map(|cache| cache.get(account)) {
                Some(Ok(Some(copy))) => Cached::Copy(copy),
                Some(Ok(None)) => Cached::Missing,
                Some(Err(_)) | None => Cached::NotUsed,
            };
            let found = matches!(cached, Cached::Copy(_));
            tracing::debug!(operation = "read", item = account, found, ms = began.elapsed().as_millis(), "kernel copy");
            cached
        }
        #[cfg(not(target_os = "linux"))]
        {
            let _ = account;
            Cached::NotUsed
        }
    }

    /// Stores a copy of `value`, to be returned by [`Store::cached`] until `lifetime` has passed. If that fails, no
    /// copy is left, not even an older one.
    pub fn set_cached(&self, account: &str, value: &Secret, lifetime: Duration) {
        #[cfg(target_os = "linux")]
        if let Some(cache) = self.cache()
            && cache.set_for(account, value, lifetime).is_err()
        {
            self.forget_cached(account);
        }
        #[cfg(not(target_os = "linux"))]
        let _ = (account, value, lifetime);
    }

    /// Removes the copy of the item `account` from the Linux kernel's keyring, if there is one.
    pub fn forget_cached(&self, account: &str) {
        #[cfg(target_os = "linux")]
        if let Some(cache) = self.cache() {
            // A kernel that refuses to remove a copy has refused to keep one.
            let _ = cache.delete(account);
        }
        #[cfg(not(target_os = "linux"))]
        let _ = account;
    }
}

/// Creates the backend for a kind of store. Nothing is opened yet.
fn opened(
    kind: &StoreKind,
    is_sharing_accepted: bool,
    folder: &Folder,
    patience: &Patience,
    on_wait: Option<OnWait>,
) -> Box<dyn Backend> {
    #[cfg(not(target_os = "linux"))]
    let _ = is_sharing_accepted;
    match kind {
        StoreKind::Keyring => {
            Box::new(InParts::over(Bounded::new(Arc::new(Keyring::new()), patience.clone(), on_wait)))
        }
        #[cfg(target_os = "linux")]
        StoreKind::Kernel => {
            let check = Box::new(move || if is_sharing_accepted { Ok(()) } else { kernel::private() });
            Box::new(InParts::over(Guarded::over(KernelKeyring::store(), check)))
        }
        StoreKind::File => {
            let place = folder.clone();
            Box::new(Guarded::over(FileStore::new(folder), Box::new(move || file::outside_of_projects(&place))))
        }
        StoreKind::Memory(memory) => Box::new(InParts::over(memory.clone())),
    }
}

#[cfg(all(test, target_os = "linux"))]
pub(crate) mod testing;

#[cfg(test)]
mod tests;
