//! Messages for people, on standard error. Only this room writes to standard error, except for clap's help and
//! `--debug`'s log.
//!
//! Standard output is for machines. Everything else goes to standard error, one line at a time. Messages are `cogfed:
//! …`, failures `cogfed: error: …`, and next steps `cogfed: hint: …`. Texts are in lower case, without a full stop.
//! Only the words error, warning and hint are coloured, and only on a terminal without `NO_COLOR` or `TERM=dumb`. Text
//! from outside is always escaped: a directory or a server must not be able to move the cursor.

mod clipboard;
mod input;
mod json;
mod progress;

use std::fmt::Write as _;
use std::io::{self, IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::mpsc;

pub use self::json::JsonLayout;
use self::progress::ProgressLine;
use crate::error::Failure;
use crate::secret::Secret;

/// A writer for messages to the person. Cheap to clone; all clones write to the same place.
#[derive(Clone)]
pub struct Terminal {
    out: Arc<Mutex<dyn Write + Send>>,
    is_terminal: bool,
    has_colour: bool,
    /// True if a line can be rewritten.
    can_rewrite: bool,
    /// True if the person wants to see no progress.
    hides_progress: Arc<AtomicBool>,
    progress: ProgressLine,
}

impl Terminal {
    /// Creates a terminal that writes to this process's standard error. `variable` reads the environment.
    pub fn stderr(variable: &dyn Fn(&str) -> Option<String>) -> Self {
        let is_terminal = io::stderr().is_terminal();
        Self {
            out: Arc::new(Mutex::new(io::stderr())),
            is_terminal,
            has_colour: is_terminal && Self::shows_colour(variable),
            can_rewrite: is_terminal && variable("TERM").is_none_or(|term| term != "dumb"),
            hides_progress: Arc::default(),
            progress: ProgressLine::default(),
        }
    }

    /// Creates a terminal that writes to `out` without colour, for tests.
    pub fn to(out: Arc<Mutex<dyn Write + Send>>) -> Self {
        Self {
            out,
            is_terminal: false,
            has_colour: false,
            can_rewrite: false,
            hides_progress: Arc::default(),
            progress: ProgressLine::default(),
        }
    }

    /// Returns whether the environment allows colours: neither `NO_COLOR` nor `TERM=dumb` is set. `variable` reads the
    /// environment.
    pub fn shows_colour(variable: &dyn Fn(&str) -> Option<String>) -> bool {
        let is_refused = variable("NO_COLOR").is_some_and(|value| !value.is_empty());
        !is_refused && variable("TERM").is_none_or(|term| term != "dumb")
    }

    /// Returns whether a person is likely to read the messages.
    pub fn is_attended(&self) -> bool {
        self.is_terminal
    }

    /// Returns whether a person can be asked a question: the person sees the messages, and cogfed can read the answer.
    pub fn can_ask(&self) -> bool {
        self.is_terminal && input::is_answerable()
    }

    /// Prints a question, and returns a receiver for the lines that the person types from now on. Call it only if
    /// [`Terminal::can_ask`] returns true. The terminal takes lines of any length until [`Terminal::stop_asking`].
    pub fn ask(&self, question: &str) -> mpsc::Receiver<Secret> {
        let out = Arc::clone(&self.out);
        let lines = input::lines(move |typed| {
            let mut out = out.lock().unwrap_or_else(PoisonError::into_inner);
            let _ = out.write_all(typed).and_then(|()| out.flush());
        });
        self.say(question);
        lines
    }

    /// Restores the terminal's original mode after [`Terminal::ask`]. Later calls do nothing.
    pub fn stop_asking(&self) {
        input::restore();
    }

    /// Restores the terminal's original mode and prevents further questions, because the process is about to exit.
    pub fn close(&self) {
        input::close();
    }

    /// Asks a yes-or-no question, and returns true if the answer is yes. Everything else means no. Call it only if
    /// [`Terminal::can_ask`] returns true.
    pub fn confirm(&self, question: &str) -> bool {
        input::discard();
        self.write(&format!("cogfed: {} [y/N] ", shown(question)));
        matches!(input::line().trim().to_ascii_lowercase().as_str(), "y" | "yes")
    }

    /// Copies `text` to the terminal's clipboard; returns false if the terminal is known to have none. A terminal never
    /// confirms it. `variable` reads the environment.
    pub fn copy(&self, text: &str, variable: &dyn Fn(&str) -> Option<String>) -> bool {
        let sequence = if self.is_terminal { clipboard::copying(text, variable) } else { None };
        let Some(sequence) = sequence else { return false };
        let mut out = self.out.lock().unwrap_or_else(PoisonError::into_inner);
        out.write_all(sequence.as_bytes()).and_then(|()| out.flush()).is_ok()
    }

    /// Treats the terminal as unattended from now on.
    pub fn expect_nobody(&mut self) {
        self.is_terminal = false;
    }

    /// Removes the line of [`Terminal::progress`], and shows no progress from now on: neither a wait nor the bytes of a
    /// transfer. This holds for all clones.
    pub fn hide_progress(&self) {
        self.hides_progress.store(true, Ordering::SeqCst);
        self.end_progress();
    }

    /// Discards all messages from now on.
    pub fn silence(&mut self) {
        self.out = Arc::new(Mutex::new(io::sink()));
    }

    /// Returns true if a person reads progress here.
    pub fn shows_progress(&self) -> bool {
        self.is_terminal && !self.hides_progress.load(Ordering::SeqCst)
    }

    /// Shows the progress of a transfer on one line, which replaces the line of the previous call. The next message
    /// removes it. Does nothing unless [`Terminal::shows_progress`] returns true, or if a line cannot be rewritten.
    pub fn progress(&self, text: &str) {
        if self.shows_progress() && self.can_rewrite {
            self.progress.show(text, &self.out);
        }
    }

    /// Removes the line of [`Terminal::progress`].
    pub fn end_progress(&self) {
        self.write("");
    }

    /// Prints text as it is, without a prefix or a line break of its own. Characters that would control a terminal are
    /// escaped, except for line breaks and tabs.
    pub fn text(&self, text: &str) {
        let mut escaped = Vec::new();
        // Writing to a Vec does not fail.
        let _ = Escaping::new(&mut escaped).write_all(text.as_bytes());
        self.write(&String::from_utf8_lossy(&escaped));
    }

    /// Prints a message with the prefix `cogfed:`.
    pub fn say(&self, text: &str) {
        self.line(&format!("cogfed: {}", shown(text)));
    }

    /// Prints an escaped line without the prefix `cogfed:`, such as a URL to copy.
    pub fn plain(&self, text: &str) {
        self.line(&shown(text));
    }

    /// Prints a warning about a problem that does not stop the command.
    pub fn warn(&self, text: &str) {
        self.line(&format!("cogfed: {} {}", self.painted("33", "warning:"), shown(text)));
    }

    /// Prints a hint on the next step.
    pub fn hint(&self, text: &str) {
        self.line(&format!("cogfed: {} {}", self.painted("36", "hint:"), shown(text)));
    }

    /// Prints a failure with its causes and the hint on the next step.
    pub fn fail(&self, failure: &Failure) {
        self.line(&format!("cogfed: {} {}", self.painted("1;31", "error:"), shown(&failure.message)));
        if let Some(hint) = &failure.hint {
            self.hint(hint);
        }
        failure.example.iter().flat_map(|example| example.lines()).for_each(|line| self.plain(line));
    }

    fn painted(&self, code: &str, word: &str) -> String {
        if self.has_colour { format!("\u{1b}[{code}m{word}\u{1b}[0m") } else { word.to_owned() }
    }

    fn line(&self, line: &str) {
        self.write(&format!("{line}\n"));
    }

    fn write(&self, text: &str) {
        let text = self.progress.removal() + text;
        let mut out = self.out.lock().unwrap_or_else(PoisonError::into_inner);
        // A closed standard error is no failure: nobody wants to read. The line is written in one piece, so that
        // neither input nor other processes' messages break it.
        let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    }
}

/// Returns whether a character can be printed to a terminal unescaped. Control characters, including C1, and characters
/// that change the direction of text may not.
fn is_harmless(c: char) -> bool {
    !c.is_control()
        && !matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{61c}' | '\u{2028}' | '\u{2029}' | '\u{feff}')
}

/// Escapes all characters in `text` that could control a terminal, including line breaks.
pub fn shown(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        push_escaped(&mut safe, c);
    }
    safe
}

