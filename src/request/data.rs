//! Request bodies and queries from `-d`, `--data-raw`, `--data-binary`, `--data-urlencode` and `--json`, as in curl.

use std::ffi::OsStr;
use std::fs::File;
use std::io::Read;
use std::path::PathBuf;

use percent_encoding::percent_encode;

use super::build::LARGEST_BODY;
use super::target::STRICT;
use crate::error::{Failure, Kind, quoted};

/// The source of one piece of a request body.
#[derive(Clone, PartialEq, Eq)]
pub enum Source {
    /// The argument itself.
    Text(Vec<u8>),
    /// A file: `@FILE`.
    File(PathBuf),
    /// Standard input: `@-`, and also `-`, which curl would send literally.
    Stdin,
}

impl Source {
    /// Returns the source's name for messages.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Text(_) => "the text".to_owned(),
            Self::Stdin => "standard input".to_owned(),
            Self::File(path) => format!("'{}'", path.display()),
        }
    }
}

/// The way in which a piece becomes part of the body.
#[derive(Clone, PartialEq, Eq)]
pub enum Manner {
    /// `-d`: as it is, without the line breaks and NULs of a file or of standard input. JSON means the same without
    /// them.
    Lines,
    /// `--data-binary` and `--data-raw`: byte for byte.
    Bytes,
    /// `--data-urlencode`: percent-encoded, after `NAME=` if there is a name.
    Encoded(String),
    /// `--json`: byte for byte, and joined to what stands before it without `&`.
    Json,
}

/// The reader of a file, for messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reader {
    /// `-d` and its relatives.
    Data,
    /// `-F`.
    Form,
    /// `-T`.
    Upload,
    /// `-H @FILE`.
    Headers,
}

impl Reader {
    /// Returns the flag with its argument, and advice.
    fn described(self) -> (&'static str, &'static str) {
        match self {
            Self::Data => {
                ("the body", "'@FILE' reads a file, '@-' standard input; text that starts with '@' needs --data-raw")
            }
            Self::Form => {
                ("a field of --form", "'@FILE' and '<FILE' read a file; text that starts with them needs --form-string")
            }
            Self::Upload => ("the body of --upload-file", "check the path; '-' reads standard input"),
            Self::Headers => ("the headers of --header", "check the path; '@-' reads standard input"),
        }
    }
}

/// One argument that holds a piece of the body.
#[derive(Clone, PartialEq, Eq)]
pub struct Data {
    /// The source of this piece of the body.
    pub source: Source,
    /// The way in which it becomes part of the body.
    pub manner: Manner,
}

impl Data {
    /// Parses an argument of `-d`, `--data-binary` or `--json`, in which `@FILE` names a file. Opens nothing.
    ///
    /// # Errors
    /// [`Kind::Usage`] if this system's arguments are not bytes, and this one is not valid Unicode.
    pub fn parse(argument: &OsStr, manner: Manner) -> Result<Self, Failure> {
        let bytes = bytes_of(argument)?;
        let source = match bytes.strip_prefix(b"@") {
            Some(b"-") => Source::Stdin,
            Some(path) => Source::File(path_of(path)?),
            None if bytes == b"-" => Source::Stdin,
            None => Source::Text(bytes),
        };
        Ok(Self { source, manner })
    }

    /// Parses an argument of `--data-raw`, in which `@` has no meaning.
    ///
    /// # Errors
    /// As [`Data::parse`].
    pub fn raw(argument: &OsStr) -> Result<Self, Failure> {
        Ok(Self { source: Source::Text(bytes_of(argument)?), manner: Manner::Bytes })
    }

    /// Parses an argument of `--data-urlencode`: `content`, `=content`, `name=content`, `@FILE` or `name@FILE`.
    ///
    /// # Errors
    /// As [`Data::parse`].
    pub fn urlencoded(argument: &OsStr) -> Result<Self, Failure> {
        let bytes = bytes_of(argument)?;
        let name = |at: usize| String::from_utf8_lossy(bytes.get(..at).unwrap_or_default()).into_owned();
        let after = |at: usize| bytes.get(at + 1..).unwrap_or_default();
        // As in curl, the first '=' decides, and a '@' counts only without one.
        let (name, source) = match bytes.iter().position(|byte| *byte == b'=') {
            Some(at) => (name(at), Source::Text(after(at).to_vec())),
            None => match bytes.iter().position(|byte| *byte == b'@') {
                Some(at) if after(at) == b"-" => (name(at), Source::Stdin),
                Some(at) => (name(at), Source::File(path_of(after(at))?)),
                None => (String::new(), Source::Text(bytes)),
            },
        };
        Ok(Self { source, manner: Manner::Encoded(name) })
    }

    /// Returns whether this piece is read from standard input.
    pub fn reads_stdin(&self) -> bool {
        self.source == Source::Stdin
    }
}

