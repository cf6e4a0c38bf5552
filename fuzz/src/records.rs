//! Stored texts as they may be found: a letter that says which item, and the text. Another cogfed may have written it,
//! a keyring may have lost a part of it, or somebody may have put it there.

use std::time::Duration;

use cogfed::error::{Failure, Kind};
use cogfed::folder::Folder;
use cogfed::secret::Secret;
use cogfed::store::record::{CredentialsRecord, TokensRecord, credentials_account, tokens_account};
use cogfed::store::{Backend, InParts, MemoryStore, Patience, Store, StoreKind};

use crate::given::{assert_presentable, profile};

/// The least that an item of the store in parts takes.
const ITEM: usize = 160;

/// A record is read as it was written or not at all, and nothing is lost by reading.
pub fn run(data: &[u8]) {
    let Some((letter, text)) = data.split_first() else { return };
    let Ok(text) = std::str::from_utf8(text) else { return };
    match letter {
        b't' => tokens(text),
        b'c' => credentials(text),
        b'p' => parts(text),
        _ => in_parts(text),
    }
}

fn store(memory: &MemoryStore) -> Store {
    let patience = Patience::new(Duration::from_secs(1));
    Store::new(StoreKind::Memory(memory.clone()), &Folder::at("/nonexistent"), patience, None)
}

fn tokens(text: &str) {
    let (memory, profile) = (MemoryStore::default(), profile(""));
    let account = tokens_account(&profile);
    memory.set(&account, &Secret::new(text)).expect("room");
    let store = store(&memory);
    match TokensRecord::read(&store, &profile) {
        Ok(None) => panic!("it is there"),
        Ok(Some(record)) => {
            let pool = profile.issuer.user_pool().expect("a user pool");
            assert_eq!(record.token_endpoint, pool.endpoints.token, "a token for another endpoint");
            assert_eq!((&record.user_pool_id, &record.client_id), (&pool.id, &profile.client_id));
            record.write(&store, &profile).expect("room");
            let again = TokensRecord::read(&store, &profile).expect("readable").expect("there");
            let json = |record: &TokensRecord| serde_json::to_value(record).expect("a record");
            assert_eq!(json(&again), json(&record), "what is written is what was read");
            let _ = record.renewable_until(&crate::given::profile("refresh_token_validity = 3600"));
        }
        Err(error) => assert_refused(&error),
    }
    // Whoever replaces it takes what is damaged for nothing, and leaves a newer cogfed's alone.
    if let Err(error) = TokensRecord::read_to_replace(&store, &profile) {
        assert!(error.to_string().contains("newer"), "{error}");
    }
    assert!(memory.get(&account).expect("a text").is_some(), "reading deletes nothing");
}

fn credentials(text: &str) {
    let (memory, profile) = (MemoryStore::default(), profile(""));
    memory.set(&credentials_account(&profile), &Secret::new(text)).expect("room");
    let store = store(&memory);
    match CredentialsRecord::read(&store, &profile) {
        Ok(Some(record)) => {
            assert_eq!(record.identity_pool_endpoint, profile.endpoints.identity_pool);
            assert_eq!(record.role_arn, None, "another role's");
            assert_eq!(record.sts_endpoint, None, "the other flow's");
            let document = record.credentials().process_document(None);
            assert_eq!(document.expose().matches('\n').count(), 1);
            let _ = record.left(crate::given::now());
        }
        Ok(None) => {}
        Err(error) => assert_refused(&error),
    }
    assert!(memory.get(&credentials_account(&profile)).expect("a text").is_some(), "reading deletes nothing");
}

fn assert_refused(error: &anyhow::Error) {
    let failure = error.downcast_ref::<Failure>().expect("a failure");
    assert_eq!(failure.kind, Kind::Store);
    assert_presentable(failure);
}

/// Items of an account in parts, as lines: the header, then the parts of slot a.
fn parts(text: &str) {
    let memory = MemoryStore::with_limit(ITEM);
    let mut items = text.split('\u{1}');
    let short = |text: &str| Secret::new(&text[..text.floor_char_boundary(ITEM)]);
    let header = short(items.next().unwrap_or_default());
    memory.set("a", &header).expect("room");
    for (index, item) in items.take(64).enumerate() {
        memory.set(&format!("a#a{index}"), &short(item)).expect("room");
    }
    let store = InParts::over(memory.clone());
    match store.get("a") {
        Ok(Some(found)) if header.expose().starts_with("cogfed-parts/1 ") => {
            let length = header.expose().rsplit(' ').next().and_then(|number| number.parse::<usize>().ok());
            assert_eq!(length, Some(found.expose().len()), "as long as its header says");
        }
        Ok(found) => assert_eq!(found, Some(header)),
        Err(error) => assert_refused(&error.into()),
    }
    assert!(memory.calls() < 10_000, "{} calls", memory.calls());
    // Whatever was there: a new text takes its place, and leaves nothing of itself behind.
    let new = "{\"new\": true}".repeat(40);
    store.set("a", &Secret::new(new.as_str())).expect("room");
    assert_eq!(store.get("a").expect("readable"), Some(Secret::new(new)));
    store.delete("a").expect("deletable");
    assert_eq!(store.get("a").expect("readable"), None);
}

/// Any text at all goes in and comes out.
fn in_parts(text: &str) {
    let memory = MemoryStore::with_limit(ITEM);
    let store = InParts::over(memory.clone());
    if text.len() > 100_000 {
        return;
    }
    store.set("a", &Secret::new(text)).expect("room");
    assert_eq!(store.get("a").expect("readable"), Some(Secret::new(text)));
    store.delete("a").expect("deletable");
    assert_eq!(memory.accounts(), Vec::<String>::new(), "nothing is left behind");
}
