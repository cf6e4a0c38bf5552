//! The text of `--write-out`: curl's syntax, and those of its variables that have a meaning here
//! (<https://everything.curl.dev/usingcurl/verbose/writeout.html>).

use std::io;
use std::path::Path;

use http::HeaderMap;

use super::facts::{Facts, VARIABLES, Variable};
use crate::error::{Failure, Kind, quoted};

/// A parsed format.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Format {
    pieces: Vec<Piece>,
    /// The names of variables that do not exist.
    pub unknown: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(String),
    Variable(usize),
    Header(String),
    AllVariables,
    AllHeaders,
    ToStandardOutput,
    ToStandardError,
    /// The rest is only for runs that failed.
    OnError,
}

/// A printed format: the texts for standard output and standard error.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Printed {
    /// The text for standard output.
    pub output: String,
    /// The text for standard error.
    pub error: String,
}

impl Format {
    /// Reads the argument of `--write-out`: a format, or `@FILE` for a file with one, or `@-` for standard input. Line
    /// breaks of a file are left out, as in curl.
    ///
    /// # Errors
    /// [`Kind::Usage`] if the file cannot be read as text.
    pub fn read(argument: &str, input: &mut dyn io::Read) -> Result<Self, Failure> {
        let Some(file) = argument.strip_prefix('@') else { return Ok(Self::parse(argument)) };
        let text = match file {
            "-" => {
                let mut text = String::new();
                input.read_to_string(&mut text).map(|_| text)
            }
            _ => std::fs::read_to_string(Path::new(file)),
        };
        let text = text.map_err(|error| {
            Failure::new(Kind::Usage, format!("cannot read the format of --write-out from {}: {error}", quoted(file)))
        })?;
        Ok(Self::parse(&text.replace(['\r', '\n'], "")))
    }

    /// Parses a format. Like curl, takes what is no variable literally.
    pub fn parse(format: &str) -> Self {
        let mut parsed = Self::default();
        let mut rest = format;
        while let Some(at) = rest.find(['%', '\\']) {
            let (text, special) = rest.split_at(at);
            parsed.text(text);
            rest = parsed.special(special);
        }
        parsed.text(rest);
        parsed
    }

    fn text(&mut self, text: &str) {
        match self.pieces.last_mut() {
            _ if text.is_empty() => {}
            Some(Piece::Text(last)) => last.push_str(text),
            _ => self.pieces.push(Piece::Text(text.to_owned())),
        }
    }

    /// Parses the `%` variable or the `\` escape that `special` starts with, and returns the rest of `special`.
    fn special<'a>(&mut self, special: &'a str) -> &'a str {
        for (name, text) in [("\\n", "\n"), ("\\r", "\r"), ("\\t", "\t"), ("%%", "%")] {
            if let Some(rest) = special.strip_prefix(name) {
                self.text(text);
                return rest;
            }
        }
        for (opening, is_header) in [("%{", false), ("%header{", true)] {
            if let Some((name, rest)) = special.strip_prefix(opening).and_then(|rest| rest.split_once('}')) {
                match is_header {
                    true => self.pieces.push(Piece::Header(name.to_owned())),
                    false => self.variable(name),
                }
                return rest;
            }
        }
        let (text, rest) = special.split_at(1);
        self.text(text);
        rest
    }

    fn variable(&mut self, name: &str) {
        self.pieces.push(match name {
            "json" => Piece::AllVariables,
            "header_json" => Piece::AllHeaders,
            "stdout" => Piece::ToStandardOutput,
            "stderr" => Piece::ToStandardError,
            "onerror" => Piece::OnError,
            _ => match VARIABLES.iter().position(|(other, _)| *other == name) {
                Some(at) => Piece::Variable(at),
                None => return self.unknown.push(name.to_owned()),
            },
        });
    }

    /// Fills the format with the facts of a run.
    pub fn print(&self, facts: &Facts) -> Printed {
        let mut printed = Printed::default();
        let mut is_error = false;
        for piece in &self.pieces {
            let text = match piece {
                Piece::Text(text) => text.clone(),
                Piece::Variable(at) => {
                    VARIABLES.get(*at).map(|(_, value)| value(facts).to_string()).unwrap_or_default()
                }
                Piece::Header(name) => facts.header(name),
                Piece::AllVariables => json(facts),
                Piece::AllHeaders => header_json(&facts.headers),
                Piece::ToStandardOutput | Piece::ToStandardError => {
                    is_error = *piece == Piece::ToStandardError;
                    continue;
                }
                Piece::OnError if facts.exit_code == 0 => break,
                Piece::OnError => continue,
            };
            if is_error { &mut printed.error } else { &mut printed.output }.push_str(&text);
        }
        printed
    }
}

/// Returns all variables as one JSON object.
fn json(facts: &Facts) -> String {
    let member = |(name, value): &Variable| format!("\"{name}\":{}", value(facts).as_json());
    format!("{{{}}}", VARIABLES.iter().map(member).collect::<Vec<_>>().join(","))
}

/// Returns all headers as one JSON object, each with a list of its values, a line for each header as in curl.
fn header_json(headers: &HeaderMap) -> String {
    let text = |bytes: &[u8]| serde_json::Value::from(String::from_utf8_lossy(bytes)).to_string();
    let member = |name: &http::HeaderName| {
        let values: Vec<String> = headers.get_all(name).iter().map(|value| text(value.as_bytes())).collect();
        format!("{}:[{}]", text(name.as_str().as_bytes()), values.join(","))
    };
    format!("{{{}\n}}", headers.keys().map(member).collect::<Vec<_>>().join(",\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(format: &str, exit_code: u8) -> (String, String, Vec<String>) {
        let mut facts = Facts { method: "GET".into(), status: Some(404), exit_code, ..Facts::default() };
        facts.headers.append("x-two", "a".parse().unwrap());
        facts.headers.append("x-two", "\"b\"".parse().unwrap());
        let format = Format::parse(format);
        let Printed { output, error } = format.print(&facts);
        (output, error, format.unknown)
    }

    #[test]
    fn formats_are_read_as_by_curl() {
        for (format, expected) in [
            ("%{http_code} %{response_code}\\n\\t\\r", "404 404\n\t\r"),
            ("100%% \\q %q %", "100% \\q %q %"),
            ("%{http_code", "%{http_code"),
            ("%header{X-Two}|%header{none}|%header{x", "a||%header{x"),
            ("\\", "\\"),
            ("é%{method}é", "éGETé"),
            ("", ""),
        ] {
            assert_eq!(printed(format, 0), (expected.to_owned(), String::new(), vec![]), "{format}");
        }
        assert_eq!(printed("a%{nosuch}b", 0), ("ab".into(), String::new(), vec!["nosuch".into()]));
    }

    #[test]
    fn parts_of_a_format_are_for_standard_error_or_failures() {
        assert_eq!(printed("A%{stderr}B%{stdout}C", 0), ("AC".into(), "B".into(), vec![]));
        assert_eq!(printed("A%{onerror}B", 0).0, "A");
        assert_eq!(printed("A%{onerror}B", 22).0, "AB");
    }

    #[test]
    fn variables_and_headers_are_printed_as_json() {
        let all: serde_json::Value = serde_json::from_str(&printed("%{json}", 22).0).unwrap();
        assert_eq!((&all["http_code"], &all["exitcode"], &all["content_type"]), (&404.into(), &22.into(), &().into()));
        assert_eq!(all.as_object().unwrap().len(), VARIABLES.len());
        assert_eq!(printed("%{header_json}", 0).0, "{\"x-two\":[\"a\",\"\\\"b\\\"\"]\n}");
    }
}
