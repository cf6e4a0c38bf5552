//! Tests of the sign-in in the browser: hosted UI, directories, sessions and errors.

use cogfed_sandbox::{Misbehaviour, Options, Visitor, visitor};
use url::Url;

use crate::support::client::{Lab, REDIRECT_URI, claims, get, parameter, send};

/// Starts a listener that answers one request. Returns its port, and a thread that returns the request line.
fn listener() -> (u16, std::thread::JoinHandle<String>) {
    use std::io::{BufRead, BufReader, Write};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let thread = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut line = String::new();
        BufReader::new(stream.try_clone().unwrap()).read_line(&mut line).unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\nConnection: close\r\n\r\ndone it").unwrap();
        line
    });
    (port, thread)
}

#[test]
fn visitor_signs_in_at_both_directories() {
    for (person, provider) in [("alice", "AzureAD"), ("erin", "AzureB2C"), ("alice", ""), ("erin", "")] {
        let (port, listener) = listener();
        let lab = Lab::with(Options { redirect_ports: vec![port], ..Options::default() });
        let redirect_uri = format!("http://127.0.0.1:{port}/callback");
        let changes = [("redirect_uri", redirect_uri.as_str()), ("identity_provider", provider)];
        let page = visitor::sign_in_as(&lab.authorization_url(&changes), person).unwrap();
        assert_eq!((page.status, page.text.as_str()), (200, "done it"));
        let line = listener.join().unwrap();
        let target = line.split(' ').nth(1).unwrap();
        let url = Url::parse(&format!("http://x{target}")).unwrap();
        assert_eq!(parameter(&url, "state").as_deref(), Some("the-state"));
        let code = parameter(&url, "code").unwrap();
        let answer = lab.exchange(&code, &[("redirect_uri", &redirect_uri)]);
        let claims = claims(&answer.text("id_token"));
        assert!(claims["email"].as_str().unwrap().starts_with(person), "{claims}");
        assert!(lab.0.secrets_issued().contains(&code));
    }
}

#[test]
fn cancelled_sign_in_redirects_with_an_error_and_the_state() {
    for (provider, text) in [("AzureAD", "AADSTS65004"), ("AzureB2C", "AADB2C90091")] {
        let (port, listener) = listener();
        let lab = Lab::with(Options { redirect_ports: vec![port], ..Options::default() });
        let redirect_uri = format!("http://127.0.0.1:{port}/callback");
        let url = lab.authorization_url(&[("redirect_uri", &redirect_uri), ("identity_provider", provider)]);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(Visitor::default().cancel(&url)).unwrap();
        let line = listener.join().unwrap();
        let url = Url::parse(&format!("http://x{}", line.split(' ').nth(1).unwrap())).unwrap();
        assert_eq!(parameter(&url, "error").as_deref(), Some("access_denied"));
        assert!(parameter(&url, "error_description").unwrap().starts_with(text));
        assert_eq!(parameter(&url, "state").as_deref(), Some("the-state"));
        assert_eq!(parameter(&url, "code"), None);
    }
}

#[test]
fn visitor_fails_for_an_unknown_person() {
    let lab = Lab::new();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let visit = async { visitor::sign_in_as(&lab.authorization_url(&[]), "mallory") };
    let error = runtime.block_on(visit).unwrap_err();
    assert!(format!("{error:#}").contains("does not know"), "{error:#}");
}

#[test]
fn wrong_authorization_parameters_get_their_errors() {
    let lab = Lab::new();
    for (changes, error) in [
        (&[("response_type", "token")][..], "unauthorized_client"),
        (&[("response_type", "")], "invalid_request"),
        (&[("response_type", "id_token")], "invalid_request"),
        (&[("code_challenge_method", "plain")], "invalid_request"),
        (&[("code_challenge_method", "")], "invalid_request"),
        (&[("code_challenge", "")], "invalid_request"),
        (&[("code_challenge", "short")], "invalid_request"),
        (&[("scope", "email")], "invalid_scope"),
        (&[("scope", "openid nonsense")], "invalid_scope"),
        (&[("identity_provider", "Nobody")], "invalid_request"),
        (&[("prompt", "none")], "login_required"),
        (&[("prompt", "none login")], "invalid_request"),
    ] {
        let url = lab.authorization_url(changes);
        let location = get(&url).location(&url);
        assert!(location.as_str().starts_with(REDIRECT_URI), "{changes:?}: {location}");
        assert_eq!(parameter(&location, "error").as_deref(), Some(error), "{changes:?}");
        assert_eq!(parameter(&location, "state").as_deref(), Some("the-state"), "{changes:?}");
    }
    let twice = format!("{}&nonce=again", lab.authorization_url(&[]));
    assert_eq!(parameter(&get(&twice).location(&twice), "error").as_deref(), Some("invalid_request"));
    assert_eq!(send("POST", &lab.authorization_url(&[]), &[], "").status, 405);
}

