//! A server on 127.0.0.1 whose behaviour the test defines.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

/// The maximum time for a client to send its request.
const PATIENCE: Duration = Duration::from_secs(10);

/// A server that listens until it is dropped. Each connection is served on a thread of its own.
pub struct Server {
    address: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    connections: AtomicUsize,
    is_over: AtomicBool,
}

/// A received HTTP request, unchanged.
#[derive(Debug, Clone)]
pub struct Request {
    /// The request line and the headers, without the empty line.
    pub head: String,
    /// The body.
    pub body: Vec<u8>,
}

/// An HTTP response that the test server sends.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The names and values of the headers, without `connection` and `content-length`.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Server {
    /// Starts a server that passes each connection to `handle`. An error of the handler means that the client left, and
    /// fails no test.
    pub fn of_connections(handle: impl Fn(TcpStream) -> io::Result<()> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let address = listener.local_addr().expect("an address");
        let shared = Arc::<Shared>::default();
        let (seen, handle) = (Arc::clone(&shared), Arc::new(handle));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if seen.is_over.load(Ordering::SeqCst) {
                    break;
                }
                seen.connections.fetch_add(1, Ordering::SeqCst);
                let handle = Arc::clone(&handle);
                thread::spawn(move || drop(handle(stream)));
            }
        });
        Self { address, shared }
    }

    /// Starts an HTTP server that answers each request with an [`Answer`] or with raw bytes, then closes the
    /// connection.
    pub fn of_requests<A: Into<Vec<u8>>>(answer: impl Fn(Request) -> A + Send + Sync + 'static) -> Self {
        Self::of_connections(move |mut stream| {
            stream.set_read_timeout(Some(PATIENCE))?;
            match Request::read(&mut stream)? {
                Some(request) => stream.write_all(&answer(request).into()),
                None => Ok(()),
            }
        })
    }

    /// Returns the address of the listener.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns the port of the listener.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Returns the server's URL, without a slash at the end.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Returns the number of connections accepted so far.
    pub fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::SeqCst)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shared.is_over.store(true, Ordering::SeqCst);
        // Wakes the thread that waits for a connection.
        drop(TcpStream::connect(self.address));
    }
}

impl Request {
    /// Reads one HTTP request, including its body. Returns `None` if the connection ends before the request is
    /// complete.
    ///
    /// # Errors
    /// If the connection fails.
    pub fn read(stream: &mut (impl Read + ?Sized)) -> io::Result<Option<Self>> {
        let (mut bytes, mut buffer) = (Vec::new(), [0; 65536]);
        loop {
            let count = stream.read(&mut buffer)?;
            if count == 0 {
                return Ok(None);
            }
            bytes.extend_from_slice(&buffer[..count]);
            let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else { continue };
            let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
            let request = Self { head, body: bytes[end + 4..].to_vec() };
            let length = request.header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
            if request.body.len() >= length {
                return Ok(Some(request));
            }
        }
    }

    /// Returns the request line.
    pub fn line(&self) -> &str {
        self.head.lines().next().unwrap_or_default()
    }

    /// Returns the value of the header `name`.
    pub fn header(&self, name: &str) -> Option<&str> {
        let headers = self.head.lines().skip(1).filter_map(|line| line.split_once(':'));
        headers.into_iter().find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }

    /// Returns the body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// Returns the bytes of the request as it arrived.
    pub fn bytes(&self) -> Vec<u8> {
        [self.head.as_bytes(), b"\r\n\r\n", &self.body].concat()
    }

    /// Returns the bytes of the request, with the header `connection: close` added, for forwarding to another server.
    pub fn closing(&self) -> Vec<u8> {
        [self.head.as_bytes(), b"\r\nconnection: close\r\n\r\n", &self.body].concat()
    }
}

impl Answer {
    /// Returns a response whose body has this content type.
    pub fn new(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        let headers = vec![("content-type".to_owned(), content_type.to_owned())];
        Self { status, headers, body: body.into() }
    }

    /// Returns a response with a JSON body.
    pub fn json(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self::new(status, "application/json", body)
    }
}

impl From<Answer> for Vec<u8> {
    /// Serializes the response as HTTP/1.1.
    fn from(answer: Answer) -> Self {
        let length = answer.body.len();
        let mut bytes = format!("HTTP/1.1 {} X\r\nconnection: close\r\ncontent-length: {length}\r\n", answer.status);
        for (name, value) in &answer.headers {
            bytes += &format!("{name}: {value}\r\n");
        }
        bytes += "\r\n";
        [bytes.into_bytes(), answer.body].concat()
    }
}

/// Forwards a request to the server at `behind`, and returns the bytes of the response.
///
/// # Errors
/// If that server cannot be reached or closes the connection too early.
pub fn forwarded(behind: SocketAddr, request: &Request) -> io::Result<Vec<u8>> {
    let mut server = TcpStream::connect(behind)?;
    server.write_all(&request.closing())?;
    let mut answer = Vec::new();
    server.read_to_end(&mut answer)?;
    Ok(answer)
}
