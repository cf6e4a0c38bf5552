//! A role mapping as `get-identity-pool-roles` or another tool prints it, a line `---`, claims, and optionally another
//! `---` and the requested role. The evaluator is compared with the sandbox's identity pool, a second implementation.

use chrono::Utc;
use cogfed::aws::ids;
use cogfed::error::Kind;
use cogfed::identity_pool::likely::{self, Wanted};
use cogfed::oidc::{json_object, unverified_claims};
use cogfed::role_mapping::asserted::Asserted;
use cogfed::role_mapping::handed_over::{self, HandedOver};
use cogfed::role_mapping::{
    By, FindingContext, IdentityPoolRoles, Interpretation, Outcome, Question, Reasons, RoleMapping, RoleRequest, Rule,
    Verdict, choose, evaluate, explain, findings, why_this_outcome,
};
use cogfed::sandbox::PoolRoles;
use cogfed::sandbox::options::ContainsOnArrays;
use cogfed::sandbox::roles::{NoRole, role};
use cogfed::text;
use serde_json::{Map, Value, json};

use crate::given::{assert_presentable, now};

/// The most findings about one rule, and the most about everything else.
const MOST_OF_A_RULE: usize = 16;
const MOST_BESIDES: usize = 416;

type Claims = Map<String, Value>;

/// Checks that only named roles are given, that all texts are bounded, and that both implementations agree.
pub fn run(data: &[u8]) {
    let mut pieces = pieces(data);
    let (json, claims) = (pieces.next().unwrap_or_default(), pieces.next().unwrap_or_default());
    let custom = pieces.next().and_then(|arn| ids::role_arn(std::str::from_utf8(arn).ok()?.trim()).ok());
    let claims = handed_over_as_claims(claims);
    guess(&claims, custom.as_deref());
    let Ok(text) = text::decoded(json.to_vec()) else { return };
    let pool = match IdentityPoolRoles::read(&text, "pool.json") {
        Ok(pool) => pool,
        Err(failure) => {
            assert_eq!(failure.kind, Kind::Usage);
            assert!(failure.message.starts_with("pool.json: "), "{failure}");
            assert!(failure.hint.is_some(), "{failure}");
            return assert_presentable(&failure);
        }
    };
    let canonical = canonical(&pool);
    assert_eq!(IdentityPoolRoles::read(&canonical, "pool.json").as_ref(), Ok(&pool), "{canonical}");
    assert_is_bounded(&pool);
    let asserted = Asserted::of(&claims, pool.claims_of_rules());
    assert!(serde_json::to_string(&asserted).is_ok());
    assert!(asserted.iam_roles.iter().all(|role| !role.is_empty()));
    assert_is_chosen(&pool, &claims);
    let mappings = pool.mappings.iter().map(|(key, mapping)| (key.as_str(), Some(mapping))).chain([("", None)]);
    for (provider, mapping) in mappings {
        for custom_role in [None, custom.as_deref()] {
            let request = RoleRequest { claims: &claims, custom_role };
            assert_is_explained(&pool, mapping, &request, &asserted);
            // If the provider has no entry, the sandbox applies no mapping only if the pool has no mappings at all.
            if mapping.is_some() || pool.mappings.is_empty() {
                assert_is_agreed(canonical.as_bytes(), provider, (&pool, mapping), &request);
                if is_of_the_service(&text) {
                    assert_is_agreed(text.as_bytes(), provider, (&pool, mapping), &request);
                }
            }
        }
    }
}

/// Returns the claims of a document, or those that its text has as a bare object. A document is never both unwrapped
/// and evaluated as it is.
fn handed_over_as_claims(bytes: &[u8]) -> Claims {
    let Ok(text) = text::decoded(bytes.to_vec()) else { return Claims::new() };
    match handed_over::claims(&text) {
        Ok(HandedOver::Claims(claims)) => {
            assert!(claims.get("token_use").is_none_or(|token_use| token_use == "id"), "{claims:?}");
            assert!(!claims.contains_key("RoleMappings") || claims.len() > 1, "{claims:?}");
            claims
        }
        Ok(HandedOver::IdToken(token)) => {
            assert_eq!(token.expose().split('.').count(), 3);
            unverified_claims(&token).unwrap_or_default()
        }
        Err(not) => {
            assert!(not.to_string().chars().count() < 400 && !not.instead.is_empty(), "{not}");
            json_object(text.as_bytes()).unwrap_or_default()
        }
    }
}

