//! Findings: the points of a mapping that deserve a check, with one person's claims at hand.

use serde::Serialize;
use serde_json::{Map, Value};

use super::{MatchType, RoleMapping, Rule, Verdict, covered_by, matches_whenever};
use crate::error::shortened;
use crate::role_mapping::asserted::{
    Asserted, CUSTOM, GROUPS, IAM_ROLES, PLAIN_GROUPS, PLAIN_ROLES, encoded, is_list, several,
};

/// The largest number of rules for a provider. AWS does not raise this quota
/// (<https://docs.aws.amazon.com/cognito/latest/developerguide/quotas.html>).
const MOST_RULES: usize = 25;
/// The scope that lets people write their own attributes
/// (<https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pools-define-resource-servers.html>).
const ADMIN_SCOPE: &str = "aws.cognito.signin.user.admin";
/// The claims that no person can write, besides those that begin with `cognito:`.
const NOT_ATTRIBUTES: &[&str] = &[
    "sub",
    "iss",
    "aud",
    "token_use",
    "auth_time",
    "exp",
    "iat",
    "jti",
    "origin_jti",
    "event_id",
    "at_hash",
    "nonce",
    "identities",
    "amr",
    "acr",
    "scope",
    "client_id",
    "username",
    "version",
    "roles",
    "groups",
];
/// The largest number of names of one kind that findings about one rule mention.
const MOST_NAMES: usize = 5;
/// The longest text from outside that a finding quotes, in characters.
const LONGEST_QUOTE: usize = 128;

/// The severity of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// A person may get a role that they should not have, or not get one that they should.
    Warning,
    /// Background information.
    Note,
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The severity.
    pub severity: Severity,
    /// The code of the finding, for scripts.
    pub code: &'static str,
    /// The rule, counted from 1, if the finding is about one.
    pub rule: Option<usize>,
    /// The finding in words.
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

/// The context of a mapping: one person's claims and scopes.
#[derive(Debug, Clone, Copy)]
pub struct FindingContext<'a> {
    /// The claims.
    pub claims: &'a Map<String, Value>,
    /// The verdicts by the natural interpretation.
    pub verdicts: &'a [Verdict],
    /// The scopes that the sign-in requests, if they are known.
    pub scopes_asked: Option<&'a [String]>,
    /// The scopes of the person's tokens, separated by spaces, if they are known.
    pub scopes_given: Option<&'a str>,
}

/// Returns all findings, warnings first.
pub fn findings(mapping: Option<&RoleMapping>, around: &FindingContext<'_>) -> Vec<Finding> {
    let rules = mapping.map(RoleMapping::rules).unwrap_or_default();
    let mut found = Vec::new();
    for (place, rule) in rules.iter().enumerate() {
        found.extend(unreachable(rules, place, around));
        found.extend(part_of_another(rules, place, around));
        found.extend(value_is_encoded(place, rule));
        found.extend(whole_claim(place, rule, around));
        found.extend(hidden(place, rule, around));
    }
    found.extend(too_many(rules));
    found.extend(writable(rules, around));
    found.extend(overage(around));
    found.extend(several_match(rules, around));
    found.extend(sticky(rules));
    found.sort_by_key(|finding| finding.severity);
    found
}

fn quoted(text: &str) -> String {
    format!("'{}'", shortened(text, LONGEST_QUOTE))
}

fn is_array(claim: &str, claims: &Map<String, Value>) -> bool {
    claims.get(claim).map_or([GROUPS, IAM_ROLES, PLAIN_ROLES, PLAIN_GROUPS].contains(&claim), Value::is_array)
}

fn unreachable(rules: &[Rule], place: usize, around: &FindingContext<'_>) -> Option<Finding> {
    let rule = rules.get(place)?;
    let text = match covered_by(rules, place, is_array(&rule.claim, around.claims)).as_slice() {
        [] => return None,
        [one] => format!("it never decides: rule {} matches whenever it does, and comes first", one + 1),
        several => {
            let numbers: Vec<String> = several.iter().map(|place| (place + 1).to_string()).collect();
            format!("it never decides: rules {} match whatever the claim says, and come first", numbers.join(" and "))
        }
    };
    Some(Finding::warning("unreachable_rule", place, text))
}

