//! The URL of a request, exactly as it is signed and sent.
//!
//! Before API Gateway's authorizer checks a signature, it encodes the received path again, so every byte counts. AWS's
//! own clients remove dot segments and doubled slashes before they sign, but not before they send. They also disagree
//! on the characters that a query leaves unencoded. So the URL is first normalised, to a form that all clients and URL
//! parsers read alike:
//!
//! - Path: `.` and `..` segments are resolved; `%2e` is a dot, as for the WHATWG URL parser. Empty segments are
//!   removed, and a slash at the end stays. Existing escapes stay, including `%2F`. Unreserved characters stay, and so
//!   do `! $ & ' ( ) * + , ; = : @`; every other one is percent-encoded. A `%` that begins no escape becomes `%25`.
//! - Query: each key and value is decoded, then encoded except for the unreserved characters of RFC 3986, section 2.3.
//!   A space becomes `%20`. A `+` is a plus, not a space, and becomes `%2B`. `a` becomes `a=`, as it is signed. Order
//!   and repeated keys stay; an empty pair (`a=1&&b=2`) is dropped.
//! - Fragment: dropped, since clients never send it.

use std::fmt;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use url::Url;

use crate::error::{Failure, Kind, shortened};
use crate::network::is_loopback;

/// The maximum length of the host and port as typed, in bytes. A host of 253 bytes (RFC 1035, section 2.3.4) may be
/// longer as typed, if it is escaped or not ASCII.
const LONGEST_AUTHORITY: usize = 1024;
/// The maximum length of the host and port as sent, in bytes.
const LONGEST_HOST: usize = 253 + ":65535".len();

/// The characters to encode in a query: all but the unreserved ones (RFC 3986, section 2.3).
const STRICT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The characters to encode in a path segment: all but `pchar` (RFC 3986, section 3.3). `%` is handled before.
const SEGMENT: &AsciiSet = &STRICT
    .remove(b'!')
    .remove(b'$')
    .remove(b'&')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')')
    .remove(b'*')
    .remove(b'+')
    .remove(b',')
    .remove(b';')
    .remove(b'=')
    .remove(b':')
    .remove(b'@')
    .remove(b'%');

/// A change to a URL, beyond plain percent-encoding, that `-v` reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Note {
    /// `.` or `..` segments were resolved.
    DotSegments,
    /// Doubled slashes were reduced to one.
    DoubledSlashes,
    /// A `%` that begins no escape is sent as `%25`.
    LonePercent,
    /// A `+` in the query is sent as `%2B`.
    Plus,
    /// A key without a value is sent with an empty value.
    ValuelessKey,
    /// A pair with neither key nor value was left out of the query.
    EmptyPair,
    /// The fragment was dropped.
    Fragment,
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Note::DotSegments => "dot segments in the path are resolved before it is signed and sent",
            Note::DoubledSlashes => "doubled slashes in the path are sent as one",
            Note::LonePercent => "a '%' that begins no percent-encoding is sent as '%25'",
            Note::Plus => "a '+' in the query is sent as '%2B': write a space as '%20'",
            Note::ValuelessKey => "a query key without '=' is sent with it: that is how it is signed",
            Note::EmptyPair => "an empty pair in the query is left out",
            Note::Fragment => "the URL's fragment is not sent",
        })
    }
}

/// A URL exactly as it is signed and sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Target {
    /// The whole URL.
    pub url: Url,
    /// The value of the `Host` header: the host, and its port unless that is the scheme's default.
    pub authority: String,
}

impl Target {
    /// Parses and normalises the URL `given`.
    ///
    /// # Errors
    /// [`Kind::Usage`] if the URL cannot be signed: another scheme than https (or http to a loopback host), a user
    /// name, a control character, or a query that is not UTF-8.
    pub(super) fn parse(given: &str) -> Result<(Self, Vec<Note>), Failure> {
        let mut notes = Vec::new();
        if given.chars().any(char::is_control) {
            return Err(usage("the URL holds a control character", "percent-encode it if it is meant"));
        }
        let (given, fragment) = split(given, '#');
        if fragment.is_some() {
            notes.push(Note::Fragment);
        }
        let (given, query) = split(given, '?');
        let Some((scheme, rest)) = given.split_once("://") else {
            return Err(usage("the URL has no scheme", "write it as https://HOST/STAGE/PATH"));
        };
        let (authority, path) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
        let origin = origin(scheme, authority)?;

        let path = normal_path(path, &mut notes);
        let query = query.map(|query| normal_query(query, &mut notes)).transpose()?.filter(|query| !query.is_empty());
        let authority = origin[url::Position::BeforeHost..url::Position::AfterPort].to_string();
        let wire =
            format!("{}://{authority}{path}{}", origin.scheme(), query.map(|q| format!("?{q}")).unwrap_or_default());
        let url = Url::parse(&wire).map_err(|_| usage("the URL cannot be read", "check it for stray characters"))?;
        if url.as_str() != wire {
            let message = "the URL has no form that is signed and sent alike";
            return Err(usage(message, "percent-encode its unusual characters"));
        }
        notes.sort_unstable();
        notes.dedup();
        Ok((Self { url, authority }, notes))
    }
}

