//! What the listener answers to requests that are not the awaited one: each gets its status, and the wait goes on.
//!
//! Each of them bears the right state and a code that was never issued: one that got through would end the sign-in.

use crate::support::Lab;
use crate::wire::{Reply, complete, exchange, get};

const RIGHT: &str = "/callback?code=stolen&state={S}";

/// Sends each request to one waiting login (`{P}` is its port, `{S}` its state), looks at the answers, and then signs
/// alice in all the same. A status of 0 is a connection closed without an answer.
fn all_refused(requests: &[(String, &[u16])]) {
    let lab = Lab::new();
    let waiting = lab.begin_login(&[]);
    let (port, state) = (waiting.port(), waiting.state());
    for (request, expected) in requests {
        let bytes = request.replace("{P}", &port.to_string()).replace("{S}", &state);
        let reply = exchange(port, bytes.as_bytes());
        let status = reply.as_ref().map_or(0, |reply| reply.status);
        assert!(expected.contains(&status), "{status} to {request:?}");
        // What hyper refuses by itself has no page.
        if let Some(reply) = reply.filter(|reply| !reply.body.is_empty()) {
            assert_headers(&reply, request);
            assert!(!reply.body.contains("stolen") && !reply.body.contains(&state), "{reply:?}");
        }
    }
    complete(&lab, waiting);
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

fn at_localhost(method: &str, target: &str) -> String {
    format!("{method} {target} HTTP/1.1\r\nHost: localhost:{{P}}\r\n\r\n")
}

#[test]
fn other_methods() {
    let methods = ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "HEAD", "get", "Get", "PROPFIND", "GETT"];
    let mut requests: Vec<_> = methods.iter().map(|method| (at_localhost(method, RIGHT), [405].as_slice())).collect();
    requests.push((at_localhost("CONNECT", "localhost:{P}"), &[405]));
    let form = "code=stolen&state={S}";
    requests.push((
        format!(
            "POST /callback HTTP/1.1\r\nHost: localhost:{{P}}\r\nContent-Type: application/x-www-form-urlencoded\r\n\
             Content-Length: 64\r\n\r\n{form}"
        ),
        &[405],
    ));
    all_refused(&requests);
}

#[test]
fn method_not_allowed_names_the_one_that_is() {
    let lab = Lab::new();
    let waiting = lab.begin_login(&[]);
    let port = waiting.port();
    let reply = exchange(port, format!("POST /callback HTTP/1.1\r\nHost: localhost:{port}\r\n\r\n").as_bytes());
    assert_eq!(reply.expect("an answer").header("allow"), Some("GET"));
    waiting.kill();
}

/// Names that lead to this machine, or look as if they did (DNS rebinding).
const HOSTS: &[&str] = &[
    "",
    "localhost",
    "localhost:",
    "localhost:1",
    "localhost:{P}0",
    "localhost:0{P}",
    "localhost:+{P}",
    "localhost:{P}.",
    "localhost.:{P}",
    "localhost:{P}:{P}",
    "localhost:{P}/",
    "localhost:{P}@attacker.example",
    "localhost:{P},attacker.example",
    "localhost:{P} attacker.example",
    "localhost attacker.example:{P}",
    "attacker.example",
    "attacker.example:{P}",
    "attacker.example:80",
    "localhost.attacker.example:{P}",
    "attacker.localhost:{P}",
    "localhost.localdomain:{P}",
    "127.0.0.1",
    "127.0.0.1:1",
    "127.0.0.1.nip.io:{P}",
    "127.0.0.2:{P}",
    "127.1:{P}",
    "127.0.0.01:{P}",
    "0x7f.0.0.1:{P}",
    "2130706433:{P}",
    "0.0.0.0:{P}",
    "0:{P}",
    "::1:{P}",
    "[::1]",
    "[::]:{P}",
    "[0:0:0:0:0:0:0:1]:{P}",
    "[::ffff:127.0.0.1]:{P}",
    "[::1%lo]:{P}",
    "user@localhost:{P}",
    "http://localhost:{P}",
    "xn--lcalhost-c4a:{P}",
    "l\u{43e}calhost:{P}",
    "localhost\t:{P}",
];

