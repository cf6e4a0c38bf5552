//! The URL of a request, exactly as it is sent.
//!
//! Before API Gateway's authorizer checks a signature, it encodes the received path again, so every byte counts. Signers
//! and verifiers normalise the path that they sign (RFC 3986, section 6.2.2.3, without doubled slashes), but not the path
//! that is sent. They disagree on the characters that a query leaves unencoded. So the URL is brought into a form that all
//! of them and all URL parsers read alike:
//!
//! - Path: doubled slashes stay. `.` and `..` segments are resolved as by every WHATWG URL parser, for which `%2e` is a dot,
//!   too. Existing escapes stay, including `%2F`. Unreserved characters stay, and so do `! $ & ' ( ) * + , ; = : @`; every
//!   other one is percent-encoded. A `%` that begins no escape becomes `%25`.
//! - Query: each key and value is decoded, then encoded except for the unreserved characters of RFC 3986, section 2.3.
//!   A space becomes `%20`. A `+` is a plus, not a space, and becomes `%2B`. `a` stays `a`, and is signed as `a=`. Order
//!   and repeated keys stay; an empty pair (`a=1&&b=2`) is dropped, since signers disagree on it.
//! - Fragment: dropped, since clients never send it.

use std::fmt;
use std::path::Path;

use percent_encoding::{AsciiSet, CONTROLS, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use url::Url;

use super::host_name::check_name;
use super::placeholder::{glob, placeholder, placeholder_in_query, unfilled};
use crate::error::{Failure, Kind, shortened};
use crate::network::is_loopback;

/// The maximum length of the host and port as typed, in bytes. A host of 253 bytes (RFC 1035, section 2.3.4) may be
/// longer as typed, if it is escaped or not ASCII.
const LONGEST_AUTHORITY: usize = 1024;
/// The maximum length of the host and port as sent, in bytes.
const LONGEST_HOST: usize = 253 + ":65535".len();

/// The characters to encode in a query: all except the unreserved characters (RFC 3986, section 2.3).
pub(super) const STRICT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The characters to encode in a path segment: all except `pchar` (RFC 3986, section 3.3). `%` is handled before.
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

/// A difference between the request that was asked for and the one that is sent, beyond plain percent-encoding, or
/// something in it that is likely a mistake.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Note {
    /// The path holds a placeholder, such as `{id}` or `$ID`.
    Placeholder(String),
    /// The URL holds a range or a list, such as `[1-3]` or `{a,b}`, for each value of which curl sends a request.
    Glob(String),
    /// A value in the query holds a placeholder.
    PlaceholderInQuery(String),
    /// `.` or `..` segments were resolved.
    DotSegments,
    /// A `%` that begins no escape is sent as `%25`.
    LonePercent,
    /// A `+` in the query is sent as `%2B`.
    Plus,
    /// A pair with neither key nor value was left out of the query.
    EmptyPair,
    /// The fragment was dropped. It may be the end of a value.
    Fragment,
    /// A header that was to be left out is sent: the HTTP client always adds it.
    Stays(&'static str),
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Note::Placeholder(text) => {
                return write!(f, "the path holds '{text}', which is sent as it is: is it a placeholder to fill in?");
            }
            Note::Glob(text) => {
                return write!(f, "the URL holds '{text}', which is sent as it is: one call sends one request");
            }
            Note::PlaceholderInQuery(text) => {
                return write!(f, "the query holds '{text}', which is sent as it is: is it a placeholder to fill in?");
            }
            Note::DotSegments => "dot segments in the path are resolved before it is signed and sent",
            Note::LonePercent => "a '%' that begins no percent-encoding is sent as '%25'",
            Note::Plus => "a '+' in the query is sent as '%2B': write a space as '%20'",
            Note::EmptyPair => "an empty pair in the query is left out",
            Note::Fragment => "the URL's fragment is not sent: write a '#' that belongs to a value as '%23'",
            Note::Stays(header) => return write!(f, "the HTTP client cannot leave out '{header}', so it is sent"),
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
        // A URL that is pasted often brings a blank or a line break along.
        let given = given.trim();
        if given.chars().any(char::is_control) {
            return Err(usage("the URL holds a control character", "percent-encode it if it is meant"));
        }
        let (given, fragment) = split(given, '#');
        if fragment.is_some() {
            notes.push(Note::Fragment);
        }
        let (given, query) = split(given, '?');
        let start = given.split('/').next().unwrap_or_default();
        if let Some(text) = unfilled(start) {
            let message = format!("the URL begins with '{}'", shortened(text, 40));
            return Err(usage(message, "put the API's URL there, as in https://HOST/STAGE/PATH"));
        }
        let Some((scheme, rest)) = given.split_once("://") else {
            return Err(usage("the URL has no scheme", "write it as https://HOST/STAGE/PATH"));
        };
        let (authority, path) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
        let origin = origin(scheme, authority)?;

        notes.extend(placeholder(path).map(|text| Note::Placeholder(shortened(text, 40))));
        let globs = [Some(path), query].into_iter().flatten().find_map(glob);
        notes.extend(globs.map(|text| Note::Glob(shortened(text, 40))));
        let path = normal_path(path, &mut notes);
        let in_query = query.and_then(placeholder_in_query);
        notes.extend(in_query.map(|text| Note::PlaceholderInQuery(shortened(text, 40))));
        let query = query.map(|query| normal_query(query, &mut notes)).transpose()?.filter(|query| !query.is_empty());
        let authority = origin[url::Position::BeforeHost..url::Position::AfterPort].to_string();
        let wire =
            format!("{}://{authority}{path}{}", origin.scheme(), query.map(|q| format!("?{q}")).unwrap_or_default());
        let url = Url::parse(&wire).map_err(|_| usage("the URL cannot be read", "check it for stray characters"))?;
        if url.as_str() != wire {
            let message = "the URL has no form that is signed and sent alike";
            return Err(usage(message, "percent-encode its unusual characters"));
        }
        notes.sort();
        notes.dedup();
        Ok((Self { url, authority }, notes))
    }
}

