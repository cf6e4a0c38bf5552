//! Tests of `cogfed call`: request bodies, printed answers, and the flags `--verbose` and `--dry-run`.

use std::io::Write;
use std::process::Stdio;

use cogfed::sandbox::Misbehaviour;
use cogfed_test_support::{Lab, Ran};
use ring::digest::{SHA256, digest};
use serde_json::Value;

use super::requests::{call, signed_in};
use crate::command_line::on_a_terminal;

fn hash(body: &[u8]) -> Value {
    digest(&SHA256, body).as_ref().iter().map(|byte| format!("{byte:02x}")).collect::<String>().into()
}

/// Runs `cogfed call` with the bytes `stdin` as its standard input.
fn call_with_stdin(lab: &Lab, flags: &[&str], stdin: &[u8]) -> Ran {
    let url = format!("{}/echo/body", lab.sandbox.api_url());
    let mut child =
        lab.command(&[&["call", "POST", &url], flags].concat()).stdin(Stdio::piped()).spawn().expect("it runs");
    child.stdin.take().expect("a pipe").write_all(stdin).expect("it reads");
    child.wait_with_output().expect("it ends").into()
}

#[test]
fn call_reads_bodies_from_arguments_files_and_standard_input() {
    let lab = signed_in("alice");
    let file = lab.home().join("body.json");
    std::fs::write(&file, b"{\n\"a\": \"\xc3\xa9\"\n}\n").expect("a file");
    let at = format!("@{}", file.display());
    let sent = |flags: &[&str]| call(&lab, "POST", "/echo/body", flags).good().document()["bodySha256"].clone();
    assert_eq!(sent(&["-d", "a=1", "-d", "b= 2"]), hash(b"a=1&b= 2"));
    assert_eq!(sent(&["-d", &at]), hash(b"{\"a\": \"\xc3\xa9\"}"));
    assert_eq!(sent(&["--data-binary", &at]), hash(b"{\n\"a\": \"\xc3\xa9\"\n}\n"));
    assert_eq!(sent(&[]), hash(b""));
    let piped = |flags: &[&str]| call_with_stdin(&lab, flags, b"line\r\nline\x00\xff\n").good().document();
    assert_eq!(piped(&["-d", "-"])["bodySha256"], hash(b"lineline\xff"));
    assert_eq!(piped(&["--data-binary", "-"])["bodySha256"], hash(b"line\r\nline\x00\xff\n"));
    assert_eq!(piped(&["--data-binary", "@-"])["bodyLength"], 13);
    assert_eq!(piped(&[])["bodyLength"], 0, "the standard input is not read unasked");
}

#[test]
fn call_json_flag_sets_headers_unless_given() {
    let lab = signed_in("alice");
    let headers = |flags: &[&str]| call(&lab, "POST", "/echo/x", flags).good().document()["headers"].clone();
    let plain = headers(&["-d", "{}"]);
    assert_eq!(plain["content-type"], Value::Null, "{plain}");
    let json = headers(&["--json", "-d", "{}"]);
    assert_eq!(
        (&json["content-type"][0], &json["accept"][0]),
        (&"application/json".into(), &"application/json".into())
    );
    let own = headers(&["--json", "-d", "{}", "-H", "Content-Type: application/vnd.x+json", "-H", "X-Two:  b "]);
    assert_eq!(own["content-type"], serde_json::json!(["application/vnd.x+json"]));
    assert_eq!(own["x-two"][0], "b");
    let created = call(&lab, "POST", "/orders", &["--json", "-d", "{\"item\": \"book\"}", "-f"]).good().document();
    assert!(created.to_string().contains("book"), "{created}");
}

#[test]
fn call_include_flag_prints_the_head_first() {
    let lab = signed_in("alice");
    let ran = call(&lab, "GET", "/orders", &["-i"]).good();
    let (head, body) = ran.stdout.split_once("\n\n").expect("a head and a body");
    assert!(head.starts_with("HTTP/1.1 200 OK\n"), "{head}");
    assert!(head.contains("\ncontent-type: application/json\n") && head.contains("x-amzn-requestid: "), "{head}");
    serde_json::from_str::<Value>(body).expect("JSON");
    assert!(!call(&lab, "GET", "/orders", &[]).good().stdout.contains("HTTP/1.1"));
}

#[test]
fn call_output_flag_writes_the_answer_to_a_file() {
    let lab = signed_in("alice");
    let file = lab.home().join("answer");
    let path = file.display().to_string();
    let ran = call(&lab, "GET", "/large?bytes=5000000", &["-o", &path]).good();
    assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), ("", ""));
    assert_eq!(std::fs::read(&file).expect("a file"), vec![b'x'; 5_000_000]);
    call(&lab, "GET", "/echo/x", &["-o", &path, "-i"]).good();
    let text = std::fs::read_to_string(&file).expect("UTF-8");
    assert!(text.starts_with("HTTP/1.1 200 OK\n") && text.ends_with('}'), "the old answer is gone: {text}");
    let ran = call(&lab, "GET", "/echo/x", &["-o", "/nowhere/at/all"]);
    assert_ne!(ran.status, 0);
    assert!(ran.stderr.contains("cannot write /nowhere/at/all"), "{}", ran.stderr);
}

