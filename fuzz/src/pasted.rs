//! The text that a person pastes at the prompt, in pieces separated by the byte 0xff.

use cogfed::oidc::{Arrival, Awaited, Pasted};
use cogfed::secret::Secret;

use crate::given::ISSUER;

const STATE: &str = "the-right-state";
const REDIRECT_URI: &str = "http://localhost:8400/callback";

/// Checks that only a text with this sign-in's state is accepted, and that no stranger's words are repeated.
pub fn run(data: &[u8]) {
    let awaited = Awaited {
        port: 8400,
        path: "/callback".into(),
        start: "/short".into(),
        state: Secret::new(STATE),
        issuers: vec![ISSUER.to_owned()],
        needs_issuer: false,
    };
    let url = "https://corp.example/oauth2/authorize?state=the-right-state".parse().expect("a URL");
    let mut pasted = Pasted::new(&awaited, REDIRECT_URI, &url);
    let mut all = String::new();
    for piece in data.split(|byte| *byte == 0xff) {
        let piece = String::from_utf8_lossy(piece);
        all.push_str(&piece);
        let Some(outcome) = pasted.read(&piece) else { continue };
        match outcome {
            Ok(Arrival::Code(code)) => {
                assert_came(&all);
                assert!(code.expose().bytes().all(|byte| byte.is_ascii_graphic()));
                return;
            }
            Ok(Arrival::Denied(denial)) => {
                assert_came(&all);
                assert!(denial.error.chars().count() <= 201);
                return;
            }
            Ok(Arrival::Remark(_)) => panic!("a remark is no arrival of a paste"),
            Err(reason) => assert!(!reason.is_empty() && reason.len() < 300, "{reason}"),
        }
    }
}

/// Checks that the state was in the pasted text, as it is or percent-encoded.
fn assert_came(all: &str) {
    let mut text: String = all.split_whitespace().collect();
    for mark in ["\u{1b}[200~", "\u{1b}[201~"] {
        text = text.replace(mark, "");
    }
    for _ in 0..4 {
        if text.contains(STATE) {
            return;
        }
        text = decoded(&text);
    }
    panic!("a state from nowhere: {all:?}");
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, others @ ..] = rest {
        let hex = others.get(..2).filter(|_| *first == b'%').and_then(|hex| std::str::from_utf8(hex).ok());
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &others[2..];
            }
            None => {
                bytes.push(*first);
                rest = others;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
