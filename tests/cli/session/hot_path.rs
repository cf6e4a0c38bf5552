//! Tests that `credential-process` opens no browser unasked, and only reads if the credentials are fresh.

#[cfg(all(unix, not(target_vendor = "apple")))]
use cogfed::sandbox::visitor;
use cogfed_test_support::{CREDENTIALS, Lab, Ran, has_strace, under};
#[cfg(all(unix, not(target_vendor = "apple")))]
use cogfed_test_support::{ended, one_document};

#[test]
fn fresh_credentials_cost_one_read_of_one_item() {
    one_read_and_nothing_else(CREDENTIALS);
}

#[test]
fn fresh_credentials_of_another_role_cost_one_read() {
    one_read_and_nothing_else(&["credential-process", "--role", cogfed::sandbox::options::ORDERS_ADMIN]);
}

fn one_read_and_nothing_else(words: &[&str]) {
    if !cfg!(target_os = "linux") || !has_strace() {
        return;
    }
    let lab = Lab::new();
    lab.login("alice").good();
    let document = lab.run(words).good().document();
    lab.sandbox.clear_log();
    let log = lab.home().join("trace");
    let outer = ["strace", "-f", "-qq", "-o", log.to_str().unwrap()];
    let ran: Ran = under(&outer, &lab.command(words)).output().expect("strace runs").into();
    assert_eq!(ran.good().document(), document);
    let log = std::fs::read_to_string(log).unwrap();
    let calls = |name: &str| log.lines().filter(|line| line.contains(&format!(" {name}("))).collect::<Vec<_>>();
    for forbidden in ["socket", "connect", "clone", "clone3", "fork", "vfork", "flock", "epoll_create1", "fsync"] {
        assert_eq!(calls(forbidden).len(), 0, "{forbidden}: {:?}", calls(forbidden));
    }
    assert!(!calls("openat").is_empty(), "the trace says something");
    let own = lab.folder().path().display().to_string();
    let opened: Vec<_> = calls("openat").into_iter().filter(|line| line.contains(&own)).collect();
    let (folders, files): (Vec<_>, Vec<_>) = opened.into_iter().partition(|line| line.contains("O_DIRECTORY"));
    assert!(files.len() == 1 && files[0].contains("store/credentials"), "{files:?}");
    assert!(folders.len() <= 2, "{folders:?}");
    let written: Vec<_> = calls("write").into_iter().filter(|line| !line.contains("write(1, ")).collect();
    assert_eq!(written.len(), 0, "{written:?}");
    assert_eq!(lab.sandbox.requests().len(), 0);
}

#[test]
fn credential_process_without_a_sign_in_opens_no_browser() {
    let lab = Lab::new();
    let opened = lab.home().join("opened");
    lab.configure_with(&format!("browser = '/usr/bin/touch {}'", opened.display()));
    let ran = lab.run(CREDENTIALS).failed_with(3);
    assert_eq!(ran.stdout, "");
    assert_eq!(ran.stderr, "cogfed: error: nobody is signed in to profile 'lab'; run 'cogfed login --profile lab'\n");
    lab.login("alice").good();
    lab.sandbox.revoke_all();
    lab.age(chrono::TimeDelta::hours(2));
    let ran = lab.run(CREDENTIALS).failed_with(3);
    assert_eq!((ran.stdout.as_str(), ran.stderr.lines().count()), ("", 1), "{}", ran.stderr);
    assert!(!opened.exists(), "a browser was opened");
    assert_eq!(lab.sandbox.count("directory"), 1, "{:?}", lab.sandbox.counts());
}

#[test]
#[cfg(all(unix, not(target_vendor = "apple")))]
fn eight_processes_that_may_sign_in_open_one_browser() {
    for (setting, words) in
        [("", &["credential-process", "--sign-in"] as &[&str]), ("sign_in_on_demand = true", CREDENTIALS)]
    {
        let lab = Lab::new();
        let opened = lab.note_pages(setting);
        let children = (0..8).map(|_| lab.command(words).spawn().unwrap()).collect();
        visitor::sign_in_as(&opened.wait_for(1)[0], "alice").unwrap();
        one_document(&ended(children));
        assert_eq!(opened.opened().len(), 1);
        assert_eq!(lab.sandbox.count("token.code"), 1);
        assert_eq!(lab.sandbox.count("identity.get_credentials"), 1);
        assert_eq!(lab.items("tokens").len(), 1);
    }
}
