//! The next step if the state folder cannot be used: its home is missing, read-only or full, as that of a service
//! account, a container or a cron job often is.

use std::fmt::Display;
use std::io::{self, ErrorKind};

use super::user_folders;
use crate::error::{Failure, Kind};

/// Returns the failure of an action in the state folder, with the next step if the error tells one.
pub(super) fn failure(error: &io::Error, action: impl Display) -> Failure {
    let failure = Failure::new(Kind::Failed, error.to_string()).within(action);
    match hint(error.kind()) {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}

/// Returns the failure of an action in the state folder as the error of a result.
pub(super) fn within<T, A: Display>(result: io::Result<T>, action: impl FnOnce() -> A) -> Result<T, Failure> {
    result.map_err(|error| failure(&error, action()))
}

fn hint(kind: ErrorKind) -> Option<String> {
    match kind {
        ErrorKind::PermissionDenied
        | ErrorKind::ReadOnlyFilesystem
        | ErrorKind::NotADirectory
        | ErrorKind::NotFound
        | ErrorKind::Unsupported
        | ErrorKind::InvalidFilename => Some(user_folders::state_in("a folder that can be written to")),
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            Some(format!("free disk space, or {}", user_folders::state_in("a folder on another disk")))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unusable_state_folder_has_a_next_step_for_each_cause() {
        for (kind, step) in [
            (ErrorKind::ReadOnlyFilesystem, Some("that can be written to")),
            (ErrorKind::PermissionDenied, Some("that can be written to")),
            (ErrorKind::NotADirectory, Some("that can be written to")),
            (ErrorKind::StorageFull, Some("free disk space")),
            (ErrorKind::QuotaExceeded, Some("free disk space")),
            (ErrorKind::Interrupted, None),
        ] {
            let failure = failure(&kind.into(), "cannot open A");
            assert!(failure.message.starts_with("cannot open A: "), "{failure}");
            assert_eq!(failure.hint.is_some(), step.is_some(), "{kind:?}");
            let hint = failure.hint.unwrap_or_default();
            assert!(hint.contains(step.unwrap_or_default()), "{kind:?}: {hint}");
        }
    }
}
