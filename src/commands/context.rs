//! The profile that a command uses, with its settings, store, folder, HTTP client and session.

use std::sync::Arc;
use std::time::{Duration, Instant};

use url::Url;

use super::env::Env;
use super::runtime::block_on;
use crate::aws::Credentials;
use crate::cli::{ProfileFlag, RoleFlag};
use crate::clock::Clock;
use crate::error::Failure;
use crate::http::Http;
use crate::oidc::{Browser, NAMED_BY, Opener, Surroundings, SystemBrowser};
use crate::profile::{BrowserCommand, Choice, Configuration, Issuer, Location, Override, Profile, keys, select};
use crate::secret::Secret;
use crate::session::interactive::BrowserPolicy;
use crate::session::record::{credentials_account, tokens_account};
use crate::session::{Ask, Message, OnMessage, Provider, Session, Setup};
use crate::store::Store;
use crate::terminal::Terminal;

/// The waiting time after which the person is told the reason for the wait.
const WAIT_BEFORE_TELLING: Duration = Duration::from_secs(1);

/// The presence or absence of a person who can answer the keyring's prompts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attendance {
    /// A tool runs cogfed, and nobody reads the messages.
    Unattended,
    /// A person runs cogfed, provided that there is a terminal.
    Person,
}

/// A profile, with everything that a command needs to use it.
pub struct ProfileContext {
    /// The profile and its settings.
    pub profile: Arc<Profile>,
    /// The store that keeps the profile's sign-in and credentials.
    pub store: Arc<Store>,
    /// The HTTP client of this profile. It also trusts the profile's certificate authorities.
    pub http: Http,
    /// The source of the current time.
    pub clock: Arc<dyn Clock>,
    /// Standard error, for messages to people.
    pub terminal: Terminal,
    session: Session,
}

impl ProfileContext {
    /// Reads and validates the profile that `choice` names, and creates its context.
    ///
    /// # Errors
    /// [`Kind::Usage`](crate::error::Kind::Usage) if there is no such profile, or it is wrong.
    pub fn new(env: &Env, choice: &Choice, attendance: Attendance) -> anyhow::Result<Self> {
        Self::of(env, profile_of(env, choice)?, attendance)
    }

    /// Creates the context of a profile that has already been read.
    ///
    /// # Errors
    /// If this user has no home folder.
    pub fn of(env: &Env, profile: Profile, attendance: Attendance) -> anyhow::Result<Self> {
        let secret = (env.variable)("COGFED_CLIENT_SECRET").filter(|secret| !secret.is_empty());
        let setup = Setup {
            folder: env.folder()?,
            clock: Arc::clone(&env.clock),
            client_secret: secret.map(Secret::new),
            is_attended: attendance == Attendance::Person && env.terminal.is_attended(),
            on_message: on_message(env.terminal.clone()),
        };
        let session = Session::open(&setup, Ask::new(profile));
        Ok(Self {
            profile: Arc::clone(&session.ask.profile),
            store: Arc::clone(&session.store),
            http: session.http.clone(),
            clock: setup.clock,
            terminal: env.terminal.clone(),
            session,
        })
    }

    /// Returns the session of this profile.
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// Returns the names of the store items that hold the credentials of all profiles that share this profile's
    /// sign-in.
    pub fn siblings(&self, env: &Env) -> Vec<String> {
        self.sharing(env).into_iter().map(|profile| credentials_account(&Ask::new(profile))).collect()
    }

    /// Returns all configured profiles that share this profile's sign-in, including this profile.
    pub fn sharing(&self, env: &Env) -> Vec<Profile> {
        let Ok(configuration) = configuration(env) else { return Vec::new() };
        let profile = |name: &str| {
            let choice = Choice { profile: Some(name.to_owned()), flags: Vec::new() };
            Profile::of(&configuration, name, &choice, &env.variable).ok()
        };
        let shares = |other: &Profile| tokens_account(other) == tokens_account(&self.profile);
        configuration.names().filter_map(profile).filter(shares).collect()
    }

    /// Returns valid credentials for the profile's role: stored credentials or, if those have to be renewed,
    /// credentials from a [`Provider`]. Holds no lease, so that a long answer of an API does not block sign-in or
    /// sign-out.
    ///
    /// # Errors
    /// As [`Session::credentials`].
    pub async fn credentials(&self) -> Result<Credentials, Failure> {
        match self.session.at_hand()? {
            Some(lease) => Ok(lease.credentials),
            None => Provider::new(self.session.clone()).credentials(&self.session.ask).await,
        }
    }

    /// Runs a future to completion, like [`block_on`]. After a second, tells a person which host the run is waiting
    /// for.
    ///
    /// # Errors
    /// As [`block_on`].
    pub fn wait_for<T>(&self, work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
        block_on(async {
            let mut work = std::pin::pin!(work);
            let mut told = None;
            loop {
                tokio::select! {
                    outcome = &mut work => return outcome,
                    () = tokio::time::sleep(WAIT_BEFORE_TELLING) => {
                        let awaited = self.http.awaited();
                        if let (true, Some(host)) = (self.terminal.shows_progress() && awaited != told, &awaited) {
                            self.terminal.say(&format!("waiting for {}", self.service_at(host)));
                        }
                        told = awaited;
                    }
                }
            }
        })
    }

