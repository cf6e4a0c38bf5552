//! `cogfed call`: its flags in four groups, and the sections of its help.

mod connection;
mod curl;
mod output;
mod request;
mod signature;

use clap::Args;

pub use self::connection::ConnectionFlags;
pub use self::curl::advice_on;
pub(super) use self::curl::as_in_curl;
pub use self::output::{OutputFlags, Pretty};
pub use self::request::{BodyFlag, BodyFlags, RequestFlags};
pub use self::signature::SignatureFlags;
use super::{ProfileFlag, RoleFlag};

/// Call an API behind IAM: API Gateway's, and those of other services
///
/// Signs one request with the profile's credentials (AWS Signature Version 4), sends it as it was signed, and writes
/// the response body to standard output.
#[derive(Debug, Args)]
#[command(after_long_help = SECTIONS, override_usage = "cogfed call [OPTIONS] [METHOD] <URL>")]
pub struct Call {
    /// The profile's flag.
    #[command(flatten)]
    pub profile: ProfileFlag,
    /// The role's flag.
    #[command(flatten)]
    pub role: RoleFlag,
    /// The flags about the request.
    #[command(flatten)]
    pub request: RequestFlags,
    /// The flags about the answer.
    #[command(flatten)]
    pub output: OutputFlags,
    /// The flags about the connection.
    #[command(flatten)]
    pub connection: ConnectionFlags,
    /// The flags about the signature.
    #[command(flatten)]
    pub signature: SignatureFlags,
}

const SECTIONS: &str = "\
EXAMPLES
  The URL of an API Gateway REST API contains the region:
    url=https://abc123.execute-api.eu-west-1.amazonaws.com/prod/orders
    cogfed call $url
    cogfed call $url --json '{\"item\": \"book\"}'
    cogfed call -X DELETE $url/7
    cogfed call -G --data-urlencode 'q=two words' $url
    cogfed call $url --dry-run

  Other services behind IAM are known by their host, or named:
    cogfed call https://abc123.lambda-url.eu-west-1.on.aws/
    cogfed call https://search.example.com/_search --service es

  A custom domain does not contain the region:
    cogfed call https://api.example.com/orders/7 --region eu-west-1 \\
        -T order.json

WRITE OUT
  The format of --write-out is curl's: %{NAME} is a variable, %header{NAME} the
  first value of a header, %% a percent sign, \\n, \\t and \\r are characters.
  Variables about the answer:
    http_code response_code http_version content_type num_headers size_header
    size_download speed_download redirect_url filename_effective
  about the request and the run:
    method url url_effective scheme size_upload speed_upload remote_ip
    remote_port num_redirects num_retries time_starttransfer time_total
    exitcode errormsg
  %{json} prints all of them, %{header_json} all headers. What follows
  %{stderr} goes to standard error, until %{stdout}; what follows %{onerror}
  is printed only if the call fails. Nothing is masked: redirect_url may be a
  presigned URL, which opens a document to anyone.

EXIT STATUS
  0    the API answered, whatever its status
  1    the answer cannot be written, such as to a full disk
  2    the command line, the configuration or an input is wrong
  3    a sign-in is required: run 'cogfed login'
  4    the store failed
  5    the network failed, or the answer broke off
  6    refused, by the identity provider or by AWS
  7    another process holds the lock
  22   with --fail or --fail-with-body: the API answered with a status of 400
       or more
  130  interrupted with Ctrl-C
";
