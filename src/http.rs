//! The one HTTP client: every request of cogfed, those of the AWS SDK included, goes through here.
//!
//! One place decides on deadlines, proxies, trust roots, size caps, and that no redirect is ever followed: a redirect
//! would carry a token or a signed request to a host that nobody chose.

use std::fmt;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use url::Url;

use crate::error::{Failure, Kind};

/// How long a connection may take to come about. The AWS SDK for Rust gives credential-process five seconds in all: a
/// network that swallows everything has to be noticed before.
const CONNECT_DEADLINE: Duration = Duration::from_secs(3);
/// How long a server may be silent, before its answer and within it.
const SILENCE_DEADLINE: Duration = Duration::from_secs(10);
/// How long a whole exchange with the user pool or the identity pool may take.
const EXCHANGE_DEADLINE: Duration = Duration::from_secs(15);
/// The largest answer that is taken from the user pool or the identity pool, in bytes. Real ones are a few KiB.
const ANSWER_LIMIT: usize = 1024 * 1024;

/// Why there is no answer. The callers branch on whether the request may have reached the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HttpError {
    /// No byte of the request left this machine: it may be repeated.
    NotSent {
        /// The host that was asked.
        host: String,
        /// What went wrong, without the URL.
        cause: String,
    },
    /// The request, or a part of it, left; what the server made of it is not known.
    NoAnswer {
        /// The host that was asked.
        host: String,
        /// What went wrong, without the URL.
        cause: String,
    },
    /// The answer was larger than any real one.
    TooLarge {
        /// The host that was asked.
        host: String,
    },
}

impl fmt::Display for HttpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            HttpError::NotSent { host, cause } => write!(f, "cannot reach {host}: {cause}"),
            HttpError::NoAnswer { host, cause } => write!(f, "no usable answer from {host}: {cause}"),
            HttpError::TooLarge { host } => write!(f, "the answer from {host} is larger than {ANSWER_LIMIT} bytes"),
        }
    }
}

impl std::error::Error for HttpError {}

impl From<HttpError> for Failure {
    fn from(error: HttpError) -> Self {
        let hint = match &error {
            HttpError::NotSent { .. } => "check the network, and HTTPS_PROXY if you need a proxy",
            HttpError::NoAnswer { .. } => "try again; if it stays so, check the network and the service's health page",
            HttpError::TooLarge { .. } => "check that the profile's domain and endpoints name the right hosts",
        };
        Failure::new(Kind::Network, error.to_string()).hint(hint)
    }
}

/// The client. Cheap to make and to clone: nothing is built, and no trust root loaded, before the first request.
#[derive(Clone, Default)]
pub struct Http(Arc<Shared>);

#[derive(Default)]
struct Shared {
    /// The host whose answer is awaited just now.
    awaited: Mutex<Option<String>>,
    /// For `https`: loading the system's trust roots takes about 2 ms.
    encrypted: OnceLock<Result<reqwest::Client, String>>,
    /// For `http`, which a profile allows for loopback hosts only: no trust roots, no proxy.
    loopback: OnceLock<Result<reqwest::Client, String>>,
}

impl Http {
    /// The `reqwest` client for `url`, for callers that stream. It follows no redirect, and gives up on a server that
    /// is silent for ten seconds.
    ///
    /// # Errors
    /// If the TLS set-up of this machine cannot be loaded.
    pub fn client(&self, url: &Url) -> Result<&reqwest::Client, Failure> {
        let built = match url.scheme() {
            "http" => self.0.loopback.get_or_init(build_loopback),
            _ => self.0.encrypted.get_or_init(build_encrypted),
        };
        built.as_ref().map_err(|cause| Failure::new(Kind::Network, format!("cannot set up the HTTP client: {cause}")))
    }

    /// The host whose answer is awaited just now, for those who want to tell a person what they wait for.
    pub fn awaited(&self) -> Option<String> {
        self.0.awaited.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Notes that an answer of `host` is awaited, for as long as what is returned lives.
    pub fn awaiting(&self, host: &str) -> Awaiting<'_> {
        *self.0.awaited.lock().unwrap_or_else(PoisonError::into_inner) = Some(host.to_owned());
        Awaiting(self)
    }

