//! Display of text such that even invisible and look-alike characters can be recognized.

use std::fmt::Write as _;

use icu_normalizer::ComposingNormalizerBorrowed;

use crate::error::shortened;

/// Pairs of a Cyrillic or Greek letter and the Latin letter that it looks like.
const LOOK_ALIKES: &[(char, char)] = &[
    ('\u{410}', 'A'),
    ('\u{412}', 'B'),
    ('\u{415}', 'E'),
    ('\u{41a}', 'K'),
    ('\u{41c}', 'M'),
    ('\u{41d}', 'H'),
    ('\u{41e}', 'O'),
    ('\u{420}', 'P'),
    ('\u{421}', 'C'),
    ('\u{422}', 'T'),
    ('\u{423}', 'Y'),
    ('\u{425}', 'X'),
    ('\u{406}', 'I'),
    ('\u{408}', 'J'),
    ('\u{405}', 'S'),
    ('\u{430}', 'a'),
    ('\u{435}', 'e'),
    ('\u{43e}', 'o'),
    ('\u{440}', 'p'),
    ('\u{441}', 'c'),
    ('\u{443}', 'y'),
    ('\u{445}', 'x'),
    ('\u{456}', 'i'),
    ('\u{458}', 'j'),
    ('\u{455}', 's'),
    ('\u{501}', 'd'),
    ('\u{391}', 'A'),
    ('\u{392}', 'B'),
    ('\u{395}', 'E'),
    ('\u{396}', 'Z'),
    ('\u{397}', 'H'),
    ('\u{399}', 'I'),
    ('\u{39a}', 'K'),
    ('\u{39c}', 'M'),
    ('\u{39d}', 'N'),
    ('\u{39f}', 'O'),
    ('\u{3a1}', 'P'),
    ('\u{3a4}', 'T'),
    ('\u{3a5}', 'Y'),
    ('\u{3a7}', 'X'),
    ('\u{3bf}', 'o'),
];

/// Returns the Latin letter that looks like `c`, a letter of another script, or `None` if no Latin letter does.
pub(super) fn latin(c: char) -> Option<char> {
    LOOK_ALIKES.iter().find(|(known, _)| *known == c).map(|(_, latin)| *latin)
}

/// Returns whether a character is invisible, or changes the direction or form of other characters.
pub(super) fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{180e}' | '\u{200b}'
            ..='\u{200f}' | '\u{202a}'
            ..='\u{202e}' | '\u{2060}'
            ..='\u{206f}' | '\u{fe00}'
            ..='\u{fe0f}' | '\u{feff}'
    )
}

fn is_combining(c: char) -> bool {
    matches!(
        c,
        '\u{300}'..='\u{36f}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}' | '\u{20d0}'..='\u{20ff}' | '\u{fe20}'..='\u{fe2f}'
    )
}

/// Returns `text` in Unicode's form NFKC, in which characters with the same meaning are equal
/// (<https://www.unicode.org/reports/tr15/>).
pub(super) fn composed(text: &str) -> String {
    if text.is_ascii() {
        return text.to_owned();
    }
    ComposingNormalizerBorrowed::new_nfkc().normalize(text).into_owned()
}

/// Returns `text` with escapes in place of invisible and look-alike characters.
pub(super) fn visible(text: &str) -> String {
    let has_latin = text.chars().any(|c| c.is_ascii_alphabetic());
    let looks_ascii = |c: char| {
        let composed = if c.is_ascii() { String::new() } else { composed(c.encode_utf8(&mut [0; 4])) };
        composed.len() == 1
    };
    let is_hidden = |c: char| {
        c.is_control() || is_invisible(c) || is_combining(c) || looks_ascii(c) || (has_latin && latin(c).is_some())
    };
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match is_hidden(c) {
            // Writing to a String does not fail.
            true => drop(write!(shown, "\\u{{{:x}}}", u32::from(c))),
            false => shown.push(c),
        }
    }
    shown
}

/// Returns a claim's name unchanged or, if the name has unusual characters, in quotes and with escapes.
pub(super) fn named(claim: &str) -> String {
    match claim.chars().all(|c| c.is_ascii_graphic()) {
        true => claim.to_owned(),
        false => quoted(claim, claim.len()),
    }
}

/// Returns `text` shortened, in quotes, and with escapes for invisible and look-alike characters.
pub(super) fn quoted(text: &str, longest: usize) -> String {
    format!("'{}'", shortened(&visible(&shortened(text, longest)), 2 * longest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_that_look_alike_are_told_apart() {
        for (text, shown) in [
            ("Admin", "Admin"),
            ("M\u{fc}ller", "M\u{fc}ller"),
            ("Mu\u{308}ller", r"Mu\u{308}ller"),
            ("\u{410}dmin", r"\u{410}dmin"),
            ("\u{410}\u{434}\u{43c}\u{438}\u{43d}", "\u{410}\u{434}\u{43c}\u{438}\u{43d}"),
            ("Ad\u{200b}min", r"Ad\u{200b}min"),
            ("a\u{a0}b", r"a\u{a0}b"),
            ("\u{ff21}dmin", r"\u{ff21}dmin"),
            ("a\tb\u{1b}", r"a\u{9}b\u{1b}"),
            ("\u{65e5}\u{672c}", "\u{65e5}\u{672c}"),
        ] {
            assert_eq!(visible(text), shown);
        }
        assert_eq!((named("custom:roles"), named("custom:roles ")), ("custom:roles".into(), "'custom:roles '".into()));
        assert_eq!(quoted(&"x".repeat(9), 5), "'xxxxx…'");
        assert!(quoted(&"\u{200b}".repeat(9), 5).chars().count() < 20);
    }
}
