//! What README.md quotes is what cogfed says: people search for the text that they see.

use std::fs;
use std::path::Path;

fn sources(folder: &Path, text: &mut String) {
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            sources(&path, text);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            *text += &fs::read_to_string(&path).expect("a source file");
        }
    }
}

#[test]
fn the_messages_in_the_table_of_failures_are_cogfeds() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = fs::read_to_string(root.join("README.md")).expect("README.md");
    let (_, table) = readme.split_once("| what you see | what to do |\n| --- | --- |\n").expect("the table");
    let mut said = String::new();
    sources(&root.join("src"), &mut said);
    let rows: Vec<&str> = table.lines().take_while(|line| line.starts_with('|')).collect();
    let mut quoted = 0;
    for row in &rows {
        let seen = row.split('|').nth(1).expect("a first column");
        for phrase in seen.split('`').skip(1).step_by(2) {
            assert!(said.contains(phrase), "README.md quotes '{phrase}', which cogfed does not say");
            quoted += 1;
        }
    }
    assert!(rows.len() > 5 && quoted > 5, "the table was found: {} rows, {quoted} quotes", rows.len());
}
