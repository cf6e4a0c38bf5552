//! The way of the browser: hosted UI, directories, sessions, errors.

use cogfed::sandbox::{Misbehaviour, Options, Visitor, visitor};
use url::Url;

use crate::client::{CHALLENGE, Lab, REDIRECT_URI, claims, get, parameter, send};

/// A listener at a free port that the sandbox registers; it answers one request with what was asked for.
fn listener() -> (u16, std::thread::JoinHandle<String>) {
    use std::io::{BufRead, BufReader, Write};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let thread = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut line = String::new();
        BufReader::new(stream.try_clone().unwrap()).read_line(&mut line).unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\nConnection: close\r\n\r\ndone it").unwrap();
        line
    });
    (port, thread)
}

#[test]
fn a_visitor_signs_people_in_by_both_directories() {
    for (person, provider) in [("alice", "AzureAD"), ("erin", "AzureB2C"), ("alice", ""), ("erin", "")] {
        let (port, listener) = listener();
        let lab = Lab::with(Options { redirect_ports: vec![port], ..Options::default() });
        let redirect_uri = format!("http://127.0.0.1:{port}/callback");
        let changes = [("redirect_uri", redirect_uri.as_str()), ("identity_provider", provider)];
        let page = visitor::sign_in_as(&lab.authorization_url(&changes), person).unwrap();
        assert_eq!((page.status, page.text.as_str()), (200, "done it"));
        let line = listener.join().unwrap();
        let target = line.split(' ').nth(1).unwrap();
        let url = Url::parse(&format!("http://x{target}")).unwrap();
        assert_eq!(parameter(&url, "state").as_deref(), Some("the-state"));
        let code = parameter(&url, "code").unwrap();
        let answer = lab.exchange(&code, &[("redirect_uri", &redirect_uri)]);
        let claims = claims(&answer.text("id_token"));
        assert!(claims["email"].as_str().unwrap().starts_with(person), "{claims}");
        assert!(lab.0.secrets_issued().contains(&code));
    }
}
