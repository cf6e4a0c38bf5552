//! Tests that the program's memory contains no usable secrets just before the program exits.
//!
//! strace stops the program just before the exit, after all values were dropped. Then the program's memory is searched.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use chrono::TimeDelta;
use cogfed::sandbox::options::{Options, Rotation};
use cogfed::sandbox::visitor;
use cogfed_test_support::{CREDENTIALS, Lab, WaitingLogin, has_strace, skip, under};

/// The number of the system call that ends a process, as shown in `/proc/PID/syscall`.
#[cfg(target_arch = "x86_64")]
const EXIT_GROUP: &str = "231";
#[cfg(not(target_arch = "x86_64"))]
const EXIT_GROUP: &str = "94";

/// A process that strace holds just before its exit. Dropping this value kills the program.
struct Held {
    strace: Child,
    pid: u32,
}

impl Drop for Held {
    fn drop(&mut self) {
        let _ = Command::new("kill").args(["-KILL", &self.pid.to_string()]).status();
        let _ = self.strace.kill();
        let _ = self.strace.wait();
    }
}

/// Returns a command that runs cogfed under strace, which delays the exit by ten minutes.
fn traced(lab: &Lab, words: &[&str]) -> Command {
    const OUTER: &str = "strace -qq -o /dev/null -e trace=exit_group -e inject=exit_group:delay_enter=600s";
    let mut command = under(&OUTER.split(' ').collect::<Vec<_>>(), &lab.command(words));
    command.stdout(Stdio::null());
    command
}

/// Waits until cogfed is about to exit. Reads its standard error, so that the pipe never fills up.
fn held(strace: Child, mut stderr: impl Read + Send + 'static) -> Held {
    thread::spawn(move || std::io::copy(&mut stderr, &mut std::io::sink()));
    let children = format!("/proc/{0}/task/{0}/children", strace.id());
    let began = Instant::now();
    let mut held = Held { strace, pid: 0 };
    loop {
        assert!(began.elapsed() < Duration::from_secs(60), "the program did not end");
        let children = std::fs::read_to_string(&children).unwrap_or_default();
        if let Some(pid) = children.split_whitespace().next() {
            held.pid = pid.parse().unwrap();
            let call = std::fs::read_to_string(format!("/proc/{pid}/syscall")).unwrap_or_default();
            if call.split(' ').next() == Some(EXIT_GROUP) {
                return held;
            }
        }
        thread::sleep(Duration::from_millis(2));
    }
}

/// Returns all of the process's memory that may hold a secret: its writable pages, including stack and heap.
fn memory(held: &Held) -> Vec<(String, Vec<u8>)> {
    let maps = std::fs::read_to_string(format!("/proc/{}/maps", held.pid)).unwrap();
    let mut memory = File::open(format!("/proc/{}/mem", held.pid)).unwrap();
    let mut areas = Vec::new();
    for line in maps.lines().filter(|line| line.contains(" rw")) {
        let (range, rest) = line.split_once(' ').unwrap();
        let (from, to) = range.split_once('-').unwrap();
        let address = |text| u64::from_str_radix(text, 16).unwrap();
        let mut bytes = vec![0; usize::try_from(address(to) - address(from)).unwrap()];
        memory.seek(SeekFrom::Start(address(from))).unwrap();
        if memory.read_exact(&mut bytes).is_ok() {
            areas.push((rest.to_owned(), bytes));
        }
    }
    areas
}

fn contains(text: &[u8], what: &[u8]) -> bool {
    let Some((first, rest)) = what.split_first() else { return false };
    let mut from = 0;
    while let Some(at) = text[from..].iter().position(|byte| byte == first) {
        if text[from + at + 1..].starts_with(rest) {
            return true;
        }
        from += at + 1;
    }
    false
}

