//! The public error type, and a trait that adds context to failures.

use std::error::Error as StdError;
use std::fmt;

/// The reason for a failure: a sandbox did not start, a visit by the simulated browser failed, or a JSON document was
/// refused.
///
/// The alternate form, `{:#}`, adds the causes: `cannot connect: connection refused`.
#[derive(Debug)]
pub struct Error {
    message: String,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

/// A result whose error is [`Error`] by default.
pub(crate) type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// Returns an error without a cause.
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), source: None }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        if f.alternate() {
            let mut cause = self.source();
            while let Some(error) = cause {
                write!(f, ": {error}")?;
                cause = error.source();
            }
        }
        Ok(())
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}

/// An extension trait that converts a failure to an [`Error`] whose message names the failed action.
pub(crate) trait Context<T> {
    /// Returns the success value, or an [`Error`] with the text `message`. The source of this error is the original
    /// failure, if there is one.
    fn context(self, message: impl Into<String>) -> Result<T>;
}

impl<T, E: Into<Box<dyn StdError + Send + Sync>>> Context<T> for Result<T, E> {
    fn context(self, message: impl Into<String>) -> Result<T> {
        self.map_err(|error| Error { message: message.into(), source: Some(error.into()) })
    }
}

impl<T> Context<T> for Option<T> {
    fn context(self, message: impl Into<String>) -> Result<T> {
        self.ok_or_else(|| Error::new(message))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alternate_form_of_an_error_shows_its_causes() {
        let number: Result<i32> = "x".parse::<i32>().context("rule 1").context("not a mapping");
        let error = number.unwrap_err();
        assert_eq!(error.to_string(), "not a mapping");
        assert_eq!(format!("{error:#}"), "not a mapping: rule 1: invalid digit found in string");
        let missing = None::<i32>.context("nothing there").unwrap_err();
        assert_eq!(format!("{missing:#}"), "nothing there");
    }
}
