//! Tests of `roles --explain` with valid and invalid files only, without a profile or a sign-in.

use std::fs;
use std::process::{Command, Stdio};

use cogfed_test_support::{Ran, program};
use serde_json::{Value, json};

const ADMIN: &str = "arn:aws:iam::123456789012:role/OrdersAdmin";
const READER: &str = "arn:aws:iam::123456789012:role/OrdersReader";
const DEFAULT: &str = "arn:aws:iam::123456789012:role/Default";

/// A folder that contains only the files of a test.
pub struct Files(tempfile::TempDir);

impl Files {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub fn with(self, name: &str, content: impl AsRef<[u8]>) -> Self {
        fs::write(self.0.path().join(name), content).unwrap();
        self
    }

    /// Runs `roles --explain` in this folder, which is also the home folder. If `stdin` is given, standard input is the
    /// file of that name.
    fn run_with(&self, words: &[&str], stdin: Option<&str>) -> Ran {
        let stdin = stdin.map_or(Stdio::null(), |name| fs::File::open(self.0.path().join(name)).unwrap().into());
        let mut command = Command::new(program());
        command.args(["roles", "--explain"]).args(words).env_clear().env("HOME", self.0.path());
        command.current_dir(self.0.path()).stdin(stdin).output().unwrap().into()
    }

    pub fn run(&self, more: &[&str]) -> Ran {
        self.run_with(&[&["--mapping", "pool.json", "--claims", "claims.json"], more].concat(), None)
    }
}

fn rule(match_type: &str, value: &str, role: &str) -> Value {
    json!({ "Claim": "custom:roles", "MatchType": match_type, "Value": value, "RoleARN": role })
}

fn pool(rules: &[Value], ambiguous: &str) -> String {
    json!({
        "IdentityPoolId": "eu-west-1:1cf667a2-49a6-454b-9e45-23199EXAMPLE",
        "Roles": { "authenticated": DEFAULT },
        "RoleMappings": { "cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbC123xyz:client": {
            "Type": "Rules", "AmbiguousRoleResolution": ambiguous, "RulesConfiguration": { "Rules": rules },
        } },
    })
    .to_string()
}

fn usual() -> String {
    pool(&[rule("Contains", "Orders.Admin", ADMIN), rule("Contains", "Orders.Read", READER)], "Deny")
}

fn claims(roles: &str) -> String {
    json!({
        "iss": "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbC123xyz",
        "aud": "client",
        "custom:roles": roles,
    })
    .to_string()
}

