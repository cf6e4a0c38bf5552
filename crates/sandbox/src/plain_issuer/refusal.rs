//! Entra ID's refusals, which have a number besides the OAuth error code
//! (<https://learn.microsoft.com/entra/identity-platform/reference-error-codes>).

use bytes::Bytes;
use chrono::{DateTime, Utc};
use http::{Response, StatusCode};
use serde_json::json;
use url::form_urlencoded;

use crate::pages;
use crate::random;
use crate::reply;

/// The reason why a request is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// The path names an unknown tenant.
    UnknownTenant(String),
    /// The tenant does not know the client id.
    UnknownClient { client_id: String, tenant: String },
    /// The redirect URI is not registered.
    RedirectMismatch { redirect_uri: String, client_id: String },
    /// The redirect URI differs from that of the authorization request.
    OtherRedirectUri { redirect_uri: String, first: String },
    /// A parameter is missing.
    Missing(&'static str),
    /// A parameter is repeated.
    Repeated,
    /// `response_type` is not `code`.
    ResponseType,
    /// The challenge method is not S256.
    ChallengeMethod,
    /// The challenge has the wrong length.
    ChallengeSize,
    /// The tenant does not know a scope.
    Scope(String),
    /// The request has `prompt=none`, but nobody is signed in.
    NobodySignedIn,
    /// The person cancelled.
    Declined,
    /// The grant type is unknown.
    GrantType(String),
    /// The client sent no secret, but has one registered.
    SecretMissing,
    /// The secret is wrong.
    SecretWrong,
    /// The client sent a secret, but has none registered.
    SecretNeedless,
    /// The code was used before.
    CodeRedeemed,
    /// The code is older than ten minutes.
    CodeExpired,
    /// The verifier does not match the challenge.
    VerifierMismatch,
    /// The code or the refresh token was never issued.
    Malformed,
    /// The refresh token was not used in time.
    RefreshTokenExpired { issued: DateTime<Utc>, days: i64 },
    /// The sign-in of the refresh token was ended.
    Revoked,
}

impl Refusal {
    /// Returns the number, the error code (RFC 6749, 4.1.2.1 and 5.2; OpenID Connect Core, 3.1.2.6), and the text.
    // This is a table, with one arm per refusal.
    fn parts(&self) -> (u32, &'static str, String) {
        let parts = |number, error, text: &str| (number, error, text.to_owned());
        match self {
            Refusal::UnknownTenant(tenant) => (
                90_002,
                "invalid_tenant",
                format!(
                    "Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID and are signing \
                     into the correct cloud."
                ),
            ),
            Refusal::UnknownClient { client_id, tenant } => (
                700_016,
                "unauthorized_client",
                format!(
                    "Application with identifier '{client_id}' was not found in the directory '{tenant}'. This can \
                     happen if the application has not been installed by the administrator of the tenant or consented \
                     to by any user in the tenant. You may have sent your authentication request to the wrong tenant."
                ),
            ),
            Refusal::RedirectMismatch { redirect_uri, client_id } => (
                50_011,
                "invalid_client",
                format!(
                    "The redirect URI '{redirect_uri}' specified in the request does not match the redirect URIs \
                     configured for the application '{client_id}'."
                ),
            ),
            Refusal::OtherRedirectUri { redirect_uri, first } => (
                500_112,
                "invalid_client",
                format!(
                    "The reply address '{redirect_uri}' does not match the reply address '{first}' provided when \
                     requesting Authorization code."
                ),
            ),
            Refusal::Missing(name) => (
                900_144,
                "invalid_request",
                format!("The request body must contain the following parameter: '{name}'."),
            ),
            Refusal::Repeated => {
                parts(9_000_411, "invalid_request", "The request is not properly formatted. A parameter is duplicated.")
            }
            Refusal::ResponseType => {
                parts(700_054, "unsupported_response_type", "The response_type is not enabled for the application.")
            }
            Refusal::ChallengeMethod => parts(50_149, "invalid_request", "Invalid Code_Challenge_method parameter."),
            Refusal::ChallengeSize => parts(501_491, "invalid_request", "Invalid size of Code_Challenge parameter."),
            Refusal::Scope(scope) => (
                70_011,
                "invalid_scope",
                format!(
                    "The provided request must include a 'scope' input parameter. The provided value for the input \
                     parameter 'scope' is not valid. The scope {scope} is not valid."
                ),
            ),
            Refusal::NobodySignedIn => {
                parts(50_058, "login_required", "A silent sign-in request was sent but no user is signed in.")
            }
            Refusal::Declined => parts(65_004, "access_denied", "User declined to consent to access the app."),
            Refusal::GrantType(grant) => {
                (70_003, "unsupported_grant_type", format!("The app requested an unsupported grant type '{grant}'."))
            }
            Refusal::SecretMissing => parts(
                7_000_218,
                "invalid_client",
                "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
            ),
            Refusal::SecretWrong => parts(7_000_215, "invalid_client", "Invalid client secret provided."),
            Refusal::SecretNeedless => parts(
                700_025,
                "invalid_client",
                "Client is public so neither 'client_assertion' nor 'client_secret' should be presented.",
            ),
            Refusal::CodeRedeemed => parts(
                54_005,
                "invalid_grant",
                "OAuth2 Authorization code was already redeemed, please retry with a new valid code or use an \
                 existing refresh token.",
            ),
            Refusal::CodeExpired => parts(
                70_008,
                "invalid_grant",
                "The provided authorization code or refresh token has expired due to inactivity. Send a new \
                 interactive authorization request for this user and resource.",
            ),
            Refusal::VerifierMismatch => parts(
                501_481,
                "invalid_grant",
                "The Code_Verifier does not match the code_challenge supplied in the authorization request.",
            ),
            Refusal::Malformed => {
                parts(9_002_313, "invalid_grant", "Invalid request. Request is malformed or invalid.")
            }
            Refusal::RefreshTokenExpired { issued, days } => (
                700_082,
                "invalid_grant",
                format!(
                    "The refresh token has expired due to inactivity. The token was issued on {} and was inactive for \
                     {days}.00:00:00.",
                    issued.format("%Y-%m-%dT%H:%M:%S%.6f0Z")
                ),
            ),
            Refusal::Revoked => parts(
                50_173,
                "invalid_grant",
                "The provided grant has expired due to it being revoked, a fresh auth token is needed. The user might \
                 have changed or reset their password.",
            ),
        }
    }

