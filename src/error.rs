//! The failure of a run: a message, the next step, and an exit code that a script can test.

use std::fmt;
use std::io;
use std::time::Duration;

/// The kind of a failure. It tells the caller of the program what went wrong. Each kind has one exit code; the man
/// pages list them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Any failure without an exit code of its own. Exit code 1.
    Failed,
    /// The command line, the configuration or an input is wrong. Exit code 2.
    Usage,
    /// Nobody is signed in, or the sign-in has ended. Exit code 3; the next step is `cogfed login`.
    SignInRequired,
    /// The secret store failed. Exit code 4.
    Store,
    /// The network failed, or a server sent no usable response. Exit code 5.
    Network,
    /// The identity provider, Cognito or AWS refused the request. Exit code 6.
    Refused,
    /// Another process holds a lock or a port that cogfed needs. Exit code 7.
    Busy,
    /// With `call --fail`, the API answered with a status of 400 or more. Exit code 22, as in curl.
    HttpStatus,
    /// A signal interrupted the run. Exit code 130.
    Interrupted,
}

impl Kind {
    /// Returns the exit code of this kind of failure.
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
    /// Returns the kind whose exit code is `code` (2 to 7), or [`Kind::Failed`] for any other code.
    pub fn of_exit_code(code: u8) -> Self {
        let kinds = [Kind::Usage, Kind::SignInRequired, Kind::Store, Kind::Network, Kind::Refused, Kind::Busy];
        kinds.into_iter().find(|kind| kind.exit_code() == code).unwrap_or(Kind::Failed)
    }
}

/// One failure in the form in which a person reads it: the action that failed, the cause, and the next step.
///
/// Messages are in lower case, without a full stop, and name the object (file, profile, host). They never hold a
/// secret, a query string or a body. Text from outside is escaped where it is printed (`terminal`), not here.
///
/// Every room returns a `Failure`, or a small enum that converts to it. [`Failure::within`] puts context in front of
/// the message and keeps kind, hint and wait.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The kind of failure, which determines the exit code.
    pub kind: Kind,
    /// The action that failed and its cause, with the outermost context first: "cannot read A: permission denied".
    pub message: String,
    /// The next step, as a command where there is one.
    pub hint: Option<String>,
    /// Lines for the person to copy, which follow the hint. They are printed as they are, so no text from outside may
    /// be in them.
    pub example: Option<&'static str>,
    /// The waiting time that the failing server asked for, if any.
    pub retry_after: Option<Duration>,
}

impl Failure {
    /// Creates a failure without a hint.
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), hint: None, example: None, retry_after: None }
    }

    /// Creates a failure whose message is a library's error and its causes: "error: cause: cause".
    pub fn caused_by(kind: Kind, error: &dyn std::error::Error) -> Self {
        let mut message = error.to_string();
        let mut cause = error.source();
        while let Some(error) = cause {
            message = format!("{message}: {error}");
            cause = error.source();
        }
        Self::new(kind, message)
    }

    /// Sets the hint, which tells the person the next step.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Sets the lines to copy, which are printed below the hint.
    #[must_use]
    pub fn example(mut self, lines: &'static str) -> Self {
        self.example = Some(lines);
        self
    }

    /// Sets the waiting time that the server asked for, if any.
    #[must_use]
    pub fn after(mut self, wait: Option<Duration>) -> Self {
        self.retry_after = wait;
        self
    }

    /// Prefixes the message with the action that failed: "context: message".
    #[must_use]
    pub fn within(mut self, context: impl fmt::Display) -> Self {
        self.message = format!("{context}: {}", self.message);
        self
    }

    /// Appends the hint to the message, as "message; hint", for callers that show a single line.
    #[must_use]
    pub fn in_one_line(mut self) -> Self {
        // A hint in front of an example ends with a colon.
        self.example = None;
        if let Some(hint) = self.hint.take() {
            self.message = format!("{}; {}", self.message, hint.trim_end_matches(':'));
        }
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}

/// Context for results, like `anyhow::Context`.
///
/// Implemented for results with a [`Failure`] or an [`io::Error`]. An I/O error becomes a failure only with context,
/// because its own text names no path.
pub trait Within<T> {
    /// Puts the action that failed in front of the message: "context: message".
    ///
    /// # Errors
    /// The error of `self`, as a [`Failure`]; an I/O error is of [`Kind::Failed`].
    fn within<C: fmt::Display>(self, context: impl FnOnce() -> C) -> Result<T, Failure>;
}

impl<T> Within<T> for Result<T, Failure> {
    fn within<C: fmt::Display>(self, context: impl FnOnce() -> C) -> Result<T, Failure> {
        self.map_err(|failure| failure.within(context()))
    }
}

impl<T> Within<T> for io::Result<T> {
    fn within<C: fmt::Display>(self, context: impl FnOnce() -> C) -> Result<T, Failure> {
        self.map_err(|error| Failure::new(Kind::Failed, error.to_string()).within(context()))
    }
}

