//! Tests with full, read-only or failing disks, and with too few file descriptors. Each file operation of a sign-in, a
//! renewal and a sign-out fails once. Then a tiny disk and a small `ulimit -n` fail for real.

use std::process::Command;

use chrono::TimeDelta;
use cogfed::sandbox::options::Rotation;
use cogfed_test_support::trace::{Point, points, tampered};
use cogfed_test_support::{CREDENTIALS, Lab, Ran, has_strace, skip, under};

use crate::scale;
use crate::state::{assert_told, is_honoured, name, owner, readable, signed_in};

const LOGIN: &[&str] = &["login", "--no-browser", "--force", "--timeout", "5"];
const LONG: TimeDelta = TimeDelta::hours(6);

/// Returns the errors to try for a system call.
fn errors(call: &str) -> &'static [&'static str] {
    match call {
        "openat" => &["EMFILE", "ENFILE", "EACCES", "EROFS", "EIO", "ENOSPC"],
        "write" => &["ENOSPC", "EIO"],
        "fsync" => &["EIO", "ENOSPC"],
        "rename" | "renameat" | "renameat2" => &["EROFS", "EIO", "ENOSPC", "EACCES"],
        "mkdir" => &["ENOSPC", "EROFS", "EACCES"],
        "unlink" => &["EROFS", "EIO", "EACCES"],
        "flock" => &["ENOLCK", "EIO"],
        _ => &[],
    }
}

/// Returns the system calls that are made to fail, each with its error. The list is at most twice as long as
/// [`scale::points`].
fn chosen(lab: &Lab, words: &[&str]) -> Vec<(Point, &'static str)> {
    let points = points(lab, words, "alice");
    // The outputs are not our files, and nobody signs in without the URL.
    let is_file = |point: &&Point| !point.line.starts_with("write(1,") && !point.line.starts_with("write(2,");
    let all: Vec<_> = points
        .iter()
        .filter(is_file)
        .flat_map(|point| errors(&point.call).iter().map(|error| (point.clone(), *error)))
        .collect();
    scale::spread(&all, scale::points() * 2)
}

/// Checks a run in the same way as [`assert_told`], with one exception. Accepts any outcome if the fault hit
/// eventfd(2), a call that never fails in practice. This happens if the calls of the run differ from those of the first
/// run. Such a run ends as if it had been killed, and only the stored state counts.
fn assert_fault_told(ran: &Ran, point: &Point, error: &str) {
    if !ran.stderr.contains("failed to wake I/O driver") {
        assert_told(ran, &format!("{point:?} {error}"));
    }
}

#[test]
fn renewal_with_failing_file_operations_loses_nothing() {
    if !has_strace() {
        return;
    }
    let lab = signed_in(Rotation::On { grace: 0 });
    lab.age(LONG);
    let (mut met, chosen) = (0, chosen(&lab, CREDENTIALS));
    for (point, error) in &chosen {
        lab.age(LONG);
        let ran = tampered(&lab, point, &format!("error={error}"), CREDENTIALS, "");
        assert_fault_told(&ran, point, error);
        met += usize::from(ran.status != 0 || !ran.stderr.is_empty());
        readable(&lab).unwrap_or_else(|fault| panic!("{point:?} {error}: {fault}")).expect("a sign-in");
        lab.age(LONG);
        let next = lab.run(CREDENTIALS);
        assert_eq!(next.status, 0, "{point:?} {error}: {ran:?}, then {next:?}");
        assert_eq!(lab.items(".").len(), 0, "{point:?} {error}: unfinished files stay");
    }
    println!("renewal: {} faults at file operations, {met} of them told; 0 refresh tokens lost", chosen.len());
}

#[test]
fn sign_in_with_failing_file_operations_mixes_no_two_persons() {
    if !has_strace() {
        return;
    }
    let lab = signed_in(Rotation::On { grace: 0 });
    let (mut met, chosen) = (0, chosen(&lab, LOGIN));
    let (mut old, mut new) = ("alice", "bob");
    for (point, error) in &chosen {
        lab.run(CREDENTIALS).good();
        let ran = tampered(&lab, point, &format!("error={error}"), LOGIN, new);
        assert_fault_told(&ran, point, error);
        met += usize::from(ran.status != 0 || ran.stderr.contains("warning"));
        let tokens = readable(&lab).unwrap_or_else(|fault| panic!("{point:?} {error}: {fault}")).expect("a sign-in");
        let person = name(tokens["person"].as_str().expect("a person"));
        assert!(person == new || person == old && ran.status != 0, "{point:?} {error}: {person}, {ran:?}");
        lab.age(LONG);
        assert_eq!(owner(&lab, &lab.run(CREDENTIALS).good()), person, "{point:?} {error}");
        if person == new {
            (old, new) = (new, old);
        }
    }
    println!("login: {} faults at file operations, {met} of them told; 0 mixtures, 0 lost", chosen.len());
}

#[test]
fn sign_out_with_failing_file_operations_is_finished_later() {
    if !has_strace() {
        return;
    }
    let lab = signed_in(Rotation::On { grace: 0 });
    let (mut met, chosen) = (0, chosen(&lab, &["logout"]));
    for (point, error) in &chosen {
        lab.login("alice").good();
        lab.run(CREDENTIALS).good();
        let before = lab.refresh_token().expect("a refresh token");
        let ran = tampered(&lab, point, &format!("error={error}"), &["logout"], "");
        assert_fault_told(&ran, point, error);
        met += usize::from(ran.status != 0);
        readable(&lab).unwrap_or_else(|fault| panic!("{point:?} {error}: {fault}"));
        if ran.status == 0 {
            assert_eq!(lab.items("tokens").len() + lab.items("credentials").len(), 0, "{point:?} {error}");
        }
        lab.run(&["logout"]).good();
        assert_eq!(lab.items("").len(), 0, "{point:?} {error}");
        assert!(!is_honoured(&lab, &before), "{point:?} {error}: {ran:?}");
    }
    println!("logout: {} faults at file operations, {met} of them told; each finished by the next", chosen.len());
}

