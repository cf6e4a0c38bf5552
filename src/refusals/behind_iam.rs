//! The table of causes and hints for refusals by AWS services other than API Gateway. The table also covers failures of
//! API Gateway itself, failures of an API's backend, and CDNs and firewalls in front of an API.

use super::{Refuser, Row};

const SIGNATURES: &str = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html";
const POLICIES: &str = "https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html";
const S3_CODES: &str = "https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html";
const BUCKETS: &str = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/troubleshoot-403-errors.html";
const FUNCTION_URLS: &str = "https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html";
const GATEWAY_FAULTS: &str = "https://repost.aws/knowledge-center/api-gateway-5xx-error";
const GATEWAY_LIMITS: &str =
    "https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html";
const CLOUDFRONT: &str =
    "https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/troubleshooting-response-errors.html";
const LOAD_BALANCERS: &str =
    "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-troubleshooting.html";

const ROW: Row = Row::new(Refuser::BehindIam, SIGNATURES);

rows! {
    /// The request was signed for another service.
    WRONG_SERVICE = "wrong-service",
        "'{host}' checks signatures of the service '{wanted}', and the request was signed for '{service}'",
        "sign for it by --service {wanted}", SIGNATURES;
    /// The request was signed for another service, whose name is not told.
    WRONG_SERVICE_UNNAMED = "wrong-service-unnamed",
        "the request to '{host}' was signed for the service '{service}', which is not the one behind it: {said}",
        "name the service by --service", SIGNATURES;
    /// The date of the scope differs from the date of the signature's time.
    WRONG_DAY = "wrong-day",
        "the date in the signature is not that of its time: {said}",
        "a proxy in between may rewrite x-amz-date: call the API's own host", SIGNATURES;
    /// The signature belongs to another request.
    WRONG_SIGNATURE = "wrong-signature",
        "the signature does not match what arrived at '{host}'",
        "a proxy or CDN in between may rewrite path, query or headers: call the service's own host; if it is called \
         directly, please report the URL's form", SIGNATURES;
    /// The signature does not match, and the URL has a port, as of a tunnel.
    WRONG_SIGNATURE_BEHIND_A_TUNNEL = "wrong-signature-behind-a-tunnel",
        "the signature does not match what arrived at '{host}'",
        "AWS verifies the host without the port of a tunnel: leave the port out of the URL, and add \
         --connect-to '{name}:443:127.0.0.1:{port}'", SIGNATURES;
    /// There is no signature.
    NO_SIGNATURE = "no-signature",
        "no signature arrived at '{host}'",
        "a proxy in between may drop the Authorization header: call the service's own host", SIGNATURES;
    /// The service demands the body's hash.
    NO_BODY_HASH = "no-body-hash",
        "'{host}' demands the body's hash in x-amz-content-sha256, which signatures for '{service}' do not have",
        "name the service behind it: --service s3, or --service aoss", SIGNATURES;
    /// The body is not the signed one.
    OTHER_BODY = "other-body",
        "the body that arrived at '{host}' is not the one that was signed",
        "a proxy in between may rewrite the body: call the service's own host", S3_CODES;
    /// The clock of this machine differs from the service's.
    WRONG_CLOCK = "wrong-clock",
        "this machine's clock is {offset} that of '{host}'",
        "set the clock if it is this machine's that is wrong (on Linux: timedatectl set-ntp true)", SIGNATURES;
    /// The clocks agree, but the signature was old.
    OLD_SIGNATURE = "old-signature",
        "'{host}' considers the signature's time wrong, although the clocks agree: {said}",
        "the request took too long to arrive: repeat it, with a smaller body if it has one", SIGNATURES;
    /// The clocks differ, but the difference is unknown.
    WRONG_CLOCK_UNMEASURED = "wrong-clock-unmeasured",
        "'{host}' considers the signature's time wrong: {said}",
        "set this machine's clock (on Linux: timedatectl set-ntp true)", SIGNATURES;
    /// No policy allows the call.
    NOT_ALLOWED = "not-allowed",
        "the role {role} may not call {resource}",
        "no policy allows it {action}: ask the owner for that, or name another role of yours by --role, or as 'role_arn' \
         in profile '{profile}'", POLICIES;
    /// A policy denies the call.
    DENIED = "denied",
        "the role {role} may not call {resource}: a policy denies it explicitly",
        "the deny is in the role's policies, the resource's policy or the organization's, and no allow outweighs it: ask \
         the owner", POLICIES;
    /// The service accepts no more requests for now.
    THROTTLED = "throttled",
        "'{host}' accepts no more requests for now: {said}",
        "wait and repeat", POLICIES;
    /// The service has no such method and path.
    NO_OPERATION = "no-operation",
        "'{host}' has no {method} {path}",
        "compare method and path with the API reference of the service '{service}'",
        "https://docs.aws.amazon.com/bedrock/latest/APIReference/CommonErrors.html";
    /// The API key in `x-api-key` is not valid.
    INVALID_API_KEY = "invalid-api-key",
        "'{host}' does not know the API key in x-api-key, or the key is not for {method} {path}",
        "ask the API's owner for a key of a usage plan of this stage",
        "https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html";
    /// The host of a VPC endpoint does not tell which API is meant.
    NO_API_ID = "no-api-id",
        "'{host}' is the host of a VPC endpoint, and the request names no API",
        "add -H 'x-apigw-api-id: API', with the API's id",
        "https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-private-api-test-invoke-url.html";
    /// A function's URL refuses the role.
    FUNCTION_URL = "function-url",
        "the function at '{host}' refuses the role of profile '{profile}'",
        "the role's policies or the function's have to allow lambda:InvokeFunctionUrl and lambda:InvokeFunction: ask the \
         function's owner", FUNCTION_URLS;
    /// A function failed behind its URL.
    FUNCTION_FAILED = "function-failed",
        "the function at '{host}' failed, or its answer is in no form that Lambda understands",
        "its log says why: ask the function's owner", "https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html";
    /// AppSync refuses the role.
    APPSYNC = "appsync",
        "AppSync refuses the role of profile '{profile}': {said}",
        "the API needs IAM among its authorization modes, and the role needs appsync:GraphQL: ask the API's owner",
        "https://docs.aws.amazon.com/appsync/latest/devguide/security-authz.html";
    /// A firewall refuses the request.
    FIREWALL = "firewall",
        "a firewall rule (WAF) in front of '{host}' refuses the request",
        "ask the API's owner which rule it is", "https://docs.aws.amazon.com/appsync/latest/devguide/WAF-Integration.html";
    /// OpenSearch's own access control refuses the role.
    FINE_GRAINED = "fine-grained",
        "the fine-grained access control of the cluster refuses the role of profile '{profile}': {said}",
        "map the role's ARN to a role of the cluster, as a backend role: ask the domain's owner",
        "https://docs.aws.amazon.com/opensearch-service/latest/developerguide/fgac.html";
    /// OpenSearch Serverless refuses the role.
    COLLECTION = "collection",
        "the collection at '{host}' refuses {method} {path}",
        "the role needs aoss:APIAccessAll, and the collection a data access policy and a network policy that admit the role: \
         ask the collection's owner",
        "https://docs.aws.amazon.com/opensearch-service/latest/developerguide/serverless-data-access.html";
    /// The account may not use the model.
    MODEL_ACCESS = "model-access",
        "the account has no access to the model in {region}: {said}",
        "ask the account's administrator for access to it in Bedrock's console",
        "https://docs.aws.amazon.com/bedrock/latest/userguide/model-access.html";
    /// The model has to be called by an inference profile.
    INFERENCE_PROFILE = "inference-profile",
        "the model is called only by an inference profile: {said}",
        "put a profile's id in the place of the model's: 'aws bedrock list-inference-profiles --region {region}' lists them",
        "https://docs.aws.amazon.com/bedrock/latest/userguide/inference-profiles-support.html";
    /// There is no such model.
    NO_MODEL = "no-model",
        "Bedrock knows no such model in {region}: {said}",
        "compare the id in the URL with 'aws bedrock list-foundation-models --region {region}'",
        "https://docs.aws.amazon.com/bedrock/latest/userguide/models-regions.html";
    /// S3 does not say which policy refuses the role.
    BUCKET = "bucket",
        "S3 refuses {method} {path} to the role of profile '{profile}'",
        "the role's policies and the bucket's have to allow it; without s3:ListBucket, a missing object gets the same answer",
        BUCKETS;
    /// The bucket is in another region.
    BUCKET_ELSEWHERE = "bucket-elsewhere",
        "the bucket is in {wanted}, and the request to '{host}' was signed for {region}",
        "put {wanted} into the host, as in BUCKET.s3.{wanted}.amazonaws.com, or give --region {wanted}", S3_CODES;
    /// The bucket is in another region, at another host.
    BUCKET_AT_ENDPOINT = "bucket-at-endpoint",
        "the bucket is in {wanted} at '{endpoint}', and the request went to '{host}'",
        "call https://{endpoint}: if that host begins with the bucket's name, leave the name out of the path", S3_CODES;
    /// The integration of a REST API failed.
    INTEGRATION_FAILED = "integration-failed",
        "the function or server behind the API failed, or answered in a form that API Gateway does not understand",
        "its log says why: ask the API's owner", "https://repost.aws/knowledge-center/malformed-502-api-gateway";
    /// API Gateway failed.
    GATEWAY_FAILED = "gateway-failed",
        "API Gateway failed before there was an answer of the API's",
        "it may lack the permission to call what is behind the API, or a mapping failed: ask the API's owner",
        GATEWAY_FAULTS;
    /// The answer has the words of API Gateway, but not its headers.
    INTEGRATION_PERHAPS_FAILED = "integration-perhaps-failed",
        "'{host}' answers as API Gateway does if the function or server behind the API failed or was too slow",
        "the API's log says whether that is so: ask its owner, and look before you repeat a request that changes something",
        GATEWAY_FAULTS;
    /// The integration was too slow.
    INTEGRATION_SLOW = "integration-slow",
        "what is behind the API did not answer in the time that API Gateway gives it, 29 seconds unless that was raised",
        "the request may have been carried out: look before you repeat it", GATEWAY_LIMITS;
    /// The integration of an HTTP API was too slow or cannot be reached.
    HTTP_API_UNAVAILABLE = "http-api-unavailable",
        "the HTTP API at '{host}' got no answer from what is behind it, in 30 seconds at most",
        "the request may have been carried out: look before you repeat it", GATEWAY_LIMITS;
    /// CloudFront refuses the request itself.
    CLOUDFRONT_REFUSED = "cloudfront-refused",
        "CloudFront, in front of '{host}', refuses the request itself",
        "a firewall rule (WAF), a blocked country, or a method or host that the distribution does not serve: ask its owner",
        CLOUDFRONT;
    /// CloudFront got no answer.
    CLOUDFRONT_FAILED = "cloudfront-failed",
        "CloudFront, in front of '{host}', got no usable answer from the API",
        "try again; if it fails again, ask the distribution's owner", CLOUDFRONT;
    /// A load balancer refuses the request itself.
    BALANCER_REFUSED = "balancer-refused",
        "the load balancer at '{host}' refuses the request itself",
        "a firewall rule (WAF) or a rule of the load balancer: ask its owner", LOAD_BALANCERS;
    /// A load balancer got no answer.
    BALANCER_FAILED = "balancer-failed",
        "the load balancer at '{host}' got no usable answer from the API",
        "try again; if it fails again, ask its owner", LOAD_BALANCERS;
}
