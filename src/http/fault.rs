//! The errors of requests that got no usable answer.

use std::error::Error;
use std::fmt;
use std::io;

use super::proxy::Proxy;
use super::{ANSWER_LIMIT, socks, tls_fault};
use crate::error::{Failure, Kind};

/// The error of a request that got no usable answer. Callers branch on whether the request may have reached the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HttpError {
    /// Nothing was sent, because an environment variable or a key of the profile is wrong.
    SetUp(Failure),
    /// No byte of the request left this machine, so the request may be repeated.
    NotSent {
        /// The host of the request.
        host: String,
        /// The cause.
        cause: Cause,
    },
    /// The request, or a part of it, left this machine. The server may have acted on it.
    NoAnswer {
        /// The host of the request.
        host: String,
        /// The cause.
        cause: Cause,
    },
    /// The answer exceeded the size limit.
    TooLarge {
        /// The host of the request.
        host: String,
    },
}

/// The cause of an error. It omits the URL, whose query may hold a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause {
    what: String,
    hint: Option<String>,
    /// True if a repeat would also fail, for example because of a wrong certificate or password.
    lasts: bool,
    /// True if a deadline ended the wait.
    is_timeout: bool,
    /// True if the host's name could not be resolved.
    is_unresolved: bool,
}

impl Cause {
    pub(super) fn passing(what: impl Into<String>) -> Self {
        Self { what: what.into(), hint: None, lasts: false, is_timeout: false, is_unresolved: false }
    }

    /// Creates the cause for a deadline that passed.
    fn timeout() -> Self {
        Self { is_timeout: true, ..Self::passing("it did not answer in time") }
    }

    /// Creates a cause that a repeat may overcome, and that has its own `hint`.
    pub(super) fn passing_with(what: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..Self::passing(what) }
    }

    pub(super) fn lasting(what: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { lasts: true, ..Self::passing_with(what, hint) }
    }

    /// Returns the next step that is specific to this cause, or `None` if there is no such step.
    pub fn hint(&self) -> Option<&str> {
        self.hint.as_deref()
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl HttpError {
    /// Creates the error for a request to `host` that failed with `error`, through `proxy` or without a proxy.
    /// `bundles` are the files with extra roots.
    pub(super) fn of(host: &str, proxy: Option<&Proxy>, bundles: &[String], error: reqwest::Error) -> Self {
        let (host, is_connect, error) = (host.to_owned(), error.is_connect(), error.without_url());
        // Without a connection nothing was sent. In all other cases the request may have arrived.
        match is_connect {
            true => HttpError::NotSent { host, cause: not_connected(proxy, bundles, &error) },
            false => HttpError::NoAnswer { host, cause: broken_off(&error, bundles) },
        }
    }

    /// Creates the error of a request that could not be built.
    pub(super) fn not_a_request(host: &str, what: impl Into<String>) -> Self {
        let hint = "check the profile's domain and endpoints";
        HttpError::NotSent { host: host.to_owned(), cause: Cause::lasting(what, hint) }
    }

    /// Returns whether a deadline passed before the connection was established. Nothing was sent, so the request may be
    /// repeated.
    pub fn is_connect_timeout(&self) -> bool {
        matches!(self, HttpError::NotSent { cause, .. } if cause.is_timeout)
    }

    /// Returns whether the host's name could not be resolved.
    pub fn is_unresolved(&self) -> bool {
        matches!(self, HttpError::NotSent { cause, .. } if cause.is_unresolved)
    }

    /// Returns whether a repeat may succeed.
    pub fn may_pass(&self) -> bool {
        match self {
            HttpError::NotSent { cause, .. } | HttpError::NoAnswer { cause, .. } => !cause.lasts,
            HttpError::SetUp(_) | HttpError::TooLarge { .. } => false,
        }
    }
}

impl fmt::Display for HttpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            HttpError::SetUp(failure) => failure.fmt(f),
            HttpError::NotSent { host, cause } => write!(f, "cannot reach {host}: {cause}"),
            HttpError::NoAnswer { host, cause } => write!(f, "no usable answer from {host}: {cause}"),
            HttpError::TooLarge { host } => write!(f, "the answer from {host} is larger than {ANSWER_LIMIT} bytes"),
        }
    }
}

impl Error for HttpError {}