/// Returns the secrets that are still in the process's memory. Each secret is shown by its first characters and its
/// location.
fn left(held: &Held, secrets: &[String]) -> Vec<String> {
    let areas = memory(held);
    assert!(areas.iter().any(|(name, _)| name.contains("[heap]")), "the heap is searched");
    let finds = |text: &str| areas.iter().any(|(_, bytes)| contains(bytes, text.as_bytes()));
    assert!(finds("COGFED_CONFIG"), "what is there is found");
    let hit = |secret: &String| {
        let area = areas.iter().find(|(_, bytes)| contains(bytes, secret.as_bytes()))?;
        Some(format!("{}… in {}", &secret[..12.min(secret.len())], area.0))
    };
    secrets.iter().filter_map(hit).collect()
}

fn can_look() -> bool {
    // This process denies access to its memory, and only root can override that.
    let is_root = std::fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0);
    if !is_root {
        skip("only root can read the memory of a process that is closed to others");
    }
    is_root && has_strace()
}

fn run(lab: &Lab, words: &[&str]) -> Held {
    let mut strace = traced(lab, words).spawn().expect("strace runs");
    let stderr = strace.stderr.take().unwrap();
    held(strace, stderr)
}

#[test]
fn no_secret_is_left_in_memory_when_a_command_exits() {
    if !can_look() {
        return;
    }
    let lab = Lab::with(Options { rotation: Rotation::On { grace: 60 }, ..Options::default() });
    let orders = format!("{}/orders", lab.sandbox.api_url());
    lab.login("alice").good();
    lab.age(TimeDelta::hours(2));
    let commands: [&[&str]; 6] =
        [CREDENTIALS, CREDENTIALS, &["call", "GET", &orders], &["status"], &["login"], &["logout"]];
    for words in commands {
        let held = run(&lab, words);
        assert_eq!(left(&held, &lab.sandbox.secrets_issued()), Vec::<String>::new(), "{words:?}");
        drop(held);
        lab.age(TimeDelta::minutes(30));
    }
}

#[test]
fn no_secret_of_a_sign_in_is_left_in_memory() {
    if !can_look() {
        return;
    }
    let lab = Lab::new();
    let child = traced(&lab, &["login", "--no-browser"]).spawn().expect("strace runs");
    let waiting = WaitingLogin::of(child);
    let url = waiting.url.clone();
    let (strace, stderr) = waiting.apart();
    let signed_in = thread::spawn(move || visitor::sign_in_as(&url, "alice").map(drop));
    let held = held(strace, stderr);
    signed_in.join().unwrap().expect("a sign-in");
    let issued = lab.sandbox.secrets_issued();
    assert!(issued.len() >= 4, "{}", issued.len());
    assert_eq!(left(&held, &issued), Vec::<String>::new());
}

#[test]
fn other_processes_may_not_attach_to_the_program() {
    if !has_strace() {
        return;
    }
    let lab = Lab::new();
    let calls = lab.home().join("calls");
    let strace = ["strace", "-qq", "-e", "trace=prctl", "-o", calls.to_str().unwrap()];
    let _ = under(&strace, &lab.command(&["status"])).output().expect("strace runs");
    let calls = std::fs::read_to_string(calls).unwrap();
    // Most tests run as root, which may attach to any process. So the call is checked, not its effect.
    assert!(calls.contains("prctl(PR_SET_DUMPABLE, SUID_DUMP_DISABLE) = 0"), "{calls}");
}

#[test]
fn aborted_program_leaves_no_core_dump() {
    let lab = Lab::new();
    let waiting = lab.begin_login(&[]);
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", waiting.pid())).unwrap();
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    assert_eq!(core.split_whitespace().skip(4).take(2).collect::<Vec<_>>(), ["0", "0"], "{core}");
    let before = names(&lab);
    assert!(Command::new("kill").args(["-ABRT", &waiting.pid().to_string()]).status().unwrap().success());
    waiting.end().failed_with(-1);
    assert_eq!(names(&lab), before);
}

/// Returns the names of the files in the program's working directory.
fn names(lab: &Lab) -> Vec<std::ffi::OsString> {
    let mut names: Vec<_> = std::fs::read_dir(lab.home()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    names
}
