//! Evaluation of a role mapping for one person's claims, under one interpretation of AWS's documentation.

use serde::Serialize;
use serde_json::{Map, Value};

use super::asserted::{PREFERRED_ROLE, iam_roles};
use super::verdicts::Judge;
use super::{AmbiguousRole, By, IdentityPoolRoles, Interpretation, MatchType, Question, RoleMapping, Rule};
use crate::aws::ids;

/// The parts of a credentials request that determine the role.
#[derive(Debug, Clone, Copy)]
pub struct RoleRequest<'a> {
    /// The claims of the ID token.
    pub claims: &'a Map<String, Value>,
    /// The requested role (`CustomRoleArn`), if any.
    pub custom_role: Option<&'a str>,
}

/// The result of comparing one rule with the claims.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The claim satisfies the rule.
    Matched,
    /// The claim does not satisfy the rule.
    NotMatched,
    /// The token lacks the claim of the rule. The rule then never matches, not even with `NotEqual`.
    NotEvaluated,
}

/// The result of the role mapping for the person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The person gets credentials of the role with this ARN.
    Role(String),
    /// The identity pool refuses the request with `NotAuthorizedException`.
    Denied,
    /// The default role applies but is not set, so the identity pool fails with
    /// `InvalidIdentityPoolConfigurationException`.
    NoRole,
}

impl Outcome {
    /// Returns the ARN of the role, if the person gets a role.
    pub fn role_arn(&self) -> Option<&str> {
        match self {
            Self::Role(arn) => Some(arn),
            Self::Denied | Self::NoRole => None,
        }
    }
}

/// The reason for an outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// The provider has no mapping, so the default role applies.
    NoMapping,
    /// The rule with this index, counted from 0, is the first rule that matches.
    Rule(usize),
    /// No rule matches, so `AmbiguousRoleResolution` decides.
    NoRuleMatches,
    /// The claim `cognito:preferred_role` names the role.
    PreferredRole,
    /// The role is the only one in `cognito:roles`.
    OnlyRole,
    /// The token has no preferred role, so `AmbiguousRoleResolution` decides.
    NoPreferredRole,
    /// The preferred role is not the ARN of a role.
    MalformedPreferredRole,
    /// The requested role is one that the person may have.
    CustomRole,
    /// The requested role is not one that the person may have.
    CustomRoleRefused,
}

/// The result of evaluating a role mapping.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evaluation {
    /// The verdict for each rule, in order. Rules after the deciding one are judged as well, because one of them may
    /// give a requested role.
    pub verdicts: Vec<Verdict>,
    /// The result for the person.
    pub outcome: Outcome,
    /// The reason for the outcome.
    pub basis: Basis,
}

/// Evaluates `request` under one interpretation, using `mapping` or, if `mapping` is `None`, the default roles of
/// `pool`.
pub fn evaluate(
    pool: &IdentityPoolRoles,
    mapping: Option<&RoleMapping>,
    request: &RoleRequest<'_>,
    interpretation: Interpretation,
) -> Evaluation {
    let rules = mapping.map(RoleMapping::rules).unwrap_or_default();
    evaluate_with(&mut Judge::new(rules, request.claims), pool, mapping, request, interpretation)
}

/// Does the same as [`evaluate`], but reuses a `judge` that was created for the same rules and claims.
pub(super) fn evaluate_with(
    judge: &mut Judge<'_>,
    pool: &IdentityPoolRoles,
    mapping: Option<&RoleMapping>,
    request: &RoleRequest<'_>,
    interpretation: Interpretation,
) -> Evaluation {
    let verdicts = judge.verdicts(interpretation);
    let (outcome, basis) = outcome(pool, mapping, request, interpretation, &verdicts);
    let cannot_be_assumed = interpretation.is_otherwise(Question::RoleOfAnotherAccount)
        && outcome.role_arn().is_some_and(|arn| pool.is_of_another_account(arn));
    Evaluation { verdicts, outcome: if cannot_be_assumed { Outcome::NoRole } else { outcome }, basis }
}