#[test]
fn other_hosts() {
    let request = |host: &&str| (format!("GET {RIGHT} HTTP/1.1\r\nHost: {host}\r\n\r\n"), [421, 400].as_slice());
    let mut requests: Vec<_> = HOSTS.iter().map(request).collect();
    for head in [
        "HTTP/1.1\r\n",
        "HTTP/1.0\r\n",
        "HTTP/1.1\r\nHost: localhost:{P}\r\nHost: localhost:{P}\r\n",
        "HTTP/1.1\r\nHost: localhost:{P}\r\nHost: attacker.example\r\n",
        "HTTP/1.1\r\nX-Forwarded-Host: localhost:{P}\r\nHost: attacker.example\r\n",
    ] {
        requests.push((format!("GET {RIGHT} {head}\r\n"), &[421]));
    }
    all_refused(&requests);
}

#[test]
fn absolute_form() {
    let requests: Vec<_> = [
        ("http://attacker.example", "localhost:{P}"),
        ("http://attacker.example:{P}", "localhost:{P}"),
        ("http://localhost:{P}", "attacker.example"),
        ("http://localhost:{P}@attacker.example", "localhost:{P}"),
        ("http://user@localhost:{P}", "localhost:{P}"),
        ("http://localhost", "localhost:{P}"),
    ]
    .iter()
    .map(|(origin, host)| (format!("GET {origin}{RIGHT} HTTP/1.1\r\nHost: {host}\r\n\r\n"), [421, 400].as_slice()))
    .collect();
    all_refused(&requests);
}

#[test]
fn other_paths() {
    let paths = [
        "/",
        "/call",
        "/Callback",
        "/CALLBACK",
        "/callback/",
        "//callback",
        "/./callback",
        "/x/../callback",
        "/callback/x",
        "/callback;x=1",
        "/callback%20",
        "/callback%00",
        "/%63allback",
        "/.well-known/openid-configuration",
        "/robots.txt",
        "/done/",
        "/Done",
        // Nothing is over yet.
        "/done",
    ];
    let target = |path: &&str| format!("{path}?code=stolen&state={{S}}");
    let mut requests: Vec<_> =
        paths.iter().map(|path| (at_localhost("GET", &target(path)), [404].as_slice())).collect();
    requests.push((at_localhost("GET", "/favicon.ico?code=stolen&state={S}"), &[204]));
    requests.push((at_localhost("GET", "*"), &[404, 400]));
    requests.push((at_localhost("GET", "callback?code=stolen&state={S}"), &[404, 400, 421]));
    all_refused(&requests);
}

#[test]
fn missing_wrong_and_repeated_parameters() {
    let queries = [
        "",
        "?",
        "?code=stolen",
        "?code=stolen&state=",
        "?code=stolen&state",
        "?code=stolen&state={S}x",
        "?code=stolen&state=x{S}",
        "?code=stolen&state={S}%00",
        "?code=stolen&state=+{S}",
        "?code=stolen&State={S}",
        "?code=stolen;state={S}",
        "?code=stolen&amp;state={S}",
        "?state={S}",
        "?state={S}&code=",
        "?state={S}&code=a%20b",
        "?state={S}&code=a%0d%0ab",
        "?state={S}&code=a%00",
        "?state={S}&code=%e2%82%ac",
        "?code=stolen&state={S}&state={S}",
        "?code=stolen&state={S}&state=",
        "?code=stolen&state={S}&st%61te={S}",
        "?code=stolen&state=x&state={S}",
        "?code=stolen&code=stolen&state={S}",
        "?code=stolen&code&state={S}",
        "?error=a&error=b&state={S}",
        "?error=a&error_description=b&error_description=c&state={S}",
        "?code=stolen&state={S}&iss=https%3A%2F%2Fattacker.example",
        "?code=stolen&state={S}&iss=",
        "?error=access_denied",
        "?error=access_denied&state=",
        "?error=access_denied&state=x",
        "?error=access_denied&code=stolen",
    ];
    let requests: Vec<_> =
        queries.iter().map(|query| (at_localhost("GET", &format!("/callback{query}")), [400].as_slice())).collect();
    all_refused(&requests);
}

