//! The method and the URL of `cogfed call`, from its words and flags.

use crate::cli::{BodyFlag, RequestFlags};
use crate::error::{Failure, Kind, quoted};
use crate::profile::keys;

/// The hint for words that are neither.
const SHAPE: &str = "write 'cogfed call METHOD URL'; a value that holds spaces needs quotes";

/// The method and the URL, as given.
#[derive(Debug, PartialEq, Eq)]
pub struct Words {
    /// The method, unless it follows from the other flags.
    pub method: Option<String>,
    /// The URL, or a path.
    pub url: String,
}

/// Returns the method and the URL that the words and flags name.
///
/// # Errors
/// [`Kind::Usage`] if there is no URL, or more than one.
pub fn words(flags: &RequestFlags) -> Result<Words, Failure> {
    let mut words: Vec<&str> = flags.words.iter().map(|word| word.trim()).collect();
    // A line of curl, pasted whole, even with the prompt.
    for pasted in ["$", "curl"] {
        if words.first() == Some(&pasted) {
            words.remove(0);
        }
    }
    // The word after `--json` is not its value if it can only be the method or the URL.
    words.extend(flags.body.0.iter().filter_map(|(flag, value)| {
        let word = value.to_str().filter(|_| *flag == BodyFlag::Json)?.trim();
        is_word(word).then_some(word)
    }));
    // A word behind the URL is the method only if it is a known one.
    if let Some(at) = words.iter().position(|word| is_url(word))
        && let Some(odd) = words.iter().skip(at + 1).find(|word| !is_word(word))
    {
        return Err(unexpected(odd, SHAPE));
    }
    let (urls, mut others): (Vec<&str>, Vec<&str>) = words.into_iter().partition(|word| is_url(word));
    let mut urls: Vec<&str> = flags.url.as_deref().map(str::trim).into_iter().chain(urls).collect();
    // The last word that is neither stands in the URL's place, and is explained as a URL.
    if urls.is_empty()
        && let Some(at) = others.iter().rposition(|word| !is_method(word))
    {
        urls.push(others.remove(at));
    }
    let (url, method) = match (urls.as_slice(), others.as_slice()) {
        ([url], []) => (url, None),
        ([url], [method]) => (url, Some(*method)),
        ([], _) => {
            let hint = "write 'cogfed call URL', or 'cogfed call METHOD URL'";
            return Err(Failure::new(Kind::Usage, "the URL is missing").hint(hint));
        }
        ([_, second, ..], _) => return Err(unexpected(second, "one call sends one request: give one URL")),
        (_, [.., last]) => return Err(unexpected(last, SHAPE)),
    };
    let method = flags.request.as_deref().or(method).map(str::to_owned);
    Ok(Words { method, url: (*url).to_owned() })
}

/// Returns the URL that a path names below the profile's base URL, and any other URL unchanged.
///
/// # Errors
/// [`Kind::Usage`] if there is no base URL.
pub fn below(base: Option<&str>, url: &str, profile: &str) -> Result<String, Failure> {
    if !url.starts_with('/') {
        return Ok(url.to_owned());
    }
    let key = keys::API.entry().name;
    let base = base.ok_or_else(|| {
        Failure::new(Kind::Usage, format!("'{}' is a path, and profile '{profile}' has no '{key}'", shown(url)))
            .hint(format!("give the whole URL, or add {key} = \"https://HOST/STAGE\" to [profile.{profile}]"))
    })?;
    // As text: the path cannot change the host, whatever it holds.
    Ok(format!("{}{url}", base.trim_end_matches('/')))
}

/// Returns whether a word after `--json` can only be the method or the URL: no JSON looks like them.
pub fn is_word(text: &str) -> bool {
    is_url(text) || is_method(text)
}

fn is_url(word: &str) -> bool {
    let scheme = |scheme: &str| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic()) && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric())
    };
    word.starts_with('/') || word.split_once("://").is_some_and(|(before, _)| scheme(before))
}

fn is_method(word: &str) -> bool {
    const METHODS: [&str; 9] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "QUERY"];
    METHODS.iter().any(|method| method.eq_ignore_ascii_case(word))
}

fn unexpected(word: &str, hint: &str) -> Failure {
    Failure::new(Kind::Usage, format!("unexpected argument '{}'", shown(word))).hint(hint)
}

