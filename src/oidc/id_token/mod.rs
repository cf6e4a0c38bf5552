//! ID token verification (OpenID Connect Core 1.0, section 3.1.3.7;
//! <https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-tokens-verifying-a-jwt.html>).
//!
//! `openidconnect` reads the keys and verifies the signature. The claims are read here, because the library rejects a
//! token if one optional claim has an odd type. A directory that sends `"email_verified": "yes"` must not lock anyone
//! out.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use openidconnect::core::{CoreJsonWebKey, CoreJsonWebKeySet, CoreJsonWebKeyType, CoreJwsSigningAlgorithm};
use openidconnect::{AccessToken, AccessTokenHash, JsonWebKey};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};
use subtle::ConstantTimeEq;

use super::token_endpoint::Grant;
use crate::clock::Offset;
use crate::error::shortened;
use crate::json::UniqueMembers;
use crate::profile::Issuer;
use crate::secret::Secret;

/// The tolerance for small errors of a clock, in the checks of `exp` and `nbf`.
const LEEWAY: TimeDelta = TimeDelta::seconds(60);
/// The largest difference between `iat` and the server's clock at which a token counts as just issued. Entra ID
/// backdates its tokens by five minutes.
const JUST_ISSUED: TimeDelta = TimeDelta::minutes(10);
/// The longest token that is accepted, in characters. Identity pools accept no longer one
/// (<https://docs.aws.amazon.com/cognitoidentity/latest/APIReference/API_GetId.html>).
const LONGEST: usize = 50_000;
/// The longest name of a person or a provider that is kept, in characters.
const LONGEST_NAME: usize = 256;
/// The longest text of a token that a message quotes, in characters.
const LONGEST_QUOTE: usize = 100;

/// The requirements for a token.
#[derive(Debug)]
pub struct Expected<'a> {
    /// The issuers that are accepted.
    pub issuers: &'a [String],
    /// True if the issuer is a user pool. Only a user pool's tokens state their purpose in `token_use`.
    pub is_user_pool: bool,
    /// The id of the app client.
    pub client_id: &'a str,
    /// The nonce of the authorization request; `None` after a refresh, because Cognito promises none then.
    pub nonce: Option<&'a Secret>,
    /// The access token that came with the ID token, for `at_hash`; `None` if there is none.
    pub access_token: Option<&'a Secret>,
    /// The time now, by this machine's clock.
    pub now: DateTime<Utc>,
    /// The offset of the token server's clock from this machine's, measured from the same answer.
    pub offset: Offset,
}

impl<'a> Expected<'a> {
    /// Returns the requirements for the ID token in `grant`, which `issuer` issued to the app client `client_id`.
    pub fn new(
        issuer: &'a Issuer,
        client_id: &'a str,
        grant: &'a Grant,
        nonce: Option<&'a Secret>,
        now: DateTime<Utc>,
    ) -> Self {
        Self {
            issuers: issuer.issuers(),
            is_user_pool: issuer.user_pool().is_some(),
            client_id,
            nonce,
            access_token: grant.access_token.as_ref(),
            now,
            offset: grant.offset,
        }
    }

    /// Returns the time by which a token is judged. A token that was just issued is judged by the server's clock, so
    /// that a machine with a wrong clock can sign in. Any other token is judged by the later of the two clocks.
    fn time_for(&self, issued_at: DateTime<Utc>) -> DateTime<Utc> {
        let theirs = self.offset.there(self.now);
        if (theirs - issued_at).abs() <= JUST_ISSUED { theirs } else { self.now.max(theirs) }
    }

    /// Returns the word for the issuer in messages, like [`Issuer::described`].
    pub fn described(&self) -> &'static str {
        if self.is_user_pool { "user pool" } else { "issuer" }
    }

    /// Returns the words that end a message about a time. They name the clock that was used.
    fn doubt(&self) -> String {
        match self.offset.is_none() {
            true => " by this machine's clock".to_owned(),
            false => format!("; this machine's clock is {} the {}'s", self.offset, self.described()),
        }
    }
}

/// The claims of a verified ID token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdTokenClaims {
    /// `iss`.
    pub issuer: String,
    /// `sub`: the person, in the user pool or at the issuer.
    pub subject: String,
    /// `iat`.
    pub issued_at: DateTime<Utc>,
    /// `exp`.
    pub expires_at: DateTime<Utc>,
    /// The person's name: the email address, else a user name, else the subject.
    pub person: String,
    /// The identity provider that the person used, if the token names it.
    pub provider: Option<String>,
}

