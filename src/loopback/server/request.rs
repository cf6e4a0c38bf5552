//! A parser for HTTP requests (RFC 9112) from untrusted senders.

use std::fmt;

use http::header::{CONTENT_LENGTH, CONTENT_TYPE, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderName, HeaderValue, Method};

/// The maximum size of a request head, in bytes. Cookies of `localhost` go to all its ports, and the codes of some
/// providers are encrypted claims. Browsers send no larger heads.
pub(super) const HEAD_LIMIT: usize = 256 * 1024;
/// The maximum number of headers in a request.
const HEADERS: usize = 100;
/// The only content type of a body that is read: a form, as `response_mode=form_post` sends it.
const FORM: &str = "application/x-www-form-urlencoded";

/// A parsed HTTP request. Its target may have 128 KiB and more, which `http::Uri` cannot hold.
pub struct Request {
    /// The method.
    pub method: Method,
    /// The authority in the request target, if the target is in absolute form.
    pub authority: Option<String>,
    /// The path of the request target. Only a path of the origin form or the absolute form begins with a slash.
    pub path: String,
    /// The query of the request target, without its question mark; may be empty.
    pub query: String,
    /// The headers.
    pub headers: HeaderMap,
    /// The form in the body of a POST; empty for any other request.
    pub form: String,
}

impl fmt::Debug for Request {
    /// Formats the request without the parts that may contain an authorization code.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.path)
    }
}

/// The reason why a request could not be parsed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The request head is not valid HTTP/1.
    Malformed,
    /// The request head is larger than the limit, or has too many headers.
    TooLarge,
}

impl Request {
    /// Parses a complete request head. `form` is empty in the result.
    ///
    /// # Errors
    /// The fault of the head.
    pub fn parse(head: &[u8]) -> Result<Self, Fault> {
        let mut headers = [httparse::EMPTY_HEADER; HEADERS];
        let mut parsed = httparse::Request::new(&mut headers);
        match parsed.parse(head) {
            Ok(httparse::Status::Complete(length)) if length == head.len() => {}
            Err(httparse::Error::TooManyHeaders) => return Err(Fault::TooLarge),
            _ => return Err(Fault::Malformed),
        }
        let (Some(method), Some(target)) = (parsed.method, parsed.path) else { return Err(Fault::Malformed) };
        let method = Method::from_bytes(method.as_bytes()).map_err(|_| Fault::Malformed)?;
        let mut headers = HeaderMap::with_capacity(parsed.headers.len());
        for header in parsed.headers.iter() {
            let name = HeaderName::from_bytes(header.name.as_bytes()).map_err(|_| Fault::Malformed)?;
            headers.append(name, HeaderValue::from_bytes(header.value).map_err(|_| Fault::Malformed)?);
        }
        let (authority, path, query) = split(target).ok_or(Fault::Malformed)?;
        let request = Self { method, authority, path, query, headers, form: String::new() };
        request.has_sound_framing().then_some(request).ok_or(Fault::Malformed)
    }

    /// Returns the length, in bytes, of the form that follows the request head, or 0 if the body is not read.
    pub(super) fn form_length(&self) -> usize {
        let is_form = self.headers.get(CONTENT_TYPE).is_some_and(|kind| {
            kind.as_bytes().get(..FORM.len()).is_some_and(|kind| kind.eq_ignore_ascii_case(FORM.as_bytes()))
        });
        let length = self.content_length().ok().flatten().and_then(|length| usize::try_from(length).ok());
        length.filter(|length| is_form && self.method == Method::POST && *length <= HEAD_LIMIT).unwrap_or(0)
    }

    /// Returns whether the headers determine the length of the body unambiguously (RFC 9112, section 6.3). No browser
    /// sends a transfer coding.
    fn has_sound_framing(&self) -> bool {
        !self.headers.contains_key(TRANSFER_ENCODING) && self.content_length().is_ok()
    }

    fn content_length(&self) -> Result<Option<u64>, Fault> {
        let mut lengths = self.headers.get_all(CONTENT_LENGTH).iter();
        match (lengths.next(), lengths.next()) {
            (None, _) => Ok(None),
            (Some(length), None) => {
                let digits = length.to_str().ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
                digits.and_then(|digits| digits.parse().ok()).map(Some).ok_or(Fault::Malformed)
            }
            (Some(_), Some(_)) => Err(Fault::Malformed),
        }
    }
}

/// Splits a request target into authority, path and query, or returns `None` if it has a fragment or invalid
/// characters.
fn split(target: &str) -> Option<(Option<String>, String, String)> {
    if !target.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#') {
        return None;
    }
    let after_scheme = ["http://", "https://"].iter().find_map(|scheme| {
        let start = target.get(..scheme.len())?;
        start.eq_ignore_ascii_case(scheme).then(|| target.get(scheme.len()..))?
    });
    let (authority, rest) = match after_scheme {
        Some(rest) => {
            let end = rest.find(['/', '?']).unwrap_or(rest.len());
            let (authority, rest) = rest.split_at(end);
            (Some(authority.to_owned()), rest)
        }
        None => (None, target),
    };
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    let path = if path.is_empty() && authority.is_some() { "/" } else { path };
    Some((authority, path.to_owned(), query.to_owned()))
}

