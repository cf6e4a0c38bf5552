//! The role that the identity pool chose, as AWS STS named it at a sign-in.
//!
//! An identity pool does not say which role it chose. STS does, for one more request, which a renewal does not make. So
//! the answer is kept beside the store, for `status`. It holds no secret.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::record::{CredentialsRecord, credentials_account};
use super::{Ask, Session};
use crate::aws::ids;
use crate::folder::{Folder, StateFile};

/// The maximum size of a role's file, in bytes.
const LARGEST: usize = 8 * 1024;

/// The role of issued credentials, as STS named it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownRole {
    /// The ARN of the role's session, as in `arn:aws:sts::123456789012:assumed-role/Orders/alice@corp.example`.
    pub session_arn: String,
    /// The issue time of the credentials that STS was asked about.
    pub issued_at: DateTime<Utc>,
    /// `sub` of the credentials' owner.
    subject: String,
}

impl KnownRole {
    /// Returns the role's name and its AWS account id.
    pub fn name_and_account(&self) -> Option<(&str, &str)> {
        ids::role_and_account(&self.session_arn)
    }
}

fn file(own: &Folder, ask: &Ask) -> StateFile<KnownRole> {
    StateFile::new(own.sub("roles"), credentials_account(ask), LARGEST)
}

/// Removes the role, when the credentials are deleted.
pub fn clear(own: &Folder, ask: &Ask) {
    file(own, ask).remove_or_log("the role of deleted credentials stays kept");
}

impl Session {
    /// Saves the ARN of the role session that the credentials in `record` belong to.
    pub fn note_role(&self, record: &CredentialsRecord, session_arn: &str) {
        let known = KnownRole {
            session_arn: session_arn.to_owned(),
            issued_at: record.issued_at,
            subject: record.subject.clone(),
        };
        file(self.folder(), &self.ask).write_or_log(&known, "the role could not be kept");
    }

    /// Returns the role of these credentials, or of earlier ones of the same person, if STS has named it.
    pub fn known_role(&self, record: &CredentialsRecord) -> Option<KnownRole> {
        file(self.folder(), &self.ask).read().filter(|known| known.subject == record.subject)
    }
}
