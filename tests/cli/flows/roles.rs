//! Tests with several roles of the same sign-in.

use cogfed::sandbox::Options;
use cogfed::sandbox::options::{AUTHENTICATED, AmbiguousRole, ORDERS_ADMIN, ORDERS_READER, RoleMapping};
use cogfed_test_support::{CREDENTIALS, Lab};

const BILLING: &str = "arn:aws:iam::000000000000:role/team/Billing";

/// Returns a lab in which Alice may assume three roles, and gets the first by default.
fn lab() -> Lab {
    let mut options =
        Options { role_mapping: RoleMapping::Token(AmbiguousRole::AuthenticatedRole), ..Options::default() };
    let alice = options.people.iter_mut().find(|person| person.name == "alice").unwrap();
    alice.iam_roles = [ORDERS_ADMIN, ORDERS_READER, BILLING].map(str::to_owned).to_vec();
    alice.preferred_iam_role = Some(ORDERS_ADMIN.to_owned());
    Lab::with(options)
}

#[test]
fn three_roles_share_one_sign_in() {
    let lab = lab();
    lab.login("alice").good();
    let asking = [
        CREDENTIALS.to_vec(),
        vec!["credential-process", "--role", ORDERS_READER],
        vec!["credential-process", "--role", BILLING],
    ];
    let documents: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = asking.iter().map(|words| scope.spawn(|| lab.run(words).good().document())).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    for (document, expected) in documents.iter().zip([ORDERS_ADMIN, ORDERS_READER, BILLING]) {
        assert_eq!(lab.role_of(document), expected);
    }
    assert_eq!(documents[1]["AccountId"], "000000000000");
    lab.sandbox.clear_log();
    for (words, document) in asking.iter().zip(&documents) {
        assert_eq!(&lab.run(words).good().document(), document, "each is kept for itself");
    }
    assert_eq!(lab.sandbox.requests().len(), 0);
    assert_eq!(lab.items("credentials").len(), 3);

    let status = lab.run(&["status"]).good().stdout;
    assert!(status.contains("role          OrdersAdmin in AWS account 000000000000\n"), "{status}");
    for role in [ORDERS_READER, BILLING] {
        let name = role.rsplit('/').next().unwrap();
        assert!(status.contains(&format!("also          {name} in AWS account 000000000000, until ")), "{status}");
    }
    let status = lab.run(&["status", "--role", BILLING, "--json"]).good().document();
    let told = |of: &serde_json::Value| (of["role_arn"].as_str().map(str::to_owned), of["valid"].as_bool());
    assert_eq!(told(&status["credentials"]), (Some(BILLING.to_owned()), Some(true)));
    let mut others: Vec<_> = status["other_credentials"].as_array().unwrap().iter().map(told).collect();
    others.sort();
    assert_eq!(others, [(None, Some(true)), (Some(ORDERS_READER.to_owned()), Some(true))]);
    assert_eq!(status["credentials"]["flow"], "enhanced");
    let report = lab.run(&["status", "--role", BILLING, "--report"]).good().stdout;
    assert!(report.contains(&format!("{BILLING}  (--role)")), "{report}");

    lab.run(&["logout"]).good();
    assert_eq!(lab.items("").len(), 0);
}

#[test]
fn call_uses_the_requested_role() {
    let lab = lab();
    lab.login("alice").good();
    let url = format!("{}/orders", lab.sandbox.api_url());
    let ask = |words: &[&str]| lab.run(&[&["call", "POST", &url, "--json", "-d", "{}", "--fail"], words].concat());
    ask(&[]).good();
    let ran = ask(&["--role", ORDERS_READER]).failed_with(22);
    assert!(ran.stderr.contains("the role 'OrdersReader' may not invoke"), "{}", ran.stderr);
    assert!(ran.stderr.contains("by --role"), "{}", ran.stderr);
}

#[test]
fn refused_role_does_not_affect_other_roles() {
    let lab = lab();
    lab.login("alice").good();
    let ran = lab.run(&["credential-process", "--role", AUTHENTICATED]).failed_with(6);
    assert!(ran.stderr.contains(AUTHENTICATED), "{}", ran.stderr);
    lab.run(CREDENTIALS).good();
    lab.run(&["credential-process", "--role", BILLING]).good();
    assert_eq!(lab.items("credentials").len(), 2);
}

/// No profile names this role, so only the sign-in's own list mentions the credentials for this role.
#[test]
fn credentials_of_another_persons_role_are_never_handed_out() {
    let lab = lab();
    let reader = &["credential-process", "--role", ORDERS_READER];
    for lose in [|path| std::fs::remove_file(path), |path| std::fs::write(path, "{")] {
        lab.login_with(&["--force"], "alice").good();
        let alices = lab.run(reader).good().document();
        lose(lab.item("tokens")).unwrap();
        lab.login_with(&["--force"], "bob").good();
        assert_eq!(lab.items("credentials").len(), 1, "only bob's own: {alices}");
        lab.run(reader).failed_with(6);
    }
    lab.login_with(&["--force"], "alice").good();
    lab.run(reader).good();
    std::fs::remove_file(lab.item("tokens")).unwrap();
    lab.run(&["logout"]);
    assert_eq!(lab.items("").len(), 0);
}

#[test]
fn malformed_role_fails_before_any_request() {
    let lab = lab();
    for words in [&["credential-process"][..], &["status"], &["call", "GET", "https://a.example/"]] {
        let ran = lab.run(&[words, &["--role", "Orders"]].concat()).failed_with(2);
        assert!(ran.stderr.contains("--role: profile 'lab': role_arn: 'Orders' is not the ARN"), "{}", ran.stderr);
    }
    assert_eq!(lab.sandbox.requests().len(), 0);
}
