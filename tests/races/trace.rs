//! The program under strace: what it calls, and what happens if one call kills it or fails.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use cogfed::sandbox::visitor;

use crate::support::{Lab, Ran, WaitingLogin};

/// What changes something that outlives the process, on this machine or another, or comes just before or after.
pub const CALLS: &str =
    "openat,write,writev,sendto,connect,recvfrom,accept4,fsync,rename,renameat,renameat2,unlink,flock,ftruncate,mkdir";

/// One place: the how manieth call of that name, in the main thread.
#[derive(Clone, Debug)]
pub struct Point {
    pub call: String,
    pub number: usize,
    /// The call as it was traced.
    pub line: String,
}

/// The program under strace, with more options.
pub fn traced(lab: &Lab, log: &Path, options: &[&str], words: &[&str]) -> Child {
    let plain = lab.command(words);
    let mut command = Command::new("strace");
    command.args(["-f", "-qq", "-o"]).arg(log).args(options);
    command.arg(plain.get_program()).args(plain.get_args()).env_clear();
    command.envs(plain.get_envs().filter_map(|(key, value)| Some((key, value?))));
    command.env("PATH", std::env::var_os("PATH").unwrap_or_default()).current_dir(lab.home());
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("strace runs")
}

/// Runs `words` under strace to the end; if that is a `login`, this person signs in, as far as it lets them.
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

/// The points of an unharmed run, from the taking of the first lock on.
pub fn points(lab: &Lab, words: &[&str], person: &str) -> Vec<Point> {
    let log = lab.home().join("trace");
    ran(lab, &log, &["-e", &format!("trace={CALLS}")], words, person).good();
    let text = std::fs::read_to_string(&log).expect("a trace");
    let main = text.split_whitespace().next().expect("a line").to_owned();
    let mut counts = BTreeMap::new();
    let (mut points, mut has_begun) = (Vec::new(), false);
    for line in text.lines().filter(|line| line.starts_with(&main)) {
        let line = line.trim_start_matches(|c: char| c.is_ascii_digit() || c == ' ');
        let Some((call, _)) = line.split_once('(') else { continue };
        let number = counts.entry(call.to_owned()).or_insert(0);
        *number += 1;
        has_begun |= call == "flock";
        if has_begun {
            points.push(Point { call: call.to_owned(), number: *number, line: line.to_owned() });
        }
    }
    points
}

/// Runs `words` and lets the call at `point` do what strace's `effect` says.
pub fn tampered(lab: &Lab, point: &Point, effect: &str, words: &[&str], person: &str) -> Ran {
    let inject = format!("inject={}:{effect}:when={}", point.call, point.number);
    let calls = format!("trace={CALLS}");
    ran(lab, Path::new("/dev/null"), &["-e", &calls, "-e", &inject], words, person)
}
