//! Tests of `roles --explain` for values that almost match, flattened lists and malformed preferred roles.

use cogfed_test_support::Ran;
use serde_json::{Value, json};

use super::handed_over::{data, explain, explain_bytes};

const ADMIN: &str = "arn:aws:iam::123456789012:role/Admin";

/// Returns the findings as `SEVERITY CODE: TEXT`, without the note that every mapped attribute gets.
fn findings(ran: &Ran) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let all = ran.document()["findings"].as_array().cloned().unwrap_or_default();
    let shown = |finding: &Value| {
        let [severity, code, said] = ["severity", "code", "text"].map(|name| text(&finding[name]));
        format!("{severity} {code}: {said}")
    };
    all.iter().map(shown).filter(|finding| !finding.contains("attribute_may_be_stale")).collect()
}

/// Runs `roles --explain` with a mapping of one rule about `custom:roles`, for a person whose `custom:roles` claim is
/// `claim`.
fn one_rule(match_type: &str, value: &str, claim: Value) -> Ran {
    let rule = json!({ "Claim": "custom:roles", "MatchType": match_type, "Value": value, "RoleARN": ADMIN });
    let mapping = json!({ "RoleMappings": { "p:c": {
        "Type": "Rules", "AmbiguousRoleResolution": "Deny", "RulesConfiguration": { "Rules": [rule] },
    } } });
    let claims = json!({ "iss": "https://p", "aud": "c", "custom:roles": claim });
    explain_bytes(mapping.to_string(), claims.to_string(), &["--json"])
}

#[test]
fn preferred_role_that_is_no_arn_is_never_given() {
    for name in ["preferred-empty", "preferred-name-not-arn"] {
        let ran = explain(name, name, &["--json"]).failed_with(6);
        let document = ran.document();
        assert_eq!((&document["outcome"], &document["certain"]), (&json!("denied"), &json!(false)), "{name}");
        assert!(
            findings(&ran)[0].starts_with("warning malformed_preferred_role: cognito:preferred_role is '"),
            "{ran:?}"
        );
        let text = explain(name, name, &[]).failed_with(6);
        assert!(text.stdout.contains("(not the ARN of a role)"), "{}", text.stdout);
    }
    for malformed in
        [" ", "Admin", "arn:aws:iam::12345:role/A", "arn:aws:iam::123456789012:user/A", &format!("{ADMIN} ")]
    {
        let claims = json!({ "cognito:preferred_role": malformed, "aud": "c", "iss": "https://p" });
        let mapping = data("preferred-other-account.mapping.json");
        let document = explain_bytes(&mapping, claims.to_string(), &["--json"]).good().document();
        assert_eq!(document["role_arn"], json!("arn:aws:iam::123456789012:role/Default"), "{malformed:?}");
        assert_eq!(document["certain"], json!(false), "{malformed:?}");
    }
}

#[test]
fn role_of_another_account_is_pointed_out() {
    let ran = explain("preferred-other-account", "preferred-other-account", &["--json"]).good();
    assert_eq!(ran.document()["certain"], json!(false));
    assert_eq!(ran.document()["doubts"][0]["outcome"], json!("no_role"));
    assert!(findings(&ran)[0].contains("role_of_another_account"), "{ran:?}");
    assert!(findings(&ran)[0].contains("(123456789012)") && findings(&ran)[0].contains("999999999999"), "{ran:?}");
    let other = "arn:aws:iam::999999999999:role/X";
    explain("preferred-other-account", "preferred-other-account", &["--expect", other]).failed_with(1);
}

#[test]
fn claim_of_another_spelling_is_named() {
    for (name, meant) in [
        ("near-claim-case", "custom:Roles"),
        ("near-claim-without-custom", "roles"),
        ("near-claim-trailing-space", "'custom:roles '"),
    ] {
        let ran = explain(name, name, &["--json"]).failed_with(6);
        let said = format!("warning claim_of_another_spelling: the token has custom:roles; the rule says {meant}");
        assert_eq!(findings(&ran), [said], "{name}");
    }
}

