//! The values in force for one profile, and where each came from.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use super::keys::{KEYS, Key, PLAIN_SCOPES, Shape, key};
use crate::error::quoted;
use crate::error::{Failure, Kind};

/// The value of one key, in its shape.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// [`Shape::Text`].
    Text(String),
    /// [`Shape::Number`].
    Number(u64),
    /// [`Shape::Flag`].
    Flag(bool),
    /// [`Shape::List`].
    List(Vec<String>),
    /// [`Shape::Numbers`].
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
    /// The value as JSON, in its own shape.
    pub fn to_json(&self) -> serde_json::Value {
        match self {
            Value::Text(text) => text.as_str().into(),
            Value::Number(number) => (*number).into(),
            Value::Flag(flag) => (*flag).into(),
            Value::List(items) => items.clone().into(),
            Value::Numbers(items) => items.clone().into(),
        }
    }

    /// Reads a value of that shape as it is written in the environment or on the command line.
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

/// Where a value came from. Later ones yield to earlier ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A flag of the command line.
    Flag(&'static str),
    /// An environment variable.
    Environment(String),
    /// A line of the configuration file.
    File(PathBuf, usize),
    /// Nobody said anything.
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

/// A value and where it came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// What holds.
    pub value: Value,
    /// Who said so.
    pub source: Source,
}

/// Everything that holds for one profile, unchecked: shapes are right, contents are [`super::Profile`]'s to check.
#[derive(Debug, Clone, Default)]
pub struct Settings(BTreeMap<&'static str, Setting>);

impl Settings {
    /// Puts the layers on top of one another: flags, then the environment, then the profile, then defaults.
    ///
    /// `flags` are pairs of key and value as the command line gave them, `variable` reads an environment variable.
    ///
    /// # Errors
    /// If a value has the wrong shape, or the environment speaks of a key that it may not set.
    pub fn layered(
        flags: &[(&'static str, String)],
        variable: &dyn Fn(&str) -> Option<String>,
        profile: &BTreeMap<&'static str, Setting>,
    ) -> Result<Self, Failure> {
        let mut settings = BTreeMap::new();
        for key in KEYS {
            if let Some(setting) = layer(key, flags, variable, profile)? {
                settings.insert(key.name, setting);
            }
        }
        let is_plain = settings.contains_key("issuer") && !settings.contains_key("user_pool_id");
        if let (true, Some(scopes)) = (is_plain, settings.get_mut("scopes"))
            && scopes.source == Source::Default
        {
            scopes.value = Value::List(PLAIN_SCOPES.split(',').map(str::to_owned).collect());
        }
        Ok(Self(settings))
    }

    /// The setting of that key, if any layer says something.
    pub fn get(&self, name: &str) -> Option<&Setting> {
        debug_assert!(key(name).is_some(), "'{name}' is not in the table of keys");
        self.0.get(name)
    }

    /// All settings in the order of the table.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &Setting)> {
        KEYS.iter().filter_map(|key| Some((key.name, self.0.get(key.name)?)))
    }
}

fn layer(
    key: &Key,
    flags: &[(&'static str, String)],
    variable: &dyn Fn(&str) -> Option<String>,
    profile: &BTreeMap<&'static str, Setting>,
) -> Result<Option<Setting>, Failure> {
    let parsed = |text: &str, source: Source| match Value::parse(key.shape, text) {
        Ok(value) => Ok(Some(Setting { value, source })),
        Err(fault) => Err(Failure::new(Kind::Usage, format!("{source}: {}: {fault}", key.name))),
    };
    if let Some((_, text)) = flags.iter().find(|(name, _)| *name == key.name) {
        return parsed(text, Source::Flag(flag_of(key.name)));
    }
    if let Some(text) = variable(&key.variable()) {
        if !key.from_environment {
            let message =
                format!("{} is set, but '{}' is taken from the configuration alone", key.variable(), key.name);
            return Err(Failure::new(Kind::Usage, message).hint(format!("unset {}", key.variable())));
        }
        return parsed(&text, Source::Environment(key.variable()));
    }
    if let Some(setting) = profile.get(key.name) {
        return Ok(Some(setting.clone()));
    }
    match key.default {
        Some(text) => parsed(text, Source::Default),
        None => Ok(None),
    }
}

/// The flag that sets a key, where a verb has one.
fn flag_of(name: &str) -> &'static str {
    match name {
        "region" => "--region",
        "role_arn" => "--role",
        _ => "the command line",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &'static str, value: Value) -> BTreeMap<&'static str, Setting> {
        BTreeMap::from([(name, Setting { value, source: Source::File("config.toml".into(), 3) })])
    }

    #[test]
    fn a_flag_beats_the_environment_beats_the_profile_beats_the_default() {
        let profile = file("redirect_host", Value::Text("127.0.0.1".into()));
        let environment = |name: &str| (name == "COGFED_REDIRECT_HOST").then(|| "[::1]".to_owned());
        let flags = [("redirect_host", "localhost".to_owned())];
        let seen = |flags: &[_], variable: &dyn Fn(&str) -> Option<String>, profile: &_| {
            let settings = Settings::layered(flags, variable, profile).unwrap();
            let setting = settings.get("redirect_host").unwrap().clone();
            (setting.value.to_string(), setting.source.to_string())
        };
        let pair = |value: &str, source: &str| (value.to_owned(), source.to_owned());
        assert_eq!(seen(&flags, &environment, &profile), pair("localhost", "the command line"));
        assert_eq!(seen(&[], &environment, &profile), pair("[::1]", "COGFED_REDIRECT_HOST"));
        assert_eq!(seen(&[], &|_| None, &profile), pair("127.0.0.1", "config.toml:3"));
        assert_eq!(seen(&[], &|_| None, &BTreeMap::new()), pair("localhost", "default"));
    }

    #[test]
    fn the_environment_cannot_say_where_secrets_go() {
        for name in ["CLIENT_ID", "DOMAIN", "ISSUER", "USER_POOL_ID", "IDENTITY_POOL_ID", "ENDPOINTS_DOMAIN"] {
            let variable = format!("COGFED_{name}");
            let environment = |asked: &str| (asked == variable).then(|| "attacker.example".to_owned());
            let failure = Settings::layered(&[], &environment, &BTreeMap::new()).unwrap_err();
            assert_eq!(failure.kind, Kind::Usage);
            assert!(failure.message.contains(&variable), "{failure}");
        }
    }

    #[test]
    fn lists_and_flags_are_read_from_the_environment() {
        let environment = |name: &str| match name {
            "COGFED_REDIRECT_PORTS" => Some("9001, 9002".to_owned()),
            "COGFED_SCOPES" => Some("openid,email".to_owned()),
            "COGFED_SIGN_IN_ON_DEMAND" => Some("true".to_owned()),
            _ => None,
        };
        let settings = Settings::layered(&[], &environment, &BTreeMap::new()).unwrap();
        assert_eq!(settings.get("redirect_ports").unwrap().value, Value::Numbers(vec![9001, 9002]));
        assert_eq!(settings.get("scopes").unwrap().value, Value::List(vec!["openid".into(), "email".into()]));
        assert_eq!(settings.get("sign_in_on_demand").unwrap().value, Value::Flag(true));
        let wrong = |name: &str| (name == "COGFED_REFRESH_GRACE").then(|| "soon".to_owned());
        let failure = Settings::layered(&[], &wrong, &BTreeMap::new()).unwrap_err();
        assert_eq!(failure.message, "COGFED_REFRESH_GRACE: refresh_grace: 'soon' is not a whole number from 0 upwards");
    }
}
