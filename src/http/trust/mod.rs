//! The trust roots in force: the roots of the system, and the roots that the profile or the environment adds.
//!
//! A profile with `ca_bundle` adds that file to the system's roots, and the environment does not count. Otherwise
//! `AWS_CA_BUNDLE` is added everywhere. `SSL_CERT_FILE` and `SSL_CERT_DIR` replace the system's roots on Linux and the
//! BSDs, as in OpenSSL; `SSL_CERT_FILE` is added on macOS and Windows. Nothing turns verification off.
//!
//! A root is *extra* if neither the system has it nor only root can write its file. A person has to accept it: see
//! `session::accepted`.

pub mod bundle;
mod der;
mod files;
mod system;

use std::path::PathBuf;

use ring::digest::{SHA256, digest};
use rustls::RootCertStore;
use rustls::pki_types::{CertificateDer, TrustAnchor};

pub use self::der::subject;
use super::proxy::Variable;
use crate::error::{Failure, Kind};
use crate::folder::{Exposed, Writers};
use crate::network::CaBundle;

/// True if [`Roots::certificates`] holds all trusted roots, so that the system is not asked for more.
pub const ARE_ALL: bool = system::ARE_FILES;

/// A trust root that is not in the system's own set and that no administrator installed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExtraRoot {
    /// The variable or key that names the file.
    pub named_by: &'static str,
    /// The file that holds the root.
    pub file: PathBuf,
    /// The subject, for messages. It is text from outside.
    pub subject: String,
    /// The SHA-256 fingerprint of the certificate, as `openssl x509 -fingerprint -sha256` prints it.
    pub certificate: String,
    /// The fingerprint of the trust anchor: the SHA-256 hash of the subject, the public key and the name constraints,
    /// in hexadecimal. A renewed certificate with the same key keeps it.
    pub fingerprint: String,
    /// True if the file system keeps no owners and modes, so that cogfed cannot tell who can change the file.
    pub is_unguarded: bool,
}

/// The trust roots in force.
#[derive(Debug)]
pub struct Roots {
    /// The roots to trust: on Linux and the BSDs all of them, elsewhere only the roots that are added to the system's
    /// own set.
    pub certificates: Vec<CertificateDer<'static>>,
    /// The extra roots, which a person has to accept.
    pub extra: Vec<ExtraRoot>,
    /// The variables and keys that name bundles, each with the path of its bundle, for messages.
    pub bundles: Vec<String>,
}

impl Roots {
    /// Reads the roots in force.
    ///
    /// # Errors
    /// [`Kind::Usage`] with the variable or key and the file, if a file does not exist, cannot be read, can be changed
    /// by other users, or holds no certificate.
    pub fn load(bundle: Option<&CaBundle>, variable: &Variable) -> Result<Self, Failure> {
        let sources = sources(bundle, variable)?;
        let is_replaced = system::ARE_FILES && sources.iter().any(|source| source.name.starts_with("SSL_CERT_"));
        let mut system = None;
        let mut roots = Self { certificates: Vec::new(), extra: Vec::new(), bundles: Vec::new() };
        for source in &sources {
            roots.add(source, &mut system)?;
        }
        if !is_replaced {
            roots.certificates.extend(system.unwrap_or_else(SystemRoots::read).certificates);
        }
        if system::ARE_FILES && roots.certificates.is_empty() {
            let message = match is_replaced {
                true => "SSL_CERT_DIR and SSL_CERT_FILE name no certificate: no server would be trusted",
                false => "this machine has no trust roots",
            };
            let hint = "install the system's (on Debian, the package ca-certificates), or unset these variables";
            return Err(Failure::new(Kind::Network, message).hint(hint));
        }
        Ok(roots)
    }

    /// Adds the trust roots in the file of `source`.
    fn add(&mut self, source: &Source, system: &mut Option<SystemRoots>) -> Result<(), Failure> {
        let Some((found, writers)) = source.read()? else { return Ok(()) };
        if !source.is_in_folder {
            self.bundles.push(format!("{} ({})", source.name, source.path.display()));
        }
        for (certificate, anchor) in found {
            if writers != Writers::Root && !system.get_or_insert_with(SystemRoots::read).anchors.contains(&anchor) {
                let root = source.extra(&certificate, &anchor, writers);
                if self.extra.iter().all(|other| other.fingerprint != root.fingerprint) {
                    self.extra.push(root);
                }
            }
            self.certificates.push(certificate);
        }
        Ok(())
    }
}

/// The system's own roots.
struct SystemRoots {
    certificates: Vec<CertificateDer<'static>>,
    anchors: Vec<TrustAnchor<'static>>,
}

impl SystemRoots {
    fn read() -> Self {
        let (certificates, anchors) = readable(system::roots()).into_iter().unzip();
        Self { certificates, anchors }
    }
}

/// Returns the certificates that rustls can read, each with its trust anchor.
fn readable(certificates: Vec<CertificateDer<'static>>) -> Vec<(CertificateDer<'static>, TrustAnchor<'static>)> {
    let mut store = RootCertStore::empty();
    certificates
        .into_iter()
        .filter_map(|certificate| {
            store.add(certificate.clone()).ok()?;
            Some((certificate, store.roots.pop()?))
        })
        .collect()
}

