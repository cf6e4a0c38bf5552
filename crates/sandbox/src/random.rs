//! Random identifiers and token strings.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::rand::{SecureRandom, SystemRandom};

/// Returns `LENGTH` random bytes.
pub fn bytes<const LENGTH: usize>() -> [u8; LENGTH] {
    let mut bytes = [0; LENGTH];
    SystemRandom::new().fill(&mut bytes).expect("the system's random source does not fail once the system is up");
    bytes
}

/// Returns `length` random characters from `alphabet`, which must contain 1 to 256 characters.
fn text(length: usize, alphabet: &[u8]) -> String {
    let fair = 256 - 256 % alphabet.len();
    let mut text = String::with_capacity(length);
    while text.len() < length {
        let [byte] = bytes::<1>();
        if usize::from(byte) < fair {
            text.extend(alphabet.get(usize::from(byte) % alphabet.len()).map(|&byte| char::from(byte)));
        }
    }
    text
}

/// Returns `length` random lower-case letters and digits, as in an app client's id.
pub fn lower_alphanumeric(length: usize) -> String {
    text(length, b"abcdefghijklmnopqrstuvwxyz0123456789")
}

/// Returns `length` random letters and digits, as in a user pool's id.
pub fn alphanumeric(length: usize) -> String {
    text(length, b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")
}

/// Returns `length` random upper-case letters and digits, as in an access key id.
pub fn upper_alphanumeric(length: usize) -> String {
    text(length, b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")
}

/// Returns a random UUID (RFC 9562, version 4).
pub fn uuid() -> String {
    let mut bytes = bytes::<16>();
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let (a, rest) = hex.split_at(8);
    let (b, rest) = rest.split_at(4);
    let (c, rest) = rest.split_at(4);
    let (d, e) = rest.split_at(4);
    format!("{a}-{b}-{c}-{d}-{e}")
}

/// Returns `length` random bytes, encoded in base64url without padding.
pub fn base64url(length: usize) -> String {
    let mut bytes = vec![0; length];
    SystemRandom::new().fill(&mut bytes).expect("the system's random source does not fail once the system is up");
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Returns a random key id in the style of Cognito. It always contains `/`, `+` and `=`, so clients must treat it as
/// opaque.
pub fn key_id() -> String {
    loop {
        let id = STANDARD.encode(bytes::<32>());
        if id.contains('/') && id.contains('+') {
            return id;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_have_the_cognito_form() {
        let uuid = uuid();
        assert_eq!(uuid.len(), 36, "{uuid}");
        assert_eq!(uuid.as_bytes()[14], b'4', "{uuid}");
        assert!(lower_alphanumeric(26).bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()));
        assert_eq!(alphanumeric(9).len(), 9);
        assert_ne!(alphanumeric(20), alphanumeric(20));
        assert!(key_id().ends_with('='));
    }
}
