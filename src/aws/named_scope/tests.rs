use super::*;

/// Returns the scope of `host` as text: `SERVICE REGION`, or the name of another outcome.
fn shown(host: &str) -> String {
    match named_scope(host) {
        NamedScope::Service { service, region, is_endpoint } => {
            let end = if is_endpoint { " endpoint" } else { "" };
            format!("{service} {}{end}", region.as_deref().unwrap_or("-"))
        }
        NamedScope::Own => "own".into(),
        NamedScope::Unknown { region } => format!("unknown {}", region.as_deref().unwrap_or("-")),
        NamedScope::MultiRegion => "multi-region".into(),
    }
}

#[track_caller]
fn assert_shown(cases: &[(&str, &str)]) {
    for (host, expected) in cases {
        assert_eq!(shown(host), *expected, "{host}");
    }
}

#[test]
fn api_gateways_hosts_name_their_region() {
    assert_shown(&[
        ("abc123.execute-api.eu-west-1.amazonaws.com", "execute-api eu-west-1"),
        ("ABC123.Execute-API.EU-West-1.amazonaws.com:443", "execute-api eu-west-1"),
        ("abc123.execute-api.eu-west-1.amazonaws.com.", "execute-api eu-west-1"),
        ("abc123.execute-api.us-gov-west-1.amazonaws.com", "execute-api us-gov-west-1"),
        ("abc123.execute-api.cn-north-1.amazonaws.com.cn", "execute-api cn-north-1"),
        ("abc123.execute-api.eusc-de-east-1.amazonaws.eu", "execute-api eusc-de-east-1"),
        ("abc123.execute-api.us-iso-east-1.c2s.ic.gov", "execute-api us-iso-east-1"),
        ("abc123.execute-api.us-isob-east-1.sc2s.sgov.gov", "execute-api us-isob-east-1"),
        ("abc123.execute-api.eu-west-1.api.aws", "execute-api eu-west-1"),
        ("abc123.execute-api-fips.us-east-1.amazonaws.com", "execute-api us-east-1"),
        ("abc123-vpce-0a1b2c.execute-api.us-east-1.amazonaws.com", "execute-api us-east-1"),
        ("vpce-0a1b2c-xyz.execute-api.us-east-1.vpce.amazonaws.com", "execute-api us-east-1 endpoint"),
        ("vpce-0a1b2c-xyz-us-east-1a.execute-api.us-east-1.vpce.amazonaws.com", "execute-api us-east-1 endpoint"),
    ]);
}

