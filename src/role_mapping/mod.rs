//! The role mapping of an identity pool, which chooses a role by the claims of an ID token
//! (<https://docs.aws.amazon.com/cognito/latest/developerguide/role-based-access-control.html>).
//!
//! AWS documents the order of the steps but leaves details open. Each open detail is a [`Question`], and an
//! [`Interpretation`] answers all of them. [`evaluate()`] uses one interpretation. [`explain()`] tries every one that
//! could matter, and reports the differences. Nothing here reads a file or makes a request.

pub mod asserted;
mod evaluate;
mod explain;
mod findings;
pub mod handed_over;
mod interpretation;
mod parse;
mod provider;
mod reach;
mod reasons;
mod verdicts;
mod visible;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};

pub use evaluate::{Basis, Evaluation, Outcome, RoleRequest, Verdict, evaluate};
pub use explain::{Doubt, Explanation, explain};
pub use findings::{Finding, FindingContext, Severity, findings};
pub use interpretation::{Interpretation, Question};
pub use parse::LARGEST;
pub use provider::{Chosen, ChosenBy, NotChosen, choose};
pub use reach::covered;
pub use reasons::{Reasons, why_this_outcome};

/// The roles and role mappings of an identity pool, as in `GetIdentityPoolRoles` and `SetIdentityPoolRoles`
/// (<https://docs.aws.amazon.com/cognitoidentity/latest/APIReference/API_GetIdentityPoolRoles.html>).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IdentityPoolRoles {
    /// The identity pool's id, if the document names it.
    pub identity_pool_id: Option<String>,
    /// The default role for people who have signed in.
    pub authenticated: Option<String>,
    /// The ARN of the default role for guests.
    pub unauthenticated: Option<String>,
    /// The role mappings, by identity provider. The provider of a user pool is `HOST/POOL:APP CLIENT`.
    pub mappings: BTreeMap<String, RoleMapping>,
}

/// The role mapping for one identity provider
/// (<https://docs.aws.amazon.com/cognitoidentity/latest/APIReference/API_RoleMapping.html>).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleMapping {
    /// The mapping's `Type`, with the rules if it is `Rules`.
    pub by: By,
    /// `AmbiguousRoleResolution`: the fallback if the mapping chooses no role.
    pub ambiguous: AmbiguousRole,
}

/// The basis on which a mapping chooses a role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum By {
    /// `Token`: the claims `cognito:roles` and `cognito:preferred_role`.
    Token,
    /// `Rules`: the role of the first rule that matches.
    Rules(Vec<Rule>),
}

/// The fallback if the mapping chooses no role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum AmbiguousRole {
    /// The default role of people who have signed in.
    AuthenticatedRole,
    /// The person gets no credentials.
    Deny,
}

/// A rule of a role mapping (<https://docs.aws.amazon.com/cognitoidentity/latest/APIReference/API_MappingRule.html>).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// The claim's name, of 1 to 64 characters.
    pub claim: String,
    /// The kind of comparison between claim and value.
    pub match_type: MatchType,
    /// The value that the claim is compared with, of 1 to 128 characters.
    pub value: String,
    /// The ARN of the role for people whose claim satisfies the rule.
    pub role_arn: String,
}

/// The kind of comparison that a rule makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum MatchType {
    /// The claim equals the value.
    Equals,
    /// The claim contains the value.
    Contains,
    /// The claim starts with the value.
    StartsWith,
    /// The claim exists and does not equal the value.
    NotEqual,
}

impl MatchType {
    /// All match types.
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

impl Rule {
    /// Returns the condition in one line, with every character visible: `custom:roles Equals 'Admin'`.
    pub fn condition(&self) -> String {
        let Self { claim, match_type, value, .. } = self;
        format!("{} {match_type} {}", visible::named(claim), visible::quoted(value, value.len()))
    }
}

impl RoleMapping {
    /// Returns the rules of the mapping. A mapping by token has none.
    pub fn rules(&self) -> &[Rule] {
        match &self.by {
            By::Token => &[],
            By::Rules(rules) => rules,
        }
    }
}

impl IdentityPoolRoles {
    /// Returns the distinct role ARNs for people who have signed in: first the roles of the rules in order, then the
    /// default role.
    pub fn role_arns(&self) -> Vec<&str> {
        let of_rules = self.rules().map(|rule| rule.role_arn.as_str());
        let mut seen = BTreeSet::new();
        of_rules.chain(self.authenticated.as_deref()).filter(|arn| seen.insert(*arn)).collect()
    }

    /// Returns the names of the claims that rules test. These claims may hold application roles.
    pub fn claims_of_rules(&self) -> impl Iterator<Item = &str> {
        self.rules().map(|rule| rule.claim.as_str())
    }

    /// Returns the AWS account id of the identity pool, taken from the ARN of one of its roles, or `None` if no id is
    /// found there. A pool's roles are in its own account
    /// (<https://docs.aws.amazon.com/cognito/latest/developerguide/iam-roles.html>).
    pub fn account(&self) -> Option<&str> {
        let of_rules = self.rules().map(|rule| rule.role_arn.as_str());
        account(
            self.authenticated.as_deref().into_iter().chain(of_rules).chain(self.unauthenticated.as_deref()).next()?,
        )
    }

    /// Returns whether a role is certainly in another AWS account than the identity pool.
    pub fn is_of_another_account(&self, role_arn: &str) -> bool {
        match (self.account(), account(role_arn)) {
            (Some(own), Some(other)) => own != other,
            _ => false,
        }
    }

    fn rules(&self) -> impl Iterator<Item = &Rule> {
        self.mappings.values().flat_map(RoleMapping::rules)
    }
}

fn account(arn: &str) -> Option<&str> {
    arn.split(':').nth(4)
}
