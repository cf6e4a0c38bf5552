//! The failures of a store that callers or messages distinguish.

use std::fmt;
use std::time::Duration;

use crate::error::{Failure, Kind};

/// Returns the advice for a machine without a keyring, naming the store that suits the machine best.
fn instead() -> String {
    #[cfg(target_os = "linux")]
    if super::kernel::is_recommended() {
        return "set store = \"kernel\" in the profile (the Linux kernel's keyring, in memory until the next reboot)"
            .into();
    }
    "set store = \"file\" in the profile (files of mode 0600, as the AWS CLI keeps its own)".into()
}

/// A failure of a store. `store` is its name, see [`Backend::describe`](super::Backend::describe). Details never hold a
/// secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreError {
    /// This machine, or this session, has no such store.
    NoService {
        /// The store's name.
        store: &'static str,
        /// The message of the operating system.
        detail: String,
    },
    /// The store is not used, because secrets would not be safe in it.
    Refused {
        /// The store's name.
        store: &'static str,
        /// The reason.
        detail: String,
        /// The next step.
        hint: String,
    },
    /// The keyring program has no default keyring to save new items in.
    NoDefault {
        /// The store's name.
        store: &'static str,
    },
    /// The store is locked, and nobody unlocked it.
    Locked {
        /// The store's name.
        store: &'static str,
        /// The reason why it stayed locked, as a sentence.
        detail: String,
    },
    /// The store did not answer within the time limit of this run.
    NoAnswer {
        /// The store's name.
        store: &'static str,
        /// The total time limit for all store calls of this run.
        patience: Duration,
    },
    /// The store has no room for the item.
    Full {
        /// The store's name.
        store: &'static str,
    },
    /// The kernel's quota for this user's keys leaves no room for the item.
    OverQuota {
        /// The store's name.
        store: &'static str,
        /// The length of the item, in bytes.
        needed: usize,
        /// The part of the quota that this user's keys use, such as "200 of 200 keys in use".
        used: String,
        /// The sysctl(8) setting that limits the quota, such as `kernel.keys.maxkeys`.
        setting: &'static str,
    },
    /// The item is incomplete, or another program wrote it.
    Damaged {
        /// The store's name.
        store: &'static str,
        /// The item's account.
        account: String,
        /// The item's defect, such as "it is not text".
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
            Self::Refused { store, detail, .. } => write!(f, "refusing to use {store}: {detail}"),
            Self::NoDefault { store } => write!(f, "{store} has no default keyring yet, in which to save a sign-in"),
            Self::Locked { store, detail } => write!(f, "{store} is locked, and {detail}"),
            Self::NoAnswer { store, patience } => write!(f, "{store} did not answer within {} s", patience.as_secs()),
            Self::Full { store } => write!(f, "{store} is full"),
            Self::OverQuota { store, needed, used, setting } => {
                write!(f, "{store} is full: this item takes {needed} bytes, and this user has {used} ({setting})")
            }
            Self::Damaged { store, account, detail } => write!(f, "the item {account} in {store} is damaged: {detail}"),
            Self::Other { store, detail, .. } => write!(f, "{store} failed: {detail}"),
        }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        let hint = match &error {
            StoreError::NoService { .. } => Some(format!("without a desktop's keyring, {}", instead())),
            StoreError::Refused { hint, .. } => Some(hint.clone()),
            StoreError::NoDefault { .. } => Some(format!(
                "create one in the keyring's manager (such as seahorse); without a desktop, {}",
                instead()
            )),
            StoreError::Locked { .. } => {
                Some(format!("unlock it and run the command again; if nobody can, {}", instead()))
            }
            StoreError::NoAnswer { .. } => Some(format!(
                "answer its prompt, or unlock it, and run the command again; if nobody can, {}",
                instead()
            )),
            StoreError::OverQuota { setting, .. } => Some(format!(
                "set store = \"file\" in the profile, or let root raise the quota: sysctl {setting}={}",
                if setting.ends_with("bytes") { "200000" } else { "1000" }
            )),
            StoreError::Full { .. } => Some("sign out where a sign-in is no longer needed: cogfed logout".into()),
            StoreError::Damaged { .. } => Some("sign in again: cogfed login --force".into()),
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
            (StoreError::NoService { store, detail: detail() }, "cannot be reached (detail)", "set store = "),
            (StoreError::Refused { store, detail: detail(), hint: "do so".into() }, "refusing to use", "do so"),
            (StoreError::NoDefault { store }, "no default keyring yet", "create one"),
            (StoreError::Locked { store, detail: detail() }, "is locked, and detail", "unlock it"),
            (StoreError::NoAnswer { store, patience: Duration::from_secs(4) }, "within 4 s", "answer its prompt"),
            (StoreError::Full { store }, "is full", "cogfed logout"),
            (
                StoreError::OverQuota {
                    store,
                    needed: 28_000,
                    used: "9 of 20000 bytes".into(),
                    setting: "kernel.keys.maxbytes",
                },
                "this item takes 28000 bytes, and this user has 9 of 20000 bytes (kernel.keys.maxbytes)",
                "sysctl kernel.keys.maxbytes=200000",
            ),
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
