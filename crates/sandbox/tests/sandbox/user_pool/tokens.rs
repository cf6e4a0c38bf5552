//! Tests of the token endpoint: codes, PKCE, refresh with and without rotation, client authentication, and claims.

use std::str::FromStr;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, TimeDelta, Utc};
use cogfed_sandbox::partition::Issuer;
use cogfed_sandbox::{Clock, ManualClock, Misbehaviour, Options, Rotation};
use openidconnect::core::{CoreIdToken, CoreIdTokenVerifier, CoreJsonWebKeySet};
use openidconnect::{AccessToken, AccessTokenHash, ClientId, IssuerUrl, Nonce};
use serde_json::json;

use crate::support::client::{FORM, Lab, VERIFIER, claims, encode, get, header, post_form, send};

fn clock() -> ManualClock {
    ManualClock::at("2026-11-22T12:00:00Z".parse().unwrap())
}

fn lab(clock: &ManualClock, rotation: Rotation) -> Lab {
    Lab::with(Options { clock: Arc::new(clock.clone()), rotation, ..Options::default() })
}

fn refusal(answer: &crate::support::client::Answer) -> String {
    assert_eq!(answer.status, 400, "{answer:?}");
    assert_eq!(answer.header("content-type"), Some("application/json;charset=UTF-8"));
    answer.text("error")
}

/// Verifies an ID token with the `openidconnect` crate.
fn second_opinion(lab: &Lab, token: &str, access_token: &str, now: DateTime<Utc>) -> Result<String, String> {
    let pool = format!("{}/{}", lab.0.user_pool_url(), lab.0.user_pool_id());
    let keys: CoreJsonWebKeySet =
        serde_json::from_str(&get(&format!("{pool}/.well-known/jwks.json")).body).map_err(|error| error.to_string())?;
    let client = ClientId::new(lab.0.client_id().into());
    let issuer = IssuerUrl::new(lab.0.issuer()).map_err(|error| error.to_string())?;
    let verifier = CoreIdTokenVerifier::new_public_client(client, issuer, keys).set_time_fn(move || now);
    let token = CoreIdToken::from_str(token).map_err(|error| error.to_string())?;
    let claims = token.claims(&verifier, &Nonce::new("the-nonce".into())).map_err(|error| error.to_string())?;
    let algorithm = token.signing_alg().map_err(|error| error.to_string())?;
    let key = token.signing_key(&verifier).map_err(|error| error.to_string())?;
    let hash = AccessTokenHash::from_token(&AccessToken::new(access_token.into()), algorithm, key)
        .map_err(|error| error.to_string())?;
    if claims.access_token_hash() != Some(&hash) {
        return Err("at_hash".into());
    }
    Ok(claims.subject().to_string())
}

#[test]
fn openidconnect_crate_accepts_the_id_token() {
    let clock = clock();
    for issuer in [Issuer::Original, Issuer::Updated] {
        let lab = Lab::with(Options { clock: Arc::new(clock.clone()), issuer, ..Options::default() });
        let answer = lab.tokens("alice");
        let (id, access) = (answer.text("id_token"), answer.text("access_token"));
        assert_eq!(second_opinion(&lab, &id, &access, clock.now()), Ok(claims(&id)["sub"].as_str().unwrap().into()));
        assert!(second_opinion(&lab, &access, &access, clock.now()).is_err(), "an access token is not an ID token");
    }
}

#[test]
fn discovery_and_jwks_match_cognito() {
    let lab = Lab::new();
    let pool = format!("{}/{}/.well-known", lab.0.user_pool_url(), lab.0.user_pool_id());
    let discovery = get(&format!("{pool}/openid-configuration")).json();
    assert_eq!(discovery["issuer"], lab.0.issuer());
    assert!(lab.0.issuer().starts_with("https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_"));
    assert_eq!(discovery["token_endpoint"], lab.token_url());
    assert!(discovery.get("code_challenge_methods_supported").is_none());
    let jwks = get(discovery["jwks_uri"].as_str().unwrap()).json();
    let kids: Vec<&str> = jwks["keys"].as_array().unwrap().iter().map(|key| key["kid"].as_str().unwrap()).collect();
    let answer = lab.tokens("alice");
    assert_eq!(header(&answer.text("id_token")), json!({ "alg": "RS256", "kid": kids[0] }));
    assert_eq!(header(&answer.text("access_token")), json!({ "alg": "RS256", "kid": kids[1] }));
    assert_ne!(kids[0], kids[1]);
    assert!(kids.iter().all(|kid| kid.contains('/') && kid.contains('+') && kid.ends_with('=')), "{kids:?}");
}

