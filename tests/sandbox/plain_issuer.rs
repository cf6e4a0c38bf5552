//! The plain OIDC issuer: Entra ID's endpoints, claims and errors, and the identity pool that takes its tokens.

use std::str::FromStr;
use std::sync::Arc;

use chrono::TimeDelta;
use cogfed::clock::{Clock, ManualClock};
use cogfed::sandbox::options::{AUTHENTICATED, ContainsOnArrays, ORDERS_ADMIN, ORDERS_READER, RoleMapping};
use cogfed::sandbox::{Misbehaviour, Options, Switch, Visitor, visitor};
use openidconnect::core::{CoreIdToken, CoreIdTokenVerifier, CoreJsonWebKeySet};
use openidconnect::{ClientId, IssuerUrl, Nonce};
use serde_json::{Value, json};
use url::Url;

use crate::client::{
    Answer, CHALLENGE, FORM, Lab, REDIRECT_URI, VERIFIER, claims, encode, get, header, parameter, post_form, send,
};

/// A sandbox with a plain issuer, and what its discovery document says.
struct Issuer {
    lab: Lab,
    discovery: Value,
}

impl Issuer {
    fn new() -> Self {
        Self::with(Options::default())
    }

    fn with(mut options: Options) -> Self {
        Switch::PlainIssuer.apply(&mut options);
        let lab = Lab::with(options);
        let discovery = get(&format!("{}/.well-known/openid-configuration", lab.0.issuer())).json();
        Self { lab, discovery }
    }

    fn endpoint(&self, name: &str) -> String {
        self.discovery[name].as_str().unwrap_or_else(|| panic!("no {name}")).to_owned()
    }

    /// The usual authorization URL with some parameters changed; an empty value leaves the parameter out.
    fn authorization_url(&self, changes: &[(&str, &str)]) -> String {
        let pairs = [
            ("response_type", "code"),
            ("client_id", self.lab.0.client_id()),
            ("redirect_uri", REDIRECT_URI),
            ("scope", "openid profile email offline_access"),
            ("state", "the-state"),
            ("nonce", "the-nonce"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ];
        format!("{}?{}", self.endpoint("authorization_endpoint"), encode(&changed(&pairs, changes)))
    }

    /// What the sign-in page does with a choice; also gives the cookie.
    fn choose(&self, url: &str, choice: (&str, &str)) -> (Answer, String) {
        let page = get(url);
        assert_eq!(page.status, 200, "{page:?}");
        let value = |name: &str| {
            let (_, tag) = page.body.split_once(name).unwrap_or_else(|| panic!("no {name}: {page:?}"));
            tag.split('"').next().unwrap().to_owned()
        };
        let action = format!("{}{}", self.lab.0.plain_issuer_url(), value("action=\""));
        let transaction = value("name=\"transaction\" value=\"");
        let answer = post_form(&action, &[("transaction", &transaction), choice]);
        let cookie = answer.header("set-cookie").unwrap_or_default().split(';').next().unwrap_or_default().to_owned();
        (answer, cookie)
    }

    fn code_of(&self, changes: &[(&str, &str)], person: &str) -> String {
        let (answer, _) = self.choose(&self.authorization_url(changes), ("person", person));
        parameter(&answer.location(REDIRECT_URI), "code").unwrap_or_else(|| panic!("no code: {answer:?}"))
    }

    fn exchange(&self, code: &str, changes: &[(&str, &str)]) -> Answer {
        let pairs = [
            ("grant_type", "authorization_code"),
            ("client_id", self.lab.0.client_id()),
            ("code", code),
            ("redirect_uri", REDIRECT_URI),
            ("code_verifier", VERIFIER),
        ];
        post_form(&self.endpoint("token_endpoint"), &changed(&pairs, changes))
    }

    fn tokens(&self, person: &str) -> Answer {
        self.tokens_of(&[], person)
    }

    fn tokens_of(&self, changes: &[(&str, &str)], person: &str) -> Answer {
        let answer = self.exchange(&self.code_of(changes, person), &[]);
        assert_eq!(answer.status, 200, "{answer:?}");
        answer
    }

    fn refresh(&self, refresh_token: &str, changes: &[(&str, &str)]) -> Answer {
        let pairs = [
            ("grant_type", "refresh_token"),
            ("client_id", self.lab.0.client_id()),
            ("refresh_token", refresh_token),
            ("scope", ""),
        ];
        post_form(&self.endpoint("token_endpoint"), &changed(&pairs, changes))
    }

    fn role(&self, person: &str) -> Result<String, String> {
        let token = self.tokens(person).text("id_token");
        let identity_id = self.lab.get_id(&token).text("IdentityId");
        let answer = self.lab.get_credentials(&identity_id, &token);
        if answer.status != 200 {
            return Err(answer.text("message"));
        }
        let key = answer.json()["Credentials"]["AccessKeyId"].as_str().unwrap().to_owned();
        Ok(self.lab.0.issued_keys().find(&key).unwrap().role_arn)
    }
}

fn changed<'a>(pairs: &[(&'a str, &'a str)], changes: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut pairs = pairs.to_vec();
    for change in changes {
        pairs.retain(|(name, _)| name != &change.0);
        pairs.push(*change);
    }
    pairs.retain(|(_, value)| !value.is_empty());
    pairs
}

