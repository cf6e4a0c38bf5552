//! The one HTTP client for all requests of cogfed, including those of the AWS SDK.
//!
//! Deadlines, proxies, trust roots, size caps and repeats are decided here. No client follows a redirect by
//! itself, because it could take a token or a signed request to another host.

mod api;
mod detour;
mod fault;
mod identity;
mod no_proxy;
mod proxy;
pub mod retry;
mod sdk;
mod socks;
mod time;
mod tls_fault;
mod transfer;
pub mod trust;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::time::Instant;
use url::Url;

pub use api::{ApiChoices, ApiClient};
pub use detour::Detour;
pub use fault::{Cause, HttpError, cause_of};
pub use identity::ClientCertificate;
pub use proxy::ProxyChoice;
pub use sdk::ObeyRetryAfter;
pub use time::ClockOffset;
pub use transfer::Transfer;
pub use trust::ExtraRoot;

use crate::clock::{Clock, Offset, SystemClock};
use crate::error::{Failure, Kind};
use crate::network::{CaBundle, authority_of, is_this_machine};
use proxy::{Proxies, Proxy, Route, Variable};
use trust::Roots;

/// The deadline for connecting, including name resolution, the proxy and TLS. The AWS SDK for Rust gives
/// credential-process five seconds in all, so a network that drops every packet has to be noticed earlier.
const CONNECT_DEADLINE: Duration = Duration::from_secs(3);
/// The maximum time for which a server may send nothing, before its answer or in the middle of it.
const SILENCE_DEADLINE: Duration = Duration::from_secs(10);
/// The deadline for a whole exchange with the user pool or the identity pool, including repeats.
const EXCHANGE_DEADLINE: Duration = Duration::from_secs(15);
/// The time limit for repeats: a connection attempt that fails within this time is tried again. A slower failure has
/// used up the caller's time.
const SOON: Duration = Duration::from_secs(1);
/// The maximum size of an answer from the user pool or the identity pool, in bytes. Real ones are a few KiB.
const ANSWER_LIMIT: usize = 1024 * 1024;

/// The HTTP client of cogfed. It is cheap to create and to clone, and several threads may use it at once. Certificate
/// bundles and environment variables are read at the first request.
#[derive(Clone)]
pub struct Http(Arc<Shared>);

struct Shared {
    clock: Arc<dyn Clock>,
    ca_bundle: Option<CaBundle>,
    proxy: Option<ProxyChoice>,
    variable: Box<Variable>,
    /// The host whose answer is awaited at the moment; `None` if no answer is awaited.
    awaited: Mutex<Option<String>>,
    /// The offsets of servers' clocks, one for each host. The newest is the last.
    offsets: Mutex<Vec<ClockOffset>>,
    proxies: OnceLock<Proxies>,
    /// The trust roots, read only once, so that the roots in use are those that the person accepted.
    roots: OnceLock<Result<Roots, Failure>>,
    /// The client for plain `http`, without trust roots and proxy; a profile allows `http` only for loopback hosts.
    plain: OnceLock<Built>,
    /// The client for `https` without a proxy. It is built once, because loading the system's trust roots takes about 2
    /// ms.
    direct: OnceLock<Built>,
    /// The client for `https` through a proxy.
    proxied: OnceLock<Built>,
}

type Built = Result<reqwest::Client, Failure>;

impl Default for Http {
    fn default() -> Self {
        Self::new(Arc::new(SystemClock), None, None)
    }
}

impl Http {
    /// Creates a client that uses `proxy` and trusts the system's roots and the roots in `ca_bundle`. Where the profile
    /// has neither, the environment's bundles and proxies count.
    pub fn new(clock: Arc<dyn Clock>, ca_bundle: Option<CaBundle>, proxy: Option<ProxyChoice>) -> Self {
        // A value that is not UTF-8 is kept, lossily, so that it fails validation; treating it as unset would silently
        // select another route.
        let variable = |name: &str| Some(std::env::var_os(name)?.to_string_lossy().into_owned());
        Self(Arc::new(Shared {
            clock,
            ca_bundle,
            proxy,
            variable: Box::new(variable),
            awaited: Mutex::default(),
            offsets: Mutex::default(),
            proxies: OnceLock::new(),
            roots: OnceLock::new(),
            plain: OnceLock::new(),
            direct: OnceLock::new(),
            proxied: OnceLock::new(),
        }))
    }

