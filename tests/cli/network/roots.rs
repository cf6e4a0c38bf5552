//! Tests that no token is sent under an additional trust root before the person has accepted the root.

#[cfg(target_os = "linux")]
use std::io::{Read, Write};
#[cfg(target_os = "linux")]
use std::process::Stdio;

use cogfed::sandbox::options::ORDERS_ADMIN;
use cogfed::sandbox::{Options, Switch};
#[cfg(target_os = "linux")]
use cogfed_test_support::WaitingLogin;
use cogfed_test_support::{Ran, rewrite};

use super::certificates::Authority;
use super::company::{Company, Gate};

/// Returns the tokens of the stored sign-in. An untrusted server may not receive any of them.
fn tokens_of(company: &Company) -> Vec<String> {
    let record = company.lab.record("tokens");
    ["refresh_token", "id_token"].iter().map(|key| record[key].as_str().unwrap().to_owned()).collect()
}

/// Checks that a run names the untrusted root and its origin, and that the untrusted server received no request.
#[track_caller]
fn assert_withheld(ran: &Ran, stranger: &Gate, named_by: &str, file: &str) {
    for word in ["CN=A stranger's root", named_by, file, "no token is sent", "cogfed login"] {
        assert!(ran.stderr.contains(word), "{word}: {}", ran.stderr);
    }
    assert_eq!(stranger.requests(), 0, "{}", ran.stderr);
}

#[test]
fn proxy_and_root_of_an_envrc_get_no_token() {
    let (company, bundle) = Company::new("").signed_in();
    let stranger = Gate::to(&company.lab, "A stranger's root");
    let file = company.file("stranger.pem", &stranger.authority.pem);
    let both = company.file("both.pem", &(std::fs::read_to_string(&bundle).unwrap() + &stranger.authority.pem));
    let folder = company.lab.home().join("roots");
    std::fs::create_dir(&folder).unwrap();
    #[cfg(target_os = "linux")]
    let inner = company.file("roots/stranger.pem", &stranger.authority.pem);
    let (proxy, tokens) = (stranger.proxy(), tokens_of(&company));
    for (variable, value, named) in [
        ("AWS_CA_BUNDLE", file.as_str(), file.as_str()),
        ("AWS_CA_BUNDLE", &both, &both),
        ("SSL_CERT_FILE", &file, &file),
        #[cfg(target_os = "linux")]
        ("SSL_CERT_DIR", folder.to_str().unwrap(), &inner),
    ] {
        for words in [&["credential-process"][..], &["call", "GET", "https://api.example/"]] {
            let ran = company.run(words, &[("HTTPS_PROXY", &proxy), (variable, value)]).failed_with(3);
            assert_withheld(&ran, &stranger, variable, named);
        }
    }
    assert!(company.lab.sandbox.requests().is_empty());
    assert_eq!(tokens_of(&company), tokens, "the sign-in is as it was");
    company.lab.age(chrono::TimeDelta::minutes(1));
    company.run(&["credential-process"], &[("AWS_CA_BUNDLE", &bundle)]).good();
}

#[test]
fn id_token_and_openid_token_are_withheld_as_well() {
    let classic = format!("flow = 'classic'\nrole_arn = '{ORDERS_ADMIN}'");
    let enhanced = String::new();
    let cases = [(&["user_pool", "domain"][..], enhanced), (&["user_pool", "domain", "identity_pool"], classic)];
    for (on_loopback, lines) in cases {
        let mut options = Options::default();
        if !lines.is_empty() {
            Switch::ClassicFlow.apply(&mut options);
        }
        let company = Company::of(options, on_loopback, &lines);
        let bundle = company.file("company.pem", &company.gate.authority.pem);
        company.login(&["--accept-roots"], &[("AWS_CA_BUNDLE", &bundle)]).good();
        // The ID token is young, so that it is used without a refresh.
        for item in company.lab.items("credentials") {
            std::fs::remove_file(item).unwrap();
        }
        company.lab.sandbox.clear_log();
        let stranger = Gate::to(&company.lab, "A stranger's root");
        let file = company.file("stranger.pem", &stranger.authority.pem);
        let proxy = stranger.proxy();
        let ran = company.run(&["credential-process"], &[("HTTPS_PROXY", &proxy), ("AWS_CA_BUNDLE", &file)]);
        assert_withheld(&ran.failed_with(3), &stranger, "AWS_CA_BUNDLE", &file);
        assert!(company.lab.sandbox.requests().is_empty(), "{:?}", company.lab.sandbox.requests());
        company.run(&["credential-process"], &[("AWS_CA_BUNDLE", &bundle)]).good();
    }
}