#[test]
fn switch_removes_the_state_from_errors() {
    let lab = Lab::with(Options { state_on_errors: false, ..Options::default() });
    let url = lab.authorization_url(&[("prompt", "none")]);
    assert_eq!(parameter(&get(&url).location(&url), "state"), None);
}

#[test]
fn redirect_uri_must_match_exactly() {
    let lab = Lab::new();
    for (name, value, error) in [
        ("redirect_uri", "http://localhost:8403/callback", "redirect_mismatch"),
        ("redirect_uri", "http://localhost:8400/callback/", "redirect_mismatch"),
        ("redirect_uri", "http://LOCALHOST:8400/callback", "redirect_mismatch"),
        ("redirect_uri", "https://localhost:8400/callback", "redirect_mismatch"),
        ("redirect_uri", "http://attacker.example/callback", "redirect_mismatch"),
        ("redirect_uri", "", "redirect_mismatch"),
        ("client_id", "unknown & <other>", "invalid_request"),
    ] {
        let url = lab.authorization_url(&[(name, value)]);
        let location = get(&url).location(&url);
        assert!(location.as_str().starts_with(&format!("{}/error", lab.0.domain_url())), "{location}");
        assert_eq!(parameter(&location, "error").as_deref(), Some(error), "{value}");
        let sent = if name == "client_id" { value } else { lab.0.client_id() };
        assert_eq!(parameter(&location, "client_id").as_deref(), Some(sent), "the id that was sent");
        let page = get(location.as_str());
        assert_eq!(page.status, 400);
        assert!(page.body.contains("An error was encountered with the requested page."), "{page:?}");
    }
    for uri in lab.0.redirect_uris() {
        let url = lab.authorization_url(&[("redirect_uri", &uri)]);
        assert!(get(&url).location(&url).path().starts_with("/sandbox/AzureAD"), "{uri}");
    }
    assert_eq!(lab.0.redirect_uris().len(), 6);
}

#[test]
fn access_token_resource_requires_an_allowed_scheme() {
    let lab = Lab::new();
    for (resource, good) in [
        ("https://api.example/", true),
        ("http://localhost", true),
        ("http://localhost:8080/x", true),
        ("myapp://orders", true),
        ("http://api.example", false),
        ("http://localhost.attacker.example", false),
        ("http://127.0.0.1", false),
        ("api.example", false),
        ("orders", false),
        ("://orders", false),
    ] {
        let url = lab.authorization_url(&[("resource", resource)]);
        let location = get(&url).location(&url);
        let error = parameter(&location, "error");
        assert_eq!(error.as_deref(), if good { None } else { Some("invalid_request") }, "{resource}");
        assert_eq!(location.path().starts_with("/sandbox/AzureAD"), good, "{resource}");
    }
}

#[test]
fn idp_identifier_chooses_the_provider() {
    let lab = Lab::new();
    let url = lab.authorization_url(&[("identity_provider", ""), ("idp_identifier", "customers.example")]);
    assert_eq!(get(&url).location(&url).path(), "/sandbox/AzureB2C");
}

#[test]
fn browser_session_lasts_an_hour() {
    let clock = cogfed_sandbox::ManualClock::at("2026-11-22T12:00:00Z".parse().unwrap());
    let lab = Lab::with(Options { clock: std::sync::Arc::new(clock.clone()), ..Options::default() });
    let url = lab.authorization_url(&[]);
    let (_, cookie) = lab.redirect_of(&url, "alice");
    let again = |changes: &[(&str, &str)]| {
        let url = lab.authorization_url(changes);
        send("GET", &url, &[("Cookie", &cookie)], "").location(&url)
    };
    clock.advance(chrono::TimeDelta::minutes(59));
    let location = again(&[]);
    let token = lab.exchange(&parameter(&location, "code").unwrap(), &[]).text("id_token");
    assert_eq!(claims(&token)["cognito:username"], "AzureAD_alice@corp.example");
    assert_eq!(
        claims(&token)["auth_time"],
        "2026-11-22T12:00:00Z".parse::<chrono::DateTime<chrono::Utc>>().unwrap().timestamp()
    );
    assert!(parameter(&again(&[("prompt", "none")]), "code").is_some());
    // Encoded once too often, like Cognito does with a session: unreserved characters survive.
    assert_eq!(parameter(&again(&[("state", "a=b")]), "state").as_deref(), Some("a%3Db"));
    assert_eq!(parameter(&again(&[("state", "a-b_c.d~")]), "state").as_deref(), Some("a-b_c.d%7E"));
    assert_eq!(again(&[("prompt", "login")]).path(), "/sandbox/AzureAD");
    assert_eq!(again(&[("identity_provider", "AzureB2C")]).path(), "/sandbox/AzureB2C");
    clock.advance(chrono::TimeDelta::minutes(1));
    assert_eq!(again(&[]).path(), "/sandbox/AzureAD");
}

#[test]
fn state_comes_back_unchanged() {
    let lab = Lab::new();
    let (location, _) = lab.redirect_of(&lab.authorization_url(&[("state", "a=b&c %~")]), "alice");
    assert_eq!(parameter(&location, "state").as_deref(), Some("a=b&c %~"));
    let (location, _) = lab.redirect_of(&lab.authorization_url(&[("state", "")]), "alice");
    assert_eq!(parameter(&location, "state"), None);
}

