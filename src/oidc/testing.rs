//! Fixtures for the unit tests of `oidc`: tokens signed with test keys, and a server that publishes the public keys.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Write as _};
use std::net::TcpListener;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex};
use std::thread;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use ring::digest;
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaEncoding, RsaKeyPair};
use rsa::RsaPrivateKey;
use rsa::pkcs1::EncodeRsaPrivateKey;
use rsa::rand_core::OsRng;
use rsa::traits::PublicKeyParts;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::folder::Folder;

/// The issuer (`iss`) of the test tokens.
pub const ISSUER: &str = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbC123xyz";
/// The audience (`aud`) of the test tokens.
pub const CLIENT: &str = "3n4b5urk1ft4fl3mg5e62d9ado";
/// The current time in the tests, in seconds since 1970.
pub const NOW: i64 = 1_800_000_000;
/// The access token that accompanies the test ID tokens.
pub const ACCESS_TOKEN: &str = "an access token";

/// The two private keys of the user pool. The first key signs the tokens.
pub static KEYS: LazyLock<[RsaPrivateKey; 2]> =
    LazyLock::new(|| [(); 2].map(|()| RsaPrivateKey::new(&mut OsRng, 2048).unwrap()));

/// Encodes bytes in base64url, without padding.
pub fn base64url(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Signs `message` with `key` and returns the signature.
pub fn rsa_signature(key: &RsaPrivateKey, encoding: &'static dyn RsaEncoding, message: &str) -> Vec<u8> {
    let pair = RsaKeyPair::from_der(key.to_pkcs1_der().unwrap().as_bytes()).unwrap();
    let mut signature = vec![0; pair.public().modulus_len()];
    pair.sign(encoding, &SystemRandom::new(), message.as_bytes(), &mut signature).unwrap();
    signature
}

/// Returns the user pool's key set, which also contains a symmetric key.
pub fn jwks() -> Value {
    let rsa = |kid: &str, key: &RsaPrivateKey| {
        json!({ "kty": "RSA", "alg": "RS256", "use": "sig", "kid": kid,
                "n": base64url(key.n().to_bytes_be()), "e": base64url(key.e().to_bytes_be()) })
    };
    let oct = json!({ "kty": "oct", "kid": "shared", "k": base64url("a shared secret of some length!!") });
    json!({ "keys": [oct, rsa("second", &KEYS[1]), rsa("pool", &KEYS[0])] })
}

/// Returns the value of the claim `at_hash` for an access token.
pub fn at_hash(access_token: &str) -> String {
    base64url(&digest::digest(&digest::SHA256, access_token.as_bytes()).as_ref()[..16])
}

/// Returns the header of a valid token.
pub fn header() -> Value {
    json!({ "kid": "pool", "alg": "RS256" })
}

/// Returns the claims of a valid token.
pub fn claims() -> Value {
    json!({
        "iss": ISSUER, "aud": CLIENT, "token_use": "id", "sub": "0001", "iat": NOW - 10, "exp": NOW + 3600,
        "nonce": "the nonce", "at_hash": at_hash(ACCESS_TOKEN), "email": "alice@corp.example",
        "cognito:username": "AzureAD_alice",
        "identities": [{ "providerName": "AzureAD", "userId": "alice" }],
    })
}

/// Returns the part of a token that is signed: the encoded header and claims.
pub fn message(header: &Value, claims: &Value) -> String {
    format!("{}.{}", base64url(header.to_string()), base64url(claims.to_string()))
}

/// Returns a token signed with the user pool's key.
pub fn signed(header: &Value, claims: &Value) -> String {
    let message = message(header, claims);
    let signature = rsa_signature(&KEYS[0], &RSA_PKCS1_SHA256, &message);
    format!("{message}.{}", base64url(signature))
}

/// A server's answer: status, additional header lines, body.
type Reply = (u16, &'static str, Vec<u8>);

/// A server that serves one document and counts the requests for this document. It has a folder for the client's cache.
pub struct KeyServer {
    /// The URL of the document.
    pub url: String,
    reply: Arc<Mutex<Reply>>,
    requests: Arc<AtomicUsize>,
    /// The folder in which the client caches the document.
    pub folder: Folder,
    /// The temporary folder that contains the cache folder.
    pub home: TempDir,
}

impl KeyServer {
    /// Starts a server that publishes the user pool's keys.
    pub fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/jwks.json", listener.local_addr().unwrap());
        let reply = Arc::new(Mutex::new((200, "", serde_json::to_vec(&jwks()).unwrap())));
        let requests = Arc::new(AtomicUsize::new(0));
        let (replies, counted) = (Arc::clone(&reply), Arc::clone(&requests));
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let lines = BufReader::new(stream.try_clone().unwrap()).lines();
                let head: Vec<_> = lines.map_while(Result::ok).take_while(|line| !line.is_empty()).collect();
                assert!(head.iter().any(|line| line.eq_ignore_ascii_case("accept: application/json")), "{head:?}");
                counted.fetch_add(1, Ordering::SeqCst);
                let (status, headers, body) = replies.lock().unwrap().clone();
                let mut answer = format!("HTTP/1.1 {status} x\r\nconnection: close\r\n{headers}");
                write!(answer, "content-length: {}\r\n\r\n", body.len()).unwrap();
                // A client that rejects the answer closes before its end.
                let _ = stream.write_all(&[answer.as_bytes(), &body].concat());
            }
        });
        let home = TempDir::new().unwrap();
        Self { url, reply, requests, folder: Folder::at(home.path().join("cogfed")), home }
    }

    /// Sets the answer to all further requests.
    pub fn replies(&self, status: u16, headers: &'static str, body: impl Into<Vec<u8>>) {
        *self.reply.lock().unwrap() = (status, headers, body.into());
    }

    /// Resets the number of requests to zero.
    pub fn forget_requests(&self) {
        self.requests.store(0, Ordering::SeqCst);
    }

    /// Returns the number of requests since the start or the last reset.
    pub fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }
}

/// Returns the time `later` seconds after [`NOW`].
pub fn at(later: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(NOW + later, 0).unwrap()
}
