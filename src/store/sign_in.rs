//! The choice of the store that holds a sign-in. A sign-in stays in the store that holds it, whatever the environment
//! says later.

use std::sync::OnceLock;

use super::{Backend, Listing, StoreError, StoreKind};
use crate::secret::Secret;

/// The configured store for a sign-in.
#[derive(Debug, Clone, PartialEq)]
pub struct Choice {
    /// The kind of store for a new sign-in.
    pub kind: StoreKind,
    /// True if the profile itself sets the store. Otherwise the environment or the default chose it, and a sign-in that
    /// is in another store stays there.
    pub is_pinned: bool,
    /// True if the profile accepts that other containers can read the kernel's keyring.
    pub is_sharing_accepted: bool,
}

impl From<StoreKind> for Choice {
    /// Returns the choice of a profile that sets the store and does not accept a shared keyring.
    fn from(kind: StoreKind) -> Self {
        Self { kind, is_pinned: true, is_sharing_accepted: false }
    }
}

/// A backend and its kind of store.
type Named = (StoreKind, Box<dyn Backend>);

/// The stores that may hold a given sign-in. The first of them is for a new one.
pub(super) struct Stores {
    first: Named,
    others: Vec<Named>,
    /// The item name of the sign-in. With `None` only the first store is used.
    account: Option<String>,
    /// The index in `others` of the store that holds the sign-in; `None` if the first store holds it.
    chosen: OnceLock<Option<usize>>,
}

impl Stores {
    /// Creates a set with a single store.
    pub fn only(kind: StoreKind, backend: Box<dyn Backend>) -> Self {
        Self { first: (kind, backend), others: Vec::new(), account: None, chosen: OnceLock::from(None) }
    }

    /// Creates the set of stores that may hold the sign-in in the item `account`. If the choice is pinned, only the
    /// first is used.
    pub fn of(account: &str, is_pinned: bool, first: Named, others: Vec<Named>) -> Self {
        let chosen = if is_pinned { OnceLock::from(None) } else { OnceLock::new() };
        Self { first, others, account: Some(account.to_owned()), chosen }
    }

    /// Returns the store that holds the sign-in if that store is known already, and the first store otherwise.
    fn known(&self) -> &Named {
        self.chosen.get().copied().flatten().and_then(|at| self.others.get(at)).unwrap_or(&self.first)
    }

    /// Returns the kind of the store that holds the sign-in if that store is known already, and the kind of the first
    /// store otherwise.
    pub fn kind(&self) -> &StoreKind {
        &self.known().0
    }

    /// Returns the kind of another store that also holds the sign-in, or `None` if no other store does.
    pub fn elsewhere(&self) -> Option<&StoreKind> {
        let account = self.account.as_ref()?;
        self.backend();
        let others = std::iter::once(&self.first).chain(&self.others).filter(|(kind, _)| kind != self.kind());
        others.into_iter().find(|(_, store)| holds(store.as_ref(), account)).map(|(kind, _)| kind)
    }

    /// Returns the store that holds the sign-in, or the first store if no store holds the sign-in.
    fn backend(&self) -> &dyn Backend {
        self.chosen.get_or_init(|| {
            let account = self.account.as_deref().unwrap_or_default();
            match holds(self.first.1.as_ref(), account) {
                true => None,
                false => self.others.iter().position(|(_, store)| holds(store.as_ref(), account)),
            }
        });
        self.known().1.as_ref()
    }
}

/// Returns whether `store` has the item `account`. One that cannot be asked counts as having none.
fn holds(store: &dyn Backend, account: &str) -> bool {
    store.contains(account).unwrap_or_default()
}

