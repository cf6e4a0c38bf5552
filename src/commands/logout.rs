//! `cogfed logout`: revokes the refresh token, deletes tokens and credentials, and reports what stays valid.

use url::Url;

use super::{Attendance, Env, ProfileContext, choice, configuration};
use crate::cli::Logout;
use crate::error::{Failure, Kind};
use crate::profile::{Choice, Issuer, Profile, ProviderEndpoints};
use crate::session::SigningOut;

pub fn run(flags: &Logout, env: &mut Env) -> anyhow::Result<()> {
    if !flags.all {
        return one(&ProfileContext::new(env, &choice(&flags.profile), Attendance::Person)?, env);
    }
    let configuration = configuration(env)?;
    if configuration.names().next().is_none() {
        env.terminal.say(&format!("{} has no profiles, so there is nobody to sign out", configuration.path.display()));
        return Ok(());
    }
    let mut failures = Vec::new();
    for name in configuration.names() {
        let choice = Choice { profile: Some(name.to_owned()), flags: Vec::new() };
        let outcome = Profile::of(&configuration, name, &choice, &env.variable)
            .map_err(anyhow::Error::from)
            .and_then(|profile| one(&ProfileContext::of(env, profile, Attendance::Person)?, env));
        // A profile that fails must not keep the others signed in.
        if let Err(error) = outcome {
            failures.push(Failure::from(error));
        }
    }
    // All failures are reported. If a store failed, its failure decides the exit code, because secrets may still be
    // kept there.
    failures.sort_by_key(|failure| failure.kind == Kind::Store);
    let Some(gravest) = failures.pop() else { return Ok(()) };
    failures.iter().for_each(|failure| env.terminal.fail(failure));
    Err(gravest.into())
}

fn one(context: &ProfileContext, env: &Env) -> anyhow::Result<()> {
    let (name, terminal) = (&context.profile.name, &context.terminal);
    let Some(signing_out) = context.session().begin_sign_out(&context.siblings(env))? else {
        terminal.say(&format!("nobody was signed in to profile '{name}'"));
        return Ok(());
    };
    let tokens = &signing_out.tokens;
    // The token is revoked before it is deleted: if this run is killed in between, the next one can finish.
    let endpoints = context.wait_for(async { Ok(context.session().endpoints().await?) }).map_err(Failure::from);
    let revoked = context.wait_for(async {
        let endpoints = endpoints.as_ref().map_err(Clone::clone);
        Ok(context.session().revoke(tokens, endpoints).await?)
    });
    context.session().finish_sign_out(&signing_out)?;
    say_what_is_left(context, &signing_out, endpoints.as_ref().ok());
    let described = context.profile.issuer.described();
    match revoked {
        Ok(true) => Ok(()),
        Ok(false) => {
            terminal.warn(&format!(
                "the {described} has no revocation endpoint: the refresh token is deleted here, but stays valid there until it expires"
            ));
            Ok(())
        }
        Err(error) => Err(Failure::from(error)
            .within(format!("the refresh token could not be revoked at the {described}"))
            .hint("it is deleted here, but stays valid until it expires or an administrator signs the person out")
            .into()),
    }
}

/// Reports that the person is signed out, and what stays valid: credentials that other tools hold, and the browser's
/// own session.
fn say_what_is_left(context: &ProfileContext, signing_out: &SigningOut, endpoints: Option<&ProviderEndpoints>) {
    let (terminal, store, tokens) = (&context.terminal, context.store.describe(), &signing_out.tokens);
    let life = if tokens.has_classic_credentials() { "up to 12 hours" } else { "up to an hour" };
    let held = match signing_out.credentials > 0 {
        true => format!("; AWS credentials that tools already hold stay valid for {life}"),
        false => String::new(),
    };
    terminal.say(&format!(
        "{} is signed out of profile '{}': tokens and credentials were deleted from {store}{held}",
        tokens.person, context.profile.name
    ));
    let described = context.profile.issuer.described();
    if let Some(url) = endpoints.and_then(|endpoints| browser_logout(&context.profile, endpoints)) {
        terminal.hint(&format!("the browser may still be signed in at the {described}; to sign it out, visit:"));
        terminal.plain(url.as_str());
    }
}

/// Returns the URL of the page that ends the browser's own session. The hosted UI does not follow OpenID Connect here
/// (<https://docs.aws.amazon.com/cognito/latest/developerguide/logout-endpoint.html>; OpenID Connect RP-Initiated
/// Logout 1.0, section 2).
fn browser_logout(profile: &Profile, endpoints: &ProviderEndpoints) -> Option<Url> {
    let back = match profile.issuer {
        Issuer::UserPool(_) => "logout_uri",
        Issuer::Plain(_) => "post_logout_redirect_uri",
    };
    let parameters = [("client_id", profile.client_id.as_str()), (back, profile.logout_uri.as_deref()?)];
    Url::parse_with_params(endpoints.logout.as_ref()?, parameters).ok()
}
