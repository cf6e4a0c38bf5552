//! A test that cogfed really prints the messages that README.md quotes. People search for them, so cogfed has to print
//! them.

use std::fs;

use crate::root;
use crate::sources::program;

#[test]
fn readme_quotes_only_messages_that_cogfed_prints() {
    let readme = fs::read_to_string(root().join("README.md")).expect("README.md");
    let (_, table) = readme.split_once("| what you see | what to do |\n| --- | --- |\n").expect("the table");
    // Only the program's literals count: a message in a comment or in a unit test is never printed.
    let literals: Vec<String> = program().into_iter().flat_map(|source| source.literals).collect();
    let rows: Vec<&str> = table.lines().take_while(|line| line.starts_with('|')).collect();
    let mut quoted = 0;
    for row in &rows {
        let seen = row.split('|').nth(1).expect("a first column");
        for phrase in seen.split('`').skip(1).step_by(2) {
            let is_printed = literals.iter().any(|literal| literal.contains(phrase));
            assert!(is_printed, "README.md quotes '{phrase}', which cogfed does not print");
            quoted += 1;
        }
    }
    assert!(rows.len() > 5 && quoted > 5, "the table was found: {} rows, {quoted} quotes", rows.len());
}
