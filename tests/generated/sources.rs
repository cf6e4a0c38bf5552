//! A parser for the repository's Rust files. For each file, it returns the modules that the file declares, and the
//! string literals.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{Delimiter, Literal, TokenStream, TokenTree};
use syn::Lit;

use crate::root;

/// A parsed source file. Code that only tests compile is kept apart.
#[derive(Debug, Default, PartialEq)]
pub struct Source {
    /// The path of the source file.
    pub path: PathBuf,
    /// The modules that this file declares and whose code is in other files.
    pub modules: Vec<Module>,
    /// The string literals outside of `#[cfg(test)]` items, with escapes decoded.
    pub literals: Vec<String>,
    /// The names and keywords outside of `#[cfg(test)]` items.
    pub words: Vec<String>,
    /// True if a `#[path]` attribute names another file for a module.
    pub has_path: bool,
}

/// A declaration `mod name;`.
#[derive(Debug, PartialEq)]
pub struct Module {
    /// The name of the module.
    pub name: String,
    /// True if the declaration has the attribute `#[cfg(test)]`.
    pub is_test: bool,
}

impl Source {
    /// Reads and parses the source file at `path`.
    pub fn read(path: &Path) -> Self {
        let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        Self { path: path.to_owned(), ..Self::of(&text) }
    }

    /// Returns whether the file reads environment variables.
    pub fn reads_variables(&self) -> bool {
        let reads = |words: &[String]| words[0] == "env" && words[1].starts_with("var");
        self.words.iter().any(|word| word.contains("variable")) || self.words.windows(2).any(reads)
    }

    /// Parses the text of a source file.
    pub fn of(text: &str) -> Self {
        let mut source = Self::default();
        source.add(text.parse().unwrap_or_else(|error| panic!("{error}: {text}")), false, true);
        source
    }

    /// Adds the modules, literals and words that `tokens` contain. Only tokens at the top level of a file declare
    /// modules in files of their own.
    fn add(&mut self, tokens: TokenStream, is_test: bool, is_top: bool) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let mut at = 0;
        while at < tokens.len() {
            let (attribute, length) = attribute(&tokens[at..]);
            match attribute.first().map(String::as_str) {
                // A doc comment, as the compiler passes it to macros.
                Some("doc") => {
                    at += length;
                    continue;
                }
                Some("cfg") if is_for_tests(&attribute) && !is_test => {
                    let end = item_end(&tokens, at);
                    self.add(tokens[at..end].iter().cloned().collect(), true, is_top);
                    at = end;
                    continue;
                }
                Some("path" | "cfg_attr") => self.has_path |= attribute.iter().any(|word| word == "path"),
                _ => {}
            }
            if let [first, TokenTree::Ident(name), end, ..] = &tokens[at..]
                && is_top
                && is_word(first, "mod")
                && is_sign(end, ';')
            {
                self.modules.push(Module { name: name.to_string(), is_test });
            }
            match &tokens[at] {
                TokenTree::Group(group) => self.add(group.stream(), is_test, false),
                TokenTree::Literal(literal) if !is_test => self.literals.extend(text_of(literal)),
                TokenTree::Ident(word) if !is_test => self.words.push(word.to_string()),
                _ => {}
            }
            at += 1;
        }
    }
}

/// Returns the source files of the library and the program, without test code.
pub fn program() -> Vec<Source> {
    let mains = ["src/lib.rs", "src/main.rs"].map(|main| root().join(main));
    mains.iter().flat_map(|main| reached(main, false)).map(|file| Source::read(&file)).collect()
}

/// Returns the file `main` and the files of all its modules, at any depth. With `with_tests`, these include the files
/// that only tests compile.
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

/// Returns all Rust files in a folder, at any depth.
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

fn is_word(token: &TokenTree, word: &str) -> bool {
    matches!(token, TokenTree::Ident(ident) if ident == word)
}

fn is_sign(token: &TokenTree, sign: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == sign)
}

/// Returns the words of the attribute at the start of `tokens`, if there is one, and the number of tokens that the
/// attribute takes up.
fn attribute(tokens: &[TokenTree]) -> (Vec<String>, usize) {
    let is_inner = tokens.get(1).is_some_and(|token| is_sign(token, '!'));
    let length = if is_inner { 3 } else { 2 };
    match tokens.get(length - 1) {
        Some(TokenTree::Group(group)) if is_sign(&tokens[0], '#') && group.delimiter() == Delimiter::Bracket => {
            (words(group.stream()), length)
        }
        _ => (Vec::new(), 0),
    }
}

fn words(tokens: TokenStream) -> Vec<String> {
    let of_token = |token: TokenTree| match token {
        TokenTree::Group(group) => words(group.stream()),
        TokenTree::Ident(word) => vec![word.to_string()],
        _ => Vec::new(),
    };
    tokens.into_iter().flat_map(of_token).collect()
}

/// Returns whether an item with this attribute is compiled only for tests, such as an item with `cfg(test)` or
/// `cfg(all(test, unix))`.
fn is_for_tests(attribute: &[String]) -> bool {
    attribute.iter().any(|word| word == "test") && !attribute.iter().any(|word| word == "not")
}

/// Returns the index of the token after the item whose attributes begin at `at`. The item ends with `;` or with a body
/// in braces.
fn item_end(tokens: &[TokenTree], at: usize) -> usize {
    const WITHOUT_BODY: [&str; 4] = ["use", "const", "static", "type"];
    let rest = &tokens[at..];
    let is_body = |token: &TokenTree| matches!(token, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace);
    let keyword = rest.iter().find(|token| matches!(token, TokenTree::Ident(word) if word != "pub"));
    let has_body = !keyword.is_some_and(|keyword| WITHOUT_BODY.iter().any(|word| is_word(keyword, word)));
    let end = rest.iter().position(|token| is_sign(token, ';') || has_body && is_body(token));
    end.map_or(tokens.len(), |end| at + end + 1)
}

/// Returns the value of a string literal, with escapes decoded.
fn text_of(literal: &Literal) -> Option<String> {
    match Lit::new(literal.clone()) {
        Lit::Str(text) => Some(text.value()),
        Lit::ByteStr(bytes) => Some(String::from_utf8_lossy(&bytes.value()).into_owned()),
        _ => None,
    }
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
