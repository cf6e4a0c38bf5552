//! A parser for the roles and role mappings of an identity pool. It makes the same checks as AWS. It reads the output
//! of `aws cognito-identity get-identity-pool-roles`, what the other SDKs make of it, and the properties in
//! CloudFormation's templates, Terraform's state and Pulumi's.

mod forms;

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{AmbiguousRole, By, IdentityPoolRoles, MatchType, RoleMapping, Rule};
use crate::aws::ids;
use crate::error::{Failure, Kind, quoted, shortened};

/// The maximum size of a role mapping document, in bytes. The largest that AWS stores is far smaller.
pub const LARGEST: usize = 1 << 20;
/// The maximum number of providers with a role mapping
/// (<https://docs.aws.amazon.com/cognitoidentity/latest/APIReference/API_SetIdentityPoolRoles.html>).
const MOST_PROVIDERS: usize = 10;
/// The maximum length of a provider's name, in characters. The source is the same AWS documentation as for
/// [`MOST_PROVIDERS`].
const LONGEST_PROVIDER: usize = 128;
/// The maximum number of rules according to AWS's API model. AWS's text says 25, so more than 25 is a finding and not a
/// fault (<https://docs.aws.amazon.com/cognitoidentity/latest/APIReference/API_RulesConfigurationType.html>).
const MOST_RULES: usize = 400;
/// The maximum length of a claim's name in a rule, in characters
/// (<https://docs.aws.amazon.com/cognitoidentity/latest/APIReference/API_MappingRule.html>).
const LONGEST_CLAIM: usize = 64;
const LONGEST_VALUE: usize = 128;
/// The hint for a document that is not a role mapping.
const PRINTS: &str = "give what 'aws cognito-identity get-identity-pool-roles' prints";

/// The spellings of a member's name. The spelling of AWS comes first and is used in messages; the spellings of other
/// SDKs, Terraform and Pulumi follow.
type Names = &'static [&'static str];

const IDENTITY_POOL_ID: Names = &["IdentityPoolId", "identityPoolId", "identity_pool_id"];
const ROLES: Names = &["Roles", "roles"];
const ROLE_MAPPINGS: Names = &["RoleMappings", "roleMappings", "role_mapping", "role_mappings"];
const IDENTITY_PROVIDER: Names = &["IdentityProvider", "identityProvider", "identity_provider"];
const TYPE: Names = &["Type", "type"];
const AMBIGUOUS: Names = &["AmbiguousRoleResolution", "ambiguousRoleResolution", "ambiguous_role_resolution"];
const RULES_CONFIGURATION: Names = &["RulesConfiguration", "rulesConfiguration", "rules_configuration"];
const RULES: Names = &["Rules", "rules"];
const MAPPING_RULES: Names = &["MappingRules", "mappingRules", "mapping_rule", "mapping_rules"];
const CLAIM: Names = &["Claim", "claim"];
const MATCH_TYPE: Names = &["MatchType", "matchType", "match_type"];
const VALUE: Names = &["Value", "value"];
const ROLE_ARN: Names = &["RoleARN", "RoleArn", "roleARN", "roleArn", "role_arn"];
/// The members that SDKs and tools add, which have nothing to do with roles.
const ADDED: Names = &[
    "$metadata",
    "@metadata",
    "ContentLength",
    "HttpStatusCode",
    "Id",
    "LoggedAt",
    "ResponseMetadata",
    "ResultMetadata",
    "id",
    "region",
    "timeouts",
];

/// The reason why a document is not a valid role mapping.
#[derive(Debug)]
struct Fault {
    /// The fault, including its place in the document.
    what: String,
    /// The next step.
    instead: String,
}

impl Fault {
    fn new(what: impl Into<String>, instead: impl Into<String>) -> Self {
        Self { what: what.into(), instead: instead.into() }
    }

    fn within(mut self, place: &str) -> Self {
        self.what = format!("{place}: {}", self.what);
        self
    }
}

impl From<String> for Fault {
    fn from(what: String) -> Self {
        Self::new(what, PRINTS)
    }
}

impl IdentityPoolRoles {
    /// Parses a role mapping from any of the formats listed in the module documentation. Messages name `source`.
    ///
    /// # Errors
    /// [`Kind::Usage`] for the first fault that the service would not accept either, with its place in the document, and
    /// for another kind of document, with its name.
    pub fn read(text: &str, source: &str) -> Result<Self, Failure> {
        let failure = |fault: Fault| Failure::new(Kind::Usage, format!("{source}: {}", fault.what)).hint(fault.instead);
        if text.len() > LARGEST {
            return Err(failure(format!("it has more than {LARGEST} bytes").into()));
        }
        forms::document(text).and_then(|document| pool(&document)).map_err(failure)
    }
}

/// Returns the member of an object whose name has one of these spellings, or `None` if there is none. Fails if two
/// spellings occur. Null counts as missing.
fn member(object: &Map<String, Value>, names: Names) -> Result<Option<&Value>, Fault> {
    let mut found = names.iter().filter_map(|name| object.get(*name)).filter(|value| !value.is_null());
    let first = found.next();
    match found.next() {
        None => Ok(first),
        Some(_) => Err(format!("{} is there in two spellings", shown(names)).into()),
    }
}

