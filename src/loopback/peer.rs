//! The user at the other end of a loopback connection, from `/proc/net/tcp` (Linux only).

#[cfg(target_os = "linux")]
use std::fs::File;
#[cfg(any(target_os = "linux", test))]
use std::io::BufRead;
#[cfg(target_os = "linux")]
use std::io::BufReader;
use std::net::SocketAddr;

/// Returns whether a connection from `peer` to our `port` is known to be another user's. Root counts as this user.
///
/// The `state` of a sign-in does not prove which user sends it: the browser's command line shows it to every local
/// user. The kernel shows root as the owner of a closed socket. A connection from a closed socket counts as another
/// user's, because a browser of this user would wait for the answer.
pub fn is_someone_else(peer: SocketAddr, port: u16) -> bool {
    #[cfg(target_os = "linux")]
    {
        let table = match peer {
            SocketAddr::V4(_) => File::open("/proc/net/tcp"),
            SocketAddr::V6(_) => File::open("/proc/net/tcp6"),
        };
        let owner = table.ok().and_then(|table| owner(BufReader::new(table), peer, port));
        is_other(owner, rustix::process::geteuid().as_raw())
    }
    #[cfg(not(target_os = "linux"))]
    {
        // This system has no such table.
        let _ = (peer, port);
        false
    }
}

/// Returns whether a socket of `owner` belongs to neither `our_uid` nor root.
#[cfg(any(target_os = "linux", test))]
fn is_other(owner: Option<Owner>, our_uid: u32) -> bool {
    match owner {
        Some(Owner::User(uid)) => uid != our_uid && uid != 0,
        Some(Owner::Gone) => true,
        // Another network namespace, as between Windows and WSL: the owner is not known.
        None => false,
    }
}

/// The owner of a socket.
#[cfg(any(target_os = "linux", test))]
#[derive(Debug, PartialEq, Eq)]
enum Owner {
    /// The user with this id.
    User(u32),
    /// No user: the socket is closed.
    Gone,
}

/// Returns the owner of the socket with the local address `local` and the remote port `remote_port`
/// (<https://docs.kernel.org/networking/proc_net_tcp.html>). The table is read line by line, because after a flood it
/// has tens of megabytes.
#[cfg(any(target_os = "linux", test))]
fn owner(table: impl BufRead, local: SocketAddr, remote_port: u16) -> Option<Owner> {
    let local = format!("{}:{:04X}", address_in_hex(local), local.port());
    let remote = format!(":{remote_port:04X}");
    table.lines().map_while(Result::ok).skip(1).find_map(|line| {
        let mut fields = line.split_whitespace().skip(1);
        let (is_local, is_remote) = (fields.next()? == local, fields.next()?.ends_with(&remote));
        let (uid, inode) = (fields.nth(4)?.parse().ok()?, fields.nth(1)?);
        (is_local && is_remote).then_some(if inode == "0" { Owner::Gone } else { Owner::User(uid) })
    })
}

/// Formats an address as the kernel does: each group of four bytes is a number in this machine's byte order.
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
mod tests {
    use super::*;

    #[test]
    #[cfg(target_endian = "little")]
    fn connection_owner_is_read_from_the_kernels_table() {
        let table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n   \
            0: 0100007F:20D0 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 1 1 0 100 0 0 10 0\n   \
            1: 0100007F:20D0 0100007F:C350 01 00000000:00000000 00:00000000 00000000  1000        0 2 1 0 20 4 30 10 -1\n   \
            2: 0100007F:C350 0100007F:20D0 01 00000000:00000000 00:00000000 00000000  1001        0 3 1 0 20 4 30 10 -1\n   \
            3: 0100007F:C352 0100007F:20D0 05 00000000:00000000 00:00000000 00000000     0        0 0 1 0 20 4 30 10 -1\n   \
            4: 0100007F:C353 0100007F:20D0 01 00000000:00000000 00:00000000 00000000     0        0 0 1 0 20 4 30 10 -1\n";
        let peer = "127.0.0.1:50000".parse().unwrap();
        assert_eq!(owner(table.as_bytes(), peer, 8400), Some(Owner::User(1001)));
        for closed in ["127.0.0.1:50002", "127.0.0.1:50003"] {
            assert_eq!(owner(table.as_bytes(), closed.parse().unwrap(), 8400), Some(Owner::Gone), "{closed}");
        }
        assert_eq!(owner(table.as_bytes(), "127.0.0.1:50001".parse().unwrap(), 8400), None);
        assert_eq!(owner(table.as_bytes(), peer, 8401), None);
        assert_eq!(owner("".as_bytes(), peer, 8400), None);
        assert_eq!(owner("header\n garbage\n".as_bytes(), peer, 8400), None);
        assert_eq!(address_in_hex("[::1]:1".parse().unwrap()), "00000000000000000000000001000000");
    }

    #[test]
    fn only_connections_of_this_user_and_root_are_accepted() {
        for (owner, ours, is_foreign) in [
            (Some(Owner::User(1000)), 1000, false),
            (Some(Owner::User(0)), 1000, false),
            (Some(Owner::User(1001)), 1000, true),
            (Some(Owner::User(0)), 0, false),
            (Some(Owner::User(1000)), 0, true),
            (Some(Owner::Gone), 1000, true),
            (None, 1000, false),
        ] {
            let shown = format!("{owner:?} by {ours}");
            assert_eq!(is_other(owner, ours), is_foreign, "{shown}");
        }
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn connection_of_this_user_is_recognised() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let stream = std::net::TcpStream::connect(("127.0.0.1", port)).unwrap();
        assert!(!is_someone_else(stream.local_addr().unwrap(), port));
        let table = BufReader::new(File::open("/proc/net/tcp").unwrap());
        let ours = Owner::User(rustix::process::geteuid().as_raw());
        assert_eq!(owner(table, stream.local_addr().unwrap(), port), Some(ours), "the kernel does tell");
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn closed_socket_does_not_count_as_owned_by_root() {
        use std::io::{Read, Write};
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let mut stream = std::net::TcpStream::connect(("127.0.0.1", port)).unwrap();
        stream.write_all(b"x").unwrap();
        let peer = stream.local_addr().unwrap();
        drop(stream);
        let (mut accepted, _) = listener.accept().unwrap();
        let mut byte = [0];
        accepted.read_exact(&mut byte).unwrap();
        assert_eq!(accepted.read(&mut byte).unwrap(), 0, "it has left");
        assert!(is_someone_else(peer, port));
    }
}
