//! `cogfed logout`: its flags and the sections of its help.

use clap::Args;

use super::ProfileFlag;

/// Sign out
///
/// Deletes the tokens and the credentials made from them, revokes the refresh token at the user pool, and reports what
/// remains valid.
#[derive(Debug, Args)]
#[command(after_long_help = SECTIONS)]
pub struct Logout {
    /// The profile's flag.
    #[command(flatten)]
    pub profile: ProfileFlag,
    /// Sign out of every profile in the configuration
    #[arg(long, conflicts_with = "profile")]
    pub all: bool,
}

const SECTIONS: &str = "\
EXAMPLES
  cogfed logout --profile internal
        sign out of one profile
  cogfed logout --all
        sign out of every profile in the configuration

EXIT STATUS
  0    signed out, or nobody was signed in
  1    another fault, such as a state folder that cannot be written to
  2    the command line or the configuration is wrong
  4    the store failed: something may still be in it
  5    deleted here, but the user pool could not be reached to revoke it
  6    deleted here, but the user pool refused to revoke it
  7    another process holds the lock, so nothing was done
";
