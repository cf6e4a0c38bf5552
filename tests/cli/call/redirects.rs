//! `cogfed call` and redirects: each redirect is reported, and is followed only on request and without secrets.

use std::io::Write;
use std::sync::{Arc, Mutex};

use cogfed_test_support::{Answer, Request, Server};

use super::deadlines::call_to;
use super::requests::signed_in;

/// A server that records the requests that it gets.
struct Recorder {
    server: Server,
    requests: Arc<Mutex<Vec<Request>>>,
}

impl Recorder {
    fn start(answer: impl Fn(&Request) -> Answer + Send + Sync + 'static) -> Self {
        let requests = Arc::<Mutex<Vec<Request>>>::default();
        let seen = Arc::clone(&requests);
        let server = Server::of_requests(move |request| {
            let answer = answer(&request);
            seen.lock().unwrap().push(request);
            answer
        });
        Self { server, requests }
    }

    /// Returns the recorded requests, and clears the record.
    fn requests(&self) -> Vec<Request> {
        std::mem::take(&mut self.requests.lock().unwrap())
    }
}

fn to(status: u16, location: &str) -> Answer {
    Answer { status, headers: vec![("location".into(), location.into())], body: Vec::new() }
}

const SECRETS: [&str; 10] = [
    "-H",
    "Cookie: canary",
    "-H",
    "X-Api-Key: canary",
    "-H",
    "X-Amz-Meta: canary",
    "-H",
    "X-Own: canary",
    "-H",
    "Accept: text/csv",
];

#[test]
fn redirect_is_reported_with_its_query_masked() {
    let lab = signed_in("alice");
    for status in [300, 301, 302, 303, 307, 308] {
        let server = Recorder::start(move |_| to(status, "https://u:canary@b.s3.example/key?X-Amz-Signature=canary"));
        for flags in [&[][..], &["-f"], &["-v"]] {
            let ran = call_to(&lab, "GET", &server.server.url(), flags).good();
            let expected = format!("redirects (status {status}) to https://b.s3.example/key?****\n");
            assert!(ran.stderr.contains(&expected), "{}", ran.stderr);
            assert_eq!(ran.stderr.matches("hint: add -L to follow it").count(), 1, "{}", ran.stderr);
            assert!(!ran.stderr.contains("canary"), "{}", ran.stderr);
            assert_eq!(server.requests().len(), 1);
        }
    }
    let none = Recorder::start(|_| Answer { status: 302, headers: Vec::new(), body: Vec::new() });
    assert!(call_to(&lab, "GET", &none.server.url(), &[]).good().stderr.contains("no Location header"));
    let same = Recorder::start(|request| to(301, &format!("{}/", request.line().split(' ').nth(1).unwrap())));
    let ran = call_to(&lab, "GET", &format!("{}/prod/orders", same.server.url()), &[]).good();
    assert!(ran.stderr.contains("/prod/orders/\n") && ran.stderr.contains("call that URL instead"), "{}", ran.stderr);
    let not_modified = Recorder::start(|_| to(304, "/x"));
    assert_eq!(call_to(&lab, "GET", &not_modified.server.url(), &[]).good().stderr, "");
}

