//! Tests that this version reads the data that each earlier release wrote. `tests/data/README.md` describes the steps
//! at a release.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use cogfed::profile::keys::KEYS;
use cogfed::secret::Secret;
use cogfed::session::Ask;
use cogfed::session::record::{CredentialsRecord, TokensRecord, credentials_account, tokens_account};
use cogfed::store::{Backend, FileStore, MemoryStore};
use cogfed_test_support::Lab;
use serde_json::{Map, Value};

use super::{account, change, in_memory, loaded, signed_in};

/// The maximum size of an item on Windows, in bytes. It is the lowest limit of all platforms.
const WINDOWS: usize = 2560;

fn released() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/released")
}

/// Returns the folders with test data, one for each version.
fn versions() -> Vec<PathBuf> {
    let mut found: Vec<_> = std::fs::read_dir(released()).unwrap().map(|entry| entry.unwrap().path()).collect();
    found.sort();
    found
}

/// Returns the folder with test data of this version.
fn current() -> PathBuf {
    let folder = released().join(env!("CARGO_PKG_VERSION"));
    assert!(folder.is_dir(), "{} is missing: see tests/data/README.md", folder.display());
    folder
}

fn text(folder: &Path, name: &str) -> String {
    std::fs::read_to_string(folder.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn json(folder: &Path, name: &str) -> Value {
    serde_json::from_str(&text(folder, name)).unwrap()
}

/// Returns a JSON value with all values replaced by their types, to compare structures.
fn shape(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            Value::Object(fields.iter().map(|(name, value)| (name.clone(), shape(value))).collect())
        }
        Value::Array(items) => items.first().map(shape).into_iter().collect(),
        Value::String(_) => "text".into(),
        Value::Number(_) => "number".into(),
        other => other.clone(),
    }
}

/// Returns the record that this version wrote to the item `account`.
fn written<B: Backend>(store: &B, account: &str) -> Value {
    serde_json::from_str(store.get(account).unwrap().unwrap().expose()).unwrap()
}

#[test]
fn configurations_of_every_release_are_read() {
    current();
    for folder in versions() {
        for name in ["config-full.toml", "config-least.toml"] {
            let profile = loaded(folder.join(name));
            let pool = profile.issuer.user_pool().expect(name);
            assert_eq!(pool.id, "eu-west-1_AbC123xyz", "{name}");
            assert_eq!(pool.endpoints.token, "https://corp.auth.eu-west-1.amazoncognito.com/oauth2/token", "{name}");
        }
        let full = loaded(folder.join("config-full.toml"));
        assert_eq!(full.role_arn.as_deref(), Some("arn:aws:iam::000000000000:role/Reader"));
        assert_eq!((full.redirect.ports.as_slice(), full.who()), ([8500, 8501].as_slice(), "work"));
        let plain = loaded(folder.join("config-issuer.toml"));
        assert_eq!(plain.issuer.id(), "https://login.corp.example/tenant/v2.0/");
        assert_eq!(plain.scopes, ["openid", "offline_access"]);
        assert!(
            tokens_account(&plain).starts_with("tokens/https:%2F%2Flogin.corp.example%2Ftenant%2Fv2.0%2F/0b1c2d3e")
        );
    }
}

#[test]
fn fixtures_of_this_version_name_every_key() {
    let full: toml_edit::DocumentMut = text(&current(), "config-full.toml").parse().unwrap();
    let profile = full["profile"]["a"].as_table().unwrap();
    let mut named: BTreeSet<String> = profile.iter().map(|(key, _)| key.to_owned()).collect();
    assert!(named.remove("endpoints"));
    named.extend(profile["endpoints"].as_table().unwrap().iter().map(|(key, _)| format!("endpoints.{key}")));
    let known: BTreeSet<String> = KEYS.iter().map(|key| key.name.to_owned()).collect();
    // These keys exclude others in the same profile.
    let missing: Vec<_> = known.difference(&named).map(String::as_str).collect();
    assert_eq!(
        missing,
        ["endpoints.issuer", "idp_identifier", "issuer", "issuer_hosts", "session_duration"],
        "a new key needs a fixture: see tests/data/README.md"
    );
}

