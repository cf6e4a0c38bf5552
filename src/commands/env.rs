//! The environment of a run: clock, browser, state folder, standard streams and environment variables.

use std::io::{self, ErrorKind, IsTerminal, Read, Write};
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;
use serde::Serialize;

use crate::clock::{Clock, SystemClock};
use crate::error::Failure;
use crate::folder::Folder;
use crate::oidc::Browser;
use crate::terminal::{Escaping, Terminal, shown_json};

/// The parts of a run that come from outside the program and that tests can replace. Tests pass their own clock,
/// browser, folder and streams; HTTP is never faked, because the sandbox is a real server.
pub struct Env {
    /// The source of the current time.
    pub clock: Arc<dyn Clock>,
    /// The browser that opens pages; `None` for the browser of the desktop.
    pub browser: Option<Arc<dyn Browser>>,
    /// The folder for cogfed's state; `None` for the user's default folder.
    pub folder: Option<Folder>,
    /// The configuration file that the person named, if any.
    pub config: Option<PathBuf>,
    /// The standard input of the run.
    pub input: Box<dyn Read + Send>,
    /// The standard output of the run.
    pub output: Output,
    /// The standard error of the run, for messages to people.
    pub terminal: Terminal,
    /// The function that reads an environment variable.
    pub variable: ReadVariable,
    /// True if the process runs only this command. Then `--debug` logs to standard error, and Ctrl-C ends a login at
    /// once.
    pub owns_process: bool,
}

/// A function that reads an environment variable by its name.
pub type ReadVariable = Box<dyn Fn(&str) -> Option<String> + Send + Sync>;

/// The destination of machine-readable output.
pub struct Output {
    /// The writer: standard output, or a buffer in its place.
    pub to: Box<dyn Write + Send>,
    /// True if `to` is a terminal. Responses of an API must then be escaped.
    pub is_terminal: bool,
}

impl Output {
    /// Writes text, escaped for a terminal, and flushes it.
    pub(super) fn text(&mut self, text: &str) -> io::Result<()> {
        match self.is_terminal {
            true => Escaping::new(&mut self.to).write_all(text.as_bytes())?,
            false => self.to.write_all(text.as_bytes())?,
        }
        self.to.flush()
    }
}

impl Env {
    /// Returns the environment of this process.
    pub fn system() -> Self {
        // A value that is not UTF-8 is kept lossily so that it fails validation; treating it as unset would silently
        // select another profile.
        let variable = |name: &str| Some(std::env::var_os(name)?.to_string_lossy().into_owned());
        Self {
            clock: Arc::new(SystemClock),
            browser: None,
            folder: None,
            config: None,
            input: Box::new(io::stdin()),
            output: Output { to: Box::new(io::stdout()), is_terminal: io::stdout().is_terminal() },
            terminal: Terminal::stderr(&variable),
            variable: Box::new(variable),
            owns_process: true,
        }
    }

    pub(super) fn folder(&self) -> Result<Folder, Failure> {
        self.folder.clone().map_or_else(Folder::own, Ok)
    }

    /// Writes `value` to standard output as one line of JSON, escaped if the output is a terminal.
    pub(super) fn print_json(&mut self, value: &impl Serialize) -> anyhow::Result<()> {
        self.print(&(shown_json(&serde_json::to_string(value)?) + "\n"))
    }

    /// Writes `text` to standard output and flushes it.
    pub(super) fn print(&mut self, text: &str) -> anyhow::Result<()> {
        let to = &mut self.output.to;
        match to.write_all(text.as_bytes()).and_then(|()| to.flush()) {
            // The reader of the pipe stopped early, as `head` does.
            Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
            written => written.context("cannot write the output"),
        }
    }
}
