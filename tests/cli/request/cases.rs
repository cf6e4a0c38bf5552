//! URLs whose signature is easily wrong, and requests to them.

use std::fmt::Write;
use std::sync::LazyLock;

use chrono::{DateTime, Utc};
use cogfed::aws::Credentials;
use cogfed::request::{ApiRequest, RequestInput, Scope, SignedRequest, sign};
use cogfed::secret::Secret;
use cogfed_test_support::Random;

/// Parts of URLs after the host, each in two forms: as a person types it, and as it is sent. The checks against
/// botocore read the same file.
pub static TRICKY: LazyLock<Vec<(String, String)>> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../../data/tricky_urls.json")).expect("a list of pairs of texts")
});

pub fn now() -> DateTime<Utc> {
    DateTime::parse_from_rfc3339("2026-11-22T12:00:00Z").unwrap().to_utc()
}

pub fn credentials() -> Credentials {
    Credentials {
        access_key_id: "ASIA123CANARY456WXYZ".into(),
        secret_access_key: Secret::new("secret/canary+key"),
        session_token: Secret::new("token/canary+/=="),
        expires: now(),
    }
}

pub fn get(url: String) -> RequestInput {
    RequestInput { method: "GET".into(), url, ..RequestInput::default() }
}

pub fn signed(input: RequestInput) -> SignedRequest {
    signed_for("execute-api", input)
}

/// Builds a request and signs it for `service` in the region eu-west-1.
pub fn signed_for(service: &str, input: RequestInput) -> SignedRequest {
    let url = input.url.clone();
    let (request, _) = ApiRequest::build(input).unwrap_or_else(|error| panic!("{url}: {error}"));
    sign(&request, &credentials(), &Scope::new(service, "eu-west-1"), now()).unwrap()
}

/// AWS services, each with an example host. Together, the services cover every form of signature.
pub const SERVICES: &[(&str, &str)] = &[
    ("execute-api", "abc123.execute-api.eu-west-1.amazonaws.com"),
    ("lambda", "abc.lambda-url.eu-west-1.on.aws"),
    ("appsync", "abc.appsync-api.eu-west-1.amazonaws.com"),
    ("es", "search-orders-abc.eu-west-1.es.amazonaws.com"),
    ("aoss", "abc.eu-west-1.aoss.amazonaws.com"),
    ("bedrock", "bedrock-runtime.eu-west-1.amazonaws.com"),
    ("s3", "orders.s3.eu-west-1.amazonaws.com"),
    ("s3-object-lambda", "ol-1.s3-object-lambda.eu-west-1.amazonaws.com"),
    ("vpc-lattice-svcs", "svc-0a.7d67968.vpc-lattice-svcs.eu-west-1.on.aws"),
    ("sqs", "sqs.eu-west-1.amazonaws.com"),
];

/// Returns a random text of up to `longest` pieces. A piece is an ASCII character or an unusual text, and does not
/// occur in `without`.
pub fn random_text(random: &mut Random, longest: usize, without: &str) -> String {
    const OTHER: [&str; 12] = ["ü", "€", "𝄞", "%2F", "%20", "%C3%BC", "%25", "%2b", "%zz", "..", "%2e%2e", "\u{a0}"];
    let mut text = String::new();
    for _ in 0..random.below(longest + 1) {
        let piece = match random.below(4) {
            0 => OTHER[random.below(OTHER.len())].to_string(),
            _ => char::from(b' ' + random.below(95) as u8).to_string(),
        };
        if !without.contains(&piece) {
            text.push_str(&piece);
        }
    }
    text
}

/// Returns a random part of a URL after the host: a path, usually a query, and sometimes a fragment.
pub fn random_target(random: &mut Random) -> String {
    let mut target = String::new();
    for _ in 0..random.below(6) {
        let segment = random_text(random, 6, "%?#");
        write!(target, "/{segment}").unwrap();
    }
    for at in 0..random.below(5) {
        target.push(if at == 0 { '?' } else { '&' });
        target.push_str(&random_text(random, 4, "%#"));
        if random.below(4) > 0 {
            target.push('=');
            target.push_str(&random_text(random, 8, "%#"));
        }
    }
    if random.below(10) == 0 {
        target.push_str("#fragment");
    }
    target
}
