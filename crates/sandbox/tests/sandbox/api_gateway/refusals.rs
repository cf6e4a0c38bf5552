//! Tests of the gateway's error responses, which are compared word for word.

use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use cogfed_sandbox::api_gateway::{ApiGateway, Effect, Statement};
use cogfed_sandbox::issued::{IssuedKey, IssuedKeys};
use http::{Request, Response};
use serde_json::{Value, json};

use crate::support::signing::{ACCOUNT, REGION, Signer, key, now, request, signed};

fn keys() -> IssuedKeys {
    let keys = IssuedKeys::default();
    for role in ["OrdersAdmin", "OrdersReader", "SandboxAuthenticated", "Unheard"] {
        keys.insert(key(role));
    }
    keys
}

fn api() -> ApiGateway {
    ApiGateway::new(REGION, ACCOUNT, "abc123", "prod")
}

fn answer_at(now: DateTime<Utc>, request: &Request<Bytes>) -> Response<Bytes> {
    api().answer(now, &keys(), request)
}

/// Checks the properties that all error responses share, and returns the error type and the body.
fn refusal(response: &Response<Bytes>) -> (String, Value) {
    assert_eq!(response.status(), 403);
    let header = |name: &str| response.headers()[name].to_str().unwrap().to_owned();
    assert_eq!(header("content-type"), "application/json");
    assert_eq!(header("x-amzn-requestid").len(), 36);
    assert_eq!(header("x-amz-apigw-id").len(), 16);
    (header("x-amzn-errortype"), serde_json::from_slice(response.body()).unwrap())
}

fn assert_refused(request: &Request<Bytes>, error_type: &str, message: &str) {
    assert_refused_at(now(), request, error_type, message);
}

fn assert_refused_at(now: DateTime<Utc>, request: &Request<Bytes>, error_type: &str, message: &str) {
    let (found, body) = refusal(&answer_at(now, request));
    assert_eq!((found.as_str(), body), (error_type, json!({"message": message})));
}

/// Returns a signed request whose header `name` was changed after signing.
fn with_header(name: &'static str, change: impl Fn(&str) -> String) -> Request<Bytes> {
    let mut request = signed(&key("OrdersAdmin"), request("GET", "/prod/orders", &[], ""));
    let value = change(request.headers()[name].to_str().unwrap());
    request.headers_mut().insert(name, value.parse().unwrap());
    request
}

#[test]
fn unsigned_request_and_unknown_route_get_the_same_answer() {
    let unsigned = answer_at(now(), &request("GET", "/prod/orders", &[], ""));
    assert_eq!(unsigned.body().len(), 42);
    assert_refused(
        &request("GET", "/prod/orders", &[], ""),
        "MissingAuthenticationTokenException",
        "Missing Authentication Token",
    );
    for (method, target) in [
        ("GET", "/"),
        ("GET", "/prod"),
        ("GET", "/prod/"),
        ("GET", "/prod/orders/"),
        ("GET", "/prod/orders/1/2"),
        ("GET", "/prod/%6frders"),
        ("GET", "/prod//orders"),
        ("GET", "/production/orders"),
        ("GET", "/test/orders"),
        ("GET", "/prod/echo"),
        ("GET", "/prod/echo/"),
        ("TRACE", "/prod/echo/x"),
        ("HEAD", "/prod/orders"),
        ("OPTIONS", "/prod/orders"),
        ("PUT", "/prod/orders/1"),
        ("get", "/prod/orders"),
    ] {
        let answer = answer_at(now(), &signed(&key("OrdersAdmin"), request(method, target, &[], "")));
        assert_eq!(answer.status(), 403, "{method} {target}");
        assert_eq!(answer.headers()["x-amzn-errortype"], "MissingAuthenticationTokenException", "{method} {target}");
    }
}

