//! The names and identity providers of the person, taken from the claims of an ID token.
//!
//! Directories put a person's name and address into different claims, and none of these may fail a token.

use serde_json::{Map, Value};

use super::{LONGEST_NAME, unverified_claims};
use crate::error::shortened;
use crate::secret::Secret;

/// The claims that name a person, in order of preference: email address, user name, display name. `emails` is of Azure
/// AD B2C, `upn` and `unique_name` are of Entra ID's first version
/// (<https://learn.microsoft.com/en-us/entra/identity-platform/id-token-claims-reference>).
const NAMES: &[&str] = &["email", "emails", "upn", "cognito:username", "preferred_username", "unique_name", "name"];
/// The claims that `login --email` compares with the address. They are [`NAMES`] without the display name, because
/// people can choose that name freely.
const LOGIN_NAMES: &[&str] = &["email", "emails", "upn", "cognito:username", "preferred_username", "unique_name"];
/// The provider name that Cognito uses for a user pool's own directory
/// (<https://docs.aws.amazon.com/cognito/latest/developerguide/authorization-endpoint.html>).
const NATIVE: &str = "COGNITO";

/// The person's names and identity providers, as an ID token states them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Identity {
    /// The person's user names and email addresses, without duplicates.
    pub names: Vec<String>,
    /// The provider names in Cognito's claim `identities`. A linked user has several, a user of the pool's own
    /// directory none.
    pub providers: Vec<String>,
    /// True if no identity in the claim `identities` is primary. Then the person may have signed in with the user
    /// pool's own directory.
    is_native: bool,
}

impl Identity {
    /// Reads the person's names and identity providers from `claims`.
    pub fn of(claims: &Map<String, Value>) -> Self {
        let mut names: Vec<String> = Vec::new();
        for name in LOGIN_NAMES.iter().flat_map(|name| texts(claims.get(*name))) {
            if !names.iter().any(|known| known == name) {
                names.push(name.to_owned());
            }
        }
        let identities = identities(claims);
        let is_primary = |identity: &Value| match identity.get("primary") {
            Some(Value::Bool(is_primary)) => *is_primary,
            Some(Value::String(text)) => text == "true",
            _ => false,
        };
        let provider = |identity: &Value| Some(shortened(identity.get("providerName")?.as_str()?, LONGEST_NAME));
        Self {
            names,
            providers: identities.iter().filter_map(provider).collect(),
            is_native: claims.get("identities").is_none_or(Value::is_null) || !identities.iter().any(is_primary),
        }
    }

    /// Reads the person's names and identity providers from a stored token. The token was verified before it was
    /// stored. Returns no names for a text that is no token.
    pub fn of_token(token: &Secret) -> Self {
        unverified_claims(token).map(|claims| Self::of(&claims)).unwrap_or_default()
    }

    /// Returns whether the person may have signed in with the identity provider `provider`.
    pub fn is_by(&self, provider: &str) -> bool {
        self.providers.iter().any(|known| known == provider) || (provider == NATIVE && self.is_native)
    }

    /// Returns whether the token names `address` as the person's address or user name, ignoring case. `None` if the
    /// token names no address at all. A user pool puts the provider in front of a user name
    /// (`AzureAD_ada@corp.example`).
    pub fn is_person(&self, address: &str) -> Option<bool> {
        let address = address.to_lowercase();
        let prefixed: Vec<String> =
            self.providers.iter().map(|name| format!("{}_{address}", name.to_lowercase())).collect();
        let is_address = |name: &String| {
            let name = name.to_lowercase();
            name == address || prefixed.contains(&name)
        };
        self.names.iter().any(|name| name.contains('@')).then(|| self.names.iter().any(is_address))
    }
}

/// Returns the person's name for messages: the value of the first claim in [`NAMES`] that the token has, or `None` if
/// the token has none of them.
pub fn name(claims: &Map<String, Value>) -> Option<String> {
    let name = NAMES.iter().find_map(|name| texts(claims.get(*name)).next())?;
    Some(shortened(name, LONGEST_NAME))
}

/// Returns the person's identity providers for messages, separated by commas.
pub fn provider(claims: &Map<String, Value>) -> Option<String> {
    let providers = Identity::of(claims).providers;
    (!providers.is_empty()).then(|| shortened(&providers.join(", "), LONGEST_NAME))
}

/// Returns the strings in a claim that is a string or an array of strings. Blank ones count as missing.
fn texts(claim: Option<&Value>) -> impl Iterator<Item = &str> {
    let values = match claim {
        Some(Value::Array(values)) => values.as_slice(),
        Some(value) => std::slice::from_ref(value),
        None => &[],
    };
    values.iter().filter_map(Value::as_str).filter(|text| !text.trim().is_empty())
}

/// Returns the objects in Cognito's claim `identities`. The claim is an array, or a JSON string that contains an array.
/// Any other form has none.
fn identities(claims: &Map<String, Value>) -> Vec<Value> {
    match claims.get("identities") {
        Some(Value::String(text)) => serde_json::from_str(text).unwrap_or_default(),
        Some(Value::Array(identities)) => identities.clone(),
        _ => Vec::new(),
    }
}
