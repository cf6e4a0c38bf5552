//! Which rules can never decide, because an earlier one always does.
//!
//! Worked out for claims that are texts, which every user attribute is. All match types want the claim to be there, so
//! that a rule is a set of texts, and the question is whether one set lies within another.

use super::evaluate::matches;
use super::{MatchType, Rule};

/// Whether a rule of the type and value `earlier` matches every text that one of `later` matches.
///
/// `Equals` is one text; `NotEqual` all but one; `StartsWith` and `Contains` have no longest text, so that nothing but the
/// value itself can tell. Values are not empty.
pub fn matches_whenever(earlier: (MatchType, &str), later: (MatchType, &str)) -> bool {
    use MatchType::{Contains, Equals, NotEqual, StartsWith};
    let ((earlier_type, wide), (later_type, narrow)) = (earlier, later);
    match (earlier_type, later_type) {
        // One text has to fit.
        (_, Equals) => matches(earlier_type, narrow, wide),
        // All but one have to fit, and there is no end of those.
        (NotEqual, NotEqual) => narrow == wide,
        (_, NotEqual) => false,
        // The one text that does not fit must not be among them.
        (NotEqual, StartsWith | Contains) => !matches(later_type, wide, narrow),
        // Whatever may follow, the beginning has to do it.
        (StartsWith, StartsWith) => narrow.starts_with(wide),
        (Contains, StartsWith | Contains) => narrow.contains(wide),
        // Something else may come before it.
        (StartsWith, Contains) => false,
        (Equals, StartsWith | Contains) => false,
    }
}

/// The earlier rules, counted from 0, that leave nothing to the rule at `place`: one of them, or two that together match
/// every text (all but one, and that one). Empty if it can decide. `is_array` says that the claim is no text: what those
/// are compared as is not documented, and nothing but the very same comparison is sure to match as well.
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

    /// Every text over the alphabet, the empty one first, up to a length.
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

    /// Long enough, and with a letter that no value has: a set that is not covered shows it by one of these.
    fn witnesses() -> Vec<String> {
        texts(&['a', 'b', 'z'], 5)
    }

    #[test]
    fn subsumption_is_what_trying_every_text_says() {
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
    fn two_rules_together_may_leave_nothing() {
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
    fn another_claim_covers_nothing_and_an_array_wants_the_same_comparison() {
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
