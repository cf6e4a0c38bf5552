//! `cogfed call` with whole lines of curl, in the shapes of public API documentation: each works, or names the one option
//! that does not apply. And `--curl`, the way back.

use std::process::{Command, Stdio};

use cogfed_test_support::{Lab, Ran, skip_anywhere};
use serde_json::{Value, json};

use super::requests::signed_in;
use crate::command_line::program;

/// Runs a command line by the shell, with `CALL` for `cogfed call` and `URL` for the API's echo.
fn shell(lab: &Lab, line: &str) -> Command {
    let own = lab.command(&[]);
    let call = format!("'{}' call", cogfed_test_support::program().display());
    let line = line.replace("CALL", &call).replace("URL", &format!("{}/echo", lab.sandbox.api_url()));
    let mut command = Command::new("sh");
    command.args(["-c", &line]).env_clear().current_dir(folder(lab)).stdin(Stdio::null());
    command.envs(own.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command
}

/// Returns the current folder of the lines, which has to be another one than the home.
fn folder(lab: &Lab) -> std::path::PathBuf {
    let folder = lab.home().join("work");
    std::fs::create_dir_all(&folder).expect("a folder");
    folder
}

fn ran(lab: &Lab, line: &str) -> Ran {
    Ran::from(shell(lab, line).output().expect("there is a shell"))
}

/// Lines that work, with method, path below the API's echo, query and size of the body.
const WORKING: &[(&str, &str, &str, Option<&str>, usize)] = &[
    // A payment service: form fields with brackets, and a query by -G.
    ("CALL curl URL/v1/refunds -d amount=250 -d 'metadata[order]'=17", "POST", "/v1/refunds", None, 29),
    (
        "CALL curl -G URL/v1/refunds -d 'expand[]=charge' -d limit=3",
        "GET",
        "/v1/refunds",
        Some("expand%5B%5D=charge&limit=3"),
        0,
    ),
    // A code host: a vendor's media type, and a version header.
    (
        "CALL curl -L -H 'Accept: application/vnd.host+json' -H 'X-Host-Api-Version: 2026-01-01' URL/repos/me/it/issues",
        "GET",
        "/repos/me/it/issues",
        None,
        0,
    ),
    (
        "CALL curl -L -X PATCH -H 'Accept: a/b' URL/gists/7 -d '{\"description\":\"new\"}'",
        "PATCH",
        "/gists/7",
        None,
        21,
    ),
    // A search engine: a body over several lines, a query without a value, and lines from a file.
    (
        "CALL curl -XPUT \"URL/books/_doc/3?pretty\" -H 'Content-Type: application/json' -d'\n{ \"title\": \"x\" }\n'",
        "PUT",
        "/books/_doc/3",
        Some("pretty"),
        18,
    ),
    (
        "CALL curl -s -H 'Content-Type: application/x-ndjson' -XPOST URL/_bulk --data-binary @lines",
        "POST",
        "/_bulk",
        None,
        16,
    ),
    ("CALL curl -X GET 'URL/books/_search?q=title:x&size=2'", "GET", "/books/_search", Some("q=title%3Ax&size=2"), 0),
    ("CALL curl -I URL/books", "HEAD", "", None, 0),
    // A chat: a text with spaces, encoded by curl.
    (
        "CALL curl -X POST URL/send --data-urlencode 'text=Hello & bye' --data-urlencode 'to=+4912'",
        "POST",
        "/send",
        None,
        33,
    ),
    // A form with a file.
    ("CALL curl -F file=@lines -F 'channels=C1,#general' URL/upload", "POST", "/upload", None, 0),
    // Exported by an HTTP client: long options, each on a line of its own.
    (
        "CALL curl --location --request POST 'URL/items' \\\n --header 'Content-Type: application/json' \\\n --data-raw '{\"a\": 1}'",
        "POST",
        "/items",
        None,
        8,
    ),
    // Copied from a browser.
    (
        "CALL curl 'URL/me' -H 'accept-language: de' -H 'user-agent: Mozilla/5.0' -b 'sid=1; lang=de' --compressed",
        "GET",
        "/me",
        None,
        0,
    ),
    // A gateway's documentation: an API key, and a body in double quotes.
    ("CALL curl -H \"X-API-Key: abcd\" URL/users", "GET", "/users", None, 0),
    (
        "CALL '$' curl -g -X PUT \"URL/items?ID=7&number=5\" -d \"[{\\\"ID\\\":7}]\"",
        "PUT",
        "/items",
        Some("ID=7&number=5"),
        10,
    ),
    // An upload, and a download of a part.
    ("CALL curl --upload-file lines URL/files/", "PUT", "/files/lines", None, 16),
    ("CALL curl -sSfL -r 0-99 URL/archive", "GET", "/archive", None, 0),
];

/// Lines that are refused, with the words that name the reason.
const REFUSED: &[(&str, &str, &str)] = &[
    ("CALL curl URL/v1/charges -u key_test_1:", "there is no option '-u'", "signed with the profile's credentials"),
    (
        "CALL curl -L -H 'Authorization: Bearer TOKEN' URL/user",
        "the header 'authorization' cannot be given",
        "use another client",
    ),
    (
        "CALL curl --cacert ca.crt -s -XPOST URL/_bulk --data-binary @lines",
        "there is no option '--cacert'",
        "AWS_CA_BUNDLE",
    ),
    ("CALL curl -k -X GET URL/health", "there is no option '-k'", "ca_bundle"),
    (
        "CALL curl --aws-sigv4 aws:amz:eu-west-1:execute-api --user a:b URL/x",
        "there is no option '--aws-sigv4'",
        "--service",
    ),
    (
        "CALL curl -X POST 'https://{api-id}.execute-api.{region}.amazonaws.com/p' -d x",
        "holds '{api-id}'",
        "the API's id there",
    ),
    ("CALL curl -X PUT localhost:9200/books", "the URL has no scheme", "https://HOST/STAGE/PATH"),
];

#[test]
fn lines_of_curl_from_documentation_work() {
    let lab = signed_in("alice");
    std::fs::write(folder(&lab).join("lines"), "{\"a\":1}\n{\"b\":2}\n").expect("a file");
    for (line, method, path, query, size) in WORKING {
        let ran = ran(&lab, line);
        assert_eq!(ran.status, 0, "{line}: {ran:?}");
        if *method == "HEAD" {
            assert!(ran.stdout.contains("200"), "{line}: {ran:?}");
            continue;
        }
        let echo = ran.document();
        let expected = (json!(method), json!(format!("/prod/echo{path}")), json!(query));
        assert_eq!((echo["method"].clone(), echo["path"].clone(), echo["query"].clone()), expected, "{line}");
        let is_form = line.contains(" -F ");
        assert!(is_form || echo["bodyLength"] == *size, "{line}: {}", echo["bodyLength"]);
    }
    assert_eq!(WORKING.len() + REFUSED.len(), 23);
}

#[test]
fn lines_of_curl_that_do_not_apply_name_one_reason() {
    let lab = signed_in("alice");
    lab.sandbox.clear_log();
    for (line, reason, advice) in REFUSED {
        let ran = ran(&lab, line).failed_with(2);
        assert!(ran.one_error_and_hint().contains(reason), "{line}: {}", ran.stderr);
        assert!(ran.stderr.contains(advice), "{line}: {}", ran.stderr);
    }
    assert!(lab.sandbox.requests().is_empty());
}

/// Returns the parts of an echoed request that have to be equal.
fn parts(echo: &Value) -> Value {
    let headers = echo["headers"].as_object().expect("headers").iter();
    let own =
        headers.filter(|(name, _)| name.starts_with("x-a") && !name.starts_with("x-amz") || *name == "content-type");
    // A repeated header means the same as one with all values (RFC 9110, section 5.3).
    let joined = |values: &Value| {
        values
            .as_array()
            .expect("values")
            .iter()
            .map(|value| value.as_str().unwrap_or_default())
            .collect::<Vec<_>>()
            .join(",")
    };
    let own: Vec<_> = own.map(|(name, values)| (name, joined(values))).collect();
    json!([echo["method"], echo["path"], echo["query"], echo["bodySha256"], own])
}

#[test]
fn printed_line_of_curl_sends_the_same_request() {
    let version = |path| Command::new(path).arg("--version").output().ok();
    let Some(version) = program("curl").and_then(version) else { return skip_anywhere("there is no curl here") };
    let version = String::from_utf8_lossy(&version.stdout).into_owned();
    let number = version.split([' ', '.']).nth(1).and_then(|major| major.parse::<u32>().ok()).unwrap_or_default();
    if number < 8 && !version.starts_with("curl 7.8") {
        return skip_anywhere("this curl cannot sign");
    }
    let lab = signed_in("alice");
    std::fs::write(folder(&lab).join("a b.bin"), b"\x00\xff\r\n").expect("a file");
    let keys = lab.run(&["credential-process"]).good().document();
    for line in [
        "CALL URL/x",
        "CALL 'URL/x?b=2&a=1 2' -X DELETE",
        "CALL URL/x --json '{\"it\": \"is\\n'\"'\"'quoted'\"'\"'\"}' -H 'X-A: J\u{fc}rgen $HOME'",
        "CALL URL/x -d @- </dev/null -X POST -H 'X-A: 1' -H 'X-A: 2'",
        "CALL URL/x -d text -d b",
        "CALL URL/x --data-raw '@text; `id`'",
        "CALL URL/x -T 'a b.bin'",
        "CALL URL/x --data-binary '@a b.bin' -H 'Content-Type: a/b'",
    ] {
        let printed = ran(&lab, &format!("{line} --curl")).good();
        lab.assert_no_secret(&format!("{}{}", printed.stdout, printed.stderr));
        assert_eq!(printed.stdout.matches("curl ").count(), 1, "{}", printed.stdout);
        let mut curl = shell(&lab, &printed.stdout);
        curl.env("PATH", std::env::var_os("PATH").expect("a path"));
        for (variable, key) in [
            ("AWS_ACCESS_KEY_ID", "AccessKeyId"),
            ("AWS_SECRET_ACCESS_KEY", "SecretAccessKey"),
            ("AWS_SESSION_TOKEN", "SessionToken"),
        ] {
            curl.env(variable, keys[key].as_str().expect("a key"));
        }
        let theirs = Ran::from(curl.output().expect("curl runs")).good();
        let ours = parts(&ran(&lab, line).good().document());
        // curl 7.88 signs a query in its own order, so the line has it sorted.
        let sorted = json!("a=1%202&b=2");
        let mut expected = ours;
        if expected[2] == "b=2&a=1%202" {
            expected[2] = sorted;
        }
        assert_eq!(parts(&theirs.document()), expected, "{}", printed.stdout);
    }
    assert!(lab.sandbox.count("api.refused") == 0);
}

#[test]
fn printed_line_of_curl_keeps_the_flags_about_the_connection() {
    let lab = Lab::new();
    let flags = "--cert c.pem:canary --key 'a b.key' --connect-to ::127.0.0.1:1 --resolve h:1:127.0.0.1";
    let ran =
        ran(&lab, &format!("echo x | CALL URL/x -T . -L {flags} -H 'X-Api-Key: 1' -H 'Cookie: a=1' --curl")).good();
    for part in [
        " --cert c.pem --key 'a b.key' --connect-to ::127.0.0.1:1 --resolve h:1:127.0.0.1 ",
        " -X PUT ",
        " --data-binary @- ",
    ] {
        assert!(ran.stdout.contains(part), "{part} in {}", ran.stdout);
    }
    assert!(!ran.stdout.contains("canary") && !ran.stdout.contains(" -L"), "{}", ran.stdout);
    assert!(ran.stderr.contains("-L is left out"), "{}", ran.stderr);
    assert_eq!(ran.stderr.matches("set the variable of each secret header").count(), 1, "{}", ran.stderr);
    assert!(lab.sandbox.requests().is_empty());
}

#[test]
fn curl_flag_needs_no_sign_in_and_sends_nothing() {
    let lab = Lab::new();
    let url = format!("{}/echo/x", lab.sandbox.api_url());
    let line = lab.run(&["call", &url, "-H", "X-Api-Key: canary", "--curl"]).good();
    assert!(line.stdout.starts_with("curl --aws-sigv4 aws:amz:eu-west-1:execute-api "), "{}", line.stdout);
    assert!(line.stdout.contains("\"x-api-key: $X_API_KEY\"") && !line.stdout.contains("canary"), "{}", line.stdout);
    assert!(line.stderr.contains("set the variable of each secret header"), "{}", line.stderr);
    let ran = lab.run(&["call", &url, "--data-raw", "a\u{1}", "--curl"]).failed_with(2);
    assert!(ran.one_error_and_hint().contains("does not fit into a command line"), "{}", ran.stderr);
    assert!(lab.sandbox.requests().is_empty());
}