/// Returns a word for a message. It may be a URL, so its query, a user name and a password are left out.
fn shown(word: &str) -> String {
    let (scheme, rest) = word.find("://").map_or(("", word), |at| word.split_at(at + "://".len()));
    let whole = rest.split(['?', '#']).next().unwrap_or_default();
    let (authority, path) = whole.find('/').map_or((whole, ""), |at| whole.split_at(at));
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    // What looks like a port may be the beginning of a password that holds '/', '?' or '#'.
    let is_cut_password = host
        .rsplit_once(':')
        .is_some_and(|(name, port)| !name.starts_with('[') && !port.bytes().all(|byte| byte.is_ascii_digit()));
    match is_cut_password {
        true => format!("{scheme}…"),
        false => quoted(&format!("{scheme}{host}{path}")),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::{Cli, Verb};

    fn read(line: &[&str]) -> Result<(Option<String>, String), Failure> {
        let cli = Cli::try_parse_from([&["cogfed", "call"], line].concat()).expect("a command line");
        let Verb::Call(call) = cli.verb else { panic!("another verb") };
        words(&call.request).map(|words| (words.method, words.url))
    }

    #[test]
    fn method_and_url_are_found_in_any_order() {
        const URL: &str = "https://h/p";
        for (line, method) in [
            (&[URL][..], None),
            (&["GET", URL], Some("GET")),
            (&[URL, "delete"], Some("delete")),
            (&["PURGE", URL], Some("PURGE")),
            (&["curl", URL], None),
            (&["curl", "POST", URL], Some("POST")),
            (&["--url", URL], None),
            (&["PUT", "--url", URL], Some("PUT")),
            (&["-X", "PATCH", URL], Some("PATCH")),
            (&["-XPATCH", "POST", URL], Some("PATCH")),
            (&["POST", "--json", URL, "-d", "x"], Some("POST")),
            (&["--json", "POST", URL], Some("POST")),
            (&["--json", URL], None),
            (&["--json", "{}", URL], None),
            (&[" https://h/p\r\n"], None),
        ] {
            assert_eq!(read(line).unwrap(), (method.map(str::to_owned), URL.to_owned()), "{line:?}");
        }
        assert_eq!(read(&["h/p", "GET"]).unwrap(), (Some("GET".into()), "h/p".into()));
    }

    #[test]
    fn words_that_are_no_request_are_named() {
        for (line, message) in [
            (&[][..], "the URL is missing"),
            (&["GET"], "the URL is missing"),
            (&["curl", "-X", "GET"], "the URL is missing"),
            (&["https://h/1", "https://h/2"], "unexpected argument 'https://h/2'"),
            (&["https://h/1", "--url", "https://h/2"], "unexpected argument 'https://h/1'"),
            (&["https://h/1", "internal"], "unexpected argument 'internal'"),
            (&["GET", "POST", "https://h/1"], "unexpected argument 'POST'"),
        ] {
            assert_eq!(read(line).unwrap_err().to_string(), message, "{line:?}");
        }
    }

    #[test]
    fn message_shows_no_query_and_no_password_of_a_url() {
        for (word, expected) in [
            ("https://me:canary@h:8080/a/@b?key=canary#canary", "https://h:8080/a/@b"),
            ("h/p#canary", "h/p"),
            ("me:canary@h/p", "h/p"),
            ("https://me:can/ary@h/p", "https://…"),
            ("https://me:c?anary@h/p", "https://…"),
            ("https://[::1]/p", "https://[::1]/p"),
            ("https://[::1]:1/p", "https://[::1]:1/p"),
            ("/p?canary", "/p"),
            ("internal", "internal"),
        ] {
            assert_eq!(shown(word), expected, "{word}");
        }
    }

    #[test]
    fn path_cannot_leave_the_base_url() {
        for (base, path, expected) in [
            ("https://h/prod", "/orders?x=1", "https://h/prod/orders?x=1"),
            ("https://h/", "/", "https://h/"),
            ("https://h", "//evil.example/x", "https://h//evil.example/x"),
            ("https://h", "/@evil.example/", "https://h/@evil.example/"),
        ] {
            assert_eq!(below(Some(base), path, "p").unwrap(), expected);
        }
        assert_eq!(below(None, "https://h/a", "p").unwrap(), "https://h/a");
        assert!(below(None, "/a", "p").unwrap_err().to_string().contains("profile 'p' has no 'api'"));
    }
}
