//! Tests with a computer's clock that is wrong, is corrected, or stands still while the computer sleeps.

use std::sync::{Arc, Mutex};

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use cogfed::clock::{Clock, ManualClock};
use cogfed::oidc::Browser;
use cogfed::sandbox::options::Options;
use cogfed::sandbox::{Misbehaviour, visitor};
use cogfed_test_support::{Answer, CREDENTIALS, Lab, Ran, Server};
use serde_json::{Value, json};
use url::Url;

/// The differences to test between the clocks of this machine and the servers, in minutes. For positive values, this
/// machine's clock is behind. Negative values mean that it is ahead.
const BEHIND: [i64; 12] = [-2880, -1440, -300, -120, -61, -6, 6, 61, 120, 300, 1440, 2880];

/// Returns a lab in which the servers' clocks are `minutes` minutes ahead of cogfed's.
fn lab(minutes: i64) -> (Lab, ManualClock) {
    let (lab, clock) = Lab::with_manual_clock(Options::default());
    lab.sandbox.advance_clock(TimeDelta::minutes(minutes));
    (lab, clock)
}

fn called(lab: &Lab) -> Ran {
    lab.run_here(&["call", "--fail", "GET", &format!("{}/orders", lab.sandbox.api_url())], None)
}

/// Stores a clock offset for the identity pool's host, as an earlier run would have done.
fn keep(lab: &Lab, change: impl FnOnce(&mut Value)) {
    let host = lab.profile().endpoints.identity_pool.replace("http://", "").trim_end_matches('/').to_owned();
    let mut kept = json!({ "host": host, "seconds": 7200, "at": lab.clock.now() });
    change(&mut kept);
    lab.folder().sub("clocks").replace(&host, kept.to_string().as_bytes()).unwrap();
}

/// Returns the remaining life of the credentials that cogfed prints, by cogfed's clock.
fn said_to_live(lab: &Lab, clock: &ManualClock) -> TimeDelta {
    let document = lab.run_here(CREDENTIALS, None).good().document();
    document["Expiration"].as_str().unwrap().parse::<DateTime<Utc>>().unwrap() - clock.now()
}

#[test]
fn wrong_clock_still_signs_in_renews_and_calls() {
    for minutes in BEHIND {
        let (lab, clock) = lab(minutes);
        let ran = lab.only_sign_in("alice");
        let direction = if minutes < 0 { "ahead of" } else { "behind" };
        assert!(
            ran.stderr.contains("warning: this machine's clock is ") && ran.stderr.contains(direction),
            "{minutes}: {}",
            ran.stderr
        );
        let hour = |life: TimeDelta| (life - TimeDelta::hours(1)).abs() < TimeDelta::minutes(1);
        assert!(hour(said_to_live(&lab, &clock)), "{minutes}");
        called(&lab).good();
        assert_eq!(lab.sandbox.count("api.refused"), 0, "{minutes}: it was signed by the servers' clock at once");
        lab.advance(TimeDelta::minutes(50));
        assert!(hour(said_to_live(&lab, &clock)), "{minutes}");
        called(&lab).good();
        assert!(lab.sandbox.count("token.refresh") >= 1, "{minutes}");
        assert_eq!(lab.sandbox.count("api.refused"), 0, "{minutes}");
        let status = lab.run_here(&["status"], None).good().stdout;
        assert!(status.contains("clock ") && status.contains(&format!("{direction} 127.0.0.1")), "{status}");
    }
}

#[test]
fn corrected_clock_gets_no_expired_credentials() {
    for minutes in [-2880, -120, -61, -6, 61, 300] {
        for later in [0, 59, 61, 125] {
            let (lab, _) = lab(minutes);
            lab.login_here("alice").good();
            lab.run_here(CREDENTIALS, None).good();
            // Real time passes, and the clock is corrected.
            lab.advance(TimeDelta::minutes(later));
            lab.advance(TimeDelta::minutes(minutes));
            lab.sandbox.advance_clock(TimeDelta::minutes(-minutes));
            for again in 1..=2 {
                let ran = called(&lab);
                assert_eq!(ran.status, 0, "{minutes} min behind, put right after {later} min, {again}: {}", ran.stderr);
            }
        }
    }
}

