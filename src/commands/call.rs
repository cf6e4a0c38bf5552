//! `cogfed call`: one signed request to an API, and its answer.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

use chrono::{DateTime, TimeDelta, Utc};

use super::{Attendance, Env, ProfileContext, choice_of_role};
use crate::aws::Credentials;
use crate::cli::Call;
use crate::clock::Offset;
use crate::error::{Failure, Kind};
use crate::profile::{Override, keys};
use crate::request::{
    self, Answer, ApiRequest, Data, Refusal, RequestInput, SignedRequest, WriteError, dry_run, explain, parse_header,
    read_data, region_of, sign,
};
use crate::secret::Redactor;
use crate::terminal::Escaping;

pub fn run(flags: Call, env: &mut Env) -> anyhow::Result<()> {
    let request = build(&flags, env)?;
    let mut choice = choice_of_role(&flags.profile, &flags.role);
    if let Some(region) = &flags.region {
        choice.flags.push(Override { key: keys::REGION.entry(), flag: "--region", text: region.clone() });
    }
    let context = ProfileContext::new(env, &choice, Attendance::Person)?;
    let region = region(&flags, &request, &context)?;
    context.wait_for(async {
        let credentials = context.credentials().await?;
        if flags.dry_run {
            let time = offset(&request, &credentials, env, &context).there(env.clock.now());
            return env.print(&dry_run(&sign(&request, &credentials, &region, time)?));
        }
        // The file is opened before the request is sent: an answer that cannot be written would be lost.
        let file = flags.output.as_deref().map(opened_for_writing).transpose()?;
        let (answer, refusal) = answered(&request, &credentials, &region, &flags, env, &context).await?;
        finish(answer, refusal, file, &flags, env).await
    })
}

fn build(flags: &Call, env: &mut Env) -> anyhow::Result<ApiRequest> {
    let pieces = |texts: &[String], binary| texts.iter().map(|text| Data::parse(text, binary)).collect::<Vec<_>>();
    let data = [pieces(&flags.data, false), pieces(&flags.data_binary, true)].concat();
    let (request, notes) = ApiRequest::build(RequestInput {
        method: flags.method.clone(),
        url: flags.url.clone(),
        headers: flags.headers.iter().map(|header| parse_header(header)).collect::<Result<_, _>>()?,
        body: read_data(&data, &mut env.input)?,
        json: flags.json,
    })?;
    if flags.verbose {
        notes.iter().for_each(|note| env.terminal.say(&note.to_string()));
    }
    Ok(request)
}

/// Returns the region to sign for: from `--region`, else from the host's name, else from the profile.
fn region(flags: &Call, request: &ApiRequest, context: &ProfileContext) -> anyhow::Result<String> {
    let of_profile = || context.profile.region.clone();
    let region = match flags.region {
        Some(_) => of_profile(),
        None => region_of(request.host()).or_else(of_profile),
    };
    region.ok_or_else(|| {
        Failure::new(Kind::Usage, format!("the host {} does not tell its region", request.host()))
            .hint("give --region, or set 'region' in the profile")
            .into()
    })
}

/// Sends the request, signed with the server's time if the clock offset is known. If the API refuses that time, sends
/// the request once more, signed with the API's time.
async fn answered(
    request: &ApiRequest,
    credentials: &Credentials,
    region: &str,
    flags: &Call,
    env: &Env,
    context: &ProfileContext,
) -> anyhow::Result<(Answer, Option<Refusal>)> {
    let redactor = Redactor::of([&credentials.secret_access_key, &credentials.session_token]);
    let shown = request::Context { request, region, profile: &context.profile.name, redactor: &redactor };
    let refusal = |answer: &Answer, now: DateTime<Utc>| {
        explain(answer.status(), answer.headers(), answer.body_prefix(), now, &shown)
    };
    let offset = offset(request, credentials, env, context);
    let signed = sign(request, credentials, region, offset.there(env.clock.now()))?;
    let answer = send(&signed, flags, env, context).await?;
    let now = offset.there(env.clock.now());
    let first = refusal(&answer, now);
    let session = context.session();
    let corrected = first.as_ref().and_then(|refusal| refusal.corrected_time(now));
    let may_use =
        |time: &DateTime<Utc>| session.may_use(Offset::measured(*time - env.clock.now()), life(credentials, env));
    let Some(time) = corrected.filter(may_use) else { return Ok((answer, first)) };
    env.terminal.say("the request was refused for its time, and signed once more, by the API's clock");
    let answer = send(&sign(request, credentials, region, time)?, flags, env, context).await?;
    let second = refusal(&answer, time);
    // The API's clock is trusted only after the API has accepted a signature with its time, and only for itself.
    if second.is_none() {
        session.note_clock_of(request.host());
    }
    Ok((answer, second))
}

