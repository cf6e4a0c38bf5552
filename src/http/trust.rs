//! Trust roots besides the system's: the PEM files that `AWS_CA_BUNDLE`, `SSL_CERT_FILE` and the profile name.
//!
//! On Linux, rustls-native-certs loads the system's roots, and `SSL_CERT_FILE` and `SSL_CERT_DIR` replace them, as in
//! OpenSSL. On macOS and Windows `SSL_CERT_FILE` is added. `AWS_CA_BUNDLE` and `ca_bundle` are added everywhere.
//! Nothing turns verification off.

use std::fs::OpenOptions;
use std::io::Read;
use std::path::Path;

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use super::proxy::Variable;
use crate::error::{Failure, Kind};
use crate::network::CaBundle;

/// The largest bundle, in bytes. A Linux system's own bundle has about 230 KiB.
const LARGEST: u64 = 8 * 1024 * 1024;

/// Returns the certificates to trust besides the system's.
///
/// # Errors
/// [`Kind::Usage`] with the variable or key and the file, if a file does not exist, cannot be read, or holds no
/// certificate.
pub fn extra_roots(bundle: Option<&CaBundle>, variable: &Variable) -> Result<Vec<CertificateDer<'static>>, Failure> {
    let mut roots = Vec::new();
    // An empty value counts as unset, as in botocore.
    if let Some(path) = variable("AWS_CA_BUNDLE").filter(|path| !path.is_empty()) {
        roots.extend(read("AWS_CA_BUNDLE", Path::new(&path))?);
    }
    if let Some(path) = variable("SSL_CERT_FILE") {
        if path.is_empty() {
            return Err(Failure::new(Kind::Usage, "SSL_CERT_FILE is set and empty: no server would be trusted")
                .hint("unset SSL_CERT_FILE"));
        }
        roots.extend(read("SSL_CERT_FILE", Path::new(&path))?);
    }
    if let Some(bundle) = bundle {
        roots.extend(read(&bundle.named_by, &bundle.path)?);
    }
    Ok(roots)
}

fn read(named_by: &str, path: &Path) -> Result<Vec<CertificateDer<'static>>, Failure> {
    let fault = |what: &str| {
        let message = format!("{named_by} names {}, which {what}", path.display());
        Failure::new(Kind::Usage, message).hint("name a PEM file with the certificates of the authorities to trust")
    };
    if !path.is_absolute() {
        return Err(fault("is not an absolute path")
            .hint("give the whole path: what the current folder holds must not say whom to trust"));
    }
    let bytes = bytes_of(path).map_err(|what| fault(&what))?;
    let mut checked = RootCertStore::empty();
    let mut roots = Vec::new();
    for certificate in CertificateDer::pem_slice_iter(&bytes) {
        // One unreadable certificate must not make the others in a large bundle unusable.
        match certificate {
            Ok(certificate) if checked.add(certificate.clone()).is_ok() => roots.push(certificate),
            _ => tracing::debug!(file = %path.display(), "a certificate that cannot be read is passed over"),
        }
    }
    if roots.is_empty() { Err(fault("holds no certificate in PEM form")) } else { Ok(roots) }
}

fn bytes_of(path: &Path) -> Result<Vec<u8>, String> {
    let cannot = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::NotFound => "does not exist".to_owned(),
        _ => format!("cannot be read: {error}"),
    };
    let mut options = OpenOptions::new();
    options.read(true);
    // Otherwise, opening a pipe without a writer would block.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, rustix::fs::OFlags::NONBLOCK.bits() as i32);
    let file = options.open(path).map_err(cannot)?;
    let metadata = file.metadata().map_err(cannot)?;
    if !metadata.is_file() {
        return Err("is not a plain file".into());
    }
    let mut bytes = Vec::new();
    let count = file.take(LARGEST + 1).read_to_end(&mut bytes).map_err(cannot)?;
    match u64::try_from(count) {
        Ok(count) if count <= LARGEST => Ok(bytes),
        _ => Err(format!("is larger than {LARGEST} bytes")),
    }
}
