//! `cogfed credential-process`: its flags and the sections of its help.

use clap::Args;

use super::{ProfileFlag, RoleFlag};

/// The verb's name.
pub const CREDENTIAL_PROCESS: &str = "credential-process";

/// Print AWS credentials for the AWS CLI and the SDKs
///
/// Prints the JSON document that AWS's tools read from a credential_process. Credentials in the store are used while
/// they are valid for more than 16 minutes, and renewed otherwise. Opens no browser unless asked to.
#[derive(Debug, Args)]
#[command(after_long_help = SECTIONS)]
pub struct CredentialProcess {
    /// The profile's flag.
    #[command(flatten)]
    pub profile: ProfileFlag,
    /// The role's flag.
    #[command(flatten)]
    pub role: RoleFlag,
    /// Open the browser if a sign-in is required
    ///
    /// Fails at once if no browser can be opened: an address cannot be pasted here. Few callers show messages while they
    /// wait, and some end their helper after five seconds. The profile's key sign_in_on_demand does the same.
    #[arg(long)]
    pub sign_in: bool,
}

const SECTIONS: &str = "\
EXAMPLES
  In ~/.aws/config, with the full path of cogfed:
    [profile internal]
    credential_process = /usr/local/bin/cogfed credential-process -p internal

  Then every AWS tool has the credentials:
    aws sts get-caller-identity --profile internal

  Another role of the same sign-in is another AWS profile:
    [profile internal-reader]
    credential_process = /usr/local/bin/cogfed credential-process -p internal --role arn:aws:iam::123456789012:role/Reader

  Such a line must not be continued on the next one, and a comment has to be on
  a line of its own.

EXIT STATUS
  0    credentials were printed
  1    another fault, such as a state folder that cannot be written to
  2    the command line or the configuration is wrong
  3    a sign-in is required: run 'cogfed login'
  4    the store failed
  5    the network failed
  6    refused, by the identity provider or by AWS
  7    another process holds the lock

  Nothing is printed to standard output unless the status is 0.
";
