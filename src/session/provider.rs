//! A provider that shares credentials and renewals among many callers: see [`Provider`].
//!
//! Locks, keyrings and D-Bus block their thread. A renewal therefore has a thread and a runtime of its own, and never
//! blocks a caller's. Callers who ask for the same credentials at the same time share one renewal, called a flight.
//!
//! ```text
//! caller ─▶ memory: fresh, and not deleted since? ─▶ answer
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
use chrono::TimeDelta;
use tokio::sync::watch;

use super::issued_accounts::{self, Stamp};
use super::policy::{self, Freshness};
use super::record::{CredentialsRecord, credentials_account, tokens_account};
use super::{Ask, Session};
use crate::aws::Credentials;
use crate::error::{Failure, Kind};
use crate::process;

/// A provider of credentials. Its methods take any [`Ask`]; the AWS SDK's trait uses one fixed [`Ask`].
///
/// Fresh credentials come from memory. Otherwise one renewal runs at a time for each sign-in, and all who wait for its
/// credentials get its result.
#[derive(Clone)]
pub struct Provider {
    ask: Ask,
    shared: Arc<Shared>,
}

struct Shared {
    /// The session with which the provider was created. It serves the provider's own [`Ask`] and the first renewal.
    /// Renewals for the same profile share its HTTP client.
    session: Session,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// The credentials from the latest renewals, kept so that the store need not be read.
    memory: HashMap<Key, Remembered>,
    /// The renewals in progress.
    flights: HashMap<Key, watch::Receiver<Option<Landing>>>,
    /// The locks, one for each sign-in. A lock lets only one thread at a time renew the credentials of its sign-in.
    turns: HashMap<Key, Arc<Mutex<()>>>,
    /// True after the first renewal, which uses the provider's own session.
    has_flown: bool,
}

/// The key under which credentials are shared. It is equal for requests with the same store, item name and endpoints.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    store: String,
    account: String,
    endpoints: [String; 2],
}

/// Credentials that the provider keeps in memory.
struct Remembered {
    record: CredentialsRecord,
    /// The version of the sign-in's list of credentials when these credentials were put into memory. Every sign-out and
    /// every new person changes it.
    listed: Stamp,
}

/// The result of a renewal, which all waiting callers receive.
type Landing = Result<Arc<Credentials>, Failure>;

impl Provider {
    /// Creates a provider for the request and the configuration of `session`. The AWS SDK gets the credentials of the
    /// session's [`Ask`].
    pub fn new(session: Session) -> Self {
        Self { ask: session.ask.clone(), shared: Arc::new(Shared { session, state: Mutex::default() }) }
    }

    /// Returns a provider for another role or profile, with the same shared memory and renewals.
    #[must_use]
    pub fn for_ask(&self, ask: Ask) -> Self {
        Self { ask, shared: Arc::clone(&self.shared) }
    }

    /// Returns the credentials for `ask`, and renews them first if they are due. If the renewal fails, returns the
    /// older credentials as long as they are valid. After a sign-out in any process, no credentials from before that
    /// sign-out are returned.
    ///
    /// # Errors
    /// As [`Session::credentials`], and [`Kind::Failed`] if no thread can be started.
    pub async fn credentials(&self, ask: &Ask) -> Result<Credentials, Failure> {
        if let Some(credentials) = self.shared.remembered(ask) {
            return Ok(credentials);
        }
        let mut flight = self.shared.flight(ask)?;
        let landing = flight.wait_for(Option::is_some).await.ok().and_then(|landing| landing.clone());
        let failure = || Failure::new(Kind::Failed, "the renewal ended without a result");
        landing.ok_or_else(failure)?.map(|credentials| credentials.as_ref().clone())
    }
}

impl Shared {
    /// Locks the shared state. A poisoned lock is used all the same: no holder can panic while the state is half
    /// changed.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the credentials for `ask` from memory, or `None` if they are missing, no longer fresh, or deleted by a
    /// sign-out.
    fn remembered(&self, ask: &Ask) -> Option<Credentials> {
        let (now, listed) = (self.session.clock().now(), issued_accounts::stamp(self.session.folder(), ask)?);
        let state = self.state();
        let Remembered { record, .. } = state.memory.get(&Key::of_role(ask)).filter(|it| it.listed == listed)?;
        if !policy::is_fresh(record, now) {
            return None;
        }
        let freshness = Freshness::of(Some(record), now);
        tracing::debug!(credentials = %credentials_account(ask), "handed out from memory: {freshness}");
        Some(record.credentials())
    }

