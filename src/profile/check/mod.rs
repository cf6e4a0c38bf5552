//! Checks of single configuration values: hosts, URLs, ports, paths and names.
//!
//! Each function takes the text as it was written, and returns the checked value or the fault. The fault does not name
//! the key: the caller adds its place.

use std::path::PathBuf;

use url::Url;

use crate::error::quoted;
use crate::network::is_loopback;

/// The maximum length of a URL, in bytes.
const LONGEST_URL: usize = 2048;
/// The maximum number of redirect ports in a profile.
const MOST_PORTS: usize = 100;

/// Checks a host name, such as the domain of the hosted UI. The name must not include a scheme.
pub fn host(text: &str) -> Result<String, String> {
    if let Some((scheme, rest)) = text.split_once("://") {
        let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let (host, scheme) = (quoted(host), quoted(scheme));
        return Err(format!("'{}' is a URL; give the host alone: '{host}' (without '{scheme}://')", quoted(text)));
    }
    let label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
    };
    match text.len() <= 253 && text.contains('.') && text.split('.').all(label) {
        true => Ok(text.to_ascii_lowercase()),
        false => Err(format!("'{}' is not a host name, as in corp.auth.eu-west-1.amazoncognito.com", quoted(text))),
    }
}

/// Checks the base URL of an endpoint. It must use https (or http on a loopback host), and must have no user, query or
/// fragment. Returns it without a final slash.
pub fn endpoint(text: &str) -> Result<String, String> {
    let url = web_url(text)?;
    match url.query().is_none() && url.fragment().is_none() {
        true => Ok(url.as_str().trim_end_matches('/').to_owned()),
        false => Err(format!("'{}': an endpoint is a base URL, without a query or a fragment", quoted(text))),
    }
}

/// The path of the discovery document, relative to the issuer's URL (OpenID Connect Discovery 1.0, section 4).
const DISCOVERY: &str = "/.well-known/openid-configuration";

/// Returns the URL of an issuer's discovery document.
pub fn discovery_below(issuer: &str) -> String {
    format!("{}{DISCOVERY}", issuer.trim_end_matches('/'))
}

/// Checks the URL of a discovery document. It may be given in full, or without the document's own path. Only a whole
/// URL may have a query, such as Azure AD B2C's `?p=POLICY`. Returns the whole URL.
pub fn discovery(text: &str) -> Result<String, String> {
    let url = web_url(text)?;
    match url.path().ends_with(DISCOVERY) && url.fragment().is_none() {
        true => Ok(url.into()),
        false => endpoint(text).map(|base| discovery_below(&base)),
    }
}

/// Checks an issuer's identifier, which is a URL. It has to be exactly what `iss` names (OpenID Connect Core 1.0,
/// section 2), including a final slash.
pub fn issuer(text: &str) -> Result<String, String> {
    let url = web_url(text)?;
    if url.path().ends_with(DISCOVERY) {
        return Err(format!(
            "'{}' is the discovery document's address: give the 'issuer' that the document names, \
             and this address in endpoints.issuer",
            quoted(text)
        ));
    }
    match url.query().is_none() && url.fragment().is_none() {
        true => Ok(text.to_owned()),
        false => Err(format!("'{}': an issuer has no query and no fragment", quoted(text))),
    }
}

/// Checks a host with an optional port, such as `login.example.com:8443`. Returns it without port 443, that of https.
pub fn authority(text: &str) -> Result<String, String> {
    let known = |name: &str| if name == "localhost" { Ok(name.to_owned()) } else { host(name) };
    let Some((name, port)) = text.split_once(':') else { return known(text) };
    match port.parse::<u16>() {
        // URLs leave out port 443, so hosts are compared without it.
        Ok(443) if port == "443" => known(name),
        Ok(number) if number != 0 && number.to_string() == port => Ok(format!("{}:{port}", known(name)?)),
        _ => Err(format!("'{}' is not a host with a port, as in login.example.com:8443", quoted(text))),
    }
}

