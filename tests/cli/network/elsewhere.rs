//! Tests of endpoints that neither belong to AWS nor are on loopback. The person has to accept such endpoints once, at
//! the sign-in.

use std::path::Path;

use cogfed_test_support::{PROFILE, Ran};

use super::company::Company;
use super::place::named;

/// Returns a company network, and the path of a CA bundle with its root certificate.
fn company() -> (Company, String) {
    let company = Company::new("");
    let bundle = company.file("company.pem", &company.gate.authority.pem);
    (company, bundle)
}

fn accepted(company: &Company) -> serde_json::Value {
    company.lab.record("tokens")["accepted"]["endpoints"].clone()
}

#[test]
fn private_link_accepted_once_works_afterwards_without_asking() {
    let (company, bundle) = company();
    let variables = [("AWS_CA_BUNDLE", bundle.as_str())];
    let ran = company.run(&["login", "--no-browser", "--accept-roots"], &variables).failed_with(2);
    assert!(ran.stderr.contains("pool.example (endpoints.user_pool) is not AWS's"), "{}", ran.stderr);
    assert!(
        ran.stderr
            .ends_with(&format!("hint: if you trust it, run 'cogfed login --profile {PROFILE} --accept-endpoints'\n"))
    );
    assert_eq!(company.gate.requests(), 0);
    // Company::login adds the flag.
    let ran = company.login(&["--accept-roots"], &variables).good();
    for host in ["pool.example  (endpoints.user_pool)", "sts.example  (endpoints.sts)"] {
        assert!(ran.stderr.contains(host), "{}", ran.stderr);
    }
    assert_eq!(
        accepted(&company),
        serde_json::json!(["auth.example", "identity.example", "pool.example", "sts.example"])
    );
    company.run(&["credential-process"], &variables).good();
    company.lab.age(chrono::TimeDelta::hours(2));
    company.run(&["credential-process"], &variables).good();
    let ran = company.run(&["login", "--no-browser"], &variables).good();
    assert!(ran.stderr.contains("already signed in") && !ran.stderr.contains("neither AWS's"), "{}", ran.stderr);
    company.run(&["logout"], &variables).good();
}

#[test]
fn endpoint_that_nobody_accepted_gets_no_token() {
    let (company, bundle) = company();
    let variables = [("AWS_CA_BUNDLE", bundle.as_str())];
    company.login(&["--accept-roots"], &variables).good();
    company.run(&["credential-process"], &variables).good();
    company.lab.age(chrono::TimeDelta::hours(2));
    // As in a record of 0.1.0, or after somebody changed the profile.
    let path = company.lab.items("tokens").pop().unwrap();
    let mut record = company.lab.record("tokens");
    let hosts = record["accepted"]["endpoints"].as_array().unwrap().clone();
    for missing in &hosts {
        record["accepted"]["endpoints"] = hosts.iter().filter(|host| *host != missing).cloned().collect();
        std::fs::write(&path, record.to_string()).unwrap();
        let before = company.gate.requests();
        for words in [
            &["credential-process"][..],
            &["call", "GET", "https://api.example/"],
            &["login", "--no-browser", "--no-input", "--accept-roots"],
        ] {
            let status = if words[0] == "login" { 2 } else { 3 };
            let ran = company.run(words, &variables).failed_with(status);
            assert!(ran.stderr.contains(missing.as_str().unwrap()), "{words:?}: {}", ran.stderr);
        }
        assert_eq!(company.gate.requests(), before, "{missing}");
    }
    // The sign-out deletes everything, and says that the token could not be revoked there.
    let ran = company.run(&["logout"], &variables);
    assert!(ran.stderr.contains("nobody accepted it at the sign-in"), "{}", ran.stderr);
    assert!(company.lab.items("tokens").is_empty());
}

#[test]
fn configuration_that_a_variable_chose_may_have_no_such_endpoints() {
    let (company, _) = company();
    let folder = company.lab.config().with_file_name("xdg");
    std::fs::create_dir_all(folder.join("cogfed")).unwrap();
    std::fs::create_dir_all(folder.join(".config/cogfed")).unwrap();
    std::fs::copy(company.lab.config(), folder.join("cogfed/config.toml")).unwrap();
    std::fs::copy(company.lab.config(), folder.join(".config/cogfed/config.toml")).unwrap();
    let run = |words: &[&str], variable: &str, value: &Path| -> Ran {
        let mut command = company.lab.command(words);
        command.env_remove("COGFED_CONFIG").env(variable, value).output().expect("it runs").into()
    };
    let config = company.lab.config();
    for (variable, value) in [("COGFED_CONFIG", &config), ("XDG_CONFIG_HOME", &folder), ("HOME", &folder)] {
        for words in [
            &["login", "--accept-endpoints", "--accept-roots"][..],
            &["credential-process"],
            &["status"],
            &["profile", "show"],
        ] {
            let ran = run(words, variable, value).failed_with(2);
            let said = format!("pool.example is neither AWS's nor on this machine, and {variable} chose the file");
            assert!(ran.stderr.contains(&said), "{}", ran.stderr);
        }
    }
    assert_eq!(company.gate.connections(), 0);
    let mut command = named(company.lab.command(&["profile", "show"]), &config);
    Ran::from(command.output().unwrap()).good();
}
