//! The output of `cogfed call`: the answer, the explanation of a refusal, and `--write-out`.

mod destination;
mod facts;
mod presentation;
mod progress;
mod report;
mod write_out;

use std::io::{self, Write};

use http::Method;
use http::header::{CONTENT_ENCODING, RANGE};

use self::destination::{Destination, Opened, is_standard};
use self::facts::Facts;
use self::presentation::{Manner, Presentation};
pub use self::progress::shown as with_progress;
pub use self::report::Report;
use super::super::Env;
use crate::cli::{Call, OutputFlags};
use crate::error::{Failure, Kind};
use crate::request::{Answer, ApiRequest, Refusal, WriteError};

/// The destinations of an answer, checked before the request is sent.
pub struct Destinations {
    body: Destination,
    head: Option<Destination>,
}

impl Destinations {
    /// Returns the destinations that the flags name.
    ///
    /// # Errors
    /// [`Kind::Usage`] if one of them cannot be written, or if they are the same file.
    pub fn of(flags: &OutputFlags, request: &ApiRequest) -> Result<Self, Failure> {
        let body = Destination::of_body(flags, request.path())?;
        let head = Destination::of_head(flags, &body)?;
        Ok(Self { body, head })
    }
}

/// Returns whether `--compressed` is the default. It is the default if the body goes to a terminal and the request has
/// no `Range` header. A part of a compressed body cannot be decompressed.
pub fn implies_compressed(flags: &Call, env: &Env) -> bool {
    let is_range = |header: &String| {
        header.split_once(':').is_some_and(|(name, _)| name.trim_end().eq_ignore_ascii_case(RANGE.as_str()))
    };
    let is_part = flags.request.range.is_some() || flags.request.headers.iter().any(is_range);
    let is_standard = !flags.output.remote_name && flags.output.output.as_deref().is_none_or(is_standard);
    env.output.is_terminal && is_standard && !is_part
}

/// Writes the answer to its destinations, and the explanation of a refusal to the terminal.
pub async fn finish(
    mut answer: Answer,
    refusal: Option<Refusal>,
    destinations: Destinations,
    report: &mut Report,
    flags: &Call,
    env: &mut Env,
) -> anyhow::Result<()> {
    let status = answer.status().as_u16();
    let head = head(&answer);
    let (is_decompressed, can_decompress) = (answer.is_decompressed(), answer.can_be_decompressed());
    report.facts.take(&answer, &head);
    let written = match write_head(&head, destinations.head, env) {
        Ok(()) => write_body(&mut answer, &head, destinations.body, report, flags, env).await,
        failed => failed,
    };
    report.facts.end(&answer);
    let is_raw = report.facts.size_download > 0 && !is_decompressed;
    if let Some(encoding) = compression(&report.facts).filter(|_| is_raw) {
        env.terminal.say(&format!("the body is compressed ({encoding}), and is written as it arrived"));
        if can_decompress && !flags.request.compressed {
            env.terminal.hint("add --compressed to decompress it");
        }
    }
    // Explained even if the answer could not be written.
    if let Some(refusal) = &refusal {
        env.terminal.warn(&refusal.message);
        env.terminal.hint(&refusal.hint);
    }
    written?;
    match is_failure(&flags.output, status) {
        true => Err(Failure::new(Kind::HttpStatus, format!("the API answered with status {status}")).into()),
        false => Ok(()),
    }
}

fn is_failure(flags: &OutputFlags, status: u16) -> bool {
    (flags.fail || flags.fail_with_body) && status >= 400
}

/// Returns the `Content-Encoding` of a body that is still compressed, or `None` if the body is not compressed (RFC
/// 9110, section 8.4.1).
fn compression(facts: &Facts) -> Option<String> {
    let encoding = facts.header(CONTENT_ENCODING.as_str()).trim().to_ascii_lowercase();
    (!encoding.is_empty() && encoding != "identity").then_some(encoding)
}

/// Writes the head to the destination of `--dump-header`.
fn write_head(head: &str, destination: Option<Destination>, env: &mut Env) -> Result<(), Failure> {
    let text = head.to_owned() + "\n";
    let Some(destination) = destination else { return Ok(()) };
    match destination.open()? {
        Some(mut file) => {
            file.write_all(text.as_bytes()).map_err(|error| file.failed(&error))?;
            file.keep()
        }
        None => unless_closed(env.output.text(&text)),
    }
}

