//! Tests with malformed command lines.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;

use cogfed_test_support::Ran;

use super::desk::{Desk, assert_mannered};
use super::mutations::{Random, malformed};

const VALID: &[&[&str]] = &[
    &["status", "--profile", "desk", "--json"],
    &["profile", "show", "--profile", "desk"],
    &["credential-process", "--profile", "desk"],
    &["call", "GET", "https://abc123.execute-api.eu-west-1.amazonaws.com/prod/orders?a=b", "--dry-run"],
    &["call", "POST", "https://h.example/prod", "-H", "X-Tag: a", "-d", "{\"id\": 1}", "--region", "eu-west-1"],
    &["logout", "--profile", "desk"],
];

#[test]
fn malformed_command_lines_are_refused() {
    let desk = Desk::new();
    let mut random = Random(10);
    for number in 0..200 {
        let valid = VALID[number % VALID.len()];
        let mut words: Vec<OsString> = valid.iter().map(OsString::from).collect();
        let at = 1 + random.below(words.len() - 1);
        let mut word = malformed(valid[at].as_bytes(), &mut random);
        word.retain(|byte| *byte != 0);
        word.truncate(100_000);
        words[at] = OsString::from_vec(word);
        let ran: Ran = desk.program(&[]).args(&words).output().expect("cogfed runs").into();
        assert!([0, 2, 3].contains(&ran.status), "{ran:?}\n{words:?}");
        assert_mannered(&ran, &words);
    }
}
