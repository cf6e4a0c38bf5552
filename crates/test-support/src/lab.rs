//! A test environment ("lab"): a sandbox, and a home folder for cogfed with a profile for the sandbox.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use cogfed::clock::{Clock, ManualClock, SystemClock};
use cogfed::folder::Folder;
use cogfed::oidc::Browser;
use cogfed::sandbox::issued::IssuedKey;
use cogfed::sandbox::{Options, Sandbox, visitor};
use serde_json::Value;

use crate::{CREDENTIALS, Home, InProcess, Ran, VisitorBrowser, WaitingLogin, come_back, free_ports};

/// The name of the profile in a lab's configuration.
pub const PROFILE: &str = "lab";

/// A sandbox, and a home folder with a cogfed profile for the sandbox.
pub struct Lab {
    /// The running sandbox.
    pub sandbox: Sandbox,
    /// The clock of the sandbox, and of cogfed when cogfed runs inside the test process.
    pub clock: LabClock,
    home: Home,
}

/// The clock of a lab: the system's clock, or a clock that the test moves.
#[derive(Clone)]
pub enum LabClock {
    /// The system's clock.
    Real,
    /// A clock that stands still until the test moves it.
    Manual(ManualClock),
}

impl Clock for LabClock {
    fn now(&self) -> DateTime<Utc> {
        match self {
            LabClock::Real => SystemClock.now(),
            LabClock::Manual(clock) => clock.now(),
        }
    }
}

/// Methods that set up a lab.
impl Lab {
    /// Starts a sandbox with default options on the system's clock, for tests that run cogfed as a process.
    pub fn new() -> Self {
        Self::with(Options::default())
    }

    /// Starts a sandbox with these options on the system's clock.
    pub fn with(options: Options) -> Self {
        Self::on(LabClock::Real, options)
    }

    /// Starts a sandbox on a manual clock, for runs of cogfed inside the test process, and returns the lab and the
    /// clock. The clock stands still until the test moves it.
    pub fn with_manual_clock(options: Options) -> (Self, ManualClock) {
        let clock = ManualClock::at(DateTime::from_timestamp(1_800_000_000, 0).expect("a time"));
        (Self::on(LabClock::Manual(clock.clone()), options), clock)
    }

    fn on(clock: LabClock, options: Options) -> Self {
        let shown = clock.clone();
        let options = Options { clock: Arc::new(move || shown.now()), redirect_ports: free_ports(3), ..options };
        let sandbox = Sandbox::start(options).expect("a sandbox");
        let lab = Self { sandbox, clock, home: Home::new() };
        lab.configure_with("");
        lab
    }

    /// Replaces the profiles in the lab's configuration, and returns the lab. Each profile has a name and its settings
    /// as lines of TOML (see [`sandbox_section`]). [`PROFILE`] is the default if it is among them.
    #[must_use]
    pub fn with_profiles(self, profiles: &[(&str, &str)]) -> Self {
        let is_default = profiles.iter().any(|(name, _)| *name == PROFILE);
        let mut text = if is_default { format!("default_profile = '{PROFILE}'\n") } else { String::new() };
        for (name, lines) in profiles {
            text += &sandbox_section(&self.sandbox, name, lines);
        }
        self.home.configure(text);
        self
    }

    /// Signs in as Alice, puts her credentials into the store, and returns the lab. The sandbox's log is empty.
    #[must_use]
    pub fn signed_in(self) -> Self {
        match self.clock {
            LabClock::Real => self.login("alice").good(),
            LabClock::Manual(_) => self.login_here("alice").good(),
        };
        self.credentials().good();
        self.sandbox.clear_log();
        self
    }

    /// Signs in as Alice, lets two hours pass so that her credentials and ID token expire, and returns the lab. The
    /// sandbox's log is empty.
    #[must_use]
    pub fn expired(self) -> Self {
        let lab = self.signed_in();
        match &lab.clock {
            LabClock::Real => lab.age(TimeDelta::hours(2)),
            LabClock::Manual(clock) => clock.advance(TimeDelta::hours(2)),
        }
        lab
    }

