//! Certificate authorities and certificates for tests, created at run time.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use base64::Engine;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, GeneralSubtree, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, NameConstraints, date_time_ymd,
};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// A certificate authority that no system trusts.
pub struct Authority {
    pub pem: String,
    name: String,
    der: CertificateDer<'static>,
    issuer: Issuer<'static, KeyPair>,
    key: Vec<u8>,
}

/// The validity period of a certificate.
#[derive(Clone, Copy)]
pub enum Validity {
    Now,
    Expired,
    NotYet,
}

impl Authority {
    pub fn new(name: &str) -> Self {
        Self::of(name, params(name))
    }

    /// Returns a certificate authority that may issue certificates only for names below `domain`.
    pub fn only_for(name: &str, domain: &str) -> Self {
        let permitted_subtrees = vec![GeneralSubtree::DnsName(domain.to_owned())];
        let name_constraints = Some(NameConstraints { permitted_subtrees, excluded_subtrees: Vec::new() });
        let mut params = params(name);
        params.name_constraints = name_constraints;
        Self::of(name, params)
    }

    fn of(name: &str, params: CertificateParams) -> Self {
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        let (pem, der, key_der) = (certificate.pem(), certificate.der().clone(), key.serialize_der());
        Self { pem, name: name.to_owned(), der, issuer: Issuer::new(params, key), key: key_der }
    }

    /// Returns a renewed certificate of this authority. It has the same name and key as before, but a new validity
    /// period.
    pub fn renewed(&self) -> String {
        let key = KeyPair::try_from(self.key.as_slice()).unwrap();
        let mut params = params(&self.name);
        params.not_after = date_time_ymd(2998, 1, 1);
        params.self_signed(&key).unwrap().pem()
    }

    /// Returns the authority's certificate in DER format.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// Returns the authority's certificate in OpenSSL's trusted format, which `openssl x509 -addtrust serverAuth`
    /// writes.
    pub fn trusted_pem(&self) -> String {
        let notes = [0x30, 0x0c, 0x30, 0x0a, 6, 8, 0x2b, 6, 1, 5, 5, 7, 3, 1];
        let text = base64::engine::general_purpose::STANDARD.encode([&self.der, &notes[..]].concat());
        format!("-----BEGIN TRUSTED CERTIFICATE-----\n{text}\n-----END TRUSTED CERTIFICATE-----\n")
    }

    /// Writes the authority's certificate to a file in `folder`, and returns the file's path.
    pub fn write(&self, folder: &Path) -> PathBuf {
        let path = folder.join("authority.pem");
        std::fs::write(&path, &self.pem).unwrap();
        path
    }

    /// Returns the TLS configuration for a server with these host names.
    pub fn server(&self, names: &[&str]) -> Arc<ServerConfig> {
        self.server_of(names, Validity::Now)
    }

    /// Returns a client certificate that this authority signed, and the certificate's private key (PKCS#8), both in
    /// PEM.
    pub fn client(&self) -> (String, String) {
        let mut params = leaf(&["client.example"], Validity::Now);
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        let key = KeyPair::generate().unwrap();
        (params.signed_by(&key, &self.issuer).unwrap().pem(), key.serialize_pem())
    }

    /// Returns the TLS configuration of a server on localhost that speaks only the TLS version `version`. The server
    /// demands a client certificate that this authority signed.
    pub fn demanding(&self, version: &'static rustls::SupportedProtocolVersion) -> Arc<ServerConfig> {
        let key = KeyPair::generate().unwrap();
        let certificate = leaf(&["localhost"], Validity::Now).signed_by(&key, &self.issuer).unwrap();
        let mut roots = rustls::RootCertStore::empty();
        roots.add(self.der.clone()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let verifier = rustls::server::WebPkiClientVerifier::builder_with_provider(roots.into(), Arc::clone(&provider));
        let builder = ServerConfig::builder_with_provider(provider).with_protocol_versions(&[version]).unwrap();
        let builder = builder.with_client_cert_verifier(verifier.build().unwrap());
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        Arc::new(builder.with_single_cert(vec![certificate.der().clone()], key).unwrap())
    }

    /// Returns the TLS configuration for a server on localhost. The server's certificate is valid only for TLS clients.
    pub fn for_clients(&self) -> Arc<ServerConfig> {
        let mut params = leaf(&["localhost"], Validity::Now);
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        config(certificate.der().clone(), key.serialize_der())
    }

    /// Returns the TLS configuration for a server with these host names and a certificate with this validity period.
    pub fn server_of(&self, names: &[&str], validity: Validity) -> Arc<ServerConfig> {
        let key = KeyPair::generate().unwrap();
        let certificate = leaf(names, validity).signed_by(&key, &self.issuer).unwrap();
        config(certificate.der().clone(), key.serialize_der())
    }

    /// Returns the TLS configuration for a server that wrongly uses the authority's own certificate.
    pub fn itself(&self) -> Arc<ServerConfig> {
        config(self.der.clone(), self.key.clone())
    }
}

/// Returns the TLS configuration and the issuer's certificate from a file in `tests/data/certificates`.
pub fn prepared(name: &str) -> (Arc<ServerConfig>, String) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/certificates").join(name);
    let text = std::fs::read_to_string(path).unwrap();
    let mut certificates = CertificateDer::pem_slice_iter(text.as_bytes());
    let key = PrivateKeyDer::from_pem_slice(text.as_bytes()).unwrap();
    let tls = config(certificates.next().unwrap().unwrap(), key.secret_der().to_vec());
    let issuer = text.rsplit_once("-----BEGIN CERTIFICATE").unwrap().1;
    (tls, format!("-----BEGIN CERTIFICATE{issuer}"))
}

fn params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::new([]).unwrap();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
    params.subject_alt_names = CertificateParams::new(["localhost".to_owned()]).unwrap().subject_alt_names;
    params
}

/// Returns the TLS configuration for a server with a self-signed certificate for these names.
pub fn self_signed(names: &[&str]) -> Arc<ServerConfig> {
    let key = KeyPair::generate().unwrap();
    let certificate = leaf(names, Validity::Now).self_signed(&key).unwrap();
    config(certificate.der().clone(), key.serialize_der())
}

fn leaf(names: &[&str], validity: Validity) -> CertificateParams {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut params = CertificateParams::new(names).unwrap();
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    (params.not_before, params.not_after) = match validity {
        Validity::Now => (date_time_ymd(2000, 1, 1), date_time_ymd(2999, 1, 1)),
        Validity::Expired => (date_time_ymd(2000, 1, 1), date_time_ymd(2001, 1, 1)),
        Validity::NotYet => (date_time_ymd(2998, 1, 1), date_time_ymd(2999, 1, 1)),
    };
    params
}

fn config(certificate: CertificateDer<'static>, key: Vec<u8>) -> Arc<ServerConfig> {
    let key = PrivateKeyDer::try_from(key).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    Arc::new(builder.with_no_client_auth().with_single_cert(vec![certificate], key).unwrap())
}
