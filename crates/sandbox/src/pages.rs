//! The HTML pages of the hosted UI and of the simulated directories. No page has a script, loads anything, or can be
//! framed.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{CONTENT_SECURITY_POLICY, HeaderValue, REFERRER_POLICY};
use http::{Response, StatusCode};
use ring::digest;
use url::Url;
use url::form_urlencoded::byte_serialize;

use crate::people::{Directory, User};
use crate::reply;
use crate::sessions::AuthorizationRequest;
use crate::web::Parameters;

const STYLE: &str = include_str!("pages.css");

/// Escapes `text` for use in HTML elements and quoted attributes.
fn escaped(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            other => html.push(other),
        }
    }
    html
}

/// Returns an HTML page with this title and content. Its forms may lead to `form_target` besides the page's own host:
/// browsers apply `form-action` to the redirect after a form, too.
fn page(status: StatusCode, class: &str, title: &str, content: &str, form_target: &str) -> Response<Bytes> {
    let html = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body class=\"{class}\">\n<main>\n{content}</main>\n\
         <footer>cogfed's sandbox: nobody here is real, nothing is secret</footer>\n</body>\n</html>\n",
        title = escaped(title),
    );
    let style = STANDARD.encode(digest::digest(&digest::SHA256, STYLE.as_bytes()));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{style}'; form-action 'self'{form_target}; base-uri 'none'; \
         frame-ancestors 'none'"
    );
    let mut response = reply::as_cognito(reply::body(status, "text/html;charset=UTF-8", html));
    let headers = response.headers_mut();
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        headers.insert(CONTENT_SECURITY_POLICY, policy);
    }
    response
}

/// Returns the hosted UI's page for choosing an identity provider.
pub fn chooser(parameters: &Parameters) -> Response<Bytes> {
    let link = |directory: Directory, title: &str, subtitle: &str| {
        let name = directory.name();
        let query = escaped(&parameters.encoded_with("identity_provider", name));
        format!(
            "<a class=\"choice\" id=\"idp-{name}\" href=\"/oauth2/authorize?{query}\"><b>{title}</b>\
             <small>{subtitle}</small></a>\n"
        )
    };
    let content = format!(
        "<div class=\"mark\">CORP SANDBOX</div>\n<h1>Sign in</h1>\n<p>With which account?</p>\n{}{}{}",
        link(Directory::AzureAd, "Employees", "AzureAD, by SAML"),
        link(Directory::AzureB2c, "Customers", "AzureB2C, by OpenID Connect"),
        link(Directory::UserPool, "Native users", "of the user pool itself"),
    );
    page(StatusCode::OK, "chooser", "Sign in", &content, "")
}

/// Returns the sign-in page of a directory, with one button for each person and one Cancel button. The form leads to
/// `action`.
pub fn sign_in(
    directory: Directory,
    action: &str,
    transaction: &str,
    users: &[User],
    request: &AuthorizationRequest,
) -> Response<Bytes> {
    let (mark, title) = match directory {
        Directory::AzureAd => ("CORP.EXAMPLE · ENTRA ID", "Pick a work account"),
        Directory::AzureB2c => ("CUSTOMERS.EXAMPLE · B2C", "Welcome back"),
        Directory::UserPool => ("CORP SANDBOX", "Sign in with your account"),
    };
    let people: String = users
        .iter()
        .filter(|user| user.person.is_in(directory))
        .map(|user| {
            let person = &user.in_directory;
            let (name, full_name) = (escaped(&user.person.name), escaped(&person.full_name));
            let email = escaped(&person.email);
            format!(
                "<button class=\"person\" id=\"person-{name}\" name=\"person\" value=\"{name}\"><b>{full_name}</b>\
                 <small>{email}</small></button>\n"
            )
        })
        .collect();
    // Cognito passes the hint on to OpenID Connect providers, but not to SAML ones.
    let hint = match &request.login_hint {
        Some(hint) if directory == Directory::AzureB2c => format!("for {}", escaped(hint)),
        _ => "to go on to cogfed".to_owned(),
    };
    let content = format!(
        "<div class=\"mark\">{mark}</div>\n<h1>{title}</h1>\n<p>{hint}</p>\n\
         <form method=\"post\" action=\"{action}\">\n\
         <input type=\"hidden\" name=\"transaction\" value=\"{}\">\n{people}\
         <button class=\"cancel\" id=\"cancel\" name=\"cancel\" value=\"1\">Cancel</button>\n</form>\n",
        escaped(transaction),
    );
    page(StatusCode::OK, directory.name(), title, &content, &target(&request.redirect_uri))
}

