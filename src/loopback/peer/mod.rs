//! Lookup, in `/proc/net/tcp` and `/proc/net/tcp6`, of the user who opened a loopback connection (Linux only).

use std::fmt;
#[cfg(target_os = "linux")]
use std::fs::File;
#[cfg(target_os = "linux")]
use std::io::BufReader;
#[cfg(any(target_os = "linux", test))]
use std::io::{self, BufRead};
use std::net::SocketAddr;
#[cfg(any(target_os = "linux", test))]
use std::net::{IpAddr, Ipv6Addr};

/// The two addresses of an accepted connection.
#[derive(Debug, Clone, Copy)]
pub struct Ends {
    /// The address of the program that connected.
    pub peer: SocketAddr,
    /// The address of cogfed's listener.
    pub local: SocketAddr,
}

/// The reason why a connection is refused: nothing proves that this user opened the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stranger {
    /// A process of another user connected.
    AnotherUser,
    /// The kernel's socket tables show no open socket at the other end of the connection.
    Unknown,
    /// The kernel's socket tables cannot be read, for example because `/proc` is mounted with `subset=pid`.
    Hidden,
}

impl fmt::Display for Stranger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Stranger::AnotherUser => "this request comes from another user of this machine",
            Stranger::Unknown => "the kernel does not show which user sent this request",
            Stranger::Hidden => "/proc/net is hidden here, so nothing shows which user sent this request",
        })
    }
}

/// Checks that this user or root opened a connection.
///
/// The state of a sign-in does not prove which user sends it: other users may have read it in a command line. The
/// whole address of both ends is compared, since the kernel gives one local port to several connections with different
/// targets. A connection to 127.0.0.1 may be from an IPv6 socket. A connection from a closed socket, which the kernel
/// shows as root's, is refused, because a browser of this user would wait for the answer.
///
/// Microsoft's kernel (WSL) is the exception: there the browser is on Windows, outside of the tables. Systems other
/// than Linux have no such tables, so there every connection is accepted.
///
/// # Errors
/// The reason why the connection is not known to be this user's.
pub fn check_peer(ends: Ends) -> Result<(), Stranger> {
    #[cfg(target_os = "linux")]
    {
        let owners = owners_of(ends, &|name| File::open(format!("/proc/net/{name}")).map(BufReader::new));
        judged(owners, rustix::process::geteuid().as_raw(), is_microsoft(&rustix::system::uname()))
    }
    #[cfg(not(target_os = "linux"))]
    {
        let _ = ends;
        Ok(())
    }
}

#[cfg(target_os = "linux")]
fn is_microsoft(system: &rustix::system::Uname) -> bool {
    system.release().to_string_lossy().to_ascii_lowercase().contains("microsoft")
}

/// Checks that the sockets at the other end of a connection belong to this user or to root. `owners` is `None` if
/// `/proc/net` is unreadable.
#[cfg(any(target_os = "linux", test))]
fn judged(owners: Option<Vec<Owner>>, our_uid: u32, is_microsoft: bool) -> Result<(), Stranger> {
    let is_ours = |owner: &Owner| matches!(owner, Owner::User(uid) if *uid == our_uid || *uid == 0);
    match owners {
        None if is_microsoft => Ok(()),
        None => Err(Stranger::Hidden),
        Some(owners) if owners.is_empty() && is_microsoft => Ok(()),
        Some(owners) if owners.iter().all(|owner| *owner == Owner::Gone) => Err(Stranger::Unknown),
        Some(owners) if owners.iter().all(is_ours) => Ok(()),
        Some(_) => Err(Stranger::AnotherUser),
    }
}

/// The owner of a socket.
#[cfg(any(target_os = "linux", test))]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Owner {
    /// The user with this id.
    User(u32),
    /// The socket is closed and no longer has an owner.
    Gone,
}

/// Returns the owners of all sockets at the other end of a connection, or `None` if `/proc/net` is unreadable. `open`
/// opens one table. A kernel without IPv6 has no `tcp6`.
#[cfg(any(target_os = "linux", test))]
fn owners_of<T: BufRead>(ends: Ends, open: &dyn Fn(&str) -> io::Result<T>) -> Option<Vec<Owner>> {
    let (peer, local) = (canonical(ends.peer), canonical(ends.local));
    let mut owners = Vec::new();
    if peer.is_ipv4() {
        owners.extend(owners_in(open("tcp").ok()?, peer, local));
    }
    match open("tcp6") {
        Ok(table) => owners.extend(owners_in(table, mapped(peer), mapped(local))),
        Err(error) if peer.is_ipv4() && error.kind() == io::ErrorKind::NotFound => {}
        Err(_) => return None,
    }
    Some(owners)
}

/// Returns the owners of the sockets with these local and remote addresses in a table
/// (<https://docs.kernel.org/networking/proc_net_tcp.html>). The table is read line by line, because after a flood it
/// has tens of megabytes.
#[cfg(any(target_os = "linux", test))]
fn owners_in(table: impl BufRead, local: SocketAddr, remote: SocketAddr) -> Vec<Owner> {
    let in_hex = |address: SocketAddr| format!("{}:{:04X}", address_in_hex(address), address.port());
    let (local, remote) = (in_hex(local), in_hex(remote));
    let owner = |line: String| {
        let mut fields = line.split_whitespace().skip(1);
        let is_it = fields.next()? == local && fields.next()? == remote;
        let (uid, inode) = (fields.nth(4)?.parse().ok()?, fields.nth(1)?);
        is_it.then_some(if inode == "0" { Owner::Gone } else { Owner::User(uid) })
    };
    table.lines().map_while(Result::ok).skip(1).filter_map(owner).collect()
}

/// Converts an IPv4-mapped IPv6 address to IPv4, and returns any other address unchanged.
#[cfg(any(target_os = "linux", test))]
fn canonical(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}

/// Converts an IPv4 address to its IPv4-mapped IPv6 form, and returns an IPv6 address unchanged.
#[cfg(any(target_os = "linux", test))]
fn mapped(address: SocketAddr) -> SocketAddr {
    let ip: Ipv6Addr = match address.ip() {
        IpAddr::V4(ip) => ip.to_ipv6_mapped(),
        IpAddr::V6(ip) => ip,
    };
    SocketAddr::new(ip.into(), address.port())
}

/// Formats an address as `/proc/net/tcp` does: each group of four bytes of the IP address is one hexadecimal number in
/// native byte order.
#[cfg(any(target_os = "linux", test))]
fn address_in_hex(address: SocketAddr) -> String {
    let group = |bytes: [u8; 4]| format!("{:08X}", u32::from_ne_bytes(bytes));
    match address {
        SocketAddr::V4(address) => group(address.ip().octets()),
        SocketAddr::V6(address) => {
            let octets = address.ip().octets();
            octets.as_chunks::<4>().0.iter().map(|bytes| group(*bytes)).collect()
        }
    }
}

#[cfg(test)]
mod tests;
