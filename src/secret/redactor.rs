//! The removal of secrets from a server's text before it is shown or stored.
//!
//! A server may repeat the request in its error message, and debugging proxies do. Two rules apply:
//!
//! - Every piece of a known secret with at least [`SHORTEST_PIECE`] letters and digits is removed: as it is, in another
//!   case, percent-encoded, escaped for JSON or HTML, in base64 or in hexadecimal, and with other characters in between.
//! - Everything that looks like a JWT is removed (RFC 7519; five parts: RFC 7516), even if it is cut off.
//!
//! The text is compared in several readings: as it is, and with its escapes decoded up to [`DEPTH`] times.

use std::collections::HashSet;

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;

use super::Secret;

/// The text that replaces a secret.
pub const PLACEHOLDER: &str = "[secret]";
/// The minimum length, in letters and digits, of a piece of a secret that is removed from a text. Fewer say too little
/// to be of use.
const SHORTEST_PIECE: usize = 12;
/// The minimum length of a secret that is removed, in characters.
const SHORTEST_SECRET: usize = 4;
/// The maximum depth of nested escapes that are decoded.
const DEPTH: usize = 4;
/// The maximum length, in characters, of a text that is kept and searched for secrets. Messages quote less of it; the
/// rest is dropped.
const LONGEST_TEXT: usize = 8192;
/// The minimum length of text that counts as a JWT, in characters.
const SHORTEST_TOKEN: usize = 10;
/// The minimum length, in characters, of a line that counts as the continuation of a JWT from the previous line.
const SHORTEST_LINE: usize = 20;

/// A decoded character, with the range of bytes in the original text that encode it.
#[derive(Clone, Copy)]
struct Letter {
    character: char,
    from: usize,
    to: usize,
}

/// The secrets of one exchange with a server, which are removed from the server's answers.
#[derive(Debug, Clone, Default)]
pub struct Redactor {
    secrets: Vec<Secret>,
}

impl Redactor {
    /// Creates a redactor that removes `secrets`, and whatever looks like a JWT.
    pub fn of<'a>(secrets: impl IntoIterator<Item = &'a Secret>) -> Self {
        Self { secrets: secrets.into_iter().cloned().collect() }
    }

    /// Returns `text` with each secret replaced by [`PLACEHOLDER`]. Drops what follows the first 8,192 characters.
    pub fn redact(&self, text: &str) -> String {
        let end = text.char_indices().nth(LONGEST_TEXT).map_or(text.len(), |(end, _)| end);
        let text = text.get(..end).unwrap_or_default();
        if text.is_empty() {
            // The forms of a session token take longer than the rest of a short call.
            return String::new();
        }
        let forms = Forms::of(&self.secrets);
        let mut is_secret = vec![false; text.len()];
        let mut reading: Vec<Letter> = as_it_is(text);
        for _ in 0..=DEPTH {
            mark_tokens(&reading, &mut is_secret);
            forms.mark(&reading, &mut is_secret);
            let decoded = decoded(&reading);
            if decoded.len() == reading.len() {
                break;
            }
            reading = decoded;
        }
        replaced(text, &mut is_secret)
    }
}

/// The encoded forms of secrets that are searched for in a text. Those of letters and digits are in lower case and
/// without anything else.
#[derive(Default)]
struct Forms {
    pieces: HashSet<Vec<u8>>,
    /// The encoded forms of secrets that have fewer letters and digits than `SHORTEST_PIECE`. A search looks only for
    /// the whole form.
    short: Vec<Vec<u8>>,
    /// The short secrets, each as a list of characters. A search looks for these characters without any decoding.
    exact: Vec<Vec<char>>,
}

impl Forms {
    fn of(secrets: &[Secret]) -> Self {
        let mut forms = Self::default();
        for secret in secrets.iter().map(Secret::expose) {
            let encoded: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
            let raw = squeezed(secret.bytes());
            if raw.len() < SHORTEST_PIECE && secret.chars().count() >= SHORTEST_SECRET {
                forms.exact.push(secret.chars().collect());
            }
            forms.add(raw);
            for bytes in [secret.as_bytes(), encoded.as_bytes()] {
                forms.add(bytes.iter().flat_map(|byte| format!("{byte:02x}").into_bytes()).collect());
                // Other bytes may precede the secret, so it may begin at any of three places in a group.
                for skipped in 0..3 {
                    let inner = bytes.get(skipped..).unwrap_or_default();
                    let whole = inner.get(..inner.len() / 3 * 3).unwrap_or_default();
                    forms.add(squeezed(STANDARD_NO_PAD.encode(whole).bytes()));
                }
            }
        }
        forms
    }

