//! Requests to the token endpoint, which exchanges codes and refresh tokens for tokens (RFC 6749, sections 4.1.3 and 6;
//! <https://docs.aws.amazon.com/cognito/latest/developerguide/token-endpoint.html>), and revocation (RFC 7009).
//!
//! The requests are made here and not with `oauth2`, which refuses answers for members that are not used.

mod answer;
mod not_oauth;

use url::Url;
use url::form_urlencoded::Serializer;
use zeroize::Zeroizing;

use self::answer::{INVALID_GRANT, LONGEST_TOKEN, Read};
use super::client::Client;
use crate::clock::Offset;
use crate::error::{Failure, Kind};
use crate::http::HttpError;
use crate::network::authority_of;
use crate::profile::login_command;
use crate::refusals::{self, Facts, Refuser};
use crate::secret::{Redactor, Secret};

/// The values for the placeholders in a failure's message if no profile is known.
const UNKNOWN_PROFILE: Facts<'_> = &[("login", "cogfed login"), ("issuer", "user pool")];

/// The tokens that a token endpoint issued, before they are verified.
#[derive(Debug, Clone)]
pub struct Grant {
    /// The endpoint that issued the tokens. Only this endpoint may receive the refresh token.
    pub token_endpoint: String,
    /// The ID token. Only a refresh may omit it (OpenID Connect Core 1.0, section 12.2), and a user pool never does.
    pub id_token: Option<Secret>,
    /// The access token. Azure AD B2C sends none if only `openid` and `offline_access` are requested.
    pub access_token: Option<Secret>,
    /// The refresh token, which a refresh returns only if the app client rotates refresh tokens.
    pub refresh_token: Option<Secret>,
    /// The difference between the clocks of the server and this machine, measured when the tokens arrived.
    pub offset: Offset,
}

/// The reason why the token endpoint issued no tokens, classified by its effect on the refresh token.
#[derive(Debug)]
pub enum GrantError {
    /// `invalid_grant` (RFC 6749, section 5.2): this code or refresh token will never work again.
    Invalid {
        /// The server's error description with secrets redacted, if there is a description.
        description: Option<String>,
    },
    /// The request was not sent, so it may be sent again.
    NotSent(Failure),
    /// The request was sent, but its outcome is unknown: a network error, a server error, or an unintelligible answer.
    Unknown(Failure),
    /// Any other refusal by the token endpoint. It says nothing about the code or the refresh token.
    Refused(Failure),
}

