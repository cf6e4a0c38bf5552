//! SOCKS proxies (RFC 1928, RFC 1929, SOCKS 4a), and the reports of failing ones.

use std::collections::HashMap;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use cogfed_test_support::{Server, free_ports};

use super::certificates::Authority;
use super::front::{Front, answer};
use super::place::Place;

/// The proxy's reaction to a request.
#[derive(Clone, Copy)]
pub enum Manner {
    /// Connects.
    Open,
    /// Connects only for this user and password.
    Password(&'static str, &'static str),
    /// Answers the request to connect with this reply code (RFC 1928, section 6).
    Reply(u8),
    /// Closes the connection.
    Closes,
    /// Speaks another protocol.
    Http,
}

/// A SOCKS proxy. Dropping this value stops it.
pub struct Socks {
    server: Server,
    targets: Arc<Mutex<Vec<String>>>,
}

impl Socks {
    /// Starts a proxy that knows these hosts and their addresses.
    pub fn start(manner: Manner, hosts: &[(&str, SocketAddr)]) -> Self {
        let hosts: HashMap<String, SocketAddr> = hosts.iter().map(|(name, at)| ((*name).to_owned(), *at)).collect();
        let targets = Arc::<Mutex<Vec<String>>>::default();
        let seen = Arc::clone(&targets);
        Self { server: Server::of_connections(move |stream| serve(stream, manner, &hosts, &seen)), targets }
    }

    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// Returns the hosts and ports that the proxy was asked for.
    pub fn targets(&self) -> Vec<String> {
        self.targets.lock().unwrap().clone()
    }
}

fn bytes<const N: usize>(stream: &mut TcpStream) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    stream.read_exact(&mut bytes)?;
    Ok(bytes)
}

/// Reads a text whose length is in the byte before it.
fn text(stream: &mut TcpStream) -> io::Result<String> {
    let [length] = bytes(stream)?;
    let mut text = vec![0; length.into()];
    stream.read_exact(&mut text)?;
    String::from_utf8(text).map_err(io::Error::other)
}

/// Reads a text that ends with a zero byte.
fn zero_ended(stream: &mut TcpStream) -> io::Result<String> {
    let mut text = Vec::new();
    loop {
        match bytes(stream)? {
            [0] => return String::from_utf8(text).map_err(io::Error::other),
            [byte] => text.push(byte),
        }
    }
}

fn serve(
    mut client: TcpStream,
    manner: Manner,
    hosts: &HashMap<String, SocketAddr>,
    seen: &Mutex<Vec<String>>,
) -> io::Result<()> {
    let [version] = bytes(&mut client)?;
    match manner {
        Manner::Closes => return Ok(()),
        Manner::Http => return client.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n"),
        _ => {}
    }
    let (host, port) = match version {
        4 => {
            let [_, high, low] = bytes(&mut client)?;
            let address: [u8; 4] = bytes(&mut client)?;
            zero_ended(&mut client)?;
            let host = match address {
                [0, 0, 0, _] => zero_ended(&mut client)?,
                address => std::net::Ipv4Addr::from(address).to_string(),
            };
            (host, u16::from_be_bytes([high, low]))
        }
        _ => {
            let methods = text(&mut client)?.into_bytes();
            let wanted = if matches!(manner, Manner::Password(..)) { 2 } else { 0 };
            if !methods.contains(&wanted) {
                return client.write_all(&[5, 0xff]);
            }
            client.write_all(&[5, wanted])?;
            if let Manner::Password(user, password) = manner {
                let [_] = bytes(&mut client)?;
                let is_right = (text(&mut client)?, text(&mut client)?) == (user.to_owned(), password.to_owned());
                client.write_all(&[1, u8::from(!is_right)])?;
            }
            let [_, _, _, kind] = bytes(&mut client)?;
            let host = match kind {
                1 => std::net::Ipv4Addr::from(bytes::<4>(&mut client)?).to_string(),
                3 => text(&mut client)?,
                _ => std::net::Ipv6Addr::from(bytes::<16>(&mut client)?).to_string(),
            };
            (host, u16::from_be_bytes(bytes(&mut client)?))
        }
    };
    seen.lock().unwrap().push(format!("{host}:{port}"));
    let code = match (manner, hosts.get(&host)) {
        (Manner::Reply(code), _) => code,
        (_, None) => 4,
        _ => 0,
    };
    match version {
        4 => client.write_all(&[0, if code == 0 { 90 } else { 91 }, 0, 0, 0, 0, 0, 0])?,
        _ => client.write_all(&[5, code, 0, 1, 0, 0, 0, 0, 0, 0])?,
    }
    if code != 0 {
        return Ok(());
    }
    let mut server = TcpStream::connect(hosts[&host])?;
    let (mut from_client, mut to_server) = (client.try_clone()?, server.try_clone()?);
    thread::spawn(move || {
        let _ = io::copy(&mut from_client, &mut to_server);
        let _ = to_server.shutdown(std::net::Shutdown::Write);
    });
    io::copy(&mut server, &mut client)?;
    client.shutdown(std::net::Shutdown::Both)
}

