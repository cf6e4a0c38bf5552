//! Bodies of `-F`: forms as multipart/form-data (RFC 7578), with curl's syntax.

use std::ffi::OsStr;
use std::io::Read;
use std::path::Path;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use futures_core::Stream;
use reqwest::multipart::{Form, Part};

use super::data::{Reader, Source, bytes_of, not_text, path_of, read_source, stdin_twice};
use crate::error::{Failure, Kind, quoted};

/// The media types of files by extension, as in curl. Any other file is `application/octet-stream`.
const MEDIA_TYPES: &[(&str, &str)] = &[
    ("gif", "image/gif"),
    ("jpg", "image/jpeg"),
    ("jpeg", "image/jpeg"),
    ("png", "image/png"),
    ("svg", "image/svg+xml"),
    ("txt", "text/plain"),
    ("htm", "text/html"),
    ("html", "text/html"),
    ("pdf", "application/pdf"),
    ("xml", "application/xml"),
    ("json", "application/json"),
    ("csv", "text/csv"),
];

/// One field of a form.
#[derive(Clone, PartialEq, Eq)]
pub struct Field {
    name: String,
    source: Source,
    /// True for `@FILE`, which uploads a file under its name.
    is_upload: bool,
    media_type: Option<String>,
    file_name: Option<String>,
}

impl Field {
    /// Parses an argument of `-F`: `name=content`, `name=@FILE` or `name=<FILE`, with `;type=` and `;filename=` after it.
    /// Quotation marks around content, file or value are taken away. Opens nothing.
    ///
    /// # Errors
    /// [`Kind::Usage`] if it has no name, a parameter that cogfed does not know, or text behind quotation marks.
    pub fn parse(argument: &OsStr) -> Result<Self, Failure> {
        let (name, content) = named(argument)?;
        let (text, is_upload, is_file) = match content.as_slice() {
            [b'@', path @ ..] => (path, true, true),
            [b'<', path @ ..] => (path, false, true),
            text => (text, false, false),
        };
        let wrong = |fault: String| {
            let failure = Failure::new(Kind::Usage, format!("the form field '{}' has {fault}", quoted(&name)));
            failure.hint("a field has ';type=' and ';filename=' only; --form-string takes any text as it is")
        };
        let behind = || wrong("text behind its quotation marks".to_owned());
        let (content, mut next) = word(text).ok_or_else(behind)?;
        let (mut media_type, mut file_name) = (None, None);
        while let Some((parameter, rest)) = next {
            let place = match parameter {
                "type" => &mut media_type,
                "filename" => &mut file_name,
                other => return Err(wrong(format!("';{other}='"))),
            };
            let (value, after) = word(rest).ok_or_else(behind)?;
            *place = Some(String::from_utf8_lossy(&value).into_owned());
            next = after;
        }
        let source = match is_file {
            true if content == b"-" => Source::Stdin,
            true => Source::File(path_of(&content)?),
            false => Source::Text(content),
        };
        Ok(Self { name, source, is_upload, media_type, file_name })
    }

    /// Parses an argument of `--form-string`, whose content has no syntax of its own.
    ///
    /// # Errors
    /// [`Kind::Usage`] if it has no name.
    pub fn text(argument: &OsStr) -> Result<Self, Failure> {
        let (name, content) = named(argument)?;
        Ok(Self { name, source: Source::Text(content), is_upload: false, media_type: None, file_name: None })
    }

    /// Returns whether the content is read from standard input.
    pub fn reads_stdin(&self) -> bool {
        self.source == Source::Stdin
    }

    /// Returns the part, whose content is `bytes`.
    fn part(&self, bytes: Vec<u8>) -> Result<Part, Failure> {
        let path = if let Source::File(path) = &self.source { Some(path.as_path()) } else { None };
        let own_name = || match path {
            Some(path) => path.file_name().map_or(String::new(), |name| name.to_string_lossy().into_owned()),
            None => "-".to_owned(),
        };
        let file_name = self.file_name.clone().or_else(|| self.is_upload.then(own_name));
        let by_name = || self.is_upload.then(|| media_type_of(path.unwrap_or(Path::new("")))).map(str::to_owned);
        let mut part = Part::bytes(bytes);
        if let Some(file_name) = file_name {
            part = part.file_name(escaped(&file_name));
        }
        if let Some(media_type) = self.media_type.clone().or_else(by_name) {
            part = part.mime_str(&media_type).map_err(|_| {
                Failure::new(Kind::Usage, format!("'{}' is not a media type", quoted(&media_type)))
                    .hint("write it as in ';type=text/csv'")
            })?;
        }
        Ok(part)
    }
}

