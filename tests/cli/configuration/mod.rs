//! Tests of the configuration file: errors name the file and line, and nothing else can redirect a sign-in.

mod changed_by;
mod place;
mod teaching;

use cogfed_test_support::{Lab, Ran};

/// Checks that all verbs that read a profile fail with status 2, and that each error contains these words.
#[track_caller]
fn refused_by_all(run: impl Fn(&[&str]) -> Ran, words: &[&str]) {
    for verb in [
        ["login"].as_slice(),
        &["credential-process"],
        &["status"],
        &["logout"],
        &["call", "GET", "http://127.0.0.1:1/"],
    ] {
        let ran = run(verb).failed_with(2);
        assert_eq!(ran.stdout, "", "{verb:?}");
        let error = ran.stderr.lines().find(|line| line.starts_with("cogfed: error: ")).unwrap_or_default();
        for words in words {
            assert!(error.contains(words), "{verb:?}: {words} in {}", ran.stderr);
        }
    }
}

/// Replaces `from` with `to` in the configuration file, and checks that the error names the file and the line.
#[track_caller]
fn refused_at(from: &str, to: &str, words: &[&str]) {
    let lab = Lab::new();
    let text = std::fs::read_to_string(lab.config()).expect("a configuration");
    let changed = text.replacen(from, to, 1);
    assert_ne!(changed, text);
    let line = changed.lines().zip(text.lines()).position(|(new, old)| new != old).expect("a changed line") + 1;
    std::fs::write(lab.config(), changed).expect("it is written");
    let place = format!("{}:{line}: ", lab.config().display());
    refused_by_all(|verb| lab.run(verb), &[&[place.as_str()], words].concat());
}

#[test]
fn unknown_configuration_key_suggests_the_nearest() {
    refused_at("client_id", "clinet_id", &["unknown key 'clinet_id'; did you mean 'client_id'?"]);
}

#[test]
fn unknown_endpoint_key_suggests_the_nearest() {
    refused_at(
        "identity_pool = ",
        "identity_pol = ",
        &["'endpoints.identity_pol'; did you mean 'endpoints.identity_pool'?"],
    );
}

#[test]
fn malformed_user_pool_id_is_refused() {
    refused_at("user_pool_id = \"eu-west-1_", "user_pool_id = \"euwest1-", &["profile 'lab': user_pool_id: "]);
}

#[test]
fn plain_http_endpoint_beyond_loopback_is_refused() {
    refused_at("user_pool = \"http://127.0.0.1", "user_pool = \"http://127.0.0.1.nip.io", &["endpoints.user_pool: "]);
}

#[test]
fn redirect_port_out_of_range_is_refused() {
    refused_at("redirect_ports = [", "redirect_ports = [70000, ", &["redirect_ports: ", "70000"]);
}

#[test]
fn configuration_value_of_the_wrong_type_is_refused() {
    refused_at("redirect_ports = [", "redirect_ports = [\"x\", ", &["'redirect_ports' is a list of numbers"]);
}

#[test]
fn client_secret_in_the_configuration_is_refused() {
    refused_at("store = 'file'", "client_secret = 'x'", &["a client secret is never in the file"]);
}

#[test]
fn configuration_that_is_not_toml_is_refused() {
    refused_at("store = 'file'", "store = 'file", &[]);
}

#[test]
fn missing_configuration_key_is_named() {
    let lab = Lab::new();
    let text = std::fs::read_to_string(lab.config()).expect("a configuration");
    std::fs::write(lab.config(), text.replace("identity_pool_id", "#")).expect("it is written");
    refused_by_all(|verb| lab.run(verb), &["profile 'lab': 'identity_pool_id' is missing"]);
}

#[test]
fn unknown_profile_suggests_the_nearest() {
    let lab = Lab::new();
    let ran = lab.run(&["status", "--profile", "lap"]).failed_with(2);
    assert!(ran.one_error_and_hint().contains("no profile 'lap' in"), "{ran:?}");
    assert!(ran.stderr.contains("did you mean 'lab'?"), "{ran:?}");
    let two = lab.sandbox.profile_toml("one") + "\n" + &lab.sandbox.profile_toml("two");
    std::fs::write(lab.config(), two).expect("it is written");
    let ran = lab.run(&["status"]).failed_with(2);
    assert!(ran.one_error_and_hint().contains("which profile?"), "{ran:?}");
    let shown = |flags: &[&str], variable: &str| -> String {
        let words = [&["profile", "show", "--json"], flags].concat();
        let output = lab.command(&words).env("COGFED_PROFILE", variable).output().expect("it runs");
        Ran::from(output).good().document()["profile"].as_str().expect("a name").to_owned()
    };
    assert_eq!(shown(&[], "two"), "two");
    assert_eq!(shown(&["--profile", "one"], "two"), "one", "the flag comes first");
    std::fs::write(lab.config(), "default_profile = 'two'\n".to_owned() + &two_profiles(&lab)).expect("it is written");
    assert_eq!(shown(&[], ""), "two");
    assert_eq!(shown(&[], "one"), "one", "the variable comes before default_profile");
}

fn two_profiles(lab: &Lab) -> String {
    lab.sandbox.profile_toml("one") + "\n" + &lab.sandbox.profile_toml("two")
}

#[test]
fn relative_configuration_path_is_refused() {
    let lab = Lab::new();
    let run = |verb: &[&str]| lab.command(verb).env("COGFED_CONFIG", "config.toml").output().expect("it runs").into();
    refused_by_all(run, &["COGFED_CONFIG names 'config.toml', which is not an absolute path"]);
}

