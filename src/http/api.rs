//! The HTTP client of `cogfed call`. Its deadlines are those of a person who waits for an API, not those of an
//! unattended tool.

use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use http::HeaderValue;
use http::header::HOST;
use url::{Host, Url};

use super::detour::{Detour, Place};
use super::fault::HttpError;
use super::identity::ClientCertificate;
use super::proxy::{Proxy, Route};
use super::{Http, Way, base, host_of};
use crate::error::{Failure, Kind};
use crate::network::authority_of;

/// The default deadline for connecting to an API: long enough for a VPN or a tunnel that is slow to start.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);
/// The idle time after which a keep-alive probe is sent on a connection, and the interval between further probes. So a
/// server that is gone is noticed, and one that is only slow is waited for.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// The number of unanswered keep-alive probes after which a connection is given up.
const KEEP_ALIVE_QUESTIONS: u32 = 4;

/// The settings for the connection to an API.
#[derive(Debug, Clone)]
pub struct ApiChoices {
    /// The deadline for connecting, including name resolution, the proxy and TLS.
    pub connect_timeout: Duration,
    /// True if answers are to be decompressed.
    pub decompresses: bool,
    /// Other places to connect to. The first one that applies to a URL counts.
    pub detours: Vec<Detour>,
    /// The client certificate to present if the server requests a client certificate. With `None`, no certificate is
    /// presented.
    pub certificate: Option<ClientCertificate>,
}

impl Default for ApiChoices {
    fn default() -> Self {
        Self { connect_timeout: CONNECT_TIMEOUT, decompresses: false, detours: Vec::new(), certificate: None }
    }
}

/// A client for an API. It trusts the same roots and uses the same proxies as the [`Http`] that it was made from. It has
/// no deadline except for connecting, because API Gateway itself may take minutes to answer.
pub struct ApiClient {
    http: Http,
    choices: ApiChoices,
    /// The clients so far, each with its way out of this machine, and with the addresses that it connects to instead of
    /// the URL's.
    built: Mutex<Vec<(Key, reqwest::Client)>>,
}

/// A host and the addresses to connect to for it.
type Addresses = (String, Vec<SocketAddr>);

/// The key of a cached client: the route and the addresses that the client was built for.
type Key = (RouteKind, Option<Addresses>);

/// The kind of a route out of this machine, without details such as the proxy's URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum RouteKind {
    Plain,
    Direct,
    System,
    Proxy,
}

impl Http {
    /// Creates a client for an API.
    pub fn api(&self, choices: ApiChoices) -> ApiClient {
        ApiClient { http: self.clone(), choices, built: Mutex::default() }
    }
}

impl ApiClient {
    /// Returns whether answers are to be decompressed.
    pub fn decompresses(&self) -> bool {
        self.choices.decompresses
    }

    /// Sends `request` once, follows no redirect, and returns when the head of the answer has arrived.
    ///
    /// # Errors
    /// [`HttpError`] if there is no answer.
    pub async fn send(&self, mut request: reqwest::Request) -> Result<reqwest::Response, HttpError> {
        let host = host_of(request.url());
        let _awaiting = self.http.awaiting(&host);
        let detour = self.choices.detours.iter().find_map(|detour| detour.place(request.url()));
        let (way, addresses) = match &detour {
            None => (self.http.way(request.url()).map_err(HttpError::SetUp)?, None),
            Some(place) => {
                let way = self.way_of_detour(request.url(), place).map_err(HttpError::SetUp)?;
                (way, self.divert(&mut request, place).await?)
            }
        };
        let client = self.client(&way, addresses).map_err(HttpError::SetUp)?;
        self.http.executed(&client, way.proxy(), &host, request).await
    }

