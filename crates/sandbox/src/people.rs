//! The people whom the sandbox's directories know.

use chrono::{DateTime, Utc};
use serde::Serialize;

/// A SAML assertion of Entra ID names so many groups at most.
const MOST_GROUPS_BY_SAML: usize = 150;

/// A directory behind the user pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Directory {
    /// The employees' Entra ID, by SAML.
    #[serde(rename = "AzureAD")]
    AzureAd,
    /// The customers' Azure AD B2C, by OpenID Connect.
    #[serde(rename = "AzureB2C")]
    AzureB2c,
}

impl Directory {
    /// Both of them.
    pub const ALL: [Directory; 2] = [Directory::AzureAd, Directory::AzureB2c];

    /// The identity provider's name in the user pool.
    pub fn name(self) -> &'static str {
        match self {
            Directory::AzureAd => "AzureAD",
            Directory::AzureB2c => "AzureB2C",
        }
    }

    /// The identifier that `idp_identifier` may name in place of it: a domain, as Cognito's documents suggest.
    pub(crate) fn identifier(self) -> &'static str {
        match self {
            Directory::AzureAd => "corp.example",
            Directory::AzureB2c => "customers.example",
        }
    }

    /// The protocol, as the claim `identities` names it.
    pub(crate) fn protocol(self) -> &'static str {
        match self {
            Directory::AzureAd => "SAML",
            Directory::AzureB2c => "OIDC",
        }
    }

    /// The directory's own issuer, as the claim `identities` names it.
    pub(crate) fn issuer(self) -> &'static str {
        match self {
            Directory::AzureAd => "https://sts.windows.net/11111111-2222-3333-4444-555555555555/",
            Directory::AzureB2c => "https://customersexample.b2clogin.com/66666666-7777-8888-9999-000000000000/v2.0/",
        }
    }

    /// The directory of that provider name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|directory| directory.name() == name)
    }

    /// The directory of that identifier.
    pub(crate) fn identified(identifier: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|directory| directory.identifier() == identifier)
    }
}

/// A person, as the user pool holds them after the mapping of the directory's attributes.
#[derive(Debug, Clone, Serialize)]
pub struct Person {
    /// A short handle, also the end of the button's id (`person-alice`).
    pub name: String,
    /// How the person is called.
    pub full_name: String,
    /// The address.
    pub email: String,
    /// Where the person signs in.
    pub directory: Directory,
    /// SAML's NameID or OpenID Connect's `sub`, as the directory sends it.
    pub directory_id: String,
    /// Application roles, as the directory sends them; they become `custom:roles`. Without one nothing is sent, and one
    /// empty text is a blank value, sent as such.
    pub roles: Vec<String>,
    /// Groups of the directory, by their object ids; they become `custom:groups`, or `custom:groups_link` if they are
    /// too many to be sent.
    pub directory_groups: Vec<String>,
    /// Further groups in the user pool, besides the one that each provider has.
    pub groups: Vec<String>,
    /// ARNs of the IAM roles of those groups: the claim `cognito:roles`.
    pub iam_roles: Vec<String>,
    /// The claim `cognito:preferred_role`.
    pub preferred_iam_role: Option<String>,
}

impl Person {
    /// A person with nothing but a name and a directory.
    pub fn new(name: &str, full_name: &str, directory: Directory) -> Self {
        let email = format!("{name}@{}", directory.identifier());
        let directory_id = match directory {
            Directory::AzureAd => email.clone(),
            Directory::AzureB2c => crate::random::uuid(),
        };
        Self {
            name: name.into(),
            full_name: full_name.into(),
            email,
            directory,
            directory_id,
            roles: Vec::new(),
            directory_groups: Vec::new(),
            groups: Vec::new(),
            iam_roles: Vec::new(),
            preferred_iam_role: None,
        }
    }

    /// The same person with these application roles.
    #[must_use]
    pub fn with_roles(mut self, roles: &[&str]) -> Self {
        self.roles = roles.iter().map(ToString::to_string).collect();
        self
    }

