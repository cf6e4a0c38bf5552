//! Tests of renewals and their failures, with a clock that the test advances.

use chrono::TimeDelta;
use cogfed::clock::ManualClock;
use cogfed::sandbox::Misbehaviour::{
    self, CredentialsShort, OtherSubOnRefresh, RefreshDropAnswer, RefreshInvalidGrant, Token10Mib, Token429, Token500,
    TokenClose, TokenHtml, TokenRedirect, WrongIssuer,
};
use cogfed::sandbox::options::{ORDERS_ADMIN, ORDERS_READER, Options, Rotation};
use cogfed_test_support::{CREDENTIALS, Lab, Ran};

const GRACE: Rotation = Rotation::On { grace: 60 };
const NO_GRACE: Rotation = Rotation::On { grace: 0 };

fn run(lab: &Lab) -> Ran {
    lab.run_here(CREDENTIALS, None)
}

fn expired(rotation: Rotation) -> (Lab, ManualClock) {
    let (lab, clock) = Lab::with_manual_clock(Options { rotation, ..Options::default() });
    (lab.expired(), clock)
}

fn refreshes(lab: &Lab) -> u64 {
    lab.sandbox.count("token.refresh")
}

#[test]
fn lost_refresh_answer_is_requested_again_within_the_grace_period() {
    let (lab, _) = expired(GRACE);
    lab.sandbox.misbehave(RefreshDropAnswer, Some(1));
    run(&lab).good();
    assert_eq!(refreshes(&lab), 2);

    let (lab, _) = expired(GRACE);
    lab.sandbox.misbehave(RefreshDropAnswer, None);
    run(&lab).failed_with(5);
    assert_eq!(refreshes(&lab), 2, "once more, and not again");
    lab.sandbox.behave();
    run(&lab).good();
}

#[test]
fn lost_refresh_answer_is_not_requested_again_without_grace() {
    for rotation in [Rotation::Off, NO_GRACE] {
        let (lab, _) = expired(rotation);
        lab.sandbox.misbehave(RefreshDropAnswer, Some(1));
        run(&lab).failed_with(5);
        assert_eq!(refreshes(&lab), 1);
        if rotation == Rotation::Off {
            run(&lab).good();
        } else {
            let ran = run(&lab).failed_with(3);
            assert!(ran.stderr.contains("was cut off before its answer was saved"), "{}", ran.stderr);
            assert!(ran.stderr.contains("; run 'cogfed login"), "{}", ran.stderr);
        }
    }
}

#[test]
fn grace_period_not_kept_by_the_pool_is_reported() {
    let (lab, clock) = Lab::with_manual_clock(Options { rotation: NO_GRACE, ..Options::default() });
    let section = lab.sandbox.profile_toml("lab").replace("refresh_grace = 0", "refresh_grace = 60");
    lab.configure(&section, "store = 'file'");
    lab.login_here("alice").good();
    clock.advance(TimeDelta::hours(2));
    lab.sandbox.misbehave(RefreshDropAnswer, Some(1));
    let ran = run(&lab).failed_with(3);
    assert_eq!(refreshes(&lab), 2);
    assert!(ran.stderr.contains("was cut off before its answer was saved"), "{}", ran.stderr);
}

#[test]
fn refresh_mark_is_cleared_without_rotation() {
    let (lab, _) = expired(Rotation::Off);
    // The answer had no rotated token. A refusal of the old one afterwards is not an interruption.
    lab.sandbox.misbehave(WrongIssuer, Some(1));
    run(&lab).failed_with(6);
    lab.sandbox.revoke_all();
    let ran = run(&lab).failed_with(3);
    assert!(ran.stderr.contains("it expired or was revoked at the user pool"), "{}", ran.stderr);
}

#[test]
fn interruption_is_forgotten_after_a_good_renewal() {
    let (lab, clock) = expired(GRACE);
    lab.sandbox.misbehave(RefreshDropAnswer, Some(2));
    run(&lab).failed_with(5);
    run(&lab).good();
    clock.advance(TimeDelta::hours(2));
    lab.sandbox.revoke_all();
    let ran = run(&lab).failed_with(3);
    assert!(ran.stderr.contains("it expired or was revoked at the user pool"), "{}", ran.stderr);
}

