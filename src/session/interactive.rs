//! The browser sign-in. It opens at most one browser at a time for each sign-in, and no browser if the stored sign-in
//! works.
//!
//! A caller makes a [`SignInRequest`] and gets an [`Outcome`]:
//!
//! ```text
//! SignInRequest ─▶ Session::sign_in
//!   1. the stored sign-in works, refreshed if needed?     ─▶ Outcome::Already
//!   2. take the browser lock: wait for another process that signs in
//!   3. did that process sign in?                          ─▶ Outcome::Already
//!   4. unattended, and an attempt failed within 10 min?   ─▶ held back, no browser
//!   5. bind the callback port, and check what would keep the person from signing in: see `preflight`
//!   6. oidc::SignIn: browser, code, tokens, verification
//!   7. save_sign_in, under the sign-in's lock; only then does the browser show the outcome ─▶ Outcome::SignedIn
//! ```

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};

use super::accepted::{self, Accepted};
use super::preflight::Preflight;
use super::record::TokensRecord;
use super::{Saved, Session, SignInLock};
use crate::error::{Failure, Kind};
use crate::oidc::hosted_ui::Reception;
use crate::oidc::{self, Browser, Identity, Listener, RequestOptions, SignIn};
use crate::profile::BrowserCommand;

/// The party that may open the browser.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BrowserPolicy {
    /// cogfed or, if cogfed cannot open a browser, the person who runs cogfed.
    Open,
    /// The person who runs cogfed, as they requested.
    Person,
    /// Only cogfed, because another program runs cogfed and nobody sees the output.
    Unattended,
}

/// A notice for the person at the terminal.
#[derive(Debug)]
pub enum Notice<'a> {
    /// Another process has a browser open for this sign-in. This process waits for it.
    AnotherSignIn,
    /// The hosted UI's answer to the trial request suggests that the person may be unable to sign in.
    Doubtful(&'a Reception),
    /// A notice about the browser part of the sign-in.
    Browser(oidc::Notice<'a>),
}

/// The parameters of a browser sign-in.
pub struct SignInRequest<'a> {
    /// The identity provider with which the person must have signed in, if any.
    pub provider: Option<&'a str>,
    /// The email address with which the person must have signed in, if any.
    pub address: Option<&'a str>,
    /// The party that opens the browser.
    pub policy: BrowserPolicy,
    /// The browser to open; `None` if the person opens the URL.
    pub browser: Option<Arc<dyn Browser>>,
    /// The command that `browser` runs; `None` if it is the system's own.
    pub command: Option<&'a BrowserCommand>,
    /// True if a person at the terminal sees the command before it runs.
    pub shows_command: bool,
    /// The function that asks the person to paste the callback address; `None` if nobody can answer.
    pub ask: Option<oidc::Ask<'a>>,
    /// True if the person is asked for the callback address from the start; false if the person is asked only when no
    /// browser opens.
    pub asks_at_once: bool,
    /// The maximum time to wait for the person to sign in.
    pub patience: Duration,
    /// True if the stored sign-in is replaced and its credentials are deleted, even if the stored sign-in works.
    pub is_forced: bool,
    /// The trust roots, endpoints and browser command that the person has accepted.
    pub accepted: &'a Accepted,
    /// The function that returns the item names of credentials that other profiles obtained with the same sign-in; see
    /// [`Session::save_sign_in`].
    pub siblings: &'a dyn Fn() -> Vec<String>,
    /// The function that receives each notice.
    pub notify: &'a dyn Fn(Notice<'_>),
}

/// The result of a successful sign-in.
#[derive(Debug)]
pub enum Outcome {
    /// The person signed in with the browser, and the sign-in was saved.
    SignedIn(Saved),
    /// The stored sign-in works, so no browser sign-in was needed.
    Already(TokensRecord),
}

impl SignInRequest<'_> {
    /// Returns whether a stored sign-in is by the requested provider and person, and whether the person has accepted
    /// everything that this request accepts. A linked person has several identities, and one address among others. A
    /// token without any address is accepted, since not every directory sends one.
    fn is_wanted(&self, tokens: &TokensRecord) -> bool {
        let identity = Identity::of_token(&tokens.id_token);
        // A new acceptance requires a sign-in in the browser.
        let is_accepted = tokens.accepted.clone().unwrap_or_default().covers(self.accepted);
        is_accepted
            && self.provider.is_none_or(|provider| identity.is_by(provider))
            && self.address.is_none_or(|address| identity.is_person(address) != Some(false))
    }
}

impl Session {
    /// Signs in with the browser, unless the stored sign-in works.
    ///
    /// # Errors
    /// [`Kind::SignInRequired`] if nobody signed in before the deadline, or no browser may be opened. [`Kind::Busy`] if another
    /// process signs in for longer than `patience`, or no port is free. [`Kind::Refused`] if the sign-in is refused.
    /// [`Kind::Store`] or [`Kind::Network`]. [`Kind::SignInRequired`] also if a trust root or an endpoint is in force that
    /// `accepted` does not name.
    pub async fn sign_in(&self, request: &SignInRequest<'_>) -> Result<Outcome, Failure> {
        self.may_sign_in(request.accepted)?;
        // Reads the store first, so that a broken store is reported before anyone signs in.
        if request.is_forced {
            self.tokens_to_replace()?;
        } else if let Some(tokens) = self.working(request, since_of(request.policy)).await? {
            return Ok(Outcome::Already(tokens));
        }
        let began = self.clock().now();
        let _flight = self.flight(request)?;
        // Another process may have signed in since, even if the lock was free.
        if !request.is_forced
            && let Some(tokens) = self.working(request, Some(began)).await?
        {
            return Ok(Outcome::Already(tokens));
        }
        if request.policy == BrowserPolicy::Unattended
            && let Some(failure) = self.held_back(began)
        {
            return Err(failure);
        }
        let accepted = Accepted { browser: self.confirmed_browser(request)?, ..request.accepted.clone() };
        let siblings = (request.siblings)();
        self.in_browser(request, &accepted, &siblings).await.map(Outcome::SignedIn)
    }

