//! Likely causes of an identity pool's refusal, found in the claims of the ID token. The answers themselves leave the
//! cause open.
//!
//! These are guesses, and messages say so: cogfed does not know the identity pool's rules.

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

use crate::aws::ids;
use crate::error::shortened;
use crate::role_mapping::asserted::{Asserted, GROUPS, IAM_ROLES, PREFERRED_ROLE};

/// The next step if the identity pool cannot assume a role
/// (<https://docs.aws.amazon.com/cognito/latest/developerguide/iam-roles.html>).
const TRUST_POLICY: &str = "ask the administrator to check the role's trust policy: sts:AssumeRoleWithWebIdentity, aud (this \
                            identity pool's id), amr (authenticated), and sts:TagSession if the identity pool passes \
                            principal tags; the role also has to be in the identity pool's account";
/// The maximum number of roles, groups or claims that a message names.
const MOST_NAMED: usize = 5;
/// The maximum length of a name in a message, in characters.
const LONGEST_NAME: usize = 100;
/// The maximum length of a list of claims and values in a message, in characters.
const LONGEST_LIST: usize = 600;

/// A likely cause of a refusal, found in the ID token's claims, and the next step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Likely {
    /// The cause, as the first part of a message.
    pub cause: String,
    /// The next step for the person.
    pub hint: String,
}

impl Likely {
    fn new(cause: impl Into<String>, hint: impl Into<String>) -> Option<Self> {
        Some(Self { cause: cause.into(), hint: hint.into() })
    }
}

/// The purpose of the refused call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted<'a> {
    /// An identity id, or a token for STS: no role is involved.
    Identity,
    /// Credentials for the role with this ARN; `None` stands for a role that the identity pool chooses.
    Credentials(Option<&'a str>),
}

/// A kind of refusal whose message does not name the cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Open {
    /// The identity pool gives the person no role, or not the requested one.
    Role,
    /// The identity pool could not assume the chosen role, or has no default role.
    Assumption,
    /// The identity pool does not accept the token's issuer.
    Issuer,
}

/// Returns the kind of a refusal whose message does not name the cause, or `None` if the message names the cause.
fn open(code: &str, message: &str) -> Option<Open> {
    let is_said = |pieces: &[&str]| pieces.iter().any(|piece| message.contains(piece));
    let of_the_token =
        ["Token expired", "verify signed token", "required claim", "OpenId Connect", "Logins don't match"];
    match code {
        "NotAuthorizedException" if is_said(&["supported provider", "Issuer doesn't match"]) => Some(Open::Issuer),
        "NotAuthorizedException" if is_said(&of_the_token) || is_said(&["Unauthenticated access"]) => None,
        "NotAuthorizedException" => Some(Open::Role),
        "InvalidIdentityPoolConfigurationException" => Some(Open::Assumption),
        _ => None,
    }
}

/// Returns the most likely cause of a refusal with this code and message, or `None` if the ID token's claims suggest no
/// cause. `now` is the time by the server's clock, if it is known. Claims of any form are accepted.
pub fn cause(
    (code, message): (&str, &str),
    claims: &Map<String, Value>,
    wanted: Wanted<'_>,
    now: Option<DateTime<Utc>>,
) -> Option<Likely> {
    let asserted = || Asserted::of(claims, []);
    match (open(code, message)?, wanted) {
        (Open::Issuer, _) => by_issuer(claims),
        (Open::Role, Wanted::Identity) => by_time(claims, now),
        (Open::Assumption, Wanted::Identity) => None,
        (Open::Assumption, Wanted::Credentials(role)) => by_assumption(&asserted(), role),
        (Open::Role, Wanted::Credentials(role)) => by_time(claims, now).or_else(|| by_roles(&asserted(), role)),
    }
}

/// Returns the cause if the token's issuer is the user pool's newer issuer URL (`issuer-cognito-idp…`). AWS does not
/// document whether identity pools accept that issuer
/// (<https://docs.aws.amazon.com/cognito/latest/developerguide/federation-endpoints.html>).
fn by_issuer(claims: &Map<String, Value>) -> Option<Likely> {
    let issuer = claims.get("iss")?.as_str()?;
    issuer.starts_with("https://issuer-cognito-idp.").then_some(())?;
    Likely::new(
        "the user pool names itself by its new issuer ('issuer-cognito-idp…'), which the identity pool was not told of",
        "ask the administrator of the user pool to set its issuer back to the original one, or to add the new one to the \
         identity pool as an OpenID Connect provider",
    )
}

fn by_time(claims: &Map<String, Value>, now: Option<DateTime<Utc>>) -> Option<Likely> {
    let (expiry, now) = (claims.get("exp")?.as_i64()?, now?.timestamp());
    (expiry <= now).then_some(())?;
    Likely::new(
        format!("the ID token expired {} s ago by the server's clock", now.saturating_sub(expiry)),
        "compare this machine's clock with the real time, then sign in again",
    )
}

