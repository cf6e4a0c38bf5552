//! A small HTTP/1.1 server that idle, slow or oversized requests cannot block.

mod request;

use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;
use std::time::Duration;

use http::{Method, Response, StatusCode};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{AbortHandle, JoinHandle, JoinSet};
use tokio::time::{Instant, timeout, timeout_at};

pub use self::request::{Fault, Request};
use self::request::{HEAD_LIMIT, HeadEnd};
use super::{Ends, Port};

/// The maximum number of simultaneous connections.
const CONNECTIONS: usize = 32;
/// The time limit for receiving a whole request, and separately for sending the answer.
const DEADLINE: Duration = Duration::from_secs(5);
/// The size of the buffer for one read, in bytes.
const PIECE: usize = 16 * 1024;
/// The maximum time and number of bytes for draining a connection after the answer was sent. A connection that is
/// closed with unread bytes is reset, and the browser may lose the answer.
const LINGER: (Duration, usize) = (Duration::from_secs(1), 1024 * 1024);

/// A handler that answers a server's requests.
pub trait Handler: Send + Sync + 'static {
    /// The handler's notes about one connection.
    type Note: Default + Send + Sync;

    /// Answers a request.
    fn answer(&self, request: &Request, ends: Ends, note: &Self::Note)
    -> impl Future<Output = Response<String>> + Send;

    /// Answers a request that could not be parsed. `beginning` is all that was read of it.
    fn refuse(&self, fault: Fault, beginning: &[u8], ends: Ends) -> Response<String>;

    /// Called when a connection ends, even if the peer did not receive the answer.
    fn over(&self, note: &Self::Note);
}

/// A running server. Dropping it closes its port and all connections.
pub struct Server(JoinHandle<()>);

