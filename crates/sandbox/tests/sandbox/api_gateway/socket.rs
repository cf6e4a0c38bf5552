//! Tests of the API and STS over a socket.

use std::sync::Arc;

use cogfed_sandbox::api_gateway::LARGEST_BODY;
use cogfed_sandbox::{ManualClock, Misbehaviour, Options};

use crate::support::client::{Answer, Lab, get, send};

/// Checks the headers that API Gateway adds to each error response.
fn is_the_gateway_s(answer: &Answer, error_type: &str) {
    assert_eq!(answer.header("content-type"), Some("application/json"), "{}", answer.head);
    assert_eq!(answer.header("x-amzn-errortype"), Some(error_type), "{}", answer.head);
    assert_eq!(answer.header("x-amzn-requestid").map(str::len), Some(36), "{}", answer.head);
    assert_eq!(answer.header("x-amz-apigw-id").map(str::len), Some(16), "{}", answer.head);
}

#[test]
fn gateway_refuses_a_body_over_the_limit() {
    let lab = Lab::new();
    let post = |length| send("POST", &format!("{}/echo/x", lab.0.api_url()), &[], &"x".repeat(length));
    let answer = post(LARGEST_BODY + 1);
    assert_eq!((answer.status, answer.text("message").as_str()), (413, "Request Too Long"));
    is_the_gateway_s(&answer, "RequestEntityTooLargeException");
    let answer = post(LARGEST_BODY);
    assert_eq!(answer.status, 403, "at the limit the signature decides");
    is_the_gateway_s(&answer, "MissingAuthenticationTokenException");
    assert_eq!((lab.0.count("too_large"), lab.0.count("api.refused")), (1, 1));
}

#[test]
fn failing_gateway_sends_its_headers() {
    let lab = Lab::new();
    lab.0.misbehave(Misbehaviour::Api500, Some(1));
    let answer = get(&format!("{}/orders", lab.0.api_url()));
    assert_eq!((answer.status, answer.text("message").as_str()), (500, "Internal server error"));
    is_the_gateway_s(&answer, "InternalServerErrorException");
}

#[test]
fn answers_are_dated_by_the_servers_clock() {
    let now = "2026-11-22T12:00:00Z".parse().unwrap();
    let lab = Lab::with(Options { clock: Arc::new(ManualClock::at(now)), ..Options::default() });
    for url in [lab.0.api_url(), lab.0.sts_url()] {
        assert_eq!(get(&url).header("date"), Some("Sun, 22 Nov 2026 12:00:00 GMT"), "{url}");
        lab.0.advance_clock(chrono::TimeDelta::days(9));
        assert_eq!(get(&url).header("date"), Some("Tue, 01 Dec 2026 12:00:00 GMT"), "{url}");
        lab.0.advance_clock(chrono::TimeDelta::days(-9));
    }
}