#[test]
fn explain_lists_every_rule_with_its_reason() {
    let files = Files::new().with("pool.json", usual()).with("claims.json", claims("[Orders.Read, api%3Aread]"));
    let ran = files.run(&[]).good();
    assert_eq!(ran.stderr, "");
    let expected = "\
outcome       arn:aws:iam::123456789012:role/OrdersReader
              rule 2 is the first that matches
certain       yes
identity pool eu-west-1:1cf667a2-49a6-454b-9e45-23199EXAMPLE
provider      cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbC123xyz:client  (from the token's iss and aud)
mapping       Rules, otherwise Deny
roles         Orders.Read, api:read  (custom:roles)
rules          1 custom:roles Contains 'Orders.Admin' -> arn:aws:iam::123456789012:role/OrdersAdmin
                 does not match: custom:roles is '[Orders.Read, api%3Aread]', which does not contain 'Orders.Admin'
               2 custom:roles Contains 'Orders.Read' -> arn:aws:iam::123456789012:role/OrdersReader
                 matches, and is the first: custom:roles is '[Orders.Read, api%3Aread]', which contains 'Orders.Read'
note          custom:roles may be out of date: the user pool keeps the last value when the directory stops sending one
";
    assert_eq!(ran.stdout, expected);
    let none: Vec<_> = fs::read_dir(files.0.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(none.len(), 2, "nothing is written: {none:?}");
}

#[test]
fn explain_sets_the_status_and_prints_json() {
    let files = Files::new().with("pool.json", usual());
    let of = |roles: &str, more: &[&str]| {
        fs::write(files.0.path().join("claims.json"), claims(roles)).unwrap();
        files.run(more)
    };
    let met = of("Orders.Admin", &["--expect", ADMIN]).good();
    assert!(met.stdout.contains("\nas expected   yes\n"), "{}", met.stdout);
    assert_eq!(of("Orders.Admin", &["--expect", ADMIN, "--json"]).good().document()["as_expected"], json!(true));
    let other = of("Orders.Admin", &["--expect", READER]).failed_with(1);
    assert!(other.stderr.contains(&format!("the role given is {ADMIN}, not {READER}")), "{}", other.stderr);
    of("Guest", &["--expect", ADMIN]).failed_with(6);
    let denied = of("Guest", &[]).failed_with(6);
    assert!(
        denied.stderr.contains("gives no role: no rule matches, and AmbiguousRoleResolution is Deny"),
        "{denied:?}"
    );
    of("Orders.Admin", &["--strict"]).good();
    let strict = of("[NotOrders.Admin, x]", &["--strict"]).failed_with(1);
    assert!(strict.stderr.contains("there are warnings: 1"), "{}", strict.stderr);
    of("[NotOrders.Admin, x]", &[]).good();
    let uncertain = of("orders.admin", &["--json"]).failed_with(6).document();
    assert_eq!((&uncertain["outcome"], &uncertain["role_arn"]), (&json!("denied"), &Value::Null));
    assert_eq!(uncertain["certain"], json!(false));
    assert_eq!(uncertain["doubts"][0]["questions"], json!(["letter_case"]));
    assert_eq!(uncertain["doubts"][0]["role_arn"], json!(ADMIN));
    assert_eq!((&uncertain["rules"][0]["certain"], &uncertain["rules"][1]["certain"]), (&json!(false), &json!(true)));
}

#[test]
fn explain_json_has_the_documented_fields() {
    let files = Files::new().with("pool.json", usual()).with("claims.json", claims("[Orders.Admin, Orders.Read]"));
    let document = files.run(&["--json", "--role", READER]).good().document();
    let names: Vec<&String> = document.as_object().unwrap().keys().collect();
    let expected = [
        "ambiguous_role_resolution",
        "as_expected",
        "asserted",
        "certain",
        "custom_role",
        "doubts",
        "findings",
        "identity_pool_id",
        "outcome",
        "profile",
        "provider",
        "provider_chosen_by",
        "role_arn",
        "rules",
        "type",
        "why",
    ];
    assert_eq!(names, expected);
    assert_eq!((&document["role_arn"], &document["custom_role"]), (&json!(READER), &json!(READER)));
    assert_eq!((&document["provider_chosen_by"], &document["type"]), (&json!("token"), &json!("Rules")));
    assert_eq!(document["asserted"]["roles"]["custom:roles"], json!(["Orders.Admin", "Orders.Read"]));
    let rule = &document["rules"][0];
    let names: Vec<&String> = rule.as_object().unwrap().keys().collect();
    let expected = ["certain", "claim", "decides", "match_type", "number", "result", "role_arn", "value", "why"];
    assert_eq!(names, expected);
    assert_eq!((&rule["number"], &rule["result"], &rule["decides"]), (&json!(1), &json!("matched"), &json!(false)));
    let finding = &document["findings"][0];
    assert_eq!((&finding["severity"], &finding["code"]), (&json!("note"), &json!("several_rules_match")));
    let help = String::from_utf8(Command::new(program()).args(["roles", "--help"]).output().unwrap().stdout).unwrap();
    for name in document.as_object().unwrap().keys().chain(rule.as_object().unwrap().keys()) {
        assert!(help.contains(name.as_str()), "{name}");
    }
}

#[test]
fn uncertain_outcome_fails_an_expectation() {
    let groups = json!({ "Claim": "cognito:groups", "MatchType": "Contains", "Value": "Admin", "RoleARN": ADMIN });
    let files = Files::new()
        .with("pool.json", pool(&[groups], "AuthenticatedRole"))
        .with("claims.json", json!({ "cognito:groups": ["NotAdmin"] }).to_string());
    let ran = files.run(&["--expect", ADMIN]).failed_with(1);
    assert!(ran.stderr.contains("but that is not certain"), "{}", ran.stderr);
    let line = format!("if Contains needs one element of an array to equal its value: {DEFAULT}");
    assert!(ran.stdout.contains(&line) && ran.stdout.contains("certain       no:"), "{}", ran.stdout);
    assert!(ran.stdout.contains("(the only one)"), "{}", ran.stdout);
    files.run(&[]).good();
    files.run(&["--strict"]).failed_with(1);
}

#[test]
fn standard_input_replaces_one_of_the_files() {
    let files = Files::new().with("pool.json", usual()).with("claims.json", claims("Orders.Admin"));
    files.run_with(&["--mapping", "-", "--claims", "claims.json", "--expect", ADMIN], Some("pool.json")).good();
    files.run_with(&["--mapping", "pool.json", "--claims", "-", "--expect", ADMIN], Some("claims.json")).good();
    let twice = files.run_with(&["--mapping", "-", "--claims", "-"], Some("pool.json")).failed_with(2);
    assert!(twice.stderr.contains("both read standard input"), "{}", twice.stderr);
}

#[test]
fn raw_token_serves_as_claims() {
    use base64::Engine;
    let encode = |text: &str| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text);
    let token = format!("{}.{}.c2ln\n", encode(r#"{"alg":"none"}"#), encode(&claims("Orders.Admin")));
    let files = Files::new().with("pool.json", usual()).with("claims.json", &token);
    let ran = files.run(&["--expect", ADMIN]).good();
    assert!(!ran.stdout.contains(token.trim()), "{}", ran.stdout);
}

#[test]
fn mapping_entry_is_chosen_by_token_or_name() {
    let entry = json!({ "Type": "Token", "AmbiguousRoleResolution": "Deny" });
    let two = json!({ "Roles": { "authenticated": DEFAULT }, "RoleMappings": { "one:c": entry, "two:c": entry } });
    let files = Files::new().with("pool.json", two.to_string()).with(
        "claims.json",
        json!({ "iss": "https://three", "aud": "c", "cognito:preferred_role": ADMIN }).to_string(),
    );
    let ran = files.run(&[]).failed_with(2);
    assert!(ran.stderr.contains("hint: name one with --provider: 'one:c', 'two:c'"), "{}", ran.stderr);
    let named = files.run(&["--provider", "two:c", "--json"]).good().document();
    assert_eq!((&named["provider"], &named["provider_chosen_by"]), (&json!("two:c"), &json!("flag")));
    assert_eq!(named["findings"][0]["code"], json!("other_provider"));
    files.run(&["--provider", "four:c"]).failed_with(2);
    files.run(&["--provider", "two:c", "--expect", ADMIN]).good();
    let one = json!({ "Roles": { "authenticated": DEFAULT }, "RoleMappings": { "one:c": entry } });
    let files = files.with("pool.json", one.to_string());
    let ran = files.run(&["--expect", ADMIN]).failed_with(1);
    let said = "no: this mapping may not be the one that applies, see the first warning";
    assert!(ran.stdout.contains(said) && ran.stderr.contains("but that is not certain"), "{ran:?}");
    let files = files.with("pool.json", json!({ "Roles": { "authenticated": DEFAULT } }).to_string());
    assert_eq!(files.run(&["--json"]).good().document()["provider_chosen_by"], json!("none"));
    let files = files.with("pool.json", "{}");
    let ran = files.run(&["--json"]).failed_with(6);
    assert_eq!(ran.document()["outcome"], json!("no_role"));
}

#[test]
fn hostile_files_fail_with_one_short_line() {
    let deep = "[".repeat(200_000);
    let nested = format!("{{\"a\":{}", "{\"a\":".repeat(100_000));
    let twice = r#"{"custom:roles":"Orders.Admin","custom:roles":"Orders.Read"}"#;
    let wrong: &[&[u8]] = &[
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff\xfe",
        b"a.b",
        b"a.b.c",
        b"e30.W10.e30",
        deep.as_bytes(),
        nested.as_bytes(),
        &[b' '; (1 << 20) + 1],
        twice.as_bytes(),
        b"\x1b[2Jx",
        b"\0",
    ];
    for bytes in wrong {
        let told = |ran: Ran| {
            assert!(ran.stdout.is_empty(), "{ran:?}");
            assert!(ran.stderr.len() < 800 && ran.stderr.lines().count() <= 2, "{ran:?}");
            assert!(!ran.stderr.chars().any(|c| c.is_control() && c != '\n'), "{ran:?}");
            ran
        };
        let files = Files::new().with("pool.json", usual()).with("claims.json", bytes);
        let ran = told(files.run(&[]).failed_with(2));
        assert!(ran.stderr.contains("claims.json: "), "{}", ran.stderr);
        let files = Files::new().with("pool.json", bytes).with("claims.json", claims("x"));
        let ran = told(files.run(&[]).failed_with(2));
        assert!(ran.stderr.contains("pool.json: "), "{}", ran.stderr);
    }
    let longer_than_any_token = format!("{{\"a\":\"{}\"}}", "a".repeat(64 * 1024));
    let files = Files::new().with("pool.json", usual()).with("claims.json", longer_than_any_token);
    let ran = files.run(&[]).failed_with(2);
    assert!(ran.stderr.contains("claims.json: it has more than 65536 bytes"), "{}", ran.stderr);
    let files = Files::new().with("pool.json", usual());
    for missing in ["claims.json", "."] {
        let ran = files.run_with(&["--mapping", "pool.json", "--claims", missing], None).failed_with(2);
        assert!(ran.stderr.contains(&format!("cannot read {missing}: ")), "{}", ran.stderr);
    }
}

#[test]
fn terminal_sequences_in_files_are_escaped() {
    let evil = "\u{1b}]52;c;aGk=\u{7}\u{202e}\nroot";
    let hostile = |key: &str| {
        let mut rule = rule("Contains", "x", ADMIN);
        rule[key] = json!(evil);
        pool(&[rule], "AuthenticatedRole")
    };
    let sample = json!({ evil: evil, "custom:roles": [evil], "cognito:groups": evil, "cognito:preferred_role": evil });
    for key in ["Claim", "Value"] {
        let files = Files::new().with("pool.json", hostile(key)).with("claims.json", sample.to_string());
        let text = files.run(&[]).good().stdout;
        assert!(!text.chars().any(|c| (c.is_control() && c != '\n') || c == '\u{202e}'), "{text:?}");
        assert!(text.contains("\\u{1b}]52") && !text.lines().any(|line| line.starts_with("root")), "{text:?}");
    }
}

#[test]
fn flags_require_explain_and_valid_arns() {
    let files = Files::new().with("pool.json", usual()).with("claims.json", claims("x"));
    for flag in [["--expect", "admin"], ["--role", "admin"]] {
        let ran = files.run(&flag).failed_with(2);
        assert!(ran.stderr.contains(&format!("{}: 'admin' is not the ARN", flag[0])), "{}", ran.stderr);
    }
    let bare = Command::new(program()).args(["roles", "--strict"]).output().unwrap();
    assert_eq!(bare.status.code(), Some(2));
}