/// Checks scheme and authority. Returns them with the host in lower case and without the default port.
fn origin(scheme: &str, authority: &str) -> Result<Url, Failure> {
    if authority.contains('@') {
        let hint = "the request is signed with your role's credentials: leave out what stands before '@'";
        return Err(usage("the URL holds a user name", hint));
    }
    let unreadable = || {
        let given = shortened(&format!("{scheme}://{authority}"), 80);
        usage(format!("'{given}' is no host"), "write the URL as https://HOST/STAGE/PATH")
    };
    if authority.len() > LONGEST_AUTHORITY {
        return Err(unreadable());
    }
    let origin = Url::parse(&format!("{scheme}://{authority}/")).map_err(|_| unreadable())?;
    match origin.scheme() {
        "https" => {}
        "http" if is_loopback(&origin) => {}
        "http" => {
            let message =
                format!("the URL of '{authority}' is http: whoever is on the way could read and alter the request");
            return Err(usage(message, "use https; http goes to loopback hosts only"));
        }
        other => return Err(usage(format!("'{}' is no scheme of an API", shortened(other, 80)), "use https")),
    }
    let host = &origin[url::Position::BeforeHost..url::Position::AfterPort];
    // The parser reads a backslash as a slash, which would end the host before a person expects it.
    if origin.path() != "/" || !origin.has_host() || host.len() > LONGEST_HOST {
        return Err(unreadable());
    }
    Ok(origin)
}

/// Returns the path with dot segments resolved, without empty segments, and encoded where needed.
///
/// Empty segments are removed before `..` is resolved. AWS's clients use this order; RFC 3986, section 5.2.4, does not.
fn normal_path(path: &str, notes: &mut Vec<Note>) -> String {
    let mut segments: Vec<String> = Vec::new();
    let mut given = path.split('/').skip(1).peekable();
    let mut slash_at_end = false;
    while let Some(segment) = given.next() {
        let last = given.peek().is_none();
        let dots = if segment.len() <= 6 { segment.replace("%2e", ".").replace("%2E", ".") } else { String::new() };
        slash_at_end = last && (segment.is_empty() || dots == "." || dots == "..");
        match dots.as_str() {
            "." => notes.push(Note::DotSegments),
            ".." => {
                notes.push(Note::DotSegments);
                segments.pop();
            }
            _ if segment.is_empty() => {
                if !last {
                    notes.push(Note::DoubledSlashes);
                }
            }
            _ => segments.push(utf8_percent_encode(&lone_percent_encoded(segment, notes), SEGMENT).to_string()),
        }
    }
    let mut normal = format!("/{}", segments.join("/"));
    if slash_at_end && !segments.is_empty() {
        normal.push('/');
    }
    normal
}

/// Returns the query with each key and value strictly encoded.
///
/// # Errors
/// If a key or value is not UTF-8 once decoded: signers disagree on its encoding.
fn normal_query(query: &str, notes: &mut Vec<Note>) -> Result<String, Failure> {
    let mut pairs = Vec::new();
    for pair in query.split('&') {
        if pair.contains('+') {
            notes.push(Note::Plus);
        }
        let (key, value) = split(pair, '=');
        if value.is_none() && !key.is_empty() {
            notes.push(Note::ValuelessKey);
        }
        let (key, value) = (strict(key, notes)?, strict(value.unwrap_or_default(), notes)?);
        if key.is_empty() && value.is_empty() {
            notes.push(Note::EmptyPair);
        } else {
            pairs.push(format!("{key}={value}"));
        }
    }
    if query.is_empty() {
        notes.retain(|note| *note != Note::EmptyPair);
    }
    Ok(pairs.join("&"))
}

