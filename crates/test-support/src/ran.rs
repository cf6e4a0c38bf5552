//! The outcome of a run of cogfed, with methods that check it.

use std::process;

use serde_json::Value;

/// The exit status and the output of a run of cogfed.
#[derive(Debug)]
pub struct Ran {
    /// The exit status, or -1 if a signal ended the process.
    pub status: i32,
    /// The text on standard output.
    pub stdout: String,
    /// The text on standard error.
    pub stderr: String,
}

impl Ran {
    /// Checks that the run succeeded, and returns the run.
    ///
    /// # Panics
    /// If it failed, with everything it printed.
    #[track_caller]
    pub fn good(self) -> Self {
        self.failed_with(0)
    }

    /// Checks that the run exited with `status`, and returns the run.
    ///
    /// # Panics
    /// If it exited with another status, with everything it printed.
    #[track_caller]
    pub fn failed_with(self, status: i32) -> Self {
        assert_eq!(self.status, status, "{}{}", self.stdout, self.stderr);
        self
    }

    /// Returns the JSON document on standard output.
    ///
    /// # Panics
    /// If there is none.
    #[track_caller]
    pub fn document(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// Checks that standard error contains exactly one error and ends with its hint, and returns the error.
    ///
    /// # Panics
    /// If it does not.
    #[track_caller]
    pub fn one_error_and_hint(&self) -> String {
        let lines: Vec<&str> = self.stderr.lines().collect();
        assert_eq!(self.stderr.matches("cogfed: error: ").count(), 1, "{}", self.stderr);
        let [.., error, hint] = lines.as_slice() else { panic!("fewer than two lines: {}", self.stderr) };
        assert!(hint.starts_with("cogfed: hint: ") && !self.stderr.contains("panicked"), "{}", self.stderr);
        let error = error.strip_prefix("cogfed: error: ");
        error.unwrap_or_else(|| panic!("the error is not the last line but one: {}", self.stderr)).to_owned()
    }
}

impl From<process::Output> for Ran {
    fn from(output: process::Output) -> Self {
        Self {
            status: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).expect("UTF-8 on the standard output"),
            stderr: String::from_utf8(output.stderr).expect("UTF-8 on the standard error"),
        }
    }
}
