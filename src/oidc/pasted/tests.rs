use std::time::Instant;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::*;
use crate::secret::Secret;

const URI: &str = "http://localhost:8400/callback";
const RIGHT: &str = "http://localhost:8400/callback?code=abc&state=right";
const URL: &str = "https://corp.auth.eu-west-1.amazoncognito.com/oauth2/authorize?response_type=code&state=right";

fn awaited() -> Awaited {
    Awaited {
        port: 8400,
        path: "/callback".into(),
        start: "/Zk3short".into(),
        state: Secret::new("right"),
        issuers: vec!["https://issuer.example/pool".into()],
        needs_issuer: false,
    }
}

/// Returns the results of successive pastes in text form: codes, error answers, and reasons for refusing a paste.
fn told(pastes: &[&str]) -> Vec<String> {
    let (awaited, url) = (awaited(), URL.parse().unwrap());
    let mut pasted = Pasted::new(&awaited, URI, &url);
    let told = |judgement: Option<Result<Arrival, Fault>>| match judgement {
        None => "nothing".to_owned(),
        Some(Ok(Arrival::Code(code))) => format!("code {}", code.expose()),
        Some(Ok(Arrival::Denied(denial))) => format!("denied {}", denial.error),
        Some(Ok(Arrival::Remark(_))) => panic!("a paste vouches, or is refused"),
        Some(Err(reason)) => reason.into_owned(),
    };
    pastes.iter().map(|paste| told(pasted.read(paste))).collect()
}

#[track_caller]
fn one(paste: &str) -> String {
    told(&[paste]).remove(0)
}

#[test]
fn pasted_address_is_accepted_with_marks_around_it() {
    for paste in [
        RIGHT.to_owned(),
        format!("{RIGHT}\n"),
        format!("  {RIGHT}\t\r\n"),
        format!("\n\n{RIGHT}\n\n"),
        format!("<{RIGHT}>"),
        format!("\"{RIGHT}\""),
        format!("'{RIGHT}'"),
        format!("`{RIGHT}`"),
        format!("“{RIGHT}”"),
        format!("< \"{RIGHT}\" >"),
        format!("\"{RIGHT}"),
        format!("{RIGHT}>,"),
        format!("it ended on {RIGHT}. What now?"),
        format!("\u{1b}[200~{RIGHT}\u{1b}[201~\n"),
        format!("{RIGHT}#"),
        format!("{RIGHT}#_=_"),
        "http://localhost:8400/callback?code=abc\n&state=right".to_owned(),
        "http://localhost:8400/call\r\n  back?code=abc&sta\r\n  te=right\r\n".to_owned(),
        "<http://localhost:8400/callback?code=a\nbc&state=right>".to_owned(),
        "http://localhost:8400/callback?state=right&code=abc&session_state=x".to_owned(),
        format!("{RIGHT}&iss=https%3A%2F%2Fissuer.example%2Fpool"),
        format!("not an address at all\n{RIGHT}"),
        format!("http://localhost:8400/callback?code=abc&state=wrong\n{RIGHT}"),
    ] {
        assert!(["code abc", "code a"].contains(&one(&paste).as_str()), "{paste:?}: {}", one(&paste));
    }
    assert_eq!(one("http://localhost:8400/callback?error=access_denied&state=right"), "denied access_denied");
}

