//! The flags of `cogfed call` that control the connection, repeats and redirects.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

/// The flags about the connection.
#[derive(Debug, Args)]
pub struct ConnectionFlags {
    /// Fail if the connection takes longer than this; 0 stands for the default
    #[arg(long, value_name = "SECONDS", value_parser = seconds, default_value = "30")]
    pub connect_timeout: Duration,
    /// Fail if the exchange takes longer than this [default: no limit]
    ///
    /// Without this flag, or with 0, cogfed waits for the answer as long as the API keeps the connection open.
    #[arg(short, long, value_name = "SECONDS", value_parser = seconds)]
    pub max_time: Option<Duration>,
    /// Repeat a request up to this many times after a temporary failure
    ///
    /// GET, HEAD, OPTIONS, PUT, DELETE and TRACE are repeated if the connection fails, if the answer is lost, and after
    /// a status of 408, 429, 500, 502, 503 or 504. Other methods are repeated only if nothing was sent, after a 429, and
    /// after a 503 with Retry-After. Each repeat is signed again and waits as long as Retry-After says.
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    pub retry: u32,
    /// Wait this long before each repeat [default: 1, then doubling]
    #[arg(long, value_name = "SECONDS", value_parser = seconds, requires = "retry")]
    pub retry_delay: Option<Duration>,
    /// Begin no repeat after this time
    #[arg(long, value_name = "SECONDS", value_parser = seconds, requires = "retry")]
    pub retry_max_time: Option<Duration>,
    /// Accepted as in curl: --retry repeats after a refused connection anyway
    #[arg(long)]
    pub retry_connrefused: bool,
    /// Follow redirects, without the signature
    ///
    /// The target gets neither the signature nor secret headers such as Cookie; another host gets only Accept, Range,
    /// User-Agent and the like. A status of 301, 302 or 303 is followed as GET (HEAD stays HEAD), 307 and 308 only for GET and HEAD.
    /// No redirect is followed from https to http, except to this machine.
    #[arg(short = 'L', long)]
    pub location: bool,
    /// Follow at most this many redirects; -1 stands for any number
    #[arg(long, value_name = "N", default_value = "50", value_parser = redirects, allow_hyphen_values = true)]
    pub max_redirs: u32,
    /// Present this client certificate, in PEM, to an API with mutual TLS
    ///
    /// As in curl, a password may follow, but an encrypted key is refused. A redirect to another host gets no certificate.
    #[arg(short = 'E', long, value_name = "FILE")]
    pub cert: Option<String>,
    /// Use the private key in this file, in PEM [default: in the file of --cert]
    #[arg(long, value_name = "FILE", requires = "cert")]
    pub key: Option<PathBuf>,
    /// Connect to HOST2:PORT2 for a URL with HOST1:PORT1 (may be given more than once)
    ///
    /// As in curl, HOST1, PORT1, HOST2 and PORT2 may be empty: for any, or unchanged. Certificate check, Host header and
    /// signature keep the API's own name, so that a tunnel of ssh -L works. No proxy is used on the way.
    #[arg(long, value_name = "HOST1:PORT1:HOST2:PORT2")]
    pub connect_to: Vec<String>,
    /// Use these addresses for HOST:PORT (may be given more than once)
    #[arg(long, value_name = "HOST:PORT:ADDR[,ADDR]", allow_hyphen_values = true)]
    pub resolve: Vec<String>,
}

/// The largest number of seconds that counts, about 136 years, so that no time from now on overflows.
const MOST_SECONDS: u64 = u32::MAX as u64;

impl ConnectionFlags {
    /// Returns a time as given, or `None` for 0, with which curl means its default.
    pub fn unless_zero(time: Option<Duration>) -> Option<Duration> {
        time.filter(|time| !time.is_zero())
    }
}

/// Parses a number of seconds, which may have a fraction. More than [`MOST_SECONDS`] count as that many.
fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    seconds
        .map(|time| time.min(Duration::from_secs(MOST_SECONDS)))
        .ok_or_else(|| "it must be a number of seconds, such as 30 or 2.5".into())
}

/// Parses a number of redirects, in which -1 stands for any number.
fn redirects(text: &str) -> Result<u32, String> {
    match text {
        "-1" => Ok(u32::MAX),
        text => text.parse().map_err(|_| "it must be a number such as 5, or -1 for any number".into()),
    }
}
