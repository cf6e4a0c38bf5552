//! The keys of a profile: one table, from which reading, checking, overriding and showing all follow.

/// What a key's value looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// A text.
    Text,
    /// A whole number, not negative.
    Number,
    /// `true` or `false`.
    Flag,
    /// A list of texts; comma-separated in the environment.
    List,
    /// A list of whole numbers; comma-separated in the environment.
    Numbers,
}

/// One key of a profile.
#[derive(Debug, Clone, Copy)]
pub struct Key {
    /// As it is written in the file; `endpoints.` keys are in a table of their own.
    pub name: &'static str,
    /// What its value looks like.
    pub shape: Shape,
    /// Whether `COGFED_<KEY>` may override it. Keys that say where secrets go may not come from the environment: a
    /// cloned repository's `.envrc` is no better than its files.
    pub from_environment: bool,
    /// What holds where nothing is said, written as in the environment.
    pub default: Option<&'static str>,
}

impl Key {
    /// The environment variable that overrides it, or would.
    pub fn variable(&self) -> String {
        format!("COGFED_{}", self.name.replace('.', "_").to_ascii_uppercase())
    }
}

const fn pinned(name: &'static str, shape: Shape) -> Key {
    Key { name, shape, from_environment: false, default: None }
}

const fn open(name: &'static str, shape: Shape, default: Option<&'static str>) -> Key {
    Key { name, shape, from_environment: true, default }
}

/// Every key there is, in the order in which `profile show` prints them.
pub const KEYS: &[Key] = &[
    pinned("user_pool_id", Shape::Text),
    pinned("client_id", Shape::Text),
    pinned("domain", Shape::Text),
    pinned("issuer", Shape::Text),
    pinned("issuer_hosts", Shape::List),
    pinned("identity_pool_id", Shape::Text),
    pinned("logins_key", Shape::Text),
    pinned("fips", Shape::Flag),
    open("identity_provider", Shape::Text, None),
    open("idp_identifier", Shape::Text, None),
    pinned("email_domains", Shape::List),
    open("account", Shape::Text, None),
    open("login_hint", Shape::Text, None),
    open("prompt", Shape::Text, None),
    open("lang", Shape::Text, None),
    open("scopes", Shape::List, Some("openid")),
    open("redirect_host", Shape::Text, Some("localhost")),
    open("redirect_ports", Shape::Numbers, Some("8400,8401,8402")),
    open("redirect_path", Shape::Text, Some("/callback")),
    open("browser", Shape::Text, None),
    open("clipboard", Shape::Flag, Some("true")),
    open("sign_in_on_demand", Shape::Flag, Some("false")),
    open("refresh_token_validity", Shape::Number, None),
    open("refresh_grace", Shape::Number, Some("0")),
    open("role_arn", Shape::Text, None),
    open("flow", Shape::Text, Some("enhanced")),
    open("session_duration", Shape::Number, None),
    open("store", Shape::Text, Some("keyring")),
    open("region", Shape::Text, None),
    open("logout_uri", Shape::Text, None),
    pinned("ca_bundle", Shape::Text),
    pinned("endpoints.user_pool", Shape::Text),
    pinned("endpoints.domain", Shape::Text),
    pinned("endpoints.issuer", Shape::Text),
    pinned("endpoints.identity_pool", Shape::Text),
    pinned("endpoints.sts", Shape::Text),
];

/// The default of `scopes` for an issuer in a user pool's place: only who asks for `offline_access` is given a refresh
/// token (OpenID Connect Core 1.0, section 11). A user pool does not know that scope.
pub const PLAIN_SCOPES: &str = "openid,offline_access";

/// The key of that name.
pub fn key(name: &str) -> Option<&'static Key> {
    KEYS.iter().find(|key| key.name == name)
}

/// The one of `candidates` that `word` is most likely a misspelling of.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_ascii_lowercase().replace('-', "_");
    candidates
        .into_iter()
        .map(|candidate| (likeness(&word, &candidate.to_ascii_lowercase()), candidate))
        .filter(|(likeness, _)| *likeness > 0.8)
        .max_by(|left, right| left.0.total_cmp(&right.0))
        .map(|(_, candidate)| candidate)
}

/// From 0 to 1. One slip of the finger is likely at any length, which in short words Jaro and Winkler do not see.
fn likeness(word: &str, candidate: &str) -> f64 {
    let slip = if strsim::osa_distance(word, candidate) == 1 { 0.9 } else { 0.0 };
    strsim::jaro_winkler(word, candidate).max(slip)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_misspellings_find_them() {
        for (at, one) in KEYS.iter().enumerate() {
            assert!(KEYS[at + 1..].iter().all(|other| other.name != one.name), "{} is there twice", one.name);
        }
        let names = || KEYS.iter().map(|key| key.name);
        for (word, meant) in [
            ("clientid", "client_id"),
            ("client-id", "client_id"),
            ("user_pool", "user_pool_id"),
            ("identity_provder", "identity_provider"),
            ("redirect_port", "redirect_ports"),
            ("scope", "scopes"),
            ("DOMAIN", "domain"),
        ] {
            assert_eq!(nearest(word, names()), Some(meant), "{word}");
        }
        assert_eq!(nearest("colour", names()), None);
    }

    #[test]
    fn what_says_where_secrets_go_cannot_come_from_the_environment() {
        for name in [
            "client_id",
            "domain",
            "issuer",
            "issuer_hosts",
            "user_pool_id",
            "identity_pool_id",
            "logins_key",
            "fips",
            "email_domains",
            "endpoints.user_pool",
            "ca_bundle",
        ] {
            assert!(!key(name).unwrap().from_environment, "{name}");
        }
        assert!(KEYS.iter().filter(|key| key.name.starts_with("endpoints.")).all(|key| !key.from_environment));
    }
}
