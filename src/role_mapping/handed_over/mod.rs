//! A parser for the claims that a person gives. The claims may have any of the many forms in which tools print them.
//!
//! Any JSON object could be a set of claims, so that a document in another shape would be evaluated as claims without
//! roles: a wrong answer without a sign of it. A wrapped ID token, or its payload, is unwrapped if there is only one.
//! Every other document is named.

mod documents;

use std::fmt;

use serde_json::{Map, Value};

pub(super) use documents::recognized;

use super::asserted::{NEVER_ROLES, PLAIN_GROUPS, PLAIN_ROLES};
use crate::error::{quoted, shortened};
use crate::json;
use crate::secret::Secret;

/// The maximum length of a JSON parser message that is quoted, in characters.
const LONGEST_FAULT: usize = 200;
/// The member names under which token endpoints and libraries return the ID token.
const ID_TOKEN: &[&str] = &["id_token", "idToken", "IdToken", "rawIdToken"];
/// The member names under which token endpoints and libraries return the access token.
const ACCESS_TOKEN: &[&str] = &["access_token", "accessToken", "AccessToken"];
/// The names of members that hold, inside another object, the whole answer of a token endpoint or a decoded ID token.
const WRAPPERS: &[&str] = &["AuthenticationResult", "tokens", "signInUserSession", "idTokenClaims", "id_token_claims"];
/// Claim names that also occur in other JSON documents. To find one of them in an object does not prove that the object
/// is a set of claims.
const COMMON_NAMES: &[&str] =
    &["address", "name", "profile", "scope", "username", "version", "picture", "client_id", "idp"];
/// The first characters of every JWT: the start of a JSON object in base64url.
const BEGINNING: &str = "eyJ";
/// The maximum nesting depth to which a document is searched for tokens.
const DEEPEST: usize = 16;

/// Claims that a person gave, or an ID token that contains them.
#[derive(Debug)]
pub enum HandedOver {
    /// The decoded claims.
    Claims(Map<String, Value>),
    /// An ID token that is not decoded yet.
    IdToken(Secret),
}

/// The reason why a document is not usable as claims, with the next step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotClaims {
    /// The kind of document, worded as the end of a sentence that begins with "it is".
    pub what: String,
    /// The next step.
    pub instead: String,
}

impl NotClaims {
    fn new(what: impl Into<String>, instead: impl Into<String>) -> Self {
        Self { what: what.into(), instead: instead.into() }
    }
}

impl fmt::Display for NotClaims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "it is {}", self.what)
    }
}

/// Parses a text that is an ID token, a set of claims, or a document that contains a token or claims.
///
/// # Errors
/// [`NotClaims`], with the kind of the document.
pub fn claims(text: &str) -> Result<HandedOver, NotClaims> {
    let text = text.trim();
    match text.chars().next() {
        None => Err(NotClaims::new("empty", CLAIMS)),
        Some('{' | '[' | '"') => of_json(parsed(text)?),
        Some('<') => Err(NotClaims::new("an XML or HTML document", CLAIMS)),
        Some(_) => token(text),
    }
}

/// Checks that claims come from an ID token, and returns them.
///
/// # Errors
/// [`NotClaims`] if they are those of another kind of token.
pub fn of_id_token(claims: Map<String, Value>) -> Result<Map<String, Value>, NotClaims> {
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    let kind = match (text("token_use"), text("typ")) {
        (Some("id"), _) => None,
        (Some("access"), _) | (None, Some("Bearer")) => Some("an access token"),
        (None, Some("Refresh" | "Offline")) => Some("a refresh token"),
        (None, _) if text("iss").is_some_and(|issuer| issuer.contains("cognito-identity.")) => {
            Some("the identity pool's own token")
        }
        (None, _) if claims.contains_key("scp") => Some("an access token"),
        (None, _)
            if claims.contains_key("client_id") && (!claims.contains_key("aud") || claims.contains_key("scope")) =>
        {
            Some("an access token")
        }
        (None, _) if !claims.contains_key("token_use") => None,
        _ => Some("a token whose token_use is not 'id'"),
    };
    match kind {
        None => Ok(claims),
        Some(kind) => Err(NotClaims::new(
            format!("{kind}, and an identity pool accepts only ID tokens"),
            "give the ID token of the same sign-in",
        )),
    }
}

/// The hint to give if no more specific one applies.
const CLAIMS: &str = "give an ID token, or its claims as a JSON object";

