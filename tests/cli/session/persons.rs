//! Tests in which another person signs in while other processes request credentials. Afterwards nobody gets the first
//! person's keys.

use std::collections::BTreeMap;
use std::io::{Read, Seek};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::SystemTime;

use chrono::TimeDelta;
use cogfed::folder::Lock;
use cogfed::sandbox::Misbehaviour;
use cogfed::sandbox::options::{Options, Rotation};
use cogfed::session::record::tokens_account;
use cogfed::store::MemoryStore;
use cogfed_test_support::{CREDENTIALS, InMemory, Lab, Ran, keyring_address, skip_anywhere};

const ASKING: usize = 16;

/// A result of `credential-process`: the start time of the process, the time of its output, and the access key.
struct Answer {
    started: SystemTime,
    printed: SystemTime,
    status: i32,
    stderr: String,
    key: Option<String>,
}

fn ask(lab: &Lab) -> Answer {
    // The file's time is that of the output, even if this thread reads it late.
    let mut stdout = tempfile::tempfile().unwrap();
    let started = SystemTime::now();
    let ran: Ran = lab.command(CREDENTIALS).stdout(stdout.try_clone().unwrap()).output().expect("cogfed runs").into();
    let printed = stdout.metadata().unwrap().modified().unwrap();
    let mut text = String::new();
    stdout.rewind().unwrap();
    stdout.read_to_string(&mut text).unwrap();
    let key = (!text.is_empty()).then(|| {
        let document: serde_json::Value = serde_json::from_str(&text).unwrap();
        document["AccessKeyId"].as_str().unwrap().to_owned()
    });
    Answer { started, printed, status: ran.status, stderr: ran.stderr, key }
}

/// Runs `change` once, while many processes request credentials again and again. Returns the time when `change` ended,
/// and all answers.
fn asked_during(lab: &Lab, change: impl FnOnce()) -> (SystemTime, Vec<Answer>) {
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        let asking: Vec<_> = (0..ASKING)
            .map(|_| {
                scope.spawn(|| {
                    let mut answers = Vec::new();
                    while !stop.load(Ordering::SeqCst) {
                        answers.push(ask(lab));
                    }
                    // Each thread asks once more after the change.
                    answers.push(ask(lab));
                    answers
                })
            })
            .collect();
        change();
        let changed = SystemTime::now();
        stop.store(true, Ordering::SeqCst);
        (changed, asking.into_iter().flat_map(|thread| thread.join().unwrap()).collect())
    })
}

/// Returns the user to whom the sandbox issued an access key.
fn owner(lab: &Lab, key: &str) -> String {
    lab.sandbox.issued_keys().find(key).expect("a key of this sandbox").username
}

/// Changes the signed-in person `count` times while other processes ask for credentials. Credentials live for
/// `lifetime` seconds; with 0, each process renews, and prints under the sign-in's lock.
fn rounds(lifetime: i64, count: usize, setting: &str) {
    let options = Options { credentials_lifetime: lifetime, rotation: Rotation::On { grace: 0 }, ..Options::default() };
    let lab = Lab::with(options);
    if !setting.is_empty() {
        lab.configure_with(setting);
    }
    let mut seen = BTreeMap::new();
    for round in 0..count {
        let (one, other) = if round % 2 == 0 { ("alice", "bob") } else { ("bob", "alice") };
        if lab.run(&["status"]).status != 0 {
            lab.login(one).good();
        }
        let signs_out = round % 3 == 2;
        let (changed, answers) = asked_during(&lab, || {
            if signs_out {
                lab.run(&["logout"]).good();
            } else {
                lab.login_with(&["--force"], other).good();
            }
        });
        for answer in answers {
            assert!(answer.status == 0 || (signs_out && answer.status == 3), "{}: {}", answer.status, answer.stderr);
            let Some(key) = &answer.key else { continue };
            let owner = owner(&lab, key);
            *seen.entry(owner.clone()).or_insert(0) += 1;
            if !owner.contains(one) {
                continue;
            }
            assert!(answer.started < changed, "round {round}: {owner}'s keys for one who asked after that");
            assert!(lifetime > 0 || answer.printed <= changed, "round {round}: {owner}'s keys printed after that");
        }
        if signs_out {
            lab.run(CREDENTIALS).failed_with(3);
            lab.login(other).good();
        }
    }
    assert_eq!(seen.len(), 2, "{seen:?}");
    // The store may be outside of the lab's home.
    lab.run(&["logout"]).good();
    println!("{count} rounds: {seen:?}");
}

#[test]
fn renewals_after_a_change_never_return_the_first_persons_keys() {
    rounds(0, 9, "");
}

#[test]
fn file_store_never_returns_the_first_persons_keys() {
    rounds(3600, 9, "");
}

