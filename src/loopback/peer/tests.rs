//! Tests with `/proc/net/tcp` tables as a little-endian machine prints them.
#![cfg(target_endian = "little")]

use super::*;

const HEADER: &str =
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n";

/// Returns a line of a `/proc/net/tcp` table with these addresses, uid and inode.
fn line(local: &str, remote: &str, uid: u32, inode: u32) -> String {
    format!(
        "   0: {local} {remote} 01 00000000:00000000 00:00000000 00000000 {uid:5}        0 {inode} 1 0 20 4 30 10 -1\n"
    )
}

fn ends(peer: &str, local: &str) -> Ends {
    Ends { peer: peer.parse().unwrap(), local: local.parse().unwrap() }
}

/// Returns the owners that `owners_of` finds in the tables `tcp` and `tcp6` with these lines.
fn owners(ends: Ends, tcp: &[String], tcp6: &[String]) -> Option<Vec<Owner>> {
    let text = |lines: &[String]| io::Cursor::new(format!("{HEADER}{}", lines.concat()));
    owners_of(ends, &|name| Ok(text(if name == "tcp" { tcp } else { tcp6 })))
}

const SERVER: &str = "0100007F:20D0";
const CLIENT: &str = "0100007F:C350";
const MAPPED_SERVER: &str = "0000000000000000FFFF00000100007F:20D0";
const MAPPED_CLIENT: &str = "0000000000000000FFFF00000100007F:C350";
const SERVER_6: &str = "00000000000000000000000001000000:20D0";
const CLIENT_6: &str = "00000000000000000000000001000000:C350";

#[test]
fn connection_owner_is_read_from_the_kernels_table() {
    let v4 = ends("127.0.0.1:50000", "127.0.0.1:8400");
    let tcp = [
        line(SERVER, "00000000:0000", 1000, 1),
        line(SERVER, CLIENT, 1000, 2),
        line(CLIENT, SERVER, 1001, 3),
        line("0100007F:C352", SERVER, 0, 0),
    ];
    assert_eq!(owners(v4, &tcp, &[]), Some(vec![Owner::User(1001)]));
    assert_eq!(owners(ends("127.0.0.1:50002", "127.0.0.1:8400"), &tcp, &[]), Some(vec![Owner::Gone]));
    for other in [ends("127.0.0.1:50001", "127.0.0.1:8400"), ends("127.0.0.1:50000", "127.0.0.1:8401")] {
        assert_eq!(owners(other, &tcp, &[]), Some(vec![]), "{other:?}");
    }
    let v6 = ends("[::1]:50000", "[::1]:8400");
    assert_eq!(owners(v6, &tcp, &[line(CLIENT_6, SERVER_6, 1002, 4)]), Some(vec![Owner::User(1002)]));
    assert_eq!(owners(v6, &tcp, &[line(MAPPED_CLIENT, MAPPED_SERVER, 1002, 4)]), Some(vec![]));
    let garbage = owners_of(v4, &|_| Ok("header\n garbage\n".as_bytes()));
    assert_eq!(garbage, Some(vec![]));
}

#[test]
fn ipv6_socket_that_connects_to_ipv4_is_found() {
    let tcp6 = [line(MAPPED_CLIENT, MAPPED_SERVER, 1001, 3), line(CLIENT_6, SERVER_6, 1000, 4)];
    for (peer, local) in [
        ("127.0.0.1:50000", "127.0.0.1:8400"),
        ("[::ffff:127.0.0.1]:50000", "[::ffff:127.0.0.1]:8400"),
        ("127.0.0.1:50000", "[::ffff:127.0.0.1]:8400"),
    ] {
        assert_eq!(owners(ends(peer, local), &[], &tcp6), Some(vec![Owner::User(1001)]), "{peer}");
    }
}

#[test]
fn owner_of_a_connection_to_another_address_does_not_count() {
    let v4 = ends("127.0.0.1:50000", "127.0.0.1:8400");
    let elsewhere = line(CLIENT, "0200007F:20D0", 1000, 2);
    let attacker = line(CLIENT, SERVER, 1001, 3);
    assert_eq!(owners(v4, &[elsewhere.clone(), attacker], &[]), Some(vec![Owner::User(1001)]));
    assert_eq!(owners(v4, &[elsewhere], &[]), Some(vec![]));
    let elsewhere = line(CLIENT_6, "00000000000000000000000002000000:20D0", 1000, 2);
    assert_eq!(owners(ends("[::1]:50000", "[::1]:8400"), &[], &[elsewhere]), Some(vec![]));
}

