//! The listener's answers to unexpected requests. Each gets its status, and the listener keeps waiting.
//!
//! Requests with the right state carry a code that was never issued. Accepting one would end the sign-in.

use std::collections::BTreeSet;
use std::io::Write;
use std::net::Shutdown;

use cogfed_test_support::http::{Reply, answer_on, connect, exchange, get};
use cogfed_test_support::{Lab, target};

use super::cases::{self, Case, Sent};

/// Sends each case to one waiting login, checks the answers, and then signs Alice in.
fn all_refused(cases: &[Case]) {
    let lab = Lab::new();
    let waiting = lab.begin_login(&[]);
    let (port, state) = (waiting.port(), waiting.state());
    for case in cases {
        let bytes = case.request.replace("{P}", &port.to_string()).replace("{S}", &state);
        let reply = sent(port, bytes.as_bytes(), case.sent);
        let status = reply.as_ref().map_or(0, |reply| reply.status);
        assert!(case.expected.contains(&status), "{}: {status} to {:?}", case.name, case.request);
        // hyper's own refusals have no page.
        if let Some(reply) = reply.filter(|reply| !reply.body.is_empty()) {
            assert_headers(&reply, &case.name);
            assert!(!reply.body.contains("stolen") && !reply.body.contains(&state), "{}: {reply:?}", case.name);
            assert!(!reply.body.contains("HTTP/1.1"), "{}: one answer, not two: {reply:?}", case.name);
        }
        assert_eq!(lab.sandbox.count("token.code"), 0, "{}: a code was taken", case.name);
    }
    lab.complete(waiting);
}

fn sent(port: u16, bytes: &[u8], how: Sent) -> Option<Reply> {
    if how == Sent::Whole {
        return exchange(port, bytes);
    }
    let mut stream = connect(port);
    match how {
        Sent::Slowly => bytes.iter().for_each(|byte| stream.write_all(&[*byte]).expect("it is read")),
        _ => stream.write_all(bytes).expect("the kernel takes it"),
    }
    match how {
        Sent::HalfClosed => stream.shutdown(Shutdown::Write).expect("half of it closes"),
        Sent::Reset => {
            #[cfg(unix)]
            rustix::net::sockopt::set_socket_linger(&stream, Some(std::time::Duration::ZERO)).expect("an option");
            return None;
        }
        Sent::Whole | Sent::Slowly => {}
    }
    answer_on(stream)
}

#[track_caller]
fn assert_headers(reply: &Reply, request: &str) {
    let policy = reply.header("content-security-policy").unwrap_or_default();
    assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"), "{policy} to {request:?}");
    assert!(policy.ends_with("base-uri 'none'; form-action 'none'; frame-ancestors 'none'"), "{policy}");
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("cache-control", "no-store"),
        ("connection", "close"),
        ("content-type", "text/html; charset=utf-8"),
    ] {
        assert_eq!(reply.header(name), Some(value), "{name} to {request:?}");
    }
    assert!(!reply.body.contains("<script"), "{reply:?}");
}

#[test]
fn listener_table_has_at_least_120_distinct_cases() {
    let groups = cases::groups();
    let names: Vec<String> = groups
        .iter()
        .flat_map(|(group, cases)| cases.iter().map(move |case| format!("{group}: {}", case.name)))
        .collect();
    let unique: BTreeSet<&String> = names.iter().collect();
    assert_eq!(unique.len(), names.len(), "a name is there twice");
    assert!(names.len() >= 120, "{} cases", names.len());
}

#[test]
fn listener_refuses_every_method_but_get() {
    all_refused(&cases::methods());
}

#[test]
fn listener_refuses_every_host_but_its_own() {
    all_refused(&cases::hosts());
}

#[test]
fn listener_checks_the_authority_of_absolute_targets() {
    all_refused(&cases::absolute_form());
}

#[test]
fn listener_refuses_every_path_but_the_callback() {
    all_refused(&cases::paths());
}

#[test]
fn listener_refuses_missing_wrong_and_repeated_parameters() {
    all_refused(&cases::parameters());
}

#[test]
fn listener_refuses_every_protocol_but_http_1() {
    all_refused(&cases::other_protocols());
}

#[test]
fn listener_refuses_oversized_heads() {
    all_refused(&cases::large_heads());
}

#[test]
fn listener_refuses_bodies_and_smuggled_requests() {
    all_refused(&cases::framing());
}

#[test]
fn listener_refuses_requests_that_pages_can_forge() {
    all_refused(&cases::browsers());
}

#[test]
fn listener_survives_slow_half_closed_and_reset_connections() {
    all_refused(&cases::ways_of_sending());
}

#[test]
fn listener_names_the_allowed_method() {
    let lab = Lab::new();
    let waiting = lab.begin_login(&[]);
    let port = waiting.port();
    let reply = exchange(port, format!("POST /callback HTTP/1.1\r\nHost: localhost:{port}\r\n\r\n").as_bytes());
    assert_eq!(reply.expect("an answer").header("allow"), Some("GET"));
    waiting.kill();
}

#[test]
fn pages_of_a_good_sign_in_have_security_headers() {
    let lab = Lab::new();
    let waiting = lab.begin_login(&[]);
    let url = waiting.callback("alice");
    let reply = get(waiting.port(), &target(&url));
    assert_eq!((reply.status, reply.body.as_str()), (302, ""));
    assert_headers(&reply, "callback");
    assert_headers(&get(waiting.port(), "/done"), "done");
    waiting.end().good();
}
