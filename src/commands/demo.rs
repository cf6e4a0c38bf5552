//! `cogfed demo`: the whole flow on this machine, with a sandbox in place of AWS.

use std::ffi::OsString;
use std::io::{self, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use url::Url;

use super::{Env, Output, block_on};
use crate::cli::{Cli, Demo};
use crate::clock::Clock;
use crate::error::{Failure, Kind};
use crate::folder::Folder;
use crate::oidc::{Browser, Surroundings, SystemBrowser};
use crate::process::Signals;
use crate::sandbox::{Options, Sandbox, visitor};
use crate::terminal::Terminal;

/// The person in the sandbox who signs in if the demo runs without a browser. He may read orders and nothing else.
const PERSON: &str = "bob";
const PROFILE: &str = "demo";

/// The time that the current step has to finish after the demo is stopped. A wait for the browser may last longer, but
/// it writes nothing.
const GRACE: Duration = Duration::from_secs(1);

pub fn run(flags: &Demo, env: &mut Env) -> anyhow::Result<()> {
    block_on(until_done_or_stopped(flags, env))?;
    tell(&env.terminal, "");
    tell(&env.terminal, "That was all of it. The sandbox is gone, and nothing is left behind.");
    tell(&env.terminal, "Next: 'cogfed help' shows a profile for your own user pool.");
    Ok(())
}

/// Runs the demo on a separate thread until it is done or stopped. Ctrl-C then ends it, and the folder is still
/// removed.
async fn until_done_or_stopped(flags: &Demo, env: &Env) -> anyhow::Result<()> {
    // Signals are caught before anything exists that could be left behind.
    let mut signals = Signals::interrupt_or_terminate()?;
    // The folder is removed when this function returns, for whatever reason.
    let folder = private_folder().context("cannot make a folder for the demo")?;
    let is_stopped = Arc::new(AtomicBool::new(false));
    let (done, mut is_done) = tokio::sync::oneshot::channel();
    let play = play(flags, env, folder.path(), Arc::clone(&is_stopped));
    thread::Builder::new().name("demo".into()).spawn(move || {
        // If the demo was stopped, nobody receives the result.
        let _ = done.send(play());
    })?;
    tokio::select! {
        outcome = &mut is_done => outcome.context("the demo broke off")??,
        () = signals.received() => {
            is_stopped.store(true, Ordering::Relaxed);
            // A step that writes to the folder later would create it again.
            let _ = tokio::time::timeout(GRACE, is_done).await;
            return Err(Failure::new(Kind::Interrupted, "interrupted").into());
        }
    }
    folder.close().context("cannot remove the demo's folder")
}

/// Creates a temporary folder that is private from the moment of its creation, whatever the umask is.
fn private_folder() -> io::Result<tempfile::TempDir> {
    #[cfg_attr(not(unix), allow(unused_mut, reason = "only Unix has permissions to set"))]
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
    builder.tempdir()
}

/// Returns a closure that runs the steps of the demo and that another thread can call. It writes only to `folder`.
fn play(
    flags: &Demo,
    env: &Env,
    folder: &Path,
    is_stopped: Arc<AtomicBool>,
) -> impl FnOnce() -> anyhow::Result<()> + Send + use<> {
    let (config, mapping) = (folder.join("config.toml"), folder.join("mapping.json"));
    let (folder, clock, terminal) = (Folder::at(folder), Arc::clone(&env.clock), env.terminal.clone());
    let is_headless = flags.headless;
    move || {
        let time = Arc::clone(&clock);
        let sandbox = Sandbox::start(Options {
            clock: Arc::new(move || time.now()),
            redirect_ports: free_ports().context("no free port for the demo")?,
            ..Options::default()
        })?;
        // Files that others could write would be refused, so the umask must not decide.
        folder.replace("config.toml", sandbox.profile_toml(PROFILE).as_bytes())?;
        folder.replace("mapping.json", sandbox.pool_roles_json().as_bytes())?;
        tell(
            &terminal,
            "A user pool with Azure AD and Azure AD B2C, an identity pool and a protected API now run on this machine.",
        );
        let stage = Stage {
            config: config.display().to_string(),
            mapping: mapping.display().to_string(),
            folder,
            clock,
            browser: Arc::new(DemoBrowser { is_headless, terminal: terminal.clone() }),
            terminal,
            is_headless,
            is_stopped,
            api: sandbox.api_url(),
        };
        stage.play()
    }
}

fn tell(terminal: &Terminal, text: &str) {
    terminal.plain(text);
}

/// Returns three ports that are free at the moment. If another process takes one before the sign-in, the sign-in uses
/// the next.
fn free_ports() -> io::Result<Vec<u16>> {
    let sockets: Vec<TcpListener> =
        (0..3).map(|_| TcpListener::bind((Ipv4Addr::LOCALHOST, 0))).collect::<Result<_, _>>()?;
    sockets.iter().map(|socket| Ok(socket.local_addr()?.port())).collect()
}

/// The person's browser or, if there is none, a simulated browser that clicks through the sandbox's pages.
struct DemoBrowser {
    is_headless: bool,
    terminal: Terminal,
}

impl Browser for DemoBrowser {
    fn open(&self, url: &Url) -> Result<(), String> {
        if !self.is_headless {
            let here = Surroundings::here(&|name| std::env::var(name).ok());
            let opener = here.opener.ok_or_else(|| here.machine.described().to_owned());
            match opener.and_then(|opener| SystemBrowser { opener, is_attended: true }.open(url)) {
                Ok(()) => {
                    tell(
                        &self.terminal,
                        "   In your browser, choose Bob. Nothing there is real, no password is asked for.",
                    );
                    return Ok(());
                }
                Err(reason) => tell(&self.terminal, &format!("   There is no browser here ({reason}).")),
            }
        }
        tell(&self.terminal, "   Bob of the sandbox's Azure AD signs in by himself.");
        visitor::sign_in_as(url.as_str(), PERSON).map(drop).map_err(|error| format!("{error:#}"))
    }
}

/// The demo's own configuration, state folder and browser.
struct Stage {
    config: String,
    /// The identity pool's role mapping as JSON, in the same format that an administrator gets from AWS.
    mapping: String,
    folder: Folder,
    clock: Arc<dyn Clock>,
    terminal: Terminal,
    browser: Arc<dyn Browser>,
    is_headless: bool,
    /// True if the demo was stopped. No further step may then begin.
    is_stopped: Arc<AtomicBool>,
    api: String,
}

impl Stage {
    fn play(&self) -> anyhow::Result<()> {
        let orders = format!("{}/orders", self.api);
        self.act("1. Sign in: authorization code with PKCE, through a loopback listener; the ID token is verified, then kept.", &["login"])?;
        let document = self.act(
            "2. Credentials for the AWS CLI and the SDKs: the identity pool maps the application role to an IAM role.",
            &["credential-process"],
        )?;
        ensure!(document.contains("\"Version\":1"), "no credentials were printed");
        tell(&self.terminal, &format!("   {}", masked(&document)));
        let roles = ["roles", "--explain", "--mapping", &self.mapping];
        self.indented("3. Which role that is, and why: the identity pool's rules, one by one.", &roles)?;
        let answer = self.act(
            "4. A call to the API that this role may make, signed with those credentials.",
            &["call", "--fail", "GET", &orders],
        )?;
        tell(&self.terminal, &format!("   {}", answer.trim_end()));
        self.refused(&orders)?;
        self.indented("6. Who is signed in, and until when.", &["status"])?;
        self.act("7. Sign out: everything is deleted, and the refresh token revoked.", &["logout"])?;
        Ok(())
    }

    /// Shows a call that the API must refuse. Only a person who signed in as an administrator in the browser may make
    /// this call.
    fn refused(&self, orders: &str) -> anyhow::Result<()> {
        // An order that exists: otherwise an administrator would get 404.
        let order = format!("{orders}/1001");
        let call = ["call", "--fail", "DELETE", &order];
        match self
            .act("5. A call that this role may not make: the API's authorizer refuses it, and cogfed says why.", &call)
        {
            Err(error) => match Failure::from(error) {
                failure if failure.kind == Kind::HttpStatus => Ok(()),
                failure => Err(failure.into()),
            },
            Ok(_) if !self.is_headless => {
                tell(&self.terminal, "   It was allowed: you signed in as a person with another role.");
                Ok(())
            }
            Ok(_) => Err(Failure::new(Kind::Failed, "the API allowed what the role may not do").into()),
        }
    }

    /// Runs [`Self::act`], and prints the output with indentation.
    fn indented(&self, what: &str, words: &[&str]) -> anyhow::Result<()> {
        self.act(what, words)?.lines().for_each(|line| tell(&self.terminal, &format!("   {line}")));
        Ok(())
    }

    /// Runs one cogfed command line in this process, as `main` would, and returns its standard output.
    fn act(&self, what: &str, words: &[&str]) -> anyhow::Result<String> {
        ensure!(!self.is_stopped.load(Ordering::Relaxed), "the demo was stopped");
        tell(&self.terminal, "");
        tell(&self.terminal, what);
        tell(&self.terminal, &format!("   $ cogfed {}", words.join(" ")));
        let stdout = Captured::default();
        let config = self.config.clone();
        let mut env = Env {
            clock: Arc::clone(&self.clock),
            browser: Some(Arc::clone(&self.browser)),
            folder: Some(self.folder.clone()),
            config: None,
            input: Box::new(io::empty()),
            output: Output { to: Box::new(stdout.clone()), is_terminal: false },
            terminal: self.terminal.clone(),
            // The sandbox's profile names no store, and the demo must not use the person's keyring.
            variable: Box::new(move |name| match name {
                "COGFED_CONFIG" => Some(config.clone()),
                "COGFED_STORE" => Some("file".to_owned()),
                _ => None,
            }),
            owns_process: false,
        };
        super::run(Cli::read([&["cogfed"], words].concat().into_iter().map(OsString::from))?, &mut env)?;
        Ok(stdout.text())
    }
}

/// Returns the JSON document of `credential_process` with its secrets masked.
fn masked(document: &str) -> String {
    let Ok(mut document) = serde_json::from_str::<serde_json::Value>(document) else { return String::new() };
    for key in ["SecretAccessKey", "SessionToken"] {
        if let Some(secret) = document.get_mut(key) {
            *secret = "…".into();
        }
    }
    document.to_string()
}

/// A standard output that keeps its bytes in memory.
#[derive(Clone, Default)]
struct Captured(Arc<Mutex<Vec<u8>>>);

impl Captured {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
    }
}

impl Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;

    #[test]
    fn demo_folder_is_private_from_its_creation() {
        use std::os::unix::fs::PermissionsExt;
        let folder = private_folder().unwrap();
        assert_eq!(folder.path().metadata().unwrap().permissions().mode() & 0o777, 0o700);
    }
}
