//! Tests of the Lambda functions' responses through the gateway.

use bytes::Bytes;
use cogfed_sandbox::api_gateway::{ApiGateway, LARGEST_BODY};
use cogfed_sandbox::issued::{IssuedKey, IssuedKeys};
use http::Response;
use serde_json::{Value, json};

use crate::support::signing::{ACCOUNT, REGION, Signer, key, now, request, signed};

struct Admin(ApiGateway, IssuedKeys);

impl Admin {
    fn new() -> Self {
        let keys = IssuedKeys::default();
        keys.insert(key("OrdersAdmin"));
        Self(ApiGateway::new(REGION, ACCOUNT, "abc123", "prod"), keys)
    }

    fn ask(&self, method: &str, target: &str, headers: &[(&str, &str)], body: &str) -> Response<Bytes> {
        self.0.answer(now(), &self.1, &signed(&key("OrdersAdmin"), request(method, target, headers, body)))
    }
}

fn body(response: &Response<Bytes>) -> Value {
    serde_json::from_slice(response.body()).unwrap()
}

#[test]
fn orders_can_be_listed_created_read_and_deleted() {
    let admin = Admin::new();
    let list = admin.ask("GET", "/prod/orders", &[], "");
    assert_eq!((list.status().as_u16(), body(&list)["orders"].as_array().unwrap().len()), (200, 3));
    assert!(list.headers().get("x-amzn-errortype").is_none());
    let made = admin.ask("POST", "/prod/orders", &[("content-type", "application/json")], r#"{"id":1,"item":"tea"}"#);
    assert_eq!(made.status(), 201);
    assert_eq!(body(&made), json!({"id": 1004, "item": "tea", "orderedBy": "AzureAD_alice@corp.example"}));
    assert_eq!(body(&admin.ask("GET", "/prod/orders/1004", &[], "")), body(&made));
    assert_eq!(body(&admin.ask("DELETE", "/prod/orders/1004", &[], "")), json!({"deleted": body(&made)}));
    for (method, id) in [("GET", "1004"), ("DELETE", "1004"), ("GET", "x"), ("GET", "-1")] {
        let gone = admin.ask(method, &format!("/prod/orders/{id}"), &[], "");
        assert_eq!((gone.status().as_u16(), body(&gone)), (404, json!({"message": "no such order"})), "{method} {id}");
    }
    for wrong in ["", "[]", "{", "1"] {
        assert_eq!(admin.ask("POST", "/prod/orders", &[], wrong).status(), 400, "{wrong}");
    }
}

#[test]
fn roles_of_another_partition_have_only_their_policies() {
    let api = ApiGateway::new("us-gov-west-1", ACCOUNT, "abc123", "prod");
    let ask = |role_arn: String| {
        let key = IssuedKey { role_arn, ..key("OrdersReader") };
        let keys = IssuedKeys::default();
        keys.insert(key.clone());
        let signer = Signer { region: "us-gov-west-1", ..Signer::new(&key) };
        api.answer(now(), &keys, &signer.sign(request("GET", "/prod/orders", &[], "")))
    };
    assert_eq!(ask(format!("arn:aws-us-gov:iam::{ACCOUNT}:role/OrdersReader")).status(), 200);
    let refused = ask(format!("arn:aws-us-gov:iam::{ACCOUNT}:role/ReportsReader"));
    let message = body(&refused)["Message"].as_str().unwrap().to_owned();
    assert_eq!(refused.status(), 403);
    assert!(message.starts_with("User: arn:aws-us-gov:sts::123456781234:assumed-role/ReportsReader/"), "{message}");
    assert!(
        message.contains("arn:aws-us-gov:execute-api:us-gov-west-1:********1234:abc123/prod/GET/orders"),
        "{message}"
    );
    assert_eq!(ask(format!("arn:aws:iam::{ACCOUNT}:role/OrdersReader")).status(), 403);
}

#[test]
fn echo_returns_the_request_and_its_caller() {
    let headers = [("X-Twice", "b"), ("X-Twice", "a"), ("User-Agent", "test/1")];
    let answer = Admin::new().ask("PUT", "/prod/echo/a%2Fb/%E2%82%AC?b=&a=x%20y", &headers, "{}");
    assert_eq!(answer.status(), 200);
    let mut echo = body(&answer);
    let identity = echo["requestContext"]["identity"].take();
    assert_eq!(
        echo,
        json!({
            "method": "PUT",
            "path": "/prod/echo/a%2Fb/%E2%82%AC",
            "query": "b=&a=x%20y",
            "headers": {
                "host": ["abc123.execute-api.eu-west-1.amazonaws.com"],
                "user-agent": ["test/1"],
                "x-amz-date": ["20261122T120000Z"],
                "x-twice": ["b", "a"],
            },
            "bodyLength": 2,
            "bodySha256": "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",
            "requestContext": {"identity": null},
        })
    );
    assert_eq!(identity["accessKey"], "ASIASANDBOXOrdersAdmin");
    assert_eq!(identity["accountId"], ACCOUNT);
    assert_eq!(identity["cognitoIdentityId"], "eu-west-1:11111111-2222-3333-4444-555555555555");
    assert_eq!(identity["cognitoIdentityPoolId"], "eu-west-1:99999999-8888-7777-6666-555555555555");
    assert_eq!(
        identity["cognitoAuthenticationProvider"],
        "cognito-idp.eu-west-1.amazonaws.com/eu-west-1_EXAMPLE01,cognito-idp.eu-west-1.amazonaws.com/eu-west-1_EXAMPLE01:CognitoSignIn:the-sub"
    );
    assert_eq!(identity["cognitoAuthenticationType"], "authenticated");
    assert_eq!(identity["userAgent"], "test/1");
    assert_eq!(identity["userArn"], "arn:aws:sts::123456781234:assumed-role/OrdersAdmin/CognitoIdentityCredentials");
    let caller = identity["caller"].as_str().unwrap();
    assert!(caller.starts_with("AROASANDBOX") && caller.ends_with(":CognitoIdentityCredentials"), "{caller}");
    assert_eq!(caller.split(':').next().unwrap().len(), 21, "as long as IAM's unique ids");
    assert_eq!(body(&Admin::new().ask("GET", "/prod/echo/x", &[], ""))["query"], Value::Null);
}

#[test]
fn head_request_gets_headers_only() {
    let admin = Admin::new();
    let answer = admin.ask("HEAD", "/prod/echo/x", &[], "");
    assert_eq!(answer.status(), 200);
    assert!(answer.body().is_empty());
    let length: usize = answer.headers()["content-length"].to_str().unwrap().parse().unwrap();
    assert!(length > 100, "{length}");
    assert_eq!(admin.ask("OPTIONS", "/prod/echo/x", &[], "").status(), 200);
}

#[test]
fn redirect_goes_to_the_requested_url() {
    let admin = Admin::new();
    let answer = admin.ask("GET", "/prod/redirect?to=http%3A%2F%2F127.0.0.1%3A1%2F%3Fa%3Db", &[], "");
    assert_eq!(
        (answer.status().as_u16(), answer.headers()["location"].to_str().unwrap()),
        (302, "http://127.0.0.1:1/?a=b")
    );
    for target in ["/prod/redirect", "/prod/redirect?to=a%0D%0Ab"] {
        let answer = admin.ask("GET", target, &[], "");
        assert_eq!(answer.status(), 400, "{target}");
        assert!(answer.headers().get("location").is_none());
    }
}

#[test]
fn large_html_and_escape_answers_have_their_content() {
    let admin = Admin::new();
    for length in [0, 1, LARGEST_BODY] {
        let answer = admin.ask("GET", &format!("/prod/large?bytes={length}"), &[], "");
        assert_eq!((answer.status().as_u16(), answer.body().len()), (200, length));
    }
    let too_large = admin.ask("GET", &format!("/prod/large?bytes={}", LARGEST_BODY + 1), &[], "");
    assert_eq!((too_large.status().as_u16(), body(&too_large)), (502, json!({"message": "Internal server error"})));
    for target in ["/prod/large", "/prod/large?bytes=-1", "/prod/large?bytes=99999999999999999999999"] {
        assert_eq!(admin.ask("GET", target, &[], "").status(), 400, "{target}");
    }
    let html = admin.ask("GET", "/prod/html", &[], "");
    assert_eq!(html.headers()["content-type"], "text/html; charset=utf-8");
    assert!(html.body().starts_with(b"<!doctype html>"));
    let escape = admin.ask("GET", "/prod/escape", &[], "");
    assert_eq!(escape.headers()["content-type"], "text/plain; charset=utf-8");
    assert!(escape.body().contains(&0x1b));
}

#[test]
fn every_answer_has_its_own_request_id() {
    let admin = Admin::new();
    let ids =
        |answer: &Response<Bytes>| ["x-amzn-requestid", "x-amz-apigw-id"].map(|name| answer.headers()[name].clone());
    let (one, two) = (admin.ask("GET", "/prod/orders", &[], ""), admin.ask("GET", "/prod/orders", &[], ""));
    for (one, two) in ids(&one).iter().zip(ids(&two)) {
        assert_ne!(one, two);
    }
}
