use super::*;
use crate::store::testing::skip;

/// Returns a kernel keyring store for one test. Prints a line and returns `None` if the kernel refuses, as in many
/// containers.
fn keyring(prefix: &'static str) -> Option<KernelKeyring> {
    let keyring = KernelKeyring { prefix };
    match keyring.set("probe", &Secret::new("probe")).and_then(|()| keyring.delete("probe")) {
        Ok(()) => {
            // Left by a test that was killed.
            ["a", "b"].into_iter().for_each(|account| keyring.delete(account).unwrap());
            Some(keyring)
        }
        Err(error) => {
            skip(&format!("the kernel's keyring is refused here: {error}"));
            None
        }
    }
}

/// Returns the line in `/proc/keys` for the key with this description. Its fourth word is the time left, its fifth the
/// permissions.
fn listed(description: &str) -> String {
    // By number, because a replaced key stays in the list for a moment.
    let number = format!("{:08x} ", found(description).unwrap().unwrap().get_id().as_raw_id());
    let keys = std::fs::read_to_string("/proc/keys").unwrap();
    keys.lines().find(|line| line.starts_with(&number)).unwrap().to_owned()
}

#[test]
fn kernel_keyring_keeps_replaces_and_deletes_items() {
    let Some(keyring) = keyring("cogfed:test-round-trip:") else { return };
    assert_eq!(keyring.get("a").unwrap(), None);
    for text in ["{1}".to_owned(), "x".repeat(6 << 10), "é".to_owned()] {
        let value = Secret::new(text);
        keyring.set("a", &value).unwrap();
        assert_eq!(keyring.get("a").unwrap(), Some(value));
    }
    assert_eq!(keyring.get("b").unwrap(), None);
    keyring.delete("a").unwrap();
    keyring.delete("a").unwrap();
    assert_eq!(keyring.get("a").unwrap(), None);
}

#[test]
fn kernel_key_is_private_to_its_user_until_it_expires() {
    let Some(keyring) = keyring("cogfed:test-end:") else { return };
    keyring.set_for("a", &Secret::new("{}"), Duration::from_secs(3599)).unwrap();
    let line = listed("cogfed:test-end:a");
    let words: Vec<&str> = line.split_whitespace().collect();
    assert_eq!(words[4], "3f0b0000", "possessor all; user view, read, search; nobody else anything");
    assert!(words[3] == "59m" || words[3] == "3598s" || words[3] == "60m", "{line}");
    keyring.set("a", &Secret::new("{}")).unwrap();
    assert!(listed("cogfed:test-end:a").contains(" perm "));
    keyring.set_for("a", &Secret::new("{}"), Duration::from_millis(999)).unwrap();
    assert_eq!(keyring.get("a").unwrap(), None, "no time to live is no life");
}

#[test]
fn kernel_key_is_updated_in_place() {
    let Some(keyring) = keyring("cogfed:test-update:") else { return };
    // The account is this process's own: two runs at once would wait for each other's key, which never expires.
    let account = &format!("test/{}", std::process::id());
    let description = keyring.description(account);
    keyring.set_for(account, &Secret::new("old"), Duration::from_secs(60)).unwrap();
    let number = found(&description).unwrap().unwrap().get_id();
    update(&description, &[b'x'; 6 << 10], Some(2)).unwrap();
    assert_eq!(keyring.get(account).unwrap(), Some(Secret::new("x".repeat(6 << 10))));
    while keyring.get(account).unwrap().is_some() {
        std::thread::sleep(Duration::from_millis(10));
    }
    update(&description, b"new", None).unwrap();
    assert_eq!(found(&description).unwrap().unwrap().get_id(), number, "one key all the time, revived at last");
    assert_eq!(keyring.get(account).unwrap(), Some(Secret::new("new")));
    assert!(listed(&description).contains(" perm "), "and its end with it");
    keyring.delete(account).unwrap();
}

