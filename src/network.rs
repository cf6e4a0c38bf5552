//! Checks of URLs, and the type of the setting `ca_bundle`, for modules that need no HTTP client.

use std::path::PathBuf;

use url::{Host, Url};

/// The profile's `ca_bundle`: a PEM file of root certificates to trust in addition to the root certificates of the
/// system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaBundle {
    /// The path of the file.
    pub path: PathBuf,
    /// The configuration key and where it was set, for messages.
    pub named_by: String,
}

/// Returns the host of `url`, followed by the port unless this is the default port of the scheme. Returns `None` if
/// `url` has no host.
pub fn authority_of(url: &Url) -> Option<String> {
    let host = url.host_str()?;
    Some(url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}")))
}

/// Returns whether the host of `url` is a loopback address or exactly `localhost`. Plain http may go only to these.
/// Names below `.localhost` do not count, since a resolver may send them elsewhere.
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// Returns whether the host of `url` is this machine. Names below `.localhost` and loopback addresses in IPv4-mapped
/// form count, too. No proxy can reach such a host.
pub fn is_this_machine(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => {
            let name = name.strip_suffix('.').unwrap_or(name);
            name == "localhost" || name.ends_with(".localhost")
        }
        Some(Host::Ipv6(address)) => address.to_canonical().is_loopback(),
        _ => is_loopback(url),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lookalikes_of_loopback_hosts_are_rejected() {
        for (url, is_loopback_, is_this_machine_) in [
            ("https://localhost:1", true, true),
            ("https://127.9.9.9", true, true),
            ("https://[::1]", true, true),
            ("https://a.localhost", false, true),
            ("https://LOCALHOST.", false, true),
            ("https://[::ffff:127.0.0.1]", false, true),
            ("https://localhost.example.com", false, false),
            ("https://127.0.0.1.example.com", false, false),
            ("https://notlocalhost", false, false),
            ("https://[::2]", false, false),
            ("data:,localhost", false, false),
        ] {
            let parsed = url.parse().unwrap();
            assert_eq!((is_loopback(&parsed), is_this_machine(&parsed)), (is_loopback_, is_this_machine_), "{url}");
        }
    }

    #[test]
    fn authority_omits_the_default_port() {
        for (url, authority) in [
            ("https://EXAMPLE.com:443/x", Some("example.com")),
            ("http://example.com:8080", Some("example.com:8080")),
            ("https://[::1]:1/", Some("[::1]:1")),
            ("data:,x", None),
        ] {
            assert_eq!(authority_of(&url.parse().unwrap()).as_deref(), authority, "{url}");
        }
    }
}
