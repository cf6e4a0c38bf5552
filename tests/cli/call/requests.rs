//! Tests of `cogfed call`: requests that the API allows or refuses, and cogfed's messages about them.

use chrono::TimeDelta;
use cogfed::sandbox::{Misbehaviour, Options};
use cogfed_test_support::{Lab, NoBrowser, Ran};
use serde_json::{Value, json};

/// Returns a lab in which `person` is signed in.
pub fn signed_in(person: &str) -> Lab {
    let lab = Lab::new();
    lab.login(person).good();
    lab
}

/// Calls the sandbox's API at `path`, which is relative to the API's stage.
pub fn call(lab: &Lab, method: &str, path: &str, flags: &[&str]) -> Ran {
    let url = format!("{}{path}", lab.sandbox.api_url());
    lab.run(&[&["call", method, &url], flags].concat())
}

#[test]
fn call_prints_the_api_answer() {
    let lab = signed_in("bob");
    let ran = call(&lab, "GET", "/orders", &[]).good();
    // The API's answer, untouched: the three orders that the sandbox begins with.
    let document = ran.document();
    let orders: Vec<_> = document["orders"].as_array().expect("orders").iter().collect();
    assert_eq!(orders.len(), 3, "{document}");
    assert_eq!((&orders[0]["item"], &orders[0]["quantity"]), (&json!("coffee beans, 1 kg"), &json!(12)), "{document}");
    assert_eq!(ran.stderr, "");
    call(&lab, "get", "/orders", &["--fail"]).good();
    assert_eq!(lab.sandbox.count("api.invoked"), 2);
    assert_eq!(lab.sandbox.count("identity.get_credentials"), 1);
}

#[test]
fn call_refused_by_a_policy_is_explained() {
    let lab = signed_in("bob");
    let ran = call(&lab, "POST", "/orders", &["--json", "-d", "{}"]).good();
    assert!(ran.document()["Message"].as_str().expect("words").contains("is not authorized to perform"), "{ran:?}");
    assert!(ran.stderr.contains("the role 'OrdersReader' may not invoke"), "{}", ran.stderr);
    assert_eq!(ran.stderr.matches("cogfed: hint: ").count(), 1, "{}", ran.stderr);
    let failed = call(&lab, "POST", "/orders", &["--fail", "-d", "{}"]).failed_with(22);
    assert!(failed.stderr.contains("error: the API answered with status 403"), "{}", failed.stderr);
    assert!(failed.stderr.contains("the role 'OrdersReader' may not invoke"), "{}", failed.stderr);
    assert_eq!(failed.stdout, "", "as curl: the body is not wanted");
}

#[test]
fn call_to_a_missing_route_is_explained() {
    let lab = signed_in("alice");
    let ran = call(&lab, "GET", "/nothing/here", &[]).good();
    assert!(ran.stderr.contains("has no GET /prod/nothing/here"), "{}", ran.stderr);
    assert!(ran.stderr.contains("hint: check method and path"), "{}", ran.stderr);
    call(&lab, "GET", "/nothing/here", &["--fail"]).failed_with(22);
}

#[test]
fn call_adds_no_explanation_to_errors_of_the_api_itself() {
    let lab = signed_in("alice");
    let ran = call(&lab, "GET", "/orders/999999", &[]).good();
    assert_eq!(ran.stderr, "", "a 404 of the function's own");
    let ran = call(&lab, "GET", "/orders/999999", &["-f"]).failed_with(22);
    assert!(ran.stderr.contains("status 404"), "{}", ran.stderr);
    lab.sandbox.misbehave(Misbehaviour::Api500, None);
    call(&lab, "GET", "/orders", &[]).good();
    call(&lab, "GET", "/orders", &["--fail"]).failed_with(22);
}

#[test]
fn call_requires_a_sign_in() {
    let lab = Lab::new();
    let ran = call(&lab, "GET", "/orders", &[]).failed_with(3);
    let message = ran.one_error_and_hint();
    assert!(message.contains("nobody is signed in to profile 'lab'"), "{message}");
    assert!(ran.stderr.contains("cogfed login --profile lab"), "{}", ran.stderr);
    assert!(lab.sandbox.requests().is_empty());
}

#[test]
fn call_renews_expired_credentials_first() {
    let (lab, _) = Lab::with_manual_clock(Options::default());
    lab.login_here("alice").good();
    let url = format!("{}/echo/x", lab.sandbox.api_url());
    let key = || -> Value {
        let ran = lab.run_here(&["call", "GET", &url], Some(std::sync::Arc::new(NoBrowser))).good();
        assert_eq!(ran.stderr, "");
        ran.document()["requestContext"]["identity"]["accessKey"].clone()
    };
    let first = key();
    assert_eq!(key(), first);
    lab.advance(TimeDelta::hours(2));
    assert_ne!(key(), first);
    assert_eq!(lab.sandbox.count("token.refresh"), 1);
    assert_eq!(lab.sandbox.count("api.refused"), 0);
    lab.advance(TimeDelta::hours(2));
    lab.sandbox.revoke_all();
    let ran = lab.run_here(&["call", "GET", &url], None).failed_with(3);
    assert!(ran.stderr.contains("has ended"), "{}", ran.stderr);
}