/// Returns the roles in the service's own form.
fn canonical(pool: &IdentityPoolRoles) -> String {
    let rule = |rule: &Rule| json!({ "Claim": rule.claim, "MatchType": rule.match_type, "Value": rule.value, "RoleARN": rule.role_arn });
    let mapping = |mapping: &RoleMapping| match &mapping.by {
        By::Token => json!({ "Type": "Token", "AmbiguousRoleResolution": mapping.ambiguous }),
        By::Rules(rules) => json!({
            "Type": "Rules", "AmbiguousRoleResolution": mapping.ambiguous,
            "RulesConfiguration": { "Rules": rules.iter().map(rule).collect::<Vec<_>>() },
        }),
    };
    let mappings: Map<String, Value> = pool.mappings.iter().map(|(key, found)| (key.clone(), mapping(found))).collect();
    let roles = [("authenticated", &pool.authenticated), ("unauthenticated", &pool.unauthenticated)];
    let roles: Map<String, Value> =
        roles.into_iter().filter_map(|(name, role)| Some((name.to_owned(), json!(role.as_ref()?)))).collect();
    let mut document = json!({ "Roles": roles, "RoleMappings": mappings });
    if let Some(id) = &pool.identity_pool_id {
        document["IdentityPoolId"] = json!(id);
    }
    document.to_string()
}

/// Returns whether a document is in the service's own form, which is the only one that the sandbox reads.
fn is_of_the_service(text: &str) -> bool {
    let Some(object) = json_object(text.as_bytes()) else { return false };
    let known = ["IdentityPoolId", "Roles", "RoleMappings", "ResponseMetadata"];
    let has_provider = |mapping: &Value| mapping.get("IdentityProvider").is_some();
    let mappings = object.get("RoleMappings").and_then(Value::as_object);
    object.keys().all(|name| known.contains(&name.as_str()))
        && !mappings.is_some_and(|all| all.values().any(has_provider))
}

/// Splits the input at lines of `---`.
fn pieces(data: &[u8]) -> impl Iterator<Item = &[u8]> {
    const LINE: &[u8] = b"\n---\n";
    let mut rest = Some(data);
    std::iter::from_fn(move || {
        let text = rest.take()?;
        let Some(at) = text.windows(LINE.len()).position(|piece| piece == LINE) else { return Some(text) };
        rest = Some(&text[at + LINE.len()..]);
        Some(&text[..at])
    })
}

fn assert_is_bounded(pool: &IdentityPoolRoles) {
    assert!(pool.mappings.len() <= 10);
    for (provider, mapping) in &pool.mappings {
        assert!((1..=128).contains(&provider.chars().count()), "{provider:?}");
        assert!(mapping.rules().len() <= 400);
        for rule in mapping.rules() {
            assert!((1..=64).contains(&rule.claim.chars().count()) && (1..=128).contains(&rule.value.chars().count()));
        }
    }
    for arn in pool.role_arns().into_iter().chain(pool.unauthenticated.as_deref()) {
        assert!(arn.starts_with("arn:aws") && arn.contains(":role/") && arn.len() <= 2048, "{arn:?}");
        assert!(arn.bytes().all(|byte| byte.is_ascii_graphic()), "{arn:?}");
    }
}

/// Checks that an entry can be chosen by its name, and without a name only if the choice is unambiguous.
fn assert_is_chosen(pool: &IdentityPoolRoles, claims: &Claims) {
    match choose(pool, claims, None) {
        Ok(chosen) => {
            let is_one = |(key, mapping)| pool.mappings.get::<str>(key) == Some(mapping);
            assert_eq!(chosen.entry.is_none(), pool.mappings.is_empty());
            assert!(chosen.entry.is_none_or(is_one), "{chosen:?}");
            assert!(serde_json::to_string(&chosen.by).is_ok());
        }
        Err(_) => assert!(pool.mappings.len() > 1),
    }
    for key in pool.mappings.keys() {
        let named = choose(pool, claims, Some(key)).expect("it is there");
        assert_eq!(named.entry.map(|(found, _)| found), Some(key.as_str()));
    }
    assert!(choose(pool, claims, Some("")).is_err(), "no entry is called like that");
}

