//! The AWS partitions that a sandbox can be in, with every value that differs between them.
//!
//! Sources: <https://docs.aws.amazon.com/govcloud-us/latest/UserGuide/govcloud-cog.html>,
//! <https://docs.amazonaws.cn/en_us/aws/latest/userguide/cognito.html> and
//! <https://docs.aws.amazon.com/cognito/latest/developerguide/iam-roles.html>. China has no user pools in reality, so
//! their hosts are made up by analogy. Two more values are not documented and also follow by analogy: the issuer of
//! tokens from GovCloud's identity pools, and the provider that STS reports in GovCloud and China.

/// The id of the account that owns the sandbox's roles. No AWS account has this number.
pub const ACCOUNT_ID: &str = "000000000000";
/// The sandbox's region in the `aws` partition.
pub const REGION: &str = "eu-west-1";

/// The URL format of the issuer in the user pool's tokens
/// (<https://docs.aws.amazon.com/cognito/latest/developerguide/federation-endpoints.html>).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Issuer {
    /// The issuer `https://cognito-idp.REGION.amazonaws.com/POOL`.
    Original,
    /// The issuer `https://issuer-cognito-idp.REGION.amazonaws.com/POOL`.
    Updated,
    /// The issuer `https://cognito-idp-fips.REGION.amazonaws.com/POOL`, which GovCloud may use (not documented).
    Fips,
}

/// An AWS partition; the sandbox uses one region in each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Partition {
    /// The partition `aws`, with the region eu-west-1.
    Aws,
    /// The partition `aws-us-gov`, with the region us-gov-west-1.
    GovCloud,
    /// The partition `aws-cn`, with the region cn-north-1.
    China,
}

/// The partition-specific values of one partition.
struct Row {
    arn: &'static str,
    region: &'static str,
    /// The part of a service's host name after the region.
    suffix: &'static str,
    /// The part of a user pool's domain after the prefix.
    domain: &'static str,
    /// The host in the issuer of the identity pool's own tokens.
    token_issuer: &'static str,
    /// The service principal of identity pools in a role's trust policy.
    principal: &'static str,
    /// The signing region for the global STS endpoint; `None` if the partition has no such endpoint.
    global_sts: Option<&'static str>,
}

impl Partition {
    /// Returns the partition that contains `region`.
    pub(crate) fn of(region: &str) -> Self {
        match region {
            region if region.starts_with("us-gov-") => Self::GovCloud,
            region if region.starts_with("cn-") => Self::China,
            _ => Self::Aws,
        }
    }

    fn row(self) -> Row {
        match self {
            Self::Aws => Row {
                arn: "aws",
                region: REGION,
                suffix: "amazonaws.com",
                domain: "auth.eu-west-1.amazoncognito.com",
                token_issuer: "cognito-identity.amazonaws.com",
                principal: "cognito-identity.amazonaws.com",
                global_sts: Some("us-east-1"),
            },
            Self::GovCloud => Row {
                arn: "aws-us-gov",
                region: "us-gov-west-1",
                suffix: "amazonaws.com",
                domain: "auth-fips.us-gov-west-1.amazoncognito.com",
                token_issuer: "cognito-identity.us-gov-west-1.amazonaws.com",
                principal: "cognito-identity-us-gov.amazonaws.com",
                global_sts: None,
            },
            Self::China => Row {
                arn: "aws-cn",
                region: "cn-north-1",
                suffix: "amazonaws.com.cn",
                domain: "auth.cn-north-1.amazoncognito.com",
                token_issuer: "cognito-identity.cn-north-1.amazonaws.com.cn",
                principal: "cognito-identity.cn-north-1.amazonaws.com.cn",
                global_sts: None,
            },
        }
    }

    /// Returns the partition's name in ARNs: `aws`, `aws-us-gov` or `aws-cn`.
    pub fn arn(self) -> &'static str {
        self.row().arn
    }

    /// Returns the sandbox's region in this partition.
    pub fn region(self) -> &'static str {
        self.row().region
    }

    /// Returns the ARN of the role `name` in the sandbox's account.
    pub fn role_arn(self, name: &str) -> String {
        format!("arn:{}:iam::{ACCOUNT_ID}:role/{name}", self.arn())
    }

    /// Returns the issuer URL of a user pool, in the URL format `issuer`.
    pub(crate) fn user_pool_issuer(self, issuer: Issuer, user_pool_id: &str) -> String {
        let host = match issuer {
            Issuer::Original => "cognito-idp",
            Issuer::Updated => "issuer-cognito-idp",
            Issuer::Fips => "cognito-idp-fips",
        };
        let Row { region, suffix, .. } = self.row();
        format!("https://{host}.{region}.{suffix}/{user_pool_id}")
    }

    /// Returns the full domain of a hosted UI whose domain prefix is `prefix`.
    pub(crate) fn domain(self, prefix: &str) -> String {
        format!("{prefix}.{}", self.row().domain)
    }

    /// Returns the issuer in the identity pool's own tokens, which the classic flow uses.
    pub(crate) fn identity_pool_issuer(self) -> String {
        format!("https://{}", self.row().token_issuer)
    }

    /// Returns the service principal that stands for identity pools in trust policies. STS reports this principal as
    /// the provider of an identity pool's tokens.
    pub(crate) fn web_identity_provider(self) -> &'static str {
        self.row().principal
    }

    /// Returns the regions for which a request to STS may be signed: `region` and, if the partition has a global STS
    /// endpoint, that endpoint's region.
    pub(crate) fn sts_regions(self, region: &str) -> Vec<&str> {
        [Some(region), self.row().global_sts].into_iter().flatten().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn partition_follows_from_its_region() {
        for partition in [Partition::Aws, Partition::GovCloud, Partition::China] {
            assert_eq!(Partition::of(partition.region()), partition);
            assert!(partition.domain("x").contains(partition.region()), "{partition:?}");
        }
        assert_eq!(Partition::Aws.role_arn("OrdersAdmin"), crate::options::ORDERS_ADMIN);
    }
}
