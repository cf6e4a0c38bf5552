//! A configuration without profiles, or without a file: the message shows the lines to write, and where.

use std::path::Path;

use super::{Chooser, Configuration};
use crate::error::{Failure, Kind};

/// The example profile for the message about a configuration without profiles.
const TEMPLATE: &str = "\
[profile.internal]
user_pool_id = \"eu-west-1_AbC123xyz\"
client_id = \"3n4b5urk1ft4fl3mg5e62d9ado\"
domain = \"corp.auth.eu-west-1.amazoncognito.com\"
identity_pool_id = \"eu-west-1:1cf667a2-49a6-454b-9e45-23199EXAMPLE\"
# Optional: the identity provider to go to, past the chooser.
# identity_provider = \"AzureAD\"
# Optional: the base URL of the API, for 'cogfed call /PATH'.
# api = \"https://abc123.execute-api.eu-west-1.amazonaws.com/prod\"";

/// Returns the failure for a configuration without profiles, with an example profile.
pub(super) fn no_profiles(configuration: &Configuration, what: &str) -> Failure {
    let path = configuration.path.display();
    let named_by = match configuration.chooser() {
        Chooser::Person => Some("--config"),
        Chooser::Variable("COGFED_CONFIG") => Some("COGFED_CONFIG"),
        Chooser::Variable(_) | Chooser::System => None,
    };
    if configuration.exists() {
        let hint = "add one, with your own ids:";
        return Failure::new(Kind::Usage, format!("{what}: {path} has no profiles")).hint(hint).example(TEMPLATE);
    }
    let fault = match named_by {
        Some(name) => format!("{what}: there is no {path}, which {name} names"),
        None => format!("{what}: {path} does not exist"),
    };
    let missing = configuration.path.parent().filter(|folder| !folder.is_dir());
    let write = match (missing, configuration.chooser()) {
        (Some(folder), Chooser::Variable(variable)) if named_by.is_none() && !can_be_made(folder) => {
            format!("set {variable} to a folder of your own and write the file there")
        }
        (Some(folder), _) => format!("run 'mkdir -p {}' and write the file", folder.display()),
        (None, _) => "write it".to_owned(),
    };
    let elsewhere = named_by.unwrap_or("COGFED_CONFIG");
    let hint = format!("{write} (or name another one in {elsewhere}), with your own ids:");
    Failure::new(Kind::Usage, fault).hint(hint).example(TEMPLATE)
}

/// Returns whether this user may make a folder and the missing ones around it, as far as that is known.
fn can_be_made(folder: &Path) -> bool {
    let Some(existing) = folder.ancestors().find(|above| above.symlink_metadata().is_ok()) else { return true };
    #[cfg(unix)]
    let may_write = rustix::fs::access(existing, rustix::fs::Access::WRITE_OK).is_ok();
    #[cfg(not(unix))]
    let may_write = true;
    existing.is_dir() && may_write
}
