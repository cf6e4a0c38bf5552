//! Failures for token endpoint answers that do not follow OAuth, such as a page from a web ACL, a captive portal or a
//! proxy.

use http::header::{CONTENT_TYPE, LOCATION};
use url::Url;

use crate::error::{Failure, Kind, shortened};
use crate::network::authority_of;

/// The header with the action of AWS WAF, `challenge` or `captcha`
/// (<https://docs.aws.amazon.com/waf/latest/developerguide/waf-captcha-and-challenge-actions.html>).
const WAF_ACTION: &str = "x-amzn-waf-action";
/// The heading of the page that managed login shows if the app client has no managed login style.
const NO_LOGIN_PAGES: &str = "Login pages unavailable";
/// The HTTP status by which a network demands a sign-in to the network itself (RFC 6585, section 6).
const NETWORK_SIGN_IN: u16 = 511;
/// The maximum length of text that a message quotes from a header, in characters.
const LONGEST_QUOTE: usize = 80;

const CHECK_DOMAIN: &str = "check 'domain' (or 'issuer') in the profile";

/// Returns the failure for an answer from `host` that is not OAuth. Its body is not quoted, because it may hold tokens.
pub fn failure(host: &str, answer: &http::Response<Vec<u8>>) -> Failure {
    let status = answer.status().as_u16();
    let (message, hint) = explained(host, status, answer);
    Failure::new(Kind::Network, format!("{host} issued no tokens: {message}")).hint(hint)
}

/// Returns the cause of the failure and the next step.
fn explained(host: &str, status: u16, answer: &http::Response<Vec<u8>>) -> (String, String) {
    let network = |what: String| {
        let hint = "open any http:// page in the browser, sign in to the network, then try again";
        (format!("{what}: most likely this network requires a sign-in of its own"), hint.to_owned())
    };
    if let Some(action) = answer.headers().get(WAF_ACTION) {
        let action = shortened(&String::from_utf8_lossy(action.as_bytes()), LONGEST_QUOTE);
        return (
            format!("a web ACL (AWS WAF) answered in its place (status {status}, {WAF_ACTION}: {action})"),
            format!(
                "ask the administrator of the user pool to let /oauth2/token of '{host}' pass the web ACL without '{action}'"
            ),
        );
    }
    match status {
        300..400 => network(format!("a redirect{} came in its place (status {status})", target(answer))),
        NETWORK_SIGN_IN => network(format!("the network answered in its place (status {status})")),
        200..300 if is_page(answer) => network(format!("a web page came in its place (status {status})")),
        200..300 => (
            format!("the answer is not the JSON that OAuth promises (status {status})"),
            format!("{CHECK_DOMAIN}, and that no proxy answers in place of '{host}'"),
        ),
        404 | 405 | 410 => (
            format!("it has no token endpoint there (status {status})"),
            format!("{CHECK_DOMAIN}, character for character"),
        ),
        403 => (
            format!("the request was blocked (status {status}), most likely by a web ACL (AWS WAF) or a proxy"),
            format!(
                "ask the administrator of the user pool which rule of the web ACL blocks /oauth2/token of '{host}'"
            ),
        ),
        _ if says(answer, NO_LOGIN_PAGES) => (
            format!("the app client has no style for managed login (status {status}: {NO_LOGIN_PAGES})"),
            "ask the administrator of the user pool to create one (aws cognito-idp create-managed-login-branding)"
                .to_owned(),
        ),
        _ if is_page(answer) => (format!("a web page came in its place (status {status})"), CHECK_DOMAIN.to_owned()),
        _ => (
            format!("the answer is neither tokens nor an error of OAuth (status {status})"),
            format!("{CHECK_DOMAIN}, and that no proxy answers in place of '{host}'"),
        ),
    }
}

/// Returns " to HOST" for a redirect to HOST, or an empty string. The rest of its address may hold what the request
/// held.
fn target(answer: &http::Response<Vec<u8>>) -> String {
    let location = answer.headers().get(LOCATION).and_then(|location| location.to_str().ok());
    let host = location.and_then(|location| Url::parse(location).ok()).as_ref().and_then(authority_of);
    host.map(|host| format!(" to {}", shortened(&host, LONGEST_QUOTE))).unwrap_or_default()
}