#[test]
fn roles_asks_no_service_under_an_unaccepted_root() {
    let company = Company::new("");
    let bundle = company.file("company.pem", &company.gate.authority.pem);
    company.login(&["--accept-roots"], &[("AWS_CA_BUNDLE", &bundle)]).good();
    company.run(&["credential-process"], &[("AWS_CA_BUNDLE", &bundle)]).good();
    let stranger = Gate::to(&company.lab, "A stranger's root");
    let file = company.file("stranger.pem", &stranger.authority.pem);
    let proxy = stranger.proxy();
    let variables = [
        ("HTTPS_PROXY", proxy.as_str()),
        ("AWS_CA_BUNDLE", &file),
        ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
        ("AWS_SESSION_TOKEN", "an administrator's token"),
    ];
    let explained = company.run(&["roles", "--explain"], &variables).failed_with(3);
    assert_withheld(&explained, &stranger, "AWS_CA_BUNDLE", &file);
    let shown = company.run(&["roles"], &variables).good();
    assert!(shown.stdout.contains("not known: no token is sent: CN=A stranger's root"), "{shown:?}");
    assert_eq!(stranger.requests(), 0, "{shown:?}");
}

#[test]
fn sign_out_sends_no_token_under_an_unaccepted_root() {
    let (company, _) = Company::new("").signed_in();
    let stranger = Gate::to(&company.lab, "A stranger's root");
    let file = company.file("stranger.pem", &stranger.authority.pem);
    let proxy = stranger.proxy();
    let ran = company.run(&["logout"], &[("HTTPS_PROXY", &proxy), ("AWS_CA_BUNDLE", &file)]).failed_with(3);
    assert!(ran.stderr.contains("the refresh token could not be revoked"), "{}", ran.stderr);
    for word in ["CN=A stranger's root", "AWS_CA_BUNDLE", &file, "stays valid until it expires"] {
        assert!(ran.stderr.contains(word), "{word}: {}", ran.stderr);
    }
    assert_eq!((stranger.requests(), company.lab.items("tokens").len()), (0, 0));
    assert!(company.lab.items("credentials").is_empty());
}

#[test]
fn sign_in_on_demand_opens_no_browser_under_an_unaccepted_root() {
    let company = Company::new("sign_in_on_demand = true\nbrowser = 'touch browser-was-opened'");
    let file = company.file("company.pem", &company.gate.authority.pem);
    let ran = company.run(&["credential-process"], &[("AWS_CA_BUNDLE", &file)]).failed_with(3);
    assert!(ran.stderr.contains("CN=The company's root"), "{}", ran.stderr);
    assert_eq!(company.gate.requests(), 0, "{}", ran.stderr);
    assert!(!company.lab.home().join("browser-was-opened").exists());
}

