//! Flags that several verbs share: the profile and the role to use.

use clap::Args;

/// The flag for the profile.
#[derive(Debug, Clone, Default, Args)]
pub struct ProfileFlag {
    /// The profile to use
    ///
    /// Without it, COGFED_PROFILE counts, then default_profile of the configuration, then the only profile there is.
    #[arg(short, long, value_name = "NAME")]
    pub profile: Option<String>,
}

/// The flag for the role.
#[derive(Debug, Clone, Default, Args)]
pub struct RoleFlag {
    /// The IAM role to ask for, by its ARN, in place of the profile's
    ///
    /// One sign-in serves any number of roles, and the credentials of each are kept side by side. Which ones may be had
    /// is up to the identity pool's mapping; in the classic flow, to the role's trust policy. The profile's key role_arn
    /// does the same.
    #[arg(long, value_name = "ARN")]
    pub role: Option<String>,
}
