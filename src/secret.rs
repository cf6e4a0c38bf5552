//! A text that must not be seen.

use std::fmt;

use serde::{Deserialize, Deserializer, Serializer};
use zeroize::Zeroizing;

/// A secret text: a token, a key, a code, a verifier.
///
/// It has no `Display`, its `Debug` prints a placeholder, and its memory is wiped on drop. It does not implement
/// `Serialize` either: a record that is meant to hold it says so with `#[serde(serialize_with = "secret::exposed")]`.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Hides `text`. The caller's own copies, if any, are the caller's to wipe.
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// The text itself, for the one place where it is spent. Bind it to nothing that lives longer.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::new)
    }
}

/// Serializes a secret in the clear, for records on their way into a store and for the credential_process document.
///
/// # Errors
/// Those of the serializer.
pub fn exposed<S: Serializer>(secret: &Secret, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(secret.expose())
}

/// As [`exposed`], for a secret that may be absent.
///
/// # Errors
/// Those of the serializer.
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
    fn debug_shows_a_placeholder() {
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
