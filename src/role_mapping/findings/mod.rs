//! Findings about a role mapping: points that a person should check, given one person's claims. The cost is linear in
//! the number of rules: what does not depend on the rule is computed once for its claim.

mod lists;
mod near;
mod parts;
mod whole;

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value};

use self::lists::Flattened;
use super::visible::{self, named};
use super::{IdentityPoolRoles, MatchType, RoleMapping, Rule, Verdict, covered};
use crate::error::shortened;
use crate::role_mapping::asserted::{CUSTOM, GROUPS, IAM_ROLES, PLAIN_GROUPS, PLAIN_ROLES, encoded, is_list, several};
use crate::role_mapping::evaluate::matches;

/// The maximum number of names of one kind that the findings about one rule list.
const MOST_NAMES: usize = 5;
/// The maximum length of text from outside that a finding quotes, in characters.
const LONGEST_QUOTE: usize = 128;

/// The severity of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// A problem that may give a person a wrong role, or keep a person from a role.
    Warning,
    /// Background information.
    Note,
}

/// One point of a role mapping that a person should check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The severity.
    pub severity: Severity,
    /// The code of the finding, for scripts.
    pub code: &'static str,
    /// The number of the rule that the finding is about, counted from 1; `None` if the finding is not about a single
    /// rule.
    pub rule: Option<usize>,
    /// The finding as text for a person.
    pub text: String,
}

impl Finding {
    fn warning(code: &'static str, rule: impl Into<Option<usize>>, text: String) -> Self {
        Self { severity: Severity::Warning, code, rule: rule.into().map(|place| place + 1), text }
    }

    fn note(code: &'static str, rule: impl Into<Option<usize>>, text: String) -> Self {
        Self { severity: Severity::Note, ..Self::warning(code, rule, text) }
    }
}

/// One person's claims and scopes, for which a role mapping is checked.
#[derive(Debug, Clone, Copy)]
pub struct FindingContext<'a> {
    /// The claims of the person's ID token.
    pub claims: &'a Map<String, Value>,
    /// The verdicts for the rules under `Interpretation::NATURAL`.
    pub verdicts: &'a [Verdict],
    /// The scopes that the sign-in requests, if they are known.
    pub scopes_asked: Option<&'a [String]>,
    /// The scopes of the person's tokens, separated by spaces; `None` if the scopes are unknown.
    pub scopes_given: Option<&'a str>,
}

/// Returns all findings, warnings first.
pub fn findings(pool: &IdentityPoolRoles, mapping: Option<&RoleMapping>, around: &FindingContext<'_>) -> Vec<Finding> {
    let rules = mapping.map(RoleMapping::rules).unwrap_or_default();
    let mut found = of_rules(rules, around);
    found.extend(whole::too_many(rules));
    found.extend(whole::malformed_preferred_role(mapping, around));
    found.extend(whole::other_accounts(pool, mapping, around));
    found.extend(whole::writable(rules, around));
    found.extend(whole::overage(around));
    found.extend(whole::several_match(rules, around));
    found.extend(whole::sticky(rules, around));
    found.sort_by_key(|finding| finding.severity);
    found
}

/// A claim that rules test, with the claim's values prepared for the checks of these rules.
struct Tested<'a> {
    claim: Option<&'a Value>,
    is_list: bool,
    flattened: Option<Flattened>,
    /// The values as one text. The text is normalized, so that differences that people overlook are gone. Each value is
    /// between two line breaks.
    folded: String,
    /// The original values, in the same order as in `folded`.
    values: Vec<String>,
}

impl<'a> Tested<'a> {
    fn new(claim: Option<&'a Value>) -> Self {
        let flattened = claim.and_then(lists::flattened);
        let values = match (&flattened, claim) {
            (Some(list), Some(claim)) => list.values.iter().cloned().chain(several(claim)).collect(),
            (None, Some(claim)) => several(claim),
            (_, None) => Vec::new(),
        };
        let folded = values.iter().map(|value| near::folded(value) + "\n").collect();
        Self { claim, is_list: claim.is_some_and(is_list), flattened, folded, values }
    }
}

fn of_rules(rules: &[Rule], around: &FindingContext<'_>) -> Vec<Finding> {
    let mut by_claim: BTreeMap<&str, Vec<(usize, &Rule)>> = BTreeMap::new();
    for (place, rule) in rules.iter().enumerate() {
        by_claim.entry(&rule.claim).or_default().push((place, rule));
    }
    let covered = covered(rules, |claim| is_array(claim, around.claims));
    let mut by_rule: BTreeMap<usize, Vec<Finding>> = BTreeMap::new();
    for (claim, rules) in by_claim {
        let tested = Tested::new(around.claims.get(claim));
        let mut parts = parts::parts(&rules, tested.claim);
        let mut of_claim: Vec<Finding> = another_claim(claim, &rules, around).into_iter().collect();
        let is_misspelt = !of_claim.is_empty();
        of_claim.extend(several_in_one_text(&rules, &tested, around));
        for (place, rule) in rules {
            let encoding = value_is_encoded(place, rule, &tested);
            let near = near_miss(place, rule, &tested, around).filter(|_| encoding.is_none() || !tested.is_list);
            let found = unreachable(place, covered.get(place).map_or(&[], Vec::as_slice)).into_iter();
            let found = found.chain(parts.remove(&place).unwrap_or_default()).chain(encoding).chain(near);
            let whole = whole_claim(place, rule, &tested).filter(|_| !is_misspelt);
            let found = found.chain(whole).chain(hidden(place, rule, around));
            by_rule.insert(place, of_claim.drain(..).chain(found).collect());
        }
    }
    by_rule.into_values().flatten().collect()
}