/// The reason why a token is not accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Invalid {
    /// The key is not in the given set. The caller may fetch the keys again, once.
    UnknownKey,
    /// Any other fault, in words. Fetching the keys again would not help.
    Token(String),
}

/// Verifies `token` and returns its claims.
///
/// # Errors
/// [`Invalid`], with the first fault.
pub fn verify(token: &Secret, keys: &CoreJsonWebKeySet, expected: &Expected<'_>) -> Result<IdTokenClaims, Invalid> {
    let token = token.expose();
    if token.len() > LONGEST {
        return Err(fault(format!("it is longer than {LONGEST} characters")));
    }
    let not_a_jwt = || fault("it is not a signed JWT");
    let (signed, signature) = token.rsplit_once('.').ok_or_else(not_a_jwt)?;
    let (header, payload) = signed.split_once('.').ok_or_else(not_a_jwt)?;
    let key = key_of(&object(header, "header")?, keys)?;
    let signature = decode(signature).ok_or_else(|| fault("its signature is not base64url"))?;
    key.verify_signature(&CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256, signed.as_bytes(), &signature)
        .map_err(|_| fault("its signature is wrong"))?;
    check_claims(&object(payload, "payload")?, key, expected)
}

/// Returns the key that the header names. The algorithm is RS256, which Cognito uses: the token cannot choose another.
fn key_of<'k>(header: &Map<String, Value>, keys: &'k CoreJsonWebKeySet) -> Result<&'k CoreJsonWebKey, Invalid> {
    match header.get("alg").and_then(Value::as_str) {
        Some("RS256") => {}
        Some(other) => return Err(fault(format!("it is signed by '{}', not by RS256", quoted(other)))),
        None => return Err(fault("it names no algorithm")),
    }
    if header.contains_key("crit") {
        return Err(fault("it demands extensions that are not understood here"));
    }
    let kid = header.get("kid").and_then(Value::as_str).ok_or_else(|| fault("it names no key"))?;
    let named = |key: &&CoreJsonWebKey| {
        key.key_id().is_some_and(|id| id.as_str() == kid) && *key.key_type() == CoreJsonWebKeyType::RSA
    };
    keys.keys().iter().find(named).ok_or(Invalid::UnknownKey)
}

fn check_claims(
    claims: &Map<String, Value>,
    key: &CoreJsonWebKey,
    expected: &Expected,
) -> Result<IdTokenClaims, Invalid> {
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    let required = |name: &str| text(name).ok_or_else(|| fault(format!("it has no '{name}'")));
    let issuer = required("iss")?;
    if !expected.issuers.iter().any(|known| known == issuer) {
        let known = expected.issuers.join("' or '");
        return Err(fault(format!("it is from the issuer '{}', not from '{known}'", quoted(issuer))));
    }
    if !is_audience(claims.get("aud"), expected.client_id) {
        return Err(fault("it is for another app client"));
    }
    match text("token_use") {
        _ if !expected.is_user_pool => {}
        Some("id") => {}
        Some(other) => return Err(fault(format!("it is not an ID token, its token_use is '{}'", quoted(other)))),
        None => return Err(fault("it has no 'token_use'")),
    }
    let (issued_at, expires_at) = (time(claims, "iat")?, time(claims, "exp")?);
    let now = expected.time_for(issued_at);
    // The leeway is subtracted from our time: adding it to the token's could overflow.
    if expires_at <= now - LEEWAY {
        return Err(fault(format!("it expired at {expires_at}, and it is {now}{}", expected.doubt())));
    }
    if claims.contains_key("nbf") && time(claims, "nbf")? > now + LEEWAY {
        return Err(fault(format!("it is not valid yet, at {now}{}", expected.doubt())));
    }
    if let Some(nonce) = expected.nonce
        && !bool::from(text("nonce").unwrap_or_default().as_bytes().ct_eq(nonce.expose().as_bytes()))
    {
        return Err(fault("its nonce is not the one of this sign-in"));
    }
    if let (Some(at_hash), Some(access_token)) = (claims.get("at_hash"), expected.access_token) {
        check_at_hash(at_hash.as_str().unwrap_or_default(), key, access_token)?;
    }
    let subject = Some(required("sub")?).filter(|sub| !sub.is_empty()).ok_or_else(|| fault("its 'sub' is empty"))?;
    let names = ["email", "cognito:username", "preferred_username"];
    let person = names.into_iter().filter_map(text).find(|name| !name.is_empty()).unwrap_or(subject);
    Ok(IdTokenClaims {
        issuer: issuer.to_owned(),
        subject: subject.to_owned(),
        issued_at,
        expires_at,
        person: shortened(person, LONGEST_NAME),
        provider: provider(claims),
    })
}

