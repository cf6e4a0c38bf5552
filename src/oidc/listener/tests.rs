//! The listener on the test's own runtime, and raw requests to it. Clients block, so they have threads of their own;
//! what connects without waiting for an answer is taken from the kernel's queue once the listener gets its turn.

use std::future::Future;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::pin::pin;
use std::task::{Context, Waker};

use super::*;

const CALLBACK: &str = "/callback?code=abc&state=right";
/// Bounds a client whose connection is neither answered nor closed; less than the listener's own deadline, so that this
/// never does the work of what is tested.
const HANG: Duration = Duration::from_secs(4);

/// A listener on a free port.
fn bound() -> Listener {
    let free = || StdListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
    (0..50).find_map(|_| Listener::bind(&[free()]).ok()).expect("a port that is free on 127.0.0.1 and ::1")
}

/// One that serves on the current runtime, and its port.
fn serving() -> (Serving, u16) {
    let listener = bound();
    let port = listener.port();
    let awaited = Awaited {
        port,
        path: "/callback".into(),
        state: Secret::new("right"),
        issuers: Vec::new(),
        needs_issuer: false,
    };
    (listener.serve(awaited).unwrap(), port)
}

fn signed_in() -> Ending {
    Ending::SignedIn { profile: "prod".into() }
}

/// The next thing that comes in.
async fn come_in(serving: &mut Serving) -> Arrival {
    tokio::time::timeout(HANG, serving.next()).await.expect("something comes in")
}

/// Runs what blocks, while the listener has this thread.
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

/// All that comes until the listener closes.
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

/// Whether the listener closes the connection, without an answer.
fn is_shown_out(mut stream: &TcpStream) -> bool {
    use io::ErrorKind::{TimedOut, WouldBlock};
    match stream.read(&mut [0]) {
        Ok(count) => count == 0,
        Err(error) => !matches!(error.kind(), TimedOut | WouldBlock),
    }
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
        policy.as_str(),
    ] {
        assert!(head.lines().any(|it| it == line), "'{line}' is not in: {head}");
    }
    assert!(!body.contains("abc"), "the code is in {body}");
}

