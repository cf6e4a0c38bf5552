//! Tests of the listener under load and attack: idle, slow and excessive connections, and other local users.

use std::io::{Read, Write};
use std::net::TcpStream;
#[cfg(target_os = "linux")]
use std::net::{SocketAddr, TcpListener};
#[cfg(target_os = "linux")]
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use cogfed_test_support::http::{answer_on, connect, get, listens};
use cogfed_test_support::{Lab, WaitingLogin, come_back, target};
#[cfg(target_os = "linux")]
use cogfed_test_support::{skip, skip_anywhere};

/// The time after which a test fails because the listener has not reacted. It is longer than any test takes on a slow
/// machine.
const HANG: Duration = Duration::from_secs(60);

/// Returns the peak memory use of a running `login`, in KiB.
#[cfg(target_os = "linux")]
fn peak(waiting: &WaitingLogin) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{}/status", waiting.pid())).expect("a status");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a peak");
    Some(line.trim().trim_end_matches(" kB").parse().expect("a number"))
}

#[cfg(not(target_os = "linux"))]
fn peak(_: &WaitingLogin) -> Option<u64> {
    None
}

/// Attacks a running `login`, checks that its memory grows by less than 4 MiB, and then signs in as Alice.
fn besieged(siege: impl FnOnce(u16, &str) -> Vec<TcpStream>) {
    besieged_within(4096, siege);
}

/// Attacks a running `login` like [`besieged`], but allows its memory to grow by `limit` KiB.
fn besieged_within(limit: u64, siege: impl FnOnce(u16, &str) -> Vec<TcpStream>) {
    let lab = Lab::new();
    let waiting = lab.begin_login(&[]);
    let port = waiting.port();
    assert_eq!(get(port, "/").status, 404);
    let before = peak(&waiting);
    let open = siege(port, &waiting.state());
    let began = Instant::now();
    assert_eq!(get(port, "/").status, 404);
    assert!(began.elapsed() < HANG, "it took {:?}", began.elapsed());
    let held = open.iter().filter(|stream| is_open(stream)).count();
    assert!(held <= 32, "{held} connections are held");
    if let (Some(before), Some(after)) = (before, peak(&waiting)) {
        assert!(after - before < limit, "from {before} to {after} KiB");
    }
    let url = waiting.callback("alice");
    let began = Instant::now();
    assert!(come_back(&url).body.contains("You are signed in"));
    assert!(began.elapsed() < HANG, "the callback took {:?}", began.elapsed());
    waiting.end().good();
    assert!(!listens(port), "nothing is left");
}

/// Reads all bytes that have arrived on a connection. Returns whether the other side keeps the connection open.
fn is_open(mut stream: &TcpStream) -> bool {
    stream.set_nonblocking(true).expect("a mode");
    let mut rest = Vec::new();
    let held = stream.read_to_end(&mut rest).is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock);
    stream.set_nonblocking(false).expect("a mode");
    held
}

#[test]
fn idle_connections_do_not_block_the_sign_in() {
    besieged(|port, _| (0..200).map(|_| connect(port)).collect());
}

#[test]
fn half_sent_requests_do_not_block_the_sign_in() {
    besieged(|port, state| {
        let half = format!("GET /callback?code=stolen&state={state} HTTP/1.1\r\nHost: localhost:{port}\r\nX-Not-Yet:");
        let open = |_| {
            let mut stream = connect(port);
            stream.write_all(half.as_bytes()).expect("it is read");
            stream
        };
        (0..200).map(open).collect()
    });
}

#[test]
#[cfg(target_os = "linux")]
fn burst_of_connections_does_not_evict_the_first() {
    let lab = Lab::new();
    let waiting = lab.begin_login(&[]);
    let (port, url) = (waiting.port(), waiting.callback("alice"));
    let pid = rustix::process::Pid::from_raw(waiting.pid().try_into().expect("a pid")).expect("a pid");
    rustix::process::kill_process(pid, rustix::process::Signal::STOP).expect("it stops");
    let mut browser = connect(port);
    let request = format!("GET {} HTTP/1.1\r\nHost: localhost:{port}\r\n\r\n", target(&url));
    browser.write_all(request.as_bytes()).expect("the kernel takes it");
    let _burst: Vec<TcpStream> = (0..100).map(|_| connect(port)).collect();
    rustix::process::kill_process(pid, rustix::process::Signal::CONT).expect("it goes on");
    assert_eq!(answer_on(browser).expect("an answer").status, 302);
    assert!(get(port, "/done").body.contains("You are signed in"));
    waiting.end().good();
}

