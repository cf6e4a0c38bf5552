//! The parser for certificate bundles, which reads bundles like OpenSSL, because programs with OpenSSL use the same
//! environment variables.
//!
//! Text around the certificates, a byte-order mark and any line ends are passed over. Other forms are named, with the
//! command that converts them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rustls::pki_types::CertificateDer;

use super::der::{self, OBJECT_IDENTIFIER, SEQUENCE};

/// The UTF-8 byte-order mark. It can be amid a file as well, where several were put together.
const MARK: &[u8] = b"\xef\xbb\xbf";
/// `signedData` of PKCS#7 (RFC 2315, section 14), in DER.
const SIGNED_DATA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 2];
/// The DER tag of an integer, the first element in PKCS#12 files and private keys.
const INTEGER: u8 = 0x02;

/// The format of a file that is not a PEM file with certificates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// A certificate in DER.
    Der,
    /// PKCS#7, in DER (`true`) or in PEM (`false`).
    Pkcs7(bool),
    /// PKCS#12.
    Pkcs12,
    /// UTF-16 text, with the name of the encoding for `iconv`.
    Utf16(&'static str),
    /// A private key in PEM.
    Key,
    /// Another format, which cogfed does not recognise.
    Unknown,
}

impl Form {
    /// Returns the fault of the file as a clause for messages, to be put after the file's name and the word "which".
    pub fn fault(self) -> &'static str {
        match self {
            Self::Der => "holds a certificate in DER form, not in PEM form",
            Self::Pkcs7(_) => "is in PKCS#7 form, not in PEM form with certificates",
            Self::Pkcs12 => "is in PKCS#12 form, not in PEM form",
            Self::Utf16(_) => "is in UTF-16, not in UTF-8",
            Self::Key => "holds a private key and no certificate",
            Self::Unknown => "holds no certificate in PEM form",
        }
    }

    /// Returns the command that converts `file` to PEM, or other advice if there is no such command.
    pub fn hint(self, file: &str) -> String {
        let (file, pem) = (as_word(file), as_word(&format!("{file}.pem")));
        match self {
            Self::Der if cfg!(windows) => format!("convert it: certutil -encode {file} {pem}"),
            Self::Der => format!("convert it: openssl x509 -inform DER -in {file} -out {pem}"),
            Self::Pkcs7(is_der) => {
                let form = if is_der { " -inform DER" } else { "" };
                format!("convert it: openssl pkcs7 -print_certs{form} -in {file} -out {pem}")
            }
            Self::Pkcs12 => format!("convert it: openssl pkcs12 -nokeys -in {file} -out {pem}"),
            Self::Utf16(_) if cfg!(windows) => {
                format!("convert it: powershell Get-Content {file} ^| Set-Content -Encoding ascii {pem}")
            }
            Self::Utf16(encoding) => format!("convert it: iconv -f {encoding} -t UTF-8 {file} > {pem}"),
            Self::Key | Self::Unknown => "name a PEM file with the certificates of the authorities to trust".to_owned(),
        }
    }
}

/// Returns the certificates in `bytes`. One that cannot be decoded, or that is not trusted for servers, is left out, so
/// that it does not make the others in a large bundle unusable.
///
/// # Errors
/// The [`Form`] of the bytes if there is not one certificate in PEM form, readable or not.
pub fn certificates(bytes: &[u8]) -> Result<Vec<CertificateDer<'static>>, Form> {
    let mut certificates = Vec::new();
    let mut has_any = false;
    let mut other = Form::Unknown;
    for (label, body) in sections(bytes) {
        let body = STANDARD.decode(&body).unwrap_or_default();
        let certificate = match label {
            b"CERTIFICATE" | b"X509 CERTIFICATE" => Some(body.as_slice()),
            b"TRUSTED CERTIFICATE" => der::trusted(&body),
            b"PKCS7" | b"CMS" | b"PKCS #7 SIGNED DATA" => {
                other = Form::Pkcs7(false);
                continue;
            }
            _ => {
                if label.ends_with(b"PRIVATE KEY") && other == Form::Unknown {
                    other = Form::Key;
                }
                continue;
            }
        };
        has_any = true;
        certificates.extend(certificate.filter(|der| !der.is_empty()).map(|der| CertificateDer::from(der.to_vec())));
    }
    match has_any {
        true => Ok(certificates),
        false if other != Form::Unknown => Err(other),
        false => Err(form_of(bytes)),
    }
}

/// Returns the label and the Base64 text of each PEM section (RFC 7468). A section that does not end is passed over.
fn sections(bytes: &[u8]) -> impl Iterator<Item = (&[u8], Vec<u8>)> {
    let mut lines = bytes.split(|byte| matches!(byte, b'\n' | b'\r')).map(|line| {
        let line = line.trim_ascii();
        line.strip_prefix(MARK).unwrap_or(line).trim_ascii()
    });
    let mut section: Option<(&[u8], Vec<u8>)> = None;
    std::iter::from_fn(move || {
        loop {
            let line = lines.next()?;
            if let Some(label) = line.strip_prefix(b"-----BEGIN ").and_then(|rest| rest.strip_suffix(b"-----")) {
                section = Some((label, Vec::new()));
            } else if let Some(label) = line.strip_prefix(b"-----END ").and_then(|rest| rest.strip_suffix(b"-----")) {
                if let Some(whole) = section.take().filter(|(begun, _)| *begun == label) {
                    return Some(whole);
                }
            } else if let Some((_, body)) = &mut section {
                body.extend(line.iter().filter(|byte| !byte.is_ascii_whitespace()));
            }
        }
    })
}

