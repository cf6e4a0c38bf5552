//! `cogfed login`.

use std::time::Duration;

use chrono::{DateTime, Local, Utc};

use super::{Attendance, Env, Opened, choice};
use crate::cli::Login;
use crate::error::{Kind, kind_of};
use crate::profile::Profile;
use crate::session::{Saved, Session, SignInLock};
use crate::store::record::TokensRecord;
use crate::terminal::Terminal;
use crate::user_pool::{Keys, Listener, Notice, SignIn, TokenEndpoint};

/// How a sign-in is to go.
pub(super) struct Manner {
    /// The identity provider that it has to be by, if that matters.
    pub provider: Option<String>,
    /// Whether cogfed opens the browser.
    pub opens_browser: bool,
    /// How long the person has.
    pub patience: Duration,
    /// Whether credentials made from an old sign-in are deleted in any case.
    pub is_forced: bool,
    /// Whether a person asked for it, who is never held back.
    pub is_asked_for: bool,
}

/// How it went.
pub(super) enum Outcome {
    /// Somebody signed in here.
    SignedIn(Saved),
    /// There is a sign-in that works.
    Already(TokensRecord),
}

pub fn run(flags: &Login, env: &mut Env) -> anyhow::Result<()> {
    let mut profile = Profile::load(&choice(&flags.profile), &env.variable)?;
    if let Some(provider) = &flags.identity_provider {
        profile = profile.by_provider(provider)?;
    }
    let opened = Opened::of(env, profile, Attendance::Person)?;
    let manner = Manner {
        provider: flags.identity_provider.clone(),
        opens_browser: !flags.no_browser,
        patience: Duration::from_secs(flags.timeout),
        is_forced: flags.force,
        is_asked_for: true,
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
    opened: &Opened,
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
    if let (false, Some(failure)) = (manner.is_asked_for, session.held_back(began)) {
        return Err(failure.into());
    }
    let siblings = opened.siblings(env);
    let listener = Listener::bind(&session.profile.redirect.ports)?;
    let endpoint = TokenEndpoint::new(session.profile, session.http, session.client_secret);
    let keys = Keys::new(session.http, session.folder, &session.profile.endpoints.jwks);
    let notify = |notice: Notice<'_>| tell(&env.terminal, &session.profile.name, &notice, manner.patience);
    let sign_in = SignIn {
        profile: session.profile,
        endpoint: &endpoint,
        keys: &keys,
        clock: session.clock,
        browser: manner.opens_browser.then(|| opened.browser(env)),
        patience: manner.patience,
        notify: &notify,
    };
    match session.note_browser() {
        Err(error) if !manner.is_asked_for => {
            return Err(error.context("no browser is opened where it cannot be noted"));
        }
        _ => {}
    }
    let saved = sign_in.run(listener, |tokens| session.save_sign_in(tokens, manner.is_forced, &siblings)).await;
    Ok(Outcome::SignedIn(saved.inspect_err(|error| session.note_failure(error))?))
}

/// The stored sign-in, if it works. One that has ended, that is refused, or that is by another provider, is none.
async fn working(session: &Session<'_>, manner: &Manner) -> anyhow::Result<Option<TokensRecord>> {
    match session.confirm().await {
        Ok(tokens) => Ok(Some(tokens).filter(|tokens| manner.provider.is_none() || tokens.provider == manner.provider)),
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

fn tell(terminal: &Terminal, profile: &str, notice: &Notice<'_>, patience: Duration) {
    match notice {
        Notice::Page { url, opening } => {
            terminal.say(&match opening {
                true => {
                    format!("opening your browser to sign in to profile '{profile}'; should none appear, open this:")
                }
                false => format!("to sign in to profile '{profile}', open this in a browser on this machine:"),
            });
            terminal.plain(url.as_str());
            terminal.say(&format!("waiting up to {} s for you to sign in", patience.as_secs()));
        }
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
    }
}

fn described(tokens: &TokensRecord, profile: &Profile) -> String {
    let provider = tokens.provider.as_ref().map(|provider| format!(" by {provider}")).unwrap_or_default();
    let until = tokens.renewable_until(profile);
    let until = until.map(|until| format!(", renewed silently until {}", local(until))).unwrap_or_default();
    format!("{}{provider} (profile '{}'){until}", tokens.person, profile.name)
}

/// A time as a person reads it, in this machine's time zone.
pub(super) fn local(time: DateTime<Utc>) -> String {
    time.with_timezone(&Local).format("%Y-%m-%d %H:%M %:z").to_string()
}
