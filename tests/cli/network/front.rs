//! A test server that forwards requests to another server, or answers them itself. It counts requests, fails as
//! networks fail, and optionally speaks TLS.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use cogfed_test_support::{Request, Server, forwarded};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// The way in which the test server treats a request.
#[derive(Clone, Debug)]
pub enum Act {
    /// The request is forwarded to the other server.
    Forward,
    /// The request is answered with these bytes.
    Answer(String),
    /// The request is read and never answered.
    Silence,
    /// Half of an answer's head is sent, and then nothing more.
    HalfAHead,
    /// The head of the answer is sent at once, and then one byte of the body per second.
    Drip,
    /// An answer of 10 MiB is sent.
    Flood,
    /// Bytes are relayed between the client and the other server.
    Relay,
    /// The connection is closed without an answer.
    Close,
    /// The connection is reset before the request is read.
    Reset,
}

/// Returns the answer with this status, these headers (each with its line ending) and this body.
pub fn answer(status: &str, headers: &str, body: &str) -> Act {
    let length = body.len();
    Act::Answer(format!("HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {length}\r\n{headers}\r\n{body}"))
}

#[derive(Default)]
struct State {
    /// The rules, each with a substring of the request line, the treatment of matching requests, and the number of
    /// requests that the rule still applies to.
    rules: Vec<(String, Act, usize)>,
    /// The request lines that have arrived so far.
    lines: Vec<String>,
    /// The number of connections that the server still has to close at once, after `login` has called the authorization
    /// endpoint.
    dropped: usize,
    /// The number of calls to the authorization endpoint that were answered without forwarding.
    asked: usize,
    /// True if the last request was for the authorization endpoint.
    has_been_asked: bool,
}

/// A test server that forwards requests to another server, or answers all requests itself. Dropping this value stops
/// the server.
pub struct Front {
    server: Server,
    state: Arc<Mutex<State>>,
}

trait Stream: Read + Write {}
impl<T: Read + Write> Stream for T {}

impl Front {
    /// Starts a server that forwards requests to `behind`.
    pub fn of(behind: SocketAddr, tls: Option<Arc<ServerConfig>>) -> Self {
        Self::start(Some(behind), tls)
    }

    /// Starts a server that treats all requests as `act` says and forwards none. It answers the authorization endpoint
    /// like Cognito, because a `login` asks it before the browser opens, and does not count that request.
    pub fn alone(act: Act, tls: Option<Arc<ServerConfig>>) -> Self {
        let front = Self::start(None, tls);
        front.always("", act);
        front
    }

    fn start(behind: Option<SocketAddr>, tls: Option<Arc<ServerConfig>>) -> Self {
        let state = Arc::<Mutex<State>>::default();
        let shared = Arc::clone(&state);
        let server = Server::of_connections(move |stream| serve(&shared, stream, tls.clone(), behind));
        Self { server, state }
    }

    /// Starts a TLS server that relays the decrypted bytes between its clients and `behind`.
    pub fn relay(behind: SocketAddr, tls: Arc<ServerConfig>) -> Self {
        let front = Self::start(Some(behind), Some(tls));
        front.always("CONNECT ", Act::Relay);
        front
    }

    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    pub fn port(&self) -> u16 {
        self.server.port()
    }

    /// Treats all further requests whose line contains `part` as `act` says.
    pub fn always(&self, part: &str, act: Act) {
        self.times(part, act, usize::MAX);
    }

    /// Treats the next `times` requests whose line contains `part` as `act` says.
    pub fn times(&self, part: &str, act: Act, times: usize) {
        self.state.lock().unwrap().rules.insert(0, (part.to_owned(), act, times));
    }

    /// Removes all rules, so that requests are treated normally.
    pub fn behave(&self) {
        self.state.lock().unwrap().rules.clear();
    }

    /// Makes the server close the next `count` connections after `login` has called the authorization endpoint.
    pub fn drop_connections(&self, count: usize) {
        self.state.lock().unwrap().dropped = count;
    }

    /// Returns the number of requests whose line contains `part`.
    pub fn count(&self, part: &str) -> usize {
        self.state.lock().unwrap().lines.iter().filter(|line| line.contains(part)).count()
    }

