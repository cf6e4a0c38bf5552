//! The token endpoint: codes and refresh tokens in, tokens out (RFC 6749, sections 4.1.3 and 6;
//! <https://docs.aws.amazon.com/cognito/latest/developerguide/token-endpoint.html>), and revocation (RFC 7009).

use std::fmt;
use std::time::Duration;

use oauth2::basic::{BasicRevocationErrorResponse, BasicTokenIntrospectionResponse, BasicTokenType};
use oauth2::{
    AuthType, AuthorizationCode, ClientId, ClientSecret, EndpointNotSet, EndpointSet, ErrorResponse, ExtraTokenFields,
    HttpRequest, HttpResponse, PkceCodeVerifier, RedirectUrl, RefreshToken, RequestTokenError, StandardRevocableToken,
    StandardTokenResponse, TokenResponse, TokenUrl,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::client::Client;
use crate::clock::Offset;
use crate::error::{Failure, Kind, shortened};
use crate::http::HttpError;
use crate::profile::login_command;
use crate::refusals::{self, Facts, Refuser};
use crate::secret::{self, Secret};

/// The longest token that is accepted, in bytes. Identity pools accept no longer one
/// (<https://docs.aws.amazon.com/cognitoidentity/latest/APIReference/API_GetId.html>).
const LONGEST_TOKEN: usize = 50_000;
/// The longest text of the server that a message quotes, in characters.
const LONGEST_ERROR: usize = 400;
/// The code that ends a sign-in (RFC 6749, section 5.2).
const INVALID_GRANT: &str = "invalid_grant";
/// The codes that require the person in the browser again, for example for a second factor. The refresh token stays
/// valid (OpenID Connect Core 1.0, section 3.1.2.6;
/// <https://learn.microsoft.com/en-us/entra/identity-platform/v2-oauth2-auth-code-flow#error-codes-for-token-endpoint-errors>).
const WANTS_A_PERSON: &[&str] = &["interaction_required", "login_required", "consent_required"];
/// The values that fill a refusal's text if no profile is known.
const UNKNOWN_PROFILE: Facts<'_> = &[("login", "cogfed login"), ("issuer", "user pool")];

/// The tokens of the token endpoint, before their verification.
#[derive(Debug, Clone)]
pub struct Grant {
    /// The endpoint that issued the tokens: the only one that may receive the refresh token.
    pub token_endpoint: String,
    /// The ID token. Only a refresh may omit it (OpenID Connect Core 1.0, section 12.2), and a user pool never does.
    pub id_token: Option<Secret>,
    /// The access token.
    pub access_token: Secret,
    /// The refresh token: issued for a code, and by a refresh if the app client rotates them.
    pub refresh_token: Option<Secret>,
    /// The offset of the server's clock from this machine's, measured from this answer.
    pub offset: Offset,
}

/// The reason why the token endpoint issued no tokens, by its effect on the refresh token.
#[derive(Debug)]
pub enum GrantError {
    /// `invalid_grant` (RFC 6749, section 5.2): this code or refresh token will never work again.
    Invalid {
        /// The server's explanation, if there is one.
        description: Option<String>,
    },
    /// Nothing left this machine, so the same request may be sent again.
    NotSent(Failure),
    /// The request was sent, but its outcome is unknown: a network error, a server error, or a senseless answer.
    Unknown(Failure),
    /// Any other refusal. It says nothing about the code or the refresh token.
    Refused(Failure),
}

impl GrantError {
    /// Returns the failure to report, with `facts` in place of the placeholders.
    pub(super) fn failure(self, facts: Facts<'_>) -> Failure {
        match self {
            GrantError::NotSent(failure) | GrantError::Unknown(failure) | GrantError::Refused(failure) => failure,
            GrantError::Invalid { description } => {
                let said = description.unwrap_or_default();
                let row = refusals::find(Refuser::TokenEndpoint, INVALID_GRANT, &said);
                let said = if said.is_empty() { said } else { format!(": {}", refusals::in_one_line(&said)) };
                Failure::new(row.kind, format!("{}{said}", row.cause(facts))).hint(row.hint(facts))
            }
        }
    }
}

impl From<GrantError> for Failure {
    fn from(error: GrantError) -> Self {
        error.failure(UNKNOWN_PROFILE)
    }
}

impl Client<'_> {
    /// Exchanges an authorization code for tokens.
    ///
    /// # Errors
    /// [`GrantError`].
    pub async fn exchange(&self, code: &Secret, verifier: &Secret, redirect_uri: &str) -> Result<Grant, GrantError> {
        let redirect = RedirectUrl::new(redirect_uri.to_owned()).map_err(not_a_url)?;
        let client = self.oauth()?.set_redirect_uri(redirect);
        let request = client
            .exchange_code(AuthorizationCode::new(code.expose().to_owned()))
            .set_pkce_verifier(PkceCodeVerifier::new(verifier.expose().to_owned()));
        let send = |request| self.send(request);
        self.grant(request.request_async(&send).await)
    }

    /// Exchanges a refresh token for new tokens.
    ///
    /// # Errors
    /// [`GrantError`].
    pub async fn refresh(&self, refresh_token: &Secret) -> Result<Grant, GrantError> {
        let token = RefreshToken::new(refresh_token.expose().to_owned());
        let send = |request| self.send(request);
        self.grant(self.oauth()?.exchange_refresh_token(&token).request_async(&send).await)
    }

    fn grant(&self, answer: TokenAnswer) -> Result<Grant, GrantError> {
        let offset = self.http.clock_offset().map(|measured| measured.offset).unwrap_or_default();
        grant(answer, &self.endpoints.token, offset, &self.facts(&login_command(self.profile)))
    }

    /// Revokes a refresh token, and the tokens that were made from it. A token that is already revoked counts as done
    /// (RFC 7009, section 2.2). Returns false if the issuer has no revocation endpoint.
    ///
    /// The request is not made with `oauth2`, which refuses loopback hosts without TLS.
    ///
    /// # Errors
    /// [`Kind::Network`] or [`Kind::Refused`].
    pub async fn revoke(&self, refresh_token: &Secret) -> Result<bool, Failure> {
        let Some(endpoint) = &self.endpoints.revocation else { return Ok(false) };
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        form.append_pair("token", refresh_token.expose()).append_pair("client_id", self.id);
        if let Some(secret) = self.secret {
            form.append_pair("client_secret", secret.expose());
        }
        let request = http::Request::post(endpoint)
            .header(http::header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(form.finish().into_bytes())
            .map_err(|error| Failure::new(Kind::Usage, format!("the revocation endpoint is not a URL: {error}")))?;
        let answer = self.http.send_repeatable(request).await?;
        match answer.status().as_u16() {
            200 => Ok(true),
            status => {
                let said = serde_json::from_slice::<TokenError>(answer.body()).map(|error| format!(": {error}"));
                let message = format!(
                    "the {} did not revoke the sign-in (status {status}){}",
                    self.issuer.described(),
                    said.unwrap_or_default()
                );
                let kind = if is_unavailable(status) { Kind::Network } else { Kind::Refused };
                Err(Failure::new(kind, message).after(self.http.retry_after(&answer)))
            }
        }
    }

    fn oauth(&self) -> Result<OAuthClient, GrantError> {
        let endpoint = TokenUrl::new(self.endpoints.token.clone()).map_err(not_a_url)?;
        let client = oauth2::Client::new(ClientId::new(self.id.to_owned())).set_token_uri(endpoint);
        Ok(match self.secret {
            // RFC 6749, section 2.3.1, allows the secret in the body. Cognito accepts it there and in a Basic header,
            // but servers disagree on how to encode that header.
            Some(secret) => client
                .set_client_secret(ClientSecret::new(secret.expose().to_owned()))
                .set_auth_type(AuthType::RequestBody),
            None => client,
        })
    }

    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, SendError> {
        let answer = self.http.send(request).await.map_err(SendError::Http)?;
        let wait = self.http.retry_after(&answer);
        available(answer, wait)
    }
}

impl Grant {
    /// Reads `answer` as the answer of a token endpoint to a refresh. Makes no request.
    ///
    /// # Errors
    /// [`GrantError`].
    pub fn of_answer(answer: HttpResponse) -> Result<Self, GrantError> {
        let endpoint = "https://localhost/oauth2/token";
        let url = TokenUrl::new(endpoint.into()).map_err(not_a_url)?;
        let client: OAuthClient = oauth2::Client::new(ClientId::new(String::new())).set_token_uri(url);
        let answered = |_| available(answer.clone(), None);
        let request = client.exchange_refresh_token(&RefreshToken::new(String::new())).request(&answered);
        grant(request, endpoint, Offset::default(), UNKNOWN_PROFILE)
    }
}

/// Passes on an answer, unless the server is overloaded or broken: such an answer says nothing about the grant, but may
/// ask for a pause. The body has to be one JSON value, because `oauth2` does not check text after it or unknown members.
fn available(answer: HttpResponse, wait: Option<Duration>) -> Result<HttpResponse, SendError> {
    match answer.status().as_u16() {
        status if is_unavailable(status) => Err(SendError::Unavailable(status, wait)),
        _ if serde_json::from_slice::<Value>(answer.body()).is_err() => Err(SendError::NotJson),
        _ => Ok(answer),
    }
}

type OAuthClient = oauth2::Client<
    TokenError,
    StandardTokenResponse<IdTokenField, BasicTokenType>,
    BasicTokenIntrospectionResponse,
    StandardRevocableToken,
    BasicRevocationErrorResponse,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointSet,
>;

#[derive(Debug)]
enum SendError {
    Http(HttpError),
    /// The server is overloaded or broken: its HTTP status, and the wait in `Retry-After`.
    Unavailable(u16, Option<Duration>),
    NotJson,
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SendError::Http(error) => error.fmt(f),
            SendError::Unavailable(status, _) => {
                write!(f, "the token endpoint answered with status {status}")
            }
            SendError::NotJson => f.write_str("the token endpoint's answer is not JSON"),
        }
    }
}

