//! The authorization request (RFC 6749, section 4.1.1; RFC 7636; OpenID Connect Core 1.0, section 3.1.2.1;
//! <https://docs.aws.amazon.com/cognito/latest/developerguide/authorization-endpoint.html>).

use oauth2::{AuthUrl, ClientId, CsrfToken, PkceCodeChallenge, RedirectUrl, Scope, basic::BasicClient};
use url::Url;

use crate::error::{Failure, Kind};
use crate::profile::Profile;
use crate::secret::{Redactor, Secret};

/// The number of random bytes in the state, the nonce and the PKCE verifier (256 bits each; RFC 7636, section 7.1).
const RANDOM_BYTES: u32 = 32;
/// The number of random bytes (128 bits) in the path of the short local address, which redirects to the authorization
/// URL. It has to be typed or copied, and only this user's requests for it are answered.
const START_BYTES: u32 = 16;

/// The authorization request parameters that a profile sets.
#[derive(Debug, Clone, Copy, Default)]
pub struct RequestOptions<'a> {
    /// The scopes to ask for.
    pub scopes: &'a [String],
    /// The identity provider to which the user pool redirects at once, without showing its own sign-in page.
    pub identity_provider: Option<&'a str>,
    /// An identifier of the identity provider, such as an email domain, that is sent instead of the provider's name.
    pub idp_identifier: Option<&'a str>,
    /// The user name to prefill on the identity provider's sign-in page.
    pub login_hint: Option<&'a str>,
    /// The OIDC `prompt` parameter, which overrides an existing session: `login`, `select_account` or `consent`.
    pub prompt: Option<&'a str>,
    /// The language of the user pool's sign-in page.
    pub lang: Option<&'a str>,
}

impl<'a> RequestOptions<'a> {
    /// Returns the authorization request parameters that `profile` sets.
    pub fn of(profile: &'a Profile) -> Self {
        Self {
            scopes: &profile.scopes,
            identity_provider: profile.identity_provider.as_deref(),
            idp_identifier: profile.idp_identifier.as_deref(),
            login_hint: profile.login_hint.as_deref(),
            prompt: profile.prompt.as_deref(),
            lang: profile.lang.as_deref(),
        }
    }
}

/// The random values of one sign-in attempt. They are new for each attempt and never stored.
#[derive(Debug)]
pub struct Attempt {
    /// The `state` parameter, which the callback has to return. An answer without it does not belong to this attempt.
    pub state: Secret,
    /// The `nonce` parameter, which the ID token has to repeat.
    pub nonce: Secret,
    /// The path of the short local address, which the browser opens first: a slash and a random value. The browser's
    /// command line shows this address to other users instead of the authorization URL.
    pub start: String,
    /// The PKCE verifier, which proves to the token endpoint that this process started the attempt.
    pub verifier: Secret,
    challenge: PkceCodeChallenge,
}

impl Attempt {
    /// Returns a redactor that removes this attempt's random values from text, in case a server repeats these values.
    pub(super) fn redactor(&self) -> Redactor {
        Redactor::of([&self.state, &self.nonce, &self.verifier])
    }

    /// Generates the random values as unpadded base64url. On some paths, Cognito encodes the state twice, and only
    /// unreserved characters survive this.
    pub fn new() -> Self {
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256_len(RANDOM_BYTES);
        Self {
            state: Secret::new(CsrfToken::new_random_len(RANDOM_BYTES).into_secret()),
            nonce: Secret::new(CsrfToken::new_random_len(RANDOM_BYTES).into_secret()),
            start: format!("/{}", CsrfToken::new_random_len(START_BYTES).secret()),
            verifier: Secret::new(verifier.into_secret()),
            challenge,
        }
    }

