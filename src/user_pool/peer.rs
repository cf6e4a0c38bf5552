//! Who is at the other end of a loopback connection. Linux tells, by `/proc/net/tcp`; elsewhere nobody does.

use std::net::SocketAddr;

/// Whether a connection from `peer` to our `port` is known to be another user's.
///
/// The state travels in the browser's command line, where every local user can read it. So a callback is taken from
/// this user and from root alone, where the kernel tells who it is.
#[cfg(target_os = "linux")]
pub fn is_someone_else(peer: SocketAddr, port: u16) -> bool {
    let table = match peer {
        SocketAddr::V4(_) => std::fs::read_to_string("/proc/net/tcp"),
        SocketAddr::V6(_) => std::fs::read_to_string("/proc/net/tcp6"),
    };
    let owner = table.ok().and_then(|table| owner(&table, peer, port));
    let ours = rustix::process::geteuid().as_raw();
    owner.is_some_and(|uid| uid != ours && uid != 0)
}

/// Nothing is known of a peer here.
#[cfg(not(target_os = "linux"))]
pub fn is_someone_else(_: SocketAddr, _: u16) -> bool {
    false
}

/// The user id of the socket whose local address is `local` and whose remote port is `remote_port`
/// (<https://docs.kernel.org/networking/proc_net_tcp.html>).
#[cfg(any(target_os = "linux", test))]
fn owner(table: &str, local: SocketAddr, remote_port: u16) -> Option<u32> {
    let local = format!("{}:{:04X}", address_in_hex(local), local.port());
    let remote = format!(":{remote_port:04X}");
    table.lines().skip(1).find_map(|line| {
        let mut fields = line.split_whitespace().skip(1);
        let (is_local, is_remote) = (fields.next()? == local, fields.next()?.ends_with(&remote));
        let uid = fields.nth(4)?;
        if is_local && is_remote { uid.parse().ok() } else { None }
    })
}

/// The kernel prints each group of four bytes as a number of this machine's byte order.
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
    fn the_owner_is_read_from_the_kernels_table() {
        let table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n   \
            0: 0100007F:20D0 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 1 1 0 100 0 0 10 0\n   \
            1: 0100007F:20D0 0100007F:C350 01 00000000:00000000 00:00000000 00000000  1000        0 2 1 0 20 4 30 10 -1\n   \
            2: 0100007F:C350 0100007F:20D0 01 00000000:00000000 00:00000000 00000000  1001        0 3 1 0 20 4 30 10 -1\n";
        let peer = "127.0.0.1:50000".parse().unwrap();
        assert_eq!(owner(table, peer, 8400), Some(1001));
        assert_eq!(owner(table, "127.0.0.1:50001".parse().unwrap(), 8400), None);
        assert_eq!(owner(table, peer, 8401), None);
        assert_eq!(owner("", peer, 8400), None);
        assert_eq!(owner("header\n garbage\n", peer, 8400), None);
        assert_eq!(address_in_hex("[::1]:1".parse().unwrap()), "00000000000000000000000001000000");
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_connection_of_ours_is_not_someone_elses() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let stream = std::net::TcpStream::connect(("127.0.0.1", port)).unwrap();
        assert!(!is_someone_else(stream.local_addr().unwrap(), port));
        let table = std::fs::read_to_string("/proc/net/tcp").unwrap();
        let uid = owner(&table, stream.local_addr().unwrap(), port);
        assert_eq!(uid, Some(rustix::process::geteuid().as_raw()), "the kernel does tell");
    }
}
