//! ID token verification (OpenID Connect Core 1.0, section 3.1.3.7;
//! <https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-tokens-verifying-a-jwt.html>).
//!
//! The claims are read one by one: a directory that sends `"email_verified": "yes"` must not lock anyone out. Optional
//! claims that are null count as missing, but no member of the header does.

mod person;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use ring::digest;
use serde_json::{Map, Value};
use subtle::ConstantTimeEq;

use super::keys::KeySet;
use super::token_endpoint::Grant;
use crate::clock::Offset;
use crate::error::shortened;
use crate::json;
use crate::profile::Issuer;
use crate::secret::Secret;

pub use person::Identity;

/// The tolerance for clock differences when checking `exp` and `nbf`.
const LEEWAY: TimeDelta = TimeDelta::seconds(60);
/// The maximum difference between `iat` and the server's clock for a token that counts as just issued. It also limits
/// how far `iat` may be in the future. Entra ID backdates its tokens by five minutes.
const JUST_ISSUED: TimeDelta = TimeDelta::minutes(10);
/// The maximum length of an ID token, in characters. Identity pools accept no longer one
/// (<https://docs.aws.amazon.com/cognitoidentity/latest/APIReference/API_GetId.html>).
const LONGEST: usize = 50_000;
/// The maximum length of the name of a person or provider, in characters. Longer names are cut.
const LONGEST_NAME: usize = 256;
/// The maximum length of text that a message quotes from a token, in characters.
const LONGEST_QUOTE: usize = 100;

/// The requirements that an ID token must meet.
#[derive(Debug)]
pub struct Expected<'a> {
    /// The accepted values of `iss`.
    pub issuers: &'a [String],
    /// True if the issuer is a user pool. Only a user pool's tokens state their purpose in `token_use`.
    pub is_user_pool: bool,
    /// The id of the app client.
    pub client_id: &'a str,
    /// The nonce of the authorization request; `None` after a refresh, because Cognito does not promise a nonce in
    /// refreshed tokens.
    pub nonce: Option<&'a Secret>,
    /// The access token that came with the ID token, if any. It is needed for checking `at_hash`.
    pub access_token: Option<&'a Secret>,
    /// The current time by this machine's clock.
    pub now: DateTime<Utc>,
    /// The difference between the clocks of the token server and this machine, measured when the token arrived.
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

    /// Returns the time to use as the current time when checking a token. A token that was just issued is judged by the
    /// server's clock, so that a machine with a wrong clock can sign in. Any other token is judged by the later of the
    /// two clocks.
    fn time_for(&self, issued_at: DateTime<Utc>) -> DateTime<Utc> {
        let theirs = self.offset.there(self.now);
        if (theirs - issued_at).abs() <= JUST_ISSUED { theirs } else { self.now.max(theirs) }
    }

    /// Returns the word for the issuer in messages, "user pool" or "issuer", like [`Issuer::described`].
    pub fn described(&self) -> &'static str {
        if self.is_user_pool { "user pool" } else { "issuer" }
    }

    /// Returns the words at the end of a message about a token's time. They name the clock that was used.
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
    /// The claim `iss`, which names the issuer.
    pub issuer: String,
    /// The claim `sub`: the person's id in the user pool or at the issuer.
    pub subject: String,
    /// The claim `iat`, the time of issue.
    pub issued_at: DateTime<Utc>,
    /// The claim `exp`, the time of expiry.
    pub expires_at: DateTime<Utc>,
    /// The person's name for messages: an email address, a user name or a display name or, if the token has none of
    /// these, the subject.
    pub person: String,
    /// The person's identity providers, separated by commas, if the token names any. A linked person has several.
    pub provider: Option<String>,
}

/// The reason why a token is not accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Invalid {
    /// The key set does not contain the key that the token names. The caller may fetch the keys again, once.
    UnknownKey,
    /// Any other fault of the token, as message text. Fetching the keys again would not help.
    Token(String),
}

