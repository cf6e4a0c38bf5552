//! An HTTP client for the sandbox's tests, with the requests that many tests make.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use cogfed_sandbox::{Options, Sandbox};
use serde_json::{Value, json};
use url::{Url, form_urlencoded};

pub const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
pub const REDIRECT_URI: &str = "http://localhost:8400/callback";
pub const FORM: &str = "application/x-www-form-urlencoded";

/// An HTTP response.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().skip(1).filter_map(|line| line.split_once(": "));
        lines.into_iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    pub fn text(&self, name: &str) -> String {
        self.json()[name].as_str().unwrap_or_else(|| panic!("no {name}: {self:?}")).to_owned()
    }

    /// Returns the `Location` of a redirect as an absolute URL, resolved against `url`.
    pub fn location(&self, url: &str) -> Url {
        let location = self.header("location").unwrap_or_else(|| panic!("no redirect: {self:?}"));
        Url::parse(url).unwrap().join(location).unwrap()
    }
}

/// Sends one request on a new connection. Returns nothing if the server closes without an answer.
pub fn try_send(method: &str, url: &str, headers: &[(&str, &str)], body: &str) -> Option<Answer> {
    let url = Url::parse(url).unwrap();
    let place = format!("{}:{}", url.host_str().unwrap(), url.port().unwrap());
    let mut stream = TcpStream::connect(&place).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let target = url.query().map_or(url.path().to_owned(), |query| format!("{}?{query}", url.path()));
    let mut request = format!("{method} {target} HTTP/1.1\r\nHost: {place}\r\nConnection: close\r\n");
    for (name, value) in headers {
        request.push_str(&format!("{name}: {value}\r\n"));
    }
    request.push_str(&format!("Content-Length: {}\r\n\r\n{body}", body.len()));
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let answer = String::from_utf8(answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().unwrap();
    Some(Answer { status, head: head.to_owned(), body: body.to_owned() })
}

pub fn send(method: &str, url: &str, headers: &[(&str, &str)], body: &str) -> Answer {
    try_send(method, url, headers, body).unwrap_or_else(|| panic!("no answer from {url}"))
}

pub fn get(url: &str) -> Answer {
    send("GET", url, &[], "")
}

pub fn encode(pairs: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

pub fn post_form(url: &str, pairs: &[(&str, &str)]) -> Answer {
    send("POST", url, &[("Content-Type", FORM)], &encode(pairs))
}

/// Returns the claims of a token without verifying it.
pub fn claims(token: &str) -> Value {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap()).unwrap()
}

/// Returns the header of a token without verifying it.
pub fn header(token: &str) -> Value {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(token.split('.').next().unwrap()).unwrap()).unwrap()
}