#[test]
fn root_is_accepted_once_by_a_sign_in_in_the_browser() {
    let company = Company::new("");
    let bundle = company.file("company.pem", &company.gate.authority.pem);
    let variables = [("AWS_CA_BUNDLE", bundle.as_str())];
    let ran = company.login(&[], &variables).failed_with(2);
    for word in ["CN=The company's root", &bundle, "AWS_CA_BUNDLE", "SHA-256", "--accept-roots"] {
        assert!(ran.stderr.contains(word), "{word}: {}", ran.stderr);
    }
    assert_eq!(company.gate.requests(), 0, "{}", ran.stderr);
    company.login(&["--accept-roots"], &variables).good();
    let again = company.login(&[], &variables).good();
    assert!(again.stderr.contains("already signed in") && !again.stderr.contains("company's root"), "{}", again.stderr);
    // Another root takes another sign-in, although this one works.
    let other = Authority::new("Another root");
    let both = company.file("both.pem", &(company.gate.authority.pem.clone() + &other.pem));
    let variables = [("AWS_CA_BUNDLE", both.as_str())];
    let ran = company.login(&[], &variables).failed_with(2);
    assert!(ran.stderr.contains("CN=Another root") && !ran.stderr.contains("company's root"), "{}", ran.stderr);
    let codes = company.lab.sandbox.count("token.code");
    let ran = company.login(&["--accept-roots"], &variables).good();
    assert!(!ran.stderr.contains("already signed in"), "{}", ran.stderr);
    assert_eq!(company.lab.sandbox.count("token.code"), codes + 1);
    // The first root stays accepted.
    company.lab.age(chrono::TimeDelta::hours(2));
    company.run(&["credential-process"], &[("AWS_CA_BUNDLE", &bundle)]).good();
}

#[test]
fn removed_or_renewed_root_and_another_proxy_change_nothing() {
    let company = Company::new("");
    let gone = Authority::new("A root that is removed later");
    let both = company.file("company.pem", &(gone.pem + &company.gate.authority.pem));
    company.login(&["--accept-roots"], &[("AWS_CA_BUNDLE", &both)]).good();
    company.lab.age(chrono::TimeDelta::hours(2));
    let renewed = company.gate.authority.renewed();
    assert_ne!(renewed, company.gate.authority.pem);
    let (second, _tunnel) = company.gate.second_proxy();
    for (text, proxy) in [(&company.gate.authority.pem, company.gate.proxy()), (&renewed, second)] {
        let file = company.file("today.pem", text);
        company.run(&["credential-process"], &[("AWS_CA_BUNDLE", &file), ("HTTPS_PROXY", &proxy)]).good();
        company.lab.age(chrono::TimeDelta::hours(2));
    }
}

#[test]
fn replaced_root_of_the_profiles_own_bundle_is_not_accepted() {
    let company = Company::new("ca_bundle = '~/company.pem'");
    let bundle = company.file("company.pem", &company.gate.authority.pem);
    let ran = company.login(&[], &[]).failed_with(2);
    assert!(ran.stderr.contains("(ca_bundle)") && ran.stderr.contains(&bundle), "{}", ran.stderr);
    company.login(&["--accept-roots"], &[]).good();
    company.lab.age(chrono::TimeDelta::hours(2));
    company.run(&["credential-process"], &[]).good();
    let stranger = Gate::to(&company.lab, "A stranger's root");
    company.file("company.pem", &stranger.authority.pem);
    company.lab.age(chrono::TimeDelta::hours(2));
    let ran = company.run(&["credential-process"], &[("HTTPS_PROXY", &stranger.proxy())]).failed_with(3);
    assert_withheld(&ran, &stranger, "ca_bundle", &bundle);
}

#[test]
fn profiles_ca_bundle_switches_the_environments_off() {
    let company = Company::new("ca_bundle = '~/company.pem'");
    company.file("company.pem", &company.gate.authority.pem);
    company.login(&["--accept-roots"], &[]).good();
    company.lab.age(chrono::TimeDelta::hours(2));
    let stranger = Gate::to(&company.lab, "A stranger's root");
    let file = company.file("stranger.pem", &stranger.authority.pem);
    let variables = [("AWS_CA_BUNDLE", file.as_str()), ("SSL_CERT_FILE", &file), ("SSL_CERT_DIR", "/nonexistent")];
    let proxy = stranger.proxy();
    let through = [&variables[..], &[("HTTPS_PROXY", proxy.as_str())]].concat();
    let ran = company.run(&["credential-process"], &through).failed_with(5);
    assert!(ran.stderr.contains("from an issuer that this machine does not trust"), "{}", ran.stderr);
    assert_eq!(stranger.requests(), 0);
    company.lab.age(chrono::TimeDelta::minutes(1));
    company.run(&["credential-process"], &variables).good();
}

