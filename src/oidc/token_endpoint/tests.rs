use super::*;

fn answered(status: u16, body: &str) -> Result<Grant, Failure> {
    let answer = http::Response::builder().status(status).header("content-type", "application/json");
    Grant::of_answer(answer.body(body.into()).unwrap()).map_err(Failure::from)
}

fn tokens(id: &str, access: &str, refresh: &str) -> String {
    format!(r#"{{"id_token":"{id}","access_token":"{access}","refresh_token":"{refresh}","token_type":"Bearer"}}"#)
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
fn interaction_required_keeps_the_sign_in_but_needs_a_browser() {
    let body = r#"{"error":"interaction_required","error_description":"AADSTS50076: Due to a configuration change"}"#;
    let answer = http::Response::builder().status(400).body(body.into()).unwrap();
    let Err(GrantError::Refused(failure)) = Grant::of_answer(answer) else { panic!("the token is as good as before") };
    assert_eq!(failure.kind, Kind::SignInRequired, "{failure}");
    assert!(failure.message.starts_with("Entra ID wants a second factor"), "{failure}");
    let failure = answered(400, r#"{"error":"login_required"}"#).unwrap_err();
    assert_eq!(
        (failure.kind, failure.message),
        (Kind::SignInRequired, "the user pool wants you to sign in anew: login_required".into())
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
    let not_text = b"{\"error\":\"invalid_grant\",\"x\":\"\xe5\"}".to_vec();
    let answer = http::Response::builder().status(400).body(not_text).unwrap();
    assert!(matches!(Grant::of_answer(answer), Err(GrantError::Unknown(_))), "RFC 8259, section 8.1: UTF-8");
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