/// Returns the form's media type with its boundary, and the form as bytes.
///
/// # Errors
/// [`Kind::Usage`] if a file cannot be read, or the form is too large.
pub fn multipart(fields: &[Field], stdin: &mut dyn Read) -> Result<(String, Vec<u8>), Failure> {
    if fields.iter().filter(|field| field.reads_stdin()).count() > 1 {
        return Err(stdin_twice());
    }
    // Names and file names are sent as UTF-8, as browsers and curl do.
    let (mut form, mut size) = (Form::new().percent_encode_noop(), 0);
    for field in fields {
        let bytes = read_source(&field.source, stdin, size, Reader::Form)?;
        size += bytes.len();
        form = form.part(escaped(&field.name), field.part(bytes)?);
    }
    let media_type = format!("multipart/form-data; boundary={}", form.boundary());
    Ok((media_type, collected(form)))
}

/// Returns the media type that a person gave for a form, with the form's own boundary in the place of any other, as
/// [`multipart`] returns it in `own`. Returns `None` if `given` is no `multipart/form-data`.
pub fn with_boundary(given: &str, own: &str) -> Option<String> {
    let (_, boundary) = own.split_once(';')?;
    let mut parameters = given.split(';').map(str::trim);
    let media_type = parameters.next().filter(|name| name.eq_ignore_ascii_case("multipart/form-data"))?;
    let is_boundary = |parameter: &str| {
        parameter.split_once('=').is_some_and(|(name, _)| name.trim_end().eq_ignore_ascii_case("boundary"))
    };
    let kept = parameters.filter(|parameter| !parameter.is_empty() && !is_boundary(parameter));
    let all: Vec<&str> = [media_type].into_iter().chain(kept).chain([boundary.trim()]).collect();
    Some(all.join("; "))
}

/// Returns the bytes of a form whose parts are all in memory.
fn collected(form: Form) -> Vec<u8> {
    let mut stream = pin!(form.into_stream());
    let mut context = Context::from_waker(Waker::noop());
    let mut bytes = Vec::new();
    // Parts in memory are always ready, and never fail.
    while let Poll::Ready(Some(Ok(piece))) = stream.as_mut().poll_next(&mut context) {
        bytes.extend_from_slice(&piece);
    }
    bytes
}

/// Splits an argument at its first `=`.
fn named(argument: &OsStr) -> Result<(String, Vec<u8>), Failure> {
    let bytes = bytes_of(argument)?;
    let Some(at) = bytes.iter().position(|byte| *byte == b'=') else {
        let message = format!("the form field '{}' has no '='", quoted(&argument.to_string_lossy()));
        return Err(Failure::new(Kind::Usage, message).hint("write it as -F NAME=CONTENT or -F NAME=@FILE"));
    };
    let (name, content) = bytes.split_at(at);
    if name.is_empty() {
        let message = format!("the form field '{}' has no name", quoted(&argument.to_string_lossy()));
        return Err(
            Failure::new(Kind::Usage, message).hint("write it as -F NAME=CONTENT: every part of a form has a name")
        );
    }
    let name = str::from_utf8(name).map_err(|_| not_text(&argument.to_string_lossy()))?;
    Ok((name.to_owned(), content.get(1..).unwrap_or_default().to_vec()))
}

/// The name of a parameter, and all text after its `=`.
type Parameter<'a> = (&'static str, &'a [u8]);

/// Reads the content or a value at the start of a text, and the parameter after it. As in curl, blanks around a word do
/// not count, and a quoted word ends at its second quotation mark. Any other word ends at the next known parameter, so
/// that other semicolons belong to it. Returns `None` if other text follows a quoted word.
fn word(text: &[u8]) -> Option<(Vec<u8>, Option<Parameter<'_>>)> {
    let text = text.trim_ascii();
    if let Some((word, rest)) = quoted_word(text) {
        return match rest.trim_ascii() {
            b"" | b";" => Some((word, None)),
            rest => parameter(rest).map(|parameter| (word, Some(parameter))),
        };
    }
    let found = |at: usize| text.get(at..).and_then(parameter).map(|parameter| (at, parameter));
    let (word, next) = match (0..text.len()).find_map(found) {
        Some((at, parameter)) => (text.get(..at).unwrap_or_default(), Some(parameter)),
        None => (text, None),
    };
    Some((word.trim_ascii_end().to_vec(), next))
}

/// Returns the known parameter at the start of a text, which begins with `;`.
fn parameter(text: &[u8]) -> Option<Parameter<'_>> {
    const NAMES: [&str; 4] = ["type", "filename", "headers", "encoder"];
    let text = text.strip_prefix(b";")?.trim_ascii_start();
    NAMES.into_iter().find_map(|name| {
        let (given, rest) = text.split_at_checked(name.len())?;
        given.eq_ignore_ascii_case(name.as_bytes()).then_some((name, rest.strip_prefix(b"=")?))
    })
}

