//! Tests of the plain issuer's endpoints: discovery, the sign-in page, and refusals of the token endpoint.

use std::sync::Arc;

use chrono::TimeDelta;
use cogfed_sandbox::{Options, Visitor, visitor};
use serde_json::json;
use url::Url;

use crate::plain_issuer::{Issuer, clock, refused};
use crate::support::client::{FORM, Lab, REDIRECT_URI, claims, encode, get, parameter, send};

#[test]
fn discovery_is_below_the_issuer_with_entra_ids_fields() {
    let issuer = Issuer::new();
    let (name, base) = (issuer.lab.0.issuer(), issuer.lab.0.plain_issuer_url());
    let (tenant, rest) = name.strip_prefix(&format!("{base}/")).unwrap().split_once('/').unwrap();
    assert_eq!((tenant.len(), rest), (36, "v2.0"));
    assert_eq!(issuer.discovery["issuer"], name);
    for (field, path) in [
        ("authorization_endpoint", "oauth2/v2.0/authorize"),
        ("token_endpoint", "oauth2/v2.0/token"),
        ("end_session_endpoint", "oauth2/v2.0/logout"),
        ("jwks_uri", "discovery/v2.0/keys"),
    ] {
        assert_eq!(issuer.endpoint(field), format!("{base}/{tenant}/{path}"));
    }
    assert!(issuer.discovery["scopes_supported"].as_array().unwrap().contains(&json!("offline_access")));
    assert_ne!(Url::parse(&issuer.endpoint("userinfo_endpoint")).unwrap().host_str(), Some("127.0.0.1"));
    for field in ["revocation_endpoint", "code_challenge_methods_supported"] {
        assert!(issuer.discovery.get(field).is_none(), "{field}");
    }
    refused(&get(&format!("{base}/common/v2.0/.well-known/openid-configuration")), "invalid_tenant", 90_002);
    assert_eq!(get(&format!("{base}/{tenant}/oauth2/v2.0/revoke")).status, 404);
    assert_eq!(get(&issuer.endpoint("token_endpoint")).status, 405);
    assert!(get(&issuer.endpoint("jwks_uri")).header("x-amz-cognito-request-id").is_none());
}

#[test]
fn plain_issuer_is_off_by_default() {
    let lab = Lab::new();
    assert_eq!(get(&format!("{}/x/v2.0/.well-known/openid-configuration", lab.0.plain_issuer_url())).status, 404);
    assert!(lab.0.issuer().starts_with("https://cognito-idp."));
    assert!(lab.0.profile_toml("x").contains("\nuser_pool_id = "));
}

#[test]
fn code_works_once_with_its_verifier_and_redirect_uri() {
    let clock = clock();
    let issuer = Issuer::with(Options { clock: Arc::new(clock.clone()), ..Options::default() });
    let code = issuer.code_of(&[], "alice");
    assert_eq!(issuer.exchange(&code, &[]).status, 200);
    refused(&issuer.exchange(&code, &[]), "invalid_grant", 54_005);
    refused(&issuer.exchange("1.unknown", &[]), "invalid_grant", 9_002_313);
    for (change, error, number) in [
        (("code_verifier", "wrong-wrong-wrong-wrong-wrong-wrong-wrong-wrong"), "invalid_grant", 501_481),
        (("code_verifier", ""), "invalid_grant", 501_481),
        (("redirect_uri", "http://localhost:8401/callback"), "invalid_client", 500_112),
    ] {
        refused(&issuer.exchange(&issuer.code_of(&[], "alice"), &[change]), error, number);
    }
    let without = [("code_challenge", ""), ("code_challenge_method", "")];
    refused(&issuer.exchange(&issuer.code_of(&without, "alice"), &[]), "invalid_grant", 501_481);
    assert_eq!(issuer.exchange(&issuer.code_of(&without, "alice"), &[("code_verifier", "")]).status, 200);
    let code = issuer.code_of(&[], "alice");
    clock.advance(TimeDelta::seconds(599));
    assert_eq!(issuer.exchange(&code, &[]).status, 200);
    let code = issuer.code_of(&[], "alice");
    clock.advance(TimeDelta::minutes(10));
    refused(&issuer.exchange(&code, &[]), "invalid_grant", 70_008);
}

