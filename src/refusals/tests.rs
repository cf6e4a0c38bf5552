use std::collections::BTreeSet;

use super::*;

/// Returns the names of the facts that callers fill in for a party's rows.
fn facts_of(refuser: Refuser) -> &'static [&'static str] {
    match refuser {
        Refuser::Authorization | Refuser::TokenEndpoint | Refuser::EntraId | Refuser::AzureB2c => {
            &["issuer", "login", "profile"]
        }
        Refuser::IdentityPool | Refuser::Sts => &["issuer", "login", "pool", "profile"],
        Refuser::ApiGateway => {
            &["action", "host", "method", "offset", "path", "profile", "region", "resource", "role", "said"]
        }
        Refuser::BehindIam => &[
            "action", "endpoint", "host", "method", "name", "offset", "path", "port", "profile", "region", "resource",
            "role", "said", "service", "wanted",
        ],
    }
}

#[test]
fn each_refusal_row_is_readable_and_has_its_source() {
    for row in rows() {
        let direct = row.direct.map_or([row.cause, row.hint], |(cause, hint)| [cause, hint]);
        assert!(row.direct.is_none() || direct.iter().all(|text| !text.contains("user pool")), "{row:#?}");
        for text in [row.cause, row.hint].into_iter().chain(direct) {
            let names = [
                "AWS ",
                "API ",
                "Azure AD B2C ",
                "B2C ",
                "Conditional Access ",
                "Entra ID ",
                "STS ",
                "AppSync ",
                "Bedrock ",
                "CloudFront, ",
                "S3 ",
            ];
            let is_name = names.iter().any(|name| text.starts_with(name));
            assert!(is_name || text.chars().next().is_some_and(|first| !first.is_uppercase()), "{row:#?}");
            assert!(!text.ends_with('.') && !text.contains("  "), "{row:#?}");
            let is_own = matches!(row.refuser, Refuser::ApiGateway | Refuser::BehindIam);
            let is_repeated = !is_own && row.codes.iter().any(|code| text.contains(code));
            assert!(!is_repeated, "the code is repeated beside it: {row:#?}");
            let names = text.split('{').skip(1).map(|piece| piece.split('}').next().unwrap());
            assert!(names.clone().all(|name| facts_of(row.refuser).contains(&name)), "{row:#?}");
        }
        assert!(row.source.starts_with("https://"), "{row:#?}");
    }
}

#[test]
fn no_refusal_row_is_shadowed_or_repeated() {
    for refuser in Refuser::ALL {
        let rows = refuser.rows();
        for (index, row) in rows.iter().enumerate() {
            assert_eq!(row.refuser, refuser, "{row:#?}");
            assert!(!row.codes.is_empty() || !row.says.is_empty(), "only the last one fits all: {row:#?}");
            for earlier in &rows[..index] {
                let shadows = |code: &&str| earlier.fits(code, &row.says.concat().to_ascii_lowercase());
                assert!(!row.codes.iter().any(shadows), "{earlier:#?} before {row:#?}");
            }
        }
        let known: Vec<_> = rows.iter().map(|row| (row.codes, row.says)).collect();
        assert_eq!(known.iter().collect::<BTreeSet<_>>().len(), known.len(), "{refuser:?}");
        let unknown = refuser.unknown();
        assert!(
            matches!(refuser, Refuser::ApiGateway | Refuser::BehindIam)
                || (unknown.codes.is_empty() && unknown.says.is_empty())
        );
    }
}

