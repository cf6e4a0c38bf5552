//! Tests of the secrets of a sign-in, from its start to the sign-out. They are only in the store: not in the most
//! verbose standard error, in other files, or in arguments and environments of processes.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use chrono::TimeDelta;
use cogfed::sandbox::options::{Options, Rotation};
use cogfed::sandbox::{Misbehaviour, Switch, visitor};
use cogfed_test_support::{CREDENTIALS, Lab, Ran, WaitingLogin};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use url::Url;

/// All bytes that were observed outside the store, each together with the place where they were observed.
#[derive(Default)]
struct Seen(Mutex<BTreeSet<(String, Vec<u8>)>>);

impl Seen {
    fn add(&self, place: &str, bytes: Vec<u8>) {
        self.0.lock().unwrap().insert((place.to_owned(), bytes));
    }

    /// Returns the places where one of these secrets, in any encoding, was observed.
    fn hits(&self, secrets: &[String]) -> Vec<String> {
        let seen = self.0.lock().unwrap();
        let mut hits = Vec::new();
        for secret in secrets {
            for form in forms(secret) {
                let hit = seen.iter().filter(|(_, bytes)| contains(bytes, form.as_bytes()));
                hits.extend(hit.map(|(place, _)| format!("{}… in {place}", &form[..12.min(form.len())])));
            }
        }
        hits
    }

    fn processes(&self) {
        for process in std::fs::read_dir("/proc").unwrap().flatten() {
            let path = process.path();
            for name in ["cmdline", "environ"] {
                if let Ok(bytes) = std::fs::read(path.join(name)) {
                    self.add(name, bytes);
                }
            }
        }
    }

    fn files(&self, below: &Path, except: &Path) {
        for entry in std::fs::read_dir(below).unwrap().flatten() {
            let path = entry.path();
            if path == except {
                continue;
            }
            self.add("a file's name", path.as_os_str().as_encoded_bytes().to_vec());
            match path.is_dir() {
                true => self.files(&path, except),
                false => self.add(&path.display().to_string(), std::fs::read(&path).unwrap_or_default()),
            }
        }
    }
}

fn contains(text: &[u8], what: &[u8]) -> bool {
    text.windows(what.len()).any(|window| window == what)
}

/// Returns the encoded forms of a secret: unchanged, percent-encoded, and in base64 for each of the three possible byte
/// offsets.
fn forms(secret: &str) -> Vec<String> {
    let mut forms = vec![
        secret.to_owned(),
        utf8_percent_encode(secret, NON_ALPHANUMERIC).to_string(),
        url::form_urlencoded::byte_serialize(secret.as_bytes()).collect(),
        STANDARD.encode(secret),
    ];
    for skip in 0..3 {
        let whole = secret.len().saturating_sub(skip) / 3 * 3;
        let inner = &secret.as_bytes()[skip..skip + whole];
        forms.push(STANDARD_NO_PAD.encode(inner));
        forms.push(URL_SAFE_NO_PAD.encode(inner));
    }
    forms.sort();
    forms.dedup();
    forms
}

/// The faults that only make a command wait and that cause no message of their own.
const SILENT: &[Misbehaviour] = &[Misbehaviour::TokenSilent, Misbehaviour::IdentitySilent];

/// The sign-in of a lab, with the most verbose output. All output and all files are collected in `seen`.
struct Life<'a> {
    lab: &'a Lab,
    seen: &'a Seen,
    store: PathBuf,
}

