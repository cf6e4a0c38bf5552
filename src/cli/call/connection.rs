//! The flags of `cogfed call` about the connection.

use std::time::Duration;

use clap::Args;

/// The flags about the connection.
#[derive(Debug, Args)]
pub struct ConnectionFlags {
    /// Fail if the connection takes longer than this
    #[arg(long, value_name = "SECONDS", value_parser = seconds, default_value = "30")]
    pub connect_timeout: Duration,
    /// Fail if the exchange takes longer than this [default: no limit]
    ///
    /// Without this flag, cogfed waits for the answer as long as the API keeps the connection open.
    #[arg(short, long, value_name = "SECONDS", value_parser = seconds)]
    pub max_time: Option<Duration>,
}

/// Parses a number of seconds, which may have a fraction.
fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    seconds
        .filter(|time| !time.is_zero())
        .ok_or_else(|| "it must be a number of seconds above 0, such as 30 or 2.5".into())
}
