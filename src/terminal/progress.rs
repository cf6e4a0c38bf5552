//! One line about a long transfer, rewritten in place.

use std::io::Write;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::shown;

/// The maximum length of the line, in characters. A longer one could wrap, and would then not be rewritten.
const LONGEST: usize = 79;

/// A line on the terminal that can be rewritten. Cheap to clone; all clones are the same line.
#[derive(Clone, Default)]
pub(super) struct ProgressLine {
    /// The number of characters on the line.
    length: Arc<AtomicUsize>,
}

impl ProgressLine {
    /// Writes `text` in the place of the line's text.
    pub(super) fn show(&self, text: &str, out: &Mutex<dyn Write + Send>) {
        let text: String = shown(&format!("cogfed: {text}")).chars().take(LONGEST).collect();
        let length = text.chars().count();
        let before = self.length.swap(length, Ordering::SeqCst);
        let padding = before.saturating_sub(length);
        let mut out = out.lock().unwrap_or_else(PoisonError::into_inner);
        // A closed standard error is no failure: nobody wants to read.
        let _ = write!(out, "\r{text}{:padding$}", "").and_then(|()| out.flush());
    }

    /// Returns the characters that remove the line, or nothing if there is none.
    pub(super) fn removal(&self) -> String {
        match self.length.swap(0, Ordering::SeqCst) {
            0 => String::new(),
            length => format!("\r{:length$}\r", ""),
        }
    }
}
