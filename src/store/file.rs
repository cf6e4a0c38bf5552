//! The file store, for machines without a keyring. It keeps each item in a file with mode 0600.

use std::collections::BTreeSet;

use crate::error::Failure;
use crate::folder::projects::project_of_state;
use crate::folder::{Folder, account_of};
use crate::secret::Secret;

use super::{Backend, Listing, StoreError};

/// The maximum length of a stored item, in bytes. No record is as long.
const LONGEST: usize = 1 << 20;

const NAME: &str = "the file store";

/// A store that keeps each item in a file with mode 0600, in cogfed's own subfolder `store`.
#[derive(Debug, Clone)]
pub struct FileStore(Folder);

impl FileStore {
    /// Creates the file store in the subfolder `store` of `folder`. Creates no folder before the first write.
    pub fn new(folder: &Folder) -> Self {
        Self(folder.sub("store"))
    }
}

/// Refuses a file store that is inside the project in the current folder, because the project's files may be passed on
/// to other people. An `.envrc` in the project can set `XDG_STATE_HOME` or `HOME`, and anyone who can read the project
/// could read the secrets.
pub(super) fn outside_of_projects(folder: &Folder) -> Result<(), StoreError> {
    let path = folder.path();
    let Some(project) = project_of_state(&path) else { return Ok(()) };
    Err(StoreError::Refused {
        store: NAME,
        detail: format!("its folder {} is in the project {}", path.display(), project.display()),
        hint: "let XDG_STATE_HOME, or HOME, name a folder outside of the project, or unset it".into(),
    })
}

fn failed(failure: Failure) -> StoreError {
    StoreError::Other { store: NAME, detail: failure.message, hint: failure.hint }
}

impl Backend for FileStore {
    fn describe(&self) -> &'static str {
        NAME
    }

    fn item_limit(&self) -> Option<usize> {
        None
    }

    fn get(&self, account: &str) -> Result<Option<Secret>, StoreError> {
        let Some(bytes) = self.0.read(account, LONGEST).map_err(failed)? else { return Ok(None) };
        match std::str::from_utf8(&bytes) {
            Ok(text) => Ok(Some(Secret::new(text))),
            Err(_) => {
                Err(StoreError::Damaged { store: NAME, account: account.into(), detail: "it is not text".into() })
            }
        }
    }

    fn set(&self, account: &str, value: &Secret) -> Result<(), StoreError> {
        if value.expose().len() > LONGEST {
            return Err(StoreError::Full { store: NAME });
        }
        self.0.replace(account, value.expose().as_bytes()).map_err(failed)
    }

    fn delete(&self, account: &str) -> Result<(), StoreError> {
        self.0.remove(account).map_err(failed)
    }

    fn list(&self) -> Result<Listing, StoreError> {
        let names = self.0.file_names().map_err(failed)?;
        let accounts: BTreeSet<String> = names.iter().filter_map(|name| account_of(name)).collect();
        Ok(Listing { unnamed: names.len() - accounts.len(), accounts })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_store_lists_accounts_and_counts_shortened_names() {
        let temp = tempfile::tempdir().unwrap();
        let store = FileStore::new(&Folder::at(temp.path().join("cogfed")));
        assert_eq!(store.list().unwrap(), Listing::default());
        assert!(!temp.path().join("cogfed").exists(), "listing makes nothing");
        let accounts = ["tokens/eu-west-1_AbC/3n4b5/AzureAD", "x#a0"];
        let long = format!("credentials/{}", "é".repeat(200));
        for account in accounts.into_iter().chain([long.as_str()]) {
            store.set(account, &Secret::new("{}")).unwrap();
        }
        std::fs::write(temp.path().join("cogfed/store/.new-dead"), "").unwrap();
        assert_eq!(store.list().unwrap(), Listing { accounts: accounts.map(str::to_owned).into(), unnamed: 1 });
    }

    #[test]
    fn stored_item_is_a_private_file_with_a_readable_name() {
        let temp = tempfile::tempdir().unwrap();
        let store = FileStore::new(&Folder::at(temp.path().join("cogfed")));
        store.set("tokens/eu-west-1_AbC/3n4b5/AzureAD", &Secret::new("{}")).unwrap();
        let path = temp.path().join("cogfed/store/tokens%2Feu-west-1_AbC%2F3n4b5%2FAzureAD");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "{}");
        std::fs::write(&path, [0xff, 0xfe]).unwrap();
        let error = store.get("tokens/eu-west-1_AbC/3n4b5/AzureAD").unwrap_err();
        assert!(matches!(error, StoreError::Damaged { .. }), "{error}");
        store.set("tokens/eu-west-1_AbC/3n4b5/AzureAD", &Secret::new("{2}")).unwrap();
        store.delete("tokens/eu-west-1_AbC/3n4b5/AzureAD").unwrap();
        assert!(!path.exists());
    }

    #[test]
    fn file_store_refuses_a_text_too_large_to_read_again() {
        let temp = tempfile::tempdir().unwrap();
        let store = FileStore::new(&Folder::at(temp.path().join("cogfed")));
        assert_eq!(store.item_limit(), None, "no record comes near it, and none is cut into parts");
        let longest = Secret::new("x".repeat(LONGEST));
        store.set("a", &longest).unwrap();
        assert_eq!(store.get("a").unwrap().as_ref(), Some(&longest));
        assert_eq!(store.set("a", &Secret::new("y".repeat(LONGEST + 1))), Err(StoreError::Full { store: NAME }));
        assert_eq!(store.get("a").unwrap(), Some(longest), "what was there stays");
    }
}
