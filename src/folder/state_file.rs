//! Small, optional state files that hold one JSON value each and no secrets.

use std::marker::PhantomData;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Folder;
use super::projects::project_of_state;
use crate::error::{Failure, Kind};

/// A state file that holds a `T` as JSON.
///
/// A file that is missing, unreadable, too large or in another form counts as absent. The next write replaces it.
#[derive(Debug, Clone)]
pub struct StateFile<T> {
    folder: Folder,
    name: String,
    limit: usize,
    holds: PhantomData<fn() -> T>,
}

impl<T: Serialize + DeserializeOwned> StateFile<T> {
    /// Returns a handle for the file `name` in `folder`, with `limit` as the maximum size of the file in bytes. Any
    /// text is a name (see [`file_name`](super::file_name)).
    pub fn new(folder: Folder, name: impl Into<String>, limit: usize) -> Self {
        Self { folder, name: name.into(), limit, holds: PhantomData }
    }

    /// Returns the stored value, or `None` if the file is missing or invalid. In a cloned project, to which an `.envrc` may
    /// set `XDG_STATE_HOME`, the file may be anyone's: there it counts as missing.
    pub fn read(&self) -> Option<T> {
        let bytes = self.folder.read(&self.name, self.limit).ok()??;
        let value = serde_json::from_slice(&bytes).ok()?;
        project_of_state(&self.folder.path()).is_none().then_some(value)
    }

    /// Returns the metadata of the file, if there is one.
    pub fn metadata(&self) -> Option<std::fs::Metadata> {
        std::fs::symlink_metadata(self.folder.path().join(super::file_name(&self.name))).ok()
    }

    /// Writes `value` to the file, in place of the old value.
    ///
    /// # Errors
    /// If it has more bytes than the limit, so that it could not be read again, or the file cannot be written.
    pub fn write(&self, value: &T) -> Result<(), Failure> {
        let bytes = serde_json::to_vec(value).map_err(|error| Failure::new(Kind::Failed, error.to_string()))?;
        if bytes.len() > self.limit {
            return Err(Failure::new(Kind::Failed, format!("it has more than {} bytes", self.limit)));
        }
        self.folder.replace(&self.name, &bytes)
    }

    /// Removes the file. A missing file is no error.
    ///
    /// # Errors
    /// If it cannot be removed.
    pub fn remove(&self) -> Result<(), Failure> {
        self.folder.remove(&self.name)
    }

    /// Replaces the stored value with `value`. An error is only logged, with its consequence.
    pub fn write_or_log(&self, value: &T, consequence: &str) {
        if let Err(error) = self.write(value) {
            tracing::debug!(%error, "{consequence}");
        }
    }

    /// Removes the file. An error is only logged, with its consequence.
    pub fn remove_or_log(&self, consequence: &str) {
        if let Err(error) = self.remove() {
            tracing::debug!(%error, "{consequence}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn state_file_value_is_written_read_and_removed() {
        let temp = tempfile::tempdir().unwrap();
        let folder = Folder::at(temp.path().join("cogfed"));
        let file = StateFile::<Vec<u32>>::new(folder.sub("made"), "a/b", 7);
        file.remove().unwrap();
        assert_eq!(file.read(), None);
        assert!(!folder.path().exists(), "reading and removing make nothing");
        file.write(&vec![1, 2, 3]).unwrap();
        assert_eq!(file.read(), Some(vec![1, 2, 3]));
        assert!(folder.path().join("made/a%2Fb").is_file());
        assert_eq!(file.write(&vec![1, 2, 34]).unwrap_err().message, "it has more than 7 bytes");
        assert_eq!(file.read(), Some(vec![1, 2, 3]), "the old value is still there");
        file.remove_or_log("nothing follows");
        assert_eq!(file.read(), None);
    }

    #[test]
    fn unreadable_state_file_reads_as_absent() {
        let temp = tempfile::tempdir().unwrap();
        let folder = Folder::at(temp.path().join("cogfed"));
        let file = StateFile::<Vec<u32>>::new(folder.clone(), "a", 7);
        for text in ["", "{}", "[1, 2", "[1,2,3,4]"] {
            folder.replace("a", text.as_bytes()).unwrap();
            assert_eq!(file.read(), None, "{text}");
        }
        file.write_or_log(&vec![1], "nothing follows");
        assert_eq!(file.read(), Some(vec![1]));
    }
}
