//! The service and the region that can be read from the name of an AWS host.

use super::{ids, services};

/// The domains of AWS's regional services, each with the region for which requests to global services in that partition
/// are signed.
const REGIONAL: &[(&str, &str)] = &[
    ("amazonaws.com.cn", "cn-northwest-1"),
    ("amazonaws.com", "us-east-1"),
    ("amazonaws.eu", "eusc-de-east-1"),
    ("c2s.ic.gov", "us-iso-east-1"),
    ("sc2s.sgov.gov", "us-isob-east-1"),
    ("cloud.adc-e.uk", "eu-isoe-west-1"),
    ("csp.hci.ic.gov", "us-isof-south-1"),
    ("api.amazonwebservices.com.cn", "cn-northwest-1"),
    ("api.aws", "us-east-1"),
    ("api.amazonwebservices.eu", "eusc-de-east-1"),
    ("api.aws.ic.gov", "us-iso-east-1"),
];

/// The domains of endpoints that belong to a customer's resource, such as the URL of a Lambda function.
const OF_RESOURCES: &[&str] = &["on.aws", "on.amazonwebservices.com.cn", "on.amazonwebservices.eu"];

/// The service and the region in the name of a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NamedScope {
    /// The host does not belong to AWS, or its name is an AWS domain and nothing more.
    Own,
    /// The host belongs to a known AWS service.
    Service {
        /// The service's name in the credential scope.
        service: &'static str,
        /// The region; `None` for a host that serves S3 buckets of all regions.
        region: Option<String>,
        /// True for the host of a VPC endpoint, `vpce-….REGION.vpce.amazonaws.com`, because the name of such a host
        /// contains no API id.
        is_endpoint: bool,
    },
    /// The host belongs to AWS, but to no service that cogfed knows.
    Unknown {
        /// The region, if the host's name contains one.
        region: Option<String>,
    },
    /// The host requires multi-region signatures (SigV4A), which cogfed cannot make.
    MultiRegion,
}

impl NamedScope {
    /// Returns the region that the host's name implies, or `None` if the name implies no region.
    pub fn region(&self) -> Option<&str> {
        match self {
            Self::Service { region, .. } | Self::Unknown { region } => region.as_deref(),
            Self::Own | Self::MultiRegion => None,
        }
    }
}

/// Reads the service and the region from `host`, a host name with or without a port.
///
/// Sources: botocore's endpoints for the services' own hosts; for the hosts of customers' resources
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-private-api-test-invoke-url.html>,
/// <https://docs.aws.amazon.com/lambda/latest/dg/urls-configuration.html>,
/// <https://docs.aws.amazon.com/appsync/latest/devguide/using-private-apis.html>,
/// <https://docs.aws.amazon.com/opensearch-service/latest/developerguide/serverless-collection-endpoints.html>,
/// <https://docs.aws.amazon.com/vpc-lattice/latest/ug/sigv4-authenticated-requests.html> and, for S3,
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html>.
pub fn named_scope(host: &str) -> NamedScope {
    let host = host.split(':').next().unwrap_or_default().to_ascii_lowercase();
    let host = host.strip_suffix('.').unwrap_or(&host);
    let below = |domain: &str| host.strip_suffix(domain)?.strip_suffix('.').map(labels);
    if let Some(labels) = OF_RESOURCES.iter().find_map(|domain| below(domain)) {
        return if labels.contains(&"") { NamedScope::Own } else { of_resource(&labels) };
    }
    match REGIONAL.iter().find_map(|(domain, global)| Some((below(domain)?, *global))) {
        Some((labels, global)) if !labels.contains(&"") => regional(&labels, global),
        _ => NamedScope::Own,
    }
}

/// Returns the word in the name of an AWS host that stands for a region or for an API's id, as in
/// `restapi_id.execute-api.region.amazonaws.com`, after the name of what is missing: `region` or `id`.
pub fn unfilled_word(host: &str) -> Option<(&'static str, &str)> {
    let labels = || host.split('.');
    match named_scope(host) {
        NamedScope::Unknown { region: None } => {
            Some(("region", labels().find(|label| label.to_ascii_lowercase().contains("region"))?))
        }
        NamedScope::Service { service: "execute-api", .. } => {
            let id = labels().next()?;
            id.to_ascii_lowercase().replace(['-', '_'], "").contains("apiid").then_some(("id", id))
        }
        _ => None,
    }
}

