//! String literals of production code: comments, attributes of `cfg(test)` modules and test files are left out.

use std::fs;
use std::path::{Path, PathBuf};

/// A source file of the program, without its tests.
pub struct Source {
    pub path: PathBuf,
    pub literals: Vec<String>,
    /// Whether something in it reads environment variables.
    pub reads_variables: bool,
}

/// Returns all source files below `folder`, except those of tests.
pub fn sources(folder: &Path) -> Vec<Source> {
    let mut sources = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        let is_test = path.file_stem().is_some_and(|stem| stem == "tests" || stem == "testing");
        if is_test {
            continue;
        } else if path.is_dir() {
            sources.extend(self::sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).expect("a source file");
            let code = production(&text);
            let reads_variables = ["variable", "env::var"].iter().any(|reader| code.contains(reader));
            sources.push(Source { path, literals: literals(code), reads_variables });
        }
    }
    sources
}

/// Returns the part of a file before its unit tests, which stand at the end.
fn production(text: &str) -> &str {
    let test = text.match_indices("#[cfg(test)]").map(|(at, _)| at).find(|at| {
        let after = text[*at..].lines().nth(1).unwrap_or_default();
        after.contains("mod ")
    });
    &text[..test.unwrap_or(text.len())]
}

/// Returns the contents of the plain string literals of `code`, as they are written.
fn literals(code: &str) -> Vec<String> {
    let mut literals = Vec::new();
    let mut rest = code;
    while let Some(at) = rest.find(['"', '/', '\'']) {
        let (before, found) = rest.split_at(at);
        rest = if found.starts_with("//") {
            found.split_once('\n').map_or("", |(_, rest)| rest)
        } else if let Some(text) = found.strip_prefix('"') {
            let (literal, rest) = if before.ends_with('r') { raw(text) } else { plain(text) };
            literals.push(literal.to_owned());
            rest
        } else if found.starts_with("'\"'") || found.starts_with("'/'") {
            &found[3..]
        } else if found.starts_with("'\\") {
            // An escaped character: its second one may be a quotation mark.
            found.get(3..).unwrap_or_default()
        } else {
            &found[1..]
        };
    }
    literals
}

/// Splits at the end of a literal without escapes.
fn raw(text: &str) -> (&str, &str) {
    text.split_once('"').expect("the literal ends")
}

/// Splits at the first quotation mark that no backslash escapes.
fn plain(text: &str) -> (&str, &str) {
    let mut is_escaped = false;
    let end = text.find(|c| {
        let is_end = c == '"' && !is_escaped;
        is_escaped = c == '\\' && !is_escaped;
        is_end
    });
    let end = end.expect("the literal ends");
    (&text[..end], &text[end + 1..])
}

#[test]
fn literals_are_found_and_comments_are_not() {
    let code = r#"
        // "comment" it's
        /// "doc"
        fn f<'a>(x: &'a str) { g("one", '"', "tw\"o", '\'', "three\\") } // "not"
        const URL: &str = "https://x"; let c = '/'; let d = "four";
    "#;
    assert_eq!(literals(code), ["one", r#"tw\"o"#, r"three\\", "https://x", "four"]);
    assert_eq!(literals(r#"let pattern = r"raw\"; f("after")"#), [r"raw\", "after"]);
    let with_tests = "fn f() { g(\"in\") }\n#[cfg(test)]\nmod tests {\n    \"out\"\n}\n";
    assert_eq!(literals(production(with_tests)), ["in"]);
}
