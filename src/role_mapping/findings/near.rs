//! Comparison of names and values that differ only in details that people overlook, such as letter case or a trailing
//! space.

use percent_encoding::percent_decode_str;

use crate::role_mapping::asserted::CUSTOM;
use crate::role_mapping::visible::{composed, is_invisible, latin};

/// The minimum length of a claim name, in characters without the prefix, for which a name that differs by one edit
/// counts as a misspelling. `TWO_EDITS` is the minimum for two edits.
const ONE_EDIT: usize = 4;
const TWO_EDITS: usize = 7;
/// The prefixes that some tokens put before an attribute's name and others do not.
const PREFIXES: &[&str] = &[CUSTOM, "cognito:", "dev:"];

/// A function that removes one kind of difference that people overlook, and a description of that difference.
type Fold = (fn(&str) -> String, &'static str);

const FOLDS: &[Fold] = &[
    (spaced, "white space"),
    (str::to_lowercase, "letter case"),
    (plain, "characters that look alike"),
    (decoded, "the encoding"),
    (unquoted, "quotation marks"),
];

/// Returns `text` in a normalized form, without the differences that people overlook.
pub(super) fn folded(text: &str) -> String {
    let text = composed(&decoded(text));
    spaced(&unquoted(&plain(&text)).to_lowercase())
}

/// Describes a difference between two texts that people overlook. Returns `None` if the texts are equal, or if they
/// also differ in another way.
pub(super) fn difference(one: &str, other: &str) -> Option<&'static str> {
    if one == other || folded(one) != folded(other) {
        return None;
    }
    Some(FOLDS.iter().find(|(fold, _)| fold(one) == fold(other)).map_or("the spelling", |(_, what)| *what))
}

fn spaced(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Returns `text` in composed Unicode, without invisible characters, and with look-alikes replaced by Latin letters.
fn plain(text: &str) -> String {
    if text.is_ascii() {
        return text.to_owned();
    }
    let visible = composed(text);
    visible.chars().filter(|c| !is_invisible(*c)).map(|c| latin(c).unwrap_or(c)).collect()
}

/// Decodes the percent-encoding and the HTML entities in `text`.
fn decoded(text: &str) -> String {
    let text = match text.contains('%') {
        true => percent_decode_str(&text.replace('+', " ")).decode_utf8().map_or_else(|_| text.to_owned(), Into::into),
        false => text.to_owned(),
    };
    if !text.contains('&') {
        return text;
    }
    let entities = [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#34;", "\""),
        ("&apos;", "'"),
        ("&#39;", "'"),
        ("&#x27;", "'"),
    ];
    let text = entities.iter().fold(text, |text, (entity, c)| text.replace(entity, c));
    text.replace("&#38;", "&").replace("&amp;", "&")
}

fn unquoted(text: &str) -> String {
    text.trim_matches(['"', '\'', '\u{201c}', '\u{201d}', '\u{2018}', '\u{2019}']).to_owned()
}

/// Returns the claim to which a rule's claim name `meant` most likely refers, or `None` if no claim has a similar name.
pub(super) fn claim<'c>(meant: &str, claims: impl Iterator<Item = &'c str> + Clone) -> Option<&'c str> {
    let bare = bare(meant);
    let same = claims.clone().find(|name| self::bare(name) == bare);
    let length = bare.chars().count();
    let is_close = |name: &str| {
        let name = self::bare(name);
        let other = name.chars().count();
        let most = match other.min(length) {
            TWO_EDITS.. => 2,
            ONE_EDIT.. => 1,
            _ => return false,
        };
        other.abs_diff(length) <= most && strsim::damerau_levenshtein(&name, &bare) <= most
    };
    same.or_else(|| claims.clone().find(|name| has_prefix(name) && is_close(name)))
}

fn has_prefix(name: &str) -> bool {
    name.starts_with(CUSTOM) || name.starts_with("extension_")
}

/// Returns a claim's name in lower case, without prefix, blanks and punctuation.
fn bare(name: &str) -> String {
    let name = folded(name);
    let mut rest = name.as_str();
    while let Some(inner) = PREFIXES.iter().find_map(|prefix| rest.strip_prefix(prefix)) {
        rest = inner;
    }
    // Entra ID and B2C name an extension after the application that defines it: `extension_0123…_AppRole`.
    if let Some(inner) = rest.strip_prefix("extension_") {
        let of_application = inner.split_once('_').filter(|(id, _)| id.len() == 32);
        rest = of_application.map_or(inner, |(_, name)| name);
    }
    rest.chars().filter(|c| c.is_alphanumeric()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overlooked_differences_are_named() {
        for (one, other, expected) in [
            ("Admin", "Admin ", Some("white space")),
            ("Finance Users", "Finance\u{a0} Users", Some("white space")),
            ("Admin", "admin", Some("letter case")),
            ("M\u{fc}ller", "Mu\u{308}ller", Some("characters that look alike")),
            ("Admin", "\u{410}dmin", Some("characters that look alike")),
            ("Admin", "Ad\u{200b}min", Some("characters that look alike")),
            ("R&D", "R&amp;D", Some("the encoding")),
            ("api:read", "api%3Aread", Some("the encoding")),
            ("team a", "team+a%20", Some("the spelling")),
            ("Admin", "'Admin'", Some("quotation marks")),
            ("Admin", "ADMIN ", Some("the spelling")),
            ("Admin", "Admin", None),
            ("Admin", "Admins", None),
            ("a+b", "a b", None),
        ] {
            assert_eq!(difference(one, other), expected, "{one:?} {other:?}");
            assert_eq!(difference(other, one), expected, "{other:?} {one:?}");
        }
    }

    #[test]
    fn misspelt_claims_lead_to_the_one_that_is_meant() {
        let token = [
            "aud",
            "cognito:groups",
            "custom:roles",
            "email",
            "extension_0123456789abcdef0123456789abcdef_AppRole",
            "sub",
        ];
        for (meant, expected) in [
            ("custom:Roles", Some("custom:roles")),
            ("roles", Some("custom:roles")),
            ("custom:roles ", Some("custom:roles")),
            ("custom:role", Some("custom:roles")),
            ("custom:rolse", Some("custom:roles")),
            ("custom%3Aroles", Some("custom:roles")),
            ("custom:custom:roles", Some("custom:roles")),
            ("dev:custom:roles", Some("custom:roles")),
            ("groups", Some("cognito:groups")),
            ("cognito:Groups", Some("cognito:groups")),
            ("custom:app_role", Some(token[4])),
            ("extension_AppRole", Some(token[4])),
            ("custom:department", None),
            ("amr", None),
        ] {
            assert_eq!(claim(meant, token.into_iter()), expected, "{meant}");
        }
    }
}