#[test]
fn any_text_with_state_and_code_is_accepted() {
    for paste in [
        "localhost:8400/callback?code=abc&state=right",
        "https://localhost:8400/callback?code=abc&state=right",
        "HTTP://LOCALHOST:8400/callback?code=abc&state=right",
        "http://127.0.0.1:8400/callback?code=abc&state=right",
        "http://[::1]:8400/callback?code=abc&state=right",
        "http://localhost:8400/callback/?code=abc&state=right",
        "http://localhost:18400/callback?code=abc&state=right",
        "http://localhost:8400/callback?code=abc&amp;state=right",
        "http://localhost:8400/callback?state=right&amp;code=abc",
        "http://localhost:8400/callback?code=abc&#38;state=right",
        "http://localhost:8400/callback?code=abc&amp;amp;state=right",
        "http://localhost:8400/callback#code=abc&state=right",
        "http://localhost:8400/callback#/?code=abc&state=right",
        "/callback?code=abc&state=right",
        "?code=abc&state=right",
        "#state=right&code=abc",
        "code=abc&state=right",
        "code=abc&state=right#",
        "&code=abc&state=right",
        "view-source:http://localhost:8400/callback?code=abc&state=right",
        "https://mail.example/safe?url=http%3A%2F%2Flocalhost%3A8400%2Fcallback%3Fcode%3Dabc%26state%3Dright&data=05",
        "[http://localhost:8400/callback?code=abc&state=right]",
        "(http://localhost:8400/callback?code=abc&state=right).",
    ] {
        assert_eq!(one(paste), "code abc", "{paste}");
    }
    let encoded = utf8_percent_encode(RIGHT, NON_ALPHANUMERIC).to_string();
    assert_eq!(one(&encoded), "code abc");
    assert_eq!(one(&utf8_percent_encode(&encoded, NON_ALPHANUMERIC).to_string()), "code abc");
    assert_eq!(one("http://localhost:8400/callback?code=a%2Bb%26&state=right"), "code a+b&", "decoded once");
    assert_eq!(one("http://localhost:8400/callback?code=a%252B&state=right"), "code a%2B");
}

#[test]
fn pasted_code_without_state_is_refused() {
    for paste in ["abc", "0d8c3e1a-1111-2222-3333-444455556666", "code=abc", "?code=abc", "eyJraWQi.OiJ-_~w+/=="] {
        assert_eq!(one(paste), CODE_ALONE, "{paste}");
    }
    assert_eq!(one(&format!("{URI}?code=abc")), CODE_ALONE);
    assert_eq!(one(&format!("{URI}?code=abc&amp;stat")), CODE_ALONE);
}

#[test]
fn pasted_address_with_another_state_is_refused() {
    for query in ["code=abc&state=", "code=abc&state=wrong", "code=abc&state=Right", "code=abc&state=right0"] {
        assert_eq!(one(&format!("{URI}?{query}")), ANOTHER, "{query}");
        assert_eq!(one(query), ANOTHER, "{query}");
    }
    for query in ["error=access_denied", "error=access_denied&state=wrong"] {
        assert_eq!(one(&format!("{URI}?{query}")), ANOTHER);
    }
}

#[test]
fn pages_before_and_after_the_answer_are_named() {
    for paste in [
        URL,
        "corp.auth.eu-west-1.amazoncognito.com/oauth2/authorize?client_id=x",
        "http://localhost:8400/Zk3short",
        "localhost:8400/Zk3short",
        "https://corp.auth.eu-west-1.amazoncognito.com/login?client_id=x&state=right&redirect_uri=http://localhost:8400/callback",
    ] {
        assert_eq!(one(paste), START, "{paste}");
    }
    assert_eq!(one("http://localhost:8400/done"), LAST_PAGE);
    let page = "https://corp.auth.eu-west-1.amazoncognito.com/error?client_id=x&error=";
    let mismatch = one(&format!("{page}redirect_mismatch"));
    assert!(mismatch.contains("error page of the user pool (redirect_mismatch)"), "{mismatch}");
    assert!(mismatch.ends_with(&format!("register {URI} as a callback URL of the app client")), "{mismatch}");
    let odd = one(&format!("{page}run+this:+curl"));
    assert!(odd.contains("error page of the user pool,") && !odd.contains("curl"), "{odd}");
    for paste in
        ["http://localhost:8400/callback", "http://localhost:8400/callback?state=right", "https://login.example/x", ""]
    {
        assert!([NOT_WHOLE, "nothing"].contains(&one(paste).as_str()), "{paste}: {}", one(paste));
    }
}

