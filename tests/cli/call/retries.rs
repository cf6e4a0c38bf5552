//! `cogfed call --retry`: repeats only where a repeat is safe.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use chrono::TimeDelta;
use cogfed::clock::Clock;
use cogfed_test_support::{Answer, Lab, Ran, Request, Server};

use super::deadlines::call_to;
use super::requests::signed_in;

/// Starts a server that answers each connection with the next text in `answers`, and with status 200 after the last
/// text. An empty text closes the connection without an answer.
fn scripted(answers: &[&str]) -> (Server, Arc<Mutex<Vec<Request>>>) {
    let mut rest: Vec<String> = answers.iter().rev().map(|text| (*text).to_owned()).collect();
    rest.insert(0, String::new());
    let rest = Mutex::new(rest);
    let requests = Arc::<Mutex<Vec<Request>>>::default();
    let seen = Arc::clone(&requests);
    let server = Server::of_connections(move |mut stream| {
        use std::io::Write;
        let Some(request) = Request::read(&mut stream)? else { return Ok(()) };
        seen.lock().unwrap().push(request);
        let mut rest = rest.lock().unwrap();
        let text = match rest.len() {
            1 => "200 OK\r\n".to_owned(),
            _ => rest.pop().unwrap_or_default(),
        };
        match text.is_empty() {
            true => Ok(()),
            false => write!(stream, "HTTP/1.1 {text}connection: close\r\ncontent-length: 2\r\n\r\n{{}}"),
        }
    });
    (server, requests)
}

fn repeated(lab: &Lab, method: &str, answers: &[&str], flags: &[&str]) -> (Ran, usize) {
    let (server, requests) = scripted(answers);
    let ran = call_to(lab, method, &server.url(), &[&["-i", "--retry-delay", "0.01"], flags].concat());
    let count = requests.lock().unwrap().len();
    (ran, count)
}

#[test]
fn idempotent_request_is_repeated_after_temporary_failures() {
    let lab = signed_in("alice");
    let failures = [
        "",
        "408 X\r\n",
        "429 X\r\n",
        "500 X\r\n",
        "502 X\r\n",
        "503 X\r\n",
        "504 X\r\n",
        "503 X\r\nretry-after: 0\r\n",
    ];
    for method in ["GET", "PUT", "DELETE", "OPTIONS"] {
        let (ran, count) = repeated(&lab, method, &failures, &["--retry", "9"]);
        assert_eq!(count, failures.len() + 1, "{method}: {}", ran.stderr);
        assert!(ran.good().stdout.starts_with("HTTP/1.1 200"), "{method}");
    }
    let (ran, count) = repeated(&lab, "GET", &["503 X\r\n"; 5], &["--retry", "2"]);
    assert_eq!(count, 3);
    assert!(ran.stdout.starts_with("HTTP/1.1 503"), "the last answer is printed: {}", ran.stdout);
    for attempt in ["status 503 (attempt 1 of 3); trying again in 0.0 s", "status 503 (attempt 2 of 3); trying again"] {
        assert!(ran.stderr.contains(attempt), "{}", ran.stderr);
    }
}

#[test]
fn request_that_may_have_been_carried_out_is_not_repeated() {
    let lab = signed_in("alice");
    for method in ["POST", "PATCH"] {
        for (answer, expected) in [
            ("", 1),
            ("408 X\r\n", 1),
            ("500 X\r\n", 1),
            ("502 X\r\n", 1),
            ("503 X\r\n", 1),
            ("504 X\r\n", 1),
            ("429 X\r\n", 2),
            ("503 X\r\nretry-after: 0\r\n", 2),
        ] {
            let (ran, count) = repeated(&lab, method, &[answer], &["--retry", "3", "-d", "{}"]);
            assert_eq!(count, expected, "{method} {answer}: {}", ran.stderr);
        }
    }
    for answer in ["", "403 X\r\n", "404 X\r\n", "501 X\r\n"] {
        let expected = if answer.is_empty() { 2 } else { 1 };
        assert_eq!(repeated(&lab, "GET", &[answer], &["--retry", "1"]).1, expected, "{answer}");
    }
    // Nothing is repeated unasked.
    for answer in ["", "429 X\r\nretry-after: 0\r\n", "503 X\r\n"] {
        let (server, requests) = scripted(&[answer]);
        call_to(&lab, "GET", &server.url(), &[]);
        assert_eq!(requests.lock().unwrap().len(), 1, "{answer}");
    }
}

#[test]
fn request_that_was_not_sent_is_repeated_whatever_its_method() {
    let lab = signed_in("alice");
    let port = cogfed_test_support::free_ports(1)[0];
    let flags = ["--retry", "2", "--retry-delay", "0.01", "--retry-connrefused", "-d", "{}"];
    let ran = call_to(&lab, "POST", &format!("http://127.0.0.1:{port}/"), &flags).failed_with(5);
    assert_eq!(ran.stderr.matches("; trying again in").count(), 2, "{}", ran.stderr);
}

