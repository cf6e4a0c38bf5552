//! Rules that can never take effect, because an earlier rule always pre-empts them.
//!
//! Claims are treated as texts here, as every user attribute is one. All match types require the claim, so a rule is a
//! set of texts. One set may contain another.

use super::evaluate::matches;
use super::{MatchType, Rule};

/// Returns whether a rule of the type and value `earlier` matches every text that a rule of the type and value `later`
/// matches.
///
/// `Equals` matches one text, and `NotEqual` all but one. `StartsWith` and `Contains` match texts without end, so only
/// the value itself decides. Values are not empty.
pub fn matches_whenever(earlier: (MatchType, &str), later: (MatchType, &str)) -> bool {
    use MatchType::{Contains, Equals, NotEqual, StartsWith};
    let ((earlier_type, wide), (later_type, narrow)) = (earlier, later);
    match (earlier_type, later_type) {
        // The one text that `later` matches has to match `earlier`, too.
        (_, Equals) => matches(earlier_type, narrow, wide),
        // Infinitely many texts have to match.
        (NotEqual, NotEqual) => narrow == wide,
        (_, NotEqual) => false,
        // The one text that `earlier` does not match must not be one that `later` matches.
        (NotEqual, StartsWith | Contains) => !matches(later_type, wide, narrow),
        // Anything may follow, so the beginning decides.
        (StartsWith, StartsWith) => narrow.starts_with(wide),
        (Contains, StartsWith | Contains) => narrow.contains(wide),
        // Something else may come before the value.
        (StartsWith, Contains) => false,
        (Equals, StartsWith | Contains) => false,
    }
}

/// Returns the earlier rules, counted from 0, that leave no text to the rule at `place`; none if that rule can take
/// effect. Either one rule covers it, or two that together match every text: one matches all but one text, the other
/// matches that text.
///
/// `is_array` is true if the claim is not a text. AWS does not document how arrays are compared, so only an equal rule
/// is certain to match as well.
pub fn covered_by(rules: &[Rule], place: usize, is_array: bool) -> Vec<usize> {
    let Some(rule) = rules.get(place) else { return Vec::new() };
    let pair = |rule: &'_ Rule| (rule.match_type, rule.value.clone());
    let earlier: Vec<(usize, &Rule)> =
        rules.iter().enumerate().take(place).filter(|(_, earlier)| earlier.claim == rule.claim).collect();
    if is_array {
        return earlier
            .iter()
            .find(|(_, earlier)| pair(earlier) == pair(rule))
            .map(|(at, _)| *at)
            .into_iter()
            .collect();
    }
    let whenever = |(_, earlier): &&(usize, &Rule)| {
        matches_whenever((earlier.match_type, &earlier.value), (rule.match_type, &rule.value))
    };
    if let Some((at, _)) = earlier.iter().find(whenever) {
        return vec![*at];
    }
    let all_but_one = earlier.iter().filter(|(_, earlier)| earlier.match_type == MatchType::NotEqual);
    let with_that_one = all_but_one.filter_map(|(at, but)| {
        let (other, _) = earlier.iter().find(|(_, other)| matches(other.match_type, &but.value, &other.value))?;
        Some(vec![*at.min(other), *at.max(other)])
    });
    with_that_one.min().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns all texts over the alphabet up to a length, the empty one first.
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

    /// Returns texts that are long enough, with a letter that no value has. If a set is not covered, one of these texts
    /// shows it.
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
                let found = matches_whenever((*earlier, wide), (*later, narrow));
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
                    assert_eq!(!covered_by(&rules, 2, false).is_empty(), expected, "{rules:?}");
                }
            }
        }
    }

    #[test]
    fn other_claims_cover_nothing_and_arrays_need_the_same_comparison() {
        let contains =
            |claim: &str, value: &str| Rule { claim: claim.into(), ..rule(&(MatchType::Contains, value.into())) };
        let rules = [contains("x", "a"), contains("c", "ab"), contains("c", "a"), contains("c", "ab")];
        assert!(covered_by(&rules, 1, false).is_empty() && covered_by(&rules, 2, false).is_empty());
        assert_eq!(covered_by(&rules, 3, false), [1]);
        assert_eq!(covered_by(&rules, 3, true), [1]);
        assert!(covered_by(&rules[2..], 1, true).is_empty());
        assert_eq!(covered_by(&rules[2..], 1, false), [0]);
        assert!(covered_by(&rules, 9, false).is_empty());
    }
}