/// Checks the scheme and the authority (host and port) of a URL. Returns them with the host in lower case and without
/// the default port.
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
    if let Some(text) = unfilled(authority) {
        let message = format!("the host holds '{}'", shortened(text, 40));
        let what = if text.to_ascii_lowercase().contains("region") { "region" } else { "id" };
        return Err(usage(message, format!("put the API's {what} there")));
    }
    if matches!(scheme.to_ascii_lowercase().as_str(), "ws" | "wss") {
        let hint = "to send to a connected client, POST to https://HOST/STAGE/@connections/CONNECTION-ID";
        return Err(usage("cogfed signs no WebSocket connections", hint));
    }
    let origin = Url::parse(&format!("{scheme}://{authority}/")).map_err(|_| unreadable())?;
    match origin.scheme() {
        "https" => {}
        "http" if is_loopback(&origin) => {}
        "http" => {
            let message = format!(
                "the URL of '{authority}' is http: anyone on the network path could read or change the request"
            );
            return Err(usage(message, "use https; http goes to loopback hosts only"));
        }
        other => return Err(usage(format!("'{}' is no scheme of an API", shortened(other, 80)), "use https")),
    }
    let host = &origin[url::Position::BeforeHost..url::Position::AfterPort];
    // The parser reads a backslash as a slash, which would end the host before a person expects it.
    if origin.path() != "/" || !origin.has_host() || host.len() > LONGEST_HOST {
        return Err(unreadable());
    }
    if let Some(url::Host::Domain(name)) = origin.host() {
        check_name(name)?;
    }
    Ok(origin)
}

/// Adds pairs to the query of a URL, in front of its fragment. Spaces, control characters and `#` in them are
/// percent-encoded.
pub fn with_query(url: &str, pairs: &str) -> String {
    const RAW: &AsciiSet = &CONTROLS.add(b' ').add(b'#');
    let (whole, fragment) = split(url, '#');
    let mark = match split(whole, '?') {
        (_, None) => "?",
        (_, Some("")) => "",
        (_, Some(query)) if query.ends_with('&') => "",
        _ => "&",
    };
    let fragment = fragment.map(|fragment| format!("#{fragment}")).unwrap_or_default();
    format!("{whole}{mark}{}{fragment}", utf8_percent_encode(pairs, RAW))
}

/// Returns the URL of an upload. As in curl, a URL without a path or with a slash at its end names the folder, and gets
/// the file's name.
pub fn file_name_below(url: &str, file: &Path) -> String {
    let end = url.find(['?', '#']).unwrap_or(url.len());
    let (path, rest) = url.split_at(end);
    // Without any path, the folder is the root.
    let root = match path.split_once("://") {
        Some((_, rest)) if !rest.contains('/') => "/",
        _ => "",
    };
    match (path.ends_with('/') || !root.is_empty(), file.file_name().filter(|name| *name != "-")) {
        (true, Some(name)) => {
            let name = name.to_string_lossy();
            format!("{path}{root}{}{rest}", utf8_percent_encode(&name, STRICT))
        }
        _ => url.to_owned(),
    }
}

