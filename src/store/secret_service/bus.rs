//! The connection to the D-Bus session bus, which must belong to this user.
//!
//! The address comes from the environment, which a cloned repository's `.envrc` can set. D-Bus addresses can name a
//! command to run (`unixexec:`, `autolaunch:`) or another user's bus (`tcp:`), to which the keyring's items would then
//! be sent. So the D-Bus library never sees an address: it gets a connected socket whose peer is known.

use std::ffi::OsString;
use std::io;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;

use crate::error::shortened;

/// The environment variable with the address of the session bus.
const BUS: &str = "DBUS_SESSION_BUS_ADDRESS";
/// The environment variable with the folder for this user's sockets. The session bus is there if [`BUS`] is not set.
const RUNTIME: &str = "XDG_RUNTIME_DIR";
/// The maximum length of a bus address that a message quotes, in characters.
const SHOWN: usize = 80;

/// The reason why connecting to the session bus failed.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum BusError {
    /// The bus is not certain to belong to this user. The text says why.
    Refused(String),
    /// No bus answers at the address.
    Unreachable(String),
}

/// A Unix socket in a D-Bus address.
#[derive(Debug, PartialEq, Eq)]
enum Socket {
    Path(PathBuf),
    /// A name in Linux's abstract socket namespace, without the leading NUL.
    Abstract(Vec<u8>),
}

/// Connects to the session bus that the environment of this process names.
///
/// # Errors
/// [`BusError::Refused`] for any address but `unix:path=` and `unix:abstract=`, and for a bus of another user.
pub(super) fn connect() -> Result<UnixStream, BusError> {
    connect_to(&|name| std::env::var_os(name))
}

fn connect_to(variable: &dyn Fn(&str) -> Option<OsString>) -> Result<UnixStream, BusError> {
    let (address, sockets) = match variable(BUS) {
        Some(address) => {
            let address = address.to_string_lossy().into_owned();
            let sockets = sockets(&address).map_err(BusError::Refused)?;
            (format!("{BUS} names '{}'", shortened(&address, SHOWN)), sockets)
        }
        None => {
            let path = usual(variable(RUNTIME));
            (
                format!("{BUS} is not set, and the session bus is looked for at {}", path.display()),
                vec![Socket::Path(path)],
            )
        }
    };
    let mut trouble = String::new();
    for socket in sockets {
        match opened(&socket) {
            Ok(stream) => return own(stream, &address),
            Err(error) if error.kind() == io::ErrorKind::NotFound => trouble = "there is nothing".into(),
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => trouble = "nothing listens there".into(),
            Err(error) => trouble = error.to_string(),
        }
    }
    Err(BusError::Unreachable(format!("{address}: {trouble}")))
}

/// Returns the default path of the session bus
/// (<https://dbus.freedesktop.org/doc/dbus-specification.html#message-bus-types-login>). A relative folder counts as
/// unset.
fn usual(runtime: Option<OsString>) -> PathBuf {
    let runtime = runtime.map(PathBuf::from).filter(|folder| folder.is_absolute());
    let own = || PathBuf::from(format!("/run/user/{}", rustix::process::geteuid().as_raw()));
    runtime.unwrap_or_else(own).join("bus")
}

/// Parses a D-Bus address, and returns its sockets. It may list several addresses, all of which have to be sockets
/// (<https://dbus.freedesktop.org/doc/dbus-specification.html#addresses>).
fn sockets(address: &str) -> Result<Vec<Socket>, String> {
    if address.is_empty() {
        return Err(format!("{BUS} is empty"));
    }
    let entries = address.strip_suffix(';').unwrap_or(address).split(';');
    entries
        .map(|entry| socket(entry).map_err(|fault| format!("{BUS} names '{}': {fault}", shortened(address, SHOWN))))
        .collect()
}

