use serde_json::json;

use super::*;
use crate::role_mapping::{AmbiguousRole, By, IdentityPoolRoles, RoleRequest, explain};

const ROLES: &str = "custom:roles";

fn rule(claim: &str, match_type: MatchType, value: &str, role: &str) -> Rule {
    Rule { claim: claim.into(), match_type, value: value.into(), role_arn: role.into() }
}

fn contains(value: &str, role: &str) -> Rule {
    rule(ROLES, MatchType::Contains, value, role)
}

/// Returns the findings about rules and claims as `CODE RULE`, with `!` before each warning.
fn found_with(rules: &[Rule], claims: &Value, asked: Option<&[String]>, given: Option<&str>) -> Vec<String> {
    let mapping = RoleMapping { by: By::Rules(rules.to_vec()), ambiguous: AmbiguousRole::Deny };
    let claims = claims.as_object().unwrap();
    let explanation =
        explain(&IdentityPoolRoles::default(), Some(&mapping), &RoleRequest { claims, custom_role: None });
    let around =
        FindingContext { claims, verdicts: &explanation.evaluation.verdicts, scopes_asked: asked, scopes_given: given };
    let shown = |finding: Finding| {
        assert!(!finding.text.is_empty());
        let mark = if finding.severity == Severity::Warning { "!" } else { "" };
        format!("{mark}{}{}", finding.code, finding.rule.map(|number| format!(" {number}")).unwrap_or_default())
    };
    findings(&IdentityPoolRoles::default(), Some(&mapping), &around).into_iter().map(shown).collect()
}

/// Returns the same as [`found_with`], without the note that every mapped attribute gets.
fn found(rules: &[Rule], claims: &Value) -> Vec<String> {
    let mut found = found_with(rules, claims, None, None);
    found.retain(|finding| finding != "attribute_may_be_stale");
    found
}

#[test]
fn rule_value_within_another_name_is_a_warning_unless_covered() {
    let both = [contains("Admin", "a"), contains("NotAdmin", "b")];
    assert_eq!(
        found(&both, &json!({})),
        ["!unreachable_rule 2", "!value_in_another_name 1"].map(String::from).iter().rev().cloned().collect::<Vec<_>>()
    );
    let longer_first = [contains("Orders.ReadWrite", "a"), contains("Orders.Read", "b")];
    assert_eq!(found(&longer_first, &json!({})), ["value_in_another_name 2"]);
    assert_eq!(found(&[contains("Admin", "a")], &json!({ ROLES: "[NotAdmin, x]" })), ["!value_in_another_name 1"]);
    assert_eq!(found(&[contains("Admin", "a")], &json!({ ROLES: "NotAdmin" })), ["!value_in_another_name 1"]);
    assert!(found(&[contains("Admin", "a")], &json!({ ROLES: "[Admin, x]" })).is_empty());
    let groups = [rule("cognito:groups", MatchType::Contains, "Admin", "a")];
    assert_eq!(found(&groups, &json!({ "cognito:groups": ["pool_Admins"] })), ["!value_in_another_name 1"]);
    let elsewhere = [contains("Admin", "a"), rule("custom:other", MatchType::Contains, "NotAdmin", "b")];
    assert!(found(&elsewhere, &json!({})).is_empty(), "another claim's names are not this one's");
}

/// A claim may hold any number of roles, but the list of findings must stay short.
#[test]
fn finding_lists_a_few_names_and_counts_the_others() {
    let names: Vec<String> = (0..5000).map(|number| format!("a{number}")).collect();
    let rules: Vec<Rule> = [contains("a4999", "x"), contains("a", "y")].into();
    let mapping = RoleMapping { by: By::Rules(rules), ambiguous: AmbiguousRole::Deny };
    let claims = json!({ ROLES: names, "a".repeat(9000) + "groups.link": "x" });
    let around = FindingContext {
        claims: claims.as_object().unwrap(),
        verdicts: &[Verdict::Matched, Verdict::Matched],
        scopes_asked: None,
        scopes_given: None,
    };
    let found = findings(&IdentityPoolRoles::default(), Some(&mapping), &around);
    let parts: Vec<&Finding> = found.iter().filter(|finding| finding.code == "value_in_another_name").collect();
    assert_eq!(parts.len(), MOST_NAMES + 1, "{parts:#?}");
    assert!(parts[MOST_NAMES - 1].text.contains("anyone with 'a1000' (and 4994 more):"), "{parts:#?}");
    assert!(parts[MOST_NAMES].text.contains("anyone with 'a4999':") && parts[MOST_NAMES].severity == Severity::Note);
    assert!(found.iter().all(|finding| finding.text.chars().count() < 400), "{found:#?}");
}

#[test]
fn rule_without_effect_is_a_warning() {
    let twice = [contains("x", "a"), contains("x", "b")];
    assert_eq!(found(&twice, &json!({})), ["!unreachable_rule 2"]);
    let all = [
        rule("sub", MatchType::NotEqual, "x", "a"),
        rule("sub", MatchType::StartsWith, "x", "b"),
        rule("sub", MatchType::Contains, "y", "c"),
    ];
    assert_eq!(found(&all, &json!({})), ["!unreachable_rule 3"]);
    let groups = |value: &str| rule("cognito:groups", MatchType::Contains, value, "a");
    assert!(!found(&[groups("a"), groups("ab")], &json!({})).contains(&"!unreachable_rule 2".to_owned()));
    assert!(found(&[groups("a"), groups("a")], &json!({})).contains(&"!unreachable_rule 2".to_owned()));
}