/// Returns the value of a query parameter of `url`.
pub fn parameter(url: &Url, name: &str) -> Option<String> {
    url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

/// A running sandbox, with methods for the requests that many tests send.
pub struct Lab(pub Sandbox);

impl Lab {
    pub fn new() -> Self {
        Self::with(Options::default())
    }

    pub fn with(options: Options) -> Self {
        Self(Sandbox::start(options).unwrap())
    }

    /// Returns the usual authorization URL, in which the parameters in `changes` are replaced. An empty value omits a
    /// parameter.
    pub fn authorization_url(&self, changes: &[(&str, &str)]) -> String {
        let mut pairs = vec![
            ("response_type", "code"),
            ("client_id", self.0.client_id()),
            ("redirect_uri", REDIRECT_URI),
            ("scope", "openid"),
            ("state", "the-state"),
            ("nonce", "the-nonce"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
            ("identity_provider", "AzureAD"),
        ];
        for change in changes {
            pairs.retain(|(name, _)| *name != change.0);
            pairs.push(*change);
        }
        pairs.retain(|(_, value)| !value.is_empty());
        format!("{}/oauth2/authorize?{}", self.0.domain_url(), encode(&pairs))
    }

    /// Signs in as `person` with plain HTTP requests. Returns the redirect to the client, which it does not follow, and
    /// the cookie.
    pub fn redirect_of(&self, url: &str, person: &str) -> (Url, String) {
        let directory = get(url).location(url);
        let page = get(directory.as_str());
        let (_, action) = page.body.split_once("action=\"").unwrap_or_else(|| panic!("no form: {page:?}"));
        let action = action.split('"').next().unwrap_or_default();
        let transaction = parameter(&directory, "transaction").unwrap_or_else(|| panic!("no transaction: {directory}"));
        let action = format!("{}{action}", self.0.domain_url());
        let answer = post_form(&action, &[("transaction", transaction.as_str()), ("person", person)]);
        let cookie = answer.header("set-cookie").unwrap_or_default().split(';').next().unwrap_or_default().to_owned();
        (answer.location(&action), cookie)
    }

    /// Signs in as `person` and returns the authorization code.
    pub fn code(&self, person: &str) -> String {
        self.code_of(&[], person)
    }

    /// Signs in as `person` with changed parameters in the authorization URL, and returns the authorization code.
    pub fn code_of(&self, changes: &[(&str, &str)], person: &str) -> String {
        let (location, _) = self.redirect_of(&self.authorization_url(changes), person);
        parameter(&location, "code").unwrap_or_else(|| panic!("no code: {location}"))
    }

    pub fn token_url(&self) -> String {
        format!("{}/oauth2/token", self.0.domain_url())
    }

    /// Exchanges an authorization code for tokens, with some request parameters replaced by `changes`. An empty value
    /// omits a parameter.
    pub fn exchange(&self, code: &str, changes: &[(&str, &str)]) -> Answer {
        let mut pairs = vec![
            ("grant_type", "authorization_code"),
            ("client_id", self.0.client_id()),
            ("code", code),
            ("redirect_uri", REDIRECT_URI),
            ("code_verifier", VERIFIER),
        ];
        for change in changes {
            pairs.retain(|(name, _)| *name != change.0);
            pairs.push(*change);
        }
        pairs.retain(|(_, value)| !value.is_empty());
        post_form(&self.token_url(), &pairs)
    }

    /// Signs in as `person` and returns the token endpoint's response.
    pub fn tokens(&self, person: &str) -> Answer {
        let answer = self.exchange(&self.code(person), &[]);
        assert_eq!(answer.status, 200, "{answer:?}");
        answer
    }

    pub fn refresh(&self, refresh_token: &str) -> Answer {
        let (grant, client) = (("grant_type", "refresh_token"), ("client_id", self.0.client_id()));
        post_form(&self.token_url(), &[grant, client, ("refresh_token", refresh_token)])
    }

    pub fn revoke(&self, pairs: &[(&str, &str)]) -> Answer {
        post_form(&format!("{}/oauth2/revoke", self.0.domain_url()), pairs)
    }

    /// Calls an operation of the identity pool.
    pub fn identity(&self, operation: &str, input: &Value) -> Answer {
        let target = format!("AWSCognitoIdentityService.{operation}");
        let headers = [("Content-Type", "application/x-amz-json-1.1"), ("X-Amz-Target", target.as_str())];
        send("POST", &format!("{}/", self.0.identity_pool_url()), &headers, &input.to_string())
    }

    pub fn provider(&self) -> String {
        self.0.issuer().replace("https://", "").replace("http://", "")
    }

    /// Calls `GetId` with an ID token.
    pub fn get_id(&self, token: &str) -> Answer {
        let logins = json!({ self.provider(): token });
        self.identity("GetId", &json!({ "IdentityPoolId": self.0.identity_pool_id(), "Logins": logins }))
    }

    /// Calls `GetCredentialsForIdentity` with an ID token.
    pub fn get_credentials(&self, identity_id: &str, token: &str) -> Answer {
        let logins = json!({ self.provider(): token });
        self.identity("GetCredentialsForIdentity", &json!({ "IdentityId": identity_id, "Logins": logins }))
    }

    /// Returns the ARN of the role that `person` gets, or the error message.
    pub fn role(&self, person: &str) -> Result<String, String> {
        let token = self.tokens(person).text("id_token");
        let identity_id = self.get_id(&token).text("IdentityId");
        let answer = self.get_credentials(&identity_id, &token);
        if answer.status != 200 {
            return Err(answer.text("message"));
        }
        let key = answer.json()["Credentials"]["AccessKeyId"].as_str().unwrap().to_owned();
        Ok(self.0.issued_keys().find(&key).unwrap().role_arn)
    }
}