fn socket(entry: &str) -> Result<Socket, String> {
    let is_word =
        |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b));
    let whole = entry.split_once(':').filter(|(transport, _)| is_word(transport));
    let Some((transport, pairs)) = whole else { return Err("it is not a bus address".into()) };
    if transport != "unix" {
        return Err(format!("a '{transport}' address may lead to another user's bus or run a command"));
    }
    let mut found = None;
    for pair in pairs.split(',') {
        let pair = pair.split_once('=').filter(|(key, value)| is_word(key) && !value.is_empty());
        let Some((key, value)) = pair else { return Err("it is not a bus address".into()) };
        let socket = match key {
            "path" => Socket::Path(OsString::from_vec(unescaped(value)?).into()),
            "abstract" => Socket::Abstract(unescaped(value)?),
            // The other keys are the bus's id, and addresses at which only a server can listen.
            _ => continue,
        };
        if found.replace(socket).is_some() {
            return Err("it names two sockets".into());
        }
    }
    match found {
        Some(Socket::Path(path)) if !path.is_absolute() => Err("its path is not absolute".into()),
        Some(socket) => Ok(socket),
        None => Err("it names no socket".into()),
    }
}

/// Decodes the percent-encoding in a value of a D-Bus address.
fn unescaped(value: &str) -> Result<Vec<u8>, String> {
    let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
    let mut bytes = Vec::with_capacity(value.len());
    let mut rest = value.bytes();
    while let Some(byte) = rest.next() {
        let byte = match byte {
            b'%' => match (digit(rest.next()), digit(rest.next())) {
                (Some(high), Some(low)) => u8::try_from(high * 16 + low).map_err(|error| error.to_string())?,
                _ => return Err("it has a '%' without two hexadecimal digits".into()),
            },
            byte => byte,
        };
        if byte == 0 {
            return Err("it has a NUL".into());
        }
        bytes.push(byte);
    }
    Ok(bytes)
}

fn opened(socket: &Socket) -> io::Result<UnixStream> {
    match socket {
        Socket::Path(path) => UnixStream::connect(path),
        #[cfg(target_os = "linux")]
        Socket::Abstract(name) => {
            use std::os::linux::net::SocketAddrExt;
            UnixStream::connect_addr(&std::os::unix::net::SocketAddr::from_abstract_name(name)?)
        }
        #[cfg(not(target_os = "linux"))]
        Socket::Abstract(_) => Err(io::Error::new(io::ErrorKind::Unsupported, "abstract sockets exist on Linux only")),
    }
}

/// Returns the connection if the process at its other end belongs to this user, and an error otherwise. The kernel says
/// who that is, whatever became of the path since.
#[cfg(target_os = "linux")]
fn own(stream: UnixStream, address: &str) -> Result<UnixStream, BusError> {
    let refused = |fault: String| BusError::Refused(format!("{address}, {fault}"));
    let peer = rustix::net::sockopt::socket_peercred(&stream)
        .map_err(|error| refused(format!("and the kernel does not say whose bus that is: {error}")))?;
    judged(peer.uid.as_raw(), rustix::process::geteuid().as_raw(), &unmapped()).map_err(refused)?;
    Ok(stream)
}

/// Returns the connection without a check. The D-Bus library asks for the peer, see [`super::connect`].
#[cfg(not(target_os = "linux"))]
fn own(stream: UnixStream, _: &str) -> Result<UnixStream, BusError> {
    Ok(stream)
}

/// Returns the user id that the kernel reports for users without an id in this user namespace. `None` if every user has
/// one.
#[cfg(target_os = "linux")]
fn unmapped() -> Option<u32> {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let map = read("/proc/self/uid_map");
    let is_whole = map.split_whitespace().eq(["0", "0", "4294967295"]);
    // 65534 is the kernel's default.
    (!is_whole).then(|| read("/proc/sys/kernel/overflowuid").trim().parse().unwrap_or(65534))
}

