//! `cogfed call` by other ways: `--connect-to`, `--resolve`, and a SOCKS proxy.

use std::net::SocketAddr;

use cogfed_test_support::{Lab, Ran};

use super::requests::signed_in;
use crate::network::certificates::Authority;
use crate::network::front::{Act, Front, answer};
use crate::network::socks::{Manner, Socks};
use crate::network::tunnel::{self, Tunnel};

const API: &str = "abc123.execute-api.eu-west-1.amazonaws.com";

/// The sandbox's API, which verifies signatures, behind TLS with the API's own name.
struct FarEnd {
    lab: Lab,
    front: Front,
    bundle: String,
}

impl FarEnd {
    fn start() -> Self {
        let lab = signed_in("alice");
        let authority = Authority::new("root");
        let url = lab.sandbox.api_url();
        let api: SocketAddr = url.split('/').nth(2).unwrap().parse().unwrap();
        let front = Front::of(api, Some(authority.server(&[API])));
        let bundle = authority.write(lab.home()).to_str().unwrap().to_owned();
        Self { lab, front, bundle }
    }

    fn call(&self, url: &str, flags: &[&str], variables: &[(&str, &str)]) -> Ran {
        let mut command = self.lab.command(&[&["call", "GET", url, "--region", "eu-west-1", "--fail"], flags].concat());
        command.env("AWS_CA_BUNDLE", &self.bundle).envs(variables.iter().copied());
        command.output().unwrap().into()
    }
}

#[test]
fn tunnel_keeps_the_apis_own_name_in_host_and_signature() {
    let far = FarEnd::start();
    let port = far.front.port();
    let url = format!("https://{API}/prod/echo/x?a=1");
    for flags in [
        ["--connect-to", &format!("{API}:443:127.0.0.1:{port}")],
        ["--connect-to", &format!("::localhost:{port}")],
        ["--connect-to", &format!("{}::127.0.0.1:{port}", API.to_uppercase())],
    ] {
        let document = far.call(&url, &flags, &[]).good().document();
        assert_eq!(document["headers"]["host"][0], API, "{flags:?}: {document}");
    }
    // A port in the URL belongs to the name.
    let url = format!("https://{API}:8443/prod/echo/x");
    let document = far.call(&url, &["--connect-to", &format!("{API}:8443:127.0.0.1:{port}")], &[]).good().document();
    assert_eq!(document["headers"]["host"][0], format!("{API}:8443"));
    let url = format!("https://{API}:{port}/prod/echo/x");
    let document = far.call(&url, &["--resolve", &format!("{API}:{port}:127.0.0.1")], &[]).good().document();
    assert_eq!(document["headers"]["host"][0], format!("{API}:{port}"));
    assert_eq!(far.front.connections(), 5);
}

#[test]
fn tunnel_is_reached_without_a_proxy() {
    let far = FarEnd::start();
    let proxy = Tunnel::start(tunnel::Manner::Open, &[(API, far.front.address())]);
    let named = format!("http://me:canary@{}", proxy.address());
    let url = format!("https://{API}/prod/echo/x");
    let near = format!("::127.0.0.1:{}", far.front.port());
    far.call(&url, &["--connect-to", &near], &[("HTTPS_PROXY", &named)]).good();
    let ran = far.call(&url, &["--connect-to", "::192.0.2.1:9443"], &[("HTTPS_PROXY", &named)]).failed_with(2);
    let message = ran.one_error_and_hint();
    let expected = format!("the connection to 192.0.2.1:9443 would go through the proxy {}", proxy.address());
    assert!(message.contains(&expected) && !ran.stderr.contains("canary"), "{}", ran.stderr);
    assert!(ran.stderr.contains("NO_PROXY"), "{}", ran.stderr);
    assert_eq!(proxy.heads().len(), 0);
}

