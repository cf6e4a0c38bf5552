//! A test that finds Rust files that belong to no program. Tests in such files would never run.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::root;
use crate::sources::{Source, below, reached};

/// Returns the root files of a package's library, program and test programs. Cargo.toml lists the test programs, since
/// `autotests` is off.
fn mains(package: &Path) -> Vec<PathBuf> {
    let manifest = fs::read_to_string(package.join("Cargo.toml")).expect("Cargo.toml");
    assert!(manifest.contains("autotests = false") || !package.join("tests").exists(), "{}", package.display());
    let (_, tests) = manifest.split_once("[[test]]").unwrap_or_default();
    let tests = tests.lines().filter_map(|line| line.strip_prefix("path = \"")?.strip_suffix('"'));
    let mains = ["src/lib.rs", "src/main.rs"].into_iter().chain(tests).map(|path| package.join(path));
    mains.filter(|path| path.is_file()).collect()
}

/// Returns the files in `folders` that are neither in `mains` nor a module of a file in `mains`.
fn forgotten(folders: &[PathBuf], mains: &[PathBuf]) -> BTreeSet<PathBuf> {
    let there: BTreeSet<PathBuf> = folders.iter().filter(|folder| folder.is_dir()).flat_map(|it| below(it)).collect();
    let reached = mains.iter().flat_map(|main| reached(main, true)).collect();
    there.difference(&reached).cloned().collect()
}

fn packages() -> Vec<PathBuf> {
    let crates = fs::read_dir(root().join("crates")).expect("crates").map(|entry| entry.expect("an entry").path());
    crates.chain([root()]).collect()
}

#[test]
fn no_source_file_is_forgotten() {
    for package in packages() {
        let mains = mains(&package);
        assert!(!mains.is_empty(), "{} has a library", package.display());
        let forgotten = forgotten(&[package.join("src"), package.join("tests")], &mains);
        assert!(forgotten.is_empty(), "no `mod` leads to {forgotten:#?}");
    }
}

#[test]
fn no_module_is_borrowed_by_path() {
    for package in packages() {
        for file in mains(&package).iter().flat_map(|main| reached(main, true)) {
            assert!(!Source::read(&file).has_path, "{} has a #[path]", file.display());
        }
    }
}

#[test]
fn forgotten_file_is_found() {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(&path, text).expect("a file");
        path
    };
    let main = write("main.rs", "mod a;\n#[cfg(test)]\nmod b;\n");
    write("a.rs", "mod inner;\n");
    write("a/inner.rs", "");
    write("b/mod.rs", "mod more;\n");
    write("b/more.rs", "");
    let folders = [folder.path().to_owned()];
    assert_eq!(forgotten(&folders, std::slice::from_ref(&main)), BTreeSet::new());
    let lost = write("b/lost.rs", "");
    assert_eq!(forgotten(&folders, &[main]), BTreeSet::from([lost]));
}
