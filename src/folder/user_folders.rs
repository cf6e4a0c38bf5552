//! The user's home folder, and the folders in it for the configuration and state of applications.
//!
//! The environment names them, if it names absolute paths. A relative path counts as unset, as the XDG Base Directory
//! Specification demands of its variables: it would make the current folder decide what cogfed reads and where it
//! writes.

use std::path::PathBuf;

use crate::error::quoted;

/// A folder, and the environment variable that determined its path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// The folder's path, which is absolute.
    pub path: PathBuf,
    /// The environment variable from which the path was derived; `None` if the operating system supplied the path.
    pub variable: Option<&'static str>,
}

impl Named {
    #[cfg(unix)]
    fn below(self, path: &str) -> Self {
        Self { path: self.path.join(path), ..self }
    }
}

/// Returns the user's home folder from `HOME` or, if that is unset, from the account database.
#[cfg(unix)]
pub fn home() -> Option<Named> {
    named_by("HOME").or_else(|| account_home().map(|path| Named { path, variable: None }))
}

/// Returns the user's configuration folder: `XDG_CONFIG_HOME` or, if that is unset, `~/.config`; on macOS always
/// `~/Library/Application Support`.
#[cfg(unix)]
pub fn configuration() -> Option<Named> {
    named_xdg("XDG_CONFIG_HOME").or_else(|| home().map(|home| home.below(CONFIGURATION)))
}

/// Returns the user's state folder: `XDG_STATE_HOME` or, if that is unset, `~/.local/state`; on macOS always
/// `~/Library/Application Support`.
#[cfg(unix)]
pub fn state() -> Option<Named> {
    named_xdg("XDG_STATE_HOME").or_else(|| home().map(|home| home.below(STATE)))
}

/// Returns the configuration folder in the home folder that the account database names, ignoring environment variables.
#[cfg(unix)]
pub fn account_configuration() -> Option<PathBuf> {
    account_home().map(|home| home.join(CONFIGURATION))
}

/// Returns the state folder in the home folder that the account database names, ignoring environment variables.
#[cfg(unix)]
pub fn account_state() -> Option<PathBuf> {
    account_home().map(|home| home.join(STATE))
}

#[cfg(all(unix, target_vendor = "apple"))]
const CONFIGURATION: &str = "Library/Application Support";
#[cfg(all(unix, target_vendor = "apple"))]
const STATE: &str = CONFIGURATION;
#[cfg(all(unix, not(target_vendor = "apple")))]
const CONFIGURATION: &str = ".config";
#[cfg(all(unix, not(target_vendor = "apple")))]
const STATE: &str = ".local/state";

/// Returns the advice to keep the state in `folder`, such as "a folder on another disk".
pub fn state_in(folder: &str) -> String {
    match () {
        () if cfg!(target_vendor = "apple") => format!("set HOME to {folder}"),
        () if cfg!(unix) => format!("set XDG_STATE_HOME to {folder}"),
        // No variable moves it on Windows.
        () => format!("let your account have its local application data in {folder}"),
    }
}

/// Returns the reason why this user has no home.
pub fn without_home() -> String {
    match std::env::var_os("HOME").filter(|home| !home.is_empty()) {
        Some(home) => format!("HOME is '{}', which is not an absolute path", quoted(&home.to_string_lossy())),
        None => "HOME is not set, and the account database names none".to_owned(),
    }
}

#[cfg(unix)]
fn named_by(variable: &'static str) -> Option<Named> {
    let path = PathBuf::from(std::env::var_os(variable)?);
    path.is_absolute().then_some(Named { path, variable: Some(variable) })
}

/// Returns the folder that an XDG variable names; `None` if the variable is unset, and on Apple's systems, which use no
/// XDG variables.
#[cfg(unix)]
fn named_xdg(variable: &'static str) -> Option<Named> {
    if cfg!(target_vendor = "apple") { None } else { named_by(variable) }
}

/// Returns the user's home folder from the account database (`/etc/passwd`, LDAP and the like).
#[cfg(unix)]
pub fn account_home() -> Option<PathBuf> {
    let account = nix::unistd::User::from_uid(nix::unistd::Uid::effective()).ok()??;
    Some(account.dir).filter(|path| path.is_absolute())
}

/// Returns the user's home folder. Windows knows it, whatever the environment says.
#[cfg(not(unix))]
pub fn home() -> Option<Named> {
    dirs::home_dir().map(|path| Named { path, variable: None })
}

/// Returns the user's configuration folder, `%APPDATA%`.
#[cfg(not(unix))]
pub fn configuration() -> Option<Named> {
    dirs::config_dir().map(|path| Named { path, variable: None })
}

/// Returns the user's state folder, `%LOCALAPPDATA%`.
#[cfg(not(unix))]
pub fn state() -> Option<Named> {
    dirs::data_local_dir().map(|path| Named { path, variable: None })
}

/// Returns the user's configuration folder from the operating system, ignoring environment variables.
#[cfg(not(unix))]
pub fn account_configuration() -> Option<PathBuf> {
    dirs::config_dir()
}

/// Returns the user's state folder from the operating system, ignoring environment variables.
#[cfg(not(unix))]
pub fn account_state() -> Option<PathBuf> {
    dirs::data_local_dir()
}

/// Returns the user's home folder from the operating system, ignoring environment variables.
#[cfg(not(unix))]
pub fn account_home() -> Option<PathBuf> {
    dirs::home_dir()
}
