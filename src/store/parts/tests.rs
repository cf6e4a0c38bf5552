use std::sync::{Arc, Mutex};

use super::*;
use crate::store::MemoryStore;

const LIMIT: usize = 100;

/// Returns a text of `length` bytes. Texts with different names differ in every byte.
fn text(name: char, length: usize) -> Secret {
    Secret::new(name.to_string().repeat(length))
}

/// Returns the test values: no text, texts that fit into one item, and texts that need several items.
fn texts(name: char) -> Vec<Option<Secret>> {
    let mut texts = vec![None];
    texts.extend([1, LIMIT, LIMIT + 1, 200, 101 + (LIMIT - HEAD) * 3].map(|length| Some(text(name, length))));
    texts
}

fn write(store: &dyn Backend, value: Option<&Secret>) -> Result<(), StoreError> {
    match value {
        Some(value) => store.set("x", value),
        None => store.delete("x"),
    }
}

/// Returns the number of items that `value` occupies. All others are leftovers.
fn needed(value: Option<&Secret>) -> usize {
    match value {
        None => 0,
        Some(value) if value.expose().len() <= LIMIT => 1,
        Some(value) => 1 + value.expose().len().div_ceil(LIMIT - HEAD),
    }
}

#[test]
fn parts_return_texts_of_every_length() {
    let memory = MemoryStore::with_limit(LIMIT);
    let store = InParts::over(memory.clone());
    for length in (0..700).chain([2_000]) {
        for stem in ["x", "é", "€", "😀x"] {
            let value = Secret::new(stem.repeat(length.max(1)).chars().take(length).collect::<String>());
            store.set("x", &value).unwrap();
            assert_eq!(store.get("x").unwrap(), Some(value));
        }
    }
    assert!(memory.accounts().len() > 30);
    store.delete("x").unwrap();
    assert_eq!(memory.accounts(), Vec::<String>::new());
}

#[test]
fn short_text_is_stored_whole_unless_it_resembles_a_header() {
    let memory = MemoryStore::with_limit(LIMIT);
    let store = InParts::over(memory.clone());
    store.set("x", &text('x', LIMIT)).unwrap();
    assert_eq!(memory.get("x").unwrap(), Some(text('x', LIMIT)));
    let odd = Secret::new(format!("{MARK}a 0 0 0"));
    store.set("x", &odd).unwrap();
    assert_eq!(store.get("x").unwrap(), Some(odd));
    assert_eq!(memory.accounts(), ["x", "x#a0", "x#a1"][..memory.accounts().len()]);

    let unlimited = MemoryStore::default();
    InParts::over(unlimited.clone()).set("x", &text('x', 100_000)).unwrap();
    assert_eq!((unlimited.accounts().len(), unlimited.calls()), (1, 1), "no limit, no more calls");
}

#[test]
fn interrupted_write_leaves_the_old_or_new_text() {
    let (mut crashes, mut failures) = (0, 0);
    for old in texts('o') {
        for new in texts('n') {
            for after in 0.. {
                let memory = MemoryStore::with_limit(LIMIT);
                let store = InParts::over(memory.clone());
                // Both slots have been in use, as after some renewals.
                write(&store, Some(&text('p', 300))).unwrap();
                write(&store, Some(&text('q', 400))).unwrap();
                write(&store, old.as_ref()).unwrap();
                memory.fail(after..usize::MAX);
                let written = write(&store, new.as_ref());
                let ended = memory.calls() <= after;
                memory.fail(0..0);
                let found = store.get("x").unwrap();
                failures += usize::from(written.is_err());
                if written.is_ok() {
                    assert_eq!(found, new, "after {after} calls");
                } else {
                    assert!(found == old || found == new, "after {after} calls: {} bytes", needed(found.as_ref()));
                }
                for next in [None, Some(text('z', 10)), Some(text('z', 150)), Some(text('z', 500))] {
                    write(&store, next.as_ref()).unwrap();
                    assert_eq!(store.get("x").unwrap(), next);
                    assert_eq!(memory.accounts().len(), needed(next.as_ref()), "leftovers: {:?}", memory.accounts());
                }
                crashes += 1;
                if ended {
                    break;
                }
            }
        }
    }
    assert!(crashes > 300 && failures > 150, "{crashes}, {failures} of them failures");
}

