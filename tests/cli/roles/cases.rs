//! Tests with a table of role mappings, claims and expected outcomes: `tests/data/role_cases.jsonl`. Each expected
//! outcome has a source.
//!
//! A rule is `CLAIM MATCHTYPE VALUE -> ROLE`; `@A` stands for the ARN of a role A. A verdict is `M` (matches), `n`
//! (does not) or `.` (is not evaluated). `unsure` names each question whose other answer changes the outcome, with the
//! changed outcome. Without `unsure` the outcome must be certain.

use std::collections::{BTreeMap, BTreeSet};

use cogfed::role_mapping::{
    AmbiguousRole, By, IdentityPoolRoles, MatchType, Outcome, Question, Reasons, RoleMapping, RoleRequest, Rule,
    Verdict, explain, why_this_outcome,
};
use serde::Deserialize;
use serde_json::{Map, Value};

const CASES: &str = include_str!("../../data/role_cases.jsonl");
const ROLE: &str = "arn:aws:iam::000000000000:role/";

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    source: String,
    rules: Option<Vec<String>>,
    #[serde(default)]
    token: bool,
    r#else: Option<AmbiguousRole>,
    #[serde(default = "default_role")]
    default: Option<String>,
    claims: Map<String, Value>,
    custom: Option<String>,
    #[serde(default)]
    verdicts: String,
    gives: String,
    #[serde(default)]
    unsure: BTreeMap<String, String>,
}

fn default_role() -> Option<String> {
    Some(format!("{ROLE}Default"))
}

fn cases() -> (BTreeSet<String>, Vec<Case>) {
    let mut lines = CASES.lines();
    let head: Value = serde_json::from_str(lines.next().unwrap()).unwrap();
    let sources = head["sources"].as_object().unwrap().keys().cloned().collect();
    let read =
        |line: &str| serde_json::from_str(&line.replace('@', ROLE)).unwrap_or_else(|error| panic!("{error}: {line}"));
    (sources, lines.map(read).collect())
}

fn rule(text: &str) -> Rule {
    let (condition, role_arn) = text.split_once(" -> ").unwrap();
    let [claim, match_type, value] = condition.splitn(3, ' ').collect::<Vec<_>>().try_into().unwrap();
    let match_type = MatchType::ALL.into_iter().find(|kind| kind.to_string() == match_type).unwrap();
    Rule { claim: claim.into(), match_type, value: value.into(), role_arn: role_arn.into() }
}

fn outcome(text: &str) -> Outcome {
    match text {
        "denied" => Outcome::Denied,
        "no_role" => Outcome::NoRole,
        role => Outcome::Role(role.into()),
    }
}

fn name(question: Question) -> String {
    serde_json::to_value(question).unwrap().as_str().unwrap().to_owned()
}

#[test]
fn documented_mapping_cases_evaluate_as_their_sources_say() {
    let (sources, cases) = cases();
    assert!(cases.len() >= 150, "{}", cases.len());
    let mut seen = BTreeSet::new();
    let mut wrong = Vec::new();
    for (number, case) in cases.iter().enumerate() {
        assert!(sources.contains(&case.source), "{}", case.source);
        let pool = IdentityPoolRoles { authenticated: case.default.clone(), ..IdentityPoolRoles::default() };
        let by = match &case.rules {
            Some(rules) => Some(By::Rules(rules.iter().map(|text| rule(text)).collect())),
            None => case.token.then_some(By::Token),
        };
        let mapping = by.map(|by| RoleMapping { by, ambiguous: case.r#else.unwrap() });
        let given = RoleRequest { claims: &case.claims, custom_role: case.custom.as_deref() };
        let explanation = explain(&pool, mapping.as_ref(), &given);
        let evaluation = &explanation.evaluation;
        let verdicts: String = evaluation
            .verdicts
            .iter()
            .map(|verdict| match verdict {
                Verdict::Matched => 'M',
                Verdict::NotMatched => 'n',
                Verdict::NotEvaluated => '.',
            })
            .collect();
        let doubts: BTreeMap<String, Outcome> = explanation
            .doubts
            .iter()
            .map(|doubt| {
                (
                    doubt.questions.iter().map(|question| name(*question)).collect::<Vec<_>>().join("+"),
                    doubt.outcome.clone(),
                )
            })
            .collect();
        let unsure: BTreeMap<String, Outcome> =
            case.unsure.iter().map(|(questions, text)| (questions.clone(), outcome(text))).collect();
        let found = (&verdicts, &evaluation.outcome, &doubts);
        if found != (&case.verdicts, &outcome(&case.gives), &unsure) {
            wrong.push(format!("line {}: {case:?}\n    found {found:?}", number + 2));
        }
        assert!(!why_this_outcome(evaluation.basis, mapping.as_ref(), &pool).is_empty());
        for (rule, verdict) in mapping.iter().flat_map(RoleMapping::rules).zip(&evaluation.verdicts) {
            let why = Reasons::new(&case.claims).of(rule, *verdict);
            assert_eq!(why.contains("has no"), *verdict == Verdict::NotEvaluated, "{why}");
            seen.insert((rule.match_type, *verdict == Verdict::Matched));
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
    assert_eq!(seen.len(), 8, "each match type matches somewhere, and does not elsewhere");
}

#[test]
fn mapping_cases_cover_every_question_without_duplicates() {
    let (_, cases) = cases();
    let asked: BTreeSet<String> =
        cases.iter().flat_map(|case| case.unsure.keys()).flat_map(|key| key.split('+').map(str::to_owned)).collect();
    assert_eq!(asked, Question::ALL.into_iter().map(name).collect());
    let lines: BTreeSet<&str> = CASES.lines().collect();
    assert_eq!(lines.len(), CASES.lines().count());
}
