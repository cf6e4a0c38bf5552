//! `cogfed login`: a sign-in with the browser.

use std::time::Duration;

use super::endpoints;
use super::next_step::{Cogfed, NextStep};
use super::roots;
use super::rows::local;
use super::sign_in::{Manner, sign_in};
use super::{Attendance, Env, ProfileContext, choice, configuration, profile_of};
use crate::aws::ids;
use crate::cli::Login;
use crate::error::{Failure, Kind};
use crate::identity_pool::sts::Sts;
use crate::identity_pool::{PoolConfig, likely};
use crate::oidc::unverified_claims;
use crate::profile::{Choice, Profile, email, select};
use crate::session::accepted::Accepted;
use crate::session::interactive::{BrowserPolicy, Outcome};
use crate::session::record::{CredentialsRecord, TokensRecord};
use crate::store::StoreKind;

pub fn run(flags: &Login, env: &mut Env) -> anyhow::Result<()> {
    let mut choice = choice(&flags.profile);
    if let Some(address) = &flags.email {
        choice.profile = Some(email::find(&configuration(env)?, &choice, address, &env.variable)?);
    }
    let mut profile = profile_of(env, &choice)?;
    if let Some(provider) = &flags.identity_provider {
        profile = profile.by_provider(provider)?;
    }
    if let Some(address) = &flags.email {
        profile = profile.for_email(address)?;
    }
    if let Some(doubt) = profile.doubt() {
        env.terminal.warn(&doubt);
    }
    let context = ProfileContext::of(env, profile, Attendance::Person)?;
    let manner = Manner {
        provider: flags.identity_provider.as_deref(),
        address: flags.email.as_deref(),
        policy: if flags.no_browser { BrowserPolicy::Person } else { BrowserPolicy::Open },
        patience: Duration::from_secs(flags.timeout),
        is_forced: flags.force,
        accepted: Accepted {
            endpoints: endpoints::accepted(&context, env, flags)?,
            ..roots::accepted(&context, env, flags)?
        },
    };
    let tokens = match context.wait_for(async { Ok(sign_in(&context, env, &manner).await?) })? {
        Outcome::SignedIn(saved) => {
            if let Some(person) = &saved.replaced {
                env.terminal.say(&format!("replaced the sign-in of {person}"));
            }
            env.terminal.say(&format!("signed in as {}", described(&saved.tokens, &context.profile)));
            if let Some(place) = kept_in(&context) {
                env.terminal.say(&format!("the sign-in is kept in {place}"));
            }
            saved.tokens
        }
        Outcome::Already(tokens) => {
            env.terminal.say(&format!("already signed in as {}", described(&tokens, &context.profile)));
            env.terminal.hint("to sign in again, use --force");
            tokens
        }
    };
    use_at_once(&context, &tokens, env)?;
    // Within another process, as in the demo, there is no program to name.
    if env.owns_process {
        show_next_step(&context, env);
    }
    Ok(())
}

/// Returns a description of the store that keeps the sign-in, or `None` if that store is the keyring.
fn kept_in(context: &ProfileContext) -> Option<String> {
    match context.store.kind() {
        StoreKind::Keyring | StoreKind::Memory(_) => None,
        StoreKind::File => Some(format!("files below {}", context.session().folder().path().display())),
        #[cfg(target_os = "linux")]
        StoreKind::Kernel => Some(format!("{}, until the next reboot", context.store.describe())),
    }
}

fn described(tokens: &TokensRecord, profile: &Profile) -> String {
    let provider = tokens.provider.as_ref().map(|provider| format!(" via {provider}")).unwrap_or_default();
    let end = match &tokens.refresh_token {
        Some(_) => tokens.renewable_until(profile),
        None => Some(tokens.expires_at),
    };
    let until = end.map(|end| format!("; the session lasts until {}", local(end))).unwrap_or_default();
    format!("{}{provider} (profile '{}'){until}", tokens.person, profile.name)
}

/// Fetches credentials with the new sign-in, and shows the role to which they belong. So a sign-in that leads nowhere
/// is reported now, and not by the first tool that needs it.
fn use_at_once(context: &ProfileContext, tokens: &TokensRecord, env: &Env) -> anyhow::Result<()> {
    let session = context.session();
    let claims = unverified_claims(&tokens.id_token).unwrap_or_default();
    let carried = likely::carried_by(&claims);
    let fetched = context.wait_for(async { Ok(session.new_credentials().await?.record.clone()) });
    let record = fetched.map_err(|error| {
        let failure = Failure::from(error);
        if failure.kind == Kind::Refused {
            let carried = carried.as_deref().unwrap_or("no claim that could decide about a role");
            env.terminal.say(&format!("your ID token carries {carried}"));
        }
        failure.within("you are signed in, but the sign-in gives no AWS credentials")
    })?;
    let role = context.wait_for(async { Ok(role_of(context, &record, env).await) })?;
    let until = local(record.expires_at);
    match role.as_deref().map_err(Clone::clone) {
        Ok(arn) => {
            let known = ids::role_and_account(arn);
            let name = known.map_or(arn, |(name, _)| name);
            let account = known.map(|(_, account)| format!(" in AWS account {account}")).unwrap_or_default();
            env.terminal.say(&format!("your role is {name}{account}; AWS credentials until {until}"));
            if carried.is_none() && context.profile.role_arn.is_none() {
                env.terminal.warn(&format!(
                    "your ID token carries no role and no group: the identity pool gave {name} for another reason, which \
                     may be that it is the default"
                ));
            }
        }
        Err(error) => {
            env.terminal.say(&format!("AWS credentials until {until}"));
            env.terminal.warn(&format!("their role is not known: {error}"));
        }
    }
    Ok(())
}

/// Returns the ARN of the role or role session that owns the credentials.
async fn role_of(context: &ProfileContext, record: &CredentialsRecord, env: &Env) -> Result<String, Failure> {
    let session = context.session();
    if let Some(arn) = &record.role_arn {
        return Ok(arn.clone());
    }
    let sts = Sts::new(PoolConfig::of(&context.profile), &context.http);
    let identity = sts.caller_identity(&record.credentials(), session.offset().there(env.clock.now())).await?;
    session.note_role(record, &identity.arn);
    Ok(identity.arn)
}

fn show_next_step(context: &ProfileContext, env: &Env) {
    let terminal = &env.terminal;
    let default = configuration(env).and_then(|file| Ok(select(&file, &Choice::default(), &env.variable)?));
    let is_default = default.is_ok_and(|name| name == context.profile.name);
    let program = match std::env::current_exe() {
        Ok(program) => program,
        Err(error) => {
            tracing::debug!(%error, "the path of this program is not known");
            return;
        }
    };
    let cogfed = Cogfed { program: &program, config: env.config.as_deref(), is_default };
    match NextStep::after(&context.profile, &cogfed, &env.variable) {
        NextStep::Use(command) => terminal.hint(&format!("to see it work, run: {command}")),
        NextStep::Configure { file, lines, command } => {
            terminal.say(&format!("for the AWS CLI and the SDKs, add these lines to {file}:"));
            lines.iter().for_each(|line| terminal.plain(line));
            terminal.hint(&format!("then run: {command}"));
        }
    }
}
