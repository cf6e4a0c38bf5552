//! The loopback listener (RFC 8252, section 7.3): it waits for the browser to come back, and tells it the truth.
//!
//! Cognito compares redirect URIs to the letter, port included, so the port is one of a registered few. `localhost`
//! may mean either address family, so a port counts only if both can be had: whoever holds the other half would be
//! sent the code.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::future::poll_fn;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener as StdListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;
use std::time::Duration;

use http::header::{
    ALLOW, CACHE_CONTROL, CONNECTION, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderValue, LOCATION, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS,
};
use http::{Request, Response, StatusCode};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, mpsc, watch};
use tokio::task::{AbortHandle, JoinHandle};

use super::callback::{Awaited, DONE, Denial, Verdict, judge};
use super::page::{Ending, POLICY, page};
use super::peer;
use crate::error::{Failure, Kind};
use crate::secret::Secret;

/// Connections that are served at once.
const CONNECTIONS: usize = 32;
/// How long a connection may take to send a whole request.
const HEADER_DEADLINE: Duration = Duration::from_secs(5);
/// The largest request head, in bytes; hyper's smallest setting.
const HEAD_LIMIT: usize = 8 * 1024;
/// How long the browser has to fetch the last page.
const FAREWELL: Duration = Duration::from_secs(2);

/// A port that is ours on both loopback addresses, bound before any browser opens.
#[derive(Debug)]
pub struct Listener {
    sockets: Vec<StdListener>,
    port: u16,
}

impl Listener {
    /// Takes the first of `ports` that is free on 127.0.0.1 and on ::1, or on 127.0.0.1 alone where this machine has no ::1.
    ///
    /// # Errors
    /// [`Kind::Busy`] if none is free.
    pub fn bind(ports: &[u16]) -> Result<Self, Failure> {
        for &port in ports {
            match bind_both(port) {
                Ok(sockets) => return Ok(Self { sockets, port }),
                Err(error) => tracing::debug!(port, %error, "the port is not to be had"),
            }
        }
        let list = ports.iter().map(u16::to_string).collect::<Vec<_>>().join(", ");
        Err(Failure::new(Kind::Busy, format!("every callback port is taken on 127.0.0.1 or ::1: {list}"))
            .hint("end what listens there, or register another callback URL and add its port to 'redirect_ports'"))
    }

    /// The port that was taken.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Starts to serve, on the current tokio runtime.
    ///
    /// # Errors
    /// If the sockets cannot be handed to the runtime.
    pub fn serve(self, awaited: Awaited) -> io::Result<Serving> {
        let (arrivals, inbox) = mpsc::unbounded_channel();
        let (ending, ended) = watch::channel(None);
        let desk = Arc::new(Desk {
            awaited,
            arrivals,
            ended,
            answered: AtomicBool::new(false),
            farewell: Notify::new(),
            is_pestered: AtomicBool::new(false),
        });
        let sockets = self.sockets.into_iter().map(TcpListener::from_std).collect::<io::Result<_>>()?;
        let task = tokio::spawn(accept(sockets, Arc::clone(&desk)));
        Ok(Serving { task, inbox, ending, desk })
    }
}

fn bind_both(port: u16) -> io::Result<Vec<StdListener>> {
    let v4 = StdListener::bind((Ipv4Addr::LOCALHOST, port))?;
    let sockets = with_other_half(v4, StdListener::bind((Ipv6Addr::LOCALHOST, port)))?;
    for socket in &sockets {
        socket.set_nonblocking(true)?;
    }
    Ok(sockets)
}

/// Both halves, or the first alone where there cannot be another.
fn with_other_half(v4: StdListener, v6: io::Result<StdListener>) -> io::Result<Vec<StdListener>> {
    match v6 {
        Ok(v6) => Ok(vec![v4, v6]),
        Err(error) if has_no_ipv6(&error) => Ok(vec![v4]),
        Err(error) => Err(error),
    }
}