/// Verifies `token` and returns its claims.
///
/// # Errors
/// [`Invalid`], with the first fault.
pub fn verify(token: &Secret, keys: &KeySet, expected: &Expected<'_>) -> Result<IdTokenClaims, Invalid> {
    let token = token.expose();
    if token.len() > LONGEST {
        return Err(fault(format!("it is longer than {LONGEST} characters")));
    }
    let not_a_jwt = || fault("it is not a signed JWT");
    let (signed, signature) = token.rsplit_once('.').ok_or_else(not_a_jwt)?;
    let (header, payload) = signed.split_once('.').ok_or_else(not_a_jwt)?;
    let header = object(header, "header")?;
    let key_id = key_id(&header)?;
    let signature = decode(signature).ok_or_else(|| fault("its signature is not base64url"))?;
    keys.verify(key_id, signed, &signature)?;
    check_claims(&object(payload, "payload")?, expected)
}

/// Checks the algorithm and the type in the token's header, and returns its key id. The algorithm is RS256, which
/// Cognito uses: the token cannot choose another.
fn key_id(header: &Map<String, Value>) -> Result<&str, Invalid> {
    match header.get("alg").and_then(Value::as_str) {
        Some("RS256") => {}
        Some(other) => return Err(fault(format!("it is signed by '{}', not by RS256", quoted(other)))),
        None => return Err(fault("it names no algorithm")),
    }
    if header.contains_key("crit") {
        return Err(fault("it demands extensions that are not understood here"));
    }
    check_type(header.get("typ"))?;
    header.get("kid").and_then(Value::as_str).ok_or_else(|| fault("it names no key"))
}

/// Checks the header parameter `typ`, so that a JWT of another kind is not accepted as an ID token. Access tokens (RFC
/// 9068, section 2.1) and logout tokens have types of their own (RFC 8725, section 3.11). An ID token has none, or
/// `JWT`, with or without `application/` in front (RFC 7515, section 4.1.9; media types ignore case).
fn check_type(typ: Option<&Value>) -> Result<(), Invalid> {
    let Some(typ) = typ else { return Ok(()) };
    let text = typ.as_str().ok_or_else(|| fault("its 'typ' is not a text"))?;
    let name = text.to_ascii_lowercase();
    match name.strip_prefix("application/").unwrap_or(&name) {
        "jwt" => Ok(()),
        _ => Err(fault(format!("it is not an ID token, its typ is '{}'", quoted(text)))),
    }
}

fn check_claims(claims: &Map<String, Value>, expected: &Expected) -> Result<IdTokenClaims, Invalid> {
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    let required = |name: &str| text(name).ok_or_else(|| fault(format!("it has no '{name}'")));
    let issuer = required("iss")?;
    if !expected.issuers.iter().any(|known| known == issuer) {
        let known = expected.issuers.join("' or '");
        return Err(fault(format!("it is from the issuer '{}', not from '{known}'", quoted(issuer))));
    }
    check_audience(claims, expected.client_id)?;
    match text("token_use") {
        _ if !expected.is_user_pool => {}
        Some("id") => {}
        Some(other) => return Err(fault(format!("it is not an ID token, its token_use is '{}'", quoted(other)))),
        None => return Err(fault("it has no 'token_use'")),
    }
    let (issued_at, expires_at) = check_times(claims, expected)?;
    if let Some(nonce) = expected.nonce
        && !bool::from(text("nonce").unwrap_or_default().as_bytes().ct_eq(nonce.expose().as_bytes()))
    {
        return Err(fault("its nonce is not the one of this sign-in"));
    }
    if let (Some(at_hash), Some(access_token)) = (optional(claims, "at_hash"), expected.access_token) {
        check_at_hash(at_hash.as_str().unwrap_or_default(), access_token)?;
    }
    let subject = Some(required("sub")?).filter(|sub| !sub.is_empty()).ok_or_else(|| fault("its 'sub' is empty"))?;
    Ok(IdTokenClaims {
        issuer: issuer.to_owned(),
        subject: subject.to_owned(),
        issued_at,
        expires_at,
        person: person::name(claims).unwrap_or_else(|| shortened(subject, LONGEST_NAME)),
        provider: person::provider(claims),
    })
}