#[test]
fn wrong_token_requests_get_entra_ids_numbers() {
    let issuer = Issuer::new();
    for (change, error, number) in [
        (("grant_type", ""), "invalid_request", 900_144),
        (("grant_type", "password"), "unsupported_grant_type", 70_003),
        (("client_id", ""), "invalid_request", 900_144),
        (("client_id", "11111111-2222-4333-8444-555555555555"), "unauthorized_client", 700_016),
        (("client_secret", "not-needed"), "invalid_client", 700_025),
        (("code", ""), "invalid_request", 900_144),
        (("redirect_uri", ""), "invalid_request", 900_144),
    ] {
        refused(&issuer.exchange("unused", &[change]), error, number);
    }
    refused(&issuer.refresh("unknown", &[]), "invalid_grant", 9_002_313);
    let (url, body) = (issuer.endpoint("token_endpoint"), "grant_type=refresh_token&code=a&code=b");
    refused(&send("POST", &url, &[("Content-Type", FORM)], body), "invalid_request", 9_000_411);
    refused(&send("POST", &url, &[("Content-Type", "application/json")], body), "invalid_request", 900_144);
    let secrets = vec!["first-secret".to_owned()];
    let confidential = Issuer::with(Options { client_secrets: secrets, ..Options::default() });
    let code = confidential.code_of(&[], "alice");
    refused(&confidential.exchange(&code, &[]), "invalid_client", 7_000_218);
    refused(&confidential.exchange(&code, &[("client_secret", "wrong")]), "invalid_client", 7_000_215);
    assert_eq!(confidential.exchange(&code, &[("client_secret", "first-secret")]).status, 200);
}

#[test]
fn authorization_errors_redirect_or_stay_on_the_page() {
    let issuer = Issuer::new();
    for (change, error, number) in [
        (("response_type", "token"), "unsupported_response_type", 700_054),
        (("response_type", ""), "invalid_request", 900_144),
        (("code_challenge_method", "plain"), "invalid_request", 50_149),
        (("code_challenge_method", ""), "invalid_request", 50_149),
        (("code_challenge", "short"), "invalid_request", 501_491),
        (("code_challenge", ""), "invalid_request", 900_144),
        (("scope", ""), "invalid_request", 900_144),
        (("scope", "openid nonsense"), "invalid_scope", 70_011),
        (("prompt", "none"), "login_required", 50_058),
    ] {
        let url = issuer.authorization_url(&[change]);
        let location = get(&url).location(&url);
        assert!(location.as_str().starts_with(REDIRECT_URI), "{change:?}: {location}");
        assert_eq!(parameter(&location, "error").as_deref(), Some(error), "{change:?}");
        assert_eq!(parameter(&location, "state").as_deref(), Some("the-state"));
        let description = parameter(&location, "error_description").unwrap();
        assert!(description.starts_with(&format!("AADSTS{number}: ")), "{description}");
    }
    for (change, number) in [
        (("client_id", "11111111-2222-4333-8444-555555555555"), 700_016),
        (("client_id", ""), 900_144),
        (("redirect_uri", "http://localhost:8400/other"), 50_011),
        (("redirect_uri", "http://127.0.0.1:9000/callback"), 50_011),
        (("redirect_uri", "https://localhost:8400/callback"), 50_011),
        (("redirect_uri", ""), 50_011),
    ] {
        let page = get(&issuer.authorization_url(&[change]));
        assert_eq!(page.status, 400, "{change:?}");
        assert!(page.body.contains(&format!("AADSTS{number}: ")), "{page:?}");
    }
    // The port of localhost is ignored.
    assert_eq!(get(&issuer.authorization_url(&[("redirect_uri", "http://localhost:9000/callback")])).status, 200);
}