/// Returns the quoted word at the start of a text without its quotation marks, and the rest of the text. `\"` and `\\`
/// in it stand for `"` and `\`. Without a second quotation mark, the text has no quoted word.
fn quoted_word(text: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let (mut word, mut rest) = (Vec::new(), text.strip_prefix(b"\"")?);
    loop {
        rest = match rest {
            [b'\\', escaped @ (b'"' | b'\\'), after @ ..] => {
                word.push(*escaped);
                after
            }
            [b'"', after @ ..] => return Some((word, after)),
            [byte, after @ ..] => {
                word.push(*byte);
                after
            }
            [] => return None,
        };
    }
}

/// Escapes a name as HTML demands (section 4.10.22.8, multipart form data), so that it cannot end early.
fn escaped(name: &str) -> String {
    name.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A")
}

fn media_type_of(path: &Path) -> &'static str {
    let extension = path.extension().map(|extension| extension.to_string_lossy().to_ascii_lowercase());
    let known = MEDIA_TYPES.iter().find(|(name, _)| extension.as_deref() == Some(*name));
    known.map_or("application/octet-stream", |(_, media_type)| media_type)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(fields: &[Field]) -> String {
        let (media_type, bytes) = multipart(fields, &mut &b"piped"[..]).unwrap();
        let boundary = media_type.strip_prefix("multipart/form-data; boundary=").unwrap();
        String::from_utf8(bytes).unwrap().replace(boundary, "B")
    }

    fn field(argument: &str) -> Field {
        Field::parse(OsStr::new(argument)).unwrap()
    }

    #[test]
    fn form_fields_have_the_syntax_of_curl() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("data.csv");
        std::fs::write(&file, "a,b\r\n1,2\n").unwrap();
        let at = |before: &str, after: &str| format!("{before}{}{after}", file.display());
        for (argument, head, content) in [
            ("n=a;b=c".to_owned(), "name=\"n\"", "a;b=c"),
            ("n=\"my name\"".to_owned(), "name=\"n\"", "my name"),
            (
                r#"n="{\"a\":\"\\n\"}";type=application/json"#.to_owned(),
                "name=\"n\"\r\nContent-Type: application/json",
                r#"{"a":"\n"}"#,
            ),
            ("n=\"q;type=x\"".to_owned(), "name=\"n\"", "q;type=x"),
            ("n= \"a; b\" ; TYPE=text/x".to_owned(), "name=\"n\"\r\nContent-Type: text/x", "a; b"),
            ("n=\"a".to_owned(), "name=\"n\"", "\"a"),
            ("n=a\"b\"".to_owned(), "name=\"n\"", "a\"b\""),
            ("n= 1 ; type=text/x;charset=utf-8".to_owned(), "name=\"n\"\r\nContent-Type: text/x;charset=utf-8", "1"),
            ("n=\"@a\"".to_owned(), "name=\"n\"", "@a"),
            (at("n=@", "; filename=n"), "name=\"n\"; filename=\"n\"\r\nContent-Type: text/csv", "a,b\r\n1,2\n"),
            ("n=a;b;type=text/plain".to_owned(), "name=\"n\"\r\nContent-Type: text/plain", "a;b"),
            (at("n=@", ""), "name=\"n\"; filename=\"data.csv\"\r\nContent-Type: text/csv", "a,b\r\n1,2\n"),
            (
                at("n=@", ";filename=\"x;y.txt\";type=text/x"),
                "name=\"n\"; filename=\"x;y.txt\"\r\nContent-Type: text/x",
                "a,b\r\n1,2\n",
            ),
            (at("n=@\"", "\""), "name=\"n\"; filename=\"data.csv\"\r\nContent-Type: text/csv", "a,b\r\n1,2\n"),
            (at("n=<", ""), "name=\"n\"", "a,b\r\n1,2\n"),
            ("n=@-".to_owned(), "name=\"n\"; filename=\"-\"\r\nContent-Type: application/octet-stream", "piped"),
            ("\u{e9}\"\r\n=1".to_owned(), "name=\"\u{e9}%22%0D%0A\"", "1"),
        ] {
            let expected = format!("--B\r\nContent-Disposition: form-data; {head}\r\n\r\n{content}\r\n--B--\r\n");
            assert_eq!(sent(&[field(&argument)]), expected, "{argument}");
        }
        let text = Field::text(OsStr::new("n=@a;type=b")).unwrap();
        assert!(sent(&[field("m=1"), text]).contains("name=\"n\"\r\n\r\n@a;type=b\r\n--B--"));
    }

    #[test]
    fn wrong_form_fields_are_refused_and_named() {
        for argument in ["name", "=x", "n=a;headers=X: y", "n=a;encoder=base64", "n=\"a\",\"b\"", "n=\"a\";b=c"] {
            assert_eq!(Field::parse(OsStr::new(argument)).err().unwrap().kind, Kind::Usage, "{argument}");
        }
        for fields in
            [&[field("n=1;type=not a type")][..], &[field("n=@/nowhere/at/all")], &[field("a=@-"), field("b=<-")]]
        {
            assert_eq!(multipart(fields, &mut &b""[..]).unwrap_err().kind, Kind::Usage);
        }
    }
}
