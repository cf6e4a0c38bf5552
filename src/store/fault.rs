//! The failures of a store that callers or messages distinguish.

use std::fmt;
use std::time::Duration;

use crate::error::{Failure, Kind};

/// The choices on a machine without a keyring.
const CHOICES: &str = "set store = \"file\" (a file of mode 0600, as the AWS CLI keeps its own) or store = \"kernel\" \
                       (Linux: the kernel's keyring, in memory, gone at reboot) in the profile, or COGFED_STORE";

/// A failure of a store. `store` is its name, see [`Backend::describe`](super::Backend::describe). Details never hold a
/// secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreError {
    /// This machine, or this session, has no such store.
    NoService {
        /// The store's name.
        store: &'static str,
        /// The system's message.
        detail: String,
    },
    /// The store is locked, and nobody unlocked it.
    Locked {
        /// The store's name.
        store: &'static str,
        /// The system's message.
        detail: String,
    },
    /// The store did not answer within the time limit of this run.
    NoAnswer {
        /// The store's name.
        store: &'static str,
        /// The time limit for all calls of this run together.
        patience: Duration,
    },
    /// The store has no room for the item.
    Full {
        /// The store's name.
        store: &'static str,
    },
    /// The item was not written by cogfed, or not completely.
    Damaged {
        /// The store's name.
        store: &'static str,
        /// The item's account.
        account: String,
        /// The fault of the item.
        detail: String,
    },
    /// Any other failure.
    Other {
        /// The store's name.
        store: &'static str,
        /// The system's message.
        detail: String,
        /// The next step, if one is known.
        hint: Option<String>,
    },
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoService { store, detail } => write!(f, "{store} cannot be reached ({detail})"),
            Self::Locked { store, detail } => write!(f, "{store} is locked ({detail})"),
            Self::NoAnswer { store, patience } => write!(f, "{store} did not answer within {} s", patience.as_secs()),
            Self::Full { store } => write!(f, "{store} is full"),
            Self::Damaged { store, account, detail } => write!(f, "the item {account} in {store} is damaged: {detail}"),
            Self::Other { store, detail, .. } => write!(f, "{store} failed: {detail}"),
        }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        let hint = match &error {
            StoreError::NoService { .. } => Some(format!("start a keyring service; where there is none, {CHOICES}")),
            StoreError::Locked { .. } => {
                Some(format!("unlock it, as signing in to the desktop does; where nobody can, {CHOICES}"))
            }
            StoreError::NoAnswer { .. } => {
                Some(format!("answer its prompt, or unlock it, and run the command again; where nobody can, {CHOICES}"))
            }
            StoreError::Full { .. } => Some("sign out where a sign-in is no longer needed: cogfed logout".into()),
            StoreError::Damaged { .. } => Some("sign in anew: cogfed login --force".into()),
            StoreError::Other { hint, .. } => hint.clone(),
        };
        let failure = Failure::new(Kind::Store, error.to_string());
        match hint {
            Some(hint) => failure.hint(hint),
            None => failure,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_store_failure_names_the_store_and_the_next_step() {
        let store = "the keyring";
        let detail = || "detail".to_owned();
        for (fault, message, next) in [
            (
                StoreError::NoService { store, detail: detail() },
                "cannot be reached (detail)",
                "start a keyring service",
            ),
            (StoreError::Locked { store, detail: detail() }, "is locked (detail)", "unlock it"),
            (StoreError::NoAnswer { store, patience: Duration::from_secs(4) }, "within 4 s", "answer its prompt"),
            (StoreError::Full { store }, "is full", "cogfed logout"),
            (
                StoreError::Damaged { store, account: "tokens/a".into(), detail: detail() },
                "the item tokens/a in the keyring is damaged: detail",
                "cogfed login --force",
            ),
            (StoreError::Other { store, detail: detail(), hint: Some("do so".into()) }, "failed: detail", "do so"),
        ] {
            let failure = Failure::from(fault);
            assert_eq!(failure.kind, Kind::Store);
            assert!(failure.message.contains(store) && failure.message.contains(message), "{failure}");
            assert!(failure.hint.as_ref().is_some_and(|hint| hint.contains(next)), "{failure:?}");
        }
        assert_eq!(Failure::from(StoreError::Other { store, detail: detail(), hint: None }).hint, None);
    }
}
