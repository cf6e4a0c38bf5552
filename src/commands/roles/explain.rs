//! `cogfed roles --explain`: the identity pool's role mapping, rule by rule.

use std::path::Path;

use serde_json::{Value, json};

use super::super::{Attendance, Env, Opened, choice_of_role};
use super::inputs::{self, Claims};
use super::text;
use crate::aws::ids;
use crate::cli::Roles;
use crate::error::quoted;
use crate::error::{Failure, Kind};
use crate::profile::Profile;
use crate::role_mapping::asserted::Asserted;
use crate::role_mapping::{
    self, Chosen, ChosenBy, Explanation, Finding, Given, IdentityPoolRoles, Outcome, RoleMapping, Severity,
    Surroundings, Verdict, choose, findings, why_this_outcome, why_this_verdict,
};

/// All that is to be told.
pub struct Report<'a> {
    pub profile: Option<&'a str>,
    pub pool: &'a IdentityPoolRoles,
    pub chosen: Chosen<'a>,
    pub custom_role: Option<&'a str>,
    pub claims: &'a serde_json::Map<String, Value>,
    /// Whether this mapping counts for this token and this flow, or was named as the one to evaluate.
    pub counts: bool,
    pub explanation: Explanation,
    pub findings: Vec<Finding>,
}

pub fn run(flags: &Roles, env: &mut Env) -> anyhow::Result<()> {
    checked(flags)?;
    let needs_profile = flags.mapping.is_none() || flags.claims.is_none() || flags.profile.profile.is_some();
    let choice = choice_of_role(&flags.profile, &flags.role);
    let opened = needs_profile.then(|| Opened::new(env, &choice, Attendance::Person)).transpose()?;
    let profile = opened.as_ref().map(|opened| &opened.profile);
    let Claims { claims, scopes_given } = inputs::claims(flags, opened.as_ref())?;
    let pool = inputs::mapping(flags, opened.as_ref(), env)?;
    let chosen = choose(&pool, &claims, flags.provider.as_deref()).map_err(|_| no_entry(&pool, flags))?;
    let mapping = chosen.entry.map(|(_, mapping)| mapping);
    let custom_role = flags.role.role.as_deref().or_else(|| profile?.role_arn.as_deref());
    let explanation = role_mapping::explain(&pool, mapping, &Given { claims: &claims, custom_role });
    let around = Surroundings {
        claims: &claims,
        verdicts: &explanation.evaluation.verdicts,
        scopes_asked: profile.map(|profile| profile.scopes.as_slice()),
        scopes_given: scopes_given.as_deref(),
    };
    let mut findings = findings(mapping, &around);
    let besides =
        [other_provider(&chosen), profile.and_then(classic_flow), profile.and_then(|it| other_pool(it, &pool))];
    findings.splice(0..0, besides.into_iter().flatten());
    let is_for_it = chosen.other_token.is_none() || chosen.by == ChosenBy::Flag;
    let counts = is_for_it && !profile.is_some_and(Profile::is_classic);
    let profile = profile.map(|profile| profile.name.as_str());
    let report = Report { profile, pool: &pool, chosen, custom_role, claims: &claims, counts, explanation, findings };
    match flags.json {
        true => env.print_json(&report.json())?,
        false => env.print(&text::of(&report))?,
    }
    report.verdict(flags).map_err(Into::into)
}

fn checked(flags: &Roles) -> Result<(), Failure> {
    for (flag, arn) in [("--role", &flags.role.role), ("--expect", &flags.expect)] {
        if let Some(arn) = arn {
            ids::role_arn(arn).map_err(|fault| Failure::new(Kind::Usage, format!("{flag}: {fault}")))?;
        }
    }
    let is_stdin = |path: &Option<std::path::PathBuf>| path.as_deref() == Some(Path::new("-"));
    match is_stdin(&flags.mapping) && is_stdin(&flags.claims) {
        true => Err(Failure::new(Kind::Usage, "--mapping and --claims both ask for the standard input")
            .hint("give '-' once: there is nothing left in it for a second time")),
        false => Ok(()),
    }
}

fn no_entry(pool: &IdentityPoolRoles, flags: &Roles) -> Failure {
    let keys: Vec<String> = pool.mappings.keys().map(|key| format!("'{}'", quoted(key))).collect();
    let message = match &flags.provider {
        Some(named) => format!("RoleMappings has no '{}'", quoted(named)),
        None => "RoleMappings has several entries, and none for the iss and aud of the claims".to_owned(),
    };
    Failure::new(Kind::Usage, message).hint(match keys.is_empty() {
        true => "it has none at all".to_owned(),
        false => format!("name one by --provider: {}", keys.join(", ")),
    })
}

fn other_provider(chosen: &Chosen<'_>) -> Option<Finding> {
    let ((entry, _), token) = (chosen.entry?, chosen.other_token.as_ref()?);
    let text = format!("the token is from {}, and this mapping is for {}", quoted(token), quoted(entry));
    Some(warning("other_provider", text))
}