/// Returns the claim `name`, or `None` if it is missing. One that is null counts as missing.
fn optional<'a>(claims: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    claims.get(name).filter(|claim| !claim.is_null())
}

/// Checks `iat`, `exp` and `nbf`, and returns `iat` and `exp`.
fn check_times(claims: &Map<String, Value>, expected: &Expected) -> Result<(DateTime<Utc>, DateTime<Utc>), Invalid> {
    let (issued_at, expires_at) = (time(claims, "iat")?, time(claims, "exp")?);
    let now = expected.time_for(issued_at);
    // The leeway is subtracted from our time: adding it to the token's could overflow.
    if expires_at <= now - LEEWAY {
        return Err(fault(format!("it expired at {expires_at}, and it is {now}{}", expected.doubt())));
    }
    if issued_at > now + JUST_ISSUED {
        return Err(fault(format!("it was issued in the future, at {issued_at}: it is {now}{}", expected.doubt())));
    }
    if optional(claims, "nbf").is_some() && time(claims, "nbf")? > now + LEEWAY {
        return Err(fault(format!("it is not valid yet, at {now}{}", expected.doubt())));
    }
    Ok((issued_at, expires_at))
}

/// Checks `aud` (a string or an array) and `azp` (OpenID Connect Core 1.0, section 3.1.3.7, items 3 to 5). With several
/// audiences, `azp` has to say that the token was issued to this app client.
fn check_audience(claims: &Map<String, Value>, client_id: &str) -> Result<(), Invalid> {
    let audiences = match claims.get("aud") {
        Some(Value::Array(several)) => several.as_slice(),
        Some(one) => std::slice::from_ref(one),
        None => &[],
    };
    if !audiences.iter().all(Value::is_string) || !audiences.iter().any(|audience| audience == client_id) {
        return Err(fault("it is for another app client"));
    }
    match optional(claims, "azp") {
        Some(party) if party == client_id => Ok(()),
        Some(_) => Err(fault("it was issued to another app client, which its 'azp' names")),
        None if audiences.iter().all(|audience| audience == client_id) => Ok(()),
        None => Err(fault("it is for several app clients, and no 'azp' says that it was issued to this one")),
    }
}

/// Checks that `at_hash` is the left half of the access token's SHA-256 hash, in base64url (OpenID Connect Core 1.0,
/// section 3.1.3.6).
fn check_at_hash(at_hash: &str, access_token: &Secret) -> Result<(), Invalid> {
    let hash = digest::digest(&digest::SHA256, access_token.expose().as_bytes());
    let (left, _) = hash.as_ref().split_at(hash.as_ref().len() / 2);
    match URL_SAFE_NO_PAD.encode(left) == at_hash {
        true => Ok(()),
        false => Err(fault("the access token that came along is not the one that it vouches for")),
    }
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

/// Parses a JSON object, or returns `None` if `json` is not an object or repeats a name at any depth. Parsers disagree
/// on which of two members counts (RFC 7519, section 4).
pub fn json_object(json: &[u8]) -> Option<Map<String, Value>> {
    match json::value(json)? {
        Value::Object(object) => Some(object),
        _ => None,
    }
}

fn decode(part: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(part).ok()
}

/// Shortens text from a token so that it fits into a message.
fn quoted(text: &str) -> String {
    shortened(text, LONGEST_QUOTE)
}

fn fault(text: impl Into<String>) -> Invalid {
    Invalid::Token(text.into())
}

#[cfg(test)]
mod tests;
