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
mod words;

use self::exchange::Exchange;
use super::{Attendance, Env, ProfileContext, choice_of_role};
use crate::cli::Call;
use crate::error::{Failure, Kind};
use crate::profile::{Override, keys};
use crate::request::{ApiRequest, CurlLine, curl_line, dry_run, sign};

pub fn run(mut flags: Call, env: &mut Env) -> anyhow::Result<()> {
    flags.request.compressed |= output::implies_compressed(&flags, env);
    let flags = &flags;
    input::check(flags)?;
    if env.config.as_deref().is_some_and(|path| path.as_os_str() == "-") {
        let failure = Failure::new(Kind::Usage, "--config names cogfed's configuration file, and '-' is none");
        return Err(failure
            .hint("write the options of curl on the command line: cogfed reads none from a file")
            .into());
    }
    let mut choice = choice_of_role(&flags.profile, &flags.role);
    if let Some(region) = &flags.signature.region {
        choice.flags.push(Override { key: keys::REGION.entry(), flag: "--region", text: region.clone() });
    }
    let context = ProfileContext::new(env, &choice, Attendance::Person)?;
    let request = input::request(flags, &context.profile, env)?;
    let mut report = output::Report::of(&flags.output, &request, env)?;
    let outcome = call(flags, &request, &context, &mut report, env);
    if flags.request.dry_run || flags.request.curl { outcome } else { report.end(outcome, env) }
}

/// Signs the request, sends it and writes the answer.
fn call(
    flags: &Call,
    request: &ApiRequest,
    context: &ProfileContext,
    report: &mut output::Report,
    env: &mut Env,
) -> anyhow::Result<()> {
    let scope = scope::scope(flags, request, context, env)?;
    request.check_body_size(&scope.service)?;
    if flags.request.curl {
        let body_file = input::body_file(&flags.request);
        let connection = connection::curl_words(&flags.connection);
        let CurlLine { line, notes } = curl_line(request, &scope, body_file.as_deref(), &connection)?;
        notes.iter().for_each(|note| env.terminal.say(note));
        if flags.connection.location {
            env.terminal.say("-L is left out: curl would send the session token to the target of a redirect");
        }
        return env.print(&format!("{line}\n"));
    }
    context.wait_for(async {
        let credentials = context.credentials().await?;
        if flags.request.dry_run {
            let time = exchange::offset(request, &credentials, env, context).there(env.clock.now());
            return env.print(&dry_run(&sign(request, &credentials, &scope, time)?));
        }
        // Checked before the request is sent: an answer that cannot be written would be lost.
        let destinations = output::Destinations::of(&flags.output, request)?;
        let (terminal, transfer) = (env.terminal.clone(), report.transfer.clone());
        let exchanged = async {
            let exchange = Exchange { request, scope: &scope, flags, env, context, transfer: &transfer };
            let (answer, refusal) = exchange.answered(credentials).await?;
            output::finish(answer, refusal, destinations, report, flags, env).await
        };
        output::with_progress(&terminal, &transfer, exchanged).await
    })
}
