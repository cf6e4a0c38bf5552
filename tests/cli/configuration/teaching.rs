//! Tests of mistakes in a configuration. For each mistake, the message says what to write instead.

use cogfed_test_support::Home;

/// The configuration keys that every profile with a user pool needs.
const KEYS: &str = "user_pool_id = 'eu-west-1_AbC123xyz'
client_id = '3n4b5urk1ft4fl3mg5e62d9ado'
domain = 'corp.auth.eu-west-1.amazoncognito.com'
identity_pool_id = 'eu-west-1:1cf667a2-49a6-454b-9e45-23199EXAMPLE'
";

#[track_caller]
fn says(text: &str, message: &str) {
    let home = Home::new();
    home.configure(text);
    let ran = home.run(&["login", "--timeout", "1"]).failed_with(2);
    assert!(ran.stderr.contains(message), "{text}\n{}", ran.stderr);
    assert_eq!(ran.stderr.matches("cogfed: error: ").count(), 1, "{}", ran.stderr);
}

#[test]
fn missing_configuration_is_answered_with_a_template() {
    let home = Home::new();
    let file = home.config().with_file_name("new").join("cogfed/config.toml");
    let run = || home.command(&["login"]).env("COGFED_CONFIG", &file).output().expect("it runs");
    let ran: cogfed_test_support::Ran = run().into();
    let lines: Vec<&str> = ran.stderr.lines().collect();
    assert_eq!(
        lines[0],
        format!("cogfed: error: no profile: there is no {}, which COGFED_CONFIG names", file.display())
    );
    let folder = file.parent().unwrap();
    let way = format!("run 'mkdir -p {}' and write the file (or name another one in COGFED_CONFIG)", folder.display());
    let hint = format!("cogfed: hint: {way}, with your own ids:");
    assert_eq!((lines[1], lines.len()), (hint.as_str(), 11), "{}", ran.stderr);
    // The template is a configuration, as it is.
    std::fs::create_dir_all(folder).unwrap();
    std::fs::write(&file, lines[2..].join("\n")).unwrap();
    let shown = home.command(&["profile", "show"]).env("COGFED_CONFIG", &file).output().expect("it runs");
    assert!(cogfed_test_support::Ran::from(shown).good().stdout.starts_with("profile internal\n"));
    std::fs::write(&file, "").unwrap();
    let ran: cogfed_test_support::Ran = run().into();
    assert!(
        ran.failed_with(2)
            .stderr
            .contains(" has no profiles\ncogfed: hint: add one, with your own ids:\n[profile.internal]\n")
    );
}

#[test]
fn profile_headings_of_other_tools_are_corrected() {
    says(&format!("[profile internal]\n{KEYS}"), "here it is [profile.internal]");
    says(
        &format!("# mine\n\n  [profile \"a.b\"]\n{KEYS}"),
        "config.toml:3: '[profile \"a.b\"]' is how the AWS CLI names a profile; here it is [profile.\"a.b\"]",
    );
    says(&format!("[internal]\n{KEYS}"), "[internal] is not a profile; did you mean [profile.internal]?");
    says(&format!("[internal.endpoints]\nsts = 'https://x.example'\n{KEYS}"), "did you mean [profile.internal]?");
    says(KEYS, "config.toml:1: 'user_pool_id' belongs to a profile: put the line [profile.NAME] above it");
    says(&format!("[profile]\n{KEYS}"), "a profile has a name: write [profile.internal], for example, not [profile]");
    says(&format!("[profiles.internal]\n{KEYS}"), "unknown key 'profiles'; did you mean 'profile'?");
}

#[test]
fn all_missing_keys_are_named_at_once() {
    says("[profile.x]\nclient_id = 'c'", "profile 'x': 'user_pool_id', 'domain' and 'identity_pool_id' are missing");
    says("[profile.x]\nissuer = 'https://a.example'", "profile 'x': 'client_id' and 'identity_pool_id' are missing");
    says("[profile.x]", "'user_pool_id', 'client_id', 'domain' and 'identity_pool_id' are missing");
}