    fn add(&mut self, form: Vec<u8>) {
        match form.len() {
            0..SHORTEST_SECRET => {}
            SHORTEST_SECRET..SHORTEST_PIECE => self.short.push(form),
            _ => self.pieces.extend(form.windows(SHORTEST_PIECE).map(<[u8]>::to_vec)),
        }
    }

    fn mark(&self, reading: &[Letter], is_secret: &mut [bool]) {
        let letters: Vec<Letter> =
            reading.iter().copied().filter(|letter| letter.character.is_ascii_alphanumeric()).collect();
        let squeezed: Vec<u8> = letters.iter().map(|letter| letter.character.to_ascii_lowercase() as u8).collect();
        let mut mark = |first: &Letter, last: &Letter| {
            is_secret.get_mut(first.from..last.to).into_iter().flatten().for_each(|mark| *mark = true);
        };
        for (window, place) in squeezed.windows(SHORTEST_PIECE).zip(letters.windows(SHORTEST_PIECE)) {
            if let ([first, .., last], true) = (place, self.pieces.contains(window)) {
                mark(first, last);
            }
        }
        for short in &self.short {
            for (window, place) in squeezed.windows(short.len()).zip(letters.windows(short.len())) {
                if let ([first, .., last], true) = (place, window == short) {
                    mark(first, last);
                }
            }
        }
        for exact in &self.exact {
            for place in reading.windows(exact.len()) {
                let is_here = place.iter().map(|letter| letter.character).eq(exact.iter().copied());
                if let ([first, .., last], true) = (place, is_here) {
                    mark(first, last);
                }
            }
        }
    }
}

impl Drop for Forms {
    fn drop(&mut self) {
        use zeroize::Zeroize;
        self.pieces.drain().for_each(|mut piece| piece.zeroize());
        self.short.zeroize();
        self.exact.zeroize();
    }
}

/// Returns the ASCII letters and digits in `bytes`, in lower case.
fn squeezed(bytes: impl Iterator<Item = u8>) -> Vec<u8> {
    bytes.filter(u8::is_ascii_alphanumeric).map(|byte| byte.to_ascii_lowercase()).collect()
}

fn as_it_is(text: &str) -> Vec<Letter> {
    let letter = |(from, character): (usize, char)| Letter { character, from, to: from + character.len_utf8() };
    text.char_indices().map(letter).collect()
}

/// Returns the text with all escapes of URLs, JSON and HTML decoded once. Characters without a width are left out.
fn decoded(reading: &[Letter]) -> Vec<Letter> {
    let mut decoded = Vec::with_capacity(reading.len());
    let mut rest = reading;
    while let [first, ..] = rest {
        let (character, length) = escape(rest).unwrap_or((first.character, 1));
        let (taken, after) = rest.split_at(length.min(rest.len()));
        if let Some(last) = taken.last().filter(|_| !is_invisible(character)) {
            decoded.push(Letter { character, from: first.from, to: last.to });
        }
        rest = after;
    }
    decoded
}

