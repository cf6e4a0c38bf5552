//! `cogfed credential-process`: what the AWS CLI and the SDKs run
//! (<https://docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html>).

use std::time::Duration;

use super::sign_in::{Manner, sign_in};
use super::{Attendance, Env, ProfileContext, block_on, choice_of_role};
use crate::cli::CredentialProcess;
use crate::error::{Failure, Kind, in_one_line};
use crate::oidc::Machine;
use crate::session::Lease;
use crate::session::interactive::BrowserPolicy;

/// How long a person has to sign in where the caller asked for it.
const PATIENCE: Duration = Duration::from_secs(300);

/// Prints the document. A failure is one line, the next step included: that is what the SDKs show, at best.
pub fn run(flags: &CredentialProcess, env: &mut Env) -> anyhow::Result<()> {
    hand_over(flags, env).map_err(in_one_line)
}

fn hand_over(flags: &CredentialProcess, env: &mut Env) -> anyhow::Result<()> {
    let opened = ProfileContext::new(env, &choice_of_role(&flags.profile, &flags.role), Attendance::Unattended)?;
    let session = opened.session();
    let may_sign_in = flags.sign_in || opened.profile.sign_in_on_demand;
    let lease = match session.at_hand()? {
        Some(lease) => lease,
        None => block_on(async { Ok(renewed(&opened, env, may_sign_in).await?) })?,
    };
    let document = lease.credentials.process_document(opened.profile.account_id());
    // The lease lives until the document is out, in one piece: nobody signs out in between.
    env.print(document.expose())
}

async fn renewed(opened: &ProfileContext, env: &Env, may_sign_in: bool) -> Result<Lease, Failure> {
    let session = opened.session();
    match session.credentials().await {
        Err(error) if may_sign_in && error.kind == Kind::SignInRequired => {
            let way = opened.browser_access(env);
            if way.browser.is_none() {
                return Err(without_browser(error, way.surroundings.machine));
            }
            let policy = BrowserPolicy::Unattended;
            let manner = Manner { provider: None, address: None, policy, patience: PATIENCE, is_forced: false };
            sign_in(opened, env, &manner).await?;
            session.credentials().await
        }
        outcome => outcome,
    }
}

/// Nobody reads a URL that a tool's helper prints, and what is typed meanwhile is not for us: the person has to come by
/// themselves.
fn without_browser(error: Failure, machine: Machine) -> Failure {
    let message = format!("{error}, and no browser can be opened: {}", machine.described());
    Failure { kind: Kind::SignInRequired, message, ..error }
}