    /// The same person in so many groups of the directory.
    #[must_use]
    pub fn with_directory_groups(mut self, count: u32) -> Self {
        self.directory_groups = (1..=count).map(|group| format!("9a3c1f00-5b7e-4d21-8c46-0000{group:08x}")).collect();
        self
    }

    /// The user in the pool, once the directory has sent what it holds of them now: what is not sent stays as it was
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

    /// `AzureAD_alice@corp.example`: the provider, an underscore, and the directory's own id, in lower case as in a
    /// pool whose names are not case-sensitive.
    pub(crate) fn username(&self) -> String {
        format!("{}_{}", self.directory.name(), self.directory_id.to_lowercase())
    }

    /// The claim `custom:roles`.
    pub(crate) fn custom_roles(&self) -> Option<String> {
        flattened(&self.roles)
    }

    /// The claim about groups of the directory: `custom:groups`, or `custom:groups_link` where a SAML assertion has a link
    /// in their place (<https://learn.microsoft.com/entra/identity-platform/reference-saml-tokens>).
    pub(crate) fn custom_groups(&self, link: impl FnOnce() -> String) -> Option<(&'static str, String)> {
        match self.directory_groups.len() > MOST_GROUPS_BY_SAML {
            true => Some(("custom:groups_link", link())),
            false => flattened(&self.directory_groups).map(|groups| ("custom:groups", groups)),
        }
    }
}

/// A person as a user of the user pool.
#[derive(Debug, Clone)]
pub(crate) struct User {
    /// Who it is, as the user pool holds them.
    pub person: Person,
    /// Who it is, as the directory holds them: the same, unless attributes are sticky.
    pub in_directory: Person,
    /// Whether the person has signed in yet.
    pub has_signed_in: bool,
    /// The user's `sub`.
    pub sub: String,
    /// When the user was made.
    pub created: DateTime<Utc>,
}

/// Values as an attribute of the user pool: absent without any and if blank, the value itself for one, and for several
/// one text in brackets with each value form-encoded
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

/// The people of a sandbox that was not given others.
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
        // The same person, as a customer: another user of the pool, and another subject.
        Person { email: "heidi@corp.example".into(), ..Person::new("heidi-b2c", "Heidi Both", Directory::AzureB2c) },
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_roles_arrive_as_one_text_in_brackets() {
        let person = |roles| Person::new("x", "X", Directory::AzureAd).with_roles(roles).custom_roles();
        assert_eq!(person(&[]), None);
        assert_eq!(person(&["api:read"]), Some("api:read".into()));
        assert_eq!(person(&["Api.Read", "api:read", "a b"]), Some("[Api.Read, api%3Aread, a+b]".into()));
    }

    #[test]
    fn too_many_groups_become_a_link() {
        let claim = |groups| {
            Person::new("x", "X", Directory::AzureAd).with_directory_groups(groups).custom_groups(|| "link".into())
        };
        assert_eq!(claim(0), None);
        assert_eq!(claim(1), Some(("custom:groups", "9a3c1f00-5b7e-4d21-8c46-000000000001".into())));
        assert_eq!(claim(150).map(|(name, _)| name), Some("custom:groups"));
        assert_eq!(claim(151), Some(("custom:groups_link", "link".into())));
    }

    #[test]
    fn what_is_not_sent_stays_and_what_is_blank_goes() {
        let person = |roles: &[&str]| Person::new("x", "X", Directory::AzureAd).with_roles(roles);
        let after = |roles: &[&str]| person(&["old"]).after_sign_in(&person(roles)).custom_roles();
        assert_eq!(after(&[]), Some("old".into()));
        assert_eq!(after(&["new"]), Some("new".into()));
        assert_eq!(after(&[""]), None);
    }

    #[test]
    fn a_username_starts_with_the_provider() {
        assert_eq!(Person::new("alice", "A", Directory::AzureAd).username(), "AzureAD_alice@corp.example");
    }
}
