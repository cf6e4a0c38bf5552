//! Tests of refusals by an issuer that is used without a user pool. No user pool is involved, so no text may name one.

use std::sync::Arc;

use cogfed::refusals::{self, Refuser};
use cogfed::sandbox::refusals::Place;
use cogfed::sandbox::{Options, Refusal, Switch};
use cogfed_test_support::{Lab, VisitorBrowser};

use super::told::{Page, Told};

/// Provokes all refusals by one directory, in a sandbox in which that directory is the issuer.
fn all_of(list: usize, switch: Switch, person: &'static str, page: &mut Page) {
    let (_, list) = Refusal::LISTS[list];
    let mut options = Options::default();
    switch.apply(&mut options);
    let (lab, _) = Lab::with_manual_clock(options);
    for refusal in list {
        lab.sandbox.refuse(refusal.name, Some(1)).expect("a refusal");
        let ran = lab.run_here(&["login"], Some(Arc::new(VisitorBrowser(person))));
        let told = Told::of(&lab, &ran);
        let refuser = if refusal.place == Place::Token { Refuser::TokenEndpoint } else { Refuser::Authorization };
        let row = refusals::find(refuser, refusal.code, &refusal.text());
        assert_eq!(told.status, i32::from(row.kind.exit_code()), "{}", refusal.name);
        // SAML needs a user pool.
        let is_saml = refusal.message.contains("SAML") || refusal.message.contains("Saml2");
        let names_pool = [&told.error, &told.hint].iter().any(|text| text.contains("user pool"));
        assert!(is_saml || refusal.name == "aadsts75011" || refusal.name == "aadb2c99059" || !names_pool, "{told:?}");
        if let Some((cause, _)) = row.direct {
            assert!(told.error.starts_with(cause), "{}: {}", refusal.name, told.error);
            page.add(refusal.name, &refusals::in_one_line(refusal.message), &told);
        }
    }
}

#[test]
fn issuer_refusals_never_blame_a_user_pool() {
    let mut page = Page::default();
    all_of(2, Switch::PlainIssuer, "alice", &mut page);
    all_of(3, Switch::B2cIssuer, "erin", &mut page);
    page.compare("issuer");
}
