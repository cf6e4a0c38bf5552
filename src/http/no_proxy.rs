//! `NO_PROXY`: the hosts to reach without the proxy. No I/O.
//!
//! There is no standard. The rules are those of curl (<https://curl.se/libcurl/c/CURLOPT_NOPROXY.html>), with Go's
//! ports (<https://pkg.go.dev/golang.org/x/net/http/httpproxy>). An entry that fits no rule is ignored, because other
//! programs share the variable. The hosts that it was meant for are then reached through the proxy, which is the safe
//! choice.

use std::net::{IpAddr, Ipv6Addr};

use ipnet::IpNet;
use url::{Host, Url};

/// The entries of one `NO_PROXY` variable, which name the hosts to reach without the proxy.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NoProxy(Vec<Entry>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Entry {
    /// `*`: every host.
    Everything,
    /// A network, such as `10.0.0.0/8`.
    Network(IpNet),
    /// An address with an optional port, such as `10.1.2.3` or `[::1]:8443`.
    Address(IpAddr, Option<u16>),
    /// A domain: `example.com` includes its subdomains, and `*.example.com` means only the subdomains.
    Name { name: String, below_only: bool, port: Option<u16> },
}

impl NoProxy {
    /// Parses the text of a `NO_PROXY` variable: entries separated by commas or blanks.
    pub fn parse(text: &str) -> Self {
        let entries = text.split(|c: char| c == ',' || c.is_whitespace()).filter(|entry| !entry.is_empty());
        Self(entries.filter_map(entry).collect())
    }

    /// Returns whether an entry matches `url`, so that `url` is reached without the proxy.
    pub fn covers(&self, url: &Url) -> bool {
        let Some(host) = url.host() else { return false };
        let port = url.port_or_known_default();
        self.0.iter().any(|entry| entry.covers(&host, port))
    }
}

impl Entry {
    fn covers(&self, host: &Host<&str>, port: Option<u16>) -> bool {
        let address = match host {
            Host::Ipv4(address) => Some(IpAddr::V4(*address)),
            Host::Ipv6(address) => Some(IpAddr::V6(*address).to_canonical()),
            Host::Domain(_) => None,
        };
        match (self, host, address) {
            (Entry::Everything, ..) => true,
            (Entry::Network(network), _, Some(address)) => network.contains(&address),
            (Entry::Address(own, own_port), _, Some(address)) => *own == address && fits(*own_port, port),
            (Entry::Name { name, below_only, port: own_port }, Host::Domain(asked), _) => {
                let asked = asked.strip_suffix('.').unwrap_or(asked);
                let below = asked.strip_suffix(name.as_str()).is_some_and(|rest| rest.ends_with('.'));
                (below || (!below_only && asked == name)) && fits(*own_port, port)
            }
            _ => false,
        }
    }
}

fn fits(own: Option<u16>, asked: Option<u16>) -> bool {
    own.is_none() || own == asked
}

