//! The role that the identity pool chose. It is stored after a sign-in, because only STS names this role.
//!
//! An identity pool does not say which role it chose. STS does, for one more request, which a renewal does not make. So
//! the answer is kept beside the store, for `status`. It holds no secret.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::record::{CredentialsRecord, credentials_account};
use super::{Ask, Session};
use crate::aws::ids;
use crate::folder::{Folder, StateFile};

/// The maximum size of the file for one role, in bytes.
const LARGEST: usize = 8 * 1024;

/// The role of a set of credentials, as reported by STS.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownRole {
    /// The ARN of the role session, such as `arn:aws:sts::123456789012:assumed-role/Orders/alice@corp.example`.
    pub session_arn: String,
    /// The time at which the credentials for which STS reported the role were issued.
    pub issued_at: DateTime<Utc>,
    /// The `sub` claim of the person who owns the credentials.
    subject: String,
}

impl KnownRole {
    /// Returns the name of the role and the id of its AWS account.
    pub fn name_and_account(&self) -> Option<(&str, &str)> {
        ids::role_and_account(&self.session_arn)
    }
}

fn file(own: &Folder, ask: &Ask) -> StateFile<KnownRole> {
    StateFile::new(own.sub("roles"), credentials_account(ask), LARGEST)
}

/// Removes the stored role, because its credentials were deleted.
pub fn clear(own: &Folder, ask: &Ask) {
    file(own, ask).remove_or_log("the role of deleted credentials stays kept");
}

impl Session {
    /// Stores the ARN of the role session to which the credentials in `record` belong.
    pub fn note_role(&self, record: &CredentialsRecord, session_arn: &str) {
        let known = KnownRole {
            session_arn: session_arn.to_owned(),
            issued_at: record.issued_at,
            subject: record.subject.clone(),
        };
        file(self.folder(), &self.ask).write_or_log(&known, "the role could not be kept");
    }

    /// Returns the role that was stored for these credentials, or for earlier credentials of the same person. Returns
    /// `None` if there is no such role.
    pub fn known_role(&self, record: &CredentialsRecord) -> Option<KnownRole> {
        file(self.folder(), &self.ask).read().filter(|known| known.subject == record.subject)
    }
}
