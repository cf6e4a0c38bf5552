//! Sessions, which read a role's credentials from the store, renew them, or report that a person has to sign in.
//!
//! Many processes may ask at once. At most one of them renews; the others hand out credentials that are still valid, or
//! wait. Each sign-in has one lock for its renewals, sign-ins and sign-outs. Profiles that share a sign-in share the
//! lock. A renewal holds the lock until its credentials are handed over, so that no sign-out can delete them in
//! between.
//!
//! [`Session`] is for a process that does one thing and exits. [`Provider`] answers many callers, on any runtime.
//! [`interactive`] is the browser sign-in.

pub mod accepted;
mod ask;
mod browser_backoff;
mod clock_offset;
mod credentials;
mod diagnosis;
mod endpoint_check;
pub mod interactive;
mod issued_accounts;
mod known_role;
pub mod last_failure;
mod policy;
mod preflight;
mod provider;
pub mod record;
pub mod refresh_mark;
mod renewal;
mod root_check;
mod save_reserve;
mod saved_sign_in;
mod state;

use std::sync::Arc;
use std::time::Duration;

pub use ask::Ask;
pub use clock_offset::KeptOffset;
pub use credentials::Lease;
pub use diagnosis::Diagnosis;
pub use known_role::KnownRole;
pub use provider::Provider;
pub use saved_sign_in::{Saved, SignInLock, SigningOut};
pub use state::SignInState;

use crate::clock::Clock;
use crate::error::{Failure, Kind};
use crate::folder::{Folder, Lock, LockError, Wait};
use crate::http::Http;
use crate::profile::{Profile, Role};
use crate::secret::Secret;
use crate::store::{OnWait, Patience, Store};
use record::{CredentialsRecord, TokensRecord, credentials_account, tokens_account};

/// The maximum wait for a sign-in's lock. It is a little longer than the maximum duration of a renewal.
const LOCK_PATIENCE: Duration = Duration::from_secs(35);
/// The maximum wait of an unattended process for a lock whose holder is suspended (SIGSTOP). The AWS SDK for Rust stops
/// a `credential_process` after 5 seconds, and would then not see the reason.
const STOPPED_PATIENCE: Duration = Duration::from_secs(4);
/// The waiting time after which a message explains to the person why cogfed waits.
const QUIET_WAIT: Duration = Duration::from_secs(1);