#[test]
fn renewal_refuses_another_persons_id_token() {
    for rotation in [Rotation::Off, GRACE] {
        let (lab, _) = expired(rotation);
        let before = lab.record("tokens");
        lab.sandbox.misbehave(OtherSubOnRefresh, Some(1));
        let ran = run(&lab).failed_with(6);
        assert!(ran.stderr.contains("another person's"), "{}", ran.stderr);
        assert_eq!(lab.sandbox.count("identity.get_credentials"), 0);
        let after = lab.record("tokens");
        assert_eq!((&after["id_token"], &after["subject"]), (&before["id_token"], &before["subject"]));
        assert_eq!(after["refresh_token"] == before["refresh_token"], rotation == Rotation::Off);
        run(&lab).good();
    }
}

#[test]
fn rotated_token_is_saved_before_verification() {
    let (lab, _) = expired(NO_GRACE);
    let before = lab.refresh_token();
    lab.sandbox.misbehave(WrongIssuer, Some(1));
    run(&lab).failed_with(6);
    assert_ne!(lab.refresh_token(), before);
    run(&lab).good();
    assert_eq!(refreshes(&lab), 2);
}

#[test]
fn invalid_grant_drops_the_refresh_token() {
    let (lab, clock) = expired(Rotation::Off);
    lab.sandbox.misbehave(RefreshInvalidGrant, None);
    let ran = run(&lab).failed_with(3);
    assert!(ran.stderr.contains("it expired or was revoked at the user pool"), "{}", ran.stderr);
    assert_eq!(lab.refresh_token(), None);
    for _ in 0..3 {
        clock.advance(TimeDelta::minutes(1));
        let again = run(&lab).failed_with(3);
        assert_eq!(again.stderr, ran.stderr);
    }
    assert_eq!(lab.sandbox.requests().len(), 1, "{:?}", lab.sandbox.requests());
    assert_eq!(lab.run_here(&["status"], None).failed_with(3).stderr.lines().count(), 2);
    lab.sandbox.behave();
    lab.login_here("alice").good();
    run(&lab).good();
}

#[test]
fn revoked_sign_in_ends_before_its_id_token_expires() {
    let (lab, clock) = Lab::with_manual_clock(Options::default());
    lab.sandbox.set_credentials_lifetime(600);
    lab.login_here("alice").good();
    run(&lab).good();
    clock.advance(TimeDelta::minutes(11));
    lab.sandbox.revoke_all();
    lab.sandbox.clear_log();
    for _ in 0..2 {
        run(&lab).failed_with(3);
    }
    assert_eq!((refreshes(&lab), lab.sandbox.requests().len()), (1, 1));
    assert!(lab.run_here(&["status", "--json"], None).failed_with(3).stdout.contains("\"signed_in\":false"));
}

#[test]
fn only_invalid_grant_drops_the_refresh_token() {
    let faults: &[Misbehaviour] = &[Token500, Token429, TokenHtml, Token10Mib, TokenClose, TokenRedirect];
    let (lab, clock) = expired(Rotation::Off);
    let before = lab.refresh_token();
    for &fault in faults {
        lab.sandbox.misbehave(fault, Some(1));
        let ran = run(&lab);
        assert!(matches!(ran.status, 5 | 6), "{}: {ran:?}", fault.name());
        assert_eq!(ran.stdout, "");
        assert_eq!(lab.refresh_token(), before, "{}", fault.name());
        // Longer than any Retry-After, so that each fault occurs.
        clock.advance(TimeDelta::seconds(2));
    }
    assert_eq!(refreshes(&lab), faults.len() as u64);
    assert!(!lab.sandbox.requests().iter().any(|request| request.path.contains("elsewhere")));
    lab.sandbox.behave();
    run(&lab).good();
}

#[test]
fn unknown_identity_id_is_replaced_by_one_request() {
    let (lab, _) = expired(Rotation::Off);
    let path = lab.item("tokens");
    let pool = lab.sandbox.identity_pool_id().to_owned();
    cogfed_test_support::rewrite(&path, |record| {
        record["identities"][&pool] = "eu-west-1:00000000-1111-2222-3333-444444444444".into();
    });
    run(&lab).good();
    assert_eq!((lab.sandbox.count("identity.get_id"), lab.sandbox.count("identity.get_credentials")), (1, 2));
    assert_ne!(lab.record("tokens")["identities"][&pool], "eu-west-1:00000000-1111-2222-3333-444444444444");
}