impl From<HttpError> for Failure {
    fn from(error: HttpError) -> Self {
        let message = error.to_string();
        let hint = match error {
            HttpError::SetUp(failure) => return failure,
            HttpError::NotSent { cause: Cause { hint: Some(hint), .. }, .. }
            | HttpError::NoAnswer { cause: Cause { hint: Some(hint), .. }, .. } => hint,
            HttpError::NotSent { .. } => "check the network, and HTTPS_PROXY if you need a proxy".into(),
            HttpError::NoAnswer { .. } => {
                "try again; if that does not help, check the network and the service's health page".into()
            }
            HttpError::TooLarge { .. } => "check that the profile's domain and endpoints name the right hosts".into(),
        };
        Failure::new(Kind::Network, message).hint(hint)
    }
}

/// Returns the cause of an error that ended an exchange, or the reading of an answer, after the connection was
/// established.
pub fn cause_of(error: &reqwest::Error) -> Cause {
    broken_off(error, &[])
}

fn broken_off(error: &reqwest::Error, bundles: &[String]) -> Cause {
    if error.is_timeout() {
        return Cause::timeout();
    }
    // A TLS alert may still come after the handshake.
    tls(error, bundles).unwrap_or_else(|| Cause::passing(innermost(error)))
}

/// Returns the cause of a failed connection: the proxy, TLS, or the network.
fn not_connected(proxy: Option<&Proxy>, bundles: &[String], error: &reqwest::Error) -> Cause {
    let Some(proxy) = proxy else {
        return tls(error, bundles).unwrap_or_else(|| match error.is_timeout() {
            true => Cause::timeout(),
            false => Cause { is_unresolved: is_unresolved(error), ..Cause::passing(innermost(error)) },
        });
    };
    if let Some(cause) = socks::cause(proxy, chain(error).map(ToString::to_string), error.is_timeout()) {
        return cause;
    }
    let name = proxy.name();
    let variable = proxy.named_by;
    let ask = format!(
        "ask the administrator of the proxy; if the host needs none, name it in NO_PROXY (the proxy is set by {variable})"
    );
    // The error type is private to hyper-util, so its text is compared. tests/cli/network fails if that text changes.
    match chain(error).find_map(|error| error.to_string().strip_prefix("tunnel error: ").map(str::to_owned)).as_deref()
    {
        Some("proxy authorization required") => match proxy.authorization {
            None => Cause::lasting(
                format!("the proxy {name} demands authentication"),
                format!("put user and password into {variable}, as in http://USER:PASSWORD@{name}"),
            ),
            Some(_) => Cause::lasting(
                format!("the proxy {name} does not accept the user and password in {variable}"),
                "correct them; unusual characters have to be percent-encoded",
            ),
        },
        Some("failed to create underlying connection") => {
            let why = tls(error, bundles).map_or_else(|| innermost(error), |cause| cause.what);
            let hint = format!("check {variable} and the network");
            Cause::passing_with(format!("the proxy {name} cannot be reached: {why}"), hint)
        }
        Some("unsuccessful") => Cause::passing_with(format!("the proxy {name} refused to connect to it"), ask),
        Some(_) => Cause::passing_with(format!("the proxy {name} broke off: {}", innermost(error)), ask),
        None if error.is_timeout() => {
            let what = format!("the proxy {name} did not connect to it in time");
            Cause { is_timeout: true, ..Cause::passing_with(what, ask) }
        }
        None => tls(error, bundles).unwrap_or_else(|| Cause::passing(innermost(error))),
    }
}

/// Returns `error` and all errors inside it, from the outermost to the innermost. Includes the error inside an I/O
/// error, which `source` omits.
fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error: &&'a (dyn Error + 'static)| {
        let error = *error;
        match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(inner) => Some(inner as &(dyn Error + 'static)),
            None => error.source(),
        }
    })
}

/// Returns whether the name of the host could not be resolved. The error type is private to hyper-util, so its text is
/// compared; `tests/cli/login/preflight.rs` fails if that text changes.
fn is_unresolved(error: &reqwest::Error) -> bool {
    chain(error).any(|error| error.to_string() == "dns error")
}

fn innermost(error: &reqwest::Error) -> String {
    chain(error).last().map_or_else(String::new, ToString::to_string)
}

/// Returns the cause if `error` contains a TLS fault that either side reported, and `None` otherwise.
fn tls(error: &reqwest::Error, bundles: &[String]) -> Option<Cause> {
    let error = chain(error).find_map(|error| error.downcast_ref::<rustls::Error>())?;
    Some(tls_fault::cause(error, bundles))
}
