//! The headers that a person gives: their syntax, those that are refused, and those that are secret.

use http::header::{
    ACCEPT, AUTHORIZATION, CONNECTION, CONTENT_LENGTH, DATE, EXPECT, HOST, HeaderMap, HeaderName, HeaderValue,
    PROXY_AUTHENTICATE, PROXY_AUTHORIZATION, TE, TRAILER, TRANSFER_ENCODING, UPGRADE,
};

use super::target::Note;
use crate::error::{Failure, Kind};

/// The maximum number of headers that a person may give. Even with one-byte names and values, no more fit into the
/// 10,240 bytes that API Gateway accepts (<https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html>).
pub(super) const MOST_HEADERS: usize = 2000;

/// One header, as given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GivenHeader {
    /// A name and its value, to send.
    Sent(String, String),
    /// The name of a header that cogfed must not add itself.
    LeftOut(String),
}

/// Parses an argument of `-H` with curl's syntax: `Name: value`, `Name;` for an empty value, or `Name:` for a header that
/// cogfed must not add.
///
/// # Errors
/// [`Kind::Usage`] if it has none of these forms.
pub fn parse_header(given: &str) -> Result<GivenHeader, Failure> {
    if let Some((name, value)) = given.split_once(':') {
        return Ok(match value.trim() {
            "" => GivenHeader::LeftOut(name.to_string()),
            value => GivenHeader::Sent(name.to_string(), value.to_string()),
        });
    }
    match given.trim_end().strip_suffix(';') {
        Some(name) => Ok(GivenHeader::Sent(name.to_string(), String::new())),
        // The text itself stays out of the message: it may be a value, pasted without its name.
        None => Err(Failure::new(Kind::Usage, "a header has no ':'").hint("write it as 'Name: value'")),
    }
}

/// Checks the names of headers to leave out. Notes those that the HTTP client sends in any case.
pub(super) fn left_out(given: &[String], notes: &mut Vec<Note>) -> Result<Vec<HeaderName>, Failure> {
    let mut names = Vec::new();
    for name in given {
        let header = header_name(name)?;
        if is_signed_or_of_the_url(&header) {
            return Err(Failure::new(Kind::Usage, format!("the header '{}' cannot be left out", shown(name)))
                .hint("the service needs it to check the signature"));
        }
        if header == ACCEPT {
            notes.push(Note::Stays("Accept: */*"));
        }
        names.push(header);
    }
    Ok(names)
}

fn header_name(given: &str) -> Result<HeaderName, Failure> {
    HeaderName::from_bytes(given.trim_end().as_bytes()).map_err(|_| {
        Failure::new(Kind::Usage, format!("'{}' is no header name", shown(given))).hint("write 'Name: value'")
    })
}

/// Checks the headers that the person gave, and returns them. Refuses those that the signature or the connection sets,
/// and values that hold control characters. Other text than ASCII is sent and signed as UTF-8.
pub(super) fn given_headers(given: &[(String, String)]) -> Result<HeaderMap, Failure> {
    let mut headers = HeaderMap::new();
    for (name, value) in given {
        let header = header_name(name)?;
        if let Some(hint) = reserved(&header) {
            return Err(Failure::new(Kind::Usage, format!("the header '{}' cannot be given", shown(header.as_str())))
                .hint(hint));
        }
        let tabs_as_spaces = value.replace('\t', " ");
        let value = tabs_as_spaces.trim_matches(' ');
        if let Some(fault) = value.chars().find(|c| c.is_control()) {
            let what = if matches!(fault, '\r' | '\n') { "a line break" } else { "a control character" };
            let header = shown(header.as_str());
            let message = format!("the value of the header '{header}' holds {what}, which no header can carry");
            return Err(Failure::new(Kind::Usage, message).hint("encode it, or send it in the body"));
        }
        let value = HeaderValue::from_bytes(value.as_bytes());
        let mut value = value.expect("UTF-8 without control characters is a header's value");
        value.set_sensitive(is_secret(&header));
        if headers.len() >= MOST_HEADERS {
            let message = format!("more than {MOST_HEADERS} headers are given");
            return Err(
                Failure::new(Kind::Usage, message).hint("API Gateway takes 10,240 bytes of request line and headers")
            );
        }
        headers.append(header, value);
    }
    Ok(headers)
}

/// Returns whether the header's value is likely secret. A secret value is masked wherever the request is shown, and is
/// not sent to the target of a redirect.
fn is_secret(header: &HeaderName) -> bool {
    const ENDS: [&str; 9] = [
        "api-key",
        "apikey",
        "access-key",
        // Server-side encryption of S3's with the person's own key.
        "customer-key",
        "token",
        "secret",
        "password",
        "authorization",
        "cookie",
    ];
    ENDS.iter().any(|end| header.as_str().ends_with(end))
}

/// Returns whether a header follows from the URL or is part of the signature.
fn is_signed_or_of_the_url(header: &HeaderName) -> bool {
    [HOST, AUTHORIZATION, DATE].contains(header)
        || ["x-amz-date", "x-amz-security-token", "x-amz-content-sha256"].contains(&header.as_str())
}

/// Returns a hint if `header` must not be given, and `None` otherwise.
fn reserved(header: &HeaderName) -> Option<&'static str> {
    const HOP_BY_HOP: [HeaderName; 8] =
        [CONNECTION, EXPECT, PROXY_AUTHENTICATE, PROXY_AUTHORIZATION, TE, TRAILER, TRANSFER_ENCODING, UPGRADE];
    if *header == HOST {
        Some(
            "it follows from the URL, or from --sign-host; for a private API behind a VPC endpoint, send 'x-apigw-api-id: API' instead",
        )
    } else if *header == AUTHORIZATION {
        Some("the signature goes there; for an API that takes a token there, use another client")
    } else if is_signed_or_of_the_url(header) {
        Some("it is part of the signature, which is made from the profile's credentials")
    } else if *header == CONTENT_LENGTH {
        Some("it follows from the body")
    } else if HOP_BY_HOP.contains(header)
        || ["keep-alive", "proxy-connection", "http2-settings"].contains(&header.as_str())
    {
        Some("it belongs to the connection, not to the request: leave it out")
    } else {
        None
    }
}

/// Shortens a wrong input for a message.
pub(super) fn shown(given: &str) -> String {
    given.chars().take(40).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_read_as_by_curl() {
        let sent = |name: &str, value: &str| GivenHeader::Sent(name.into(), value.into());
        assert_eq!(parse_header("X-A: b: c ").unwrap(), sent("X-A", "b: c"));
        assert_eq!(parse_header("X-A;").unwrap(), sent("X-A", ""));
        assert_eq!(parse_header("X-A: ").unwrap(), GivenHeader::LeftOut("X-A".into()));
        let error = parse_header("token-canary").unwrap_err();
        assert!(!format!("{error}{:?}", error.hint).contains("canary"));
    }
}