    /// Writes a configuration with one profile: `section`, with `lines` inserted after its first line.
    pub fn configure(&self, section: &str, lines: &str) {
        let (head, keys) = section.split_once('\n').expect("a section of several lines");
        self.home.configure(format!("{head}\n{lines}\n{keys}"));
    }

    /// Writes the configuration of the lab's profile; `lines` replace its default settings (see [`sandbox_section`]).
    pub fn configure_with(&self, lines: &str) {
        self.home.configure(sandbox_section(&self.sandbox, PROFILE, lines));
    }

    /// Moves the lab's clock, which must be manual.
    pub fn advance(&self, by: TimeDelta) {
        match &self.clock {
            LabClock::Manual(clock) => clock.advance(by),
            LabClock::Real => panic!("this lab has real time"),
        }
    }
}

impl Default for Lab {
    fn default() -> Self {
        Self::new()
    }
}

/// Methods that act on the lab's home folder, or run cogfed in it.
impl Lab {
    /// Returns the home folder. Everything that cogfed may write to is below it.
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// Returns the path of the configuration file.
    pub fn config(&self) -> PathBuf {
        self.home.config()
    }

    /// Returns the folder for the program's temporary files.
    pub fn temporary(&self) -> PathBuf {
        self.home.temporary()
    }

    #[cfg(all(unix, not(target_vendor = "apple")))]
    pub(crate) fn desktop(&self) -> PathBuf {
        self.home.desktop()
    }

    /// Returns the folder that the program runs in.
    pub fn work(&self) -> PathBuf {
        self.home.work()
    }

    /// Returns cogfed's state folder.
    pub fn folder(&self) -> Folder {
        self.home.folder()
    }

    /// Returns a command that runs the program with the lab's home (see [`Home::command`]).
    pub fn command(&self, words: &[&str]) -> Command {
        self.home.command(words)
    }

    /// Runs the program and waits until it exits.
    pub fn run(&self, words: &[&str]) -> Ran {
        self.home.run(words)
    }

    /// Signs in as `person` by running the program, with a simulated browser.
    pub fn login(&self, person: &str) -> Ran {
        self.login_with(&[], person)
    }

    /// Signs in as `person` by running the program with `flags` and a simulated browser.
    pub fn login_with(&self, flags: &[&str], person: &str) -> Ran {
        let waiting = self.begin_login(flags);
        // If the sign-in is refused, the visitor's last page may be missing. Only cogfed's output counts.
        let _ = visitor::sign_in_as(&waiting.url, person);
        waiting.end()
    }

    /// Signs in as `person`, then removes any credentials that the login has fetched. The sandbox's log is empty.
    #[track_caller]
    pub fn only_sign_in(&self, person: &'static str) -> Ran {
        let ran = match self.clock {
            LabClock::Real => self.login(person),
            LabClock::Manual(_) => self.login_here(person),
        };
        assert!(ran.stderr.contains("signed in as "), "{}", ran.stderr);
        self.forget_credentials();
        self.sandbox.clear_log();
        ran
    }

    /// Starts `login --no-browser`, and returns when the login waits for the browser.
    pub fn begin_login(&self, flags: &[&str]) -> WaitingLogin {
        let child = self.command(&[&["login", "--no-browser"], flags].concat()).spawn().expect("cogfed runs");
        WaitingLogin::of(child)
    }

    /// Runs cogfed inside the test process, on the lab's clock. If `browser` is `None`, opening one fails the test.
    pub fn run_here(&self, words: &[&str], browser: Option<Arc<dyn Browser>>) -> Ran {
        let mut run = InProcess::at(self.clock.clone());
        if let Some(browser) = browser {
            run.browser = browser;
        }
        run.run(&self.home, words)
    }