#[test]
fn profile_role_is_requested_and_unmapped_roles_are_refused() {
    let (lab, clock) = Lab::with_manual_clock(Options::default());
    lab.configure_with(&format!("role_arn = '{ORDERS_ADMIN}'"));
    lab.login_here("alice").good();
    let document = run(&lab).good().document();
    assert_eq!(lab.role_of(&document), ORDERS_ADMIN);
    lab.configure_with(&format!("role_arn = '{ORDERS_READER}'"));
    let ran = run(&lab).failed_with(6);
    assert_eq!(ran.stdout, "", "the other role's credentials are not these");
    clock.advance(TimeDelta::seconds(1));
    lab.configure_with(&format!("role_arn = '{ORDERS_ADMIN}'"));
    assert_eq!(run(&lab).good().document()["AccessKeyId"], document["AccessKeyId"]);
}

#[test]
fn short_lived_credentials_are_used_for_half_their_life() {
    for minutes in [2, 10, 32] {
        let (lab, clock) = Lab::with_manual_clock(Options { credentials_lifetime: minutes * 60, ..Options::default() });
        if minutes == 10 {
            lab.sandbox.misbehave(CredentialsShort, None);
        }
        lab.login_here("alice").good();
        let first = run(&lab).good().document();
        clock.advance(TimeDelta::seconds(minutes * 30 - 1));
        assert_eq!(run(&lab).good().document(), first, "{minutes}");
        clock.advance(TimeDelta::seconds(1));
        assert_ne!(run(&lab).good().document(), first, "{minutes}");
    }
}

#[test]
fn failed_renewal_is_retried_after_thirty_seconds() {
    let (lab, clock) = Lab::with_manual_clock(Options::default());
    lab.login_here("alice").good();
    let old = run(&lab).good().document();
    clock.advance(TimeDelta::minutes(50));
    lab.sandbox.misbehave(Token500, None);
    let ran = run(&lab).good();
    assert_eq!(ran.document(), old);
    assert!(ran.stderr.contains("warning: the credentials could not be renewed"), "{}", ran.stderr);
    assert_eq!(refreshes(&lab), 1);
    clock.advance(TimeDelta::seconds(29));
    assert_eq!(run(&lab).good().document(), old);
    assert_eq!(refreshes(&lab), 1);
    clock.advance(TimeDelta::seconds(1));
    assert_eq!(run(&lab).good().document(), old);
    assert_eq!(refreshes(&lab), 2);
    // With a minute left they are no longer returned, and the next attempt is immediate.
    clock.advance(TimeDelta::seconds(8 * 60 + 30));
    run(&lab).failed_with(5);
    run(&lab).failed_with(5);
    assert_eq!(refreshes(&lab), 4);
}

#[test]
fn clock_set_back_does_not_freeze_credentials() {
    let (lab, clock) = Lab::with_manual_clock(Options::default());
    lab.login_here("alice").good();
    let first = run(&lab).good().document();
    clock.advance(TimeDelta::hours(-3));
    assert_ne!(run(&lab).good().document(), first);
}

#[test]
fn withdrawn_role_is_gone_after_the_next_renewal() {
    let (lab, clock) = Lab::with_manual_clock(Options::default());
    let role = |lab: &Lab| lab.role_of(&run(lab).good().document());
    lab.login_here("alice").good();
    assert_eq!(role(&lab), ORDERS_ADMIN);
    lab.sandbox.set_roles("alice", &["Orders.Read"]);
    clock.advance(TimeDelta::minutes(45));
    assert_eq!(role(&lab), ORDERS_READER);
}

#[test]
fn second_persons_sign_in_deletes_the_first_ones_credentials() {
    let (lab, _) = Lab::with_manual_clock(Options::default());
    lab.login_here("alice").good();
    let first = run(&lab).good().document();
    let ran =
        lab.run_here(&["login", "--force"], Some(std::sync::Arc::new(cogfed_test_support::VisitorBrowser("bob"))));
    assert!(ran.good().stderr.contains("replaced the sign-in of "));
    assert_eq!(lab.items("credentials").len(), 1);
    assert_ne!(run(&lab).good().document()["AccessKeyId"], first["AccessKeyId"]);
}

#[test]
fn recorded_failure_from_the_future_is_ignored() {
    let (lab, clock) = expired(Rotation::Off);
    clock.advance(TimeDelta::days(1));
    lab.sandbox.misbehave(Token500, Some(1));
    run(&lab).failed_with(5);
    clock.advance(TimeDelta::days(-1));
    run(&lab).good();
}
