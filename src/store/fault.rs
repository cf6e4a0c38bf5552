//! The failures of a secret store. Two failures are distinct only if callers or messages distinguish them.

use std::fmt;
use std::time::Duration;

use crate::error::{Failure, Kind};

/// Returns a hint for a machine without a keyring: it names the store that suits this machine best.
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
    /// This machine or session does not provide the store.
    NoService {
        /// The store's name.
        store: &'static str,
        /// The operating system's message.
        detail: String,
    },
    /// The store is refused, because secrets would not be safe in it.
    Refused {
        /// The store's name.
        store: &'static str,
        /// The reason for the refusal.
        detail: String,
        /// The next step.
        hint: String,
    },
    /// The keyring service has no default keyring in which new items could be saved.
    NoDefault {
        /// The store's name.
        store: &'static str,
    },
    /// The store is locked, and nobody unlocked it.
    Locked {
        /// The store's name.
        store: &'static str,
        /// The reason why the store stayed locked, as a sentence.
        detail: String,
    },
    /// The store did not answer within the time limit.
    NoAnswer {
        /// The store's name.
        store: &'static str,
        /// The time limit for all calls to the store in this run.
        patience: Duration,
    },
    /// The store is too full for the item.
    Full {
        /// The store's name.
        store: &'static str,
    },
    /// The item would exceed the kernel's quota for this user's keys.
    OverQuota {
        /// The store's name.
        store: &'static str,
        /// The length of the item, in bytes.
        needed: Option<usize>,
        /// The used part of the quota, such as "200 of 200 keys of this user are in use".
        used: String,
        /// The sysctl(8) setting that limits the quota, such as `kernel.keys.maxkeys`.
        setting: &'static str,
    },
    /// The stored item is incomplete, or another program wrote it.
    Damaged {
        /// The store's name.
        store: &'static str,
        /// The name of the item.
        account: String,
        /// The defect of the item, such as "it is not text".
        detail: String,
    },
    /// Any other failure.
    Other {
        /// The store's name.
        store: &'static str,
        /// The operating system's message.
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
            Self::OverQuota { store, needed, used, .. } => {
                write!(f, "{store} is full: {used} (see /proc/key-users)")?;
                match needed {
                    Some(needed) if used.contains("bytes") => write!(f, ", and this item takes {needed} bytes"),
                    _ => Ok(()),
                }
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
                "set store = \"file\" in the profile, or let root raise the limit, which all programs and containers of \
                 this user share: sysctl {setting}={}",
                match *setting {
                    "kernel.keys.maxbytes" => "200000",
                    "kernel.keys.maxkeys" => "2000",
                    "kernel.keys.root_maxkeys" => "2000000",
                    _ => "50000000",
                }
            )),
            StoreError::Full { .. } => Some("set store = \"file\" in the profile, which takes larger items".into()),
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
            (StoreError::Full { store }, "is full", "set store = \"file\""),
            (
                StoreError::OverQuota {
                    store,
                    needed: Some(28_000),
                    used: "9 of 20000 bytes of this user are in use".into(),
                    setting: "kernel.keys.maxbytes",
                },
                "9 of 20000 bytes of this user are in use (see /proc/key-users), and this item takes 28000 bytes",
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
