//! Tests of the listener's answers to unexpected requests. Each gets its status, and the listener keeps waiting.
//!
//! Requests with the right state carry a code that was never issued. Accepting one would end the sign-in.

use std::collections::BTreeSet;
use std::io::Write;
use std::net::Shutdown;
use std::sync::{Arc, Mutex};

use cogfed_test_support::http::{Reply, answer_on, connect, exchange, get, send_form};
use cogfed_test_support::{Answer, Lab, PROFILE, Request, Server, WaitingLogin, come_back, target};
use url::Url;

use super::cases::{self, Case, Sent};

/// Sends all cases to the same running `login`, checks the answers, and then signs in as Alice.
fn all_refused(cases: &[Case]) {
    let lab = Lab::new();
    let waiting = lab.begin_login(&[]);
    let (port, state) = (waiting.port(), waiting.state());
    for case in cases {
        let bytes = case.request.replace("{P}", &port.to_string()).replace("{S}", &state);
        let reply = sent(port, bytes.as_bytes(), case.sent);
        let status = reply.as_ref().map_or(0, |reply| reply.status);
        assert!(case.expected.contains(&status), "{}: {status} to {:?}", case.name, case.request);
        // A favicon has no page.
        if let Some(reply) = reply.filter(|reply| !reply.body.is_empty()) {
            assert_headers(&reply, &case.name);
            assert!(!reply.body.contains("stolen") && !reply.body.contains(&state), "{}: {reply:?}", case.name);
            assert!(!reply.body.contains("HTTP/1.1 "), "{}: one answer, not two: {reply:?}", case.name);
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
        ("clear-site-data", "\"storage\""),
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

/// Sends the callback for a running `login` with these additional headers, and returns the answer.
fn callback_with(waiting: &WaitingLogin, callback: &Url, headers: &str) -> Reply {
    let port = waiting.port();
    let request = format!("GET {} HTTP/1.1\r\nHost: localhost:{port}\r\n{headers}\r\n", target(callback));
    exchange(port, request.as_bytes()).expect("an answer")
}

#[test]
fn right_answer_inside_another_page_is_refused() {
    let lab = Lab::new();
    let waiting = lab.begin_login(&[]);
    let callback = waiting.callback("alice");
    for headers in [
        "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: no-cors\r\nSec-Fetch-Dest: image\r\n",
        "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: iframe\r\n",
        "Sec-Fetch-Site: same-origin\r\nSec-Fetch-Mode: cors\r\nSec-Fetch-Dest: empty\r\n",
    ] {
        assert_eq!(callback_with(&waiting, &callback, headers).status, 403, "{headers}");
    }
    assert_eq!(lab.sandbox.count("token.code"), 0);
    let navigation = "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document\r\n";
    assert_eq!(callback_with(&waiting, &callback, navigation).status, 302, "a browser's own redirect passes");
    get(waiting.port(), "/done");
    waiting.end().good();
}

#[test]
fn cookies_of_250_kb_do_not_block_the_callback() {
    let lab = Lab::new();
    for length in [9_000, 40_000, 250_000] {
        let waiting = lab.begin_login(&["--force"]);
        let callback = waiting.callback("alice");
        let reply = callback_with(&waiting, &callback, &format!("Cookie: next-auth={}\r\n", "x".repeat(length)));
        assert_eq!(reply.status, 302, "{length}");
        assert!(get(waiting.port(), "/done").body.contains("You are signed in"));
        waiting.end().good();
    }
}

#[test]
fn request_of_more_than_256_kib_is_explained_on_page_and_terminal() {
    let lab = Lab::new();
    let mut waiting = lab.begin_login(&[]);
    let callback = waiting.callback("alice");
    let reply = callback_with(&waiting, &callback, &format!("Cookie: next-auth={}\r\n", "x".repeat(300_000)));
    assert_eq!(reply.status, 431);
    assert!(reply.body.contains("Delete the browser&#39;s cookies of localhost"), "{reply:?}");
    let (warning, hint) = (waiting.next_line(), waiting.next_line());
    assert!(warning.contains("larger than 256 KiB") && hint.contains("cookies of localhost"), "{warning}{hint}");
    lab.complete(waiting);
}

#[test]
fn code_of_128_kib_reaches_the_token_endpoint_whole() {
    let received = Arc::new(Mutex::new(Vec::new()));
    let notes = Arc::clone(&received);
    let server = Server::of_requests(move |request: Request| {
        let is_token = request.head.starts_with("POST /oauth2/token ");
        notes.lock().expect("notes").push(String::from_utf8_lossy(&request.body).into_owned());
        Answer {
            status: if is_token { 400 } else { 302 },
            headers: vec![("content-type".into(), "application/json".into()), ("location".into(), "/login".into())],
            body: br#"{"error":"invalid_grant"}"#.to_vec(),
        }
    });
    let lab = Lab::new();
    let section = lab.sandbox.profile_toml(PROFILE).replace(&lab.sandbox.domain_url(), &server.url());
    lab.configure(&section, "store = 'file'");
    let waiting = lab.begin_login(&[]);
    let code = "c0de".repeat(32 * 1024);
    let reply = get(waiting.port(), &format!("/callback?code={code}&state={}", waiting.state()));
    assert_eq!(reply.status, 302);
    get(waiting.port(), "/done");
    waiting.end().failed_with(6);
    let received = received.lock().expect("notes");
    assert!(received.iter().any(|body| body.contains(&format!("code={code}"))), "{} requests", received.len());
}

#[test]
fn answers_that_cannot_be_used_are_named_on_the_terminal() {
    let lab = Lab::new();
    let mut waiting = lab.begin_login(&[]);
    let (port, state) = (waiting.port(), waiting.state());
    let reply = send_form(port, "POST", "/callback", &format!("code=abc&state={state}"));
    assert_eq!(reply.status, 405);
    let line = waiting.next_line();
    assert!(line.contains("the browser came back by POST") && line.contains("response_mode=form_post"), "{line}");
    for (target, said) in [
        (format!("/?code=abc&state={state}"), "at the path '/' instead of '/callback'"),
        (format!("/signed%1b%5b2Jin?code=abc&state={state}"), "at the path '/signed%1b%5b2Jin' instead of '/callback'"),
        (format!("/callback?state={state}"), "without an authorization code"),
    ] {
        let reply = get(port, &target);
        assert!([400, 404].contains(&reply.status), "{reply:?}");
        assert!(reply.body.contains("The browser came back") && !reply.body.contains("abc"), "{reply:?}");
        let line = waiting.next_line();
        assert!(line.starts_with(&format!("cogfed: warning: the browser came back {said};")), "{line}");
    }
    send_form(port, "POST", "/callback", "code=abc&state=wrong");
    get(port, "/?code=abc&state=wrong");
    assert_eq!(lab.sandbox.count("token.code"), 0);
    let ran = lab.complete(waiting);
    assert_eq!(ran.stderr.matches("warning").count(), 4, "each once: {}", ran.stderr);
}

#[test]
fn short_address_redirects_as_often_as_it_is_opened() {
    let lab = Lab::new();
    let waiting = lab.begin_login(&[]);
    let (port, short) = (waiting.port(), waiting.short.parse::<Url>().expect("a URL"));
    assert_eq!(short.as_str(), format!("http://localhost:{port}{}", short.path()));
    assert!(short.path().len() > 22, "128 bits: {short}");
    for _ in 0..3 {
        let reply = get(port, short.path());
        assert_eq!((reply.status, reply.header("location")), (302, Some(waiting.url.as_str())));
        assert_headers(&reply, "short address");
    }
    for target in [format!("{}x", short.path()), short.path()[..20].to_owned(), short.path().to_lowercase()] {
        assert_eq!(get(port, &target).status, 404, "{target}");
    }
    let other_host = format!("GET {} HTTP/1.1\r\nHost: attacker.example:{port}\r\n\r\n", short.path());
    assert_eq!(exchange(port, other_host.as_bytes()).expect("an answer").status, 421);
    let framed = format!("GET {} HTTP/1.1\r\nHost: localhost:{port}\r\nSec-Fetch-Dest: iframe\r\n\r\n", short.path());
    assert_eq!(exchange(port, framed.as_bytes()).expect("an answer").status, 403);
    let ran = lab.complete(waiting);
    assert!(!ran.stderr.contains("warning"), "{}", ran.stderr);
}

#[test]
fn last_page_names_the_person() {
    let lab = Lab::new();
    let waiting = lab.begin_login(&[]);
    let page = come_back(&waiting.callback("alice"));
    assert!(page.body.contains("Signed in to “lab” as alice@corp.example."), "{page:?}");
    waiting.end().good();
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
