//! The people in the sandbox's simulated directories.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::{Map, Value, json};

/// The maximum number of groups that Entra ID puts into a SAML assertion.
const MOST_GROUPS_BY_SAML: usize = 150;

/// A directory whose people can sign in to the user pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Directory {
    /// The employees' directory, Entra ID, which is connected to the user pool by SAML.
    #[serde(rename = "AzureAD")]
    AzureAd,
    /// The customers' directory, Azure AD B2C, which is connected to the user pool by OpenID Connect.
    #[serde(rename = "AzureB2C")]
    AzureB2c,
    /// The user pool itself, for its native users.
    #[serde(rename = "COGNITO")]
    UserPool,
}

impl Directory {
    /// All directories.
    pub const ALL: [Directory; 3] = [Directory::AzureAd, Directory::AzureB2c, Directory::UserPool];

    /// Returns the name of the directory's identity provider in the user pool. The user pool calls itself `COGNITO`.
    pub fn name(self) -> &'static str {
        match self {
            Directory::AzureAd => "AzureAD",
            Directory::AzureB2c => "AzureB2C",
            Directory::UserPool => "COGNITO",
        }
    }

    /// Returns the domain of the directory's email addresses.
    fn email_domain(self) -> &'static str {
        self.identifier().unwrap_or("native.example")
    }

    /// Returns the `idp_identifier` that selects the directory, or `None` for the user pool itself. The identifier is a
    /// domain, as Cognito's documentation suggests.
    fn identifier(self) -> Option<&'static str> {
        match self {
            Directory::AzureAd => Some("corp.example"),
            Directory::AzureB2c => Some("customers.example"),
            Directory::UserPool => None,
        }
    }

    /// Returns the protocol and the issuer of this directory for the claim `identities`. Native users have no entry
    /// there.
    fn federation(self) -> Option<(&'static str, &'static str)> {
        match self {
            Directory::AzureAd => Some(("SAML", "https://sts.windows.net/11111111-2222-3333-4444-555555555555/")),
            Directory::AzureB2c => {
                Some(("OIDC", "https://customersexample.b2clogin.com/66666666-7777-8888-9999-000000000000/v2.0/"))
            }
            Directory::UserPool => None,
        }
    }

    /// Returns the directory whose identity provider is named `name`.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|directory| directory.name() == name)
    }

    /// Returns the directory whose `idp_identifier` is `identifier`.
    pub(crate) fn identified(identifier: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|directory| directory.identifier() == Some(identifier))
    }
}

/// An identity that an administrator linked to a user
/// (<https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_AdminLinkProviderForUser.html>).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LinkedIdentity {
    /// The directory of the linked identity, in which the person can also sign in.
    pub directory: Directory,
    /// The person's id in that directory.
    pub directory_id: String,
}

/// A person, with the attributes that the user pool stores after attribute mapping.
#[derive(Debug, Clone, Serialize)]
pub struct Person {
    /// A short unique name, such as `alice`. The person's button on the sign-in page then has the id `person-alice`.
    pub name: String,
    /// The person's full name.
    pub full_name: String,
    /// The person's email address.
    pub email: String,
    /// The directory where the person signs in.
    pub directory: Directory,
    /// The person's id in the directory: the NameID of SAML, the `sub` of OpenID Connect, or the username of a native
    /// user.
    pub directory_id: String,
    /// Identities of other directories that are linked to this user.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub linked: Vec<LinkedIdentity>,
    /// The application roles that the directory sends to the user pool. The user pool puts these roles into the claim
    /// `custom:roles`. Without roles nothing is sent. One empty text is a blank value, which is sent as such.
    pub roles: Vec<String>,
    /// The object ids of the person's groups in the directory. They become `custom:groups`, or `custom:groups_link` if
    /// there are too many to send.
    pub directory_groups: Vec<String>,
    /// The person's groups in the user pool, without the group of the identity provider.
    pub groups: Vec<String>,
    /// The ARNs of the IAM roles that the user pool's groups assign: the claim `cognito:roles`.
    pub iam_roles: Vec<String>,
    /// The value of the claim `cognito:preferred_role`, if the person has this claim.
    pub preferred_iam_role: Option<String>,
    /// Claims to add to the ID token; they replace claims of the same name.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub claims: Map<String, Value>,
    /// The names of claims to leave out of the ID token.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub without_claims: Vec<String>,
}

