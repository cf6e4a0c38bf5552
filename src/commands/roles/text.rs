//! The explanation of a role mapping as text.

use super::super::rows::{self, Row, listed};
use super::report::{Report, others, type_of};
use crate::aws::ids;
use crate::role_mapping::asserted::Asserted;
use crate::role_mapping::{By, ChosenBy, Outcome, Severity, Verdict};

/// Returns the text of the whole report, escaped for a terminal.
pub fn of(report: &Report<'_>) -> String {
    let mut lines = Vec::new();
    outcome(report, &mut lines);
    head(report, &mut lines);
    rules(report, &mut lines);
    for finding in &report.findings {
        let severity = match finding.severity {
            Severity::Warning => "warning",
            Severity::Note => "note",
        };
        let rule = finding.rule.map(|number| format!("rule {number}: ")).unwrap_or_default();
        lines.push((severity, format!("{rule}{}", finding.text)));
    }
    rows::text(&lines)
}

fn head(report: &Report<'_>, lines: &mut Vec<Row>) {
    if let Some(pool) = &report.pool.identity_pool_id {
        lines.push(("identity pool", pool.clone()));
    }
    lines.push((
        "provider",
        match (report.chosen.entry, report.chosen.by) {
            (None, _) => "none: the identity pool has no role mapping".to_owned(),
            (Some((key, _)), ChosenBy::Only) => format!("{key}  (the only one)"),
            (Some((key, _)), ChosenBy::Flag) => format!("{key}  (chosen with --provider)"),
            (Some((key, _)), _) => format!("{key}  (from the token's iss and aud)"),
        },
    ));
    if let Some(mapping) = report.mapping() {
        lines.push(("mapping", format!("{}, otherwise {:?}", type_of(mapping), mapping.ambiguous)));
    }
    let asserted = Asserted::of(report.claims, report.pool.claims_of_rules());
    lines.extend(asserted.roles.iter().map(|(claim, roles)| ("roles", format!("{}  ({claim})", listed(roles)))));
    lines.extend(attributes(&asserted));
    if !asserted.groups.is_empty() {
        lines.push(("groups", listed(&asserted.groups)));
    }
    if report.mapping().is_some_and(|mapping| mapping.by == By::Token) || !asserted.iam_roles.is_empty() {
        lines.push(("cognito:roles", listed(&asserted.iam_roles)));
        lines.push(("preferred", preferred(&asserted)));
    }
    if let Some(role) = report.custom_role {
        lines.push(("requested", role.to_owned()));
    }
}

fn rules(report: &Report<'_>, lines: &mut Vec<Row>) {
    for (place, rule, verdict, why) in report.verdicts() {
        let became = match (verdict, report.decides(place)) {
            (Verdict::Matched, true) => "matches, and is the first",
            (Verdict::Matched, false) => "matches",
            (Verdict::NotMatched, _) => "does not match",
            (Verdict::NotEvaluated, _) => "is not evaluated",
        };
        let doubt = if report.explanation.uncertain_rules.contains(&place) { " (not certain)" } else { "" };
        let name = if place == 0 { "rules" } else { "" };
        let said = format!("{} -> {}", rule.condition(), rule.role_arn);
        lines.push((name, format!("{:>2} {said}", place + 1)));
        lines.push(("", format!("   {became}{doubt}: {why}")));
    }
}

fn outcome(report: &Report<'_>, lines: &mut Vec<Row>) {
    let explanation = &report.explanation;
    let gives = |outcome: &Outcome| match outcome {
        Outcome::Role(arn) => arn.clone(),
        Outcome::Denied => "no credentials: NotAuthorizedException".to_owned(),
        Outcome::NoRole => "no role: InvalidIdentityPoolConfigurationException".to_owned(),
    };
    lines.push(("outcome", gives(&explanation.evaluation.outcome)));
    lines.push(("", report.why()));
    lines.push((
        "certain",
        match report.uncertainty() {
            None => "yes".to_owned(),
            Some(why) => format!("no: {why}"),
        },
    ));
    if let Some(expected) = report.expected {
        let said = match report.is_as_expected() {
            Some(true) => "yes".to_owned(),
            _ if explanation.evaluation.outcome.role_arn() == Some(expected) => "not certainly".to_owned(),
            _ => format!("no: {expected} was expected"),
        };
        lines.push(("as expected", said));
    }
    for doubt in &explanation.doubts {
        lines.push(("", format!("if {}: {}", others(&doubt.questions), gives(&doubt.outcome))));
        let natural =
            doubt.questions.iter().map(|question| question.natural_answer()).collect::<Vec<_>>().join(", and ");
        lines.push(("", format!("   (assumed here: {natural})")));
    }
}

/// Returns the ARN of the preferred role, "none" if there is no preferred role, or an invalid value with a note that it
/// is no role ARN.
pub fn preferred(asserted: &Asserted) -> String {
    match asserted.preferred_role.as_deref() {
        None => "none".to_owned(),
        Some(arn) if ids::role_arn(arn).is_ok() => arn.to_owned(),
        Some(other) => format!("'{other}'  (not the ARN of a role)"),
    }
}

/// Returns a row for each user attribute that may hold roles but is not one of the known role claims.
pub fn attributes(asserted: &Asserted) -> impl Iterator<Item = Row> {
    asserted.attributes.iter().map(|(claim, values)| ("attribute", format!("{}  ({claim})", listed(values))))
}
