//! Tests of how signing keys are fetched and cached, with unusual answers and cache files.

use serde_json::json;

use super::super::testing::{ACCESS_TOKEN, CLIENT, ISSUER, KeyServer, NOW, at, claims, header, jwks, signed};
use super::*;
use crate::clock::Offset;

impl KeyServer {
    /// Verifies `token` at the time `later` seconds after [`NOW`].
    async fn verified(&self, token: &str, later: i64) -> Result<IdTokenClaims, Failure> {
        let (issuers, access_token) = ([ISSUER.to_owned()], Secret::new(ACCESS_TOKEN));
        let expected = Expected {
            issuers: &issuers,
            is_user_pool: true,
            client_id: CLIENT,
            nonce: None,
            access_token: Some(&access_token),
            now: at(later),
            offset: Offset::default(),
        };
        Keys::new(&Http::default(), &self.folder, &self.url).verify(&Secret::new(token), &expected).await
    }

    fn keep(&self, kept: &Value) {
        self.folder.sub("keys").replace(&self.url, kept.to_string().as_bytes()).unwrap();
    }
}

/// Returns a token that is signed with the user pool's key and valid for a week.
fn good() -> String {
    let mut claims = claims();
    claims["exp"] = json!(NOW + 7 * 86_400);
    signed(&header(), &claims)
}

/// Returns a token whose `kid` is not in the user pool's key set.
fn of_unknown_key() -> String {
    signed(&json!({ "kid": "new", "alg": "RS256" }), &claims())
}

#[track_caller]
fn assert_unknown(outcome: Result<IdTokenClaims, Failure>) {
    let failure = outcome.unwrap_err();
    assert_eq!(failure.kind, Kind::Refused);
    assert!(failure.message.contains("a key that the user pool does not publish"), "{failure}");
    assert!(failure.hint.is_some());
}

#[tokio::test]
async fn signing_keys_are_fetched_once_a_day() {
    let (lab, token) = (KeyServer::new(), good());
    for (later, requests) in [(0, 1), (0, 1), (300, 1), (86_399, 1), (86_400, 2), (86_401, 2), (400_000, 3)] {
        assert_eq!(lab.verified(&token, later).await.unwrap().subject, "0001");
        assert_eq!(lab.requests(), requests, "{later} s later");
    }
}

#[tokio::test]
async fn signing_keys_cached_in_the_future_are_fetched_again() {
    let (lab, token) = (KeyServer::new(), good());
    for (later, requests) in [(10, 1), (9, 2), (9, 2)] {
        lab.verified(&token, later).await.unwrap();
        assert_eq!(lab.requests(), requests, "{later} s later");
    }
}

#[tokio::test]
async fn unknown_signing_key_is_searched_once_in_five_minutes() {
    let (lab, junk) = (KeyServer::new(), of_unknown_key());
    for (later, requests) in [(0, 1), (0, 1), (299, 1), (300, 2), (301, 2), (599, 2), (601, 3)] {
        assert_unknown(lab.verified(&junk, later).await);
        assert_eq!(lab.requests(), requests, "{later} s later");
    }
}

#[tokio::test]
async fn new_signing_key_of_the_pool_is_found() {
    let lab = KeyServer::new();
    lab.verified(&good(), 0).await.unwrap();
    let renamed = serde_json::to_string(&jwks()).unwrap().replace("\"pool\"", "\"new\"");
    lab.replies(200, "", renamed);
    lab.verified(&of_unknown_key(), 300).await.unwrap();
    lab.verified(&of_unknown_key(), 301).await.unwrap();
    assert_eq!(lab.requests(), 2);
    assert_unknown(lab.verified(&good(), 302).await);
    assert_eq!(lab.requests(), 2, "what is kept is what came last");
}

#[tokio::test]
async fn wrong_signature_causes_no_request_for_keys() {
    let (lab, token) = (KeyServer::new(), good());
    lab.verified(&token, 0).await.unwrap();
    let (message, _) = token.rsplit_once('.').unwrap();
    for later in [0, 3000] {
        let failure = lab.verified(&format!("{message}.AAAA"), later).await.unwrap_err();
        assert_eq!(failure.kind, Kind::Refused);
        assert_eq!(failure.message, "the ID token is not accepted: its signature is wrong");
    }
    assert_eq!(lab.requests(), 1);
}

