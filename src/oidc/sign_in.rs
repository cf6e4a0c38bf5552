//! A complete sign-in: it opens the browser, gets the code and the tokens, verifies and saves the tokens, and then
//! shows the outcome.
//!
//! ```text
//! SignIn::run ── Attempt: state, nonce, verifier ─▶ authorization URL ─▶ Browser, or the person by hand
//!   │
//!   │ conclusion(): the first conclusive Arrival counts
//!   │   Listener ─▶ Serving ─▶ connection of loopback::Server ─▶ judge ─▶ Judgement ─▶ Desk ─▶ Arrival
//!   │   Ask ─▶ Typed ─▶ Pasted ─────────────────────────────────▶ judge ─▶ Judgement ─────────▶ Arrival
//!   │ ─▶ Conclusion: Code, Denied or NoBrowser; or none until the deadline
//!   ▼
//! Client::exchange ─▶ Client::verify ─▶ save(Tokens) ─▶ Ending ─▶ page of the waiting browser
//! ```

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep, timeout, timeout_at};
use url::Url;
use zeroize::Zeroizing;

use super::authorization::{Attempt, RequestOptions, listener_url};
use super::browser::Browser;
use super::callback::{Awaited, Denial};
use super::client::{Client, Tokens};
use super::hosted_ui::{self, Reception};
use super::listener::{Arrival, Listener, Remark, Serving};
use super::page::Ending;
use super::pasted::Pasted;
use crate::error::{Failure, Kind, Within as _};
use crate::profile::{Redirect, login_command};
use crate::refusals::{self, Refuser};
use crate::secret::{Redactor, Secret};