/// Escapes all characters in `json` that could control a terminal. It still parses to the same value: such characters
/// are only in its strings, and each is one unit of UTF-16.
pub fn shown_json(json: &str) -> String {
    let mut safe = String::with_capacity(json.len());
    for c in json.chars() {
        if is_harmless(c) {
            safe.push(c);
        } else {
            // Writing to a String does not fail.
            let _ = write!(safe, "\\u{:04x}", u32::from(c));
        }
    }
    safe
}

fn push_escaped(safe: &mut String, c: char) {
    if is_harmless(c) {
        safe.push(c);
    } else {
        // Writing to a String does not fail.
        let _ = write!(safe, "\\u{{{:x}}}", u32::from(c));
    }
}

/// A writer that escapes all characters that could control a terminal, except for line breaks and tabs. It is for an
/// API's answer on a terminal; a pipe gets the bytes as they are.
pub struct Escaping<W> {
    inner: W,
    /// The bytes of a UTF-8 character or of a line break whose remaining bytes have not arrived yet.
    pending: Vec<u8>,
}

impl<W: Write> Escaping<W> {
    /// Creates a writer that writes escaped text to `inner`.
    pub fn new(inner: W) -> Self {
        Self { inner, pending: Vec::new() }
    }

    /// Returns the writer below, for text that needs no escaping.
    pub fn inner(&mut self) -> &mut W {
        &mut self.inner
    }
}

