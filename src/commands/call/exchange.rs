//! The exchange between `cogfed call` and the API: repeats, redirects, and a new signature if the API refuses the
//! signature's time.

use chrono::{DateTime, TimeDelta, Utc};
use http::header::{LOCATION, SET_COOKIE};

use super::super::{Env, ProfileContext};
use super::connection;
use super::retries::Retries;
use crate::aws::Credentials;
use crate::cli::{Call, ConnectionFlags};
use crate::clock::{Offset, SIGNATURE_TOLERANCE};
use crate::http::{ApiClient, Transfer};
use crate::request::{
    self, Answer, ApiRequest, Deadline, Hop, Lost, MASK, Redirect, Redirects, Refusal, Scope, SignedRequest, Stage,
    Watch, explain, masked_head, masked_location, sign,
};
use crate::secret::Redactor;

/// The time that a gateway may take to refuse a request: its `Date` may be that much later than the moment at which it
/// compared the clocks.
const TIME_TO_REFUSE: TimeDelta = TimeDelta::minutes(1);

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
                deadline: ConnectionFlags::unless_zero(self.flags.connection.max_time).map(Deadline::after),
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
            if !self.flags.output.silent {
                self.env.terminal.say(&format!("{}; trying again in {pause:.1} s", repeat.why));
            }
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
            // A refusal names the right target itself.
            if refusal.is_none() {
                self.env.terminal.warn(&redirect.described());
                self.env.terminal.hint(redirect.hint());
            }
            return Ok((answer, refusal));
        }
        let others = connection::client_for_others(self.flags, self.context)
            .map_err(|failure| Lost { failure, stage: Stage::Final })?;
        let redirects = Redirects { own: client, others: &others, most: connection.max_redirs, watch };
        let on_hop = |hop: Hop<'_>| {
            if !self.flags.output.verbose {
                return;
            }
            match hop {
                Hop::Request { to, head } => {
                    self.env.terminal.say(&format!("following the redirect to {to}, unsigned"));
                    self.log('>', &head);
                }
                Hop::Answer(answer) => self.log('<', &masked_head_of(answer)),
            }
        };
        let answer = redirects.follow(self.request, answer, on_hop).await?;
        // The refusal explains the first answer only.
        let refusal = refusal.filter(|_| answer.redirects == 0);
        if let (Some(redirect), None) = (Redirect::of(&answer), &refusal) {
            self.env.terminal.warn(&format!("{}: not followed", redirect.described()));
            self.env.terminal.hint(redirect.hint_if_not_followed());
        }
        Ok((answer, refusal))
    }

    /// Sends the request, signed with the server's time if the clock offset is known. If the API refuses that time,
    /// sends the request once more, signed with the API's time.
    ///
    /// A request that is not idempotent is sent once more only if the clocks differ so much that the gateway itself
    /// refuses the time. Otherwise an API that carried it out may only pass on the refusal of a service behind it.
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
            explain(answer.status(), answer.headers(), &answer.body_prefix(), now, &shown)
        };
        let signed_at =
            |time| sign(request, credentials, scope, time).map_err(|failure| Lost { failure, stage: Stage::Final });
        let offset = offset(request, credentials, env, context);
        let signing_time = offset.there(env.clock.now());
        let answer = self.send(client, &signed_at(signing_time)?, watch).await?;
        let now = offset.there(env.clock.now());
        let first = refusal(&answer, now);
        let session = context.session();
        let corrected = first.as_ref().and_then(|refusal| refusal.corrected_time(now));
        let may_use =
            |time: &DateTime<Utc>| session.may_use(Offset::measured(*time - env.clock.now()), life(credentials, env));
        let is_off = |time: &DateTime<Utc>| (*time - signing_time).abs() >= SIGNATURE_TOLERANCE - TIME_TO_REFUSE;
        let is_safe = |time: &DateTime<Utc>| request.method().is_idempotent() || is_off(time);
        let Some(time) = corrected.filter(may_use).filter(is_safe) else { return Ok((answer, first)) };
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
        let is_verbose = self.flags.output.verbose;
        if is_verbose {
            self.log('>', &masked_head(signed));
        }
        let answer = request::send(client, signed, watch).await?;
        if is_verbose {
            self.log('<', &masked_head_of(&answer));
        }
        Ok(answer)
    }

    /// Prints the head of a request or of an answer, each line after `mark`.
    fn log(&self, mark: char, head: &str) {
        head.lines().for_each(|line| self.env.terminal.plain(&format!("{mark} {line}")));
    }
}

/// Returns the head of the answer as text. Cookies are masked, and so is the query of a URL in `Location`.
fn masked_head_of(answer: &Answer) -> String {
    let mut head = format!("{:?} {}\n", answer.version(), answer.status());
    for (name, value) in answer.headers() {
        let shown = match name {
            name if *name == SET_COOKIE => MASK.to_owned(),
            name if *name == LOCATION => masked_location(value, answer.url()),
            _ => String::from_utf8_lossy(value.as_bytes()).into_owned(),
        };
        head += &format!("{name}: {shown}\n");
    }
    head
}

/// Returns the clock offset to apply to the time of the signature.
pub fn offset(request: &ApiRequest, credentials: &Credentials, env: &Env, context: &ProfileContext) -> Offset {
    context.session().offset_for(request.host(), life(credentials, env))
}

fn life(credentials: &Credentials, env: &Env) -> TimeDelta {
    credentials.expires - env.clock.now()
}
