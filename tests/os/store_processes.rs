//! Tests of items and locks that several processes, or several sessions of one user, share.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use cogfed::error::Failure;
use cogfed::folder::{Folder, Lock, LockError};
use cogfed::secret::Secret;
use cogfed::store::{Backend, FileStore};

const ROLE: &str = "COGFED_TEST_ROLE";
const FOLDER: &str = "COGFED_TEST_FOLDER";
/// The environment variable with the number of writes that each writing process makes.
const ROUNDS: &str = "COGFED_TEST_ROUNDS";

/// Returns a command that starts this test program as a helper process with the role `role`. `through` is a program
/// that starts it, with its arguments.
fn role(through: &[&str], role: &str, folder: &Path) -> Command {
    let program = std::env::current_exe().unwrap();
    let mut command = match through {
        [] => Command::new(program),
        [first, rest @ ..] => {
            let mut command = Command::new(first);
            command.args(rest).arg(program);
            command
        }
    };
    command.args(["--exact", "store_processes::helper_process_acts_its_role", "--nocapture", "--test-threads=1"]);
    command.env(ROLE, role).env(FOLDER, folder).stdin(Stdio::piped());
    command
}

/// The code of the helper processes, which is not a test itself.
#[test]
fn helper_process_acts_its_role() {
    let Ok(role) = std::env::var(ROLE) else { return };
    let folder = Folder::at(std::env::var_os(FOLDER).unwrap());
    match role.split_once(' ').unwrap_or((&role, "")) {
        ("write", name) => write_and_read(&folder, name),
        ("read", _) => read_until_told(&folder),
        ("hold", _) => {
            let _lock = Lock::try_acquire(&folder, "sign-in").unwrap().unwrap();
            println!("\nheld");
            let _ = std::io::stdin().read_line(&mut String::new());
        }
        #[cfg(target_os = "linux")]
        ("kernel", words) => kernel::act(words),
        other => panic!("no such role: {other:?}"),
    }
}

fn rounds() -> usize {
    std::env::var(ROUNDS).map_or(200, |rounds| rounds.parse().unwrap())
}

/// Returns whether `text` is exactly what one writer wrote at once: a single letter, repeated.
fn whole(text: &str) -> bool {
    let mut letters = text.chars();
    let first = letters.next();
    text.len() >= 3_000 && letters.all(|letter| Some(letter) == first)
}

fn write_and_read(folder: &Folder, name: &str) {
    let store = FileStore::new(folder);
    for round in 0..rounds() {
        store.set("tokens/a", &Secret::new(name.repeat(3_000 + round % 1_000))).unwrap();
        let found = store.get("tokens/a").unwrap().expect("a missing read");
        assert!(whole(found.expose()), "a torn read");
    }
}

/// Reads one item again and again, until standard input is closed.
fn read_until_told(folder: &Folder) {
    let is_told = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let telling = std::sync::Arc::clone(&is_told);
    std::thread::spawn(move || {
        let _ = std::io::stdin().read(&mut [0]);
        telling.store(true, std::sync::atomic::Ordering::SeqCst);
    });
    let (store, mut reads) = (FileStore::new(folder), 0_u64);
    while reads == 0 || !is_told.load(std::sync::atomic::Ordering::SeqCst) {
        let found = store.get("tokens/a").unwrap().expect("a missing read");
        assert!(whole(found.expose()), "a torn read");
        reads += 1;
    }
    println!("\nreads: {reads}");
}

