//! Credentials for many callers from one [`Provider`]: `'static`, `Clone + Send + Sync`, usable from any runtime.
//!
//! Locks, keyrings and D-Bus block their thread. A renewal therefore has a thread and a runtime of its own, and never
//! blocks a caller's. Callers who ask for the same credentials at the same time share one renewal, called a flight.
//!
//! ```text
//! caller ─▶ memory: fresh? ─▶ answer
//!             │ no
//!             ▼
//!           flight of this role under way? ─▶ wait for its result
//!             │ no
//!             ▼
//!           thread: turn of the sign-in (one renewal per sign-in and process)
//!                   ─▶ Session::credentials (store, lock between processes, renewal)
//!                   ─▶ memory, then all who wait
//! ```

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use aws_credential_types::provider::ProvideCredentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::future::ProvideCredentials as Provided;
use tokio::sync::watch;

use super::policy::{self, Freshness};
use super::record::{CredentialsRecord, credentials_account, tokens_account};
use super::{Ask, Lease, Session};
use crate::aws::Credentials;
use crate::error::{Failure, Kind};

/// A provider of credentials: for any [`Ask`] through its methods, and for its own one through the AWS SDK's trait.
///
/// Fresh credentials come from memory. Otherwise one renewal runs at a time for each sign-in, and all who wait for its
/// credentials get its result.
#[derive(Clone)]
pub struct Provider {
    ask: Ask,
    shared: Arc<Shared>,
}

struct Shared {
    /// The session of the first [`Ask`]. Flights for the same profile share its HTTP client.
    session: Session,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Credentials of the last renewals.
    memory: HashMap<Key, CredentialsRecord>,
    /// Renewals under way.
    flights: HashMap<Key, watch::Receiver<Option<Landing>>>,
    /// One lock for each sign-in, held by the thread that renews.
    turns: HashMap<Key, Arc<Mutex<()>>>,
}

/// The store and the account. Profiles for which both are the same share their credentials.
type Key = (String, String);

type Landing = Result<Arc<Lease>, Failure>;

impl Provider {
    /// Creates a provider with the setup of `session`. The AWS SDK gets the credentials of the session's [`Ask`].
    pub fn new(session: Session) -> Self {
        Self { ask: session.ask.clone(), shared: Arc::new(Shared { session, state: Mutex::default() }) }
    }

    /// Returns a provider for another role or profile, with the same memory and flights.
    #[must_use]
    pub fn for_ask(&self, ask: Ask) -> Self {
        Self { ask, shared: Arc::clone(&self.shared) }
    }

    /// Returns credentials for `ask`: fresh ones, renewed ones, or, if renewal fails, old ones that are still valid.
    ///
    /// # Errors
    /// As [`Session::credentials`].
    pub async fn credentials(&self, ask: &Ask) -> Result<Credentials, Failure> {
        if let Some(record) = self.remembered(ask) {
            return Ok(record.credentials());
        }
        Ok(self.lease(ask).await?.credentials.clone())
    }

    /// Returns credentials for `ask` in a [`Lease`], from the store and never from memory. Hand them over, then drop
    /// the lease: it may hold the lock of the sign-in. Until then, do not ask for another role of the sign-in.
    ///
    /// # Errors
    /// As [`Session::credentials`].
    pub async fn lease(&self, ask: &Ask) -> Result<Arc<Lease>, Failure> {
        let mut flight = self.shared.flight(ask)?;
        let landed = flight.wait_for(Option::is_some).await.map(|landing| landing.clone());
        landed.ok().flatten().unwrap_or_else(|| Err(Failure::new(Kind::Failed, "the renewal ended without a result")))
    }

    /// Returns the credentials in memory, if they are fresh and belong to the profile's endpoints.
    fn remembered(&self, ask: &Ask) -> Option<CredentialsRecord> {
        let now = self.shared.session.clock().now();
        let record = self.shared.state().memory.get(&role_key(ask)).cloned()?;
        if !record.fits(ask) || !policy::is_fresh(&record, now) {
            return None;
        }
        let freshness = Freshness::of(Some(&record), now);
        tracing::debug!(credentials = %credentials_account(ask), "handed out from memory: {freshness}");
        Some(record)
    }
}