    /// Returns the authorization URL for the browser. It is built here. A server can choose only the endpoint, at a
    /// host that the profile allows.
    ///
    /// # Errors
    /// [`Kind::Usage`] if an endpoint is not a URL, which the checks of a profile rule out.
    pub fn url(
        &self,
        endpoint: &str,
        client_id: &str,
        options: &RequestOptions<'_>,
        redirect_uri: &str,
    ) -> Result<Url, Failure> {
        let client = BasicClient::new(ClientId::new(client_id.to_owned()))
            .set_auth_uri(AuthUrl::new(endpoint.to_owned()).map_err(not_a_url)?)
            .set_redirect_uri(RedirectUrl::new(redirect_uri.to_owned()).map_err(not_a_url)?);
        let state = CsrfToken::new(self.state.expose().to_owned());
        let mut request = client
            .authorize_url(|| state)
            .add_scopes(options.scopes.iter().cloned().map(Scope::new))
            .set_pkce_challenge(self.challenge.clone())
            .add_extra_param("nonce", self.nonce.expose());
        let optional = [
            ("identity_provider", options.identity_provider),
            ("idp_identifier", options.idp_identifier),
            ("login_hint", options.login_hint),
            ("prompt", options.prompt),
            ("lang", options.lang),
        ];
        for (name, value) in optional {
            if let Some(value) = value {
                request = request.add_extra_param(name, value);
            }
        }
        Ok(request.url().0)
    }
}

/// Parses a URL of the loopback listener.
///
/// # Errors
/// [`Kind::Usage`] if it is no URL, which the checks of a profile rule out.
pub fn listener_url(address: &str) -> Result<Url, Failure> {
    Url::parse(address).map_err(not_a_url)
}

impl Default for Attempt {
    fn default() -> Self {
        Self::new()
    }
}

fn not_a_url(error: url::ParseError) -> Failure {
    Failure::new(Kind::Usage, format!("the profile's endpoints do not make a URL: {error}"))
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;
    use crate::profile::testing::profile;

    #[test]
    fn authorization_url_has_every_parameter_and_no_secret() {
        let attempt = Attempt::new();
        let mut profile = profile("identity_provider = 'AzureAD'\nlogin_hint = 'ada@corp.example'");
        profile.prompt = Some("login".into());
        let endpoint = &profile.issuer.user_pool().unwrap().endpoints.authorization;
        let options = RequestOptions::of(&profile);
        let url = attempt.url(endpoint, &profile.client_id, &options, "http://localhost:8400/callback").unwrap();
        let query: HashMap<_, _> = url.query_pairs().into_owned().collect();
        let expected = [
            ("response_type", "code"),
            ("client_id", "3n4b5urk1ft4fl3mg5e62d9ado"),
            ("redirect_uri", "http://localhost:8400/callback"),
            ("scope", "openid"),
            ("state", attempt.state.expose()),
            ("nonce", attempt.nonce.expose()),
            ("code_challenge_method", "S256"),
            ("identity_provider", "AzureAD"),
            ("login_hint", "ada@corp.example"),
            ("prompt", "login"),
        ];
        for (name, value) in expected {
            assert_eq!(query.get(name).map(String::as_str), Some(value), "{name}");
        }
        assert_eq!(query.len(), expected.len() + 1, "only the challenge comes on top: {query:?}");
        assert!(!url.as_str().contains(attempt.verifier.expose()));
        assert_eq!(url.host_str(), Some("corp.auth.eu-west-1.amazoncognito.com"));
    }

    #[test]
    fn random_values_of_an_attempt_survive_double_encoding() {
        let (one, other) = (Attempt::new(), Attempt::new());
        for (text, again) in [(&one.state, &other.state), (&one.nonce, &other.nonce), (&one.verifier, &other.verifier)]
        {
            assert_ne!(text.expose(), again.expose());
            assert!(text.expose().len() >= 43, "256 bits");
            assert!(text.expose().chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c)));
        }
    }

    #[test]
    fn short_address_has_128_random_bits_of_its_own() {
        let (one, other) = (Attempt::new(), Attempt::new());
        assert_ne!(one.start, other.start);
        let random = one.start.strip_prefix('/').unwrap();
        assert!(
            random.len() >= 22 && random.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c)),
            "{random}"
        );
        for value in [&one.state, &one.nonce, &one.verifier] {
            assert!(!value.expose().contains(random));
        }
    }
}
