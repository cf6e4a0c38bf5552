//! Flags that several verbs share: the profile and the role to use.

use clap::Args;

/// The flag for the profile.
#[derive(Debug, Clone, Default, Args)]
pub struct ProfileFlag {
    /// The profile to use
    ///
    /// Without it, cogfed uses the profile that COGFED_PROFILE names, then default_profile of the configuration, then the
    /// only profile in it.
    #[arg(short, long, value_name = "NAME")]
    pub profile: Option<String>,
}

/// The flag for the role.
#[derive(Debug, Clone, Default, Args)]
pub struct RoleFlag {
    /// The ARN of the IAM role to request, instead of the profile's role_arn
    ///
    /// One sign-in serves any number of roles, and the credentials of each are kept side by side. The identity pool's
    /// mapping decides which roles you can have; in the classic flow, the role's trust policy does.
    #[arg(long, value_name = "ARN")]
    pub role: Option<String>,
}