    /// Keeps credentials in memory, and drops those that have expired.
    fn remember(&self, key: Key, remembered: Remembered) {
        let now = self.session.clock().now();
        let memory = &mut self.state().memory;
        memory.retain(|_, other| other.record.left(now) > TimeDelta::zero());
        memory.insert(key, remembered);
    }

    /// Returns the session for a renewal: the provider's own session for the first renewal, and a new session for each
    /// later renewal. Later renewals open a store of their own, because the time limit of a store covers all calls to
    /// it together.
    fn session(&self, state: &mut State, ask: &Ask) -> Session {
        let is_own = Arc::ptr_eq(&ask.profile, &self.session.ask.profile);
        let is_first = is_own && !std::mem::replace(&mut state.has_flown, true);
        let http = self.session.http.clone();
        match (is_first, is_own) {
            (true, _) => Session { ask: ask.clone(), ..self.session.clone() },
            (false, true) => Session { http, ..Session::open(&self.session.setup, ask.clone()) },
            (false, false) => Session::open(&self.session.setup, ask.clone()),
        }
    }

    /// Joins the renewal in progress for `ask`, or starts one on a new thread.
    fn flight(self: &Arc<Self>, ask: &Ask) -> Result<watch::Receiver<Option<Landing>>, Failure> {
        let (key, sign_in) = (Key::of_role(ask), Key::of_sign_in(ask));
        let mut state = self.state();
        if let Some(flight) = state.flights.get(&key) {
            return Ok(flight.clone());
        }
        let turn = Arc::clone(state.turns.entry(sign_in.clone()).or_default());
        let session = self.session(&mut state, ask);
        let (land, flight) = watch::channel(None);
        state.flights.insert(key.clone(), flight.clone());
        // The state is released first: if no thread can be started, the flight is dropped on this thread, which locks
        // the state.
        drop(state);
        let airborne = Airborne { shared: Arc::clone(self), key, sign_in };
        let started = thread::Builder::new().name("cogfed-renewal".into()).spawn(move || {
            let landing = airborne.fly(&session, turn);
            drop(airborne);
            // Ignored: if all callers were cancelled, nobody receives the result.
            let _ = land.send(Some(landing));
        });
        match started {
            Ok(_) => Ok(flight),
            Err(error) => Err(Failure::new(Kind::Failed, format!("cannot start a thread for the renewal: {error}"))),
        }
    }
}

/// A guard for a renewal in progress. Dropping it, even in a panic, lets the next caller start another.
struct Airborne {
    shared: Arc<Shared>,
    key: Key,
    sign_in: Key,
}

impl Airborne {
    /// Waits for other renewals of the same sign-in, and then renews the credentials on this thread. Releases the lock
    /// between processes before any caller gets the result.
    fn fly(&self, session: &Session, turn: Arc<Mutex<()>>) -> Landing {
        let _turn = turn.lock().unwrap_or_else(PoisonError::into_inner);
        let runtime = process::runtime()?;
        let listed = || issued_accounts::stamp(session.folder(), &session.ask);
        let listed_before = listed();
        let outcome = runtime.block_on(session.credentials());
        // Does not wait for a DNS lookup that outlives the deadline.
        runtime.shutdown_background();
        let lease = outcome?;
        // Without the sign-in's lock, a sign-out may have deleted the credentials in the meantime.
        let listed = listed().filter(|after| lease.is_locked() || listed_before.as_ref() == Some(after));
        if let Some(listed) = listed {
            self.shared.remember(self.key.clone(), Remembered { record: lease.record, listed });
        }
        Ok(Arc::new(lease.credentials))
    }
}

impl Drop for Airborne {
    fn drop(&mut self) {
        let mut state = self.shared.state();
        state.flights.remove(&self.key);
        // Only the map has the lock if no other flight of the sign-in runs or waits.
        if state.turns.get(&self.sign_in).is_some_and(|turn| Arc::strong_count(turn) == 1) {
            state.turns.remove(&self.sign_in);
        }
    }
}

impl Key {
    fn of_role(ask: &Ask) -> Self {
        Self::of(ask, credentials_account(ask))
    }

    fn of_sign_in(ask: &Ask) -> Self {
        Self::of(ask, tokens_account(&ask.profile))
    }

    fn of(ask: &Ask, account: String) -> Self {
        let endpoints = &ask.profile.endpoints;
        let endpoints = [endpoints.identity_pool.clone(), endpoints.sts.clone()];
        Self { store: ask.profile.store.kind.to_string(), account, endpoints }
    }
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
