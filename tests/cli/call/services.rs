//! `cogfed call`: the service and the region for which requests are signed.

use std::sync::mpsc::channel;

use chrono::TimeDelta;
use cogfed::clock::{Clock, SystemClock};
use cogfed::sandbox::sigv4::{Expected, Wire, verify_wire};
use cogfed_test_support::{Answer, Lab, PROFILE, Ran, Server};

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

/// Starts a server that verifies the signature of each request for `service`, and answers a wrong signature with AWS's
/// error message.
fn verifier(lab: &Lab, service: &'static str) -> Server {
    let key = lab.issued(&lab.credentials().good().document());
    Server::of_requests(move |request| {
        let mut lines = request.head.lines();
        let first: Vec<&str> = lines.next().unwrap_or_default().split(' ').collect();
        let (path, query) = first[1].split_once('?').unwrap_or((first[1], ""));
        let headers = lines.filter_map(|line| line.split_once(": ")).map(|(name, value)| (name, value.as_bytes()));
        let wire = Wire { method: first[0], path, query, headers: headers.collect(), body: &request.body };
        let now = SystemClock.now();
        let expected = Expected { service, regions: &["eu-west-1"], now, window: TimeDelta::minutes(5) };
        let (status, body) = match verify_wire(&wire, &expected, |_| Some(key.clone())) {
            Ok(_) => (200, r#"{"good":true}"#.to_owned()),
            Err(refused) => (403, serde_json::json!({"message": refused.to_string()}).to_string()),
        };
        Answer { status, headers: Vec::new(), body: body.into_bytes() }
    })
}

#[test]
fn requests_arrive_as_each_service_verifies_them() {
    let lab = signed_in("alice");
    for service in ["execute-api", "lambda", "appsync", "es", "aoss", "bedrock", "s3", "vpc-lattice-svcs"] {
        let server = verifier(&lab, service);
        for (path, flags) in [
            ("/", ["--service", service].as_slice()),
            ("/model/m:v1/a//b@c?b=2&a=%2F", &["--service", service]),
            ("/x", &["--service", service, "-d", "{\"id\": 1}", "-H", "X-Name: Jürgen"]),
            ("/x", &["--service", service, "--sign-host", "abc.example.com"]),
        ] {
            let url = format!("{}{path}", server.url());
            let ran = lab.run(&[&["call", &url], flags].concat()).good();
            assert_eq!((ran.stdout.trim_end(), ran.stderr.as_str()), (r#"{"good":true}"#, ""), "{service} {path}");
        }
    }
}

#[test]
fn refusal_of_another_service_names_the_service_flag() {
    let lab = signed_in("alice");
    let server = verifier(&lab, "lambda");
    let ran = lab.run(&["call", &server.url()]).good();
    assert!(ran.stderr.contains("checks signatures of the service 'lambda'"), "{ran:?}");
    assert!(ran.stderr.contains("hint: sign for it by --service lambda"), "{ran:?}");
    assert!(!ran.stderr.contains("--region"), "{ran:?}");
    let ran = lab.run(&["call", &server.url(), "--service", "lambda", "--region", "us-east-2"]).good();
    assert!(ran.stderr.contains("was signed for region 'us-east-2'") && ran.stderr.contains("--region"), "{ran:?}");
}

#[test]
fn sign_host_is_what_the_server_gets_as_host() {
    let lab = signed_in("alice");
    let (seen, heads) = channel();
    let server = Server::of_requests(move |request| {
        let _ = seen.send(request.head);
        Answer { status: 200, headers: Vec::new(), body: Vec::new() }
    });
    lab.run(&["call", &server.url(), "--sign-host", "abc.lambda-url.eu-west-1.on.aws"]).good();
    let head = heads.recv().unwrap().to_lowercase();
    assert_eq!(head.matches("\r\nhost: ").count(), 1, "{head}");
    assert!(
        head.contains("\r\nhost: abc.lambda-url.eu-west-1.on.aws") && head.contains("/lambda/aws4_request"),
        "{head}"
    );
}

#[test]
fn fault_behind_the_gateway_is_explained() {
    let lab = signed_in("alice");
    let server = Server::of_requests(|_| Answer {
        status: 504,
        headers: vec![("x-amzn-ErrorType".into(), "InternalServerErrorException".into())],
        body: br#"{"message": "Endpoint request timed out"}"#.to_vec(),
    });
    let ran = lab.run(&["call", &server.url()]).good();
    assert!(ran.stderr.contains("29 seconds unless that was raised"), "{ran:?}");
}