impl Life<'_> {
    fn look(&self, ran: &Ran) {
        // The URL that a person opens contains state and nonce, which are not secret from that person.
        let said: Vec<&str> = ran.stderr.lines().filter(|line| !line.starts_with("http")).collect();
        self.seen.add("the standard error", said.join("\n").into_bytes());
        self.seen.files(self.lab.home(), &self.store);
    }

    fn run(&self, words: &[&str]) -> Ran {
        let ran = self.lab.run(&[&["--debug"], words].concat());
        if words.first() != Some(&"credential-process") {
            self.seen.add("the standard output", ran.stdout.clone().into_bytes());
        }
        self.look(&ran);
        ran
    }

    /// Signs in, and returns the `state` and the `nonce`.
    fn login(&self, status: i32) -> Vec<String> {
        let waiting = self.lab.begin_login(&["--debug", "--force"]);
        let url: Url = waiting.url.parse().unwrap();
        let secrets = url.query_pairs().filter(|(name, _)| name == "state" || name == "nonce");
        let secrets = secrets.map(|(_, value)| value.into_owned()).collect();
        let _ = visitor::sign_in_as(&waiting.url, "alice");
        self.look(&waiting.end().failed_with(status));
        secrets
    }

    /// Runs every command of a sign-in while the sandbox has the fault `fault`. Returns the number of failed commands,
    /// and the sign-in's own secrets.
    fn under(&self, fault: Misbehaviour) -> (usize, Vec<String>) {
        let orders = format!("{}/orders", self.lab.sandbox.api_url());
        let misbehaves = || self.lab.sandbox.misbehave(fault, None);
        self.lab.login("alice").good();
        misbehaves();
        self.lab.age(TimeDelta::hours(2));
        let mut ran = vec![self.run(CREDENTIALS), self.run(&["call", "-v", "GET", &orders]), self.run(&["logout"])];
        let waiting = self.lab.begin_login(&["--debug", "--timeout", "2"]);
        // Some faults are found before there is a URL.
        let url = waiting.url.parse::<Url>().ok();
        let secrets = url.iter().flat_map(Url::query_pairs).filter(|(name, _)| name == "state" || name == "nonce");
        let secrets = secrets.map(|(_, value)| value.into_owned()).collect();
        let _ = visitor::sign_in_as(&waiting.url, "alice");
        ran.push(waiting.end());
        self.look(ran.last().unwrap());
        self.lab.sandbox.behave();
        (ran.iter().filter(|ran| ran.status != 0).count(), secrets)
    }

    fn whole(&self) -> Vec<String> {
        let sandbox = &self.lab.sandbox;
        let mut secrets = self.login(0);
        assert_eq!(secrets.len(), 2);
        let orders = format!("{}/orders", sandbox.api_url());
        self.run(&["credential-process"]).good();
        self.run(&["call", "-v", "GET", &orders]).good();
        self.run(&["call", "-v", "--dry-run", "GET", &orders]).good();
        self.run(&["call", "-v", "-i", "--fail", "GET", &format!("{}/no-such-route", sandbox.api_url())]);
        self.run(&["status"]).good();
        self.run(&["status", "--json"]).good();
        self.run(&["status", "--report"]).good();
        self.run(&["profile", "show"]).good();
        for (fault, status) in [
            (Misbehaviour::Token500, 5),
            (Misbehaviour::TokenHtml, 5),
            (Misbehaviour::RefreshDropAnswer, 5),
            (Misbehaviour::BadSignature, 6),
            (Misbehaviour::OtherSubOnRefresh, 6),
            (Misbehaviour::IdentityNotAuthorized, 6),
        ] {
            self.lab.age(TimeDelta::hours(2));
            sandbox.misbehave(fault, Some(2));
            self.run(&["credential-process"]).failed_with(status);
            sandbox.behave();
        }
        self.lab.age(TimeDelta::hours(2));
        self.run(&["credential-process"]).good();
        sandbox.misbehave(Misbehaviour::WrongNonce, Some(1));
        secrets.extend(self.login(6));
        sandbox.misbehave(Misbehaviour::Token10Mib, Some(1));
        secrets.extend(self.login(5));
        self.lab.age(TimeDelta::hours(2));
        sandbox.misbehave(Misbehaviour::RefreshInvalidGrant, Some(1));
        self.run(&["credential-process"]).failed_with(3);
        secrets.extend(self.login(0));
        self.run(&["logout"]).good();
        secrets.extend(sandbox.secrets_issued());
        secrets
    }
}

#[test]
fn no_secret_is_printed_whatever_goes_wrong() {
    let lab = Lab::with(Options { rotation: Rotation::On { grace: 60 }, ..Options::default() });
    let seen = Seen::default();
    let life = Life { lab: &lab, seen: &seen, store: lab.folder().path().join("store") };
    let (mut failed, mut secrets) = (0, Vec::new());
    for &fault in Misbehaviour::ALL.iter().filter(|fault| !SILENT.contains(fault)) {
        let (failures, own) = life.under(fault);
        failed += failures;
        secrets.extend(own);
    }
    assert!(failed >= 60, "{failed} commands failed");
    secrets.extend(lab.sandbox.secrets_issued());
    assert_eq!(seen.hits(&secrets), Vec::<String>::new());
}

/// Returns each secret of which `text` contains at least 16 successive characters, ignoring case and percent-encoding.
fn pieces_in(text: &str, secrets: &[String]) -> Vec<String> {
    let texts = [text.to_owned(), percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned()];
    let texts = texts.map(|text| text.to_lowercase());
    let is_there = |secret: &&String| {
        let secret = secret.to_lowercase();
        let pieces = secret.as_bytes().windows(16).step_by(4);
        pieces.into_iter().any(|piece| texts.iter().any(|text| contains(text.as_bytes(), piece)))
    };
    secrets.iter().filter(is_there).cloned().collect()
}