/// Returns the likely cause of a refusal because the identity pool could not assume the chosen role. Its code is about
/// the role, so what the directory asserted is no cause.
fn by_assumption(asserted: &Asserted, asked_for: Option<&str>) -> Option<Likely> {
    match (asked_for, asserted.preferred_role.as_deref()) {
        (Some(_), _) => Likely::new(
            "the trust policy of the requested role does not let this identity pool assume it",
            TRUST_POLICY,
        ),
        (None, Some(preferred)) if ids::role_arn(preferred).is_ok() => Likely::new(
            format!("the trust policy of your role {} does not let this identity pool assume it", named(&[preferred])),
            TRUST_POLICY,
        ),
        (None, Some(preferred)) => not_an_arn(preferred),
        (None, None) => None,
    }
}

fn not_an_arn(preferred: &str) -> Option<Likely> {
    Likely::new(
        format!("cognito:preferred_role in your token is {}, which is not the ARN of an IAM role", named(&[preferred])),
        "ask the administrator of the user pool to give your group the ARN of an IAM role, and to check the pre token \
         generation trigger, if there is one",
    )
}

fn by_roles(asserted: &Asserted, asked_for: Option<&str>) -> Option<Likely> {
    let iam_roles: Vec<&str> = asserted.iam_roles.iter().map(String::as_str).collect();
    let carried = carried(asserted);
    let preferred = asserted.preferred_role.as_deref();
    match asked_for {
        Some(role) if !iam_roles.is_empty() && !iam_roles.contains(&role) => Likely::new(
            format!("the requested role is not among yours: {}", named(&iam_roles)),
            "request one of these (role_arn, --role), or none: then the identity pool chooses",
        ),
        Some(_) if !iam_roles.is_empty() => Likely::new(
            "the requested role is in your cognito:roles, but the identity pool's role mapping does not go by that claim",
            "request no role (role_arn, --role): then the identity pool chooses; or ask its administrator which roles its \
             rules give you",
        ),
        Some(_) if !carried.is_empty() => Likely::new(
            format!("no rule of the identity pool gives the requested role to anyone with {}", listed(&carried)),
            "request no role (role_arn, --role): then the identity pool chooses; or ask its administrator which role your \
             application roles lead to",
        ),
        None if preferred.is_some_and(|role| ids::role_arn(role).is_err()) => not_an_arn(preferred.unwrap_or_default()),
        None if preferred.is_none() && iam_roles.len() > 1 => Likely::new(
            format!("you have several roles, and none of them comes first: {}", named(&iam_roles)),
            "request one of them (role_arn, --role); for good, the administrator of the user pool can give its groups a \
             precedence",
        ),
        _ if asserted.group_overage.is_some() && asserted.roles.values().all(Vec::is_empty) => Likely::new(
            "you are in more groups than the directory puts into a token, so it names none",
            "ask the administrator of the directory for an application role, or to send only the groups assigned to the \
             application",
        ),
        _ if carried.is_empty() && iam_roles.is_empty() => Likely::new(
            "the directory asserts no role for you",
            "ask the administrator of the directory to assign you an application role, then sign in again with --force",
        ),
        None if !carried.is_empty() => Likely::new(
            format!("no rule of the identity pool matches what your token carries: {}", listed(&carried)),
            "ask the administrator of the identity pool for a rule for one of these ('cogfed roles --explain' compares \
             them with the rules), or of the directory for another role",
        ),
        _ => None,
    }
}

/// Returns the claims that can decide the choice of a role, each with its values.
fn carried(asserted: &Asserted) -> Vec<(&str, Vec<&str>)> {
    let of_claims = asserted.roles.iter().chain(&asserted.attributes);
    // A federated person is in their provider's group, `eu-west-1_AbC123xyz_AzureAD`, which leads to no role.
    let groups = texts(&asserted.groups).into_iter().filter(|group| !is_of_a_provider(group)).collect();
    let all = of_claims.map(|(name, values)| (name.as_str(), texts(values))).chain([(GROUPS, groups)]);
    all.filter(|(_, values)| !values.is_empty()).collect()
}

/// Formats the claims that can decide the choice of a role, with their first values. Returns `None` if the token has no
/// such claims.
pub fn carried_by(claims: &Map<String, Value>) -> Option<String> {
    let asserted = Asserted::of(claims, []);
    let mut carried = carried(&asserted);
    carried.extend((!asserted.iam_roles.is_empty()).then(|| (IAM_ROLES, texts(&asserted.iam_roles))));
    carried.extend(asserted.preferred_role.as_deref().map(|role| (PREFERRED_ROLE, vec![role])));
    (!carried.is_empty()).then(|| listed(&carried))
}

