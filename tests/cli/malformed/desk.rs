//! A home for cogfed without a sandbox: a configuration, a file store, variables, and a server that says what it is told.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::iter;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use cogfed::clock::ManualClock;
use cogfed::commands::{self, Env, Output};
use cogfed::folder::{Folder, file_name};
use cogfed::terminal::Terminal;

use crate::support::{Kept, NoBrowser, Ran};

pub const POOL: &str = "eu-west-1_AbC123xyz";
pub const TOKENS: &str = "tokens/eu-west-1_AbC123xyz/3n4b5urk1ft4fl3mg5e62d9ado/AzureAD";
pub const CREDENTIALS: &str = "credentials/eu-west-1_AbC123xyz/3n4b5urk1ft4fl3mg5e62d9ado/AzureAD/eu-west-1:1cf667a2-49a6-454b-9e45-231990000000/default";
/// The longest line that is said, in characters: what is foreign in it is cut before.
const LONGEST_LINE: usize = 900;

pub struct Desk {
    home: tempfile::TempDir,
    pub server: Server,
    pub variables: BTreeMap<String, String>,
    pub is_terminal: bool,
}

impl Desk {
    pub fn new() -> Self {
        let desk = Self {
            home: tempfile::tempdir().expect("a folder"),
            server: Server::start(),
            variables: BTreeMap::new(),
            is_terminal: false,
        };
        desk.configure(desk.profile().as_bytes());
        desk
    }

    pub fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000, 0).expect("a time")
    }

    pub fn profile(&self) -> String {
        let server = self.server.url();
        format!(
            "default_profile = \"desk\"\n\n[profile.desk]\nuser_pool_id = \"{POOL}\"\n\
             client_id = \"3n4b5urk1ft4fl3mg5e62d9ado\"\ndomain = \"corp.auth.eu-west-1.amazoncognito.com\"\n\
             identity_pool_id = \"eu-west-1:1cf667a2-49a6-454b-9e45-231990000000\"\nidentity_provider = \"AzureAD\"\n\
             store = \"file\"\nregion = \"eu-west-1\"\n\n[profile.desk.endpoints]\nuser_pool = \"{server}\"\n\
             domain = \"{server}\"\nidentity_pool = \"{server}\"\n"
        )
    }

    pub fn config(&self) -> PathBuf {
        self.home.path().join("config.toml")
    }

    pub fn configure(&self, bytes: &[u8]) {
        std::fs::write(self.config(), bytes).expect("the configuration is written");
    }

    /// Writes a file of the person's own, and says where it is.
    pub fn file(&self, name: &str, bytes: &[u8]) -> String {
        let path = self.home.path().join(name);
        std::fs::write(&path, bytes).expect("a file");
        path.display().to_string()
    }

    pub fn folder(&self) -> Folder {
        Folder::at(self.home.path().join(".local/state/cogfed"))
    }

    /// Puts a file of cogfed's own in place.
    pub fn put(&self, kind: &str, name: &str, bytes: &[u8]) {
        self.folder().sub(kind).replace(name, bytes).expect("a file");
    }

    /// What a file of cogfed's own holds.
    pub fn kept(&self, kind: &str, name: &str) -> Option<Vec<u8>> {
        std::fs::read(self.folder().sub(kind).path().join(file_name(name))).ok()
    }

    /// Removes all that cogfed has kept.
    pub fn forget(&self) {
        let _ = std::fs::remove_dir_all(self.folder().path());
    }

    /// A sign-in whose ID token was issued so long ago; it lives for an hour.
    pub fn sign_in(&self, age: TimeDelta) {
        self.put("store", TOKENS, self.tokens(age).to_string().as_bytes());
    }

    pub fn tokens(&self, age: TimeDelta) -> serde_json::Value {
        let issued = Self::now() - age;
        serde_json::json!({
            "version": 1, "user_pool_id": POOL, "client_id": "3n4b5urk1ft4fl3mg5e62d9ado", "who": "AzureAD",
            "token_endpoint": format!("{}/oauth2/token", self.server.url()), "identity_pool_endpoint": self.server.url(),
            "generation": "g", "issuer": format!("https://cognito-idp.eu-west-1.amazonaws.com/{POOL}"), "subject": "s",
            "person": "alice@corp.example", "provider": "AzureAD", "signed_in_at": issued, "id_token": "an-id-token",
            "issued_at": issued, "expires_at": issued + TimeDelta::hours(1), "access_token": "an-access-token",
            "refresh_token": "the-refresh-token", "identities": {}, "credentials": [],
        })
    }

    pub fn credentials(&self, left: TimeDelta) -> serde_json::Value {
        serde_json::json!({
            "version": 1, "user_pool_id": POOL, "client_id": "3n4b5urk1ft4fl3mg5e62d9ado",
            "identity_pool_id": "eu-west-1:1cf667a2-49a6-454b-9e45-231990000000",
            "identity_pool_endpoint": self.server.url(), "role_arn": null, "subject": "s",
            "issued_at": Self::now() - TimeDelta::minutes(50), "expires_at": Self::now() + left,
            "access_key_id": "ASIANOTAREALKEY00000", "secret_access_key": "this-is-no-secret-key", "session_token": "t",
        })
    }

    /// Runs cogfed within this process, at [`Desk::now`].
    pub fn run(&self, words: &[&str]) -> Ran {
        let (stdout, stderr) = (Kept::default(), Arc::new(Mutex::new(Vec::new())));
        let mut variables = self.variables.clone();
        variables.entry("COGFED_CONFIG".into()).or_insert(self.config().display().to_string());
        let env = Env {
            clock: Arc::new(ManualClock::at(Self::now())),
            browser: Some(Arc::new(NoBrowser)),
            folder: Some(self.folder()),
            input: Box::new(io::empty()),
            output: Output { to: Box::new(stdout.clone()), is_terminal: self.is_terminal },
            terminal: Terminal::to(stderr.clone()),
            variable: Box::new(move |name| variables.get(name).cloned()),
            owns_process: false,
        };
        let words = iter::once("cogfed").chain(words.iter().copied()).map(OsString::from);
        let status = i32::from(commands::exit_code(words, env));
        let text = |bytes: &Mutex<Vec<u8>>| String::from_utf8(bytes.lock().expect("a lock").clone()).expect("UTF-8");
        Ran { status, stdout: text(&stdout.0), stderr: text(&stderr) }
    }

    /// The program itself, in this home.
    pub fn program(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cogfed"));
        command.env_clear().env("HOME", self.home.path()).env("COGFED_CONFIG", self.config());
        command.envs(&self.variables).current_dir(self.home.path());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }
}

