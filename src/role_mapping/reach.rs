//! Detection of rules that can never take effect, because earlier rules match every text that the later rule matches.
//!
//! Claims are treated as texts here, as every user attribute is one. All match types require the claim, so a rule is a
//! set of texts. One set may contain another. The cost is linear in the number of rules.

use std::collections::{BTreeMap, BTreeSet};

use super::evaluate::matches;
use super::{MatchType, Rule};

/// Returns, for each rule, the indexes of earlier rules that together match every text that this rule matches. The list
/// is empty if the rule can take effect. Either one rule covers it, or two that together match every text: one matches
/// all but one text, the other matches that text.
///
/// `is_array` returns true for a claim that is not a text. AWS does not document how arrays are compared, so only an
/// equal rule is certain to match as well.
pub fn covered(rules: &[Rule], is_array: impl Fn(&str) -> bool) -> Vec<Vec<usize>> {
    let mut by_claim: BTreeMap<&str, Earlier<'_>> = BTreeMap::new();
    let mut found = Vec::with_capacity(rules.len());
    for (place, rule) in rules.iter().enumerate() {
        let earlier = by_claim.entry(&rule.claim).or_default();
        found.push(match is_array(&rule.claim) {
            true => Vec::from_iter(earlier.first.get(&(rule.match_type, rule.value.as_str())).copied()),
            false => earlier.covering(rule.match_type, &rule.value),
        });
        earlier.add(place, rule.match_type, &rule.value);
    }
    found
}