/// Detects the format of `bytes`, which contain no PEM section with a certificate.
fn form_of(bytes: &[u8]) -> Form {
    if bytes.contains(&0) {
        let text: Vec<u8> = bytes.iter().copied().filter(|byte| *byte != 0).collect();
        let marked = text.strip_prefix(b"\xff\xfe").or(text.strip_prefix(b"\xfe\xff"));
        if sections(marked.unwrap_or(&text)).next().is_some() {
            return Form::Utf16(match (marked, bytes.first()) {
                (Some(_), _) => "UTF-16",
                (None, Some(0)) => "UTF-16BE",
                (None, _) => "UTF-16LE",
            });
        }
    }
    let inner = der::element(bytes).filter(|outer| outer.tag == SEQUENCE).and_then(|outer| der::element(outer.content));
    match inner {
        Some(inner) if inner.tag == SEQUENCE => Form::Der,
        Some(inner) if inner.tag == OBJECT_IDENTIFIER && inner.content == SIGNED_DATA => Form::Pkcs7(true),
        Some(inner) if inner.tag == INTEGER && inner.content == [3] => Form::Pkcs12,
        _ => Form::Unknown,
    }
}

/// Returns `path`, quoted if necessary, as one word of a shell command.
fn as_word(path: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "/\\._-~+@:,=".contains(c);
    match path.chars().all(is_plain) {
        true => path.to_owned(),
        false => format!("'{}'", path.replace('\'', "'\\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A DER element that stands for a certificate; these tests do not read its contents.
    const DER: &[u8] = &[0x30, 3, 0x30, 1, 7];
    const OTHER: &[u8] = &[0x30, 3, 0x30, 1, 8];

    fn pem(label: &str, der: &[u8]) -> String {
        format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", STANDARD.encode(der))
    }

    fn read(bytes: &[u8]) -> Result<Vec<Vec<u8>>, Form> {
        Ok(certificates(bytes)?.iter().map(|der| der.to_vec()).collect())
    }

    #[test]
    fn certificates_are_read_in_each_form_that_openssl_reads() {
        let plain = pem("CERTIFICATE", DER);
        let trusted = [DER, &[0x30, 12, 0x30, 10, 6, 8, 0x2b, 6, 1, 5, 5, 7, 3, 1]].concat();
        for text in [
            plain.clone(),
            pem("X509 CERTIFICATE", DER),
            pem("TRUSTED CERTIFICATE", &trusted),
            format!("\u{feff}{}", plain.replace('\n', "\r\n")),
            plain.replace('\n', "\r"),
            format!("Certificate:\n    Data:\n        Gr\u{fc}n\n{plain}# done"),
            format!("  {}", plain.replace('\n', "  \n  ")),
            format!("-----BEGIN CERTIFICATE-----\nbroken\n{plain}"),
            format!("{}{plain}{}", pem("PRIVATE KEY", OTHER), pem("CERTIFICATE", b"").replace("\n\n", "\n!\n")),
        ] {
            assert_eq!(read(text.as_bytes()), Ok(vec![DER.to_vec()]), "{text}");
        }
        let two = format!("\u{feff}{plain}\u{feff}{}", pem("CERTIFICATE", OTHER));
        assert_eq!(read(two.as_bytes()), Ok(vec![DER.to_vec(), OTHER.to_vec()]));
        let latin = [b"Gr\xfcn\n", plain.as_bytes()].concat();
        assert_eq!(read(&latin), Ok(vec![DER.to_vec()]));
    }

    #[test]
    fn distrusted_certificate_is_left_out() {
        let distrusted = [DER, &[0x30, 12, 0xa0, 10, 6, 8, 0x2b, 6, 1, 5, 5, 7, 3, 1]].concat();
        let text = pem("TRUSTED CERTIFICATE", &distrusted) + &pem("CERTIFICATE", OTHER);
        assert_eq!(read(text.as_bytes()), Ok(vec![OTHER.to_vec()]));
        assert_eq!(read(pem("TRUSTED CERTIFICATE", &distrusted).as_bytes()), Ok(vec![]));
    }

    #[test]
    fn other_forms_are_named_with_the_command_that_converts_them() {
        let wide = |text: &str, order: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(order).collect::<Vec<u8>>();
        let plain = pem("CERTIFICATE", DER);
        let marked = format!("\u{feff}{plain}");
        let signed = [&[0x30, 11, 6, 9], SIGNED_DATA].concat();
        for (bytes, form) in [
            (DER.to_vec(), Form::Der),
            (signed, Form::Pkcs7(true)),
            (pem("PKCS7", DER).into_bytes(), Form::Pkcs7(false)),
            (vec![0x30, 3, 2, 1, 3], Form::Pkcs12),
            (wide(&marked, u16::to_le_bytes), Form::Utf16("UTF-16")),
            (wide(&plain, u16::to_le_bytes), Form::Utf16("UTF-16LE")),
            (wide(&plain, u16::to_be_bytes), Form::Utf16("UTF-16BE")),
            (pem("EC PRIVATE KEY", DER).into_bytes(), Form::Key),
            (Vec::new(), Form::Unknown),
            (b"hello\0".to_vec(), Form::Unknown),
            (plain.as_bytes()[..40].to_vec(), Form::Unknown),
        ] {
            assert_eq!(read(&bytes), Err(form));
        }
        assert_eq!(as_word("/a b/it's.pem"), r"'/a b/it'\''s.pem'");
    }
}
