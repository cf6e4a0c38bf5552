//! The choice of the proxy for a request, if any.
//!
//! The variables are those of curl and of the AWS CLI. As in both programs, the lower-case name takes precedence.
//! reqwest's own reader is not used, because it silently ignores a malformed variable. In `NO_PROXY`, that reader
//! supports neither ports nor brackets, and its `*` does not match addresses.

use base64::Engine;
use http::HeaderValue;
use percent_encoding::percent_decode_str;
use url::Url;
use zeroize::Zeroizing;

use super::no_proxy::NoProxy;
use crate::error::{Failure, Kind};

/// Reads an environment variable.
pub type Variable = dyn Fn(&str) -> Option<String> + Send + Sync;

/// The variables that name a proxy for https. The first that is set counts.
const NAMES: [&str; 4] = ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"];

/// A proxy that an environment variable names.
#[derive(Clone)]
pub struct Proxy {
    /// The environment variable that names the proxy.
    pub variable: &'static str,
    /// The proxy's URL, without user and password.
    pub url: Url,
    /// The `Proxy-Authorization` header with the user and password in the variable, if there are any.
    pub authorization: Option<HeaderValue>,
}

impl Proxy {
    /// Returns host and port, for messages.
    pub fn name(&self) -> String {
        let port = self.url.port_or_known_default().unwrap_or_default();
        format!("{}:{port}", self.url.host_str().unwrap_or_default())
    }
}

/// The environment's settings for proxies.
pub struct Proxies {
    proxy: Option<Proxy>,
    /// True if no variable is set. Then the system's settings count, on macOS and Windows.
    is_silent: bool,
    exceptions: NoProxy,
}

/// The route of one request out of this machine.
pub enum Route<'a> {
    /// Directly to the host.
    Direct,
    /// Through the proxy that the environment names.
    Proxy(&'a Proxy),
    /// By the system's settings. Linux has none.
    System,
}

impl Proxies {
    /// Reads the environment.
    ///
    /// # Errors
    /// [`Kind::Usage`] if a variable does not name a proxy. The message has the variable's name, never its text.
    pub fn read(variable: &Variable) -> Result<Self, Failure> {
        let set = NAMES.into_iter().find_map(|name| Some((name, variable(name)?)));
        let exceptions = variable("no_proxy").or_else(|| variable("NO_PROXY")).unwrap_or_default();
        // Set and empty means no proxy.
        let proxy = set.as_ref().filter(|(_, text)| !text.is_empty()).map(|(name, text)| parse(name, text));
        Ok(Self { is_silent: set.is_none(), proxy: proxy.transpose()?, exceptions: NoProxy::parse(&exceptions) })
    }

    /// Returns the route of a request to `url`.
    pub fn route(&self, url: &Url) -> Route<'_> {
        match &self.proxy {
            Some(proxy) if !self.exceptions.covers(url) => Route::Proxy(proxy),
            None if self.is_silent && !self.exceptions.covers(url) => Route::System,
            _ => Route::Direct,
        }
    }
}

fn parse(variable: &'static str, text: &str) -> Result<Proxy, Failure> {
    let fault = |what: &str| Failure::new(Kind::Usage, format!("{variable} {what}"));
    let malformed = || {
        fault("is not the URL of a proxy")
            .hint("write it as http://USER:PASSWORD@HOST:PORT, with unusual characters of both percent-encoded")
    };
    let text = Zeroizing::new(if text.contains("://") { text.to_owned() } else { format!("http://{text}") });
    let mut url = Url::parse(text.trim()).map_err(|_| malformed())?;
    match url.scheme() {
        "http" | "https" => {}
        "socks4" | "socks4a" | "socks5" | "socks5h" => {
            return Err(fault("names a SOCKS proxy, which cogfed does not speak")
                .hint("set HTTPS_PROXY to an HTTP proxy, or to nothing if none is needed"));
        }
        _ => return Err(malformed()),
    }
    // An unencoded '/', '?' or '#' in a password leads here: the parser takes the user name for the host.
    if !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some() {
        return Err(malformed());
    }
    let authorization = authorization(&url).map_err(|()| malformed())?;
    let has_no_user = url.set_username("").and_then(|()| url.set_password(None)).is_ok();
    match has_no_user && url.port() != Some(0) {
        true => Ok(Proxy { variable, url, authorization }),
        false => Err(malformed()),
    }
}

