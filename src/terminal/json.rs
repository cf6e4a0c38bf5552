//! The layout of JSON on a terminal: indented and coloured, every number and string as it arrived.

use std::io::{self, Write};

use serde::de::IgnoredAny;

use super::shown_json;

/// The spaces of one level, as many as the AWS CLI prints.
const LEVEL: usize = 4;
/// The maximum number of levels. Deeper levels would be mostly spaces, and no terminal is wide enough.
const MOST_LEVELS: usize = 100;

/// The layout of a JSON text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JsonLayout {
    /// True to put each member and element on a line of its own.
    pub indents: bool,
    /// True to colour names and values.
    pub colours: bool,
}

impl JsonLayout {
    /// Returns `bytes` as text if they are one JSON text in UTF-8 (RFC 8259), and not nested deeper than 100
    /// levels.
    pub fn checked(bytes: &[u8]) -> Option<&str> {
        serde_json::from_slice::<IgnoredAny>(bytes).ok()?;
        str::from_utf8(bytes).ok().filter(|json| levels(json) <= MOST_LEVELS)
    }

    /// Writes a text from [`JsonLayout::checked`] to `out`, without a line break at its end. Every character of a string
    /// that would control a terminal is escaped; see [`shown_json`]. Everything else is written as it is, numbers and the
    /// order of members included.
    ///
    /// # Errors
    /// If `out` fails.
    pub fn write(self, json: &str, out: &mut dyn Write) -> io::Result<()> {
        let mut rest = json.trim_matches(is_space);
        let mut depth = 0_usize;
        while let Some(first) = rest.chars().next() {
            let (token, after) = rest.split_at(length_of_token(rest));
            let next = after.trim_start_matches(is_space);
            match first {
                '{' | '[' => {
                    out.write_all(token.as_bytes())?;
                    if !next.starts_with(['}', ']']) {
                        depth += 1;
                        self.new_line(depth, out)?;
                    }
                }
                '}' | ']' => out.write_all(token.as_bytes())?,
                ',' => {
                    out.write_all(token.as_bytes())?;
                    self.new_line(depth, out)?;
                }
                ':' => out.write_all(if self.indents { b": " } else { b":" })?,
                _ => self.value(token, next.starts_with(':'), out)?,
            }
            if !matches!(first, '{' | '[') && next.starts_with(['}', ']']) {
                depth = depth.saturating_sub(1);
                self.new_line(depth, out)?;
            }
            if !self.indents {
                let space = after.get(..after.len() - next.len()).unwrap_or_default();
                out.write_all(space.replace('\r', "").as_bytes())?;
            }
            rest = next;
        }
        Ok(())
    }

    fn new_line(self, depth: usize, out: &mut dyn Write) -> io::Result<()> {
        match self.indents {
            true => write!(out, "\n{:1$}", "", depth * LEVEL),
            false => Ok(()),
        }
    }

    fn value(self, token: &str, is_name: bool, out: &mut dyn Write) -> io::Result<()> {
        let shown = shown_json(token);
        let colour = match token.as_bytes().first() {
            _ if !self.colours => return out.write_all(shown.as_bytes()),
            Some(b'"') if is_name => "1;34",
            Some(b'"') => "32",
            Some(b't' | b'f' | b'n') => "33",
            _ => "36",
        };
        write!(out, "\u{1b}[{colour}m{shown}\u{1b}[0m")
    }
}

/// Returns the number of levels of a JSON text.
fn levels(json: &str) -> usize {
    let (mut depth, mut most, mut rest) = (0_usize, 0, json.trim_start_matches(is_space));
    while let Some(first) = rest.chars().next() {
        match first {
            '{' | '[' => depth += 1,
            '}' | ']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        most = most.max(depth);
        rest = rest.split_at(length_of_token(rest)).1.trim_start_matches(is_space);
    }
    most
}

fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r')
}

/// Returns the length of the token that `json` begins with, in bytes.
fn length_of_token(json: &str) -> usize {
    let mut chars = json.char_indices();
    match chars.next() {
        Some((_, '"')) => {
            let mut is_escaped = false;
            for (at, c) in chars {
                match c {
                    '"' if !is_escaped => return at + 1,
                    _ => is_escaped = c == '\\' && !is_escaped,
                }
            }
            json.len()
        }
        Some((_, '{' | '}' | '[' | ']' | ',' | ':')) => 1,
        _ => json.find(|c| is_space(c) || matches!(c, ',' | ']' | '}' | ':')).unwrap_or(json.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn laid_out(json: &str, indents: bool, colours: bool) -> String {
        let mut out = Vec::new();
        JsonLayout { indents, colours }.write(JsonLayout::checked(json.as_bytes()).unwrap(), &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn numbers_strings_and_order_are_kept() {
        let json = r#" {"b":1.0e+02,"a":[ ],"a":{},"c":[1,-0,12345678901234567890123,null],"s":"a\u0041\"\\, {[:]}","d":[[true]]} "#;
        let expected = r#"{
    "b": 1.0e+02,
    "a": [],
    "a": {},
    "c": [
        1,
        -0,
        12345678901234567890123,
        null
    ],
    "s": "a\u0041\"\\, {[:]}",
    "d": [
        [
            true
        ]
    ]
}"#;
        assert_eq!(laid_out(json, true, false), expected);
        assert_eq!(laid_out(json, false, false), json.trim());
        assert_eq!(laid_out("3", true, false), "3");
        assert_eq!(laid_out("{}", true, false), "{}");
        assert_eq!(laid_out("[\r\n\t\"\u{9b}2J\u{7f}é\"]", true, false), "[\n    \"\\u009b2J\\u007fé\"\n]");
    }

    #[test]
    fn names_and_kinds_of_values_have_colours() {
        let json = laid_out(r#"{"n": ["s", 1, false]}"#, false, true);
        let expected =
            "{\u{1b}[1;34m\"n\"\u{1b}[0m: [\u{1b}[32m\"s\"\u{1b}[0m, \u{1b}[36m1\u{1b}[0m, \u{1b}[33mfalse\u{1b}[0m]}";
        assert_eq!(json, expected);
    }

    #[test]
    fn only_one_whole_json_text_is_laid_out() {
        let nested = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        assert!(JsonLayout::checked(nested(MOST_LEVELS).as_bytes()).is_some());
        let deep = nested(MOST_LEVELS + 1);
        for wrong in ["", " ", "{", "{\"a\":1}{\"a\":2}", "{'a':1}", "[01]", "\u{feff}{}", "nul", &deep, "\"\\x\""] {
            assert!(JsonLayout::checked(wrong.as_bytes()).is_none(), "{wrong}");
        }
        assert_eq!(JsonLayout::checked(b"\"\xff\""), None);
    }
}
