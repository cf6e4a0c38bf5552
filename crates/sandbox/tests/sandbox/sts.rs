//! Tests of GetCallerIdentity and of the errors of STS.

use std::time::Duration;

use bytes::Bytes;
use chrono::TimeDelta;
use cogfed_sandbox::issued::{IssuedKey, IssuedKeys};
use cogfed_sandbox::sts;
use http::{Request, Response};

use crate::support::signing::{REGION, Signer, key, now, request};

const FORM: &str = "Action=GetCallerIdentity&Version=2011-06-15";
const QUERY: &str = "/?Action=GetCallerIdentity&Version=2011-06-15";

fn answer(request: &Request<Bytes>) -> Response<Bytes> {
    let keys = IssuedKeys::default();
    keys.insert(key("OrdersAdmin"));
    sts::answer(now(), &keys, REGION, request)
}

fn post(form: &str) -> Request<Bytes> {
    let form_type = ("content-type", "application/x-www-form-urlencoded; charset=utf-8");
    request("POST", "/", &[("host", "127.0.0.1:1"), form_type], form)
}

fn signer(key: &IssuedKey) -> Signer<'_> {
    Signer { service: "sts", ..Signer::new(key) }
}

/// Returns the text of the first XML element named `name`. The documents are flat enough for that.
fn element<'a>(text: &'a str, name: &str) -> &'a str {
    text.split_once(&format!("<{name}>")).unwrap().1.split_once(&format!("</{name}>")).unwrap().0
}

