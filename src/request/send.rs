//! The function that sends a signed request once, and the type of the API's answer.

use std::borrow::Cow;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode};
use tokio::time::Instant;

use super::decompression::{Coding, Decompressor, Fault, codings};
use super::sign::SignedRequest;
use crate::error::{Failure, Kind};
use crate::http::{ApiClient, HttpError, Transfer, cause_of};

/// The number of bytes of a refusal's body that suffice to explain the refusal. The longest useful body is that of a
/// wrong signature.
const EXPLAINABLE: usize = 16 * 1024;

/// The deadline of an exchange, and the counts of its bytes.
#[derive(Debug, Clone, Default)]
pub struct Watch {
    /// The deadline of the whole exchange.
    pub deadline: Option<Deadline>,
    /// The counts of the bytes that the exchange has sent and received so far.
    pub transfer: Transfer,
}

/// The deadline that a person set for an exchange.
#[derive(Debug, Clone, Copy)]
pub struct Deadline {
    at: Instant,
    limit: Duration,
}

impl Deadline {
    /// Returns the deadline that is `limit` away from now.
    pub fn after(limit: Duration) -> Self {
        Self { at: Instant::now() + limit, limit }
    }

    fn failure(&self, what: &str) -> Failure {
        let message = format!("{what} within {} s (--max-time)", self.limit.as_secs_f64());
        Failure::new(Kind::Network, message).hint("give a longer --max-time")
    }
}

/// The error for a request that got no answer.
#[derive(Debug, Clone)]
pub struct Lost {
    /// The failure to report to the person.
    pub failure: Failure,
    /// The stage that the request had reached.
    pub stage: Stage,
}

/// The stage that a request without an answer had reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Nothing was sent, and a repeat may succeed.
    NotSent,
    /// The request, or a part of it, was sent. A repeat may succeed, but the API may have carried out the request.
    Sent,
    /// A repeat would fail as well.
    Final,
}

impl From<Lost> for Failure {
    fn from(lost: Lost) -> Self {
        lost.failure
    }
}

impl Lost {
    fn of(error: HttpError, method: &Method) -> Self {
        let stage = match &error {
            error if !error.may_pass() => Stage::Final,
            HttpError::NotSent { .. } => Stage::NotSent,
            _ => Stage::Sent,
        };
        let has_own_hint = matches!(&error, HttpError::NoAnswer { cause, .. } if cause.hint().is_some());
        let failure = Failure::from(error);
        let failure = if stage == Stage::Sent && !has_own_hint { failure.hint(advice(method)) } else { failure };
        Self { failure, stage }
    }

    /// Converts the error of a redirect's target into the error of the original request, which has the method `method`.
    pub(super) fn behind(self, method: &Method) -> Self {
        let stage = if self.stage == Stage::Final { Stage::Final } else { Stage::Sent };
        let failure = if method.is_idempotent() { self.failure } else { self.failure.hint(LOOK) };
        Self { failure, stage }
    }

    fn too_late(host: &str, watch: &Watch, deadline: &Deadline, method: &Method) -> Self {
        let (sent, to_send) = (watch.transfer.sent(), watch.transfer.to_send());
        let failure = match to_send {
            0 => deadline.failure(&format!("no answer from {host}")),
            _ => deadline.failure(&format!("{sent} of {to_send} bytes sent, and no answer from {host}")),
        };
        let failure = if method.is_idempotent() { failure } else { failure.hint(LOOK) };
        Self { failure, stage: Stage::Sent }
    }
}

const LOOK: &str = "the API may have carried out the request: look before you repeat it";

/// Returns the next step after a request with `method` was sent and its answer was lost. An idempotent request may be
/// repeated (RFC 9110, section 9.2.2).
fn advice(method: &Method) -> &'static str {
    match method.is_idempotent() {
        true => "try again; if that does not help, check the network and the API",
        false => LOOK,
    }
}

/// The reason why an answer's body was not written completely.
#[derive(Debug)]
pub enum WriteError {
    /// The answer broke off. The failure is of [`Kind::Network`].
    Answer(Failure),
    /// The writer failed.
    Output(io::Error),
}

impl From<io::Error> for WriteError {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

/// The durations of an exchange, each measured from the start of the exchange.
#[derive(Debug, Clone, Copy)]
pub struct Times {
    /// The time until the head of the answer had arrived.
    pub first_byte: Duration,
    /// The time until the end of the answer, or until now if the answer has not ended.
    pub total: Duration,
}

/// An API's answer: its head, and its body as a stream.
pub struct Answer {
    rest: reqwest::Response,
    prefix: Vec<u8>,
    /// The codings that are removed from the body. Empty if the body is written as it arrives.
    codings: Vec<Coding>,
    method: Method,
    url: String,
    host: String,
    watch: Watch,
    began: Instant,
    head_at: Instant,
    ended: Option<Instant>,
    /// The number of redirects that were followed to get this answer.
    pub redirects: u32,
    /// The number of attempts before the attempt that got this answer.
    pub retries: u32,
}

impl Answer {
    /// Returns the status.
    pub fn status(&self) -> StatusCode {
        self.rest.status()
    }

