//! Tests of the plain OpenID Connect issuer: Entra ID's endpoints, claims and errors, and the identity pool that
//! accepts its tokens.

mod b2c;
mod endpoints;
mod identity;
mod misbehaving;
mod tokens;

use cogfed_sandbox::{ManualClock, Options, Switch};
use serde_json::{Value, json};

use crate::support::client::{Answer, CHALLENGE, Lab, REDIRECT_URI, VERIFIER, encode, get, parameter, post_form};

/// A sandbox with a plain issuer, and the issuer's discovery document.
pub struct Issuer {
    pub lab: Lab,
    pub discovery: Value,
}

impl Issuer {
    pub fn new() -> Self {
        Self::with(Options::default())
    }

    pub fn with(options: Options) -> Self {
        Self::switched(Switch::PlainIssuer, options)
    }

    pub fn switched(switch: Switch, mut options: Options) -> Self {
        switch.apply(&mut options);
        let lab = Lab::with(options);
        let discovery = get(&format!("{}/.well-known/openid-configuration", lab.0.issuer())).json();
        Self { lab, discovery }
    }

    pub fn endpoint(&self, name: &str) -> String {
        self.discovery[name].as_str().unwrap_or_else(|| panic!("no {name}")).to_owned()
    }

    /// Returns the usual authorization URL, in which the parameters in `changes` are replaced. An empty value omits a
    /// parameter.
    pub fn authorization_url(&self, changes: &[(&str, &str)]) -> String {
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

    /// Submits the form of the sign-in page at `url` with the field `choice`. Returns the answer and its cookie.
    pub fn choose(&self, url: &str, choice: (&str, &str)) -> (Answer, String) {
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

    pub fn code_of(&self, changes: &[(&str, &str)], person: &str) -> String {
        let (answer, _) = self.choose(&self.authorization_url(changes), ("person", person));
        parameter(&answer.location(REDIRECT_URI), "code").unwrap_or_else(|| panic!("no code: {answer:?}"))
    }

    pub fn exchange(&self, code: &str, changes: &[(&str, &str)]) -> Answer {
        let pairs = [
            ("grant_type", "authorization_code"),
            ("client_id", self.lab.0.client_id()),
            ("code", code),
            ("redirect_uri", REDIRECT_URI),
            ("code_verifier", VERIFIER),
        ];
        post_form(&self.endpoint("token_endpoint"), &changed(&pairs, changes))
    }

    pub fn tokens(&self, person: &str) -> Answer {
        self.tokens_of(&[], person)
    }

    pub fn tokens_of(&self, changes: &[(&str, &str)], person: &str) -> Answer {
        let answer = self.exchange(&self.code_of(changes, person), &[]);
        assert_eq!(answer.status, 200, "{answer:?}");
        answer
    }

    pub fn refresh(&self, refresh_token: &str, changes: &[(&str, &str)]) -> Answer {
        let pairs = [
            ("grant_type", "refresh_token"),
            ("client_id", self.lab.0.client_id()),
            ("refresh_token", refresh_token),
            ("scope", ""),
        ];
        post_form(&self.endpoint("token_endpoint"), &changed(&pairs, changes))
    }

    pub fn role(&self, person: &str) -> Result<String, String> {
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

pub fn clock() -> ManualClock {
    ManualClock::at("2026-11-22T12:00:00Z".parse().unwrap())
}

/// Checks that `answer` is an error in Entra ID's format, with this error code and this AADSTS number.
#[track_caller]
pub fn refused(answer: &Answer, error: &str, number: u32) {
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
