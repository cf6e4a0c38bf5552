//! A cogfed session inside the test process. Its store is in memory, and can be made to fail.

use std::sync::Arc;

use cogfed::error::Failure;
use cogfed::profile::{Choice, Profile};
use cogfed::secret::Secret;
use cogfed::session::record::{credentials_account, tokens_account};
use cogfed::session::{Ask, Lease, Session, Setup};
use cogfed::store::{MemoryStore, StoreKind};

use crate::Lab;

/// A session whose store is in memory. The store starts as a copy of the lab's file store.
pub struct InMemory {
    /// The session, which behaves as if no person were present.
    pub session: Session,
    /// The store, which can be made to fail.
    pub memory: MemoryStore,
}

impl InMemory {
    /// Copies the tokens and credentials from the lab's file store to `memory`, and opens a session that uses `memory`.
    pub fn copied(lab: &Lab, memory: MemoryStore) -> Self {
        let profile = Profile { store: StoreKind::Memory(memory.clone()).into(), ..lab.profile() };
        let session = Session::open(&lab.setup(), Ask::new(profile));
        for (kind, account) in
            [("tokens", tokens_account(session.profile())), ("credentials", credentials_account(&session.ask))]
        {
            let text = std::fs::read_to_string(lab.item(kind)).expect("an item");
            session.store.set(&account, &Secret::new(text)).expect("room");
        }
        Self { session, memory }
    }

    /// Requests credentials from the session.
    ///
    /// # Errors
    /// Fails like [`Session::credentials`].
    pub fn credentials(&self) -> Result<Lease, Failure> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(self.session.credentials())
    }
}

impl Lab {
    /// Returns the settings of a session inside the test process, with the lab's folder and clock and without a person
    /// at the terminal.
    pub fn setup(&self) -> Setup {
        Setup {
            folder: self.folder(),
            clock: Arc::new(self.clock.clone()),
            client_secret: None,
            is_attended: false,
            on_message: Arc::new(|_| {}),
        }
    }

    /// Returns the default profile of the lab's configuration.
    pub fn profile(&self) -> Profile {
        let config = self.config().display().to_string();
        Profile::load(&Choice::default(), &|name| (name == "COGFED_CONFIG").then(|| config.clone()))
            .expect("a good profile")
    }
}
