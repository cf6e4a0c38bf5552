//! Runs of cogfed inside the test process, for tests that set the clock, the browser or the terminal.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::sync::Arc;
use std::{io, iter};

use cogfed::clock::Clock;
use cogfed::commands::{self, Env, Output};
use cogfed::oidc::Browser;
use cogfed::terminal::Terminal;

use crate::{Home, NoBrowser, Ran, Written};

/// The settings of a run of cogfed inside the test process.
pub struct InProcess {
    /// The clock that the run uses.
    pub clock: Arc<dyn Clock>,
    /// The browser that the run opens. By default [`NoBrowser`].
    pub browser: Arc<dyn Browser>,
    /// The environment variables of the run. `COGFED_CONFIG` names the home's configuration unless it is set here.
    pub variables: BTreeMap<String, String>,
    /// True if the run treats its standard output as a terminal.
    pub is_terminal: bool,
}

impl InProcess {
    /// Returns the default settings for a run that uses `clock`.
    pub fn at(clock: impl Clock + 'static) -> Self {
        Self { clock: Arc::new(clock), browser: Arc::new(NoBrowser), variables: BTreeMap::new(), is_terminal: false }
    }

    /// Runs cogfed in `home` until it finishes, and returns the exit status and the output.
    pub fn run(mut self, home: &Home, words: &[&str]) -> Ran {
        let (stdout, stderr) = (Written::default(), Written::default());
        self.variables.entry("COGFED_CONFIG".into()).or_insert(home.config().display().to_string());
        let env = Env {
            clock: self.clock,
            browser: Some(self.browser),
            folder: Some(home.folder()),
            config: None,
            input: Box::new(io::empty()),
            output: Output { to: Box::new(stdout.clone()), is_terminal: self.is_terminal },
            terminal: Terminal::to(stderr.0.clone()),
            variable: Box::new(move |name| self.variables.get(name).cloned()),
            owns_process: false,
        };
        let words = iter::once("cogfed").chain(words.iter().copied()).map(OsString::from);
        let status = i32::from(commands::exit_code(words, env));
        Ran { status, stdout: stdout.text(), stderr: stderr.text() }
    }
}