impl GrantError {
    /// Returns the failure to report. The values in `facts` replace the placeholders in its message.
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
        let mut form = self.form("authorization_code");
        form.append_pair("code", code.expose());
        form.append_pair("code_verifier", verifier.expose());
        form.append_pair("redirect_uri", redirect_uri);
        self.grant(form, &self.redactor([code, verifier])).await
    }

    /// Exchanges a refresh token for new tokens.
    ///
    /// # Errors
    /// [`GrantError`].
    pub async fn refresh(&self, refresh_token: &Secret) -> Result<Grant, GrantError> {
        let mut form = self.form("refresh_token");
        form.append_pair("refresh_token", refresh_token.expose());
        self.grant(form, &self.redactor([refresh_token])).await
    }

    async fn grant(&self, form: Serializer<'_, String>, redactor: &Redactor) -> Result<Grant, GrantError> {
        let endpoint = &self.endpoints.token;
        let request = posted(endpoint, form).map_err(|error| {
            GrantError::Refused(Failure::new(Kind::Usage, format!("the token endpoint is not a URL: {error}")))
        })?;
        let answer = self.http.send(request).await.map_err(|error| match error {
            HttpError::NotSent { .. } | HttpError::SetUp(_) => GrantError::NotSent(error.into()),
            error => GrantError::Unknown(error.into()),
        })?;
        let host = host_of(endpoint);
        let offset = self.http.clock_offset_of(&host).unwrap_or_default();
        let read = answer::read(&host, &answer, self.http.retry_after(&answer), redactor);
        granted(read, endpoint, offset, &self.facts(&login_command(self.profile)))
    }

    /// Revokes a refresh token and the tokens that were issued for it. A token that is already revoked counts as done
    /// (RFC 7009, section 2.2). Returns false if the issuer has no revocation endpoint.
    ///
    /// # Errors
    /// [`Kind::Network`] or [`Kind::Refused`].
    pub async fn revoke(&self, refresh_token: &Secret) -> Result<bool, Failure> {
        let Some(endpoint) = &self.endpoints.revocation else { return Ok(false) };
        let mut form = Serializer::new(String::new());
        form.append_pair("token", refresh_token.expose());
        self.identify(&mut form);
        let request = posted(endpoint, form)
            .map_err(|error| Failure::new(Kind::Usage, format!("the revocation endpoint is not a URL: {error}")))?;
        let answer = self.http.send_repeatable(request).await?;
        match answer.status().as_u16() {
            200 => Ok(true),
            status => {
                let error = answer::error(answer.body(), &self.redactor([refresh_token]));
                let said = error.map(|error| format!(": {}", error.said())).unwrap_or_default();
                let message =
                    format!("the {} did not revoke the sign-in (status {status}){said}", self.issuer.described());
                let kind = if answer::is_unavailable(status) { Kind::Network } else { Kind::Refused };
                Err(Failure::new(kind, message).after(self.http.retry_after(&answer)))
            }
        }
    }

    fn form(&self, grant_type: &str) -> Serializer<'static, String> {
        let mut form = Serializer::new(String::new());
        form.append_pair("grant_type", grant_type);
        self.identify(&mut form);
        form
    }

    /// Adds the app client's id and secret to the form. RFC 6749, section 2.3.1, allows the secret in the body. Cognito
    /// accepts it there and in a Basic header, but servers disagree on how to encode that header.
    fn identify(&self, form: &mut Serializer<'_, String>) {
        form.append_pair("client_id", self.id);
        if let Some(secret) = self.secret {
            form.append_pair("client_secret", secret.expose());
        }
    }

    /// Returns a redactor for the secrets in `sent` and for the app client's secret.
    fn redactor<'a>(&'a self, sent: impl IntoIterator<Item = &'a Secret>) -> Redactor {
        Redactor::of(sent.into_iter().chain(self.secret))
    }
}

impl Grant {
    /// Parses the token endpoint's answer to a refresh request that sent `refresh_token`. Makes no request.
    ///
    /// # Errors
    /// [`GrantError`].
    pub fn of_answer(answer: &http::Response<Vec<u8>>, refresh_token: &Secret) -> Result<Self, GrantError> {
        let read = answer::read("localhost", answer, None, &Redactor::of([refresh_token]));
        granted(read, "https://localhost/oauth2/token", Offset::default(), UNKNOWN_PROFILE)
    }
}

fn posted(endpoint: &str, mut form: Serializer<'_, String>) -> http::Result<http::Request<Vec<u8>>> {
    http::Request::post(endpoint)
        .header(http::header::ACCEPT, "application/json")
        .header(http::header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Zeroizing::new(form.finish()).as_bytes().to_vec())
}

fn granted(read: Read, token_endpoint: &str, offset: Offset, facts: Facts<'_>) -> Result<Grant, GrantError> {
    let given = match read {
        Read::Tokens(given) => given,
        Read::Error(error) if error.code == INVALID_GRANT => {
            return Err(GrantError::Invalid { description: error.into_description() });
        }
        Read::Error(error) => return Err(GrantError::Refused(error.failure(facts))),
        Read::NotOAuth(failure) => return Err(GrantError::Unknown(failure)),
        Read::Unavailable(status, wait) => {
            let message = format!("the token endpoint answered with status {status}");
            let failure = Failure::new(Kind::Network, message).hint("try again in a minute");
            return Err(GrantError::Unknown(failure.after(wait)));
        }
    };
    if given.is_too_long() {
        let message = format!("the token endpoint gave a token of more than {LONGEST_TOKEN} bytes");
        return Err(GrantError::Refused(Failure::new(Kind::Refused, message).hint("tell its administrator")));
    }
    Ok(Grant {
        token_endpoint: token_endpoint.to_owned(),
        id_token: given.id_token,
        access_token: given.access_token,
        refresh_token: given.refresh_token,
        offset,
    })
}

fn host_of(endpoint: &str) -> String {
    Url::parse(endpoint).ok().and_then(|url| authority_of(&url)).unwrap_or_else(|| "the server".to_owned())
}

#[cfg(test)]
mod tests;
