//! Tests of retries, counted at the server: some requests are sent again, others never are.

use std::time::{Duration, Instant};

use chrono::TimeDelta;
use cogfed::clock::ManualClock;
use cogfed::sandbox::{Options, options::Rotation};
use cogfed_test_support::{Lab, Ran};

use super::certificates::Authority;
use super::front::{Act, Front, answer};
use super::place::{Place, endpoint, point};

const TOKEN: &str = "/oauth2/token";
const KEYS: &str = "jwks.json";

fn unavailable(retry_after: &str) -> Act {
    let header = if retry_after.is_empty() { String::new() } else { format!("retry-after: {retry_after}\r\n") };
    answer("503 Service Unavailable", &header, "{}")
}

fn throttled(retry_after: &str) -> Act {
    answer("429 Too Many Requests", &format!("retry-after: {retry_after}\r\n"), r#"{"error":"Rate exceeded"}"#)
}

/// Starts one test server in front of each endpoint of the lab that `keys` names.
fn fronted(lab: &Lab, keys: &[&str]) -> Vec<Front> {
    let fronts: Vec<Front> = keys.iter().map(|key| Front::of(endpoint(lab, key), None)).collect();
    let urls: Vec<String> = fronts.iter().map(|front| format!("http://{}", front.address())).collect();
    let endpoints: Vec<(&str, &str)> = keys.iter().copied().zip(urls.iter().map(String::as_str)).collect();
    point(lab, &endpoints, "");
    fronts
}

fn manual(rotation: Rotation, key: &str) -> (Lab, ManualClock, Front) {
    let (lab, clock) = Lab::with_manual_clock(Options { rotation, ..Options::default() });
    let front = fronted(&lab, &[key]).remove(0);
    lab.login_here("alice").good();
    (lab, clock, front)
}

fn credentials(lab: &Lab) -> Ran {
    lab.run_here(&["credential-process"], None)
}

#[test]
fn key_fetch_is_retried_when_the_server_says() {
    let lab = Lab::new();
    let front = fronted(&lab, &["user_pool"]).remove(0);
    front.times(KEYS, unavailable("1"), 1);
    let began = Instant::now();
    lab.login("alice").good();
    assert!(began.elapsed() >= Duration::from_secs(1), "sooner than the server wished");
    assert_eq!(front.count(KEYS), 2);
}

#[test]
fn key_fetch_is_tried_three_times_within_the_deadline() {
    for (act, expected) in
        [(unavailable(""), 3), (Act::Close, 3), (unavailable("60"), 1), (answer("200 OK", "", "<html>"), 1)]
    {
        let lab = Lab::new();
        let front = fronted(&lab, &["user_pool"]).remove(0);
        front.always(KEYS, act.clone());
        lab.login("alice").failed_with(5);
        assert_eq!(front.count(KEYS), expected, "{act:?}");
    }
}

#[test]
fn code_that_was_sent_is_not_sent_again() {
    for act in [Act::Close, Act::Reset, unavailable(""), unavailable("1"), throttled("0")] {
        let front = Front::alone(act.clone(), None);
        Place::new(&format!("http://{}", front.address()), "").exchange(&[]).failed_with(5);
        assert_eq!(front.connections(), 1, "{act:?}");
    }
}

#[test]
fn unsent_code_is_sent_on_a_new_connection() {
    let authority = Authority::new("root");
    let refusal = answer("400 Bad Request", "", r#"{"error":"invalid_grant"}"#);
    let front = Front::alone(refusal, Some(authority.server(&["localhost"])));
    front.drop_connections(2);
    let place = Place::new(&format!("https://localhost:{}", front.port()), "");
    let bundle = authority.write(place.home());
    let run = || place.exchange(&[("AWS_CA_BUNDLE", bundle.to_str().unwrap())]);
    run().failed_with(6);
    assert_eq!((front.connections(), front.count(TOKEN)), (3, 1));
    front.drop_connections(usize::MAX);
    run().failed_with(5);
    assert_eq!((front.connections(), front.count(TOKEN)), (6, 1), "three times, and not again");
}

#[test]
fn refresh_with_a_lost_answer_is_not_repeated() {
    for act in [Act::Close, Act::Reset, unavailable(""), unavailable("1"), throttled("1")] {
        let (lab, clock, front) = manual(Rotation::Off, "domain");
        credentials(&lab).good();
        clock.advance(TimeDelta::hours(2));
        let before = front.connections();
        front.always("", act.clone());
        credentials(&lab).failed_with(5);
        assert_eq!(front.connections() - before, 1, "{act:?}");
    }
}

#[test]
fn postponed_refresh_serves_old_credentials_across_runs() {
    let (lab, clock, front) = manual(Rotation::Off, "domain");
    let old = credentials(&lab).good().stdout;
    clock.advance(TimeDelta::minutes(50));
    let before = front.count(TOKEN);
    let asked = || front.count(TOKEN) - before;
    front.always(TOKEN, throttled("120"));
    for (seconds, expected) in [(0, 1), (40, 1), (79, 1), (2, 2)] {
        clock.advance(TimeDelta::seconds(seconds));
        assert_eq!(credentials(&lab).good().stdout, old);
        assert_eq!(asked(), expected, "after {seconds} s more");
    }
    front.behave();
    clock.advance(TimeDelta::seconds(121));
    assert_ne!(credentials(&lab).good().stdout, old);
    assert_eq!(asked(), 3);
}

#[test]
fn postponed_refresh_without_credentials_fails_and_login_still_works() {
    let (lab, clock, front) = manual(Rotation::Off, "domain");
    clock.advance(TimeDelta::hours(2));
    let before = front.count(TOKEN);
    let asked = || front.count(TOKEN) - before;
    front.always(TOKEN, throttled("120"));
    let first = credentials(&lab).failed_with(5);
    assert!(first.stderr.contains("status 429"), "{}", first.stderr);
    clock.advance(TimeDelta::seconds(119));
    let second = credentials(&lab).failed_with(5);
    assert!(second.stderr.contains("status 429") && second.stderr.contains("not asked again before"), "{second:?}");
    assert_eq!(asked(), 1);
    front.behave();
    lab.run_here(&["login", "--force"], Some(std::sync::Arc::new(cogfed_test_support::VisitorBrowser("alice")))).good();
    credentials(&lab).good();
    assert_eq!(asked(), 2);
}

#[test]
fn retry_after_of_a_server_is_capped() {
    let (lab, clock, front) = manual(Rotation::Off, "domain");
    clock.advance(TimeDelta::hours(2));
    front.always(TOKEN, throttled("86400"));
    credentials(&lab).failed_with(5);
    front.behave();
    clock.advance(TimeDelta::seconds(299));
    credentials(&lab).failed_with(5);
    clock.advance(TimeDelta::seconds(2));
    credentials(&lab).good();
}

#[test]
fn identity_pool_is_tried_three_times_with_its_delays() {
    const ASK: &str = "POST / ";
    let aws = |status: &str, headers: &str| answer(status, headers, r#"{"__type":"TooManyRequestsException"}"#);
    for (act, expected) in [
        (aws("400 Bad Request", ""), 3),
        (aws("500 Internal Server Error", ""), 3),
        (Act::Close, 3),
        (aws("400 Bad Request", "retry-after: 120\r\n"), 1),
        (aws("429 Too Many Requests", "retry-after: 120\r\n"), 1),
    ] {
        let (lab, _, front) = manual(Rotation::Off, "identity_pool");
        lab.forget_credentials();
        let before = front.count(ASK);
        front.always(ASK, act.clone());
        let ran = credentials(&lab);
        assert_ne!(ran.status, 0);
        assert_eq!(front.count(ASK) - before, expected, "{act:?} {}", ran.stderr);
        if matches!(&act, Act::Answer(text) if text.contains("retry-after")) {
            credentials(&lab);
            assert_eq!(front.count(ASK) - before, expected, "the next run did not wait: {act:?}");
        }
    }
    let (lab, _, front) = manual(Rotation::Off, "identity_pool");
    lab.forget_credentials();
    let before = front.count(ASK);
    front.times(ASK, aws("429 Too Many Requests", "retry-after: 1\r\n"), 1);
    let began = Instant::now();
    credentials(&lab).good();
    assert!(began.elapsed() >= Duration::from_secs(1), "sooner than the server wished");
    assert_eq!(front.count(ASK) - before, 3, "GetId twice, GetCredentialsForIdentity once");
}

#[test]
fn revocation_is_retried() {
    let lab = Lab::new();
    let front = fronted(&lab, &["domain"]).remove(0);
    let url = format!("http://{}", front.address());
    let waiting = lab.begin_login(&[]);
    cogfed::sandbox::visitor::sign_in_as(
        &waiting.url.replace(&url, &format!("http://{}", endpoint(&lab, "domain"))),
        "alice",
    )
    .unwrap();
    waiting.end().good();
    front.times("/oauth2/revoke", unavailable(""), 1);
    lab.run(&["logout"]).good();
    assert_eq!(front.count("/oauth2/revoke"), 2);
    assert_eq!(lab.sandbox.count("revoke"), 1, "{:?}", lab.sandbox.counts());
}
