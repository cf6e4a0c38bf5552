//! Unintended matches of `Contains` rules. A rule's value may be part of names from other rules, or of names from the
//! person's claims. The cost is linear in the number of rules: the person's names are one text, through which each rule
//! goes once, and the values of rules are looked up piece by piece.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{Finding, MOST_NAMES, quoted};
use crate::role_mapping::asserted::{decoded_items, several};
use crate::role_mapping::findings::lists::{Flattened, flattened};
use crate::role_mapping::{MatchType, Rule};

/// The separator between names in the text that is searched. A rule whose value has it finds none.
const BETWEEN: char = '\0';

/// The findings about each rule, keyed by the rule's index in the mapping.
pub(super) type Parts = BTreeMap<usize, Vec<Finding>>;

/// Returns the findings about `Contains` rules for one claim. `rules` has their places in the mapping.
pub(super) fn parts(rules: &[(usize, &Rule)], claim: Option<&Value>) -> Parts {
    let contains = || rules.iter().filter(|(_, rule)| rule.match_type == MatchType::Contains);
    let mut holders: BTreeMap<usize, Names<'_>> = contains().map(|(place, _)| (*place, Names::default())).collect();
    if holders.is_empty() {
        return Parts::new();
    }
    let of_rules: BTreeSet<&str> = rules
        .iter()
        .filter(|(_, rule)| rule.match_type != MatchType::NotEqual)
        .map(|(_, rule)| rule.value.as_str())
        .collect();
    let held = claim.map(|claim| sent_names(claim, &of_rules)).unwrap_or_default();
    let found = found_in_rules(&of_rules, contains()).into_iter().chain(found_in_claim(&held, contains()));
    // The places of the rules that match each name, and the text as which it is compared.
    let mut by_name: BTreeMap<&str, (BTreeSet<usize>, &str)> = BTreeMap::new();
    for (name, sent, place) in found {
        by_name.entry(name).or_insert((BTreeSet::new(), sent)).0.insert(place);
    }
    let all_but_one: Vec<(usize, &str)> = rules
        .iter()
        .filter(|(_, rule)| rule.match_type == MatchType::NotEqual)
        .map(|(place, rule)| (*place, rule.value.as_str()))
        .take(2)
        .collect();
    let values: BTreeMap<usize, &str> = contains().map(|(place, rule)| (*place, rule.value.as_str())).collect();
    for (name, (places, sent)) in by_name {
        let unequal = all_but_one.iter().find(|(_, but)| !but.contains(sent)).map(|(place, _)| *place);
        let first = places.first().copied().into_iter().chain(unequal).min();
        for place in places.iter().filter(|place| values.get(place).is_some_and(|value| *value != name)) {
            let Some(holder) = holders.get_mut(place) else { continue };
            if first.is_some_and(|first| first < *place) { holder.taken.push(name) } else { holder.open.push(name) }
        }
    }
    let findings = |(place, names): (usize, Names<'_>)| {
        let value = values.get(&place).copied().unwrap_or_default();
        let warnings = texts(value, &names.open).map(|text| Finding::warning("value_in_another_name", place, text));
        let notes = texts(value, &names.taken).map(|text| text + "; an earlier rule pre-empts it there");
        let notes = notes.map(|text| Finding::note("value_in_another_name", place, text));
        (place, warnings.chain(notes).collect())
    };
    holders.into_iter().map(findings).collect()
}

/// The names that contain a rule's value, divided into names that no earlier rule matches and names that an earlier
/// rule matches.
#[derive(Default)]
struct Names<'n> {
    open: Vec<&'n str>,
    taken: Vec<&'n str>,
}

fn texts<'n>(value: &'n str, names: &'n [&'n str]) -> impl Iterator<Item = String> + 'n {
    let more = names.len().saturating_sub(MOST_NAMES);
    names.iter().take(MOST_NAMES).enumerate().map(move |(at, name)| {
        let others = if more > 0 && at + 1 == MOST_NAMES { format!(" (and {more} more)") } else { String::new() };
        let (name, value) = (quoted(name), quoted(value));
        format!("it also matches anyone with {name}{others}: {value} is part of that name")
    })
}

/// A name in readable form, followed by the same name in the form that is compared with rules.
type Sent = (String, String);

/// Returns each name in a claim twice: in readable form, and in the form that is compared with rules.
fn sent_names(claim: &Value, of_rules: &BTreeSet<&str>) -> Vec<Sent> {
    let is_meant =
        |list: &Flattened| !list.is_vague || list.values.iter().any(|value| of_rules.contains(value.as_str()));
    if let Some(list) = flattened(claim).filter(is_meant) {
        return list.values.into_iter().map(|name| (name.clone(), name)).collect();
    }
    match claim.as_str().and_then(decoded_items) {
        Some(items) => items,
        None => several(claim).into_iter().map(|name| (name.clone(), name)).collect(),
    }
}

/// A readable name, the form of that name that is compared with rules, and the index of a rule whose value occurs in
/// this form.
type Found<'n> = (&'n str, &'n str, usize);

fn found_in_rules<'n, 'r: 'n>(
    names: &BTreeSet<&'n str>,
    contains: impl Iterator<Item = &'n (usize, &'r Rule)>,
) -> Vec<Found<'n>> {
    let mut places: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    let mut lengths = BTreeSet::new();
    for (place, rule) in contains {
        places.entry(&rule.value).or_default().push(*place);
        lengths.insert(rule.value.len());
    }
    let mut found = Vec::new();
    for name in names.iter().filter(|name| !name.starts_with('[')) {
        for (start, _) in name.char_indices() {
            let rest = name.get(start..).unwrap_or_default();
            let pieces = lengths.range(..=rest.len()).filter_map(|length| places.get(rest.get(..*length)?));
            found.extend(pieces.flatten().map(|place| (*name, *name, *place)));
        }
    }
    found
}

fn found_in_claim<'n, 'r: 'n>(
    held: &'n [Sent],
    contains: impl Iterator<Item = &'n (usize, &'r Rule)>,
) -> Vec<Found<'n>> {
    let mut text = String::new();
    let mut ends = Vec::new();
    for (_, sent) in held {
        text.push_str(sent);
        ends.push(text.len());
        text.push(BETWEEN);
    }
    let mut found = Vec::new();
    for (place, rule) in contains.filter(|(_, rule)| !rule.value.contains(BETWEEN)) {
        let mut next = 0;
        for (at, _) in text.match_indices(&rule.value) {
            let index = next + ends.get(next..).map_or(0, |rest| rest.partition_point(|end| *end <= at));
            // A name counts once, however often it has the value.
            if next > 0 && ends.get(next - 1).is_some_and(|end| at < *end) {
                continue;
            }
            found.extend(held.get(index).map(|(name, sent)| (name.as_str(), sent.as_str(), *place)));
            next = index + 1;
        }
    }
    found
}
