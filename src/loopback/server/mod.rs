//! A small HTTP/1.1 server that idle, slow or oversized requests cannot block.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;
use std::time::Duration;

use http::request::Parts;
use http::{Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{AbortHandle, JoinHandle, JoinSet};

use super::Port;

/// The number of connections that are served at once.
const CONNECTIONS: usize = 32;
/// The time in which a connection has to send a whole request head.
const HEADER_DEADLINE: Duration = Duration::from_secs(5);
/// The largest request head, in bytes. It is hyper's smallest setting.
const HEAD_LIMIT: usize = 8 * 1024;

/// The answers of a server.
pub trait Handler: Send + Sync + 'static {
    /// Notes about one connection.
    type Note: Default + Send + Sync;

    /// Answers a request by its head. No body is read.
    fn answer(
        &self,
        request: &Parts,
        peer: SocketAddr,
        note: &Self::Note,
    ) -> impl Future<Output = Response<String>> + Send;

    /// Takes note of the end of a connection, whether its answer arrived or not.
    fn over(&self, note: &Self::Note);
}

/// A running server. Dropping it closes its port and all connections.
pub struct Server(JoinHandle<()>);

impl Server {
    /// Starts serving on `port`, on the current tokio runtime. Each connection serves one request.
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

/// One connection in the accept loop.
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
        let is_served = Arc::new(AtomicBool::new(false));
        let task = connections.spawn(serve(stream, peer, Arc::clone(&handler), Arc::clone(&is_served)));
        guests.push_back(Guest { is_served, task });
        // Lets connections read their requests. Otherwise a burst would be accepted at once, and its first connections
        // would be closed with their requests unread.
        tokio::task::yield_now().await;
    }
}

/// Accepts the next connection. The sockets take turns to be polled first, so that a flood on one does not starve the
/// other.
async fn next(sockets: &[TcpListener], turn: usize) -> io::Result<(TcpStream, SocketAddr)> {
    poll_fn(|context| {
        let in_turn = sockets.iter().cycle().skip(turn % sockets.len().max(1)).take(sockets.len());
        in_turn.map(|socket| socket.poll_accept(context)).find(Poll::is_ready).unwrap_or(Poll::Pending)
    })
    .await
}

async fn serve<H: Handler>(stream: TcpStream, peer: SocketAddr, handler: Arc<H>, is_served: Arc<AtomicBool>) {
    let note = H::Note::default();
    let service = service_fn(|request: Request<Incoming>| {
        is_served.store(true, Ordering::Relaxed);
        let (handler, note) = (&handler, &note);
        async move { Ok::<_, Infallible>(handler.answer(&request.into_parts().0, peer, note).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_DEADLINE)
        .max_buf_size(HEAD_LIMIT)
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), service);
    // A peer that disconnects or sends garbage is not the handler's concern.
    let _ = connection.await;
    handler.over(&note);
}

#[cfg(test)]
mod tests;