/// Returns whether `aud`, a text or a list, names only this app client. A token for several audiences is refused,
/// because cogfed cannot tell whether to trust the others.
fn is_audience(aud: Option<&Value>, client_id: &str) -> bool {
    match aud {
        Some(Value::String(one)) => one == client_id,
        Some(Value::Array(several)) => several.len() == 1 && several.first().and_then(Value::as_str) == Some(client_id),
        _ => false,
    }
}

fn check_at_hash(at_hash: &str, key: &CoreJsonWebKey, access_token: &Secret) -> Result<(), Invalid> {
    let access_token = AccessToken::new(access_token.expose().to_owned());
    let algorithm = CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256;
    match AccessTokenHash::from_token(&access_token, &algorithm, key) {
        Ok(hash) if hash.as_str() == at_hash => Ok(()),
        _ => Err(fault("the access token that came along is not the one that it vouches for")),
    }
}

/// Returns the provider in Cognito's claim `identities`: a list of objects, or such a list as JSON text. Any other form
/// names no provider.
fn provider(claims: &Map<String, Value>) -> Option<String> {
    let identities = match claims.get("identities")? {
        Value::String(text) => serde_json::from_str(text).ok()?,
        other => other.clone(),
    };
    Some(shortened(identities.as_array()?.first()?.get("providerName")?.as_str()?, LONGEST_NAME))
}

fn time(claims: &Map<String, Value>, name: &str) -> Result<DateTime<Utc>, Invalid> {
    let seconds =
        claims.get(name).and_then(|value| value.as_i64().or_else(|| value.as_f64().map(|number| number as i64)));
    seconds
        .and_then(|seconds| DateTime::from_timestamp(seconds, 0))
        .ok_or_else(|| fault(format!("its '{name}' is not a time")))
}

fn object(part: &str, what: &str) -> Result<Map<String, Value>, Invalid> {
    let bytes = decode(part).ok_or_else(|| fault(format!("its {what} is not base64url")))?;
    json_object(&bytes)
        .ok_or_else(|| fault(format!("its {what} is not a JSON object in which each name is there once")))
}

/// A JSON object without repeated names, because parsers disagree on which value counts (RFC 7519, section 4).
struct Unique(Map<String, Value>);

impl<'de> Deserialize<'de> for Unique {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let members = UniqueMembers::new("an object", |_| "a name is there twice".into());
        Ok(Unique(deserializer.deserialize_map(members)?.into_iter().collect()))
    }
}

/// Returns the claims of a token without verifying it. Use it only for a token that was verified when it was stored, or
/// to explain one to a person.
///
/// # Errors
/// [`Invalid`] if it does not have the form of a token.
pub fn unverified_claims(token: &Secret) -> Result<Map<String, Value>, Invalid> {
    match token.expose().split('.').collect::<Vec<_>>().as_slice() {
        _ if token.expose().len() > LONGEST => Err(fault(format!("it is longer than {LONGEST} characters"))),
        [_, payload, _] => object(payload, "payload"),
        _ => Err(fault("it is not a signed JWT")),
    }
}

/// Returns a JSON object in which each name occurs once; `None` if `json` is anything else.
pub fn json_object(json: &[u8]) -> Option<Map<String, Value>> {
    let Unique(object) = serde_json::from_slice(json).ok()?;
    Some(object)
}

fn decode(part: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(part).ok()
}

/// Shortens a token's text for a message.
fn quoted(text: &str) -> String {
    shortened(text, LONGEST_QUOTE)
}

fn fault(text: impl Into<String>) -> Invalid {
    Invalid::Token(text.into())
}

#[cfg(test)]
mod tests;
