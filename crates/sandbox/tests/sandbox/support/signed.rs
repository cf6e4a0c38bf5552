//! Requests signed by `aws-sigv4` and sent over a socket.

use bytes::Bytes;
use cogfed_sandbox::issued::IssuedKey;
use serde_json::Value;
use url::Url;

use crate::support::client::{Answer, Lab, send};
use crate::support::signing::{Signer, key};

/// Returns AWS credentials that have only the fields needed for signing.
pub fn signing_key(access_key_id: &str, secret_access_key: &str, session_token: &str) -> IssuedKey {
    IssuedKey {
        access_key_id: access_key_id.into(),
        secret_access_key: secret_access_key.into(),
        session_token: session_token.into(),
        ..key("whatever")
    }
}

/// Returns the administrator's AWS credentials.
pub fn administrator(lab: &Lab) -> IssuedKey {
    let (access_key_id, secret_access_key) = lab.0.administrator();
    signing_key(access_key_id, secret_access_key, "")
}

/// Sends a request signed with `key` at the time of the sandbox's clock.
pub fn send_signed(
    lab: &Lab,
    (key, service, region): (&IssuedKey, &str, &str),
    (method, url): (&str, &str),
    headers: &[(&str, &str)],
    body: &str,
) -> Answer {
    let url = Url::parse(url).unwrap();
    let place = format!("{}:{}", url.host_str().unwrap(), url.port().unwrap());
    let mut request = http::Request::builder().method(method).uri(url.path()).header("host", &place);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Bytes::copy_from_slice(body.as_bytes())).unwrap();
    let signed = Signer { region, service, time: lab.0.now(), ..Signer::new(key) }.sign(request);
    let headers = signed.headers().iter().filter(|(name, _)| *name != "host");
    let headers: Vec<_> = headers.map(|(name, value)| (name.as_str(), value.to_str().unwrap())).collect();
    send(method, url.as_str(), &headers, body)
}

/// Calls an operation of the identity pool with a request signed by `key`.
pub fn identity_signed(lab: &Lab, key: &IssuedKey, region: &str, operation: &str, input: &Value) -> Answer {
    let target = format!("AWSCognitoIdentityService.{operation}");
    let headers = [("content-type", "application/x-amz-json-1.1"), ("x-amz-target", target.as_str())];
    let url = format!("{}/", lab.0.identity_pool_url());
    send_signed(lab, (key, "cognito-identity", region), ("POST", &url), &headers, &input.to_string())
}

/// Returns the caller's ARN as STS reports it.
pub fn caller(lab: &Lab, key: &IssuedKey, region: &str) -> String {
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let body = "Action=GetCallerIdentity&Version=2011-06-15";
    let url = format!("{}/", lab.0.sts_url());
    let answer = send_signed(lab, (key, "sts", region), ("POST", &url), &form, body);
    assert_eq!(answer.status, 200, "{answer:?}");
    element(&answer.body, "Arn").to_owned()
}

/// Sends a signed GET request to the API, and returns the response.
pub fn api(lab: &Lab, key: &IssuedKey, region: &str, path: &str) -> Answer {
    send_signed(lab, (key, "execute-api", region), ("GET", &format!("{}{path}", lab.0.api_url())), &[], "")
}

/// Returns the text of the first XML element named `name`.
pub fn element<'a>(text: &'a str, name: &str) -> &'a str {
    let inside = text.split_once(&format!("<{name}>")).and_then(|(_, rest)| rest.split_once(&format!("</{name}>")));
    inside.unwrap_or_else(|| panic!("no {name}: {text}")).0
}