/// Returns AWS's own spelling of a member's name.
fn shown(names: Names) -> &'static str {
    names.first().copied().unwrap_or_default()
}

fn ensure_only(object: &Map<String, Value>, known: &[Names]) -> Result<(), Fault> {
    let is_known = |name: &str| known.iter().any(|names| names.contains(&name));
    match object.keys().find(|name| !is_known(name)) {
        None => Ok(()),
        Some(name) => {
            let known: Vec<&str> = known.iter().filter(|names| **names != ADDED).map(|names| shown(names)).collect();
            Err(format!("unknown member '{}', expected one of {}", quoted(name), known.join(", ")).into())
        }
    }
}

fn object<'d>(value: &'d Value, what: &str) -> Result<&'d Map<String, Value>, Fault> {
    value.as_object().ok_or_else(|| format!("{what} is {}, not an object", described(value)).into())
}

/// Returns the text of an object's member whose name has one of these spellings, or `None` if there is no such member.
/// The .NET SDK, and so PowerShell, puts the values of an enumeration into an object with `Value`.
fn text(object: &Map<String, Value>, names: Names) -> Result<Option<&str>, Fault> {
    let Some(value) = member(object, names)? else { return Ok(None) };
    let inner = value.as_object().filter(|inner| inner.len() == 1).and_then(|inner| inner.get("Value"));
    match inner.unwrap_or(value) {
        Value::String(text) => Ok(Some(text)),
        Value::Object(function) if is_function(function) => Err(Fault::new(
            format!("{} is {}, which only the deployment resolves", shown(names), described(value)),
            "give what 'aws cognito-identity get-identity-pool-roles' prints after the deployment",
        )),
        _ => Err(format!("{} is {}, not a text", shown(names), described(value)).into()),
    }
}

fn needed(object: &Map<String, Value>, names: Names) -> Result<&str, Fault> {
    text(object, names)?.ok_or_else(|| format!("{} is missing", shown(names)).into())
}

/// Returns whether an object is a call of a CloudFormation intrinsic function.
fn is_function(object: &Map<String, Value>) -> bool {
    object.len() == 1 && object.keys().all(|name| name == "Ref" || name.starts_with("Fn::"))
}

fn described(value: &Value) -> String {
    match value {
        Value::Array(_) => "a list".to_owned(),
        other => shortened(&other.to_string(), LONGEST_CLAIM),
    }
}

fn pool(document: &Map<String, Value>) -> Result<IdentityPoolRoles, Fault> {
    ensure_only(document, &[IDENTITY_POOL_ID, ROLES, ROLE_MAPPINGS, ADDED])?;
    // A template refers to its identity pool.
    let id = match member(document, IDENTITY_POOL_ID)? {
        Some(Value::Object(function)) if is_function(function) => None,
        _ => text(document, IDENTITY_POOL_ID)?,
    };
    let id = id.map(ids::identity_pool_id).transpose().map_err(|fault| format!("IdentityPoolId: {fault}"))?;
    let role = |roles: &Map<String, Value>, names: Names| -> Result<Option<String>, Fault> {
        let arn = text(roles, names)?.map(ids::role_arn).transpose();
        Ok(arn.map_err(|fault| format!("{}: {fault}", shown(names)))?)
    };
    let (mut authenticated, mut unauthenticated) = (None, None);
    if let Some(roles) = member(document, ROLES)? {
        let roles = object(roles, "Roles")?;
        let in_roles = |fault: Fault| fault.within("Roles");
        ensure_only(roles, &[&["authenticated"], &["unauthenticated"]]).map_err(in_roles)?;
        authenticated = role(roles, &["authenticated"]).map_err(in_roles)?;
        unauthenticated = role(roles, &["unauthenticated"]).map_err(in_roles)?;
    }
    let mappings = match member(document, ROLE_MAPPINGS)? {
        None => BTreeMap::new(),
        Some(mappings) => entries(mappings).map_err(|fault| fault.within("RoleMappings"))?,
    };
    Ok(IdentityPoolRoles { identity_pool_id: id, authenticated, unauthenticated, mappings })
}

/// Parses the role mappings by provider, from an object with an entry per provider or from a list.
fn entries(mappings: &Value) -> Result<BTreeMap<String, RoleMapping>, Fault> {
    let named: Vec<(Option<&str>, &Value)> = match mappings {
        Value::Object(entries) => entries.iter().map(|(key, entry)| (Some(key.as_str()), entry)).collect(),
        Value::Array(entries) => entries.iter().map(|entry| (None, entry)).collect(),
        other => {
            return Err(format!("it is {}, not an object with an entry for each provider", described(other)).into());
        }
    };
    if named.len() > MOST_PROVIDERS {
        return Err(format!("{} providers are too many: AWS takes {MOST_PROVIDERS}", named.len()).into());
    }
    let mut found = BTreeMap::new();
    for (number, (key, entry)) in named.into_iter().enumerate() {
        let place = key.map_or_else(|| format!("entry {}", number + 1), |key| format!("'{}'", whole(key)));
        let (provider, mapping) = one_entry(key, entry).map_err(|fault| fault.within(&place))?;
        if found.insert(provider.clone(), mapping).is_some() {
            return Err(format!("'{}' is there twice", whole(&provider)).into());
        }
    }
    Ok(found)
}

