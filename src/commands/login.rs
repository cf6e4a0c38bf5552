//! `cogfed login`: a sign-in with the browser.

use std::time::Duration;

use super::roots;
use super::rows::local;
use super::sign_in::{Manner, sign_in};
use super::{Attendance, Env, ProfileContext, choice, configuration};
use crate::cli::Login;
use crate::profile::{Profile, email};
use crate::session::interactive::{BrowserPolicy, Outcome};
use crate::session::record::TokensRecord;

pub fn run(flags: &Login, env: &mut Env) -> anyhow::Result<()> {
    let mut choice = choice(&flags.profile);
    if let Some(address) = &flags.email {
        choice.profile = Some(email::find(&configuration(env)?, &choice, address, &env.variable)?);
    }
    let mut profile = Profile::load(&choice, &env.variable)?;
    if let Some(provider) = &flags.identity_provider {
        profile = profile.by_provider(provider)?;
    }
    if let Some(address) = &flags.email {
        profile = profile.for_email(address)?;
    }
    let context = ProfileContext::of(env, profile, Attendance::Person)?;
    let manner = Manner {
        provider: flags.identity_provider.as_deref(),
        address: flags.email.as_deref(),
        policy: if flags.no_browser { BrowserPolicy::Person } else { BrowserPolicy::Open },
        patience: Duration::from_secs(flags.timeout),
        is_forced: flags.force,
        accepted: roots::accepted(&context, env, flags)?,
    };
    match context.wait_for(async { Ok(sign_in(&context, env, &manner).await?) })? {
        Outcome::SignedIn(saved) => {
            if let Some(person) = &saved.replaced {
                env.terminal.say(&format!("{person} was signed in before, and is not any more"));
            }
            env.terminal.say(&format!("signed in as {}", described(&saved.tokens, &context.profile)));
        }
        Outcome::Already(tokens) => {
            env.terminal.say(&format!("already signed in as {}", described(&tokens, &context.profile)));
            env.terminal.hint("to sign in anew, use --force");
        }
    }
    Ok(())
}

fn described(tokens: &TokensRecord, profile: &Profile) -> String {
    let provider = tokens.provider.as_ref().map(|provider| format!(" by {provider}")).unwrap_or_default();
    let until = tokens.renewable_until(profile);
    let until = until.map(|until| format!(", renewed silently until {}", local(until))).unwrap_or_default();
    format!("{}{provider} (profile '{}'){until}", tokens.person, profile.name)
}
