//! `cogfed login`.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use url::Url;

use super::rows::local;
use super::{Attendance, BrowserAccess, Env, ProfileContext, choice, configuration};
use crate::cli::Login;
use crate::error::{Kind, kind_of};
use crate::oidc::{Browser, Listener, Machine, Notice, RequestOptions, SignIn};
use crate::profile::{Profile, email};
use crate::secret::Secret;
use crate::session::record::TokensRecord;
use crate::session::{Saved, Session, SignInLock};
use crate::terminal::Terminal;

/// How a sign-in is to go.
pub(super) struct Manner {
    /// The identity provider that it has to be by, if that matters.
    pub provider: Option<String>,
    /// The email address of the person that it has to be, if that matters.
    pub address: Option<String>,
    /// Whose turn it is to open the browser.
    pub turn: Turn,
    /// How long the person has.
    pub patience: Duration,
    /// Whether credentials made from an old sign-in are deleted in any case.
    pub is_forced: bool,
}

/// Whose turn it is to open the browser, and who is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    /// cogfed opens it where it can, else the person who runs it.
    Cogfed,
    /// The person, who said so.
    Person,
    /// cogfed, and nobody else: a tool runs us.
    Tool,
}

/// How it went.
pub(super) enum Outcome {
    /// Somebody signed in here.
    SignedIn(Saved),
    /// There is a sign-in that works.
    Already(TokensRecord),
}

pub fn run(flags: &Login, env: &mut Env) -> anyhow::Result<()> {
    let mut choice = choice(&flags.profile);
    if let Some(address) = &flags.email {
        choice.profile = Some(email::find(&configuration(env)?, &choice, address, &env.variable)?);
    }
    let mut profile = Profile::load(&choice, &env.variable)?;
    if let Some(provider) = &flags.identity_provider {
        profile = profile.by_provider(provider)?;
    }
    if let Some(address) = &flags.email {
        profile = profile.for_email(address)?;
    }
    let opened = ProfileContext::of(env, profile, Attendance::Person)?;
    let manner = Manner {
        provider: flags.identity_provider.clone(),
        address: flags.email.clone(),
        turn: if flags.no_browser { Turn::Person } else { Turn::Cogfed },
        patience: Duration::from_secs(flags.timeout),
        is_forced: flags.force,
    };
    match opened.wait_for(sign_in(&opened.session(), &opened, env, &manner))? {
        Outcome::SignedIn(saved) => {
            if let Some(person) = &saved.replaced {
                env.terminal.say(&format!("{person} was signed in before, and is not any more"));
            }
            env.terminal.say(&format!("signed in as {}", described(&saved.tokens, &opened.profile)));
        }
        Outcome::Already(tokens) => {
            env.terminal.say(&format!("already signed in as {}", described(&tokens, &opened.profile)));
            env.terminal.hint("to sign in anew, use --force");
        }
    }
    Ok(())
}

/// Signs in, unless there is a sign-in that works.
pub(super) async fn sign_in(
    session: &Session<'_>,
    opened: &ProfileContext,
    env: &Env,
    manner: &Manner,
) -> anyhow::Result<Outcome> {
    // Asked first, so that a store that does not work is known before anybody signs in for nothing.
    if manner.is_forced {
        session.tokens_to_replace()?;
    } else if let Some(tokens) = working(session, manner).await? {
        return Ok(Outcome::Already(tokens));
    }
    let began = session.clock.now();
    let _flight = flight(session, &env.terminal, manner)?;
    // Somebody may have signed in since, whether we had to wait for them or not.
    if !manner.is_forced
        && let Some(tokens) = working(session, manner).await?
    {
        return Ok(Outcome::Already(tokens));
    }
    let is_asked_for = manner.turn != Turn::Tool;
    if let (false, Some(failure)) = (is_asked_for, session.held_back(began)) {
        return Err(failure.into());
    }
    let siblings = opened.siblings(env);
    let listener = Listener::bind(&session.profile.redirect.ports)?;
    let endpoints = session.endpoints().await?;
    let way = opened.browser_access(env);
    let words = Words { env, profile: session.profile, way: &way, manner };
    let (ask, can_ask) = (|| words.ask(), is_asked_for && way.is_own && env.terminal.can_ask());
    let sign_in = SignIn {
        client: session.client(&endpoints, session.client_secret),
        options: RequestOptions::of(session.profile),
        redirect: &session.profile.redirect,
        browser: words.browser(),
        needs_browser: !is_asked_for,
        ask: can_ask.then_some(&ask),
        asks_at_once: words.browser().is_none() || way.surroundings.is_far_from_browser(),
        patience: manner.patience,
        notify: &|notice| words.tell(&notice),
    };
    if let (false, Err(error)) = (is_asked_for, session.note_browser()) {
        return Err(error.context("no browser is opened where it cannot be noted"));
    }
    let saved = sign_in.run(listener, |tokens| session.save_sign_in(tokens, manner.is_forced, &siblings)).await;
    session.note_clock();
    let saved = saved.map_err(|error| session.with_clock_named(error));
    Ok(Outcome::SignedIn(saved.inspect_err(|error| session.note_failure(error))?))
}

