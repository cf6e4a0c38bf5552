//! The choice of the proxy for a request, if any.
//!
//! The profile's `proxy` decides, if there is one. Otherwise the variables are those of curl and of the AWS CLI. As in
//! both programs, the lower-case name takes precedence. A variable that names no usable proxy is an error only if a
//! request would go through it.
//!
//! reqwest's own reader is not used, because it silently ignores a malformed variable. In `NO_PROXY`, that reader
//! supports neither ports nor brackets, and its `*` does not match addresses.

use base64::Engine;
use http::HeaderValue;
use percent_encoding::percent_decode_str;
use url::Url;
use zeroize::Zeroizing;

use super::no_proxy::NoProxy;
use crate::error::{Failure, Kind};
use crate::secret::Secret;

/// A function that reads an environment variable.
pub type Variable = dyn Fn(&str) -> Option<String> + Send + Sync;

/// The variables that name a proxy for https. The first that is set counts.
const NAMES: [&str; 4] = ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"];

/// The port of a SOCKS proxy whose URL has none, as in curl.
const SOCKS_PORT: u16 = 1080;
/// The profile's key for the proxy, as messages name it.
const KEY: &str = "'proxy'";

/// The profile's choice of a proxy.
#[derive(Debug, Clone)]
pub enum ProxyChoice {
    /// No proxy. The environment does not count.
    Direct,
    /// This proxy. The environment does not count, except for `NO_PROXY`.
    Through(Proxy),
}

impl ProxyChoice {
    /// Reads the value of the profile's key `proxy`: `none` or a URL.
    ///
    /// # Errors
    /// The fault, without the text, which may hold a password.
    pub fn parse(text: &str) -> Result<Self, String> {
        match text {
            "none" => Ok(Self::Direct),
            text => parse(KEY, text)
                .map(Self::Through)
                .map_err(|fault| format!("{}; write it as http://HOST:PORT, or \"none\"", fault.message)),
        }
    }
}

/// A proxy that the profile or an environment variable names.
#[derive(Debug, Clone)]
pub struct Proxy {
    /// The key or variable that names this proxy, for messages.
    pub named_by: &'static str,
    /// The proxy's URL, without user and password.
    pub url: Url,
    /// The `Proxy-Authorization` header, if the given URL of an HTTP proxy contains a user and password.
    pub authorization: Option<HeaderValue>,
    /// The given URL of a SOCKS proxy, if it contains a user and password.
    pub with_user: Option<Secret>,
}

impl Proxy {
    /// Returns the proxy's host and port, for messages.
    pub fn name(&self) -> String {
        let port = self.url.port_or_known_default().unwrap_or(SOCKS_PORT);
        format!("{}:{port}", self.url.host_str().unwrap_or_default())
    }

    /// Returns whether the proxy speaks SOCKS.
    pub fn is_socks(&self) -> bool {
        self.url.scheme().starts_with("socks")
    }

    /// Returns whether the connection to the proxy itself is encrypted.
    pub fn is_over_tls(&self) -> bool {
        self.url.scheme() == "https"
    }

    /// Returns the proxy for reqwest.
    pub fn for_reqwest(&self) -> reqwest::Result<reqwest::Proxy> {
        if let Some(with_user) = &self.with_user {
            return reqwest::Proxy::all(with_user.expose());
        }
        let proxy = reqwest::Proxy::all(self.url.clone())?;
        Ok(match &self.authorization {
            Some(authorization) => proxy.custom_http_auth(authorization.clone()),
            None => proxy,
        })
    }
}

/// The proxy settings from the profile or, if the profile has no proxy setting, from the environment.
pub struct Proxies {
    proxy: Option<Result<Proxy, Failure>>,
    /// True if neither the profile nor any variable has a proxy setting. Then the system's settings count, on macOS and
    /// Windows.
    is_silent: bool,
    exceptions: NoProxy,
}

/// The route of one request out of this machine.
pub enum Route<'a> {
    /// Directly to the host.
    Direct,
    /// Through the proxy that the profile or the environment names.
    Proxy(&'a Proxy),
    /// Directly or through a proxy, as the system's proxy settings decide. Linux has none.
    System,
}

impl Proxies {
    /// Reads the proxy settings from the profile's `choice` or, if there is no choice, from the environment.
    pub fn read(choice: Option<&ProxyChoice>, variable: &Variable) -> Self {
        let exceptions = NoProxy::parse(&variable("no_proxy").or_else(|| variable("NO_PROXY")).unwrap_or_default());
        let proxy = match choice {
            Some(ProxyChoice::Direct) => return Self { proxy: None, is_silent: false, exceptions },
            Some(ProxyChoice::Through(proxy)) => Some(Ok(proxy.clone())),
            None => None,
        };
        if proxy.is_some() {
            return Self { proxy, is_silent: false, exceptions };
        }
        let set = NAMES.into_iter().find_map(|name| Some((name, variable(name)?)));
        // Set and empty means no proxy.
        let proxy = set.as_ref().filter(|(_, text)| !text.is_empty()).map(|(name, text)| parse(name, text));
        Self { is_silent: set.is_none(), proxy, exceptions }
    }

