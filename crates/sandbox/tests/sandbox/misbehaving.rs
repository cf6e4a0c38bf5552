//! Tests of the misbehaviours that no other test covers. Each misbehaviour affects only the requested number of
//! requests.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use cogfed_sandbox::{Misbehaviour, Options};
use serde_json::json;

use crate::support::client::{Lab, claims, encode, get, header, post_form, try_send};

#[test]
fn token_endpoint_has_every_requested_fault() {
    let lab = Lab::new();
    let form = [("grant_type", "authorization_code"), ("client_id", lab.0.client_id())];
    let ask = |misbehaviour| {
        lab.0.misbehave(misbehaviour, Some(1));
        post_form(&lab.token_url(), &form)
    };
    assert_eq!(ask(Misbehaviour::Token500).status, 500);
    let throttled = ask(Misbehaviour::Token429);
    assert_eq!((throttled.status, throttled.header("retry-after")), (429, Some("1")));
    let html = ask(Misbehaviour::TokenHtml);
    assert_eq!((html.status, html.header("content-type")), (200, Some("text/html")));
    let blocked = ask(Misbehaviour::TokenWebAcl);
    assert_eq!((blocked.status, blocked.header("x-amz-cognito-request-id")), (403, None));
    let challenge = ask(Misbehaviour::TokenChallenge);
    assert_eq!((challenge.status, challenge.header("x-amzn-waf-action")), (202, Some("challenge")));
    let portal = ask(Misbehaviour::TokenPortal);
    assert_eq!((portal.status, portal.header("location")), (302, Some("http://portal.example/login")));
    let huge = ask(Misbehaviour::Token10Mib);
    assert!(huge.body.len() > 10 * 1024 * 1024 && huge.json().is_object());
    let redirect = ask(Misbehaviour::TokenRedirect);
    assert_eq!(redirect.status, 307);
    assert!(redirect.header("location").unwrap().starts_with(&lab.0.user_pool_url()));
    lab.0.misbehave(Misbehaviour::TokenClose, Some(1));
    let headers = [("Content-Type", crate::support::client::FORM)];
    assert!(try_send("POST", &lab.token_url(), &headers, &encode(&form)).is_none());
    assert_eq!(post_form(&lab.token_url(), &form).text("error"), "invalid_request", "the fault is over");
    let silent = lab.0.requests().into_iter().find(|request| request.status.is_none()).unwrap();
    assert_eq!((silent.endpoint, silent.path.as_str()), ("token.code", "/oauth2/token"));
}

#[test]
fn echoing_servers_repeat_the_whole_request() {
    let lab = Lab::new();
    lab.0.misbehave(Misbehaviour::Echo, None);
    let form = [("grant_type", "refresh_token"), ("refresh_token", "a b/c"), ("token", "a b/c")];
    for url in [lab.token_url(), lab.token_url().replace("/token", "/revoke")] {
        let answer = post_form(&url, &form);
        let said = answer.text("error_description").to_owned();
        assert!(answer.status == 400 && said.contains("a b/c") && said.contains("a+b%2Fc"), "{said}");
        assert!(said.contains("content-type: application/x-www-form-urlencoded"), "{said}");
    }
    lab.0.behave();
    assert_eq!(post_form(&lab.token_url(), &form).text("error"), "invalid_request", "the fault is over");
}

#[test]
fn good_token_answers_have_every_requested_oddity() {
    let lab = Lab::new();
    let ask = |misbehaviour| {
        lab.0.misbehave(misbehaviour, Some(1));
        lab.tokens("alice")
    };
    let odd = ask(Misbehaviour::OddTokenMembers).json();
    assert_eq!((&odd["expires_in"], &odd["scope"]), (&json!("3599"), &json!(["openid"])));
    assert!(odd.get("token_type").is_none() && odd["id_token"].is_string(), "{odd}");
    let other = ask(Misbehaviour::TokenContentType);
    assert_eq!(other.header("content-type"), Some("application/x-amz-json-1.0"));
    let without = ask(Misbehaviour::NoAccessToken).json();
    assert!(without.get("access_token").is_none(), "{without}");
    assert_eq!(claims(without["id_token"].as_str().unwrap()).get("at_hash"), None, "nothing to hash");
    let good = lab.tokens("alice").json();
    assert!(good["access_token"].is_string() && good["token_type"] == "Bearer", "{good}");
}

