//! A colleague's profile that would lead a sign-in to a relay: its hosts get nothing before a person accepts them.

use super::domain::{RELAY, World};

const LOGIN: [&str; 5] = ["login", "--no-browser", "--timeout", "1", "--accept-roots"];

/// Runs a login that asks about the relay, which `key` names, and fails because nobody is there to accept it.
#[track_caller]
fn refused(world: &World, key: &str) {
    let ran = world.run(&LOGIN).failed_with(2);
    let shown = format!("{RELAY}  ({key})");
    assert!(ran.stderr.contains(&shown) && ran.stderr.contains("--accept-endpoints"), "{}", ran.stderr);
    assert_eq!((world.relay.connections(), world.tunnel.heads().len()), (0, 0), "{key}");
}

#[test]
fn hosts_beside_the_issuer_need_the_persons_word() {
    let world = World::new(RELAY);
    let issuer = "[profile.place]\nissuer = 'https://login.corp.example/t'\nclient_id = 'app'\nstore = 'file'\n\
                  identity_pool_id = 'eu-west-1:1cf667a2-49a6-454b-9e45-23199EXAMPLE'\n";
    let discovery = format!("endpoints.issuer = 'https://{RELAY}/t'\n");
    let hosts = format!("issuer_hosts = ['{RELAY}']\n");
    for (lines, key) in [
        (format!("{hosts}{discovery}"), "endpoints.issuer"),
        (discovery.clone(), "endpoints.issuer"),
        (hosts.clone(), "issuer_hosts"),
    ] {
        world.home.configure(format!("{issuer}{lines}"));
        refused(&world, key);
    }
    // Accepted, it is asked for the discovery document.
    world.home.configure(format!("{issuer}{hosts}{discovery}"));
    world.run(&[&LOGIN[..], &["--accept-endpoints"]].concat());
    assert!(world.tunnel.heads().iter().any(|head| head.contains(RELAY)), "it is asked");
}

/// Another user of this machine may run the user pool that the profile names on loopback.
#[test]
fn domain_that_a_local_user_pool_vouches_for_needs_the_persons_word() {
    let world = World::new(RELAY);
    world.configure(RELAY, "");
    refused(&world, "domain");
    world.run(&[&LOGIN[..], &["--accept-endpoints"]].concat()).failed_with(3);
    assert!(world.tunnel.heads().iter().any(|head| head.contains(RELAY)), "it is asked");
}