    /// Returns the route of a request to `url`.
    ///
    /// # Errors
    /// [`Kind::Usage`] if the request would go through the proxy of a variable, and the variable does not name one. The
    /// message has the variable's name, never its text.
    pub fn route(&self, url: &Url) -> Result<Route<'_>, Failure> {
        match &self.proxy {
            _ if self.exceptions.covers(url) => Ok(Route::Direct),
            Some(proxy) => proxy.as_ref().map(Route::Proxy).map_err(Clone::clone),
            None if self.is_silent => Ok(Route::System),
            None => Ok(Route::Direct),
        }
    }
}

fn parse(named_by: &'static str, text: &str) -> Result<Proxy, Failure> {
    let fault = |what: &str| Failure::new(Kind::Usage, format!("{named_by} {what}"));
    let malformed = || {
        fault("is not the URL of a proxy")
            .hint("write it as http://USER:PASSWORD@HOST:PORT, with unusual characters of both percent-encoded")
    };
    let text = Zeroizing::new(if text.contains("://") { text.to_owned() } else { format!("http://{text}") });
    let mut url = Url::parse(text.trim()).map_err(|_| malformed())?;
    match url.scheme() {
        "http" | "https" => {}
        // SOCKS 4 carries no password.
        "socks4" | "socks4a" if url.password().is_some() => return Err(malformed()),
        "socks4" | "socks4a" | "socks5" | "socks5h" => return socks(named_by, url).ok_or_else(malformed),
        _ => return Err(malformed()),
    }
    // An unencoded '/', '?' or '#' in a password leads here: the parser takes the user name for the host.
    if !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some() {
        return Err(malformed());
    }
    let authorization = authorization(&url).map_err(|()| malformed())?;
    let has_no_user = url.set_username("").and_then(|()| url.set_password(None)).is_ok();
    match has_no_user && url.port() != Some(0) {
        true => Ok(Proxy { named_by, url, authorization, with_user: None }),
        false => Err(malformed()),
    }
}

/// Returns the SOCKS proxy at `url`.
fn socks(named_by: &'static str, mut url: Url) -> Option<Proxy> {
    let is_plain = matches!(url.path(), "" | "/") && url.query().is_none() && url.fragment().is_none();
    if !is_plain || url.host_str().is_none_or(str::is_empty) || url.port() == Some(0) {
        return None;
    }
    if url.port().is_none() {
        url.set_port(Some(SOCKS_PORT)).ok()?;
    }
    let has_user = !url.username().is_empty() || url.password().is_some();
    // The protocol's limits (RFC 1929, section 2). Both are text to the library.
    let fits = |text: &str| percent_decode_str(text).decode_utf8().is_ok_and(|text| text.len() <= 255);
    if !fits(url.username()) || !fits(url.password().unwrap_or_default()) {
        return None;
    }
    let with_user = has_user.then(|| Secret::new(url.as_str()));
    url.set_username("").and_then(|()| url.set_password(None)).ok()?;
    Some(Proxy { named_by, url, authorization: None, with_user })
}

