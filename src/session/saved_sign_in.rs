//! Saving of a sign-in, and sign-out, while the sign-in's lock is held. Both delete credentials, so that nobody is
//! handed another person's keys.

use std::time::Duration;

use super::accepted::Accepted;
use super::record::{Ended, Mismatch, SignedIn, TokensRecord, Use, credentials_account, tokens_account};
use super::{Session, browser_backoff, issued_accounts, known_role, last_failure, refresh_mark};
use crate::error::Failure;
use crate::folder::Lock;
use crate::oidc::Tokens;
use crate::profile::ProviderEndpoints;

/// The lock of a process that has a browser open for a sign-in.
pub struct SignInLock(#[expect(dead_code, reason = "held, not read")] Lock);

/// The result of saving a new sign-in.
#[derive(Debug)]
pub struct Saved {
    /// The record of the new sign-in.
    pub tokens: TokensRecord,
    /// The name of the previous person; `None` if the sign-in of no other person was replaced.
    pub replaced: Option<String>,
}

/// A sign-out in progress: the credentials are deleted, and the refresh token can only be revoked.
#[derive(Debug)]
pub struct SigningOut {
    /// The record of the sign-in before the sign-out began.
    pub tokens: TokensRecord,
    /// The number of credentials that the sign-in's record listed.
    pub credentials: usize,
}

impl Session {
    /// Acquires the browser lock, or returns `None` if another process holds it.
    ///
    /// # Errors
    /// If this file system has no locks.
    pub fn try_begin_sign_in(&self) -> Result<Option<SignInLock>, Failure> {
        Ok(Lock::try_acquire(self.folder(), &self.browser_lock())?.map(SignInLock))
    }

    /// Acquires the browser lock, after waiting for other processes to finish signing in.
    ///
    /// # Errors
    /// [`crate::error::Kind::Busy`] after `patience`.
    pub fn begin_sign_in(&self, patience: Duration) -> Result<SignInLock, Failure> {
        let lock = Lock::acquire(self.folder(), &self.browser_lock(), self.bound(patience));
        lock.map(SignInLock).map_err(|error| self.busy(error, "waits in a browser for"))
    }

    fn browser_lock(&self) -> String {
        format!("browser/{}", tokens_account(self.profile()))
    }

    /// Saves a new sign-in in place of the stored one. The old one's credentials are deleted first, unless it is the
    /// same person's and `is_forced` is false. Three lists name them: the old sign-in's record, the list outside the
    /// store, and `siblings`, the accounts of credentials of other profiles that share the sign-in. Any one of these
    /// lists may be incomplete, so all are used.
    ///
    /// # Errors
    /// [`crate::error::Kind::Store`] or [`crate::error::Kind::Busy`].
    pub fn save_sign_in(
        &self,
        tokens: &Tokens,
        accepted: &Accepted,
        is_forced: bool,
        siblings: &[String],
    ) -> Result<Saved, Failure> {
        let _lock = self.lock()?;
        let old = TokensRecord::read_to_replace(&self.store, self.profile())?;
        let is_same_person = old.as_ref().is_some_and(|old| old.subject == tokens.claims.subject);
        let is_kept = is_same_person && !is_forced;
        if !is_kept {
            self.delete_credentials(old.as_ref(), siblings)?;
        }
        let (now, client_secret, accepted) = (self.clock().now(), self.client_secret().cloned(), accepted.clone());
        let mut record = TokensRecord::new(SignedIn { profile: self.profile(), tokens, client_secret, accepted, now });
        if let (true, Some(old)) = (is_kept, &old) {
            if let (Some(accepted), Some(before)) = (&mut record.accepted, &old.accepted) {
                // What was accepted once stays accepted, for example on another network than today's.
                accepted.roots.extend(before.roots.iter().cloned());
                accepted.endpoints.extend(before.endpoints.iter().cloned());
            }
            record.identities = old.identities.clone();
            record.credentials = old.credentials.clone();
        }
        record.write(&self.store, self.profile())?;
        self.forget_marks();
        Ok(Saved { tokens: record, replaced: old.filter(|_| !is_same_person).map(|old| old.person) })
    }

    /// Begins a sign-out: deletes the credentials obtained with the sign-in, and marks the sign-in as ended. `siblings`
    /// is as in [`Session::save_sign_in`]. Returns `None` if nobody is signed in. The refresh token stays until
    /// [`Session::finish_sign_out`], so that another run can revoke it if this one is killed.
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
        // Without a refresh token to revoke, a readable record, or room to write it, the sign-in is deleted at once.
        if !matches!(left, Some(Ok(()))) {
            TokensRecord::delete(&self.store, self.profile())?;
        }
        self.forget_marks();
        Ok(old.map(|tokens| SigningOut { tokens, credentials }))
    }

    /// Revokes the refresh token in `tokens`, if it belongs to the profile. Returns false if the issuer has no
    /// revocation endpoint.
    ///
    /// # Errors
    /// [`crate::error::Kind::Refused`] if the token belongs to another issuer or app client, the failure in `endpoints`
    /// if there is a token to revoke, and the failure of the request. [`crate::error::Kind::SignInRequired`] if a trust
    /// root or an endpoint is in force that the person has not accepted.
    pub async fn revoke(
        &self,
        tokens: &TokensRecord,
        endpoints: Result<&ProviderEndpoints, Failure>,
    ) -> Result<bool, Failure> {
        let Some(refresh_token) = &tokens.refresh_token else { return Ok(true) };
        tokens.fits(Use::Revocation(self.profile())).map_err(Mismatch::of_revocation)?;
        let endpoints = endpoints?;
        let revocation: Vec<&str> = endpoints.revocation.iter().map(String::as_str).collect();
        self.may_send(tokens.accepted.as_ref(), &revocation)?;
        self.client(endpoints, tokens.client_secret.as_ref()).revoke(refresh_token).await
    }

    /// Finishes a sign-out: deletes the sign-in's record, unless someone has signed in since.
    ///
    /// # Errors
    /// [`crate::error::Kind::Store`] or [`crate::error::Kind::Busy`].
    pub fn finish_sign_out(&self, signing_out: &SigningOut) -> Result<(), Failure> {
        let _lock = self.lock()?;
        let stored = TokensRecord::read_to_replace(&self.store, self.profile())?;
        if stored.is_none_or(|stored| stored.generation == signing_out.tokens.generation) {
            TokensRecord::delete(&self.store, self.profile())?;
        }
        Ok(())
    }

    fn forget_marks(&self) {
        refresh_mark::clear(self.folder(), self.profile());
        last_failure::clear(self.folder(), &self.ask);
        browser_backoff::clear(self.folder(), self.profile());
    }

    /// Deletes the credentials that were obtained with the sign-in in `tokens`, and in any case the credentials for
    /// this session's role. Returns the number of credentials that `tokens` lists.
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
        known_role::clear(self.folder(), &self.ask);
        Ok(listed)
    }
}
