//! A session on a moved clock: its requests at each stage, and the absence of others.

use chrono::TimeDelta;
use cogfed::sandbox::Options;
use cogfed_test_support::{CREDENTIALS, Lab};

#[test]
fn session_lives_from_sign_in_through_renewals_to_sign_out() {
    let (lab, _) = Lab::with_manual_clock(Options::default());
    lab.run_here(CREDENTIALS, None).failed_with(3);
    lab.login_here("alice").good();
    let first = lab.run_here(CREDENTIALS, None).good().document();
    assert_eq!(lab.sandbox.count("identity.get_id"), 1);
    assert_eq!(lab.sandbox.count("identity.get_credentials"), 1);
    assert_eq!(lab.sandbox.count("token.refresh"), 0, "the ID token is young");

    lab.advance(TimeDelta::minutes(43));
    assert_eq!(lab.run_here(CREDENTIALS, None).good().document(), first, "more than 16 minutes are left");
    assert_eq!(lab.sandbox.count("identity.get_credentials"), 1);

    lab.advance(TimeDelta::minutes(2));
    let second = lab.run_here(CREDENTIALS, None).good().document();
    assert_ne!(second, first);
    assert_eq!(lab.sandbox.count("token.refresh"), 1);
    assert_eq!(lab.sandbox.count("identity.get_credentials"), 2);
    assert_eq!(lab.sandbox.count("identity.get_id"), 1, "the identity id is kept");

    lab.run_here(&["logout"], None).good();
    assert_eq!(lab.sandbox.count("revoke"), 1);
    lab.run_here(CREDENTIALS, None).failed_with(3);
}