impl Shared {
    /// Locks the state. A poisoned lock is used all the same: no holder can panic while the state is half changed.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Opens a session for one flight: the time limit of its store covers only that flight.
    fn session(&self, ask: &Ask) -> Session {
        let opened = Session::open(&self.session.setup, ask.clone());
        match Arc::ptr_eq(&ask.profile, &self.session.ask.profile) {
            true => Session { http: self.session.http.clone(), ..opened },
            false => opened,
        }
    }

    /// Joins the flight of these credentials, or starts it.
    fn flight(self: &Arc<Self>, ask: &Ask) -> Result<watch::Receiver<Option<Landing>>, Failure> {
        let (key, sign_in) = (role_key(ask), sign_in_key(ask));
        let mut state = self.state();
        if let Some(flight) = state.flights.get(&key) {
            return Ok(flight.clone());
        }
        let turn = Arc::clone(state.turns.entry(sign_in).or_default());
        let session = self.session(ask);
        let (land, flight) = watch::channel(None);
        let airborne = Airborne { shared: Arc::clone(self), key: key.clone() };
        let started = thread::Builder::new().name("cogfed-renewal".into()).spawn(move || {
            let landing = fly(&session, &turn);
            if let Ok(lease) = &landing {
                airborne.shared.state().memory.insert(airborne.key.clone(), lease.record.clone());
            }
            drop(airborne);
            // No one receives it if all callers were cancelled.
            let _ = land.send(Some(landing));
        });
        started
            .map_err(|error| Failure::new(Kind::Failed, format!("cannot start a thread for the renewal: {error}")))?;
        state.flights.insert(key, flight.clone());
        Ok(flight)
    }
}

/// A flight under way. Dropping it, even in a panic, lets the next caller start another.
struct Airborne {
    shared: Arc<Shared>,
    key: Key,
}

impl Drop for Airborne {
    fn drop(&mut self) {
        self.shared.state().flights.remove(&self.key);
    }
}

/// Gets the credentials on this thread, while no other flight of the sign-in runs.
fn fly(session: &Session, turn: &Mutex<()>) -> Landing {
    let _turn = turn.lock().unwrap_or_else(PoisonError::into_inner);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| {
        Failure::new(Kind::Failed, format!("cannot start the runtime: {error}"))
            .hint("allow more open files ('ulimit -n'), then try again")
    })?;
    let outcome = runtime.block_on(session.credentials());
    // Does not wait for a DNS lookup that outlives the deadline.
    runtime.shutdown_background();
    outcome.map(Arc::new)
}

fn role_key(ask: &Ask) -> Key {
    (ask.profile.store.to_string(), credentials_account(ask))
}

fn sign_in_key(ask: &Ask) -> Key {
    (ask.profile.store.to_string(), tokens_account(&ask.profile))
}

impl ProvideCredentials for Provider {
    fn provide_credentials<'a>(&'a self) -> Provided<'a>
    where
        Self: 'a,
    {
        Provided::new(async {
            match self.credentials(&self.ask).await {
                Ok(credentials) => Ok(for_sdk(&credentials, self.ask.role.account_id())),
                Err(failure) => Err(CredentialsError::provider_error(failure)),
            }
        })
    }
}

fn for_sdk(credentials: &Credentials, account_id: Option<&str>) -> aws_credential_types::Credentials {
    let mut builder = aws_credential_types::Credentials::builder()
        .access_key_id(&credentials.access_key_id)
        .secret_access_key(credentials.secret_access_key.expose())
        .session_token(credentials.session_token.expose())
        .expiry(credentials.expires.into())
        .provider_name("cogfed");
    if let Some(account_id) = account_id {
        builder = builder.account_id(account_id);
    }
    builder.build()
}

impl fmt::Debug for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Provider").field("credentials", &credentials_account(&self.ask)).finish_non_exhaustive()
    }
}