fn parsed(text: &str) -> Result<Value, NotClaims> {
    json::unique(text).map_err(|error| {
        let first = serde_json::Deserializer::from_str(text).into_iter::<Value>().next();
        match first {
            Some(Ok(Value::Object(first))) if is_header(&first) => {
                NotClaims::new("a token's header with more behind it", "give the payload alone, or the whole token")
            }
            Some(Ok(Value::Object(_))) if error.to_string().contains("trailing") => {
                NotClaims::new("several documents in one file", CLAIMS)
            }
            _ => NotClaims::new(format!("not JSON: {}", shortened(&error.to_string(), LONGEST_FAULT)), CLAIMS),
        }
    })
}

/// Returns whether an object is the header of a JWT (RFC 7515, section 4).
fn is_header(object: &Map<String, Value>) -> bool {
    object.get("alg").is_some_and(Value::is_string) && !object.contains_key("sub") && !object.contains_key("iss")
}

fn of_json(document: Value) -> Result<HandedOver, NotClaims> {
    match document {
        Value::String(text) => token(&text),
        Value::Object(object) => of_object(object),
        Value::Array(elements) => match documents::is_attribute_list(&elements) {
            true => Err(documents::attributes("a list of user attributes", ".")),
            false => Err(NotClaims::new("a JSON list", CLAIMS)),
        },
        _ => Err(NotClaims::new("not a JSON object", CLAIMS)),
    }
}

fn of_object(mut object: Map<String, Value>) -> Result<HandedOver, NotClaims> {
    if object.contains_key("token_use") || (object.contains_key("iss") && object.contains_key("aud")) {
        return of_id_token(object).map(HandedOver::Claims);
    }
    if let Some(inner) = wrapped(&mut object) {
        return match inner {
            Value::String(text) => token(&text),
            Value::Object(inner) => of_object(inner),
            _ => Err(NotClaims::new("an answer with an ID token of an unknown form", "give the ID token alone")),
        };
    }
    let is_decoded =
        object.len() == 1 || ["header", "signature", "jwtToken"].iter().any(|name| object.contains_key(*name));
    if is_decoded && object.get("payload").is_some_and(Value::is_object) {
        return of_object_in(object, "payload");
    }
    let has_custom = object.keys().any(|name| has_prefix(name));
    if let Some(named) = recognized(&object).filter(|_| !has_custom) {
        return Err(named);
    }
    if ACCESS_TOKEN.iter().any(|name| object.contains_key(*name)) {
        return Err(NotClaims::new(
            "an answer with an access token and no ID token",
            "ask for the scope 'openid', and give the ID token",
        ));
    }
    if is_header(&object) {
        return Err(NotClaims::new("the header of a token", "give its payload, or the whole token"));
    }
    let object = if object.keys().any(|name| is_claim(name)) { object } else { without_claims(object)? };
    of_id_token(object).map(HandedOver::Claims)
}

fn of_object_in(mut object: Map<String, Value>, member: &str) -> Result<HandedOver, NotClaims> {
    match object.remove(member) {
        Some(Value::Object(inner)) => of_id_token(inner).map(HandedOver::Claims),
        _ => Err(NotClaims::new("not a JSON object", CLAIMS)),
    }
}

/// Removes and returns the member that holds an ID token, the payload of an ID token, or an object that contains a
/// token or a payload.
fn wrapped(object: &mut Map<String, Value>) -> Option<Value> {
    let mut take = |name: &str| object.remove(name).filter(|inner| inner.is_string() || inner.is_object());
    if let Some(inner) = ID_TOKEN.iter().find_map(|name| take(name)) {
        return Some(inner);
    }
    if let Some(inner) = WRAPPERS.iter().find_map(|name| take(name)) {
        return Some(inner);
    }
    // The browser's storage, as AWS Amplify writes it: `CognitoIdentityServiceProvider.CLIENT.USER.idToken`.
    let names: Vec<String> = object.keys().filter(|name| name.ends_with(".idToken")).cloned().collect();
    names.as_slice().first().filter(|_| names.len() == 1).and_then(|name| object.remove(name))
}

/// Returns whether a member's name proves that its object holds claims.
pub(super) fn is_claim(name: &str) -> bool {
    has_prefix(name)
        || [PLAIN_ROLES, PLAIN_GROUPS].contains(&name)
        || (NEVER_ROLES.binary_search(&name).is_ok() && !COMMON_NAMES.contains(&name))
}

fn has_prefix(name: &str) -> bool {
    ["custom:", "cognito:", "dev:", "extension_"].iter().any(|prefix| name.starts_with(prefix))
}

