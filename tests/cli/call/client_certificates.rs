//! Tests of `cogfed call --cert`, which presents a client certificate to an API with mutual TLS.

use std::path::Path;

use base64::Engine;
use cogfed_test_support::{Lab, Ran};
use rustls::version::{TLS12, TLS13};

use super::requests::signed_in;
use crate::network::certificates::Authority;
use crate::network::front::{Front, answer};
use crate::network::tunnel::{Manner, Tunnel};

/// Writes a file that only this user can read, and returns the path of the file.
fn write(folder: &Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    #[cfg(unix)]
    std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    path.to_str().unwrap().to_owned()
}

fn call(lab: &Lab, authority: &Authority, front: &Front, flags: &[&str]) -> Ran {
    let url = format!("https://localhost:{}/x", front.port());
    let mut command = lab.command(&[&["call", "GET", &url, "--region", "eu-west-1"], flags].concat());
    command.env("AWS_CA_BUNDLE", authority.write(lab.home())).output().unwrap().into()
}

/// Converts a P-256 private key in PEM from the form PKCS#8 to the form SEC 1.
fn sec1(pkcs8: &str) -> String {
    let body: String = pkcs8.lines().filter(|line| !line.starts_with("-----")).collect();
    let der = base64::prelude::BASE64_STANDARD.decode(body).unwrap();
    let at = der.windows(4).position(|part| part == [0x04, 0x6d, 0x30, 0x6b]).unwrap() + 2;
    let text = base64::prelude::BASE64_STANDARD.encode(&der[at..]);
    format!("-----BEGIN EC PRIVATE KEY-----\n{text}\n-----END EC PRIVATE KEY-----\n")
}

#[test]
fn client_certificate_is_presented_to_the_api() {
    let lab = signed_in("alice");
    let authority = Authority::new("root");
    let (certificate, key) = authority.client();
    let home = lab.home();
    let cert = write(home, "client.pem", &certificate);
    let own_key = write(home, "client.key", &key);
    let sec1_key = write(home, "sec1.key", &sec1(&key));
    let both = write(home, "both.pem", &format!("{key}{certificate}"));
    for version in [&TLS12, &TLS13] {
        let front = Front::alone(answer("200 OK", "", "{\"mutual\":true}"), Some(authority.demanding(version)));
        for flags in [
            &["--cert", &*cert, "--key", &own_key][..],
            &["-E", &cert, "--key", &sec1_key],
            &["-E", &both],
            &["-E", &format!("{both}:password")],
            &["-E", &format!("{both}:pass:word")],
        ] {
            let ran = call(&lab, &authority, &front, flags).good();
            assert_eq!((ran.document()["mutual"].as_bool(), &*ran.stderr), (Some(true), ""), "{version:?} {flags:?}");
        }
        let ran = call(&lab, &authority, &front, &[]).failed_with(5);
        assert!(ran.one_error_and_hint().contains("demands a client certificate"), "{version:?}: {}", ran.stderr);
        assert!(ran.stderr.contains("--cert FILE --key FILE"), "{version:?}: {}", ran.stderr);
        assert_eq!(front.count(""), 5);
    }
}

#[test]
fn redirect_to_another_host_gets_no_client_certificate() {
    let lab = signed_in("alice");
    let authority = Authority::new("root");
    let (certificate, key) = authority.client();
    let both = write(lab.home(), "both.pem", &format!("{certificate}{key}"));
    let other = Front::alone(answer("200 OK", "", "{}"), Some(authority.demanding(&TLS12)));
    let location = format!("location: https://localhost:{}/\r\n", other.port());
    let front = Front::alone(answer("302 Found", &location, ""), Some(authority.demanding(&TLS12)));
    let ran = call(&lab, &authority, &front, &["-L", "-E", &both]).failed_with(5);
    assert!(ran.stderr.contains("demands a client certificate"), "{}", ran.stderr);
    assert_eq!((front.count(""), other.count("")), (1, 0));
}

