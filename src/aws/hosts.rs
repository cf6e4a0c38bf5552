//! AWS's partitions and their hosts, in one table. Nothing else in cogfed builds the name of an AWS host.
//!
//! Sources: <https://docs.aws.amazon.com/general/latest/gr/cognito_identity.html>, the endpoints and partitions of botocore,
//! for GovCloud <https://docs.aws.amazon.com/govcloud-us/latest/UserGuide/govcloud-cog.html>, and for China
//! <https://docs.amazonaws.cn/en_us/aws/latest/userguide/cognito.html>.

/// An AWS service that cogfed calls, or that a token names as its issuer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    /// The Cognito user pools service, which publishes discovery documents and signing keys.
    UserPool,
    /// The Cognito identity pools service, which issues credentials.
    IdentityPool,
    /// The Security Token Service.
    Sts,
}

/// The host names of a service in one partition, with `{}` in place of the region.
struct Hosts {
    service: Service,
    usual: &'static str,
    /// The name of the host with FIPS 140 validated cryptography; empty if the partition has no such host.
    fips: &'static str,
    /// The regions in which the FIPS host exists.
    fips_in: &'static [&'static str],
}

/// A partition of AWS, such as `aws-cn`, which has its own accounts, ARNs and hosts.
pub struct Partition {
    /// The partition's name in ARNs.
    pub name: &'static str,
    /// The prefix of the partition's region names, such as `cn-`; an empty prefix fits every region.
    prefix: &'static str,
    /// The domain suffix of AWS's own hosts in the partition, such as `.amazonaws.com`.
    suffix: &'static str,
    hosts: &'static [Hosts],
    /// The hosts that the `iss` claim of a user pool's tokens may name
    /// (<https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_IssuerConfigurationType.html>).
    issuers: &'static [&'static str],
    /// The usual suffix and the FIPS suffix of a hosted UI domain, which follow the prefix that the user pool's owner
    /// chose.
    domains: (&'static str, &'static str),
}

const US: &[&str] = &["us-east-1", "us-east-2", "us-west-1", "us-west-2"];
const GOV: &[&str] = &["us-gov-east-1", "us-gov-west-1"];
const DOMAINS: (&str, &str) = (".auth.{}.amazoncognito.com", ".auth-fips.{}.amazoncognito.com");

const fn hosts(service: Service, usual: &'static str, fips: &'static str, fips_in: &'static [&'static str]) -> Hosts {
    Hosts { service, usual, fips, fips_in }
}

/// The known AWS partitions, in the order in which their prefixes are compared with a region. A region belongs to the
/// first one whose prefix fits; the last one fits every region.
static PARTITIONS: &[Partition] = &[
    Partition {
        name: "aws-us-gov",
        prefix: "us-gov-",
        suffix: ".amazonaws.com",
        hosts: &[
            // GovCloud's guide lists only FIPS endpoints for user pools.
            hosts(Service::UserPool, "cognito-idp-fips.{}.amazonaws.com", "cognito-idp-fips.{}.amazonaws.com", GOV),
            hosts(
                Service::IdentityPool,
                "cognito-identity.{}.amazonaws.com",
                "cognito-identity-fips.{}.amazonaws.com",
                &["us-gov-west-1"],
            ),
            hosts(Service::Sts, "sts.{}.amazonaws.com", "sts.{}.amazonaws.com", GOV),
        ],
        // No documentation says which of the first two hosts tokens name as their issuer. Both belong to the pool.
        issuers: &[
            "cognito-idp.{}.amazonaws.com",
            "cognito-idp-fips.{}.amazonaws.com",
            "issuer-cognito-idp.{}.amazonaws.com",
        ],
        domains: (".auth-fips.{}.amazoncognito.com", ".auth-fips.{}.amazoncognito.com"),
    },
    Partition {
        name: "aws-cn",
        prefix: "cn-",
        suffix: ".amazonaws.com.cn",
        // China has no user pools.
        hosts: &[
            hosts(Service::IdentityPool, "cognito-identity.{}.amazonaws.com.cn", "", &[]),
            hosts(Service::Sts, "sts.{}.amazonaws.com.cn", "", &[]),
        ],
        issuers: &[],
        domains: DOMAINS,
    },
    Partition {
        name: "aws-eusc",
        prefix: "eusc-",
        suffix: ".amazonaws.eu",
        hosts: &[
            hosts(Service::UserPool, "cognito-idp.{}.amazonaws.eu", "", &[]),
            hosts(Service::IdentityPool, "cognito-identity.{}.amazonaws.eu", "", &[]),
            hosts(Service::Sts, "sts.{}.amazonaws.eu", "", &[]),
        ],
        issuers: &["cognito-idp.{}.amazonaws.eu", "issuer-cognito-idp.{}.amazonaws.eu"],
        domains: DOMAINS,
    },
    Partition {
        name: "aws",
        prefix: "",
        suffix: ".amazonaws.com",
        hosts: &[
            hosts(Service::UserPool, "cognito-idp.{}.amazonaws.com", "cognito-idp-fips.{}.amazonaws.com", US),
            hosts(
                Service::IdentityPool,
                "cognito-identity.{}.amazonaws.com",
                "cognito-identity-fips.{}.amazonaws.com",
                US,
            ),
            hosts(Service::Sts, "sts.{}.amazonaws.com", "sts-fips.{}.amazonaws.com", US),
        ],
        issuers: &["cognito-idp.{}.amazonaws.com", "issuer-cognito-idp.{}.amazonaws.com"],
        domains: DOMAINS,
    },
];

