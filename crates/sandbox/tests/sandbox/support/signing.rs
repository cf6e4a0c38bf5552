//! A test key, a fixed time, and requests signed by `aws-sigv4`, an independent SigV4 implementation.

use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SignatureLocation, SigningSettings, sign};
use aws_sigv4::sign::v4;
use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use cogfed_sandbox::issued::IssuedKey;
use cogfed_sandbox::sigv4::{Expected, Refused, verify};
use http::Request;

pub const ACCOUNT: &str = "123456781234";
pub const REGION: &str = "eu-west-1";
pub const HOST: &str = "abc123.execute-api.eu-west-1.amazonaws.com";

/// Returns the fixed time of the tests, 2026-11-22T12:00:00Z.
pub fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_348_800, 0).unwrap()
}

pub fn key(role: &str) -> IssuedKey {
    IssuedKey {
        access_key_id: format!("ASIASANDBOX{role}"),
        secret_access_key: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".into(),
        session_token: "TOKEN/EXAMPLE==".into(),
        expires: now() + TimeDelta::hours(1),
        role_arn: format!("arn:aws:iam::{ACCOUNT}:role/{role}"),
        session_name: "CognitoIdentityCredentials".into(),
        identity_pool_id: "eu-west-1:99999999-8888-7777-6666-555555555555".into(),
        authentication_provider: "cognito-idp.eu-west-1.amazonaws.com/eu-west-1_EXAMPLE01,cognito-idp.eu-west-1.amazonaws.com/eu-west-1_EXAMPLE01:CognitoSignIn:the-sub".into(),
        identity_id: "eu-west-1:11111111-2222-3333-4444-555555555555".into(),
        username: "AzureAD_alice@corp.example".into(),
    }
}

pub fn request(method: &str, target: &str, headers: &[(&str, &str)], body: &str) -> Request<Bytes> {
    let mut request = Request::builder().method(method).uri(target);
    if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
        request = request.header("host", HOST);
    }
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(Bytes::copy_from_slice(body.as_bytes())).unwrap()
}

pub struct Signer<'a> {
    pub key: &'a IssuedKey,
    pub region: &'a str,
    pub service: &'a str,
    pub time: DateTime<Utc>,
    /// The lifetime of the presigned request; `None` if the signature is in a header.
    pub presign: Option<Duration>,
}

impl<'a> Signer<'a> {
    pub fn new(key: &'a IssuedKey) -> Self {
        Self { key, region: REGION, service: "execute-api", time: now(), presign: None }
    }

    pub fn sign(&self, mut request: Request<Bytes>) -> Request<Bytes> {
        let token = Some(self.key.session_token.clone()).filter(|token| !token.is_empty());
        let identity =
            Credentials::new(&self.key.access_key_id, &self.key.secret_access_key, token, None, "test").into();
        let mut settings = SigningSettings::default();
        if self.presign.is_some() {
            settings.signature_location = SignatureLocation::QueryParams;
            settings.expires_in = self.presign;
        }
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region(self.region)
            .name(self.service)
            .time(SystemTime::from(self.time))
            .settings(settings)
            .build()
            .unwrap()
            .into();
        let host = request.headers()["host"].to_str().unwrap();
        let url = format!("https://{host}{}", request.uri());
        let headers = request.headers().iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap()));
        let signable =
            SignableRequest::new(request.method().as_str(), url, headers, SignableBody::Bytes(request.body())).unwrap();
        let (instructions, _) = sign(signable, &params).unwrap().into_parts();
        instructions.apply_to_request_http1x(&mut request);
        // A server sees only the target.
        *request.uri_mut() = request.uri().path_and_query().unwrap().as_str().parse().unwrap();
        request
    }
}

pub fn signed(key: &IssuedKey, request: Request<Bytes>) -> Request<Bytes> {
    Signer::new(key).sign(request)
}

pub fn execute_api(now: DateTime<Utc>) -> Expected<'static> {
    Expected { service: "execute-api", regions: &[REGION], now, window: TimeDelta::minutes(5) }
}

/// Verifies the signature of `request` at the time of signing; `key` is the only known key.
pub fn verdict(key: &IssuedKey, request: &Request<Bytes>) -> Result<IssuedKey, Refused> {
    verify(request, &execute_api(now()), |id| Some(key.clone()).filter(|key| key.access_key_id == id))
}
