//! API Gateway's refusals: the cause and the hint for each reason that the module `request` finds
//! (<https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html>).

use super::{Refuser, Row};

const RESPONSES: &str =
    "https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html";
const FORBIDDEN_PAGE: &str = "https://repost.aws/knowledge-center/api-gateway-troubleshoot-403-forbidden";
const SIGNATURES: &str = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html";
const POLICIES: &str =
    "https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-authorization-flow.html";

const ROW: Row = Row::new(Refuser::ApiGateway, RESPONSES);

rows! {
    /// The API, called at its default host, has no route for the method and path.
    MISSING_ROUTE = "missing-route",
        "the API at '{host}' has no {method} {path}",
        "check method and path: on this host the path begins with the stage, as in /prod/orders", FORBIDDEN_PAGE;
    /// The API, called at a custom domain, has no route for the method and path, or a proxy dropped the signature.
    MISSING_ROUTE_ON_CUSTOM_DOMAIN = "missing-route-on-custom-domain",
        "the API at '{host}' has no {method} {path}",
        "check method and path; on a custom domain the path has no stage, and a proxy in between that drops the Authorization \
         header looks the same", FORBIDDEN_PAGE;
    /// The clock of this machine differs from the clock of the gateway.
    WRONG_CLOCK = "wrong-clock",
        "this machine's clock is {offset} the gateway's",
        "set the clock if it is this machine's that is wrong (on Linux: timedatectl set-ntp true); signatures are valid for 5 minutes", SIGNATURES;
    /// The clocks agree, but the signature was old.
    OLD_SIGNATURE = "old-signature",
        "the gateway considers the signature's time wrong, although the clocks agree: {said}",
        "the request took more than 5 minutes to arrive: repeat it, with a smaller body if it has one", SIGNATURES;
    /// The clocks differ, but the difference is unknown.
    WRONG_CLOCK_UNMEASURED = "wrong-clock-unmeasured",
        "the gateway considers the signature's time wrong: {said}",
        "set this machine's clock; signatures are valid for 5 minutes", SIGNATURES;
    /// No policy allows the call.
    NOT_ALLOWED = "not-allowed",
        "the role {role} may not invoke {resource}",
        "no policy allows it {action}: ask the API's owner for that, or name another role of yours by --role, or as 'role_arn' \
         in profile '{profile}'",
        POLICIES;
    /// A policy denies the call.
    DENIED = "denied",
        "the role {role} may not invoke {resource}: a policy denies it explicitly",
        "the deny is in the role's policies, the API's resource policy or the organization's, and no allow outweighs it: \
         ask the API's owner",
        POLICIES;
    /// The API's resource policy refuses a caller without an identity.
    REFUSED_BY_RESOURCE_POLICY = "refused-by-resource-policy",
        "the API's resource policy refuses {resource}",
        "it has to allow {action} to your role: ask the API's owner", POLICIES;
    /// The credentials have expired.
    EXPIRED_TOKEN = "expired-token",
        "the credentials of profile '{profile}' have expired",
        "run 'cogfed login --profile {profile}' if the next call fails too; check this machine's clock", RESPONSES;
    /// AWS does not know the access key or its session token.
    UNKNOWN_KEY = "unknown-key",
        "AWS does not know the credentials of profile '{profile}'",
        "they are for another partition, were revoked, or do not come from AWS: run 'cogfed login --force --profile {profile}'",
        FORBIDDEN_PAGE;
    /// The request was signed for another region, service or day.
    WRONG_SCOPE = "wrong-scope",
        "the request to '{host}' was signed for region '{region}', which is not the API's: {said}",
        "give the API's region by --region, or as 'region' in the profile", SIGNATURES;
    /// The signature does not match the request that arrived.
    WRONG_SIGNATURE = "wrong-signature",
        "the signature does not match what arrived at '{host}'",
        "a proxy or CDN in between may rewrite path, query or headers: call the API's own execute-api host; if it is called \
         directly, please report the URL's form", SIGNATURES;
    /// A part of the signature is missing.
    INCOMPLETE_SIGNATURE = "incomplete-signature",
        "the signature did not arrive whole at '{host}': {said}",
        "a proxy in between may rewrite the Authorization header: call the API's own execute-api host", SIGNATURES;
    /// The call was refused before IAM evaluated it, or independently of IAM.
    FORBIDDEN = "forbidden",
        "'{host}' refuses {method} {path} before it looks at the role",
        "a firewall rule (WAF), a missing x-api-key, a disabled default endpoint, or a missing client certificate: ask the \
         API's owner", FORBIDDEN_PAGE;
    /// The API is an HTTP API, which gives every refusal the same answer.
    HTTP_API = "http-api",
        "the HTTP API at '{host}' refuses {method} {path} and does not say why",
        "check that the role of profile '{profile}' is allowed execute-api:Invoke there, and that '{region}' is the API's region",
        "https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-access-control-iam.html";
    /// The route expects a token instead of a signature.
    OTHER_AUTHORIZER = "other-authorizer",
        "{method} {path} at '{host}' has an authorizer of another kind than IAM",
        "it expects a token in Authorization, not a signature: ask the API's owner which", RESPONSES;
    /// The API accepts no more requests for now.
    THROTTLED = "throttled",
        "'{host}' accepts no more requests for now",
        "wait and repeat; if it fails again, a quota of the API's usage plan is used up", RESPONSES;
    /// The request is too large.
    TOO_LARGE = "too-large",
        "the request to '{host}' is too large for it",
        "API Gateway accepts a body of 10 MB at most, and a WAF in front of it less", RESPONSES;
}