/// Finds names that contain the value of a `Contains` rule: names in other rules, and names that the person has.
fn part_of_another(rules: &[Rule], place: usize, around: &FindingContext<'_>) -> Vec<Finding> {
    let Some(rule) = rules.get(place).filter(|rule| rule.match_type == MatchType::Contains) else { return Vec::new() };
    let of_rules = rules.iter().filter(|other| other.claim == rule.claim && other.match_type != MatchType::NotEqual);
    let of_rules = of_rules.map(|other| other.value.clone());
    let held = around.claims.get(&rule.claim).map(several).unwrap_or_default();
    let mut names: Vec<String> = of_rules.chain(held).filter(|name| is_longer(name, &rule.value)).collect();
    names.sort();
    names.dedup();
    let earlier = |name: &str| {
        rules.iter().take(place).any(|earlier| {
            earlier.claim == rule.claim
                && matches_whenever((earlier.match_type, &earlier.value), (MatchType::Contains, name))
        })
    };
    let (taken, open): (Vec<String>, Vec<String>) = names.into_iter().partition(|name| earlier(name));
    let texts = |names: Vec<String>| {
        let more = names.len().saturating_sub(MOST_NAMES);
        let text = move |(at, name): (usize, String)| {
            let others = if more > 0 && at + 1 == MOST_NAMES { format!(" (and {more} more)") } else { String::new() };
            let (name, value) = (quoted(&name), quoted(&rule.value));
            format!("it matches who has {name}{others} as well: {value} is a part of that name")
        };
        names.into_iter().take(MOST_NAMES).enumerate().map(text)
    };
    let warnings = texts(open).map(|text| Finding::warning("value_in_another_name", place, text));
    let notes = texts(taken).map(|text| text + "; an earlier rule takes those");
    warnings.chain(notes.map(|text| Finding::note("value_in_another_name", place, text))).collect()
}

fn is_longer(name: &str, value: &str) -> bool {
    name != value && name.contains(value) && !name.starts_with('[')
}

/// Returns the names in a rule's value: one, or those of a list in brackets.
fn names(value: &str) -> impl Iterator<Item = &str> {
    value.trim_start_matches('[').trim_end_matches(']').split(',').map(str::trim).filter(|name| !name.is_empty())
}

/// Finds a value in the wrong encoding. The user pool encodes an attribute's values only if there are several.
fn value_is_encoded(place: usize, rule: &Rule) -> Option<Finding> {
    if !rule.claim.starts_with(CUSTOM) || rule.match_type == MatchType::NotEqual {
        return None;
    }
    let value = quoted(&rule.value);
    let is_encoded = |name: &str| several(&Value::String(format!("[{name}]"))).iter().any(|one| one != name);
    let text = if names(&rule.value).any(is_encoded) {
        format!("{value} looks form-encoded: it matches who has that role among others, and nobody who has it alone")
    } else {
        let name = names(&rule.value).find(|name| encoded(name) != **name)?;
        let sent = quoted(&encoded(name));
        format!("it matches who has {value} alone: the user pool sends {sent} once there are several roles")
    };
    Some(Finding::warning("value_is_encoded", place, text))
}

