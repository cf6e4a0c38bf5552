//! What has to be true of what is stored, whatever happened before.

use std::io::{Read, Write};
use std::net::TcpStream;

use cogfed::sandbox::options::{Options, Rotation};
use serde_json::Value;

use crate::support::{Lab, Ran};
use crate::tools::{CREDENTIALS, items};

pub const MODES: [Rotation; 3] = [Rotation::Off, Rotation::On { grace: 60 }, Rotation::On { grace: 0 }];

/// The exit codes that the man page lists.
pub const DOCUMENTED: [i32; 8] = [0, 1, 2, 3, 4, 5, 6, 7];

/// Alice is signed in, with credentials.
pub fn signed_in(rotation: Rotation) -> Lab {
    let lab = Lab::with(Options { rotation, ..Options::default() });
    lab.login("alice").good();
    lab.run(CREDENTIALS).good();
    lab.sandbox.clear_log();
    lab
}

/// The sign-in as stored, if there is one; what is wrong with the state otherwise.
pub fn readable(lab: &Lab) -> Result<Option<Value>, String> {
    let mut tokens = None;
    let mut subjects = std::collections::BTreeSet::new();
    for path in items(lab, "tokens").into_iter().chain(items(lab, "credentials")) {
        let text = std::fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        let record: Value = serde_json::from_slice(&text).map_err(|error| format!("{}: {error}", path.display()))?;
        subjects.insert(record["subject"].as_str().ok_or("no subject")?.to_owned());
        if path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"tokens")) {
            tokens = Some(record);
        }
    }
    if subjects.len() > 1 {
        return Err(format!("two persons' records: {subjects:?}"));
    }
    Ok(tokens)
}

/// Whose keys a document holds, by what the sandbox gave out: `alice` or `bob`.
pub fn owner(lab: &Lab, ran: &Ran) -> String {
    let id = ran.document()["AccessKeyId"].as_str().expect("a key").to_owned();
    let key = lab.sandbox.issued_keys().find(&id).expect("a key of the sandbox's");
    name(key.username.trim_start_matches("AzureAD_"))
}

/// The first part of an address.
pub fn name(address: &str) -> String {
    address.split('@').next().unwrap_or_default().to_owned()
}

/// Whether the user pool still takes a refresh token. Asking spends it, where tokens rotate.
pub fn is_honoured(lab: &Lab, refresh_token: &str) -> bool {
    let address = lab.sandbox.domain_url();
    let address = address.trim_start_matches("http://");
    let body = format!("grant_type=refresh_token&client_id={}&refresh_token={refresh_token}", lab.sandbox.client_id());
    let mut stream = TcpStream::connect(address).expect("the sandbox");
    write!(
        stream,
        "POST /oauth2/token HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Length: {}\r\n\
         Content-Type: application/x-www-form-urlencoded\r\n\r\n{body}",
        body.len()
    )
    .expect("a request");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    let status = answer.split(' ').nth(1).unwrap_or_default();
    assert!(matches!(status, "200" | "400"), "{answer}");
    status == "200"
}

/// One line of an error, and a code that is documented.
#[track_caller]
pub fn assert_told(ran: &Ran, context: &str) {
    assert!(DOCUMENTED.contains(&ran.status), "{context}: {ran:?}");
    if ran.status != 0 {
        let errors = ran.stderr.matches("cogfed: error: ").count();
        assert_eq!(errors, 1, "{context}: {}", ran.stderr);
    }
    assert!(!ran.stderr.contains("panicked"), "{context}: {}", ran.stderr);
}
