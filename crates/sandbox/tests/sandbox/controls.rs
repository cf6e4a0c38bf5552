//! Tests of the control endpoint, the request log, and the profile for cogfed.

use std::io::{Read, Write};
use std::net::TcpStream;

use cogfed_sandbox::{Misbehaviour, Options, Rotation, Sandbox};

use crate::support::client::{Lab, get, send};

fn control(lab: &Lab, method: &str, target: &str) -> crate::support::client::Answer {
    send(method, &format!("{}{target}", lab.0.control_url()), &[], "")
}

#[test]
fn controls_do_the_same_as_the_sandboxs_methods() {
    let lab = Lab::new();
    let before = lab.0.now();
    assert_eq!(control(&lab, "POST", "/clock?advance=3600").status, 200);
    assert!(lab.0.now() - before >= chrono::TimeDelta::hours(1));
    assert_eq!(control(&lab, "POST", "/misbehave?name=token-500&times=1").status, 200);
    assert_eq!(lab.refresh("x").status, 500);
    assert_eq!(lab.refresh("x").status, 400);
    control(&lab, "POST", "/misbehave?name=token-500");
    control(&lab, "POST", "/clear");
    assert_eq!(lab.refresh("x").status, 400);
    assert_eq!(control(&lab, "POST", "/refuse?name=aadsts7000215&times=1").json()["refusal"], "aadsts7000215");
    let refused = lab.refresh("x");
    assert_eq!((refused.status, refused.text("error").as_str()), (401, "invalid_client"));
    assert_eq!(refused.json()["error_codes"], serde_json::json!([7_000_215]));
    assert_eq!(lab.refresh("x").text("error"), "invalid_grant", "only once was requested");
    control(&lab, "POST", "/people?name=alice&role=a&role=b");
    let alice = lab.0.people().into_iter().find(|person| person.name == "alice").unwrap();
    assert_eq!(alice.roles, ["a", "b"]);
    control(&lab, "POST", "/lifetimes?credentials=900");
    let refresh_token = lab.tokens("alice").text("refresh_token");
    control(&lab, "POST", "/revoke-all");
    assert_eq!(lab.refresh(&refresh_token).text("error"), "invalid_grant");
    let log = control(&lab, "GET", "/requests").json();
    assert_eq!(log["counts"]["token.refresh"], 6);
    assert_eq!(log["requests"][0]["endpoint"], "token.refresh");
    let secrets = control(&lab, "GET", "/secrets").json();
    assert!(secrets["secrets"].as_array().unwrap().iter().any(|secret| *secret == refresh_token));
    control(&lab, "POST", "/clear-log");
    assert!(lab.0.requests().is_empty());
}

#[test]
fn controls_refuse_wrong_requests() {
    let lab = Lab::new();
    for (method, target, status) in [
        ("POST", "/misbehave", 400),
        ("POST", "/misbehave?name=nonsense", 400),
        ("POST", "/misbehave?name=token-500&times=x", 400),
        ("POST", "/refuse", 400),
        ("POST", "/refuse?name=nonsense", 400),
        ("POST", "/clock", 400),
        ("POST", "/clock?advance=999999999999", 400),
        ("POST", "/clock?advance=-9223372036854775808", 400),
        ("POST", "/lifetimes?credentials=999999999999", 400),
        ("POST", "/people?name=nobody&role=x", 404),
        ("POST", "/nowhere", 404),
        ("GET", "/clock?advance=1", 404),
    ] {
        assert_eq!(control(&lab, method, target).status, status, "{method} {target}");
    }
}

#[test]
fn controls_refuse_pages_in_a_browser() {
    let lab = Lab::new();
    let url = format!("{}/secrets", lab.0.control_url());
    assert_eq!(send("GET", &url, &[("Origin", "http://attacker.example")], "").status, 403);
    let mut stream = TcpStream::connect(lab.0.control_url().replace("http://", "")).unwrap();
    stream.write_all(b"GET /secrets HTTP/1.1\r\nHost: attacker.example\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 403 "), "{answer}");
}

#[test]
fn request_log_contains_no_secret() {
    let lab = Lab::new();
    let tokens = lab.tokens("alice");
    lab.refresh(&tokens.text("refresh_token"));
    let id = lab.get_id(&tokens.text("id_token")).text("IdentityId");
    lab.get_credentials(&id, &tokens.text("id_token"));
    let log = serde_json::to_string(&lab.0.requests()).unwrap();
    let secrets = lab.0.secrets_issued();
    assert!(secrets.len() >= 9, "code, verifier, five tokens, two keys: {}", secrets.len());
    assert!(secrets.iter().all(|secret| !log.contains(secret.as_str())));
    for endpoint in ["authorize", "idp_response", "token.code", "token.refresh", "identity.get_id"] {
        assert_eq!(lab.0.count(endpoint), 1, "{endpoint}");
    }
}

#[test]
fn long_expired_keys_are_forgotten() {
    let lab = Lab::new();
    let token = lab.tokens("alice").text("id_token");
    let id = lab.get_id(&token).text("IdentityId");
    let credentials = || {
        let token = lab.tokens("alice").text("id_token");
        let answer = lab.get_credentials(&id, &token).json();
        answer["Credentials"]["AccessKeyId"].as_str().unwrap().to_owned()
    };
    let first = credentials();
    lab.0.advance_clock(chrono::TimeDelta::days(6));
    let second = credentials();
    assert!(lab.0.issued_keys().find(&first).is_some(), "expired but still known");
    lab.0.advance_clock(chrono::TimeDelta::days(2));
    credentials();
    assert!(lab.0.issued_keys().find(&first).is_none());
    assert!(lab.0.issued_keys().find(&second).is_some());
}

#[test]
fn profile_is_toml_with_every_address() {
    let rotation = Rotation::On { grace: 30 };
    let lab = Lab::with(Options { rotation, misbehaviours: vec![Misbehaviour::Token500], ..Options::default() });
    let text = lab.0.profile_toml("sand box");
    let profile = text.parse::<toml_edit::Document<String>>().unwrap();
    let profile = &profile["profile"]["sand box"];
    assert_eq!(profile["user_pool_id"].as_str(), Some(lab.0.user_pool_id()));
    assert_eq!(profile["client_id"].as_str(), Some(lab.0.client_id()));
    assert_eq!(profile["identity_provider"].as_str(), Some("AzureAD"));
    assert_eq!(profile["refresh_grace"].as_integer(), Some(30));
    assert_eq!(profile["refresh_token_validity"].as_integer(), Some(2_592_000));
    let endpoints = &profile["endpoints"];
    assert_eq!(endpoints["domain"].as_str(), Some(lab.0.domain_url().as_str()));
    assert_eq!(endpoints["user_pool"].as_str(), Some(lab.0.user_pool_url().as_str()));
    assert_eq!(endpoints["identity_pool"].as_str(), Some(lab.0.identity_pool_url().as_str()));
    assert_eq!(endpoints["sts"].as_str(), Some(lab.0.sts_url().as_str()));
    assert!(lab.0.profile_toml("internal").starts_with("[profile.internal]\n"));
    assert_eq!(get(&lab.0.logout_uri()).status, 200);
}

#[test]
fn sandbox_can_be_shared_between_threads() {
    fn is_shared<T: Send + Sync>(_: &T) {}
    is_shared(&Sandbox::start(Options::default()).unwrap());
}