impl Server {
    /// Starts serving HTTP on `port`, in the current tokio runtime. Each connection serves one request.
    ///
    /// # Errors
    /// If the sockets cannot be handed to the runtime.
    pub fn start(port: Port, handler: Arc<impl Handler>) -> io::Result<Self> {
        let sockets = port.sockets.into_iter().map(TcpListener::from_std).collect::<io::Result<_>>()?;
        Ok(Self(tokio::spawn(accept(sockets, handler))))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// An open connection, as the accept loop tracks it.
struct Guest {
    /// True if the connection has sent a whole request.
    is_served: Arc<AtomicBool>,
    task: AbortHandle,
}

async fn accept(sockets: Vec<TcpListener>, handler: Arc<impl Handler>) {
    let mut guests: VecDeque<Guest> = VecDeque::new();
    let mut connections = JoinSet::new();
    let mut turn = 0;
    loop {
        turn += 1;
        let (stream, peer) = match next(&sockets, turn).await {
            Ok(accepted) => accepted,
            // Most likely, there are no file descriptors left: accepting again at once would only spin.
            Err(_) => {
                tokio::time::sleep(Duration::from_millis(20)).await;
                continue;
            }
        };
        while connections.try_join_next().is_some() {}
        guests.retain(|guest| !guest.task.is_finished());
        if guests.len() >= CONNECTIONS {
            // The oldest connection without a whole request is closed to make room. If every connection has sent its
            // request, the new one is closed, because the others are answered soon.
            let Some(idle) = guests.iter().position(|guest| !guest.is_served.load(Ordering::Relaxed)) else { continue };
            if let Some(guest) = guests.remove(idle) {
                guest.task.abort();
            }
        }
        let Ok(local) = stream.local_addr() else { continue };
        let is_served = Arc::new(AtomicBool::new(false));
        let task = connections.spawn(serve(stream, Ends { peer, local }, Arc::clone(&handler), Arc::clone(&is_served)));
        guests.push_back(Guest { is_served, task });
        // Lets connections read their requests. Otherwise a burst would be accepted at once, and its first connections
        // would be closed with their requests unread.
        tokio::task::yield_now().await;
    }
}

/// Accepts the next connection on any of the sockets. The sockets take turns to be polled first, so that a flood on one
/// does not starve the other.
async fn next(sockets: &[TcpListener], turn: usize) -> io::Result<(TcpStream, SocketAddr)> {
    poll_fn(|context| {
        let in_turn = sockets.iter().cycle().skip(turn % sockets.len().max(1)).take(sockets.len());
        in_turn.map(|socket| socket.poll_accept(context)).find(Poll::is_ready).unwrap_or(Poll::Pending)
    })
    .await
}

async fn serve<H: Handler>(mut stream: TcpStream, ends: Ends, handler: Arc<H>, is_served: Arc<AtomicBool>) {
    let note = H::Note::default();
    if let Some((answer, has_body)) = answered(&mut stream, ends, &*handler, &note, &is_served).await {
        // A peer that disconnects is not the handler's concern.
        let _ = timeout(DEADLINE, send(&mut stream, &answer, has_body)).await;
    }
    handler.over(&note);
    // From now on, this connection may be closed to make room.
    is_served.store(false, Ordering::Relaxed);
    let _ = timeout(LINGER.0, drain(&mut stream)).await;
}

/// Reads a request and lets `handler` answer it. Returns the answer, and true if the answer's body is sent; `None` if
/// no whole head comes.
async fn answered<H: Handler>(
    stream: &mut TcpStream,
    ends: Ends,
    handler: &H,
    note: &H::Note,
    is_served: &AtomicBool,
) -> Option<(Response<String>, bool)> {
    let deadline = Instant::now() + DEADLINE;
    let mut bytes = Vec::new();
    let head = timeout_at(deadline, read_head(stream, &mut bytes)).await.ok()?.ok()?;
    let request = match head {
        Ok((mut request, end)) => {
            // Without its whole form, a request is answered as one without a form.
            let form = timeout_at(deadline, read_form(stream, &mut bytes, end, request.form_length())).await;
            request.form = form.ok().and_then(Result::ok).unwrap_or_default();
            Ok(request)
        }
        Err(fault) => Err(fault),
    };
    is_served.store(true, Ordering::Relaxed);
    match request {
        Ok(request) => {
            drop(bytes);
            Some((handler.answer(&request, ends, note).await, request.method != Method::HEAD))
        }
        Err(fault) => Some((handler.refuse(fault, &bytes, ends), true)),
    }
}

/// Reads a request head into `bytes`, and returns the parsed request and the length of the head.
async fn read_head(stream: &mut TcpStream, bytes: &mut Vec<u8>) -> io::Result<Result<(Request, usize), Fault>> {
    let mut search = HeadEnd::default();
    let end = loop {
        match search.find(bytes) {
            Some(end) => break end,
            None if bytes.len() > HEAD_LIMIT => return Ok(Err(Fault::TooLarge)),
            None => read_more(stream, bytes).await?,
        }
    };
    if end > HEAD_LIMIT {
        return Ok(Err(Fault::TooLarge));
    }
    Ok(Request::parse(bytes.get(..end).unwrap_or_default()).map(|request| (request, end)))
}

/// Reads the form after the head: the `length` bytes from offset `end`.
async fn read_form(stream: &mut TcpStream, bytes: &mut Vec<u8>, end: usize, length: usize) -> io::Result<String> {
    while bytes.len() < end + length {
        read_more(stream, bytes).await?;
    }
    Ok(String::from_utf8_lossy(bytes.get(end..end + length).unwrap_or_default()).into_owned())
}

/// Reads more bytes and appends them to `bytes`.
async fn read_more(stream: &mut TcpStream, bytes: &mut Vec<u8>) -> io::Result<()> {
    bytes.reserve(PIECE);
    match (&mut *stream).take(PIECE as u64).read_buf(bytes).await? {
        0 => Err(io::ErrorKind::UnexpectedEof.into()),
        _ => Ok(()),
    }
}

/// Sends an answer, then closes the sending side of the connection.
async fn send(stream: &mut TcpStream, answer: &Response<String>, has_body: bool) -> io::Result<()> {
    let status = answer.status();
    let date = chrono::Utc::now().format("%a, %d %b %Y %H:%M:%S GMT");
    let mut bytes =
        format!("HTTP/1.1 {} {}\r\ndate: {date}\r\n", status.as_str(), status.canonical_reason().unwrap_or(""));
    for (name, value) in answer.headers() {
        bytes += &format!("{name}: {}\r\n", value.to_str().unwrap_or_default());
    }
    if status != StatusCode::NO_CONTENT {
        bytes += &format!("content-length: {}\r\n", answer.body().len());
    }
    bytes += "\r\n";
    if has_body {
        bytes += answer.body();
    }
    stream.write_all(bytes.as_bytes()).await?;
    stream.shutdown().await
}

/// Reads and discards the bytes that the peer still sends, up to a limit.
async fn drain(stream: &mut TcpStream) -> io::Result<()> {
    let mut piece = vec![0; PIECE];
    let mut rest = LINGER.1;
    while rest > 0 {
        match stream.read(&mut piece).await? {
            0 => break,
            count => rest = rest.saturating_sub(count),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
