//! The AWS region in an API Gateway host's name.

use super::hosts::below_aws;
use super::ids;

/// Returns the region in the name of one of API Gateway's own hosts: `API.execute-api.REGION.amazonaws.com`, or
/// `…amazonaws.com.cn` in China. Private APIs have `API-VPCE.execute-api.REGION.amazonaws.com` and
/// `VPCE.execute-api.REGION.vpce.amazonaws.com`
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-private-api-test-invoke-url.html>).
///
/// `None` for a custom domain, whose name has no region. `host` may hold a port.
pub fn region_of(host: &str) -> Option<String> {
    let host = host.split(':').next()?.to_ascii_lowercase();
    let mut labels = below_aws(&host)?.split('.');
    let (api, service, region) = (labels.next()?, labels.next()?, labels.next()?);
    let private = match labels.next() {
        None => false,
        Some("vpce") => true,
        Some(_) => return None,
    };
    let named = !api.is_empty() && (!private || api.starts_with("vpce-"));
    let region = ids::region(region).ok()?;
    (named && service == "execute-api" && labels.next().is_none()).then_some(region)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn region_is_read_from_the_gateways_own_hosts() {
        for (host, region) in [
            ("abc123.execute-api.eu-west-1.amazonaws.com", Some("eu-west-1")),
            ("ABC123.Execute-API.EU-West-1.amazonaws.com:443", Some("eu-west-1")),
            ("abc123.execute-api.us-gov-west-1.amazonaws.com", Some("us-gov-west-1")),
            ("abc123.execute-api.cn-north-1.amazonaws.com.cn", Some("cn-north-1")),
            ("abc123.execute-api.eusc-de-east-1.amazonaws.eu", Some("eusc-de-east-1")),
            ("abc123-vpce-0a1b2c.execute-api.us-east-1.amazonaws.com", Some("us-east-1")),
            ("vpce-0a1b2c-xyz.execute-api.us-east-1.vpce.amazonaws.com", Some("us-east-1")),
            ("vpce-0a1b2c-xyz-us-east-1a.execute-api.us-east-1.vpce.amazonaws.com", Some("us-east-1")),
            ("api.example.com", None),
            ("abc123.execute-api.eu-west-1.amazonaws.com.evil.example", None),
            ("abc123.execute-api.eu-west-1.evilamazonaws.com", None),
            ("execute-api.eu-west-1.amazonaws.com", None),
            (".execute-api.eu-west-1.amazonaws.com", None),
            ("abc123.lambda.eu-west-1.amazonaws.com", None),
            ("abc123.execute-api.euwest1.amazonaws.com", None),
            ("abc123.execute-api.eu-west-.amazonaws.com", None),
            ("abc123.execute-api.eu-west-1.vpce.amazonaws.com", None),
            ("a.b.execute-api.eu-west-1.amazonaws.com", None),
            ("localhost:3000", None),
            ("[::1]:3000", None),
        ] {
            assert_eq!(region_of(host).as_deref(), region, "{host}");
        }
    }
}
