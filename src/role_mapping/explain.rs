//! The outcome by the natural reading, and what the other readings would make of it.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{By, Evaluation, Given, IdentityPoolRoles, Outcome, Question, Reading, RoleMapping, evaluate};

/// What came out, and how far that is certain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// By the natural reading.
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
pub fn explain(pool: &IdentityPoolRoles, mapping: Option<&RoleMapping>, given: &Given<'_>) -> Explanation {
    let evaluation = evaluate(pool, mapping, given, Reading::NATURAL);
    let (mut found, mut doubts): (Vec<Reading>, Vec<Doubt>) = Default::default();
    let mut uncertain_rules = BTreeSet::new();
    for reading in Reading::others(&arising(mapping, given)) {
        let other = evaluate(pool, mapping, given, reading);
        let verdicts = evaluation.verdicts.iter().zip(&other.verdicts).enumerate();
        uncertain_rules.extend(verdicts.filter(|(_, (one, other))| one != other).map(|(place, _)| place));
        // Readings come in the order of their size: one that adds to a doubt that is known adds nothing.
        if other.outcome != evaluation.outcome && !found.iter().any(|known| reading.includes(*known)) {
            found.push(reading);
            doubts.push(Doubt { questions: reading.questions(), outcome: other.outcome });
        }
    }
    Explanation { evaluation, doubts, uncertain_rules }
}

/// The questions that can matter here.
fn arising(mapping: Option<&RoleMapping>, given: &Given<'_>) -> Vec<Question> {
    let asks = given.custom_role.is_some();
    let Some(mapping) = mapping else {
        return Vec::from_iter(asks.then_some(Question::CustomRoleWithoutMapping));
    };
    let By::Rules(rules) = &mapping.by else { return vec![Question::OnlyRole] };
    let claims: Vec<&Value> = rules.iter().filter_map(|rule| given.claims.get(&rule.claim)).collect();
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
