//! The flags of `cogfed call` about the request.

use clap::Args;

/// The flags about the request itself.
#[derive(Debug, Args)]
pub struct RequestFlags {
    /// The request's method, such as GET
    pub method: String,
    /// The request's URL
    pub url: String,
    /// Send a header, as in 'Name: value' (may be given more than once)
    #[arg(short = 'H', long = "header", value_name = "HEADER")]
    pub headers: Vec<String>,
    /// Send this body; @FILE reads a file, and @- standard input
    ///
    /// As in curl, line breaks of a file are left out, and several pieces are joined by '&'. No Content-Type is sent, so
    /// API Gateway treats the body as JSON.
    #[arg(short, long, value_name = "DATA")]
    pub data: Vec<String>,
    /// Like --data, byte for byte
    #[arg(long, value_name = "DATA", conflicts_with = "data")]
    pub data_binary: Vec<String>,
    /// Send and request JSON: set Content-Type and Accept unless they are given
    #[arg(long)]
    pub json: bool,
    /// Print the signed request with secrets masked, and send nothing
    #[arg(long)]
    pub dry_run: bool,
}