/// Checks an object whose member names do not prove that it holds claims. Returns the object if its form is possible
/// for claims. A flat one may hold a deployment's own claims; others are wrapped.
fn without_claims(object: Map<String, Value>) -> Result<Map<String, Value>, NotClaims> {
    let document = Value::Object(object);
    let mut path = Vec::new();
    if find(&document, &|value| value.as_str().is_some_and(is_token), &mut path) {
        let place = quoted(&path.join("."));
        return Err(NotClaims::new(format!("a document with a token in '{place}'"), "give an ID token alone"));
    }
    let is_claims = |value: &Value| value.as_object().is_some_and(|object| object.keys().any(|name| is_claim(name)));
    if find(&document, &is_claims, &mut path) {
        let place = quoted(&path.join("."));
        let what = format!("a document with claims in its member '{place}'");
        return Err(NotClaims::new(what, "give that member alone, if it is the payload of an ID token"));
    }
    let Value::Object(object) = document else { return Err(NotClaims::new("not a JSON object", CLAIMS)) };
    let is_flat = |value: &Value| match value {
        Value::Object(_) => false,
        Value::Array(elements) => !elements.iter().any(|element| element.is_object() || element.is_array()),
        _ => true,
    };
    match object.values().all(is_flat) {
        true => Ok(object),
        false => {
            let names: Vec<String> = object.keys().take(3).map(|name| format!("'{}'", quoted(name))).collect();
            Err(NotClaims::new(format!("a document without claims: it has {}", names.join(", ")), CLAIMS))
        }
    }
}

/// Searches the values nested in `value`. Returns whether a value satisfies `is_it`, and stores the path to the first
/// such value in `path`.
fn find(value: &Value, is_it: &dyn Fn(&Value) -> bool, path: &mut Vec<String>) -> bool {
    let members: Vec<(String, &Value)> = match value {
        _ if path.len() >= DEEPEST => return false,
        Value::Object(object) => object.iter().map(|(name, value)| (name.clone(), value)).collect(),
        Value::Array(elements) => elements.iter().enumerate().map(|(at, value)| (at.to_string(), value)).collect(),
        _ => return false,
    };
    for (name, member) in members {
        path.push(name);
        if is_it(member) || find(member, is_it, path) {
            return true;
        }
        path.pop();
    }
    false
}

/// Returns whether a text looks like a JWT: three parts in base64url, of which the first starts like a JSON object.
fn is_token(text: &str) -> bool {
    let is_piece = |piece: &str| {
        !piece.is_empty() && piece.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
    };
    text.starts_with(BEGINNING) && text.split('.').count() == 3 && text.split('.').all(is_piece)
}

/// Parses a token in any form in which people copy it: after `Bearer`, in a URL, in quotes, or with line breaks from a
/// mail program.
fn token(text: &str) -> Result<HandedOver, NotClaims> {
    let of_parameter = text.split_once("id_token=").and_then(|(_, token)| token.split('&').next());
    let token = of_parameter.unwrap_or(text);
    // The header of every token begins with `{"`.
    let token = token.find(BEGINNING).and_then(|at| token.get(at..)).unwrap_or(token);
    let begin = |line: &&str| line.trim_start_matches(['>', ' ']).starts_with(BEGINNING);
    let lines = token.lines().filter(begin).count();
    let token = unwrapped(token);
    match token.split('.').count() {
        3 => Ok(HandedOver::IdToken(Secret::new(token))),
        5 if lines < 2 => {
            Err(NotClaims::new("an encrypted token, as Cognito's refresh tokens are", "give the ID token"))
        }
        5.. if lines >= 2 => Err(NotClaims::new("more than one token", "give the ID token alone")),
        _ => Err(NotClaims::new("neither a JSON object nor a signed token", CLAIMS)),
    }
}

/// Joins the lines into which a token was broken. Mail programs break them, quote them with `>`, or end them with `=`.
fn unwrapped(token: &str) -> String {
    let lines: Vec<&str> = token.lines().map(|line| line.trim_start_matches(['>', ' ', '\t']).trim_end()).collect();
    let is_broken = lines.len() > 1;
    let joined = lines.iter().map(|line| if is_broken { line.trim_end_matches('=') } else { line });
    // Browsers and chat programs add characters without a width.
    let is_visible =
        |c: &char| !c.is_whitespace() && !matches!(c, '\u{ad}' | '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}');
    let token: String = joined.flat_map(|line| line.chars()).filter(is_visible).collect();
    token.trim_end_matches(['"', '\'', ',', ';', '`']).to_owned()
}

#[cfg(test)]
mod tests;
