//! CA bundles that are invalid, and bundles that a request does not need.

use cogfed_test_support::Lab;

use super::certificates::Authority;
use super::front::{Front, answer};
use super::place::Place;

#[test]
fn invalid_ca_bundle_is_named_with_its_source() {
    let front = Front::alone(answer("200 OK", "", "{}"), Some(Authority::new("root").server(&["localhost"])));
    let domain = format!("https://localhost:{}", front.port());
    let place = Place::new(&domain, "");
    let file = |name: &str, bytes: &[u8]| {
        let path = place.home().join(name);
        std::fs::write(&path, bytes).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let garbage = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let folder = place.home().join("folder");
    std::fs::create_dir(&folder).unwrap();
    let cases = [
        (place.home().join("missing.pem").to_str().unwrap().to_owned(), "does not exist"),
        (folder.to_str().unwrap().to_owned(), "is not a plain file"),
        ("/dev/null".to_owned(), "is not a plain file"),
        (file("empty.pem", b""), "holds no certificate"),
        (file("text.pem", b"hello"), "holds no certificate"),
        (file("garbage.pem", garbage.as_bytes()), "holds no certificate"),
        (file("large.pem", &vec![b'\n'; 8 * 1024 * 1024 + 1]), "is larger than 8388608 bytes"),
    ];
    for (path, what) in &cases {
        for variable in ["AWS_CA_BUNDLE", "SSL_CERT_FILE"] {
            let ran = place.exchange(&[(variable, path)]).failed_with(2);
            assert!(ran.stderr.contains(&format!("{variable} names {path}, which {what}")), "{}", ran.stderr);
        }
        let ran = Place::new(&domain, &format!("ca_bundle = '{path}'")).exchange(&[]).failed_with(2);
        let expected = format!("config.toml:8: profile 'place': ca_bundle names {path}, which {what}");
        assert!(ran.stderr.contains(&expected), "{}", ran.stderr);
    }
    for variable in ["AWS_CA_BUNDLE", "SSL_CERT_FILE"] {
        let ran = place.exchange(&[(variable, "text.pem")]).failed_with(2);
        assert!(ran.stderr.contains("is not an absolute path"), "{}", ran.stderr);
    }
    place.exchange(&[("SSL_CERT_FILE", "")]).failed_with(2);
    assert_eq!(front.connections(), 0, "somebody was asked all the same");
}

#[test]
fn environment_cannot_set_the_profiles_ca_bundle() {
    let place = Place::new("http://127.0.0.1:1", "");
    let ran = place.exchange(&[("COGFED_CA_BUNDLE", "/etc/ssl/cert.pem")]).failed_with(2);
    assert!(ran.stderr.contains("COGFED_CA_BUNDLE"), "{}", ran.stderr);
}

#[test]
fn unneeded_ca_bundle_and_proxy_are_not_read() {
    let lab = Lab::new();
    let broken = |words: &[&str]| {
        let mut command = lab.command(words);
        command.env("AWS_CA_BUNDLE", "/nonexistent").env("SSL_CERT_FILE", "").env("HTTPS_PROXY", "http://a:b:c");
        command
    };
    // The sandbox is on loopback, without TLS.
    let waiting = cogfed_test_support::WaitingLogin::of(broken(&["login", "--no-browser"]).spawn().unwrap());
    cogfed::sandbox::visitor::sign_in_as(&waiting.url, "alice").unwrap();
    waiting.end().good();
    let run = |words: &[&str]| cogfed_test_support::Ran::from(broken(words).output().unwrap());
    run(&["credential-process"]).good().document();
    lab.sandbox.clear_log();
    run(&["credential-process"]).good().document();
    assert_eq!(lab.sandbox.count("token.refresh"), 0);
}
