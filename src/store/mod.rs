//! Secrets at rest, as texts under accounts: in the OS keyring, or in the store that a person chose instead.
//!
//! The store does not interpret the texts. It decides where they are kept, and limits the time of every call. A reader
//! sees the old text or the new one, never a mixture.

mod fault;
mod file;
#[cfg(target_os = "linux")]
mod kernel;
mod keyring;
mod memory;
mod parts;
mod patience;

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

pub use self::fault::StoreError;
pub use self::file::FileStore;
#[cfg(target_os = "linux")]
pub use self::kernel::KernelKeyring;
pub use self::keyring::Keyring;
pub use self::memory::MemoryStore;
pub use self::parts::InParts;
pub use self::patience::{Bounded, OnWait, Patience};
use crate::error::{Failure, Kind};
use crate::folder::Folder;
use crate::secret::Secret;

/// A place for secrets: one text for each account, written and read as a whole.
pub trait Backend: Send + Sync {
    /// Returns the name of the store for messages: "the Secret Service keyring".
    fn describe(&self) -> &'static str;

    /// Returns the length of the longest text in one item, in bytes, if there is a limit.
    fn item_limit(&self) -> Option<usize>;

    /// Returns the text of `account`, or `None` if there is none.
    ///
    /// # Errors
    /// If the text cannot be read.
    fn get(&self, account: &str) -> Result<Option<Secret>, StoreError>;

    /// Replaces the text of `account` with `value`.
    ///
    /// # Errors
    /// If it could not be saved.
    fn set(&self, account: &str, value: &Secret) -> Result<(), StoreError>;

    /// Removes the text of `account`. A missing text is no error.
    ///
    /// # Errors
    /// If the text may still be there.
    fn delete(&self, account: &str) -> Result<(), StoreError>;

    /// Returns the accounts that hold a text.
    ///
    /// # Errors
    /// If they cannot be listed.
    fn list(&self) -> Result<Listing, StoreError>;
}

/// The accounts in a store.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listing {
    /// The names of the accounts, in order. After an interrupted write or removal, an account is listed although it may
    /// have no text.
    pub accounts: BTreeSet<String>,
    /// The number of items whose account is not known. The file store shortens names of more than 200 bytes, and the
    /// keyring may have locked an item again.
    pub unnamed: usize,
}

/// The kind of store, as `store` in the profile or `COGFED_STORE` names it.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum StoreKind {
    /// `keyring`: the keyring of the operating system.
    #[default]
    Keyring,
    /// `kernel`: the Linux kernel's keyring, in memory, gone at reboot.
    #[cfg(target_os = "linux")]
    Kernel,
    /// `file`: files of mode 0600 in cogfed's own folder.
    File,
    /// In this process's memory, for tests. It cannot be chosen by name.
    Memory(MemoryStore),
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

/// The state of an item's copy in the Linux kernel's keyring.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cached<T> {
    /// The copy.
    Copy(T),
    /// There is no copy, or it has expired. One can be made.
    Missing,
    /// Copies are not used: the kernel refuses them, or the store is not the OS keyring.
    NotUsed,
}

/// The store as the rest of cogfed uses it, from several threads at once.
///
/// Nothing is opened, connected or started before the first call that needs it. With the OS keyring on Linux, the
/// kernel's keyring holds copies of items that are read often. Reading one ([`Store::cached`]) needs no service and no
/// thread.
pub struct Store {
    backend: Box<dyn Backend>,
    #[cfg(target_os = "linux")]
    cache: Option<KernelKeyring>,
}

impl Store {
    /// Creates the store of this kind. `folder` is cogfed's own ([`Folder::own`]); the file store uses the folder
    /// `store/` in it. `patience` limits the time of all calls to a keyring together. `on_wait` is called once, when
    /// one of them has taken a second.
    pub fn new(kind: StoreKind, folder: &Folder, patience: Patience, on_wait: Option<OnWait>) -> Self {
        #[cfg(target_os = "linux")]
        let cache = (kind == StoreKind::Keyring).then(KernelKeyring::cache);
        let backend: Box<dyn Backend> = match kind {
            StoreKind::Keyring => Box::new(InParts::over(Bounded::new(Arc::new(Keyring::new()), patience, on_wait))),
            #[cfg(target_os = "linux")]
            StoreKind::Kernel => Box::new(InParts::over(KernelKeyring::store())),
            StoreKind::File => Box::new(FileStore::new(folder)),
            StoreKind::Memory(memory) => Box::new(InParts::over(memory)),
        };
        Self {
            backend,
            #[cfg(target_os = "linux")]
            cache,
        }
    }