impl Manner {
    /// Whether a sign-in is the one that is meant. Not every token names its person by an address, and a user name has
    /// its provider before it (`AzureAD_ada@corp.example`).
    fn is_meant(&self, tokens: &TokensRecord) -> bool {
        let person = tokens.person.to_ascii_lowercase();
        let is_other = |address: &String| {
            let address = address.to_ascii_lowercase();
            let user_name = tokens.provider.as_ref().map(|name| format!("{}_{address}", name.to_ascii_lowercase()));
            person.contains('@') && person != address && Some(&person) != user_name.as_ref()
        };
        (self.provider.is_none() || tokens.provider == self.provider) && !self.address.as_ref().is_some_and(is_other)
    }
}

/// The stored sign-in, if it works. One that has ended, that is refused, or that is not the one that is meant, is none.
async fn working(session: &Session<'_>, manner: &Manner) -> anyhow::Result<Option<TokensRecord>> {
    match session.confirm().await {
        Ok(tokens) => Ok(Some(tokens).filter(|tokens| manner.is_meant(tokens))),
        Err(error) if matches!(kind_of(&error), Kind::SignInRequired | Kind::Refused) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Waits for its turn to open a browser: one at a time.
fn flight(session: &Session<'_>, terminal: &Terminal, manner: &Manner) -> anyhow::Result<SignInLock> {
    if let Some(lock) = session.try_begin_sign_in()? {
        return Ok(lock);
    }
    terminal.say("another cogfed is signing in to this profile; waiting for it");
    Ok(session.begin_sign_in(manner.patience)?)
}

/// What is said while a person signs in.
struct Words<'a> {
    env: &'a Env,
    profile: &'a Profile,
    way: &'a BrowserAccess,
    manner: &'a Manner,
}

impl Words<'_> {
    fn browser(&self) -> Option<Arc<dyn Browser>> {
        self.way.browser.clone().filter(|_| self.manner.turn != Turn::Person)
    }

    fn ask(&self) -> mpsc::Receiver<Secret> {
        self.env.terminal.ask("or paste here the address that the browser ended on, if it cannot reach this machine:")
    }

    fn tell(&self, notice: &Notice<'_>) {
        let terminal = &self.env.terminal;
        match notice {
            Notice::Page { url, opening, port } => self.page(url, *opening, *port),
            Notice::NoBrowser(reason) => {
                terminal.warn(&format!("no browser could be opened ({reason}); open the URL above yourself"));
            }
            Notice::Unvouched(denial) => {
                let said = denial.description.as_deref().map(|text| format!(": {text}")).unwrap_or_default();
                terminal.warn(&format!(
                    "someone reported the error '{}'{said}, without knowing this sign-in's state: \
                     it may not be true, and the wait goes on",
                    denial.error
                ));
            }
            Notice::NotPasted(reason) => terminal
                .warn(&format!("{reason}; copy all of it, from http:// to the end, out of the browser's address bar")),
            Notice::PasteEnded => terminal.say("nothing more can be pasted; still waiting for the browser"),
        }
    }

    fn page(&self, url: &Url, opening: bool, port: u16) {
        let (terminal, here, name) = (&self.env.terminal, &self.way.surroundings, &self.profile.name);
        let is_guessed = self.way.is_own && self.manner.turn != Turn::Person;
        terminal.say(&match (opening, here.machine) {
            (true, Machine::Wsl) if is_guessed => {
                format!("this is WSL: opening the browser of Windows to sign in to profile '{name}'; should none appear, open this:")
            }
            (true, _) => format!("opening your browser to sign in to profile '{name}'; should none appear, open this:"),
            (false, machine) if is_guessed => {
                format!("no browser here: {}; to sign in to profile '{name}', open this in a browser:", machine.described())
            }
            (false, _) => format!("to sign in to profile '{name}', open this in a browser{}:", self.where_to()),
        });
        terminal.plain(url.as_str());
        if !opening && self.profile.clipboard && terminal.copy(url.as_str(), &self.env.variable) {
            terminal.say("copied to the clipboard, if your terminal allows it");
        }
        if let (false, Some(command)) = (opening, here.forwarding(port)) {
            terminal.say("so that the browser can come back to this machine, run this on the browser's:");
            terminal.plain(&command);
        }
        terminal.say(&format!("waiting up to {} s for you to sign in", self.manner.patience.as_secs()));
    }

    /// The browser has to come back to this machine, unless a port is forwarded.
    fn where_to(&self) -> &'static str {
        if self.way.surroundings.ssh.is_some() { "" } else { " on this machine" }
    }
}

fn described(tokens: &TokensRecord, profile: &Profile) -> String {
    let provider = tokens.provider.as_ref().map(|provider| format!(" by {provider}")).unwrap_or_default();
    let until = tokens.renewable_until(profile);
    let until = until.map(|until| format!(", renewed silently until {}", local(until))).unwrap_or_default();
    format!("{}{provider} (profile '{}'){until}", tokens.person, profile.name)
}
