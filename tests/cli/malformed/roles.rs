//! Tests with malformed files of role mappings and claims.

use cogfed_test_support::Ran;
use serde_json::json;

use super::desk::{Desk, assert_mannered, is_plain};
use super::mutations::{Random, malformed};

fn mapping() -> String {
    let rule = |match_type: &str, value: &str, role: &str| {
        let arn = format!("arn:aws:iam::123456789012:role/{role}");
        json!({ "Claim": "custom:roles", "MatchType": match_type, "Value": value, "RoleARN": arn })
    };
    let rules = [rule("Contains", "Orders.Admin", "OrdersAdmin"), rule("NotEqual", "x", "Reader")];
    json!({
        "IdentityPoolId": "eu-west-1:1cf667a2-49a6-454b-9e45-231990000000",
        "Roles": { "authenticated": "arn:aws:iam::123456789012:role/Default" },
        "RoleMappings": {
            "cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbC123xyz:client": {
                "Type": "Rules", "AmbiguousRoleResolution": "Deny", "RulesConfiguration": { "Rules": rules },
            },
        },
    })
    .to_string()
}

fn claims() -> String {
    json!({
        "iss": "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbC123xyz", "aud": "client",
        "custom:roles": "[Orders.Admin, api%3Aread]", "cognito:groups": ["a", "b"],
        "cognito:roles": ["arn:aws:iam::123456789012:role/A"], "scope": "openid email", "exp": 1800003600,
    })
    .to_string()
}

/// Checks that the output is either a complete explanation or an error that names the invalid file or `--provider`.
#[track_caller]
fn assert_explained_or_refused(ran: &Ran, given: &dyn std::fmt::Debug) {
    assert_mannered(ran, given);
    assert!(is_plain(&ran.stdout.replace('\n', "")), "{ran:?}");
    match ran.status {
        0 | 6 => assert!(ran.stdout.contains("\"outcome\":") || ran.stdout.starts_with("outcome "), "{ran:?}"),
        2 => assert!(ran.stdout.is_empty() && ran.stderr.contains("json: ") || ran.stderr.contains("--provider")),
        status => panic!("{status}: {ran:?}\n{given:?}"),
    }
}

#[test]
fn malformed_mappings_and_claims_are_explained_or_refused() {
    let mut desk = Desk::new();
    desk.is_terminal = true;
    let mut random = Random(11);
    for number in 0..400 {
        let (mut mapping, mut claims) = (mapping().into_bytes(), claims().into_bytes());
        let changed = if number % 2 == 0 { &mut mapping } else { &mut claims };
        *changed = malformed(changed, &mut random);
        let given = String::from_utf8_lossy(changed).into_owned();
        let (pool, person) = (desk.file("pool.json", &mapping), desk.file("claims.json", &claims));
        let mut words = vec!["roles", "--explain", "--mapping", pool.as_str(), "--claims", person.as_str()];
        words.extend((number % 3 == 0).then_some("--json"));
        assert_explained_or_refused(&desk.run(&words), &given);
        if number % 20 < 2 {
            let ran = desk.program(&[]).args(&words).output().expect("cogfed runs").into();
            assert_explained_or_refused(&ran, &given);
        }
    }
}
