//! A reader for the paths by which the modules of a crate refer to each other. Test code is skipped.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{Attribute, ImplItem, Item, ItemUse, Macro, Meta, UseTree};

/// The modules of a crate, and the paths by which each module refers to other modules. A path such as `store::kernel`
/// does not begin with `crate`.
#[derive(Default)]
pub struct Code {
    modules: BTreeSet<String>,
    uses: Vec<(String, String)>,
}

impl Code {
    /// Reads the sources of the library and the program in `folder`, without test code.
    pub fn of(folder: &Path) -> Self {
        let mut code = Self::default();
        code.file(folder, "", &folder.join("lib.rs"));
        code.file(folder, "main", &folder.join("main.rs"));
        code
    }

    /// Returns the top-level modules: those of the library, and the program.
    pub fn rooms(&self) -> impl Iterator<Item = &str> {
        self.modules.iter().map(String::as_str).filter(|module| !module.contains("::") && !module.is_empty())
    }

    /// Returns each reference to a path, as the name of the module that refers to it and the full path of the item.
    pub fn uses(&self) -> impl Iterator<Item = (&str, &str)> {
        self.uses.iter().map(|(from, to)| (from.as_str(), to.as_str()))
    }

    /// Returns whether the crate has the module `module`.
    pub fn has(&self, module: &str) -> bool {
        self.modules.contains(module)
    }

    /// Reads the source text of one module. Returns the modules that it declares in files of their own.
    pub fn read(&mut self, module: &str, text: &str) -> Vec<String> {
        let file = syn::parse_file(text).unwrap_or_else(|error| panic!("{module}: {error}"));
        let mut reader = Reader { module: module.to_owned(), code: self, declared: Vec::new() };
        reader.visit_file(&file);
        let declared = reader.declared;
        self.modules.insert(module.to_owned());
        declared
    }

    fn file(&mut self, folder: &Path, module: &str, file: &Path) {
        let text = fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        for declared in self.read(module, &text) {
            let stem = folder.join(declared.replace("::", "/"));
            let beside = stem.with_extension("rs");
            let file = if beside.exists() { beside } else { stem.join("mod.rs") };
            self.file(folder, &declared, &file);
        }
    }
}

struct Reader<'code> {
    module: String,
    code: &'code mut Code,
    declared: Vec<String>,
}

impl Reader<'_> {
    /// Records a path if it leads out of this module. Such a path begins with `crate`, `super` or a similar word.
    fn note(&mut self, path: &[String]) {
        let mut at: Vec<&str> = self.module.split("::").filter(|name| !name.is_empty()).collect();
        let mut rest = path.iter().map(String::as_str).peekable();
        match rest.next() {
            // The program refers to the library by its name.
            Some("crate" | "cogfed") => at.clear(),
            Some("cogfed_sandbox") => at = vec!["sandbox"],
            Some("super") => {
                at.pop();
                while rest.next_if_eq(&"super").is_some() {
                    at.pop();
                }
            }
            Some("self") => {}
            _ => return,
        }
        at.extend(rest);
        if !at.is_empty() {
            self.code
                .uses
                .push((if self.module.is_empty() { "lib".into() } else { self.module.clone() }, at.join("::")));
        }
    }

    fn tree(&mut self, before: &[String], tree: &UseTree) {
        let with = |name: String| [before, &[name]].concat();
        match tree {
            UseTree::Path(path) => self.tree(&with(path.ident.to_string()), &path.tree),
            UseTree::Name(name) if name.ident == "self" => self.note(before),
            UseTree::Name(name) => self.note(&with(name.ident.to_string())),
            UseTree::Rename(name) => self.note(&with(name.ident.to_string())),
            UseTree::Glob(_) => self.note(before),
            UseTree::Group(group) => group.items.iter().for_each(|tree| self.tree(before, tree)),
        }
    }

    /// Records the paths in the unparsed arguments of a macro. There, a path is a sequence of tokens such as `a :: b ::
    /// c`.
    fn tokens(&mut self, tokens: TokenStream) {
        let mut path: Vec<String> = Vec::new();
        let mut colons = 0;
        for token in tokens {
            match token {
                TokenTree::Punct(sign) if sign.as_char() == ':' && !path.is_empty() => colons += 1,
                TokenTree::Ident(name) if colons == 2 => {
                    path.push(name.to_string());
                    colons = 0;
                }
                other => {
                    self.note(&path);
                    (path, colons) = (Vec::new(), 0);
                    match other {
                        TokenTree::Ident(name) => path.push(name.to_string()),
                        TokenTree::Group(group) => self.tokens(group.stream()),
                        TokenTree::Punct(_) | TokenTree::Literal(_) => {}
                    }
                }
            }
        }
        self.note(&path);
    }
}