fn assert_is_explained(
    pool: &IdentityPoolRoles,
    mapping: Option<&RoleMapping>,
    request: &RoleRequest<'_>,
    asserted: &Asserted,
) {
    let rules = mapping.map(RoleMapping::rules).unwrap_or_default();
    let explanation = explain(pool, mapping, request);
    let evaluation = &explanation.evaluation;
    assert_eq!(evaluation.verdicts.len(), rules.len(), "a verdict per rule");
    assert_eq!(explanation.is_certain(), explanation.doubts.is_empty());
    assert!(explanation.uncertain_rules.iter().all(|place| *place < rules.len()));
    let doubted = explanation.doubts.iter().map(|doubt| &doubt.outcome);
    for outcome in doubted.clone().chain([&evaluation.outcome]) {
        let Some(arn) = outcome.role_arn() else { continue };
        let of_rules = rules.iter().map(|rule| rule.role_arn.as_str());
        let of_claims = asserted.iam_roles.iter().chain(&asserted.preferred_role).map(String::as_str);
        let is_named = of_rules.chain(of_claims).chain(pool.authenticated.as_deref()).any(|known| known == arn);
        assert!(is_named || request.custom_role == Some(arn), "{arn} comes from nowhere");
        assert!(
            request.custom_role.is_none_or(|custom| custom == arn),
            "{arn} in place of the role that was asked for"
        );
    }
    assert!(doubted.clone().all(|outcome| *outcome != evaluation.outcome), "no doubt at all");
    let why = why_this_outcome(evaluation.basis, mapping, pool);
    assert!(!why.is_empty() && why.len() < 300, "{why}");
    let reasons = Reasons::new(request.claims);
    for (rule, verdict) in rules.iter().zip(&evaluation.verdicts) {
        assert_eq!(*verdict == Verdict::NotEvaluated, !request.claims.contains_key(&rule.claim));
        let why = reasons.of(rule, *verdict);
        assert!(why.chars().count() < 2000, "{why}");
    }
    assert_is_found((pool, mapping), request.claims, &evaluation.verdicts);
}

fn assert_is_found((pool, mapping): (&IdentityPoolRoles, Option<&RoleMapping>), claims: &Claims, verdicts: &[Verdict]) {
    let rules = mapping.map(RoleMapping::rules).unwrap_or_default();
    let scopes = ["openid".to_owned(), "email".to_owned()];
    let scopes_given = claims.get("scope").and_then(Value::as_str);
    let around = FindingContext { claims, verdicts, scopes_asked: Some(&scopes), scopes_given };
    let found = findings(pool, mapping, &around);
    assert!(found.is_sorted_by_key(|finding| finding.severity), "warnings first");
    assert!(found.len() <= MOST_BESIDES + rules.len() * MOST_OF_A_RULE, "{} findings", found.len());
    assert!(serde_json::to_string(&found).is_ok());
    for finding in found {
        assert!(finding.rule.is_none_or(|number| (1..=rules.len()).contains(&number)), "{finding:?}");
        assert!(finding.text.chars().count() < 2400, "{finding:?}");
    }
}

/// Checks that both implementations agree whenever both accept the document.
fn assert_is_agreed(
    json: &[u8],
    provider: &str,
    (pool, mapping): (&IdentityPoolRoles, Option<&RoleMapping>),
    request: &RoleRequest<'_>,
) {
    let Ok(theirs) = PoolRoles::parse(json, provider) else { return };
    let claims = Value::Object(request.claims.clone());
    for (interpretation, contains) in [
        (Interpretation::NATURAL, ContainsOnArrays::Substring),
        (Interpretation::NATURAL.otherwise(Question::ContainsOnArrays), ContainsOnArrays::Element),
    ] {
        let ours = evaluate(pool, mapping, request, interpretation).outcome;
        let theirs = match role(&theirs, contains, &claims, request.custom_role) {
            Ok(role) => Outcome::Role(role),
            Err(NoRole::Denied) => Outcome::Denied,
            Err(NoRole::Unconfigured) => Outcome::NoRole,
        };
        assert_eq!(ours, theirs, "{mapping:?} {claims} {:?} {interpretation:?}", request.custom_role);
    }
}

/// Checks that the guess at a refusal's cause is bounded for the same claims.
fn guess(claims: &Claims, asked_for: Option<&str>) {
    for (code, message) in [
        ("NotAuthorizedException", "Access denied"),
        ("NotAuthorizedException", "Token is not from a supported provider"),
        ("InvalidIdentityPoolConfigurationException", ""),
        ("TooManyRequestsException", ""),
    ] {
        for time in [None, Some(now()), Some(chrono::DateTime::<Utc>::MAX_UTC)] {
            for wanted in [Wanted::Credentials(asked_for), Wanted::Identity] {
                let Some(likely) = likely::cause((code, message), claims, wanted, time) else { continue };
                assert!(!likely.cause.is_empty() && likely.cause.chars().count() < 1000, "{}", likely.cause);
                assert!(!likely.hint.is_empty() && likely.hint.chars().count() < 1000, "{}", likely.hint);
            }
        }
    }
}
