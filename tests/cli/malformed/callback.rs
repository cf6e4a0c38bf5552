//! Tests with malformed requests to the listener of a running `login`, which must still succeed afterwards.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use cogfed::sandbox::visitor;
use cogfed_test_support::Lab;

use super::mutations::{Random, malformed};

#[test]
fn malformed_callbacks_do_not_end_the_sign_in() {
    let lab = Lab::new();
    let waiting = lab.begin_login(&[]);
    let port = waiting.port();
    let mut random = Random(9);
    let valid = [
        format!("GET /callback?code=stolen&state=wrong HTTP/1.1\r\nHost: localhost:{port}\r\n\r\n"),
        format!(
            "GET /callback?error=access_denied&error_description=No&state=wrong HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAccept: */*\r\n\r\n"
        ),
        format!("GET /done HTTP/1.1\r\nHost: [::1]:{port}\r\nConnection: close\r\n\r\n"),
    ];
    for number in 0..200 {
        let bytes = malformed(valid[number % valid.len()].as_bytes(), &mut random);
        let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("it listens");
        stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a deadline");
        // The listener may stop reading before the end of the request.
        let _ = stream.write_all(&bytes);
        let _ = stream.shutdown(Shutdown::Write);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        let text = String::from_utf8_lossy(&answer);
        assert!(text.is_empty() || text.starts_with("HTTP/1."), "{text}");
        assert!(!text.starts_with("HTTP/1.1 302") && !text.starts_with("HTTP/1.1 5"), "{text}");
    }
    visitor::sign_in_as(&waiting.url, "alice").expect("the sign-in goes on");
    let ran = waiting.end().good();
    assert!(super::desk::is_plain(&ran.stderr.replace('\n', "")), "{}", ran.stderr);
    assert!(!ran.stderr.contains("panicked"), "{}", ran.stderr);
}
