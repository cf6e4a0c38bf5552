//! Tests with failing stores: cogfed prints a hint, exits with the exit code for store failures, and loses no refresh
//! token.

use std::fs::Permissions;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::path::Path;

use chrono::TimeDelta;
use cogfed::error::Kind;
use cogfed::sandbox::options::{Options, Rotation};
use cogfed::store::MemoryStore;
use cogfed_test_support::{CREDENTIALS, InMemory, Lab, Ran, has_strace, rewrite, skip, skip_anywhere, under};

/// Returns a signed-in lab whose user pool rotates refresh tokens without a grace period.
fn signed_in() -> Lab {
    Lab::with(Options { rotation: Rotation::On { grace: 0 }, ..Options::default() }).signed_in()
}

fn mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

/// Runs a cogfed command under the program `outer`, which changes the environment of the command.
fn run_under(lab: &Lab, outer: &[&str], words: &[&str]) -> Ran {
    under(outer, &lab.command(words)).output().expect("it runs").into()
}

#[track_caller]
fn store_failed(ran: Ran, what: &str) {
    assert_eq!((ran.status, ran.stdout.as_str()), (4, ""), "{}", ran.stderr);
    assert!(ran.stderr.starts_with("cogfed: error: ") && ran.stderr.contains(what), "{}", ran.stderr);
}

#[test]
fn unreadable_record_is_reported_and_left_alone() {
    for text in ["", "{", "null", "{\"version\":1}"] {
        for kind in ["tokens", "credentials"] {
            let lab = signed_in();
            lab.age(TimeDelta::hours(2));
            let path = lab.item(kind);
            std::fs::write(&path, text).unwrap();
            let ran = lab.run(CREDENTIALS);
            assert!(ran.stderr.contains("remove it with 'cogfed logout' and sign in again"), "{}", ran.stderr);
            store_failed(ran, "cannot be read");
            assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
            assert_eq!(lab.sandbox.requests().len(), 0);
            store_failed(lab.run(&["status"]), "cannot be read");
            lab.run(&["logout"]).good();
            assert_eq!(lab.items("").len(), 0);
        }
    }
}

#[test]
fn record_of_a_newer_cogfed_is_refused_and_not_deleted() {
    let lab = signed_in();
    lab.age(TimeDelta::hours(2));
    let path = lab.item("tokens");
    std::fs::write(&path, "{\"version\":3,\"what\":\"nobody knows\"}").unwrap();
    for words in [CREDENTIALS, &["status"], &["logout"], &["login", "--no-browser"], &["login", "--force"]] {
        let ran = lab.run(words);
        assert!(ran.stderr.contains("update this cogfed; the item is left as it is"), "{words:?}: {ran:?}");
        store_failed(ran, "is of version 3, from a newer cogfed");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "{\"version\":3,\"what\":\"nobody knows\"}");
    }
    let lab = signed_in();
    rewrite(&lab.item("credentials"), |record| record["version"] = 3.into());
    store_failed(lab.run(CREDENTIALS), "is of version 3");
    assert_eq!(lab.items("credentials").len(), 1);
}

#[test]
fn unknown_fields_in_records_are_accepted() {
    let lab = signed_in();
    for kind in ["tokens", "credentials"] {
        rewrite(&lab.item(kind), |record| record["later"] = "unknown".into());
    }
    lab.run(CREDENTIALS).good();
    lab.age(TimeDelta::hours(2));
    lab.run(CREDENTIALS).good();
}

#[test]
fn token_is_never_sent_to_a_foreign_endpoint() {
    for key in ["domain", "identity_pool"] {
        let lab = signed_in();
        lab.age(TimeDelta::hours(2));
        let elsewhere = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        elsewhere.set_nonblocking(true).unwrap();
        let address = format!("http://{}", elsewhere.local_addr().unwrap());
        let own = if key == "domain" { lab.sandbox.domain_url() } else { lab.sandbox.identity_pool_url() };
        lab.configure(&lab.sandbox.profile_toml("lab").replace(&own, &address), "store = 'file'");
        let before = lab.refresh_token();
        store_failed(lab.run(CREDENTIALS), "the stored sign-in belongs to the");
        assert_eq!(lab.refresh_token(), before);
        let out = lab.run(&["logout"]);
        if key == "domain" {
            assert!(out.failed_with(6).stderr.contains("was sent nowhere"));
        } else {
            out.good();
        }
        assert_eq!(lab.items("").len(), 0);
        assert!(elsewhere.accept().is_err(), "somebody connected");
        assert_eq!(lab.sandbox.count("token.refresh"), 0);
    }
}

