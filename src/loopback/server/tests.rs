//! Tests that send raw requests to a server in the test's own runtime. Clients block, so they have threads of their
//! own. A client that only connects stays in the kernel's queue until the server's turn.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Ipv6Addr, TcpListener as StdListener, TcpStream};
use std::time::Instant;

use tokio::sync::{mpsc, watch};

use super::*;

/// The time after which a test fails because the server has not reacted. It is shorter than the server's deadline, so
/// that a close by that deadline is not mistaken for the close that a test expects.
const HANG: Duration = Duration::from_secs(4);

/// A handler that echoes the path of each request. `/wait` is answered only when the test allows it.
struct Echo {
    asked: mpsc::UnboundedSender<String>,
    is_let_go: watch::Receiver<bool>,
    over: mpsc::UnboundedSender<bool>,
}

impl Handler for Echo {
    /// True if the connection has sent a complete request.
    type Note = AtomicBool;

    async fn answer(&self, request: &Request, _ends: Ends, has_asked: &AtomicBool) -> Response<String> {
        has_asked.store(true, Ordering::Relaxed);
        let path = format!("{}{}", request.path, request.form);
        let _ = self.asked.send(path.clone());
        if path == "/wait" {
            let _ = self.is_let_go.clone().wait_for(|is_let_go| *is_let_go).await;
        }
        Response::new(path)
    }

    fn refuse(&self, fault: Fault, beginning: &[u8], _ends: Ends) -> Response<String> {
        let mut response = Response::new(format!("{}", beginning.len()));
        *response.status_mut() = match fault {
            Fault::Malformed => StatusCode::BAD_REQUEST,
            Fault::TooLarge => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
        };
        response
    }

    fn over(&self, has_asked: &AtomicBool) {
        let _ = self.over.send(has_asked.load(Ordering::Relaxed));
    }
}

/// A running server, and the channels by which a test controls its handler.
struct Lab {
    server: Server,
    port: u16,
    asked: mpsc::UnboundedReceiver<String>,
    let_go: watch::Sender<bool>,
    over: mpsc::UnboundedReceiver<bool>,
}

impl Lab {
    /// Starts a server in the current runtime.
    fn new() -> Self {
        let free = || StdListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
        let port = (0..50).find_map(|_| Port::bind(free()).ok()).expect("a port that is free on 127.0.0.1 and ::1");
        let number = port.number();
        let ((asking, asked), (ending, over)) = (mpsc::unbounded_channel(), mpsc::unbounded_channel());
        let (let_go, is_let_go) = watch::channel(false);
        let server = Server::start(port, Arc::new(Echo { asked: asking, is_let_go, over: ending })).unwrap();
        Self { server, port: number, asked, let_go, over }
    }

    /// Waits for the next request and returns its path.
    async fn next(&mut self) -> String {
        tokio::time::timeout(HANG, self.asked.recv()).await.expect("a request comes in").unwrap()
    }
}

/// Runs blocking client code on another thread, so that the server can use the current thread.
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

fn ask(mut stream: &TcpStream, target: &str) {
    write!(stream, "GET {target} HTTP/1.1\r\nhost: localhost\r\n\r\n").unwrap();
}

/// Reads the answer until the server closes the connection.
#[track_caller]
fn answer_on(mut stream: &TcpStream) -> String {
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer, and the end of it");
    answer
}

#[track_caller]
fn assert_answered(stream: &TcpStream, path: &str) {
    let answer = answer_on(stream);
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.ends_with(&format!("\r\n\r\n{path}")), "{answer}");
}

/// Returns whether the server closes the connection without answering.
fn is_evicted(mut stream: &TcpStream) -> bool {
    use io::ErrorKind::{Interrupted, TimedOut, WouldBlock};
    loop {
        match stream.read(&mut [0]) {
            Ok(count) => return count == 0,
            // A signal for another test of this process.
            Err(error) if error.kind() == Interrupted => {}
            Err(error) => return !matches!(error.kind(), TimedOut | WouldBlock),
        }
    }
}

#[tokio::test]
async fn thirty_third_connection_evicts_the_oldest_idle_one() {
    let lab = Lab::new();
    let port = lab.port;
    let mut clients: VecDeque<_> = (0..CONNECTIONS).map(|_| connect(port)).collect();
    let clients = aside(move || {
        let first = clients.pop_front().unwrap();
        ask(&first, "/");
        assert_answered(&first, "/");
        clients
    })
    .await;
    let more = [connect(port), connect(port)];
    aside(move || {
        assert!(is_evicted(&clients[0]), "there are 33");
        for stream in clients.iter().skip(1).chain(&more) {
            ask(stream, "/");
            assert_answered(stream, "/");
        }
    })
    .await;
}

#[tokio::test]
async fn connection_with_a_whole_request_is_not_evicted() {
    let mut lab = Lab::new();
    let port = lab.port;
    let waiting = connect(port);
    ask(&waiting, "/wait");
    assert_eq!(lab.next().await, "/wait");
    let idle: Vec<_> = (0..CONNECTIONS).map(|_| connect(port)).collect();
    let idle = aside(move || {
        assert!(is_evicted(&idle[0]), "the oldest of those that have not asked");
        idle
    })
    .await;
    lab.let_go.send_replace(true);
    aside(move || {
        assert_answered(&waiting, "/wait");
        ask(&idle[1], "/");
        assert_answered(&idle[1], "/");
    })
    .await;
}

