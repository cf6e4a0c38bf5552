//! `cogfed call` and its messages: URLs that are still templates, buckets elsewhere, hops of redirects, and `-s`.

use cogfed_test_support::{Answer, Server};

use super::deadlines::call_to;
use super::requests::signed_in;
use super::stub::Stub;

#[test]
fn urls_that_are_still_templates_are_refused_by_name() {
    let lab = signed_in("alice");
    for (url, message, hint) in [
        (
            "https://.execute-api.eu-west-1.amazonaws.com/prod",
            "has an empty part",
            "a variable in the URL may be empty",
        ),
        ("https://`id`.example.com/", "the host holds the character `", "check the quotes"),
        ("https://\"api.example.com/", "the host holds the character \"", "check the quotes"),
        ("https://api}.example.com/", "the host holds the character }", "check the quotes"),
        (
            "https://restapi_id.execute-api.region.amazonaws.com/stage_name/",
            "the word 'region'",
            "the API's region there",
        ),
        ("https://abc123.execute-api.REGION.amazonaws.com/prod", "the word 'region'", "the API's region there"),
        ("https://restapi_id.execute-api.eu-west-1.amazonaws.com/prod", "the word 'restapi_id'", "the API's id there"),
        ("https://%API%.execute-api.eu-west-1.amazonaws.com/", "the host holds '%API%'", "the API's id there"),
        ("{{baseUrl}}/orders", "the URL begins with '{{baseUrl}'", "put the API's URL there"),
        ("$URL/orders", "the URL begins with '$URL'", "put the API's URL there"),
        ("%API%/orders", "the URL begins with '%API%'", "put the API's URL there"),
    ] {
        for flags in [&[][..], &["--dry-run"]] {
            let ran = call_to(&lab, "GET", url, flags).failed_with(2);
            assert!(ran.one_error_and_hint().contains(message), "{url}: {}", ran.stderr);
            assert!(ran.stderr.contains(hint), "{url}: {}", ran.stderr);
        }
    }
}

#[test]
fn placeholders_in_the_query_are_reported() {
    let lab = signed_in("alice");
    for (query, said) in [("id={id}", Some("{id}")), ("id=$ID", Some("$ID")), ("$top=5", None)] {
        let url = format!("https://abc123.execute-api.eu-west-1.amazonaws.com/prod?{query}");
        let ran = call_to(&lab, "GET", &url, &["--dry-run"]).good();
        let expected = said.map_or_else(String::new, |text| {
            format!("cogfed: the query holds '{text}', which is sent as it is: is it a placeholder to fill in?\n")
        });
        assert_eq!(ran.stderr, expected, "{query}");
    }
}

#[test]
fn bucket_in_another_region_is_explained_by_its_endpoint() {
    const BODY: &str = "<Error><Code>PermanentRedirect</Code><Message>Use the endpoint.</Message>\
        <Endpoint>orders.s3.us-west-2.amazonaws.com</Endpoint></Error>";
    let stub = Stub::of(Answer::new(301, "application/xml", BODY));
    let ran = stub.get(&["--service", "s3"]).good();
    assert_eq!(ran.stdout, BODY, "the body is whole");
    assert!(ran.stderr.contains("the bucket is in us-west-2 at 'orders.s3.us-west-2.amazonaws.com'"), "{}", ran.stderr);
    assert!(ran.stderr.contains("hint: call https://orders.s3.us-west-2.amazonaws.com"), "{}", ran.stderr);
}

#[test]
fn verbose_shows_every_hop_with_its_query_masked() {
    let lab = signed_in("alice");
    let server = Server::of_requests(|request| match request.line().split(' ').nth(1) {
        Some("/first") => {
            Answer { status: 302, headers: vec![("location".into(), "/b?s=canary".into())], body: vec![] }
        }
        Some("/b?s=canary") => Answer { status: 303, headers: vec![("location".into(), "/end".into())], body: vec![] },
        _ => Answer::json(200, "{}"),
    });
    let url = format!("{}/first", server.url());
    let ran = call_to(&lab, "GET", &url, &["-v", "-L", "-H", "Cookie: canary"]).good();
    let heads: Vec<&str> = ran.stderr.lines().filter(|line| line.contains("HTTP/1.1")).collect();
    assert_eq!(
        heads,
        [
            "> GET /first HTTP/1.1",
            "< HTTP/1.1 302 Found",
            "> GET /b?**** HTTP/1.1",
            "< HTTP/1.1 303 See Other",
            "> GET /end HTTP/1.1",
            "< HTTP/1.1 200 OK",
        ]
    );
    let host = format!("> host: {}", server.address());
    assert_eq!(ran.stderr.lines().filter(|line| *line == host).count(), 3, "{}", ran.stderr);
    assert!(!ran.stderr.contains("canary"), "{}", ran.stderr);
    let ran = call_to(&lab, "GET", &url, &["-L"]).good();
    assert_eq!(ran.stderr, "");
}

#[test]
fn silent_call_repeats_without_a_word() {
    let lab = signed_in("alice");
    let server = Server::of_requests(|_| Answer::json(503, "{}"));
    let flags = ["--retry", "1", "--retry-delay", "0.01"];
    assert!(call_to(&lab, "GET", &server.url(), &flags).good().stderr.contains("trying again"));
    assert_eq!(call_to(&lab, "GET", &server.url(), &[&["-s"], &flags[..]].concat()).good().stderr, "");
}

#[test]
fn empty_cookie_flag_sends_no_header() {
    let lab = signed_in("alice");
    let server =
        Server::of_requests(|request| Answer::json(200, format!("{:?}", request.header("cookie").unwrap_or_default())));
    assert_eq!(call_to(&lab, "GET", &server.url(), &["-b", ""]).good().stdout, "\"\"");
    assert_eq!(call_to(&lab, "GET", &server.url(), &["-b", "", "-b", "a=1"]).good().stdout, "\"a=1\"");
}

#[test]
fn json_after_a_byte_order_mark_is_laid_out() {
    let stub = Stub::of(Answer::json(200, "\u{feff}{\"a\":1}"));
    assert_eq!(stub.get(&["--pretty=format"]).good().stdout, "{\n    \"a\": 1\n}\n");
    assert_eq!(stub.get(&[]).good().stdout, "\u{feff}{\"a\":1}", "a pipe gets the bytes");
}
