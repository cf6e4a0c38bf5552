//! Tests of signatures for AWS services other than API Gateway, in the form that each service requires.

use bytes::Bytes;
use chrono::TimeDelta;
use cogfed::request::{RequestInput, SignedRequest};
use cogfed::sandbox::issued::IssuedKey;
use cogfed::sandbox::sigv4::{Expected, Refused, verify};
use cogfed_test_support::Random;
use http::Request;
use serde_json::Value;

use super::cases::{SERVICES, credentials, now, random_target, random_text, signed_for};

/// Returns the result of the sandbox's verifier for a signed request to `service`. The verifier sees the request as it
/// is sent on the wire.
fn verdict(service: &str, request: &Request<Bytes>) -> Result<IssuedKey, Refused> {
    let credentials = credentials();
    let key = IssuedKey {
        access_key_id: credentials.access_key_id,
        secret_access_key: credentials.secret_access_key.expose().into(),
        session_token: credentials.session_token.expose().into(),
        expires: now() + TimeDelta::hours(1),
        role_arn: "arn:aws:iam::123456781234:role/Orders".into(),
        session_name: "CognitoIdentityCredentials".into(),
        identity_pool_id: String::new(),
        identity_id: String::new(),
        authentication_provider: String::new(),
        username: String::new(),
    };
    let expected = Expected { service, regions: &["eu-west-1"], now: now(), window: TimeDelta::minutes(5) };
    let mut request = request.clone();
    *request.uri_mut() = request.uri().path_and_query().unwrap().as_str().parse().unwrap();
    verify(&request, &expected, |id| Some(key.clone()).filter(|key| key.access_key_id == id))
}

fn header<'r>(request: &'r SignedRequest, name: &str) -> Option<&'r str> {
    request.as_http().headers().get(name).map(|value| value.to_str().unwrap())
}

/// The recorded signatures were computed by botocore 1.44.5.
#[test]
fn signatures_of_each_service_equal_the_recorded_ones() {
    let lines =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/sigv4_services.jsonl")).unwrap();
    let cases: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(cases.len(), 3 * SERVICES.len());
    for case in &cases {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let body = text(&case["body"]);
        let headers = case["headers"].as_array().unwrap();
        let input = RequestInput {
            method: text(&case["method"]),
            url: text(&case["url"]),
            headers: headers.iter().map(|pair| (text(&pair[0]), text(&pair[1]))).collect(),
            body: (!body.is_empty()).then(|| body.into_bytes()),
            ..RequestInput::default()
        };
        let signed = signed_for(case["service"].as_str().unwrap(), input);
        assert_eq!(signed.as_http().uri().to_string(), case["url"], "sent as it was given");
        assert_eq!(header(&signed, "authorization"), case["authorization"].as_str(), "{case}");
    }
}

#[test]
fn signatures_of_each_service_are_accepted_by_the_sandbox() {
    let mut random = Random(11);
    for (service, host) in SERVICES {
        for _ in 0..200 {
            let url = format!("https://{host}{}", random_target(&mut random));
            let body = random_text(&mut random, 50, "").into_bytes();
            let input = RequestInput { method: "PUT".into(), url, body: Some(body), ..RequestInput::default() };
            let signed = signed_for(service, input);
            let verdict = verdict(service, signed.as_http());
            assert!(verdict.is_ok(), "{service} {}: {verdict:?}", signed.as_http().uri());
        }
    }
}

#[test]
fn body_hash_is_sent_only_where_the_service_demands_it() {
    for (service, host) in SERVICES {
        let input = RequestInput {
            method: "POST".into(),
            url: format!("https://{host}/x"),
            body: Some(b"body".to_vec()),
            ..RequestInput::default()
        };
        let signed = signed_for(service, input);
        let expected = match *service {
            "s3" | "s3-object-lambda" | "aoss" => {
                Some("230d8358dc8e8890b4c58deeb62912ee2f20357ae92a5cc861b98e68fe31acb5")
            }
            "vpc-lattice-svcs" => Some("UNSIGNED-PAYLOAD"),
            _ => None,
        };
        assert_eq!(header(&signed, "x-amz-content-sha256"), expected, "{service}");
        assert!(header(&signed, "x-amz-security-token").is_some(), "{service}");
        let authorization = header(&signed, "authorization").unwrap();
        assert_eq!(authorization.contains("x-amz-content-sha256"), expected.is_some(), "{authorization}");
        let mut changed = signed.as_http().clone();
        *changed.body_mut() = Bytes::from_static(b"other");
        assert_eq!(verdict(service, &changed).is_ok(), *service == "vpc-lattice-svcs", "{service}");
    }
}

#[test]
fn one_service_refuses_a_signature_for_another() {
    for (service, host) in SERVICES {
        let input = RequestInput { method: "GET".into(), url: format!("https://{host}/x"), ..RequestInput::default() };
        let signed = signed_for("glacier", input);
        let refused = verdict(service, signed.as_http()).unwrap_err();
        assert_eq!(refused.to_string(), format!("Credential should be scoped to correct service: '{service}'."));
    }
}

#[test]
fn key_of_an_object_is_sent_in_s3s_encoding() {
    let input = |url: &str| RequestInput { method: "GET".into(), url: url.into(), ..RequestInput::default() };
    let url = "https://orders.s3.eu-west-1.amazonaws.com/a@b:c/d!e+f%2fg//h?list-type=2";
    let signed = signed_for("s3", input(url));
    let sent = "https://orders.s3.eu-west-1.amazonaws.com/a%40b%3Ac/d%21e%2Bf%2Fg//h?list-type=2";
    assert_eq!(signed.as_http().uri().to_string(), sent);
    let other = signed_for("execute-api", input(url));
    assert!(other.as_http().uri().path().starts_with("/a@b:c/d!e+f%2fg"), "{}", other.as_http().uri());
}
