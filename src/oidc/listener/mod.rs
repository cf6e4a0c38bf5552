//! The loopback listener (RFC 8252, section 7.3), which receives the callback of a sign-in and shows the outcome in the
//! browser.
//!
//! Cognito compares redirect URIs character by character, port included. So the port is one of a few that are
//! registered.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use http::header::{
    ALLOW, CACHE_CONTROL, CONNECTION, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderValue, LOCATION, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS,
};
use http::{Response, StatusCode};
use tokio::sync::{Notify, mpsc, watch};
use url::Url;

use super::callback::{Awaited, DONE, Denial, Judgement, NOT_OURS, judge};
use super::page::{Ending, POLICY, page};
use crate::error::{Failure, Kind};
use crate::loopback::{self, Ends, Fault, Holder, Port, Request, Server, Stranger, check_peer, holder_of};
use crate::secret::Secret;

/// The maximum time that the browser gets to fetch the final page with the outcome.
const FAREWELL: Duration = Duration::from_secs(2);
/// The lowest port that an unprivileged program may bind on Unix.
const PRIVILEGED: u16 = 1024;
/// The header that makes a browser delete the data stored for this port (<https://www.w3.org/TR/clear-site-data/>).
/// Above all, it deletes service workers, which could read each request. Cookies stay: they belong to all ports of
/// `localhost`.
const CLEAR_SITE_DATA: (&str, &str) = ("clear-site-data", "\"storage\"");

/// A callback port that is bound before the browser opens.
#[derive(Debug)]
pub struct Listener(Port);

impl Listener {
    /// Binds the first of `ports` that is free on both loopback addresses; see [`Port::bind`].
    ///
    /// # Errors
    /// [`Kind::Busy`] if none can be bound and another program holds one of them; [`Kind::Usage`] if the system refuses
    /// all of them for another reason.
    pub fn bind(ports: &[u16]) -> Result<Self, Failure> {
        let mut faults = Vec::new();
        for &port in ports {
            match Port::bind(port) {
                Ok(port) => return Ok(Self(port)),
                Err(error) => {
                    tracing::debug!(port, %error, "the port cannot be bound");
                    faults.push((port, error));
                }
            }
        }
        Err(no_port(&faults, &holder_of))
    }

    /// Returns the port that was bound.
    pub fn port(&self) -> u16 {
        self.0.number()
    }

    /// Starts serving HTTP in the current tokio runtime. The short address redirects to `url`.
    ///
    /// # Errors
    /// If the sockets cannot be handed to the runtime.
    pub fn serve(self, awaited: Awaited, url: &Url) -> io::Result<Serving> {
        let (arrivals, inbox) = mpsc::unbounded_channel();
        let (ending, ended) = watch::channel(None);
        let desk = Arc::new(Desk {
            awaited,
            url: url.as_str().to_owned(),
            arrivals,
            ended,
            is_opened: AtomicBool::new(false),
            answered: AtomicBool::new(false),
            farewell: Notify::new(),
            is_pestered: AtomicBool::new(false),
        });
        let server = Server::start(self.0, Arc::clone(&desk))?;
        Ok(Serving { _server: server, inbox, ending, desk })
    }
}

/// Returns the failure for the case that no port could be bound. `holder` returns the program that holds one.
fn no_port(faults: &[(u16, io::Error)], holder: &dyn Fn(u16) -> Option<Holder>) -> Failure {
    let is_taken = |error: &io::Error| error.kind() == io::ErrorKind::AddrInUse;
    let is_forbidden = |error: &io::Error| error.kind() == io::ErrorKind::PermissionDenied;
    let all = |is: &dyn Fn(&io::Error) -> bool| faults.iter().all(|(_, error)| is(error));
    let listed = |described: &dyn Fn(u16, &io::Error) -> String| {
        faults.iter().map(|(port, error)| described(*port, error)).collect::<Vec<_>>().join(", ")
    };
    let taken = |port| holder(port).map_or(format!("{port}"), |holder| format!("{port} by {holder}"));
    let kind =
        if faults.is_empty() || faults.iter().any(|(_, error)| is_taken(error)) { Kind::Busy } else { Kind::Usage };
    let message = if all(&is_taken) {
        format!("every callback port is taken on 127.0.0.1 or ::1: {}", listed(&|port, _| taken(port)))
    } else if all(&is_forbidden) {
        format!(
            "the system does not let cogfed use the callback ports (permission denied): {}",
            listed(&|port, _| port.to_string())
        )
    } else {
        let described = |port: u16, error: &io::Error| match (is_taken(error), is_forbidden(error)) {
            (true, _) => format!("{} (taken)", taken(port)),
            (_, true) => format!("{port} (permission denied)"),
            _ => format!("{port} ({error})"),
        };
        format!("no callback port can be used on 127.0.0.1 and ::1: {}", listed(&described))
    };
    let is_privileged = |(port, error): &(u16, io::Error)| is_forbidden(error) && *port < PRIVILEGED && !cfg!(windows);
    let register = "register another callback URL of the app client and add its port to 'redirect_ports'";
    let hint = if faults.iter().all(is_privileged) && !faults.is_empty() {
        format!("ports below {PRIVILEGED} are the system's; {register}")
    } else if faults.iter().any(|(_, error)| is_forbidden(error)) {
        format!(
            "{register}; on Windows, 'netsh int ipv4 show excludedportrange protocol=tcp' lists the ports that the system has reserved"
        )
    } else {
        format!("stop the program that holds one of them, or {register}")
    };
    Failure::new(kind, message).hint(hint)
}

