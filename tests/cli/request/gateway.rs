//! Tests of cogfed's requests to the sandbox's API gateway. The two share no code, so each checks the other.

use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use cogfed::aws::Credentials;
use cogfed::request::{ApiRequest, Context, Reason, RequestInput, Scope, explain, sign};
use cogfed::sandbox::api_gateway::ApiGateway;
use cogfed::sandbox::issued::{IssuedKey, IssuedKeys};
use cogfed::sandbox::sigv4::{Expected, Refused as SignatureRefused, verify};
use cogfed::secret::{Redactor, Secret};
use cogfed_test_support::Random;
use http::{Request, Response};

use super::cases::{TRICKY, now, random_target};

const ACCOUNT: &str = "123456781234";
const REGION: &str = "eu-west-1";
const HOST: &str = "abc123.execute-api.eu-west-1.amazonaws.com";

/// Returns an access key for a role, in the form that the identity pool issues.
fn key(role: &str) -> IssuedKey {
    let provider = "cognito-idp.eu-west-1.amazonaws.com/eu-west-1_EXAMPLE01";
    IssuedKey {
        access_key_id: format!("ASIASANDBOX{role}"),
        secret_access_key: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".into(),
        session_token: "TOKEN/EXAMPLE==".into(),
        expires: now() + TimeDelta::hours(1),
        role_arn: format!("arn:aws:iam::{ACCOUNT}:role/{role}"),
        session_name: "CognitoIdentityCredentials".into(),
        identity_pool_id: "eu-west-1:99999999-8888-7777-6666-555555555555".into(),
        authentication_provider: format!("{provider},{provider}:CognitoSignIn:the-sub"),
        identity_id: "eu-west-1:11111111-2222-3333-4444-555555555555".into(),
        username: "AzureAD_alice@corp.example".into(),
    }
}

/// Verifies the signature of a request, with the signing time of the request as the current time. The verifier knows
/// only the access key `key`.
fn verdict(key: &IssuedKey, request: &Request<Bytes>) -> Result<IssuedKey, SignatureRefused> {
    let expected = Expected { service: "execute-api", regions: &[REGION], now: now(), window: TimeDelta::minutes(5) };
    verify(request, &expected, |id| Some(key.clone()).filter(|key| key.access_key_id == id))
}

fn build(method: &str, target: &str, body: Option<&str>) -> ApiRequest {
    let input = RequestInput {
        method: method.into(),
        url: format!("https://{HOST}{target}"),
        body: body.map(Into::into),
        json: body.is_some(),
        ..RequestInput::default()
    };
    ApiRequest::build(input).unwrap().0
}

/// Returns a signed request as the gateway receives it.
fn signed(request: &ApiRequest, key: &IssuedKey, region: &str) -> Request<Bytes> {
    let credentials = Credentials {
        access_key_id: key.access_key_id.clone(),
        secret_access_key: Secret::new(key.secret_access_key.as_str()),
        session_token: Secret::new(key.session_token.as_str()),
        expires: key.expires,
    };
    let mut request = sign(request, &credentials, &Scope::execute_api(region), now()).unwrap().as_http().clone();
    if !request.headers().contains_key("host") {
        request.headers_mut().insert("host", HOST.parse().unwrap());
    }
    *request.uri_mut() = request.uri().path_and_query().unwrap().as_str().parse().unwrap();
    request
}

#[test]
fn sandbox_gateway_accepts_signatures_of_tricky_urls() {
    let key = key("OrdersAdmin");
    for (typed, wire) in TRICKY.iter() {
        for (method, body) in [("GET", None), ("POST", Some("{\"id\":1}"))] {
            let request = signed(&build(method, typed, body), &key, REGION);
            assert_eq!(request.uri(), wire.as_str(), "{typed}");
            assert!(verdict(&key, &request).is_ok(), "{method} {typed}: {:?}", verdict(&key, &request));
        }
    }
}

#[test]
fn sandbox_gateway_accepts_signatures_of_random_urls() {
    let key = key("OrdersAdmin");
    let mut random = Random(7);
    for _ in 0..2_000 {
        let typed = random_target(&mut random);
        let request = signed(&build("GET", &typed, None), &key, REGION);
        assert!(verdict(&key, &request).is_ok(), "{typed:?}: {:?}", verdict(&key, &request));
    }
}

struct Refused {
    answer: Response<Bytes>,
    request: ApiRequest,
}

/// Signs a request now, and passes it to a gateway whose clock shows `gateway_time`.
fn ask(key: &IssuedKey, region: &str, method: &str, target: &str, gateway_time: DateTime<Utc>) -> Refused {
    let keys = IssuedKeys::default();
    keys.insert(self::key("OrdersReader"));
    keys.insert(IssuedKey { expires: now(), ..self::key("Late") });
    let request = build(method, target, None);
    let api = ApiGateway::new(REGION, ACCOUNT, "abc123", "prod");
    Refused { answer: api.answer(gateway_time, &keys, &signed(&request, key, region)), request }
}

impl Refused {
    fn reason(&self) -> Option<(Reason, Option<DateTime<Utc>>)> {
        let context = Context {
            request: &self.request,
            scope: &Scope::execute_api(REGION),
            profile: "internal",
            redactor: &Redactor::default(),
        };
        let (status, headers) = (self.answer.status(), self.answer.headers());
        let refusal = explain(status, headers, self.answer.body(), now(), &context)?;
        Some((refusal.reason, refusal.corrected_time(now())))
    }
}

#[test]
fn refusals_of_the_sandbox_gateway_are_explained() {
    let reader = key("OrdersReader");
    let reason = |key: &IssuedKey, region, method, target| ask(key, region, method, target, now()).reason();
    assert_eq!(reason(&reader, REGION, "GET", "/prod/orders"), None);
    assert_eq!(reason(&reader, REGION, "GET", "/prod/orders/7"), None, "a 404 of the API's own");
    for (key, region, method, target, expected) in [
        (reader.clone(), REGION, "GET", "/prod/nothing", Reason::MissingRoute),
        (reader.clone(), REGION, "DELETE", "/prod/orders/1001", Reason::NotAllowed),
        (reader.clone(), "us-east-1", "GET", "/prod/orders", Reason::WrongScope),
        (key("Late"), REGION, "GET", "/prod/orders", Reason::ExpiredToken),
        (key("Stranger"), REGION, "GET", "/prod/orders", Reason::UnknownKey),
        (IssuedKey { secret_access_key: "x".into(), ..reader }, REGION, "GET", "/prod/orders", Reason::WrongSignature),
    ] {
        assert_eq!(reason(&key, region, method, target), Some((expected, None)));
    }
}

#[test]
fn wrong_clock_is_explained_with_the_gateways_time() {
    for minutes in [-60, -6, 6, 60] {
        let gateway_time = now() + TimeDelta::minutes(minutes);
        let refused = ask(&key("OrdersReader"), REGION, "GET", "/prod/orders", gateway_time);
        assert_eq!(refused.reason(), Some((Reason::WrongClock, Some(gateway_time))));
    }
}
