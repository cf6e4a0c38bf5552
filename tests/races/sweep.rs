//! Tests in which sign-ins and sign-outs are killed at every system call, and a measurement of when a refresh token can
//! be lost. For the renewal see tests/cli/session/killed.rs.

use chrono::TimeDelta;
use cogfed::sandbox::options::Rotation;
use cogfed_test_support::trace::{Point, points, ran, tampered};
use cogfed_test_support::{CREDENTIALS, Lab, has_strace};

use crate::scale;
use crate::state::{MODES, is_honoured, name, owner, readable, signed_in};

const LOGIN: &[&str] = &["login", "--no-browser", "--force"];
const LONG: TimeDelta = TimeDelta::hours(6);

/// Returns the system calls at which to kill a run of this command.
fn chosen(lab: &Lab, words: &[&str], person: &str) -> Vec<Point> {
    let all = points(lab, words, person);
    assert!(all.len() >= 40, "{words:?}: {} points", all.len());
    scale::spread(&all, scale::points())
}

#[test]
fn killed_sign_in_leaves_the_old_or_new_sign_in() {
    if !has_strace() {
        return;
    }
    for rotation in MODES {
        let lab = signed_in(rotation);
        let points = chosen(&lab, LOGIN, "alice");
        lab.run(CREDENTIALS).good();
        let (mut old, mut new) = ("alice", "bob");
        let (mut killed, mut changed) = (0, 0);
        for point in &points {
            killed += usize::from(tampered(&lab, point, "signal=KILL", LOGIN, new).status != 0);
            let tokens = readable(&lab).unwrap_or_else(|error| panic!("{point:?}: {error}")).expect("a sign-in");
            let person = name(tokens["person"].as_str().expect("a person"));
            assert!(person == old || person == new, "{point:?}: {person}");
            let handed = lab.run(CREDENTIALS).good();
            assert_eq!(owner(&lab, &handed), person, "{point:?}");
            lab.age(LONG);
            assert_eq!(owner(&lab, &lab.run(CREDENTIALS).good()), person, "{point:?}: the sign-in can be renewed");
            assert_eq!(lab.items(".").len(), 0, "{point:?}: unfinished files stay");
            if person == new {
                (old, new) = (new, old);
                changed += 1;
            }
        }
        println!(
            "login, {rotation:?}: killed at {killed} of {} points; after {changed} the new sign-in counts; 0 mixtures, 0 unreadable",
            points.len()
        );
        assert!(killed * 10 >= points.len() * 8, "{killed} of {}", points.len());
    }
}

#[test]
fn killed_sign_out_is_finished_by_the_next_sign_out() {
    if !has_strace() {
        return;
    }
    for rotation in MODES {
        let lab = signed_in(rotation);
        let points = chosen(&lab, &["logout"], "");
        let (mut killed, mut half_done) = (0, 0);
        for point in &points {
            lab.login("alice").good();
            lab.run(CREDENTIALS).good();
            let before = lab.refresh_token().expect("a refresh token");
            killed += usize::from(tampered(&lab, point, "signal=KILL", &["logout"], "").status != 0);
            let tokens = readable(&lab).unwrap_or_else(|error| panic!("{point:?}: {error}"));
            let is_whole = tokens.as_ref().is_some_and(|tokens| tokens["ended"].is_null());
            half_done += usize::from(tokens.is_some() && !is_whole);
            let handed = lab.run(CREDENTIALS);
            assert_eq!(handed.status, if is_whole { 0 } else { 3 }, "{point:?}: {handed:?}");
            if tokens.is_some() && !is_whole {
                assert!(handed.stderr.contains("a sign-out of profile 'lab' began at"), "{}", handed.stderr);
                assert!(handed.stderr.contains("cogfed logout --profile lab"), "{}", handed.stderr);
            }
            lab.run(&["logout"]).good();
            assert_eq!(lab.items("").len(), 0, "{point:?}");
            assert!(!is_honoured(&lab, &before), "{point:?}: the refresh token lives on, and nobody has it");
        }
        println!(
            "logout, {rotation:?}: killed at {killed} of {} points, {half_done} times half-done; each finished by the next, 0 tokens orphaned",
            points.len()
        );
        assert!(killed * 10 >= points.len() * 8, "{killed} of {}", points.len());
    }
}

/// Returns the time between the arrival of a refresh's answer and the saving of the rotated token, in microseconds.
fn window(lab: &Lab) -> u128 {
    lab.age(LONG);
    let log = lab.home().join("trace");
    let options = ["-ttt", "-s", "400", "--seccomp-bpf", "-e", "trace=recvfrom,rename,renameat,renameat2"];
    ran(lab, &log, &options, CREDENTIALS, "").good();
    let text = std::fs::read_to_string(log).expect("a trace");
    let micros = |line: &str| -> u128 {
        let (seconds, rest) = line.split_whitespace().nth(1).and_then(|time| time.split_once('.')).expect("a time");
        seconds.parse::<u128>().expect("seconds") * 1_000_000 + rest.parse::<u128>().expect("microseconds")
    };
    let lines: Vec<&str> = text.lines().collect();
    let saved = lines.iter().position(|line| line.contains("rename") && line.contains("store/tokens"));
    let saved = saved.expect("a save of tokens");
    let answer = lines[..saved].iter().rfind(|line| line.contains("recvfrom(") && line.contains("HTTP/1.1 200"));
    micros(lines[saved]) - micros(answer.expect("an answer"))
}

#[test]
fn time_between_refresh_answer_and_save_is_measured() {
    if !has_strace() {
        return;
    }
    let lab = signed_in(Rotation::On { grace: 0 });
    let mut windows: Vec<u128> = (0..scale::points().clamp(5, 100)).map(|_| window(&lab)).collect();
    windows.sort_unstable();
    let of = |percent: usize| windows[(windows.len() - 1) * percent / 100];
    println!("answer to save, {} runs: median {} us, p99 {} us, most {} us", windows.len(), of(50), of(99), of(100));
}