/// No ::1 on this machine, or no IPv6 in its kernel: nobody else can have the port there either.
fn has_no_ipv6(error: &io::Error) -> bool {
    match error.kind() {
        io::ErrorKind::AddrNotAvailable | io::ErrorKind::Unsupported => true,
        #[cfg(unix)]
        _ => error.raw_os_error() == Some(rustix::io::Errno::AFNOSUPPORT.raw_os_error()),
        #[cfg(not(unix))]
        _ => false,
    }
}

/// What came in.
#[derive(Debug)]
pub enum Arrival {
    /// The code. The browser waits for the ending.
    Code(Secret),
    /// The identity provider's no. The browser waits for the ending.
    Denied(Denial),
    /// An error that nobody vouches for; the wait goes on.
    Unvouched(Denial),
}

/// A listener at work. Dropping it closes everything.
pub struct Serving {
    task: JoinHandle<()>,
    inbox: mpsc::UnboundedReceiver<Arrival>,
    ending: watch::Sender<Option<Ending>>,
    desk: Arc<Desk>,
}

impl Serving {
    /// The next thing that came in.
    pub async fn next(&mut self) -> Arrival {
        match self.inbox.recv().await {
            Some(arrival) => arrival,
            // The desk, which this holds, has a sender: the channel cannot close.
            None => std::future::pending().await,
        }
    }

