//! Tests of the ten minutes after an uncompleted sign-in. During this time, unattended processes open no browser.

use std::io::Read;
use std::process::{Child, Command};
use std::sync::Arc;
use std::time::Instant;

use chrono::TimeDelta;
use cogfed::oidc::Browser;
use cogfed::sandbox::Options;
use cogfed::sandbox::visitor::Visitor;
use cogfed_test_support::trace::traced;
use cogfed_test_support::{CREDENTIALS, Lab, NoBrowser, Pages, VisitorBrowser, ended, has_strace};
use url::Url;

const ASKED: &[&str] = &["credential-process", "--sign-in"];
const TRIED: &str = "a sign-in to profile 'lab' was tried at ";

/// A browser in which the person closes the tab at once.
struct Closed;

impl Browser for Closed {
    fn open(&self, _: &Url) -> Result<(), String> {
        Ok(())
    }
}

/// Returns a lab, and the URLs that its browser is asked to open.
pub fn noting(lines: &str) -> (Lab, Pages) {
    let lab = Lab::new();
    let opened = lab.note_pages(lines);
    (lab, opened)
}

#[test]
fn unanswered_sign_in_blocks_browsers_for_ten_minutes() {
    let (lab, clock) = Lab::with_manual_clock(Options::default());
    lab.run_here(&["login", "--timeout", "1"], Some(Arc::new(Closed))).failed_with(3);
    for (by, words) in [(0, ASKED), (599, ASKED), (0, CREDENTIALS)] {
        clock.advance(TimeDelta::seconds(by));
        let setting = if words == ASKED { "" } else { "sign_in_on_demand = true" };
        lab.configure_with(setting);
        let ran = lab.run_here(words, Some(Arc::new(NoBrowser))).failed_with(3);
        assert_eq!((ran.stdout.as_str(), ran.stderr.lines().count()), ("", 1), "{}", ran.stderr);
        for words in [TRIED, "2027-01-15 08:00:00 UTC", "before 08:10:00 UTC", "run 'cogfed login --profile lab'"] {
            assert!(ran.stderr.contains(words), "{words} in {}", ran.stderr);
        }
    }
    clock.advance(TimeDelta::seconds(1));
    lab.run_here(ASKED, Some(Arc::new(VisitorBrowser("alice")))).good();
}

#[test]
fn person_signing_in_ignores_and_clears_the_browser_block() {
    let (lab, _) = Lab::with_manual_clock(Options::default());
    lab.run_here(&["login", "--timeout", "1"], Some(Arc::new(Closed))).failed_with(3);
    lab.run_here(&["login", "--timeout", "1"], Some(Arc::new(Closed))).failed_with(3);
    lab.login_here("alice").good();
    lab.run_here(&["logout"], None).good();
    lab.run_here(ASKED, Some(Arc::new(VisitorBrowser("alice")))).good();
}

#[test]
fn back_off_in_the_future_is_ignored() {
    let (lab, clock) = Lab::with_manual_clock(Options::default());
    lab.run_here(&["login", "--timeout", "1"], Some(Arc::new(Closed))).failed_with(3);
    clock.advance(TimeDelta::seconds(-1));
    lab.run_here(ASKED, Some(Arc::new(VisitorBrowser("alice")))).good();
}

#[test]
fn killed_sign_in_opens_no_second_browser() {
    let (lab, opened) = noting("");
    let mut child = lab.command(ASKED).spawn().unwrap();
    opened.wait_for(1);
    child.kill().unwrap();
    child.wait().unwrap();
    for _ in 0..3 {
        let ran = lab.run(ASKED).failed_with(3);
        assert!(ran.stderr.contains(TRIED), "{}", ran.stderr);
    }
    assert_eq!(opened.opened().len(), 1);
}

#[test]
fn blocked_caller_contacts_no_server_and_takes_no_lock() {
    if !has_strace() {
        return;
    }
    let (lab, opened) = noting("");
    let mut child = lab.command(ASKED).spawn().unwrap();
    opened.wait_for(1);
    child.kill().unwrap();
    child.wait().unwrap();
    // The first caller has asked the user pool before its browser opened.
    lab.sandbox.clear_log();
    let log = lab.home().join("trace");
    let output = traced(&lab, &log, &[], ASKED).wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(3));
    let text = std::fs::read_to_string(log).unwrap();
    let calls = |name: &str| text.lines().filter(|line| line.contains(&format!(" {name}("))).collect::<Vec<_>>();
    for forbidden in ["connect", "bind", "clone", "clone3", "fork", "vfork", "nanosleep", "clock_nanosleep"] {
        assert_eq!(calls(forbidden), Vec::<&str>::new());
    }
    assert!(!calls("flock").is_empty(), "the trace says something");
    for lock in calls("flock") {
        assert!(lock.contains("LOCK_NB") || lock.contains("LOCK_UN"), "waits for a lock: {lock}");
    }
    assert!(calls("fsync").len() <= 4, "{:?}", calls("fsync"));
    assert_eq!(lab.sandbox.requests().len(), 0);
    // Like the benches, this compares the time with that of the program's cheapest run, measured alongside.
    let time = |words: &[&str]| {
        let once = || {
            let began = Instant::now();
            lab.run(words);
            began.elapsed()
        };
        (0..9).map(|_| once()).min().unwrap()
    };
    println!("held back: {:?}, beside {:?} for --version", time(ASKED), time(&["--version"]));
}

#[test]
fn waiting_callers_fail_with_the_browser_holder() {
    for (is_denied, status) in [(false, 3), (true, 6)] {
        let (lab, opened) = noting("");
        let first = lab.command(&["login", "--timeout", if is_denied { "60" } else { "5" }]).spawn().unwrap();
        let pages_of_first = opened.wait_for(1);
        let waiting: Vec<Child> = (0..8).map(|_| waiting(&lab)).collect();
        if is_denied {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(Visitor::default().cancel(&pages_of_first[0])).unwrap();
        }
        for ran in ended(std::iter::once(first).chain(waiting).collect()) {
            assert_eq!(ran.status, status, "{}", ran.stderr);
        }
        assert_eq!(opened.opened().len(), 1);
    }
}

/// Starts a process, and waits until it reports that it waits for another process's browser.
fn waiting(lab: &Lab) -> Child {
    let mut child = lab.command(ASKED).spawn().unwrap();
    let mut said = [0; 64];
    child.stderr.as_mut().unwrap().read_exact(&mut said).unwrap();
    assert!(said.starts_with(b"cogfed: another cogfed is signing in to this profile"), "{said:?}");
    child
}

#[test]
fn browser_is_not_opened_when_it_cannot_be_recorded() {
    let (lab, opened) = noting("");
    std::fs::create_dir_all(lab.folder().path()).unwrap();
    Command::new("chmod").arg("700").arg(lab.folder().path()).status().unwrap();
    std::fs::write(lab.folder().path().join("sign-ins"), "no folder").unwrap();
    let ran = lab.run(ASKED);
    assert_eq!((ran.status, opened.opened().len()), (1, 0), "{}", ran.stderr);
    assert!(ran.stderr.contains("no browser is opened where it cannot be noted"), "{}", ran.stderr);
}
