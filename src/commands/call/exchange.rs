//! The exchange between `cogfed call` and the API: repeats, redirects, and a new signature if the API refuses the
//! signature's time.

use chrono::{DateTime, TimeDelta, Utc};

use super::super::{Env, ProfileContext};
use super::connection;
use super::output::head;
use super::retries::Retries;
use crate::aws::Credentials;
use crate::cli::Call;
use crate::clock::Offset;
use crate::http::{ApiClient, Transfer};
use crate::request::{
    self, Answer, ApiRequest, Deadline, Lost, Redirect, Redirects, Refusal, Scope, SignedRequest, Stage, Watch,
    dry_run, explain, sign,
};
use crate::secret::Redactor;

/// One request, and everything that the attempts to send it share.
pub struct Exchange<'a> {
    /// The request.
    pub request: &'a ApiRequest,
    /// The service and the region that it is signed for.
    pub scope: &'a Scope,
    /// The flags of the command.
    pub flags: &'a Call,
    /// The environment of this run, such as its terminal and its clock.
    pub env: &'a Env,
    /// The context of the profile in use.
    pub context: &'a ProfileContext,
    /// The counts of the bytes that the exchange has sent and received so far.
    pub transfer: &'a Transfer,
}

impl Exchange<'_> {
    /// Sends the request, repeats it as `--retry` says, follows redirects as `--location` says, and returns the final
    /// answer. Each repeat is signed again, with valid credentials.
    pub async fn answered(&self, credentials: Credentials) -> anyhow::Result<(Answer, Option<Refusal>)> {
        let client = connection::client(self.flags, self.env, self.context)?;
        let mut retries = Retries::new(&self.flags.connection);
        let mut credentials = credentials;
        loop {
            let watch = Watch {
                deadline: self.flags.connection.max_time.map(Deadline::after),
                transfer: self.transfer.clone(),
            };
            let outcome = self.attempt(&client, &watch, &credentials).await;
            let now = self.env.clock.now();
            let ended = outcome.as_ref().map(|(answer, _)| answer);
            let Some(repeat) = retries.next(ended, self.request.method(), now) else {
                let (mut answer, refusal) = outcome.map_err(|lost| lost.failure)?;
                answer.retries = retries.made;
                return Ok((answer, refusal));
            };
            drop(outcome);
            let pause = repeat.pause.as_secs_f64();
            self.env.terminal.say(&format!("{}; trying again in {pause:.1} s", repeat.why));
            tokio::time::sleep(repeat.pause).await;
            credentials = self.context.credentials().await?;
        }
    }

    /// Sends the request, and then either follows redirects (`--location`) or reports the first redirect.
    async fn attempt(
        &self,
        client: &ApiClient,
        watch: &Watch,
        credentials: &Credentials,
    ) -> Result<(Answer, Option<Refusal>), Lost> {
        let (answer, refusal) = self.signed(client, watch, credentials).await?;
        let Some(redirect) = Redirect::of(&answer) else { return Ok((answer, refusal)) };
        let connection = &self.flags.connection;
        if !connection.location {
            self.env.terminal.warn(&redirect.described());
            self.env.terminal.hint(redirect.hint());
            return Ok((answer, refusal));
        }
        let others = connection::client_for_others(self.flags, self.context)
            .map_err(|failure| Lost { failure, stage: Stage::Final })?;
        let redirects = Redirects { own: client, others: &others, most: connection.max_redirs, watch };
        let on_step = |to: &str| {
            if self.flags.output.verbose {
                self.env.terminal.say(&format!("following the redirect to {to}, unsigned"));
            }
        };
        let answer = redirects.follow(self.request, answer, on_step).await?;
        if let Some(redirect) = Redirect::of(&answer) {
            self.env.terminal.warn(&format!("{}: not followed", redirect.described()));
            self.env
                .terminal
                .hint("a request is followed only as GET or HEAD; call the target itself to send the body");
        }
        Ok((answer, None))
    }

    /// Sends the request, signed with the server's time if the clock offset is known. If the API refuses that time,
    /// sends the request once more, signed with the API's time.
    async fn signed(
        &self,
        client: &ApiClient,
        watch: &Watch,
        credentials: &Credentials,
    ) -> Result<(Answer, Option<Refusal>), Lost> {
        let Self { request, scope, env, context, .. } = *self;
        let redactor = Redactor::of([&credentials.secret_access_key, &credentials.session_token]);
        let shown = request::Context { request, scope, profile: &context.profile.name, redactor: &redactor };
        let refusal = |answer: &Answer, now: DateTime<Utc>| {
            explain(answer.status(), answer.headers(), answer.body_prefix(), now, &shown)
        };
        let signed_at =
            |time| sign(request, credentials, scope, time).map_err(|failure| Lost { failure, stage: Stage::Final });
        let offset = offset(request, credentials, env, context);
        let answer = self.send(client, &signed_at(offset.there(env.clock.now()))?, watch).await?;
        let now = offset.there(env.clock.now());
        let first = refusal(&answer, now);
        let session = context.session();
        let corrected = first.as_ref().and_then(|refusal| refusal.corrected_time(now));
        let may_use =
            |time: &DateTime<Utc>| session.may_use(Offset::measured(*time - env.clock.now()), life(credentials, env));
        let Some(time) = corrected.filter(may_use) else { return Ok((answer, first)) };
        env.terminal.say("the request was refused for its time, and signed once more, by the API's clock");
        let answer = self.send(client, &signed_at(time)?, watch).await?;
        let second = refusal(&answer, time);
        // The API's clock is trusted only after the API has accepted a signature with its time, and only for itself.
        if second.is_none() {
            session.note_clock_of(request.host());
        }
        Ok((answer, second))
    }

    async fn send(&self, client: &ApiClient, signed: &SignedRequest, watch: &Watch) -> Result<Answer, Lost> {
        let verbose = |mark: char, head: &str| {
            if self.flags.output.verbose {
                head.lines()
                    .take_while(|line| !line.is_empty())
                    .for_each(|line| self.env.terminal.plain(&format!("{mark} {line}")));
            }
        };
        verbose('>', &dry_run(signed));
        let answer = request::send(client, signed, watch).await?;
        verbose('<', &head(&answer));
        Ok(answer)
    }
}

/// Returns the clock offset to apply to the time of the signature.
pub fn offset(request: &ApiRequest, credentials: &Credentials, env: &Env, context: &ProfileContext) -> Offset {
    context.session().offset_for(request.host(), life(credentials, env))
}

fn life(credentials: &Credentials, env: &Env) -> TimeDelta {
    credentials.expires - env.clock.now()
}
