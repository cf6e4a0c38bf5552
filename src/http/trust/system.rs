//! The trust roots of the system itself, regardless of the environment.
//!
//! On Linux and the BSDs, the system's roots are files in a few places. rustls-native-certs finds them, too, but reads
//! `SSL_CERT_FILE` and `SSL_CERT_DIR` in their place, and a profile's `ca_bundle` switches these variables off. On
//! macOS and Windows, reqwest asks the system's service.

use std::path::{Path, PathBuf};

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use super::files;

/// The files that may hold the system's roots, as listed in the crate openssl-probe. The first that exists counts.
const FILES: [&str; 9] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/pki/tls/cacert.pem",
    "/etc/ssl/cert.pem",
    "/usr/local/etc/ssl/cert.pem",
    "/usr/local/share/certs/ca-root-nss.crt",
    "/etc/openssl/certs/ca-certificates.crt",
];
/// The folders with the system's roots. All of them count.
const FOLDERS: [&str; 4] = ["/etc/ssl/certs", "/etc/pki/tls/certs", "/usr/local/share/certs", "/etc/openssl/certs"];

/// True if the system's roots are files.
pub(super) const ARE_FILES: bool = cfg!(all(unix, not(target_vendor = "apple"), not(target_os = "android")));

/// Returns the system's roots, or no roots if the system does not keep them in files. Files that cannot be read are
/// left out.
pub(super) fn roots() -> Vec<CertificateDer<'static>> {
    if !ARE_FILES {
        return Vec::new();
    }
    let file = FILES.iter().map(Path::new).find(|path| path.exists());
    let folders = FOLDERS.iter().map(Path::new).flat_map(|folder| files::of_folder(folder).unwrap_or_default());
    let paths = files::once(file.map(Path::to_owned).into_iter().chain(folders));
    let read = |path: &PathBuf| files::open(path).and_then(|opened| files::bytes_of(opened.file)).unwrap_or_default();
    // Only plain PEM: some systems keep authorities that they distrust in OpenSSL's trusted form.
    let certificates = |bytes: Vec<u8>| CertificateDer::pem_slice_iter(&bytes).flatten().collect::<Vec<_>>();
    paths.iter().flat_map(|path| certificates(read(path))).collect()
}