/// Writes the body, after the head if that is wanted, to the body's destination.
async fn write_body(
    answer: &mut Answer,
    head: &str,
    destination: Destination,
    report: &mut Report,
    flags: &Call,
    env: &mut Env,
) -> Result<(), Failure> {
    let has_head = flags.output.include || answer.method() == Method::HEAD;
    let head = if has_head { head.to_owned() + "\n" } else { String::new() };
    report.facts.filename = destination.path().map(|path| path.display().to_string());
    if flags.output.fail && answer.status().as_u16() >= 400 {
        // Nothing of the body is wanted, and a file stays as it is. curl, too, writes the head to standard output.
        return match destination {
            Destination::Standard => unless_closed(env.output.text(&head)),
            _ => Ok(()),
        };
    }
    if answer.status().is_redirection() && matches!(destination, Destination::File(..) | Destination::Later(_)) {
        // Neither 304 nor a redirect that is not followed is the wanted answer, so the file stays as it is.
        return Ok(());
    }
    match destination.open()? {
        Some(file) => write_to_file(answer, &head, file, report).await,
        None => write_to_output(answer, &head, report, flags, env).await,
    }
}

async fn write_to_file(answer: &mut Answer, head: &str, mut file: Opened, report: &mut Report) -> Result<(), Failure> {
    file.write_all(head.as_bytes()).map_err(|error| file.failed(&error))?;
    let mut counted = Counted { out: &mut file, bytes: &mut report.facts.size_download };
    match answer.write_to(&mut counted).await {
        Ok(_) => file.keep(),
        Err(WriteError::Answer(failure)) => Err(failure),
        // The reader of a pipe stopped early.
        Err(WriteError::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        Err(WriteError::Output(error)) => Err(file.failed(&error)),
    }
}

async fn write_to_output(
    answer: &mut Answer,
    head: &str,
    report: &mut Report,
    flags: &Call,
    env: &mut Env,
) -> Result<(), Failure> {
    let manner = Manner::of(&flags.output, env);
    if manner.is_terminal {
        // The body itself shows the progress, and a line between its lines would be in the way.
        env.terminal.hide_progress();
    }
    let headers = answer.headers().clone();
    let length = answer.content_length();
    let mut presentation = Presentation::new(manner, &headers, length, &mut *env.output.to);
    unless_closed(presentation.head(head))?;
    let mut counted = Counted { out: &mut presentation, bytes: &mut report.facts.size_download };
    let written = match answer.write_to(&mut counted).await {
        Ok(_) => presentation.finish(true),
        Err(WriteError::Output(error)) => Err(error),
        Err(WriteError::Answer(failure)) => {
            unless_closed(presentation.finish(false))?;
            return Err(failure);
        }
    };
    if let Some(size) = presentation.withheld() {
        let media_type = report.facts.header("content-type");
        let kind = if media_type.is_empty() { "of unknown type".to_owned() } else { media_type };
        env.terminal.say(&format!("the body is binary data and is not shown on a terminal: {size}, {kind}"));
        env.terminal.hint("save it with -o FILE, or show it with -o -");
    }
    unless_closed(written)
}

/// A writer that counts the bytes of a body.
struct Counted<'a> {
    out: &'a mut dyn Write,
    bytes: &'a mut u64,
}

impl Write for Counted<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.out.write_all(bytes)?;
        *self.bytes += bytes.len() as u64;
        // Shown at once: the next bytes of a stream may take long.
        self.out.flush()?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// Returns the failure of standard output. A reader that stopped early, as `head` does, is none.
fn unless_closed(written: io::Result<()>) -> Result<(), Failure> {
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        Err(error) => Err(Failure::new(Kind::Failed, format!("cannot write to standard output: {error}"))),
        Ok(()) => Ok(()),
    }
}

/// Returns the status line and the headers as text.
fn head(answer: &Answer) -> String {
    let mut head = format!("{:?} {}\n", answer.version(), answer.status());
    for (name, value) in answer.headers() {
        head += &format!("{name}: {}\n", String::from_utf8_lossy(value.as_bytes()));
    }
    head
}