#[tokio::test]
async fn cached_signing_keys_must_be_whole_and_of_this_url() {
    let lab = KeyServer::new();
    let kept =
        |fetched_at: i64, url: &str, keys: Value| json!({ "fetched_at": at(fetched_at), "url": url, "keys": keys });
    let keys = serde_json::to_value(jwks()).unwrap();
    let other = lab.url.replace("jwks", "other");
    let mut without_time = kept(0, &lab.url, keys.clone());
    without_time.as_object_mut().unwrap().remove("fetched_at");
    for (what, kept, requests) in [
        ("good", kept(-10, &lab.url, keys.clone()), 0),
        ("another URL's", kept(-10, &other, keys.clone()), 1),
        ("another URL's, and from the future", kept(10, &other, keys.clone()), 1),
        ("too old", kept(-86_400, &lab.url, keys.clone()), 1),
        ("of no time", without_time, 1),
        ("not keys", kept(-10, &lab.url, json!({ "keys": 1 })), 1),
        ("keys of nothing", kept(-10, &lab.url, Value::Null), 1),
        ("no object", json!([]), 1),
    ] {
        lab.forget_requests();
        lab.keep(&kept);
        lab.verified(&good(), 0).await.unwrap_or_else(|failure| panic!("{what}: {failure}"));
        assert_eq!(lab.requests(), requests, "{what}");
        lab.verified(&good(), 0).await.unwrap();
        assert_eq!(lab.requests(), requests, "{what}: what was fetched is kept");
    }
    lab.folder.sub("keys").replace(&lab.url, b"{\"fetched_at\"").unwrap();
    lab.verified(&good(), 0).await.unwrap();
    assert_eq!(lab.requests(), 2, "half a file");
}

#[tokio::test]
async fn cached_signing_keys_over_256_kib_are_not_read() {
    let lab = KeyServer::new();
    let mut kept = json!({ "fetched_at": at(0), "url": lab.url, "keys": jwks(), "padding": "" });
    let missing = 256 * 1024 - kept.to_string().len();
    for (length, requests) in [(missing, 0), (missing + 1, 1)] {
        kept["padding"] = "a".repeat(length).into();
        lab.keep(&kept);
        lab.verified(&good(), 1).await.unwrap();
        assert_eq!(lab.requests(), requests);
    }
}

#[tokio::test]
async fn answers_without_signing_keys_fail_and_are_not_cached() {
    let lab = KeyServer::new();
    let keys = serde_json::to_vec(&jwks()).unwrap();
    for (status, body, says) in [
        (404, keys.clone(), "cannot get the user pool's signing keys: status 404"),
        (403, b"{}".to_vec(), "status 403"),
        (302, keys.clone(), "status 302"),
        (203, keys.clone(), "status 203"),
        (200, Vec::new(), "not JSON"),
        (200, b"<html>".to_vec(), "not JSON"),
        (200, b"[]".to_vec(), "is not a key set"),
        (200, b"{\"keys\":{}}".to_vec(), "is not a key set"),
        (200, [keys.as_slice(), &vec![b' '; 1024 * 1024]].concat(), "larger than 1048576"),
    ] {
        lab.replies(status, "", body);
        let failure = lab.verified(&good(), 0).await.unwrap_err();
        assert_eq!(failure.kind, Kind::Network, "{failure}");
        assert!(failure.message.contains(says), "'{says}' is not in: {failure}");
        assert_eq!(failure.retry_after, None);
    }
    assert!(!lab.home.path().join("cogfed").exists(), "nothing is kept");
    lab.replies(404, "retry-after: 7\r\n", "");
    let failure = lab.verified(&good(), 0).await.unwrap_err();
    assert_eq!(failure.retry_after.map(|wait| wait.as_secs()), Some(7));
    lab.replies(200, "", keys);
    lab.verified(&good(), 0).await.unwrap();
}

#[tokio::test]
async fn signing_keys_too_large_to_be_read_are_not_cached() {
    let lab = KeyServer::new();
    let mut keys = serde_json::to_value(jwks()).unwrap();
    keys["padding"] = "a".repeat(256 * 1024).into();
    lab.replies(200, "", keys.to_string());
    lab.verified(&good(), 0).await.unwrap();
    assert!(!lab.home.path().join("cogfed").exists(), "nothing is kept");
}

#[tokio::test]
async fn signing_keys_that_cannot_be_cached_are_used() {
    let mut lab = KeyServer::new();
    let file = lab.home.path().join("file");
    std::fs::write(&file, "").unwrap();
    lab.folder = Folder::at(file);
    for requests in [1, 2] {
        lab.verified(&good(), 0).await.unwrap();
        assert_eq!(lab.requests(), requests);
    }
}

#[tokio::test]
async fn signing_key_address_that_is_no_url_fails() {
    let mut lab = KeyServer::new();
    lab.url = "no url".to_owned();
    assert_eq!(lab.verified(&good(), 0).await.unwrap_err().kind, Kind::Usage);
}
