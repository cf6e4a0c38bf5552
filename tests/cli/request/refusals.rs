//! Tests of API Gateway's refusals and their explanations.

use chrono::{DateTime, TimeDelta, Utc};
use cogfed::clock::http_date;
use cogfed::error::{Failure, Kind};
use cogfed::request::{ApiRequest, Context, Reason, Refusal, RequestInput, Scope, explain};
use cogfed::secret::{Redactor, Secret};
use http::StatusCode;
use http::header::{HeaderMap, HeaderName, HeaderValue};

fn now() -> DateTime<Utc> {
    DateTime::parse_from_rfc3339("2026-11-22T12:00:00Z").unwrap().to_utc()
}

fn request(host: &str) -> ApiRequest {
    let url = format!("https://{host}/prod/orders?code=canary");
    ApiRequest::build(RequestInput { method: "GET".into(), url, ..RequestInput::default() }).unwrap().0
}

/// Returns the explanation of a refusal with which API Gateway answered `GET https://HOST/prod/orders`. Its `Date` is
/// right unless `headers` has one.
fn explained(host: &str, status: u16, headers: &[(&str, &str)], body: &str) -> Option<Refusal> {
    explained_in(&Scope::execute_api("eu-west-1"), host, status, headers, body)
}

/// Returns the explanation of the same refusal of a request that was signed for `scope`.
fn explained_in(scope: &Scope, host: &str, status: u16, headers: &[(&str, &str)], body: &str) -> Option<Refusal> {
    let request = request(host);
    let mut map = HeaderMap::new();
    map.insert("date", HeaderValue::from_static("Sun, 22 Nov 2026 12:00:00 GMT"));
    for (name, value) in headers {
        map.insert(HeaderName::from_bytes(name.as_bytes()).unwrap(), HeaderValue::from_str(value).unwrap());
    }
    let context = Context { request: &request, scope, profile: "internal", redactor: &Redactor::default() };
    explain(StatusCode::from_u16(status).unwrap(), &map, body.as_bytes(), now(), &context)
}

const HOST: &str = "abc123.execute-api.eu-west-1.amazonaws.com";

/// Returns the explanation of a REST API's refusal with status 403 and this error type.
fn rest(error_type: &str, body: &str) -> Refusal {
    explained(HOST, 403, &[("x-amzn-ErrorType", error_type), ("x-amz-apigw-id", "a=")], body).expect(body)
}

#[track_caller]
fn assert_says(refusal: &Refusal, reason: Reason, message: &str, hint: &str) {
    assert_eq!(refusal.reason, reason, "{refusal:?}");
    assert_eq!(refusal.message, message);
    assert!(refusal.hint.contains(hint), "{hint} in {}", refusal.hint);
    assert!(!format!("{refusal:?}").contains("canary"), "{refusal:?}");
}

#[test]
fn missing_route_is_distinguished_from_a_missing_signature() {
    let body = r#"{"message":"Missing Authentication Token"}"#;
    let message = "the API at 'abc123.execute-api.eu-west-1.amazonaws.com' has no GET /prod/orders";
    assert_says(
        &rest("MissingAuthenticationTokenException", body),
        Reason::MissingRoute,
        message,
        "begins with the stage",
    );
    // The API's owner may change the wording, and an emulator may omit the type.
    assert_says(
        &rest("MissingAuthenticationTokenException", "{}"),
        Reason::MissingRoute,
        message,
        "begins with the stage",
    );
    assert_says(&explained(HOST, 403, &[], body).unwrap(), Reason::MissingRoute, message, "begins with the stage");
    let custom = explained("api.example.com", 403, &[], body).unwrap();
    assert_says(&custom, Reason::MissingRoute, "the API at 'api.example.com' has no GET /prod/orders", "has no stage");
    // Through a tunnel, the host that is signed for tells which of the two it is.
    let tunnelled = Scope { host: Some(HOST.into()), ..Scope::execute_api("eu-west-1") };
    let refusal = explained_in(&tunnelled, "localhost:8443", 403, &[], body).unwrap();
    assert_eq!(refusal.reason, Reason::MissingRoute);
    assert!(refusal.hint.contains("begins with the stage"), "{}", refusal.hint);
}