#[test]
fn corrected_clock_is_not_reported_as_wrong() {
    let (lab, _) = lab(-120);
    lab.login_here("alice").good();
    lab.advance(TimeDelta::minutes(-120));
    lab.sandbox.advance_clock(TimeDelta::minutes(120));
    lab.run_here(CREDENTIALS, None).good();
    assert_eq!(
        lab.run_here(&["login", "--force"], Some(Arc::new(cogfed_test_support::VisitorBrowser("alice"))))
            .good()
            .stderr
            .matches("clock")
            .count(),
        0
    );
    assert!(!lab.run_here(&["status"], None).good().stdout.contains("clock"));
}

#[test]
fn concurrent_runs_with_a_fast_clock_rarely_refresh() {
    let (lab, _) = lab(-120);
    lab.login_here("alice").good();
    lab.run_here(CREDENTIALS, None).good();
    lab.advance(TimeDelta::hours(1));
    lab.sandbox.clear_log();
    std::thread::scope(|scope| {
        let runs: Vec<_> = (0..8).map(|_| scope.spawn(|| lab.run_here(CREDENTIALS, None))).collect();
        runs.into_iter().for_each(|run| {
            run.join().unwrap().good();
        });
    });
    // Runs during a renewal share its result. Later runs renew again.
    let refreshes = lab.sandbox.count("token.refresh");
    assert!((1..8).contains(&refreshes), "{refreshes}");
}

#[test]
fn failure_names_the_clock_as_a_likely_cause() {
    let (lab, _) = lab(300);
    lab.only_sign_in("alice");
    lab.sandbox.misbehave(Misbehaviour::IdentityNotAuthorized, None);
    let ran = lab.run_here(CREDENTIALS, None).failed_with(6);
    assert!(ran.stderr.contains("this machine's clock is 5 h 0 min behind 127.0.0.1:"), "{}", ran.stderr);
}

#[test]
fn stored_offset_does_not_revive_expired_tokens() {
    let (lab, _) = Lab::with_manual_clock(Options::default());
    lab.login_here("alice").good();
    lab.run_here(CREDENTIALS, None).good();
    lab.advance(TimeDelta::hours(2));
    // This record says that the servers' clock is three hours behind, which would make everything valid.
    keep(&lab, |kept| kept["seconds"] = json!(-10_800));
    lab.sandbox.clear_log();
    lab.run_here(CREDENTIALS, None).good();
    assert_eq!((lab.sandbox.count("token.refresh"), lab.sandbox.count("identity.get_credentials")), (1, 1));
    // An old token from a server is expired, whatever time the server claims.
    lab.sandbox.misbehave(Misbehaviour::ExpiredIdToken, None);
    lab.advance(TimeDelta::hours(2));
    for minutes in [0, 61, -61, 600, -600] {
        lab.sandbox.advance_clock(TimeDelta::minutes(minutes));
        let ran = lab.run_here(CREDENTIALS, None).failed_with(6);
        assert!(ran.stderr.contains("it expired at "), "{}", ran.stderr);
    }
}

#[test]
fn unreadable_or_absurd_offset_is_ignored() {
    let (lab, _) = Lab::with_manual_clock(Options::default());
    lab.login_here("alice").good();
    keep(&lab, |_| {});
    assert!(lab.run_here(&["status"], None).good().stdout.contains("2 h 0 min behind 127.0.0.1"));
    for (key, value) in [
        ("seconds", json!(i64::MAX)),
        ("seconds", json!(i64::MIN)),
        ("seconds", json!(59)),
        ("seconds", json!("7200")),
        ("at", json!(lab.clock.now() + TimeDelta::minutes(1))),
        ("at", json!(lab.clock.now() - TimeDelta::days(2))),
        ("host", json!(null)),
        ("host", json!("api.example.com")),
    ] {
        keep(&lab, |kept| kept[key] = value.clone());
        let status = lab.run_here(&["status"], None).good().stdout;
        assert!(!status.contains("clock"), "{key} {value}: {status}");
        called(&lab).good();
    }
}

/// A browser in which the person signs in nine hours later, after the computer has slept.
struct Sleeper(ManualClock);

impl Browser for Sleeper {
    fn open(&self, url: &Url) -> Result<(), String> {
        self.0.advance(TimeDelta::hours(9));
        visitor::sign_in_as(url.as_str(), "alice").map(drop).map_err(|error| format!("{error:#}"))
    }
}

