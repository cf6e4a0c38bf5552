//! Tests that invalid certificates and outdated TLS versions are refused with an explanation. No setting turns
//! certificate verification off.

use std::io::{Read, Write};

use cogfed_test_support::{Lab, Server};

use super::certificates::{Authority, Validity, prepared, self_signed};
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
    let limited = Authority::only_for("The company's limited root", "corp.example");
    let (sha1, sha1_issuer) = prepared("sha1.pem");
    let (small, small_issuer) = prepared("small.pem");
    let own = &authority.pem;
    let named = "it is not in AWS_CA_BUNDLE (";
    let administrator = "the administrator of the server";
    let cases = [
        ("wrong name", authority.server(&["other.example"]), own, "is for another name", "sign-in page"),
        ("expired", authority.server_of(&["localhost"], Validity::Expired), own, "has expired", "clock"),
        (
            "too new",
            authority.server_of(&["localhost"], Validity::NotYet),
            own,
            "is not valid yet",
            "clock may be wrong",
        ),
        ("self-signed", self_signed(&["localhost"]), own, "is from an issuer that this machine does not trust", named),
        ("unknown issuer", stranger.server(&["localhost"]), own, "is from an issuer that this machine does not", named),
        (
            "an authority's own",
            stranger.itself(),
            &stranger.pem,
            "is self-signed and made for an authority",
            "CA:FALSE",
        ),
        ("for clients", authority.for_clients(), own, "is not for servers (extended key usage)", "serverAuth"),
        ("limited", limited.server(&["localhost"]), &limited.pem, "(name constraints)", administrator),
        ("SHA-1", sha1, &sha1_issuer, "is signed with SHA-1 or MD5, which are broken", "SHA-256"),
        ("small key", small, &small_issuer, "a wrong signature, or a key of less than 2048 bits", administrator),
    ];
    for (case, tls, root, what, hint) in cases {
        let front = Front::alone(answer("200 OK", "", "{}"), Some(tls));
        let place = Place::new(&format!("https://localhost:{}", front.port()), "");
        let bundle = place.home().join("root.pem");
        std::fs::write(&bundle, root).unwrap();
        let ran = place.exchange(&[("AWS_CA_BUNDLE", bundle.to_str().unwrap())]).failed_with(5);
        let error = ran.one_error_and_hint();
        assert!(error.contains(&format!("cannot reach localhost:{}: its ", front.port())), "{case}: {error}");
        assert!(error.contains(what), "{case}: {error}");
        assert!(ran.stderr.contains(hint), "{case}: {}", ran.stderr);
        assert!(!error.contains(['{', '[', '"']), "{case}: a dump: {}", ran.stderr);
        assert_eq!((front.count(""), front.connections()), (0, 1), "{case}: nothing is sent, nor tried again");
    }
}

#[test]
fn unknown_issuer_without_a_bundle_gets_the_advice_to_name_one() {
    let front = Front::alone(answer("200 OK", "", "{}"), Some(Authority::new("Nobody's root").server(&["localhost"])));
    let ran = Place::new(&format!("https://localhost:{}", front.port()), "").exchange(&[]).failed_with(5);
    for word in ["is from an issuer that this machine does not trust", "AWS_CA_BUNDLE", "'ca_bundle'"] {
        assert!(ran.stderr.contains(word), "{}", ran.stderr);
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
