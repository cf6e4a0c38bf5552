//! Findings about the role mapping as a whole, and about the person's claims.

use serde_json::Value;

use super::{Finding, FindingContext, LONGEST_QUOTE, MOST_NAMES, misspelt, quoted};
use crate::error::shortened;
use crate::role_mapping::asserted::{Asserted, CUSTOM, IAM_ROLES, PREFERRED_ROLE, iam_roles};
use crate::role_mapping::evaluate::is_role;
use crate::role_mapping::visible::named;
use crate::role_mapping::{By, IdentityPoolRoles, RoleMapping, Rule, Verdict};

/// The maximum number of rules per provider that AWS allows. AWS does not raise this quota
/// (<https://docs.aws.amazon.com/cognito/latest/developerguide/quotas.html>).
const MOST_RULES: usize = 25;
/// The scope that allows people to change their own attributes
/// (<https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pools-define-resource-servers.html>).
const ADMIN_SCOPE: &str = "aws.cognito.signin.user.admin";
/// The claims that a person can never change, in addition to all claims whose names begin with `cognito:`.
const NOT_ATTRIBUTES: &[&str] = &[
    "sub",
    "iss",
    "aud",
    "token_use",
    "auth_time",
    "exp",
    "iat",
    "jti",
    "origin_jti",
    "event_id",
    "at_hash",
    "nonce",
    "identities",
    "amr",
    "acr",
    "scope",
    "client_id",
    "username",
    "version",
    "roles",
    "groups",
];
/// Finds a claim `cognito:preferred_role` whose value is not the ARN of a role.
pub(super) fn malformed_preferred_role(mapping: Option<&RoleMapping>, around: &FindingContext<'_>) -> Option<Finding> {
    mapping.filter(|mapping| mapping.by == By::Token)?;
    let preferred = around.claims.get(PREFERRED_ROLE)?.as_str().filter(|preferred| !is_role(preferred))?;
    let text = format!(
        "{PREFERRED_ROLE} is {}, which is not the ARN of an IAM role: give the group a role, or check the pre token \
         generation trigger",
        quoted(preferred)
    );
    Some(Finding::warning("malformed_preferred_role", None, text))
}

/// Finds roles that belong to another AWS account than the identity pool. The enhanced flow cannot assume them
/// (<https://docs.aws.amazon.com/cognito/latest/developerguide/iam-roles.html>).
pub(super) fn other_accounts(
    pool: &IdentityPoolRoles,
    mapping: Option<&RoleMapping>,
    around: &FindingContext<'_>,
) -> Vec<Finding> {
    let Some(own) = pool.account() else { return Vec::new() };
    let text = |what: &str, arn: &str| {
        format!(
            "{what} is of another account than the identity pool's roles ({own}), which cannot be assumed: {}",
            quoted(arn)
        )
    };
    let rules = mapping.map(RoleMapping::rules).unwrap_or_default().iter().enumerate();
    let of_rules = rules
        .filter(|(_, rule)| pool.is_of_another_account(&rule.role_arn))
        .map(|(place, rule)| Finding::warning("role_of_another_account", place, text("its role", &rule.role_arn)));
    let is_by_token = mapping.is_some_and(|mapping| mapping.by == By::Token);
    let preferred =
        around.claims.get(PREFERRED_ROLE).and_then(Value::as_str).map(|arn| (PREFERRED_ROLE, arn.to_owned()));
    let of_claims = preferred.into_iter().chain(iam_roles(around.claims).into_iter().map(|arn| (IAM_ROLES, arn)));
    let of_claims = of_claims
        .filter(|(_, arn)| is_by_token && is_role(arn) && pool.is_of_another_account(arn))
        .take(MOST_NAMES)
        .map(|(claim, arn)| Finding::warning("role_of_another_account", None, text(claim, &arn)));
    of_rules.chain(of_claims).collect()
}

pub(super) fn too_many(rules: &[Rule]) -> Option<Finding> {
    let text = format!("there are {} rules, and AWS accepts {MOST_RULES} for each provider", rules.len());
    (rules.len() > MOST_RULES).then(|| Finding::warning("too_many_rules", None, text))
}

/// Finds a claim that rules test although the person can change it. The app client must be able to write mapped
/// attributes, and with the right scope people can, too
/// (<https://docs.aws.amazon.com/cognito/latest/developerguide/attributes-for-access-control.html>).
pub(super) fn writable(rules: &[Rule], around: &FindingContext<'_>) -> Option<Finding> {
    around.scopes_given?.split_whitespace().find(|scope| *scope == ADMIN_SCOPE)?;
    let is_attribute =
        |rule: &&Rule| !rule.claim.starts_with("cognito:") && !NOT_ATTRIBUTES.contains(&rule.claim.as_str());
    let rule = rules.iter().find(is_attribute)?;
    let text = format!(
        "the token has the scope {ADMIN_SCOPE}: its owner can write {} if the app client can, and so choose a role",
        named(&rule.claim)
    );
    Some(Finding::warning("claim_writable_by_owner", None, text))
}

pub(super) fn overage(around: &FindingContext<'_>) -> Option<Finding> {
    let sign = Asserted::of(around.claims, []).group_overage?;
    let sign = shortened(&sign, LONGEST_QUOTE);
    let text =
        format!("{sign} shows that there are more groups than the directory puts into a token: it has none of them");
    Some(Finding::warning("group_overage", None, text))
}

pub(super) fn several_match(rules: &[Rule], around: &FindingContext<'_>) -> Option<Finding> {
    let matching = rules.iter().zip(around.verdicts).enumerate();
    let mut matching = matching.filter(|(_, (_, verdict))| **verdict == Verdict::Matched);
    let (first, (rule, _)) = matching.next()?;
    let others: Vec<String> = matching
        .filter(|(_, (other, _))| other.role_arn != rule.role_arn)
        .map(|(place, _)| (place + 1).to_string())
        .collect();
    let text = format!(
        "other rules also match and give other roles ({}): rule {} takes effect, and the other roles can be requested",
        others.join(", "),
        first + 1
    );
    (!others.is_empty()).then(|| Finding::note("several_rules_match", first, text))
}

/// Returns one note for each attribute that rules test: the attribute's value may be out of date. The user pool keeps
/// it even if the directory no longer sends it
/// (<https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pools-specifying-attribute-mapping.html>).
pub(super) fn sticky(rules: &[Rule], around: &FindingContext<'_>) -> Vec<Finding> {
    let mut claims: Vec<&str> =
        rules.iter().map(|rule| rule.claim.as_str()).filter(|claim| claim.starts_with(CUSTOM)).collect();
    claims.sort_unstable();
    claims.dedup();
    claims.retain(|claim| misspelt(claim, around).is_none());
    let text = |claim: &str| {
        format!(
            "{} may be out of date: the user pool keeps the last value when the directory stops sending one",
            named(claim)
        )
    };
    claims.into_iter().map(|claim| Finding::note("attribute_may_be_stale", None, text(claim))).collect()
}