    /// Returns the host whose answer is awaited at the moment, for messages to a person, or `None` if no answer is
    /// awaited.
    pub fn awaited(&self) -> Option<String> {
        self.0.awaited.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Marks `host` as the host whose answer is awaited, for as long as the returned guard lives.
    pub fn awaiting(&self, host: &str) -> Awaiting<'_> {
        *self.0.awaited.lock().unwrap_or_else(PoisonError::into_inner) = Some(host.to_owned());
        Awaiting(self)
    }

    /// Returns the current time by the clock of the server at `url`, or `None` if the offset of that clock is unknown.
    pub fn server_now(&self, url: &str) -> Option<DateTime<Utc>> {
        let offset = self.clock_offset_of(&authority_of(&Url::parse(url).ok()?)?)?;
        Some(offset.there(self.0.clock.now()))
    }

    /// Returns the measured clock offset of `host`, if any; `host` includes the port unless that is the scheme's
    /// default.
    pub fn clock_offset_of(&self, host: &str) -> Option<Offset> {
        self.offsets().iter().find(|measured| measured.host == host).map(|measured| measured.offset)
    }

    /// Returns the most recent clock offset that was measured for one of `hosts`, if any was measured.
    pub fn clock_offset_among(&self, hosts: &[String]) -> Option<ClockOffset> {
        self.offsets().iter().rev().find(|measured| hosts.contains(&measured.host)).cloned()
    }

    fn offsets(&self) -> MutexGuard<'_, Vec<ClockOffset>> {
        self.0.offsets.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the time to wait that the `Retry-After` header of `answer` demands, or `None` without a valid header.
    pub fn retry_after(&self, answer: &http::Response<Vec<u8>>) -> Option<Duration> {
        retry::retry_after(answer.headers(), self.0.clock.now())
    }

    /// Sends `request` and reads the whole answer, whatever its status. Repeats the request only if nothing of it left
    /// this machine: after a lost answer, the caller has to decide.
    ///
    /// # Errors
    /// [`HttpError`] if there is no answer, or the answer exceeds one MiB.
    pub async fn send(&self, request: http::Request<Vec<u8>>) -> Result<http::Response<Vec<u8>>, HttpError> {
        let began = Instant::now();
        let mut attempt = 1;
        loop {
            let outcome = self.exchange(request.clone(), left(began)).await;
            let Some(pause) = pause_if_not_sent(&outcome, attempt, began) else { return outcome };
            self.wait(&request, attempt, pause).await;
            attempt += 1;
        }
    }

    /// Sends a request that is safe to execute twice, like [`Http::send`], but repeats it for more reasons. Also
    /// repeats after a lost answer, and after a status that means an overload or a temporary failure. A pause lasts at
    /// least as long as `Retry-After` says; if that does not fit into the deadline, there is no repeat.
    ///
    /// # Errors
    /// As for [`Http::send`].
    pub async fn send_repeatable(&self, request: http::Request<Vec<u8>>) -> Result<http::Response<Vec<u8>>, HttpError> {
        let began = Instant::now();
        let mut attempt = 1;
        loop {
            let outcome = self.exchange(request.clone(), left(began)).await;
            let pause = match &outcome {
                Ok(answer) if retry::is_passing(answer.status()) => {
                    Some(self.retry_after(answer).unwrap_or_default().max(retry::pause(attempt)))
                }
                Err(error @ HttpError::NoAnswer { .. }) if error.may_pass() => Some(retry::pause(attempt)),
                _ => pause_if_not_sent(&outcome, attempt, began),
            };
            let has_room = |pause: &Duration| attempt < retry::ATTEMPTS && left(began) >= *pause + CONNECT_DEADLINE;
            let Some(pause) = pause.filter(has_room) else { return outcome };
            self.wait(&request, attempt, pause).await;
            attempt += 1;
        }
    }

    /// Sends `request` like [`Http::send`] but never repeats it, for callers that repeat requests themselves.
    ///
    /// # Errors
    /// As for [`Http::send`].
    pub async fn send_once(&self, request: http::Request<Vec<u8>>) -> Result<http::Response<Vec<u8>>, HttpError> {
        self.exchange(request, EXCHANGE_DEADLINE).await
    }

