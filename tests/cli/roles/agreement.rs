//! Tests that cogfed's evaluation of role mappings agrees with the sandbox's identity pool, whose implementation is
//! independent.

use std::collections::BTreeMap;
use std::thread;

use cogfed::role_mapping::{
    self, By, IdentityPoolRoles, Interpretation, MatchType, Outcome, Question, RoleRequest, Rule, Verdict, evaluate,
};
use cogfed::sandbox::options::{self, ContainsOnArrays};
use cogfed::sandbox::pool_roles::PoolRoles;
use cogfed::sandbox::roles::{NoRole, role};
use cogfed_test_support::Random;
use serde_json::{Map, Value, json};

/// The number of random role mappings to try, each with random claims.
const TRIED: usize = 100_000;
const THREADS: usize = 2;

/// The claim names to try. They are few, so that matches are frequent.
const CLAIMS: &[&str] = &["custom:roles", "cognito:groups", "custom:other"];
const PIECES: &[&str] = &["a", "b", "a", "b", "ab", "ab", "A", "[", "]", ", ", "\"", "1", "%3A", "ü"];
const A: &str = "arn:aws:iam::123456789012:role/A";
const B: &str = "arn:aws:iam::123456789012:role/B";
/// The ARN of a role in another AWS account.
const C: &str = "arn:aws-us-gov:iam::999999999999:role/path/C";
const DEFAULT: &str = "arn:aws:iam::123456789012:role/Default";
const ROLES: &[&str] = &[A, B, C, DEFAULT];
/// Texts that look almost like the ARN of a role.
const NO_ROLES: &[&str] = &[
    "",
    " ",
    "Admin",
    "role/A",
    "arn:aws:iam::123456789012:role/",
    "arn:aws:iam::12345678901:role/A",
    "arn:aws:iam::123456789012:user/A",
    "arn:aws:iam::123456789012:role/a b",
    "arn:aws:iam:eu-west-1:123456789012:role/A",
    "arn:x:iam::123456789012:role/A",
];

/// A role mapping in the types of both implementations, and a person's claims.
struct Tried {
    ours: IdentityPoolRoles,
    theirs: PoolRoles,
    claims: Map<String, Value>,
    custom: &'static str,
}

fn pick<T: Copy>(random: &mut Random, from: &[T]) -> T {
    from[random.below(from.len())]
}

fn text(random: &mut Random) -> String {
    match random.below(8) {
        0 => format!("[{}, {}]", pick(random, PIECES), pick(random, PIECES)),
        1 => String::new(),
        2..=5 => pick(random, PIECES).to_owned(),
        _ => (0..=random.below(3)).map(|_| pick(random, PIECES)).collect(),
    }
}

fn claim(random: &mut Random, depth: usize) -> Value {
    match random.below(10) {
        0 => json!(random.below(3)),
        1 => pick(random, &[Value::Bool(true), Value::Null].each_ref()).clone(),
        2 => json!({ "a": text(random) }),
        3 | 4 => (0..5).map(|_| json!(pick(random, PIECES))).collect(),
        5 if depth > 0 => (0..random.below(4)).map(|_| claim(random, depth - 1)).collect(),
        _ => json!(text(random)),
    }
}

fn arns(random: &mut Random) -> Value {
    let some: Vec<&str> = (0..random.below(4)).map(|_| pick(random, ROLES)).collect();
    match random.below(4) {
        0 => json!(some.join(", ")),
        1 => json!(some.join(",")),
        _ => json!(some),
    }
}

fn claims(random: &mut Random) -> Map<String, Value> {
    let mut claims = Map::new();
    for name in CLAIMS {
        if random.below(4) > 0 {
            claims.insert((*name).to_owned(), claim(random, 2));
        }
    }
    if random.below(4) > 0 {
        claims.insert("cognito:roles".into(), arns(random));
    }
    match random.below(5) {
        0 | 1 => drop(claims.insert("cognito:preferred_role".into(), json!(pick(random, ROLES)))),
        2 => drop(claims.insert("cognito:preferred_role".into(), claim(random, 1))),
        3 => drop(claims.insert("cognito:preferred_role".into(), json!(pick(random, NO_ROLES)))),
        _ => {}
    }
    claims
}

