//! One sign-in from end to end: browser, code, tokens, verified, saved, and only then told to the person.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;
use url::Url;

use super::authorization::Attempt;
use super::browser::Browser;
use super::callback::{Awaited, Denial};
use super::id_token::{Claims, Expected};
use super::keys::Keys;
use super::listener::{Arrival, Listener, Serving};
use super::page::Ending;
use super::token_endpoint::{Grant, TokenEndpoint};
use crate::clock::Clock;
use crate::error::{Failure, Kind};
use crate::profile::Profile;
use crate::secret::Secret;

/// Verified tokens, and what the ID token says.
#[derive(Debug, Clone)]
pub struct Tokens {
    /// The tokens themselves.
    pub grant: Grant,
    /// The claims of the ID token.
    pub claims: Claims,
}

/// What a person may want to read while it goes on.
#[derive(Debug)]
pub enum Notice<'a> {
    /// The page to open, and whether a browser is being opened on it.
    Page {
        /// The authorization URL.
        url: &'a Url,
        /// Whether cogfed opens it, too.
        opening: bool,
    },
    /// The browser did not start; the URL has to be opened by hand.
    NoBrowser(&'a str),
    /// An error from someone who does not know the state. Told once.
    Unvouched(&'a Denial),
}

/// One sign-in about to happen.
pub struct SignIn<'a> {
    /// What to sign in to.
    pub profile: &'a Profile,
    /// The token endpoint.
    pub endpoint: &'a TokenEndpoint<'a>,
    /// The user pool's keys.
    pub keys: &'a Keys<'a>,
    /// The time.
    pub clock: &'a dyn Clock,
    /// What opens the page; `None` leaves that to the person.
    pub browser: Option<Arc<dyn Browser>>,
    /// How long the person has.
    pub patience: Duration,
    /// Where notices go.
    pub notify: &'a dyn Fn(Notice<'_>),
}

impl SignIn<'_> {
    /// Signs a person in. `save` runs after the tokens are verified and before the browser is told anything; what it
    /// returns is returned.
    ///
    /// # Errors
    /// [`Kind::SignInRequired`] if nobody came back in time, [`Kind::Refused`] for a no, and whatever `save` says.
    pub async fn run<T>(
        &self,
        listener: Listener,
        save: impl FnOnce(&Tokens) -> anyhow::Result<T>,
    ) -> anyhow::Result<T> {
        let attempt = Attempt::new();
        let port = listener.port();
        let redirect_uri = self.profile.redirect.uri(port);
        let url = attempt.url(self.profile, &redirect_uri)?;
        let mut serving = listener.serve(Awaited {
            port,
            path: self.profile.redirect.path.clone(),
            state: attempt.state.clone(),
            issuers: self.profile.issuers.clone(),
        })?;
        let trouble = self.open(&url);
        let code = match tokio::time::timeout(self.patience, self.conclusion(&mut serving, trouble)).await {
            Err(_) => return Err(self.nobody_came(&redirect_uri).into()),
            Ok(Err(denial)) => {
                let failure = denied(&denial);
                serving.finish(Ending::Denied { reason: failure.message.clone() }).await;
                return Err(failure.into());
            }
            Ok(Ok(code)) => code,
        };
        let outcome = match self.tokens(&code, &attempt, &redirect_uri).await {
            Ok(tokens) => save(&tokens),
            Err(failure) => Err(failure.into()),
        };
        serving
            .finish(match &outcome {
                Ok(_) => Ending::SignedIn { profile: self.profile.name.clone() },
                Err(error) => Ending::Failed { reason: format!("{error:#}") },
            })
            .await;
        outcome
    }

    /// Shows the URL, and opens it. What comes back is the browser's trouble, if it has any: some systems' openers
    /// return only when the browser is closed, and must not hold the listener up.
    fn open(&self, url: &Url) -> oneshot::Receiver<String> {
        (self.notify)(Notice::Page { url, opening: self.browser.is_some() });
        let (failed, trouble) = oneshot::channel();
        if let Some(browser) = self.browser.clone() {
            let url = url.clone();
            let opened = std::thread::Builder::new().name("browser".into()).spawn(move || {
                if let Err(reason) = browser.open(&url) {
                    // If the sign-in is over already, nobody needs to know.
                    let _ = failed.send(reason);
                }
            });
            if let Err(error) = opened {
                (self.notify)(Notice::NoBrowser(&error.to_string()));
            }
        }
        trouble
    }

    async fn conclusion(
        &self,
        serving: &mut Serving,
        mut trouble: oneshot::Receiver<String>,
    ) -> Result<Secret, Denial> {
        let (mut is_opening, mut has_told) = (true, false);
        loop {
            tokio::select! {
                reason = &mut trouble, if is_opening => {
                    is_opening = false;
                    if let Ok(reason) = reason {
                        (self.notify)(Notice::NoBrowser(&reason));
                    }
                }
                arrival = serving.next() => match arrival {
                    Arrival::Code(code) => return Ok(code),
                    Arrival::Denied(denial) => return Err(denial),
                    Arrival::Unvouched(denial) if !has_told => {
                        has_told = true;
                        (self.notify)(Notice::Unvouched(&denial));
                    }
                    Arrival::Unvouched(_) => {}
                }
            }
        }
    }

    async fn tokens(&self, code: &Secret, attempt: &Attempt, redirect_uri: &str) -> Result<Tokens, Failure> {
        let grant = self.endpoint.exchange(code, &attempt.verifier, redirect_uri).await?;
        let expected = Expected {
            issuers: &self.profile.issuers,
            client_id: &self.profile.client_id,
            nonce: Some(&attempt.nonce),
            access_token: &grant.access_token,
            now: self.clock.now(),
        };
        let claims = self.keys.verify(&grant.id_token, &expected).await?;
        Ok(Tokens { grant, claims })
    }

    fn nobody_came(&self, redirect_uri: &str) -> Failure {
        let message = format!("nobody signed in within {} s", self.patience.as_secs());
        Failure::new(Kind::SignInRequired, message).hint(format!(
            "run '{}' again; if the browser showed 'redirect_mismatch', register {redirect_uri} as a callback URL of the app client",
            self.profile.login_command()
        ))
    }
}

fn denied(denial: &Denial) -> Failure {
    let said = match &denial.description {
        Some(description) => format!("{} ({})", description.trim(), denial.error),
        None => denial.error.clone(),
    };
    let (message, hint) = match denial.error.as_str() {
        "access_denied" => ("the sign-in was cancelled or denied", "sign in again, or ask for access"),
        "login_required" => ("the identity provider wants you to sign in anew", "sign in without 'prompt'"),
        "invalid_scope" => ("a scope of the profile is not allowed to the app client", "check 'scopes' in the profile"),
        "unauthorized_client" => {
            ("the app client may not use the authorization code grant", "tell the administrator of the user pool")
        }
        _ => ("the identity provider refused the sign-in", "tell the administrator of the user pool what it said"),
    };
    Failure::new(Kind::Refused, format!("{message}: {said}")).hint(hint)
}
