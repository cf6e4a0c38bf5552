//! What the tests of whole commands share: a sandbox, a home of its own for cogfed, and cogfed run in it, as a program
//! or within this process (where a test holds the clock).
#![allow(dead_code, unused_imports, reason = "each test target uses a part of it")]

pub mod random;
mod skip;

use std::ffi::OsString;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::iter;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{self, Child, Command, Stdio};
use std::sync::{Arc, Mutex};

use chrono::{DateTime, TimeDelta, Utc};
use cogfed::clock::{Clock, ManualClock, SystemClock};
use cogfed::commands::{self, Env, Output};
use cogfed::folder::Folder;
use cogfed::oidc::Browser;
use cogfed::sandbox::{Options, Sandbox, visitor};
use cogfed::terminal::Terminal;
pub use skip::{skip, skip_anywhere};
use tempfile::TempDir;
use url::Url;

/// The name of the profile in a lab's configuration.
pub const PROFILE: &str = "lab";

/// The program: the one that cargo built for this test, or a copy of it that COGFED_TEST_PROGRAM names, for a user who
/// cannot reach that.
fn program() -> PathBuf {
    std::env::var_os("COGFED_TEST_PROGRAM").map_or_else(|| env!("CARGO_BIN_EXE_cogfed").into(), PathBuf::from)
}

/// A sandbox, and a home for cogfed that knows it.
pub struct Lab {
    pub sandbox: Sandbox,
    /// The time for cogfed where it runs within this process, and for the sandbox in any case.
    pub clock: LabClock,
    home: TempDir,
}

