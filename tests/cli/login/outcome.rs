//! Tests of the messages at the end of `login`: the person, the role (if there is one), and the next command.

#[cfg(unix)]
use std::process::Command;

use cogfed::sandbox::options::{AmbiguousRole, RoleMapping};
use cogfed::sandbox::{Misbehaviour, Options, visitor};
use cogfed_test_support::{Lab, Ran, WaitingLogin};
use serde_json::json;

/// Signs in as Alice, with a stub of the AWS CLI in `PATH` if `has_aws` is true.
fn login(lab: &Lab, has_aws: bool) -> Ran {
    login_with(lab, has_aws, &[])
}

fn login_with(lab: &Lab, has_aws: bool, flags: &[&str]) -> Ran {
    let folder = lab.home().join("bin");
    std::fs::create_dir_all(&folder).expect("a folder");
    if has_aws {
        std::fs::write(folder.join("aws"), "").expect("a file");
    }
    let mut command = lab.command(&[&["login", "--no-browser", "--force"], flags].concat());
    command.env("PATH", &folder);
    let waiting = WaitingLogin::of(command.spawn().expect("cogfed runs"));
    visitor::sign_in_as(&waiting.url, "alice").expect("a last page");
    waiting.end().good()
}

fn aws_config(lab: &Lab, text: &str) {
    std::fs::create_dir_all(lab.home().join(".aws")).expect("a folder");
    std::fs::write(lab.home().join(".aws/config"), text).expect("it is written");
}

#[test]
fn login_ends_with_role_account_and_lines_for_aws_tools() {
    let lab = Lab::new();
    let ran = login(&lab, true);
    assert_eq!(ran.stdout, "");
    let program = lab.command(&[]).get_program().to_str().expect("a path").to_owned();
    for text in [
        "signed in as alice@corp.example via AzureAD (profile 'lab'); the session lasts until 2",
        "your role is OrdersAdmin in AWS account 000000000000; AWS credentials until 2",
        &format!("add these lines to {}/.aws/config:\n[profile lab]\nregion = eu-west-1\n", lab.home().display()),
        &format!("\ncredential_process = {program} credential-process --profile lab\n"),
        &format!("hint: then run: aws sts get-caller-identity --profile lab --endpoint-url {}", lab.sandbox.sts_url()),
    ] {
        assert!(ran.stderr.contains(text), "'{text}' is not in: {}", ran.stderr);
    }
    assert!(!lab.home().join(".aws").exists(), "the configuration of AWS's tools is only read");
}

/// The test runs the suggested `credential_process` line as AWS tools do, and the suggested command in a shell.
#[test]
#[cfg(unix)]
fn suggested_line_and_command_work_as_they_are_printed() {
    let lab = Lab::new();
    work(&lab, &login(&lab, false));
    let moved = lab.home().join("a 'place' of its own.toml");
    std::fs::rename(lab.config(), &moved).expect("it is moved");
    work(&lab, &login_with(&lab, false, &["--config", moved.to_str().expect("UTF-8")]));
}

#[cfg(unix)]
#[track_caller]
fn work(lab: &Lab, ran: &Ran) {
    let line = ran.stderr.lines().find_map(|line| line.strip_prefix("credential_process = ")).expect("a line");
    let command = ran.stderr.lines().find_map(|line| line.strip_prefix("cogfed: hint: then run: ")).expect("a command");
    for (text, expected) in [(line, "AccessKeyId"), (command, "assumed-role/OrdersAdmin")] {
        let shell = lab.command(&[]);
        let mut run = Command::new("/bin/sh");
        run.args(["-c", text]).env_clear();
        run.envs(shell.get_envs().filter_map(|(name, value)| Some((name, value?))));
        let ran = Ran::from(run.output().expect("a shell")).good();
        assert!(ran.stdout.contains(expected), "{text}: {}", ran.stdout);
    }
}

#[test]
fn login_names_the_aws_profile_that_already_runs_cogfed() {
    let lab = Lab::new();
    aws_config(&lab, "[profile dev]\ncredential_process = /old/cogfed credential-process --profile lab\n");
    let ran = login(&lab, true);
    assert!(
        ran.stderr.contains("run: aws sts get-caller-identity --profile dev --region eu-west-1 "),
        "{}",
        ran.stderr
    );
    assert!(!ran.stderr.contains("add these lines"), "{}", ran.stderr);
}

