//! AWS's own hosts, per partition. Nothing else in cogfed makes a host's name out of parts.
//!
//! Sources: <https://docs.aws.amazon.com/general/latest/gr/cognito_identity.html> and the partitions of botocore.

/// The domain under which a partition's services stand.
fn suffix(region: &str) -> &'static str {
    match region {
        region if region.starts_with("cn-") => "amazonaws.com.cn",
        region if region.starts_with("eusc-") => "amazonaws.eu",
        _ => "amazonaws.com",
    }
}

/// The user pools' host: issuer, discovery and keys.
pub fn user_pool(region: &str) -> String {
    format!("cognito-idp.{region}.{}", suffix(region))
}

/// The second form of a user pool's issuer, which a pool may be switched to
/// (<https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_IssuerConfigurationType.html>).
pub fn user_pool_updated_issuer(region: &str) -> String {
    format!("issuer-cognito-idp.{region}.{}", suffix(region))
}

/// The identity pools' host.
pub fn identity_pool(region: &str) -> String {
    format!("cognito-identity.{region}.{}", suffix(region))
}

/// The security token service's host in a region.
pub fn sts(region: &str) -> String {
    format!("sts.{region}.{}", suffix(region))
}
