//! Tests of the claims in the plain issuer's tokens, and of refreshes.

use std::str::FromStr;
use std::sync::Arc;

use chrono::TimeDelta;
use cogfed_sandbox::{Clock, Misbehaviour, Options, Switch};
use openidconnect::core::{CoreIdToken, CoreIdTokenVerifier, CoreJsonWebKeySet};
use openidconnect::{ClientId, IssuerUrl, Nonce};
use serde_json::json;

use crate::plain_issuer::{Issuer, clock, refused};
use crate::support::client::{claims, get, header};

#[test]
fn id_token_has_entra_ids_claims_only() {
    let clock = clock();
    let issuer = Issuer::with(Options { clock: Arc::new(clock.clone()), ..Options::default() });
    let answer = issuer.tokens("carol");
    let token = answer.text("id_token");
    let id = claims(&token);
    let now = clock.now().timestamp();
    let tenant = issuer.lab.0.issuer().split('/').nth(3).unwrap().to_owned();
    for (name, value) in [
        ("aud", json!(issuer.lab.0.client_id())),
        ("iss", json!(issuer.lab.0.issuer())),
        ("iat", json!(now - 300)),
        ("nbf", json!(now - 300)),
        ("exp", json!(now + 3600)),
        ("email", json!("carol@corp.example")),
        ("name", json!("Carol Manager")),
        ("nonce", json!("the-nonce")),
        ("preferred_username", json!("carol@corp.example")),
        ("roles", json!(["Orders.Read", "Billing.Read", "team:a b"])),
        ("tid", json!(tenant)),
        ("ver", json!("2.0")),
    ] {
        assert_eq!(id[name], value, "{name}");
    }
    let mut names: Vec<&str> = id.as_object().unwrap().keys().map(String::as_str).collect();
    names.sort_unstable();
    let expected = [
        "aio",
        "aud",
        "email",
        "exp",
        "iat",
        "iss",
        "name",
        "nbf",
        "nonce",
        "oid",
        "preferred_username",
        "rh",
        "roles",
        "sub",
        "tid",
        "uti",
        "ver",
    ];
    assert_eq!(names, expected);
    assert_ne!(id["sub"], id["oid"]);
    assert_eq!(header(&token)["typ"], "JWT");
    let access = claims(&answer.text("access_token"));
    assert_ne!(access["aud"], id["aud"]);
    assert_eq!(claims(&issuer.tokens("carol").text("id_token"))["sub"], id["sub"], "one person, one subject");
    assert_ne!(claims(&issuer.tokens("bob").text("id_token"))["sub"], id["sub"]);
    assert!(claims(&issuer.tokens("dave").text("id_token")).get("roles").is_none());
}

#[test]
fn openidconnect_crate_accepts_the_id_token() {
    let clock = clock();
    let issuer = Issuer::with(Options { clock: Arc::new(clock.clone()), ..Options::default() });
    let second_opinion = |token: &str| {
        let keys: CoreJsonWebKeySet = serde_json::from_str(&get(&issuer.endpoint("jwks_uri")).body).unwrap();
        let client = ClientId::new(issuer.lab.0.client_id().into());
        let now = clock.now();
        let name = IssuerUrl::new(issuer.lab.0.issuer()).unwrap();
        let verifier = CoreIdTokenVerifier::new_public_client(client, name, keys).set_time_fn(move || now);
        let token = CoreIdToken::from_str(token).map_err(|error| error.to_string())?;
        let claims = token.claims(&verifier, &Nonce::new("the-nonce".into()));
        claims.map(|claims| claims.subject().to_string()).map_err(|error| error.to_string())
    };
    let token = issuer.tokens("alice").text("id_token");
    assert_eq!(second_opinion(&token), Ok(claims(&token)["sub"].as_str().unwrap().to_owned()));
    for misbehaviour in [
        Misbehaviour::WrongNonce,
        Misbehaviour::NoNonce,
        Misbehaviour::WrongAudience,
        Misbehaviour::WrongIssuer,
        Misbehaviour::IssuerTrailingSlash,
        Misbehaviour::AlgNone,
        Misbehaviour::AlgHs256,
        Misbehaviour::UnknownKid,
        Misbehaviour::BadSignature,
        Misbehaviour::ExpiredIdToken,
        Misbehaviour::AccessTokenAsIdToken,
    ] {
        issuer.lab.0.misbehave(misbehaviour, Some(1));
        assert!(second_opinion(&issuer.tokens("alice").text("id_token")).is_err(), "{misbehaviour:?}");
    }
    assert!(second_opinion(&issuer.tokens("alice").text("id_token")).is_ok());
}

