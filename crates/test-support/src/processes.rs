//! Many runs of the program at once.

use std::process::Child;

use serde_json::Value;

use crate::{Lab, Ran};

/// Starts this many processes at once, and waits for all of them.
pub fn together(lab: &Lab, count: usize, words: &[&str]) -> Vec<Ran> {
    ended((0..count).map(|_| lab.command(words).spawn().expect("cogfed runs")).collect())
}

/// Waits for all processes.
pub fn ended(children: Vec<Child>) -> Vec<Ran> {
    children.into_iter().map(|child| child.wait_with_output().expect("cogfed ends").into()).collect()
}

/// Checks that all runs succeeded with the same document, and returns it.
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
