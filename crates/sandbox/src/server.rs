//! The sandbox's HTTP/1 listeners, one for each simulated host, all served on a single thread.

use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr, TcpListener as StdListener};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use http::header::{DATE, HeaderValue};
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::api_gateway::{self, ApiGateway};
use crate::error::{Context, Result};
use crate::log::Logged;
use crate::misbehaviour::Misbehaviour;
use crate::refusals::Place;
use crate::reply::{self, Outcome, Reply};
use crate::world::{Addresses, World};
use crate::{control, identity_pool, plain_issuer, sts, user_pool};

/// The maximum time to receive a request's head, and separately to receive its body.
const PATIENCE: Duration = Duration::from_secs(30);
/// The maximum number of connections per listener. Further connections wait to be accepted.
const MOST_CONNECTIONS: usize = 512;
/// The maximum length of a request's head, in bytes.
const LARGEST_HEAD: usize = 64 * 1024;
/// The maximum length of a request body, in bytes. For the simulated API, the limit of API Gateway applies instead.
const LARGEST_BODY: usize = 256 * 1024;

/// The host that a listener simulates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Host {
    /// The user pool's domain, with the hosted UI and the OAuth endpoints.
    Domain,
    /// The user pool's issuer, with the discovery document and the JWKS.
    UserPool,
    /// The plain issuer, an OpenID Connect issuer outside the user pool.
    Issuer,
    /// The identity pool.
    IdentityPool,
    /// The Security Token Service (STS).
    Sts,
    /// The API behind API Gateway.
    Api,
    /// The sandbox's control endpoint, for scripts.
    Control,
}

/// The listeners, which are bound to ports but do not serve requests yet.
pub struct Listeners(Vec<(Host, StdListener)>);

impl Listeners {
    /// Binds all listeners on 127.0.0.1, each to a free port.
    ///
    /// # Errors
    /// Fails if no port is free.
    pub fn bind() -> Result<(Self, Addresses)> {
        let bind = || -> Result<(StdListener, SocketAddr)> {
            let listener = StdListener::bind((Ipv4Addr::LOCALHOST, 0)).context("cannot listen on 127.0.0.1")?;
            listener.set_nonblocking(true).context("cannot make a listener non-blocking")?;
            let address = listener.local_addr().context("cannot tell a listener's address")?;
            Ok((listener, address))
        };
        let (domain, user_pool, identity_pool) = (bind()?, bind()?, bind()?);
        let (sts, api, control, issuer) = (bind()?, bind()?, bind()?, bind()?);
        let addresses = Addresses {
            domain: domain.1,
            user_pool: user_pool.1,
            issuer: issuer.1,
            identity_pool: identity_pool.1,
            sts: sts.1,
            api: api.1,
            control: control.1,
        };
        let listeners = vec![
            (Host::Domain, domain.0),
            (Host::UserPool, user_pool.0),
            (Host::Issuer, issuer.0),
            (Host::IdentityPool, identity_pool.0),
            (Host::Sts, sts.0),
            (Host::Api, api.0),
            (Host::Control, control.0),
        ];
        Ok((Self(listeners), addresses))
    }

    /// Serves the listeners on the current runtime until the runtime shuts down.
    ///
    /// # Errors
    /// Fails if a listener cannot be registered with the runtime.
    pub fn serve(self, world: &Arc<World>) -> Result<()> {
        for (host, listener) in self.0 {
            let listener = TcpListener::from_std(listener).context("cannot serve a listener")?;
            tokio::spawn(accept(listener, host, Arc::clone(world)));
        }
        Ok(())
    }
}

async fn accept(listener: TcpListener, host: Host, world: Arc<World>) {
    let places = Arc::new(Semaphore::new(MOST_CONNECTIONS));
    while let Ok(place) = Arc::clone(&places).acquire_owned().await {
        match listener.accept().await {
            Ok((stream, _)) => {
                let world = Arc::clone(&world);
                tokio::spawn(async move {
                    connection(stream, host, world).await;
                    drop(place);
                });
            }
            // Most likely too many open files: wait until others have ended.
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
}

/// The error that makes hyper close a connection without an answer.
#[derive(Debug)]
struct Hangup;

impl std::fmt::Display for Hangup {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the connection is to be closed")
    }
}

impl std::error::Error for Hangup {}

async fn connection(stream: TcpStream, host: Host, world: Arc<World>) {
    let service = service_fn(move |request| answer(host, Arc::clone(&world), request));
    // The way in which a client ends its connection does not matter.
    let _ = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(PATIENCE)
        .max_buf_size(LARGEST_HEAD)
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

async fn answer(host: Host, world: Arc<World>, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Hangup> {
    let (head, body) = request.into_parts();
    let largest = if host == Host::Api { api_gateway::LARGEST_BODY } else { LARGEST_BODY };
    let now = if host == Host::Control { world.now() } else { world.servers_now() };
    let method = head.method.to_string();
    let path = head.uri.path().to_owned();
    let reply = match timeout(PATIENCE, Limited::new(body, largest).collect()).await {
        Ok(Ok(body)) => dispatch(host, &world, now, &Request::from_parts(head, body.to_bytes())),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Reply::answer("too_large", too_large(host)),
        Ok(Err(_)) | Err(_) => Reply { endpoint: "unfinished", outcome: Outcome::Hangup },
    };
    let status = match &reply.outcome {
        Outcome::Answer(response) => Some(response.status().as_u16()),
        Outcome::Silence | Outcome::Hangup => None,
    };
    if host != Host::Control {
        world.log.add(Logged { at: now, endpoint: reply.endpoint, method, path, status });
    }
    match reply.outcome {
        Outcome::Answer(mut response) => {
            let date = now.format("%a, %d %b %Y %H:%M:%S GMT").to_string();
            if let Ok(date) = HeaderValue::from_str(&date) {
                response.headers_mut().insert(DATE, date);
            }
            Ok(response.map(Full::new))
        }
        // hyper drops this when the client has gone.
        Outcome::Silence => match std::future::pending::<Infallible>().await {},
        Outcome::Hangup => Err(Hangup),
    }
}

fn too_large(host: Host) -> Response<Bytes> {
    if host == Host::Api { ApiGateway::too_large() } else { reply::empty(StatusCode::PAYLOAD_TOO_LARGE) }
}

fn api(world: &World, now: DateTime<Utc>, request: &Request<Bytes>) -> Reply {
    if world.active.due(Misbehaviour::Api500) {
        return Reply::answer("api.failed", ApiGateway::failed());
    }
    if let Some(refusal) = world.refusals.due_at(Place::Api) {
        return Reply::answer("api.refused", refusal.answer());
    }
    let response = world.api.answer(now, &world.issued, request);
    let endpoint = if response.status() == StatusCode::FORBIDDEN { "api.refused" } else { "api.invoked" };
    Reply::answer(endpoint, response)
}

fn sts(world: &World, now: DateTime<Utc>, request: &Request<Bytes>) -> Reply {
    match world.refusals.due_at(Place::Sts) {
        Some(refusal) => Reply::answer("sts.refused", refusal.answer()),
        None => sts::reply(world, now, request),
    }
}

fn dispatch(host: Host, world: &World, now: DateTime<Utc>, request: &Request<Bytes>) -> Reply {
    match host {
        Host::Domain => user_pool::domain(world, now, request),
        Host::UserPool => user_pool::issuer(world, request),
        Host::Issuer => plain_issuer::answer(world, now, request),
        Host::IdentityPool => identity_pool::answer(world, now, request),
        Host::Sts => sts(world, now, request),
        Host::Api => api(world, now, request),
        Host::Control => control::answer(world, request),
    }
}
