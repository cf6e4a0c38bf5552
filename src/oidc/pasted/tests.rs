use super::*;
use crate::secret::Secret;

const URI: &str = "http://localhost:8400/callback";
const RIGHT: &str = "http://localhost:8400/callback?code=abc&state=right";

fn awaited() -> Awaited {
    Awaited {
        port: 8400,
        path: "/callback".into(),
        state: Secret::new("right"),
        issuers: vec!["https://issuer.example/pool".into()],
        needs_issuer: false,
    }
}

/// Returns the results of successive pastes: codes, errors, and the reasons of refusals.
fn told(pastes: &[&str]) -> Vec<String> {
    let awaited = awaited();
    let mut pasted = Pasted::new(&awaited, URI);
    let told = |judgement: Option<Result<Arrival, Fault>>| match judgement {
        None => "nothing".to_owned(),
        Some(Ok(Arrival::Code(code))) => format!("code {}", code.expose()),
        Some(Ok(Arrival::Denied(denial))) => format!("denied {}", denial.error),
        Some(Ok(Arrival::Unvouched(_))) => panic!("a paste vouches, or is refused"),
        Some(Err(reason)) => reason.to_owned(),
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
        assert_eq!(one(&paste), "code abc", "{paste:?}");
    }
    assert_eq!(one("http://localhost:8400/callback?error=access_denied&state=right"), "denied access_denied");
}

#[test]
fn pasted_code_without_state_is_refused() {
    for paste in ["abc", "code=abc", "code=abc&state=right", "?code=abc&state=right", "/callback?code=abc&state=right"]
    {
        assert_eq!(one(paste), NOT_WHOLE, "{paste}");
    }
}

#[test]
fn pasted_address_with_another_state_is_refused() {
    for query in
        ["code=abc", "code=abc&state=", "code=abc&state=wrong", "code=abc&state=Right", "code=abc&state=right0"]
    {
        let said = one(&format!("{URI}?{query}"));
        assert!(said.contains("does not belong to the sign-in"), "{query}: {said}");
    }
    for query in ["error=access_denied", "error=access_denied&state=wrong"] {
        assert_eq!(one(&format!("{URI}?{query}")), NOT_OURS);
    }
}

#[test]
fn pasted_address_of_another_redirect_uri_is_refused() {
    for address in [
        "https://localhost:8400/callback?code=abc&state=right",
        "HTTP://localhost:8400/callback?code=abc&state=right",
        "http://localhost:8401/callback?code=abc&state=right",
        "http://localhost:84000/callback?code=abc&state=right",
        "http://localhost/callback?code=abc&state=right",
        "http://127.0.0.1:8400/callback?code=abc&state=right",
        "http://[::1]:8400/callback?code=abc&state=right",
        "http://localhost:8400/callback/?code=abc&state=right",
        "http://localhost:8400/callbackx?code=abc&state=right",
        "http://localhost:8400/Callback?code=abc&state=right",
        "http://localhost:8400/x/../callback?code=abc&state=right",
        "http://localhost:8400/done",
        "http://localhost:8400/favicon.ico?code=abc&state=right",
        "http://user@localhost:8400/callback?code=abc&state=right",
        "http://localhost:8400@attacker.example/callback?code=abc&state=right",
        "http://localhost.attacker.example:8400/callback?code=abc&state=right",
        "http://localhost:8400/callback#code=abc&state=right",
        "http://localhost:8400/callback#?code=abc&state=right",
        "http://localhost:8400/callback;code=abc&state=right",
        "http://localhost:8400/callback",
        "view-source:http://localhost:8400/callback?code=abc&state=right",
    ] {
        assert_eq!(one(address), NOT_WHOLE, "{address}");
    }
}

#[test]
fn pasted_addresses_are_judged_like_requests() {
    for (query, reason) in [
        ("code=abc&code=def&state=right", "twice"),
        ("code=abc&state=right&state=right", "twice"),
        ("code=abc&state=right&iss=https%3A%2F%2Fother.example", "another issuer"),
        ("state=right", "no authorization code"),
        ("state=right&code=", "no authorization code"),
        ("state=right&code=a%0ab", "no authorization code"),
    ] {
        let said = one(&format!("{URI}?{query}"));
        assert!(said.contains(reason), "{query}: {said}");
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
    let line = format!("{URI}?code={}&state=right", "a".repeat(LONGEST_LINE));
    assert_eq!(told(&[&line, RIGHT]), [TOO_LONG, "code abc"]);
    assert_eq!(told(&[&"x".repeat(1024 * 1024), RIGHT]), [TOO_LONG, "code abc"]);
    assert_eq!(told(&[&"xyz\n".repeat(256 * 1024), RIGHT]), [TOO_LONG, "code abc"]);
    let fits = format!("{URI}?state=right&code={}", "a".repeat(4000));
    assert!(one(&fits).starts_with("code aaa"));
}

#[test]
fn longest_pasted_line_and_address_are_accepted() {
    let padded = |length: usize| format!("{RIGHT}&x={}", "a".repeat(length - RIGHT.len() - "&x=".len()));
    assert_eq!(one(&padded(LONGEST_LINE)), "code abc");
    assert_eq!(one(&padded(LONGEST_LINE + 1)), TOO_LONG);
    let wrapped = |length: usize| {
        let address = padded(length);
        let lines: Vec<_> = address.as_bytes().chunks(4000).map(|line| str::from_utf8(line).unwrap()).collect();
        lines.join("\n")
    };
    assert_eq!(one(&wrapped(LONGEST_ADDRESS)), "code abc");
    assert_eq!(one(&wrapped(LONGEST_ADDRESS + 1)), TOO_LONG);
}

#[test]
fn pasted_address_may_come_in_several_pastes() {
    let (first, rest) = RIGHT.split_at(45);
    let said = told(&[first, rest]);
    assert!(said[0].contains("sign-in"), "{said:?}");
    assert_eq!(said[1], "code abc");
    assert_eq!(told(&["http://local", "host:8400/callback?code=abc&state=right"])[1], "code abc");
    assert_eq!(told(&["abc", RIGHT])[1], "code abc");
    assert_eq!(told(&["x y", "abc"]), [BAD_CHARACTERS, NOT_WHOLE], "what begins no address is forgotten");
    assert_eq!(told(&["\n", "  ", ""]), ["nothing"; 3]);
    let wrong = format!("{URI}?code=abc&state=wrong");
    assert_eq!(told(&[&wrong, "\n", RIGHT])[1..], ["nothing", "code abc"]);
}