/// One write must remove all leftovers, whichever text it stores.
#[test]
fn one_write_cleans_up_after_two_crashes() {
    for next in [None, Some(text('z', 10)), Some(text('z', 150)), Some(text('z', 500))] {
        for (first, second) in (0..30).flat_map(|first| (0..30).map(move |second| (first, second))) {
            let memory = MemoryStore::with_limit(LIMIT);
            let store = InParts::over(memory.clone());
            write(&store, Some(&text('o', 300))).unwrap();
            memory.fail(first..usize::MAX);
            let _ = write(&store, Some(&text('p', 500)));
            memory.fail(second..usize::MAX);
            let _ = write(&store, None);
            memory.fail(0..0);
            write(&store, next.as_ref()).unwrap();
            assert_eq!(store.get("x").unwrap(), next);
            assert_eq!(memory.accounts().len(), needed(next.as_ref()), "{first} {second}: {:?}", memory.accounts());
        }
    }
}

type Hook = Box<dyn FnMut() + Send>;

/// A store that calls a hook before each operation.
struct Watched {
    inner: MemoryStore,
    before: Arc<Mutex<Option<Hook>>>,
}

impl Watched {
    fn call(&self) -> &MemoryStore {
        let hook = self.before.lock().unwrap().take();
        if let Some(mut hook) = hook {
            hook();
            *self.before.lock().unwrap() = Some(hook);
        }
        &self.inner
    }
}

impl Backend for Watched {
    fn describe(&self) -> &'static str {
        self.inner.describe()
    }
    fn item_limit(&self) -> Option<usize> {
        self.inner.item_limit()
    }
    fn get(&self, account: &str) -> Result<Option<Secret>, StoreError> {
        self.call().get(account)
    }
    fn set(&self, account: &str, value: &Secret) -> Result<(), StoreError> {
        self.call().set(account, value)
    }
    fn delete(&self, account: &str) -> Result<(), StoreError> {
        self.call().delete(account)
    }
    fn list(&self) -> Result<Listing, StoreError> {
        self.call().list()
    }
}

#[test]
fn reader_amid_a_write_finds_the_old_or_new_text() {
    for old in texts('o') {
        for new in texts('n') {
            let memory = MemoryStore::with_limit(LIMIT);
            let reader = InParts::over(memory.clone());
            write(&reader, old.as_ref()).unwrap();
            let reads = Arc::new(Mutex::new(0));
            let hook: Hook = {
                let (old, new, reads) = (old.clone(), new.clone(), reads.clone());
                Box::new(move || {
                    let found = reader.get("x").unwrap();
                    assert!(found == old || found == new);
                    *reads.lock().unwrap() += 1;
                })
            };
            let watched = Watched { inner: memory, before: Arc::new(Mutex::new(Some(hook))) };
            write(&InParts::over(watched), new.as_ref()).unwrap();
            assert!(*reads.lock().unwrap() >= 3, "the writer was never interrupted");
        }
    }
}

/// In each case, one or two complete writes happen between two store calls of the reader.
#[test]
fn reader_interrupted_by_writers_finds_a_whole_text() {
    for start in texts('o') {
        for writes in 1..=2 {
            for at in 0..12 {
                let memory = MemoryStore::with_limit(LIMIT);
                let writer = InParts::over(memory.clone());
                write(&writer, start.as_ref()).unwrap();
                let later = [Some(text('n', 300)), Some(text('m', 250))];
                let mut allowed = vec![start.clone()];
                allowed.extend(later.iter().take(writes).cloned());
                let mut call = 0;
                let hook: Hook = Box::new(move || {
                    if call == at {
                        later.iter().take(writes).for_each(|value| write(&writer, value.as_ref()).unwrap());
                    }
                    call += 1;
                });
                let watched = Watched { inner: memory, before: Arc::new(Mutex::new(Some(hook))) };
                let found = InParts::over(watched).get("x").unwrap();
                assert!(allowed.contains(&found), "{writes} writes before call {at}");
            }
        }
    }
}

