//! The configuration keys of a profile, in one table for reading, checking, overriding and showing them.

use std::marker::PhantomData;

use super::settings::Value;

/// The type of a configuration key's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// A string.
    Text,
    /// A non-negative integer.
    Number,
    /// A boolean, `true` or `false`.
    Flag,
    /// A list of strings, separated by commas in the environment.
    List,
    /// A list of non-negative integers, separated by commas in the environment.
    Numbers,
}

/// The effect of the environment variable that belongs to a configuration key. The environment must not set a key that
/// directs secrets: a cloned repository's `.envrc` is no safer than its files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Environment {
    /// The variable takes precedence over the profile.
    Overrides,
    /// The variable is used only if the profile does not set the key.
    FillsIn,
    /// Setting the variable is an error.
    Refused,
}

/// A Rust type for the values of configuration keys.
pub trait Shaped: Sized {
    /// The [`Shape`] of values of this Rust type.
    const SHAPE: Shape;

    /// Returns `value` as this Rust type, or `None` if the value has another shape.
    fn of(value: &Value) -> Option<&Self>;
}

macro_rules! shaped {
    ($($type:ty => $shape:ident;)*) => {$(
        impl Shaped for $type {
            const SHAPE: Shape = Shape::$shape;

            fn of(value: &Value) -> Option<&Self> {
                if let Value::$shape(value) = value { Some(value) } else { None }
            }
        }
    )*};
}

shaped! {
    String => Text;
    u64 => Number;
    bool => Flag;
    Vec<String> => List;
    Vec<u64> => Numbers;
}

/// A row of the table of configuration keys.
#[derive(Debug, Clone, Copy)]
pub struct Entry {
    /// The key's name in the configuration file. Keys with the prefix `endpoints.` are in a table of their own.
    pub name: &'static str,
    /// The type of the key's value.
    pub shape: Shape,
    /// The effect of the environment variable `COGFED_<KEY>`.
    pub environment: Environment,
    /// The key's default value, written as in an environment variable.
    pub default: Option<&'static str>,
}

impl Entry {
    /// Returns the name of the key's environment variable.
    pub fn variable(&self) -> String {
        format!("COGFED_{}", self.name.replace('.', "_").to_ascii_uppercase())
    }
}

/// A configuration key whose value has the Rust type `T`.
#[derive(Debug)]
pub struct Key<T> {
    entry: Entry,
    value: PhantomData<fn() -> T>,
}

// Derived implementations would require `T` to be `Clone` and `Copy`, too.
impl<T> Clone for Key<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Key<T> {}

impl<T: Shaped> Key<T> {
    const fn new(name: &'static str, environment: Environment, default: Option<&'static str>) -> Self {
        Self { entry: Entry { name, shape: T::SHAPE, environment, default }, value: PhantomData }
    }

    /// Returns the key's row in the table of configuration keys.
    pub const fn entry(self) -> Entry {
        self.entry
    }
}

impl<T: Shaped> From<Key<T>> for Entry {
    fn from(key: Key<T>) -> Self {
        key.entry
    }
}

/// Creates a key that only the configuration file may set.
const fn pinned<T: Shaped>(name: &'static str) -> Key<T> {
    Key::new(name, Environment::Refused, None)
}

/// Creates a key whose value the environment may override.
const fn open<T: Shaped>(name: &'static str, default: Option<&'static str>) -> Key<T> {
    Key::new(name, Environment::Overrides, default)
}

/// Creates a key that the environment may set if the profile does not.
const fn filled_in<T: Shaped>(name: &'static str, default: Option<&'static str>) -> Key<T> {
    Key::new(name, Environment::FillsIn, default)
}