#[test]
fn value_that_looks_like_the_rules_is_named() {
    let ran = explain("near-value-trailing-space", "near-value-trailing-space", &["--json"]).failed_with(6);
    let said = "warning value_of_another_spelling: custom:roles is 'Admin'; the rule says 'Admin ': they differ in white space";
    assert_eq!(findings(&ran)[0], said);
    let ran = explain("guid-case", "guid-case", &["--json"]).failed_with(6);
    assert!(findings(&ran)[0].contains("they differ in letter case"), "{ran:?}");
    for (match_type, value, claim, shown) in [
        (
            "Equals",
            "M\u{fc}ller",
            "Mu\u{308}ller",
            r"custom:roles is 'Mu\u{308}ller'; the rule says 'Müller': they differ in characters that look alike",
        ),
        ("Contains", "Admin", "\u{410}dmin", r"custom:roles is '\u{410}dmin'; the rule says 'Admin'"),
        ("Contains", "Admin", "[Reader, Ad\u{200b}min]", r"custom:roles is 'Ad\u{200b}min'; the rule says 'Admin'"),
        ("Equals", "R&D", "R&amp;D", "custom:roles is 'R&amp;D'; the rule says 'R&D': they differ in the encoding"),
        ("StartsWith", "orders.", "Orders.Read", "custom:roles is 'Orders.Read'; the rule says 'orders.'"),
        ("NotEqual", "Guest ", "Guest", "custom:roles is 'Guest'; the rule says 'Guest ': they differ in white space"),
        (
            "Equals",
            "Admin",
            "\u{a0}Admin",
            r"custom:roles is '\u{a0}Admin'; the rule says 'Admin': they differ in white space",
        ),
        (
            "Equals",
            "Admin",
            "'Admin'",
            "custom:roles is ''Admin''; the rule says 'Admin': they differ in quotation marks",
        ),
    ] {
        let ran = one_rule(match_type, value, json!(claim));
        let near: Vec<String> =
            findings(&ran).into_iter().filter(|it| it.contains("value_of_another_spelling")).collect();
        assert!(near.len() == 1 && near[0].contains(shown), "{claim:?}: {near:?}");
    }
    for (match_type, value, claim) in [
        ("Equals", "Admin", "Reader"),
        ("Equals", "Admin", "Administrator"),
        ("Contains", "Admin", "NotAdmin"),
        ("Contains", "admin", "Administrator"),
        ("Equals", "Admin", "[Admin, Reader]"),
        ("NotEqual", "Admin", "Reader"),
        ("Equals", "Admin", "Admin"),
    ] {
        let found = findings(&one_rule(match_type, value, json!(claim)));
        assert!(!found.iter().any(|it| it.contains("another_spelling")), "{match_type} {value} {claim}: {found:?}");
    }
    let text = explain_bytes(
        data("near-value-trailing-space.mapping.json"),
        json!({ "custom:roles": "A\u{308}dmin" }).to_string(),
        &[],
    );
    assert!(text.stdout.contains(r"custom:roles is 'A\u{308}dmin', which does not equal 'Admin '"), "{}", text.stdout);
}

/// An earlier version claimed in a finding that a rule matches people whom it does not match.
#[test]
fn flattened_lists_are_found_without_contradictions() {
    for (mapping, claims, status, form, second) in [
        ("groups", "flattened-spaces", 0, "blanks, in brackets", "'admins', 'users'"),
        ("groups", "flattened-commas", 0, "commas", "'admins', 'users'"),
        ("list-comma", "list-comma", 6, "commas", "'Admin', 'Reader'; Equals compares all of it with 'Admin'"),
        ("list-semicolon", "list-semicolon", 6, "semicolons", "'Admin', 'Reader'; Equals compares all of it"),
        ("list-space", "list-space", 6, "blanks", "'Admin', 'Reader'; Equals compares all of it"),
    ] {
        let ran = explain(mapping, claims, &["--json"]);
        assert_eq!(ran.status, status, "{claims}: {ran:?}");
        let found = findings(&ran);
        assert_eq!(found.len(), 1, "{claims}: {found:?}");
        let said = format!("looks like several values in one text ({form}): {second}");
        assert!(found[0].starts_with("warning several_values_in_one_text") && found[0].contains(&said), "{found:?}");
        let is_of_groups = mapping == "groups";
        assert_eq!(ran.document()["certain"], json!(!is_of_groups), "no ID token has such groups: {claims}");
    }
    let ran = explain("dn-list-encoded", "dn-list-encoded", &["--json"]).failed_with(6);
    let said = "warning value_is_encoded: it matches 'CN=Admins' only as a single value: the user pool sends 'CN%3DAdmins' \
                once there are several, as here";
    assert_eq!(findings(&ran), [said]);
    for (claim, form) in [
        ("Admin|Reader", "bars"),
        ("Admin\nReader", "line breaks"),
        (r#"{"roles":["Admin","Reader"]}"#, "JSON"),
        ("[Admin;Reader]", "semicolons"),
        ("Admin , Reader", "commas"),
        ("Reader, Admin", "commas"),
    ] {
        let found = findings(&one_rule("Equals", "Admin", json!(claim)));
        assert!(
            found.iter().any(|it| it.contains(&format!("several values in one text ({form})"))),
            "{claim}: {found:?}"
        );
        assert!(!found.iter().any(|it| it.contains("list_in_brackets")), "{claim}: {found:?}");
    }
    for claim in ["Sales, EMEA", "Finance Users", "CN=x,CN=Users,DC=corp", "Admin"] {
        let found = findings(&one_rule("Contains", "Admin", json!(claim)));
        assert!(!found.iter().any(|it| it.contains("several_values")), "{claim}: {found:?}");
    }
}
