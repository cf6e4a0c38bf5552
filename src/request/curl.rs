//! A request as a line of curl, without keys.

use std::collections::HashSet;
use std::fmt::Write;

use http::Method;
use http::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HOST, HeaderName, USER_AGENT};

use super::build::{ApiRequest, COMPRESSED, OWN_USER_AGENT};
use super::sign::Scope;
use super::signature_form::{BodyHash, SignatureForm, with_path};
use crate::error::{Failure, Kind};

/// The maximum size of a body within a command line, in bytes. Linux takes 128 KiB in one argument.
const LARGEST_TEXT: usize = 100 * 1024;

/// A line of curl that sends the same request.
#[derive(Debug, PartialEq, Eq)]
pub struct CurlLine {
    /// The line, quoted for a POSIX shell. The keys are the shell variables `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`
    /// and `AWS_SESSION_TOKEN`; secret headers are variables, too.
    pub line: String,
    /// Differences from the request, and parts that curl may sign wrongly.
    pub notes: Vec<&'static str>,
}

/// Returns a line of curl for a request. `body_file` names the file or `-` that holds exactly the body, if there is one.
/// `further` are more words for the line, such as the options about the connection.
///
/// # Errors
/// [`Kind::Usage`] if the body is in no file, and is not a text that fits into a command line.
pub fn curl_line(
    request: &ApiRequest,
    scope: &Scope,
    body_file: Option<&str>,
    further: &[String],
) -> Result<CurlLine, Failure> {
    let mut notes = Vec::new();
    let mut line = format!(
        "curl --aws-sigv4 {} --user \"$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY\" \
         -H \"x-amz-security-token: $AWS_SESSION_TOKEN\"",
        quoted_for_sh(&format!("aws:amz:{}:{}", scope.region, scope.service))
    );
    let mut add = |text: &str| line.push_str(&format!(" {text}"));
    let method = &request.method;
    match (method, request.body.is_empty()) {
        (&Method::HEAD, true) => add("--head"),
        (&Method::GET, true) | (&Method::POST, false) => {}
        _ => add(&format!("-X {}", quoted_for_sh(method.as_str()))),
    }
    further.iter().for_each(|word| add(&quoted_for_sh(word)));
    for argument in headers(request, scope, &mut notes) {
        add(&argument);
    }
    if let Some(body) = body(request, body_file)? {
        add(&body);
    }
    let form = SignatureForm::of(&scope.service);
    let path = form.sent_path(request.uri.path());
    if !form.is_key && !path.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte)) {
        notes
            .push("curl 7.88 signs a path with such characters in a way that AWS refuses, and newer versions may, too");
    }
    if path.contains("//") && !form.is_key {
        notes.push("curl 7.88 signs doubled slashes in a way that AWS refuses, and newer versions may, too");
    }
    add(&quoted_for_sh(&url(request, &path, &mut notes)));
    let mut seen = HashSet::new();
    notes.retain(|note| seen.insert(*note));
    Ok(CurlLine { line, notes })
}

/// Returns the options for the headers. Repeated headers are joined, since curl signs only one.
fn headers(request: &ApiRequest, scope: &Scope, notes: &mut Vec<&'static str>) -> Vec<String> {
    let mut options = Vec::new();
    if let Some(host) = &scope.host {
        options.push(format!("-H {}", quoted_for_sh(&format!("host: {host}"))));
    }
    for name in request.headers.keys() {
        let values = request.headers.get_all(name);
        let joined = values.iter().map(|value| String::from_utf8_lossy(value.as_bytes())).collect::<Vec<_>>().join(",");
        match joined.as_str() {
            _ if [HOST, CONTENT_LENGTH].contains(name) => {}
            "*/*" if *name == ACCEPT => {}
            OWN_USER_AGENT if *name == USER_AGENT => {}
            COMPRESSED if *name == ACCEPT_ENCODING => options.push("--compressed".to_owned()),
            _ if values.iter().any(|value| value.is_sensitive()) => {
                options.push(format!("-H \"{name}: ${}\"", variable(name)));
                notes.push("set the variable of each secret header, too");
            }
            "" => {
                options.push(format!("-H {}", quoted_for_sh(&format!("{name};"))));
                notes.push("curl 7.88 signs an empty header in a way that AWS refuses, and newer versions may, too");
            }
            value => options.push(format!("-H {}", quoted_for_sh(&format!("{name}: {value}")))),
        }
    }
    // curl would add the type of a web form.
    if !request.body.is_empty() && !request.headers.contains_key(CONTENT_TYPE) {
        options.push("-H content-type:".to_owned());
    }
    match SignatureForm::of(&scope.service).hash {
        BodyHash::Sent if scope.service != "s3" => {
            options.push(format!("-H x-amz-content-sha256:{}", request.body_hash()));
        }
        BodyHash::Unsigned => options.push("-H x-amz-content-sha256:UNSIGNED-PAYLOAD".to_owned()),
        _ => {}
    }
    options
}

/// Returns the option for the body, if there is one.
fn body(request: &ApiRequest, body_file: Option<&str>) -> Result<Option<String>, Failure> {
    let body = &request.body;
    if body.is_empty() {
        return Ok(None);
    }
    if let Some(file) = body_file {
        return Ok(Some(format!("--data-binary {}", quoted_for_sh(&format!("@{file}")))));
    }
    let is_plain = |text: &&str| !text.chars().any(|c| c.is_control() && !"\t\r\n".contains(c));
    match str::from_utf8(body).ok().filter(is_plain).filter(|_| body.len() <= LARGEST_TEXT) {
        Some(text) => Ok(Some(format!("--data-raw {}", quoted_for_sh(text)))),
        None => Err(Failure::new(Kind::Usage, "the body does not fit into a command line")
            .hint("put it into a file, and give that by --data-binary @FILE")),
    }
}

