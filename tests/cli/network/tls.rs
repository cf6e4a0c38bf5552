//! Wrong certificates and outdated TLS are refused with an explanation. No setting turns certificate verification off.

use std::io::{Read, Write};

use cogfed_test_support::{Lab, Server};

use super::certificates::{Authority, Validity, self_signed};
use super::front::{Act, Front, answer};
use super::place::Place;

/// Starts a server that answers every connection with these bytes, without TLS.
fn raw(bytes: &'static [u8]) -> Server {
    Server::of_connections(move |mut stream| {
        let _ = stream.read(&mut [0; 4096]);
        stream.write_all(bytes)?;
        // Waits until the client has read the answer: closing too early would reset the connection.
        stream.read(&mut [0; 4096]).map(drop)
    })
}

#[test]
fn wrong_certificates_are_refused_and_explained() {
    let authority = Authority::new("The company's root");
    let stranger = Authority::new("Nobody's root");
    let cases = [
        ("wrong name", authority.server(&["other.example"]), "its certificate is for another name", "captive"),
        ("expired", authority.server_of(&["localhost"], Validity::Expired), "its certificate has expired", "clock"),
        ("too new", authority.server_of(&["localhost"], Validity::NotYet), "is not valid yet", "clock may be wrong"),
        ("self-signed", self_signed(&["localhost"]), "from an issuer that this machine does not trust", "ca_bundle"),
        ("an authority's own", stranger.itself(), "its certificate is self-signed", "AWS_CA_BUNDLE"),
        ("unknown issuer", stranger.server(&["localhost"]), "from an issuer that this machine", "AWS_CA_BUNDLE"),
    ];
    for (case, tls, what, hint) in cases {
        let front = Front::alone(answer("200 OK", "", "{}"), Some(tls));
        let place = Place::new(&format!("https://localhost:{}", front.port()), "");
        let bundle = authority.write(place.home());
        let ran = place.exchange(&[("AWS_CA_BUNDLE", bundle.to_str().unwrap())]).failed_with(5);
        assert!(ran.stderr.contains(&format!("cannot reach localhost:{}: ", front.port())), "{case}: {}", ran.stderr);
        assert!(ran.stderr.contains(what), "{case}: {}", ran.stderr);
        let hint = if hint == "captive" { "sign-in page" } else { hint };
        assert!(ran.stderr.contains(hint), "{case}: {}", ran.stderr);
        assert_eq!((front.count(""), front.connections()), (0, 1), "{case}: nothing is sent, nor tried again");
    }
}

#[test]
fn outdated_tls_is_refused() {
    // RFC 8446, section 6: the fatal alert `protocol_version` of a server that supports TLS 1.1 at most.
    let old = raw(&[0x15, 0x03, 0x02, 0x00, 0x02, 0x02, 0x46]);
    let plain = raw(b"HTTP/1.1 400 Bad Request\r\n\r\n");
    for (server, what) in [(old, "it speaks no TLS that is safe today"), (plain, "it does not speak TLS")] {
        let port = server.port();
        let place = Place::new(&format!("https://localhost:{port}"), "");
        let bundle = Authority::new("root").write(place.home());
        let ran = place.exchange(&[("AWS_CA_BUNDLE", bundle.to_str().unwrap())]).failed_with(5);
        assert!(ran.stderr.contains(what), "{}", ran.stderr);
        assert!(ran.stderr.contains(&format!("localhost:{port}")), "{}", ran.stderr);
    }
}

#[test]
fn call_verifies_certificates_and_never_repeats() {
    let authority = Authority::new("root");
    let lab = Lab::new();
    lab.login("alice").good();
    let bundle = authority.write(lab.home());
    let call = |front: &Front, path: &str| -> cogfed_test_support::Ran {
        let url = format!("https://localhost:{}{path}", front.port());
        let mut command = lab.command(&["call", "GET", &url, "--include"]);
        command.env("AWS_CA_BUNDLE", &bundle).output().unwrap().into()
    };
    let expired = Front::alone(Act::Close, Some(authority.server_of(&["localhost"], Validity::Expired)));
    let ran = call(&expired, "/x?canary=1").failed_with(5);
    assert!(ran.stderr.contains(&format!("cannot reach localhost:{}: its certificate has expired", expired.port())));
    assert!(!ran.stderr.contains("canary"), "{}", ran.stderr);

    let elsewhere = Front::alone(answer("200 OK", "", "elsewhere"), None);
    let location = format!("location: http://{}/\r\n", elsewhere.address());
    let front = Front::alone(answer("302 Found", &location, ""), Some(authority.server(&["localhost"])));
    let ran = call(&front, "/x").good();
    assert!(ran.stdout.contains("302 Found"), "{}", ran.stdout);
    assert_eq!(elsewhere.connections(), 0, "a redirect was followed");

    for act in [Act::Close, Act::Reset, answer("503 Service Unavailable", "retry-after: 0\r\n", "")] {
        let front = Front::alone(act.clone(), Some(authority.server(&["localhost"])));
        let ran = call(&front, "/x");
        match act {
            Act::Answer(_) => assert!(ran.stdout.contains("503"), "{}", ran.stdout),
            _ => assert!(
                ran.failed_with(5).stderr.contains(&format!("no usable answer from localhost:{}", front.port()))
            ),
        }
        assert_eq!(front.connections(), 1, "an API request was sent again: {act:?}");
    }
}

#[test]
fn token_endpoint_redirects_are_not_followed() {
    let elsewhere = Front::alone(answer("200 OK", "", "{}"), None);
    let location = format!("location: http://{}/oauth2/token\r\n", elsewhere.address());
    for status in ["301 Moved", "302 Found", "303 See Other", "307 Temporary Redirect", "308 Permanent Redirect"] {
        let front = Front::alone(answer(status, &location, ""), None);
        let ran = Place::new(&format!("http://{}", front.address()), "").exchange(&[]);
        assert_ne!(ran.status, 0, "{}", ran.stderr);
        assert_eq!((front.count(""), elsewhere.connections()), (1, 0), "{status}");
    }
}

#[test]
fn plain_http_is_refused_beyond_loopback() {
    for host in ["auth.example", "192.0.2.1", "[2001:db8::1]", "localhost.attacker.example"] {
        let ran = Place::new(&format!("http://{host}"), "").exchange(&[]).failed_with(2);
        assert!(ran.stderr.contains("http is allowed for loopback hosts only"), "{}", ran.stderr);
    }
}