#[test]
fn authorization_schemes_other_than_sigv4_are_incomplete_signatures() {
    let bearer = |value: &str| request("GET", "/prod/orders", &[("authorization", value)], "");
    // printf %s 'Bearer abc' | openssl dgst -sha256 -binary | base64
    assert_refused(
        &bearer("Bearer abc"),
        "IncompleteSignatureException",
        "Invalid key=value pair (missing equal-sign) in Authorization header (hashed with SHA-256 and encoded with \
         Base64): 'w1Xc6WwWEogNEZQP/dkBTThsJT4MNlKmzQanIm970rY='.",
    );
    for value in ["x", "Basic dXNlcjpwYXNzd29yZA", "Bearer a.b.c", "AWS4-HMAC-SHA256 Credential"] {
        let (error_type, body) = refusal(&answer_at(now(), &bearer(value)));
        assert_eq!(error_type, "IncompleteSignatureException");
        assert!(
            body["message"].as_str().unwrap().starts_with("Invalid key=value pair (missing equal-sign)"),
            "{value}"
        );
    }
    assert_refused(&bearer(""), "IncompleteSignatureException", "Authorization header cannot be empty: ''.");
    assert_refused(
        &with_header("authorization", |value| value.replace("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256")),
        "IncompleteSignatureException",
        "Unsupported AWS 'algorithm': 'AWS4-ECDSA-P256-SHA256'.",
    );
}

#[test]
fn incomplete_authorization_names_the_missing_parts() {
    let starts = |request: &Request<Bytes>, start: &str| {
        let (error_type, body) = refusal(&answer_at(now(), request));
        assert_eq!(error_type, "IncompleteSignatureException");
        let message = body["message"].as_str().unwrap();
        assert!(message.starts_with(start), "{message}");
    };
    for name in ["Credential", "Signature", "SignedHeaders"] {
        let left_out = with_header("authorization", |value| value.replace(&format!("{name}="), "Other="));
        starts(
            &left_out,
            &format!(
                "Authorization header requires '{name}' parameter. (Hashed with SHA-256 and encoded with Base64) \
                 Authorization="
            ),
        );
        let twice = with_header("authorization", |value| format!("{value}, {name}=x"));
        starts(&twice, &format!("Authorization header requires '{name}' parameter."));
    }
    starts(
        &request("GET", "/prod/orders", &[("authorization", "Bearer dG9rZW4=")], ""),
        "Authorization header requires 'Credential' parameter. Authorization header requires 'Signature' parameter. \
         Authorization header requires 'SignedHeaders' parameter. Authorization header requires existence of either a \
         'X-Amz-Date' or a 'Date' header. (Hashed",
    );
    let mut no_date = with_header("authorization", str::to_owned);
    no_date.headers_mut().remove("x-amz-date");
    starts(&no_date, "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. (Hashed");
    starts(
        &with_header("authorization", |value| value.replace("/aws4_request", "")),
        "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got \
         'ASIASANDBOXOrdersAdmin/20261122/eu-west-1/execute-api'",
    );
    for date in ["20261122T120000", "2026-11-22T12:00:00Z", "20261322T120000Z", "2026 1 2T 3 4 5Z", "yesterday"] {
        starts(
            &with_header("x-amz-date", |_| date.into()),
            &format!("Date must be in ISO-8601 'basic format'. Got '{date}'."),
        );
    }
    starts(
        &request(
            "GET",
            "/prod/orders?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=x&X-Amz-Date=a&X-Amz-Date=b",
            &[],
            "",
        ),
        "AWS query-string parameters must include 'X-Amz-Signature'. AWS query-string parameters must include \
         'X-Amz-SignedHeaders'. AWS query-string parameters must include 'X-Amz-Date'. Re-examine the query-string \
         parameters.",
    );
}

#[test]
fn signature_with_a_wrong_scope_is_refused() {
    let admin = key("OrdersAdmin");
    let get = || request("GET", "/prod/orders", &[], "");
    assert_refused(
        &Signer { region: "us-east-1", ..Signer::new(&admin) }.sign(get()),
        "InvalidSignatureException",
        "Credential should be scoped to a valid Region, not 'us-east-1'.",
    );
    assert_refused(
        &Signer { service: "sts", ..Signer::new(&admin) }.sign(get()),
        "InvalidSignatureException",
        "Credential should be scoped to correct service: 'execute-api'.",
    );
    assert_refused(
        &with_header("authorization", |value| value.replace("aws4_request", "aws5_request")),
        "InvalidSignatureException",
        "Credential should be scoped with a valid terminator: 'aws4_request', got 'aws5_request'.",
    );
    assert_refused(
        &with_header("authorization", |value| value.replace("/20261122/", "/20261121/")),
        "InvalidSignatureException",
        "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '20261121' != \
         '20261122', from '20261122T120000Z'.",
    );
}