#[test]
fn records_of_every_release_are_read_and_rewritten() {
    for folder in versions() {
        let temp = Lab::new();
        let profile = loaded(folder.join("config-least.toml"));
        let names = json(&folder, "names.json");
        let ask = Ask::new(profile.clone());
        let (tokens, credentials) = (tokens_account(&profile), credentials_account(&ask));
        // As files, under the names of that release.
        let files = temp.folder().sub("store").path();
        std::fs::create_dir_all(&files).unwrap();
        for (kind, account) in [("tokens", &tokens), ("credentials", &credentials)] {
            let path = files.join(names["file"][kind].as_str().unwrap());
            std::fs::write(&path, text(&folder, &format!("{kind}.json"))).unwrap();
            let found = FileStore::new(&temp.folder()).get(account).unwrap();
            assert_eq!(found.unwrap().expose(), text(&folder, &format!("{kind}.json")));
            assert_eq!(names["keyring"][kind]["username"].as_str(), Some(account.as_str()));
        }
        // In parts, as in a keyring with small items.
        let memory = MemoryStore::with_limit(WINDOWS);
        for (account, part) in json(&folder, "parts.json").as_object().unwrap() {
            memory.set(account, &Secret::new(part.as_str().unwrap())).unwrap();
        }
        let store = in_memory(&temp, &memory);
        let record = TokensRecord::read(&store, &ask).unwrap().unwrap();
        assert_eq!((record.person.as_str(), record.id_token.expose().len()), ("alice@corp.example", 4000));
        let files = cogfed::store::Store::new(
            cogfed::store::StoreKind::File,
            &temp.folder(),
            cogfed::store::Patience::unattended(),
            None,
        );
        let stored = CredentialsRecord::read(&files, &ask).unwrap().map(|record| record.credentials().access_key_id);
        // Credentials of form 1 do not name their sign-in, so they are renewed.
        let expected = (json(&folder, "credentials.json")["version"] != 1).then_some("ASIANOTAREALKEY");
        assert_eq!(stored.as_deref(), expected);
        if folder == current() {
            TokensRecord::read(&files, &ask).unwrap().unwrap().write(&files, &profile).unwrap();
            assert_eq!(written(&FileStore::new(&temp.folder()), &tokens), json(&folder, "tokens.json"));
            record.write(&store, &profile).unwrap();
            let parts: Map<String, Value> =
                memory.accounts().into_iter().map(|name| (name.clone(), form(&memory, &name))).collect();
            // This time it uses the other slot, and another generation.
            let expected = text(&folder, "parts.json").replace("#a", "#c").replace("#b", "#a").replace("#c", "#b");
            let expected: Map<String, Value> = serde_json::from_str(&expected).unwrap();
            let expected: Map<String, Value> =
                expected.into_iter().map(|(name, part)| (name, of_part(part.as_str().unwrap()))).collect();
            assert_eq!(parts, expected, "the form of an item in parts has changed");
        }
    }
}

fn form(memory: &MemoryStore, account: &str) -> Value {
    of_part(memory.get(account).unwrap().unwrap().expose())
}

/// Returns the length of `text` and its first line, which belongs to a header or part. The slot and the generation in
/// the line are masked.
fn of_part(text: &str) -> Value {
    let line = text.lines().next().unwrap();
    let words: Vec<&str> = line
        .split(' ')
        .map(|word| match word {
            "a" | "b" => "SLOT",
            word if word.len() == 32 && word.bytes().all(|byte| byte.is_ascii_hexdigit()) => "GENERATION",
            word => word,
        })
        .collect();
    format!("{} ({})", words.join(" "), text.len()).into()
}

