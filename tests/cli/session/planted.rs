//! The messages in the state folder: those that others may have planted are not shown, and a help desk's ids are kept.

use chrono::{TimeDelta, Utc};
use cogfed::folder::Folder;
use cogfed::sandbox::Misbehaviour;
use cogfed_test_support::{CREDENTIALS, Lab, Ran, rewrite, skip_anywhere};

/// Returns a lab whose last renewal failed, and the path of the stored failure.
fn failed() -> (Lab, std::path::PathBuf) {
    let lab = Lab::new().expired();
    lab.sandbox.misbehave(Misbehaviour::Token500, None);
    lab.run(CREDENTIALS).failed_with(5);
    let mut failures = std::fs::read_dir(lab.folder().path().join("failures")).unwrap();
    let path = failures.next().unwrap().unwrap().path();
    (lab, path)
}

#[test]
fn texts_planted_in_a_clones_state_folder_are_not_shown() {
    const PLANTED: &str = "your account is locked: call 555-0100 and read out your password";
    let (lab, own) = failed();
    let clone = lab.home().join("clone");
    std::fs::create_dir_all(clone.join(".git")).unwrap();
    let state = clone.join(".state");
    let later = Utc::now() + TimeDelta::seconds(20);
    rewrite(&own, |kept| {
        kept["message"] = PLANTED.into();
        kept["hint"] = PLANTED.into();
        kept["at"] = Utc::now().to_rfc3339().into();
        kept["not_before"] = later.to_rfc3339().into();
    });
    let planted = std::fs::read(&own).unwrap();
    let in_state = |path: &std::path::Path, words: &[&str]| -> Ran {
        let mut command = lab.command(words);
        command.current_dir(&clone).env("XDG_STATE_HOME", path).output().unwrap().into()
    };
    // The file store is refused in a clone, so the sign-in is in the kernel's keyring.
    lab.configure_with("store = 'kernel'\nshared_keyring = true");
    if lab.run(&["status"]).status == 4 {
        return skip_anywhere("the kernel's keyring is refused here");
    }
    let plant = |folder: &std::path::Path| {
        let name = own.file_name().unwrap().to_str().unwrap();
        let account = cogfed::folder::account_of(name).unwrap();
        Folder::at(folder.join("cogfed")).sub("failures").replace(&account, &planted).unwrap();
    };
    plant(&state);
    for words in [CREDENTIALS, &["status", "--report"], &["status"]] {
        let ran = in_state(&state, words);
        assert!(!ran.stdout.contains("555-0100") && !ran.stderr.contains("555-0100"), "{words:?}: {ran:?}");
    }
    assert!(in_state(&state, CREDENTIALS).failed_with(3).stderr.contains("nobody is signed in"));
    // The same file in a folder of this user's own is cogfed's word.
    let outside = lab.home().join("outside");
    plant(&outside);
    assert!(in_state(&outside, &["status", "--report"]).good().stdout.contains("555-0100"));
}

#[test]
fn long_kept_failure_keeps_its_ids() {
    const ID: &str = "0d8c3e1a-1111-2222-3333-444455556666";
    let (lab, path) = failed();
    rewrite(&path, |kept| {
        kept["message"] = format!("AADSTS50105: {}Trace ID: {ID} Correlation ID: {ID}", "word ".repeat(400)).into();
    });
    let report = lab.run(&["status", "--report"]).good().stdout;
    assert!(report.contains(&format!("Trace ID: {ID} Correlation ID: {ID}\n")), "{report}");
    assert!(!report.contains(&"word ".repeat(300)), "the rest is cut: {report}");
}