    /// Returns the way to `place`, which is never through a proxy: a proxy would be asked for the name in the URL.
    fn way_of_detour(&self, url: &Url, place: &Place) -> Result<Way<'_>, Failure> {
        if url.scheme() == "http" {
            return Ok(Way::Plain);
        }
        let hosts = match place {
            Place::Host(host, port) => vec![format!("{host}:{port}")],
            Place::Addresses(addresses) => addresses.iter().map(ToString::to_string).collect(),
        };
        for host in hosts {
            let Ok(there) = format!("https://{host}/").parse() else { continue };
            if let Some(proxy) = self.http.way(&there)?.proxy() {
                let message = format!("the connection to {host} would go through the proxy {}", proxy.name());
                let hint = "--connect-to and --resolve connect directly: name the host in NO_PROXY";
                return Err(Failure::new(Kind::Usage, message).hint(hint));
            }
        }
        Ok(Way::Encrypted(Route::Direct))
    }

    /// Makes `request` connect to `place`. Its `Host` header stays that of its URL. Returns the addresses to connect to
    /// for the URL's host. Plain http stays on this machine.
    async fn divert(&self, request: &mut reqwest::Request, place: &Place) -> Result<Option<Addresses>, HttpError> {
        let url = request.url().clone();
        let wrong = |what: String| HttpError::SetUp(Failure::new(Kind::Usage, what));
        let addresses = match place {
            Place::Addresses(addresses) => addresses.clone(),
            Place::Host(host, port) => {
                let lookup = tokio::net::lookup_host((host.trim_matches(['[', ']']), *port));
                let found = tokio::time::timeout(self.choices.connect_timeout, lookup).await;
                let found = found.ok().and_then(Result::ok).map(Iterator::collect::<Vec<_>>).unwrap_or_default();
                match found.is_empty() {
                    true => return Err(wrong(format!("--connect-to names {host}, which cannot be found"))),
                    false => found,
                }
            }
        };
        let is_loopback = |address: &SocketAddr| address.ip().to_canonical().is_loopback();
        if url.scheme() == "http" && !addresses.iter().all(is_loopback) {
            let message = "the URL is http, and --connect-to or --resolve would send it to another machine";
            return Err(HttpError::SetUp(Failure::new(Kind::Usage, message).hint("use https")));
        }
        let authority = authority_of(&url).and_then(|host| HeaderValue::from_str(&host).ok());
        if let Some(authority) = authority {
            request.headers_mut().entry(HOST).or_insert(authority);
        }
        // A port in the URL would take precedence over that of the addresses.
        if url.port().is_some() && request.url_mut().set_port(Some(place.port())).is_err() {
            return Err(wrong("the URL has no port".to_owned()));
        }
        match (url.host(), addresses.first()) {
            (Some(Host::Domain(name)), _) => Ok(Some((name.to_owned(), addresses))),
            // The address in the URL is connected to, so it has to change. Without TLS, it is used for nothing else.
            (Some(_), Some(address)) if url.scheme() == "http" => {
                let _ = request.url_mut().set_ip_host(address.ip());
                let _ = request.url_mut().set_port(Some(address.port()));
                Ok(None)
            }
            _ => Err(wrong("--connect-to and --resolve need a name in the URL, not an address".to_owned())),
        }
    }

    /// Returns the client for a way and for the addresses to connect to. It fails if a proxy could ask for the client
    /// certificate, because reqwest presents it in every TLS handshake.
    fn client(&self, way: &Way<'_>, addresses: Option<Addresses>) -> Result<reqwest::Client, Failure> {
        if let Some(proxy) = way.proxy().filter(|proxy| self.choices.certificate.is_some() && proxy.is_over_tls()) {
            let name = proxy.name();
            let message = format!("the proxy {name} is reached over TLS, and could ask for the certificate of --cert");
            let hint = "use a proxy at http://, or name the API's host in NO_PROXY";
            return Err(Failure::new(Kind::Usage, message).hint(hint));
        }
        let kind = match way {
            Way::Plain => RouteKind::Plain,
            Way::Encrypted(Route::Direct) => RouteKind::Direct,
            Way::Encrypted(Route::System) => RouteKind::System,
            Way::Encrypted(Route::Proxy(_)) => RouteKind::Proxy,
        };
        let key: Key = (kind, addresses);
        let mut built = self.built.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, client)) = built.iter().find(|(other, _)| *other == key) {
            return Ok(client.clone());
        }
        let builder = match &key.1 {
            Some((host, addresses)) => self.builder().resolve_to_addrs(host, addresses),
            None => self.builder(),
        };
        let client = self.http.build(way, builder)?;
        built.push((key, client.clone()));
        Ok(client)
    }

    fn builder(&self) -> reqwest::ClientBuilder {
        let builder = base()
            .connect_timeout(self.choices.connect_timeout)
            .tcp_keepalive(KEEP_ALIVE)
            .tcp_keepalive_interval(KEEP_ALIVE)
            .tcp_keepalive_retries(KEEP_ALIVE_QUESTIONS)
            // A redirect's target gets a connection of its own: many servers close the one that they redirect on.
            .pool_max_idle_per_host(0);
        let builder = match &self.choices.certificate {
            Some(certificate) => builder.identity(certificate.identity()),
            None => builder,
        };
        // reqwest's default gives up on a server that takes no bytes for 30 seconds, even if it is alive.
        #[cfg(any(target_os = "android", target_os = "linux"))]
        let builder = builder.tcp_user_timeout(None);
        builder
    }
}

impl<'a> Way<'a> {
    /// Returns the proxy of this route if the profile or the environment names one, and `None` otherwise.
    pub(super) fn proxy(&self) -> Option<&'a Proxy> {
        match self {
            Way::Encrypted(Route::Proxy(proxy)) => Some(proxy),
            _ => None,
        }
    }
}
