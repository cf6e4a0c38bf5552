//! `kill -9` between any two steps of a refresh: strace kills the program as it enters a system call, for each of them
//! in turn.

use std::path::Path;

use chrono::TimeDelta;
use cogfed::sandbox::options::{Options, Rotation};
use cogfed_test_support::{CREDENTIALS, Lab, Ran, has_strace, under};

/// What changes something that outlives the process, on this machine or another, or comes just before or after.
const CALLS: &str =
    "openat,write,writev,sendto,connect,recvfrom,fsync,rename,renameat,renameat2,unlink,flock,ftruncate,mkdir";

/// More than any credentials live, and than the sandbox's clock is ever moved ahead here.
const LONG: TimeDelta = TimeDelta::hours(6);

/// One place to be killed at: the how manieth call of that name, in a thread.
#[derive(Clone, Debug)]
struct Point {
    call: String,
    number: usize,
}

/// `credential-process` under strace with more options.
fn traced(lab: &Lab, log: &Path, options: &[&str]) -> Ran {
    let (log, calls) = (log.to_str().unwrap(), format!("trace={CALLS}"));
    let outer = [&["strace", "-f", "-qq", "-o", log, "-e", &calls], options].concat();
    under(&outer, &lab.command(CREDENTIALS)).output().expect("strace runs").into()
}

/// The points of an unharmed renewal, from the taking of the lock on.
fn points(lab: &Lab) -> Vec<Point> {
    let log = lab.home().join("trace");
    traced(lab, &log, &[]).good();
    let text = std::fs::read_to_string(&log).unwrap();
    let mut counts = std::collections::BTreeMap::new();
    let mut points = Vec::new();
    let mut has_begun = false;
    let main = text.split_whitespace().next().unwrap().to_owned();
    for line in text.lines().filter(|line| line.starts_with(&main)) {
        let Some((call, _)) = line.trim_start_matches(|c: char| c.is_ascii_digit() || c == ' ').split_once('(') else {
            continue;
        };
        let number = counts.entry(call.to_owned()).or_insert(0);
        *number += 1;
        has_begun |= call == "flock";
        if has_begun {
            points.push(Point { call: call.to_owned(), number: *number });
        }
    }
    points
}

/// Kills a renewal at each point, lets time pass, and looks at the next run. Returns how often that had to ask for a
/// new sign-in.
fn sweep(rotation: Rotation, pause: TimeDelta) -> Option<usize> {
    if !has_strace() {
        return None;
    }
    let lab = Lab::with(Options { rotation, ..Options::default() }).signed_in();
    lab.age(LONG);
    let points = points(&lab);
    let (mut killed, mut lost) = (0, Vec::new());
    for point in &points {
        lab.age(LONG);
        let inject = format!("inject={}:signal=KILL:when={}", point.call, point.number);
        let ran = traced(&lab, Path::new("/dev/null"), &["-e", &inject]);
        // The counts differ a little from run to run: some points are not reached.
        killed += usize::from(ran.status != 0);
        lab.sandbox.advance_clock(pause);
        lab.age(LONG);
        let next = lab.run(CREDENTIALS);
        if next.status == 3 {
            assert!(next.stderr.contains("was cut off before its answer was saved"), "{point:?}: {}", next.stderr);
            assert!(next.stderr.contains("; run 'cogfed login"), "{}", next.stderr);
            lab.login("alice").good();
            lab.run(CREDENTIALS).good();
            lost.push(point);
        } else {
            assert_eq!(next.status, 0, "{point:?}: {}", next.stderr);
        }
        assert_eq!(lab.items(".").len(), 0, "{point:?}: unfinished files with secrets stay behind");
    }
    println!("{rotation:?}: killed at {killed} of {} points, a sign-in needed after {lost:?}", points.len());
    assert!(killed * 10 >= points.len() * 9, "{killed} of {}", points.len());
    assert!(points.iter().any(|point| point.call == "connect") && points.len() > 50, "{points:?}");
    // And what was never interrupted is not called so.
    lab.age(LONG);
    lab.sandbox.revoke_all();
    let ran = lab.run(CREDENTIALS).failed_with(3);
    assert!(ran.stderr.contains("it expired or was revoked at the user pool"), "{}", ran.stderr);
    Some(lost.len())
}

#[test]
fn killed_renewal_within_the_grace_period_loses_nothing() {
    assert!(matches!(sweep(Rotation::On { grace: 60 }, TimeDelta::zero()), None | Some(0)));
}

#[test]
fn killed_renewal_without_rotation_loses_nothing() {
    assert!(matches!(sweep(Rotation::Off, TimeDelta::zero()), None | Some(0)));
}

#[test]
fn killed_renewal_without_grace_reports_an_unsaved_answer() {
    assert!(matches!(sweep(Rotation::On { grace: 0 }, TimeDelta::zero()), None | Some(1..=15)));
}

#[test]
fn killed_renewal_after_the_grace_period_reports_an_unsaved_answer() {
    assert!(matches!(sweep(Rotation::On { grace: 60 }, TimeDelta::seconds(61)), None | Some(1..=15)));
}