impl<'ast> Visit<'ast> for Reader<'_> {
    fn visit_item(&mut self, item: &'ast Item) {
        if !is_for_tests(attributes(item)) {
            visit::visit_item(self, item);
        }
    }

    fn visit_impl_item(&mut self, item: &'ast ImplItem) {
        let attributes = match item {
            ImplItem::Fn(item) => &item.attrs,
            ImplItem::Const(item) => &item.attrs,
            _ => &Vec::new(),
        };
        if !is_for_tests(attributes) {
            visit::visit_impl_item(self, item);
        }
    }

    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        let name = [self.module.as_str(), item.ident.to_string().as_str()].join("::");
        let name = name.trim_start_matches("::").to_owned();
        if item.content.is_none() {
            self.declared.push(name);
            return;
        }
        let outer = std::mem::replace(&mut self.module, name);
        visit::visit_item_mod(self, item);
        self.module = outer;
    }

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        self.tree(&[], &item.tree);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        self.note(&path.segments.iter().map(|segment| segment.ident.to_string()).collect::<Vec<_>>());
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, item: &'ast Macro) {
        self.visit_path(&item.path);
        self.tokens(item.tokens.clone());
    }
}

fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

/// Returns whether the attributes include `#[test]`, `#[cfg(test)]` or `#[cfg(all(test, …))]`.
fn is_for_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| match &attribute.meta {
        Meta::Path(path) => path.is_ident("test"),
        Meta::List(list) if list.path.is_ident("cfg") => {
            let condition = list.tokens.to_string().replace(' ', "");
            condition == "test" || condition.starts_with("all(test,")
        }
        _ => false,
    })
}

#[test]
fn paths_are_found_wherever_production_code_names_them() {
    let mut code = Code::default();
    let declared = code.read(
        "session::record",
        r#"
        //! crate::not::this
        use crate::{error::{Failure, Kind}, secret::Secret as S, clock};
        use super::super::store::{self, Store};
        use std::fmt;
        use self::inner::X;
        mod apart;
        #[cfg(test)] mod tests;
        #[cfg(test)] use crate::in_tests::A;
        #[cfg(all(test, unix))] fn only() { crate::in_tests::b() }
        #[cfg(not(test))] fn built() { crate::not_in_tests::b() }
        fn run() -> Result<(), crate::http::Fault> {
            let text = "crate::in_text";
            tracing::debug!(at = %super::policy::now(), "{}", crate::aws::host(&[crate::folder::x]));
            super::super::terminal::shown::<crate::process::Y>(text)
        }
        mod within { use super::super::failure; use super::super::super::refusals::Row; }
        struct Own;
        impl Own { #[cfg(test)] fn f() { crate::in_tests::c() } fn g() { crate::oidc::g() } }
        "#,
    );
    assert_eq!(declared, ["session::record::apart"]);
    let mut found: Vec<&str> = code.uses().map(|(_, to)| to).collect();
    found.sort_unstable();
    let expected = [
        "aws::host",
        "clock",
        "error::Failure",
        "error::Kind",
        "folder::x",
        "http::Fault",
        "not_in_tests::b",
        "oidc::g",
        "process::Y",
        "refusals::Row",
        "secret::Secret",
        "session::failure",
        "session::policy::now",
        "session::record::inner::X",
        "store",
        "store::Store",
        "terminal::shown",
    ];
    assert_eq!(found, expected);
}
