//! One file a verb: flags in, one call to the rooms below, output out.

mod call;
mod credential_process;
mod demo;
mod login;
mod logout;
mod profile;
mod report;
mod roles;
mod sandbox;
mod status;

use std::io::{ErrorKind, IsTerminal, Write};
use std::sync::Arc;

use anyhow::Context as _;
use serde::Serialize;

use crate::cli::{Cli, ProfileFlag, RoleFlag, Verb};
use crate::clock::{Clock, SystemClock};
use crate::error::{Failure, Kind};
use crate::folder::Folder;
use crate::http::Http;
use crate::oidc::{Browser, Opener, Surroundings, SystemBrowser};
use crate::profile::{Choice, Configuration, Profile, settings};
use crate::secret::Secret;
use crate::session::Session;
use crate::session::record::{credentials_account, tokens_account};
use crate::store::{OnWait, Patience, Store};
use crate::terminal::{Terminal, shown_json};

/// What a run is given from outside. Tests hold the clock, the browser, the folders and the output in their own hands;
/// HTTP is never faked, the sandbox is a real server.
pub struct Env {
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// What opens pages, if not this desktop's browser.
    pub browser: Option<Arc<dyn Browser>>,
    /// cogfed's own folder, if not this person's.
    pub folder: Option<Folder>,
    /// The standard output.
    pub output: Output,
    /// Where people read.
    pub terminal: Terminal,
    /// Reads an environment variable.
    pub variable: ReadVariable,
}

/// Reads an environment variable by its name.
pub type ReadVariable = Box<dyn Fn(&str) -> Option<String>>;

/// Where the machine-readable output goes.
pub struct Output {
    /// The standard output, or what stands in for it.
    pub to: Box<dyn Write>,
    /// Whether that is a terminal, on which an API's answer must be escaped.
    pub is_terminal: bool,
}

impl Env {
    /// This process's own.
    pub fn system() -> Self {
        // What is no text stays wrong, and is met as such: as if it were not set would be another profile.
        let variable = |name: &str| Some(std::env::var_os(name)?.to_string_lossy().into_owned());
        Self {
            clock: Arc::new(SystemClock),
            browser: None,
            folder: None,
            output: Output { to: Box::new(std::io::stdout()), is_terminal: std::io::stdout().is_terminal() },
            terminal: Terminal::stderr(&variable),
            variable: Box::new(variable),
        }
    }

    fn folder(&self) -> anyhow::Result<Folder> {
        self.folder.clone().map_or_else(Folder::own, Ok)
    }

    /// Writes a line of JSON to the standard output. A person may look at it, too.
    fn print_json(&mut self, value: &impl Serialize) -> anyhow::Result<()> {
        self.print(&(shown_json(&serde_json::to_string(value)?) + "\n"))
    }

    /// Writes to the standard output, all at once.
    fn print(&mut self, text: &str) -> anyhow::Result<()> {
        let to = &mut self.output.to;
        match to.write_all(text.as_bytes()).and_then(|()| to.flush()) {
            // Whoever reads has read enough, as `head` does.
            Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
            written => written.context("cannot write the output"),
        }
    }
}

/// Does what the command line says.
///
/// # Errors
/// Whatever the verb fails with.
pub fn run(cli: Cli, env: &mut Env) -> anyhow::Result<()> {
    if cli.no_input {
        env.terminal.expect_nobody();
    }
    match cli.verb {
        Verb::Login(flags) => login::run(&flags, env),
        Verb::CredentialProcess(flags) => credential_process::run(&flags, env),
        Verb::Call(flags) => call::run(flags, env),
        Verb::Status(flags) => status::run(&flags, env),
        Verb::Roles(flags) => roles::run(&flags, env),
        Verb::Logout(flags) => logout::run(&flags, env),
        Verb::Profile(verb) => profile::run(&verb, env),
        Verb::Sandbox(flags) => sandbox::run(&flags, env),
        Verb::Demo(flags) => demo::run(&flags, env),
    }
}

/// How long a person waits before being told for what.
const WAIT_BEFORE_TELLING: std::time::Duration = std::time::Duration::from_secs(1);

/// Whether a person can be expected to answer a keyring's question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Attendance {
    /// Some tool runs us: nobody sees what we say.
    Unattended,
    /// A person runs us, if there is a terminal.
    Person,
}

/// What the verbs of one profile work with.
struct Opened {
    profile: Profile,
    store: Store,
    folder: Folder,
    http: Http,
    clock: Arc<dyn Clock>,
    terminal: Terminal,
    client_secret: Option<Secret>,
    is_attended: bool,
}

impl Opened {
    fn new(env: &Env, choice: &Choice, attendance: Attendance) -> anyhow::Result<Self> {
        Self::of(env, Profile::load(choice, &env.variable)?, attendance)
    }

