//! Client certificates for APIs with mutual TLS.

use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use zeroize::Zeroizing;

use crate::error::{Failure, Kind};

/// The maximum size, in bytes, of a file that holds a certificate or a key.
const LARGEST_FILE: u64 = 1024 * 1024;

/// A client certificate with its private key. Its `Debug` shows nothing of them.
#[derive(Clone)]
pub struct ClientCertificate(reqwest::Identity);

impl ClientCertificate {
    /// Reads a client certificate, its chain and its private key from PEM files. Without a `key`, the key is in the
    /// file of the certificate. The key may be in the forms PKCS#8, SEC 1 and PKCS#1.
    ///
    /// # Errors
    /// [`Kind::Usage`] with the file and the fault: an encrypted key, another form, or a key of another certificate.
    pub fn read(certificate: &Path, key: Option<&Path>) -> Result<Self, Failure> {
        let mut pem = contents(certificate)?;
        let key_file = key.unwrap_or(certificate);
        if let Some(key) = key {
            let key = contents(key)?;
            // Reserved first, so that no copy of a key is left where the buffer was.
            let mut both = Zeroizing::new(Vec::with_capacity(pem.len() + key.len() + 1));
            both.extend_from_slice(&pem);
            both.push(b'\n');
            both.extend_from_slice(&key);
            pem = both;
        }
        let has = |text: &str| pem.windows(text.len()).any(|part| part == text.as_bytes());
        if has("BEGIN ENCRYPTED PRIVATE KEY") || has("Proc-Type: 4,ENCRYPTED") {
            let file = key_file.display();
            return Err(usage(format!("the key in {file} is encrypted"))
                .hint(format!("decrypt it: (umask 077; openssl pkey -in {file} -out NEW), and give --key NEW")));
        }
        let chain = CertificateDer::pem_slice_iter(&pem).collect::<Result<Vec<_>, _>>().unwrap_or_default();
        if chain.is_empty() {
            let file = certificate.display();
            return Err(usage(format!("{file} holds no certificate in PEM")).hint(format!(
                "convert it: openssl x509 -inform DER -in {file}, or openssl pkcs12 -nodes -in {file}"
            )));
        }
        let key = PrivateKeyDer::from_pem_slice(&pem).map_err(|_| {
            usage(format!("{} holds no private key in PEM", key_file.display())).hint("name the key's file by --key")
        })?;
        let fault = |what: &str| usage(format!("the key in {} {what}", key_file.display()));
        match CertifiedKey::from_der(chain, key, &rustls::crypto::ring::default_provider()) {
            Err(rustls::Error::InconsistentKeys(_)) => {
                let message = format!("does not belong to the certificate in {}", certificate.display());
                return Err(fault(&message).hint("give the pair, the certificate of its owner first in its file"));
            }
            Err(_) => return Err(fault("is of a kind that TLS does not use").hint("use an RSA, ECDSA or Ed25519 key")),
            Ok(_) => {}
        }
        reqwest::Identity::from_pem(&pem).map(Self).map_err(|_| fault("cannot be read"))
    }

    pub(super) fn identity(&self) -> reqwest::Identity {
        self.0.clone()
    }
}

impl fmt::Debug for ClientCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientCertificate")
    }
}

fn usage(message: String) -> Failure {
    Failure::new(Kind::Usage, message)
}

fn contents(path: &Path) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let unreadable = |error: std::io::Error| usage(format!("cannot read {}: {error}", path.display()));
    let mut bytes = Zeroizing::new(Vec::new());
    let file = File::open(path).map_err(unreadable)?;
    file.take(LARGEST_FILE).read_to_end(&mut bytes).map_err(unreadable)?;
    Ok(bytes)
}
