//! Reports of skipped tests, which the test harness cannot show by itself.

use std::io::Write;

/// Reports that the calling test is skipped, because this machine lacks something that the test requires.
///
/// # Panics
/// Under CI (the variable `CI` is set), where every requirement has to be installed.
#[track_caller]
pub fn skip(why: &str) {
    assert!(std::env::var_os("CI").is_none(), "not to be skipped under CI: {why}");
    skip_anywhere(why);
}

/// Reports that the calling test is skipped, and allows this even in CI. The reason is that the operating system
/// forbids the test or that `tests/real/run` runs it.
pub fn skip_anywhere(why: &str) {
    // The harness names a test's thread after the test.
    let test = std::thread::current().name().unwrap_or("a test").to_owned();
    // In one write, and not by `eprintln!`, which the harness captures.
    let line = format!("skipped: {test}: {why}\n");
    let _ = std::io::stderr().write_all(line.as_bytes());
}
