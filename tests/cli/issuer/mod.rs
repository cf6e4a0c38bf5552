//! Tests with an OpenID Connect issuer, such as Entra ID, that the identity pool accepts without a user pool.

mod discovery;
mod life;

use cogfed::clock::ManualClock;
use cogfed::sandbox::{Options, Switch};
use cogfed_test_support::Lab;

/// Returns a lab whose sandbox simulates an issuer without a user pool, and whose clock the test controls.
fn lab() -> (Lab, ManualClock) {
    let mut options = Options::default();
    Switch::PlainIssuer.apply(&mut options);
    Lab::with_manual_clock(options)
}
