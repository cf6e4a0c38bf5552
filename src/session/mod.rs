//! The heart: the credentials of a profile, from the store, by renewal, or "sign-in required".
//!
//! Many processes ask at once. At most one of them renews; the others hand out what is still good, or wait for it. One
//! lock per sign-in (not per profile: profiles share sign-ins) keeps renewals, sign-ins and sign-outs apart, and is
//! held until the credentials are handed over, so that nobody hands out what a sign-out has just deleted.

mod clock;
pub mod failure;
mod made;
pub mod mark;
mod on_record;
mod policy;
pub mod record;
mod renewal;
mod reserve;
mod sign_in;
mod unanswered;

use std::time::Duration;

use chrono::{DateTime, Utc};

pub use clock::KeptOffset;
pub use on_record::OnRecord;
pub use sign_in::{Saved, SignInLock, SigningOut};

use crate::aws::Credentials;
use crate::clock::Clock;
use crate::error::{Failure, Kind};
use crate::folder::{Folder, Lock, LockError, Wait};
use crate::http::Http;
use crate::profile::Profile;
use crate::secret::Secret;
use crate::session::record::{CredentialsRecord, Ended, TokensRecord, credentials_account, tokens_account};
use crate::store::{Cached, Store};

/// How long a process without credentials waits for the one that renews: a little more than a renewal can take.
const LOCK_PATIENCE: Duration = Duration::from_secs(35);
/// How long a process that no person waits for waits for one that is stopped, and so will not let go: the AWS SDK for
/// Rust gives a whole `credential_process` 5 seconds, and would otherwise not hear why it failed.
const STOPPED_PATIENCE: Duration = Duration::from_secs(4);
/// How much of that passes without a word.
const QUIET_WAIT: Duration = Duration::from_secs(1);

/// One profile's sign-in and credentials, and what they need.
pub struct Session<'a> {
    /// What they are for.
    pub profile: &'a Profile,
    /// Where they are kept.
    pub store: &'a Store,
    /// Where locks, marks and the last failure are kept.
    pub folder: &'a Folder,
    /// The time.
    pub clock: &'a dyn Clock,
    /// The network.
    pub http: &'a Http,
    /// The app client's secret, if the environment gives one.
    pub client_secret: Option<&'a Secret>,
    /// Whether a person waits at a terminal, who may let a stopped process go on.
    pub is_attended: bool,
    /// Where it goes that a person has to wait.
    pub wait: Box<dyn Fn(&str) + 'a>,
    /// Where warnings go: what went wrong although credentials could be handed out.
    pub warn: Box<dyn Fn(&str) + 'a>,
}

/// Credentials to hand over. If they come out of a renewal, or instead of one, nobody signs in or out while it lives:
/// hand over first, then drop it. What was at hand is handed over without a lock.
pub struct Lease {
    /// The credentials.
    pub credentials: Credentials,
    /// The person whose they are, by the ID token's `sub`.
    pub subject: String,
    _lock: Option<Lock>,
}

impl Lease {
    fn of(record: &CredentialsRecord, lock: Option<Lock>) -> Self {
        Self { credentials: record.credentials(), subject: record.subject.clone(), _lock: lock }
    }
}