/// Checks that `peer`, the user id of the process at the other end, certainly stands for the user `own`.
fn judged(peer: u32, own: u32, unmapped: &Option<u32>) -> Result<(), String> {
    match peer {
        peer if peer != own => Err(format!("and that bus belongs to user {peer}, not to this user ({own})")),
        peer if Some(peer) == *unmapped => Err("and it cannot be told whose bus that is in this user namespace".into()),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixListener;

    use super::*;

    fn path(path: &str) -> Socket {
        Socket::Path(path.into())
    }

    #[test]
    fn only_sockets_are_accepted_as_bus_addresses() {
        for (address, expected) in [
            ("unix:path=/run/user/1/bus", vec![path("/run/user/1/bus")]),
            ("unix:path=/a%20b%2c%3B,guid=00ff", vec![path("/a b,;")]),
            ("unix:abstract=/tmp/dbus-x,guid=1", vec![Socket::Abstract(b"/tmp/dbus-x".to_vec())]),
            ("unix:path=/a;unix:abstract=b;", vec![path("/a"), Socket::Abstract(b"b".to_vec())]),
            ("unix:guid=1,path=/%c3%a9", vec![path("/é")]),
        ] {
            assert_eq!(sockets(address), Ok(expected), "{address}");
        }
        for (address, fault) in [
            ("", "is empty"),
            ("unixexec:path=/bin/sh,argv1=-c,argv2=id", "'unixexec' address"),
            ("tcp:host=localhost,port=1", "'tcp' address"),
            ("nonce-tcp:host=localhost,port=1,noncefile=/x", "'nonce-tcp' address"),
            ("autolaunch:", "'autolaunch' address"),
            ("launchd:env=X", "'launchd' address"),
            ("systemd:", "'systemd' address"),
            ("ibus:", "'ibus' address"),
            ("vsock:cid=2,port=1", "'vsock' address"),
            ("UNIX:path=/a", "'UNIX' address"),
            ("unix:path=/a;unixexec:path=/bin/sh", "'unixexec' address"),
            ("tcp:host=h,port=1;unix:path=/a", "'tcp' address"),
            ("unix:path=/a;;", "not a bus address"),
            (" unix:path=/a", "not a bus address"),
            ("%75nix:path=/a", "not a bus address"),
            ("unix", "not a bus address"),
            ("unix:", "not a bus address"),
            (":path=/a", "not a bus address"),
            ("unix:path", "not a bus address"),
            ("unix:path=", "not a bus address"),
            ("unix:=/a", "not a bus address"),
            ("unix:path=/a,guid", "not a bus address"),
            ("unix:path=bus", "not absolute"),
            ("unix:path=%2e/bus", "not absolute"),
            ("unix:path=/a,path=/b", "two sockets"),
            ("unix:path=/a,abstract=b", "two sockets"),
            ("unix:runtime=yes", "no socket"),
            ("unix:dir=/tmp", "no socket"),
            ("unix:tmpdir=/tmp", "no socket"),
            ("unix:path=/a%0", "hexadecimal"),
            ("unix:path=/a%+1", "hexadecimal"),
            ("unix:path=/a%00", "NUL"),
        ] {
            let told = sockets(address).unwrap_err();
            assert!(told.starts_with(BUS) && told.contains(fault), "{address}: {told}");
        }
        assert!(sockets(&format!("x{}", "y".repeat(5000))).unwrap_err().len() < 200);
    }

    #[test]
    fn bus_is_usually_in_the_runtime_folder() {
        assert_eq!(usual(Some("/run/user/7".into())), PathBuf::from("/run/user/7/bus"));
        let own = PathBuf::from(format!("/run/user/{}/bus", rustix::process::geteuid().as_raw()));
        for relative in [None, Some(""), Some("."), Some("run")] {
            assert_eq!(usual(relative.map(OsString::from)), own, "{relative:?}");
        }
    }

    #[test]
    fn bus_of_another_or_unknown_user_is_refused() {
        assert_eq!(judged(1000, 1000, &None), Ok(()));
        assert_eq!(judged(0, 0, &Some(65534)), Ok(()));
        assert_eq!(judged(65534, 65534, &None), Ok(()), "a machine on which each user has an id of its own");
        for (peer, own, unmapped) in [(0, 1000, None), (1001, 1000, None), (65534, 65534, Some(65534))] {
            assert!(judged(peer, own, &unmapped).is_err(), "{peer} for {own}");
        }
    }

    #[test]
    fn first_address_of_a_list_that_answers_is_used() {
        let folder = tempfile::tempdir().unwrap();
        let (dead, alive) = (folder.path().join("dead"), folder.path().join("al ive"));
        let listener = UnixListener::bind(&alive).unwrap();
        drop(UnixListener::bind(&dead).unwrap());
        let named = |address: String| move |name: &str| (name == BUS).then(|| OsString::from(&address));
        let at = folder.path().display().to_string();
        connect_to(&named(format!("unix:path={at}/none;unix:path={at}/dead;unix:path={at}/al%20ive"))).unwrap();
        listener.accept().unwrap();
        let error = connect_to(&named(format!("unix:path={at}/dead"))).unwrap_err();
        assert!(matches!(&error, BusError::Unreachable(text) if text.contains("nothing listens")), "{error:?}");
    }
}