    /// Sends `request` once and returns when the head of the answer has arrived. Logs both, and measures the offset of the
    /// server's clock.
    async fn executed(
        &self,
        client: &reqwest::Client,
        proxy: Option<&Proxy>,
        host: &str,
        request: reqwest::Request,
    ) -> Result<reqwest::Response, HttpError> {
        let via = proxy.map(Proxy::name);
        tracing::debug!(method = %request.method(), %host, path = request.url().path(), via, "request");
        let (sent, began) = (self.0.clock.now(), Instant::now());
        let answer = client.execute(request).await.map_err(|error| {
            let error = HttpError::of(host, proxy, self.bundles(), error);
            tracing::debug!(%host, %error, ms = began.elapsed().as_millis(), "no answer");
            error
        })?;
        self.measure(host, answer.headers(), sent);
        tracing::debug!(%host, status = answer.status().as_u16(), ms = began.elapsed().as_millis(), "answer");
        Ok(answer)
    }

    /// Records the clock offset of `host`, if the answer has a usable `Date` header.
    fn measure(&self, host: &str, headers: &http::HeaderMap, sent: DateTime<Utc>) {
        if let Some(time) = time::server_time(headers) {
            let offset = time::offset(time, sent, self.0.clock.now());
            let mut offsets = self.offsets();
            offsets.retain(|measured| measured.host != host);
            offsets.push(ClockOffset { host: host.to_owned(), offset });
        }
    }

    async fn wait(&self, request: &http::Request<Vec<u8>>, attempt: u32, pause: Duration) {
        let host = request.uri().host().unwrap_or_default();
        tracing::debug!(host, attempt, pause_ms = pause.as_millis(), "asking again");
        tokio::time::sleep(pause).await;
    }

    async fn exchange(
        &self,
        request: http::Request<Vec<u8>>,
        deadline: Duration,
    ) -> Result<http::Response<Vec<u8>>, HttpError> {
        let url = request.uri().to_string().parse::<Url>();
        let url = url.map_err(|_| HttpError::not_a_request("the server", "its endpoint is not a URL"))?;
        let host = host_of(&url);
        let (client, proxy) = self.client(&url).map_err(HttpError::SetUp)?;
        let _awaiting = self.awaiting(&host);
        let mut request = reqwest::Request::try_from(request)
            .map_err(|error| HttpError::not_a_request(&host, cause_of(&error.without_url()).to_string()))?;
        *request.timeout_mut() = Some(deadline);
        let answer = self.executed(client, proxy, &host, request).await?;
        let (status, headers) = (answer.status(), answer.headers().clone());
        let body = read_capped(answer, &host).await?;
        tracing::debug!(%host, bytes = body.len(), "answer read");
        let mut response = http::Response::new(body);
        *response.status_mut() = status;
        *response.headers_mut() = headers;
        Ok(response)
    }

    /// Returns the `reqwest` client for `url`, and the proxy that requests to `url` go through, if any.
    fn client(&self, url: &Url) -> Result<(&reqwest::Client, Option<&Proxy>), Failure> {
        let way = self.way(url)?;
        let cell = match way {
            Way::Plain => &self.0.plain,
            Way::Encrypted(Route::Direct) => &self.0.direct,
            Way::Encrypted(Route::System | Route::Proxy(_)) => &self.0.proxied,
        };
        let built = cell.get_or_init(|| self.build(&way, builder()));
        Ok((built.as_ref().map_err(Clone::clone)?, way.proxy()))
    }