impl std::error::Error for SendError {}

/// The field that OpenID Connect adds to OAuth. The ID token stays a text until it is verified.
#[derive(Debug, Serialize, Deserialize)]
struct IdTokenField {
    #[serde(default, serialize_with = "secret::exposed_option")]
    id_token: Option<Secret>,
}

impl ExtraTokenFields for IdTokenField {}

/// An error body (RFC 6749, section 5.2). Cognito promises only `error`; a description may be in one of two fields.
#[derive(Debug, Serialize, Deserialize)]
struct TokenError {
    error: String,
    error_description: Option<String>,
    error_message: Option<String>,
}

impl ErrorResponse for TokenError {}

impl TokenError {
    fn description(&self) -> Option<&str> {
        self.error_description.as_deref().or(self.error_message.as_deref())
    }
}

impl fmt::Display for TokenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&shortened(&self.error, LONGEST_ERROR))?;
        match self.description() {
            Some(description) => write!(f, " ({})", shortened(&refusals::in_one_line(description), LONGEST_ERROR)),
            None => Ok(()),
        }
    }
}

type TokenAnswer =
    Result<StandardTokenResponse<IdTokenField, BasicTokenType>, RequestTokenError<SendError, TokenError>>;

fn grant(answer: TokenAnswer, token_endpoint: &str, offset: Offset, facts: Facts<'_>) -> Result<Grant, GrantError> {
    let answer = answer.map_err(|error| match error {
        RequestTokenError::Request(SendError::Http(error @ (HttpError::NotSent { .. } | HttpError::SetUp(_)))) => {
            GrantError::NotSent(error.into())
        }
        RequestTokenError::Request(SendError::Http(error)) => GrantError::Unknown(error.into()),
        RequestTokenError::Request(unavailable @ SendError::Unavailable(_, wait)) => {
            let failure = Failure::new(Kind::Network, unavailable.to_string()).hint("try again in a minute");
            GrantError::Unknown(failure.after(wait))
        }
        RequestTokenError::ServerResponse(error) if error.error == INVALID_GRANT => {
            GrantError::Invalid { description: error.description().map(|text| shortened(text, LONGEST_ERROR)) }
        }
        RequestTokenError::ServerResponse(error) => GrantError::Refused(explained(&error, facts)),
        // The body is not shown: it may hold tokens.
        RequestTokenError::Request(SendError::NotJson) | RequestTokenError::Parse(..) | RequestTokenError::Other(_) => {
            GrantError::Unknown(
                Failure::new(Kind::Network, "the token endpoint's answer is not the JSON that OAuth promises")
                    .hint("check 'domain' (or 'issuer') in the profile, and that no proxy answers in its place"),
            )
        }
    })?;
    let secret = |text: &String| Secret::new(text.clone());
    let grant = Grant {
        token_endpoint: token_endpoint.to_owned(),
        id_token: answer.extra_fields().id_token.clone(),
        access_token: secret(answer.access_token().secret()),
        refresh_token: answer.refresh_token().map(|token| secret(token.secret())),
        offset,
    };
    let tokens = [grant.id_token.as_ref(), Some(&grant.access_token), grant.refresh_token.as_ref()];
    if tokens.into_iter().flatten().any(|token| token.expose().len() > LONGEST_TOKEN) {
        let message = format!("the token endpoint gave a token of more than {LONGEST_TOKEN} bytes");
        return Err(GrantError::Refused(Failure::new(Kind::Refused, message).hint("tell its administrator")));
    }
    Ok(grant)
}

/// Returns whether a status means an overloaded or broken server, and nothing about the request.
fn is_unavailable(status: u16) -> bool {
    matches!(status, 429 | 500..)
}

fn explained(error: &TokenError, facts: Facts<'_>) -> Failure {
    let row = refusals::find(Refuser::TokenEndpoint, &error.error, error.description().unwrap_or_default());
    let kind = if WANTS_A_PERSON.contains(&error.error.as_str()) { Kind::SignInRequired } else { row.kind };
    Failure::new(kind, format!("{}: {error}", row.cause(facts))).hint(row.hint(facts))
}

fn not_a_url(error: url::ParseError) -> GrantError {
    GrantError::Refused(Failure::new(Kind::Usage, format!("the profile's endpoints do not make a URL: {error}")))
}

#[cfg(test)]
mod tests;
