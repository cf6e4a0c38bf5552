//! How a run fails: a message, the next step, and an exit code that a script can test.

use std::fmt;
use std::time::Duration;

/// What a failure means to the caller of the program. Each kind has one exit code; the man pages list them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Anything without a code of its own (1).
    Failed,
    /// The command line, the configuration or an input is wrong (2).
    Usage,
    /// Nobody is signed in, or the sign-in has ended: `cogfed login` is the next step (3).
    SignInRequired,
    /// The place where secrets are kept did not do its part (4).
    Store,
    /// The network, or a server that should have answered, did not (5).
    Network,
    /// The identity provider, Cognito or AWS said no (6).
    Refused,
    /// A lock or a port is held by somebody else (7).
    Busy,
    /// `call --fail`: the API answered with a status of 400 or more (22, as curl's).
    HttpStatus,
    /// Interrupted by a signal (130).
    Interrupted,
}

impl Kind {
    /// The exit code of this kind of failure.
    pub fn exit_code(self) -> u8 {
        match self {
            Kind::Failed => 1,
            Kind::Usage => 2,
            Kind::SignInRequired => 3,
            Kind::Store => 4,
            Kind::Network => 5,
            Kind::Refused => 6,
            Kind::Busy => 7,
            Kind::HttpStatus => 22,
            Kind::Interrupted => 130,
        }
    }
}

impl Kind {
    /// The kind that has this exit code; [`Kind::Failed`] if none has.
    pub fn of_exit_code(code: u8) -> Self {
        let kinds = [Kind::Usage, Kind::SignInRequired, Kind::Store, Kind::Network, Kind::Refused, Kind::Busy];
        kinds.into_iter().find(|kind| kind.exit_code() == code).unwrap_or(Kind::Failed)
    }
}

/// One failure as a person meets it: what could not be done, and what to do next.
///
/// Messages are in lower case, without a full stop, and name the object (file, profile, host). They never hold a
/// secret, a query string or a body. Text from outside is escaped where it is printed (`terminal`), not here.
///
/// It travels inside an [`anyhow::Error`], which adds context on the way up; [`kind_of`] and [`hint_of`] find it again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// What it means to the caller.
    pub kind: Kind,
    /// What could not be done.
    pub message: String,
    /// The next step, as a command where there is one.
    pub hint: Option<String>,
    /// How long the server that failed wants to be left alone, if it said so.
    pub retry_after: Option<Duration>,
}

impl Failure {
    /// A failure without a hint.
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), hint: None, retry_after: None }
    }

    /// The same failure with the next step.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The same failure with the server's wish to be left alone for so long.
    #[must_use]
    pub fn after(mut self, wait: Option<Duration>) -> Self {
        self.retry_after = wait;
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}

/// The kind of the failure inside `error`; [`Kind::Failed`] where there is none.
pub fn kind_of(error: &anyhow::Error) -> Kind {
    error.downcast_ref::<Failure>().map_or(Kind::Failed, |failure| failure.kind)
}

/// The hint of the failure inside `error`, if it has one.
pub fn hint_of(error: &anyhow::Error) -> Option<&str> {
    error.downcast_ref::<Failure>()?.hint.as_deref()
}

/// How long the server inside `error` wants to be left alone, if it said so.
pub fn retry_after_of(error: &anyhow::Error) -> Option<Duration> {
    error.downcast_ref::<Failure>()?.retry_after
}

/// Text from outside, cut to what a message has room for: at most `limit` characters and an ellipsis.
pub fn shortened(text: &str, limit: usize) -> String {
    match text.char_indices().nth(limit) {
        Some(_) => text.chars().take(limit).chain(['…']).collect(),
        None => text.to_owned(),
    }
}

/// As much of a wrong value as a message has room for.
pub fn quoted(text: &str) -> String {
    shortened(text, 80)
}

/// The same failure with its causes and its hint as one text, for callers who show one line at most.
pub fn in_one_line(error: anyhow::Error) -> anyhow::Error {
    let hint = hint_of(&error).map(|hint| format!("; {hint}")).unwrap_or_default();
    Failure::new(kind_of(&error), format!("{error:#}{hint}")).into()
}

#[cfg(test)]
mod tests {
    use anyhow::Context;

    use super::*;

    #[test]
    fn context_keeps_kind_and_hint() {
        let inner: anyhow::Result<()> =
            Err(Failure::new(Kind::Store, "the keyring is locked").hint("unlock it").into());
        let error = inner.context("cannot read the tokens").context("profile 'internal'").unwrap_err();
        assert_eq!(kind_of(&error), Kind::Store);
        assert_eq!(hint_of(&error), Some("unlock it"));
        assert_eq!(format!("{error:#}"), "profile 'internal': cannot read the tokens: the keyring is locked");
        let error = in_one_line(error);
        assert_eq!(kind_of(&error), Kind::Store);
        assert_eq!(hint_of(&error), None);
        assert_eq!(
            format!("{error:#}"),
            "profile 'internal': cannot read the tokens: the keyring is locked; unlock it"
        );
    }
}
