//! Tests of token endpoints that fail, and of codes that are sent twice.

use std::thread;

use cogfed::sandbox::{Misbehaviour, Options};
use cogfed_test_support::http::{exchange, get, listens};
use cogfed_test_support::{Lab, come_back, target};

use super::refusals::refused;

/// Checks that, under this simulated fault, `login` fails with status 5 and these words and sends the code only once.
#[track_caller]
fn fails(misbehaviour: Misbehaviour, words: &str) -> Lab {
    let lab = Lab::with(Options { misbehaviours: vec![misbehaviour], ..Options::default() });
    let message = refused(&lab, 5);
    assert!(message.contains(words), "{message}");
    assert_eq!(lab.sandbox.count("token.code"), 1, "a code is sent once");
    lab
}

#[test]
fn token_endpoint_status_500_fails_the_sign_in() {
    fails(Misbehaviour::Token500, "status 500");
}

#[test]
fn token_endpoint_status_429_fails_the_sign_in() {
    fails(Misbehaviour::Token429, "status 429");
}

#[test]
fn token_endpoint_html_answer_is_refused() {
    fails(Misbehaviour::TokenHtml, "a web page came in its place (status 200): most likely this network requires");
}

#[test]
fn blocked_token_requests_name_the_web_acl() {
    fails(Misbehaviour::TokenWebAcl, "blocked (status 403), most likely by a web ACL");
    fails(Misbehaviour::TokenChallenge, "(status 202, x-amzn-waf-action: challenge)");
}

#[test]
fn network_that_requires_a_sign_in_is_named() {
    fails(Misbehaviour::TokenPortal, "a redirect to portal.example came in its place (status 302)");
}

#[test]
fn token_endpoint_answer_of_10_mib_is_refused() {
    fails(Misbehaviour::Token10Mib, "larger than 1048576 bytes");
}

#[test]
fn silent_token_endpoint_fails_within_the_deadline() {
    fails(Misbehaviour::TokenSilent, "did not answer in time");
}

#[test]
fn token_endpoint_without_an_answer_fails_the_sign_in() {
    fails(Misbehaviour::TokenClose, "no usable answer");
}

#[test]
fn token_endpoint_redirect_gets_no_secrets() {
    let lab = fails(Misbehaviour::TokenRedirect, "a redirect to 127.0.0.1:");
    let elsewhere = lab.sandbox.requests().into_iter().filter(|request| request.path == "/elsewhere").count();
    assert_eq!(elsewhere, 0);
}

#[test]
fn repeated_callback_is_exchanged_once() {
    let lab = Lab::new();
    let waiting = lab.begin_login(&[]);
    let (port, url) = (waiting.port(), waiting.callback("alice"));
    thread::scope(|scope| {
        let replies: Vec<_> = (0..3).map(|_| scope.spawn(|| get(port, &target(&url)))).collect();
        for reply in replies {
            let reply = reply.join().expect("an answer");
            assert_eq!((reply.status, reply.header("location")), (302, Some("/done")), "{reply:?}");
        }
        assert!(get(port, "/done").body.contains("You are signed in"));
    });
    waiting.end().good();
    assert_eq!(lab.sandbox.count("token.code"), 1);
    assert!(!listens(port), "a replay meets nobody");
    lab.run(&["status"]).good();
}

#[test]
fn code_used_by_somebody_else_is_explained() {
    let lab = Lab::new();
    let waiting = lab.begin_login(&[]);
    let url = waiting.callback("alice");
    let code = url.query_pairs().find(|(name, _)| name == "code").expect("a code").1.into_owned();
    let body = format!(
        "grant_type=authorization_code&client_id={}&redirect_uri={}&code={code}&code_verifier={}",
        lab.sandbox.client_id(),
        waiting.redirect_uri(),
        "a".repeat(43)
    );
    let domain: url::Url = lab.sandbox.domain_url().parse().expect("a URL");
    let theft = exchange(
        domain.port().expect("a port"),
        format!(
            "POST /oauth2/token HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
        .as_bytes(),
    );
    assert_eq!(theft.expect("an answer").status, 400, "without the verifier the code is worth nothing");
    let page = come_back(&url);
    assert!(page.body.contains("The sign-in did not succeed"), "{page:?}");
    let ran = waiting.end().failed_with(6);
    let message = ran.one_error_and_hint();
    assert!(message.contains("does not accept the code"), "{message}");
    assert!(!ran.stderr.contains(&code), "{}", ran.stderr);
    lab.run(&["status"]).failed_with(3);
}

#[test]
fn callback_with_two_codes_is_refused() {
    let lab = Lab::with(Options { misbehaviours: vec![Misbehaviour::RepeatedCode], ..Options::default() });
    let waiting = lab.begin_login(&[]);
    let url = waiting.callback("alice");
    let reply = get(waiting.port(), &target(&url));
    assert_eq!(reply.status, 400, "{reply:?}");
    assert_eq!(lab.sandbox.count("token.code"), 0);
    lab.sandbox.behave();
    lab.complete(waiting);
}
