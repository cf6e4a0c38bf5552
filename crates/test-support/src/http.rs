//! An HTTP client that sends arbitrary bytes, including requests that no real client would send.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// The time limit of one read or write. It is longer than anything may take, so a test that exceeds it has failed.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// The response to a raw HTTP request.
#[derive(Debug)]
pub struct Reply {
    /// The status code.
    pub status: u16,
    /// The status line and the headers.
    pub head: String,
    /// The body.
    pub body: String,
}

impl Reply {
    fn parse(bytes: &[u8]) -> Option<Self> {
        let text = String::from_utf8_lossy(bytes);
        let (head, body) = text.split_once("\r\n\r\n")?;
        let status = head.split(' ').nth(1)?.parse().ok()?;
        Some(Self { status, head: head.to_owned(), body: body.to_owned() })
    }

    /// Returns the value of the header `name`.
    pub fn header(&self, name: &str) -> Option<&str> {
        let headers = self.head.lines().skip(1).filter_map(|line| line.split_once(':'));
        headers.into_iter().find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }
}

/// Connects to a port of 127.0.0.1.
pub fn connect(port: u16) -> TcpStream {
    let stream = TcpStream::connect(("127.0.0.1", port)).expect("a connection");
    stream.set_read_timeout(Some(PATIENCE)).expect("a deadline");
    stream.set_write_timeout(Some(PATIENCE)).expect("a deadline");
    stream
}

/// Reads the server's response until the connection is closed. Returns `None` if it is closed without an answer.
///
/// # Panics
/// If the deadline passes.
pub fn answer_on(mut stream: TcpStream) -> Option<Reply> {
    let mut bytes = Vec::new();
    // A connection that is reset may have delivered its answer before.
    if let Err(error) = stream.read_to_end(&mut bytes) {
        assert_eq!(error.kind(), ErrorKind::ConnectionReset, "no answer: {error}");
    }
    Reply::parse(&bytes)
}

/// Sends `request` to a port of 127.0.0.1, and reads the response until the connection is closed.
pub fn exchange(port: u16, request: &[u8]) -> Option<Reply> {
    let mut stream = connect(port);
    // The server may stop reading before the end of the request.
    let _ = stream.write_all(request);
    answer_on(stream)
}

/// Sends a well-formed GET request with the header `Host: localhost`, and returns the response.
pub fn get(port: u16, target: &str) -> Reply {
    exchange(port, format!("GET {target} HTTP/1.1\r\nHost: localhost:{port}\r\n\r\n").as_bytes()).expect("an answer")
}

/// Sends a request with the body `form` to a port of 127.0.0.1, and returns the response.
pub fn send_form(port: u16, method: &str, target: &str, form: &str) -> Reply {
    let request = format!(
        "{method} {target} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{form}",
        form.len()
    );
    exchange(port, request.as_bytes()).expect("an answer")
}

/// Returns whether a program listens on `port` of 127.0.0.1 or ::1.
pub fn listens(port: u16) -> bool {
    ["127.0.0.1", "::1"].iter().any(|host| TcpStream::connect((*host, port)).is_ok())
}