    /// Returns the headers.
    pub fn headers(&self) -> &HeaderMap {
        self.rest.headers()
    }

    /// Returns the HTTP version, as in the status line.
    pub fn version(&self) -> http::Version {
        self.rest.version()
    }

    /// Returns whether the body is decompressed.
    pub fn is_decompressed(&self) -> bool {
        !self.codings.is_empty()
    }

    /// Returns whether the body has codings that [`ApiClient::decompresses`] can remove.
    pub fn can_be_decompressed(&self) -> bool {
        self.is_decompressed() || codings(self.headers()).is_some()
    }

    /// Returns the length of the body in bytes, if the answer told it. Of a body that is decompressed, the length is
    /// unknown.
    pub fn content_length(&self) -> Option<u64> {
        self.rest.content_length().filter(|_| !self.is_decompressed()).map(|rest| rest + self.prefix.len() as u64)
    }

    /// Returns the first bytes of the body, decompressed if the body is, for [`super::explain`]. Empty if the status is
    /// below 400, except for S3's redirect to another region, which is XML.
    pub fn body_prefix(&self) -> Cow<'_, [u8]> {
        if !self.is_decompressed() {
            return Cow::Borrowed(&self.prefix);
        }
        let mut prefix = Prefix(Vec::new());
        // Ignored: the prefix may end anywhere, and what is decompressed so far counts.
        let _ = Decompressor::new(&self.codings, &mut prefix).write(&self.prefix);
        Cow::Owned(prefix.0)
    }

    /// Returns the method of the answered request.
    pub fn method(&self) -> &Method {
        &self.method
    }

    /// Returns the URL of the answered request. Its query may hold a secret.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Returns the address of the server or of the proxy, or `None` if the address is unknown.
    pub fn remote_addr(&self) -> Option<SocketAddr> {
        self.rest.remote_addr()
    }

    /// Returns the times of the last request.
    pub fn times(&self) -> Times {
        let total = self.ended.unwrap_or_else(Instant::now) - self.began;
        Times { first_byte: self.head_at - self.began, total }
    }

    /// Writes the body to `out` as it arrives, in constant memory, and returns the body's length in bytes.
    ///
    /// # Errors
    /// [`WriteError`] if the answer breaks off or `out` fails.
    pub async fn write_to(&mut self, out: &mut dyn Write) -> Result<u64, WriteError> {
        let codings = std::mem::take(&mut self.codings);
        if !codings.is_empty() {
            return self.decompress_to(&codings, out).await;
        }
        let prefix = std::mem::take(&mut self.prefix);
        out.write_all(&prefix)?;
        let mut written = prefix.len() as u64;
        while let Some(chunk) = self.chunk().await.map_err(WriteError::Answer)? {
            out.write_all(&chunk)?;
            written += chunk.len() as u64;
        }
        self.ended = Some(Instant::now());
        out.flush()?;
        Ok(written)
    }

    /// Writes the decompressed body to `out`, like [`Answer::write_to`].
    async fn decompress_to(&mut self, codings: &[Coding], out: &mut dyn Write) -> Result<u64, WriteError> {
        let mut counted = Counted { out, bytes: 0 };
        let mut decompressor = Decompressor::new(codings, &mut counted);
        let prefix = std::mem::take(&mut self.prefix);
        decompressor.write(&prefix).map_err(|fault| self.not_decompressed(fault))?;
        while let Some(chunk) = self.chunk().await.map_err(WriteError::Answer)? {
            decompressor.write(&chunk).map_err(|fault| self.not_decompressed(fault))?;
        }
        decompressor.finish().map_err(|fault| self.not_decompressed(fault))?;
        self.ended = Some(Instant::now());
        Ok(counted.bytes)
    }

    fn not_decompressed(&self, fault: Fault) -> WriteError {
        match fault {
            Fault::Output(error) => WriteError::Output(error),
            Fault::Body => {
                let message = format!("the answer of '{}' cannot be decompressed: its body is damaged", self.host);
                let hint = "to look at the body as it arrives, leave out --compressed and add -o FILE";
                WriteError::Answer(Failure::new(Kind::Network, message).hint(hint))
            }
        }
    }

