//! Which port the listener takes, and that the redirect URI names it.

use std::net::{Ipv4Addr, Ipv6Addr, TcpListener};

use crate::support::{Lab, WaitingLogin};
use crate::wire::{assert_one_error_and_hint, complete};

/// Somebody else's port: on 127.0.0.1, on ::1, or on both.
fn taken(on_v4: bool, on_v6: bool) -> (u16, Vec<TcpListener>) {
    loop {
        let v4 = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let port = v4.local_addr().expect("an address").port();
        let Ok(v6) = TcpListener::bind((Ipv6Addr::LOCALHOST, port)) else { continue };
        let kept = [on_v4.then_some(v4), on_v6.then_some(v6)].into_iter().flatten().collect();
        return (port, kept);
    }
}

/// A login that finds its first port so goes on to the next registered one, says so in the URL, and works.
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
    complete(&lab, waiting);
}

#[test]
fn the_first_is_taken_on_ipv4_only() {
    goes_on(true, false);
}

#[test]
fn the_first_is_taken_on_ipv6_only() {
    goes_on(false, true);
}

#[test]
fn the_first_is_taken_on_both() {
    goes_on(true, true);
}

#[test]
fn all_are_taken() {
    let lab = Lab::new();
    let held = [taken(true, false), taken(false, true), taken(true, true)];
    let ports: Vec<String> = held.iter().map(|(port, _)| port.to_string()).collect();
    let ran = lab
        .command(&["login", "--timeout", "5"])
        .env("COGFED_REDIRECT_PORTS", ports.join(","))
        .output()
        .expect("it runs")
        .into();
    let ran: crate::support::Ran = ran;
    let message = assert_one_error_and_hint(&ran.failed_with(7));
    assert!(message.ends_with(&format!("is taken on 127.0.0.1 or ::1: {}", ports.join(", "))), "{message}");
    assert_eq!(lab.sandbox.count("authorize"), 0, "no browser is opened for nothing");
}

#[test]
fn a_second_login_of_another_profile_takes_the_next_port() {
    let lab = Lab::new();
    let one = std::fs::read_to_string(lab.config()).expect("a configuration");
    let other = lab.sandbox.profile_toml("other").replacen('\n', "\naccount = 'other'\nstore = 'file'\n", 1);
    std::fs::write(lab.config(), format!("default_profile = 'lab'\n{one}\n{other}")).expect("a configuration");
    let first = lab.begin_login(&[]);
    let second = lab.begin_login(&["--profile", "other"]);
    assert_ne!(first.port(), second.port());
    assert_ne!(first.state(), second.state());
    second.kill();
    complete(&lab, first);
}

#[test]
fn host_and_path_of_the_redirect_uri_are_the_profiles() {
    let lab = Lab::with(cogfed::sandbox::Options { redirect_path: "/cb/in".into(), ..Default::default() });
    lab.configure_with("redirect_host = '127.0.0.1'");
    let waiting = lab.begin_login(&[]);
    assert_eq!(waiting.redirect_uri().as_str(), format!("http://127.0.0.1:{}/cb/in", waiting.port()));
    complete(&lab, waiting);
}
