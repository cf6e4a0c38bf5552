//! The name under which a sign-in is stored, which distinguishes several sign-ins with the same app client.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

/// The name of a sign-in if no configuration key sets one.
const NO_NAME: &str = "default";

/// The configuration key that sets the name of a sign-in. One name under two keys means two sign-ins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NamedBy {
    /// The key `account`.
    Account,
    /// The key `identity_provider`.
    IdentityProvider,
    /// The key `idp_identifier`.
    IdpIdentifier,
    /// No key: the default name is used.
    Default,
}

impl NamedBy {
    /// Returns the word that messages use for the key's value.
    pub fn described(self) -> &'static str {
        match self {
            NamedBy::Account | NamedBy::Default => "account",
            NamedBy::IdentityProvider => "identity provider",
            NamedBy::IdpIdentifier => "provider identifier",
        }
    }
}

/// The name of a sign-in: the value of `account`, `identity_provider` or `idp_identifier`, in this order of preference,
/// or `default` if none of them is set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignInName {
    /// The name itself.
    pub name: String,
    /// The configuration key that sets the name.
    pub by: NamedBy,
}

impl SignInName {
    /// Creates the name from the values of the three configuration keys.
    pub fn of(account: Option<String>, provider: Option<&String>, identifier: Option<&String>) -> Self {
        let (name, by) = match (account, provider, identifier) {
            (Some(name), _, _) => (name, NamedBy::Account),
            (None, Some(name), _) => (name.clone(), NamedBy::IdentityProvider),
            (None, None, Some(name)) => (name.clone(), NamedBy::IdpIdentifier),
            (None, None, None) => (NO_NAME.to_owned(), NamedBy::Default),
        };
        Self { name, by }
    }

    /// Returns the part of a stored item's name that identifies the sign-in. It is prefixed with the key, except for
    /// most identity providers and for no name. cogfed 0.1.0 used no prefix.
    pub fn part(&self) -> Cow<'_, str> {
        let key = match self.by {
            NamedBy::Account => "account",
            NamedBy::IdpIdentifier => "idp_identifier",
            // Only these could be taken for one of the others.
            NamedBy::IdentityProvider if self.name == NO_NAME || self.name.contains(':') => "identity_provider",
            NamedBy::IdentityProvider | NamedBy::Default => return Cow::Borrowed(&self.name),
        };
        Cow::Owned(format!("{key}:{}", self.name))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn one_name_under_two_keys_means_two_sign_ins() {
        let names = ["AzureAD", "default", "account:AzureAD", "idp_identifier:default", "identity_provider:default"];
        let mut parts = BTreeSet::new();
        for name in names {
            let text = name.to_owned();
            for (account, provider, identifier) in
                [(Some(text.clone()), None, None), (None, Some(&text), None), (None, None, Some(&text))]
            {
                let named = SignInName::of(account, provider, identifier);
                assert!(parts.insert(named.part().into_owned()), "{named:?}");
            }
        }
        assert!(parts.insert(SignInName::of(None, None, None).part().into_owned()));
        assert!(parts.contains("AzureAD") && parts.contains("account:AzureAD") && parts.contains("default"));
    }

    #[test]
    fn account_counts_before_provider_and_identifier() {
        let [account, provider, identifier] = ["ada", "AzureAD", "corp.example"].map(str::to_owned);
        let named = SignInName::of(Some(account), Some(&provider), Some(&identifier));
        assert_eq!((named.name.as_str(), named.by), ("ada", NamedBy::Account));
        let named = SignInName::of(None, Some(&provider), Some(&identifier));
        assert_eq!((named.name.as_str(), named.by.described()), ("AzureAD", "identity provider"));
    }
}
