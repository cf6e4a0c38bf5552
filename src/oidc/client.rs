//! The OpenID Connect client of a profile. It exchanges authorization codes and refresh tokens for new tokens, and
//! verifies these.

use super::id_token::{Expected, IdTokenClaims};
use super::keys::Keys;
use super::token_endpoint::{Grant, GrantError};
use crate::clock::Clock;
use crate::error::{Failure, Kind};
use crate::folder::Folder;
use crate::http::Http;
use crate::profile::{Issuer, ProviderEndpoints, login_command};
use crate::secret::Secret;

/// The tokens from one sign-in or renewal, with the verified claims of the ID token.
#[derive(Debug, Clone)]
pub struct Tokens {
    /// The tokens from the token endpoint.
    pub grant: Grant,
    /// The verified claims of the ID token.
    pub claims: IdTokenClaims,
}

/// An app client and its issuer, with all that is needed to call the issuer.
///
/// [`Client::exchange`] and [`Client::refresh`] return a [`Grant`], which [`Client::verify`] has to accept before the
/// tokens are used. The only exception is a rotated refresh token, which is saved at once.
#[derive(Clone, Copy)]
pub struct Client<'a> {
    /// The issuer whose tokens are accepted.
    pub issuer: &'a Issuer,
    /// The issuer's endpoints, as [`super::discovery::endpoints`] returns them.
    pub endpoints: &'a ProviderEndpoints,
    /// The app client's id.
    pub id: &'a str,
    /// The app client's secret, if it has one.
    pub secret: Option<&'a Secret>,
    /// The name of the profile, for messages.
    pub profile: &'a str,
    /// The HTTP client.
    pub http: &'a Http,
    /// The folder in which the issuer's signing keys are cached.
    pub folder: &'a Folder,
    /// The source of the current time.
    pub clock: &'a dyn Clock,
}

impl Client<'_> {
    /// Verifies the ID token in `grant`, and returns the tokens with its claims. `nonce` is that of the authorization
    /// request; pass `None` after a refresh.
    ///
    /// # Errors
    /// [`Kind::Refused`] if there is no ID token or it is not valid, [`Kind::Network`] if the signing keys cannot be
    /// fetched.
    pub async fn verify(&self, grant: Grant, nonce: Option<&Secret>) -> Result<Tokens, Failure> {
        let Some(id_token) = &grant.id_token else { return Err(self.no_id_token()) };
        let expected = Expected::new(self.issuer, self.id, &grant, nonce, self.clock.now());
        let keys = Keys::new(self.http, self.folder, &self.endpoints.jwks);
        let claims = keys.verify(id_token, &expected).await?;
        Ok(Tokens { grant, claims })
    }

    /// Converts `error` to a failure whose message names this profile and its issuer.
    pub fn failure(&self, error: GrantError) -> Failure {
        error.failure(&self.facts(&login_command(self.profile)))
    }

    /// Returns the values for the placeholders in the message about a refused request. `login` is the command that
    /// signs in to this profile.
    pub(super) fn facts<'a>(&'a self, login: &'a str) -> [(&'static str, &'a str); 3] {
        [("login", login), ("issuer", self.issuer.described()), ("profile", self.profile)]
    }

    /// Returns the failure for a token response without an ID token (OpenID Connect Core 1.0, section 3.1.3.3).
    fn no_id_token(&self) -> Failure {
        let message = format!("the {} gave no ID token, though 'openid' was asked for", self.issuer.described());
        Failure::new(Kind::Refused, message).hint("the app client must allow the scope 'openid'")
    }
}