#[test]
fn proxy_gets_no_client_certificate() {
    let lab = signed_in("alice");
    let authority = Authority::new("root");
    let (certificate, key) = authority.client();
    let both = write(lab.home(), "both.pem", &format!("{certificate}{key}"));
    let front = Front::alone(answer("200 OK", "", "{\"mutual\":true}"), Some(authority.server(&["api.example"])));
    let tunnel = Tunnel::start(Manner::Open, &[("api.example", front.address())]);
    let speaker = Front::relay(tunnel.address(), authority.demanding(&TLS12));
    let over_tls = format!("https://me:canary@localhost:{}", speaker.port());
    let through = |proxy: &str, flags: &[&str]| -> Ran {
        let words = ["call", "GET", "https://api.example/x", "--region", "eu-west-1"];
        let mut command = lab.command(&[&words, flags].concat());
        command.env("AWS_CA_BUNDLE", authority.write(lab.home())).env("HTTPS_PROXY", proxy).output().unwrap().into()
    };
    let ran = through(&over_tls, &["-E", &both]).failed_with(2);
    let expected = format!("the proxy localhost:{} is reached over TLS, and could ask for the", speaker.port());
    assert!(ran.one_error_and_hint().contains(&expected) && !ran.stderr.contains("canary"), "{}", ran.stderr);
    assert!(ran.stderr.contains("NO_PROXY"), "{}", ran.stderr);
    assert_eq!((speaker.connections(), speaker.count(""), tunnel.heads().len()), (0, 0, 0));
    // A proxy without TLS cannot ask for it, and only relays the API's request for it.
    let plain = format!("http://{}", tunnel.address());
    assert_eq!(through(&plain, &["-E", &both]).good().document()["mutual"], true);
}

#[test]
fn unusable_certificates_and_keys_are_explained_before_anything_is_sent() {
    let lab = signed_in("alice");
    let authority = Authority::new("root");
    let ((certificate, key), (_, other_key)) = (authority.client(), authority.client());
    let home = lab.home();
    let cert = write(home, "client.pem", &certificate);
    let front = Front::alone(answer("200 OK", "", "{}"), Some(authority.demanding(&TLS13)));
    let encrypted = "-----BEGIN ENCRYPTED PRIVATE KEY-----\ncanary\n-----END ENCRYPTED PRIVATE KEY-----\n";
    let old = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\ncanary\n-----END RSA PRIVATE KEY-----\n";
    for (name, text, what, hint) in [
        ("encrypted", encrypted, "is encrypted", "openssl pkey -in "),
        ("old", old, "is encrypted", "openssl pkey -in "),
        ("other", &other_key, "does not belong to the certificate in ", "give the pair"),
        ("none", "canary", "holds no private key in PEM", "--key"),
    ] {
        let key = write(home, name, text);
        let ran = call(&lab, &authority, &front, &["--cert", &cert, "--key", &key]).failed_with(2);
        assert!(ran.one_error_and_hint().contains(what), "{name}: {}", ran.stderr);
        assert!(ran.stderr.contains(hint) && !ran.stderr.contains("canary"), "{name}: {}", ran.stderr);
    }
    let der = write(home, "client.der", "0\u{1}\u{2}");
    let ran = call(&lab, &authority, &front, &["--cert", &der, "--key", &write(home, "k", &key)]).failed_with(2);
    assert!(ran.stderr.contains("holds no certificate in PEM"), "{}", ran.stderr);
    for text in ["/nowhere/cert.pem:canary", "/nowhere/cert.pem:canary:canary", "/nowhere/cert.pem:canary:"] {
        let ran = call(&lab, &authority, &front, &["--cert", text]).failed_with(2);
        assert!(ran.stderr.contains("/nowhere/cert.pem") && !ran.stderr.contains("canary"), "{}", ran.stderr);
    }
    assert_eq!(front.connections(), 0);
}

#[cfg(unix)]
#[test]
fn colon_in_the_name_of_a_certificate_begins_no_password() {
    let lab = signed_in("alice");
    let authority = Authority::new("root");
    let (certificate, key) = authority.client();
    let both = write(lab.home(), "both:1.pem", &format!("{certificate}{key}"));
    let front = Front::alone(answer("200 OK", "", "{}"), Some(authority.demanding(&TLS13)));
    for text in [&both, &format!("{both}:password"), &format!("{both}:pass:word")] {
        call(&lab, &authority, &front, &["-E", text]).good();
    }
}

#[cfg(unix)]
#[test]
fn private_key_that_others_can_read_gets_a_warning() {
    let lab = signed_in("alice");
    let authority = Authority::new("root");
    let (certificate, key) = authority.client();
    let both = write(lab.home(), "both.pem", &format!("{certificate}{key}"));
    std::fs::set_permissions(&both, std::os::unix::fs::PermissionsExt::from_mode(0o640)).unwrap();
    let front = Front::alone(answer("200 OK", "", "{}"), Some(authority.demanding(&TLS13)));
    let ran = call(&lab, &authority, &front, &["-E", &both]).good();
    assert!(ran.stderr.contains("other users can read the private key in"), "{}", ran.stderr);
    assert!(ran.stderr.contains("hint: chmod 600"), "{}", ran.stderr);
}