#[test]
fn unsigned_host_or_amz_header_is_refused() {
    assert_refused(
        &with_header("authorization", |value| value.replace("=host;", "=")),
        "InvalidSignatureException",
        "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.",
    );
    let mut added = signed(&key("OrdersAdmin"), request("GET", "/prod/orders", &[], ""));
    added.headers_mut().insert("x-amz-invocation-type", "Event".parse().unwrap());
    assert_refused(
        &added,
        "InvalidSignatureException",
        "'x-amz-invocation-type' must be a 'SignedHeader' in the AWS Authorization.",
    );
}

#[test]
fn wrong_clock_is_refused_with_both_times() {
    let request = signed(&key("OrdersAdmin"), request("GET", "/prod/orders", &[], ""));
    for minutes in [-5, 0, 5] {
        assert_eq!(answer_at(now() + TimeDelta::minutes(minutes), &request).status(), 200, "{minutes} minutes");
    }
    assert_refused_at(
        now() + TimeDelta::seconds(301),
        &request,
        "InvalidSignatureException",
        "Signature expired: 20261122T120000Z is now earlier than 20261122T120001Z (20261122T120501Z - 5 min.)",
    );
    assert_refused_at(
        now() - TimeDelta::seconds(301),
        &request,
        "InvalidSignatureException",
        "Signature not yet current: 20261122T120000Z is still later than 20261122T115959Z (20261122T115459Z + 5 min.)",
    );
}

#[test]
fn presigned_request_expires_as_it_states() {
    let admin = key("OrdersAdmin");
    let presign = |seconds| Signer { presign: Some(Duration::from_secs(seconds)), ..Signer::new(&admin) };
    let request = presign(90).sign(request("GET", "/prod/orders", &[], ""));
    assert_eq!(answer_at(now() + TimeDelta::seconds(90), &request).status(), 200);
    assert_refused_at(
        now() + TimeDelta::seconds(91),
        &request,
        "InvalidSignatureException",
        "Signature expired: 20261122T120000Z is now earlier than 20261122T120001Z (20261122T120131Z - 90 s.)",
    );
    let (error_type, _) = refusal(&answer_at(now() - TimeDelta::seconds(301), &request));
    assert_eq!(error_type, "InvalidSignatureException");
    for life in ["0", "604801", "-1", "+1", "1.5", "", "99999999999999999999"] {
        let target = request.uri().to_string().replace("X-Amz-Expires=90", &format!("X-Amz-Expires={life}"));
        let changed = crate::support::signing::request("GET", &target, &[], "");
        assert_refused(&changed, "IncompleteSignatureException", "X-Amz-Expires must be between 1 and 604800 seconds");
    }
}

#[test]
fn date_header_replaces_x_amz_date() {
    // Signed with Python's hmac: the available signers all write an X-Amz-Date.
    let authorization = "AWS4-HMAC-SHA256 Credential=ASIASANDBOXOrdersAdmin/20261122/eu-west-1/execute-api/aws4_request, \
        SignedHeaders=date;host;x-amz-security-token, \
        Signature=378c35f6ba120b1ea681c8024f4ea1f52cf0b60b48980e2ad96627853a1cc570";
    let date = "Sun, 22 Nov 2026 12:00:00 GMT";
    let headers = [("date", date), ("x-amz-security-token", "TOKEN/EXAMPLE=="), ("authorization", authorization)];
    let request = request("GET", "/prod/orders", &headers, "");
    assert_eq!(answer_at(now(), &request).status(), 200);
    let (error_type, _) = refusal(&answer_at(now() + TimeDelta::minutes(6), &request));
    assert_eq!(error_type, "InvalidSignatureException");
}

#[test]
fn unknown_key_and_wrong_session_token_are_refused() {
    let message = "The security token included in the request is invalid.";
    let get = || request("GET", "/prod/orders", &[], "");
    let sign = |key: IssuedKey| signed(&key, get());
    assert_refused(&sign(key("Stranger")), "AccessDeniedException", message);
    for token in ["", "TOKEN/EXAMPLE=", "TOKEN/EXAMPLE=="] {
        let other = IssuedKey { session_token: token.into(), ..key("OrdersAdmin") };
        if token == key("OrdersAdmin").session_token {
            assert_eq!(answer_at(now(), &sign(other)).status(), 200);
        } else {
            assert_refused(&sign(other), "AccessDeniedException", message);
        }
    }
}