#[test]
fn scopes_decide_which_tokens_and_claims_come() {
    let issuer = Issuer::new();
    let tokens = |scope: &str| issuer.tokens_of(&[("scope", scope)], "alice").json();
    let all = tokens("openid profile email offline_access");
    assert_eq!((&all["token_type"], &all["scope"]), (&json!("Bearer"), &json!("openid profile email")));
    assert_eq!((&all["expires_in"], &all["ext_expires_in"]), (&json!(3600), &json!(3600)));
    assert!(all["refresh_token"].as_str().unwrap().len() > 1000);
    let bare = tokens("openid");
    assert!(bare.get("refresh_token").is_none());
    let id = claims(bare["id_token"].as_str().unwrap());
    for name in ["email", "name", "oid", "preferred_username"] {
        assert!(id.get(name).is_none(), "{name}");
    }
    assert_eq!(id["roles"], json!(["Orders.Admin"]));
    let offline = tokens("offline_access");
    assert!(offline.get("id_token").is_none() && offline.get("refresh_token").is_some());
}

#[test]
fn refresh_issues_a_new_token_and_the_old_still_works() {
    let clock = clock();
    let issuer = Issuer::with(Options { clock: Arc::new(clock.clone()), ..Options::default() });
    let first = issuer.tokens("alice");
    let old = first.text("refresh_token");
    clock.advance(TimeDelta::days(29));
    let second = issuer.refresh(&old, &[]);
    let new = second.text("refresh_token");
    assert_ne!(old, new);
    let (before, after) = (claims(&first.text("id_token")), claims(&second.text("id_token")));
    assert_eq!(before["sub"], after["sub"]);
    assert!(after.get("nonce").is_none() && before["uti"] != after["uti"]);
    assert_eq!(issuer.refresh(&old, &[]).status, 200);
    clock.advance(TimeDelta::days(1));
    let expired = issuer.refresh(&old, &[]);
    refused(&expired, "invalid_grant", 700_082);
    let told = "was issued on 2026-11-22T12:00:00.0000000Z and was inactive for 30.00:00:00.";
    assert!(expired.text("error_description").contains(told), "{expired:?}");
    // Each refresh token has a full lifetime.
    let third = issuer.refresh(&new, &[]);
    assert_eq!(third.status, 200);
    issuer.lab.0.revoke_all();
    refused(&issuer.refresh(&third.text("refresh_token"), &[]), "invalid_grant", 50_173);
}

#[test]
fn refresh_may_narrow_scopes_but_not_widen_them() {
    let issuer = Issuer::new();
    let token = issuer.tokens_of(&[("scope", "openid offline_access")], "alice").text("refresh_token");
    assert!(issuer.refresh(&token, &[("scope", "offline_access")]).json().get("id_token").is_none());
    let without = issuer.refresh(&token, &[("scope", "openid")]).json();
    assert!(without.get("id_token").is_some() && without.get("refresh_token").is_none());
    refused(&issuer.refresh(&token, &[("scope", "openid profile")]), "invalid_scope", 70_011);
}

#[test]
fn groups_are_an_array_or_distributed_claims() {
    let issuer = Issuer::new();
    let frank = |groups: &[String]| {
        issuer.lab.0.change_person("frank", |person| person.directory_groups = groups.to_vec());
        claims(&issuer.tokens("frank").text("id_token"))
    };
    let groups: Vec<String> = (0..201).map(|group| format!("9a3c1f00-5b7e-4d21-8c46-{group:012}")).collect();
    let some = frank(&groups[..200]);
    assert_eq!(some["groups"].as_array().unwrap().len(), 200);
    assert!(some.get("_claim_names").is_none() && some.get("_claim_sources").is_none());
    let many = frank(&groups);
    assert!(many.get("groups").is_none());
    let source = many["_claim_names"]["groups"].as_str().unwrap();
    let endpoint = many["_claim_sources"][source]["endpoint"].as_str().unwrap();
    assert!(
        endpoint.starts_with("https://graph.windows.net/") && endpoint.ends_with("/getMemberObjects"),
        "{endpoint}"
    );
    assert_eq!(many["roles"], json!(["Orders.Read"]));
}

#[test]
fn refresh_shows_the_directorys_current_attributes() {
    let mut options = Options::default();
    Switch::StickyAttributes.apply(&mut options);
    let issuer = Issuer::with(options);
    let token = issuer.tokens("alice").text("refresh_token");
    let roles = |roles: &[&str]| {
        issuer.lab.0.set_roles("alice", roles);
        claims(&issuer.refresh(&token, &[]).text("id_token")).get("roles").cloned()
    };
    assert_eq!(roles(&["Orders.Read"]), Some(json!(["Orders.Read"])), "without a user pool nothing is sticky");
    assert_eq!(roles(&[]), None);
    assert_eq!(roles(&[""]), None);
}