/// Returns the `Proxy-Authorization` header for the user and password in `url` (RFC 7617, section 2), or `None` if
/// `url` has neither.
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

    fn read(choice: Option<&ProxyChoice>, pairs: &'static [(&str, &str)]) -> Proxies {
        Proxies::read(choice, &|name| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned()))
    }

    fn way(choice: Option<&ProxyChoice>, pairs: &'static [(&str, &str)], url: &str) -> String {
        match read(choice, pairs).route(&url.parse().unwrap()) {
            Ok(Route::Direct) => "direct".into(),
            Ok(Route::Proxy(proxy)) => format!("{} {}", proxy.named_by, proxy.url),
            Ok(Route::System) => "system".into(),
            Err(failure) => failure.message,
        }
    }

    #[test]
    fn proxy_choice_matches_curl_and_aws_cli() {
        let url = "https://example.com/";
        let is = |pairs, expected: &str| assert_eq!(way(None, pairs, url), expected, "{pairs:?}");
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
        is(&[("ALL_PROXY", "socks5h://proxy.example")], "ALL_PROXY socks5h://proxy.example:1080");
        is(&[("ALL_PROXY", "socks4://[::1]:9")], "ALL_PROXY socks4://[::1]:9");
        is(&[("HTTPS_PROXY", "http://a:1"), ("NO_PROXY", "example.com")], "direct");
        is(&[("HTTPS_PROXY", "http://a:1"), ("no_proxy", "example.com")], "direct");
        is(&[("HTTPS_PROXY", "http://a:1"), ("no_proxy", ""), ("NO_PROXY", "*")], "HTTPS_PROXY http://a:1/");
    }

    #[test]
    fn proxy_password_becomes_a_sensitive_header() {
        let proxies = read(None, &[("HTTPS_PROXY", "http://j%40corp:p%3A%2f%23w%C3%A9@proxy:3128")]);
        let Ok(Route::Proxy(proxy)) = proxies.route(&"https://example.com".parse().unwrap()) else { panic!() };
        let value = proxy.authorization.as_ref().unwrap();
        assert!(value.is_sensitive());
        let encoded = value.to_str().unwrap().strip_prefix("Basic ").unwrap();
        let decoded = base64::engine::general_purpose::STANDARD.decode(encoded).unwrap();
        assert_eq!(decoded, "j@corp:p:/#wé".as_bytes());
        assert_eq!((proxy.url.as_str(), proxy.name().as_str()), ("http://proxy:3128/", "proxy:3128"));
    }

    #[test]
    fn password_of_a_socks_proxy_is_never_shown() {
        let proxies = read(None, &[("ALL_PROXY", "socks5h://me:can%40ary@proxy")]);
        let Ok(Route::Proxy(proxy)) = proxies.route(&"https://example.com".parse().unwrap()) else { panic!() };
        assert_eq!((proxy.url.as_str(), proxy.name().as_str()), ("socks5h://proxy:1080", "proxy:1080"));
        assert!(!format!("{proxy:?}").contains("ary"), "{proxy:?}");
        assert_eq!(proxy.with_user.as_ref().unwrap().expose(), "socks5h://me:can%40ary@proxy:1080");
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
            "socks5://me:canary@",
            "socks5://me:canary@host:0",
            "socks5://me:canary@host/x",
            "socks4://me:canary@host:1080",
            "socks6://me:canary@host:1080",
            "http://ho st:3128",
            "://canary",
        ] {
            let variable = move |name: &str| (name == "HTTPS_PROXY").then(|| text.to_owned());
            let proxies = Proxies::read(None, &variable);
            let route = proxies.route(&"https://example.com".parse().unwrap());
            let failure = route.err().unwrap_or_else(|| panic!("{text} was taken"));
            assert_eq!(failure.kind, Kind::Usage);
            assert!(failure.message.starts_with("HTTPS_PROXY "), "{failure}");
            assert!(!format!("{failure:?}").contains("canary"), "{failure:?}");
            let fault = ProxyChoice::parse(text).unwrap_err();
            assert!(fault.starts_with("'proxy' ") && !fault.contains("canary"), "{fault}");
        }
    }

    #[test]
    fn unusable_proxy_is_an_error_only_where_it_would_be_used() {
        let url = "https://api.corp.example/";
        for name in ["ALL_PROXY", "https_proxy"] {
            for (exceptions, expected) in [
                (None, format!("{name} is not the URL of a proxy")),
                (Some("other.example"), format!("{name} is not the URL of a proxy")),
                (Some("*"), "direct".to_owned()),
                (Some(".corp.example"), "direct".to_owned()),
                (Some("api.corp.example:443"), "direct".to_owned()),
            ] {
                let variable = move |asked: &str| match asked {
                    "NO_PROXY" => exceptions.map(str::to_owned),
                    asked => (asked == name).then(|| "socks6://127.0.0.1:1080".to_owned()),
                };
                let proxies = Proxies::read(None, &variable);
                let way = match proxies.route(&url.parse().unwrap()) {
                    Ok(Route::Direct) => "direct".to_owned(),
                    Ok(_) => "used".to_owned(),
                    Err(failure) => failure.message,
                };
                assert_eq!(way, expected, "{exceptions:?}");
            }
        }
    }

    #[test]
    fn profiles_choice_of_a_proxy_switches_the_variables_off() {
        let url = "https://example.com/";
        let none = ProxyChoice::parse("none").unwrap();
        let own = ProxyChoice::parse("own.example:3128").unwrap();
        for pairs in [&[][..], &[("HTTPS_PROXY", "http://a:1")], &[("ALL_PROXY", "socks5://a:1")]] {
            assert_eq!(way(Some(&none), pairs, url), "direct");
            assert_eq!(way(Some(&own), pairs, url), "'proxy' http://own.example:3128/");
        }
        assert_eq!(way(Some(&own), &[("no_proxy", "example.com")], url), "direct", "NO_PROXY still counts");
    }
}
