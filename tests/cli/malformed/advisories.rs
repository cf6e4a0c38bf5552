//! Tests for vulnerabilities that were found in other tools, named after their advisories.

use std::sync::{Arc, Mutex};

use chrono::TimeDelta;
use cogfed::network::is_loopback;
use cogfed::oidc::Browser;
use cogfed::sandbox::{Misbehaviour, Options};
use cogfed_test_support::Lab;
use cogfed_test_support::http::get;
use url::Url;

use super::desk::{Answer, CREDENTIALS_ACCOUNT, Desk, TOKENS_ACCOUNT, assert_mannered, is_plain};

/// Git's credential helpers took a line break in a host name for the end of a field.
#[test]
fn cve_2020_5260_line_break_in_a_host_is_refused() {
    let desk = Desk::new();
    desk.put("store", CREDENTIALS_ACCOUNT, desk.credentials(TimeDelta::minutes(50)).to_string().as_bytes());
    for host in [
        "a.example\\nhost=b.example",
        "a.example\\r\\nb",
        "\\ta.example",
        "a.example%0ahost=b",
        "a.example%0d%0ab",
        "\\na.example",
        "a.example\\u0000",
        "",
    ] {
        for (key, good) in [
            ("domain", "corp.auth.eu-west-1.amazoncognito.com"),
            ("user_pool", "127.0.0.1"),
            ("identity_pool", "127.0.0.1"),
        ] {
            let text = match key {
                "domain" => desk.profile().replacen(good, host, 1),
                key => desk
                    .profile()
                    .replace(&format!("{key} = \"{}\"", desk.server.url()), &format!("{key} = \"https://{host}\"")),
            };
            desk.configure(text.as_bytes());
            let ran = desk.run(&["credential-process"]);
            assert_mannered(&ran, &text);
            assert_eq!((ran.status, ran.stdout.as_str()), (2, ""), "{key} {host}: {ran:?}");
        }
    }
    desk.configure(desk.profile().as_bytes());
    for url in [
        "https://a.example\n.b.example/",
        "https://a.example/\nHost: b",
        "https://a.example\r/",
        "https://a%0ab.example/",
    ] {
        let ran = desk.run(&["call", "GET", url]);
        assert_mannered(&ran, &url);
        assert_eq!(ran.status, 2, "{url:?}: {ran:?}");
    }
}

/// Git Credential Manager took a lone carriage return for the end of a line.
#[test]
fn cve_2024_50338_lone_carriage_return_ends_no_line() {
    let mut desk = Desk::new();
    for (name, value) in [
        ("COGFED_ACCOUNT", "a\rb"),
        ("COGFED_REGION", "eu-west-1\r"),
        ("COGFED_LOGIN_HINT", "\rx"),
        ("COGFED_PROFILE", "desk\r"),
        ("COGFED_ROLE_ARN", "arn:aws:iam::123456789012:role/a\rb"),
    ] {
        desk.variables = [(name.to_owned(), value.to_owned())].into();
        let ran = desk.run(&["credential-process"]);
        assert_mannered(&ran, &value);
        assert_eq!(ran.status, 2, "{name}: {ran:?}");
    }
    desk.variables.clear();
    let mut record = desk.tokens(TimeDelta::minutes(1));
    record["person"] = "alice\rcogfed: error: bob".into();
    desk.put("store", TOKENS_ACCOUNT, record.to_string().as_bytes());
    let ran = desk.run(&["status"]);
    assert!(ran.status == 0 && ran.stdout.contains("alice\\u{d}cogfed: error: bob via AzureAD\n"), "{ran:?}");
    let mut credentials = desk.credentials(TimeDelta::minutes(50));
    credentials["session_token"] = "a\rb\nc".into();
    desk.put("store", CREDENTIALS_ACCOUNT, credentials.to_string().as_bytes());
    let ran = desk.run(&["credential-process"]);
    assert_eq!((ran.stdout.matches('\n').count(), ran.stdout.contains('\r')), (1, false), "{ran:?}");
    assert_eq!(ran.document()["SessionToken"], "a\rb\nc");
}

