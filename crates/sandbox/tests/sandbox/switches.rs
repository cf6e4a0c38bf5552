//! Tests of the switches, each of which changes one behaviour.

use cogfed_sandbox::options::{AUTHENTICATED, ContainsOnArrays, ORDERS_ADMIN, ORDERS_READER};
use cogfed_sandbox::{Options, Rotation, Switch};

use crate::support::client::{Lab, claims, get, parameter};

fn with(options: Options, switch: Switch) -> Lab {
    let mut options = options;
    switch.apply(&mut options);
    Lab::with(options)
}

fn switched(switch: Switch) -> Lab {
    with(Options::default(), switch)
}

#[test]
fn switches_change_client_secret_and_issuer() {
    let lab = switched(Switch::ClientSecret);
    let [secret] = lab.0.client_secrets() else { panic!("one secret") };
    assert_eq!(lab.exchange(&lab.code("alice"), &[]).text("error"), "invalid_client");
    assert_eq!(lab.exchange(&lab.code("alice"), &[("client_secret", secret)]).status, 200);
    let lab = switched(Switch::UpdatedIssuer);
    let issuer = claims(&lab.tokens("alice").text("id_token"))["iss"].as_str().unwrap().to_owned();
    assert!(issuer.starts_with("https://issuer-cognito-idp."), "{issuer}");
}

#[test]
fn switches_change_the_choice_of_roles() {
    let lab = switched(Switch::TokenRoles);
    for (person, role) in
        [("alice", ORDERS_ADMIN), ("bob", ORDERS_READER), ("carol", ORDERS_READER), ("dave", AUTHENTICATED)]
    {
        assert_eq!(lab.role(person).unwrap(), role, "{person}");
    }
    assert_eq!(claims(&lab.tokens("bob").text("id_token"))["cognito:preferred_role"], ORDERS_READER);
    assert!(lab.0.set_roles("bob", &["Orders.Admin"]));
    assert_eq!(lab.role("bob").unwrap(), ORDERS_READER, "the rules no longer decide");
    assert_eq!(switched(Switch::NoRoleMapping).role("alice").unwrap(), AUTHENTICATED);
    let mut options = Options::default();
    Switch::ContainsElement.apply(&mut options);
    assert_eq!(options.contains_on_arrays, ContainsOnArrays::Element);
}

#[test]
fn switches_change_revocation_and_refreshes() {
    let lab = switched(Switch::ServerSideTokenCheck);
    let token = lab.tokens("alice").text("id_token");
    lab.0.revoke_all();
    assert_eq!(lab.get_id(&token).status, 400);
    let lab = switched(Switch::NonceOnRefresh);
    let tokens = lab.tokens("alice");
    assert_eq!(claims(&lab.refresh(&tokens.text("refresh_token")).text("id_token"))["nonce"], "the-nonce");
    let rotating = Options { rotation: Rotation::On { grace: 0 }, ..Options::default() };
    let lab = with(rotating, Switch::ReuseEndsSignIn);
    let first = lab.tokens("alice").text("refresh_token");
    let second = lab.refresh(&first).text("refresh_token");
    assert_eq!(lab.refresh(&first).text("error"), "invalid_grant");
    assert_eq!(lab.refresh(&second).text("error"), "invalid_grant");
}

#[test]
fn switches_change_error_states_and_needless_verifiers() {
    let lab = switched(Switch::NoStateOnErrors);
    let url = lab.authorization_url(&[("prompt", "none")]);
    let location = get(&url).location(&url);
    assert_eq!(
        (parameter(&location, "error").as_deref(), parameter(&location, "state")),
        (Some("login_required"), None)
    );
    let without_challenge = [("code_challenge", ""), ("code_challenge_method", "")];
    for (lab, status) in [(Lab::new(), 200), (switched(Switch::RefuseNeedlessVerifier), 400)] {
        assert_eq!(lab.exchange(&lab.code_of(&without_challenge, "alice"), &[]).status, status);
    }
}