#[test]
fn id_token_has_the_claims_of_a_federated_user() {
    let clock = clock();
    let lab = lab(&clock, Rotation::Off);
    let answer = lab.tokens("alice");
    let (id, access) = (claims(&answer.text("id_token")), claims(&answer.text("access_token")));
    let now = clock.now().timestamp();
    for (name, value) in [
        ("iss", json!(lab.0.issuer())),
        ("aud", json!(lab.0.client_id())),
        ("token_use", json!("id")),
        ("nonce", json!("the-nonce")),
        ("cognito:username", json!("AzureAD_alice@corp.example")),
        ("cognito:groups", json!([format!("{}_AzureAD", lab.0.user_pool_id())])),
        ("custom:roles", json!("Orders.Admin")),
        ("email", json!("alice@corp.example")),
        ("auth_time", json!(now)),
        ("iat", json!(now)),
        ("exp", json!(now + 3600)),
        ("origin_jti", access["origin_jti"].clone()),
        ("sub", access["sub"].clone()),
    ] {
        assert_eq!(id[name], value, "{name}");
    }
    assert_eq!(id["identities"][0]["providerName"], "AzureAD");
    assert_eq!(id["identities"][0]["providerType"], "SAML");
    assert_eq!(id["identities"][0]["userId"], "alice@corp.example");
    assert!(id["identities"][0]["dateCreated"].is_string());
    for (name, value) in [
        ("token_use", json!("access")),
        ("client_id", json!(lab.0.client_id())),
        ("scope", json!("openid")),
        ("version", json!(2)),
        ("username", json!("AzureAD_alice@corp.example")),
    ] {
        assert_eq!(access[name], value, "{name}");
    }
    assert!(access.get("aud").is_none() && access.get("custom:roles").is_none());
    let roles = |person| claims(&lab.tokens(person).text("id_token")).get("custom:roles").cloned();
    assert_eq!(roles("bob"), Some(json!("Orders.Read")));
    assert_eq!(roles("carol"), Some(json!("[Orders.Read, Billing.Read, team%3Aa+b]")));
    assert_eq!(roles("dave"), None);
}

#[test]
fn scopes_decide_which_claims_tokens_have() {
    let lab = Lab::new();
    let tokens = |scope: &str| {
        let answer = lab.exchange(&lab.code_of(&[("scope", scope)], "alice"), &[]).json();
        (answer.get("id_token").map(|token| claims(token.as_str().unwrap())), answer)
    };
    let (id, _) = tokens("openid email");
    let id = id.unwrap();
    assert!(id.get("email").is_some() && id.get("custom:roles").is_none(), "{id}");
    let (id, _) = tokens("openid profile");
    assert!(id.unwrap().get("custom:roles").is_some());
    // Every pool knows this scope, but the client does not have it, so it is ignored.
    let (id, answer) = tokens("aws.cognito.signin.user.admin");
    assert!(id.is_none(), "{answer}");
    let (_, answer) = tokens("");
    assert_eq!(claims(answer["access_token"].as_str().unwrap())["scope"], "openid email profile");
    let code = lab.code_of(&[("resource", "https://api.example")], "alice");
    assert_eq!(claims(&lab.exchange(&code, &[]).text("access_token"))["aud"], "https://api.example");
}

#[test]
fn nonce_missing_from_the_request_is_made_up() {
    let lab = Lab::new();
    let code = lab.code_of(&[("nonce", "")], "alice");
    assert!(claims(&lab.exchange(&code, &[]).text("id_token"))["nonce"].as_str().unwrap().len() > 20);
}

#[test]
fn code_works_once_with_its_verifier_and_redirect_uri() {
    let clock = clock();
    let lab = lab(&clock, Rotation::Off);
    for changes in [
        ("code_verifier", "wrong-wrong-wrong-wrong-wrong-wrong-wrong-wrong"),
        ("code_verifier", ""),
        ("redirect_uri", "http://localhost:8401/callback"),
        ("code", "11111111-2222-4333-8444-555555555555"),
    ] {
        let code = lab.code("alice");
        assert_eq!(refusal(&lab.exchange(&code, &[changes])), "invalid_grant", "{changes:?}");
        let expected = if changes.0 == "code" { 200 } else { 400 };
        assert_eq!(lab.exchange(&code, &[]).status, expected, "{changes:?}: a code is good for one try");
    }
    let code = lab.code("alice");
    assert_eq!(lab.exchange(&code, &[]).status, 200);
    assert_eq!(refusal(&lab.exchange(&code, &[])), "invalid_grant");
    let code = lab.code("alice");
    clock.advance(TimeDelta::seconds(299));
    assert_eq!(lab.exchange(&code, &[]).status, 200);
    let code = lab.code("alice");
    clock.advance(TimeDelta::minutes(5));
    assert_eq!(refusal(&lab.exchange(&code, &[])), "invalid_grant");
}