/// Returns whether the answer is a web page, judged by its content type or, without a content type, by its first
/// characters.
fn is_page(answer: &http::Response<Vec<u8>>) -> bool {
    match answer.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()) {
        Some(kind) if !kind.trim().is_empty() => {
            let kind = kind.to_ascii_lowercase();
            kind.contains("html") || kind.starts_with("text/plain") && starts_as_page(answer)
        }
        _ => starts_as_page(answer),
    }
}

fn starts_as_page(answer: &http::Response<Vec<u8>>) -> bool {
    answer.body().trim_ascii_start().starts_with(b"<")
}

fn says(answer: &http::Response<Vec<u8>>, text: &str) -> bool {
    answer.body().windows(text.len()).any(|window| window.eq_ignore_ascii_case(text.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOST: &str = "corp.auth.eu-west-1.amazoncognito.com";

    fn told(status: u16, headers: &[(&str, &str)], body: &str) -> (String, String) {
        let mut answer = http::Response::builder().status(status);
        for (name, value) in headers {
            answer = answer.header(*name, *value);
        }
        let failure = failure(HOST, &answer.body(body.as_bytes().to_vec()).unwrap());
        assert_eq!(failure.kind, Kind::Network);
        assert!(failure.message.contains(HOST) && failure.message.contains(&format!("status {status}")), "{failure}");
        (failure.message, failure.hint.unwrap())
    }

    #[test]
    fn each_answer_without_tokens_has_its_cause() {
        let html = ("content-type", "text/html; charset=UTF-8");
        let json = ("content-type", "application/json");
        for (status, headers, body, cause, step) in [
            (403, &[html][..], "<html><title>403 Forbidden</title></html>", "web ACL (AWS WAF)", "which rule"),
            (403, &[json], r#"{"message":"Forbidden"}"#, "web ACL (AWS WAF)", "/oauth2/token"),
            (202, &[html, (WAF_ACTION, "challenge")], "", "x-amzn-waf-action: challenge", "without 'challenge'"),
            (405, &[html, (WAF_ACTION, "captcha")], "<html>", "x-amzn-waf-action: captcha", "without 'captcha'"),
            (404, &[html], "<html>not found</html>", "no token endpoint", "'domain'"),
            (400, &[html], "<!DOCTYPE html><html>Login pages unavailable</html>", "managed login", "branding"),
            (400, &[html], "<html>An error was encountered</html>", "a web page", "'domain'"),
            (
                200,
                &[html],
                "<html><form action=login>Welcome</form></html>",
                "requires a sign-in",
                "sign in to the network",
            ),
            (200, &[], "\n<!doctype html>", "requires a sign-in", "sign in to the network"),
            (
                302,
                &[html, ("location", "http://portal.example/login?url=x")],
                "",
                "to portal.example ",
                "sign in to the network",
            ),
            (307, &[], "", "a redirect came", "sign in to the network"),
            (511, &[html], "<html>", "requires a sign-in", "sign in to the network"),
            (400, &[json], r#"{"error":{"code":"x","message":"y"}}"#, "neither tokens nor an error", "'domain'"),
            (200, &[json], "{}", "not the JSON that OAuth promises", "proxy"),
        ] {
            let (message, hint) = told(status, headers, body);
            assert!(message.contains(cause), "{status} {body}: {message}");
            assert!(hint.contains(step), "{status} {body}: {hint}");
        }
    }

    #[test]
    fn nothing_of_a_body_or_an_address_is_repeated() {
        let secret = "the-refresh-token";
        let location = format!("https://portal.example/{secret}?{secret}#{secret}");
        for (status, headers) in [(302, vec![("location", location.as_str())]), (200, vec![]), (400, vec![])] {
            let (message, hint) = told(status, &headers, &format!("<html>{secret}"));
            assert!(!message.contains(secret) && !hint.contains(secret), "{message} {hint}");
        }
        let long = "a".repeat(4000);
        let (message, hint) = told(202, &[(WAF_ACTION, long.as_str())], "");
        assert!(message.len() + hint.len() < 700, "{message} {hint}");
    }
}
