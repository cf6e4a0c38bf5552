//! Tests of the plain issuer's misbehaviours.

use cogfed_sandbox::Misbehaviour;
use url::Url;

use crate::plain_issuer::{Issuer, refused};
use crate::support::client::{Lab, REDIRECT_URI, claims, get, parameter, post_form};

#[test]
fn discovery_has_every_requested_fault() {
    let issuer = Issuer::new();
    let url = format!("{}/.well-known/openid-configuration", issuer.lab.0.issuer());
    let ask = |misbehaviour| {
        issuer.lab.0.misbehave(misbehaviour, Some(1));
        get(&url)
    };
    assert_eq!(ask(Misbehaviour::Discovery500).status, 500);
    let other = ask(Misbehaviour::DiscoveryOtherIssuer).json();
    assert_ne!(other["issuer"], issuer.discovery["issuer"]);
    assert_eq!(other["token_endpoint"], issuer.discovery["token_endpoint"]);
    let elsewhere = ask(Misbehaviour::DiscoveryOtherHost).json();
    let token_endpoint = Url::parse(elsewhere["token_endpoint"].as_str().unwrap()).unwrap();
    assert_eq!(token_endpoint.host_str(), Some("localhost"));
    refused(&post_form(token_endpoint.as_str(), &[]), "invalid_request", 900_144);
    assert_eq!(issuer.lab.0.count("token.other"), 1, "a client that follows is logged");
    assert_eq!(elsewhere["issuer"], issuer.discovery["issuer"]);
    let http = ask(Misbehaviour::DiscoveryHttp).json();
    assert!(http["token_endpoint"].as_str().unwrap().starts_with("http://login.example/"));
    let huge = ask(Misbehaviour::Discovery10Mib);
    assert!(huge.body.len() > 10 * 1024 * 1024 && huge.json()["issuer"] == issuer.discovery["issuer"]);
    let html = ask(Misbehaviour::DiscoveryHtml);
    assert_eq!((html.status, html.header("content-type")), (200, Some("text/html")));
    let redirect = ask(Misbehaviour::DiscoveryRedirect);
    assert_eq!(redirect.status, 302);
    assert!(redirect.header("location").unwrap().starts_with(&issuer.lab.0.user_pool_url()));
    assert_eq!(get(&url).json(), issuer.discovery, "the fault is over");
    issuer.lab.0.misbehave(Misbehaviour::Jwks500, Some(1));
    assert_eq!(get(&issuer.endpoint("jwks_uri")).status, 500);
}

#[test]
fn tokens_and_redirects_have_every_requested_fault() {
    let issuer = Issuer::new();
    let token = issuer.tokens("alice").text("refresh_token");
    issuer.lab.0.misbehave(Misbehaviour::RefreshNoIdToken, None);
    let answer = issuer.refresh(&token, &[]);
    assert_eq!(answer.status, 200);
    assert!(answer.json().get("id_token").is_none() && answer.json().get("refresh_token").is_some());
    assert!(issuer.tokens("alice").json().get("id_token").is_some(), "a code brings one all the same");
    issuer.lab.0.behave();
    issuer.lab.0.misbehave(Misbehaviour::IssuerTrailingSlash, Some(1));
    let slashed = claims(&issuer.tokens("alice").text("id_token"));
    assert_eq!(slashed["iss"], format!("{}/", issuer.lab.0.issuer()));
    issuer.lab.0.misbehave(Misbehaviour::Token500, Some(1));
    assert_eq!(issuer.refresh(&token, &[]).status, 500);
    issuer.lab.0.misbehave(Misbehaviour::RefreshInvalidGrant, Some(1));
    refused(&issuer.refresh(&token, &[]), "invalid_grant", 50_173);
    issuer.lab.0.misbehave(Misbehaviour::OtherSubOnRefresh, Some(1));
    let other = claims(&issuer.refresh(&token, &[]).text("id_token"));
    assert_ne!(other["sub"], slashed["sub"]);
    let redirect = |misbehaviour| {
        issuer.lab.0.misbehave(misbehaviour, Some(1));
        issuer.choose(&issuer.authorization_url(&[]), ("person", "alice")).0.location(REDIRECT_URI)
    };
    let wrong = redirect(Misbehaviour::WrongState);
    assert!(parameter(&wrong, "code").is_some() && parameter(&wrong, "state").as_deref() != Some("the-state"));
    let stateless = redirect(Misbehaviour::ErrorWithoutState);
    assert!(parameter(&stateless, "error").is_some() && parameter(&stateless, "state").is_none());
    assert_eq!(parameter(&redirect(Misbehaviour::AccessDenied), "error").as_deref(), Some("access_denied"));
    let repeated = redirect(Misbehaviour::RepeatedCode);
    assert_eq!(repeated.query_pairs().filter(|(name, _)| name == "code").count(), 2);
    // A refresh at a user pool may lack the ID token, too.
    let lab = Lab::new();
    let token = lab.tokens("alice").text("refresh_token");
    lab.0.misbehave(Misbehaviour::RefreshNoIdToken, Some(1));
    assert!(lab.refresh(&token).json().get("id_token").is_none());
    assert!(lab.refresh(&token).json().get("id_token").is_some());
}
