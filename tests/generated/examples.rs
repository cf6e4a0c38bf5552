//! Examples of `credential_process`: each is one line, wherever it is printed. The AWS SDKs for JavaScript, Go and Ruby
//! drop what continues on a second line, and would run as another role.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::root;

/// The key of ~/.aws/config.
const KEY: &str = "credential_process =";

/// The files and folders in which examples may be.
const PLACES: &[&str] =
    &["README.md", "SECURITY.md", "CHANGELOG.md", "docs", "man", "completions", "crates/sandbox", "src/cli"];

fn files(path: &Path, all: &mut Vec<PathBuf>) {
    if path.is_file() {
        return all.push(path.to_owned());
    }
    for entry in fs::read_dir(path).expect("a folder").map(|entry| entry.expect("an entry").path()) {
        let is_text = entry.extension().is_some_and(|kind| ["md", "rs", "1", "toml"].iter().any(|it| kind == *it));
        if entry.is_dir() || is_text {
            files(&entry, all);
        }
    }
}

/// Returns the examples in `text` that continue on the next line. That line follows a backslash, is indented further,
/// or begins with a flag.
fn continued(text: &str) -> Vec<String> {
    let indent = |line: &str| line.len() - line.trim_start().len();
    let lines: Vec<&str> = text.lines().collect();
    let pairs = lines.iter().enumerate().filter(|(_, line)| line.trim_start().starts_with(KEY));
    pairs
        .filter_map(|(at, line)| {
            let next = lines.get(at + 1).copied().unwrap_or_default();
            let is_flag = next.trim_start().trim_start_matches('\\').starts_with('-');
            let goes_on = !next.trim().is_empty() && (indent(next) > indent(line) || is_flag);
            let is_cut = !line.contains("credential-process") && !line.contains("credential\\-process");
            (goes_on || is_cut || line.ends_with('\\')).then(|| format!("{line} | {next}"))
        })
        .collect()
}

/// Returns the number of examples in a text.
fn count(text: &str) -> usize {
    text.lines().filter(|line| line.trim_start().starts_with(KEY)).count()
}

#[test]
fn every_credential_process_example_in_the_repository_is_one_line() {
    let mut all = Vec::new();
    PLACES.iter().for_each(|place| files(&root().join(place), &mut all));
    let texts = all.iter().map(|path| (path, fs::read_to_string(path).expect("UTF-8")));
    let (mut faults, mut examples) = (Vec::new(), 0);
    for (path, text) in texts {
        examples += count(&text);
        faults.extend(continued(&text).into_iter().map(|fault| format!("{}: {fault}", path.display())));
        assert!(!text.contains(concat!("(on one", " line)")), "{}", path.display());
    }
    assert_eq!(faults, Vec::<String>::new());
    assert!(examples >= 7, "{examples}");
}

#[test]
fn narrow_terminals_do_not_wrap_examples_of_the_help() {
    let help = |words: &[&str], columns: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cogfed"));
        let output = command.args(words).env("COLUMNS", columns).output().expect("cogfed runs");
        String::from_utf8(output.stdout).expect("UTF-8")
    };
    for words in [&["--help"][..], &["help"], &["credential-process", "--help"], &["help", "credential-process"]] {
        let wide = help(words, "200");
        for columns in ["20", "40", "79", "80", "100"] {
            let narrow = help(words, columns);
            assert_eq!(continued(&narrow), Vec::<String>::new(), "{words:?} {columns}");
            let examples = |text: &str| -> Vec<String> {
                text.lines().filter(|line| line.trim_start().starts_with(KEY)).map(str::to_owned).collect()
            };
            assert_eq!(examples(&narrow), examples(&wide), "{words:?} {columns}");
            assert!(count(&narrow) >= 1 && !narrow.contains('\u{e000}'), "{words:?} {columns}");
        }
    }
    assert!(help(&["credential-process", "--help"], "80").contains(" --role arn:aws:iam::123456789012:role/Reader\n"));
}

#[test]
fn continued_example_is_found() {
    let example = "    credential_process = /usr/bin/cogfed credential-process -p x";
    for (next, is_fault) in [
        ("\n        --role arn\n", true),
        ("\n    --role arn\n", true),
        ("\n\\-\\-role arn\n", true),
        (" \\\n    x\n", true),
        ("\n    region = x\n", false),
        ("\n\n        text\n", false),
        ("\n    ```\n", false),
    ] {
        assert_eq!(continued(&format!("{example}{next}")).len(), usize::from(is_fault), "{next:?}");
    }
    assert_eq!(continued("    credential_process =\n    /usr/bin/cogfed\n").len(), 1, "wrapped within the line");
}