#[test]
fn call_prints_a_large_answer_completely() {
    let lab = signed_in("alice");
    let ran = call(&lab, "GET", "/large?bytes=10485760", &[]).good();
    assert_eq!(ran.stdout.len(), 10_485_760);
    assert!(ran.stdout.bytes().all(|byte| byte == b'x'));
}

#[test]
fn call_dry_run_shows_the_request_and_sends_nothing() {
    let lab = signed_in("alice");
    call(&lab, "GET", "/echo/x", &[]).good();
    let before = lab.sandbox.counts();
    let flags = ["--dry-run", "--json", "-d", "{\"a\": 1}", "-H", "X-Plain: seen", "-H", "Cookie: canary", "-v"];
    let ran = call(&lab, "POST", "/echo/a b?q=\u{e9}", &flags).good();
    assert_eq!(lab.sandbox.counts(), before);
    assert!(ran.stdout.starts_with("POST /prod/echo/a%20b?q=%C3%A9 HTTP/1.1\n"), "{}", ran.stdout);
    assert!(ran.stdout.ends_with("\n\n{\"a\": 1}\n"), "{}", ran.stdout);
    for line in ["x-plain: seen\n", "cookie: ****\n", "x-amz-security-token: ****\n", "Signature=****\n"] {
        assert!(ran.stdout.contains(line), "{line} in {}", ran.stdout);
    }
    assert!(!ran.stdout.contains("canary"));
    lab.assert_no_secret(&format!("{}{}", ran.stdout, ran.stderr));
}

#[test]
fn secret_headers_are_masked_wherever_the_request_is_shown() {
    let lab = signed_in("alice");
    let secret = [
        "Cookie",
        "X-Api-Key",
        "apikey",
        "X-Auth-Token",
        "X-Vault-Token",
        "Private-Token",
        "X-Amz-Server-Side-Encryption-Customer-Key",
        "X-Client-Secret",
        "X-Password",
        "X-Forwarded-Authorization",
    ];
    let headers = secret.map(|name| format!("{name}: canary"));
    let plain = "X-Amz-Server-Side-Encryption-Customer-Key-Md5: seen";
    let given: Vec<&str> =
        headers.iter().map(String::as_str).chain([plain]).flat_map(|header| ["-H", header]).collect();
    for flag in ["--dry-run", "--curl", "-v"] {
        let ran = call(&lab, "GET", "/echo/x", &[&[flag], &*given].concat()).good();
        // With -v, standard output is the answer, and the API echoes the headers.
        let shown = if flag == "-v" { &ran.stderr } else { &format!("{}{}", ran.stdout, ran.stderr) };
        assert!(!shown.contains("canary"), "{flag}: {shown}");
        assert!(shown.contains("x-amz-server-side-encryption-customer-key-md5: seen"), "{flag}: {shown}");
        for name in secret {
            assert!(shown.contains(&format!("{}: ", name.to_ascii_lowercase())), "{flag} {name}: {shown}");
        }
    }
}

#[test]
fn call_verbose_prints_both_heads_without_secrets() {
    let lab = signed_in("alice");
    let ran = call(&lab, "POST", "/x/../echo//x", &["-v", "-d", "{}"]).good();
    for words in ["> POST /prod/echo//x HTTP/1.1\n", "> x-amz-security-token: ****\n", "< HTTP/1.1 200 OK\n"] {
        assert!(ran.stderr.contains(words), "{words} in {}", ran.stderr);
    }
    assert!(ran.stderr.lines().any(|line| line.starts_with("cogfed: ") && line.contains("dot")), "{}", ran.stderr);
    assert_eq!(ran.document()["path"], "/prod/echo//x");
    lab.assert_no_secret(&format!("{}{}", ran.stdout, ran.stderr));
}

#[test]
fn call_escapes_the_body_only_on_a_terminal() {
    let lab = signed_in("alice");
    let raw = call(&lab, "GET", "/escape", &[]).good().stdout;
    assert_eq!(
        raw,
        "plain, \x1b[31mred\x1b[0m, \x1b]0;a new title\x07, \x1b[2J cleared, \u{9b}31m, \u{202e}reversed\n"
    );
    let url = format!("{}/escape", lab.sandbox.api_url());
    let Some(shown) = on_a_terminal(&lab, &["call", "GET", &url], &[("TERM", "xterm")]) else { return };
    assert!(shown.contains("plain, \\u{1b}[31mred\\u{1b}[0m, \\u{1b}]0;a new title\\u{7}, "), "{shown:?}");
    assert!(shown.contains("\\u{9b}31m, \\u{202e}reversed"), "{shown:?}");
    assert!(!shown.chars().any(|c| c.is_control() && !"\r\n".contains(c)), "{shown:?}");
    let shown = on_a_terminal(&lab, &["call", "GET", &url, "-i"], &[("TERM", "xterm")]).expect("as above");
    assert!(shown.contains("HTTP/1.1 200 OK") && !shown.contains('\u{1b}'), "{shown:?}");
}

#[test]
fn call_escapes_the_apis_own_error_text() {
    let lab = signed_in("alice");
    lab.sandbox.misbehave(Misbehaviour::Api500, None);
    let ran = call(&lab, "GET", "/echo/%1b%5b2J", &["-v"]).good();
    assert!(!ran.stderr.contains('\u{1b}'), "{:?}", ran.stderr);
}