#[test]
fn concurrent_writers_and_readers_see_whole_items() {
    let temp = tempfile::tempdir().unwrap();
    let folder = Folder::at(temp.path().join("cogfed"));
    let store = FileStore::new(&folder);
    store.set("tokens/a", &Secret::new("0".repeat(3_000))).unwrap();
    let mut writers: Vec<Child> = ["1", "2"]
        .iter()
        .map(|name| role(&[], &format!("write {name}"), &folder.path()).stdout(Stdio::null()).spawn().unwrap())
        .collect();
    let readers: Vec<Child> = (0..2)
        .map(|_| role(&[], "read", &folder.path()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap())
        .collect();
    for writer in &mut writers {
        assert!(writer.wait().unwrap().success());
    }
    let mut reads = 0;
    for reader in readers {
        // Waiting closes the reader's input first.
        let output = reader.wait_with_output().unwrap();
        assert!(output.status.success(), "{output:?}");
        let said = String::from_utf8_lossy(&output.stdout);
        reads += said.lines().find_map(|line| line.strip_prefix("reads: ")?.parse::<u64>().ok()).expect("a count");
    }
    println!("{reads} reads by two readers beside {} writes by two writers, 0 torn or missing", 2 * rounds());
    assert!(reads > 0);
    let left: Vec<_> =
        std::fs::read_dir(folder.sub("store").path()).unwrap().flatten().map(|e| e.file_name()).collect();
    assert_eq!(left, ["tokens%2Fa"], "no unfinished files stay");
}

#[test]
fn killed_writer_leaves_a_whole_item_and_no_remains() {
    let temp = tempfile::tempdir().unwrap();
    let folder = Folder::at(temp.path().join("cogfed"));
    let store = FileStore::new(&folder);
    let files = || std::fs::read_dir(folder.sub("store").path()).unwrap().count();
    let mut leftovers = 0;
    for kill in 0..30 {
        store.set("tokens/a", &Secret::new("0".repeat(3_000))).unwrap();
        assert_eq!(files(), 1, "what the last one left is gone");
        let mut writer =
            role(&[], "write 1", &folder.path()).env(ROUNDS, "1000000").stdout(Stdio::null()).spawn().unwrap();
        // The writer is killed at a different moment of a write each time, but not before its first write.
        while store.get("tokens/a").unwrap().unwrap().expose().starts_with('0') {}
        (0..kill * 7).for_each(|_| assert!(store.get("tokens/a").unwrap().is_some()));
        writer.kill().unwrap();
        writer.wait().unwrap();
        assert!(whole(store.get("tokens/a").unwrap().unwrap().expose()), "a torn item");
        leftovers += files() - 1;
    }
    println!("30 writers killed, {leftovers} of them with an unfinished file");
    store.delete("tokens/a").unwrap();
    assert_eq!(files(), 0, "a removal takes unfinished files along");
}

/// Starts a process that holds the lock until its standard input is closed. Returns the process and its output.
fn holder(folder: &Folder) -> (Child, impl BufRead) {
    let mut holder = role(&[], "hold", &folder.path()).stdout(Stdio::piped()).spawn().unwrap();
    let mut said = BufReader::new(holder.stdout.take().unwrap());
    assert!(said.by_ref().lines().map_while(Result::ok).any(|line| line == "held"));
    (holder, said)
}

#[test]
fn lock_names_its_holder_and_the_holders_death_frees_it() {
    let temp = tempfile::tempdir().unwrap();
    let folder = Folder::at(temp.path().join("cogfed"));
    let (mut held_by, _said) = holder(&folder);
    assert!(Lock::try_acquire(&folder, "sign-in").unwrap().is_none());
    match Lock::acquire(&folder, "sign-in", Duration::from_millis(10)) {
        Err(LockError::Held(held)) => assert_eq!(held.pid, Some(held_by.id())),
        other => panic!("{other:?}"),
    }
    // SIGKILL on Unix: the holder runs no more code.
    held_by.kill().unwrap();
    Lock::acquire(&folder, "sign-in", Duration::from_secs(60)).map_err(Failure::from).unwrap();
    held_by.wait().unwrap();
}

#[test]
fn waiter_gets_the_lock_when_the_holder_exits() {
    let temp = tempfile::tempdir().unwrap();
    let folder = Folder::at(temp.path().join("cogfed"));
    let (mut held_by, _said) = holder(&folder);
    let waiting = {
        let folder = folder.clone();
        std::thread::spawn(move || {
            Lock::acquire(&folder, "sign-in", Duration::from_secs(60)).map(drop).map_err(Failure::from)
        })
    };
    drop(held_by.stdin.take());
    waiting.join().unwrap().unwrap();
    assert!(held_by.wait().unwrap().success());
}

#[cfg(target_os = "linux")]
mod kernel {
    use cogfed::store::{KernelKeyring, Patience, Store, StoreKind};

    use super::*;

    pub fn act(words: &str) {
        let (verb, account) = words.split_once(' ').unwrap();
        let keyring = KernelKeyring::cache();
        let done = match verb {
            "read" => {
                keyring.get(account).map(|found| found.map_or("nothing".to_owned(), |text| text.expose().to_owned()))
            }
            "replace" => keyring
                .set_for(account, &Secret::new("{from another session}"), Duration::from_secs(60))
                .map(|()| verb.into()),
            "delete" => keyring.delete(account).map(|()| verb.into()),
            "copy" => Ok(copied(account)),
            _ => panic!("no such verb: {verb}"),
        };
        println!("\nresult: {}", done.unwrap_or_else(|error| format!("error: {error}")));
    }

    /// Tries to store a copy in the kernel's keyring without using the OS keyring, and returns the outcome.
    fn copied(account: &str) -> String {
        let nowhere = Folder::at("/nonexistent");
        let store = Store::new(StoreKind::Keyring, &nowhere, Patience::new(Duration::ZERO), None);
        store.set_cached(account, &Secret::new("{a copy}"), Duration::from_secs(60));
        format!("{:?}", store.cached(account))
    }

    fn in_session(through: &[&str], words: &str) -> String {
        let mut command = role(through, &format!("kernel {words}"), Path::new("/nonexistent"));
        if through.first() == Some(&"env") {
            command
                .env_clear()
                .env(ROLE, format!("kernel {words}"))
                .env(FOLDER, "/nonexistent")
                .env("PATH", "/usr/bin:/bin");
        }
        let output = command.output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        said.lines().find_map(|line| line.strip_prefix("result: ")).unwrap_or_else(|| panic!("{output:?}")).to_owned()
    }

    /// Another container could read or replace a copy in a shared keyring.
    #[test]
    fn shared_keyring_of_a_container_gets_no_copies() {
        let account = format!("test/{}/container", std::process::id());
        let container = ["unshare", "--fork", "--pid", "--mount-proc"];
        let can = Command::new(container[0]).args(&container[1..]).arg("true").output();
        if !can.is_ok_and(|output| output.status.success()) {
            return cogfed_test_support::skip_anywhere("this test needs to be root, and unshare");
        }
        if copied(&account) == "NotUsed" {
            return cogfed_test_support::skip_anywhere("the kernel's keyring is refused here");
        }
        assert_eq!(in_session(&container, &format!("copy {account}")), "NotUsed");
        KernelKeyring::cache().delete(&account).unwrap();
    }

    /// The desktop sessions, SSH sessions, cron jobs and systemd units of one user each have their own session keyring.
    #[test]
    fn sessions_of_one_user_share_a_kernel_copy() {
        let keyring = KernelKeyring::cache();
        let account = format!("test/{}", std::process::id());
        let put = |text: &str| keyring.set_for(&account, &Secret::new(text), Duration::from_secs(60));
        if let Err(error) = put("{}") {
            return cogfed_test_support::skip_anywhere(&format!("the kernel's keyring is refused here: {error}"));
        }
        let sessions: [&[&str]; 4] = [&[], &["setsid", "-w"], &["keyctl", "session", "-"], &["env"]];
        for session in sessions {
            if session.first().is_some_and(|program| Command::new(program).arg("--version").output().is_err()) {
                cogfed_test_support::skip(&format!("there is no {}", session[0]));
                continue;
            }
            put("{from here}").unwrap();
            assert_eq!(in_session(session, &format!("read {account}")), "{from here}", "{session:?}");
            assert_eq!(in_session(session, &format!("replace {account}")), "replace", "{session:?}");
            let found = keyring.get(&account).unwrap();
            assert_eq!(found, Some(Secret::new("{from another session}")), "{session:?}");
            assert_eq!(in_session(session, &format!("delete {account}")), "delete", "{session:?}");
            assert_eq!(keyring.get(&account).unwrap(), None, "{session:?}");
            assert_eq!(in_session(session, &format!("read {account}")), "nothing", "{session:?}");
        }
    }
}
