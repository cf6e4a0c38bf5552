//! The prompt that asks a person to accept endpoints that neither belong to AWS nor are on loopback.

use std::collections::BTreeSet;

use super::{Env, ProfileContext};
use crate::cli::Login;
use crate::error::{Failure, Kind};

/// Asks the person to accept the hosts of the profile's endpoints that were not accepted before. Returns all hosts that
/// are accepted for the sign-in.
///
/// # Errors
/// [`Kind::Failed`] if the person does not accept them. [`Kind::Usage`] if nobody can be asked. [`Kind::Store`].
pub(super) fn accepted(context: &ProfileContext, env: &Env, flags: &Login) -> Result<BTreeSet<String>, Failure> {
    let profile = &context.profile;
    let hosts: BTreeSet<String> = profile.elsewhere.iter().map(|endpoint| endpoint.host.clone()).collect();
    if hosts.is_empty() {
        return Ok(hosts);
    }
    let session = context.session();
    let earlier = session.tokens_to_replace()?.and_then(|tokens| tokens.accepted);
    let new = session.unaccepted_endpoints(earlier.as_ref());
    let Some(first) = new.first() else { return Ok(hosts) };
    let terminal = &env.terminal;
    terminal.say(&format!(
        "profile '{}' sends tokens to hosts that are neither AWS's nor on this machine; their owner could use them:",
        profile.name
    ));
    for endpoint in &new {
        terminal.plain(&format!("  {}  ({})", endpoint.host, endpoint.key));
    }
    if flags.accept_endpoints {
        return Ok(hosts);
    }
    if !terminal.can_ask() {
        let message = format!("{} ({}) is not AWS's, and nobody is here to accept it", first.host, first.key);
        return Err(Failure::new(Kind::Usage, message)
            .hint(format!("if you trust it, run '{} --accept-endpoints'", profile.login_command())));
    }
    match terminal.confirm("send the tokens of this sign-in there?") {
        true => Ok(hosts),
        false => {
            let message = format!("{} ({}) was not accepted: nobody was signed in", first.host, first.key);
            Err(Failure::new(Kind::Failed, message)
                .hint(format!("to sign in without it, remove {} from profile '{}'", first.key, profile.name)))
        }
    }
}
