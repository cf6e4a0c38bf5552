//! Tests that send raw requests to a listener in the test's own runtime. Clients block, so each has a thread of its
//! own. A client that only connects stays in the kernel's queue until the listener gets its turn.

use std::future::Future;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener as StdListener, TcpStream};
use std::pin::pin;
use std::task::{Context, Waker};

use super::*;

const CALLBACK: &str = "/callback?code=abc&state=right";
const URL: &str = "https://corp.example/oauth2/authorize?state=right";
/// The time after which a test fails because the listener has not reacted. It is shorter than the listener's deadline,
/// so that no test passes because of that deadline.
const HANG: Duration = Duration::from_secs(4);

/// Returns a listener that is bound to a free port.
fn bound() -> Listener {
    let free = || StdListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
    (0..50).find_map(|_| Listener::bind(&[free()]).ok()).expect("a port that is free on 127.0.0.1 and ::1")
}

/// Starts a listener in the current runtime, and returns it with its port.
fn serving() -> (Serving, u16) {
    let listener = bound();
    let port = listener.port();
    let awaited = Awaited {
        port,
        path: "/callback".into(),
        start: "/short".into(),
        state: Secret::new("right"),
        issuers: Vec::new(),
        needs_issuer: false,
    };
    (listener.serve(awaited, &URL.parse().unwrap()).unwrap(), port)
}

fn signed_in() -> Ending {
    Ending::SignedIn { profile: "prod".into(), person: "ada".into() }
}

/// Waits for the next request that the listener reports.
async fn come_in(serving: &mut Serving) -> Arrival {
    tokio::time::timeout(HANG, serving.next()).await.expect("something comes in")
}

/// Runs blocking client code on another thread, so that the listener can use the current thread.
async fn aside<T: Send + 'static>(client: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(client).await.unwrap()
}

fn connect(port: u16) -> TcpStream {
    connected(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))
}

fn connected(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect_timeout(&address, HANG).unwrap();
    stream.set_read_timeout(Some(HANG)).unwrap();
    stream
}

fn ask(mut stream: &TcpStream, method: &str, target: &str) {
    let port = stream.peer_addr().unwrap().port();
    write!(stream, "{method} {target} HTTP/1.1\r\nhost: localhost:{port}\r\n\r\n").unwrap();
}

/// Reads the answer until the listener closes the connection.
#[track_caller]
fn answer_on(mut stream: &TcpStream) -> String {
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer, and the end of it");
    answer
}

fn get(port: u16, target: &str) -> String {
    let stream = connect(port);
    ask(&stream, "GET", target);
    answer_on(&stream)
}

#[track_caller]
fn assert_status(answer: &str, status: u16) {
    assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "not {status}: {answer}");
}

#[track_caller]
fn assert_headers(answer: &str) {
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
    let policy = format!("content-security-policy: {}", POLICY.as_str());
    for line in [
        "content-type: text/html; charset=utf-8",
        "cache-control: no-store",
        "connection: close",
        "referrer-policy: no-referrer",
        "x-content-type-options: nosniff",
        "clear-site-data: \"storage\"",
        policy.as_str(),
    ] {
        assert!(head.lines().any(|it| it == line), "'{line}' is not in: {head}");
    }
    assert!(!body.contains("abc"), "the code is in {body}");
}

#[tokio::test]
async fn each_answer_has_its_status_page_and_headers() {
    let (mut serving, port) = serving();
    let not_ours = "Nothing to see here";
    for (method, target, status, body, is_allow_named) in [
        ("POST", "/callback?code=abc&state=wrong", 405, not_ours, true),
        ("GET", "/", 404, not_ours, false),
        ("GET", "/callback?code=abc&state=wrong", 400, "This does not belong to the sign-in", false),
        ("GET", "/callback?error=server_error&state=wrong", 400, "This does not belong to the sign-in", false),
        ("GET", "/done", 404, "The sign-in is not over yet.", false),
        ("GET", "/favicon.ico", 204, "", false),
    ] {
        let answer = aside(move || {
            let stream = connect(port);
            ask(&stream, method, target);
            answer_on(&stream)
        })
        .await;
        assert_status(&answer, status);
        assert_headers(&answer);
        assert!(answer.contains(body), "{method} {target}: {answer}");
        assert_eq!(answer.contains("allow: GET\r\n"), is_allow_named, "{answer}");
        assert_eq!(status == 204, answer.ends_with("\r\n\r\n"), "a page, or none: {answer}");
    }
    assert!(matches!(come_in(&mut serving).await, Arrival::Remark(Remark::Unvouched(Some("server_error")))));
    assert!(serving.inbox.try_recv().is_err(), "nothing else came in");
}

