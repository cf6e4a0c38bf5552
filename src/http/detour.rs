//! `--connect-to` and `--resolve`: another place to connect to for the URLs of one host.

use std::net::{IpAddr, SocketAddr};

use url::{Host, Url};

/// Another place to connect to for the URLs of one host, as in curl. The name in the URL stays in force for everything
/// but the connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Detour {
    /// The host of the URLs that it applies to, as in a URL; `None` for any.
    host: Option<String>,
    /// Their port; `None` for any.
    port: Option<u16>,
    /// The place to connect to.
    to: Places,
    /// Its port; `None` for the port of the URL.
    to_port: Option<u16>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Places {
    /// The host of the URL.
    Same,
    /// Another host, as in a URL.
    Host(String),
    /// These addresses.
    Addresses(Vec<IpAddr>),
}

/// The place to connect to for one URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    /// A host and port.
    Host(String, u16),
    /// These addresses.
    Addresses(Vec<SocketAddr>),
}

impl Detour {
    /// Parses `HOST1:PORT1:HOST2:PORT2`. Each part may be empty; an IPv6 address is in brackets.
    ///
    /// # Errors
    /// The fault.
    pub fn connect_to(text: &str) -> Result<Self, String> {
        let fault = || format!("'{text}' is not HOST1:PORT1:HOST2:PORT2");
        let parts = parts(text);
        let [host, port, to, to_port] = parts[..] else { return Err(fault()) };
        let (host, port, to, to_port) = (name(host), number(port), name(to), number(to_port));
        let (Ok(host), Ok(port), Ok(to), Ok(to_port)) = (host, port, to, to_port) else { return Err(fault()) };
        Ok(Self { host, port, to: to.map_or(Places::Same, Places::Host), to_port })
    }

    /// Parses `HOST:PORT:ADDR[,ADDR]`. The host may be `*`, for any. A `+` in front, with which curl lets an address
    /// expire, changes nothing here.
    ///
    /// # Errors
    /// The fault.
    pub fn resolve(text: &str) -> Result<Self, String> {
        let fault = || match text.starts_with('-') {
            true => format!("'{text}' takes an address back, but cogfed remembers none: leave it out"),
            false => format!("'{text}' is not HOST:PORT:ADDR, with an IP address at the end"),
        };
        let text = text.strip_prefix('+').unwrap_or(text);
        let (host, rest) = split(text).ok_or_else(fault)?;
        let (port, addresses) = rest.split_once(':').ok_or_else(fault)?;
        let address = |text: &str| text.trim_matches(['[', ']']).parse::<IpAddr>().map_err(|_| fault());
        let addresses = addresses.split(',').map(address).collect::<Result<Vec<_>, _>>()?;
        let host = if host == "*" { None } else { Some(name(host).ok().flatten().ok_or_else(fault)?) };
        let port = number(port).ok().flatten().ok_or_else(fault)?;
        Ok(Self { host, port: Some(port), to: Places::Addresses(addresses), to_port: None })
    }

    /// Returns the place to connect to for `url`, if this detour applies to it.
    pub(super) fn place(&self, url: &Url) -> Option<Place> {
        let (host, port) = (url.host_str()?, url.port_or_known_default()?);
        let applies = self.host.as_deref().is_none_or(|own| own == host) && self.port.is_none_or(|own| own == port);
        let to_port = self.to_port.unwrap_or(port);
        applies.then(|| match &self.to {
            Places::Same => Place::Host(host.to_owned(), to_port),
            Places::Host(host) => Place::Host(host.clone(), to_port),
            Places::Addresses(addresses) => {
                Place::Addresses(addresses.iter().map(|address| SocketAddr::new(*address, to_port)).collect())
            }
        })
    }
}

impl Place {
    pub(super) fn port(&self) -> u16 {
        match self {
            Place::Host(_, port) => *port,
            Place::Addresses(addresses) => addresses.first().map_or(0, SocketAddr::port),
        }
    }
}

/// Splits off a host, which may be an IPv6 address in brackets, and the colon after it.
fn split(text: &str) -> Option<(&str, &str)> {
    match text.starts_with('[') {
        true => {
            let (address, rest) = text.split_once(']')?;
            Some((text.get(..=address.len())?, rest.strip_prefix(':')?))
        }
        false => text.split_once(':'),
    }
}

/// Splits `HOST1:PORT1:HOST2:PORT2`. Returns fewer parts if it has another form.
fn parts(text: &str) -> Vec<&str> {
    let parts = || {
        let (host, rest) = split(text)?;
        let (port, rest) = rest.split_once(':')?;
        let (to, to_port) = split(rest)?;
        Some(vec![host, port, to, to_port])
    };
    parts().unwrap_or_default()
}

/// Returns a host as it is written in a URL; `None` for an empty one.
fn name(text: &str) -> Result<Option<String>, ()> {
    match text {
        "" => Ok(None),
        text => Host::parse(text).map(|host| Some(host.to_string())).map_err(drop),
    }
}

/// Returns a port; `None` for an empty one.
fn number(text: &str) -> Result<Option<u16>, ()> {
    match text {
        "" => Ok(None),
        text => text.parse().ok().filter(|port| *port != 0).map(Some).ok_or(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(detour: Result<Detour, String>, url: &str) -> Option<String> {
        detour.unwrap().place(&url.parse().unwrap()).map(|place| match place {
            Place::Host(host, port) => format!("{host}:{port}"),
            Place::Addresses(addresses) => format!("{addresses:?}"),
        })
    }

    #[test]
    fn detours_apply_as_in_curl() {
        let api = "https://api.example.com/x";
        for (text, url, expected) in [
            ("api.example.com:443:localhost:9443", api, Some("localhost:9443")),
            ("API.example.com:443:127.0.0.1:9443", api, Some("127.0.0.1:9443")),
            ("api.example.com:443::9443", api, Some("api.example.com:9443")),
            ("::localhost:", api, Some("localhost:443")),
            ("::[::1]:9443", api, Some("[::1]:9443")),
            ("[::1]:443:localhost:1", "https://[::1]/", Some("localhost:1")),
            ("api.example.com:444:localhost:9443", api, None),
            ("other.example.com::localhost:9443", api, None),
        ] {
            assert_eq!(place(Detour::connect_to(text), url).as_deref(), expected, "{text}");
        }
        for (text, url, expected) in [
            ("api.example.com:443:10.0.0.1", api, Some("[10.0.0.1:443]")),
            ("*:443:10.0.0.1,[::2]", api, Some("[10.0.0.1:443, [::2]:443]")),
            ("+api.example.com:443:10.0.0.1", api, Some("[10.0.0.1:443]")),
            ("api.example.com:443:::1", api, Some("[[::1]:443]")),
            ("api.example.com:444:10.0.0.1", api, None),
        ] {
            assert_eq!(place(Detour::resolve(text), url).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn malformed_detours_are_refused() {
        for text in ["", "host", "a:443:b", "a:443:b:x", "a:0:b:1", "a:443:b:1:2", "[::1:443:b:1", "a b:443:c:1"] {
            assert!(Detour::connect_to(text).is_err(), "{text}");
        }
        for text in ["", "a:443", "a:443:name", "a:x:10.0.0.1", "a::10.0.0.1", "a:443:10.0.0.1,", "-a:443"] {
            assert!(Detour::resolve(text).is_err(), "{text}");
        }
    }
}
