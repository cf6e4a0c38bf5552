//! Tests of refusals by the identity pool, and of their likely causes according to the claims.

use cogfed::sandbox::options::{AmbiguousRole, MatchType, ORDERS_ADMIN, ORDERS_READER, RoleMapping, Rule};
use cogfed::sandbox::people::Directory;
use cogfed::sandbox::{Issuer, Options, Person};
use cogfed_test_support::Lab;

use super::told::{Page, Told};

const REFUSED: &str = "what the sandbox's identity pool says by itself";

fn person(roles: &[&str], iam_roles: &[&str]) -> Person {
    let mut person = Person::new("pat", "Pat", Directory::AzureAd).with_roles(roles);
    person.iam_roles = iam_roles.iter().map(ToString::to_string).collect();
    person
}

fn rules() -> RoleMapping {
    RoleMapping::Rules(
        vec![Rule::new("custom:roles", MatchType::Contains, "Orders.Admin", ORDERS_ADMIN)],
        AmbiguousRole::Deny,
    )
}

#[track_caller]
fn refused(options: Options, lines: &str, refusal: Option<&str>) -> Told {
    let (lab, _) = Lab::with_manual_clock(options);
    lab.configure_with(lines);
    lab.only_sign_in("pat");
    if let Some(refusal) = refusal {
        lab.sandbox.refuse(refusal, None).expect("a refusal");
    }
    let ran = lab.run_here(&["call", "GET", &format!("{}/orders", lab.sandbox.api_url())], None).failed_with(6);
    Told::of(&lab, &ran)
}

#[test]
fn likeliest_cause_of_an_identity_pool_refusal_is_named() {
    let mut page = Page::default();
    let token = RoleMapping::Token(AmbiguousRole::Deny);
    let asks = |role: &str| format!("role_arn = '{role}'");
    for (case, role_mapping, person, lines, refusal) in [
        ("no role at all", rules(), person(&[], &[]), String::new(), None),
        ("a role without a rule", rules(), person(&["Orders.Foo", "team:a b"], &[]), String::new(), None),
        ("a role that no rule gives", rules(), person(&["Orders.Foo"], &[]), asks(ORDERS_READER), None),
        ("a role of somebody else's", token.clone(), person(&[], &[ORDERS_ADMIN]), asks(ORDERS_READER), None),
        ("two roles, none first", token.clone(), person(&[], &[ORDERS_ADMIN, ORDERS_READER]), String::new(), None),
        ("a role of one's own", token, person(&[], &[ORDERS_ADMIN]), asks(ORDERS_ADMIN), Some("pool-configuration")),
        ("a trust policy", rules(), person(&["Orders.Admin"], &[]), String::new(), Some("pool-configuration")),
        ("no role at all, and none by default", rules(), person(&[], &[]), String::new(), Some("pool-configuration")),
    ] {
        let options = Options { role_mapping, people: vec![person], ..Options::default() };
        page.add(case, refusal.unwrap_or(REFUSED), &refused(options, &lines, refusal));
    }
    let options =
        Options { issuer: Issuer::Updated, people: vec![person(&["Orders.Admin"], &[])], ..Options::default() };
    let told = refused(options, "", Some("pool-provider"));
    page.add("the new issuer", "pool-provider", &told);
    page.compare("likely");
}
