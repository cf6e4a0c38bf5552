//! A cache for the results of comparing rules with claims. It makes it cheap to try many interpretations. The texts of
//! a claim are made once, and each rule is compared with each of them once: the rules and the interpretations are many,
//! and a claim can have 64 KiB.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::evaluate::matches;
use super::{Interpretation, MatchType, Question, Rule, Verdict};

/// The form of a claim that is compared with a rule's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// The claim as text: an array in brackets, as a user pool flattens arrays, and a claim of any other type as JSON.
    Text,
    /// The claim as text, with an array as JSON.
    Json,
    /// Each string in an array, on its own.
    Elements,
}

/// Two values: one value for the original text, and one for the text in lower case.
#[derive(Default)]
struct Pair<T> {
    plain: T,
    folded: T,
}

impl<T> Pair<T> {
    fn of(&self, is_folded: bool) -> &T {
        if is_folded { &self.folded } else { &self.plain }
    }

    fn of_mut(&mut self, is_folded: bool) -> &mut T {
        if is_folded { &mut self.folded } else { &mut self.plain }
    }
}

/// A claim in the forms that can be compared with rules, each computed at most once.
struct Comparable<'a> {
    claim: &'a Value,
    text: Pair<OnceCell<Cow<'a, str>>>,
    json: Pair<OnceCell<Cow<'a, str>>>,
    elements: Pair<OnceCell<Vec<Cow<'a, str>>>>,
}

impl<'a> Comparable<'a> {
    fn new(claim: &'a Value) -> Self {
        Self { claim, text: Pair::default(), json: Pair::default(), elements: Pair::default() }
    }

    fn text(&self, is_json: bool, is_folded: bool) -> &str {
        let cells = if is_json { &self.json } else { &self.text };
        cells.of(is_folded).get_or_init(|| match (is_folded, is_json) {
            (true, _) => Cow::Owned(self.text(is_json, false).to_lowercase()),
            (false, true) => Cow::Owned(self.claim.to_string()),
            (false, false) => flattened(self.claim),
        })
    }

    /// Returns the strings in the array, sorted.
    fn elements(&self, is_folded: bool) -> &[Cow<'a, str>] {
        self.elements.of(is_folded).get_or_init(|| {
            let texts = self.claim.as_array().into_iter().flatten().filter_map(Value::as_str);
            let mut texts: Vec<Cow<'a, str>> = match is_folded {
                true => texts.map(|text| Cow::Owned(text.to_lowercase())).collect(),
                false => texts.map(Cow::Borrowed).collect(),
            };
            texts.sort_unstable();
            texts
        })
    }

    /// Returns the form of the claim that `interpretation` compares with rules, or `None` if the interpretation treats
    /// the claim as missing.
    fn form(&self, match_type: MatchType, interpretation: Interpretation) -> Option<Form> {
        let by_elements = match match_type {
            MatchType::Contains => Question::ContainsOnArrays,
            _ => Question::ComparisonOfArrays,
        };
        match self.claim {
            Value::String(_) => Some(Form::Text),
            Value::Array(_) if interpretation.is_otherwise(by_elements) => Some(Form::Elements),
            Value::Array(_) if interpretation.is_otherwise(Question::TextOfArrays) => Some(Form::Json),
            Value::Array(_) => Some(Form::Text),
            _ if interpretation.is_otherwise(Question::OtherTypes) => None,
            _ => Some(Form::Text),
        }
    }

    fn does_match(&self, rule: &Rule, form: Form, is_folded: bool) -> bool {
        let value = match is_folded {
            true => Cow::Owned(rule.value.to_lowercase()),
            false => Cow::Borrowed(rule.value.as_str()),
        };
        if form != Form::Elements {
            return matches(rule.match_type, self.text(form == Form::Json, is_folded), &value);
        }
        let elements = self.elements(is_folded);
        let at = elements.partition_point(|element| **element < *value);
        let next = elements.get(at);
        match rule.match_type {
            MatchType::Equals | MatchType::Contains => next.is_some_and(|element| *element == value),
            MatchType::StartsWith => next.is_some_and(|element| element.starts_with(&*value)),
            MatchType::NotEqual => next.is_none_or(|element| *element != value),
        }
    }
}