/// Returns the bytes of an argument.
///
/// # Errors
/// [`Kind::Usage`] if this system's arguments are not bytes, and this one is not valid Unicode.
pub(super) fn bytes_of(argument: &OsStr) -> Result<Vec<u8>, Failure> {
    #[cfg(unix)]
    {
        Ok(std::os::unix::ffi::OsStrExt::as_bytes(argument).to_vec())
    }
    #[cfg(not(unix))]
    match argument.to_str() {
        Some(text) => Ok(text.as_bytes().to_vec()),
        None => Err(not_text(&argument.to_string_lossy())),
    }
}

/// Returns the path that a part of an argument names.
pub(super) fn path_of(bytes: &[u8]) -> Result<PathBuf, Failure> {
    #[cfg(unix)]
    {
        Ok(PathBuf::from(<OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(bytes)))
    }
    #[cfg(not(unix))]
    match str::from_utf8(bytes) {
        Ok(text) => Ok(PathBuf::from(text)),
        Err(_) => Err(not_text(&String::from_utf8_lossy(bytes))),
    }
}

/// Creates the failure for an argument that has to be text, and is not.
pub(super) fn not_text(shown: &str) -> Failure {
    Failure::new(Kind::Usage, format!("the argument '{}' is not UTF-8", quoted(shown)))
        .hint("only the names of files, and the content of -d, --data-raw and --data-binary may be other bytes")
}

/// A body that was read.
#[derive(Default)]
pub struct Body {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// The first source whose line breaks `-d` left out, if any.
    pub joined: Option<Joined>,
}

/// A text whose lines `-d` joined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Joined {
    /// The name of the file or of standard input, for messages.
    pub source: String,
    /// True if each line seems to be a record of its own, as in NDJSON or CSV.
    pub is_lines: bool,
    /// True if the text seems to be JSON or a web form, which mean the same without line breaks.
    pub is_joinable: bool,
}

/// Reads all pieces in order and joins them with `&`, like curl. Returns `None` if there are no pieces.
///
/// # Errors
/// [`Kind::Usage`] if a file cannot be read, if standard input is used twice, or if the body has more than 64 MiB. No more
/// than that is read.
pub fn read_data(pieces: &[Data], stdin: &mut dyn Read) -> Result<Option<Body>, Failure> {
    if pieces.iter().filter(|piece| piece.reads_stdin()).count() > 1 {
        return Err(stdin_twice());
    }
    let mut body: Option<Body> = None;
    for piece in pieces {
        // The bytes so far, with the `&` that comes next.
        let separator = usize::from(body.is_some() && piece.manner != Manner::Json);
        let before = body.as_ref().map_or(0, |body| body.bytes.len() + separator);
        let (bytes, joined) = read(piece, stdin, before)?;
        let body = body.get_or_insert_default();
        if separator == 1 {
            body.bytes.push(b'&');
        }
        match body.bytes.is_empty() {
            true => body.bytes = bytes,
            false => body.bytes.extend_from_slice(&bytes),
        }
        body.joined = body.joined.take().or(joined);
    }
    Ok(body)
}

/// Creates the failure for a command line that reads standard input twice.
pub(super) fn stdin_twice() -> Failure {
    let failure = Failure::new(Kind::Usage, "the body asks for standard input more than once");
    failure.hint("give '-' or '@-' once: there is nothing left in it for a second time")
}

/// Reads the bytes of one piece of the body. `before` is the length of the body so far, in bytes.
fn read(piece: &Data, stdin: &mut dyn Read, before: usize) -> Result<(Vec<u8>, Option<Joined>), Failure> {
    let mut bytes = read_source(&piece.source, stdin, before, Reader::Data)?;
    match &piece.manner {
        Manner::Encoded(name) => {
            let encoded = percent_encode(&bytes, STRICT);
            let whole = if name.is_empty() { encoded.to_string() } else { format!("{name}={encoded}") };
            Ok((whole.into_bytes(), None))
        }
        Manner::Lines if !matches!(piece.source, Source::Text(_)) => {
            let joined = joined_lines(&bytes, piece.source.name());
            bytes.retain(|byte| !matches!(byte, b'\r' | b'\n' | 0));
            Ok((bytes, joined))
        }
        _ => Ok((bytes, None)),
    }
}

/// Reads a source, after `before` bytes of the same body. Both together may have 64 MiB.
///
/// # Errors
/// [`Kind::Usage`] if a file cannot be read (the message names the flag, `whose`), or if the body has more than 64 MiB.
pub fn read_source(source: &Source, stdin: &mut dyn Read, before: usize, whose: Reader) -> Result<Vec<u8>, Failure> {
    let name = source.name();
    match source {
        Source::Text(text) => read_capped(&mut text.as_slice(), text.len(), &name, before, whose),
        Source::Stdin => read_capped(stdin, 0, &name, before, whose),
        Source::File(path) => {
            let mut file = File::open(path).map_err(|error| unreadable(&name, whose, &error))?;
            let length = file.metadata().map_or(0, |metadata| metadata.len());
            read_capped(&mut file, usize::try_from(length).unwrap_or(0), &name, before, whose)
        }
    }
}