#[test]
fn variables_cannot_redirect_secrets() {
    let lab = Lab::new();
    for key in [
        "CLIENT_ID",
        "DOMAIN",
        "ISSUER",
        "ISSUER_HOSTS",
        "USER_POOL_ID",
        "IDENTITY_POOL_ID",
        "LOGINS_KEY",
        "FIPS",
        "EMAIL_DOMAINS",
        "ENDPOINTS_DOMAIN",
        "ENDPOINTS_ISSUER",
        "ENDPOINTS_STS",
    ] {
        let variable = format!("COGFED_{key}");
        let ran: Ran = lab.command(&["login"]).env(&variable, "attacker.example").output().expect("it runs").into();
        let message = ran.failed_with(2).one_error_and_hint();
        assert!(message.contains(&variable), "{message}");
    }
    assert!(lab.sandbox.requests().is_empty());
}

#[test]
fn variables_cannot_choose_a_role_in_a_strangers_account() {
    let stranger = "arn:aws:iam::999999999999:role/OrdersReader";
    let own = "arn:aws:iam::123456789012:role/OrdersReader";
    let show = |lines: &str, variables: &[(&str, &str)]| -> Ran {
        let lab = Lab::new();
        lab.configure_with(lines);
        lab.command(&["profile", "show", "--json"]).envs(variables.iter().copied()).output().expect("it runs").into()
    };
    let role = ("COGFED_ROLE_ARN", stranger);
    for (lines, variables) in [("", &[role, ("COGFED_FLOW", "classic")][..]), ("flow = 'classic'", &[role])] {
        let ran = show(lines, variables).failed_with(2);
        assert!(
            ran.stderr.contains("COGFED_ROLE_ARN: profile 'lab': role_arn: the classic flow takes its role from"),
            "{ran:?}"
        );
    }
    // The profile's own values stay.
    let lines = format!("role_arn = '{own}'\nflow = 'enhanced'");
    let shown = show(&lines, &[role, ("COGFED_FLOW", "classic")]).good().document();
    assert_eq!(
        (&shown["settings"]["role_arn"]["value"], &shown["settings"]["flow"]["value"]),
        (&own.into(), &"enhanced".into())
    );
    // In the enhanced flow the identity pool gives only roles of its own mapping.
    let shown = show("", &[("COGFED_ROLE_ARN", own)]).good().document();
    assert_eq!(shown["settings"]["role_arn"]["source"], "COGFED_ROLE_ARN");
}

#[test]
fn current_folder_is_not_searched_for_a_configuration() {
    let lab = Lab::new();
    let folder = lab.home().join("cloned");
    std::fs::create_dir_all(folder.join(".cogfed")).expect("a folder");
    std::fs::create_dir_all(folder.join("cogfed")).expect("a folder");
    for name in ["config.toml", "cogfed.toml", ".cogfed.toml", ".cogfed/config.toml", "cogfed/config.toml"] {
        std::fs::copy(lab.config(), folder.join(name)).expect("a copy");
    }
    let run = |verb: &[&str]| {
        lab.command(verb).env_remove("COGFED_CONFIG").current_dir(&folder).output().expect("it runs").into()
    };
    refused_by_all(run, &["no profile"]);
    let listed: Ran = run(&["profile", "list"]);
    assert!(!format!("{listed:?}").contains("lab"), "{listed:?}");
}

#[test]
fn profile_verbs_list_profiles_and_show_where_settings_come_from() {
    let lab = Lab::new();
    let ran = lab.run(&["profile", "list"]).good();
    assert_eq!(ran.stdout, "* lab\n");
    let list = lab.run(&["profile", "list", "--json"]).good().document();
    assert_eq!(list["profiles"], serde_json::json!([{ "name": "lab", "in_force": true }]));
    assert_eq!(list["file"], lab.config().display().to_string());
    let ran: Ran = lab
        .command(&["profile", "show", "--json"])
        .env("COGFED_LOGIN_HINT", "alice@corp.example")
        .output()
        .expect("it runs")
        .into();
    let shown = ran.good().document();
    assert_eq!(shown["profile"], "lab");
    let setting = |key: &str| (shown["settings"][key]["value"].clone(), shown["settings"][key]["source"].clone());
    assert_eq!(setting("login_hint"), ("alice@corp.example".into(), "COGFED_LOGIN_HINT".into()));
    assert_eq!(setting("store"), ("file".into(), format!("{}:2", lab.config().display()).into()));
    assert_eq!(setting("scopes"), (serde_json::json!(["openid"]), "default".into()));
    let text = lab.run(&["profile", "show"]).good().stdout;
    assert!(text.starts_with("profile lab\n"), "{text}");
    assert!(text.contains("\nredirect_path ") && text.contains("/callback  (default)\n"), "{text}");
    assert!(text.contains(&format!("  file  ({}:2)\n", lab.config().display())), "{text}");
}

#[test]
fn profile_show_prints_an_invalid_profile_and_then_fails() {
    let lab = Lab::new();
    lab.configure_with("lang = ''");
    let ran = lab.run(&["profile", "show"]).failed_with(2);
    assert!(ran.stdout.contains("user_pool_id"), "{}", ran.stdout);
    assert!(ran.stderr.contains("profile 'lab': lang: "), "{}", ran.stderr);
}
