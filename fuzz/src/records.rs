//! Stored texts: a letter for the kind of item, and the text. An item may be damaged, or written by another version or
//! another program.

use std::time::Duration;

use cogfed::error::{Failure, Kind};
use cogfed::folder::Folder;
use cogfed::identity_pool::session_name;
use cogfed::profile::{Issuer, Profile};
use cogfed::secret::Secret;
use cogfed::session::Ask;
use cogfed::session::record::{CredentialsRecord, TokensRecord, Use, credentials_account, tokens_account};
use cogfed::store::{Backend, InParts, MemoryStore, Patience, Store, StoreKind};

use crate::given::{assert_presentable, classic_profile, plain_profile, profile};

/// The smallest item size that the store in parts supports, in bytes.
const ITEM: usize = 160;

/// Checks that a record is either read as it was written or refused, and that reading deletes nothing.
pub fn run(data: &[u8]) {
    let Some((letter, text)) = data.split_first() else { return };
    let Ok(text) = std::str::from_utf8(text) else { return };
    match letter {
        b't' => tokens(text, &profile("")),
        b'i' => tokens(text, &plain_profile("")),
        b'c' => credentials(text, &profile("")),
        b'l' => credentials(text, &classic_profile()),
        b'o' => credentials(text, &plain_profile("")),
        b's' => session(text),
        b'p' => parts(text),
        _ => in_parts(text),
    }
}

fn store(memory: &MemoryStore) -> Store {
    let patience = Patience::new(Duration::from_secs(1));
    Store::new(StoreKind::Memory(memory.clone()), &Folder::at("/nonexistent"), patience, None)
}

fn tokens(text: &str, profile: &Profile) {
    let ask = Ask::new(profile.clone());
    let memory = MemoryStore::default();
    let account = tokens_account(profile);
    memory.set(&account, &Secret::new(text)).expect("room");
    let store = store(&memory);
    match TokensRecord::read(&store, &ask) {
        Ok(None) => panic!("it is there"),
        Ok(Some(record)) => {
            match &profile.issuer {
                Issuer::UserPool(pool) => {
                    assert_eq!(record.token_endpoint, pool.endpoints.token, "a token for another endpoint");
                }
                Issuer::Plain(issuer) => assert_eq!(issuer.check(&record.token_endpoint), Ok(()), "for another host"),
            }
            assert_eq!((record.user_pool_id.as_str(), &record.client_id), (profile.issuer.id(), &profile.client_id));
            assert_eq!(record.fits(Use::Revocation(profile)), Ok(()));
            session(&record.person);
            for role in record.roles(profile) {
                let account = credentials_account(&ask.for_role(role));
                assert!(account.starts_with("credentials/") && record.credentials.contains(&account), "{account}");
            }
            record.write(&store, profile).expect("room");
            let again = TokensRecord::read(&store, &ask).expect("readable").expect("there");
            let json = |record: &TokensRecord| serde_json::to_value(record).expect("a record");
            assert_eq!(json(&again), json(&record), "what is written is what was read");
            let _ = record.renewable_until(&crate::given::profile("refresh_token_validity = 3600"));
        }
        Err(error) => assert_refused(&error),
    }
    // Replacing treats a damaged record as none, and refuses to replace one of a newer cogfed.
    if let Err(error) = TokensRecord::read_to_replace(&store, profile) {
        assert!(error.to_string().contains("newer"), "{error}");
    }
    assert!(memory.get(&account).expect("a text").is_some(), "reading deletes nothing");
}

/// Checks a session's name against AWS's rule, `[\w+=,.@-]{2,64}`, which is implemented a second time here.
fn session(person: &str) {
    let name = session_name(person);
    let is_taken = |byte: u8| byte.is_ascii_alphanumeric() || b"_+=,.@-".contains(&byte);
    assert!((2..=64).contains(&name.len()) && name.bytes().all(is_taken), "{person:?}: {name:?}");
    assert_eq!(session_name(&name), name, "what is taken stays as it is");
}

fn credentials(text: &str, profile: &Profile) {
    let ask = Ask::new(profile.clone());
    let memory = MemoryStore::default();
    memory.set(&credentials_account(&ask), &Secret::new(text)).expect("room");
    let store = store(&memory);
    match CredentialsRecord::read(&store, &ask) {
        Ok(Some(record)) => {
            assert_eq!(record.identity_pool_endpoint, profile.endpoints.identity_pool);
            assert_eq!(record.user_pool_id, profile.issuer.id(), "another issuer's");
            assert_eq!(record.role_arn, profile.role_arn, "another role's");
            let sts = Some(&profile.endpoints.sts).filter(|_| profile.is_classic());
            assert_eq!(record.sts_endpoint.as_ref(), sts, "the other flow's");
            let document = record.credentials().process_document(None);
            assert_eq!(document.expose().matches('\n').count(), 1);
            let _ = record.left(crate::given::now());
        }
        Ok(None) => {}
        Err(error) => assert_refused(&error),
    }
    assert!(memory.get(&credentials_account(&ask)).expect("a text").is_some(), "reading deletes nothing");
}

fn assert_refused(failure: &Failure) {
    assert_eq!(failure.kind, Kind::Store);
    assert_presentable(failure);
}

/// Reads the items of an account in parts, separated by U+0001: the header, then the parts of slot a.
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
    // A new text replaces any old items, and deleting it leaves none.
    let new = "{\"new\": true}".repeat(40);
    store.set("a", &Secret::new(new.as_str())).expect("room");
    assert_eq!(store.get("a").expect("readable"), Some(Secret::new(new)));
    store.delete("a").expect("deletable");
    assert_eq!(store.get("a").expect("readable"), None);
}

/// Checks that any text is read back as written.
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
