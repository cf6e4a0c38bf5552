//! Entra ID's error responses, each with an AADSTS number and an OAuth error code
//! (<https://learn.microsoft.com/entra/identity-platform/reference-error-codes>).

use bytes::Bytes;
use chrono::{DateTime, Utc};
use http::{Response, StatusCode};
use serde_json::json;
use url::form_urlencoded;

use crate::pages;
use crate::random;
use crate::reply;
use crate::world::World;

/// The reason why the plain issuer refuses a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// The URL path names an unknown tenant.
    UnknownTenant(String),
    /// The tenant does not know the client id.
    UnknownClient { client_id: String, tenant: String },
    /// The redirect URI is not registered.
    RedirectMismatch { redirect_uri: String, client_id: String },
    /// The redirect URI differs from the one in the authorization request.
    OtherRedirectUri { redirect_uri: String, first: String },
    /// A required parameter is missing.
    Missing(&'static str),
    /// A parameter is repeated.
    Repeated,
    /// `response_type` is not `code`.
    ResponseType,
    /// The PKCE challenge method is not S256.
    ChallengeMethod,
    /// The PKCE challenge has the wrong length.
    ChallengeSize,
    /// A requested scope is unknown to the tenant.
    Scope(String),
    /// The request has `prompt=none`, but nobody is signed in.
    NobodySignedIn,
    /// The person cancelled the sign-in.
    Declined,
    /// The grant type is unknown.
    GrantType(String),
    /// The client has a registered secret, but sent none.
    SecretMissing,
    /// The client secret is wrong.
    SecretWrong,
    /// The client has no registered secret, but sent one.
    SecretNeedless,
    /// The authorization code was used before.
    CodeRedeemed,
    /// The authorization code is older than ten minutes.
    CodeExpired,
    /// The PKCE verifier does not match the challenge.
    VerifierMismatch,
    /// The authorization code or the refresh token was never issued.
    Malformed,
    /// The refresh token has expired.
    RefreshTokenExpired { issued: DateTime<Utc>, days: i64 },
    /// The sign-in to which the refresh token belongs was revoked.
    Revoked,
}

impl Refusal {
    /// Returns the AADSTS number, the error code (RFC 6749, 4.1.2.1 and 5.2; OpenID Connect Core, 3.1.2.6), and the
    /// message text.
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

    /// Returns the token endpoint's error response for this refusal.
    pub fn json(&self, world: &World, now: DateTime<Utc>) -> Response<Bytes> {
        if world.options.b2c_issuer {
            let (error, description) = self.at_b2c(now);
            let document = json!({ "error": error, "error_description": description });
            return reply::body(StatusCode::BAD_REQUEST, "application/json; charset=utf-8", document.to_string());
        }
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
    pub fn redirect(&self, world: &World, uri: &str, state: Option<&str>, now: DateTime<Utc>) -> Response<Bytes> {
        let mut query = form_urlencoded::Serializer::new(String::new());
        if world.options.b2c_issuer {
            let (error, description) = self.at_b2c(now);
            query.append_pair("error", error).append_pair("error_description", &description);
        } else {
            let (number, error, text) = self.parts();
            query.append_pair("error", error);
            if *self == Refusal::Declined {
                query.append_pair("error_subcode", "cancel");
            }
            let description = described(number, &text, &random::uuid(), &random::uuid(), now);
            query.append_pair("error_description", &description).append_pair("error_uri", &page_about(number));
        }
        if let Some(state) = state {
            query.append_pair("state", state);
        }
        reply::redirect(&format!("{uri}?{}", query.finish()))
    }

    /// Returns the page for an error that cannot be reported to the client's redirect URI.
    pub fn page(&self, world: &World) -> Response<Bytes> {
        let (number, _, text) = self.parts();
        match world.options.b2c_issuer {
            true => pages::error(self.b2c_parts().1.as_str()),
            false => pages::error(&format!("AADSTS{number}: {text}")),
        }
    }

    /// Returns B2C's error code and description for this refusal, with a correlation id and a timestamp.
    fn at_b2c(&self, now: DateTime<Utc>) -> (&'static str, String) {
        let (error, text) = self.b2c_parts();
        (error, format!("{text}\r\nCorrelation ID: {}\r\nTimestamp: {}\r\n", random::uuid(), timestamp(now)))
    }

    /// Returns B2C's error code and message text for this refusal
    /// (<https://learn.microsoft.com/azure/active-directory-b2c/error-codes>). The general error stands for those that
    /// have no counterpart there.
    fn b2c_parts(&self) -> (&'static str, String) {
        let parts = |error, text: &str| (error, text.to_owned());
        match self {
            Refusal::UnknownClient { client_id, tenant } => (
                "unauthorized_client",
                format!(
                    "AADB2C90018: The client id '{client_id}' specified in the request is not registered in tenant '{tenant}'."
                ),
            ),
            Refusal::RedirectMismatch { redirect_uri, client_id } => (
                "invalid_request",
                format!(
                    "AADB2C90006: The redirect URI '{redirect_uri}' provided in the request is not registered for the client id '{client_id}'."
                ),
            ),
            Refusal::Missing(name) => {
                ("invalid_request", format!("AADB2C90083: The request is missing required parameter: {name}."))
            }
            Refusal::Scope(scope) => (
                "invalid_request",
                format!("AADB2C90117: The scope '{scope}' provided in the request is not supported."),
            ),
            Refusal::NobodySignedIn => parts(
                "login_required",
                "AADB2C90077: User does not have an existing session and request prompt parameter has a value of 'none'.",
            ),
            Refusal::Declined => {
                parts("access_denied", "AADB2C90091: The user has cancelled entering self-asserted information.")
            }
            Refusal::GrantType(grant) => {
                ("unsupported_grant_type", format!("AADB2C90086: The supplied grant_type [{grant}] is not supported."))
            }
            Refusal::SecretMissing => parts(
                "invalid_request",
                "AADB2C90079: Clients must send a client_secret when redeeming a confidential grant.",
            ),
            Refusal::SecretWrong => parts(
                "invalid_client",
                "AADB2C90081: The specified client_secret does not match the expected value for this client. Please \
                 correct the client_secret and try again.",
            ),
            Refusal::SecretNeedless => parts(
                "invalid_request",
                "AADB2C90084: Public clients should not send a client_secret when redeeming a publicly acquired grant.",
            ),
            Refusal::CodeRedeemed | Refusal::CodeExpired | Refusal::RefreshTokenExpired { .. } => parts(
                "invalid_grant",
                "AADB2C90080: The provided grant has expired. Please re-authenticate and try again.",
            ),
            Refusal::VerifierMismatch => parts("invalid_grant", "AADB2C90183: The supplied code_verifier is invalid"),
            Refusal::Revoked => parts(
                "invalid_grant",
                "AADB2C90129: The provided grant has been revoked. Please reauthenticate and try again.",
            ),
            _ => parts(
                "server_error",
                "AADB2C90085: The service has encountered an internal error. Please reauthenticate and try again.",
            ),
        }
    }
}

/// Returns Entra ID's error description, including the trace id and the correlation id.
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
