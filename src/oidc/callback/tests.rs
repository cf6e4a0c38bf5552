use super::*;

fn awaited() -> Awaited {
    Awaited {
        port: 8400,
        path: "/callback".into(),
        start: "/short".into(),
        state: Secret::new("right"),
        issuers: vec!["https://issuer.example/pool".into()],
        needs_issuer: false,
    }
}

/// Parses a request with this request line, these headers and this form, and returns the result.
fn request(line: &str, headers: &[&str], form: &str) -> Request {
    let headers: String = headers.iter().map(|header| format!("{header}\r\n")).collect();
    let request = Request::parse(format!("{line} HTTP/1.1\r\n{headers}\r\n").as_bytes()).unwrap();
    Request { form: form.to_owned(), ..request }
}

fn judged(line: &str, headers: &[&str]) -> Judgement {
    judge(&request(line, headers, ""), &awaited())
}

fn get(target: &str) -> Judgement {
    judged(&format!("GET {target}"), &["host: localhost:8400"])
}

fn status(judgement: Judgement) -> u16 {
    match judgement {
        Judgement::Refuse(status, _) => status.as_u16(),
        other => panic!("not refused: {other:?}"),
    }
}

/// Returns the status and the reason in `Judgement::Unusable`.
fn unusable(judgement: Judgement) -> (u16, String) {
    match judgement {
        Judgement::Unusable(status, reason) => (status.as_u16(), reason),
        other => panic!("not unusable: {other:?}"),
    }
}

#[test]
fn answer_with_the_right_state_is_accepted() {
    assert_eq!(get("/callback?code=abc&state=right"), Judgement::Code(Secret::new("abc")));
    assert_eq!(get("/callback?state=right&code=abc&session_state=x"), Judgement::Code(Secret::new("abc")));
    let vouched = get("/callback?code=abc&state=right&iss=https%3A%2F%2Fissuer.example%2Fpool");
    assert_eq!(vouched, Judgement::Code(Secret::new("abc")));
    for host in ["127.0.0.1:8400", "[::1]:8400"] {
        let judgement = judged("GET /callback?code=abc&state=right", &[&format!("host: {host}")]);
        assert_eq!(judgement, Judgement::Code(Secret::new("abc")), "{host}");
    }
}

#[test]
fn answer_without_the_state_has_no_effect() {
    for query in ["code=abc", "code=abc&state=", "code=abc&state=Right", "code=abc&state=right%20", "", "state=x"] {
        assert_eq!(status(get(&format!("/callback?{query}"))), 400, "{query}");
    }
    let denial = Denial { error: "access_denied".into(), description: Some("No".into()) };
    let query = "error_description=No&error=access_denied";
    assert_eq!(get(&format!("/callback?{query}")), Judgement::Unvouched(Some("access_denied")));
    assert_eq!(get(&format!("/callback?{query}&state=wrong")), Judgement::Unvouched(Some("access_denied")));
    assert_eq!(get(&format!("/callback?{query}&state=right")), Judgement::Denied(denial));
    assert_eq!(
        get("/callback?error=x&code=abc&state=right"),
        Judgement::Denied(Denial { error: "x".into(), description: None }),
        "an error beside a code is an error"
    );
}

#[test]
fn only_rfc_6749_error_codes_are_kept_without_the_state() {
    for code in [
        "invalid_request",
        "unauthorized_client",
        "access_denied",
        "unsupported_response_type",
        "invalid_scope",
        "server_error",
        "temporarily_unavailable",
    ] {
        assert_eq!(
            get(&format!("/callback?error={code}&error_description=run+this")),
            Judgement::Unvouched(Some(code))
        );
    }
    for code in
        ["certificate_expired", "Access_Denied", "access_denied%20", "access_denied'.+cogfed:+hint:", "", "%1b[2J"]
    {
        assert_eq!(get(&format!("/callback?error={code}&state=wrong")), Judgement::Unvouched(None), "{code}");
    }
}

