//! `cogfed call`: the service and the region for which requests are signed.

use cogfed_test_support::{Lab, PROFILE, Ran};

use super::requests::signed_in;

const API: &str = "https://abc123.execute-api.eu-west-1.amazonaws.com/prod/orders";
const OWN: &str = "https://api.example.com/orders";

/// Returns a lab in which Alice is signed in with a profile that has no region.
fn without_region() -> Lab {
    let lab = signed_in("alice");
    let section = lab.sandbox.profile_toml(PROFILE).replace("region = \"eu-west-1\"\n", "");
    lab.configure(&section, "store = 'file'");
    lab
}

/// Runs `cogfed call --dry-run` for `url`, with these environment variables set.
fn dry_run(lab: &Lab, url: &str, flags: &[&str], variables: &[(&str, &str)]) -> Ran {
    let mut command = lab.command(&[&["call", "GET", url, "--dry-run"], flags].concat());
    command.envs(variables.iter().copied());
    command.output().expect("cogfed runs").into()
}

/// Returns the credential scope of a printed request as `REGION/SERVICE`.
#[track_caller]
fn scope(ran: Ran) -> String {
    let ran = ran.good();
    let scope = ran.stdout.lines().find_map(|line| line.split_once("Credential=")?.1.split_once(','));
    let (scope, _) = scope.unwrap_or_else(|| panic!("no signature: {ran:?}"));
    scope.split('/').skip(2).take(2).collect::<Vec<_>>().join("/")
}

#[test]
fn call_signs_for_service_and_region_of_the_host() {
    let lab = without_region();
    for (host, expected) in [
        ("abc123.execute-api.us-east-2.amazonaws.com", "us-east-2/execute-api"),
        ("abc123.execute-api.cn-north-1.amazonaws.com.cn", "cn-north-1/execute-api"),
        ("abc.lambda-url.us-east-2.on.aws", "us-east-2/lambda"),
        ("abc.appsync-api.us-east-2.amazonaws.com", "us-east-2/appsync"),
        ("search-orders-abc.us-east-2.es.amazonaws.com", "us-east-2/es"),
        ("abc.us-east-2.aoss.amazonaws.com", "us-east-2/aoss"),
        ("bedrock-runtime.us-east-2.amazonaws.com", "us-east-2/bedrock"),
        ("orders.s3.us-east-2.amazonaws.com", "us-east-2/s3"),
        ("svc-0a.7d67968.vpc-lattice-svcs.us-east-2.on.aws", "us-east-2/vpc-lattice-svcs"),
        ("email.us-east-2.amazonaws.com", "us-east-2/ses"),
        // AWS's name at the front makes no host AWS's.
        ("abc.lambda-url.us-east-2.on.aws.evil.example", "eu-west-1/execute-api"),
    ] {
        assert_eq!(scope(dry_run(&lab, &format!("https://{host}/a"), &[], &[])), expected, "{host}");
    }
}

#[test]
fn service_flag_counts_before_the_host() {
    let lab = without_region();
    assert_eq!(scope(dry_run(&lab, API, &["--service", "lambda"], &[])), "eu-west-1/lambda");
    assert_eq!(scope(dry_run(&lab, OWN, &["--service", "es", "--region", "us-east-2"], &[])), "us-east-2/es");
    let unknown = "https://lb-1.us-east-2.elb.amazonaws.com/";
    assert_eq!(scope(dry_run(&lab, unknown, &["--service", "execute-api"], &[])), "us-east-2/execute-api");
    for wrong in ["", "a b", "lambda/aws4_request", "ü", &"a".repeat(65)] {
        let ran = dry_run(&lab, API, &["--service", wrong], &[]).failed_with(2);
        assert!(ran.one_error_and_hint().contains("is not a service's name"), "{ran:?}");
    }
}

