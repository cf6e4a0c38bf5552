//! The explanation of a role mapping's result: the outcome under the most natural reading of AWS's documentation, and
//! the outcomes under other readings.

use std::collections::BTreeSet;

use serde_json::Value;

use super::asserted::{PREFERRED_ROLE, iam_roles};
use super::evaluate::{evaluate_with, is_role};
use super::verdicts::Judge;
use super::{By, Evaluation, IdentityPoolRoles, Interpretation, Outcome, Question, RoleMapping, RoleRequest};

/// The result of a role mapping, with its uncertainties.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// The result under [`Interpretation::NATURAL`].
    pub evaluation: Evaluation,
    /// The other possible outcomes; empty if all interpretations agree.
    pub doubts: Vec<Doubt>,
    /// The indexes, counted from 0, of the rules whose verdict depends on the interpretation. The outcome need not
    /// depend on it.
    pub uncertain_rules: BTreeSet<usize>,
}

/// Another possible outcome, and the interpretation that leads to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Doubt {
    /// The questions that lead to this outcome if all of them have their other answer.
    pub questions: Vec<Question>,
    /// The outcome if `questions` have their other answers.
    pub outcome: Outcome,
}

impl Explanation {
    /// Returns whether all interpretations lead to the same outcome.
    pub fn is_certain(&self) -> bool {
        self.doubts.is_empty()
    }
}

/// Evaluates `request` under every relevant interpretation, using `mapping` or, if `mapping` is `None`, the default
/// roles of `pool`.
pub fn explain(pool: &IdentityPoolRoles, mapping: Option<&RoleMapping>, request: &RoleRequest<'_>) -> Explanation {
    let mut judge = Judge::new(mapping.map(RoleMapping::rules).unwrap_or_default(), request.claims);
    let evaluation = evaluate_with(&mut judge, pool, mapping, request, Interpretation::NATURAL);
    let (mut found, mut doubts): (Vec<Interpretation>, Vec<Doubt>) = Default::default();
    let mut uncertain_rules = BTreeSet::new();
    for interpretation in Interpretation::others(&arising(pool, mapping, request)) {
        let other = evaluate_with(&mut judge, pool, mapping, request, interpretation);
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

/// Returns the open questions whose answers can change the outcome of `request`.
fn arising(pool: &IdentityPoolRoles, mapping: Option<&RoleMapping>, request: &RoleRequest<'_>) -> Vec<Question> {
    let by_mapping = match mapping.map(|mapping| &mapping.by) {
        None => Vec::from_iter(request.custom_role.map(|_| Question::CustomRoleWithoutMapping)),
        Some(By::Token) => by_token(request),
        Some(By::Rules(_)) => by_rules(mapping, request),
    };
    let preferred = request.claims.get(PREFERRED_ROLE).and_then(Value::as_str);
    let of_claims = iam_roles(request.claims);
    let of_rules = mapping.map(RoleMapping::rules).unwrap_or_default().iter().map(|rule| rule.role_arn.as_str());
    let mut possible = of_rules.chain(preferred).chain(request.custom_role).chain(of_claims.iter().map(String::as_str));
    let has_foreign = possible.any(|arn| is_role(arn) && pool.is_of_another_account(arn));
    by_mapping.into_iter().chain(has_foreign.then_some(Question::RoleOfAnotherAccount)).collect()
}

fn by_token(request: &RoleRequest<'_>) -> Vec<Question> {
    let preferred = request.claims.get(PREFERRED_ROLE).and_then(Value::as_str);
    let is_malformed = preferred.is_some_and(|preferred| !is_role(preferred));
    [Question::OnlyRole].into_iter().chain(is_malformed.then_some(Question::MalformedPreferredRole)).collect()
}

fn by_rules(mapping: Option<&RoleMapping>, request: &RoleRequest<'_>) -> Vec<Question> {
    let rules = mapping.map(RoleMapping::rules).unwrap_or_default();
    let claims: Vec<&Value> = rules.iter().filter_map(|rule| request.claims.get(&rule.claim)).collect();
    let has_array = claims.iter().any(|claim| claim.is_array());
    let has_other = claims.iter().any(|claim| !claim.is_array() && !claim.is_string());
    let arrays = [Question::ContainsOnArrays, Question::ComparisonOfArrays, Question::TextOfArrays];
    arrays
        .into_iter()
        .filter(|_| has_array)
        .chain(has_other.then_some(Question::OtherTypes))
        .chain([Question::LetterCase])
        .chain(request.custom_role.map(|_| Question::CustomRoleByRules))
        .collect()
}
