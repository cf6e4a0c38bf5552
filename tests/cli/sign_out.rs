//! Tests of `cogfed status` and `cogfed logout`.

use cogfed::sandbox::{Misbehaviour, Options, Sandbox};
use cogfed_test_support::http::exchange;
use cogfed_test_support::{Lab, PROFILE};
use serde_json::Value;

#[test]
fn status_exits_with_3_when_nobody_is_signed_in() {
    let lab = Lab::new();
    let ran = lab.run(&["status", "--json"]).failed_with(3);
    let status = ran.document();
    assert_eq!((&status["signed_in"], &status["sign_in"]), (&Value::Bool(false), &Value::Null));
    assert!(ran.stderr.contains("error: nobody is signed in to profile 'lab'"), "{}", ran.stderr);
    assert!(ran.stderr.contains("hint: run 'cogfed login --profile lab'"), "{}", ran.stderr);
}

#[test]
fn status_json_has_the_documented_fields() {
    let lab = Lab::new();
    lab.login("alice").good();
    lab.run(&["credential-process"]).good();
    let counts = lab.sandbox.counts();
    let ran = lab.run(&["status", "--json"]).good();
    assert_eq!(lab.sandbox.counts(), counts, "the network is not asked");
    assert_eq!(ran.stdout.lines().count(), 1);
    lab.assert_no_secret(&ran.stdout);
    let status = ran.document();
    assert_eq!(status["profile"], PROFILE);
    assert_eq!(status["user_pool_id"], lab.sandbox.user_pool_id());
    assert_eq!(status["client_id"], lab.sandbox.client_id());
    assert_eq!(status["identity_pool_id"], lab.sandbox.identity_pool_id());
    assert_eq!((&status["store"], &status["signed_in"]), (&"file".into(), &true.into()));
    let sign_in = &status["sign_in"];
    assert_eq!(sign_in["person"], "alice@corp.example");
    assert_eq!(sign_in["identity_provider"], "AzureAD");
    assert_eq!(sign_in["issuer"], lab.sandbox.issuer());
    assert_eq!((&sign_in["renewable"], &sign_in["ended_at"]), (&true.into(), &Value::Null));
    assert!(sign_in["identity_id"].as_str().expect("an id").starts_with("eu-west-1:"), "{status}");
    assert!(sign_in["subject"].as_str().is_some_and(|subject| subject.len() == 36), "{status}");
    let time =
        |value: &Value| value.as_str().expect("a time").parse::<chrono::DateTime<chrono::Utc>>().expect("RFC 3339");
    assert_eq!((time(&sign_in["renewable_until"]) - time(&sign_in["signed_in_at"])).num_days(), 30);
    assert!(time(&sign_in["id_token_expires_at"]) > time(&sign_in["signed_in_at"]));
    let credentials = &status["credentials"];
    assert_eq!(credentials["valid"], true);
    assert!(time(&credentials["expires_at"]) > time(&credentials["issued_at"]));
    assert_eq!((&status["state"], &credentials["role_name"]), (&"signed_in".into(), &"OrdersAdmin".into()));
    assert_eq!((&credentials["account_id"], &credentials["role_arn"]), (&"000000000000".into(), &Value::Null));
    let session = credentials["session_arn"].as_str().expect("an ARN");
    assert!(session.starts_with("arn:aws:sts::000000000000:assumed-role/OrdersAdmin/"), "{status}");
    let text = lab.run(&["status"]).good();
    for words in [
        "✓ signed in as alice@corp.example via AzureAD\nprofile       lab\n",
        "\nsession       lasts until 2",
        " (30 days left)\n",
        "\ncredentials   until 2",
        " (60 min left)\n",
        "\nrole          OrdersAdmin in AWS account 000000000000\n",
    ] {
        assert!(text.stdout.contains(words), "{words} in {}", text.stdout);
    }
    assert!(!text.stdout.contains('\u{1b}'), "no colour in a pipe: {}", text.stdout);
    assert_eq!(text.stderr, "");
}

#[test]
fn logout_revokes_and_deletes_and_reports_what_stays_valid() {
    let lab = Lab::new();
    lab.login("alice").good();
    lab.run(&["credential-process"]).good();
    let ran = lab.run(&["logout"]).good();
    assert_eq!(lab.sandbox.count("revoke"), 1);
    assert_eq!(ran.stdout, "");
    for words in [
        "alice@corp.example is signed out of profile 'lab'",
        "tokens and credentials were deleted from the file store; AWS credentials that tools already hold stay valid for up",
        "the browser may still be signed in",
    ] {
        assert!(ran.stderr.contains(words), "{words} in {}", ran.stderr);
    }
    let url = ran.stderr.lines().find(|line| line.starts_with("http")).expect("the browser's way out");
    let url: url::Url = url.parse().expect("a URL");
    let target = format!("{}?{}", url.path(), url.query().expect("a query"));
    let page = exchange(
        url.port().expect("a port"),
        format!("GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").as_bytes(),
    )
    .expect("an answer");
    assert_eq!((page.status, page.header("location")), (302, Some(lab.sandbox.logout_uri().as_str())), "{page:?}");
    assert_nothing_is_left(&lab);
    lab.run(&["status"]).failed_with(3);
    lab.run(&["credential-process"]).failed_with(3);
    let again = lab.run(&["logout"]).good();
    assert!(again.stderr.contains("nobody was signed in to profile 'lab'"), "{}", again.stderr);
    assert_eq!(lab.sandbox.count("revoke"), 1);
}