/// A request that the sign-in has to know about.
#[derive(Debug)]
pub enum Arrival {
    /// A callback with the authorization code. The browser waits for the outcome.
    Code(Secret),
    /// A callback with the identity provider's error answer. The browser waits for the outcome.
    Denied(Denial),
    /// A request after which the sign-in keeps waiting. The wait goes on.
    Remark(Remark),
}

/// A request that the person may want to know about, although it does not end the sign-in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Remark {
    /// An error answer without this sign-in's `state`, with the error code from the answer if RFC 6749 defines that
    /// code.
    Unvouched(Option<&'static str>),
    /// An unusable answer to this sign-in, with the reason. May quote text from outside.
    Unusable(String),
    /// An answer to this sign-in that may come from another user of this machine.
    Stranger(Stranger),
    /// A request that exceeds the listener's size limits.
    TooLarge,
}

/// A running listener. Dropping it closes the port and all connections.
pub struct Serving {
    /// The server, which stops when it is dropped.
    _server: Server,
    inbox: mpsc::UnboundedReceiver<Arrival>,
    ending: watch::Sender<Option<Ending>>,
    desk: Arc<Desk>,
}

impl Serving {
    /// Waits for the next request that the sign-in has to know about.
    pub async fn next(&mut self) -> Arrival {
        match self.inbox.recv().await {
            Some(arrival) => arrival,
            // The channel cannot close: the desk, which this struct holds, has a sender.
            None => std::future::pending().await,
        }
    }

    /// Returns whether a browser of this user has requested the short local address, which redirects to the
    /// authorization URL.
    pub fn is_opened(&self) -> bool {
        self.desk.is_opened.load(Ordering::Relaxed)
    }

    /// Shows the outcome in the waiting browser, gives the browser a moment to fetch the page, and closes the listener.
    /// Does not wait if no browser came back, because the person pasted the address.
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

/// The state that all connections of the listener share.
struct Desk {
    awaited: Awaited,
    /// The authorization URL.
    url: String,
    arrivals: mpsc::UnboundedSender<Arrival>,
    ended: watch::Receiver<Option<Ending>>,
    /// True if a browser has requested the short local address, which redirects to the authorization URL.
    is_opened: AtomicBool,
    /// True if a code or an error answer with the right `state` has arrived. The first one counts, and later ones get
    /// the same outcome.
    answered: AtomicBool,
    /// The signal that the browser has fetched the final page with the outcome.
    farewell: Notify,
    /// True if the final page was requested before the outcome was known. A later request for that page then does not
    /// prove that the browser has received it.
    is_pestered: AtomicBool,
}

impl loopback::Handler for Desk {
    /// True if the final page with the outcome was sent on this connection.
    type Note = AtomicBool;

    async fn answer(&self, request: &Request, ends: Ends, said_farewell: &AtomicBool) -> Response<String> {
        answer(request, ends, self, said_farewell).await
    }

    fn refuse(&self, fault: Fault, beginning: &[u8], ends: Ends) -> Response<String> {
        match fault {
            Fault::Malformed => not_ours(StatusCode::BAD_REQUEST, "this is not a request of HTTP/1.1"),
            Fault::TooLarge => {
                let is_callback = beginning.starts_with(format!("GET {}?", self.awaited.path).as_bytes())
                    || beginning.starts_with(format!("GET {} ", self.awaited.start).as_bytes());
                if is_callback && check_peer(ends).is_ok() {
                    self.report(Arrival::Remark(Remark::TooLarge));
                }
                let reason = "the browser's request is larger than 256 KiB; most of it are cookies that other programs on localhost have set";
                let next = "delete the browser's cookies of localhost, or use a private window, then sign in again";
                let ending = Ending::Failed { reason: reason.to_owned(), next: Some(next.to_owned()) };
                respond(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, page(&ending))
            }
        }
    }

