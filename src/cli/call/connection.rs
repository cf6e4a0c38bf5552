//! The flags of `cogfed call` about the connection.

use clap::Args;

/// The flags about the connection.
#[derive(Debug, Args)]
pub struct ConnectionFlags {}