/// Checks a URL that a browser may open or to which a token may be sent. It must use https, or http on a loopback host.
pub fn web_url(text: &str) -> Result<Url, String> {
    if text.len() > LONGEST_URL {
        return Err(format!("'{}' is longer than {LONGEST_URL} bytes", quoted(text)));
    }
    // URL parsers drop line breaks and tabs, and read a backslash as a slash (URL standard). A person would then read a
    // different host from the one that is contacted, as in CVE-2020-5260.
    if let Some(odd) = text.chars().find(|c| c.is_control() || c.is_whitespace() || *c == '\\') {
        return Err(format!("'{}' holds {odd:?}, which no URL does", quoted(text)));
    }
    let url = Url::parse(text).map_err(|error| format!("'{}' is not a URL: {error}", quoted(text)))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err("a URL here holds no user name or password".into());
    }
    match url.scheme() {
        "https" if url.host().is_some() => Ok(url),
        "http" if is_loopback(&url) => Ok(url),
        "http" => Err(format!("'{}': http is allowed for loopback hosts only; use https", quoted(text))),
        scheme => Err(format!("'{}': '{}' is neither https nor http", quoted(text), quoted(scheme))),
    }
}

/// Checks the ports of the registered callback URLs, and returns them in the same order.
pub fn ports(numbers: &[u64]) -> Result<Vec<u16>, String> {
    if numbers.len() > MOST_PORTS {
        return Err(format!("{} ports are too many: give at most {MOST_PORTS}", numbers.len()));
    }
    let mut ports = Vec::with_capacity(numbers.len());
    for number in numbers {
        match u16::try_from(*number) {
            Ok(port) if port != 0 && !ports.contains(&port) => ports.push(port),
            Ok(port) if port != 0 => return Err(format!("port {port} is there twice")),
            _ => return Err(format!("{number} is not a port: 1 to 65535")),
        }
    }
    if ports.is_empty() { Err("give at least one port".into()) } else { Ok(ports) }
}

/// Checks the host of the redirect URI. Cognito accepts http only for `localhost`, `127.0.0.1` and `[::1]`.
pub fn redirect_host(text: &str) -> Result<String, String> {
    match text {
        "localhost" | "127.0.0.1" | "[::1]" => Ok(text.to_owned()),
        _ => one_of(text, &["localhost", "127.0.0.1", "[::1]"]),
    }
}

/// Checks the path of the redirect URI. It must not need encoding, because it is compared as it is written.
pub fn redirect_path(text: &str) -> Result<String, String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-._~".contains(c);
    // Browsers remove empty segments and dots, or encode them differently.
    let segment = |part: &str| !part.is_empty() && !part.chars().all(|c| c == '.') && part.chars().all(plain);
    let is_free = !["/done", "/favicon.ico"].contains(&text);
    match text.strip_prefix('/').is_some_and(|rest| rest.split('/').all(segment)) && text.len() <= 200 && is_free {
        true => Ok(text.to_owned()),
        false => Err(format!("'{}' is not a callback path, as in /callback ('/done' is taken)", quoted(text))),
    }
}

/// Checks a name, which must have at most `limit` characters and no control characters.
pub fn name(text: &str, limit: usize) -> Result<String, String> {
    match text.trim() == text && (1..=limit).contains(&text.chars().count()) && !text.chars().any(char::is_control) {
        true => Ok(text.to_owned()),
        false => Err(format!("a name of 1 to {limit} printable characters is wanted")),
    }
}

/// Checks a file path, which must be absolute or start with `~/`; replaces `~/` by the home folder. Never relative: the
/// current folder must not matter.
pub fn file(text: &str, home: Option<PathBuf>) -> Result<PathBuf, String> {
    let path = match (text.strip_prefix("~/"), home) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => PathBuf::from(text),
    };
    match path.is_absolute() {
        true => Ok(path),
        false => Err(format!("'{text}' is neither an absolute path nor one below '~/'")),
    }
}

/// Checks that `text` is one of `words`.
pub fn one_of(text: &str, words: &[&str]) -> Result<String, String> {
    if words.contains(&text) {
        return Ok(text.to_owned());
    }
    let meant = super::keys::nearest(text, words.iter().copied()).map(|word| format!("; did you mean '{word}'?"));
    let (last, rest) = words.split_last().ok_or("no value is possible")?;
    let known = if rest.is_empty() { format!("'{last}'") } else { format!("'{}' or '{last}'", rest.join("', '")) };
    Err(format!("must be {known}, not '{}'{}", quoted(text), meant.unwrap_or_default()))
}

/// Checks that a number is between `from` and `to`, both included.
pub fn within(number: u64, from: u64, to: u64) -> Result<u64, String> {
    if (from..=to).contains(&number) { Ok(number) } else { Err(format!("{number} is not within {from} and {to}")) }
}

#[cfg(test)]
mod tests;