    /// Returns the answer of the token endpoint.
    pub fn json(&self, now: DateTime<Utc>) -> Response<Bytes> {
        let (number, error, text) = self.parts();
        let status = if error == "invalid_client" { StatusCode::UNAUTHORIZED } else { StatusCode::BAD_REQUEST };
        let (trace, correlation) = (random::uuid(), random::uuid());
        let document = json!({
            "error": error,
            "error_description": described(number, &text, &trace, &correlation, now),
            "error_codes": [number],
            "timestamp": timestamp(now),
            "trace_id": trace,
            "correlation_id": correlation,
            "error_uri": page_about(number),
        });
        reply::body(status, "application/json; charset=utf-8", document.to_string())
    }

    /// Returns the redirect that reports this refusal of an authorization request to the client.
    pub fn redirect(&self, uri: &str, state: Option<&str>, now: DateTime<Utc>) -> Response<Bytes> {
        let (number, error, text) = self.parts();
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("error", error);
        if *self == Refusal::Declined {
            query.append_pair("error_subcode", "cancel");
        }
        let description = described(number, &text, &random::uuid(), &random::uuid(), now);
        query.append_pair("error_description", &description).append_pair("error_uri", &page_about(number));
        if let Some(state) = state {
            query.append_pair("state", state);
        }
        reply::redirect(&format!("{uri}?{}", query.finish()))
    }

    /// Returns the page for a browser that cannot be redirected anywhere.
    pub fn page(&self) -> Response<Bytes> {
        let (number, _, text) = self.parts();
        pages::error(&format!("AADSTS{number}: {text}"))
    }
}

/// Returns the description, including the ids that Microsoft's support would ask for.
fn described(number: u32, text: &str, trace: &str, correlation: &str, now: DateTime<Utc>) -> String {
    let timestamp = timestamp(now);
    format!("AADSTS{number}: {text} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {timestamp}")
}

fn timestamp(now: DateTime<Utc>) -> String {
    now.format("%Y-%m-%d %H:%M:%SZ").to_string()
}

fn page_about(number: u32) -> String {
    format!("https://login.microsoftonline.com/error?code={number}")
}