fn is_invisible(character: char) -> bool {
    matches!(character, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
        || (character.is_control() && !character.is_whitespace())
}

/// Decodes the escape sequence at the start of `reading`. Returns the decoded character and the sequence's length, or
/// `None` if there is no escape sequence.
fn escape(reading: &[Letter]) -> Option<(char, usize)> {
    let at = |index: usize| reading.get(index).map(|letter| letter.character);
    let number = |from: usize, digits: usize, radix: u32| {
        let digits = reading.get(from..from + digits)?.iter();
        digits.map(|letter| letter.character.to_digit(radix)).try_fold(0, |sum, digit| Some(sum * radix + digit?))
    };
    let character = |code: Option<u32>| char::from_u32(code?);
    match (at(0)?, at(1)?) {
        ('%', _) => Some((character(number(1, 2, 16))?, 3)),
        ('\\', 'u') => Some((character(number(2, 4, 16))?, 6)),
        ('\\', 'x') => Some((character(number(2, 2, 16))?, 4)),
        ('\\', escaped @ ('/' | '\\' | '"' | '\'')) => Some((escaped, 2)),
        ('&', '#') => {
            let (from, radix) = if matches!(at(2)?, 'x' | 'X') { (3, 16) } else { (2, 10) };
            let digits = reading.get(from..)?.iter().take(7).take_while(|letter| letter.character.is_digit(radix));
            let digits = digits.count();
            (digits > 0 && at(from + digits)? == ';').then_some(())?;
            Some((character(number(from, digits, radix))?, from + digits + 1))
        }
        ('&', _) => {
            let name: String = reading.iter().take(6).map(|letter| letter.character).collect();
            let names = [("&amp;", '&'), ("&lt;", '<'), ("&gt;", '>'), ("&quot;", '"'), ("&apos;", '\'')];
            let (name, character) = names.into_iter().find(|(known, _)| name.starts_with(known))?;
            Some((character, name.len()))
        }
        _ => None,
    }
}

/// Marks everything that looks like a JWT: base64url text that starts like an encoded JSON object, followed by a dot
/// and more parts.
fn mark_tokens(reading: &[Letter], is_secret: &mut [bool]) {
    let mut at = 0;
    while at < reading.len() {
        let length = token_at(reading.get(at..).unwrap_or_default());
        if let (Some(first), Some(last)) = (reading.get(at), reading.get(at + length.saturating_sub(1)))
            && length > 0
        {
            is_secret.get_mut(first.from..last.to).into_iter().flatten().for_each(|mark| *mark = true);
        }
        at += length.max(1);
    }
}

/// Returns the length of the JWT at the start of `reading`, in characters, or 0 if no JWT is there.
fn token_at(reading: &[Letter]) -> usize {
    let start: String = reading.iter().take(3).map(|letter| letter.character).collect();
    // `{"`; and an object that begins with white space, which only counts with a second part.
    let (is_object, needs_dot) = (start == "eyJ", ["eyA", "ewo", "ew0", "ewk"].contains(&start.as_str()));
    if !is_object && !needs_dot {
        return 0;
    }
    let run = |from: usize| {
        reading.get(from..).unwrap_or_default().iter().take_while(|letter| is_base64(letter.character)).count()
    };
    let is = |index: usize, wanted: &dyn Fn(char) -> bool| reading.get(index).is_some_and(|l| wanted(l.character));
    let mut end = run(0);
    if end < SHORTEST_TOKEN || (needs_dot && !is(end, &|character| character == '.')) {
        return 0;
    }
    loop {
        let is_dotted = is(end, &|character| character == '.')
            && is(end + 1, &|character| character == '.' || is_base64(character));
        if is_dotted {
            end += 1;
            end += run(end);
            continue;
        }
        let gap = reading.get(end..).unwrap_or_default().iter().take_while(|l| l.character.is_whitespace()).count();
        let line = run(end + gap);
        if gap > 0 && line >= SHORTEST_LINE {
            end += gap + line;
            continue;
        }
        return end;
    }
}

fn is_base64(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '-' | '_' | '+' | '/' | '=')
}

/// Returns the text with each marked run of bytes replaced by [`PLACEHOLDER`]. A run takes the letters and digits
/// around it with it: they belong to the same encoded text.
fn replaced(text: &str, is_secret: &mut [bool]) -> String {
    spread(is_secret.iter_mut().zip(text.bytes()));
    spread(is_secret.iter_mut().zip(text.bytes()).rev());
    let mut shown = String::with_capacity(text.len());
    let mut was_secret = false;
    for (index, character) in text.char_indices() {
        match is_secret.get(index) {
            Some(true) if !was_secret => shown.push_str(PLACEHOLDER),
            Some(true) => {}
            _ => shown.push(character),
        }
        was_secret = is_secret.get(index) == Some(&true);
    }
    shown
}