/// The rules of a mapping, together with the claims that they test.
pub(super) struct Judge<'a> {
    rules: Vec<Judged<'a>>,
    claims: Vec<Comparable<'a>>,
}

/// A rule, the index of its claim, and the results of earlier comparisons for each form of the claim.
struct Judged<'a> {
    rule: &'a Rule,
    claim: Option<usize>,
    by_text: Pair<Option<bool>>,
    by_json: Pair<Option<bool>>,
    by_elements: Pair<Option<bool>>,
}

impl Judged<'_> {
    fn result(&mut self, form: Form, is_folded: bool) -> &mut Option<bool> {
        let results = match form {
            Form::Text => &mut self.by_text,
            Form::Json => &mut self.by_json,
            Form::Elements => &mut self.by_elements,
        };
        results.of_mut(is_folded)
    }
}

impl<'a> Judge<'a> {
    pub fn new(rules: &'a [Rule], claims: &'a Map<String, Value>) -> Self {
        let mut found = Vec::new();
        let mut places: BTreeMap<&str, Option<usize>> = BTreeMap::new();
        let mut place = |name: &'a str| {
            *places.entry(name).or_insert_with(|| {
                found.push(Comparable::new(claims.get(name)?));
                Some(found.len() - 1)
            })
        };
        let judged = |rule: &'a Rule| Judged {
            rule,
            claim: place(&rule.claim),
            by_text: Pair::default(),
            by_json: Pair::default(),
            by_elements: Pair::default(),
        };
        let rules = rules.iter().map(judged).collect();
        Self { rules, claims: found }
    }

    /// Returns the verdict for each rule under one interpretation.
    pub fn verdicts(&mut self, interpretation: Interpretation) -> Vec<Verdict> {
        let is_folded = interpretation.is_otherwise(Question::LetterCase);
        let claims = &self.claims;
        let verdict = |judged: &mut Judged<'_>| {
            let Some(claim) = judged.claim.and_then(|place| claims.get(place)) else { return Verdict::NotEvaluated };
            let Some(form) = claim.form(judged.rule.match_type, interpretation) else { return Verdict::NotEvaluated };
            let rule = judged.rule;
            let known = judged.result(form, is_folded);
            match *known.get_or_insert_with(|| claim.does_match(rule, form, is_folded)) {
                true => Verdict::Matched,
                false => Verdict::NotMatched,
            }
        };
        self.rules.iter_mut().map(verdict).collect()
    }
}

/// Converts a claim to one text. Arrays are flattened the way a user pool flattens them.
pub(super) fn flattened(claim: &Value) -> Cow<'_, str> {
    match claim {
        Value::String(text) => Cow::Borrowed(text),
        Value::Array(elements) => {
            Cow::Owned(format!("[{}]", elements.iter().map(flattened).collect::<Vec<_>>().join(", ")))
        }
        other => Cow::Owned(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn elements_are_compared_one_by_one() {
        let claims = json!({ "c": ["b", "Ab", 7, "", "abc"] });
        let by_element =
            Interpretation::NATURAL.otherwise(Question::ComparisonOfArrays).otherwise(Question::ContainsOnArrays);
        let folded = by_element.otherwise(Question::LetterCase);
        for (match_type, value, expected, in_any_case) in [
            (MatchType::Equals, "abc", true, true),
            (MatchType::Equals, "ab", false, true),
            (MatchType::Equals, "7", false, false),
            (MatchType::Contains, "b", true, true),
            (MatchType::Contains, "bc", false, false),
            (MatchType::StartsWith, "abc", true, true),
            (MatchType::StartsWith, "A", true, true),
            (MatchType::StartsWith, "c", false, false),
            (MatchType::NotEqual, "b", false, false),
            (MatchType::NotEqual, "AB", true, false),
            (MatchType::NotEqual, "zz", true, true),
        ] {
            let rules = [Rule { claim: "c".into(), match_type, value: value.into(), role_arn: "r".into() }];
            let mut judge = Judge::new(&rules, claims.as_object().unwrap());
            for _ in 0..2 {
                let found = [by_element, folded].map(|by| judge.verdicts(by) == [Verdict::Matched]);
                assert_eq!(found, [expected, in_any_case], "{match_type} {value}");
            }
        }
    }
}
