//! Tests with the operating system's keyring. These tests need a Secret Service (gnome-keyring, KWallet) in the state
//! that `COGFED_TEST_KEYRING` names. In other states they are skipped:
//!
//! - `1` or `open`: unlocked; `locked`: locked, without a prompt; `prompt`: locked, with a prompt that nobody answers;
//!   `absent`: a session bus without a Secret Service; `nobus`: no session bus.
//!
//! The keyring needs an item before it is locked:
//! `printf '{}' | secret-tool store --label=locked service cogfed username tokens/locked`

use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use cogfed::error::{Failure, Kind};
use cogfed::folder::Folder;
use cogfed::secret::Secret;
use cogfed::store::{OnWait, Patience, Store, StoreError, StoreKind};

/// The time after which a test fails because a call has not returned. Each call must return within four seconds.
const HANG: Duration = Duration::from_secs(30);

/// Returns whether the keyring is in the state `state`, such as "open". If not, reports that the test is skipped.
fn keyring_is(state: &str) -> bool {
    match std::env::var("COGFED_TEST_KEYRING").as_deref() {
        Ok("1") if state == "open" => true,
        Ok(found) if found == state => true,
        _ => {
            cogfed_test_support::skip_anywhere(&format!(
                "needs a Secret Service (set COGFED_TEST_KEYRING=1 under a session bus); this test wants one that is {state}"
            ));
            false
        }
    }
}

fn store(patience: Patience, on_wait: Option<OnWait>) -> Store {
    Store::new(StoreKind::Keyring, &Folder::at("/nonexistent"), patience, on_wait)
}

/// Waits until no other test uses the unlocked keyring. An item that another test deletes meanwhile would have no name
/// in a list.
fn alone() -> MutexGuard<'static, ()> {
    static OPEN_KEYRING: Mutex<()> = Mutex::new(());
    OPEN_KEYRING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Returns the name of an item that only one test uses.
fn account(name: &str) -> String {
    format!("tokens/eu-west-1_Test/{}/{name}", std::process::id())
}

fn secret_tool(account: &str) -> (bool, String) {
    let output =
        Command::new("secret-tool").args(["lookup", "service", "cogfed", "username", account]).output().unwrap();
    (output.status.success(), String::from_utf8(output.stdout).unwrap())
}

fn timed<T>(what: &str, call: impl FnOnce() -> T) -> (T, Duration) {
    let start = Instant::now();
    let result = call();
    println!("{what}: {:.1} ms", start.elapsed().as_secs_f64() * 1e3);
    (result, start.elapsed())
}

#[test]
fn keyring_item_is_stored_read_replaced_and_deleted() {
    if !keyring_is("open") {
        return;
    }
    let _alone = alone();
    let (store, account) = (store(Patience::unattended(), None), account("round-trip"));
    assert_eq!(timed("connect and look for nothing", || store.get(&account)).0.unwrap(), None);
    for (what, text) in
        [("a first", "{1}".to_owned()), ("6 KiB", "x".repeat(6 << 10)), ("a short", "{\"é\":1}".to_owned())]
    {
        let value = Secret::new(text);
        timed(&format!("set {what}"), || store.set(&account, &value)).0.unwrap();
        assert_eq!(timed(&format!("get {what}"), || store.get(&account)).0.unwrap().as_ref(), Some(&value));
        assert_eq!(secret_tool(&account), (true, value.expose().to_owned()), "as others see it");
    }
    let shown =
        Command::new("secret-tool").args(["search", "service", "cogfed", "username", &account]).output().unwrap();
    let shown = String::from_utf8(shown.stdout).unwrap();
    assert!(shown.contains("label = cogfed tokens of round-trip at eu-west-1_Test"), "a person finds it");
    let listing = timed("list", || store.list()).0.unwrap();
    assert!(listing.accounts.contains(&account) && listing.unnamed == 0, "{listing:?}");
    timed("delete", || store.delete(&account)).0.unwrap();
    assert!(!store.list().unwrap().accounts.contains(&account));
    store.delete(&account).unwrap();
    assert_eq!(store.get(&account).unwrap(), None);
    assert!(!secret_tool(&account).0);
}

