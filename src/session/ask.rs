//! The request for credentials: one role of one profile.

use std::sync::Arc;

use crate::profile::{Profile, Role};

/// A request for the credentials of one role of one profile's sign-in. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Ask {
    /// The profile: the sign-in, the identity pool, the store.
    pub profile: Arc<Profile>,
    /// The role that the credentials are for, with the flow that issues them.
    pub role: Role,
}

impl Ask {
    /// Creates a request for the role that the profile names.
    pub fn new(profile: impl Into<Arc<Profile>>) -> Self {
        let profile = profile.into();
        let role = profile.role();
        Self { profile, role }
    }

    /// Returns a request for another role of the same sign-in.
    #[must_use]
    pub fn for_role(&self, role: Role) -> Self {
        Self { profile: Arc::clone(&self.profile), role }
    }
}
