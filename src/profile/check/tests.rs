use super::*;

#[test]
fn hosts_and_urls_are_checked() {
    assert_eq!(host("Corp.auth.eu-west-1.amazoncognito.com").unwrap(), "corp.auth.eu-west-1.amazoncognito.com");
    for bad in ["", "corp", "a..b", "-a.b", "a.b/c", "a.b:443", "user@a.b", "a b.c", "bücher.example", "a.b."] {
        assert!(host(bad).is_err(), "{bad}");
    }
    assert!(host("https://login.example.com/x").unwrap_err().contains("'login.example.com'"));
    for good in ["https://vpce.example.com", "http://localhost:9000/", "http://127.0.0.1:1/a", "http://[::1]:1"] {
        assert!(endpoint(good).is_ok(), "{good}");
    }
    assert_eq!(endpoint("http://localhost:9000/").unwrap(), "http://localhost:9000");
    for bad in [
        "http://example.com",
        "HTTP://example.com",
        "http://localhost.attacker.example",
        "http://127.0.0.1.attacker.example",
        "//example.com",
        "https://user@example.com",
        "https://user:pass@example.com",
        "https://example.com?x=1",
        "https://example.com#x",
        "ftp://example.com",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "https://a.example\nhost=b.example",
        "https://a.example\r.b.example",
        "https://a.exa\tmple",
        " https://example.com",
        "https://example.com\n",
        "https:\\\\example.com",
        "https://example.com\\@b.example",
        "example.com",
    ] {
        assert!(endpoint(bad).is_err(), "{bad}");
    }
}

#[test]
fn long_profile_values_are_refused_with_a_short_message() {
    let long = "x".repeat(100_000);
    let url = format!("https://example.com/{long}");
    for fault in [
        host(&long).unwrap_err(),
        host(&format!("{long}://{long}")).unwrap_err(),
        endpoint(&url).unwrap_err(),
        web_url(&long).unwrap_err(),
        web_url(&format!("{}:x", "y".repeat(1000))).unwrap_err(),
        redirect_host(&long).unwrap_err(),
        redirect_path(&format!("/{long}")).unwrap_err(),
        one_of(&long, &["a"]).unwrap_err(),
        name(&long, 64).unwrap_err(),
        ports(&(1..=101).collect::<Vec<_>>()).unwrap_err(),
    ] {
        assert!(fault.chars().count() <= 300, "{} characters: {fault}", fault.len());
    }
    let longest = format!("https://example.com/{}", "x".repeat(LONGEST_URL - 20));
    assert!(endpoint(&longest).is_ok() && endpoint(&format!("{longest}x")).is_err());
    assert!(ports(&(1..=100).collect::<Vec<_>>()).is_ok());
}

#[test]
fn ports_and_redirect_uris_are_checked() {
    assert_eq!(ports(&[8400, 8401]).unwrap(), [8400, 8401]);
    for bad in [&[][..], &[0], &[65536], &[8400, 8400]] {
        assert!(ports(bad).is_err(), "{bad:?}");
    }
    assert!(redirect_host("localhost").is_ok());
    for bad in ["0.0.0.0", "::1", "example.com", "LOCALHOST"] {
        assert!(redirect_host(bad).is_err(), "{bad}");
    }
    assert!(redirect_path("/callback").is_ok());
    for bad in ["", "/", "//a", "/a/", "/a/../b", "/.", "/done", "/favicon.ico", "callback", "/a b", "/a?b", "/a%20b"] {
        assert!(redirect_path(bad).is_err(), "{bad}");
    }
}

#[test]
fn file_paths_are_absolute_or_below_home() {
    let home = || Some(std::env::temp_dir());
    assert_eq!(file("~/ca.pem", home()).unwrap(), std::env::temp_dir().join("ca.pem"));
    let whole = std::env::temp_dir().join("ca.pem");
    assert_eq!(file(whole.to_str().unwrap(), None).unwrap(), whole);
    for bad in ["", "ca.pem", "./ca.pem", "~", "~other/ca.pem", "$HOME/ca.pem"] {
        assert!(file(bad, home()).is_err(), "{bad}");
    }
    assert!(file("~/ca.pem", None).is_err());
}

#[test]
fn profile_words_names_and_numbers_are_checked() {
    assert!(one_of("keyring", &["keyring", "kernel", "file"]).is_ok());
    assert!(one_of("keychain", &["keyring", "kernel", "file"]).unwrap_err().contains("'keyring'"));
    assert!(name("Ada (work)", 64).is_ok());
    for bad in ["", " ", " a", "a\u{1b}[31m", "a\nb"] {
        assert!(name(bad, 64).is_err(), "{bad:?}");
    }
    assert!(name(&"x".repeat(65), 64).is_err());
    assert!(within(60, 0, 60).is_ok() && within(61, 0, 60).is_err());
}

#[test]
fn listed_host_is_kept_in_the_form_of_a_url() {
    for (text, kept) in [
        ("Keys.example.com", "keys.example.com"),
        ("keys.example.com:443", "keys.example.com"),
        ("keys.example.com:8443", "keys.example.com:8443"),
        ("localhost:9000", "localhost:9000"),
    ] {
        assert_eq!(authority(text).as_deref(), Ok(kept), "{text}");
    }
    for bad in ["", "keys", "keys.example.com:", "keys.example.com:0", "keys.example.com:0443", "k.example:70000"] {
        assert!(authority(bad).is_err(), "{bad}");
    }
}