#[tokio::test]
async fn heads_of_more_than_256_kib_are_refused() {
    let lab = Lab::new();
    let port = lab.port;
    let head = |length: usize| {
        let head = format!("GET / HTTP/1.1\r\nhost: localhost:{port}\r\nx: \r\n\r\n");
        head.replace("x: ", &format!("x: {}", "a".repeat(length - head.len())))
    };
    let heads = [(head(7000), 200), (head(HEAD_LIMIT), 200), (head(HEAD_LIMIT + 1), 431), (head(2 * HEAD_LIMIT), 431)];
    let many = format!("GET / HTTP/1.1\r\n{}\r\n", "x: y\r\n".repeat(101));
    aside(move || {
        for (head, status) in heads.into_iter().chain([(many, 431), ("GET\r\n\r\n".into(), 400)]) {
            let mut stream = connect(port);
            stream.write_all(head.as_bytes()).unwrap();
            let answer = answer_on(&stream);
            assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "not {status}: {answer}");
        }
    })
    .await;
}

#[tokio::test]
async fn posted_form_is_read_and_a_missing_one_is_empty() {
    let lab = Lab::new();
    let port = lab.port;
    aside(move || {
        for (form, length, expected) in [("state=x", 7, "/state=x"), ("state=xyz", 7, "/state=x"), ("state", 7, "/")] {
            let mut stream = connect(port);
            stream.set_read_timeout(Some(HANG * 3)).unwrap();
            let head = "POST / HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/x-www-form-urlencoded";
            write!(stream, "{head}\r\ncontent-length: {length}\r\n\r\n{form}").unwrap();
            assert_answered(&stream, expected);
        }
    })
    .await;
}

#[tokio::test]
async fn connection_with_a_partial_request_is_closed_after_five_seconds() {
    let lab = Lab::new();
    let port = lab.port;
    aside(move || {
        let mut stream = connect(port);
        stream.set_read_timeout(Some(HANG * 3)).unwrap();
        let began = Instant::now();
        stream.write_all(b"GET / HTTP/1.1\r\nhost: ").unwrap();
        assert!(is_evicted(&stream), "it is still waited for after {:?}", began.elapsed());
        assert!(began.elapsed() >= HANG, "it had no five seconds, but {:?}", began.elapsed());
    })
    .await;
}

#[tokio::test]
async fn handler_is_notified_of_the_end_of_each_connection() {
    let mut lab = Lab::new();
    let port = lab.port;
    aside(move || {
        let asking = connect(port);
        ask(&asking, "/");
        assert_answered(&asking, "/");
    })
    .await;
    assert_eq!(tokio::time::timeout(HANG, lab.over.recv()).await.unwrap(), Some(true));
    drop(connect(port));
    assert_eq!(tokio::time::timeout(HANG, lab.over.recv()).await.unwrap(), Some(false));
}

#[tokio::test]
async fn both_address_families_are_served_in_turn() {
    if StdListener::bind((Ipv6Addr::LOCALHOST, 0)).is_err() {
        eprintln!("skipped: there is no ::1 here");
        return;
    }
    let mut lab = Lab::new();
    let addresses =
        [SocketAddr::from((Ipv4Addr::LOCALHOST, lab.port)), SocketAddr::from((Ipv6Addr::LOCALHOST, lab.port))];
    // Ten clients wait on each address before the server has its first turn.
    let clients: Vec<_> = addresses
        .iter()
        .flat_map(|address| (0..10).map(|_| connected(*address)).collect::<Vec<_>>())
        .inspect(|client| ask(client, &format!("/{}", client.peer_addr().unwrap().is_ipv6())))
        .collect();
    let mut order = Vec::new();
    for _ in &clients {
        order.push(lab.next().await == "/true");
    }
    let first_of_v6 = order.iter().position(|is_ipv6| *is_ipv6).unwrap();
    let last_of_v4 = order.iter().rposition(|is_ipv6| !is_ipv6).unwrap();
    assert!(first_of_v6 < last_of_v4, "those on 127.0.0.1 were all taken first: {order:?}");
}

#[tokio::test]
async fn listening_sockets_take_turns_to_be_polled_first() {
    let listeners = [(); 2].map(|()| StdListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap());
    let addresses = listeners.each_ref().map(|listener| listener.local_addr().unwrap());
    let sockets = listeners.map(|listener| {
        listener.set_nonblocking(true).unwrap();
        TcpListener::from_std(listener).unwrap()
    });
    let _clients: Vec<_> = [addresses, addresses, addresses].as_flattened().iter().map(|to| connected(*to)).collect();
    // From here on, both sockets are known to be ready.
    for socket in &sockets {
        socket.accept().await.unwrap();
    }
    for (turn, asked) in [(1, 1), (2, 0), (usize::MAX, 1), (usize::MAX - 1, 0)] {
        let (stream, _) = next(&sockets, turn).await.unwrap();
        assert_eq!(stream.local_addr().unwrap(), addresses[asked], "turn {turn}");
    }
}

#[tokio::test]
async fn dropped_server_closes_every_connection_and_its_port() {
    let lab = Lab::new();
    let port = lab.port;
    let idle = connect(port);
    let idle = aside(move || {
        let asking = connect(port);
        ask(&asking, "/");
        assert_answered(&asking, "/");
        idle
    })
    .await;
    drop(lab.server);
    aside(move || assert!(is_evicted(&idle))).await;
    assert!(TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err(), "nobody listens any more");
}
