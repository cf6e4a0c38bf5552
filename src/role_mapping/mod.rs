//! Which role an identity pool gives, and why: its role mapping, evaluated over the claims of an ID token
//! (<https://docs.aws.amazon.com/cognito/latest/developerguide/role-based-access-control.html>).
//!
//! AWS documents the order of things and leaves details open. What is open is a [`Question`]; an [`Interpretation`] answers all
//! of them. [`evaluate()`] goes by one interpretation; [`explain()`] by every one that could matter, and says where they differ.
//! Nothing here reads a file or asks a server.

pub mod asserted;
mod evaluate;
mod explain;
mod findings;
mod interpretation;
mod parse;
mod provider;
mod reach;
mod reasons;

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

pub use evaluate::{Basis, Evaluation, Outcome, RoleRequest, Verdict, evaluate};
pub use explain::{Doubt, Explanation, explain};
pub use findings::{Finding, FindingContext, Severity, findings};
pub use interpretation::{Interpretation, Question};
pub use parse::LARGEST;
pub use provider::{Chosen, ChosenBy, NotChosen, choose};
pub use reach::{covered_by, matches_whenever};
pub use reasons::{why_this_outcome, why_this_verdict};

/// The roles of an identity pool, as `GetIdentityPoolRoles` answers and `SetIdentityPoolRoles` takes them
/// (<https://docs.aws.amazon.com/cognitoidentity/latest/APIReference/API_GetIdentityPoolRoles.html>).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IdentityPoolRoles {
    /// The identity pool, where it is named.
    pub identity_pool_id: Option<String>,
    /// The default role of who signed in.
    pub authenticated: Option<String>,
    /// The default role of guests.
    pub unauthenticated: Option<String>,
    /// A mapping per provider; a user pool's provider is `HOST/POOL:APP CLIENT`.
    pub mappings: BTreeMap<String, RoleMapping>,
}

/// How the role is found for who comes by one provider
/// (<https://docs.aws.amazon.com/cognitoidentity/latest/APIReference/API_RoleMapping.html>).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleMapping {
    /// `Type`, and the rules if it is `Rules`.
    pub by: By,
    /// `AmbiguousRoleResolution`.
    pub ambiguous: AmbiguousRole,
}

/// What a mapping goes by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum By {
    /// `Token`: the claims `cognito:roles` and `cognito:preferred_role`.
    Token,
    /// `Rules`: the first that matches.
    Rules(Vec<Rule>),
}

/// What happens where the mapping leads to no role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum AmbiguousRole {
    /// The default role of who signed in.
    AuthenticatedRole,
    /// No credentials.
    Deny,
}

/// One rule (<https://docs.aws.amazon.com/cognitoidentity/latest/APIReference/API_MappingRule.html>).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Rule {
    /// The claim's name, of 1 to 64 characters.
    pub claim: String,
    /// How it is compared.
    pub match_type: MatchType,
    /// With what, of 1 to 128 characters.
    pub value: String,
    /// The ARN of the role that it gives.
    #[serde(rename = "RoleARN")]
    pub role_arn: String,
}

/// How a rule compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum MatchType {
    /// The claim is the value.
    Equals,
    /// The value is in the claim.
    Contains,
    /// The claim starts with the value.
    StartsWith,
    /// The claim is there, and is not the value.
    NotEqual,
}

impl MatchType {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Equals, Self::Contains, Self::StartsWith, Self::NotEqual];
}

impl fmt::Display for MatchType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Equals => "Equals",
            Self::Contains => "Contains",
            Self::StartsWith => "StartsWith",
            Self::NotEqual => "NotEqual",
        })
    }
}

impl RoleMapping {
    /// The rules; none if it goes by the token.
    pub fn rules(&self) -> &[Rule] {
        match &self.by {
            By::Token => &[],
            By::Rules(rules) => rules,
        }
    }
}

impl IdentityPoolRoles {
    /// Every role that it names for who signed in, each once, in the order of its rules, the default role last.
    pub fn role_arns(&self) -> Vec<&str> {
        let of_rules = self.mappings.values().flat_map(RoleMapping::rules).map(|rule| rule.role_arn.as_str());
        let mut arns: Vec<&str> = Vec::new();
        for arn in of_rules.chain(self.authenticated.as_deref()) {
            if !arns.contains(&arn) {
                arns.push(arn);
            }
        }
        arns
    }

    /// The claims that rules name and a user pool may hold application roles in.
    pub fn custom_claims(&self) -> impl Iterator<Item = &str> {
        let rules = self.mappings.values().flat_map(RoleMapping::rules);
        rules.map(|rule| rule.claim.as_str()).filter(|claim| claim.starts_with(asserted::CUSTOM))
    }
}