#[test]
fn login_suggests_no_name_that_aws_tools_already_use() {
    let lab = Lab::new();
    aws_config(&lab, "[profile lab]\nsso_session = corp\n");
    std::fs::write(lab.home().join(".aws/credentials"), "[cogfed-lab]\naws_access_key_id = x\n")
        .expect("it is written");
    let ran = login(&lab, true);
    assert!(ran.stderr.contains("\n[profile cogfed-lab-2]\n"), "{}", ran.stderr);
    assert!(ran.stderr.contains("get-caller-identity --profile cogfed-lab-2 "), "{}", ran.stderr);
}

#[test]
fn login_without_a_usable_role_keeps_the_sign_in_and_names_the_claims() {
    let lab = Lab::with(Options { role_mapping: RoleMapping::Token(AmbiguousRole::Deny), ..Options::default() });
    let ran = lab.login("alice").failed_with(6);
    for text in [
        "signed in as alice@corp.example",
        "your ID token carries custom:roles 'Orders.Admin'",
        "error: you are signed in, but the sign-in gives no AWS credentials: ",
        "NotAuthorizedException",
    ] {
        assert!(ran.stderr.contains(text), "'{text}' is not in: {}", ran.stderr);
    }
    assert!(!ran.stderr.contains("your role is"), "{}", ran.stderr);
    lab.run(&["status"]).good();
}

#[test]
fn wrong_identity_pool_is_named_at_the_sign_in() {
    let lab = Lab::new();
    let other = "eu-west-1:00000000-1111-2222-3333-444444444444";
    lab.configure_with(&format!("identity_pool_id = '{other}'"));
    let ran = lab.login("alice").failed_with(6);
    assert!(ran.stderr.contains("signed in as alice@corp.example") && ran.stderr.contains(other), "{}", ran.stderr);
    assert!(ran.stderr.contains("identity_pool_id"), "{}", ran.stderr);
}

#[test]
fn role_of_a_person_without_roles_comes_with_a_warning() {
    let lab = Lab::new();
    let ran = lab.login("dave").good();
    assert!(ran.stderr.contains("your role is SandboxAuthenticated"), "{}", ran.stderr);
    assert!(ran.stderr.contains("warning: your ID token carries no role and no group"), "{}", ran.stderr);
}

#[test]
fn login_without_sts_still_succeeds() {
    let lab = Lab::new();
    let text = std::fs::read_to_string(lab.config()).expect("a configuration");
    let closed = format!("http://127.0.0.1:{}", cogfed_test_support::free_ports(1)[0]);
    std::fs::write(lab.config(), text.replace(&lab.sandbox.sts_url(), &closed)).expect("it is written");
    let ran = lab.login("alice").good();
    assert!(ran.stderr.contains("their role is not known: ") && !ran.stderr.contains("your role is"), "{}", ran.stderr);
}

/// The ID token is only minutes old, but the user pool has just revoked the refresh token.
#[test]
fn login_finds_a_sign_in_that_was_revoked_just_now() {
    let lab = Lab::new();
    lab.login("alice").good();
    lab.sandbox.revoke_all();
    let ran = lab.login("alice").good();
    assert!(!ran.stderr.contains("already") && lab.sandbox.count("token.code") == 2, "{}", ran.stderr);
}

#[test]
fn login_renews_an_old_sign_in_without_a_browser() {
    let lab = Lab::new();
    lab.login("alice").good();
    lab.age(chrono::TimeDelta::hours(20));
    let ran = lab.run(&["login"]).good();
    assert!(ran.stderr.contains("already signed in as alice@corp.example"), "{}", ran.stderr);
    assert!(ran.stderr.contains("your role is OrdersAdmin"), "{}", ran.stderr);
    assert_eq!((lab.sandbox.count("token.refresh"), lab.sandbox.count("token.code")), (1, 1));
    let status = lab.run(&["status", "--json"]).good().document();
    assert_eq!(status["credentials"]["valid"], json!(true), "{status}");
}

#[test]
fn login_without_a_network_does_not_say_already_signed_in() {
    let lab = Lab::new();
    lab.login("alice").good();
    lab.sandbox.misbehave(Misbehaviour::TokenClose, None);
    let ran = lab.run(&["login"]).failed_with(5);
    assert!(!ran.stderr.contains("already signed in"), "{}", ran.stderr);
}