/// Returns the partition of a region.
pub fn partition(region: &str) -> &'static Partition {
    let found = PARTITIONS.iter().find(|partition| region.starts_with(partition.prefix));
    found.expect("the last partition's prefix is empty, which every region begins with")
}

/// Strips AWS's own domain from the end of a lower-case host name; returns `None` if the name ends in no such domain.
pub fn below_aws(host: &str) -> Option<&str> {
    PARTITIONS.iter().find_map(|partition| host.strip_suffix(partition.suffix))
}

/// Returns whether AWS publishes user pools as issuers at the lower-case host name `host`, in any partition.
pub fn is_user_pools(host: &str) -> bool {
    let service = below_aws(host).and_then(|rest| rest.split('.').next());
    service.is_some_and(|name| ["cognito-idp", "cognito-idp-fips", "issuer-cognito-idp"].contains(&name))
}

/// A region, with the choice between usual hosts and FIPS hosts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place<'a> {
    /// The region, such as `eu-west-1`.
    pub region: &'a str,
    /// True if only FIPS 140 hosts are allowed.
    pub is_fips: bool,
}

impl Place<'_> {
    /// Returns the base URL of a service in the region.
    ///
    /// # Errors
    /// If the partition has no such service, or the region has no FIPS host for it.
    pub fn url(&self, service: Service) -> Result<String, String> {
        let (region, partition) = (self.region, partition(self.region));
        let Some(hosts) = partition.hosts.iter().find(|hosts| hosts.service == service) else {
            let what = if service == Service::UserPool { "user pools" } else { "such service" };
            return Err(format!("there are no {what} in the partition {}", partition.name));
        };
        match (self.is_fips, hosts.fips_in.contains(&region)) {
            (false, _) => Ok(https(hosts.usual, region)),
            (true, true) => Ok(https(hosts.fips, region)),
            (true, false) => Err(format!("AWS has no FIPS host for it in {region}")),
        }
    }

    /// Returns the issuer URLs that may appear in tokens of the user pool `user_pool_id`. The pool's administrator can
    /// switch between them.
    pub fn issuers(&self, user_pool_id: &str) -> Vec<String> {
        let issuer = |host: &&str| format!("{}/{user_pool_id}", https(host, self.region));
        partition(self.region).issuers.iter().map(issuer).collect()
    }

    /// Returns whether `domain` is an AWS-owned hosted UI domain in this region, such as
    /// `PREFIX.auth.REGION.amazoncognito.com`, rather than a custom domain. AWS gives such a domain to one user pool,
    /// and answers there only for the pool's own app clients.
    pub fn is_prefix_domain(&self, domain: &str) -> bool {
        let (usual, fips) = partition(self.region).domains;
        [usual, fips].iter().any(|end| {
            let prefix = domain.strip_suffix(&end.replace("{}", self.region));
            prefix.is_some_and(|prefix| {
                !prefix.is_empty() && !prefix.contains(|c: char| !c.is_ascii_alphanumeric() && c != '-')
            })
        })
    }

    /// Checks that the hosted UI's domain is a FIPS 140 domain if only FIPS hosts are allowed or exist in the region. A
    /// custom domain passes, since nothing is known of its cryptography.
    ///
    /// # Errors
    /// If the domain is AWS's usual one, without FIPS 140, although FIPS is required or the region has only the FIPS
    /// one.
    pub fn check_domain(&self, domain: &str) -> Result<(), String> {
        let partition = partition(self.region);
        let (usual, fips) = partition.domains;
        let wanted = if self.is_fips { fips } else { usual };
        let (wanted, other) = (wanted.replace("{}", self.region), DOMAINS.0.replace("{}", self.region));
        match domain.strip_suffix(&other) {
            Some(prefix) if wanted != other => {
                Err(format!("'{domain}' is not a host of FIPS 140; name '{prefix}{wanted}'"))
            }
            _ => Ok(()),
        }
    }
}