    /// Returns whether the person used this browser command at the last sign-in, so that it may run on demand.
    ///
    /// # Errors
    /// [`Kind::Store`].
    pub fn has_confirmed(&self, command: &BrowserCommand) -> Result<bool, Failure> {
        Ok(self.last_confirmed()? == Some(accepted::browser_hash(&command.text)))
    }

    fn last_confirmed(&self) -> Result<Option<String>, Failure> {
        Ok(self.tokens_to_replace()?.and_then(|tokens| tokens.accepted?.browser))
    }

    /// Returns the hash of the browser command that may later run unattended. It is the command that a person uses now,
    /// otherwise the command from the last sign-in. A command that a variable names counts only if the person is shown
    /// it.
    ///
    /// # Errors
    /// [`Kind::SignInRequired`] if nobody is at the terminal, and the command is another one.
    fn confirmed_browser(&self, request: &SignInRequest<'_>) -> Result<Option<String>, Failure> {
        let Some(command) = request.command.filter(|_| request.policy != BrowserPolicy::Person) else {
            return if request.policy == BrowserPolicy::Open { Ok(None) } else { self.last_confirmed() };
        };
        if request.policy == BrowserPolicy::Open && (command.variable.is_none() || request.shows_command) {
            return Ok(Some(accepted::browser_hash(&command.text)));
        }
        if request.policy == BrowserPolicy::Unattended && !self.has_confirmed(command)? {
            let what = match command.variable {
                Some(variable) => format!("the browser command in {variable}"),
                None => format!("the 'browser' command of profile '{}'", self.profile().name),
            };
            let message = format!("{what} was not used at a login yet");
            let hint = format!("it runs on demand after you have run '{}'", self.profile().login_command());
            return Err(Failure::new(Kind::SignInRequired, message).hint(hint));
        }
        self.last_confirmed()
    }

    async fn in_browser(
        &self,
        request: &SignInRequest<'_>,
        accepted: &Accepted,
        siblings: &[String],
    ) -> Result<Saved, Failure> {
        self.check_store()?;
        let listener = Listener::bind(&self.profile().redirect.ports)?;
        tracing::debug!(port = listener.port(), "the callback port is bound");
        let Preflight { endpoints, reception } = self.preflight(listener.port()).await?;
        if let Some(reception) = reception.as_ref().filter(|reception| **reception != Reception::GoesOn) {
            (request.notify)(Notice::Doubtful(reception));
        }
        self.may_send(Some(request.accepted), &[&endpoints.token])?;
        let is_unattended = request.policy == BrowserPolicy::Unattended;
        let sign_in = SignIn {
            client: self.client(&endpoints, self.client_secret()),
            options: RequestOptions::of(self.profile()),
            redirect: &self.profile().redirect,
            browser: request.browser.clone(),
            needs_browser: is_unattended,
            ask: request.ask,
            asks_at_once: request.asks_at_once,
            patience: request.patience,
            reception,
            notify: &|notice| (request.notify)(Notice::Browser(notice)),
        };
        if let (true, Err(error)) = (is_unattended, self.note_browser()) {
            return Err(error.within("no browser is opened where it cannot be noted"));
        }
        let save = |tokens: &oidc::Tokens| self.save_sign_in(tokens, accepted, request.is_forced, siblings);
        let saved = sign_in.run(listener, save).await;
        self.note_clock();
        saved.map_err(|error| self.with_clock_named(error)).inspect_err(|error| self.note_failure(error))
    }

    /// Returns the stored sign-in, if it works and matches the request. A sign-in that has ended or is refused counts
    /// as missing.
    ///
    /// A person who runs `login` is told what the user pool says now, not what it said some minutes ago. Tokens that were
    /// issued at `since` or later are new enough.
    async fn working(
        &self,
        request: &SignInRequest<'_>,
        since: Option<DateTime<Utc>>,
    ) -> Result<Option<TokensRecord>, Failure> {
        match self.confirm(since).await {
            Ok(tokens) => Ok(Some(tokens).filter(|tokens| request.is_wanted(tokens))),
            Err(error) if matches!(error.kind, Kind::SignInRequired | Kind::Refused) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Acquires the browser lock, after waiting for other processes to finish signing in.
    fn flight(&self, request: &SignInRequest<'_>) -> Result<SignInLock, Failure> {
        if let Some(lock) = self.try_begin_sign_in()? {
            return Ok(lock);
        }
        (request.notify)(Notice::AnotherSignIn);
        self.begin_sign_in(request.patience)
    }
}

/// Returns the earliest issue time of stored tokens that are used without a refresh before a sign-in. Unattended, they
/// are refreshed when it is due, as in any renewal.
fn since_of(policy: BrowserPolicy) -> Option<DateTime<Utc>> {
    (policy == BrowserPolicy::Unattended).then_some(DateTime::<Utc>::MIN_UTC)
}