    /// Returns the number of connections so far.
    pub fn connections(&self) -> usize {
        self.server.connections() - self.state.lock().unwrap().asked
    }
}

fn serve(
    state: &Mutex<State>,
    stream: TcpStream,
    tls: Option<Arc<ServerConfig>>,
    behind: Option<SocketAddr>,
) -> io::Result<()> {
    {
        let mut state = state.lock().unwrap();
        if state.dropped > 0 && (behind.is_some() || state.has_been_asked) {
            state.dropped -= 1;
            return Ok(());
        }
    }
    let raw = stream.try_clone()?;
    let mut stream: Box<dyn Stream> = match tls {
        None => Box::new(stream),
        Some(config) => {
            let mut stream = StreamOwned::new(ServerConnection::new(config).map_err(io::Error::other)?, stream);
            while stream.conn.is_handshaking() {
                stream.conn.complete_io(&mut stream.sock)?;
            }
            Box::new(stream)
        }
    };
    let resets = state.lock().unwrap().rules.iter().any(|(_, act, _)| matches!(act, Act::Reset));
    if resets && (behind.is_some() || state.lock().unwrap().has_been_asked) {
        // Closing with unread data resets the connection. With TLS the data may have been read with the handshake.
        raw.set_read_timeout(Some(Duration::from_millis(500)))?;
        let _ = raw.peek(&mut [0]);
        return Ok(());
    }
    let Some(request) = Request::read(&mut *stream)? else { return Ok(()) };
    if behind.is_none() && request.line().contains("/oauth2/authorize") {
        let mut state = state.lock().unwrap();
        state.asked += 1;
        state.has_been_asked = true;
        return act_on(&mut *stream, &answer("302 Found", "location: /login\r\n", ""), &request, None);
    }
    state.lock().unwrap().has_been_asked = false;
    let act = act_for(&mut state.lock().unwrap(), request.line());
    act_on(&mut *stream, &act, &request, behind)
}

/// Records a request line, and returns the treatment that the rules prescribe for the request.
fn act_for(state: &mut State, line: &str) -> Act {
    state.lines.push(line.to_owned());
    let Some((_, act, times)) = state.rules.iter_mut().find(|(part, _, times)| *times > 0 && line.contains(part))
    else {
        return Act::Forward;
    };
    *times -= 1;
    act.clone()
}

fn act_on(stream: &mut dyn Stream, act: &Act, request: &Request, behind: Option<SocketAddr>) -> io::Result<()> {
    match act {
        Act::Forward => {
            let Some(behind) = behind else { return Ok(()) };
            stream.write_all(&forwarded(behind, request)?)?;
        }
        Act::Answer(text) => stream.write_all(text.as_bytes())?,
        Act::Silence => drop(stream.read(&mut [0])),
        Act::HalfAHead => {
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-ty")?;
            stream.flush()?;
            drop(stream.read(&mut [0]));
        }
        Act::Drip => {
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n")?;
            for _ in 0..100 {
                stream.write_all(b"x")?;
                stream.flush()?;
                thread::sleep(Duration::from_secs(1));
            }
        }
        Act::Flood => {
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n\r\n\"")?;
            for _ in 0..160 {
                stream.write_all(&[b'x'; 65536])?;
            }
        }
        Act::Relay => {
            let Some(behind) = behind else { return Ok(()) };
            let mut server = TcpStream::connect(behind)?;
            server.set_read_timeout(Some(Duration::from_millis(200)))?;
            server.write_all(&request.bytes())?;
            let mut buffer = [0; 65536];
            // Turns alternate, as in a handshake and one exchange: the server until it pauses, then the client.
            loop {
                while let Ok(count) = server.read(&mut buffer) {
                    if count == 0 {
                        return stream.flush();
                    }
                    stream.write_all(&buffer[..count])?;
                    stream.flush()?;
                }
                let count = stream.read(&mut buffer)?;
                if count == 0 {
                    return Ok(());
                }
                server.write_all(&buffer[..count])?;
            }
        }
        Act::Close | Act::Reset => return Ok(()),
    }
    stream.flush()
}
