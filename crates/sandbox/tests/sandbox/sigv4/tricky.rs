//! Tests of paths, queries and headers that signers and servers treat differently, and of requests with one changed
//! byte.

use std::time::Duration;

use bytes::Bytes;
use cogfed_sandbox::issued::IssuedKey;
use cogfed_sandbox::sigv4::{Refused, Wire, verify_wire};
use http::Request;

use crate::support::signing::{Signer, execute_api, key, now, request, signed, verdict};

const PATHS: [&str; 22] = [
    "/",
    "/prod",
    "/prod/",
    "/prod/orders",
    "/prod/orders/",
    "/prod/a%20b",
    "/prod/a%2Fb",
    "/prod/a%2fb",
    "/prod/%252F",
    "/prod/%E2%82%AC",
    "/prod/%e2%82%ac",
    "/prod/a+b",
    "/prod/@connections/xx=",
    "/prod/a:b",
    "/prod/a=b&c",
    "/prod/a;b,c",
    "/prod/(a)!*'$",
    "/prod/~a-b._",
    "/prod/...",
    "/prod/.hidden",
    "/prod/%2E%2E/x",
    "/prod/a%00b",
];

const QUERIES: [&str; 20] = [
    "",
    "?",
    "?a",
    "?a=",
    "?a=&b",
    "?=v",
    "?a=1&a=2",
    "?a=2&a=1",
    "?b=1&a=2&B=3&A=4",
    "?a=x%20y",
    "?a=x%2By",
    "?a=%2F",
    "?a=/",
    "?a=%E2%82%AC&%E2%82%AC=a",
    "?a=b%3Dc",
    "?a=b=c",
    "?a=%26&b=%23%25",
    "?a=~-._",
    "?a-b=1&a=2",
    "?to=http%3A%2F%2F127.0.0.1%3A1%2F%3Fx%3Dy%26z",
];

#[test]
fn tricky_paths_and_queries_are_verified() {
    let key = key("OrdersAdmin");
    for path in PATHS {
        for query in QUERIES {
            let target = format!("{path}{query}");
            let signed = signed(&key, request("GET", &target, &[], ""));
            assert_eq!(signed.uri().to_string(), target, "the signer must not change the target");
            assert!(verdict(&key, &signed).is_ok(), "{target}: {:?}", verdict(&key, &signed));
            let signer = Signer { presign: Some(Duration::from_secs(60)), ..Signer::new(&key) };
            let presigned = signer.sign(request("GET", &target, &[], ""));
            assert!(presigned.headers().get("authorization").is_none());
            assert!(verdict(&key, &presigned).is_ok(), "{}: {:?}", presigned.uri(), verdict(&key, &presigned));
        }
    }
}

#[test]
fn paths_are_normalised_only_for_the_signature() {
    let key = key("OrdersAdmin");
    for path in ["/prod//orders", "/prod/../orders", "/prod/./orders", "/prod/a/../orders", "//prod/orders"] {
        let signed = signed(&key, request("GET", path, &[], ""));
        assert_eq!(signed.uri().path(), path, "sent unchanged, signed without dots and doubled slashes");
        assert!(verdict(&key, &signed).is_ok(), "{path}: {:?}", verdict(&key, &signed));
    }
    let mut other = signed(&key, request("GET", "/prod/orders/1001", &[], ""));
    *other.uri_mut() = "/prod/orders/1002".parse().unwrap();
    assert!(matches!(verdict(&key, &other), Err(Refused::Mismatch { .. })));
}

#[test]
fn adding_to_a_signed_query_is_refused() {
    let key = key("OrdersAdmin");
    let presign = Signer { presign: Some(Duration::from_secs(60)), ..Signer::new(&key) };
    for signer in [Signer::new(&key), presign] {
        let signed = signer.sign(request("GET", "/prod/orders?a=1", &[], ""));
        for more in ["&b", "&a=1", "&X-Amz-Signature=0", "&X-Amz-Date=20261122T120000Z", "&x-amz-signature=0"] {
            let mut changed = signed.clone();
            *changed.uri_mut() = format!("{}{more}", signed.uri()).parse().unwrap();
            assert!(verdict(&key, &changed).is_err(), "{more}");
        }
    }
}

#[test]
fn signed_headers_are_folded_and_joined() {
    let key = key("OrdersAdmin");
    let headers = [
        ("Content-Type", "application/json; charset=utf-8"),
        ("X-Spaces", "  a   b  c  "),
        ("X-Repeated", "two"),
        ("X-Repeated", "one"),
        ("X-Empty", ""),
        ("X-Quoted", "\"a   b\""),
        ("X-Amz-Meta", "signed too"),
        ("Accept", "*/*"),
    ];
    let mut signed = signed(&key, request("POST", "/prod/orders", &headers, "{}"));
    assert!(verdict(&key, &signed).is_ok(), "{:?}", verdict(&key, &signed));
    signed.headers_mut().insert("x-not-signed", http::HeaderValue::from_bytes(b"\xff\xfe").unwrap());
    assert!(verdict(&key, &signed).is_ok(), "unsigned headers may be added");
    let spaces = signed.headers_mut().insert("x-spaces", http::HeaderValue::from_static("a b c"));
    assert!(spaces.is_some() && verdict(&key, &signed).is_ok(), "a proxy may fold whitespace");
    signed.headers_mut().append("x-repeated", http::HeaderValue::from_static("three"));
    assert!(matches!(verdict(&key, &signed), Err(Refused::Mismatch { .. })));
}

