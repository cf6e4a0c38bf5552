//! A wrapper that checks a store before its first use, and refuses to use the store if secrets would not be safe in it.

use std::sync::OnceLock;

use super::{Backend, Listing, StoreError};
use crate::secret::Secret;

/// A check that fails if a store must not be used, and gives the reason.
pub type Check = Box<dyn Fn() -> Result<(), StoreError> + Send + Sync>;

/// A backend that runs a check at its first call. If the check fails, this call and all later calls fail.
pub struct Guarded<B> {
    inner: B,
    check: Check,
    judged: OnceLock<Result<(), StoreError>>,
}

impl<B: Backend> Guarded<B> {
    /// Returns a backend that forwards calls to `inner` if `check` succeeds.
    pub fn over(inner: B, check: Check) -> Self {
        Self { inner, check, judged: OnceLock::new() }
    }

    fn checked(&self) -> Result<&B, StoreError> {
        self.judged.get_or_init(|| (self.check)()).clone().map(|()| &self.inner)
    }
}

impl<B: Backend> Backend for Guarded<B> {
    fn describe(&self) -> &'static str {
        self.inner.describe()
    }

    fn item_limit(&self) -> Option<usize> {
        self.inner.item_limit()
    }

    fn get(&self, account: &str) -> Result<Option<Secret>, StoreError> {
        self.checked()?.get(account)
    }

    fn set(&self, account: &str, value: &Secret) -> Result<(), StoreError> {
        self.checked()?.set(account, value)
    }

    fn delete(&self, account: &str) -> Result<(), StoreError> {
        self.checked()?.delete(account)
    }

    fn contains(&self, account: &str) -> Result<bool, StoreError> {
        self.checked()?.contains(account)
    }

    fn list(&self) -> Result<Listing, StoreError> {
        self.checked()?.list()
    }
}
