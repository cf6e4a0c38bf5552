//! The parser of the output of `aws cognito-identity get-identity-pool-roles`, with the checks of the service.

use std::collections::BTreeMap;

use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer};

use super::{AmbiguousRole, By, IdentityPoolRoles, RoleMapping, Rule};
use crate::aws::ids;
use crate::error::{Failure, Kind, quoted, shortened};
use crate::json::UniqueMembers;

/// The largest mapping that is read, in bytes. The largest that AWS stores is far smaller.
pub const LARGEST: usize = 1 << 20;
/// The largest number of providers with a mapping
/// (<https://docs.aws.amazon.com/cognitoidentity/latest/APIReference/API_SetIdentityPoolRoles.html>).
const MOST_PROVIDERS: usize = 10;
/// The longest name of a provider, in characters (the same page).
const LONGEST_PROVIDER: usize = 128;
/// The largest number of rules in the service's model. AWS's text says 25, so more than 25 is a finding and not a fault
/// (<https://docs.aws.amazon.com/cognitoidentity/latest/APIReference/API_RulesConfigurationType.html>).
const MOST_RULES: usize = 400;
/// The longest name of a claim and the longest value, in characters
/// (<https://docs.aws.amazon.com/cognitoidentity/latest/APIReference/API_MappingRule.html>).
const LONGEST_CLAIM: usize = 64;
const LONGEST_VALUE: usize = 128;
/// The longest message of the JSON parser that a message quotes, in characters.
const LONGEST_FAULT: usize = 300;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Document {
    identity_pool_id: Option<String>,
    #[serde(default)]
    roles: Roles,
    #[serde(default, deserialize_with = "each_once")]
    role_mappings: BTreeMap<String, Mapping>,
    /// A member that boto3 adds.
    #[serde(rename = "ResponseMetadata")]
    _metadata: Option<IgnoredAny>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Roles {
    authenticated: Option<String>,
    unauthenticated: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Mapping {
    r#type: MappingType,
    ambiguous_role_resolution: Option<AmbiguousRole>,
    rules_configuration: Option<Rules>,
}

#[derive(Deserialize)]
enum MappingType {
    Token,
    Rules,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Rules {
    rules: Vec<Rule>,
}

/// Reads the mappings by provider. No provider may occur twice.
fn each_once<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<String, Mapping>, D::Error> {
    let repeated = |provider: &str| format!("RoleMappings has '{}' twice", quoted(provider));
    let members = UniqueMembers::new("an object with an entry per provider", repeated);
    Ok(deserializer.deserialize_map(members)?.into_iter().collect())
}

impl IdentityPoolRoles {
    /// Reads the output of `get-identity-pool-roles`. Messages name `source`.
    ///
    /// # Errors
    /// [`Kind::Usage`] for the first fault that the service would not accept either, with its place in the document.
    pub fn read(json: &[u8], source: &str) -> Result<Self, Failure> {
        let fault = |what: String| {
            Failure::new(Kind::Usage, format!("{source}: {what}"))
                .hint("it has to be what 'aws cognito-identity get-identity-pool-roles' prints")
        };
        if json.len() > LARGEST {
            return Err(fault(format!("it has more than {LARGEST} bytes")));
        }
        let document: Document = serde_json::from_slice(json)
            .map_err(|error| fault(format!("not a role mapping: {}", shortened(&error.to_string(), LONGEST_FAULT))))?;
        document.checked().map_err(fault)
    }
}

impl Document {
    fn checked(self) -> Result<IdentityPoolRoles, String> {
        let in_place = |place: &str| {
            let place = place.to_owned();
            move |what: String| format!("{place}: {what}")
        };
        let role =
            |arn: Option<String>, place: &str| arn.map(|arn| ids::role_arn(&arn).map_err(in_place(place))).transpose();
        let identity_pool_id =
            self.identity_pool_id.map(|id| ids::identity_pool_id(&id).map_err(in_place("IdentityPoolId")));
        if self.role_mappings.len() > MOST_PROVIDERS {
            let count = self.role_mappings.len();
            return Err(format!("RoleMappings: {count} providers are too many: AWS takes {MOST_PROVIDERS}"));
        }
        let mappings = self.role_mappings.into_iter().map(|(provider, mapping)| {
            let place = format!("RoleMappings: '{}'", quoted(&provider));
            within(&provider, LONGEST_PROVIDER).map_err(in_place(&place))?;
            Ok((provider, mapping.checked().map_err(in_place(&place))?))
        });
        Ok(IdentityPoolRoles {
            identity_pool_id: identity_pool_id.transpose()?,
            authenticated: role(self.roles.authenticated, "Roles: authenticated")?,
            unauthenticated: role(self.roles.unauthenticated, "Roles: unauthenticated")?,
            mappings: mappings.collect::<Result<_, String>>()?,
        })
    }
}

impl Mapping {
    fn checked(self) -> Result<RoleMapping, String> {
        let Some(ambiguous) = self.ambiguous_role_resolution else {
            return Err("AmbiguousRoleResolution is missing: AuthenticatedRole or Deny".into());
        };
        let MappingType::Rules = self.r#type else { return Ok(RoleMapping { by: By::Token, ambiguous }) };
        let rules = self.rules_configuration.map(|configuration| configuration.rules).unwrap_or_default();
        if rules.is_empty() {
            return Err("Type is Rules, and RulesConfiguration has none".into());
        }
        if rules.len() > MOST_RULES {
            return Err(format!("{} rules are too many: the service has room for {MOST_RULES}", rules.len()));
        }
        for (place, rule) in rules.iter().enumerate() {
            let in_rule = |what: &str, fault: String| format!("rule {}: {what}: {fault}", place + 1);
            within(&rule.claim, LONGEST_CLAIM).map_err(|fault| in_rule("Claim", fault))?;
            within(&rule.value, LONGEST_VALUE).map_err(|fault| in_rule("Value", fault))?;
            ids::role_arn(&rule.role_arn).map_err(|fault| in_rule("RoleARN", fault))?;
        }
        Ok(RoleMapping { by: By::Rules(rules), ambiguous })
    }
}

fn within(text: &str, longest: usize) -> Result<(), String> {
    match text.chars().count() {
        0 => Err("it is empty".into()),
        count if count > longest => Err(format!("{count} characters are too many: AWS takes {longest}")),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::role_mapping::MatchType;

    const ROLE: &str = "arn:aws:iam::123456789012:role/R";

    fn read(document: &Value) -> Result<IdentityPoolRoles, Failure> {
        IdentityPoolRoles::read(document.to_string().as_bytes(), "pool.json")
    }

    fn rules(rules: Value) -> Value {
        json!({ "RoleMappings": { "p:c": {
            "Type": "Rules", "AmbiguousRoleResolution": "Deny", "RulesConfiguration": { "Rules": rules },
        } } })
    }

    fn rule() -> Value {
        json!({ "Claim": "custom:roles", "MatchType": "Contains", "Value": "x", "RoleARN": ROLE })
    }

    #[test]
    fn role_mapping_output_of_the_aws_cli_is_read() {
        let mut document = rules(json!([rule()]));
        document["IdentityPoolId"] = json!("eu-west-1:1cf667a2-49a6-454b-9e45-23199EXAMPLE");
        document["Roles"] = json!({ "authenticated": ROLE });
        document["RoleMappings"]["q"] = json!({ "Type": "Token", "AmbiguousRoleResolution": "AuthenticatedRole" });
        document["ResponseMetadata"] = json!({ "HTTPStatusCode": 200 });
        let pool = read(&document).unwrap();
        assert_eq!(pool.authenticated.as_deref(), Some(ROLE));
        assert_eq!(pool.mappings["p:c"].rules()[0].match_type, MatchType::Contains);
        assert_eq!(pool.mappings["q"], RoleMapping { by: By::Token, ambiguous: AmbiguousRole::AuthenticatedRole });
        assert_eq!(pool.role_arns(), [ROLE]);
        assert_eq!(pool.claims_of_rules().collect::<Vec<_>>(), ["custom:roles"]);
        assert_eq!(read(&json!({})).unwrap(), IdentityPoolRoles::default());
    }

    #[test]
    fn faults_of_a_role_mapping_are_reported_with_their_place() {
        let with = |key: &str, value: Value| {
            let mut changed = rule();
            changed[key] = value;
            rules(json!([rule(), changed]))
        };
        let many: Vec<Value> = vec![rule(); 401];
        let providers: Value =
            (0..11).map(|at| (at.to_string(), json!({ "Type": "Token", "AmbiguousRoleResolution": "Deny" }))).collect();
        for (document, says) in [
            (json!([]), "pool.json: not a role mapping: invalid length 0"),
            (json!({ "rolemappings": {} }), "unknown field `rolemappings`"),
            (json!({ "IdentityPoolId": "x" }), "IdentityPoolId: 'x' is not an identity pool id"),
            (json!({ "Roles": { "authenticated": "x" } }), "Roles: authenticated: 'x' is not the ARN"),
            (json!({ "Roles": { "admin": ROLE } }), "unknown field `admin`"),
            (json!({ "RoleMappings": { "p": {} } }), "missing field `Type`"),
            (json!({ "RoleMappings": { "p": { "Type": "Tokens" } } }), "unknown variant `Tokens`"),
            (json!({ "RoleMappings": { "p": { "Type": "Token" } } }), "'p': AmbiguousRoleResolution is missing"),
            (json!({ "RoleMappings": { "": { "Type": "Token", "AmbiguousRoleResolution": "Deny" } } }), "it is empty"),
            (json!({ "RoleMappings": { "p": { "Type": "Rules", "AmbiguousRoleResolution": "Deny" } } }), "has none"),
            (json!({ "RoleMappings": providers }), "11 providers are too many"),
            (rules(json!([])), "'p:c': Type is Rules, and RulesConfiguration has none"),
            (rules(json!(many)), "401 rules are too many"),
            (with("Claim", json!("")), "'p:c': rule 2: Claim: it is empty"),
            (with("Claim", json!("c".repeat(65))), "rule 2: Claim: 65 characters are too many: AWS takes 64"),
            (with("Value", json!("")), "rule 2: Value: it is empty"),
            (with("Value", json!("é".repeat(129))), "rule 2: Value: 129 characters are too many: AWS takes 128"),
            (with("RoleARN", json!("role")), "rule 2: RoleARN: 'role' is not the ARN of an IAM role"),
            (with("MatchType", json!("equals")), "unknown variant `equals`"),
            (with("Value", json!(7)), "invalid type: integer `7`, expected a string"),
            (with("Values", json!("x")), "unknown field `Values`"),
        ] {
            let failure = read(&document).unwrap_err();
            assert!(failure.message.starts_with("pool.json: ") && failure.message.contains(says), "{failure}\n{says}");
            assert_eq!(failure.kind, Kind::Usage);
        }
        let failure = IdentityPoolRoles::read(&vec![b' '; LARGEST + 1], "-").unwrap_err();
        assert!(failure.message.contains("more than 1048576 bytes"), "{failure}");
        let entry = r#""p":{"Type":"Token","AmbiguousRoleResolution":"Deny"}"#;
        let twice = format!("{{\"RoleMappings\":{{{entry},{entry}}}}}");
        let failure = IdentityPoolRoles::read(twice.as_bytes(), "twice").unwrap_err();
        assert!(failure.message.contains("RoleMappings has 'p' twice at line 1"), "{failure}");
        let deep = IdentityPoolRoles::read("[".repeat(100_000).as_bytes(), "deep").unwrap_err();
        assert!(deep.message.chars().count() < 400, "{deep}");
        assert!(read(&with("Value", json!("é".repeat(128)))).is_ok());
    }
}
