//! Explanations in words for the verdict on a rule and for the outcome of a role mapping.

use std::cell::RefCell;
use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::verdicts::flattened;
use super::visible::{named, quoted};
use super::{AmbiguousRole, Basis, IdentityPoolRoles, MatchType, RoleMapping, Rule, Verdict};

/// The maximum length of a claim that an explanation quotes, in characters.
const LONGEST_CLAIM: usize = 200;
/// The maximum length of a rule's value that an explanation quotes, in characters.
const LONGEST_VALUE: usize = 128;

/// The explanations of rule verdicts for one set of claims. Each claim's text is made once.
pub struct Reasons<'a> {
    claims: &'a Map<String, Value>,
    texts: RefCell<BTreeMap<&'a str, String>>,
}

impl<'a> Reasons<'a> {
    /// Creates the explanations of rule verdicts for `claims`.
    pub fn new(claims: &'a Map<String, Value>) -> Self {
        Self { claims, texts: RefCell::default() }
    }

    /// Returns an explanation, in words, of a rule's verdict.
    pub fn of(&self, rule: &Rule, verdict: Verdict) -> String {
        let claim = named(&rule.claim);
        let Some((name, found)) = self.claims.get_key_value(&rule.claim) else {
            return format!("the token has no {claim}");
        };
        let what = if found.is_array() { "is an array, as text " } else { "is " };
        let mut texts = self.texts.borrow_mut();
        let is = texts.entry(name).or_insert_with(|| quoted(&flattened(found), LONGEST_CLAIM));
        let value = quoted(&rule.value, LONGEST_VALUE);
        let does = match (rule.match_type, verdict) {
            (_, Verdict::NotEvaluated) => "which is not compared".to_owned(),
            (MatchType::Equals, Verdict::Matched) | (MatchType::NotEqual, Verdict::NotMatched) => {
                format!("which equals {value}")
            }
            (MatchType::Equals, Verdict::NotMatched) | (MatchType::NotEqual, Verdict::Matched) => {
                format!("which does not equal {value}")
            }
            (MatchType::Contains, Verdict::Matched) => format!("which contains {value}"),
            (MatchType::Contains, Verdict::NotMatched) => format!("which does not contain {value}"),
            (MatchType::StartsWith, Verdict::Matched) => format!("which starts with {value}"),
            (MatchType::StartsWith, Verdict::NotMatched) => format!("which does not start with {value}"),
        };
        format!("{claim} {what}{is}, {does}")
    }
}

/// Returns an explanation, in words, of an outcome.
pub fn why_this_outcome(basis: Basis, mapping: Option<&RoleMapping>, pool: &IdentityPoolRoles) -> String {
    let default = match pool.authenticated {
        Some(_) => "the default role is given",
        None => "the default role applies, and the identity pool has none",
    };
    let resolved = match mapping.map(|mapping| mapping.ambiguous) {
        Some(AmbiguousRole::Deny) => "AmbiguousRoleResolution is Deny".to_owned(),
        _ => format!("AmbiguousRoleResolution is AuthenticatedRole: {default}"),
    };
    match basis {
        Basis::NoMapping => format!("there is no mapping for this provider: {default}"),
        Basis::Rule(place) => format!("rule {} is the first that matches", place + 1),
        Basis::NoRuleMatches => format!("no rule matches, and {resolved}"),
        Basis::PreferredRole => "the token names it in cognito:preferred_role".to_owned(),
        Basis::OnlyRole => "it is the only one of cognito:roles".to_owned(),
        Basis::NoPreferredRole => format!("the token has no cognito:preferred_role, and {resolved}"),
        Basis::MalformedPreferredRole => {
            format!("cognito:preferred_role is not the ARN of an IAM role, and {resolved}")
        }
        Basis::CustomRole => match mapping {
            None => "it was requested, and is the default role".to_owned(),
            Some(mapping) if mapping.rules().is_empty() => "it was requested, and is in cognito:roles".to_owned(),
            Some(_) => "it was requested, and is the role of a rule that matches".to_owned(),
        },
        Basis::CustomRoleRefused => {
            let among = match mapping {
                None => "is not the default role, and there is no mapping",
                Some(mapping) if mapping.rules().is_empty() => "is not in cognito:roles",
                Some(_) => "is not the role of a rule that matches",
            };
            format!("the requested role {among}")
        }
    }
}
