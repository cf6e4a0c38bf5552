//! The check that a request's `Host` is this server, against DNS rebinding.

use http::header::HOST;

use super::Request;

/// Returns whether the request's host is a loopback host with port `port`. There has to be exactly one `Host` header.
/// If the target has an authority, that is checked as well.
///
/// A web page can make a browser send requests here under any name that resolves to this machine (DNS rebinding). The
/// `Host` header of such a request has that name.
pub fn is_addressed_to(request: &Request, port: u16) -> bool {
    let ours = |host: &str| ["localhost", "127.0.0.1", "[::1]"].iter().any(|name| format!("{name}:{port}") == host);
    let mut hosts = request.headers.get_all(HOST).iter();
    let header = match (hosts.next(), hosts.next()) {
        (Some(one), None) => one.to_str().is_ok_and(ours),
        _ => false,
    };
    header && request.authority.as_deref().is_none_or(ours)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns whether a server on port 8400 accepts a request with this target and these `Host` headers.
    fn is_ours(target: &str, hosts: &[&str]) -> bool {
        let hosts: String = hosts.iter().map(|host| format!("host: {host}\r\n")).collect();
        let request = Request::parse(format!("GET {target} HTTP/1.1\r\n{hosts}\r\n").as_bytes());
        is_addressed_to(&request.unwrap(), 8400)
    }

    #[test]
    fn host_header_with_a_loopback_name_and_port_is_accepted() {
        for host in ["localhost:8400", "127.0.0.1:8400", "[::1]:8400"] {
            assert!(is_ours("/", &[host]), "{host}");
            assert!(is_ours(&format!("http://{host}/"), &[host]), "{host}");
        }
    }

    #[test]
    fn requests_for_other_hosts_are_refused() {
        for host in [
            "localhost",
            "localhost:8401",
            "localhost:84000",
            "LOCALHOST:8400 x",
            "attacker.example:8400",
            "localhost.attacker.example:8400",
            "attacker.localhost:8400",
            "127.0.0.1.nip.io:8400",
            "127.1:8400",
            "2130706433:8400",
            "0.0.0.0:8400",
            "::1:8400",
            "[::ffff:127.0.0.1]:8400",
            "user@localhost:8400",
            "localhost:8400,attacker.example",
            "",
        ] {
            assert!(!is_ours("/", &[host]), "{host}");
        }
        assert!(!is_ours("/", &[]), "no host");
        assert!(!is_ours("/", &["localhost:8400", "localhost:8400"]), "two hosts");
        assert!(!is_ours("http://attacker.example/", &["localhost:8400"]), "absolute form");
    }
}
