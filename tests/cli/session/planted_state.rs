//! Tests of a state folder that comes with a cloned repository and that the repository's `.envrc` names. Cogfed must
//! not trust the contents of the folder.

#![cfg(target_os = "linux")]

use std::path::Path;

use cogfed::folder::{Folder, account_of};
use cogfed_test_support::{Lab, PROFILE, Ran, skip_anywhere};

/// Returns the accounts that have a list of credentials beside the store, in alphabetical order. Each is the account of
/// a sign-in's tokens.
fn lists(lab: &Lab) -> Vec<String> {
    let entries = std::fs::read_dir(lab.folder().path().join("made")).unwrap();
    let mut accounts: Vec<String> =
        entries.map(|entry| account_of(entry.unwrap().file_name().to_str().unwrap()).unwrap()).collect();
    accounts.sort();
    accounts
}

#[test]
fn planted_list_of_credentials_deletes_no_other_sign_in() {
    const KERNEL: &str = "store = 'kernel'\nshared_keyring = true";
    let second = format!("{KERNEL}\naccount = 'second'");
    let lab = Lab::new().with_profiles(&[(PROFILE, KERNEL), ("second", &second)]);
    if lab.run(&["status"]).status == 4 {
        return skip_anywhere("the kernel's keyring is refused here");
    }
    lab.login("alice").good();
    lab.login_with(&["--profile", "second"], "alice").good();
    let accounts = lists(&lab);
    let [first, other] = accounts.as_slice() else { panic!("{accounts:?}") };
    let (first, other) = if first.contains("second") { (other, first) } else { (first, other) };
    let clone = lab.home().join("clone");
    std::fs::create_dir_all(clone.join(".git")).unwrap();
    let state = clone.join(".state");
    let own = Folder::at(state.join("cogfed"));
    own.sub("made").replace(first, format!("[\"{other}\"]").as_bytes()).unwrap();
    let in_clone = |words: &[&str], state: &Path| -> Ran {
        lab.command(words).current_dir(&clone).env("XDG_STATE_HOME", state).output().unwrap().into()
    };
    in_clone(&["logout", "--profile", PROFILE], &state).good();
    let kept = lab.run(&["status", "--profile", "second"]).good();
    assert!(kept.stdout.contains("alice"), "{kept:?}");
    lab.run(&["logout", "--profile", "second"]).good();
}
