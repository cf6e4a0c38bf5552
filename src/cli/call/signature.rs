//! The flags of `cogfed call` that control the signature.

use clap::Args;

/// The flags about the signature.
#[derive(Debug, Args)]
pub struct SignatureFlags {
    /// The region to sign for, if the host name does not contain it
    ///
    /// Without it, the region comes from the host name, 'region' in the profile, AWS_REGION, AWS_DEFAULT_REGION, or the
    /// identity pool's id, in this order.
    #[arg(long, value_name = "REGION")]
    pub region: Option<String>,
    /// The service to sign for, such as lambda, es or s3
    ///
    /// Without it, the service comes from the host name. On a host that is not AWS's it is execute-api, API Gateway's
    /// name.
    #[arg(long, value_name = "SERVICE")]
    pub service: Option<String>,
    /// Sign for this host instead of the URL's, and send it as Host
    ///
    /// Use it where a proxy or a load balancer in front of the API passes Host on. Name the port as well, unless it is
    /// 443.
    #[arg(long, value_name = "HOST")]
    pub sign_host: Option<String>,
}
