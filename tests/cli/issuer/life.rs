//! Tests of a complete sign-in at an issuer that is not a user pool: credentials, renewal, sign-out.

use chrono::TimeDelta;
use cogfed::sandbox::Misbehaviour::{IssuerTrailingSlash, OtherSubOnRefresh, RefreshNoIdToken};
use cogfed::sandbox::options::{ORDERS_ADMIN, ORDERS_READER};
use cogfed_test_support::CREDENTIALS;

use super::lab;

#[test]
fn entra_roles_map_to_iam_roles_without_a_user_pool() {
    let (lab, _) = lab();
    let signed_in = lab.login_here("alice").good();
    assert!(signed_in.stderr.contains("signed in as alice@corp.example (profile 'lab')"), "{}", signed_in.stderr);
    let document = lab.run_here(CREDENTIALS, None).good().document();
    assert_eq!(lab.role_of(&document), ORDERS_ADMIN);
    let orders = format!("{}/orders", lab.sandbox.api_url());
    lab.run_here(&["call", "--fail", "GET", &orders], None).good();
    let status = lab.run_here(&["status", "--json"], None).good().document();
    assert_eq!(status["user_pool_id"], serde_json::Value::Null);
    assert_eq!(status["issuer"], lab.sandbox.issuer());
    assert_eq!(status["sign_in"]["renewable"], true);
    let said = lab.run_here(&["status"], None).good().stdout;
    assert!(said.contains(&lab.sandbox.issuer()) && !said.contains("user pool"), "{said}");
    let said = lab.run_here(&["roles"], None).good().stdout;
    assert!(said.contains(&format!("by            {}\n", lab.sandbox.issuer())), "{said}");
}

#[test]
fn renewal_updates_roles_and_reuses_discovery_for_a_day() {
    let (lab, clock) = lab();
    lab.login_here("alice").good();
    lab.run_here(CREDENTIALS, None).good();
    assert_eq!(lab.sandbox.count("discovery"), 1);
    lab.sandbox.set_roles("alice", &["Orders.Read"]);
    for hours in [2, 20] {
        clock.advance(TimeDelta::hours(hours));
        let document = lab.run_here(CREDENTIALS, None).good().document();
        assert_eq!(lab.role_of(&document), ORDERS_READER, "after {hours} hours more");
        assert_eq!(lab.sandbox.count("discovery"), 1);
    }
    clock.advance(TimeDelta::hours(3));
    lab.run_here(CREDENTIALS, None).good();
    assert_eq!(lab.sandbox.count("discovery"), 2, "a day later");
}

#[test]
fn refresh_without_an_id_token_keeps_using_the_old_one() {
    let (lab, clock) = lab();
    lab.login_here("alice").good();
    lab.run_here(CREDENTIALS, None).good();
    lab.sandbox.misbehave(RefreshNoIdToken, None);
    clock.advance(TimeDelta::minutes(50));
    lab.run_here(CREDENTIALS, None).good();
    assert_eq!(lab.sandbox.count("identity.get_credentials"), 2, "renewed");
    clock.advance(TimeDelta::hours(2));
    let ran = lab.run_here(CREDENTIALS, None).failed_with(3);
    assert!(ran.stderr.contains("renews the sign-in without an ID token"), "{}", ran.stderr);
    assert!(ran.stderr.contains("run 'cogfed login --profile lab --force'"), "{}", ran.stderr);
    // The sign-in is still complete.
    lab.sandbox.behave();
    clock.advance(TimeDelta::minutes(1));
    lab.run_here(CREDENTIALS, None).good();
}

#[test]
fn issuer_tokens_of_another_issuer_or_person_are_refused() {
    let (lab, clock) = lab();
    lab.sandbox.misbehave(IssuerTrailingSlash, Some(1));
    let ran = lab.login_here("alice").failed_with(6);
    assert!(
        ran.stderr.contains("is not accepted") && ran.stderr.contains("administrator of the issuer"),
        "{}",
        ran.stderr
    );
    lab.login_here("alice").good();
    lab.run_here(CREDENTIALS, None).good();
    clock.advance(TimeDelta::hours(2));
    lab.sandbox.misbehave(OtherSubOnRefresh, Some(1));
    let ran = lab.run_here(CREDENTIALS, None).failed_with(6);
    assert!(ran.stderr.contains("another person's"), "{}", ran.stderr);
}

#[test]
fn sign_out_reports_an_issuer_without_revocation() {
    let (lab, _) = lab();
    lab.login_here("alice").good();
    lab.run_here(CREDENTIALS, None).good();
    let ran = lab.run_here(&["logout"], None).good();
    for said in ["alice@corp.example is signed out", "the issuer has no revocation endpoint", "stays valid there"] {
        assert!(ran.stderr.contains(said), "{said}: {}", ran.stderr);
    }
    lab.run_here(CREDENTIALS, None).failed_with(3);
    lab.run_here(&["logout"], None).good();
}

#[test]
fn sign_out_works_while_the_issuer_is_unreachable() {
    let (lab, clock) = lab();
    lab.login_here("alice").good();
    // The cached document is too old.
    clock.advance(TimeDelta::hours(30));
    lab.sandbox.misbehave(cogfed::sandbox::Misbehaviour::Discovery500, None);
    let ran = lab.run_here(&["logout"], None).failed_with(5);
    assert!(ran.stderr.contains("is signed out") && ran.stderr.contains("could not be revoked"), "{}", ran.stderr);
    lab.run_here(&["status"], None).failed_with(3);
}

#[test]
fn identity_provider_flag_is_refused_for_an_issuer() {
    let (lab, _) = lab();
    let ran = lab.run_here(&["login", "--identity-provider", "AzureAD"], None).failed_with(2);
    let said = "--identity-provider: profile 'lab' names an issuer in the place of a user pool";
    assert!(ran.stderr.contains(said), "{}", ran.stderr);
    assert_eq!(lab.sandbox.requests().len(), 0);
}

/// The administrator may have registered the issuer with the identity pool under another name.
#[test]
fn logins_key_sets_the_issuer_name_at_the_identity_pool() {
    let (lab, _) = lab();
    lab.configure_with("logins_key = 'login.example.com/t/v2.0'");
    lab.only_sign_in("alice");
    let ran = lab.run_here(CREDENTIALS, None).failed_with(6);
    assert!(ran.stderr.contains("Token is not from a supported provider"), "{}", ran.stderr);
    assert!(ran.stderr.contains("this issuer") && !ran.stderr.contains("user pool"), "{}", ran.stderr);
    let own = lab.sandbox.issuer().trim_start_matches("http://").to_owned();
    lab.configure_with(&format!("logins_key = '{own}'"));
    lab.run_here(&["login", "--force"], Some(std::sync::Arc::new(cogfed_test_support::VisitorBrowser("alice")))).good();
    lab.run_here(CREDENTIALS, None).good();
}