#[test]
fn last_page_requested_in_advance_still_reaches_the_browser() {
    let lab = Lab::new();
    let waiting = lab.begin_login(&[]);
    let (port, url) = (waiting.port(), waiting.callback("alice"));
    assert_eq!(get(port, "/done").status, 404);
    assert_eq!(get(port, &target(&url)).status, 302);
    for who in ["somebody", "somebody else", "the browser"] {
        assert!(get(port, "/done").body.contains("You are signed in"), "{who}");
    }
    waiting.end().good();
}

#[test]
fn promised_bodies_never_sent_do_not_block_the_sign_in() {
    besieged(|port, _| {
        let open = |framing: &str| {
            let mut stream = connect(port);
            let head = format!("GET /callback?state=x HTTP/1.1\r\nHost: localhost:{port}\r\n{framing}\r\n\r\n");
            stream.write_all(head.as_bytes()).expect("it is read");
            assert_eq!(answer_on(stream.try_clone().expect("a handle")).expect("an answer").status, 400, "{framing}");
            stream
        };
        vec![
            open("Content-Length: 1073741824"),
            open("Content-Length: 9223372036854775807"),
            open("Transfer-Encoding: chunked"),
            open("Content-Length: 5\r\nExpect: 100-continue"),
        ]
    });
}

#[test]
fn request_head_of_64_mib_is_cut_off() {
    besieged(|port, _| {
        let mut stream = connect(port);
        stream.write_all(format!("GET / HTTP/1.1\r\nHost: localhost:{port}\r\nX-Filler: ").as_bytes()).expect("read");
        let piece = [b'x'; 64 * 1024];
        let taken = (0..1024).take_while(|_| stream.write_all(&piece).is_ok()).count();
        // The most that the buffers of the two sockets hold.
        assert!(taken < 512, "{taken} pieces of 64 KiB were taken");
        Vec::new()
    });
}

#[test]
fn large_unfinished_heads_take_bounded_memory() {
    // 32 connections with 256 KiB each, and the vectors that hold them are at most twice as large.
    besieged_within(32 * 2 * 320, |port, _| {
        let open = |_| {
            let mut stream = connect(port);
            let head = format!("GET / HTTP/1.1\r\nHost: localhost:{port}\r\nCookie: {}", "x".repeat(250 * 1024));
            // A connection that has been closed to make room takes no more.
            let _ = stream.write_all(head.as_bytes());
            stream
        };
        (0..100).map(open).collect()
    });
}

#[test]
fn thousand_wrong_callbacks_do_not_end_the_sign_in() {
    let lab = Lab::new();
    let mut waiting = lab.begin_login(&[]);
    let port = waiting.port();
    for number in 0..1000 {
        let what = if number % 20 == 0 { "error=access_denied" } else { "code=stolen" };
        assert_eq!(get(port, &format!("/callback?{what}&state={number}")).status, 400);
    }
    assert!(waiting.next_line().contains("without knowing this sign-in's state"));
    let ran = lab.complete(waiting);
    assert_eq!(ran.stderr.matches("warning").count(), 1, "{}", ran.stderr);
}

#[test]
fn listener_serves_both_loopback_addresses_and_no_other() {
    let lab = Lab::new();
    let waiting = lab.begin_login(&[]);
    let port = waiting.port();
    for host in ["127.0.0.1", "::1"] {
        assert!(TcpStream::connect((host, port)).is_ok(), "{host}");
    }
    // A listener on all interfaces would serve any other address of 127/8.
    if cfg!(target_os = "linux") {
        assert!(TcpStream::connect(("127.0.0.2", port)).is_err());
    }
    lab.complete(waiting);
    assert!(!listens(port));
}