macro_rules! keys {
    ($($(#[$doc:meta])* $key:ident: $type:ty = $value:expr;)*) => {
        $($(#[$doc])* pub const $key: Key<$type> = $value;)*

        /// All configuration keys, in the order in which `profile show` prints them.
        pub const KEYS: &[Entry] = &[$($key.entry()),*];
    };
}

keys! {
    /// The user pool's id, such as `eu-west-1_AbC123xyz`.
    USER_POOL_ID: String = pinned("user_pool_id");
    /// The app client's id.
    CLIENT_ID: String = pinned("client_id");
    /// The host of the user pool's hosted UI.
    DOMAIN: String = pinned("domain");
    /// The URL of the issuer of the tokens. Set only if the profile has no user pool, or if the user pool has an issuer
    /// of its own instead of AWS's two standard ones.
    ISSUER: String = pinned("issuer");
    /// Hosts that the issuer's endpoints may use in addition to the host of the issuer, in a profile without a user
    /// pool.
    ISSUER_HOSTS: Vec<String> = pinned("issuer_hosts");
    /// The identity pool's id; its prefix is a region.
    IDENTITY_POOL_ID: String = pinned("identity_pool_id");
    /// The name under which the identity pool knows the issuer, a key of `Logins`.
    LOGINS_KEY: String = pinned("logins_key");
    /// True if only AWS's FIPS 140 hosts are used.
    FIPS: bool = pinned("fips");
    /// The identity provider to which the user pool redirects at once, without showing its own sign-in page.
    IDENTITY_PROVIDER: String = open("identity_provider", None);
    /// An identifier of the identity provider, such as an email domain, that is sent instead of the provider's name.
    IDP_IDENTIFIER: String = open("idp_identifier", None);
    /// The domains of email addresses for which `login --email` chooses this profile.
    EMAIL_DOMAINS: Vec<String> = pinned("email_domains");
    /// A name that distinguishes this sign-in from the sign-in of another person at the same identity provider.
    ACCOUNT: String = open("account", None);
    /// The user name to prefill on the identity provider's sign-in page.
    LOGIN_HINT: String = open("login_hint", None);
    /// The OIDC `prompt` parameter, which overrides an existing session: `login`, `select_account` or `consent`.
    PROMPT: String = open("prompt", None);
    /// The language of the hosted UI.
    LANG: String = open("lang", None);
    /// The scopes to request. A plain issuer has another default, [`PLAIN_SCOPES`].
    SCOPES: Vec<String> = open("scopes", Some("openid"));
    /// The host of the registered redirect URIs.
    REDIRECT_HOST: String = open("redirect_host", Some("localhost"));
    /// The ports of the registered redirect URIs, in the order in which they are tried.
    REDIRECT_PORTS: Vec<u64> = open("redirect_ports", Some("8400,8401,8402"));
    /// The path of the registered redirect URIs.
    REDIRECT_PATH: String = open("redirect_path", Some("/callback"));
    /// The command that opens the browser.
    BROWSER: String = open("browser", None);
    /// True if the sign-in URL may be copied to the clipboard of the person's terminal.
    CLIPBOARD: bool = open("clipboard", Some("true"));
    /// True if `credential-process` may open the browser to sign in.
    SIGN_IN_ON_DEMAND: bool = open("sign_in_on_demand", Some("false"));
    /// The lifetime of a refresh token, counted from the sign-in, in seconds.
    REFRESH_TOKEN_VALIDITY: u64 = open("refresh_token_validity", None);
    /// The time, in seconds, for which a refresh token still works after its rotation.
    REFRESH_GRACE: u64 = open("refresh_grace", Some("0"));
    /// The IAM role to request.
    ROLE_ARN: String = filled_in("role_arn", None);
    /// The identity pool flow that exchanges an ID token for credentials: `enhanced` or `classic`.
    FLOW: String = filled_in("flow", Some("enhanced"));
    /// The lifetime of credentials from the classic flow, in seconds.
    SESSION_DURATION: u64 = open("session_duration", None);
    /// The secret store: `keyring`, `kernel` or `file`.
    STORE: String = filled_in("store", Some("keyring"));
    /// True if the person accepts that the host and other containers can read the kernel's keyring.
    SHARED_KEYRING: bool = pinned("shared_keyring");
    /// The AWS region for which `call` signs requests.
    REGION: String = open("region", None);
    /// The base URL of the API, below which `call` finds a path.
    API: String = pinned("api");
    /// The page to which the hosted UI redirects after logout.
    LOGOUT_URI: String = open("logout_uri", None);
    /// A PEM file with root certificates to trust in addition to the system's.
    CA_BUNDLE: String = pinned("ca_bundle");
    /// The proxy for HTTPS requests: a URL, or `none`.
    PROXY: String = pinned("proxy");
    /// The endpoint of the Cognito user pools service, if it differs from the standard AWS endpoint.
    ENDPOINTS_USER_POOL: String = pinned("endpoints.user_pool");
    /// The URL of the hosted UI, if it is not at [`DOMAIN`].
    ENDPOINTS_DOMAIN: String = pinned("endpoints.domain");
    /// The base URL of the discovery document, if it differs from the issuer's URL. It is only for profiles without a
    /// user pool.
    ENDPOINTS_ISSUER: String = pinned("endpoints.issuer");
    /// The endpoint of the Cognito identity pools service, if it differs from the standard AWS endpoint.
    ENDPOINTS_IDENTITY_POOL: String = pinned("endpoints.identity_pool");
    /// The endpoint of the Security Token Service, if it differs from the standard AWS endpoint.
    ENDPOINTS_STS: String = pinned("endpoints.sts");
}

/// The default of [`SCOPES`] for an issuer that is not a user pool. Such an issuer gives a refresh token only if
/// `offline_access` is requested (OpenID Connect Core 1.0, section 11). A user pool does not know that scope.
pub const PLAIN_SCOPES: &str = "openid,offline_access";

/// Returns the configuration key with this name.
pub fn named(name: &str) -> Option<Entry> {
    KEYS.iter().find(|key| key.name == name).copied()
}

/// Returns the candidate most similar to the misspelled `word`, if any is similar enough.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_ascii_lowercase().replace('-', "_");
    candidates
        .into_iter()
        .map(|candidate| (likeness(&word, &candidate.to_ascii_lowercase()), candidate))
        .filter(|(likeness, _)| *likeness > 0.8)
        .max_by(|left, right| left.0.total_cmp(&right.0))
        .map(|(_, candidate)| candidate)
}

/// Returns the similarity of two words, from 0 (different) to 1 (equal). A single typo is likely at any length, but
/// Jaro-Winkler rates it too low in short words.
fn likeness(word: &str, candidate: &str) -> f64 {
    let slip = if strsim::osa_distance(word, candidate) == 1 { 0.9 } else { 0.0 };
    strsim::jaro_winkler(word, candidate).max(slip)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn profile_keys_are_unique_and_misspellings_find_the_right_one() {
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
    fn keys_that_direct_secrets_are_pinned_to_the_file() {
        let pinned = [
            CLIENT_ID.entry(),
            DOMAIN.entry(),
            ISSUER.entry(),
            ISSUER_HOSTS.entry(),
            USER_POOL_ID.entry(),
            IDENTITY_POOL_ID.entry(),
            LOGINS_KEY.entry(),
            FIPS.entry(),
            EMAIL_DOMAINS.entry(),
            ENDPOINTS_USER_POOL.entry(),
            CA_BUNDLE.entry(),
            SHARED_KEYRING.entry(),
            PROXY.entry(),
            API.entry(),
        ];
        for key in pinned {
            assert_eq!(key.environment, Environment::Refused, "{}", key.name);
        }
        let endpoints = || KEYS.iter().filter(|key| key.name.starts_with("endpoints."));
        assert!(endpoints().all(|key| key.environment == Environment::Refused));
        for key in [STORE, ROLE_ARN, FLOW] {
            let name = key.entry().name;
            assert_eq!(key.entry().environment, Environment::FillsIn, "the profile's {name} cannot be changed");
        }
    }
}
