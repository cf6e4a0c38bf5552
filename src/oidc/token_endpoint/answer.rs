//! A parser for the members of a token endpoint's answer that cogfed uses (RFC 6749, sections 5.1 and 5.2).
//!
//! Only the three tokens and the error are read. Other members may be missing, null or of any type, because servers
//! disagree about them: Azure AD B2C sends no access token for `openid offline_access`, Entra ID's first version sends
//! `"expires_in": "3599"`, and some emulators name another JSON content type. A text that is empty or blank is no token.

use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use super::not_oauth;
use crate::error::{Failure, Kind, shortened};
use crate::refusals::{self, Facts, Refuser};
use crate::secret::{Redactor, Secret};

/// The maximum length of a token, in bytes. Identity pools accept no longer one
/// (<https://docs.aws.amazon.com/cognitoidentity/latest/APIReference/API_GetId.html>).
pub const LONGEST_TOKEN: usize = 50_000;
/// The maximum length of an error code in a message, in characters.
const LONGEST_CODE: usize = 400;
/// The error code of a token endpoint after which the person has to sign in again (RFC 6749, section 5.2).
pub const INVALID_GRANT: &str = "invalid_grant";
/// The error codes after which the person has to use the browser again, for example for a second factor. The refresh
/// token stays valid (OpenID Connect Core 1.0, section 3.1.2.6;
/// <https://learn.microsoft.com/en-us/entra/identity-platform/v2-oauth2-auth-code-flow#error-codes-for-token-endpoint-errors>).
const WANTS_A_PERSON: &[&str] = &["interaction_required", "login_required", "consent_required"];
/// The byte-order mark that some editors and servers put before UTF-8 text.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// The tokens in an answer.
#[derive(Debug, Default)]
pub struct Given {
    pub id_token: Option<Secret>,
    pub access_token: Option<Secret>,
    pub refresh_token: Option<Secret>,
}

/// The OAuth error in an answer. Cognito promises only `error`; a description may be in one of two fields. Secrets are
/// already removed.
#[derive(Debug)]
pub struct TokenError {
    pub code: String,
    pub description: Option<String>,
}

/// The parsed form of an answer.
#[derive(Debug)]
pub enum Read {
    Tokens(Given),
    Error(TokenError),
    /// The server is overloaded or broken; holds its HTTP status and the delay from `Retry-After`. It says nothing
    /// about the grant.
    Unavailable(u16, Option<Duration>),
    /// An answer without tokens and without an OAuth error.
    NotOAuth(Failure),
}

/// The JSON members of an answer that cogfed reads. Any JSON value is allowed for each, so that an odd one breaks
/// nothing else.
#[derive(Deserialize)]
struct Members {
    #[serde(default)]
    id_token: Value,
    #[serde(default)]
    access_token: Value,
    #[serde(default)]
    refresh_token: Value,
    #[serde(default)]
    error: Value,
    #[serde(default)]
    error_description: Value,
    #[serde(default)]
    error_message: Value,
}

/// Parses the answer of the token endpoint at `host`. `redactor` knows the secrets of the request.
pub fn read(host: &str, answer: &http::Response<Vec<u8>>, wait: Option<Duration>, redactor: &Redactor) -> Read {
    let status = answer.status();
    if is_unavailable(status.as_u16()) {
        return Read::Unavailable(status.as_u16(), wait);
    }
    let members = members(answer.body());
    // A redirect is not followed, so nothing in it counts.
    let Some(members) = members.filter(|_| !status.is_redirection()) else {
        return Read::NotOAuth(not_oauth::failure(host, answer));
    };
    let error = members.error(redactor);
    let given = members.given();
    match error {
        // Some servers send the error with status 200. Beside an ID token, it cannot mean a refusal.
        Some(error) if !status.is_success() || given.id_token.is_none() => Read::Error(error),
        _ if status.is_success() && given.has_any() => Read::Tokens(given),
        _ => Read::NotOAuth(not_oauth::failure(host, answer)),
    }
}

/// Returns the OAuth error in the body of an answer, or `None` if the body contains no OAuth error.
pub fn error(body: &[u8], redactor: &Redactor) -> Option<TokenError> {
    members(body)?.error(redactor)
}

/// Returns whether an HTTP status means that the server is overloaded or broken, rather than that the request is wrong.
/// Status 511 does not count: it comes from a network that requires a sign-in (RFC 6585, section 6).
pub fn is_unavailable(status: u16) -> bool {
    matches!(status, 429 | 500..=510 | 512..)
}

/// Parses a body, which must be one JSON object in UTF-8 (RFC 8259, section 8.1). The content type does not matter. A
/// byte-order mark before it is ignored.
fn members(body: &[u8]) -> Option<Members> {
    let body = body.strip_prefix(BYTE_ORDER_MARK).unwrap_or(body);
    // The members below skip what they do not know without a check.
    serde_json::from_slice::<Value>(body).ok().filter(Value::is_object)?;
    serde_json::from_slice(body).ok()
}

impl Members {
    fn error(&self, redactor: &Redactor) -> Option<TokenError> {
        let text = |value: &Value| Some(redactor.redact(value.as_str()?)).filter(|text| !text.is_empty());
        let description = text(&self.error_description).or_else(|| text(&self.error_message));
        // A code that decides something stays as it is, even if a secret contains it.
        let decides = |code: &&str| *code == INVALID_GRANT || WANTS_A_PERSON.contains(code);
        let code = self.error.as_str().filter(decides).map(str::to_owned);
        Some(TokenError { code: code.or_else(|| text(&self.error))?, description })
    }

    fn given(self) -> Given {
        let token = |value: Value| match value {
            Value::String(text) if !text.trim().is_empty() => Some(Secret::new(text)),
            _ => None,
        };
        Given {
            id_token: token(self.id_token),
            access_token: token(self.access_token),
            refresh_token: token(self.refresh_token),
        }
    }
}

impl Given {
    /// Returns whether any token is longer than [`LONGEST_TOKEN`].
    pub fn is_too_long(&self) -> bool {
        self.all().any(|token| token.expose().len() > LONGEST_TOKEN)
    }

    fn has_any(&self) -> bool {
        self.all().next().is_some()
    }

    fn all(&self) -> impl Iterator<Item = &Secret> {
        [&self.id_token, &self.access_token, &self.refresh_token].into_iter().flatten()
    }
}

impl TokenError {
    /// Returns the failure for this error. The values in `facts` replace the placeholders in its message.
    pub fn failure(&self, facts: Facts<'_>) -> Failure {
        let row = refusals::find(Refuser::TokenEndpoint, &self.code, self.description.as_deref().unwrap_or_default());
        let kind = if WANTS_A_PERSON.contains(&self.code.as_str()) { Kind::SignInRequired } else { row.kind };
        Failure::new(kind, format!("{}: {}", row.cause(facts), self.said())).hint(row.hint(facts))
    }

    /// Returns the server's error code and description in one line.
    pub fn said(&self) -> String {
        let code = shortened(&self.code, LONGEST_CODE);
        match &self.description {
            Some(text) => format!("{code} ({})", refusals::quoted(text)),
            None => code,
        }
    }

    /// Returns the error's description, shortened and in one line.
    pub fn into_description(self) -> Option<String> {
        self.description.map(|text| refusals::quoted(&text))
    }
}
