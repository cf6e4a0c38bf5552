//! Tests with CA bundles that are invalid, or that a request does not need.

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
fn bundles_are_read_as_openssl_reads_them() {
    let root = Authority::new("root");
    let front =
        Front::alone(answer("400 Bad Request", "", r#"{"error":"invalid_grant"}"#), Some(root.server(&["localhost"])));
    let place = Place::new(&format!("https://localhost:{}", front.port()), "");
    let text = format!("\u{feff}{}", root.pem.replace('\n', "\r\n"));
    let trusted = root.trusted_pem();
    let commented = format!("Certificate:\n    Version: 3 (0x2)\n{}# the end", root.pem);
    for (name, text) in [
        ("windows.pem", &text),
        ("trusted.pem", &trusted),
        ("x509.pem", &root.pem.replace(" CERTIFICATE", " X509 CERTIFICATE")),
        ("text.pem", &commented),
    ] {
        let path = place.home().join(name);
        std::fs::write(&path, text).unwrap();
        place.exchange(&[("AWS_CA_BUNDLE", path.to_str().unwrap())]).failed_with(6);
    }
    let folder = place.home().join("folder");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("0a1b2c3d.0"), &root.pem).unwrap();
    std::fs::write(folder.join("README"), "no certificate").unwrap();
    let variables = [("SSL_CERT_DIR", folder.to_str().unwrap())];
    let status = if cfg!(any(windows, target_os = "macos")) { 5 } else { 6 };
    place.exchange(&variables).failed_with(status);
}

#[test]
fn bundle_in_another_form_is_named_with_the_command_that_converts_it() {
    let root = Authority::new("root");
    let front = Front::alone(answer("200 OK", "", "{}"), Some(root.server(&["localhost"])));
    let place = Place::new(&format!("https://localhost:{}", front.port()), "");
    let wide: Vec<u8> = root.pem.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let pkcs7 = "-----BEGIN PKCS7-----\nMAsGCSqGSIb3DQEHAg==\n-----END PKCS7-----\n";
    for (name, bytes, what, command) in [
        ("root.der", root.der(), "holds a certificate in DER form", "openssl x509 -inform DER -in "),
        ("root.p7b", pkcs7.as_bytes(), "is in PKCS#7 form", "openssl pkcs7 -print_certs -in "),
        ("wide.pem", &wide, "is in UTF-16", "iconv -f UTF-16LE -t UTF-8 "),
    ] {
        let path = place.home().join(name);
        std::fs::write(&path, bytes).unwrap();
        let ran = place.exchange(&[("AWS_CA_BUNDLE", path.to_str().unwrap())]).failed_with(2);
        for word in [what, path.to_str().unwrap(), if cfg!(windows) { "convert it: " } else { command }] {
            assert!(ran.stderr.contains(word), "{word}: {}", ran.stderr);
        }
    }
}

#[cfg(unix)]
#[test]
fn bundle_that_others_can_change_is_refused() {
    use std::os::unix::fs::{PermissionsExt, chown};

    let root = Authority::new("root");
    let front = Front::alone(answer("200 OK", "", "{}"), Some(root.server(&["localhost"])));
    let domain = format!("https://localhost:{}", front.port());
    let place = Place::new(&domain, "");
    let folder = place.home().join("folder");
    std::fs::create_dir(&folder).unwrap();
    let bundle = root.write(&folder);
    let mode = |path: &std::path::Path, mode| std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
    let path = bundle.to_str().unwrap();
    for (exposed, odd, usual) in [(&bundle, 0o666, 0o644), (&folder, 0o777, 0o755)] {
        mode(exposed, odd);
        for variable in ["AWS_CA_BUNDLE", "SSL_CERT_FILE"] {
            let ran = place.exchange(&[(variable, path)]).failed_with(2);
            let expected =
                format!("{variable} names {path}, which is not used: others may write to {}", exposed.display());
            assert!(ran.stderr.contains(&expected), "{}", ran.stderr);
            assert!(ran.stderr.contains(&format!("chmod go-w {}", exposed.display())), "{}", ran.stderr);
        }
        let ran = place.exchange(&[("SSL_CERT_DIR", folder.to_str().unwrap())]);
        assert!(cfg!(target_os = "macos") || ran.status == 2, "{}", ran.stderr);
        mode(exposed, usual);
    }
    if chown(&bundle, Some(rustix::process::geteuid().as_raw() + 1), None).is_ok() {
        let ran = Place::new(&domain, &format!("ca_bundle = '{path}'")).exchange(&[]).failed_with(2);
        assert!(ran.stderr.contains(&format!("{path} belongs to user ")), "{}", ran.stderr);
    }
    assert_eq!(front.connections(), 0);
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