fn labels(name: &str) -> Vec<&str> {
    name.split('.').collect()
}

/// Reads the service and the region from the labels `ID.NAME.REGION` before a domain such as `on.aws`.
fn of_resource(labels: &[&str]) -> NamedScope {
    match labels {
        [_, .., name, region] if is_region(region) => {
            found(services::on_aws(without_fips(name)), Some((*region).to_owned()), labels)
        }
        _ => unknown(labels),
    }
}

/// Reads the service and the region from the labels before a domain of regional services, such as `amazonaws.com`.
fn regional(labels: &[&str], global: &str) -> NamedScope {
    let (is_endpoint, labels) = match labels {
        [rest @ .., "vpce"] if rest.iter().any(|label| label.starts_with("vpce-")) => (true, rest),
        _ => (false, labels),
    };
    if let Some(scope) = s3(labels, global) {
        return scope;
    }
    // A service's name may look like a region's, as resource-explorer-2 does.
    if let [.., region, name] = labels
        && is_region(region)
        && !is_region(name)
    {
        return found(services::after_region(without_fips(name)), Some((*region).to_owned()), labels);
    }
    let (region, rest) = match labels {
        [rest @ .., region] if is_region(region) => (*region, rest),
        [rest @ .., "us-gov"] => ("us-gov-west-1", rest),
        [rest @ .., "global"] => (global, rest),
        rest => (global, rest),
    };
    let names: Vec<&str> = rest.iter().map(|label| without_fips(label)).filter(|label| *label != "fips").collect();
    let service = services::named(&names.join(".")).or_else(|| {
        let (id, names) = names.split_first()?;
        let is_of_endpoint = is_endpoint && id.starts_with("vpce-");
        let service = || services::named(&names.join(".")).filter(|_| is_of_endpoint);
        services::of_resource(&names.join(".")).or_else(service)
    });
    match found(service, Some(region.to_owned()), labels) {
        NamedScope::Service { service, region, .. } => NamedScope::Service { service, region, is_endpoint },
        other => other,
    }
}

/// Reads the service and the region from the labels of an S3 host, or returns `None` for any other host. A bucket's
/// name comes first and may contain dots, so they are read from the end.
fn s3(labels: &[&str], global: &str) -> Option<NamedScope> {
    let (mut region, rest) = match labels {
        [rest @ .., region] if is_region(region) => (Some(*region), rest),
        rest => (None, rest),
    };
    let rest = rest.strip_suffix(&["dualstack"]).unwrap_or(rest);
    let name = without_fips(rest.last()?);
    if name == "s3-global" {
        return Some(NamedScope::MultiRegion);
    }
    // The first regions had names such as s3-eu-west-1.amazonaws.com.
    let old = name.strip_prefix("s3-").map(|end| end.strip_prefix("fips-").unwrap_or(end));
    let service = match (name, region) {
        ("s3", None) | ("s3-external-1", None) => {
            region = Some(global);
            "s3"
        }
        ("s3-accelerate", None) => "s3",
        ("s3" | "s3-accesspoint" | "s3-control", Some(_)) => "s3",
        ("s3-outposts", Some(_)) => "s3-outposts",
        ("s3-object-lambda", Some(_)) => "s3-object-lambda",
        (name, Some(_)) if name.starts_with("s3express-") => "s3express",
        (_, None) if old.is_some_and(|region| is_region(region) && !region.starts_with("website-")) => {
            region = old;
            "s3"
        }
        _ => return None,
    };
    Some(NamedScope::Service { service, region: region.map(str::to_owned), is_endpoint: false })
}

fn found(service: Option<&'static str>, region: Option<String>, labels: &[&str]) -> NamedScope {
    match service {
        Some(service) => NamedScope::Service { service, region, is_endpoint: false },
        None => unknown(labels),
    }
}

fn unknown(labels: &[&str]) -> NamedScope {
    NamedScope::Unknown { region: labels.iter().rfind(|label| is_region(label)).map(|label| (*label).to_owned()) }
}

fn is_region(label: &str) -> bool {
    ids::region(label).is_ok()
}

fn without_fips(label: &str) -> &str {
    label.strip_suffix("-fips").unwrap_or(label)
}

#[cfg(test)]
mod tests;
