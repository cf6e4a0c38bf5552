//! Tests of compressed answers: cogfed never asks the user pool for compression, and does not decode a compressed
//! answer.

use std::sync::{Arc, Mutex};

use cogfed_test_support::{Answer, Request, Server};

use super::place::Place;

/// `{"error":"invalid_grant"}`, by gzip.
const INVALID_GRANT: [u8; 45] = [
    0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0xab, 0x56, 0x4a, 0x2d, 0x2a, 0xca, 0x2f, 0x52, 0xb2,
    0x52, 0xca, 0xcc, 0x2b, 0x4b, 0xcc, 0xc9, 0x4c, 0x89, 0x4f, 0x2f, 0x4a, 0xcc, 0x2b, 0x51, 0xaa, 0x05, 0x00, 0x92,
    0xb8, 0x6a, 0x00, 0x19, 0x00, 0x00, 0x00,
];

#[test]
fn token_endpoint_answers_are_never_decompressed() {
    let heads = Arc::<Mutex<Vec<String>>>::default();
    let seen = Arc::clone(&heads);
    let server = Server::of_requests(move |request: Request| {
        seen.lock().unwrap().push(request.head.to_lowercase());
        match request.line().contains("/oauth2/authorize") {
            true => Answer { status: 302, headers: vec![("location".into(), "/login".into())], body: Vec::new() },
            false => {
                let mut answer = Answer::json(400, INVALID_GRANT);
                answer.headers.push(("content-encoding".into(), "gzip".into()));
                answer
            }
        }
    });
    // Decoded, the answer would be a refusal, which has status 6.
    Place::new(&server.url(), "").exchange(&[]).failed_with(5);
    let heads = heads.lock().unwrap();
    assert!(heads.iter().any(|head| head.contains("post /oauth2/token")), "{heads:?}");
    assert!(heads.iter().all(|head| !head.contains("accept-encoding")), "{heads:?}");
}