    /// Runs cogfed inside the test process, in the lab's home folder, with the settings in `run`.
    pub fn run_prepared(&self, run: InProcess, words: &[&str]) -> Ran {
        run.run(&self.home, words)
    }

    /// Signs in as `person` by running cogfed inside the test process.
    pub fn login_here(&self, person: &'static str) -> Ran {
        self.run_here(&["login"], Some(Arc::new(VisitorBrowser(person))))
    }

    /// Runs `credential-process`: as a process if the lab's clock is real, or inside the test process if the clock is
    /// manual.
    pub fn credentials(&self) -> Ran {
        match self.clock {
            LabClock::Real => self.run(CREDENTIALS),
            LabClock::Manual(_) => self.run_here(CREDENTIALS, None),
        }
    }
}

/// Methods that look things up in the sandbox.
impl Lab {
    /// Returns the sandbox's record of the credentials in `document`, the output of `credential-process`.
    ///
    /// # Panics
    /// If the sandbox did not issue the key.
    #[track_caller]
    pub fn issued(&self, document: &Value) -> IssuedKey {
        let key = document["AccessKeyId"].as_str().unwrap_or_else(|| panic!("no access key: {document}"));
        self.sandbox.issued_keys().find(key).expect("a key of this sandbox")
    }

    /// Returns the ARN of the role that owns the credentials in `document`, the output of `credential-process`.
    #[track_caller]
    pub fn role_of(&self, document: &Value) -> String {
        self.issued(document).role_arn
    }

    /// Returns the username that belongs to the credentials in `document`, the output of `credential-process`.
    #[track_caller]
    pub fn user_of(&self, document: &Value) -> String {
        self.issued(document).username
    }

    /// Checks that `text` contains no secret that the sandbox has issued or received.
    ///
    /// # Panics
    /// If it contains one.
    #[track_caller]
    pub fn assert_no_secret(&self, text: &str) {
        for secret in self.sandbox.secrets_issued() {
            assert!(!text.contains(&secret), "{secret} in {text}");
        }
    }

    /// Completes a waiting login as Alice, and checks that it succeeds and that exactly one code was exchanged.
    ///
    /// # Panics
    /// If it does not.
    #[track_caller]
    pub fn complete(&self, waiting: WaitingLogin) -> Ran {
        let codes_before = self.sandbox.count("token.code");
        let page = come_back(&waiting.callback("alice"));
        assert!(page.body.contains("You are signed in"), "{page:?}");
        let ran = waiting.end().good();
        assert!(ran.stderr.contains("signed in as alice@corp.example via AzureAD"), "{}", ran.stderr);
        assert_eq!(self.sandbox.count("token.code"), codes_before + 1, "one exchange, that of the right code");
        ran
    }
}

/// Returns the TOML section of a profile for `sandbox`. Each setting in `lines` replaces the sandbox's setting with the
/// same key. The store is the file store unless a line sets `store`. A line with `idp_identifier` replaces
/// `identity_provider`.
pub fn sandbox_section(sandbox: &Sandbox, name: &str, lines: &str) -> String {
    let key_of = |line: &str| line.split_once(" =").map(|(key, _)| key.trim().to_owned());
    let mut keys: Vec<String> = lines.lines().filter_map(key_of).collect();
    let store = if keys.iter().any(|key| key == "store") { "" } else { "store = 'file'\n" };
    if keys.iter().any(|key| key == "idp_identifier") {
        keys.push("identity_provider".to_owned());
    }
    let section = sandbox.profile_toml(name);
    let (head, own) = section.split_once('\n').expect("a section of several lines");
    let mut text = format!("{head}\n{store}{lines}\n");
    let mut is_below = false;
    for line in own.lines() {
        is_below |= line.starts_with('[');
        if is_below || !key_of(line).is_some_and(|key| keys.contains(&key)) {
            text += line;
            text += "\n";
        }
    }
    text
}