#[test]
fn hosts_of_other_services_name_service_and_region() {
    assert_shown(&[
        ("abc.lambda-url.eu-west-1.on.aws", "lambda eu-west-1"),
        ("abc.lambda-url.cn-north-1.on.amazonwebservices.com.cn", "lambda cn-north-1"),
        ("abc.appsync-api.eu-west-1.amazonaws.com", "appsync eu-west-1"),
        ("abc.appsync-realtime-api.eu-west-1.amazonaws.com", "appsync eu-west-1"),
        ("vpce-1.appsync-api.eu-west-1.vpce.amazonaws.com", "appsync eu-west-1 endpoint"),
        ("search-orders-abc.eu-west-1.es.amazonaws.com", "es eu-west-1"),
        ("vpc-orders-abc.us-gov-west-1.es.amazonaws.com", "es us-gov-west-1"),
        ("search-orders-abc.cn-north-1.es.amazonaws.com.cn", "es cn-north-1"),
        ("search-orders-abc.aos.eu-west-1.on.aws", "es eu-west-1"),
        ("abc.eu-west-1.aoss.amazonaws.com", "aoss eu-west-1"),
        ("abc.us-east-1.aoss-fips.amazonaws.com", "aoss us-east-1"),
        ("abc.aoss.us-east-1.on.aws", "aoss us-east-1"),
        ("abc.aoss-fips.us-east-1.on.aws", "aoss us-east-1"),
        ("aoss.eu-west-1.amazonaws.com", "aoss eu-west-1"),
        ("bedrock.eu-west-1.amazonaws.com", "bedrock eu-west-1"),
        ("bedrock-runtime.eu-west-1.amazonaws.com", "bedrock eu-west-1"),
        ("bedrock-runtime-fips.us-east-1.amazonaws.com", "bedrock us-east-1"),
        ("bedrock-agent.eu-west-1.amazonaws.com", "bedrock eu-west-1"),
        ("bedrock-agent-runtime.eu-west-1.amazonaws.com", "bedrock eu-west-1"),
        ("bedrock-agentcore.eu-west-1.amazonaws.com", "bedrock-agentcore eu-west-1"),
        ("gw-1.gateway.bedrock-agentcore.eu-west-1.amazonaws.com", "bedrock-agentcore eu-west-1"),
        ("bedrock-mantle.us-east-1.api.aws", "bedrock-mantle us-east-1"),
        ("vpce-1-2.bedrock-runtime.eu-west-1.vpce.amazonaws.com", "bedrock eu-west-1 endpoint"),
        ("svc-0a-1b.7d67968.vpc-lattice-svcs.eu-west-1.on.aws", "vpc-lattice-svcs eu-west-1"),
        ("email.eu-west-1.amazonaws.com", "ses eu-west-1"),
        ("monitoring.eu-west-1.amazonaws.com", "monitoring eu-west-1"),
        ("eu-west-1.queue.amazonaws.com", "sqs eu-west-1"),
        ("queue.amazonaws.com", "sqs us-east-1"),
        ("sts.amazonaws.com", "sts us-east-1"),
        ("iam.us-gov.amazonaws.com", "iam us-gov-west-1"),
        ("iam.global.api.aws", "iam us-east-1"),
        ("123456789012.ddb.eu-west-1.amazonaws.com", "dynamodb eu-west-1"),
        ("abc-ats.iot.eu-west-1.amazonaws.com", "iotdata eu-west-1"),
    ]);
}

#[test]
fn hosts_of_s3_name_their_region() {
    assert_shown(&[
        ("s3.amazonaws.com", "s3 us-east-1"),
        ("orders.s3.amazonaws.com", "s3 us-east-1"),
        ("orders.2026.eu.s3.amazonaws.com", "s3 us-east-1"),
        ("s3.eu-west-1.amazonaws.com", "s3 eu-west-1"),
        ("orders.s3.eu-west-1.amazonaws.com", "s3 eu-west-1"),
        ("my.eu-west-1.es.s3.eu-west-1.amazonaws.com", "s3 eu-west-1"),
        ("abc.execute-api.eu-west-1.s3.us-west-2.amazonaws.com", "s3 us-west-2"),
        ("orders.s3.dualstack.eu-west-1.amazonaws.com", "s3 eu-west-1"),
        ("orders.s3-fips.us-east-1.amazonaws.com", "s3 us-east-1"),
        ("orders.s3-fips.dualstack.us-east-1.amazonaws.com", "s3 us-east-1"),
        ("orders.s3-eu-west-1.amazonaws.com", "s3 eu-west-1"),
        ("s3-fips-us-gov-west-1.amazonaws.com", "s3 us-gov-west-1"),
        ("s3-external-1.amazonaws.com", "s3 us-east-1"),
        ("orders.s3-accelerate.amazonaws.com", "s3 -"),
        ("orders.s3-accelerate.dualstack.amazonaws.com", "s3 -"),
        ("orders.s3.cn-north-1.amazonaws.com.cn", "s3 cn-north-1"),
        ("ap-123456789012.s3-accesspoint.eu-west-1.amazonaws.com", "s3 eu-west-1"),
        ("ap-123456789012.s3-accesspoint-fips.dualstack.us-east-1.amazonaws.com", "s3 us-east-1"),
        ("123456789012.s3-control.eu-west-1.amazonaws.com", "s3 eu-west-1"),
        ("ap-1.op-1.s3-outposts.eu-west-1.amazonaws.com", "s3-outposts eu-west-1"),
        ("ol-1.s3-object-lambda.eu-west-1.amazonaws.com", "s3-object-lambda eu-west-1"),
        ("orders--use1-az4--x-s3.s3express-use1-az4.us-east-1.amazonaws.com", "s3express us-east-1"),
        ("s3express-control.us-east-1.amazonaws.com", "s3express us-east-1"),
        ("orders.vpce-1a.s3.us-east-1.vpce.amazonaws.com", "s3 us-east-1"),
        ("abc.mrap.accesspoint.s3-global.amazonaws.com", "multi-region"),
    ]);
}

