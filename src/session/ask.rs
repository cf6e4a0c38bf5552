//! The request for the credentials of one role.

use std::sync::Arc;

use crate::profile::{Profile, Role};

/// A request for the credentials of one role, based on the sign-in of one profile. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Ask {
    /// The profile, which determines the sign-in, the identity pool and the store.
    pub profile: Arc<Profile>,
    /// The requested role, with the flow that issues its credentials.
    pub role: Role,
}

impl Ask {
    /// Creates a request for the profile's own role.
    pub fn new(profile: impl Into<Arc<Profile>>) -> Self {
        let profile = profile.into();
        let role = profile.role();
        Self { profile, role }
    }

    /// Returns a request with the same profile for another role.
    #[must_use]
    pub fn for_role(&self, role: Role) -> Self {
        Self { profile: Arc::clone(&self.profile), role }
    }
}