#[test]
fn profiles_proxy_switches_the_environments_off() {
    let company = Company::new("ca_bundle = '~/company.pem'");
    company.file("company.pem", &company.gate.authority.pem);
    let section = std::fs::read_to_string(company.lab.config()).unwrap();
    let proxied = |proxy: &str| {
        let line = format!("proxy = '{proxy}'\nca_bundle");
        std::fs::write(company.lab.config(), section.replacen("ca_bundle", &line, 1)).unwrap();
    };
    let stranger = Gate::to(&company.lab, "A stranger's root");
    proxied(&company.gate.proxy());
    company.login(&["--accept-roots"], &[("HTTPS_PROXY", &stranger.proxy())]).good();
    company.lab.age(chrono::TimeDelta::hours(2));
    company.run(&["credential-process"], &[("HTTPS_PROXY", "socks5://127.0.0.1:9")]).good();
    assert_eq!(stranger.connections(), 0, "the environment's proxy was used");
    company.lab.age(chrono::TimeDelta::hours(2));
    proxied("none");
    let before = company.gate.connections();
    company.run(&["credential-process"], &[]).failed_with(5);
    assert_eq!(company.gate.connections(), before, "a proxy was used");
    let ran = company.run(&["credential-process"], &[("COGFED_PROXY", &stranger.proxy())]).failed_with(2);
    assert!(ran.stderr.contains("COGFED_PROXY"), "{}", ran.stderr);
}

#[test]
fn sign_in_of_version_0_1_0_is_renewed_under_the_systems_roots() {
    let (company, bundle) = Company::new("").signed_in();
    let forget = || {
        rewrite(&company.lab.item("tokens"), |record| {
            record.as_object_mut().unwrap().remove("accepted");
        });
    };
    forget();
    let ran = company.run(&["credential-process"], &[("AWS_CA_BUNDLE", &bundle)]).failed_with(3);
    assert!(ran.stderr.contains("CN=The company's root"), "{}", ran.stderr);
    assert_eq!(company.lab.sandbox.requests().len(), 0);

    let lab = cogfed_test_support::Lab::new().expired();
    rewrite(&lab.item("tokens"), |record| {
        record.as_object_mut().unwrap().remove("accepted");
    });
    lab.credentials().good();
    assert_eq!(lab.record("tokens")["accepted"], serde_json::json!({}), "nothing beyond the system's was accepted");
}