/// A stored mark shows that a refresh was interrupted.
#[test]
fn refresh_marks_of_every_release_are_read() {
    for folder in versions() {
        let lab = signed_in();
        super::let_end(&lab);
        change(&lab, "tokens", &[("generation", json(&folder, "mark.json")["generation"].clone())]);
        let names = json(&folder, "names.json");
        let marks = lab.folder().sub(names["state"]["marks"].as_str().unwrap());
        marks.replace(&account(&lab, "tokens"), text(&folder, "mark.json").as_bytes()).unwrap();
        if folder == current() {
            lab.sandbox.misbehave(cogfed::sandbox::Misbehaviour::RefreshDropAnswer, None);
            lab.run(&["credential-process"]).failed_with(5);
            lab.sandbox.behave();
            let mark = marks.read(&account(&lab, "tokens"), 4096).unwrap().unwrap();
            assert_eq!(
                serde_json::from_slice::<Value>(&mark).unwrap(),
                json(&folder, "mark.json"),
                "the first one counts"
            );
        }
        lab.sandbox.revoke_all();
        let said = lab.run(&["credential-process"]).failed_with(3).stderr;
        assert!(said.contains("a renewal at 2026-01-31 23:59:00 UTC was cut off"), "{said}");
    }
}

/// A stored failure saves the next caller an attempt, and stored keys save a request.
#[test]
fn failures_and_keys_of_every_release_are_read() {
    for folder in versions() {
        let (lab, clock) = Lab::with_manual_clock(cogfed::sandbox::Options::default());
        let names = json(&folder, "names.json");
        let state = |kind: &str| lab.folder().sub(names["state"][kind].as_str().unwrap());
        lab.login_here("alice").good();
        lab.run_here(&["credential-process"], None).good();
        let profile = lab.profile();
        let url = profile.issuer.user_pool().unwrap().endpoints.jwks.clone();
        let keys: Value = serde_json::from_slice(&state("keys").read(&url, 1 << 20).unwrap().unwrap()).unwrap();
        assert_eq!(shape(&keys), shape(&json(&folder, "keys.json")), "the form of kept keys has changed");
        // Credentials are due but valid. After a recent failure they are returned without another attempt.
        clock.advance(chrono::TimeDelta::minutes(50));
        let mut failure = json(&folder, "failure.json");
        failure["at"] = cogfed::clock::Clock::now(&clock).to_rfc3339().into();
        let failures = state("failures");
        failures.replace(&account(&lab, "credentials"), failure.to_string().as_bytes()).unwrap();
        lab.sandbox.clear_log();
        lab.run_here(&["credential-process"], None).good();
        assert_eq!(lab.sandbox.requests().len(), 0, "the failure was not understood");
        clock.advance(chrono::TimeDelta::minutes(1));
        lab.sandbox.misbehave(cogfed::sandbox::Misbehaviour::Token500, None);
        lab.run_here(&["credential-process"], None).good();
        let now: Value =
            serde_json::from_slice(&failures.read(&account(&lab, "credentials"), 1 << 14).unwrap().unwrap()).unwrap();
        if folder == current() {
            assert_eq!(shape(&now), shape(&json(&folder, "failure.json")), "the form of a failure has changed");
        }
    }
}

