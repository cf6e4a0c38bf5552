//! Tests of servers that stall. Each request to such a server fails within its deadline, and the error explains the
//! cause.

use std::thread;
use std::time::{Duration, Instant};

use super::certificates::Authority;
use super::front::{Act, Front};
use super::place::Place;

/// The additional time that a test allows on a busy machine.
const SLACK: Duration = Duration::from_secs(8);

#[test]
fn stalled_server_fails_within_its_deadline() {
    let authority = Authority::new("root");
    let cases: [(Act, u64, &str); 6] = [
        (Act::Silence, 10, "it did not answer in time"),
        (Act::HalfAHead, 10, "it did not answer in time"),
        (Act::Drip, 15, "it did not answer in time"),
        (Act::Flood, 0, "is larger than 1048576 bytes"),
        (Act::Close, 0, "no usable answer"),
        (Act::Reset, 0, "no usable answer"),
    ];
    thread::scope(|scope| {
        for (act, deadline, what) in &cases {
            let tls = authority.server(&["localhost"]);
            let authority = &authority;
            scope.spawn(move || {
                let front = Front::alone(act.clone(), Some(tls));
                let place = Place::new(&format!("https://localhost:{}", front.port()), "");
                let bundle = authority.write(place.home());
                let began = Instant::now();
                let ran = place.exchange(&[("AWS_CA_BUNDLE", bundle.to_str().unwrap())]).failed_with(5);
                let took = began.elapsed();
                assert!(ran.stderr.contains(what), "{act:?}: {}", ran.stderr);
                assert!(ran.stderr.contains(&format!("localhost:{}", front.port())), "{act:?}: {}", ran.stderr);
                assert!(took < Duration::from_secs(*deadline) + SLACK, "{act:?}: {took:?}");
                assert_eq!(front.connections(), 1, "{act:?}: a code was sent again");
            });
        }
    });
}

#[test]
fn silent_tls_handshake_fails_within_the_deadline_for_a_person() {
    // The server waits for a request, which cannot arrive before the handshake.
    let front = Front::alone(Act::Silence, None);
    let place = Place::new(&format!("https://localhost:{}", front.port()), "");
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let silent = Place::new(&format!("https://{}", listener.local_addr().unwrap()), "");
    for place in [place, silent] {
        let began = Instant::now();
        let ran = place.exchange(&[]).failed_with(5);
        assert!(ran.stderr.contains("cannot reach "), "{}", ran.stderr);
        assert!(ran.stderr.contains("it did not answer in time"), "{}", ran.stderr);
        assert!(began.elapsed() < Duration::from_secs(15) + SLACK, "{:?}", began.elapsed());
    }
}
