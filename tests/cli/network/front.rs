//! A server in front of another one, or of none: it speaks TLS if asked to, counts what arrives, and can do wrong what
//! a network can do wrong.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// What becomes of a request.
#[derive(Clone, Debug)]
pub enum Act {
    /// It is passed on to the server behind.
    Forward,
    /// It is answered with these bytes.
    Answer(String),
    /// It is read, and never answered.
    Silence,
    /// Half a head, then silence.
    HalfAHead,
    /// A head, then a byte of the body each second.
    Drip,
    /// 10 MiB.
    Flood,
    /// Carries bytes both ways, request by request, to the server behind.
    Relay,
    /// The connection ends without an answer.
    Close,
    /// The connection is reset, with the request unread.
    Reset,
}

/// An answer of that status, with more headers, each with its line's end.
pub fn answer(status: &str, headers: &str, body: &str) -> Act {
    let length = body.len();
    Act::Answer(format!("HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {length}\r\n{headers}\r\n{body}"))
}

#[derive(Default)]
struct State {
    /// Which part of a request line, what becomes of it, and how often yet.
    rules: Vec<(String, Act, usize)>,
    /// The request lines that arrived.
    lines: Vec<String>,
    /// Connections that are closed as soon as they come.
    dropped: usize,
    connections: usize,
}

/// The server; it serves until the test's process ends.
#[derive(Clone)]
pub struct Front {
    pub address: SocketAddr,
    state: Arc<Mutex<State>>,
}

trait Stream: Read + Write {}
impl<T: Read + Write> Stream for T {}

impl Front {
    /// A server that passes on to `behind`.
    pub fn of(behind: SocketAddr, tls: Option<Arc<ServerConfig>>) -> Self {
        Self::start(Some(behind), tls)
    }

    /// A server with nothing behind it, that does `act` always.
    pub fn alone(act: Act, tls: Option<Arc<ServerConfig>>) -> Self {
        let front = Self::start(None, tls);
        front.always("", act);
        front
    }

    fn start(behind: Option<SocketAddr>, tls: Option<Arc<ServerConfig>>) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let front = Self { address: listener.local_addr().unwrap(), state: Arc::default() };
        let serving = front.clone();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (front, tls) = (serving.clone(), tls.clone());
                // A client that went away is no failure of the test.
                thread::spawn(move || drop(stream.map(|stream| front.serve(stream, tls, behind))));
            }
        });
        front
    }

    /// A server that speaks TLS, and carries what is inside on to `behind`, both ways.
    pub fn relay(behind: SocketAddr, tls: Arc<ServerConfig>) -> Self {
        let front = Self::start(Some(behind), Some(tls));
        front.always("CONNECT ", Act::Relay);
        front
    }

    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Requests whose line contains `part` meet `act` from now on.
    pub fn always(&self, part: &str, act: Act) {
        self.times(part, act, usize::MAX);
    }

    /// The same, so many times.
    pub fn times(&self, part: &str, act: Act, times: usize) {
        self.state.lock().unwrap().rules.insert(0, (part.to_owned(), act, times));
    }

    /// Back to what it was made for.
    pub fn behave(&self) {
        self.state.lock().unwrap().rules.clear();
    }

    /// The next connections are closed as soon as they come.
    pub fn drop_connections(&self, count: usize) {
        self.state.lock().unwrap().dropped = count;
    }

    /// How many requests arrived whose line contains `part`.
    pub fn count(&self, part: &str) -> usize {
        self.state.lock().unwrap().lines.iter().filter(|line| line.contains(part)).count()
    }

    /// How many connections came.
    pub fn connections(&self) -> usize {
        self.state.lock().unwrap().connections
    }

    fn serve(&self, stream: TcpStream, tls: Option<Arc<ServerConfig>>, behind: Option<SocketAddr>) -> io::Result<()> {
        {
            let mut state = self.state.lock().unwrap();
            state.connections += 1;
            if state.dropped > 0 {
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
        if self.state.lock().unwrap().rules.iter().any(|(_, act, _)| matches!(act, Act::Reset)) {
            // What is closed with something unread is reset. With TLS it may have been read with the handshake.
            raw.set_read_timeout(Some(Duration::from_millis(500)))?;
            let _ = raw.peek(&mut [0]);
            return Ok(());
        }
        let request = read_request(&mut stream)?;
        let line = String::from_utf8_lossy(&request).lines().next().unwrap_or_default().to_owned();
        let act = self.act(&line);
        act_on(&mut *stream, &act, &request, behind)
    }

    fn act(&self, line: &str) -> Act {
        let mut state = self.state.lock().unwrap();
        state.lines.push(line.to_owned());
        let Some((_, act, times)) = state.rules.iter_mut().find(|(part, _, times)| *times > 0 && line.contains(part))
        else {
            return Act::Forward;
        };
        *times -= 1;
        act.clone()
    }
}

fn act_on(stream: &mut dyn Stream, act: &Act, request: &[u8], behind: Option<SocketAddr>) -> io::Result<()> {
    match act {
        Act::Forward => {
            let Some(behind) = behind else { return Ok(()) };
            let mut server = TcpStream::connect(behind)?;
            let end = request.windows(2).position(|pair| pair == b"\r\n").unwrap_or_default();
            server.write_all(&request[..end])?;
            server.write_all(b"\r\nconnection: close")?;
            server.write_all(&request[end..])?;
            let mut answer = Vec::new();
            server.read_to_end(&mut answer)?;
            stream.write_all(&answer)?;
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
            server.write_all(request)?;
            let mut buffer = [0; 65536];
            // By turns, as a handshake and one exchange are: what the server says until it pauses, then the client.
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

/// One request, head and body.
fn read_request(stream: &mut dyn Read) -> io::Result<Vec<u8>> {
    let (mut seen, mut buffer) = (Vec::new(), [0; 65536]);
    loop {
        let count = stream.read(&mut buffer)?;
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        seen.extend_from_slice(&buffer[..count]);
        if let Some(end) = seen.windows(4).position(|window| window == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&seen[..end]).to_lowercase();
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            if seen.len() >= end + 4 + length.map_or(0, |length| length.parse().unwrap()) {
                return Ok(seen);
            }
        }
    }
}
