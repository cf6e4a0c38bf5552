//! Tests with malformed configuration files and environment variables.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use super::desk::{Desk, assert_mannered};
use super::mutations::{Random, malformed};

const WHOLE: &str = r#"default_profile = "internal"

[profile.internal]
user_pool_id = "eu-west-1_AbC123xyz"
client_id = "3n4b5urk1ft4fl3mg5e62d9ado"
domain = "corp.auth.eu-west-1.amazoncognito.com"
identity_pool_id = "eu-west-1:1cf667a2-49a6-454b-9e45-231990000000"
identity_provider = "AzureAD"
scopes = ["openid", "email"]
redirect_ports = [8400, 8401]
redirect_host = "127.0.0.1"
redirect_path = "/callback"
account = "Ada (work)"
login_hint = "ada@corp.example"
prompt = "login"
refresh_token_validity = 2592000
refresh_grace = 60
role_arn = "arn:aws:iam::123456789012:role/path/Orders"
store = "file"
region = "eu-west-1"
logout_uri = "https://corp.example/bye"
issuer = "https://issuer.example/pool"

[profile.internal.endpoints]
user_pool = "http://127.0.0.1:9000/"
domain = "http://localhost:9001"
"#;

/// A profile with the settings that [`WHOLE`] lacks: an issuer instead of a user pool, and the classic flow.
const PLAIN: &str = r#"[profile.plain]
issuer = "https://login.example.com/tenant/v2.0"
issuer_hosts = ["keys.example.com", "login.example.com:8443"]
logins_key = "login.example.com/tenant/v2.0"
client_id = "11112222-bbbb-3333-cccc-4444dddd5555"
identity_pool_id = "us-east-1:1cf667a2-49a6-454b-9e45-231990000000"
email_domains = ["corp.example", "corp.test"]
fips = true
flow = "classic"
role_arn = "arn:aws:iam::123456789012:role/Orders"
session_duration = 43200

[profile.plain.endpoints]
issuer = "https://login.example.com/tenant/v2.0"
sts = "http://127.0.0.1:9002"
"#;

const VARIABLES: &[(&str, &str)] = &[
    ("COGFED_PROFILE", "desk"),
    ("COGFED_SCOPES", "openid,email"),
    ("COGFED_REDIRECT_PORTS", "8400,8401"),
    ("COGFED_REDIRECT_HOST", "localhost"),
    ("COGFED_REDIRECT_PATH", "/callback"),
    ("COGFED_ACCOUNT", "Ada (work)"),
    ("COGFED_ROLE_ARN", "arn:aws:iam::123456789012:role/Orders"),
    ("COGFED_REFRESH_GRACE", "60"),
    ("COGFED_SIGN_IN_ON_DEMAND", "false"),
    ("COGFED_STORE", "file"),
    ("COGFED_REGION", "eu-west-1"),
    ("COGFED_LOGOUT_URI", "https://corp.example/bye"),
    ("COGFED_LANG", "de"),
    ("COGFED_FLOW", "classic"),
    ("COGFED_SESSION_DURATION", "43200"),
    ("COGFED_FIPS", "true"),
    ("COGFED_LOGINS_KEY", "login.example.com"),
    ("COGFED_ISSUER_HOSTS", "keys.example.com"),
    ("COGFED_EMAIL_DOMAINS", "corp.example"),
];

#[test]
fn malformed_configurations_are_refused() {
    let mut desk = Desk::new();
    let mut random = Random(1);
    let own = desk.profile();
    for number in 0..400 {
        let valid = [own.as_str(), WHOLE, PLAIN][number % 3];
        let text = malformed(valid.as_bytes(), &mut random);
        desk.configure(&text);
        desk.variables.clear();
        let given = String::from_utf8_lossy(&text);
        let shown = desk.run(&["profile", "show"]);
        assert_mannered(&shown, &given);
        assert!([0, 2].contains(&shown.status), "{shown:?}\n{given}");
        let listed = desk.run(&["profile", "list", "--json"]);
        assert_mannered(&listed, &given);
        // The tests must not write to a person's keyring.
        desk.variables.insert("COGFED_STORE".into(), "file".into());
        let asked = desk.run(&["credential-process"]);
        assert_mannered(&asked, &given);
        assert!([2, 3].contains(&asked.status) && asked.stdout.is_empty(), "{asked:?}\n{given}");
        if number % 20 == 0 {
            let ran = desk.program(&["status"]).output().expect("cogfed runs").into();
            assert_mannered(&ran, &given);
        }
    }
}

#[test]
fn malformed_environments_are_handled() {
    let mut desk = Desk::new();
    let mut random = Random(2);
    for number in 0..200 {
        let (name, valid) = VARIABLES[number % VARIABLES.len()];
        let value = malformed(valid.as_bytes(), &mut random);
        desk.variables = [(name.to_owned(), String::from_utf8_lossy(&value).into_owned())].into();
        for words in [&["profile", "show"][..], &["credential-process"]] {
            let ran = desk.run(words);
            assert_mannered(&ran, &desk.variables);
            assert!([0, 2, 3].contains(&ran.status), "{ran:?}\n{:?}", desk.variables);
        }
        let no_nul: Vec<u8> = value.into_iter().filter(|byte| *byte != 0).collect();
        if number % 8 == 0 && no_nul.len() < 100_000 {
            desk.variables.clear();
            let mut program = desk.program(&[]);
            let ran = program.args(["profile", "show"]).env(name, OsStr::from_bytes(&no_nul));
            assert_mannered(&ran.output().expect("cogfed runs").into(), &no_nul);
        }
    }
}