#[test]
fn redirect_to_another_host_gets_none_of_the_secrets() {
    let lab = signed_in("alice");
    let other = Recorder::start(|_| Answer::json(200, "{\"signed\":false}"));
    let url = format!("http://u:canary@{}/key?X-Amz-Signature=abc", other.server.address());
    for status in [301, 302, 303, 307, 308] {
        let location = url.clone();
        let api = Recorder::start(move |_| to(status, &location));
        let ran = call_to(&lab, "GET", &api.server.url(), &[&["-L", "-v"], &SECRETS[..]].concat()).good();
        assert_eq!(ran.document()["signed"], false);
        assert!(ran.stderr.contains("/key?****, unsigned"), "{}", ran.stderr);
        let first = &api.requests()[0];
        assert!(first.header("authorization").is_some() && first.header("cookie") == Some("canary"), "{}", first.head);
        let [request] = &other.requests()[..] else { panic!("{status}: not one request") };
        assert_eq!(request.line(), "GET /key?X-Amz-Signature=abc HTTP/1.1");
        assert_eq!(request.header("accept"), Some("text/csv"));
        assert_eq!(request.header("host"), Some(&*other.server.address().to_string()));
        let head = request.head.to_lowercase();
        for secret in ["canary", "authorization", "x-amz-security-token", "x-amz-date", "cookie", "x-own", "referer"] {
            assert!(!head.contains(secret), "{status}: {secret} in {head}");
        }
        lab.assert_no_secret(&request.head);
    }
}

#[test]
fn followed_redirect_drops_method_and_body_as_the_standard_says() {
    let lab = signed_in("alice");
    let api = Recorder::start(|request| match request.line().split(['/', ' ']).nth(2).and_then(|s| s.parse().ok()) {
        Some(status) => to(status, "/end"),
        None => Answer::json(200, "{}"),
    });
    let lines = |method: &str, status: u16, flags: &[&str]| -> Vec<(String, String, bool)> {
        let url = format!("{}/{status}", api.server.url());
        call_to(&lab, method, &url, &[&["-L"], flags].concat()).good();
        let requests = api.requests();
        let own = |request: &Request| {
            let method = request.line().split(' ').next().unwrap().to_owned();
            (method, request.text(), request.header("authorization").is_some())
        };
        requests.iter().map(own).collect()
    };
    let body = ["-d", "{\"a\":1}", "-H", "Content-Type: application/json"];
    for status in [301, 302, 303] {
        let [first, second] = &lines("POST", status, &body)[..] else { panic!("{status}") };
        assert_eq!(first, &("POST".into(), "{\"a\":1}".into(), true));
        assert_eq!(second, &("GET".into(), String::new(), false));
        assert_eq!(lines("HEAD", status, &[])[1].0, "HEAD");
    }
    for status in [307, 308] {
        assert_eq!(lines("GET", status, &[])[1], ("GET".into(), String::new(), false));
        assert_eq!(lines("POST", status, &body).len(), 1, "{status}: a body was sent again");
    }
    let ran = call_to(&lab, "POST", &format!("{}/307", api.server.url()), &["-L", "-d", "{}"]).good();
    assert!(ran.stderr.contains("(status 307)") && ran.stderr.contains("not followed"), "{}", ran.stderr);
}

#[test]
fn redirect_loops_and_unencrypted_targets_are_refused() {
    let lab = signed_in("alice");
    let circle = Recorder::start(|_| to(302, "/again?code=canary"));
    let ran = call_to(&lab, "GET", &circle.server.url(), &["-L"]).failed_with(5);
    let message = ran.one_error_and_hint();
    assert!(message.contains("form a loop") && message.contains("/again?****"), "{message}");
    assert_eq!(circle.requests().len(), 2);
    let spiral = Recorder::start(|request| to(302, &format!("{}x", request.line().split(' ').nth(1).unwrap())));
    let ran = call_to(&lab, "GET", &spiral.server.url(), &["-L", "--max-redirs", "3"]).failed_with(5);
    assert!(ran.one_error_and_hint().contains("more than 3 redirects"), "{}", ran.stderr);
    assert_eq!(spiral.requests().len(), 4);
    for target in ["http://192.0.2.1/x?canary", "ftp://127.0.0.1/x?canary", "file:///etc/passwd"] {
        let away = Recorder::start(move |_| to(302, target));
        let ran = call_to(&lab, "GET", &away.server.url(), &["-L"]).failed_with(5);
        let message = ran.one_error_and_hint();
        assert!(message.contains("not encrypted: not followed") && !message.contains("canary"), "{message}");
    }
}

