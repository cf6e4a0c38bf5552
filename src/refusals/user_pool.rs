//! Refusals of the user pool itself: those that arrive through the browser
//! (<https://docs.aws.amazon.com/cognito/latest/developerguide/authorization-endpoint.html>), and those of the token
//! endpoint.
//!
//! Most of the descriptions are undocumented. Their sources are threads in which people reported them.

use super::{Refuser, Row};
use crate::error::Kind;

const AUTHORIZATION_ENDPOINT: &str =
    "https://docs.aws.amazon.com/cognito/latest/developerguide/authorization-endpoint.html";
const SAML_ERRORS: &str = "https://repost.aws/knowledge-center/cognito-invalid-saml-response-errors";
const ATTRIBUTE_MAPPING: &str =
    "https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pools-specifying-attribute-mapping.html";
const TRIGGERS: &str = "https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-identity-pools-working-with-aws-lambda-triggers.html";
const TOKEN_ENDPOINT_PAGE: &str = "https://docs.aws.amazon.com/cognito/latest/developerguide/token-endpoint.html";

const ROW: Row = Row {
    refuser: Refuser::Authorization,
    codes: &[],
    says: &[],
    kind: Kind::Refused,
    cause: "",
    hint: "",
    source: AUTHORIZATION_ENDPOINT,
};

/// The rows of refusals that arrive through the browser. Rows with descriptions come first, because their code is
/// always `invalid_request` or `server_error`.
pub const AUTHORIZATION: &[Row] = &[
    Row {
        says: &["calling IdP token endpoint", "in calling jwks uri", "Connection reset", "Read timed out"],
        kind: Kind::Network,
        cause: "the user pool asked the identity provider behind it, and got no answer in time",
        hint: "run '{login}' again in a minute; if it stays so, tell the administrator of the user pool",
        ..ROW
    },
    Row {
        says: &["error getting token"],
        cause: "the identity provider gave the user pool no tokens: the client secret that the user pool has for it has expired \
                or is wrong, most likely",
        hint: "ask the administrator of the user pool to renew that identity provider's client secret",
        ..ROW
    },
    Row {
        says: &["Bad id_token issuer"],
        cause: "the identity provider's tokens name another issuer than the user pool was told",
        hint: "ask the administrator of the user pool to set the identity provider's issuer to the one that the message names, \
               to the character (with Entra ID: the tenant's own, not 'common')",
        source: "https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pools-oidc-idp.html",
        ..ROW
    },
    Row {
        says: &["signature is invalid"],
        cause: "the user pool cannot verify the directory's signature: the directory signs with a new certificate, most likely",
        hint: "ask the administrator of the user pool to load the directory's SAML metadata anew",
        source: "https://github.com/aws/aws-sdk-js-v3/issues/6201",
        ..ROW
    },
    Row {
        says: &["audience"],
        cause: "the directory's answer is addressed to another application than this user pool",
        hint: "ask the administrator of the directory to set the application's identifier (Entity ID) to \
               'urn:amazon:cognito:sp:' and the user pool's id",
        source: "https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pools-saml-idp.html",
        ..ROW
    },
    Row {
        says: &["relayState"],
        cause: "the user pool does not know which sign-in the directory's answer belongs to: it took too long, or was begun at \
                the directory's own portal",
        hint: "begin it here: {login}",
        source: SAML_ERRORS,
        ..ROW
    },
    Row {
        says: &["not exist in the schema", "could not be determined"],
        cause: "the user pool would put a claim of the directory's into an attribute that it does not have",
        hint: "ask the administrator of the user pool to add the attribute that the message names, or to take it out of the \
               attribute mapping",
        source: ATTRIBUTE_MAPPING,
        ..ROW
    },
    Row {
        says: &["Attribute cannot be updated"],
        cause: "the directory sends a new value for an attribute that the user pool does not let change",
        hint: "ask the administrator of the user pool to take the attribute that the message names out of the attribute \
               mapping, or to make it mutable",
        source: "https://github.com/aws-amplify/amplify-js/issues/3526",
        ..ROW
    },
    Row {
        says: &["attribute is required", "Required attribute cannot be deleted"],
        cause: "the directory does not send an attribute that the user pool requires",
        hint: "ask the administrator of the directory to send the attribute that the message names, for you too",
        source: SAML_ERRORS,
        ..ROW
    },
    Row {
        says: &["Invalid SAML response", "SAML response processing", "samlResponse"],
        cause: "the user pool cannot use the directory's SAML answer",
        hint: "tell the administrator of the user pool what it said: the claims that the directory sends have to be those of \
               the attribute mapping",
        source: SAML_ERRORS,
        ..ROW
    },
    Row {
        says: &["found an entry for username"],
        cause: "the user pool has only now linked you to a user that it knew already, and this first sign-in does not count",
        hint: "once more: {login}",
        source: "https://github.com/aws-amplify/amplify-js/issues/9976",
        ..ROW
    },
    Row {
        says: &["Login option is not available"],
        cause: "the app client does not let anyone sign in by this identity provider",
        hint: "check 'identity_provider' or 'idp_identifier' in the profile, capital letters too; else ask the administrator of \
               the user pool to switch it on",
        source: "https://github.com/aws-amplify/aws-sdk-android/issues/1808",
        ..ROW
    },
    Row {
        says: &["PreSignUp failed", "PreAuthentication failed", "PreSignUp invocation", "PreAuthentication invocation"],
        cause: "the user pool's own check of who may sign in refuses you",
        hint: "the message is the check's own: ask the administrator of the user pool what it wants",
        source: TRIGGERS,
        ..ROW
    },
    Row {
        says: &["failed with error", "invocation failed", "lambda output"],
        cause: "a program that the user pool runs at each sign-in failed (a Lambda trigger: it sets your roles, perhaps)",
        hint: "tell the administrator of the user pool what it said and when: the program's log has the rest",
        source: TRIGGERS,
        ..ROW
    },
    Row {
        says: &["not enabled for OAuth2.0 flows"],
        codes: &["invalid_request", "unauthorized_client"],
        cause: "the app client is not set up for signing in by the browser",
        hint: "check 'client_id' in the profile; else ask the administrator of the user pool to allow it the authorization code \
               grant",
        source: "https://github.com/amazon-archives/amazon-cognito-auth-js/issues/159",
        ..ROW
    },
    Row {
        codes: &["access_denied"],
        cause: "the sign-in was cancelled or denied",
        hint: "sign in again: {login}; if it was not you who cancelled, ask the administrator of the {issuer} for access",
        ..ROW
    },
    Row {
        codes: &["login_required", "interaction_required", "consent_required", "account_selection_required"],
        cause: "the identity provider wants you to sign in anew",
        hint: "take 'prompt' out of the profile, then run '{login}'",
        source: "https://openid.net/specs/openid-connect-core-1_0.html#AuthError",
        ..ROW
    },
    Row {
        codes: &["invalid_scope"],
        cause: "a scope of the profile is not allowed to the app client",
        hint: "check 'scopes' in the profile",
        ..ROW
    },
    Row {
        codes: &["unauthorized_client"],
        cause: "the app client may not use the authorization code grant",
        hint: "tell the administrator of the {issuer}",
        ..ROW
    },
    Row {
        codes: &["invalid_request"],
        cause: "the {issuer} cannot make sense of the sign-in that the profile asks for",
        hint: "check 'identity_provider', 'idp_identifier', 'scopes' and 'prompt' in the profile; else tell the administrator of \
               the {issuer} what it said",
        ..ROW
    },
    Row {
        codes: &["server_error", "temporarily_unavailable"],
        kind: Kind::Network,
        cause: "the {issuer} had an error of its own",
        hint: "run '{login}' again in a minute; if it stays so, tell the administrator of the {issuer} what it said",
        source: "https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2.1",
        ..ROW
    },
];