/// Describes a text of more than one line, whose line breaks are about to go.
fn joined_lines(text: &[u8], source: String) -> Option<Joined> {
    let mut lines = text.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii).filter(|line| !line.is_empty());
    let first = lines.next()?;
    let commas = |line: &[u8]| line.iter().filter(|byte| matches!(byte, b',' | b';' | b'\t')).count();
    let is_record = |line: &[u8]| matches!(line, [b'{', .., b'}'] | [b'[', .., b']']);
    let is_row = |line: &[u8]| commas(line) > 0 && commas(line) == commas(first) && !line.contains(&b':');
    let (mut count, mut are_records, mut are_rows) = (1, is_record(first), is_row(first));
    for line in lines {
        count += 1;
        are_records &= is_record(line);
        are_rows &= is_row(line);
    }
    let is_joinable = is_json(text.trim_ascii()) || is_form(text);
    (count > 1).then_some(Joined { source, is_lines: are_records || are_rows, is_joinable })
}

/// Returns whether a text begins and ends like a JSON object or array.
fn is_json(text: &[u8]) -> bool {
    matches!(text, [b'{', .., b'}'] | [b'[', .., b']'])
}

/// Returns whether the lines of a text seem to be the pairs of a web form, with `&` between them.
fn is_form(text: &[u8]) -> bool {
    let joined: Vec<&[u8]> =
        text.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii).filter(|line| !line.is_empty()).collect();
    joined.windows(2).all(|pair| matches!(pair, [one, next] if one.ends_with(b"&") || next.starts_with(b"&")))
}

/// Reads all of `reader`, which may hold at most [`LARGEST_BODY`] minus `before` bytes.
/// `expected` is its probable length: a buffer that grows is copied and wiped each time.
fn read_capped(
    reader: &mut dyn Read,
    expected: usize,
    name: &str,
    before: usize,
    whose: Reader,
) -> Result<Vec<u8>, Failure> {
    let left = LARGEST_BODY.saturating_sub(before);
    // One byte more, so that the end is found without growing.
    let mut bytes = Vec::with_capacity(expected.min(left).saturating_add(1));
    let cap = u64::try_from(left).unwrap_or(u64::MAX).saturating_add(1);
    reader.take(cap).read_to_end(&mut bytes).map_err(|error| unreadable(name, whose, &error))?;
    if bytes.len() > left || before > LARGEST_BODY {
        let what = if before == 0 { name.to_owned() } else { format!("the body, up to {name},") };
        let message = format!("{what} has more than {LARGEST_BODY} bytes, the most that cogfed signs");
        return Err(Failure::new(Kind::Usage, message).hint("upload it to S3 by a presigned URL of the API's"));
    }
    Ok(bytes)
}

