//! An HTTP proxy that supports only the method CONNECT.

use std::collections::HashMap;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use base64::Engine;
use cogfed_test_support::Server;

/// The way in which the proxy answers a CONNECT request.
#[derive(Clone)]
pub enum Manner {
    /// The proxy opens the tunnel.
    Open,
    /// The proxy opens the tunnel only for this user and password, given as `user:password`.
    Password(&'static str),
    /// The proxy answers with this status line.
    Refuses(&'static str),
    /// The proxy never answers.
    Silent,
    /// The proxy closes the connection.
    Closes,
}

/// A proxy that supports only CONNECT. Dropping this value stops the proxy.
pub struct Tunnel {
    server: Server,
    heads: Arc<Mutex<Vec<String>>>,
}

impl Tunnel {
    /// Starts a proxy that resolves only these host names, to these addresses.
    pub fn start(manner: Manner, hosts: &[(&str, SocketAddr)]) -> Self {
        let hosts: HashMap<String, SocketAddr> = hosts.iter().map(|(name, at)| ((*name).to_owned(), *at)).collect();
        let heads = Arc::<Mutex<Vec<String>>>::default();
        let seen = Arc::clone(&heads);
        Self { server: Server::of_connections(move |stream| serve(stream, &manner, &hosts, &seen)), heads }
    }

    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// Returns the heads of all requests to the proxy so far.
    pub fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap().clone()
    }
}

fn serve(
    mut client: TcpStream,
    manner: &Manner,
    hosts: &HashMap<String, SocketAddr>,
    seen: &Mutex<Vec<String>>,
) -> io::Result<()> {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") {
        client.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).map_err(io::Error::other)?;
    seen.lock().unwrap().push(head.clone());
    match manner {
        Manner::Open => {}
        Manner::Password(pair) => {
            let wanted = format!("proxy-authorization: Basic {}", base64::prelude::BASE64_STANDARD.encode(pair));
            let is_wanted = |(name, value): (&str, &str)| format!("{}: {value}", name.to_lowercase()) == wanted;
            if !head.lines().any(|line| line.split_once(": ").is_some_and(is_wanted)) {
                let refusal = "HTTP/1.1 407 Proxy Authentication Required\r\nproxy-authenticate: Basic realm=\"x\"\r\n";
                return client.write_all(format!("{refusal}content-length: 0\r\n\r\n").as_bytes());
            }
        }
        Manner::Refuses(status) => {
            return client.write_all(format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n").as_bytes());
        }
        Manner::Silent => return client.read(&mut byte).map(drop),
        Manner::Closes => return Ok(()),
    }
    let target = head.split(' ').nth(1).and_then(|target| target.split(':').next()).unwrap_or_default();
    let Some(address) = hosts.get(target) else {
        return client.write_all(b"HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n");
    };
    let mut server = TcpStream::connect(address)?;
    client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n")?;
    let (mut from_client, mut to_server) = (client.try_clone()?, server.try_clone()?);
    thread::spawn(move || {
        let _ = io::copy(&mut from_client, &mut to_server);
        let _ = to_server.shutdown(std::net::Shutdown::Write);
    });
    io::copy(&mut server, &mut client)?;
    client.shutdown(std::net::Shutdown::Both)
}