fn clock() -> ManualClock {
    ManualClock::at("2026-11-22T12:00:00Z".parse().unwrap())
}

/// Asserts Entra ID's form of an error, and its number.
#[track_caller]
fn refused(answer: &Answer, error: &str, number: u32) {
    let document = answer.json();
    assert_eq!(answer.status, if error == "invalid_client" { 401 } else { 400 }, "{answer:?}");
    assert_eq!(answer.header("content-type"), Some("application/json; charset=utf-8"));
    assert_eq!((document["error"].as_str(), &document["error_codes"]), (Some(error), &json!([number])), "{answer:?}");
    let description = document["error_description"].as_str().unwrap();
    assert!(description.starts_with(&format!("AADSTS{number}: ")), "{description}");
    let tail = format!(
        " Trace ID: {} Correlation ID: {} Timestamp: {}",
        answer.text("trace_id"),
        answer.text("correlation_id"),
        answer.text("timestamp")
    );
    assert!(description.ends_with(&tail), "{description}");
}

#[test]
fn discovery_is_entra_s_and_below_the_issuer() {
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
fn without_the_switch_there_is_no_issuer() {
    let lab = Lab::new();
    assert_eq!(get(&format!("{}/x/v2.0/.well-known/openid-configuration", lab.0.plain_issuer_url())).status, 404);
    assert!(lab.0.issuer().starts_with("https://cognito-idp."));
    assert!(lab.0.profile_toml("x").contains("\nuser_pool_id = "));
}

#[test]
fn an_id_token_has_the_claims_of_entra_and_none_of_a_user_pool() {
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
fn the_openidconnect_crate_takes_the_id_token_too() {
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
fn scopes_decide_what_is_given() {
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
fn each_refresh_gives_another_token_and_the_old_one_goes_on_working() {
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
    // The life of each begins anew.
    let third = issuer.refresh(&new, &[]);
    assert_eq!(third.status, 200);
    issuer.lab.0.revoke_all();
    refused(&issuer.refresh(&third.text("refresh_token"), &[]), "invalid_grant", 50_173);
}

#[test]
fn a_refresh_may_ask_for_less_and_not_for_more() {
    let issuer = Issuer::new();
    let token = issuer.tokens_of(&[("scope", "openid offline_access")], "alice").text("refresh_token");
    assert!(issuer.refresh(&token, &[("scope", "offline_access")]).json().get("id_token").is_none());
    let without = issuer.refresh(&token, &[("scope", "openid")]).json();
    assert!(without.get("id_token").is_some() && without.get("refresh_token").is_none());
    refused(&issuer.refresh(&token, &[("scope", "openid profile")]), "invalid_scope", 70_011);
}

#[test]
fn a_code_serves_once_for_ten_minutes_with_its_verifier_and_its_redirect_uri() {
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
fn wrong_requests_have_their_numbers() {
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
fn authorization_requests_are_refused_there_or_here() {
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
    // The port of localhost does not count.
    assert_eq!(get(&issuer.authorization_url(&[("redirect_uri", "http://localhost:9000/callback")])).status, 200);
}

#[test]
fn a_person_clicks_or_cancels_or_is_signed_in_already() {
    let clock = clock();
    let issuer = Issuer::with(Options { clock: Arc::new(clock.clone()), ..Options::default() });
    let url = issuer.authorization_url(&[]);
    let page = get(&url);
    assert!(page.body.contains("id=\"person-alice\"") && !page.body.contains("person-erin"), "employees only");
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
fn a_visitor_signs_people_in() {
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

#[test]
fn the_identity_pool_takes_its_tokens_and_no_others() {
    let issuer = Issuer::new();
    for (person, role) in
        [("alice", ORDERS_ADMIN), ("bob", ORDERS_READER), ("carol", ORDERS_READER), ("dave", AUTHENTICATED)]
    {
        assert_eq!(issuer.role(person).unwrap(), role, "{person}");
    }
    let pool = |logins: Value| {
        let input = json!({ "IdentityPoolId": issuer.lab.0.identity_pool_id(), "Logins": logins });
        issuer.lab.identity("GetId", &input)
    };
    let answer = issuer.tokens("alice");
    let (id, access) = (answer.text("id_token"), answer.text("access_token"));
    let key = issuer.lab.0.issuer().replace("http://", "");
    assert!(key.starts_with("127.0.0.1:") && key.ends_with("/v2.0"), "{key}");
    assert_eq!(pool(json!({ &key: id })).status, 200);
    for (key, token, message) in [
        (format!("http://{key}"), id.as_str(), "Token is not from a supported provider of this identity pool."),
        (format!("{key}/"), &id, "Token is not from a supported provider of this identity pool."),
        (key.clone(), &access, "Invalid login token. Issuer doesn't match providerName"),
    ] {
        assert_eq!(pool(json!({ key: token })).text("message"), message);
    }
    issuer.lab.0.misbehave(Misbehaviour::IssuerTrailingSlash, Some(1));
    let slashed = issuer.tokens("alice").text("id_token");
    assert_eq!(
        pool(json!({ &key: slashed })).text("message"),
        "Invalid login token. Issuer doesn't match providerName"
    );
    issuer.lab.0.misbehave(Misbehaviour::WrongAudience, Some(1));
    let other = issuer.tokens("alice").text("id_token");
    let unsupported = "Token is not from a supported provider of this identity pool.";
    assert_eq!(pool(json!({ &key: other })).text("message"), unsupported);
    // The user pool is still there, and the identity pool does not know it.
    let cognito = issuer.lab.tokens("alice").text("id_token");
    let cognito_key = claims(&cognito)["iss"].as_str().unwrap().replace("https://", "");
    assert_eq!(pool(json!({ cognito_key: cognito })).text("message"), unsupported);
}

#[test]
fn the_caller_is_named_after_the_issuer() {
    let issuer = Issuer::new();
    let token = issuer.tokens("alice").text("id_token");
    let identity_id = issuer.lab.get_id(&token).text("IdentityId");
    let credentials = issuer.lab.get_credentials(&identity_id, &token).json();
    let key = credentials["Credentials"]["AccessKeyId"].as_str().unwrap();
    let key = issuer.lab.0.issued_keys().find(key).unwrap();
    assert_eq!(key.username, "alice@corp.example");
    let (provider, sub) = (issuer.lab.provider().replace("http://", ""), claims(&token)["sub"].clone());
    let expected =
        format!("{provider},arn:aws:iam::000000000000:oidc-provider/{provider}:OIDC:{}", sub.as_str().unwrap());
    assert_eq!(key.authentication_provider, expected);
}

#[test]
fn the_rules_name_the_claim_that_there_is() {
    let mut options = Options::default();
    Switch::PlainIssuer.apply(&mut options);
    let RoleMapping::Rules(rules, _) = &options.role_mapping else { panic!("rules") };
    assert!(rules.iter().all(|rule| rule.claim == "roles"), "{rules:?}");
    let element = Issuer::with(Options { contains_on_arrays: ContainsOnArrays::Element, ..Options::default() });
    assert_eq!(element.role("carol").unwrap(), ORDERS_READER);
    // With the rules of a user pool nobody has a claim that they name.
    let lab = Lab::with(Options { plain_issuer: true, ..Options::default() });
    let discovery = get(&format!("{}/.well-known/openid-configuration", lab.0.issuer())).json();
    assert_eq!(Issuer { lab, discovery }.role("alice").unwrap(), AUTHENTICATED);
}

#[test]
fn the_profile_names_the_issuer_and_no_user_pool() {
    let issuer = Issuer::new();
    let text = issuer.lab.0.profile_toml("plain");
    let profile = text.parse::<toml_edit::Document<String>>().unwrap();
    let profile = &profile["profile"]["plain"];
    assert_eq!(profile["issuer"].as_str(), Some(issuer.lab.0.issuer().as_str()));
    assert_eq!(profile["client_id"].as_str(), Some(issuer.lab.0.client_id()));
    assert_eq!(profile["identity_pool_id"].as_str(), Some(issuer.lab.0.identity_pool_id()));
    assert_eq!(profile["region"].as_str(), Some("eu-west-1"));
    assert_eq!(profile["endpoints"]["identity_pool"].as_str(), Some(issuer.lab.0.identity_pool_url().as_str()));
    assert_eq!(profile["endpoints"]["sts"].as_str(), Some(issuer.lab.0.sts_url().as_str()));
    for line in text.lines() {
        let key = line.split(' ').next().unwrap();
        let foreign = ["user_pool_id", "domain", "identity_provider", "logout_uri", "user_pool", "refresh_grace"];
        assert!(!foreign.contains(&key), "{line}");
    }
}

#[test]
fn discovery_goes_wrong_on_request() {
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
    assert_eq!(issuer.lab.0.count("token.other"), 1, "who follows is seen");
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
    assert_eq!(get(&url).json(), issuer.discovery, "good manners again");
    issuer.lab.0.misbehave(Misbehaviour::Jwks500, Some(1));
    assert_eq!(get(&issuer.endpoint("jwks_uri")).status, 500);
}

#[test]
fn tokens_and_redirects_go_wrong_on_request() {
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
    // A user pool's refresh may do without, too.
    let lab = Lab::new();
    let token = lab.tokens("alice").text("refresh_token");
    lab.0.misbehave(Misbehaviour::RefreshNoIdToken, Some(1));
    assert!(lab.refresh(&token).json().get("id_token").is_none());
    assert!(lab.refresh(&token).json().get("id_token").is_some());
}

#[test]
fn groups_are_an_array_or_somebody_else_tells_them() {
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
fn a_refresh_says_what_the_directory_says_now() {
    let mut options = Options::default();
    Switch::StickyAttributes.apply(&mut options);
    let issuer = Issuer::with(options);
    let token = issuer.tokens("alice").text("refresh_token");
    let mut roles = |roles: &[&str]| {
        issuer.lab.0.set_roles("alice", roles);
        claims(&issuer.refresh(&token, &[]).text("id_token")).get("roles").cloned()
    };
    assert_eq!(roles(&["Orders.Read"]), Some(json!(["Orders.Read"])), "no user pool, nothing to stick to");
    assert_eq!(roles(&[]), None);
    assert_eq!(roles(&[""]), None);
}
