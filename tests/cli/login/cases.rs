//! Requests, each with a name, that the callback listener must refuse. Each contains a parameter that would end the
//! sign-in if it were accepted.

/// A callback with the right path and state, but with a code that was never issued. `{P}` stands for the port, `{S}`
/// for the state.
pub const RIGHT: &str = "/callback?code=stolen&state={S}";
const HOST: &str = "Host: localhost:{P}\r\n";

/// The way in which a case's bytes are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sent {
    /// All bytes are sent at once.
    Whole,
    /// The bytes are sent one by one.
    Slowly,
    /// All bytes are sent at once, and then the sending half of the connection is closed.
    HalfClosed,
    /// All bytes are sent at once, and then the connection is reset.
    Reset,
}

/// A request to the listener, and the expected answer.
#[derive(Debug)]
pub struct Case {
    pub name: String,
    pub request: String,
    /// The accepted HTTP statuses, with 0 for a connection that is closed without an answer.
    pub expected: &'static [u16],
    pub sent: Sent,
}

fn case(name: impl Into<String>, request: impl Into<String>, expected: &'static [u16]) -> Case {
    Case { name: name.into(), request: request.into(), expected, sent: Sent::Whole }
}

fn at_localhost(method: &str, target: &str) -> String {
    format!("{method} {target} HTTP/1.1\r\n{HOST}\r\n")
}

/// Returns a request with this method, these headers and this body. The listener must refuse it.
fn with_body(method: &str, headers: &str, body: &str) -> String {
    format!("{method} {RIGHT} HTTP/1.1\r\n{HOST}{headers}\r\n{body}")
}

/// Returns a GET request with a wrong state and these headers.
fn wrong_with(headers: &str) -> String {
    format!("GET /callback?code=stolen&state=wrong HTTP/1.1\r\n{HOST}{headers}\r\n")
}

/// Returns all groups of cases, each with its name.
pub fn groups() -> Vec<(&'static str, Vec<Case>)> {
    vec![
        ("methods", methods()),
        ("hosts", hosts()),
        ("absolute form", absolute_form()),
        ("paths", paths()),
        ("parameters", parameters()),
        ("other protocols", other_protocols()),
        ("large heads", large_heads()),
        ("framing", framing()),
        ("what browsers add", browsers()),
        ("ways of sending", ways_of_sending()),
    ]
}

pub fn methods() -> Vec<Case> {
    let methods = ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "HEAD", "get", "Get", "PROPFIND", "GETT"];
    let mut cases: Vec<_> = methods.iter().map(|method| case(*method, at_localhost(method, RIGHT), &[405])).collect();
    cases.push(case("CONNECT", at_localhost("CONNECT", "localhost:{P}"), &[405]));
    let form = "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 61\r\n";
    cases.push(case("POST of a form", with_body("POST", form, "code=stolen&state={S}"), &[405]));
    let overriding = "X-HTTP-Method-Override: GET\r\nContent-Length: 0\r\n";
    cases.push(case("POST that says it is a GET", with_body("POST", overriding, ""), &[405]));
    cases
}

/// The values of the header `Host` that name this machine or look similar, as in DNS rebinding, but are not the
/// callback's host and port.
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

pub fn hosts() -> Vec<Case> {
    let named = |host: &&str| {
        case(format!("host '{host}'"), format!("GET {RIGHT} HTTP/1.1\r\nHost: {host}\r\n\r\n"), &[421, 400])
    };
    let mut cases: Vec<_> = HOSTS.iter().map(named).collect();
    for (name, head) in [
        ("no host", "HTTP/1.1\r\n"),
        ("no host, as HTTP/1.0 allows", "HTTP/1.0\r\n"),
        ("the right host twice", "HTTP/1.1\r\nHost: localhost:{P}\r\nHost: localhost:{P}\r\n"),
        ("a wrong host after the right one", "HTTP/1.1\r\nHost: localhost:{P}\r\nHost: attacker.example\r\n"),
        ("a wrong host before the right one", "HTTP/1.1\r\nHost: attacker.example\r\nHost: localhost:{P}\r\n"),
        ("the right one forwarded", "HTTP/1.1\r\nX-Forwarded-Host: localhost:{P}\r\nHost: attacker.example\r\n"),
    ] {
        cases.push(case(name, format!("GET {RIGHT} {head}\r\n"), &[421]));
    }
    cases
}