fn quoted(text: &str) -> String {
    visible::quoted(text, LONGEST_QUOTE)
}

fn is_array(claim: &str, claims: &Map<String, Value>) -> bool {
    claims.get(claim).map_or([GROUPS, IAM_ROLES, PLAIN_ROLES, PLAIN_GROUPS].contains(&claim), Value::is_array)
}

fn unreachable(place: usize, covered_by: &[usize]) -> Option<Finding> {
    let text = match covered_by {
        [] => return None,
        [one] => {
            format!("it can never take effect: rule {} matches everything that it matches, and comes first", one + 1)
        }
        several => {
            let numbers: Vec<String> = several.iter().map(|place| (place + 1).to_string()).collect();
            format!(
                "it can never take effect: rules {} together match every value, and come first",
                numbers.join(" and ")
            )
        }
    };
    Some(Finding::warning("unreachable_rule", place, text))
}

/// Returns the claim in the token for which `claim` is most likely a misspelling. Returns `None` if the token has
/// `claim`, or no similar claim.
fn misspelt<'a>(claim: &str, around: &FindingContext<'a>) -> Option<&'a str> {
    match around.claims.contains_key(claim) {
        true => None,
        false => near::claim(claim, around.claims.keys().map(String::as_str)),
    }
}

/// Returns a finding if the token lacks the claim that these rules test, but has a claim with a very similar name.
fn another_claim(claim: &str, rules: &[(usize, &Rule)], around: &FindingContext<'_>) -> Option<Finding> {
    let meant = misspelt(claim, around)?;
    let (place, _) = rules.first()?;
    let text = format!("the token has {}; the rule says {}", named(meant), named(claim));
    Some(Finding::warning("claim_of_another_spelling", *place, text))
}

/// Returns a finding if a claim value differs from the rule's value only in details that people overlook.
fn near_miss(place: usize, rule: &Rule, tested: &Tested<'_>, around: &FindingContext<'_>) -> Option<Finding> {
    let is_missed = match (rule.match_type, around.verdicts.get(place)?) {
        (MatchType::NotEqual, verdict) => *verdict == Verdict::Matched,
        (_, verdict) => *verdict == Verdict::NotMatched,
    };
    let value = near::folded(&rule.value);
    if !is_missed || value.is_empty() {
        return None;
    }
    let mut places = tested.folded.match_indices(&value).map(|(at, _)| at);
    let at = places.find(|at| stands_apart(&tested.folded, (*at, value.len()), rule.match_type).unwrap_or_default())?;
    let index = tested.folded.get(..at)?.matches('\n').count();
    let found = tested.values.get(index)?;
    // A value that is there as it is, in a list or within another name, is no near miss.
    let match_type = if rule.match_type == MatchType::NotEqual { MatchType::Equals } else { rule.match_type };
    if matches(match_type, found, &rule.value) {
        return None;
    }
    let difference = near::difference(found, &rule.value).unwrap_or("the spelling");
    let text = format!(
        "{} is {}; the rule says {}: they differ in {difference}",
        named(&rule.claim),
        quoted(found),
        quoted(&rule.value)
    );
    Some(Finding::warning("value_of_another_spelling", place, text))
}

/// Returns whether a substring of `text` is a unit that the match type compares: a whole value, the start of a value,
/// or whole words.
fn stands_apart(text: &str, (at, length): (usize, usize), match_type: MatchType) -> Option<bool> {
    let (before, after) = (text.get(..at)?.chars().next_back(), text.get(at + length..)?.chars().next());
    let is_end = |c: Option<char>| c.is_none_or(|c| c == '\n');
    let is_edge = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric());
    Some(match match_type {
        MatchType::Contains => is_edge(before) && is_edge(after),
        MatchType::StartsWith => is_end(before),
        MatchType::Equals | MatchType::NotEqual => is_end(before) && is_end(after),
    })
}