#[test]
fn kernel_keyring_never_returns_the_first_persons_keys() {
    if cfg!(not(target_os = "linux")) {
        return;
    }
    let lab = Lab::new();
    lab.configure_with("store = 'kernel'");
    let ran = lab.run(CREDENTIALS);
    if ran.status == 4 && ran.stderr.contains("containers often forbid it") {
        return skip_anywhere("the kernel's keyring is refused here");
    }
    ran.failed_with(3);
    rounds(3600, 3, "store = 'kernel'");
}

/// The test runs only if tests may use the desktop's keyring. The test also uses the copies in the kernel's keyring.
#[test]
fn keyring_copies_never_return_the_first_persons_keys() {
    if keyring_address().is_none() {
        return skip_anywhere("set COGFED_TEST_KEYRING=1 where a Secret Service is unlocked");
    }
    rounds(3600, 6, "store = 'keyring'");
}

#[test]
fn sign_in_lock_is_held_from_renewal_until_printing() {
    let (lab, clock) = Lab::with_manual_clock(Options::default());
    lab.login_here("alice").good();
    lab.run_here(CREDENTIALS, None).good();
    let session = InMemory::copied(&lab, MemoryStore::default());
    let is_free = || Lock::try_acquire(&lab.folder(), &tokens_account(session.session.profile())).unwrap().is_some();
    drop(session.credentials().unwrap());
    // The lease was renewed, then returned although the renewal failed, then returned without an attempt.
    for (minutes, fault) in [(50, None), (50, Some(Misbehaviour::Token500)), (0, None)] {
        clock.advance(TimeDelta::minutes(minutes));
        if let Some(fault) = fault {
            lab.sandbox.misbehave(fault, Some(1));
        }
        let lease = session.credentials().unwrap();
        assert!(!is_free(), "{minutes} {fault:?}");
        drop(lease);
        assert!(is_free());
    }
}

/// Covers a stored sign-in that someone deleted with the keyring manager and not with cogfed. The list of the sign-in's
/// credentials is then deleted, too.
#[test]
fn other_profiles_credentials_are_unusable_after_manual_removal() {
    let lab = Lab::new();
    let one = std::fs::read_to_string(lab.config()).unwrap();
    let role = format!("role_arn = '{}'", cogfed::sandbox::options::ORDERS_ADMIN);
    let other = lab.sandbox.profile_toml("other").replacen('\n', &format!("\nstore = 'file'\n{role}\n"), 1);
    std::fs::write(lab.config(), format!("default_profile = 'lab'\n{one}\n{other}")).unwrap();
    lab.login("alice").good();
    let hers = lab.run(&["credential-process", "--profile", "other"]).good().document();
    std::fs::remove_file(lab.item("tokens")).unwrap();
    lab.login("bob").good();
    let ran = lab.run(&["credential-process", "--profile", "other"]);
    assert!(!ran.stdout.contains(hers["AccessKeyId"].as_str().unwrap()), "alice's keys for bob");
    assert_eq!((ran.status, ran.stdout.as_str()), (6, ""), "the role is not bob's: {}", ran.stderr);
}

/// Some stores ignore letter case in item names, such as files on APFS and NTFS. There, two accounts are one item.
#[test]
fn names_that_differ_in_case_share_no_credentials() {
    for (upper, lower) in [
        ("account = 'Ada'", "account = 'ada'"),
        ("identity_provider = 'AzureAD'\naccount = 'AzureAD'", "identity_provider = 'AzureAD'"),
    ] {
        let lab = Lab::new().with_profiles(&[("upper", upper), ("lower", lower)]);
        lab.login_with(&["--profile", "upper"], "alice").good();
        lab.run(&["credential-process", "--profile", "upper"]).good();
        // What a store that ignores case would find under the other name.
        let store = lab.folder().path().join("store");
        let renamed = |name: &str| match upper.contains("Ada") {
            true => name.replace("Ada", "ada"),
            false => name.replace("account%3AAzureAD", "AzureAD"),
        };
        for entry in std::fs::read_dir(&store).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            assert_ne!(renamed(&name), name, "the item has the name of its sign-in");
            std::fs::copy(store.join(&name), store.join(renamed(&name))).unwrap();
        }
        let ran = lab.run(&["credential-process", "--profile", "lower"]).failed_with(4);
        assert!(ran.stdout.is_empty() && ran.stderr.contains("belongs to the account A"), "{}", ran.stderr);
        // The other person's sign-in replaces it, and each has their own keys.
        lab.login_with(&["--profile", "lower", "--force"], "bob").good();
        let document = lab.run(&["credential-process", "--profile", "lower"]).good().document();
        assert!(lab.user_of(&document).contains("bob"), "{document}");
        let document = lab.run(&["credential-process", "--profile", "upper"]).good().document();
        assert!(lab.user_of(&document).contains("alice"), "{document}");
    }
}
