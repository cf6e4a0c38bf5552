//! The parts of DER (ITU-T X.690) that bundles need: a certificate's end, its subject, and the notes that OpenSSL
//! appends. Signatures and all that verification uses are read by rustls.

use crate::error::shortened;

const BIT_STRING_OR_TEXT: u8 = 0x1f;
pub(super) const SEQUENCE: u8 = 0x30;
pub(super) const OBJECT_IDENTIFIER: u8 = 0x06;
const SET: u8 = 0x31;
const UTF8_STRING: u8 = 0x0c;
const UNIVERSAL_STRING: u8 = 0x1c;
const BMP_STRING: u8 = 0x1e;
/// The DER tag of the list of rejected purposes in the notes that OpenSSL appends to a certificate.
const REJECTED: u8 = 0xa0;

/// `serverAuth` (RFC 5280, section 4.2.1.12), in DER.
const SERVER_AUTH: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 3, 1];
/// `anyExtendedKeyUsage`, in DER.
const ANY_PURPOSE: &[u8] = &[0x55, 0x1d, 0x25, 0];

/// The name attributes to show (RFC 4519, section 2): `N` of each object identifier `2.5.4.N`, and the label of the
/// attribute.
const ATTRIBUTES: &[(u8, &str)] =
    &[(3, "CN"), (10, "O"), (11, "OU"), (6, "C"), (7, "L"), (8, "ST"), (5, "serialNumber")];
/// The maximum length of a subject in a message, in characters.
const LONGEST_SUBJECT: usize = 200;

/// One element of DER.
pub(super) struct Element<'a> {
    pub tag: u8,
    pub content: &'a [u8],
    /// The element itself, with its tag and length.
    pub whole: &'a [u8],
    /// The bytes after the element.
    pub rest: &'a [u8],
}

/// Returns the first DER element in `bytes`, or `None` if `bytes` do not begin with a valid element.
pub(super) fn element(bytes: &[u8]) -> Option<Element<'_>> {
    let (&tag, after) = bytes.split_first()?;
    let (&first, after) = after.split_first()?;
    // Tags and lengths in several bytes: no certificate has tags above 30, nor is it as long as 4 GiB.
    if tag & BIT_STRING_OR_TEXT == BIT_STRING_OR_TEXT {
        return None;
    }
    let (length, after) = match first {
        0..=0x7f => (usize::from(first), after),
        0x81..=0x84 => {
            let (digits, after) = after.split_at_checked(usize::from(first & 0x7f))?;
            (digits.iter().fold(0_usize, |length, digit| length << 8 | usize::from(*digit)), after)
        }
        _ => return None,
    };
    let (content, rest) = after.split_at_checked(length)?;
    let (whole, _) = bytes.split_at_checked(bytes.len() - rest.len())?;
    Some(Element { tag, content, whole, rest })
}

fn elements(bytes: &[u8]) -> impl Iterator<Item = Element<'_>> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let next = element(rest)?;
        rest = next.rest;
        Some(next)
    })
}

/// Extracts the certificate from OpenSSL's trusted form (`X509_AUX`), in which notes on trusted purposes follow the
/// certificate. Returns `None` if it is not trusted for servers, as OpenSSL's `X509_check_trust` decides: systems
/// distrust an authority in this way.
pub(super) fn trusted(bytes: &[u8]) -> Option<&[u8]> {
    let certificate = element(bytes)?;
    let Some(notes) = element(certificate.rest) else { return Some(certificate.whole) };
    let is_server = |purposes: &[u8]| {
        elements(purposes)
            .any(|purpose| purpose.tag == OBJECT_IDENTIFIER && [SERVER_AUTH, ANY_PURPOSE].contains(&purpose.content))
    };
    let is_trusted = elements(notes.content).all(|note| match note.tag {
        SEQUENCE => is_server(note.content),
        REJECTED => !is_server(note.content),
        _ => true,
    });
    is_trusted.then_some(certificate.whole)
}

/// Returns a subject as text, such as `CN=Example Root, O=Example`. `name` is the content of a Name (RFC 5280, section
/// 4.1.2.6). A part that is no text is left out.
pub fn subject(name: &[u8]) -> String {
    let sets = elements(name).filter(|set| set.tag == SET);
    let parts: Vec<String> = sets
        .flat_map(|set| elements(set.content).filter_map(|pair| attribute(pair.content)).collect::<Vec<_>>())
        .collect();
    match parts.is_empty() {
        true => "a root without a name".to_owned(),
        false => shortened(&parts.join(", "), LONGEST_SUBJECT),
    }
}

