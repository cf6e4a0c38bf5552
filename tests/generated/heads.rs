//! A test that doc comments begin with a noun or a verb, never with a question word.

use std::fs;
use std::path::{Path, PathBuf};

/// The folders whose source files are checked, relative to the root of the repository.
const FOLDERS: &[&str] = &["src", "crates", "tests", "benches", "fuzz"];

/// The words with which no doc comment may begin, because they hide what is described.
const QUESTION_WORDS: &[&str] = &["How", "What", "When", "Where", "Whether", "Which", "Who", "Whose", "Whom", "Why"];

/// The folder whose doc comments are not checked, because they become help texts. A person may read there "How long to
/// wait, in seconds".
const HELP: &str = "src/cli";

/// The markers at the start of a doc comment's lines, for items and for modules.
const MARKS: [&str; 2] = ["///", "//!"];

/// Returns the first line of each doc comment in a Rust source, with its line number (counted from 1).
fn heads(text: &str) -> Vec<(usize, &str)> {
    let mut before = None;
    let mut heads = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let line = line.trim_start();
        let mark = MARKS.into_iter().find(|mark| line.starts_with(mark) && !line.starts_with("////"));
        if let Some(mark) = mark.filter(|mark| before != Some(*mark)) {
            heads.push((at + 1, line[mark.len()..].trim_start()));
        }
        before = mark;
    }
    heads
}

/// Returns the first line of each docstring in a Python source, with its line number (counted from 1).
fn docstrings(text: &str) -> Vec<(usize, &str)> {
    let lines = text.lines().enumerate();
    lines.filter_map(|(at, line)| Some((at + 1, line.trim_start().strip_prefix("\"\"\"")?))).collect()
}

fn begins_with_a_question(head: &str) -> bool {
    let word = head.split(|sign: char| !sign.is_alphanumeric()).next().unwrap_or_default();
    QUESTION_WORDS.contains(&word)
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
        let path = entry.expect("an entry").path();
        // Builds, and files found by fuzzing, are not prose.
        if path.is_dir() && !["target", "corpus", "artifacts", "coverage"].iter().any(|name| path.ends_with(name)) {
            sources(&path, found);
        } else if path.extension().is_some_and(|end| end == "rs" || end == "py") {
            found.push(path);
        }
    }
}

#[test]
fn no_doc_comment_begins_with_a_question_word() {
    let mut files = Vec::new();
    FOLDERS.iter().for_each(|folder| sources(&super::root().join(folder), &mut files));
    assert!(files.len() > 200, "only {} sources were found", files.len());
    files.sort();
    let mut faults = Vec::new();
    for file in &files {
        let text = fs::read_to_string(file).expect("UTF-8");
        let heads = if file.extension().is_some_and(|end| end == "py") { docstrings(&text) } else { heads(&text) };
        let name = file.strip_prefix(super::root()).expect("below the root");
        let is_help = |head: &str| name.starts_with(HELP) && head.starts_with("How ");
        let odd = heads.into_iter().filter(|(_, head)| begins_with_a_question(head) && !is_help(head));
        faults.extend(odd.map(|(line, head)| format!("{}:{line}: {head}", name.display())));
    }
    assert!(faults.is_empty(), "{} doc comments begin with a question word:\n{}", faults.len(), faults.join("\n"));
}

#[test]
fn question_words_are_found_only_at_the_head_of_comments() {
    let text = "//! Whether it works.\n//! Why not.\n\n/// The place.\n/// Where it is.\nfn f() {}\n    /// Who's there.\n//// Whom\n\
        // What\n/// Whatever it takes.\n/** */\n/// Whose.\n\n/// However it is.\n\n/// How often.";
    let odd: Vec<_> = heads(text).into_iter().filter(|(_, head)| begins_with_a_question(head)).collect();
    assert_eq!(odd, [(1, "Whether it works."), (7, "Who's there."), (12, "Whose."), (16, "How often.")]);
    assert_eq!(docstrings("x = 1\n  \"\"\"Where it is.\"\"\"\n"), [(2, "Where it is.\"\"\"")]);
}
