//! `cogfed status`: the stored sign-in and credentials of a profile.

mod report;
mod text;

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::{Attendance, Env, ProfileContext, choice_of_role};
use crate::aws::ids;
use crate::cli::Status;
use crate::http::ExtraRoot;
use crate::oidc::unverified_claims;
use crate::profile::Role;
use crate::role_mapping::asserted::Asserted;
use crate::session::record::{CredentialsRecord, TokensRecord};
use crate::session::{Ask, KnownRole, SignInState};
use crate::terminal::Terminal;

/// The sign-in and credentials of one profile, as printed with `--json`. Scripts rely on the field names; times are RFC
/// 3339 in UTC.
#[derive(Serialize)]
struct ProfileStatus<'a> {
    profile: &'a str,
    /// The user pool's id; `None` if the profile has a plain issuer.
    user_pool_id: Option<&'a str>,
    issuer: Option<&'a str>,
    client_id: &'a str,
    identity_pool_id: &'a str,
    store: String,
    /// The name of another store that also holds a sign-in of this profile.
    other_store: Option<String>,
    signed_in: bool,
    /// The state of the sign-in: `signed_in`, `expired`, `revoked`, `lost`, `signing_out` or `not_signed_in`.
    state: &'static str,
    sign_in: Option<SignIn<'a>>,
    credentials: Option<Credentials>,
    /// The stored credentials that were obtained with the same sign-in for other roles, or by the other authentication
    /// flow.
    other_credentials: Vec<Credentials>,
    clock: Option<Clock<'a>>,
    /// The trust roots in force that neither the system has nor an administrator installed; `None` if they cannot be
    /// read.
    extra_roots: Option<Vec<Root<'a>>>,
}

/// An extra trust root.
#[derive(Serialize)]
struct Root<'a> {
    /// The variable or key that names the file.
    named_by: &'a str,
    file: String,
    subject: &'a str,
    /// The SHA-256 fingerprint of the certificate.
    certificate: &'a str,
}

impl<'a> Root<'a> {
    fn of(root: &'a ExtraRoot) -> Self {
        let file = root.file.display().to_string();
        Self { named_by: root.named_by, file, subject: &root.subject, certificate: &root.certificate }
    }
}

/// The offset of a server's clock, measured by an earlier run.
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
struct Credentials {
    /// The ARN of the role that owns the credentials. An ARN that STS reports leaves out the role's path, so it is not
    /// this one.
    role_arn: Option<String>,
    role_name: Option<String>,
    account_id: Option<String>,
    /// The ARN of the role's session, as STS reported it at the sign-in.
    session_arn: Option<String>,
    flow: &'static str,
    issued_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
    valid: bool,
}

impl Credentials {
    fn of(role: &Role, record: &CredentialsRecord, now: DateTime<Utc>) -> Self {
        let known = record.role_arn.as_deref().and_then(ids::role_and_account);
        Self {
            role_arn: record.role_arn.clone(),
            role_name: known.map(|(name, _)| name.to_owned()),
            account_id: known.map(|(_, account)| account.to_owned()),
            session_arn: None,
            flow: if role.is_classic() { "classic" } else { "enhanced" },
            issued_at: record.issued_at,
            expires_at: record.expires_at,
            valid: record.expires_at > now,
        }
    }

    /// Adds the name and account of the role that STS reported, and the role's ARN if the ID token contains it.
    fn with(mut self, known: &KnownRole, tokens: Option<&TokensRecord>) -> Self {
        let Some((name, account)) = known.name_and_account() else { return self };
        self.role_name = Some(name.to_owned());
        self.account_id = Some(account.to_owned());
        self.session_arn = Some(known.session_arn.clone());
        let claims = tokens.and_then(|tokens| unverified_claims(&tokens.id_token).ok()).unwrap_or_default();
        let asserted = Asserted::of(&claims, []);
        let mut named = asserted.preferred_role.into_iter().chain(asserted.iam_roles);
        self.role_arn = self.role_arn.or_else(|| named.find(|arn| ids::role_and_account(arn) == Some((name, account))));
        self
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
    let roots = session.extra_roots();
    let state = session.state(tokens.as_ref());
    let known = credentials.as_ref().filter(|record| record.role_arn.is_none());
    let known = known.and_then(|record| session.known_role(record));
    let status = ProfileStatus {
        signed_in: state == SignInState::SignedIn,
        state: state.name(),
        credentials: credentials.as_ref().map(|record| {
            let credentials = Credentials::of(&session.ask.role, record, now);
            known.iter().fold(credentials, |credentials, known| credentials.with(known, tokens.as_ref()))
        }),
        other_credentials: besides.iter().map(|(role, record)| Credentials::of(role, record, now)).collect(),
        clock: clock.as_ref().map(|clock| Clock {
            host: &clock.host,
            ahead_by_seconds: (now - clock.offset().there(now)).num_seconds(),
            measured_at: clock.at,
        }),
        extra_roots: roots.as_ref().ok().map(|roots| roots.iter().map(Root::of).collect()),
        store: context.store.kind().to_string(),
        other_store: context.store.elsewhere().map(ToString::to_string),
        ..status(&session.ask, tokens.as_ref(), now)
    };
    match flags.json {
        true => env.print_json(&status)?,
        false => {
            let facts = text::Facts {
                status: &status,
                state,
                ask: &session.ask,
                known: known.as_ref(),
                besides: &besides,
                store: context.store.describe(),
                now,
                clock: clock.as_ref(),
                roots: roots.as_ref().map(|roots| *roots),
            };
            let text = text::text(&facts, env.output.is_terminal && Terminal::shows_colour(&env.variable));
            env.print(&text)?;
        }
    }
    match state {
        SignInState::SignedIn => Ok(()),
        state => Err(session.not_signed_in(state).into()),
    }
}

fn status<'a>(ask: &'a Ask, tokens: Option<&'a TokensRecord>, now: DateTime<Utc>) -> ProfileStatus<'a> {
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
        signed_in: false,
        state: "",
        sign_in,
        credentials: None,
        other_credentials: Vec::new(),
        clock: None,
        extra_roots: None,
    }
}