#[test]
fn rule_value_that_the_user_pool_encodes_is_a_warning() {
    for (value, expected) in [
        ("api:read", true),
        ("team a", true),
        ("Röle", true),
        ("api%3Aread", true),
        ("team+a", true),
        ("Orders.Read", false),
        ("a_b-c*d", false),
        ("[Orders.Read, Billing]", false),
        ("[api:read, x]", true),
        ("[Orders", false),
        ("100%", true),
    ] {
        let found = found(&[contains(value, "a")], &json!({}));
        assert_eq!(found.contains(&"!value_is_encoded 1".to_owned()), expected, "{value}: {found:?}");
    }
    assert!(found(&[rule("email", MatchType::Equals, "a b", "a")], &json!({})).is_empty(), "no list, no encoding");
    assert!(
        !found(&[rule(ROLES, MatchType::NotEqual, "a:b", "a")], &json!({})).iter().any(|one| one.contains("encoded"))
    );
}

#[test]
fn whole_claim_comparison_is_a_warning_only_for_lists() {
    for match_type in [MatchType::Equals, MatchType::StartsWith, MatchType::NotEqual] {
        let rules = [rule(ROLES, match_type, "Admin", "a")];
        assert_eq!(found(&rules, &json!({ ROLES: "Admin" })), ["list_in_brackets 1"]);
        assert_eq!(found(&rules, &json!({ ROLES: "[Admin, x]" })), ["!list_in_brackets 1"]);
        assert!(found(&[rule(ROLES, match_type, "[Admin", "a")], &json!({})).is_empty());
        assert!(found(&[rule("sub", match_type, "x", "a")], &json!({ "sub": "y" })).is_empty());
        let groups = [rule("cognito:groups", match_type, "x", "a")];
        assert_eq!(found(&groups, &json!({ "cognito:groups": ["x"] })), ["!list_in_brackets 1"]);
    }
}

#[test]
fn claim_that_the_scopes_hide_is_a_warning() {
    let rules = [contains("x", "a")];
    let scopes = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
    for (asked, expected) in [
        ("openid", false),
        ("openid email", true),
        ("openid phone", true),
        ("openid email profile", false),
        ("openid profile", false),
    ] {
        let is_hidden = |found: Vec<String>| found.contains(&"!claim_hidden_by_scopes 1".to_owned());
        assert_eq!(is_hidden(found_with(&rules, &json!({}), Some(&scopes(asked)), None)), expected, "{asked}");
        assert_eq!(is_hidden(found_with(&rules, &json!({}), None, Some(asked))), expected, "{asked}");
        assert!(!is_hidden(found_with(&rules, &json!({ ROLES: "y" }), Some(&scopes(asked)), None)), "{asked}");
    }
}

#[test]
fn claim_that_its_owner_can_write_is_a_warning() {
    let given = Some("openid aws.cognito.signin.user.admin");
    let is_writable = |claim: &str, given| {
        let rules = [rule(claim, MatchType::Equals, "x", "a")];
        found_with(&rules, &json!({}), None, given).contains(&"!claim_writable_by_owner".to_owned())
    };
    assert!(is_writable(ROLES, given) && is_writable("profile", given));
    assert!(!is_writable("cognito:groups", given) && !is_writable("sub", given));
    assert!(!is_writable(ROLES, Some("openid")) && !is_writable(ROLES, None));
}

#[test]
fn rule_count_overage_and_several_matches_are_found() {
    let many: Vec<Rule> = (0..26).map(|number| contains(&format!("x{number:02}"), "a")).collect();
    assert_eq!(found(&many, &json!({})), ["!too_many_rules"]);
    assert!(found(&many[1..], &json!({})).is_empty());
    assert_eq!(found(&[contains("x", "a")], &json!({ "hasgroups": true })), ["!group_overage"]);
    let two = |role: &str| [contains("x", "a"), contains("y", role)];
    assert_eq!(found(&two("b"), &json!({ ROLES: "[x, y]" })), ["several_rules_match 1"]);
    assert!(found(&two("a"), &json!({ ROLES: "[x, y]" })).is_empty(), "the same role, whichever wins");
    assert!(found(&two("b"), &json!({ ROLES: "y" })).is_empty());
}

#[test]
fn every_mapped_attribute_may_be_stale() {
    let rules = [contains("x", "a"), contains("y", "b"), rule("custom:z", MatchType::Equals, "[z", "c")];
    assert_eq!(found_with(&rules, &json!({}), None, None), ["attribute_may_be_stale", "attribute_may_be_stale"]);
    assert!(
        findings(
            &IdentityPoolRoles::default(),
            None,
            &FindingContext {
                claims: json!({}).as_object().unwrap(),
                verdicts: &[],
                scopes_asked: None,
                scopes_given: None,
            }
        )
        .is_empty()
    );
}