/// Returns the clock offset with which to sign the request.
fn offset(request: &ApiRequest, credentials: &Credentials, env: &Env, context: &ProfileContext) -> Offset {
    context.session().offset_for(request.host(), life(credentials, env))
}

fn life(credentials: &Credentials, env: &Env) -> TimeDelta {
    credentials.expires - env.clock.now()
}

async fn send(signed: &SignedRequest, flags: &Call, env: &Env, context: &ProfileContext) -> anyhow::Result<Answer> {
    let verbose = |mark: char, head: &str| {
        if flags.verbose {
            head.lines()
                .take_while(|line| !line.is_empty())
                .for_each(|line| env.terminal.plain(&format!("{mark} {line}")));
        }
    };
    verbose('>', &dry_run(signed));
    let _awaiting = context.http.awaiting(signed.as_http().uri().host().unwrap_or_default());
    let answer = request::send(&context.http, signed).await?;
    verbose('<', &head(&answer));
    Ok(answer)
}

/// Writes the answer to the output or the file, and the explanation of a refusal to the terminal.
async fn finish(
    answer: Answer,
    refusal: Option<Refusal>,
    file: Option<File>,
    flags: &Call,
    env: &mut Env,
) -> anyhow::Result<()> {
    let status = answer.status().as_u16();
    let written = match file {
        Some(mut file) => {
            // Ignored: a device or a pipe has no length to set.
            let _ = file.set_len(0);
            write(answer, flags, &mut file).await
        }
        None if env.output.is_terminal => write(answer, flags, &mut Escaping::new(&mut env.output.to)).await,
        None => write(answer, flags, &mut env.output.to).await,
    };
    match written {
        // The reader of the pipe stopped early, as `head` does. A refusal is still explained.
        Err(error) if is_broken_pipe(&error) => {}
        other => other?,
    }
    if let Some(refusal) = &refusal {
        env.terminal.warn(&refusal.message);
        env.terminal.hint(&refusal.hint);
    }
    match flags.fail && status >= 400 {
        true => Err(Failure::new(Kind::HttpStatus, format!("the API answered with status {status}")).into()),
        false => Ok(()),
    }
}

/// Opens a file for writing. It keeps its old content until the answer arrives.
fn opened_for_writing(path: &Path) -> anyhow::Result<File> {
    let file = OpenOptions::new().write(true).create(true).truncate(false).open(path);
    Ok(file.map_err(|error| Failure::new(Kind::Usage, format!("cannot write {}: {error}", path.display())))?)
}

async fn write(answer: Answer, flags: &Call, out: &mut dyn Write) -> anyhow::Result<()> {
    if flags.include {
        out.write_all((head(&answer) + "\n").as_bytes())?;
    }
    answer.write_to(out).await.map_err(|error| match error {
        WriteError::Answer(failure) => anyhow::Error::from(failure),
        WriteError::Output(error) => error.into(),
    })?;
    Ok(out.flush()?)
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

fn head(answer: &Answer) -> String {
    let mut head = format!("{:?} {}\n", answer.version(), answer.status());
    for (name, value) in answer.headers() {
        head += &format!("{name}: {}\n", String::from_utf8_lossy(value.as_bytes()));
    }
    head
}
