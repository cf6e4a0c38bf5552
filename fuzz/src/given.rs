//! Common inputs of the targets (a profile, keys, a time), and independent checks.

use chrono::{DateTime, TimeDelta, Utc};
use cogfed::aws::Credentials;
use cogfed::profile::{Choice, Configuration, Profile, select, settings};
use cogfed::secret::Secret;

/// The issuer of the profile's tokens.
pub const ISSUER: &str = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbC123xyz";
/// The profile's app client.
pub const CLIENT: &str = "3n4b5urk1ft4fl3mg5e62d9ado";

const WHOLE: &str = r#"
[profile.internal]
user_pool_id = "eu-west-1_AbC123xyz"
client_id = "3n4b5urk1ft4fl3mg5e62d9ado"
domain = "corp.auth.eu-west-1.amazoncognito.com"
identity_pool_id = "eu-west-1:1cf667a2-49a6-454b-9e45-231990000000"
identity_provider = "AzureAD"
"#;

const PLAIN: &str = r#"
[profile.plain]
issuer = "https://login.example.com/tenant/v2.0"
issuer_hosts = ["keys.example.com"]
client_id = "11112222-bbbb-3333-cccc-4444dddd5555"
identity_pool_id = "eu-west-1:1cf667a2-49a6-454b-9e45-231990000000"
"#;

/// The role of the classic flow's profile.
pub const ROLE: &str = "arn:aws:iam::123456789012:role/Orders";

/// Returns the time of all targets, 2026-01-02T03:10:00Z. The records in `tests/data` were written minutes before.
pub fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_767_323_400, 0).expect("a time")
}

/// Returns a valid profile with more lines.
pub fn profile(lines: &str) -> Profile {
    read_profile(&format!("{WHOLE}{lines}")).expect("a good profile")
}

/// Returns a valid profile with more lines, and an issuer instead of the user pool.
pub fn plain_profile(lines: &str) -> Profile {
    read_profile(&format!("{PLAIN}{lines}")).expect("a good profile")
}

/// Returns a valid profile that uses the classic flow.
pub fn classic_profile() -> Profile {
    profile(&format!("flow = \"classic\"\nrole_arn = \"{ROLE}\"\n"))
}

/// Returns the only or default profile of a configuration.
pub fn read_profile(text: &str) -> Result<Profile, cogfed::error::Failure> {
    let configuration = Configuration::parse("config.toml".as_ref(), text)?;
    let name = select(&configuration, &Choice::default(), &|_| None)?;
    Profile::from_settings(&name, &settings(&configuration, &name, &Choice::default(), &|_| None)?)
}

/// Returns credentials that are valid for an hour.
pub fn credentials() -> Credentials {
    Credentials {
        access_key_id: "ASIAFUZZEXAMPLE00000".into(),
        secret_access_key: Secret::new("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
        session_token: Secret::new("TOKEN/EXAMPLE=="),
        expires: now() + TimeDelta::hours(1),
    }
}

/// Returns whether a text has no character that controls a terminal. This second implementation, from Unicode's ranges
/// of bidirectional and control characters, does not share mistakes with `terminal`.
pub fn is_plain(text: &str) -> bool {
    !text.chars().any(|c| {
        let c = u32::from(c);
        c < 0x20
            || (0x7f..=0x9f).contains(&c)
            || [0x061c, 0x200e, 0x200f, 0x2028, 0x2029, 0xfeff].contains(&c)
            || (0x202a..=0x202e).contains(&c)
            || (0x2066..=0x2069).contains(&c)
    })
}

/// Checks that a failure's texts have a bounded length, and that the man page lists its exit code. A long input must
/// not make a long message.
pub fn assert_presentable(failure: &cogfed::error::Failure) {
    assert!(matches!(failure.kind.exit_code(), 1..=7 | 22), "{failure:?}");
    assert!(!failure.message.is_empty());
    let longest = |text: &str| text.chars().count() <= 2000;
    assert!(longest(&failure.message), "{} characters: {}", failure.message.len(), failure.message);
    assert!(failure.hint.as_deref().is_none_or(longest), "{failure:?}");
}

/// Decodes `application/x-www-form-urlencoded`. This second implementation does not share mistakes with cogfed.
pub fn form(query: &str) -> Vec<(String, String)> {
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    let decoded = |text: &str| {
        let bytes = text.as_bytes();
        let (mut out, mut at) = (Vec::new(), 0);
        while at < bytes.len() {
            let digits = bytes.get(at + 1..at + 3).and_then(|digits| std::str::from_utf8(digits).ok());
            let digits = digits.filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
            match (bytes[at], digits) {
                (b'%', Some(digits)) => {
                    out.push(u8::from_str_radix(digits, 16).expect("two hexadecimal digits"));
                    at += 3;
                    continue;
                }
                (b'+', _) => out.push(b' '),
                (byte, _) => out.push(byte),
            }
            at += 1;
        }
        String::from_utf8_lossy(&out).into_owned()
    };
    pairs
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decoded(name), decoded(value))
        })
        .collect()
}
