//! A plain OIDC issuer such as Entra ID, tied directly to the identity pool.

mod discovery;
mod life;

use cogfed::clock::ManualClock;
use cogfed::sandbox::{Options, Switch};
use cogfed_test_support::Lab;

/// Returns a lab whose sandbox is a plain issuer, on a manual clock.
fn lab() -> (Lab, ManualClock) {
    let mut options = Options::default();
    Switch::PlainIssuer.apply(&mut options);
    Lab::with_manual_clock(options)
}