impl<W: Write> Write for Escaping<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.pending.extend_from_slice(bytes);
        let mut safe = String::with_capacity(self.pending.len());
        let mut rest = self.pending.as_slice();
        let kept = loop {
            let (good, bad) = match str::from_utf8(rest) {
                Ok(good) => (good, None),
                Err(error) => {
                    let (good, _) = rest.split_at(error.valid_up_to());
                    (str::from_utf8(good).unwrap_or_default(), Some(error.error_len()))
                }
            };
            let mut chars = good.chars().peekable();
            let mut ends_with_return = false;
            while let Some(c) = chars.next() {
                match (c, chars.peek()) {
                    ('\n' | '\t', _) => safe.push(c),
                    // One line break, as HTTP and Windows write it.
                    ('\r', Some('\n')) => {}
                    ('\r', None) if bad.is_none() => ends_with_return = true,
                    _ => push_escaped(&mut safe, c),
                }
            }
            rest = rest.get(good.len()..).unwrap_or_default();
            match bad {
                // The other half of the line break may still arrive.
                None if ends_with_return => break vec![b'\r'],
                None => break Vec::new(),
                // The bytes end within a character: its other bytes may still arrive.
                Some(None) => break rest.to_vec(),
                Some(Some(length)) => {
                    safe.push('\u{fffd}');
                    rest = rest.get(length..).unwrap_or_default();
                }
            }
        };
        self.inner.write_all(safe.as_bytes())?;
        self.pending = kept;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAYLOADS: &[&str] = &[
        "\u{1b}[2J",
        "\u{1b}]0;title\u{7}",
        "\u{1b}]52;c;aGk=\u{7}",
        "\u{1b}P+q544e\u{1b}\\",
        "\u{9b}31m",
        "\r overwritten",
        "\u{8}\u{8}",
        "\u{202e}drow",
        "\u{2066}x\u{2069}",
        "\u{0}",
        "\u{7f}",
    ];

    /// The characters that control a terminal. The list is independent of the code that it tests.
    const OBEYED: &[char] = &[
        '\u{0}', '\u{7}', '\u{8}', '\r', '\u{1b}', '\u{7f}', '\u{85}', '\u{90}', '\u{9b}', '\u{9c}', '\u{9d}',
        '\u{61c}', '\u{200e}', '\u{200f}', '\u{2028}', '\u{2029}', '\u{202a}', '\u{202e}', '\u{2066}', '\u{2069}',
        '\u{feff}',
    ];

    #[test]
    fn terminal_control_characters_are_escaped() {
        for c in OBEYED {
            assert_eq!(shown(&format!("a{c}b")), format!("a\\u{{{:x}}}b", u32::from(*c)));
        }
        for payload in PAYLOADS {
            let text = shown(&format!("a{payload}b\n"));
            assert!(!text.contains(OBEYED) && !text.contains('\n'), "{text:?}");
            assert!(text.starts_with('a') && text.contains('b'), "{text:?}");
        }
        assert_eq!(shown("Grüße, 你好 — ok"), "Grüße, 你好 — ok");
    }

    #[test]
    fn escaped_json_parses_to_the_same_value() {
        let told = serde_json::json!({ PAYLOADS.concat(): [PAYLOADS.concat(), "Grüße, 你好 \u{1f600}", "\\"] });
        let json = shown_json(&told.to_string());
        assert!(!json.contains(OBEYED) && json.contains("Grüße, 你好 \u{1f600}"), "{json:?}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&json).unwrap(), told);
    }

    #[test]
    fn answer_is_escaped_wherever_it_is_cut() {
        let text = format!("line\r\n\ttab é 你 {}\r\r\n\u{9b}end", PAYLOADS.concat());
        let bytes = text.as_bytes();
        let mut whole = Vec::new();
        Escaping::new(&mut whole).write_all(bytes).unwrap();
        for cut in 0..bytes.len() {
            let mut out = Vec::new();
            let mut writer = Escaping::new(&mut out);
            writer.write_all(&bytes[..cut]).unwrap();
            writer.write_all(&bytes[cut..]).unwrap();
            assert_eq!(String::from_utf8(out).unwrap(), String::from_utf8(whole.clone()).unwrap(), "cut at {cut}");
        }
        let whole = String::from_utf8(whole).unwrap();
        assert!(whole.starts_with("line\n\ttab é 你 "));
        assert!(!whole.contains(OBEYED) && whole.ends_with("\\u{d}\n\\u{9b}end"), "{whole:?}");
        let mut broken = Vec::new();
        Escaping::new(&mut broken).write_all(b"a\xff\xfeb").unwrap();
        assert_eq!(String::from_utf8(broken).unwrap(), "a\u{fffd}\u{fffd}b");
    }

    #[test]
    fn failure_is_shown_with_its_hint() {
        let out = Arc::new(Mutex::new(Vec::new()));
        let failure = crate::error::Failure::new(crate::error::Kind::Refused, "no: \u{1b}[31m").hint("try again");
        Terminal::to(out.clone()).fail(&failure);
        let text = String::from_utf8(out.lock().unwrap().clone()).unwrap();
        assert_eq!(text, "cogfed: error: no: \\u{1b}[31m\ncogfed: hint: try again\n");
    }
}