#[test]
fn credentials_of_another_endpoint_are_not_handed_out() {
    let lab = signed_in();
    let fresh = lab.run(CREDENTIALS).good().document();
    rewrite(&lab.item("credentials"), |record| record["identity_pool_endpoint"] = "http://127.0.0.1:9".into());
    assert_ne!(lab.run(CREDENTIALS).good().document(), fresh);
}

#[test]
fn store_readable_by_others_is_made_private() {
    let lab = signed_in();
    let (folder, path) = (lab.folder().path().join("store"), lab.item("credentials"));
    mode(&folder, 0o755);
    mode(&path, 0o644);
    lab.run(CREDENTIALS).good();
    for (path, mode) in [(folder, 0o700), (path, 0o600)] {
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, mode);
    }
}

#[test]
fn links_and_foreign_owners_in_the_store_are_refused() {
    let lab = signed_in();
    let (folder, path) = (lab.folder().path().join("store"), lab.item("credentials"));
    let aside = lab.home().join("aside");
    std::fs::rename(&path, &aside).unwrap();
    symlink(&aside, &path).unwrap();
    store_failed(lab.run(CREDENTIALS), "it is a symbolic link");
    std::fs::remove_file(&path).unwrap();
    std::fs::hard_link(&aside, &path).unwrap();
    store_failed(lab.run(CREDENTIALS), "refusing to use");
    std::fs::remove_file(&aside).unwrap();
    lab.run(CREDENTIALS).good();

    std::fs::rename(&folder, &aside).unwrap();
    symlink(&aside, &folder).unwrap();
    store_failed(lab.run(CREDENTIALS), "it is a symbolic link");
    std::fs::remove_file(&folder).unwrap();
    std::fs::write(&folder, "").unwrap();
    store_failed(lab.run(CREDENTIALS), "it is not a folder");
    std::fs::remove_file(&folder).unwrap();
    std::fs::rename(&aside, &folder).unwrap();
    lab.run(CREDENTIALS).good();

    if chown(&path, Some(65534), None).is_err() {
        return skip("only root can give a file away");
    }
    store_failed(lab.run(CREDENTIALS), "it belongs to user 65534, and this is user 0");
    chown(&path, Some(0), None).unwrap();
    chown(&folder, Some(65534), None).unwrap();
    store_failed(lab.run(CREDENTIALS), "it belongs to user 65534, and this is user 0");
}

#[test]
fn read_only_store_keeps_the_sign_in() {
    let lab = signed_in();
    lab.age(TimeDelta::hours(2));
    let folder = lab.folder().path().join("store");
    mode(&folder, 0o500);
    if std::fs::write(folder.join("x"), "").is_ok() {
        return skip_anywhere("root may write anywhere (tests/real/run runs this test as another user)");
    }
    let before = lab.refresh_token();
    store_failed(lab.run(&["logout"]), "cannot remove");
    assert_eq!(lab.refresh_token(), before);
}

#[test]
fn full_disk_is_noticed_before_the_refresh_token_is_spent() {
    let full: &[&str] = &["sh", "-c", "trap '' XFSZ; ulimit -f 0; exec \"$@\"", "sh"];
    let lab = signed_in();
    lab.age(TimeDelta::hours(2));
    store_failed(run_under(&lab, full, CREDENTIALS), "cannot renew: the new tokens could not be saved: cannot write");
    assert_eq!(lab.sandbox.count("token.refresh"), 0);
    // No record is left, whole or partial.
    assert_eq!(lab.items(".").len(), 0);
    lab.run(CREDENTIALS).good();
}

