//! `cogfed profile` and its verbs: their flags and the sections of their help.

use clap::{Args, Subcommand};

use super::ProfileFlag;

/// Show the profiles of the configuration
///
/// A profile names the user pool, the app client and the identity pool to use. These verbs read the configuration file
/// and the environment, and change neither.
#[derive(Debug, Subcommand)]
#[command(subcommand_value_name = "VERB", subcommand_help_heading = "Verbs", after_long_help = SECTIONS)]
pub enum Profile {
    /// List the profiles
    ///
    /// Shows each profile's name, and marks the default.
    #[command(after_long_help = LIST)]
    List(ProfileList),
    /// Show a profile's settings, and where each value comes from
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
        list the profiles
  cogfed profile show --profile internal
        show the settings of one profile
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
        show the settings of one profile
  COGFED_STORE=file cogfed profile show
        show the default profile with an override
";
