//! The explanation of an outcome: the result of the natural interpretation, and the differences of the others.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{By, Evaluation, IdentityPoolRoles, Interpretation, Outcome, Question, RoleMapping, RoleRequest, evaluate};

/// The result, and its certainty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// The result by the natural interpretation.
    pub evaluation: Evaluation,
    /// The ways in which the outcome may differ; empty if all interpretations agree.
    pub doubts: Vec<Doubt>,
    /// The rules, counted from 0, whose verdict differs in some interpretation, even if the outcome does not.
    pub uncertain_rules: BTreeSet<usize>,
}

/// One way in which the outcome may differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Doubt {
    /// The questions whose other answers together lead to it.
    pub questions: Vec<Question>,
    /// The outcome in that case.
    pub outcome: Outcome,
}

impl Explanation {
    /// Returns whether every interpretation has the same outcome.
    pub fn is_certain(&self) -> bool {
        self.doubts.is_empty()
    }
}

/// Evaluates a mapping of `pool`, or the lack of one, by every interpretation that could matter.
pub fn explain(pool: &IdentityPoolRoles, mapping: Option<&RoleMapping>, request: &RoleRequest<'_>) -> Explanation {
    let evaluation = evaluate(pool, mapping, request, Interpretation::NATURAL);
    let (mut found, mut doubts): (Vec<Interpretation>, Vec<Doubt>) = Default::default();
    let mut uncertain_rules = BTreeSet::new();
    for interpretation in Interpretation::others(&arising(mapping, request)) {
        let other = evaluate(pool, mapping, request, interpretation);
        let verdicts = evaluation.verdicts.iter().zip(&other.verdicts).enumerate();
        uncertain_rules.extend(verdicts.filter(|(_, (one, other))| one != other).map(|(place, _)| place));
        // Smaller interpretations come first: one that includes a known doubt adds nothing.
        if other.outcome != evaluation.outcome && !found.iter().any(|known| interpretation.includes(*known)) {
            found.push(interpretation);
            doubts.push(Doubt { questions: interpretation.questions(), outcome: other.outcome });
        }
    }
    Explanation { evaluation, doubts, uncertain_rules }
}

/// Returns the questions that can matter here.
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