const HOST: &str = "auth.example";

/// Starts a token endpoint with TLS that accepts no code.
fn token_endpoint(authority: &Authority) -> Front {
    Front::alone(answer("400 Bad Request", "", r#"{"error":"invalid_grant"}"#), Some(authority.server(&[HOST])))
}

#[test]
fn sign_in_works_through_a_socks_proxy() {
    let authority = Authority::new("root");
    let front = token_endpoint(&authority);
    let open = Socks::start(Manner::Open, &[(HOST, front.address())]);
    let guarded = Socks::start(Manner::Password("j@corp", "p:/#w\u{e9}"), &[(HOST, front.address())]);
    let (open_at, guarded_at) = (open.address(), guarded.address());
    let domain = format!("https://{HOST}");
    for (variable, proxy) in [
        ("HTTPS_PROXY", format!("socks5h://{open_at}")),
        ("all_proxy", format!("socks4a://{open_at}")),
        ("ALL_PROXY", format!("socks5h://j%40corp:p%3A%2F%23w%C3%A9@{guarded_at}")),
    ] {
        let place = Place::new(&domain, "");
        let bundle = authority.write(place.home());
        // Status 6: the token endpoint was asked, and refused the code.
        place.exchange(&[(variable, &proxy), ("AWS_CA_BUNDLE", bundle.to_str().unwrap())]).failed_with(6);
    }
    let place = Place::new(&domain, &format!("proxy = 'socks5h://{open_at}'"));
    let bundle = authority.write(place.home());
    place.exchange(&[("AWS_CA_BUNDLE", bundle.to_str().unwrap())]).failed_with(6);
    assert!(open.targets().iter().all(|target| target == &format!("{HOST}:443")), "{:?}", open.targets());
    assert_eq!(front.count("/oauth2/token"), 4);
}

#[test]
fn socks_proxy_failures_are_explained_without_the_password() {
    let authority = Authority::new("root");
    let front = token_endpoint(&authority);
    let at = front.address();
    let exchange = |proxy: &str| {
        let place = Place::new(&format!("https://{HOST}"), "");
        let bundle = authority.write(place.home());
        let ran = place.exchange(&[("ALL_PROXY", proxy), ("AWS_CA_BUNDLE", bundle.to_str().unwrap())]).failed_with(5);
        assert!(!ran.stderr.contains("canary"), "{}", ran.stderr);
        ran.stderr
    };
    for (manner, scheme, user, what, hint) in [
        (Manner::Reply(1), "socks5h", "", "did not connect to it: general server failure", "NO_PROXY"),
        (Manner::Reply(2), "socks5h", "", "did not connect to it: connection not allowed", "NO_PROXY"),
        (Manner::Reply(3), "socks5h", "", "did not connect to it: network unreachable", "NO_PROXY"),
        (Manner::Reply(4), "socks5h", "", "did not connect to it: host unreachable", "NO_PROXY"),
        (Manner::Reply(5), "socks5h", "", "did not connect to it: connection refused", "NO_PROXY"),
        (Manner::Reply(5), "socks4a", "", "did not connect to it: server failed to execute command", "NO_PROXY"),
        (Manner::Closes, "socks5h", "", "broke off, or speaks another protocol", "NO_PROXY"),
        (Manner::Http, "socks5h", "", "broke off, or speaks another protocol", "NO_PROXY"),
        (Manner::Password("me", "right"), "socks5h", "", "demands authentication", "as in socks5h://USER:PASSWORD@"),
        (
            Manner::Password("me", "right"),
            "socks5h",
            "me:canary@",
            "does not accept the user and password in ALL_PROXY",
            "percent-encoded",
        ),
        (Manner::Open, "socks5h", "me:canary@", "takes no user and password", "leave them out of ALL_PROXY"),
    ] {
        let socks = Socks::start(manner, &[(HOST, at)]);
        let stderr = exchange(&format!("{scheme}://{user}{}", socks.address()));
        let expected = format!("cannot reach {HOST}: the proxy {} {what}", socks.address());
        assert!(stderr.contains(&expected) && stderr.contains(hint), "{expected}: {stderr}");
    }
    let port = free_ports(1)[0];
    let stderr = exchange(&format!("socks5h://127.0.0.1:{port}"));
    assert!(stderr.contains(&format!("the proxy 127.0.0.1:{port} cannot be reached")), "{stderr}");
    let socks = Socks::start(Manner::Open, &[(HOST, at)]);
    let stderr = exchange(&format!("socks5://{}", socks.address()));
    assert!(stderr.contains("its name is not known on this machine"), "{stderr}");
    assert!(stderr.contains("write socks5h:// in ALL_PROXY"), "{stderr}");
    assert_eq!(front.connections(), 0);
    let stranger = Front::alone(answer("200 OK", "", "{}"), Some(Authority::new("Nobody's").server(&[HOST])));
    let socks = Socks::start(Manner::Open, &[(HOST, stranger.address())]);
    let stderr = exchange(&format!("socks5h://{}", socks.address()));
    assert!(stderr.contains("its certificate is from an issuer"), "{stderr}");
}