/// The row for any other refusal that arrives through the browser.
pub const UNKNOWN_AT_AUTHORIZATION: Row = Row {
    cause: "the identity provider refused the sign-in",
    hint: "tell the administrator of the {issuer} what it said",
    ..ROW
};

const TOKEN_ROW: Row = Row {
    refuser: Refuser::TokenEndpoint,
    hint: "tell the administrator of the {issuer}",
    source: TOKEN_ENDPOINT_PAGE,
    ..ROW
};

/// The rows of the token endpoint.
pub const TOKEN_ENDPOINT: &[Row] = &[
    Row {
        codes: &["invalid_grant"],
        cause: "the {issuer} does not accept the code or the refresh token",
        hint: "sign in again; a code works once, and for five minutes",
        ..TOKEN_ROW
    },
    Row {
        codes: &["invalid_client"],
        cause: "the app client is unknown, or its secret is missing or wrong",
        hint: "check 'client_id' in the profile; if the app client has a secret, set COGFED_CLIENT_SECRET",
        ..TOKEN_ROW
    },
    Row {
        codes: &["unauthorized_client"],
        cause: "the app client may not use the authorization code grant, or not renew by it",
        hint: "ask the administrator of the {issuer} to allow the app client both",
        ..TOKEN_ROW
    },
    Row {
        codes: &["invalid_request"],
        cause: "the {issuer} could not read the request for tokens",
        hint: "check that 'domain' (or 'issuer') in the profile is this app client's; else tell the administrator of the {issuer}",
        ..TOKEN_ROW
    },
    Row {
        codes: &["unsupported_grant_type"],
        cause: "the token endpoint knows neither codes nor refresh tokens",
        hint: "check 'domain' (or 'issuer') in the profile",
        ..TOKEN_ROW
    },
    Row {
        codes: &["interaction_required", "login_required", "consent_required"],
        kind: Kind::SignInRequired,
        cause: "the {issuer} wants you to sign in anew",
        hint: "run '{login} --force'",
        source: "https://openid.net/specs/openid-connect-core-1_0.html#AuthError",
        ..TOKEN_ROW
    },
    Row {
        codes: &["invalid_scope"],
        cause: "a scope of the profile is not allowed to the app client",
        hint: "check 'scopes' in the profile",
        source: "https://www.rfc-editor.org/rfc/rfc6749#section-5.2",
        ..TOKEN_ROW
    },
];

/// The row for any other refusal of the token endpoint.
pub const UNKNOWN_AT_TOKEN_ENDPOINT: Row = Row {
    cause: "the {issuer} gave no tokens",
    hint: "tell the administrator of the {issuer} what it said",
    ..TOKEN_ROW
};
