//! Evaluation of one mapping for one person's claims, by one interpretation: the rules that match, and the role.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::{Map, Value};

use super::{AmbiguousRole, By, IdentityPoolRoles, Interpretation, MatchType, Question, RoleMapping, Rule};
use crate::role_mapping::asserted::{PREFERRED_ROLE, iam_roles};

/// The parts of a request for credentials that decide the role.
#[derive(Debug, Clone, Copy)]
pub struct RoleRequest<'a> {
    /// The claims of the ID token.
    pub claims: &'a Map<String, Value>,
    /// `CustomRoleArn`, if a role is requested.
    pub custom_role: Option<&'a str>,
}

/// The result of one rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The claim matches.
    Matched,
    /// The claim does not match.
    NotMatched,
    /// The token has no such claim, so that not even `NotEqual` matches.
    NotEvaluated,
}

/// The result for the person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Credentials of this role.
    Role(String),
    /// The identity pool refuses with `NotAuthorizedException`.
    Denied,
    /// The identity pool fails with `InvalidIdentityPoolConfigurationException`: the default role applies, and there is
    /// none.
    NoRole,
}

impl Outcome {
    /// Returns the role's ARN, if the person gets one.
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
    /// The provider has no mapping: the default role applies.
    NoMapping,
    /// This rule, counted from 0, is the first that matches.
    Rule(usize),
    /// No rule matches: `AmbiguousRoleResolution` decides.
    NoRuleMatches,
    /// The claim `cognito:preferred_role`.
    PreferredRole,
    /// The only role in `cognito:roles`.
    OnlyRole,
    /// There is no preferred role: `AmbiguousRoleResolution` decides.
    NoPreferredRole,
    /// The requested role is allowed.
    CustomRole,
    /// The person may not have the requested role.
    CustomRoleRefused,
}

/// The result of an evaluation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evaluation {
    /// One verdict for each rule, in order. Rules after the deciding one are judged as well, because one of them may
    /// give a requested role.
    pub verdicts: Vec<Verdict>,
    /// The result for the person.
    pub outcome: Outcome,
    /// The reason for the outcome.
    pub basis: Basis,
}

/// Evaluates a mapping of `pool`, or the lack of one, by one interpretation.
pub fn evaluate(
    pool: &IdentityPoolRoles,
    mapping: Option<&RoleMapping>,
    request: &RoleRequest<'_>,
    interpretation: Interpretation,
) -> Evaluation {
    let default = || pool.authenticated.clone().map_or(Outcome::NoRole, Outcome::Role);
    let Some(mapping) = mapping else {
        let may_be_any = interpretation.is_otherwise(Question::CustomRoleWithoutMapping);
        let (outcome, basis) = match request.custom_role {
            None => (default(), Basis::NoMapping),
            Some(custom) => asked_for(custom, may_be_any || pool.authenticated.as_deref() == Some(custom)),
        };
        return Evaluation { verdicts: Vec::new(), outcome, basis };
    };
    let ambiguous = || match mapping.ambiguous {
        AmbiguousRole::AuthenticatedRole => default(),
        AmbiguousRole::Deny => Outcome::Denied,
    };
    match &mapping.by {
        By::Token => {
            let (outcome, basis) = by_token(request, interpretation, ambiguous);
            Evaluation { verdicts: Vec::new(), outcome, basis }
        }
        By::Rules(rules) => {
            let verdicts: Vec<Verdict> =
                rules.iter().map(|rule| verdict(rule, request.claims, interpretation)).collect();
            let (outcome, basis) = by_rules(rules, &verdicts, request, interpretation, ambiguous);
            Evaluation { verdicts, outcome, basis }
        }
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
    if let Some(preferred) = request.claims.get(PREFERRED_ROLE).and_then(Value::as_str) {
        return (Outcome::Role(preferred.to_owned()), Basis::PreferredRole);
    }
    match iam_roles(request.claims).as_slice() {
        [only] if interpretation.is_otherwise(Question::OnlyRole) => (Outcome::Role(only.clone()), Basis::OnlyRole),
        _ => (ambiguous(), Basis::NoPreferredRole),
    }
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

/// Returns the verdict of one rule.
fn verdict(rule: &Rule, claims: &Map<String, Value>, interpretation: Interpretation) -> Verdict {
    let folded = |text: Cow<'_, str>| match interpretation.is_otherwise(Question::LetterCase) {
        true => text.to_lowercase(),
        false => text.into_owned(),
    };
    let by_elements = interpretation.is_otherwise(match rule.match_type {
        MatchType::Contains => Question::ContainsOnArrays,
        _ => Question::ComparisonOfArrays,
    });
    let value = folded(Cow::Borrowed(&rule.value));
    let does_match = match claims.get(&rule.claim) {
        None => return Verdict::NotEvaluated,
        Some(Value::String(text)) => matches(rule.match_type, &folded(Cow::Borrowed(text)), &value),
        Some(Value::Array(elements)) if by_elements => {
            let mut texts = elements.iter().filter_map(Value::as_str).map(|text| folded(Cow::Borrowed(text)));
            match rule.match_type {
                MatchType::Equals | MatchType::Contains => texts.any(|text| text == value),
                MatchType::StartsWith => texts.any(|text| text.starts_with(&value)),
                MatchType::NotEqual => texts.all(|text| text != value),
            }
        }
        Some(array @ Value::Array(_)) if interpretation.is_otherwise(Question::TextOfArrays) => {
            matches(rule.match_type, &folded(Cow::Owned(array.to_string())), &value)
        }
        Some(array @ Value::Array(_)) => matches(rule.match_type, &folded(Cow::Owned(flattened(array))), &value),
        Some(_) if interpretation.is_otherwise(Question::OtherTypes) => return Verdict::NotEvaluated,
        Some(other) => matches(rule.match_type, &folded(Cow::Owned(other.to_string())), &value),
    };
    if does_match { Verdict::Matched } else { Verdict::NotMatched }
}

/// Returns whether `text` matches a rule of this type and value.
pub(super) fn matches(match_type: MatchType, text: &str, value: &str) -> bool {
    match match_type {
        MatchType::Equals => text == value,
        MatchType::Contains => text.contains(value),
        MatchType::StartsWith => text.starts_with(value),
        MatchType::NotEqual => text != value,
    }
}

/// Returns a claim as one text. Arrays are flattened the way a user pool flattens them.
pub(super) fn flattened(claim: &Value) -> String {
    match claim {
        Value::String(text) => text.clone(),
        Value::Array(elements) => format!("[{}]", elements.iter().map(flattened).collect::<Vec<_>>().join(", ")),
        other => other.to_string(),
    }
}
