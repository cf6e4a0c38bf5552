//! `cogfed roles --explain`: the identity pool's role mapping, rule by rule.

use std::path::Path;

use super::super::{Attendance, Env, ProfileContext, choice_of_role};
use super::inputs::{self, Claims};
use super::report::Report;
use super::text;
use crate::aws::ids;
use crate::cli::Roles;
use crate::error::{Failure, Kind, shortened};
use crate::profile::Profile;
use crate::role_mapping::{
    self, By, Chosen, ChosenBy, Finding, FindingContext, IdentityPoolRoles, RoleRequest, Severity, choose, findings,
};

/// The maximum length of a provider's name in a message, in characters. AWS takes 128.
const LONGEST_PROVIDER: usize = 256;

pub fn run(flags: &Roles, env: &mut Env) -> anyhow::Result<()> {
    checked(flags)?;
    let needs_profile = flags.mapping.is_none() || flags.claims.is_none() || flags.profile.profile.is_some();
    let choice = choice_of_role(&flags.profile, &flags.role);
    let context = needs_profile.then(|| ProfileContext::new(env, &choice, Attendance::Person)).transpose()?;
    let profile = context.as_ref().map(|context| context.profile.as_ref());
    let Claims { claims, scopes_given } = inputs::claims(flags, context.as_ref(), env)?;
    let pool = inputs::mapping(flags, context.as_ref(), env)?;
    let chosen = choose(&pool, &claims, flags.provider.as_deref()).map_err(|_| no_entry(&pool, flags))?;
    let mapping = chosen.entry.map(|(_, mapping)| mapping);
    let custom_role = flags.role.role.as_deref().or_else(|| profile?.role_arn.as_deref());
    let explanation = role_mapping::explain(&pool, mapping, &RoleRequest { claims: &claims, custom_role });
    let around = FindingContext {
        claims: &claims,
        verdicts: &explanation.evaluation.verdicts,
        scopes_asked: profile.map(|profile| profile.scopes.as_slice()),
        scopes_given: scopes_given.as_deref(),
    };
    let mut findings = findings(&pool, mapping, &around);
    let besides =
        [other_provider(&chosen), profile.and_then(classic_flow), profile.and_then(|it| other_pool(it, &pool))];
    findings.splice(0..0, besides.into_iter().flatten());
    let is_for_it = chosen.other_token.is_none() || chosen.by == ChosenBy::Flag;
    let counts = is_for_it && !profile.is_some_and(Profile::is_classic);
    let profile = profile.map(|profile| profile.name.as_str());
    let report = Report {
        profile,
        pool: &pool,
        chosen,
        custom_role,
        claims: &claims,
        counts,
        expected: flags.expect.as_deref(),
        explanation,
        findings,
    };
    match flags.json {
        true => env.print_json(&report.json())?,
        false => env.print(&text::of(&report))?,
    }
    verdict(&report, flags).map_err(Into::into)
}

fn checked(flags: &Roles) -> Result<(), Failure> {
    for (flag, arn) in [("--role", &flags.role.role), ("--expect", &flags.expect)] {
        if let Some(arn) = arn {
            ids::role_arn(arn).map_err(|fault| Failure::new(Kind::Usage, format!("{flag}: {fault}")))?;
        }
    }
    let is_stdin = |path: &Option<std::path::PathBuf>| path.as_deref() == Some(Path::new("-"));
    match is_stdin(&flags.mapping) && is_stdin(&flags.claims) {
        true => Err(Failure::new(Kind::Usage, "--mapping and --claims both read standard input")
            .hint("give '-' only once, and a file for the other")),
        false => Ok(()),
    }
}

/// Returns the failure to report if no entry of `RoleMappings` can be chosen. Providers' names are there as a whole,
/// since one of them is to be copied.
fn no_entry(pool: &IdentityPoolRoles, flags: &Roles) -> Failure {
    let keys: Vec<String> = pool.mappings.keys().map(|key| format!("'{key}'")).collect();
    let message = match &flags.provider {
        Some(named) => format!("RoleMappings has no '{}'", shortened(named, LONGEST_PROVIDER)),
        None => "RoleMappings has several entries, and none for the iss and aud of the claims".to_owned(),
    };
    Failure::new(Kind::Usage, message).hint(match keys.is_empty() {
        true => "it has none at all".to_owned(),
        false => format!("name one with --provider: {}", keys.join(", ")),
    })
}

fn other_provider(chosen: &Chosen<'_>) -> Option<Finding> {
    let ((entry, _), token) = (chosen.entry?, chosen.other_token.as_ref()?);
    let text = format!("the token is from {}, and this mapping is for {entry}", shortened(token, LONGEST_PROVIDER));
    Some(warning("other_provider", text))
}

fn other_pool(profile: &Profile, pool: &IdentityPoolRoles) -> Option<Finding> {
    let (id, own) = (pool.identity_pool_id.as_deref()?, profile.identity_pool_id.as_str());
    let text = format!("the mapping is of {id}, and the profile's identity pool is {own}");
    (id != own).then(|| warning("other_identity_pool", text))
}

fn warning(code: &'static str, text: String) -> Finding {
    Finding { severity: Severity::Warning, code, rule: None, text }
}

/// Returns a warning if the profile uses the classic flow, and `None` otherwise. AWS refuses the classic flow if there
/// is a role mapping. Otherwise the role's trust policy decides
/// (<https://docs.aws.amazon.com/cognito/latest/developerguide/authentication-flow.html>).
fn classic_flow(profile: &Profile) -> Option<Finding> {
    let text = "the profile has flow = \"classic\": AWS refuses that flow if there is a role mapping; otherwise the trust \
                policy of the requested role decides";
    profile.is_classic().then(|| warning("classic_flow", text.to_owned()))
}

/// Returns an error if the identity pool gives no role, or if the result violates `--expect` or `--strict`.
fn verdict(report: &Report<'_>, flags: &Roles) -> Result<(), Failure> {
    let is_certain = report.is_certain();
    let failed = |message: String| Err(Failure::new(Kind::Failed, message));
    let Some(arn) = report.explanation.evaluation.outcome.role_arn() else {
        let message = format!("the identity pool gives no role: {}", report.why());
        return Err(Failure::new(Kind::Refused, message).hint(match report.chosen.by {
            ChosenBy::None => "give the identity pool a default role, or a role mapping",
            _ if report.mapping().is_some_and(|mapping| mapping.by == By::Token) => {
                "give one of the person's groups an IAM role and the highest precedence, or check the pre token generation \
                 trigger"
            }
            _ => "compare the rules with what the directory asserted, both shown above",
        }));
    };
    match &flags.expect {
        Some(expected) if expected != arn => return failed(format!("the role given is {arn}, not {expected}")),
        Some(_) if !is_certain => return failed(format!("{arn} is given, but that is not certain")),
        _ => {}
    }
    let warnings = report.findings.iter().filter(|finding| finding.severity == Severity::Warning).count();
    match flags.strict && (warnings > 0 || !is_certain) {
        true if warnings == 0 => failed("the outcome is not certain".to_owned()),
        true => failed(format!("there are warnings: {warnings}")),
        false => Ok(()),
    }
}