#[cfg(target_os = "linux")]
#[test]
fn bundle_that_only_root_can_write_counts_as_the_systems() {
    let company = Company::new("");
    let source = company.file("company.pem", &company.gate.authority.pem);
    // In a mount namespace of its own, the folder of an administrator's files is empty.
    let installed = |words: &[&str], mode: &str, folder: &str| {
        let inner = company.command(words, &[("AWS_CA_BUNDLE", "/opt/company/root.pem")]);
        let script = "mount -t tmpfs -o mode=755 none /opt && mkdir /opt/company && cp \"$1\" /opt/company/root.pem \
                      && chmod \"$2\" /opt/company && cd \"$3\" || exit 99; shift 3; exec \"$@\"";
        let mut outer = std::process::Command::new("unshare");
        outer
            .args(["-rm", "sh", "-c", script, "sh", &source, mode, folder])
            .arg(inner.get_program())
            .args(inner.get_args());
        outer.env_clear().envs(inner.get_envs().filter_map(|(name, value)| Some((name, value?))));
        outer.env("PATH", std::env::var_os("PATH").unwrap_or_default()).current_dir(company.lab.temporary());
        outer.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        outer
    };
    let tried = Ran::from(installed(&["--version"], "755", "/").output().unwrap());
    if tried.status == 99 || tried.stderr.contains("unshare") {
        return cogfed_test_support::skip_anywhere("a mount namespace needs unshare and a kernel that lets us");
    }
    let waiting =
        WaitingLogin::of(installed(&["login", "--no-browser", "--accept-endpoints"], "755", "/").spawn().unwrap());
    let ran = company.complete(waiting).good();
    assert!(!ran.stderr.contains("root that is not the system's"), "{}", ran.stderr);
    assert!(company.lab.record("tokens")["accepted"]["roots"].is_null());
    company.lab.age(chrono::TimeDelta::hours(2));
    Ran::from(installed(&["credential-process"], "755", "/").output().unwrap()).good();
    company.lab.age(chrono::TimeDelta::hours(2));
    // What root keeps in a project of its own was not installed.
    let ran = Ran::from(installed(&["credential-process"], "755", "/opt/company").output().unwrap()).failed_with(3);
    assert!(ran.stderr.contains("CN=The company's root in /opt/company/root.pem"), "{}", ran.stderr);
    let ran = Ran::from(installed(&["credential-process"], "757", "/").output().unwrap()).failed_with(2);
    assert!(ran.stderr.contains("others may write to /opt/company"), "{}", ran.stderr);
}

/// Runs `login` on a new terminal, answers the prompt with `answer`, and returns the exit status and the output.
#[cfg(target_os = "linux")]
fn answered(company: &Company, answer: &str) -> Option<Ran> {
    let bundle = company.file("company.pem", &company.gate.authority.pem);
    let inner = company.command(&["login"], &[("AWS_CA_BUNDLE", &bundle)]);
    let (program, config) = (inner.get_program().display(), company.lab.config());
    let line = format!("{program} login --no-browser --timeout 1 --accept-endpoints --config {}", config.display());
    let mut outer = std::process::Command::new("script");
    outer.args(["-qefc", &line, "/dev/null"]);
    outer.env_clear().envs(inner.get_envs().filter_map(|(name, value)| Some((name, value?))));
    outer.env("SHELL", "/bin/sh").current_dir(company.lab.temporary());
    let child = outer.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
    let Ok(mut child) = child else {
        cogfed_test_support::skip("script, of util-linux, makes a terminal");
        return None;
    };
    let (mut input, mut output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    let (mut said, mut piece) = (String::new(), [0; 1024]);
    let mut is_asked = false;
    while let Ok(length @ 1..) = output.read(&mut piece) {
        said += &String::from_utf8_lossy(&piece[..length]);
        if !is_asked && said.contains("[y/N] ") {
            is_asked = true;
            input.write_all(answer.as_bytes()).unwrap();
        }
    }
    let status = child.wait().unwrap().code().unwrap();
    Some(Ran { status, stdout: String::new(), stderr: said })
}

#[cfg(target_os = "linux")]
#[test]
fn login_asks_about_a_root_and_takes_silence_for_no() {
    for answer in ["\n", "n\n", "yes please\n"] {
        let company = Company::new("");
        let Some(ran) = answered(&company, answer) else { return };
        assert_eq!(ran.status, 1, "{answer:?}: {}", ran.stderr);
        assert!(ran.stderr.contains("trust it for this sign-in? [y/N]"), "{}", ran.stderr);
        assert!(ran.stderr.contains("was not accepted: nobody was signed in"), "{}", ran.stderr);
        assert_eq!(company.gate.requests(), 0, "{}", ran.stderr);
    }
    let company = Company::new("");
    let Some(ran) = answered(&company, "Y\n") else { return };
    assert_eq!(ran.status, 3, "{}", ran.stderr);
    assert!(ran.stderr.contains("nobody signed in within 1 s"), "{}", ran.stderr);
}