#[test]
fn wrong_detours_are_refused_before_anything_is_sent() {
    let far = FarEnd::start();
    let url = format!("https://{API}/prod/echo/x");
    for (flags, what) in [
        (["--connect-to", "nonsense"], "is not HOST1:PORT1:HOST2:PORT2"),
        (["--resolve", "a:443:name"], "with an IP address at the end"),
    ] {
        let ran = far.call(&url, &flags, &[]).failed_with(2);
        assert!(ran.stderr.contains(what), "{}", ran.stderr);
    }
    let flags = ["--connect-to", &format!("::127.0.0.1:{}", far.front.port())];
    let ran = far.call("https://192.0.2.7/prod", &flags, &[]).failed_with(2);
    assert!(ran.stderr.contains("need a name in the URL"), "{}", ran.stderr);
    assert_eq!(far.front.connections(), 0);
}

#[test]
fn unencrypted_request_never_leaves_this_machine() {
    let far = FarEnd::start();
    let (first, second) = ("http://localhost:1/x", "http://127.0.0.1:1/x");
    for (url, flags) in [
        (first, ["--connect-to", "::192.0.2.1:80"]),
        (second, ["--connect-to", "::192.0.2.1:80"]),
        (first, ["--connect-to", "::[2001:db8::1]:80"]),
        (first, ["--resolve", "localhost:1:192.0.2.1"]),
        (first, ["--resolve", "localhost:1:127.0.0.1,192.0.2.1"]),
    ] {
        let ran = far.call(url, &[&flags[..], &["--connect-timeout", "1"]].concat(), &[]).failed_with(2);
        let message = ran.one_error_and_hint();
        assert!(message.contains("the URL is http, and --connect-to or --resolve would send"), "{flags:?}: {message}");
        assert!(ran.stderr.contains("hint: use https"), "{}", ran.stderr);
    }
    let api = far.lab.sandbox.api_url();
    let near = format!("::{}", api.split('/').nth(2).unwrap());
    let document = far.call("http://localhost:1/prod/echo/x", &["--connect-to", &near], &[]).good().document();
    assert_eq!(document["headers"]["host"][0], "localhost:1");
    // The target of a redirect is no exception.
    let location = "location: http://localhost:2/\r\n";
    let away = Front::alone(answer("302 Found", location, ""), None);
    let flags = ["-L", "--connect-to", "localhost:2:192.0.2.1:80", "--connect-timeout", "1"];
    let ran = far.call(&format!("http://{}/x", away.address()), &flags, &[]).failed_with(2);
    assert!(ran.one_error_and_hint().contains("the URL is http"), "{}", ran.stderr);
    assert_eq!(away.count(""), 1);
}

#[test]
fn call_goes_through_a_socks_proxy() {
    let far = FarEnd::start();
    let socks = Socks::start(Manner::Password("me", "word"), &[(API, far.front.address())]);
    let url = format!("https://{API}/prod/echo/x");
    let proxy = format!("socks5h://me:word@{}", socks.address());
    let document = far.call(&url, &[], &[("ALL_PROXY", &proxy)]).good().document();
    assert_eq!(document["headers"]["host"][0], API);
    assert_eq!(socks.targets(), [format!("{API}:443")]);
    far.front.always("", Act::Close);
    let ran = far.call(&url, &[], &[("ALL_PROXY", &proxy)]).failed_with(5);
    assert!(ran.stderr.contains(&format!("no usable answer from {API}")), "{}", ran.stderr);
}

#[test]
fn authority_certificate_of_a_server_is_explained_although_it_is_named() {
    let lab = signed_in("alice");
    let authority = Authority::new("openssl's default");
    let front = Front::alone(Act::Close, Some(authority.itself()));
    let url = format!("https://localhost:{}/x", front.port());
    for variable in ["AWS_CA_BUNDLE", "SSL_CERT_FILE"] {
        let mut command = lab.command(&["call", "GET", &url, "--region", "eu-west-1"]);
        let ran = Ran::from(command.env(variable, authority.write(lab.home())).output().unwrap()).failed_with(5);
        let message = ran.one_error_and_hint();
        assert!(message.contains("is self-signed and made for an authority (CA:TRUE), not for a server"), "{message}");
        assert!(ran.stderr.contains("CA:FALSE") && !ran.stderr.contains("name the PEM file"), "{}", ran.stderr);
    }
}
