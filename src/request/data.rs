//! Request bodies from `-d` and `--data-binary`, as in curl.

use std::fs::File;
use std::io::Read;
use std::path::PathBuf;

use super::build::MAX_BODY;
use crate::error::{Failure, Kind};

/// The source of one piece of a request body.
#[derive(Clone, PartialEq, Eq)]
pub enum Source {
    /// The argument itself.
    Text(String),
    /// A file: `@FILE`.
    File(PathBuf),
    /// Standard input: `@-`, and also `-`, which curl would send literally.
    Stdin,
}

/// One argument of `-d` or `--data-binary`.
#[derive(Clone, PartialEq, Eq)]
pub struct Data {
    /// The source.
    pub source: Source,
    /// True for `--data-binary`, which keeps every byte. As in curl, `-d` drops line breaks and NULs from files and
    /// standard input; JSON means the same without them.
    pub binary: bool,
}

impl Data {
    /// Parses an argument of `-d` or, if `binary`, of `--data-binary`. Opens nothing.
    pub fn parse(argument: &str, binary: bool) -> Self {
        let source = match argument.strip_prefix('@') {
            Some("-") => Source::Stdin,
            Some(path) => Source::File(path.into()),
            None if argument == "-" => Source::Stdin,
            None => Source::Text(argument.to_string()),
        };
        Self { source, binary }
    }
}

/// Reads all pieces in order and joins them with `&`, like curl. Returns `None` if there are no pieces.
///
/// # Errors
/// [`Kind::Usage`] if a file cannot be read, if standard input is used twice, or if the body has more than [`MAX_BODY`]
/// bytes. No more than that is read.
pub fn read_data(pieces: &[Data], stdin: &mut dyn Read) -> Result<Option<Vec<u8>>, Failure> {
    if pieces.iter().filter(|piece| piece.source == Source::Stdin).count() > 1 {
        let failure = Failure::new(Kind::Usage, "the body asks for standard input more than once");
        return Err(failure.hint("give '-' or '@-' once: there is nothing left in it for a second time"));
    }
    let mut body: Option<Vec<u8>> = None;
    for piece in pieces {
        // The bytes so far, with the `&` that comes next.
        let before = body.as_ref().map_or(0, |body| body.len() + 1);
        let bytes = read(piece, stdin, before)?;
        match &mut body {
            None => body = Some(bytes),
            Some(body) => {
                body.push(b'&');
                body.extend_from_slice(&bytes);
            }
        }
    }
    Ok(body)
}

/// Reads one piece. `before` is the length of the body so far, in bytes.
fn read(piece: &Data, stdin: &mut dyn Read, before: usize) -> Result<Vec<u8>, Failure> {
    let mut bytes = match &piece.source {
        Source::Text(text) => return read_capped(&mut text.as_bytes(), "the text", before),
        Source::Stdin => read_capped(stdin, "standard input", before)?,
        Source::File(path) => {
            let name = format!("'{}'", path.display());
            let mut file = File::open(path).map_err(|error| unreadable(&name, &error))?;
            read_capped(&mut file, &name, before)?
        }
    };
    if !piece.binary {
        bytes.retain(|byte| !matches!(byte, b'\r' | b'\n' | 0));
    }
    Ok(bytes)
}

/// Reads all of `reader`, which may hold at most [`MAX_BODY`] minus `before` bytes.
fn read_capped(reader: &mut dyn Read, name: &str, before: usize) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let left = MAX_BODY.saturating_sub(before);
    let cap = u64::try_from(left).unwrap_or(u64::MAX).saturating_add(1);
    reader.take(cap).read_to_end(&mut bytes).map_err(|error| unreadable(name, &error))?;
    if bytes.len() > left || before > MAX_BODY {
        let what = if before == 0 { name.to_owned() } else { format!("the body, up to {name},") };
        let message = format!("{what} has more than {MAX_BODY} bytes, the most that API Gateway takes");
        return Err(Failure::new(Kind::Usage, message).hint("upload it to S3 by a presigned URL of the API's"));
    }
    Ok(bytes)
}

fn unreadable(name: &str, error: &std::io::Error) -> Failure {
    Failure::new(Kind::Usage, format!("cannot read the body from {name}: {error}"))
        .hint("'@FILE' reads a file, '@-' standard input; text that starts with '@' goes into a file first")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(arguments: &[(&str, bool)], mut stdin: &[u8]) -> Result<Option<Vec<u8>>, Failure> {
        let pieces: Vec<Data> = arguments.iter().map(|(argument, binary)| Data::parse(argument, *binary)).collect();
        read_data(&pieces, &mut stdin)
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
        let pieces = [Data::parse("-", true)];
        let error = read_data(&pieces, &mut std::io::repeat(b'x')).unwrap_err();
        assert!(error.to_string().starts_with("standard input has more than 10485760 bytes"), "{error}");
    }
    #[test]
    fn body_limit_counts_all_pieces() {
        let half = "x".repeat(MAX_BODY / 2);
        let full = body(&[(&half, true), ("-", true)], half.get(1..).unwrap().as_bytes()).unwrap().unwrap();
        assert_eq!(full.len(), MAX_BODY, "with the '&' between them");
        let error = body(&[(&half, true), ("-", true)], half.as_bytes()).unwrap_err();
        let message = "the body, up to standard input, has more than 10485760 bytes, the most that API Gateway takes";
        assert_eq!(error.to_string(), message);
        assert_eq!(error.kind, Kind::Usage);
        assert!(body(&[(&half, true), (&half, true)], b"").is_err());
        let text = "x".repeat(MAX_BODY);
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
}
