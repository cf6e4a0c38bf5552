//! `cogfed profile` and its verbs: their flags and the sections of their help.

use clap::{Args, Subcommand};

use super::ProfileFlag;

/// Show the profiles of the configuration
///
/// A profile says what to sign in to. cogfed reads the configuration file and the environment, and tells what it
/// makes of them; it changes neither.
#[derive(Debug, Subcommand)]
#[command(subcommand_value_name = "VERB", subcommand_help_heading = "Verbs", after_long_help = SECTIONS)]
pub enum Profile {
    /// List the profiles
    ///
    /// Shows each profile's name, and marks the one that is used where none is named.
    #[command(after_long_help = LIST)]
    List(ProfileList),
    /// Show what is in force for a profile, and where each value came from
    ///
    /// A value comes from the environment, from the configuration file, or from cogfed's defaults.
    #[command(after_long_help = SHOW)]
    Show(ProfileShow),
}

/// Flags of `profile list`.
#[derive(Debug, Args)]
pub struct ProfileList {
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// Flags of `profile show`.
#[derive(Debug, Args)]
pub struct ProfileShow {
    /// The profile's flag.
    #[command(flatten)]
    pub profile: ProfileFlag,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

const SECTIONS: &str = "\
EXAMPLES
  cogfed profile list
        which profiles there are
  cogfed profile show --profile internal
        what is in force for one
";

const LIST: &str = "\
EXAMPLES
  cogfed profile list
        for a person
  cogfed profile list --json
        for a script
";

const SHOW: &str = "\
EXAMPLES
  cogfed profile show --profile internal
        what is in force for one profile
  COGFED_STORE=file cogfed profile show
        and with an override
";
