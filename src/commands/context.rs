//! The context of a command for one profile: its settings, store, folder, HTTP client and session.

use std::sync::Arc;
use std::time::Duration;

use super::env::Env;
use super::runtime::block_on;
use crate::cli::{ProfileFlag, RoleFlag};
use crate::clock::Clock;
use crate::folder::Folder;
use crate::http::Http;
use crate::oidc::{Browser, Opener, Surroundings, SystemBrowser};
use crate::profile::{Choice, Configuration, Override, Profile, keys, settings};
use crate::secret::Secret;
use crate::session::Session;
use crate::session::record::{credentials_account, tokens_account};
use crate::store::{OnWait, Patience, Store};
use crate::terminal::Terminal;

/// The wait after which a person is told the reason for it.
const WAIT_BEFORE_TELLING: Duration = Duration::from_secs(1);

/// The presence of a person who can answer a keyring's question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attendance {
    /// A tool runs cogfed: nobody reads its messages.
    Unattended,
    /// A person runs cogfed, if there is a terminal.
    Person,
}

/// A profile, with everything that a command for it needs.
pub struct ProfileContext {
    /// The profile.
    pub profile: Profile,
    /// The store that it names.
    pub store: Store,
    /// cogfed's own folder.
    pub folder: Folder,
    /// The HTTP client, with the authorities that the profile trusts.
    pub http: Http,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The standard error, which people read.
    pub terminal: Terminal,
    /// The app client's secret, if the environment has one.
    pub client_secret: Option<Secret>,
    /// Whether a person is there to answer.
    pub is_attended: bool,
}

impl ProfileContext {
    /// Reads and checks the profile that `choice` names.
    ///
    /// # Errors
    /// [`Kind::Usage`](crate::error::Kind::Usage) if there is no such profile, or it is wrong.
    pub fn new(env: &Env, choice: &Choice, attendance: Attendance) -> anyhow::Result<Self> {
        Self::of(env, Profile::load(choice, &env.variable)?, attendance)
    }

    /// Prepares everything for a profile that has been read.
    ///
    /// # Errors
    /// If this user has no home folder.
    pub fn of(env: &Env, profile: Profile, attendance: Attendance) -> anyhow::Result<Self> {
        let folder = env.folder()?;
        let (patience, on_wait) = match attendance == Attendance::Person && env.terminal.is_attended() {
            true => (Patience::attended(), Some(keyring_asks(&env.terminal))),
            false => (Patience::unattended(), None),
        };
        let secret = (env.variable)("COGFED_CLIENT_SECRET").filter(|secret| !secret.is_empty());
        Ok(Self {
            is_attended: attendance == Attendance::Person && env.terminal.is_attended(),
            store: Store::new(profile.store.clone(), &folder, patience, on_wait),
            client_secret: secret.map(Secret::new),
            clock: Arc::clone(&env.clock),
            terminal: env.terminal.clone(),
            http: Http::new(Arc::clone(&env.clock), profile.ca_bundle.clone()),
            profile,
            folder,
        })
    }

    /// Returns the session of this profile.
    pub fn session(&self) -> Session<'_> {
        Session {
            profile: &self.profile,
            store: &self.store,
            folder: &self.folder,
            clock: self.clock.as_ref(),
            http: &self.http,
            client_secret: self.client_secret.as_ref(),
            is_attended: self.is_attended,
            wait: Box::new(|text| {
                if self.terminal.is_attended() {
                    self.terminal.say(text);
                }
            }),
            warn: Box::new(|text| self.terminal.warn(text)),
        }
    }

    /// Returns the credentials' accounts of all profiles of the configuration that share this one's sign-in.
    pub fn siblings(&self, env: &Env) -> Vec<String> {
        self.sharing(env).iter().map(credentials_account).collect()
    }

    /// Returns all profiles of the configuration that share this one's sign-in, including itself.
    pub fn sharing(&self, env: &Env) -> Vec<Profile> {
        let Ok(configuration) = configuration(env) else { return Vec::new() };
        let profile = |name: &str| {
            let choice = Choice { profile: Some(name.to_owned()), flags: Vec::new() };
            Profile::from_settings(name, &settings(&configuration, name, &choice, &env.variable).ok()?).ok()
        };
        let shares = |other: &Profile| tokens_account(other) == tokens_account(&self.profile);
        configuration.names().filter_map(profile).filter(shares).collect()
    }

    /// Runs a future to its end, like [`block_on`]. After a second it tells a person which host it is waiting for.
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
                        if let (true, Some(host)) = (self.terminal.is_attended() && awaited != told, &awaited) {
                            self.terminal.say(&format!("waiting for {host}"));
                        }
                        told = awaited;
                    }
                }
            }
        })
    }

    /// Returns how a page reaches the person here.
    pub fn browser_access(&self, env: &Env) -> BrowserAccess {
        let surroundings = Surroundings::here(&env.variable);
        if let Some(browser) = &env.browser {
            return BrowserAccess { browser: Some(Arc::clone(browser)), surroundings, is_own: false };
        }
        let named = self.profile.browser.clone().map(Opener::Command);
        let opener = named.or_else(|| surroundings.opener.clone());
        let browser = opener.map(|opener| -> Arc<dyn Browser> { Arc::new(SystemBrowser { opener }) });
        BrowserAccess { browser, surroundings, is_own: true }
    }
}

/// The way from a page's URL to a person's eyes.
pub struct BrowserAccess {
    /// The browser that opens it, if there is one.
    pub browser: Option<Arc<dyn Browser>>,
    /// The environment that decides whether a browser here is the person's.
    pub surroundings: Surroundings,
    /// Whether it is this machine's own, not one that a test or the demo passed in.
    pub is_own: bool,
}

fn keyring_asks(terminal: &Terminal) -> OnWait {
    let terminal = terminal.clone();
    Arc::new(move || terminal.say("waiting for the keyring; it may be asking you to unlock it"))
}

/// Returns the choice of a profile that has no other flags.
pub fn choice(flag: &ProfileFlag) -> Choice {
    Choice { profile: flag.profile.clone(), flags: Vec::new() }
}

/// Returns the choice of a profile and, if the flag names one, of a role in place of the profile's.
pub fn choice_of_role(flag: &ProfileFlag, role: &RoleFlag) -> Choice {
    let of = |role: &String| Override { key: keys::ROLE_ARN.entry(), flag: "--role", text: role.clone() };
    Choice { flags: role.role.iter().map(of).collect(), ..choice(flag) }
}

/// Reads the configuration file.
///
/// # Errors
/// [`Kind::Usage`](crate::error::Kind::Usage) if it cannot be read or parsed.
pub fn configuration(env: &Env) -> anyhow::Result<Configuration> {
    Ok(Configuration::read(&Configuration::path(&env.variable)?)?)
}
