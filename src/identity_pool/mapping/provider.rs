//! Which entry of `RoleMappings` counts for a token.

use serde::Serialize;
use serde_json::{Map, Value};

use super::{IdentityPoolRoles, RoleMapping};

/// The entry that counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chosen<'a> {
    /// Its key and itself; none if the identity pool has no mappings at all.
    pub entry: Option<(&'a str, &'a RoleMapping)>,
    /// How it was chosen.
    pub by: ChosenBy,
    /// The key that the token would have, by its `iss` and `aud`, where it tells.
    pub of_token: Option<String>,
}

/// How an entry was chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ChosenBy {
    /// By the token's issuer and audience.
    Token,
    /// By name.
    Flag,
    /// It is the only one.
    Only,
    /// There is none.
    None,
}

/// There are several, and nothing tells which; or the one that was named is not among them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotChosen;

/// The entry for the claims of a token: the one that is named, else that of `iss` (without its scheme) and `aud`, else the
/// only one.
///
/// # Errors
/// [`NotChosen`].
pub fn choose<'a>(
    pool: &'a IdentityPoolRoles,
    claims: &Map<String, Value>,
    named: Option<&str>,
) -> Result<Chosen<'a>, NotChosen> {
    let of_token = key(claims);
    let find = |key: &str| pool.mappings.get_key_value(key).map(|(key, mapping)| (key.as_str(), mapping));
    let (entry, by) = match (named, of_token.as_deref().and_then(find)) {
        (Some(named), _) => (Some(find(named).ok_or(NotChosen)?), ChosenBy::Flag),
        (None, Some(entry)) => (Some(entry), ChosenBy::Token),
        (None, None) => {
            let mut entries = pool.mappings.iter();
            match (entries.next(), entries.next()) {
                (None, _) => (None, ChosenBy::None),
                (Some((key, mapping)), None) => (Some((key.as_str(), mapping)), ChosenBy::Only),
                (Some(_), Some(_)) => return Err(NotChosen),
            }
        }
    };
    Ok(Chosen { entry, by, of_token })
}

fn key(claims: &Map<String, Value>) -> Option<String> {
    let issuer = claims.get("iss")?.as_str()?;
    let audience = match claims.get("aud")? {
        Value::Array(several) => several.first()?.as_str()?,
        one => one.as_str()?,
    };
    let issuer = issuer.strip_prefix("https://").or_else(|| issuer.strip_prefix("http://")).unwrap_or(issuer);
    Some(format!("{issuer}:{audience}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::identity_pool::mapping::{AmbiguousRole, By};

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
    fn an_entry_is_chosen_by_name_then_by_the_token_then_for_want_of_others() {
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
}
