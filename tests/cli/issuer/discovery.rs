//! Tests of the discovery document. It cannot make cogfed open a page at a host that the profile does not allow.

use std::sync::Arc;

use chrono::TimeDelta;
use cogfed::sandbox::Misbehaviour::{
    self, Discovery10Mib, Discovery500, DiscoveryHtml, DiscoveryHttp, DiscoveryOtherHost, DiscoveryOtherIssuer,
    DiscoveryRedirect,
};
use cogfed_test_support::{CREDENTIALS, VisitorBrowser};

use super::lab;

#[test]
fn untrusted_discovery_document_fails_before_the_browser_opens() {
    let (lab, _) = lab();
    for (misbehaviour, status, said) in [
        (DiscoveryOtherIssuer, 6, "is of the issuer"),
        (DiscoveryOtherHost, 6, "is neither the issuer's host nor one of 'issuer_hosts'"),
        (DiscoveryHttp, 6, "http is allowed for loopback hosts only"),
        (Discovery10Mib, 5, "larger than"),
        (DiscoveryHtml, 5, "is not the JSON that OpenID Connect promises"),
        (DiscoveryRedirect, 5, "status 302"),
        (Discovery500, 5, "status 500"),
    ] {
        lab.sandbox.misbehave(misbehaviour, None);
        // Opening a browser fails the test.
        let ran = lab.run_here(&["login"], None).failed_with(status);
        assert!(ran.stderr.contains(said), "{misbehaviour:?}: {}", ran.stderr);
        lab.sandbox.behave();
        assert!(lab.sandbox.requests().iter().all(|request| request.endpoint == "discovery"), "nothing else was asked");
    }
    // Nothing was stored.
    lab.login_here("alice").good();
}

/// The issuer's discovery document names another token endpoint after the sign-in.
#[test]
fn refresh_token_goes_only_to_the_endpoint_that_issued_it() {
    for (misbehaviour, status) in [(DiscoveryOtherHost, 6), (DiscoveryHttp, 6), (DiscoveryOtherIssuer, 6)] {
        let (lab, clock) = lab();
        lab.login_here("alice").good();
        clock.advance(TimeDelta::hours(30));
        lab.sandbox.misbehave(misbehaviour, None);
        lab.sandbox.clear_log();
        lab.run_here(CREDENTIALS, None).failed_with(status);
        let asked: Vec<_> = lab.sandbox.requests().into_iter().map(|request| request.endpoint).collect();
        assert_eq!(asked, ["discovery"], "{misbehaviour:?}");
        lab.sandbox.behave();
        clock.advance(TimeDelta::minutes(1));
        lab.run_here(CREDENTIALS, None).good();
    }
}

#[test]
fn endpoint_on_a_listed_host_gets_no_token_from_elsewhere() {
    let (lab, clock) = lab();
    lab.login_here("alice").good();
    clock.advance(TimeDelta::hours(30));
    lab.sandbox.misbehave(DiscoveryOtherHost, None);
    lab.run_here(CREDENTIALS, None).failed_with(6);
    let issuer: url::Url = lab.sandbox.issuer().parse().unwrap();
    let port = issuer.port().unwrap();
    lab.configure_with(&format!("issuer_hosts = ['localhost:{port}', '127.0.0.2:{port}']"));
    clock.advance(TimeDelta::minutes(1));
    let ran = lab.run_here(CREDENTIALS, None).failed_with(6);
    assert!(ran.stderr.contains("it is not sent") && ran.stderr.contains("--force"), "{}", ran.stderr);
    lab.run_here(&["login", "--force"], Some(Arc::new(VisitorBrowser("alice")))).good();
    lab.run_here(CREDENTIALS, None).good();
}

#[test]
fn tampered_cached_discovery_document_is_fetched_again() {
    let (lab, clock) = lab();
    lab.login_here("alice").good();
    // A renewal uses the cached document; a sign-in always fetches it.
    let renewed = || {
        lab.sandbox.clear_log();
        clock.advance(TimeDelta::hours(2));
        lab.run_here(CREDENTIALS, None).good();
        assert_eq!(lab.sandbox.count("token.refresh"), 1);
        lab.sandbox.count("discovery")
    };
    assert_eq!(renewed(), 0);
    let kept = lab.folder().sub("discovery");
    let name = format!("{}/.well-known/openid-configuration", lab.sandbox.issuer());
    let text = String::from_utf8(kept.read(&name, 1 << 16).unwrap().expect("it is kept").to_vec()).unwrap();
    for odd in [
        text.replace("\"token_endpoint\":\"http://127.0.0.1", "\"token_endpoint\":\"http://127.0.0.2"),
        text.replace("fetched_at\":\"20", "fetched_at\":\"90"),
        "{".repeat(10_000),
        String::new(),
    ] {
        kept.replace(&name, odd.as_bytes()).unwrap();
        assert_eq!(renewed(), 1, "{odd}");
    }
}

#[test]
fn unavailable_discovery_document_loses_no_sign_in() {
    let (lab, clock) = lab();
    lab.login_here("alice").good();
    lab.run_here(CREDENTIALS, None).good();
    clock.advance(TimeDelta::hours(30));
    lab.sandbox.misbehave(Misbehaviour::Discovery500, None);
    lab.run_here(CREDENTIALS, None).failed_with(5);
    lab.sandbox.behave();
    clock.advance(TimeDelta::minutes(1));
    lab.run_here(CREDENTIALS, None).good();
}
