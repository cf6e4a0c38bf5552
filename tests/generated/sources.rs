//! The Rust files of the repository as data: the modules that each one declares, and the text in its string literals.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::root;

/// A source file, with everything that only tests compile kept apart.
#[derive(Debug, Default, PartialEq)]
pub struct Source {
    /// Its path.
    pub path: PathBuf,
    /// The modules that it declares and that have files of their own.
    pub modules: Vec<Module>,
    /// The string literals outside of items marked `#[cfg(test)]`, with their escapes resolved.
    pub literals: Vec<String>,
    /// Everything else outside of such items: names, numbers and signs.
    pub words: Vec<String>,
    /// Whether a `#[path]` sends a module elsewhere.
    pub has_path: bool,
}

/// A declaration `mod name;`.
#[derive(Debug, PartialEq)]
pub struct Module {
    /// The name.
    pub name: String,
    /// Whether it is marked `#[cfg(test)]`.
    pub is_test: bool,
}

impl Source {
    /// Reads a source file.
    pub fn read(path: &Path) -> Self {
        let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        Self { path: path.to_owned(), ..Self::of(&text) }
    }

    /// Whether something in it reads environment variables.
    pub fn reads_variables(&self) -> bool {
        let reads = |words: &[String]| words[0] == "env" && words[3].starts_with("var");
        self.words.iter().any(|word| word.contains("variable")) || self.words.windows(4).any(reads)
    }

    /// Reads the text of a source file.
    pub fn of(text: &str) -> Self {
        let pieces = pieces(text);
        let mut source = Self::default();
        let mut at = 0;
        while at < pieces.len() {
            let is_test = is_for_tests(&pieces[at..]);
            let end = if is_test { item_end(&pieces, at) } else { at + 1 };
            if starts_with(&pieces[at..], &["#", "[", "path"]) {
                source.has_path = true;
            }
            if let Some(name) = module(&pieces[at..end.max(at + 3).min(pieces.len())]) {
                source.modules.push(Module { name, is_test });
            }
            match &pieces[at] {
                _ if is_test => {}
                Piece::Literal(text) => source.literals.push(text.clone()),
                Piece::Word(word) => source.words.push(word.clone()),
            }
            at = end;
        }
        source
    }
}

/// Returns the sources of the library and of the program, without what only tests compile.
pub fn program() -> Vec<Source> {
    let mains = ["src/lib.rs", "src/main.rs"].map(|main| root().join(main));
    mains.iter().flat_map(|main| reached(main, false)).map(|file| Source::read(&file)).collect()
}

/// Returns every file that `main` and the modules below it consist of; with `with_tests`, also those that only tests compile.
pub fn reached(main: &Path, with_tests: bool) -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::from([main.to_owned()]);
    let mut waiting = vec![main.to_owned()];
    while let Some(file) = waiting.pop() {
        let folder = file.parent().expect("a folder");
        let stem = file.file_stem().expect("a name");
        let is_top = file == main || stem == "mod";
        let folder = if is_top { folder.to_owned() } else { folder.join(stem) };
        for module in Source::read(&file).modules.iter().filter(|module| with_tests || !module.is_test) {
            let places = [folder.join(format!("{}.rs", module.name)), folder.join(&module.name).join("mod.rs")];
            let place = places.into_iter().find(|place| place.is_file());
            let place =
                place.unwrap_or_else(|| panic!("{} declares {}, which is nowhere", file.display(), module.name));
            if found.insert(place.clone()) {
                waiting.push(place);
            }
        }
    }
    found
}

/// Returns every Rust file below a folder.
pub fn below(folder: &Path) -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::new();
    for entry in fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(below(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.insert(path);
        }
    }
    found
}

/// What the compiler sees of a text: no comments, no space.
#[derive(Debug, Clone, PartialEq)]
enum Piece {
    /// A name, a number, or a character that is neither.
    Word(String),
    /// A string literal of any form.
    Literal(String),
}

fn starts_with(pieces: &[Piece], words: &[&str]) -> bool {
    pieces.len() >= words.len() && pieces.iter().zip(words).all(|(piece, word)| is(piece, word))
}

/// Whether an item begins here that only tests compile, as by `#[cfg(test)]` and `#[cfg(all(test, unix))]`.
fn is_for_tests(pieces: &[Piece]) -> bool {
    let attribute = pieces.iter().take_while(|piece| !is(piece, "]"));
    starts_with(pieces, &["#", "[", "cfg", "("])
        && attribute.clone().any(|piece| is(piece, "test"))
        && !attribute.clone().any(|piece| is(piece, "not"))
}

fn is(piece: &Piece, word: &str) -> bool {
    matches!(piece, Piece::Word(found) if found == word)
}

/// The name in a declaration `mod name;`, behind its attributes and visibility if it begins with any.
fn module(item: &[Piece]) -> Option<String> {
    let at = if is(item.first()?, "#") { item.iter().position(|piece| is(piece, "mod"))? } else { 0 };
    let Some([first, Piece::Word(name), end]) = item.get(at..at + 3) else { return None };
    (is(first, "mod") && is(end, ";")).then(|| name.clone())
}

