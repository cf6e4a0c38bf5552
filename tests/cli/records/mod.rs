//! Tests with stored data that is damaged, or that comes from another release or another program.

mod released;
mod strange;
mod torn;

use std::path::PathBuf;

use cogfed::profile::{Choice, Chooser, Configuration, Location, Profile, select};
use cogfed::secret::Secret;
use cogfed::session::Ask;
use cogfed::session::record::{credentials_account, tokens_account};
use cogfed::store::{Backend, FileStore, MemoryStore, Patience, Store, StoreKind};
use cogfed_test_support::Lab;
use serde_json::Value;

fn loaded(config: PathBuf) -> Profile {
    let location = Location { path: config, chosen_by: Chooser::Person };
    let (configuration, choice) = (Configuration::read(&location).unwrap(), Choice::default());
    let name = select(&configuration, &choice, &|_| None).unwrap();
    Profile::of(&configuration, &name, &choice, &|_| None).unwrap()
}

/// Returns the file store of the lab.
fn files(lab: &Lab) -> FileStore {
    FileStore::new(&lab.folder())
}

fn in_memory(lab: &Lab, memory: &MemoryStore) -> Store {
    Store::new(StoreKind::Memory(memory.clone()), &lab.folder(), Patience::unattended(), None)
}

/// Returns the name of the lab's item with tokens or credentials.
fn account(lab: &Lab, kind: &str) -> String {
    match kind {
        "tokens" => tokens_account(&lab.profile()),
        _ => credentials_account(&Ask::new(lab.profile())),
    }
}

/// Returns the text of the lab's only item of this kind.
fn stored(lab: &Lab, kind: &str) -> Option<String> {
    files(lab).get(&account(lab, kind)).unwrap().map(|text| text.expose().to_owned())
}

fn store(lab: &Lab, kind: &str, text: &str) {
    files(lab).set(&account(lab, kind), &Secret::new(text)).unwrap();
}

/// Changes fields of a stored record.
fn change(lab: &Lab, kind: &str, fields: &[(&str, Value)]) {
    let mut record: Value = serde_json::from_str(&stored(lab, kind).unwrap()).unwrap();
    fields.iter().for_each(|(name, value)| record[*name] = value.clone());
    store(lab, kind, &record.to_string());
}

/// Changes the times in the stored records, so that the credentials have expired and the ID token must be refreshed.
fn let_end(lab: &Lab) {
    change(
        lab,
        "credentials",
        &[("expires_at", "2026-01-01T01:00:00Z".into()), ("issued_at", "2026-01-01T00:00:00Z".into())],
    );
    change(
        lab,
        "tokens",
        &[("expires_at", "2026-01-01T01:00:00Z".into()), ("issued_at", "2026-01-01T00:00:00Z".into())],
    );
}

/// Returns a lab in which Alice is signed in and credentials are stored.
fn signed_in() -> Lab {
    Lab::new().signed_in()
}
