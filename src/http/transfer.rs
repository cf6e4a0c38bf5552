//! The counter for the bytes of an exchange with an API.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

/// The maximum number of bytes that are handed to the connection at once. Small enough for a useful count, large enough
/// to cost nothing beside the encryption.
const PIECE: usize = 128 * 1024;
/// The value that is stored as the length of an answer of unknown length.
const UNKNOWN: u64 = u64::MAX;

/// The counts of the bytes that one exchange has sent and received so far, in the bodies of request and answer. Clones
/// count the same exchange, so that one can be read while the exchange runs.
#[derive(Debug, Clone, Default)]
pub struct Transfer(Arc<Counts>);

#[derive(Debug)]
struct Counts {
    to_send: AtomicU64,
    sent: AtomicU64,
    to_receive: AtomicU64,
    received: AtomicU64,
}

impl Default for Counts {
    fn default() -> Self {
        let zero = AtomicU64::default;
        Self { to_send: zero(), sent: zero(), to_receive: UNKNOWN.into(), received: zero() }
    }
}

impl Transfer {
    /// Returns the length of the request's body, in bytes.
    pub fn to_send(&self) -> u64 {
        self.0.to_send.load(Ordering::Relaxed)
    }

    /// Returns the number of bytes of the request's body that were handed to the connection.
    pub fn sent(&self) -> u64 {
        self.0.sent.load(Ordering::Relaxed)
    }

    /// Returns the length of the answer's body in bytes, or `None` if the answer does not state it.
    pub fn to_receive(&self) -> Option<u64> {
        Some(self.0.to_receive.load(Ordering::Relaxed)).filter(|length| *length != UNKNOWN)
    }

    /// Returns the number of bytes of the answer's body that have arrived, after decompression.
    pub fn received(&self) -> u64 {
        self.0.received.load(Ordering::Relaxed)
    }

    /// Starts the count of an answer's body at zero; `length` is the length of the body in bytes, if known.
    pub fn begin_to_receive(&self, length: Option<u64>) {
        self.0.to_receive.store(length.unwrap_or(UNKNOWN), Ordering::Relaxed);
        self.0.received.store(0, Ordering::Relaxed);
    }

    /// Adds `bytes` to the number of received bytes.
    pub fn receive(&self, bytes: usize) {
        self.0.received.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    /// Wraps `body` for reqwest, so that its bytes are counted, from zero, as they are sent.
    pub fn upload(&self, body: Bytes) -> reqwest::Body {
        self.0.to_send.store(body.len() as u64, Ordering::Relaxed);
        self.0.sent.store(0, Ordering::Relaxed);
        match body.is_empty() {
            // A body of any other type would be sent in chunks, even if it is empty.
            true => reqwest::Body::from(body),
            false => reqwest::Body::wrap(Upload { rest: body, transfer: self.clone() }),
        }
    }
}

/// A request body that counts its bytes as the connection takes them.
struct Upload {
    rest: Bytes,
    transfer: Transfer,
}

impl Body for Upload {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        let length = self.rest.len().min(PIECE);
        if length == 0 {
            return Poll::Ready(None);
        }
        let piece = self.rest.split_to(length);
        self.transfer.0.sent.fetch_add(length as u64, Ordering::Relaxed);
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.rest.len() as u64)
    }
}
