//! The choice of credentials to return: fresh stored credentials, renewed credentials or, if renewal fails, stored
//! credentials that are still valid.

use chrono::{DateTime, Utc};

use super::policy::Freshness;
use super::record::{CredentialsRecord, credentials_account, tokens_account};
use super::{Session, last_failure, policy};
use crate::aws::Credentials;
use crate::error::Failure;
use crate::folder::Lock;
use crate::store::Cached;

/// Credentials that a caller may use or print now. If they were renewed, or a renewal was due, the lease holds the
/// sign-in's lock: nobody signs in or out until it is dropped. Hand the credentials over, then drop the lease. Fresh
/// credentials from the store need no lock.
pub struct Lease {
    /// The AWS credentials.
    pub credentials: Credentials,
    /// The `sub` claim of the person's ID token.
    pub subject: String,
    /// The stored record of the credentials.
    pub record: CredentialsRecord,
    lock: Option<Lock>,
}

impl Lease {
    /// Returns whether the lease holds the lock of the sign-in.
    pub(super) fn is_locked(&self) -> bool {
        self.lock.is_some()
    }

    pub(super) fn of(record: CredentialsRecord, lock: Option<Lock>) -> Self {
        Self { credentials: record.credentials(), subject: record.subject.clone(), record, lock }
    }
}

impl Session {
    /// Returns credentials from the store if they are not due for renewal yet. This is the hot path: one read, on Linux
    /// mostly of the kernel's copy. It makes no connection, starts no runtime and waits for no lock.
    ///
    /// # Errors
    /// [`Kind::Store`](crate::error::Kind::Store).
    pub fn at_hand(&self) -> Result<Option<Lease>, Failure> {
        let now = self.clock().now();
        let has_copies = match CredentialsRecord::cached(&self.store, &self.ask) {
            Cached::Copy(record) if policy::is_fresh(&record, now) => {
                self.log_decision("handed out from the kernel's keyring", &Freshness::of(Some(&record), now));
                return Ok(Some(Lease::of(record, None)));
            }
            Cached::Copy(_) | Cached::Missing => true,
            Cached::NotUsed => false,
        };
        let stored = CredentialsRecord::read(&self.store, &self.ask)?;
        let Some(record) = stored.filter(|record| policy::is_fresh(record, now)) else { return Ok(None) };
        if has_copies {
            self.copy_to_kernel();
        }
        self.log_decision("handed out from the store", &Freshness::of(Some(&record), now));
        Ok(Some(Lease::of(record, None)))
    }

    /// Copies the stored credentials into the kernel's keyring, where the next run finds them faster. After a reboot,
    /// for example, there is no copy. The lock and a second read make sure that the copy does not restore what a
    /// sign-out has just deleted. If the lock is taken, no copy is made.
    fn copy_to_kernel(&self) {
        let Ok(Some(_lock)) = Lock::try_acquire(self.folder(), &tokens_account(self.profile())) else { return };
        let now = self.clock().now();
        if let Ok(Some(record)) = CredentialsRecord::read(&self.store, &self.ask) {
            record.cache(&self.store, &self.ask, policy::worth_handing_out_for(&record, now));
        }
    }

    /// Returns fresh credentials from the store, renewed credentials or, if renewal fails, older credentials that are
    /// still valid. Blocks its thread while it waits for a lock or a keyring; [`Provider`](super::Provider) does not.
    ///
    /// # Errors
    /// [`Kind::SignInRequired`](crate::error::Kind::SignInRequired) if a person has to sign in,
    /// [`Kind::Busy`](crate::error::Kind::Busy) if another process holds the lock for too long, and otherwise the
    /// failure of the renewal.
    pub async fn credentials(&self) -> Result<Lease, Failure> {
        if let Some(lease) = self.at_hand()? {
            return Ok(lease);
        }
        let began = self.clock().now();
        let account = tokens_account(self.profile());
        let outcome = match Lock::try_acquire(self.folder(), &account) {
            // Nothing can be renewed without the lock, as in a home that is read-only.
            Err(error) => return self.usable_without_lock(error, began),
            Ok(Some(lock)) => self.renewed(lock, began).await,
            Ok(None) => {
                let old = CredentialsRecord::read(&self.store, &self.ask)?;
                if let Some(record) = old.as_ref().filter(|record| policy::is_usable(record, began)) {
                    self.log_decision("handed out while another renewal runs", &Freshness::of(Some(record), began));
                    return Ok(Lease::of(record.clone(), None));
                }
                let lock = self.lock()?;
                match self.issued_since(old)? {
                    Some(record) => {
                        self.log_decision("renewed by another process", &Freshness::of(Some(&record), began));
                        Ok(self.lease_of_new(record, lock))
                    }
                    None => self.renewed(lock, began).await,
                }
            }
        };
        self.note_clock();
        outcome.map_err(|error| self.with_clock_named(error))
    }

