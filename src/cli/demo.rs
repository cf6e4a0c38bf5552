//! `cogfed demo`: its flags and the sections of its help.

use clap::Args;

/// Watch the whole flow on this machine, without an account
///
/// Runs a sandbox, signs in to it, gets credentials, explains their role, makes an allowed and a refused call, and signs
/// out. Uses neither your configuration nor your keyring, and leaves nothing behind.
#[derive(Debug, Args)]
#[command(after_long_help = SECTIONS)]
pub struct Demo {
    /// Sign in as a person of the sandbox, without opening a browser
    #[arg(long)]
    pub headless: bool,
}

const SECTIONS: &str = "\
EXAMPLES
  cogfed demo
        sign in with your browser
  cogfed demo --headless
        without a browser, as in CI

EXIT STATUS
  0    every step succeeded
  1    a step failed
";
