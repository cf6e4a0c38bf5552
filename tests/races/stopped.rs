//! Tests with processes that are suspended (SIGSTOP) or killed while others wait for their locks.

use std::path::Path;
use std::process::Child;
use std::time::{Duration, Instant};

use chrono::TimeDelta;
use cogfed::sandbox::options::Rotation;
use cogfed::sandbox::visitor;
use cogfed_test_support::trace::{CALLS, points, traced};
use cogfed_test_support::{CREDENTIALS, Door, Doors, Lab, Ran, ended, has_strace, one_document};
use rustix::process::{Pid, Signal, kill_process};

use crate::back_off::noting;
use crate::state::{owner, signed_in};

/// The time after which a test fails because a process has not ended. It is longer than all of cogfed's own time
/// limits.
const HANGS: Duration = Duration::from_secs(30);

fn send(child: &Child, signal: Signal) {
    kill_process(Pid::from_child(child), signal).expect("a signal is sent");
}

/// Waits until the process is in the state `state`, a letter as in proc(5).
fn await_state(child: &Child, state: &str) {
    let began = Instant::now();
    loop {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", child.id())).expect("a process");
        if stat.rsplit_once(") ").is_some_and(|(_, fields)| fields.starts_with(state)) {
            return;
        }
        assert!(began.elapsed() < HANGS, "{stat}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Starts a renewal, and suspends it after it has sent the refresh token. The stopped process holds the lock, and the
/// answer to its request is on the way.
fn stopped_amid_refresh(lab: &Lab, doors: &Doors) -> Child {
    doors.set(Door::Silent);
    doors.came();
    let holder = lab.command(CREDENTIALS).spawn().expect("cogfed runs");
    let began = Instant::now();
    while doors.came() == 0 {
        assert!(began.elapsed() < HANGS, "nobody came to the door");
        std::thread::sleep(Duration::from_millis(2));
    }
    send(&holder, Signal::STOP);
    await_state(&holder, "T");
    doors.set(Door::Open);
    holder
}

#[test]
fn waiters_name_a_stopped_lock_holder_within_the_bound() {
    let lab = signed_in(Rotation::On { grace: 0 });
    let doors = Doors::before(&lab);
    lab.login_with(&["--force"], "alice").good();
    lab.run(CREDENTIALS).good();
    lab.age(TimeDelta::hours(2));
    let holder = stopped_amid_refresh(&lab, &doors);
    let began = Instant::now();
    let waiting = (0..16).map(|_| lab.command(CREDENTIALS).spawn().unwrap()).collect();
    for ran in ended(waiting) {
        assert_eq!((ran.status, ran.stdout.as_str()), (7, ""), "{}", ran.stderr);
        for words in [format!("process {} is stopped", holder.id()), format!("kill -CONT {}", holder.id())] {
            assert!(ran.stderr.contains(&words), "{words} in {}", ran.stderr);
        }
        assert_eq!(ran.stderr.lines().count(), 1);
    }
    // The limit is 4 s. For a running holder, the waiters would wait 35 s.
    println!("16 waited {:?} for a stopped holder", began.elapsed());
    assert!(began.elapsed() < HANGS, "{:?}", began.elapsed());
    // The holder continues, and has never lost the lock.
    send(&holder, Signal::CONT);
    let ran: Ran = holder.wait_with_output().unwrap().into();
    assert!(matches!(ran.status, 0 | 5), "{ran:?}");
    lab.run(CREDENTIALS).good();
}

#[test]
fn usable_credentials_are_returned_beside_a_stopped_process() {
    let lab = signed_in(Rotation::Off);
    let doors = Doors::before(&lab);
    lab.login_with(&["--force"], "alice").good();
    let old = lab.run(CREDENTIALS).good().document();
    lab.age(TimeDelta::minutes(50));
    let holder = stopped_amid_refresh(&lab, &doors);
    let began = Instant::now();
    let waiting = (0..16).map(|_| lab.command(CREDENTIALS).spawn().unwrap()).collect();
    let document = one_document(&ended(waiting));
    assert_eq!(document["AccessKeyId"], old["AccessKeyId"]);
    println!("16 were served within {:?} beside a stopped holder", began.elapsed());
    send(&holder, Signal::KILL);
    holder.wait_with_output().unwrap();
}

#[test]
fn killed_lock_holder_releases_the_lock_at_once() {
    let lab = signed_in(Rotation::On { grace: 60 });
    let doors = Doors::before(&lab);
    lab.login_with(&["--force"], "alice").good();
    lab.run(CREDENTIALS).good();
    lab.age(TimeDelta::hours(2));
    let holder = stopped_amid_refresh(&lab, &doors);
    let waiting: Vec<Child> = (0..8).map(|_| lab.command(CREDENTIALS).spawn().unwrap()).collect();
    send(&holder, Signal::KILL);
    holder.wait_with_output().unwrap();
    one_document(&ended(waiting));
}

/// Waits until strace has suspended the process that holds the lock. Returns the id of that process.
fn await_stopped_holder(lab: &Lab) -> Pid {
    let began = Instant::now();
    loop {
        let locks = std::fs::read_dir(lab.folder().path().join("locks")).unwrap().map(|entry| entry.unwrap().path());
        for pid in locks.filter_map(|path| std::fs::read_to_string(path).ok()?.parse::<i32>().ok()) {
            let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
            if stat.rsplit_once(") ").is_some_and(|(_, fields)| fields.starts_with(['T', 't'])) {
                // A process may be in this state for a moment during a call.
                std::thread::sleep(Duration::from_millis(50));
                let again = std::fs::read_to_string(format!("/proc/{pid}/syscall"));
                let still = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
                if still == stat && again.is_ok() {
                    return Pid::from_raw(pid).unwrap();
                }
            }
        }
        assert!(began.elapsed() < HANGS, "nobody stopped");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// The process that holds the lock is suspended at three points: before it sends the refresh token, before it saves the
/// answer, and after saving the answer.
#[test]
fn resumed_lock_holder_overwrites_nothing() {
    if !has_strace() {
        return;
    }
    let lab = signed_in(Rotation::On { grace: 0 });
    lab.age(TimeDelta::hours(6));
    let points = points(&lab, CREDENTIALS, "");
    let save = points.iter().position(|point| point.line.contains("rename") && point.line.contains("store/tokens"));
    let save = save.expect("a save of tokens");
    let answer = points[..save].iter().rposition(|point| point.call == "recvfrom").expect("an answer");
    let connect = points[..save].iter().position(|point| point.call == "connect").expect("a connection");
    let synced = save + points[save..].iter().position(|point| point.call == "fsync").expect("a sync");
    for point in [connect, answer, save, synced].map(|at| &points[at]) {
        lab.age(TimeDelta::hours(6));
        let before = lab.refresh_token();
        let inject = format!("inject={}:signal=STOP:when={}", point.call, point.number);
        let calls = format!("trace={CALLS}");
        let traced = traced(&lab, Path::new("/dev/null"), &["-e", &calls, "-e", &inject], CREDENTIALS);
        let holder = await_stopped_holder(&lab);
        let stored = lab.refresh_token();
        // Nobody gets past the lock: no renewal, no sign-in, no sign-out.
        let mut others: Vec<Child> =
            [CREDENTIALS, CREDENTIALS, &["logout"]].map(|words| lab.command(words).spawn().unwrap()).into();
        let sign_in = lab.begin_login(&["--force"]);
        let _ = visitor::sign_in_as(&sign_in.url, "bob");
        for ran in ended(std::mem::take(&mut others)).into_iter().chain([sign_in.end()]) {
            assert_eq!(ran.status, 7, "{point:?}: {ran:?}");
            assert!(ran.stderr.contains(&format!("process {holder} is stopped")), "{}", ran.stderr);
        }
        assert_eq!(lab.refresh_token(), stored, "{point:?}: nothing was saved beside it");
        kill_process(holder, Signal::CONT).unwrap();
        let ran: Ran = traced.wait_with_output().unwrap().into();
        // The holder's own request may have timed out meanwhile, but an answer must be saved.
        assert!(matches!(ran.status, 0 | 5), "{point:?}: {ran:?}");
        let handed = lab.run(CREDENTIALS).good();
        assert_eq!(owner(&lab, &handed), "alice", "{point:?}");
        if ran.status == 0 {
            assert_eq!(handed.document(), ran.document(), "{point:?}");
            assert_ne!(lab.refresh_token(), before, "{point:?}");
        }
        lab.age(TimeDelta::hours(6));
        lab.run(CREDENTIALS).good();
    }
}

#[test]
fn stopped_browser_holder_is_named_and_a_killed_one_ignored() {
    let (lab, opened) = noting("");
    let asked: &[&str] = &["credential-process", "--sign-in"];
    let holder = lab.command(asked).spawn().unwrap();
    opened.wait_for(1);
    send(&holder, Signal::STOP);
    await_state(&holder, "T");
    let began = Instant::now();
    for ran in ended((0..8).map(|_| lab.command(asked).spawn().unwrap()).collect()) {
        assert_eq!(ran.status, 7, "{}", ran.stderr);
        assert!(ran.stderr.contains(&format!("process {} is stopped", holder.id())), "{}", ran.stderr);
    }
    println!("8 waited {:?} for a stopped browser's holder", began.elapsed());
    assert!(began.elapsed() < HANGS, "{:?}", began.elapsed());
    let person = lab.command(&["login", "--timeout", "60"]).spawn().unwrap();
    send(&holder, Signal::KILL);
    holder.wait_with_output().unwrap();
    let page = opened.wait_for(2).pop().unwrap();
    visitor::sign_in_as(&page, "alice").unwrap();
    assert_eq!(person.wait_with_output().unwrap().status.code(), Some(0));
    lab.run(asked).good();
    assert_eq!(opened.opened().len(), 2);
}