/// Extends each marked run to the letters and digits that directly follow it.
fn spread<'m>(marked: impl Iterator<Item = (&'m mut bool, u8)>) {
    let mut follows = false;
    for (mark, byte) in marked {
        *mark |= follows && byte.is_ascii_alphanumeric();
        follows = *mark && byte.is_ascii_alphanumeric();
    }
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
    use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

    use super::*;

    const TOKEN: &str = "q1W2e3R4t5Y6u7I8-o9P0_a1S2d3F4g5H6j7K8l9";

    fn redacted(text: &str) -> String {
        Redactor::of(&[Secret::new(TOKEN)]).redact(text)
    }

    /// Returns a secret in every form in which a server may repeat it.
    fn ways(secret: &str) -> Vec<String> {
        let every_byte: String = secret.bytes().map(|byte| format!("%{byte:02x}")).collect();
        let entities: String = secret.chars().map(|letter| format!("&#{};", letter as u32)).collect();
        let escaped: String = secret.chars().map(|letter| format!("\\u{:04X}", letter as u32)).collect();
        let mut ways = vec![
            secret.to_owned(),
            secret.to_uppercase(),
            secret.to_lowercase(),
            utf8_percent_encode(secret, NON_ALPHANUMERIC).to_string(),
            utf8_percent_encode(&every_byte, NON_ALPHANUMERIC).to_string(),
            every_byte.to_uppercase(),
            every_byte,
            entities,
            escaped,
            secret.bytes().map(|byte| format!("{byte:02X}")).collect(),
            secret.chars().map(|letter| format!("{letter}\u{200b}")).collect(),
            secret.chars().collect::<Vec<_>>().chunks(7).map(String::from_iter).collect::<Vec<_>>().join("\r\n  "),
        ];
        for before in ["", "a", "ab", "client-id:"] {
            for after in ["", "c", "&x=y"] {
                ways.push(STANDARD.encode(format!("{before}{secret}{after}")));
                ways.push(URL_SAFE_NO_PAD.encode(format!("{before}{secret}{after}")));
            }
        }
        ways
    }

    #[test]
    fn secret_is_removed_in_every_encoding() {
        for way in ways(TOKEN) {
            let shown = redacted(&format!("cannot use '{way}' here"));
            let inner = shown.strip_prefix("cannot use '").unwrap().strip_suffix("' here").unwrap();
            assert_eq!(inner.matches(PLACEHOLDER).count(), 1, "{way}: {shown}");
            assert!(!inner.replace(PLACEHOLDER, "").contains(char::is_alphanumeric), "{way}: {shown}");
        }
    }

    #[test]
    fn pieces_of_a_secret_are_removed_from_twelve_characters() {
        for (from, length) in [(0, 13), (5, 13), (20, 14), (0, 30)] {
            let piece = &TOKEN[from..from + length];
            assert_eq!(redacted(&format!("got {piece}… back")), "got [secret]… back", "{piece}");
        }
        assert_eq!(redacted("got q1W2e3R4 back"), "got q1W2e3R4 back");
    }

    #[test]
    fn text_around_a_secret_stays() {
        let shown = redacted(&format!("refresh_token={TOKEN}&client_id=abc is wrong: {TOKEN}, {TOKEN}"));
        assert_eq!(shown, "refresh_token=[secret]&client_id=abc is wrong: [secret], [secret]");
        let innocent =
            "AADSTS50105: user 'kim@corp.example' is not assigned. Trace ID: 9d1c0000-1111-2222-3333-444455556666";
        assert_eq!(redacted(innocent), innocent);
        assert_eq!(redacted("Prüfung für „Zoë“ 100% %zz &nope; \\"), "Prüfung für „Zoë“ 100% %zz &nope; \\");
    }

    #[test]
    fn short_and_odd_secrets_are_removed_whole() {
        for secret in ["hunter2", "pässwört", "!$%&/()=?", "a b+c/d", "pa55", "100%25 sure"] {
            let redactor = Redactor::of(&[Secret::new(secret)]);
            let shown = redactor.redact(&format!("the secret <{secret}> is wrong"));
            assert!(!shown.contains(secret) && shown.contains(PLACEHOLDER), "{secret}: {shown}");
            let encoded: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
            let basic = STANDARD.encode(format!("id:{secret}"));
            let shown = redactor.redact(&format!("<{basic}>"));
            assert!(secret.len() < 6 || !shown.contains(&basic), "{secret}: {shown}");
            assert!(encoded.len() < 6 || !redactor.redact(&format!("<{encoded}>")).contains(&encoded), "{encoded}");
        }
        assert_eq!(Redactor::of(&[Secret::new("")]).redact("any text"), "any text");
    }

    #[test]
    fn everything_like_a_jwt_is_removed() {
        let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"RS256"}"#);
        let spaced = URL_SAFE_NO_PAD.encode("{\n  \"alg\": \"RS256\" }");
        let payload = URL_SAFE_NO_PAD.encode(r#"{"sub":"0001","email":"kim@corp.example"}"#);
        let percent = |text: &str| text.replace('.', "%2E");
        for token in [
            format!("{header}.{payload}.c2lnbmF0dXJl"),
            format!("{header}.{payload}."),
            format!("{header}.{payload}"),
            format!("{header}.{}", &payload[..9]),
            header.clone(),
            header[..12].to_owned(),
            format!("{header}..aXY.Y2lwaGVydGV4dA.dGFn"),
            format!("{header}.a2V5.aXY.Y2lwaGVydGV4dA.dGFn"),
            format!("{spaced}.{payload}.c2lnbmF0dXJl"),
            percent(&format!("{header}.{payload}.c2lnbmF0dXJl")),
            format!("{header}.{}\n{}", &payload[..20], &payload[20..]),
        ] {
            let shown = Redactor::default().redact(&format!("Bearer {token}, which expired"));
            assert!(shown.starts_with("Bearer [secret]") && shown.ends_with(", which expired"), "{token}: {shown}");
            assert!(!shown.contains(&payload[..9]) && !shown.contains("c2lnb"), "{shown}");
        }
        for innocent in ["keyJob.example.com", "eyJ", "eye.example", "ewoks.example.com are", "cognito-idp.eu-west-1"] {
            assert_eq!(Redactor::default().redact(innocent), innocent);
        }
    }

    #[test]
    fn long_texts_are_cut_before_they_are_searched() {
        let long = format!("{}{TOKEN}", "x".repeat(LONGEST_TEXT - 20));
        let shown = redacted(&long);
        assert!(!shown.contains(&TOKEN[..15]) && shown.chars().count() <= LONGEST_TEXT, "{}", shown.len());
    }
}