fn tried(random: &mut Random) -> Tried {
    let rule = |random: &mut Random| {
        let (claim, role_arn) = (pick(random, CLAIMS).to_owned(), pick(random, ROLES).to_owned());
        let value = match random.below(4) {
            0 => pick(random, &["1", "true", "null", "[a]", "{\"a\":\"\"}"]).to_owned(),
            1 => format!("{}{}", pick(random, PIECES), pick(random, PIECES)),
            _ => pick(random, PIECES).to_owned(),
        };
        Rule { claim, match_type: pick(random, &MatchType::ALL), value, role_arn }
    };
    let rules: Vec<Rule> = (0..=random.below(4)).map(|_| rule(random)).collect();
    let (ambiguous, theirs) = match random.below(2) {
        0 => (role_mapping::AmbiguousRole::Deny, options::AmbiguousRole::Deny),
        _ => (role_mapping::AmbiguousRole::AuthenticatedRole, options::AmbiguousRole::AuthenticatedRole),
    };
    let (by, theirs) = match random.below(8) {
        0 => (None, options::RoleMapping::None),
        1 | 2 => (Some(By::Token), options::RoleMapping::Token(theirs)),
        _ => {
            let own = rules.iter().map(of_the_sandbox).collect();
            (Some(By::Rules(rules)), options::RoleMapping::Rules(own, theirs))
        }
    };
    let authenticated = (random.below(4) > 0).then(|| DEFAULT.to_owned());
    let mappings = by.map(|by| ("p".to_owned(), role_mapping::RoleMapping { by, ambiguous })).into_iter().collect();
    Tried {
        ours: IdentityPoolRoles { authenticated: authenticated.clone(), mappings, ..IdentityPoolRoles::default() },
        theirs: PoolRoles { authenticated, unauthenticated: None, mapping: theirs },
        claims: claims(random),
        custom: pick(random, ROLES),
    }
}

fn of_the_sandbox(rule: &Rule) -> options::Rule {
    let match_type = match rule.match_type {
        MatchType::Equals => options::MatchType::Equals,
        MatchType::Contains => options::MatchType::Contains,
        MatchType::StartsWith => options::MatchType::StartsWith,
        MatchType::NotEqual => options::MatchType::NotEqual,
    };
    options::Rule::new(&rule.claim, match_type, &rule.value, &rule.role_arn)
}

/// Compares both implementations for `count` random mappings, and returns how often each outcome occurred.
fn agree(seed: u64, count: usize) -> BTreeMap<String, usize> {
    let mut random = Random(seed);
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let mut count_up = |name: String| *seen.entry(name).or_default() += 1;
    for _ in 0..count {
        let Tried { ours, theirs, claims, custom } = tried(&mut random);
        let mapping = ours.mappings.get("p");
        let whole = Value::Object(claims.clone());
        for (interpretation, contains) in [
            (Interpretation::NATURAL, ContainsOnArrays::Substring),
            (Interpretation::NATURAL.otherwise(Question::ContainsOnArrays), ContainsOnArrays::Element),
        ] {
            for custom_role in [None, Some(custom)] {
                let found = evaluate(&ours, mapping, &RoleRequest { claims: &claims, custom_role }, interpretation);
                let expected = match role(&theirs, contains, &whole, custom_role) {
                    Ok(role) => Outcome::Role(role),
                    Err(NoRole::Denied) => Outcome::Denied,
                    Err(NoRole::Unconfigured) => Outcome::NoRole,
                };
                assert_eq!(found.outcome, expected, "{mapping:?} {whole} {custom_role:?} {interpretation:?}");
                let basis = format!("{:?}", found.basis);
                count_up(basis.split('(').next().unwrap().to_owned());
                for (rule, verdict) in
                    mapping.into_iter().flat_map(role_mapping::RoleMapping::rules).zip(found.verdicts)
                {
                    count_up(format!("{} {verdict:?}", rule.match_type));
                    if rule.match_type == MatchType::Contains && claims.get(&rule.claim).is_some_and(Value::is_array) {
                        count_up(format!("array {contains:?} {verdict:?}"));
                    }
                }
                count_up(match found.outcome {
                    Outcome::Role(role) => role,
                    other => format!("{other:?}"),
                });
            }
        }
    }
    seen
}

#[test]
fn evaluator_and_sandbox_agree_on_random_mappings() {
    let seen = thread::scope(|scope| {
        let parts: Vec<_> =
            (0..THREADS).map(|part| scope.spawn(move || agree(part as u64 + 4, TRIED / THREADS))).collect();
        let mut seen: BTreeMap<String, usize> = BTreeMap::new();
        for (name, count) in parts.into_iter().flat_map(|part| part.join().expect("they agree")) {
            *seen.entry(name).or_default() += count;
        }
        seen
    });
    let verdicts = [Verdict::Matched, Verdict::NotMatched, Verdict::NotEvaluated];
    let by_type =
        MatchType::ALL.iter().flat_map(|kind| verdicts.iter().map(move |verdict| format!("{kind} {verdict:?}")));
    let arrays =
        ["array Substring Matched", "array Substring NotMatched", "array Element Matched", "array Element NotMatched"];
    let bases = [
        "NoMapping",
        "Rule",
        "NoRuleMatches",
        "PreferredRole",
        "NoPreferredRole",
        "MalformedPreferredRole",
        "CustomRole",
        "CustomRoleRefused",
    ];
    let outcomes = ["Denied", "NoRole", A, B, C, DEFAULT];
    for name in by_type.chain(arrays.iter().chain(&bases).chain(&outcomes).map(|name| (*name).to_owned())) {
        let count = seen.get(&name).copied().unwrap_or_default();
        assert!(count >= 1000, "{name} came {count} times only");
    }
}