#[test]
fn call_never_signs_for_a_time_after_the_credentials_expire() {
    let lab = signed_in("alice");
    call(&lab, "GET", "/echo/x", &[]).good();
    lab.sandbox.advance_clock(TimeDelta::hours(2));
    let ran = call(&lab, "GET", "/echo/x", &[]).good();
    assert!(ran.stderr.contains("this machine's clock is 1 hour 59 minutes behind the gateway's"), "{}", ran.stderr);
    assert_eq!(lab.sandbox.count("api.refused"), 1, "not signed again by the gateway's clock");
}

#[test]
fn call_signs_again_with_the_gateways_clock() {
    let lab = signed_in("alice");
    call(&lab, "GET", "/echo/x", &[]).good();
    lab.sandbox.clear_log();
    lab.sandbox.misbehave(Misbehaviour::ClockBehind, None);
    let ran = call(&lab, "POST", "/echo/x?a=1", &["-d", "{}"]).good();
    assert_eq!(ran.document()["method"], "POST");
    assert_eq!(ran.stderr.matches("cogfed: warning: ").count(), 1, "{}", ran.stderr);
    assert!(ran.stderr.contains("this machine's clock is 20 min ahead of 127.0.0.1:"), "{}", ran.stderr);
    assert!(ran.stderr.contains("signed once more"), "{}", ran.stderr);
    assert_eq!((lab.sandbox.count("api.refused"), lab.sandbox.count("api.invoked")), (1, 1));
    // The next call knows the offset, and notices that the clock has been corrected.
    lab.sandbox.clear_log();
    assert_eq!(call(&lab, "GET", "/echo/x", &[]).good().stderr, "");
    assert_eq!((lab.sandbox.count("api.refused"), lab.sandbox.count("api.invoked")), (0, 1));
    lab.sandbox.behave();
    call(&lab, "GET", "/echo/x", &[]).good();
    assert_eq!((lab.sandbox.count("api.refused"), lab.sandbox.count("api.invoked")), (1, 2));
    call(&lab, "GET", "/echo/x", &[]).good();
    assert_eq!((lab.sandbox.count("api.refused"), lab.sandbox.count("api.invoked")), (1, 3));
    // A clock that is wrong only at the first attempt, and another failure at the second.
    lab.sandbox.behave();
    lab.sandbox.clear_log();
    lab.sandbox.misbehave(Misbehaviour::ClockBehind, Some(1));
    let ran = call(&lab, "GET", "/echo/x", &[]).good();
    assert_eq!(lab.sandbox.count("api.refused"), 2, "no third try: {}", ran.stderr);
    assert!(ran.stdout.contains("Signature expired"), "{}", ran.stdout);
}

#[test]
fn call_does_not_follow_redirects() {
    let lab = signed_in("alice");
    let to = format!("{}/echo/elsewhere", lab.sandbox.api_url());
    let ran = call(&lab, "GET", &format!("/redirect?to={to}"), &["-i"]).good();
    assert!(ran.stdout.starts_with("HTTP/1.1 302 Found\n"), "{}", ran.stdout);
    assert!(ran.stdout.contains(&format!("\nlocation: {to}\n")), "{}", ran.stdout);
    assert_eq!(lab.sandbox.count("api.invoked"), 1);
    call(&lab, "GET", &format!("/redirect?to={to}"), &["--fail"]).good();
}

#[test]
fn call_for_another_region_is_refused_and_explained() {
    let lab = signed_in("alice");
    assert_eq!(call(&lab, "GET", "/echo/x", &["--region", "eu-west-1"]).good().stderr, "");
    let ran = call(&lab, "GET", "/echo/x", &["--region", "us-east-1"]).good();
    assert!(ran.stderr.contains("was signed for region 'us-east-1'"), "{}", ran.stderr);
    call(&lab, "GET", "/echo/x", &["--region", "nowhere"]).failed_with(2);
}

#[test]
fn call_to_an_unreachable_api_hides_the_query() {
    let lab = signed_in("alice");
    let port = cogfed_test_support::free_ports(1)[0];
    let ran = lab.run(&["call", "GET", &format!("http://127.0.0.1:{port}/prod/x?secret=s")]).failed_with(5);
    let message = ran.one_error_and_hint();
    assert!(message.contains(&format!("cannot reach 127.0.0.1:{port}")), "{message}");
    assert!(!ran.stderr.contains("secret"), "{}", ran.stderr);
}

#[test]
fn call_refuses_invalid_requests_before_sending() {
    let lab = signed_in("alice");
    lab.sandbox.clear_log();
    let url = format!("{}/echo/x", lab.sandbox.api_url());
    for words in [
        ["GET", "not a url"].as_slice(),
        &["GET", "http://api.example.com/"],
        &["GET", "ftp://127.0.0.1/"],
        &["GET /x HTTP/1.1", &url],
        &["GET", &url, "-H", "no colon"],
        &["GET", &url, "-H", "X-A: b\r\nX-Injected: c"],
        &["GET", &url, "-H", "Authorization: mine"],
        &["POST", &url, "-d", "@/nowhere/at/all"],
    ] {
        let ran = lab.run(&[&["call"], words].concat()).failed_with(2);
        ran.one_error_and_hint();
    }
    assert!(lab.sandbox.requests().is_empty(), "{:?}", lab.sandbox.requests());
}