    fn over(&self, said_farewell: &AtomicBool) {
        if said_farewell.load(Ordering::Relaxed) {
            self.farewell.notify_one();
        }
    }
}

async fn answer(request: &Request, ends: Ends, desk: &Desk, said_farewell: &AtomicBool) -> Response<String> {
    let judgement = judge(request, &desk.awaited);
    let knows_state = matches!(judgement, Judgement::Code(_) | Judgement::Denied(_) | Judgement::Unusable(..));
    let is_worth_it = match judgement {
        Judgement::Done => desk.ended.borrow().is_some(),
        _ => knows_state || judgement == Judgement::Start,
    };
    // A look-up of the peer reads all connections in the kernel's table, so it is done only for requests that matter.
    if is_worth_it && let Err(stranger) = check_peer(ends) {
        if knows_state {
            desk.report(Arrival::Remark(Remark::Stranger(stranger)));
        }
        return not_ours(StatusCode::FORBIDDEN, &stranger.to_string());
    }
    match judgement {
        Judgement::Code(code) => desk.concluded(Arrival::Code(code)).await,
        Judgement::Denied(denial) => desk.concluded(Arrival::Denied(denial)).await,
        Judgement::Unusable(status, reason) => {
            desk.report(Arrival::Remark(Remark::Unusable(reason.clone())));
            allowing(respond(status, page(&Ending::Unusable { reason })))
        }
        Judgement::Unvouched(error) => {
            desk.report(Arrival::Remark(Remark::Unvouched(error)));
            not_ours(StatusCode::BAD_REQUEST, NOT_OURS)
        }
        Judgement::Start => desk.start(),
        Judgement::Done => match desk.ended.borrow().as_ref() {
            Some(ending) => {
                said_farewell.store(true, Ordering::Relaxed);
                respond(StatusCode::OK, page(ending))
            }
            None => {
                desk.is_pestered.store(true, Ordering::Relaxed);
                not_ours(StatusCode::NOT_FOUND, "the sign-in is not over yet")
            }
        },
        Judgement::Refuse(StatusCode::NO_CONTENT, _) => respond(StatusCode::NO_CONTENT, String::new()),
        Judgement::Refuse(status, reason) => allowing(not_ours(status, reason)),
    }
}

/// Adds the `Allow` header to a response with status 405.
fn allowing(mut response: Response<String>) -> Response<String> {
    if response.status() == StatusCode::METHOD_NOT_ALLOWED {
        response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET"));
    }
    response
}

impl Desk {
    fn report(&self, arrival: Arrival) {
        // Ignored: once the sign-in is over, nobody receives the arrival.
        let _ = self.arrivals.send(arrival);
    }

    /// Answers a request for the short local address: redirects to the authorization URL or, after the sign-in, shows
    /// the outcome.
    fn start(&self) -> Response<String> {
        if let Some(ending) = self.ended.borrow().as_ref() {
            return respond(StatusCode::OK, page(ending));
        }
        self.is_opened.store(true, Ordering::Relaxed);
        redirect(&self.url)
    }

    /// Reports the first code or error answer, waits for the outcome, and redirects the browser to a page without the
    /// code in its URL.
    async fn concluded(&self, arrival: Arrival) -> Response<String> {
        if !self.answered.swap(true, Ordering::Relaxed) {
            self.report(arrival);
        }
        // An error means that the sign-in was dropped without an outcome. The page then says that the sign-in is not
        // over.
        let _ = self.ended.clone().wait_for(Option::is_some).await;
        redirect(DONE)
    }
}

fn redirect(target: &str) -> Response<String> {
    let mut response = respond(StatusCode::FOUND, String::new());
    // A URL has only characters that a header may have.
    if let Ok(target) = HeaderValue::from_str(target) {
        response.headers_mut().insert(LOCATION, target);
    }
    response
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
    headers.insert(CLEAR_SITE_DATA.0, HeaderValue::from_static(CLEAR_SITE_DATA.1));
    if let Ok(policy) = HeaderValue::from_str(&POLICY) {
        headers.insert(CONTENT_SECURITY_POLICY, policy);
    }
    response
}

#[cfg(test)]
mod tests;