/// Truncates text from an outside source to at most `limit` characters plus an ellipsis, so that it fits into a
/// message.
pub fn shortened(text: &str, limit: usize) -> String {
    match text.char_indices().nth(limit) {
        Some(_) => text.chars().take(limit).chain(['…']).collect(),
        None => text.to_owned(),
    }
}

/// Truncates a server's explanation to about `limit` characters, at the end of a word. Ids that a help desk asks for
/// (trace, correlation and request ids, all in the form of a UUID) are never cut: those of the rest follow, each with
/// its label.
pub fn abridged(text: &str, limit: usize) -> String {
    let Some((cut, _)) = text.char_indices().nth(limit) else { return text.to_owned() };
    let beginning = text.get(..cut).unwrap_or_default();
    let is_at_word_end = text.get(cut..).is_some_and(|rest| rest.starts_with(char::is_whitespace));
    let head = match beginning.rfind(char::is_whitespace) {
        Some(end) if !is_at_word_end => beginning.get(..end).unwrap_or_default(),
        _ => beginning,
    };
    let mut kept = format!("{}…", head.trim_end());
    let rest: Vec<&str> = text.get(head.len()..).unwrap_or_default().split_whitespace().collect();
    let ids = (0..rest.len()).filter(|&at| rest.get(at).is_some_and(|word| has_uuid(word)));
    for at in ids.take(MOST_IDS) {
        for word in rest.get(at.saturating_sub(LABEL)..=at).unwrap_or_default() {
            if word.chars().count() <= LONGEST_ID {
                kept.push(' ');
                kept.push_str(word);
            }
        }
    }
    kept
}

/// The maximum number of ids from the cut-off text that [`abridged`] appends.
const MOST_IDS: usize = 4;
/// The number of words that [`abridged`] keeps before an id as its label, as in "Correlation ID: 0d8c…".
const LABEL: usize = 2;
/// The maximum length, in characters, of a word that [`abridged`] appends. A UUID with punctuation around it is
/// shorter.
const LONGEST_ID: usize = 60;

/// Returns whether a word contains a UUID (RFC 9562, section 4).
fn has_uuid(word: &str) -> bool {
    const GROUPS: [usize; 5] = [8, 4, 4, 4, 12];
    let length = GROUPS.iter().sum::<usize>() + GROUPS.len() - 1;
    let is_uuid = |text: &[u8]| {
        let groups: Vec<&[u8]> = text.split(|byte| *byte == b'-').collect();
        groups.iter().map(|group| group.len()).eq(GROUPS)
            && groups.iter().all(|group| group.iter().all(u8::is_ascii_hexdigit))
    };
    word.len() <= 4 * LONGEST_ID && word.as_bytes().windows(length).any(is_uuid)
}

/// Truncates an invalid value to 80 characters, so that it fits into a message.
pub fn quoted(text: &str) -> String {
    shortened(text, 80)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn abridged_text_ends_at_a_word_and_keeps_its_ids() {
        let ids = "Trace ID: 0d8c3e1a-1111-2222-3333-444455556666 Correlation ID: ab12cd34-0000-4000-8000-0123456789ab";
        let text = format!("AADSTS65004: {} {ids} Timestamp: 2026-11-27", "word ".repeat(200).trim());
        let short = abridged(&text, 100);
        assert!(short.starts_with("AADSTS65004: word") && short.contains("word… Trace ID: 0d8c"), "{short}");
        assert!(short.ends_with(ids), "{short}");
        assert!(short.chars().count() < 260, "{short}");
        for limit in 0..text.len() {
            assert!(abridged(&text, limit).contains("0d8c3e1a-1111-2222-3333-444455556666"), "{limit}");
        }
        assert_eq!(abridged("short", 5), "short");
        assert_eq!(abridged("one two", 3), "one…");
        assert_eq!(abridged("one two", 5), "one…");
        assert_eq!(abridged(&"ä".repeat(50), 10), format!("{}…", "ä".repeat(10)));
        let hostile = format!(
            "{} {}",
            "x".repeat(20),
            format!("0d8c3e1a-1111-2222-3333-444455556666{} ", "y".repeat(90)).repeat(9)
        );
        assert!(abridged(&hostile, 10).chars().count() < 300);
    }

    #[test]
    fn added_context_keeps_a_failures_kind_hint_and_wait() {
        let locked = || Failure::new(Kind::Store, "the keyring is locked").hint("unlock it");
        let inner: Result<(), Failure> = Err(locked().after(Some(Duration::from_secs(1))));
        let failure = inner.within(|| "cannot read the tokens").within(|| "profile 'internal'").unwrap_err();
        let said = "profile 'internal': cannot read the tokens: the keyring is locked";
        let expected = Failure::new(Kind::Store, said).hint("unlock it").after(Some(Duration::from_secs(1)));
        assert_eq!(failure, expected);
        assert_eq!(failure.in_one_line().message, format!("{said}; unlock it"));
        let plain: io::Result<()> = Err(io::ErrorKind::PermissionDenied.into());
        assert_eq!(
            plain.within(|| "cannot read A").unwrap_err(),
            Failure::new(Kind::Failed, "cannot read A: permission denied")
        );
    }
}