    /// Returns the name of the store for messages: "the Secret Service keyring".
    pub fn describe(&self) -> &'static str {
        self.backend.describe()
    }

    /// Returns the text of `account`, or `None` if there is none.
    ///
    /// # Errors
    /// If the text cannot be read.
    pub fn get(&self, account: &str) -> Result<Option<Secret>, StoreError> {
        self.backend.get(account)
    }

    /// Replaces the text of `account` with `value`. Removes the copy of the old text first.
    ///
    /// # Errors
    /// If it could not be saved.
    pub fn set(&self, account: &str, value: &Secret) -> Result<(), StoreError> {
        self.forget_cached(account);
        self.backend.set(account, value)
    }

    /// Removes the text of `account`, its copy first. A missing text is no error.
    ///
    /// # Errors
    /// If the text may still be there.
    pub fn delete(&self, account: &str) -> Result<(), StoreError> {
        self.forget_cached(account);
        self.backend.delete(account)
    }

    /// Returns the accounts that hold a text in the store itself, without the copies in the kernel's keyring.
    ///
    /// # Errors
    /// If they cannot be listed.
    pub fn list(&self) -> Result<Listing, StoreError> {
        self.backend.list()
    }

    /// Returns the copy of `account` in the Linux kernel's keyring.
    pub fn cached(&self, account: &str) -> Cached<Secret> {
        #[cfg(target_os = "linux")]
        return match self.cache.as_ref().map(|cache| cache.get(account)) {
            Some(Ok(Some(copy))) => Cached::Copy(copy),
            Some(Ok(None)) => Cached::Missing,
            Some(Err(_)) | None => Cached::NotUsed,
        };
        #[cfg(not(target_os = "linux"))]
        {
            let _ = account;
            Cached::NotUsed
        }
    }

    /// Keeps a copy of `value` for `lifetime`, for [`Store::cached`]. If that fails, no copy is left, not even an older
    /// one.
    pub fn set_cached(&self, account: &str, value: &Secret, lifetime: Duration) {
        #[cfg(target_os = "linux")]
        if let Some(cache) = &self.cache
            && cache.set_for(account, value, lifetime).is_err()
        {
            self.forget_cached(account);
        }
        #[cfg(not(target_os = "linux"))]
        let _ = (account, value, lifetime);
    }

    /// Removes the copy of `account`, if there is one.
    pub fn forget_cached(&self, account: &str) {
        #[cfg(target_os = "linux")]
        if let Some(cache) = &self.cache {
            // A kernel that refuses to remove a copy has refused to keep one.
            let _ = cache.delete(account);
        }
        #[cfg(not(target_os = "linux"))]
        let _ = account;
    }
}

#[cfg(all(test, target_os = "linux"))]
pub(crate) mod testing;

#[cfg(test)]
mod tests {
    #[cfg(target_os = "linux")]
    use super::testing::copies;
    use super::*;

    #[test]
    fn store_serves_several_threads() {
        let memory = MemoryStore::with_limit(100);
        let kind = StoreKind::Memory(memory);
        let store = Store::new(kind, &Folder::at("/nonexistent"), Patience::unattended(), None);
        std::thread::scope(|scope| {
            for name in ["a", "b", "c", "d"] {
                let store = &store;
                scope.spawn(move || {
                    for length in 0..50 {
                        let value = Secret::new(name.repeat(length * 10));
                        store.set(name, &value).unwrap();
                        assert_eq!(store.get(name).unwrap(), Some(value));
                    }
                });
            }
        });
        assert_eq!(store.list().unwrap().accounts, ["a", "b", "c", "d"].map(str::to_owned).into());
    }

