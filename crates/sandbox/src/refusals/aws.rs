//! Simulated errors of the identity pool
//! (<https://docs.aws.amazon.com/cognitoidentity/latest/APIReference/API_GetCredentialsForIdentity.html>), of STS
//! (<https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html>), and of API Gateway
//! (<https://repost.aws/knowledge-center/api-gateway-troubleshoot-403-forbidden>).

use crate::refusals::{Place, Refusal};

const fn pool(name: &'static str, place: Place, code: &'static str, message: &'static str) -> Refusal {
    Refusal { name, place, status: 400, code, message }
}

const fn not_authorized(name: &'static str, place: Place, message: &'static str) -> Refusal {
    pool(name, place, "NotAuthorizedException", message)
}

const fn sts(name: &'static str, status: u16, code: &'static str, message: &'static str) -> Refusal {
    Refusal { name, place: Place::Sts, status, code, message }
}

const fn api(name: &'static str, status: u16, code: &'static str, message: &'static str) -> Refusal {
    Refusal { name, place: Place::Api, status, code, message }
}

pub(super) const IDENTITY_POOL: &[Refusal] = &[
    not_authorized("pool-provider", Place::GetId, "Token is not from a supported provider of this identity pool."),
    not_authorized("pool-token-expired", Place::GetId, "Invalid login token. Token expired: 1800003601 >= 1800003600"),
    not_authorized("pool-issuer", Place::GetId, "Invalid login token. Issuer doesn't match providerName"),
    not_authorized("pool-signature", Place::GetId, "Invalid login token. Couldn't verify signed token."),
    not_authorized("pool-claim", Place::GetId, "Invalid login token. Missing a required claim: aud"),
    not_authorized(
        "pool-logins",
        Place::GetCredentials,
        "Logins don't match. Please include at least one valid login for this identity or identity pool.",
    ),
    not_authorized(
        "pool-unauthenticated",
        Place::GetId,
        "Unauthenticated access is not supported for this identity pool.",
    ),
    not_authorized("pool-ambiguous", Place::GetCredentials, "The ambiguous role mapping rules denied this request."),
    not_authorized(
        "pool-role",
        Place::GetCredentials,
        "Access to Role 'arn:aws:iam::000000000000:role/Nobody' is forbidden.",
    ),
    not_authorized("pool-not-authorized", Place::GetCredentials, "Access denied."),
    pool(
        "pool-configuration",
        Place::GetCredentials,
        "InvalidIdentityPoolConfigurationException",
        "Invalid identity pool configuration. Check assigned IAM roles for this pool.",
    ),
    pool(
        "pool-classic-mapped",
        Place::GetOpenIdToken,
        "InvalidParameterException",
        "Basic (classic) flow is not supported with RoleMappings, please use enhanced flow.",
    ),
    pool(
        "pool-classic-off",
        Place::GetOpenIdToken,
        "InvalidParameterException",
        "Basic (classic) flow is not enabled, please use enhanced flow.",
    ),
    pool(
        "pool-parameter",
        Place::GetId,
        "InvalidParameterException",
        "1 validation error detected: Value 'x' at 'identityPoolId' failed to satisfy constraint: Member must satisfy regular \
         expression pattern: [\\w-]+:[0-9a-f-]+",
    ),
    pool("pool-not-found", Place::GetId, "ResourceNotFoundException", "IdentityPool 'eu-west-1:0' not found."),
    pool(
        "pool-conflict",
        Place::GetCredentials,
        "ResourceConflictException",
        "Logins are already associated with another identity.",
    ),
    pool("pool-limit", Place::GetId, "LimitExceededException", "The total number of identities has been reached."),
    pool("pool-throttled", Place::GetCredentials, "TooManyRequestsException", "Rate exceeded"),
    Refusal {
        status: 500,
        ..pool("pool-internal", Place::GetCredentials, "InternalErrorException", "An internal error occurred")
    },
    pool(
        "pool-external",
        Place::GetCredentials,
        "ExternalServiceException",
        "An exception was thrown by an external service.",
    ),
    pool("pool-brand-new", Place::GetCredentials, "BrandNewException", "Something that nobody has met yet."),
];