fn assert_fault(response: &Response<Bytes>, status: u16, code: &str, message: &str) {
    let text = str::from_utf8(response.body()).unwrap();
    assert_eq!((response.status().as_u16(), element(text, "Code"), element(text, "Message")), (status, code, message));
    assert!(text.starts_with("<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">"), "{text}");
    assert_eq!(element(text, "Type"), "Sender");
    assert_eq!(element(text, "RequestId"), response.headers()["x-amzn-requestid"]);
}

#[test]
fn caller_identity_works_signed_and_presigned_in_both_scopes() {
    let key = key("OrdersAdmin");
    for region in [REGION, "us-east-1"] {
        let signer = Signer { region, ..signer(&key) };
        let presigner = Signer { presign: Some(Duration::from_secs(60)), ..Signer { region, ..self::signer(&key) } };
        for request in [
            signer.sign(post(FORM)),
            signer.sign(request("GET", QUERY, &[], "")),
            presigner.sign(request("GET", QUERY, &[("x-k8s-aws-id", "cluster")], "")),
        ] {
            let response = answer(&request);
            let text = str::from_utf8(response.body()).unwrap();
            assert_eq!(response.status(), 200, "{text}");
            assert_eq!(response.headers()["content-type"], "text/xml");
            assert_eq!(element(text, "Account"), "123456781234");
            let arn = "arn:aws:sts::123456781234:assumed-role/OrdersAdmin/CognitoIdentityCredentials";
            assert_eq!(element(text, "Arn"), arn);
            assert!(element(text, "UserId").ends_with(":CognitoIdentityCredentials"));
            assert_eq!(element(text, "RequestId"), response.headers()["x-amzn-requestid"]);
        }
    }
}

#[test]
fn govcloud_and_china_have_their_arns_and_no_global_endpoint() {
    for (partition, region) in [("aws-us-gov", "us-gov-west-1"), ("aws-cn", "cn-north-1")] {
        let admin = key("OrdersAdmin");
        let admin = IssuedKey { role_arn: admin.role_arn.replace("arn:aws:", &format!("arn:{partition}:")), ..admin };
        let keys = IssuedKeys::default();
        keys.insert(admin.clone());
        let ask = |scope| {
            let request = Signer { region: scope, ..signer(&admin) }.sign(post(FORM));
            sts::answer(now(), &keys, region, &request)
        };
        let named = ask(region);
        let arn = format!("arn:{partition}:sts::123456781234:assumed-role/OrdersAdmin/CognitoIdentityCredentials");
        assert_eq!(element(str::from_utf8(named.body()).unwrap(), "Arn"), arn);
        let message = "Credential should be scoped to a valid Region, not 'us-east-1'.";
        assert_fault(&ask("us-east-1"), 403, "SignatureDoesNotMatch", message);
    }
}

#[test]
fn administrator_is_named_as_an_iam_user() {
    let role_arn = "arn:aws:iam::000000000000:user/SandboxAdministrator".to_owned();
    let admin = IssuedKey { session_token: String::new(), role_arn, ..key("Administrator") };
    let keys = IssuedKeys::default();
    keys.insert(admin.clone());
    let response = sts::answer(now(), &keys, REGION, &signer(&admin).sign(post(FORM)));
    let text = str::from_utf8(response.body()).unwrap();
    assert_eq!(element(text, "Arn"), "arn:aws:iam::000000000000:user/SandboxAdministrator");
    assert!(element(text, "UserId").starts_with("AIDASANDBOX"), "{text}");
    // A session token with a key that has none.
    let with_token = IssuedKey { session_token: "x".into(), ..admin };
    let response = sts::answer(now(), &keys, REGION, &signer(&with_token).sign(post(FORM)));
    let invalid = "The security token included in the request is invalid.";
    assert_fault(&response, 403, "InvalidClientTokenId", invalid);
}

#[test]
fn unknown_sts_operations_are_refused() {
    let key = key("OrdersAdmin");
    let ask = |form: &str| answer(&signer(&key).sign(post(form)));
    let missing = "The request must contain the parameter Action.";
    assert_fault(&ask("Version=2011-06-15"), 400, "MissingAction", missing);
    assert_fault(
        &ask("Action=%3CAssumeRole%3E%00&Version=2011-06-15"),
        400,
        "InvalidAction",
        "Could not find operation &lt;AssumeRole&gt; for version 2011-06-15",
    );
    assert_fault(
        &ask("Action=GetCallerIdentity"),
        400,
        "InvalidAction",
        "Could not find operation GetCallerIdentity for version NO_VERSION_SPECIFIED",
    );
}

#[test]
fn refused_signatures_get_sts_error_codes() {
    let key = key("OrdersAdmin");
    let ask = |key: &IssuedKey| answer(&signer(key).sign(post(FORM)));
    assert_fault(&answer(&post(FORM)), 403, "MissingAuthenticationToken", "Request is missing Authentication Token");
    let invalid = "The security token included in the request is invalid.";
    let unknown = IssuedKey { access_key_id: "ASIAUNKNOWN".into(), ..key.clone() };
    assert_fault(&ask(&unknown), 403, "InvalidClientTokenId", invalid);
    let other_token = IssuedKey { session_token: "other".into(), ..key.clone() };
    assert_fault(&ask(&other_token), 403, "InvalidClientTokenId", invalid);
    let mismatch = "The request signature we calculated does not match the signature you provided. Check your AWS Secret \
                    Access Key and signing method. Consult the service documentation for details.";
    let other_secret = IssuedKey { secret_access_key: "other".into(), ..key.clone() };
    assert_fault(&ask(&other_secret), 403, "SignatureDoesNotMatch", mismatch);
    assert_fault(
        &answer(&Signer { region: "eu-west-2", ..signer(&key) }.sign(post(FORM))),
        403,
        "SignatureDoesNotMatch",
        "Credential should be scoped to a valid Region, not 'eu-west-2'.",
    );
    assert_fault(
        &answer(&Signer { service: "execute-api", ..signer(&key) }.sign(post(FORM))),
        403,
        "SignatureDoesNotMatch",
        "Credential should be scoped to correct service: 'sts'.",
    );
    let mut bearer = post(FORM);
    bearer.headers_mut().insert("authorization", "Bearer a=b".parse().unwrap());
    assert_eq!(answer(&bearer).status(), 400);
    assert_eq!(element(str::from_utf8(answer(&bearer).body()).unwrap(), "Code"), "IncompleteSignature");
}

#[test]
fn clock_window_and_expiry_match_those_of_sts() {
    let key = key("OrdersAdmin");
    let keys = IssuedKeys::default();
    keys.insert(IssuedKey { expires: now() + TimeDelta::minutes(10), ..key.clone() });
    let request = signer(&key).sign(post(FORM));
    let at = |minutes, seconds| {
        sts::answer(now() + TimeDelta::minutes(minutes) + TimeDelta::seconds(seconds), &keys, REGION, &request)
    };
    assert_eq!(at(9, 59).status(), 200);
    assert_fault(&at(10, 0), 403, "ExpiredToken", "The security token included in the request is expired");
    assert_eq!(at(-15, 0).status(), 200);
    assert_fault(
        &at(15, 1),
        403,
        "SignatureDoesNotMatch",
        "Signature expired: 20261122T120000Z is now earlier than 20261122T120001Z (20261122T121501Z - 15 min.)",
    );
    assert_fault(
        &at(-15, -1),
        403,
        "SignatureDoesNotMatch",
        "Signature not yet current: 20261122T120000Z is still later than 20261122T115959Z (20261122T114459Z + 15 min.)",
    );
}
