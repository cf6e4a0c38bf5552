//! TLS faults in plain words, each with the party that can fix it. The library's own words go to the debug log.

use rustls::{AlertDescription, CertificateError, Error};

use super::fault::Cause;

/// The object identifiers of certificate signatures with MD5 or SHA-1 (RFC 3279, section 2.2), in DER.
const BROKEN_SIGNATURES: [&[u8]; 4] = [
    &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 4],
    &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 5],
    &[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 1],
    &[0x2b, 0x0e, 3, 2, 0x1d],
];

const TELL: &str = "tell the administrator of the server";
const CERTIFICATE: &str = "an API with mutual TLS: give 'cogfed call' a client certificate by --cert FILE --key FILE";

/// Returns the cause of a failed TLS connection. `bundles` are the files with extra roots, which a person has named
/// already.
pub(super) fn cause(error: &Error, bundles: &[String]) -> Cause {
    tracing::debug!(%error, "TLS failed");
    let (what, hint) = match error {
        Error::InvalidCertificate(fault) => return certificate(fault, bundles),
        Error::AlertReceived(AlertDescription::ProtocolVersion) | Error::PeerIncompatible(_) => {
            ("it speaks no TLS that is safe today (1.2 or 1.3)", TELL)
        }
        Error::AlertReceived(alert) if may_want_a_certificate(*alert) => (alerted(*alert), CERTIFICATE),
        Error::AlertReceived(alert) => (alerted(*alert), TELL),
        Error::InvalidMessage(_) => {
            ("it does not speak TLS", "check the host and the port, and whether https is right")
        }
        Error::NoCertificatesPresented => ("it presents no certificate", TELL),
        Error::NoApplicationProtocol => ("it does not speak HTTP/1.1", TELL),
        Error::InappropriateMessage { .. }
        | Error::InappropriateHandshakeMessage { .. }
        | Error::PeerMisbehaved(_)
        | Error::PeerSentOversizedRecord
        | Error::DecryptError => (
            "it does not follow the TLS protocol",
            "another program may be answering in its place; if the name is right, tell the administrator of the server",
        ),
        Error::FailedToGetCurrentTime => ("this machine's clock cannot be read", "check this machine's clock"),
        Error::FailedToGetRandomBytes => ("this machine gives no random numbers", "restart this machine"),
        _ => ("the TLS connection failed", "run the command with --debug for the library's own message"),
    };
    Cause::lasting(what, hint)
}

/// Returns whether this alert may mean that the client certificate is missing or that the server rejects the
/// certificate. With TLS 1.2, OpenSSL sends `handshake_failure`.
fn may_want_a_certificate(alert: AlertDescription) -> bool {
    matches!(
        alert,
        AlertDescription::CertificateRequired
            | AlertDescription::BadCertificate
            | AlertDescription::NoCertificate
            | AlertDescription::UnknownCA
            | AlertDescription::CertificateUnknown
            | AlertDescription::HandshakeFailure
    )
}

fn alerted(alert: AlertDescription) -> &'static str {
    match alert {
        AlertDescription::HandshakeFailure | AlertDescription::InsufficientSecurity => {
            "it has no cipher in common with cogfed, or demands a client certificate"
        }
        AlertDescription::UnrecognisedName => "it serves no host of this name",
        AlertDescription::CertificateRequired
        | AlertDescription::BadCertificate
        | AlertDescription::NoCertificate
        | AlertDescription::UnknownCA
        | AlertDescription::CertificateUnknown => {
            "it demands a client certificate, or does not accept the one that it got"
        }
        AlertDescription::AccessDenied => "it denied access over TLS",
        AlertDescription::InternalError => "it reported an internal error over TLS",
        _ => "it refused the TLS connection",
    }
}