#[test]
fn requests_that_are_no_navigation_are_refused() {
    let answered =
        |headers: &[&str]| judged("GET /callback?code=abc&state=right", &[&["host: localhost:8400"], headers].concat());
    for headers in [
        &[][..],
        &["sec-fetch-mode: navigate", "sec-fetch-dest: document", "sec-fetch-site: cross-site", "sec-fetch-user: ?1"],
        &["sec-fetch-mode: navigate", "sec-fetch-dest: document", "sec-fetch-site: none"],
        &["sec-fetch-mode: navigate"],
        &["sec-fetch-dest: document"],
    ] {
        assert_eq!(answered(headers), Judgement::Code(Secret::new("abc")), "{headers:?}");
    }
    for headers in [
        &["sec-fetch-mode: no-cors", "sec-fetch-dest: image"][..],
        &["sec-fetch-mode: cors", "sec-fetch-dest: empty"],
        &["sec-fetch-mode: navigate", "sec-fetch-dest: iframe"],
        &["sec-fetch-mode: navigate", "sec-fetch-dest: document", "sec-fetch-dest: frame"],
        &["sec-fetch-mode: same-origin"],
        &["sec-fetch-dest: serviceworker"],
        &["sec-fetch-mode: websocket"],
        &["sec-fetch-mode:"],
        &["sec-fetch-dest: Document"],
    ] {
        assert_eq!(status(answered(headers)), 403, "{headers:?}");
        for target in ["/short", "/done", "/callback?error=access_denied"] {
            let headers = [&["host: localhost:8400"], headers].concat();
            assert_eq!(status(judged(&format!("GET {target}"), &headers)), 403, "{target} {headers:?}");
        }
    }
    let favicon = ["host: localhost:8400", "sec-fetch-mode: no-cors", "sec-fetch-dest: image"];
    assert_eq!(status(judged("GET /favicon.ico", &favicon)), 204);
}

#[test]
fn service_worker_may_pass_on_the_short_address_only() {
    let passed_on =
        ["host: localhost:8400", "sec-fetch-site: same-origin", "sec-fetch-mode: navigate", "sec-fetch-dest: empty"];
    assert_eq!(judged("GET /short", &passed_on), Judgement::Start);
    for target in ["/callback?code=abc&state=right", "/done", "/callback?error=access_denied"] {
        assert_eq!(status(judged(&format!("GET {target}"), &passed_on)), 403, "{target}");
    }
    assert_eq!(
        status(judged("GET /short", &["host: localhost:8400", "sec-fetch-mode: cors", "sec-fetch-dest: empty"])),
        403
    );
    assert_eq!(status(judged("GET /short", &["host: localhost:8400", "sec-fetch-dest: empty"])), 403);
}

#[test]
fn repeated_empty_or_foreign_parameters_are_refused() {
    for (query, reason) in [
        ("code=abc&state=right&state=right", "twice"),
        ("code=abc&code=def&state=right", "twice"),
        ("error=a&error=b&state=right", "twice"),
        ("state=right", "without an authorization code"),
        ("state=right&code=", "without an authorization code"),
        ("state=right&code=a%0ab", "without an authorization code"),
        ("state=right&code=a%20b", "without an authorization code"),
        ("code=abc&state=right&iss=https%3A%2F%2Fother.example", "from another issuer"),
    ] {
        let (status, said) = unusable(get(&format!("/callback?{query}")));
        assert!(status == 400 && said.contains(reason), "{query}: {said}");
    }
    assert_eq!(status(get("/callback?code=abc&state=wrong&state=right")), 400);
}

#[test]
fn codes_of_up_to_128_kib_are_accepted() {
    for length in [1, 36, 4096, 4097, 20_000, LONGEST_CODE] {
        let code = "a".repeat(length);
        assert_eq!(get(&format!("/callback?state=right&code={code}")), Judgement::Code(Secret::new(code)), "{length}");
    }
    let long = format!("/callback?state=right&code={}", "a".repeat(LONGEST_CODE + 1));
    assert_eq!(unusable(get(&long)), (400, "with an authorization code of more than 128 KiB".into()));
}

