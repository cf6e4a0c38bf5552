//! `cogfed call` and time: slow connections, slow answers, `--max-time`, and answers that never come.

use std::io::{self, Write};
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use cogfed_test_support::{Lab, Ran, Request, Server};

use super::requests::signed_in;

/// Runs `cogfed call` for the URL of a server that the test started.
pub fn call_to(lab: &Lab, method: &str, url: &str, flags: &[&str]) -> Ran {
    lab.run(&[&["call", method, url, "--region", "eu-west-1"], flags].concat())
}

/// Starts a server that answers with eleven bytes, is silent for `pause`, and then sends the rest.
fn pausing(pause: Duration) -> Server {
    Server::of_connections(move |mut stream| {
        Request::read(&mut stream)?;
        stream.write_all(b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 22\r\n\r\n{\"first\":1,")?;
        stream.flush()?;
        // The client may leave earlier.
        wait_for_the_end(&stream, pause)?;
        stream.write_all(b"\"second\":2}")
    })
}

/// Waits until the client closes the connection, or has sent nothing for `pause`.
fn wait_for_the_end(mut stream: &TcpStream, pause: Duration) -> io::Result<()> {
    stream.set_read_timeout(Some(pause))?;
    let _ = io::copy(&mut stream, &mut io::sink());
    Ok(())
}

#[test]
fn max_time_ends_an_answer_and_says_how_much_arrived() {
    let lab = signed_in("alice");
    let server = pausing(Duration::from_secs(60));
    let ran = call_to(&lab, "GET", &server.url(), &["--max-time", "0.7"]).failed_with(5);
    assert_eq!(ran.stdout, "{\"first\":1,");
    let message = ran.one_error_and_hint();
    assert!(message.contains("did not end: 11 of 22 bytes arrived within 0.7 s (--max-time)"), "{message}");
    assert!(ran.stderr.contains("hint: give a longer --max-time"), "{}", ran.stderr);
    let pauses = pausing(Duration::from_millis(300));
    assert_eq!(call_to(&lab, "GET", &pauses.url(), &["-m", "60"]).good().document()["second"], 2);
}

#[test]
fn max_time_ends_the_wait_for_an_answer() {
    let lab = signed_in("alice");
    let silent = Server::of_connections(|mut stream| {
        Request::read(&mut stream)?;
        wait_for_the_end(&stream, Duration::from_secs(60))
    });
    let ran = call_to(&lab, "GET", &silent.url(), &["-m", "0.5"]).failed_with(5);
    let message = ran.one_error_and_hint();
    assert!(message.contains(&format!("no answer from {} within 0.5 s (--max-time)", silent.address())), "{message}");
    let ran = call_to(&lab, "POST", &silent.url(), &["-m", "0.5", "-d", "{}"]).failed_with(5);
    assert!(ran.stderr.contains("2 of 2 bytes sent, and no answer from"), "{}", ran.stderr);
    assert!(ran.stderr.contains("hint: the API may have carried out the request"), "{}", ran.stderr);
}

#[test]
fn lost_answer_is_repeated_by_hand_only_if_that_is_safe() {
    let lab = signed_in("alice");
    for reset in [true, false] {
        let server = Server::of_connections(move |mut stream| {
            match reset {
                // Closing with unread data resets the connection.
                true => drop(stream.peek(&mut [0])?),
                false => drop(Request::read(&mut stream)?),
            }
            Ok(())
        });
        for (method, is_safe) in
            [("GET", true), ("PUT", true), ("DELETE", true), ("HEAD", true), ("POST", false), ("PATCH", false)]
        {
            let ran = call_to(&lab, method, &server.url(), &[]).failed_with(5);
            assert!(ran.one_error_and_hint().contains("no usable answer from 127.0.0.1:"), "{}", ran.stderr);
            let hint = if is_safe { "hint: try again" } else { "hint: the API may have carried out the request: look" };
            assert!(ran.stderr.contains(hint), "{method}: {}", ran.stderr);
        }
    }
    let half = Server::of_requests(|_| b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf".to_vec());
    for (method, hint) in [("GET", "hint: try again"), ("POST", "hint: the request itself did arrive: look before")] {
        let ran = call_to(&lab, method, &half.url(), &[]).failed_with(5);
        assert!(ran.stderr.contains("broke off") && ran.stderr.contains(hint), "{method}: {}", ran.stderr);
    }
}

#[test]
fn connecting_may_take_longer_than_for_an_unattended_tool() {
    let lab = signed_in("alice");
    // The TLS handshake is part of connecting. This server never begins it.
    let silent = Server::of_connections(|stream| wait_for_the_end(&stream, Duration::from_secs(60)));
    let url = format!("https://localhost:{}/", silent.port());
    let ran = thread::scope(|scope| {
        // Longer than the three seconds for an unattended tool.
        let slow = scope.spawn(|| call_to(&lab, "GET", &url, &["--connect-timeout", "4.5", "--debug"]));
        let quick = call_to(&lab, "GET", &url, &["--connect-timeout", "0.3"]).failed_with(5);
        assert!(quick.one_error_and_hint().contains("cannot reach localhost:"), "{}", quick.stderr);
        assert!(quick.stderr.contains("it did not answer in time"), "{}", quick.stderr);
        slow.join().expect("it runs").failed_with(5)
    });
    let waited = ran.stderr.lines().find(|line| line.contains("no answer")).and_then(|line| line.rsplit_once(" ms="));
    let waited: u64 = waited.and_then(|(_, ms)| ms.parse().ok()).unwrap_or_else(|| panic!("{}", ran.stderr));
    assert!(waited >= 4400, "{waited} ms: {}", ran.stderr);
}

#[test]
fn wrong_number_of_seconds_is_refused() {
    let lab = signed_in("alice");
    for flags in [["--max-time", "soon"], ["-m", "-1"], ["--connect-timeout", "x"], ["-m", "inf"], ["-m", "1e300"]] {
        let ran = call_to(&lab, "GET", "https://api.example.com", &flags).failed_with(2);
        assert!(ran.stderr.contains("a number of seconds, such as") || flags[1] == "-1", "{}", ran.stderr);
    }
}