    /// Tells the waiting browser how it ended, gives it a moment to fetch the page, and closes. If no browser came back,
    /// because the person did with its address, there is nobody to wait for.
    pub async fn finish(self, ending: Ending) {
        self.ending.send_replace(Some(ending));
        if !self.desk.answered.load(Ordering::Relaxed) {
            return;
        }
        if self.desk.is_pestered.load(Ordering::Relaxed) {
            tokio::time::sleep(FAREWELL).await;
        } else {
            let _ = tokio::time::timeout(FAREWELL, self.desk.farewell.notified()).await;
        }
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// What all connections share.
struct Desk {
    awaited: Awaited,
    arrivals: mpsc::UnboundedSender<Arrival>,
    ended: watch::Receiver<Option<Ending>>,
    /// Whether a code or a vouched denial has come in: the first counts, the others wait for the same ending.
    answered: AtomicBool,
    /// The last page has been fetched.
    farewell: Notify,
    /// Whether somebody asked for the last page before there was one: whose fetch ends the wait for the browser is then
    /// anybody's guess.
    is_pestered: AtomicBool,
}

/// One connection, as the accept loop knows it.
struct Guest {
    /// Whether it has sent a whole request.
    is_served: Arc<AtomicBool>,
    task: AbortHandle,
}

async fn accept(sockets: Vec<TcpListener>, desk: Arc<Desk>) {
    let mut guests: VecDeque<Guest> = VecDeque::new();
    let mut connections = tokio::task::JoinSet::new();
    let mut turn = 0;
    loop {
        turn += 1;
        let (stream, peer) = match next(&sockets, turn).await {
            Ok(accepted) => accepted,
            // Out of file descriptors, most likely: accepting again at once would only spin.
            Err(_) => {
                tokio::time::sleep(Duration::from_millis(20)).await;
                continue;
            }
        };
        while connections.try_join_next().is_some() {}
        guests.retain(|guest| !guest.task.is_finished());
        if guests.len() >= CONNECTIONS {
            // The oldest that has sent nothing whole makes room; if all have, they are answered soon enough.
            let Some(idle) = guests.iter().position(|guest| !guest.is_served.load(Ordering::Relaxed)) else { continue };
            if let Some(guest) = guests.remove(idle) {
                guest.task.abort();
            }
        }
        let is_served = Arc::new(AtomicBool::new(false));
        let task = connections.spawn(serve(stream, peer, Arc::clone(&desk), Arc::clone(&is_served)));
        guests.push_back(Guest { is_served, task });
        // Else a burst would be taken in one go, and who came first be shown out with its request unread.
        tokio::task::yield_now().await;
    }
}

/// The next connection on any of the sockets. Each is asked first in turn, so that a flood on one starves no other.
async fn next(sockets: &[TcpListener], turn: usize) -> io::Result<(TcpStream, SocketAddr)> {
    poll_fn(|context| {
        let in_turn = sockets.iter().cycle().skip(turn % sockets.len().max(1)).take(sockets.len());
        in_turn.map(|socket| socket.poll_accept(context)).find(Poll::is_ready).unwrap_or(Poll::Pending)
    })
    .await
}

async fn serve(stream: TcpStream, peer: SocketAddr, desk: Arc<Desk>, is_served: Arc<AtomicBool>) {
    let said_farewell = AtomicBool::new(false);
    let service = service_fn(|request: Request<Incoming>| {
        is_served.store(true, Ordering::Relaxed);
        let (desk, said_farewell) = (&desk, &said_farewell);
        async move { Ok::<_, Infallible>(answer(&request.into_parts().0, peer, desk, said_farewell).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_DEADLINE)
        .max_buf_size(HEAD_LIMIT)
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), service);
    // A peer that breaks off or sends garbage is no concern of the sign-in.
    let _ = connection.await;
    if said_farewell.load(Ordering::Relaxed) {
        desk.farewell.notify_one();
    }
}

async fn answer(
    request: &http::request::Parts,
    peer: SocketAddr,
    desk: &Desk,
    said_farewell: &AtomicBool,
) -> Response<String> {
    let verdict = judge(request, &desk.awaited);
    let is_worth_it = match verdict {
        Verdict::Code(_) | Verdict::Denied(_) => true,
        Verdict::Done => desk.ended.borrow().is_some(),
        Verdict::Unvouched(_) | Verdict::Refuse(..) => false,
    };
    // The kernel's table grows with each connection, so who floods us with what changes nothing is not looked up.
    if is_worth_it && peer::is_someone_else(peer, desk.awaited.port) {
        return not_ours(StatusCode::FORBIDDEN, "this request comes from another user of this machine");
    }
    match verdict {
        Verdict::Code(code) => desk.concluded(Arrival::Code(code)).await,
        Verdict::Denied(denial) => desk.concluded(Arrival::Denied(denial)).await,
        Verdict::Unvouched(denial) => {
            // Nobody listens once the sign-in is over.
            let _ = desk.arrivals.send(Arrival::Unvouched(denial));
            not_ours(StatusCode::BAD_REQUEST, "this does not belong to the sign-in that cogfed waits for")
        }
        Verdict::Done => match desk.ended.borrow().as_ref() {
            Some(ending) => {
                said_farewell.store(true, Ordering::Relaxed);
                respond(StatusCode::OK, page(ending))
            }
            None => {
                desk.is_pestered.store(true, Ordering::Relaxed);
                not_ours(StatusCode::NOT_FOUND, "the sign-in is not over yet")
            }
        },
        Verdict::Refuse(StatusCode::NO_CONTENT, _) => respond(StatusCode::NO_CONTENT, String::new()),
        Verdict::Refuse(status, reason) => {
            let mut response = not_ours(status, reason);
            if status == StatusCode::METHOD_NOT_ALLOWED {
                response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET"));
            }
            response
        }
    }
}

impl Desk {
    /// Reports the first conclusive arrival, waits for the ending, and sends the browser to a page without a code.
    async fn concluded(&self, arrival: Arrival) -> Response<String> {
        if !self.answered.swap(true, Ordering::Relaxed) {
            let _ = self.arrivals.send(arrival);
        }
        // An error means that the sign-in was dropped without an ending; the page then says that it is not over.
        let _ = self.ended.clone().wait_for(Option::is_some).await;
        let mut response = respond(StatusCode::FOUND, String::new());
        response.headers_mut().insert(LOCATION, HeaderValue::from_static(DONE));
        response
    }
}

fn not_ours(status: StatusCode, reason: &str) -> Response<String> {
    respond(status, page(&Ending::NotOurs { reason: reason.to_owned() }))
}

fn respond(status: StatusCode, body: String) -> Response<String> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(CONNECTION, HeaderValue::from_static("close"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if let Ok(policy) = HeaderValue::from_str(&POLICY) {
        headers.insert(CONTENT_SECURITY_POLICY, policy);
    }
    response
}

#[cfg(test)]
mod tests;