#[test]
fn directory_codes_count_before_those_of_the_user_pool() {
    let cause = |refuser, code, message| find(refuser, code, message).cause;
    let assigned = find(Refuser::Authorization, "access_denied", "AADSTS50105: Your administrator has configured");
    assert_eq!(assigned.refuser, Refuser::EntraId);
    for message in ["[AzureAD] said (AADSTS50105)", "AADSTS1: x AADSTS50105", "…AADSTS50105,\r\nTrace"] {
        assert_eq!(cause(Refuser::TokenEndpoint, "invalid_grant", message), assigned.cause, "{message}");
    }
    // A longer number is another code, and a code has a number.
    assert_eq!(find(Refuser::Authorization, "x", "AADSTS501059: y"), &entra_id::UNKNOWN);
    assert_eq!(find(Refuser::Authorization, "x", "AADSTS: y"), &user_pool::UNKNOWN);
    assert_eq!(find(Refuser::Authorization, "x", "AADB2C90118").refuser, Refuser::AzureB2c);
    assert_eq!(find(Refuser::Authorization, "x", "AADB2C1 é").cause, azure_b2c::UNKNOWN.cause);
    // Only a party that sends browsers to a directory passes on the directory's codes.
    assert_eq!(find(Refuser::Sts, "x", "AADSTS50105"), &sts::UNKNOWN);
}

#[test]
fn letter_case_is_ignored_and_unknown_refusals_passed_on() {
    let row = find(Refuser::Authorization, "invalid_request", "timeout occurred in calling IDP token endpoint");
    assert_eq!(row.kind, Kind::Network);
    assert_eq!(find(Refuser::Sts, "BrandNew", ""), &sts::UNKNOWN);
    assert_eq!(said("BrandNew", "what\r\n is  this? "), "BrandNew: what is this?");
    assert_eq!(said("BrandNew", " \n"), "BrandNew");
    assert!(said(&"c".repeat(9000), &"é".repeat(9000)).chars().count() < 520);
}

#[test]
fn facts_are_filled_into_a_refusal_only_once() {
    let facts = [("profile", "{pool} {"), ("pool", "p")];
    assert_eq!(filled("a {profile} b {pool}{pool} {other} {", &facts), "a {pool} { b pp {other} {");
    assert_eq!(filled("", &facts), "");
}

#[test]
fn directory_that_is_the_issuer_has_texts_of_its_own() {
    let row = find(Refuser::TokenEndpoint, "invalid_request", "AADB2C90084: Public clients should not send a secret.");
    let hint = |issuer| row.hint(&[("login", "cogfed login"), ("issuer", issuer)]);
    assert!(hint("user pool").contains("user pool"), "{row:#?}");
    assert_eq!(hint("issuer"), "unset COGFED_CLIENT_SECRET, then run 'cogfed login'");
}

#[test]
fn one_code_has_the_row_that_its_message_fits() {
    let of = |message| find(Refuser::TokenEndpoint, "invalid_request", message).cause;
    assert!(of("AADSTS90023: Public clients can't send a client secret.").contains("public client"));
    assert!(of("AADSTS90023: Unable to retrieve user profile.").contains("does not understand"));
}

#[test]
fn ids_at_the_end_of_a_message_are_never_shortened() {
    let ids = "Trace ID: 0d1d2d3d-4e4e-4f4f-8a8a-9b9b9c9c9d9d Correlation ID: 1d1d2d3d-4e4e-4f4f-8a8a-9b9b9c9c9d9d \
               Timestamp: 2026-11-22 12:00:00Z";
    for length in [10, LONGEST_MESSAGE - 1, LONGEST_MESSAGE, LONGEST_MESSAGE + 1, 9000] {
        let told = quoted(&format!("AADSTS50105: {}\r\n{}", "ä".repeat(length), ids.replace(" Corr", "\r\nCorr")));
        assert!(told.ends_with(&format!(" {ids}")), "{length}: {told}");
        assert!(told.chars().count() <= LONGEST_MESSAGE + LONGEST_IDS + 2, "{length}");
    }
    let b2c =
        format!("AADB2C90075: {}\r\nCorrelation ID: 0d1d\r\nTimestamp: 2026-11-22 12:00:00Z\r\n", "x".repeat(900));
    assert!(quoted(&b2c).ends_with("x… Correlation ID: 0d1d Timestamp: 2026-11-22 12:00:00Z"), "{}", quoted(&b2c));
    // A text that only claims to be an id is shortened like any other.
    let long = format!("{}Trace ID: {}", "x".repeat(500), "y".repeat(9000));
    assert_eq!(quoted(&long).chars().count(), LONGEST_MESSAGE + 1);
}