pub fn absolute_form() -> Vec<Case> {
    [
        ("http://attacker.example", "localhost:{P}"),
        ("http://attacker.example:{P}", "localhost:{P}"),
        ("http://localhost:{P}", "attacker.example"),
        ("http://localhost:{P}@attacker.example", "localhost:{P}"),
        ("http://user@localhost:{P}", "localhost:{P}"),
        ("http://localhost", "localhost:{P}"),
    ]
    .iter()
    .map(|(origin, host)| {
        let request = format!("GET {origin}{RIGHT} HTTP/1.1\r\nHost: {host}\r\n\r\n");
        case(format!("{origin} at {host}"), request, &[421, 400])
    })
    .collect()
}

pub fn paths() -> Vec<Case> {
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
        // The sign-in still waits.
        "/done",
    ];
    let with_query = |path: &&str| at_localhost("GET", &format!("{path}?code=stolen&state={{S}}"));
    let mut cases: Vec<_> = paths.iter().map(|path| case(format!("path {path}"), with_query(path), &[404])).collect();
    cases.push(case("favicon", at_localhost("GET", "/favicon.ico?code=stolen&state={S}"), &[204]));
    cases.push(case("asterisk", at_localhost("GET", "*"), &[404, 400]));
    let bare = at_localhost("GET", "callback?code=stolen&state={S}");
    cases.push(case("path without a slash", bare, &[404, 400, 421]));
    cases.push(case("fragment", at_localhost("GET", "/callback#?code=stolen&state={S}"), &[400]));
    cases.push(case("backslash", at_localhost("GET", "\\callback?code=stolen&state={S}"), &[404, 400, 421]));
    cases
}

pub fn parameters() -> Vec<Case> {
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
        "?code=stolen%26state%3D{S}",
        "?CODE=stolen&STATE={S}",
        "?code=%ff%fe&state={S}",
        "?code=%C0%AF&state={S}",
        "?state={S}&code=%0d%0aSet-Cookie:%20a=b",
        "?error=access_denied&error_description=%1b%5b2J%0d%0a&state=wrong",
        "?error=%00&state=wrong",
    ];
    let named =
        |query: &&str| case(format!("query '{query}'"), at_localhost("GET", &format!("/callback{query}")), &[400]);
    queries.iter().map(named).collect()
}