fn other_pool(profile: &Profile, pool: &IdentityPoolRoles) -> Option<Finding> {
    let (id, own) = (pool.identity_pool_id.as_deref()?, profile.identity_pool_id.as_str());
    let text = format!("the mapping is that of {id}, and the profile's identity pool is {own}");
    (id != own).then(|| warning("other_identity_pool", text))
}

fn warning(code: &'static str, text: String) -> Finding {
    Finding { severity: Severity::Warning, code, rule: None, text }
}

/// Its roles are for their trust policies to give, and a role mapping rules it out
/// (<https://docs.aws.amazon.com/cognito/latest/developerguide/authentication-flow.html>).
fn classic_flow(profile: &Profile) -> Option<Finding> {
    let text = "the profile says flow = \"classic\": AWS refuses that where there is a role mapping, and elsewhere it is \
                the trust policy of the role asked for that decides";
    profile.is_classic().then(|| warning("classic_flow", text.to_owned()))
}

impl Report<'_> {
    pub fn mapping(&self) -> Option<&RoleMapping> {
        self.chosen.entry.map(|(_, mapping)| mapping)
    }

    /// Whether every reading has the same outcome, and it is this mapping that decides.
    pub fn is_certain(&self) -> bool {
        self.counts && self.explanation.is_certain()
    }

    pub fn why(&self) -> String {
        why_this_outcome(self.explanation.evaluation.basis, self.mapping(), self.pool)
    }

    /// A line per rule's verdict: its place, what became of it, and why.
    pub fn verdicts(&self) -> impl Iterator<Item = (usize, &role_mapping::Rule, Verdict, String)> {
        let rules = self.mapping().map(RoleMapping::rules).unwrap_or_default();
        let verdicts = rules.iter().zip(&self.explanation.evaluation.verdicts).enumerate();
        verdicts.map(|(place, (rule, verdict))| (place, rule, *verdict, why_this_verdict(rule, *verdict, self.claims)))
    }

    pub fn decides(&self, place: usize) -> bool {
        self.explanation.evaluation.basis == role_mapping::Basis::Rule(place)
    }

    fn json(&self) -> Value {
        let explanation = &self.explanation;
        let evaluation = &explanation.evaluation;
        let rule = |(place, rule, verdict, why): (usize, &role_mapping::Rule, Verdict, String)| {
            json!({
                "number": place + 1,
                "claim": rule.claim,
                "match_type": rule.match_type,
                "value": rule.value,
                "role_arn": rule.role_arn,
                "result": verdict,
                "decides": self.decides(place),
                "certain": !explanation.uncertain_rules.contains(&place),
                "why": why,
            })
        };
        let doubt = |doubt: &role_mapping::Doubt| {
            json!({
                "questions": doubt.questions,
                "if": text::others(&doubt.questions),
                "outcome": named(&doubt.outcome),
                "role_arn": doubt.outcome.role_arn(),
            })
        };
        json!({
            "profile": self.profile,
            "identity_pool_id": self.pool.identity_pool_id,
            "provider": self.chosen.entry.map(|(key, _)| key),
            "provider_chosen_by": self.chosen.by,
            "type": self.mapping().map(text::type_of),
            "ambiguous_role_resolution": self.mapping().map(|mapping| mapping.ambiguous),
            "custom_role": self.custom_role,
            "asserted": Asserted::of(self.claims, self.pool.custom_claims()),
            "rules": self.verdicts().map(rule).collect::<Vec<_>>(),
            "outcome": named(&evaluation.outcome),
            "role_arn": evaluation.outcome.role_arn(),
            "why": self.why(),
            "certain": self.is_certain(),
            "doubts": explanation.doubts.iter().map(doubt).collect::<Vec<_>>(),
            "findings": self.findings,
        })
    }

    /// What the run ends with.
    fn verdict(&self, flags: &Roles) -> Result<(), Failure> {
        let is_certain = self.is_certain();
        let failed = |message: String| Err(Failure::new(Kind::Failed, message));
        let Some(arn) = self.explanation.evaluation.outcome.role_arn() else {
            let message = format!("the identity pool gives no role: {}", self.why());
            return Err(Failure::new(Kind::Refused, message).hint(match self.chosen.by {
                ChosenBy::None => "give the identity pool a default role, or a role mapping",
                _ => "compare the rules with what the directory asserted, both shown above",
            }));
        };
        match &flags.expect {
            Some(expected) if expected != arn => return failed(format!("the role given is {arn}, not {expected}")),
            Some(_) if !is_certain => return failed(format!("{arn} is given, but that is not certain")),
            _ => {}
        }
        let warnings = self.findings.iter().filter(|finding| finding.severity == Severity::Warning).count();
        match flags.strict && (warnings > 0 || !is_certain) {
            true if warnings == 0 => failed("the outcome is not certain".to_owned()),
            true => failed(format!("there are warnings: {warnings}")),
            false => Ok(()),
        }
    }
}

fn named(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Role(_) => "role",
        Outcome::Denied => "denied",
        Outcome::NoRole => "no_role",
    }
}
