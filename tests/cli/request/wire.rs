//! Tests that requests are sent in the form in which they were signed, and tests of the answers.

use std::io::Write;
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};

use base64::Engine;
use cogfed::error::Kind;
use cogfed::http::{ApiChoices, ApiClient, Http};
use cogfed::request::{ApiRequest, Note, RequestInput, Scope, Watch, WriteError, dry_run, send, sign};
use cogfed_test_support::{Random, Request, Server};

use super::cases::{TRICKY, credentials, get, now, random_target, signed};

/// Returns the HTTP client that `cogfed call` uses.
fn client() -> ApiClient {
    Http::default().api(ApiChoices::default())
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

/// Starts a server that records all requests and answers each with `answer`. Returns the server, and a channel with the
/// requests that it has read.
fn recording(answer: impl Into<Vec<u8>>) -> (Server, Receiver<Vec<u8>>) {
    let answer = answer.into();
    let (sender, receiver) = channel();
    let server = Server::of_requests(move |request| {
        // The test may have ended by then.
        let _ = sender.send(request.bytes());
        answer.clone()
    });
    (server, receiver)
}

const NO_CONTENT: &str = "HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n";

#[test]
fn request_arrives_as_it_was_signed() {
    let (server, requests) = recording(NO_CONTENT);
    let origin = server.url();
    let client = client();
    block_on(async {
        for (given, expected) in TRICKY.iter() {
            let request = signed(get(format!("{origin}{given}")));
            assert_eq!(send(&client, &request, &Watch::default()).await.unwrap().status(), 204);
            let wire = String::from_utf8(requests.recv().unwrap()).unwrap();
            let line = wire.lines().next().unwrap();
            assert_eq!(line, format!("GET {expected} HTTP/1.1"), "given {given}");
            assert_eq!(request.as_http().uri().path_and_query().unwrap().as_str(), expected, "given {given}");
        }
    });
    assert!(TRICKY.len() >= 40);
}

#[test]
fn random_urls_arrive_as_signed() {
    let (server, requests) = recording(NO_CONTENT);
    let origin = server.url();
    let client = client();
    let mut random = Random(7);
    block_on(async {
        for _ in 0..300 {
            let given = random_target(&mut random);
            let request = signed(get(format!("{origin}{given}")));
            send(&client, &request, &Watch::default()).await.unwrap();
            let wire = String::from_utf8(requests.recv().unwrap()).unwrap();
            let line = format!("GET {} HTTP/1.1", request.as_http().uri().path_and_query().unwrap());
            assert_eq!(wire.lines().next().unwrap(), line, "given {given}");
        }
    });
}

#[test]
fn building_a_built_url_again_changes_nothing() {
    let mut random = Random(11);
    let random: Vec<String> = (0..2000).map(|_| random_target(&mut random)).collect();
    for given in TRICKY.iter().map(|(given, _)| given.as_str()).chain(random.iter().map(String::as_str)) {
        let once = signed(get(format!("https://api.example.com{given}"))).as_http().uri().to_string();
        let (twice, notes) = ApiRequest::build(get(once.clone())).unwrap();
        let twice = sign(&twice, &credentials(), &Scope::execute_api("eu-west-1"), now()).unwrap();
        assert_eq!(twice.as_http().uri().to_string(), once, "given {given}");
        // A dollar sign stays as it is, so a placeholder is noted again.
        assert!(notes.iter().all(|note| matches!(note, Note::Placeholder(_))), "given {given}: {notes:?}");
    }
}

/// Returns the request line of an HTTP head, followed by its header lines in sorted order.
fn head(text: &str) -> Vec<String> {
    let mut lines = text.lines().take_while(|line| !line.is_empty()).map(str::to_string);
    let mut head: Vec<String> = lines.next().into_iter().collect();
    let mut headers: Vec<String> = lines.collect();
    headers.sort();
    head.extend(headers);
    head
}

#[test]
fn dry_run_shows_the_wire_without_secrets() {
    let (server, requests) = recording(NO_CONTENT);
    let origin = server.url();
    let client = client();
    for method in ["GET", "POST", "DELETE", "PATCH", "OPTIONS", "QUERY"] {
        for body in [None, Some(b"{\"a\": \"\xc3\xbc\"}".to_vec())] {
            let input = RequestInput {
                method: method.into(),
                url: format!("{origin}/prod/a b?x"),
                headers: vec![
                    ("X-Tag".into(), "2".into()),
                    ("x-tag".into(), "1".into()),
                    ("X-Empty".into(), "".into()),
                ],
                body,
                json: true,
                ..RequestInput::default()
            };
            let request = signed(input.clone());
            block_on(send(&client, &request, &Watch::default())).unwrap();
            let wire = String::from_utf8(requests.recv().unwrap()).unwrap();
            let shown = dry_run(&request);
            for secret in ["canary", "CANARY", request.as_http().headers()["authorization"].to_str().unwrap()] {
                assert!(!shown.contains(secret), "{shown}");
            }
            let masked = |line: String| match line.split_once(": ") {
                Some((name @ ("authorization" | "x-amz-security-token"), _)) => name.to_string(),
                _ => line.trim_end().to_string(),
            };
            let wire_head: Vec<String> = head(&wire).into_iter().map(masked).collect();
            assert_eq!(wire_head, head(&shown).into_iter().map(masked).collect::<Vec<_>>());
            let body = input.body.unwrap_or_default();
            assert!(wire.as_bytes().ends_with(&[b"\r\n\r\n", &body[..]].concat()));
        }
    }
}

#[test]
fn largest_body_arrives_completely() {
    let (server, requests) = recording(NO_CONTENT);
    let origin = server.url();
    let body: Vec<u8> = (0..cogfed::request::MAX_BODY).map(|at| (at % 251) as u8).collect();
    let request =
        signed(RequestInput { method: "PUT".into(), body: Some(body.clone()), ..get(format!("{origin}/upload")) });
    block_on(send(&client(), &request, &Watch::default())).unwrap();
    assert!(requests.recv().unwrap().ends_with(&body));
}

#[test]
fn signed_request_does_not_follow_redirects() {
    for status in [301, 302, 303, 307, 308] {
        let (elsewhere, other_requests) = recording(NO_CONTENT);
        let other = elsewhere.url();
        let answer = format!(
            "HTTP/1.1 {status} Elsewhere\r\nlocation: {other}/\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
        );
        let (server, requests) = recording(answer);
        let origin = server.url();
        let answer = block_on(send(&client(), &signed(get(format!("{origin}/"))), &Watch::default())).unwrap();
        assert_eq!(answer.status(), status);
        assert!(requests.recv().is_ok());
        assert!(other_requests.try_recv().is_err());
    }
}

/// A writer that counts the written bytes and the calls, and drops the data.
struct Counter(u64, usize);

impl Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0 += bytes.len() as u64;
        self.1 = self.1.max(bytes.len());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn long_answer_is_streamed() {
    const LENGTH: u64 = 64 << 20;
    for status in ["200 OK", "500 Internal Server Error"] {
        let server = Server::of_connections(move |mut stream| {
            Request::read(&mut stream)?;
            write!(stream, "HTTP/1.1 {status}\r\ncontent-length: {LENGTH}\r\nconnection: close\r\n\r\n")?;
            for _ in 0..LENGTH >> 16 {
                stream.write_all(&[b'x'; 1 << 16])?;
            }
            Ok(())
        });
        let origin = server.url();
        let mut out = Counter(0, 0);
        let written = block_on(async {
            let mut answer = send(&client(), &signed(get(origin)), &Watch::default()).await.unwrap();
            assert_eq!(answer.body_prefix().is_empty(), status.starts_with('2'));
            answer.write_to(&mut out).await.unwrap()
        });
        assert_eq!((written, out.0), (LENGTH, LENGTH));
        assert!(out.1 < 1 << 20, "a piece of {} bytes", out.1);
    }
}

#[test]
fn start_of_a_refusal_is_kept_and_written() {
    let body = r#"{"message":"Missing Authentication Token"}"#;
    let answer = format!("HTTP/1.1 403 Forbidden\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len());
    let (server, _requests) = recording(answer);
    let origin = server.url();
    let mut out = Vec::new();
    block_on(async {
        let mut answer = send(&client(), &signed(get(origin)), &Watch::default()).await.unwrap();
        assert_eq!(answer.body_prefix(), body.as_bytes());
        answer.write_to(&mut out).await.unwrap();
    });
    assert_eq!(out, body.as_bytes());
}

#[test]
fn network_failures_name_the_host_and_hide_the_query() {
    let closed = {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap()
    };
    let error = block_on(send(&client(), &signed(get(format!("http://{closed}/?code=canary"))), &Watch::default()))
        .err()
        .unwrap()
        .failure;
    assert_eq!(error.kind, Kind::Network);
    assert!(error.to_string().starts_with("cannot reach 127.0.0.1:"), "{error}");
    assert!(!format!("{error:#} {error:?}").contains("canary"), "{error:?}");

    let (server, _requests) = recording("HTTP/1.1 200 OK\r\ncontent-length: 10\r\nconnection: close\r\n\r\nshort");
    let origin = server.url();
    let mut out = Vec::new();
    let error = block_on(async {
        send(&client(), &signed(get(format!("{origin}/?code=canary"))), &Watch::default())
            .await
            .unwrap()
            .write_to(&mut out)
            .await
            .unwrap_err()
    });
    let WriteError::Answer(failure) = error else { panic!("the writer took all: {error:?}") };
    assert_eq!(failure.kind, Kind::Network);
    assert!(!format!("{failure:#} {failure:?}").contains("canary"), "{failure:?}");
    assert_eq!(out, b"short");
}

#[test]
fn write_failure_is_distinguished_from_a_network_failure() {
    struct Closed;
    impl Write for Closed {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let (server, _requests) = recording("HTTP/1.1 200 OK\r\ncontent-length: 4\r\nconnection: close\r\n\r\nbody");
    let origin = server.url();
    let error = block_on(async {
        send(&client(), &signed(get(origin)), &Watch::default()).await.unwrap().write_to(&mut Closed).await.unwrap_err()
    });
    assert!(matches!(&error, WriteError::Output(io) if io.kind() == std::io::ErrorKind::BrokenPipe), "{error:?}");
}

/// A log writer that keeps all lines in memory.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn most_verbose_log_holds_no_secret() {
    let (server, _requests) = recording(NO_CONTENT);
    let origin = server.url();
    let log = Log::default();
    let writer = log.clone();
    let subscriber =
        tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(move || writer.clone()).finish();
    let (signature, body) = tracing::subscriber::with_default(subscriber, || {
        tracing::trace!("the log works");
        let request = signed(RequestInput {
            headers: vec![("x-api-key".into(), "canary".into()), ("cookie".into(), "canary".into())],
            body: Some(b"canary".to_vec()),
            ..get(format!("{origin}/?code=canary"))
        });
        block_on(send(&client(), &request, &Watch::default())).unwrap();
        let authorization = request.as_http().headers()["authorization"].to_str().unwrap();
        let signature = authorization.rsplit_once('=').unwrap().1.to_string();
        (signature, base64::engine::general_purpose::STANDARD.encode("canary"))
    });
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(log.contains("the log works"));
    for secret in ["canary", signature.as_str(), body.as_str()] {
        assert!(!log.contains(secret), "{secret} in {log}");
    }
}