fn texts(values: &[String]) -> Vec<&str> {
    values.iter().map(String::as_str).collect()
}

/// Formats the first few claims with their first values, followed by the number of omitted claims.
fn listed(carried: &[(&str, Vec<&str>)]) -> String {
    let shown = carried.iter().take(MOST_NAMED);
    let shown = shown.map(|(claim, values)| format!("{} {}", shortened(claim, LONGEST_NAME), named(values)));
    let more = carried.len().checked_sub(MOST_NAMED).filter(|more| *more > 0);
    let all: Vec<String> = shown.chain(more.map(|more| format!("{more} more claims"))).collect();
    shortened(&all.join("; "), LONGEST_LIST)
}

/// Returns whether Cognito creates the group `group` for all users of an identity provider. Its name is the user pool's
/// id, `_` and the provider's name
/// (<https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pools-user-groups.html>).
pub fn is_of_a_provider(group: &str) -> bool {
    let mut pieces = group.splitn(3, '_');
    let (region, id, provider) = (pieces.next(), pieces.next(), pieces.next());
    region.is_some_and(|region| ids::region(region).is_ok())
        && id.is_some_and(|id| id.len() >= 9 && id.bytes().all(|byte| byte.is_ascii_alphanumeric()))
        && provider.is_some()
}