#[test]
fn each_repeat_carries_the_whole_body_and_a_signature_of_its_time() {
    let lab = signed_in("alice");
    let (server, requests) = scripted(&["503 X\r\nretry-after: 1\r\n", "429 X\r\nretry-after: 1\r\n"]);
    let began = Instant::now();
    let flags = ["--retry", "2", "--retry-delay", "0.01", "-d", "{\"a\":1}"];
    call_to(&lab, "POST", &server.url(), &flags).good();
    assert!(began.elapsed() >= Duration::from_secs(2), "Retry-After was not obeyed: {:?}", began.elapsed());
    let requests = requests.lock().unwrap();
    assert!(requests.len() == 3 && requests.iter().all(|request| request.text() == "{\"a\":1}"), "{requests:?}");
    let distinct =
        |name: &str| requests.iter().filter_map(|request| request.header(name)).collect::<BTreeSet<_>>().len();
    assert_eq!((distinct("x-amz-date"), distinct("authorization")), (3, 3));
}

#[test]
fn retry_never_comes_back_earlier_than_asked_nor_after_its_time() {
    let lab = signed_in("alice");
    for (answer, flags) in [
        ("503 X\r\nretry-after: 86400\r\n", &["--retry", "2"][..]),
        ("503 X\r\nretry-after: 30\r\n", &["--retry", "2", "--retry-max-time", "5"]),
    ] {
        let (ran, count) = repeated(&lab, "GET", &[answer], flags);
        assert_eq!(count, 1, "{answer}");
        assert!(ran.good().stdout.starts_with("HTTP/1.1 503"));
    }
    assert!(
        call_to(&lab, "GET", "http://127.0.0.1:1", &["--retry-delay", "1"]).failed_with(2).stderr.contains("--retry")
    );
}

#[test]
fn redirected_post_is_not_sent_again() {
    let lab = signed_in("alice");
    for (method, expected) in [("POST", &["POST", "GET"][..]), ("PUT", &["PUT", "GET", "PUT", "GET", "PUT", "GET"])] {
        for status in [429, 503] {
            let methods = Arc::<Mutex<Vec<String>>>::default();
            let seen = Arc::clone(&methods);
            let server = Server::of_requests(move |request| {
                let method = request.line().split(' ').next().unwrap().to_owned();
                let header = |name: &str, value: &str| vec![(name.to_owned(), value.to_owned())];
                let (status, headers) = match method.as_str() {
                    "GET" => (status, header("retry-after", "0")),
                    _ => (303, header("location", "/done")),
                };
                seen.lock().unwrap().push(method);
                Answer { status, headers, body: Vec::new() }
            });
            let flags = ["-i", "-L", "--retry", "2", "--retry-delay", "0.01", "-d", "{}"];
            let ran = call_to(&lab, method, &server.url(), &flags).good();
            assert!(ran.stdout.starts_with(&format!("HTTP/1.1 {status} ")), "{}", ran.stdout);
            assert_eq!(*methods.lock().unwrap(), expected, "{status}: {}", ran.stderr);
        }
    }
}

#[test]
fn post_is_signed_again_only_if_the_clocks_differ() {
    let lab = signed_in("alice");
    for (minutes, method, expected) in [(0, "POST", 1), (0, "GET", 2), (20, "POST", 2), (-20, "POST", 2)] {
        let (clock, count) = (lab.clock.clone(), Arc::<Mutex<usize>>::default());
        let seen = Arc::clone(&count);
        let server = Server::of_requests(move |_| {
            *seen.lock().unwrap() += 1;
            let mut answer = match *seen.lock().unwrap() {
                1 => Answer::json(403, r#"{"message":"Signature expired: 20260101T000000Z is now earlier than"}"#),
                _ => Answer::json(200, "{}"),
            };
            let theirs = clock.now() + TimeDelta::minutes(minutes);
            answer.headers.push(("date".into(), theirs.format("%a, %d %b %Y %H:%M:%S GMT").to_string()));
            answer
        });
        let ran = call_to(&lab, method, &server.url(), &["-i"]).good();
        assert_eq!(*count.lock().unwrap(), expected, "{minutes} {method}: {}", ran.stderr);
        let status = if expected == 1 { 403 } else { 200 };
        assert!(ran.stdout.starts_with(&format!("HTTP/1.1 {status} ")), "{}", ran.stdout);
        assert_eq!(ran.stderr.contains("hint: "), expected == 1, "the refusal is explained: {}", ran.stderr);
    }
}

#[test]
fn largest_numbers_work_as_limits() {
    let lab = signed_in("alice");
    let longest = "1e19";
    let flags = ["--retry", "4294967295", "--retry-max-time", longest, "-m", longest, "--connect-timeout", longest];
    let (ran, count) = repeated(&lab, "GET", &["503 X\r\n"], &flags);
    assert_eq!(count, 2, "{}", ran.stderr);
    assert!(ran.good().stdout.starts_with("HTTP/1.1 200"));
}