#[test]
fn hosts_that_only_resemble_aws_are_own_hosts() {
    assert_shown(&[
        ("api.example.com", "own"),
        ("abc123.execute-api.eu-west-1.amazonaws.com.evil.example", "own"),
        ("abc123.execute-api.eu-west-1.evilamazonaws.com", "own"),
        ("abc.lambda-url.eu-west-1.on.aws.evil.example", "own"),
        ("abc.lambda-url.eu-west-1.xon.aws", "own"),
        ("abc.lambda-url.eu-west-1.aws", "own"),
        (".execute-api.eu-west-1.amazonaws.com", "own"),
        ("amazonaws.com", "own"),
        ("d111.cloudfront.net", "own"),
        ("localhost:3000", "own"),
        ("127.0.0.1:3000", "own"),
        ("[::1]:3000", "own"),
        ("", "own"),
    ]);
}

#[test]
fn hosts_of_unknown_services_are_told_apart() {
    assert_shown(&[
        ("abc123.xexecute-api.eu-west-1.amazonaws.com", "unknown eu-west-1"),
        ("a.b.execute-api.eu-west-1.amazonaws.com", "unknown eu-west-1"),
        ("abc123.execute-api.euwest1.amazonaws.com", "unknown -"),
        ("abc123.execute-api.eu-west-.amazonaws.com", "unknown -"),
        ("abc123.execute-api.eu-west-1.vpce.amazonaws.com", "unknown eu-west-1"),
        ("lb-1.eu-west-1.elb.amazonaws.com", "unknown eu-west-1"),
        ("abc.lambda.eu-west-1.amazonaws.com", "unknown eu-west-1"),
        ("brandnew.eu-west-1.amazonaws.com", "unknown eu-west-1"),
        ("brandnew.eu-west-1.api.aws", "unknown eu-west-1"),
        ("abc.brandnew.eu-west-1.on.aws", "unknown eu-west-1"),
        ("lambda-url.eu-west-1.on.aws", "unknown eu-west-1"),
        ("orders.s3-website-eu-west-1.amazonaws.com", "unknown -"),
    ]);
}

#[test]
fn scopes_of_hosts_equal_those_of_botocore() {
    let hosts = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/aws_hosts.txt")).unwrap();
    let hosts: Vec<(&str, &str)> = hosts.lines().map(|line| line.split_once(' ').unwrap()).collect();
    let wrong: Vec<_> = hosts.iter().filter(|(host, scope)| shown(host) != *scope).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(hosts.len() > 400, "{}", hosts.len());
}

#[test]
fn words_for_regions_and_ids_are_found_in_hosts_of_aws() {
    for (host, expected) in [
        ("restapi_id.execute-api.region.amazonaws.com", Some(("region", "region"))),
        ("abc123.execute-api.REGION.amazonaws.com", Some(("region", "REGION"))),
        ("abc123.execute-api.your-region.amazonaws.com", Some(("region", "your-region"))),
        ("sqs.aws_region.amazonaws.com", Some(("region", "aws_region"))),
        ("orders.s3.region.amazonaws.com", Some(("region", "region"))),
        ("abc.lambda-url.region.on.aws", Some(("region", "region"))),
        ("restapi_id.execute-api.eu-west-1.amazonaws.com", Some(("id", "restapi_id"))),
        ("YOUR-API-ID.execute-api.eu-west-1.amazonaws.com", Some(("id", "YOUR-API-ID"))),
        ("abc123.execute-api.eu-west-1.amazonaws.com", None),
        ("region.s3.eu-west-1.amazonaws.com", None),
        ("region.s3.amazonaws.com", None),
        ("arc-region-switch.us-east-1.api.aws", None),
        ("region.example.com", None),
    ] {
        assert_eq!(unfilled_word(host), expected, "{host}");
    }
}
