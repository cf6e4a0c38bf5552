//! The rules by which the identity pool chooses a role
//! (<https://docs.aws.amazon.com/cognito/latest/developerguide/role-based-access-control.html>).

use serde_json::Value;

use crate::options::{AmbiguousRole, ContainsOnArrays, MatchType, RoleMapping, Rule};
use crate::pool_roles::{PoolRoles, is_role};

/// The reason why a login gets no role.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoRole {
    /// The mapping denies the login, or does not allow the requested role.
    Denied,
    /// The default role would apply, but the pool has no default role.
    Unconfigured,
}

/// Returns the role `custom` if it is requested and the claims allow it. If no role is requested, returns the role that
/// the pool chooses for `claims`.
///
/// # Errors
/// Returns [`NoRole`] if there is no such role.
pub fn role(
    pool: &PoolRoles,
    contains: ContainsOnArrays,
    claims: &Value,
    custom: Option<&str>,
) -> Result<String, NoRole> {
    let (candidates, preferred) = match &pool.mapping {
        RoleMapping::None => (Vec::from_iter(pool.authenticated.clone()), None),
        RoleMapping::Token(_) => {
            // AWS does not document a preferred role that is none. It counts as missing here.
            let preferred = claims.get("cognito:preferred_role").and_then(Value::as_str).filter(|arn| is_role(arn));
            (token_roles(claims), preferred.map(ToOwned::to_owned))
        }
        RoleMapping::Rules(rules, _) => {
            let matching: Vec<String> =
                rules.iter().filter(|rule| matches(rule, contains, claims)).map(|rule| rule.role_arn.clone()).collect();
            let first = matching.first().cloned();
            (matching, first)
        }
    };
    if let Some(custom) = custom {
        return candidates.into_iter().find(|candidate| candidate == custom).ok_or(NoRole::Denied);
    }
    preferred.map(Ok).unwrap_or_else(|| match pool.mapping.ambiguous() {
        Some(AmbiguousRole::Deny) => Err(NoRole::Denied),
        Some(AmbiguousRole::AuthenticatedRole) | None => pool.authenticated.clone().ok_or(NoRole::Unconfigured),
    })
}

/// Returns the roles in the claim `cognito:roles`. It is an array in tokens, although AWS's documentation calls it a
/// comma-separated list.
fn token_roles(claims: &Value) -> Vec<String> {
    match claims.get("cognito:roles") {
        Some(Value::Array(roles)) => roles.iter().filter_map(Value::as_str).map(ToOwned::to_owned).collect(),
        Some(Value::String(roles)) => roles.split(',').map(|role| role.trim().to_owned()).collect(),
        _ => Vec::new(),
    }
}

/// Returns whether `rule` matches `claims`. A missing claim matches nothing, not even `NotEqual`.
fn matches(rule: &Rule, contains: ContainsOnArrays, claims: &Value) -> bool {
    let Some(claim) = claims.get(&rule.claim) else { return false };
    let value = rule.value.as_str();
    let text = text(claim);
    match (rule.match_type, claim, contains) {
        (MatchType::Equals, ..) => text == value,
        (MatchType::NotEqual, ..) => text != value,
        (MatchType::StartsWith, ..) => text.starts_with(value),
        (MatchType::Contains, Value::Array(elements), ContainsOnArrays::Element) => {
            elements.iter().any(|element| element == value)
        }
        (MatchType::Contains, ..) => text.contains(value),
    }
}