/// Runs a cogfed command whose state folder is on a small disk. `prepare` is a line of shell that prepares the disk,
/// whose path is `$state`. Afterwards the folder has the disk's content.
fn on_a_disk(lab: &Lab, prepare: &str, words: &[&str]) -> Option<Ran> {
    let script = "set -e; state=$1; prepare=$2; shift 2; kept=$state.kept; rm -rf \"$kept\"; cp -a \"$state\" \"$kept\"
        mount -t tmpfs -o size=256k,mode=700 tmpfs \"$state\"; cp -a \"$kept/.\" \"$state\"
        eval \"$prepare\"
        set +e; \"$@\"; status=$?; set -e
        mount -o remount,rw \"$state\"; rm -f \"$state/filler\"
        find \"$kept\" -mindepth 1 -delete; cp -a \"$state/.\" \"$kept\"
        umount \"$state\"; find \"$state\" -mindepth 1 -delete; cp -a \"$kept/.\" \"$state\"; rm -rf \"$kept\"; exit $status";
    let state = lab.folder().path();
    let outer = ["unshare", "-rm", "sh", "-c", script, "sh", state.to_str().expect("a path of text"), prepare];
    let mut command = under(&outer, &lab.command(words));
    let can = Command::new("unshare").args(["-rm", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]).status();
    if !can.is_ok_and(|status| status.success()) {
        skip("no disk may be mounted here, not even in a namespace of one's own");
        return None;
    }
    Some(command.output().expect("it runs").into())
}

/// Returns a shell command that fills the disk until `pages` pages of 4 KiB are free.
fn leaving(pages: usize) -> String {
    format!(
        "head -c 1M /dev/zero >\"$state/filler\" 2>/dev/null || :; \
         truncate -s -$((4096 * {pages})) \"$state/filler\""
    )
}

#[test]
fn full_disk_costs_no_refresh_token() {
    let lab = signed_in(Rotation::On { grace: 0 });
    let mut codes = Vec::new();
    for pages in 0..14 {
        lab.age(LONG);
        lab.sandbox.clear_log();
        let Some(ran) = on_a_disk(&lab, &leaving(pages), CREDENTIALS) else { return };
        assert_told(&ran, &format!("{pages} pages"));
        let refreshed = lab.sandbox.count("token.refresh");
        assert_eq!(refreshed, u64::from(ran.status == 0), "{pages} pages: {ran:?}");
        assert_eq!(lab.items(".").len(), 0, "{pages} pages");
        readable(&lab).unwrap().expect("a sign-in");
        lab.age(LONG);
        lab.run(CREDENTIALS).good();
        codes.push(ran.status);
    }
    println!("exit codes with 0 to 13 pages left: {codes:?}");
    assert!(codes.contains(&4) && codes.contains(&0), "{codes:?}");
}

#[test]
fn sign_out_on_a_full_disk_deletes_and_revokes() {
    let lab = signed_in(Rotation::Off);
    let before = lab.refresh_token().unwrap();
    let Some(ran) = on_a_disk(&lab, &leaving(0), &["logout"]) else { return };
    assert_eq!(ran.status, 0, "{ran:?}");
    assert_eq!(lab.items("").len(), 0);
    assert!(!is_honoured(&lab, &before));
}

#[test]
fn read_only_disk_is_noticed_before_the_refresh() {
    let lab = signed_in(Rotation::On { grace: 0 });
    let read_only = "mount -o remount,ro \"$state\"";
    // Fresh credentials need no write.
    let Some(ran) = on_a_disk(&lab, read_only, CREDENTIALS) else { return };
    assert_eq!(ran.status, 0, "{ran:?}");
    lab.age(LONG);
    lab.sandbox.clear_log();
    for words in [CREDENTIALS, &["logout"], &["login", "--no-browser", "--force"]] {
        let Some(ran) = on_a_disk(&lab, read_only, words) else { return };
        assert_told(&ran, &format!("{words:?}"));
        assert_ne!(ran.status, 0, "{ran:?}");
        assert!(ran.stderr.contains("Read-only file system"), "{}", ran.stderr);
    }
    assert_eq!(lab.sandbox.requests().len(), 0);
    lab.run(CREDENTIALS).good();
}

#[test]
fn lack_of_file_descriptors_is_noticed_before_the_refresh() {
    let lab = signed_in(Rotation::On { grace: 0 });
    let mut codes = Vec::new();
    // With fewer descriptors not even the program's libraries can be loaded.
    for limit in 4..30 {
        lab.age(LONG);
        let outer = ["sh", "-c", "ulimit -n $0; exec \"$@\"", &limit.to_string()];
        let output = under(&outer, &lab.command(CREDENTIALS)).output().expect("it runs");
        codes.push(output.status.code());
        assert_told(&output.clone().into(), &format!("with {limit}"));
        lab.age(LONG);
        let next = lab.run(CREDENTIALS);
        assert_eq!(next.status, 0, "with {limit}: {output:?}, then {next:?}");
    }
    println!("exit codes with 4 to 29 descriptors: {codes:?}");
    assert_eq!(codes.last(), Some(&Some(0)), "{codes:?}");
}
