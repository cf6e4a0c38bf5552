//! The roles and groups that the directory asserts about a person, read from the claims of an ID token. Nothing here
//! fails: a claim of an odd type is read as far as possible.

use std::collections::{BTreeMap, BTreeSet};

use percent_encoding::percent_decode_str;
use serde::Serialize;
use serde_json::{Map, Value};

/// The usual claim for application roles in a user pool's tokens
/// (<https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pools-specifying-attribute-mapping.html>).
pub const CUSTOM_ROLES: &str = "custom:roles";
/// The claim for application roles in Entra ID's own tokens
/// (<https://learn.microsoft.com/en-us/entra/identity-platform/id-token-claims-reference>).
pub const PLAIN_ROLES: &str = "roles";
/// The claim with the person's user pool groups.
pub const GROUPS: &str = "cognito:groups";
/// The claim with the directory's groups in Entra ID's own tokens.
pub const PLAIN_GROUPS: &str = "groups";
/// The claim with the IAM roles of the person's user pool groups.
pub const IAM_ROLES: &str = "cognito:roles";
/// The claim with the IAM role of the user pool group that takes precedence.
pub const PREFERRED_ROLE: &str = "cognito:preferred_role";
/// The prefix of claims for a user pool's custom attributes.
pub const CUSTOM: &str = "custom:";

/// The claims that never contain roles, because they describe the token, the sign-in or the person
/// (<https://openid.net/specs/openid-connect-core-1_0.html#StandardClaims>,
/// <https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-the-id-token.html>,
/// <https://learn.microsoft.com/en-us/entra/identity-platform/id-token-claims-reference>).
pub(super) const NEVER_ROLES: &[&str] = &[
    "_claim_names",
    "_claim_sources",
    "acr",
    "address",
    "aio",
    "amr",
    "at_hash",
    "aud",
    "auth_time",
    "azp",
    "birthdate",
    "c_hash",
    "client_id",
    "email",
    "email_verified",
    "emails",
    "event_id",
    "exp",
    "family_name",
    "gender",
    "given_name",
    "hasgroups",
    "iat",
    "identities",
    "idp",
    "iss",
    "jti",
    "locale",
    "login_hint",
    "middle_name",
    "name",
    "nbf",
    "nickname",
    "nonce",
    "oid",
    "origin_jti",
    "phone_number",
    "phone_number_verified",
    "picture",
    "preferred_username",
    "profile",
    "rh",
    "scope",
    "sid",
    "sub",
    "tfp",
    "tid",
    "token_use",
    "unique_name",
    "updated_at",
    "upn",
    "username",
    "uti",
    "ver",
    "version",
    "website",
    "zoneinfo",
];

/// The roles and groups in the claims of an ID token.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Asserted {
    /// The decoded application roles, by the name of their claim. Missing claims are not listed.
    pub roles: BTreeMap<String, Vec<String>>,
    /// The values of other claims that may hold roles, by the name of the claim.
    pub attributes: BTreeMap<String, Vec<String>>,
    /// The values of the claim `cognito:groups` or, if the token lacks that claim, of the claim `groups`.
    pub groups: Vec<String>,
    /// The ARNs of `cognito:roles`.
    pub iam_roles: Vec<String>,
    /// The value of `cognito:preferred_role`.
    pub preferred_role: Option<String>,
    /// The name of the claim that signals a group overage. A group overage means that the person has too many groups
    /// for a token.
    pub group_overage: Option<String>,
}