pub(super) const STS: &[Refusal] = &[
    sts(
        "sts-token-expired",
        400,
        "ExpiredTokenException",
        "Token expired: current date/time 1800000601 must be before the expiration date/time 1800000600",
    ),
    sts("sts-token", 400, "InvalidIdentityToken", "Incorrect token audience"),
    sts("sts-rejected-claim", 403, "IDPRejectedClaim", "The identity provider rejected the claim"),
    sts("sts-issuer", 400, "IDPCommunicationError", "The identity provider could not be reached to verify the token"),
    sts(
        "sts-region",
        403,
        "RegionDisabledException",
        "STS is not activated in this region for account:000000000000. Your account administrator can activate STS in this \
         region using the IAM Console.",
    ),
    sts("sts-policy", 400, "MalformedPolicyDocument", "The policy is not in the valid JSON format."),
    sts("sts-tags", 400, "PackedPolicyTooLarge", "Packed size of session tags consumes 117% of allotted space."),
    sts("sts-denied", 403, "AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity"),
    sts(
        "sts-duration",
        400,
        "ValidationError",
        "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
    ),
    sts(
        "sts-session-name",
        400,
        "ValidationError",
        "1 validation error detected: Value 'a b' at 'roleSessionName' failed to satisfy constraint: Member must satisfy \
         regular expression pattern: [\\w+=,.@-]*",
    ),
    sts(
        "sts-validation",
        400,
        "ValidationError",
        "1 validation error detected: Value 'x' at 'roleArn' failed to satisfy constraint: Member must have length greater \
         than or equal to 20",
    ),
    sts("sts-throttled", 400, "Throttling", "Rate exceeded"),
    sts("sts-internal", 500, "InternalFailure", "We encountered an internal error. Please try again."),
    sts("sts-credentials-expired", 403, "ExpiredToken", "The security token included in the request is expired"),
    sts("sts-unknown-key", 403, "InvalidClientTokenId", "The security token included in the request is invalid."),
    sts(
        "sts-wrong-signature",
        403,
        "SignatureDoesNotMatch",
        "Signature expired: 20261122T120000Z is now earlier than 20261122T124500Z (20261122T130000Z - 15 min.)",
    ),
    sts("sts-brand-new", 400, "BrandNew", "Something that nobody has met yet."),
];

const NOT_ALLOWED: &str = "User: arn:aws:sts::000000000000:assumed-role/OrdersReader/CognitoIdentityCredentials is not \
                           authorized to perform: execute-api:Invoke on resource: \
                           arn:aws:execute-api:eu-west-1:********0000:sandbox001/prod/POST/orders";
const DENIED: &str = "User: arn:aws:sts::000000000000:assumed-role/OrdersReader/CognitoIdentityCredentials is not authorized \
                      to perform: execute-api:Invoke on resource: \
                      arn:aws:execute-api:eu-west-1:********0000:sandbox001/prod/POST/orders with an explicit deny";

pub(super) const API: &[Refusal] = &[
    api("api-missing-route", 403, "MissingAuthenticationTokenException", "Missing Authentication Token"),
    api(
        "api-clock",
        403,
        "InvalidSignatureException",
        "Signature expired: 20270115T080000Z is now earlier than 20270115T081500Z (20270115T082000Z - 5 min.)",
    ),
    api("api-not-allowed", 403, "AccessDeniedException", NOT_ALLOWED),
    api("api-denied", 403, "AccessDeniedException", DENIED),
    api(
        "api-resource-policy",
        403,
        "AccessDeniedException",
        "User: anonymous is not authorized to perform: execute-api:Invoke on resource: \
         arn:aws:execute-api:eu-west-1:********0000:sandbox001/prod/GET/orders",
    ),
    api("api-expired", 403, "ExpiredTokenException", "The security token included in the request is expired"),
    api("api-unknown-key", 403, "AccessDeniedException", "The security token included in the request is invalid."),
    api(
        "api-scope",
        403,
        "InvalidSignatureException",
        "Credential should be scoped to a valid Region, not 'eu-west-1'. ",
    ),
    api(
        "api-signature",
        403,
        "InvalidSignatureException",
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and \
         signing method. Consult the service documentation for details.",
    ),
    api(
        "api-incomplete",
        403,
        "IncompleteSignatureException",
        "Authorization header requires 'Signature' parameter. Authorization=AWS4-HMAC-SHA256",
    ),
    api("api-forbidden", 403, "ForbiddenException", "Forbidden"),
    api("api-http", 403, "", "Forbidden"),
    api("api-authorizer", 401, "UnauthorizedException", "Unauthorized"),
    api("api-throttled", 429, "LimitExceededException", "Limit Exceeded"),
    api("api-too-large", 413, "RequestEntityTooLargeException", "Request Too Long"),
];