fn unreadable(name: &str, reader: Reader, error: &std::io::Error) -> Failure {
    let (what, hint) = reader.described();
    Failure::new(Kind::Usage, format!("cannot read {what} from {name}: {error}")).hint(hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn piece(argument: &str, is_binary: bool) -> Data {
        let manner = if is_binary { Manner::Bytes } else { Manner::Lines };
        Data::parse(OsStr::new(argument), manner).unwrap()
    }

    fn body(arguments: &[(&str, bool)], mut stdin: &[u8]) -> Result<Option<Vec<u8>>, Failure> {
        let pieces: Vec<Data> = arguments.iter().map(|(argument, binary)| piece(argument, *binary)).collect();
        Ok(read_data(&pieces, &mut stdin)?.map(|body| body.bytes))
    }

    #[test]
    fn pieces_of_a_body_are_joined_as_by_curl() {
        assert_eq!(body(&[], b"").unwrap(), None);
        assert_eq!(body(&[("", false)], b"").unwrap().unwrap(), b"");
        assert_eq!(body(&[("{\n\"a\": 1}", false)], b"").unwrap().unwrap(), b"{\n\"a\": 1}");
        assert_eq!(body(&[("a=1", false), ("-", false), ("c", true)], b"b\r\n=2").unwrap().unwrap(), b"a=1&b=2&c");
    }

    #[test]
    fn only_data_binary_keeps_line_breaks() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("body.json");
        std::fs::write(&file, b"{\r\n\"a\": \0 1\n}\n").unwrap();
        let argument = format!("@{}", file.display());
        assert_eq!(body(&[(&argument, false)], b"").unwrap().unwrap(), b"{\"a\":  1}");
        assert_eq!(body(&[(&argument, true)], b"").unwrap().unwrap(), b"{\r\n\"a\": \0 1\n}\n");
        assert_eq!(body(&[("@-", false)], b"a\nb").unwrap().unwrap(), b"ab");
        assert_eq!(body(&[("@-", true)], b"a\nb").unwrap().unwrap(), b"a\nb");
    }

    #[test]
    fn unreadable_body_file_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let missing = folder.path().join("missing.json");
        let error = body(&[(&format!("@{}", missing.display()), false)], b"").unwrap_err();
        assert!(error.to_string().contains("missing.json"), "{error}");
        assert_eq!(error.kind, Kind::Usage);
    }

    #[test]
    fn endless_body_input_is_refused() {
        let pieces = [piece("-", true)];
        let error = read_data(&pieces, &mut std::io::repeat(b'x')).err().unwrap();
        assert!(error.to_string().starts_with("standard input has more than 67108864 bytes"), "{error}");
    }
    #[test]
    fn body_limit_counts_all_pieces() {
        let half = "x".repeat(LARGEST_BODY / 2);
        let full = body(&[(&half, true), ("-", true)], half.get(1..).unwrap().as_bytes()).unwrap().unwrap();
        assert_eq!(full.len(), LARGEST_BODY, "with the '&' between them");
        let error = body(&[(&half, true), ("-", true)], half.as_bytes()).unwrap_err();
        let message = "the body, up to standard input, has more than 67108864 bytes, the most that cogfed signs";
        assert_eq!(error.to_string(), message);
        assert_eq!(error.kind, Kind::Usage);
        assert!(body(&[(&half, true), (&half, true)], b"").is_err());
        let text = "x".repeat(LARGEST_BODY);
        assert!(body(&[(&text, true)], b"").is_ok());
        assert!(body(&[(&text, true), ("", true)], b"").is_err(), "the '&' is one too many");
    }

    #[test]
    fn standard_input_may_supply_only_one_body_piece() {
        for twice in [[("-", false), ("@-", true)], [("-", false), ("-", false)]] {
            let error = body(&twice, b"x").unwrap_err();
            assert_eq!(error.to_string(), "the body asks for standard input more than once");
            assert_eq!(error.kind, Kind::Usage);
        }
    }

    #[test]
    fn urlencoded_data_has_the_five_forms_of_curl() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("content");
        std::fs::write(&file, "a b\n&").unwrap();
        let at = |name: &str| format!("{name}@{}", file.display());
        for (argument, expected) in [
            ("a b&c".to_owned(), "a%20b%26c"),
            ("=a=b c".to_owned(), "a%3Db%20c"),
            ("q=a b\u{e9}".to_owned(), "q=a%20b%C3%A9"),
            (at(""), "a%20b%0A%26"),
            (at("n"), "n=a%20b%0A%26"),
            ("n@-".to_owned(), "n=in%0D%0A"),
        ] {
            let piece = Data::urlencoded(OsStr::new(&argument)).unwrap();
            let body = read_data(&[piece], &mut &b"in\r\n"[..]).unwrap().unwrap();
            assert_eq!(String::from_utf8(body.bytes).unwrap(), expected, "{argument}");
        }
    }

    #[test]
    fn json_pieces_are_joined_as_by_curl() {
        let json = |text: &str| Data::parse(OsStr::new(text), Manner::Json).unwrap();
        let pieces = [json("{\"a\":"), json("1}"), piece("x", false)];
        assert_eq!(read_data(&pieces, &mut &b""[..]).unwrap().unwrap().bytes, b"{\"a\":1}&x");
    }

    #[test]
    fn joined_lines_are_noticed_and_records_recognised() {
        let joined = |text: &[u8]| read_data(&[piece("-", false)], &mut &*text).unwrap().unwrap().joined;
        for (text, is_lines, is_joinable) in [
            (&b"{\n\"a\": [1,\n2]}\n"[..], false, true),
            (b"{\"a\": 1}\n{\"b\": 2}\n", true, true),
            (b"[1]\r\n[2]\r\n", true, true),
            (b"a,b\n1,2\n", true, false),
            (b"one\ntwo", false, false),
            (b"a=1\nb=2\n", false, false),
            (b"a=1&\nb=2\n&c=3", false, true),
        ] {
            let expected = Some(Joined { source: "standard input".to_owned(), is_lines, is_joinable });
            assert_eq!(joined(text), expected, "{}", String::from_utf8_lossy(text));
        }
        assert_eq!(joined(b"{\"a\": 1}\n"), None, "a line break at the end is no loss");
        assert_eq!(read_data(&[piece("a\nb", false)], &mut &b""[..]).unwrap().unwrap().joined, None);
    }
}
