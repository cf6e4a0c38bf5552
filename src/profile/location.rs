//! The path of the configuration file, and the source of that path: the person, a variable or the system.
//!
//! The configuration says where secrets go. So the environment may choose it, but not from a project's files: a cloned
//! repository's `.envrc` is no safer than its files.

use std::path::{Path, PathBuf};

use super::Variables;
use crate::error::{Failure, Kind, quoted};
use crate::folder::projects::{is_below, same};
use crate::folder::user_folders;

/// The path of the configuration file, which may not exist, and the source of that path: the person, a variable or the
/// system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Location {
    /// The path of the configuration file.
    pub path: PathBuf,
    /// The person, variable or system that chose the path.
    pub chosen_by: Chooser,
}

/// The person, variable or system that chose the configuration file's path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Chooser {
    /// The person, with `--config`.
    #[default]
    Person,
    /// An environment variable: `COGFED_CONFIG`, or the variable that named the configuration folder.
    Variable(&'static str),
    /// The operating system: the file is in the home folder from the account database.
    System,
}

impl Default for Location {
    /// Returns an empty path, for a configuration that is not read from a file.
    fn default() -> Self {
        Self { path: PathBuf::new(), chosen_by: Chooser::Person }
    }
}

impl Location {
    /// Returns the configuration file's path. It comes from `--config`, from `COGFED_CONFIG` or, without both, from
    /// this user's configuration folder. It is never in the current folder by default.
    ///
    /// # Errors
    /// [`Kind::Usage`] if this user has no folder for configuration, or `COGFED_CONFIG` is not an absolute path.
    pub fn find(given: Option<&Path>, variables: Variables) -> Result<Self, Failure> {
        if let Some(path) = given {
            let path = std::path::absolute(path)
                .map_err(|error| Failure::new(Kind::Usage, format!("--config: no file can be found: {error}")))?;
            return Ok(Self { path, chosen_by: Chooser::Person });
        }
        if let Some(path) = variables("COGFED_CONFIG").filter(|path| !path.is_empty()) {
            let path = PathBuf::from(path);
            return match path.is_absolute() {
                true => Ok(Self { path, chosen_by: Chooser::Variable("COGFED_CONFIG") }),
                false => Err(Failure::new(
                    Kind::Usage,
                    format!("COGFED_CONFIG names '{}', which is not an absolute path", quoted(&path.to_string_lossy())),
                )
                .hint("give the whole path: what the current folder holds must not redirect a sign-in")),
            };
        }
        let Some(folder) = user_folders::configuration() else {
            let message = format!("this user has no folder for the configuration: {}", user_folders::without_home());
            return Err(Failure::new(Kind::Usage, message).hint("name the file in COGFED_CONFIG"));
        };
        let chosen_by = folder.variable.map_or(Chooser::System, Chooser::Variable);
        Ok(Self { path: folder.path.join("cogfed").join("config.toml"), chosen_by })
    }
}

/// Returns whether a file is in cogfed's configuration folder, in the home folder from the account database. `path` is
/// canonical. Both may be reached by links, as in a home whose files a dotfiles repository holds.
pub(super) fn is_persons_own(path: &Path) -> bool {
    let Some(folder) = user_folders::account_configuration() else { return false };
    let folder = folder.join("cogfed");
    let is_file = folder.join("config.toml").canonicalize().is_ok_and(|own| same(&own, path));
    is_file || folder.canonicalize().is_ok_and(|folder| is_below(path, &folder))
}
