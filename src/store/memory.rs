//! A store that keeps its items in memory, for tests. It can have a small item limit, and can be made to fail.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Backend, Listing, StoreError};
use crate::secret::Secret;

const NAME: &str = "the store in memory";

/// A store that keeps its items in memory, shared by all its clones.
#[derive(Debug, Clone, Default)]
pub struct MemoryStore {
    limit: Option<usize>,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    items: BTreeMap<String, Secret>,
    calls: usize,
    failing: Range<usize>,
}

/// Compares by identity: two handles are equal only if they share one store.
impl PartialEq for MemoryStore {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.state, &other.state)
    }
}

impl MemoryStore {
    /// Creates an empty store in which an item can have at most `limit` bytes.
    pub fn with_limit(limit: usize) -> Self {
        Self { limit: Some(limit), state: Arc::default() }
    }

    /// Makes the calls with these numbers fail; the next call has number 0. `2..3` fails the third call, and `0..0`
    /// none. `2..usize::MAX` fails all after the second, as if the process had ended.
    pub fn fail(&self, calls: Range<usize>) {
        let mut state = self.state();
        state.calls = 0;
        state.failing = calls;
    }

    /// Returns the number of calls since the store was created, or since the last [`MemoryStore::fail`].
    pub fn calls(&self) -> usize {
        self.state().calls
    }

    /// Returns the names of all items, in alphabetical order. Each part of an item in parts has a name of its own.
    pub fn accounts(&self) -> Vec<String> {
        self.state().items.keys().cloned().collect()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn call(&self) -> Result<MutexGuard<'_, State>, StoreError> {
        let mut state = self.state();
        let number = state.calls;
        state.calls += 1;
        if state.failing.contains(&number) {
            let detail = format!("it was told to fail call {number}");
            return Err(StoreError::Other { store: NAME, detail, hint: None });
        }
        Ok(state)
    }
}

impl Backend for MemoryStore {
    fn describe(&self) -> &'static str {
        NAME
    }

    fn item_limit(&self) -> Option<usize> {
        self.limit
    }

    fn get(&self, account: &str) -> Result<Option<Secret>, StoreError> {
        Ok(self.call()?.items.get(account).cloned())
    }

    fn set(&self, account: &str, value: &Secret) -> Result<(), StoreError> {
        let mut state = self.call()?;
        if self.limit.is_some_and(|limit| value.expose().len() > limit) {
            return Err(StoreError::Full { store: NAME });
        }
        state.items.insert(account.into(), value.clone());
        Ok(())
    }

    fn delete(&self, account: &str) -> Result<(), StoreError> {
        self.call()?.items.remove(account);
        Ok(())
    }

    fn list(&self) -> Result<Listing, StoreError> {
        Ok(Listing { accounts: self.call()?.items.keys().cloned().collect(), unnamed: 0 })
    }
}