fn one_entry(key: Option<&str>, entry: &Value) -> Result<(String, RoleMapping), Fault> {
    let entry = object(entry, "it")?;
    // In CloudFormation the key is any name, unless there is no IdentityProvider.
    let provider = match (member(entry, IDENTITY_PROVIDER)?, key) {
        (Some(Value::Object(function)), Some(key)) if is_function(function) => key,
        (None, Some(key)) => key,
        _ => needed(entry, IDENTITY_PROVIDER)?,
    };
    within(provider, LONGEST_PROVIDER)?;
    Ok((provider.to_owned(), mapping(entry)?))
}

/// Returns a provider's name without truncation for a message, so that people can copy it. A name that is longer than
/// AWS allows is cut.
fn whole(provider: &str) -> String {
    shortened(provider, LONGEST_PROVIDER)
}

fn mapping(entry: &Map<String, Value>) -> Result<RoleMapping, Fault> {
    ensure_only(entry, &[IDENTITY_PROVIDER, TYPE, AMBIGUOUS, RULES_CONFIGURATION, MAPPING_RULES])?;
    let kind = needed(entry, TYPE)?;
    if !["Token", "Rules"].contains(&kind) {
        return Err(format!("Type is '{}', and must be Token or Rules", quoted(kind)).into());
    }
    let ambiguous = match text(entry, AMBIGUOUS)? {
        Some("AuthenticatedRole") => AmbiguousRole::AuthenticatedRole,
        Some("Deny") => AmbiguousRole::Deny,
        None | Some("") => return Err(format!("{} is missing: AuthenticatedRole or Deny", shown(AMBIGUOUS)).into()),
        Some(other) => {
            let fault = format!("{} is '{}', and must be AuthenticatedRole or Deny", shown(AMBIGUOUS), quoted(other));
            return Err(fault.into());
        }
    };
    match kind {
        "Token" => Ok(RoleMapping { by: By::Token, ambiguous }),
        _ => Ok(RoleMapping { by: By::Rules(rules(entry)?), ambiguous }),
    }
}

fn rules(entry: &Map<String, Value>) -> Result<Vec<Rule>, Fault> {
    let configured = match member(entry, RULES_CONFIGURATION)? {
        None => None,
        Some(configuration) => {
            let configuration = object(configuration, shown(RULES_CONFIGURATION))?;
            ensure_only(configuration, &[RULES]).map_err(|fault| fault.within(shown(RULES_CONFIGURATION)))?;
            member(configuration, RULES)?
        }
    };
    let rules = match configured.or(member(entry, MAPPING_RULES)?) {
        None => &[],
        Some(Value::Array(rules)) => rules.as_slice(),
        Some(other) => return Err(format!("Rules is {}, not a list", described(other)).into()),
    };
    if rules.is_empty() {
        return Err("Type is Rules, and RulesConfiguration has none".to_owned().into());
    }
    if rules.len() > MOST_RULES {
        return Err(format!("{} rules are too many: the service has room for {MOST_RULES}", rules.len()).into());
    }
    let numbered = rules.iter().enumerate();
    numbered.map(|(place, found)| rule(found).map_err(|fault| fault.within(&format!("rule {}", place + 1)))).collect()
}

fn rule(found: &Value) -> Result<Rule, Fault> {
    let found = object(found, "it")?;
    ensure_only(found, &[CLAIM, MATCH_TYPE, VALUE, ROLE_ARN])?;
    let in_member = |names: Names| move |fault: String| format!("{}: {fault}", shown(names));
    let (claim, value) = (needed(found, CLAIM)?, needed(found, VALUE)?);
    within(claim, LONGEST_CLAIM).map_err(in_member(CLAIM))?;
    within(value, LONGEST_VALUE).map_err(in_member(VALUE))?;
    let named = needed(found, MATCH_TYPE)?;
    let match_type = MatchType::ALL.into_iter().find(|kind| kind.to_string() == named).ok_or_else(|| {
        let all = MatchType::ALL.map(|kind| kind.to_string()).join(", ");
        format!("MatchType is '{}', and must be one of {all}", quoted(named))
    })?;
    let role_arn = ids::role_arn(needed(found, ROLE_ARN)?).map_err(in_member(ROLE_ARN))?;
    Ok(Rule { claim: claim.to_owned(), match_type, value: value.to_owned(), role_arn })
}

fn within(text: &str, longest: usize) -> Result<(), String> {
    match text.chars().count() {
        0 => Err("it is empty".into()),
        count if count > longest => Err(format!("{count} characters are too many: AWS takes {longest}")),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