    /// Returns the way in which a request to `url` leaves this machine.
    fn way(&self, url: &Url) -> Result<Way<'_>, Failure> {
        if url.scheme() == "http" {
            return Ok(Way::Plain);
        }
        if is_this_machine(url) {
            return Ok(Way::Encrypted(Route::Direct));
        }
        let proxies = self.0.proxies.get_or_init(|| Proxies::read(self.0.proxy.as_ref(), &*self.0.variable));
        Ok(Way::Encrypted(proxies.route(url)?))
    }

    /// Returns the extra roots in force, which are not in the system's own set and were not installed by an
    /// administrator. Reads the bundles, so do not call it before a request over TLS is due.
    ///
    /// # Errors
    /// [`Kind::Usage`] with the variable or key and the file, if a bundle cannot be used.
    pub fn extra_roots(&self) -> Result<&[ExtraRoot], Failure> {
        Ok(&self.roots()?.extra)
    }

    fn roots(&self) -> Result<&Roots, Failure> {
        let load = || Roots::load(self.0.ca_bundle.as_ref(), &*self.0.variable);
        self.0.roots.get_or_init(load).as_ref().map_err(Clone::clone)
    }

    /// Returns the names of the bundles in force, for messages. Reads nothing.
    fn bundles(&self) -> &[String] {
        self.0.roots.get().and_then(|roots| roots.as_ref().ok()).map(|roots| &*roots.bundles).unwrap_or_default()
    }

    fn build(&self, way: &Way<'_>, builder: reqwest::ClientBuilder) -> Built {
        let Way::Encrypted(route) = way else { return build_plain(builder) };
        let roots = self.roots()?.certificates.iter().map(|root| reqwest::Certificate::from_der(root));
        let roots = roots.collect::<Result<Vec<_>, _>>().map_err(|error| not_set_up(&error))?;
        let builder = builder.https_only(true);
        let builder = match trust::ARE_ALL {
            true => builder.tls_certs_only(roots),
            false => builder.tls_certs_merge(roots),
        };
        let builder = match route {
            Route::Direct => builder.no_proxy(),
            Route::System => builder,
            Route::Proxy(proxy) => builder.no_proxy().proxy(proxy.for_reqwest().map_err(|error| not_set_up(&error))?),
        };
        builder.build().map_err(|error| not_set_up(&error))
    }
}

/// Returns the time that is left until the deadline of the exchange that began at `began`.
fn left(began: Instant) -> Duration {
    EXCHANGE_DEADLINE.saturating_sub(began.elapsed())
}

fn pause_if_not_sent<T>(outcome: &Result<T, HttpError>, attempt: u32, began: Instant) -> Option<Duration> {
    let error = outcome.as_ref().err().filter(|error| matches!(error, HttpError::NotSent { .. }))?;
    (error.may_pass() && attempt < retry::ATTEMPTS && began.elapsed() < SOON).then(|| retry::pause(attempt))
}

/// A guard that marks a host's answer as awaited for as long as the guard lives; see [`Http::awaiting`].
pub struct Awaiting<'a>(&'a Http);

impl Drop for Awaiting<'_> {
    fn drop(&mut self) {
        *self.0.0.awaited.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

async fn read_capped(mut answer: reqwest::Response, host: &str) -> Result<Vec<u8>, HttpError> {
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(|error| HttpError::of(host, None, &[], error))? {
        if body.len() + chunk.len() > ANSWER_LIMIT {
            return Err(HttpError::TooLarge { host: host.to_owned() });
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// Returns the server's name for messages: the host of `url`, and the port unless that is the scheme's default.
fn host_of(url: &Url) -> String {
    authority_of(url).unwrap_or_else(|| "the server".into())
}

/// The way in which a request leaves this machine.
enum Way<'a> {
    /// Without TLS, trust roots and proxy, which a profile allows only for loopback hosts.
    Plain,
    /// With TLS, over this route.
    Encrypted(Route<'a>),
}

/// Returns the settings of clients whose deadlines suit an unattended tool.
fn builder() -> reqwest::ClientBuilder {
    base()
        .user_agent(concat!("cogfed/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(CONNECT_DEADLINE)
        .read_timeout(SILENCE_DEADLINE)
}

/// Returns the settings that all clients share. They add no `User-Agent`: `call` has its own, or none.
fn base() -> reqwest::ClientBuilder {
    // Ignored: after the first installation, any other is refused and changes nothing.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).retry(reqwest::retry::never()).http1_only()
}

fn build_plain(builder: reqwest::ClientBuilder) -> Built {
    let no_roots =
        rustls::ClientConfig::builder().with_root_certificates(rustls::RootCertStore::empty()).with_no_client_auth();
    builder.no_proxy().tls_backend_preconfigured(no_roots).build().map_err(|error| not_set_up(&error))
}

fn not_set_up(error: &reqwest::Error) -> Failure {
    Failure::new(Kind::Network, format!("cannot set up the HTTP client: {}", cause_of(error)))
        .hint("check that this machine has trust roots (on Debian, the package ca-certificates)")
}

impl fmt::Debug for Http {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Http")
    }
}