/// Real time, or a clock that the test moves.
#[derive(Clone)]
pub enum LabClock {
    Real,
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

/// What a run of cogfed left.
#[derive(Debug)]
pub struct Ran {
    pub status: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Ran {
    /// The same, if it ended well; else the test fails and shows what was said.
    #[track_caller]
    pub fn good(self) -> Self {
        assert_eq!(self.status, 0, "{}{}", self.stdout, self.stderr);
        self
    }

    /// The same, if it ended with this status.
    #[track_caller]
    pub fn failed_with(self, status: i32) -> Self {
        assert_eq!(self.status, status, "{}{}", self.stdout, self.stderr);
        self
    }

    /// The credential_process document.
    #[track_caller]
    pub fn document(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

impl From<process::Output> for Ran {
    fn from(output: process::Output) -> Self {
        Self {
            status: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).expect("UTF-8 on the standard output"),
            stderr: String::from_utf8(output.stderr).expect("UTF-8 on the standard error"),
        }
    }
}

impl Lab {
    /// A lab with real time, for the program.
    pub fn new() -> Self {
        Self::with(Options::default())
    }

    /// A lab with real time, and a sandbox of one's own.
    pub fn with(options: Options) -> Self {
        Self::on(LabClock::Real, options)
    }

    /// A lab whose time stands still until the test moves it, for cogfed within this process. The sandbox has the
    /// same clock.
    pub fn with_manual_clock(options: Options) -> (Self, ManualClock) {
        let clock = ManualClock::at(DateTime::from_timestamp(1_800_000_000, 0).expect("a time"));
        (Self::on(LabClock::Manual(clock.clone()), options), clock)
    }

    fn on(clock: LabClock, options: Options) -> Self {
        let shown = clock.clone();
        let options = Options { clock: Arc::new(move || shown.now()), redirect_ports: free_ports(3), ..options };
        let sandbox = Sandbox::start(options).expect("a sandbox");
        let lab = Self { sandbox, clock, home: tempfile::tempdir().expect("a folder") };
        std::fs::create_dir(lab.temporary()).expect("a folder");
        lab.configure(&lab.sandbox.profile_toml(PROFILE), "store = 'file'");
        lab
    }

    /// Writes the configuration: a profile's section, with some lines more at its head.
    pub fn configure(&self, section: &str, lines: &str) {
        let (head, keys) = section.split_once('\n').expect("a section of several lines");
        std::fs::write(self.config(), format!("{head}\n{lines}\n{keys}")).expect("the configuration is written");
    }

    /// The same profile with some lines more, in the file store unless they say otherwise.
    pub fn configure_with(&self, lines: &str) {
        let store = if lines.contains("store =") { "" } else { "store = 'file'\n" };
        self.configure(&self.sandbox.profile_toml(PROFILE), &format!("{store}{lines}"));
    }

    /// The configuration file.
    pub fn config(&self) -> PathBuf {
        self.home.path().join("config.toml")
    }

    /// Everything that cogfed may write to is below.
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// Where the program keeps temporary files, if it makes any: below the home, so that who searches that sees them.
    pub fn temporary(&self) -> PathBuf {
        self.home.path().join("tmp")
    }

    /// cogfed's own folder.
    pub fn folder(&self) -> Folder {
        Folder::at(self.home.path().join(".local/state/cogfed"))
    }

    /// The program, in an environment of its own: nothing of this process's but the lab's home, and the way to the
    /// keyring where COGFED_TEST_KEYRING=1 says that it may be used.
    pub fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(program());
        command
            .args(words)
            .env_clear()
            .envs(keyring_address().map(|address| ("DBUS_SESSION_BUS_ADDRESS", address)))
            .env("HOME", self.home.path())
            .env("TMPDIR", self.temporary())
            .env("COGFED_CONFIG", self.config())
            .current_dir(self.home.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Runs the program to its end.
    pub fn run(&self, words: &[&str]) -> Ran {
        self.command(words).output().expect("cogfed runs").into()
    }

    /// Signs a person in with the program: the sandbox's visitor is the browser.
    pub fn login(&self, person: &str) -> Ran {
        self.login_with(&[], person)
    }

    /// The same, with flags.
    pub fn login_with(&self, flags: &[&str], person: &str) -> Ran {
        let waiting = self.begin_login(flags);
        // Where the sign-in is refused the visitor's last page may be missing; what counts is what cogfed says.
        let _ = visitor::sign_in_as(&waiting.url, person);
        waiting.end()
    }

    /// Starts `login` and returns once it has printed the URL: its listener waits.
    pub fn begin_login(&self, flags: &[&str]) -> WaitingLogin {
        let child = self.command(&[&["login", "--no-browser"], flags].concat()).spawn().expect("cogfed runs");
        WaitingLogin::of(child)
    }

    /// Runs cogfed within this process, on the lab's clock. `browser` opens pages, if any are opened.
    pub fn run_here(&self, words: &[&str], browser: Option<Arc<dyn Browser>>) -> Ran {
        let (stdout, stderr) = (Kept::default(), Arc::new(Mutex::new(Vec::new())));
        let config = self.config().display().to_string();
        let env = Env {
            clock: Arc::new(self.clock.clone()),
            browser: Some(browser.unwrap_or_else(|| Arc::new(NoBrowser))),
            folder: Some(self.folder()),
            input: Box::new(io::empty()),
            output: Output { to: Box::new(stdout.clone()), is_terminal: false },
            terminal: Terminal::to(stderr.clone()),
            variable: Box::new(move |name| (name == "COGFED_CONFIG").then(|| config.clone())),
            owns_process: false,
        };
        let words = iter::once("cogfed").chain(words.iter().copied()).map(OsString::from);
        let status = i32::from(commands::exit_code(words, env));
        let text = |bytes: &Mutex<Vec<u8>>| String::from_utf8(bytes.lock().expect("a lock").clone()).expect("UTF-8");
        Ran { status, stdout: text(&stdout.0), stderr: text(&stderr) }
    }

    /// Signs a person in within this process.
    pub fn login_here(&self, person: &'static str) -> Ran {
        self.run_here(&["login"], Some(Arc::new(VisitorBrowser(person))))
    }

    /// Moves the lab's clock on, if it is one that can be moved.
    pub fn advance(&self, by: TimeDelta) {
        match &self.clock {
            LabClock::Manual(clock) => clock.advance(by),
            LabClock::Real => panic!("this lab has real time"),
        }
    }
}

/// A `login` whose listener waits for the browser.
pub struct WaitingLogin {
    /// The authorization URL.
    pub url: String,
    child: Child,
    said: String,
    stderr: BufReader<std::process::ChildStderr>,
}

impl WaitingLogin {
    /// Reads what a `login` says until it waits, or ends.
    pub fn of(mut child: Child) -> Self {
        let mut stderr = BufReader::new(child.stderr.take().expect("a pipe"));
        let (mut said, mut url) = (String::new(), String::new());
        while !said.contains("waiting up to") {
            let mut line = String::new();
            if stderr.read_line(&mut line).expect("a line") == 0 {
                break;
            }
            if line.starts_with("http") {
                url = line.trim().to_owned();
            }
            said += &line;
        }
        Self { url, child, said, stderr }
    }

    /// The port of the redirect URI.
    pub fn port(&self) -> u16 {
        self.redirect_uri().port().expect("a port")
    }

    /// The redirect URI.
    pub fn redirect_uri(&self) -> Url {
        self.parameter("redirect_uri").parse().expect("a URL")
    }

    /// The state.
    pub fn state(&self) -> String {
        self.parameter("state")
    }

    fn parameter(&self, name: &str) -> String {
        let url: Url = self.url.parse().unwrap_or_else(|error| panic!("{error}: {}", self.said));
        url.query_pairs().find(|(key, _)| key == name).expect("a parameter").1.into_owned()
    }

    /// The process's id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Reads one line more of what it says.
    pub fn next_line(&mut self) -> String {
        let mut line = String::new();
        self.stderr.read_line(&mut line).expect("a line");
        self.said += &line;
        line
    }

    /// The process, and what else it will say.
    pub fn apart(self) -> (Child, impl Read + Send + use<>) {
        (self.child, self.stderr)
    }

    /// Waits for its end.
    pub fn end(mut self) -> Ran {
        self.stderr.read_to_string(&mut self.said).expect("UTF-8 on the standard error");
        let output = self.child.wait_with_output().expect("cogfed ends");
        Ran { stderr: self.said, ..Ran::from(output) }
    }

    /// Kills it.
    pub fn kill(mut self) {
        self.child.kill().expect("it can be killed");
        self.child.wait().expect("it ends");
    }
}

/// A browser in which the sandbox's visitor signs this person in.
pub struct VisitorBrowser(pub &'static str);

impl Browser for VisitorBrowser {
    fn open(&self, url: &Url) -> Result<(), String> {
        visitor::sign_in_as(url.as_str(), self.0).map(drop).map_err(|error| format!("{error:#}"))
    }
}

/// A browser that must not be opened.
pub struct NoBrowser;

impl Browser for NoBrowser {
    fn open(&self, _: &Url) -> Result<(), String> {
        panic!("a browser was opened");
    }
}

/// Where the desktop's keyring is, if the tests may use it.
pub fn keyring_address() -> Option<std::ffi::OsString> {
    std::env::var_os("COGFED_TEST_KEYRING").filter(|value| value == "1")?;
    std::env::var_os("DBUS_SESSION_BUS_ADDRESS")
}

/// Ports that are free just now, on 127.0.0.1.
pub fn free_ports(count: usize) -> Vec<u16> {
    let sockets: Vec<TcpListener> =
        (0..count).map(|_| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port")).collect();
    sockets.iter().map(|socket| socket.local_addr().expect("an address").port()).collect()
}

/// What was written, for a test to look at: shared by its clones.
#[derive(Clone, Default)]
pub struct Kept(pub Arc<Mutex<Vec<u8>>>);

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("a lock").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
