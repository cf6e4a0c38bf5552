//! `cogfed profile list` and `cogfed profile show`: the configuration as cogfed reads it.

use serde_json::{Map, Value, json};

use super::{Env, choice, configuration};
use crate::cli::{Profile as Verb, ProfileFlag, ProfileList, ProfileShow};
use crate::profile::{Profile, select, settings};
use crate::terminal::shown;

pub fn run(verb: &Verb, env: &mut Env) -> anyhow::Result<()> {
    match verb {
        Verb::List(flags) => list(flags, env),
        Verb::Show(flags) => show(flags, env),
    }
}

fn list(flags: &ProfileList, env: &mut Env) -> anyhow::Result<()> {
    let configuration = configuration(env)?;
    let in_force = select(&configuration, &choice(&ProfileFlag::default()), &env.variable).ok();
    let is_in_force = |name: &str| in_force.as_deref() == Some(name);
    if flags.json {
        let profiles: Vec<Value> =
            configuration.names().map(|name| json!({ "name": name, "in_force": is_in_force(name) })).collect();
        return env.print_json(&json!({ "file": configuration.path, "profiles": profiles }));
    }
    if configuration.names().next().is_none() {
        env.terminal.say(&format!("{} has no profiles", configuration.path.display()));
        env.terminal.hint("'cogfed help' shows one to start from; 'cogfed demo' needs none");
    }
    let lines = configuration.names().map(|name| format!("{} {name}\n", if is_in_force(name) { '*' } else { ' ' }));
    let lines: String = lines.collect();
    env.print(&lines)
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
    Profile::from_settings(&name, &settings)?;
    Ok(())
}