fn attribute(pair: &[u8]) -> Option<String> {
    let kind = element(pair)?;
    let value = element(kind.rest)?;
    let [0x55, 4, number] = kind.content else { return None };
    let (_, label) = ATTRIBUTES.iter().find(|(known, _)| known == number)?;
    let units = |width| value.content.chunks(width);
    let text = match value.tag {
        UTF8_STRING => String::from_utf8_lossy(value.content).into_owned(),
        BMP_STRING => {
            let units: Vec<u16> =
                units(2).map(|unit| unit.iter().fold(0, |sum, byte| sum << 8 | u16::from(*byte))).collect();
            String::from_utf16_lossy(&units)
        }
        UNIVERSAL_STRING => {
            let unit = |unit: &[u8]| unit.iter().fold(0_u32, |sum, byte| sum << 8 | u32::from(*byte));
            units(4).map(|four| char::from_u32(unit(four)).unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
        }
        // PrintableString, TeletexString and IA5String: ASCII, or Latin-1 in practice.
        0x13 | 0x14 | 0x16 => value.content.iter().map(|byte| char::from(*byte)).collect(),
        _ => return None,
    };
    Some(format!("{label}={text}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn der(tag: u8, content: &[u8]) -> Vec<u8> {
        let length = match u8::try_from(content.len()) {
            Ok(short @ 0..=0x7f) => vec![short],
            _ => [&[0x84_u8][..], &u32::try_from(content.len()).unwrap().to_be_bytes()].concat(),
        };
        [&[tag], length.as_slice(), content].concat()
    }

    fn part(number: u8, tag: u8, text: &[u8]) -> Vec<u8> {
        let pair = [der(OBJECT_IDENTIFIER, &[0x55, 4, number]), der(tag, text)].concat();
        der(SET, &der(SEQUENCE, &pair))
    }

    #[test]
    fn subject_is_readable_in_each_kind_of_text() {
        let wide = [0, 0x47, 0, 0x72, 0, 0xfc];
        let name = [
            part(6, 0x13, b"DE"),
            part(10, UTF8_STRING, "Grün & Söhne".as_bytes()),
            part(11, 0x14, b"Gr\xfcn"),
            part(7, BMP_STRING, &wide),
            part(99, 0x13, b"unknown"),
            part(8, 0x02, b"number"),
            part(3, UNIVERSAL_STRING, &[0, 0, 0, 0x52, 0, 1, 0xf6, 0]),
        ]
        .concat();
        assert_eq!(subject(&name), "C=DE, O=Grün & Söhne, OU=Grün, L=Grü, CN=R\u{1f600}");
        assert_eq!(subject(&[]), "a root without a name");
        assert_eq!(subject(&part(3, 0x13, &[b'a'; 300])).chars().count(), LONGEST_SUBJECT + 1);
    }

    #[test]
    fn element_that_is_cut_off_is_none() {
        let whole = der(SEQUENCE, &[7; 300]);
        assert_eq!(element(&whole).unwrap().content, [7; 300]);
        for end in 0..whole.len() {
            assert!(element(&whole[..end]).is_none(), "{end}");
        }
        for odd in
            [&[0x30, 0x80, 0, 0][..], &[0x30, 0x85, 0, 0, 0, 0, 0], &[0x1f, 1, 0], &[0x30, 0x84, 255, 255, 255, 255]]
        {
            assert!(element(odd).is_none(), "{odd:?}");
        }
    }

    #[test]
    fn notes_behind_a_certificate_decide_its_trust() {
        let certificate = der(SEQUENCE, b"certificate");
        let purposes = |tag, list: &[&[u8]]| {
            der(tag, &list.iter().flat_map(|oid| der(OBJECT_IDENTIFIER, oid)).collect::<Vec<_>>())
        };
        let other: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 3, 4];
        let alias = der(UTF8_STRING, b"alias");
        for (notes, is_trusted) in [
            (vec![], true),
            (alias.clone(), true),
            (purposes(SEQUENCE, &[SERVER_AUTH]), true),
            (purposes(SEQUENCE, &[other, ANY_PURPOSE]), true),
            (purposes(SEQUENCE, &[other]), false),
            (purposes(SEQUENCE, &[]), false),
            (purposes(REJECTED, &[other]), true),
            (purposes(REJECTED, &[SERVER_AUTH]), false),
            ([purposes(SEQUENCE, &[SERVER_AUTH]), purposes(REJECTED, &[ANY_PURPOSE]), alias].concat(), false),
        ] {
            let whole = [certificate.clone(), der(SEQUENCE, &notes)].concat();
            assert_eq!(trusted(&whole), is_trusted.then_some(certificate.as_slice()), "{notes:?}");
        }
        assert_eq!(trusted(&certificate), Some(certificate.as_slice()));
        assert_eq!(trusted(b"nothing"), None);
    }
}
