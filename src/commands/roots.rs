//! The prompt that asks a person to accept trust roots that neither the system nor an administrator installed.

use super::{Env, ProfileContext};
use crate::cli::Login;
use crate::error::{Failure, Kind};
use crate::http::ExtraRoot;
use crate::session::accepted::Accepted;

/// The maximum number of new trust roots that the prompt shows individually. Nobody reads more; a bundle with more
/// replaces the system's.
const MOST_SHOWN: usize = 5;

/// Asks the person to accept the trust roots that were not accepted before. Returns all extra roots that are in use as
/// accepted for the sign-in.
///
/// # Errors
/// [`Kind::Failed`] if the person does not accept them. [`Kind::Usage`] if nobody can be asked, or a bundle cannot be
/// used. [`Kind::Store`].
pub(super) fn accepted(context: &ProfileContext, env: &Env, flags: &Login) -> Result<Accepted, Failure> {
    let roots = context.session().extra_roots()?;
    let accepted =
        Accepted { roots: roots.iter().map(|root| root.fingerprint.clone()).collect(), ..Accepted::default() };
    if roots.is_empty() {
        return Ok(accepted);
    }
    let earlier = match flags.force {
        true => None,
        false => context.session().tokens_to_replace()?.and_then(|tokens| tokens.accepted),
    };
    let earlier = earlier.unwrap_or_default().roots;
    let new: Vec<&ExtraRoot> = roots.iter().filter(|root| !earlier.contains(&root.fingerprint)).collect();
    match new.first() {
        Some(first) => confirm(&new, first, context, env, flags).map(|()| accepted),
        None => Ok(accepted),
    }
}

/// Returns a line for each of the first few extra roots: its subject, file and variable. The number of the others, or the
/// reason why the roots cannot be read, takes a line, too.
pub(super) fn listed(roots: Result<&[ExtraRoot], &Failure>) -> Vec<String> {
    let roots = match roots {
        Ok(roots) => roots,
        Err(error) => return vec![format!("error: {error}")],
    };
    let of = |root: &ExtraRoot| format!("{} in {} ({})", root.subject, root.file.display(), root.named_by);
    let more = roots.len().saturating_sub(MOST_SHOWN);
    let others = (more > 0).then(|| format!("and {more} more"));
    roots.iter().take(MOST_SHOWN).map(of).chain(others).collect()
}

fn confirm(
    new: &[&ExtraRoot],
    first: &ExtraRoot,
    context: &ProfileContext,
    env: &Env,
    flags: &Login,
) -> Result<(), Failure> {
    show(new, env);
    if flags.accept_roots {
        return Ok(());
    }
    let what = format!("{} in {} ({})", first.subject, first.file.display(), first.named_by);
    if !env.terminal.can_ask() {
        let message = format!("the trust root {what} is not the system's, and nobody is here to accept it");
        let hint = format!("if you trust it, run '{} --accept-roots'", context.profile.login_command());
        return Err(Failure::new(Kind::Usage, message).hint(hint));
    }
    match env.terminal.confirm("trust it for this sign-in?") {
        true => Ok(()),
        false => {
            Err(Failure::new(Kind::Failed, format!("the trust root {what} was not accepted: nobody was signed in"))
                .hint(format!("to sign in without it, unset {}", first.named_by)))
        }
    }
}

fn show(new: &[&ExtraRoot], env: &Env) {
    let terminal = &env.terminal;
    terminal.say("this sign-in would trust a root that is not the system's; its owner could read your tokens:");
    for root in new.iter().take(MOST_SHOWN) {
        terminal.plain(&format!("  subject  {}", root.subject));
        terminal.plain(&format!("  SHA-256  {}", root.certificate));
        terminal.plain(&format!("  file     {} ({})", root.file.display(), root.named_by));
    }
    if let more @ 1.. = new.len().saturating_sub(MOST_SHOWN) {
        terminal.plain(&format!("  and {more} more"));
    }
    if let Some(root) = new.iter().find(|root| root.is_unguarded) {
        let file = root.file.display();
        terminal.warn(&format!("cannot tell who may change {file}: its file system keeps no owners and permissions"));
    }
}