impl Asserted {
    /// Returns the roles and groups in `claims`. Deployments name the claim of roles as they like, so every claim with
    /// "role" or "group" in its name counts, besides those in `others`.
    pub fn of<'a>(claims: &Map<String, Value>, others: impl IntoIterator<Item = &'a str>) -> Self {
        let others: BTreeSet<&str> = others.into_iter().collect();
        let is_link = |claim: &Value| claim.as_str().is_some_and(is_link_to_groups);
        let free = claims.iter().filter(|(name, claim)| !is_fixed(name) && !is_link(claim));
        let is_of_roles = |name: &str| others.contains(name) || is_called_after_roles(name);
        let (roles, attributes) = free.partition::<Vec<_>, _>(|(name, _)| is_of_roles(name));
        let read = |(name, claim): (&String, &Value)| (name.clone(), several(claim));
        Self {
            roles: roles.into_iter().map(read).collect(),
            attributes: attributes.into_iter().map(read).filter(|(_, values)| !values.is_empty()).collect(),
            groups: claims.get(GROUPS).or_else(|| claims.get(PLAIN_GROUPS)).map(several).unwrap_or_default(),
            iam_roles: iam_roles(claims),
            preferred_role: claims.get(PREFERRED_ROLE).and_then(Value::as_str).map(str::to_owned),
            group_overage: group_overage(claims),
        }
    }
}

/// Returns whether the claim `name` has a fixed meaning. Such a claim is not listed among roles and attributes.
fn is_fixed(name: &str) -> bool {
    name.starts_with("cognito:")
        || name == PLAIN_GROUPS
        || name.ends_with("groups.link")
        || NEVER_ROLES.binary_search(&name).is_ok()
}

fn is_called_after_roles(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.contains("role") || name.contains("group")
}

/// Returns the values of a claim that may hold one or several. It reads every form that a user pool or an issuer sends:
/// an array, one bare value, or the text of a JSON array. A user pool also flattens an array to `[a, b]` or `[a,b]`
/// with form-encoded values.
pub fn several(claim: &Value) -> Vec<String> {
    match claim {
        Value::Null => Vec::new(),
        Value::Array(values) => values.iter().map(plain).collect(),
        Value::String(text) => of_text(text),
        other => vec![other.to_string()],
    }
}

/// Returns whether a claim holds a list of values. A second value turns a bare value into a list.
pub fn is_list(claim: &Value) -> bool {
    match claim {
        Value::Array(_) => true,
        Value::String(text) => inner(text).is_some(),
        _ => false,
    }
}

/// Returns the role ARNs in the claim `cognito:roles`. In tokens that claim is an array, although AWS's page describes
/// a text with commas (<https://docs.aws.amazon.com/cognito/latest/developerguide/role-based-access-control.html>).
pub fn iam_roles(claims: &Map<String, Value>) -> Vec<String> {
    let mut roles: Vec<String> = match claims.get(IAM_ROLES) {
        Some(Value::Array(roles)) => roles.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        Some(Value::String(text)) => text.split(',').map(|role| role.trim().to_owned()).collect(),
        _ => Vec::new(),
    };
    roles.retain(|role| !role.is_empty());
    roles
}