/// A message for the person at the terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Message<'a> {
    /// The person has to wait, for this reason.
    Wait(&'a str),
    /// There is a problem that does not stop the command.
    Warning(&'a str),
    /// The keyring has not answered for one second, perhaps because it is waiting for the person to unlock it.
    Keyring,
}

/// A function that receives each [`Message`], on any thread.
pub type OnMessage = Arc<dyn Fn(Message<'_>) + Send + Sync>;

/// The configuration that all sessions of a process share.
#[derive(Clone)]
pub struct Setup {
    /// The folder for locks and small state files, usually [`Folder::own`].
    pub folder: Folder,
    /// The source of the current time.
    pub clock: Arc<dyn Clock>,
    /// The app client's secret, if it is set in the environment.
    pub client_secret: Option<Secret>,
    /// True if a person is at the terminal, who can unlock a keyring or resume a suspended process.
    pub is_attended: bool,
    /// The function that receives messages for the person.
    pub on_message: OnMessage,
}

impl Setup {
    fn patience(&self) -> (Patience, Option<OnWait>) {
        if !self.is_attended {
            return (Patience::unattended(), None);
        }
        let on_message = Arc::clone(&self.on_message);
        (Patience::attended(), Some(Arc::new(move || on_message(Message::Keyring))))
    }
}

/// Access to one role by means of one profile's sign-in. It includes the store and the HTTP client. Cheap to clone.
#[derive(Clone)]
pub struct Session {
    /// The profile and its requested role.
    pub ask: Ask,
    /// The store of the tokens and credentials.
    pub store: Arc<Store>,
    /// The HTTP client.
    pub http: Http,
    setup: Setup,
}

impl Session {
    /// Creates a session with the store, proxy and certificate authorities of the profile. Opens nothing and connects
    /// to nothing yet.
    pub fn open(setup: &Setup, ask: Ask) -> Self {
        let (patience, on_wait) = setup.patience();
        let account = tokens_account(&ask.profile);
        let store = Store::of_sign_in(&account, &ask.profile.store, &setup.folder, &patience, on_wait.as_ref());
        let http = Http::new(Arc::clone(&setup.clock), ask.profile.ca_bundle.clone(), ask.profile.proxy.clone());
        Self { ask, store: Arc::new(store), http, setup: setup.clone() }
    }

    /// Returns a session for another role with the same sign-in.
    #[must_use]
    pub fn for_role(&self, role: Role) -> Self {
        Self { ask: self.ask.for_role(role), ..self.clone() }
    }

    /// Returns the profile.
    pub fn profile(&self) -> &Profile {
        &self.ask.profile
    }

    /// Returns the folder for locks and small state files.
    pub fn folder(&self) -> &Folder {
        &self.setup.folder
    }

    /// Returns the source of the current time.
    pub fn clock(&self) -> &dyn Clock {
        self.setup.clock.as_ref()
    }

    /// Returns the app client's secret, if it is set in the environment.
    pub fn client_secret(&self) -> Option<&Secret> {
        self.setup.client_secret.as_ref()
    }

    fn warn(&self, text: &str) {
        (self.setup.on_message)(Message::Warning(text));
    }

    /// Returns the stored sign-in, if there is one.
    ///
    /// # Errors
    /// [`Kind::Store`].
    pub fn tokens(&self) -> Result<Option<TokensRecord>, Failure> {
        TokensRecord::read(&self.store, &self.ask)
    }

    /// Returns the stored sign-in that a new sign-in would replace. It may belong to other endpoints.
    ///
    /// # Errors
    /// [`Kind::Store`].
    pub fn tokens_to_replace(&self) -> Result<Option<TokensRecord>, Failure> {
        TokensRecord::read_to_replace(&self.store, self.profile())
    }

    /// Returns the stored credentials, even if they are due for renewal.
    ///
    /// # Errors
    /// [`Kind::Store`].
    pub fn stored_credentials(&self) -> Result<Option<CredentialsRecord>, Failure> {
        CredentialsRecord::read(&self.store, &self.ask)
    }

    /// Returns the other stored credentials from this sign-in: credentials for other roles, or from the other
    /// authentication flow.
    ///
    /// # Errors
    /// [`Kind::Store`].
    pub fn stored_besides(&self, tokens: &TokensRecord) -> Result<Vec<(Role, CredentialsRecord)>, Failure> {
        let own = credentials_account(&self.ask);
        let mut stored = Vec::new();
        for role in tokens.roles(self.profile()) {
            let other = self.ask.for_role(role);
            if credentials_account(&other) != own
                && let Some(record) = CredentialsRecord::read(&self.store, &other)?
            {
                stored.push((other.role, record));
            }
        }
        Ok(stored)
    }

    /// Waits until no other process holds the sign-in's lock, and acquires the lock. A person gets a message after one
    /// second.
    fn lock(&self) -> Result<Lock, Failure> {
        let account = tokens_account(self.profile());
        if !self.setup.is_attended {
            let lock = Lock::acquire(self.folder(), &account, self.bound(LOCK_PATIENCE));
            return lock.map_err(|error| self.busy(error, "is busy with"));
        }
        match Lock::acquire(self.folder(), &account, QUIET_WAIT) {
            Err(LockError::Held(held)) => {
                let who = held.pid.map_or("another cogfed".to_owned(), |pid| format!("process {pid}"));
                let what = if held.is_stopped { "is stopped amid" } else { "is busy with" };
                (self.setup.on_message)(Message::Wait(&format!("waiting for {who}, which {what} this sign-in")));
                let lock = Lock::acquire(self.folder(), &account, LOCK_PATIENCE - QUIET_WAIT);
                lock.map_err(|error| self.busy(error, "is busy with"))
            }
            other => other.map_err(|error| self.busy(error, "is busy with")),
        }
    }

    /// Returns the failure for the case that the sign-in's lock could not be acquired. It names the process that `does`
    /// something with the sign-in, not the lock's file.
    fn busy(&self, error: LockError, does: &str) -> Failure {
        let held = match error {
            LockError::Failed(failure) => return failure,
            LockError::Held(held) => held,
        };
        let (name, waited) = (&self.profile().name, held.waited.as_secs());
        let who = held.pid.map_or("another cogfed".to_owned(), |pid| format!("process {pid}"));
        let message = match held.is_stopped {
            true => format!("{who} is stopped (Ctrl-Z) and {does} the sign-in of profile '{name}'"),
            false => format!("{who} {does} the sign-in of profile '{name}', for more than {waited} s"),
        };
        tracing::debug!(lock = %held.path.display(), "the lock is held");
        // The hint names the process and how to end it.
        let hint = Failure::from(held).hint;
        Failure { hint, ..Failure::new(Kind::Busy, message) }
    }

    /// Returns the time limits for waiting for another process. A person waits for a suspended process as long as for
    /// any other.
    fn bound(&self, patience: Duration) -> Wait {
        let stopped = if self.setup.is_attended { patience } else { patience.min(STOPPED_PATIENCE) };
        Wait { working: patience, stopped }
    }
}
