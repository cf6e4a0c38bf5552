//! Tests with session buses of other users: nothing is sent to them, and no command in a bus address is run.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::{Command, Stdio};

use cogfed_test_support::{CREDENTIALS, Lab, Ran, skip};

const VERBS: [&[&str]; 4] = [CREDENTIALS, &["status"], &["login", "--no-browser", "--timeout", "1"], &["logout"]];

fn lab() -> Lab {
    let lab = Lab::new();
    lab.configure_with("store = 'keyring'");
    lab
}

fn at(lab: &Lab, words: &[&str], address: &str) -> Ran {
    lab.command(words).env("DBUS_SESSION_BUS_ADDRESS", address).output().unwrap().into()
}

#[test]
fn command_in_a_bus_address_never_runs() {
    let lab = lab();
    let mark = lab.home().join("mark");
    let command = format!("unixexec:path=/bin/sh,argv1=-c,argv2=touch%20{}", mark.display());
    for address in [command.clone(), format!("unix:path=/nonexistent;{command}"), format!("{command};unix:path=/x")] {
        for words in VERBS {
            let ran = at(&lab, words, &address).failed_with(4);
            assert!(ran.stderr.contains("refusing to use the Secret Service keyring"), "{ran:?}");
            assert!(ran.stderr.contains("unset DBUS_SESSION_BUS_ADDRESS"), "{ran:?}");
        }
    }
    for address in ["autolaunch:", "ibus:", "launchd:env=X"] {
        at(&lab, CREDENTIALS, address).failed_with(4);
    }
    assert!(!mark.exists(), "the command ran");
}

#[test]
fn bus_on_a_tcp_port_gets_no_connection() {
    let lab = lab();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    for address in [
        format!("tcp:host=127.0.0.1,port={port}"),
        format!("nonce-tcp:host=127.0.0.1,port={port},noncefile=/etc/hostname"),
        format!("unix:path=/nonexistent;tcp:host=127.0.0.1,port={port}"),
    ] {
        for words in VERBS {
            let ran = at(&lab, words, &address).failed_with(4);
            assert!(ran.stderr.contains("tcp' address may lead to another user's bus"), "{ran:?}");
        }
    }
    assert!(listener.accept().is_err(), "somebody connected");
}

/// A Perl script that listens on a Unix socket; it runs as the user `nobody`. Its process reports the length of what it
/// receives on each connection.
const LISTENER: &str = "my $s = IO::Socket::UNIX->new(Local => $ARGV[0], Listen => 9) or exit 9; chmod 0777, $ARGV[0]; \
    $| = 1; print qq(ready\\n); while (my $c = $s->accept) { my $n = sysread $c, my $b, 99; print qq(got $n\\n); }";

#[test]
#[cfg(target_os = "linux")]
fn bus_of_another_user_gets_nothing() {
    use std::os::unix::fs::PermissionsExt;

    let lab = lab();
    let folder = tempfile::Builder::new().permissions(PermissionsExt::from_mode(0o777)).tempdir().unwrap();
    std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o777)).unwrap();
    let socket = folder.path().join("bus");
    let nobody =
        ["--reuid", "65534", "--regid", "65534", "--clear-groups", "perl", "-MIO::Socket::UNIX", "-e", LISTENER];
    let foreign =
        Command::new("setpriv").args(nobody).arg(&socket).stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
    let Ok(mut foreign) = foreign else { return skip("to be another user, this test needs setpriv and perl") };
    let mut lines = BufReader::new(foreign.stdout.take().unwrap()).lines();
    if !matches!(lines.next(), Some(Ok(line)) if line == "ready") {
        let _ = foreign.kill();
        let _ = foreign.wait();
        return skip("to be another user, this test needs to be root, and setpriv and perl");
    }
    let linked = lab.home().join("bus");
    std::os::unix::fs::symlink(&socket, &linked).unwrap();
    let mut runs = 0;
    for words in VERBS {
        let runtime =
            |folder: &Path| -> Ran { lab.command(words).env("XDG_RUNTIME_DIR", folder).output().unwrap().into() };
        for ran in [
            at(&lab, words, &format!("unix:path={}", socket.display())),
            at(&lab, words, &format!("unix:path={},guid=00", linked.display().to_string().replace("bus", "%62us"))),
            runtime(folder.path()),
            runtime(lab.home()),
        ] {
            assert!(ran.failed_with(4).stderr.contains("that bus belongs to user 65534, not to this user"));
            runs += 1;
        }
    }
    for _ in 0..runs {
        assert_eq!(lines.next().unwrap().unwrap(), "got 0", "something was sent");
    }
    foreign.kill().unwrap();
    foreign.wait().unwrap();
}

#[test]
fn bus_of_this_user_is_asked() {
    let lab = lab();
    let socket = lab.home().join("my bus");
    let listener = UnixListener::bind(&socket).unwrap();
    let asked = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut first = [0; 6];
        std::io::Read::read_exact(&mut stream, &mut first).unwrap();
        first
    });
    let ran = at(&lab, CREDENTIALS, &format!("unix:path={}", socket.display().to_string().replace(' ', "%20")));
    assert_eq!(&asked.join().unwrap(), b"\0AUTH ", "it speaks D-Bus");
    assert!(ran.failed_with(4).stderr.contains("the Secret Service keyring cannot be reached"));
}
