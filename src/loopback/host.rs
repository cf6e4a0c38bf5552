//! The check that a request is addressed to this server.

use http::header::HOST;
use http::request::Parts;

/// Returns whether a request is addressed to this server, by a loopback name with its port. There has to be exactly one
/// `Host` header. If the target has an authority, that is checked as well.
///
/// A web page can make a browser send requests here under any name that resolves to this machine (DNS rebinding). The
/// `Host` header of such a request has that name.
pub fn is_addressed_to(request: &Parts, port: u16) -> bool {
    let ours = |host: &str| ["localhost", "127.0.0.1", "[::1]"].iter().any(|name| format!("{name}:{port}") == host);
    let mut hosts = request.headers.get_all(HOST).iter();
    let header = match (hosts.next(), hosts.next()) {
        (Some(one), None) => one.to_str().is_ok_and(ours),
        _ => false,
    };
    header && request.uri.authority().is_none_or(|authority| ours(authority.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_ours(request: http::request::Builder) -> bool {
        is_addressed_to(&request.body(()).unwrap().into_parts().0, 8400)
    }

    #[test]
    fn host_header_with_a_loopback_name_and_port_is_accepted() {
        for host in ["localhost:8400", "127.0.0.1:8400", "[::1]:8400"] {
            assert!(is_ours(http::Request::get("/").header(HOST, host)), "{host}");
            assert!(is_ours(http::Request::get(format!("http://{host}/")).header(HOST, host)), "{host}");
        }
    }

    #[test]
    fn requests_for_other_hosts_are_refused() {
        for host in [
            "localhost",
            "localhost:8401",
            "localhost:84000",
            "LOCALHOST:8400 ",
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
            assert!(!is_ours(http::Request::get("/").header(HOST, host)), "{host}");
        }
        assert!(!is_ours(http::Request::get("/")), "no host");
        let twice = http::Request::get("/").header(HOST, "localhost:8400").header(HOST, "localhost:8400");
        assert!(!is_ours(twice), "two hosts");
        let absolute = http::Request::get("http://attacker.example/").header(HOST, "localhost:8400");
        assert!(!is_ours(absolute), "absolute form");
    }
}