#[test]
fn sign_in_page_accepts_cancels_and_remembers() {
    let clock = clock();
    let issuer = Issuer::with(Options { clock: Arc::new(clock.clone()), ..Options::default() });
    let url = issuer.authorization_url(&[]);
    let page = get(&url);
    assert!(page.body.contains("id=\"person-alice\"") && !page.body.contains("person-erin"), "employees only");
    assert!(issuer.lab.0.people().iter().all(|person| person.name != "erin"));
    let (cancelled, _) = issuer.choose(&url, ("cancel", "1"));
    let location = cancelled.location(REDIRECT_URI);
    assert_eq!(parameter(&location, "error").as_deref(), Some("access_denied"));
    assert_eq!(parameter(&location, "error_subcode").as_deref(), Some("cancel"));
    assert!(parameter(&location, "error_description").unwrap().starts_with("AADSTS65004: "));
    assert_eq!(issuer.choose(&url, ("person", "erin")).0.status, 400);
    let (answer, cookie) = issuer.choose(&url, ("person", "alice"));
    let location = answer.location(REDIRECT_URI);
    assert_eq!(parameter(&location, "state").as_deref(), Some("the-state"));
    assert!(parameter(&location, "session_state").is_some() && parameter(&location, "iss").is_none());
    let again = |changes: &[(&str, &str)]| send("GET", &issuer.authorization_url(changes), &[("Cookie", &cookie)], "");
    let code = parameter(&again(&[("prompt", "none")]).location(REDIRECT_URI), "code").unwrap();
    assert_eq!(claims(&issuer.exchange(&code, &[]).text("id_token"))["email"], "alice@corp.example");
    assert_eq!(again(&[("prompt", "login")]).status, 200, "the page again");
    clock.advance(TimeDelta::days(1));
    assert_eq!(again(&[]).status, 200, "the browser's session is over");
    let (_, cookie) = issuer.choose(&url, ("person", "alice"));
    let place = encode(&[("post_logout_redirect_uri", &issuer.lab.0.logout_uri())]);
    let out = send("GET", &format!("{}?{place}", issuer.endpoint("end_session_endpoint")), &[("Cookie", &cookie)], "");
    assert_eq!(out.header("location"), Some(issuer.lab.0.logout_uri().as_str()));
    assert_eq!(send("GET", &url, &[("Cookie", &cookie)], "").status, 200);
    let elsewhere = encode(&[("post_logout_redirect_uri", "http://attacker.example/")]);
    assert_eq!(get(&format!("{}?{elsewhere}", issuer.endpoint("end_session_endpoint"))).status, 200);
}

#[test]
fn visitor_signs_in_at_the_plain_issuer() {
    use std::io::{BufRead, BufReader, Write};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let issuer = Issuer::with(Options { redirect_ports: vec![port], ..Options::default() });
    let redirect_uri = format!("http://127.0.0.1:{port}/callback");
    let url = issuer.authorization_url(&[("redirect_uri", &redirect_uri)]);
    let waiting = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut line = String::new();
        BufReader::new(stream.try_clone().unwrap()).read_line(&mut line).unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\nConnection: close\r\n\r\ndone it").unwrap();
        line
    });
    assert_eq!(visitor::sign_in_as(&url, "alice").unwrap().text, "done it");
    let line = waiting.join().unwrap();
    let url = Url::parse(&format!("http://x{}", line.split(' ').nth(1).unwrap())).unwrap();
    let answer = issuer.exchange(&parameter(&url, "code").unwrap(), &[("redirect_uri", &redirect_uri)]);
    assert_eq!(claims(&answer.text("id_token"))["email"], "alice@corp.example");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let stays = runtime.block_on(Visitor::default().sign_in(&issuer.authorization_url(&[("client_id", "x")]), "alice"));
    assert_eq!(stays.unwrap().status, 400);
}