/// What holds of every run, whatever it was given.
#[track_caller]
pub fn assert_mannered(ran: &Ran, given: &dyn std::fmt::Debug) {
    let tell = || format!("{ran:?}\nwas given {given:?}");
    assert!([0, 1, 2, 3, 4, 5, 6, 7, 22].contains(&ran.status), "{}", tell());
    for word in ["panicked", "RUST_BACKTRACE", "stack backtrace", "src/"] {
        assert!(!ran.stderr.contains(word), "{word}: {}", tell());
    }
    let errors = ran.stderr.lines().filter(|line| line.starts_with("cogfed: error: ")).count();
    assert_eq!(errors, usize::from(ran.status != 0), "{}", tell());
    for line in ran.stderr.lines() {
        assert!(line.starts_with("cogfed: "), "{}", tell());
        assert!(line.chars().count() <= LONGEST_LINE, "{} characters: {}", line.len(), tell());
    }
    assert!(ran.stderr.lines().count() <= 4, "{}", tell());
    assert!(is_plain(&ran.stderr.replace('\n', "")), "{}", tell());
    assert!(ran.stdout.is_empty() || ran.stdout.ends_with('\n'), "{}", tell());
}

/// Whether a terminal would obey nothing in it.
pub fn is_plain(text: &str) -> bool {
    !text.chars().any(|c| {
        c.is_control()
            || "\u{61c}\u{200e}\u{200f}\u{2028}\u{2029}\u{feff}".contains(c)
            || ('\u{202a}'..='\u{202e}').contains(&c)
            || ('\u{2066}'..='\u{2069}').contains(&c)
    })
}

/// The document of `credential-process`, or nothing.
#[track_caller]
pub fn assert_document_or_nothing(ran: &Ran) {
    match ran.status {
        0 => assert_eq!(ran.document()["Version"], 1, "{ran:?}"),
        _ => assert_eq!(ran.stdout, "", "{ran:?}"),
    }
}

/// An answer: status line and headers, and a body.
#[derive(Clone)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn json(status: u16, body: impl Into<Vec<u8>>) -> Self {
        let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        Self { status, headers, body: body.into() }
    }
}

/// A server on loopback that gives to each path what it was told, and 404 to others.
pub struct Server {
    port: u16,
    answers: Arc<Mutex<BTreeMap<String, Answer>>>,
    asked: Arc<AtomicUsize>,
}

impl Server {
    fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let answers = Arc::<Mutex<BTreeMap<String, Answer>>>::default();
        let asked = Arc::<AtomicUsize>::default();
        let (shared, count) = (Arc::clone(&answers), Arc::clone(&asked));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                count.fetch_add(1, Ordering::SeqCst);
                let _ = serve(stream, &shared);
            }
        });
        Self { port, answers, asked }
    }

    /// How many connections there have been.
    pub fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// What a request is answered whose path, or AWS operation, ends like that.
    pub fn answer(&self, path: &str, answer: Answer) {
        self.answers.lock().expect("a lock").insert(path.to_owned(), answer);
    }
}

fn serve(mut stream: TcpStream, answers: &Mutex<BTreeMap<String, Answer>>) -> io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    let mut request = Vec::new();
    let mut buffer = [0; 8192];
    let head = loop {
        let count = stream.read(&mut buffer)?;
        request.extend_from_slice(&buffer[..count]);
        if let Some(end) = request.windows(4).position(|four| four == b"\r\n\r\n") {
            break String::from_utf8_lossy(&request[..end + 4]).to_lowercase();
        }
        if count == 0 {
            return Ok(());
        }
    };
    let field = |name: &str| head.lines().find_map(|line| Some(line.strip_prefix(name)?.trim().to_owned()));
    let length: usize = field("content-length:").and_then(|text| text.parse().ok()).unwrap_or(0);
    let mut missing = (head.len() + length).saturating_sub(request.len());
    while missing > 0 {
        missing = missing.saturating_sub(stream.read(&mut buffer)?.max(1));
    }
    let place = field("x-amz-target:").unwrap_or_else(|| head.split(' ').nth(1).unwrap_or_default().to_owned());
    let found = answers
        .lock()
        .expect("a lock")
        .iter()
        .find(|(end, _)| place.ends_with(&end.to_lowercase()))
        .map(|it| it.1.clone());
    let answer = found.unwrap_or_else(|| Answer::json(404, "{}"));
    let mut text =
        format!("HTTP/1.1 {} X\r\nconnection: close\r\ncontent-length: {}\r\n", answer.status, answer.body.len())
            .into_bytes();
    for (name, value) in &answer.headers {
        text.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
    }
    text.extend_from_slice(b"\r\n");
    stream.write_all(&text)?;
    stream.write_all(&answer.body)
}