#[test]
fn full_kernel_quota_still_lets_a_text_be_replaced() {
    if std::env::var_os("COGFED_TEST_QUOTA").is_none() {
        return skip("uses up the user's quota of keys (set COGFED_TEST_QUOTA for a user without keys, not root)");
    }
    let Some(keyring) = keyring("cogfed:test-quota:") else { return };
    for text in ["1", "2", "3"].map(|text| text.repeat(12_000)) {
        keyring.set_for("a", &Secret::new(text.clone()), Duration::from_secs(60)).unwrap();
        assert_eq!(keyring.get("a").unwrap(), Some(Secret::new(text)));
    }
    let refused = keyring.set("b", &Secret::new("x".repeat(12_000))).unwrap_err();
    assert!(
        matches!(
            &refused,
            StoreError::OverQuota { store: NAME, needed: Some(12_000), used, setting: "kernel.keys.maxbytes" }
                if used.ends_with(" of 20000 bytes of this user are in use")
        ),
        "{refused:?}"
    );
    assert_eq!(keyring.get("b").unwrap(), None);
    keyring.delete("a").unwrap();
}

#[test]
fn kernel_keyring_returns_texts_of_any_size() {
    let Some(keyring) = keyring("cogfed:test-sizes:") else { return };
    let account = format!("test/{}", std::process::id());
    for length in [1, 4095, 4096, 4097, 12_000] {
        let text = Secret::new("x".repeat(length));
        keyring.set_for(&account, &text, Duration::from_secs(60)).unwrap();
        assert_eq!(keyring.get(&account).unwrap(), Some(text), "{length} bytes");
    }
    keyring.delete(&account).unwrap();
}

#[test]
fn kernel_store_and_copies_are_separate() {
    let (Some(_), store, cache) = (keyring("cogfed:test-apart:"), KernelKeyring::store(), KernelKeyring::cache())
    else {
        return;
    };
    let account = format!("test/{}", std::process::id());
    // It expires, in case the test is killed.
    store.set_for(&account, &Secret::new("store"), Duration::from_secs(60)).unwrap();
    assert_eq!(cache.get(&account).unwrap(), None);
    store.delete(&account).unwrap();
}

/// Other sessions and later releases find keys by their descriptions, so the descriptions must not change.
#[test]
fn key_descriptions_are_those_of_the_fixtures() {
    let names: serde_json::Value =
        serde_json::from_str(include_str!("../../../tests/data/released/0.1.0/names.json")).unwrap();
    let (names, tokens, credentials) =
        (&names["kernel"], &names["keyring"]["tokens"]["username"], &names["keyring"]["credentials"]["username"]);
    assert_eq!(names["store"], KernelKeyring::store().description(tokens.as_str().unwrap()));
    assert_eq!(names["cache"], KernelKeyring::cache().description(credentials.as_str().unwrap()));
    assert_eq!((KernelKeyring::store().describe(), KernelKeyring::store().item_limit()), (NAME, Some(LIMIT)));
}

#[test]
fn expired_kernel_keys_are_missing_and_kernel_failures_are_reported() {
    for gone in [KeyError::KeyDoesNotExist, KeyError::KeyExpired, KeyError::KeyRevoked, KeyError::KeyRejected] {
        assert_eq!(present::<()>(Err(gone)), Ok(None));
    }
    assert_eq!(present(Ok(1)), Ok(Some(1)));
    assert_eq!(present::<()>(Err(KeyError::PermissionDenied)), Err(KeyError::PermissionDenied));
    assert!(matches!(failed(KeyError::QuotaExceeded), StoreError::OverQuota { store: NAME, needed: None, .. }));
    for refused in [KeyError::PermissionDenied, KeyError::AccessDenied] {
        assert!(matches!(failed(refused), StoreError::Other { detail, .. } if detail == "not permitted"));
    }
}

/// Another program may store arbitrary bytes under cogfed's key descriptions.
#[test]
fn kernel_item_that_is_not_text_is_damaged() {
    let Some(keyring) = keyring("cogfed:test-no-text:") else { return };
    add(&keyring.description("a"), &[0xff, 0xfe], Some(60)).unwrap();
    assert!(matches!(keyring.get("a"), Err(StoreError::Damaged { account, .. }) if account == "a"));
    keyring.delete("a").unwrap();
}

#[test]
fn kernel_key_stays_only_in_the_user_keyring() {
    let Some(keyring) = keyring("cogfed:test-process:") else { return };
    keyring.set_for("a", &Secret::new("{}"), Duration::from_secs(60)).unwrap();
    let process = KeyRing::from_special_id(KeyRingIdentifier::Process, true).unwrap();
    assert!(process.search("cogfed:test-process:a").is_err(), "it is possessed no longer than it takes to make it");
    update(&keyring.description("a"), b"new", Some(60)).unwrap();
    assert!(process.search("cogfed:test-process:a").is_err());
    keyring.delete("a").unwrap();
}

