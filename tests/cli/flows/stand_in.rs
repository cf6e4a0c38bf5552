//! A test identity pool that allows the classic flow, and a test STS. A test sets the answers of STS. The sandbox
//! answers the other operations of the identity pool.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use chrono::{DateTime, SecondsFormat, TimeDelta};
use cogfed::clock::Clock;
use cogfed_test_support::{Answer, Lab, LabClock, PROFILE, Request, Server, forwarded};
use url::form_urlencoded;

/// The OpenID token that the test identity pool issues for the classic flow.
pub const TOKEN: &str = "the-openid-token-of-the-identity-pool";
pub const ROLE: &str = "arn:aws:iam::000000000000:role/Orders";

/// An error answer of STS: HTTP status, code and message.
pub type Refusal = (u16, &'static str, &'static str);

#[derive(Default)]
struct State {
    refusal: Mutex<Option<Refusal>>,
    assumed: Mutex<Vec<Request>>,
    vouched: Mutex<Vec<Request>>,
    has_forgotten: AtomicBool,
}

/// A test identity pool and a test STS; all other operations are forwarded to the lab's sandbox.
pub struct StandIn {
    state: Arc<State>,
    sts: Server,
    identity_pool: Server,
}

impl StandIn {
    /// Starts both servers, and configures the lab's profile with their URLs and the additional `lines`.
    pub fn before(lab: &Lab, lines: &str) -> Self {
        let state = Arc::<State>::default();
        let behind: SocketAddr = lab.sandbox.identity_pool_url().trim_start_matches("http://").parse().unwrap();
        let (pool, clock) = (Arc::clone(&state), lab.clock.clone());
        let identity_pool = Server::of_requests(move |request| match request.head.contains("GetOpenIdToken") {
            true => {
                let input: serde_json::Value = serde_json::from_slice(&request.body).unwrap();
                pool.vouched.lock().unwrap().push(request);
                if pool.has_forgotten.swap(false, Ordering::SeqCst) {
                    let error = r#"{"__type":"ResourceNotFoundException","message":"Identity not found."}"#;
                    return Answer::new(400, "application/x-amz-json-1.1", error).into();
                }
                let answer = serde_json::json!({ "IdentityId": input["IdentityId"], "Token": TOKEN });
                Answer::new(200, "application/x-amz-json-1.1", answer.to_string()).into()
            }
            false => forwarded(behind, &request).unwrap_or_default(),
        });
        let shared = Arc::clone(&state);
        let sts = Server::of_requests(move |request| answered(&shared, &clock, request));
        let stand_in = Self { state, sts, identity_pool };
        lab.configure(&stand_in.section(lab, PROFILE), &format!("store = 'file'\n{lines}"));
        stand_in
    }

    /// Returns the URL of the test STS.
    pub fn sts(&self) -> String {
        self.sts.url()
    }

    /// Returns the configuration of the sandbox's profile, with the URLs of the test servers.
    pub fn section(&self, lab: &Lab, name: &str) -> String {
        let section = lab.sandbox.profile_toml(name);
        let section = section.replace(&lab.sandbox.identity_pool_url(), &self.identity_pool.url());
        section.replace(&lab.sandbox.sts_url(), &self.sts.url())
    }

    /// Makes the test STS answer further requests with `refusal`, or normally if it is `None`.
    pub fn refuse(&self, refusal: Option<Refusal>) {
        *self.state.refusal.lock().unwrap() = refusal;
    }

    /// Makes the test identity pool treat the identity id in the next token request as unknown.
    pub fn forget_an_identity(&self) {
        self.state.has_forgotten.store(true, Ordering::SeqCst);
    }

    /// Returns the requests that the test STS has received since this method was last called.
    pub fn assumed(&self) -> Vec<Request> {
        std::mem::take(&mut self.state.assumed.lock().unwrap())
    }

    /// Returns the requests for an OpenID token that have arrived since this method was last called.
    pub fn vouched(&self) -> Vec<Request> {
        std::mem::take(&mut self.state.vouched.lock().unwrap())
    }
}

fn answered(state: &State, clock: &LabClock, request: Request) -> Answer {
    let parameters = parameters(&request);
    if parameters.get("Action").is_some_and(|action| action == "GetCallerIdentity") {
        let arn = "arn:aws:sts::000000000000:assumed-role/StandIn/person";
        let caller = format!(
            "<GetCallerIdentityResult><Arn>{arn}</Arn><Account>000000000000</Account></GetCallerIdentityResult>"
        );
        return Answer::new(200, "text/xml", document("GetCallerIdentityResponse", &caller));
    }
    let mut assumed = state.assumed.lock().unwrap();
    assumed.push(request);
    if let Some((status, code, message)) = *state.refusal.lock().unwrap() {
        let error = format!("<Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>");
        return Answer::new(status, "text/xml", document("ErrorResponse", &error));
    }
    let of = |name: &str| parameters.get(name).map(String::as_str).unwrap_or_default();
    assert_eq!((of("Action"), of("WebIdentityToken")), ("AssumeRoleWithWebIdentity", TOKEN));
    let ends = clock.now() + TimeDelta::seconds(of("DurationSeconds").parse().unwrap());
    let credentials = format!(
        "<AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>ASIACLASSIC{:08}</AccessKeyId>\
         <SecretAccessKey>classic-secret</SecretAccessKey><SessionToken>classic-token</SessionToken>\
         <Expiration>{}</Expiration></Credentials></AssumeRoleWithWebIdentityResult>",
        assumed.len() + usize::try_from(clock.now().timestamp() % 10_000_000).unwrap(),
        ends.to_rfc3339_opts(SecondsFormat::Secs, true)
    );
    Answer::new(200, "text/xml", document("AssumeRoleWithWebIdentityResponse", &credentials))
}

fn document(name: &str, inner: &str) -> String {
    format!("<{name} xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">{inner}</{name}>")
}

/// Parses the parameters of a request in the AWS query protocol.
pub fn parameters(request: &Request) -> BTreeMap<String, String> {
    form_urlencoded::parse(&request.body).into_owned().collect()
}

/// Returns the expiry time in the output of `credential-process`.
pub fn expiration(document: &serde_json::Value) -> DateTime<chrono::Utc> {
    document["Expiration"].as_str().unwrap().parse().unwrap()
}
