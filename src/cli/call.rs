//! `cogfed call`: its flags and the sections of its help.

use std::path::PathBuf;

use clap::Args;

use super::{ProfileFlag, RoleFlag};

/// Call an API behind API Gateway's IAM authorizer
///
/// Signs one request with the profile's credentials (AWS Signature Version 4), sends it as it was signed, and writes
/// the response body to standard output. Does not follow redirects.
#[derive(Debug, Args)]
#[command(after_long_help = SECTIONS)]
pub struct Call {
    /// The profile's flag.
    #[command(flatten)]
    pub profile: ProfileFlag,
    /// The role's flag.
    #[command(flatten)]
    pub role: RoleFlag,
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
    /// Write the status line and headers of the response before its body
    #[arg(short, long)]
    pub include: bool,
    /// Write the response to a file
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Exit with status 22 if the response status is 400 or more
    #[arg(short, long)]
    pub fail: bool,
    /// The region to sign for, if the host name does not contain it
    #[arg(long, value_name = "REGION")]
    pub region: Option<String>,
    /// Print the signed request with secrets masked, and send nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Log the request and the response to standard error
    #[arg(short, long)]
    pub verbose: bool,
}

const SECTIONS: &str = "\
EXAMPLES
  The URL of an API Gateway REST API contains the region:
    url=https://abc123.execute-api.eu-west-1.amazonaws.com/prod/orders
    cogfed call GET $url
    cogfed call POST $url --json -d '{\"item\": \"book\"}'
    cogfed call GET $url --dry-run

  A custom domain does not:
    cogfed call PUT https://api.example.com/orders/7 --region eu-west-1 \\
        --data-binary @order.json

EXIT STATUS
  0    the API answered, whatever its status
  2    the command line, the configuration or an input is wrong
  3    a sign-in is required: run 'cogfed login'
  4    the store failed
  5    the network failed
  6    refused, by the identity provider or by AWS
  7    another process holds the lock
  22   with --fail: the API answered with a status of 400 or more
";