#[test]
fn pasted_addresses_are_judged_like_requests() {
    for (query, reason) in [
        ("code=abc&code=def&state=right", "twice"),
        ("code=abc&state=right&state=right", "twice"),
        ("code=abc&state=right&iss=https%3A%2F%2Fother.example", "another issuer"),
        ("state=right&code=", "without an authorization code"),
        ("state=right&code=a%0ab", "without an authorization code"),
    ] {
        let said = one(&format!("{URI}?{query}"));
        assert!(said.starts_with("that is an answer to this sign-in, but") && said.contains(reason), "{query}: {said}");
    }
}

#[test]
fn pasted_control_characters_and_inner_spaces_are_refused() {
    for bad in
        ["\u{1b}[2J", "\u{7}", "\0", "\u{7f}", "\u{9b}", " ", "\t", "\u{a0}", "\u{2028}", "\u{1b}[20\u{1b}[200~0~"]
    {
        assert_eq!(one(&format!("{URI}?code=a{bad}bc&state=right")), BAD_CHARACTERS, "{bad:?}");
    }
}

#[test]
fn too_long_pastes_are_refused_and_forgotten() {
    let line = format!("{URI}?code={}&state=right", "a".repeat(LONGEST_ADDRESS));
    assert_eq!(told(&[&line, RIGHT]), [TOO_LONG, "code abc"]);
    assert_eq!(told(&[&"x".repeat(1024 * 1024), RIGHT]), [TOO_LONG, "code abc"]);
    assert_eq!(told(&[&"xyz\n".repeat(256 * 1024), RIGHT]), [TOO_LONG, "code abc"]);
    let halves = [format!("{URI}?code={}", "a".repeat(200 * 1024)), "a".repeat(200 * 1024)];
    assert_eq!(told(&[&halves[0], &halves[1], RIGHT])[1..], [TOO_LONG, "code abc"]);
}

#[test]
fn codes_of_128_kib_are_accepted_in_one_line_or_many() {
    let code = "a".repeat(128 * 1024);
    let address = format!("{URI}?code={code}&state=right");
    assert_eq!(one(&address), format!("code {code}"));
    let lines: Vec<&str> = address.as_bytes().chunks(80).map(|line| str::from_utf8(line).unwrap()).collect();
    assert_eq!(one(&lines.join("\r\n")), format!("code {code}"));
    let padded = |length: usize| format!("{RIGHT}&x={}", "a".repeat(length - RIGHT.len() - "&x=".len()));
    assert_eq!(one(&padded(LONGEST_ADDRESS)), "code abc");
    assert_eq!(one(&padded(LONGEST_ADDRESS + 1)), TOO_LONG);
}

#[test]
fn paste_of_256_kib_of_marks_is_judged_quickly() {
    let began = Instant::now();
    for text in ["?", "#", "&", "%3F", "&amp;", "? ", "=&", "http://"] {
        let paste = text.repeat(LONGEST_ADDRESS / text.len());
        assert!(!one(&paste).starts_with("code"), "{text}");
    }
    assert!(began.elapsed().as_secs() < 60, "{:?}", began.elapsed());
}

#[test]
fn pasted_address_may_come_in_several_pastes() {
    let (first, rest) = RIGHT.split_at(45);
    let said = told(&[first, rest]);
    assert!(said[0].contains("sign-in"), "{said:?}");
    assert_eq!(said[1], "code abc");
    assert_eq!(told(&["http://local", "host:8400/callback?code=abc&state=right"])[1], "code abc");
    assert_eq!(told(&["local", "host:8400/callback?code=abc&st", "ate=right"])[2], "code abc");
    assert_eq!(told(&["abc", RIGHT])[1], "code abc");
    assert_eq!(told(&["x y", "abc"]), [BAD_CHARACTERS, CODE_ALONE], "what begins no address is forgotten");
    assert_eq!(told(&["\n", "  ", ""]), ["nothing"; 3]);
    let wrong = format!("{URI}?code=abc&state=wrong");
    assert_eq!(told(&[&wrong, "\n", RIGHT])[1..], ["nothing", "code abc"]);
    assert_eq!(told(&[&wrong, "code=abc&state=right"])[1], "code abc");
    assert_eq!(told(&["code=abc&state=wrong", "code=abc&state=right"])[1], "code abc");
}
