//! The settings of a profile: the effective value of each configuration key, and its source.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

use super::keys::{Entry, Environment, ISSUER, KEYS, Key, PLAIN_SCOPES, PROXY, SCOPES, Shape, Shaped, USER_POOL_ID};
use crate::error::quoted;
use crate::error::{Failure, Kind};

/// The value of a configuration key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// The value of a key with [`Shape::Text`].
    Text(String),
    /// The value of a key with [`Shape::Number`].
    Number(u64),
    /// The value of a key with [`Shape::Flag`].
    Flag(bool),
    /// The value of a key with [`Shape::List`].
    List(Vec<String>),
    /// The value of a key with [`Shape::Numbers`].
    Numbers(Vec<u64>),
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Text(text) => f.write_str(text),
            Value::Number(number) => write!(f, "{number}"),
            Value::Flag(flag) => write!(f, "{flag}"),
            Value::List(items) => f.write_str(&items.join(",")),
            Value::Numbers(items) => f.write_str(&items.iter().map(u64::to_string).collect::<Vec<_>>().join(",")),
        }
    }
}

impl Value {
    /// Returns the shape of this value.
    pub fn shape(&self) -> Shape {
        match self {
            Value::Text(_) => Shape::Text,
            Value::Number(_) => Shape::Number,
            Value::Flag(_) => Shape::Flag,
            Value::List(_) => Shape::List,
            Value::Numbers(_) => Shape::Numbers,
        }
    }

    /// Converts the value to JSON of the same shape.
    pub fn to_json(&self) -> serde_json::Value {
        match self {
            Value::Text(text) => text.as_str().into(),
            Value::Number(number) => (*number).into(),
            Value::Flag(flag) => (*flag).into(),
            Value::List(items) => items.clone().into(),
            Value::Numbers(items) => items.clone().into(),
        }
    }

    /// Parses a value of this shape from the environment or the command line.
    ///
    /// # Errors
    /// A description of the fault.
    pub fn parse(shape: Shape, text: &str) -> Result<Self, String> {
        let number = |text: &str| {
            let wrong = |_| format!("'{}' is not a whole number from 0 upwards", quoted(text));
            text.trim().parse::<u64>().map_err(wrong)
        };
        let parts = || text.split(',').map(str::trim).filter(|part| !part.is_empty());
        Ok(match shape {
            Shape::Text => Value::Text(text.to_owned()),
            Shape::Number => Value::Number(number(text)?),
            Shape::Flag => match text.trim() {
                "true" | "1" | "yes" => Value::Flag(true),
                "false" | "0" | "no" => Value::Flag(false),
                _ => return Err(format!("'{}' is neither 'true' nor 'false'", quoted(text))),
            },
            Shape::List => Value::List(parts().map(str::to_owned).collect()),
            Shape::Numbers => Value::Numbers(parts().map(number).collect::<Result<_, _>>()?),
        })
    }
}

/// The source of a value; the variants are in descending order of precedence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A flag on the command line.
    Flag(&'static str),
    /// An environment variable.
    Environment(String),
    /// A line in the configuration file.
    File(Arc<Path>, usize),
    /// The default value of the key.
    Default,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Source::Flag(flag) => f.write_str(flag),
            Source::Environment(variable) => f.write_str(variable),
            Source::File(path, line) => write!(f, "{}:{line}", path.display()),
            Source::Default => f.write_str("default"),
        }
    }
}

/// The effective value of a configuration key, and its source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// The effective value.
    pub value: Value,
    /// The source of the value.
    pub source: Source,
}

/// A value that the command line sets for a configuration key.
#[derive(Debug, Clone)]
pub struct Override {
    /// The configuration key.
    pub key: Entry,
    /// The flag, such as `--role`.
    pub flag: &'static str,
    /// The value, as written on the command line.
    pub text: String,
}

