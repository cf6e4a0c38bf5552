//! Tests of the flags of `cogfed sandbox`.

use std::process::{Command, Output, Stdio};

use cogfed::sandbox::{Misbehaviour, Options, Sandbox, Switch};
use cogfed_test_support::program;
use serde_json::Value;

/// Runs `cogfed sandbox` until it reports that it is ready.
fn sandbox(words: &[&str]) -> Output {
    let mut command = Command::new(program());
    command.args(["sandbox", "--json", "--until-stdin-closes"]).args(words).stdin(Stdio::null()).output().unwrap()
}

#[test]
fn sandbox_command_accepts_switches() {
    let output = sandbox(&["--switch", "client-secret", "--switch", "updated-issuer"]);
    assert!(output.status.success(), "{output:?}");
    let line: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(line["client_secret"].as_str().map(str::len), Some(51), "{line}");
    assert!(line["issuer"].as_str().unwrap().starts_with("https://issuer-cognito-idp."), "{line}");
    assert!(!line["configuration"].as_str().unwrap().contains("issuer"), "cogfed knows both hosts: {line}");
}

#[test]
fn sandbox_help_lists_every_switch_and_misbehaviour() {
    let help = Command::new(program()).args(["sandbox", "--help"]).output().unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    for name in Switch::ALL.iter().map(|it| it.name()).chain(Misbehaviour::ALL.iter().map(|it| it.name())) {
        assert!(help.contains(&format!("\n  {name}\n")), "{name}");
    }
}

#[test]
fn sandbox_command_reads_the_role_mapping_from_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pool.json");
    let path = file.to_str().unwrap();
    std::fs::write(&file, Sandbox::start(Options::default()).unwrap().pool_roles_json()).unwrap();
    let output = sandbox(&["--mapping", path]);
    assert!(output.status.success(), "{output:?}");
    let line: Value = serde_json::from_slice(&output.stdout).unwrap();
    let administrator = &line["administrator"];
    assert!(administrator["access_key_id"].as_str().unwrap().starts_with("AKIASANDBOX"), "{line}");
    assert_eq!(administrator["secret_access_key"].as_str().map(str::len), Some(40), "{line}");
    std::fs::write(&file, r#"{"Roles":{"authenticated":"Auth"}}"#).unwrap();
    let output = sandbox(&["--mapping", path]);
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{error}");
    assert!(error.contains(path) && error.contains("not the ARN of a role"), "{error}");
    assert!(error.contains("aws cognito-identity get-identity-pool-roles"), "{error}");
    let output = sandbox(&["--mapping", &format!("{path}.missing")]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8(output.stderr).unwrap().contains("cannot read"));
}
