//! Decoding of text in UTF-8, with or without a byte-order mark, and in UTF-16, which Windows PowerShell writes for `>`
//! (<https://learn.microsoft.com/en-us/powershell/module/microsoft.powershell.core/about/about_character_encoding>).

use std::fmt;

/// The reason why bytes could not be decoded as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotText {
    /// The bytes are neither UTF-8 nor UTF-16.
    Unknown,
    /// The bytes are UTF-16 that is truncated or damaged.
    DamagedUtf16,
    /// The bytes are UTF-32.
    Utf32,
}

impl fmt::Display for NotText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unknown => "it is neither UTF-8 nor UTF-16 text: save it as UTF-8",
            Self::DamagedUtf16 => "it is UTF-16 text that is cut or damaged: save it as UTF-8",
            Self::Utf32 => "it is UTF-32 text: save it as UTF-8",
        })
    }
}

/// Decodes `bytes` as text, and removes a byte-order mark. UTF-16 without a mark is recognized by a zero byte beside
/// the first two characters, as every text that begins in ASCII has it.
///
/// # Errors
/// [`NotText`].
pub fn decoded(bytes: Vec<u8>) -> Result<String, NotText> {
    match bytes.as_slice() {
        [0xff, 0xfe, 0, 0, ..] | [0, 0, 0xfe, 0xff, ..] => Err(NotText::Utf32),
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes),
        [1..=0xff, 0, 1..=0xff, 0, ..] => utf16(&bytes, u16::from_le_bytes),
        [0, 1..=0xff, 0, 1..=0xff, ..] => utf16(&bytes, u16::from_be_bytes),
        [0xef, 0xbb, 0xbf, rest @ ..] => String::from_utf8(rest.to_vec()).map_err(|_| NotText::Unknown),
        _ => String::from_utf8(bytes).map_err(|_| NotText::Unknown),
    }
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<String, NotText> {
    let (units, rest) = bytes.as_chunks::<2>();
    let text: Result<String, _> = char::decode_utf16(units.iter().copied().map(unit)).collect();
    text.ok().filter(|_| rest.is_empty()).ok_or(NotText::DamagedUtf16)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_units(mark: &[u8], text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
        mark.iter().copied().chain(text.encode_utf16().flat_map(bytes)).collect()
    }

    #[test]
    fn text_is_read_in_every_encoding_of_windows() {
        let text = "{\"Zoë\": \"👩‍💻\"}\r\n";
        for bytes in [
            text.as_bytes().to_vec(),
            [b"\xef\xbb\xbf", text.as_bytes()].concat(),
            of_units(b"\xff\xfe", text, u16::to_le_bytes),
            of_units(b"\xfe\xff", text, u16::to_be_bytes),
            of_units(b"", text, u16::to_le_bytes),
            of_units(b"", text, u16::to_be_bytes),
        ] {
            assert_eq!(decoded(bytes.clone()).as_deref(), Ok(text), "{bytes:?}");
        }
        assert_eq!(decoded(Vec::new()).as_deref(), Ok(""));
        assert_eq!(decoded(b"\xff\xfe".to_vec()).as_deref(), Ok(""));
    }

    #[test]
    fn bytes_that_are_no_text_are_refused() {
        for (bytes, expected) in [
            (&b"M\xfcller"[..], NotText::Unknown),
            (b"\xef\xbb\xbf\xff", NotText::Unknown),
            (b"\xff\xfea\0b", NotText::DamagedUtf16),
            (b"\xff\xfe\0\xd8", NotText::DamagedUtf16),
            (b"\xff\xfe\0\0{\0\0\0", NotText::Utf32),
            (b"\0\0\xfe\xff", NotText::Utf32),
        ] {
            assert_eq!(decoded(bytes.to_vec()), Err(expected), "{bytes:?}");
            assert!(expected.to_string().ends_with("save it as UTF-8"));
        }
    }
}
