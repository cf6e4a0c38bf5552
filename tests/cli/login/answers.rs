//! Tests with token answers and ID tokens as real servers send them, and with people who have several names and
//! identities.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use chrono::TimeDelta;
use cogfed::sandbox::people::{Directory, Person};
use cogfed::sandbox::{Options, Switch};
use cogfed_test_support::{CREDENTIALS, Lab, PROFILE, Ran, Request, Server, forwarded};
use serde_json::{Map, Value, json};
use url::form_urlencoded;

const TOKEN_ANSWERS: &str = include_str!("../../data/token_answers.json");
const CLAIMS: &str = include_str!("../../data/id_token_claims.json");

fn cases(text: &str) -> Vec<Value> {
    serde_json::from_str(text).unwrap()
}

/// Changes `object` as the members of `case` say: `remove` lists the members to remove, and `set` contains the members
/// to set.
fn change(object: &mut Map<String, Value>, case: &Value) {
    for name in case["remove"].as_array().into_iter().flatten() {
        object.remove(name.as_str().unwrap());
    }
    object.extend(case["set"].as_object().cloned().unwrap_or_default());
}

/// A server in front of a lab's sandbox that takes the place of the user pool's domain. It changes good token answers
/// as a case says.
struct Domain {
    server: Server,
    case: Arc<Mutex<Value>>,
    /// The refresh tokens that the server has received.
    sent: Arc<Mutex<Vec<String>>>,
}

impl Domain {
    fn before(lab: &Lab) -> Self {
        let behind: SocketAddr = lab.sandbox.domain_url().trim_start_matches("http://").parse().unwrap();
        let (case, sent) = (Arc::new(Mutex::new(Value::Null)), Arc::<Mutex<Vec<String>>>::default());
        let (of_case, seen) = (Arc::clone(&case), Arc::clone(&sent));
        let server = Server::of_requests(move |request| {
            let answer = forwarded(behind, &request).unwrap_or_default();
            if !request.line().starts_with("POST /oauth2/token ") {
                return answer;
            }
            let mut parameters = form_urlencoded::parse(&request.body);
            seen.lock()
                .unwrap()
                .extend(parameters.find(|(name, _)| name == "refresh_token").map(|(_, value)| value.into()));
            changed(&answer, &of_case.lock().unwrap(), &request)
        });
        let section = lab.sandbox.profile_toml(PROFILE).replace(&lab.sandbox.domain_url(), &server.url());
        lab.configure(&section, "store = 'file'");
        Self { server, case, sent }
    }
}

/// Returns the token answer `answer`, changed as the case says.
fn changed(answer: &[u8], case: &Value, request: &Request) -> Vec<u8> {
    let is_refresh = request.text().contains("grant_type=refresh_token");
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
    let mut document: Value = serde_json::from_slice(&answer[end + 4..]).unwrap();
    if case["refreshes"] != true || is_refresh {
        change(document.as_object_mut().unwrap(), case);
    }
    let content_type = case["type"].as_str().unwrap_or("application/json");
    let body = format!("{}{document}", case["before"].as_str().unwrap_or_default());
    cogfed_test_support::Answer::new(200, content_type, body).into()
}

#[test]
fn token_answers_of_real_servers_sign_in_and_renew() {
    let lab = Lab::new();
    let domain = Domain::before(&lab);
    for case in cases(TOKEN_ANSWERS) {
        *domain.case.lock().unwrap() = case.clone();
        let ran = lab.login_with(&["--force"], "alice");
        assert_eq!(ran.status, 0, "{case}: {}", ran.stderr);
        let refresh_token = lab.refresh_token();
        assert!(refresh_token.is_some(), "{case}");
        domain.sent.lock().unwrap().clear();
        for _ in 0..2 {
            lab.age(TimeDelta::hours(2));
            let ran = lab.run(CREDENTIALS);
            assert_eq!(ran.status, 0, "{case}: {}", ran.stderr);
        }
        assert_eq!(lab.refresh_token(), refresh_token, "{case}");
        let sent = std::mem::take(&mut *domain.sent.lock().unwrap());
        assert!(sent.len() == 2 && sent.iter().all(|sent| Some(sent) == refresh_token.as_ref()), "{case}: {sent:?}");
    }
    assert!(domain.server.connections() > 0);
}

