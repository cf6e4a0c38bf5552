//! A type for secret text that is never printed, and the removal of secrets from a server's text.

mod redactor;

use std::fmt;

use serde::{Deserialize, Deserializer, Serializer};
use zeroize::Zeroizing;

pub use redactor::{PLACEHOLDER, Redactor};

/// A secret text, such as a token, a key, an authorization code or a PKCE verifier.
///
/// It has no `Display`, its `Debug` prints a placeholder, and its memory is wiped on drop. It does not implement
/// `Serialize`: a record that holds it needs `#[serde(serialize_with = "secret::exposed")]`.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Creates a secret from `text`. The caller has to wipe its own copies, if it has any.
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// Returns the secret text. Do not keep it longer than it is used.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(PLACEHOLDER)
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::new)
    }
}

/// Serializes a secret as plain text, for records in a store and for the output of `credential-process`.
///
/// # Errors
/// The serializer's error.
pub fn exposed<S: Serializer>(secret: &Secret, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(secret.expose())
}

/// Serializes an optional secret as plain text, like [`exposed`].
///
/// # Errors
/// The serializer's error.
pub fn exposed_option<S: Serializer>(secret: &Option<Secret>, serializer: S) -> Result<S::Ok, S::Error> {
    match secret {
        Some(secret) => serializer.serialize_some(secret.expose()),
        None => serializer.serialize_none(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_of_a_secret_shows_a_placeholder() {
        #[derive(Debug)]
        #[expect(dead_code, reason = "read by the derived Debug alone")]
        struct Holder {
            token: Secret,
        }
        let shown = format!("{:?} {:#?}", Secret::new("canary"), Holder { token: Secret::new("canary") });
        assert!(!shown.contains("canary"), "{shown}");
        assert!(shown.contains("[secret]"), "{shown}");
    }
}
