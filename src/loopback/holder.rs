//! Identification of the program that listens on a port, by means of `/proc` (Linux only). It is only for a message, so
//! anything unexpected counts as "not known".

use std::fmt;

/// A program that listens on a port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// The id of the program's process.
    pub pid: u32,
    /// The name of the program. Text from outside: escape it.
    pub program: String,
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (pid {})", self.program, self.pid)
    }
}

/// Returns the program that listens on `port`, or `None` if it belongs to another user or cannot be identified.
pub fn holder_of(port: u16) -> Option<Holder> {
    #[cfg(target_os = "linux")]
    {
        let tables =
            ["tcp", "tcp6"].iter().filter_map(|name| std::fs::read_to_string(format!("/proc/net/{name}")).ok());
        let sockets: Vec<String> = tables.flat_map(|table| listening_at(&table, port)).collect();
        process_with(&sockets)
    }
    #[cfg(not(target_os = "linux"))]
    {
        let _ = port;
        None
    }
}

/// Returns the sockets that listen on `port`, named like the links in `/proc/PID/fd`
/// (<https://docs.kernel.org/networking/proc_net_tcp.html>).
#[cfg(any(target_os = "linux", test))]
fn listening_at(table: &str, port: u16) -> Vec<String> {
    let end = format!(":{port:04X}");
    let socket = |line: &str| {
        let mut fields = line.split_whitespace().skip(1);
        let (local, _, state) = (fields.next()?, fields.next()?, fields.next()?);
        let inode = fields.nth(5)?;
        (local.ends_with(&end) && state == "0A").then(|| format!("socket:[{inode}]"))
    };
    table.lines().skip(1).filter_map(socket).collect()
}

/// Returns the first process that has one of these sockets open. Other users' processes cannot be looked into.
#[cfg(target_os = "linux")]
fn process_with(sockets: &[String]) -> Option<Holder> {
    if sockets.is_empty() {
        return None;
    }
    std::fs::read_dir("/proc").ok()?.flatten().find_map(|entry| {
        let pid = entry.file_name().to_str()?.parse().ok()?;
        let files = std::fs::read_dir(entry.path().join("fd")).ok()?.flatten();
        let mut targets = files.filter_map(|file| std::fs::read_link(file.path()).ok());
        targets.find(|target| sockets.iter().any(|socket| target.as_os_str() == socket.as_str()))?;
        let program = std::fs::read_to_string(entry.path().join("comm")).ok()?;
        Some(Holder { pid, program: program.trim().to_owned() })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn listening_sockets_of_a_port_are_read_from_the_kernels_table() {
        let table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n   \
            0: 0100007F:20D0 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 4711 1 0 100\n   \
            1: 0100007F:20D0 0100007F:C350 01 00000000:00000000 00:00000000 00000000  1000        0 4712 1 0 20\n   \
            2: 00000000:20D1 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 4713 1 0 100\n   \
            3: garbage\n";
        assert_eq!(listening_at(table, 8400), ["socket:[4711]"]);
        assert_eq!(listening_at(table, 8401), ["socket:[4713]"]);
        assert!(listening_at(table, 8402).is_empty() && listening_at("", 8400).is_empty());
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn program_that_listens_is_found() {
        for address in ["127.0.0.1:0", "0.0.0.0:0"] {
            let listener = std::net::TcpListener::bind(address).unwrap();
            let port = listener.local_addr().unwrap().port();
            assert_eq!(holder_of(port).map(|holder| holder.pid), Some(std::process::id()), "{address}");
        }
    }
}