#[tokio::test]
async fn browser_ends_on_a_page_without_a_code() {
    let (mut serving, port) = serving();
    let browser = tokio::task::spawn_blocking(move || get(port, CALLBACK));
    assert!(matches!(come_in(&mut serving).await, Arrival::Code(code) if code.expose() == "abc"));
    assert!(!browser.is_finished(), "it waits for the ending");
    let mut finished = pin!(serving.finish(signed_in()));
    let answer = tokio::select! {
        () = &mut finished => panic!("it ended before the browser had the page"),
        answer = browser => answer.unwrap(),
    };
    assert_status(&answer, 302);
    assert!(answer.contains("location: /done\r\n") && answer.ends_with("\r\n\r\n"), "{answer}");
    assert_headers(&answer);
    let (page, ()) = tokio::join!(aside(move || get(port, "/done")), finished);
    assert_status(&page, 200);
    assert_headers(&page);
    assert!(page.contains("You are signed in"), "{page}");
}

#[tokio::test]
async fn short_address_redirects_until_the_sign_in_is_over() {
    let (serving, port) = serving();
    assert!(!serving.is_opened());
    for _ in 0..3 {
        let answer = aside(move || get(port, "/short")).await;
        assert_status(&answer, 302);
        assert!(answer.contains(&format!("location: {URL}\r\n")) && answer.ends_with("\r\n\r\n"), "{answer}");
        assert_headers(&answer);
    }
    assert!(serving.is_opened());
    serving.ending.send_replace(Some(signed_in()));
    let answer = aside(move || get(port, "/short")).await;
    assert_status(&answer, 200);
    assert!(answer.contains("You are signed in") && !answer.contains("location"), "{answer}");
}

#[tokio::test]
async fn unusable_and_oversized_answers_are_reported() {
    let (mut serving, port) = serving();
    let form = "code=abc&state=right";
    let post = format!(
        "POST /callback HTTP/1.1\r\nhost: localhost:{port}\r\ncontent-type: application/x-www-form-urlencoded\r\n\
         content-length: {}\r\n\r\n{form}",
        form.len()
    );
    let cookies = "x".repeat(300 * 1024);
    let oversized = format!("GET {CALLBACK} HTTP/1.1\r\nhost: localhost:{port}\r\ncookie: {cookies}\r\n\r\n");
    let elsewhere = format!("GET /other HTTP/1.1\r\nhost: localhost:{port}\r\ncookie: {cookies}\r\n\r\n");
    for (request, status, said) in [
        (post, 405, "response_mode=form_post"),
        (elsewhere, 431, "larger than 256 KiB"),
        (oversized, 431, "larger than 256 KiB"),
    ] {
        let answer = aside(move || {
            let mut stream = connect(port);
            stream.write_all(request.as_bytes()).unwrap();
            answer_on(&stream)
        })
        .await;
        assert_status(&answer, status);
        assert_headers(&answer);
        assert!(answer.contains(said), "{answer}");
    }
    assert!(
        matches!(come_in(&mut serving).await, Arrival::Remark(Remark::Unusable(reason)) if reason.contains("POST"))
    );
    assert!(matches!(come_in(&mut serving).await, Arrival::Remark(Remark::TooLarge)));
    assert!(serving.inbox.try_recv().is_err(), "a page that no sign-in has is not reported");
}

#[tokio::test]
async fn first_answer_counts_and_all_browsers_see_its_outcome() {
    let (mut serving, port) = serving();
    let clients = ["/callback?error=access_denied&state=right", CALLBACK, CALLBACK].map(|target| {
        let client = connect(port);
        ask(&client, "GET", target);
        client
    });
    // Sent last: once it has arrived, the others have, too.
    ask(&connect(port), "GET", "/callback?error=server_error");
    assert!(matches!(come_in(&mut serving).await, Arrival::Denied(denial) if denial.error == "access_denied"));
    assert!(matches!(come_in(&mut serving).await, Arrival::Remark(Remark::Unvouched(_))));
    serving.ending.send_replace(Some(signed_in()));
    for answer in aside(move || clients.map(|client| answer_on(&client))).await {
        assert_status(&answer, 302);
    }
    assert!(serving.inbox.try_recv().is_err(), "one answer counts");
}

