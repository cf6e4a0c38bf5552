//! `cogfed profile list` and `cogfed profile show`: the configuration as cogfed reads it.

use serde_json::{Map, Value, json};

use super::{Env, choice, configuration};
use crate::cli::{Profile as Verb, ProfileFlag, ProfileList, ProfileShow};
use crate::error::Failure;
use crate::profile::{Choice, Profile, select, settings};
use crate::terminal::{shown, shown_json};

pub fn run(verb: &Verb, env: &mut Env) -> anyhow::Result<()> {
    match verb {
        Verb::List(flags) => list(flags, env),
        Verb::Show(flags) => show(flags, env),
    }
}

/// Lists the profiles, and validates each of them. The first wrong one is the failure, after the whole list.
fn list(flags: &ProfileList, env: &mut Env) -> anyhow::Result<()> {
    let configuration = configuration(env)?;
    let in_force = select(&configuration, &choice(&ProfileFlag::default()), &env.variable).ok();
    let is_in_force = |name: &str| in_force.as_deref() == Some(name);
    let fault = |name: &str| {
        let choice = Choice { profile: Some(name.to_owned()), flags: Vec::new() };
        Profile::of(&configuration, name, &choice, &env.variable).err()
    };
    let checked: Vec<(&str, Option<Failure>)> = configuration.names().map(|name| (name, fault(name))).collect();
    let text = if flags.json {
        let profiles = checked.iter().map(|(name, fault)| {
            let mut profile = Map::new();
            profile.insert("name".into(), (*name).into());
            profile.insert("in_force".into(), is_in_force(name).into());
            profile.extend(fault.as_ref().map(|fault| ("fault".to_owned(), Value::from(fault.message.as_str()))));
            Value::from(profile)
        });
        let profiles: Vec<Value> = profiles.collect();
        shown_json(&json!({ "file": configuration.path, "profiles": profiles }).to_string()) + "\n"
    } else {
        let line = |(name, fault): &(&str, Option<Failure>)| {
            let fault = fault.as_ref().map(|fault| format!("  ({})", shown(&fault.message))).unwrap_or_default();
            format!("{} {name}{fault}\n", if is_in_force(name) { '*' } else { ' ' })
        };
        checked.iter().map(line).collect()
    };
    if !flags.json && checked.is_empty() {
        let fault = if configuration.exists() { "has no profiles" } else { "does not exist" };
        env.terminal.say(&format!("{} {fault}", configuration.path.display()));
        env.terminal.hint("'cogfed help' shows a profile to start from; 'cogfed demo' needs none");
    }
    let first = checked.into_iter().find_map(|(_, fault)| fault);
    env.print(&text)?;
    first.map_or(Ok(()), |failure| Err(failure.into()))
}

fn show(flags: &ProfileShow, env: &mut Env) -> anyhow::Result<()> {
    let configuration = configuration(env)?;
    let choice = choice(&flags.profile);
    let name = select(&configuration, &choice, &env.variable)?;
    let settings = settings(&configuration, &name, &choice, &env.variable)?;
    if flags.json {
        let values: Map<String, Value> = settings
            .shown()
            .map(|(key, it)| (key.to_owned(), json!({ "value": it.value.to_json(), "source": it.source.to_string() })))
            .collect();
        env.print_json(&json!({ "profile": name, "file": configuration.path, "settings": values }))?;
    } else {
        let width = settings.shown().map(|(key, _)| key.len()).max().unwrap_or_default();
        let rows = settings.shown().map(|(key, it)| {
            format!("{key:<width$}  {}  ({})\n", shown(&it.value.to_string()), shown(&it.source.to_string()))
        });
        env.print(&format!("profile {name}\n{}", rows.collect::<String>()))?;
    }
    // Checked only after the settings are shown, because a person needs them to correct a wrong value.
    if let Some(doubt) = Profile::of(&configuration, &name, &choice, &env.variable)?.doubt() {
        env.terminal.warn(&doubt);
    }
    Ok(())
}
