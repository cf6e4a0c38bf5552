//! `cogfed call` where curl has rules that few people know: quoted fields of forms, repeated flags, values that mean "none",
//! and the files of headers.

use cogfed_test_support::Lab;
use serde_json::{Value, json};

use super::input::{echoed, hash, run};
use super::requests::signed_in;

/// Returns the body of a form with one part, after its Content-Type.
fn form_of(echo: &Value, head: &str, content: &str) -> Value {
    let media_type = echo["headers"]["content-type"][0].as_str().expect("a type");
    let (_, boundary) = media_type.split_once("; boundary=").expect("a form");
    hash(format!("--{boundary}\r\nContent-Disposition: form-data; {head}\r\n\r\n{content}\r\n--{boundary}--\r\n"))
}

fn written(lab: &Lab, name: &str, text: &str) -> String {
    let path = lab.home().join(name);
    std::fs::write(&path, text).expect("a file");
    path.display().to_string()
}

#[test]
fn quotes_and_blanks_of_form_fields_are_curls() {
    let lab = signed_in("alice");
    let file = written(&lab, "data.csv", "1,2");
    let named = format!("n=@{file}; filename=other");
    for (field, head, content) in [
        ("n=\"my name\"", "name=\"n\"", "my name"),
        (r#"n="{\"a\":1}";type=application/json"#, "name=\"n\"\r\nContent-Type: application/json", r#"{"a":1}"#),
        ("n=\"q;type=x\"", "name=\"n\"", "q;type=x"),
        ("n=\"red; green; blue\";type=text/x-myapp", "name=\"n\"\r\nContent-Type: text/x-myapp", "red; green; blue"),
        ("n=1; type=text/x", "name=\"n\"\r\nContent-Type: text/x", "1"),
        (&named, "name=\"n\"; filename=\"other\"\r\nContent-Type: text/csv", "1,2"),
    ] {
        let echo = echoed(&lab, &["URL", "-F", field]);
        assert_eq!(echo["bodySha256"], form_of(&echo, head, content), "{field}");
    }
    for (field, message) in [
        ("=x", "the form field '=x' has no name"),
        ("n=\"a\",\"b\"", "the form field 'n' has text behind its quotation marks"),
    ] {
        let ran = run(&lab, &["URL", "-F", field]).failed_with(2);
        assert!(ran.one_error_and_hint().contains(message), "{}", ran.stderr);
    }
}

#[test]
fn given_type_of_a_form_gets_its_boundary() {
    let lab = signed_in("alice");
    for (given, before) in [
        ("multipart/form-data", "multipart/form-data; boundary="),
        ("Multipart/Form-Data; charset=utf-8", "Multipart/Form-Data; charset=utf-8; boundary="),
        ("multipart/form-data; boundary=----WebKit7", "multipart/form-data; boundary="),
    ] {
        let ran = run(&lab, &["URL", "-F", "n=1", "-H", &format!("Content-Type: {given}")]).good();
        let echo = ran.document();
        assert_eq!(echo["headers"]["content-type"].as_array().map(Vec::len), Some(1));
        let sent = echo["headers"]["content-type"][0].as_str().expect("a type");
        assert!(sent.starts_with(before) && !sent.contains("WebKit"), "{sent}");
        assert_eq!(echo["bodySha256"], form_of(&echo, "name=\"n\"", "1"), "{given}");
        assert_eq!(ran.stderr.contains("gets the form's own boundary"), given.contains("WebKit"), "{}", ran.stderr);
    }
    let ran = run(&lab, &["URL", "-F", "n=1", "-H", "Content-Type: application/json"]).failed_with(2);
    assert!(ran.one_error_and_hint().contains("'application/json' does not fit a form"), "{}", ran.stderr);
    assert_eq!(echoed(&lab, &["URL", "-F", "n=1", "-H", "Content-Type:"])["headers"]["content-type"], Value::Null);
}

#[test]
fn empty_and_joined_json_is_sent_as_by_curl() {
    let lab = signed_in("alice");
    for (line, method, body) in [
        (&["--json", "", "URL"][..], "POST", ""),
        (&["URL", "--json", ""], "POST", ""),
        (&["URL", "--json"], "GET", ""),
        (&["--json", "{}", "-d", "x", "-d", "y", "URL"], "POST", "{}&x&y"),
        (&["-d", "x", "--json", "{}", "URL"], "POST", "x{}"),
        (&["--json", "{\"a\":", "--json", "1}", "URL"], "POST", "{\"a\":1}"),
    ] {
        let echo = echoed(&lab, line);
        assert_eq!((&echo["method"], &echo["bodySha256"]), (&json!(method), &hash(body)), "{line:?}");
        assert_eq!(echo["headers"]["content-type"][0], "application/json", "{line:?}");
    }
}

#[test]
fn upload_to_a_bare_host_gets_the_files_name() {
    let lab = signed_in("alice");
    let file = written(&lab, "f.csv", "1,2");
    for (url, expected) in [
        ("https://a.execute-api.eu-west-1.amazonaws.com", "PUT /f.csv HTTP"),
        ("https://a.execute-api.eu-west-1.amazonaws.com?x=1", "PUT /f.csv?x=1 HTTP"),
        ("https://a.execute-api.eu-west-1.amazonaws.com/p", "PUT /p HTTP"),
    ] {
        let ran = lab.run(&["call", "-T", &file, url, "--dry-run"]).good();
        assert!(ran.stdout.starts_with(expected), "{url}: {}", ran.stdout);
    }
}

#[test]
fn range_of_one_number_lasts_to_the_end() {
    let lab = signed_in("alice");
    for (range, sent) in [("5", "bytes=5-"), ("5-", "bytes=5-"), ("-5", "bytes=-5"), ("0-4,7-9", "bytes=0-4,7-9")] {
        assert_eq!(echoed(&lab, &["URL", "-r", range])["headers"]["range"], json!([sent]), "{range}");
    }
}

#[test]
fn ranges_and_lists_in_a_url_are_noted() {
    let lab = signed_in("alice");
    for (url, text) in
        [("URL/[1-3]", Some("[1-3]")), ("URL?a={x,y}", Some("{x,y}")), ("URL?a[]=1&b[0]=2&c={\"d\":1,\"e\":2}", None)]
    {
        let stderr = run(&lab, &[url]).good().stderr;
        match text {
            Some(text) => {
                assert!(
                    stderr.contains(&format!("holds '{text}', which is sent as it is: one call sends")),
                    "{stderr}"
                );
            }
            None => assert_eq!(stderr, "", "{url}"),
        }
    }
}

#[test]
fn last_of_repeated_flags_counts() {
    let lab = signed_in("alice");
    let echo = echoed(
        &lab,
        &[
            "-sSL", "-s", "-L", "-X", "POST", "-X", "PUT", "-A", "a", "-A", "b", "-m", "3", "-m", "60", "-r1-2",
            "-r3-4", "URL",
        ],
    );
    assert_eq!((&echo["method"], &echo["headers"]["user-agent"]), (&json!("PUT"), &json!(["b"])));
    assert_eq!(echo["headers"]["range"], json!(["bytes=3-4"]));
    // Lists grow all the same.
    let echo = echoed(&lab, &["-H", "x-a: 1", "-H", "x-b: 2", "-d", "1", "-d", "2", "URL"]);
    assert_eq!((&echo["headers"]["x-a"], &echo["headers"]["x-b"]), (&json!(["1"]), &json!(["2"])));
    assert_eq!(echo["bodySha256"], hash("1&2"));
    let ran = run(&lab, &["-vvv", "URL"]).good();
    assert_eq!(ran.stderr.matches("> GET ").count(), 1, "{}", ran.stderr);
    // Here curl has two transfers, or refuses the line, too.
    for (line, message) in [
        (&["URL", "-o", "a", "-o", "b"][..], "can be given only once"),
        (&["URL", "-T", "a", "-T", "b"], "can be given only once"),
        (&["URL", "-f", "--fail-with-body"], "cannot be used with"),
    ] {
        let ran = run(&lab, line).failed_with(2);
        assert!(ran.one_error_and_hint().contains(message), "{line:?}: {}", ran.stderr);
    }
}

#[test]
fn zero_stands_for_the_default_as_in_curl() {
    let lab = signed_in("alice");
    for line in [
        &["-m", "0", "URL"][..],
        &["--max-time", "0.0", "--connect-timeout", "0", "URL"],
        &["--retry", "1", "--retry-delay", "0", "--retry-max-time", "0", "URL"],
        &["-L", "--max-redirs", "-1", "URL"],
    ] {
        assert_eq!(echoed(&lab, line)["method"], "GET", "{line:?}");
    }
    let ran = run(&lab, &["--max-redirs", "-2", "URL"]).failed_with(2);
    assert!(ran.one_error_and_hint().contains("-1 for any number"), "{}", ran.stderr);
}

#[test]
fn signs_before_resolved_hosts_are_understood() {
    let lab = signed_in("alice");
    let port = lab.sandbox.api_url().split(['/', ':']).nth(4).expect("a port").to_owned();
    let url = format!("http://localhost:{port}/prod/echo/x");
    let resolve = format!("+localhost:{port}:127.0.0.1");
    let ran = lab.run(&["call", &url, "--region", "eu-west-1", "--resolve", &resolve]).good();
    assert_eq!(ran.document()["headers"]["host"], json!([format!("localhost:{port}")]));
    let ran = lab.run(&["call", &url, "--region", "eu-west-1", "--resolve", "-localhost:80"]).failed_with(2);
    assert!(ran.stderr.contains("takes an address back"), "{}", ran.stderr);
}

#[test]
fn prefixes_of_pasted_downloads_are_accepted() {
    let lab = signed_in("alice");
    for line in [
        &["--proto", "=https", "--tlsv1.2", "-sSf", "URL"][..],
        &["--proto", "-all,https", "--proto-redir", "=https", "--proto-default", "https", "URL"],
        &["--remove-on-error", "--rate", "2/s", "URL"],
    ] {
        assert_eq!(run(&lab, line).good().stderr, "", "{line:?}");
    }
    for (option, advice) in [
        ("--retry-all-errors", "--retry repeats a request after every failure"),
        ("--crlf", "a body is sent as it is"),
        ("--data-u", "did you mean '--data-urlencode'?"),
    ] {
        let ran = run(&lab, &["URL", option]).failed_with(2);
        assert!(ran.one_error_and_hint().contains(&format!("no option '{option}'")), "{}", ran.stderr);
        assert!(ran.stderr.contains(advice), "{}", ran.stderr);
    }
    let ran = run(&lab, &["--config", "-", "URL"]).failed_with(2);
    assert!(ran.one_error_and_hint().contains("--config names cogfed's configuration file"), "{}", ran.stderr);
    assert!(ran.stderr.contains("write the options of curl on the command line"), "{}", ran.stderr);
}

#[test]
fn unreadable_file_names_its_flag() {
    let lab = signed_in("alice");
    for (line, message, hint) in [
        (&["-T", "no"][..], "cannot read the body of --upload-file from 'no'", "'-' reads standard input"),
        (&["-H", "@no"], "cannot read the headers of --header from 'no'", "'@-' reads standard input"),
        (&["-F", "a=@no"], "cannot read a field of --form from 'no'", "needs --form-string"),
        (&["-d", "@no"], "cannot read the body from 'no'", "needs --data-raw"),
    ] {
        let ran = run(&lab, &[&["URL"], line].concat()).failed_with(2);
        assert!(ran.one_error_and_hint().contains(message), "{line:?}: {}", ran.stderr);
        assert!(ran.stderr.contains(hint), "{line:?}: {}", ran.stderr);
    }
}

#[test]
fn file_of_headers_may_hold_comments() {
    let lab = signed_in("alice");
    let file = format!("@{}", written(&lab, "good", "# for: tests\n\nX-One: 1\n  # more\nX-Two: 2\n"));
    let headers = echoed(&lab, &["URL", "-H", &file])["headers"].clone();
    assert_eq!((&headers["x-one"], &headers["x-two"]), (&json!(["1"]), &json!(["2"])));
    assert_eq!(headers["# for"], Value::Null);
    for (bad, fault) in [("canary", "has no ':'"), ("a canary: x", "has no header name in front of its ':'")] {
        let file = format!("@{}", written(&lab, "bad", &format!("# for tests\nX-One: 1\n\n{bad}\n")));
        let ran = run(&lab, &["URL", "-H", &file]).failed_with(2);
        let error = ran.one_error_and_hint();
        assert!(error.contains("line 4 of the headers in") && error.contains(fault), "{error}");
        assert!(!ran.stderr.contains("canary"), "{}", ran.stderr);
    }
}

#[test]
fn lost_lines_of_plain_text_are_reported() {
    let lab = signed_in("alice");
    let said = |text: &str| {
        let file = format!("@{}", written(&lab, "text", text));
        run(&lab, &["URL", "-d", &file]).good().stderr
    };
    for text in ["-----BEGIN X-----\nYQ==\n-----END X-----\n", "one\ntwo\n", "a=1\nb=2\n"] {
        assert!(said(text).contains("warning: -d takes the line breaks out of '"), "{text}");
    }
    for text in ["one\n", "{\n \"a\": 1\n}\n", "a=1&\nb=2\n", "a=1\n&b=2\n"] {
        assert_eq!(said(text), "", "{text}");
    }
}