#[test]
fn aws_host_of_an_unknown_service_requires_the_service_flag() {
    let lab = without_region();
    for host in ["brandnew.eu-west-1.amazonaws.com", "abc.xexecute-api.eu-west-1.amazonaws.com", "a.b.eu-west-1.on.aws"]
    {
        let ran = dry_run(&lab, &format!("https://{host}/"), &[], &[]).failed_with(2);
        assert!(ran.one_error_and_hint().contains(&format!("'{host}' is a host of AWS's")), "{ran:?}");
        assert!(ran.stderr.contains("hint: name the service by --service"), "{ran:?}");
    }
    let ran = dry_run(&lab, "https://a.accesspoint.s3-global.amazonaws.com/k", &[], &[]).failed_with(2);
    assert!(ran.one_error_and_hint().contains("SigV4A"), "{ran:?}");
}

#[test]
fn region_comes_from_flag_host_profile_environment_then_pool() {
    let lab = without_region();
    let (first, second) = (("AWS_REGION", "us-east-2"), ("AWS_DEFAULT_REGION", "us-west-2"));
    assert_eq!(scope(dry_run(&lab, OWN, &[], &[])), "eu-west-1/execute-api", "the identity pool's");
    assert_eq!(scope(dry_run(&lab, OWN, &[], &[second])), "us-west-2/execute-api");
    assert_eq!(scope(dry_run(&lab, OWN, &[], &[first, second])), "us-east-2/execute-api");
    assert_eq!(scope(dry_run(&lab, OWN, &[], &[("AWS_REGION", ""), second])), "us-west-2/execute-api");
    assert_eq!(scope(dry_run(&lab, API, &[], &[first, second])), "eu-west-1/execute-api", "the host's");
    assert_eq!(scope(dry_run(&lab, API, &["--region", "us-west-1"], &[first])), "us-west-1/execute-api");
    let told = dry_run(&lab, OWN, &["-v"], &[first]).good().stderr;
    assert!(told.contains("signing for service 'execute-api' in region 'us-east-2' (from AWS_REGION)"), "{told}");
    let ran = dry_run(&lab, OWN, &[], &[("AWS_REGION", "Ireland")]).failed_with(2);
    assert!(ran.one_error_and_hint().contains("AWS_REGION: 'Ireland' is not a region"), "{ran:?}");
    // With a region in the profile, the environment has no say.
    let lab = signed_in("alice");
    assert_eq!(scope(dry_run(&lab, OWN, &[], &[first, second])), "eu-west-1/execute-api");
}

#[test]
fn sign_host_replaces_host_and_scope() {
    let lab = without_region();
    let url = "https://127.0.0.1:9443/prod/orders";
    let ran = dry_run(&lab, url, &["--sign-host", "ABC.Lambda-URL.us-east-2.on.aws:443"], &[]).good();
    assert!(ran.stdout.contains("host: abc.lambda-url.us-east-2.on.aws\n"), "{ran:?}");
    assert_eq!(scope(ran), "us-east-2/lambda");
    let ran = dry_run(&lab, url, &["--sign-host", "api.example.com:8443"], &[]).good();
    assert!(ran.stdout.contains("host: api.example.com:8443\n"), "{ran:?}");
    for wrong in ["", "https://api.example.com", "api.example.com/prod", "a b", "user@api.example.com", "api?x", "a\\b"]
    {
        let ran = dry_run(&lab, url, &["--sign-host", wrong], &[]).failed_with(2);
        assert!(ran.one_error_and_hint().contains("is no host to sign for"), "{ran:?}");
    }
}

#[test]
fn endpoint_of_a_private_api_without_the_apis_id_is_noted() {
    let lab = without_region();
    let url = "https://vpce-0a1b-xyz.execute-api.eu-west-1.vpce.amazonaws.com/prod/o";
    let ran = dry_run(&lab, url, &[], &[]).good();
    assert!(ran.stderr.contains("warning: the URL's host is a VPC endpoint's and names no API"), "{ran:?}");
    assert!(ran.stderr.contains("hint: add -H 'x-apigw-api-id: API'"), "{ran:?}");
    assert_eq!(dry_run(&lab, url, &["-H", "x-apigw-api-id: abc123"], &[]).good().stderr, "");
    let host = "abc123.execute-api.eu-west-1.amazonaws.com";
    assert_eq!(dry_run(&lab, url, &["--sign-host", host], &[]).good().stderr, "");
}