/// AWS's test suite and botocore fold any whitespace, but aws-sigv4 folds only spaces, so signed headers should contain
/// no tabs.
#[test]
fn tab_in_a_signed_header_is_folded_like_a_space() {
    let key = key("OrdersAdmin");
    let mut signed = signed(&key, request("GET", "/prod/orders", &[("x-tab", "a b")], ""));
    signed.headers_mut().insert("x-tab", http::HeaderValue::from_static("a \t b"));
    assert!(verdict(&key, &signed).is_ok());
}

#[test]
fn repeated_or_capitalised_signed_header_names_are_refused() {
    let key = key("OrdersAdmin");
    for (from, to) in [("=host;", "=Host;host;"), ("=host;", "=host;host;"), ("host;x-amz-date", "x-amz-date;host")] {
        let mut signed = signed(&key, request("GET", "/prod/orders", &[], ""));
        let header = signed.headers()["authorization"].to_str().unwrap().replace(from, to);
        signed.headers_mut().insert("authorization", header.parse().unwrap());
        assert!(matches!(verdict(&key, &signed), Err(Refused::Mismatch { .. })), "{header}");
    }
}

#[test]
fn garbage_signatures_are_refused_without_panics() {
    let key = key("OrdersAdmin");
    let full = signed(&key, request("GET", "/prod/orders?a=1", &[], ""));
    let full = full.headers()["authorization"].as_bytes().to_vec();
    for end in 0..full.len() {
        let cut = &full[..end];
        let mut dirty = cut.to_vec();
        dirty.extend_from_slice(b"\xff,=/;\xc3 \t=\x80");
        for value in [cut, &dirty] {
            for date in [&b"20261122T120000Z"[..], b"", b"\xff", b"20261122T120000", b"+0261122T120000Z", b"0"] {
                let headers = vec![("host", &b"h"[..]), ("authorization", value), ("x-amz-date", date)];
                let wire = Wire { method: "GET", path: "%", query: "%&=%f&%\u{20ac}=", headers, body: b"" };
                assert!(verify_wire(&wire, &execute_api(now()), |_| Some(key.clone())).is_err());
            }
        }
    }
}

/// Returns every copy of `bytes` with one changed byte; each byte is changed in three ways.
fn flips(bytes: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    (0..bytes.len()).flat_map(move |place| {
        [0x01, 0x20, 0x80].map(|mask| {
            let mut flipped = bytes.to_vec();
            flipped[place] ^= mask;
            flipped
        })
    })
}

/// Returns the percent-decoded name-value pairs of a query, sorted. Two spellings of one query have the same signature.
fn meaning(query: &str) -> Vec<(String, String)> {
    let mut pairs: Vec<_> = url::form_urlencoded::parse(query.replace('+', "%2B").as_bytes()).into_owned().collect();
    pairs.sort();
    pairs
}

#[test]
fn flipping_any_byte_of_a_signed_request_is_refused() {
    let key = key("OrdersAdmin");
    let headers = [("content-type", "application/json"), ("x-amz-meta", "a b")];
    let plain = || request("POST", "/prod/orders/a%2Fb?b=2&a=x%20y&flag", &headers, "{\"id\":1}");
    let presign = Signer { presign: Some(Duration::from_secs(60)), ..Signer::new(&key) };
    for request in [signed(&key, plain()), presign.sign(plain())] {
        assert!(verdict(&key, &request).is_ok());
        let count = flip_all(&key, &request);
        assert!(count > 600, "only {count} flips were tried");
    }
}

fn flip_all(key: &IssuedKey, request: &Request<Bytes>) -> usize {
    let whole = Wire::of(request);
    let mut count = 0;
    let mut refused = |wire: &Wire<'_>, what: &str, flipped: &[u8]| {
        let verdict =
            verify_wire(wire, &execute_api(now()), |id| Some(key.clone()).filter(|key| key.access_key_id == id));
        assert!(verdict.is_err(), "{what}: {:?} was let in", String::from_utf8_lossy(flipped));
        count += 1;
    };
    for flipped in flips(whole.body) {
        refused(&Wire { body: &flipped, ..whole.clone() }, "body", &flipped);
    }
    for (what, text) in [("method", whole.method), ("path", whole.path), ("query", whole.query)] {
        for flipped in flips(text.as_bytes()) {
            let Ok(flipped) = str::from_utf8(&flipped) else { continue };
            let mut wire = whole.clone();
            match what {
                "method" => wire.method = flipped,
                "path" => wire.path = flipped,
                _ if meaning(flipped) == meaning(whole.query) => continue,
                _ => wire.query = flipped,
            }
            refused(&wire, what, flipped.as_bytes());
        }
    }
    for (place, (name, value)) in whole.headers.iter().enumerate() {
        for flipped in flips(value) {
            let mut wire = whole.clone();
            wire.headers[place] = (name, &flipped);
            refused(&wire, name, &flipped);
        }
        let mut wire = whole.clone();
        wire.headers.remove(place);
        refused(&wire, name, b"left out");
    }
    count
}