#[tokio::test]
async fn each_answer_has_its_status_its_page_and_all_headers() {
    let (mut serving, port) = serving();
    let not_ours = "Nothing to see here";
    for (method, target, status, body, is_allow_named) in [
        ("POST", CALLBACK, 405, not_ours, true),
        ("GET", "/", 404, not_ours, false),
        ("GET", "/callback?code=abc&state=wrong", 400, "This does not belong to the sign-in", false),
        ("GET", "/callback?error=no&state=wrong", 400, "This does not belong to the sign-in", false),
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
    assert!(matches!(come_in(&mut serving).await, Arrival::Unvouched(denial) if denial.error == "no"));
    assert!(serving.inbox.try_recv().is_err(), "nothing else came in");
}

#[tokio::test]
async fn the_browser_is_sent_to_a_page_without_a_code_and_told_how_it_ended() {
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
async fn the_first_answer_counts_and_all_are_told_the_same_end() {
    let (mut serving, port) = serving();
    let clients = ["/callback?error=access_denied&state=right", CALLBACK, CALLBACK].map(|target| {
        let client = connect(port);
        ask(&client, "GET", target);
        client
    });
    // What comes last is heard last: the others are in by then.
    ask(&connect(port), "GET", "/callback?error=last");
    assert!(matches!(come_in(&mut serving).await, Arrival::Denied(denial) if denial.error == "access_denied"));
    assert!(matches!(come_in(&mut serving).await, Arrival::Unvouched(denial) if denial.error == "last"));
    serving.ending.send_replace(Some(signed_in()));
    for answer in aside(move || clients.map(|client| answer_on(&client))).await {
        assert_status(&answer, 302);
    }
    assert!(serving.inbox.try_recv().is_err(), "one answer counts");
}

#[tokio::test]
#[cfg(target_os = "linux")]
async fn a_code_from_who_may_be_another_user_is_not_taken() {
    let (mut serving, port) = serving();
    // Who has left cannot be looked up any more.
    ask(&connect(port), "GET", CALLBACK);
    let witness = connect(port);
    ask(&witness, "GET", "/callback?error=later");
    assert!(matches!(come_in(&mut serving).await, Arrival::Unvouched(denial) if denial.error == "later"));
    assert!(serving.inbox.try_recv().is_err());
    let browser = connect(port);
    ask(&browser, "GET", CALLBACK);
    assert!(matches!(come_in(&mut serving).await, Arrival::Code(_)), "the sign-in goes on");
}

#[tokio::test]
async fn thirty_two_idle_connections_stay_and_one_more_shows_the_oldest_out() {
    let (_serving, port) = serving();
    let mut clients: VecDeque<_> = (0..CONNECTIONS).map(|_| connect(port)).collect();
    let clients = aside(move || {
        let first = clients.pop_front().unwrap();
        ask(&first, "GET", "/");
        assert_status(&answer_on(&first), 404);
        clients
    })
    .await;
    let more = [connect(port), connect(port)];
    aside(move || {
        assert!(is_shown_out(&clients[0]), "there are 33");
        for stream in clients.iter().skip(1).chain(&more) {
            ask(stream, "GET", "/");
            assert_status(&answer_on(stream), 404);
        }
    })
    .await;
}

#[tokio::test]
async fn who_has_asked_is_not_shown_out() {
    let (mut serving, port) = serving();
    let browser = connect(port);
    ask(&browser, "GET", CALLBACK);
    assert!(matches!(come_in(&mut serving).await, Arrival::Code(_)));
    let idle: Vec<_> = (0..CONNECTIONS).map(|_| connect(port)).collect();
    let idle = aside(move || {
        assert!(is_shown_out(&idle[0]), "the oldest of those who have not asked");
        idle
    })
    .await;
    serving.ending.send_replace(Some(signed_in()));
    aside(move || {
        assert_status(&answer_on(&browser), 302);
        ask(&idle[1], "GET", "/");
        assert_status(&answer_on(&idle[1]), 404);
    })
    .await;
}

#[tokio::test]
async fn heads_of_more_than_eight_kib_are_refused() {
    let (_serving, port) = serving();
    let head = |length: usize| format!("GET / HTTP/1.1\r\nhost: localhost:{port}\r\nx: {}\r\n\r\n", "a".repeat(length));
    let (fits, too_large) = (head(7000), head(8 * 1024));
    aside(move || {
        for (head, status) in [(fits, 404), (too_large, 431)] {
            let mut stream = connect(port);
            stream.write_all(head.as_bytes()).unwrap();
            assert_status(&answer_on(&stream), status);
        }
    })
    .await;
}

/// Whether this machine has ::1; says so where not.
fn has_ipv6() -> bool {
    let has = StdListener::bind((Ipv6Addr::LOCALHOST, 0)).is_ok();
    if !has {
        eprintln!("skipped: there is no ::1 here");
    }
    has
}

#[test]
fn a_port_counts_only_if_both_halves_can_be_had() {
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
        assert!(failure.message.ends_with(&format!(": {port}")), "{failure}");
        let free = bound();
        let other = free.port();
        drop(free);
        assert_eq!(Listener::bind(&[port, other]).unwrap().port(), other);
    }
    assert_eq!(Listener::bind(&[]).unwrap_err().kind, Kind::Busy);
}

#[test]
fn one_half_is_enough_where_there_is_no_ipv6_and_nowhere_else() {
    use io::ErrorKind::{AddrInUse, AddrNotAvailable, PermissionDenied, Unsupported};
    let halves = |error: io::Error| {
        let v4 = StdListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        with_other_half(v4, Err(error)).map(|sockets| sockets.len()).map_err(|error| error.kind())
    };
    for kind in [AddrNotAvailable, Unsupported] {
        assert_eq!(halves(kind.into()), Ok(1));
    }
    for kind in [AddrInUse, PermissionDenied] {
        assert_eq!(halves(kind.into()), Err(kind));
    }
    #[cfg(unix)]
    {
        let raw = |errno: rustix::io::Errno| io::Error::from_raw_os_error(errno.raw_os_error());
        assert_eq!(halves(raw(rustix::io::Errno::AFNOSUPPORT)), Ok(1));
        assert_eq!(halves(raw(rustix::io::Errno::ADDRINUSE)), Err(AddrInUse));
    }
}

#[tokio::test]
async fn both_halves_are_served_in_turn() {
    if !has_ipv6() {
        return;
    }
    let (mut serving, port) = serving();
    let addresses = [SocketAddr::from((Ipv4Addr::LOCALHOST, port)), SocketAddr::from((Ipv6Addr::LOCALHOST, port))];
    // Ten wait on each before the listener has its first turn.
    let clients: Vec<_> = addresses
        .iter()
        .flat_map(|address| (0..10).map(|_| connected(*address)).collect::<Vec<_>>())
        .inspect(|client| ask(client, "GET", &format!("/callback?error={}", client.peer_addr().unwrap().is_ipv6())))
        .collect();
    let mut order = Vec::new();
    for _ in &clients {
        let Arrival::Unvouched(denial) = come_in(&mut serving).await else { panic!("nobody knows the state") };
        order.push(denial.error == "true");
    }
    let first_of_v6 = order.iter().position(|is_ipv6| *is_ipv6).unwrap();
    let last_of_v4 = order.iter().rposition(|is_ipv6| !is_ipv6).unwrap();
    assert!(first_of_v6 < last_of_v4, "those on 127.0.0.1 were all taken first: {order:?}");
}

#[tokio::test]
async fn the_socket_that_is_asked_first_changes_with_each_turn() {
    let listeners = [(); 2].map(|()| StdListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap());
    let addresses = listeners.each_ref().map(|listener| listener.local_addr().unwrap());
    let sockets = listeners.map(|listener| {
        listener.set_nonblocking(true).unwrap();
        TcpListener::from_std(listener).unwrap()
    });
    let _clients: Vec<_> = [addresses, addresses, addresses].as_flattened().iter().map(|to| connected(*to)).collect();
    // Both are known to be ready from here on.
    for socket in &sockets {
        socket.accept().await.unwrap();
    }
    for (turn, asked) in [(1, 1), (2, 0), (usize::MAX, 1), (usize::MAX - 1, 0)] {
        let (stream, _) = next(&sockets, turn).await.unwrap();
        assert_eq!(stream.local_addr().unwrap(), addresses[asked], "turn {turn}");
    }
}

#[tokio::test]
async fn nothing_is_left_of_a_listener_that_is_dropped() {
    let (serving, port) = serving();
    let idle = connect(port);
    let idle = aside(move || {
        get(port, "/");
        idle
    })
    .await;
    drop(serving);
    aside(move || assert!(is_shown_out(&idle))).await;
    assert!(TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err(), "nobody listens any more");
}

/// Whether `finish` is over at once, without anything else happening from there on.
fn is_over_at_once(prepare: impl FnOnce(&Desk)) -> bool {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let _inside = runtime.enter();
    let (serving, _) = serving();
    prepare(&serving.desk);
    let finished = pin!(serving.finish(signed_in()));
    finished.poll(&mut Context::from_waker(Waker::noop())).is_ready()
}

#[test]
fn only_a_browser_that_came_back_is_bidden_farewell() {
    assert!(is_over_at_once(|_| {}), "after a paste there is no browser to tell");
    assert!(!is_over_at_once(|desk| desk.answered.store(true, Ordering::Relaxed)));
}

#[test]
fn who_asked_for_the_page_too_soon_does_not_end_the_farewell() {
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
