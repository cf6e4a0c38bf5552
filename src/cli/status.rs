//! `cogfed status`: its flags and the sections of its help.

use clap::Args;

use super::{ProfileFlag, RoleFlag};

/// Show who is signed in, and until when
///
/// Reads only the store, and sends nothing. Exits with status 3 if nobody is signed in, or the sign-in has expired, was
/// revoked or was lost.
#[derive(Debug, Args)]
#[command(after_long_help = SECTIONS)]
pub struct Status {
    /// The profile's flag.
    #[command(flatten)]
    pub profile: ProfileFlag,
    /// The role's flag.
    #[command(flatten)]
    pub role: RoleFlag,
    /// Print JSON on the standard output
    #[arg(long)]
    pub json: bool,
    /// Print all that a ticket needs, and no secret
    ///
    /// The configuration in force and where it came from, the store, the sign-in, what failed last, and the environment,
    /// as far as cogfed reads it. Names of people are shortened, passwords of proxies left out. Asks the store, not the
    /// network, and ends with status 0 whatever it finds. What a command does step by step, --debug shows.
    #[arg(long, conflicts_with = "json")]
    pub report: bool,
}

const SECTIONS: &str = "\
EXAMPLES
  cogfed status
        for a person
  cogfed status --json
        for a script: one line of JSON
  cogfed status --role arn:aws:iam::123456789012:role/Reader
        of another role's credentials

EXIT STATUS
  0    a person is signed in
  2    the command line or the configuration is wrong
  3    nobody is signed in
  4    the store failed
";