#[test]
fn verbose_shows_no_secret_of_the_answers_head() {
    let lab = signed_in("alice");
    for (location, shown) in [
        ("https://u:canary@b.s3.example/k?X-Amz-Signature=canary", "https://b.s3.example/k?****"),
        ("//u:canary@b.s3.example/k", "http://b.s3.example/k"),
        ("https://b.s3.example/k#access_token=canary", "https://b.s3.example/k"),
        ("https://[canary?x", "****"),
        ("/plain", "/plain"),
    ] {
        for status in [201, 302] {
            let api = Recorder::start(move |_| {
                let mut answer = to(status, location);
                answer.headers.push(("set-cookie".into(), "session=canary; Secure".into()));
                answer
            });
            let ran = call_to(&lab, "GET", &api.server.url(), &["-v", "-i"]).good();
            for line in [format!("< location: {shown}\n"), "< set-cookie: ****\n".to_owned()] {
                assert!(ran.stderr.contains(&line), "{line} in {}", ran.stderr);
            }
            assert!(!ran.stderr.contains("canary"), "{}", ran.stderr);
            let head = format!("location: {location}\r\nset-cookie: session=canary; Secure\r\n");
            assert!(ran.stdout.contains(&head.replace('\r', "")), "-i shows all: {}", ran.stdout);
        }
    }
}

#[test]
fn redirect_of_a_bucket_is_explained_with_and_without_location() {
    let lab = signed_in("alice");
    let bucket = Recorder::start(|_| {
        let headers = vec![("x-amz-bucket-region".to_owned(), "us-west-2".to_owned())];
        Answer { status: 301, headers, body: Vec::new() }
    });
    for flags in [&[][..], &["-L"]] {
        let ran = call_to(&lab, "GET", &bucket.server.url(), &[&["--service", "s3"], flags].concat()).good();
        assert!(ran.stderr.contains("us-west-2"), "{}", ran.stderr);
        assert!(!ran.stderr.contains("redirects"), "{}", ran.stderr);
        assert_eq!(ran.stderr.matches("hint: ").count(), 1, "{}", ran.stderr);
        assert_eq!(bucket.requests().len(), 1);
    }
}

#[test]
fn redirect_that_cannot_be_followed_has_a_hint_of_its_own() {
    let lab = signed_in("alice");
    for (method, status, location, hint) in [
        ("GET", 302, None, "tell the owner of the API"),
        ("GET", 300, Some("/other"), "call the target itself"),
        ("POST", 307, Some("/other"), "to send the body"),
    ] {
        let headers = location.map(|location| ("location".to_owned(), location.to_owned()));
        let headers: Vec<_> = headers.into_iter().collect();
        let api = Recorder::start(move |_| Answer { status, headers: headers.clone(), body: Vec::new() });
        let ran = call_to(&lab, method, &api.server.url(), &["-L"]).good();
        assert!(ran.stderr.contains("not followed") && ran.stderr.contains(hint), "{status}: {}", ran.stderr);
        assert_eq!((ran.stderr.matches("hint: ").count(), api.requests().len()), (1, 1), "{}", ran.stderr);
    }
}

/// Many servers close a connection after a redirect without saying so.
#[test]
fn followed_redirect_gets_a_connection_of_its_own() {
    let lab = signed_in("alice");
    let server = Server::of_connections(|mut stream| {
        let Some(request) = Request::read(&mut stream)? else { return Ok(()) };
        let is_final = request.head.starts_with("GET /final ");
        let answer: &[u8] = match is_final {
            true => b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\ngood",
            false => b"HTTP/1.1 302 Found\r\nlocation: /final\r\ncontent-length: 0\r\n\r\n",
        };
        stream.write_all(answer)?;
        // A second request on this connection gets no answer.
        Request::read(&mut stream).map(|_| ())
    });
    assert_eq!(call_to(&lab, "GET", &server.url(), &["-L"]).good().stdout, "good");
}
