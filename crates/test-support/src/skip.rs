//! Skipped tests, made visible: the test harness has no way to report them.

use std::io::Write;

/// Reports that the calling test is skipped because something is missing here.
///
/// # Panics
/// Under CI (the variable `CI` is set): there it has to be installed.
#[track_caller]
pub fn skip(why: &str) {
    assert!(std::env::var_os("CI").is_none(), "not to be skipped under CI: {why}");
    skip_anywhere(why);
}

/// Reports that the calling test is skipped because of something that may be missing under CI too: `tests/real/run` runs
/// the test elsewhere, or the operating system forbids it.
pub fn skip_anywhere(why: &str) {
    // The harness names a test's thread after the test.
    let test = std::thread::current().name().unwrap_or("a test").to_owned();
    // In one piece, and not by `eprintln!`, which the harness captures.
    let line = format!("skipped: {test}: {why}\n");
    let _ = std::io::stderr().write_all(line.as_bytes());
}
