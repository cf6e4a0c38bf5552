//! Detection of hosted UI errors without a browser, by a trial request to the authorization endpoint.
//!
//! The hosted UI shows some errors only to the browser. cogfed would then wait for a person who cannot go on. So
//! `session::preflight` asks the authorization endpoint once, before the browser opens.

use http::{Response, StatusCode, header};
use url::Url;

use crate::error::shortened;

/// The maximum length of an error code from the hosted UI, in characters.
const LONGEST_ERROR: usize = 100;
/// The number of bytes at the start of an answer that are searched for an error.
const SEARCHED: usize = 16 * 1024;

/// The result of a trial request to an authorization endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reception {
    /// No error was found, so the sign-in can go on.
    GoesOn,
    /// The redirect URI is not registered with the app client.
    RedirectMismatch,
    /// The app client does not exist, or does not belong to this domain. The error is the endpoint's own.
    UnknownClient(String),
    /// A firewall in front of the endpoint refused the request.
    Forbidden,
    /// The app client has no managed login style, so managed login shows no page.
    LoginPagesUnavailable,
}

/// Reads the result of a trial request from `answer`, which the authorization endpoint `endpoint` sent.
///
/// Cognito redirects to its page `/error?error=…` if it cannot redirect to the app client, and some of its versions answer
/// with the page at once.
pub fn reception(endpoint: &Url, answer: &Response<Vec<u8>>) -> Reception {
    let status = answer.status();
    if status.is_redirection() {
        let location = answer.headers().get(header::LOCATION).and_then(|location| location.to_str().ok());
        let target = location.and_then(|location| endpoint.join(location).ok());
        return target.map_or(Reception::GoesOn, |target| of_redirect(endpoint, &target));
    }
    let page = String::from_utf8_lossy(answer.body().get(..SEARCHED).unwrap_or(answer.body())).to_lowercase();
    if page.contains("login pages unavailable") {
        return Reception::LoginPagesUnavailable;
    }
    match status {
        StatusCode::FORBIDDEN => Reception::Forbidden,
        StatusCode::BAD_REQUEST | StatusCode::UNAUTHORIZED | StatusCode::NOT_FOUND => of_page(&page),
        _ => Reception::GoesOn,
    }
}

fn of_redirect(endpoint: &Url, target: &Url) -> Reception {
    // A redirect to the app client or to an identity provider is not the hosted UI's own page.
    if target.origin() != endpoint.origin() || target.path().trim_end_matches('/') != "/error" {
        return Reception::GoesOn;
    }
    let error = target.query_pairs().find(|(name, _)| name == "error").map(|(_, error)| error.into_owned());
    let error = error.unwrap_or_default();
    if error == "redirect_mismatch" {
        return Reception::RedirectMismatch;
    }
    // The request names only a client, its redirect URI and scopes. An error of a scope goes to the redirect URI.
    let is_of_the_client = ["invalid_request", "invalid_client", "unauthorized_client"].contains(&error.as_str())
        || error.to_lowercase().contains("client");
    if is_of_the_client { Reception::UnknownClient(shortened(&error, LONGEST_ERROR)) } else { Reception::GoesOn }
}

fn of_page(page: &str) -> Reception {
    if page.contains("redirect_mismatch") {
        return Reception::RedirectMismatch;
    }
    let known = ["invalid_client", "unauthorized_client", "client does not exist"];
    match known.into_iter().find(|error| page.contains(error)) {
        Some(error) => Reception::UnknownClient(error.to_owned()),
        None => Reception::GoesOn,
    }
}

/// Returns the hint for a sign-in that nobody completed. The hint has advice for each page that the browser may show.
///
/// `known` is the answer that the authorization endpoint gave before the browser opened; `None` for a plain issuer, which
/// is not asked.
pub fn hint_for_nobody(login: &str, redirect_uri: &str, known: Option<&Reception>) -> String {
    match known {
        // The endpoint was not asked: it is not a hosted UI.
        None => format!("run '{login}' again; if the browser showed an error, it names the cause"),
        Some(Reception::Forbidden) => format!(
            "the user pool's domain answers 403 Forbidden, as a web ACL of AWS WAF does: {}; then run '{login}' again",
            WEB_ACL
        ),
        Some(Reception::LoginPagesUnavailable) => format!("{NO_STYLE}; then run '{login}' again"),
        Some(_) => format!(
            "run '{login}' again. Did the browser show an error? 'redirect_mismatch': register {redirect_uri} as a callback \
             URL of the app client. '403 Forbidden': {WEB_ACL}. 'Login pages unavailable': {NO_STYLE}. 'invalid_request' \
             or 'Required parameters missing': check 'client_id' and 'identity_provider' in the profile"
        ),
    }
}