    async fn chunk(&mut self) -> Result<Option<Bytes>, Failure> {
        let next = self.rest.chunk();
        let next = match self.watch.deadline {
            None => next.await,
            Some(deadline) => match tokio::time::timeout_at(deadline.at, next).await {
                Ok(next) => next,
                Err(_) => return Err(self.too_late(&deadline)),
            },
        };
        let chunk = next.map_err(|error| self.cut_off(&error))?;
        self.watch.transfer.receive(chunk.as_ref().map_or(0, Bytes::len));
        Ok(chunk)
    }

    /// Creates the failure for an answer whose body broke off.
    fn cut_off(&self, error: &reqwest::Error) -> Failure {
        let hint = match self.method.is_idempotent() {
            true => advice(&self.method),
            false => "the request itself did arrive: look before you repeat it",
        };
        let message = format!("the answer of '{}' broke off: {}", self.host, cause_of(error));
        Failure::new(Kind::Network, message).hint(hint)
    }

    fn too_late(&self, deadline: &Deadline) -> Failure {
        let received = self.watch.transfer.received();
        let of = self.watch.transfer.to_receive().map_or_else(String::new, |length| format!(" of {length}"));
        deadline.failure(&format!("the answer of '{}' did not end: {received}{of} bytes arrived", self.host))
    }
}

/// A writer that counts the bytes that pass through it.
struct Counted<'a> {
    out: &'a mut dyn Write,
    bytes: u64,
}

impl Write for Counted<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes)?;
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// The first bytes of a decompressed body. It takes no more than [`EXPLAINABLE`], so a small body cannot fill the memory.
struct Prefix(Vec<u8>);

impl Write for Prefix {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = EXPLAINABLE - self.0.len();
        if room == 0 {
            return Err(io::ErrorKind::StorageFull.into());
        }
        let taken = bytes.get(..room).unwrap_or(bytes);
        self.0.extend_from_slice(taken);
        Ok(taken.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Sends the signed request once.
///
/// # Errors
/// [`Lost`] if there is no answer. Nothing is sent if the client would send another URL than the signed one.
pub async fn send(client: &ApiClient, signed: &SignedRequest, watch: &Watch) -> Result<Answer, Lost> {
    send_request(client, &signed.0, watch).await
}

/// Sends `request` once, whether it is signed or not; see [`send`].
pub(super) async fn send_request(client: &ApiClient, request: &Request<Bytes>, watch: &Watch) -> Result<Answer, Lost> {
    let (method, url) = (request.method().clone(), request.uri().to_string());
    let uri = request.uri().clone();
    let host = uri.authority().map_or("", |authority| authority.as_str());
    let cannot = |failure| Lost { failure, stage: Stage::Final };
    let mut parts = Request::new(watch.transfer.upload(request.body().clone()));
    *parts.method_mut() = method.clone();
    *parts.uri_mut() = request.uri().clone();
    *parts.headers_mut() = request.headers().clone();
    let request = reqwest::Request::try_from(parts)
        .map_err(|error| cannot(Failure::caused_by(Kind::Failed, &error.without_url())))?;
    if request.url().as_str() != url {
        let message = format!("the URL of '{host}' would not be sent as it was signed");
        return Err(cannot(Failure::new(Kind::Failed, message).hint("percent-encode its unusual characters")));
    }
    let began = Instant::now();
    let sending = client.send(request);
    let answered = match &watch.deadline {
        None => sending.await,
        Some(deadline) => tokio::time::timeout_at(deadline.at, sending)
            .await
            .map_err(|_| Lost::too_late(host, watch, deadline, &method))?,
    };
    let rest = answered.map_err(|error| Lost::of(error, &method))?;
    watch.transfer.begin_to_receive(rest.content_length());
    let (watch, head_at, prefix) = (watch.clone(), Instant::now(), Vec::new());
    let ended = None;
    let host = host.to_owned();
    let codings = match client.decompresses() && method != Method::HEAD {
        true => codings(rest.headers()).unwrap_or_default(),
        false => Vec::new(),
    };
    let mut answer =
        Answer { rest, prefix, codings, method, url, host, watch, began, head_at, ended, redirects: 0, retries: 0 };
    let media_type = answer.headers().get(CONTENT_TYPE).map_or(&b""[..], HeaderValue::as_bytes);
    let is_xml = media_type.ends_with(b"/xml") || media_type.starts_with(b"application/xml");
    if answer.status().as_u16() >= 400 || (answer.status() == StatusCode::MOVED_PERMANENTLY && is_xml) {
        while answer.prefix.len() < EXPLAINABLE {
            let chunk = answer.chunk().await.map_err(|failure| Lost { failure, stage: Stage::Sent })?;
            let Some(chunk) = chunk else { break };
            answer.prefix.extend_from_slice(&chunk);
        }
    }
    Ok(answer)
}