#[test]
fn tables_that_cannot_be_read_are_reported_as_hidden() {
    use io::ErrorKind::{NotFound, PermissionDenied};
    let v4 = ends("127.0.0.1:50000", "127.0.0.1:8400");
    let v6 = ends("[::1]:50000", "[::1]:8400");
    let without = |missing: &'static [&str], kind: io::ErrorKind| {
        move |name: &str| {
            if missing.contains(&name) { Err(kind.into()) } else { Ok(io::Cursor::new(HEADER.to_owned())) }
        }
    };
    for kind in [NotFound, PermissionDenied] {
        assert_eq!(owners_of(v4, &without(&["tcp", "tcp6"], kind)), None);
        assert_eq!(owners_of(v4, &without(&["tcp"], kind)), None);
        assert_eq!(owners_of(v6, &without(&["tcp6"], kind)), None);
    }
    assert_eq!(owners_of(v4, &without(&["tcp6"], NotFound)), Some(vec![]), "a kernel without IPv6");
    assert_eq!(owners_of(v4, &without(&["tcp6"], PermissionDenied)), None);
}

#[test]
fn only_connections_of_this_user_and_root_are_accepted() {
    use Stranger::{AnotherUser, Hidden, Unknown};
    let user = Owner::User;
    for (owners, ours, expected, expected_on_wsl) in [
        (Some(vec![user(1000)]), 1000, Ok(()), Ok(())),
        (Some(vec![user(0)]), 1000, Ok(()), Ok(())),
        (Some(vec![user(0)]), 0, Ok(()), Ok(())),
        (Some(vec![user(1001)]), 1000, Err(AnotherUser), Err(AnotherUser)),
        (Some(vec![user(1000)]), 0, Err(AnotherUser), Err(AnotherUser)),
        (Some(vec![user(1000), user(1001)]), 1000, Err(AnotherUser), Err(AnotherUser)),
        (Some(vec![user(1000), Owner::Gone]), 1000, Err(AnotherUser), Err(AnotherUser)),
        (Some(vec![Owner::Gone]), 1000, Err(Unknown), Err(Unknown)),
        (Some(vec![]), 1000, Err(Unknown), Ok(())),
        (None, 1000, Err(Hidden), Ok(())),
    ] {
        assert_eq!(judged(owners.clone(), ours, false), expected, "{owners:?} by {ours}");
        assert_eq!(judged(owners.clone(), ours, true), expected_on_wsl, "{owners:?} by {ours} on WSL");
    }
}

/// Connects to a listener on `host`, and returns both sockets and the addresses of the accepted connection.
#[cfg(target_os = "linux")]
fn connected(host: &str, target: &str) -> (std::net::TcpStream, std::net::TcpStream, Ends) {
    let listener = std::net::TcpListener::bind((host, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let client = std::net::TcpStream::connect((target, port)).unwrap();
    let (accepted, peer) = listener.accept().unwrap();
    let ends = Ends { peer, local: accepted.local_addr().unwrap() };
    (client, accepted, ends)
}

#[test]
#[cfg(target_os = "linux")]
fn connection_of_this_user_is_recognised() {
    for target in ["127.0.0.1", "::ffff:127.0.0.1"] {
        let (_client, _accepted, ends) = connected("127.0.0.1", target);
        assert_eq!(check_peer(ends), Ok(()), "{target}");
        let owners = owners_of(ends, &|name| File::open(format!("/proc/net/{name}")).map(BufReader::new));
        assert_eq!(owners, Some(vec![Owner::User(rustix::process::geteuid().as_raw())]), "{target}: the kernel tells");
    }
}

#[test]
#[cfg(target_os = "linux")]
fn closed_socket_does_not_count_as_owned_by_root() {
    use std::io::{Read, Write};
    let (mut client, mut accepted, ends) = connected("127.0.0.1", "127.0.0.1");
    client.write_all(b"x").unwrap();
    drop(client);
    let mut byte = [0];
    accepted.read_exact(&mut byte).unwrap();
    assert_eq!(accepted.read(&mut byte).unwrap(), 0, "it has left");
    assert_eq!(check_peer(ends), Err(Stranger::Unknown));
}
