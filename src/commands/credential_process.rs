//! `cogfed credential-process`: the credentials helper that the AWS CLI and the SDKs run
//! (<https://docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html>).

use std::time::Duration;

use super::sign_in::{Manner, sign_in};
use super::{Attendance, Env, ProfileContext, block_on, choice_of_role};
use crate::cli::CredentialProcess;
use crate::error::{Failure, Kind};
use crate::session::Lease;
use crate::session::interactive::BrowserPolicy;

/// The time limit for a person to sign in, if the caller allows a sign-in.
const PATIENCE: Duration = Duration::from_secs(300);

/// Prints the JSON document that the caller of a `credential_process` helper expects. A failure is one line that
/// includes the next step, because the SDKs show only one line.
pub fn run(flags: &CredentialProcess, env: &mut Env) -> anyhow::Result<()> {
    hand_over(flags, env).map_err(|error| Failure::from(error).in_one_line().into())
}

fn hand_over(flags: &CredentialProcess, env: &mut Env) -> anyhow::Result<()> {
    let context = ProfileContext::new(env, &choice_of_role(&flags.profile, &flags.role), Attendance::Unattended)?;
    let session = context.session();
    let may_sign_in = flags.sign_in || context.profile.sign_in_on_demand;
    let lease = match session.at_hand()? {
        Some(lease) => lease,
        None => block_on(async { Ok(renewed(&context, env, may_sign_in).await?) })?,
    };
    if env.output.is_terminal {
        env.terminal.warn(
            "this shows secret AWS credentials on your terminal; AWS's tools run this command by themselves, \
             as credential_process in ~/.aws/config",
        );
    }
    let document = lease.credentials.process_document(context.profile.account_id());
    // The lease of renewed credentials is held until the whole document is written, so that nobody signs out in
    // between.
    env.print(document.expose())
}

async fn renewed(context: &ProfileContext, env: &Env, may_sign_in: bool) -> Result<Lease, Failure> {
    let session = context.session();
    match session.credentials().await {
        Err(error) if may_sign_in && error.kind == Kind::SignInRequired => {
            let policy = BrowserPolicy::Unattended;
            let access = context.browser_access(env, policy)?;
            if access.browser.is_none() {
                return Err(without_browser(error, access.reason()));
            }
            // Nobody can be asked here, so what was accepted at the last sign-in is all that counts.
            let accepted = session.tokens_to_replace()?.and_then(|tokens| tokens.accepted).unwrap_or_default();
            let manner =
                Manner { provider: None, address: None, policy, patience: PATIENCE, is_forced: false, accepted };
            sign_in(context, env, &manner).await?;
            session.credentials().await
        }
        outcome => outcome,
    }
}

/// Returns the failure to report if no browser can be opened. Nobody reads a URL that a tool's helper prints, and
/// standard input belongs to the tool, so a person has to run `cogfed login`.
fn without_browser(error: Failure, reason: &str) -> Failure {
    let message = format!("{error}, and no browser can be opened: {reason}");
    Failure { kind: Kind::SignInRequired, message, ..error }
}
