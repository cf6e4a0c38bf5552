//! A test that the documents for maintainers name only files, constants and modules that exist.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::root;

/// The documents to check, as paths from the root of the repository.
const DOCUMENTS: &[&str] = &[
    "README.md",
    "SECURITY.md",
    "docs/ARCHITECTURE.md",
    "docs/CONTRIBUTING.md",
    "docs/RELEASING.md",
    "fuzz/README.md",
];

/// The folders whose files the documents name by a path that starts at the root of the repository.
const FOLDERS: &[&str] = &["src/", "crates/", "tests/", "docs/", "fuzz/", "benches/", "completions/", "man/", ".ci/"];

/// Returns the texts in backticks outside of code blocks, and the lines in code blocks.
fn quoted(text: &str) -> (Vec<&str>, Vec<&str>) {
    let (mut quotes, mut lines) = (Vec::new(), Vec::new());
    let mut is_fenced = false;
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            is_fenced = !is_fenced;
        } else if is_fenced || line.starts_with("    ") {
            lines.push(line);
        } else {
            quotes.extend(line.split('`').skip(1).step_by(2));
        }
    }
    (quotes, lines)
}

/// Returns the faults in a document: paths that do not exist, and names that do not occur in the file that the document
/// mentions with them.
fn faults(root: &Path, text: &str) -> Vec<String> {
    let (quotes, lines) = quoted(text);
    let is_path =
        |quote: &str| !quote.contains(['*', ' ', '<']) && FOLDERS.iter().any(|folder| quote.starts_with(folder));
    let mut faults: Vec<String> = quotes
        .iter()
        .filter(|quote| is_path(quote) && !root.join(quote).exists())
        .map(|path| format!("there is no {path}"))
        .collect();
    for [name, path] in quotes.windows(2).filter_map(|pair| <[&str; 2]>::try_from(pair).ok()) {
        // For example "`WINDOW` in `src/session/policy/mod.rs`".
        if is_path(path) && text.contains(&format!("`{name}` in `{path}`")) {
            let found = fs::read_to_string(root.join(path)).unwrap_or_default();
            if !words(&found).contains(name) {
                faults.push(format!("there is no {name} in {path}"));
            }
        }
    }
    // For example the line "oidc::Listener  binds the first free port".
    for (room, name) in lines.iter().filter_map(|line| line.split_whitespace().next()?.split_once("::")) {
        let folder = root.join("src").join(room);
        if folder.is_dir() && !is_in_room(&folder, name) {
            faults.push(format!("there is no {name} in {room}"));
        }
    }
    faults
}

/// Returns whether `name` is a submodule of the module in `folder`, or a word in that module's `mod.rs`.
fn is_in_room(folder: &Path, name: &str) -> bool {
    let module = folder.join(name);
    let top = fs::read_to_string(folder.join("mod.rs")).unwrap_or_default();
    module.join("mod.rs").exists() || module.with_extension("rs").exists() || words(&top).contains(name)
}

fn words(text: &str) -> BTreeSet<&str> {
    text.split(|sign: char| !sign.is_alphanumeric() && sign != '_').collect()
}

#[test]
fn documents_name_files_and_constants_that_exist() {
    let root = root();
    let mut all = Vec::new();
    for document in DOCUMENTS {
        let text = fs::read_to_string(root.join(document)).unwrap_or_else(|error| panic!("{document}: {error}"));
        all.extend(faults(&root, &text).into_iter().map(|fault| format!("{document}: {fault}")));
    }
    assert!(all.is_empty(), "{}", all.join("\n"));
}

#[test]
fn missing_file_or_name_in_a_document_is_found() {
    let text = "`src/lib.rs`, `src/gone.rs`, `GONE` in `src/lib.rs`, `commands` in `src/lib.rs`, `src/*.rs`\n\n    \
        oidc::Listener  x\n    oidc::gone  x\n    sh -c x\n\n```sh\nstore::never_there\n```\n";
    let expected = [
        "there is no src/gone.rs",
        "there is no GONE in src/lib.rs",
        "there is no gone in oidc",
        "there is no never_there in store",
    ];
    assert_eq!(faults(&root(), text), expected);
}
