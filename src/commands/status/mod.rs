//! `cogfed status`: the stored sign-in and credentials of a profile.

mod report;

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::rows::{self, Row, local, until};
use super::{Attendance, Env, ProfileContext, choice_of_role};
use crate::cli::Status;
use crate::profile::Role;
use crate::session::record::{CredentialsRecord, TokensRecord};
use crate::session::{Ask, KeptOffset};

/// The state of one profile. Scripts rely on the field names; times are RFC 3339 in UTC.
#[derive(Serialize)]
struct ProfileStatus<'a> {
    profile: &'a str,
    /// `None` if the profile has an issuer in place of a user pool.
    user_pool_id: Option<&'a str>,
    issuer: Option<&'a str>,
    client_id: &'a str,
    identity_pool_id: &'a str,
    store: String,
    /// Another store that holds a sign-in of this profile, too.
    other_store: Option<String>,
    signed_in: bool,
    sign_in: Option<SignIn<'a>>,
    credentials: Option<Credentials<'a>>,
    /// The same sign-in's credentials for other roles, or from the other flow.
    other_credentials: Vec<Credentials<'a>>,
    clock: Option<Clock<'a>>,
}

/// The offset of a clock, as an earlier run measured it.
#[derive(Serialize)]
struct Clock<'a> {
    host: &'a str,
    ahead_by_seconds: i64,
    measured_at: DateTime<Utc>,
}

#[derive(Serialize)]
struct SignIn<'a> {
    person: &'a str,
    subject: &'a str,
    identity_provider: Option<&'a str>,
    issuer: &'a str,
    signed_in_at: DateTime<Utc>,
    id_token_expires_at: DateTime<Utc>,
    renewable: bool,
    renewable_until: Option<DateTime<Utc>>,
    ended_at: Option<DateTime<Utc>>,
    identity_id: Option<&'a str>,
}

#[derive(Serialize)]
struct Credentials<'a> {
    role_arn: Option<&'a str>,
    flow: &'static str,
    issued_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
    valid: bool,
}

impl<'a> Credentials<'a> {
    fn of(role: &Role, record: &'a CredentialsRecord, now: DateTime<Utc>) -> Self {
        Self {
            role_arn: record.role_arn.as_deref(),
            flow: if role.is_classic() { "classic" } else { "enhanced" },
            issued_at: record.issued_at,
            expires_at: record.expires_at,
            valid: record.expires_at > now,
        }
    }
}

pub fn run(flags: &Status, env: &mut Env) -> anyhow::Result<()> {
    let choice = choice_of_role(&flags.profile, &flags.role);
    if flags.report {
        return report::run(&choice, env);
    }
    let context = ProfileContext::new(env, &choice, Attendance::Person)?;
    let now = env.clock.now();
    let session = context.session();
    let (tokens, credentials) = (session.tokens()?, session.stored_credentials()?);
    let besides = tokens.as_ref().map_or(Ok(Vec::new()), |tokens| session.stored_besides(tokens))?;
    let clock = session.kept_offset();
    let status = ProfileStatus {
        other_credentials: besides.iter().map(|(role, record)| Credentials::of(role, record, now)).collect(),
        clock: clock.as_ref().map(|clock| Clock {
            host: &clock.host,
            ahead_by_seconds: (now - clock.offset().there(now)).num_seconds(),
            measured_at: clock.at,
        }),
        store: context.store.kind().to_string(),
        other_store: context.store.elsewhere().map(ToString::to_string),
        ..status(&session.ask, tokens.as_ref(), credentials.as_ref(), now)
    };
    match flags.json {
        true => env.print_json(&status)?,
        false => {
            let rows = rows(&status, &session.ask, &besides, context.store.describe(), now, clock.as_ref());
            env.print(&rows::text(&rows))?;
        }
    }
    match status.signed_in {
        true => Ok(()),
        false => Err(session.nobody_signed_in().into()),
    }
}

