//! Tests that cogfed's signatures equal botocore's for the same requests.

use std::io::Write;
use std::process::{Command, Stdio};
use std::thread;

use base64::Engine;
use cogfed::request::{RequestInput, SignedRequest};
use cogfed_test_support::Random;
use serde_json::{Value, json};

use super::cases::{SERVICES, TRICKY, credentials, now, random_target, random_text, signed, signed_for};

const METHODS: [&str; 7] = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];

/// Returns a request as JSON for `tests/real/sign_with_botocore.py`: as sent, but without the signature.
fn for_botocore(request: &SignedRequest, service: &str) -> Value {
    let http = request.as_http();
    // botocore adds date, token and signature itself. It would sign the other headers, which cogfed leaves to proxies.
    const LEFT_OUT: [&str; 7] = [
        "authorization",
        "x-amz-date",
        "x-amz-security-token",
        "x-amz-content-sha256",
        "accept",
        "content-length",
        "accept-encoding",
    ];
    let headers = http.headers().iter().filter(|(name, _)| !LEFT_OUT.contains(&name.as_str()));
    let headers: Vec<_> =
        headers.map(|(name, value)| json!([name.as_str(), std::str::from_utf8(value.as_bytes()).unwrap()])).collect();
    let credentials = credentials();
    json!({
        "method": http.method().as_str(),
        "url": http.uri().to_string(),
        "headers": headers,
        "body": base64::engine::general_purpose::STANDARD.encode(http.body()),
        "time": now().format("%Y%m%dT%H%M%SZ").to_string(),
        "region": "eu-west-1",
        "service": service,
        "credentials": {
            "access_key_id": credentials.access_key_id,
            "secret_access_key": credentials.secret_access_key.expose(),
            "session_token": credentials.session_token.expose(),
        },
    })
}

/// The test runs only if COGFED_TEST_PYTHON names a Python that has botocore.
#[test]
fn botocore_computes_the_same_signatures() {
    let Ok(python) = std::env::var("COGFED_TEST_PYTHON") else {
        println!("skipped: COGFED_TEST_PYTHON names no Python with botocore");
        return;
    };
    const HOSTS: [&str; 6] = [
        "https://abc123.execute-api.eu-west-1.amazonaws.com",
        "https://ABC123.Execute-Api.EU-WEST-1.amazonaws.com:443",
        "https://api.example.com:8443",
        "http://127.0.0.1:8080",
        "http://localhost:80",
        "http://[::1]:3000",
    ];
    const HEADERS: [(&str, &str); 7] = [
        ("X-Tag", "b"),
        ("x-tag", "  a   b  "),
        ("X-Empty", ""),
        ("X-Tabs", "a\t\tb"),
        ("Content-Type", "application/json; charset=utf-8"),
        ("X-Amz-Meta", "\"quoted   text\", and more"),
        ("Accept-Encoding", "gzip"),
    ];
    let mut random = Random(2026);
    let urls = TRICKY.iter().map(|(given, _)| format!("{}{given}", HOSTS[0])).collect::<Vec<_>>();
    let random_urls = (0..2000).map(|_| format!("{}{}", HOSTS[random.below(HOSTS.len())], random_target(&mut random)));
    let urls: Vec<String> = urls.into_iter().chain(random_urls.collect::<Vec<_>>()).collect();
    let mut requests = Vec::new();
    for url in &urls {
        let body = (random.below(2) == 0).then(|| random_text(&mut random, 200, "").into_bytes());
        let headers: Vec<_> = (0..random.below(4)).map(|_| HEADERS[random.below(HEADERS.len())]).collect();
        requests.push((
            "execute-api",
            signed(RequestInput {
                method: METHODS[random.below(METHODS.len())].into(),
                url: url.clone(),
                headers: headers.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect(),
                body,
                json: random.below(3) == 0,
                ..RequestInput::default()
            }),
        ));
    }
    assert_same(&python, &requests);
}

/// The test runs only if COGFED_TEST_PYTHON names a Python that has botocore.
#[test]
fn botocore_computes_the_same_signatures_for_other_services() {
    let Ok(python) = std::env::var("COGFED_TEST_PYTHON") else {
        println!("skipped: COGFED_TEST_PYTHON names no Python with botocore");
        return;
    };
    let mut random = Random(2027);
    let mut requests = Vec::new();
    for (service, host) in SERVICES {
        for _ in 0..200 {
            let url = format!("https://{host}{}", random_target(&mut random));
            let body = (random.below(2) == 0).then(|| random_text(&mut random, 200, "").into_bytes());
            let headers =
                if random.below(2) == 0 { vec![("X-Name".into(), "Jürgen  €".into())] } else { Vec::new() };
            let method = METHODS[random.below(METHODS.len())].into();
            let input = RequestInput { method, url, headers, body, ..RequestInput::default() };
            requests.push((*service, signed_for(service, input)));
        }
    }
    assert_same(&python, &requests);
}

/// Asserts that botocore computes the same signatures for `requests`, which are pairs of a service and a signed
/// request.
#[track_caller]
fn assert_same(python: &str, requests: &[(&str, SignedRequest)]) {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/real/sign_with_botocore.py");
    let mut command = Command::new(python);
    let mut child = command.arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let lines: Vec<String> =
        requests.iter().map(|(service, request)| for_botocore(request, service).to_string()).collect();
    let writer = thread::spawn(move || lines.iter().for_each(|line| writeln!(input, "{line}").unwrap()));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    assert!(output.status.success());
    let theirs: Vec<String> = String::from_utf8(output.stdout).unwrap().lines().map(str::to_string).collect();
    assert_eq!(theirs.len(), requests.len());
    let ours = requests.iter().map(|(_, request)| request.as_http().headers()["authorization"].to_str().unwrap());
    let differing: Vec<_> = ours
        .zip(&theirs)
        .zip(requests)
        .filter(|((ours, theirs), _)| ours != theirs)
        .map(|(pair, (service, request))| (service, request.as_http().uri(), pair))
        .collect();
    println!("{} of {} signatures are botocore's too", theirs.len() - differing.len(), theirs.len());
    assert!(differing.is_empty(), "{} differ, the first: {:?}", differing.len(), differing[0]);
}