/// The settings of one profile: from a single source, or combined from all sources. Every value has the shape of its
/// key; [`super::Profile`] checks its content.
#[derive(Debug, Clone, Default)]
pub struct Settings(BTreeMap<&'static str, Setting>);

impl Settings {
    /// Combines flags, environment variables, the profile's settings and the defaults. Flags take precedence over the
    /// environment, then the profile, then the defaults.
    ///
    /// `variable` reads an environment variable. `profile` is the layer of the configuration file.
    ///
    /// # Errors
    /// If a value has the wrong shape, or the environment sets a key that only the file may set.
    pub fn layered(
        flags: &[Override],
        variable: &dyn Fn(&str) -> Option<String>,
        profile: &Settings,
    ) -> Result<Self, Failure> {
        let mut settings = Self::default();
        for key in KEYS {
            if let Some(setting) = layer(key, flags, variable, profile)? {
                settings.0.insert(key.name, setting);
            }
        }
        let is_plain = settings.value(ISSUER).is_some() && settings.value(USER_POOL_ID).is_none();
        if let (true, Some(scopes)) = (is_plain, settings.0.get_mut(SCOPES.entry().name))
            && scopes.source == Source::Default
        {
            scopes.value = Value::List(PLAIN_SCOPES.split(',').map(str::to_owned).collect());
        }
        Ok(settings)
    }

    /// Sets the configuration key `key` to `setting`, whose type must be the one that the key expects.
    pub(super) fn insert(&mut self, key: Entry, setting: Setting) {
        debug_assert_eq!(setting.value.shape(), key.shape, "{}", key.name);
        self.0.insert(key.name, setting);
    }

    /// Returns the value of a configuration key, if any source sets it.
    pub fn value<T: Shaped>(&self, key: Key<T>) -> Option<&T> {
        let setting = self.setting(key)?;
        Some(T::of(&setting.value).expect("a value is kept in the shape of its key"))
    }

    /// Returns the value of a configuration key together with its source, or `None` if no source sets the key.
    pub fn setting(&self, key: impl Into<Entry>) -> Option<&Setting> {
        self.0.get(key.into().name)
    }

    /// Returns all settings for display, in the order of [`KEYS`]. The user and password of `proxy` are masked.
    pub fn shown(&self) -> impl Iterator<Item = (&'static str, Setting)> {
        KEYS.iter().filter_map(|key| {
            let setting = self.setting(*key)?.clone();
            Some((key.name, if key.name == PROXY.entry().name { setting.without_user() } else { setting }))
        })
    }
}

impl Setting {
    fn without_user(self) -> Self {
        let Value::Text(text) = &self.value else { return self };
        let Some((user, host)) = text.rsplit_once('@') else { return self };
        let scheme = user.split_once("://").map(|(scheme, _)| format!("{scheme}://")).unwrap_or_default();
        Self { value: Value::Text(format!("{scheme}***@{host}")), ..self }
    }
}

fn layer(
    key: &Entry,
    flags: &[Override],
    variable: &dyn Fn(&str) -> Option<String>,
    profile: &Settings,
) -> Result<Option<Setting>, Failure> {
    let parsed = |text: &str, source: Source| match Value::parse(key.shape, text) {
        Ok(value) => Ok(Some(Setting { value, source })),
        Err(fault) => Err(Failure::new(Kind::Usage, format!("{source}: {}: {fault}", key.name))),
    };
    if let Some(given) = flags.iter().find(|given| given.key.name == key.name) {
        return parsed(&given.text, Source::Flag(given.flag));
    }
    let named = profile.setting(*key);
    if let (Environment::FillsIn, Some(setting)) = (key.environment, named) {
        return Ok(Some(setting.clone()));
    }
    if let Some(text) = variable(&key.variable()).filter(|text| !text.is_empty()) {
        if key.environment == Environment::Refused {
            let message =
                format!("{} is set, but '{}' is taken from the configuration alone", key.variable(), key.name);
            return Err(Failure::new(Kind::Usage, message).hint(format!("unset {}", key.variable())));
        }
        return parsed(&text, Source::Environment(key.variable()));
    }
    if let Some(setting) = named {
        return Ok(Some(setting.clone()));
    }
    match key.default {
        Some(text) => parsed(text, Source::Default),
        None => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::super::keys::{REDIRECT_HOST, REDIRECT_PORTS, SIGN_IN_ON_DEMAND};
    use super::*;

    fn file<T: Shaped>(key: Key<T>, value: Value) -> Settings {
        let mut settings = Settings::default();
        settings.insert(key.into(), Setting { value, source: Source::File(Path::new("config.toml").into(), 3) });
        settings
    }

    #[test]
    fn flags_override_environment_then_profile_then_default() {
        let profile = file(REDIRECT_HOST, Value::Text("127.0.0.1".into()));
        let environment = |name: &str| (name == "COGFED_REDIRECT_HOST").then(|| "[::1]".to_owned());
        let flags = [Override { key: REDIRECT_HOST.entry(), flag: "--host", text: "localhost".into() }];
        let seen = |flags: &[_], variable: &dyn Fn(&str) -> Option<String>, profile: &_| {
            let settings = Settings::layered(flags, variable, profile).unwrap();
            let setting = settings.setting(REDIRECT_HOST).unwrap().clone();
            (setting.value.to_string(), setting.source.to_string())
        };
        let pair = |value: &str, source: &str| (value.to_owned(), source.to_owned());
        assert_eq!(seen(&flags, &environment, &profile), pair("localhost", "--host"));
        assert_eq!(seen(&[], &environment, &profile), pair("[::1]", "COGFED_REDIRECT_HOST"));
        assert_eq!(seen(&[], &|_| None, &profile), pair("127.0.0.1", "config.toml:3"));
        assert_eq!(seen(&[], &|_| None, &Settings::default()), pair("localhost", "default"));
    }

    #[test]
    fn environment_cannot_set_keys_that_direct_secrets() {
        for name in ["CLIENT_ID", "DOMAIN", "ISSUER", "USER_POOL_ID", "IDENTITY_POOL_ID", "ENDPOINTS_DOMAIN"] {
            let variable = format!("COGFED_{name}");
            let environment = |asked: &str| (asked == variable).then(|| "attacker.example".to_owned());
            let failure = Settings::layered(&[], &environment, &Settings::default()).unwrap_err();
            assert_eq!(failure.kind, Kind::Usage);
            assert!(failure.message.contains(&variable), "{failure}");
        }
    }

    #[test]
    fn password_of_a_proxy_is_not_shown() {
        for (text, expected) in [
            ("http://me:canary@proxy:3128", "http://***@proxy:3128"),
            ("me:can@ry@proxy", "***@proxy"),
            ("http://me:can#ary@proxy:3128", "http://***@proxy:3128"),
            ("http://proxy:3128", "http://proxy:3128"),
            ("none", "none"),
        ] {
            let settings = file(PROXY, Value::Text(text.to_owned()));
            let shown: Vec<String> = settings.shown().map(|(key, it)| format!("{key} {}", it.value)).collect();
            assert_eq!(shown, [format!("proxy {expected}")]);
        }
    }

    #[test]
    fn environment_values_are_read_in_the_shape_of_their_key() {
        let environment = |name: &str| match name {
            "COGFED_REDIRECT_PORTS" => Some("9001, 9002".to_owned()),
            "COGFED_SCOPES" => Some("openid,email".to_owned()),
            "COGFED_SIGN_IN_ON_DEMAND" => Some("true".to_owned()),
            _ => None,
        };
        let settings = Settings::layered(&[], &environment, &Settings::default()).unwrap();
        assert_eq!(settings.value(REDIRECT_PORTS), Some(&vec![9001, 9002]));
        assert_eq!(settings.value(SCOPES), Some(&vec!["openid".to_owned(), "email".to_owned()]));
        assert_eq!(settings.value(SIGN_IN_ON_DEMAND), Some(&true));
        let wrong = |name: &str| (name == "COGFED_REFRESH_GRACE").then(|| "soon".to_owned());
        let failure = Settings::layered(&[], &wrong, &Settings::default()).unwrap_err();
        assert_eq!(failure.message, "COGFED_REFRESH_GRACE: refresh_grace: 'soon' is not a whole number from 0 upwards");
    }
}