/// A notice for the person during a sign-in.
#[derive(Debug)]
pub enum Notice<'a> {
    /// The page that the person has to open.
    Page {
        /// The short local address, which redirects to the authorization URL.
        short: &'a Url,
        /// The authorization URL.
        url: &'a Url,
        /// True if cogfed itself opens the page.
        opening: bool,
        /// The local port to which the browser returns.
        port: u16,
    },
    /// The browser could not be started, for this reason. The person has to open the URL.
    NoBrowser(&'a str),
    /// Nobody has opened the short local address for a while. This is the authorization URL.
    NotOpened(&'a Url),
    /// A request after which the sign-in keeps waiting. Each kind is reported once for each sign-in.
    Remark(&'a Remark),
    /// The pasted text is not the callback address, for this reason. The wait goes on.
    NotPasted(&'a str),
    /// The person's input has ended. The wait for the browser goes on.
    PasteEnded,
}

/// A function that asks the person to paste the address that the browser shows after the sign-in. Returns their input,
/// line by line.
pub type Ask<'a> = &'a dyn Fn() -> mpsc::Receiver<Secret>;

/// The maximum pause between two lines that count as one paste.
const SAME_PASTE: Duration = Duration::from_millis(100);
/// The maximum duration of one paste, from its first line.
const LONGEST_PASTE: Duration = Duration::from_secs(2);
/// The maximum number of bytes that are kept of one paste. A valid paste is shorter.
const PASTE_LIMIT: usize = 320 * 1024;
/// The time to wait for a request to the short local address before the authorization URL is shown.
const OPENING: Duration = Duration::from_secs(10);
/// The maximum number of different remarks that one sign-in reports.
const REMARKS: usize = 5;

/// The inputs of one sign-in.
pub struct SignIn<'a> {
    /// The OpenID Connect client to sign in with.
    pub client: Client<'a>,
    /// The authorization request parameters that the profile sets.
    pub options: RequestOptions<'a>,
    /// The app client's redirect URIs.
    pub redirect: &'a Redirect,
    /// The browser to open; `None` if the person opens the URL.
    pub browser: Option<Arc<dyn Browser>>,
    /// True if the sign-in fails when no browser can be opened, because no person can open the URL.
    pub needs_browser: bool,
    /// The function that asks the person to paste the callback address; `None` if nobody can answer.
    pub ask: Option<Ask<'a>>,
    /// True if the person is asked from the start; otherwise only if no browser opens.
    pub asks_at_once: bool,
    /// The maximum time to wait for the person to sign in.
    pub patience: Duration,
    /// The hosted UI's answer to the trial request before the sign-in; `None` if there is no hosted UI.
    pub reception: Option<Reception>,
    /// The function to which the sign-in passes each notice.
    pub notify: &'a dyn Fn(Notice<'_>),
}

impl SignIn<'_> {
    /// Runs the sign-in, passes the verified tokens to `save`, and returns its result. The browser shows the outcome
    /// after that.
    ///
    /// # Errors
    /// [`Kind::SignInRequired`] if nobody signed in before the deadline, [`Kind::Refused`] for a refusal,
    /// [`Kind::Network`] if a server gives no usable answer, or the failure of `save`.
    pub async fn run<T>(
        &self,
        listener: Listener,
        save: impl FnOnce(&Tokens) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let attempt = Attempt::new();
        let port = listener.port();
        let redirect_uri = self.redirect.uri(port);
        let endpoint = &self.client.endpoints.authorization;
        let url = attempt.url(endpoint, self.client.id, &self.options, &redirect_uri)?;
        let short = listener_url(&self.redirect.address(port, &attempt.start))?;
        let awaited = Awaited {
            port,
            path: self.redirect.path.clone(),
            start: attempt.start.clone(),
            state: attempt.state.clone(),
            issuers: self.client.issuer.issuers().to_vec(),
            needs_issuer: self.client.endpoints.answers_name_issuer,
        };
        let mut serving = listener.serve(awaited.clone(), &url).within(|| format!("cannot listen at port {port}"))?;
        let trouble = self.open(&short, &url, port);
        let (mut remarks, pasted) = (Vec::new(), Pasted::new(&awaited, &redirect_uri, &url));
        let conclusion = self.conclusion(&mut serving, trouble, pasted, &url, &mut remarks);
        let code = match timeout(self.patience, conclusion).await {
            Err(_) => return Err(self.nobody_came(&redirect_uri, &remarks)),
            Ok(Conclusion::NoBrowser(reason)) => return Err(self.no_browser(&reason)),
            Ok(Conclusion::Denied(denial)) => {
                let failure = denied(&denial, &self.client, &attempt.redactor());
                let (reason, next) = (failure.message.clone(), failure.hint.clone());
                serving.finish(Ending::Denied { reason, next }).await;
                return Err(failure);
            }
            Ok(Conclusion::Code(code)) => code,
        };
        let (outcome, person) = match self.tokens(&code, &attempt, &redirect_uri).await {
            Ok(tokens) => (save(&tokens), tokens.claims.person),
            Err(failure) => (Err(failure), String::new()),
        };
        serving
            .finish(match &outcome {
                Ok(_) => Ending::SignedIn { profile: self.client.profile.to_owned(), person },
                Err(failure) => Ending::Failed { reason: failure.message.clone(), next: failure.hint.clone() },
            })
            .await;
        outcome
    }

    /// Shows both URLs to the person and opens the short one in the browser. The returned receiver gets the reason if
    /// no browser opens. The opener runs on its own thread, because some openers return only when the browser is
    /// closed.
    fn open(&self, short: &Url, url: &Url, port: u16) -> oneshot::Receiver<String> {
        (self.notify)(Notice::Page { short, url, opening: self.browser.is_some(), port });
        let (failed, trouble) = oneshot::channel();
        if let Some(browser) = self.browser.clone() {
            let url = short.clone();
            tracing::debug!(port, "opening the browser");
            let opened = std::thread::Builder::new().name("browser".into()).spawn(move || {
                if let Err(reason) = browser.open(&url) {
                    // Ignored: once the sign-in is over, nobody receives the reason.
                    let _ = failed.send(reason);
                }
            });
            if let Err(error) = opened {
                (self.notify)(Notice::NoBrowser(&error.to_string()));
            }
        }
        trouble
    }

    /// Waits for a callback from the browser or a pasted address. The first conclusive answer counts.
    async fn conclusion(
        &self,
        serving: &mut Serving,
        mut trouble: oneshot::Receiver<String>,
        mut pasted: Pasted<'_>,
        url: &Url,
        remarks: &mut Vec<Remark>,
    ) -> Conclusion {
        let mut is_opening = true;
        let (mut opening, mut is_watched) = (std::pin::pin!(sleep(OPENING)), true);
        let mut ask = self.ask;
        let mut typed = Typed::default();
        if self.asks_at_once {
            typed.lines = ask.take().map(|ask| ask());
        }
        loop {
            let arrival = tokio::select! {
                reason = &mut trouble, if is_opening => {
                    is_opening = false;
                    let Ok(reason) = reason else { continue };
                    if self.needs_browser {
                        return Conclusion::NoBrowser(reason);
                    }
                    (self.notify)(Notice::NoBrowser(&reason));
                    typed.lines = typed.lines.or_else(|| ask.take().map(|ask| ask()));
                    continue;
                }
                () = &mut opening, if is_watched => {
                    is_watched = false;
                    if !serving.is_opened() {
                        (self.notify)(Notice::NotOpened(url));
                    }
                    continue;
                }
                arrival = serving.next() => arrival,
                paste = typed.next(), if typed.lines.is_some() => {
                    match paste.map(|paste| pasted.read(paste.expose())) {
                        None => {
                            typed.lines = None;
                            (self.notify)(Notice::PasteEnded);
                            continue;
                        }
                        Some(None) => continue,
                        Some(Some(Err(reason))) => {
                            (self.notify)(Notice::NotPasted(&reason));
                            continue;
                        }
                        Some(Some(Ok(arrival))) => arrival,
                    }
                }
            };
            match arrival {
                Arrival::Code(code) => return Conclusion::Code(code),
                Arrival::Denied(denial) => return Conclusion::Denied(denial),
                Arrival::Remark(remark) => {
                    if remarks.len() < REMARKS && !remarks.iter().any(|told| is_alike(told, &remark)) {
                        (self.notify)(Notice::Remark(&remark));
                        remarks.push(remark);
                    }
                }
            }
        }
    }

    async fn tokens(&self, code: &Secret, attempt: &Attempt, redirect_uri: &str) -> Result<Tokens, Failure> {
        let granted = self.client.exchange(code, &attempt.verifier, redirect_uri).await;
        let grant = granted.map_err(|error| self.client.failure(error))?;
        self.client.verify(grant, Some(&attempt.nonce)).await
    }

    fn no_browser(&self, reason: &str) -> Failure {
        Failure::new(Kind::SignInRequired, format!("no browser could be opened ({reason})"))
            .hint(format!("run '{}'", login_command(self.client.profile)))
    }

    fn nobody_came(&self, redirect_uri: &str, remarks: &[Remark]) -> Failure {
        let message = format!("nobody signed in within {} s", self.patience.as_secs());
        let login = login_command(self.client.profile);
        // An answer to this sign-in arrived, so the browser was not stuck on a page of the hosted UI.
        let hint = match remarks.iter().any(|remark| !matches!(remark, Remark::Unvouched(_))) {
            true => format!("run '{login}' again; the warning above says why the browser's answer was not used"),
            false => hosted_ui::hint_for_nobody(&login, redirect_uri, self.reception.as_ref()),
        };
        Failure::new(Kind::SignInRequired, message).hint(hint)
    }
}