/// Quotes the first few names, each shortened, and appends the number of the others.
fn named(names: &[&str]) -> String {
    let shown = names.iter().take(MOST_NAMED).map(|name| format!("'{}'", shortened(name, LONGEST_NAME)));
    let more = names.len().checked_sub(MOST_NAMED).filter(|more| *more > 0).map(|more| format!("{more} more"));
    shown.chain(more).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const DENIED: (&str, &str) = ("NotAuthorizedException", "The ambiguous role mapping rules denied this request.");
    const A: &str = "arn:aws:iam::000000000000:role/A";
    const B: &str = "arn:aws:iam::000000000000:role/B";

    fn found(refusal: (&str, &str), claims: &Value, asked_for: Option<&str>) -> Option<String> {
        let now = DateTime::from_timestamp(1_800_000_000, 0);
        let wanted = Wanted::Credentials(asked_for);
        cause(refusal, claims.as_object().unwrap(), wanted, now).map(|likely| likely.cause)
    }

    #[test]
    fn likely_cause_of_a_role_refusal_follows_from_the_claims() {
        for (claims, asked_for, expected) in [
            (json!({}), None, "asserts no role for you"),
            (json!({ "custom:roles": "" }), None, "asserts no role for you"),
            (json!({ "cognito:groups": ["eu-west-1_AbC123xyz_AzureAD"] }), None, "asserts no role for you"),
            (json!({ "sub": "1", "email": "a@corp.example", "identities": [] }), None, "asserts no role for you"),
            (json!({}), Some(A), "asserts no role for you"),
            (json!({ "custom:roles": "Orders.Foo" }), None, "your token carries: custom:roles 'Orders.Foo'"),
            (json!({ "custom:roles": "[a%3Ab, c]" }), None, "carries: custom:roles 'a:b', 'c'"),
            (json!({ "roles": ["x"] }), None, "carries: roles 'x'"),
            (json!({ "custom:roles": "[1, 2, 3, 4, 5, 6, 7]" }), None, "'5', 2 more"),
            (
                json!({ "custom:roles": "Orders.Foo" }),
                Some(A),
                "the requested role to anyone with custom:roles 'Orders.Foo'",
            ),
            (
                json!({ "cognito:groups": ["staff", "eu-west-1_AbC123xyz_AzureAD"] }),
                None,
                "carries: cognito:groups 'staff'",
            ),
            (json!({ "groups": ["11111111-2222"] }), None, "cognito:groups '11111111-2222'"),
            (
                json!({ "cognito:roles": [A, B] }),
                None,
                "none of them comes first: 'arn:aws:iam::000000000000:role/A', ",
            ),
            (json!({ "cognito:roles": [A] }), Some(B), "not among yours: 'arn:aws:iam::000000000000:role/A'"),
            (json!({ "cognito:roles": [A, B] }), Some(B), "does not go by that claim"),
            (
                json!({ "cognito:preferred_role": "", "custom:roles": "x" }),
                None,
                "preferred_role in your token is '', ",
            ),
            (json!({ "cognito:preferred_role": B, "custom:roles": "x" }), None, "carries: custom:roles 'x'"),
            (json!({ "_claim_names": { "groups": "src1" } }), None, "more groups than the directory puts into a token"),
            (json!({ "exp": 1_799_999_999, "custom:roles": "x" }), None, "expired 1 s ago"),
            (json!({ "exp": "soon", "custom:roles": 7 }), None, "custom:roles '7'"),
        ] {
            let cause = found(DENIED, &claims, asked_for).unwrap_or_default();
            assert!(cause.contains(expected), "{claims} {asked_for:?}: {cause}");
        }
        let one = json!({ "cognito:roles": [A] });
        assert_eq!(found(DENIED, &one, None), None, "the claims leave it open too");
    }

    /// Deployments differ in the name of the attribute that carries the roles.
    #[test]
    fn refusal_names_the_attribute_that_carries_the_roles() {
        for (claim, value, expected) in [
            ("custom:groups", "[Finance-Users, Finance-Admins]", "custom:groups 'Finance-Users', 'Finance-Admins'"),
            ("custom:role", "Admin", "custom:role 'Admin'"),
            ("custom:Roles", "Admin", "custom:Roles 'Admin'"),
            ("extension_AppRole", "Admin,Reader", "extension_AppRole 'Admin,Reader'"),
            ("custom:idp_groups", "[a, b]", "custom:idp_groups 'a', 'b'"),
            ("department", "Sales", "department 'Sales'"),
        ] {
            let claims = json!({ "sub": "1", "email": "a@corp.example", claim: value });
            let cause = found(DENIED, &claims, None).unwrap_or_default();
            let said = format!("no rule of the identity pool matches what your token carries: {expected}");
            assert_eq!(cause, said);
        }
        let many: Map<String, Value> = (0..900).map(|at| (format!("custom:{at}"), json!("é".repeat(500)))).collect();
        let cause = found(DENIED, &Value::Object(many), None).unwrap_or_default();
        assert!(cause.chars().count() < 800, "{cause}");
    }

    /// The error code says that a role was chosen and could not be assumed.
    #[test]
    fn role_that_cannot_be_assumed_points_at_its_trust_policy() {
        let refused = ("InvalidIdentityPoolConfigurationException", "Invalid identity pool configuration.");
        let found = |claims: Value, asked_for| {
            let wanted = Wanted::Credentials(asked_for);
            cause(refused, claims.as_object().unwrap(), wanted, DateTime::from_timestamp(1_800_000_000, 0))
        };
        assert_eq!(found(json!({ "custom:roles": "Admin" }), None), None, "the table's row is right");
        assert_eq!(found(json!({}), None), None);
        for (claims, asked_for, named) in [
            (json!({ "cognito:roles": [A, B], "cognito:preferred_role": B }), None, "your role 'arn:aws:iam"),
            (json!({ "custom:roles": "Admin" }), Some(A), "the requested role"),
            (json!({ "cognito:roles": [B] }), Some(A), "the requested role"),
        ] {
            let Likely { cause, hint } = found(claims, asked_for).unwrap();
            assert!(cause.contains(named) && cause.starts_with("the trust policy of"), "{cause}");
            for word in ["sts:AssumeRoleWithWebIdentity", "aud", "amr", "sts:TagSession"] {
                assert!(hint.contains(word), "{hint}");
            }
        }
        for malformed in ["", "Admin", "arn:aws:iam::1:role/X", " "] {
            let likely = found(json!({ "cognito:preferred_role": malformed, "cognito:roles": [] }), None).unwrap();
            let said = format!("is '{malformed}', which is not the ARN of an IAM role");
            assert!(likely.cause.contains(&said), "{likely:?}");
        }
    }

    #[test]
    fn calls_without_a_role_are_not_blamed_on_roles() {
        let now = DateTime::from_timestamp(1_800_000_000, 0);
        let found = |claims: Value| cause(DENIED, claims.as_object().unwrap(), Wanted::Identity, now);
        assert_eq!(found(json!({ "custom:roles": "Orders.Foo" })), None);
        assert!(found(json!({ "exp": 1 })).is_some());
    }

    #[test]
    fn refusal_that_names_its_cause_gets_no_likely_cause() {
        for (code, message) in [
            ("NotAuthorizedException", "Invalid login token. Token expired: 2 >= 1"),
            ("NotAuthorizedException", "Logins don't match."),
            ("TooManyRequestsException", "Rate exceeded"),
            ("ResourceNotFoundException", "Identity 'x' not found."),
        ] {
            assert_eq!(found((code, message), &json!({}), None), None, "{code} {message}");
        }
        assert!(found(("NotAuthorizedException", "No words that are known"), &json!({}), None).is_some());
    }

    #[test]
    fn new_issuer_form_is_the_likely_cause_of_unsupported_provider() {
        let refusal = ("NotAuthorizedException", "Token is not from a supported provider of this identity pool.");
        let issuer = |issuer: &str| json!({ "iss": issuer });
        let new = issuer("https://issuer-cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbC123xyz");
        assert!(found(refusal, &new, None).is_some_and(|cause| cause.contains("new issuer")));
        let original = issuer("https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbC123xyz");
        assert_eq!(found(refusal, &original, None), None);
        assert_eq!(found(refusal, &json!({}), None), None);
    }
}