fn certificate(fault: &CertificateError, bundles: &[String]) -> Cause {
    let clock = "this machine's clock may be wrong: check it; if it is right, tell the administrator of the server";
    let (what, hint) = match fault {
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => (
            "its certificate is for another name",
            "check the host in the profile; a network's sign-in page may be answering in its place",
        ),
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => ("its certificate has expired", clock),
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            ("its certificate is not valid yet", clock)
        }
        CertificateError::UnknownIssuer => return unknown_issuer(bundles),
        CertificateError::Revoked => ("its certificate was revoked", TELL),
        CertificateError::UnsupportedSignatureAlgorithmContext { signature_algorithm_id: id, .. } => signature(id),
        CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => (
            "its certificate is signed in a way that does not fit the issuer's key",
            "ask the administrator of the server for another certificate",
        ),
        CertificateError::BadSignature => (
            "its certificate has a wrong signature, or a key of less than 2048 bits",
            "ask the administrator of the server for a certificate with a key of at least 2048 bits",
        ),
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => for_other_purposes(),
        CertificateError::BadEncoding => ("its certificate is malformed", TELL),
        CertificateError::UnhandledCriticalExtension => {
            ("its certificate has a critical extension that cogfed does not know", TELL)
        }
        CertificateError::UnknownRevocationStatus
        | CertificateError::ExpiredRevocationList
        | CertificateError::ExpiredRevocationListContext { .. }
        | CertificateError::InvalidOcspResponse => ("nobody says whether its certificate was revoked", TELL),
        CertificateError::Other(other) => named(&format!("{:?}", other.0)),
        _ => ("its certificate is not accepted", TELL),
    };
    Cause::lasting(what, hint)
}

fn unknown_issuer(bundles: &[String]) -> Cause {
    let what = "its certificate is from an issuer that this machine does not trust";
    match bundles {
        [] => Cause::lasting(
            what,
            "if your company intercepts TLS, name the PEM file with its root in AWS_CA_BUNDLE, or as 'ca_bundle' in the profile",
        ),
        bundles => {
            let hint = format!("ask for the root certificate that issued it; it is not in {}", bundles.join(" or "));
            Cause::lasting(what, hint)
        }
    }
}

fn signature(id: &[u8]) -> (&'static str, &'static str) {
    match BROKEN_SIGNATURES.iter().any(|broken| id.windows(broken.len()).any(|part| part == *broken)) {
        true => (
            "its certificate is signed with SHA-1 or MD5, which are broken",
            "ask the administrator of the server, or of the proxy, for a certificate that is signed with SHA-256",
        ),
        false => (
            "its certificate is signed with an algorithm that cogfed does not support",
            "ask the administrator of the server for a certificate that is signed with RSA or ECDSA and SHA-256",
        ),
    }
}

fn for_other_purposes() -> (&'static str, &'static str) {
    (
        "its certificate is not for servers (extended key usage)",
        "ask the administrator of the server for a certificate with the extended key usage serverAuth",
    )
}

