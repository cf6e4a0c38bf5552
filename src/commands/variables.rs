//! Environment variables that begin with `COGFED_` but are unknown to cogfed.

use crate::error::quoted;
use crate::profile::keys::{KEYS, nearest};

/// The prefix of cogfed's environment variables.
const PREFIX: &str = "COGFED_";
/// The environment variables of cogfed that set no key of a profile.
const OTHERS: &[&str] = &["COGFED_PROFILE", "COGFED_CONFIG", "COGFED_CLIENT_SECRET"];
/// Options that people try to set as environment variables but cannot, each with advice. The names are in lower case
/// and without the prefix.
const OPTIONS: &[(&str, &str)] = &[
    ("debug", "use --debug"),
    ("verbose", "use --debug"),
    ("no_input", "use --no-input"),
    ("no_browser", "use login --no-browser"),
    ("role", "did you mean COGFED_ROLE_ARN?"),
    ("home", "did you mean COGFED_CONFIG?"),
];
/// The maximum number of warnings about unknown variables. More than that is no typo.
const MOST: usize = 5;

/// Returns a warning for each non-empty variable that begins with `COGFED_` but is unknown to cogfed.
pub fn warnings(variables: impl IntoIterator<Item = (String, String)>) -> Vec<String> {
    let known: Vec<String> =
        KEYS.iter().map(|key| key.variable()).chain(OTHERS.iter().map(|name| (*name).to_owned())).collect();
    let set = variables.into_iter().filter(|(_, value)| !value.is_empty()).map(|(name, _)| name);
    let mut unknown: Vec<String> = set.filter(|name| name.starts_with(PREFIX) && !known.contains(name)).collect();
    unknown.sort();
    unknown.iter().take(MOST).map(|name| warning(name, &known)).collect()
}

fn warning(name: &str, known: &[String]) -> String {
    let rest = name.trim_start_matches(PREFIX);
    let advice =
        OPTIONS.iter().find(|(option, _)| option.eq_ignore_ascii_case(rest)).map(|(_, advice)| (*advice).to_owned());
    let rests = known.iter().map(|name| name.trim_start_matches(PREFIX));
    let meant = || nearest(rest, rests).map(|meant| format!("did you mean {PREFIX}{meant}?"));
    let advice = advice.or_else(meant).map(|advice| format!("; {advice}")).unwrap_or_default();
    format!("the environment variable {} has no meaning to cogfed{advice}", quoted(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_variables_are_named_with_the_likely_one() {
        let told = |name: &str, value: &str| warnings([(name.to_owned(), value.to_owned())]);
        for (name, advice) in [
            ("COGFED_STROE", "; did you mean COGFED_STORE?"),
            ("COGFED_PROFIL", "; did you mean COGFED_PROFILE?"),
            ("COGFED_ROLE", "; did you mean COGFED_ROLE_ARN?"),
            ("COGFED_DEBUG", "; use --debug"),
            ("COGFED_COLOUR_OF_THE_SKY", ""),
        ] {
            let expected = format!("the environment variable {name} has no meaning to cogfed{advice}");
            assert_eq!(told(name, "x"), [expected]);
            assert!(told(name, "").is_empty(), "an empty variable counts as unset");
        }
        for key in KEYS {
            assert!(told(&key.variable(), "x").is_empty(), "{}", key.name);
        }
        assert!(told("COGFED_CONFIG", "x").is_empty() && told("AWS_PROFIL", "x").is_empty());
        let many = (0..100).map(|number| (format!("COGFED_X{number}"), "x".to_owned()));
        assert_eq!(warnings(many).len(), MOST);
    }
}
