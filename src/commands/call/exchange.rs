//! The exchange of `cogfed call` with the API, and the correction of a refused signature time.

use chrono::{DateTime, TimeDelta, Utc};

use super::super::{Env, ProfileContext};
use super::connection;
use super::output::head;
use crate::aws::Credentials;
use crate::cli::Call;
use crate::clock::Offset;
use crate::error::Failure;
use crate::http::ApiClient;
use crate::request::{
    self, Answer, ApiRequest, Deadline, Refusal, Scope, SignedRequest, Watch, dry_run, explain, sign,
};
use crate::secret::Redactor;

/// Sends the request, signed with the server's time if the clock offset is known. If the API refuses that time, sends
/// the request once more, signed with the API's time.
pub async fn answered(
    request: &ApiRequest,
    credentials: &Credentials,
    scope: &Scope,
    flags: &Call,
    env: &Env,
    context: &ProfileContext,
) -> anyhow::Result<(Answer, Option<Refusal>)> {
    let redactor = Redactor::of([&credentials.secret_access_key, &credentials.session_token]);
    let shown = request::Context { request, scope, profile: &context.profile.name, redactor: &redactor };
    let refusal = |answer: &Answer, now: DateTime<Utc>| {
        explain(answer.status(), answer.headers(), answer.body_prefix(), now, &shown)
    };
    let client = connection::client(&flags.connection, context);
    let watch = Watch { deadline: flags.connection.max_time.map(Deadline::after), ..Watch::default() };
    let offset = offset(request, credentials, env, context);
    let signed = sign(request, credentials, scope, offset.there(env.clock.now()))?;
    let answer = send(&client, &signed, &watch, flags, env).await?;
    let now = offset.there(env.clock.now());
    let first = refusal(&answer, now);
    let session = context.session();
    let corrected = first.as_ref().and_then(|refusal| refusal.corrected_time(now));
    let may_use =
        |time: &DateTime<Utc>| session.may_use(Offset::measured(*time - env.clock.now()), life(credentials, env));
    let Some(time) = corrected.filter(may_use) else { return Ok((answer, first)) };
    env.terminal.say("the request was refused for its time, and signed once more, by the API's clock");
    let answer = send(&client, &sign(request, credentials, scope, time)?, &watch, flags, env).await?;
    let second = refusal(&answer, time);
    // The API's clock is trusted only after the API has accepted a signature with its time, and only for itself.
    if second.is_none() {
        session.note_clock_of(request.host());
    }
    Ok((answer, second))
}

/// Returns the clock offset with which to sign the request.
pub fn offset(request: &ApiRequest, credentials: &Credentials, env: &Env, context: &ProfileContext) -> Offset {
    context.session().offset_for(request.host(), life(credentials, env))
}

fn life(credentials: &Credentials, env: &Env) -> TimeDelta {
    credentials.expires - env.clock.now()
}

async fn send(
    client: &ApiClient,
    signed: &SignedRequest,
    watch: &Watch,
    flags: &Call,
    env: &Env,
) -> anyhow::Result<Answer> {
    let verbose = |mark: char, head: &str| {
        if flags.output.verbose {
            head.lines()
                .take_while(|line| !line.is_empty())
                .for_each(|line| env.terminal.plain(&format!("{mark} {line}")));
        }
    };
    verbose('>', &dry_run(signed));
    let answer = request::send(client, signed, watch).await.map_err(Failure::from)?;
    verbose('<', &head(&answer));
    Ok(answer)
}