#[test]
fn pkce_is_optional_unless_a_challenge_was_sent() {
    let without = [("code_challenge", ""), ("code_challenge_method", "")];
    let lab = Lab::new();
    assert_eq!(lab.exchange(&lab.code_of(&without, "alice"), &[("code_verifier", "")]).status, 200);
    assert_eq!(lab.exchange(&lab.code_of(&without, "alice"), &[]).status, 200);
    let strict = Lab::with(Options { refuse_needless_verifier: true, ..Options::default() });
    assert_eq!(refusal(&strict.exchange(&strict.code_of(&without, "alice"), &[])), "invalid_grant");
}

#[test]
fn wrong_token_requests_get_their_errors() {
    let lab = Lab::new();
    for (changes, error) in [
        ([("grant_type", "")], "invalid_request"),
        ([("grant_type", "password")], "unsupported_grant_type"),
        ([("grant_type", "client_credentials")], "unauthorized_client"),
        ([("client_id", "")], "invalid_request"),
        ([("client_id", "unknown")], "invalid_client"),
        ([("client_secret", "not-needed")], "invalid_client"),
        ([("code", "")], "invalid_request"),
        ([("redirect_uri", "")], "invalid_request"),
    ] {
        assert_eq!(refusal(&lab.exchange("unused", &changes)), error, "{changes:?}");
    }
    let body = encode(&[("grant_type", "authorization_code"), ("client_id", lab.0.client_id())]);
    let json = send("POST", &lab.token_url(), &[("Content-Type", "application/json")], &body);
    assert_eq!(refusal(&json), "invalid_request");
    let twice = send("POST", &lab.token_url(), &[("Content-Type", FORM)], &format!("{body}&code=a&code=b"));
    assert_eq!(refusal(&twice), "invalid_request");
    assert_eq!(refusal(&lab.refresh("unknown")), "invalid_grant");
}

#[test]
fn confidential_client_must_authenticate() {
    let secrets = vec!["first-secret".to_owned(), "second-secret".to_owned()];
    let lab = Lab::with(Options { client_secrets: secrets, ..Options::default() });
    let code = lab.code("alice");
    assert_eq!(refusal(&lab.exchange(&code, &[])), "invalid_client");
    assert_eq!(refusal(&lab.exchange(&code, &[("client_secret", "wrong")])), "invalid_client");
    assert_eq!(lab.exchange(&code, &[("client_secret", "second-secret")]).status, 200);
    let code = lab.code("alice");
    let body = encode(&[
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", crate::support::client::REDIRECT_URI),
        ("code_verifier", VERIFIER),
    ]);
    let basic = |secret: &str| {
        let header = format!("Basic {}", STANDARD.encode(format!("{}:{secret}", lab.0.client_id())));
        send("POST", &lab.token_url(), &[("Content-Type", FORM), ("Authorization", &header)], &body)
    };
    assert_eq!(refusal(&basic("wrong")), "invalid_client");
    assert_eq!(basic("first-secret").status, 200);
}

#[test]
fn token_answer_has_the_cognito_form() {
    let clock = clock();
    let lab = lab(&clock, Rotation::Off);
    let answer = lab.tokens("alice");
    let document = answer.json();
    let mut names: Vec<&String> = document.as_object().unwrap().keys().collect();
    names.sort();
    assert_eq!(names, ["access_token", "expires_in", "id_token", "refresh_token", "token_type"]);
    assert_eq!((&document["token_type"], &document["expires_in"]), (&json!("Bearer"), &json!(3600)));
    assert_eq!(answer.header("content-type"), Some("application/json;charset=UTF-8"));
    assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
    assert_eq!(answer.header("date"), Some("Sun, 22 Nov 2026 12:00:00 GMT"));
    let refresh_token = answer.text("refresh_token");
    assert_eq!(refresh_token.split('.').count(), 5);
    assert!(refresh_token.len() > 1_700, "{}", refresh_token.len());
}