#[test]
fn expired_credentials_are_refused() {
    let keys = IssuedKeys::default();
    keys.insert(IssuedKey { expires: now() + TimeDelta::seconds(1), ..key("OrdersAdmin") });
    let request = signed(&key("OrdersAdmin"), request("GET", "/prod/orders", &[], ""));
    assert_eq!(api().answer(now(), &keys, &request).status(), 200);
    let (error_type, body) = refusal(&api().answer(now() + TimeDelta::seconds(1), &keys, &request));
    assert_eq!(error_type, "ExpiredTokenException");
    assert_eq!(body, json!({"message": "The security token included in the request is expired"}));
}

#[test]
fn wrong_signature_gets_the_expected_canonical_request() {
    let admin = key("OrdersAdmin");
    let other = IssuedKey { secret_access_key: "another".into(), ..admin };
    let request = signed(&other, request("POST", "/prod/orders", &[("content-type", "application/json")], "{}"));
    assert_refused(
        &request,
        "InvalidSignatureException",
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access \
         Key and signing method. Consult the service documentation for details.\n\nThe Canonical String for this request \
         should have been\n'POST\n/prod/orders\n\ncontent-type:application/json\n\
         host:abc123.execute-api.eu-west-1.amazonaws.com\nx-amz-date:20261122T120000Z\n\
         x-amz-security-token:TOKEN/EXAMPLE==\n\ncontent-type;host;x-amz-date;x-amz-security-token\n\
         44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a'\n\nThe String-to-Sign should have been\n\
         'AWS4-HMAC-SHA256\n20261122T120000Z\n20261122/eu-west-1/execute-api/aws4_request\n\
         55586e4a720443be368d92ce744cc52f1e73f36efba3bded652792c67e309b57'\n",
    );
}

#[test]
fn role_without_permission_is_refused() {
    let ask = |api: &ApiGateway, role: &str, method: &str, target: &str| {
        let request = signed(&key(role), request(method, target, &[], ""));
        api.answer(now(), &keys(), &request)
    };
    let api = api();
    let answer = ask(&api, "OrdersReader", "DELETE", "/prod/orders/a%20b");
    let (error_type, body) = refusal(&answer);
    assert_eq!(error_type, "AccessDeniedException");
    assert_eq!(
        body,
        json!({"Message": "User: arn:aws:sts::123456781234:assumed-role/OrdersReader/CognitoIdentityCredentials is not \
            authorized to perform: execute-api:Invoke on resource: \
            arn:aws:execute-api:eu-west-1:********1234:abc123/prod/DELETE/orders/a%20b"})
    );
    for (role, method, target, status) in [
        ("OrdersAdmin", "GET", "/prod/orders", 200),
        ("OrdersAdmin", "DELETE", "/prod/orders/1001", 200),
        ("OrdersAdmin", "PATCH", "/prod/echo/x", 200),
        ("OrdersReader", "GET", "/prod/orders", 200),
        ("OrdersReader", "GET", "/prod/orders/1001", 404),
        ("OrdersReader", "PATCH", "/prod/echo/x/y", 200),
        ("OrdersReader", "POST", "/prod/orders", 403),
        ("SandboxAuthenticated", "GET", "/prod/orders", 403),
        ("SandboxAuthenticated", "POST", "/prod/echo/x", 200),
        ("Unheard", "GET", "/prod/echo/x", 403),
    ] {
        assert_eq!(ask(&api, role, method, target).status(), status, "{role} {method} {target}");
    }
}

#[test]
fn denying_statement_is_named_in_the_refusal() {
    let mut api = api();
    let resource = "arn:aws:execute-api:*:*:abc123/*/DELETE/orders/100?";
    api.attach(
        &key("OrdersAdmin").role_arn,
        Statement { effect: Effect::Deny, action: "execute-api:*".into(), resource: resource.into() },
    );
    let delete = |id: &str| {
        let request = request("DELETE", &format!("/prod/orders/{id}"), &[], "");
        api.answer(now(), &keys(), &signed(&key("OrdersAdmin"), request))
    };
    let (error_type, body) = refusal(&delete("1001"));
    assert_eq!(error_type, "AccessDeniedException");
    let message = body["Message"].as_str().unwrap();
    assert!(message.ends_with(":********1234:abc123/prod/DELETE/orders/1001 with an explicit deny"), "{message}");
    assert_eq!(delete("10011").status(), 404, "the statement does not match");
}