fn outcome(
    pool: &IdentityPoolRoles,
    mapping: Option<&RoleMapping>,
    request: &RoleRequest<'_>,
    interpretation: Interpretation,
    verdicts: &[Verdict],
) -> (Outcome, Basis) {
    let default = || pool.authenticated.clone().map_or(Outcome::NoRole, Outcome::Role);
    let Some(mapping) = mapping else {
        let may_be_any = interpretation.is_otherwise(Question::CustomRoleWithoutMapping);
        return match request.custom_role {
            None => (default(), Basis::NoMapping),
            Some(custom) => asked_for(custom, may_be_any || pool.authenticated.as_deref() == Some(custom)),
        };
    };
    let ambiguous = || match mapping.ambiguous {
        AmbiguousRole::AuthenticatedRole => default(),
        AmbiguousRole::Deny => Outcome::Denied,
    };
    match &mapping.by {
        By::Token => by_token(request, interpretation, ambiguous),
        By::Rules(rules) => by_rules(rules, verdicts, request, interpretation, ambiguous),
    }
}

fn asked_for(custom: &str, may_be_had: bool) -> (Outcome, Basis) {
    match may_be_had {
        true => (Outcome::Role(custom.to_owned()), Basis::CustomRole),
        false => (Outcome::Denied, Basis::CustomRoleRefused),
    }
}

fn by_token(
    request: &RoleRequest<'_>,
    interpretation: Interpretation,
    ambiguous: impl Fn() -> Outcome,
) -> (Outcome, Basis) {
    if let Some(custom) = request.custom_role {
        return asked_for(custom, iam_roles(request.claims).iter().any(|role| role == custom));
    }
    let preferred = request.claims.get(PREFERRED_ROLE).and_then(Value::as_str);
    if let Some(preferred) = preferred.filter(|preferred| is_role(preferred)) {
        return (Outcome::Role(preferred.to_owned()), Basis::PreferredRole);
    }
    if preferred.is_some() && interpretation.is_otherwise(Question::MalformedPreferredRole) {
        return (Outcome::NoRole, Basis::MalformedPreferredRole);
    }
    let otherwise = if preferred.is_some() { Basis::MalformedPreferredRole } else { Basis::NoPreferredRole };
    let roles: Vec<String> = iam_roles(request.claims).into_iter().filter(|role| is_role(role)).collect();
    match roles.as_slice() {
        [only] if interpretation.is_otherwise(Question::OnlyRole) => (Outcome::Role(only.clone()), Basis::OnlyRole),
        _ => (ambiguous(), otherwise),
    }
}

/// Returns whether `text` is the ARN of an IAM role.
pub(super) fn is_role(text: &str) -> bool {
    ids::role_arn(text).is_ok()
}

fn by_rules(
    rules: &[Rule],
    verdicts: &[Verdict],
    request: &RoleRequest<'_>,
    interpretation: Interpretation,
    ambiguous: impl Fn() -> Outcome,
) -> (Outcome, Basis) {
    let mut matching = rules.iter().zip(verdicts).enumerate().filter(|(_, (_, verdict))| **verdict == Verdict::Matched);
    if let Some(custom) = request.custom_role {
        let is_a_matching_rules = matching.any(|(_, (rule, _))| rule.role_arn == custom);
        return asked_for(custom, is_a_matching_rules || interpretation.is_otherwise(Question::CustomRoleByRules));
    }
    match matching.next() {
        Some((place, (rule, _))) => (Outcome::Role(rule.role_arn.clone()), Basis::Rule(place)),
        None => (ambiguous(), Basis::NoRuleMatches),
    }
}

/// Returns whether `text` satisfies a rule with this match type and value.
pub(super) fn matches(match_type: MatchType, text: &str, value: &str) -> bool {
    match match_type {
        MatchType::Equals => text == value,
        MatchType::Contains => text.contains(value),
        MatchType::StartsWith => text.starts_with(value),
        MatchType::NotEqual => text != value,
    }
}
