//! The presentation of an answer's body on standard output: JSON laid out, control characters escaped, binary data
//! withheld from a terminal.

use std::io::{self, Write};
use std::time::{Duration, Instant};

use http::HeaderMap;
use http::header::CONTENT_TYPE;

use super::super::super::Env;
use crate::cli::{OutputFlags, Pretty};
use crate::terminal::{Escaping, JsonLayout, Terminal};

/// The maximum size of a JSON body that is laid out, in bytes. A larger one is shown as it arrives.
const MOST_LAID_OUT: usize = 1024 * 1024;
/// The time for a JSON body to arrive. One that takes longer is a stream, and is shown as it arrives.
const TIME_TO_ARRIVE: Duration = Duration::from_secs(2);
/// The number of bytes at the beginning of a body in which a zero byte means binary data, as in curl.
const SAMPLE: u64 = 2000;
/// The maximum number of bytes of a withheld body that are read to tell its size.
const MOST_COUNTED: u64 = 16 * 1024 * 1024;

/// The choices for a body on standard output.
#[derive(Debug, Clone, Copy)]
pub struct Manner {
    /// True if a terminal shows the body.
    pub is_terminal: bool,
    /// True to withhold binary data.
    pub withholds_binary: bool,
    /// The layout of JSON; `None` for its bytes as they arrive.
    pub layout: Option<JsonLayout>,
}

impl Manner {
    /// Returns the manner that the flags and the environment ask for. The flag counts for more than `NO_COLOR`.
    pub fn of(flags: &OutputFlags, env: &Env) -> Self {
        let is_terminal = env.output.is_terminal;
        let layout = |indents, colours| Some(JsonLayout { indents, colours });
        Self {
            is_terminal,
            withholds_binary: is_terminal && flags.output.is_none(),
            layout: match flags.pretty {
                Some(Pretty::All) => layout(true, true),
                Some(Pretty::Colors) => layout(false, true),
                Some(Pretty::Format) => layout(true, false),
                None if is_terminal => layout(true, Terminal::shows_colour(&env.variable)),
                Some(Pretty::None) | None => None,
            },
        }
    }
}

/// A writer for one body.
pub struct Presentation<'a> {
    manner: Manner,
    out: Out<'a>,
    state: State,
    /// The number of body bytes so far.
    bytes: u64,
    /// The number of bytes that are still to come, if the answer told its length.
    length: Option<u64>,
    ends_line: bool,
}

enum Out<'a> {
    Raw(&'a mut (dyn Write + Send)),
    Escaped(Escaping<&'a mut (dyn Write + Send)>),
}

enum State {
    /// The beginning of a JSON body, and the time of its first byte.
    Json(Vec<u8>, Option<Instant>),
    /// A body that is shown as it arrives.
    Text,
    /// A body that is not shown.
    Withheld,
}

impl<'a> Presentation<'a> {
    /// Creates a writer for a body with these headers.
    pub fn new(manner: Manner, headers: &HeaderMap, length: Option<u64>, out: &'a mut (dyn Write + Send)) -> Self {
        let is_laid_out = manner.layout.is_some() && is_json(headers);
        Self {
            manner,
            out: if manner.is_terminal { Out::Escaped(Escaping::new(out)) } else { Out::Raw(out) },
            state: if is_laid_out { State::Json(Vec::new(), None) } else { State::Text },
            bytes: 0,
            length,
            ends_line: true,
        }
    }

    /// Writes the head of the answer.
    ///
    /// # Errors
    /// If the output fails.
    pub fn head(&mut self, head: &str) -> io::Result<()> {
        self.out.write(head.as_bytes())
    }

    /// Shows what is held back, and ends the last line on a terminal.
    ///
    /// # Errors
    /// If the output fails.
    pub fn finish(&mut self, is_complete: bool) -> io::Result<()> {
        if let State::Json(held, _) = std::mem::replace(&mut self.state, State::Text) {
            match self.manner.layout.zip(JsonLayout::checked(without_mark(&held)).filter(|_| is_complete)) {
                Some((layout, json)) => {
                    layout.write(json, self.out.raw())?;
                    self.out.raw().write_all(b"\n")?;
                    self.ends_line = true;
                }
                None => self.show(&held)?,
            }
        }
        if self.manner.is_terminal && !self.ends_line {
            self.out.raw().write_all(b"\n")?;
        }
        self.out.raw().flush()
    }

    /// Returns the size of the body that was withheld because it is binary, in words.
    pub fn withheld(&self) -> Option<String> {
        matches!(self.state, State::Withheld).then(|| match self.length {
            Some(length) => format!("{length} bytes"),
            None if self.bytes > MOST_COUNTED => format!("more than {MOST_COUNTED} bytes"),
            None => format!("{} bytes", self.bytes),
        })
    }

    fn show(&mut self, bytes: &[u8]) -> io::Result<()> {
        if let Some(last) = bytes.last() {
            self.ends_line = *last == b'\n';
            self.out.write(bytes)?;
            self.out.raw().flush()?;
        }
        Ok(())
    }
}

impl Write for Presentation<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.manner.withholds_binary && self.bytes < SAMPLE && bytes.contains(&0) {
            self.state = State::Withheld;
        }
        self.bytes += bytes.len() as u64;
        match &mut self.state {
            State::Withheld if self.length.is_some() || self.bytes > MOST_COUNTED => {
                // Ends the transfer; `withheld` says why.
                return Err(io::ErrorKind::BrokenPipe.into());
            }
            State::Withheld => {}
            State::Text => self.show(bytes)?,
            State::Json(held, began) => {
                held.extend_from_slice(bytes);
                let is_stream = began.get_or_insert_with(Instant::now).elapsed() > TIME_TO_ARRIVE;
                if is_stream || held.len() > MOST_LAID_OUT {
                    let held = std::mem::take(held);
                    self.state = State::Text;
                    self.show(&held)?;
                }
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.raw().flush()
    }
}

impl Out<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Raw(out) => out.write_all(bytes),
            Self::Escaped(out) => out.write_all(bytes),
        }
    }

    /// Returns the output itself, for text that is escaped already.
    fn raw(&mut self) -> &mut dyn Write {
        match self {
            Self::Raw(out) => out,
            Self::Escaped(out) => out.inner(),
        }
    }
}

/// Returns JSON without a byte order mark, which a reader may ignore (RFC 8259, section 8.1).
fn without_mark(json: &[u8]) -> &[u8] {
    json.strip_prefix(b"\xef\xbb\xbf").unwrap_or(json)
}

/// Returns whether the body is one JSON text, by its media type (RFC 8259, section 11; RFC 6839, section 3.1).
fn is_json(headers: &HeaderMap) -> bool {
    let value = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media_type = value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    media_type == "application/json"
        || media_type == "text/json"
        || media_type.ends_with("+json")
        || media_type.starts_with("application/x-amz-json-")
}
