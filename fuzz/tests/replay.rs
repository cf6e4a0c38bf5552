//! Runs each target on its committed corpus, and on the fuzzer's findings in `artifacts/`, if any.

use std::path::Path;

use cogfed_fuzz::TARGETS;

/// Returns all files below `fuzz/KIND/TARGET/`, sorted.
fn inputs(kind: &str, target: &str) -> Vec<std::path::PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(kind).join(target);
    let mut files: Vec<_> =
        std::fs::read_dir(folder).into_iter().flatten().map(|entry| entry.expect("an entry").path()).collect();
    files.sort();
    files
}

#[test]
fn every_input_of_every_corpus_passes() {
    let mut failed = Vec::new();
    for (name, target) in TARGETS {
        let mut inputs = inputs("corpus", name);
        assert!(inputs.len() >= 5, "the corpus of {name} has {} inputs", inputs.len());
        inputs.extend(self::inputs("artifacts", name));
        for path in inputs {
            let data = std::fs::read(&path).expect("a file");
            if std::panic::catch_unwind(|| target(&data)).is_err() {
                failed.push(path);
            }
        }
    }
    assert!(failed.is_empty(), "what failed is above; the inputs: {failed:#?}");
}

#[test]
fn every_target_has_its_own_fuzz_program() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz_targets");
    let mut programs: Vec<String> = std::fs::read_dir(folder)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").path().file_stem().expect("a name").to_string_lossy().into_owned())
        .collect();
    programs.sort();
    let targets: Vec<&str> = TARGETS.iter().map(|(name, _)| *name).collect();
    assert_eq!(programs, targets);
}

/// Every run of the gate reads the committed corpora, so they must stay small.
#[test]
fn committed_corpora_are_small() {
    let size = |path: &std::path::PathBuf| std::fs::metadata(path).expect("a file").len();
    let total: u64 = TARGETS.iter().flat_map(|(name, _)| inputs("corpus", name)).map(|path| size(&path)).sum();
    assert!(total < 1 << 20, "{total} bytes");
}
