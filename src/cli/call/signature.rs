//! The flags of `cogfed call` about the signature.

use clap::Args;

/// The flags about the signature.
#[derive(Debug, Args)]
pub struct SignatureFlags {
    /// The region to sign for, if the host name does not contain it
    #[arg(long, value_name = "REGION")]
    pub region: Option<String>,
}
