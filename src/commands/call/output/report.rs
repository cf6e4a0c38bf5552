//! The report of a run after its end: `--write-out`, and what `--silent` leaves out.

use std::time::Instant;

use super::super::super::Env;
use super::facts::Facts;
use super::unless_closed;
use super::write_out::{Format, Printed};
use crate::cli::OutputFlags;
use crate::error::{Failure, Kind};
use crate::http::Transfer;
use crate::request::ApiRequest;

/// The report of a run.
pub struct Report {
    /// The facts about the run so far.
    pub facts: Facts,
    /// The bytes of the exchange so far.
    pub transfer: Transfer,
    format: Option<Format>,
    hides_errors: bool,
    began: Instant,
}

impl Report {
    /// Prepares the report that the flags ask for. Warns of variables that do not exist.
    ///
    /// # Errors
    /// [`Kind::Usage`] if the file of `--write-out` cannot be read.
    pub fn of(flags: &OutputFlags, request: &ApiRequest, env: &mut Env) -> Result<Self, Failure> {
        let format = flags.write_out.as_deref();
        let format = format.map(|format| Format::read(format, &mut *env.input)).transpose()?;
        for name in format.iter().flat_map(|format| &format.unknown) {
            env.terminal.warn(&format!("--write-out has no variable '{name}'"));
        }
        if flags.silent {
            env.terminal.hide_progress();
        }
        let facts = Facts {
            method: request.method().to_string(),
            url: request.url(),
            url_effective: request.url(),
            ..Facts::default()
        };
        Ok(Self {
            facts,
            transfer: Transfer::default(),
            format,
            hides_errors: flags.silent && !flags.show_error,
            began: Instant::now(),
        })
    }

    /// Prints the report at the end of the run, and returns the run's outcome.
    ///
    /// # Errors
    /// The run's failure, or that of standard output.
    pub fn end(mut self, outcome: anyhow::Result<()>, env: &mut Env) -> anyhow::Result<()> {
        let failure = outcome.err().map(Failure::from);
        self.facts.exit_code = failure.as_ref().map_or(0, |failure| failure.kind.exit_code());
        self.facts.message = failure.as_ref().map(|failure| failure.message.clone());
        self.facts.total.get_or_insert_with(|| self.began.elapsed());
        self.facts.size_upload = self.transfer.sent();
        let mut written = Ok(());
        if let Some(format) = &self.format {
            let Printed { output, error } = format.print(&self.facts);
            written = unless_closed(env.output.text(&output));
            if !error.is_empty() {
                env.terminal.text(&error);
            }
        }
        // A script that hides errors knows these two by the exit status. All others need a person.
        if failure.as_ref().is_some_and(|failure| matches!(failure.kind, Kind::Network | Kind::HttpStatus))
            && self.hides_errors
        {
            env.terminal.silence();
        }
        match failure {
            Some(failure) => Err(failure.into()),
            None => Ok(written?),
        }
    }
}
