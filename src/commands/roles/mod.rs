//! `cogfed roles`: the directory's claims about a person, the IAM roles that these claims allow, and the role that AWS
//! gave.

mod explain;
mod inputs;
mod report;
mod text;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::rows::{self, Row, listed, local, until};
use super::{Attendance, Env, ProfileContext, choice_of_role};
use crate::cli::Roles;
use crate::identity_pool::PoolConfig;
use crate::identity_pool::likely::is_of_a_provider;
use crate::identity_pool::sts::{CallerIdentity, Sts};
use crate::profile::{Issuer, Profile};
use crate::role_mapping::IdentityPoolRoles;
use crate::role_mapping::asserted::Asserted;
use crate::session::SignInState;
use crate::session::record::{CredentialsRecord, TokensRecord};

/// The roles of one sign-in, as printed with `--json`. Scripts rely on the field names; times are RFC 3339 in UTC.
#[derive(Serialize)]
struct Overview<'a> {
    profile: &'a str,
    person: &'a str,
    identity_provider: Option<&'a str>,
    asserted_at: DateTime<Utc>,
    asserted: &'a Asserted,
    can_lead_to: Vec<Role>,
    given: Option<Given>,
    not_known: Option<String>,
}

/// An IAM role that can be requested.
#[derive(Serialize)]
struct Role {
    /// The role's ARN; `None` stands for the role that the identity pool chooses if no role is requested.
    role_arn: Option<String>,
    named_by: Vec<String>,
    credentials: Option<Credentials>,
}

#[derive(Serialize)]
struct Credentials {
    issued_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
    valid: bool,
}

#[derive(Serialize)]
struct Given {
    account: String,
    arn: String,
    /// True if AWS gave the identity pool's default role; `None` if the default role is unknown, because no role
    /// mapping is available.
    default: Option<bool>,
}

pub fn run(flags: &Roles, env: &mut Env) -> anyhow::Result<()> {
    if flags.explain {
        return explain::run(flags, env);
    }
    let context = ProfileContext::new(env, &choice_of_role(&flags.profile, &flags.role), Attendance::Person)?;
    let pool = flags.mapping.as_deref().map(|path| inputs::mapping_of(path, env)).transpose()?;
    let claims = inputs::claims(flags, Some(&context), env)?.claims;
    let session = context.session();
    let tokens = session.tokens()?.ok_or_else(|| session.nobody_signed_in())?;
    let asserted = Asserted::of(&claims, pool.iter().flat_map(IdentityPoolRoles::claims_of_rules));
    let now = env.clock.now();
    let stored = stored(&context, &tokens)?;
    let role = |(role_arn, named_by): (Option<String>, Vec<String>)| {
        let record = stored.iter().find(|record| record.role_arn == role_arn);
        let credentials = record.map(|record| Credentials {
            issued_at: record.issued_at,
            expires_at: record.expires_at,
            valid: record.expires_at > now,
        });
        Role { role_arn, named_by, credentials }
    };
    let can_lead_to = named(flags, &context, env, &tokens, &asserted, pool.as_ref()).into_iter().map(role).collect();
    let (given, not_known) = match given(&context, now) {
        Ok(identity) => {
            let default = pool.as_ref().and_then(|pool| pool.authenticated.as_deref());
            let default = default.map(|default| is_session_of(&identity.arn, default));
            (Some(Given { account: identity.account, arn: identity.arn, default }), None)
        }
        Err(why) => (None, Some(why)),
    };
    let overview = Overview {
        profile: &context.profile.name,
        person: &tokens.person,
        identity_provider: tokens.provider.as_deref(),
        asserted_at: tokens.issued_at,
        asserted: &asserted,
        can_lead_to,
        given,
        not_known,
    };
    match flags.json {
        true => env.print_json(&overview),
        false => env.print(&rows::text(&rows(&overview, &context.profile, now))),
    }?;
    match session.state(Some(&tokens)) {
        SignInState::SignedIn => Ok(()),
        state => Err(session.not_signed_in(state).into()),
    }
}

/// Returns the stored credentials of this sign-in. Credentials from the authentication flow of the profile come first.
fn stored(context: &ProfileContext, tokens: &TokensRecord) -> anyhow::Result<Vec<CredentialsRecord>> {
    let session = context.session();
    let own = session.stored_credentials()?.map(|record| (session.ask.role.clone(), record));
    let mut stored: Vec<_> = own.into_iter().chain(session.stored_besides(tokens)?).collect();
    stored.sort_by_key(|(role, _)| role.is_classic() != context.profile.is_classic());
    Ok(stored.into_iter().map(|(_, record)| record).collect())
}

