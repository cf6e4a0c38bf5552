//! How a store fails, as far as a caller or a message tells the cases apart.

use std::fmt;
use std::time::Duration;

use crate::error::{Failure, Kind};

/// The choices of a machine without a keyring, in plain words.
const CHOICES: &str = "set store = \"file\" (a file of mode 0600, as the AWS CLI keeps its own) or store = \"kernel\" \
                       (Linux: the kernel's keyring, in memory, gone at reboot) in the profile, or COGFED_STORE";

/// Why a store did not do its part. `store` is what [`Backend::describe`](super::Backend::describe) says; details never
/// hold a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreError {
    /// There is no such store on this machine, or in this session.
    NoService {
        /// Which store.
        store: &'static str,
        /// What the system said.
        detail: String,
    },
    /// It is locked, and nobody unlocked it.
    Locked {
        /// Which store.
        store: &'static str,
        /// What the system said.
        detail: String,
    },
    /// It did not answer within the patience of this run.
    NoAnswer {
        /// Which store.
        store: &'static str,
        /// How long all calls of this run were allowed to wait.
        patience: Duration,
    },
    /// It has no room for the item.
    Full {
        /// Which store.
        store: &'static str,
    },
    /// The item is there and is not what cogfed has written.
    Damaged {
        /// Which store.
        store: &'static str,
        /// The item's account.
        account: String,
        /// What is wrong with it.
        detail: String,
    },
    /// It refused, or failed in its own way.
    Other {
        /// Which store.
        store: &'static str,
        /// What the system said.
        detail: String,
        /// The next step, where one is known.
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

    /// What a person reads, and the next step.
    #[test]
    fn every_fault_names_the_store_and_what_to_do() {
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