/// mcp-remote opened any URL that a server sent.
#[test]
fn cve_2025_6514_url_from_a_server_is_never_opened() {
    struct Recording(Arc<Mutex<Vec<Url>>>, &'static str);
    impl Browser for Recording {
        fn open(&self, url: &Url) -> Result<(), String> {
            assert!(is_loopback(url), "{url}");
            let reply = get(url.port().expect("a port"), url.path());
            let page = reply.header("location").expect("the short address redirects").parse().expect("a URL");
            self.0.lock().expect("a lock").push(page);
            // A refused sign-in may have no last page.
            let _ = cogfed::sandbox::visitor::sign_in_as(url.as_str(), self.1);
            Ok(())
        }
    }
    for misbehaviour in [
        None,
        Some(Misbehaviour::TokenRedirect),
        Some(Misbehaviour::TokenHtml),
        Some(Misbehaviour::WrongIssuer),
        Some(Misbehaviour::AccessDenied),
        Some(Misbehaviour::Discovery500),
    ] {
        let options = Options { misbehaviours: misbehaviour.into_iter().collect(), ..Options::default() };
        let (lab, _clock) = Lab::with_manual_clock(options);
        let opened = Arc::default();
        lab.run_here(&["login"], Some(Arc::new(Recording(Arc::clone(&opened), "alice"))));
        let opened = opened.lock().expect("a lock");
        let [url] = opened.as_slice() else { panic!("one page: {opened:?}") };
        let domain: Url = lab.sandbox.domain_url().parse().expect("a URL");
        assert_eq!((url.origin(), url.path()), (domain.origin(), "/oauth2/authorize"), "{misbehaviour:?}");
    }
    let desk = Desk::new();
    let body = r#"{"error": "invalid_grant", "error_uri": "file:///bin/sh", "error_description": "see $(touch canary) https://evil.example", "authorization_endpoint": "https://evil.example", "verification_uri": "x:$(id)"}"#;
    desk.server.answer("/oauth2/token", Answer::json(400, body));
    desk.sign_in(TimeDelta::hours(2));
    // The desk's browser panics when it is opened.
    assert_eq!(desk.run(&["credential-process"]).status, 3);
}

/// kubectl printed terminal escape sequences from a server unchanged.
#[test]
fn cve_2021_25743_terminal_payloads_are_escaped_everywhere() {
    let mut desk = Desk::new();
    desk.is_terminal = true;
    // cogfed's own colour is left out.
    let no_colour = ("NO_COLOR".to_owned(), "1".to_owned());
    desk.variables = [no_colour.clone()].into();
    let api = format!("{}/api", desk.server.url());
    for payload in payloads() {
        let quoted = serde_json::to_string(&payload).expect("JSON");
        let check = |desk: &Desk, words: &[&str]| {
            let ran = desk.run(words);
            let said = format!("{}{}", ran.stdout, ran.stderr).replace(['\n', '\t'], "");
            assert!(is_plain(&said), "{words:?}: {ran:?}");
            ran
        };
        // The token endpoint's refusal, which is stored and printed again.
        desk.forget();
        desk.sign_in(TimeDelta::hours(2));
        desk.server.answer(
            "/oauth2/token",
            Answer::json(400, format!(r#"{{"error": {quoted}, "error_description": {quoted}}}"#)),
        );
        assert_eq!(check(&desk, &["credential-process"]).status, 6);
        // The identity pool's refusal, and the person's name in a record.
        desk.forget();
        let mut record = desk.tokens(TimeDelta::minutes(1));
        record["person"] = payload.as_str().into();
        record["provider"] = payload.as_str().into();
        desk.put("store", TOKENS_ACCOUNT, record.to_string().as_bytes());
        check(&desk, &["status"]);
        check(&desk, &["status", "--json"]);
        let refusal = format!(r#"{{"__type": "NotAuthorizedException", "message": {quoted}}}"#);
        desk.server.answer("GetId", Answer::json(400, refusal));
        assert_eq!(check(&desk, &["credential-process"]).status, 6);
        // An API's answer: body, head and refusal.
        desk.put("store", CREDENTIALS_ACCOUNT, desk.credentials(TimeDelta::minutes(50)).to_string().as_bytes());
        let body = format!("{{\"message\": {quoted}}}\n{payload}");
        let mut answer = Answer::json(403, body);
        let header: String = payload.chars().filter(|c| !matches!(c, '\r' | '\n' | '\0')).collect();
        answer.headers.push(("x-amzn-errortype".into(), "AccessDeniedException".into()));
        answer.headers.push(("x-said".into(), header));
        desk.server.answer("/api", answer);
        check(&desk, &["call", "GET", &api, "-i", "-v"]);
        // A setting that `profile show` prints.
        desk.variables.extend([("COGFED_ACCOUNT".to_owned(), payload.clone()), ("COGFED_LANG".to_owned(), payload)]);
        check(&desk, &["profile", "show"]);
        check(&desk, &["profile", "show", "--json"]);
        check(&desk, &["credential-process"]);
        desk.variables = [no_colour.clone()].into();
    }
}

/// Returns 300 texts, each of which contains a terminal escape sequence.
fn payloads() -> Vec<String> {
    let bodies =
        ["[2J", "[31m", "]0;title", "]52;c;aGk=", "]8;;https://evil.example", "P+q544e", "_G", "^x", "[6n", "c"];
    let ends = ["", "\u{7}", "\u{1b}\\", "\u{9c}"];
    let starts = ["\u{1b}", "\u{9b}", "\u{9d}", "\u{90}", "\r\u{1b}", "\u{8}\u{8}\u{1b}"];
    let mut payloads: Vec<String> = Vec::new();
    for start in starts {
        for body in bodies {
            payloads.extend(ends.iter().map(|end| format!("seen{start}{body}{end}after")));
        }
    }
    let others = "\0\u{1}\u{7}\u{8}\u{b}\u{c}\r\u{e}\u{f}\u{1b}\u{7f}\u{80}\u{84}\u{85}\u{88}\u{8d}\u{90}\u{9b}\u{9c}\u{9d}\u{9f}\u{61c}\u{200e}\u{200f}\u{202a}\u{202b}\u{202c}\u{202d}\u{202e}\u{2028}\u{2029}\u{2066}\u{2067}\u{2068}\u{2069}\u{feff}";
    for c in others.chars() {
        payloads.push(format!("a{c}b"));
        payloads.push(c.to_string().repeat(3));
    }
    assert!(payloads.len() >= 300, "{}", payloads.len());
    payloads
}
