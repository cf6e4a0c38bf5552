//! Tests of the choice of the listener's port, which is part of the redirect URI.

use std::net::{Ipv4Addr, Ipv6Addr, TcpListener};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use cogfed::error::Kind;
use cogfed::oidc::Listener;
use cogfed::sandbox::{Options, Sandbox};
use cogfed_test_support::http::listens;

#[cfg(target_os = "linux")]
use cogfed_test_support::skip_anywhere;
use cogfed_test_support::{Lab, WaitingLogin};

/// Returns another port that a test may try to use. The port is below 32768, where systems begin to assign ports. So no
/// other test's socket gets a port that this test has just released.
fn candidate() -> u16 {
    static TRIED: AtomicU32 = AtomicU32::new(0);
    let number = std::process::id().wrapping_mul(61) + TRIED.fetch_add(1, Ordering::Relaxed);
    20_000 + u16::try_from(number % 12_000).expect("less than 12000")
}

/// Listens on a free port on 127.0.0.1, on ::1, or on both, and returns the port and the listeners. The other address
/// is never bound, not even for a moment: a program that another test starts just then would inherit its socket.
fn taken(v4: bool, v6: bool) -> (u16, Vec<TcpListener>) {
    loop {
        let port = candidate();
        if listens(port) {
            continue;
        }
        if let Ok(kept) = halves(port, Held { v4, v6 }) {
            return (port, kept);
        }
    }
}

/// Closes the listeners, and waits until all their ports are free.
fn let_go(kept: Vec<Vec<TcpListener>>, ports: &[u16]) {
    drop(kept);
    let began = Instant::now();
    while ports.iter().any(|&port| listens(port)) {
        assert!(began.elapsed() < Duration::from_secs(60), "somebody holds one of {ports:?}");
        std::thread::yield_now();
    }
}

/// Listens on `port` at the addresses in `held`.
fn halves(port: u16, held: Held) -> std::io::Result<Vec<TcpListener>> {
    let v4 = held.v4.then(|| TcpListener::bind((Ipv4Addr::LOCALHOST, port)));
    let v6 = held.v6.then(|| TcpListener::bind((Ipv6Addr::LOCALHOST, port)));
    [v4, v6].into_iter().flatten().collect()
}

/// Checks that `login` uses the next registered port if the first registered port is taken at these addresses.
#[track_caller]
fn goes_on(on_v4: bool, on_v6: bool) {
    let lab = Lab::new();
    let (port, _kept) = taken(on_v4, on_v6);
    let uris = lab.sandbox.redirect_uris();
    let registered: Vec<u16> = uris.iter().filter_map(|uri| uri.parse::<url::Url>().ok()?.port()).step_by(2).collect();
    let ports: Vec<String> = std::iter::once(&port).chain(&registered).map(u16::to_string).collect();
    let mut command = lab.command(&["login", "--no-browser"]);
    let waiting = WaitingLogin::of(command.env("COGFED_REDIRECT_PORTS", ports.join(",")).spawn().expect("it runs"));
    assert_ne!(waiting.port(), port);
    assert!(registered.contains(&waiting.port()), "{} of {registered:?}", waiting.port());
    assert_eq!(waiting.redirect_uri().as_str(), format!("http://localhost:{}/callback", waiting.port()));
    lab.complete(waiting);
}

#[test]
fn login_skips_a_port_taken_on_ipv4() {
    goes_on(true, false);
}

#[test]
fn login_skips_a_port_taken_on_ipv6() {
    goes_on(false, true);
}

#[test]
fn login_skips_a_port_taken_on_both_addresses() {
    goes_on(true, true);
}