impl Backend for Stores {
    fn describe(&self) -> &'static str {
        self.known().1.describe()
    }

    fn item_limit(&self) -> Option<usize> {
        self.backend().item_limit()
    }

    fn get(&self, account: &str) -> Result<Option<Secret>, StoreError> {
        if self.chosen.get().is_none() {
            // Usually the first store has it. Nothing else is asked then.
            match self.first.1.get(account) {
                Ok(None) | Err(StoreError::NoService { .. } | StoreError::Refused { .. }) => {}
                found => {
                    let _ = self.chosen.set(None);
                    return found;
                }
            }
        }
        self.backend().get(account)
    }

    fn set(&self, account: &str, value: &Secret) -> Result<(), StoreError> {
        self.backend().set(account, value)
    }

    fn delete(&self, account: &str) -> Result<(), StoreError> {
        self.backend().delete(account)
    }

    fn contains(&self, account: &str) -> Result<bool, StoreError> {
        self.backend().contains(account)
    }

    fn list(&self) -> Result<Listing, StoreError> {
        self.backend().list()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::MemoryStore;

    const ACCOUNT: &str = "tokens/a";

    fn stores(is_pinned: bool, stores: &[&MemoryStore]) -> Stores {
        let boxed =
            |store: &&MemoryStore| -> Named { (StoreKind::Memory((*store).clone()), Box::new((*store).clone())) };
        let mut all = stores.iter().map(boxed);
        Stores::of(ACCOUNT, is_pinned, all.next().unwrap(), all.collect())
    }

    #[test]
    fn sign_in_stays_in_the_store_that_holds_it() {
        let (named, keyring) = (MemoryStore::default(), MemoryStore::default());
        keyring.set(ACCOUNT, &Secret::new("{1}")).unwrap();
        let found = stores(false, &[&named, &keyring]);
        assert_eq!(found.get("credentials/a").unwrap(), None);
        assert_eq!(found.get(ACCOUNT).unwrap(), Some(Secret::new("{1}")));
        found.set(ACCOUNT, &Secret::new("{2}")).unwrap();
        assert_eq!(found.kind(), &StoreKind::Memory(keyring.clone()));
        assert_eq!((named.accounts().len(), keyring.get(ACCOUNT).unwrap()), (0, Some(Secret::new("{2}"))));
        let written = stores(false, &[&named, &keyring]);
        written.set(ACCOUNT, &Secret::new("{3}")).unwrap();
        assert_eq!(named.accounts().len(), 0, "even if nothing was read before");
    }

    #[test]
    fn new_sign_in_goes_to_the_first_store() {
        let (named, other) = (MemoryStore::default(), MemoryStore::default());
        let found = stores(false, &[&named, &other]);
        assert_eq!(found.get(ACCOUNT).unwrap(), None);
        found.set(ACCOUNT, &Secret::new("{1}")).unwrap();
        assert_eq!((named.accounts().len(), other.accounts().len()), (1, 0));
        assert_eq!(found.elsewhere(), None);
    }

    #[test]
    fn pinned_store_is_the_only_one_used() {
        let (named, other) = (MemoryStore::default(), MemoryStore::default());
        other.set(ACCOUNT, &Secret::new("{1}")).unwrap();
        let found = stores(true, &[&named, &other]);
        assert_eq!(found.get(ACCOUNT).unwrap(), None);
        assert_eq!(found.elsewhere(), Some(&StoreKind::Memory(other)));
        named.set(ACCOUNT, &Secret::new("{2}")).unwrap();
        assert_eq!(found.get(ACCOUNT).unwrap(), Some(Secret::new("{2}")));
    }

    #[test]
    fn unreachable_first_store_does_not_hide_the_sign_in() {
        let (named, other) = (MemoryStore::default(), MemoryStore::default());
        other.set(ACCOUNT, &Secret::new("{1}")).unwrap();
        let refusing = crate::store::guarded::Guarded::over(
            named.clone(),
            Box::new(|| Err(StoreError::NoService { store: "the keyring", detail: "nobody there".into() })),
        );
        let first: Named = (StoreKind::Keyring, Box::new(refusing));
        let others: Vec<Named> = vec![(StoreKind::Memory(other.clone()), Box::new(other))];
        assert_eq!(Stores::of(ACCOUNT, false, first, others).get(ACCOUNT).unwrap(), Some(Secret::new("{1}")));
    }
}
