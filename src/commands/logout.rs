//! `cogfed logout`: delete, revoke, and say what lives on.

use url::Url;

use super::{Attendance, Env, Opened, choice, configuration};
use crate::cli::Logout;
use crate::error::{Failure, Kind, kind_of};
use crate::profile::{Choice, Profile, settings};
use crate::store::record::TokensRecord;
use crate::user_pool::TokenEndpoint;

pub fn run(flags: &Logout, env: &mut Env) -> anyhow::Result<()> {
    if !flags.all {
        return one(&Opened::new(env, &choice(&flags.profile), Attendance::Person)?, env);
    }
    let configuration = configuration(env)?;
    let mut failures = Vec::new();
    for name in configuration.names() {
        let choice = Choice { profile: Some(name.to_owned()), flags: Vec::new() };
        let outcome = settings(&configuration, name, &choice, &env.variable)
            .and_then(|settings| Profile::from_settings(name, &settings))
            .map_err(anyhow::Error::from)
            .and_then(|profile| one(&Opened::of(env, profile, Attendance::Person)?, env));
        // One that fails must not keep the others signed in.
        if let Err(error) = outcome {
            failures.push(error);
        }
    }
    // All are told. A store's ends the run: there something may still be kept.
    failures.sort_by_key(|error| kind_of(error) == Kind::Store);
    let Some(gravest) = failures.pop() else { return Ok(()) };
    failures.iter().for_each(|error| env.terminal.fail(error));
    Err(gravest)
}

fn one(opened: &Opened, env: &Env) -> anyhow::Result<()> {
    let (name, terminal) = (&opened.profile.name, &opened.terminal);
    let Some(signing_out) = opened.session().begin_sign_out(&opened.siblings(env))? else {
        terminal.say(&format!("nobody was signed in to profile '{name}'"));
        return Ok(());
    };
    let tokens = &signing_out.tokens;
    // Revoked first, deleted then: if this run is ended in between, the next one finds what is left to do.
    let revoked = revoke(opened, tokens);
    opened.session().finish_sign_out(&signing_out)?;
    let store = opened.store.describe();
    terminal.say(&format!("{} is signed out of profile '{name}': nothing of it is left in {store}", tokens.person));
    if signing_out.credentials > 0 {
        let life = if tokens.has_classic_credentials() { "up to twelve hours" } else { "an hour" };
        terminal.say(&format!(
            "AWS credentials that were handed out stay valid until they expire, {life} after they were issued"
        ));
    }
    terminal.say("the browser may still be signed in at the user pool and at the identity provider");
    if let Some(url) = browser_logout(&opened.profile) {
        terminal.hint("to end the browser's session at the user pool, open this in it:");
        terminal.plain(url.as_str());
    }
    revoked.map_err(|error| {
        Failure::new(kind_of(&error), format!("the refresh token could not be revoked at the user pool: {error:#}"))
            .hint("it is deleted here, but stays valid until it expires or an administrator signs the person out")
            .into()
    })
}

/// The page that ends the hosted UI's own session, which is not that of OpenID Connect
/// (<https://docs.aws.amazon.com/cognito/latest/developerguide/logout-endpoint.html>).
fn browser_logout(profile: &Profile) -> Option<Url> {
    let parameters = [("client_id", profile.client_id.as_str()), ("logout_uri", profile.logout_uri.as_deref()?)];
    Url::parse_with_params(&profile.endpoints.logout, parameters).ok()
}

fn revoke(opened: &Opened, tokens: &TokensRecord) -> anyhow::Result<()> {
    let Some(refresh_token) = &tokens.refresh_token else { return Ok(()) };
    if let Some(owner) = tokens.belongs_elsewhere(&opened.profile) {
        let message = format!("it belongs to {owner}, which is not the profile's, and was sent nowhere");
        return Err(Failure::new(Kind::Refused, message).into());
    }
    let endpoint = TokenEndpoint::new(&opened.profile, &opened.http, tokens.client_secret.as_ref());
    opened.wait_for(async { Ok(endpoint.revoke(refresh_token).await?) })
}