/// Returns the value of a claim as a string. An array is put in brackets, as the user pool itself flattens several
/// values.
fn text(claim: &Value) -> String {
    match claim {
        Value::String(text) => text.clone(),
        Value::Array(elements) => {
            let texts: Vec<String> = elements.iter().map(text).collect();
            format!("[{}]", texts.join(", "))
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::options::{AUTHENTICATED, ORDERS_ADMIN};

    fn role(mapping: &RoleMapping, contains: ContainsOnArrays, claims: &Value, custom: Option<&str>) -> Option<String> {
        let pool =
            PoolRoles { authenticated: Some(AUTHENTICATED.into()), unauthenticated: None, mapping: mapping.clone() };
        super::role(&pool, contains, claims, custom).ok()
    }

    fn by_rule(match_type: MatchType, value: &str, claims: &Value) -> bool {
        let rules = vec![Rule::new("custom:roles", match_type, value, "rule")];
        let mapping = RoleMapping::Rules(rules, AmbiguousRole::Deny);
        role(&mapping, ContainsOnArrays::Substring, claims, None).as_deref() == Some("rule")
    }

    #[test]
    fn match_types_compare_as_documented() {
        let claims = json!({ "custom:roles": "[Orders.Read, Billing]" });
        for (match_type, value, expected) in [
            (MatchType::Equals, "[Orders.Read, Billing]", true),
            (MatchType::Equals, "Orders.Read", false),
            (MatchType::Contains, "Orders.Read", true),
            (MatchType::Contains, "orders.read", false),
            (MatchType::StartsWith, "[Orders", true),
            (MatchType::StartsWith, "Orders", false),
            (MatchType::NotEqual, "Orders.Read", true),
            (MatchType::NotEqual, "[Orders.Read, Billing]", false),
        ] {
            assert_eq!(by_rule(match_type, value, &claims), expected, "{match_type:?} {value}");
        }
    }

    #[test]
    fn missing_claim_matches_no_rule() {
        for match_type in [MatchType::Equals, MatchType::Contains, MatchType::StartsWith, MatchType::NotEqual] {
            assert!(!by_rule(match_type, "x", &json!({})), "{match_type:?}");
        }
    }

    #[test]
    fn first_rule_wins_and_custom_role_must_match() {
        let rules = vec![
            Rule::new("custom:roles", MatchType::Contains, "Admin", "admin"),
            Rule::new("custom:roles", MatchType::Contains, "A", "reader"),
            Rule::new("custom:roles", MatchType::Contains, "Z", "other"),
        ];
        let mapping = RoleMapping::Rules(rules, AmbiguousRole::AuthenticatedRole);
        let claims = json!({ "custom:roles": "Admin" });
        let find = |custom| role(&mapping, ContainsOnArrays::Substring, &claims, custom);
        assert_eq!(find(None).as_deref(), Some("admin"));
        assert_eq!(find(Some("reader")).as_deref(), Some("reader"));
        assert_eq!(find(Some("other")), None);
        let nobody = role(&mapping, ContainsOnArrays::Substring, &json!({}), None);
        assert_eq!(nobody.as_deref(), Some(AUTHENTICATED));
    }

    #[test]
    fn contains_rule_on_an_array_follows_the_option() {
        let rules = vec![Rule::new("cognito:groups", MatchType::Contains, "Admin", "admin")];
        let mapping = RoleMapping::Rules(rules, AmbiguousRole::Deny);
        let find = |contains, groups: &[&str]| role(&mapping, contains, &json!({ "cognito:groups": groups }), None);
        assert!(find(ContainsOnArrays::Substring, &["NotAdmin"]).is_some());
        assert!(find(ContainsOnArrays::Element, &["NotAdmin"]).is_none());
        assert!(find(ContainsOnArrays::Element, &["x", "Admin"]).is_some());
    }

    #[test]
    fn token_mapping_prefers_custom_then_preferred_role() {
        let mapping = RoleMapping::Token(AmbiguousRole::Deny);
        let find = |claims: Value, custom| role(&mapping, ContainsOnArrays::Substring, &claims, custom);
        let both = json!({ "cognito:roles": ["a", "b"], "cognito:preferred_role": ORDERS_ADMIN });
        assert_eq!(find(both.clone(), None).as_deref(), Some(ORDERS_ADMIN));
        assert_eq!(find(both.clone(), Some("b")).as_deref(), Some("b"));
        assert_eq!(find(both, Some("c")), None);
        assert_eq!(find(json!({ "cognito:roles": ["a", "b"] }), None), None);
        assert_eq!(find(json!({ "cognito:roles": "a, b" }), Some("b")).as_deref(), Some("b"));
        for malformed in ["", "Admin", "arn:aws:iam::1:role/A", "arn:aws:iam::000000000000:role/a b"] {
            let claims = json!({ "cognito:preferred_role": malformed });
            assert_eq!(find(claims.clone(), None), None, "{malformed}");
            let default = RoleMapping::Token(AmbiguousRole::AuthenticatedRole);
            let found = role(&default, ContainsOnArrays::Substring, &claims, None);
            assert_eq!(found.as_deref(), Some(AUTHENTICATED), "{malformed}");
        }
    }

    #[test]
    fn missing_default_role_fails_only_logins_that_need_it() {
        let rules = vec![Rule::new("custom:roles", MatchType::Equals, "Admin", "admin")];
        let find = |mapping, claims: Value, custom| {
            let pool = PoolRoles { authenticated: None, unauthenticated: Some("guest".into()), mapping };
            super::role(&pool, ContainsOnArrays::Substring, &claims, custom)
        };
        let mapped = |ambiguous| RoleMapping::Rules(rules.clone(), ambiguous);
        let admin = json!({ "custom:roles": "Admin" });
        assert_eq!(find(mapped(AmbiguousRole::AuthenticatedRole), admin, None), Ok("admin".into()));
        assert_eq!(find(mapped(AmbiguousRole::AuthenticatedRole), json!({}), None), Err(NoRole::Unconfigured));
        assert_eq!(find(mapped(AmbiguousRole::Deny), json!({}), None), Err(NoRole::Denied));
        assert_eq!(find(RoleMapping::None, json!({}), None), Err(NoRole::Unconfigured));
        assert_eq!(find(RoleMapping::None, json!({}), Some("guest")), Err(NoRole::Denied));
    }
}
