//! `cogfed sandbox`: its flags and the sections of its help.

use std::error::Error;
use std::path::PathBuf;
use std::str::FromStr;

use clap::Args;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};

use crate::sandbox::{Misbehaviour, Refusal, Switch};

/// Run a local Cognito with its directories and a protected API
///
/// Starts a user pool with its sign-in pages, an identity pool, STS, and an API behind an IAM authorizer on loopback
/// ports. They answer as AWS does, errors included, and keep nothing when they end.
#[derive(Debug, Args)]
#[command(after_long_help = sections())]
#[command(after_help = "Run 'cogfed sandbox --help' for the lists of misbehaviours, refusals and switches.")]
pub struct Sandbox {
    /// Print one line of JSON when the sandbox is ready: profile, hosts, API URL, people
    #[arg(long)]
    pub json: bool,
    /// Write a configuration with a profile for the sandbox to this file
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// The name of that profile
    #[arg(long, value_name = "NAME", default_value = "sandbox")]
    pub name: String,
    /// The store in that profile: keyring, kernel or file
    #[arg(long, value_name = "STORE")]
    pub store: Option<String>,
    /// Loopback ports to register as callback URLs
    #[arg(long, value_name = "PORT", value_delimiter = ',', default_values_t = [8400, 8401, 8402])]
    pub redirect_ports: Vec<u16>,
    /// Rotate refresh tokens, with a grace period of this many seconds
    #[arg(long, value_name = "GRACE", value_parser = clap::value_parser!(u32).range(0..=60))]
    pub rotate: Option<u32>,
    /// Lifetime of ID and access tokens, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 3600)]
    pub token_lifetime: u32,
    /// Lifetime of credentials, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 3600)]
    pub credentials_lifetime: u32,
    /// Take default roles and role mapping from this file, the JSON of `aws cognito-identity get-identity-pool-roles`
    ///
    /// A single mapping is used whatever user pool it is for; of several, the one for this identity pool. A role that the
    /// sandbox does not know is allowed nothing at its API.
    #[arg(long, value_name = "FILE")]
    pub mapping: Option<PathBuf>,
    /// Simulate this fault (may be given more than once)
    #[arg(long, value_name = "NAME", value_parser = misbehaviour(), hide_possible_values = true)]
    pub misbehave: Vec<Misbehaviour>,
    /// Simulate this refusal of a service (may be given more than once)
    #[arg(long, value_name = "NAME", value_parser = refusal(), hide_possible_values = true)]
    pub refuse: Vec<Refusal>,
    /// Use a variant set-up (may be given more than once)
    #[arg(long, value_name = "NAME", value_parser = switch(), hide_possible_values = true)]
    pub switch: Vec<Switch>,
    /// Exit when standard input ends
    #[arg(long)]
    pub until_stdin_closes: bool,
}

fn misbehaviour() -> impl TypedValueParser<Value = Misbehaviour> {
    named(Misbehaviour::ALL.iter().map(|one| PossibleValue::new(one.name()).help(one.description())))
}

fn refusal() -> impl TypedValueParser<Value = Refusal> {
    named(Refusal::all().iter().map(|one| PossibleValue::new(one.name)))
}

fn switch() -> impl TypedValueParser<Value = Switch> {
    named(Switch::ALL.iter().map(|one| PossibleValue::new(one.name()).help(one.description())))
}

/// Returns a parser that takes only the names of `values`; completions offer them.
fn named<T>(values: impl Iterator<Item = PossibleValue>) -> impl TypedValueParser<Value = T>
where
    T: FromStr<Err: Into<Box<dyn Error + Send + Sync>>> + Clone + Send + Sync + 'static,
{
    PossibleValuesParser::new(values).try_map(|name| name.parse::<T>())
}

const EXAMPLES_AND_CONTROLS: &str = "\
EXAMPLES
  In one terminal, start a sandbox and write its profile to a file:
    cogfed sandbox --config ~/sandbox.toml --store file

  In another terminal:
    export COGFED_CONFIG=~/sandbox.toml
    cogfed login
    cogfed status

  In a script: print JSON when ready, exit with the script, and simulate one
  fault that a client must survive:
    cogfed sandbox --json --until-stdin-closes --misbehave wrong-nonce

  With the role mapping of an identity pool at AWS, to see who gets which role:
    aws cognito-identity get-identity-pool-roles --identity-pool-id ID > p.json
    cogfed sandbox --mapping p.json

CONTROLS
  Scripts inspect and change a running sandbox over its control address:
    curl CONTROL/requests
    curl -X POST --data-binary @p.json CONTROL/mapping
";

/// Returns the examples, followed by the names of each misbehaviour, refusal and switch.
fn sections() -> String {
    let misbehaviours = terms(Misbehaviour::ALL.iter().map(|one| (one.name(), one.description())));
    let switches = terms(Switch::ALL.iter().map(|one| (one.name(), one.description())));
    let refusals = refusals_by_place();
    format!("{EXAMPLES_AND_CONTROLS}\nMISBEHAVIOURS\n{misbehaviours}\nREFUSALS\n{refusals}\nSWITCHES\n{switches}")
}

/// Returns the terms, each with its description below it.
fn terms(named: impl Iterator<Item = (&'static str, &'static str)>) -> String {
    named.map(|(name, description)| format!("  {name}\n        {description}\n")).collect()
}

/// Returns the names of the refusals by place, in lines of at most 80 columns.
fn refusals_by_place() -> String {
    let places = Refusal::LISTS.into_iter().map(|(place, list)| {
        let mut lines = vec![String::from("       ")];
        for (index, refusal) in list.iter().enumerate() {
            let end = if index + 1 == list.len() { "" } else { "," };
            let word = format!(" {}{end}", refusal.name);
            match lines.last_mut() {
                Some(line) if line.len() + word.len() <= 80 => line.push_str(&word),
                _ => lines.push(format!("       {word}")),
            }
        }
        format!("  {place}\n{}\n", lines.join("\n"))
    });
    places.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sandbox_help_names_every_refusal_once_within_80_columns() {
        let list = refusals_by_place();
        let words: Vec<&str> = list.split([' ', ',', '\n']).collect();
        for refusal in Refusal::all() {
            assert_eq!(words.iter().filter(|word| **word == refusal.name).count(), 1, "{}", refusal.name);
        }
        assert!(list.lines().all(|line| line.len() <= 80), "{list}");
    }
}