#[test]
fn silent_endpoint_waits_until_the_client_leaves() {
    for misbehaviour in [Misbehaviour::TokenSilent, Misbehaviour::IdentitySilent] {
        let lab = Lab::with(Options { misbehaviours: vec![misbehaviour], ..Options::default() });
        let (base, target) = match misbehaviour {
            Misbehaviour::TokenSilent => (lab.0.domain_url(), "/oauth2/token"),
            _ => (lab.0.identity_pool_url(), "/"),
        };
        let mut stream = TcpStream::connect(base.replace("http://", "")).unwrap();
        let head = "Host: x\r\nX-Amz-Target: AWSCognitoIdentityService.GetId\r\nContent-Length: 0\r\n\r\n";
        stream.write_all(format!("POST {target} HTTP/1.1\r\n{head}").as_bytes()).unwrap();
        stream.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
        let error = stream.read(&mut [0]).unwrap_err();
        assert!(matches!(error.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut), "{error}");
    }
}

#[test]
fn id_tokens_have_every_requested_fault() {
    let lab = Lab::new();
    let good = claims(&lab.tokens("alice").text("id_token"));
    let ask = |misbehaviour| {
        lab.0.misbehave(misbehaviour, Some(1));
        lab.tokens("alice").text("id_token")
    };
    assert_eq!(header(&ask(Misbehaviour::AlgNone))["alg"], "none");
    assert_eq!(header(&ask(Misbehaviour::AlgHs256))["alg"], "HS256");
    assert_ne!(claims(&ask(Misbehaviour::WrongIssuer))["iss"], good["iss"]);
    assert_eq!(claims(&ask(Misbehaviour::AccessTokenAsIdToken))["token_use"], "access");
    assert_eq!(claims(&ask(Misbehaviour::WrongTokenUse))["token_use"], "access");
    let expired = claims(&ask(Misbehaviour::ExpiredIdToken));
    assert!(expired["exp"].as_i64().unwrap() < lab.0.now().timestamp());
    let odd = claims(&ask(Misbehaviour::OddOptionalClaimTypes));
    assert_eq!((&odd["email_verified"], &odd["cognito:groups"]), (&json!("yes"), &json!("one")));
    assert_eq!(odd["sub"], good["sub"]);
    lab.0.misbehave(Misbehaviour::NoIdToken, Some(1));
    assert!(lab.tokens("alice").json().get("id_token").is_none());
}

#[test]
fn refreshes_have_every_requested_fault() {
    let lab = Lab::new();
    let tokens = lab.tokens("alice");
    let refresh_token = tokens.text("refresh_token");
    lab.0.misbehave(Misbehaviour::OtherSubOnRefresh, Some(1));
    let other = claims(&lab.refresh(&refresh_token).text("id_token"));
    assert_ne!(other["sub"], claims(&tokens.text("id_token"))["sub"]);
    lab.0.misbehave(Misbehaviour::RefreshInvalidGrant, None);
    assert_eq!(lab.refresh(&refresh_token).text("error"), "invalid_grant");
    assert_eq!(lab.refresh(&refresh_token).text("error"), "invalid_grant");
    lab.0.behave();
    assert_eq!(lab.refresh(&refresh_token).status, 200);
    assert_eq!((lab.0.count("token.refresh"), lab.0.count("token.code")), (4, 1));
}

