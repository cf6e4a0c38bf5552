//! `cogfed demo`: its flags and the sections of its help.

use clap::Args;

/// See all of it happen on this machine, without any account
///
/// Runs a sandbox, signs in to it, gets credentials, explains their role, makes a call that is allowed and one that is
/// not, and signs out.
/// Touches none of your own configuration and nothing in your keyring, and leaves nothing behind.
#[derive(Debug, Args)]
#[command(after_long_help = SECTIONS)]
pub struct Demo {
    /// Open no browser: a sandbox person signs in by itself
    #[arg(long)]
    pub headless: bool,
}

const SECTIONS: &str = "\
EXAMPLES
  cogfed demo
        with your browser
  cogfed demo --headless
        without one, as in CI

EXIT STATUS
  0    all of it happened
  1    a step went wrong
";
