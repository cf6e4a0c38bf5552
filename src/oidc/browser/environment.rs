//! The environment of a browser: the environment of this process, without secrets. A browser passes its environment on
//! to helpers, keeps it for days, and shows it to whatever can read `/proc`.

use std::ffi::OsString;

use url::Url;

/// Lower-case substrings that mark an environment variable as secret.
const SECRET: [&str; 8] =
    ["secret", "token", "password", "passwd", "passphrase", "credential", "api_key", "private_key"];
/// Lower-case suffixes that mark an environment variable as a path, not a secret, even if [`SECRET`] matches.
const PLACES: [&str; 4] = ["_dir", "_file", "_path", "_sock"];
/// The Wayland activation token, which lets a new window take the focus. It is no secret
/// (<https://wayland.app/protocols/xdg-activation-v1>).
const ACTIVATION: &str = "xdg_activation_token";

/// A change of a variable: another value, or `None` to remove it.
pub type Change = (OsString, Option<OsString>);

/// Returns the changes that remove the secrets from `variables`.
pub fn changes(variables: impl IntoIterator<Item = (OsString, OsString)>) -> Vec<Change> {
    let change = |(name, value): (OsString, OsString)| {
        let (shown, text) = (name.to_string_lossy().to_ascii_lowercase(), value.to_string_lossy().into_owned());
        let is_place = PLACES.iter().any(|end| shown.ends_with(end));
        if shown != ACTIVATION && !is_place && SECRET.iter().any(|part| shown.contains(part)) {
            return Some((name, None));
        }
        match shown.ends_with("proxy") {
            true => without_user(&text).map(|clean| (name, clean.map(OsString::from))),
            false => has_password(&text).then_some((name, None)),
        }
    };
    variables.into_iter().filter_map(change).collect()
}

/// Returns a proxy's URL without its user and password, `None` if the URL has no user, or `Some(None)` if it is
/// invalid.
fn without_user(proxy: &str) -> Option<Option<String>> {
    let before_path = proxy.split_once("://").map_or(proxy, |(_, rest)| rest);
    before_path.contains('@').then(|| {
        let whole = if proxy.contains("://") { proxy.to_owned() } else { format!("http://{proxy}") };
        let mut url = Url::parse(&whole).ok().filter(Url::has_host)?;
        url.set_username("").and_then(|()| url.set_password(None)).ok()?;
        Some(url.as_str().trim_end_matches('/').to_owned()).filter(|clean| !clean.contains('@'))
    })
}

/// Returns whether a text contains a URL with a password, such as a database address.
fn has_password(text: &str) -> bool {
    text.split("://").skip(1).any(|rest| {
        let authority = rest.split(['/', '?', '#', ' ']).next().unwrap_or_default();
        authority.rsplit_once('@').is_some_and(|(user, _)| user.contains(':'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changed(name: &str, value: &str) -> Option<Option<String>> {
        let changes = changes([(name.into(), value.into())]);
        changes.into_iter().next().map(|(_, value)| value.map(|value| value.into_string().unwrap()))
    }

    #[test]
    fn secrets_are_taken_out_of_a_browsers_environment() {
        for name in [
            "COGFED_CLIENT_SECRET",
            "AWS_SECRET_ACCESS_KEY",
            "AWS_SESSION_TOKEN",
            "AWS_SECURITY_TOKEN",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN",
            "GITHUB_TOKEN",
            "npm_config__authToken",
            "PGPASSWORD",
            "SSH_PASSPHRASE",
            "OPENAI_API_KEY",
            "TLS_PRIVATE_KEY",
        ] {
            assert_eq!(changed(name, "x"), Some(None), "{name}");
        }
        for name in
            ["HOME", "DISPLAY", "XDG_ACTIVATION_TOKEN", "SSH_AUTH_SOCK", "PASSWORD_STORE_DIR", "AWS_ACCESS_KEY_ID"]
        {
            assert_eq!(changed(name, "x"), None, "{name}");
        }
        assert_eq!(changed("DATABASE_URL", "postgres://app:s3cret@db/orders"), Some(None));
        assert_eq!(changed("HOMEPAGE", "https://docs.example/a:b@c"), None);
    }

    #[test]
    fn proxy_variables_keep_the_host_without_user_and_password() {
        for (value, expected) in [
            ("http://alice:s3cret@proxy.example:8080", Some(Some("http://proxy.example:8080"))),
            ("http://alice:s3cret@proxy.example:8080/", Some(Some("http://proxy.example:8080"))),
            ("alice:s3cret@proxy.example:8080", Some(Some("http://proxy.example:8080"))),
            ("socks5h://alice:p@ss@proxy.example:1080", Some(Some("socks5h://proxy.example:1080"))),
            ("http://s3cret@proxy.example", Some(Some("http://proxy.example"))),
            ("http://alice:s3%zz@ proxy", Some(None)),
            ("http://proxy.example:8080", None),
            ("proxy.example:8080", None),
            ("", None),
        ] {
            let expected = expected.map(|value| value.map(str::to_owned));
            for name in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "npm_config_proxy"] {
                assert_eq!(changed(name, value), expected, "{name}={value}");
            }
        }
    }
}