/// Returns whether `remark` need not be reported, because the similar remark `told` was reported. An unusable answer
/// comes from the identity provider, so each reason is reported; the others may come from anyone.
fn is_alike(told: &Remark, remark: &Remark) -> bool {
    match remark {
        Remark::Unusable(_) => told == remark,
        _ => std::mem::discriminant(told) == std::mem::discriminant(remark),
    }
}

/// The result of waiting for the person.
enum Conclusion {
    Code(Secret),
    Denied(Denial),
    NoBrowser(String),
}

/// The person's input, split into pastes. It outlives each wait, so that an interrupted wait loses no input.
#[derive(Default)]
struct Typed {
    lines: Option<mpsc::Receiver<Secret>>,
    paste: Zeroizing<String>,
    /// The times at which the first and the last line of the current paste arrived.
    times: Option<(Instant, Instant)>,
}

impl Typed {
    /// Returns the next paste: the lines that arrive without a pause between them. `None` at the end of the input.
    async fn next(&mut self) -> Option<Secret> {
        let lines = self.lines.as_mut()?;
        loop {
            let line = match self.times {
                None => Some(lines.recv().await?),
                Some((first, last)) => {
                    let end = (last + SAME_PASTE).min(first + LONGEST_PASTE);
                    timeout_at(end, lines.recv()).await.ok().flatten()
                }
            };
            let Some(line) = line else { break };
            let now = Instant::now();
            self.times = Some((self.times.map_or(now, |(first, _)| first), now));
            // Input beyond the limit is dropped: the paste is too long anyway.
            if self.paste.len() <= PASTE_LIMIT {
                self.paste.push_str(line.expose());
            }
        }
        self.times = None;
        Some(Secret::new(std::mem::take(&mut *self.paste)))
    }
}

/// Returns the failure for an error answer. It contains the cause, the description and the code, with secrets redacted.
fn denied(denial: &Denial, client: &Client<'_>, redactor: &Redactor) -> Failure {
    let description = denial.description.as_deref().map(|text| refusals::in_one_line(&redactor.redact(text)));
    let description = description.filter(|text| !text.is_empty());
    let row = refusals::find(Refuser::Authorization, &denial.error, description.as_deref().unwrap_or_default());
    let said = match &description {
        Some(description) => format!("{description} ({})", redactor.redact(&denial.error)),
        None => redactor.redact(&denial.error),
    };
    let login = login_command(client.profile);
    let facts = client.facts(&login);
    Failure::new(row.kind, format!("{}: {said}", row.cause(&facts))).hint(row.hint(&facts))
}