#[test]
fn without_rotation_refresh_token_works_until_it_expires() {
    let clock = clock();
    let lab = lab(&clock, Rotation::Off);
    let first = lab.tokens("alice");
    let refresh_token = first.text("refresh_token");
    clock.advance(TimeDelta::days(15));
    let answer = lab.refresh(&refresh_token);
    assert_eq!(answer.status, 200);
    assert!(answer.json().get("refresh_token").is_none());
    let (old, new) = (claims(&first.text("id_token")), claims(&answer.text("id_token")));
    for name in ["sub", "auth_time", "origin_jti", "event_id"] {
        assert_eq!(old[name], new[name], "{name}");
    }
    assert_eq!(new["exp"], clock.now().timestamp() + 3600);
    assert_ne!(old["jti"], new["jti"]);
    assert!(new.get("nonce").is_none());
    clock.advance(TimeDelta::days(15));
    assert_eq!(refusal(&lab.refresh(&refresh_token)), "invalid_grant");
}

#[test]
fn option_keeps_the_nonce_on_refresh() {
    let lab = Lab::with(Options { nonce_on_refresh: true, ..Options::default() });
    let answer = lab.refresh(&lab.tokens("alice").text("refresh_token"));
    assert_eq!(claims(&answer.text("id_token"))["nonce"], "the-nonce");
}

#[test]
fn rotated_token_works_for_its_grace_period() {
    let clock = clock();
    let lab = lab(&clock, Rotation::On { grace: 30 });
    let first = lab.tokens("alice").text("refresh_token");
    let second = lab.refresh(&first).text("refresh_token");
    assert_ne!(first, second);
    clock.advance(TimeDelta::seconds(29));
    let third = lab.refresh(&first).text("refresh_token");
    clock.advance(TimeDelta::seconds(1));
    assert_eq!(refusal(&lab.refresh(&first)), "invalid_grant");
    assert_eq!(lab.refresh(&second).status, 200);
    let fourth = lab.refresh(&third).text("refresh_token");
    // The thirty days count from the sign-in.
    clock.advance(TimeDelta::days(30) - TimeDelta::seconds(31));
    let fifth = lab.refresh(&fourth).text("refresh_token");
    clock.advance(TimeDelta::seconds(1));
    assert_eq!(refusal(&lab.refresh(&fifth)), "invalid_grant");
}

#[test]
fn rotated_token_without_grace_is_refused_at_once() {
    let lab = lab(&clock(), Rotation::On { grace: 0 });
    let first = lab.tokens("alice").text("refresh_token");
    let second = lab.refresh(&first).text("refresh_token");
    assert_eq!(refusal(&lab.refresh(&first)), "invalid_grant");
    assert_eq!(lab.refresh(&second).status, 200);
}

#[test]
fn option_makes_reuse_end_the_sign_in() {
    let rotation = Rotation::On { grace: 0 };
    let lab = Lab::with(Options { rotation, reuse_ends_the_sign_in: true, ..Options::default() });
    let first = lab.tokens("alice").text("refresh_token");
    let second = lab.refresh(&first).text("refresh_token");
    assert_eq!(refusal(&lab.refresh(&first)), "invalid_grant");
    assert_eq!(refusal(&lab.refresh(&second)), "invalid_grant");
}

#[test]
fn dropped_refresh_answer_has_rotated_the_token() {
    let lab = lab(&clock(), Rotation::On { grace: 0 });
    let first = lab.tokens("alice").text("refresh_token");
    lab.0.misbehave(Misbehaviour::RefreshDropAnswer, Some(1));
    let pairs = [("grant_type", "refresh_token"), ("client_id", lab.0.client_id()), ("refresh_token", &first)];
    assert!(
        crate::support::client::try_send("POST", &lab.token_url(), &[("Content-Type", FORM)], &encode(&pairs))
            .is_none()
    );
    assert_eq!(refusal(&post_form(&lab.token_url(), &pairs)), "invalid_grant");
}

#[test]
fn openidconnect_crate_refuses_forged_id_tokens() {
    use Misbehaviour as M;
    let clock = clock();
    let lab = lab(&clock, Rotation::Off);
    for misbehaviour in [
        M::WrongNonce,
        M::NoNonce,
        M::WrongAudience,
        M::WrongIssuer,
        M::AccessTokenAsIdToken,
        M::AlgNone,
        M::AlgHs256,
        M::UnknownKid,
        M::BadSignature,
        M::ExpiredIdToken,
        M::BadAtHash,
    ] {
        lab.0.misbehave(misbehaviour, Some(1));
        let answer = lab.tokens("alice");
        let opinion = second_opinion(&lab, &answer.text("id_token"), &answer.text("access_token"), clock.now());
        assert!(opinion.is_err(), "{misbehaviour:?}");
    }
    let answer = lab.tokens("alice");
    assert!(second_opinion(&lab, &answer.text("id_token"), &answer.text("access_token"), clock.now()).is_ok());
}