fn status<'a>(
    ask: &'a Ask,
    tokens: Option<&'a TokensRecord>,
    credentials: Option<&'a CredentialsRecord>,
    now: DateTime<Utc>,
) -> ProfileStatus<'a> {
    let profile = ask.profile.as_ref();
    let sign_in = tokens.map(|tokens| SignIn {
        person: &tokens.person,
        subject: &tokens.subject,
        identity_provider: tokens.provider.as_deref(),
        issuer: &tokens.issuer,
        signed_in_at: tokens.signed_in_at,
        id_token_expires_at: tokens.expires_at,
        renewable: tokens.ended.is_none()
            && tokens.refresh_token.is_some()
            && tokens.renewable_until(profile).is_none_or(|end| end > now),
        renewable_until: tokens.renewable_until(profile),
        ended_at: tokens.ended.as_ref().map(|ended| ended.at),
        identity_id: tokens.identities.get(&profile.identity_pool_id).map(String::as_str),
    });
    ProfileStatus {
        profile: &profile.name,
        user_pool_id: profile.issuer.user_pool().map(|pool| pool.id.as_str()),
        issuer: Some(profile.issuer.id()).filter(|_| profile.issuer.user_pool().is_none()),
        client_id: &profile.client_id,
        identity_pool_id: &profile.identity_pool_id,
        store: profile.store.kind.to_string(),
        other_store: None,
        signed_in: sign_in.as_ref().is_some_and(|sign_in| {
            sign_in.renewable || (sign_in.ended_at.is_none() && sign_in.id_token_expires_at > now)
        }),
        sign_in,
        credentials: credentials.map(|credentials| Credentials::of(&ask.role, credentials, now)),
        other_credentials: Vec::new(),
        clock: None,
    }
}

fn rows(
    status: &ProfileStatus<'_>,
    ask: &Ask,
    besides: &[(Role, CredentialsRecord)],
    store: &str,
    now: DateTime<Utc>,
    clock: Option<&KeptOffset>,
) -> Vec<Row> {
    let mut rows = vec![("profile", status.profile.to_owned())];
    match &status.sign_in {
        None => rows.push(("signed in as", "nobody".to_owned())),
        Some(sign_in) => rows.extend([
            ("signed in as", sign_in.person.to_owned()),
            (
                "by",
                sign_in
                    .identity_provider
                    .or(status.issuer)
                    .unwrap_or("an identity provider that the token does not name")
                    .to_owned(),
            ),
            ("since", local(sign_in.signed_in_at)),
            ("ID token", until(sign_in.id_token_expires_at, now)),
            ("renewal", renewal(sign_in, ask.profile.issuer.described(), now)),
        ]),
    }
    rows.push(match &status.credentials {
        Some(credentials) => ("credentials", until(credentials.expires_at, now)),
        None => ("credentials", "none yet: they are fetched when something asks for them".to_owned()),
    });
    if status.credentials.is_some() {
        rows.push(("role", role(&ask.role)));
    }
    rows.extend(
        besides.iter().map(|(other, record)| ("also", format!("{}, {}", role(other), until(record.expires_at, now)))),
    );
    rows.push(("kept in", store.to_owned()));
    if let Some(other) = &status.other_store {
        rows.push((
            "other store",
            format!("there is a sign-in in store \"{other}\", too: to use it, set store = \"{other}\""),
        ));
    }
    if let Some(clock) = clock {
        rows.push(("clock", clock.to_string()));
    }
    rows
}

fn role(role: &Role) -> String {
    let arn = role.arn.as_deref().unwrap_or("the one that the identity pool gives this person");
    format!("{arn}{}", if role.is_classic() { " by the classic flow" } else { "" })
}

fn renewal(sign_in: &SignIn<'_>, described: &str, now: DateTime<Utc>) -> String {
    match (sign_in.ended_at, sign_in.renewable, sign_in.renewable_until) {
        (Some(at), _, _) => format!("ended, noticed {}", local(at)),
        (None, true, Some(end)) => format!("silent, {}", until(end, now)),
        (None, false, Some(end)) => format!("ended {}, by refresh_token_validity", local(end)),
        (None, true, None) => format!("silent, until the {described} ends it"),
        (None, false, None) => format!("none: the {described} gave no refresh token"),
    }
}