    /// Returns the service's name followed by `host` in parentheses, or `host` alone if the service is unknown.
    fn service_at(&self, host: &str) -> String {
        let endpoints = &self.profile.endpoints;
        let own: [(&str, &str); 2] = match &self.profile.issuer {
            Issuer::UserPool(pool) => {
                [("the user pool's domain", &pool.endpoints.authorization), ("the user pool", &pool.endpoints.jwks)]
            }
            Issuer::Plain(issuer) => [("the issuer", &issuer.url), ("the issuer", &issuer.discovery)],
        };
        let aws: [(&str, &str); 2] = [("the identity pool", &endpoints.identity_pool), ("AWS STS", &endpoints.sts)];
        let is_there = |url: &str| Url::parse(url).is_ok_and(|url| url.authority() == host);
        match own.into_iter().chain(aws).find(|(_, url)| is_there(url)) {
            Some((service, _)) => format!("{service} ({host})"),
            None => host.to_owned(),
        }
    }

    /// Returns the browser that can show a page to the person, or the reason why there is none. If nobody asked for a
    /// browser, `$BROWSER` counts only if the person used it at the last sign-in.
    ///
    /// # Errors
    /// [`Kind::Store`](crate::error::Kind::Store).
    pub fn browser_access(&self, env: &Env, policy: BrowserPolicy) -> Result<BrowserAccess, Failure> {
        let mut surroundings = Surroundings::here(&env.variable);
        if let Some(browser) = &env.browser {
            let browser = Some(Arc::clone(browser));
            return Ok(BrowserAccess { browser, command: None, surroundings, is_own: false, trouble: None });
        }
        let is_attended = policy != BrowserPolicy::Unattended;
        let mut command = self.profile.browser.clone().or_else(|| surroundings.command());
        let mut trouble = None;
        if let Some(named) = command.as_ref().filter(|named| named.variable == Some(NAMED_BY))
            && !is_attended
            && !self.session.has_confirmed(named)?
        {
            command = None;
            surroundings = Surroundings::here(&|name| (env.variable)(name).filter(|_| name != NAMED_BY));
            trouble = Some(format!("${NAMED_BY} was not used at a login yet"));
        }
        let named = self.profile.browser.clone().map(|command| Opener::Command(command.text));
        let opener = named.or_else(|| surroundings.opener.clone());
        let browser = opener.map(|opener| SystemBrowser { opener, is_attended });
        if let Some(browser) = &browser {
            trouble = browser.check().err();
        }
        let browser = browser.filter(|_| trouble.is_none()).map(|browser| -> Arc<dyn Browser> { Arc::new(browser) });
        Ok(BrowserAccess { browser, command, surroundings, is_own: true, trouble })
    }
}

/// The browser in which the person can see a page, or the reason why there is none.
pub struct BrowserAccess {
    /// The browser that opens the page, if there is one.
    pub browser: Option<Arc<dyn Browser>>,
    /// The command that `browser` runs; `None` if it is the system's own.
    pub command: Option<BrowserCommand>,
    /// The environment of the sign-in: the kind of machine, the program that opens pages, and the SSH connection, if
    /// any. Together they suggest where the person's browser is.
    pub surroundings: Surroundings,
    /// True if `browser` is the browser of this machine; false if a test or the demo passed in another one.
    pub is_own: bool,
    /// The reason why the chosen browser cannot be started; `None` if it can be started, or if no browser was chosen.
    pub trouble: Option<String>,
}

impl BrowserAccess {
    /// Returns the reason why no browser can show the page.
    pub fn reason(&self) -> &str {
        self.trouble.as_deref().unwrap_or_else(|| self.surroundings.machine.described())
    }
}

/// Returns the function that prints the session's messages on the person's terminal.
fn on_message(terminal: Terminal) -> OnMessage {
    Arc::new(move |message| match message {
        Message::Warning(text) => terminal.warn(text),
        Message::Wait(text) if terminal.shows_progress() => terminal.say(text),
        Message::Wait(_) => {}
        Message::Keyring => {
            terminal.say("waiting for the keyring, which is probably locked: unlock it, or answer its prompt")
        }
    })
}

/// Converts the flag `--profile` to a profile choice without overrides.
pub fn choice(flag: &ProfileFlag) -> Choice {
    Choice { profile: flag.profile.clone(), flags: Vec::new() }
}

/// Converts the flags `--profile` and `--role` to a profile choice. If `role` names a role, that role replaces the
/// profile's.
pub fn choice_of_role(flag: &ProfileFlag, role: &RoleFlag) -> Choice {
    let of = |role: &String| Override { key: keys::ROLE_ARN.entry(), flag: "--role", text: role.clone() };
    Choice { flags: role.role.iter().map(of).collect(), ..choice(flag) }
}

/// Reads the configuration file.
///
/// # Errors
/// [`Kind::Usage`](crate::error::Kind::Usage) if it cannot be read or parsed, or must not be used.
pub fn configuration(env: &Env) -> anyhow::Result<Configuration> {
    Ok(Configuration::read(&Location::find(env.config.as_deref(), &env.variable)?)?)
}

/// Reads and validates the profile that `choice` names. Warns if it is unknown who can change the configuration.
///
/// # Errors
/// [`Kind::Usage`](crate::error::Kind::Usage) if there is no such profile, or it is wrong.
pub fn profile_of(env: &Env, choice: &Choice) -> anyhow::Result<Profile> {
    let began = Instant::now();
    let configuration = configuration(env)?;
    if let Some(doubt) = &configuration.doubt {
        env.terminal.warn(doubt);
    }
    let name = select(&configuration, choice, &env.variable)?;
    let profile = Profile::of(&configuration, &name, choice, &env.variable)?;
    let (file, ms) = (configuration.path.display(), began.elapsed().as_millis());
    tracing::debug!(%file, profile = name, store = %profile.store.kind, ms, "configuration");
    Ok(profile)
}