#[test]
fn failed_sign_in_closes_the_listener() {
    let lab = Lab::new();
    let waiting = lab.begin_login(&["--timeout", "1"]);
    let port = waiting.port();
    waiting.end().failed_with(3);
    assert!(!listens(port));
    let waiting = lab.begin_login(&[]);
    let (port, state) = (waiting.port(), waiting.state());
    assert_eq!(get(port, &format!("/callback?error=access_denied&state={state}")).status, 302);
    get(port, "/done");
    waiting.end().failed_with(6);
    assert!(!listens(port));
}

/// Sends a request as the user `nobody`, and returns the first line of the answer.
#[cfg(target_os = "linux")]
fn as_nobody(host: &str, port: u16, target: &str) -> Option<String> {
    let script = r#"exec 3<>"/dev/tcp/$0/$1" && printf 'GET %s HTTP/1.1\r\nHost: localhost:%s\r\n\r\n' "$2" "$1" >&3 && head -n 1 <&3"#;
    let output = Command::new("setpriv")
        .args(["--reuid", "65534", "--regid", "65534", "--clear-groups", "bash", "-c", script])
        .args([host, &port.to_string(), target])
        .output()
        .ok()
        .filter(|output| output.status.success())?;
    Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

#[test]
#[cfg(target_os = "linux")]
fn callback_from_another_local_user_is_refused() {
    let lab = Lab::new();
    let waiting = lab.begin_login(&[]);
    let url = waiting.callback("alice");
    if as_nobody("127.0.0.1", waiting.port(), "/").is_none() {
        waiting.kill();
        return skip("to be another user, this test needs to be root, and setpriv and bash");
    }
    let short: url::Url = waiting.short.parse().expect("a URL");
    // The last one is an IPv6 socket that connects to 127.0.0.1, as Java's sockets are.
    for host in ["127.0.0.1", "::1", "::ffff:127.0.0.1"] {
        for target in [&target(&url), short.path()] {
            let line = as_nobody(host, waiting.port(), target).expect("an answer");
            assert_eq!(line, "HTTP/1.1 403 Forbidden", "{target} at {host}");
        }
    }
    // For a refused request the owner is not looked up: in a flood each look-up would read a long table.
    let unvouched = as_nobody("127.0.0.1", waiting.port(), "/callback?error=access_denied").expect("an answer");
    assert_eq!(unvouched, "HTTP/1.1 400 Bad Request");
    assert_eq!(lab.sandbox.count("token.code"), 0);
    assert!(come_back(&url).body.contains("You are signed in"), "the right one is still awaited");
    let ran = waiting.end().good();
    let told = "an answer with this sign-in's state was refused: this request comes from another user of this machine";
    assert_eq!(ran.stderr.matches(told).count(), 1, "{}", ran.stderr);
}

/// Sends a request as the user `nobody` from the local port `local`, and returns the first line of the answer.
#[cfg(target_os = "linux")]
fn as_nobody_from(local: u16, port: u16, target: &str) -> Option<String> {
    let script = r#"
        socket(my $s, AF_INET, SOCK_STREAM, 0) or exit 2;
        setsockopt($s, SOL_SOCKET, SO_REUSEADDR, 1) and bind($s, sockaddr_in($ARGV[0], INADDR_LOOPBACK)) or exit 3;
        connect($s, sockaddr_in($ARGV[1], INADDR_LOOPBACK)) or exit 4;
        syswrite($s, "GET $ARGV[2] HTTP/1.1\r\nHost: localhost:$ARGV[1]\r\n\r\n");
        print scalar <$s>;
    "#;
    let output = Command::new("setpriv")
        .args(["--reuid", "65534", "--regid", "65534", "--clear-groups", "perl", "-MSocket", "-e", script])
        .args([&local.to_string(), &port.to_string(), target])
        .output()
        .ok()
        .filter(|output| output.status.success())?;
    Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Connects to `address` from port `local` on 127.0.0.1 (any port if it is 0).
#[cfg(target_os = "linux")]
fn held(local: u16, address: SocketAddr) -> std::io::Result<TcpStream> {
    use rustix::net::{AddressFamily, SocketType, bind, connect, socket, sockopt};
    let socket = socket(AddressFamily::INET, SocketType::STREAM, None)?;
    sockopt::set_socket_reuseaddr(&socket, true)?;
    bind(&socket, &SocketAddr::from(([127, 0, 0, 1], local)))?;
    connect(&socket, &address)?;
    Ok(socket.into())
}

/// Connections to different targets may have the same local port. Any page can make the victim's browser hold
/// connections to other loopback addresses at the listener's port.
#[test]
#[cfg(target_os = "linux")]
fn another_user_at_a_local_port_of_this_user_is_refused() {
    let lab = Lab::new();
    let waiting = lab.begin_login(&[]);
    let (port, url) = (waiting.port(), waiting.callback("alice"));
    if as_nobody_from(0, port, "/").is_none() {
        waiting.kill();
        return skip("to be another user, this test needs to be root, and setpriv and perl");
    }
    // So many that the kernel lists hardly ever the attacker's connection first.
    let elsewhere: Vec<SocketAddr> = (2..200).map(|last| SocketAddr::from(([127, 0, 0, last], port))).collect();
    let _listeners: Vec<TcpListener> =
        elsewhere.iter().map(|address| TcpListener::bind(address).expect("the port is free there")).collect();
    let mut attempts = 0;
    for _ in 0..50 {
        let first = held(0, elsewhere[0]).expect("a connection");
        let local = first.local_addr().expect("an address").port();
        let rest: Vec<_> = elsewhere[1..].iter().filter_map(|address| held(local, *address).ok()).collect();
        let Some(line) = as_nobody_from(local, port, &target(&url)) else { continue };
        assert_eq!(line, "HTTP/1.1 403 Forbidden", "with {} held connections", rest.len() + 1);
        attempts += 1;
        if attempts == 3 {
            break;
        }
    }
    assert_eq!(attempts, 3, "the attack never got its local port");
    assert_eq!(lab.sandbox.count("token.code"), 0);
    lab.complete(waiting);
}

/// If `/proc/net` is hidden, cogfed cannot tell which user opened a connection.
#[test]
#[cfg(target_os = "linux")]
fn answers_are_refused_where_proc_net_is_hidden() {
    let lab = Lab::new();
    if std::fs::read_to_string("/proc/sys/kernel/osrelease")
        .is_ok_and(|kernel| kernel.to_lowercase().contains("microsoft"))
    {
        return skip_anywhere("on Microsoft's kernel such answers are accepted");
    }
    let own = lab.command(&["login", "--no-browser"]);
    let mut command = Command::new("unshare");
    command.args(["-m", "sh", "-c", "mount -t proc -o subset=pid proc /proc || exit 99; exec \"$@\"", "sh"]);
    command.arg(own.get_program()).args(own.get_args()).env_clear();
    command.envs(own.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let Ok(child) = command.spawn() else { return skip("unshare is missing") };
    let waiting = WaitingLogin::of(child);
    if waiting.short.is_empty() {
        let ran = waiting.end();
        return skip_anywhere(&format!("a mount namespace with another /proc is not to be had: {}", ran.stderr));
    }
    let port = waiting.port();
    let reply = get(port, &target(&waiting.callback("alice")));
    assert!(reply.status == 403 && reply.body.contains("/proc/net is hidden here"), "{reply:?}");
    let short: url::Url = waiting.short.parse().expect("a URL");
    assert_eq!(get(port, short.path()).status, 403);
    let mut waiting = waiting;
    let (warning, hint) = (waiting.next_line(), waiting.next_line());
    assert!(warning.contains("/proc/net is hidden here") && hint.contains("paste the address"), "{warning}{hint}");
    waiting.kill();
}

#[test]
fn callback_over_ipv6_is_accepted() {
    let lab = Lab::new();
    let waiting = lab.begin_login(&[]);
    let (port, url) = (waiting.port(), waiting.callback("alice"));
    let over_v6 = |target: &str| {
        let mut stream = TcpStream::connect(("::1", port)).expect("a connection");
        stream
            .write_all(format!("GET {target} HTTP/1.1\r\nHost: localhost:{port}\r\n\r\n").as_bytes())
            .expect("it is read");
        answer_on(stream).expect("an answer")
    };
    assert_eq!(over_v6(&target(&url)).status, 302);
    assert!(over_v6("/done").body.contains("You are signed in"));
    waiting.end().good();
}
