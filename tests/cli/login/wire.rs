//! HTTP as bytes, so that what no client would send can be sent; and the way of a browser, stoppable halfway.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use url::{Url, form_urlencoded};

use crate::support::{Lab, Ran, WaitingLogin};

/// Longer than anything may take; a read that waits for so long has failed.
const PATIENCE: Duration = Duration::from_secs(30);

/// An answer.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Reply {
    /// All of them were closed without an answer, or answered with this.
    fn read(bytes: &[u8]) -> Option<Self> {
        let text = String::from_utf8_lossy(bytes);
        let (head, body) = text.split_once("\r\n\r\n")?;
        let status = head.split(' ').nth(1)?.parse().ok()?;
        Some(Self { status, head: head.to_owned(), body: body.to_owned() })
    }

    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        let headers = self.head.lines().skip(1).filter_map(|line| line.split_once(':'));
        headers.into_iter().find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }
}

/// A connection to 127.0.0.1.
pub fn connect(port: u16) -> TcpStream {
    let stream = TcpStream::connect(("127.0.0.1", port)).expect("a connection");
    stream.set_read_timeout(Some(PATIENCE)).expect("a deadline");
    stream.set_write_timeout(Some(PATIENCE)).expect("a deadline");
    stream
}

/// What comes before the connection is closed; nothing if it is closed without an answer.
pub fn answer_on(mut stream: TcpStream) -> Option<Reply> {
    let mut bytes = Vec::new();
    // A connection that is reset may have brought its answer all the same.
    if let Err(error) = stream.read_to_end(&mut bytes) {
        assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset, "no answer: {error}");
    }
    Reply::read(&bytes)
}

/// Sends these bytes and reads until the connection is closed.
pub fn exchange(port: u16, request: &[u8]) -> Option<Reply> {
    let mut stream = connect(port);
    // The other side may have had enough before it has read all.
    let _ = stream.write_all(request);
    answer_on(stream)
}

/// A well-formed GET at `localhost`.
pub fn get(port: u16, target: &str) -> Reply {
    exchange(port, format!("GET {target} HTTP/1.1\r\nHost: localhost:{port}\r\n\r\n").as_bytes()).expect("an answer")
}

fn at_sandbox(url: &Url, method: &str, body: &str) -> Url {
    let address: SocketAddr = url.socket_addrs(|| None).expect("an address")[0];
    let target = format!("{}?{}", url.path(), url.query().unwrap_or_default());
    let reply = exchange(
        address.port(),
        format!(
            "{method} {target} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
        .as_bytes(),
    );
    let reply = reply.expect("an answer of the sandbox");
    url.join(reply.header("location").unwrap_or_else(|| panic!("no redirect: {reply:?}"))).expect("a URL")
}

/// Signs a person of AzureAD in, and stops where the browser would be sent back: the URL of the callback, code and all.
pub fn callback(waiting: &WaitingLogin, person: &str) -> Url {
    let page = at_sandbox(&waiting.url.parse().expect("a URL"), "GET", "");
    let form = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(page.query_pairs().filter(|(name, _)| name == "transaction"))
        .append_pair("person", person)
        .finish();
    at_sandbox(&page.join("/saml2/idpresponse").expect("a URL"), "POST", &form)
}

/// The callback's path and query.
pub fn target(callback: &Url) -> String {
    format!("{}?{}", callback.path(), callback.query().expect("a query"))
}

/// Goes back with the callback, and on to where it leads: the last page.
pub fn come_back(callback: &Url) -> Reply {
    let port = callback.port().expect("a port");
    let reply = get(port, &target(callback));
    assert_eq!((reply.status, reply.header("location")), (302, Some("/done")), "{reply:?}");
    get(port, "/done")
}

/// Signs alice in at a login that waits, and sees to it that it then ends well.
pub fn complete(lab: &Lab, waiting: WaitingLogin) -> Ran {
    let codes_before = lab.sandbox.count("token.code");
    let page = come_back(&callback(&waiting, "alice"));
    assert!(page.body.contains("You are signed in"), "{page:?}");
    let ran = waiting.end().good();
    assert!(ran.stderr.contains("signed in as alice@corp.example by AzureAD"), "{}", ran.stderr);
    assert_eq!(lab.sandbox.count("token.code"), codes_before + 1, "one exchange, that of the right code");
    ran
}

/// Whether anything listens there.
pub fn listens(port: u16) -> bool {
    ["127.0.0.1", "::1"].iter().any(|host| TcpStream::connect((*host, port)).is_ok())
}

/// No secret that the sandbox gave out or was shown is in what was said.
#[track_caller]
pub fn assert_no_secret(lab: &Lab, text: &str) {
    for secret in lab.sandbox.secrets_issued() {
        assert!(!text.contains(&secret), "{secret} in {text}");
    }
}

/// One line with the error, and the next step as the last line; nothing panicked. Returns the error.
#[track_caller]
pub fn assert_one_error_and_hint(ran: &Ran) -> String {
    let lines: Vec<&str> = ran.stderr.lines().collect();
    assert_eq!(ran.stderr.matches("cogfed: error: ").count(), 1, "{}", ran.stderr);
    let [.., error, hint] = lines.as_slice() else { panic!("two lines at least: {}", ran.stderr) };
    assert!(hint.starts_with("cogfed: hint: ") && !ran.stderr.contains("panicked"), "{}", ran.stderr);
    let error = error.strip_prefix("cogfed: error: ");
    error.unwrap_or_else(|| panic!("the error is the last line but one: {}", ran.stderr)).to_owned()
}
