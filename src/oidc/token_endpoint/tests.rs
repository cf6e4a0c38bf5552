use serde_json::json;

use super::*;

const REFRESH_TOKEN: &str = "0123456789abcdef-the-refresh-token";

fn read(status: u16, body: impl Into<Vec<u8>>) -> Result<Grant, GrantError> {
    let answer = http::Response::builder().status(status).header("content-type", "application/json");
    Grant::of_answer(&answer.body(body.into()).unwrap(), &Secret::new(REFRESH_TOKEN))
}

fn answered(status: u16, body: &str) -> Result<Grant, Failure> {
    read(status, body).map_err(Failure::from)
}

fn tokens(id: &str, access: &str, refresh: &str) -> String {
    format!(r#"{{"id_token":"{id}","access_token":"{access}","refresh_token":"{refresh}","token_type":"Bearer"}}"#)
}

fn texts(grant: &Grant) -> [Option<&str>; 3] {
    [&grant.id_token, &grant.access_token, &grant.refresh_token].map(|token| token.as_ref().map(Secret::expose))
}

#[test]
fn too_long_tokens_are_refused_and_not_repeated() {
    let (long, longer) = ("x".repeat(LONGEST_TOKEN), "x".repeat(LONGEST_TOKEN + 1));
    assert!(answered(200, &tokens(&long, &long, &long)).is_ok());
    for body in [tokens(&longer, "a", "r"), tokens("i", &longer, "r"), tokens("i", "a", &longer)] {
        let failure = answered(200, &body).unwrap_err();
        assert_eq!(failure.kind, Kind::Refused);
        assert_eq!(failure.message, "the token endpoint gave a token of more than 50000 bytes");
    }
}

#[test]
fn members_that_are_not_used_break_no_token_answer() {
    for odd in [
        json!(null),
        json!(""),
        json!(" \t"),
        json!(-1),
        json!(3600.5),
        json!("3599"),
        json!(["openid"]),
        json!({"a": [1]}),
    ] {
        for name in ["access_token", "expires_in", "scope", "token_type", "not_before", "profile_info", "error"] {
            let body = json!({ "id_token": "i", "refresh_token": "r", name: odd }).to_string();
            let access_token = odd.as_str().filter(|text| name == "access_token" && !text.trim().is_empty());
            assert_eq!(texts(&answered(200, &body).unwrap()), [Some("i"), access_token, Some("r")], "{body}");
        }
    }
    for body in [r#"{"id_token":"i"}"#, "\u{feff}{\"id_token\":\"i\"}", r#"{"id_token":"i","scope":1,"scope":2}"#] {
        for content_type in ["application/x-amz-json-1.1", "text/plain; charset=x", "application/octet-stream"] {
            let answer = http::Response::builder().status(200).header("content-type", content_type);
            let answer = answer.body(body.into()).unwrap();
            let grant = Grant::of_answer(&answer, &Secret::default()).unwrap();
            assert_eq!(texts(&grant), [Some("i"), None, None], "{content_type}: {body}");
        }
    }
}

#[test]
fn empty_texts_are_no_tokens() {
    for empty in [json!(null), json!(""), json!("  "), json!("\n"), json!(0), json!(false), json!([]), json!({})] {
        let body = json!({ "id_token": "i", "refresh_token": empty, "access_token": empty }).to_string();
        assert_eq!(texts(&answered(200, &body).unwrap()), [Some("i"), None, None], "{body}");
        let body = json!({ "id_token": empty, "refresh_token": "r" }).to_string();
        assert_eq!(texts(&answered(200, &body).unwrap()), [None, None, Some("r")], "{body}");
        let body = json!({ "id_token": empty, "refresh_token": empty, "access_token": empty }).to_string();
        assert!(matches!(read(200, body), Err(GrantError::Unknown(_))), "no token at all");
    }
}

#[test]
fn oauth_errors_count_whatever_their_status() {
    for status in [200, 201, 400, 401, 403] {
        let outcome = read(status, r#"{"error":"invalid_grant","error_description":"gone"}"#);
        let Err(GrantError::Invalid { description }) = outcome else { panic!("{status}: {outcome:?}") };
        assert_eq!(description.as_deref(), Some("gone"));
        let outcome = read(status, r#"{"error":"invalid_client","access_token":"a"}"#);
        assert!(matches!(outcome, Err(GrantError::Refused(_))), "{status}: {outcome:?}");
    }
    for (status, body) in [
        (302, r#"{"error":"invalid_grant"}"#),
        (400, r#"{"error":{"code":"x","message":"y"}}"#),
        (400, r#"{"error":""}"#),
        (400, r#"{"id_token":"i"}"#),
        (400, r#"["invalid_grant"]"#),
        (200, "{}"),
        (202, ""),
        (200, "<html>"),
    ] {
        let outcome = read(status, body);
        let Err(GrantError::Unknown(failure)) = outcome else { panic!("{status} {body}: {outcome:?}") };
        assert!(failure.message.starts_with("localhost issued no tokens: "), "{failure}");
        assert!(failure.message.contains(&format!("(status {status})")), "{failure}");
    }
    for status in [429, 500, 503] {
        assert!(matches!(read(status, r#"{"error":"invalid_grant"}"#), Err(GrantError::Unknown(_))), "{status}");
    }
}

#[test]
fn server_words_are_shown_without_the_refresh_token() {
    for (status, body) in [
        (400, json!({ "error": "invalid_grant", "error_description": format!("unknown: {REFRESH_TOKEN}") })),
        (200, json!({ "error": "invalid_grant", "error_message": format!("unknown: {}", &REFRESH_TOKEN[..20]) })),
        (400, json!({ "error": "invalid_client", "error_description": REFRESH_TOKEN.replace('-', "%2D") })),
        (400, json!({ "error": REFRESH_TOKEN })),
        (400, json!({ "error": "server", "error_description": "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIwMDAxIn0.c2ln" })),
    ] {
        let failure = answered(status, &body.to_string()).unwrap_err();
        assert!(failure.message.contains("[secret]"), "{failure}");
        assert!(!failure.message.contains("0123456789") && !failure.message.contains("eyJ"), "{failure}");
    }
    let outcome = read(400, r#"{"error":"invalid_grant"}"#);
    assert!(matches!(outcome, Err(GrantError::Invalid { .. })), "{outcome:?}");
    let answer = http::Response::builder().status(400).body(br#"{"error":"invalid_grant"}"#.to_vec()).unwrap();
    let outcome = Grant::of_answer(&answer, &Secret::new("an invalid_grant of a token"));
    assert!(matches!(outcome, Err(GrantError::Invalid { .. })), "{outcome:?}");
}

#[test]
fn interaction_required_keeps_the_sign_in_but_needs_a_browser() {
    let body = r#"{"error":"interaction_required","error_description":"AADSTS50076: Due to a configuration change"}"#;
    let Err(GrantError::Refused(failure)) = read(400, body) else { panic!("the token is as good as before") };
    assert_eq!(failure.kind, Kind::SignInRequired, "{failure}");
    assert!(failure.message.starts_with("Entra ID requires a second factor"), "{failure}");
    let failure = answered(400, r#"{"error":"login_required"}"#).unwrap_err();
    assert_eq!(
        (failure.kind, failure.message),
        (Kind::SignInRequired, "the user pool requires you to sign in again in the browser: login_required".into())
    );
}

#[test]
fn long_error_texts_of_token_endpoints_are_cut() {
    let long = "y".repeat(100_000);
    for body in [
        format!(r#"{{"error":"{long}"}}"#),
        format!(r#"{{"error":"invalid_grant","error_description":"{long}"}}"#),
        format!(r#"{{"error":"invalid_client","error_message":"{long}"}}"#),
        format!(r#"{{"error":"{long}","error_description":"{long}"}}"#),
    ] {
        let failure = answered(400, &body).unwrap_err();
        assert!(failure.message.chars().count() < 1000, "{} characters", failure.message.len());
    }
}

#[test]
fn token_endpoint_answers_must_be_one_json_value() {
    let good = tokens("i", "a", "r");
    assert!(answered(200, &format!(" {good}\r\n")).is_ok());
    for more in ["{}", &good, "x", "\0", ","] {
        let failure = answered(200, &format!("{good}{more}")).unwrap_err();
        assert!(failure.kind == Kind::Network && failure.message.contains("not the JSON"), "{more:?}: {failure}");
    }
    let not_text = b"{\"error\":\"invalid_grant\",\"x\":\"\xe5\"}";
    assert!(matches!(read(400, not_text), Err(GrantError::Unknown(_))), "RFC 8259, section 8.1: UTF-8");
    let failure = answered(400, r#"{"error":"invalid_grant"}{"#).unwrap_err();
    assert_eq!(failure.kind, Kind::Network, "says nothing about the refresh token");
}

#[test]
fn deeply_nested_token_endpoint_answers_are_refused() {
    let failure = answered(200, &"[".repeat(1_000_000)).unwrap_err();
    assert_eq!(failure.kind, Kind::Network);
    let nested = format!("{}{}", r#"{"id_token":{"a":"#.repeat(100_000), "}".repeat(200_000));
    assert_eq!(answered(200, &nested).unwrap_err().kind, Kind::Network);
}
