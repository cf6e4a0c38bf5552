//! Tests of revocation, userInfo and logout.

use chrono::TimeDelta;
use cogfed_sandbox::{Options, Rotation};

use crate::support::client::{Lab, encode, get, send};

#[test]
fn revocation_ends_a_refresh_token_and_its_successors() {
    let lab = Lab::with(Options { rotation: Rotation::On { grace: 60 }, ..Options::default() });
    let first = lab.tokens("alice").text("refresh_token");
    let other = lab.tokens("alice").text("refresh_token");
    let second = lab.refresh(&first).text("refresh_token");
    let answer = lab.revoke(&[("token", &second), ("client_id", lab.0.client_id())]);
    assert_eq!((answer.status, answer.body.as_str()), (200, ""));
    assert_eq!(lab.refresh(&first).text("error"), "invalid_grant");
    assert_eq!(lab.refresh(&second).text("error"), "invalid_grant");
    assert_eq!(lab.refresh(&other).status, 200, "another sign-in still works");
    assert_eq!(
        lab.revoke(&[("token", &second), ("client_id", lab.0.client_id())]).status,
        200,
        "revoking again succeeds"
    );
    assert_eq!(lab.0.count("revoke"), 2);
}

#[test]
fn revocation_errors_match_cognito() {
    let lab = Lab::new();
    let tokens = lab.tokens("alice");
    for (pairs, status, error) in [
        (vec![("client_id", lab.0.client_id())], 400, "invalid_request"),
        (vec![("token", "x")], 400, "invalid_request"),
        (vec![("token", "x"), ("client_id", "unknown")], 401, "invalid_client"),
        (
            vec![("token", &tokens.text("access_token")), ("client_id", lab.0.client_id())],
            400,
            "unsupported_token_type",
        ),
    ] {
        let answer = lab.revoke(&pairs);
        assert_eq!((answer.status, answer.text("error").as_str()), (status, error), "{error}");
    }
}

#[test]
fn user_info_returns_the_signed_in_person() {
    let lab = Lab::new();
    let tokens = lab.tokens("alice");
    let url = format!("{}/oauth2/userInfo", lab.0.domain_url());
    let ask = |token: &str| send("GET", &url, &[("Authorization", &format!("Bearer {token}"))], "");
    let answer = ask(&tokens.text("access_token")).json();
    assert_eq!(answer["username"], "AzureAD_alice@corp.example");
    assert_eq!(answer["email_verified"], "false", "a text here, a boolean in the ID token");
    assert!(answer.get("cognito:username").is_none());
    let answer = get(&url);
    assert_eq!(answer.status, 400);
    assert!(answer.header("www-authenticate").unwrap().contains("invalid_request"));
    for token in [tokens.text("id_token").as_str(), "nonsense"] {
        let answer = ask(token);
        assert_eq!(answer.status, 401);
        assert!(answer.header("www-authenticate").unwrap().contains("invalid_token"));
    }
    let scopes = ["openid", "aws.cognito.signin.user.admin"].map(String::from).to_vec();
    let other = Lab::with(Options { scopes, ..Options::default() });
    let code = other.code_of(&[("scope", "aws.cognito.signin.user.admin")], "alice");
    let without_openid = other.exchange(&code, &[]).text("access_token");
    let url = format!("{}/oauth2/userInfo", other.0.domain_url());
    assert_eq!(send("GET", &url, &[("Authorization", &format!("Bearer {without_openid}"))], "").status, 401);
    let limited = lab.exchange(&lab.code_of(&[("scope", "openid email")], "alice"), &[]).text("access_token");
    let limited = ask(&limited).json();
    assert_eq!(limited["email"], "alice@corp.example");
    assert!(limited.get("name").is_none() && limited.get("custom:roles").is_none(), "{limited}");
    let revoked = lab.tokens("alice");
    lab.revoke(&[("token", &revoked.text("refresh_token")), ("client_id", lab.0.client_id())]);
    assert_eq!(ask(&revoked.text("access_token")).status, 401);
    lab.0.advance_clock(TimeDelta::hours(1));
    assert_eq!(ask(&tokens.text("access_token")).status, 401);
}

#[test]
fn logout_ends_the_browser_session() {
    let lab = Lab::new();
    let url = lab.authorization_url(&[]);
    let (_, cookie) = lab.redirect_of(&url, "alice");
    let ask = |pairs: &[(&str, &str)]| {
        let url = format!("{}/logout?{}", lab.0.domain_url(), encode(pairs));
        (send("GET", &url, &[("Cookie", &cookie)], ""), url)
    };
    let (answer, asked) = ask(&[("client_id", lab.0.client_id()), ("logout_uri", "http://attacker.example/")]);
    assert_eq!(answer.location(&asked).path(), "/error");
    let (answer, _) = ask(&[("logout_uri", &lab.0.logout_uri())]);
    assert_eq!(answer.status, 400);
    let silently = || send("GET", &url, &[("Cookie", &cookie)], "").location(&url);
    assert_eq!(silently().path(), "/callback", "refused logouts end nothing");
    let other = cookie.replacen("cognito=", "other=", 1);
    let end = encode(&[("client_id", lab.0.client_id()), ("logout_uri", &lab.0.logout_uri())]);
    send("GET", &format!("{}/logout?{end}", lab.0.domain_url()), &[("Cookie", &other)], "");
    assert_eq!(silently().path(), "/callback", "another cookie names no session");
    let (answer, asked) = ask(&[("client_id", lab.0.client_id()), ("logout_uri", &lab.0.logout_uri())]);
    let location = answer.location(&asked);
    assert_eq!(location.as_str(), lab.0.logout_uri());
    assert!(get(location.as_str()).body.contains("Signed out"));
    assert_eq!(silently().path(), "/sandbox/AzureAD");
}