/// Other processes find a state file by its name, so the test compares both name and contents.
#[test]
fn stored_names_match_the_fixtures_of_this_version() {
    let lab = signed_in();
    let names = json(&current(), "names.json");
    let mut found: Vec<String> = std::fs::read_dir(lab.folder().path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    found.sort();
    let known: Vec<String> =
        names["folders"].as_array().unwrap().iter().map(|name| name.as_str().unwrap().into()).collect();
    assert!(found.iter().all(|name| known.contains(name)), "{found:?}: a new folder is a new form");
    assert!(known.contains(&"store".into()) && found.contains(&"store".into()));
}

#[test]
fn clock_offsets_of_every_release_are_read() {
    for folder in versions() {
        let lab = signed_in();
        let mut kept = json(&folder, "clock.json");
        kept["at"] = serde_json::to_value(cogfed::clock::Clock::now(&lab.clock)).unwrap();
        let host = lab.profile().endpoints.identity_pool.replace("http://", "").trim_end_matches('/').to_owned();
        kept["host"] = host.as_str().into();
        // Form 1 has one file. Later ones have a folder with a file for each host.
        match json(&folder, "names.json")["state"]["clock"].as_str().unwrap() {
            "clock" => lab.folder().replace("clock", kept.to_string().as_bytes()).unwrap(),
            folder => lab.folder().sub(folder).replace(&host, kept.to_string().as_bytes()).unwrap(),
        }
        let read = super::torn::Small::of(&lab).session(|session| session.kept_offset()).expect("it is understood");
        if folder == current() {
            assert_eq!(serde_json::to_value(&read).unwrap(), kept, "the form of a measured clock has changed");
        }
    }
}

/// A stored discovery document saves a request.
#[test]
fn discovery_documents_of_every_release_are_read() {
    for folder in versions() {
        let mut options = cogfed::sandbox::Options::default();
        cogfed::sandbox::Switch::PlainIssuer.apply(&mut options);
        let (lab, clock) = Lab::with_manual_clock(options);
        let issuer = lab.sandbox.issuer();
        let documents = lab.folder().sub(json(&folder, "names.json")["state"]["discovery"].as_str().unwrap());
        let name = format!("{issuer}/.well-known/openid-configuration");
        let kept = text(&folder, "discovery.json").replace("ISSUER", issuer.strip_suffix("/v2.0").unwrap());
        let mut kept: Value = serde_json::from_str(&kept).unwrap();
        kept["fetched_at"] = serde_json::to_value(cogfed::clock::Clock::now(&clock)).unwrap();
        // A login asks the issuer in any case, a renewal does not.
        lab.login_here("alice").good();
        documents.replace(&name, kept.to_string().as_bytes()).unwrap();
        lab.sandbox.clear_log();
        lab.advance(chrono::TimeDelta::hours(2));
        lab.credentials().good();
        assert_eq!(lab.sandbox.count("discovery"), 0, "the document was not understood");
        lab.advance(chrono::TimeDelta::hours(-2));
        if folder == current() {
            documents.remove(&name).unwrap();
            lab.run_here(
                &["login", "--force"],
                Some(std::sync::Arc::new(cogfed_test_support::VisitorBrowser("alice"))),
            )
            .good();
            let written = documents.read(&name, 1 << 16).unwrap().unwrap();
            assert_eq!(serde_json::from_slice::<Value>(&written).unwrap(), kept, "the form has changed");
        }
    }
}

/// Even after an update, repeated SDK calls must not open one browser tab after another.
#[test]
fn unanswered_sign_ins_of_every_release_are_read() {
    for folder in versions() {
        let (lab, clock) = Lab::with_manual_clock(cogfed::sandbox::Options::default());
        let mut note = json(&folder, "unanswered.json");
        note["at"] = serde_json::to_value(cogfed::clock::Clock::now(&clock)).unwrap();
        let notes = lab.folder().sub(json(&folder, "names.json")["state"]["unanswered"].as_str().unwrap());
        notes.replace(&account(&lab, "tokens"), note.to_string().as_bytes()).unwrap();
        // Opening a browser here fails the test.
        let ran = lab.run_here(&["credential-process", "--sign-in"], None);
        assert_eq!(ran.status, 3, "{ran:?}");
        if folder == current() {
            let lab = signed_in();
            super::torn::Small::of(&lab).session(|session| session.note_browser()).unwrap();
            let written = lab.folder().sub("sign-ins").read(&account(&lab, "tokens"), 1 << 14).unwrap().unwrap();
            assert_eq!(shape(&serde_json::from_slice(&written).unwrap()), shape(&note), "the form has changed");
        }
    }
}
