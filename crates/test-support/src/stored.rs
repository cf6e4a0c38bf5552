//! Functions with which a test reads and changes the lab's file store.

use std::path::{Path, PathBuf};

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

use crate::Lab;

/// Methods that read and change files in the lab's store.
impl Lab {
    /// Returns the paths of the items in the store whose account names begin with `kind`, in sorted order.
    pub fn items(&self, kind: &str) -> Vec<PathBuf> {
        let Ok(entries) = std::fs::read_dir(self.folder().path().join("store")) else { return Vec::new() };
        let mut paths: Vec<PathBuf> = entries
            .map(|entry| entry.expect("an entry").path())
            .filter(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(kind)))
            .collect();
        paths.sort();
        paths
    }

    /// Returns the path of the only stored item whose account name begins with `kind`.
    #[track_caller]
    pub fn item(&self, kind: &str) -> PathBuf {
        let [path] = self.items(kind).try_into().expect("one item");
        path
    }

    /// Returns the JSON of the only stored item whose account name begins with `kind`.
    #[track_caller]
    pub fn record(&self, kind: &str) -> Value {
        let text = std::fs::read(self.item(kind)).expect("the item can be read");
        serde_json::from_slice(&text).expect("JSON")
    }

    /// Returns the refresh token in the store, if there is one.
    #[track_caller]
    pub fn refresh_token(&self) -> Option<String> {
        self.record("tokens")["refresh_token"].as_str().map(str::to_owned)
    }

    /// Removes all stored credentials and every reference to them. The sign-in then seems not to have been used yet.
    pub fn forget_credentials(&self) {
        for path in self.items("credentials") {
            std::fs::remove_file(path).expect("it is removed");
        }
        for folder in ["made", "roles", "failures"] {
            // There may be none.
            let _ = std::fs::remove_dir_all(self.folder().path().join(folder));
        }
        for path in self.items("tokens") {
            rewrite(&path, |record| {
                record["credentials"] = Value::Array(Vec::new());
                record["identities"] = Value::Object(serde_json::Map::new());
            });
        }
    }

    /// Moves the times in all stored records and failures into the past by `by`, as if that much time had passed.
    pub fn age(&self, by: TimeDelta) {
        let remembered = std::fs::read_dir(self.folder().path().join("failures")).into_iter().flatten();
        let remembered = remembered.map(|entry| entry.expect("an entry").path());
        let is_whole = |path: &PathBuf| path.file_name().is_some_and(|name| !name.as_encoded_bytes().starts_with(b"."));
        for path in self.items("").into_iter().chain(remembered).filter(is_whole) {
            rewrite(&path, |record| {
                for key in ["issued_at", "expires_at", "signed_in_at", "at"] {
                    if let Some(time) = record[key].as_str() {
                        let time: DateTime<Utc> = time.parse().expect("a time");
                        record[key] = (time - by).to_rfc3339().into();
                    }
                }
            });
        }
    }
}

/// Applies `change` to the JSON in the file at `path`.
pub fn rewrite(path: &Path, change: impl FnOnce(&mut Value)) {
    let mut value: Value = serde_json::from_slice(&std::fs::read(path).expect("a file")).expect("JSON");
    change(&mut value);
    std::fs::write(path, value.to_string()).expect("it is written");
}