    #[test]
    fn each_store_kind_has_its_name() {
        for name in ["keyring", "kernel", "file"] {
            match name.parse::<StoreKind>() {
                Ok(kind) => assert_eq!(kind.to_string(), name),
                Err(failure) => assert!(name == "kernel" && cfg!(not(target_os = "linux")), "{failure}"),
            }
        }
        assert_eq!("keyring".parse(), Ok(StoreKind::Keyring));
        assert_eq!("file".parse(), Ok(StoreKind::File));
        #[cfg(target_os = "linux")]
        assert_eq!("kernel".parse(), Ok(StoreKind::Kernel));
        let memory = MemoryStore::default();
        assert_eq!(StoreKind::Memory(memory.clone()).to_string(), "memory");
        assert_eq!(StoreKind::Memory(memory.clone()), StoreKind::Memory(memory.clone()));
        assert_ne!(StoreKind::Memory(memory), StoreKind::Memory(MemoryStore::default()), "as empty, but another one");
        for wrong in ["", "Keyring", "memory", "keychain"] {
            let failure = wrong.parse::<StoreKind>().unwrap_err();
            assert_eq!(failure.kind, Kind::Usage);
            assert!(failure.hint.unwrap().contains("\"file\""));
        }
    }

    #[test]
    fn file_and_memory_stores_keep_replace_and_delete_items() {
        let temp = tempfile::tempdir().unwrap();
        let folder = Folder::at(temp.path().join("cogfed"));
        for kind in [StoreKind::File, StoreKind::Memory(MemoryStore::default())] {
            let store = Store::new(kind.clone(), &folder, Patience::new(Duration::from_secs(4)), None);
            let name = if kind == StoreKind::File { "the file store" } else { "the store in memory" };
            assert_eq!(store.describe(), name);
            assert_eq!(store.get("tokens/a").unwrap(), None);
            store.set("tokens/a", &Secret::new("{1}")).unwrap();
            store.set("tokens/a", &Secret::new("{2}")).unwrap();
            assert_eq!(store.get("tokens/a").unwrap(), Some(Secret::new("{2}")));
            store.set_cached("tokens/a", &Secret::new("{2}"), Duration::from_secs(60));
            assert_eq!(store.cached("tokens/a"), Cached::NotUsed, "only the OS keyring has a copy in the kernel");
            store.delete("tokens/a").unwrap();
            store.delete("tokens/a").unwrap();
            assert_eq!(store.get("tokens/a").unwrap(), None);
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn kernel_copy_needs_no_service_and_ends_with_its_item() {
        let account = format!("test/{}", std::process::id());
        let Some(store) = copies(&account) else { return };
        let keep = |text: &str| store.set_cached(&account, &Secret::new(text), Duration::from_secs(60));
        keep("{copy}");
        assert_eq!(store.cached(&account), Cached::Copy(Secret::new("{copy}")));
        assert!(matches!(store.set(&account, &Secret::new("{new}")), Err(StoreError::NoAnswer { .. })));
        assert_eq!(store.cached(&account), Cached::Missing, "a new text outdates the copy, whatever becomes of it");
        keep("{copy}");
        assert!(matches!(store.delete(&account), Err(StoreError::NoAnswer { .. })));
        assert_eq!(store.cached(&account), Cached::Missing);
        keep("{copy}");
        keep(&"x".repeat(100_000));
        assert_eq!(store.cached(&account), Cached::Missing, "a copy that cannot be kept leaves no older one");
    }

    #[test]
    fn store_failure_has_its_exit_code_and_the_choices() {
        let failure = Failure::from(StoreError::NoService { store: "the Secret Service keyring", detail: "x".into() });
        assert_eq!(failure.kind, Kind::Store);
        let hint = failure.hint.unwrap();
        for word in ["store = \"file\"", "0600", "store = \"kernel\"", "gone at reboot", "COGFED_STORE"] {
            assert!(hint.contains(word), "{word} is not in: {hint}");
        }
    }
}