/// The rules for one claim that precede the current rule.
#[derive(Default)]
struct Earlier<'r> {
    /// The index of the first rule with each match type and value.
    first: BTreeMap<(MatchType, &'r str), usize>,
    /// The value lengths of the `StartsWith` rules and of the `Contains` rules, in bytes.
    lengths: [BTreeSet<usize>; 2],
    /// The first two `NotEqual` rules with different values. Together they match every text.
    all_but_one: Vec<(usize, &'r str)>,
    /// The first two rules that together match every text, if there are any.
    everything: Option<[usize; 2]>,
}

impl<'r> Earlier<'r> {
    fn add(&mut self, place: usize, match_type: MatchType, value: &'r str) {
        if self.everything.is_none() {
            let other = match match_type {
                MatchType::NotEqual => self.matching(value),
                _ => self.all_but_one.iter().find(|(_, but)| matches(match_type, but, value)).map(|(other, _)| *other),
            };
            self.everything = other.map(|other| [other, place]);
        }
        let is_new = self.all_but_one.len() < 2 && self.all_but_one.iter().all(|(_, but)| *but != value);
        match match_type {
            MatchType::NotEqual if is_new => self.all_but_one.push((place, value)),
            MatchType::StartsWith => drop(self.lengths[0].insert(value.len())),
            MatchType::Contains => drop(self.lengths[1].insert(value.len())),
            MatchType::NotEqual | MatchType::Equals => {}
        }
        self.first.entry((match_type, value)).or_insert(place);
    }

    /// Returns the indexes of earlier rules that together match every text that a rule with this type and value
    /// matches. Returns an empty list if some text remains.
    fn covering(&self, match_type: MatchType, value: &str) -> Vec<usize> {
        let outside =
            || self.all_but_one.iter().find(|(_, but)| !matches(match_type, but, value)).map(|(place, _)| *place);
        let one = match match_type {
            MatchType::Equals => self.matching(value),
            // Infinitely many texts have to match.
            MatchType::NotEqual => self.first.get(&(MatchType::NotEqual, value)).copied(),
            // Anything may follow, so the beginning decides.
            MatchType::StartsWith => first_of([self.starting(value), self.contained(value), outside()]),
            // Something else may come before the value.
            MatchType::Contains => first_of([self.contained(value), outside(), None]),
        };
        match (one, self.everything) {
            (Some(one), _) => vec![one],
            (None, Some(both)) => both.to_vec(),
            (None, None) => Vec::new(),
        }
    }

    /// Returns the index of the first rule that matches `text`.
    fn matching(&self, text: &str) -> Option<usize> {
        let equal = self.first.get(&(MatchType::Equals, text)).copied();
        let unequal = self.all_but_one.iter().find(|(_, but)| *but != text).map(|(place, _)| *place);
        first_of([first_of([equal, unequal, None]), self.starting(text), self.contained(text)])
    }

    /// Returns the index of the first `StartsWith` rule that matches `text`.
    fn starting(&self, text: &str) -> Option<usize> {
        let known = |length: &usize| self.first.get(&(MatchType::StartsWith, text.get(..*length)?)).copied();
        self.lengths[0].range(..=text.len()).filter_map(known).min()
    }

    /// Returns the index of the first `Contains` rule that matches `text`.
    fn contained(&self, text: &str) -> Option<usize> {
        let known = |piece: &str| self.first.get(&(MatchType::Contains, piece)).copied();
        let at = |(start, _): (usize, char)| {
            let rest = text.get(start..)?;
            self.lengths[1].range(..=rest.len()).filter_map(|length| known(rest.get(..*length)?)).min()
        };
        text.char_indices().filter_map(at).min()
    }
}

fn first_of(places: [Option<usize>; 3]) -> Option<usize> {
    places.into_iter().flatten().min()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns all texts of up to `longest` characters from `alphabet`, the empty text first.
    fn texts(alphabet: &[char], longest: usize) -> Vec<String> {
        let mut all = vec![String::new()];
        let mut newest = all.clone();
        for _ in 0..longest {
            newest = newest.iter().flat_map(|text| alphabet.iter().map(move |c| format!("{text}{c}"))).collect();
            all.extend(newest.iter().cloned());
        }
        all
    }

    fn rules() -> Vec<(MatchType, String)> {
        let values: Vec<String> = texts(&['a', 'b'], 3).into_iter().filter(|text| !text.is_empty()).collect();
        let rules = MatchType::ALL.into_iter().flat_map(|kind| values.iter().map(move |value| (kind, value.clone())));
        rules.collect()
    }

    /// Returns all texts of up to five letters. The letters are those in the rules' values, and one more letter. If a
    /// set is not covered, one of these texts shows it.
    fn witnesses() -> Vec<String> {
        texts(&['a', 'b', 'z'], 5)
    }

    #[test]
    fn rule_subsumption_agrees_with_trying_every_text() {
        let witnesses = witnesses();
        let sets: Vec<Vec<bool>> = rules()
            .iter()
            .map(|(kind, value)| witnesses.iter().map(|text| matches(*kind, text, value)).collect())
            .collect();
        let mut yes = 0;
        for ((earlier, wide), earlier_set) in rules().iter().zip(&sets) {
            for ((later, narrow), later_set) in rules().iter().zip(&sets) {
                let expected = later_set.iter().zip(earlier_set).all(|(later, earlier)| !later || *earlier);
                let pair = [rule(&(*earlier, wide.clone())), rule(&(*later, narrow.clone()))];
                let found = covered(&pair, |_| false)[1] == [0];
                assert_eq!(found, expected, "{earlier} '{wide}' before {later} '{narrow}'");
                yes += usize::from(found);
            }
        }
        assert!(yes > 500, "{yes}");
    }

    fn rule((match_type, value): &(MatchType, String)) -> Rule {
        Rule { claim: "c".into(), match_type: *match_type, value: value.clone(), role_arn: "r".into() }
    }

    #[test]
    fn two_rules_together_may_cover_every_text() {
        let witnesses = texts(&['a', 'z'], 4);
        let small: Vec<(MatchType, String)> =
            rules().into_iter().filter(|(_, value)| value.len() <= 2 && !value.contains('b')).collect();
        for one in &small {
            for two in &small {
                for last in &small {
                    let rules = [rule(one), rule(two), rule(last)];
                    let does = |at: usize, text: &str| matches(rules[at].match_type, text, &rules[at].value);
                    let expected = witnesses.iter().all(|text| !does(2, text) || does(0, text) || does(1, text));
                    assert_eq!(!covered(&rules, |_| false)[2].is_empty(), expected, "{rules:?}");
                }
            }
        }
    }

    #[test]
    fn other_claims_cover_nothing_and_arrays_need_the_same_comparison() {
        let contains =
            |claim: &str, value: &str| Rule { claim: claim.into(), ..rule(&(MatchType::Contains, value.into())) };
        let rules = [contains("x", "a"), contains("c", "ab"), contains("c", "a"), contains("c", "ab")];
        assert_eq!(covered(&rules, |_| false), [vec![], vec![], vec![], vec![1]]);
        assert_eq!(covered(&rules, |_| true), [vec![], vec![], vec![], vec![1]]);
        assert_eq!(covered(&rules[2..], |_| true).concat(), [0; 0]);
        assert_eq!(covered(&rules[2..], |_| false), [vec![], vec![0]]);
    }
}
