//! Tests of pages at the user pool's domain that end a sign-in before the browser returns to the client.

use cogfed_sandbox::{Misbehaviour, Options, Switch, visitor};

use crate::support::client::{Answer, Lab, get, parameter};

/// Returns the response to an authorization request while `misbehaviour` is active. Checks that a second request gets a
/// normal response.
fn answer_with(misbehaviour: Misbehaviour, changes: &[(&str, &str)]) -> (Lab, Answer, String) {
    let lab = Lab::new();
    let url = lab.authorization_url(changes);
    lab.0.misbehave(misbehaviour, Some(1));
    let answer = get(&url);
    assert!(get(&url).location(&url).path().starts_with("/sandbox/"), "the fault is over");
    (lab, answer, url)
}

#[test]
fn unregistered_callback_leads_to_the_error_page() {
    let (lab, answer, url) = answer_with(Misbehaviour::UnregisteredCallback, &[]);
    let location = answer.location(&url);
    assert_eq!((answer.status, location.path()), (302, "/error"));
    assert_eq!(parameter(&location, "error").as_deref(), Some("redirect_mismatch"));
    assert_eq!(parameter(&location, "client_id").as_deref(), Some(lab.0.client_id()));
    assert_eq!(get(location.as_str()).status, 400);
}

#[test]
fn unknown_client_leads_to_the_error_page_or_gets_a_page() {
    let (_, answer, url) = answer_with(Misbehaviour::UnknownClient, &[]);
    assert_eq!(answer.location(&url).path(), "/error");
    assert_eq!(parameter(&answer.location(&url), "error").as_deref(), Some("invalid_request"));
    let mut options = Options::default();
    Switch::UnknownClientPage.apply(&mut options);
    let lab = Lab::with(options);
    let page = get(&lab.authorization_url(&[("client_id", "7exampleclientid0000000000")]));
    assert_eq!(page.status, 400);
    assert!(page.body.contains("unauthorized_client"), "{page:?}");
}

#[test]
fn web_acl_refuses_every_loopback_redirect_uri() {
    for host in ["localhost", "127.0.0.1", "127.0.0.2", "[::1]"] {
        let redirect_uri = format!("http://{host}:8400/callback");
        let lab = Lab::with(Options { misbehaviours: vec![Misbehaviour::WebAcl], ..Options::default() });
        let answer = get(&lab.authorization_url(&[("redirect_uri", &redirect_uri)]));
        assert_eq!((answer.status, answer.header("content-type")), (403, Some("text/html")), "{host}");
        assert!(answer.body.contains("403 Forbidden"), "{answer:?}");
        assert!(answer.header("x-amz-cognito-request-id").is_none(), "the user pool never saw the request");
        assert_eq!(lab.0.count("authorize"), 0);
        let elsewhere = get(&lab.authorization_url(&[("redirect_uri", "https://app.example/callback")]));
        assert_eq!(elsewhere.status, 302, "only loopback is refused");
        assert_eq!(get(&format!("{}/sandbox/signed-out", lab.0.domain_url())).status, 200);
    }
}

#[test]
fn client_without_login_pages_shows_none() {
    let lab = Lab::with(Options { misbehaviours: vec![Misbehaviour::NoLoginPages], ..Options::default() });
    let url = lab.authorization_url(&[("identity_provider", "")]);
    let page = get(get(&url).location(&url).as_str());
    assert_eq!(page.status, 400);
    assert!(page.body.contains("Login pages unavailable"), "{page:?}");
    let url = lab.authorization_url(&[]);
    assert_eq!(get(&url).location(&url).path(), "/sandbox/AzureAD", "a named provider needs no login page");
}

#[test]
fn form_post_sends_code_and_state_in_a_form() {
    use std::io::{BufRead, BufReader, Read, Write};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let client = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        let (mut head, mut length) = (String::new(), 0);
        while !head.ends_with("\r\n\r\n") {
            let start = head.len();
            reader.read_line(&mut head).unwrap();
            let line = head[start..].to_ascii_lowercase();
            length = line.strip_prefix("content-length: ").map_or(length, |value| value.trim().parse().unwrap());
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok").unwrap();
        (head, String::from_utf8(body).unwrap())
    });
    let misbehaviours = vec![Misbehaviour::FormPost];
    let lab = Lab::with(Options { redirect_ports: vec![port], misbehaviours, ..Options::default() });
    let redirect_uri = format!("http://127.0.0.1:{port}/callback");
    let page = visitor::sign_in_as(&lab.authorization_url(&[("redirect_uri", &redirect_uri)]), "alice").unwrap();
    assert_eq!((page.status, page.text.as_str()), (200, "ok"));
    let (head, body) = client.join().unwrap();
    assert!(head.starts_with("POST /callback HTTP/1.1\r\n"), "{head}");
    assert!(body.starts_with("code=") && body.ends_with("&state=the-state"), "{body}");
}

#[test]
fn codes_are_as_long_as_requested() {
    let lab = Lab::with(Options { code_length: Some(6000), ..Options::default() });
    let code = lab.code("alice");
    assert_eq!(code.len(), 6000);
    assert_eq!(lab.exchange(&code, &[]).status, 200);
    lab.0.misbehave(Misbehaviour::LongCode, Some(1));
    let code = lab.code("alice");
    assert_eq!(code.len(), 20_000);
    assert!(lab.0.secrets_issued().contains(&code));
    assert_eq!(lab.exchange(&code, &[]).status, 200);
    assert_eq!(lab.code("alice").len(), 6000);
}
