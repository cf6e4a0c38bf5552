//! The client of `cogfed call`. Its deadlines are those of a person who waits for an API, not those of an unattended
//! tool.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::fault::HttpError;
use super::proxy::{Proxy, Route};
use super::{Http, Way, base, host_of};
use crate::error::Failure;

/// The default deadline for connecting to an API: long enough for a VPN or a tunnel that is slow to start.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);
/// The idle time of a connection after which the system asks the other side for a sign of life, and the interval between
/// further questions. So a server that is gone is noticed, and one that is only slow is waited for.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// The number of unanswered questions after which a connection is given up.
const KEEP_ALIVE_QUESTIONS: u32 = 4;

/// The choices for the connection to an API.
#[derive(Debug, Clone)]
pub struct ApiChoices {
    /// The deadline for connecting, including name resolution, the proxy and TLS.
    pub connect_timeout: Duration,
    /// True to ask for a compressed answer, and to decompress it.
    pub decompresses: bool,
}

impl Default for ApiChoices {
    fn default() -> Self {
        Self { connect_timeout: CONNECT_TIMEOUT, decompresses: false }
    }
}

/// A client for an API. It trusts the same roots and uses the same proxies as the [`Http`] that it was made from. It has
/// no deadline except for connecting, because API Gateway itself may take minutes to answer.
pub struct ApiClient {
    http: Http,
    choices: ApiChoices,
    /// The clients so far, each with its way out of this machine.
    built: Mutex<Vec<(Key, reqwest::Client)>>,
}

/// A way out of this machine, without its details.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Key {
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
    /// Sends `request` once, follows no redirect, and returns when the head of the answer has arrived.
    ///
    /// # Errors
    /// [`HttpError`] if there is no answer.
    pub async fn send(&self, request: reqwest::Request) -> Result<reqwest::Response, HttpError> {
        let host = host_of(request.url());
        let way = self.http.way(request.url()).map_err(HttpError::SetUp)?;
        let client = self.client(&way).map_err(HttpError::SetUp)?;
        let _awaiting = self.http.awaiting(&host);
        self.http.executed(&client, way.proxy(), &host, request).await
    }

    fn client(&self, way: &Way<'_>) -> Result<reqwest::Client, Failure> {
        let key = match way {
            Way::Plain => Key::Plain,
            Way::Encrypted(Route::Direct) => Key::Direct,
            Way::Encrypted(Route::System) => Key::System,
            Way::Encrypted(Route::Proxy(_)) => Key::Proxy,
        };
        let mut built = self.built.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, client)) = built.iter().find(|(other, _)| *other == key) {
            return Ok(client.clone());
        }
        let client = self.http.build(way, self.builder())?;
        built.push((key, client.clone()));
        Ok(client)
    }

    fn builder(&self) -> reqwest::ClientBuilder {
        let decompresses = self.choices.decompresses;
        let builder = base()
            .connect_timeout(self.choices.connect_timeout)
            .tcp_keepalive(KEEP_ALIVE)
            .tcp_keepalive_interval(KEEP_ALIVE)
            .tcp_keepalive_retries(KEEP_ALIVE_QUESTIONS)
            .gzip(decompresses)
            .brotli(decompresses)
            .deflate(decompresses);
        // reqwest's default gives up on a server that takes no bytes for 30 seconds, even if it is alive.
        #[cfg(any(target_os = "android", target_os = "linux"))]
        let builder = builder.tcp_user_timeout(None);
        builder
    }
}

impl<'a> Way<'a> {
    /// Returns the proxy on the way, if the profile or the environment names one.
    pub(super) fn proxy(&self) -> Option<&'a Proxy> {
        match self {
            Way::Encrypted(Route::Proxy(proxy)) => Some(proxy),
            _ => None,
        }
    }
}
