//! Tests of every way in which `login` can end. Afterwards nothing listens on its port.
#![cfg(unix)]

use cogfed_test_support::http;
use cogfed_test_support::http::{get, listens};
use cogfed_test_support::{Lab, WaitingLogin, target};
use std::os::unix::fs::PermissionsExt;

use cogfed::sandbox::{Misbehaviour, Options};
use rustix::process::{Pid, Signal, kill_process};

/// A way in which `login` ends: the simulated fault, the flags, the event during the wait, and the exit status (-1 for
/// a signal).
struct Exit {
    name: &'static str,
    misbehaviour: Option<Misbehaviour>,
    flags: &'static [&'static str],
    happens: fn(&Lab, &WaitingLogin),
    status: i32,
}

const fn exit(name: &'static str, happens: fn(&Lab, &WaitingLogin), status: i32) -> Exit {
    Exit { name, misbehaviour: None, flags: &[], happens, status }
}

/// Returns a case in which the user pool misbehaves after the browser has returned with a code.
const fn after(name: &'static str, misbehaviour: Misbehaviour, status: i32) -> Exit {
    Exit { misbehaviour: Some(misbehaviour), ..exit(name, comes_back, status) }
}

fn comes_back(_: &Lab, waiting: &WaitingLogin) {
    let url = waiting.callback("alice");
    assert_eq!(get(waiting.port(), &target(&url)).status, 302);
    get(waiting.port(), "/done");
}

fn comes_back_and_leaves(_: &Lab, waiting: &WaitingLogin) {
    // The last page is never fetched.
    assert_eq!(get(waiting.port(), &target(&waiting.callback("alice"))).status, 302);
}

fn is_denied(_: &Lab, waiting: &WaitingLogin) {
    assert_eq!(get(waiting.port(), &format!("/callback?error=access_denied&state={}", waiting.state())).status, 302);
    get(waiting.port(), "/done");
}

fn nothing(_: &Lab, _: &WaitingLogin) {}

/// Sends a signal to a running `login`, or SIGKILL if it ignores the signal. Children inherit ignored signals from the
/// tests' parent (nohup, a shell's background job).
fn is_sent(waiting: &WaitingLogin, signal: Signal) {
    let status = std::fs::read_to_string(format!("/proc/{}/status", waiting.pid())).unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0);
    let signal = if ignored & (1 << (signal.as_raw() - 1)) == 0 { signal } else { Signal::KILL };
    let pid = waiting.pid().try_into().ok().and_then(Pid::from_raw).expect("a pid");
    kill_process(pid, signal).expect("it is sent");
}

fn cannot_save(lab: &Lab, waiting: &WaitingLogin) {
    // A file in place of the store's folder stops even root.
    let store = lab.home().join(".local/state/cogfed/store");
    let _ = std::fs::remove_dir_all(&store);
    std::fs::create_dir_all(store.parent().expect("a folder")).expect("a folder");
    std::fs::set_permissions(store.parent().expect("a folder"), std::fs::Permissions::from_mode(0o700)).expect("mine");
    std::fs::write(&store, "").expect("a file");
    comes_back(lab, waiting);
}

fn is_besieged_and_denied(lab: &Lab, waiting: &WaitingLogin) {
    let idle: Vec<_> = (0..40).map(|_| http::connect(waiting.port())).collect();
    is_denied(lab, waiting);
    drop(idle);
}

const EXITS: &[Exit] = &[
    exit("a sign-in", comes_back, 0),
    exit("a sign-in whose last page is not fetched", comes_back_and_leaves, 0),
    exit("a denial", is_denied, 6),
    exit("a denial among idle connections", is_besieged_and_denied, 6),
    Exit { flags: &["--timeout", "1"], ..exit("a timeout", nothing, 3) },
    exit("Ctrl-C", |_, waiting| is_sent(waiting, Signal::INT), 130),
    exit("SIGTERM", |_, waiting| is_sent(waiting, Signal::TERM), -1),
    exit("a closed terminal", |_, waiting| is_sent(waiting, Signal::HUP), -1),
    exit("SIGQUIT", |_, waiting| is_sent(waiting, Signal::QUIT), -1),
    exit("SIGKILL", |_, waiting| is_sent(waiting, Signal::KILL), -1),
    exit("a failed save", cannot_save, 4),
    after("a token endpoint that is down", Misbehaviour::Token500, 5),
    after("a token endpoint that closes the connection", Misbehaviour::TokenClose, 5),
    after("a token endpoint that answers HTML", Misbehaviour::TokenHtml, 5),
    after("a token endpoint that redirects", Misbehaviour::TokenRedirect, 5),
    after("a token endpoint that answers 10 MiB", Misbehaviour::Token10Mib, 5),
    after("no ID token", Misbehaviour::NoIdToken, 6),
    after("another nonce", Misbehaviour::WrongNonce, 6),
    after("a wrong signature", Misbehaviour::BadSignature, 6),
    after("no signature", Misbehaviour::AlgNone, 6),
    after("an expired ID token", Misbehaviour::ExpiredIdToken, 6),
    after("another audience", Misbehaviour::WrongAudience, 6),
    after("an unknown key", Misbehaviour::UnknownKid, 6),
];

#[test]
fn no_exit_path_leaves_a_listener() {
    assert!(EXITS.len() >= 20);
    for exit in EXITS {
        let misbehaviours = exit.misbehaviour.into_iter().collect();
        let lab = Lab::with(Options { misbehaviours, ..Options::default() });
        let waiting = lab.begin_login(exit.flags);
        let port = waiting.port();
        if exit.status != 3 {
            assert!(listens(port), "{}: it listens while it waits", exit.name);
        }
        (exit.happens)(&lab, &waiting);
        let ran = waiting.end();
        assert_eq!(ran.status, exit.status, "{}: {}", exit.name, ran.stderr);
        assert!(!listens(port), "{}: somebody listens", exit.name);
    }
}

/// The terminal is closed, so no input is read, but the sign-in succeeds.
#[test]
fn sign_in_with_closed_output_leaves_no_listener() {
    let lab = Lab::new();
    let mut child = lab.command(&["login", "--no-browser"]).spawn().expect("cogfed runs");
    let mut stderr = std::io::BufReader::new(child.stderr.take().expect("a pipe"));
    let mut said = String::new();
    while !said.contains("waiting up to") {
        assert_ne!(std::io::BufRead::read_line(&mut stderr, &mut said).expect("a line"), 0, "{said}");
    }
    drop(stderr);
    let url = said.lines().find(|line| line.starts_with("http")).expect("a URL").to_owned();
    let page = cogfed::sandbox::visitor::sign_in_as(&url, "alice").expect("a last page");
    child.wait().expect("it ends");
    assert!(!listens(page.url.port().expect("a port")));
    lab.run(&["status"]).good();
}