#[test]
fn duplicate_keyring_items_are_merged_and_deleted() {
    if !keyring_is("open") {
        return;
    }
    let _alone = alone();
    let (store, account) = (store(Patience::unattended(), None), account("twice"));
    // secret-tool adds an attribute of its own (xdg:schema), so this item and ours do not replace each other.
    let label = ["store", "--label=twice", "service", "cogfed", "username", &account, "of", "another"];
    let another = |text: &str| {
        let command = format!("printf %s '{text}' | secret-tool \"$@\"");
        assert!(Command::new("sh").args(["-c", &command, "sh"]).args(label).status().unwrap().success());
    };
    store.set(&account, &Secret::new("{1}")).unwrap();
    another("{2}");
    let found = store.get(&account).unwrap().unwrap();
    assert!(["{1}", "{2}"].contains(&found.expose()));
    store.set(&account, &Secret::new("{3}")).unwrap();
    assert_eq!(secret_tool(&account), (true, "{3}".into()));
    let all = Command::new("secret-tool").args(["search", "--all", "service", "cogfed", "username", &account]).output();
    assert_eq!(String::from_utf8(all.unwrap().stdout).unwrap().matches("secret = ").count(), 1);
    another("{4}");
    store.delete(&account).unwrap();
    assert_eq!((store.get(&account).unwrap(), secret_tool(&account).0), (None, false));
}

/// Checks that every call to the store fails within the time limit, and with the store's exit code.
fn all_fail_in_time(store: &Store, expected: fn(&StoreError) -> bool) {
    let account = account("none");
    let value = Secret::new("{}");
    let (outcomes, took) = timed("get, set and delete", || {
        let get = timed("get", || store.get(&account)).0.map(drop);
        let set = timed("set", || store.set(&account, &value)).0;
        let delete = timed("delete", || store.delete(&account)).0;
        [get, set, delete]
    });
    assert!(took < HANG, "{took:?} for the three together");
    for outcome in outcomes {
        let error = outcome.unwrap_err();
        assert!(expected(&error), "{error:?}");
        let failure = Failure::from(error);
        println!("cogfed: error: {failure}\ncogfed: hint: {}", failure.hint.as_ref().unwrap());
        assert_eq!(failure.kind, Kind::Store);
    }
}

#[test]
fn keyring_without_a_session_bus_is_unreachable() {
    if keyring_is("nobus") {
        let store = store(Patience::unattended(), None);
        all_fail_in_time(&store, |error| matches!(error, StoreError::NoService { .. }));
    }
}

#[test]
fn keyring_without_a_service_is_unreachable() {
    if keyring_is("absent") {
        let store = store(Patience::unattended(), None);
        all_fail_in_time(&store, |error| matches!(error, StoreError::NoService { .. }));
    }
}

/// A missing item can be reported without unlocking, because the attributes of locked items can be searched.
#[test]
fn locked_keyring_is_reported() {
    if !keyring_is("locked") {
        return;
    }
    let store = store(Patience::unattended(), None);
    let (written, took) = timed("set", || store.set(&account("locked"), &Secret::new("{}")));
    assert!(matches!(written, Err(StoreError::Locked { .. })), "{written:?}");
    assert!(took < HANG, "{took:?}");
    assert_eq!(store.get(&account("locked")).unwrap(), None);
    let (found, took) = timed("get", || store.get("tokens/locked"));
    assert!(matches!(found, Err(StoreError::Locked { .. })), "{found:?}");
    assert!(took < HANG, "{took:?}");
    let failure = Failure::from(found.unwrap_err());
    println!("cogfed: error: {failure}\ncogfed: hint: {}", failure.hint.as_ref().unwrap());
    assert_eq!(failure.kind, Kind::Store);
}

#[test]
fn unanswered_keyring_prompt_times_out() {
    if !keyring_is("prompt") {
        return;
    }
    let told = Arc::new(AtomicUsize::new(0));
    let on_wait: OnWait = {
        let told = told.clone();
        Arc::new(move || {
            told.fetch_add(1, Ordering::SeqCst);
        })
    };
    let store = store(Patience::unattended(), Some(on_wait));
    let account = account("prompt");
    let (written, took) = timed("set", || store.set(&account, &Secret::new("{}")));
    assert!(matches!(written, Err(StoreError::NoAnswer { .. })), "{written:?}");
    assert!(took >= Duration::from_secs(3) && took < HANG, "{took:?}");
    let (found, took) = timed("get", || store.get(&account));
    assert!(matches!(found, Err(StoreError::NoAnswer { .. })), "{found:?}");
    assert!(took < HANG, "{took:?}");
    assert_eq!(told.load(Ordering::SeqCst), 1, "the person was told once that the keyring asks");
    let failure = Failure::from(written.unwrap_err());
    println!("cogfed: error: {failure}\ncogfed: hint: {}", failure.hint.as_ref().unwrap());
    assert_eq!(failure.kind, Kind::Store);
}
