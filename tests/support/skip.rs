//! How a test says that it was skipped: by a line that the test harness does not keep for itself.
#![allow(dead_code, reason = "each test target uses a part of it")]

use std::io::Write;

/// This test needs something that is not here. Under CI (the variable `CI` is set) that is a failure.
#[track_caller]
pub fn skip(why: &str) {
    assert!(std::env::var_os("CI").is_none(), "not to be skipped under CI: {why}");
    skip_anywhere(why);
}

/// The same for what may be missing under CI as well: `tests/real/run` runs such a test, or the system refuses it.
pub fn skip_anywhere(why: &str) {
    // Written in one piece, and not by `eprintln!`, which the harness captures.
    let line = format!("skipped: {why}\n");
    let _ = std::io::stderr().write_all(line.as_bytes());
}
