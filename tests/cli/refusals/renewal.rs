//! Tests of renewals that reveal that the sign-in has ended, and of the reported reason.

use chrono::TimeDelta;
use cogfed::sandbox::Options;
use cogfed_test_support::Lab;

use super::told::{Page, Told};

#[test]
fn reason_is_given_when_a_renewal_ends_the_sign_in() {
    let mut page = Page::default();
    for refusal in ["aadsts50173", "aadsts70043", "token-invalid-grant"] {
        let (lab, _) = Lab::with_manual_clock(Options::default());
        lab.login_here("alice").good();
        lab.advance(TimeDelta::hours(2));
        lab.sandbox.refuse(refusal, None).expect("a refusal");
        let orders = format!("{}/orders", lab.sandbox.api_url());
        let ran = lab.run_here(&["call", "GET", &orders], None).failed_with(3);
        page.add(refusal, "at the token endpoint, in answer to a refresh token", &Told::of(&lab, &ran));
        lab.sandbox.behave();
        lab.run_here(&["call", "GET", &orders], None).failed_with(3);
        assert_eq!(lab.sandbox.count("token.refresh"), 1, "the refresh token is not used again");
    }
    page.compare("renewal");
}

/// The issuer may require an interaction, for example, because a second factor is due. The person has to sign in again,
/// and nothing is lost until then.
#[test]
fn interaction_required_keeps_the_sign_in() {
    let (lab, _) = Lab::with_manual_clock(Options::default());
    lab.login_here("alice").good();
    lab.advance(TimeDelta::hours(2));
    lab.sandbox.refuse("token-interaction-required", None).expect("a refusal");
    let ran = lab.run_here(&["credential-process"], None).failed_with(3);
    assert!(ran.stderr.contains("run 'cogfed login --profile lab --force'"), "{}", ran.stderr);
    lab.sandbox.behave();
    lab.run_here(&["credential-process"], None).good();
}