/// Returns one key or value, decoded and strictly encoded.
fn strict(text: &str, notes: &mut Vec<Note>) -> Result<String, Failure> {
    let text = lone_percent_encoded(text, notes);
    let Ok(decoded) = percent_decode_str(&text).decode_utf8() else {
        let hint = "API Gateway reads text only: send bytes in the body, or as base64";
        return Err(usage("the URL's query holds a percent-encoding that is not UTF-8", hint));
    };
    Ok(utf8_percent_encode(&decoded, STRICT).to_string())
}

/// Returns `text` with `%25` in place of every `%` that begins no escape.
fn lone_percent_encoded(text: &str, notes: &mut Vec<Note>) -> String {
    let mut pieces = text.split('%');
    let mut whole = pieces.next().unwrap_or_default().to_string();
    for piece in pieces {
        let mut digits = piece.bytes().take(2).filter(u8::is_ascii_hexdigit);
        if digits.next().is_some() && digits.next().is_some() {
            whole.push('%');
        } else {
            notes.push(Note::LonePercent);
            whole.push_str("%25");
        }
        whole.push_str(piece);
    }
    whole
}

/// Splits a text at the first occurrence of `at`.
fn split(text: &str, at: char) -> (&str, Option<&str>) {
    text.split_once(at).map_or((text, None), |(before, after)| (before, Some(after)))
}

/// Creates a usage failure with this message and hint.
fn usage(message: impl Into<String>, hint: impl Into<String>) -> Failure {
    Failure::new(Kind::Usage, message).hint(hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wire(given: &str) -> String {
        Target::parse(given).unwrap().0.url.into()
    }

    fn refusal(given: &str) -> String {
        Target::parse(given).unwrap_err().to_string()
    }

    #[test]
    fn host_of_the_url_is_normalised() {
        assert_eq!(wire("HTTPS://API.Example.COM:443"), "https://api.example.com/");
        assert_eq!(wire("https://api.example.com:8443?x=1"), "https://api.example.com:8443/?x=1");
        assert_eq!(wire("http://[::1]:3000/a"), "http://[::1]:3000/a");
        assert_eq!(wire("https://bücher.example/"), "https://xn--bcher-kva.example/");
        assert_eq!(Target::parse("http://LOCALHOST:80/").unwrap().0.authority, "localhost");
        assert_eq!(Target::parse("http://127.0.0.1:81/").unwrap().0.authority, "127.0.0.1:81");
    }

    #[test]
    fn unsafe_and_unsignable_urls_are_refused() {
        for (given, why) in [
            ("api.example.com/prod", "no scheme"),
            ("localhost:3000/prod", "no scheme"),
            ("http://api.example.com/", "http"),
            ("http://127.0.0.1.example.com/", "http"),
            ("http://localhost.example.com/", "http"),
            ("ftp://api.example.com/", "'ftp' is no scheme"),
            ("file:///etc/passwd", "'file' is no scheme"),
            ("https:///prod", "no host"),
            ("https://me:pw@api.example.com/", "user name"),
            ("https://@api.example.com/", "user name"),
            (r"https://api.example.com\@evil.example/", "user name"),
            (r"https://api.example.com\evil/", "no host"),
            ("https://api example.com/", "no host"),
            ("https://api.example.com:99999/", "no host"),
            ("https://api.example.com/a\r\nX: y", "control character"),
            ("https://api.example.com/a\tb", "control character"),
            ("https://api.example.com/?q=%ff", "not UTF-8"),
            ("https://api.example.com/?%c3=1", "not UTF-8"),
            (&format!("https://{}.example.com/", "a".repeat(260)), "no host"),
            (&format!("https://{}/", "a".repeat(5000)), "no host"),
            (&format!("{}://api.example.com/", "a".repeat(5000)), "no scheme"),
        ] {
            let message = refusal(given);
            assert!(message.contains(why), "{given:?}: {message}");
            assert!(!message.contains("pw") && message.len() < 300, "{message}");
        }
    }

    #[test]
    fn each_change_of_a_url_is_noted_once() {
        let (target, notes) = Target::parse("https://h/a/./b//c/../%zz?x&&y=1+1+1&z=%#top").unwrap();
        assert_eq!(target.url.as_str(), "https://h/a/b/%25zz?x=&y=1%2B1%2B1&z=%25");
        assert_eq!(
            notes,
            [
                Note::DotSegments,
                Note::DoubledSlashes,
                Note::LonePercent,
                Note::Plus,
                Note::ValuelessKey,
                Note::EmptyPair,
                Note::Fragment
            ]
        );
        for plain in ["https://h", "https://h/", "https://h/?", "https://h/a%20b/é /?q=a b&q=%2F&e="] {
            assert_eq!(Target::parse(plain).unwrap().1, [], "{plain}");
        }
    }
}
