//! Tests in which a renewal is killed at the start of each system call in turn.

use chrono::TimeDelta;
use cogfed::sandbox::options::{Options, Rotation};
use cogfed_test_support::trace::{points, tampered};
use cogfed_test_support::{CREDENTIALS, Lab, has_strace};

/// A time span longer than the life of any credentials, and longer than any change of the sandbox's clock in these
/// tests.
const LONG: TimeDelta = TimeDelta::hours(6);

/// Kills a renewal at each of its system calls in turn. After each kill, lets `pause` pass and checks the next run.
/// Returns the number of runs that required a new sign-in.
fn sweep(rotation: Rotation, pause: TimeDelta) -> Option<usize> {
    if !has_strace() {
        return None;
    }
    let lab = Lab::with(Options { rotation, ..Options::default() }).signed_in();
    lab.age(LONG);
    let points = points(&lab, CREDENTIALS, "");
    let (mut killed, mut lost) = (0, Vec::new());
    for point in &points {
        lab.age(LONG);
        let ran = tampered(&lab, point, "signal=KILL", CREDENTIALS, "");
        // The counts differ slightly from run to run, so some points are not reached.
        killed += usize::from(ran.status != 0);
        lab.sandbox.advance_clock(pause);
        lab.age(LONG);
        let next = lab.run(CREDENTIALS);
        if next.status == 3 {
            assert!(next.stderr.contains("was cut off before its answer was saved"), "{point:?}: {}", next.stderr);
            assert!(next.stderr.contains("; run 'cogfed login"), "{}", next.stderr);
            lab.login("alice").good();
            lab.run(CREDENTIALS).good();
            lost.push((&point.call, point.number));
        } else {
            assert_eq!(next.status, 0, "{point:?}: {}", next.stderr);
        }
        assert_eq!(lab.items(".").len(), 0, "{point:?}: unfinished files with secrets stay behind");
    }
    println!("{rotation:?}: killed at {killed} of {} points, a sign-in needed after {lost:?}", points.len());
    assert!(killed * 10 >= points.len() * 9, "{killed} of {}", points.len());
    assert!(points.iter().any(|point| point.call == "connect") && points.len() > 50, "{points:?}");
    // A renewal that was not interrupted is not reported as interrupted.
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
