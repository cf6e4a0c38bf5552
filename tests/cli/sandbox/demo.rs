//! Tests of `cogfed demo` in unusual environments.

#[cfg(unix)]
use cogfed_test_support::{Home, Ran, program};

#[test]
#[cfg(unix)]
fn demo_runs_under_an_open_umask() {
    let home = Home::new();
    let script = "umask 000; exec \"$0\" demo --headless";
    let output = std::process::Command::new("sh")
        .args(["-c", script])
        .arg(program())
        .env("HOME", home.path())
        .env("TMPDIR", home.temporary())
        .output()
        .unwrap();
    assert!(Ran::from(output).good().stderr.contains("nothing is left behind"));
    assert_eq!(std::fs::read_dir(home.temporary()).unwrap().count(), 0);
}