/// Returns the origin of the redirect URI, for the Content-Security-Policy directive `form-action`. Only registered
/// redirect URIs get here, so the origin is one of a few.
fn target(redirect_uri: &str) -> String {
    Url::parse(redirect_uri).map(|uri| format!(" {}", uri.origin().ascii_serialization())).unwrap_or_default()
}

/// Returns the page whose form sends the authorization response to the client (OAuth 2.0 Form Post Response Mode). The
/// real services submit it by a script; here the person clicks, as they would with scripts turned off.
pub fn form_post(redirect_uri: &str, pairs: &[(&str, String)]) -> Response<Bytes> {
    let inputs: String = pairs
        .iter()
        .map(|(name, value)| format!("<input type=\"hidden\" name=\"{name}\" value=\"{}\">\n", escaped(value)))
        .collect();
    let content = format!(
        "<div class=\"mark\">CORP SANDBOX</div>\n<h1>Signed in</h1>\n\
         <form id=\"form-post\" method=\"post\" action=\"{}\">\n{inputs}\
         <button id=\"continue\">Continue</button>\n</form>\n",
        escaped(redirect_uri),
    );
    page(StatusCode::OK, "done", "Signed in", &content, &target(redirect_uri))
}

/// Returns the error page for an app client without a managed login style
/// (<https://docs.aws.amazon.com/cognito/latest/developerguide/managed-login-branding.html>).
pub fn no_login_pages() -> Response<Bytes> {
    let content = "<div class=\"mark\">CORP SANDBOX</div>\n<h1 id=\"error\">Login pages unavailable</h1>\n\
                   <p>Please contact an administrator.</p>\n";
    page(StatusCode::BAD_REQUEST, "problem", "Login pages unavailable", content, "")
}

/// Returns a redirect to the hosted UI's error page. The page's URL contains the client id from the browser's request.
pub fn to_error(error: &str, sent: &Parameters) -> Response<Bytes> {
    let client_id: String = byte_serialize(sent.get("client_id").unwrap_or_default().as_bytes()).collect();
    reply::redirect(&format!("/error?error={error}&client_id={client_id}"))
}

/// Returns the page for an error that cannot be reported to the client's redirect URI.
pub fn error(error: &str) -> Response<Bytes> {
    let content = format!(
        "<div class=\"mark\">CORP SANDBOX</div>\n<h1>Something went wrong</h1>\n\
         <p>An error was encountered with the requested page.</p>\n<small id=\"error\">{}</small>\n",
        escaped(error)
    );
    page(StatusCode::BAD_REQUEST, "problem", "Error", &content, "")
}

/// Returns the page that the registered logout URI shows.
pub fn signed_out() -> Response<Bytes> {
    let content = "<div class=\"mark\">CORP SANDBOX</div>\n<h1 id=\"signed-out\">Signed out</h1>\n\
                   <p>This browser's session has ended.</p>\n";
    page(StatusCode::OK, "done", "Signed out", content, "")
}

/// Returns the page for an unknown path.
pub fn not_found() -> Response<Bytes> {
    let content = "<div class=\"mark\">CORP SANDBOX</div>\n<h1>Not found</h1>\n<p>There is no such page.</p>\n";
    page(StatusCode::NOT_FOUND, "problem", "Not found", content, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_from_outside_is_escaped() {
        let response = error("<script>alert('x')</script>");
        let html = String::from_utf8(response.body().to_vec()).unwrap();
        assert!(html.contains("&lt;script&gt;alert(&#39;x&#39;)"), "{html}");
        assert!(!html.contains("<script"), "{html}");
        let policy = response.headers()[CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"), "{policy}");
    }
}