fn entry(text: &str) -> Option<Entry> {
    if text == "*" {
        return Some(Entry::Everything);
    }
    if text.contains('/') {
        return text.parse().ok().map(Entry::Network);
    }
    // Tried first, because the colons in `::1` separate no port.
    if let Ok(address) = text.parse::<Ipv6Addr>() {
        return Some(Entry::Address(IpAddr::V6(address).to_canonical(), None));
    }
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port.parse().ok()?)),
        _ => (text, None),
    };
    let (name, below_only) = match host.strip_prefix("*.") {
        Some(name) => (name, true),
        None => (host.strip_prefix('.').unwrap_or(host), false),
    };
    let name = name.strip_suffix('.').unwrap_or(name);
    // As in a URL: in lower case, and names beyond ASCII in Punycode.
    match Host::parse(name).ok()? {
        Host::Domain(name) => Some(Entry::Name { name, below_only, port }),
        Host::Ipv4(address) => Some(Entry::Address(IpAddr::V4(address), port)),
        Host::Ipv6(address) => Some(Entry::Address(IpAddr::V6(address).to_canonical(), port)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_no_proxy_rule_covers_exactly_its_hosts() {
        let table: &[(&str, &str, bool)] = &[
            // Names
            ("api.example.com", "https://api.example.com", true),
            ("API.Example.COM", "https://api.example.com", true),
            ("api.example.com", "https://API.EXAMPLE.COM", true),
            ("api.example.com.", "https://api.example.com", true),
            ("api.example.com", "https://api.example.com./x", true),
            ("api.example.com", "https://other.example.com", false),
            ("api.example.com", "https://api.example.com.attacker.example", false),
            ("bücher.example", "https://bücher.example", true),
            ("xn--bcher-kva.example", "https://bücher.example", true),
            ("localhost", "https://localhost:8443", true),
            // Suffixes
            ("example.com", "https://example.com", true),
            ("example.com", "https://a.example.com", true),
            ("example.com", "https://a.b.example.com", true),
            ("example.com", "https://notexample.com", false),
            ("example.com", "https://example.co", false),
            (".example.com", "https://a.example.com", true),
            (".example.com", "https://example.com", true),
            (".example.com", "https://notexample.com", false),
            ("*.example.com", "https://a.example.com", true),
            ("*.example.com", "https://example.com", false),
            ("com", "https://example.com", true),
            ("ample.com", "https://example.com", false),
            // Ports
            ("example.com:443", "https://example.com", true),
            ("example.com:443", "https://example.com:443", true),
            ("example.com:443", "https://example.com:8443", false),
            ("example.com:8443", "https://a.example.com:8443", true),
            (".example.com:8443", "https://a.example.com", false),
            ("*.example.com:8443", "https://a.example.com:8443", true),
            ("10.1.2.3:8443", "https://10.1.2.3:8443", true),
            ("10.1.2.3:8443", "https://10.1.2.3", false),
            ("[2001:db8::1]:8443", "https://[2001:db8::1]:8443", true),
            ("[2001:db8::1]:8443", "https://[2001:db8::1]", false),
            ("example.com:port", "https://example.com", false),
            ("example.com:99999", "https://example.com", false),
            // Addresses
            ("10.1.2.3", "https://10.1.2.3", true),
            ("10.1.2.3", "https://10.1.2.30", false),
            ("10.1.2.3", "https://[::ffff:10.1.2.3]", true),
            ("2001:db8::1", "https://[2001:db8::1]", true),
            ("[2001:db8::1]", "https://[2001:db8::1]:8443", true),
            ("2001:db8:0:0::1", "https://[2001:db8::1]", true),
            ("2001:db8::1", "https://[2001:db8::2]", false),
            // Networks
            ("10.0.0.0/8", "https://10.255.0.1", true),
            ("10.0.0.0/8", "https://11.0.0.1", false),
            ("10.1.2.3/8", "https://10.9.9.9", true),
            ("192.168.1.0/24", "https://192.168.2.1", false),
            ("0.0.0.0/0", "https://8.8.8.8", true),
            ("0.0.0.0/0", "https://example.com", false),
            ("0.0.0.0/0", "https://[2001:db8::1]", false),
            ("2001:db8::/32", "https://[2001:db8:ffff::1]", true),
            ("2001:db8::/32", "https://[2001:db9::1]", false),
            ("10.0.0.0/33", "https://10.0.0.1", false),
            ("10.0.0.0/", "https://10.0.0.1", false),
            // A name that resembles a network's address is not one.
            ("10.0.0.0/8", "https://10.0.0.1.attacker.example", false),
            // Everything
            ("*", "https://example.com", true),
            ("*", "https://10.1.2.3", true),
            ("*", "https://[2001:db8::1]:1", true),
            // Lists
            ("a.example, b.example", "https://b.example", true),
            ("a.example b.example", "https://b.example", true),
            (" ,, a.example ,", "https://a.example", true),
            ("a.example,b.example", "https://c.example", false),
            ("<local>,http://a.example,b.example", "https://b.example", true),
            // Nothing, and texts that read as nothing
            ("", "https://example.com", false),
            (",", "https://example.com", false),
            (".", "https://example.com", false),
            ("http://example.com", "https://example.com", false),
            ("exa mple.com", "https://example.com", false),
            ("**", "https://example.com", false),
        ];
        for (text, url, covered) in table {
            assert_eq!(NoProxy::parse(text).covers(&url.parse().unwrap()), *covered, "NO_PROXY='{text}' {url}");
        }
        assert!(table.len() >= 40);
    }
}
