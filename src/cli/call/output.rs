//! The flags of `cogfed call` about the answer.

use std::path::PathBuf;

use clap::Args;

/// The flags about the answer.
#[derive(Debug, Args)]
pub struct OutputFlags {
    /// Write the status line and headers of the response before its body
    #[arg(short, long)]
    pub include: bool,
    /// Write the response to a file
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Exit with status 22 if the response status is 400 or more
    #[arg(short, long)]
    pub fail: bool,
    /// Log the request and the response to standard error
    #[arg(short, long)]
    pub verbose: bool,
}