/// Returns the URL with the query that curl signs as AWS does: sorted, and with `=` behind each key.
fn url(request: &ApiRequest, path: &str, notes: &mut Vec<&'static str>) -> String {
    let url = with_path(&request.uri, path).to_string();
    let Some((whole, query)) = url.split_once('?') else { return url };
    let pairs: Vec<String> =
        query.split('&').map(|pair| if pair.contains('=') { pair.to_owned() } else { format!("{pair}=") }).collect();
    let mut sorted = pairs.clone();
    sorted.sort_by(|one, other| one.split_once('=').cmp(&other.split_once('=')));
    if sorted != pairs {
        notes.push("the query is sorted: curl 7.88 signs it in the order in which it is written");
    }
    format!("{whole}?{}", sorted.join("&"))
}

/// Returns the shell variable for the value of a secret header, such as `X_API_KEY`.
fn variable(name: &HeaderName) -> String {
    let variable = name.as_str().replace(|c: char| !c.is_ascii_alphanumeric(), "_").to_ascii_uppercase();
    // No variable begins with a digit.
    if variable.starts_with(|c: char| c.is_ascii_digit()) { format!("_{variable}") } else { variable }
}

/// Quotes a text for a POSIX shell.
fn quoted_for_sh(text: &str) -> String {
    let is_safe = |c: char| c.is_ascii_alphanumeric() || "-_./:@%+,=".contains(c);
    if !text.is_empty() && text.chars().all(is_safe) {
        return text.to_owned();
    }
    let mut quoted = String::with_capacity(text.len() + 2);
    // A quotation mark ends the quoted text, stands by itself, and begins the next.
    let inner = text.replace('\'', r"'\''");
    write!(quoted, "'{inner}'").expect("a String takes all that is written to it");
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::RequestInput;

    fn line(input: RequestInput, scope: &Scope, file: Option<&str>) -> CurlLine {
        let (request, _) = ApiRequest::build(RequestInput { url: "https://h/p?b=1&a".into(), ..input }).unwrap();
        curl_line(&request, scope, file, &["--key".into(), "a b".into()]).unwrap()
    }

    #[test]
    fn curl_line_holds_variables_in_place_of_secrets() {
        let headers =
            [("X-Api-Key", "canary"), ("X-A", "it's"), ("x-a", "2"), ("Cookie", "canary"), ("1.Auth-Token", "canary")];
        let input = RequestInput {
            method: "POST".into(),
            headers: headers.map(|(name, value)| (name.into(), value.into())).to_vec(),
            body: Some(b"@a 'b'".to_vec()),
            compressed: true,
            ..RequestInput::default()
        };
        let CurlLine { line, notes } = line(input, &Scope::execute_api("eu-west-1"), None);
        for part in [
            "curl --aws-sigv4 aws:amz:eu-west-1:execute-api --user \"$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY\" ",
            " -H \"x-amz-security-token: $AWS_SESSION_TOKEN\" ",
            " -H \"x-api-key: $X_API_KEY\" ",
            " -H \"cookie: $COOKIE\" ",
            " -H \"1.auth-token: $_1_AUTH_TOKEN\" ",
            " --key 'a b' ",
            r" -H 'x-a: it'\''s,2' ",
            " --compressed ",
            " -H content-type: ",
            r" --data-raw '@a '\''b'\''' ",
        ] {
            assert!(line.contains(part), "{part} in {line}");
        }
        assert!(line.ends_with(" 'https://h/p?a=&b=1'") && !line.contains("canary") && !line.contains("-X"), "{line}");
        assert!(notes.iter().any(|note| note.contains("sorted")), "{notes:?}");
        assert_eq!(notes.iter().filter(|note| note.contains("secret")).count(), 1, "{notes:?}");
    }

    #[test]
    fn curl_line_names_method_file_and_hash_where_they_are_needed() {
        let of = |method: &str, body: &[u8], service: &str| {
            let input = RequestInput { method: method.into(), body: Some(body.to_vec()), ..RequestInput::default() };
            line(input, &Scope::new(service, "eu-west-1"), Some("a b.bin")).line
        };
        assert!(of("HEAD", b"", "execute-api").contains(" --head "));
        assert!(of("DELETE", b"", "execute-api").contains(" -X DELETE "));
        assert!(
            of("PUT", b"\xff", "execute-api")
                .contains(" -X PUT --key 'a b' -H content-type: --data-binary '@a b.bin' ")
        );
        assert!(of("GET", b"", "aoss").contains(" -H x-amz-content-sha256:e3b0c442"));
        assert!(of("GET", b"", "vpc-lattice-svcs").contains(" -H x-amz-content-sha256:UNSIGNED-PAYLOAD "));
    }

    #[test]
    fn binary_body_without_a_file_is_refused() {
        let input =
            RequestInput { method: "POST".into(), url: "https://h/".into(), body: Some(vec![0]), ..Default::default() };
        let (request, _) = ApiRequest::build(input).unwrap();
        let error = curl_line(&request, &Scope::execute_api("eu-west-1"), None, &[]).unwrap_err();
        assert_eq!(
            (error.kind, error.to_string().as_str()),
            (Kind::Usage, "the body does not fit into a command line")
        );
    }
}