    /// Sends `request` and reads the whole answer, whatever its status.
    ///
    /// # Errors
    /// [`HttpError`] where there is no answer, or one of more than a MiB.
    pub async fn send(&self, request: http::Request<Vec<u8>>) -> Result<http::Response<Vec<u8>>, HttpError> {
        let host = host_of(request.uri());
        let not_sent = |cause: String| HttpError::NotSent { host: host.clone(), cause };
        let url: Url = request.uri().to_string().parse().map_err(|_| not_sent("not a URL".into()))?;
        let client = self.client(&url).map_err(|failure| not_sent(failure.message))?;
        let _awaiting = self.awaiting(&host);
        let mut request = reqwest::Request::try_from(request).map_err(|error| not_sent(cause_of(error)))?;
        *request.timeout_mut() = Some(EXCHANGE_DEADLINE);
        tracing::debug!(method = %request.method(), host = %host, path = request.url().path(), "request");
        let answer = client.execute(request).await.map_err(|error| classify(&host, error))?;
        let status = answer.status();
        let headers = answer.headers().clone();
        let body = read_capped(answer, &host).await?;
        tracing::debug!(host = %host, status = status.as_u16(), bytes = body.len(), "answer");
        let mut response = http::Response::new(body);
        *response.status_mut() = status;
        *response.headers_mut() = headers;
        Ok(response)
    }
}

/// An answer is awaited: see [`Http::awaiting`].
pub struct Awaiting<'a>(&'a Http);

impl Drop for Awaiting<'_> {
    fn drop(&mut self) {
        *self.0.0.awaited.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

async fn read_capped(mut answer: reqwest::Response, host: &str) -> Result<Vec<u8>, HttpError> {
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(|error| classify(host, error))? {
        if body.len() + chunk.len() > ANSWER_LIMIT {
            return Err(HttpError::TooLarge { host: host.to_owned() });
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// A connection that did not come about carried nothing; with anything else the request may have arrived.
fn classify(host: &str, error: reqwest::Error) -> HttpError {
    let host = host.to_owned();
    match error.is_connect() {
        true => HttpError::NotSent { host, cause: cause_of(error) },
        false => HttpError::NoAnswer { host, cause: cause_of(error) },
    }
}

/// The innermost cause, which says most, never the URL, which may hold a secret in its query.
fn cause_of(error: reqwest::Error) -> String {
    let error = error.without_url();
    if error.is_timeout() {
        return "it did not answer in time".into();
    }
    let mut cause: &dyn std::error::Error = &error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}

fn host_of(uri: &http::Uri) -> String {
    uri.authority().map_or_else(|| "the server".to_owned(), ToString::to_string)
}

fn builder() -> reqwest::ClientBuilder {
    // The first caller wins; a second installation is refused and changes nothing.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .user_agent(concat!("cogfed/", env!("CARGO_PKG_VERSION")))
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .connect_timeout(CONNECT_DEADLINE)
        .read_timeout(SILENCE_DEADLINE)
        .http1_only()
}

fn build_encrypted() -> Result<reqwest::Client, String> {
    builder().https_only(true).build().map_err(cause_of)
}

fn build_loopback() -> Result<reqwest::Client, String> {
    let builder = builder().no_proxy();
    let no_roots =
        rustls::ClientConfig::builder().with_root_certificates(rustls::RootCertStore::empty()).with_no_client_auth();
    builder.tls_backend_preconfigured(no_roots).build().map_err(cause_of)
}

impl fmt::Debug for Http {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Http")
    }
}

/// `oauth2` asks for its requests to be sent by something of this shape.
impl<'c> oauth2::AsyncHttpClient<'c> for Http {
    type Error = HttpError;
    type Future = std::pin::Pin<Box<dyn Future<Output = Result<oauth2::HttpResponse, HttpError>> + Send + 'c>>;

    fn call(&'c self, request: oauth2::HttpRequest) -> Self::Future {
        Box::pin(self.send(request))
    }
}

/// The AWS SDK asks for a connector, and for something that makes connectors.
impl HttpConnector for Http {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let http = self.clone();
        HttpConnectorFuture::new(async move {
            let request = request.try_into_http1x().map_err(|error| ConnectorError::user(error.into()))?;
            let request = request.map(|body| body.bytes().map(<[u8]>::to_vec).unwrap_or_default());
            let answer = http.send(request).await.map_err(|error| match error {
                HttpError::NotSent { .. } => ConnectorError::io(error.into()),
                other => ConnectorError::other(other.into(), None),
            })?;
            HttpResponse::try_from(answer.map(SdkBody::from)).map_err(|error| ConnectorError::other(error.into(), None))
        })
    }
}

impl HttpClient for Http {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}