/// Checks that no file in the lab's home contains a secret that was ever issued.
#[track_caller]
fn assert_nothing_is_left(lab: &Lab) {
    let mut folders = vec![lab.home().to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            match path.is_dir() {
                true => folders.push(path),
                false => lab.assert_no_secret(&String::from_utf8_lossy(&std::fs::read(&path).expect("a file"))),
            }
        }
    }
}

#[test]
fn logout_without_credentials_does_not_mention_them() {
    let lab = Lab::new();
    lab.only_sign_in("alice");
    let ran = lab.run(&["logout"]).good();
    assert!(!ran.stderr.contains("AWS credentials"), "{}", ran.stderr);
}

#[test]
fn logout_without_a_network_deletes_and_reports_the_missing_revocation() {
    let mut lab = Lab::new();
    lab.login("alice").good();
    lab.run(&["credential-process"]).good();
    let other = Sandbox::start(Options { redirect_ports: vec![1], ..Options::default() }).expect("a sandbox");
    let secrets = lab.sandbox.secrets_issued();
    drop(std::mem::replace(&mut lab.sandbox, other));
    let ran = lab.run(&["logout"]).failed_with(5);
    let message = ran.one_error_and_hint();
    assert!(message.starts_with("the refresh token could not be revoked at the user pool"), "{message}");
    assert!(ran.stderr.contains("stays valid"), "{}", ran.stderr);
    assert!(ran.stderr.contains("is signed out of profile 'lab'"), "{}", ran.stderr);
    assert!(secrets.iter().all(|secret| !ran.stderr.contains(secret.as_str())));
    lab.run(&["status"]).failed_with(3);
    lab.run(&["logout"]).good();
}

#[test]
fn logout_reports_a_failed_revocation() {
    let lab = Lab::with(Options { misbehaviours: vec![Misbehaviour::Revoke500], ..Options::default() });
    lab.login("alice").good();
    let ran = lab.run(&["logout"]).failed_with(5);
    assert!(ran.one_error_and_hint().contains("status 500"), "{}", ran.stderr);
    lab.run(&["status"]).failed_with(3);
}

#[test]
fn logout_all_signs_out_of_every_profile() {
    let lab = Lab::new();
    let one = lab.sandbox.profile_toml("one");
    let two = lab.sandbox.profile_toml("two").replace("\"AzureAD\"", "\"AzureB2C\"");
    let three = lab.sandbox.profile_toml("three").replace("\"AzureAD\"", "\"AzureAD\"\naccount = \"nobody\"");
    let all = format!("{one}\n{two}\n{three}").replace("\nregion", "\nstore = 'file'\nregion");
    std::fs::write(lab.config(), all).expect("the configuration is written");
    lab.login_with(&["--profile", "one"], "alice").good();
    lab.login_with(&["--profile", "two"], "erin").good();
    let ran = lab.run(&["logout", "--all"]).good();
    for words in [
        "alice@corp.example is signed out of profile 'one'",
        "erin@customers.example is signed out of profile 'two'",
        "nobody was signed in to profile 'three'",
    ] {
        assert!(ran.stderr.contains(words), "{words} in {}", ran.stderr);
    }
    assert_eq!(lab.sandbox.count("revoke"), 2);
    lab.run(&["status", "--profile", "two"]).failed_with(3);
    lab.run(&["logout", "--all", "--profile", "one"]).failed_with(2);
}

#[test]
fn logout_all_continues_after_an_invalid_profile() {
    let lab = Lab::new();
    let good = lab.sandbox.profile_toml("zoe").replace("\nregion", "\nstore = 'file'\nregion");
    let bad = good.replace("zoe", "aaa").replace(lab.sandbox.client_id(), "no client id");
    std::fs::write(lab.config(), format!("{bad}\n{good}")).expect("the configuration is written");
    lab.login_with(&["--profile", "zoe"], "alice").good();
    let ran = lab.run(&["logout", "--all"]).failed_with(2);
    assert!(ran.stderr.contains("profile 'aaa': client_id"), "{}", ran.stderr);
    assert!(ran.stderr.contains("is signed out of profile 'zoe'"), "{}", ran.stderr);
}

#[test]
fn logout_all_without_profiles_says_so() {
    let lab = Lab::new();
    std::fs::write(lab.config(), "").expect("it is written");
    let ran = lab.run(&["logout", "--all"]).good();
    assert!(ran.stderr.contains("has no profiles, so there is nobody to sign out"), "{}", ran.stderr);
}

#[test]
fn logout_says_all_in_one_line_and_one_hint() {
    let lab = Lab::new();
    lab.login("alice").good();
    let ran = lab.run(&["logout"]).good();
    let lines: Vec<&str> = ran.stderr.lines().collect();
    assert_eq!(lines.len(), 3, "{lines:?}");
    assert!(lines[1].starts_with("cogfed: hint: the browser may still be signed in"), "{lines:?}");
    assert!(lines[2].starts_with("http"), "{lines:?}");
}
