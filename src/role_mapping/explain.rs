//! The outcome by the natural interpretation, and what the other interpretations would make of it.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{By, Evaluation, IdentityPoolRoles, Interpretation, Outcome, Question, RoleMapping, RoleRequest, evaluate};

/// What came out, and how far that is certain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// By the natural interpretation.
    pub evaluation: Evaluation,
    /// Why the outcome may be another one; none if no reading changes it.
    pub doubts: Vec<Doubt>,
    /// The rules, counted from 0, whose verdict another reading changes, whatever becomes of the outcome.
    pub uncertain_rules: BTreeSet<usize>,
}

/// One way in which the outcome may be another one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Doubt {
    /// What would have to have its other answer: all of these.
    pub questions: Vec<Question>,
    /// What the person would get then.
    pub outcome: Outcome,
}

impl Explanation {
    /// Whether every reading has the same outcome.
    pub fn is_certain(&self) -> bool {
        self.doubts.is_empty()
    }
}

/// Evaluates a mapping of `pool`, or the lack of one, by every reading that could matter.
pub fn explain(pool: &IdentityPoolRoles, mapping: Option<&RoleMapping>, request: &RoleRequest<'_>) -> Explanation {
    let evaluation = evaluate(pool, mapping, request, Interpretation::NATURAL);
    let (mut found, mut doubts): (Vec<Interpretation>, Vec<Doubt>) = Default::default();
    let mut uncertain_rules = BTreeSet::new();
    for interpretation in Interpretation::others(&arising(mapping, request)) {
        let other = evaluate(pool, mapping, request, interpretation);
        let verdicts = evaluation.verdicts.iter().zip(&other.verdicts).enumerate();
        uncertain_rules.extend(verdicts.filter(|(_, (one, other))| one != other).map(|(place, _)| place));
        // Readings come in the order of their size: one that adds to a doubt that is known adds nothing.
        if other.outcome != evaluation.outcome && !found.iter().any(|known| interpretation.includes(*known)) {
            found.push(interpretation);
            doubts.push(Doubt { questions: interpretation.questions(), outcome: other.outcome });
        }
    }
    Explanation { evaluation, doubts, uncertain_rules }
}

/// The questions that can matter here.
fn arising(mapping: Option<&RoleMapping>, request: &RoleRequest<'_>) -> Vec<Question> {
    let asks = request.custom_role.is_some();
    let Some(mapping) = mapping else {
        return Vec::from_iter(asks.then_some(Question::CustomRoleWithoutMapping));
    };
    let By::Rules(rules) = &mapping.by else { return vec![Question::OnlyRole] };
    let claims: Vec<&Value> = rules.iter().filter_map(|rule| request.claims.get(&rule.claim)).collect();
    let has_array = claims.iter().any(|claim| claim.is_array());
    let has_other = claims.iter().any(|claim| !claim.is_array() && !claim.is_string());
    let arrays = [Question::ContainsOnArrays, Question::ComparisonOfArrays, Question::TextOfArrays];
    arrays
        .into_iter()
        .filter(|_| has_array)
        .chain(has_other.then_some(Question::OtherTypes))
        .chain([Question::LetterCase])
        .chain(asks.then_some(Question::CustomRoleByRules))
        .collect()
}