/// Returns every known role with the sources that name the role, such as a claim, a flag, a profile or the role
/// mapping. The identity pool's own choice comes first.
fn named(
    flags: &Roles,
    context: &ProfileContext,
    env: &Env,
    tokens: &TokensRecord,
    asserted: &Asserted,
    pool: Option<&IdentityPoolRoles>,
) -> BTreeMap<Option<String>, Vec<String>> {
    let mut roles: BTreeMap<Option<String>, Vec<String>> = BTreeMap::new();
    let mut name = |role: Option<&str>, by: String| {
        let names = roles.entry(role.map(str::to_owned)).or_default();
        if !names.contains(&by) {
            names.push(by);
        }
    };
    if !context.profile.is_classic() {
        name(None, "the identity pool, if no role is requested".to_owned());
    }
    asserted.iam_roles.iter().for_each(|role| name(Some(role), "cognito:roles".to_owned()));
    if let Some(role) = &asserted.preferred_role {
        name(Some(role), "cognito:preferred_role".to_owned());
    }
    if let Some(role) = &flags.role.role {
        name(Some(role), "--role".to_owned());
    }
    for profile in context.sharing(env) {
        if let Some(role) = &profile.role_arn {
            name(Some(role), format!("profile {}", profile.name));
        }
    }
    for arn in pool.map(IdentityPoolRoles::role_arns).unwrap_or_default() {
        name(Some(arn), "the role mapping".to_owned());
    }
    for role in tokens.roles(&context.profile) {
        if let Some(arn) = &role.arn {
            name(Some(arn), "the store".to_owned());
        }
    }
    roles
}

/// Returns the identity that owns the stored credentials, as AWS STS reports it, or the reason why the identity is
/// unknown. Renews nothing.
fn given(context: &ProfileContext, now: DateTime<Utc>) -> Result<CallerIdentity, String> {
    let session = context.session();
    let record = session.stored_credentials().map_err(|error| format!("{error:#}"))?;
    let record = record.filter(|record| record.expires_at > now);
    let credentials =
        record.ok_or("no credentials are stored: they are fetched at the first request for them")?.credentials();
    let time = session.offset().there(now);
    session.may_ask_aws().map_err(|error| format!("{error:#}"))?;
    let sts = Sts::new(PoolConfig::of(&context.profile), &context.http);
    let asked = context.wait_for(async { Ok(sts.caller_identity(&credentials, time).await?) });
    asked.map_err(|error| format!("{error:#}"))
}

/// Returns whether the role session `session` belongs to the role `role_arn`. `session` is an ARN as STS reports it. It
/// has the role's account and name, without the path.
fn is_session_of(session: &str, role_arn: &str) -> bool {
    let parts = |arn: &str| -> Option<(String, String)> {
        let mut parts = arn.splitn(6, ':').skip(4).map(str::to_owned);
        Some((parts.next()?, parts.next()?))
    };
    let (Some((account, session)), Some((own, role))) = (parts(session), parts(role_arn)) else { return false };
    account == own && session.split('/').nth(1) == role.rsplit('/').next()
}

/// Returns a note if AWS gave, or most likely gave, the identity pool's default role. Returns an empty string
/// otherwise.
fn default_in_words(given: &Given, asserted: &Asserted) -> &'static str {
    let carries_none = asserted.roles.values().all(Vec::is_empty)
        && asserted.attributes.is_empty()
        && asserted.iam_roles.is_empty()
        && asserted.preferred_role.is_none()
        && asserted.groups.iter().all(|group| is_of_a_provider(group));
    match given.default {
        Some(true) => "  (the default role)",
        None if carries_none => "  (most likely the default role: the token carries no role)",
        _ => "",
    }
}

fn rows(overview: &Overview<'_>, profile: &Profile, now: DateTime<Utc>) -> Vec<Row> {
    let asserted = overview.asserted;
    let provider = overview.identity_provider.unwrap_or(match &profile.issuer {
        Issuer::UserPool(_) => "an identity provider that the token does not name",
        Issuer::Plain(issuer) => &issuer.url,
    });
    let mut rows = vec![
        ("profile", overview.profile.to_owned()),
        ("signed in as", overview.person.to_owned()),
        ("by", provider.to_owned()),
        ("as of", local(overview.asserted_at)),
    ];
    let with_claim = |(claim, roles): (&String, &Vec<String>)| ("roles", format!("{}  ({claim})", listed(roles)));
    rows.extend(asserted.roles.iter().map(with_claim));
    if asserted.roles.is_empty() {
        rows.push(("roles", "none in the token".to_owned()));
    }
    rows.extend(
        asserted.attributes.iter().map(|(claim, values)| ("attribute", format!("{}  ({claim})", listed(values)))),
    );
    rows.push(("groups", listed(&asserted.groups)));
    if let Some(claim) = &asserted.group_overage {
        rows.push(("", format!("and more than the directory puts into a token, as {claim} shows")));
    }
    rows.push(("cognito:roles", listed(&asserted.iam_roles)));
    rows.push(("preferred", text::preferred(asserted)));
    rows.push((
        "given",
        match (&overview.given, &overview.not_known) {
            (Some(given), _) => format!("{}{}", given.arn, default_in_words(given, asserted)),
            (None, why) => format!("not known: {}", why.as_deref().unwrap_or_default()),
        },
    ));
    let mut name = "can lead to";
    for role in &overview.can_lead_to {
        let by = role.named_by.join(", ");
        rows.push((
            name,
            match &role.role_arn {
                Some(arn) => format!("{arn}  ({by})"),
                None => format!("what is given by {by}"),
            },
        ));
        rows.push((
            "",
            match &role.credentials {
                Some(credentials) => format!("  credentials {}", until(credentials.expires_at, now)),
                None => "  no credentials yet".to_owned(),
            },
        ));
        name = "";
    }
    rows
}
