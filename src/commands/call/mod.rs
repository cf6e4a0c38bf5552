//! `cogfed call`: one signed request to an API, and its answer.
//!
//! [`input`] turns the flags into a request, [`scope`] finds what to sign it for, [`exchange`] sends it, and [`output`]
//! writes the answer.

mod connection;
mod exchange;
mod input;
mod output;
mod retries;
mod scope;

use self::exchange::Exchange;
use super::{Attendance, Env, ProfileContext, choice_of_role};
use crate::cli::Call;
use crate::http::Transfer;
use crate::profile::{Override, keys};
use crate::request::{dry_run, sign};

pub fn run(flags: Call, env: &mut Env) -> anyhow::Result<()> {
    let request = input::request(&flags, env)?;
    let mut choice = choice_of_role(&flags.profile, &flags.role);
    if let Some(region) = &flags.signature.region {
        choice.flags.push(Override { key: keys::REGION.entry(), flag: "--region", text: region.clone() });
    }
    let context = ProfileContext::new(env, &choice, Attendance::Person)?;
    let scope = scope::scope(&flags, &request, &context, env)?;
    context.wait_for(async {
        let credentials = context.credentials().await?;
        if flags.request.dry_run {
            let time = exchange::offset(&request, &credentials, env, &context).there(env.clock.now());
            return env.print(&dry_run(&sign(&request, &credentials, &scope, time)?));
        }
        // The file is opened before the request is sent: an answer that cannot be written would be lost.
        let file = flags.output.output.as_deref().map(output::opened_for_writing).transpose()?;
        let transfer = Transfer::default();
        let exchange =
            Exchange { request: &request, scope: &scope, flags: &flags, env, context: &context, transfer: &transfer };
        let (answer, refusal) = exchange.answered(credentials).await?;
        output::finish(answer, refusal, file, &flags, env).await
    })
}
