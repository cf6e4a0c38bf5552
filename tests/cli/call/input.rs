//! `cogfed call`: from the command line to the request, with the flags and the habits of curl.

use std::io::Write;
use std::process::Stdio;

use cogfed_test_support::{Lab, Ran};
use ring::digest::{SHA256, digest};
use serde_json::{Value, json};

use super::requests::signed_in;

/// Runs `cogfed call` with these words, in which `URL` stands for the API's echo.
pub fn run(lab: &Lab, line: &[&str]) -> Ran {
    let url = format!("{}/echo/x", lab.sandbox.api_url());
    let words: Vec<String> = line.iter().map(|word| word.replace("URL", &url)).collect();
    let words: Vec<&str> = ["call"].into_iter().chain(words.iter().map(String::as_str)).collect();
    lab.run(&words)
}

/// Returns the request as the API received it.
pub fn echoed(lab: &Lab, line: &[&str]) -> Value {
    run(lab, line).good().document()
}

/// Returns the SHA-256 hash of a body, as the echo reports it.
pub fn hash(body: impl AsRef<[u8]>) -> Value {
    digest(&SHA256, body.as_ref()).as_ref().iter().map(|byte| format!("{byte:02x}")).collect::<String>().into()
}

#[test]
fn habits_of_curl_are_understood() {
    let lab = signed_in("alice");
    let stage = lab.sandbox.api_url();
    lab.configure_with(&format!("store = 'file'\napi = '{stage}'"));
    for (line, method, body) in [
        (&["-X", "POST", "URL", "-d", "x"][..], "POST", "x"),
        (&["--request", "POST", "--url", "URL", "-d", "x"], "POST", "x"),
        (&["URL"], "GET", ""),
        (&["URL", "-d", "x"], "POST", "x"),
        (&["URL", "GET"], "GET", ""),
        (&["curl", "-XPUT", "URL", "-dx", "-d", "y"], "PUT", "x&y"),
        (&["POST", "URL", "--json", r#"{"a":1}"#], "POST", r#"{"a":1}"#),
        (&["--json", r#"{"a":1}"#, "URL"], "POST", r#"{"a":1}"#),
        (&["--json={}", "URL"], "POST", "{}"),
        (&["POST", "--json", "URL", "-d", "x"], "POST", "x"),
        (&["URL", "--data-raw", "@x\n"], "POST", "@x\n"),
        (&["URL", "--data-ascii", "a b"], "POST", "a b"),
        (&["URL", "-d", "-1"], "POST", "-1"),
        (&["URL", "--data-urlencode", "q=a b"], "POST", "q=a%20b"),
        (&["-gN4", "--http1.1", "--tlsv1.2", "-#", "URL"], "GET", ""),
        (&["/echo/x"], "GET", ""),
        (&["delete", "/echo/x"], "DELETE", ""),
    ] {
        let echo = echoed(&lab, line);
        assert_eq!((&echo["method"], &echo["bodySha256"]), (&json!(method), &hash(body)), "{line:?}: {echo}");
        assert_eq!(echo["path"], "/prod/echo/x", "{line:?}");
    }
}

#[test]
fn path_without_a_base_url_names_the_key() {
    let lab = signed_in("alice");
    let ran = run(&lab, &["/echo/x"]).failed_with(2);
    assert!(ran.one_error_and_hint().contains("profile 'lab' has no 'api'"), "{}", ran.stderr);
    assert!(ran.stderr.contains("add api = \"https://HOST/STAGE\" to [profile.lab]"), "{}", ran.stderr);
}

#[test]
fn base_url_cannot_come_from_the_environment() {
    let lab = signed_in("alice");
    let url = lab.sandbox.api_url();
    lab.configure_with(&format!("store = 'file'\napi = '{url}'"));
    let with_variable =
        Ran::from(lab.command(&["call", "/echo/x"]).env("COGFED_API", "http://127.0.0.1:1").output().expect("it runs"));
    let failed = with_variable.failed_with(2);
    assert!(failed.stderr.contains("COGFED_API"), "{}", failed.stderr);
    // The path is below the base URL, whatever it looks like.
    let echo = run(&lab, &["/echo//evil.example/../@evil.example/x"]).good().document();
    assert_eq!(echo["path"], "/prod/echo//@evil.example/x");
    for wrong in ["http://api.example.com/prod", "https://h/?a=1", "https://me:pw@h/"] {
        lab.configure_with(&format!("store = 'file'\napi = '{wrong}'"));
        let ran = run(&lab, &["/x"]).failed_with(2);
        assert!(ran.stderr.contains(": api: "), "{wrong}: {}", ran.stderr);
    }
}

#[test]
fn query_flags_add_to_the_query_as_in_curl() {
    let lab = signed_in("alice");
    let file = lab.home().join("content");
    std::fs::write(&file, "a b\n").expect("a file");
    let at = format!("f@{}", file.display());
    for (line, method, query) in [
        (&["-G", "--data-urlencode", "q=a b", "URL"][..], "GET", "q=a%20b"),
        (&["URL?x=1", "-G", "-d", "a=1", "-d", "b=2"], "GET", "x=1&a=1&b=2"),
        (&["-G", "URL", "--data-urlencode", &at, "--data-urlencode", "=x y"], "GET", "f=a%20b%0A&x%20y"),
        (&["URL", "--url-query", "q=a&b", "--url-query", "+c=d&e"], "GET", "q=a%26b&c=d&e"),
        (&["POST", "URL", "-d", "body", "--url-query", "q=1"], "POST", "q=1"),
        (&["URL?flag"], "GET", "flag"),
    ] {
        let ran = run(&lab, line).good();
        let echo = ran.document();
        assert_eq!((&echo["method"], &echo["query"]), (&json!(method), &json!(query)), "{line:?}");
        assert_eq!(ran.stderr, "", "{line:?}");
    }
    assert_eq!(echoed(&lab, &["URL", "-d", "body", "--url-query", "q"])["bodySha256"], hash("body"));
}

#[test]
fn headers_are_taken_as_by_curl() {
    let lab = signed_in("alice");
    let file = lab.home().join("headers");
    std::fs::write(&file, "X-One: 1\r\n\r\nX-Two;\n").expect("a file");
    let at = format!("@{}", file.display());
    let headers = |line: &[&str]| echoed(&lab, &[&["URL"], line].concat())["headers"].clone();
    let read = headers(&["-H", &at]);
    assert_eq!((&read["x-one"][0], &read["x-two"][0]), (&json!("1"), &json!("")));
    assert_eq!(headers(&["-H", "X-Name: J\u{fc}rgen"])["x-name"][0], "J\u{fc}rgen");
    assert_eq!(headers(&["--json", "{}", "-H", "Content-Type:"])["content-type"], Value::Null);
    let single =
        headers(&["-A", "agent/1", "-e", "https://from.example/;auto", "-b", "a=1", "-b", "b=2", "-r", "0-99"]);
    assert_eq!((&single["user-agent"][0], &single["referer"][0]), (&json!("agent/1"), &json!("https://from.example/")));
    assert_eq!((&single["cookie"][0], &single["range"][0]), (&json!("a=1; b=2"), &json!("bytes=0-99")));
    assert_eq!(headers(&["-A", "x", "-H", "User-Agent: own"])["user-agent"], json!(["own"]), "-H wins");
    assert_eq!(headers(&["--compressed"])["accept-encoding"], json!(["gzip, deflate, br"]));
    assert_eq!(headers(&["-H", "Expect:"])["expect"], Value::Null);
    for flags in [["-H", "User-Agent:"], ["-A", ""]] {
        assert_eq!(headers(&flags)["user-agent"], Value::Null, "{flags:?}");
    }
    // The HTTP client always sends this one, which is reported.
    let ran = run(&lab, &["URL", "-H", "Accept:"]).good();
    assert!(ran.stderr.contains("cannot leave out 'Accept: */*'"), "{}", ran.stderr);
    let ran = run(&lab, &["URL", "-b", "cookies.txt"]).failed_with(2);
    assert!(ran.one_error_and_hint().contains("--cookie names a file"), "{}", ran.stderr);
}

#[test]
fn forms_are_uploaded_and_signed() {
    let lab = signed_in("alice");
    let file = lab.home().join("data.csv");
    std::fs::write(&file, "a,b\r\n1,2\n").expect("a file");
    let at = format!("file=@{}", file.display());
    let echo = echoed(&lab, &["URL", "-F", "kind=orders;type=text/plain", "-F", &at, "--form-string", "raw=@x"]);
    assert_eq!(echo["method"], "POST");
    let media_type = echo["headers"]["content-type"][0].as_str().expect("a type");
    let boundary = media_type.strip_prefix("multipart/form-data; boundary=").expect("a form");
    let expected = format!(
        "--{boundary}\r\nContent-Disposition: form-data; name=\"kind\"\r\nContent-Type: text/plain\r\n\r\norders\r\n\
         --{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"data.csv\"\r\n\
         Content-Type: text/csv\r\n\r\na,b\r\n1,2\n\r\n\
         --{boundary}\r\nContent-Disposition: form-data; name=\"raw\"\r\n\r\n@x\r\n--{boundary}--\r\n"
    );
    assert_eq!(echo["bodySha256"], hash(expected));
}

#[test]
fn upload_file_flag_puts_the_file() {
    let lab = signed_in("alice");
    let file = lab.home().join("a b.bin");
    std::fs::write(&file, b"\x00\r\n\xff").expect("a file");
    let path = file.display().to_string();
    let echo = echoed(&lab, &["-T", &path, "URL"]);
    assert_eq!((&echo["method"], &echo["bodySha256"]), (&json!("PUT"), &hash(b"\x00\r\n\xff")));
    assert_eq!(echoed(&lab, &["-T", &path, "-XPOST", "URL/"])["path"], "/prod/echo/x/a%20b.bin");
    let url = format!("{}/echo/x", lab.sandbox.api_url());
    let mut child = lab.command(&["call", "-T", "-", &url]).stdin(Stdio::piped()).spawn().expect("it runs");
    child.stdin.take().expect("a pipe").write_all(b"piped\n").expect("it reads");
    let ran = Ran::from(child.wait_with_output().expect("it ends")).good();
    assert_eq!(ran.document()["bodySha256"], hash("piped\n"));
}

#[test]
fn contradicting_flags_are_refused_and_both_named() {
    let lab = signed_in("alice");
    lab.sandbox.clear_log();
    for (line, named) in [
        (&["URL", "-I", "-d", "x"][..], "--data cannot be used with --head"),
        (&["URL", "-F", "a=b", "-d", "x"], "--data cannot be used with --form"),
        (&["URL", "-T", "f", "--json", "{}"], "--json cannot be used with --upload-file"),
        (&["URL", "-T", "f", "-F", "a=b"], "--form cannot be used with --upload-file"),
        (&["URL", "-G", "-F", "a=b"], "--form cannot be used with --get"),
        (&["POST", "URL", "-I"], "--head sends HEAD, and cannot be used with the method POST"),
        (&["URL", "-T", "-", "-H", "@-"], "standard input more than once"),
        (&["URL", "URL"], "unexpected argument"),
    ] {
        let ran = run(&lab, line).failed_with(2);
        assert!(ran.one_error_and_hint().contains(named), "{line:?}: {}", ran.stderr);
    }
    assert!(lab.sandbox.requests().is_empty());
}

#[test]
fn standard_input_is_given_to_one_flag_only() {
    let lab = signed_in("alice");
    lab.sandbox.clear_log();
    for line in [
        &["URL", "-F", "file=@-;type=text/csv", "-H", "@-"][..],
        &["URL", "-F", "file=<-", "-F", "other=@-;filename=x"],
        &["URL", "-d", "@-", "-w", "@-"],
        &["URL", "-T", ".", "-H", "@-"],
        &["URL", "--data-urlencode", "name@-", "--url-query", "q@-"],
        &["URL", "--json", "-", "--data-raw", "-", "--data-binary", "@-"],
    ] {
        let ran = run(&lab, line).failed_with(2);
        let error = ran.one_error_and_hint();
        assert!(error.contains("asks for standard input more than once"), "{line:?}: {error}");
    }
    assert!(lab.sandbox.requests().is_empty());
    // The same characters, without that meaning.
    for (line, body) in [
        (&["URL", "--data-urlencode", "a=b@-", "-H", "@-"][..], "a=b%40-"),
        (&["URL", "--data-raw", "@-", "-d", "@-"], "@-&"),
        (&["URL", "-d", "x", "--url-query", "+q@-", "--url-query", "q=@-", "-w", "@-"], "x"),
    ] {
        assert_eq!(echoed(&lab, line)["bodySha256"], hash(body), "{line:?}");
    }
}

#[test]
fn errors_quote_no_query_and_no_password_of_a_url() {
    let lab = signed_in("alice");
    for line in [
        &["https://h/1", "https://me:canary@h/2?key=canary"][..],
        &["https://h/1", "https://me:pw?canary@h/2"],
        &["https://h/1", "h/p?key=canary"],
        &["/p?key=canary"],
    ] {
        let ran = run(&lab, line).failed_with(2);
        assert!(!ran.one_error_and_hint().contains("canary"), "{line:?}: {}", ran.stderr);
        assert!(!ran.stderr.contains("canary"), "{line:?}: {}", ran.stderr);
    }
}

#[test]
fn options_of_curl_that_do_not_apply_are_named_with_advice() {
    let lab = signed_in("alice");
    lab.sandbox.clear_log();
    for (line, option, advice) in [
        (&["-u", "me:pw", "URL"][..], "-u", "signed with the profile's credentials"),
        (&["URL", "--aws-sigv4", "aws:amz"], "--aws-sigv4", "every request is signed"),
        (&["GET", "URL", "-k"], "-k", "ca_bundle"),
        (&["-gk", "URL"], "-k", "ca_bundle"),
        (&["URL", "--oauth2-bearer", "x"], "--oauth2-bearer", "Authorization"),
        (&["URL", "-c", "jar"], "-c", "-b 'NAME=VALUE'"),
        (&["-K", "f"], "-K", "command line"),
        (&["URL", "--cacert", "f"], "--cacert", "AWS_CA_BUNDLE"),
        (&["-x", "http://p:1", "URL"], "-x", "HTTPS_PROXY"),
        (&["URL", "--negotiate"], "--negotiate", "signed"),
        (&["URL", "--location-trusted"], "--location-trusted", "-L"),
        (&["URL", "--http3"], "--http3", "HTTP/1.1"),
        (&["URL", "--path-as-is"], "--path-as-is", "dot segments in the path are resolved"),
        (&["URL", "--frobnicate"], "--frobnicate", "cogfed call --help"),
    ] {
        let ran = run(&lab, line).failed_with(2);
        let error = ran.one_error_and_hint();
        assert!(error.contains(&format!("there is no option '{option}'")), "{line:?}: {error}");
        assert!(ran.stderr.contains(advice) && !ran.stderr.contains("'-- "), "{line:?}: {}", ran.stderr);
    }
    assert!(lab.sandbox.requests().is_empty());
}

#[test]
fn doubled_slashes_are_sent_as_given() {
    let lab = signed_in("alice");
    let ran = run(&lab, &["URL/https://example.com/a//b"]).good();
    assert_eq!(ran.document()["path"], "/prod/echo/x/https://example.com/a//b");
    assert_eq!(ran.stderr, "");
}

#[test]
fn every_change_of_the_url_is_reported() {
    let lab = signed_in("alice");
    for (line, words) in [
        ("URL/../y/./z", "dot segments"),
        ("URL?a=1+1", "'+' in the query is sent as '%2B'"),
        ("URL?color=#ff0000", "write a '#' that belongs to a value as '%23'"),
        ("URL/100%", "a '%' that begins no percent-encoding"),
        ("URL?a=1&&b=2", "an empty pair"),
        ("URL/{id}", "the path holds '{id}'"),
        ("URL/$ID", "the path holds '$ID'"),
    ] {
        let ran = run(&lab, &[line]).good();
        assert_eq!(ran.stderr.lines().count(), 1, "{line}: {}", ran.stderr);
        assert!(ran.stderr.starts_with("cogfed: ") && ran.stderr.contains(words), "{line}: {}", ran.stderr);
    }
    let ran = run(&lab, &["  URL \r\n"]).good();
    assert_eq!((&ran.document()["path"], ran.stderr.as_str()), (&json!("/prod/echo/x"), ""));
}

#[test]
fn unfilled_urls_and_websockets_are_refused_with_the_way_out() {
    let lab = signed_in("alice");
    for (url, message, hint) in [
        (
            "https://{restapi_id}.execute-api.eu-west-1.amazonaws.com/p",
            "the host holds '{restapi_id}'",
            "API's id there",
        ),
        ("https://$API.execute-api.eu-west-1.amazonaws.com/p", "the host holds '$API'", "API's id there"),
        ("https://<api-id>.execute-api.eu-west-1.amazonaws.com/p", "the host holds '<api-id>'", "API's id there"),
        ("https://%7Bid%7D.execute-api.eu-west-1.amazonaws.com/p", "the host holds '%7Bid%7D'", "API's id there"),
        ("https://a.execute-api.{region}.amazonaws.com/p", "the host holds '{region}'", "API's region there"),
        ("wss://a.execute-api.eu-west-1.amazonaws.com/p", "signs no WebSocket connections", "/@connections/"),
    ] {
        let ran = lab.run(&["call", "GET", url]).failed_with(2);
        assert!(ran.one_error_and_hint().contains(message), "{url}: {}", ran.stderr);
        assert!(ran.stderr.contains(hint), "{url}: {}", ran.stderr);
    }
}

#[test]
fn lost_line_breaks_are_reported_where_they_matter() {
    let lab = signed_in("alice");
    let file = |name: &str, text: &str| {
        std::fs::write(lab.home().join(name), text).expect("a file");
        format!("@{}", lab.home().join(name).display())
    };
    let (csv, lines) = (file("x.csv", "a,b\n1,2\n"), file("bulk", "{\"a\": 1}\n{\"b\": 2}\n"));
    let (json, words) = (file("x.json", "{\n  \"a\": 1\n}\n"), file("words", "one\ntwo\n"));
    let said = |flags: &[&str]| run(&lab, &[&["URL"], flags].concat()).good().stderr;
    for flags in [
        &["-d", &csv, "-H", "Content-Type: text/csv"][..],
        &["-d", &csv],
        &["-d", &lines],
        &["-d", &lines, "-H", "Content-Type: application/x-ndjson"],
        &["-d", &lines, "--json"],
        &["-d", &words],
        &["-d", &words, "-H", "content-type: text/plain"],
    ] {
        let stderr = said(flags);
        assert!(stderr.contains("warning: -d takes the line breaks out of '"), "{flags:?}: {stderr}");
        assert!(stderr.contains("hint: to keep them, use --data-binary"), "{flags:?}: {stderr}");
    }
    for flags in [
        &["-d", &json][..],
        &["-d", &json, "--json"],
        &["-d", &words, "-H", "Content-Type: application/x-www-form-urlencoded"],
        &["--data-binary", &csv],
        &["-d", "a\nb", "-H", "Content-Type: text/plain"],
    ] {
        assert_eq!(said(flags), "", "{flags:?}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn arguments_that_are_not_utf8_are_sent_read_or_named() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    let lab = signed_in("alice");
    let folder = lab.home().join("work");
    std::fs::create_dir(&folder).expect("a folder");
    std::fs::write(folder.join(OsStr::from_bytes(b"f\xff.bin")), "content").expect("a file");
    let with = |words: &[&[u8]]| {
        let mut command = lab.command(&["call", &format!("{}/echo/x", lab.sandbox.api_url())]);
        Ran::from(command.args(words.iter().map(|word| OsStr::from_bytes(word))).current_dir(&folder).output().unwrap())
    };
    for (words, body) in [
        (&[&b"--data-binary"[..], b"@f\xff.bin"][..], &b"content"[..]),
        (&[b"--data-binary", b"caf\xe9"], b"caf\xe9"),
        (&[b"-d", b"caf\xe9"], b"caf\xe9"),
        (&[b"--data-urlencode", b"q=\xe9"], b"q=%E9"),
        (&[b"-T", b"f\xff.bin"], b"content"),
    ] {
        assert_eq!(with(words).good().document()["bodySha256"], hash(body), "{words:?}");
    }
    let ran = with(&[b"-H", b"X-A: \xe9"]).failed_with(2);
    assert!(ran.one_error_and_hint().contains("the argument 'X-A: \u{fffd}' is not UTF-8"), "{}", ran.stderr);
    let ran = with(&[b"-G", b"-d", b"q=\xe9"]).failed_with(2);
    assert!(ran.one_error_and_hint().contains("the query is not UTF-8"), "{}", ran.stderr);
}

#[test]
fn body_above_the_gateways_limit_is_refused_before_sending() {
    let lab = signed_in("alice");
    let file = lab.home().join("large");
    std::fs::write(&file, vec![b'x'; 10 * 1024 * 1024 + 1]).expect("a file");
    lab.sandbox.clear_log();
    let ran = run(&lab, &["URL", "-T", &file.display().to_string()]).failed_with(2);
    assert!(ran.one_error_and_hint().contains("10485761 bytes, and API Gateway takes 10485760"), "{}", ran.stderr);
    assert!(lab.sandbox.requests().is_empty());
}