#[test]
fn failed_file_sync_loses_nothing_or_is_reported() {
    if !has_strace() {
        return;
    }
    let failing = |when: &str| format!("inject=fsync:error=ENOSPC:when={when}");
    let mut met = 0;
    for call in 1..=9 {
        for more in if call % 2 == 0 { [""].as_slice() } else { &["", "+"] } {
            let lab = signed_in();
            lab.age(TimeDelta::hours(2));
            let trace = failing(&format!("{call}{more}"));
            let outer: &[&str] = &["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=fsync", "-e", &trace];
            let ran = run_under(&lab, outer, CREDENTIALS);
            assert!(matches!(ran.status, 0 | 4), "{call}{more}: {ran:?}");
            met += usize::from(ran.status == 4 || ran.stderr.contains("warning"));
            lab.age(TimeDelta::hours(2));
            let next = lab.run(CREDENTIALS);
            let may_be_lost = *more == "+" && next.status == 3 && next.stderr.contains("was cut off");
            assert!(next.status == 0 || may_be_lost, "{call}{more}: {next:?}");
            assert_eq!(lab.items(".").len(), 0, "{call}{more}");
        }
    }
    assert!(met >= 8, "{met}");
}

#[test]
#[cfg(target_os = "linux")]
fn refused_kernel_keyring_is_explained() {
    if !has_strace() {
        return;
    }
    let lab = Lab::new();
    lab.configure_with("store = 'kernel'");
    let outer = "strace -f -qq -o /dev/null -e trace=add_key,keyctl -e inject=add_key,keyctl:error=EPERM";
    let outer: Vec<&str> = outer.split(' ').collect();
    let ran = run_under(&lab, &outer, CREDENTIALS);
    assert!(ran.stderr.contains("containers often forbid it: set store = \"file\""), "{}", ran.stderr);
    store_failed(ran, "the Linux kernel's keyring failed: not permitted");
    store_failed(run_under(&lab, &outer, &["login", "--no-browser"]), "the Linux kernel's keyring failed");
    assert_eq!(lab.items("").len(), 0, "never silently a file");
}

/// Makes each store call fail in turn, and checks that each run returns credentials or the store's failure. With
/// `for_good`, all later calls fail, too. Checks that each run gets credentials or the store's failure. Returns the
/// numbers of failed runs and of lost refresh tokens.
fn each_call_fails(
    memory: impl Fn() -> MemoryStore,
    calls: usize,
    for_good: bool,
    rotation: Rotation,
) -> (usize, usize) {
    let (lab, clock) = Lab::with_manual_clock(Options { rotation, ..Options::default() });
    let (mut failed, mut lost) = (0, 0);
    for call in 0..calls {
        if lab.run_here(&["status"], None).status != 0 {
            lab.login_here("alice").good();
        }
        lab.run_here(CREDENTIALS, None).good();
        clock.advance(TimeDelta::hours(2));
        let session = InMemory::copied(&lab, memory());
        session.memory.fail(call..if for_good { usize::MAX } else { call + 1 });
        if let Err(error) = session.credentials() {
            assert_eq!(error.kind, Kind::Store, "call {call}: {error:#}");
            failed += 1;
        }
        session.memory.fail(0..0);
        let is_over = match session.credentials() {
            Ok(_) => false,
            Err(error) => {
                assert!(for_good && error.kind == Kind::SignInRequired, "call {call}: {error:#}");
                assert!(error.to_string().contains("was cut off"), "call {call}: {error:#}");
                true
            }
        };
        lost += usize::from(is_over);
        clock.advance(TimeDelta::hours(2));
        assert_eq!(session.credentials().is_err(), is_over, "call {call}");
        lab.run_here(&["logout"], None);
    }
    (failed, lost)
}

#[test]
fn single_store_failure_loses_no_refresh_token() {
    let (failed, _) = each_call_fails(MemoryStore::default, 20, false, Rotation::On { grace: 0 });
    assert!((3..=8).contains(&failed), "{failed}");
}

#[test]
fn single_failure_among_small_items_loses_no_refresh_token() {
    let (failed, _) = each_call_fails(|| MemoryStore::with_limit(1000), 40, false, Rotation::On { grace: 0 });
    assert!(failed > 5, "{failed}");
}

#[test]
fn permanent_store_failure_loses_tokens_only_without_grace() {
    assert_eq!(each_call_fails(MemoryStore::default, 12, true, Rotation::On { grace: 60 }).1, 0);
    assert!(each_call_fails(MemoryStore::default, 12, true, Rotation::On { grace: 0 }).1 >= 1);
}