#[test]
fn arn_or_url_in_place_of_an_id_is_named() {
    for (key, value, message) in [
        (
            "user_pool_id",
            "arn:aws:cognito-idp:eu-west-1:123456789012:userpool/eu-west-1_AbC123xyz",
            "is an ARN; give the id alone: 'eu-west-1_AbC123xyz'",
        ),
        (
            "identity_pool_id",
            "arn:aws:cognito-identity:eu-west-1:123456789012:identitypool/eu-west-1:1cf667a2-49a6",
            "is an ARN; give the id alone: 'eu-west-1:1cf667a2-49a6'",
        ),
        ("client_id", "https://x.example/", "letters and digits only; this is a URL"),
        ("domain", "https://corp.example/login", "is a URL; give the host alone: 'corp.example'"),
        ("domain", "corp", "is not a host name, as in corp.auth.eu-west-1.amazoncognito.com"),
    ] {
        let lines = KEYS.lines().map(|line| match line.starts_with(&format!("{key} ")) {
            true => format!("{key} = '{value}'\n"),
            false => format!("{line}\n"),
        });
        says(&format!("[profile.x]\n{}", lines.collect::<String>()), message);
    }
}

#[test]
fn broken_profile_is_listed_with_its_fault_and_leaves_others_alone() {
    let home = Home::new();
    home.configure(format!(
        "[profile.good]\n{KEYS}[profile.odd]\n{KEYS}colour = 'red'\n[profile.wrong]\n{KEYS}lang = ''\n"
    ));
    let ran = home.run(&["profile", "list"]).failed_with(2);
    let lines: Vec<&str> = ran.stdout.lines().collect();
    assert_eq!(lines[0], "  good");
    assert!(lines[1].starts_with("  odd  (") && lines[1].ends_with("profile 'odd': unknown key 'colour')"), "{ran:?}");
    assert!(lines[2].contains("profile 'wrong': lang: a name of"), "{ran:?}");
    assert!(ran.stderr.contains("unknown key 'colour'"), "{ran:?}");
    let list = home.run(&["profile", "list", "--json"]).failed_with(2).document();
    assert_eq!(list["profiles"][0], serde_json::json!({ "name": "good", "in_force": false }));
    assert!(list["profiles"][1]["fault"].as_str().unwrap().contains("'colour'"));
    home.run(&["profile", "show", "--profile", "good"]).good();
    home.run(&["profile", "show", "--profile", "odd"]).failed_with(2);
}

#[test]
fn pools_in_two_regions_are_pointed_out() {
    let home = Home::new();
    home.configure(format!("[profile.x]\n{}", KEYS.replace("'eu-west-1:", "'us-east-1:")));
    let ran = home.run(&["profile", "show"]).good();
    let said = "warning: profile 'x': the user pool is in eu-west-1 and the identity pool in us-east-1";
    assert!(ran.stderr.contains(said), "{}", ran.stderr);
}

#[test]
fn discovery_document_address_is_taken_or_explained() {
    let of = |lines: &str| format!("[profile.x]\nclient_id = 'c'\nidentity_pool_id = 'eu-west-1:1'\n{lines}");
    let url = "https://login.example.com/t/v2.0/.well-known/openid-configuration";
    says(
        &of(&format!("issuer = '{url}'")),
        "is the discovery document's address: give the 'issuer' that the document names",
    );
    says(&of(&format!("issuer = '{url}?p=b2c_1'")), "is the discovery document's address");
    let home = Home::new();
    for given in [url.to_owned(), format!("{url}?p=b2c_1_susi"), "https://login.example.com/t/v2.0/".to_owned()] {
        home.configure(of(&format!("issuer = 'https://login.example.com/t/v2.0'\nendpoints.issuer = '{given}'")));
        let wanted = if given.ends_with('/') { url } else { &given };
        let report = home.run(&["status", "--report"]).stdout;
        assert!(report.contains(&format!(" {wanted}\n")), "{given}: {report}");
    }
}