/// A file of trust roots that the profile or the environment names.
struct Source {
    /// The variable or key that names the file.
    name: &'static str,
    /// The variable that names the file, or the key with its place in the configuration.
    named_by: String,
    path: PathBuf,
    /// True if the file was found in a folder of `SSL_CERT_DIR`, which may hold other kinds of files as well.
    is_in_folder: bool,
}

/// Returns the bundle that the profile names or, without such a bundle, the files that the environment names.
fn sources(bundle: Option<&CaBundle>, variable: &Variable) -> Result<Vec<Source>, Failure> {
    let of = |name: &'static str, path: &str| Source {
        name,
        named_by: name.to_owned(),
        path: path.into(),
        is_in_folder: false,
    };
    if let Some(bundle) = bundle {
        return Ok(vec![Source {
            named_by: bundle.named_by.clone(),
            path: bundle.path.clone(),
            ..of("ca_bundle", "")
        }]);
    }
    // An empty value counts as unset, as in botocore.
    let set = |name| variable(name).filter(|path| !path.is_empty());
    let mut sources: Vec<Source> = set("AWS_CA_BUNDLE").iter().map(|path| of("AWS_CA_BUNDLE", path)).collect();
    if let Some(path) = variable("SSL_CERT_FILE") {
        if path.is_empty() {
            return Err(Failure::new(Kind::Usage, "SSL_CERT_FILE is set and empty: no server would be trusted")
                .hint("unset SSL_CERT_FILE"));
        }
        sources.push(of("SSL_CERT_FILE", &path));
    }
    if let (true, Some(paths)) = (system::ARE_FILES, set("SSL_CERT_DIR")) {
        for folder in std::env::split_paths(&paths).filter(|folder| !folder.as_os_str().is_empty()) {
            let folder = Source { path: folder, ..of("SSL_CERT_DIR", "") };
            folder.check_path()?;
            // As in OpenSSL, a missing folder is an empty one.
            let files = files::once(files::of_folder(&folder.path).unwrap_or_default());
            sources.extend(files.into_iter().map(|path| Source { path, is_in_folder: true, ..of("SSL_CERT_DIR", "") }));
        }
    }
    Ok(sources)
}

impl Source {
    fn fault(&self, what: &str) -> Failure {
        let message = format!("{} names {}, which {what}", self.named_by, self.path.display());
        Failure::new(Kind::Usage, message).hint("name a PEM file with the certificates of the authorities to trust")
    }

    fn check_path(&self) -> Result<(), Failure> {
        match self.path.is_absolute() {
            true => Ok(()),
            false => Err(self
                .fault("is not an absolute path")
                .hint("give the whole path: what the current folder holds must not say whom to trust")),
        }
    }

    /// Reads the trust roots in the file, and finds the users who can change the file. Returns `None` for a file that
    /// holds no certificate, in a folder of certificates.
    #[expect(clippy::type_complexity, reason = "a pair of lists' elements, used once")]
    fn read(&self) -> Result<Option<(Vec<(CertificateDer<'static>, TrustAnchor<'static>)>, Writers)>, Failure> {
        self.check_path()?;
        let faults = |fault| if self.is_in_folder { Ok(None) } else { Err(fault) };
        let opened = files::open(&self.path).and_then(|it| Ok((files::bytes_of(it.file)?, it.writers)));
        let (bytes, writers) = match opened {
            Ok(opened) => opened,
            Err(what) => return faults(self.fault(&what)),
        };
        let found = match bundle::certificates(&bytes) {
            Ok(found) => readable(found),
            Err(form) => {
                let hint = form.hint(&self.path.display().to_string());
                return faults(self.fault(form.fault()).hint(hint));
            }
        };
        if found.is_empty() {
            return faults(self.fault("holds no certificate that can be read"));
        }
        match writers {
            Ok(writers) => Ok(Some((found, writers))),
            Err(exposed) => Err(self.refused(&exposed)),
        }
    }

    fn refused(&self, exposed: &Exposed) -> Failure {
        let message = format!("{} names {}, which is not used: {exposed}", self.named_by, self.path.display());
        Failure::new(Kind::Usage, message).hint(exposed.hint())
    }

    fn extra(&self, certificate: &CertificateDer<'_>, anchor: &TrustAnchor<'_>, writers: Writers) -> ExtraRoot {
        ExtraRoot {
            named_by: self.name,
            file: self.path.clone(),
            subject: subject(&anchor.subject),
            certificate: digest(&SHA256, certificate)
                .as_ref()
                .iter()
                .map(|byte| format!("{byte:02X}"))
                .collect::<Vec<_>>()
                .join(":"),
            fingerprint: fingerprint(anchor),
            is_unguarded: writers == Writers::Unknown,
        }
    }
}

/// Returns the fingerprint of a root's subject, public key and name constraints. Each part is preceded by its length,
/// so that no two roots give the same text.
fn fingerprint(anchor: &TrustAnchor<'_>) -> String {
    let constraints = anchor.name_constraints.as_deref().unwrap_or_default();
    let mut text = Vec::new();
    for part in [&*anchor.subject, &*anchor.subject_public_key_info, constraints] {
        text.extend_from_slice(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        text.extend_from_slice(part);
    }
    digest(&SHA256, &text).as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}