/// Form-encodes a value in the same way as user pools encode list items: only letters, digits and `.-*_` stay
/// unchanged.
pub fn encoded(value: &str) -> String {
    url::form_urlencoded::byte_serialize(value.as_bytes()).collect()
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn inner(text: &str) -> Option<&str> {
    text.trim().strip_prefix('[')?.strip_suffix(']')
}

fn of_text(text: &str) -> Vec<String> {
    let Some(inner) = inner(text) else {
        // A single value is sent bare. AWS does not document its encoding, so it is left as it is.
        return Some(text.to_owned()).filter(|text| !text.trim().is_empty()).into_iter().collect();
    };
    // An OpenID Connect provider's array may arrive in this form.
    if let Ok(texts) = serde_json::from_str::<Vec<String>>(text) {
        return texts;
    }
    items(inner).map(decoded).collect()
}

fn items(inner: &str) -> impl Iterator<Item = &str> {
    inner.split(',').map(str::trim).filter(|item| !item.is_empty())
}

/// Returns the items of a list that a user pool flattened into one text, or `None` for any other text. Each item is a
/// pair: the decoded text, and the text as sent.
pub(super) fn decoded_items(text: &str) -> Option<Vec<(String, String)>> {
    let inner = inner(text).filter(|_| serde_json::from_str::<Vec<String>>(text).is_err())?;
    Some(items(inner).map(|item| (decoded(item), item.to_owned())).collect())
}

/// Decodes a list item, or returns the item unchanged if it cannot be decoded.
fn decoded(item: &str) -> String {
    let is_encoding = |piece: &str| piece.bytes().take(2).filter(u8::is_ascii_hexdigit).count() == 2;
    if !item.split('%').skip(1).all(is_encoding) {
        return item.to_owned();
    }
    let spaced = item.replace('+', " ");
    percent_decode_str(&spaced).decode_utf8().map_or_else(|_| item.to_owned(), |text| text.into_owned())
}

/// Returns the name of the claim that signals a group overage, or `None` if the token has no such claim. For more than
/// 200 groups in a JWT, or 150 in SAML, Entra ID sends a link instead
/// (<https://learn.microsoft.com/en-us/entra/identity-platform/id-token-claims-reference#groups-overage-claim>).
fn group_overage(claims: &Map<String, Value>) -> Option<String> {
    let is_sign = |name: &str, value: &Value| match name {
        "_claim_names" => value.get("groups").is_some(),
        "hasgroups" => matches!(value, Value::Bool(true)) || value.as_str() == Some("true"),
        _ if name.ends_with("groups.link") => true,
        _ if name.starts_with(CUSTOM) => value.as_str().is_some_and(is_link_to_groups),
        _ => false,
    };
    claims.iter().find(|(name, value)| is_sign(name, value)).map(|(name, _)| name.clone())
}

fn is_link_to_groups(text: &str) -> bool {
    text.starts_with("https://graph.") && (text.contains("getMemberObjects") || text.contains("memberOf"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(claims: Value) -> Asserted {
        Asserted::of(claims.as_object().unwrap(), [])
    }

    #[test]
    fn roles_claim_is_read_in_every_shape() {
        for (claim, roles) in [
            (json!("Orders.Read"), &["Orders.Read"][..]),
            (json!("api:read"), &["api:read"]),
            (json!("api%3Aread"), &["api%3Aread"]),
            (json!("a b"), &["a b"]),
            (json!("[Orders.Read, Billing.Read]"), &["Orders.Read", "Billing.Read"]),
            (json!("[g1,g2]"), &["g1", "g2"]),
            (json!("[api%3Aread, team+a%2Cb]"), &["api:read", "team a,b"]),
            (json!("[one]"), &["one"]),
            (json!(" [one , two] "), &["one", "two"]),
            (json!("[a,,b,]"), &["a", "b"]),
            (json!("[]"), &[]),
            (json!(""), &[]),
            (json!("["), &["["]),
            (json!("[a"), &["[a"]),
            (json!("[a%zz, b%3, %ff, c%]"), &["a%zz", "b%3", "%ff", "c%"]),
            (json!("[1, 2]"), &["1", "2"]),
            (json!(r#"["a","b c"]"#), &["a", "b c"]),
            (json!(r#"["a%3Ab"]"#), &["a%3Ab"]),
            (json!(["a", "b"]), &["a", "b"]),
            (json!(["a", 1, null, ["b"]]), &["a", "1", "null", "[\"b\"]"]),
            (json!([]), &[]),
            (json!(null), &[]),
            (json!(42), &["42"]),
            (json!(true), &["true"]),
            (json!({ "a": 1 }), &["{\"a\":1}"]),
        ] {
            assert_eq!(of(json!({ "custom:roles": claim })).roles[CUSTOM_ROLES], roles, "{claim}");
        }
    }

    #[test]
    fn roles_are_read_from_every_role_claim() {
        let claims = json!({
            "roles": ["a"], "custom:teams": "[x, y]", "custom:other": "z", "custom:Roles": "b", "custom:idp_groups": "[g, h]",
            "extension_AppRole": "Admin,Reader", "custom:chatbot_role": "user", "department": "Sales", "custom:empty": "",
            "sub": "1", "email": "a@b.example", "name": "A", "cognito:groups": ["c"], "cognito:username": "x",
            "identities": [], "groups": ["d"], "custom:roles": null,
        });
        let asserted = Asserted::of(claims.as_object().unwrap(), ["custom:teams", "custom:none"]);
        let of = |claims: &BTreeMap<String, Vec<String>>| {
            claims.iter().map(|(name, values)| format!("{name}={}", values.join(" "))).collect::<Vec<_>>()
        };
        let roles = [
            "custom:Roles=b",
            "custom:chatbot_role=user",
            "custom:idp_groups=g h",
            "custom:roles=",
            "custom:teams=x y",
            "extension_AppRole=Admin,Reader",
            "roles=a",
        ];
        assert_eq!(of(&asserted.roles), roles);
        assert_eq!(of(&asserted.attributes), ["custom:other=z", "department=Sales"]);
        assert_eq!(asserted.groups, ["c"]);
        assert!(NEVER_ROLES.is_sorted());
    }

    #[test]
    fn groups_and_iam_roles_may_be_arrays_or_texts() {
        let asserted = of(json!({ "cognito:groups": ["a", "b"], "cognito:roles": ["r", 7, "s"] }));
        assert_eq!((asserted.groups, asserted.iam_roles), (vec!["a".into(), "b".into()], vec!["r".into(), "s".into()]));
        let asserted = of(json!({ "cognito:groups": "one", "cognito:roles": "r, s,,", "cognito:preferred_role": "s" }));
        assert_eq!((asserted.groups, asserted.iam_roles), (vec!["one".into()], vec!["r".into(), "s".into()]));
        assert_eq!(asserted.preferred_role.as_deref(), Some("s"));
        assert_eq!(of(json!({ "groups": ["11111111-2222"] })).groups, ["11111111-2222"], "as Entra ID sends them");
        assert_eq!(of(json!({ "groups": ["x"], "cognito:groups": ["a"] })).groups, ["a"]);
        let odd = of(json!({ "cognito:groups": null, "cognito:roles": {}, "cognito:preferred_role": [1] }));
        assert_eq!(odd, Asserted::default());
    }

    #[test]
    fn group_overage_is_noticed() {
        let link = "https://graph.microsoft.com/v1.0/users/1/getMemberObjects";
        for (claims, sign) in [
            (json!({ "_claim_names": { "groups": "src1" } }), Some("_claim_names")),
            (json!({ "_claim_names": {} }), None),
            (json!({ "hasgroups": true }), Some("hasgroups")),
            (json!({ "hasgroups": "true" }), Some("hasgroups")),
            (json!({ "hasgroups": false }), None),
            (
                json!({ "http://schemas.microsoft.com/claims/groups.link": link }),
                Some("http://schemas.microsoft.com/claims/groups.link"),
            ),
            (json!({ "custom:groups": link }), Some("custom:groups")),
            (json!({ "custom:groups": "https://example.com/memberOf" }), None),
            (json!({ "website": link }), None),
        ] {
            assert_eq!(of(claims.clone()).group_overage.as_deref(), sign, "{claims}");
        }
    }

    #[test]
    fn claims_with_lists_and_bare_values_are_distinguished() {
        for (claim, expected) in [
            (json!("a"), false),
            (json!("[a]"), true),
            (json!("[a, b]"), true),
            (json!(["a"]), true),
            (json!("[a"), false),
            (json!(1), false),
        ] {
            assert_eq!(is_list(&claim), expected, "{claim}");
        }
        assert_eq!(encoded("api:read a_b.c-d*"), "api%3Aread+a_b.c-d*");
    }
}