impl Person {
    /// Returns a person in `directory` who has no roles or groups.
    pub fn new(name: &str, full_name: &str, directory: Directory) -> Self {
        let email = format!("{name}@{}", directory.email_domain());
        let directory_id = match directory {
            Directory::AzureAd => email.clone(),
            Directory::AzureB2c => crate::random::uuid(),
            Directory::UserPool => name.to_owned(),
        };
        Self {
            name: name.into(),
            full_name: full_name.into(),
            email,
            directory,
            directory_id,
            linked: Vec::new(),
            roles: Vec::new(),
            directory_groups: Vec::new(),
            groups: Vec::new(),
            iam_roles: Vec::new(),
            preferred_iam_role: None,
            claims: Map::new(),
            without_claims: Vec::new(),
        }
    }

    /// Adds a linked identity in another directory.
    #[must_use]
    pub fn linked_with(mut self, directory: Directory, directory_id: &str) -> Self {
        self.linked.push(LinkedIdentity { directory, directory_id: directory_id.into() });
        self
    }

    /// Returns whether the person can sign in at this directory.
    pub(crate) fn is_in(&self, directory: Directory) -> bool {
        self.directory == directory || self.linked.iter().any(|identity| identity.directory == directory)
    }

    /// Replaces the person's application roles with `roles`.
    #[must_use]
    pub fn with_roles(mut self, roles: &[&str]) -> Self {
        self.roles = roles.iter().map(ToString::to_string).collect();
        self
    }

    /// Gives the person `count` directory groups.
    #[must_use]
    pub fn with_directory_groups(mut self, count: u32) -> Self {
        self.directory_groups = (1..=count).map(|group| format!("9a3c1f00-5b7e-4d21-8c46-0000{group:08x}")).collect();
        self
    }

    /// Returns the stored person after a sign-in at which the directory sent the attributes in `sent`. Roles and groups
    /// that the directory did not send keep their values
    /// (<https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pools-specifying-attribute-mapping.html>).
    pub(crate) fn after_sign_in(&self, sent: &Person) -> Person {
        let mut user = sent.clone();
        if sent.roles.is_empty() {
            user.roles.clone_from(&self.roles);
        }
        if sent.directory_groups.is_empty() {
            user.directory_groups.clone_from(&self.directory_groups);
        }
        user
    }

    /// Returns the username in a case-insensitive pool: the provider's name, an underscore and the directory id in
    /// lower case, as in `AzureAD_alice@corp.example`. A native user's has no provider.
    pub(crate) fn username(&self) -> String {
        let id = self.directory_id.to_lowercase();
        if self.directory == Directory::UserPool { id } else { format!("{}_{id}", self.directory.name()) }
    }

    /// Returns the claim `identities`, with the linked identities first. A native user without a linked identity has
    /// no such claim.
    pub(crate) fn identities(&self, created: DateTime<Utc>) -> Option<Value> {
        let linked = self.linked.iter().map(|identity| (identity.directory, &identity.directory_id, "false"));
        let all = linked.chain([(self.directory, &self.directory_id, "true")]);
        let entries: Vec<Value> = all
            .filter_map(|(directory, id, primary)| {
                let (protocol, issuer) = directory.federation()?;
                Some(json!({
                    "dateCreated": created.timestamp_millis().to_string(),
                    "userId": id,
                    "providerName": directory.name(),
                    "providerType": protocol,
                    "issuer": issuer,
                    "primary": primary,
                }))
            })
            .collect();
        (!entries.is_empty()).then(|| Value::from(entries))
    }

    /// Adds [`Self::claims`] to the claims of an ID token, and removes [`Self::without_claims`] from them.
    pub(crate) fn change_claims(&self, claims: &mut Map<String, Value>) {
        claims.extend(self.claims.clone());
        claims.retain(|name, _| !self.without_claims.contains(name));
    }

    /// Returns the value of the claim `custom:roles`, or `None` if the person has no such claim.
    pub(crate) fn custom_roles(&self) -> Option<String> {
        flattened(&self.roles)
    }

    /// Returns the name and the value of the claim that lists the directory groups. It is `custom:groups`, or
    /// `custom:groups_link` if there are too many groups for a SAML assertion
    /// (<https://learn.microsoft.com/entra/identity-platform/reference-saml-tokens>).
    pub(crate) fn custom_groups(&self, link: impl FnOnce() -> String) -> Option<(&'static str, String)> {
        match self.directory_groups.len() > MOST_GROUPS_BY_SAML {
            true => Some(("custom:groups_link", link())),
            false => flattened(&self.directory_groups).map(|groups| ("custom:groups", groups)),
        }
    }
}

