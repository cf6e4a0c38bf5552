//! Tests of the choice of a store, and of the type `Store`.

#[cfg(target_os = "linux")]
use super::testing::copies;
use super::*;

#[test]
fn store_serves_several_threads() {
    let memory = MemoryStore::with_limit(100);
    let kind = StoreKind::Memory(memory);
    let store = Store::new(kind, &Folder::at("/nonexistent"), Patience::unattended(), None);
    std::thread::scope(|scope| {
        for name in ["a", "b", "c", "d"] {
            let store = &store;
            scope.spawn(move || {
                for length in 0..50 {
                    let value = Secret::new(name.repeat(length * 10));
                    store.set(name, &value).unwrap();
                    assert_eq!(store.get(name).unwrap(), Some(value));
                }
            });
        }
    });
    assert_eq!(store.list().unwrap().accounts, ["a", "b", "c", "d"].map(str::to_owned).into());
}

#[test]
fn each_store_kind_has_its_name() {
    for name in ["keyring", "kernel", "file"] {
        match name.parse::<StoreKind>() {
            Ok(kind) => assert_eq!(kind.to_string(), name),
            Err(failure) => assert!(name == "kernel" && cfg!(not(target_os = "linux")), "{failure}"),
        }
    }
    assert_eq!("keyring".parse(), Ok(StoreKind::Keyring));
    assert_eq!("file".parse(), Ok(StoreKind::File));
    #[cfg(target_os = "linux")]
    assert_eq!("kernel".parse(), Ok(StoreKind::Kernel));
    let memory = MemoryStore::default();
    assert_eq!(StoreKind::Memory(memory.clone()).to_string(), "memory");
    assert_eq!(StoreKind::Memory(memory.clone()), StoreKind::Memory(memory.clone()));
    assert_ne!(StoreKind::Memory(memory), StoreKind::Memory(MemoryStore::default()), "as empty, but another one");
    for wrong in ["", "Keyring", "memory", "keychain"] {
        let failure = wrong.parse::<StoreKind>().unwrap_err();
        assert_eq!(failure.kind, Kind::Usage);
        assert!(failure.hint.unwrap().contains("\"file\""));
    }
}

#[test]
fn file_and_memory_stores_keep_replace_and_delete_items() {
    let temp = tempfile::tempdir().unwrap();
    let folder = Folder::at(temp.path().join("cogfed"));
    for kind in [StoreKind::File, StoreKind::Memory(MemoryStore::default())] {
        let store = Store::new(kind.clone(), &folder, Patience::new(Duration::from_secs(4)), None);
        let name = if kind == StoreKind::File { "the file store" } else { "the store in memory" };
        assert_eq!(store.describe(), name);
        assert_eq!(store.get("tokens/a").unwrap(), None);
        store.set("tokens/a", &Secret::new("{1}")).unwrap();
        store.set("tokens/a", &Secret::new("{2}")).unwrap();
        assert_eq!(store.get("tokens/a").unwrap(), Some(Secret::new("{2}")));
        store.set_cached("tokens/a", &Secret::new("{2}"), Duration::from_secs(60));
        assert_eq!(store.cached("tokens/a"), Cached::NotUsed, "only the OS keyring has a copy in the kernel");
        store.delete("tokens/a").unwrap();
        store.delete("tokens/a").unwrap();
        assert_eq!(store.get("tokens/a").unwrap(), None);
    }
}

#[test]
fn probe_finds_a_store_that_cannot_keep_a_sign_in() {
    let store_over = |memory: &MemoryStore| {
        Store::new(StoreKind::Memory(memory.clone()), &Folder::at("/nonexistent"), Patience::unattended(), None)
    };
    let memory = MemoryStore::default();
    store_over(&memory).probe().unwrap();
    assert_eq!(memory.accounts(), Vec::<String>::new(), "nothing is left of it");
    for failing in 0..3 {
        memory.fail(failing..failing + 1);
        assert!(matches!(store_over(&memory).probe(), Err(StoreError::Other { .. })), "call {failing}");
    }
    let small = MemoryStore::with_limit(8);
    assert!(store_over(&small).probe().is_err(), "no part fits");
}

#[cfg(target_os = "linux")]
#[test]
fn kernel_copy_needs_no_service_and_ends_with_its_item() {
    let account = format!("test/{}", std::process::id());
    let Some(store) = copies(&account) else { return };
    let keep = |text: &str| store.set_cached(&account, &Secret::new(text), Duration::from_secs(60));
    keep("{copy}");
    assert_eq!(store.cached(&account), Cached::Copy(Secret::new("{copy}")));
    assert!(matches!(store.set(&account, &Secret::new("{new}")), Err(StoreError::NoAnswer { .. })));
    assert_eq!(store.cached(&account), Cached::Missing, "a new text outdates the copy, whatever becomes of it");
    keep("{copy}");
    assert!(matches!(store.delete(&account), Err(StoreError::NoAnswer { .. })));
    assert_eq!(store.cached(&account), Cached::Missing);
    keep("{copy}");
    keep(&"x".repeat(100_000));
    assert_eq!(store.cached(&account), Cached::Missing, "a copy that cannot be kept leaves no older one");
}

#[test]
fn store_failure_has_its_exit_code_and_recommends_one_store() {
    let failure = Failure::from(StoreError::NoService { store: "the Secret Service keyring", detail: "x".into() });
    assert_eq!(failure.kind, Kind::Store);
    assert_eq!(failure.hint.unwrap().matches("set store = ").count(), 1, "one store is recommended");
}