#[test]
fn issuer_that_promises_iss_must_be_named_in_answers() {
    let awaited = Awaited { needs_issuer: true, ..awaited() };
    let judged = |query: &str| {
        judge(&request(&format!("GET /callback?state=right&{query}"), &["host: localhost:8400"], ""), &awaited)
    };
    let iss = "iss=https%3A%2F%2Fissuer.example%2Fpool";
    assert_eq!(judged(&format!("code=abc&{iss}")), Judgement::Code(Secret::new("abc")));
    assert!(matches!(judged(&format!("error=access_denied&{iss}")), Judgement::Denied(_)));
    for query in ["code=abc", "error=access_denied", "code=abc&iss=", "code=abc&iss=https%3A%2F%2Fother.example"] {
        assert_eq!(unusable(judged(query)).0, 400, "{query}");
    }
}

#[test]
fn callback_with_another_method_path_or_host_is_refused() {
    let target = "/callback?code=abc&state=wrong";
    for method in ["POST", "HEAD", "PUT", "OPTIONS", "DELETE", "TRACE", "get"] {
        assert_eq!(status(judged(&format!("{method} {target}"), &["host: localhost:8400"])), 405, "{method}");
    }
    for path in
        ["/", "/Callback", "/callback/", "//callback", "/callback/x", "/call", "/.well-known", "/Short", "/short/"]
    {
        assert_eq!(status(get(&format!("{path}?code=abc&state=wrong"))), 404, "{path}");
    }
    let target = "/callback?code=abc&state=right";
    assert_eq!(status(get("/favicon.ico")), 204);
    assert_eq!((get("/done"), get("/short")), (Judgement::Done, Judgement::Start));
    for host in ["localhost", "localhost:8401", "attacker.example:8400", ""] {
        for target in [target, "/short"] {
            assert_eq!(status(judged(&format!("GET {target}"), &[&format!("host: {host}")])), 421, "{host}");
        }
    }
    assert_eq!(status(judged(&format!("GET {target}"), &[])), 421, "no host");
    assert_eq!(status(judged(&format!("GET {target}"), &["host: localhost:8400", "host: localhost:8400"])), 421);
    let absolute = judged(&format!("GET http://attacker.example{target}"), &["host: localhost:8400"]);
    assert_eq!(status(absolute), 421, "absolute form");
}

#[test]
fn right_answer_by_post_or_at_another_path_is_named() {
    for path in ["/", "/cb", "/callback/"] {
        let (status, reason) = unusable(get(&format!("{path}?code=abc&state=right")));
        assert_eq!((status, reason), (404, format!("at the path '{path}' instead of '/callback'")));
        assert_eq!(self::status(get(&format!("{path}?state=right"))), 404, "no answer is in it");
    }
    let host = "host: localhost:8400";
    let posted = |line: &str, headers: &[&str], form: &str| judge(&request(line, headers, form), &awaited());
    for (line, form) in [
        ("POST /callback", "code=abc&state=right"),
        ("POST /cb", "state=right&error=access_denied"),
        ("POST /callback?code=abc&state=right", ""),
    ] {
        let (status, reason) = unusable(posted(line, &[host, "sec-fetch-mode: navigate"], form));
        assert_eq!(status, 405);
        assert!(reason.contains("response_mode=form_post"), "{reason}");
    }
    for (line, headers, form) in [
        ("POST /callback", &[host][..], "code=abc&state=wrong"),
        ("POST /callback", &[host], "state=right"),
        ("POST /callback", &["host: attacker.example"], "code=abc&state=right"),
        ("POST /callback", &[host, "sec-fetch-mode: no-cors"], "code=abc&state=right"),
        ("PUT /callback", &[host], "code=abc&state=right"),
    ] {
        assert_eq!(status(posted(line, headers, form)), 405, "{line} {headers:?} {form}");
    }
}

#[test]
fn long_explanation_of_a_refusal_keeps_its_ids() {
    let id = "0d8c3e1a-1111-2222-3333-444455556666";
    let query = format!("error=access_denied&state=right&error_description={}+Trace+ID:+{id}", "word+".repeat(1000));
    let Judgement::Denied(denial) = get(&format!("/callback?{query}")) else { panic!("not denied") };
    let description = denial.description.unwrap();
    assert!(description.ends_with(&format!("word… Trace ID: {id}")) && description.len() < 1100, "{description}");
}
