//! The identity pool and STS of a pool that allows the classic flow, for what is to be said to the letter: the identity
//! pool's other operations are the sandbox's own, and STS says what it is told.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use chrono::{DateTime, SecondsFormat, TimeDelta};
use cogfed::clock::Clock;
use url::form_urlencoded;

use crate::support::{Lab, LabClock, PROFILE};

/// The token that the identity pool gives for the classic flow.
pub const TOKEN: &str = "the-openid-token-of-the-identity-pool";
pub const ROLE: &str = "arn:aws:iam::000000000000:role/Orders";

/// A request that came: its head and its body.
#[derive(Debug, Clone)]
pub struct Request {
    pub head: String,
    pub body: String,
}

impl Request {
    /// The parameters of AWS's query protocol.
    pub fn parameters(&self) -> BTreeMap<String, String> {
        form_urlencoded::parse(self.body.as_bytes()).into_owned().collect()
    }
}

/// What STS says: a status, a code and a message.
pub type Refusal = (u16, &'static str, &'static str);

#[derive(Default)]
struct State {
    refusal: Mutex<Option<Refusal>>,
    assumed: Mutex<Vec<Request>>,
    vouched: Mutex<Vec<Request>>,
    has_forgotten: AtomicBool,
}

/// The two services in front of a lab's sandbox.
pub struct StandIn {
    state: Arc<State>,
    /// STS's address.
    pub sts: String,
    identity_pool: String,
}

impl StandIn {
    /// Both, with a profile of the lab's that knows them and says `lines`.
    pub fn before(lab: &Lab, lines: &str) -> Self {
        let state = Arc::<State>::default();
        let behind: SocketAddr = lab.sandbox.identity_pool_url().trim_start_matches("http://").parse().unwrap();
        let (pool, clock) = (Arc::clone(&state), lab.clock.clone());
        let identity_pool = served(move |request| match request.head.contains("GetOpenIdToken") {
            true => {
                let input: serde_json::Value = serde_json::from_str(&request.body).unwrap();
                pool.vouched.lock().unwrap().push(request);
                if pool.has_forgotten.swap(false, Ordering::SeqCst) {
                    let error = r#"{"__type":"ResourceNotFoundException","message":"Identity not found."}"#;
                    return reply(400, "application/x-amz-json-1.1", error);
                }
                let answer = serde_json::json!({ "IdentityId": input["IdentityId"], "Token": TOKEN });
                reply(200, "application/x-amz-json-1.1", &answer.to_string())
            }
            false => forwarded(behind, &request),
        });
        let shared = Arc::clone(&state);
        let sts = served(move |request| answered(&shared, &clock, request));
        let stand_in = Self { state, sts, identity_pool };
        lab.configure(&stand_in.section(lab, PROFILE), &format!("store = 'file'\n{lines}"));
        stand_in
    }

    /// The sandbox's profile with these two in the place of its own.
    pub fn section(&self, lab: &Lab, name: &str) -> String {
        let section = lab.sandbox.profile_toml(name);
        let section = section.replace(&lab.sandbox.identity_pool_url(), &self.identity_pool);
        section.replace(&lab.sandbox.sts_url(), &self.sts)
    }

    /// Lets STS refuse from now on, or no more.
    pub fn refuse(&self, refusal: Option<Refusal>) {
        *self.state.refusal.lock().unwrap() = refusal;
    }

    /// Lets the identity pool not know the next identity that it is asked to vouch for.
    pub fn forget_an_identity(&self) {
        self.state.has_forgotten.store(true, Ordering::SeqCst);
    }

    /// What STS was asked since the last call.
    pub fn assumed(&self) -> Vec<Request> {
        std::mem::take(&mut self.state.assumed.lock().unwrap())
    }

    /// What the identity pool was asked to vouch for since the last call.
    pub fn vouched(&self) -> Vec<Request> {
        std::mem::take(&mut self.state.vouched.lock().unwrap())
    }
}

fn answered(state: &State, clock: &LabClock, request: Request) -> String {
    let parameters = request.parameters();
    let mut assumed = state.assumed.lock().unwrap();
    assumed.push(request);
    if let Some((status, code, message)) = *state.refusal.lock().unwrap() {
        let error = format!("<Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>");
        return reply(status, "text/xml", &document("ErrorResponse", &error));
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
    reply(200, "text/xml", &document("AssumeRoleWithWebIdentityResponse", &credentials))
}

fn document(name: &str, inner: &str) -> String {
    format!("<{name} xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">{inner}</{name}>")
}

fn reply(status: u16, kind: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 {status} X\r\nconnection: close\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\n\r\n{body}"
    )
}

/// A server that answers by `answer`, until the test's process ends.
fn served(answer: impl Fn(Request) -> String + Send + Sync + 'static) -> String {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let address = listener.local_addr().expect("an address");
    let answer = Arc::new(answer);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let answer = Arc::clone(&answer);
            // A client that went away is no failure of the test.
            thread::spawn(move || serve(stream, &*answer));
        }
    });
    format!("http://{address}")
}

fn serve(mut stream: TcpStream, answer: &dyn Fn(Request) -> String) -> io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    let mut text = Vec::new();
    let mut buffer = [0; 8192];
    loop {
        let count = stream.read(&mut buffer)?;
        text.extend_from_slice(&buffer[..count]);
        let whole = String::from_utf8_lossy(&text);
        let Some((head, body)) = whole.split_once("\r\n\r\n") else {
            if count == 0 {
                return Ok(());
            }
            continue;
        };
        let field = |line: &str| line.to_lowercase().strip_prefix("content-length:")?.trim().parse().ok();
        if body.len() >= head.lines().find_map(field).unwrap_or(0) {
            let request = Request { head: head.to_owned(), body: body.to_owned() };
            return stream.write_all(answer(request).as_bytes());
        }
    }
}

fn forwarded(behind: SocketAddr, request: &Request) -> String {
    let asked = || {
        let mut server = TcpStream::connect(behind)?;
        server.write_all(format!("{}\r\nconnection: close\r\n\r\n{}", request.head, request.body).as_bytes())?;
        let mut answer = String::new();
        server.read_to_string(&mut answer).map(|_| answer)
    };
    asked().unwrap_or_else(|_: io::Error| reply(502, "text/plain", ""))
}

/// The time in a document of `credential-process`.
pub fn expiration(document: &serde_json::Value) -> DateTime<chrono::Utc> {
    document["Expiration"].as_str().unwrap().parse().unwrap()
}