#[test]
fn missing_or_exchanged_parts_are_damage() {
    let memory = MemoryStore::with_limit(LIMIT);
    let store = InParts::over(memory.clone());
    store.set("x", &text('o', 300)).unwrap();
    let stolen = memory.get("x#a1").unwrap().unwrap();
    store.set("y", &text('p', 300)).unwrap();
    memory.set("y#a1", &stolen).unwrap();
    memory.delete("x#a1").unwrap();
    for account in ["x", "y"] {
        let error = store.get(account).unwrap_err();
        assert!(matches!(&error, StoreError::Damaged { account: found, .. } if found == account), "{error}");
    }
    memory.set("z", &Secret::new(format!("{MARK}c 0 1 1"))).unwrap();
    assert!(matches!(store.get("z"), Err(StoreError::Damaged { .. })));
    store.set("x", &text('n', 300)).unwrap();
    assert_eq!(store.get("x").unwrap(), Some(text('n', 300)), "a write repairs it");
}

/// The sizes are literal numbers, so that a change of the constants makes the test fail.
#[test]
fn item_too_small_for_a_part_is_full() {
    for (limit, is_enough) in [(65, false), (80, false), (81, true)] {
        let store = InParts::over(MemoryStore::with_limit(limit));
        assert_eq!(store.item_limit(), None, "texts of any length");
        store.set("x", &text('o', limit)).unwrap();
        let written = store.set("x", &text('n', limit + 1));
        assert!(if is_enough { written.is_ok() } else { matches!(written, Err(StoreError::Full { .. })) }, "{limit}");
        assert_eq!(store.get("x").unwrap(), Some(if is_enough { text('n', limit + 1) } else { text('o', limit) }));
    }
}

#[test]
fn longest_parts_header_fits_its_room() {
    // The kernel's keyring has the largest items of all stores with a limit.
    let longest = Header { slot: Slot::B, generation: "f".repeat(32), parts: MOST, length: MOST * 32_767 };
    assert!(longest.text().expose().len() <= HEAD && longest.part_head(MOST - 1).len() <= HEAD);
    assert_eq!(Header::read(longest.text().expose()), Some(longest));
}

#[test]
fn malformed_parts_header_is_not_read() {
    let read = |rest: &str| Header::read(&format!("{MARK}{rest}"));
    assert!(read("a 0f 1 1").is_some() && read("b 0f 4096 1").is_some());
    for odd in
        ["", "a", "a 0f", "a 0f 1", "a 0f 1 1 1", "a 0f 1 1 ", "a 0f 4097 1", "A 0f 1 1", "a 0f -1 1", "a  0f 1 1"]
    {
        assert_eq!(read(odd), None, "{odd}");
    }
    assert_eq!(Header::read("a 0f 1 1"), None);
}

#[test]
fn text_with_too_many_parts_is_refused() {
    let memory = MemoryStore::with_limit(81);
    let store = InParts::over(memory.clone());
    let (longest, beyond) = (text('o', 16 * 4096), "x#a4096");
    memory.set(beyond, &text('?', 1)).unwrap();
    store.set("x", &longest).unwrap();
    assert_eq!(store.set("x", &text('n', 16 * 4096 + 1)), Err(StoreError::Full { store: memory.describe() }));
    assert_eq!(store.get("x").unwrap(), Some(longest));
    store.delete("x").unwrap();
    assert_eq!(memory.accounts(), [beyond], "an item of another's");
}

#[test]
fn list_names_accounts_of_parts_and_leftovers() {
    let memory = MemoryStore::with_limit(LIMIT);
    let store = InParts::over(memory.clone());
    store.set("x", &text('x', 300)).unwrap();
    store.set("x", &text('y', 400)).unwrap();
    store.set("y#a0", &text('y', 10)).unwrap();
    // A removal that was interrupted after its first call.
    store.set("z", &text('z', 300)).unwrap();
    memory.fail(1..usize::MAX);
    store.delete("z").unwrap_err();
    memory.fail(0..0);
    let listing = store.list().unwrap();
    assert_eq!(listing, Listing { accounts: ["x", "y#a0", "z"].map(str::to_owned).into(), unnamed: 0 });
    for account in listing.accounts {
        store.delete(&account).unwrap();
    }
    assert_eq!((store.list().unwrap(), memory.accounts().len()), (Listing::default(), 0));
    let unlimited = MemoryStore::default();
    unlimited.set("x#a0", &text('x', 1)).unwrap();
    assert_eq!(InParts::over(unlimited).list().unwrap().accounts, ["x#a0".to_owned()].into());
}