#[test]
fn denied_role_is_named_with_the_resource() {
    let user = "User: arn:aws:sts::123456789012:assumed-role/Reader/CognitoIdentityCredentials";
    let asked = "is not authorized to perform: execute-api:Invoke on resource: \
                 arn:aws:execute-api:eu-west-1:********9012:abc123/prod/GET/orders";
    let message =
        "the role 'Reader' may not invoke 'arn:aws:execute-api:eu-west-1:********9012:abc123/prod/GET/orders'";
    let plain = rest("AccessDeniedException", &format!(r#"{{"Message":"{user} {asked}"}}"#));
    assert_says(&plain, Reason::NotAllowed, message, "'role_arn' in profile 'internal'");
    assert!(plain.hint.contains("'execute-api:Invoke'"), "{}", plain.hint);
    let because = format!(r#"{{"Message":"{user} {asked} because no identity-based policy allows the action"}}"#);
    assert_says(&rest("AccessDeniedException", &because), Reason::NotAllowed, message, "no policy allows");
    let denied = rest("AccessDeniedException", &format!(r#"{{"Message":"{user} {asked} with an explicit deny"}}"#));
    assert_says(
        &denied,
        Reason::NotAllowed,
        &format!("{message}: a policy denies it explicitly"),
        "no allow outweighs it",
    );
    let anonymous = rest("AccessDeniedException", &format!(r#"{{"Message":"User: anonymous {asked}"}}"#));
    assert!(anonymous.message.starts_with("the API's resource policy refuses 'arn:aws:"), "{}", anonymous.message);
    let reworded = rest("AccessDeniedException", r#"{"error":"go away"}"#);
    assert_says(
        &reworded,
        Reason::NotAllowed,
        "the role of profile 'internal' may not invoke GET /prod/orders at 'abc123.execute-api.eu-west-1.amazonaws.com'",
        "execute-api:Invoke",
    );
}

#[test]
fn explanation_repeats_no_session_token() {
    let token = Secret::new("IQoJb3JpZ2luX2VjEMf//////////wEaCXVzLWVhc3QtMSJHMEUCIQD");
    let (request, redactor) = (request(HOST), Redactor::of([&token]));
    let context = Context {
        request: &request,
        scope: &Scope::execute_api("eu-west-1"),
        profile: "internal",
        redactor: &redactor,
    };
    for said in [
        "User: IQoJb3JpZ2luX2VjEMf//////////wEaCXVzLWVhc3QtMSJHMEUCIQD is not authorized to perform: x on resource: y",
        "User: anonymous is not authorized to perform: x on resource: x-amz-security-token:IQoJb3JpZ2luX2VjEMf%2F%2F%2F",
    ] {
        let body = format!(r#"{{"message":"{said}"}}"#);
        let status = StatusCode::FORBIDDEN;
        let refusal = explain(status, &HeaderMap::new(), body.as_bytes(), now(), &context).unwrap();
        assert!(refusal.message.contains("[secret]"), "{refusal:?}");
        assert!(!format!("{refusal:?}").contains("JpZ2luX2Vj"), "{refusal:?}");
    }
}

#[test]
fn clock_skew_is_measured_from_the_refusal() {
    let body = r#"{"message":"Signature expired: 20261122T120000Z is now earlier than 20261122T131007Z (20261122T131507Z - 5 min.)"}"#;
    let headers = [("x-amzn-ErrorType", "InvalidSignatureException"), ("date", "Sun, 22 Nov 2026 13:15:07 GMT")];
    let refusal = explained(HOST, 403, &headers, body).unwrap();
    let message = "this machine's clock is 1 hour 15 minutes behind the gateway's";
    assert_says(&refusal, Reason::WrongClock, message, "timedatectl");
    assert_eq!(refusal.corrected_time(now()), Some(now() + TimeDelta::seconds(4507)));
    // Without a usable Date, the time in the body counts.
    for date in ["", "yesterday"] {
        let headers = [("x-amzn-ErrorType", "InvalidSignatureException"), ("date", date)];
        assert_says(&explained(HOST, 403, &headers, body).unwrap(), Reason::WrongClock, message, "timedatectl");
    }
    let early = r#"{"message":"Signature not yet current: 20261122T120000Z is still later than 20261122T115000Z (20261122T114500Z + 5 min.)"}"#;
    let headers = [("date", "Sun, 22 Nov 2026 11:45:00 GMT")];
    let refusal = explained(HOST, 403, &headers, early).unwrap();
    assert_says(
        &refusal,
        Reason::WrongClock,
        "this machine's clock is 15 minutes ahead of the gateway's",
        "set the clock",
    );
    assert_eq!(refusal.corrected_time(now()), Some(now() - TimeDelta::minutes(15)));
    // An upload took too long. The clocks agree, and signing again with the current time is right.
    let refusal = explained(HOST, 403, &[], body).unwrap();
    assert!(refusal.message.contains("though the clocks agree: 'Signature expired: 20261122T120000Z"), "{refusal:?}");
    assert_eq!(refusal.corrected_time(now()), Some(now()));
    // There is no time anywhere, so nothing can be corrected.
    let refusal = explained(HOST, 403, &[("date", "")], r#"{"message":"Signature expired: soon"}"#).unwrap();
    assert_eq!((refusal.reason, refusal.offset, refusal.corrected_time(now())), (Reason::WrongClock, None, None));
}

#[test]
fn refusal_of_a_token_does_not_correct_the_clock() {
    let off = [("x-amzn-ErrorType", "AccessDeniedException"), ("date", "Sun, 22 Nov 2026 18:00:00 GMT")];
    let refusal =
        explained(HOST, 403, &off, r#"{"message":"The security token included in the request is invalid."}"#).unwrap();
    assert_eq!(refusal.offset, Some(TimeDelta::hours(6)));
    assert_eq!(refusal.corrected_time(now()), None);
}

#[test]
fn unusable_tokens_and_keys_are_explained() {
    let expired = r#"{"message":"The security token included in the request is expired"}"#;
    let message = "the credentials of profile 'internal' have expired";
    assert_says(
        &rest("ExpiredTokenException", expired),
        Reason::ExpiredToken,
        message,
        "cogfed login --profile internal",
    );
    assert_says(
        &rest("AccessDeniedException", expired),
        Reason::ExpiredToken,
        message,
        "cogfed login --profile internal",
    );
    let unknown = r#"{"message":"The security token included in the request is invalid."}"#;
    for error_type in ["AccessDeniedException", "UnrecognizedClientException"] {
        let message = "AWS does not know the credentials of profile 'internal'";
        assert_says(&rest(error_type, unknown), Reason::UnknownKey, message, "cogfed login --force --profile internal");
    }
}

#[test]
fn wrong_signatures_are_explained() {
    let scope = r#"{"message":"Credential should be scoped to a valid Region, not 'eu-west-1'. "}"#;
    let refusal = rest("InvalidSignatureException", scope);
    assert_eq!(refusal.reason, Reason::WrongScope);
    assert!(refusal.message.contains("region 'eu-west-1'") && refusal.hint.contains("--region"), "{refusal:?}");
    let service = r#"{"message":"Credential should be scoped to correct service: 'execute-api'. "}"#;
    assert_eq!(rest("InvalidSignatureException", service).reason, Reason::WrongScope);

    let wrong = r#"{"message":"The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.\n\nThe Canonical String for this request should have been\n'GET\n/prod'"}"#;
    let refusal = rest("InvalidSignatureException", wrong);
    let message = "the signature does not match what arrived at 'abc123.execute-api.eu-west-1.amazonaws.com'";
    assert_says(&refusal, Reason::WrongSignature, message, "proxy");
    // A truncated body is not JSON, but the type is enough.
    assert_eq!(rest("InvalidSignatureException", &wrong[..200]).reason, Reason::WrongSignature);

    for lost in [
        r#"{"message":"Invalid key=value pair (missing equal-sign) in Authorization header (hashed with SHA-256 and encoded with Base64): 'B64'."}"#,
        r#"{"message":"Authorization header requires 'Signature' parameter. Authorization=AWS4-HMAC-SHA256"}"#,
    ] {
        assert_eq!(rest("IncompleteSignatureException", lost).reason, Reason::IncompleteSignature);
        assert_eq!(explained(HOST, 403, &[], lost).unwrap().reason, Reason::IncompleteSignature);
    }
}

#[test]
fn refusals_unrelated_to_the_role_are_explained() {
    let forbidden = r#"{"message":"Forbidden"}"#;
    let refusal = rest("ForbiddenException", forbidden);
    assert_eq!(refusal.reason, Reason::Forbidden);
    assert!(refusal.hint.contains("x-api-key") && refusal.hint.contains("WAF"), "{}", refusal.hint);

    // An HTTP API gives the same answer to everything, but its Date shows a wrong clock.
    let http_api = ("apigw-requestid", "abc=");
    assert_eq!(explained(HOST, 403, &[http_api], forbidden).unwrap().reason, Reason::HttpApi);
    let late = explained(HOST, 403, &[http_api, ("date", "Sun, 22 Nov 2026 12:05:01 GMT")], forbidden).unwrap();
    assert_says(
        &late,
        Reason::WrongClock,
        "this machine's clock is 5 minutes 1 second behind the gateway's",
        "set the clock",
    );
    let in_time = [http_api, ("date", "Sun, 22 Nov 2026 12:05:00 GMT")];
    assert_eq!(explained(HOST, 403, &in_time, forbidden).unwrap().reason, Reason::HttpApi);

    let token_wanted = explained(HOST, 401, &[http_api], r#"{"message":"Unauthorized"}"#).unwrap();
    assert_eq!(token_wanted.reason, Reason::OtherAuthorizer);
    let custom = rest("AccessDeniedException", r#"{"Message":"User is not authorized to access this resource"}"#);
    assert_eq!(custom.reason, Reason::OtherAuthorizer);

    let throttled = [("x-amzn-ErrorType", "TooManyRequestsException")];
    assert_eq!(explained(HOST, 429, &throttled, "").unwrap().reason, Reason::Throttled);
    assert_eq!(explained(HOST, 429, &[], r#"{"message":"Limit Exceeded"}"#).unwrap().reason, Reason::Throttled);
    let large = [("x-amzn-ErrorType", "RequestTooLargeException")];
    assert_eq!(explained(HOST, 413, &large, r#"{"message":"Request Too Long"}"#).unwrap().reason, Reason::TooLarge);
}

#[test]
fn answers_of_the_api_itself_are_not_explained() {
    for (status, body) in [
        (200, r#"{"message":"Missing Authentication Token"}"#),
        (302, ""),
        (400, r#"{"message":"Forbidden"}"#),
        (401, r#"{"message":"log in first"}"#),
        (403, r#"{"message":"this order is not yours"}"#),
        (403, "<html>Forbidden</html>"),
        (403, ""),
        (403, r#"{"message":null}"#),
        (404, r#"{"message":"Not Found"}"#),
        (413, "too large"),
        (429, "slow down"),
        (500, r#"{"message":"Internal server error"}"#),
    ] {
        assert_eq!(explained(HOST, status, &[], body), None, "{status} {body}");
    }
}

#[test]
fn long_refusal_is_shortened_and_becomes_a_failure() {
    let long = format!(r#"{{"message":"Credential should be scoped to {}"}}"#, "é".repeat(5000));
    let refusal = rest("InvalidSignatureException", &long);
    assert!(refusal.message.chars().count() < 500, "{}", refusal.message.len());
    assert_eq!(Failure::from(refusal).kind, Kind::Refused);
}

#[test]
fn http_dates_are_read() {
    let at = |date: &str| http_date(date).map(|server| server - now());
    assert_eq!(at("Sun, 22 Nov 2026 11:59:00 GMT"), Some(TimeDelta::minutes(-1)));
    assert_eq!(at(" Tue, 24 Nov 2026 12:00:00 GMT "), Some(TimeDelta::days(2)));
    assert_eq!(at("2026-11-22T12:00:00Z"), None);
    assert_eq!(at(""), None);
}