    /// Returns the stored credentials if they are still valid, with a warning, or else the failure of the lock.
    fn usable_without_lock(&self, error: Failure, now: DateTime<Utc>) -> Result<Lease, Failure> {
        let stored = CredentialsRecord::read(&self.store, &self.ask)?;
        let Some(record) = stored.filter(|record| policy::is_usable(record, now)) else { return Err(error) };
        self.log_decision("handed out without a lock", &Freshness::of(Some(&record), now));
        self.warn_of_old(error);
        Ok(Lease::of(record, None))
    }

    /// Warns that old credentials are handed out, because of `error`.
    fn warn_of_old(&self, error: Failure) {
        let error = error.in_one_line();
        self.warn(&format!("the credentials could not be renewed, the old ones are still valid: {error}"));
    }

    /// Gets new credentials after a sign-in, even if the stored credentials are fresh, and returns the new ones.
    ///
    /// # Errors
    /// As [`Session::credentials`].
    pub async fn new_credentials(&self) -> Result<Lease, Failure> {
        let lock = self.lock()?;
        let stored = CredentialsRecord::read(&self.store, &self.ask)?;
        self.log_decision("renewing after a sign-in", &Freshness::of(stored.as_ref(), self.clock().now()));
        let outcome = match self.renew().await {
            Ok(record) => {
                last_failure::clear(self.folder(), &self.ask);
                Ok(self.lease_of_new(record, lock))
            }
            Err(error) => {
                last_failure::remember(self.folder(), &self.ask, &error, self.clock().now());
                Err(error)
            }
        };
        self.note_clock();
        outcome.map_err(|error| self.with_clock_named(error))
    }

    /// Returns the stored credentials, unless they are still `old`. Their expiry is ignored: if this machine's clock is
    /// ahead, new credentials may seem expired.
    fn issued_since(&self, old: Option<CredentialsRecord>) -> Result<Option<CredentialsRecord>, Failure> {
        let stored = CredentialsRecord::read(&self.store, &self.ask)?;
        Ok(stored.filter(|record| old.is_none_or(|old| !record.has_same_key(&old))))
    }

    /// Renews the credentials while holding `lock`, unless another process has just renewed them or has just failed to
    /// renew them.
    async fn renewed(&self, lock: Lock, began: DateTime<Utc>) -> Result<Lease, Failure> {
        let now = self.clock().now();
        let stored = CredentialsRecord::read(&self.store, &self.ask)?;
        let freshness = Freshness::of(stored.as_ref(), now);
        if let Some(record) = stored.as_ref().filter(|record| policy::is_fresh(record, now)) {
            self.log_decision("renewed by another process", &freshness);
            record.cache(&self.store, &self.ask, policy::worth_handing_out_for(record, now));
            return Ok(Lease::of(record.clone(), Some(lock)));
        }
        let usable = stored.filter(|record| policy::is_usable(record, now));
        if let Some(earlier) = last_failure::read(self.folder(), &self.ask) {
            match &usable {
                // Too soon for another attempt: every caller would only wait for the same failure.
                Some(record) if earlier.is_recent(now) => {
                    self.log_decision("held back, because the last renewal failed just now", &freshness);
                    return Ok(Lease::of(record.clone(), Some(lock)));
                }
                // The server asked for a pause, or the renewal failed while this process waited for the lock and would
                // only fail again. A failure in the future does not count, because the clock was set back since.
                None if earlier.is_held_back(now) || (earlier.at > began && earlier.at <= now) => {
                    self.log_decision("not renewed, because an earlier renewal failed", &freshness);
                    return Err(earlier.failure());
                }
                _ => {}
            }
        }
        self.log_decision("renewing", &freshness);
        match self.renew().await {
            Ok(record) => {
                last_failure::clear(self.folder(), &self.ask);
                Ok(self.lease_of_new(record, lock))
            }
            Err(error) => {
                last_failure::remember(self.folder(), &self.ask, &error, self.clock().now());
                match usable {
                    Some(record) => {
                        self.warn_of_old(error);
                        Ok(Lease::of(record, Some(lock)))
                    }
                    None => Err(error),
                }
            }
        }
    }

    /// Returns a lease of newly issued credentials. Their expiry is given by this machine's clock, which their reader
    /// uses.
    fn lease_of_new(&self, record: CredentialsRecord, lock: Lock) -> Lease {
        let mut lease = Lease::of(record, Some(lock));
        let expires_at = lease.record.expires_at;
        lease.credentials.expires = expires_at.max(self.offset().here(expires_at));
        lease
    }

    /// Logs, in one line, a decision about the credentials and its reason.
    fn log_decision(&self, decision: &str, freshness: &Freshness) {
        tracing::debug!(credentials = %credentials_account(&self.ask), "{decision}: {freshness}");
    }
}
