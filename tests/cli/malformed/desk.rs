//! A home folder for cogfed without a sandbox: a configuration, a file store, variables, and a server with prepared
//! answers.

use std::collections::BTreeMap;
use std::process::Command;
use std::sync::{Arc, Mutex};

use chrono::{DateTime, TimeDelta, Utc};
use cogfed::clock::ManualClock;
use cogfed::folder::{Folder, file_name};
pub use cogfed_test_support::Answer;
use cogfed_test_support::{Home, InProcess, Ran, Server};

pub const POOL: &str = "eu-west-1_AbC123xyz";
pub const TOKENS_ACCOUNT: &str = "tokens/eu-west-1_AbC123xyz/3n4b5urk1ft4fl3mg5e62d9ado/AzureAD";
pub const CREDENTIALS_ACCOUNT: &str = "credentials/eu-west-1_AbC123xyz/3n4b5urk1ft4fl3mg5e62d9ado/AzureAD/eu-west-1:1cf667a2-49a6-454b-9e45-231990000000/default";
/// The maximum length of a line that cogfed may print, in characters. Text from outside is shortened before.
const LONGEST_LINE: usize = 900;

pub struct Desk {
    home: Home,
    pub server: Answering,
    pub variables: BTreeMap<String, String>,
    pub is_terminal: bool,
}

impl Desk {
    pub fn new() -> Self {
        let desk =
            Self { home: Home::new(), server: Answering::start(), variables: BTreeMap::new(), is_terminal: false };
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

    pub fn configure(&self, bytes: &[u8]) {
        self.home.configure(bytes);
    }

    /// Writes a file to the home folder, and returns its path.
    pub fn file(&self, name: &str, bytes: &[u8]) -> String {
        self.home.file(name, bytes).display().to_string()
    }

    pub fn folder(&self) -> Folder {
        self.home.folder()
    }

    /// Writes a state file to cogfed's own folder.
    pub fn put(&self, kind: &str, name: &str, bytes: &[u8]) {
        self.folder().sub(kind).replace(name, bytes).expect("a file");
    }

    /// Returns the contents of a state file in cogfed's own folder.
    pub fn kept(&self, kind: &str, name: &str) -> Option<Vec<u8>> {
        std::fs::read(self.folder().sub(kind).path().join(file_name(name))).ok()
    }

    /// Removes everything that cogfed has stored in the home folder.
    pub fn forget(&self) {
        let _ = std::fs::remove_dir_all(self.folder().path());
    }

    /// Stores a sign-in whose ID token was issued `age` ago and is valid for one hour.
    pub fn sign_in(&self, age: TimeDelta) {
        self.put("store", TOKENS_ACCOUNT, self.tokens(age).to_string().as_bytes());
    }

    pub fn tokens(&self, age: TimeDelta) -> serde_json::Value {
        let issued = Self::now() - age;
        serde_json::json!({
            "version": 2, "user_pool_id": POOL, "client_id": "3n4b5urk1ft4fl3mg5e62d9ado", "who": "AzureAD",
            "named_by": "identity_provider", "token_endpoint": format!("{}/oauth2/token", self.server.url()), "identity_pool_endpoint": self.server.url(),
            "generation": "g", "issuer": format!("https://cognito-idp.eu-west-1.amazonaws.com/{POOL}"), "subject": "s",
            "person": "alice@corp.example", "provider": "AzureAD", "signed_in_at": issued, "id_token": "an-id-token",
            "issued_at": issued, "expires_at": issued + TimeDelta::hours(1),
            "refresh_token": "the-refresh-token", "identities": {}, "credentials": [],
        })
    }

    pub fn credentials(&self, left: TimeDelta) -> serde_json::Value {
        serde_json::json!({
            "version": 2, "user_pool_id": POOL, "client_id": "3n4b5urk1ft4fl3mg5e62d9ado", "who": "AzureAD",
            "named_by": "identity_provider", "identity_pool_id": "eu-west-1:1cf667a2-49a6-454b-9e45-231990000000",
            "identity_pool_endpoint": self.server.url(), "role_arn": null, "subject": "s",
            "issued_at": Self::now() - TimeDelta::minutes(50), "expires_at": Self::now() + left,
            "access_key_id": "ASIANOTAREALKEY00000", "secret_access_key": "this-is-no-secret-key", "session_token": "t",
        })
    }

    /// Runs cogfed in this process, at the time [`Desk::now`].
    pub fn run(&self, words: &[&str]) -> Ran {
        let mut run = InProcess::at(ManualClock::at(Self::now()));
        run.variables = self.variables.clone();
        run.is_terminal = self.is_terminal;
        run.run(&self.home, words)
    }

    /// Returns a command that runs the program in this home.
    pub fn program(&self, words: &[&str]) -> Command {
        let mut command = self.home.command(words);
        command.envs(&self.variables);
        command
    }
}

/// Checks the properties that every run of cogfed must have, whatever its input.
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

/// Returns whether `text` contains no character that controls a terminal.
pub fn is_plain(text: &str) -> bool {
    !text.chars().any(|c| {
        c.is_control()
            || "\u{61c}\u{200e}\u{200f}\u{2028}\u{2029}\u{feff}".contains(c)
            || ('\u{202a}'..='\u{202e}').contains(&c)
            || ('\u{2066}'..='\u{2069}').contains(&c)
    })
}

/// Checks that standard output is empty or a valid document of `credential-process`.
#[track_caller]
pub fn assert_document_or_nothing(ran: &Ran) {
    match ran.status {
        0 => assert_eq!(ran.document()["Version"], 1, "{ran:?}"),
        _ => assert_eq!(ran.stdout, "", "{ran:?}"),
    }
}

/// A server with prepared answers, chosen by path or AWS operation. It answers 404 to all other requests.
pub struct Answering {
    server: Server,
    answers: Arc<Mutex<BTreeMap<String, Answer>>>,
}

impl Answering {
    fn start() -> Self {
        let answers = Arc::<Mutex<BTreeMap<String, Answer>>>::default();
        let shared = Arc::clone(&answers);
        let server = Server::of_requests(move |request| {
            let target = request.line().split(' ').nth(1).unwrap_or_default();
            let asked = request.header("x-amz-target").unwrap_or(target).to_lowercase();
            let answers = shared.lock().expect("a lock");
            let found = answers.iter().find(|(end, _)| asked.ends_with(&end.to_lowercase()));
            found.map_or_else(|| Answer::json(404, "{}"), |(_, answer)| answer.clone())
        });
        Self { server, answers }
    }

    /// Returns the number of connections to the server so far.
    pub fn asked(&self) -> usize {
        self.server.connections()
    }

    pub fn url(&self) -> String {
        self.server.url()
    }

    /// Sets the answer to requests whose path or AWS operation ends with `path`.
    pub fn answer(&self, path: &str, answer: Answer) {
        self.answers.lock().expect("a lock").insert(path.to_owned(), answer);
    }
}
