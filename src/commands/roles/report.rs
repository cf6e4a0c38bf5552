//! The explanation of a role mapping, and the explanation's JSON format.

use serde_json::{Map, Value, json};

use crate::role_mapping::asserted::{Asserted, GROUPS};
use crate::role_mapping::{
    self, By, Chosen, Explanation, Finding, IdentityPoolRoles, Outcome, Question, Reasons, RoleMapping, Verdict,
    why_this_outcome,
};

/// The evaluation of a role mapping for one set of claims.
pub struct Report<'a> {
    pub profile: Option<&'a str>,
    pub pool: &'a IdentityPoolRoles,
    pub chosen: Chosen<'a>,
    pub custom_role: Option<&'a str>,
    pub claims: &'a Map<String, Value>,
    /// True if the role mapping applies to this token and this flow, or if a flag selects the mapping.
    pub counts: bool,
    /// The role that `--expect` names.
    pub expected: Option<&'a str>,
    pub explanation: Explanation,
    pub findings: Vec<Finding>,
}

impl Report<'_> {
    pub fn mapping(&self) -> Option<&RoleMapping> {
        self.chosen.entry.map(|(_, mapping)| mapping)
    }

    /// Returns whether the mapping is in effect and all interpretations of the mapping have the same outcome.
    pub fn is_certain(&self) -> bool {
        self.uncertainty().is_none()
    }

    /// Returns the reason why the mapping's outcome is uncertain, or `None` if the outcome is certain.
    pub fn uncertainty(&self) -> Option<&'static str> {
        let tests_groups =
            self.mapping().is_some_and(|mapping| mapping.rules().iter().any(|rule| rule.claim == GROUPS));
        match () {
            () if !self.counts => Some("this mapping may not be the one that applies, see the first warning"),
            () if tests_groups && self.claims.get(GROUPS).is_some_and(Value::is_string) => {
                Some("cognito:groups is an array in an ID token, so these claims are not as the token has them")
            }
            () if !self.explanation.is_certain() => Some("AWS does not document everything that this depends on"),
            () => None,
        }
    }

    /// Returns whether the mapping's outcome is certainly the expected role, or `None` if `--expect` is not given.
    pub fn is_as_expected(&self) -> Option<bool> {
        let given = self.explanation.evaluation.outcome.role_arn();
        self.expected.map(|expected| given == Some(expected) && self.is_certain())
    }

    pub fn why(&self) -> String {
        why_this_outcome(self.explanation.evaluation.basis, self.mapping(), self.pool)
    }

    /// Returns each rule with its index (counted from 0), the verdict on the rule, and the reason for the verdict.
    pub fn verdicts(&self) -> impl Iterator<Item = (usize, &role_mapping::Rule, Verdict, String)> {
        let rules = self.mapping().map(RoleMapping::rules).unwrap_or_default();
        let verdicts = rules.iter().zip(&self.explanation.evaluation.verdicts).enumerate();
        let reasons = Reasons::new(self.claims);
        verdicts.map(move |(place, (rule, verdict))| (place, rule, *verdict, reasons.of(rule, *verdict)))
    }

    pub fn decides(&self, place: usize) -> bool {
        self.explanation.evaluation.basis == role_mapping::Basis::Rule(place)
    }

    /// Returns the report as JSON. Scripts rely on the field names.
    pub fn json(&self) -> Value {
        let explanation = &self.explanation;
        let evaluation = &explanation.evaluation;
        let rule = |(place, rule, verdict, why): (usize, &role_mapping::Rule, Verdict, String)| {
            json!({
                "number": place + 1,
                "claim": rule.claim,
                "match_type": rule.match_type,
                "value": rule.value,
                "role_arn": rule.role_arn,
                "result": verdict,
                "decides": self.decides(place),
                "certain": !explanation.uncertain_rules.contains(&place),
                "why": why,
            })
        };
        let doubt = |doubt: &role_mapping::Doubt| {
            json!({
                "questions": doubt.questions,
                "if": others(&doubt.questions),
                "outcome": named(&doubt.outcome),
                "role_arn": doubt.outcome.role_arn(),
            })
        };
        json!({
            "profile": self.profile,
            "identity_pool_id": self.pool.identity_pool_id,
            "provider": self.chosen.entry.map(|(key, _)| key),
            "provider_chosen_by": self.chosen.by,
            "type": self.mapping().map(type_of),
            "ambiguous_role_resolution": self.mapping().map(|mapping| mapping.ambiguous),
            "custom_role": self.custom_role,
            "asserted": Asserted::of(self.claims, self.pool.claims_of_rules()),
            "rules": self.verdicts().map(rule).collect::<Vec<_>>(),
            "outcome": named(&evaluation.outcome),
            "role_arn": evaluation.outcome.role_arn(),
            "why": self.why(),
            "certain": self.is_certain(),
            "as_expected": self.is_as_expected(),
            "doubts": explanation.doubts.iter().map(doubt).collect::<Vec<_>>(),
            "findings": self.findings,
        })
    }
}

/// Returns the mapping's `Type` as AWS spells it: `Token` or `Rules`.
pub fn type_of(mapping: &RoleMapping) -> &'static str {
    match mapping.by {
        By::Token => "Token",
        By::Rules(_) => "Rules",
    }
}

/// Returns the other possible answers to `questions`, which AWS's documentation leaves open, joined to one sentence.
pub fn others(questions: &[Question]) -> String {
    questions.iter().map(|question| question.other_answer()).collect::<Vec<_>>().join(", and ")
}

fn named(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Role(_) => "role",
        Outcome::Denied => "denied",
        Outcome::NoRole => "no_role",
    }
}