/// The place behind the item that begins at `at` with its attributes: behind a `;`, or behind its braces.
fn item_end(pieces: &[Piece], at: usize) -> usize {
    let mut depth = 0_usize;
    for (offset, piece) in pieces[at..].iter().enumerate() {
        match piece {
            Piece::Word(word) if ["{", "(", "["].contains(&word.as_str()) => depth += 1,
            Piece::Word(word) if [")", "]"].contains(&word.as_str()) => depth = depth.saturating_sub(1),
            Piece::Word(word) if word == "}" => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return at + offset + 1;
                }
            }
            Piece::Word(word) if word == ";" && depth == 0 => return at + offset + 1,
            _ => {}
        }
    }
    pieces.len()
}

fn pieces(text: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        if let Some(after) = rest.strip_prefix("//") {
            rest = after.split_once('\n').map_or("", |(_, below)| below);
        } else if rest.starts_with("/*") {
            rest = behind_comment(rest);
        } else if let Some((literal, after)) = literal(rest) {
            pieces.push(Piece::Literal(literal));
            rest = after;
        } else if let Some(after) = behind_character(rest) {
            rest = after;
        } else {
            let is_word = |c: char| c.is_alphanumeric() || c == '_';
            let length = rest.find(|c| !is_word(c)).unwrap_or(rest.len()).max(first.len_utf8());
            if !first.is_whitespace() {
                pieces.push(Piece::Word(rest[..length].to_owned()));
            }
            rest = &rest[length..];
        }
    }
    pieces
}

/// What comes after a block comment, which may hold others.
fn behind_comment(text: &str) -> &str {
    let (mut depth, mut at) = (0_usize, 0);
    while at < text.len() {
        let rest = &text[at..];
        if rest.starts_with("/*") {
            (depth, at) = (depth + 1, at + 2);
        } else if rest.starts_with("*/") {
            (depth, at) = (depth - 1, at + 2);
            if depth == 0 {
                return &text[at..];
            }
        } else {
            at += rest.chars().next().map_or(1, char::len_utf8);
        }
    }
    ""
}

/// What comes after a character literal; a lifetime is none.
fn behind_character(text: &str) -> Option<&str> {
    let inner = text.strip_prefix('\'')?;
    if let Some(escaped) = inner.strip_prefix('\\') {
        let end = escaped.char_indices().skip(1).find(|(_, c)| *c == '\'')?.0;
        return Some(&escaped[end + 1..]);
    }
    inner[inner.chars().next()?.len_utf8()..].strip_prefix('\'')
}

/// A string literal at the start of a text, with or without a prefix, and what comes after it.
fn literal(text: &str) -> Option<(String, &str)> {
    let unprefixed = ["br", "cr", "b", "c", "r"].iter().find_map(|prefix| Some((*prefix, text.strip_prefix(prefix)?)));
    let starts = |rest: &str| rest.trim_start_matches('#').starts_with('"');
    let (prefix, rest) = unprefixed.filter(|(_, rest)| starts(rest)).unwrap_or(("", text));
    if prefix.ends_with('r') {
        let marks = rest.len() - rest.trim_start_matches('#').len();
        let end = format!("\"{}", "#".repeat(marks));
        let (inner, after) = rest[marks + 1..].split_once(&end)?;
        return Some((inner.to_owned(), after));
    }
    let inner = rest.strip_prefix('"')?;
    let mut resolved = String::new();
    let mut characters = inner.char_indices();
    while let Some((at, c)) = characters.next() {
        match c {
            '"' => return Some((resolved, &inner[at + 1..])),
            '\\' => match characters.next()?.1 {
                // A line that goes on in the next, without the space before that.
                '\n' => {
                    let rest = characters.as_str();
                    let space = rest.len() - rest.trim_start().len();
                    for _ in rest[..space].chars() {
                        characters.next();
                    }
                }
                'n' => resolved.push('\n'),
                other => resolved.push(other),
            },
            c => resolved.push(c),
        }
    }
    None
}

#[test]
fn sources_are_read_as_the_compiler_reads_them() {
    let source = Source::of(
        r##"
        //! "in a comment" /* mod commented; */
        pub mod one; /* "also" /* nested */ mod two; */
        #[cfg(test)] mod tests;
        #[cfg(unix)] pub(crate) mod three;
        const QUOTE: char = '"'; fn f<'a>(x: &'a str) -> char { '\'' }
        const TEXT: &str = "one \"line\" \
            goes on"; const RAW: &str = r#"raw "text""#;
        #[cfg(test)] mod inner { mod fake; const X: &str = "{ in a test"; fn f() { } }
        #[cfg(all(test, unix))] use std::fmt;
        #[cfg(not(test))] const OTHER: &str = "other";
        const LAST: &[u8] = b"last";
        "##,
    );
    let module = |name: &str, is_test| Module { name: name.to_owned(), is_test };
    assert_eq!(source.modules, [module("one", false), module("tests", true), module("three", false)]);
    assert_eq!(source.literals, ["one \"line\" goes on", "raw \"text\"", "other", "last"]);
    assert!(!source.has_path);
    assert!(Source::of("#[path = \"elsewhere.rs\"] mod x;").has_path);
}
