//! Saving a sign-in and ending one, under the sign-in's lock. Both make sure that nobody is ever handed another person's
//! keys.

use std::time::Duration;

use super::record::{Ended, SignedIn, TokensRecord, credentials_account, tokens_account};
use super::{Session, browser_backoff, issued_accounts, last_failure, refresh_mark};
use crate::error::Failure;
use crate::folder::{Lock, LockError};
use crate::oidc::Tokens;

/// The single flight of the browser: its holder has one open for this sign-in.
pub struct SignInLock(#[expect(dead_code, reason = "held, not read")] Lock);

/// A saved sign-in.
#[derive(Debug)]
pub struct Saved {
    /// The new sign-in.
    pub tokens: TokensRecord,
    /// The person that was signed in before, if it was another one.
    pub replaced: Option<String>,
}

/// A sign-out under way: the credentials are deleted, and the sign-in is good for nothing but to be revoked.
#[derive(Debug)]
pub struct SigningOut {
    /// The sign-in as it was.
    pub tokens: TokensRecord,
    /// The number of items with credentials that were noted as made from it.
    pub credentials: usize,
}

impl Session {
    /// Takes the single flight of the browser, if it is free.
    ///
    /// # Errors
    /// If this file system has no locks.
    pub fn try_begin_sign_in(&self) -> Result<Option<SignInLock>, Failure> {
        Ok(Lock::try_acquire(self.folder(), &self.browser_lock())?.map(SignInLock))
    }

    /// Waits until the process that has a browser open for this sign-in is done.
    ///
    /// # Errors
    /// [`crate::error::Kind::Busy`] after `patience`.
    pub fn begin_sign_in(&self, patience: Duration) -> Result<SignInLock, LockError> {
        Lock::acquire(self.folder(), &self.browser_lock(), self.bound(patience)).map(SignInLock)
    }

    fn browser_lock(&self) -> String {
        format!("browser/{}", tokens_account(self.profile()))
    }

    /// Saves a new sign-in. If it is another person's than the stored one, or `is_forced`, the credentials that were
    /// made from the old one are deleted first: those that its record lists, those that are noted beside the store, and
    /// `siblings`, the credentials' accounts of other profiles of the same sign-in. Either list may be lost.
    ///
    /// # Errors
    /// [`crate::error::Kind::Store`] or [`crate::error::Kind::Busy`].
    pub fn save_sign_in(&self, tokens: &Tokens, is_forced: bool, siblings: &[String]) -> Result<Saved, Failure> {
        let _lock = self.lock()?;
        let old = TokensRecord::read_to_replace(&self.store, self.profile())?;
        let is_same_person = old.as_ref().is_some_and(|old| old.subject == tokens.claims.subject);
        let is_kept = is_same_person && !is_forced;
        if !is_kept {
            self.delete_credentials(old.as_ref(), siblings)?;
        }
        let (now, client_secret) = (self.clock().now(), self.client_secret().cloned());
        let mut record = TokensRecord::new(SignedIn { profile: self.profile(), tokens, client_secret, now });
        if let (true, Some(old)) = (is_kept, &old) {
            record.identities = old.identities.clone();
            record.credentials = old.credentials.clone();
        }
        record.write(&self.store, self.profile())?;
        self.forget_marks();
        Ok(Saved { tokens: record, replaced: old.filter(|_| !is_same_person).map(|old| old.person) })
    }

    /// Deletes the credentials that were made from the sign-in, `siblings` as in [`Session::save_sign_in`], and lets it
    /// make no others. Returns `None` if nobody is signed in. The refresh token stays until [`Session::finish_sign_out`]:
    /// a run that is killed before the revocation leaves it to the next, and nobody can hand anything out in between.
    ///
    /// # Errors
    /// [`crate::error::Kind::Store`] or [`crate::error::Kind::Busy`].
    pub fn begin_sign_out(&self, siblings: &[String]) -> Result<Option<SigningOut>, Failure> {
        let _lock = self.lock()?;
        let old = TokensRecord::read_to_replace(&self.store, self.profile())?;
        let credentials = self.delete_credentials(old.as_ref(), siblings)?;
        let revocable = old.as_ref().filter(|old| old.refresh_token.is_some()).cloned();
        let left = revocable.map(|mut record| {
            record.ended = Some(Ended { at: self.clock().now(), interrupted_at: None, by_sign_out: true });
            record.write(&self.store, self.profile())
        });
        // Nothing to revoke, nothing that can be read, or no room to write it: deleted at once.
        if !matches!(left, Some(Ok(()))) {
            self.store.delete(&tokens_account(self.profile()))?;
        }
        self.forget_marks();
        Ok(old.map(|tokens| SigningOut { tokens, credentials }))
    }

    /// Deletes the sign-in that is being ended, unless somebody signed in since.
    ///
    /// # Errors
    /// [`crate::error::Kind::Store`] or [`crate::error::Kind::Busy`].
    pub fn finish_sign_out(&self, signing_out: &SigningOut) -> Result<(), Failure> {
        let _lock = self.lock()?;
        let stored = TokensRecord::read_to_replace(&self.store, self.profile())?;
        if stored.is_none_or(|stored| stored.generation == signing_out.tokens.generation) {
            self.store.delete(&tokens_account(self.profile()))?;
        }
        Ok(())
    }

    fn forget_marks(&self) {
        refresh_mark::clear(self.folder(), self.profile());
        last_failure::clear(self.folder(), &self.ask);
        browser_backoff::clear(self.folder(), self.profile());
    }

    /// Deletes all credentials that were made from `tokens`, and this profile's in any case.
    fn delete_credentials(&self, tokens: Option<&TokensRecord>, siblings: &[String]) -> Result<usize, Failure> {
        let mut accounts = tokens.map(|tokens| tokens.credentials.clone()).unwrap_or_default();
        let listed = accounts.len();
        accounts.insert(credentials_account(&self.ask));
        accounts.extend(siblings.iter().cloned());
        accounts.extend(issued_accounts::accounts(self.folder(), &self.ask));
        for account in accounts {
            self.store.delete(&account)?;
        }
        issued_accounts::clear(self.folder(), &self.ask);
        Ok(listed)
    }
}