#[test]
fn laptop_may_sleep_during_and_after_the_sign_in() {
    let (lab, clock) = Lab::with_manual_clock(Options::default());
    lab.run_here(&["login"], Some(Arc::new(Sleeper(clock.clone())))).good();
    assert!(said_to_live(&lab, &clock) > TimeDelta::minutes(59));
    lab.advance(TimeDelta::hours(9));
    lab.sandbox.clear_log();
    assert!(said_to_live(&lab, &clock) > TimeDelta::minutes(59));
    assert_eq!(lab.sandbox.count("token.refresh"), 1);
    called(&lab).good();
}

/// Starts an API server whose clock is this far ahead. It refuses a signature of another time, and then takes any.
fn api_with_a_clock(lab: &Lab, ahead: TimeDelta) -> (Server, Arc<Mutex<Vec<String>>>) {
    let (clock, dates) = (lab.clock.clone(), Arc::<Mutex<Vec<String>>>::default());
    let seen = Arc::clone(&dates);
    let server = Server::of_requests(move |request| {
        let signed = request.header("x-amz-date").unwrap_or_default().to_owned();
        let theirs = clock.now() + ahead;
        let is_right = (time(&signed) - theirs).abs() < TimeDelta::minutes(5);
        seen.lock().unwrap().push(signed);
        let date = theirs.format("%a, %d %b %Y %H:%M:%S GMT").to_string();
        let mut answer = match is_right {
            true => Answer::new(200, "application/json", "{}"),
            false => Answer::new(403, "application/json", r#"{"message":"Signature expired: now"}"#),
        };
        answer.headers.push(("date".into(), date));
        answer.headers.push(("x-amzn-errortype".into(), "InvalidSignatureException".into()));
        answer
    });
    (server, dates)
}

fn time(amz_date: &str) -> DateTime<Utc> {
    NaiveDateTime::parse_from_str(amz_date, "%Y%m%dT%H%M%SZ").unwrap().and_utc()
}

/// Returns the signing times of the requests since the last call, in minutes after the current time.
fn minutes_ahead(lab: &Lab, dates: &Mutex<Vec<String>>) -> Vec<i64> {
    dates.lock().unwrap().drain(..).map(|date| (time(&date) - lab.clock.now()).num_minutes()).collect()
}

#[test]
fn api_with_a_wrong_clock_moves_no_other_signature() {
    for (minutes, own) in [(20 * 60, vec![0]), (-20 * 60, vec![0]), (-61, vec![0]), (50, vec![0, 50])] {
        let (lab, _) = Lab::with_manual_clock(Options::default());
        lab.login_here("alice").good();
        let (api, dates) = api_with_a_clock(&lab, TimeDelta::minutes(minutes));
        let ran = lab.run_here(&["call", "GET", &format!("{}/x", api.url()), "--region", "eu-west-1"], None);
        assert!(!ran.stderr.contains("set it right"), "{}", ran.stderr);
        let signed = minutes_ahead(&lab, &dates);
        assert_eq!(signed, own, "{minutes}: never beyond the life of the credentials: {}", ran.stderr);
        // Another API is called with the time of this machine, at once and later.
        let (other, others) = api_with_a_clock(&lab, TimeDelta::zero());
        for _ in 0..2 {
            lab.run_here(&["call", "GET", &format!("{}/x", other.url()), "--region", "eu-west-1"], None).good();
        }
        assert_eq!(minutes_ahead(&lab, &others), [0, 0], "{minutes}");
        called(&lab).good();
        assert_eq!(lab.sandbox.count("api.refused"), 0, "{minutes}");
        assert!(!lab.run_here(&["status"], None).good().stdout.contains("clock"), "{minutes}");
    }
}

#[test]
fn api_with_another_clock_is_asked_once_too_often_only_once() {
    let (lab, _) = Lab::with_manual_clock(Options::default());
    lab.login_here("alice").good();
    let (api, dates) = api_with_a_clock(&lab, TimeDelta::minutes(59));
    for requests in [2, 1, 1] {
        let ran = lab.run_here(&["call", "GET", &format!("{}/x", api.url()), "--region", "eu-west-1"], None).good();
        assert_eq!(dates.lock().unwrap().drain(..).count(), requests, "{}", ran.stderr);
    }
    assert!(lab.folder().path().join("clocks").is_dir());
}
