//! A bundle of certificates that a variable or the profile names, and the subject of a root.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use cogfed::http::trust::{bundle, subject};

/// The longest subject in a message, in characters, with its ellipsis.
const LONGEST_SUBJECT: usize = 201;

/// Checks that what is read of a bundle is read again from any spelling of it, and that other forms get advice.
pub fn run(data: &[u8]) {
    match bundle::certificates(data) {
        Ok(certificates) => {
            let pem = |der: &[u8], label: &str| {
                format!("\u{feff}-----BEGIN {label}-----\r\n{}\r\n-----END {label}-----\r\n", STANDARD.encode(der))
            };
            for label in ["CERTIFICATE", "X509 CERTIFICATE"] {
                let again: String = certificates.iter().map(|der| pem(der, label)).collect();
                match bundle::certificates(again.as_bytes()) {
                    Ok(again) => assert_eq!(again, certificates),
                    Err(_) => assert!(certificates.is_empty()),
                }
            }
        }
        Err(form) => {
            assert!(!form.fault().is_empty());
            let hint = form.hint("/home/it's me/root");
            assert!(!hint.contains("/home/it's me/root "), "a path in pieces: {hint}");
        }
    }
    // In the trusted form, the certificate is what the bytes begin with.
    let label = "TRUSTED CERTIFICATE";
    let text = format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", STANDARD.encode(data));
    for certificate in bundle::certificates(text.as_bytes()).expect("a section with a certificate's label") {
        assert!(data.starts_with(&certificate));
    }
    let subject = subject(data);
    assert!(!subject.is_empty() && subject.chars().count() <= LONGEST_SUBJECT, "{subject}");
}