/// The hint for a web ACL that refuses the redirect URI
/// (<https://docs.aws.amazon.com/waf/latest/developerguide/aws-managed-rule-groups-baseline.html>).
pub const WEB_ACL: &str = "ask the administrator of the web ACL to set the rules EC2MetaDataSSRF_QUERYARGUMENTS and \
                           GenericRFI_QUERYARGUMENTS to count for /oauth2/authorize, since they refuse every redirect URI \
                           on this machine, localhost too";
/// The hint for an app client without a managed login style
/// (<https://docs.aws.amazon.com/cognito/latest/developerguide/managed-login-branding.html>).
pub const NO_STYLE: &str = "ask the administrator of the user pool to create a managed login style for the app client, or to \
                            switch the domain to the classic hosted UI";

#[cfg(test)]
mod tests {
    use super::*;

    fn read(status: u16, location: Option<&str>, body: &str) -> Reception {
        let mut answer = Response::builder().status(status);
        if let Some(location) = location {
            answer = answer.header("location", location);
        }
        let endpoint = "https://corp.auth.eu-west-1.amazoncognito.com/oauth2/authorize".parse().unwrap();
        reception(&endpoint, &answer.body(body.as_bytes().to_vec()).unwrap())
    }

    #[test]
    fn error_pages_of_the_hosted_ui_are_recognised() {
        let unknown = |error: &str| Reception::UnknownClient(error.into());
        let domain = "https://corp.auth.eu-west-1.amazoncognito.com";
        for (status, location, body, expected) in [
            (302, Some("/error?error=redirect_mismatch&client_id=x"), "", Reception::RedirectMismatch),
            (
                302,
                Some(&*format!("{domain}/error?client_id=x&error=redirect_mismatch")),
                "",
                Reception::RedirectMismatch,
            ),
            (303, Some("/error?error=invalid_request&client_id=x"), "", unknown("invalid_request")),
            (302, Some("/error?error=Client+does+not+exist."), "", unknown("Client does not exist.")),
            (302, Some("/error/?error=unauthorized_client"), "", unknown("unauthorized_client")),
            (400, None, "<p>error=redirect_mismatch</p>", Reception::RedirectMismatch),
            (400, None, "<p>User pool client does not exist</p>", unknown("client does not exist")),
            (401, None, "{\"error\":\"invalid_client\"}", unknown("invalid_client")),
            (403, None, "<h1>403 Forbidden</h1>", Reception::Forbidden),
            (403, None, "<h1>Login pages unavailable</h1>", Reception::LoginPagesUnavailable),
            (200, None, "Login pages unavailable", Reception::LoginPagesUnavailable),
        ] {
            assert_eq!(read(status, location, body), expected, "{status} {location:?} {body}");
        }
    }

    #[test]
    fn any_other_answer_lets_the_sign_in_go_on() {
        for (status, location, body) in [
            (302, Some("/login?client_id=x&redirect_uri=http%3A%2F%2Flocalhost"), ""),
            (302, Some("https://login.microsoftonline.com/t/saml2?SAMLRequest=x"), ""),
            (302, Some("http://localhost:8400/callback?error=invalid_scope"), ""),
            (302, Some("http://localhost:8400/error?error=redirect_mismatch"), ""),
            (302, Some("https://elsewhere.example/error?error=redirect_mismatch"), ""),
            (302, Some("/error?error=server_error"), ""),
            (302, Some("/error"), ""),
            (302, Some("http://["), ""),
            (302, None, ""),
            (200, None, "<form action=/login>redirect_mismatch</form>"),
            (400, None, "<p>try again</p>"),
            (404, None, ""),
            (429, None, "redirect_mismatch"),
            (500, None, "redirect_mismatch"),
            (503, None, ""),
        ] {
            assert_eq!(read(status, location, body), Reception::GoesOn, "{status} {location:?} {body}");
        }
    }

    #[test]
    fn hint_for_nobody_names_the_known_cause_alone() {
        let hint =
            |known: Option<Reception>| hint_for_nobody("cogfed login", "http://localhost:1/callback", known.as_ref());
        let asked = hint(Some(Reception::GoesOn));
        for word in
            ["redirect_mismatch", "http://localhost:1/callback", "403", "Login pages unavailable", "invalid_request"]
        {
            assert!(asked.contains(word), "{asked}");
        }
        let forbidden = hint(Some(Reception::Forbidden));
        assert!(
            forbidden.contains("GenericRFI_QUERYARGUMENTS") && !forbidden.contains("redirect_mismatch"),
            "{forbidden}"
        );
        assert!(!hint(Some(Reception::LoginPagesUnavailable)).contains("403"));
        assert!(!hint(None).contains("app client"), "a plain issuer has no hosted UI");
    }
}