/// Returns the cause and the hint for the webpki error `name`, which rustls passes on unchanged. Its type is not
/// rustls's, so its name is compared.
fn named(name: &str) -> (&'static str, &'static str) {
    match name {
        "CaUsedAsEndEntity" => (
            "its certificate is self-signed and made for an authority (CA:TRUE), not for a server",
            "ask the administrator of the server for a certificate with CA:FALSE; to trust this one does not help",
        ),
        "EkuError" | "RequiredEkuNotFound" | "EmptyEkuExtension" => for_other_purposes(),
        "NameConstraintViolation" => (
            "its issuer may not issue certificates for this name (name constraints)",
            "check the host in the profile; if it is right, tell the administrator of the server",
        ),
        "PathLenConstraintViolated" | "EndEntityUsedAsCa" => {
            ("its certificate is from an issuer that may not issue it (basic constraints)", TELL)
        }
        "UnsupportedCertVersion" => (
            "its certificate is of an old version (X.509 version 1)",
            "ask the administrator of the server for a certificate of version 3",
        ),
        "MaximumSignatureChecksExceeded" | "MaximumPathBuildCallsExceeded" | "MaximumPathDepthExceeded" => {
            ("its chain of certificates is too long", TELL)
        }
        _ => ("its certificate is not accepted", TELL),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use rustls::{AlertDescription, InvalidMessage, OtherError, PeerIncompatible, PeerMisbehaved};

    use super::*;

    /// Returns TLS errors of every kind. The library's types allow no list of all.
    fn errors() -> Vec<Error> {
        #[derive(Debug)]
        struct Dump;
        impl std::fmt::Display for Dump {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "{self:?}")
            }
        }
        impl std::error::Error for Dump {}
        let other = || OtherError(Arc::new(Dump));
        let certificates = [
            CertificateError::BadEncoding,
            CertificateError::Expired,
            CertificateError::NotValidYet,
            CertificateError::Revoked,
            CertificateError::UnhandledCriticalExtension,
            CertificateError::UnknownIssuer,
            CertificateError::UnknownRevocationStatus,
            CertificateError::ExpiredRevocationList,
            CertificateError::BadSignature,
            CertificateError::UnsupportedSignatureAlgorithmContext {
                signature_algorithm_id: [&[6, 9], BROKEN_SIGNATURES[1], &[5, 0]].concat(),
                supported_algorithms: Vec::new(),
            },
            CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext {
                signature_algorithm_id: vec![1],
                public_key_algorithm_id: vec![2],
            },
            CertificateError::NotValidForName,
            CertificateError::InvalidPurpose,
            CertificateError::InvalidOcspResponse,
            CertificateError::ApplicationVerificationFailure,
            CertificateError::Other(other()),
        ];
        let rest = [
            Error::InappropriateMessage { expect_types: Vec::new(), got_type: rustls::ContentType::Alert },
            Error::InvalidMessage(InvalidMessage::InvalidContentType),
            Error::NoCertificatesPresented,
            Error::UnsupportedNameType,
            Error::DecryptError,
            Error::EncryptError,
            Error::PeerIncompatible(PeerIncompatible::NullCompressionRequired),
            Error::PeerMisbehaved(PeerMisbehaved::AttemptedDowngradeToTls12WhenTls13IsSupported),
            Error::AlertReceived(AlertDescription::HandshakeFailure),
            Error::AlertReceived(AlertDescription::Unknown(99)),
            Error::General("Dump".into()),
            Error::FailedToGetCurrentTime,
            Error::FailedToGetRandomBytes,
            Error::HandshakeNotComplete,
            Error::PeerSentOversizedRecord,
            Error::NoApplicationProtocol,
            Error::BadMaxFragmentSize,
            Error::Other(other()),
        ];
        certificates.map(Error::InvalidCertificate).into_iter().chain(rest).collect()
    }

    #[test]
    fn every_fault_of_tls_is_one_plain_sentence() {
        for error in errors() {
            let cause = cause(&error, &[]);
            let (what, hint) = (cause.to_string(), cause.hint().unwrap_or_default().to_owned());
            for text in [&what, &hint] {
                assert!(!text.is_empty() && text.len() < 140, "{error:?}: {text}");
                let is_word = |word: &str| {
                    let inner = word.trim_start_matches(|c: char| !c.is_alphabetic());
                    // The names of Rust's types and variants are in this form, and nothing else is.
                    !inner.chars().zip(inner.chars().skip(1)).any(|(a, b)| a.is_lowercase() && b.is_uppercase())
                        || inner.starts_with("serverAuth")
                };
                assert!(!text.contains("Dump") && text.split_whitespace().all(is_word), "{error:?}: {text}");
            }
        }
    }

    #[test]
    fn advice_is_not_repeated_to_a_person_who_has_followed_it() {
        let unknown = Error::InvalidCertificate(CertificateError::UnknownIssuer);
        assert!(cause(&unknown, &[]).hint().unwrap().contains("name the PEM file"));
        let named = cause(&unknown, &["AWS_CA_BUNDLE (/a.pem)".to_owned()]);
        assert_eq!(
            named.hint(),
            Some("ask for the root certificate that issued it; it is not in AWS_CA_BUNDLE (/a.pem)")
        );
    }
}
