//! A plain OIDC issuer, as Entra ID is one, tied straight to the identity pool.

mod discovery;
mod life;

use cogfed::clock::ManualClock;
use cogfed::sandbox::{Options, Switch};
use cogfed_test_support::Lab;

/// A lab whose sandbox has such an issuer, on a clock that the test moves.
fn lab() -> (Lab, ManualClock) {
    let mut options = Options::default();
    Switch::PlainIssuer.apply(&mut options);
    Lab::with_manual_clock(options)
}