#[tokio::test]
#[cfg(target_os = "linux")]
async fn code_from_a_possible_other_user_is_refused() {
    let (mut serving, port) = serving();
    // The owner of a closed connection cannot be looked up.
    ask(&connect(port), "GET", CALLBACK);
    assert!(matches!(come_in(&mut serving).await, Arrival::Remark(Remark::Stranger(Stranger::Unknown))));
    ask(&connect(port), "GET", "/short");
    let witness = connect(port);
    ask(&witness, "GET", "/callback?error=server_error");
    assert!(matches!(come_in(&mut serving).await, Arrival::Remark(Remark::Unvouched(_))));
    assert!(!serving.is_opened(), "the short address is not answered either");
    assert!(serving.inbox.try_recv().is_err());
    let browser = connect(port);
    ask(&browser, "GET", CALLBACK);
    assert!(matches!(come_in(&mut serving).await, Arrival::Code(_)), "the sign-in goes on");
}

/// Returns whether this machine has the address ::1; prints a note if it has not.
fn has_ipv6() -> bool {
    let has = StdListener::bind((Ipv6Addr::LOCALHOST, 0)).is_ok();
    if !has {
        eprintln!("skipped: there is no ::1 here");
    }
    has
}

#[test]
fn port_must_be_free_on_both_loopback_addresses() {
    let halves: &[SocketAddr] = if has_ipv6() {
        &[SocketAddr::new(Ipv4Addr::LOCALHOST.into(), 0), SocketAddr::new(Ipv6Addr::LOCALHOST.into(), 0)]
    } else {
        &[SocketAddr::new(Ipv4Addr::LOCALHOST.into(), 0)]
    };
    for half in halves {
        let taken = StdListener::bind(half).unwrap();
        let port = taken.local_addr().unwrap().port();
        let failure = Listener::bind(&[port]).unwrap_err();
        assert_eq!(failure.kind, Kind::Busy, "{half}");
        assert!(failure.message.contains(&format!(": {port}")), "{failure}");
        let free = bound();
        let other = free.port();
        drop(free);
        assert_eq!(Listener::bind(&[port, other]).unwrap().port(), other);
    }
    assert_eq!(Listener::bind(&[]).unwrap_err().kind, Kind::Busy);
}

#[test]
fn refused_ports_are_reported_with_the_systems_reason() {
    use io::ErrorKind::{AddrInUse, AddrNotAvailable, PermissionDenied};
    let holder = |port| (port == 8400).then(|| Holder { pid: 4711, program: "node".into() });
    let failure = |faults: &[(u16, io::ErrorKind)]| {
        let faults: Vec<_> = faults.iter().map(|(port, kind)| (*port, io::Error::from(*kind))).collect();
        no_port(&faults, &holder)
    };
    let taken = failure(&[(8400, AddrInUse), (8401, AddrInUse)]);
    assert_eq!(taken.message, "every callback port is taken on 127.0.0.1 or ::1: 8400 by node (pid 4711), 8401");
    assert_eq!(taken.kind, Kind::Busy);
    assert!(taken.hint.unwrap().starts_with("stop the program that holds one of them, or register another"));
    let forbidden = failure(&[(50_000, PermissionDenied), (50_001, PermissionDenied)]);
    let said = "the system does not let cogfed use the callback ports (permission denied): 50000, 50001";
    assert_eq!((forbidden.kind, forbidden.message.as_str()), (Kind::Usage, said));
    assert!(forbidden.hint.unwrap().contains("netsh int ipv4 show excludedportrange protocol=tcp"));
    #[cfg(unix)]
    assert!(failure(&[(81, PermissionDenied)]).hint.unwrap().starts_with("ports below 1024 are the system's"));
    let mixed = failure(&[(81, PermissionDenied), (8400, AddrInUse), (8401, AddrNotAvailable)]);
    assert_eq!(mixed.kind, Kind::Busy);
    assert!(mixed.message.contains(": 81 (permission denied), 8400 by node (pid 4711) (taken), 8401 ("), "{mixed}");
}

/// Returns whether [`Serving::finish`] completes at its first poll.
fn is_over_at_once(prepare: impl FnOnce(&Desk)) -> bool {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let _inside = runtime.enter();
    let (serving, _) = serving();
    prepare(&serving.desk);
    let finished = pin!(serving.finish(signed_in()));
    finished.poll(&mut Context::from_waker(Waker::noop())).is_ready()
}

#[test]
fn farewell_waits_only_for_a_browser_that_came_back() {
    assert!(is_over_at_once(|_| {}), "after a paste there is no browser to tell");
    assert!(!is_over_at_once(|desk| desk.answered.store(true, Ordering::Relaxed)));
}

#[test]
fn early_request_for_the_page_does_not_end_the_farewell() {
    let farewell_said = |desk: &Desk| {
        desk.answered.store(true, Ordering::Relaxed);
        desk.farewell.notify_one();
    };
    assert!(is_over_at_once(farewell_said), "the browser has its page");
    assert!(!is_over_at_once(|desk| {
        farewell_said(desk);
        desk.is_pestered.store(true, Ordering::Relaxed);
    }));
}
