//! Runs of the program under strace, which records the system calls, or injects an error or a kill signal at one system
//! call.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Child;

use cogfed::sandbox::visitor;

use crate::{Lab, Ran, WaitingLogin, under};

/// The system calls to trace: calls with an effect outside the process, and the calls just before or after such a call.
pub const CALLS: &str =
    "openat,write,writev,sendto,connect,recvfrom,accept4,fsync,rename,renameat,renameat2,unlink,flock,ftruncate,mkdir";

/// One system call in a run of the program.
#[derive(Clone, Debug)]
pub struct Point {
    /// The name of the system call.
    pub call: String,
    /// The number of this call, counted from 1, among the calls with the same name in its thread.
    pub number: usize,
    /// The line that strace printed.
    pub line: String,
}

/// Starts the program under strace; `options` go to strace, `words` to the program.
pub fn traced(lab: &Lab, log: &Path, options: &[&str], words: &[&str]) -> Child {
    let log = log.to_str().expect("a path of text");
    let outer = [&["strace", "-f", "-qq", "-o", log], options].concat();
    under(&outer, &lab.command(words)).spawn().expect("strace runs")
}

/// Runs the program with the arguments `words` under strace, and waits for it to exit. If the command is `login`, signs
/// this person in, as far as possible.
pub fn ran(lab: &Lab, log: &Path, options: &[&str], words: &[&str], person: &str) -> Ran {
    let child = traced(lab, log, options, words);
    if words.first() != Some(&"login") {
        return child.wait_with_output().expect("it ends").into();
    }
    let waiting = WaitingLogin::of(child);
    if !waiting.url.is_empty() {
        let _ = visitor::sign_in_as(&waiting.url, person);
    }
    waiting.end()
}

/// Runs the program without injected faults, and returns its system calls from the first lock onwards.
///
/// strace counts the calls of each thread separately, and acts in the first thread that reaches the number. A point is
/// therefore omitted if another thread makes as many calls of that name, which mostly happens while the program loads.
pub fn points(lab: &Lab, words: &[&str], person: &str) -> Vec<Point> {
    let log = lab.home().join("trace");
    ran(lab, &log, &["-e", &format!("trace={CALLS}")], words, person).good();
    let text = std::fs::read_to_string(&log).expect("a trace");
    let called = |line: &'_ str| {
        let (thread, rest) = line.split_once(' ')?;
        let (call, _) = rest.trim_start().split_once('(')?;
        Some((thread.to_owned(), call.to_owned(), rest.trim_start().to_owned()))
    };
    let worker = text.lines().filter_map(called).find(|(_, call, _)| call == "flock").expect("a lock is taken").0;
    let mut counts = BTreeMap::new();
    let (mut points, mut has_begun) = (Vec::new(), false);
    for line in text.lines() {
        let Some((thread, call, line)) = called(line) else { continue };
        let number = counts.entry((thread.clone(), call.clone())).or_insert(0);
        *number += 1;
        has_begun |= call == "flock";
        if has_begun && thread == worker {
            points.push(Point { call, number: *number, line });
        }
    }
    let elsewhere = |point: &Point| {
        let others = counts.iter().filter(|((thread, call), _)| *thread != worker && *call == point.call);
        others.map(|(_, count)| *count).max().unwrap_or(0)
    };
    points.retain(|point| point.number > elsewhere(point));
    points
}

/// Runs the program under strace, which injects the fault `effect`, such as `signal=KILL` or `error=EIO`, at `point`.
pub fn tampered(lab: &Lab, point: &Point, effect: &str, words: &[&str], person: &str) -> Ran {
    let inject = format!("inject={}:{effect}:when={}", point.call, point.number);
    let calls = format!("trace={CALLS}");
    ran(lab, Path::new("/dev/null"), &["-e", &calls, "-e", &inject], words, person)
}
