//! Simulated errors of the user pool. AWS documents the descriptions of the authorization endpoint's errors. The other
//! descriptions were reported by users.

use crate::refusals::{Place, Refusal};

const fn authorize(name: &'static str, code: &'static str, message: &'static str) -> Refusal {
    Refusal { name, place: Place::Authorize, status: 302, code, message }
}

const fn token(name: &'static str, code: &'static str, message: &'static str) -> Refusal {
    Refusal { name, place: Place::Token, status: 400, code, message }
}

pub(super) const AUTHORIZE: &[Refusal] = &[
    authorize("idp-timeout", "invalid_request", "Timeout occurred in calling IdP token endpoint"),
    authorize("idp-keys-timeout", "invalid_request", "error_description=Timeout in calling jwks uri"),
    authorize("idp-reset", "invalid_request", "Connection reset"),
    authorize("idp-read-timeout", "invalid_request", "Read timed out"),
    authorize("idp-no-token", "invalid_request", "AzureB2C Error - 400 error getting token"),
    authorize(
        "idp-issuer",
        "invalid_request",
        "Bad id_token issuer https://login.microsoftonline.com/11111111-2222-3333-4444-555555555555/v2.0",
    ),
    authorize(
        "saml-signature",
        "server_error",
        "Invalid SAML response received: SAML Assertion signature is invalid. ",
    ),
    authorize("saml-audience", "server_error", "Invalid SAML response received: Audience restriction is not valid. "),
    authorize("saml-relay-state", "invalid_request", "Invalid samlResponse or relayState from identity provider"),
    authorize(
        "attribute-unknown",
        "server_error",
        "Error in SAML response processing: Invalid user attributes: username: Attribute does not exist in the schema. ",
    ),
    authorize(
        "attribute-type",
        "invalid_request",
        "Invalid user attributes: Type for attribute {custom:roles} could not be determined",
    ),
    authorize("attribute-immutable", "invalid_request", "user.email: Attribute cannot be updated.\n "),
    authorize(
        "attribute-required",
        "server_error",
        "Invalid SAML response received: Invalid user attributes: email: The attribute is required ",
    ),
    authorize("saml-response", "server_error", "Invalid SAML response received: no assertion found. "),
    authorize(
        "saml-expired",
        "server_error",
        "Invalid SAML response received: SAML Response is expired or not yet valid. ",
    ),
    authorize("attribute-write", "invalid_request", "A client attempted to write unauthorized attribute"),
    authorize("attribute-username", "invalid_request", "username attribute mapping required"),
    authorize(
        "attribute-list",
        "invalid_request",
        "java.util.ArrayList cannot be cast to java.lang.String (Service: AWSCognitoIdentityProviderService)",
    ),
    authorize(
        "attribute-too-long",
        "invalid_request",
        "Error in SAML response processing: Invalid user attributes: custom:groups: String length is longer than the maximum 2048",
    ),
    authorize("attributes-required", "invalid_request", "attributes required: [email]"),
    authorize(
        "attribute-missing",
        "invalid_request",
        "Invalid SAML response received: SAML Response does not contain required attribute(s): email ",
    ),
    authorize("user-disabled", "invalid_request", "User is disabled."),
    authorize("user-unconfirmed", "invalid_request", "User is not confirmed."),
    authorize("link-unknown", "invalid_request", "Invalid ProviderName/Username combination. Please check again"),
    authorize("already-linked", "invalid_request", "Already found an entry for username AzureAD_alice@corp.example. "),
    authorize("login-option", "invalid_request", "Login option is not available. Please try another one"),
    authorize(
        "pre-sign-up",
        "invalid_request",
        "PreSignUp failed with error only people of corp.example may come in. ",
    ),
    authorize("pre-token-generation", "invalid_request", "PreTokenGeneration failed with error Graph said 403. "),
    authorize("client-not-enabled", "invalid_request", "Client is not enabled for OAuth2.0 flows. "),
    authorize(
        "idp-secret",
        "invalid_request",
        "AzureB2C Error - 400 invalid_request The request is missing a required parameter : client_secret",
    ),
    authorize("client-unknown", "invalid_request", "Client does not exist."),
    authorize("login-pages", "invalid_request", "Login pages unavailable. Please contact an administrator."),
    authorize("invalid-scope-text", "invalid_request", "invalid_scope"),
    authorize("redirect-mismatch", "redirect_mismatch", ""),
    authorize("access-denied", "access_denied", ""),
    authorize("login-required", "login_required", ""),
    authorize("invalid-scope", "invalid_scope", ""),
    authorize("unauthorized-client", "unauthorized_client", ""),
    authorize("invalid-request", "invalid_request", "invalid lang"),
    authorize("server-error", "server_error", ""),
    authorize("brand-new", "brand_new", "Something that nobody has met yet"),
];

pub(super) const TOKEN: &[Refusal] = &[
    token("token-invalid-grant", "invalid_grant", ""),
    token("token-invalid-client", "invalid_client", ""),
    token("token-unauthorized-client", "unauthorized_client", ""),
    token("token-invalid-request", "invalid_request", ""),
    token("token-unsupported-grant-type", "unsupported_grant_type", ""),
    token("token-invalid-scope", "invalid_scope", ""),
    token("token-interaction-required", "interaction_required", ""),
    token("token-brand-new", "brand_new", "Something that nobody has met yet"),
];