/// Returns a finding if the claim's text joins several values in a format that user pools do not use.
fn several_in_one_text(rules: &[(usize, &Rule)], tested: &Tested<'_>, around: &FindingContext<'_>) -> Option<Finding> {
    let list = tested.flattened.as_ref()?;
    let (first, rule) = rules.first()?;
    let names_one = |(_, rule): &&(usize, &Rule)| list.values.contains(&rule.value);
    let named_by = rules.iter().find(names_one);
    // Without a value of a rule in it, a text with commas or blanks is one name.
    let is_attribute =
        rule.claim.starts_with(CUSTOM) || [GROUPS, PLAIN_ROLES, PLAIN_GROUPS].contains(&rule.claim.as_str());
    if named_by.is_none() && (list.is_vague || !is_attribute) {
        return None;
    }
    let is_missed = |(place, rule): &&(usize, &Rule)| {
        let verdict = around.verdicts.get(*place);
        rule.match_type != MatchType::Contains
            && verdict
                == Some(if rule.match_type == MatchType::NotEqual { &Verdict::Matched } else { &Verdict::NotMatched })
    };
    let missed = rules.iter().filter(names_one).find(is_missed);
    let shown: Vec<String> = list.values.iter().take(MOST_NAMES).map(|value| quoted(value)).collect();
    let mut text =
        format!("{} looks like several values in one text ({}): {}", named(&rule.claim), list.form, shown.join(", "));
    if let Some((_, rule)) = missed {
        text += &format!("; {} compares all of it with {}", rule.match_type, quoted(&rule.value));
    }
    if rule.claim == GROUPS {
        text += "; in an ID token it is an array, so these claims went through something that flattened it";
    }
    let place = missed.or(named_by).map_or(*first, |(place, _)| *place);
    Some(match missed.is_some() || rule.claim == GROUPS {
        true => Finding::warning("several_values_in_one_text", place, text),
        false => Finding::note("several_values_in_one_text", place, text),
    })
}

/// Returns the names in a rule's value, which is a single name or a list of names in brackets.
fn names(value: &str) -> impl Iterator<Item = &str> {
    value.trim_start_matches('[').trim_end_matches(']').split(',').map(str::trim).filter(|name| !name.is_empty())
}

/// Finds a rule whose value has another encoding than the claim's values. The user pool encodes an attribute's values
/// only if there are several.
fn value_is_encoded(place: usize, rule: &Rule, tested: &Tested<'_>) -> Option<Finding> {
    if !rule.claim.starts_with(CUSTOM) || rule.match_type == MatchType::NotEqual {
        return None;
    }
    let value = quoted(&rule.value);
    let is_encoded = |name: &str| several(&Value::String(format!("[{name}]"))).iter().any(|one| one != name);
    let text = if names(&rule.value).any(is_encoded) {
        format!("{value} looks form-encoded: it matches anyone with that role among others, and nobody with it alone")
    } else {
        let name = names(&rule.value).find(|name| encoded(name) != **name)?;
        let sent = quoted(&encoded(name));
        let here = if tested.is_list { ", as here" } else { "" };
        format!("it matches {value} only as a single value: the user pool sends {sent} once there are several{here}")
    };
    Some(Finding::warning("value_is_encoded", place, text))
}

/// Returns a finding if the rule compares a whole list with a single value: `[a, b]` neither equals `a` nor starts with
/// `a`.
fn whole_claim(place: usize, rule: &Rule, tested: &Tested<'_>) -> Option<Finding> {
    let can_be_list = rule.claim.starts_with(CUSTOM) || tested.is_list;
    let is_of_another_form =
        tested.flattened.as_ref().is_some_and(|list| !list.is_vague || list.values.contains(&rule.value));
    if !can_be_list || is_of_another_form || rule.match_type == MatchType::Contains || rule.value.starts_with('[') {
        return None;
    }
    let does = match rule.match_type {
        MatchType::NotEqual => "matches anyone with several, that one included",
        _ => "matches nobody with several",
    };
    let claim = named(&rule.claim);
    let text = format!("{claim} becomes a list in brackets with a second role: {} then {does}", rule.match_type);
    Some(match tested.is_list {
        true => Finding::warning("list_in_brackets", place, text + ", as here"),
        false => Finding::note("list_in_brackets", place, text),
    })
}

/// Finds a rule for a claim that is missing because of the requested scopes. `openid email` puts only the address into
/// the ID token; `openid` alone puts in everything
/// (<https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-settings-client-apps.html>).
fn hidden(place: usize, rule: &Rule, around: &FindingContext<'_>) -> Option<Finding> {
    let given: Option<Vec<&str>> = around.scopes_given.map(|scopes| scopes.split_whitespace().collect());
    let asked = || around.scopes_asked.map(|scopes| scopes.iter().map(String::as_str).collect());
    let scopes = given.or_else(asked)?;
    let has = |scope: &str| scopes.contains(&scope);
    let are_limited = (has("email") || has("phone")) && !has("profile");
    if !are_limited || !rule.claim.starts_with(CUSTOM) || around.claims.contains_key(&rule.claim) {
        return None;
    }
    let text = format!(
        "{} is not in the token, and the scopes '{}' hide it: request only 'openid', or add 'profile'",
        named(&rule.claim),
        shortened(&scopes.join(" "), LONGEST_QUOTE)
    );
    Some(Finding::warning("claim_hidden_by_scopes", place, text))
}

#[cfg(test)]
mod tests;