#[test]
fn login_fails_when_every_port_is_taken() {
    let lab = Lab::new();
    let held = [taken(true, false), taken(false, true), taken(true, true)];
    let ports: Vec<String> = held.iter().map(|(port, _)| port.to_string()).collect();
    let ran = lab
        .command(&["login", "--timeout", "5"])
        .env("COGFED_REDIRECT_PORTS", ports.join(","))
        .output()
        .expect("it runs")
        .into();
    let ran: cogfed_test_support::Ran = ran;
    let message = ran.failed_with(7).one_error_and_hint();
    assert!(message.contains("every callback port is taken on 127.0.0.1 or ::1: "), "{message}");
    for port in &ports {
        let holder = if cfg!(target_os = "linux") { format!("(pid {})", std::process::id()) } else { String::new() };
        let named = message.split(", ").any(|part| part.contains(port.as_str()) && part.contains(&holder));
        assert!(named, "{port}: {message}");
    }
    assert_eq!(lab.sandbox.count("authorize"), 0, "no browser is opened for nothing");
}

/// Here `login` runs as the user `nobody`, who may not bind ports below 1024.
#[test]
#[cfg(target_os = "linux")]
fn forbidden_ports_are_not_called_taken() {
    let lab = Lab::new();
    let program = lab.temporary().join("cogfed");
    std::fs::copy(cogfed_test_support::program(), &program).expect("a copy that nobody can run");
    let mut command = std::process::Command::new("unshare");
    let script = "chown -R 65534:65534 \"$1\" && exec setpriv --reuid 65534 --regid 65534 --clear-groups \"$2\" login --no-browser --timeout 5";
    // In a network namespace of its own, no setting of this machine frees the privileged ports.
    command.args(["-n", "sh", "-c", &format!("ip link set lo up && {script}"), "sh"]).arg(lab.home()).arg(&program);
    let own = lab.command(&[]);
    command.env_clear().envs(own.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").env("COGFED_REDIRECT_PORTS", "81,82");
    let ran = match command.output() {
        Ok(output) => cogfed_test_support::Ran::from(output),
        Err(_) => return skip_anywhere("unshare is missing"),
    };
    if !ran.stderr.contains("cogfed: error") {
        return skip_anywhere(&format!("another user in another network namespace is not to be had: {}", ran.stderr));
    }
    let ran = ran.failed_with(2);
    let message = ran.one_error_and_hint();
    let said = "the system does not let cogfed use the callback ports (permission denied): 81, 82";
    assert!(message.contains(said) && ran.stderr.contains("ports below 1024 are the system's"), "{}", ran.stderr);
}

#[test]
fn second_profiles_login_takes_the_next_port() {
    let lab = Lab::new();
    let one = std::fs::read_to_string(lab.config()).expect("a configuration");
    let other = lab.sandbox.profile_toml("other").replacen('\n', "\naccount = 'other'\nstore = 'file'\n", 1);
    std::fs::write(lab.config(), format!("default_profile = 'lab'\n{one}\n{other}")).expect("a configuration");
    let first = lab.begin_login(&[]);
    let second = lab.begin_login(&["--profile", "other"]);
    assert_ne!(first.port(), second.port());
    assert_ne!(first.state(), second.state());
    second.kill();
    lab.complete(first);
}

#[test]
fn redirect_uri_uses_the_profiles_host_and_path() {
    let lab = Lab::with(Options { redirect_path: "/cb/in".into(), ..Default::default() });
    lab.configure_with("redirect_host = '127.0.0.1'");
    let waiting = lab.begin_login(&[]);
    assert_eq!(waiting.redirect_uri().as_str(), format!("http://127.0.0.1:{}/cb/in", waiting.port()));
    lab.complete(waiting);
}

/// The loopback addresses at which another process holds a port.
#[derive(Debug, Clone, Copy)]
struct Held {
    v4: bool,
    v6: bool,
}

impl Held {
    /// All four combinations of addresses at which a port is taken. In the index, bit 0 stands for IPv4 and bit 1 for
    /// IPv6.
    const ALL: [Held; 4] = [
        Held { v4: false, v6: false },
        Held { v4: true, v6: false },
        Held { v4: false, v6: true },
        Held { v4: true, v6: true },
    ];

    fn is_free(self) -> bool {
        !self.v4 && !self.v6
    }
}

/// Returns all 4^`ports` combinations of addresses that another process may hold on `ports` ports.
fn combinations(ports: u32) -> impl Iterator<Item = Vec<Held>> {
    (0..4_usize.pow(ports)).map(move |number| (0..ports).map(|at| Held::ALL[(number >> (2 * at)) & 3]).collect())
}

/// Checks the listener with every combination of taken addresses on `count` ports. It takes the first port that is free
/// on both addresses. If no port is, the refusal names all ports.
fn every_combination(count: u32) -> usize {
    let mut seen = 0;
    for held in combinations(count) {
        let (ports, kept): (Vec<u16>, Vec<_>) = held.iter().map(|held| taken(held.v4, held.v6)).unzip();
        match (Listener::bind(&ports), held.iter().position(|held| held.is_free())) {
            (Ok(listener), Some(free)) => {
                assert_eq!(listener.port(), ports[free], "{held:?}");
                assert!(TcpListener::bind((Ipv4Addr::LOCALHOST, ports[free])).is_err(), "{held:?}");
                assert!(TcpListener::bind((Ipv6Addr::LOCALHOST, ports[free])).is_err(), "{held:?}");
            }
            (Err(failure), None) => {
                assert_eq!(failure.kind, Kind::Busy);
                assert!(failure.message.contains("taken on 127.0.0.1 or ::1: "), "{failure:?}");
                assert!(ports.iter().all(|port| failure.message.contains(&port.to_string())), "{failure:?}");
            }
            (got, free) => panic!("{got:?} with {held:?}, where {free:?} is free"),
        }
        drop(kept);
        seen += 1;
    }
    seen
}

#[test]
fn listener_handles_every_combination_of_three_partly_taken_ports() {
    assert_eq!(every_combination(3), 64);
}

#[test]
fn listener_handles_every_combination_of_four_partly_taken_ports() {
    assert_eq!(every_combination(4), 256);
}

/// The program itself has to sign in, or report the failure, for every combination of three registered ports.
#[test]
fn login_handles_every_combination_of_three_partly_taken_ports() {
    let registered: Vec<u16> = (0..3).map(|_| taken(false, false).0).collect();
    let mut lab = Lab::new();
    let options = Options { redirect_ports: registered.clone(), ..Options::default() };
    lab.sandbox = Sandbox::start(options).expect("a sandbox");
    lab.configure_with("");
    let (mut signed_in, mut refused) = (0, 0);
    for held in combinations(3) {
        let kept: Vec<Vec<TcpListener>> =
            held.iter().zip(&registered).map(|(held, &port)| halves(port, *held).expect("the port is ours")).collect();
        let Some(free) = held.iter().position(|held| held.is_free()) else {
            let message = lab.run(&["login", "--force", "--timeout", "5"]).failed_with(7).one_error_and_hint();
            assert!(registered.iter().all(|port| message.contains(&port.to_string())), "{message}");
            refused += 1;
            let_go(kept, &registered);
            continue;
        };
        let waiting = lab.begin_login(&["--force"]);
        assert_eq!(waiting.port(), registered[free], "{held:?}");
        lab.complete(waiting);
        signed_in += 1;
        let_go(kept, &registered);
    }
    assert_eq!((signed_in, refused), (64 - 27, 27));
}

/// The test signs in within a new network namespace that has no ::1.
#[test]
#[cfg(target_os = "linux")]
fn login_works_without_ipv6() {
    let lab = Lab::new();
    let script =
        "echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6 && ip link set lo up && test ! -s /proc/net/if_inet6";
    let alone = |words: &[&str]| {
        let mut command = lab.command(&[]);
        let program = command.get_program().to_owned();
        command = std::process::Command::new("unshare");
        command.args(["-rn", "sh", "-c", &format!("{script} || exit 99; exec \"$@\""), "sh"]).arg(program).args(words);
        command.env("HOME", lab.home()).env("TMPDIR", lab.temporary()).output()
    };
    let ran = match alone(&["demo", "--headless"]) {
        Ok(output) if output.status.code() != Some(99) => cogfed_test_support::Ran::from(output),
        _ => {
            return skip_anywhere(
                "a network namespace without ::1 needs unshare, ip, and a kernel that lets us have one",
            );
        }
    };
    assert!(ran.good().stderr.contains("signed in as"));
}