pub fn other_protocols() -> Vec<Case> {
    let line = |rest: &str| format!("GET {RIGHT} {rest}\r\n{HOST}\r\n");
    let after_head = |header: &str| format!("GET {RIGHT} HTTP/1.1\r\n{HOST}{header}\r\n\r\n");
    [
        ("HTTP/0.9", format!("GET {RIGHT}\r\n\r\n")),
        ("HTTP/0.9 by name", line("HTTP/0.9")),
        ("HTTP/2.0 by name", line("HTTP/2.0")),
        ("HTTP/1.2", line("HTTP/1.2")),
        ("a fourth word in the request line", line("HTTP/1.1 x")),
        ("two spaces in the request line", format!("GET  {RIGHT} HTTP/1.1\r\n{HOST}\r\n")),
        ("a tab in the request line", format!("GET\t{RIGHT} HTTP/1.1\r\n{HOST}\r\n")),
        ("a space before a header's colon", format!("GET {RIGHT} HTTP/1.1\r\nHost : localhost:{{P}}\r\n\r\n")),
        ("a NUL in a header", after_head("X: a\u{0}b")),
        ("a header without a colon", after_head("code")),
        ("a header without a name", after_head(": x")),
        ("a folded header", after_head("X: a\r\n b")),
        ("a bare carriage return", after_head("X: a\rb: c")),
        ("HTTP/2's preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned()),
        ("SSH", "SSH-2.0-OpenSSH_9.2\r\n\r\n".to_owned()),
        ("SMTP", "EHLO attacker.example\r\n\r\n".to_owned()),
        ("empty lines", "\r\n\r\n\r\n\r\n\u{0}\r\n\r\n".to_owned()),
        ("TLS", "\u{16}\u{3}\u{1}\u{0}\u{5}\u{1}\u{0}\u{0}\u{1}\u{0}\r\n\r\n".to_owned()),
        ("NULs", "\u{0}".repeat(64) + "\r\n\r\n"),
    ]
    .into_iter()
    .map(|(name, request)| case(name, request, &[0, 400, 421]))
    .collect()
}

pub fn large_heads() -> Vec<Case> {
    let filler = "x".repeat(256 * 1024);
    let head = |headers: &str| format!("GET {RIGHT} HTTP/1.1\r\n{HOST}{headers}\r\n");
    let refused: &[u16] = &[0, 414, 431];
    vec![
        case("a header of 256 KiB", head(&format!("X-Filler: {filler}\r\n")), refused),
        case("a header's name of 256 KiB", head(&format!("{filler}: x\r\n")), &[0, 400, 414, 431]),
        case("a query of 256 KiB", format!("GET {RIGHT}&x={filler} HTTP/1.1\r\n{HOST}\r\n"), refused),
        case("a method of 256 KiB", format!("{filler} {RIGHT} HTTP/1.1\r\n{HOST}\r\n"), &[0, 400, 414, 431]),
        case("a thousand headers", head(&"X: y\r\n".repeat(1000)), refused),
        case("a second code of 5000", format!("GET {RIGHT}&code={} HTTP/1.1\r\n{HOST}\r\n", "x".repeat(5000)), &[400]),
        case(
            "a code of more than 128 KiB",
            format!("GET /callback?state={{S}}&code={} HTTP/1.1\r\n{HOST}\r\n", "x".repeat(128 * 1024 + 1)),
            &[400],
        ),
        case("a state of 5000", format!("GET {RIGHT}{} HTTP/1.1\r\n{HOST}\r\n", "x".repeat(5000)), &[400]),
    ]
}

/// Returns cases with contradictory lengths, and cases with a second request hidden in or after the first (RFC 9112,
/// section 11.2). If the head itself is well-formed, its method is wrong, so only the hidden request could be accepted.
pub fn framing() -> Vec<Case> {
    let hidden = format!("GET {RIGHT} HTTP/1.1\r\n{HOST}\r\n");
    let chunked = "Transfer-Encoding: chunked\r\n";
    let post = |headers: &str, body: &str| with_body("POST", headers, body);
    let get = |headers: &str| format!("GET {RIGHT} HTTP/1.1\r\n{HOST}{headers}\r\n");
    let refused: &[u16] = &[0, 400, 405, 501];
    let mut cases = vec![
        case("a length that is no number", get("Content-Length: x\r\n"), &[0, 400]),
        case("a negative length", get("Content-Length: -1\r\n"), &[0, 400]),
        case("a length with a plus", get("Content-Length: +1\r\n"), &[0, 400]),
        case("a length in hexadecimal", get("Content-Length: 0x1\r\n"), &[0, 400]),
        case("a length beyond 64 bits", get("Content-Length: 18446744073709551616\r\n"), &[0, 400]),
        case("two lengths", get("Content-Length: 1\r\nContent-Length: 2\r\n"), &[0, 400]),
        case("two lengths in one header", get("Content-Length: 1, 2\r\n"), &[0, 400]),
        case("an unknown transfer coding", get("Transfer-Encoding: x\r\n"), &[0, 400, 501]),
        case("chunked and then another", get("Transfer-Encoding: chunked, x\r\n"), &[0, 400, 501]),
    ];
    for (name, headers, body) in [
        ("TE.CL", format!("{chunked}Content-Length: 4\r\n"), format!("0\r\n\r\n{hidden}")),
        ("CL.TE", format!("Content-Length: 5\r\n{chunked}"), format!("0\r\n\r\n{hidden}")),
        ("TE.TE", format!("{chunked}Transfer-Encoding: identity\r\n"), format!("0\r\n\r\n{hidden}")),
        ("TE with a space", "Transfer-Encoding : chunked\r\n".to_owned(), format!("0\r\n\r\n{hidden}")),
        ("CL.0", "Content-Length: 0\r\n".to_owned(), hidden.clone()),
        ("a request in a body", format!("Content-Length: {}\r\n", hidden.len()), hidden.clone()),
        ("a request in a chunk", chunked.to_owned(), format!("{:x}\r\n{hidden}\r\n0\r\n\r\n", hidden.len())),
        ("a chunk without an end", chunked.to_owned(), "ffffffffffffffff\r\nx".to_owned()),
        ("a chunk size that is no number", chunked.to_owned(), "zz\r\n".to_owned()),
        ("a request in a trailer", chunked.to_owned(), format!("0\r\nX: y\r\n\r\n{hidden}")),
        ("a body that is announced", "Expect: 100-continue\r\nContent-Length: 9\r\n".to_owned(), String::new()),
    ] {
        cases.push(case(name, post(&headers, &body), refused));
    }
    let wrong = at_localhost("GET", "/callback?code=stolen&state=wrong");
    cases.push(case("the right one pipelined after a wrong one", wrong + &hidden, &[400]));
    cases.push(case("the right one after a favicon", at_localhost("GET", "/favicon.ico") + &hidden, &[204]));
    cases.push(case("kept alive", wrong_with("Connection: keep-alive\r\n") + &hidden, &[400]));
    cases.push(case("an upgrade to HTTP/2", wrong_with("Connection: Upgrade\r\nUpgrade: h2c\r\n") + &hidden, &[400]));
    cases
}

/// Returns cases that a web page can make a browser send. A browser's headers never make a wrong request right.
pub fn browsers() -> Vec<Case> {
    let preflight = "Origin: https://attacker.example\r\nAccess-Control-Request-Method: GET\r\n";
    let private = format!("{preflight}Access-Control-Request-Private-Network: true\r\n");
    let mut cases = vec![
        case("CORS preflight", with_body("OPTIONS", preflight, ""), &[405]),
        case("Private Network Access preflight", with_body("OPTIONS", &private, ""), &[405]),
        case("a favicon by an image", at_localhost("GET", "/favicon.ico"), &[204]),
        case("a beacon", with_body("POST", "Content-Type: text/plain\r\nContent-Length: 2\r\n", "{}"), &[405]),
    ];
    for (name, headers) in [
        ("prefetch", "Sec-Purpose: prefetch\r\n"),
        ("prerender", "Sec-Purpose: prefetch;prerender\r\nPurpose: prefetch\r\n"),
        ("a service worker's script", "Service-Worker: script\r\nSec-Fetch-Dest: serviceworker\r\n"),
        ("a service worker's preload", "Service-Worker-Navigation-Preload: true\r\n"),
        (
            "an image from another site",
            "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: no-cors\r\nSec-Fetch-Dest: image\r\n",
        ),
        (
            "a frame on another site",
            "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: iframe\r\n",
        ),
        ("a script on another port", "Sec-Fetch-Site: same-site\r\nSec-Fetch-Mode: cors\r\nSec-Fetch-Dest: empty\r\n"),
        ("a fetch from an origin", "Origin: https://attacker.example\r\nCookie: state={S}\r\n"),
        ("a fetch from null", "Origin: null\r\n"),
        ("the state in a referrer", "Referer: http://localhost:{P}/callback?state={S}\r\n"),
        (
            "a websocket",
            "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: x\r\n",
        ),
        ("a range", "Range: bytes=0-\r\n"),
        ("a compressed answer", "Accept-Encoding: gzip, br\r\nTE: trailers\r\n"),
        ("a proxy's address", "X-Forwarded-For: 127.0.0.1\r\nForwarded: for=127.0.0.1;host=localhost\r\n"),
        ("another path by a header", "X-Original-URL: /callback?code=stolen&state={S}\r\n"),
    ] {
        let is_described = headers.contains("Sec-Fetch");
        cases.push(case(name, wrong_with(headers), if is_described { &[403] } else { &[400] }));
    }
    cases
}

/// Returns cases with slow, half-closed and reset connections. A reset connection gets no answer and does not end the
/// sign-in.
pub fn ways_of_sending() -> Vec<Case> {
    let wrong = wrong_with("");
    let sent = |name: &str, request: &str, expected, sent| Case { sent, ..case(name, request, expected) };
    let right = at_localhost("GET", RIGHT);
    let half = right.strip_suffix("\r\n").unwrap_or_default();
    vec![
        sent("a slow head", &wrong, &[400], Sent::Slowly),
        sent("half closed after a head", &wrong, &[0, 400], Sent::HalfClosed),
        sent("half closed within a head", half, &[0, 400], Sent::HalfClosed),
        sent("half closed at once", "", &[0], Sent::HalfClosed),
        sent("reset after a wrong head", &wrong, &[0], Sent::Reset),
        sent("reset within a head", half, &[0], Sent::Reset),
        sent("reset at once", "", &[0], Sent::Reset),
    ]
}
