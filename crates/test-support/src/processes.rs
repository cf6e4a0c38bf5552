//! Functions that run the program many times at once.

use std::process::Child;

use serde_json::Value;

use crate::{Lab, Ran};

/// Runs the program `count` times at once, and returns the outcomes when all runs have ended.
pub fn together(lab: &Lab, count: usize, words: &[&str]) -> Vec<Ran> {
    ended((0..count).map(|_| lab.command(words).spawn().expect("cogfed runs")).collect())
}

/// Waits until all processes have ended, and returns their outcomes.
pub fn ended(children: Vec<Child>) -> Vec<Ran> {
    children.into_iter().map(|child| child.wait_with_output().expect("cogfed ends").into()).collect()
}

/// Checks that all runs succeeded and printed the same document, and returns that document.
///
/// # Panics
/// If one failed, or has another document.
#[track_caller]
pub fn one_document(ran: &[Ran]) -> Value {
    let first = ran.first().expect("one at least").document();
    for one in ran {
        assert_eq!(one.status, 0, "{one:?}");
        assert_eq!(one.document(), first);
    }
    first
}
