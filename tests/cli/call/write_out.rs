//! `cogfed call --write-out`, and `--silent`.

use cogfed_test_support::{Answer, free_ports};
use serde_json::Value;

use super::stub::Stub;

fn redirecting() -> Stub {
    let mut answer = Answer::json(302, "{\"a\":1}");
    for (name, value) in [("location", "/else?X-Amz-Signature=abc"), ("x-two", "a"), ("x-two", "b")] {
        answer.headers.push((name.to_owned(), value.to_owned()));
    }
    Stub::of(answer)
}

#[test]
fn status_code_is_printed_for_scripts() {
    let stub = Stub::of(Answer::json(404, "{\"no\": 1}"));
    let path = stub.folder.join("file").display().to_string();
    let ran = stub.get(&["-s", "-o", &path, "-w", "%{http_code}"]).good();
    assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), ("404", ""));
    assert_eq!(stub.files()[0].1, "{\"no\": 1}");
    assert_eq!(stub.get(&["-w", "\\n%{response_code}\\n"]).good().stdout, "{\"no\": 1}\n404\n");
    let ran = stub.get(&["-f", "-w", "%{http_code} %{size_download} %{exitcode} %{errormsg}"]).failed_with(22);
    assert_eq!(ran.stdout, "404 0 22 the API answered with status 404");
}

#[test]
fn variables_have_the_values_that_curl_prints() {
    let stub = redirecting();
    let url = format!("{}/x", stub.server.url());
    let format = "|%{http_version}|%{content_type}|%{size_download}|%{redirect_url}|%{method}|%{url}|%{url_effective}|\
                  %{scheme}|%{remote_ip}|%{remote_port}|%{num_redirects}|%{num_retries}|%header{x-two}|%{exitcode}|\
                  %{errormsg}|%{filename_effective}|%{size_upload}|100%%";
    let printed = stub.get(&["-w", format]).good().stdout;
    let (base, port) = (stub.server.url(), stub.server.port());
    let expected = format!(
        "{{\"a\":1}}|1.1|application/json|7|{base}/else?X-Amz-Signature=abc|GET|{url}|{url}|HTTP|127.0.0.1|{port}|\
         0|0|a|0|||0|100%"
    );
    assert_eq!(printed, expected);
    let times = stub.get(&["-o", "/dev/null", "-w", "%{time_starttransfer} %{time_total}"]).good().stdout;
    let times: Vec<f64> = times.split(' ').map(|time| time.parse().expect("a number")).collect();
    assert!(times[0] > 0.0 && times[0] <= times[1], "{times:?}");
    let all: Value =
        serde_json::from_str(&stub.get(&["-o", "/dev/null", "-w", "%{json}"]).good().stdout).expect("JSON");
    assert_eq!((&all["http_code"], &all["method"], &all["size_download"]), (&302.into(), &"GET".into(), &7.into()));
    let headers = stub.get(&["-o", "/dev/null", "-w", "%{header_json}"]).good().stdout;
    let headers: Value = serde_json::from_str(&headers).expect("JSON");
    assert_eq!(headers["x-two"], serde_json::json!(["a", "b"]));
}

#[test]
fn unreachable_api_has_the_status_code_000() {
    let stub = Stub::of(Answer::json(200, "{}"));
    let url = format!("http://127.0.0.1:{}/x", free_ports(1)[0]);
    let ran = stub.lab.run(&["call", "GET", &url, "-w", "%{http_code} %{exitcode}%{onerror} failed"]).failed_with(5);
    assert_eq!(ran.stdout, "000 5 failed");
    assert_eq!(ran.stderr.matches("cogfed: error: ").count(), 1, "{}", ran.stderr);
}

#[test]
fn format_comes_from_a_file_or_standard_input() {
    let stub = Stub::of(Answer::json(200, "{}"));
    let format = stub.lab.home().join("format");
    std::fs::write(&format, "%{http_code}\n%{method}\\n\n").expect("a file");
    let at = format!("@{}", format.display());
    assert_eq!(stub.get(&["-w", &at]).good().stdout, "{}200GET\n");
    let input = std::fs::File::open(&format).expect("a file");
    let piped = stub.command("/x", &["-w", "@-"]).stdin(input).output().expect("it runs");
    assert_eq!(piped.stdout, b"{}200GET\n");
    let ran = stub.get(&["-w", "@/no/such"]).failed_with(2);
    assert!(ran.stderr.contains("cannot read the format of --write-out from /no/such"), "{}", ran.stderr);
}

#[test]
fn unknown_variable_is_named_and_prints_nothing() {
    let stub = Stub::of(Answer::json(200, "{}"));
    let ran = stub.get(&["-w", "%{nosuch}|%{http_code}%{stderr}to%{stdout}."]).good();
    assert_eq!(ran.stdout, "{}|200.");
    assert_eq!(ran.stderr, "cogfed: warning: --write-out has no variable 'nosuch'\nto");
}

#[test]
fn silent_flag_hides_failures_of_network_and_status_only() {
    let stub = Stub::of(Answer::json(503, "{}"));
    let url = format!("http://127.0.0.1:{}/x", free_ports(1)[0]);
    let unreachable = |flags: &[&str]| stub.lab.run(&[&["call", "GET", &url], flags].concat()).failed_with(5).stderr;
    assert_eq!(unreachable(&["-s"]), "");
    assert!(unreachable(&["-sS"]).contains("cogfed: error: "));
    assert_eq!(stub.get(&["-s", "-f"]).failed_with(22).stderr, "");
    assert!(stub.get(&["-sSf"]).failed_with(22).stderr.contains("status 503"));
    let mut refused = Answer::json(403, "{\"message\":\"Forbidden\"}");
    refused.headers.push(("x-amzn-errortype".to_owned(), "ForbiddenException".to_owned()));
    let stub = Stub::of(refused);
    assert!(stub.get(&["-s"]).good().stderr.contains("cogfed: hint: "), "a refusal is explained");
    stub.lab.run(&["logout"]).good();
    assert!(stub.get(&["-s"]).failed_with(3).stderr.contains("cogfed login"), "a person has to act");
}