    fn of(env: &Env, profile: Profile, attendance: Attendance) -> anyhow::Result<Self> {
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

    fn session(&self) -> Session<'_> {
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

    /// The credentials' accounts of all profiles of the configuration that share this one's sign-in.
    fn siblings(&self, env: &Env) -> Vec<String> {
        self.sharing(env).iter().map(credentials_account).collect()
    }

    /// All profiles of the configuration that share this one's sign-in, itself among them.
    fn sharing(&self, env: &Env) -> Vec<Profile> {
        let Ok(configuration) = configuration(env) else { return Vec::new() };
        let profile = |name: &str| {
            let choice = Choice { profile: Some(name.to_owned()), flags: Vec::new() };
            Profile::from_settings(name, &settings(&configuration, name, &choice, &env.variable).ok()?).ok()
        };
        let shares = |other: &Profile| tokens_account(other) == tokens_account(&self.profile);
        configuration.names().filter_map(profile).filter(shares).collect()
    }

    /// How a page gets before the person here.
    fn way(&self, env: &Env) -> Way {
        let surroundings = Surroundings::here(&env.variable);
        if let Some(browser) = &env.browser {
            return Way { browser: Some(Arc::clone(browser)), surroundings, is_own: false };
        }
        let named = self.profile.browser.clone().map(Opener::Command);
        let opener = named.or_else(|| surroundings.opener.clone());
        let browser = opener.map(|opener| -> Arc<dyn Browser> { Arc::new(SystemBrowser { opener }) });
        Way { browser, surroundings, is_own: true }
    }
}

/// How a page gets before the person.
struct Way {
    /// What opens it, if anything does.
    browser: Option<Arc<dyn Browser>>,
    surroundings: Surroundings,
    /// Whether that is this machine's own way, and not what a test or the demo passed in.
    is_own: bool,
}

fn keyring_asks(terminal: &Terminal) -> OnWait {
    let terminal = terminal.clone();
    Arc::new(move || terminal.say("waiting for the keyring; it may be asking you to unlock it"))
}

fn choice(flag: &ProfileFlag) -> Choice {
    Choice { profile: flag.profile.clone(), flags: Vec::new() }
}

/// The same with another role than the profile's, if one is named.
fn choice_of_role(flag: &ProfileFlag, role: &RoleFlag) -> Choice {
    let flags = role.role.iter().map(|role| ("role_arn", role.clone())).collect();
    Choice { flags, ..choice(flag) }
}

fn configuration(env: &Env) -> anyhow::Result<Configuration> {
    Ok(Configuration::read(&Configuration::path(&env.variable)?)?)
}

/// Runs a future to its end. The runtime is built here, and not before something has to be waited for.
fn block_on<T>(future: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    let built = enough_descriptors().and_then(|()| tokio::runtime::Builder::new_current_thread().enable_all().build());
    let runtime = built.map_err(|error| {
        Failure::new(Kind::Failed, format!("cannot start the runtime: {error}"))
            .hint("allow more open files ('ulimit -n'), then try again")
    })?;
    let outcome = runtime.block_on(future);
    // A name that is still being looked up, past the deadline, is not waited for.
    runtime.shutdown_background();
    outcome
}

/// tokio panics where there are too few for what its signals need (<https://docs.rs/tokio>, `signal::unix`).
fn enough_descriptors() -> std::io::Result<()> {
    #[cfg(unix)]
    {
        let pairs = std::array::from_fn::<_, 4, _>(|_| std::os::unix::net::UnixStream::pair());
        pairs.into_iter().collect::<Result<Vec<_>, _>>()?;
    }
    Ok(())
}

impl Opened {
    /// As [`block_on`]; a person who waits for more than a second is told for what.
    fn wait_for<T>(&self, work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
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
}

/// Waits for the signal that ends a program: Ctrl-C, or SIGTERM.
async fn stop_signal() -> anyhow::Result<()> {
    #[cfg(unix)]
    {
        let mut terminated = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
        tokio::select! {
            interrupted = tokio::signal::ctrl_c() => Ok(interrupted?),
            _ = terminated.recv() => Ok(()),
        }
    }
    #[cfg(not(unix))]
    Ok(tokio::signal::ctrl_c().await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_ends_although_a_name_is_still_being_looked_up() {
        let (_end, ended) = std::sync::mpsc::channel::<()>();
        let found = Arc::new(std::sync::atomic::AtomicBool::new(false));
        let finding = Arc::clone(&found);
        // As the system's resolver, which cannot be called off.
        let look_up = move || {
            let _ = ended.recv_timeout(std::time::Duration::from_secs(10));
            finding.store(true, std::sync::atomic::Ordering::SeqCst);
        };
        block_on(async {
            tokio::task::spawn_blocking(look_up);
            tokio::task::yield_now().await;
            Ok(())
        })
        .unwrap();
        assert!(!found.load(std::sync::atomic::Ordering::SeqCst), "it was waited for");
    }
}
