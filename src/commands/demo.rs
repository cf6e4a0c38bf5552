//! `cogfed demo`: the whole story on this machine, in one go.

use std::io::{self, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use anyhow::{Context as _, ensure};
use clap::Parser;
use url::Url;

use super::sandbox::configuration;
use super::{Env, Output, block_on, stop_signal};
use crate::cli::{Cli, Demo};
use crate::clock::Clock;
use crate::error::{Failure, Kind, kind_of};
use crate::folder::Folder;
use crate::sandbox::{Options, Sandbox, visitor};
use crate::terminal::Terminal;
use crate::user_pool::{Browser, SystemBrowser};

/// Who signs in where nobody clicks: a person who may read orders, and nothing else.
const PERSON: &str = "bob";
const PROFILE: &str = "demo";

pub fn run(flags: &Demo, env: &mut Env) -> anyhow::Result<()> {
    // Dropped when this function ends, however it ends: nothing is left behind.
    let folder = tempfile::tempdir().context("cannot make a folder for the demo")?;
    let sandbox = Sandbox::start(Options {
        clock: Arc::clone(&env.clock),
        redirect_ports: free_ports().context("no free port for the demo")?,
        ..Options::default()
    })?;
    let config = folder.path().join("config.toml");
    std::fs::write(&config, configuration(&sandbox, PROFILE, Some("file"))?)
        .with_context(|| format!("cannot write {}", config.display()))?;
    let stage = Stage {
        config: config.display().to_string(),
        folder: Folder::at(folder.path()),
        clock: Arc::clone(&env.clock),
        terminal: env.terminal.clone(),
        browser: Arc::new(DemoBrowser { is_headless: flags.headless, terminal: env.terminal.clone() }),
        is_headless: flags.headless,
        api: sandbox.api_url(),
    };
    tell(
        &env.terminal,
        "A user pool with Azure AD and Azure AD B2C, an identity pool and a protected API now run on this machine.",
    );
    until_done_or_stopped(move || stage.play())?;
    drop(sandbox);
    folder.close().context("cannot remove the demo's folder")?;
    tell(&env.terminal, "");
    tell(&env.terminal, "That was all of it. The sandbox is gone, and nothing is left behind.");
    tell(&env.terminal, "Next: 'cogfed help' shows a profile for your own user pool.");
    Ok(())
}

/// The play has the stage to itself on a thread of its own, so that Ctrl-C ends the demo and still tidies up.
fn until_done_or_stopped(play: impl FnOnce() -> anyhow::Result<()> + Send + 'static) -> anyhow::Result<()> {
    let (done, is_done) = tokio::sync::oneshot::channel();
    thread::Builder::new().name("demo".into()).spawn(move || {
        // Nobody listens any more if the demo was stopped.
        let _ = done.send(play());
    })?;
    block_on(async {
        tokio::select! {
            outcome = is_done => outcome.context("the demo broke off")?,
            _ = stop_signal() => Err(Failure::new(Kind::Interrupted, "interrupted").into()),
        }
    })
}

fn tell(terminal: &Terminal, text: &str) {
    terminal.plain(text);
}

/// Three ports that are free just now. Somebody may take one before the sign-in does; then it takes the next.
fn free_ports() -> io::Result<Vec<u16>> {
    let sockets: Vec<TcpListener> =
        (0..3).map(|_| TcpListener::bind((Ipv4Addr::LOCALHOST, 0))).collect::<Result<_, _>>()?;
    sockets.iter().map(|socket| Ok(socket.local_addr()?.port())).collect()
}

/// The person's browser if there is one; else a visitor clicks through the sandbox's pages.
struct DemoBrowser {
    is_headless: bool,
    terminal: Terminal,
}

impl Browser for DemoBrowser {
    fn open(&self, url: &Url) -> Result<(), String> {
        if !self.is_headless {
            match SystemBrowser::default().open(url) {
                Ok(()) => {
                    tell(
                        &self.terminal,
                        "   In your browser: choose AzureAD, then Bob. Nothing there is real, no password is asked for.",
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

/// What the play is given: a configuration, folders and a browser that are the demo's alone.
struct Stage {
    config: String,
    folder: Folder,
    clock: Arc<dyn Clock>,
    terminal: Terminal,
    browser: Arc<dyn Browser>,
    is_headless: bool,
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
        let answer = self.act(
            "3. A call to the API that this role may make, signed with those credentials.",
            &["call", "--fail", "GET", &orders],
        )?;
        tell(&self.terminal, &format!("   {}", answer.trim_end()));
        self.refused(&orders)?;
        self.act("5. Who is signed in, and until when.", &["status"])?
            .lines()
            .for_each(|line| tell(&self.terminal, &format!("   {line}")));
        self.act("6. Sign out: everything is deleted, and the refresh token revoked.", &["logout"])?;
        Ok(())
    }

    /// Whoever signs in as an administrator in the browser may do this, too.
    fn refused(&self, orders: &str) -> anyhow::Result<()> {
        let order = format!("{orders}/1");
        let call = ["call", "--fail", "DELETE", &order];
        match self
            .act("4. A call that this role may not make: the API's authorizer refuses it, and cogfed says why.", &call)
        {
            Err(error) if kind_of(&error) == Kind::HttpStatus => Ok(()),
            Err(error) => Err(error),
            Ok(_) if !self.is_headless => {
                tell(&self.terminal, "   It was allowed: you signed in as somebody with another role.");
                Ok(())
            }
            Ok(_) => Err(Failure::new(Kind::Failed, "the API allowed what the role may not do").into()),
        }
    }

    /// Runs one command line, just as `main` would, and returns what it printed on the standard output.
    fn act(&self, what: &str, words: &[&str]) -> anyhow::Result<String> {
        tell(&self.terminal, "");
        tell(&self.terminal, what);
        tell(&self.terminal, &format!("   $ cogfed {}", words.join(" ")));
        let stdout = Captured::default();
        let config = self.config.clone();
        let mut env = Env {
            clock: Arc::clone(&self.clock),
            browser: Some(Arc::clone(&self.browser)),
            folder: Some(self.folder.clone()),
            output: Output { to: Box::new(stdout.clone()), is_terminal: false },
            terminal: self.terminal.clone(),
            variable: Box::new(move |name| (name == "COGFED_CONFIG").then(|| config.clone())),
        };
        super::run(Cli::try_parse_from([&["cogfed"], words].concat())?, &mut env)?;
        Ok(stdout.text())
    }
}

/// The credential_process document with its secrets masked.
fn masked(document: &str) -> String {
    let Ok(mut document) = serde_json::from_str::<serde_json::Value>(document) else { return String::new() };
    for key in ["SecretAccessKey", "SessionToken"] {
        if let Some(secret) = document.get_mut(key) {
            *secret = "…".into();
        }
    }
    document.to_string()
}

/// A standard output that is kept.
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
