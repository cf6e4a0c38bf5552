//! A session within the test's process, on a store in memory that can be made to fail.

use std::sync::Arc;

use cogfed::http::Http;
use cogfed::profile::{Choice, Profile};
use cogfed::secret::Secret;
use cogfed::session::record::{credentials_account, tokens_account};
use cogfed::session::{Lease, Session};
use cogfed::store::{MemoryStore, Patience, Store, StoreKind};

use crate::Lab;

/// A session on a store in memory that holds what the lab's file store did.
pub struct InMemory<'a> {
    lab: &'a Lab,
    /// The lab's profile.
    pub profile: Profile,
    /// The memory, which can be made to fail.
    pub memory: MemoryStore,
    /// The store on it.
    pub store: Store,
    http: Http,
}

impl<'a> InMemory<'a> {
    /// Copies the tokens and credentials of the lab's file store to `memory`.
    pub fn copied(lab: &'a Lab, memory: MemoryStore) -> Self {
        let profile = lab.profile();
        let store = Store::new(StoreKind::Memory(memory.clone()), &lab.folder(), Patience::unattended(), None);
        for (kind, account) in [("tokens", tokens_account(&profile)), ("credentials", credentials_account(&profile))] {
            let text = std::fs::read_to_string(lab.item(kind)).expect("an item");
            store.set(&account, &Secret::new(text)).expect("room");
        }
        Self { lab, profile, memory, store, http: Http::new(Arc::new(lab.clock.clone()), None) }
    }

    /// Hands the session to `work`.
    pub fn session<T>(&self, work: impl FnOnce(&Session<'_>) -> T) -> T {
        let folder = self.lab.folder();
        work(&Session {
            profile: &self.profile,
            store: &self.store,
            folder: &folder,
            clock: &self.lab.clock,
            http: &self.http,
            client_secret: None,
            is_attended: false,
            wait: Box::new(|_| {}),
            warn: Box::new(|_| {}),
        })
    }

    /// Asks the session for credentials.
    ///
    /// # Errors
    /// As the session's.
    pub fn credentials(&self) -> anyhow::Result<Lease> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        self.session(|session| runtime.block_on(session.credentials()))
    }
}

impl Lab {
    /// Returns the profile that the lab's configuration names.
    pub fn profile(&self) -> Profile {
        let config = self.config().display().to_string();
        Profile::load(&Choice::default(), &|name| (name == "COGFED_CONFIG").then(|| config.clone()))
            .expect("a good profile")
    }
}