/// Returns the header for the URL's user and password (RFC 7617, section 2).
fn authorization(url: &Url) -> Result<Option<HeaderValue>, ()> {
    if url.username().is_empty() && url.password().is_none() {
        return Ok(None);
    }
    let decoded = |text: &str| -> Zeroizing<Vec<u8>> { Zeroizing::new(percent_decode_str(text).collect()) };
    let user = decoded(url.username());
    if user.contains(&b':') {
        return Err(());
    }
    let mut pair = Zeroizing::new(user.to_vec());
    pair.push(b':');
    pair.extend_from_slice(&decoded(url.password().unwrap_or_default()));
    let encoded = Zeroizing::new(format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(&*pair)));
    let mut value = HeaderValue::from_str(&encoded).map_err(|_| ())?;
    value.set_sensitive(true);
    Ok(Some(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &'static [(&str, &str)]) -> Result<Proxies, Failure> {
        Proxies::read(&|name| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned()))
    }

    fn way(pairs: &'static [(&str, &str)], url: &str) -> String {
        match read(pairs).unwrap().route(&url.parse().unwrap()) {
            Route::Direct => "direct".into(),
            Route::Proxy(proxy) => format!("{} {}", proxy.variable, proxy.url),
            Route::System => "system".into(),
        }
    }

    #[test]
    fn proxy_choice_matches_curl_and_aws_cli() {
        let url = "https://example.com/";
        let is = |pairs, expected: &str| assert_eq!(way(pairs, url), expected, "{pairs:?}");
        is(&[], "system");
        is(&[("HTTPS_PROXY", "http://a:1")], "HTTPS_PROXY http://a:1/");
        is(&[("https_proxy", "http://b:1"), ("HTTPS_PROXY", "http://a:1")], "https_proxy http://b:1/");
        is(&[("ALL_PROXY", "http://a:1")], "ALL_PROXY http://a:1/");
        is(&[("all_proxy", "http://a:1")], "all_proxy http://a:1/");
        is(&[("ALL_PROXY", "http://a:1"), ("HTTPS_PROXY", "http://b:1")], "HTTPS_PROXY http://b:1/");
        is(&[("ALL_PROXY", "http://a:1"), ("HTTPS_PROXY", "")], "direct");
        is(&[("HTTP_PROXY", "http://a:1")], "system");
        is(&[("HTTPS_PROXY", "proxy.example:3128")], "HTTPS_PROXY http://proxy.example:3128/");
        is(&[("HTTPS_PROXY", "me:word@proxy.example:3128")], "HTTPS_PROXY http://proxy.example:3128/");
        is(&[("HTTPS_PROXY", "https://proxy.example")], "HTTPS_PROXY https://proxy.example/");
        is(&[("HTTPS_PROXY", "http://a:1"), ("NO_PROXY", "example.com")], "direct");
        is(&[("HTTPS_PROXY", "http://a:1"), ("no_proxy", "example.com")], "direct");
        is(&[("HTTPS_PROXY", "http://a:1"), ("no_proxy", ""), ("NO_PROXY", "*")], "HTTPS_PROXY http://a:1/");
    }

    #[test]
    fn proxy_password_becomes_a_sensitive_header() {
        let proxies = read(&[("HTTPS_PROXY", "http://j%40corp:p%3A%2f%23w%C3%A9@proxy:3128")]).unwrap();
        let Route::Proxy(proxy) = proxies.route(&"https://example.com".parse().unwrap()) else { panic!("no proxy") };
        let value = proxy.authorization.as_ref().unwrap();
        assert!(value.is_sensitive());
        let encoded = value.to_str().unwrap().strip_prefix("Basic ").unwrap();
        let decoded = base64::engine::general_purpose::STANDARD.decode(encoded).unwrap();
        assert_eq!(decoded, "j@corp:p:/#wé".as_bytes());
        assert_eq!((proxy.url.as_str(), proxy.name().as_str()), ("http://proxy:3128/", "proxy:3128"));
    }

    #[test]
    fn malformed_proxy_is_reported_without_its_text() {
        for text in [
            "http://",
            "http://me:canary@",
            "http://me:canary@host:port",
            "http://me:canary@host:0",
            "http://me:can#ary@host:3128",
            "http://me:12/canary@host:3128",
            "http://me:12?canary@host:3128",
            "http://m%3Ae:canary@host:3128",
            "ftp://me:canary@host:3128",
            "socks5://me:canary@host:1080",
            "http://ho st:3128",
            "://canary",
        ] {
            let variable = move |name: &str| (name == "HTTPS_PROXY").then(|| text.to_owned());
            let failure = Proxies::read(&variable).err().unwrap_or_else(|| panic!("{text} was taken"));
            assert_eq!(failure.kind, Kind::Usage);
            assert!(failure.message.starts_with("HTTPS_PROXY "), "{failure}");
            assert!(!format!("{failure:?}").contains("canary"), "{failure:?}");
        }
    }
}