#[test]
fn other_endpoints_have_every_requested_fault() {
    let lab = Lab::new();
    let pool = format!("{}/{}/.well-known", lab.0.user_pool_url(), lab.0.user_pool_id());
    for (misbehaviour, url) in [
        (Misbehaviour::Jwks500, format!("{pool}/jwks.json")),
        (Misbehaviour::Discovery500, format!("{pool}/openid-configuration")),
        (Misbehaviour::Api500, lab.0.api_url()),
    ] {
        lab.0.misbehave(misbehaviour, Some(1));
        assert_eq!(get(&url).status, 500, "{misbehaviour:?}");
        assert_ne!(get(&url).status, 500, "{misbehaviour:?}");
    }
    lab.0.misbehave(Misbehaviour::Revoke500, Some(1));
    assert_eq!(lab.revoke(&[]).status, 500);
    let token = lab.tokens("alice").text("id_token");
    for (misbehaviour, status, code) in [
        (Misbehaviour::IdentityNotAuthorized, 400, "NotAuthorizedException"),
        (Misbehaviour::IdentityThrottled, 400, "TooManyRequestsException"),
        (Misbehaviour::Identity500, 500, "InternalErrorException"),
    ] {
        lab.0.misbehave(misbehaviour, Some(1));
        let answer = lab.get_id(&token);
        assert_eq!((answer.status, answer.text("__type").as_str()), (status, code));
    }
    let id = lab.get_id(&token).text("IdentityId");
    lab.0.misbehave(Misbehaviour::CredentialsShort, Some(1));
    let lifetime = |answer: crate::support::client::Answer| {
        answer.json()["Credentials"]["Expiration"].as_f64().unwrap() as i64 - lab.0.now().timestamp()
    };
    assert!((590..=600).contains(&lifetime(lab.get_credentials(&id, &token))));
    lab.0.set_credentials_lifetime(1000);
    assert!((990..=1000).contains(&lifetime(lab.get_credentials(&id, &token))));
}

#[test]
fn pool_without_a_role_gives_no_credentials() {
    let lab = Lab::new();
    let token = lab.tokens("alice").text("id_token");
    lab.0.misbehave(Misbehaviour::IdentityNoRole, Some(1));
    let id = lab.get_id(&token).text("IdentityId");
    let answer = lab.get_credentials(&id, &token);
    assert_eq!(
        (answer.status, answer.header("x-amzn-errortype")),
        (400, Some("InvalidIdentityPoolConfigurationException"))
    );
    assert_eq!(answer.text("message"), "Invalid identity pool configuration. Check assigned IAM roles for this pool.");
    assert_eq!(lab.get_credentials(&id, &token).status, 200);
}

#[test]
fn forgotten_identity_is_created_again() {
    let lab = Lab::with(Options { misbehaviours: vec![Misbehaviour::IdentityForgotten], ..Options::default() });
    let token = lab.tokens("alice").text("id_token");
    let kept = lab.get_id(&token).text("IdentityId");
    assert_eq!(lab.get_credentials(&kept, &token).status, 200, "no new one has been kept yet");
    for _ in 0..2 {
        let answer = lab.get_credentials(&kept, &token);
        assert_eq!((answer.status, answer.text("__type").as_str()), (400, "ResourceNotFoundException"));
    }
    let new = lab.get_id(&token).text("IdentityId");
    assert_ne!(new, kept);
    assert_eq!(lab.get_credentials(&new, &token).status, 200);
}

#[test]
fn slow_server_clock_shows_in_dates_and_tokens() {
    let now = "2026-11-22T12:00:00Z".parse().unwrap();
    let clock = std::sync::Arc::new(cogfed_sandbox::ManualClock::at(now));
    let misbehaviours = vec![Misbehaviour::ClockBehind];
    let lab = Lab::with(Options { clock, misbehaviours, ..Options::default() });
    let answer = lab.tokens("alice");
    assert_eq!(answer.header("date"), Some("Sun, 22 Nov 2026 11:40:00 GMT"));
    assert_eq!(claims(&answer.text("id_token"))["iat"], now.timestamp() - 1200);
}