fn https(host: &str, region: &str) -> String {
    format!("https://{}", host.replace("{}", region))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(service: Service, region: &str, is_fips: bool) -> Result<String, String> {
        Place { region, is_fips }.url(service)
    }

    #[test]
    fn hosts_equal_those_of_botocore_and_aws_pages() {
        use Service::{IdentityPool, Sts, UserPool};
        for (service, region, usual, fips) in [
            (UserPool, "eu-west-1", Some("cognito-idp.eu-west-1.amazonaws.com"), None),
            (
                UserPool,
                "us-east-1",
                Some("cognito-idp.us-east-1.amazonaws.com"),
                Some("cognito-idp-fips.us-east-1.amazonaws.com"),
            ),
            (
                UserPool,
                "us-gov-west-1",
                Some("cognito-idp-fips.us-gov-west-1.amazonaws.com"),
                Some("cognito-idp-fips.us-gov-west-1.amazonaws.com"),
            ),
            (UserPool, "cn-north-1", None, None),
            (UserPool, "eusc-de-east-1", Some("cognito-idp.eusc-de-east-1.amazonaws.eu"), None),
            (IdentityPool, "eu-west-1", Some("cognito-identity.eu-west-1.amazonaws.com"), None),
            (
                IdentityPool,
                "us-west-1",
                Some("cognito-identity.us-west-1.amazonaws.com"),
                Some("cognito-identity-fips.us-west-1.amazonaws.com"),
            ),
            (
                IdentityPool,
                "us-gov-west-1",
                Some("cognito-identity.us-gov-west-1.amazonaws.com"),
                Some("cognito-identity-fips.us-gov-west-1.amazonaws.com"),
            ),
            (IdentityPool, "us-gov-east-1", Some("cognito-identity.us-gov-east-1.amazonaws.com"), None),
            (IdentityPool, "cn-north-1", Some("cognito-identity.cn-north-1.amazonaws.com.cn"), None),
            (IdentityPool, "eusc-de-east-1", Some("cognito-identity.eusc-de-east-1.amazonaws.eu"), None),
            (Sts, "eu-west-1", Some("sts.eu-west-1.amazonaws.com"), None),
            (Sts, "us-east-2", Some("sts.us-east-2.amazonaws.com"), Some("sts-fips.us-east-2.amazonaws.com")),
            (Sts, "us-gov-east-1", Some("sts.us-gov-east-1.amazonaws.com"), Some("sts.us-gov-east-1.amazonaws.com")),
            (Sts, "cn-north-1", Some("sts.cn-north-1.amazonaws.com.cn"), None),
        ] {
            let https = |host: Option<&str>| host.map(|host| format!("https://{host}"));
            assert_eq!(url(service, region, false).ok(), https(usual), "{service:?} {region}");
            assert_eq!(url(service, region, true).ok(), https(fips), "{service:?} {region} by FIPS");
        }
    }

    #[test]
    fn region_belongs_to_one_partition() {
        for (region, name) in [
            ("eu-west-1", "aws"),
            ("us-east-1", "aws"),
            ("us-gov-west-1", "aws-us-gov"),
            ("cn-northwest-1", "aws-cn"),
            ("eusc-de-east-1", "aws-eusc"),
        ] {
            assert_eq!(partition(region).name, name, "{region}");
        }
    }

    #[test]
    fn issuers_of_a_user_pool_are_its_own_hosts() {
        let issuers = |region: &'static str| Place { region, is_fips: false }.issuers("P");
        assert_eq!(
            issuers("eu-west-1"),
            ["https://cognito-idp.eu-west-1.amazonaws.com/P", "https://issuer-cognito-idp.eu-west-1.amazonaws.com/P"]
        );
        assert!(
            issuers("us-gov-west-1").contains(&"https://cognito-idp-fips.us-gov-west-1.amazonaws.com/P".to_owned())
        );
        assert!(issuers("cn-north-1").is_empty());
    }

    #[test]
    fn prefix_domains_belong_to_one_region_and_partition() {
        for (region, domain, is_it) in [
            ("eu-west-1", "corp.auth.eu-west-1.amazoncognito.com", true),
            ("us-gov-west-1", "corp.auth-fips.us-gov-west-1.amazoncognito.com", true),
            ("us-east-1", "corp.auth-fips.us-east-1.amazoncognito.com", true),
            ("eu-west-1", "corp.auth.us-east-1.amazoncognito.com", false),
            ("us-gov-west-1", "corp.auth.us-gov-west-1.amazoncognito.com", false),
            ("eu-west-1", "auth.eu-west-1.amazoncognito.com", false),
            ("eu-west-1", ".auth.eu-west-1.amazoncognito.com", false),
            ("eu-west-1", "a.b.auth.eu-west-1.amazoncognito.com", false),
            ("eu-west-1", "corp.auth.eu-west-1.amazoncognito.com.relay.example", false),
            ("eu-west-1", "corp.auth.eu-west-1.amazoncognito.example", false),
            ("eu-west-1", "corp-auth.eu-west-1.amazoncognito.com", false),
            ("eu-west-1", "relay.example/corp.auth.eu-west-1.amazoncognito.com", false),
            ("eu-west-1", "corp@x.auth.eu-west-1.amazoncognito.com", false),
        ] {
            assert_eq!(Place { region, is_fips: false }.is_prefix_domain(domain), is_it, "{region} {domain}");
        }
    }

    #[test]
    fn required_fips_refuses_other_domains_of_aws() {
        let check = |region, is_fips, domain: &str| Place { region, is_fips }.check_domain(domain);
        assert!(check("us-east-1", false, "corp.auth.us-east-1.amazoncognito.com").is_ok());
        assert!(check("us-east-1", true, "corp.auth-fips.us-east-1.amazoncognito.com").is_ok());
        assert!(check("us-east-1", true, "login.corp.example").is_ok(), "nobody but its owner knows");
        for (region, is_fips) in [("us-east-1", true), ("us-gov-west-1", false), ("us-gov-west-1", true)] {
            let fault = check(region, is_fips, &format!("corp.auth.{region}.amazoncognito.com")).unwrap_err();
            assert!(fault.ends_with(&format!("name 'corp.auth-fips.{region}.amazoncognito.com'")), "{fault}");
        }
    }

    #[test]
    fn user_pools_hosts_are_known_in_every_partition() {
        for host in [
            "cognito-idp.eu-west-1.amazonaws.com",
            "issuer-cognito-idp.eu-west-1.amazonaws.com",
            "cognito-idp-fips.us-gov-west-1.amazonaws.com",
            "cognito-idp.cn-north-1.amazonaws.com.cn",
        ] {
            assert!(is_user_pools(host), "{host}");
        }
        for host in ["login.microsoftonline.com", "cognito-identity.eu-west-1.amazonaws.com", "cognito-idp.example"] {
            assert!(!is_user_pools(host), "{host}");
        }
    }
}
