//! A server's text that repeats a secret. The input is the secret, a line break, a letter for the way in which it is
//! repeated, and the text before and after it, separated by a vertical line.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use cogfed::secret::{PLACEHOLDER, Redactor, Secret};

/// The letters and digits from which a piece of a secret must be gone.
const SHORTEST_PIECE: usize = 12;
/// The longest text that is looked at, in characters. What follows it is dropped.
const LONGEST_TEXT: usize = 8192;

/// Checks that no piece of the secret is left, however it is repeated, and that a text without it is left alone.
pub fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Some((secret, rest)) = text.split_once('\n') else { return };
    let (Some(way), (before, after)) = (rest.chars().next(), rest.split_once('|').unwrap_or((rest, ""))) else {
        return;
    };
    let redactor = Redactor::of([&Secret::new(secret)]);
    let shown = redactor.redact(&format!("{before}{}{after}", repeated(secret, way)));
    assert!(shown.chars().count() <= LONGEST_TEXT + PLACEHOLDER.len() * shown.matches(PLACEHOLDER).count());
    let pieces = squeezed(secret);
    let left = squeezed(&shown.replace(PLACEHOLDER, "\u{1}"));
    // A placeholder ends a piece, so that what is around it is not read as one text.
    for piece in left.split(|byte| *byte == 1) {
        let is_there = |window: &[u8]| pieces.windows(SHORTEST_PIECE).any(|own| own == window);
        assert!(!piece.windows(SHORTEST_PIECE).any(is_there), "a piece of {secret:?} is in {shown:?}");
    }
    // A text without any secret stays.
    let plain: String = before.chars().filter(|letter| letter.is_whitespace() || *letter == 'x').take(100).collect();
    assert_eq!(Redactor::default().redact(&plain), plain);
}

fn repeated(secret: &str, way: char) -> String {
    match way {
        'p' => url::form_urlencoded::byte_serialize(secret.as_bytes()).collect(),
        'P' => secret.bytes().map(|byte| format!("%{byte:02X}")).collect(),
        'j' => serde_json::to_string(secret).expect("a text"),
        'u' => secret.to_uppercase(),
        'b' => STANDARD.encode(format!("id:{secret}")),
        'B' => URL_SAFE_NO_PAD.encode(secret),
        'h' => secret.bytes().map(|byte| format!("{byte:02x}")).collect(),
        'l' => secret.chars().collect::<Vec<_>>().chunks(9).map(String::from_iter).collect::<Vec<_>>().join("\r\n "),
        'c' => secret.chars().take(30).collect(),
        _ => secret.to_owned(),
    }
}

/// Returns the letters and digits in lower case, and the mark of a placeholder.
fn squeezed(text: &str) -> Vec<u8> {
    let kept = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == 1;
    text.bytes().filter(kept).map(|byte| byte.to_ascii_lowercase()).collect()
}