impl Session<'_> {
    /// The credentials that can be handed out at once. The hot path: one read of one item, and on Linux mostly one
    /// that asks the kernel alone. No network, no lock, no runtime.
    ///
    /// # Errors
    /// [`Kind::Store`].
    pub fn at_hand(&self) -> anyhow::Result<Option<Lease>> {
        let now = self.clock.now();
        let cached = CredentialsRecord::cached(self.store, self.profile);
        if let Cached::Copy(record) = &cached
            && policy::is_fresh(record, now)
        {
            return Ok(Some(Lease::of(record, None)));
        }
        let stored = CredentialsRecord::read(self.store, self.profile)?;
        let Some(record) = stored.filter(|record| policy::is_fresh(record, now)) else { return Ok(None) };
        if !matches!(cached, Cached::NotUsed) {
            self.copy_to_kernel();
        }
        Ok(Some(Lease::of(&record, None)))
    }

    /// Puts the copy back that the next run will ask first, after a reboot for example. Only under the lock, and read
    /// anew: else it could bring back what a sign-out has just deleted. If the lock is taken, its holder sees to it.
    fn copy_to_kernel(&self) {
        let Ok(Some(_lock)) = Lock::try_acquire(self.folder, &tokens_account(self.profile)) else { return };
        let now = self.clock.now();
        if let Ok(Some(record)) = CredentialsRecord::read(self.store, self.profile) {
            record.cache(self.store, self.profile, policy::worth_handing_out_for(&record, now));
        }
    }

    /// Credentials that are good: those at hand, or renewed ones, or (if renewal fails) those that are still valid.
    ///
    /// # Errors
    /// [`Kind::SignInRequired`] if a person has to sign in, [`Kind::Busy`] if another process renews for ever, and the
    /// failure of the renewal otherwise.
    pub async fn credentials(&self) -> anyhow::Result<Lease> {
        if let Some(lease) = self.at_hand()? {
            return Ok(lease);
        }
        let began = self.clock.now();
        let account = tokens_account(self.profile);
        let outcome = match Lock::try_acquire(self.folder, &account)? {
            Some(lock) => self.renewed(lock, began).await,
            None => {
                let old = CredentialsRecord::read(self.store, self.profile)?;
                if let Some(record) = old.as_ref().filter(|record| policy::is_usable(record, began)) {
                    return Ok(Lease::of(record, None));
                }
                let lock = self.lock()?;
                match self.issued_since(old)? {
                    Some(record) => Ok(self.lease_of_new(&record, lock)),
                    None => self.renewed(lock, began).await,
                }
            }
        };
        self.note_clock();
        outcome.map_err(|error| self.with_clock_named(error))
    }

    /// What the one for whom we waited has made. By a clock that is ahead it has expired already, and is good all the
    /// same: it was not there a moment ago.
    fn issued_since(&self, old: Option<CredentialsRecord>) -> anyhow::Result<Option<CredentialsRecord>> {
        let stored = CredentialsRecord::read(self.store, self.profile)?;
        Ok(stored.filter(|record| old.is_none_or(|old| !record.has_same_key(&old))))
    }

    /// Under the lock: somebody may have renewed in the meantime; else it is ours to do.
    async fn renewed(&self, lock: Lock, began: DateTime<Utc>) -> anyhow::Result<Lease> {
        let now = self.clock.now();
        let stored = CredentialsRecord::read(self.store, self.profile)?;
        if let Some(record) = stored.as_ref().filter(|record| policy::is_fresh(record, now)) {
            record.cache(self.store, self.profile, policy::worth_handing_out_for(record, now));
            return Ok(Lease::of(record, Some(lock)));
        }
        let usable = stored.filter(|record| policy::is_usable(record, now));
        if let Some(earlier) = failure::last(self.folder, self.profile) {
            match &usable {
                // The next try comes later: until then each of our callers would only wait for another failure.
                Some(record) if earlier.is_recent(now) => return Ok(Lease::of(record, Some(lock))),
                None if earlier.is_held_back(now) => return Err(earlier.failure().into()),
                // Failed while we waited for the lock: no need to see it fail again. One from the future, by a clock
                // that was put back since, says nothing.
                None if earlier.at > began && earlier.at <= now => return Err(earlier.failure().into()),
                _ => {}
            }
        }
        match self.renew().await {
            Ok(record) => {
                failure::clear(self.folder, self.profile);
                Ok(self.lease_of_new(&record, lock))
            }
            Err(error) => {
                failure::remember(self.folder, self.profile, &error, self.clock.now());
                match usable {
                    Some(record) => {
                        (self.warn)(&format!(
                            "the credentials could not be renewed, the old ones are still valid: {error:#}"
                        ));
                        Ok(Lease::of(&record, Some(lock)))
                    }
                    None => Err(error),
                }
            }
        }
    }

    /// What was issued just now is handed over with its expiry by this machine's clock: whoever reads it goes by the
    /// same one.
    fn lease_of_new(&self, record: &CredentialsRecord, lock: Lock) -> Lease {
        let mut lease = Lease::of(record, Some(lock));
        lease.credentials.expires = record.expires_at.max(self.offset().here(record.expires_at));
        lease
    }

    /// The sign-in as it is stored, if there is one.
    ///
    /// # Errors
    /// [`Kind::Store`].
    pub fn tokens(&self) -> anyhow::Result<Option<TokensRecord>> {
        TokensRecord::read(self.store, self.profile)
    }

    /// The sign-in as it is stored, whatever endpoints it belongs to: for a new one that takes its place.
    ///
    /// # Errors
    /// [`Kind::Store`].
    pub fn tokens_to_replace(&self) -> anyhow::Result<Option<TokensRecord>> {
        TokensRecord::read_to_replace(self.store, self.profile)
    }

    /// The credentials as they are stored, fresh or not.
    ///
    /// # Errors
    /// [`Kind::Store`].
    pub fn stored_credentials(&self) -> anyhow::Result<Option<CredentialsRecord>> {
        CredentialsRecord::read(self.store, self.profile)
    }

    /// The credentials of other roles than the profile's, or by the other flow, that were made from this sign-in and are
    /// stored still, each with the profile that is like this one and asks for them.
    ///
    /// # Errors
    /// [`Kind::Store`].
    pub fn stored_besides(&self, tokens: &TokensRecord) -> anyhow::Result<Vec<(Profile, CredentialsRecord)>> {
        let own = credentials_account(self.profile);
        let others = tokens.roles(self.profile).into_iter().filter(|other| credentials_account(other) != own);
        let stored = others.map(|other| Ok((CredentialsRecord::read(self.store, &other)?, other)));
        let stored: Vec<_> = stored.collect::<anyhow::Result<_>>()?;
        Ok(stored.into_iter().filter_map(|(record, other)| Some((other, record?))).collect())
    }

    /// The lock of the sign-in, waiting for its holder. A person who waits for more than a second is told so.
    fn lock(&self) -> anyhow::Result<Lock> {
        let account = tokens_account(self.profile);
        if !self.is_attended {
            return Ok(Lock::acquire(self.folder, &account, self.bound(LOCK_PATIENCE))?);
        }
        match Lock::acquire(self.folder, &account, QUIET_WAIT) {
            Err(LockError::Held(held)) => {
                let who = held.pid.map_or("another cogfed".to_owned(), |pid| format!("process {pid}"));
                let what = if held.is_stopped { "is stopped amid" } else { "is busy with" };
                (self.wait)(&format!("waiting for {who}, which {what} this sign-in"));
                Ok(Lock::acquire(self.folder, &account, LOCK_PATIENCE - QUIET_WAIT)?)
            }
            other => Ok(other?),
        }
    }

    /// The bound of a wait for another process: a person waits for a stopped one as for any other.
    fn bound(&self, patience: Duration) -> Wait {
        let stopped = if self.is_attended { patience } else { patience.min(STOPPED_PATIENCE) };
        Wait { working: patience, stopped }
    }

    fn cannot_be_renewed(&self, tokens: &TokensRecord) -> Failure {
        let message = format!(
            "the sign-in of profile '{}' ended at {}: the {} gave no refresh token to renew it with",
            self.profile.name,
            tokens.expires_at.format("%F %T UTC"),
            self.profile.issuer.described()
        );
        Failure::new(Kind::SignInRequired, message).hint(format!("run '{}'", self.profile.login_command()))
    }

    /// The failure that says so, with the command to run.
    pub fn nobody_signed_in(&self) -> Failure {
        Failure::new(Kind::SignInRequired, format!("nobody is signed in to profile '{}'", self.profile.name))
            .hint(format!("run '{}'", self.profile.login_command()))
    }

    fn ended_elsewhere(&self, ended: &Ended) -> Failure {
        let (name, described) = (&self.profile.name, self.profile.issuer.described());
        if ended.by_sign_out {
            let message = format!("a sign-out of profile '{name}' began at {}", ended.at.format("%F %T UTC"));
            let hint = format!(
                "run '{}'; to finish the sign-out: cogfed logout --profile {name}",
                self.profile.login_command()
            );
            return Failure::new(Kind::SignInRequired, message).hint(hint);
        }
        let message = match ended.interrupted_at {
            Some(at) => format!(
                "the sign-in of profile '{name}' is lost: a renewal at {} was cut off before its answer was saved, and the {described} no longer takes the refresh token from before",
                at.format("%F %T UTC")
            ),
            None => format!("the sign-in of profile '{name}' has ended: it expired or was revoked at the {described}"),
        };
        Failure::new(Kind::SignInRequired, message).hint(format!("run '{}'", self.profile.login_command()))
    }
}
