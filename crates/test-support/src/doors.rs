//! Proxies between cogfed and the sandbox, which a test can close.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use crate::{Lab, PROFILE, Server};

/// The state of a proxy, which decides what happens to new connections.
#[derive(Clone, Copy, PartialEq)]
pub enum Door {
    /// The proxy forwards new connections.
    Open = 0,
    /// The proxy closes new connections at once.
    Shut = 1,
    /// The proxy leaves new connections open, but never answers on them.
    Silent = 2,
}

/// The proxies in front of the hosted UI and of the identity pool. They count connections.
pub struct Doors {
    shared: Arc<Shared>,
    _servers: Vec<Server>,
}

#[derive(Default)]
struct Shared {
    door: AtomicU8,
    came: AtomicU64,
    silent: Mutex<Vec<TcpStream>>,
}

impl Doors {
    /// Starts the proxies, and changes the lab's profile so that cogfed connects to them.
    pub fn before(lab: &Lab) -> Self {
        let shared = Arc::<Shared>::default();
        let mut section = lab.sandbox.profile_toml(PROFILE);
        let mut servers = Vec::new();
        for url in [lab.sandbox.domain_url(), lab.sandbox.identity_pool_url()] {
            let target: SocketAddr = url.trim_start_matches("http://").parse().expect("an address");
            let shared = Arc::clone(&shared);
            let server = Server::of_connections(move |stream| shared.meet(stream, target));
            section = section.replace(&url, &server.url());
            servers.push(server);
        }
        lab.configure(&section, "store = 'file'");
        Self { shared, _servers: servers }
    }

    /// Sets the state that decides what happens to later connections.
    pub fn set(&self, door: Door) {
        self.shared.door.store(door as u8, Ordering::SeqCst);
    }

    /// Returns the number of connections since the previous call of this method.
    pub fn came(&self) -> u64 {
        self.shared.came.swap(0, Ordering::SeqCst)
    }
}

impl Shared {
    fn meet(&self, stream: TcpStream, target: SocketAddr) -> io::Result<()> {
        self.came.fetch_add(1, Ordering::SeqCst);
        match self.door.load(Ordering::SeqCst) {
            0 => through(&stream, target)?,
            1 => drop(stream),
            _ => self.silent.lock().unwrap_or_else(PoisonError::into_inner).push(stream),
        }
        Ok(())
    }
}

fn through(client: &TcpStream, target: SocketAddr) -> io::Result<()> {
    let server = TcpStream::connect(target)?;
    for (from, to) in [(client, &server), (&server, client)] {
        let (mut from, mut to) = (from.try_clone()?, to.try_clone()?);
        thread::spawn(move || {
            let mut bytes = [0; 16 * 1024];
            while let Ok(count @ 1..) = from.read(&mut bytes) {
                if to.write_all(&bytes[..count]).is_err() {
                    break;
                }
            }
            let _ = to.shutdown(Shutdown::Write);
        });
    }
    Ok(())
}