#[test]
fn what_is_no_http_or_another_one() {
    let tls_hello = "\u{16}\u{3}\u{1}\u{0}\u{5}\u{1}\u{0}\u{0}\u{1}\u{0}";
    let requests: Vec<_> = [
        format!("GET {RIGHT}\r\n\r\n"),
        format!("GET {RIGHT} HTTP/0.9\r\nHost: localhost:{{P}}\r\n\r\n"),
        format!("GET {RIGHT} HTTP/2.0\r\nHost: localhost:{{P}}\r\n\r\n"),
        format!("GET {RIGHT} HTTP/1.1 x\r\nHost: localhost:{{P}}\r\n\r\n"),
        format!("GET  {RIGHT} HTTP/1.1\r\nHost: localhost:{{P}}\r\n\r\n"),
        format!("GET {RIGHT} HTTP/1.1\r\nHost : localhost:{{P}}\r\n\r\n"),
        format!("GET {RIGHT} HTTP/1.1\r\nHost: localhost:{{P}}\r\nX: a\u{0}b\r\n\r\n"),
        format!("GET {RIGHT} HTTP/1.1\r\nHost: localhost:{{P}}\r\nContent-Length: x\r\n\r\n"),
        format!("GET {RIGHT} HTTP/1.1\r\nHost: localhost:{{P}}\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n"),
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned(),
        "SSH-2.0-OpenSSH_9.2\r\n\r\n".to_owned(),
        "\r\n\r\n\r\n\r\n\u{0}\r\n\r\n".to_owned(),
        format!("{tls_hello}\r\n\r\n"),
        "\u{0}".repeat(64) + "\r\n\r\n",
    ]
    .into_iter()
    .map(|request| (request, [0, 400, 421].as_slice()))
    .collect();
    all_refused(&requests);
}

#[test]
fn heads_that_are_too_large() {
    let filler = "x".repeat(64 * 1024);
    let refused: &[u16] = &[0, 414, 431];
    all_refused(&[
        (format!("GET {RIGHT} HTTP/1.1\r\nHost: localhost:{{P}}\r\nX-Filler: {filler}\r\n\r\n"), refused),
        (format!("GET {RIGHT}&x={filler} HTTP/1.1\r\nHost: localhost:{{P}}\r\n\r\n"), refused),
        (format!("{filler} {RIGHT} HTTP/1.1\r\nHost: localhost:{{P}}\r\n\r\n"), &[0, 400, 414, 431]),
        (format!("GET {RIGHT} HTTP/1.1\r\nHost: localhost:{{P}}\r\n{}\r\n", "X: y\r\n".repeat(1000)), refused),
        (format!("GET {RIGHT}{} HTTP/1.1\r\nHost: localhost:{{P}}\r\n\r\n", "x".repeat(5000)), &[400]),
    ]);
}

#[test]
fn a_second_request_on_a_connection_is_not_read() {
    let lab = Lab::new();
    let waiting = lab.begin_login(&[]);
    let (port, state) = (waiting.port(), waiting.state());
    let wrong = format!("GET /callback HTTP/1.1\r\nHost: localhost:{port}\r\n\r\n");
    let right = format!("GET /callback?code=stolen&state={state} HTTP/1.1\r\nHost: localhost:{port}\r\n\r\n");
    let reply = exchange(port, (wrong.clone() + &right).as_bytes()).expect("an answer");
    assert_eq!(reply.status, 400);
    assert!(!reply.body.contains("HTTP/1.1"), "one answer: {reply:?}");
    // The same smuggled in as a body that the first does not have.
    let smuggling = wrong.replace("\r\n\r\n", &format!("\r\nContent-Length: {}\r\n\r\n", right.len())) + &right;
    assert_eq!(exchange(port, smuggling.as_bytes()).expect("an answer").status, 400);
    complete(&lab, waiting);
}

#[test]
fn the_pages_of_a_good_sign_in_have_the_headers_too() {
    let lab = Lab::new();
    let waiting = lab.begin_login(&[]);
    let url = crate::wire::callback(&waiting, "alice");
    let reply = get(waiting.port(), &crate::wire::target(&url));
    assert_eq!((reply.status, reply.body.as_str()), (302, ""));
    assert_headers(&reply, "callback");
    assert_headers(&get(waiting.port(), "/done"), "done");
    waiting.end().good();
}