#[test]
fn kernel_item_that_is_too_large_is_refused() {
    let Some(keyring) = keyring("cogfed:test-large:") else { return };
    keyring
        .set("a", &Secret::new("x".repeat(LIMIT)))
        .unwrap_or_else(|error| assert!(matches!(error, StoreError::OverQuota { .. })));
    assert!(keyring.set("a", &Secret::new("x".repeat(LIMIT + 1))).is_err());
    keyring.delete("a").unwrap();
}

#[test]
fn refusal_of_the_kernel_names_the_next_step() {
    let failure = crate::error::Failure::from(failed(KeyError::Unknown(38)));
    assert_eq!(failure.kind, crate::error::Kind::Store);
    assert!(failure.message.contains("Function not implemented"), "{failure}");
    assert!(failure.hint.unwrap().contains("store = \"file\""));
}

#[test]
fn kernel_list_has_the_accounts_of_its_prefix() {
    let Some(keyring) = keyring("cogfed:test-list:") else { return };
    assert_eq!(keyring.list().unwrap(), Listing::default());
    let long = format!("credentials/{}: 7", "r".repeat(2000));
    let accounts = ["tokens/eu-west-1_AbC/3n4b5/Azure;AD x".to_owned(), long];
    for account in &accounts {
        keyring.set_for(account, &Secret::new("{}"), Duration::from_secs(60)).unwrap();
    }
    KernelKeyring { prefix: "cogfed:test-list-other:" }
        .set_for("b", &Secret::new("{}"), Duration::from_secs(60))
        .unwrap();
    assert_eq!(keyring.list().unwrap(), Listing { accounts: accounts.clone().into(), unnamed: 0 });
    for account in &accounts {
        keyring.delete(account).unwrap();
    }
    KernelKeyring { prefix: "cogfed:test-list-other:" }.delete("b").unwrap();
    assert_eq!(keyring.list().unwrap(), Listing::default());
}

#[test]
fn key_descriptions_are_read_from_the_kernels_list() {
    let line = |rest: &str| format!("1f3c9e6d I--Q---     1  59m 3f0b0000  1000    -1 {rest}");
    assert_eq!(described(&line("user      cogfed:store:a b: c: 2")), Some("cogfed:store:a b: c"));
    for other in ["keyring   _uid.1000: 1", "user      negative", "user", "logon     x: 2", "user      x: y"] {
        assert_eq!(described(&line(other)), None, "{other}");
    }
    assert_eq!(described(""), None);
}

#[test]
fn exhausted_quota_is_named_with_its_use() {
    let table = "    0:     9 8/8 3/1000000 5284/25000000\n 1000:     7 7/7 7/200 19000/20000\n  100:     1 1/1 200/200 62/20000\n";
    let quota = |used, most, unit| Some(Exceeded { used, most, unit });
    assert_eq!(exceeded(table, 1000), quota(19_000, 20_000, "bytes"));
    assert_eq!(exceeded(table, 100), quota(200, 200, "keys"));
    assert_eq!(exceeded(table, 0), quota(5284, 25_000_000, "bytes"));
    for odd in ["", " 1000:", " 1000: x", " 1000: 7 7/7 7 19000/20000", "10000: 7 7/7 7/200 1/2"] {
        assert_eq!(exceeded(odd, 1000), None, "{odd:?}");
    }
}

#[test]
fn setting_of_a_quota_is_that_of_the_machines_user() {
    let limit = |name: &str| Some(if name == "root_maxkeys" { 1_000_000 } else { 25_000_000 });
    for (most, unit, is_root, name) in [
        (200, "keys", false, "kernel.keys.maxkeys"),
        (20_000, "bytes", false, "kernel.keys.maxbytes"),
        (1_000_000, "keys", true, "kernel.keys.root_maxkeys"),
        (25_000_000, "bytes", true, "kernel.keys.root_maxbytes"),
        // Root of a container that another user runs.
        (200, "keys", true, "kernel.keys.maxkeys"),
        (20_000, "bytes", true, "kernel.keys.maxbytes"),
    ] {
        assert_eq!(setting(&Exceeded { used: most, most, unit }, is_root, limit), name);
    }
    let unreadable = setting(&Exceeded { used: 9, most: 9, unit: "keys" }, true, |_| None);
    assert_eq!(unreadable, "kernel.keys.root_maxkeys");
}
