//! A TCP port that is bound on both loopback addresses.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, TcpListener};

/// A TCP port that this process has bound on 127.0.0.1 and on ::1.
///
/// `localhost` may mean either address. A program that held the port on the other address could receive this program's
/// requests, so both are needed.
#[derive(Debug)]
pub struct Port {
    pub(super) sockets: Vec<TcpListener>,
    number: u16,
}

impl Port {
    /// Binds port `number` on 127.0.0.1 and on ::1. On a machine without ::1, 127.0.0.1 is enough.
    ///
    /// # Errors
    /// If one of the two is taken or forbidden.
    pub fn bind(number: u16) -> io::Result<Self> {
        let v4 = TcpListener::bind((Ipv4Addr::LOCALHOST, number))?;
        let sockets = with_other_half(v4, TcpListener::bind((Ipv6Addr::LOCALHOST, number)))?;
        for socket in &sockets {
            socket.set_nonblocking(true)?;
        }
        Ok(Self { sockets, number })
    }

    /// Returns the port's number.
    pub fn number(&self) -> u16 {
        self.number
    }
}

/// Returns the sockets for 127.0.0.1 and ::1, or only `v4` if this machine has no ::1. Fails if binding ::1 failed for
/// another reason.
fn with_other_half(v4: TcpListener, v6: io::Result<TcpListener>) -> io::Result<Vec<TcpListener>> {
    match v6 {
        Ok(v6) => Ok(vec![v4, v6]),
        Err(error) if has_no_ipv6(&error) => Ok(vec![v4]),
        Err(error) => Err(error),
    }
}

/// Returns whether an error from binding ::1 means that this machine does not have the address ::1. Then no other
/// program can hold the port there.
fn has_no_ipv6(error: &io::Error) -> bool {
    match error.kind() {
        io::ErrorKind::AddrNotAvailable | io::ErrorKind::Unsupported => true,
        #[cfg(unix)]
        _ => error.raw_os_error() == Some(rustix::io::Errno::AFNOSUPPORT.raw_os_error()),
        #[cfg(not(unix))]
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ipv4_port_alone_is_enough_only_without_ipv6() {
        use io::ErrorKind::{AddrInUse, AddrNotAvailable, PermissionDenied, Unsupported};
        let halves = |error: io::Error| {
            let v4 = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
            with_other_half(v4, Err(error)).map(|sockets| sockets.len()).map_err(|error| error.kind())
        };
        for kind in [AddrNotAvailable, Unsupported] {
            assert_eq!(halves(kind.into()), Ok(1));
        }
        for kind in [AddrInUse, PermissionDenied] {
            assert_eq!(halves(kind.into()), Err(kind));
        }
        #[cfg(unix)]
        {
            let raw = |errno: rustix::io::Errno| io::Error::from_raw_os_error(errno.raw_os_error());
            assert_eq!(halves(raw(rustix::io::Errno::AFNOSUPPORT)), Ok(1));
            assert_eq!(halves(raw(rustix::io::Errno::ADDRINUSE)), Err(AddrInUse));
        }
    }
}