/// Finds a rule that compares a whole list: `[a, b]` neither equals `a` nor starts with it.
fn whole_claim(place: usize, rule: &Rule, around: &FindingContext<'_>) -> Option<Finding> {
    let claim = around.claims.get(&rule.claim);
    let can_be_list = rule.claim.starts_with(CUSTOM) || claim.is_some_and(is_list);
    if !can_be_list || rule.match_type == MatchType::Contains || rule.value.starts_with('[') {
        return None;
    }
    let does = match rule.match_type {
        MatchType::NotEqual => "matches whoever has several, that one among them",
        _ => "matches nobody who has several",
    };
    let text = format!("{} becomes a list in brackets with a second role: {} then {does}", rule.claim, rule.match_type);
    Some(match claim.is_some_and(is_list) {
        true => Finding::warning("list_in_brackets", place, text + ", as here"),
        false => Finding::note("list_in_brackets", place, text),
    })
}

/// Finds a claim that the scopes hide. `openid email` puts only the address into the ID token; `openid` alone puts in
/// everything (<https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-settings-client-apps.html>).
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
        "{} is not in the token, and the scopes '{}' keep it out: ask for 'openid' alone, or add 'profile'",
        rule.claim,
        shortened(&scopes.join(" "), LONGEST_QUOTE)
    );
    Some(Finding::warning("claim_hidden_by_scopes", place, text))
}

fn too_many(rules: &[Rule]) -> Option<Finding> {
    let text = format!("there are {} rules, and AWS takes {MOST_RULES} for a provider", rules.len());
    (rules.len() > MOST_RULES).then(|| Finding::warning("too_many_rules", None, text))
}

/// Finds a claim that its owner can write. The app client must be able to write mapped attributes, and with the right
/// scope people can, too
/// (<https://docs.aws.amazon.com/cognito/latest/developerguide/attributes-for-access-control.html>).
fn writable(rules: &[Rule], around: &FindingContext<'_>) -> Option<Finding> {
    around.scopes_given?.split_whitespace().find(|scope| *scope == ADMIN_SCOPE)?;
    let is_attribute =
        |rule: &&Rule| !rule.claim.starts_with("cognito:") && !NOT_ATTRIBUTES.contains(&rule.claim.as_str());
    let rule = rules.iter().find(is_attribute)?;
    let text = format!(
        "the token has the scope {ADMIN_SCOPE}: its owner may write {} where the app client may, and so choose a role",
        rule.claim
    );
    Some(Finding::warning("claim_writable_by_owner", None, text))
}

fn overage(around: &FindingContext<'_>) -> Option<Finding> {
    let sign = Asserted::of(around.claims, []).group_overage?;
    let sign = shortened(&sign, LONGEST_QUOTE);
    let text = format!("{sign} tells that there are more groups than the directory puts into a token: none came along");
    Some(Finding::warning("group_overage", None, text))
}

fn several_match(rules: &[Rule], around: &FindingContext<'_>) -> Option<Finding> {
    let matching = rules.iter().zip(around.verdicts).enumerate();
    let mut matching = matching.filter(|(_, (_, verdict))| **verdict == Verdict::Matched);
    let (first, (rule, _)) = matching.next()?;
    let others: Vec<String> = matching
        .filter(|(_, (other, _))| other.role_arn != rule.role_arn)
        .map(|(place, _)| (place + 1).to_string())
        .collect();
    let text = format!(
        "other rules match as well and give other roles ({}): rule {} wins, and the others' roles may be asked for",
        others.join(", "),
        first + 1
    );
    (!others.is_empty()).then(|| Finding::note("several_rules_match", first, text))
}

/// Notes each attribute in a rule. The user pool keeps it even if the directory no longer sends it
/// (<https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pools-specifying-attribute-mapping.html>).
fn sticky(rules: &[Rule]) -> Vec<Finding> {
    let mut claims: Vec<&str> =
        rules.iter().map(|rule| rule.claim.as_str()).filter(|claim| claim.starts_with(CUSTOM)).collect();
    claims.sort_unstable();
    claims.dedup();
    let text = |claim: &str| {
        format!("{claim} may be out of date: the user pool keeps the last value when the directory stops sending one")
    };
    claims.into_iter().map(|claim| Finding::note("attribute_may_be_stale", None, text(claim))).collect()
}

#[cfg(test)]
mod tests;