/// Returns the path with dot segments resolved (RFC 3986, section 5.2.4), and encoded where needed.
fn normal_path(path: &str, notes: &mut Vec<Note>) -> String {
    let mut segments: Vec<String> = Vec::new();
    let mut given = path.split('/').skip(1).peekable();
    while let Some(segment) = given.next() {
        let last = given.peek().is_none();
        let dots = if segment.len() <= 6 { segment.replace("%2e", ".").replace("%2E", ".") } else { String::new() };
        match dots.as_str() {
            "." | ".." => {
                notes.push(Note::DotSegments);
                if dots == ".." {
                    segments.pop();
                }
                // What they name is a folder: the slash stays.
                segments.extend(last.then(String::new));
            }
            _ => segments.push(utf8_percent_encode(&lone_percent_encoded(segment, notes), SEGMENT).to_string()),
        }
    }
    format!("/{}", segments.join("/"))
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
        let (key, value) = (strict(key, notes)?, value.map(|value| strict(value, notes)).transpose()?);
        match value.as_deref() {
            None | Some("") if key.is_empty() => notes.push(Note::EmptyPair),
            None => pairs.push(key),
            Some(value) => pairs.push(format!("{key}={value}")),
        }
    }
    if query.is_empty() {
        notes.retain(|note| *note != Note::EmptyPair);
    }
    Ok(pairs.join("&"))
}

/// Returns one key or value of a query, first decoded and then strictly encoded.
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

/// Splits a text at the first `at`; the second part is `None` if the text does not contain `at`.
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
        let (target, notes) = Target::parse("https://h/a/./b//c/../{id}/%zz?x&&y=1+1+1&z=%#top").unwrap();
        assert_eq!(target.url.as_str(), "https://h/a/b//%7Bid%7D/%25zz?x&y=1%2B1%2B1&z=%25");
        assert_eq!(
            notes,
            [
                Note::Placeholder("{id}".into()),
                Note::DotSegments,
                Note::LonePercent,
                Note::Plus,
                Note::EmptyPair,
                Note::Fragment
            ]
        );
        for plain in ["https://h", "https://h/", " https://h/?\n", "https://h/a%20b/é//?q=a b&q=%2F&e=&f"] {
            assert_eq!(Target::parse(plain).unwrap().1, [], "{plain}");
        }
    }

    #[test]
    fn unfilled_hosts_are_refused_and_name_the_placeholder() {
        for (given, text) in [
            ("https://{api}.execute-api.eu-west-1.amazonaws.com/prod", "'{api}'"),
            ("https://$API.execute-api.eu-west-1.amazonaws.com/prod", "'$API'"),
            ("https://${API_ID}.execute-api.eu-west-1.amazonaws.com/", "'${API_ID}'"),
            ("https://<api-id>.execute-api.eu-west-1.amazonaws.com/", "'<api-id>'"),
            ("https://%7Bapi%7D.execute-api.eu-west-1.amazonaws.com/", "'%7Bapi%7D'"),
            ("https://abc.execute-api.{region}.amazonaws.com/", "'{region}'"),
            ("https://{api", "'{api'"),
            ("https://[api-id].execute-api.eu-west-1.amazonaws.com/", "'[api-id]'"),
            ("{scheme}://h/", "begins with '{scheme}'"),
            ("https://%API%.execute-api.eu-west-1.amazonaws.com/", "'%API%'"),
            ("https://x.%BASE_URL%/", "'%BASE_URL%'"),
            ("{{baseUrl}}/orders?u=https://h/", "begins with '{{baseUrl}'"),
            ("$URL/orders", "begins with '$URL'"),
            ("%API%/orders", "begins with '%API%'"),
        ] {
            let message = refusal(given);
            assert!(message.contains(text), "{given}: {message}");
        }
    }

    #[test]
    fn websocket_urls_are_refused_with_the_way_that_works() {
        let error = Target::parse("wss://abc.execute-api.eu-west-1.amazonaws.com/prod").unwrap_err();
        assert_eq!(error.to_string(), "cogfed signs no WebSocket connections");
        assert!(error.hint.unwrap_or_default().contains("/@connections/"));
    }

    #[test]
    fn added_pairs_come_before_the_fragment() {
        for (url, expected) in [
            ("https://h/a", "https://h/a?q=a%20b%23"),
            ("https://h/a?", "https://h/a?q=a%20b%23"),
            ("https://h/a?x=1", "https://h/a?x=1&q=a%20b%23"),
            ("https://h/a?x=1&#top", "https://h/a?x=1&q=a%20b%23#top"),
        ] {
            assert_eq!(with_query(url, "q=a b#"), expected);
        }
    }
}