#[test]
fn access_tokens_are_not_stored_but_their_scope_is() {
    let lab = Lab::new().signed_in();
    let record = lab.record("tokens");
    assert!(record.get("access_token").is_none(), "{record}");
    assert!(record["scope"].as_str().is_some_and(|scope| scope.contains("openid")), "{record}");
    assert_eq!(
        record.to_string().matches("eyJ").count(),
        3,
        "the ID token's two parts and the refresh token: {record}"
    );
}

/// Returns a lab with a user pool or, if the case requests it, with another kind of issuer.
fn lab_of(case: &Value) -> Lab {
    let mut options = Options::default();
    if case["issuer"] == true {
        Switch::PlainIssuer.apply(&mut options);
    }
    Lab::with(options)
}

#[test]
fn claims_of_real_directories_name_the_person_or_are_refused() {
    for case in cases(CLAIMS) {
        let lab = lab_of(&case);
        let set = case["set"].to_string().replace("CLIENT", lab.sandbox.client_id());
        let removed: Vec<String> =
            case["remove"].as_array().into_iter().flatten().map(|name| name.as_str().unwrap().into()).collect();
        assert!(lab.sandbox.change_person("alice", |alice| {
            alice.claims = serde_json::from_str(&set).unwrap();
            alice.without_claims = removed;
        }));
        let ran = lab.login("alice");
        match (case["refused"].as_str(), case["person"].as_str()) {
            (Some(why), _) => {
                assert!(ran.status == 6 && ran.stderr.contains(why), "{case}: {}", ran.stderr);
            }
            (None, person) => {
                let said = format!("signed in as {}", person.unwrap_or("alice@corp.example"));
                // The identity pool may still refuse the token: that is another test's subject.
                assert!([0, 6].contains(&ran.status) && ran.stderr.contains(&said), "{case}: {}", ran.stderr);
                lab.run(&["status"]).good();
            }
        }
    }
}

/// Runs `login` twice with these flags. The second run must not need the browser.
#[track_caller]
fn signed_in_once(lab: &Lab, flags: &[&str], person: &str) -> Ran {
    let first = lab.login_with(flags, person).good();
    let again = lab.run(&[&["login", "--no-browser", "--timeout", "1"], flags].concat()).good();
    assert!(again.stderr.contains("already signed in as "), "{flags:?}: {}", again.stderr);
    first
}

#[test]
fn linked_and_native_people_are_recognized_by_their_provider() {
    let mut options = Options::default();
    options.people.push(Person::new("robin", "Robin", Directory::AzureAd).linked_with(Directory::AzureB2c, "9c1e0000"));
    options.people.push(Person::new("nina", "Nina", Directory::UserPool));
    let lab = Lab::with(options);
    for (provider, person) in [("AzureB2C", "robin"), ("AzureAD", "robin"), ("COGNITO", "nina")] {
        let ran = signed_in_once(&lab, &["--identity-provider", provider], person);
        assert!(person != "robin" || ran.stderr.contains("AzureB2C"), "{}", ran.stderr);
        lab.run(&["logout"]).good();
    }
    // Another provider than those of the person still takes a sign-in.
    lab.login_with(&["--identity-provider", "COGNITO"], "nina").good();
    lab.run(&["login", "--no-browser", "--timeout", "1", "--identity-provider", "AzureAD"]).failed_with(3);
}

#[test]
fn person_is_recognized_by_upn_and_by_mail() {
    let lab = Lab::new();
    lab.configure_with("email_domains = ['corp.example']");
    lab.sandbox.change_person("alice", |alice| {
        alice.claims.insert("email".into(), json!("robin.goodfellow@corp.example"));
        alice.claims.insert("cognito:username".into(), json!("azuread_rgoodfel@corp.example"));
    });
    for address in ["rgoodfel@corp.example", "Robin.Goodfellow@Corp.example", "RGoodfel@corp.example"] {
        signed_in_once(&lab, &["--email", address], "alice");
        lab.run(&["logout"]).good();
    }
    lab.login("alice").good();
    lab.run(&["login", "--no-browser", "--timeout", "1", "--email", "goodfel@corp.example"]).failed_with(3);
}