/// Runs every command that sends a secret, with a server that repeats the whole request in its answer. Returns all
/// output, and the content of all files besides the store's.
fn echoed(lab: &Lab) -> String {
    let mut shown = String::new();
    let mut add = |ran: Ran, status: i32, repeats: bool| {
        assert_eq!(ran.status, status, "{}", ran.stderr);
        assert!(!repeats || ran.stderr.contains("[secret]"), "it is repeated: {}", ran.stderr);
        shown += &format!("{}{}", ran.stdout, ran.stderr);
    };
    // The code, the verifier and the app client's secret.
    let login = || {
        let secret = lab.sandbox.client_secrets().first().cloned().unwrap_or_default();
        let mut command = lab.command(&["login", "--no-browser"]);
        WaitingLogin::of(command.env("COGFED_CLIENT_SECRET", secret).spawn().expect("it runs"))
    };
    let waiting = login();
    lab.sandbox.misbehave(Misbehaviour::Echo, None);
    let _ = visitor::sign_in_as(&waiting.url, "alice");
    let ran = waiting.end();
    // The URL that a person opens contains state and nonce, which are not secret from that person.
    let lines = ran.stderr.lines().filter(|line| !line.trim_start().starts_with("http"));
    let stderr = lines.collect::<Vec<_>>().join("\n");
    add(Ran { stderr, ..ran }, 6, true);
    lab.sandbox.behave();
    let waiting = login();
    let _ = visitor::sign_in_as(&waiting.url, "alice");
    waiting.end().good();
    // The ID token; in the classic flow, the identity pool's token.
    lab.items("credentials").iter().for_each(|item| std::fs::remove_file(item).unwrap());
    lab.sandbox.misbehave(Misbehaviour::Echo, None);
    add(lab.run(&["--debug", "credential-process"]), 6, true);
    add(lab.run(&["status", "--report"]), 0, false);
    lab.sandbox.behave();
    lab.run(CREDENTIALS).good();
    // The credentials.
    lab.sandbox.misbehave(Misbehaviour::Echo, None);
    add(lab.run(&["--debug", "roles"]), 0, false);
    // The refresh token, at a renewal and at its revocation.
    lab.age(TimeDelta::hours(2));
    add(lab.run(&["--debug", "credential-process"]), 6, true);
    add(lab.run(&["status", "--report"]), 0, false);
    add(lab.run(&["--debug", "logout"]), 6, true);
    lab.sandbox.behave();
    let seen = Seen::default();
    seen.files(lab.home(), &lab.folder().path().join("store"));
    for (_, bytes) in seen.0.into_inner().unwrap() {
        shown += &String::from_utf8_lossy(&bytes);
    }
    shown
}

#[test]
fn echoing_servers_make_cogfed_tell_no_secret() {
    let mut with_secret = Options::default();
    Switch::ClientSecret.apply(&mut with_secret);
    let mut classic = Options::default();
    Switch::ClassicFlow.apply(&mut classic);
    for (options, lines) in
        [(with_secret, ""), (classic, "flow = 'classic'\nrole_arn = 'arn:aws:iam::000000000000:role/OrdersReader'")]
    {
        let lab = Lab::with(options);
        lab.configure_with(lines);
        let shown = echoed(&lab);
        let mut secrets = lab.sandbox.secrets_issued();
        secrets.extend(lab.sandbox.client_secrets().iter().cloned());
        secrets.retain(|secret| secret.len() >= 16);
        assert!(secrets.len() >= 8, "{}", secrets.len());
        assert_eq!(pieces_in(&shown, &secrets), Vec::<String>::new(), "{shown}");
        // The same search finds a planted piece.
        assert_eq!(pieces_in(&format!("x{}y", &secrets[0][4..30.min(secrets[0].len())]), &secrets[..1]).len(), 1);
    }
}

#[test]
fn secrets_exist_only_in_the_store() {
    let lab = Lab::with(Options { rotation: Rotation::On { grace: 60 }, ..Options::default() });
    let seen = Seen::default();
    let over = AtomicBool::new(false);
    let life = Life { lab: &lab, seen: &seen, store: lab.folder().path().join("store") };
    let secrets = thread::scope(|scope| {
        if cfg!(target_os = "linux") {
            scope.spawn(|| {
                while !over.load(Ordering::SeqCst) {
                    seen.processes();
                    thread::sleep(Duration::from_millis(2));
                }
            });
        }
        let secrets = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| life.whole()));
        over.store(true, Ordering::SeqCst);
        secrets.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    });
    let secrets: Vec<String> = secrets.into_iter().filter(|secret| !secret.is_empty()).collect();
    assert!(secrets.len() > 40 && secrets.iter().all(|secret| secret.len() >= 16), "{}", secrets.len());
    assert_eq!(seen.hits(&secrets), Vec::<String>::new());

    // The same search finds a planted secret, so it works.
    let commands = |part: &str| seen.0.lock().unwrap().iter().any(|(_, bytes)| contains(bytes, part.as_bytes()));
    assert!(cfg!(not(target_os = "linux")) || commands("credential-process"), "the processes were seen");
    let canary = "canary/+0123456789=".to_owned();
    for planted in [canary.clone(), STANDARD.encode(&canary), STANDARD.encode(format!("a{canary}")), {
        utf8_percent_encode(&canary, NON_ALPHANUMERIC).to_string()
    }] {
        let seen = Seen::default();
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("keys")).unwrap();
        std::fs::write(folder.path().join("keys/planted"), format!("x{planted}y")).unwrap();
        seen.files(folder.path(), &folder.path().join("store"));
        assert!(!seen.hits(std::slice::from_ref(&canary)).is_empty(), "{planted}");
    }
    let seen = Seen::default();
    let mut child = std::process::Command::new("sleep").arg("60").env("PLANTED", &canary).spawn().unwrap();
    let found = cfg!(not(target_os = "linux"))
        || (0..1000).any(|_| {
            seen.processes();
            !seen.hits(std::slice::from_ref(&canary)).is_empty()
        });
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(found, "an environment is searched");
}
