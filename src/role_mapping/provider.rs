//! The choice of the `RoleMappings` entry that applies to a token.

use serde::Serialize;
use serde_json::{Map, Value};

use super::{IdentityPoolRoles, RoleMapping};
use crate::aws::ids::provider_name;

/// The `RoleMappings` entry chosen for a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chosen<'a> {
    /// The chosen entry and its key; `None` if the identity pool has no role mappings at all.
    pub entry: Option<(&'a str, &'a RoleMapping)>,
    /// The reason why the entry was chosen.
    pub by: ChosenBy,
    /// The key of the token's own provider, if the chosen entry has a different key.
    pub other_token: Option<String>,
}

/// The reason why an entry was chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ChosenBy {
    /// The entry's key matches the token's issuer and audience.
    Token,
    /// A flag named the entry.
    Flag,
    /// The identity pool has no other entry.
    Only,
    /// The identity pool has no entries.
    None,
}

/// The failure to choose an entry: none has the given name, or none of several matches the token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotChosen;

/// Chooses the role mapping for a token: the entry with the key `named`, the entry for the token's `iss` and `aud`, or
/// the only entry.
///
/// # Errors
/// [`NotChosen`].
pub fn choose<'a>(
    pool: &'a IdentityPoolRoles,
    claims: &Map<String, Value>,
    named: Option<&str>,
) -> Result<Chosen<'a>, NotChosen> {
    let token = Token::of(claims);
    let find = |is_it: &dyn Fn(&str) -> bool| {
        pool.mappings.iter().map(|(key, mapping)| (key.as_str(), mapping)).find(|(key, _)| is_it(key))
    };
    let of_token = || find(&|key| token.as_ref().is_some_and(|token| token.is_meant_by(key)));
    let of_pool = || find(&|key| token.as_ref().is_some_and(|token| token.may_be_meant_by(key)));
    let only = || find(&|_| pool.mappings.len() == 1);
    let (entry, by) = match named {
        Some(named) => (Some(find(&|key| key == named).ok_or(NotChosen)?), ChosenBy::Flag),
        None if pool.mappings.is_empty() => (None, ChosenBy::None),
        None => match (of_token().or_else(of_pool), only()) {
            (Some(entry), _) => (Some(entry), ChosenBy::Token),
            (None, Some(entry)) => (Some(entry), ChosenBy::Only),
            (None, None) => return Err(NotChosen),
        },
    };
    let is_other = |token: &Token| entry.is_some_and(|(key, _)| !token.is_meant_by(key));
    Ok(Chosen { entry, by, other_token: token.filter(is_other).map(|token| token.key()) })
}

/// The identity provider of a token, from its `iss` and `aud`.
struct Token<'a> {
    /// The name by which identity pools know the issuer, without a final slash.
    issuer: &'a str,
    audience: &'a str,
}

impl<'a> Token<'a> {
    fn of(claims: &'a Map<String, Value>) -> Option<Self> {
        let issuer = claims.get("iss")?.as_str()?;
        let audience = match claims.get("aud")? {
            Value::Array(several) => several.first()?.as_str()?,
            one => one.as_str()?,
        };
        Some(Self { issuer: provider_name(issuer).trim_end_matches('/'), audience })
    }

    fn key(&self) -> String {
        format!("{}:{}", self.issuer, self.audience)
    }

    /// Returns whether `key`, a key of `RoleMappings`, stands for this token's provider. A user pool's key is
    /// `HOST/POOL:APP CLIENT`. A plain issuer's is its name, or the ARN of its provider in IAM.
    fn is_meant_by(&self, key: &str) -> bool {
        let issuer = key.split_once(":oidc-provider/").map_or(key, |(_, issuer)| issuer);
        key == self.key() || issuer.trim_end_matches('/') == self.issuer
    }

    /// Returns whether the token has a user pool's newer issuer URL while `key` stands for the older issuer URL of the
    /// same user pool. AWS does not document whether identity pools accept one for the other.
    fn may_be_meant_by(&self, key: &str) -> bool {
        self.issuer.strip_prefix("issuer-").is_some_and(|issuer| Token { issuer, ..*self }.is_meant_by(key))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::role_mapping::{AmbiguousRole, By};

    fn pool(keys: &[&str]) -> IdentityPoolRoles {
        let mapping = RoleMapping { by: By::Token, ambiguous: AmbiguousRole::Deny };
        let mappings = keys.iter().map(|key| ((*key).to_owned(), mapping.clone())).collect();
        IdentityPoolRoles { mappings, ..IdentityPoolRoles::default() }
    }

    fn chosen(keys: &[&str], claims: &Value, named: Option<&str>) -> Result<(Option<String>, ChosenBy), NotChosen> {
        let pool = pool(keys);
        let chosen = choose(&pool, claims.as_object().unwrap(), named)?;
        Ok((chosen.entry.map(|(key, _)| key.to_owned()), chosen.by))
    }

    #[test]
    fn named_mapping_takes_precedence_over_token_and_only_mapping() {
        let token = json!({ "iss": "https://host/pool", "aud": "client" });
        let found = |key: &str, by| Ok((Some(key.to_owned()), by));
        assert_eq!(chosen(&["x", "host/pool:client"], &token, None), found("host/pool:client", ChosenBy::Token));
        assert_eq!(chosen(&["x", "host/pool:client"], &token, Some("x")), found("x", ChosenBy::Flag));
        assert_eq!(chosen(&["x"], &token, None), found("x", ChosenBy::Only));
        assert_eq!(chosen(&["x"], &json!({}), None), found("x", ChosenBy::Only));
        assert_eq!(chosen(&["x", "y"], &json!({ "iss": 1, "aud": [] }), None), Err(NotChosen));
        assert_eq!(chosen(&["x", "y"], &token, Some("z")), Err(NotChosen));
        assert_eq!(chosen(&[], &token, None), Ok((None, ChosenBy::None)));
        assert_eq!(chosen(&[], &token, Some("x")), Err(NotChosen));
        let listed = json!({ "iss": "host/pool", "aud": ["client", "other"] });
        assert_eq!(chosen(&["x", "host/pool:client"], &listed, None), found("host/pool:client", ChosenBy::Token));
    }

    #[test]
    fn chosen_mapping_may_belong_to_another_token() {
        let other = |keys: &[&str], issuer: &str| {
            let claims = json!({ "iss": issuer, "aud": "c" });
            choose(&pool(keys), claims.as_object().unwrap(), None).map(|chosen| (chosen.by, chosen.other_token))
        };
        let arn = "arn:aws:iam::123456789012:oidc-provider/login.example/tenant/v2.0";
        for (keys, issuer, by, other_token) in [
            (["h/p:c", "x"].as_slice(), "https://h/p", ChosenBy::Token, None),
            (&["x"], "https://h/p", ChosenBy::Only, Some("h/p:c")),
            (&["h/p:c", "x"], "https://issuer-h/p", ChosenBy::Token, Some("issuer-h/p:c")),
            (&["login.example/tenant/v2.0", "x"], "https://login.example/tenant/v2.0", ChosenBy::Token, None),
            (&[arn, "x"], "https://login.example/tenant/v2.0/", ChosenBy::Token, None),
        ] {
            let found = other(keys, issuer);
            assert_eq!(found, Ok((by, other_token.map(str::to_owned))), "{keys:?} {issuer}");
        }
        assert_eq!(choose(&pool(&["x"]), json!({}).as_object().unwrap(), None).unwrap().other_token, None);
    }
}