/// A user pool's record of one person.
#[derive(Debug, Clone)]
pub(crate) struct User {
    /// The person's attributes as stored in the user pool.
    pub person: Person,
    /// The person's attributes in the directory, which the user pool may not have received yet.
    pub in_directory: Person,
    /// True if the person has signed in before.
    pub has_signed_in: bool,
    /// The user's `sub`.
    pub sub: String,
    /// The time when the user was created.
    pub created: DateTime<Utc>,
}

/// Joins several values into the one text of a user pool attribute. With no value, or only a blank one, the attribute
/// is absent. A single value is unchanged. Several become one text in brackets, with each value form-encoded
/// (<https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pools-specifying-attribute-mapping.html>).
fn flattened(values: &[String]) -> Option<String> {
    match values {
        [] => None,
        [value] => Some(value.clone()).filter(|value| !value.is_empty()),
        values => {
            let encoded: Vec<String> =
                values.iter().map(|value| url::form_urlencoded::byte_serialize(value.as_bytes()).collect()).collect();
            Some(format!("[{}]", encoded.join(", ")))
        }
    }
}

/// Returns the default people of a sandbox.
pub(crate) fn everyone() -> Vec<Person> {
    vec![
        Person::new("alice", "Alice Admin", Directory::AzureAd).with_roles(&["Orders.Admin"]),
        Person::new("bob", "Bob Reader", Directory::AzureAd).with_roles(&["Orders.Read"]),
        Person::new("carol", "Carol Manager", Directory::AzureAd).with_roles(&[
            "Orders.Read",
            "Billing.Read",
            "team:a b",
        ]),
        Person::new("dave", "Dave Newcomer", Directory::AzureAd),
        Person::new("erin", "Erin Customer", Directory::AzureB2c),
        // The one person whom the default rules let choose among three roles.
        Person::new("grace", "Grace Trio", Directory::AzureAd).with_roles(&[
            "Orders.Admin",
            "Orders.Read",
            "Reports.Read",
        ]),
        Person::new("frank", "Frank Everywhere", Directory::AzureAd)
            .with_roles(&["Orders.Read"])
            .with_directory_groups(250),
        Person::new("heidi", "Heidi Both", Directory::AzureAd).with_roles(&["Orders.Read"]),
        // The same person as a customer, who is another user of the pool with another subject.
        Person { email: "heidi@corp.example".into(), ..Person::new("heidi-b2c", "Heidi Both", Directory::AzureB2c) },
        Person::new("ivan", "Ivan Native", Directory::UserPool).with_roles(&["Orders.Read"]),
        // One user of the pool with two identities, who can sign in at both directories.
        Person { email: "judy@corp.example".into(), ..Person::new("judy", "Judy Linked", Directory::AzureB2c) }
            .linked_with(Directory::AzureAd, "judy@corp.example")
            .with_roles(&["Orders.Read"]),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_roles_become_one_text_in_brackets() {
        let person = |roles| Person::new("x", "X", Directory::AzureAd).with_roles(roles).custom_roles();
        assert_eq!(person(&[]), None);
        assert_eq!(person(&["api:read"]), Some("api:read".into()));
        assert_eq!(person(&["Api.Read", "api:read", "a b"]), Some("[Api.Read, api%3Aread, a+b]".into()));
    }

    #[test]
    fn more_than_150_groups_become_a_link() {
        let claim = |groups| {
            Person::new("x", "X", Directory::AzureAd).with_directory_groups(groups).custom_groups(|| "link".into())
        };
        assert_eq!(claim(0), None);
        assert_eq!(claim(1), Some(("custom:groups", "9a3c1f00-5b7e-4d21-8c46-000000000001".into())));
        assert_eq!(claim(150).map(|(name, _)| name), Some("custom:groups"));
        assert_eq!(claim(151), Some(("custom:groups_link", "link".into())));
    }

    #[test]
    fn unsent_attribute_keeps_its_value_and_blank_text_removes_it() {
        let person = |roles: &[&str]| Person::new("x", "X", Directory::AzureAd).with_roles(roles);
        let after = |roles: &[&str]| person(&["old"]).after_sign_in(&person(roles)).custom_roles();
        assert_eq!(after(&[]), Some("old".into()));
        assert_eq!(after(&["new"]), Some("new".into()));
        assert_eq!(after(&[""]), None);
    }

    #[test]
    fn username_starts_with_the_provider() {
        assert_eq!(Person::new("alice", "A", Directory::AzureAd).username(), "AzureAD_alice@corp.example");
        assert_eq!(Person::new("ivan", "I", Directory::UserPool).username(), "ivan");
    }
}