/// An incremental search for the end of a request head. Each byte is looked at once.
#[derive(Debug, Default)]
pub(super) struct HeadEnd {
    /// The number of bytes that have been searched.
    seen: usize,
    /// True if the head has begun, after any empty lines. Empty lines before it do not end it (RFC 9112, section 2.2).
    has_begun: bool,
    /// True if nothing but carriage returns has arrived since the last line feed.
    is_line_empty: bool,
}

impl HeadEnd {
    /// Returns the length of the head, including the empty line at its end, or `None` if more bytes are needed. `bytes`
    /// are all bytes so far.
    pub(super) fn find(&mut self, bytes: &[u8]) -> Option<usize> {
        for (at, byte) in bytes.iter().enumerate().skip(self.seen) {
            self.seen = at + 1;
            match byte {
                b'\n' if self.has_begun && self.is_line_empty => return Some(self.seen),
                b'\n' => self.is_line_empty = true,
                b'\r' => {}
                _ => (self.has_begun, self.is_line_empty) = (true, false),
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(head: &str) -> Result<Request, Fault> {
        Request::parse(head.as_bytes())
    }

    #[test]
    fn targets_are_split_into_authority_path_and_query() {
        for (target, authority, path, query) in [
            ("/", None, "/", ""),
            ("/callback?code=a&state=b?c", None, "/callback", "code=a&state=b?c"),
            ("?x", None, "", "x"),
            ("*", None, "*", ""),
            ("localhost:8400", None, "localhost:8400", ""),
            ("http://localhost:8400", Some("localhost:8400"), "/", ""),
            ("HTTPS://user@host?x", Some("user@host"), "/", "x"),
            ("http://host/a//b?/", Some("host"), "/a//b", "/"),
            ("ftp://host/a", None, "ftp://host/a", ""),
        ] {
            let request = parsed(&format!("GET {target} HTTP/1.1\r\n\r\n")).unwrap();
            let split = (request.authority.as_deref(), request.path.as_str(), request.query.as_str());
            assert_eq!(split, (authority, path, query), "{target}");
        }
        for target in ["/callback#?code=a", "/callb\u{e4}ck", "/a b"] {
            assert_eq!(parsed(&format!("GET {target} HTTP/1.1\r\n\r\n")).unwrap_err(), Fault::Malformed, "{target}");
        }
    }

    #[test]
    fn target_of_200_kib_is_parsed() {
        let code = "a".repeat(200 * 1024);
        let request = parsed(&format!("GET /callback?code={code} HTTP/1.1\r\nhost: localhost\r\n\r\n")).unwrap();
        assert_eq!(request.query.len(), "code=".len() + code.len());
        assert!(!format!("{request:?}").contains("aaa"));
    }

    #[test]
    fn unclear_body_lengths_are_refused() {
        for header in [
            "content-length: x",
            "content-length: -1",
            "content-length: +1",
            "content-length: 0x1",
            "content-length: 18446744073709551616",
            "content-length: 1, 1",
            "content-length:",
            "content-length: 1\r\ncontent-length: 1",
            "transfer-encoding: chunked",
            "transfer-encoding: x",
        ] {
            let head = format!("GET / HTTP/1.1\r\n{header}\r\n\r\n");
            assert_eq!(parsed(&head).unwrap_err(), Fault::Malformed, "{header}");
        }
        let many = format!("GET / HTTP/1.1\r\n{}\r\n", "x: y\r\n".repeat(HEADERS + 1));
        assert_eq!(parsed(&many).unwrap_err(), Fault::TooLarge);
        assert!(parsed("GET / HTTP/1.1\r\n\r\nrest").is_err());
    }

    #[test]
    fn only_a_posted_form_of_bounded_length_is_read() {
        let length = |head: &str| parsed(&format!("{head}\r\n\r\n")).unwrap().form_length();
        let form = "content-type: application/X-www-form-urlencoded; charset=utf-8";
        assert_eq!(length(&format!("POST / HTTP/1.1\r\n{form}\r\ncontent-length: 12")), 12);
        for head in [
            format!("GET / HTTP/1.1\r\n{form}\r\ncontent-length: 12"),
            format!("POST / HTTP/1.1\r\n{form}"),
            format!("POST / HTTP/1.1\r\n{form}\r\ncontent-length: {}", HEAD_LIMIT + 1),
            "POST / HTTP/1.1\r\ncontent-length: 12".to_owned(),
            "POST / HTTP/1.1\r\ncontent-type: text/plain\r\ncontent-length: 12".to_owned(),
        ] {
            assert_eq!(length(&head), 0, "{head}");
        }
    }

    #[test]
    fn end_of_a_head_is_found_wherever_it_is_cut() {
        for (text, end) in [
            ("GET / HTTP/1.1\r\nhost: x\r\n\r\nrest", 27),
            ("\r\n\r\nGET / HTTP/1.1\r\n\r\n", 22),
            ("GET /\n\n", 7),
            ("a\n\r\nb", 4),
        ] {
            for cut in 0..=text.len() {
                let mut search = HeadEnd::default();
                let found = search.find(&text.as_bytes()[..cut]).or_else(|| search.find(text.as_bytes()));
                assert_eq!(found, Some(end), "{text:?} cut at {cut}");
            }
        }
        for text in ["", "\r\n\r\n\r\n", "GET / HTTP/1.1\r\nhost: x\r\n"] {
            assert_eq!(HeadEnd::default().find(text.as_bytes()), None, "{text:?}");
        }
    }
}
