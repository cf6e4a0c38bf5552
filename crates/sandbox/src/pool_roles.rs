//! An identity pool's default roles and role mapping, in the JSON format of `aws cognito-identity
//! get-identity-pool-roles`
//! (<https://docs.aws.amazon.com/cognitoidentity/latest/APIReference/API_GetIdentityPoolRoles.html>).

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};
use serde_json::ser::PrettyFormatter;
use serde_json::{Map, Value};

use crate::error::{Context, Error, Result};
use crate::options::{AmbiguousRole, MatchType, RoleMapping, Rule};

/// The maximum number of role mappings in an identity pool.
const MOST_MAPPINGS: usize = 10;
/// The maximum number of rules in a role mapping. The service model says 400, the documentation 25, which cannot be
/// raised (<https://docs.aws.amazon.com/cognito/latest/developerguide/role-based-access-control.html>).
const MOST_RULES: usize = 25;
/// The allowed length of a claim's name in a mapping rule, in characters.
const CLAIM: RangeInclusive<usize> = 1..=64;
const VALUE: RangeInclusive<usize> = 1..=128;
const ARN: RangeInclusive<usize> = 20..=2048;

/// The default roles and the role mapping of an identity pool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PoolRoles {
    /// The ARN of the default role for signed-in people.
    pub authenticated: Option<String>,
    /// The ARN of the default role for guests. Nobody gets this role, because the sandbox's identity pool admits no
    /// guests.
    pub unauthenticated: Option<String>,
    /// The method by which the identity pool chooses roles.
    pub mapping: RoleMapping,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Document {
    #[serde(default)]
    identity_pool_id: String,
    #[serde(default)]
    roles: Roles,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    role_mappings: BTreeMap<String, Mapping>,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Roles {
    #[serde(skip_serializing_if = "Option::is_none")]
    authenticated: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    unauthenticated: Option<String>,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Mapping {
    r#type: Type,
    #[serde(skip_serializing_if = "Option::is_none")]
    ambiguous_role_resolution: Option<AmbiguousRole>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rules_configuration: Option<RulesConfiguration>,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
enum Type {
    Token,
    Rules,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RulesConfiguration {
    rules: Vec<MappingRule>,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct MappingRule {
    claim: String,
    match_type: MatchType,
    value: String,
    #[serde(rename = "RoleARN")]
    role_arn: String,
}

impl PoolRoles {
    /// Parses the JSON output of `get-identity-pool-roles`. If the JSON has several mappings, the one for `provider`
    /// counts. A single mapping counts whatever provider it is for. The pool's id is ignored, since the file may come
    /// from another pool.
    ///
    /// # Errors
    /// Fails if `json` is not that JSON, or if SetIdentityPoolRoles would refuse it.
    pub fn parse(json: &[u8], provider: &str) -> Result<Self> {
        // A map first, since serde would accept a list for a struct, too.
        let fields: serde_json::Result<Map<String, Value>> = serde_json::from_slice(json);
        let document = fields.and_then(|fields| serde_json::from_value(Value::Object(fields)));
        let mut document: Document = document.context("not the JSON of get-identity-pool-roles")?;
        let Roles { authenticated, unauthenticated } = document.roles;
        for role_arn in [&authenticated, &unauthenticated].into_iter().flatten() {
            ensure_role(role_arn)?;
        }
        let count = document.role_mappings.len();
        if count > MOST_MAPPINGS {
            return Err(Error::new(format!("RoleMappings has {count} entries, and may have {MOST_MAPPINGS}")));
        }
        let named = document.role_mappings.remove(provider);
        let mapping = match (named, document.role_mappings.into_values().next(), count) {
            (Some(mapping), ..) | (None, Some(mapping), 1) => mapping.read()?,
            (None, None, _) => RoleMapping::None,
            (None, Some(_), _) => {
                return Err(Error::new(format!("RoleMappings has {count} entries, and none for '{provider}'")));
            }
        };
        Ok(Self { authenticated, unauthenticated, mapping })
    }

    /// Returns these roles as the JSON response of GetIdentityPoolRoles.
    pub fn document(&self, identity_pool_id: &str, provider: &str) -> Value {
        serde_json::json!(self.answer(identity_pool_id, provider))
    }

    /// Returns these roles as JSON text, formatted like the AWS CLI's output.
    pub fn json(&self, identity_pool_id: &str, provider: &str) -> String {
        let mut text = Vec::new();
        let mut writer = serde_json::Serializer::with_formatter(&mut text, PrettyFormatter::with_indent(b"    "));
        self.answer(identity_pool_id, provider)
            .serialize(&mut writer)
            .expect("its keys are texts, and memory takes it");
        String::from_utf8(text).expect("JSON is UTF-8")
    }

    fn answer(&self, identity_pool_id: &str, provider: &str) -> Document {
        let mapping = Mapping::of(&self.mapping).map(|mapping| (provider.to_owned(), mapping));
        Document {
            identity_pool_id: identity_pool_id.to_owned(),
            roles: Roles { authenticated: self.authenticated.clone(), unauthenticated: self.unauthenticated.clone() },
            role_mappings: mapping.into_iter().collect(),
        }
    }
}

impl Mapping {
    fn of(mapping: &RoleMapping) -> Option<Self> {
        let rule = |rule: &Rule| MappingRule {
            claim: rule.claim.clone(),
            match_type: rule.match_type,
            value: rule.value.clone(),
            role_arn: rule.role_arn.clone(),
        };
        let rules = |rules: &[Rule]| RulesConfiguration { rules: rules.iter().map(rule).collect() };
        let (r#type, ambiguous, rules_configuration) = match mapping {
            RoleMapping::None => return None,
            RoleMapping::Token(ambiguous) => (Type::Token, *ambiguous, None),
            RoleMapping::Rules(list, ambiguous) => (Type::Rules, *ambiguous, Some(rules(list))),
        };
        Some(Self { r#type, ambiguous_role_resolution: Some(ambiguous), rules_configuration })
    }

    fn read(self) -> Result<RoleMapping> {
        let ambiguous = self.ambiguous_role_resolution.context("AmbiguousRoleResolution is missing")?;
        let rules = match self.r#type {
            Type::Token => return Ok(RoleMapping::Token(ambiguous)),
            Type::Rules => self.rules_configuration.context("RulesConfiguration is missing")?.rules,
        };
        let count = rules.len();
        if !(1..=MOST_RULES).contains(&count) {
            return Err(Error::new(format!("Rules has {count} entries, and may have 1 to {MOST_RULES}")));
        }
        for (index, MappingRule { claim, value, role_arn, .. }) in rules.iter().enumerate() {
            let wrong = |what: &str| format!("rule {}: its {what} is too short or too long", index + 1);
            if !CLAIM.contains(&claim.chars().count()) {
                return Err(Error::new(wrong("Claim")));
            }
            if !VALUE.contains(&value.chars().count()) {
                return Err(Error::new(wrong("Value")));
            }
            ensure_role(role_arn).context(format!("rule {}", index + 1))?;
        }
        let rule = |rule: MappingRule| Rule::new(&rule.claim, rule.match_type, &rule.value, &rule.role_arn);
        Ok(RoleMapping::Rules(rules.into_iter().map(rule).collect(), ambiguous))
    }
}

fn ensure_role(arn: &str) -> Result<()> {
    if !is_role(arn) {
        return Err(Error::new("not the ARN of a role"));
    }
    Ok(())
}

/// Returns whether `arn` is the ARN of an IAM role, in any account and partition.
pub(crate) fn is_role(arn: &str) -> bool {
    let has_the_form = matches!(
        *arn.splitn(6, ':').collect::<Vec<_>>(),
        ["arn", partition, "iam", "", account, resource]
            if partition.starts_with("aws") && account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit())
                && resource.strip_prefix("role/").is_some_and(|name| !name.is_empty())
    );
    has_the_form && ARN.contains(&arn.len()) && arn.bytes().all(|byte| byte.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::{AUTHENTICATED, ORDERS_ADMIN, Options};

    const PROVIDER: &str = "cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbC123xyz:3n4b5urk1ft4fl3mg5e62d9ado";

    fn rules(count: usize) -> PoolRoles {
        let rule = Rule::new("custom:roles", MatchType::NotEqual, "x", ORDERS_ADMIN);
        let mapping = RoleMapping::Rules(vec![rule; count], AmbiguousRole::Deny);
        PoolRoles { authenticated: Some(AUTHENTICATED.into()), unauthenticated: None, mapping }
    }

    #[test]
    fn written_pool_roles_are_read_back() {
        let none = PoolRoles { authenticated: None, unauthenticated: None, mapping: RoleMapping::None };
        let token = PoolRoles { mapping: RoleMapping::Token(AmbiguousRole::AuthenticatedRole), ..rules(1) };
        let guests = PoolRoles { unauthenticated: Some(ORDERS_ADMIN.into()), ..rules(25) };
        let default = PoolRoles { mapping: Options::default().role_mapping, ..rules(1) };
        for roles in [none, token, guests, default] {
            let text = roles.json("eu-west-1:x", PROVIDER);
            assert_eq!(PoolRoles::parse(text.as_bytes(), PROVIDER).unwrap(), roles, "{text}");
            assert_eq!(PoolRoles::parse(text.as_bytes(), "another").unwrap(), roles, "a single mapping counts");
        }
    }

    #[test]
    fn mapping_of_the_pools_own_provider_is_chosen() {
        let mapping = |role: &str| format!(r#"{{"Type":"{role}","AmbiguousRoleResolution":"Deny"}}"#);
        let text = format!(r#"{{"RoleMappings":{{"other":{},"mine":{}}}}}"#, mapping("Rules"), mapping("Token"));
        let read = |provider| PoolRoles::parse(text.as_bytes(), provider);
        assert_eq!(read("mine").unwrap().mapping, RoleMapping::Token(AmbiguousRole::Deny));
        let neither = read("neither").unwrap_err().to_string();
        assert_eq!(neither, "RoleMappings has 2 entries, and none for 'neither'");
        assert_eq!(read("other").unwrap_err().to_string(), "RulesConfiguration is missing");
    }

    #[test]
    fn pool_roles_that_aws_would_refuse_are_refused() {
        for count in [0, 26] {
            assert!(PoolRoles::parse(rules(count).json("x", PROVIDER).as_bytes(), PROVIDER).is_err(), "{count}");
        }
        let good = rules(1).json("x", PROVIDER);
        for (part, instead) in [
            ("custom:roles", "c".repeat(65)),
            ("custom:roles", String::new()),
            ("\"x\",", format!("\"{}\",", "v".repeat(129))),
            ("\"Value\": \"x\",", String::new()),
            ("NotEqual", "notequal".into()),
            ("\"Rules\",", "\"Lambda\",".into()),
            ("\"Deny\"", "\"deny\"".into()),
            (ORDERS_ADMIN, "arn:aws:iam::000000000000:user/OrdersAdmin".into()),
            (ORDERS_ADMIN, format!("{ORDERS_ADMIN}{}", "x".repeat(2048))),
            (AUTHENTICATED, "SandboxAuthenticated".into()),
            ("\"authenticated\"", "\"guests\"".into()),
        ] {
            assert!(good.contains(part), "{part}");
            let text = good.replace(part, &instead);
            assert!(PoolRoles::parse(text.as_bytes(), PROVIDER).is_err(), "{text}");
        }
        assert!(PoolRoles::parse(b"[", PROVIDER).is_err());
    }
}
