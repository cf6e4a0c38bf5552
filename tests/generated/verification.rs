//! Tests that no code of the program turns off certificate verification, on any operating system.

use std::fs;

use crate::root;
use crate::sources::{Source, program};

/// Substrings of the names by which TLS libraries turn off verification, and the name of the clippy lint that forbids
/// such names.
const FORBIDDEN: [&str; 6] =
    ["danger_accept", "dangerous", "with_custom_certificate_verifier", "verify_none", "NoVerif", "disallowed_methods"];

/// The methods of reqwest and rustls that turn off certificate verification.
const METHODS: [&str; 5] = [
    "danger_accept_invalid_certs",
    "danger_accept_invalid_hostnames",
    "tls_danger_accept_invalid_certs",
    "tls_danger_accept_invalid_hostnames",
    "dangerous",
];

/// Returns the forbidden substrings that a source file contains.
fn found(source: &Source) -> Vec<&str> {
    FORBIDDEN.into_iter().filter(|part| source.words.iter().any(|word| word.contains(part))).collect()
}

/// clippy also forbids the names that this test forbids, but only in code that clippy compiles. This test also covers
/// code for other systems, and code in which an `allow` silences clippy.
#[test]
fn no_source_turns_certificate_verification_off() {
    let sources = program();
    assert!(sources.len() > 100, "{} files", sources.len());
    for source in &sources {
        assert_eq!(found(source), [""; 0], "{}", source.path.display());
    }
    let planted = "#[allow(clippy::disallowed_methods)] fn f() { config.dangerous().set(x) }";
    assert_eq!(found(&Source::of(planted)), ["dangerous", "disallowed_methods"]);
}

#[test]
fn clippy_forbids_what_turns_certificate_verification_off() {
    let clippy = fs::read_to_string(root().join("clippy.toml")).expect("clippy.toml");
    for name in METHODS {
        assert!(clippy.contains(&format!("::{name}\"")), "{name} is not in clippy.toml");
    }
}