#[test]
fn pages_have_ids_for_browser_drivers_and_no_script() {
    let lab = Lab::new();
    let url = lab.authorization_url(&[("identity_provider", "")]);
    let chooser = get(&url).location(&url);
    assert_eq!(chooser.path(), "/login");
    let chooser = get(chooser.as_str());
    assert!(chooser.body.contains("id=\"idp-AzureAD\"") && chooser.body.contains("id=\"idp-AzureB2C\""));
    let url = lab.authorization_url(&[]);
    let page = get(get(&url).location(&url).as_str());
    for id in ["person-alice", "person-bob", "person-carol", "person-dave", "cancel"] {
        assert!(page.body.contains(&format!("id=\"{id}\"")), "{id}");
    }
    assert!(!page.body.contains("person-erin"));
    for page in [&chooser, &page] {
        assert!(!page.body.contains("<script"));
        let policy = page.header("content-security-policy").unwrap();
        assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
        assert_eq!(page.header("x-frame-options"), Some("DENY"));
        assert!(page.header("cache-control").unwrap().contains("no-store"));
        assert!(page.header("x-amz-cognito-request-id").is_some());
    }
    // Without this policy, Chromium would not follow the redirect after the form.
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.contains("form-action 'self' http://localhost:8400;"), "{policy}");
}

#[test]
fn employee_cannot_sign_in_at_the_customer_directory() {
    let lab = Lab::new();
    let url = lab.authorization_url(&[("identity_provider", "AzureB2C")]);
    let directory = get(&url).location(&url);
    let transaction = parameter(&directory, "transaction").unwrap();
    let action = format!("{}/oauth2/idpresponse", lab.0.domain_url());
    let answer = crate::support::client::post_form(&action, &[("transaction", &transaction), ("person", "alice")]);
    assert_eq!(answer.status, 400);
    let again = crate::support::client::post_form(&action, &[("transaction", &transaction), ("person", "erin")]);
    assert_eq!(again.status, 400, "a transaction serves once");
}

#[test]
fn unknown_paths_and_methods_are_answered() {
    let lab = Lab::new();
    assert_eq!(get(&format!("{}/nowhere", lab.0.domain_url())).status, 404);
    assert_eq!(get(&format!("{}/favicon.ico", lab.0.domain_url())).status, 204);
    assert_eq!(get(&format!("{}/nowhere", lab.0.user_pool_url())).status, 404);
    let head = send("HEAD", &format!("{}/sandbox/signed-out", lab.0.domain_url()), &[], "");
    assert_eq!((head.status, head.body.as_str()), (200, ""));
    assert_eq!(send("GET", &lab.token_url(), &[], "").status, 405);
    assert!(get(&lab.token_url()).body.is_empty());
    let large = "x".repeat(300 * 1024);
    assert_eq!(crate::support::client::post_form(&lab.token_url(), &[("grant_type", &large)]).status, 413);
}

#[test]
fn sandboxes_share_no_id() {
    let (one, two) = (Lab::new().0, Lab::new().0);
    assert_ne!(one.user_pool_id(), two.user_pool_id());
    assert_ne!(one.client_id(), two.client_id());
    assert_ne!(one.identity_pool_id(), two.identity_pool_id());
}

#[test]
fn dropping_the_sandbox_closes_its_listeners() {
    let lab = Lab::new();
    let address = lab.0.domain_url().replace("http://", "");
    let idle = std::net::TcpStream::connect(&address).unwrap();
    drop(lab);
    assert!(std::net::TcpStream::connect(&address).is_err());
    drop(idle);
}

#[test]
fn redirects_have_every_requested_fault() {
    let lab = Lab::new();
    let redirect = |misbehaviour| {
        lab.0.misbehave(misbehaviour, Some(1));
        lab.redirect_of(&lab.authorization_url(&[]), "alice").0
    };
    let wrong = redirect(Misbehaviour::WrongState);
    assert!(parameter(&wrong, "code").is_some());
    assert_ne!(parameter(&wrong, "state").as_deref(), Some("the-state"));
    let stateless = redirect(Misbehaviour::ErrorWithoutState);
    assert!(parameter(&stateless, "error").is_some() && parameter(&stateless, "state").is_none());
    let denied = redirect(Misbehaviour::AccessDenied);
    assert_eq!(parameter(&denied, "error").as_deref(), Some("access_denied"));
    assert_eq!(parameter(&denied, "state").as_deref(), Some("the-state"));
    let repeated = redirect(Misbehaviour::RepeatedCode);
    assert_eq!(repeated.query_pairs().filter(|(name, _)| name == "code").count(), 2);
    let (good, _) = lab.redirect_of(&lab.authorization_url(&[]), "alice");
    assert_eq!(parameter(&good, "state").as_deref(), Some("the-state"));
}
