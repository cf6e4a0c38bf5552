//! Tests of role mappings and claims as people supply them: in other tools' formats and encodings, wrapped, or of the
//! wrong kind.

use std::fs;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use cogfed_test_support::Ran;
use serde_json::{Value, json};

use super::files::Files;

const ADMIN: &str = "arn:aws:iam::123456789012:role/Admin";
/// The issuer's part of the provider name in all of the test mappings.
const PROVIDER: &str = "cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Ex4mple01";

/// Returns the contents of a file in `tests/data/roles`.
pub fn data(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/roles");
    fs::read(folder.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Returns an ID token with these claims. Its signature is not verified.
fn token(claims: &[u8]) -> String {
    let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    format!("{}.{}.c2ln", encode(br#"{"alg":"RS256","kid":"k"}"#), encode(claims))
}

/// Runs `roles --explain` with a role mapping and claims from `tests/data/roles`.
pub fn explain(mapping: &str, claims: &str, more: &[&str]) -> Ran {
    let mapping = data(&format!("{mapping}.mapping.json"));
    explain_bytes(&mapping, data(&format!("{claims}.claims.json")), more)
}

pub fn explain_bytes(mapping: impl AsRef<[u8]>, claims: impl AsRef<[u8]>, more: &[&str]) -> Ran {
    Files::new().with("pool.json", mapping).with("claims.json", claims).run(more)
}

fn utf16(text: &str, mark: &[u8], bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
    mark.iter().copied().chain(text.encode_utf16().flat_map(bytes)).collect()
}

#[test]
fn files_of_powershell_are_read() {
    for name in ["powershell-utf16", "utf8-bom"] {
        explain(name, "admin", &["--expect", ADMIN]).good();
        explain("admin", name, &["--expect", ADMIN]).good();
    }
    let mapping = data("admin.mapping.json");
    let token = token(&data("admin.claims.json"));
    for bytes in [
        utf16(&token, b"\xff\xfe", u16::to_le_bytes),
        utf16(&token, b"\xfe\xff", u16::to_be_bytes),
        utf16(&token, b"", u16::to_le_bytes),
        [b"\xef\xbb\xbf", token.as_bytes()].concat(),
    ] {
        explain_bytes(&mapping, bytes, &["--expect", ADMIN]).good();
    }
    for bytes in [&b"\xff\xfe{\0\"\0a"[..], b"{\"custom:roles\": \"M\xfcller\"}"] {
        let ran = explain_bytes(&mapping, bytes, &[]).failed_with(2);
        assert!(ran.stderr.contains("UTF-16 text") && ran.stderr.contains("save it as UTF-8"), "{}", ran.stderr);
    }
    let too_large = utf16(&format!("{{\"a\":\"{}\"}}", "a".repeat(1 << 20)), b"\xff\xfe", u16::to_le_bytes);
    let ran = explain_bytes(too_large, "{}", &[]).failed_with(2);
    assert!(ran.stderr.contains("pool.json: it has more than 1048576 bytes"), "{}", ran.stderr);
}

#[test]
fn token_that_a_mail_program_wrapped_is_read() {
    let token = token(&data("admin.claims.json"));
    let lines: Vec<&str> = token.as_bytes().chunks(72).map(|line| std::str::from_utf8(line).unwrap()).collect();
    let quoted: Vec<String> = lines.iter().map(|line| format!("> {line}")).collect();
    for text in [
        lines.join("\r\n"),
        lines.join("\n  "),
        lines.join("=\r\n"),
        quoted.join("\n"),
        format!("Bearer {token}"),
        format!("\"{token}\"\n"),
        format!("id_token: '{token}'"),
    ] {
        let ran = explain_bytes(data("admin.mapping.json"), &text, &["--expect", ADMIN]).good();
        assert!(!ran.stdout.contains(&token), "{}", ran.stdout);
    }
    let cut = &token[..token.len() - 9];
    let ran = explain_bytes(data("admin.mapping.json"), cut, &[]).failed_with(2);
    assert!(!ran.stderr.contains(&token[30..60]), "{}", ran.stderr);
}

#[test]
fn wrapped_id_token_is_unwrapped() {
    let mapping = data("admin.mapping.json");
    let payload: Value = serde_json::from_slice(&data("admin.claims.json")).unwrap();
    let token = token(&data("admin.claims.json"));
    for name in ["wrapped-token-answer", "wrapped-initiate-auth"] {
        let text = String::from_utf8(data(&format!("{name}.claims.json"))).unwrap().replace("@JWT", &token);
        explain_bytes(&mapping, text, &["--expect", ADMIN]).good();
    }
    for document in [
        json!({ "header": { "alg": "RS256" }, "payload": payload, "signature": "x" }),
        json!({ "tokens": { "accessToken": { "payload": { "token_use": "access" } }, "idToken": { "payload": payload } } }),
        json!({ "signInUserSession": { "idToken": { "jwtToken": token, "payload": payload }, "accessToken": {} } }),
    ] {
        explain_bytes(&mapping, document.to_string(), &["--expect", ADMIN]).good();
    }
    let padding = "x".repeat(70_000);
    let large = json!({ "id_token": token, "access_token": padding, "refresh_token": padding });
    explain_bytes(&mapping, large.to_string(), &["--expect", ADMIN]).good();
}

/// If these documents were evaluated as claims, the answer would be wrong and yet reported as certain.
#[test]
fn documents_without_claims_are_named_and_not_evaluated() {
    let refused = |claims: &[u8], what: &str, hint: &str| {
        for more in [&[][..], &["--json"], &["--expect", ADMIN]] {
            let ran = explain_bytes(data("admin.mapping.json"), claims, more).failed_with(2);
            assert_eq!(ran.stdout, "");
            assert!(ran.stderr.contains(&format!("claims.json: it is {what}")), "{what}: {}", ran.stderr);
            assert!(ran.stderr.contains(&format!("hint: {hint}")), "{hint}: {}", ran.stderr);
        }
    };
    let file = |name: &str| data(&format!("{name}.claims.json"));
    let access = "an access token, and an identity pool accepts only ID tokens";
    refused(&file("access-token"), access, "give the ID token of the same sign-in");
    refused(token(&file("access-token")).as_bytes(), access, "give the ID token of the same sign-in");
    refused(
        &file("wrapped-admin-get-user"),
        "a user pool's record of a user, with its attributes, not the claims of a token",
        "give the ID token, or try the attributes alone: jq '[.UserAttributes[] | {(.Name): .Value}] | add' FILE",
    );
    refused(
        &file("wrapped-pre-token-event"),
        "the event of a Lambda trigger (TokenGeneration_HostedAuth), not the token that comes of it",
        "give the ID token, or try the attributes alone: jq .request.userAttributes FILE",
    );
    let users = json!({ "Users": [{ "Username": "x", "Attributes": [{ "Name": "custom:roles", "Value": "Admin" }] }] });
    refused(users.to_string().as_bytes(), "the answer of 'aws cognito-idp list-users'", "give an ID token");
    refused(&data("admin.mapping.json"), "a role mapping", "give it to --mapping");
    let ran = explain_bytes(data("admin.claims.json"), "{}", &[]).failed_with(2);
    assert!(ran.stderr.contains("pool.json: it is a set of claims, not a role mapping"), "{}", ran.stderr);
    assert!(ran.stderr.contains("hint: give it to --claims"), "{}", ran.stderr);
}

#[test]
fn mappings_of_other_tools_give_the_same_role() {
    for name in ["tool-cloudformation", "tool-terraform", "tool-camel-case", "tool-js-sdk-v3"] {
        let ran = explain(name, "admin", &["--json", "--expect", ADMIN]).good();
        let document = ran.document();
        assert_eq!(document["provider"], json!(format!("{PROVIDER}:7exampleclientid0000000000")), "{name}");
        assert_eq!(document["certain"], json!(true), "{name}");
    }
    let none = explain("tool-role-mappings-null", "admin", &["--json"]).good().document();
    assert_eq!((&none["type"], &none["role_arn"]), (&Value::Null, &json!("arn:aws:iam::123456789012:role/Default")));
    let template = "Resources:\n  Roles:\n    Type: AWS::Cognito::IdentityPoolRoleAttachment\n";
    let ran = explain_bytes(template, "{}", &[]).failed_with(2);
    assert!(ran.stderr.contains("pool.json: it is a CloudFormation template in YAML"), "{}", ran.stderr);
    assert!(ran.stderr.contains("get-identity-pool-roles"), "{}", ran.stderr);
}

#[test]
fn providers_are_named_as_a_whole() {
    let ran = explain("two-providers-no-iss", "two-providers-no-iss", &[]).failed_with(2);
    for client in ["7exampleclientid0000000000", "8exampleclientid0000000000"] {
        let key = format!("{PROVIDER}:{client}");
        assert!(ran.stderr.contains(&format!("'{key}'")), "{}", ran.stderr);
        let named = explain("two-providers-no-iss", "two-providers-no-iss", &["--provider", &key, "--json"]);
        assert_eq!(named.document()["provider"], json!(key));
    }
    let other = json!({ "iss": format!("https://{PROVIDER}"), "aud": "9".repeat(40), "custom:roles": "Admin" });
    let ran = explain_bytes(data("admin.mapping.json"), other.to_string(), &[]).good();
    for key in [format!("{PROVIDER}:{}", "9".repeat(40)), format!("{PROVIDER}:7exampleclientid0000000000")] {
        assert!(ran.stdout.contains(&key), "{}", ran.stdout);
    }
}
